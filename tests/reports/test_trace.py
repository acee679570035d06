"""From an exhibit or number to functions, rows and addresses, by the code as it stands and the exhibits as stored."""

import csv
import io

import pytest
from click.testing import CliRunner

from innodivide.cli.main import main
from innodivide.data import Tables, frozen
from innodivide.errors import ParameterError
from innodivide.evidence import brief_frames
from innodivide.indicators import panel, participation
from innodivide.narrative import policy_brief
from innodivide.reports.archive import code_trace, tables_read
from innodivide.reports.archive.exhibit_trace import BRIEF, EXPORTED, shown_in, trace, where
from innodivide.reports.verify import golden

STORED = [r for r in golden.stored() if not r.startswith("annex/")] + ["annex/PL"]


@pytest.mark.parametrize("report", STORED)
def test_every_stored_exhibit_leads_to_a_cell_and_to_functions_that_are_there(report):
    for exhibit in golden.read_stored(report).ids:
        _, code = shown_in(exhibit)
        _, data, words = tables_read.shown_by(code, exhibit)
        assert code_trace.places(data + words), f"{exhibit} of {report}"
        for at in code_trace.places(data + words):
            place, name = at.split(" ")
            file, line = place.split(":")
            text = (frozen.ROOT / file).read_text(encoding="utf-8").splitlines()[int(line) - 1]
            assert f" {name}" in text and text.startswith(("def ", "class "))


@pytest.mark.parametrize("function", [brief_frames.membership, panel.ipcei_dyads, participation.by_country])
def test_no_table_that_is_read_is_missing_from_those_found_in_the_code(function):
    tables = Tables()
    function(tables)
    found = set(tables_read.tables_of([f"{function.__module__}.{function.__name__}"]))
    assert set(tables.state) <= found and len(found) < len(frozen.resources()) / 4


def test_a_country_leads_to_its_rows_by_code_and_by_name_and_to_the_addresses_of_their_sources():
    found = trace("F7.2", "Poland")
    assert found == trace("f7.2", "PL")
    (row,) = found.rows
    taking = [r for r in found.tables["ipcei_country"][1] if r["role"] in ("notifying", "joined_later")]
    assert int(row["n"]) <= len({r["ipcei_id"] for r in taking}) and all(r["geo"] == "PL" for r in taking)
    assert {r["source_id"] for r in taking} <= found.sources.keys()
    assert all("://" in text for text in found.sources.values())


def test_a_number_leads_to_its_row_and_the_values_of_words_have_names():
    found = trace("T3.5", "1.07")
    (row,) = found.rows
    assert f"{float(row['odds_ratio']):.2f}" == "1.07" and row["term"] == "Innovation leader"
    dyads = list(csv.DictReader(io.StringIO(golden.read_stored("03_leader_test").tables["T3.7"])))
    assert trace("T3.5").values["n_dyads"] == str(len(dyads))


def test_the_rows_that_are_computed_with_are_those_of_the_exhibit_that_exports_them():
    (frame, (report, n, rows)) = next(iter(trace("F7.1", "Poland").frames.items()))
    stored = list(csv.DictReader(io.StringIO(golden.read_stored(report).tables[frame])))
    assert (report, frame, n) == ("03_leader_test", "T3.7", len(stored))
    assert list(rows) == [row for row in stored if row["geo"] == "PL"]
    assert (
        "T3.7" not in trace("T3.7").frames
        and "T6.14" in trace("T6.1").frames
        and "T5.17" in trace("T7.1", "C12").frames
    )
    for function in EXPORTED:
        assert code_trace.definition(f"innodivide.{function}") is not None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("F7.2", "Atlantis"), "'Atlantis' is in no row and no word of F7.2, nor of another exhibit"),
        (("F7.2", "Polnd"), "near: Poland is PL"),
        (("TA.1", "Polen"), "near: Poland is PL"),
    ],
)
def test_a_key_that_is_nowhere_is_an_error_and_what_is_near_is_named(given, said):
    result = CliRunner().invoke(main, ["trace", *given])
    assert result.exit_code == 2 and said in " ".join(result.output.split())


