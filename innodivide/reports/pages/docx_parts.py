"""What a Word file needs beside its text: elements, style sheet, numbering, page set-up, a package with fixed bytes.

All that reaches through python-docx to the XML below it is here.
"""

import io
import zipfile
from datetime import datetime

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt, RGBColor

from innodivide.reports.files import zip_entry
from innodivide.reports.pages import columns

INK, SOFT, HAIR, ACCENT, WARN = "1C2430", "55606E", "C9CFD6", "0B4F8A", "8A4B00"
FONT, MONO = "Arial", "Courier New"  # on every machine, or replaced by fonts of the same widths
TABLE_STYLE, BULLETS, NUMBERS = "ReportTable", "90", "91"
A4 = (Pt(595.3), Pt(841.9))
MARGIN = Pt((595.3 - columns.PORTRAIT) / 2)
# name: size, colour, bold, points before, points after, stays with the next paragraph
_PARAGRAPHS = {
    "Normal": (10, INK, None, 0, 6, None),
    "Title": (24, INK, True, 0, 4, True),
    "Subtitle": (9.5, SOFT, False, 0, 16, None),
    "Heading 1": (15, ACCENT, True, 20, 6, True),
    "Heading 2": (12.5, ACCENT, True, 14, 4, True),
    "Heading 3": (11, ACCENT, True, 12, 4, True),
    "Heading 4": (10.5, ACCENT, True, 12, 4, True),
    "Heading 5": (10.5, ACCENT, True, 12, 4, True),
    "Heading 6": (10.5, ACCENT, True, 12, 4, True),
    "Caption": (10.5, INK, True, 14, 5, True),
    "Key Number": (10, INK, None, 0, 4, True),
    "Quote": (10.5, SOFT, None, 0, 7, None),
    "Header": (8, SOFT, None, 0, 0, None),
    "Footer": (8, SOFT, None, 0, 0, None),
    "List Bullet": (10.5, INK, None, 0, 4, None),
    "List Number": (10.5, INK, None, 0, 4, None),
    "List Continue": (10.5, INK, None, 0, 4, None),
    "Exhibit Note": (8.5, SOFT, None, 5, 14, None),
    "Exhibit Picture": (10.5, INK, None, 0, 0, True),
    "Source Entry": (7, INK, None, 0, 1, None),
    "Source Licence": (7, INK, True, 5, 1, True),
    "Code Block": (9, INK, None, 0, 0, None),
}
_CHARACTERS = {"Hyperlink": (None, ACCENT), "Exhibit Label": (None, ACCENT), "Warning": (None, WARN)}
_KEPT_TABLE_STYLES = ("TableNormal", "TableGrid")


def new_document(report: dict):
    """Return an empty document with the house styles, A4 pages and the properties of the report."""
    document = Document()
    _strip(document)
    _fonts(document)
    for name, look in _PARAGRAPHS.items():
        _paragraph_style(document, name, *look)
    for size in columns.SIZES:
        _paragraph_style(document, f"Table Text {size:g}", size, INK, None, 0, 0, None)
        document.styles[f"Table Text {size:g}"].paragraph_format.line_spacing = 1.0
    for name, (size, colour) in _CHARACTERS.items():
        style = document.styles.add_style(name, WD_STYLE_TYPE.CHARACTER)
        style.font.color.rgb = RGBColor.from_string(colour)
        if size:
            style.font.size = Pt(size)
            _complex_size(style)
    document.styles["Hyperlink"].font.underline = True
    code = document.styles.add_style("Code", WD_STYLE_TYPE.CHARACTER)
    for style in (code, document.styles["Code Block"]):
        _set_fonts(style.element.get_or_add_rPr().get_or_add_rFonts(), MONO)
    document.styles["Source Entry"].paragraph_format.line_spacing = 1.0
    document.styles.element.append(parse_xml(_TABLE_XML))
    _numbering(document)
    _pages(document, report["title"])
    describe(document.core_properties, report)
    return document


def make(tag: str, *children, **attributes):
    """Return an element; attributes are in the namespace of its tag."""
    element = OxmlElement(f"w:{tag}")
    for name, value in attributes.items():
        element.set(qn(f"w:{name}"), str(value))
    element.extend(children)
    return element


def element_of(paragraph):
    """Return the XML element of a paragraph; its format has it in public."""
    return paragraph.paragraph_format.element


