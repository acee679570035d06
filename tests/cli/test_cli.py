"""The command line: help, messages and exit statuses (0 done, 1 a check or report failed, 2 wrong use)."""

import subprocess
import sys

import pytest
from brief_run import stored_ledger
from click.testing import CliRunner
from report_fixtures import MINI, invoke

from innodivide import __version__
from innodivide.cli.main import main
from innodivide.data import frozen
from innodivide.reports.making import run as runner
from innodivide.reports.making.declarations import eu27, notebooks
from innodivide.reports.making.run import Outcome


def cli(*arguments):
    """Run a command in this process; an exception that is not a clean exit fails the test."""
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def told(monkeypatch, tmp_path):
    """Replace the work itself: record the jobs and say that each was made, but for those of Malta."""
    asked = {}

    def pretend(jobs, out, *, force, overwrite, workers, executor, tell):
        asked.update(jobs=jobs, force=force, overwrite=overwrite, workers=workers)
        outcomes = [
            Outcome(j.name, "failed", "it broke") if "MT" in j.name else Outcome(j.name, "made", "", 2.0) for j in jobs
        ]
        for outcome in outcomes:
            tell(outcome)
        return outcomes

    monkeypatch.setattr(runner, "run", pretend)
    asked["out"] = tmp_path / "out"
    return asked


# ---- help ----


@pytest.mark.parametrize("command", [[], *([name] for name in main.commands)])
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help(command, flag):
    result = cli(*command, flag)
    assert result.exit_code == 0 and result.output.startswith("Usage: ")
    assert len(result.output.split("\n\n")[1].strip()) > 20, "what the command does"


def test_help_lists_every_command_with_what_it_does():
    listed = cli("--help").output.split("Commands:")[1].splitlines()
    for name, command in main.commands.items():
        assert command.help and any(line.split()[:1] == [name] for line in listed)


def test_version():
    assert cli("--version").output.split()[-1] == __version__


# ---- annex ----


def test_what_is_shown_goes_into_the_name_of_the_folder_and_what_is_put_on_it_does_not(told, tmp_path):
    given = ("--peers", "cz,SK", "--edition", "2023", "--until", "2024-01-31", "--title", "Ours", "--contact", "Us")
    result = cli("annex", "PL", *given, "--overwrite-edited", "--out", told["out"])
    assert result.exit_code == 0, result.output
    (job,) = told["jobs"]
    assert job.name == "annex/PL--peers-CZ%2CSK--edition-2023--until-2024-01-31" and told["overwrite"]
    assert job.parameters["peers"] == "CZ,SK" and (job.branding.title, job.branding.contact) == ("Ours", "Us")


@pytest.mark.parametrize(
    ("given", "said"),
    [(("--peers", "CZ,XX"), "codes separated by commas"), (("--edition", "2019"), "one of latest, 2023, 2025")],
)
def test_a_choice_that_cannot_be_is_refused(told, given, said):
    result = cli("annex", "PL", *given, "--out", told["out"])
    assert result.exit_code == 2 and said in " ".join(result.output.split()) and "jobs" not in told


@pytest.mark.parametrize(
    "given", [["XX"], ["PL", "XX"], ["EU27"], ["UK"], ["GR"], [""], [], ["--all", "PL"]], ids=" ".join
)
def test_an_unknown_country_or_none_lists_the_27(given, told):
    result = cli("annex", *given, "--out", told["out"])
    assert result.exit_code == 2 and ", ".join(eu27()) in result.output
    assert "jobs" not in told and not told["out"].exists()


def test_lower_case_codes_are_accepted_and_repeated_ones_made_once(told):
    result = cli("annex", "pl", "El", "PL", "--out", told["out"])
    assert result.exit_code == 0 and [j.name for j in told["jobs"]] == ["annex/PL", "annex/EL"]
    assert "[1/2] annex/PL: made in 2 s" in result.output and "2 made, 0 up to date, 0 failed" in result.output


def test_all_makes_27_and_a_failure_ends_with_status_1(told):
    result = cli("annex", "--all", "--out", told["out"], "--workers", "3", "--force")
    assert [j.parameters["country"] for j in told["jobs"]] == list(eu27())
    assert (told["workers"], told["force"]) == (3, True)
    assert result.exit_code == 1 and "26 made, 0 up to date, 1 failed" in result.output
    assert "annex/MT: failed" in result.output and "it broke" in result.stderr


def test_the_country_is_not_given_with_p(told):
    result = cli("annex", "PL", "-p", "country=DE")
    assert result.exit_code == 2 and "innodivide annex PL" in result.output and "jobs" not in told


# ---- run ----


def test_run_makes_all_policy_notebooks(told):
    result = cli("run", "--out", told["out"])
    assert result.exit_code == 0, result.output
    assert [j.notebook.name for j in told["jobs"]] == [n for n in notebooks() if n != "country_annex"]


def test_a_notebook_named_twice_is_run_once(told):
    assert cli("run", "03", "notebooks/03_leader_test.ipynb", "--out", told["out"]).exit_code == 0
    assert [j.name for j in told["jobs"]] == ["03_leader_test"]


