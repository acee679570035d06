"""pyproject.toml, lock, environment, citation say the same; the built package brings what it needs, and works alone."""

import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from contextlib import chdir
from importlib import metadata

import flit_with_data as backend
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from innodivide import __version__
from innodivide.data.frozen import ROOT
from innodivide.reports.making.declarations import notebooks

PYPROJECT_TEXT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PROJECT = tomllib.loads(PYPROJECT_TEXT)["project"]
EXTRAS = PROJECT["optional-dependencies"]
DECLARED = [Requirement(r) for r in [*PROJECT["dependencies"], *(r for extra in EXTRAS.values() for r in extra)]]
PARTS = [(ROOT / f"requirements{part}.lock").read_text(encoding="utf-8") for part in ("", "-lab", "-test")]
LOCK_TEXT = "".join(PARTS)
ENVIRONMENT_TEXT = (ROOT / "environment.yml").read_text(encoding="utf-8")
ENVIRONMENT = yaml.safe_load(ENVIRONMENT_TEXT)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(lock: str) -> dict[str, list[tuple[Requirement, str]]]:
    """Return, by name, each entry of a lock with its text (hashes and all)."""
    found: dict[str, list] = {}
    for text in filter(None, (e.strip() for e in re.split(r"(?m)^(?=[A-Za-z0-9])", lock))):
        requirement = Requirement(text.split("\\")[0].strip())
        found.setdefault(normal(requirement.name), []).append((requirement, text))
    return found


LOCKED = locked(LOCK_TEXT)
CONDA, PIP = [d for d in ENVIRONMENT["dependencies"] if isinstance(d, str)], ENVIRONMENT["dependencies"][-1]["pip"]


@pytest.mark.parametrize("requirement", DECLARED, ids=lambda r: r.name)
def test_every_declared_dependency_is_locked_in_range_and_installed(requirement):
    entries = LOCKED[normal(requirement.name)]
    for entry, _ in entries:
        version = str(entry.specifier).removeprefix("==")
        assert requirement.specifier.contains(version), f"{requirement} against lock {version}"
    if any(entry.marker is None or entry.marker.evaluate() for entry, _ in entries):
        assert requirement.specifier.contains(metadata.version(requirement.name))


def test_every_locked_entry_is_one_version_with_hashes():
    assert len(LOCKED) > 100
    for name, entries in LOCKED.items():
        for entry, text in entries:
            assert re.fullmatch(r"==[0-9][0-9A-Za-z.!+]*", str(entry.specifier)), name
            assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", text), f"{name} has no hash"
        texts = [str(entry) for entry, _ in entries]
        assert len({str(entry.specifier) for entry, _ in entries}) == 1 or all(";" in t for t in texts), name
        assert len(set(texts)) == len(texts), f"{name} is locked twice for the same machines"


@pytest.mark.parametrize(
    "extras, parts", [(("archive", "build"), 1), (("lab",), 2), (EXTRAS, 3)], ids=["reports", "lab", "test"]
)
def test_each_part_of_the_lock_has_what_is_declared_for_it_and_no_later_one_is_needed(extras, parts):
    """The order in which make installs them: for reports, then JupyterLab, then tests and documentation."""
    wanted = {normal(Requirement(r).name) for r in [*PROJECT["dependencies"], *(r for e in extras for r in EXTRAS[e])]}
    assert wanted <= set(locked("".join(PARTS[:parts])))
    others = {normal(Requirement(r).name) for e in set(EXTRAS) - set(extras) - {"archive", "build"} for r in EXTRAS[e]}
    assert parts == 3 or not (others - {"jupyterlab"}) & set(locked("".join(PARTS[:parts])))


def test_no_address_in_the_lock_or_the_environment():
    for text in (LOCK_TEXT, ENVIRONMENT_TEXT):
        assert "://" not in text
        assert not re.search(r"(?m)^\s*-?\s*(-i|--index-url|--extra-index-url|--find-links|--trusted-host)\b", text)


def test_the_environment_has_the_declared_packages_in_the_locked_versions():
    pinned = [Requirement(p) for p in PIP if not p.startswith("-e")]
    assert {normal(p.name) for p in pinned} == {normal(d.name) for d in DECLARED}
    for requirement in pinned:
        versions = {str(entry.specifier) for entry, _ in LOCKED[normal(requirement.name)]}
        assert versions == {str(requirement.specifier)}, requirement.name
    assert PIP[-1] == "-e ."
    assert ENVIRONMENT["name"] == "innodivide"


def test_the_python_of_the_environment_is_in_the_declared_range():
    (python,) = [re.fullmatch(r"python=(\d+\.\d+)", d)[1] for d in CONDA if d.startswith("python")]
    allowed = SpecifierSet(PROJECT["requires-python"])
    assert allowed.contains(f"{python}.0") and allowed.contains(".".join(map(str, sys.version_info[:3])))
    assert {"make", "pip"} <= set(CONDA), "what make and the pip section need"


