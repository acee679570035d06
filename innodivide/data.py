"""Load the frozen tables of data/, each checked against its description in data/datapackage.json.

The package description is the only schema: types, ranges, keys and meanings are read from it here, shown by
`innodivide describe`, and validated once more by an independent tool in the tests. Row numbers in messages are line
numbers of the CSV file as an editor shows them (the header is row 1).
"""

import csv
import io
import json
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from innodivide.errors import DataError

ROOT = Path(os.environ.get("INNODIVIDE_ROOT") or Path(__file__).resolve().parents[1])
DATA = ROOT / "data"
PACKAGE = "datapackage.json"
# A run names the tables a notebook declares here; loading any other one is refused, so that a report's manifest cannot
# miss an input.
DECLARED_TABLES = "INNODIVIDE_TABLES"

# One spelling for each integer (no plus, no leading zero), so that keys compared as text cannot hide a repetition.
_PATTERNS = {
    "integer": r"-?(0|[1-9][0-9]{0,17})",
    "number": r"-?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?",
    "boolean": "true|false",
    "date": r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
}
_FORMULA = re.compile(r"[=@+\-]")  # what a spreadsheet takes for a formula at the start of a text
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069\ufeff\ufffd]")


@dataclass(frozen=True, order=True)
class Failure:
    """One broken rule: where (file, row, column), what stands there, and which rule it breaks."""

    file: str
    row: int | None
    column: str
    value: str
    rule: str

    def __str__(self) -> str:
        row = "" if self.row is None else f", row {self.row}"
        column = f", column {self.column}" if self.column else ""
        value = self.value if len(self.value) <= 80 else self.value[:77] + "..."
        return f"{self.file}{row}{column}: {value!r} breaks the rule: {self.rule}"


def package(folder: Path = DATA) -> dict:
    """Return the package description (Frictionless Data Package) as a dictionary."""
    path = Path(folder) / PACKAGE
    try:
        stamp = path.stat().st_mtime_ns
    except FileNotFoundError:
        raise DataError(f"{path} is missing: innodivide reads its tables from the data/ folder of its repository; "
                        "install it with `pip install -e .` or set INNODIVIDE_ROOT to the repository") from None
    return _package(path, stamp)


@lru_cache(maxsize=8)
def _package(path: Path, _stamp: int) -> dict:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        {r["name"]: r["schema"]["fields"] for r in content["resources"]}
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise DataError(f"{path} is not a readable package description: {error!r}") from None
    return content


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
    todo, found = list(names), set()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += [key["reference"]["resource"] or name for key in _foreign_keys(resource(name, folder))]
    return tuple(sorted(found))


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
    declared = os.environ.get(DECLARED_TABLES)
    if declared is not None and name not in declared.split(","):
        raise DataError(f"table {name!r} is used but not declared for this notebook in notebooks/notebooks.yml; "
                        f"declared: {declared}")
    return load_rows(name, folder).reset_index(drop=True)


def load_rows(name: str, folder: Path = DATA) -> pd.DataFrame:
    """Return a table like `load`, with the line number in the file as the index (for checks that name rows)."""
    frame, failures = _typed(name, Path(folder), _stamp(name, Path(folder)))
    if failures:
        shown = "\n  ".join(str(f) for f in failures[:20])
        more = f"\n  ... and {len(failures) - 20} more" if len(failures) > 20 else ""
        raise DataError(f"table {name!r} does not hold:\n  {shown}{more}")
    return frame.copy()


def check_table(name: str, folder: Path = DATA) -> list[Failure]:
    """Return every failure of one table against its description (types, ranges, keys, foreign keys)."""
    return list(_typed(name, Path(folder), _stamp(name, Path(folder)))[1])


def _stamp(name: str, folder: Path) -> tuple:
    """Identify the state of the files a table's check depends on, so that a cached table is never stale."""
    paths = [folder / PACKAGE] + [folder / resource(n, folder)["path"] for n in linked_tables([name], folder)]
    return tuple((p.stat().st_mtime_ns, p.stat().st_size) if p.exists() else None for p in paths)


@lru_cache(maxsize=256)
def _typed(name: str, folder: Path, _stamp: tuple) -> tuple[pd.DataFrame, tuple[Failure, ...]]:
    described = resource(name, folder)
    text, failures = _read_rows(folder, described)
    if not failures:
        failures = _check_fields(text, described) + _check_key(text, described)
    if not failures:
        failures = _check_foreign_keys(text, described, folder)
    typed = text if failures else _convert(text, described)
    return typed, tuple(failures)


