"""Numerics of the Firth logit around `firthmodels`: fit, profiles, information, dispersion. Not public."""

import math
import warnings

import numpy as np

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
