"""Every kind of damage to a table is reported with its file, row, column and rule; harmless changes are not."""

import csv
import functools
import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd
import pytest
from mutations import BLANKS, CONTROL, FORMULAS, INVISIBLE, NOT_IN_THE_CALENDAR, WRONG_TYPE, as_csv

from innodivide.data import checks, frozen, licences, schema
from innodivide.data.checks.rules import Load
from innodivide.errors import DataError

IPCEI, STATES, PEOPLE = "tier1/ipcei.csv", "tier1/ipcei_country.csv", "tier1/ipcei_participant.csv"
LISTS, PUBLISHED, ALLIANCE = "tier1/ipcei_membership.csv", "tier1/published_check.csv", "tier1/alliance.csv"
EDITION, GROUP, INDEX = "scoreboard/eis_edition.csv", "scoreboard/eis_group.csv", "scoreboard/eis_index.csv"
RANK = "scoreboard/eis_rank.csv"
RIS, SCORE, RRF = "scoreboard/ris_index.csv", "scoreboard/eis_score.csv", "tier2/rrf_country.csv"
PANEL, COUNTRY, GRID, OUTLINE = (
    "context/country_panel.csv",
    "geography/country.csv",
    "geography/tile_grid.csv",
    "geography/outline.csv",
)
THEMES, STRUCTURAL = "tier2/semester_theme.csv", "scoreboard/eis_structural.csv"
SOURCES, CORRECTIONS = "sources.csv", "corrections.csv"
TABLE = {resource["path"]: name for name, resource in frozen.resources().items()}


@dataclass(frozen=True)
class Noting(Load):
    """A reader that notes which tables were read."""

    read: set[str] = field(default_factory=set)

    def __call__(self, name):
        self.read.add(name)
        return super().__call__(name)


def remembering(rule):
    """Return a rule that looks again only where the file of a table that it read, or of one behind it, has changed."""
    kept = []

    @functools.wraps(rule)
    def looked_at(load):
        for folder, state, found in kept:
            if folder == load.folder and state == frozen.state(state, folder):
                return found
        noting = Noting(load.folder)
        found = list(rule(noting))
        kept.append((load.folder, frozen.state(noting.read, load.folder), found))
        return found

    return looked_at


@pytest.fixture(scope="module", autouse=True)
def rules_are_remembered():
    """A change of one file costs the rules on it, and those on the whole package, each time; not all of them."""
    rules = [(t, r if r.__module__.endswith("whole_package") else remembering(r)) for t, r in checks.RULES]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importlib.import_module("innodivide.data.checks.every"), "RULES", rules)
        yield


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
        row, column_at = next(csv.reader([lines[at]])), next(csv.reader(lines[:1])).index(column)
        assert row[column_at] != value, "the change changes nothing"
        row[column_at] = value
        lines[at] = as_csv([row], lineterminator="")
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


@dataclass(frozen=True)
class Case:
    """A change of one file and the failures it must give: (file, row, column, part of the rule).

    A row is a line number, None, "last", or how the line begins in the changed file.
    """

    id: str
    file: str
    change: object
    expected: Sequence[tuple]


def bad_cell(id: str, file: str, line: str, column: str, value: str, *rules: str, row: str | None = None) -> Case:
    """One cell that breaks rules, each named at that cell."""
    return Case(id, file, cell(line, column, value), tuple((file, row or line, column, rule) for rule in rules))


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


# Each spelling of a wrong value


def rules_broken(kind: str, value: str) -> list[str]:
    """Return the rules that a value breaks in a column of a type without further limits."""
    described = {"path": "t.csv", "schema": {"fields": [{"name": "x", "type": kind}]}}
    return [f.rule for f in schema.check_fields(pd.DataFrame({"x": [value]}, index=[2], dtype=object), described)]


