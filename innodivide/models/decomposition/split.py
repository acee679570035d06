"""General, country and specific parts of the contributions of lagging units, with the bootstrap of the general part."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.models.result import require_rng

PARTS = ("general", "country", "specific")


@dataclass(frozen=True, eq=False)
class Split:
    """Equation (2) for a set of lagging units, with the bootstrap of its general part.

    Attributes
    ----------
    parts : DataFrame
        unit, country, indicator_code, contribution, general, country_part, specific (index points; they add up).
    general : DataFrame
        Index indicator_code; general, ci_low, ci_high (index points), share_behind (share of the units with a positive
        contribution), n_units, n_countries.
    shares : DataFrame
        Index part (`PARTS`); share of the sum of squared contributions, ci_low, ci_high. The shares add up to one.
    draws : ndarray (n_boot, indicators)
        Resampled general parts, columns in the order of `general`.
    level : float
    """

    parts: pd.DataFrame
    general: pd.DataFrame
    shares: pd.DataFrame
    draws: np.ndarray
    level: float


def two_way_split(
    contributions: pd.DataFrame, groups: pd.Series, rng: np.random.Generator, n_boot: int = 1999, level: float = 0.95
) -> Split:
    """Split the contributions of lagging units into a general, a country and a specific part, equation (2).

    Parameters
    ----------
    contributions : pandas.DataFrame
        From `gap_contributions`; units not in `groups` are left aside.
    groups : pandas.Series
        Country of each lagging unit, indexed by unit.
    rng : numpy.random.Generator
    n_boot : int >= 20
    level : float in (0, 1)

    Returns
    -------
    Split
        Whole countries are drawn with replacement, as units of one country share institutions and, in part, figures.
        A missing cell is left out of the means of its indicator only; an indicator known in one country has no interval
        (missing ends). Where a country has one unit, the country part
        holds all that is its own and the specific part is zero. Intervals are expanded percentiles (Hesterberg, 2015,
        The American Statistician 69(4), section 5.3 [widened for few draws of n: alpha/2 replaced by
        Phi(-sqrt(n/(n-1)) t_{n-1,1-alpha/2})]).

    Raises
    ------
    DesignError
        No lagging unit has contributions, or there are fewer than two countries to draw from.
    """
    table, country = _split_table(contributions, groups)
    blocks = np.unique(country)
    sums = _sums(table, country, np.ones((1, len(table))))
    general, by_country = (s[0] for s in _means(*sums))
    parts = _parts(table, country, blocks, general, by_country)
    n = len(blocks)
    if n < 2:
        raise DesignError(f"groups: {n} to draw from; an interval of the general part needs at least 2 countries")
    drawn = require_rng(rng).multinomial(n, np.full(n, 1 / n), size=n_boot)
    weights = drawn[:, np.searchsorted(blocks, country)].astype(float)
    resampled = _sums(table, country, weights)
    draws, shares = _means(*resampled)[0], _square_shares(*resampled)
    ends = _expanded_ends(level, n)
    lone = (sums[1][0] > 0).sum(axis=0) < 2  # every draw is then the same: an interval of no width, which is none
    low, high = np.where(lone, np.nan, np.nanquantile(draws, ends, axis=0))
    values = table.to_numpy()
    frame = pd.DataFrame(
        {
            "general": general,
            "ci_low": low,
            "ci_high": high,
            "share_behind": (values > 0).sum(axis=0) / sums[1][0].sum(axis=0),
            "n_units": sums[1][0].sum(axis=0).astype(int),
            "n_countries": (sums[1][0] > 0).sum(axis=0),
        },
        index=table.columns,
    )
    if not (values[~np.isnan(values)] != 0).any():
        raise DesignError("contributions: every gap is zero, so there is nothing to split into shares")
    low, high = np.nanquantile(shares, ends, axis=0)
    share = pd.DataFrame(
        {"share": _square_shares(*sums)[0], "ci_low": low, "ci_high": high}, index=pd.Index(PARTS, name="part")
    )
    return Split(parts=parts, general=frame, shares=share, draws=draws, level=level)


def _split_table(contributions: pd.DataFrame, groups: pd.Series) -> tuple[pd.DataFrame, np.ndarray]:
    """Units x indicators of the lagging units, and the country of each row."""
    if groups.index.has_duplicates or groups.isna().any():
        raise DataError("groups: expected one country for each unit, no unit twice")
    rows = contributions[contributions["unit"].isin(groups.index)]
    if rows.empty:
        raise DesignError("groups: none of these units has contributions")
    if rows.duplicated(["unit", "indicator_code"]).any():
        raise DataError("contributions: a unit has two rows for one indicator")
    table = rows.pivot(index="unit", columns="indicator_code", values="contribution").sort_index().sort_index(axis=1)
    return table, groups.reindex(table.index).astype(str).to_numpy()


def _sums(table: pd.DataFrame, country: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted sums, counts and sums of squares of known cells, each (draws, countries, indicators)."""
    values = table.to_numpy()
    filled, known = np.nan_to_num(values), (~np.isnan(values)).astype(float)
    out: tuple[list, list, list] = ([], [], [])
    for block in np.unique(country):
        rows = country == block
        for store, cells in zip(out, (filled, known, filled**2)):
            store.append(weights[:, rows] @ cells[rows])
    first, second, third = (np.stack(store, axis=1) for store in out)
    return first, second, third


