"""verify, compare, --why and --renew on the command line, with real runs in a small copy of the repository."""

import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from report_fixtures import MINI, invoke, tree

from innodivide.data import frozen
from innodivide.reports.verify import golden
from innodivide.reports.verify.compare import Content, verdicts

SECOND = f"{MINI}--mood-second"


@pytest.fixture(scope="module")
def run(mini):
    """A real run whose exhibits are stored; tests work on copies of it."""
    out = mini.root / "run"
    made = mini.cli("run", MINI, "--out", out, "--format", "html")
    assert made.returncode == 0, made.stderr
    nothing = mini.call(invoke, ["verify", out, "--only", MINI])
    assert nothing.returncode == 2 and "nothing is stored" in nothing.stderr
    stored = mini.call(invoke, ["verify", out, "--renew"])
    assert stored.returncode == 0, stored.stderr
    assert f"{MINI}: new: F90.1, N90.1, T90.1" in stored.stdout
    assert f"stored: {MINI}: F90.1.csv, T90.1.csv, text.md" in stored.stdout
    return out


@pytest.fixture
def copied(run, tmp_path):
    return shutil.copytree(run, tmp_path / "copy")


@pytest.fixture
def put_back(mini):
    """Put tables and stored exhibits of the small repository back after a test that changes them."""
    files = [p for folder in ("data", "reports/expected") for p in (mini.root / folder).rglob("*") if p.is_file()]
    kept = {path: path.read_bytes() for path in files}
    yield
    for path in (p for p, content in kept.items() if p.read_bytes() != content):
        path.write_bytes(kept[path])


def verify(mini, run, *arguments):
    return mini.call(invoke, ["verify", run, "--save", mini.root / "said", *arguments])


# ---- stored exhibits ----


def test_what_is_stored_is_text_that_reads_back(mini, run, monkeypatch):
    folder = mini.root / "reports" / "expected" / MINI
    files = tree(folder)
    assert set(files) == {"F90.1.csv", "T90.1.csv", "text.md"}
    assert files["T90.1.csv"] == (run / MINI / "exhibits" / "T90.1.csv").read_bytes()
    monkeypatch.setattr(golden, "EXPECTED", folder.parent)
    content = golden.read_stored(MINI)
    assert content == golden.read_run(run / MINI)
    assert content.words["N90.1"] == {"text": "There are 3 tiles in a good mood."}
    assert content.words["F90.1"]["alt"] == "A rising line." and content.words["T90.1"]["columns"] == "Country | Row"


def test_storing_again_changes_nothing(mini, run):
    before = tree(mini.root / "reports" / "expected")
    again = mini.call(invoke, ["verify", run, "--renew"])
    assert again.returncode == 0 and f"0 of 1 reports renewed in {mini.root}" in again.stdout
    assert tree(mini.root / "reports" / "expected") == before


def test_a_report_written_over_an_older_one_leaves_none_of_its_files(tmp_path, monkeypatch):
    monkeypatch.setattr(golden, "EXPECTED", tmp_path)
    old = Content({"T1.1": {"title": "a"}, "T1.2": {"title": "b"}}, {"T1.1": "x\n1\n", "T1.2": "x\n2\n"})
    new = Content({"T1.1": {"title": "a"}}, {"T1.1": "x\n3\n"})
    assert golden.write_stored("01", old) == ["T1.1.csv", "T1.2.csv", "text.md"]
    assert golden.write_stored("01", new) == ["T1.1.csv", "T1.2.csv (removed)", "text.md"]
    assert golden.read_stored("01") == new and golden.stored() == ["01"]
    assert sorted(tree(tmp_path)) == ["01/T1.1.csv", "01/text.md"]


# ---- verify ----


def test_a_run_that_reproduces_everything(mini, run):
    done = verify(mini, run)
    assert done.returncode == 0 and "3 reproduced, 0 differs, 0 not run, 0 new" in done.stdout
    said = tree(mini.root / "said")
    assert set(said) == {"verification.html", "verification.md"}
    assert "**Reproduced**: all 3 stored exhibits." in said["verification.md"].decode()
    assert "those of this checkout | those here | unknown" in said["verification.md"].decode()
    assert str(mini.root) not in said["verification.md"].decode() and b"<script" not in said["verification.html"]
    verify(mini, run)
    assert tree(mini.root / "said") == said, "the same bytes each time"