SPELLED = [(kind, values, f"type {kind} (") for kind, values in WRONG_TYPE.items()]
SPELLED += [
    ("date", NOT_IN_THE_CALENDAR, "a day of the calendar"),
    ("string", FORMULAS, "a text does not start with = @ + or -"),
    ("string", [f"a{c}b" for c in INVISIBLE + CONTROL], "no control or invisible character"),
    ("string", [*(f"a{b}" for b in BLANKS), *(f"{b}a" for b in BLANKS), *BLANKS], "no blank at either end"),
    ("number", BLANKS, "no blank at either end"),
    ("string", ["e\u0301", "Ma\u0308rz", "x\u0301"], "accents are one character with their letter"),
    ("string", ['a \\" b'], "no backslash"),
    ("string", ["x" * 1001, "é" * 140_000], "at most 1000 characters"),
]


@pytest.mark.parametrize(("kind", "values", "rule"), SPELLED, ids=[f"{k}: {r[:20]}" for k, _, r in SPELLED])
def test_no_spelling_of_a_wrong_value_is_taken(kind, values, rule):
    assert [v for v in values if not any(rule in r for r in rules_broken(kind, v))] == []


def test_right_values_are_taken():
    right = {"integer": ["0", "-7", "2018"], "number": ["0", "-0.5", "5924.50"], "boolean": ["true", "false"]}
    right |= {"date": ["2024-02-29", "1900-01-01"], "string": ["Été – a, b", "a = b", 'He said "x"', "x" * 1000]}
    for kind, values in right.items():
        assert [v for v in ("", *values) if rules_broken(kind, v)] == []


# Damage inside one table: one case for each rule


