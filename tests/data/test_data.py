"""Loading: types, missing values, caching, row numbers; descriptions; the package as others read it."""

import csv
import json
import re

import pandas as pd
import pytest

from innodivide.data import frozen, schema
from innodivide.errors import DataError

TABLES = sorted(frozen.resources())


def test_types_follow_the_description():
    frame, people = frozen.load("ipcei"), frozen.load("ipcei_participant")
    kinds = {"decision_date": "datetime64", "n_companies": "Int64", "aid_eur_bn_max": "float64", "ipcei_id": "str"}
    assert all(str(frame[column].dtype).startswith(kind) for column, kind in kinds.items())
    assert str(people["sme"].dtype) == "boolean"
    row = frame.set_index("ipcei_id").loc["Hy2Use"]
    assert (row["decision_date"], row["n_companies"], row["aid_eur_bn_max"]) == (pd.Timestamp("2022-09-21"), 29, 5.2)
    assert pd.isna(frame.set_index("ipcei_id").loc["CIS", "n_smes"]), "unknown is not zero"


def test_codes_that_look_like_numbers_or_missing_values_stay_text():
    """Version 2021, indicator 1.10 and the country code NA (Namibia) are text."""
    assert "2013" in set(frozen.load("nuts")["nuts_version"])
    assert "1.1" in set(frozen.load("indicator")["indicator_code"])
    assert "NA" in set(frozen.load("country")["geo"])


@pytest.mark.parametrize("name", TABLES)
def test_empty_cells_and_only_they_are_missing(name):
    with (frozen.DATA / frozen.resource(name)["path"]).open(encoding="utf-8", newline="") as file:
        raw = list(csv.DictReader(file))
    frame = frozen.load(name)
    assert len(frame) == len(raw)
    for column in frame:
        assert frame[column].isna().tolist() == [row[column] == "" for row in raw], column


def test_each_call_returns_a_fresh_copy():
    first, rows = frozen.load("tile_grid"), frozen.load_rows("tile_grid")
    rows.loc[2, "geo"], first.loc[:, "geo"] = "spoilt", "spoilt"
    del first["row"]
    assert frozen.load_rows("tile_grid").loc[2, "geo"] == frozen.load("tile_grid").loc[0, "geo"] != "spoilt"
    assert "row" in frozen.load("tile_grid")


def test_a_changed_file_is_read_again(copy):
    before = frozen.load("ipcei", copy.folder).set_index("ipcei_id").loc["Hy2Use", "n_companies"]
    copy.change("tier1/ipcei.csv", lambda text: text.replace(",13,29,35,", ",13,28,35,"))
    assert (before, frozen.load("ipcei", copy.folder).set_index("ipcei_id").loc["Hy2Use", "n_companies"]) == (29, 28)


def test_a_table_depends_on_the_tables_it_refers_to(copy):
    """The table itself is unchanged; the country it names has gone."""
    frozen.load("tile_grid", copy.folder)
    copy.change("geography/country.csv", lambda text: re.sub(r"\nMT,[^\n]*", "", text))
    with pytest.raises(
        DataError, match=r"geography/tile_grid\.csv, row \d+, column geo: 'MT' breaks the rule: exists in table country"
    ):
        frozen.load("tile_grid", copy.folder)


def test_an_unknown_table_lists_the_known_ones():
    with pytest.raises(DataError, match=r"unknown table 'ipceis'; the tables are: alliance, .*, ipcei, .*, variable"):
        frozen.load("ipceis")


def test_load_names_every_failure(copy):
    copy.change(
        "tier1/ipcei.csv", lambda text: text.replace("2022-09-21", "2022-09-31").replace(",13,29,35,", ",13,many,-35,")
    )
    row = copy.row("tier1/ipcei.csv", "Hy2Use,")
    with pytest.raises(DataError) as caught:
        frozen.load("ipcei", copy.folder)
    text = str(caught.value)
    for column, value, rule in (
        ("decision_date", "2022-09-31", "a day of the calendar"),
        ("n_companies", "many", "type integer"),
        ("n_projects", "-35", "at least 0"),
    ):
        assert f"tier1/ipcei.csv, row {row}, column {column}: {value!r} breaks the rule: {rule}" in text


def test_load_tells_failures_of_one_kind_in_one_line(copy):
    copy.change("geography/tile_grid.csv", lambda text: re.sub(r",(\d+),(\d+),INNODIVIDE", r",\1,x,INNODIVIDE", text))
    with pytest.raises(
        DataError, match=r"column col: 27 values break the rule: type integer .*; the first are row 2: 'x'"
    ):
        frozen.load("tile_grid", copy.folder)


