"""Whether the control values are those on which the registered answer was computed, cell by cell.

Statisticians revise. A revised value for a year of the registered period would move the registered answer; the values
as they were are kept in reports/expected/registered_controls.csv, and `innodivide check` names each that is another.
"""

import csv
from pathlib import Path

import pandas as pd

from innodivide.data import frozen
from innodivide.data.tables import Tables
from innodivide.errors import DataError
from innodivide.evidence.confirmatory import planned_dyads, registered
from innodivide.evidence.plan import Plan
from innodivide.indicators.panel import CONTROLS

STORED = frozen.ROOT / "reports" / "expected" / "registered_controls.csv"
_KEY = ["geo", "year", "variable"]


def current(tables: Tables, plan: Plan) -> pd.DataFrame:
    """Return the control values of the registered dyads: geo, year, variable, value; the tables to date are enough."""
    dyads = planned_dyads(registered(tables, plan), plan)
    years, panel = set(dyads["decision_date"].dt.year - 1), tables["country_panel"]
    rows = panel[panel["variable"].isin(CONTROLS) & panel["year"].isin(years) & panel["geo"].isin(set(dyads["geo"]))]
    return rows[[*_KEY, "value"]].sort_values(_KEY).reset_index(drop=True)


def moved(tables: Tables, plan: Plan, path: Path = STORED) -> pd.DataFrame:
    """Return the control values that are not as registered: geo, year, variable, registered, now (missing: no row).

    Raises
    ------
    DataError
        If the stored values are missing or cannot be read.
    """
    try:
        kept = pd.read_csv(path, dtype={"geo": str, "variable": str}, keep_default_na=False)
        kept = kept[[*_KEY, "value"]].rename(columns={"value": "registered"})
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise DataError(f"{path.name}: the registered control values cannot be read ({error})") from None
    now = current(tables, plan).astype({"year": "int64"}).rename(columns={"value": "now"})
    both = kept.merge(now, on=_KEY, how="outer").sort_values(_KEY)
    return both[~(both["registered"] == both["now"])].reset_index(drop=True)


def sentences(found: pd.DataFrame) -> list[str]:
    """Say of each control value that moved what it was and what to do; the first few by name."""
    if found.empty:
        return []
    named = [f"{r.variable} of {r.geo} in {r.year}: {r.registered:.12g}, now {r.now:.12g}" for r in found.itertuples()]
    more = f"; and {len(named) - 5} more" if len(named) > 5 else ""
    return [
        f"the registered answer rests on other control values than when registered ({'; '.join(named[:5])}{more}): "
        "keep the old ones in country_panel.csv, with the revision in country_year.csv and corrections.csv, or write a "
        f"row under `departures` of the plan and the new values to {STORED.name}"
    ]
