"""Concentration indices against PySAL, closed forms and axioms."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings, strategies as st
from reference.cases import HERE
from reference.make_pysal_inputs import EPSILONS, INPUTS
from scipy import stats

from innodivide.errors import DesignError, ParameterError
from innodivide.indicators.concentration import (
    atkinson,
    concentration_ratio,
    gini,
    herfindahl,
    location_quotient,
    lorenz,
    theil_decomposition,
    theil_l,
    theil_t,
)

PYSAL = pd.read_csv(HERE / "pysal.csv").pivot(index="dataset", columns="quantity", values="value")
relaxed = settings(max_examples=60, deadline=None)  # a loaded machine is not a failure
amounts = st.lists(st.floats(0, 1e6, allow_subnormal=False), min_size=2, max_size=30).filter(lambda x: sum(x) > 1e-3)


@pytest.mark.parametrize("name", list(INPUTS))
def test_indices_equal_pysal(name):
    values = INPUTS[name]
    split = theil_decomposition(values, np.arange(len(values)) % 3).set_index("component")["contribution"]
    assert gini(values) == pytest.approx(PYSAL.at[name, "gini"], abs=1e-12)
    assert theil_t(values) == pytest.approx(PYSAL.at[name, "theil"], abs=1e-12)
    assert split["between"] == pytest.approx(PYSAL.at[name, "between"], abs=1e-12)
    assert split["within"] == pytest.approx(PYSAL.at[name, "within"], abs=1e-12)


@pytest.mark.parametrize("epsilon", EPSILONS)
@pytest.mark.parametrize("name", [name for name, values in INPUTS.items() if min(values) > 0])
def test_atkinson_equals_pysal(name, epsilon):
    assert atkinson(INPUTS[name], epsilon) == pytest.approx(PYSAL.at[name, f"atkinson {epsilon:g}"], abs=1e-12)


def test_the_weighted_gini_index_equals_r():
    """R 4.2.2, laeken 0.5.2: x <- c(8.1, 3, 12.5, 7.2, 1.4, 30.9, 5); gini(x, weights=w)$value / 100; gini(x)."""
    x, w = [8.1, 3, 12.5, 7.2, 1.4, 30.9, 5], [4.1, 0.6, 83.2, 17.9, 10.3, 1.4, 5.5]
    assert gini(x, weights=w) == pytest.approx(0.178560727053430, abs=1e-14)
    assert gini(x) == pytest.approx(0.464023494860499, abs=1e-14)
    assert gini([5, 1, 3], weights=[2, 1, 0]) == pytest.approx(gini([1, 5, 5])), "whole weights are copies"


def test_mean_log_deviation_and_atkinson_in_closed_form():
    assert theil_l([1, 3]) == pytest.approx(math.log(2) - math.log(3) / 2) and theil_l([2, 2]) == 0
    assert atkinson([1, 3], epsilon=2) == pytest.approx(0.25) and atkinson([2, 2], 7) == 0
    assert atkinson([1, 3]) == pytest.approx(1 - math.sqrt(3) / 2) == pytest.approx(1 - math.exp(-theil_l([1, 3])))
    assert atkinson([1e-6, 1, 1e6], 200) == pytest.approx(1 - 3e-6, rel=1e-3), "far out it is about 1 - lowest / mean"
    s = 0.8  # lognormal: L is s^2 / 2, and Atkinson 1 - exp(-epsilon s^2 / 2)
    quantiles = np.exp(s * stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000))
    assert theil_l(quantiles) == pytest.approx(s**2 / 2, rel=1e-3)
    assert atkinson(quantiles, 0.5) == pytest.approx(1 - math.exp(-(s**2) / 4), rel=1e-3)


def test_closed_forms():
    n = 9
    one, ladder = [0] * (n - 1) + [5], list(range(1, n + 1))
    assert gini(one) == pytest.approx((n - 1) / n)
    assert gini(ladder) == pytest.approx((n - 1) / (3 * n))  # 1..n: (n^2 - 1) / (3 n (n + 1))
    assert theil_t(one) == pytest.approx(math.log(n)) and theil_t([1, 1, 1]) == 0
    assert theil_t([1, 3]) == pytest.approx(0.25 * math.log(0.5) + 0.75 * math.log(1.5))
    assert herfindahl([1, 1, 2]) == pytest.approx(0.375)
    assert herfindahl([1, 1, 2], normalised=True) == pytest.approx(0.0625)
    assert herfindahl(one, normalised=True) == pytest.approx(1) and herfindahl([2] * n) == pytest.approx(1 / n)
    assert concentration_ratio([5, 3, 1, 1], k=2) == 0.8 and concentration_ratio([1, 2], k=2) == 1
    np.testing.assert_allclose(location_quotient([10, 30], [50, 50]), [0.5, 1.5])


def test_single_values_have_documented_results():
    assert gini([3]) == 0 and theil_t([3]) == 0 and herfindahl([3]) == 1 and concentration_ratio([3], 1) == 1
    assert len(lorenz([3])) == 2
    with pytest.raises(DesignError, match="two values"):
        herfindahl([3], normalised=True)


INDICES = [
    gini,
    theil_t,
    theil_l,
    atkinson,
    herfindahl,
    concentration_ratio,
    lorenz,
    lambda x: location_quotient(x, [1] * len(x)),
]


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize(
    ("values", "named"),
    [
        ([0, 0, 0], "all zero"),
        ([1, -2, 3], "-2"),
        ([1, None, 3], "1 missing"),
        ([1, np.inf, 3], "finite"),
        ([], "empty"),
    ],
)
def test_undefined_inputs_are_refused(index, values, named):
    with pytest.raises(DesignError, match=f"values: .*{named}"):
        index(values)


@pytest.mark.parametrize(
    ("call", "error", "named"),
    [
        (lambda: location_quotient([1, 1], [1, 0]), DesignError, "base"),
        (lambda: location_quotient([1, 1], [1]), ParameterError, "lengths"),
        (lambda: concentration_ratio([1, 2], k=3), ParameterError, "k"),
        (lambda: theil_decomposition([1, 2], ["a", None]), DesignError, "groups"),
        (lambda: theil_decomposition([1, 2], ["a"]), ParameterError, "lengths"),
        (lambda: gini(["a", "b"]), DesignError, "numbers"),
        (lambda: gini([1, 2], weights=[1]), ParameterError, "lengths"),
        (lambda: gini([1, 2], weights=[1, -1]), DesignError, "weights: .*-1"),
        (lambda: gini([0, 2], weights=[1, 0]), DesignError, "all zero where the weights are not"),
        (lambda: theil_l([0, 1]), DesignError, "1 of 2 are zero"),
        (lambda: atkinson([0, 1], 0.5), DesignError, "1 of 2 are zero"),
        (lambda: atkinson([1, 2], epsilon=0), ParameterError, "epsilon"),
    ],
)
def test_wrong_use_is_refused(call, error, named):
    with pytest.raises(error, match=named):
        call()


@relaxed
@given(amounts, st.floats(1e-3, 1e3), st.randoms())
def test_scale_and_order_do_not_matter(values, scale, random):
    other = [value * scale for value in values]
    random.shuffle(other)
    for index in (gini, theil_t, herfindahl):
        assert index(other) == pytest.approx(index(values), rel=1e-8, abs=1e-8)


@relaxed
@given(amounts, st.integers(2, 4))
def test_replicating_the_population(values, times):
    weighted = gini(values, weights=[times] * len(values))
    assert weighted == pytest.approx(gini(values), rel=1e-8, abs=1e-8)
    for index in (gini, theil_t):
        assert index(values * times) == pytest.approx(index(values), rel=1e-8, abs=1e-8)
    assert herfindahl(values * times) == pytest.approx(herfindahl(values) / times, rel=1e-8)


@relaxed
@given(amounts, st.floats(0.01, 0.49))
def test_a_transfer_from_rich_to_poor_lowers_inequality(values, share):
    low, high = int(np.argmin(values)), int(np.argmax(values))
    assume(values[high] - values[low] > 1e-3 * sum(values))
    moved = list(values)
    gap = (values[high] - values[low]) * share
    moved[low] += gap
    moved[high] -= gap
    for index in (gini, theil_t, herfindahl):
        assert index(moved) < index(values)


@relaxed
@given(amounts)
def test_ranges_and_the_lorenz_area(values):
    n = len(values)
    assert 0 <= gini(values) <= (n - 1) / n + 1e-9
    assert 0 <= theil_t(values) <= math.log(n) + 1e-9
    assert 1 / n - 1e-9 <= herfindahl(values) <= 1 + 1e-9
    curve = lorenz(values)
    x, y = curve["share_of_units"], curve["share_of_values"]
    assert (x.iloc[0], y.iloc[0], x.iloc[-1], y.iloc[-1]) == (0, 0, 1, 1) and (y <= x + 1e-12).all()
    assert 1 - 2 * np.trapezoid(y, x) == pytest.approx(gini(values), abs=1e-9)


@relaxed
@given(amounts, st.data())
def test_within_and_between_add_up(values, data):
    groups = data.draw(st.lists(st.sampled_from("abc"), min_size=len(values), max_size=len(values)))
    frame = theil_decomposition(values, groups)
    parts = frame.set_index("component")["contribution"]
    assert parts["within"] + parts["between"] == pytest.approx(theil_t(values), abs=1e-9)
    assert parts["within"] == pytest.approx(frame.loc[frame["component"] == "group", "contribution"].sum(), abs=1e-12)
    assert frame.loc[frame["component"] == "group", "share"].sum() == pytest.approx(1)


def test_one_group_is_all_within_and_one_unit_each_all_between():
    values = [1.0, 4.0, 9.0]
    single = theil_decomposition(values, ["a"] * 3).set_index("component")["contribution"]
    each = theil_decomposition(values, list("abc")).set_index("component")["contribution"]
    assert single["between"] == pytest.approx(0, abs=1e-15) and single["within"] == pytest.approx(theil_t(values))
    assert each["within"] == 0 and each["between"] == pytest.approx(theil_t(values))


def test_a_group_with_nothing_has_no_inequality_of_its_own():
    frame = theil_decomposition([0, 0, 2, 2], list("aabb")).set_index("group")
    assert np.isnan(frame.at["a", "theil"]) and frame.at["a", "contribution"] == 0
