"""PDF reports, read back with another library than the one that wrote them: standard, structure, fonts, fit."""

import re
import shutil
import subprocess
from itertools import pairwise

import pdfua
import pytest
from hypothesis import given, settings, strategies as st
from page_blocks import ALT, FACTS, frame, names_table, ordinary, picture, said, squeezed, table
from pypdf import PdfWriter
from readers import elements, read_pdf

from innodivide.reports.pages import columns, document, fitting, pdf, prose
from innodivide.reports.pages.blocks import Block, ReportError


def kinds(reader) -> list[str]:
    return [kind for kind, _ in elements(reader)]


@pytest.fixture(scope="module")
def report():
    return read_pdf(ordinary()).whole


# ---- the file ------------------------------------------------------------------------------------------------------


def test_it_claims_pdf_ua_and_says_title_language_and_author(report):
    root = report.trailer["/Root"]
    assert "<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data().decode()
    assert root["/Lang"] == "en-GB" and root["/MarkInfo"]["/Marked"] and root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert report.metadata.title == 'Regions & "rules" <b>' and report.metadata.author == document.AUTHOR


def test_another_checker_of_pdf_ua_finds_nothing_and_would_find_what_is_missing(report, tmp_path):
    found = {}
    for name, taken in (("whole", ()), ("untagged", ("/StructTreeRoot",)), ("no language", ("/Lang",))):
        changed = PdfWriter(clone_from=report)
        for key in taken:
            del changed.root_object[key]
        changed.write(tmp_path / f"{name}.pdf")
        found[name] = [f"{f.rule_id} {f.message}" for f in pdfua.validate(str(tmp_path / f"{name}.pdf")).findings]
    assert found["whole"] == [] and found["untagged"] and found["no language"], found


def test_every_font_is_embedded_and_maps_to_letters(report):
    fonts = [font.get_object() for page in report.pages for font in page["/Resources"]["/Font"].values()]
    assert len({font["/BaseFont"] for font in fonts}) >= 4  # regular, semibold, italic, mono at least
    for font in fonts:
        inner = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(inner) and "/ToUnicode" in font, font["/BaseFont"]


def test_pages_are_a4_and_numbered(report):
    assert 1 <= len(report.pages) <= 4
    for number, page in enumerate(report.pages, start=1):
        assert tuple(round(float(x)) for x in page.mediabox[2:]) == (595, 842)
        assert f"{number} / {len(report.pages)}" in page.extract_text()


def test_the_running_header_starts_on_the_second_page():
    blocks = [Block(text="# The name"), *[said(f"N9.{i}") for i in range(1, 60)]]
    first, second = (page.extract_text() for page in read_pdf(blocks).whole.pages[:2])
    assert first.count("The name") == 1 and second.count("The name") == 1


# ---- structure -----------------------------------------------------------------------------------------------------


def test_headings_come_in_order_and_skip_no_level(report):
    levels = [int(kind[1]) for kind in kinds(report) if re.fullmatch(r"H\d", kind)]
    assert levels[0] == 1 and len(levels) == 5  # first, too deep, second part, about, sources
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert levels[1] == 2  # the one that jumped to level 4


def test_tables_have_heading_cells_for_their_columns_and_rows(report):
    found, scopes = kinds(report), []
    assert found.count("Table") == 2 and found.count("THead") == 2
    for row in (node for kind, node in elements(report) if kind == "TR"):
        cells = [cell.get_object() for cell in row["/K"]]
        own = [next((a.get_object()["/Scope"] for a in c["/A"] if "/Scope" in a.get_object()), "") for c in cells]
        assert [c["/S"] for c in cells] == ["/TH" if scope else "/TD" for scope in own]
        assert not any("/Headers" in a.get_object() for c in cells if c["/S"] == "/TD" for a in c["/A"])
        scopes.append(own)
    heads = [own for own in scopes if "/Column" in own]
    assert len(heads) == 2 and all(own == ["/Column"] * len(own) for own in heads)
    assert len(scopes) > 3 and all(own == ["/Row"] + [""] * (len(own) - 1) for own in scopes if own not in heads)


def test_each_figure_has_its_alt_text_and_caption(report):
    figures = [node for kind, node in elements(report) if kind == "Figure"]
    assert [node["/Alt"] for node in figures] == [ALT]
    assert kinds(report).count("Caption") == 2  # of the table and of the figure


def test_lists_and_links_are_marked_and_links_say_where_they_go(report):
    assert kinds(report).count("L") >= 4 and {"Lbl", "LBody"} <= set(kinds(report))
    notes = [note.get_object() for page in report.pages for note in page.get("/Annots", [])]
    assert all(note["/Contents"] for note in notes)


def test_bookmarks_are_the_headings(report):
    assert [entry.title for entry in report.outline if not isinstance(entry, list)] == [
        "First part",
        "Second part",
        "About this report",
        "Sources",
    ]


