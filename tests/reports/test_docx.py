"""DOCX reports, read back as Word would: parts, order of elements, styles, tables, alt text."""

import io
import shutil
import subprocess
import zipfile

import pandas as pd
import pytest
from page_blocks import FACTS, NASTY, frame, names_table, ordinary, picture, squeezed, table, wide
from readers import W, read_docx

from innodivide.reports.pages import columns, document, docx
from innodivide.reports.pages.blocks import Block

etree = pytest.importorskip("lxml.etree", reason="DOCX REPORTS ARE NOT TESTED: the package lxml is missing")

# The order in which ECMA-376 part 1 wants the children of these elements; Word calls a file in another order corrupt.
ORDER = {
    "pPr": "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr shd tabs "
    "suppressAutoHyphens kinsoku wordWrap overflowPunct topLinePunct autoSpaceDE autoSpaceDN bidi "
    "adjustRightInd snapToGrid spacing ind contextualSpacing mirrorIndents suppressOverlap jc textDirection "
    "textAlignment textboxTightWrap outlineLvl divId cnfStyle rPr sectPr pPrChange",
    "rPr": "rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline shadow emboss imprint noProof snapToGrid "
    "vanish webHidden color spacing w kern position sz szCs highlight u effect bdr shd fitText vertAlign rtl cs "
    "em lang eastAsianLayout specVanish oMath",
    "tblPr": "tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize tblStyleColBandSize tblW jc tblCellSpacing "
    "tblInd tblBorders shd tblLayout tblCellMar tblLook tblCaption tblDescription",
    "sectPr": "headerReference footerReference footnotePr endnotePr type pgSz pgMar paperSrc pgBorders lnNumType "
    "pgNumType cols formProt vAlign noEndnote titlePg textDirection bidi rtlGutter docGrid",
    "tc": "tcPr p",
    "tr": "trPr tc",
    "tbl": "tblPr tblGrid tr",
    "numbering": "abstractNum num",
    "style": "name aliases basedOn next link autoRedefine hidden uiPriority semiHidden unhideWhenUsed qFormat locked "
    "personal rsid pPr rPr tblPr trPr tcPr tblStylePr",
}


def read(blocks):
    return read_docx(blocks).whole


@pytest.fixture(scope="module")
def report():
    return read(ordinary())


@pytest.fixture(scope="module")
def full() -> bytes:
    """A file with one of everything, a turned page and hostile names."""
    return docx.render("A title", [*ordinary(), table("T9.3", wide(30)), names_table(NASTY)], FACTS)


def styled(report, style: str) -> list[str]:
    return [p.text for p in report.paragraphs if p.style.name == style]


# ---- the file ------------------------------------------------------------------------------------------------------


def test_the_author_is_ours_and_the_parts_have_no_times(report, full):
    about = report.core_properties
    assert (about.author, about.last_modified_by, about.comments) == (document.AUTHOR, document.AUTHOR, "")
    assert (about.title, about.language) == ('Regions & "rules" <b>', "en-GB")
    entries = zipfile.ZipFile(io.BytesIO(full)).infolist()
    assert {e.date_time for e in entries} == {(1980, 1, 1, 0, 0, 0)} and entries[0].filename == "[Content_Types].xml"


def test_every_part_is_sound_and_every_relation_leads_somewhere(full):
    archive = zipfile.ZipFile(io.BytesIO(full))
    names = set(archive.namelist())
    assert archive.testzip() is None and "docProps/thumbnail.jpeg" not in names
    for name in names:
        if not name.endswith((".xml", ".rels")):
            continue
        root = etree.fromstring(archive.read(name))
        for link in root.iter("{*}Relationship") if name.endswith(".rels") else ():
            folder = name.rsplit("_rels/", 1)[0]
            target = link.get("Target").lstrip("/")
            assert link.get("TargetMode") == "External" or target in names or folder + target in names, (name, target)


def test_elements_stand_in_the_order_word_wants(full):
    archive = zipfile.ZipFile(io.BytesIO(full))
    for name in ("word/document.xml", "word/styles.xml", "word/numbering.xml"):
        for element in etree.fromstring(archive.read(name)).iter():
            wanted = ORDER.get(etree.QName(element).localname, "").split()
            inside = [etree.QName(child).localname for child in element if etree.QName(child).localname in wanted]
            assert inside == sorted(inside, key=wanted.index), (name, element.tag, inside)


