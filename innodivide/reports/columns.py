"""Widths of table columns, so that a table fits its page: smaller type, then a turned page, then parts side by side.

Widths are reckoned in ems from rough widths of letters, because the page formats have different fonts and only one of
them can be measured here. Words that turn out too long are broken by the formats, never printed over their neighbour.
"""

import re
import unicodedata

PORTRAIT, LANDSCAPE = 459.0, 706.0  # points between the margins of A4
GAP = 8.0  # points between two columns
LONGEST = 12.0  # ems: a longer word may be broken
SHORT = 14  # characters: a shorter cell stays on one line if it can
_STEPS = ((False, 9.0, True), (False, 8.0, True), (False, 8.0, False), (True, 8.5, True), (True, 7.5, False))
_WORD = re.compile(r"[^\s/-]+[/-]?|[/-]")
_CLASSES = (("ijlft.,:;'|!()[]", 0.32), ("mwMW%€@—", 0.86), ("1234567890-–−+ ", 0.5))
_KNOWN = {c: width for letters, width in _CLASSES for c in letters}


def ems(text: str) -> float:
    """Return the approximate width of a line of text in ems of its type size."""
    return sum(map(_letter, text))


def _letter(c: str) -> float:
    if c in _KNOWN:
        return _KNOWN[c]
    if unicodedata.combining(c):
        return 0.0
    if unicodedata.east_asian_width(c) in "WF":
        return 1.3  # also emoji
    return 0.7 if c.isupper() else 0.5


def fit(head: list[str], rows: list[list[str]]) -> list[dict]:
    """Return how to set a table: one dict, or several when its columns must be parted.

    Parameters
    ----------
    head : list of str
    rows : list of list of str

    Returns
    -------
    list of dict
        columns : indices shown, widths : points, summing to the width of the text, size : type size in points,
        turned : whether the page is turned. The first column opens every part.
    """
    if not head:
        return []
    cells = [[h, *(row[i] for row in rows)] for i, h in enumerate(head)]
    everything = list(range(len(head)))
    for turned, size, whole in _STEPS:
        least = [_least(c, whole) for c in cells]
        room = _room(turned, size, len(head))
        if sum(least) <= room:
            return [_part(everything, cells, least, turned, size)]
    groups = _groups(least, size)
    return [_part(g, [cells[i] for i in g], [least[i] for i in g], turned, size) for g in groups]


def _room(turned: bool, size: float, count: int) -> float:
    """Return the ems left for words between the margins."""
    return ((LANDSCAPE if turned else PORTRAIT) - GAP * count) / size


def _groups(least: list[float], size: float) -> list[list[int]]:
    """Deal columns to parts that fit a turned page, each opened by the first column; one column is never refused."""
    groups = [[0]]
    for i in range(1, len(least)):
        wanted = [*groups[-1], i]
        if len(groups[-1]) > 1 and sum(least[j] for j in wanted) > _room(True, size, len(wanted)):
            groups.append([0, i])
        else:
            groups[-1] = wanted
    return groups


def _least(cells: list[str], whole: bool) -> float:
    """Return the least width of a column in ems: its longest word, or its longest short cell."""
    body = [c for c in cells[1:] if whole and len(c) < SHORT]
    words = [w for c in cells for w in _WORD.findall(c)]
    return 1.06 * max([1.0, *(min(LONGEST, ems(t)) for t in (*words, *body))])  # headings are bold


def _part(columns: list[int], cells: list[list[str]], least: list[float], turned: bool, size: float) -> dict:
    """Share the width: what each column needs, and the rest by how much more its longest cell would like."""
    room = _room(turned, size, len(columns))
    liked = [max(low, min(80.0, max(1.06 * ems(line) for c in column for line in c.split("\n"))))
             for column, low in zip(cells, least)]
    spare, wish = room - sum(least), sum(liked) - sum(least)
    if wish >= spare:
        widths = [low + max(0.0, spare) * (like - low) / wish if wish else low for low, like in zip(least, liked)]
    else:
        widths = [like + (spare - wish) * like / sum(liked) for like in liked]
    points = [w * size + GAP for w in widths]
    scale = (LANDSCAPE if turned else PORTRAIT) / sum(points)
    return {"columns": columns, "widths": [round(p * scale, 2) for p in points], "size": size, "turned": turned}