def test_an_altered_cell_is_named_and_so_is_the_altered_file(mini, copied):
    table = copied / MINI / "exhibits" / "T90.1.csv"
    rows = pd.read_csv(table)
    geo = rows.loc[0, "geo"]
    rows.assign(row=[99, *rows["row"][1:]]).to_csv(table, index=False)
    done = verify(mini, copied)
    assert done.returncode == 1
    assert f"{MINI} T90.1: 1 differences in " in done.stdout and f"geo={geo}, row: expected " in done.stdout
    assert "found '99'" in done.stdout and "2 reproduced, 1 differs, 0 not run, 0 new" in done.stdout
    assert f"{MINI}: output exhibits/T90.1.csv is missing or was altered" in done.stderr


@pytest.mark.parametrize("output", ["report.html", "exhibits/F90.1.svg", "notebook.ipynb"])
def test_an_altered_output_fails_even_where_every_exhibit_agrees(mini, copied, output):
    with (copied / MINI / output).open("ab") as file:
        file.write(b"\n")
    done = verify(mini, copied)
    assert done.returncode == 1 and "3 reproduced, 0 differs" in done.stdout
    assert f"{MINI}: output {output} is missing or was altered" in done.stderr


@pytest.mark.parametrize(
    ("file", "spoil", "told"),
    [
        ("manifest.json", lambda text: text[:50], "manifest.json is damaged"),
        (
            "manifest.json",
            lambda text: text.replace(f'"notebook": "{MINI}"', '"notebook": "99_none"'),
            "unknown notebook '99_none'",
        ),
        ("notebook.ipynb", lambda text: text[:50], "notebook.ipynb is no executed notebook of ours"),
        ("notebook.ipynb", lambda text: "[" * 100_000, "notebook.ipynb is no executed notebook of ours"),
        (
            "notebook.ipynb",
            lambda text: text.replace("T90.1", "../T1.1"),
            "notebook.ipynb has an exhibit whose id is none",
        ),
        ("exhibits/T90.1.csv", lambda text: text.encode("utf-16"), "T90.1.csv cannot be read as text"),
    ],
)
def test_a_damaged_report_is_a_clear_failure(mini, copied, file, spoil, told):
    path = copied / MINI / file
    new = spoil(path.read_text("utf-8"))
    path.write_bytes(new if isinstance(new, bytes) else new.encode())
    done = verify(mini, copied)
    assert done.returncode == 1 and told in done.stderr, done.stderr
    assert "reproduced" in done.stdout, "the comparison went on"
    refused = verify(mini, copied, "--renew")
    assert refused.returncode == 1 and "nothing is stored" in refused.stderr


def test_a_report_that_is_not_in_the_run_is_not_run_and_one_without_stored_exhibits_is_new(mini, copied):
    (copied / MINI).rename(copied / SECOND)
    done = verify(mini, copied)
    assert done.returncode == 1 and f"{MINI}: not run: F90.1, N90.1, T90.1" in done.stdout
    assert (
        f"{SECOND}: new: F90.1, N90.1, T90.1" in done.stdout
        and "0 reproduced, 0 differs, 3 not run, 3 new" in done.stdout
    )


def test_a_new_run_that_fails_is_not_run(mini, run, change):
    notebook = change(f"notebooks/{MINI}.ipynb", None)
    done = mini.call(invoke, ["verify", "--only", MINI, "--save", mini.root / "said"])
    assert done.returncode == 1 and f"[1/1] {MINI}: failed" in done.stdout and str(notebook.name) in done.stderr
    assert (
        f"{MINI}: not run: F90.1, N90.1, T90.1" in done.stdout and "0 reproduced, 0 differs, 3 not run" in done.stdout
    )
    assert "**Not reproduced**" in (mini.root / "said" / "verification.md").read_text()


# ---- a change of the data, from end to end ----