def test_a_missing_folder_says_what_to_do(tmp_path):
    with pytest.raises(DataError, match=r"datapackage\.json is missing: .*INNODIVIDE_ROOT"):
        frozen.load("ipcei", tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '{"resources": [{}]}'])
def test_a_broken_description_is_named(tmp_path, text):
    (tmp_path / "datapackage.json").write_text(text)
    with pytest.raises(DataError, match=r"datapackage\.json is not a readable package description"):
        frozen.load("ipcei", tmp_path)


# Tables declared for a run


def test_only_declared_tables_can_be_loaded(monkeypatch):
    monkeypatch.setenv(frozen.DECLARED_TABLES, "country,ipcei")
    assert len(frozen.load("ipcei"))
    with pytest.raises(DataError, match=r"table 'eis_group' is used but not declared .*declared: country,ipcei"):
        frozen.load("eis_group")


def test_an_empty_declaration_allows_nothing_and_none_everything(monkeypatch):
    monkeypatch.setenv(frozen.DECLARED_TABLES, "")
    with pytest.raises(DataError, match="not declared"):
        frozen.load("country")
    monkeypatch.delenv(frozen.DECLARED_TABLES)
    assert len(frozen.load("country"))


def test_linked_tables_follow_references_to_the_end():
    assert frozen.linked_tables(["tile_grid"]) == ("country", "source", "tile_grid")
    assert frozen.linked_tables(["ris_index"]) == ("country", "nuts_version", "ris_index", "ris_region", "source")
    assert frozen.linked_tables(["source"]) == ("source",)
    assert frozen.linked_tables(["ipcei", "tile_grid"]) == (
        *("communication", "country", "ipcei", "source", "tile_grid", "value_chain"),
    )


# Row numbers


def small_package(folder, text: str):
    """Write a package of one table with columns key and n (integer)."""
    fields = [
        {"name": "key", "type": "string", "description": "k"},
        {"name": "n", "type": "integer", "description": "n"},
    ]
    (folder / "t.csv").write_bytes(text.encode())
    (folder / "datapackage.json").write_text(
        json.dumps({"resources": [{"name": "t", "path": "t.csv", "schema": {"fields": fields, "primaryKey": ["key"]}}]})
    )
    return folder


def test_row_numbers_are_line_numbers_with_quoted_cells(tmp_path):
    folder = small_package(tmp_path, 'key,n\n"a, with ""quotes""",1\n"b",x\nc,2\n')
    assert frozen.check_table("t", folder) == [schema.Failure("t.csv", 3, "n", "x", "type integer (digits only)")]
    (folder / "t.csv").write_text('key,n\n"a, with ""quotes""",1\n"b",3\nc,2\n')
    assert frozen.load_rows("t", folder).index.tolist() == [2, 3, 4]
    assert frozen.load("t", folder)["key"].tolist() == ['a, with "quotes"', "b", "c"]
    assert frozen.load("t", folder).index.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('key,n\n"a\nb",1\nc,x\n', [(2, "no control"), (4, "type integer")]),  # later rows keep their numbers
        ('key,n\na,1\n"b,2\nc,3\nd,4\n', [(3, "well-formed CSV (unexpected end of data)")]),  # where it opens
    ],
    ids=["a line break in a cell", "a quote not closed"],
)
def test_a_failure_names_the_line_where_its_row_begins(tmp_path, text, found):
    failures = frozen.check_table("t", small_package(tmp_path, text))
    assert [(f.row, f.rule[: len(rule)]) for f, (_, rule) in zip(failures, found, strict=True)] == found


@pytest.mark.parametrize("text", ["key,n\r\na,1\r\nb,2\r\n", "key,n\na,1\r\nb,2\n", "key,n\ra,1\rb,2\r"])
def test_line_ends_that_git_does_not_keep_are_refused(tmp_path, text):
    """The hash of such a file would be another one in every clone."""
    (failure,) = frozen.check_table("t", small_package(tmp_path, text))
    assert failure.row == text[: text.index("\r")].count("\n") + 1
    assert failure.rule == "lines end with LF alone (save it with Unix line ends)"


