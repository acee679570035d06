"""What an executed notebook shows: its cells as a reader of the source notebook counts them, and their exhibits.

The one reader of executed notebooks, in memory or on disk. It needs no package but the standard library.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from innodivide.errors import DataError
from innodivide.wording import MIME

_PARTS = {"id", "kind", "title", "head", "sources", "csv"}  # of every exhibit


@dataclass(frozen=True)
class Cell:
    """One cell: number, kind ("markdown" or "code"), text, and what a code cell shows, as nbformat has it."""

    number: int
    kind: str
    source: str
    outputs: tuple[Mapping, ...]

    @property
    def exhibits(self) -> list[dict]:
        """The payloads of the exhibits that the cell shows; a KeyError if it shows anything else."""
        return [output["data"][MIME] for output in self.outputs]


def cells(notebook: Mapping) -> Iterator[Cell]:
    """Yield the cells of a notebook, numbered from 1; the one that papermill adds for parameters is left out."""
    number = 0
    for cell in notebook["cells"]:
        if "injected-parameters" not in cell["metadata"].get("tags", ()):
            number += 1
            yield Cell(number, cell["cell_type"], "".join(cell["source"]), tuple(cell.get("outputs", ())))


def read(file: Path) -> list[Cell]:
    """Return the cells of an executed notebook on disk.

    Raises
    ------
    DataError
        If it cannot be read, is no notebook, or shows anything but exhibits.
    """
    try:
        found = list(cells(json.loads(file.read_text(encoding="utf-8"))))
        if not all(_PARTS <= payload.keys() for cell in found for payload in cell.exhibits):
            raise KeyError
        return found
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(f"{file} is no executed notebook of ours ({type(error).__name__})") from None


def exhibits(file: Path) -> dict[str, dict]:
    """Return exhibit id -> payload of an executed notebook on disk, in order; errors as for `read`."""
    return {payload["id"]: payload for cell in read(file) for payload in cell.exhibits}
