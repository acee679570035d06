"""Numerics around the Firth logit: level, dispersion, change of units. Not public."""

import math

import numpy as np
from scipy.special import expit

from innodivide.errors import DesignError, ParameterError
from innodivide.models.estimators.design import Design


def check_level(level: float) -> None:
    """ParameterError unless level is in (0, 1)."""
    if isinstance(level, bool) or not isinstance(level, (int, float, np.number)) or not 0 < level < 1:
        raise ParameterError(f"level: expected a number in (0, 1), got {level!r}")


def country_dispersion(design: Design, linear: np.ndarray, df: int) -> float:
    """Pearson statistic of the country totals divided by df; linear predictors (n,), NaN if df < 1.

    A probability next to one keeps its distance from one: the ratio of a country fitted almost exactly is then small
    and not zero over zero.

    Raises
    ------
    DesignError
        If a country is fitted as exactly never or always, beyond what a float can tell.
    """
    if df < 1:
        return math.nan
    gap = design.by_country(np.where(design.y == 1, expit(-linear), -expit(linear)))
    variance = design.by_country(expit(linear) * expit(-linear))
    if (variance == 0).any():
        geo = design.countries[int(np.flatnonzero(variance == 0)[0])]
        raise DesignError(f"{geo}: fitted as exactly 0 or 1 throughout, so country totals have no dispersion")
    return float((gap**2 / variance).sum() / df)


def back_transform(center: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Matrix that takes (slopes, intercept) of standardised columns to those of the original columns."""
    matrix = np.diag(np.append(1 / scale, 1.0))
    matrix[-1, :-1] = -center / scale
    return matrix