def _read_rows(folder: Path, described: dict) -> tuple[pd.DataFrame, list[Failure]]:
    """Read a CSV file as text, indexed by line number, with the failures of its form (encoding, header, raggedness)."""
    file, names = described["path"], [f["name"] for f in described["schema"]["fields"]]
    empty = pd.DataFrame(columns=names, dtype=object)
    try:
        raw = (Path(folder) / file).read_bytes()
        content = raw.decode("utf-8")
    except FileNotFoundError:
        return empty, [Failure(file, None, "", "", "the file exists")]
    except UnicodeDecodeError as error:
        row = raw[: error.start].count(b"\n") + 1
        return empty, [Failure(file, row, "", repr(raw[error.start : error.start + 4]), "the file is UTF-8 text")]
    if content.startswith("\ufeff"):
        return empty, [Failure(file, 1, "", "byte order mark", "the file is UTF-8 without a byte order mark")]
    if not content.endswith("\n"):
        last = content.count("\n") + 1
        return empty, [Failure(file, last, "", content[-40:], "the last line ends with a line break (file cut off?)")]
    rows, lines, failures = [], [], []
    reader, start = csv.reader(io.StringIO(content, newline=""), strict=True), 1  # start: the row's first line
    try:
        for number, row in enumerate(reader):
            if number == 0:
                if row != names:
                    return empty, [Failure(file, 1, "", ",".join(row), f"the header is {','.join(names)}")]
            elif len(row) != len(names):
                rule = f"{len(names)} cells in a row (found {len(row)})"
                failures.append(Failure(file, start, "", ",".join(row), rule))
            else:
                rows.append(row)
                lines.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        failures.append(Failure(file, start, "", "", f"well-formed CSV ({error})"))
    if not rows and not failures:
        failures.append(Failure(file, None, "", "", "the table has rows"))
    return pd.DataFrame(rows, columns=names, index=lines, dtype=object), failures


def _check_fields(text: pd.DataFrame, described: dict) -> list[Failure]:
    failures = []
    for field in described["schema"]["fields"]:
        column = text[field["name"]]
        filled = column[column != ""]
        for bad, rule in _broken_rules(column, filled, field):
            failures += [Failure(described["path"], int(i), field["name"], v, rule) for i, v in bad.items()]
    return sorted(failures)


def _broken_rules(column: pd.Series, filled: pd.Series, field: dict):
    """Yield (offending cells, rule) for one field; ranges are looked at only where the type holds."""
    limits, kind = field.get("constraints", {}), field["type"]
    if limits.get("required"):
        yield column[column == ""], "a value is required"
    yield filled[filled.map(lambda v: bool(_INVISIBLE.search(v)) or v != v.strip())], (
        "no control or invisible character, no blank at either end")
    if kind == "string":
        yield filled[filled.map(lambda v: bool(_FORMULA.match(v)))], "a text does not start with = @ + or -"
    if kind in _PATTERNS:
        holds = filled.str.fullmatch(_PATTERNS[kind])
        yield filled[~holds.astype(bool)], f"type {kind}"
        filled = filled[holds.astype(bool)]
    if kind == "date":
        yield filled[pd.to_datetime(filled, format="%Y-%m-%d", errors="coerce").isna()], "a day of the calendar"
    if kind in ("integer", "number"):
        numbers = filled.astype(float)
        yield filled[~np.isfinite(numbers)], "a finite number"
        if "minimum" in limits:
            yield filled[numbers < limits["minimum"]], f"at least {limits['minimum']}"
        if "maximum" in limits:
            yield filled[numbers > limits["maximum"]], f"at most {limits['maximum']}"
    if "enum" in limits:
        allowed = [str(v) for v in limits["enum"]]
        yield filled[~filled.isin(allowed)], f"one of: {', '.join(allowed)}"
    if "pattern" in limits:
        yield filled[~filled.str.fullmatch(limits["pattern"]).astype(bool)], f"pattern {limits['pattern']}"
    if limits.get("unique"):
        yield filled[filled.duplicated()], "a value not used in an earlier row"