def test_the_declared_range_the_classifiers_and_the_makefile_agree():
    allowed = SpecifierSet(PROJECT["requires-python"])
    minors = [m for m in range(8, 20) if allowed.contains(f"3.{m}.0")]
    assert minors == [11, 12, 13]
    assert [c.rsplit(" ", 1)[1] for c in PROJECT["classifiers"] if re.search(r":: 3\.\d", c)] == [
        f"3.{m}" for m in minors
    ]
    assert "(3, 11) <= v < (3, 14)" in (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("requirement", [*PROJECT["dependencies"], *(r for extra in EXTRAS.values() for r in extra)])
def test_every_dependency_has_its_reason(requirement):
    (line,) = [one for one in PYPROJECT_TEXT.splitlines() if one.strip().startswith(f'"{requirement}",')]
    _, _, reason = line.partition("#")
    assert len(reason.split()) >= 1 and len(reason.strip()) > 5


def test_imports_of_the_package_are_declared():
    """What the library imports from outside is a declared dependency, not one that happens to be installed."""
    names = {
        "yaml": "pyyaml",
        "markdown_it": "markdown-it-py",
        "docx": "python-docx",
        "pptx": "python-pptx",
        "sklearn": "scikit-learn",
    }
    extras = [r for name in ("archive", "cluster") for r in EXTRAS[name]]  # imported by the command that needs them
    declared = {normal(Requirement(r).name) for r in [*PROJECT["dependencies"], *extras]}
    found = set()
    for path in (ROOT / "innodivide").rglob("*.py"):
        found |= set(
            re.findall(r"(?m)^\s*(?:import|from)\s+([A-Za-z_][A-Za-z0-9_]*)", path.read_text(encoding="utf-8"))
        )
    outside = {normal(names.get(m, m)) for m in found - set(sys.stdlib_module_names) - {"innodivide"}}
    assert outside - declared - INDIRECT == set()


INDIRECT = {"ipython", "nbformat", "nbclient", "traitlets", "jupyter-client"}  # come with papermill and ipykernel


# ---- one version, one description ----


def test_version_and_description_stand_once_and_are_told_everywhere_alike():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    meta = json.loads((ROOT / "codemeta.json").read_text(encoding="utf-8"))
    assert {PROJECT["version"], cited["version"], meta["version"]} == {__version__}
    assert f"## {__version__} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert meta["dateModified"] == str(cited["date-released"]) and meta["keywords"] == cited["keywords"]
    assert meta["description"] == " ".join(cited["abstract"].split())
    assert meta["programmingLanguage"]["version"] == PROJECT["requires-python"]
    authors = [[a["name"] for a in listed] for listed in (meta["author"], cited["authors"], PROJECT["authors"])]
    assert authors[0] == authors[1] == authors[2]


# ---- the built package ----


def test_the_package_brings_the_tracked_files_of_its_list_and_no_other():
    listed = tomllib.loads(PYPROJECT_TEXT)["tool"]
    brought = listed["innodivide"]["brought"]
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--", *brought]
    tracked = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")[:-1]
    assert backend.brought(ROOT) == sorted(tracked)
    assert [n.rstrip("/") for n in listed["flit"]["sdist"]["include"]] == ["backend", *brought]
    assert {f for n in notebooks().values() for f in n.files} <= set(tracked)


def test_a_name_that_is_not_there_stops_the_build(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.innodivide]\nbrought = ["date"]\n')
    with pytest.raises(FileNotFoundError, match="brought: date is not there"):
        backend.brought(tmp_path)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    with chdir(ROOT):
        return folder / backend.build_wheel(str(folder))


def test_the_wheel_has_every_file_of_the_library_and_what_it_brings(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    own = {p.relative_to(ROOT).as_posix() for p in (ROOT / "innodivide").rglob("*") if p.is_file()}
    own = {n for n in own if "__pycache__" not in n and "/." not in n}
    assert own | {f"innodivide/repository/{n}" for n in backend.brought(ROOT)} <= names
    assert {n.split("/")[0] for n in names} == {"innodivide", f"innodivide-{__version__}.dist-info"}
    assert {n.rsplit("/", 1)[1] for n in names if "/licenses/" in n} == {"LICENSE", "LICENSE-DATA.md"}


ALONE = """
import innodivide
from innodivide.data import folders
print(folders.INSTALLED, innodivide.load("ipcei").shape[0] > 0, folders.reports() == folders.Path.cwd() / "reports")
"""


@pytest.mark.slow
def test_the_wheel_works_alone_in_an_empty_folder_and_the_source_archive_builds_the_same(wheel, tmp_path, monkeypatch):
    """The dependencies are those of this environment; neither this checkout nor its editable install is seen."""
    venv.create(tmp_path / "env", symlinks=True)
    binaries = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin")
    (site,) = (tmp_path / "env").rglob("site-packages")
    zipfile.ZipFile(wheel).extractall(site)  # what pip does with a wheel of pure Python, but for the scripts
    dependencies = metadata.distribution("numpy").locate_file("")
    (site / "dependencies.pth").write_text(f"import sys; sys.path.append({str(dependencies)!r})\n")
    here = tmp_path / "empty"
    here.mkdir()

    def python(*arguments) -> str:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("INNODIVIDE_", "PYTHON"))}
        done = subprocess.run([binaries / "python", *arguments], cwd=here, env=kept, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert python("-c", ALONE).split() == ["True", "True", "True"]
    python("-m", "innodivide.cli", "annex", "MT", "--format", "html")
    assert (here / "reports" / "annex" / "MT" / "report.html").is_file()
    assert " 0 differs, 0 not run, 0 new" in python("-m", "innodivide.cli", "verify", "reports", "--only", "annex/MT")
    built = tmp_path / "built"
    built.mkdir()
    monkeypatch.chdir(ROOT)
    archive = built / backend.build_sdist(str(built))
    tarfile.open(archive).extractall(built, filter="data")
    monkeypatch.chdir(built / archive.name.removesuffix(".tar.gz"))
    again = zipfile.ZipFile(built / backend.build_wheel(str(built)))
    first = zipfile.ZipFile(wheel)
    assert again.namelist() == first.namelist()
    assert all(again.read(n) == first.read(n) for n in first.namelist())
