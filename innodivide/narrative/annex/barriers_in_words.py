"""The barriers of each region of a country in words, for its annex."""

from collections.abc import Mapping

import pandas as pd

from innodivide.data.editions import REGIONAL
from innodivide.data.licences import NOT_AVAILABLE
from innodivide.data.tables import Tables
from innodivide.narrative.annex.short_names import WORDS, indicator_names
from innodivide.wording import show

GOVERNMENT = WORDS.names("government")
NONE = WORDS.names("no barriers")


def region_barrier_table(tables: Tables, rows: pd.DataFrame, largest: pd.DataFrame) -> pd.DataFrame:
    """Return the frames of `evidence.region_barriers` as one, with the barriers and the government in words.

    Columns `general` and `own` list barriers with their index points; a region that is not lagging has no general ones,
    and its `own` names the indicators in which it is furthest behind the EU.
    """
    names = indicator_names(tables, "ris", REGIONAL)
    wide = {column: [] for column in ("general", "own", "government")}
    for row in rows.itertuples(index=False):
        barriers = largest[largest["region_code"] == row.region_code]
        lagging = row.group == "emerging"
        wide["general"].append(_listed(barriers, "general", names) if lagging else "none: not a lagging region")
        wide["own"].append(_listed(barriers, "own" if lagging else "behind", names))
        wide["government"].append(_government(row))
    keep = ["region_code", "name", "group", "relative", "gap", "adjustment"]
    return rows[keep].assign(**wide).join(rows[["n_indicators", "n_zero", "source_id"]])


def _listed(barriers: pd.DataFrame, kind: str, names: Mapping[str, str]) -> str:
    rows = barriers[barriers["kind"] == kind]
    return "; ".join(f"{names[c]} ({p:.1f})" for c, p in zip(rows["indicator_code"], rows["points"])) or NONE[kind]


def _government(row) -> str:
    if pd.isna(row.government):
        return "no figure"
    if row.government == NOT_AVAILABLE:
        return NOT_AVAILABLE
    ends = row.government_gap, row.government_high, row.government_low
    gap, low, high = (show(-float(v), "{:+.2f}") for v in ends)
    return f"{GOVERNMENT[row.government]} ({gap}, {low} to {high})"
