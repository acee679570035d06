"""Rebuild the Summary Innovation Index from its published indicator scores, and read its zeros.

The index is 100 times the mean of a country's normalised scores over the mean of the EU's in the base year. Published
scores s are relative to the EU in the base year, s = 100 x / x_EU, so with K indicators of which m are missing

    index = K / (K - m) * sum_k w_k s_k,    w_k = x_EU,k / sum_j x_EU,j                                    (1)

The weights are implicit: nobody publishes them, the data give them back. A cell that holds zero adds nothing to the
sum, but counts in K - m unless it is a missing value written as zero; (1) therefore tells how many of a row's zeros
are missing, and the same identity within a dimension tells which.
"""

import numpy as np
import pandas as pd

from innodivide.errors import DataError, DesignError, ParameterError

TOLERANCE = 0.01  # index points: scores and index are published to three decimals
DIMENSION_TOLERANCE = 0.02  # two or three indicators average out less of the rounding in scores and weights


def score_matrix(
    scores: pd.DataFrame, indicator: pd.DataFrame, level: str = "indicator", edition: int = 2023
) -> pd.DataFrame:
    """Scores of one level as a matrix.

    Dimension 2.1 is not one series: as published it leaves out its indicator 2.1.3 in 2017 to 2021, not before and not
    after (38 of 39 countries, to 0.006; docs/composite.md), so its years must not be compared with each other.

    Parameters
    ----------
    scores : DataFrame
        Table `eis_score`: geo, edition, year, indicator_code, value.
    indicator : DataFrame
        Table `indicator`: indicator_code, level.
    level : {"indicator", "dimension"}
    edition : int

    Returns
    -------
    DataFrame
        Index (geo, year), one column for each code in order of code, EU base year = 100; NaN where no row exists.

    Raises
    ------
    ParameterError
        If the level is unknown or the edition has no such scores.
    """
    if level not in ("indicator", "dimension"):
        raise ParameterError(f"level={level!r}: allowed are 'indicator', 'dimension'")
    codes = sorted(indicator.loc[indicator["level"] == level, "indicator_code"])
    rows = scores[(scores["edition"] == edition) & scores["indicator_code"].isin(codes)]
    if rows.empty:
        raise ParameterError(f"edition={edition!r}: no scores of level {level} in this edition")
    wide = rows.pivot(index=["geo", "year"], columns="indicator_code", values="value").astype(float)
    return wide.reindex(columns=[code for code in codes if code in wide]).sort_index()


def index_values(index: pd.DataFrame, edition: int = 2023) -> pd.Series:
    """Published index of one edition as a Series over (geo, year), table `eis_index`; one reference only.

    Raises
    ------
    DataError
        If the edition mixes references or repeats a country and year.
    """
    rows = index[index["edition"] == edition]
    if rows["reference"].nunique() != 1:
        raise DataError(f"reference: edition {edition} has {rows['reference'].nunique()} references, expected one")
    series = rows.set_index(["geo", "year"])["value"].astype(float).sort_index()
    if series.index.has_duplicates:
        raise DataError(f"geo, year: repeated in edition {edition}: {series.index[series.index.duplicated()][0]}")
    return series


def _aligned(scores: pd.DataFrame, index: pd.Series) -> pd.Series:
    if scores.empty or scores.shape[1] == 0:
        raise DataError("scores: no rows or no indicators")
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

    published = _aligned(scores, index)
    complete = (scores > 0).all(axis=1)
    matrix, target = scores[complete].to_numpy(dtype=float), published[complete].to_numpy()
    rank = np.linalg.matrix_rank(matrix) if len(matrix) else 0
    if rank < scores.shape[1]:
        raise DesignError(
            f"scores: {int(complete.sum())} complete rows of rank {rank} cannot determine {scores.shape[1]} weights"
        )
    return pd.Series(nnls(matrix, target)[0], index=scores.columns, name="weight")


def weights_from_maxima(scores: pd.DataFrame) -> pd.Series:
    """Weights from the top scores alone: if each indicator's best row is normalised to 1, w_k goes with 1 / max_k.

    Uses no index at all and is therefore an independent check of `implicit_weights`.

    Raises
    ------
    DesignError
        If an indicator has no positive score.
    """
    top = scores.max()
    if not (top > 0).all():
        raise DesignError(f"indicator {top.index[~(top > 0)][0]}: no positive score, its maximum says nothing")
    return ((1 / top) / (1 / top).sum()).rename("weight")