def test_the_standard_is_a_gate(monkeypatch):
    whole = document.build("T", [picture()], FACTS)
    whole["body"][0]["alt"] = None
    monkeypatch.setattr(document, "build", lambda *given: whole)
    with pytest.raises(ReportError, match=r"PDF: PDF/UA-1 error: missing alt text"):
        pdf.render("T", [], {})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"alt": ""}, r"figure F9\.1 has no alt text"),
        ({"alt": " \n"}, r"figure F9\.1 has no alt text"),
        ({"svg": ""}, r"figure F9\.1 has no drawing"),
        ({"png": "QUJD"}, r"figure F9\.1: its picture is not a PNG"),
        ({"svg": "<svg"}, "PDF: "),
    ],
)
def test_a_figure_that_cannot_be_set_is_refused_by_name(change, told):
    block = picture()
    block.payload.update(change)
    with pytest.raises(ReportError, match=told):
        pdf.render("T", [block], {})


# ---- content -------------------------------------------------------------------------------------------------------


def test_a_sign_that_no_font_has_is_named_in_words():
    signs = ["🚀", "中文", "👩\u200d🔬", "\U0001f1ea\U0001f1fa", "\ue000", "क", "x\U00016fe0y"]
    found = read_pdf([names_table(signs)])
    text = squeezed(found.text).lower()
    names = "[rocket] [cjkunifiedideograph-4e2d] [woman][microscope] [regionalindicatorsymbollettere] [u+e000]"
    for name in (*names.split(), "[devanagariletterka]", "x[tangutiterationmark]y"):
        assert text.count(name) >= 2, name
    resources = [page["/Resources"]["/Font"].values() for page in found.whole.pages]
    fonts = {font.get_object()["/BaseFont"].split("+")[1] for page in resources for font in page}
    assert {f.split("-")[0] for f in fonts} <= {"LibertinusSerif", "DejaVuSans", "DejaVuSansMono"}


@given(st.text(min_size=1, max_size=40))
def test_what_is_set_is_in_a_font(text):
    from matplotlib.ft2font import FT2Font

    known, text = set(FT2Font(pdf._FOLDER / "DejaVuSans.ttf").get_charmap()) | {9, 10}, document.printable(text)
    assert {ord(c) for c in pdf._named(text)} <= known
    assert all(c in pdf._named(text) for c in text if ord(c) in known)


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="ORDER OF LETTERS IS NOT TESTED: poppler is not installed")
def test_letters_from_right_to_left_stand_in_their_order(tmp_path):
    """Poppler reads what stands on the page and puts lines from right to left into the order of speech."""
    (tmp_path / "r.pdf").write_bytes(pdf.render("T", [names_table(["שלום עולם", "before (אבג) 12"])], FACTS))
    text = subprocess.run(["pdftotext", "-layout", tmp_path / "r.pdf", "-"], capture_output=True, check=True).stdout
    words = re.sub("[\u200e\u200f\u202a-\u202e]", "", text.decode())
    assert words.count("שלום עולם") == 2 and words.count("אבג") == 2


def test_a_word_longer_than_its_line_is_broken_not_printed_over_the_margin():
    found = read_pdf([Block(text="y" * 300), names_table(["x" * 200, "short"])])
    lines = [line.strip() for line in found.text.splitlines()]
    assert sum(line.count("y") for line in lines if set(line) == {"y"}) == 300
    assert max(len(run) for line in lines for run in re.findall("y+", line)) < 110
    assert sum(text.count("x") for text in (r for line in lines for r in re.findall("x{4,}", line))) == 400
    assert max(len(run) for line in lines for run in re.findall("x+", line)) < 60


def test_a_long_table_repeats_its_headings():
    pages = [page.extract_text() for page in read_pdf([table("T9.4", frame(120))]).whole.pages]
    parts = [text for text in pages if "Region" in text]
    assert len(parts) >= 3 and all("Head value" in text for text in parts)


# ---- pages -----------------------------------------------------------------------------------------------------------

FIGURE, TEXT, HEADING = {"kind": "exhibit", "form": "figure"}, {"kind": "paragraph"}, {"kind": "heading"}
TABLE = {"kind": "exhibit", "form": "table"}
AFTER_A_GAP = [["end", -1, 1, 500.0], ["figure", 1, 2, 80.0], ["end", -1, 2, 300.0]]


