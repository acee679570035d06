"""A report as a list of blocks, read from the executed notebook: prose and exhibits, nothing else."""

from dataclasses import dataclass

from innodivide.errors import InnodivideError
from innodivide.reports.executed import cells
from innodivide.wording import MIME

HOME = "Home"  # the fact that is no line to read but the way to the page of all reports
LOGO = "Logo"  # the fact that is no line to read but the picture above the title, a PNG as base64 text


class ReportError(InnodivideError):
    """An executed notebook shows something that a report cannot set."""


@dataclass(frozen=True)
class Block:
    """One block: `text` (Markdown) or an exhibit's `payload`, with the code of the cell that made it."""

    text: str = ""
    payload: dict | None = None
    code: str = ""


def said(block: Block) -> list[str]:
    """Return what a block says, cell by cell."""
    if block.payload is None:
        return [block.text]
    payload = block.payload
    return [payload["title"], payload["caption"], *payload["head"], *(c for row in payload["rows"] for c in row)]


def read_blocks(notebook) -> list[Block]:
    """Return the blocks of an executed notebook, in order.

    Raises
    ------
    ReportError
        If a cell failed, shows anything but exhibits (a bare frame, printed text, a warning), or repeats an exhibit id.
    """
    blocks, seen = [], {}
    for cell in cells(notebook):
        if cell.kind == "markdown":
            blocks.append(Block(text=cell.source))
        for output in cell.outputs:
            if fault := _fault(output):
                raise ReportError(f"cell {cell.number}{fault}")
        for payload in cell.exhibits:
            name = payload["id"]
            if name in seen:
                raise ReportError(f"cell {cell.number}: exhibit {name} was already shown by cell {seen[name]}")
            seen[name] = cell.number
            blocks.append(Block(payload=payload, code=cell.source))
    return blocks


def _fault(output) -> str:
    """Say what is wrong with what a cell shows, or return an empty string."""
    if output.output_type == "error":
        return f": {output.ename}: {output.evalue}"
    if output.output_type == "stream":
        return f" writes to {output.name}: {output.text.strip()[:300]!r}; a report shows only exhibits"
    if MIME in output.data:
        return ""
    plain = output.data.get("text/plain", "")[:120]
    return f" shows something that is not an exhibit: {plain!r}; use exhibits.table, figure or say"


def clean(notebook):
    """Strip an executed notebook of what differs between identical runs: times, durations, papermill's paths."""
    notebook.metadata.pop("papermill", None)
    for number, cell in enumerate(notebook.cells):
        cell["metadata"] = {k: v for k, v in cell.metadata.items() if k == "tags"}
        cell["id"] = f"cell-{number:02d}"  # papermill gives the cell of parameters a random id
    return notebook
