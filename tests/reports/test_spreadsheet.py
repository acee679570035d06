"""The workbook of a report read back by another library, and CSV that no spreadsheet program takes for formulas."""

import csv
import io
import zipfile
from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from page_blocks import FACTS, NASTY, ordinary, picture, said, table

from innodivide.reports.pages import document, spreadsheet
from innodivide.reports.pages.blocks import Block, ReportError

openpyxl = pytest.importorskip("openpyxl", reason="SPREADSHEETS ARE NOT TESTED: the package openpyxl is missing")

ATTACKS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://b.example","x")',
    "-2+3+cmd|' /C calc'!A0",
    "＝1+1",
    "+11.0 (Estonia)",
    "http://b.example",
    "mailto:a@b.example",
    "internal:'Contents'!A1",
    "file:///etc/passwd",
    "{=1+1}",
    "_x0041_",
]
MIXED = pd.DataFrame(
    {
        "number": [-0.7, 1 / 3, np.nan],
        "count": [-3, 0, 10**12],
        "maybe": pd.array([1, None, -2], "Int64"),
        "flag": [True, False, True],
        "day": pd.to_datetime(["2021-03-04", None, "1800-01-01"]),
        "text": ["-0.7", "007", "="],
        "any": [-0.5, "007", None],
        "endless": [np.inf, -np.inf, 0.0],
    }
)


def made(blocks, facts=FACTS) -> bytes:
    return spreadsheet.render("A title", blocks, facts)


def read(blocks, **given):
    return openpyxl.load_workbook(io.BytesIO(made(blocks, **given)))


def rows(sheet) -> list[tuple]:
    return list(sheet.iter_rows(values_only=True))


def attacked() -> Block:
    shown = pd.DataFrame({"=bad": ATTACKS + NASTY, "b": [f"{t} {t}" for t in ATTACKS + NASTY]})
    return table("T9.2", shown, title="{t}", caption="{t}", values={"t": ATTACKS[0]})


def test_the_first_sheet_lists_every_exhibit_and_the_last_every_source():
    book = read(ordinary())
    assert book.sheetnames == ["Contents", "N9.1", "T9.1", "F9.1", "Columns", "Sources"]
    listed = [row for row in rows(book["Contents"]) if row[0] in book.sheetnames]
    assert listed[:2] == [
        ("N9.1", "Value 3.14 of <script>alert(1)</script>.", None, None),
        ("T9.1", "What is found", "How to read it.", "AALEP [1]."),
    ]
    assert listed[2][:3] == ("F9.1", "A line", None) and listed[2][3].startswith("AALEP [1]; ")
    called = {(row[0], row[1]): row[2:] for row in rows(book["Columns"])}
    assert called["T9.1", "Head value"] == ("value", "number")
    assert [row[1] for row in rows(book["Sources"])][1:] == ["AALEP-FR", "UNICODE_CLDR"]
    assert all(row[6] for row in rows(book["Sources"])), "an entry without its licence"


def test_headings_are_those_of_the_report_and_each_says_which_column_it_is():
    frame = pd.DataFrame({"low": [1], "high": [2], "gdp_pc": [3]})
    made = table("T9.2", frame, columns={"low": "95% from", "high": "to"})
    assert rows(read([made])["T9.2"])[0] == ("95% from", "to (high)", "Gdp pc")


def test_numbers_are_numbers_and_text_is_text():
    sheet = read([table("T9.2", MIXED)])["T9.2"]
    found = {
        column[0].value.removeprefix("Head "): [(c.value, c.data_type) for c in column[1:]] for column in sheet.columns
    }
    assert found["number"] == [(-0.7, "n"), (pytest.approx(1 / 3, rel=1e-9), "n"), (None, "n")]
    assert found["count"] == [(-3, "n"), (0, "n"), (10**12, "n")]
    assert found["maybe"] == [(1, "n"), (None, "n"), (-2, "n")]
    assert found["flag"] == [(True, "b"), (False, "b"), (True, "b")]
    assert found["day"] == [(datetime(2021, 3, 4), "d"), (None, "n"), ("1800-01-01", "s")]
    assert found["text"] == [("-0.7", "s"), ("007", "s"), ("=", "s")]
    assert found["any"] == [(-0.5, "n"), ("007", "s"), (None, "n")]
    assert found["endless"] == [("inf", "s"), ("-inf", "s"), (0, "n")]


