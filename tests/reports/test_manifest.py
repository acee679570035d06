"""Freshness, in both directions: what a report depends on makes it stale, and nothing else does."""

import ast
import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from report_fixtures import MINI, forget, why_stale, write_fake_report
from rooms import LIBRARY, MODULES, imports, tree

from innodivide.data import frozen
from innodivide.reports.making import manifest
from innodivide.reports.making.declarations import notebooks
from innodivide.reports.making.manifest import APART


@pytest.fixture(scope="module")
def report(mini):
    folder = mini.root / "reports" / MINI
    mini.call(write_fake_report, folder)
    return folder


def edited_row(text: str) -> str:
    """Change one word, or else the last character of the last row, so that tables read on the way stay valid."""
    for old, new in (("facts only", "facts alone"), ("Poland", "Polonia")):
        if old in text:
            return text.replace(old, new, 1)
    return re.sub(r"(.)\n\Z", lambda m: ("x" if m[1] != "x" else "y") + "\n", text)


def test_an_unchanged_report_is_fresh_and_one_that_is_not_there_is_not(mini, report, tmp_path):
    assert mini.call(why_stale, report) == ""
    assert mini.call(why_stale, tmp_path) == "there is no report yet"
    (tmp_path / "manifest.json").mkdir()
    assert mini.call(why_stale, tmp_path).startswith(f"{tmp_path / 'manifest.json'} cannot be read")


@pytest.mark.parametrize(
    "file",
    [
        "data/geography/tile_grid.csv",  # declared
        "data/tier1/ipcei_country.csv",  # declared
        "data/tier1/ipcei.csv",  # reached by a foreign key of ipcei_country
        "data/sources.csv",  # reached, and printed in every report
        "data/geography/country.csv",
        f"notebooks/{MINI}.ipynb",
        "innodivide/indicators/panel.py",
        "innodivide/figures/maps.py",
        "innodivide/narrative/texts/01_innovation_divide.yml",
        "innodivide/reports/pages/report.css",
        "innodivide/reports/pages/report.html.j2",
        "analysis_plan.yml",
        "requirements.lock",
    ],
)
def test_a_changed_input_makes_it_stale_and_is_named(mini, report, change, file):
    change(file, edited_row)
    assert mini.call(why_stale, report) == f"changed: {file}"


def test_every_file_of_the_library_is_an_input(mini, report):
    """A template of a new kind must not be forgotten; what shapes no report is left out on purpose."""
    files = {p.relative_to(mini.root).as_posix() for p in (mini.root / "innodivide").rglob("*") if p.is_file()}
    listed = {f for f in json.loads((report / "manifest.json").read_text())["inputs"] if f.startswith("innodivide/")}
    apart = tuple(f"innodivide/{start}" for start in APART)
    assert {f for f in files if "__pycache__" not in f and not f.startswith(apart)} == {
        *listed,
        "innodivide/py.typed",  # says to type checkers that the annotations count
    }


SHAPING = {name: path for name, path in MODULES.items() if not path.relative_to(LIBRARY).as_posix().startswith(APART)}


def test_what_is_left_out_of_the_inputs_is_imported_by_nothing_that_shapes_a_report():
    starts = tuple(start.rstrip("/").removesuffix(".py").replace("/", ".") for start in APART)
    for path in SHAPING.values():
        assert not [base for base, name in imports(path) if f"{base}.{name}".startswith(starts)], path
    for notebook in (frozen.ROOT / "notebooks").glob("*.ipynb"):
        text = notebook.read_text("utf-8")
        assert not [s for s in starts if f"innodivide.{s}" in text], notebook
        assert not re.search(r"from innodivide(\.reports)? import[^\n\"]*\b(cli|site|verify|archive)", text), notebook