CELLS = [
    bad_cell("integer", IPCEI, "Hy2Use,", "n_companies", "twenty", "type integer"),
    bad_cell("integer of a key", PANEL, "AT,2018,population,", "year", "+2018", "type integer", row="AT,+2018,"),
    bad_cell("number", RRF, "AT,", "plan_grants_meur", "3,500", "write 1.5 for 1,5 and 3500 for 3,500"),
    bad_cell("no figure", RRF, "AT,", "plan_grants_meur", ":", "type number (", row="AT,"),
    bad_cell("aid in million", IPCEI, "Hy2Infra,", "aid_eur_bn_max", "6900", "at most 100"),
    bad_cell("boolean", COUNTRY, "MT,", "is_eu27", "True", "type boolean"),
    bad_cell("date", IPCEI, "Hy2Use,", "decision_date", "21/09/2022", "type date"),
    bad_cell("impossible date", IPCEI, "Hy2Use,", "decision_date", "2023-02-30", "a day of the calendar"),
    bad_cell("share above 100", RRF, "AT,", "plan_climate_share_pct", "101", "at most 100"),
    bad_cell("negative money", RRF, "AT,", "plan_grants_meur", "-1", "at least 0"),
    bad_cell("enum", GROUP, "DE,2023,", "group", "Leader", "one of: leader, strong, moderate, modest, emerging"),
    bad_cell(
        "integer enum",
        IPCEI,
        "Hy2Use,",
        "communication_year",
        "2015",
        "exists in table communication (communication_year)",
    ),
    bad_cell("pattern", ALLIANCE, "AZEA,", "launch_month", "2022-6", r"pattern \d{4}-\d\d"),
    bad_cell("address of another kind", SOURCES, "BRIEF_2021,", "address", "ftp://example.org/brief", "pattern https?"),
    bad_cell("required value emptied", GROUP, "DE,2023,", "group", "", "a value is required"),
    bad_cell("source emptied", GROUP, "DE,2023,", "source_id", "", "a value is required"),
    bad_cell("only a blank", RRF, "AT,", "plan_grants_meur", " ", "no blank at either end", "type number"),
    bad_cell("formula", IPCEI, "Hy2Use,", "note", '=HYPERLINK("https://example.org","x")', "does not start with ="),
    bad_cell("no such country", STATES, "Hy2Use,PT,", "geo", "XX", "exists in table country (geo)", row="Hy2Use,XX,"),
    bad_cell("ISO code, not Eurostat's", STATES, "Hy2Use,EL,", "geo", "GR", "(geo); Greece is EL", row="Hy2Use,GR,"),
    bad_cell("no such IPCEI", STATES, "Hy2Use,PT,", "ipcei_id", "Hy2use", "exists in table ipcei", row="Hy2use,PT,"),
    bad_cell("no such parent", IPCEI, "ME1-AT,", "parent_ipcei_id", "ME2", "exists in table ipcei (ipcei_id)"),
    Case(
        "no such region",
        RIS,
        cell("2023,AT1,2023,", "region_code", "AT9"),
        [(RIS, "2023,AT9,", "edition, region_code", "exists in table ris_region (edition, region_code)")],
    ),
    bad_cell("no such source", STATES, "Hy2Use,PT,", "source_id", "NOBODY", "exists in table source (source_id)"),
    bad_cell(
        "no such source of figures", STATES, "Hy2Use,PT,", "figures_source_id", "NOBODY", "exists in table source"
    ),
    bad_cell("one of several", IPCEI, "Hy2Use,", "more_source_ids", "IEU_HY2USE;NOBODY", "exists in table source"),
    bad_cell("sources separated by a comma", IPCEI, "Hy2Use,", "more_source_ids", "IEU_HY2USE, REFIT_IPCEI", "pattern"),
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
    bad_cell("group against the threshold", GROUP, "DE,2023,", "group", "leader", "makes DE strong in edition 2023"),
    bad_cell("group of a region", RIS, "2023,AT1,2023,", "group", "moderate", "125.67 % of the EU makes AT1 leader"),
    Case(
        "index against the group",
        INDEX,
        cell("DE,2023,2023,", "value", "20"),
        [
            (GROUP, "DE,2023,", "group", "makes DE emerging in edition 2023"),
            (RANK, "DE,2023,", "rank", "the index of DE in edition 2023 is 20: it has another place"),
        ],
    ),
    Case(
        "no group of a member",
        GROUP,
        without("MT,2021,"),
        [(EDITION, "2021,", "edition", "a group of MT in this edition")],
    ),
    bad_cell(
        "performance year of another edition",
        GROUP,
        "MT,2020,",
        "performance_year",
        "2020",
        "edition 2020 has performance year 2019",
    ),
    bad_cell("editions out of order", EDITION, "2022,", "published", "2021-01-31", "later than the edition before it"),
    bad_cell("two editions on a day", EDITION, "2022,", "published", "2021-06-21", "later than the edition before it"),
    bad_cell(
        "thresholds out of order", EDITION, "2018,", "strong_min_pct", "125", "between the moderate and the leader"
    ),
    bad_cell(
        "number of states changed", IPCEI, "Hy2Use,", "n_member_states", "14", "has 13 notifying states of Hy2Use"
    ),
    Case(
        "code of another framework",
        STRUCTURAL,
        cell("AT,2023,5.1.1,", "indicator_code", "5.1.10"),
        [(STRUCTURAL, "AT,2023,5.1.10,", "indicator_code", "the list of indicators of edition 2023 (indicator.csv)")],
    ),
    bad_cell(
        "theme against the text",
        THEMES,
        "AT,2020,",
        "research_innovation",
        "false",
        "as in semester_rdi.csv, read by hand",
    ),
    Case("member deleted", STATES, without("Hy2Use,PT,"), LEFT_OUT_PT),
    Case("member's role changed", STATES, cell("Hy2Use,PT,", "role", "prepared_only"), LEFT_OUT_PT),
    bad_cell(
        "list of members", LISTS, "Med4Cure,COMP", "geos", "BE ES FR HU IT LT", "country.csv has BE ES FR HU IT SK"
    ),
    bad_cell("list miscounted", LISTS, "Med4Cure,COMP", "n_states", "7", "the number of states in geos"),
    bad_cell(
        "participant from outside", PEOPLE, "Hy2Use_edp_ES", "geo", "BG", "takes part in Hy2Use (ipcei_country.csv)"
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
    bad_cell(
        "a figure of ours in a note", PUBLISHED, "C24,", "note", "29 of them twice", "no figure of ours, which 29 is"
    ),
    bad_cell("a verdict on nothing published", PUBLISHED, "C41,", "verdict", "match", "computed where no value is"),
    bad_cell("no verdict on what is published", PUBLISHED, "C43,", "verdict", "computed", "computed where no value is"),
    Case(
        "a project named twice",
        PUBLISHED,
        cell("C14,", "ipceis", "Med4Cure;Med4Cure"),
        [(PUBLISHED, "C14,", "measure", "names an IPCEI twice")],
    ),
    bad_cell("stored recomputation changed", PUBLISHED, "C30,", "recomputed", "36", "the tables give 37"),
    bad_cell(
        "verdict changed", PUBLISHED, "C44,", "verdict", "match", "published 2900, the tables give 2706, tolerance 50"
    ),
    Case(
        "two published figures not computable",
        PUBLISHED,
        lambda t: cell("C30,", "ipceis", "Hy2Use;Hy2Nowhere")(cell("C41,", "geos", "")(t)),
        (
            (PUBLISHED, "C30,", "measure", "names Hy2Nowhere, not in table ipcei"),
            (PUBLISHED, "C41,", "measure", "needs a value of geos"),
        ),
    ),
    bad_cell("aid without a basis", STATES, "CIS,IT,", "aid_basis", "", "known where aid_eur_mn is"),
    bad_cell("aid above the IPCEI's", STATES, "CIS,NL,", "aid_eur_mn", "1201", "at most the 1.2 billion euro of CIS"),
    bad_cell("companies above the IPCEI's", STATES, "CIS,IT,", "n_companies", "20", "at most the 19 companies of CIS"),
    Case(
        "an IPCEI that nobody lists",
        LISTS,
        lambda text: re.sub(r"(?m)^Tech4Cure,.*\n", "", text),
        [(IPCEI, "Tech4Cure,", "ipcei_id", "has a row in ipcei_membership.csv")],
    ),
    Case(
        "a state that had left",
        COUNTRY,
        cell("UK,", "eu_exit_date", "2018-01-31"),
        [(STATES, "ME1,UK,", "geo", "a Member State on the day (2018-01-31 was its last)")],
    ),
    Case(
        "a rank against the index",
        RANK,
        cell("SE,2023,", "rank", "27"),
        [(RANK, "SE,2023,", "rank", "the index of SE in edition 2023 is")],
    ),
    bad_cell(
        "a refused correction in the table after all",
        CORRECTIONS,
        "ipcei,ipcei_id=ME1,",
        "value_used",
        "41",
        "table ipcei has 40",
    ),
    bad_cell("more SMEs than companies", IPCEI, "CIS,", "n_smes", "20", "at most n_companies"),
    bad_cell(
        "joined too early", STATES, "ME1,AT,", "joined_date", "2018-12-18", "role joined_later, decided on 2018-12-18"
    ),
    bad_cell("late, undated", STATES, "ME1,AT,", "joined_date", "", "role joined_later, decided on 2018-12-18"),
    bad_cell("joined late", STATES, "Hy2Use,PT,", "joined_date", "2022-09-22", "role notifying, decided on 2022-09-21"),
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
        "correction undone",
        STATES,
        cell("ME1,DE,", "n_companies", "18"),
        [(CORRECTIONS, "ipcei_country,ipcei_id=ME1;geo=DE", "value_used", "table ipcei_country has 18")],
    ),
    bad_cell(
        "correction of a row that is gone",
        CORRECTIONS,
        "ipcei_participant,participant_id=Med4Cure_onc",
        "key",
        "participant_id=Med4Cure_oncorna_BE",
        "a row of table ipcei_participant",
    ),
    bad_cell(
        "said by a source that the row does not cite",
        CORRECTIONS,
        "eis_group,",
        "who_says",
        "COMP_BAT against EIS22_INPI",
        "cited by its row: write COMP_BAT into more_source_ids of table eis_group (geo=EE;edition=2022)",
    ),
    bad_cell("said by no source", CORRECTIONS, "eis_group,", "who_says", "the ministry", "begins with the source_id"),
    bad_cell(
        "no such table", CORRECTIONS, "eis_group,", "table", "eis_groups", "one of: alliance, ", row="eis_groups,"
    ),
    bad_cell("no such column", CORRECTIONS, "eis_group,", "column", "grp", "a column of table eis_group"),
    bad_cell("no such key", CORRECTIONS, "eis_group,", "key", "country=EE;edition=2022", "columns of table eis_group"),
    Case(
        "dropped row is back",
        SCORE,
        added("UK,2023,2023,5.2.4,23.85,false,EIS23_DB"),
        [(CORRECTIONS, "eis_score,", "status", "no such figure in table eis_score")],
    ),
    Case(
        "no population",
        PANEL,
        without("MT,2017,population,"),
        [(PANEL, None, "value", "population of MT in 2017, needed for ME1")],
    ),
    bad_cell(
        "population of zero",
        PANEL,
        "MT,2017,population,",
        "value",
        "0",
        "population and GDP are above zero",
        "from population_midyear (series); to keep this value, which moves no result, record the revision",
    ),
    bad_cell(
        "not that of its splice", PANEL, "AT,2020,gdp_pc_pps,", "value", "125.9", "125.8", row="AT,2020,gdp_pc_pps,"
    ),
    bad_cell(
        "not carried forward",
        PANEL,
        "CY,2024,population,",
        "value",
        "927201",
        "927200, from population_implied (carried_forward)",
    ),
    Case("two on one square", GRID, cell("MT,", "row", "6"), [(GRID, "MT,", "col", "no two countries on one square")]),
    Case("no tile", GRID, without("MT,"), [(GRID, None, "geo", "every Member State is in the table")]),
    Case(
        "no outline",
        OUTLINE,
        lambda text: re.sub(r"(?m)^MT,.*\n", "", text),
        [(OUTLINE, None, "geo", "every Member State is in the table")],
    ),
    Case(
        "Member State no longer one",
        COUNTRY,
        cell("MT,", "is_eu27", "false"),
        (
            (COUNTRY, None, "is_eu27", "27 Member States"),
            (PUBLISHED, "C20,", "recomputed", "the tables give 13"),
            (PUBLISHED, "C55,", "recomputed", "the tables give 20"),
            (PUBLISHED, "C20,", "verdict", "published 14, the tables give 13"),
        ),
    ),
    Case(
        "source not cited",
        SOURCES,
        added("ORPHAN,Nobody,A title,2021,,open,found,2026-11-22,"),
        [(SOURCES, "ORPHAN,", "source_id", "cited by a row of some table")],
    ),
]


