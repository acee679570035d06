"""The policy brief (notebook 07) and its summary (08) run once in this process, with the drawing behind each figure."""

import ast
from functools import lru_cache
from types import SimpleNamespace
from unittest.mock import patch

import nbformat
import pandas as pd

from innodivide.narrative.words_file import Words
from innodivide.reports.making import run
from innodivide.reports.making.declarations import notebook
from innodivide.reports.pages import pdf
from innodivide.reports.pages.blocks import Block
from innodivide.reports.verify.golden import EXPECTED
from innodivide.wording import show


def run_cells(name: str, names: dict, skip: int = 0) -> SimpleNamespace:
    """Run the code cells of a notebook in the namespace `names`, without the first `skip` of them."""
    found = SimpleNamespace(names=names, blocks=[], exhibits={}, drawings={})
    names["show"] = Words(notebook(name).name)
    made = Words.figure

    def figure(self, id, drawing, *args, **kwargs):
        found.drawings[id] = drawing
        return made(self, id, drawing, *args, **kwargs)

    with patch.object(Words, "figure", figure):
        _run(name, names, skip, found)
    return found


def _run(name: str, names: dict, left: int, found: SimpleNamespace) -> None:
    for cell in nbformat.read(notebook(name).path, 4).cells:
        if cell.cell_type == "markdown":
            found.blocks.append(Block(text=cell.source))
        elif left:
            left -= 1
        else:
            *body, last = ast.parse(cell.source).body
            if not isinstance(last, ast.Expr):
                body, last = [*body, last], None
            exec(compile(ast.Module(body, []), name, "exec"), names)
            if last:
                shown = eval(compile(ast.Expression(last.value), name, "eval"), names)
                found.exhibits[shown.id] = shown
                found.blocks.append(Block(payload=shown.payload()))


@lru_cache(maxsize=1)
def brief() -> SimpleNamespace:
    """Return names, blocks, exhibits and drawings of the policy brief."""
    return run_cells("07", {})


@lru_cache(maxsize=1)
def summary() -> SimpleNamespace:
    """Return the same of the summary; its first cells repeat what the brief computes (tested) and are skipped."""
    return run_cells("08", dict(brief().names), skip=2)


def stored_ledger() -> str:
    """Return the stored ledger as `innodivide claims` prints it: claims in their order, verdicts and numbers."""
    rows = pd.read_csv(EXPECTED / "07_policy_brief" / "T7.1.csv", dtype=str).sort_values("claim_id")
    return "".join(f"{r.claim_id} {r.verdict}: {r.claim}\n    {show(r.numbers)}\n" for r in rows.itertuples())


@lru_cache(maxsize=2)
def pages(which) -> list[str]:
    """Return the text of each page of the PDF that `brief` or `summary` gives."""
    import io

    from pypdf import PdfReader

    facts = run.told(run.job({"brief": "07", "summary": "08"}[which.__name__]))
    content = pdf.render("Title", which().blocks, facts)
    return [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
