"""Set the blocks of a report as one HTML file that needs nothing else: no script, no style sheet, no request."""

import base64
from functools import lru_cache
from importlib import resources
from itertools import pairwise

import jinja2

from innodivide import data
from innodivide.reports.blocks import Block, ReportError
from innodivide.reports.prose import MARKDOWN


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    folder = resources.files("innodivide.reports")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string((folder / "report.html.j2").read_text(encoding="utf-8"))


def render(title: str, blocks: list[Block], facts: dict[str, str]) -> str:
    """Return the report as HTML text.

    Parameters
    ----------
    title : str
        Title of the document.
    blocks : list of Block
        Prose and exhibits, in order.
    facts : mapping
        What the reader is told about the run at the end (notebook, parameters, versions).
    """
    style = (resources.files("innodivide.reports") / "report.css").read_text(encoding="utf-8")
    items = [_item(b) for b in blocks]
    return (
        _template().render(
            title=title, style=style, items=items, facts=facts, headings=_headings(blocks), sources=source_list(blocks)
        )
        + "\n"
    )


def _item(block: Block) -> dict:
    if block.payload is None:
        return {"kind": "prose", "html": _prose(block.text)}
    item = {**block.payload, "code": block.code}
    unknown = [s for s in item["sources"] if s not in _sources()]
    if unknown:
        raise ReportError(f"exhibit {item['id']} cites {', '.join(unknown)}, not in data/sources.csv")
    if item["kind"] == "text":
        item["html"] = _prose(item["title"])
    if item["kind"] == "figure":
        item["image"] = "data:image/svg+xml;base64," + base64.b64encode(item["svg"].encode()).decode()
    item["source_line"] = source_line(item["sources"])
    return item


def _prose(text: str) -> str:
    """Render Markdown; headings get an id so that the contents list can point to them."""
    tokens = MARKDOWN.parse(text)
    for token, inner in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", _anchor(inner.content))
    return MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})


def _anchor(text: str) -> str:
    return "part-" + "".join(c if c.isalnum() else "-" for c in text.lower()).strip(
        "-"
    )  # no clash with the page's own ids


def _headings(blocks: list[Block]) -> list[tuple[str, str]]:
    lines = [line for b in blocks if b.payload is None for line in b.text.splitlines()]
    return [(_anchor(line[3:].strip()), line[3:].strip()) for line in lines if line.startswith("## ")]


@lru_cache(maxsize=1)
def _sources() -> dict[str, dict]:
    frame = data.load_rows("source")
    return {row["source_id"]: row for row in frame.astype(object).where(frame.notna(), "").to_dict("records")}


def source_line(ids: list[str]) -> str:
    """Return the publishers behind an exhibit, most cited first; the full list stands at the end of the report."""
    publishers: dict[str, int] = {}
    for source_id in ids:
        name = _sources()[source_id]["publisher"]
        publishers[name] = publishers.get(name, 0) + 1
    ranked = sorted(publishers, key=lambda p: (-publishers[p], p))
    rest = len(ranked) - 3
    more = "" if rest < 1 else "; and 1 more publisher" if rest == 1 else f"; and {rest} more publishers"
    return "; ".join(ranked[:3]) + more


def source_list(blocks: list[Block]) -> list[dict]:
    """Return the rows of table `source` that the report's exhibits cite, by publisher and title."""
    cited = {s for b in blocks if b.payload for s in b.payload["sources"]}
    return sorted((_sources()[s] for s in cited), key=lambda r: (r["publisher"].casefold(), r["title"], r["source_id"]))
