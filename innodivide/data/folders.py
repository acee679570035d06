"""Where things are: the repository or what an installed package brought of it, the tables, and where reports go.

Two variables of the environment choose: INNODIVIDE_ROOT another repository, INNODIVIDE_DATA (`--data`) another folder
of tables with its datapackage.json. Both may be relative to the current folder.
"""

import os
import shlex
from pathlib import Path

from innodivide.errors import DataError

PACKAGE = Path(__file__).resolve().parents[1]
BROUGHT = PACKAGE / "repository"  # laid there when the package is built (backend/flit_with_data.py), not in a clone
ROOT_VARIABLE, DATA_VARIABLE = "INNODIVIDE_ROOT", "INNODIVIDE_DATA"


def _named(variable: str) -> Path | None:
    """Return the folder that a variable names, if any; written back in full, as child processes work elsewhere."""
    if not os.environ.get(variable):
        return None
    folder = Path(os.environ[variable]).expanduser().resolve()
    os.environ[variable] = str(folder)
    return folder


ROOT = _named(ROOT_VARIABLE) or (BROUGHT if BROUGHT.is_dir() else PACKAGE.parent)
DATA = _named(DATA_VARIABLE) or ROOT / "data"
OWN_DATA = DATA == ROOT / "data"  # not tables that somebody changed
INSTALLED = ROOT == BROUGHT
LIBRARY = ROOT / "innodivide" if (ROOT / "innodivide").is_dir() else PACKAGE


def output(name: str) -> Path:
    """Return where `name` is written unless told otherwise: in the repository, for an installed package right here."""
    return (Path.cwd() if INSTALLED else ROOT) / name


def reports() -> Path:
    """Return the folder of reports; those from tables in another folder are never put among the repository's own."""
    return output("reports") if OWN_DATA else Path.cwd() / f"reports-{DATA.name}"


def typed(command: str) -> str:
    """Return a command as it has to be typed for the tables in use."""
    if OWN_DATA:
        return command
    here = os.path.relpath(DATA)
    return f"{command} --data {shlex.quote(str(DATA) if here.startswith(os.pardir) else here)}"


def refuse_changing_own(what: str) -> None:
    """Raise DataError if a command would change the tables that an installed package brought."""
    if INSTALLED and OWN_DATA:
        raise DataError(f"{what} changes tables: make a copy with innodivide copy-data, and give it with --data")


def refuse_installed(what: str) -> None:
    """Raise DataError if there is no repository that a command could change."""
    if INSTALLED:
        raise DataError(
            f"{what} changes files of the repository, and this package was installed without one: use a clone, "
            f"or set {ROOT_VARIABLE} to it"
        )
