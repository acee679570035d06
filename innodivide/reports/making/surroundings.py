"""What the user's surroundings may bring into a report: nothing.

The folder a command is started in, variables, startup files, limits and closed streams belong to the user; a report is
to be the same whatever they are. `settle` is called once by the command line, `children` by whatever starts processes
for reports, `kept` says which variables a kernel sees. Nothing of `innodivide.data` is imported here: where the tables
are is fixed when it is, and the command line (`--data`) has its say first.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import innodivide
from innodivide.errors import InnodivideError

FILES = 256  # that a process may have open: a run with two kernels needs about half of it
# Variables that a kernel sees: where things are, language and clock of the system, threads of its libraries, and our
# own. Settings of pandas, scikit-learn, IPython and others, which change results or run files, are not among them.
_KEPT = re.compile(
    r"(?:LD|DYLD|LC|XDG|INNODIVIDE|OMP|OPENBLAS|MKL|PYDEVD|JPY|ProgramFiles)_?\w*|PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|TZ|TMPDIR|TEMP|TMP|VIRTUAL_ENV|CONDA_PREFIX|MPLCONFIGDIR|IPYTHONDIR|PYTHONPATH|PYTHONHOME"
    r"|PYTHONHASHSEED|PYTHONSAFEPATH|PYTHONUTF8|PYTHONDONTWRITEBYTECODE|PYTHONPYCACHEPREFIX"
    r"|SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT|USERPROFILE|APPDATA|LOCALAPPDATA|PROGRAMDATA|NUMBER_OF_PROCESSORS",
    re.IGNORECASE,
)
_PACKAGE = Path(innodivide.__file__).resolve().parent


class OtherCheckout(InnodivideError):
    """The program belongs to one checkout and is asked to work on another one, whose code it would not run."""


def settle() -> None:
    """Make this process, and all that it starts, independent of the folder and the streams it was started with."""
    _open_streams()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in a report's kernel: threads of small matrices only wait
    here, needed = _here(), _needs_here()
    os.environ.update(_search_path())
    if not needed:  # a package that lies here is found after all others: nothing here can stand in their place
        last = [here] if _is(_PACKAGE.parent, here) else []
        sys.path[:] = [path for path in sys.path if not _is(path, here)] + last


@contextmanager
def children() -> Iterator[None]:
    """Let processes that are started inside the block import nothing from the current folder, and open enough files."""
    allow_files()
    with changed(_search_path()):
        yield


def change(variables: Mapping[str, str | None]) -> None:
    """Set variables of this process; those that are None are taken away."""
    for name, value in variables.items():
        os.environ.pop(name, None) if value is None else os.environ.update({name: value})


@contextmanager
def changed(variables: Mapping[str, str | None]) -> Iterator[None]:
    """Set variables of this process for as long as the block lasts."""
    before = {name: os.environ.get(name) for name in variables}
    change(variables)
    try:
        yield
    finally:
        change(before)


def kept(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that may reach a kernel."""
    return {name: value for name, value in variables.items() if _KEPT.fullmatch(name)}


def one_root() -> None:
    """Refuse to run the code of one checkout on another one that has code of its own.

    A checkout that was copied with its environment still has the program of the first one. Data without code beside
    them (INNODIVIDE_ROOT) are fine.

    Raises
    ------
    OtherCheckout
        Naming both, and the cure.
    """
    here, told = Path(_here()), "the current folder is in"
    asked = [here, *here.parents]
    if named := os.environ.get("INNODIVIDE_ROOT"):
        asked, told = [Path(named).expanduser().resolve()], "INNODIVIDE_ROOT names"
    for folder in asked:
        own = folder / "innodivide"
        if (own / "__init__.py").is_file() and (folder / "data" / "datapackage.json").is_file():
            if not own.samefile(_PACKAGE) and not (named and _same_code(own)):
                raise OtherCheckout(
                    f"this program belongs to {_PACKAGE.parent}, but {told} {folder}, which has code of its own: "
                    "use the program of that one (`make reports` there sets it up)"
                )
            return


def _same_code(own: Path) -> bool:
    """Tell whether a folder holds the same modules as this package; then it does not matter whose are run."""
    one, other = (
        {f.relative_to(p): f.read_bytes() for f in p.rglob("*.py") if f.name != "warm.py"} for p in (own, _PACKAGE)
    )
    return one == other


def allow_files(needed: int = FILES) -> None:
    """Raise the limit on open files of this process and its children to what reports need.

    Raises
    ------
    InnodivideError
        If the system does not allow so many.
    """
    try:
        import resource
    except ImportError:  # Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    except (ValueError, OSError):
        raise InnodivideError(
            f"a process may open only {hard} files here, and reports need {needed}: raise it (ulimit -n {needed})"
        ) from None


def _here() -> str:
    """Return the current folder, or the system's root where it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return os.path.abspath(os.sep)


def _is(path: str | Path, folder: str) -> bool:
    """Tell whether an entry of the search path is a folder; an empty one is the current folder."""
    return os.path.realpath(path or ".") == os.path.realpath(folder)


def _needs_here() -> bool:
    """Tell whether this package was found in the current folder only because that is the current folder."""
    here = _here()
    places = [number for number, path in enumerate(sys.path) if _is(path, here)]
    return _is(_PACKAGE.parent, here) and places == [0]


def _search_path() -> dict[str, str]:
    """Return the variables that keep the current folder out of the search path of new processes."""
    here = _here()
    given = os.environ.get("PYTHONPATH", "")
    others = [path for path in given.split(os.pathsep) if not _is(path, here)] if given else []
    path = os.pathsep.join([*([here] if _needs_here() else []), *others])
    return {"PYTHONSAFEPATH": "1"} | ({"PYTHONPATH": path} if path or given else {})


def _open_streams() -> None:
    """Open on nothing the standard streams that are closed, and let no letter that a console lacks end a command."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:  # the system gives the lowest number that is free
        os.set_inheritable(number, True)
    os.close(number)
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, encoding="utf-8", errors="replace", closefd=False))
    for stream in (sys.stdout, sys.stderr):
        if getattr(stream, "errors", "") == "strict":
            stream.reconfigure(errors="backslashreplace")
