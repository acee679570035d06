"""Label uncertainty: the leader label is the outcome of an index; what if the index had been built otherwise?

Each draw of the audit gives a set of leaders. The registered estimate is refitted once for each distinct exposure
that the draws lead to, and the estimates are weighted by the probability of the draws behind them.
"""

import numpy as np
import pandas as pd

from innodivide.errors import DataError, ParameterError


def redraw_groups(draws: pd.DataFrame) -> pd.DataFrame:
    """Leaders of each draw and year.

    Parameters
    ----------
    draws : DataFrame
        From `audit`.

    Returns
    -------
    DataFrame
        Columns draw, probability, nominal, year, leaders (sorted tuple of codes, may be empty), n_leaders; one row for
        each draw and year.
    """
    need = {"draw", "probability", "nominal", "year", "geo", "group"} - set(draws.columns)
    if need:
        raise DataError(f"draws: column {sorted(need)[0]} not found")
    keys = (
        draws[["draw", "year", "probability", "nominal"]].drop_duplicates(["draw", "year"]).set_index(["draw", "year"])
    )
    hits = draws[draws["group"] == "leader"].astype({"geo": str}).sort_values("geo")
    sets = hits.groupby(["draw", "year"])["geo"].agg(tuple)
    out = keys.join(sets.rename("leaders")).sort_index().reset_index()
    out["leaders"] = [value if isinstance(value, tuple) else () for value in out["leaders"]]
    out["n_leaders"] = out["leaders"].map(len)
    return out[["draw", "probability", "nominal", "year", "leaders", "n_leaders"]]


def leader_sets(redrawn: pd.DataFrame, year: int) -> pd.DataFrame:
    """Distinct sets of leaders of one year: leaders, n_leaders, probability, nominal; most probable first."""
    rows = redrawn[redrawn["year"] == year]
    if rows.empty:
        raise ParameterError(f"year={year!r}: not among the draws, which cover {sorted(redrawn['year'].unique())}")
    out = rows.groupby("leaders").agg(
        n_leaders=("n_leaders", "first"), probability=("probability", "sum"), nominal=("nominal", "any")
    )
    return out.reset_index().sort_values(["probability", "leaders"], ascending=[False, True]).reset_index(drop=True)


def edition_years(edition: pd.DataFrame, years) -> dict[int, int]:
    """Year of the redrawn series that stands for each edition: its performance year, or the nearest year there is."""
    years = np.array(sorted(int(y) for y in years))
    if not len(years):
        raise ParameterError("years: empty")
    return {
        int(e): int(years[np.abs(years - int(p)).argmin()])
        for e, p in zip(edition["edition"], edition["performance_year"])
    }
