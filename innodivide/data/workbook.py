"""Read the sheets of a publisher's workbook as text, each cell spelt as in our tables, with the row it stands in.

Whatever a spreadsheet can hide is a failure that names file, sheet, row, column and value: merged cells, codes that
became dates, formulas that may have no result. What the cells mean is left to `edition_workbook`.
"""

from __future__ import annotations

import re
import zipfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from innodivide.data.schema import Failure
from innodivide.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

LARGEST = 300_000_000  # bytes of a workbook when unpacked: more is no scoreboard
_ERRORS = ("#N/A", "#VALUE!", "#REF!", "#DIV/0!", "#NUM!", "#NAME?", "#NULL!")


@dataclass(frozen=True)
class Sheet:
    """The cells of one sheet as text, indexed by row number; `headers` has the sheet's own name of each column."""

    place: str
    rows: pd.DataFrame
    headers: dict[str, str]

    def fail(self, row: int | None, column: str, value: str, rule: str) -> Failure:
        """Return a failure at a cell, named as the reader of the workbook sees it."""
        return Failure(self.place, row, self.headers.get(column, column), value, rule)


@dataclass(frozen=True)
class Wanted:
    """One sheet of a layout: its name, and for each of our columns the headers it may have (patterns).

    `empty`: columns that may have empty cells. `optional`: columns that may be absent. Where headers differ in their
    year alone, as "relative to EU in 2018" and "in 2025", the column of the earliest year counts: the series is on it.
    """

    name: str
    columns: dict[str, str]
    empty: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    needed: bool = field(default=True)


def read(path: Path, layout: tuple[Wanted, ...]) -> tuple[dict[str, Sheet], list[Failure]]:
    """Return the sheets of a layout that a workbook has, by name, and every failure of their form.

    Raises
    ------
    DataError
        If the file is no workbook (xlsx) that can be read.
    """
    book = _opened(Path(path))
    have, sheets, failures = {_plain(name): name for name in book.sheetnames}, {}, []
    for wanted in layout:
        if _plain(wanted.name) in have:
            found, wrong = _sheet(Path(path).name, book[have[_plain(wanted.name)]], wanted)
            failures += wrong
            if found is not None:
                sheets[wanted.name] = found
        elif wanted.needed:
            rule = f"it has a sheet {wanted.name}; if the publisher renamed it, rename it back in a copy"
            failures.append(Failure(Path(path).name, None, "", ", ".join(book.sheetnames), rule))
    return sheets, failures


def names(path: Path) -> list[str]:
    """Return the names of the sheets of a workbook."""
    import openpyxl

    with suppress(Exception):  # what is wrong with the file is said when it is read
        return openpyxl.load_workbook(path, read_only=True).sheetnames
    return []


def _opened(path: Path):
    import openpyxl  # needed by nothing else: a command that reads no workbook starts without it

    try:
        with zipfile.ZipFile(path) as packed:
            if sum(part.file_size for part in packed.infolist()) > LARGEST:
                raise DataError(f"{path}: unpacked it has more than {LARGEST} bytes: no scoreboard")
        return openpyxl.load_workbook(path)  # with formulas: without a stored result one would look like an empty cell
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file") from None
    except DataError:
        raise
    except Exception as error:  # whatever the bytes of a stranger's file make a reader stumble over
        cure = "open it in a spreadsheet program and save it as .xlsx, or download it again"
        raise DataError(f"{path} is no workbook that can be read ({type(error).__name__}: {error}); {cure}") from None


def _plain(name: object) -> str:
    """Return a name without case, blanks and signs: "Indicator code" is "indicator_code"."""
    return re.sub(r"[^a-z0-9]+", "", str(name).lower())


def _sheet(file: str, cells, wanted: Wanted) -> tuple[Sheet | None, list[Failure]]:
    import pandas as pd

    place = f"{file}, sheet {cells.title}"
    merged = sorted(cells.merged_cells.ranges, key=lambda area: area.min_row)
    if merged:
        rule = "no merged cells; unmerge them and write the value in each row"
        return None, [Failure(place, merged[0].min_row, "", ", ".join(map(str, merged[:3])), rule)]
    grid = list(cells.iter_rows(values_only=True))
    header = [_plain(v) if v is not None else "" for v in (grid[0] if grid else ())]
    at: dict[str, int] = {}
    failures = []
    for column, pattern in wanted.columns.items():
        found = [i for i, name in enumerate(header) if re.fullmatch(pattern, name)]
        if len(found) > 1 and len({re.sub("[0-9]{4}$", "", header[i]) for i in found}) == 1:
            found = [min(found, key=lambda i: header[i])] if len({header[i] for i in found}) > 1 else found
        if len(found) == 1:
            at[column] = found[0]
        elif found or column not in wanted.optional:
            what = "one" if found else "a"
            shown = ", ".join(str(v) for v in (grid[0] if grid else ()) if v is not None)[:200]
            rule = f"row 1 has {what} column {column}; put the header of the publisher's workbook back"
            failures.append(Failure(place, 1, column, shown, rule))
    if failures:
        return None, failures
    body = {n: row for n, row in enumerate(grid[1:], start=2) if any(row[i] is not None for i in at.values())}
    if not body:
        return None, [Failure(place, None, "", "", "the sheet has rows")]
    headers = {column: str(grid[0][i]) for column, i in at.items()}
    text = {c: [_spelt(row[i]) for row in body.values()] for c, i in at.items()}
    sheet = Sheet(place, pd.DataFrame(text, index=list(body), dtype=object), headers)
    return sheet, _unreadable(sheet, body, at, wanted)


def _spelt(value: object) -> str:
    """Return a cell as our tables spell it: no exponent, no trailing zero, empty for nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        number = Decimal(repr(value)) if value == value and abs(value) != float("inf") else None
        return str(value) if number is None else decimal_text(number)
    return str(value).strip()


def decimal_text(number: Decimal) -> str:
    """Return a number as digits with a decimal point where one is needed: 35, 0.5, 12000000."""
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _unreadable(sheet: Sheet, body: dict, at: dict[str, int], wanted: Wanted) -> list[Failure]:
    """Return each cell that is no text and no number, and each empty one where a value is required."""
    failures, plain = [], (str, int, float, type(None))
    for column, i in at.items():
        for row, cells in body.items():
            value = cells[i]
            if isinstance(value, (datetime, date, time)):
                rule = "a code or a number; a spreadsheet program made a date of it: format the column as text"
                failures.append(sheet.fail(row, column, str(value), rule))
            elif not isinstance(value, plain) or (isinstance(value, str) and value.startswith("=")):
                failures.append(sheet.fail(row, column, str(value), "no formula; copy the column and paste its values"))
            elif isinstance(value, str) and value in _ERRORS:
                failures.append(sheet.fail(row, column, value, "a value; no figure: leave the cell empty"))
            elif value is None and column not in (*wanted.empty, *wanted.optional):
                failures.append(sheet.fail(row, column, "", "a value is required"))
    return failures
