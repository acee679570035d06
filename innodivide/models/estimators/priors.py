"""How much of the estimate is the penalty: the leader coefficient under log-F priors of rising weight.

A log-F(m, m) prior on a log odds ratio is worth m made-up observations, half of them successes, at exposure 1 and
everything else (the intercept too) at 0. The posterior mode is therefore an ordinary binomial fit to the data with
that one row added (Greenland & Mansournia 2015), and any GLM routine can check it.
"""

import math

import numpy as np
import pandas as pd
from scipy import stats

from innodivide.errors import DesignError
from innodivide.models.estimators.design import build_design
from innodivide.models.estimators.firth import FirthFit, dispersion_interval
from innodivide.models.estimators.newton import one_maximum, orthogonal_columns

__all__ = ["WEIGHTS", "log_f_fit", "log_f_limits", "prior_sensitivity"]

WEIGHTS = (0.5, 1, 2, 4, 10)  # from next to no prior to one that holds the odds ratio within a factor of four


def log_f_limits(m: float, level: float = 0.95) -> tuple[float, float]:
    """Central interval of the odds ratio under a log-F(m, m) prior: quantiles of F with m and m degrees of freedom."""
    high = float(stats.f.ppf((1 + level) / 2, m, m))
    return 1 / high, high


def log_f_fit(
    x: np.ndarray,
    y: np.ndarray,
    column: int,
    m: float,
    dispersion: float = 1.0,
    df: int | None = None,
    level: float = 0.95,
) -> dict:
    """Logit whose one coefficient has a log-F(m, m) prior, by data augmentation; profile and Wald intervals.

    Maximises l(b) / dispersion + (m/2) b_c - m ln(1 + exp(b_c)), the last two terms being the log prior of
    coefficient c (Greenland & Mansournia 2015, section 3). A dispersion above 1 counts the data for less, as a
    quasi-likelihood does; the prior keeps its weight.

    Parameters
    ----------
    x : ndarray (n, k)
        Columns of the design, the intercept among them.
    y : ndarray (n,)
        0/1, or shares of successes.
    column : int
        Which coefficient has the prior; 0/1 in x, so that its unit is that of the prior.
    m : float >= 0
        Weight of the prior; 0 is maximum likelihood.
    dispersion : float > 0
    df : int or None
        Degrees of freedom of the reference t; the normal distribution if None.
    level : float in (0, 1)

    Returns
    -------
    dict
        estimate, se, ci_low, ci_high (profile: where 2 [l*(max) - l*(b)] reaches the squared quantile). Log odds.

    Raises
    ------
    DesignError
        No finite estimate or profile bound.
    """
    from firthmodels import detect_separation

    if m == 0 and detect_separation(x, y, fit_intercept=False).separation:
        raise DesignError("the outcome is separated: without a prior the estimate is infinite")
    prior = np.eye(x.shape[1])[[column]]
    rows = np.vstack([x, prior])
    outcome, weight = np.append(y, 0.5), np.append(np.full(len(y), 1 / dispersion), m)
    successes = outcome * weight
    beta, covariance, top = one_maximum("log-F prior", rows, successes, weight)
    se = math.sqrt(covariance[column, column])
    quantile = float(stats.norm.ppf((1 + level) / 2) if df is None else stats.t.ppf((1 + level) / 2, df))
    free = np.delete(rows, column, axis=1)

    def gap(b: float) -> float:
        held = one_maximum("log-F prior", free, successes, weight, held=b * rows[:, column])[2]
        return 2 * (top - held) - quantile**2

    estimate, reach = float(beta[column]), quantile * se
    low, high = (outward_root(gap, estimate, side * reach) for side in (-1, 1))
    return {"estimate": estimate, "se": se, "ci_low": low, "ci_high": high}


def outward_root(gap, start: float, step: float) -> float:
    """Where a profile crosses its threshold: the root of a rising gap, searched from `start` in steps of `step`."""
    from scipy.optimize import brentq

    outside = start + step
    for _ in range(40):
        if gap(outside) > 0:
            return float(brentq(gap, start, outside, xtol=1e-10))
        outside += step
    raise DesignError("profile: the likelihood does not fall to its threshold; the interval has no end")


def prior_sensitivity(dyads: pd.DataFrame, fit: FirthFit) -> pd.DataFrame:
    """Odds ratio of the exposure under no prior, log-F priors and the Firth penalty, on the same dyads.

    The data count for 1 / dispersion of the country totals (at least 1) and intervals are t with `fit.df` degrees of
    freedom, so that a prior is weighed against what 27 countries know and not against independent dyads.

    Parameters
    ----------
    dyads : DataFrame
        Those of the fit.
    fit : FirthFit
        The registered model; its exposure must be a 0/1 label.

    Returns
    -------
    DataFrame
        One row per prior: prior, m (NaN for Firth), prior_low, prior_high (95 % of odds ratios before the data),
        odds_ratio, ci_low, ci_high (profile; for Firth the registered interval), note.

    References
    ----------
    Greenland & Mansournia (2015) Stat Med 34; Firth (1993) Biometrika 80.
    """
    design = build_design(dyads, fit.term, fit.controls, fit.outcome, fit.unit, fit.project)
    if not design.binary:
        raise DesignError(f"{fit.term}: expected a 0/1 label, whose log odds ratio has the prior")
    controls, phi = orthogonal_columns(design.null_matrix)[0], max(fit.dispersion, 1.0)
    x = np.column_stack([controls, design.d])
    rows = []
    for m in (0, *WEIGHTS):
        row = {"prior": f"log-F({m:g}, {m:g})" if m else "none (maximum likelihood)", "m": float(m), "note": ""}
        row |= dict(zip(("prior_low", "prior_high"), log_f_limits(m, fit.level))) if m else {}
        try:
            rows.append(row | _ratios(log_f_fit(x, design.y, x.shape[1] - 1, m, phi, fit.df, fit.level)))
        except DesignError as error:
            rows.append(row | {"note": str(error)})
    last = {"prior": "Firth penalty (registered)", "note": "its interval is the registered one"}
    try:
        rows.append(last | _ratios(dispersion_interval(fit).row()))
    except DesignError as error:  # separated data, where the priors are of most use
        rows.append(last | {"odds_ratio": math.exp(fit.result.estimate), "note": f"no interval: {error}"})
    names = ["prior", "m", "prior_low", "prior_high", "odds_ratio", "ci_low", "ci_high", "note"]
    return pd.DataFrame(rows, columns=names)


def _ratios(log: dict) -> dict:
    """Estimate and interval on log odds as odds ratios."""
    names = {"odds_ratio": "estimate", "ci_low": "ci_low", "ci_high": "ci_high"}
    return {name: math.exp(log[key]) for name, key in names.items()}
