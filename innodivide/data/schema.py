"""Rules inside one table, as data/datapackage.json states them: form of the file, types, ranges, keys.

Row numbers are line numbers of the CSV file as an editor shows them (the header is row 1).
"""

from __future__ import annotations  # pandas is imported where a table is read: a command with nothing to do is quick

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from innodivide.data.description import as_list
from innodivide.data.folders import typed

if TYPE_CHECKING:
    import pandas as pd

# One spelling for each value (no plus, no leading zero, no exponent, no negative zero), so that keys compared as text
# cannot hide a repetition and no number is rounded away in reading.
_WHOLE = "(0|[1-9][0-9]{0,17})"
_PATTERNS = {
    "integer": rf"(?!-0)-?{_WHOLE}",
    "number": rf"(?!-0(\.0*)?$)-?{_WHOLE}(\.[0-9]+)?",
    "boolean": "true|false",
    "date": r"(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
}
_SPELLING = {
    "integer": "digits only",
    "number": "digits with a decimal point, no exponent",
    "boolean": "true or false",
    "date": "YYYY-MM-DD, 1900 to 2099",
}
# What a spreadsheet takes for a formula at the start of a text, also in the wide forms that some of them accept.
_FORMULA = re.compile(r"[=@+\-＝＠＋－]")
_LOST = "\ufffd"  # what a reader puts in the place of a letter it could not read
_NO_FIGURE = re.compile(r"[:.–—-]+( ?[a-z])?|n/?[ad]\.?|nan|null|none|missing|#n/?a", re.IGNORECASE)
_COMMA = re.compile(r"-?[0-9]{1,3}([ .\u00a0\u202f]?[0-9]{3})*,[0-9]+")
_CONFLICT = re.compile(r"^(<{7}|>{7}|={7})( |$)", re.MULTILINE)
MANY, SHOWN = 4, 3  # failures of one kind that are told in one line, and how many of them are shown
LONGEST = 1000  # characters in a cell: more is a damaged file, not a figure or a note


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


def grouped(failures: list[Failure]) -> list[str]:
    """Return one line for the failures of each file, column and rule: how many, which rows and values come first."""
    groups: dict[tuple[str, str, str], list[Failure]] = {}
    lines: list[str] = []
    for failure in failures:
        groups.setdefault((failure.file, failure.column, failure.rule), []).append(failure)
    for (file, column, rule), found in groups.items():
        if len(found) < MANY:
            lines += map(str, found)
            continue
        first = "; ".join(f"{'' if f.row is None else f'row {f.row}: '}{f.value[:40]!r}" for f in found[:SHOWN])
        at = f", column {column}" if column else ""
        lines.append(f"{file}{at}: {len(found)} values break the rule: {rule}; the first are {first}")
    return lines


def read_rows(folder: Path, described: dict, stored: bool = True) -> tuple[pd.DataFrame, list[Failure]]:
    """Read a CSV file as text, indexed by line number, with the failures of its form (encoding, header, raggedness).

    One that is not `stored`, but given to be added, may have the line ends of another system.
    """
    import pandas as pd

    file, names = described["path"], [f["name"] for f in described["schema"]["fields"]]
    empty = pd.DataFrame(columns=names, dtype=object)
    try:
        raw = (Path(folder) / file).read_bytes()
        content = raw.decode("utf-8")
    except FileNotFoundError:
        return empty, [Failure(file, None, "", "", "the file exists")]
    except OSError as error:  # a folder, no permission, a link in a circle
        return empty, [Failure(file, None, "", error.strerror or "", "the file can be read")]
    except UnicodeDecodeError as error:
        row = raw[: error.start].count(b"\n") + 1
        return empty, [Failure(file, row, "", repr(raw[error.start : error.start + 4]), "the file is UTF-8 text")]
    if "\0" in content:  # UTF-16, or what a file system leaves after a crash
        row = content[: content.index("\0")].count("\n") + 1
        return empty, [Failure(file, row, "", "NUL", "the file is UTF-8 text without NUL bytes")]
    if conflict := _CONFLICT.search(content):
        row = content[: conflict.start()].count("\n") + 1
        rule = "no unsettled merge; keep one version of each line between <<<<<<< and >>>>>>>, then run " + typed(
            "innodivide freeze"
        )
        return empty, [Failure(file, row, "", conflict[0].strip(), rule)]
    if (
        stored and "\r" in content
    ):  # git stores the file without it, so that its hash would be another one in every clone
        row = content[: content.index("\r")].count("\n") + 1
        rule = "lines end with LF alone (save it with Unix line ends)"
        return empty, [Failure(file, row, "", "carriage return", rule)]
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


