"""Set a report as DOCX, to be edited: real headings, tables, captions, alt text; same bytes from the same blocks."""

import base64
import re

from innodivide.reports.pages import columns, document, docx_parts
from innodivide.reports.pages.blocks import Block
from innodivide.reports.pages.docx_parts import element_of, make

_RIGHT_TO_LEFT = re.compile(
    "([\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc](?:[\\s\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]*"
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc])?)"
)
_DEEPEST = 8  # levels of a Word list
_SMALL = 12  # rows of a table that stays on one page with its notes


def render(title: str, blocks: list[Block], facts: dict[str, str]) -> bytes:
    """Return the report as the bytes of a DOCX file on A4 pages; parameters and errors as for `document.build`."""
    report = document.build(title, blocks, facts)
    writer = _Writer(report)
    for item in report["body"]:
        writer.item(item)
    writer.back_matter(report)
    return docx_parts.pack(writer.document)


class _Writer:
    """Appends to one Word document; all of its looks are in the styles."""

    def __init__(self, report: dict):
        self.document, self.marks, self.turned = docx_parts.new_document(report), 0, False
        self.broken = False  # whether the next paragraph begins a page
        if report["logo"]:
            docx_parts.add_logo(self.document, base64.b64decode(report["logo"]))
        self.text("Title", report["title_runs"])
        self.text("Subtitle", [_plain(f"{report['author']}. {report['dateline']}")])

    # ---- runs of text ------------------------------------------------------------------------------------------

    def runs(self, runs: list[dict]) -> list:
        """Return the elements of some runs; one with a link is wrapped in it."""
        found = []
        for run in runs:
            if run["break"]:
                pieces = [make("r", make("br"))]
            else:
                parts = enumerate(_RIGHT_TO_LEFT.split(run["text"]))  # every second one is from right to left
                pieces = [self._run(run, text, i % 2 == 1) for i, text in parts if text]
            found += [docx_parts.link(self.document, run["link"], pieces)] if run["link"] and pieces else pieces
        return found

    def _run(self, run: dict, text: str, right_to_left: bool):
        style = run.get("style") or ("Hyperlink" if run["link"] else "Code" if run["code"] else "")
        looks = [make("rStyle", val=self.document.styles[style].style_id)] if style else []
        marks = {"b": run["bold"], "bCs": run["bold"], "i": run["italic"], "iCs": run["italic"], "rtl": right_to_left}
        looks += [make(tag) for tag, on in marks.items() if on]
        looks += [make("lang", val=run["lang"])] if run.get("lang") else []
        words = make("t")
        words.text = text
        words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        return make("r", make("rPr", *looks), words)

    # ---- blocks ------------------------------------------------------------------------------------------------

    def text(self, style: str, runs: list[dict], listed: tuple | None = None, indent: int = 0):
        """Add a paragraph; `listed` begins with list and level for the first paragraph of a list item."""
        paragraph = self.document.add_paragraph(style=style)
        paragraph.paragraph_format.page_break_before, self.broken = self.broken or None, False
        looks = element_of(paragraph).get_or_add_pPr()
        if listed:
            level = make("ilvl", val=min(listed[1], _DEEPEST))
            looks.append(make("numPr", level, make("numId", val=listed[0])))
        elif indent:
            looks.append(make("ind", left=360 * indent))
        element_of(paragraph).extend(self.runs(runs))
        return paragraph

    def item(self, item: dict) -> None:
        """Add one item of the report's body; a table that needs it stands on turned pages of its own."""
        self.turn(any(part["turned"] for part in item.get("parts", ())))
        match item["kind"]:
            case "exhibit":
                self.exhibit(item)
            case "finding":
                for node in item["nodes"]:
                    self.node(node)
            case _:
                self.node(item)

    def node(self, node: dict, depth: int = 0, style: str = "Normal", listed: tuple | None = None) -> None:
        """Add a node of prose; `depth` counts the lists and quotes around it, `listed` is (list, level, counted)."""
        match node["kind"]:
            case "heading":
                self.text(f"Heading {node['level']}", node["runs"])
            case "paragraph":
                if listed:
                    style = "List Number" if listed[2] else "List Bullet"
                elif depth and style == "Normal":
                    style = "List Continue"
                self.text(style, node["runs"], listed, depth)
            case "list":
                own = docx_parts.new_list(self.document, node["ordered"], node["start"])
                for item in node["items"]:
                    for at, inner in enumerate(item):
                        self.node(inner, depth + 1, style, (own, depth, node["ordered"]) if at == 0 else None)
            case "quote":
                for inner in node["nodes"]:
                    self.node(inner, depth + 1, "Quote")
            case "code":
                for line in node["text"].split("\n"):
                    self.text("Code Block", [_plain(line)], indent=depth)
                self.text("Normal", [])
            case "table":
                for part in node["parts"]:
                    self.table(part)
                    self.text("Exhibit Note", [])  # two tables in a row would become one
            case "rule":
                self.broken = depth == 0
                if depth:
                    self.text("Normal", [_plain("* * *")])

    # ---- exhibits ----------------------------------------------------------------------------------------------

    def exhibit(self, item: dict) -> None:
        """Add caption, table or picture, and notes; large numbers have no caption."""
        for number, meaning in item.get("numbers", ()):
            self.text("Key Number", [_plain(f"{number}\u2002", "Exhibit Label") | {"bold": True}, _plain(meaning)])
        if item["form"] == "figure":
            self.caption(item, "")
            drawing, width = base64.b64decode(item["png"]), columns.PORTRAIT * item["width"]
            docx_parts.add_picture(self.document, drawing, width, item["label"], item["alt"])
        parts = item.get("parts", [])
        for at, part in enumerate(parts, start=1):
            self.caption(item, f" (columns, part {at} of {len(parts)})" if len(parts) > 1 else "")
            self.table(part, f"{item['label']}. {item['title']}")
        notes = [
            _plain(n["text"], "Warning" if n["flag"] else "") | {"link": f"#source_{n['to']}" if n["to"] else ""}
            for n in item["notes"]
        ]
        self.text("Exhibit Note", notes)

    def caption(self, item: dict, which: str) -> None:
        """Add the caption as one paragraph with a bookmark, so that text can refer to it."""
        label = _plain(item["label"], "Exhibit Label")
        paragraph = self.text("Caption", [label, _plain(f"\u2002{item['title']}{which}")])
        self.mark(paragraph, item["id"].replace(".", "_") + (f"_{self.marks + 1}" if which else ""))

    def mark(self, paragraph, name: str) -> None:
        """Make a paragraph a place that links can point to."""
        self.marks += 1
        element_of(paragraph).insert(1, make("bookmarkStart", id=self.marks, name=name))
        element_of(paragraph).append(make("bookmarkEnd", id=self.marks))

    def table(self, part: dict, description: str = "") -> None:
        """Add a table with a heading row that comes again on each page."""
        gap, widths = round(part["gap"] * 10), [round(w * 20) for w in part["widths"]]
        looks = make(
            "tblPr",
            make("tblStyle", val=docx_parts.TABLE_STYLE),
            make("tblW", w=sum(widths), type="dxa"),
            make("tblLayout", type="fixed"),
            make("tblCellMar", make("left", w=gap, type="dxa"), make("right", w=gap, type="dxa")),
            make("tblLook", val="04A0", firstRow=1, lastRow=0, firstColumn=1, lastColumn=0, noHBand=0, noVBand=1),
            *([make("tblCaption", val=description)] if description else []),
        )
        together = len(part["rows"]) <= _SMALL and part["whole_rows"]
        rows = [self._row(row, part, widths, at == 0, together) for at, row in enumerate([part["head"], *part["rows"]])]
        whole = make("tbl", looks, make("tblGrid", *(make("gridCol", w=w) for w in widths)), *rows)
        self.document.element.body.insert_element_before(whole, "w:sectPr")

    def _row(self, row: list, part: dict, widths: list[int], head: bool, together: bool):
        style = self.document.styles[f"Table Text {part['size']:g}"].style_id
        looks = [make("cantSplit")] if part["whole_rows"] else []
        cells = []
        for runs, align, width in zip(row, part["align"], widths):
            kept = [make("keepNext")] if head or together else []
            place = make("pPr", make("pStyle", val=style), *kept, make("jc", val=align))
            cells.append(make("tc", make("tcPr", make("tcW", w=width, type="dxa")), make("p", place, *self.runs(runs))))
        return make("tr", make("trPr", *looks, *([make("tblHeader")] if head else [])), *cells)

    def turn(self, turned: bool) -> None:
        """Begin a new page unless the last one is turned alike."""
        if turned != self.turned:
            self.turned = turned
            docx_parts.begin_section(self.document, turned)

    # ---- back matter -------------------------------------------------------------------------------------------

    def back_matter(self, report: dict) -> None:
        """Add what the run was, and the sources as counted lists under their licences."""
        self.turn(False)
        if report["brief"]:
            facts = (_plain(f"{name}: {value.rstrip('.')}. ") for name, value in report["facts"])
            self.text("Source Entry", list(facts))
            return
        if report["words"]:
            self.text("Heading 1", [_plain("Words used here")])
        for word, meaning in report["words"]:
            self.text("Source Entry", [_plain(f"{word}: ") | {"bold": True}, _plain(meaning)])
        self.text("Heading 1", [_plain("About this report")])
        for name, value in report["facts"]:
            line = self.text("Source Entry", [_plain(f"{name}: ") | {"bold": True}, _plain(value)])
            line.paragraph_format.keep_with_next = name != report["facts"][-1][0] or None
        if report["sources"]:
            self.text("Heading 1", [_plain("Sources")])
            self.text(
                "Source Entry", [_plain(SHORT if report["short"] else FULL)]
            ).paragraph_format.keep_with_next = True
        for group in report["sources"]:
            self.text("Source Licence", [_plain(f"Licence: {group['terms']}")])
            counted = docx_parts.new_list(self.document, True, group["entries"][0]["number"])
            for entry in group["entries"]:
                runs, where = _source(entry), (counted, 0)
                if report["short"]:  # the numbers of a list by publisher are not consecutive
                    span = f"{entry['number']}–{entry['last']}" if entry["last"] > entry["number"] else entry["number"]
                    runs, where = [_plain(f"{span} "), *runs], None
                self.mark(self.text("Source Entry", runs, where), f"source_{entry['number']}")


NAMED = "Every row of data behind this report names its source. "
FULL = f"{NAMED}These are cited here; weak points are said."
SHORT = (
    f"{NAMED}These publishers are cited here; title, address, licence and weak points of each source stand in "
    "exhibits.xlsx, sheet Sources."
)


def _source(entry: dict) -> list[dict]:
    """Return the runs of one source; title and shortened address are one link."""
    what = f"{entry['title']} {entry['place']}".strip()
    after = (f", {entry['published']}" if entry["published"] else "") + "." + (entry["terms"] and f" {entry['terms']}.")
    weak = f" As said of {entry['as_in']}." if entry["as_in"] else f" {entry['weakness']}"
    return [
        _plain(f"{entry['publisher']}: "),
        _plain(what) | {"link": entry["address"]},
        _plain(after),
        _plain(weak if entry["weakness"] else "", "Warning"),
    ]


def _plain(text: str, style: str = "") -> dict:
    """Return a run of plain text, in a character style if one is named."""
    return {"text": text, "bold": False, "italic": False, "code": False, "link": "", "break": False, "style": style}
