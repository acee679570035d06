"""Compare the exhibits of two reports: words exactly, numbers within a stated tolerance, rows by their key.

Nothing here reads or writes a file; `golden` does.
"""

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

RELATIVE, ABSOLUTE = 1e-6, 1e-9  # other processors and libraries of linear algebra change digits far below this
WHOLE = 10**9  # whole numbers below this are counts, years or codes, and must be equal
TOLERANCE = (
    f"Numbers agree when they differ by at most {RELATIVE:g} of the larger one, or by at most {ABSOLUTE:g}. "
    f"Whole numbers below {WHOLE:,} and all text must be equal."
)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?")
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
LEDGER = ("claim_id", "verdict")  # columns of the table of claims


@dataclass(frozen=True)
class Content:
    """What a report shows: `words` (exhibit id -> part, such as title or text -> text), `tables` (id -> CSV text)."""

    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        return sorted(self.words.keys() | self.tables.keys(), key=_reading_order)


@dataclass(frozen=True)
class Difference:
    """One cell, or part of the words, that is not the same; `amount` is found minus expected for numbers."""

    row: str
    column: str
    expected: str
    found: str
    amount: float | None = None

    @property
    def relative(self) -> float:
        """Return the size of the difference relative to the larger number, 0 where it has none."""
        if not self.amount:
            return 0.0
        return abs(self.amount) / max(abs(float(self.expected)), abs(float(self.found)))


@dataclass(frozen=True)
class Comparison:
    """What became of one exhibit: status is "same", "differs", "absent" (only expected) or "new" (only found)."""

    report: str
    exhibit: str
    status: str
    cells: int = 0
    differences: tuple[Difference, ...] = ()

    @property
    def largest(self) -> Difference | None:
        """Return the difference of two numbers that is largest relative to them, if there is one."""
        return max((d for d in self.differences if d.amount), key=lambda d: d.relative, default=None)


def _reading_order(exhibit: str) -> tuple:
    """Sort T3.2 before T3.10."""
    return tuple((int(p), "") if p.isdecimal() else (-1, p) for p in re.split(r"(\d+)", exhibit))


def agree(expected: str, found: str) -> bool:
    """Return whether two cells agree: equal, or numbers within the tolerance.

    A cell of a CSV file has ten significant digits, so that a whole number of ten digits may stand for a fraction.
    """
    if expected == found:
        return True
    if not (_NUMBER.fullmatch(expected) and _NUMBER.fullmatch(found)):
        return False
    a, b = float(expected), float(found)
    if _WHOLE.fullmatch(expected) and _WHOLE.fullmatch(found) and max(abs(a), abs(b)) < WHOLE:
        return False
    return math.isfinite(a) and math.isclose(a, b, rel_tol=RELATIVE, abs_tol=ABSOLUTE)


def _difference(row: str, column: str, expected: str, found: str) -> Difference:
    numbers = _NUMBER.fullmatch(expected) and _NUMBER.fullmatch(found)
    return Difference(row, column, expected, found, float(found) - float(expected) if numbers else None)


def compare(report: str, expected: Content | None, found: Content | None) -> list[Comparison]:
    """Compare each exhibit of a report; None stands for a report that is not there."""
    old, new, results = expected or Content(), found or Content(), []
    for exhibit in sorted({*old.ids, *new.ids}, key=_reading_order):
        if exhibit not in new.ids:
            results.append(Comparison(report, exhibit, "absent"))
        elif exhibit not in old.ids:
            results.append(Comparison(report, exhibit, "new"))
        else:
            cells, differences = _compare_exhibit(exhibit, old, new)
            results.append(Comparison(report, exhibit, "differs" if differences else "same", cells, differences))
    return results


def _compare_exhibit(exhibit: str, old: Content, new: Content) -> tuple[int, tuple[Difference, ...]]:
    was, now = old.words.get(exhibit, {}), new.words.get(exhibit, {})
    parts = list(dict.fromkeys([*was, *now]))
    differences = [
        Difference("", part, was.get(part, ""), now.get(part, "")) for part in parts if was.get(part) != now.get(part)
    ]
    cells, more = compare_tables(old.tables.get(exhibit, ""), new.tables.get(exhibit, ""))
    return len(parts) + cells, (*differences, *more)


