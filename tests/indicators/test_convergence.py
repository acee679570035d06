"""Beta and sigma convergence against closed forms; refusals."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from innodivide.data import Tables
from innodivide.errors import DataError, DesignError
from innodivide.indicators import country_profile
from innodivide.indicators.convergence import beta_convergence, sigma_change, sigma_convergence, sigma_path
from innodivide.narrative import innovation_divide as words

TABLES = Tables()


def long(values: dict, units="ABCDEFGH") -> pd.DataFrame:
    """Return a long frame from {year: values of units A, B, ...}."""
    return pd.DataFrame([{"geo": g, "year": y, "value": v} for y, row in values.items() for g, v in zip(units, row)])


START = np.array([20.0, 50.0, 90.0, 140.0])


def geometric(beta: float, span: int, drift: float = 0.03) -> pd.DataFrame:
    """Return units whose yearly log growth is exactly drift + beta ln(start)."""
    end = START * np.exp(span * (drift + beta * np.log(START)))
    return long({2016: START, 2016 + span: end})


# Beta


@pytest.mark.parametrize(("beta", "span"), [(-0.02, 7), (-0.1, 5), (0.04, 10), (-0.3, 2)])
def test_exact_convergence_gives_its_beta_speed_and_half_life(beta, span):
    found = beta_convergence(geometric(beta, span))
    speed = -np.log(1 + beta * span) / span
    assert found["beta"] == pytest.approx(beta, abs=1e-12)
    assert found["speed"] == pytest.approx(speed, abs=1e-12)
    assert (found["n"], found["years"]) == (4, span)
    if beta < 0:
        assert found["half_life"] == pytest.approx(np.log(2) / speed)
    else:
        assert speed < 0 and np.isnan(found["half_life"]), "no half-life where there is no convergence"


def test_overshooting_has_no_speed():
    """1 + beta T <= 0: ranks are reversed."""
    found = beta_convergence(geometric(-0.25, 6))
    assert found["beta"] == pytest.approx(-0.25) and np.isnan(found["speed"]) and np.isnan(found["half_life"])


def test_standard_error_and_interval_by_hand():
    """HC1: n/(n-2) times the sandwich, Student t with n - 2 degrees of freedom."""
    end = START * np.exp([0.3, 0.1, 0.2, -0.1])
    found = beta_convergence(long({2016: START, 2018: end}))
    x, y = np.column_stack([np.ones(4), np.log(START)]), np.array([0.3, 0.1, 0.2, -0.1]) / 2
    bread = np.linalg.inv(x.T @ x)
    residual = y - x @ (bread @ x.T @ y)
    cov = 4 / 2 * bread @ (x.T * residual**2) @ x @ bread
    beta, se = (bread @ x.T @ y)[1], np.sqrt(cov[1, 1])
    assert (found["beta"], found["se"]) == (pytest.approx(beta), pytest.approx(se))
    quantile = 4.302652729911275  # 97.5 % of t with 2 degrees of freedom, from a table
    assert (found["ci_low"], found["ci_high"]) == (
        pytest.approx(beta - quantile * se),
        pytest.approx(beta + quantile * se),
    )


def test_years_between_do_not_matter_for_beta():
    frame = geometric(-0.02, 6)
    between = long({2019: START * 3})
    assert beta_convergence(pd.concat([between, frame])) == beta_convergence(frame)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 100), st.permutations(range(8)))
def test_units_of_measurement_and_order_do_not_matter(scale, order):
    frame = long({2016: START, 2020: START**0.9 * [2, 2.1, 1.9, 2]})
    found, other = (
        beta_convergence(frame),
        beta_convergence(frame.iloc[list(order)].assign(value=lambda f: f["value"] * scale)),
    )
    assert other["beta"] == pytest.approx(found["beta"], abs=1e-10) and other["se"] == pytest.approx(
        found["se"], abs=1e-10
    )


# Sigma


def test_sigma_is_the_sample_deviation_of_logs():
    frame = long({2016: np.exp([0.0, 1.0, 2.0]), 2017: np.exp([1.0, 1.0, 1.0]), 2018: np.exp([0.0, 0.0, 3.0])})
    found = sigma_convergence(frame)
    assert found["year"].tolist() == [2016, 2017, 2018] and set(found["n"]) == {3}
    assert found["sd_log"].to_numpy() == pytest.approx([1, 0, np.sqrt(3)])
    other = sigma_convergence(frame.assign(value=7 * frame["value"]))["sd_log"]
    assert other.to_numpy() == pytest.approx(found["sd_log"].to_numpy()), "whatever the unit of measurement"


def test_without_shocks_sigma_shrinks_by_one_plus_beta_t():
    spread = sigma_convergence(geometric(-0.04, 5))["sd_log"]
    assert spread.iloc[1] / spread.iloc[0] == pytest.approx(1 - 0.04 * 5)


def test_sigma_change_is_the_difference_of_the_two_spreads():
    frame = geometric(-0.04, 5)
    spread = sigma_convergence(frame)["sd_log"]
    found = sigma_change(frame, np.random.default_rng(1), n_boot=200)
    assert (found["first"], found["last"]) == (pytest.approx(spread.iloc[0]), pytest.approx(spread.iloc[1]))
    assert found["change"] == pytest.approx(spread.iloc[1] - spread.iloc[0])
    assert found["ci_low"] <= found["change"] * 0.999 <= found["ci_high"] <= 0, "each draw shrinks as the whole does"
    assert found == sigma_change(frame, np.random.default_rng(1), n_boot=200)
    common = sigma_change(long({2016: START, 2020: 2 * START}), np.random.default_rng(1), n_boot=50)
    assert [common[k] for k in ("change", "ci_low", "ci_high")] == pytest.approx([0, 0, 0], abs=1e-12)


def test_the_path_ends_in_the_change_and_starts_at_zero():
    frame = geometric(-0.04, 5)
    path = sigma_path(frame, np.random.default_rng(1), n_boot=200)
    found = sigma_change(frame, np.random.default_rng(1), n_boot=200)
    columns = ["change", "ci_low", "ci_high"]
    assert path.iloc[0][columns].tolist() == [0, 0, 0]
    assert path.iloc[-1][columns].tolist() == [found[k] for k in columns]


def test_the_intervals_of_the_path_are_those_of_drawing_whole_clusters():
    """Against the plain way: the rows of the drawn clusters put together, the spread taken, percentiles."""
    rng = np.random.default_rng(4)
    frame = long({y: np.exp(rng.normal(size=7)) for y in (2016, 2017, 2020)}, "abcdefg")
    home = dict(zip("abcdefg", "xxxyyzz"))
    path = sigma_path(frame.assign(home=frame["geo"].map(home)), np.random.default_rng(5), cluster="home", n_boot=300)
    wide = np.log(frame.pivot(index="geo", columns="year", values="value"))
    blocks = [wide[wide.index.map(home) == c].to_numpy() for c in "xyz"]
    draws = np.random.default_rng(5).integers(3, size=(300, 3))
    spread = np.array([np.concatenate([blocks[i] for i in d]).std(axis=0, ddof=1) for d in draws])
    expected = np.quantile(spread - spread[:, :1], [0.025, 0.975], axis=0)
    assert path[["ci_low", "ci_high"]].to_numpy().T == pytest.approx(expected, abs=1e-12)
    assert path["sd_log"].tolist() == pytest.approx(sigma_convergence(frame)["sd_log"])


# Refusals


@pytest.mark.parametrize(
    "function", [sigma_convergence, beta_convergence, lambda f: sigma_change(f, np.random.default_rng(0))]
)
@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (
            long({2016: [1, 2, 3], 2017: [1, 0, 3]}),
            "no positive value of B in 2017: convergence needs every unit in every year",
        ),
        (long({2016: [1, np.nan, 3], 2017: [1, 2, 3]}), "no positive value of B in 2016"),
        (long({2016: [1, 2, 3], 2017: [1, 2]}), "no positive value of C in 2017"),
        (long({2016: [1, 2, 3]}), "at least 3 units and 2 years, got 3 and 1"),
        (long({2016: [1, 2], 2017: [1, 2]}), "at least 3 units and 2 years, got 2 and 2"),
        (
            pd.concat([long({2016: [1, 2, 3], 2017: [1, 2, 3]}), long({2016: [1]})]),
            "more than one row for a geo and year",
        ),
    ],
)
def test_degenerate_frames_are_refused(function, frame, message):
    with pytest.raises(DesignError, match=message):
        function(frame)


def test_beta_is_not_defined_when_all_start_alike():
    with pytest.raises(DesignError, match="all units start from the same value"):
        beta_convergence(long({2016: [5, 5, 5], 2017: [1, 2, 3]}))


# On the real series


def test_the_real_series_give_facts_with_the_right_sign():
    series = country_profile.index_relative_to_eu(TABLES, 2023)
    spread, beta = sigma_convergence(series, "relative"), beta_convergence(series, "relative")
    assert (beta["n"], beta["years"]) == (27, 7)
    facts = words.convergence_facts(spread, beta)
    assert (facts["first_year"], facts["last_year"]) == (2016, 2023)
    assert facts["low"] < facts["per_year"] < facts["high"]
    assert facts["per_year"] == pytest.approx(100 * (0.5 ** beta["beta"] - 1))
    assert facts["direction"] == ("fell" if facts["last"] < facts["first"] else "rose")
    assert facts["low"] < 0 < facts["high"] and facts["reading"] == "neither catching up nor falling behind is clear"
    for low, high, said in [(-0.03, -0.01, "catching up"), (0.01, 0.03, "falling behind")]:
        certain = beta | {"ci_low": low, "ci_high": high}
        assert words.convergence_facts(spread, certain)["reading"] == f"{said} is clear of chance"


def clustered(**changes) -> pd.DataFrame:
    frame = long({2016: START, 2018: START * [1.1, 1.2, 1.0, 1.3]})
    return frame.assign(country=frame["geo"].map({"A": "X", "B": "X", "C": "Y", "D": "Y"})).assign(**changes)


@pytest.mark.parametrize(
    ("frame", "error", "named"),
    [
        (clustered(country="X"), DesignError, "country: only X"),
        (clustered(country=["X", "X", None, "Y"] * 2), DataError, "country is missing in 2 of 8 rows, first in row 2"),
        (clustered(country=["X", "X", "Y", "Y", "X", "X", "X", "Y"]), DataError, "C is in more than one"),
        (clustered(geo=["A", "B", None, "D"] * 2), DataError, "geo is missing in 2"),
        (clustered(year=[2016, 2016, 2016, None, 2018, 2018, 2018, 2018]), DataError, "year is missing in 1"),
    ],
)
def test_clusters_that_cannot_be_drawn_are_refused(frame, error, named):
    """One cluster gave an interval of no width; a unit without one was given to the first that it had."""
    with pytest.raises(error, match=named):
        sigma_path(frame, np.random.default_rng(1), cluster="country", n_boot=50)


def test_beta_is_not_tested_when_all_grow_alike():
    """A least-squares fit without residuals has a t statistic of rounding errors."""
    with pytest.raises(DesignError, match="grow at the same rate"):
        beta_convergence(long({2016: START, 2018: START * 1.21}))


# Own frames


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"value": "much"}, "value: expected numbers or booleans"),
        ({"value": np.inf}, "value: 8 infinite"),
        ({"value": 0.0}, "no positive value of A in 2016"),
        ({"town": [1, "a"] * 4}, "town holds int, str"),
        ({"town": "A"}, "more than one row for a town and year"),
    ],
)
def test_own_frames_have_own_names_and_are_refused_by_name(change, said):
    own = geometric(-0.02, 7).rename(columns={"geo": "town"})
    assert beta_convergence(own, unit="town") == beta_convergence(geometric(-0.02, 7))
    with pytest.raises((DataError, DesignError), match=said):
        sigma_convergence(own.assign(**change), unit="town")
