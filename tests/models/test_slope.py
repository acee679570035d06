"""Slopes tested by permutation: least squares, enumeration, inversion of the test, coverage, refusals."""

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from innodivide.errors import DesignError, ParameterError
from innodivide.models.inference.slope import permutation_slope


def rng(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_slope_is_least_squares_and_its_interval_close_to_student():
    """Normal errors: the permutation interval and p-value agree with the classical ones up to a few percent."""
    r = rng(1)
    x = r.normal(size=60)
    y = 0.4 * x + r.normal(size=60)
    found, classical = permutation_slope(x, y, rng(), 19_999), stats.linregress(x, y)
    half = stats.t.ppf(0.975, 58) * classical.stderr
    assert found["estimate"] == pytest.approx(classical.slope)
    assert found["ci_low"] == pytest.approx(classical.slope - half, abs=0.05 * half)
    assert found["ci_high"] == pytest.approx(classical.slope + half, abs=0.05 * half)
    assert found["p_value"] == pytest.approx(classical.pvalue, abs=0.01)


def test_p_value_equals_the_enumeration():
    x, y = np.array([1.0, 2.0, 4.0, 8.0, 9.0, 15.0]), np.array([0.3, -1.0, 2.0, 1.0, 0.5, 2.5])
    sums = np.array([np.dot(p, y) for p in permutations(x - x.mean())])
    observed = (x - x.mean()) @ y
    exact = min(1, 2 * min((sums >= observed - 1e-9).mean(), (sums <= observed + 1e-9).mean()))
    found = permutation_slope(x, y, rng(), 50_000)
    assert found["p_value"] == pytest.approx(exact, abs=0.01)


def test_interval_holds_just_the_slopes_that_are_not_rejected():
    """Test y - b x at both ends, a little inside and a little outside, with the same permutations."""
    r = rng(3)
    x = r.normal(size=20)
    y = x + r.standard_t(3, size=20)
    found = permutation_slope(x, y, rng(9), 3999)
    width = found["ci_high"] - found["ci_low"]

    def p(b):
        return permutation_slope(x, y - b * x, rng(9), 3999)["p_value"]

    for end, inward in ((found["ci_low"], 1), (found["ci_high"], -1)):
        assert p(end + inward * 0.01 * width) > 0.05 > p(end - inward * 0.01 * width)


def test_exact_line_has_a_point_interval():
    x = np.arange(12.0)
    found = permutation_slope(x, 3 * x - 2, rng(), 999)
    assert [found[k] for k in ("estimate", "ci_low", "ci_high")] == pytest.approx([3, 3, 3])
    assert found["p_value"] == pytest.approx(2 / 1000)


def test_binary_x_gives_the_difference_of_means():
    x, y = np.array([1, 1, 1, 0, 0, 0, 0.0]), np.array([4.0, 5, 9, 1, 2, 0, 3])
    assert permutation_slope(x, y, rng(), 99)["estimate"] == pytest.approx(6 - 1.5)


def test_shift_and_scale():
    r = rng(2)
    x, y = r.normal(size=15), r.normal(size=15)
    a, b = permutation_slope(x, y, rng(), 999), permutation_slope(10 * x + 3, -2 * y + 7, rng(), 999)
    assert b["estimate"] == pytest.approx(-0.2 * a["estimate"]) and b["p_value"] == pytest.approx(a["p_value"])
    assert (b["ci_low"], b["ci_high"]) == pytest.approx((-0.2 * a["ci_high"], -0.2 * a["ci_low"]))


def test_interval_covers():
    """Skewed errors, 15 units, 95 %: at least 92 of 100 by the binomial margin, and not all of 300."""
    hits, r = 0, rng(8)
    for _ in range(300):
        x = r.normal(size=15)
        found = permutation_slope(x, 0.5 * x + r.exponential(size=15), r, 299)
        hits += found["ci_low"] <= 0.5 <= found["ci_high"]
    assert stats.binom.cdf(hits, 300, 0.95) > 0.001 and hits < 300


def test_too_few_units_leave_the_interval_open():
    """With four units a 95 % interval needs more labellings than there are: it has no end."""
    found = permutation_slope([0, 0, 1, 1], [1.0, 2, 3, 5], rng(), 999)
    assert np.isinf(found["ci_low"]) and np.isinf(found["ci_high"])


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1, 1, 1, 1], [1, 2, 3, 4]),
        ([1, 2, 3], [1, 2, 3]),
        ([1, 2, 3, np.nan], [1, 2, 3, 4]),
        ([1, 2, 3, 4], [1, 2, 3]),
    ],
)
def test_slope_refuses(x, y):
    with pytest.raises(DesignError, match="x"):
        permutation_slope(x, y, rng())
    with pytest.raises(ParameterError, match="rng"):
        permutation_slope([1, 2, 3, 4], [1, 2, 3, 4], None)


@pytest.mark.parametrize("constant", [np.full(12, 0.1), np.full(12, 7.0), 0.1 + 1e-17 * np.arange(12), np.zeros(12)])
@pytest.mark.parametrize("which", ["x", "y"])
def test_what_does_not_vary_is_refused(which, constant):
    """Permutations of a constant differ by rounding only, which gave p-values such as 0.098."""
    varies = np.arange(12.0)
    x, y = (constant, varies) if which == "x" else (varies, constant)
    with pytest.raises(DesignError, match=f"{which}: does not vary"):
        permutation_slope(x, y, rng())


def test_the_unit_of_x_does_not_matter_however_small():
    x, y = np.arange(12.0), np.sin(np.arange(12.0))
    small = permutation_slope(x * 1e-9, y, rng())
    assert small["p_value"] == permutation_slope(x, y, rng())["p_value"]
