"""Freshness, in both directions: what a report depends on makes it stale, and nothing else does."""

import json
import os
import re

import pytest
from report_fixtures import MINI, Mini, why_stale, write_fake_report


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    made = Mini(tmp_path_factory.mktemp("mini"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def report(mini):
    folder = mini.root / "reports" / MINI
    mini.call(write_fake_report, folder)
    return folder


@pytest.fixture
def change(mini):
    """Change files of the repository (text, or a function of the old text) and put them back afterwards."""
    kept = {}

    def apply(file, new):
        path = mini.root / file
        kept.setdefault(path, path.read_bytes())
        old = path.read_bytes().decode()
        content = new(old) if callable(new) else new
        assert content != old, f"{file} was not changed"
        path.write_text(content, encoding="utf-8", newline="")

    yield apply
    for path, content in kept.items():
        path.write_bytes(content)


def edited_row(text: str) -> str:
    """Change one word, or else the last character of the last row, so that tables read on the way stay valid."""
    for old, new in (("facts only", "facts alone"), ("Poland", "Polonia")):
        if old in text:
            return text.replace(old, new, 1)
    return re.sub(r"(.)\n\Z", lambda m: ("x" if m[1] != "x" else "y") + "\n", text)


def test_an_unchanged_report_is_fresh(mini, report):
    assert mini.call(why_stale, report) == ""


def test_no_report_yet(mini, tmp_path):
    assert mini.call(why_stale, tmp_path / "none") == "no report yet, or no readable manifest"


@pytest.mark.parametrize(
    "file",
    [
        "data/geography/tile_grid.csv",  # declared
        "data/tier1/ipcei_country.csv",  # declared
        "data/tier1/ipcei.csv",  # reached by a foreign key of ipcei_country
        "data/sources.csv",  # reached, and printed in every report
        "data/geography/country.csv",
        f"notebooks/{MINI}.ipynb",
        "innodivide/panel.py",
        "innodivide/figures/maps.py",
        "innodivide/reports/report.css",
        "innodivide/reports/report.html.j2",
        "analysis_plan.yml",
        "requirements.lock",
    ],
)
def test_a_changed_input_makes_it_stale_and_is_named(mini, report, change, file):
    change(file, edited_row)
    assert mini.call(why_stale, report) == f"changed: {file}"


def test_one_row_added_is_enough(mini, report, change):
    change("data/tier1/ipcei.csv", lambda t: t + t.splitlines()[-1] + "\n")
    assert mini.call(why_stale, report) == "changed: data/tier1/ipcei.csv"


def test_every_file_of_the_library_is_an_input(mini, report):
    """A template of a new kind must not be forgotten."""
    files = {p.relative_to(mini.root).as_posix() for p in (mini.root / "innodivide").rglob("*") if p.is_file()}
    listed = json.loads((report / "manifest.json").read_text())["inputs"]
    assert {f for f in files if "__pycache__" not in f} <= set(listed)


def test_a_new_library_file_makes_it_stale(mini, report):
    new = mini.root / "innodivide" / "new.py"
    new.write_text("")
    try:
        assert mini.call(why_stale, report) == "changed: innodivide/new.py"
    finally:
        new.unlink()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("title: A small report", "title: A tiny report"),
        ("tables: [tile_grid, ipcei_country]", "tables: [ipcei_country, tile_grid]"),
        ("what happens in the notebook", "what else happens"),
        ("choices: [good, ", "choices: [new, good, "),
    ],
)
def test_a_changed_declaration_makes_it_stale(mini, report, change, old, new):
    change("notebooks/notebooks.yml", lambda t: t.replace(old, new))
    assert mini.call(why_stale, report) == f"changed: notebooks/notebooks.yml ({MINI})"


def test_a_changed_description_of_a_used_table_makes_it_stale(mini, report, change):
    def describe(text):
        package = json.loads(text)
        next(r for r in package["resources"] if r["name"] == "ipcei")["title"] = "Another title"
        return json.dumps(package)

    change("data/datapackage.json", describe)
    assert mini.call(why_stale, report) == "changed: data/datapackage.json (tables used)"


def test_many_changes_are_not_all_listed(mini, report, change):
    for file in ("analysis_plan.yml", "requirements.lock", "data/sources.csv", "data/tier1/ipcei.csv"):
        change(file, edited_row)
    assert mini.call(why_stale, report) == "changed: analysis_plan.yml, data/sources.csv, data/tier1/ipcei.csv and more"


def test_another_parameter_value_makes_it_stale(mini, report):
    assert mini.call(why_stale, report, MINI, "good") == ""
    assert mini.call(why_stale, report, MINI, "second") == "other parameters"


def test_other_package_versions_make_it_stale(mini, report):
    path = report / "manifest.json"
    kept = path.read_bytes()
    content = json.loads(kept)
    content["environment"]["packages"]["pandas"] = "2.0.0"
    try:
        path.write_text(json.dumps(content))
        assert mini.call(why_stale, report) == "other package versions"
    finally:
        path.write_bytes(kept)


# ---- what must not make it stale ----


