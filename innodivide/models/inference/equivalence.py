"""Which effects are ruled out, and how probable moderate ones are: equivalence tests and flat-prior probabilities.

Both read one estimate, its standard error and its degrees of freedom: theta^ - theta over se follows t with df. On log
odds a margin of ln 2 is an odds ratio between one half and two.
"""

import math
from dataclasses import dataclass

from scipy import stats

from innodivide.errors import DesignError, ParameterError, checked
from innodivide.models.result import Result

__all__ = ["Equivalence", "flat_prior_probability", "tost", "tost_of_result"]


@dataclass(frozen=True, kw_only=True)
class Equivalence:
    """Two one-sided tests of one estimate against two margins, on the scale of the estimate.

    Attributes
    ----------
    lower, upper : float
        The margins.
    p_lower, p_upper : float
        P-values of "the effect is at or below the lower margin" and "at or above the upper margin".
    p_value : float
        The larger of the two: that of "the effect is not within the margins".
    equivalent : bool
        Whether it is at most alpha.
    ci_low, ci_high : float
        The 1 - 2 alpha interval: the margins that would just be rejected.
    ruled_out : float
        Smallest symmetric margin m for which effects beyond -m and m are ruled out at level alpha: the larger distance
        of the two ends from zero.
    alpha, df : float
    """

    lower: float
    upper: float
    p_lower: float
    p_upper: float
    p_value: float
    equivalent: bool
    ci_low: float
    ci_high: float
    ruled_out: float
    alpha: float
    df: float

    @property
    def ruled_out_factor(self) -> float:
        """exp(`ruled_out`): on log odds, odds ratios beyond this factor, either way, are ruled out."""
        return math.exp(self.ruled_out)


@checked
def tost(estimate: float, se: float, df: float, lower: float, upper: float, alpha: float = 0.05) -> Equivalence:
    """Two one-sided t tests for equivalence (TOST; Schuirmann 1987).

    p_lower = P(T >= (estimate - lower) / se) and p_upper = P(T <= (estimate - upper) / se), T of t with df. Equivalence
    is claimed at level alpha when both are at most alpha: when the 1 - 2 alpha interval lies within the margins.

    Parameters
    ----------
    estimate : float
    se : float > 0
    df : float > 0
        Infinite for a normal reference.
    lower, upper : float
        Margins on the scale of the estimate, lower < upper; on log odds -ln 2 and ln 2 for a factor of two.
    alpha : float in (0, 0.5)

    Returns
    -------
    Equivalence

    Raises
    ------
    ParameterError
        An argument out of range.

    References
    ----------
    Schuirmann (1987) J Pharmacokinetics and Biopharmaceutics 15, 657-680.

    Examples
    --------
    >>> found = tost(0.1, 0.5, 22, lower=-0.693, upper=0.693)
    >>> found.equivalent, round(found.p_value, 3)
    (False, 0.124)
    """
    _check(estimate, se, df)
    if not (math.isfinite(lower) and math.isfinite(upper) and lower < upper):
        raise ParameterError(f"lower, upper: expected finite margins, lower < upper; got {lower!r}, {upper!r}")
    if not 0 < alpha < 0.5:
        raise ParameterError(f"alpha: expected a number in (0, 0.5), got {alpha!r}")
    p_lower = float(stats.t.sf((estimate - lower) / se, df))
    p_upper = float(stats.t.cdf((estimate - upper) / se, df))
    reach = float(stats.t.ppf(1 - alpha, df)) * se
    low, high = estimate - reach, estimate + reach
    return Equivalence(
        lower=lower,
        upper=upper,
        p_lower=p_lower,
        p_upper=p_upper,
        p_value=max(p_lower, p_upper),
        equivalent=max(p_lower, p_upper) <= alpha,
        ci_low=low,
        ci_high=high,
        ruled_out=max(abs(low), abs(high)),
        alpha=alpha,
        df=float(df),
    )


@checked
def tost_of_result(result: Result, df: float, lower: float, upper: float, alpha: float = 0.05) -> Equivalence:
    """`tost` of a record with a standard error, for example from `dispersion_interval` with `FirthFit.df`.

    Parameters
    ----------
    result : Result
        On a scale where zero is no effect: log odds, percentage points. Not an odds ratio.
    df : float > 0
        Degrees of freedom of its t interval.
    lower, upper, alpha
        As in `tost`, on the scale of the record.

    Raises
    ------
    ParameterError
        As `tost`; a record of a ratio, whose standard error belongs to its logarithm.
    DesignError
        A record without a standard error, or of separated data, where the estimate is not about normal.

    Examples
    --------
    >>> from innodivide import dispersion_interval, firth_logit
    >>> from innodivide import Tables, ipcei_dyads
    >>> dyads = ipcei_dyads(Tables(), until="2023-12-31")
    >>> fit = firth_logit(dyads, profiles=False)
    >>> tost_of_result(dispersion_interval(fit), fit.df, -1.1, 1.1).equivalent
    False
    """
    if "ratio" in result.scale and "log" not in result.scale:
        raise ParameterError(f"result: its scale is {result.scale!r}; give the record on the log scale")
    if result.se is None:
        raise DesignError(f"result: {result.method} has no standard error, so no equivalence test of this kind")
    if result.separation:
        raise DesignError(
            f"result: {result.method} of separated data; its standard error does not describe the estimate"
        )
    return tost(result.estimate, result.se, df, lower, upper, alpha)


@checked
def flat_prior_probability(
    estimate: float, se: float, df: float, low: float = -math.inf, high: float = math.inf
) -> float:
    """Posterior probability that the effect is between low and high under a flat prior on its scale.

    With a flat prior the posterior of theta is estimate + se x t_df, so that
    P = F((high - estimate) / se) - F((low - estimate) / se), F the distribution function of t with df. A flat prior on
    log odds believes odds ratios of 1000 as readily as of 1: it leans to large effects, and the number is not the
    probability of a hypothesis under anybody's own prior.

    Parameters
    ----------
    estimate : float
    se, df : float > 0
    low, high : float
        Ends on the scale of the estimate, low < high; infinite for an open end. On log odds: P(1/2 < OR < 2) has
        -ln 2 and ln 2, P(OR > 2) has low = ln 2.

    Returns
    -------
    float in [0, 1]

    Raises
    ------
    ParameterError
        An argument out of range.

    References
    ----------
    Gelman et al. (2013) Bayesian Data Analysis, 3rd edition, section 3.2: the normal model with unknown variance.

    Examples
    --------
    >>> round(flat_prior_probability(0.1, 0.5, 22, low=-0.693, high=0.693), 3)
    0.812
    """
    _check(estimate, se, df)
    if not low < high:
        raise ParameterError(f"low, high: expected low < high, got {low!r}, {high!r}")
    below, above = (low - estimate) / se, (high - estimate) / se
    if below > 0:  # the upper tail, where differences of numbers near one would lose all digits
        return float(stats.t.sf(below, df) - stats.t.sf(above, df))
    return float(stats.t.cdf(above, df) - stats.t.cdf(below, df))


def _check(estimate: float, se: float, df: float) -> None:
    if not math.isfinite(estimate):
        raise ParameterError(f"estimate: expected a finite number, got {estimate!r}")
    if not 0 < se < math.inf:
        raise ParameterError(f"se: expected a finite number > 0, got {se!r}")
    if not df > 0:
        raise ParameterError(f"df: expected a number > 0, got {df!r}")