def link(document, address: str, runs: list):
    """Return a link around some runs, to a bookmark (`#name`) or to an address outside."""
    element = make("hyperlink", *runs)
    if address.startswith("#"):
        element.set(qn("w:anchor"), address[1:])
    else:
        element.set(qn("r:id"), document.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    return element


def add_logo(document, drawing: bytes) -> None:
    """Add a paragraph with a logo, 14 mm high."""
    run = document.add_paragraph(style="Exhibit Picture").add_run()
    run.add_picture(io.BytesIO(drawing), height=Pt(40))
    (described,) = run.font.element.xpath(".//wp:docPr")
    described.set("descr", "Logo")
    described.set("name", "Logo")


def add_picture(document, drawing: bytes, width: float, name: str, alt: str) -> None:
    """Add a paragraph with a picture of a width in points, with its alt text."""
    run = document.add_paragraph(style="Exhibit Picture").add_run()
    run.add_picture(io.BytesIO(drawing), Pt(width))
    (described,) = run.font.element.xpath(".//wp:docPr")
    described.set("descr", alt)
    described.set("name", name)


def begin_section(document, turned: bool) -> None:
    """Begin a section on a new page; the one before ends in its last paragraph, not in an empty one of its own."""
    section = document.add_section()
    _set_page(section, turned)
    section.different_first_page_header_footer = False
    ending = document.element.body[-2]
    before = ending.getprevious()
    if before is not None and before.tag == qn("w:p") and before.find(f".//{qn('w:sectPr')}") is None:
        before.get_or_add_pPr().append(ending.pPr.find(qn("w:sectPr")))
        ending.getparent().remove(ending)


def _set_page(section, turned: bool) -> None:
    """Set a section on A4 with the margins of the house, upright or turned."""
    section.page_width, section.page_height = A4[::-1] if turned else A4
    section.orientation = int(turned)
    section.left_margin = section.right_margin = MARGIN
    section.top_margin, section.bottom_margin = Pt(76), Pt(70)


def pack(document) -> bytes:
    """Return the file with the same bytes each time: fixed dates and system in the zip, parts in a fixed order."""
    loose, packed = io.BytesIO(), io.BytesIO()
    document.save(loose)
    with zipfile.ZipFile(loose) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda n: (n != "[Content_Types].xml", n != "_rels/.rels", n)):
            new.writestr(zip_entry(name, 0o600), old.read(name))
    return packed.getvalue()


def new_list(document, ordered: bool, start: int) -> str:
    """Return the id of a new list, so that each list counts from its own start."""
    numbering = document.part.numbering_part.element
    number = numbering.add_num(int(NUMBERS if ordered else BULLETS))
    if ordered:
        number.add_lvlOverride(ilvl=0).add_startOverride(start)
    return str(number.numId)


def _field(paragraph, code: str) -> None:
    """Add a field that Word fills in, such as PAGE."""
    instruction = make("instrText")
    instruction.text = f" {code} "
    for content in (make("fldChar", fldCharType="begin"), instruction, make("fldChar", fldCharType="separate")):
        element_of(paragraph).append(make("r", content))
    paragraph.add_run("1")
    element_of(paragraph).append(make("r", make("fldChar", fldCharType="end")))


def _strip(document) -> None:
    """Take out what the library's template brings along: a thumbnail, a second style sheet, a hundred table styles."""
    for owner in (document.part.package, document.part):
        for key, link in list(owner.rels.items()):
            if link.reltype.rsplit("/", 1)[1] in ("thumbnail", "stylesWithEffects", "customXml"):
                del owner.rels[key]
    for style in list(document.styles.element):
        if style.get(qn("w:type")) == "table" and style.get(qn("w:styleId")) not in _KEPT_TABLE_STYLES:
            document.styles.element.remove(style)
    settings = document.settings.element
    settings.find(qn("w:zoom")).set(qn("w:percent"), "100")
    for setting in settings.iter(qn("w:compatSetting")):
        if setting.get(qn("w:name")) == "compatibilityMode":
            setting.set(qn("w:val"), "15")


def _fonts(document) -> None:
    sheet = document.styles.element
    for fonts in sheet.iter(qn("w:rFonts")):
        _set_fonts(fonts, FONT)
    for language in (*sheet.iter(qn("w:lang")), *document.settings.element.iter(qn("w:themeFontLang"))):
        language.set(qn("w:val"), "en-GB")


def _set_fonts(element, name: str) -> None:
    element.attrib.clear()
    for slot in ("ascii", "hAnsi", "cs", "eastAsia"):
        element.set(qn(f"w:{slot}"), name)