def _check_key(text: pd.DataFrame, described: dict) -> list[Failure]:
    key = described["schema"]["primaryKey"]
    key = [key] if isinstance(key, str) else key
    repeated = text[text.duplicated(key)]
    rule = f"unique key ({', '.join(key)})"
    return [Failure(described["path"], int(i), ", ".join(key), ", ".join(row), rule)
            for i, row in zip(repeated.index, repeated[key].to_numpy())]


def _foreign_keys(described: dict) -> list[dict]:
    """Return the declared foreign keys; a list column of source ids counts as one more."""
    as_list = lambda v: [v] if isinstance(v, str) else list(v)  # noqa: E731
    keys = [{"fields": as_list(k["fields"]), "reference": {"resource": k["reference"]["resource"],
             "fields": as_list(k["reference"]["fields"])}} for k in described["schema"].get("foreignKeys", [])]
    if any(f["name"] == "more_source_ids" for f in described["schema"]["fields"]):
        keys.append({"fields": ["more_source_ids"], "reference": {"resource": "source", "fields": ["source_id"]}})
    return keys


def _check_foreign_keys(text: pd.DataFrame, described: dict, folder: Path) -> list[Failure]:
    failures = []
    for key in _foreign_keys(described):
        fields, target, target_fields = key["fields"], key["reference"]["resource"], key["reference"]["fields"]
        other = text if target in ("", described["name"]) else _rows(folder, target)
        if other is None:
            rule = f"table {target}, which it refers to, can be read"
            failures.append(Failure(described["path"], None, ", ".join(fields), "", rule))
            continue
        known = set(map(tuple, other[target_fields].to_numpy()))
        rule = f"exists in table {target or described['name']} ({', '.join(target_fields)})"
        filled = text[(text[fields] != "").all(axis=1)]
        for i, values in zip(filled.index, filled[fields].to_numpy()):
            wanted = [(v,) for v in values[0].split(";")] if fields == ["more_source_ids"] else [tuple(values)]
            failures += [Failure(described["path"], int(i), ", ".join(fields), ", ".join(w), rule)
                         for w in wanted if w not in known]
    return sorted(failures, key=lambda f: (f.row or 0, f.column, f.value))


def _rows(folder: Path, name: str) -> pd.DataFrame | None:
    """Read the text of a table that others refer to, once per state of its file; None where its form is broken."""
    path = Path(folder) / resource(name, folder)["path"]
    stamp = path.stat().st_mtime_ns if path.exists() else None
    return _rows_cache(Path(folder), name, stamp)


@lru_cache(maxsize=32)
def _rows_cache(folder: Path, name: str, _stamp: int | None) -> pd.DataFrame | None:
    rows, failures = _read_rows(folder, resource(name, folder))
    return None if failures else rows


def _convert(text: pd.DataFrame, described: dict) -> pd.DataFrame:
    """Give each column its type; an empty cell becomes missing."""
    typed = {}
    for field in described["schema"]["fields"]:
        column = text[field["name"]].replace("", None)
        match field["type"]:
            case "integer":
                typed[field["name"]] = pd.to_numeric(column).astype("Int64")
            case "number":
                typed[field["name"]] = pd.to_numeric(column).astype("float64")
            case "boolean":
                typed[field["name"]] = column.map({"true": True, "false": False}).astype("boolean")
            case "date":
                typed[field["name"]] = pd.to_datetime(column, format="%Y-%m-%d")
            case _:
                typed[field["name"]] = column.astype("str")
    return pd.DataFrame(typed, index=text.index)


def describe(name: str, folder: Path = DATA) -> pd.DataFrame:
    """Return the data dictionary of one table: column, type, unit, range or allowed values, key, meaning."""
    described = resource(name, folder)
    key = described["schema"]["primaryKey"]
    links = {f: k["reference"]["resource"] for k in _foreign_keys(described) for f in k["fields"]}
    rows = []
    for field in described["schema"]["fields"]:
        limits = field.get("constraints", {})
        allowed = ", ".join(map(str, limits.get("enum", [])))
        low, high = limits.get("minimum"), limits.get("maximum")
        if low is not None or high is not None:
            allowed = f"{'' if low is None else low} to {'' if high is None else high}"
        rows.append({"column": field["name"], "type": field["type"], "unit": field.get("unit", ""), "allowed": allowed,
                     "required": bool(limits.get("required")), "key": field["name"] in key,
                     "refers_to": links.get(field["name"], ""), "meaning": field["description"]})
    return pd.DataFrame(rows)
