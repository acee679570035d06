"""pyproject.toml, requirements.lock and environment.yml say the same."""

import re
import sys
import tomllib
from importlib import metadata

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from innodivide.data.frozen import ROOT

PYPROJECT_TEXT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PROJECT = tomllib.loads(PYPROJECT_TEXT)["project"]
EXTRAS = PROJECT["optional-dependencies"]
DECLARED = [Requirement(r) for r in [*PROJECT["dependencies"], *(r for extra in EXTRAS.values() for r in extra)]]
LOCK_TEXT = (ROOT / "requirements.lock").read_text(encoding="utf-8")
ENVIRONMENT_TEXT = (ROOT / "environment.yml").read_text(encoding="utf-8")
ENVIRONMENT = yaml.safe_load(ENVIRONMENT_TEXT)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> dict[str, list[tuple[Requirement, str]]]:
    """Return, by name, each entry of the lock with its text (hashes and all)."""
    entries = re.split(
        r"(?m)^(?=[A-Za-z0-9])", "\n".join(line for line in LOCK_TEXT.splitlines() if not line.lstrip().startswith("#"))
    )
    found: dict[str, list] = {}
    for text in filter(None, (e.strip() for e in entries)):
        requirement = Requirement(text.split("\\")[0].strip())
        found.setdefault(normal(requirement.name), []).append((requirement, text))
    return found


LOCKED = locked()
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
        if len(entries) > 1:
            assert all(entry.marker is not None for entry, _ in entries), f"{name} is locked twice without markers"


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
