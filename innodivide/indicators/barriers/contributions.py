"""Scores to contributions: the exact share of each indicator in the gap of a unit to a reference."""

import numpy as np
import pandas as pd
from scipy import stats

from innodivide.errors import DataError, DesignError, ParameterError


def gap_contributions(
    scores: pd.DataFrame, reference="EU", weights=None, leaders=None, scale: str = "sum"
) -> pd.DataFrame:
    """Return the contribution of each indicator to the gap of each unit, equation (1).

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per unit, one column per indicator, higher = better; empty cells are unknown.
    reference : {"EU", "leaders"} or pandas.Series
        The row named EU, the mean of the rows `leaders` (of those with a figure), or values by indicator.
    weights : mapping of indicator to weight, optional
        At least 0; scaled to sum to one over all indicators. Default: equal weights.
    leaders : sequence of row labels
        Needed for reference="leaders".
    scale : {"sum", "count"}
        How the weights of a unit with unknown cells are raised: so that they sum to one, or by the number of
        indicators over the number known, as the published regional index does (the same for equal weights).

    Returns
    -------
    pandas.DataFrame
        Columns unit, indicator_code, value, reference, weight, contribution; no row for the EU nor for an unknown cell.
        The contributions of a unit add up to its gap: the weighted mean of the reference less that of the unit, both
        over the indicators that the unit has. A unit equal to the reference has contributions of zero.

    Raises
    ------
    DataError, DesignError, ParameterError
        Repeated labels or text; nothing to compare, no figure for the reference or for a unit; impossible arguments.
    """
    table = _check_scores(scores)
    base = _reference(table, reference, leaders)
    table = table.drop(index="EU", errors="ignore")
    if table.empty:
        raise DesignError("scores: no unit beside the EU, so there is no gap to decompose")
    weight = _weights(weights, table.columns)
    known = table.notna().to_numpy()
    total = known @ weight
    if (total <= 0).any():
        raise DesignError(f"scores: {table.index[np.argmin(total)]} has no figure in any indicator with a weight")
    if scale not in ("sum", "count"):
        raise ParameterError(f"scale={scale!r}: allowed are 'sum', 'count'")
    share = np.where(known, weight, 0.0) / (total if scale == "sum" else known.mean(axis=1))[:, None]
    long = pd.DataFrame(
        {
            "unit": np.repeat(table.index.to_numpy(), table.shape[1]),
            "indicator_code": np.tile(table.columns.to_numpy(), len(table)),
            "value": table.to_numpy().ravel(),
            "reference": np.tile(base.to_numpy(), len(table)),
            "weight": share.ravel(),
        }
    )
    long["contribution"] = long["weight"] * (long["reference"] - long["value"])
    return long[known.ravel()].reset_index(drop=True)


def _check_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Sorted copy as floats; named errors for repeated labels, text, infinite values, emptiness."""
    if not isinstance(scores, pd.DataFrame) or scores.empty:
        raise DesignError(
            "scores: expected a frame with units in rows and indicators in columns, got nothing to compare"
        )
    for name, labels in (("row", scores.index), ("column", scores.columns)):
        if labels.has_duplicates:
            raise DataError(f"scores: {name} {labels[labels.duplicated()][0]!r} appears more than once")
    try:
        table = scores.astype(float).sort_index().sort_index(axis=1)
    except (TypeError, ValueError) as error:
        raise DataError(f"scores: a cell is not a number ({error})") from None
    if np.isinf(table.to_numpy()).any():
        raise DataError("scores: a cell is infinite")
    return table


def _reference(table: pd.DataFrame, reference, leaders) -> pd.Series:
    if isinstance(reference, pd.Series):
        base = reference.astype(float).reindex(table.columns)
    elif isinstance(reference, str) and reference == "EU":
        if "EU" not in table.index:
            raise DesignError("scores: reference='EU' needs a row named EU")
        base = table.loc["EU"]
    elif isinstance(reference, str) and reference == "leaders":
        names = [] if leaders is None else list(leaders)
        absent = [n for n in names if n not in table.index]
        if not names or absent:
            raise ParameterError(f"leaders: expected labels of rows of scores, got {absent or leaders!r}")
        base = table.loc[names].mean()
    else:
        raise ParameterError(f"reference={reference!r}: allowed are 'EU', 'leaders' or a series by indicator")
    if base.isna().any():
        raise DesignError(
            f"reference: no figure for indicator {base.index[base.isna()][0]}; drop the column openly first"
        )
    return base


def _weights(weights, columns: pd.Index) -> np.ndarray:
    if weights is None:
        return np.full(len(columns), 1 / len(columns))
    given = pd.Series(weights, dtype=float)
    lost = [c for c in columns if c not in given.index]
    if lost:
        raise ParameterError(f"weights: no weight for indicator {lost[0]}")
    values = given.reindex(columns).to_numpy()
    if not np.isfinite(values).all() or (values < 0).any() or values.sum() <= 0:
        raise ParameterError("weights: expected finite numbers >= 0 with a positive sum")
    return values / values.sum()


def unit_gaps(contributions: pd.DataFrame) -> pd.DataFrame:
    """Return the gap of each unit: unit, gap (index points, positive = behind), n_indicators."""
    grouped = contributions.groupby("unit", sort=True)["contribution"]
    return grouped.agg(gap="sum", n_indicators="size").reset_index()


def index_fit(contributions: pd.DataFrame, published: pd.Series) -> dict:
    """Return how well the weights reproduce a published index in percent of the EU, for units that have both.

    Returns
    -------
    dict
        correlation (Pearson), rank_correlation (Spearman), mean_difference and mean_absolute_difference (ours less
        published, percentage points of the EU), n.
    """
    grouped = (
        contributions.assign(
            own=contributions["weight"] * contributions["value"],
            base=contributions["weight"] * contributions["reference"],
        )
        .groupby("unit")[["own", "base"]]
        .sum()
    )
    pair = pd.concat([100 * grouped["own"] / grouped["base"], published], axis=1, join="inner").dropna().to_numpy()
    if len(pair) < 3:
        raise DesignError(f"published: {len(pair)} units with both indices; at least 3 are needed")
    ours, theirs = pair.T
    return {
        "correlation": float(np.corrcoef(ours, theirs)[0, 1]),
        "rank_correlation": float(stats.spearmanr(ours, theirs).statistic),
        "mean_difference": float((ours - theirs).mean()),
        "mean_absolute_difference": float(np.abs(ours - theirs).mean()),
        "n": len(pair),
    }
