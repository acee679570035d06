"""`innodivide add` from end to end: shown, refused, asked and written."""

import shutil

import click
import pytest
import workbooks
from click.testing import CliRunner
from test_cli import cli

from innodivide.cli import questions
from innodivide.cli.questions import Answers
from innodivide.data import frozen, new_rows

NEW_SOURCE = "--title T --publisher P --address https://example.org --licence L --retrieved 2026-11-29".split()


def write(path, *lines: str):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture
def prepared(repository, tmp_path):
    """Return how a field of technology with a new source is added to a repository of its own."""
    (tmp_path / "notebooks").mkdir()
    shutil.copy(frozen.ROOT / "notebooks" / "notebooks.yml", tmp_path / "notebooks")
    file = write(tmp_path / "value_chain.csv", "value_chain,meaning", "new,Something new")
    command = ["add", file, "--source", "NEW_SOURCE", *NEW_SOURCE, "--no-ledger"]
    return lambda *options: repository.run(*command, *options)


def test_rows_are_shown_and_written_and_then_there(repository, prepared):
    done = prepared("--yes")
    assert done.returncode == 0 and "written: 2 tables and their hashes" in done.stdout, done.stderr
    assert "value_chain: 1 new rows" in done.stdout and "annexes: none reads a table that changes" in done.stdout
    assert "new,Something new,NEW_SOURCE\n" in (repository / "vocabulary/value_chain.csv").read_text()
    assert "NEW_SOURCE,P,T,,https://example.org,L,downloaded" in (repository / "sources.csv").read_text()
    assert "all 1 rows are in the tables already" in prepared("--yes").stdout


@pytest.mark.slow
def test_a_dry_run_writes_nothing(repository, prepared):
    before = (repository / frozen.PACKAGE).read_bytes()
    done = prepared("--dry-run")
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.endswith("nothing was written\n")
    assert (repository / frozen.PACKAGE).read_bytes() == before


@pytest.mark.parametrize(
    ("lines", "options", "said"),
    [
        (["value_chain,meaning", "new,Something"], ["--yes"], "--source is needed here"),
        (["value_chain,meaning", "new,Something"], ["--yes", "--source", "NEW"], "--title is needed here"),
        (["value_chain,meaning", "health,Other words"], ["--yes"], "--reason is needed here"),
        (["value_chain,meaning,source_id", "health,Other words,INNODIVIDE"], ["--yes"], "--reason is needed here"),
        (["value_chain,meaning,source_id", "health,=1,INNODIVIDE"], ["--yes"], "a text does not start with"),
    ],
)
def test_what_is_needed_and_not_given_is_named(tmp_path, lines, options, said):
    result = cli("add", write(tmp_path / "value_chain.csv", *lines), *options)
    assert result.exit_code in (1, 2) and said in result.output


def test_without_files_and_without_asking_nothing_happens():
    assert "name the files to add" in cli("add", "--yes").output


def test_a_damaged_workbook_ends_with_status_1_and_every_fault(tmp_path):
    rows = workbooks.eis_rows(3)
    rows = rows[rows["indicator_code"] == "SII"].astype(object).replace({"iso2": {"EL": "GR"}})
    path = workbooks.save(tmp_path / "EIS_web_download.xlsx", EIS=rows)
    result = cli("add", path, "--source", "EIS25_DB", "--yes")
    assert result.exit_code == 1 and "sheet EIS, row" in result.output and "Greece is EL" in result.output
    assert "3 failures; nothing was written" in result.output


def asked(function, *lines: str):
    """Return what a function of the questions gives when a person types some lines."""
    kept = []

    @click.command()
    def command():
        kept.append(function(Answers({"source_id": "COMP_BAT"}, ask=True)))

    result = CliRunner().invoke(command, input="\n".join(lines) + "\n")
    assert result.exit_code == 0, result.output
    return kept[0]


def test_an_ipcei_is_asked_for_and_its_rows_hold():
    typed = ["ipcei", "NEW", "Invented", "health", "2025-06-30", "9", "", "2.5", "2021", "SE MT"]
    rows = asked(questions.rows, *typed)
    tables = {r.table: r.frame for r in rows}
    assert tables["ipcei_country"]["geo"].tolist() == ["MT", "SE"]
    assert tables["ipcei_membership"][["geos", "n_states"]].iloc[0].tolist() == ["MT SE", "2"]
    assert tables["ipcei"].iloc[0][["n_member_states", "n_projects"]].tolist() == ["2", ""]
    proposal, failures = new_rows.propose(rows)
    assert failures == [] and len(proposal.changes) == 4


def test_a_correction_is_asked_for_with_its_reason():
    companies = frozen.load("ipcei").set_index("ipcei_id").loc["CIS", "n_companies"]
    rows = asked(questions.rows, "correction", "ipcei", "CIS", "n_companies", "21")
    proposal, _ = new_rows.propose(rows)
    recorded, cited = asked(lambda say: questions.correction(say, proposal, rows), "revised by the office", "", "")
    row = recorded.frame.iloc[0]
    assert cited.frame["more_source_ids"].tolist()[0].endswith("COMP_BAT")
    assert row[["value_in_source", "value_used", "reason", "who_says", "status"]].tolist() == [
        str(companies),
        "21",
        "revised by the office",
        "COMP_BAT",
        "applied",
    ]
