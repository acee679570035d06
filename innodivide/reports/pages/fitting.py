"""Mend the pages of a PDF: no gap where a figure did not fit, no row alone on its page.

The pages are set once to see where things stand. A figure that left more than `GAP` of a page white before it is sent
to the top of the next page, so that the text after it fills the gap; a table whose last row stands alone is set
closer. One thing is mended at a time, the first first, as it moves all that follows.
"""

from collections.abc import Callable
from itertools import pairwise

GAP = 0.2  # of the height of a page
HEIGHT, FOOT = 842.0, 62.0  # points of an A4 page, and of its lower margin
ROUNDS = 5


def mend(report: dict, places: Callable[[dict], list[list]]) -> dict:
    """Return a report of `document.build` in which exhibits float or are set closer where the pages need it.

    Parameters
    ----------
    places : callable
        From a report to what stands where, in order of reading: kind ("end" of a paragraph or of notes, "figure" or
        "table" for a caption, "row" for each cell of the last two rows of a table), place of the exhibit in the body,
        page, and points from its top.
    """
    for at, item in enumerate(report["body"]):
        item["place"] = at
    for _ in range(ROUNDS):
        fault = next(_faults(report["body"], places(report)), None)
        if fault is None:
            break
        report["body"][fault[0]][fault[1]] = True
    return report


def _faults(body: list[dict], found: list[list]):
    """Yield place and cure of each exhibit that can be mended, in order."""
    for (kind, at, page, y), (next_kind, next_at, next_page, _) in pairwise(found):
        if next_page != page + 1:
            continue
        if next_kind == "figure" and kind == "end" and HEIGHT - FOOT - y > GAP * HEIGHT and _may_float(body, next_at):
            yield next_at, "floats"
        if kind == next_kind == "row" and at == next_at >= 0 and not body[at].get("close"):
            yield at, "close"


def _may_float(body: list[dict], at: int) -> bool:
    """Return whether something follows that can fill the gap; a heading needs something of its own below it."""
    after = body[at + 1]["kind"] if at + 1 < len(body) else "rule"
    return not body[at].get("floats") and after != "rule" and not (body[at - 1]["kind"] == after == "heading")
