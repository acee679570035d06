"""The pure comparison of exhibits: what agrees, which cells differ, how rows are matched, and the pages made of it."""

import csv
import io
import re
from decimal import Decimal

import pytest
from hypothesis import example, given, strategies as st
from page_blocks import NASTY
from report_fixtures import Page

from innodivide.cli.proof import report_pairs
from innodivide.errors import ParameterError
from innodivide.reports.making import manifest
from innodivide.reports.verify.compare import Comparison, Content, Difference, agree, compare, compare_tables, verdicts
from innodivide.reports.verify.compare_inputs import Change, Provenance
from innodivide.reports.verify.compare_page import LIMIT, comparison, lines, page, verification
from innodivide.reports.verify.golden import format_words, paired, parse_words

TABLE = "geo,year,n,rate,note\nPL,2020,3,0.5,a\nPL,2021,4,0.25,\nDE,2020,9,-1.5,b\n"


def differences(found: str, expected: str = TABLE) -> list[tuple]:
    return [(d.row, d.column, d.expected, d.found) for d in compare_tables(expected, found)[1]]


# ---- cells ----


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("", ""),
        ("nan", "nan"),
        ("0.1", "0.1000000999"),  # one part in a million
        ("-0.1", "-0.1000000999"),
        ("2", "2.000001999"),  # a whole number beside a fraction
        ("1e-20", "9.9e-10"),  # both nothing
        ("0", "1e-9"),
        ("1234567890", "1234567891"),  # ten digits: may be a rounded fraction
        ("1.5e300", "1.5000001e300"),
    ],
)
def test_agree(a, b):
    assert agree(a, b) and agree(b, a)


DIFFER = (  # pairs; counts are exact, and a code is no number
    "0.1 0.10000011, 0 1.1e-9, 0.5 -0.5, 999999999 999999998, 2025 2026, 007 7, 1 01, x X, nan NaN, inf 1e308, "
    "1e999 1e998, 1_000.5 1000.5, ٣.5 3.5, True 1"
).split(", ")


@pytest.mark.parametrize(("a", "b"), [*map(str.split, DIFFER), ("x", "x "), ("", "0"), ("", "nan")])
def test_disagree(a, b):
    assert not agree(a, b) and not agree(b, a)


@given(st.decimals(-(10**12), 10**12, places=9), st.decimals(-10, 10, places=3))
def test_the_tolerance_is_what_it_says(x, steps):
    """Exact arithmetic as the judge, away from the very edge of the tolerance."""
    tolerance = max(Decimal("1e-9"), abs(x) * Decimal("1e-6"))
    y = (x + steps * tolerance).quantize(Decimal("1e-12"))
    if (abs(steps) - 1).copy_abs() > Decimal("0.01") and (x != x.to_integral() or abs(x) >= 10**9):
        assert agree(f"{x:f}", f"{y:f}") == (abs(steps) < 1 or x == y)


# ---- tables ----


def test_equal_tables_have_no_differences_and_every_cell_is_counted():
    assert compare_tables(TABLE, TABLE) == (20, [])
    assert compare_tables("", "") == (0, [])


def test_a_changed_cell_is_named_by_row_and_column_with_its_amount():
    (found,) = compare_tables(TABLE, TABLE.replace("0.25", "0.75"))[1]
    assert found == Difference("geo=PL, year=2021", "rate", "0.25", "0.75", 0.5)
    assert found.relative == pytest.approx(2 / 3)
    assert differences(TABLE.replace(",b", ",c")) == [("geo=DE, year=2020", "note", "b", "c")]


def test_rows_are_matched_by_key_not_by_position():
    head, first, second, third = TABLE.splitlines(keepends=True)
    assert differences(head + second + third) == [("geo=PL, year=2020", "", "row", "no such row")]
    assert differences(head + "AT,2020,1,0.1,\n" + first + second + third) == [
        ("geo=AT, year=2020", "", "no such row", "row")
    ]
    assert differences(head + third + first + second) == [("", "", "rows in this order", "rows in another order")]
    assert differences(head + third.replace("-1.5", "7.5") + first + second)[1:] == [
        ("geo=DE, year=2020", "rate", "-1.5", "7.5")
    ]


