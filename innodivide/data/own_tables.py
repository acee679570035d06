"""A copy of the tables that somebody changes: made here, and told apart from the tables of innodivide."""

import json
import shutil
from pathlib import Path

from innodivide.data import folders, frozen


def copy(folder: Path) -> None:
    """Copy the tables in use, but for those left out, with their description into a new folder."""
    tables = frozen.resources()
    for name in (frozen.PACKAGE, *(tables[t]["path"] for t in tables.keys() - frozen.left_out())):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folders.DATA / name, folder / name)


def changed() -> list[str]:
    """Return the tables in use that are not those of innodivide: changed, added or left out, sorted."""
    if folders.OWN_DATA:
        return []
    here, there = frozen.resources(), frozen.resources(folders.ROOT / "data")
    return sorted(n for n in here.keys() | there.keys() if _text(here.get(n)) != _text(there.get(n)))


def note() -> str:
    """Return what a report says of such tables, empty for those of innodivide."""
    if folders.OWN_DATA:
        return ""
    which = ", ".join(changed())
    said = f"tables {which} differ from those of innodivide" if which else "no table differs from those of innodivide"
    return f"Made from a changed copy of the data ({said}). No result here is a registered one."


def _text(described: dict | None) -> str:
    return json.dumps(described, sort_keys=True)
