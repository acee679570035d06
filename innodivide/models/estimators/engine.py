"""Numerics of the Firth logit around `firthmodels`: fit, profiles, information, dispersion. Not public."""

import math
import warnings

import numpy as np
from scipy.special import expit

from innodivide.errors import DesignError, ParameterError
from innodivide.models.estimators.design import Design


def check_level(level: float) -> None:
    """ParameterError unless level is in (0, 1)."""
    if not 0 < level < 1:
        raise ParameterError(f"level: expected a number in (0, 1), got {level!r}")


def fit_firth(x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None):
    """Converged `FirthLogisticRegression`, numpy backend, library tolerances; x (n, k) without intercept.

    Raises
    ------
    DesignError
        If the library fails or does not converge.
    """
    from firthmodels import FirthLogisticRegression

    # 25 iterations are the library's default and are too few for steep separated data. Tolerances are not touched:
    # tighter ones turn its likelihood-ratio p-values into NaN.
    model = FirthLogisticRegression(backend="numpy", max_iter=200)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its convergence warning becomes the error below
        try:
            model.fit(x, y, sample_weight=weights)
        except (ValueError, np.linalg.LinAlgError) as cause:
            raise DesignError(f"Firth logit: {cause}") from cause
    if not model.converged_:
        raise DesignError(f"Firth logit: no convergence in {model.n_iter_} iterations")
    return model


def polish(x: np.ndarray, y: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Firth estimate (slopes, intercept) to machine precision, by scoring steps from the library's estimate.

    The library stops at a gradient of 1e-4, that is about five right digits: fewer than a table compared between
    machines needs. Steps solve I(b) step = X'(y - p + h (1/2 - p)), h the leverages. One that lowers the penalised
    likelihood, or swings back over the step before it, is halved: with heavy-tailed covariates plain scoring steps can
    swing for ever.

    Raises
    ------
    DesignError
        If the steps do not shrink to nothing.
    """
    full = np.column_stack([x, np.ones(len(x))])
    last = np.zeros_like(beta)
    for _ in range(500):
        inverse = inverse_information(x, beta)
        p = expit(full @ beta)
        leverage = p * (1 - p) * np.einsum("ij,jk,ik->i", full, inverse, full)
        step = inverse @ (full.T @ (y - p + leverage * (0.5 - p)))
        before = penalised_likelihood(full, y, beta)
        while np.abs(step).max() > 1e-9 and penalised_likelihood(full, y, beta + step) < before - 1e-10 * abs(before):
            step = step / 2
        if step @ last < -0.5 * (last @ last):
            step = step / 2
        beta, last = beta + step, step
        if np.abs(step).max() < 1e-11 * max(1.0, np.abs(beta).max()):
            return beta
    raise DesignError("Firth logit: the estimate does not settle")


def penalised_likelihood(full: np.ndarray, y: np.ndarray, beta: np.ndarray) -> float:
    """Log-likelihood plus half the log-determinant of the information (Firth, 1993); full (n, k + 1) with intercept."""
    eta = full @ beta
    mu = expit(eta)
    information = full.T @ (full * (mu * (1 - mu))[:, None])
    return float(y @ eta - np.logaddexp(0, eta).sum() + 0.5 * np.linalg.slogdet(information)[1])


def profile(model, level: float, features=None) -> tuple[np.ndarray, np.ndarray]:
    """Profile interval (k + 1, 2) and likelihood-ratio p (k + 1,) in the model's units, intercept last.

    Raises
    ------
    DesignError
        If a bound or a test does not converge.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ci = model.conf_int(alpha=1 - level, method="pl", features=features, max_iter=200).copy()
            p = model.lrt(features).lrt_pvalues_.copy()
        except np.linalg.LinAlgError as cause:
            raise DesignError(f"Firth logit: the profile cannot be followed ({cause})") from cause
    wanted = slice(None) if features is None else features
    if np.isnan(ci[wanted]).any() or np.isnan(p[wanted]).any():
        raise DesignError("Firth logit: a profile-likelihood bound or likelihood-ratio test did not converge")
    return ci, p


def intercept_profile(x: np.ndarray, y: np.ndarray, level: float) -> tuple[np.ndarray, float]:
    """Profile of the intercept at covariates zero: only a fit without centring has it as a parameter.

    NaN where that fit fails: an intercept far outside the data is not worth losing the other estimates for.
    """
    try:
        ci, p = profile(fit_firth(x, y), level, features=[x.shape[1]])
    except DesignError:
        return np.array([np.nan, np.nan]), np.nan
    return ci[-1], p[-1]


def inverse_information(x: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Inverse of X'WX at beta (slopes, then intercept); x (n, k) without intercept."""
    full = np.column_stack([x, np.ones(len(x))])
    mu = expit(full @ beta)
    try:
        return np.linalg.inv(full.T @ (full * (mu * (1 - mu))[:, None]))
    except np.linalg.LinAlgError as cause:
        raise DesignError("Firth logit: the information matrix is singular at the estimate") from cause


def country_dispersion(design: Design, mu: np.ndarray, df: int) -> float:
    """Pearson statistic of the country totals divided by df; mu (n,) fitted probabilities, NaN if df < 1."""
    if df < 1:
        return math.nan
    gap = design.by_country(design.y - mu)
    return float((gap**2 / design.by_country(mu * (1 - mu))).sum() / df)


def back_transform(center: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Matrix that takes (slopes, intercept) of standardised columns to those of the original columns."""
    matrix = np.diag(np.append(1 / scale, 1.0))
    matrix[-1, :-1] = -center / scale
    return matrix
