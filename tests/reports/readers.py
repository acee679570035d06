"""Reports of every format, read back by another library than the one that wrote them, as one kind of record."""

import html as markup
import io
import re
from dataclasses import dataclass

import pytest
from page_blocks import FACTS
from report_fixtures import Page

from innodivide.reports.pages import docx, html, pdf

pypdf = pytest.importorskip("pypdf", reason="PDF REPORTS ARE NOT TESTED: the package pypdf is missing")
python_docx = pytest.importorskip("docx", reason="DOCX REPORTS ARE NOT TESTED: the package python-docx is missing")

FORMS = ("html", "pdf", "docx")
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@dataclass(frozen=True)
class Read:
    """What a reader finds: words in order, alt texts, addresses outside, pages turned; `whole` as its library has."""

    whole: object
    title: str
    text: str
    alts: list[str]
    links: list[str]
    turned: list[bool]


def read(form: str, blocks, title: str = "A title", facts=FACTS) -> Read:
    """Set some blocks in a format and read them back."""
    return {"html": read_html, "pdf": read_pdf, "docx": read_docx}[form](blocks, title, facts)


def read_html(blocks, title: str = "A title", facts=FACTS) -> Read:
    text = html.render(title, blocks, facts)
    page = Page(text)
    shown = markup.unescape(re.search("<title>(.*?)</title>", text)[1])
    links = [a["href"] for a in page.all("a") if ":" in a["href"] and not a["href"].startswith("data:text/csv;")]
    return Read(page, shown, f"{page.visible} {page.text}", [i["alt"] for i in page.all("img")], links, [])


def read_pdf(blocks, title: str = "A title", facts=FACTS) -> Read:
    reader = pypdf.PdfReader(io.BytesIO(pdf.render(title, blocks, facts)))
    notes = [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]
    return Read(
        reader,
        reader.metadata.title,
        "\n".join(page.extract_text() for page in reader.pages),
        [node["/Alt"] for kind, node in elements(reader) if kind == "Figure"],
        [note["/A"]["/URI"] for note in notes if "/URI" in note.get("/A", {})],
        [page.mediabox.width > page.mediabox.height for page in reader.pages],
    )


def read_docx(blocks, title: str = "A title", facts=FACTS) -> Read:
    report = python_docx.Document(io.BytesIO(docx.render(title, blocks, facts)))
    paragraphs = report.element.body.iter(f"{W}p")
    return Read(
        report,
        report.core_properties.title,
        "\n".join("".join(t.text or "" for t in p.iter(f"{W}t")) for p in paragraphs),
        report.element.body.xpath("//wp:docPr/@descr"),
        [rel.target_ref for rel in report.part.rels.values() if rel.is_external],
        [section.page_width > section.page_height for section in report.sections],
    )


def elements(reader) -> list[tuple[str, dict]]:
    """Return (kind, element) of the structure tree of a PDF in reading order, kinds as the standard names them."""
    root = reader.trailer["/Root"]["/StructTreeRoot"]
    found, roles = [], root.get("/RoleMap", {})

    def walk(node):
        node = node.get_object()
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict) and "/S" in node:
            found.append((roles.get(node["/S"], node["/S"])[1:], node))
            if "/K" in node:
                walk(node["/K"] if isinstance(node["/K"], list) else node.raw_get("/K"))

    walk(root["/K"])
    return found
