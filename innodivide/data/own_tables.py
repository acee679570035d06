"""Tables that are not those of innodivide: a copy that somebody changes, told apart; a file of own figures."""

from __future__ import annotations  # pandas is imported where a frame is made

import csv
import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from innodivide.data import folders, frozen
from innodivide.data.country_codes import COLUMNS, cures, other_names
from innodivide.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from innodivide.data.tables import Tables

_HOME = folders.ROOT / "data"
FILE = "file"  # attribute of a frame of own figures: the name of its file


def copy(folder: Path) -> None:
    """Copy the tables in use, but for those left out, with their description into a new folder."""
    tables = frozen.resources()
    for name in (frozen.PACKAGE, *(tables[t]["path"] for t in tables.keys() - frozen.left_out())):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folders.DATA / name, folder / name)


def changed(folder: Path = folders.DATA) -> list[str]:
    """Return the tables of a folder that are not those of innodivide: changed, added or left out, sorted."""
    here, there = frozen.resources(folder), frozen.resources(_HOME)
    return sorted(n for n in here.keys() | there.keys() if _text(here.get(n)) != _text(there.get(n)))


def note(folder: Path = folders.DATA) -> str:
    """Return what a report says of such tables, empty for those of innodivide."""
    if folder == _HOME:
        return ""
    which = ", ".join(changed(folder))
    said = f"tables {which} differ from those of innodivide" if which else "no table differs from those of innodivide"
    return f"Made from a changed copy of the data ({said}). No result here is a registered one."


def told(tables: Tables, columns: Iterable[str]) -> tuple[str, ...]:
    """Return which tables are not those of innodivide, one text for each kind; none if all are.

    Of frames of own figures, which stand beside the tables, `columns` (TABLE.COLUMN) says what is used.
    """
    found = [f"tables: {said}" for said in [note(tables.folder)] if said]
    described = frozen.resources(tables.folder)
    if replaced := [name for name in tables.given if name in described]:
        found.append(f"tables: {', '.join(sorted(replaced))} given in the place of those of innodivide")
    for name, frame in tables.given.items():
        used = [c.split(",")[0].partition(".")[2] for c in columns if c.partition(".")[0] == name]
        if name not in described and used:
            found.append(f"own figures: {frame.attrs.get(FILE, name)}, column {', '.join(dict.fromkeys(used))}")
    return tuple(found)


def _text(described: dict | None) -> str:
    return json.dumps(described, sort_keys=True)


def read(path: Path) -> pd.DataFrame:
    """Return a CSV file of own figures: codes of states in column geo, numbers where every cell is one, else text.

    Empty cells are missing; true and false are 1 and 0. Columns ipcei_id and year, if there, say which IPCEI or year a
    row is of.

    Raises
    ------
    DataError
        No UTF-8 text, no column geo, columns named twice, rows of another length, an unknown code of a state.
    """
    import pandas as pd

    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = [*csv.reader(file, strict=True)] or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path.name}: cannot be read as CSV in UTF-8 ({error}); save it as such") from None
    if "geo" not in header or len(set(header)) < len(header):
        raise DataError(
            f"{path.name}, row 1: the header is {', '.join(header)}; it needs a column geo with codes of states, each "
            "column once, separated by commas"
        )
    kept = [(number, [cell.strip() for cell in row]) for number, row in enumerate(rows, start=2) if any(row)]
    country = {column: frozen.column("country", column) for column in COLUMNS}
    for number, row in kept:
        at = f"{path.name}, row {number}"
        if len(row) != len(header):
            raise DataError(f"{at}: {len(row)} cells for {len(header)} columns; check the commas")
        cells = dict(zip(header, row))
        if cells["geo"] not in country["geo"]:
            hint = "; ".join(cures(cells["geo"], other_names(country))) or "codes are as in PL, and EL for Greece"
            raise DataError(f"{at}, column geo: {cells['geo']!r} is no code of a state; {hint}")
        if not re.fullmatch(r"\d{4}", cells.get("year", "2000")):
            raise DataError(f"{at}, column year: {cells['year']!r} is no year; write it as 2023")
    frame = pd.DataFrame([row for _, row in kept], columns=header)
    words = {"": None, "true": 1.0, "false": 0.0}
    for column in set(header) - {"geo", "ipcei_id"}:
        cells = frame[column].map(lambda cell: words.get(cell.lower(), cell))
        numbers = pd.to_numeric(cells, errors="coerce")
        frame[column] = numbers if numbers.notna().equals(cells.notna()) else cells
    frame.attrs[FILE] = path.name
    return frame.astype({"year": "int64"}) if "year" in frame else frame
