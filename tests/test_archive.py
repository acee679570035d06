"""The archive of a small repository, by the command line: complete, described, sound when unpacked, the same twice."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import nbformat
import pytest
from report_fixtures import MINI, MINI_YAML, ROOT, Mini, tree

from innodivide import data
from innodivide.reports.archive_trace import exhibits, place

SMALL = ("CITATION.cff", "LICENSE", "LICENSE-DATA.md", "Makefile", "README.md", "pyproject.toml", ".gitignore")


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(root), *who, *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    """A git repository whose only notebook is the small one, with its report made."""
    one = Mini(tmp_path_factory.mktemp("archive") / "repo")
    (one.root / "notebooks" / "notebooks.yml").write_text(MINI_YAML, "utf-8")
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
    with zipfile.ZipFile(packed[0]) as archive:
        archive.extractall(there)
    return there


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
    with zipfile.ZipFile(packed[0]) as archive:
        assert archive.namelist() == sorted(expected)
        for name in ("repository/data/sources.csv", f"repository/reports/{MINI}/notebook.ipynb"):
            assert archive.read(name) == (mini.root / name.removeprefix("repository/")).read_bytes()


def test_the_list_of_hashes_covers_every_file_and_ordinary_tools_check_it(unpacked):
    listed = {line[66:]: line[:64] for line in (unpacked / "SHA256SUMS").read_text().splitlines()}
    found = {n: hashlib.sha256(c).hexdigest() for n, c in tree(unpacked).items() if n != "SHA256SUMS"}
    assert listed == found
    check = ["sha256sum", "-c", "--quiet", "--strict", "SHA256SUMS"]
    assert subprocess.run(check, cwd=unpacked, capture_output=True).returncode == 0


def test_ordinary_tools_notice_a_changed_byte(unpacked, tmp_path):
    there = shutil.copytree(unpacked, tmp_path / "x")
    path = there / "repository" / "data" / "sources.csv"
    path.write_bytes(path.read_bytes().replace(b"Eurostat", b"Eurostxt", 1))
    done = subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=there, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == "repository/data/sources.csv: FAILED\n"


def test_unpacked_elsewhere_the_reports_are_fresh_and_the_data_hold(mini, unpacked, tmp_path):
    """A clean place: only what was in the zip, and the installed packages."""
    there = shutil.copytree(unpacked / "repository", tmp_path / "clean")
    environment = mini.environment() | {"INNODIVIDE_ROOT": str(there), "PYTHONPATH": str(there)}
    for arguments, said in ((["check"], "tables hold"), (["run", "--format", "html"], "0 made, 1 up to date, 0 failed")):
        command = [sys.executable, "-m", "innodivide.cli", *arguments]
        done = subprocess.run(command, env=environment, cwd=there, capture_output=True, text=True)
        assert done.returncode == 0 and said in done.stdout, (done.stdout, done.stderr)


# The same bytes


def test_the_same_inputs_give_the_same_bytes_whenever_and_wherever(mini, packed, tmp_path):
    time.sleep(1.1)  # a zip states times in steps of two seconds, a metadata file in seconds
    for path in (mini.root / "data").rglob("*.csv"):
        os.utime(path)
    other = tmp_path / "deep" / "other.zip"
    assert mini.cli("archive", other).returncode == 0
    assert other.read_bytes() == packed[0].read_bytes()


def test_no_date_of_today_and_no_path_of_this_machine_is_told(unpacked, mini):
    for name in ("README.md", "ro-crate-metadata.json", "SHA256SUMS"):
        text = (unpacked / name).read_text("utf-8")
        assert str(mini.root) not in text and str(ROOT) not in text and "/tmp" not in text
    crate = json.loads((unpacked / "ro-crate-metadata.json").read_text())["@graph"]
    dates = {e["datePublished"] for e in crate if "datePublished" in e and not e["@id"].startswith("#source-")}
    assert dates == {"2026-11-22"}  # date-released of CITATION.cff
    assert not any("sdDatePublished" in e or "dateModified" in e for e in crate)


# The description


@pytest.fixture(scope="module")
def offline_validator(tmp_path_factory):
    """The independent validator, with the published context (as the rocrate library ships it) in its cache."""
    import requests
    import rocrate
    from rocrate_validator import services
    from rocrate_validator.models import ValidationSettings
    from rocrate_validator.utils.http import HttpRequester

    cache = tmp_path_factory.mktemp("validator") / "cache"

    def validate(folder: Path, severity: str):
        settings = ValidationSettings(
            rocrate_uri=str(folder),
            profile_identifier="ro-crate-1.3",
            requirement_severity=severity,
            cache_path=cache,
            offline=True,
        )
        store = HttpRequester().session.cache
        for address in ("https://w3id.org/ro/crate/1.3/context",):
            answer = requests.Response()
            answer.status_code, answer.url = 200, address
            answer._content = (Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_bytes()
            answer.headers["Content-Type"] = "application/ld+json"
            answer.request = requests.Request("GET", address).prepare()
            store.save_response(answer)
        return services.validate(settings)

    return validate


def test_an_independent_validator_accepts_it(unpacked, offline_validator):
    result = offline_validator(unpacked, "REQUIRED")
    assert [f"{i.check.identifier} {i.message} {i.violatingEntity}" for i in result.get_issues()] == []


def test_it_also_follows_what_is_recommended(unpacked, offline_validator):
    result = offline_validator(unpacked, "RECOMMENDED")
    assert [f"{i.check.identifier} {i.message} {i.violatingEntity}" for i in result.get_issues()] == []


def test_the_validator_would_notice(unpacked, offline_validator, tmp_path):
    there = shutil.copytree(unpacked, tmp_path / "x")
    path = there / "ro-crate-metadata.json"
    crate = json.loads(path.read_text())
    for entity in crate["@graph"]:
        if entity["@id"] == "./":
            del entity["license"], entity["datePublished"]
    path.write_text(json.dumps(crate))
    assert not offline_validator(there, "REQUIRED").passed()
