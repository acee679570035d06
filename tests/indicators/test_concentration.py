"""Concentration indices against PySAL, closed forms and axioms."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference.cases import HERE
from reference.make_pysal_inputs import INPUTS

from innodivide.errors import DesignError, ParameterError
from innodivide.indicators.concentration import (
    concentration_ratio,
    gini,
    herfindahl,
    location_quotient,
    lorenz,
    theil_decomposition,
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


INDICES = [gini, theil_t, herfindahl, concentration_ratio, lorenz, lambda x: location_quotient(x, [1] * len(x))]


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
