"""Rebuild the Summary Innovation Index from its published indicator scores.

The index is 100 times the mean of a country's normalised scores over the mean of the EU's in the base year. Published
scores s are relative to the EU in the base year, s = 100 x / x_EU, so with K indicators of which m are missing

    index = K / (K - m) * sum_k w_k s_k,    w_k = x_EU,k / sum_j x_EU,j                                    (1)

The weights are implicit: nobody publishes them, the data give them back. A cell that holds zero adds nothing to the
sum, but counts in K - m unless it is a missing value written as zero; (1) therefore tells how many of a row's zeros
are missing, and the same identity within a dimension tells which (zeros.py).
"""

import numpy as np
import pandas as pd

from innodivide.data import editions
from innodivide.data.tables import Tables, indicators_of
from innodivide.errors import DataError, DesignError, ParameterError

# The edition whose index series the plan uses, and in which the index is audited. In EIS 2025 a missing figure has no
# row, so that every zero there is a bottom score; the identity says the same of it (`barriers.zero_readings`).
EDITION = editions.PLAN["eis"]
TOLERANCE = 0.01  # index points: scores and index are published to three decimals
DIMENSION_TOLERANCE = 0.02  # two or three indicators average out less of the rounding in scores and weights


def score_matrix(tables: Tables, level: str = "indicator", edition: int = EDITION) -> pd.DataFrame:
    """Scores of one level and edition as a matrix: index (geo, year), a column for each code, NaN = no row.

    Scores: EU in the base year = 100. Dimension 2.1 of EIS 2023 is not one series: as published it leaves out its
    indicator 2.1.3 in 2017 to 2021, not before and not after (38 of 39 countries, to 0.006; docs/composite.md), so its
    years must not be compared with each other.

    Parameters
    ----------
    level : {"indicator", "dimension"}
    """
    scores, codes = tables["eis_score"], indicators_of(tables, edition, level)["indicator_code"]
    return wide(scores[(scores["edition"] == edition) & scores["indicator_code"].isin(codes)], "geo")


