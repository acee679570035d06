"""The barriers of each region of a country, shared and its own; the split behind them is that of claim C10."""

import numpy as np
import pandas as pd

from innodivide.data import editions
from innodivide.data.licences import NOT_AVAILABLE
from innodivide.data.tables import Tables, member_states
from innodivide.errors import ParameterError
from innodivide.evidence.claims.shared_barriers import TOP, lagging_regions, regional_contributions
from innodivide.indicators import barriers
from innodivide.indicators.regions import regions
from innodivide.models.result import require_rng


def region_barriers(
    tables: Tables, geo: str, rng: np.random.Generator, n_boot: int = 499
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the regions of a country, and the largest barriers of each.

    Parameters
    ----------
    geo : str
        Member State.
    rng : numpy.random.Generator
        For the intervals of the general part.

    Returns
    -------
    pandas.DataFrame
        One row per region, furthest behind first: region_code, name, group, relative (published index, EU = 100), gap
        (to the EU, index points, the sum of its contributions), adjustment (gap of the published index less that sum:
        the factor by which it scales the regions of a country to their national index), government_gap,
        government_low, government_high (of the quality of government to the EU, standardised score, missing where
        there is no figure), government (its reading), n_indicators, n_zero (scores of zero), source_id.
    pandas.DataFrame
        The largest barriers of each region in order: indicator_code, points (index points), region_code, kind. Kinds:
        "general" (shared by lagging regions, and the region has it), "own" (beyond these, with the whole interval);
        for a region that is not lagging "behind" (where it is furthest behind the EU).

    Raises
    ------
    ParameterError
        If `geo` is not a Member State.
    """
    codes = list(member_states(tables)["geo"])
    if geo not in codes:
        raise ParameterError(f"geo={geo!r}: allowed are {', '.join(codes)}")
    contributions = regional_contributions(tables)
    split = barriers.two_way_split(contributions, lagging_regions(tables), require_rng(rng), n_boot=n_boot)
    own = regions(tables).query("geo == @geo")[["name", "group", "relative"]]
    gaps = barriers.unit_gaps(contributions).set_index("unit").reindex(own.index)
    told = barriers.institutional_gaps(tables).query("measure == 'eqi'")
    government = told.set_index("unit").reindex(own.index)
    index, scores = (editions.of_latest(tables, t, editions.REGIONAL) for t in ("ris_index", "ris_score"))
    index, scores = (rows[rows["year"] == rows["year"].max()] for rows in (index, scores))
    index = index.set_index("region_code")["value"]
    rows = own.assign(
        gap=gaps["gap"],
        adjustment=index["EU"] - index.reindex(own.index) - gaps["gap"],
        government_gap=government["gap"],
        government_low=government["gap_low"],
        government_high=government["gap_high"],
        government=government["reading"] if len(told) else NOT_AVAILABLE,
        n_indicators=gaps["n_indicators"].astype(int),
        n_zero=scores.groupby("region_code")["is_zero"].sum().astype(int),
        source_id=scores.groupby("region_code")["source_id"].first(),
    )
    rows = rows.rename_axis("region_code").reset_index().sort_values(["relative", "region_code"], ignore_index=True)
    shared = barriers.general_barriers(split).query("is_barrier")["indicator_code"]
    largest = [_largest(code, split, shared, contributions) for code in rows["region_code"]]
    return rows, pd.concat(largest, ignore_index=True)


def _largest(code: str, split: barriers.Split, shared: pd.Series, contributions: pd.DataFrame) -> pd.DataFrame:
    """Return the largest barriers of one region of each kind: indicator_code, points, region_code, kind."""
    if code in set(split.parts["unit"]):
        rows = barriers.specific_barriers(split, code)
        general = rows[rows["indicator_code"].isin(shared) & (rows["contribution"] > 0)]
        general = general.sort_values(["general", "indicator_code"], ascending=[False, True])
        found = [("general", "general", general), ("own", "own", rows[rows["own_barrier"]])]
    else:
        rows = contributions[(contributions["unit"] == code) & (contributions["contribution"] > 0)]
        rows = rows.sort_values(["contribution", "indicator_code"], ascending=[False, True])
        found = [("behind", "contribution", rows)]
    parts = []
    for kind, column, rows in found:
        top = rows.head(TOP)[["indicator_code", column]].set_axis(["indicator_code", "points"], axis=1)
        parts.append(top.assign(region_code=code, kind=kind))
    return pd.concat(parts, ignore_index=True)
