"""Twofold Oaxaca-Blinder decomposition of a difference in means, term by term."""

import numpy as np
import pandas as pd

from innodivide.errors import DataError, DesignError
from innodivide.models.frame_columns import require_columns
from innodivide.models.result import require_rng


def oaxaca_twofold(
    frame: pd.DataFrame,
    outcome: str,
    covariates,
    group: str,
    cluster: str,
    rng: np.random.Generator,
    n_boot: int = 999,
    level: float = 0.95,
) -> pd.DataFrame:
    """Split the difference of two group means into what goes with different levels and with different coefficients.

    With A the leading and B the lagging group, and b the coefficients of the regression on both with the group as a
    further column (Jann 2008),

        mean y_A - mean y_B = (x_A - x_B)' b  +  [x_A'(b_A - b) + x_B'(b - b_B)]
                               explained          unexplained

    where x includes a constant, so the explained part of the constant is zero. Both parts are sums over terms.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per unit.
    outcome : str
    covariates : sequence of str
    group : str
        Boolean or 0/1 column, true = lagging.
    cluster : str
        Column drawn as a whole (for example country) for the percentile intervals, without regard to the group.
    rng : numpy.random.Generator
    n_boot : int >= 20
    level : float in (0, 1)

    Returns
    -------
    pandas.DataFrame
        Columns term (covariates, "constant", "total"), explained, unexplained, explained_low, explained_high,
        unexplained_low, unexplained_high, difference (total row: that of the means; else empty), n_leading, n_lagging.

    Raises
    ------
    DataError, DesignError
        Missing values; an empty group, fewer units than parameters in a group, collinear covariates; fewer than two
        clusters, which would give an interval of no width.

    References
    ----------
    Oaxaca (1973), International Economic Review 14(3); Blinder (1973), Journal of Human Resources 8(4); Jann (2008),
    The Stata Journal 8(4).
    """
    names = [outcome, *covariates, group, cluster]
    require_columns(frame, names, "frame")
    if frame[names].isna().any().any():
        column = frame[names].isna().any().idxmax()
        raise DataError(f"frame: {column} has missing values; drop or fill them openly first")
    y = frame[outcome].to_numpy(dtype=float)
    x = np.column_stack([frame[list(covariates)].to_numpy(dtype=float), np.ones(len(frame))])
    lag = frame[group].to_numpy().astype(bool)
    parts = [np.append(part, part.sum()) for part in _decompose(x, y, lag)]
    low, high = _intervals(x, y, lag, pd.factorize(frame[cluster], sort=True)[0], require_rng(rng), n_boot, level)
    table = pd.DataFrame({"term": [*covariates, "constant", "total"], "explained": parts[0], "unexplained": parts[1]})
    for i, name in enumerate(("explained", "unexplained")):
        table[f"{name}_low"], table[f"{name}_high"] = low[i], high[i]
    table["difference"] = np.append(np.full(len(table) - 1, np.nan), y[~lag].mean() - y[lag].mean())
    return table.assign(n_leading=int((~lag).sum()), n_lagging=int(lag.sum()))


def _decompose(x: np.ndarray, y: np.ndarray, lag: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Explained and unexplained part by column of x (constant last)."""
    lead_b, lag_b = _ols(x[~lag], y[~lag], "leading group"), _ols(x[lag], y[lag], "lagging group")
    base = _ols(np.column_stack([lag.astype(float), x]), y, "both groups")[1:]
    lead_x, lag_x = x[~lag].mean(axis=0), x[lag].mean(axis=0)
    return (lead_x - lag_x) * base, lead_x * (lead_b - base) + lag_x * (base - lag_b)


def _ols(x: np.ndarray, y: np.ndarray, what: str) -> np.ndarray:
    scale = np.abs(x).max(axis=0) if len(x) else np.ones(x.shape[1])
    if len(x) < x.shape[1] or np.linalg.matrix_rank(x / np.where(scale > 0, scale, 1)) < x.shape[1]:
        raise DesignError(f"{what}: {len(x)} units do not determine {x.shape[1]} coefficients (too few, or collinear)")
    return np.linalg.lstsq(x, y, rcond=None)[0]


def _intervals(x, y, lag, codes, rng, n_boot, level) -> np.ndarray:
    """Percentile ends (2, parts, terms) of both parts and their totals; degenerate draws are redrawn, up to a limit."""
    if codes.max() < 1:
        raise DesignError("cluster: only one to draw from; an interval needs the variation between at least two")
    members = [np.flatnonzero(codes == c) for c in range(codes.max() + 1)]
    draws = []
    for _ in range(10 * n_boot):
        rows = np.concatenate([members[c] for c in rng.integers(len(members), size=len(members))])
        try:
            parts = _decompose(x[rows], y[rows], lag[rows])
        except DesignError:
            continue
        draws.append([np.append(p, p.sum()) for p in parts])
        if len(draws) == n_boot:
            break
    if len(draws) < n_boot:
        raise DesignError(f"only {len(draws)} of {10 * n_boot} resamples determine the coefficients; no interval")
    return np.quantile(np.array(draws), [(1 - level) / 2, (1 + level) / 2], axis=0)