def _paragraph_style(document, name, size, colour, bold, before, after, keep) -> None:
    styles = document.styles
    style = styles[name] if name in styles else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    style.font.size, style.font.color.rgb = Pt(size), RGBColor.from_string(colour)
    style.font.italic = style.font.all_caps = None
    _complex_size(style)
    if bold is not None:
        style.font.bold = bold
    look = style.paragraph_format
    look.space_before, look.space_after, look.keep_with_next, look.line_spacing = Pt(before), Pt(after), keep, 1.12
    for unwanted in ("w:pBdr", "w:contextualSpacing"):
        for element in style.element.findall(f"{qn('w:pPr')}/{qn(unwanted)}"):
            element.getparent().remove(element)
    for spacing in style.element.findall(f"{qn('w:rPr')}/{qn('w:spacing')}"):
        spacing.getparent().remove(spacing)
    if name != "Normal" and style.base_style is None:
        style.base_style = styles["Normal"]


def _complex_size(style) -> None:
    """Give Arabic and Hebrew letters the size of the others: Word keeps it apart."""
    size = style.element.rPr.find(qn("w:sz"))
    twin = style.element.rPr.find(qn("w:szCs"))
    if twin is None:
        twin = make("szCs")
        size.addnext(twin)
    twin.set(qn("w:val"), size.get(qn("w:val")))


_TABLE_XML = f"""
<w:style {nsdecls("w")} w:type="table" w:customStyle="1" w:styleId="{TABLE_STYLE}">
  <w:name w:val="Report Table"/><w:basedOn w:val="TableNormal"/><w:uiPriority w:val="59"/><w:qFormat/>
  <w:tblPr>
    <w:tblBorders>
      <w:top w:val="single" w:sz="8" w:space="0" w:color="{INK}"/>
      <w:bottom w:val="single" w:sz="8" w:space="0" w:color="{INK}"/>
      <w:insideH w:val="single" w:sz="4" w:space="0" w:color="{HAIR}"/>
    </w:tblBorders>
    <w:tblCellMar><w:top w:w="50" w:type="dxa"/><w:bottom w:w="50" w:type="dxa"/></w:tblCellMar>
  </w:tblPr>
  <w:tblStylePr w:type="firstRow">
    <w:rPr><w:b/><w:bCs/></w:rPr>
    <w:tcPr>
      <w:tcBorders><w:bottom w:val="single" w:sz="8" w:space="0" w:color="{INK}"/></w:tcBorders>
      <w:vAlign w:val="bottom"/>
    </w:tcPr>
  </w:tblStylePr>
</w:style>"""


def _numbering(document) -> None:
    """Add one bulleted and one counted list of nine levels; lists of the report are instances of these."""
    numbering = document.part.numbering_part.element
    kinds = ((NUMBERS, ("decimal", "lowerLetter", "lowerRoman"), None), (BULLETS, ("bullet",) * 3, "•–·"))
    for key, form, signs in kinds:
        levels = "".join(
            f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{form[i % 3]}"/>'
            f'<w:lvlText w:val="{signs[i % 3] if signs else f"%{i + 1}."}"/><w:lvlJc w:val="left"/>'
            f'<w:pPr><w:ind w:left="{360 * (i + 1)}" w:hanging="300"/></w:pPr></w:lvl>'
            for i in range(9)
        )
        numbering.insert(
            0,
            parse_xml(
                f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{key}">'
                f'<w:multiLevelType w:val="multilevel"/>{levels}</w:abstractNum>'
            ),
        )


def _pages(document, title: str) -> None:
    section = document.sections[0]
    _set_page(section, False)
    section.different_first_page_header_footer = True
    section.header.paragraphs[0].text = title
    for footer in (section.footer, section.first_page_footer):
        line = footer.paragraphs[0]
        line.style, line.alignment = document.styles["Footer"], 2
        _field(line, "PAGE")
        line.add_run(" / ")
        _field(line, "NUMPAGES")


def describe(about, report: dict) -> None:
    """Fill in the properties of a file of Office, none of them from the clock."""
    day = datetime.fromisoformat(report["date"])
    about.title, about.author, about.last_modified_by = report["title"][:255], report["author"], report["author"]
    about.comments = about.subject = about.category = about.keywords = ""
    about.language, about.revision, about.created, about.modified = "en-GB", 1, day, day
