"""How many kinds there are when only some were seen: Chao's lower bound from incidence frequencies."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy import stats

from innodivide.errors import DataError, DesignError, ParameterError, checked
from innodivide.models.estimators.engine import check_level
from innodivide.models.frame_columns import as_column, numeric

__all__ = ["UnseenSpecies", "chao2"]

Form = Literal["bias-corrected", "classic"]


@dataclass(frozen=True, kw_only=True)
class UnseenSpecies:
    """Estimated number of species (kinds of anything) with what was seen.

    Attributes
    ----------
    method : str
    n_units : int
        Sampling units, m.
    s_obs, q1, q2 : int
        Species seen at all, in exactly one unit, in exactly two.
    estimate, unseen : float
        Estimated total, and its part beyond `s_obs`.
    se, ci_low, ci_high : float or None
        None where nothing points to unseen species, so that neither variance nor interval is defined.
    ci_level : float
    ci_kind : str
    notes : tuple of str
    """

    method: str
    n_units: int
    s_obs: int
    q1: int
    q2: int
    estimate: float
    unseen: float
    se: float | None
    ci_low: float | None
    ci_high: float | None
    ci_level: float
    ci_kind: str
    notes: tuple[str, ...]


@checked
def chao2(frequencies, n_units: int, form: Form = "bias-corrected", level: float = 0.95) -> UnseenSpecies:
    """Chao2 estimate of the number of species from the number of sampling units in which each was seen.

    With A = (m - 1) / m, Q1 and Q2 the numbers of species seen in one and in two units:

        bias-corrected  S = S_obs + A Q1 (Q1 - 1) / (2 (Q2 + 1))
        classic         S = S_obs + A Q1^2 / (2 Q2); where Q2 = 0 the bias-corrected one

    The variances are those of Chao (1987) in the form with A (Chao & Chiu 2016). The interval is log-normal for the
    unseen part T = S - S_obs: S_obs + T / K to S_obs + T K, K = exp(z sqrt(ln(1 + var / T^2))), so that it never falls
    below what was seen.

    A lower bound under its assumptions: units are a random sample of comparable ones, and unseen species are at least
    as rare as those seen once. Species that the units cannot show at all are not counted.

    Parameters
    ----------
    frequencies : sequence of int
        For each species seen, in how many units; 1 to `n_units`. Zeros (known, never seen) are not counted as seen.
    n_units : int >= 2
    form : {"bias-corrected", "classic"}
    level : float in (0, 1)

    Returns
    -------
    UnseenSpecies

    Raises
    ------
    ParameterError
        Fewer than two units, unknown form, level outside (0, 1).
    DataError
        A frequency that is not whole, negative or above `n_units`.
    DesignError
        A frequency that is missing or no number; no species seen.

    References
    ----------
    Chao (1987) Biometrics 43, 783-791; Chao & Chiu (2016) Wiley StatsRef, Species richness.

    Examples
    --------
    >>> found = chao2([1, 1, 1, 2, 2, 5], n_units=8)
    >>> found.s_obs, round(found.estimate, 2)
    (6, 6.88)
    """
    check_level(level)
    if form not in get_args(Form):
        raise ParameterError(f"form: expected one of {', '.join(get_args(Form))}; got {form!r}")
    if not isinstance(n_units, (int, np.integer)) or isinstance(n_units, bool) or n_units < 2:
        raise ParameterError(f"n_units: expected a whole number >= 2, got {n_units!r}; one unit shows no repetition")
    counts = _counts(frequencies, n_units)
    s_obs, q1, q2 = len(counts), int((counts == 1).sum()), int((counts == 2).sum())
    a = (n_units - 1) / n_units
    unseen, variance = _classic(q1, q2, a, s_obs) if form == "classic" else _bias_corrected(q1, q2, a)
    notes: tuple[str, ...] = ()
    se = low = high = None
    if unseen > 0:
        se = math.sqrt(variance)
        k = math.exp(float(stats.norm.ppf((1 + level) / 2)) * math.sqrt(math.log1p(variance / unseen**2)))
        low, high = s_obs + unseen / k, s_obs + unseen * k
    else:
        notes += (f"{q1} species seen in one unit only: nothing points to unseen ones, and no interval is defined",)
    if q1 == s_obs:
        notes += ("every species was seen in one unit only: the sample says little of the whole",)
    return UnseenSpecies(
        method=f"Chao2, {form}",
        n_units=int(n_units),
        s_obs=s_obs,
        q1=q1,
        q2=q2,
        estimate=s_obs + unseen,
        unseen=unseen,
        se=se,
        ci_low=low,
        ci_high=high,
        ci_level=level,
        ci_kind="log-normal for the unseen part (Chao 1987)" if unseen > 0 else "",
        notes=notes,
    )


def _counts(frequencies, n_units: int) -> np.ndarray:
    """Frequencies above zero as an array; named errors for anything that is no number of units."""
    values = numeric(as_column(frequencies, "frequencies"))
    bad = ~(np.isfinite(values) & (values >= 0) & (values <= n_units) & (values == np.floor(values)))
    if bad.any():
        place = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"frequencies: {values[place]:g} at position {place}; expected whole numbers from 0 to n_units = {n_units}"
        )
    if not (values > 0).any():
        raise DesignError("frequencies: no species seen; nothing to extrapolate from")
    return values[values > 0]


def _bias_corrected(q1: int, q2: int, a: float) -> tuple[float, float]:
    """Unseen species and variance of the bias-corrected form."""
    b, pairs = q2 + 1, q1 * (q1 - 1)
    variance = a * pairs / (2 * b) + a**2 * q1 * (2 * q1 - 1) ** 2 / (4 * b**2) + a**2 * pairs**2 * q2 / (4 * b**4)
    return a * pairs / (2 * b), variance


def _classic(q1: int, q2: int, a: float, s_obs: int) -> tuple[float, float]:
    """Unseen species and variance of the classic form; with Q2 = 0 that of Chao & Chiu (2016) for this case."""
    if q2 == 0:
        unseen = a * q1 * (q1 - 1) / 2
        return unseen, unseen + a**2 * q1 * (2 * q1 - 1) ** 2 / 4 - a**2 * q1**4 / (4 * (s_obs + unseen))
    r = q1 / q2
    return a * q1 * r / 2, q2 * (a * r**2 / 2 + a**2 * r**3 + a**2 * r**4 / 4)