def test_a_claim_leads_to_its_rules_and_to_their_tables_only():
    found, whole = trace("T7.1", "C05"), trace("T7.1")
    assert sum(at.endswith(" c05") for at in found.made_by) == 2  # first and second registration
    assert {"s3_partnership_region", "ipcei_country"} <= found.tables.keys() < whole.tables.keys()
    assert 0 < len(found.sources) < len(whole.sources)


@pytest.mark.parametrize(
    ("exhibit", "key", "column", "value"),
    [
        ("F7.1", "33%", "who", "Innovation leaders"),
        ("T7.1", "1,424", "claim_id", "C05"),
        ("T7.1", "+0.48", "claim_id", "C09"),
        ("T7.1", "−0.044", "claim_id", "C08"),
    ],
)
def test_a_number_as_printed_leads_to_its_row(exhibit, key, column, value):
    assert [row[column] for row in trace(exhibit, key).rows] == [value]


def test_a_number_is_no_part_of_another():
    assert trace("T7.1", "0.4").rows == () and not where("424")
    assert trace("T7.1", "0.03").rows == (), "the sign counts"


def test_a_number_alone_leads_to_the_exhibits_that_show_it_those_of_the_brief_and_words_first():
    shown = where("1.07")
    in_words = [id for id, report, _ in shown if "1.07" in str(golden.read_stored(report).words[id])]
    brief = [report == BRIEF for _, report, _ in shown]
    assert {"N3.1", "N7.1"} <= set(in_words) and brief == sorted(brief, reverse=True) and shown[0][0] == "N7.1"
    others = [id for id, report, _ in shown if report != BRIEF]
    assert [id for id in others if id in in_words] == others[: sum(id in in_words for id in others)]
    assert "T3.5" in [id for id, *_ in shown] and where("no such text") == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("7.1",), "ids are such as T7.1"),
        (("F99.1",), "is no id"),
        (("F9.99",), "no notebook shows F9.99"),
        (("TA.1",), "annexes are of one country each"),
        (("T7.1", "", "03_leader_test"), "T7.1 is not in the stored report 03_leader_test; there are "),
    ],
)
def test_what_is_not_there_is_named(given, said):
    with pytest.raises(ParameterError, match=said):
        trace(*given)


def test_the_command_prints_all_of_it():
    result = CliRunner().invoke(main, ["trace", "FA.2", "MT"])
    assert result.exit_code == 0, result.output
    for part in ("FA.2 of report annex/MT", "data made by:", "rows of table eis_score (data/", "sources:", "(--all)"):
        assert part in result.output
    assert "and 0 more" not in result.output


def test_the_command_finds_a_number_and_says_where_a_sentence_has_its_sources():
    found = CliRunner().invoke(main, ["trace", "1,424"])
    assert "F7.4 of 07_policy_brief" in found.output and "innodivide trace F7.4 1,424" in found.output
    sentence = CliRunner().invoke(main, ["trace", "N3.1", "1.07", "--all"])
    assert "these show it too" in sentence.output and "T3.5 of 03_leader_test" in sentence.output
    none = CliRunner().invoke(main, ["trace", "nowhere"])
    assert none.exit_code == 2 and "no exhibit shows it" in none.output


def test_a_name_that_is_not_of_the_library_is_no_definition():
    assert code_trace.definition("os.path.join") is None and code_trace.definition("innodivide.none.at_all") is None


# ---- what a stranger looks for ----


@pytest.mark.parametrize("figure", policy_brief.TABLES)
def test_the_tables_whose_sources_a_figure_cites_are_found_in_the_code_behind_it(figure):
    assert set(policy_brief.TABLES[figure]) <= set(trace(figure).tables)


@pytest.mark.parametrize(
    ("figure", "number", "function"),
    [("F7.1", "33%", "plain_shares"), ("F7.6", "€994", "money_by_country"), ("F7.4", "1,424", "connection")],
)
def test_a_number_leads_to_its_row_and_to_the_function_that_computes_it(figure, number, function):
    found = trace(figure, number)
    assert len(found.rows) == 1 and any(place.endswith(f" {function}") for place in found.used)