def wide(rows: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Return long scores as a matrix (unit and year, indicator_code), sorted both ways."""
    matrix = rows.pivot(index=[unit, "year"], columns="indicator_code", values="value")
    return matrix.astype(float).sort_index(axis=1).sort_index()


def index_values(tables: Tables, edition: int = EDITION) -> pd.Series:
    """Published index of one edition as a Series over (geo, year)."""
    rows = tables["eis_index"]
    return rows[rows["edition"] == edition].set_index(["geo", "year"])["value"].astype(float).sort_index()


def aligned(scores: pd.DataFrame, index: pd.Series) -> pd.Series:
    """Return the published index of each row of scores.

    Raises
    ------
    DataError
        If scores are negative or not finite, or a row has no index.
    """
    if not np.isfinite(scores.to_numpy(dtype=float)[scores.notna().to_numpy()]).all() or (scores < 0).any().any():
        raise DataError("scores: expected finite numbers >= 0 (NaN where there is no row)")
    found = index.reindex(scores.index)
    if found.isna().any():
        raise DataError(f"index: no value for {found.index[found.isna()][0]}")
    return found


def implicit_weights(scores: pd.DataFrame, index: pd.Series) -> pd.Series:
    """Weights of equation (1) by non-negative least squares on the rows without a zero or an absent cell.

    Parameters
    ----------
    scores : DataFrame (rows, K)
        From `score_matrix`.
    index : Series
        Published index on the rows of `scores`.

    Returns
    -------
    Series (K,)
        Non-negative, in order of the columns; sums to 1 up to the rounding of the publication if a row of the
        reference (all scores 100, index 100) fits. Proportional to the EU's normalised scores in the base year.

    Raises
    ------
    DataError
        If scores are negative or not finite, or a row has no index.
    DesignError
        If fewer complete rows than indicators, or linearly dependent indicators, leave the weights undetermined.

    References
    ----------
    Lawson & Hanson (1974), Solving Least Squares Problems, ch. 23 (as in `scipy.optimize.nnls`).
    """
    from scipy.optimize import nnls

    published = aligned(scores, index)
    complete = (scores > 0).all(axis=1)
    matrix, target = scores[complete].to_numpy(dtype=float), published[complete].to_numpy()
    rank = np.linalg.matrix_rank(matrix) if len(matrix) else 0
    if rank < scores.shape[1]:
        raise DesignError(
            f"scores: {int(complete.sum())} complete rows of rank {rank} cannot determine {scores.shape[1]} weights"
        )
    return pd.Series(nnls(matrix, target)[0], index=scores.columns, name="weight")


def missing_count(published: np.ndarray, raw: np.ndarray, block: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Number of missing cells that explains each row best, and what it leaves unexplained.

    Parameters
    ----------
    published, raw : ndarray (n,)
        Published value, and sum of weight times score over the weight sum of the block.
    block : DataFrame (n, K)
        Scores: a cell without a row (NaN) is certainly missing, one that holds zero perhaps.

    Returns
    -------
    tuple of ndarray (n,)
        Count m in [absent, absent + zeros], m < K; residual K / (K - m) * raw - published in index points. NaN residual
        where raw is zero (any count fits) or the published value is missing.
    """
    size, absent, zeros = block.shape[1], block.isna().sum(axis=1).to_numpy(), (block == 0).sum(axis=1).to_numpy()
    counts = np.arange(size)
    # possible: at least the absent cells, at most also every zero, and never all of them (a mean of nothing)
    possible = (counts >= absent[:, None]) & (counts <= (absent + zeros)[:, None])
    usable = (raw > 0) & np.isfinite(published) & possible.any(axis=1)
    residuals = size / (size - counts) * raw[:, None] - published[:, None]
    best = np.where(possible & usable[:, None], np.abs(residuals), np.inf).argmin(axis=1)
    left = residuals[np.arange(len(raw)), best]
    return np.where(usable, best, absent), np.where(usable, left, np.nan)


def rebuild_index(scores: pd.DataFrame, weights: pd.Series, missing: pd.DataFrame) -> pd.Series:
    """Index from scores by equation (1).

    Parameters
    ----------
    scores : DataFrame (rows, K)
    weights : Series (K,)
        By indicator; taken relative to their sum.
    missing : DataFrame of bool (rows, K)
        Cells left out of the mean, absent ones (NaN) among them: `scores.isna()`, or from `missing_cells`.

    Returns
    -------
    Series
        Index points, base year = 100.

    Raises
    ------
    ParameterError
        If weights do not match the columns.
    DesignError
        If a row has no cell at all: a mean of nothing is not defined.
    """
    if set(weights.index) != set(scores.columns):
        raise ParameterError("weights: expected one for each column of scores")
    left = scores.shape[1] - missing.sum(axis=1)
    if (left == 0).any():
        raise DesignError(f"{left.index[left == 0][0]}: every indicator is missing")
    raw = (scores.mask(missing, 0.0) * weights.reindex(scores.columns)).sum(axis=1) / weights.sum()
    return (raw * scores.shape[1] / left).rename("rebuilt")


def identity_check(scores: pd.DataFrame, index: pd.Series, weights: pd.Series, missing: pd.DataFrame) -> pd.DataFrame:
    """Published and rebuilt index of every row; no row is left out.

    Returns
    -------
    DataFrame
        Columns geo, year, published, rebuilt, difference (rebuilt - published, index points), n_missing, explained
        (absolute difference <= `TOLERANCE`).
    """
    published, rebuilt = aligned(scores, index), rebuild_index(scores, weights, missing)
    frame = pd.DataFrame({"published": published, "rebuilt": rebuilt, "difference": rebuilt - published})
    explained = frame["difference"].abs() <= TOLERANCE
    return frame.assign(n_missing=missing.sum(axis=1), explained=explained).reset_index()
