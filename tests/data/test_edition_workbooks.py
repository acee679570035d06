"""Workbooks of editions, made in the layout of the publisher: what they give, and every damage with its cure."""

import datetime

import pandas as pd
import pytest
import workbooks

from innodivide.data import eis_workbook, frozen, new_rows, ris_workbook, workbook
from innodivide.data.edition_workbook import Edition
from innodivide.errors import DataError

FEW = ("SII", "1.1", "1.1.1", "RII", "1.1.2")
BOARDS = {"EIS": eis_workbook, "RIS": ris_workbook}


def before(name: str) -> pd.DataFrame:
    """Return a table as text without editions after 2025: that of a year later, made here, may be in the tables."""
    frame = new_rows.text_of(name)
    return frame[frame["edition"].astype(int) <= 2025] if "edition" in frame else frame


def found(path, board="EIS", **given):
    """Return what a workbook gives, or its failures of form."""
    sheets, failures = workbook.read(path, BOARDS[board].LAYOUT)
    return failures or BOARDS[board].rows(sheets, Edition("EIS25_DB", before, **given))


def said(path, board="EIS", **given) -> str:
    """Return the failures of a workbook in words; it must have some and give no rows."""
    result = found(path, board, **given)
    failures = result if isinstance(result, list) else result.failures
    assert failures and (isinstance(result, list) or not result.tables)
    return "\n".join(map(str, failures))


@pytest.fixture(scope="module")
def eis() -> pd.DataFrame:
    """An invented EIS 2026 of few indicators in which Poland leads and Sweden does not."""
    rows = workbooks.eis_rows(3, {"PL": 2.2, "SE": 0.85})
    return rows[rows["indicator_code"].isin(FEW)].reset_index(drop=True)


@pytest.fixture(scope="module")
def ris() -> pd.DataFrame:
    rows = workbooks.ris_rows(3)
    return rows[rows["Indicator code"].isin(FEW)].reset_index(drop=True)


def members() -> set[str]:
    country = frozen.load("country")
    return set(country.loc[country["is_eu27"].fillna(False).astype(bool), "geo"])


def row_of(frame: pd.DataFrame, **values) -> int:
    """Return the row of the sheet that has some values: the header is row 1."""
    match = pd.concat([frame[c] == v for c, v in values.items()], axis=1).all(axis=1)
    return int(match.idxmax()) + 2


# What a workbook gives


def test_an_edition_made_from_the_tables_gives_their_rows_again(tmp_path):
    """The last years of edition 2025, as its workbook has them: no figure is another one."""
    rows = workbooks.eis_rows(8, later=0)
    rows = rows[rows["indicator_code"].isin(FEW)]
    result = found(workbooks.save(tmp_path / "EIS.xlsx", EIS=rows))
    assert result.failures == []
    given = [new_rows.Rows(n, f, "EIS", figures=True) for n, f in result.tables.items() if n != "indicator"]
    proposal, failures = new_rows.propose(given)
    assert failures == [] and proposal.changes == [] and proposal.same > 900
    assert {"eis_index", "eis_group", "eis_rank", "eis_score"} <= set(result.tables)


def test_a_new_edition_has_the_groups_and_ranks_of_its_index(tmp_path, eis):
    result = found(workbooks.save(tmp_path / "EIS.xlsx", EIS=eis), published="2026-07-14")
    assert result.failures == []
    tables = {name: frame.set_index("geo") for name, frame in result.tables.items() if "geo" in frame}
    assert tables["eis_group"].loc["PL", "group"] == "leader" and tables["eis_rank"].loc["PL", "rank"] == "1"
    assert tables["eis_group"].loc["SE", "group"] == "strong"
    assert sorted(tables["eis_rank"]["rank"].astype(int)) == list(range(1, 28))
    edition = result.tables["eis_edition"].iloc[0]
    assert (edition["published"], edition["base"], edition["performance_year"]) == ("2026-07-14", "EU 2024=100", "2026")
    assert set(result.tables["indicator"]["level"]) == {"index", "dimension", "indicator"}, "a base of its own"


def test_thresholds_given_count(tmp_path, eis):
    path = workbooks.save(tmp_path / "EIS.xlsx", EIS=eis)
    assert "thresholds 200/100/70" in said(path, thresholds=(200.0, 100.0, 70.0))


