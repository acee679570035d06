"""Set the blocks of a report as one HTML file that needs nothing else: no script, no style sheet, no request."""

from collections.abc import Mapping
from itertools import pairwise

from markdown_it.token import Token

from innodivide.reports.files import data_address, packaged, svg_address, template
from innodivide.reports.pages import document, glossary, source_list
from innodivide.reports.pages.blocks import HOME, LOGO, Block, said
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
    seen: set[str] = set()  # words that are already explained where they first stand
    items = [_item(b, source_list.numbers(cited), seen) for b in blocks]
    count = sum(len(group["entries"]) for group in cited)
    folded = count > source_list.MANY or document.SOURCES in facts
    told = {name: value for name, value in facts.items() if name not in (HOME, LOGO)}
    shown = {"title": title, "items": items, "facts": told, "logo": facts.get(LOGO, ""), "home": facts.get(HOME, "")}
    shown |= {"headings": _headings(blocks), "sources": cited, "folded": folded, "count": count}
    shown["words"] = glossary.used([text for b in blocks for text in said(b)])
    return template("pages", "report.html.j2", html=True).render(style=packaged("pages", "report.css"), **shown) + "\n"


def _item(block: Block, number: dict[str, int], seen: set[str]) -> dict:
    if block.payload is None:
        return {"kind": "prose", "html": _prose(block.text, seen)}
    item = {"look": "", "share": "", **document.bound(block.payload), "code": block.code}
    if item["kind"] == "text":
        item["html"] = _prose(item["title"], seen, item.get("languages", {}))
    else:
        item["words"] = [(text, _link(word)) for text, word in glossary.pieces(item["caption"], seen)]
    if item["kind"] == "figure":
        item["image"] = svg_address(item["svg"])
        item["narrow"] = svg_address(item["narrow"]) if item.get("narrow") else ""
    data = guarded(item["csv"])
    item["data"] = data_address("text/csv;charset=utf-8", data) if len(data.encode()) <= INSIDE else ""
    item["credit"] = source_list.credit(item["sources"], number)
    return item


def _link(word: str) -> tuple[str, str]:
    """Return address and hover text of the explanation of a word, both empty for no word."""
    return (f"#{glossary.anchor(word)}", glossary.entries()[word]) if word else ("", "")


def _prose(text: str, seen: set[str], languages: Mapping[str, str] = {}) -> str:
    """Render Markdown; headings get an id so that the contents list can point to them, other languages their mark.

    The first use of a word that is explained below, outside headings and links, leads there.
    """
    tokens = MARKDOWN.parse(text)
    for token, inner in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", _anchor(inner.content))
        if inner.children and languages:
            inner.children = [part for child in inner.children for part in _marked(child, languages)]
        if inner.children and token.type != "heading_open":
            inner.children = _explained(inner.children, seen)
    return MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})


def _explained(tokens: list[Token], seen: set[str]) -> list[Token]:
    """Return the pieces of a paragraph with links around the words that are explained below and not yet `seen`."""
    found, linked = [], 0
    for token in tokens:
        linked += token.nesting if token.type.startswith("link_") else 0
        for text, word in glossary.pieces(token.content, seen) if token.type == "text" and not linked else []:
            address, meaning = _link(word)
            words = Token("text", "", 0, content=text)
            opened = Token("link_open", "a", 1, attrs={"class": "word", "href": address, "title": meaning})
            found += [opened, words, Token("link_close", "a", -1)] if word else [words]
        found += [token] if token.type != "text" or linked else []
    return found


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
