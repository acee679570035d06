"""Every kind of damage to a table is reported with its file, row, column and rule; harmless changes are not."""

import csv
import io
import re
from dataclasses import dataclass

import pytest

from innodivide.data import checks, frozen, schema
from innodivide.errors import DataError

IPCEI, STATES, PEOPLE = "tier1/ipcei.csv", "tier1/ipcei_country.csv", "tier1/ipcei_participant.csv"
LISTS, PUBLISHED, ALLIANCE = "tier1/ipcei_membership.csv", "tier1/published_check.csv", "tier1/alliance.csv"
EDITION, GROUP, INDEX = "scoreboard/eis_edition.csv", "scoreboard/eis_group.csv", "scoreboard/eis_index.csv"
RIS, SCORE, RRF = "scoreboard/ris_index.csv", "scoreboard/eis_score.csv", "tier2/rrf_country.csv"
PANEL, COUNTRY, GRID, OUTLINE = (
    "context/country_panel.csv",
    "geography/country.csv",
    "geography/tile_grid.csv",
    "geography/outline.csv",
)
SOURCES, CORRECTIONS = "sources.csv", "corrections.csv"
TABLE = {resource["path"]: name for name, resource in frozen.resources().items()}


# Changes: functions from the text of a file to its new text


def one_line(line, text: str) -> int:
    lines = text.split("\n")
    found = [i for i, one in enumerate(lines) if one.startswith(line)]
    assert len(found) == 1, f"{len(found)} lines begin with {line!r}"
    return found[0]


def cell(line: str, column: str, value: str):
    """Write `value` into a column of the line that begins with `line`."""

    def change(text: str) -> str:
        lines = text.split("\n")
        at = one_line(line, text)
        row, header = next(csv.reader([lines[at]])), next(csv.reader([lines[0]]))
        assert row[header.index(column)] != value, "the change changes nothing"
        row[header.index(column)] = value
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(row)
        lines[at] = out.getvalue()
        return "\n".join(lines)

    return change


def without(line: str):
    """Remove the line that begins with `line`."""

    def change(text: str) -> str:
        lines = text.split("\n")
        del lines[one_line(line, text)]
        return "\n".join(lines)

    return change


def twice(line: str):
    """Repeat the line that begins with `line` at the end of the file."""
    return lambda text: text + text.split("\n")[one_line(line, text)] + "\n"


def added(line: str):
    return lambda text: text + line + "\n"


def replaced(old: str, new: str):
    def change(text: str) -> str:
        assert text.count(old) == 1, f"{text.count(old)} times {old!r}"
        return text.replace(old, new)

    return change


def header(change_names):
    def change(text: str) -> str:
        first, rest = text.split("\n", 1)
        return ",".join(change_names(first.split(","))) + "\n" + rest

    return change


@dataclass(frozen=True)
class Case:
    """A change of one file and the failures it must give: (file, row, column, part of the rule).

    A row is a line number, None, "last", or how the line begins in the changed file.
    """

    id: str
    file: str
    change: object
    expected: tuple


def bad_cell(id: str, file: str, line: str, column: str, value: str, *rules: str, row: str | None = None) -> Case:
    """One cell that breaks rules of its own table."""
    return Case(id, file, cell(line, column, value), tuple((file, row or line, column, rule) for rule in rules))


def whole_file(id: str, file: str, change, row, rule: str) -> Case:
    """A file whose form is broken."""
    return Case(id, file, change, ((file, row, "", rule),))


def parametrised(cases):
    assert len({c.id for c in cases}) == len(cases)
    return pytest.mark.parametrize("case", cases, ids=lambda c: c.id)


def expected(copy, case: Case) -> list[tuple]:
    def number(file, row):
        if row == "last":
            return (copy / file).read_bytes().count(b"\n")
        return copy.row(file, row) if isinstance(row, str) else row

    return sorted(((file, number(file, row), column, rule) for file, row, column, rule in case.expected), key=str)


