"""A report as a list of blocks, read from the executed notebook: prose and exhibits, nothing else."""

from dataclasses import dataclass

from innodivide.errors import InnodivideError
from innodivide.wording import MIME


class ReportError(InnodivideError):
    """An executed notebook shows something that a report cannot set."""


@dataclass(frozen=True)
class Block:
    """One block: `text` (Markdown) or an exhibit's `payload`, with the code of the cell that made it."""

    text: str = ""
    payload: dict | None = None
    code: str = ""


def numbered_cells(cells):
    """Yield (number, cell) as a reader of the source notebook counts: the cell that papermill adds is left out."""
    yield from enumerate((c for c in cells if "injected-parameters" not in c.metadata.get("tags", [])), start=1)


def read_blocks(notebook) -> list[Block]:
    """Return the blocks of an executed notebook, in order.

    Raises
    ------
    ReportError
        If a cell failed, shows anything but exhibits (a bare frame, printed text, a warning), or repeats an exhibit id.
    """
    blocks, seen = [], {}
    for number, cell in numbered_cells(notebook.cells):
        if cell.cell_type == "markdown":
            blocks.append(Block(text=cell.source))
        elif cell.cell_type == "code":
            for output in cell.outputs:
                payload = _payload(output, number)
                if payload["id"] in seen:
                    raise ReportError(
                        f"cell {number}: exhibit {payload['id']} was already shown by cell {seen[payload['id']]}"
                    )
                seen[payload["id"]] = number
                blocks.append(Block(payload=payload, code=cell.source))
    return blocks


def _payload(output, number: int) -> dict:
    if output.output_type == "error":
        raise ReportError(f"cell {number}: {output.ename}: {output.evalue}")
    if output.output_type == "stream":
        raise ReportError(
            f"cell {number} writes to {output.name}: {output.text.strip()[:300]!r}; a report shows only exhibits"
        )
    if MIME not in output.data:
        raise ReportError(
            f"cell {number} shows something that is not an exhibit: "
            f"{output.data.get('text/plain', '')[:120]!r}; use exhibits.table, figure or say"
        )
    return output.data[MIME]


def clean(notebook):
    """Strip an executed notebook of what differs between identical runs: times, durations, papermill's paths."""
    notebook.metadata.pop("papermill", None)
    for number, cell in enumerate(notebook.cells):
        kept = {k: v for k, v in cell.metadata.items() if k in ("tags",)}
        cell.metadata.clear()
        cell.metadata.update(kept)
        cell["id"] = f"cell-{number:02d}"  # papermill gives the cell of parameters a random id
    return notebook