def check_fields(text: pd.DataFrame, described: dict) -> list[Failure]:
    """Return each cell that breaks a rule of its column, in order of the rows; repetitions are sought as text."""
    failures = []
    for field in described["schema"]["fields"]:
        column = text[field["name"]]
        broken = [(column[column.isin(bad)], rule) for bad, rule in _broken_rules(column.tolist(), field) if bad]
        if field.get("constraints", {}).get("unique"):
            broken.append((column[(column != "") & column.duplicated()], "a value not used in an earlier row"))
        for cells, rule in broken:
            failures += [Failure(described["path"], int(i), field["name"], v, rule) for i, v in cells.items()]
    return sorted(failures)


def _broken_rules(column: list[str], field: dict):
    """Yield (offending values, rule) for the rules on single values of one field, each value looked at once.

    Ranges are looked at only where the type holds.
    """
    limits, kind = field.get("constraints", {}), field["type"]
    values = set(column)
    if limits.get("required"):
        yield values & {""}, "a value is required"
    values -= {""}
    yield (
        {v for v in values if not v.isprintable() or v != v.strip() or _LOST in v},
        "no control or invisible character, no blank at either end",
    )
    yield {v for v in values if not _composed(v)}, "accents are one character with their letter (Unicode NFC)"
    yield {v for v in values if "\\" in v}, "no backslash (a quote within quotes is doubled)"
    yield {v for v in values if len(v) > LONGEST}, f"at most {LONGEST} characters"
    if kind == "string":
        yield {v for v in values if _FORMULA.match(v)}, "a text does not start with = @ + or -"
    if kind in _PATTERNS:
        holds = {v for v in values if re.fullmatch(_PATTERNS[kind], v)}
        for bad, how in _with_cure(values - holds, kind):
            yield bad, f"type {kind} ({_SPELLING[kind]}){how}"
        values = holds
    if kind == "date":
        yield {v for v in values if not _is_day(v)}, "a day of the calendar"
    if kind in ("integer", "number"):
        if "minimum" in limits:
            yield {v for v in values if float(v) < limits["minimum"]}, f"at least {limits['minimum']}"
        if "maximum" in limits:
            yield {v for v in values if float(v) > limits["maximum"]}, f"at most {limits['maximum']}"
    if "enum" in limits:
        allowed = [str(v) for v in limits["enum"]]
        yield values - set(allowed), f"one of: {', '.join(allowed)}"
    if "pattern" in limits:
        matches = re.compile(limits["pattern"], re.ASCII).fullmatch  # ASCII: \d means 0 to 9 only
        yield {v for v in values if not matches(v)}, f"pattern {limits['pattern']}"


def _with_cure(values: set[str], kind: str) -> list[tuple[set[str], str]]:
    """Part values that are no number, date or truth value by what would be right."""
    empty = {v for v in values if _NO_FIGURE.fullmatch(v)}
    comma = {v for v in values if kind in ("integer", "number") and _COMMA.fullmatch(v)}
    return [
        (empty, "; no figure: leave the cell empty"),
        (comma, "; write 1.5 for 1,5 and 3500 for 3,500"),
        (values - empty - comma, ""),
    ]


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _composed(text: str) -> bool:
    return text.isascii() or (unicodedata.is_normalized("NFC", text) and not any(map(unicodedata.combining, text)))


def check_key(text: pd.DataFrame, described: dict) -> list[Failure]:
    """Return each row whose primary key an earlier row has."""
    key = described["schema"]["primaryKey"]
    key = [key] if isinstance(key, str) else key
    repeated = text[text.duplicated(key)]
    rule = f"unique key ({', '.join(key)})"
    return [
        Failure(described["path"], int(i), ", ".join(key), ", ".join(row), rule)
        for i, row in zip(repeated.index, repeated[key].to_numpy())
    ]


def foreign_keys(described: dict) -> list[dict]:
    """Return the declared foreign keys; a list column of source ids counts as one more."""
    keys = [
        {
            "fields": as_list(k["fields"]),
            "reference": {"resource": k["reference"]["resource"], "fields": as_list(k["reference"]["fields"])},
        }
        for k in described["schema"].get("foreignKeys", [])
    ]
    if any(f["name"] == "more_source_ids" for f in described["schema"]["fields"]):
        keys.append({"fields": ["more_source_ids"], "reference": {"resource": "source", "fields": ["source_id"]}})
    return keys


def convert(text: pd.DataFrame, described: dict) -> pd.DataFrame:
    """Give each column its type; an empty cell becomes missing."""
    import pandas as pd

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
                typed[field["name"]] = column.astype(pd.StringDtype(na_value=float("nan")))  # whatever pandas is told
    return pd.DataFrame(typed, index=text.index)