@pytest.mark.parametrize(
    ("body", "places", "cured"),
    [
        ([TEXT, FIGURE, TEXT], AFTER_A_GAP, [(1, "floats")]),
        ([TEXT, FIGURE], AFTER_A_GAP, []),  # nothing follows that could fill the gap
        ([HEADING, FIGURE, HEADING], AFTER_A_GAP, []),  # a heading would stand above nothing
        ([TEXT, FIGURE, {"kind": "rule"}], AFTER_A_GAP, []),
        ([TEXT, FIGURE, FIGURE], AFTER_A_GAP, []),
        ([TEXT, FIGURE, FIGURE, TEXT], AFTER_A_GAP, [(1, "floats"), (2, "floats")]),  # figures stay in their order
        ([TEXT, FIGURE, TEXT], [["end", -1, 1, 700.0], ["figure", 1, 2, 80.0]], []),  # no gap
        ([TEXT, TABLE], [["last", 1, 1, 770.0], ["last", 1, 2, 90.0]], [(1, "close")]),
        ([TEXT, TABLE], [["last", 1, 1, 750.0], ["last", 1, 1, 770.0]], []),
        ([TABLE, TABLE], [["last", 0, 1, 770.0], ["last", 1, 2, 90.0]], []),
        ([TEXT, TABLE], [["first", 1, 1, 770.0], ["first", 1, 2, 90.0]], [(1, "breaks")]),
        ([HEADING, TABLE], [["first", 1, 1, 770.0], ["first", 1, 2, 90.0]], [(0, "breaks")]),
    ],
)
def test_what_can_be_mended_is_found(body, places, cured):
    report = fitting.mend({"body": [dict(item) for item in body]}, lambda _: places)
    assert [
        (at, cure) for at, item in enumerate(report["body"]) for cure in ("floats", "close", "breaks") if cure in item
    ] == cured


def test_a_first_part_with_a_turned_page_or_of_many_pages_is_set_too():
    wide = table("T9.5", frame(3).assign(**{f"column {n}": "some words in a cell" for n in range(14)}))
    for first in ([wide], [said(f"N9.{n}") for n in range(1, 60)]):
        found = read_pdf([Block(text="# T"), *first, picture(), Block(text="---"), Block(text="Behind it.")]).whole
        assert "Behind it." in found.pages[-1].extract_text() and len(found.pages) >= 3


def test_text_fills_the_gap_before_a_figure_that_does_not_fit():
    before, after = ([said(f"N9.{n}") for n in range(first, first + 22)] for first in (1, 30))
    found = read_pdf([Block(text="# T\n\n## Part"), *before, picture(), *after]).whole
    first, second = (page.extract_text() for page in found.pages[:2])
    assert "Figure" not in first and "Figure" in second
    assert second.index("Figure") < 200, "it stands at the top of the next page"
    heights = [len(page.extract_text().splitlines()) for page in found.pages[:2]]
    assert heights[0] > heights[1], "and the text runs on before it"


# ---- widths of columns and neutral prose ---------------------------------------------------------------------------


words = st.text(alphabet="abcdefghij WIÉ-/1", min_size=0, max_size=60)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 45).flatmap(
        lambda n: st.tuples(
            st.lists(words, min_size=n, max_size=n), st.lists(st.lists(words, min_size=n, max_size=n), max_size=4)
        )
    )
)
def test_parts_show_each_column_once_and_fill_the_page(content):
    head, rows = content
    parts = columns.fit(head, rows)
    shown = [i for part in parts for i in part["columns"][bool(part is not parts[0]) :]]
    assert shown == list(range(len(head)))
    for part in parts:
        assert part["columns"][0] == 0 and min(part["widths"]) > 0
        assert sum(part["widths"]) == pytest.approx(columns.LANDSCAPE if part["turned"] else columns.PORTRAIT, abs=0.5)


@pytest.mark.parametrize("count", range(22, 100, 7))
def test_a_parted_table_has_parts_of_about_one_size(count):
    sizes = [len(part["columns"]) - 1 for part in columns.fit([f"Heading {i}" for i in range(count)], [])]
    assert len(sizes) == -(-(count - 1) // max(sizes))  # no more parts than columns of this size need
    assert max(sizes) - sizes[-1] < len(sizes)


def test_a_report_of_one_page_is_set_closer_until_it_is_one(monkeypatch):
    one = [table(data_frame=frame(78))], "A title", FACTS | {document.SOURCES: "listed elsewhere"}
    assert len(read_pdf(*one).whole.pages) == 1
    monkeypatch.setattr(pdf, "CLOSEST", 2)
    assert len(read_pdf(*one).whole.pages) == 2


def test_a_narrow_table_stays_upright_and_longer_text_gets_more_room():
    (part,) = columns.fit(["No.", "Claim", "Numbers"], [["C1", "w " * 40, "w " * 120]])
    assert not part["turned"] and part["size"] == 9.0
    assert part["widths"][0] < part["widths"][1] < part["widths"][2]


def test_markdown_becomes_runs_without_markup():
    heading, paragraph = prose.nodes("# A *b*\n\nx **y `z`** [l](https://e.eu) \\*")
    assert heading["level"] == 1 and prose.plain(heading["runs"]) == "A b"
    assert [(r["text"], r["bold"], r["code"], r["link"]) for r in paragraph["runs"] if r["text"].strip()] == [
        ("x ", False, False, ""),
        ("y ", True, False, ""),
        ("z", True, True, ""),
        ("l", False, False, "https://e.eu"),
        (" *", False, False, ""),
    ]


@pytest.mark.parametrize("text", ["![i](http://b.example/i.png)", "<img src=x>", "<script>x</script>", "&lt;b&gt;"])
def test_no_markdown_makes_anything_but_words(text):
    assert {node["kind"] for node in prose.walk(prose.nodes(text))} <= {"paragraph", "rule"}
