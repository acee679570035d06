"""Chao2 against vegan and SpadeR, by hand, by simulation; what it refuses."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.models.estimators.unseen_species import chao2

# R 4.2.2. SpadeR 0.1.1: SpecInciChao2(c(m, frequencies), 10, .95) and SpecInciChao2bc(...): estimate, s.e., interval.
# vegan 2.6-4: specpool(x)[c("chao", "chao.se")] with its default smallsample = TRUE, which is the factor (m - 1) / m.
# dune: frequencies of the data set as shipped with vegan.
CASES = {
    "six": (4, [4, 3, 1, 1, 1, 1]),
    "five": (6, [1, 1, 2, 3, 5]),
    "dune": (20, [7, 10, 2, 8, 6, 6, 5, 1, 1, 2, 5, 6, 1, 3, 5, 4, 12, 7, 14, 13, 6, 5, 7, 3, 18, 3, 16, 3, 15, 3]),
}
NUMBERS = {
    ("six", "classic"): (10.5, 5.3510679841905, 6.71470673617075, 34.3332994851782),
    ("six", "bias-corrected"): (10.5, 5.66237582645306, 6.6667537310092, 36.3710336488848),
    ("five", "classic"): (6.66666666666667, 3.16227766016838, 5.14802272747382, 23.7658870038658),
    ("five", "bias-corrected"): (5.41666666666667, 1.11414516309341, 5.02437040746568, 12.123849338818),
    ("dune", "classic"): (32.1375, 3.2425033731671, 30.2510081180205, 48.2022250357165),
    ("dune", "bias-corrected"): (30.95, 1.74090892607537, 30.0880998268023, 40.2440610016784),
}
VEGAN = {"six": (10.5, 5.3510679841905), "dune": (32.1375, 3.2425033731671)}  # specpool: chao, chao.se


@pytest.mark.parametrize(("case", "form"), NUMBERS)
def test_estimate_error_and_interval_equal_spader(case, form):
    units, frequencies = CASES[case]
    found = chao2(frequencies, units, form)
    np.testing.assert_allclose((found.estimate, found.se, found.ci_low, found.ci_high), NUMBERS[case, form], rtol=1e-12)


@pytest.mark.parametrize("case", VEGAN)
def test_the_classic_form_is_that_of_vegan(case):
    units, frequencies = CASES[case]
    found = chao2(frequencies, units, "classic")
    assert (found.estimate, found.se) == pytest.approx(VEGAN[case], rel=1e-12)


def test_by_hand():
    found = chao2([1, 1, 1, 2, 3], 4)
    assert (found.s_obs, found.q1, found.q2, found.n_units) == (5, 3, 1, 4)
    assert found.unseen == 0.75 * 3 * 2 / (2 * 2) and found.estimate == 5 + found.unseen
    assert found.ci_kind and not found.notes


def test_it_is_a_lower_bound_that_finds_most_of_what_is_unseen():
    """100 species seen with probability 0.05 in each of 20 units: about 36 are missed, and equal chances are ideal."""
    r = np.random.default_rng(2)
    seen = (r.random((300, 20, 100)) < 0.05).sum(axis=1)
    found = [chao2(row, 20) for row in seen]
    estimates = np.array([f.estimate for f in found])
    assert np.mean([f.s_obs for f in found]) < 67 and estimates.mean() == pytest.approx(100, abs=3)
    assert np.mean([f.ci_low <= 100 <= f.ci_high for f in found]) > 0.9


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=30).filter(any), st.sampled_from(["classic", "bias-corrected"]))
def test_never_below_what_was_seen_and_zeros_and_order_do_not_matter(frequencies, form):
    found = chao2(frequencies, 9, form)
    assert found.estimate >= found.s_obs
    assert found.ci_low is None or found.s_obs <= found.ci_low <= found.estimate <= found.ci_high
    assert chao2([*sorted(frequencies), 0, 0], 9, form) == found


@pytest.mark.parametrize("frequencies", [[2, 2, 3], [1, 2, 3]])
def test_where_nothing_points_to_more_there_is_no_interval_and_a_note(frequencies):
    found = chao2(frequencies, 5)
    assert found.estimate == 3 and found.se is found.ci_low is found.ci_high is None
    assert "no interval" in found.notes[0]


def test_all_seen_once_is_noted():
    assert "every species" in chao2([1, 1, 1], 4).notes[0]


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        (([1, 2], 1), ParameterError, "n_units"),
        (([1, 2], 2.0), ParameterError, "n_units"),
        (([1, 2], 3, "chao1"), ParameterError, "form"),
        (([1, 2], 3, "classic", 95), ParameterError, "level"),
        (([1, 4], 3), DataError, "4 at position 1"),
        (([1, -1], 3), DataError, "-1 at position 1"),
        (([1.5], 3), DataError, "1.5 at position 0"),
        (([math.nan], 3), DesignError, "1 missing value"),
        (([0, 0], 3), DesignError, "no species"),
        (([], 3), DesignError, "no species"),
    ],
)
def test_what_is_no_incidence_is_refused(arguments, error, named):
    with pytest.raises(error, match=named):
        chao2(*arguments)