def test_a_column_that_came_went_or_moved_is_one_difference():
    fewer = "".join(re.sub(r"^((?:[^,]*,){2})[^,]*,", r"\1", line) for line in TABLE.splitlines(keepends=True))
    assert differences(fewer) == [("", "n", "column", "no such column")]
    assert differences(TABLE, fewer) == [("", "n", "no such column", "column")]
    moved = "\n".join(",".join(reversed(line.split(","))) for line in TABLE.splitlines()) + "\n"
    assert differences(moved) == [("", "", "columns in this order", "columns in another order")]


def test_a_table_of_numbers_without_a_key_is_compared_by_position():
    assert differences("value\n0.5\n0.7\n0.5\n", "value\n0.5\n0.6\n0.5\n") == [("row 2", "value", "0.6", "0.7")]
    assert differences("value\n0.5\n", "value\n0.5\n0.6\n") == [("row 2", "", "row", "no such row")]


@pytest.mark.parametrize(
    "spoilt",
    ['geo,year\n"PL,2020\n', "geo,year\nPL,2020,more\n", "geo,year\nPL\n", "", "\n", "x", "geo,year\nPL,2020\n\0,1\n"],
)
def test_a_spoilt_table_differs_and_does_not_stop_the_comparison(spoilt):
    assert compare_tables("geo,year\nPL,2020\n", spoilt)[1]


cell = st.one_of(st.sampled_from(["", "x", "PL", "a,b", 'q"q']), st.integers(-99, 99).map(str), st.just("0.5"))
tables = st.lists(st.tuples(cell, cell, cell), min_size=1, max_size=6)


def as_csv(rows) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([("a", "b", "c"), *rows])
    return buffer.getvalue()


@given(tables, tables)
def test_no_differences_exactly_when_all_cells_agree_in_place(first, second):
    same = len(first) == len(second) and all(agree(a, b) for r, s in zip(first, second) for a, b in zip(r, s))
    found = compare_tables(as_csv(first), as_csv(second))[1]
    assert bool(found) != same
    assert len(found) == len(compare_tables(as_csv(second), as_csv(first))[1]), "the same number the other way round"


# ---- reports ----


def test_each_exhibit_gets_a_status():
    old = Content({"T1.2": {"title": "Old"}, "N1.1": {"text": "One."}, "T1.10": {"title": "Kept"}}, {"T1.2": TABLE})
    new = Content({"T1.2": {"title": "New"}, "F1.1": {"title": "A line"}, "T1.10": {"title": "Kept"}}, {"T1.2": TABLE})
    found = compare("01", old, new)
    assert [(r.exhibit, r.status) for r in found] == [
        ("F1.1", "new"),
        ("N1.1", "absent"),
        ("T1.2", "differs"),
        ("T1.10", "same"),
    ]
    assert found[2].differences == (Difference("", "title", "Old", "New"),)
    assert {r.status for r in compare("01", old, None)} == {"absent"}
    assert {r.status for r in compare("01", None, new)} == {"new"}
    assert compare("01", None, None) == []


def test_the_largest_change_is_relative():
    changed = TABLE.replace("0.5", "0.6").replace("-1.5", "-1.4")
    (found,) = compare("01", Content(tables={"T1.1": TABLE}), Content(tables={"T1.1": changed}))
    assert found.largest.row == "geo=PL, year=2020" and len(found.differences) == 2


LEDGER = 'claim_id,claim,verdict,numbers\nC01,"Big, or rich",partly,"1.07"\nC02,Five,contradicted,2 of 5\n'


def test_verdicts_are_read_from_the_table_of_claims():
    assert verdicts([Content(tables={"T1.1": TABLE}), Content(tables={"T7.1": LEDGER})]) == {
        "C01": ("partly", "1.07"),
        "C02": ("contradicted", "2 of 5"),
    }
    assert verdicts([Content(tables={"T1.1": TABLE})]) == {}
    part = "\n".join(LEDGER.splitlines()[:2]) + "\n"
    assert len(verdicts([Content(tables={"T5.1": part}), Content(tables={"T7.1": LEDGER})])) > 1, (
        "the whole ledger counts"
    )