def test_a_changed_table_shows_in_why_run_verify_compare_and_renew(mini, run, copied, put_back):
    tiles = mini.data / "geography" / "tile_grid.csv"
    rows = pd.read_csv(tiles, dtype=str, keep_default_na=False)
    geo, old = rows.loc[0, ["geo", "row"]]
    rows.assign(row=["12", *rows["row"][1:]]).to_csv(tiles, index=False, lineterminator="\n")
    assert old != "12"

    elsewhere = verify(mini, run)
    assert elsewhere.returncode == 0, "the run still agrees"
    assert f"made from other inputs or versions than those of this checkout: {MINI}" in elsewhere.stdout
    assert "differ: data/geography/tile_grid.csv" in (mini.root / "said" / "verification.md").read_text()
    refused = verify(mini, run, "--renew")
    assert refused.returncode == 1 and "is no sound run of this checkout" in refused.stderr

    unfrozen = mini.cli("run", MINI, "--out", copied, "--format", "html")
    assert unfrozen.returncode == 1 and "geography/tile_grid.csv" in unfrozen.stderr and "freeze" in unfrozen.stderr
    assert "tile_grid" in mini.cli("freeze").stdout

    again = mini.cli("run", MINI, "--out", copied, "--format", "html", "--why")
    assert f"{MINI} must be made: changed: data/geography/tile_grid.csv\n" in again.stdout
    assert f"[1/1] {MINI}: made" in again.stdout

    done = verify(mini, copied)
    assert done.returncode == 1 and f"geo={geo}, row: expected '{old}', found '12'" in done.stdout

    effect = mini.call(invoke, ["compare", run, copied, "--save", mini.root / "said"])
    assert effect.returncode == 0, effect.stderr
    assert "| data | data/geography/tile_grid.csv | " in effect.stdout and "2 changed" in effect.stdout
    assert f"| geo={geo} | row | " in effect.stdout and "Largest change of a number: geo=" in effect.stdout
    assert (mini.root / "said" / "comparison.md").read_text() in effect.stdout
    assert "comparison.html" in tree(mini.root / "said")

    renewed = verify(mini, copied, "--renew")
    assert renewed.returncode == 0 and f"geo={geo}, row: expected" in renewed.stdout, "the change is shown first"
    assert f"stored: {MINI}: F90.1.csv, T90.1.csv" in renewed.stdout
    assert verify(mini, copied).returncode == 0


def test_a_damaged_report_cannot_be_compared(mini, run, copied):
    (copied / MINI / "notebook.ipynb").write_text("{")
    done = mini.call(invoke, ["compare", run, copied, "--save", mini.root / "said"])
    assert done.returncode == 1 and "notebook.ipynb is no executed notebook of ours" in done.stderr


# ---- nothing to do, --why, a corrupted manifest ----


def test_why_says_what_was_compared_and_what_an_order_overrides(mini, run):
    fresh = mini.cli("run", MINI, "--out", run, "--format", "html", "--why")
    assert fresh.returncode == 0 and f"[1/1] {MINI}: fresh: " in fresh.stdout
    for part in (" inputs, ", " outputs, ", "1 parameters, ", " versions are as when it was made"):
        assert part in fresh.stdout
    assert "0 made, 1 up to date, 0 failed" in fresh.stdout