def assert_reported(failures, wanted) -> None:
    """Each wanted failure is there, with the rule's text, and there is no other."""
    found = sorted(((f.file, f.row, f.column) for f in failures), key=str)
    assert found == sorted(((file, row, column) for file, row, column, _ in wanted), key=str), [
        str(f) for f in failures
    ]
    for file, row, column, rule in wanted:
        rules = [f.rule for f in failures if (f.file, f.row, f.column) == (file, row, column)]
        assert any(rule in r for r in rules), f"{rule!r} not in {rules}"


# The data as they are


def test_the_data_hold(data_folder):
    assert checks.check_all(data_folder) == ([], [])


# Damage inside one table


CELLS = [
    bad_cell("integer as a word", IPCEI, "Hy2Use,", "n_companies", "twenty", "type integer"),
    bad_cell("integer with decimals", IPCEI, "Hy2Use,", "n_companies", "29.0", "type integer"),
    bad_cell("integer with a leading zero", IPCEI, "Hy2Use,", "n_companies", "029", "type integer"),
    bad_cell("integer with a plus", PANEL, "AT,2018,population,", "year", "+2018", "type integer", row="AT,+2018,"),
    bad_cell("integer too long for a machine", IPCEI, "Hy2Use,", "n_companies", "9" * 20, "type integer"),
    bad_cell("integer in Arabic digits", IPCEI, "Hy2Use,", "n_companies", "٢٩", "type integer"),
    bad_cell("thousands separator", RRF, "AT,", "plan_grants_meur", "3,500", "type number"),
    bad_cell("thousands separated by a blank", RRF, "AT,", "plan_grants_meur", "3 500", "type number"),
    bad_cell("decimal comma", RRF, "BE,", "plan_grants_meur", "5924,5", "type number"),
    bad_cell("unit in the cell", RRF, "AT,", "plan_climate_share_pct", "59%", "type number"),
    bad_cell("NaN", RRF, "AT,", "plan_grants_meur", "NaN", "type number"),
    bad_cell("nan", RRF, "AT,", "plan_grants_meur", "nan", "type number"),
    bad_cell("Inf", RRF, "AT,", "plan_grants_meur", "Inf", "type number"),
    bad_cell("-inf", RRF, "AT,", "plan_grants_meur", "-inf", "type number"),
    bad_cell("overflow to infinity", RRF, "AT,", "plan_grants_meur", "1e999", "type number"),
    bad_cell("NULL", RRF, "AT,", "plan_grants_meur", "NULL", "type number"),
    bad_cell("n/a", RRF, "AT,", "plan_grants_meur", "n/a", "type number"),
    bad_cell("colon for missing", PANEL, "AT,2018,population,", "value", ":", "type number"),
    bad_cell("boolean True", COUNTRY, "MT,", "is_eu27", "True", "type boolean"),
    bad_cell("boolean 1", PEOPLE, "Hy2Use_bondalti_PT,", "verified", "1", "type boolean"),
    bad_cell("impossible date", IPCEI, "Hy2Use,", "decision_date", "2023-02-30", "a day of the calendar"),
    bad_cell("29 February of a common year", IPCEI, "Hy2Use,", "decision_date", "2023-02-29", "a day of the calendar"),
    bad_cell("date of another format", IPCEI, "Hy2Use,", "decision_date", "21/09/2022", "type date"),
    bad_cell("date with a time", IPCEI, "Hy2Use,", "decision_date", "2022-09-21T00:00", "type date"),
    bad_cell("share above 100", RRF, "AT,", "plan_climate_share_pct", "101", "at most 100"),
    bad_cell("negative money", RRF, "AT,", "plan_grants_meur", "-1", "at least 0"),
    bad_cell("29 states", IPCEI, "Hy2Use,", "n_member_states", "29", "at most 28"),
    bad_cell(
        "enum violated", GROUP, "DE,2023,", "group", "Leader", "one of: leader, strong, moderate, modest, emerging"
    ),
    bad_cell("integer enum violated", IPCEI, "Hy2Use,", "communication_year", "2015", "one of: 2014, 2021"),
    bad_cell("pattern violated", ALLIANCE, "AZEA,", "launch_month", "2022-6", r"pattern \d{4}-\d\d"),
    bad_cell("address of another kind", SOURCES, "BRIEF_2021,", "address", "ftp://example.org/brief", "pattern https?"),
    bad_cell("required value emptied", GROUP, "DE,2023,", "group", "", "a value is required"),
    bad_cell("source emptied", GROUP, "DE,2023,", "source_id", "", "a value is required"),
    bad_cell("blank at the end", IPCEI, "Hy2Use,", "name", "IPCEI Hy2Use ", "no blank at either end"),
    bad_cell("blank at the start", IPCEI, "Hy2Use,", "name", " IPCEI Hy2Use", "no blank at either end"),
    bad_cell("only a blank", RRF, "AT,", "plan_grants_meur", " ", "no blank at either end", "type number"),
    bad_cell("no-break space at the end", IPCEI, "Hy2Use,", "name", "IPCEI Hy2Use\u00a0", "no blank at either end"),
    Case(
        "NUL",
        IPCEI,
        cell("Hy2Use,", "name", "IPCEI\x00Hy2Use"),
        ((IPCEI, "Hy2Use,", "", "the file is UTF-8 text without NUL bytes"),),
    ),
    bad_cell("tab", IPCEI, "Hy2Use,", "name", "IPCEI\tHy2Use", "no control or invisible character"),
    bad_cell("zero-width blank", IPCEI, "Hy2Use,", "name", "IPCEI\u200bHy2Use", "no control or invisible character"),
    bad_cell(
        "text direction override", IPCEI, "Hy2Use,", "name", "IPCEI \u202eHy2Use", "no control or invisible character"
    ),
    bad_cell(
        "wrongly decoded text", IPCEI, "Hy2Use,", "name", "IPCEI \x93Hy2Use\x94", "no control or invisible character"
    ),
    bad_cell("lost character", IPCEI, "Hy2Use,", "name", "IPCEI Hy2Us\ufffd", "no control or invisible character"),
    bad_cell("formula", IPCEI, "Hy2Use,", "note", '=HYPERLINK("https://example.org","x")', "does not start with ="),
    bad_cell("formula with @", IPCEI, "Hy2Use,", "note", "@SUM(A1:A9)", "does not start with ="),
    bad_cell("formula with +", IPCEI, "Hy2Use,", "note", "+1+cmd", "does not start with ="),
    bad_cell("formula with -", IPCEI, "Hy2Use,", "note", "-1+cmd", "does not start with ="),
    bad_cell(
        "country that does not exist",
        STATES,
        "Hy2Use,PT,",
        "geo",
        "XX",
        "exists in table country (geo)",
        row="Hy2Use,XX,",
    ),
    bad_cell(
        "ISO code instead of Eurostat's",
        STATES,
        "Hy2Use,EL,",
        "geo",
        "GR",
        "exists in table country (geo)",
        row="Hy2Use,GR,",
    ),
    bad_cell(
        "IPCEI that does not exist",
        STATES,
        "Hy2Use,PT,",
        "ipcei_id",
        "Hy2use",
        "exists in table ipcei",
        row="Hy2use,PT,",
    ),
    bad_cell(
        "parent that does not exist", IPCEI, "ME1-AT,", "parent_ipcei_id", "ME2", "exists in table ipcei (ipcei_id)"
    ),
    Case(
        "region that does not exist",
        RIS,
        cell("2023,AT1,2023,", "region_code", "AT9"),
        ((RIS, "2023,AT9,", "edition, region_code", "exists in table ris_region (edition, region_code)"),),
    ),
    bad_cell("unknown source", STATES, "Hy2Use,PT,", "source_id", "NOBODY", "exists in table source (source_id)"),
    bad_cell(
        "unknown source of figures", STATES, "Hy2Use,PT,", "figures_source_id", "NOBODY", "exists in table source"
    ),
    bad_cell(
        "one unknown source of several",
        IPCEI,
        "Hy2Use,",
        "more_source_ids",
        "IEU_HY2USE;NOBODY",
        "exists in table source",
    ),
    bad_cell("sources separated by a comma", IPCEI, "Hy2Use,", "more_source_ids", "IEU_HY2USE, REFIT_IPCEI", "pattern"),
    bad_cell("sources with an empty place", IPCEI, "Hy2Use,", "more_source_ids", "IEU_HY2USE;;REFIT_IPCEI", "pattern"),
    Case("key repeated", GROUP, twice("DE,2023,"), ((GROUP, "last", "geo, edition", "unique key (geo, edition)"),)),
    Case(
        "unique column repeated",
        ALLIANCE,
        twice("AZEA,"),
        (
            (ALLIANCE, "last", "alliance_id", "unique key"),
            (ALLIANCE, "last", "alliance_id", "not used in an earlier row"),
        ),
    ),
    Case("source repeated", SOURCES, twice("BRIEF_2021,"), ((SOURCES, "last", "source_id", "unique key"),)),
    Case(
        "two cells of one row",
        RRF,
        lambda t: cell("AT,", "plan_loans_meur", "-5")(cell("AT,", "loans_basis", "guessed")(t)),
        ((RRF, "AT,", "plan_loans_meur", "at least 0"), (RRF, "AT,", "loans_basis", "one of: stated, inferred_zero")),
    ),
]


