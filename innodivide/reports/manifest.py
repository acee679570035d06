"""What made a report: hashes of every input and output. The same hashes decide whether it must be made again."""

import hashlib
import json
import platform
import subprocess
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from innodivide import __version__, data
from innodivide.reports.declarations import DECLARATIONS, Notebook

MANIFEST = "manifest.json"
_PACKAGES = (
    "firthmodels",
    "ipykernel",
    "jinja2",
    "markdown-it-py",
    "matplotlib",
    "numpy",
    "pandas",
    "papermill",
    "python-docx",
    "scipy",
    "seaborn",
    "statsmodels",
    "typst",
)
_SHARED_TABLES = ("source", "country")  # every report prints source lines and country names


def sha256(content: bytes) -> str:
    """Return the hex digest of some bytes."""
    return hashlib.sha256(content).hexdigest()


def _canonical(value) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str).encode()


def inputs(notebook: Notebook) -> dict[str, str]:
    """Return path -> sha256 of all that a report depends on: notebook, declared tables, library, plan, lock."""
    tables = data.linked_tables([*notebook.tables, *_SHARED_TABLES])
    paths = [notebook.path, *(data.DATA / data.resource(t)["path"] for t in tables)]
    paths += [data.ROOT / f for f in notebook.files]
    hashes = {p.relative_to(data.ROOT).as_posix(): sha256(p.read_bytes()) for p in paths}
    described = [data.resource(t) for t in tables]
    hashes[f"data/{data.PACKAGE} (tables used)"] = sha256(_canonical(described))
    hashes[f"notebooks/{DECLARATIONS} ({notebook.name})"] = sha256(
        _canonical([notebook.title, notebook.tables, notebook.parameters])
    )
    return hashes | _shared_inputs()


@lru_cache(maxsize=1)
def _shared_inputs() -> dict[str, str]:
    library = [p for p in (data.ROOT / "innodivide").rglob("*") if p.suffix in (".py", ".j2", ".css", ".typ")]
    paths = [*sorted(library), data.ROOT / "analysis_plan.yml", data.ROOT / "requirements.lock"]
    return {p.relative_to(data.ROOT).as_posix(): sha256(p.read_bytes()) for p in paths}


@lru_cache(maxsize=1)
def environment() -> dict:
    """Return the versions a result can depend on."""
    return {
        "python": platform.python_version(),
        "innodivide": __version__,
        "packages": {name: metadata.version(name) for name in _PACKAGES},
    }


@lru_cache(maxsize=1)
def code_state() -> dict:
    """Return the git commit and whether tracked inputs differ from it; unknown outside a git checkout."""

    def git(*arguments):
        done = subprocess.run(["git", "-C", str(data.ROOT), *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        changed = git(
            "status", "--porcelain", "--", "innodivide", "data", "notebooks", "analysis_plan.yml", "requirements.lock"
        )
        return {"commit": git("rev-parse", "HEAD"), "uncommitted_changes": bool(changed)}
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "uncommitted_changes": None}


def build(notebook: Notebook, parameters: dict, folder: Path, read: dict[str, str]) -> dict:
    """Return the manifest of a finished report folder; `read` are the `inputs` taken before the notebook ran."""
    outputs = {
        p.relative_to(folder).as_posix(): sha256(p.read_bytes())
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != MANIFEST
    }
    return {
        "notebook": notebook.name,
        "parameters": parameters,
        "inputs": read,
        "environment": environment(),
        "code": code_state(),
        "outputs": outputs,
    }


def why_stale(notebook: Notebook, parameters: dict, folder: Path, formats: tuple[str, ...] = ("html",)) -> str:
    """Return why a report must be made again, or an empty string when it is fresh in these formats."""
    try:
        old = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        was_parameters, was_inputs, was_outputs = (dict(old[k]) for k in ("parameters", "inputs", "outputs"))
        was_environment = old["environment"]
    except (OSError, ValueError, KeyError, TypeError):
        return "no report yet, or no readable manifest"
    try:
        now = inputs(notebook)
    except OSError as error:  # the run will say more
        return f"{error.filename} cannot be read"
    changed = sorted(p for p in set(now) | set(was_inputs) if now.get(p) != was_inputs.get(p))
    if was_parameters != parameters:
        return "other parameters"
    if changed:
        return f"changed: {', '.join(changed[:3])}{' and more' if len(changed) > 3 else ''}"
    if was_environment != environment():
        return "other package versions"
    if not was_outputs:
        return "no outputs are listed"
    absent = [f for f in formats if f"report.{f}" not in was_outputs]
    if absent:
        return f"not made in format {', '.join(absent)}"
    for path, digest in was_outputs.items():
        file = folder / path
        if not file.is_file() or sha256(file.read_bytes()) != digest:
            return f"output {path} is missing or was altered"
    return ""