def imported(environment, script: str) -> set[str]:
    """Return the packages that a script, run in a process of its own, leaves imported."""
    ending = (
        "\nimport sys; sys.stdout.flush(); print('\\n@' + ' '.join(sorted({m.split('.')[0] for m in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script + ending], env=environment, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split("@")[-1].split())


HEAVY = set("pandas numpy matplotlib seaborn scipy statsmodels papermill nbformat IPython jinja2".split())


def test_a_run_with_nothing_to_do_imports_nothing_heavy(mini, run):
    arguments = ["run", MINI, "--out", str(run), "--format", "html"]
    assert mini.cli(*arguments).returncode == 0  # the entry page is there
    script = f"from innodivide.cli import main; main({arguments!r}, standalone_mode=False)"
    found = imported(mini.environment(), script)
    assert "innodivide" in found and not found & HEAVY


@pytest.mark.parametrize(
    "script", ["import innodivide", "from innodivide.cli import main; main(['--help'], None, None, False)"]
)
def test_import_and_help_are_light(mini, script):
    assert not imported(mini.environment(), script) & (HEAVY | {"yaml"})
    modules = (
        script
        + "\nimport sys; assert not [m for m in sys.modules if m.startswith(('innodivide.reports.', 'innodivide.f'))"
        + " and not 'innodivide.reports.making.surroundings'.startswith(m)]"
    )
    imported(mini.environment(), modules)


# ---- wrong use ----


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["verify", "{root}/none"], "is no folder; give the folder of a run"),
        (["verify", "{root}/analysis_plan.yml"], "is no folder"),
        (["verify", "{root}/data"], "holds no reports; make some with innodivide run --out"),
        (["verify", "{run}/90_mini"], "is one report; give the folder that holds it"),
        (["verify", "{run}", "--only", "99"], "unknown notebook '99'; the notebooks are: 01_innovation_divide"),
        (["verify", "{run}", "--only", "annex/XX"], "unknown notebook 'annex/XX'"),
        (["verify", "{run}", "--only", "01"], "nothing is stored for these reports"),
        (["verify", "{run}", "--out", "x"], "--out and --workers are for a new run"),
        (["verify", "{run}", "--workers", "2"], "--out and --workers are for a new run"),
        (["verify", "{run}", "--save", "{root}/analysis_plan.yml/x"], "cannot be written"),
        (["verify", "--workers", "0"], "0 is not in the range"),
        (["compare", "{run}"], "Missing argument 'RUN_B'"),
        (["compare", "{run}", "{root}/none"], "is no folder"),
        (["compare", "{run}", "{run}", "--only", "01"], "there is no report of 01 here; there are: 90_mini"),
    ],
)
def test_wrong_use_ends_with_status_2_and_says_what_is_expected(mini, run, arguments, told):
    done = mini.call(invoke, [a.format(root=mini.root, run=run) for a in arguments])
    assert done.returncode == 2 and told in " ".join(done.stderr.split()), done.stderr


def test_only_names_a_notebook_or_a_report():
    reports = ["03_leader_test", "03_leader_test--status-lag1", "annex/EL", "annex/PL", "90_x"]
    assert golden.select([], reports) == sorted(reports)
    assert golden.select(["03"], reports) == ["03_leader_test", "03_leader_test--status-lag1"]
    assert golden.select(["annex/PL", "notebooks/03_leader_test.ipynb"], reports)[-1] == "annex/PL"
    assert golden.select(["country_annex"], reports) == ["annex/EL", "annex/PL"]


# ---- the stored exhibits of the project ----


def test_the_stored_exhibits_are_in_the_form_that_is_written():
    for report in golden.stored():
        content = golden.read_stored(report)
        text = (golden.EXPECTED / report / golden.WORDS).read_text("utf-8")
        assert report in golden.standard_jobs() and golden.format_words(report, content.words) == text
        assert set(content.tables) == {i for i in content.words if not i.startswith("N")}


@pytest.mark.skipif("07_policy_brief" not in golden.stored(), reason="the ledger is not stored")
def test_the_verdicts_are_found_in_the_stored_ledger():
    found = verdicts([golden.read_stored("07_policy_brief")])
    assert set(found) == set(frozen.load("claim")["claim_id"]) and all(verdict for verdict, _ in found.values())


def reproduced(only, folder) -> str:
    """Verify without a run folder: everything is run again, and nothing is left of it."""
    names = [argument for report in only for argument in ("--only", report)]
    scratch = folder / "scratch"
    scratch.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "innodivide.cli", "verify", *names, "--save", str(folder / "said")],
        env=os.environ | {"TMPDIR": str(scratch)},
        cwd=frozen.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert not [p for p in scratch.iterdir() if "verify" in p.name]
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_all_stored_exhibits_are_those_of_a_real_run(tmp_path):
    assert golden.stored() == sorted(golden.standard_jobs())
    assert " reproduced, 0 differs, 0 not run, 0 new" in reproduced([], tmp_path)