@pytest.mark.parametrize("text", ['key,n\n"a","1"\n"b","2"\n', "key,n\na,1\nb,2\n"])
def test_needless_quotes_do_not_matter(tmp_path, text):
    assert frozen.load("t", small_package(tmp_path, text)).to_dict("list") == {"key": ["a", "b"], "n": [1, 2]}


# The description


@pytest.mark.parametrize("name", TABLES)
def test_every_table_and_column_is_described(name):
    described = frozen.resource(name)
    assert described["title"].strip() and described["description"].strip()
    fields = {f["name"]: f for f in described["schema"]["fields"]}
    assert set(described["schema"]["primaryKey"]) <= set(fields)
    # Years, versions, levels and positions count nothing: they have no unit.
    bare = re.compile(r"(.*_)?(year|edition|level|version)|year_.*|row|col|part|seq")
    for column, field in fields.items():
        assert len(field["description"].strip()) >= 3, column
        assert field["type"] in {"string", "integer", "number", "boolean", "date"}, column
        if field["type"] in {"integer", "number"} and not bare.fullmatch(column):
            assert field.get("unit", "").strip(), f"{column} has no unit"


# Corrections name who says so; the labels of Tier-2 indicators are ours.
@pytest.mark.parametrize("name", [n for n in TABLES if n not in {"source", "correction", "tier2_indicator"}])
def test_every_row_names_its_source(name):
    described = frozen.resource(name)
    column = next(f for f in described["schema"]["fields"] if f["name"] == "source_id")
    assert column["constraints"]["required"]
    assert any(
        k["fields"] in ("source_id", ["source_id"]) and k["reference"]["resource"] == "source"
        for k in described["schema"]["foreignKeys"]
    )


def test_describe_shows_unit_range_key_and_reference():
    rows = frozen.describe("ipcei_country").set_index("column")
    assert rows.loc["geo", "refers_to"] == "country" and rows.loc["geo", "key"] and rows.loc["geo", "required"]
    assert rows.loc["more_source_ids", "refers_to"] == "source"
    assert rows.loc["role", "refers_to"] == "ipcei_role" and "weak" in rows.loc["flag", "allowed"]
    edition = frozen.describe("eis_edition").set_index("column").loc["leader_min_pct"]
    assert (edition["type"], edition["unit"], edition["allowed"]) == ("number", "% of EU average", "0 to 200")
    assert not edition["key"] and frozen.describe("eqi")["column"].tolist() == list(frozen.load("eqi"))
    assert frozen.describe("ipcei").set_index("column").loc["n_companies", "allowed"] == "0 to "


# The package as others read it


@pytest.mark.slow
def test_an_independent_validator_accepts_the_package():
    """About 9 s on two cores for all tables."""
    from frictionless import Package

    report = Package(str(frozen.DATA / frozen.PACKAGE)).validate()
    assert report.flatten(["name", "rowNumber", "fieldName", "note"]) == []
    assert {task.name for task in report.tasks} == set(TABLES)


def test_the_independent_validator_would_notice(copy):
    from frictionless import Package

    copy.change("geography/tile_grid.csv", lambda text: text.replace("\nAT,5,", "\nAT,five,"))
    row = copy.row("geography/tile_grid.csv", "AT,")
    found = (
        Package(str(copy / frozen.PACKAGE))
        .get_resource("tile_grid")
        .validate()
        .flatten(["rowNumber", "fieldName", "type"])
    )
    assert [row, "row", "type-error"] in found


def test_every_file_in_the_folder_is_described():
    files = {str(p.relative_to(frozen.DATA)) for p in frozen.DATA.rglob("*") if p.is_file()}
    assert files == {r["path"] for r in frozen.resources().values()} | {frozen.PACKAGE}


def test_the_data_are_small():
    assert sum(p.stat().st_size for p in frozen.DATA.rglob("*") if p.is_file()) < 15e6


def test_no_cell_tells_where_it_was_made():
    """No path of a machine, no address of a package registry."""
    told = re.compile(
        r"(^|[\s\"',;(=])(/(work|home|root|tmp|usr|var|Users|mnt|opt)/|[A-Za-z]:\\|file://)|localhost|127\.0\.0\.1|"
        r"pypi\.org|pythonhosted|conda\.anaconda|registry\.npmjs|/simple/",
        re.IGNORECASE,
    )
    for path in frozen.DATA.rglob("*"):
        if path.is_file():
            found = [line for line in path.read_text(encoding="utf-8").splitlines() if told.search(line)]
            assert not found, (path.name, found[:3])