# ---- stored words ----

ids = st.from_regex(r"[TFN]([0-9]{1,2}|A)\.[0-9]{1,2}", fullmatch=True)
parts = st.sampled_from(["title", "caption", "note", "text", "alt"])


@given(st.dictionaries(ids, st.dictionaries(parts, st.text(), min_size=1), min_size=1))
@example({"N1.1": {"text": "## N1.2: text\n> quoted\n\n# One\r\n"}})
def test_stored_words_are_read_back_as_they_were(words):
    text = format_words("annex/PL", words)
    assert parse_words(text) == words
    assert parse_words(text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass")) == words


# ---- pages ----


def results() -> list[Comparison]:
    new = TABLE.replace("0.25", "0.75").replace("PL,2020", "PL,2019")
    return compare(
        "01_x",
        Content({"N1.1": {"text": "One."}}, {"T1.1": TABLE, "T1.2": TABLE}),
        Content({}, {"T1.1": new, "T1.2": TABLE, "T1.3": TABLE}),
    )


def test_a_verification_says_what_differs_by_how_much_and_where_it_came_from():
    origins = [
        Provenance("01_x", "", ("exhibits/T1.1.csv",), ("data/a.csv", "b", "c", "d"), ("pandas",), "abc"),
        Provenance("02_y", "manifest.json is missing"),
    ]
    text = verification(results(), origins, {"03_z": "cell 4: ValueError"})
    assert "**Not reproduced**: 1 of 3 stored exhibits agree; reports that are not what their manifest says: 2." in text
    assert "1 reproduced, 1 differs, 1 not run, 1 new." in text
    assert "| geo=PL, year=2021 | rate | 0.25 | 0.75 | +0.5 (66.7%) |" in text
    assert "### 01_x, T1.1: 3 differences in 20 cells" in text
    assert "- 01_x: output exhibits/T1.1.csv is missing or was altered" in text
    assert "- 02_y: manifest.json is missing" in text and "- 03_z: the run failed: cell 4: ValueError" in text
    assert "differ: data/a.csv, b, c and 1 more | pandas | abc |" in text
    assert "1e-06" in text and "1e-09" in text
    assert text == verification(results(), origins, {"03_z": "cell 4: ValueError"})


def test_all_reproduced():
    same = compare("01_x", Content(tables={"T1.1": TABLE}), Content(tables={"T1.1": TABLE}))
    assert "**Reproduced**: all 1 stored exhibits." in verification(same, [Provenance("01_x")], {})
    assert "**Not reproduced**" in verification(same, [Provenance("01_x", altered=("report.html",))], {})
    assert list(lines(same)) == []


def test_lines_for_a_terminal():
    assert list(lines(results())) == [
        "01_x T1.1: 3 differences in 20 cells",
        "    geo=PL, year=2020: expected 'row', found 'no such row'",
        "    geo=PL, year=2019: expected 'no such row', found 'row'",
        "    geo=PL, year=2021, rate: expected '0.25', found '0.75' +0.5 (66.7%)",
        "01_x: not run: N1.1",
        "01_x: new: T1.3",
    ]


def test_a_long_list_and_a_long_text_are_cut_where_they_differ():
    rows = "".join(f"{i},{i}\n" for i in range(50))
    (found,) = compare(
        "01", Content(tables={"T1.1": "a,b\n" + rows}), Content(tables={"T1.1": "a,b\n" + rows.replace("\n", "9\n")})
    )
    assert "and 30 more." in verification([found], [], {}) and len(found.differences) == 50 and LIMIT == 20
    old, new = "word " * 100 + "before" + " more" * 100, "word " * 100 + "after" + " more" * 100
    (found,) = compare("01", Content({"N1.1": {"text": old}}), Content({"N1.1": {"text": new}}))
    (row,) = [line for line in verification([found], [], {}).splitlines() if line.startswith("|  | text")]
    assert "before" in row and "after" in row and len(row) < 450


def test_a_comparison_shows_changed_verdicts_first_then_inputs():
    first = {"C01": ("partly", "1.07"), "C02": ("supported", "5"), "C03": ("partly", "1")}
    second = {"C01": ("supported", "2.07"), "C02": ("supported", "6"), "C03": ("partly", "1")}
    altered = [Provenance("A: 01_x"), Provenance("B: 01_x", altered=("report.html",))]
    text = comparison(results(), (first, second), [Change("data", "data/a.csv", "123", "456")], altered)
    assert "- B: 01_x: output report.html is missing or was altered" in text and "- A" not in text
    assert "1 of 3 verdicts change." in text
    assert (
        "| C01 | **partly → supported** | 1.07 | 2.07 |" in text
        and "| C02 | supported, other numbers | 5 | 6 |" in text
    )
    assert "C03" not in text and "| data | data/a.csv | 123 | 456 |" in text
    assert text.index("C01") < text.index("data/a.csv") < text.index("T1.1")
    assert "1 same, 1 changed, 1 only in A, 1 only in B." in text
    assert "0 of 3 verdicts change." in comparison([], (first, first), [], [])
    assert "Inputs, parameters and versions are the same, as far as manifests tell." in comparison(
        [], (first, {}), [], []
    )
    assert "No table of claims in run B" in comparison([], (first, {}), [], [])


@pytest.mark.parametrize("text", [*NASTY, "<https://example.org>", "[x](javascript:alert(1))", "__strong__ &lt;b&gt;"])
def test_nothing_from_data_is_markup(text):
    old, new = Content({"N1.1": {"text": text}}), Content({"N1.1": {"text": text + "x"}}, {"T1.1": TABLE})
    origin = Provenance("01", "", (text,), (text,), (text,), text)
    for markdown in (
        verification(compare("01", old, new), [origin, Provenance("02", text)], {"03": text}),
        comparison(
            compare("01", old, new),
            ({text: (text, text)}, {text: ("b", text)}),
            [Change("data", text, text, "")],
            [origin],
        ),
    ):
        html = page(markdown)
        found = Page(html)
        allowed = "html head meta title style body main h1 h2 h3 p strong ul li table thead tbody tr th td"
        assert {tag for tag, _ in found.elements} <= set(allowed.split())
        assert all(set(attrs) <= {"lang", "charset", "name", "content", "scope"} for _, attrs in found.elements)
        assert " ".join(text.split()) in found.text
        assert html == page(markdown)


# ---- which reports of two runs belong together ----


def test_reports_of_one_name_belong_together_and_then_those_of_one_notebook_with_other_parameters():
    lag, day = "03_leader_test--status-lag1", "annex/PL--until-2024-01-31"
    found = paired(["03_leader_test", "05", "annex/PL", "annex/MT"], [lag, "05", day, "annex/MT--peers-CY"])
    assert found == {
        f"03_leader_test and {lag}": ("03_leader_test", lag),
        "05": ("05", "05"),
        "annex/MT and annex/MT--peers-CY": ("annex/MT", "annex/MT--peers-CY"),
        f"annex/PL and {day}": ("annex/PL", day),
    }


def test_what_could_belong_to_several_belongs_to_none():
    a, b, c = "03_leader_test", "03_leader_test--status-lag1", "03_leader_test--status-2020"
    assert paired([a], [b, c]) == {a: (a, None), b: (None, b), c: (None, c)}
    assert paired([a, b], [a, c]) == {a: (a, a), f"{b} and {c}": (b, c)}
    assert paired([], [a]) == {a: (None, a)}


def test_two_reports_are_compared_alone_and_must_be_of_one_notebook(tmp_path, monkeypatch):
    for name in ("03_leader_test", "03_leader_test--status-lag1", "05_two_tiers"):
        (tmp_path / name).mkdir()
        (tmp_path / name / manifest.MANIFEST).touch()
    monkeypatch.setattr(manifest, "read", lambda folder: {"notebook": folder.name.split("--")[0]})
    one, other, third = sorted(p for p in tmp_path.iterdir())
    assert report_pairs(one, other, ()) == {f"{one.name} and {other.name}": (one, other)}
    with pytest.raises(ParameterError, match=r"two reports of one notebook .*03_leader_test, 05_two_tiers"):
        report_pairs(one, third, ())