def test_a_regional_edition_gets_groups_nuts_codes_and_its_index_against_the_eu(tmp_path, ris):
    result = found(workbooks.save(tmp_path / "RIS.xlsx", RIS=ris), "RIS")
    assert result.failures == []
    index, kept = result.tables["ris_index"], frozen.load("ris_index").query("edition == 2023 and year == 2023")
    last = index[index["year"] == "2025"].set_index("region_code")
    group = kept.set_index("region_code")["group"].dropna()
    assert (last["group"].reindex(group.index) == group).all(), "derived from the thresholds, equal to those published"
    assert set(last["flag"].drop("EU")) == {"derived"}
    assert last["relative_to_eu_pct"].astype(float).reindex(kept["region_code"]).to_numpy() == pytest.approx(
        kept["relative_to_eu_pct"].to_numpy(), abs=0.011
    )
    homes = result.tables["ris_nuts2"].set_index("nuts_code")["region_code"]
    earlier = frozen.load("ris_nuts2").query("edition == 2023").set_index("nuts_code")["region_code"]
    assert homes.to_dict() == earlier.to_dict()


def test_an_edition_of_nuts_2024_which_that_of_2025_is_by_all_that_is_known(tmp_path, ris):
    result = found(workbooks.save(tmp_path / "RIS.xlsx", RIS=workbooks.of_nuts_2024(ris)), "RIS")
    assert result.failures == [] and set(result.tables["ris_region"]["nuts_version"]) == {"2024", ""}
    nuts = frozen.load("nuts").query("nuts_version == '2024' and level == 2 and not is_extra_regio")
    homes = set(result.tables["ris_nuts2"]["nuts_code"])
    assert homes == set(nuts.loc[nuts["geo"].isin(members()), "nuts_code"]) and {"PT1A", "NL36"} <= homes


def test_a_regional_code_whose_name_another_code_has_is_refused(tmp_path, ris):
    """Sales of new products are 4.2.3 in the list of 2021 to 2024 and 4.1.1 in that of 2025."""
    older = ris.replace({"Indicator code": {"1.1.2": "4.2.3"}})
    name = "Sales of new-to-market and new-to-firm innovations"
    older.loc[older["Indicator code"] == "4.2.3", "Indicator"] = name
    path = workbooks.save(tmp_path / "RIS.xlsx", RIS=older)
    rule = f"'4.2.3' breaks the rule: 4.1.1, which '{name}' is in EIS 2025 (32 indicators); use the codes of that list"
    assert rule in said(path, "RIS")


def test_of_two_scales_that_of_the_first_year_counts(tmp_path, ris):
    both = ris.assign(**{"Value relative to EU in 2025": 1.0})
    result = found(workbooks.save(tmp_path / "RIS.xlsx", RIS=both), "RIS")
    assert result.failures == [] and set(result.tables["ris_index"]["reference"]) == {"EU 2023=100"}


# Damage: a function of the frame, or of the workbook, and what must be said


def put(column, value, **at):
    def change(frame):
        frame = frame.astype(object)
        frame.loc[row_of(frame, **at) - 2, column] = value
        return frame

    return change


def value(text):
    return put("value", text, iso2="PL", year=2025, indicator_code="1.1")