def test_ids_of_bookmarks_pictures_and_lists_are_not_used_twice():
    report = read([*ordinary(), picture("F9.2"), table("T9.3", wide(90))])
    body = report.element.body
    for path in ("//w:bookmarkStart/@w:id", "//w:bookmarkStart/@w:name", "//wp:docPr/@id"):
        found = body.xpath(path)
        assert len(found) > 1 and len(found) == len(set(found)), path
    assert len(body.xpath("//w:bookmarkEnd")) == len(body.xpath("//w:bookmarkStart"))
    known = {s.style_id for s in report.styles}
    assert set(body.xpath("//w:pStyle/@w:val | //w:rStyle/@w:val | //w:tblStyle/@w:val")) <= known


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
def test_libreoffice_opens_it(full, tmp_path):
    (tmp_path / "report.docx").write_bytes(full)
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", "--headless", profile, "--convert-to", "txt:Text (encoded):UTF8", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(tmp_path / "report.docx")], check=True, capture_output=True, timeout=120)
    text = squeezed((tmp_path / "report.txt").read_text(encoding="utf-8-sig"))
    for name in NASTY:
        assert squeezed(name) in text, name


# ---- structure -----------------------------------------------------------------------------------------------------


def test_headings_are_headings(report):
    assert styled(report, "Title") == ['Regions & "rules" <b>']
    found = [(p.style.name, p.text) for p in report.paragraphs if p.style.name.startswith("Heading")]
    assert found == [
        ("Heading 1", "First part"),
        ("Heading 2", "A heading too deep"),
        ("Heading 1", "Second part"),
        ("Heading 1", "About this report"),
        ("Heading 1", "Sources"),
    ]


def test_prose_keeps_its_emphasis_links_and_line_ends(report):
    paragraph = next(p for p in report.paragraphs if p.text.startswith("Words"))
    looks = {r.text: (bool(r.bold), bool(r.italic), r.style.name) for r in paragraph.runs}
    assert looks["leaning"] == (False, True, "Default Paragraph Font")
    assert looks["strong"][:2] == (True, False) and looks["both"][:2] == (True, True) and looks["code <i>"][2] == "Code"
    assert [(link.text, link.address) for link in paragraph.hyperlinks] == [("link", "https://europa.eu/a?b=c&d=e")]
    assert "a file and a [trap](javascript:alert(1)). Two\nlines." in paragraph.text
    assert styled(report, "Quote") == ["quoted words"] and styled(report, "Code Block") == ["code #block"]


def test_lists_are_lists_and_count_from_their_own_start(report):
    bullets, numbers = styled(report, "List Bullet"), styled(report, "List Number")
    assert bullets == ["one", "two", "three"] and numbers == ["inner one", "inner two", "fourth", "fifth"]
    places = {
        p.text: (p._p.pPr.numPr.ilvl.val, p._p.pPr.numPr.numId.val)
        for p in report.paragraphs
        if p.style.name in ("List Bullet", "List Number")
    }
    assert places["inner one"][0] == 1 and places["inner one"][1] == places["inner two"][1] != places["fourth"][1]
    numbering = report.part.numbering_part.element
    start = numbering.xpath(f"./w:num[@w:numId='{places['fourth'][1]}']//w:startOverride/@w:val")
    assert start == ["4"]


def test_tables_are_tables_with_a_heading_row_that_comes_again(report):
    exhibit = report.tables[1]
    assert [[c.text for c in row.cells] for row in exhibit.rows] == [
        ["Head name", "Head value"],
        ["Region 0", "−1"],
        ["Region 1", "0.5"],
        ["Region 2", "2"],
    ]
    for each in report.tables:
        assert each.style.name == "Report Table"
        marked = [bool(row._tr.trPr.findall(f"{W}tblHeader")) for row in each.rows]
        assert marked == [True] + [False] * (len(each.rows) - 1)
        assert all(cell.paragraphs for row in each.rows for cell in row.cells)
    assert exhibit.rows[1].cells[1].paragraphs[0].alignment == 2  # numbers on the right


def test_a_small_table_stays_on_one_page_and_a_long_one_may_break():
    small, long = read([table("T9.5", frame(5)), table("T9.6", frame(60))]).tables
    assert all(c.paragraphs[0].paragraph_format.keep_with_next for row in small.rows for c in row.cells)
    assert not any(c.paragraphs[0].paragraph_format.keep_with_next for row in long.rows[1:] for c in row.cells)


