"""Normalise, impute, weight and combine: the steps between published indicator scores and one number per unit."""

import numpy as np
import pandas as pd

from innodivide.errors import DesignError, ParameterError

AGGREGATIONS = ("arithmetic", "geometric")
IMPUTATIONS = ("left_out", "country_mean", "dimension_mean", "zero")


def normalised_scores(scores: pd.DataFrame, weights: pd.Series, missing: pd.DataFrame | None = None) -> pd.DataFrame:
    """Normalised scores x in [0, 1] behind the published ones: x proportional to weight times score.

    By the index identity weight times score is x over a constant; the constant is set so that the largest cell of the
    whole matrix is 1, the top of the official normalisation.

    Parameters
    ----------
    scores : DataFrame (rows, K)
        Published scores of all countries and years.
    weights : Series (K,)
        From `implicit_weights`.
    missing : DataFrame of bool, optional
        From `missing_cells`; these cells become NaN.

    Raises
    ------
    ParameterError
        If weights do not match the columns.
    DesignError
        If no cell is positive.
    """
    if set(weights.index) != set(scores.columns):
        raise ParameterError("weights: expected one for each column of scores")
    out = scores * weights.reindex(scores.columns)
    if missing is not None:
        out = out.mask(missing.reindex_like(out).fillna(False).astype(bool))
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
    method : {"left_out", "country_mean", "dimension_mean", "zero"}
        Nothing; mean of the other countries in the same year; mean of the unit's own scores in the dimension; 0 (what
        a reader does who takes every zero of the file at its word).

    Returns
    -------
    ndarray (units, K)
        The same object if there is nothing to fill. A cell whose donors are all missing stays missing.
    """
    if method not in IMPUTATIONS:
        raise ParameterError(f"imputation={method!r}: allowed are {', '.join(IMPUTATIONS)}")
    gaps = np.argwhere(np.isnan(block))
    if method == "left_out" or len(gaps) == 0:
        return block
    out = block.copy()
    for i, k in gaps:
        donors = {"zero": np.zeros(1), "country_mean": block[:-1, k], "dimension_mean": block[i, groups == groups[k]]}[
            method
        ]
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
    if block.shape[1] == 0 or not here.any(axis=1).all():
        raise DesignError("scores: after omission a unit has no indicator left, its index is not defined")
    if isinstance(given, str):
        if given not in ("indicators", "dimensions"):
            raise ParameterError(f"weights={given!r}: allowed are 'indicators', 'dimensions' or a Series by indicator")
        raw = here.astype(float)
        if given == "dimensions":
            for group in np.unique(groups):
                inside = groups == group
                raw[:, inside] /= np.maximum(here[:, inside].sum(axis=1, keepdims=True), 1)
    else:
        if not (np.isfinite(given).all() and (given > 0).all()):
            raise ParameterError("weights: expected a finite weight > 0 for each indicator")
        raw = here * given
    return raw / raw.sum(axis=1, keepdims=True)


def combine(block: np.ndarray, weights: np.ndarray, how: str, offset: float = 0.01) -> np.ndarray:
    """Weighted mean of each row's present cells, shape (units,).

    arithmetic: sum v x. geometric: exp(sum v ln(x + offset)) - offset, so that an all-zero row gives 0, an all-one row
    1; with one indicator it is that indicator, as the arithmetic mean is.
    """
    if how not in AGGREGATIONS:
        raise ParameterError(f"aggregation={how!r}: allowed are {', '.join(AGGREGATIONS)}")
    if not offset > 0:
        raise ParameterError(f"offset={offset!r}: expected a number > 0")
    x = np.where(np.isnan(block), 0.0, block)
    plain = (weights * x).sum(axis=1)
    if how == "arithmetic":
        return plain
    bent = np.exp((weights * np.log(x + offset)).sum(axis=1)) - offset
    return np.where((weights > 0).sum(axis=1) == 1, plain, bent)