def compare_tables(expected: str, found: str) -> tuple[int, list[Difference]]:
    """Return the number of cells compared and the differences of two tables in CSV.

    Rows are matched by their key, the first columns without fractions that tell all rows apart; without such columns,
    by position. A row or column that only one table has is one difference; so is another order of the rows.
    """
    (head, *rows), (new_head, *new_rows) = _parse(expected), _parse(found)
    cells = sum(map(len, rows)) + len(head)
    if expected == found:
        return cells, []
    shared = [c for c in head if c in new_head]
    differences = [Difference("", c, "column", "no such column") for c in head if c not in shared]
    differences += [Difference("", c, "no such column", "column") for c in new_head if c not in shared]
    if [c for c in new_head if c in shared] != shared:
        differences.append(Difference("", "", "columns in this order", "columns in another order"))
    was, now = _records(head, rows), _records(new_head, new_rows)
    key = _key(shared, was, now)
    old, new = _by_key(key, was), _by_key(key, now)
    differences += [Difference(name, "", "row", "no such row") for name in old if name not in new]
    differences += [Difference(name, "", "no such row", "row") for name in new if name not in old]
    if [n for n in new if n in old] != [n for n in old if n in new]:
        differences.append(Difference("", "", "rows in this order", "rows in another order"))
    for name in (n for n in old if n in new):
        pairs = ((c, old[name][c], new[name][c]) for c in shared)
        differences += [_difference(name, c, a, b) for c, a, b in pairs if not agree(a, b)]
    return cells, differences


def _parse(text: str) -> list[list[str]]:
    """Return the rows of a CSV text, header first, all of one length, with a name of its own for each column.

    What our own files never have is made visible instead of refused: text that is no CSV has one cell in each line,
    cells beyond the header and repeated names get a name.
    """
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        rows = [["line"], *([line] for line in text.splitlines())]
    head, *rest = rows or [[]]
    width = max(map(len, rows), default=0)
    head = [*head, *(f"beyond the header {n}" for n in range(1, width - len(head) + 1))]
    head = [f"{c} ({head[:n].count(c) + 1})" if c in head[:n] else c for n, c in enumerate(head)]
    return [head, *(row + [""] * (width - len(row)) for row in rest)]


def _records(head: list[str], rows: list[list[str]]) -> list[dict[str, str]]:
    return [dict(zip(head, row)) for row in rows]


def _key(columns: Iterable[str], *tables: list[dict[str, str]]) -> list[str]:
    """Return the first columns that tell the rows of each table apart; none if no columns without fractions do."""
    key: list[str] = []
    for column in columns:
        cells = {row[column] for rows in tables for row in rows}
        if any(_NUMBER.fullmatch(c) and not _WHOLE.fullmatch(c) for c in cells):
            continue
        key.append(column)
        if all(len({tuple(row[c] for c in key) for row in rows}) == len(rows) for rows in tables):
            return key
    return []


def _by_key(key: list[str], rows: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    if not key:
        return {f"row {n}": row for n, row in enumerate(rows, start=1)}
    return {", ".join(f"{c}={row[c]}" for c in key): row for row in rows}


def verdicts(reports: Iterable[Content]) -> dict[str, tuple[str, str]]:
    """Return claim -> (verdict, its numbers) from the table that has most claims: the ledger, not a part of it."""
    ledger: dict[str, tuple[str, str]] = {}
    for content in reports:
        for exhibit in content.ids:
            head, *rows = _parse(content.tables.get(exhibit, ""))
            if set(LEDGER) <= set(head) and len(rows) > len(ledger):
                found = _records(head, rows)
                ledger = {row["claim_id"]: (row["verdict"], row.get("numbers", "")) for row in found}
    return ledger
