"""Set a report as slides to be edited: title, answer, one figure a slide, tables; same bytes from the same blocks.

A slide has what a reader on the edge of a meeting needs: the finding as its title, the picture or table with a text for
who cannot see it, the source below. How to read it stands in the speaker notes. Findings that come after the answer are
left to the report.
"""

import base64
import io
import re

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR
from pptx.util import Emu, Pt

from innodivide.reports.pages import document, docx_parts, prose
from innodivide.reports.pages.blocks import Block

WIDTH, HEIGHT, EDGE = Pt(960), Pt(540), Pt(42)  # 16:9
INSIDE = Emu(WIDTH - 2 * EDGE)
FONT = "Arial"  # on every machine, or replaced by one of the same widths
TOP, FOOT = Pt(118), Pt(492)  # of what stands between title and source
ROWS = 9  # of a table on one slide, fewer where their texts need more lines
MOST = 4  # slides for one table; its other rows stand in the spreadsheet
_TITLE_ONLY = 5  # of the layouts that come with the library
_SENTENCE = re.compile(r"(?<=[.;]) (?=[A-Z0-9])")
_LONG = 260  # letters of a paragraph that is set as one point


def render(title: str, blocks: list[Block], facts: dict[str, str]) -> bytes:
    """Return the report as the bytes of a PPTX file; parameters and errors as for `document.build`."""
    report = document.build(title, blocks, facts)
    slides = _Slides(report)
    answer, rest = _answer(report["body"])
    for item in answer:
        slides.item(item, spoken=True)
    for item in rest:
        slides.item(item, spoken=False)
    slides.about(report)
    return docx_parts.pack(slides.deck)


def _answer(body: list[dict]) -> tuple[list[dict], list[dict]]:
    """Return the report's first layer, up to a rule or to the heading after the first finding, and the rest."""
    said = False
    for at, item in enumerate(body):
        said = said or item["kind"] == "finding"
        if item["kind"] == "rule" or (said and item["kind"] == "heading"):
            return body[:at], body[at:]
    return body, []


