"""What made a report: hashes of every input and output. The same hashes decide whether it must be made again."""

import hashlib
import json
import os
import platform
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib import metadata
from pathlib import Path, PurePosixPath

from innodivide import __version__
from innodivide.data import folders, frozen as data
from innodivide.errors import DataError
from innodivide.reports.making.declarations import DECLARATIONS, Notebook

MANIFEST = "manifest.json"
LARGEST = 4_000_000  # bytes; a manifest of ours has about 20,000
_PARTS = {"notebook": str, "parameters": dict, "inputs": dict, "environment": dict, "code": dict, "outputs": dict}
_PACKAGES = (
    "firthmodels",
    "ipykernel",
    "jinja2",
    "markdown-it-py",
    "matplotlib",
    "nbformat",
    "numpy",
    "pandas",
    "papermill",
    "pypdf",
    "python-docx",
    "python-pptx",
    "pyyaml",
    "scikit-learn",
    "scipy",
    "seaborn",
    "statsmodels",
    "typst",
    "xlsxwriter",
)
# With these set, as they are in the hooks of git, git answers for another tree than that of the folder it is asked in.
_GIT_ELSEWHERE = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
)
_SHARED_TABLES = ("source", "country")  # every report prints source lines and country names
# Files of the library that shape no report, so that a change of them leaves every report fresh: the command line, the
# entry page, and what compares finished runs. A test holds that no other file of the library imports them.
# They are told by what their paths begin with.
APART = ("cli/", "data/refresh.py", "reports/archive/", "reports/verify/", "reports/site/", "repository/")


def sha256(content: bytes) -> str:
    """Return the hex digest of some bytes."""
    return hashlib.sha256(content).hexdigest()


def file_sha256(path: Path) -> str:
    """Return the hex digest of a file."""
    return sha256(path.read_bytes())


def _canonical(value) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str).encode()


def inputs(notebook: Notebook, digest: Callable[[Path], str] = file_sha256) -> dict[str, str]:
    """Return path -> sha256 of all that a report depends on: notebook, declared tables, library, plan, lock.

    `digest` hashes a file; whoever asks for many reports at one moment passes one that remembers.
    """
    tables = sorted({*data.linked_tables([*notebook.tables, *_SHARED_TABLES])} - data.left_out())
    paths = [notebook.path, *(data.ROOT / f for f in notebook.files)]
    hashes = {p.relative_to(data.ROOT).as_posix(): digest(p) for p in paths}
    files = [data.resource(t)["path"] for t in tables]
    hashes |= {f"data/{f}": digest(data.DATA / f) for f in files}  # by this name wherever the folder is
    frozen = ("bytes", "hash")  # say of a table what its own hash says
    described = [{k: v for k, v in data.resource(t).items() if k not in frozen} for t in tables]
    hashes[f"data/{data.PACKAGE} (tables used)"] = sha256(_canonical(described))
    hashes[f"notebooks/{DECLARATIONS} ({notebook.name})"] = sha256(
        _canonical([notebook.title, notebook.tables, notebook.parameters, notebook.sources_in])
    )
    return hashes | _shared_inputs()


@lru_cache(maxsize=1)
def _shared_inputs() -> dict[str, str]:
    library = folders.LIBRARY
    files = {p.relative_to(library).as_posix(): p for p in sorted(library.rglob("*"))}
    kinds = (".py", ".yml", ".j2", ".css", ".typ")
    used = {f"innodivide/{n}": p for n, p in files.items() if n.endswith(kinds) and not n.startswith(APART)}
    used |= {name: data.ROOT / name for name in ("analysis_plan.yml", "requirements.lock")}
    return {name: file_sha256(p) for name, p in used.items()}


@lru_cache(maxsize=1)
def environment() -> dict:
    """Return the versions a result can depend on."""
    return {
        "python": platform.python_version(),
        "innodivide": __version__,
        "packages": {name: metadata.version(name) for name in _PACKAGES},
    }


def versions() -> dict[str, str]:
    """Return the same by name, without the level of packages."""
    return flat(environment())


@lru_cache(maxsize=1)
def code_state() -> dict:
    """Return the git commit and whether tracked inputs differ from it; unknown outside a git checkout."""
    tracked = ("innodivide", "data", "notebooks", "analysis_plan.yml", "requirements.lock")
    try:
        changed = git("status", "--porcelain", "--", *tracked)
        other = bool(changed) or not folders.OWN_DATA
        return {"commit": git("rev-parse", "HEAD").strip(), "uncommitted_changes": other}
    except DataError:
        return {"commit": None, "uncommitted_changes": None}


def git(*arguments: str) -> str:
    """Return what git says of the repository: of this tree, not of one around it, or of one that a variable names.

    Raises
    ------
    DataError
        If the repository is not the top of a git checkout, or there is no git; with git's own reason.
    """
    unknown = "which files belong to the code is not known"
    top = Path(_git("rev-parse", "--show-toplevel", unknown=unknown).removesuffix("\n"))
    if not top.is_dir() or not top.samefile(data.ROOT):
        raise DataError(f"{data.ROOT} is not a git checkout of its own, but a folder in that of {top}: {unknown}")
    return _git(*arguments, unknown=unknown)


