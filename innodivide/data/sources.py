"""The sources and flags of rows: what stands behind an exhibit, and how weak it is."""

from __future__ import annotations  # pandas is imported where a frame is made: a command with nothing to do is quick

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from innodivide.errors import NotAvailable

if TYPE_CHECKING:
    import pandas as pd

FLAG_MEANING = {
    "derived": "computed here from source rows",
    "approx": "approximated",
    "partial": "from an incomplete list, so a lower bound",
    "weak": "resting on a single, rounded or contradicted source",
}


def sources_of(*frames: pd.DataFrame) -> tuple[str, ...]:
    """Return the distinct source ids cited by the rows of some tables, sorted."""
    found: set[str] = set()
    for frame in frames:
        for column in [c for c in frame.columns if c == "source_id" or c.endswith("_source_id")]:
            found |= set(frame[column].dropna())
        if "more_source_ids" in frame:
            found |= {s for cell in frame["more_source_ids"].dropna() for s in cell.split(";")}
    return tuple(sorted(found))


def sources_named(who_says: str, known: Collection[str]) -> list[str]:
    """Return the sources that a text of `who_says` names before the word "against", in its order.

    Examples
    --------
    >>> sources_named("PUGLIA_1; TEMFI_2 against OTS_3", {"PUGLIA_1", "TEMFI_2", "OTS_3"})
    ['PUGLIA_1', 'TEMFI_2']
    """
    return [w for w in re.findall(r"[\w.-]*[\w-]", who_says.split(" against ")[0]) if w in known]


def table_sources(tables: Mapping[str, pd.DataFrame], *names: str, used: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ids of all sources of some tables; `used` has the query for those of which few rows are used.

    A table that is left out as its licence asks has no rows, so none of its sources is cited.
    """
    found = []
    for name in names:
        with suppress(NotAvailable):
            found.append(tables[name].query(used[name]) if name in used else tables[name])
    return sources_of(*found)


def edition_line(rows: pd.DataFrame) -> str:
    """Return the latest edition of the European Innovation Scoreboard in some rows, as printed under an exhibit."""
    return f"EIS {rows['edition'].max()}"


def flag_note(*frames: pd.DataFrame) -> str:
    """Return the sentence that tells a reader how many of the rows used are weak, and in what way."""
    import pandas as pd

    flags = pd.concat([f["flag"].dropna() for f in frames if "flag" in f] or [pd.Series(dtype=str)])
    counts = flags.value_counts().sort_index()
    total = sum(len(f) for f in frames)
    parts = [f"{n} {FLAG_MEANING[flag]}" for flag, n in counts.items()]
    return f"Of {total} source rows used: {'; '.join(parts)}." if parts else ""
