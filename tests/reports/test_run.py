"""Runs with real kernels in a small copy of the repository: what is written, what fails, what stays.

The runs are made once, in the fixtures; the tests look at what they left.
"""

import json
from types import SimpleNamespace

import nbformat
import pandas as pd
import pytest
from report_fixtures import MINI, TROUBLE_CELL, assert_sound, make_reports, make_reports_in_threads, tree, why_stale

from innodivide.reports.making import run
from innodivide.reports.making.lock import LOCK

GOOD, SECOND, TRIPS = MINI, f"{MINI}--mood-second", f"{MINI}--mood-trips"
BAD = ("bare", "warns", "undeclared", "dies")
SAME_BYTES = tuple(
    "report.html report.pdf report.docx report.pptx notebook.ipynb manifest.json exhibits.xlsx "
    "exhibits/T90.1.csv exhibits/N90.1.csv exhibits/F90.1.csv exhibits/F90.1.svg exhibits/F90.1.png".split()
)


@pytest.fixture(scope="module")
def runs(mini):
    """First run with two workers; then a forced run with one worker in which one of the three notebooks fails."""
    out = mini.root / "reports"
    first = mini.call(make_reports, ["good", "second", "trips"], out, 2, False, run.FORMATS)
    assert not [o.message for o in first if o.status != "made"]
    before = tree(out)
    (mini.root / "trip").touch()
    for folder in (GOOD, TRIPS):  # what killed runs leave behind
        (out / f".partial-{folder}=abc").mkdir()
    (out / f".old-{GOOD}=0").mkdir()
    (out / SECOND).rename(out / f".old-{SECOND}=0")
    (out / ".old-of-somebody-else").mkdir()
    (out / ".partial-of-somebody-else").mkdir()
    second = mini.call(make_reports, ["good", "second", "trips"], out, 1, True, run.FORMATS)
    (mini.root / "trip").unlink()
    return SimpleNamespace(out=out, first=first, before=before, second=second, after=tree(out))


@pytest.fixture(scope="module")
def bad(mini, runs):
    """One run of what can go wrong in a notebook; printed text and repeated ids are tested in test_html.py."""
    out = mini.root / "bad"
    outcomes = mini.call(make_reports, [*BAD, "edits"], out, 2)
    return SimpleNamespace(out=out, outcomes={o.name.removeprefix(f"{MINI}--mood-"): o for o in outcomes})


# ---- a run that goes well ----


def test_a_report_folder_is_complete(runs):
    names = {n.removeprefix(f"{GOOD}/") for n in runs.before if n.startswith(f"{GOOD}/")}
    assert names == {*SAME_BYTES, "times.json"}


def test_page_and_exhibits_are_sound_and_show_the_parameter(runs, mini):
    page = assert_sound(runs.before[f"{SECOND}/report.html"].decode())
    assert "There are 3 tiles in a second mood." in page.visible
    assert "mood = second" in page.text and f"notebooks/{MINI}.ipynb" in page.text
    assert {"part-first-part", "part-second-part", "T90.1", "F90.1", "N90.1"} <= set(page.ids)
    tiles = pd.read_csv(mini.data / "geography" / "tile_grid.csv").head(3)
    assert pd.read_csv(runs.out / SECOND / "exhibits" / "T90.1.csv")["geo"].tolist() == tiles["geo"].tolist()
    assert runs.before[f"{SECOND}/exhibits/F90.1.png"].startswith(b"\x89PNG")
    assert b"<svg" in runs.before[f"{SECOND}/exhibits/F90.1.svg"]


def test_the_executed_notebook_is_valid_and_tells_no_times_or_paths(runs, mini):
    notebook = nbformat.read(runs.out / SECOND / "notebook.ipynb", 4)
    nbformat.validate(notebook)
    assert 'mood = "second"' in [c.source.splitlines()[-1] for c in notebook.cells]
    assert sum(len(c.get("outputs", [])) for c in notebook.cells) == 3
    text = runs.before[f"{SECOND}/notebook.ipynb"].decode()
    assert "papermill" not in notebook.metadata and str(mini.root) not in text and "start_time" not in text


def test_the_manifest_lists_every_output_with_its_hash(runs, mini):
    content = json.loads(runs.before[f"{GOOD}/manifest.json"])
    assert set(content["outputs"]) == set(SAME_BYTES) - {"manifest.json"}
    assert mini.call(why_stale, runs.out / GOOD) == ""


# ---- a second run, in which one fails ----


def test_one_that_fails_stops_no_other_says_where_and_leaves_its_old_report(runs):
    assert [(o.name, o.status) for o in runs.second] == [(GOOD, "made"), (SECOND, "made"), (TRIPS, "failed")]
    assert runs.second[2].message == (
        f"notebooks/{MINI}.ipynb (mood=trips), cell {TROUBLE_CELL}: ValueError: broken on purpose in two lines"
    )
    old = {n: c for n, c in runs.before.items() if n.startswith(f"{TRIPS}/")}
    assert old and {n: c for n, c in runs.after.items() if n.startswith(f"{TRIPS}/")} == old


