"""Rows that shall enter the tables: what would change, the tables as they would be, and writing all or nothing."""

from __future__ import annotations  # pandas is imported where a frame is made

import copy
import csv
import io
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from innodivide.data import frozen
from innodivide.data.description import as_list
from innodivide.data.schema import Failure, check_fields, read_rows
from innodivide.errors import DataError, ParameterError

if TYPE_CHECKING:
    import pandas as pd

# Columns that say where a figure comes from. A workbook that repeats a figure does not change who said it first.
PROVENANCE = ("basis", "group_basis", "flag", "note", "source_id", "more_source_ids")
COMPUTED = ("recomputed",)  # follows from the tables: another value is no correction of a source
_PARTIAL = ".partial-{}"


@dataclass(frozen=True)
class Rows:
    """Rows for one table as text, indexed by their row in `place`.

    `figures`: only other figures change a row. `blank`: columns in which an empty cell changes nothing.
    """

    table: str
    frame: pd.DataFrame
    place: str
    figures: bool = False
    blank: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """A cell that gets another value (`old` is what stands there), or a new row (column and `old` are empty)."""

    table: str
    key: str
    column: str
    old: str
    new: str
    place: str
    row: int
    geo: str = ""


@dataclass
class Proposal:
    """The files as they would be, what changes in them, and where each line of them comes from."""

    contents: dict[str, bytes] = field(default_factory=dict)
    before: dict[str, bytes] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    same: int = 0
    origin: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)


def text_of(name: str, folder: Path = frozen.DATA) -> pd.DataFrame:
    """Return a table as text; a file that cannot be read is refused."""
    frame, failures = read_rows(folder, frozen.resource(name, folder))
    if failures:
        raise DataError(f"the table must hold before rows are added:\n  {failures[0]}")
    return frame


def with_rows(name: str, given: list[Rows], folder: Path = frozen.DATA) -> pd.DataFrame:
    """Return a table as text with the rows given for it; of rows with one key the last counts."""
    import pandas as pd

    key = as_list(frozen.resource(name, folder)["schema"]["primaryKey"])
    frames = [text_of(name, folder), *(r.frame for r in given if r.table == name)]
    return pd.concat(frames, ignore_index=True).fillna("").drop_duplicates(key, keep="last").reset_index(drop=True)


def is_new(rows: Rows, folder: Path = frozen.DATA) -> pd.Series:
    """Return for each row whether the table has no row of its key, with the index of the rows."""
    import pandas as pd

    key = as_list(frozen.resource(rows.table, folder)["schema"]["primaryKey"])
    there = set(text_of(rows.table, folder)[key].itertuples(index=False, name=None))
    return pd.Series([k not in there for k in rows.frame[key].itertuples(index=False, name=None)], rows.frame.index)


def read_csv(path: Path, folder: Path = frozen.DATA) -> tuple[Rows | None, list[Failure]]:
    """Read a file of rows named as a table of data/ (or its file), with all columns of the table or some, key included.

    A source that is part of the key may be absent: it is then empty, to be given for all rows at once.

    Raises
    ------
    ParameterError
        If no table has the file's name.
    """
    path = Path(path)
    known = {Path(r["path"]).stem: n for n, r in frozen.resources(folder).items()}
    name = path.stem if path.stem in frozen.resources(folder) else known.get(path.stem)
    if name is None or path.suffix != ".csv":
        raise ParameterError(
            f"{path.name}: name the file as a table, such as ipcei.csv (innodivide describe lists them)"
        )
    described = copy.deepcopy(frozen.resource(name, folder))
    fields = {f["name"]: f for f in described["schema"]["fields"]}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file), [])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return None, [Failure(path.name, None, "", str(error), "the file can be read as UTF-8 text")]
    unknown = [c for c in header if c not in fields]
    lacking = [c for c in as_list(described["schema"]["primaryKey"]) if c not in (*header, "source_id")]
    if unknown or lacking or len(set(header)) < len(header):
        rule = f"columns of table {name}, each once, separated by commas: {', '.join(fields)}; needed are " + ", ".join(
            as_list(described["schema"]["primaryKey"])
        )
        return None, [Failure(path.name, 1, "", ",".join(header), rule)]
    keys = described["schema"].get("foreignKeys", [])  # others may be met by another file that is given
    keys = [k for k in keys if k["reference"]["resource"] == "country" and set(as_list(k["fields"])) <= set(header)]
    described["schema"] |= {"fields": [fields[c] for c in header], "foreignKeys": keys}
    if "source_id" in header:  # may be given for all rows at once
        fields["source_id"].get("constraints", {}).pop("required", None)
    described["path"] = path.name
    frame, failures = read_rows(path.parent, described, stored=False)
    failures = failures or check_fields(frame, described)
    if "source_id" in as_list(described["schema"]["primaryKey"]) and not failures:
        frame = frame.assign(source_id=frame.get("source_id", ""))
    return Rows(name, frame, path.name), failures or frozen.check_foreign_keys(frame, described, folder)


