"""The data behind a report for spreadsheet programs: one workbook with a sheet for each exhibit, and CSV safe to open.

A cell that begins with one of = + - @ or a tab or line end would be run as a formula. In the workbook every text is
stored as text, so nothing need be changed. A CSV file cannot say so: there such a text gets a single quote before it.
Numbers, also negative ones and those printed with a sign, stay as they are.
"""

import csv
import io
import math
import re
from datetime import date, datetime

from innodivide.reports.pages import document, prose, source_list
from innodivide.reports.pages.blocks import HOME, LOGO, Block, ReportError

FILE = "exhibits.xlsx"
LONGEST = 32_767  # characters in a cell, by the file format
_WIDEST = 420  # pixels of a column
_RUNS = re.compile("[=+\\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+|inf)(e[+-]?\d+)? ?%?", re.IGNORECASE)


def guarded(text: str) -> str:
    """Return CSV text in which no cell is taken for a formula."""
    rows = list(csv.reader(io.StringIO(text, newline="")))
    safe = [[f"'{cell}" if _RUNS.match(cell) and not _NUMBER.fullmatch(cell) else cell for cell in row] for row in rows]
    if safe == rows:
        return text
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(safe)
    return buffer.getvalue()


def render(title: str, blocks: list[Block], facts: dict[str, str]) -> bytes:
    """Return a workbook: contents, the data of each exhibit on a sheet named by its id, a dictionary, the sources.

    Parameters as for `html.render`; the facts stand below the list of contents.

    Raises
    ------
    ReportError
        If a text is too long for a cell, which the library would leave out without a word.
    """
    import xlsxwriter

    report = document.build(title, blocks, {})
    payloads = [b.payload for b in blocks if b.payload]
    cited = source_list.listing(blocks)  # all of them, also where the pages list publishers only
    number = source_list.numbers(cited)
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties(
        {
            "title": report["title"],
            "author": report["author"],
            "comments": document.LICENCE,
            "created": datetime.fromisoformat(report["date"]),
        }
    )  # the library would read the clock
    sheets = _Sheets(book)
    sheets.contents(report["title"], payloads, number, facts)
    for payload in payloads:
        sheets.data(payload)
    sheets.columns(payloads)
    sheets.sources(cited)
    book.close()
    return buffer.getvalue()


class _Sheets:
    """Adds sheets to one workbook; every cell goes through `cell`, which never makes a formula or a link."""

    def __init__(self, book):
        self.book = book
        self.bold, self.day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        self.wrapped = book.add_format({"text_wrap": True, "valign": "top"})

    def contents(self, title: str, payloads: list[dict], number: dict[str, int], facts: dict[str, str]) -> None:
        sheet = self.book.add_worksheet("Contents")
        what = "Unrounded data of each exhibit, one sheet for each; numbers in brackets point to the sheet Sources."
        self.cell(sheet, 0, 0, title, self.bold)
        self.cell(sheet, 1, 0, what)
        self.table(sheet, 3, ["Exhibit", "Title", "Caption", "Sources"])
        for row, payload in enumerate(payloads, start=4):
            pieces = source_list.credit(payload["sources"], number, len(number))
            credit = "".join(p["text"] for p in pieces).removeprefix("Source: ")
            sheet.write_url(row, 0, f"internal:'{payload['id']}'!A1", string=payload["id"])  # checked when it was made
            said = prose.words(payload["title"]) if payload["kind"] == "text" else payload["title"]
            for column, text in enumerate((said, payload["caption"], credit), start=1):
                self.cell(sheet, row, column, text, self.wrapped)
        for row, (name, value) in enumerate(
            ((k, v) for k, v in facts.items() if k not in (HOME, LOGO)), start=5 + len(payloads)
        ):
            self.cell(sheet, row, 0, name)
            self.cell(sheet, row, 1, value, self.wrapped)
        for column, width in enumerate((12, 60, 60, 60)):
            sheet.set_column(column, column, width)

    def data(self, payload: dict) -> None:
        sheet = self.book.add_worksheet(payload["id"])
        head, *rows = csv.reader(io.StringIO(payload["csv"], newline=""))
        self.table(sheet, 0, _headings(payload, head))
        for r, row in enumerate(rows, start=1):
            for c, (text, kind) in enumerate(zip(row, payload["kinds"])):
                self.cell(sheet, r, c, _typed(text, kind))
        sheet.freeze_panes(1, 0)
        sheet.autofit(_WIDEST)

    def columns(self, payloads: list[dict]) -> None:
        """Add the dictionary: what each column of each sheet is called in its CSV file, and what it holds."""
        sheet, row = self.book.add_worksheet("Columns"), 1
        self.table(sheet, 0, ["Sheet", "Column", "Its name in the CSV file", "Holds"])
        for payload in payloads:
            names = next(csv.reader(io.StringIO(payload["csv"], newline="")), [])
            for name, heading, kind in zip(names, _headings(payload, names), payload["kinds"]):
                for column, text in enumerate((payload["id"], heading, name, kind)):
                    self.cell(sheet, row, column, text)
                row += 1
        sheet.freeze_panes(1, 0)
        sheet.autofit(_WIDEST)

    def sources(self, groups: list[dict]) -> None:
        sheet = self.book.add_worksheet("Sources")
        keys = ("number", "id", "publisher", "title", "published", "address", "licence", "weakness")
        self.table(sheet, 0, [key.capitalize() for key in keys])
        for group in groups:
            for entry in group["entries"]:
                shown = entry | {"licence": entry["terms"] or group["terms"]}
                for column, key in enumerate(keys):
                    self.cell(sheet, entry["number"], column, shown[key])
        sheet.freeze_panes(1, 0)
        sheet.autofit(_WIDEST)

    def table(self, sheet, row: int, head: list[str]) -> None:
        for column, text in enumerate(head):
            self.cell(sheet, row, column, text, self.bold)

    def cell(self, sheet, row: int, column: int, value, look=None) -> None:
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value, look)
        elif isinstance(value, (int, float)):
            sheet.write_number(row, column, value, look)
        elif isinstance(value, date):
            sheet.write_datetime(row, column, value, self.day)
        elif value:
            text = document.printable(str(value))
            if len(text) > LONGEST:
                raise ReportError(f"sheet {sheet.get_name()}: a text of {len(text)} characters is too long for a cell")
            sheet.write_string(row, column, text, look)


def _headings(payload: dict, names: list[str]) -> list[str]:
    """Return the headings of a sheet: those of the report where it shows the column, else its name, as words.

    A heading that says something only beside the one before it ("to") or that comes twice has the name after it.
    """
    called = dict(zip(payload.get("shown", ()), payload["head"]))
    found = [called.get(name) or name.replace("_", " ").capitalize() for name in names]
    alike = {h for h in found if found.count(h) > 1 or h[:1].islower()}
    return [f"{h} ({name})" if h in alike else h for h, name in zip(found, names)]


def _typed(text: str, kind: str):
    """Return a cell of CSV text as the value that it stands for; a column of mixed values is decided cell by cell."""
    if not text:
        return None
    if kind in ("number", "mixed") and _NUMBER.fullmatch(text) and "%" not in text and math.isfinite(float(text)):
        return float(text) if kind == "number" or f"{float(text):.10g}" == text else text
    if kind == "flag":
        return text == "True"
    if kind == "date" and text >= "1900-03-01":  # before it the file format counts a day that never was
        return date.fromisoformat(text)
    return text