def test_same_bytes_from_run_to_run_and_with_one_worker_or_two(runs):
    names = [f"{folder}/{file}" for folder in (GOOD, SECOND) for file in SAME_BYTES]
    assert [n for n in names if runs.before[n] != runs.after[n]] == []


def test_threads_of_one_process_make_the_same_bytes_and_the_executor_is_left_open(mini, runs):
    """As on a worker of a cluster that has several threads: no notebook's settings reach the other's kernel."""
    outcomes, after = mini.call(make_reports_in_threads, ["good", "second"], mini.root / "threads")
    assert [(o.name, o.status, o.message) for o in outcomes] == [(GOOD, "made", ""), (SECOND, "made", "")]
    assert after == 2
    for name in (f"{folder}/{file}" for folder in (GOOD, SECOND) for file in SAME_BYTES):
        assert (mini.root / "threads" / name).read_bytes() == runs.before[name]


def test_what_a_killed_run_left_is_cleared_and_nothing_else_is_touched(runs):
    hidden = {p.name for p in runs.out.iterdir() if p.name.startswith(".")} - {LOCK}
    assert hidden == {".old-of-somebody-else", ".partial-of-somebody-else"}
    assert {p.name for p in runs.out.iterdir() if p.name.startswith("9")} == {GOOD, SECOND, TRIPS}


def test_a_report_killed_between_its_two_renames_comes_back_without_being_made_again(mini, runs):
    (runs.out / GOOD).rename(runs.out / f".old-{GOOD}=0")
    stamps = {n: (runs.out / f".old-{GOOD}=0" / n).stat().st_mtime_ns for n in SAME_BYTES}
    assert [o.status for o in mini.call(make_reports, ["good"], runs.out, 1)] == ["fresh"]
    assert {n: (runs.out / GOOD / n).stat().st_mtime_ns for n in SAME_BYTES} == stamps
    assert not (runs.out / f".old-{GOOD}=0").exists()


# ---- nothing to do ----


def test_run_again_finds_it_fresh_and_rewrites_nothing(mini, runs):
    stamps = {p: p.stat().st_mtime_ns for p in (runs.out / GOOD).rglob("*")}
    done = mini.cli("run", MINI, MINI, "--out", runs.out)
    assert done.returncode == 0, done.stderr
    assert f"[1/1] {GOOD}: fresh" in done.stdout and "0 made, 1 up to date, 0 failed" in done.stdout
    assert {p: p.stat().st_mtime_ns for p in (runs.out / GOOD).rglob("*")} == stamps


# ---- what can go wrong in a format ----


def test_a_format_that_fails_does_not_lose_the_others_and_is_reported(mini):
    """A drawing that is no SVG cannot be set as PDF; a text of 40,000 characters fits no cell of a spreadsheet."""
    outcome = mini.call(make_reports, ["spoils"], mini.root / "spoilt", 1, False, run.FORMATS)[0]
    assert outcome.status == "failed" and outcome.message.startswith("made, but not in every format: pdf: ")
    assert "; spreadsheet: sheet F90.1: a text of 40000 characters is too long for a cell" in outcome.message
    made = {p.name for p in (mini.root / "spoilt" / outcome.name).iterdir() if p.is_file()}
    assert made == {"report.html", "report.docx", "report.pptx", "notebook.ipynb", "manifest.json", "times.json"}


# ---- what can go wrong in a notebook ----


@pytest.mark.parametrize(
    ("mood", "told"),
    [
        ("bare", f"cell {TROUBLE_CELL} shows something that is not an exhibit: "),
        ("warns", f"cell {TROUBLE_CELL} writes to stderr: "),
        ("undeclared", f"cell {TROUBLE_CELL}: DataError: table 'rrf_fact' is used but not declared"),
        ("dies", f"cell {TROUBLE_CELL}: DeadKernelError: Kernel died"),
    ],
)
def test_trouble_in_a_cell_is_a_failure_that_says_where(bad, mood, told):
    outcome = bad.outcomes[mood]
    assert outcome.status == "failed"
    assert outcome.message.startswith(f"notebooks/{MINI}.ipynb (mood={mood}), {told}"), outcome.message
    assert "\n" not in outcome.message


def test_nothing_is_left_of_a_report_that_failed(bad):
    assert {p.name for p in bad.out.iterdir()} == {f"{MINI}--mood-edits", LOCK}


def test_an_input_changed_while_the_notebook_ran_leaves_the_report_stale(bad, mini):
    assert bad.outcomes["edits"].status == "made"
    assert mini.call(why_stale, bad.out / f"{MINI}--mood-edits", MINI, "edits") == "changed: analysis_plan.yml"


# ---- folders and files in the way, without kernels ----


def test_a_file_in_the_place_of_the_annex_folder_is_a_failure_not_a_crash(tmp_path):
    (tmp_path / "annex").write_text("in the way")
    outcomes = run.run(run.annex_jobs(["MT", "LU"]), tmp_path, workers=2)
    assert [o.status for o in outcomes] == ["failed", "failed"]
    assert "country=MT" in outcomes[0].message and "FileExistsError" in outcomes[0].message
    assert (tmp_path / "annex").read_text() == "in the way"