@parametrised(ACROSS)
def test_a_contradiction_across_tables_is_reported(copy, case):
    copy.change(case.file, case.change)
    failures, skipped = checks.check_all(copy.folder)
    assert_reported(failures, expected(copy, case))
    assert skipped == []


def test_a_panel_may_keep_what_stood_there_before_a_documented_revision(copy):
    """So that a revised figure of the registered period moves no registered result."""
    was = "AT,2010,berd_meur,"
    copy.change("context/country_year.csv", cell(was, "value", "5600"))
    failures, _ = checks.check_all(copy.folder)
    assert [(f.file, f.column) for f in failures] == [(PANEL, "value")] and "5600, from berd_meur" in failures[0].rule
    key = "geo=AT;year=2010;variable=berd_meur"
    copy.change(CORRECTIONS, added(f"country_year,{key},value,5520.422,5600,revised,ESTAT_RD_2025,2026-11-29,applied"))
    assert checks.check_all(copy.folder) == ([], [])


def test_tables_with_a_licence_of_their_own_may_be_absent(copy):
    for name in licences.restricted(frozen.resources()):
        copy.change(frozen.resource(name)["path"], lambda text: None)
    assert checks.check_all(copy.folder) == ([], []) and checks.check_frozen(copy.folder) == []


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


