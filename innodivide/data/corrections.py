"""Figures that others replace: their rows of corrections.csv, and in their own rows the source that says so."""

from __future__ import annotations  # pandas is imported where a frame is made

import io
from pathlib import Path
from typing import TYPE_CHECKING

from innodivide.data import frozen
from innodivide.data.description import as_list
from innodivide.data.new_rows import COMPUTED, PROVENANCE, Change, Proposal, Rows, text_of
from innodivide.data.sources import sources_named, sources_of

if TYPE_CHECKING:
    import pandas as pd


def replaced(proposal: Proposal) -> list[Change]:
    """Return the changes that put a figure in the place of another."""
    return [c for c in proposal.changes if c.column and c.old and c.column not in (*PROVENANCE, *COMPUTED)]


def rows_of(proposal: Proposal, reason: str, who: str, day: str, place: str) -> Rows:
    """Return a row of corrections.csv for each figure that another one replaces (not for cells that were empty)."""
    import pandas as pd

    given = {"reason": reason, "who_says": who, "date": day, "status": "applied"}
    rows = [
        {"table": c.table, "key": c.key, "column": c.column, "value_in_source": c.old, "value_used": c.new, **given}
        for c in replaced(proposal)
    ]
    return Rows("correction", pd.DataFrame(rows, index=[c.row for c in replaced(proposal)], dtype=object), place)


def citations(proposal: Proposal, given: list[Rows], who: str, folder: Path = frozen.DATA) -> list[Rows]:
    """Return, of the rows whose figure is replaced, those that do not cite who says so, with that source put in.

    It becomes a further source of the row. In a table of one figure a row (`value`) without further sources it becomes
    the source. In other tables one source stands for several figures, so a person must say which: `check` asks for it.
    """
    import pandas as pd

    new = {source for rows in given if rows.table == "source" for source in rows.frame["source_id"]}
    named, made = sources_named(who, new | set(text_of("source", folder)["source_id"])), []
    for rows in given:
        numbers = sorted({c.row for c in replaced(proposal) if (c.table, c.place) == (rows.table, rows.place)})
        if not numbers:
            continue
        described = frozen.resource(rows.table, folder)
        key = as_list(described["schema"]["primaryKey"])
        table = pd.read_csv(io.BytesIO(proposal.contents[described["path"]]), dtype=str, keep_default_na=False)
        lines = {}
        for number in numbers:
            row = table[(table[key] == rows.frame.loc[number, key]).all(axis=1)].iloc[0]
            cells = _citing(row, key, named)
            if cells:
                lines[number] = {**row[key], **cells}
        if lines:
            made.append(Rows(rows.table, pd.DataFrame.from_dict(lines, orient="index", dtype=object), rows.place))
    return made


def _citing(row: pd.Series, key: list[str], named: list[str]) -> dict[str, str]:
    """Return the cells of a row, as text, that make it cite some sources; none if it does so or no cell can."""
    more = [s for s in named if s not in sources_of(row[row != ""].to_frame().T)]
    if more and "more_source_ids" in row:
        return {"more_source_ids": ";".join([*filter(None, row["more_source_ids"].split(";")), *more])}
    return {"source_id": more[0]} if more and "value" in row and "source_id" not in key else {}
