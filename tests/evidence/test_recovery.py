"""Permutation slopes against enumeration, t-tests and coverage; GDP paths by hand; the rule of C09."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from innodivide.data import Tables, frozen
from innodivide.errors import DesignError, ParameterError
from innodivide.evidence import recovery
from innodivide.evidence.claims.recovery_and_money import recovery_verdict
from innodivide.models.inference.slope import permutation_slope

TABLES = Tables()


def rng(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


# Slope


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


# Paths


def test_paths_by_hand():
    growth = (
        frozen.load("country_panel")
        .query("variable == 'gdp_real_growth'")
        .pivot(index="geo", columns="year", values="value")
    )
    found = recovery.growth_paths(TABLES, 2022).set_index("geo")
    for geo in ("DE", "IE", "RO"):
        g = 1 + growth.loc[geo] / 100
        level, before = g[2020] * g[2021] * g[2022], g[2017] * g[2018] * g[2019]
        assert found.loc[geo, "shock"] == growth.loc[geo, 2020]
        assert found.loc[geo, "change"] == pytest.approx(100 * (level - 1))
        assert found.loc[geo, "trend"] == pytest.approx(100 * (before ** (1 / 3) - 1))
        assert found.loc[geo, "shortfall"] == pytest.approx(100 * (1 - level / before)), (
            "three years on, three years before"
        )
    assert len(found) == 27 and "27 of 27" in found["coverage"].iloc[0]


def test_constant_growth_has_no_shortfall():
    """Growth that goes on as before leaves nothing missing; a pure loss in 2020 shows in full."""
    panel = frozen.load("country_panel")
    tables = {n: frozen.load(n) for n in ("country", "eis_index", "eis_group")}
    steady = panel.assign(value=panel["value"].where(panel["variable"] != "gdp_real_growth", 2.0))
    found = recovery.growth_paths({**tables, "country_panel": steady}, 2021)
    assert np.allclose(found["shortfall"], 0) and np.allclose(found["trend"], 2)
    lost = (steady["variable"] == "gdp_real_growth") & (steady["year"] == 2020)
    found = recovery.growth_paths(
        {**tables, "country_panel": steady.assign(value=steady["value"].mask(lost, -2.0))}, 2021
    )
    assert np.allclose(found["shortfall"], 100 * (1 - 0.98 / 1.02))


def test_paths_refuse():
    with pytest.raises(ParameterError, match="end=2019"):
        recovery.growth_paths(TABLES, 2019)
    panel = frozen.load("country_panel")
    gone = (panel["variable"] == "gdp_real_growth") & (panel["year"] == 2018) & (panel["geo"] == "MT")
    tables = {n: frozen.load(n) for n in ("country", "eis_index", "eis_group")}
    with pytest.raises(DesignError, match="gdp_real_growth: missing for MT"):
        recovery.growth_paths({**tables, "country_panel": panel[~gone]}, 2022)


def test_groups_hold_all_states_and_tests_one_main_row():
    paths = recovery.growth_paths(TABLES)
    groups = recovery.recovery_by_group(paths)
    assert groups["n"].sum() == 27 and (groups["lowest"] <= groups["highest"]).all()
    assert (groups["n"] * groups["shortfall"]).sum() == pytest.approx(paths["shortfall"].sum())
    tests = recovery.recovery_tests(TABLES, rng(), n_permutations=99)
    assert tests["main"].sum() == 1 and set(tests["n"]) == {26, 27}
    main = tests[tests["main"]].iloc[0]
    slope = stats.linregress(-paths["index"] / 10, paths["shortfall"]).slope
    assert main["estimate"] == pytest.approx(slope)


# Rule


def verdict(main=(0.5, 0.01), without=(0.4, 0.02), others=(0.3, 0.2)) -> str:
    """Return the verdict for (slope, p) of the main row, without Ireland, and of 2021 and 2023."""
    rows = [
        ("EU27", 2022, *main, True),
        ("without IE", 2022, *without, False),
        ("EU27", 2021, others[0], 0.5, False),
        ("EU27", 2023, others[1], 0.5, False),
    ]
    frame = pd.DataFrame(rows, columns=["sample", "end", "estimate", "p_value", "main"])
    return recovery_verdict(frame.assign(outcome="shortfall", contrast="gap"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "supported"),
        ({"main": (0.5, 0.05)}, "inconclusive"),
        ({"without": (0.4, 0.06)}, "partly"),
        ({"others": (0.3, -0.1)}, "partly"),
        ({"main": (-0.5, 0.01)}, "inconclusive"),
        ({"main": (-0.5, 0.01), "without": (-0.4, 0.01), "others": (-0.1, -0.1)}, "contradicted"),
    ],
)
def test_rule_on_recovery(arguments, expected):
    assert verdict(**arguments) == expected