def test_no_text_becomes_a_formula_or_a_link():
    archive = zipfile.ZipFile(io.BytesIO(made([attacked(), said(name="=1+1", v=1)], facts={"=a": "=b"})))
    parts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert not [name for name, text in parts.items() if "<f>" in text or "<f " in text]
    assert not [name for name, text in parts.items() if 'TargetMode="External"' in text]
    links = [name for name, text in parts.items() if "<hyperlink" in text]
    assert links == ["xl/worksheets/sheet1.xml"], "only the list of contents has links, to the sheets"


def test_hostile_text_comes_out_as_written():
    sheet = rows(read([attacked()])["T9.2"])
    assert sheet[0] == ("Head =bad", "Head b")
    assert [row[0] for row in sheet[1:]] == [t.replace("\r", "\n") for t in ATTACKS + NASTY]


def test_parts_have_no_times_and_the_date_is_that_of_the_sources():
    archive = zipfile.ZipFile(io.BytesIO(made(ordinary())))
    assert {e.date_time for e in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert read([picture()]).properties.created.date().isoformat() == document.build("T", [picture()], {})["date"]


def test_a_text_too_long_for_a_cell_is_refused_by_its_sheet_not_left_out():
    with pytest.raises(ReportError, match=r"sheet T9\.2: a text of 32768 characters is too long"):
        made([table("T9.2", pd.DataFrame({"a": ["x" * 32_768], "b": ["y"]}))])
    assert len(rows(read([table("T9.2", pd.DataFrame({"a": ["x" * 32_767], "b": ["y"]}))])["T9.2"])[1][0]) == 32_767


# ---- CSV ------------------------------------------------------------------------------------------------------------


def test_csv_numbers_are_left_alone_and_formulas_get_a_quote():
    block = table("T9.2", MIXED.assign(text=["=1+1", "-0.7", "+5%"]), columns={"text": "T"})
    raw, safe = (pd.read_csv(io.StringIO(t)) for t in (block.payload["csv"], spreadsheet.guarded(block.payload["csv"])))
    pd.testing.assert_frame_equal(raw.drop(columns="text"), safe.drop(columns="text"))
    assert safe["text"].tolist() == ["'=1+1", "-0.7", "+5%"]


@pytest.mark.parametrize("text", [t for t in ATTACKS if not t.startswith(("http", "mail", "int", "file", "{", "_"))])
def test_no_cell_or_heading_of_a_csv_starts_a_formula(text):
    safe = spreadsheet.guarded(table("T9.2", pd.DataFrame({"a": [text], "b": [1]})).payload["csv"])
    kept = text.replace("\r", "\n")
    assert list(csv.reader(io.StringIO(safe, newline=""))) == [["a", "b"], [f"'{kept}", "1"]]
    assert spreadsheet.guarded("=a,b\n1,2\n") == "'=a,b\n1,2\n"


def test_csv_without_such_cells_keeps_its_bytes():
    text = table("T9.1").payload["csv"]
    assert spreadsheet.guarded(text) is text


@given(st.lists(st.lists(st.text(alphabet="=+-@\t\n'\"a0.,é", max_size=6), min_size=2, max_size=2), min_size=1))
def test_guarding_changes_nothing_but_a_quote_and_can_be_done_twice(cells):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(cells)
    safe = spreadsheet.guarded(buffer.getvalue())
    assert spreadsheet.guarded(safe) == safe
    for before, after in zip(cells, csv.reader(io.StringIO(safe, newline=""))):
        assert all(a in (b, f"'{b}") for b, a in zip(before, after))