@parametrised(CELLS)
def test_a_bad_cell_is_reported(copy, case):
    copy.change(case.file, case.change)
    assert_reported(frozen.check_table(TABLE[case.file], copy.folder), expected(copy, case))


def test_a_failure_carries_the_value(copy):
    copy.change(IPCEI, cell("Hy2Use,", "n_companies", "twenty"))
    (failure,) = frozen.check_table("ipcei", copy.folder)
    row = copy.row(IPCEI, "Hy2Use,")
    where = f"tier1/ipcei.csv, row {row}, column n_companies"
    assert str(failure) == f"{where}: 'twenty' breaks the rule: type integer (digits only)"


FORMS = [
    whole_file("row too short", GRID, replaced("MT,7,3,INNODIVIDE", "MT,7,3"), "MT,", "4 cells in a row (found 3)"),
    whole_file("row too long", GRID, replaced("MT,7,3,", "MT,7,3,,"), "MT,", "4 cells in a row (found 5)"),
    whole_file("unquoted comma", GRID, replaced("MT,7,3,", "MT,7,3,5,"), "MT,", "4 cells in a row (found 5)"),
    whole_file("blank line", GRID, replaced("\nMT,", "\n\nMT,"), 21, "4 cells in a row (found 0)"),
    whole_file("blank line at the end", GRID, lambda text: text + "\n", 29, "4 cells in a row (found 0)"),
    whole_file(
        "quote not closed", GRID, replaced("MT,7,3,INNO", 'MT,7,3,"INNO'), "MT,", "well-formed CSV (unexpected end"
    ),
    whole_file(
        "text after a quote", GRID, replaced("MT,7,3,INNODIVIDE", 'MT,7,3,"INNO"DIVIDE'), "MT,", "well-formed CSV ("
    ),
    whole_file("column renamed", GRID, header(lambda n: ["country", *n[1:]]), 1, "the header is geo,row,col,source_id"),
    whole_file(
        "columns swapped", GRID, header(lambda n: [n[0], n[2], n[1], n[3]]), 1, "the header is geo,row,col,source_id"
    ),
    whole_file(
        "column repeated", GRID, header(lambda n: [*n[:2], n[1], n[3]]), 1, "the header is geo,row,col,source_id"
    ),
    whole_file("column added", GRID, header(lambda n: [*n, "note"]), 1, "the header is geo,row,col,source_id"),
    whole_file(
        "header with blanks", GRID, header(lambda n: [n[0], " row", *n[2:]]), 1, "the header is geo,row,col,source_id"
    ),
    whole_file("header gone", GRID, without("geo,"), 1, "the header is geo,row,col,source_id"),
    whole_file("semicolons", GRID, lambda text: text.replace(",", ";"), 1, "the header is geo,row,col,source_id"),
    whole_file("cut off", GRID, lambda text: text[:-12], 28, "the last line ends with a line break (file cut off?)"),
    whole_file("empty file", GRID, lambda text: "", 1, "the last line ends with a line break"),
    whole_file("only a header", GRID, lambda text: text.split("\n")[0] + "\n", None, "the table has rows"),
    whole_file("missing file", GRID, lambda text: None, None, "the file exists"),
    whole_file("byte order mark", GRID, lambda text: "\ufeff" + text, 1, "the file is UTF-8 without a byte order mark"),
    whole_file(
        "Latin-1",
        GRID,
        lambda text: text.replace("MT,7,3,INNO", "MT,7,3,ÏNNO").encode("latin-1"),
        21,
        "the file is UTF-8 text",
    ),
    whole_file("UTF-16", GRID, lambda text: text.encode("utf-16"), 1, "the file is UTF-8 text"),
]