def _means(total: np.ndarray, count: np.ndarray, _squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over all units (draws, indicators) and by country (draws, countries, indicators); NaN without a cell."""
    n = count.sum(axis=1)
    overall = np.divide(total.sum(axis=1), n, out=np.full(n.shape, np.nan), where=n > 0)
    return overall, np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)


def _square_shares(total: np.ndarray, count: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Shares of the sum of squares that are general, country and specific, (draws, 3); NaN where all is zero."""
    n = count.sum(axis=1)
    general = np.divide(total.sum(axis=1) ** 2, n, out=np.zeros(n.shape), where=n > 0).sum(axis=1)
    between = np.divide(total**2, count, out=np.zeros(count.shape), where=count > 0).sum(axis=(1, 2))
    whole = squares.sum(axis=(1, 2))
    split = np.column_stack([general, between - general, whole - between])
    return np.divide(split, whole[:, None], out=np.full(split.shape, np.nan), where=whole[:, None] > 0)


def _parts(table, country, blocks, general, by_country) -> pd.DataFrame:
    """The long frame of `Split.parts`, known cells only."""
    own_mean = by_country[np.searchsorted(blocks, country)]
    long = pd.DataFrame(
        {
            "unit": np.repeat(table.index.to_numpy(), table.shape[1]),
            "country": np.repeat(country, table.shape[1]),
            "indicator_code": np.tile(table.columns.to_numpy(), len(table)),
            "contribution": table.to_numpy().ravel(),
            "general": np.tile(general, len(table)),
            "country_part": (own_mean - general).ravel(),
            "specific": (table.to_numpy() - own_mean).ravel(),
        }
    )
    return long[long["contribution"].notna()].reset_index(drop=True)


def _expanded_ends(level: float, n: int) -> list[float]:
    """Probabilities of the expanded percentile interval for n independent units."""
    tail = stats.norm.cdf(-np.sqrt(n / (n - 1)) * stats.t.ppf((1 + level) / 2, n - 1))
    return [float(tail), float(1 - tail)]


def general_barriers(split: Split) -> pd.DataFrame:
    """Return the general part ranked, largest first, with intervals of value and rank.

    Returns
    -------
    pandas.DataFrame
        Columns rank, indicator_code, general, ci_low, ci_high (index points), rank_low, rank_high (of the resampled
        ranks at the same level), share_behind, n_units, n_countries, is_barrier (the whole interval is above zero).
    """
    ranks = stats.rankdata(-np.nan_to_num(split.draws, nan=-np.inf), method="min", axis=1)
    ends = [(1 - split.level) / 2, (1 + split.level) / 2]
    low, high = np.quantile(ranks, ends, axis=0, method="closest_observation").astype(int)
    frame = split.general.assign(rank_low=low, rank_high=high, is_barrier=split.general["ci_low"] > 0).reset_index()
    frame = frame.sort_values(["general", "indicator_code"], ascending=[False, True], ignore_index=True)
    frame.insert(0, "rank", np.arange(1, len(frame) + 1))
    columns = ["rank", "indicator_code", "general", "ci_low", "ci_high", "rank_low", "rank_high", "share_behind"]
    return frame[[*columns, "n_units", "n_countries", "is_barrier"]]


def specific_barriers(split: Split, unit: str) -> pd.DataFrame:
    """Return what a lagging unit has beyond the general part, largest first.

    Parameters
    ----------
    split : Split
    unit : str
        One of its units.

    Returns
    -------
    pandas.DataFrame
        Columns indicator_code, contribution, general, country_part, specific, own (country_part plus specific), ci_low,
        ci_high (of own, given the unit's figures: the uncertainty is that of the general part), own_barrier (behind the
        reference and, with the whole interval, further behind than lagging units in general).
    """
    rows = split.parts[split.parts["unit"] == unit]
    if rows.empty:
        raise ParameterError(f"unit={unit!r}: not among the lagging units of this split")
    base = split.general.reindex(rows["indicator_code"])
    rows = rows.assign(
        own=rows["country_part"] + rows["specific"],
        ci_low=rows["contribution"].to_numpy() - base["ci_high"].to_numpy(),
        ci_high=rows["contribution"].to_numpy() - base["ci_low"].to_numpy(),
    )
    rows["own_barrier"] = (rows["contribution"] > 0) & (rows["ci_low"] > 0)
    columns = ["indicator_code", "contribution", "general", "country_part", "specific", "own", "ci_low", "ci_high"]
    return rows[[*columns, "own_barrier"]].sort_values(
        ["own", "indicator_code"], ascending=[False, True], ignore_index=True
    )


def persistence(first: Split, second: Split) -> pd.DataFrame:
    """Return the correlation of each part between two years over the cells that both have: part, correlation, n.

    The correlation is around zero (uncentred): one if the parts are proportional, near zero if they are noise. Figures
    of neighbouring years share survey waves, so take years far apart.
    """
    keys = ["unit", "indicator_code"]
    rows = first.parts.merge(second.parts, on=keys, suffixes=("_1", "_2"))
    if rows.empty:
        raise DesignError("first, second: no unit and indicator in common")
    found = []
    for part, column in zip(PARTS, ("general", "country_part", "specific")):
        a, b = rows[f"{column}_1"].to_numpy(), rows[f"{column}_2"].to_numpy()
        size = np.sqrt((a**2).sum() * (b**2).sum())
        found.append({"part": part, "correlation": float((a * b).sum() / size) if size > 0 else np.nan, "n": len(rows)})
    return pd.DataFrame(found)