PL = {"iso2": "PL", "year": 2026, "indicator_code": "SII"}
DAMAGED = {
    "no figure": (value(":"), "row {r}, column value: ':'", "leave the cell empty"),
    "not available": (value("n/a"), "row {r}, column value: 'n/a'", "leave the cell empty"),
    "spreadsheet error": (value("#N/A"), "row {r}, column value", "leave the cell empty"),
    "decimal comma": (value("81,25"), "row {r}, column value: '81,25'", "write 1.5 for 1,5"),
    "formula": (value("=A1+1"), "row {r}, column value", "paste its values"),
    "infinite": (value("inf"), "row {r}, column value", "type number"),
    "code as a date": (
        put("indicator_code", datetime.date(2001, 1, 1), iso2="PL", year=2025, indicator_code="1.1"),
        "row {r}, column indicator_code",
        "format the column as text",
    ),
    "GR": (lambda f: f.replace({"iso2": {"EL": "GR"}}), "column iso2", "Greece is EL"),
    "GB": (lambda f: f.replace({"iso2": {"UK": "GB"}}), "column iso2", "United Kingdom is UK"),
    "other header": (lambda f: f.rename(columns={"value": "Wert"}), "row 1, column value", "put the header"),
    "year twice in one column": (put("year", "2025/26", **PL), "column year", "digits only"),
    "repeated": (
        lambda f: pd.concat([f, f[(f["iso2"] == "PL") & (f["year"] == 2026)].assign(value=1.0)]),
        "column value: '1'",
        "one row for each country, year and indicator; row ",
    ),
    "year missing": (lambda f: f[f["year"] != 2025], "column year: '2025'", "the index of every year"),
    "state missing": (lambda f: f[f["iso2"] != "MT"], "column iso2: 'MT'", "it has none for 2024, 2025, 2026"),
    "EU missing": (lambda f: f[f["iso2"] != "EU27_2020"], "column iso2: 'EU'", "the index of EU in every year"),
    "no base": (
        lambda f: f.assign(value=f["value"].where(f["iso2"] != "EU27_2020", f["value"] + 1)),
        "column value",
        "100 in its base year",
    ),
    "contradicts its thresholds": (
        put("performance group", "Emerging", **PL),
        "column performance group: 'emerging'",
        "leader: PL has",
    ),
    "new group": (put("performance group", "Champion", **PL), "column performance group: 'Champion'", "one of: Leader"),
}


@pytest.mark.parametrize(("change", "where", "cure"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_workbook_is_named_with_its_cure(tmp_path, eis, change, where, cure):
    text = said(workbooks.save(tmp_path / "EIS 2026.xlsx", EIS=change(eis)))
    row = row_of(eis, iso2="PL", year=2025, indicator_code="1.1")
    assert text.startswith("EIS 2026.xlsx, sheet EIS") and where.format(r=row) in text and cure in text


def test_sheets_renamed_merged_or_empty_are_named(tmp_path, eis):
    path = workbooks.save(tmp_path / "EIS.xlsx", Tabelle1=eis.head(3))
    assert "'Tabelle1' breaks the rule: it has a sheet EIS; if the publisher renamed it" in said(path)
    path = workbooks.save(tmp_path / "EIS.xlsx", lambda book: book["EIS"].merge_cells("A2:A9"), EIS=eis)
    assert "sheet EIS, row 2: 'A2:A9' breaks the rule: no merged cells; unmerge them" in said(path)
    assert "the sheet has rows" in said(workbooks.save(tmp_path / "EIS.xlsx", EIS=eis.head(0)))


@pytest.mark.parametrize("content", [None, b"", b"iso2;year\n", b"PK\x03\x04 cut"])
def test_what_is_no_workbook_is_said_to_be_none(tmp_path, content):
    path = tmp_path / "EIS.xlsx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"EIS\.xlsx(: there is no such file| is no workbook that can be read)"):
        workbook.read(path, eis_workbook.LAYOUT)


REGIONAL = {
    "other version of NUTS": (
        {"PT16": "PT19"},
        "'PT19'",
        "a region of NUTS 2021, as the others are (PT19 is of NUTS 2024)",
    ),
    "unknown code": ({"PL21": "PL2X"}, "'PL2X'", "no version known"),
    "Greece": ({"EL41": "GR41"}, "'GR'", "Greece is EL"),
    "no EU": ({"EU": "ZZ"}, "'ZZ'", "exists in table country"),
}


@pytest.mark.parametrize(("codes", "what", "cure"), REGIONAL.values(), ids=REGIONAL)
def test_regions_of_another_version_or_country_are_named(tmp_path, ris, codes, what, cure):
    path = workbooks.save(tmp_path / "RIS.xlsx", RIS=ris.replace({"Region code": codes}))
    text = said(path, "RIS")
    assert what in text and cure in text and "column Region code" in text


def test_a_regional_edition_needs_that_of_the_countries_and_its_codes(tmp_path, ris):
    path = workbooks.save(tmp_path / "RIS.xlsx", RIS=ris)
    assert "add the workbook of the EIS first" in said(path, "RIS", number=2029)
    other = workbooks.save(
        tmp_path / "RIS.xlsx", RIS=ris.replace({"1.1.2": "9.9.9", "Population with tertiary education": "Other"})
    )
    assert "'9.9.9' breaks the rule: a code of EIS 2025 (32 indicators)" in said(other, "RIS")
