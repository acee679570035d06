"""A report in a real Chromium: no barrier, no message, no request; links, downloads, narrow and dark screens, print.

Skipped as loudly as the tests of the web page when no Chromium is installed.
"""

import io
from pathlib import Path

import chromium
import pandas as pd
import pytest
from chromium import DESK, PHONE
from page_blocks import FACTS, NASTY, names_table, ordinary, phoned, table, wide

from innodivide.figures.style import NARROW
from innodivide.reports.pages import html

pypdf = pytest.importorskip("pypdf", reason="PRINTED REPORTS ARE NOT TESTED: the package pypdf is missing")
if chromium.executable() is None:
    pytest.skip(chromium.MISSING, allow_module_level=True)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    headless = table("T9.4", columns={"name": "", "value": "Value"})
    blocks = [*ordinary(), names_table(NASTY), table("T9.3", wide(30)), headless, phoned()]
    path.write_text(html.render("T", blocks, FACTS), "utf-8")
    return path.as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing(visit, viewport, scheme):
    page = visit(viewport, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    found = chromium.barriers(page, ("minor", "moderate", "serious", "critical"))
    assert set(found) <= {"heading-order", "landmark-unique"}  # made up here: a heading too deep, tables of one title


def test_a_phone_scrolls_tables_and_figures_but_not_the_page(visit):
    page = visit(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    wider = page.evaluate("[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth).length")
    assert wider >= 2
    assert page.evaluate("document.querySelector('img').getBoundingClientRect().width") > 500


def test_a_phone_gets_the_drawing_made_for_it_with_letters_of_nine_pixels(visit):
    """Eight points on a drawing of `NARROW` inches."""
    shown = "(e => [e.currentSrc, e.getBoundingClientRect().width])(document.querySelector('#F9\\\\.2 img'))"
    (wide, _), (narrow, width) = visit().evaluate(shown), visit(PHONE).evaluate(shown)
    assert narrow != wide and 8 * width / (72 * NARROW) >= 9
    page = visit(PHONE)
    page.emulate_media(media="print")
    page.wait_for_function("src => document.querySelector('#F9\\\\.2 img').currentSrc === src", arg=wide)


def test_figures_do_not_glare_when_the_screen_is_dark(visit):
    look = "getComputedStyle(document.querySelector('img')).filter"
    page = visit(color_scheme="dark")
    assert page.evaluate(look) == "invert(0.92) hue-rotate(180deg)"  # its contrasts: test_html
    page.emulate_media(media="print")
    assert page.evaluate(look) == visit(color_scheme="light").evaluate(look) == "none"


def test_the_reader_walks_from_exhibit_to_source_and_back(visit):
    page = visit()
    page.click("#F9\\.1 .notes a[href='#source-2']")
    assert page.url.endswith("#source-2") and page.locator("#source-2").is_visible()
    page.click("#source-2 a[href='#F9.1']")
    assert page.url.endswith("#F9.1")


def test_the_data_can_be_saved_from_the_page_alone(visit):
    page = visit(accept_downloads=True)
    with page.expect_download() as waiting:
        page.click("#T9\\.2 a[download]")
    assert waiting.value.suggested_filename == "T9.2.csv"
    saved = pd.read_csv(io.BytesIO(Path(waiting.value.path()).read_bytes()))
    assert len(saved) == len(NASTY) and saved["name"][0] == NASTY[0]


def test_print_leaves_out_what_needs_a_screen(visit):
    reader = pypdf.PdfReader(io.BytesIO(visit(color_scheme="dark").pdf(format="A4")))
    text = " ".join(page.extract_text() for page in reader.pages)
    assert "What is found" in text and "Sources" in text
    assert "How T9.1 was made" not in text and "saved from it" not in text
