"""Load the frozen tables of data/, each checked against its description in data/datapackage.json.

The package description is the only schema: types, ranges, keys and meanings are read from it here, shown by
`innodivide describe`, and validated once more by an independent tool in the tests. Row numbers in messages are line
numbers of the CSV file as an editor shows them (the header is row 1).
"""

from __future__ import annotations  # pandas is imported where a table is read: a command with nothing to do is quick

import copy
import csv
import hashlib
import json
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from innodivide.data import licences
from innodivide.data.country_codes import other_names
from innodivide.data.description import read_description
from innodivide.data.folders import DATA, ROOT, typed
from innodivide.data.schema import Failure, check_fields, check_key, convert, foreign_keys, grouped, read_rows
from innodivide.data.whole_files import replace
from innodivide.errors import DataError, NotAvailable, checked

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DATA", "ROOT"]
PACKAGE = "datapackage.json"
# A run names the tables a notebook declares here; loading any other one is refused, so that a report's manifest cannot
# miss an input.
DECLARED_TABLES = "INNODIVIDE_TABLES"


def package(folder: Path = DATA) -> dict:
    """Return the package description (Frictionless Data Package) as a dictionary."""
    path = Path(folder) / PACKAGE
    return _package(path, path.stat().st_mtime_ns if path.exists() else None)


@lru_cache(maxsize=8)
def _package(path: Path, _stamp: int | None) -> dict:
    return read_description(path)


def resources(folder: Path = DATA) -> dict[str, dict]:
    """Return the description of every table by name."""
    return {r["name"]: r for r in package(folder)["resources"]}


def resource(name: str, folder: Path = DATA) -> dict:
    """Return the description of one table; an unknown name lists the known ones."""
    known = resources(folder)
    if name not in known:
        raise DataError(f"unknown table {name!r}; the tables are: {', '.join(sorted(known))}")
    return known[name]


def linked_tables(names, folder: Path = DATA) -> tuple[str, ...]:
    """Return the tables and all that their foreign keys lead to, sorted: what a reader of `names` depends on."""
    return tuple(_linked(tuple(names), Path(folder), _seen(Path(folder) / PACKAGE)))


@lru_cache(maxsize=512)  # each use of a remembered result asks
def _linked(names: tuple, folder: Path, _description: tuple | None) -> dict[str, Path]:
    todo, found = list(names), {}
    while todo:
        name = todo.pop()
        if name not in found:
            described = resource(name, folder)
            found[name] = folder / described["path"]
            todo += [key["reference"]["resource"] or name for key in foreign_keys(described)]
    return dict(sorted(found.items()))


def _seen(path: Path) -> tuple[int, int] | None:
    """Return time stamp and size of a file; None if there is none."""
    return (found.st_mtime_ns, found.st_size) if path.exists() and (found := path.stat()) else None


@checked
def load(name: str, folder: Path = DATA) -> pd.DataFrame:
    """Return one table, checked and typed.

    Parameters
    ----------
    name : str
        A table of data/datapackage.json.
    folder : Path
        Folder that holds datapackage.json.

    Returns
    -------
    pandas.DataFrame
        Columns as described; integers are Int64, numbers float64, dates datetime64, booleans boolean; an empty cell is
        missing (unknown), never zero. Rows stand in the order of the key. Each call returns a fresh copy.

    Raises
    ------
    DataError
        With every failure of the table: file, row, column, value and rule.
    """
    refuse_undeclared(name)
    if name in left_out(folder):
        raise NotAvailable(f"{licences.NOT_AVAILABLE}: table {name} is left out")
    return load_rows(name, folder).reset_index(drop=True)


def left_out(folder: Path = DATA) -> set[str]:
    """Return the tables that are left out (`licences.left_out`)."""
    return licences.left_out(resources(folder), folder)


def refuse_undeclared(name: str) -> None:
    """Raise DataError if this process runs a notebook that has declared neither the table nor one that refers to it."""
    declared = os.environ.get(DECLARED_TABLES)
    if declared is not None and name not in linked_tables(filter(None, declared.split(","))):
        raise DataError(
            f"table {name!r} is used but not declared for this notebook in notebooks/notebooks.yml; "
            f"declared: {declared}"
        )


def load_rows(name: str, folder: Path = DATA) -> pd.DataFrame:
    """Return a table like `load`, with the line number in the file as the index (for checks that name rows)."""
    frame, failures = _read(name, folder)
    if failures:
        lines = grouped(list(failures))
        shown = "\n  ".join(lines[:20])
        more = f"\n  ... and {len(lines) - 20} more" if len(lines) > 20 else ""
        raise DataError(f"table {name!r} does not hold:\n  {shown}{more}")
    return frame.copy()


def column(table: str, name: str) -> list[str | None]:
    """Return the cells of one column as text, unchecked: names that a command allows, without loading pandas.

    Raises
    ------
    DataError
        If the file cannot be read that far. A run checks the whole table before it uses it.
    """
    path = DATA / resource(table)["path"]
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)  # a third of the time of DictReader, for tables of many thousand rows
            place = {title: i for i, title in enumerate(next(rows, []))}[name]
            return [row[place] if place < len(row) else None for row in rows if row]
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise DataError(f"{path}, column {name}: cannot be read ({type(error).__name__}: {error})") from None


def check_table(name: str, folder: Path = DATA) -> list[Failure]:
    """Return every failure of one table against its description (types, ranges, keys, foreign keys).

    A table that is left out has none.
    """
    return [] if name in left_out(folder) else list(_read(name, folder)[1])


