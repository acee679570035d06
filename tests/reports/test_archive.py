"""The archive of a small repository, by the command line: complete, described, sound when unpacked, the same twice."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
import zipfile
from multiprocessing import get_context
from pathlib import Path

import nbformat
import pytest
import yaml
from report_fixtures import MINI, MINI_YAML, ROOT, Mini, invoke, tree

from innodivide.data import frozen
from innodivide.errors import DataError, ParameterError
from innodivide.reports.archive import bundle
from innodivide.reports.archive.code_trace import exhibits, place
from innodivide.reports.executed import cells
from innodivide.wording import MIME

SMALL = ("CITATION.cff", "LICENSE", "LICENSE-DATA.md", "Makefile", "README.md", "pyproject.toml", ".gitignore")


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(root), *who, *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    """A git repository whose only notebook is the small one, with its report made."""
    one = Mini(tmp_path_factory.mktemp("archive") / "repo", light=True)
    declared = {MINI: yaml.safe_load(MINI_YAML)[MINI]}
    (one.root / "notebooks" / "notebooks.yml").write_text(yaml.safe_dump(declared), "utf-8")
    for path in (one.root / "notebooks").glob("*.ipynb"):
        if path.stem != MINI:
            path.unlink()
    for name in SMALL:
        shutil.copy(ROOT / name, one.root / name)
    git(one.root, "init", "-q")
    git(one.root, "add", "-A")
    git(one.root, "commit", "-qm", "all")
    done = one.cli("run", "--format", "html")
    assert done.returncode == 0, done.stderr
    yield one
    one.close()


@pytest.fixture(scope="module")
def packed(mini, tmp_path_factory):
    """(zip, what the command said)."""
    out = tmp_path_factory.mktemp("packed") / "crate.zip"
    done = mini.cli("archive", out)
    assert done.returncode == 0, done.stderr
    return out, done


@pytest.fixture(scope="module")
def unpacked(packed, tmp_path_factory):
    there = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(packed[0]) as crate:
        crate.extractall(there)
    return there


@pytest.fixture(scope="module")
def readme(unpacked) -> str:
    return (unpacked / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def crate(unpacked) -> dict[str, dict]:
    graph = json.loads((unpacked / "ro-crate-metadata.json").read_text("utf-8"))["@graph"]
    assert len({e["@id"] for e in graph}) == len(graph)
    return {e["@id"]: e for e in graph}


# What is in it


def test_it_holds_the_tracked_files_and_the_outputs_of_the_manifests(mini, packed):
    tracked = subprocess.run(["git", "-C", mini.root, "ls-files"], capture_output=True, text=True, check=True)
    report = mini.root / "reports" / MINI
    outputs = json.loads((report / "manifest.json").read_text())["outputs"]
    expected = {f"repository/{n}" for n in tracked.stdout.split()}
    expected |= {f"repository/reports/{MINI}/{n}" for n in [*outputs, "manifest.json", "times.json"]}
    expected |= {"README.md", "SHA256SUMS", "ro-crate-metadata.json"}
    with zipfile.ZipFile(packed[0]) as crate:
        assert crate.namelist() == sorted(expected)
        for name in ("repository/data/sources.csv", f"repository/reports/{MINI}/notebook.ipynb"):
            assert crate.read(name) == (mini.root / name.removeprefix("repository/")).read_bytes()


def test_the_list_of_hashes_covers_every_file_and_ordinary_tools_check_it(unpacked):
    listed = {line[66:]: line[:64] for line in (unpacked / "SHA256SUMS").read_text().splitlines()}
    found = {n: hashlib.sha256(c).hexdigest() for n, c in tree(unpacked).items() if n != "SHA256SUMS"}
    assert listed == found
    check = ["sha256sum", "-c", "--quiet", "--strict", "SHA256SUMS"]
    assert subprocess.run(check, cwd=unpacked, capture_output=True).returncode == 0


def test_unpacked_elsewhere_the_reports_are_fresh_and_the_data_hold(mini, unpacked, tmp_path):
    """A clean place: only what was in the zip, and the installed packages."""
    there = shutil.copytree(unpacked / "repository", tmp_path / "clean")
    fresh = "0 made, 1 up to date, 0 failed"
    for arguments, said in ((["check"], "tables hold"), (["run", "--format", "html"], fresh)):
        done = mini.at(there).cli(*arguments)
        assert done.returncode == 0 and said in done.stdout, (done.stdout, done.stderr)


# The same bytes


def test_the_same_inputs_give_the_same_bytes_whenever_and_wherever(mini, packed, tmp_path):
    time.sleep(1.1)  # a zip states times in steps of two seconds, a metadata file in seconds
    for path in (mini.root / "data").rglob("*.csv"):
        os.utime(path)
    other = tmp_path / "deep" / "other.zip"
    assert mini.cli("archive", other).returncode == 0
    assert other.read_bytes() == packed[0].read_bytes()


def test_no_date_of_today_and_no_path_of_this_machine_is_told(unpacked, crate, mini):
    for name in ("README.md", "ro-crate-metadata.json", "SHA256SUMS"):
        text = (unpacked / name).read_text("utf-8")
        assert str(mini.root) not in text and str(ROOT) not in text and "/tmp" not in text
    own = [e for name, e in crate.items() if not name.startswith("#source-")]
    assert {e["datePublished"] for e in own if "datePublished" in e} == {"2026-11-29"}  # of CITATION.cff
    assert not any("sdDatePublished" in e or "dateModified" in e for e in own)


# The description


def validated(folder: Path, cache: Path, severity: str) -> set[str]:
    """Ask the independent validator, offline: the published context, as the rocrate library ships it, in its cache."""
    import requests
    import rocrate
    from rocrate_validator import services
    from rocrate_validator.models import ValidationSettings
    from rocrate_validator.utils.http import HttpRequester
    from urllib3 import HTTPResponse

    given = {"profile_identifier": "ro-crate-1.3", "requirement_severity": severity, "offline": True}
    settings = ValidationSettings(rocrate_uri=str(folder), cache_path=cache, **given)
    address, answer = "https://w3id.org/ro/crate/1.3/context", requests.Response()
    answer.status_code, answer.url = 200, address
    content = (Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_bytes()
    answer._content, answer.raw = content, HTTPResponse(content, status=200, request_url=address)
    answer.headers["Content-Type"] = "application/ld+json"
    answer.request = requests.Request("GET", address).prepare()
    HttpRequester().session.cache.save_response(answer)
    return {issue.message for issue in services.validate(settings).get_issues()}


NOT_KNOWN = {  # recommended, but there is nothing true to say: the authors state no address and no institution
    "The organization SHOULD have a URL.",
    "An Organization entity SHOULD have a ROR identifier as its @id (e.g., https://ror.org/03f0f6041)",
    "An Organization's contactPoint SHOULD reference a ContactPoint contextual entity",
    "At least one author or publisher Person/Organization SHOULD have a contactPoint property",
}


@pytest.mark.slow
def test_an_independent_validator_accepts_it_and_would_notice(unpacked, tmp_path):
    """With three of the sources only: it needs a second for every twenty."""
    there = shutil.copytree(unpacked, tmp_path / "x")
    path = there / "ro-crate-metadata.json"
    crate = json.loads(path.read_text())
    named = [e["@id"] for e in crate["@graph"] if e["@id"].startswith("#source-")]
    crate["@graph"] = [e for e in crate["@graph"] if e["@id"] not in named[3:]]
    for entity in crate["@graph"]:
        if "isBasedOn" in entity:
            entity["isBasedOn"] = [{"@id": name} for name in named[:3]]
    path.write_text(json.dumps(crate))
    assert validated(there, tmp_path / "cache", "RECOMMENDED") == NOT_KNOWN
    path.write_text(path.read_text().replace('"license"', '"licence"'))
    assert validated(there, tmp_path / "cache", "REQUIRED")


def test_licence_authors_citation_and_state_of_the_code(mini, crate):
    root, head = crate["./"], subprocess.check_output(["git", "-C", mini.root, "rev-parse", "HEAD"], text=True).strip()
    assert [x["@id"] for x in root["license"]] == [
        "https://spdx.org/licenses/MIT",
        "https://creativecommons.org/licenses/by/4.0/",
    ]
    assert crate[root["author"]["@id"]]["name"] == "The innodivide authors"
    assert root["creditText"].startswith("If you use innodivide") and head in root["version"]
    assert root["creativeWorkStatus"] == "as committed"
    eurostat = crate["#source-ESTAT_RD_2025"]
    assert eurostat["creditText"] == "Eurostat" and "free reuse" in eurostat["copyrightNotice"]
    run = crate[f"#run-{MINI}"]
    assert run["instrument"]["@id"] == f"repository/notebooks/{MINI}.ipynb" and run["result"]["@id"] in crate
    assert {x["@id"] for x in run["object"]} >= {"repository/data/geography/tile_grid.csv"}


def test_what_is_described_is_there_with_the_stated_size_and_hash(unpacked, crate):
    files = [e for e in crate.values() if e["@type"] == "File"]
    assert len(files) > 60
    for entity in files:
        content = (unpacked / entity["@id"]).read_bytes()
        assert entity["contentSize"] == str(len(content))
        assert entity.get("sha256", hashlib.sha256(content).hexdigest()) == hashlib.sha256(content).hexdigest()


# The README


def test_the_readme_has_the_parts_a_data_editor_asks_for(readme):
    parts = ["Overview", "Data availability and provenance", "Dataset list", "Computational requirements"]
    parts += ["Description of programs", "Instructions", "List of tables and figures", "References"]
    assert re.findall(r"^## (.*)$", readme, re.M) == parts


def test_the_readme_states_what_the_run_and_the_tables_say(mini, readme):
    report = mini.root / "reports" / MINI
    made, took = (json.loads((report / n).read_text()) for n in ("manifest.json", "times.json"))
    assert f"| `{MINI}` | {took['seconds']} |" in readme
    assert all(f"- {name} {version}\n" in readme for name, version in made["environment"]["packages"].items())
    assert f"Python {made['environment']['python']};" in readme
    assert "The seed of the registered analysis is 20261122" in readme
    rows = frozen.load("ipcei_country")
    assert f"| `repository/data/tier1/ipcei_country.csv` | {len(rows)} |" in readme
    sources = frozen.load("source")
    assert all(f"- **{s}** " in readme for s in sources["source_id"])
    counts = sources["licence"].value_counts()
    assert f"| {counts.index[0]} | {counts.iloc[0]} |" in readme
    assert "| F90.1 A line | 8 | " in readme and "F90.1.csv, F90.1.png, F90.1.svg" in readme


def test_the_program_of_an_exhibit_is_the_line_that_defines_it(readme, unpacked):
    named = re.findall(r"(innodivide/[\w/]+\.py):(\d+) (\w+)", readme)
    assert named
    for file, line, name in named:
        source = (unpacked / "repository" / file).read_text("utf-8").splitlines()[int(line) - 1]
        assert re.match(rf"(def|class) {name}\b", source), (file, line, name)


@pytest.mark.parametrize("bound", [False, True])
def test_functions_are_found_through_variables_tuples_and_packages(bound):
    sources = [
        "from innodivide import models\nfrom innodivide.evidence import plan as p\n"
        "from innodivide.evidence.confirmatory import planned_dyads\n"
        "from innodivide.narrative.exhibits import table\nfirst, second = planned_dyads(p.load_plan()), 3",
        'fit = models.firth_logit(first)\ntable("T1", "x", fit, {})\ntable("T2", "y", second, {})',
    ]
    if bound:  # to a file of words, as the notebooks are
        sources[0] += '\nfrom innodivide.narrative.words_file import Words\nshow = Words("x")'
        sources[1] = (
            'fit = models.firth_logit(first)\nshow.table("T1", fit, **show.chart("T1"))\nshow.table("T2", second)'
        )
    shown = [
        nbformat.v4.new_output("execute_result", data={MIME: {"id": name, "kind": "table", "title": name}})
        for name in ("T1", "T2")
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in sources])
    notebook.cells[1]["outputs"] = shown
    first, second = exhibits(cells(notebook))
    assert [f.split(" ")[1] for f in first.functions] == ["firth_logit", "planned_dyads", "load_plan"]
    assert second.functions == () and first.cell == second.cell == 2
    assert place("innodivide.nothing.here") == place("os.path.join") == place("innodivide.indicators.panel.") == ""


# What is refused: every attempt is made on the repository itself and taken back


slow = pytest.mark.slow
EXHIBIT, TABLE = f"reports/{MINI}/exhibits/T90.1.csv", "data/tier1/alliance_member.csv"


@pytest.mark.parametrize(
    ("name", "new", "said"),
    [
        pytest.param(EXHIBIT, lambda c: c + "1\n", "T90.1.csv is missing or was altered", id="exhibit altered"),
        pytest.param("analysis_plan.yml", lambda c: c + "# x\n", "changed: analysis_plan.yml", id="stale", marks=slow),
        pytest.param(TABLE, lambda c: c[: c.rindex("\n", 0, -1) + 1], "as frozen: ", id="table cut"),
        pytest.param(TABLE, lambda c: c + "x\n", "cells in a row", id="table broken", marks=slow),
        pytest.param("LICENSE", None, "LICENSE is missing", id="code", marks=slow),
    ],
)
def test_what_is_missing_stale_or_broken_is_named_and_nothing_is_written(mini, change, tmp_path, name, new, said):
    change(name, new)
    done = mini.call(invoke, ["archive", tmp_path / "out.zip"])
    assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_uncommitted_changes_are_said_in_the_metadata_and_the_readme(mini, change, tmp_path):
    change("LICENSE-DATA.md", lambda text: text + "\nMore.\n")
    done = mini.call(invoke, ["archive", tmp_path / "out.zip"])
    assert done.returncode == 0 and "1 files differ from the commit" in done.stderr
    with zipfile.ZipFile(tmp_path / "out.zip") as crate:
        graph = json.loads(crate.read("ro-crate-metadata.json"))["@graph"]
        root = next(e for e in graph if e["@id"] == "./")
        assert root["creativeWorkStatus"] == "uncommitted changes"
        assert root["description"].endswith("Files with uncommitted changes: LICENSE-DATA.md.")
        assert "**The code differs from its commit** in 1 files: LICENSE-DATA.md." in crate.read("README.md").decode()
        assert crate.read("repository/LICENSE-DATA.md").endswith(b"More.\n")


@pytest.mark.slow
def test_a_link_among_the_tracked_files_does_not_bring_in_another_file(mini, tmp_path):
    secret, link = tmp_path / "secret", mini.root / "innocent.txt"
    secret.write_text("not yours")
    link.symlink_to(secret)
    git(mini.root, "add", "innocent.txt")
    try:
        done = mini.cli("archive", tmp_path / "out.zip")
        assert done.returncode == 1 and "a link that may lead out of its folder" in done.stderr
        assert not (tmp_path / "out.zip").exists()
    finally:
        git(mini.root, "rm", "-qf", "innocent.txt")


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/../../x", "a\\b", "a\nb", "C:x", "a//b", "", "..", "a/ ..", "\u202ex"]
)
def test_a_name_that_could_leave_the_folder_is_refused(tmp_path, name):
    with pytest.raises(DataError, match="not a safe name"):
        bundle._safe(tmp_path, name)


def test_an_archive_without_what_the_reports_were_made_from_is_refused():
    """As where the tree lies in the repository of somebody else, or a new module was not added to git."""
    used = {"innodivide/new.py": "0", "data/a.csv": "1", "data/datapackage.json (tables used)": "2"}
    made = [bundle.Report(None, Path(), {"inputs": used}, None)]
    bundle._refuse_parts_missing(made, ["innodivide/new.py", "data/a.csv", "README.md"])
    with pytest.raises(DataError, match=r"git does not keep innodivide/new\.py, which the reports were made from"):
        bundle._refuse_parts_missing(made, ["data/a.csv"])


@pytest.mark.slow
def test_outside_a_checkout_it_says_so(mini, unpacked, tmp_path):
    there = shutil.copytree(unpacked / "repository", tmp_path / "no-git")
    done = mini.at(there).cli("archive", tmp_path / "out.zip", GIT_DIR=str(there))
    assert done.returncode == 1 and "is not a git checkout" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("out", ["crate.tar", ".", "missing.zip/crate.zip"])
def test_a_place_that_does_not_do_is_wrong_use(mini, tmp_path, out):
    (tmp_path / "missing.zip").write_text("a file")
    done = mini.call(invoke, ["archive", tmp_path / out])
    assert done.returncode == 2 and "Traceback" not in done.stderr


# Interrupted


def slow_write(out: Path, contents: dict[str, bytes], ready: Path) -> None:
    """Write entries one by one for ever, as a large archive would (runs in a process of its own, to be killed)."""

    def write(partial: Path) -> None:
        with zipfile.ZipFile(partial, "w") as made:
            for number in range(10**6):
                made.writestr(f"{number}", os.urandom(1000))
                if number == 50:
                    ready.touch()

    bundle._in_place(out, write)


@pytest.mark.parametrize("before", [None, b"the archive of yesterday"], ids=["new", "another one is there"])
def test_killed_while_writing_there_is_no_half_zip(tmp_path, before):
    out, ready = tmp_path / "crate.zip", tmp_path / "ready"
    if before:
        out.write_bytes(before)
    process = get_context("spawn").Process(target=slow_write, args=(out, {}, ready))
    process.start()
    while not ready.exists():
        time.sleep(0.01)
    with pytest.raises(ParameterError, match="being written by another process"):
        bundle._in_place(out, lambda partial: None)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert (out.read_bytes() if out.exists() else None) == before
    bundle._in_place(out, lambda partial: partial.write_bytes(b"whole"))  # no stale lock, no leftover in the way
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"ready": b"", "crate.zip": b"whole"}
