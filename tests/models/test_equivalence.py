"""Equivalence tests against TOSTER and R's pt, flat-prior probabilities against pt and simulation; refusals."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from reference.cases import table
from scipy import stats

from innodivide.errors import DesignError, ParameterError
from innodivide.models.estimators.firth import dispersion_interval, firth_logit
from innodivide.models.inference.equivalence import flat_prior_probability, tost, tost_of_result
from innodivide.models.result import as_odds_ratio

TWO = math.log(2)
# R 4.2.2, TOSTER 0.8.6: TOSTone.raw(m, mu = 0, sd = se * sqrt(df + 1), n = df + 1, low_eqbound, high_eqbound,
# alpha = .05)[TOST_p1, TOST_p2, LL_CI_TOST, UL_CI_TOST]; the p-values equal pt((m - lo) / se, df, lower.tail = FALSE)
# and pt((m - hi) / se, df) of R
TOSTER = [
    ((0.3, 0.4, 23, -TWO, TWO), (0.0103815353846414, 0.167949617317695, -0.385548611098819, 0.985548611098819)),
    ((-0.05, 0.21, 11, -TWO, TWO), (0.00540079376121456, 0.00232126251789453, -0.427135811927849, 0.327135811927849)),
    ((1.4, 0.5, 7, -TWO, math.log(3)), (0.0020524733197323, 0.717166760980551, 0.452710697454997, 2.347289302545)),
]
# R 4.2.2: pt((log(2) - m) / se, df) - pt((log(.5) - m) / se, df); pt((log(2) - m) / se, df, lower.tail = FALSE)
FLAT = [
    ((0.3, 0.4, 23), (0.821668847297664, 0.167949617317695)),
    ((-0.05, 0.21, 11), (0.992277943720891, 0.00232126251789453)),
    ((1.4, 0.5, 7), (0.0981191468062108, 0.899828379874057)),
]


@pytest.mark.parametrize(("arguments", "numbers"), TOSTER)
def test_equivalence_equals_toster(arguments, numbers):
    found = tost(*arguments)
    ours = (found.p_lower, found.p_upper, found.ci_low, found.ci_high)
    np.testing.assert_allclose(ours, numbers, rtol=1e-12)
    assert found.p_value == max(ours[:2]) and found.equivalent == (max(numbers[:2]) <= 0.05)


@settings(max_examples=50, deadline=None)
@given(st.floats(-3, 3), st.floats(0.05, 2), st.floats(1, 60), st.floats(0.01, 0.2))
def test_what_is_ruled_out_is_the_margin_that_is_just_rejected(estimate, se, df, alpha):
    margin = tost(estimate, se, df, -1, 1, alpha).ruled_out
    assert tost(estimate, se, df, -margin * 1.0001, margin * 1.0001, alpha).equivalent
    assert not tost(estimate, se, df, -margin * 0.9999, margin * 0.9999, alpha).equivalent


@settings(max_examples=50, deadline=None)
@given(st.floats(-3, 3), st.floats(0.05, 2), st.floats(1, 60))
def test_equivalence_is_the_interval_within_the_margins_and_turns_with_the_sign(estimate, se, df):
    found, turned = tost(estimate, se, df, -1, 2), tost(-estimate, se, df, -2, 1)
    assert found.equivalent == (found.ci_low >= -1 and found.ci_high <= 2)
    assert (found.p_lower, found.p_upper) == pytest.approx((turned.p_upper, turned.p_lower))
    assert found.ruled_out == pytest.approx(turned.ruled_out)
    assert found.ruled_out_factor == pytest.approx(math.exp(max(-found.ci_low, found.ci_high)))


@pytest.mark.dear
def test_size_at_the_margin_is_alpha():
    """Effect exactly at the upper margin, far from the lower: equivalence is claimed in 5 % of samples."""
    r, n = np.random.default_rng(3), 12
    samples = 1.0 + r.normal(size=(4000, n))
    means, errors = samples.mean(axis=1), samples.std(axis=1, ddof=1) / math.sqrt(n)
    share = np.mean([tost(m, s, n - 1, -9, 1).equivalent for m, s in zip(means, errors)])
    assert share == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 4000))


@pytest.mark.dear
def test_a_record_with_its_degrees_of_freedom():
    fit = firth_logit(table("dyads"))
    record = dispersion_interval(fit)
    found = tost_of_result(record, fit.df, -TWO, TWO)
    assert found == tost(record.estimate, record.se, fit.df, -TWO, TWO)
    assert found.ci_low == pytest.approx(dispersion_interval(firth_logit(table("dyads"), level=0.9)).ci_low)
    with pytest.raises(ParameterError, match="log scale"):
        tost_of_result(as_odds_ratio(record), fit.df, -TWO, TWO)
    with pytest.raises(DesignError, match="no standard error"):
        tost_of_result(replace(record, se=None, se_kind=""), fit.df, -TWO, TWO)
    with pytest.raises(DesignError, match="separated"):
        tost_of_result(replace(record, separation=True), fit.df, -TWO, TWO)


@pytest.mark.parametrize(("arguments", "numbers"), FLAT)
def test_flat_prior_equals_r(arguments, numbers):
    ours = flat_prior_probability(*arguments, -TWO, TWO), flat_prior_probability(*arguments, low=TWO)
    np.testing.assert_allclose(ours, numbers, rtol=1e-11)


def test_flat_prior_is_the_posterior_of_a_normal_mean():
    """Draws of variance and mean from the posterior, p(mean, log sd) constant (Gelman et al. 2013, section 3.2)."""
    r, sample = np.random.default_rng(5), np.array([0.2, 1.4, -0.3, 0.9, 2.0, 0.1])
    n, mean, variance = 6, sample.mean(), sample.var(ddof=1)
    drawn = (n - 1) * variance / r.chisquare(n - 1, 400_000)
    means = mean + np.sqrt(drawn / n) * r.normal(size=400_000)
    ours = flat_prior_probability(mean, math.sqrt(variance / n), n - 1, 0.5, 1.5)
    assert ours == pytest.approx(np.mean((means > 0.5) & (means < 1.5)), abs=0.003)


def test_flat_prior_adds_up_and_keeps_small_tails():
    parts = [flat_prior_probability(0.3, 0.4, 23, a, b) for a, b in ((-math.inf, -1), (-1, 1), (1, math.inf))]
    assert sum(parts) == pytest.approx(1, abs=1e-14)
    assert flat_prior_probability(0, 1, 30, 40, 41) == pytest.approx(stats.t.cdf(-40, 30) - stats.t.cdf(-41, 30))
    assert flat_prior_probability(0, 1, math.inf) == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((math.nan, 1, 5, -1, 1), "estimate"),
        ((0, 0, 5, -1, 1), "se"),
        ((0, math.inf, 5, -1, 1), "se"),
        ((0, 1, 0, -1, 1), "df"),
        ((0, 1, math.nan, -1, 1), "df"),
        ((0, 1, 5, 1, 1), "lower, upper"),
        ((0, 1, 5, -math.inf, 1), "lower, upper"),
        ((0, 1, 5, -1, 1, 0.5), "alpha"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, named):
    with pytest.raises(ParameterError, match=named):
        tost(*arguments)


def test_a_range_turned_round_is_refused():
    with pytest.raises(ParameterError, match="low, high"):
        flat_prior_probability(0, 1, 5, 2, 1)