def test_the_version_of_every_package_that_shapes_a_report_is_recorded():
    owners, nodes = metadata.packages_distributions(), [n for path in SHAPING.values() for n in ast.walk(tree(path))]
    used = {alias.name.split(".")[0] for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    used |= {n.module.split(".")[0] for n in nodes if isinstance(n, ast.ImportFrom)} - {"innodivide"}
    packages = {owners[m][0].lower() for m in used if m in owners}
    # parts of papermill and ipykernel, and what only carries work or holds a lock
    apart = {"traitlets", "nbclient", "jupyter_client", "jupyter_core", "dask", "distributed", "filelock", "rocrate"}
    apart |= {"ipython", "openpyxl"}  # settings of kernels, and workbooks that are read before tables are frozen
    assert packages - apart <= set(manifest.environment()["packages"])


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


def retitled(name: str):
    """Return what gives a table another title in the description of the tables."""

    def describe(text):
        package = json.loads(text)
        next(r for r in package["resources"] if r["name"] == name)["title"] = "Another title"
        return json.dumps(package, indent=3)

    return describe


def test_a_changed_description_of_a_used_table_makes_it_stale(mini, report, change):
    change("data/datapackage.json", retitled("ipcei"))
    assert mini.call(why_stale, report) == "changed: data/datapackage.json (tables used)"


def test_another_package_version_makes_it_stale(mini, report, tmp_path):
    """A package is found in another version: its description stands first on the path of a new process."""
    described = tmp_path / "typst-0.0.7.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: typst\nVersion: 0.0.7\n")
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; "
        "from innodivide.reports.making import run; "
        f"print(run.freshness([run.job({MINI!r}, ('html',))], Path(sys.argv[2])))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), str(report.parent)],
        env=mini.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    here = metadata.version("typst")
    assert found.stdout.strip() == str({MINI: [f"version typst: was {here}, is 0.0.7"]})


def every_reason(folder, mood):
    """Return every reason why the report must be made again (runs inside the small repository)."""
    from innodivide.reports.making import run

    forget()
    item = run.job(MINI, mood=mood)
    return list(manifest.reasons(item.notebook, item.parameters, folder, item.formats))


def test_all_reasons_are_given(mini, report, change):
    for file in ("data/sources.csv", "analysis_plan.yml", "requirements.lock", "data/tier1/ipcei.csv"):
        change(file, edited_row)
    change(report / "report.html", "")
    assert mini.call(every_reason, report, "second") == [
        "parameter mood: was good, is second",
        "changed: analysis_plan.yml, data/sources.csv, data/tier1/ipcei.csv and 1 more",
        "not made in format pdf",
        "output report.html is missing or was altered",
    ]


QUICK = "02_ipcei_participation"
OPENED = """
import json, sys
opened = set()
sys.addaudithook(lambda event, given: opened.add(given[0]) if event == "open" and isinstance(given[0], str) else None)
notebook = json.load(open(sys.argv[1], encoding="utf-8"))
names = {"__name__": "__main__"}
for cell in notebook["cells"]:
    if cell["cell_type"] == "code":
        exec("".join(cell["source"]), names)
print("@" + json.dumps(sorted(opened)))
"""