@pytest.mark.parametrize("value", [":", "n/a", "N/A", "-", "–", "...", "NaN", "na", ": c"])
def test_a_sign_for_no_figure_is_told_to_be_left_out(value):
    assert any("no figure: leave the cell empty" in rule for rule in rules_broken("number", value))


@pytest.mark.parametrize("value", ["1,5", "1 234,5", "1.234,56", "-0,1", "3,500"])
def test_a_decimal_comma_is_told_to_be_a_point(value):
    assert any("write 1.5 for 1,5" in rule for rule in rules_broken("number", value))


def test_many_failures_of_one_kind_are_one_line():
    failures = [schema.Failure("t.csv", i, "x", f"{i},5", "a rule") for i in range(2, 4000)]
    other = [schema.Failure("t.csv", 7, "y", "z", "another")]
    assert schema.grouped(failures + other) == [
        "t.csv, column x: 3998 values break the rule: a rule; the first are row 2: '2,5'; row 3: '3,5'; row 4: '4,5'",
        str(other[0]),
    ]


def test_a_merge_that_is_not_settled_is_one_failure(copy):
    def conflict(text: str) -> str:
        first, line, *rest = text.splitlines(keepends=True)
        return first + f"<<<<<<< HEAD\n{line}=======\n{line}>>>>>>> other\n" + "".join(rest)

    copy.change(SOURCES, conflict)
    failures, skipped = checks.check_all(copy.folder)
    assert [(f.file, f.row) for f in failures] == [(SOURCES, 2)] and "no unsettled merge" in failures[0].rule
    assert any(text.startswith("keys of table ipcei") for text in skipped)


