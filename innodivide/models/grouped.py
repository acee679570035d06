"""Quasi-binomial model of country totals (public through `innodivide.models`)."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from innodivide.errors import DesignError
from innodivide.models.design import (
    CONTROLS,
    check_names,
    check_rank,
    numeric,
    require_columns,
    separation,
    standardise,
)
from innodivide.models.engine import back_transform, check_level
from innodivide.results import Result, data_fingerprint


@dataclass(frozen=True, eq=False)
class GroupedFit:
    """Quasi-binomial fit.

    Attributes
    ----------
    coefficients : DataFrame
        Index term (controls, exposure, ``intercept``); columns estimate, se, ci_low, ci_high, p_value
        (log odds, all with the dispersion in).
    result : Result
        The exposure's row as a record.
    dispersion : float
        Pearson statistic over the residual degrees of freedom `df`.
    df : int
    """

    coefficients: pd.DataFrame
    result: Result
    dispersion: float
    df: int


def grouped_binomial(
    country_totals: pd.DataFrame,
    term: str = "leader_share",
    controls=CONTROLS,
    successes: str = "n_participations",
    trials: str = "n_possible",
    level: float = 0.95,
) -> GroupedFit:
    """Quasi-binomial GLM of participation counts: maximum likelihood, dispersion from Pearson, t inference.

    Parameters
    ----------
    country_totals : DataFrame
        One row per country: geo, `term`, `controls`, `successes` and `trials` (whole, 0 <= successes <= trials).
    term, successes, trials : str
    controls : sequence of str
    level : float in (0, 1)

    Returns
    -------
    GroupedFit

    Raises
    ------
    DesignError
        Degenerate data, or separated data (use `firth_logit`).
    """
    check_level(level)
    names = check_names(term, controls, successes)[2:]
    require_columns(country_totals, ["geo", trials, successes, term, *names], "country_totals")
    frame = country_totals.sort_values("geo")
    hit, n = _counts(frame, successes, trials)
    d = numeric(frame[term])
    center, scale, standard = standardise([numeric(frame[name]) for name in names], len(frame))
    check_rank(d, standard, term, names)
    x = np.column_stack([standard, d])
    df = len(frame) - x.shape[1] - 1
    if df < 1:
        raise DesignError(f"geo: {len(frame)} countries for {x.shape[1] + 1} parameters; need more")
    _refuse_separation(x, hit, n, [*names, term], successes)
    beta, covariance, phi = _binomial_glm(x, hit, n, df)
    original = back_transform(np.append(center, 0.0), np.append(scale, 1.0))
    table = _t_table(original @ beta, phi * original @ covariance @ original.T, df, level, [*names, term])
    row = table.loc[term]
    binary = bool(np.isin(d, (0, 1)).all())
    is_share = bool(((d >= 0) & (d <= 1)).all())  # of the IPCEIs at which the country had the label
    result = Result(
        method="grouped quasi-binomial logit",
        term=term,
        estimate=float(row["estimate"]),
        scale="log odds" if binary else "log odds per unit",
        se=float(row["se"]),
        se_kind=f"inverse information x dispersion {phi:.4g}",
        ci_low=float(row["ci_low"]),
        ci_high=float(row["ci_high"]),
        ci_level=level,
        ci_kind=f"t with {df} df",
        p_value=float(row["p_value"]),
        p_kind=f"t with {df} df",
        n_dyads=int(n.sum()),
        n_countries=len(frame),
        n_events=int(hit.sum()),
        n_treated=int((d != 0).sum()) if is_share else len(frame),
        dropped=(),
        separation=False,
        converged=True,
        data_hash=data_fingerprint(frame, ["geo", trials, successes, term, *names]),
    )
    return GroupedFit(coefficients=table, result=result, dispersion=phi, df=df)


def _counts(frame: pd.DataFrame, successes: str, trials: str) -> tuple[np.ndarray, np.ndarray]:
    """Checked successes and trials."""
    if frame["geo"].duplicated().any():
        raise DesignError("geo: country_totals needs one row per country")
    hit, n = numeric(frame[successes]), numeric(frame[trials])
    if (hit < 0).any() or (hit > n).any() or (n < 1).any() or np.mod([hit, n], 1).any():
        raise DesignError(f"{successes}, {trials}: expected whole numbers, 0 <= {successes} <= {trials}, {trials} >= 1")
    if hit.sum() in (0, n.sum()):
        raise DesignError(f"{successes}: constant outcome, {int(hit.sum())} of {int(n.sum())}")
    return hit, n


def _refuse_separation(x: np.ndarray, hit: np.ndarray, n: np.ndarray, names, successes: str) -> None:
    """DesignError if the maximum-likelihood estimate is infinite; counts matter only as zero or not."""
    some, rest = hit > 0, hit < n
    outcomes = np.repeat([1.0, 0.0], [some.sum(), rest.sum()])
    separated, note = separation(np.vstack([x[some], x[rest]]), outcomes, names)
    if separated:
        raise DesignError(f"{successes}: separated data, {note}; use firth_logit")


def _binomial_glm(x: np.ndarray, hit: np.ndarray, n: np.ndarray, df: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Estimates (slopes, intercept), covariance at dispersion 1, and Pearson dispersion."""
    import statsmodels.api as sm

    full = np.column_stack([x, np.ones(len(x))])
    fitted = sm.GLM(np.column_stack([hit, n - hit]), full, family=sm.families.Binomial()).fit(tol=1e-12, maxiter=100)
    if not fitted.converged:
        raise DesignError("grouped binomial: no convergence in 100 iterations")
    # Not fit(scale="X2"): statsmodels then leaves the number of trials out of the dispersion.
    return np.asarray(fitted.params), np.asarray(fitted.cov_params()), float(fitted.pearson_chi2 / df)


def _t_table(beta: np.ndarray, covariance: np.ndarray, df: int, level: float, names) -> pd.DataFrame:
    """Coefficient frame with t intervals and p-values."""
    se = np.sqrt(covariance.diagonal())
    reach = stats.t.ppf((1 + level) / 2, df) * se
    p = 2 * stats.t.sf(np.abs(beta) / se, df)
    columns = {"estimate": beta, "se": se, "ci_low": beta - reach, "ci_high": beta + reach, "p_value": p}
    return pd.DataFrame(columns, index=pd.Index([*names, "intercept"], name="term"))
