"""How strong an unmeasured confounder would have to be: robustness value, partial R squared, E-value.

These answer "what would explain the association away?", which is a question only where an association is claimed.
Beside an interval that includes no association they invite a false reading, so the record then withholds the number
and says why.
"""

import html
import math
from dataclasses import dataclass

from scipy import stats

from innodivide.errors import ParameterError

__all__ = ["Sensitivity", "e_value", "partial_r2", "risk_ratio", "robustness_value"]


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """One sensitivity number, or the reason why it is not shown.

    Attributes
    ----------
    measure : str
    value : float or None
        For the estimate; None if not shown.
    value_interval : float or None
        For the end of the interval nearest to no association; None if not shown.
    shown : bool
    reason : str
        Why it is, or is not, shown.
    meaning : str
        How to read the value.
    """

    measure: str
    value: float | None
    value_interval: float | None
    shown: bool
    reason: str
    meaning: str

    def row(self) -> dict:
        """The fields as a flat dict."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def __str__(self) -> str:
        if not self.shown:
            return f"{self.measure}: not shown, {self.reason}"
        return f"{self.measure}: {self.value:.3g}; for the interval {self.value_interval:.3g}. {self.meaning}"

    def _repr_html_(self) -> str:
        return f'<p class="sensitivity">{html.escape(str(self))}</p>'


def partial_r2(t: float, df: float) -> float:
    """Share of the outcome's residual variance that a term explains, t^2 / (t^2 + df).

    Parameters
    ----------
    t : float
        t statistic with the ordinary (not clustered) standard error.
    df : float > 0
        Residual degrees of freedom.

    Raises
    ------
    ParameterError
        t not finite; df not positive.
    """
    _check_t(t, df)
    return t**2 / (t**2 + df)


def robustness_value(t: float, df: float, q: float = 1.0, alpha: float = 0.05, claimed: bool = True) -> Sensitivity:
    """Robustness value of a least-squares coefficient (Cinelli & Hazlett 2020).

    RV_q = (sqrt(f^4 + 4 f^2) - f^2) / 2 with f = q |t| / sqrt(df): the partial R squared that a confounder needs with
    both exposure and outcome to reduce the estimate by the share q. RV_{q,alpha} takes f less t_{1-alpha/2,df-1} /
    sqrt(df-1), and is what it takes to lose the claim at level alpha.

    Parameters
    ----------
    t : float
        t statistic with the ordinary standard error.
    df : float > 1
        Residual degrees of freedom.
    q : float > 0
    alpha : float in (0, 1)
    claimed : bool
        Whether the report claims an effect, by its own test; False withholds the number whatever the interval.

    Returns
    -------
    Sensitivity
        `value` RV_q and `value_interval` RV_{q,alpha}, both in [0, 1].

    Raises
    ------
    ParameterError
        An argument out of range.
    """
    _check_t(t, df, at_least=1.0)
    if not (math.isfinite(q) and q > 0):
        raise ParameterError(f"q: expected a number > 0, got {q!r}")
    if not 0 < alpha < 1:
        raise ParameterError(f"alpha: expected a number in (0, 1), got {alpha!r}")
    crosses = abs(t) <= stats.t.ppf(1 - alpha / 2, df)
    f = q * abs(t) / math.sqrt(df)
    critical = float(stats.t.ppf(1 - alpha / 2, df - 1)) / math.sqrt(df - 1)
    return _judged(
        f"robustness value (q = {q:g}, alpha = {alpha:g})",
        _robustness(f, 0.0),
        _robustness(f, critical),
        f"the {1 - alpha:.0%} interval includes zero" if crosses else "",
        claimed,
        "A confounder that explains less than this share of the residual variance of both exposure and outcome cannot "
        f"take away {q:.0%} of the estimate",
    )


def _robustness(f: float, critical: float) -> float:
    """Robustness value for f = q|t|/sqrt(df) and the critical f (0 for the estimate itself)."""
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
    _check_ratios(odds_ratio=odds_ratio)
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
        `value` for the estimate, `value_interval` for the end nearest to 1 (1 if the interval includes 1).

    Raises
    ------
    ParameterError
        A number that is not positive and finite, or out of order.
    """
    _check_ratios(rr=rr, low=low, high=high)
    if not low <= rr <= high:
        raise ParameterError(f"rr, low, high: expected low <= rr <= high, got {low:g}, {rr:g}, {high:g}")
    crosses = low <= 1 <= high
    nearest = low if rr > 1 else high
    return _judged(
        "E-value",
        _e(rr),
        1.0 if crosses else _e(nearest),
        "the interval includes a ratio of one" if crosses else "",
        claimed,
        "A confounder must be tied to both exposure and outcome by at least this risk ratio to explain it away",
    )


def _e(rr: float) -> float:
    ratio = rr if rr >= 1 else 1 / rr
    return ratio + math.sqrt(ratio * (ratio - 1))


def _judged(measure: str, value: float, interval: float, against: str, claimed: bool, meaning: str) -> Sensitivity:
    """The record with the numbers, or without them and with the reason."""
    reason = against or ("" if claimed else "no effect is claimed")
    shown = not reason
    return Sensitivity(
        measure=measure,
        value=value if shown else None,
        value_interval=interval if shown else None,
        shown=shown,
        reason=reason or "an effect is claimed and the interval excludes no association",
        meaning=meaning,
    )


def _check_t(t: float, df: float, at_least: float = 0.0) -> None:
    if not math.isfinite(t):
        raise ParameterError(f"t: expected a finite number, got {t!r}")
    if not (math.isfinite(df) and df > at_least):
        raise ParameterError(f"df: expected a finite number > {at_least:g}, got {df!r}")


def _check_ratios(**ratios: float) -> None:
    for name, value in ratios.items():
        if not (math.isfinite(value) and value > 0):
            raise ParameterError(f"{name}: expected a finite number > 0, got {value!r}")