# Harmless changes


def reversed_rows(text):
    first, *rest = text.splitlines(keepends=True)
    return first + "".join(reversed(rest))


@pytest.mark.parametrize(
    ("change", "order"),
    [(lambda text: as_csv(csv.reader(text.splitlines()), quoting=csv.QUOTE_ALL), 1), (reversed_rows, -1)],
    ids=["quotes around every cell", "the order of rows"],
)
def test_what_is_harmless_is_no_failure_of_any_rule(copy, change, order):
    files = (IPCEI, STATES, PUBLISHED)
    before = {file: frozen.load(TABLE[file], copy.folder) for file in files}
    for file in files:
        copy.change(file, change)
    assert checks.check_all(copy.folder) == ([], [])
    for file in files:
        assert frozen.load(TABLE[file], copy.folder).equals(before[file].iloc[::order].reset_index(drop=True))


# The command line


def test_check_says_that_the_data_hold(repository):
    done = repository.run("check")
    assert (done.returncode, done.stderr) == (0, "")
    first, *notes = done.stdout.splitlines()
    assert first == f"{len(frozen.resources())} tables hold, {len(checks.RULES)} rules across tables hold"
    assert all(line.startswith("note: ") for line in notes)


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
    wanted = ("member deleted", "no population", "no outline")
    chosen = [case for case in ACROSS if case.id in wanted]
    for case in chosen:
        repository.change(case.file, case.change)
    done = repository.run("check")
    assert done.returncode == 1
    for said in (
        f"tier1/ipcei.csv, row {repository.row(IPCEI, 'Hy2Use,')}, column n_member_states: '13' breaks the rule: "
        "ipcei_country.csv has 12 notifying states of Hy2Use\n",
        "context/country_panel.csv, column value: '' breaks the rule: population of MT in 2017, needed for ME1\n",
        "geography/outline.csv, column geo: 'MT' breaks the rule: every Member State is in the table\n",
    ):
        assert said in done.stderr
    for case in chosen:  # these files hold, but they are not the tables that were recorded
        found = rf"^{re.escape(case.file)}: '\d+ bytes, sha256:.*as frozen: \d+ bytes, sha256:"
        assert re.search(found, done.stderr, re.M)
    files = {file for case in chosen for file, *_ in case.expected} | {case.file for case in chosen}
    count = len(chosen) + sum(len(case.expected) for case in chosen)
    assert f"{count} failures in {len(files)} of" in done.stderr and "not checked" not in done.stderr


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