@parametrised(FORMS)
def test_a_broken_file_is_reported(copy, case):
    copy.change(case.file, case.change)
    assert_reported(frozen.check_table(TABLE[case.file], copy.folder), expected(copy, case))


@pytest.mark.parametrize("change", [lambda text: None, lambda text: "\ufeff" + text, lambda text: text[:-5]])
def test_an_unreadable_table_is_not_reported_again_for_each_row_that_refers_to_it(copy, change):
    copy.change(COUNTRY, change)
    assert [f.file for f in frozen.check_table("country", copy.folder)] == [COUNTRY]
    assert frozen.check_table("tile_grid", copy.folder) == [
        schema.Failure(GRID, None, "geo", "", "table country, which it refers to, can be read")
    ]
    with pytest.raises(DataError, match="table country, which it refers to, can be read"):
        frozen.load("tile_grid", copy.folder)


# Damage that only shows across tables


LEFT_OUT_PT = (  # without Portugal, Hy2Use has 12 states
    (IPCEI, "Hy2Use,", "n_member_states", "ipcei_country.csv has 12 notifying states of Hy2Use"),
    (LISTS, "Hy2Use,CATEDRA", "geos", "ipcei_country.csv has AT BE DK EL ES FI FR IT NL PL SE SK"),
    (LISTS, "Hy2Use,COMP", "geos", "ipcei_country.csv has AT BE DK EL ES FI FR IT NL PL SE SK"),
    (PEOPLE, "Hy2Use_bondalti_PT", "geo", "takes part in Hy2Use (ipcei_country.csv)"),
)

