"""Twofold Oaxaca-Blinder decomposition of a difference in means, term by term."""

import numpy as np
import pandas as pd

from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.models.result import require_rng

REFERENCES = ("leading", "lagging", "reimers", "cotton", "neumark", "pooled")


def oaxaca_twofold(
    frame: pd.DataFrame,
    outcome: str,
    covariates,
    group: str,
    reference: str = "pooled",
    rng=None,
    n_boot: int = 999,
    level: float = 0.95,
    cluster: str | None = None,
) -> pd.DataFrame:
    """Split the difference of two group means into what goes with different levels and with different coefficients.

    With b the reference coefficients, A the leading and B the lagging group,

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
    reference : {"leading", "lagging", "reimers", "cotton", "neumark", "pooled"}
        b = b_A; b_B; their mean; their mean weighted by group size; the regression on both groups; the same with the
        group as a further column (Jann, 2008, The Stata Journal 8(4), recommends the last over "neumark").
    rng : numpy.random.Generator, optional
        For percentile intervals, drawing within each group; without it the ends are missing.
    cluster : str, optional
        Column drawn as a whole (for example country) instead of rows, then without regard to the group.

    Returns
    -------
    pandas.DataFrame
        Columns term (covariates, "constant", "total"), explained, unexplained, explained_low, explained_high,
        unexplained_low, unexplained_high, difference (total row: that of the means; else empty), n_leading, n_lagging.

    Raises
    ------
    DataError, DesignError, ParameterError
        Absent columns or missing values; an empty group, fewer units than parameters in a group, collinear covariates.

    References
    ----------
    Oaxaca (1973), International Economic Review 14(3); Blinder (1973), Journal of Human Resources 8(4); Jann (2008).
    """
    names = [outcome, *covariates, group, *([cluster] if cluster else [])]
    if reference not in REFERENCES:
        raise ParameterError(f"reference={reference!r}: allowed are {', '.join(REFERENCES)}")
    absent = [n for n in names if n not in frame.columns]
    if absent or not len(covariates):
        raise DataError(f"frame: column(s) {', '.join(absent) or 'of covariates'} not found")
    if frame[names].isna().any().any():
        column = frame[names].isna().any().idxmax()
        raise DataError(f"frame: {column} has missing values; drop or fill them openly first")
    y = frame[outcome].to_numpy(dtype=float)
    x = np.column_stack([frame[list(covariates)].to_numpy(dtype=float), np.ones(len(frame))])
    lag = frame[group].to_numpy()
    if not np.isin(lag, (0, 1)).all():
        raise DataError(f"frame: {group} must be boolean or 0/1")
    lag = lag.astype(bool)
    explained, unexplained = _decompose(x, y, lag, reference)
    terms = [*covariates, "constant", "total"]
    table = pd.DataFrame(
        {
            "term": terms,
            "explained": np.append(explained, explained.sum()),
            "unexplained": np.append(unexplained, unexplained.sum()),
        }
    )
    ends = np.full((4, len(terms)), np.nan)
    if rng is not None:
        codes = pd.factorize(frame[cluster], sort=True)[0] if cluster else None
        ends = _intervals(x, y, lag, reference, require_rng(rng), n_boot, level, codes)
    for name, values in zip(("explained_low", "explained_high", "unexplained_low", "unexplained_high"), ends):
        table[name] = values
    table["difference"] = np.append(np.full(len(terms) - 1, np.nan), y[~lag].mean() - y[lag].mean())
    return table.assign(n_leading=int((~lag).sum()), n_lagging=int(lag.sum()))


def _decompose(x: np.ndarray, y: np.ndarray, lag: np.ndarray, reference: str) -> tuple[np.ndarray, np.ndarray]:
    """Explained and unexplained part by column of x (constant last)."""
    lead_b, lag_b = _ols(x[~lag], y[~lag], "leading group"), _ols(x[lag], y[lag], "lagging group")
    share = (~lag).mean()
    match reference:
        case "leading" | "lagging" | "reimers" | "cotton":
            weight = {"leading": 1.0, "lagging": 0.0, "reimers": 0.5, "cotton": share}[reference]
            base = weight * lead_b + (1 - weight) * lag_b
        case "neumark":
            base = _ols(x, y, "both groups")
        case _:
            base = _ols(np.column_stack([lag.astype(float), x]), y, "both groups")[1:]
    lead_x, lag_x = x[~lag].mean(axis=0), x[lag].mean(axis=0)
    return (lead_x - lag_x) * base, lead_x * (lead_b - base) + lag_x * (base - lag_b)


def _ols(x: np.ndarray, y: np.ndarray, what: str) -> np.ndarray:
    scale = np.abs(x).max(axis=0) if len(x) else np.ones(x.shape[1])
    if len(x) < x.shape[1] or np.linalg.matrix_rank(x / np.where(scale > 0, scale, 1)) < x.shape[1]:
        raise DesignError(f"{what}: {len(x)} units do not determine {x.shape[1]} coefficients (too few, or collinear)")
    return np.linalg.lstsq(x, y, rcond=None)[0]


def _intervals(x, y, lag, reference, rng, n_boot, level, codes) -> np.ndarray:
    """Percentile ends of both parts and their totals; degenerate draws are redrawn, up to a limit."""
    if not isinstance(n_boot, (int, np.integer)) or n_boot < 20 or not 0 < level < 1:
        raise ParameterError(
            f"n_boot, level: expected a whole number >= 20 and a number in (0, 1), got {n_boot!r}, {level!r}"
        )
    groups = [np.flatnonzero(~lag), np.flatnonzero(lag)]
    members = None if codes is None else [np.flatnonzero(codes == c) for c in range(codes.max() + 1)]
    draws = []
    for _ in range(10 * n_boot):
        if members is None:
            rows = np.concatenate([rng.choice(g, size=len(g)) for g in groups])
        else:
            rows = np.concatenate([members[c] for c in rng.integers(len(members), size=len(members))])
        try:
            parts = _decompose(x[rows], y[rows], lag[rows], reference)
        except DesignError:
            continue
        draws.append([np.append(p, p.sum()) for p in parts])
        if len(draws) == n_boot:
            break
    if len(draws) < n_boot:
        raise DesignError(f"only {len(draws)} of {10 * n_boot} resamples determine the coefficients; no interval")
    ends = np.quantile(np.array(draws), [(1 - level) / 2, (1 + level) / 2], axis=0)  # (2, parts, terms)
    return np.vstack([ends[:, 0], ends[:, 1]])
