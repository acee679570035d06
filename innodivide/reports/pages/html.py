"""Set the blocks of a report as one HTML file that needs nothing else: no script, no style sheet, no request."""

from collections.abc import Mapping
from itertools import pairwise

from markdown_it.token import Token

from innodivide.reports.files import data_address, packaged, svg_address, template
from innodivide.reports.pages import document, source_list
from innodivide.reports.pages.blocks import HOME, LOGO, Block
from innodivide.reports.pages.prose import MARKDOWN, pieces
from innodivide.reports.pages.spreadsheet import guarded

INSIDE = 60_000  # bytes of CSV that a page carries along for readers who were sent the page alone


def render(title: str, blocks: list[Block], facts: dict[str, str]) -> str:
    """Return the report as HTML text.

    Parameters
    ----------
    title : str
        Title of the document; on pages, only if its first block is no heading of level 1.
    blocks : list of Block
        Prose and exhibits, in order.
    facts : mapping
        What the reader is told about the run at the end (notebook, parameters, versions).
    """
    cited = source_list.listing(blocks)
    items = [_item(b, source_list.numbers(cited)) for b in blocks]
    count = sum(len(group["entries"]) for group in cited)
    folded = count > source_list.MANY or document.SOURCES in facts
    told = {name: value for name, value in facts.items() if name not in (HOME, LOGO)}
    shown = {"title": title, "items": items, "facts": told, "logo": facts.get(LOGO, ""), "home": facts.get(HOME, "")}
    shown |= {"headings": _headings(blocks), "sources": cited, "folded": folded, "count": count}
    return template("pages", "report.html.j2", html=True).render(style=packaged("pages", "report.css"), **shown) + "\n"


def _item(block: Block, number: dict[str, int]) -> dict:
    if block.payload is None:
        return {"kind": "prose", "html": _prose(block.text)}
    item = {"look": "", **document.bound(block.payload), "code": block.code}
    if item["kind"] == "text":
        item["html"] = _prose(item["title"], item.get("languages", {}))
    if item["kind"] == "figure":
        item["image"] = svg_address(item["svg"])
    data = guarded(item["csv"])
    item["data"] = data_address("text/csv;charset=utf-8", data) if len(data.encode()) <= INSIDE else ""
    item["credit"] = source_list.credit(item["sources"], number)
    return item


def _prose(text: str, languages: Mapping[str, str] = {}) -> str:
    """Render Markdown; headings get an id so that the contents list can point to them, other languages their mark."""
    tokens = MARKDOWN.parse(text)
    for token, inner in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", _anchor(inner.content))
    for inner in tokens if languages else []:
        inner.children = inner.children and [part for child in inner.children for part in _marked(child, languages)]
    return MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})


def _marked(token: Token, languages: Mapping[str, str]) -> list[Token]:
    """Return a piece of text with the words of other languages between tags that say so."""
    if token.type != "text":
        return [token]
    found = []
    for text, language in pieces(token.content, languages):
        words = Token("text", "", 0, content=text)
        tags = [Token("html_inline", "", 0, content=tag) for tag in (f'<span lang="{language}">', "</span>")]
        found += [tags[0], words, tags[1]] if language else [words]
    return found


def _anchor(text: str) -> str:
    """Return the id of a heading, which is none of the page's own."""
    return "part-" + "".join(c if c.isalnum() else "-" for c in text.lower()).strip("-")


def _headings(blocks: list[Block]) -> list[tuple[str, str]]:
    lines = [line for b in blocks if b.payload is None for line in b.text.splitlines()]
    return [(_anchor(line[3:].strip()), line[3:].strip()) for line in lines if line.startswith("## ")]
