"""The sources behind a report: one numbered list, each licence said once, and credit lines that point into it."""

import re
from collections import Counter
from functools import lru_cache
from itertools import count, groupby
from urllib.parse import quote, urlsplit

from innodivide.data import frozen
from innodivide.reports.pages.blocks import Block, ReportError

FACTS_ONLY = "© its publisher; facts only, no text reproduced"
OTHER = "terms given with each entry"
MANY = 150  # sources: a longer list is set by publisher on paper
_NAMED = 3  # publishers that a credit line names
_POINTERS = 12  # more numbers, or runs of numbers, say less than where to find them
_LONG = 25  # characters of a weakness that is worth pointing to instead of saying it again
_OWN_FACTS = re.compile(r"© (.+); facts only, no text reproduced")


@lru_cache(maxsize=1)
def _rows() -> dict[str, dict]:
    frame = frozen.load_rows("source")
    return {row["source_id"]: row for row in frame.astype(object).where(frame.notna(), "").to_dict("records")}


def listing(blocks: list[Block]) -> list[dict]:
    """Return the sources that a report's exhibits cite, grouped by licence, the largest group first.

    Returns
    -------
    list of dict
        terms : the licence of the group, and `entries` : list of dict with number (counted through all groups), id,
        publisher, title, published, address, place (host of the address), terms (only where the group has several),
        weakness, as_in (number of the first entry of the group with the same long weakness, else 0), accessed (ISO
        date or "") and exhibits (ids that cite it).

    Raises
    ------
    ReportError
        If an exhibit cites a source that is not in data/sources.csv.
    """
    cited: dict[str, list[str]] = {}
    for payload in (b.payload for b in blocks if b.payload):
        for source_id in payload["sources"]:
            if source_id not in _rows():
                raise ReportError(f"exhibit {payload['id']} cites {source_id}, not in data/sources.csv")
            cited.setdefault(source_id, []).append(payload["id"])
    shared = Counter(_terms(_rows()[s]) for s in cited)
    groups: dict[str, list[str]] = {}
    for source_id in sorted(cited, key=_by_publisher):
        terms = _terms(_rows()[source_id])
        groups.setdefault(terms if shared[terms] > 1 else OTHER, []).append(source_id)
    numbers = count(1)
    order = sorted(groups, key=lambda terms: (terms == OTHER, -len(groups[terms]), terms))
    return [
        {"terms": terms, "entries": _pointing([_entry(s, next(numbers), terms, cited[s]) for s in groups[terms]])}
        for terms in order
    ]


def by_publisher(groups: list[dict]) -> list[dict]:
    """Return a list of more than `MANY` sources with one entry for each publisher and licence; a shorter one as it is.

    The title of such an entry says how many sources it stands for and of which years; `number` is that of the first of
    them, and `last` that of the last. Each source by itself stands in the spreadsheet and on the HTML page.
    """
    if sum(len(group["entries"]) for group in groups) <= MANY:
        return groups
    merged = []
    for group in groups:
        found = [list(some) for _, some in groupby(group["entries"], key=lambda e: (e["publisher"], e["terms"]))]
        merged.append({"terms": group["terms"], "entries": [_together(entries) for entries in found]})
    return merged


def _together(entries: list[dict]) -> dict:
    first, years = (
        entries[0],
        sorted({y for e in entries for y in re.findall(r"\b(?:19|20)\d\d\b", str(e["published"]))}),
    )
    kept = first | {"title": "", "published": "", "weakness": "", "as_in": 0, "last": entries[-1]["number"]}
    if len(entries) == 1:
        return kept | {"published": years[-1] if years else ""}
    span = f", {years[0]} to {years[-1]}" if len(years) > 1 else f", {years[0]}" if years else ""
    return kept | {"title": f"{len(entries)} sources{span}", "address": "", "place": ""}


def anchors(groups: list[dict]) -> dict[int, int]:
    """Return for the number of each source that of the entry which stands for it."""
    entries = [e for group in groups for e in group["entries"]]
    return {n: e["number"] for e in entries for n in range(e["number"], e.get("last", e["number"]) + 1)}