ACROSS = [
    Case(
        "group against the threshold",
        GROUP,
        cell("DE,2023,", "group", "leader"),
        ((GROUP, "DE,2023,", "group", "makes DE strong in edition 2023"),),
    ),
    Case(
        "group of a region against the threshold",
        RIS,
        cell("2023,AT1,2023,", "group", "moderate"),
        ((RIS, "2023,AT1,2023,", "group", "125.67 % of the EU makes AT1 leader"),),
    ),
    Case(
        "index against the group",
        INDEX,
        cell("DE,2023,2023,", "value", "20"),
        ((GROUP, "DE,2023,", "group", "makes DE emerging in edition 2023"),),
    ),
    Case(
        "no group of a Member State in an edition",
        GROUP,
        without("MT,2021,"),
        ((EDITION, "2021,", "edition", "a group of MT in this edition"),),
    ),
    Case(
        "performance year of another edition",
        GROUP,
        cell("MT,2020,", "performance_year", "2020"),
        ((GROUP, "MT,2020,", "performance_year", "edition 2020 has performance year 2019"),),
    ),
    Case(
        "editions out of order",
        EDITION,
        cell("2022,", "published", "2021-01-31"),
        ((EDITION, "2022,", "published", "later than the edition before it"),),
    ),
    Case(
        "two editions on one day",
        EDITION,
        cell("2022,", "published", "2021-06-21"),
        ((EDITION, "2022,", "published", "later than the edition before it"),),
    ),
    Case(
        "thresholds out of order",
        EDITION,
        cell("2018,", "strong_min_pct", "125"),
        ((EDITION, "2018,", "strong_min_pct", "between the moderate and the leader threshold"),),
    ),
    Case(
        "number of states changed",
        IPCEI,
        cell("Hy2Use,", "n_member_states", "14"),
        ((IPCEI, "Hy2Use,", "n_member_states", "ipcei_country.csv has 13 notifying states of Hy2Use"),),
    ),
    Case("member deleted", STATES, without("Hy2Use,PT,"), LEFT_OUT_PT),
    Case("member's role changed", STATES, cell("Hy2Use,PT,", "role", "prepared_only"), LEFT_OUT_PT),
    Case(
        "published list of members changed",
        LISTS,
        replaced("BE ES FR HU IT SK,6\nMed4Cure,E", "BE ES FR HU IT LT,6\nMed4Cure,E"),
        ((LISTS, "Med4Cure,COMP", "geos", "ipcei_country.csv has BE ES FR HU IT SK"),),
    ),
    Case(
        "published list miscounted",
        LISTS,
        cell("Med4Cure,COMP", "n_states", "7"),
        ((LISTS, "Med4Cure,COMP", "n_states", "the number of states in geos"),),
    ),
    Case(
        "participant from a state outside",
        PEOPLE,
        cell("Hy2Use_edp_ES", "geo", "BG"),
        ((PEOPLE, "Hy2Use_edp_ES", "geo", "takes part in Hy2Use (ipcei_country.csv)"),),
    ),
    Case(
        "aid total changed",
        IPCEI,
        cell("Hy2Infra,", "aid_eur_bn_max", "7.9"),
        (
            (PUBLISHED, "C03,", "recomputed", "the tables give 38.1965"),
            (PUBLISHED, "C03,", "verdict", "published 37, the tables give 38.1965, tolerance 0.5"),
            (PUBLISHED, "C27,", "recomputed", "the tables give 44.4"),
            (PUBLISHED, "C27,", "verdict", "published 43, the tables give 44.4"),
        ),
    ),
    Case(
        "stored recomputation changed",
        PUBLISHED,
        cell("C30,", "recomputed", "36"),
        ((PUBLISHED, "C30,", "recomputed", "the tables give 37"),),
    ),
    Case(
        "verdict changed",
        PUBLISHED,
        cell("C44,", "verdict", "match"),
        ((PUBLISHED, "C44,", "verdict", "published 2900, the tables give 2606, tolerance 50"),),
    ),
    Case(
        "published figure of an unknown IPCEI",
        PUBLISHED,
        cell("C30,", "ipceis", "Hy2Use;Hy2Nowhere"),
        ((PUBLISHED, "C30,", "measure", "names Hy2Nowhere, not in table ipcei"),),
    ),
    Case(
        "published sum over what is unknown",
        PUBLISHED,
        cell("C49,", "ipceis", "Hy2Use"),
        ((PUBLISHED, "C49,", "measure", "adds up n_smes, which is not known in full"),),
    ),
    Case(
        "published count without a day",
        PUBLISHED,
        cell("C38,", "as_of", ""),
        ((PUBLISHED, "C38,", "measure", "needs a value of as_of for count_alliances"),),
    ),
    Case(
        "two published figures not computable",
        PUBLISHED,
        lambda t: cell("C30,", "ipceis", "Hy2Nowhere")(cell("C41,", "geos", "")(t)),
        ((PUBLISHED, "C30,", "measure", "names Hy2Nowhere"), (PUBLISHED, "C41,", "measure", "needs a value of geos")),
    ),
    Case(
        "more SMEs than companies",
        IPCEI,
        cell("CIS,", "n_smes", "20"),
        ((IPCEI, "CIS,", "n_smes", "at most n_companies"),),
    ),
    Case(
        "joined before the decision",
        STATES,
        cell("ME1,AT,", "joined_date", "2018-12-18"),
        ((STATES, "ME1,AT,", "joined_date", "role joined_later, decided on 2018-12-18"),),
    ),
    Case(
        "late joiner without a date",
        STATES,
        cell("ME1,AT,", "joined_date", ""),
        ((STATES, "ME1,AT,", "joined_date", "role joined_later, decided on 2018-12-18"),),
    ),
    Case(
        "notifying state joins on another day",
        STATES,
        cell("Hy2Use,PT,", "joined_date", "2022-09-22"),
        ((STATES, "Hy2Use,PT,", "joined_date", "role notifying, decided on 2022-09-21"),),
    ),
    Case(
        "decision date unknown",
        IPCEI,
        cell("Med4Cure,", "decision_date", ""),
        (
            (IPCEI, "Med4Cure,", "decision_date", "known for an integrated IPCEI"),
            *(
                (STATES, f"Med4Cure,{geo},", "joined_date", "role notifying, decided on NaT")
                for geo in ("BE", "ES", "FR", "HU", "IT", "SK")
            ),
        ),
    ),
    Case(
        "correction that no longer stands",
        STATES,
        cell("ME1,DE,", "n_companies", "18"),
        ((CORRECTIONS, "ipcei_country,ipcei_id=ME1;geo=DE", "value_used", "table ipcei_country has 18"),),
    ),
    Case(
        "correction of a row that is gone",
        CORRECTIONS,
        replaced("participant_id=Med4Cure_oncodna_BE", "participant_id=Med4Cure_oncorna_BE"),
        ((CORRECTIONS, "ipcei_participant,participant_id=Med4Cure_onc", "key", "a row of table ipcei_participant"),),
    ),
    Case(
        "correction of an unknown table",
        CORRECTIONS,
        cell("eis_group,", "table", "eis_groups"),
        ((CORRECTIONS, "eis_groups,", "table", "one of: alliance, "),),
    ),
    Case(
        "correction of an unknown column",
        CORRECTIONS,
        cell("eis_group,", "column", "grp"),
        ((CORRECTIONS, "eis_group,", "column", "a column of table eis_group"),),
    ),
    Case(
        "correction by an unknown key column",
        CORRECTIONS,
        cell("eis_group,", "key", "country=EE;edition=2022"),
        ((CORRECTIONS, "eis_group,", "key", "columns of table eis_group"),),
    ),
    Case(
        "dropped row is back",
        SCORE,
        added("UK,2023,2023,5.2.4,23.85,false,EIS23_DB"),
        ((CORRECTIONS, "eis_score,", "status", "no such figure in table eis_score"),),
    ),
    Case(
        "population of a needed year removed",
        PANEL,
        without("MT,2017,population,"),
        ((PANEL, None, "value", "population of MT in 2017, needed for ME1"),),
    ),
    Case(
        "population of zero",
        PANEL,
        cell("MT,2017,population,", "value", "0"),
        ((PANEL, "MT,2017,population,", "value", "population and GDP are above zero"),),
    ),
    Case(
        "two tiles on one square",
        GRID,
        cell("MT,", "row", "6"),
        ((GRID, "MT,", "col", "no two countries on one square"),),
    ),
    Case(
        "Member State without a tile",
        GRID,
        without("MT,"),
        ((GRID, None, "geo", "every Member State is in the table"),),
    ),
    Case(
        "Member State without an outline",
        OUTLINE,
        lambda text: re.sub(r"(?m)^MT,.*\n", "", text),
        ((OUTLINE, None, "geo", "every Member State is in the table"),),
    ),
    Case(
        "Member State no longer one",
        COUNTRY,
        cell("MT,", "is_eu27", "false"),
        (
            (COUNTRY, None, "is_eu27", "27 Member States"),
            (PUBLISHED, "C20,", "recomputed", "the tables give 13"),
            (PUBLISHED, "C20,", "verdict", "published 14, the tables give 13"),
        ),
    ),
    Case(
        "source that nobody cites",
        SOURCES,
        added("ORPHAN,Nobody,A title,2021,,open,found,2026-11-22,"),
        ((SOURCES, "ORPHAN,", "source_id", "cited by a row of some table"),),
    ),
]


