"""What rows would change, for the person who adds them: tables, annexes, verdicts."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import click

from innodivide.cli import options
from innodivide.errors import DataError

_SHOWN = 10  # changed cells that are shown of a table
_LEDGER = ("verdict", "then", "first", "numbers")


def tell_rows(proposal) -> None:
    """Say of each table how many rows are new and which cells change."""
    new = Counter(c.table for c in proposal.changes if not c.column)
    cells = [c for c in proposal.changes if c.column]
    changed = Counter(c.table for c in cells)
    for table in dict.fromkeys(c.table for c in proposal.changes):
        click.echo(f"{table}: {new[table]} new rows, {changed[table]} changed cells")
        for c in [c for c in cells if c.table == table][:_SHOWN]:
            click.echo(f"    {c.key}, {c.column}: {c.old or '(empty)'} becomes {c.new or '(empty)'}")
        if changed[table] > _SHOWN:
            click.echo(f"    and {changed[table] - _SHOWN} more")
    if proposal.same:
        click.echo(f"{proposal.same} rows are in the tables already")


def tell_annexes(proposal) -> None:
    """Say which country annexes read a changed table, and which of them have rows of their own in it."""
    from innodivide.data import new_rows
    from innodivide.reports.making import declarations

    read = set(declarations.notebook("country_annex").tables)
    touched = sorted({c.table for c in proposal.changes} & read)
    if not touched:
        click.echo("annexes: none reads a table that changes")
        return
    own = new_rows.own_rows(proposal, read, declarations.eu27())
    said = ", ".join(f"{geo} {n}" for geo, n in own.items() if n) or "none"
    click.echo(f"annexes: all {len(own)} read {', '.join(touched)}; rows of the state itself: {said}")


def tell_ledger(now: Path, then: Path) -> None:
    """Compute registered answer and ledger on two folders of tables side by side, and say what differs.

    Parameters
    ----------
    now, then : Path
        The tables as they are, and as they would be; the results are left in the folder above these.
    """
    import pandas as pd

    click.echo("verdicts before and after: computing (a minute or two) ...")
    running = [
        subprocess.Popen(**_claims(data, then.parent / name)) for data, name in ((now, "a.csv"), (then, "b.csv"))
    ]
    for process in running:
        _, said = process.communicate()
        if process.returncode:
            raise DataError(f"the ledger cannot be computed with these rows: {said.strip().splitlines()[-1]}")
    before, after = (
        pd.read_csv(then.parent / f, dtype=str).fillna("").set_index("claim_id") for f in ("a.csv", "b.csv")
    )
    columns = [c for c in _LEDGER if c in before and c in after]
    lines = [
        f"    {claim}, {column}: {before.at[claim, column] or '–'} becomes {after.at[claim, column] or '–'}"
        for claim in after.index
        for column in columns
        if claim in before.index and before.at[claim, column] != after.at[claim, column]
    ]
    verdicts = sum(before.loc[c, "verdict"] != after.loc[c, "verdict"] for c in after.index if c in before.index)
    new = [c for c in after.index if c not in before.index]
    click.echo(f"ledger: {verdicts} of {len(after) - 1} verdicts change{''.join(f'; new: {c}' for c in new)}")
    for line in lines:
        click.echo(line)
    same = before.at["answer", "numbers"] == after.at["answer", "numbers"]
    click.echo(f"registered answer: {'unchanged' if same else 'IT MOVES'} ({after.at['answer', 'numbers']})")


def _claims(data: Path, out: Path) -> dict:
    """Return how the ledger of some tables is computed in a process of its own: tables are read once in a process."""
    environment = {**os.environ, options.DATA_VARIABLE: str(data)}
    command = [sys.executable, "-m", "innodivide.cli", "claims", "--out", str(out)]
    return {"args": command, "env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
