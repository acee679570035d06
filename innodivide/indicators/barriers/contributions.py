"""Scores to contributions: the exact share of each indicator in the gap of a unit to a reference."""

import numpy as np
import pandas as pd

from innodivide.errors import DataError, DesignError, ParameterError


def gap_contributions(scores: pd.DataFrame, reference: str = "EU", weights=None, leaders=()) -> pd.DataFrame:
    """Return the contribution of each indicator to the gap of each unit, equation (1).

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per unit, one column per indicator, higher = better; empty cells are unknown.
    reference : {"EU", "leaders"}
        The row named EU, or the mean of the rows `leaders` (of those with a figure).
    weights : mapping of indicator to weight, optional
        At least 0; scaled to sum to one over all indicators. Default: equal weights.
    leaders : sequence of row labels
        Needed for reference="leaders".

    Returns
    -------
    pandas.DataFrame
        Columns unit, indicator_code, value, reference, weight, contribution; no row for the EU nor for an unknown cell.
        The weights of a unit with unknown cells are raised by the number of indicators over the number known, as the
        published regional index does. A unit equal to the reference has contributions of zero.

    Raises
    ------
    DataError, DesignError, ParameterError
        Repeated labels or infinite values; nothing to compare, no figure for the reference or for a unit; impossible
        arguments.
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
    share = np.where(known, weight, 0.0) / known.mean(axis=1)[:, None]
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
    """Sorted copy as floats; named errors for repeated labels, infinite values, emptiness."""
    if scores.empty:
        raise DesignError("scores: expected units in rows and indicators in columns, got nothing to compare")
    for name, labels in (("row", scores.index), ("column", scores.columns)):
        if labels.has_duplicates:
            raise DataError(f"scores: {name} {labels[labels.duplicated()][0]!r} appears more than once")
    table = scores.astype(float).sort_index().sort_index(axis=1)
    if np.isinf(table.to_numpy()).any():
        raise DataError("scores: a cell is infinite")
    return table


def _reference(table: pd.DataFrame, reference: str, leaders) -> pd.Series:
    rows = {"EU": ["EU"], "leaders": list(leaders)}.get(reference)
    if not rows or not set(rows) <= set(table.index):
        raise ParameterError(f"reference={reference!r}: allowed are 'EU', 'leaders'; scores have no rows {rows}")
    base = table.loc["EU"] if reference == "EU" else table.loc[rows].mean()
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