def check_frozen(name: str, folder: Path = DATA) -> list[Failure]:
    """Return one failure if the bytes of a table are not those that its description records.

    Types, keys and ranges cannot see that a file was cut at a line end or that a figure became another possible one.
    """
    described = resource(name, folder)
    found, wanted = _fingerprint(Path(folder) / described["path"]), {k: described.get(k) for k in ("bytes", "hash")}
    if found in (wanted, {}):  # a file that cannot be read is reported by `check_table`
        return []
    rule = (
        f"as frozen: {wanted['bytes']} bytes, {wanted['hash']} (if the change is meant: {typed('innodivide freeze')})"
    )
    return [Failure(described["path"], None, "", f"{found['bytes']} bytes, {found['hash'][:18]}...", rule)]


def freeze(folder: Path = DATA) -> list[str]:
    """Record size and SHA-256 of each table in the package description; return the tables whose record changed."""
    path = Path(folder) / PACKAGE
    content = copy.deepcopy(package(folder))  # the cached description stays as it is
    changed = []
    for described in content["resources"]:
        found = _fingerprint(Path(folder) / described["path"])
        if found != {k: described.get(k) for k in ("bytes", "hash")}:
            described.update(found, schema=described.pop("schema"))  # the schema is long: it stays last
            changed.append(described["name"])
    if changed:
        replace(path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())
    return changed


def _fingerprint(path: Path) -> dict:
    try:
        raw = path.read_bytes()
    except OSError:
        return {}
    return {"bytes": len(raw), "hash": f"sha256:{hashlib.sha256(raw).hexdigest()}"}


def state(names: Iterable[str], folder: Path = DATA) -> dict[str, tuple]:
    """Return a stamp for each table, which changes with its file, those its keys lead to, and the description."""
    return {name: _stamp(name, Path(folder)) for name in names}


def _stamp(name: str, folder: Path) -> tuple:
    """Identify the state of the files a table's check depends on, so that a cached table is never stale."""
    description = _seen(folder / PACKAGE)
    return description, *map(_seen, _linked((name,), folder, description).values())


def _read(name: str, folder: Path, typed: bool = True) -> tuple[pd.DataFrame, tuple[Failure, ...]]:
    """Return a table and its failures, read once for each state of the files that it depends on.

    Without `typed`: as text, with the failures of its form only, as tables that refer to it need it.
    """
    return _cached(name, Path(folder), _stamp(name, Path(folder)), typed)


@lru_cache(maxsize=256)
def _cached(name: str, folder: Path, _stamp: tuple, typed: bool) -> tuple[pd.DataFrame, tuple[Failure, ...]]:
    described = resource(name, folder)
    text, failures = read_rows(folder, described)
    if not failures and typed:
        failures = check_fields(text, described) + check_key(text, described)
        failures = failures or check_foreign_keys(text, described, folder)
    return text if failures or not typed else convert(text, described), tuple(failures)


def unreadable_rule(table: str) -> str:
    """Return the rule that a table breaks because one that it refers to cannot be read."""
    return f"table {table}, which it refers to, can be read"


def check_foreign_keys(text: pd.DataFrame, described: dict, folder: Path = DATA) -> list[Failure]:
    """Return each cell that names nothing in the table that its column refers to, with the cure where one is known."""
    failures = []
    for key in foreign_keys(described):
        fields, target, target_fields = key["fields"], key["reference"]["resource"], key["reference"]["fields"]
        target = target or described["name"]
        own = target == described["name"]
        other, unreadable = (text, ()) if own else _read(target, folder, typed=False)
        if unreadable:
            rule = unreadable_rule(target)
            failures.append(Failure(described["path"], None, ", ".join(fields), "", rule))
            continue
        known = set(_tuples(other, target_fields))
        rule = f"exists in table {target} ({', '.join(target_fields)})"
        where = f"; allowed values stand in data/{resource(target, folder)['path']}"
        named = other_names({c: other[c].tolist() for c in other}) if target == "country" else {}
        cures = {one: f"; {name} is {geo}" for one, (name, geo) in named.items()}
        cells, lost = _tuples(text, fields), {}
        for cell in set(cells):  # each value is looked at once, however many rows have it
            wanted = [(v,) for v in cell[0].split(";")] if fields == ["more_source_ids"] else [cell]
            lost[cell] = [", ".join(w) for w in wanted if w not in known] if "" not in cell else []
        if not any(lost.values()):
            continue
        for row, cell in zip(text.index, cells):
            failures += [
                Failure(described["path"], int(row), ", ".join(fields), value, rule + cures.get(value, where))
                for value in lost[cell]
            ]
    return sorted(failures, key=lambda f: (f.row or 0, f.column, f.value))


def _tuples(text: pd.DataFrame, columns: list[str]) -> list[tuple[str, ...]]:
    return list(zip(*(text[c].tolist() for c in columns)))


@checked
def describe(name: str, folder: Path = DATA) -> pd.DataFrame:
    """Return the data dictionary of one table: column, type, unit, range or allowed values, key, meaning."""
    import pandas as pd

    described = resource(name, folder)
    key = described["schema"]["primaryKey"]
    links = {f: k["reference"]["resource"] for k in foreign_keys(described) for f in k["fields"]}
    rows = [
        {
            "column": field["name"],
            "type": field["type"],
            "unit": field.get("unit", ""),
            "allowed": _allowed(field.get("constraints", {})),
            "required": bool(field.get("constraints", {}).get("required")),
            "key": field["name"] in key,
            "refers_to": links.get(field["name"], ""),
            "meaning": field["description"],
        }
        for field in described["schema"]["fields"]
    ]
    return pd.DataFrame(rows)


def _allowed(limits: dict) -> str:
    if {"minimum", "maximum"} & set(limits):
        return f"{limits.get('minimum', '')} to {limits.get('maximum', '')}"
    return ", ".join(map(str, limits.get("enum", [])))
