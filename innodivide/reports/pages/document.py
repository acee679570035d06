"""A report as pages will hold it, before any page format: title, prose, exhibits, sources, facts.

PDF and DOCX both set what `build` returns. It is plain data (dicts, lists, text), so that no format ever has to take
text out of another format's markup.
"""

import base64
import re
from collections.abc import Callable
from datetime import date

from innodivide.reports.pages import columns, glossary, prose, source_list
from innodivide.reports.pages.blocks import HOME, LOGO, Block, ReportError, said

AUTHOR = "The innodivide authors"
LICENCE = (
    "CC BY 4.0 for this compilation, by the innodivide authors; each figure taken from a source keeps the terms "
    "of that source, given under Sources. Software: MIT licence."
)
SOURCES = "Sources"  # the fact that says where the sources are listed, if not in the report itself
OLDEST_DATE = "1980-01-01"  # what a zip file can hold
ASIDE = "aside"  # look of a table that is not set on paper
TIGHT = 0.9  # of the width of a figure, in a report on more sources than are listed one by one
TALLEST = 590.0  # points: a figure and its caption stay on one page
# Not for paper or XML: control characters, marks that reorder the text after them, code points that are no characters.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
# "p = 0.89", "2 to 11", "EIS 2025"
_BOUND = re.compile(
    r"(?<=[\w)]) [=<>≤≥] (?=[\d−.])|(?<=\d) to (?=[\d−])|\b(?:EIS|RIS|NUTS|EQI|Table|Figure) (?=\d|A\.)"
)
_NO_CHARACTER = re.compile(
    "[\ud800-\udfff\ufdd0-\ufdef]|["
    + "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)


def build(title: str, blocks: list[Block], facts: dict[str, str]) -> dict:
    """Return the report as data.

    Parameters
    ----------
    title : str
        Title of the document if its first block is no heading of level 1.
    blocks : list of Block
    facts : mapping
        What the reader is told about the run at the end. With `SOURCES` among them, the sources are listed elsewhere:
        the report has no list, and what is told is set as one paragraph.

    Returns
    -------
    dict
        title, title_runs, author, date (ISO, the last day on which a cited source was read), body, sources
        (`source_list.listing`), words (word and meaning of those that are explained; none in a brief), facts, brief
        (whether the sources are listed elsewhere), short (whether they are
        listed by publisher), logo (base64 of a PNG, or
        empty). Items of `body` are the nodes of `prose`, with headings numbered from 1 below the title; findings (id,
        nodes); and exhibits (id, label, title, notes, with parts for a table, numbers for one that is set as large
        numbers, or svg, png, alt and width for a figure).

    Raises
    ------
    ReportError
        If a figure has no alt text or drawing, or an exhibit cites a source that is not in data/sources.csv.
    """
    cited = source_list.listing(blocks)
    number = source_list.numbers(cited) if SOURCES not in facts else {}
    listed = source_list.by_publisher(cited)
    anchor = source_list.anchors(listed)
    size = columns.LARGEST if listed is cited and SOURCES not in facts else columns.SMALL
    body = [item for block in blocks for item in _items(block, number, size)]
    for piece in (p for item in body if item["kind"] == "exhibit" for p in item["notes"] if p["to"]):
        piece["to"] = anchor[piece["to"]]
    if listed is not cited:  # a report on many sources is set tight
        for item in (i for i in body if i.get("form") == "figure"):
            item["width"] = round(TIGHT * item["width"], 4)
    runs, body = _take_title(title, body)
    shown = prose.plain(runs)
    _level(body)
    read = [block for block in blocks if SOURCES not in facts and not _aside(block)]
    words = [text for block in read for text in said(block)]
    report = {
        "title": shown,
        "title_runs": runs,
        "author": AUTHOR,
        "date": _last_read(cited),
        "body": body,
        "dateline": _dateline(cited),
        "sources": listed if SOURCES not in facts else [],
        "words": [[word, meaning] for _, word, meaning in glossary.used(words)],
        "short": listed is not cited,
        "brief": SOURCES in facts,
        "facts": [[k, v] for k, v in facts.items() if k not in (HOME, LOGO)],
        "logo": facts.get(LOGO, ""),
    }
    return each_text(printable, report)


def _items(block: Block, number: dict[str, int], size: float) -> list[dict]:
    if block.payload is None:
        return _fitted(prose.nodes(block.text), size)
    if block.payload["kind"] == "text":
        nodes = prose.nodes(bound(block.payload)["title"], block.payload.get("languages", {}))
        return [{"kind": "finding", "id": block.payload["id"], "nodes": _fitted(nodes, size)}]
    if _aside(block):
        return [_pointer(bound(block.payload))]
    return [_exhibit(bound(block.payload), number, size)]


def _aside(block: Block) -> bool:
    return block.payload is not None and block.payload.get("look") == ASIDE


def _pointer(payload: dict) -> dict:
    """Return title and place of a table that a referee reads elsewhere."""
    where = f": on the HTML page of this report and in exhibits.xlsx, sheet {payload['id']}."
    runs = [*prose.as_runs(f"Table {payload['id'][1:]}", bold=True), *prose.as_runs(f" {payload['title']}{where}")]
    return {"kind": "finding", "id": payload["id"], "nodes": [{"kind": "paragraph", "runs": runs}]}


def _fitted(nodes: list[dict], size: float) -> list[dict]:
    """Give tables in prose, at any depth, the widths of their columns."""
    for node in prose.walk(nodes):
        if node["kind"] == "table":
            node["parts"] = _parts(node, size)
    return nodes


def _exhibit(payload: dict, number: dict[str, int], size: float) -> dict:
    kind = payload["kind"]
    item = {
        "kind": "exhibit",
        "id": payload["id"],
        "form": kind,
        "title": payload["title"],
        "label": f"{kind.capitalize()} {payload['id'][1:]}",
        "notes": _notes(payload, number),
    }
    if payload.get("look"):  # a number and its meaning in each row, set large
        return item | {"look": payload["look"], "numbers": payload["rows"], "parts": []}
    if kind == "table":
        texts = {
            "head": [prose.as_runs(c) for c in payload["head"]],
            "rows": [[prose.as_runs(c) for c in row] for row in payload["rows"]],
            "align": payload["align"],
        }
        return item | {"parts": _parts(texts, size)}
    if not payload["alt"].strip():
        raise ReportError(f"figure {payload['id']} has no alt text: a reader who cannot see it would be told nothing")
    if not payload["svg"] or not payload["png"]:
        raise ReportError(f"figure {payload['id']} has no drawing")
    width, height = _size(payload)
    drawing = {name: payload[name] for name in ("alt", "svg", "png")}
    return item | drawing | {"width": round(min(1.0, TALLEST / (columns.PORTRAIT * height / width)), 4)}


def _parts(table: dict, size: float) -> list[dict]:
    """Return the table as one or more parts, each with head, rows, alignment and widths of its columns."""
    words = [[_bare(c) for c in row] for row in (table["head"], *table["rows"])]
    parts = columns.fit(words[0], words[1:], size)
    for part in parts:
        part["head"], part["align"] = ([table[name][i] for i in part["columns"]] for name in ("head", "align"))
        part["rows"] = [[row[i] for i in part["columns"]] for row in table["rows"]]
    return parts


def _bare(runs: list[dict]) -> str:
    return "".join("\n" if r["break"] else r["text"] for r in runs)


def _notes(payload: dict, number: dict[str, int]) -> list[dict]:
    """Return what stands below an exhibit, as pieces: text, whether it warns, source entry it points to or 0."""
    edition = payload["edition"].rstrip(".")
    said = [(payload["caption"], False), (payload["note"], True), (f"{edition}." if edition else "", False)]
    before = [{"text": f"{text} ", "flag": flag, "to": 0} for text, flag in said if text]
    named = [{"text": f"Source: {source_list.source_line(payload['sources'])}.", "to": 0}]
    credit = [p | {"flag": False} for p in (source_list.credit(payload["sources"], number) if number else named)]
    return [*before, *credit, {"text": f" Data: exhibits/{payload['id']}.csv.", "flag": False, "to": 0}]


def _last_read(cited: list[dict]) -> str:
    return max((entry["accessed"] for group in cited for entry in group["entries"]), default="") or OLDEST_DATE


def _dateline(cited: list[dict]) -> str:
    day = date.fromisoformat(_last_read(cited))
    return f"Sources as read up to {day.day} {day:%B %Y}." if cited else ""


def _size(payload: dict) -> tuple[int, int]:
    """Return width and height of the PNG, from its header."""
    head = base64.b64decode(payload["png"])[:24]
    if head[:8] != b"\x89PNG\r\n\x1a\n":
        raise ReportError(f"figure {payload['id']}: its picture is not a PNG")
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


def _take_title(title: str, body: list[dict]) -> tuple[list[dict], list[dict]]:
    """Use a first heading of level 1 as the title and take it out of the body."""
    first = body[0] if body else {}
    node = first["nodes"][0] if first.get("kind") == "finding" and first["nodes"] else first
    if node.get("kind") != "heading" or node["level"] != 1:
        return prose.as_runs(title), body
    rest = [first | {"nodes": first["nodes"][1:]}] if first["kind"] == "finding" and first["nodes"][1:] else []
    return node["runs"], rest + body[1:]


def _level(body: list[dict]) -> None:
    """Number headings from 1 below the title, no level skipped: screen readers and PDF/UA ask for both."""
    before = 0
    for node in (n for n in prose.walk(body) if n["kind"] == "heading"):
        node["level"] = before = min(max(1, node["level"] - 1), before + 1)


def bound(payload: dict) -> dict:
    """Return an exhibit in whose sentences no line ends between a number and what it belongs to."""

    def bind(text: str) -> str:
        return _BOUND.sub(lambda found: found[0].replace(" ", "\u00a0"), text)

    return payload | {part: bind(payload[part]) for part in ("title", "caption", "note", "edition")}


def printable(text: str) -> str:
    """Return text that both paper and XML can hold."""
    return _NO_CHARACTER.sub("\ufffd", _UNPRINTABLE.sub("", text))


def each_text(change: Callable[[str], str], value):
    """Return the data of a report with every text in it changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {k: each_text(change, v) for k, v in value.items()}
    return [each_text(change, v) for v in value] if isinstance(value, list) else value
