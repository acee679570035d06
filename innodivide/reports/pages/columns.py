"""Widths of table columns, so that a table fits its page: smaller type, then a turned page, then parts side by side.

Widths are reckoned in ems from rough widths of letters, because the page formats have different fonts and only one of
them can be measured here. Words that turn out too long are broken by the formats, never printed over their neighbour.
"""

import re
import unicodedata
from dataclasses import dataclass

PORTRAIT, LANDSCAPE = 459.0, 706.0  # points between the margins of A4
LONGEST = 12.0  # ems: a longer word may be broken
SLACK = 1.15  # headings are bold, and a reader's machine may put a wider font in the place of one it has not
LIKED = 120.0  # ems: a longer text asks for no wider column
LINES = 30  # a row of more lines may be broken at the foot of a page
SHORT = 14  # characters: a shorter cell stays on one line if it can
# Page turned, type size, short cells kept on one line, points between two columns: tried in this order.
_STEPS = (
    (False, 9.0, True, 8.0),
    (False, 8.0, True, 7.0),
    (False, 8.0, False, 7.0),
    (True, 8.5, True, 7.0),
    (True, 7.5, False, 5.0),
)
LARGEST, SMALL = 9.0, 8.0  # of a table in a report, and in one that is set tight
SIZES = tuple(sorted({size for _, size, _, _ in _STEPS}))
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


def fit(head: list[str], rows: list[list[str]], largest: float = LARGEST) -> list[dict]:
    """Return how to set a table: one dict, or several when its columns must be parted.

    Parameters
    ----------
    head : list of str
    rows : list of list of str
    largest : float
        Points: no larger type is tried on an upright page.

    Returns
    -------
    list of dict
        columns : indices shown, widths : points, summing to the width of the text, size : type size in points,
        gap : points between columns, turned : whether the page is turned, whole_rows : whether no row need be broken
        over pages. The first column opens every part.
    """
    if not head:
        return []
    cells = [[h, *(row[i] for row in rows)] for i, h in enumerate(head)]
    for turned, size, whole, gap in (step for step in _STEPS if step[0] or step[1] <= largest):
        page = _Page(turned, size, gap)
        least = [_least(c, whole) for c in cells]
        if sum(least) <= page.room(len(head)):
            return [_part(list(range(len(head))), cells, least, page)]
    return [_part(g, [cells[i] for i in g], [least[i] for i in g], page) for g in _groups(least, page)]


@dataclass(frozen=True)
class _Page:
    turned: bool
    size: float
    gap: float

    @property
    def width(self) -> float:
        return LANDSCAPE if self.turned else PORTRAIT

    def room(self, count: int) -> float:
        """Return the ems left for words when there are `count` columns."""
        return (self.width - self.gap * count) / self.size


def _groups(least: list[float], page: _Page) -> list[list[int]]:
    """Deal columns to as few parts as fit, of about one size, each opened by the first column."""
    for most in range(len(least) - 1, 0, -1):  # columns of a part beside the first
        count = -(-(len(least) - 1) // most)
        even = -(-(len(least) - 1) // count)
        groups = [[0, *range(i, min(i + even, len(least)))] for i in range(1, len(least), even)]
        if all(sum(least[j] for j in g) <= page.room(len(g)) for g in groups):
            return groups
    return groups


def _least(cells: list[str], whole: bool) -> float:
    """Return the least width of a column in ems: its longest word, or its longest short cell."""
    body = [c for c in cells[1:] if whole and len(c) < SHORT]
    words = [w for c in cells for w in _WORD.findall(c)]
    return SLACK * max([1.6, *(min(LONGEST, ems(t)) for t in (*words, *body))])


def _liked(cells: list[str], least: float) -> float:
    """Return the width that a column would like in ems: that of its longest line.

    A heading likes half its length: on two lines it costs the table one line, a cell of the body one in its row.
    """
    head, *body = (max(SLACK * ems(line) for line in cell.split("\n")) for cell in cells)
    return max(least, min(LIKED, max([head / 2, *body])))


def _part(columns: list[int], cells: list[list[str]], least: list[float], page: _Page) -> dict:
    """Share the width: what each column needs, and the rest by how much more its longest cell would like."""
    room = page.room(len(columns))
    liked = [_liked(column, low) for column, low in zip(cells, least)]
    spare, wish = max(0.0, room - sum(least)), sum(liked) - sum(least)
    if wish > spare:
        widths = [low + spare * (like - low) / wish for low, like in zip(least, liked)]
    else:
        widths = [like + (spare - wish) * like / sum(liked) for like in liked]
    lines = max(ems(c) / w for column, w in zip(cells, widths) for c in column)
    points = [w * page.size + page.gap for w in widths]
    scale = page.width / sum(points)
    return {
        "columns": columns,
        "widths": [round(p * scale, 2) for p in points],
        "size": page.size,
        "gap": page.gap,
        "turned": page.turned,
        "whole_rows": lines <= LINES,
    }