@pytest.mark.parametrize("name", [QUICK, *(pytest.param(n, marks=pytest.mark.slow) for n in notebooks() if n != QUICK)])
def test_every_file_of_the_repository_that_a_notebook_reads_is_an_input(name):
    """The interpreter itself reports each file that the cells open."""
    declared = notebooks()[name]
    environment = os.environ | {frozen.DECLARED_TABLES: ",".join((*declared.tables, "source", "country"))}
    done = subprocess.run(
        [sys.executable, "-c", OPENED, str(declared.path)],
        env=environment | {"MPLBACKEND": "agg"},
        cwd=frozen.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    opened = {Path(frozen.ROOT, p).resolve() for p in json.loads(done.stdout.split("@")[-1])}
    inside = {p.relative_to(frozen.ROOT).as_posix() for p in opened if p.is_relative_to(frozen.ROOT)}
    read = {p for p in inside if not p.startswith(".venv/") and not p.endswith(".pyc")}
    assert any(p.startswith("data/") for p in read)
    assert read - {"data/datapackage.json"} <= set(manifest.inputs(declared))  # the description: by table


# ---- what must not make it stale ----


@pytest.mark.parametrize(
    "file",
    [
        "data/tier2/rrf_fact.csv",
        "data/scoreboard/eis_score.csv",
        "data/claims.csv",
        "notebooks/01_innovation_divide.ipynb",
        "innodivide/cli/look.py",
        "innodivide/reports/verify/compare.py",
        "innodivide/reports/verify/golden.py",
    ],
)
def test_a_changed_file_that_it_does_not_use_leaves_it_fresh(mini, report, change, file):
    change(file, edited_row)
    assert mini.call(why_stale, report) == ""


def test_the_description_or_declaration_of_something_else_leaves_it_fresh(mini, report, change):
    change("data/datapackage.json", retitled("rrf_fact"))
    change("notebooks/notebooks.yml", lambda t: t.replace("Who takes part in IPCEIs", "Another title") + "# a remark\n")
    assert mini.call(why_stale, report) == ""


# ---- outputs and the manifest itself ----


@pytest.mark.parametrize("output", ["report.html", "exhibits/T90.1.csv"])
@pytest.mark.parametrize("new", [lambda text: text + " ", None], ids=["altered", "deleted"])
def test_an_altered_or_deleted_output_makes_it_stale(mini, report, change, output, new):
    change(report / output, new)
    assert mini.call(why_stale, report) == f"output {output} is missing or was altered"


def spoilt(part, value):
    """Return what gives one part of a manifest another value."""
    return lambda content: json.dumps(content | {part: value}).encode()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: json.dumps(content).encode()[:-100],
        lambda content: b"null",
        lambda content: b"\xff\xfe",
        lambda content: b'{"parameters": ' + b"[" * 200_000,
        lambda content: b" " * 5_000_000 + json.dumps(content).encode(),
        lambda content: json.dumps({k: v for k, v in content.items() if k != "code"}).encode(),
        spoilt("remark", "an extra key"),
        spoilt("inputs", ["x"]),
        spoilt("inputs", {"data/sources.csv": "no hash"}),
        spoilt("outputs", {}),
        spoilt("outputs", {"../report.html": "0" * 64}),
        spoilt("outputs", {"/etc/hostname": "0" * 64}),
        spoilt("outputs", {"a\0b": "0" * 64}),
    ],
)
def test_a_corrupted_manifest_is_named_and_makes_it_stale(mini, report, change, spoil):
    path = change(report / "manifest.json", lambda text: spoil(json.loads(text)))
    (told,) = mini.call(every_reason, report, "good")
    assert told.startswith(f"{path} is damaged: ")


@pytest.mark.parametrize(
    ("part", "value", "told"),
    [
        ("notebook", "03_leader_test", "the report there is of notebook 03_leader_test"),
        ("parameters", {}, "parameter mood: was not recorded, is good"),
        ("environment", {"packages": 1}, "version firthmodels: was not recorded, is "),
        ("outputs", {"report.html": "0" * 64}, "output report.html is missing or was altered"),
        ("outputs", {"report.html": "0" * 64, "x" * 5000: "0" * 64}, "output report.html is missing or was altered"),
        ("inputs", {}, "changed: analysis_plan.yml, data/datapackage.json (tables used), data/geography/country.csv"),
    ],
)
def test_a_manifest_of_something_else_makes_it_stale(mini, report, change, part, value, told):
    change(report / "manifest.json", lambda text: spoilt(part, value)(json.loads(text)))
    assert mini.call(why_stale, report).startswith(told)


def test_a_missing_input_makes_it_stale_and_is_named(mini, report, change):
    notebook = change(f"notebooks/{MINI}.ipynb", None)
    assert mini.call(every_reason, report, "good") == [f"{notebook} cannot be read"]


def test_the_manifest_tells_what_made_the_report_and_no_time_or_place(mini, report):
    content = json.loads((report / "manifest.json").read_text())
    assert content["notebook"] == MINI and content["parameters"] == {"mood": "good"}
    assert {
        "data/geography/tile_grid.csv",
        "data/tier1/ipcei.csv",
        "innodivide/reports/making/run.py",
        "requirements.lock",
        f"notebooks/{MINI}.ipynb",
    } <= set(content["inputs"])
    assert not any("rrf" in path or "__pycache__" in path or path.startswith("/") for path in content["inputs"])
    assert all(re.fullmatch("[0-9a-f]{64}", h) for h in [*content["inputs"].values(), *content["outputs"].values()])
    assert {"pandas", "numpy", "papermill"} <= set(content["environment"]["packages"])
    assert content["code"] == {"commit": None, "uncommitted_changes": None}  # this copy is no git checkout
    text = json.dumps(content)
    assert str(mini.root) not in text and "times.json" not in text
    assert not re.search(r"\d{2}:\d{2}|\b20\d\d-\d\d-\d\d\b", text)
    assert not re.search(
        r'"[^"/]*(time|date|second|duration|host|user)[^"/]*":', text.replace("uncommitted_changes", "")
    )
