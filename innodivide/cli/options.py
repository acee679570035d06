"""Options that several commands have."""

import os
import sys
from pathlib import Path

import click

from innodivide.errors import DataError, ParameterError

FOLDER = click.Path(path_type=Path, file_okay=False)
DATA_VARIABLE = "INNODIVIDE_DATA"  # read by innodivide/data/folders.py, here and in the processes that this one starts


def _use_tables(context, option, folder: Path | None) -> None:
    """Have the tables read from a folder: told before anything reads one, since the library is imported later."""
    if folder is None:
        return
    read = sys.modules.get("innodivide.data.folders")
    if read and read.DATA != folder.resolve():
        raise ParameterError(
            f"--data {folder}: other tables are in use already; write it first, as innodivide --data {folder} ..., "
            f"or set {DATA_VARIABLE} before Python starts"
        )
    if not (folder / "datapackage.json").is_file():
        raise ParameterError(f"--data {folder}: it holds no datapackage.json; make a copy with innodivide copy-data")
    os.environ[DATA_VARIABLE] = str(folder.resolve())


data = click.option(
    "--data",
    is_eager=True,
    type=click.Path(path_type=Path, file_okay=False),
    expose_value=False,
    callback=_use_tables,
    help="Folder with a changed copy of the tables (innodivide copy-data) [default: those of innodivide].",
)
workers = click.option("--workers", type=click.IntRange(1), help="Processes [default: one for each core].")


def pairs(given) -> dict[str, str]:
    """Return what was given as NAME=VALUE, by name."""
    for text in given:
        if "=" not in text:
            raise ParameterError(f"-p {text!r}: write it as NAME=VALUE")
    return dict(text.split("=", 1) for text in given)


def read_status(value: str):
    """Return a status as notebook 03 declares it, or refuse it."""
    from innodivide.reports.making import declarations

    return next(p for p in declarations.notebook("03").parameters if p.name == "status").read(value)


def refuse_unfrozen(folder: Path | None = None) -> None:
    """Raise if a table, of those in use or in a folder, is not as frozen: a result would say what the data are not."""
    from innodivide.data import frozen

    folder = folder or frozen.DATA
    names = frozen.resources(folder).keys() - frozen.left_out(folder)
    failures = [f for name in sorted(names) for f in frozen.check_frozen(name, folder)]
    if failures:
        raise DataError("the tables are not as frozen; nothing was computed:\n  " + "\n  ".join(map(str, failures)))