def missing_count(published: np.ndarray, raw: np.ndarray, size: int, absent: np.ndarray, zeros: np.ndarray):
    """Number of missing cells that explains each row best, and what it leaves unexplained.

    Parameters
    ----------
    published, raw : ndarray (n,)
        Published value, and sum of weight times score over the weight sum of the block.
    size : int
        Indicators in the block, K.
    absent, zeros : ndarray of int (n,)
        Cells without a row (certainly missing), and cells that hold zero (perhaps missing).

    Returns
    -------
    tuple of ndarray (n,)
        Count m in [absent, absent + zeros], m < K; residual K / (K - m) * raw - published in index points. NaN residual
        where raw is zero (any count fits) or the published value is missing.
    """
    absent, zeros = np.asarray(absent, dtype=int), np.asarray(zeros, dtype=int)
    counts = np.arange(size)
    # possible: at least the absent cells, at most also every zero, and never all of them (a mean of nothing)
    possible = (counts >= absent[:, None]) & (counts <= (absent + zeros)[:, None])
    usable = (raw > 0) & np.isfinite(published) & possible.any(axis=1)
    residuals = size / (size - counts) * raw[:, None] - published[:, None]
    best = np.where(possible & usable[:, None], np.abs(residuals), np.inf).argmin(axis=1)
    left = residuals[np.arange(len(raw)), best]
    return np.where(usable, best, absent), np.where(usable, left, np.nan)


def rebuild_index(scores: pd.DataFrame, weights: pd.Series, missing: pd.DataFrame | None = None) -> pd.Series:
    """Index from scores by equation (1).

    Parameters
    ----------
    scores : DataFrame (rows, K)
    weights : Series (K,)
        By indicator; taken relative to their sum.
    missing : DataFrame of bool (rows, K), optional
        Cells left out of the mean, see `missing_cells`; absent cells (NaN) are always left out.

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
    if set(weights.index) != set(scores.columns) or (weights < 0).any() or not weights.sum() > 0:
        raise ParameterError("weights: expected one weight >= 0, not all zero, for each column of scores")
    weights = weights.reindex(scores.columns)
    out = (
        scores.isna() if missing is None else (scores.isna() | missing.reindex_like(scores).fillna(False).astype(bool))
    )
    left = scores.shape[1] - out.sum(axis=1)
    if (left == 0).any():
        raise DesignError(f"{left.index[left == 0][0]}: every indicator is missing")
    raw = (scores.mask(out, 0.0) * weights).sum(axis=1) / weights.sum()
    return (raw * scores.shape[1] / left).rename("rebuilt")


def identity_check(
    scores: pd.DataFrame,
    index: pd.Series,
    weights: pd.Series,
    missing: pd.DataFrame | None = None,
    tolerance: float = TOLERANCE,
) -> pd.DataFrame:
    """Published and rebuilt index of every row; no row is left out.

    Returns
    -------
    DataFrame
        Columns geo, year, published, rebuilt, difference (rebuilt - published, index points), n_missing, explained
        (absolute difference <= tolerance).
    """
    published = _aligned(scores, index)
    rebuilt = rebuild_index(scores, weights, missing)
    out = scores.isna() if missing is None else scores.isna() | missing.reindex_like(scores).fillna(False).astype(bool)
    frame = pd.DataFrame(
        {"published": published, "rebuilt": rebuilt, "difference": rebuilt - published, "n_missing": out.sum(axis=1)}
    )
    frame["explained"] = frame["difference"].abs() <= tolerance
    return frame.reset_index()


def dimension_check(
    scores: pd.DataFrame,
    dimension_scores: pd.DataFrame,
    weights: pd.Series,
    dimensions: pd.Series,
    missing: pd.DataFrame | None = None,
    tolerance: float = DIMENSION_TOLERANCE,
) -> pd.DataFrame:
    """Published and rebuilt dimension scores: equation (1) within each dimension.

    Parameters
    ----------
    dimension_scores : DataFrame (rows, D)
        From `score_matrix(level="dimension")`.
    dimensions : Series
        Dimension code of each indicator.

    Returns
    -------
    DataFrame
        Columns geo, year, dimension, published, rebuilt, difference, explained. Rows without a published value or
        without any indicator are kept, with missing numbers and explained False.
    """
    parts = []
    for code in dimension_scores.columns:
        block = scores[[k for k in scores.columns if dimensions[k] == code]]
        some = block[~(block.isna() if missing is None else block.isna() | missing[block.columns]).all(axis=1)]
        gone = None if missing is None else missing.loc[some.index, block.columns]
        rebuilt = rebuild_index(some, weights[block.columns], gone)
        parts.append(
            pd.DataFrame(
                {
                    "dimension": code,
                    "published": dimension_scores[code].reindex(scores.index),
                    "rebuilt": rebuilt.reindex(scores.index),
                }
            )
        )
    frame = pd.concat(parts)
    frame["difference"] = frame["rebuilt"] - frame["published"]
    frame["explained"] = frame["difference"].abs() <= tolerance
    return frame.reset_index().sort_values(["geo", "year", "dimension"]).reset_index(drop=True)
