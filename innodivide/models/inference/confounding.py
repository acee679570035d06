"""How strong an unmeasured confounder would have to be: robustness value and E-value.

These answer "what would explain the association away?", which is a question only where an association is claimed.
Beside an interval that includes no association they invite a false reading, so the record then withholds the number
and says why.
"""

import math
from dataclasses import dataclass

from scipy import stats

from innodivide.errors import ParameterError

__all__ = ["Sensitivity", "e_value", "risk_ratio", "robustness_value"]

ALPHA = 0.05  # of the interval that the robustness value is to lose


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """One sensitivity number, or the reason why it is not shown.

    Attributes
    ----------
    value : float or None
        For the estimate; None if not shown.
    value_interval : float or None
        For the end of the interval nearest to no association; None if not shown.
    reason : str
        Why it is not shown; "" if it is.
    """

    value: float | None
    value_interval: float | None
    reason: str

    @property
    def shown(self) -> bool:
        """Whether there is a number."""
        return not self.reason


def robustness_value(t: float, df: float, claimed: bool = True) -> Sensitivity:
    """Robustness value of a least-squares coefficient (Cinelli & Hazlett 2020).

    RV = (sqrt(f^4 + 4 f^2) - f^2) / 2 with f = |t| / sqrt(df): the partial R squared that a confounder needs with both
    exposure and outcome to reduce the estimate to zero. RV_alpha takes f less t_{1-alpha/2,df-1} / sqrt(df-1), and is
    what it takes to lose the claim at level alpha = .05.

    Parameters
    ----------
    t : float
        t statistic with the ordinary standard error.
    df : float > 1
        Residual degrees of freedom.
    claimed : bool
        Whether the report claims an effect, by its own test; False withholds the number whatever the interval.

    Returns
    -------
    Sensitivity
        `value` RV and `value_interval` RV_alpha, both in [0, 1].

    Raises
    ------
    ParameterError
        An argument out of range.
    """
    if not (math.isfinite(t) and math.isfinite(df) and df > 1):
        raise ParameterError(f"t, df: expected finite numbers, df > 1; got {t!r}, {df!r}")
    f = abs(t) / math.sqrt(df)
    critical = float(stats.t.ppf(1 - ALPHA / 2, df - 1)) / math.sqrt(df - 1)
    crosses = abs(t) <= stats.t.ppf(1 - ALPHA / 2, df)
    reason = f"the {1 - ALPHA:.0%} interval includes zero" if crosses else ""
    return _judged(robustness(f, 0.0), robustness(f, critical), reason, claimed)


def robustness(f: float, critical: float) -> float:
    """Robustness value for f = |t| / sqrt(df) and the critical f (0 for the estimate itself)."""
    gap = f - critical
    if gap <= 0:
        return 0.0
    if critical > 0 and f > 1 / critical:  # the bound on the outcome side binds at R2 = 1
        return (f**2 - critical**2) / (1 + f**2)
    # 2 / (1 + sqrt(1 + 4 / gap^2)) is (sqrt(gap^4 + 4 gap^2) - gap^2) / 2 without the cancellation for large gap.
    return 2 / (1 + math.sqrt(1 + 4 / gap**2))


def risk_ratio(odds_ratio: float, common: bool = True) -> float:
    """Risk ratio that stands in for an odds ratio: its square root if the outcome is common (above 15 %), else itself.

    VanderWeele (2017) Biometrics 73. Participation in an IPCEI is common in this sense.
    """
    return math.sqrt(odds_ratio) if common else odds_ratio


def e_value(rr: float, low: float, high: float, claimed: bool = True) -> Sensitivity:
    """E-value of a risk ratio and of its interval (VanderWeele & Ding 2017).

    E = RR + sqrt(RR (RR - 1)), with 1/RR in place of RR below 1: the risk ratio that an unmeasured confounder needs
    with both exposure and outcome, beyond the measured ones, to explain the estimate away. For an odds ratio convert
    estimate and ends with `risk_ratio` first.

    Parameters
    ----------
    rr, low, high : float > 0
        Risk ratio and interval, ``low <= rr <= high``.
    claimed : bool
        As in `robustness_value`.

    Returns
    -------
    Sensitivity
        `value` for the estimate, `value_interval` for the end nearest to 1.

    Raises
    ------
    ParameterError
        A number that is not positive and finite, or out of order.
    """
    if not 0 < low <= rr <= high < math.inf:
        raise ParameterError(f"rr, low, high: expected 0 < low <= rr <= high, got {low!r}, {rr!r}, {high!r}")
    reason = "the interval includes a ratio of one" if low <= 1 <= high else ""
    return _judged(bounding_ratio(rr), bounding_ratio(low if rr > 1 else high), reason, claimed)


def bounding_ratio(rr: float) -> float:
    """E of one risk ratio."""
    ratio = max(rr, 1 / rr)
    return ratio + math.sqrt(ratio * (ratio - 1))


def _judged(value: float, interval: float, against: str, claimed: bool) -> Sensitivity:
    """The record with the numbers, or without them and with the reason."""
    reason = against or ("" if claimed else "no effect is claimed")
    if reason:
        return Sensitivity(value=None, value_interval=None, reason=reason)
    return Sensitivity(value=value, value_interval=interval, reason="")