def _git(*arguments: str, unknown: str) -> str:
    variables = {k: v for k, v in os.environ.items() if k not in _GIT_ELSEWHERE}
    command = ["git", "-C", str(data.ROOT), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, env=variables, encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise DataError(f"git cannot be run ({error.strerror}): {unknown}") from None
    if done.returncode:
        raise DataError(f"git cannot read {data.ROOT}: {unknown}; git says: {' '.join(done.stderr.split())}")
    return done.stdout


def build(notebook: Notebook, parameters: dict, folder: Path, read: dict[str, str]) -> dict:
    """Return the manifest of a finished report folder; `read` are the `inputs` taken before the notebook ran."""
    outputs = {
        p.relative_to(folder).as_posix(): file_sha256(p)
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


def read(folder: Path) -> dict:
    """Return the manifest of a report folder.

    Raises
    ------
    DataError
        If there is none, or if it is not what `build` makes: cut off, altered in form, or with a path that leads out of
        the folder.
    """
    file = folder / MANIFEST
    try:
        too_large = file.stat().st_size > LARGEST
        content = None if too_large else json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{file} is missing") from None
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise DataError(f"{file} is damaged: it is no JSON text") from None
    fault = "it is larger than any manifest" if too_large else _fault(content)
    if fault:
        raise DataError(f"{file} is damaged: {fault}")
    return content


def _fault(content) -> str:
    """Say in what way some JSON content is no manifest, or return an empty string."""
    if not isinstance(content, dict) or content.keys() != _PARTS.keys():
        return f"its parts are not {', '.join(_PARTS)}"
    for part, kind in _PARTS.items():
        if not isinstance(content[part], kind):
            return f"{part} is of another type"
    for part in ("inputs", "outputs"):
        for path, digest in content[part].items():
            if not isinstance(digest, str) or not re.fullmatch("[0-9a-f]{64}", digest):
                return f"{part} has no SHA-256 for {path!r}"
    for path in content["outputs"]:
        if path.startswith("/") or "\0" in path or "\\" in path or ".." in PurePosixPath(path).parts:
            return f"output {path!r} leads out of the folder"
    return "" if content["outputs"] else "no outputs are listed"


def altered(folder: Path, outputs: dict[str, str]) -> Iterator[str]:
    """Yield the outputs that are missing or have other bytes than the manifest says."""
    for path, digest in outputs.items():
        file = folder / path
        try:
            if not file.is_file() or file_sha256(file) != digest:
                yield path
        except OSError:  # no permission, a name that this system does not allow
            yield path


def reasons(
    notebook: Notebook,
    parameters: dict,
    folder: Path,
    formats: tuple[str, ...],
    digest: Callable[[Path], str] = file_sha256,
    edited: bool = True,
) -> Iterator[str]:
    """Yield each reason why a report must be made again; none when it is fresh in these formats.

    `edited` says whether a file that is there, but with other bytes than were made, is such a reason.
    """
    if not (folder / MANIFEST).exists():
        yield "there is no report yet"
        return
    try:
        old = read(folder)
        now = inputs(notebook, digest)
    except DataError as error:
        yield str(error)
        return
    except OSError as error:  # the run will say more
        yield f"{error.filename} cannot be read"
        return
    yield from _changes("parameter", old["parameters"], parameters)
    changed = differing(old["inputs"], now)
    if changed:
        yield f"changed: {first_three(changed)}"
    yield from _changes("version", flat(old["environment"]), versions())
    if old["notebook"] != notebook.name:
        yield f"the report there is of notebook {old['notebook']}"
    absent = [f for f in formats if f"report.{f}" not in old["outputs"]]
    if absent:
        yield f"not made in format {', '.join(absent)}"
    for path in altered(folder, old["outputs"]):
        if edited or not (folder / path).is_file():
            yield f"output {path} is missing or was altered"


def compared(folder: Path) -> str:
    """Say what was compared to call a report fresh."""
    content = read(folder)
    counts = {part: len(content[part]) for part in ("inputs", "outputs", "parameters")}
    counts["outputs"] -= sum(1 for _ in altered(folder, content["outputs"]))  # those changed by hand are named apart
    counts["versions"] = len(flat(content["environment"]))
    return ", ".join(f"{n} {part}" for part, n in counts.items()) + " are as when it was made"


def first_three(names: Sequence[str]) -> str:
    """Return "a, b, c and 2 more"."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def differing(was: dict, now: dict) -> list[str]:
    """Return the names whose value is not the same in both, or that only one has."""
    missing = object()
    return sorted(k for k in was.keys() | now.keys() if was.get(k, missing) != now.get(k, missing))


def flat(found: dict) -> dict:
    """Return the versions of an environment by name, without the level of packages."""
    packages = found.get("packages")
    return {k: v for k, v in found.items() if k != "packages"} | (packages if isinstance(packages, dict) else {})


def _changes(what: str, was: dict, now: dict) -> Iterator[str]:
    for name in differing(was, now):
        yield f"{what} {name}: was {was.get(name, 'not recorded')}, is {now.get(name, 'not recorded')}"