def test_touched_but_unchanged_inputs_leave_it_fresh(mini, report):
    for file in ("data/tier1/ipcei.csv", f"notebooks/{MINI}.ipynb", "innodivide/panel.py", "requirements.lock"):
        os.utime(mini.root / file, (1, 1))
    assert mini.call(why_stale, report) == ""


@pytest.mark.parametrize(
    "file",
    [
        "data/tier2/rrf_fact.csv",
        "data/scoreboard/eis_score.csv",
        "data/claims.csv",
        "notebooks/01_innovation_divide.ipynb",
    ],
)
def test_a_changed_file_that_it_does_not_use_leaves_it_fresh(mini, report, change, file):
    change(file, edited_row)
    assert mini.call(why_stale, report) == ""


def test_the_description_or_declaration_of_something_else_leaves_it_fresh(mini, report, change):
    def describe(text):
        package = json.loads(text)
        next(r for r in package["resources"] if r["name"] == "rrf_fact")["title"] = "Another title"
        return json.dumps(package, indent=3)

    change("data/datapackage.json", describe)
    change("notebooks/notebooks.yml", lambda t: t.replace("Who takes part in IPCEIs", "Another title") + "# a remark\n")
    assert mini.call(why_stale, report) == ""


def test_compiled_files_and_times_leave_it_fresh(mini, report):
    (mini.root / "innodivide" / "__pycache__").mkdir(exist_ok=True)
    (mini.root / "innodivide" / "__pycache__" / "x.pyc").write_bytes(b"1")
    (report / "times.json").write_text('{"seconds": 3}')
    assert mini.call(why_stale, report) == ""


# ---- outputs and the manifest itself ----


@pytest.mark.parametrize("output", ["report.html", "exhibits/T90.1.csv"])
def test_an_altered_or_deleted_output_makes_it_stale(mini, report, output):
    path = report / output
    kept = path.read_bytes()
    try:
        path.write_bytes(kept + b" ")
        assert mini.call(why_stale, report) == f"output {output} is missing or was altered"
        path.unlink()
        assert mini.call(why_stale, report) == f"output {output} is missing or was altered"
    finally:
        path.write_bytes(kept)
    assert mini.call(why_stale, report) == ""


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"{}",
        b'{"parameters": {}, "inputs": {}}',
        b'{"parameters": {"mood": "good"}, "inputs": ["x"], "environment": {}, "outputs": {}}',
        b'{"parameters": 1, "inputs": {}, "environment": {}, "outputs": {}}',
        b'{"parameters": {"mood": "good"}, "inputs": {}, "environment": {}, "outputs": "all"}',
    ],
)
def test_a_corrupted_manifest_makes_it_stale(mini, report, content):
    path = report / "manifest.json"
    kept = path.read_bytes()
    try:
        path.write_bytes(content)
        assert mini.call(why_stale, report) != ""
    finally:
        path.write_bytes(kept)


def test_a_manifest_cut_off_or_without_outputs_makes_it_stale(mini, report):
    path = report / "manifest.json"
    kept = path.read_bytes()
    try:
        path.write_bytes(kept[: len(kept) // 2])
        assert mini.call(why_stale, report) == "no report yet, or no readable manifest"
        path.write_text(json.dumps(json.loads(kept) | {"outputs": {}}))
        assert mini.call(why_stale, report) == "no outputs are listed"
    finally:
        path.write_bytes(kept)


def test_a_missing_input_makes_it_stale_and_is_named(mini, report):
    notebook = mini.root / "notebooks" / f"{MINI}.ipynb"
    away = notebook.rename(notebook.with_suffix(".away"))
    try:
        assert mini.call(why_stale, report) == f"{notebook} cannot be read"
    finally:
        away.rename(notebook)


def test_the_manifest_tells_what_made_the_report(mini, report):
    content = json.loads((report / "manifest.json").read_text())
    assert content["notebook"] == MINI and content["parameters"] == {"mood": "good"}
    assert {
        "data/geography/tile_grid.csv",
        "data/tier1/ipcei.csv",
        "innodivide/reports/run.py",
        "requirements.lock",
        f"notebooks/{MINI}.ipynb",
    } <= set(content["inputs"])
    assert not any("rrf" in path or "__pycache__" in path or path.startswith("/") for path in content["inputs"])
    assert all(re.fullmatch("[0-9a-f]{64}", h) for h in [*content["inputs"].values(), *content["outputs"].values()])
    assert {"pandas", "numpy", "papermill"} <= set(content["environment"]["packages"])
    assert content["code"] == {"commit": None, "uncommitted_changes": None}  # this copy is no git checkout


def test_the_manifest_has_no_times_and_no_paths_of_the_machine(mini, report):
    text = (report / "manifest.json").read_text()
    assert str(mini.root) not in text and "times.json" not in text
    assert not re.search(r"\d{2}:\d{2}|\b20\d\d-\d\d-\d\d\b", text)
    assert not re.search(r'"[^"]*(time|date|second|duration|host|user)[^"]*":', text.replace("uncommitted_changes", ""))


def test_two_manifests_of_one_state_are_equal(mini, report, tmp_path):
    again = mini.call(write_fake_report, tmp_path / MINI)
    assert again == json.loads((report / "manifest.json").read_text())
