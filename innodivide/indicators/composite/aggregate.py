"""Normalise, impute, weight and combine: the steps between published indicator scores and one number per unit."""

import numpy as np
import pandas as pd

from innodivide.errors import DesignError

AGGREGATIONS = ("arithmetic", "geometric")
IMPUTATIONS = ("left_out", "country_mean", "dimension_mean")
OFFSET = 0.01  # added to scores before a geometric mean and taken off after it, as a zero would wipe out all else


def normalised_scores(scores: pd.DataFrame, weights: pd.Series, missing: pd.DataFrame) -> pd.DataFrame:
    """Normalised scores x in [0, 1] behind the published ones: x proportional to weight times score.

    By the index identity weight times score is x over a constant; the constant is set so that the largest cell of the
    whole matrix is 1, the top of the official normalisation.

    Parameters
    ----------
    scores : DataFrame (rows, K)
        Published scores of all countries and years.
    weights : Series (K,)
        From `implicit_weights`.
    missing : DataFrame of bool
        From `missing_cells`; these cells become NaN.

    Raises
    ------
    DesignError
        If no cell is positive.
    """
    out = (scores * weights.reindex(scores.columns)).mask(missing)
    top = np.nanmax(out.to_numpy(dtype=float), initial=0.0)
    if not top > 0:
        raise DesignError("scores: no positive score, nothing to normalise")
    return out / top


def impute(block: np.ndarray, groups: np.ndarray, method: str) -> np.ndarray:
    """Fill missing cells.

    Parameters
    ----------
    block : ndarray (units, K)
        Normalised scores, NaN = missing; the last row is the benchmark and is never a peer.
    groups : ndarray (K,)
        Dimension of each column.
    method : one of `IMPUTATIONS`
        Nothing; mean of the other countries in the same year; mean of the unit's own scores in the dimension.

    Returns
    -------
    ndarray (units, K)
        The same object if there is nothing to fill. A cell whose donors are all missing stays missing.
    """
    gaps = np.argwhere(np.isnan(block))
    if method == "left_out" or len(gaps) == 0:
        return block
    out = block.copy()
    for i, k in gaps:
        donors = block[:-1, k] if method == "country_mean" else block[i, groups == groups[k]]
        donors = donors[~np.isnan(donors)]
        if donors.size:
            out[i, k] = donors.mean()
    return out


def cell_weights(block: np.ndarray, groups: np.ndarray, given) -> np.ndarray:
    """Weight of each cell among those present in its row; rows sum to 1.

    Parameters
    ----------
    block : ndarray (units, K)
    groups : ndarray (K,)
    given : "indicators", "dimensions" or ndarray (K,)
        Equal for each indicator present; equal for each dimension present and within it; or given weights > 0 rescaled.

    Raises
    ------
    DesignError
        If a unit has no score at all.
    """
    here = ~np.isnan(block)
    if not here.any(axis=1).all():
        raise DesignError("scores: after omission a unit has no indicator left, its index is not defined")
    if isinstance(given, str):
        raw = here.astype(float)
        if given == "dimensions":
            for group in np.unique(groups):
                inside = groups == group
                raw[:, inside] /= np.maximum(here[:, inside].sum(axis=1, keepdims=True), 1)
    else:
        raw = here * given
    return raw / raw.sum(axis=1, keepdims=True)


def combine(block: np.ndarray, weights: np.ndarray, how: str) -> np.ndarray:
    """Weighted mean of each row's present cells, shape (units,); `how` is one of `AGGREGATIONS`.

    arithmetic: sum v x. geometric: exp(sum v ln(x + OFFSET)) - OFFSET, so that an all-zero row gives 0, an all-one row
    1; with one indicator it is that indicator, as the arithmetic mean is.
    """
    x = np.where(np.isnan(block), 0.0, block)
    plain = (weights * x).sum(axis=1)
    if how == "arithmetic":
        return plain
    bent = np.exp((weights * np.log(x + OFFSET)).sum(axis=1)) - OFFSET
    return np.where((weights > 0).sum(axis=1) == 1, plain, bent)