def propose(given: list[Rows], folder: Path = frozen.DATA) -> tuple[Proposal, list[Failure]]:
    """Return the tables with some rows put in, in the order of the key where a table is in that order.

    A row whose key is there changes that row in the columns that it has; other rows are new, and empty in the columns
    that they do not have.
    """
    proposal, failures = Proposal(), []
    for name in dict.fromkeys(rows.table for rows in given):
        described, old = frozen.resource(name, folder), text_of(name, folder)
        file, key = described["path"], as_list(described["schema"]["primaryKey"])
        names = list(old.columns)
        lines = {tuple(r[names.index(k)] for k in key): r for r in old.to_numpy().tolist()}
        ordered = list(lines) == sorted(lines)
        origin: dict[tuple[str, ...], tuple[str, int]] = {}
        for rows in (r for r in given if r.table == name):
            failures += _put(rows, lines, described, proposal, origin)
        wanted = sorted(lines) if ordered else list(lines)
        proposal.before[file] = (Path(folder) / file).read_bytes()
        proposal.contents[file] = _csv([names, *(lines[k] for k in wanted)])
        proposal.origin |= {(file, n): origin[k] for n, k in enumerate(wanted, start=2) if k in origin}
    for file in [f for f, content in proposal.contents.items() if content == proposal.before[f]]:
        del proposal.contents[file], proposal.before[file]
    return proposal, failures


def _put(rows: Rows, lines: dict, described: dict, proposal: Proposal, origin: dict) -> list[Failure]:
    """Put rows into the lines of a table by key, in place; return the rows whose key the same file had before."""
    kinds = {f["name"]: f["type"] for f in described["schema"]["fields"]}
    names, key = list(kinds), as_list(described["schema"]["primaryKey"])
    failures: list[Failure] = []
    seen: dict[tuple[str, ...], int] = {}
    ignored = PROVENANCE if rows.figures else ()
    columns = list(rows.frame.columns)
    for number, cells in zip(rows.frame.index, rows.frame.to_numpy().tolist()):
        row = dict(zip(columns, cells))
        at = tuple(row[k] for k in key)
        shown = ";".join(f"{k}={row[k]}" for k in key)
        geo = row.get("geo") or (row.get("region_code") or row.get("nuts_code") or "")[:2]
        if at in seen:
            rule = f"one row for each {', '.join(key)}; row {seen[at]} has the same"
            failures.append(Failure(rows.place, int(number), ", ".join(key), ", ".join(at), rule))
            continue
        seen[at], old = number, lines.get(at)
        if old is None:
            lines[at], origin[at] = [row.get(c, "") for c in names], (rows.place, int(number))
            proposal.changes.append(Change(rows.table, shown, "", "", "", rows.place, int(number), geo))
            continue
        said = [c for c in columns if c not in ignored and (row[c] or c not in rows.blank)]
        apart = [c for c in said if not _equal(old[names.index(c)], row[c], kinds[c])]
        proposal.same += not apart
        if apart:
            lines[at] = [row[c] if c in apart else v for c, v in zip(names, old)]
            origin[at] = (rows.place, int(number))
        for column in apart:
            cell = (column, old[names.index(column)], row[column])
            proposal.changes.append(Change(rows.table, shown, *cell, rows.place, int(number), geo))
    return failures


def _equal(old: str, new: str, kind: str) -> bool:
    if old == new or kind not in ("integer", "number"):
        return old == new
    with suppress(ValueError):
        return float(old) == float(new)
    return False


def _csv(lines: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue().encode()


@contextmanager
def staged(proposal: Proposal, folder: Path = frozen.DATA) -> Iterator[Path]:
    """Yield a folder of tables as they would be, with hashes recorded; then remove it."""
    with tempfile.TemporaryDirectory(prefix="innodivide-add-") as scratch:
        data = Path(shutil.copytree(folder, Path(scratch) / "data"))
        for file, content in proposal.contents.items():
            (data / file).write_bytes(content)
        frozen.freeze(data)
        yield data


def named_as_given(failures: list[Failure], proposal: Proposal) -> list[Failure]:
    """Return failures of the tables as they would be, with file and row of the input where a line is from there."""
    named = []
    for f in failures:
        place, row = proposal.origin.get((f.file, f.row or 0), (f.file, f.row))
        named.append(Failure(place, row, f.column, f.value, f.rule))
    return named


def write(proposal: Proposal, data: Path, folder: Path = frozen.DATA) -> None:
    """Put every changed table and the description with its hashes in place, or leave all as it was.

    Files are written in full beside the old ones, then renamed; the description comes last, so that after a crash in
    between `innodivide check` names each table that is not as recorded.

    Raises
    ------
    DataError
        If a file changed since it was read, or cannot be written.
    """
    folder = Path(folder)
    before = proposal.before | {frozen.PACKAGE: (folder / frozen.PACKAGE).read_bytes()}
    changed = [f for f, content in before.items() if (folder / f).read_bytes() != content]
    if changed:
        raise DataError(f"{', '.join(changed)} changed while this was looked at; nothing was written, run it again")
    new = {**proposal.contents, frozen.PACKAGE: (data / frozen.PACKAGE).read_bytes()}
    beside = {f: (folder / f).with_name(_PARTIAL.format(Path(f).name)) for f in new}
    placed: list[str] = []
    try:
        for file, content in new.items():
            beside[file].write_bytes(content)
        for file in new:
            beside[file].replace(folder / file)
            placed.append(file)
    except BaseException as error:
        for file in placed:
            frozen.replace(folder / file, before[file])
        if isinstance(error, OSError):
            raise DataError(f"{error.filename}: {error.strerror}; nothing was written") from None
        raise
    finally:
        for path in beside.values():
            path.unlink(missing_ok=True)


def own_rows(proposal: Proposal, tables: Collection[str], states: Iterable[str]) -> dict[str, int]:
    """Count the rows of some tables that are new or changed by the state that they, or their region, are of."""
    counts = dict.fromkeys(states, 0)
    for line in {(c.table, c.key, c.geo) for c in proposal.changes if c.table in tables and c.geo in counts}:
        counts[line[2]] += 1
    return counts
