"""PDF reports, read back with another library than the one that wrote them: letters, structure, fit, same bytes."""

import hashlib
import io
import re
import shutil
import subprocess
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from page_blocks import (
    ALT,
    FACTS,
    LETTERS,
    NASTY,
    frame,
    member_states,
    names_table,
    ordinary,
    picture,
    render_elsewhere,
    said,
    squeezed,
    table,
    wide,
)

from innodivide.reports.pages import columns, document, prose
from innodivide.reports.pages.blocks import Block, ReportError

pytest.importorskip("typst", reason="PDF REPORTS ARE NOT TESTED: the package typst is missing")
pypdf = pytest.importorskip("pypdf", reason="PDF REPORTS ARE NOT TESTED: the package pypdf is missing")

from innodivide.reports.pages import pdf  # noqa: E402

A4 = (595, 842)


def read(blocks, title: str = "A title", facts=FACTS):
    return pypdf.PdfReader(io.BytesIO(pdf.render(title, blocks, facts)))


def text_of(reader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def elements(reader) -> list[tuple[str, dict, int]]:
    """Return (kind, element, depth) of the structure tree, in reading order, kinds as the standard names them."""
    root = reader.trailer["/Root"]["/StructTreeRoot"]
    found, roles = [], root.get("/RoleMap", {})

    def walk(node, depth):
        node = node.get_object()
        if isinstance(node, list):
            for child in node:
                walk(child, depth)
        elif isinstance(node, dict) and "/S" in node:
            found.append((roles.get(node["/S"], node["/S"])[1:], node, depth))
            if "/K" in node:
                walk(node["/K"] if isinstance(node["/K"], list) else node.raw_get("/K"), depth + 1)

    walk(root["/K"], 0)
    return found


def kinds(reader) -> list[str]:
    return [kind for kind, _, _ in elements(reader)]


@pytest.fixture(scope="module")
def report():
    return read(ordinary())


# ---- the file ------------------------------------------------------------------------------------------------------


def test_it_claims_pdf_ua_and_says_title_language_and_author(report):
    root = report.trailer["/Root"]
    assert "<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data().decode()
    assert root["/Lang"] == "en-GB" and root["/MarkInfo"]["/Marked"] and root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert report.metadata.title == 'Regions & "rules" <b>' and report.metadata.author == document.AUTHOR


def test_the_date_is_that_of_the_sources_not_of_the_clock(report):
    assert report.metadata.creation_date.date().isoformat() == document.build("T", ordinary(), FACTS)["date"]
    assert read([Block(text="No source is cited.")]).metadata.creation_date.year == 1980


def test_bytes_do_not_depend_on_process_time_zone_or_hash_seed():
    assert hashlib.sha256(pdf.render("T", ordinary(), FACTS)).hexdigest() == render_elsewhere("pdf")


def test_every_font_is_embedded_and_maps_to_letters(report):
    fonts = [font.get_object() for page in report.pages for font in page["/Resources"]["/Font"].values()]
    assert len({font["/BaseFont"] for font in fonts}) >= 4  # regular, semibold, italic, mono at least
    for font in fonts:
        inner = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(inner) and "/ToUnicode" in font, font["/BaseFont"]


def test_pages_are_a4_and_numbered(report):
    assert 1 <= len(report.pages) <= 4
    for number, page in enumerate(report.pages, start=1):
        assert tuple(round(float(x)) for x in page.mediabox[2:]) == A4
        assert f"{number} / {len(report.pages)}" in page.extract_text()


def test_the_running_header_starts_on_the_second_page():
    reader = read([Block(text="# The name"), *[said(f"N9.{i}") for i in range(1, 60)]])
    first, second = (page.extract_text() for page in reader.pages[:2])
    assert first.count("The name") == 1 and second.count("The name") == 1


# ---- structure -----------------------------------------------------------------------------------------------------


def test_headings_come_in_order_and_skip_no_level(report):
    levels = [int(kind[1]) for kind in kinds(report) if re.fullmatch(r"H\d", kind)]
    assert levels[0] == 1 and len(levels) == 5  # first, too deep, second part, about, sources
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert levels[1] == 2  # the one that jumped to level 4


def test_tables_have_heading_cells_for_their_columns(report):
    found = kinds(report)
    assert found.count("Table") == 2 and found.count("THead") == 2
    headings = [node for kind, node, _ in elements(report) if kind == "TH"]
    assert len(headings) == 4
    assert all(any(a.get_object().get("/Scope") == "/Column" for a in node["/A"]) for node in headings)


def test_each_figure_has_its_alt_text_and_caption(report):
    figures = [node for kind, node, _ in elements(report) if kind == "Figure"]
    assert [node["/Alt"] for node in figures] == [ALT]
    assert kinds(report).count("Caption") == 2  # of the table and of the figure


def test_lists_and_links_are_marked_and_links_say_where_they_go(report):
    assert kinds(report).count("L") >= 4 and {"Lbl", "LBody"} <= set(kinds(report))
    notes = [note.get_object() for page in report.pages for note in page.get("/Annots", [])]
    targets = [note["/A"]["/URI"] for note in notes if "/URI" in note.get("/A", {})]
    assert "https://europa.eu/a?b=c&d=e" in targets
    assert all(re.match("(https?|mailto):", t) for t in targets)  # no script, no file of this machine
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


def test_the_words_are_all_there_in_order(report):
    text = squeezed(text_of(report))
    expected = [
        'Regions&"rules"<b>',
        "leaning",
        "strong",
        "both",
        "code<i>",
        "(javascript:alert(1))",
        "one",
        "innertwo",
        "4.fourth",
        "quotedwords",
        "code#block",
        "Aheadingtoodeep",
        "3.14of<script>alert(1)</script>.N9.1",
        "Table9.1Whatisfound",
        "Region2",
        "Howtoreadit.Awarning.EIS2023.Source:AALEP[1].Data:exhibits/T9.1.csv.",
        "Figure9.1Aline",
        "Data:exhibits/F9.1.csv.",
        "Secondpart",
        "Aboutthisreport",
        "country=PL",
        "Everyrowofdata",
        "territorynames",
    ]
    places = [text.find(e) for e in expected]
    assert -1 not in places, [e for e, p in zip(expected, places) if p < 0]
    assert places == sorted(places)


def test_every_letter_of_every_official_language_is_set_and_read_back():
    words = [letters + "".join(c.upper() for c in letters if len(c.upper()) == 1) for letters in LETTERS]
    names = member_states()
    reader = read(
        [
            names_table(words),
            Block(text="\n\n".join([*words, *(f"**{w}** *{w}* `{w}`" for w in words)])),
            Block(text=", ".join(names)),
        ]
    )
    text = squeezed(text_of(reader))
    for word in words:
        assert text.count(squeezed(word)) >= 6, word
    assert squeezed(", ".join(names)) in text and "България" in names
    fonts = {font.get_object()["/BaseFont"] for page in reader.pages for font in page["/Resources"]["/Font"].values()}
    assert not [f for f in fonts if "LastResort" in f]


def test_hostile_names_come_out_as_written():
    reader = read([Block(text=f"# {NASTY[0]}"), names_table(NASTY), said(name=NASTY[10], v=1)], facts={"<b>": NASTY[4]})
    text = squeezed(text_of(reader))
    for name in NASTY:
        if re.search("[\u0590-\u06ff]", name):  # from right to left: the reader may turn words round
            assert all(text.count(letter) >= 2 for letter in squeezed(name)), name
        else:
            assert text.count(squeezed(name.replace("🚀", "[rocket]"))) >= 2, name
    assert reader.metadata.title == NASTY[0]


def test_a_sign_that_no_font_has_is_named_in_words():
    signs = ["🚀", "中文", "👩\u200d🔬", "\U0001f1ea\U0001f1fa", "\ue000", "क", "x\U00016fe0y"]
    reader = read([names_table(signs)])
    text = squeezed(text_of(reader))
    for name in (
        "[rocket]",
        "[cjkunifiedideograph-4e2d]",
        "[woman][microscope]",
        "[regionalindicatorsymbollettere]",
        "[u+e000]",
        "[devanagariletterka]",
        "x[tangutiterationmark]y",
    ):
        assert text.lower().count(name) >= 2, name
    fonts = {f.get_object()["/BaseFont"].split("+")[1] for p in reader.pages for f in p["/Resources"]["/Font"].values()}
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


@pytest.mark.skipif(not shutil.which("pdfinfo"), reason="STRUCTURE IS NOT READ INDEPENDENTLY: poppler is not installed")
def test_poppler_reads_the_structure(tmp_path):
    """An independent reader finds title, headings, table, caption, alt text and links in reading order."""
    (tmp_path / "r.pdf").write_bytes(pdf.render("T", ordinary(), FACTS))
    tree = subprocess.run(["pdfinfo", "-struct-text", tmp_path / "r.pdf"], capture_output=True, check=True).stdout
    kinds = re.findall(r"^ *([A-Z][A-Za-z0-9]*)(?: .*)?:?$", tree.decode(), re.MULTILINE)
    assert {"Document", "H1", "H2", "Table", "THead", "TR", "TH", "TD", "Caption", "Figure", "L", "LI", "Link"} <= set(
        kinds
    )
    assert kinds.index("Table") < kinds.index("Figure") < len(kinds) - 1 - kinds[::-1].index("L")


def test_a_word_longer_than_its_line_is_broken_not_printed_over_the_margin():
    reader = read([Block(text="y" * 300), names_table(["x" * 200, "short"])])
    lines = [line.strip() for line in text_of(reader).splitlines()]
    assert sum(line.count("y") for line in lines if set(line) == {"y"}) == 300
    assert max(len(run) for line in lines for run in re.findall("y+", line)) < 110
    assert sum(text.count("x") for text in (r for line in lines for r in re.findall("x{4,}", line))) == 400
    assert max(len(run) for line in lines for run in re.findall("x+", line)) < 60


@pytest.mark.parametrize("count", [2, 9, 21, 40, 90])
def test_a_table_of_many_columns_loses_no_cell(count):
    shown = wide(count)
    reader = read([table("T9.3", shown, columns={c: f"Heading {c}" for c in shown}), Block(text="After it.")])
    cells = text_of(reader).split()
    assert all(cells.count(cell) == 1 for column in list(shown)[1:] for cell in shown[column])
    assert cells.count("r0c0") == len(columns.fit([f"Heading {c}" for c in shown], shown.to_numpy().tolist()))
    across = [page.mediabox.width > page.mediabox.height for page in reader.pages]
    assert any(across) == (count > 9) and not across[-1]


def test_a_long_table_repeats_its_headings_and_a_huge_cell_is_not_cut():
    reader = read([table("T9.4", frame(120))])
    pages = [page.extract_text() for page in reader.pages if "Region" in page.extract_text()]
    assert len(pages) >= 3 and all("Head value" in page for page in pages)
    huge = pd.DataFrame({"text": [" ".join(f"word{i}" for i in range(3000))], "n": [1]})
    assert set(re.findall(r"word\d+", text_of(read([table("T9.5", huge)])))) == {f"word{i}" for i in range(3000)}


def test_a_tall_figure_fits_its_page_with_caption_and_notes():
    reader = read([picture(height=30)])
    page = next(p.extract_text() for p in reader.pages if "Figure 9.1" in p.extract_text())
    assert "exhibits/F9.1.csv" in page


def test_an_empty_report_and_a_table_without_rows_are_set():
    assert len(read([]).pages) == 1
    assert "Head name" in text_of(read([table("T9.6", frame().iloc[:0])]))


def test_the_title_is_the_first_heading_or_else_the_one_given():
    assert read([Block(text="# Own *name*\n\nText")]).metadata.title == "Own name"
    assert read([Block(text="## Part\n\nText")], title="Given").metadata.title == "Given"
    reader = read([said("N9.1", "# Report on {name}", name="A*B")])
    assert reader.metadata.title == "Report on A*B" and text_of(reader).count("Report on") == 1


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
    def every(nodes):
        for node in nodes:
            yield node["kind"]
            yield from every(node.get("nodes", []))

    assert set(every(prose.nodes(text))) <= {"paragraph", "rule"}