class _Slides:
    """Appends slides to one presentation."""

    def __init__(self, report: dict):
        self.deck = Presentation()
        self.deck.slide_width, self.deck.slide_height = WIDTH, HEIGHT
        docx_parts.describe(self.deck.core_properties, report)
        paragraphs = [i for i in report["body"][:2] if i["kind"] == "paragraph"]
        slide = self.slide(report["title_runs"], at=Pt(150), size=36)
        if report["logo"]:
            logo = slide.shapes.add_picture(io.BytesIO(base64.b64decode(report["logo"])), EDGE, Pt(48), height=Pt(56))
            _say(logo._element.nvPicPr.cNvPr, "Logo")
        lines = [prose.plain(p["runs"]) for p in paragraphs[:1]] + [f"{report['author']}. {report['dateline']}"]
        self.text(slide, lines, Pt(250), Pt(200), 18, docx_parts.SOFT)

    def slide(self, runs: list[dict], at=None, size: float = 0):
        """Add a slide with a title, which is large as long as it is short."""
        words = prose.plain(runs)
        slide = self.deck.slides.add_slide(self.deck.slide_layouts[_TITLE_ONLY])
        for other in list(slide.placeholders)[1:]:
            other._element.getparent().remove(other._element)
        box = slide.shapes.title
        box.left, box.top, box.width, box.height = EDGE, at or Pt(24), INSIDE, Pt(88)
        box.text_frame.word_wrap, box.text_frame.vertical_anchor = True, MSO_ANCHOR.MIDDLE
        paragraph = box.text_frame.paragraphs[0]
        paragraph.alignment = 1
        for run in runs:
            _run(
                paragraph,
                run,
                size or (26 if len(words) <= 90 else 20 if len(words) <= 190 else 16),
                docx_parts.INK,
                True,
            )
        return slide

    def text(self, slide, lines: list[str], top, height, size: float, colour: str, bullets: bool = False):
        """Add a box of paragraphs."""
        frame = slide.shapes.add_textbox(EDGE, top, INSIDE, height).text_frame
        frame.word_wrap = True
        for at, line in enumerate(lines):
            paragraph = frame.paragraphs[0] if at == 0 else frame.add_paragraph()
            paragraph.space_after = Pt(size * 0.6)
            _run(paragraph, {"text": f"•  {line}" if bullets else line}, size, colour)
        return frame

    def item(self, item: dict, spoken: bool) -> None:
        """Add the slides of one item of the report's body; a finding only if it is `spoken`."""
        if item["kind"] == "finding" and spoken:
            self.finding(item)
        elif item["kind"] == "exhibit" and item.get("numbers"):
            self.numbers(item)
        elif item["kind"] == "exhibit" and item["form"] == "figure":
            self.figure(item)
        elif item["kind"] == "exhibit":
            self.tables(item)

    def finding(self, item: dict) -> None:
        """Add a slide of a finding, a point for each paragraph, or for each sentence of a long one."""
        paragraphs = [n["runs"] for n in item["nodes"] if n["kind"] == "paragraph"]
        if not paragraphs:
            return
        first, head = paragraphs[0], prose.as_runs("The answer")
        if first and first[0]["bold"] and first[0]["text"].endswith("."):
            head, paragraphs = prose.as_runs(first[0]["text"].rstrip(".")), [first[1:], *paragraphs[1:]]
        texts = [prose.plain(runs).strip() for runs in paragraphs]
        points = [p for text in texts for p in (_SENTENCE.split(text) if len(text) > _LONG else [text])]
        size = 20 if sum(map(len, points)) < 800 else 16
        self.text(self.slide(head), points, TOP, Emu(FOOT - TOP), size, docx_parts.INK, bullets=True)

    def numbers(self, item: dict) -> None:
        """Add a slide of large numbers, side by side."""
        slide, count = self.slide(prose.as_runs(item["title"])), len(item["numbers"])
        wide = (INSIDE - Pt(18) * (count - 1)) // count
        for at, (number, meaning) in enumerate(item["numbers"]):
            frame = slide.shapes.add_textbox(EDGE + at * (wide + Pt(18)), Pt(170), wide, Pt(240)).text_frame
            frame.word_wrap = True
            _run(frame.paragraphs[0], {"text": number}, 40, docx_parts.ACCENT, True)
            _run(frame.add_paragraph(), {"text": meaning}, 16, docx_parts.INK)
        self.source(slide, item)

    def figure(self, item: dict) -> None:
        """Add a slide of a figure, as large as there is room for."""
        slide, drawing = self.slide(prose.as_runs(item["title"])), io.BytesIO(base64.b64decode(item["png"]))
        shape = slide.shapes.add_picture(drawing, EDGE, TOP)
        scale = min(INSIDE / shape.width, (FOOT - TOP - Pt(8)) / shape.height)
        shape.width, shape.height = int(shape.width * scale), int(shape.height * scale)
        shape.left = (WIDTH - shape.width) // 2
        _say(shape._element.nvPicPr.cNvPr, item["alt"])
        self.source(slide, item)

    def tables(self, item: dict) -> None:
        """Add one slide for each part of a table, and for as many rows as fit on one, up to `MOST` slides."""
        for part in item["parts"]:
            pages = _pages(part)
            for start, rows in pages[:MOST]:
                cut = len(pages) > 1
                which = f" (rows {start + 1} to {start + len(rows)} of {len(part['rows'])})" if cut else ""
                slide = self.slide(prose.as_runs(item["title"] + which))
                self.table(slide, [part["head"], *rows], part, item["title"])
                self.source(slide, item)

    def table(self, slide, rows: list, part: dict, title: str) -> None:
        """Add a table that can be edited."""
        shape = slide.shapes.add_table(len(rows), len(part["widths"]), EDGE, TOP, INSIDE, Pt(24) * len(rows))
        _say(shape._element.nvGraphicFramePr.cNvPr, title)
        table, total = shape.table, sum(part["widths"])
        for column, width in zip(table.columns, part["widths"]):
            column.width = int(INSIDE * width / total)
        size = _size(part)
        for r, row in enumerate(rows):
            for c, runs in enumerate(row):
                cell = table.cell(r, c)
                cell.margin_top = cell.margin_bottom = Pt(2)
                paragraph = cell.text_frame.paragraphs[0]
                paragraph.alignment = 3 if part["align"][c] == "right" else 1
                colour = "FFFFFF" if r == 0 else docx_parts.INK
                _run(paragraph, {"text": prose.plain(runs)}, size, colour, r == 0)
                cell.fill.solid()
                cell.fill.fore_color.rgb = RGBColor.from_string(
                    docx_parts.ACCENT if r == 0 else "FFFFFF" if r % 2 else "F1F4F7"
                )

    def source(self, slide, item: dict) -> None:
        """Add the source below, and all that is said about the exhibit to the speaker notes."""
        credit = "".join(n["text"] for n in item["notes"] if not n["flag"])
        named = re.search(r"Source: .*?(?= Data: )", credit)
        self.text(slide, [f"{item['label']}. {named[0] if named else ''}"], FOOT, Pt(34), 10, docx_parts.SOFT)
        slide.notes_slide.notes_text_frame.text = "".join(n["text"] for n in item["notes"])

    def about(self, report: dict) -> None:
        """Add the last slide: how the report was made, its licence, and where its sources are listed."""
        lines = [f"{name}: {value}" for name, value in report["facts"]]
        lines.append(
            "Sources: the numbers in brackets are those of the list in the report and in the spreadsheet beside it."
        )
        self.text(self.slide(prose.as_runs("About this report")), lines, TOP, Emu(FOOT - TOP), 14, docx_parts.INK)


def _size(part: dict) -> int:
    """Return the type size of a table in points, by its columns."""
    return 14 if len(part["widths"]) <= 6 else 12 if len(part["widths"]) <= 8 else 10


def _pages(part: dict) -> list[tuple[int, list]]:
    """Return (number of the first row, rows) of each slide: at most `ROWS` of a table, no higher than the slide."""
    size, total = _size(part), sum(part["widths"])
    letters = [INSIDE.pt * width / total / (0.46 * size) for width in part["widths"]]  # in a line, on average

    def height(row: list) -> float:
        lines = (-(-len(prose.plain(runs)) // max(1, int(n))) for runs, n in zip(row, letters))
        return 1.2 * size * max(1, *lines) + 5

    room, pages = FOOT.pt - TOP.pt - height(part["head"]), [(0, [])]
    for at, row in enumerate(part["rows"]):
        held = pages[-1][1]
        if held and (len(held) == ROWS or sum(map(height, held)) + height(row) > room):
            pages.append((at, held := []))
        held.append(row)
    return pages


def _run(paragraph, run: dict, size: float, colour: str, bold: bool = False) -> None:
    """Add a run of text; words of another language are marked as such."""
    made = paragraph.add_run()
    made.text = " " if run.get("break") else run["text"]
    made.font.name, made.font.size, made.font.bold = FONT, Pt(size), bold or None
    made.font.color.rgb = RGBColor.from_string(colour)
    made._r.get_or_add_rPr().set("lang", run.get("lang") or "en-GB")


def _say(properties, text: str) -> None:
    """Give a picture or table its alternative text."""
    properties.set("descr", text)
