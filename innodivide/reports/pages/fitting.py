"""Mend the pages of a PDF: no gap where a figure did not fit, no row alone on its page.

The pages are set once to see where things stand. A figure that left more than `GAP` of a page white before it is sent
to the top of the next page, so that the text after it fills the gap; a table whose last row stands alone is set closer,
one whose first row does begins on the next page. One thing is mended at a time, the first first, as it moves all that
follows.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

GAP = 0.2  # of the height of a page
HEIGHT, FOOT = 842.0, 62.0  # points of an A4 page, and of its lower margin
ROUNDS = 6


def mend(report: dict, places: Callable[[dict], list[list]]) -> dict:
    """Return a report of `document.build` whose items float, are set closer or begin a page where the pages need it.

    Parameters
    ----------
    places : callable
        From a report to what stands where, in order of reading: kind ("end" of a paragraph or of notes, "figure" or
        "table" for a caption, "first" and "last" for each cell of the first and last two rows of a table), place of the
        exhibit in the body, page, and points from its top.
    """
    for at, item in enumerate(report["body"]):
        item["place"] = at
    for _ in range(ROUNDS):
        items, cure = next(_faults(report["body"], places(report)), ([], ""))
        for item in items:
            item[cure] = True
        if not items:
            break
    return report


def _faults(body: list[dict], found: list[list]) -> Iterator[tuple[list[dict], str]]:
    """Yield the items that can be mended, and how, in order."""
    for (kind, at, page, y), (next_kind, next_at, next_page, _) in pairwise(found):
        if next_page != page + 1:
            continue
        if next_kind == "figure" and kind == "end" and HEIGHT - FOOT - y > GAP * HEIGHT:
            items, cure = _floating(body, next_at), "floats"
        elif kind == next_kind == "last" and at == next_at >= 0:
            items, cure = [body[at]], "close"
        elif kind == next_kind == "first" and at == next_at >= 0:
            items, cure = [body[at - 1] if at and body[at - 1]["kind"] == "heading" else body[at]], "breaks"
        else:
            continue
        if items and not items[0].get(cure):
            yield items, cure


def _floating(body: list[dict], at: int) -> list[dict]:
    """Return a figure and those right behind it, which keep their order, if what follows them can fill the gap.

    A heading can fill it only if something of its own stands below the heading before.
    """
    end = at
    while end < len(body) and body[end].get("form") == "figure":
        end += 1
    below = body[end]["kind"] if end < len(body) else "rule"
    alone = at > 0 and body[at - 1]["kind"] == below == "heading"
    return [] if below == "rule" or alone else body[at:end]
