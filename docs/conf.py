"""Sphinx: the site of docs/, from Markdown, docstrings, the command line's own help and data/datapackage.json.

`make docs` builds it. Nothing is fetched: theme, fonts and search are files of the site. The data dictionary is not
a file: `source-read` puts it in the place of the mark on docs/reference/data.md, and the glossary in that of its mark.
"""

import json
import re
import sys
from pathlib import Path

import innodivide
from innodivide.reports.pages import glossary

ROOT = Path(__file__).resolve().parents[1]
MARK, WORDS = "<!-- data dictionary -->", "<!-- glossary -->"

project, author, release = "innodivide", "The innodivide authors", innodivide.__version__
copyright = author
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
napoleon_google_docstring = False
napoleon_use_rtype = False
autodoc_typehints = "none"  # the docstrings say types, with units and ranges
autodoc_member_order = "bysource"
highlight_language = "text"
html_theme, html_title = "furo", "innodivide"
html_copy_source = html_show_sourcelink = html_show_sphinx = False
html_last_updated_fmt = None


def dictionary() -> str:
    """Return the data dictionary as Markdown: each table with its columns, in the order of the description."""
    tables = json.loads((ROOT / "data" / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    return "\n\n".join(map(_one_table, tables))


def _one_table(table: dict) -> str:
    schema = table["schema"]
    key = [schema["primaryKey"]] if isinstance(schema["primaryKey"], str) else schema["primaryKey"]
    head = f"## {table['name']}\n\n{_cell(table.get('title', ''))}. {_cell(table.get('description', ''))}\n\n"
    head += f"File: `data/{table['path']}`. Key: {', '.join(f'`{name}`' for name in key)}.\n\n"
    rows = ["| column | type | unit | meaning |", "|---|---|---|---|"]
    for field in schema["fields"]:
        rows.append(
            f"| `{field['name']}` | {field['type']} | {_cell(field.get('unit', ''))} | {_cell(field['description'])} |"
        )
    return head + "\n".join(rows)


def _cell(text: str) -> str:
    """Return a text of the description as text: none of its signs means anything in Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>|#$])", r"\\\1", " ".join(text.split()))


def _read(app, name: str, source: list[str]) -> None:
    if name == "reference/data":
        source[0] = source[0].replace(MARK, dictionary())
    terms = "\n\n".join(f"**{_cell(word)}**: {_cell(meaning)}" for word, meaning in glossary.entries().items())
    source[0] = source[0].replace(WORDS, terms)
    # The picture of the rooms is for viewers that draw Mermaid; the table below it says the same.
    source[0] = re.sub(r"^```mermaid\n.*?^```\n", "", source[0], flags=re.M | re.S)


def _plain_bars(app, what, name, thing, options, lines: list[str]) -> None:
    """Let |t| in a docstring be a distance and no name of a substitution."""
    lines[:] = [line if "`" in line or ">>>" in line else line.replace("|", "\\|") for line in lines]


# What the theme leaves out and a reader with a keyboard or a screen reader needs: axe finds nothing then.
ACCESS = (
    ('class="caption" role="heading"', 'class="caption" role="heading" aria-level="2"'),
    ('<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="Pages">'),
    ('<aside class="toc-drawer', '<aside aria-label="On this page" class="toc-drawer'),
    ('<div class="table-wrapper', '<div tabindex="0" class="table-wrapper'),
    ("<pre>", '<pre tabindex="0">'),
    ('<div id="search-results">', '<h1>Search</h1><div id="search-results">'),
)


def _accessible(app, error) -> None:
    for page in Path(app.outdir).rglob("*.html") if error is None else ():
        text = page.read_text(encoding="utf-8")
        for left, right in ACCESS:
            text = text.replace(left, right)
        page.write_text(text, encoding="utf-8", newline="\n")


def _notebook(app, error) -> None:
    """Lay the tutorial as a notebook beside its page."""
    sys.path.insert(0, str(ROOT / "docs"))
    from as_notebook import notebook

    (Path(app.outdir) / "tutorial.ipynb").write_text(notebook(), encoding="utf-8", newline="\n")


def setup(app) -> dict:
    app.connect("source-read", _read)
    app.connect("autodoc-process-docstring", _plain_bars)
    app.connect("build-finished", _accessible)
    app.connect("build-finished", _notebook)
    return {"parallel_read_safe": True}