@pytest.mark.parametrize(
    ("arguments", "told_text"),
    [
        (["run", "99"], "unknown notebook '99'; the notebooks are: 01_innovation_divide, "),
        (["run", "03", "-p", "status"], "-p 'status': write it as NAME=VALUE"),
        (["run", "03", "-p", "statsu=lag1"], "no parameter 'statsu' (did you mean status?)"),
        (["run", "03", "-p", "status=lag2"], "status='lag2': expected one of at_decision, lag1"),
        (["run", "03", "-p", "name=x"], "no parameter 'name'"),
        (["run", "02", "-p", "until=2021-02-30"], "until='2021-02-30': expected a value of type date"),
        (["run", "-p", "status=lag1"], "01_innovation_divide has no parameter 'status'"),
        (["annex", "PL", "-p", "year=2020"], "country_annex has no parameter 'year'"),
        (["describe", "no_such"], "unknown table 'no_such'; the tables are: "),
        (["describe", "a", "b"], "unexpected extra argument"),
        (["nonsense"], "No such command"),
        (["--nonsense"], "No such option"),
        (["annex", "--nonsense"], "No such option"),
        (["run", "--workers", "0"], "0 is not in the range"),
        (["run", "--workers", "x"], "'x' is not a valid integer"),
    ],
)
def test_wrong_names_and_values_end_with_status_2_before_anything_runs(arguments, told_text, told):
    result = cli(*arguments)
    assert result.exit_code == 2 and told_text in " ".join(result.output.split()), result.output
    assert "jobs" not in told


def test_a_value_may_contain_an_equals_sign_and_spaces(told):
    result = cli("run", "02", "-p", "until=a=b c")
    assert result.exit_code == 2 and "until='a=b c'" in result.output


def test_an_output_folder_that_cannot_be_written_ends_with_status_2(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        result = cli("annex", "MT", "--out", out)
        assert result.exit_code == 2 and str(out) in " ".join(result.output.split())
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


# ---- describe, check ----


def test_describe_lists_the_tables_and_explains_each_column():
    listed = cli("describe").output.splitlines()
    assert {line.split()[0] for line in listed} == set(frozen.resources())
    described = cli("describe", "ipcei_country").output
    for row in frozen.describe("ipcei_country").itertuples():
        assert f"\n{row.column}: {row.meaning}" in described
    assert "key" in described and "refers to source" in described


@pytest.mark.slow
def test_claims_computes_and_prints_the_stored_ledger():
    result = cli("claims")
    assert result.exit_code == 0 and result.output == stored_ledger()


# ---- bad data ----


def cut_off(text):
    return text[: len(text) // 2]


def repeated_row(text):
    return text + text.splitlines()[-1] + "\n"


@pytest.mark.parametrize(
    ("file", "spoil", "rule"),
    [
        ("geography/tile_grid.csv", cut_off, "file cut off?"),
        ("geography/tile_grid.csv", repeated_row, "unique key"),
        ("geography/tile_grid.csv", lambda t: t.replace(",", ";", 1), "the header is"),
        ("geography/tile_grid.csv", lambda t: None, "the file exists"),
        ("tier1/ipcei.csv", repeated_row, "unique key"),  # not declared, but referred to
        ("datapackage.json", cut_off, "not a readable package description"),
        ("../notebooks/notebooks.yml", lambda t: t + "\n  broken: [", "cannot be read"),
    ],
)
def test_bad_data_is_named_and_nothing_is_run_or_written(mini, change, file, spoil, rule):
    path, out = change(f"data/{file}", spoil), mini.root / "out"
    done = mini.call(invoke, ["run", MINI, "--out", out])
    assert done.returncode == 1, done.stdout + done.stderr
    assert rule in done.stderr and path.name in done.stderr and "Traceback" not in done.stderr
    assert done.stdout == "" and not out.exists()


def test_bad_data_in_a_table_that_is_not_used_does_not_stop_a_run_but_fails_the_check(mini, change):
    change("data/tier2/rrf_fact.csv", repeated_row)
    refused = mini.cli("run", MINI, "--out", mini.root / "notebooks" / "notebooks.yml")  # data are checked before
    checked = mini.cli("check")
    assert refused.returncode == 2 and "rrf_fact" not in refused.stderr
    assert checked.returncode == 1 and "tier2/rrf_fact.csv, row " in checked.stderr and "unique key" in checked.stderr


def test_only_tables_with_a_licence_of_their_own_are_left_out():
    result = cli("--without", "ipcei", "check")
    assert result.exit_code == 2 and "tables with a licence of their own: eqi, eqi_2024" in result.output


# ---- a changed copy of the tables ----


def test_a_copy_of_the_tables_is_made_once(tmp_path):
    result = cli("copy-data", tmp_path / "mine")
    assert result.exit_code == 0 and (tmp_path / "mine" / "datapackage.json").is_file()
    again = cli("copy-data", tmp_path / "mine")
    assert again.exit_code == 2 and "is there already" in again.output


def test_tables_of_another_folder_must_be_there_and_be_named_before_any_are_read(tmp_path):
    assert "write it first, as innodivide --data" in cli("describe", "--data", tmp_path).output


def test_tables_of_another_folder_are_used(repository, tmp_path):
    package = repository.root / "data" / "datapackage.json"
    text = package.read_text(encoding="utf-8")
    other = tmp_path / "other"
    other.mkdir()
    refused = repository.run("describe", "--data", str(other))
    assert refused.returncode == 2 and "no datapackage.json; make a copy with innodivide copy-data" in refused.stderr
    (other / "datapackage.json").write_text(text.replace('"name": "claim"', '"name": "said"', 1), encoding="utf-8")
    listed = [line.split()[0] for line in repository.run("describe", "--data", "other").stdout.splitlines()]
    assert "said" in listed and "claim" not in listed


def test_no_table_is_looked_for_before_a_command_has_its_options():
    """Where the tables are is fixed when innodivide.data is imported: --data must come first."""
    code = "import sys, innodivide.cli.main as m; sys.exit('innodivide.data' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
