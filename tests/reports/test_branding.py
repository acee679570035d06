"""What a ministry puts on an annex: title, contact and logo stand in every format and in the manifest."""

import base64
import io

import pytest
from docx import Document
from matplotlib.figure import Figure

from innodivide.errors import ParameterError
from innodivide.reports.making import branding, run
from innodivide.reports.pages import docx, html, pdf
from innodivide.reports.pages.blocks import Block

TITLE, CONTACT = "Our *annex* <2026>", "Ministry of Testing, press@example.org"


@pytest.fixture(scope="module")
def logo(tmp_path_factory):
    path, buffer = tmp_path_factory.mktemp("logo") / "logo.png", io.BytesIO()
    Figure(figsize=(1, 1)).savefig(buffer, format="png")
    path.write_bytes(buffer.getvalue())
    return path


def test_title_contact_and_logo_stand_in_every_format(logo):
    look = branding.read(TITLE, CONTACT, logo)
    blocks = look.put_on([Block(text="# Plain title"), Block(text="Some prose.")])
    facts = {"Notebook": "notebooks/x.ipynb", **look.facts()}
    page = html.render(TITLE, blocks, facts)
    assert ">Our *annex* &lt;2026&gt;</h1>" in page and CONTACT in page and "Plain title" not in page
    assert page.count(base64.b64encode(logo.read_bytes()).decode()) == 1 and "<dt>Logo</dt>" not in page
    words = Document(io.BytesIO(docx.render(TITLE, blocks, facts)))
    texts = [p.text for p in words.paragraphs]
    assert TITLE in texts and CONTACT in texts and len(words.inline_shapes) == 1
    assert not any("Logo:" in text for text in texts)
    assert pdf.render(TITLE, blocks, facts) == pdf.render(TITLE, blocks, facts)


def test_it_is_among_the_recorded_parameters_and_nothing_is_without_it(logo):
    look = branding.read("A title", "", logo)
    (item,) = run.annex_jobs(["PL"], ("html",), look)
    (plain,) = run.annex_jobs(["PL"], ("html",))
    assert plain.recorded == plain.parameters and plain.branding.put_on([Block(text="x")]) == [Block(text="x")]
    assert item.recorded.keys() - plain.recorded.keys() == {"title", "logo"} and len(item.recorded["logo"]) == 64
    assert item.name == plain.name and item.title == "A title"


@pytest.mark.parametrize(
    ("given", "told"),
    [({"title": "x" * 201}, "--title: 201 letters"), ({"contact": "a\nb"}, "--contact: 3 letters; write one line")],
)
def test_a_text_that_is_no_line_is_refused(given, told):
    with pytest.raises(ParameterError, match=told):
        branding.read(**given)


def test_a_logo_that_is_no_png_or_not_there_is_refused(tmp_path):
    (tmp_path / "logo.png").write_text("<svg/>")
    with pytest.raises(ParameterError, match="expected a PNG of at most 1,000,000 bytes, found 6"):
        branding.read(logo=tmp_path / "logo.png")
    with pytest.raises(ParameterError, match="cannot be read"):
        branding.read(logo=tmp_path / "none.png")