@parametrised(ACROSS)
def test_a_contradiction_across_tables_is_reported(copy, case):
    copy.change(case.file, case.change)
    failures, skipped = checks.check_all(copy.folder)
    assert_reported(failures, expected(copy, case))
    assert skipped == []


# Several at once


def apply_first_of_each_file(copy) -> list[tuple]:
    """Apply the first bad cell of each file; return what must be reported."""
    chosen = {}
    for case in CELLS:
        chosen.setdefault(case.file, case)
    for case in chosen.values():
        copy.change(case.file, case.change)
    return [line for case in chosen.values() for line in expected(copy, case)]


def test_all_failures_are_reported_at_once(copy):
    wanted = apply_first_of_each_file(copy)
    assert len({file for file, *_ in wanted}) >= 8
    failures, skipped = checks.check_all(copy.folder)
    assert_reported(failures, wanted)
    assert any("thresholds" in rule for rule in skipped), "rules that cannot be looked at are named"


def test_rules_across_tables_need_only_their_own_tables(copy):
    """A broken table does not hide a contradiction between others."""
    copy.change(RRF, cell("AT,", "plan_grants_meur", "NaN"))
    copy.change(GRID, without("MT,"))
    failures, skipped = checks.check_all(copy.folder)
    assert [(f.file, f.column) for f in failures] == [(GRID, "geo"), (RRF, "plan_grants_meur")]
    assert skipped == ["No source stands in sources.csv that no row of any table cites."]


