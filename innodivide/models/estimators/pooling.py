"""Partial pooling of countries: a logit with a normal random intercept for each, by Gauss-Hermite quadrature.

Each country has a level of its own, drawn from one normal distribution whose spread is estimated: countries with
little to say borrow from the others. The likelihood of a country is an integral over its level, which 61 nodes give
to about eight digits for a dozen dyads each; the spread and all coefficients maximise the sum of their logarithms.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import minimize
from scipy.special import expit

from innodivide.errors import DesignError
from innodivide.models.estimators.design import CONTROLS, Design, build_design, collinearity
from innodivide.models.estimators.engine import check_level
from innodivide.models.estimators.priors import outward_root
from innodivide.models.result import Result

__all__ = ["RandomIntercept", "random_intercept_logit"]

NODES = 61
FARTHEST = 15.0  # a coefficient of a standardised column beyond this has no finite maximum


@dataclass(frozen=True, eq=False)
class RandomIntercept:
    """The exposure's log odds ratio for a given country level, and the standard deviation of those levels."""

    result: Result
    sd: float
    log_likelihood: float


def random_intercept_logit(
    dyads: pd.DataFrame,
    term: str = "leader",
    controls=CONTROLS,
    outcome: str = "participates",
    level: float = 0.95,
    unit: str = "geo",
    project: str = "ipcei_id",
) -> RandomIntercept:
    """Logit with a normal random intercept for each country, maximum likelihood, profile interval.

    Parameters
    ----------
    dyads : DataFrame
        One row per unit (a country) and project (an IPCEI) with the named columns.
    term, outcome : str
        Exposure (0/1 or a number) and 0/1 outcome.
    controls : sequence of str
    level : float in (0, 1)
    unit, project : str
        Columns of units and projects.

    Returns
    -------
    RandomIntercept
        Conditional log odds ratio (for a country of given level): farther from zero than a marginal one. The interval
        compares twice the fall of the likelihood with chi-squared (1 df), which is somewhat short for few countries.

    Raises
    ------
    ParameterError, DataError, DesignError
        As `firth_logit`; no finite maximum.

    References
    ----------
    Pinheiro & Bates (1995) JCGS 4, for the quadrature.
    """
    check_level(level)
    design = build_design(dyads, term, controls, outcome, unit, project)
    x = np.column_stack([design.d, design.null_matrix])
    start = np.append(np.zeros(x.shape[1]), 1.0)
    top, best = _maximum(design, x, np.zeros(len(x)), start)
    start = np.append(top[1:-1], 1.0)  # not the spread found: if that is zero, nothing pulls it away from there
    threshold = stats.chi2.ppf(level, 1)

    def gap(b: float) -> float:
        return 2 * (best - _maximum(design, x[:, 1:], b * design.d, start)[1]) - threshold

    low, high = (outward_root(gap, top[0], side) for side in (-1.0, 1.0))
    kind = "profile likelihood of a model with country levels"
    null = _maximum(design, x[:, 1:], np.zeros(len(x)), start)[1]
    result = Result(
        method="logit with a random intercept for each country",
        term=term,
        estimate=float(top[0]),
        scale="log odds" if design.binary else "log odds per unit",
        ci_low=low,
        ci_high=high,
        ci_level=level,
        ci_kind=kind,
        p_value=float(stats.chi2.sf(max(2 * (best - null), 0.0), 1)),
        p_kind=f"likelihood ratio, {kind}",
        converged=True,
        dropped=(),
        **design.counts(),
    )
    return RandomIntercept(result, abs(float(top[-1])), best)


def _maximum(design: Design, x: np.ndarray, offset: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, float]:
    """Coefficients with the standard deviation last, and the log-likelihood there."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    log_weights = np.log(weights / weights.sum())
    n = len(design.countries)

    def value(theta: np.ndarray) -> tuple[float, np.ndarray]:
        # The sign of the last parameter is free: the likelihood is even in it, so zero is no border.
        eta = (x @ theta[:-1] + offset)[:, None] + theta[-1] * nodes
        rows = design.y[:, None] * eta - np.logaddexp(0, eta)
        by_country = np.zeros((n, NODES))
        np.add.at(by_country, design.geo, rows)
        by_country += log_weights
        peak = by_country.max(axis=1, keepdims=True)
        shares = np.exp(by_country - peak)
        total = shares.sum(axis=1, keepdims=True)
        pull = (design.y[:, None] - expit(eta)) * (shares / total)[design.geo]
        slope = np.append(x.T @ pull.sum(axis=1), pull.sum(axis=0) @ nodes)
        return -float((peak + np.log(total)).sum()), -slope

    found = minimize(value, start, jac=True, method="BFGS", options={"gtol": 1e-7, "maxiter": 500})
    if np.abs(found.jac).max() > 1e-4 or np.abs(found.x).max() > FARTHEST:
        near = collinearity(np.column_stack([design.controls, design.d]), [*design.control_names, design.term])
        raise DesignError(f"random intercept: no finite maximum of the likelihood ({near or found.message})")
    return found.x, -float(found.fun)