def test_captions_stand_above_and_stay_with_what_they_name(report):
    assert styled(report, "Caption") == ["Table 9.1\u2002What is found", "Figure 9.1\u2002A line"]
    assert report.styles["Caption"].paragraph_format.keep_with_next
    order = [etree.QName(e).localname for e in report.element.body]
    captions = [i for i, e in enumerate(report.element.body) if e.xpath("./w:pPr/w:pStyle[@w:val='Caption']")]
    assert order[captions[0] + 1] == "tbl" and report.element.body[captions[1] + 1].xpath(".//w:drawing")
    assert report.element.body.xpath("//w:bookmarkStart/@w:name") == ["T9_1", "F9_1", "source_1", "source_2"]
    assert styled(report, "Exhibit Note")[1].split() == (
        "How to read it. A warning. EIS 2023. Source: AALEP [1]. Data: exhibits/T9.1.csv.".split()
    )


def test_a_picture_is_as_wide_as_the_text_in_its_own_proportions(report):
    (shape,) = report.inline_shapes
    assert shape.width.pt == pytest.approx(columns.PORTRAIT)
    assert shape.height / shape.width == pytest.approx(3 / 6.5, rel=0.01)


@pytest.mark.parametrize("count", [9, 90])
def test_tables_fill_their_pages_and_none_is_empty(count):
    report = read([table("T9.3", wide(count)), table("T9.4", wide(count)), Block(text="After it.")])
    room = columns.LANDSCAPE if count > 9 else columns.PORTRAIT
    assert all(sum(c.width.pt for c in each.columns) == pytest.approx(room, abs=1) for each in report.tables)
    assert [s.page_width > s.page_height for s in report.sections] == ([False, True, False] if count > 9 else [False])
    assert all(p.text for p in report.paragraphs)  # an empty one at the end of a section could get a page of its own


def test_pages_are_a4_with_page_numbers_and_a_running_header(report):
    (section,) = report.sections
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    assert section.different_first_page_header_footer and section.header.paragraphs[0].text == 'Regions & "rules" <b>'
    for footer in (section.footer, section.first_page_footer):
        fields = [t.text.strip() for t in footer._element.iter(f"{W}instrText")]
        assert fields == ["PAGE", "NUMPAGES"]


def test_the_language_is_english_and_fonts_are_named(report):
    sheet = report.styles.element
    assert set(sheet.xpath("//w:lang/@w:val")) == {"en-GB"}
    assert not sheet.xpath("//w:rFonts/@w:asciiTheme")
    assert set(sheet.xpath("//w:rFonts/@w:ascii")) == {"Arial", "Courier New"}, (
        "fonts that are there, or are replaced by ones of the same widths"
    )


# ---- content -------------------------------------------------------------------------------------------------------


def test_letters_from_right_to_left_are_marked_so():
    report = read([names_table(["before (مرحبا بالعالم) 12", "שלום"])])
    marked = ["".join(t.text for t in run.iter(f"{W}t")) for run in report.element.body.xpath("//w:r[w:rPr/w:rtl]")]
    assert marked == ["مرحبا بالعالم", "שלום", "שלום", "مرحبا بالعالم"]
    assert report.tables[0].rows[1].cells[0].text == "before (مرحبا بالعالم) 12"


def test_what_xml_cannot_hold_is_taken_out():
    report = read([names_table(["a\x00b\x07c", "x\u202egnirts", "p\ud800q", "r\uffffs"])])
    assert [row.cells[0].text for row in report.tables[0].rows[1:]] == ["abc", "xgnirts", "p\ufffdq", "r\ufffds"]


def test_headers_reach_pages_after_a_turned_one():
    report = read([Block(text="# The name\n\nText"), table("T9.3", wide(30)), Block(text="After.")])
    assert [s.header.paragraphs[0].text for s in report.sections] == ["The name"] * 3
    assert [s.different_first_page_header_footer for s in report.sections] == [True, False, False]


def test_a_huge_cell_may_break_over_pages_and_small_rows_do_not():
    huge = pd.DataFrame({"text": ["word " * 3000], "n": [1]})
    report = read([table("T9.5", huge), table("T9.6", frame())])
    kept = [[bool(row._tr.trPr.findall(f"{W}cantSplit")) for row in each.rows] for each in report.tables]
    assert not any(kept[0]) and all(kept[1])