def numbers(groups: list[dict]) -> dict[str, int]:
    """Return the number of each source in a list of groups."""
    return {entry["id"]: entry["number"] for group in groups for entry in group["entries"]}


def credit(ids: list[str], number: dict[str, int], most: int = _POINTERS) -> list[dict]:
    """Return what the line "Source:" of an exhibit says: publishers, most cited first, with numbers into the list.

    Publishers with more than `most` numbers or runs of numbers are named without them.

    Returns
    -------
    list of dict
        text : what is read, and `to` : number of the entry that it points to, 0 for plain words.
    """
    pieces = []
    for name, found in _publishers(ids):
        pointers = _pointers([number[s] for s in found])
        few = sum(p["to"] > 0 for p in pointers) <= most
        start, end = "; " if pieces else "Source: ", " " if few else " (each in exhibits.xlsx)"
        pieces += [{"text": f"{start}{name}{end}", "to": 0}, *(pointers if few else [])]
    return [*pieces, {"text": ".", "to": 0}] if pieces else []


def source_line(ids: list[str]) -> str:
    """Return the publishers behind an exhibit, most cited first, where there is no list to point into."""
    return "; ".join(name for name, _ in _publishers(ids))


def _publishers(ids: list[str]) -> list[tuple[str, list[str]]]:
    """Return (publisher, ids of its sources), most cited first; those beyond the third are counted together."""
    found: dict[str, list[str]] = {}
    for source_id in ids:
        found.setdefault(_rows()[source_id]["publisher"], []).append(source_id)
    ranked = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    rest = ranked[_NAMED:]
    if len(rest) < 2:  # "and 1 more" would save nothing
        return ranked
    return [*ranked[:_NAMED], (f"and {len(rest)} more publishers", [s for _, some in rest for s in some])]


def _pointers(found: list[int]) -> list[dict]:
    """Return "[2, 4–6]" with each number or run of numbers pointing to its first entry."""
    pieces = []
    for _, run in groupby(enumerate(sorted(found)), key=lambda pair: pair[1] - pair[0]):  # the same within a run
        first, *rest = [n for _, n in run]
        pieces += [
            {"text": ", " if pieces else "[", "to": 0},
            {"text": f"{first}–{rest[-1]}" if rest else str(first), "to": first},
        ]
    return [*pieces, {"text": "]", "to": 0}]


def _terms(row: dict) -> str:
    """Return the licence, without a publisher's name that the entry gives anyway."""
    holder = _OWN_FACTS.fullmatch(row["licence"])
    same = holder and (holder[1] == "publisher" or holder[1].casefold() in row["publisher"].casefold())
    return FACTS_ONLY if same else row["licence"]


def _by_publisher(source_id: str) -> tuple[str, str, str]:
    row = _rows()[source_id]
    return row["publisher"].casefold(), row["title"], source_id


def _entry(source_id: str, number: int, group: str, exhibits: list[str]) -> dict:
    row = _rows()[source_id]
    address = row["address"] if row["address"].startswith(("https://", "http://")) else ""
    kept = {key: row[key] for key in ("publisher", "title", "published", "weakness")}
    return kept | {
        "number": number,
        "id": source_id,
        "terms": row["licence"] if group == OTHER else "",
        "exhibits": exhibits,
        "address": quote(address, safe="%/:?#[]@!$&'()*+,;=~"),  # Word takes no space or letter beyond ASCII
        "place": _place(address),
        "accessed": f"{row['accessed']:%Y-%m-%d}" if row["accessed"] else "",
    }


def _pointing(entries: list[dict]) -> list[dict]:
    first: dict[str, int] = {}
    for entry in entries:
        same = first.setdefault(entry["weakness"], entry["number"])
        entry["as_in"] = same if same != entry["number"] and len(entry["weakness"]) > _LONG else 0
    return entries


def _place(address: str) -> str:
    """Return an address short enough to print: its host, with a sign that more follows."""
    parts = urlsplit(address)
    host = parts.netloc.removeprefix("www.")
    return f"{host}/…" if parts.path.strip("/") or parts.query else host