# Harmless changes


@pytest.mark.parametrize("file", [IPCEI, PUBLISHED])
def test_crlf_line_ends_are_harmless(copy, file):
    before = frozen.load(TABLE[file], copy.folder)
    copy.change(file, lambda text: text.replace("\n", "\r\n"))
    assert checks.check_all(copy.folder) == ([], [])
    assert frozen.load(TABLE[file], copy.folder).equals(before)


@pytest.mark.parametrize("file", [IPCEI, STATES, PUBLISHED])
def test_the_order_of_rows_is_harmless(copy, file):
    def reverse(text):
        first, *rest = text.splitlines(keepends=True)
        return first + "".join(reversed(rest))

    before = frozen.load(TABLE[file], copy.folder)
    copy.change(file, reverse)
    assert checks.check_all(copy.folder) == ([], [])
    assert frozen.load(TABLE[file], copy.folder).equals(before.iloc[::-1].reset_index(drop=True))


def test_quotes_around_every_cell_are_harmless(copy):
    def quoted(text):
        out = io.StringIO()
        csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(csv.reader(io.StringIO(text)))
        return out.getvalue()

    copy.change(STATES, quoted)
    assert checks.check_all(copy.folder) == ([], [])


# The command line


def test_check_says_that_the_data_hold(repository):
    done = repository.run("check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{len(frozen.resources())} tables hold, {len(checks.RULES)} rules across tables hold\n"


def test_check_lists_every_failure_and_ends_with_1(repository):
    wanted = apply_first_of_each_file(repository)
    done = repository.run("check")
    assert (done.returncode, done.stdout) == (1, "")
    for file, row, column, rule in wanted:
        assert any(
            line.startswith(f"{file}, row {row}, column {column}: ") and rule in line
            for line in done.stderr.splitlines()
        )
    assert f"{len(wanted)} failures in {len({w[0] for w in wanted})} of {len(frozen.resources())} tables" in done.stderr
    assert "not checked because a table it needs does not hold: " in done.stderr
    assert "Traceback" not in done.stderr


def test_check_reports_contradictions_and_ends_with_1(repository):
    for case in ACROSS:
        if case.id in ("member deleted", "population of a needed year removed", "Member State without an outline"):
            repository.change(case.file, case.change)
    done = repository.run("check")
    row = repository.row(IPCEI, "Hy2Use,")
    assert done.returncode == 1
    assert (
        f"tier1/ipcei.csv, row {row}, column n_member_states: '13' breaks the rule: "
        "ipcei_country.csv has 12 notifying states of Hy2Use\n"
    ) in done.stderr
    assert (
        "context/country_panel.csv, column value: '' breaks the rule: population of MT in 2017, needed for ME1\n"
        in done.stderr
    )
    assert (
        "geography/outline.csv, column geo: 'MT' breaks the rule: every Member State is in the table\n" in done.stderr
    )
    not_frozen = ("tier1/ipcei_country.csv", "context/country_panel.csv", "geography/outline.csv")
    for file in not_frozen:  # they hold, but they are not the tables that were recorded
        assert re.search(rf"^{re.escape(file)}: '\d+ bytes, sha256:.*as frozen: \d+ bytes, sha256:", done.stderr, re.M)
    assert "9 failures in 6 of" in done.stderr and "not checked" not in done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: None, "datapackage.json is missing"),
        (lambda text: text[:1000], "is not a readable package description"),
    ],
)
def test_check_without_a_description_says_so(repository, change, message):
    repository.change(frozen.PACKAGE, change)
    done = repository.run("check")
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr and "Traceback" not in done.stderr
