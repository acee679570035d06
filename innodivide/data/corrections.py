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
    """Return, of the rows whose figure is replaced, those that do not cite who says so, with that as a further source.

    Only rows of tables with further sources: where a row has one source, it is that of all its figures.
    """
    import pandas as pd

    new = {source for rows in given if rows.table == "source" for source in rows.frame["source_id"]}
    named, made = sources_named(who, new | set(text_of("source", folder)["source_id"])), []
    able = with_more_sources(folder)
    changes = {(c.table, c.place, c.key): c.row for c in replaced(proposal) if c.table in able}
    for table, place in dict.fromkeys(key[:2] for key in changes):
        described = frozen.resource(table, folder)
        if described["path"] not in proposal.contents:
            continue  # one file puts back what another changes
        key = as_list(described["schema"]["primaryKey"])
        text = pd.read_csv(io.BytesIO(proposal.contents[described["path"]]), dtype=str, keep_default_na=False)
        lines = {";".join(f"{k}={v}" for k, v in zip(key, at)): n for n, at in enumerate(text[key].to_numpy().tolist())}
        found = text.iloc[[lines[at] for t, p, at in changes if (t, p) == (table, place)]]
        found.index = pd.Index([row for (t, p, _), row in changes.items() if (t, p) == (table, place)])
        cells = [_citing(found.iloc[[n]], named) for n in range(len(found))]
        found = found[key].assign(more_source_ids=cells)[[bool(c) for c in cells]]
        made += [Rows(table, found, place)] if len(found) else []
    return made


def with_more_sources(folder: Path = frozen.DATA) -> set[str]:
    """Return the names of the tables whose rows may name further sources."""
    fields = {name: described["schema"]["fields"] for name, described in frozen.resources(folder).items()}
    return {name for name, of in fields.items() if any(f["name"] == "more_source_ids" for f in of)}


def _citing(row: pd.DataFrame, named: list[str]) -> str:
    """Return the further sources, as text, that make a row cite some sources; empty if it does."""
    more = [s for s in named if s not in sources_of(row.replace("", None))]
    return ";".join([*filter(None, row["more_source_ids"].iloc[0].split(";")), *more]) if more else ""
