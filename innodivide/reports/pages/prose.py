"""Markdown as neutral nodes that every format sets in its own way: no format sees another's markup.

A node is a dict with `kind`: heading (level, runs), paragraph (runs), list (ordered, start, items), quote (nodes),
code (text), rule (what follows begins a page), or table (head, rows, align). A run is a dict with text, bold, italic,
code, link, break and lang (code of another language than that of the report); its text is what the reader sees, so
whatever sets it escapes it for its own format.
"""

import re
from collections.abc import Iterator, Mapping

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

# The same grammar as the HTML report: raw HTML is text, and an image, which would have to be fetched, is a link.
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
_ABSOLUTE = ("https://", "http://", "mailto:")


def nodes(text: str, languages: Mapping[str, str] = {}) -> list[dict]:
    """Return the blocks of a Markdown text, in order; `languages`: words of another language in it -> its code."""
    found = [_block(child) for child in SyntaxTreeNode(MARKDOWN.parse(text)).children]
    if languages:
        for node in walk(found):
            if "runs" in node:
                node["runs"] = [part for run in node["runs"] for part in _by_language(run, languages)]
    return found


def _by_language(run: dict, languages: Mapping[str, str]) -> Iterator[dict]:
    for text, language in pieces(run["text"], languages):
        yield run | {"text": text, "lang": language}
    if run["break"]:
        yield run


def pieces(text: str, languages: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the parts of a text with the code of the language of each, empty for that of the report."""
    known = "|".join(re.escape(words) for words in sorted(languages, key=len, reverse=True))
    for part in re.split(rf"(?<!\w)({known})(?!\w)", text) if known else [text]:
        if part:
            yield part, languages.get(part, "")


def plain(runs: list[dict]) -> str:
    """Return the words of some runs without their styles."""
    return "".join(" " if r["break"] else r["text"] for r in runs)


def walk(found: list[dict]) -> Iterator[dict]:
    """Yield nodes and all that is in their lists and quotes, in order of reading."""
    for node in found:
        yield node
        for inner in [node.get("nodes", []), *node.get("items", [])]:
            yield from walk(inner)


def words(text: str) -> str:
    """Return the words of a Markdown text without its markup."""
    found = []
    for node in walk(nodes(text)):
        found += [plain(node["runs"])] if "runs" in node else [node["text"]] if "text" in node else []
        found += [plain(runs) for row in (node["head"], *node["rows"]) for runs in row] if "rows" in node else []
    return " ".join(found)


def as_runs(text: str, **style) -> list[dict]:
    """Return plain text as runs; a line end in it is a break."""
    runs: list[dict] = []
    for line in text.split("\n"):
        runs += [_run("", broken=True)] if runs else []
        runs.append(_run(line, **style))
    return runs


def _run(text: str, bold=False, italic=False, code=False, link="", broken=False) -> dict:
    return {"text": text, "bold": bold, "italic": italic, "code": code, "link": link, "break": broken, "lang": ""}


def _block(node) -> dict:
    match node.type:
        case "heading":
            return {"kind": "heading", "level": int(node.tag[1]), "runs": _inline(node)}
        case "bullet_list" | "ordered_list":
            return {
                "kind": "list",
                "ordered": node.type == "ordered_list",
                "start": int(node.attrs.get("start", 1)),
                "items": [[_block(inner) for inner in item.children] for item in node.children],
            }
        case "blockquote":
            return {"kind": "quote", "nodes": [_block(inner) for inner in node.children]}
        case "fence" | "code_block":
            return {"kind": "code", "text": node.content.rstrip("\n")}
        case "hr":
            return {"kind": "rule"}
        case "table":
            return _table(node)
        case _:  # a paragraph; anything the grammar might yet add is set as its words
            return {"kind": "paragraph", "runs": _inline(node)}


def _table(node) -> dict:
    head, *rows = [row.children for part in node.children for row in part.children]
    right = ["right" in str(cell.attrs.get("style", "")) for cell in head]
    return {
        "kind": "table",
        "head": [_inline(c) for c in head],
        "rows": [[_inline(c) for c in r] for r in rows],
        "align": ["right" if r else "left" for r in right],
    }


def _inline(node) -> list[dict]:
    """Return the runs of a block: its children are one `inline` node each."""
    return [run for inline in node.children for child in inline.children for run in _runs(child, {})]


def _runs(node, style: dict) -> list[dict]:
    match node.type:
        case "softbreak":
            return [_run(" ", **style)]
        case "hardbreak":
            return [_run("", broken=True)]
        case "code_inline":
            return [_run(node.content, **style | {"code": True})]
        case "strong":
            style = style | {"bold": True}
        case "em":
            style = style | {"italic": True}
        case "link":  # a link inside the repository leads nowhere in a file that was sent on: only its words stay
            target = str(node.attrs.get("href", ""))
            style = style | ({"link": target} if target.lower().startswith(_ABSOLUTE) else {})
    if node.children:
        return [run for child in node.children for run in _runs(child, style)]
    return [_run(node.content, **style)] if node.content else []
