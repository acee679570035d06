"""Participation under other labels and the speed of closing: closed forms, exact cases, invariances, refusals."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from scipy.special import expit

from innodivide import models
from innodivide.data import Tables
from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.evidence import scenarios
from innodivide.evidence.scenarios import what_if
from innodivide.indicators import country_profile, panel
from innodivide.models.inference.power import dispersion_to_sd

TABLES = Tables()


def rng(seed=0):
    return np.random.default_rng(seed)


def made_up(sd: float, seed: int = 3, countries: int = 20, projects: int = 9, effect: float = 1.0) -> pd.DataFrame:
    """Dyads with a label that is fixed, and country shocks of this sd."""
    r = rng(seed)
    size, wealth, shock = r.normal(16, 1.2, countries), r.normal(4.6, 0.3, countries), r.normal(0, sd, countries)
    leader = np.arange(countries) % 4 == 0
    rows = [
        {
            "geo": f"C{i:02d}",
            "ipcei_id": f"P{j}",
            "leader": leader[i],
            "ln_population": size[i],
            "ln_gdp_pc_pps": wealth[i],
            "participates": r.random() < expit(-0.5 + 0.8 * (size[i] - 16) + effect * leader[i] + shock[i]),
        }
        for i in range(countries)
        for j in range(projects)
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def dyads():
    return made_up(1.0)


@pytest.fixture(scope="module")
def fit(dyads):
    return models.firth_logit(dyads)


def certain(fit):
    """The same fit with next to no uncertainty of coefficients and no dispersion between countries."""
    from dataclasses import replace

    return replace(fit, covariance=fit.covariance * 1e-12, dispersion=1.0)


# Scenarios


def test_without_uncertainty_the_expected_number_is_the_sum_of_predictions(dyads, fit):
    found = scenarios.participation_scenarios(certain(fit), dyads, rng(1), n_draws=4000)
    label = dyads.assign(leader=True)
    lead = dyads[dyads["leader"]]["ln_gdp_pc_pps"].mean()
    wealth = dyads.assign(ln_gdp_pc_pps=np.maximum(dyads["ln_gdp_pc_pps"], lead))
    base = dyads.assign(p=fit.predict(dyads)).groupby("geo")["p"].sum()
    for name, frame in (("as it is", dyads), ("label", label), ("wealth", wealth)):
        exact = frame.assign(p=fit.predict(frame)).groupby("geo")["p"].sum()
        rows = found[found["scenario"] == name].set_index("geo")
        np.testing.assert_allclose(rows["expected"], exact, atol=4 * math.sqrt(9 / 4 / 4000))  # four Monte Carlo errors
        for column in ("change", "change_low", "change_high"):
            np.testing.assert_allclose(rows[column], exact - base, atol=1e-4)


def test_ranges_without_uncertainty_are_binomial(dyads, fit):
    found = scenarios.participation_scenarios(certain(fit), dyads, rng(2), n_draws=4000)
    rows = found[found["scenario"] == "label"].set_index("geo")
    p = dyads.assign(p=fit.predict(dyads.assign(leader=True))).groupby("geo")["p"].mean()
    for end, column in ((0.025, "low"), (0.975, "high")):
        exact = stats.binom.ppf(end, 9, p)
        assert (np.abs(rows[column] - exact) <= 1).all() and (rows[column] == exact).mean() > 0.8


def test_leaders_are_not_touched_by_the_label(dyads, fit):
    found = scenarios.participation_scenarios(fit, dyads, rng(3), n_draws=200)
    leaders = set(dyads.loc[dyads["leader"], "geo"])
    own = found[found["geo"].isin(leaders) & found["scenario"].isin(["label", "rate"])]
    assert (own[["change", "change_low", "change_high"]] == 0).all().all() and not own["changed"].any()
    others = found[~found["geo"].isin(leaders) & (found["scenario"] == "label")]
    assert others["changed"].all()
    assert list(dict.fromkeys(found["scenario"])) == ["as it is", "label", "wealth", "rate"]
    assert ((found["low"] <= found["expected"]) & (found["expected"] <= found["high"])).all()
    assert (found["low"] >= 0).all() and (found["high"] <= found["n_ipceis"]).all()


def test_the_country_part_pulls_the_range_towards_the_record(dyads, fit):
    """'As it is' lies between the model's mean and the record where the two are far apart."""
    found = scenarios.participation_scenarios(fit, dyads, rng(4)).query("scenario == 'as it is'").set_index("geo")
    gap = (found["observed"] - dyads.assign(p=fit.predict(dyads)).groupby("geo")["p"].sum()).abs()
    far = gap > 1.5
    assert far.sum() >= 4
    assert ((found["expected"] - found["observed"]).abs()[far] < gap[far]).all()


def test_intercept_given_the_record_agrees_with_quadrature():
    sd, eta, y = 1.1, np.array([0.3, -0.4, 0.8, 0.1]), np.array([1.0, 1.0, 1.0, 0.0])

    def density(u):
        p = expit(eta + u)
        return stats.norm.pdf(u, scale=sd) * np.prod(np.where(y == 1, p, 1 - p))

    mass = integrate.quad(density, -8, 8)[0]
    mean = integrate.quad(lambda u: u * density(u), -8, 8)[0] / mass
    square = integrate.quad(lambda u: u * u * density(u), -8, 8)[0] / mass
    home, one = np.zeros(4, dtype=int), np.array([0])
    drawn = what_if._given_record(np.tile(eta, (20_000, 1)), y, home, sd, rng(6), 1, one)[:, 0]
    assert drawn.mean() == pytest.approx(mean, abs=0.03) and drawn.std() == pytest.approx(
        math.sqrt(square - mean**2), abs=0.03
    )


def test_conditional_logits_keep_the_marginal_mean():
    eta = np.linspace(-6, 6, 41)
    given = what_if._conditional(1.4)(eta)
    for low, inner in zip(expit(eta), given):
        mean = integrate.quad(lambda u, inner=inner: stats.norm.pdf(u) * expit(inner + 1.4 * u), -9, 9)[0]
        assert mean == pytest.approx(low, abs=1e-6)
    assert what_if._conditional(0.0)(eta) is eta


def test_one_country_alone_has_the_numbers_it_has_among_all(dyads, fit):
    whole = scenarios.participation_scenarios(fit, dyads, rng(4), n_draws=250)
    for geo in ("C00", "C07", "C19"):
        alone = scenarios.participation_scenarios(fit, dyads, rng(4), geo=geo, n_draws=250)
        expected = whole[whole["geo"] == geo].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, expected, check_exact=True)
    with pytest.raises(ParameterError, match="geo='XX': allowed are C00, C01"):
        scenarios.participation_scenarios(fit, dyads, rng(4), geo="XX")


def test_order_of_rows_does_not_matter_and_the_seed_decides(dyads, fit):
    one = scenarios.participation_scenarios(fit, dyads, rng(8), n_draws=100)
    two = scenarios.participation_scenarios(fit, dyads.sample(frac=1, random_state=1), rng(8), n_draws=100)
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(scenarios.participation_scenarios(fit, dyads, rng(9), n_draws=100))


@pytest.mark.parametrize(
    ("arguments", "words", "kind"),
    [
        ({"n_draws": 10}, "n_draws", ParameterError),
        ({"rng": 1}, "rng", ParameterError),
        ({"dyads": lambda d: d.drop(columns="leader")}, "leader", DataError),
        ({"dyads": lambda d: d[d["geo"] != "C01"]}, "rows", ParameterError),
        ({"frame": lambda d: d.assign(geo="ZZ")}, "ZZ", DataError),
    ],
)
def test_impossible_scenarios_are_refused(dyads, fit, arguments, words, kind):
    given = {"dyads": dyads, "rng": rng()} | {k: v(dyads) if callable(v) else v for k, v in arguments.items()}
    with pytest.raises(kind, match=words):
        scenarios.participation_scenarios(fit, **given)


def test_wealth_needs_wealth_in_the_model_and_leaders_to_compare_with(dyads, fit):
    small = models.firth_logit(dyads, controls=("ln_population",))
    with pytest.raises(ParameterError, match="ln_gdp_pc_pps among the controls"):
        scenarios.participation_scenarios(small, dyads, rng())
    with pytest.raises(DesignError, match="no leader at P0"):
        scenarios.participation_scenarios(fit, dyads, rng(), frame=dyads.assign(leader=False))


def test_real_scenarios_and_projects_in_preparation():
    dyads = panel.ipcei_dyads(TABLES)
    fit = models.firth_logit(dyads)
    assert dispersion_to_sd(max(fit.dispersion, 1), dyads) > 0
    found = scenarios.participation_scenarios(fit, dyads, rng(10), n_draws=200)
    assert len(found) == 4 * dyads["geo"].nunique() and (found["n_ipceis"] == dyads["ipcei_id"].nunique()).all()
    frame = scenarios.pipeline_dyads(TABLES)
    assert not frame[["group", "ln_population", "ln_gdp_pc_pps"]].isna().any().any() and frame["geo"].nunique() == 27
    ahead = scenarios.participation_scenarios(fit, dyads, rng(10), frame=frame, n_draws=200)
    assert ahead["observed"].isna().all() and (ahead["n_ipceis"] == frame["ipcei_id"].nunique()).all()


# Closing


def path(values: dict, first: int = 2016) -> pd.DataFrame:
    return pd.DataFrame(
        [{"geo": g, "year": first + t, "relative": v} for g, row in values.items() for t, v in enumerate(row)]
    )


def test_constant_growth_needs_itself():
    """From 50, growing 4% a year (log): 17 years of the needed growth take the country to 100, whatever its past."""
    grow = [50 * math.exp(0.04 * (t - 7)) for t in range(8)]
    found = scenarios.closing_speed(path({"A": grow, "B": [120.0] * 8})).set_index(["geo", "by"])
    row = found.loc["A", 2040]
    assert row["needed_high"] == pytest.approx(100 * (2 ** (1 / 17) - 1)) and row["best_geo"] == "A"
    assert [row["past_low"], row["past_high"]] == pytest.approx([100 * math.expm1(0.04)] * 2)
    assert [row["level_low"], row["level_high"]] == pytest.approx([50 * math.exp(0.04 * 17)] * 2)
    assert found.loc["A", 2030]["reading"] == "beyond the past of all", "9.9 percent a year against 4"
    assert row["reading"] == "beyond the past of all", "4.08 against 4"
    near = scenarios.closing_speed(path({"A": [1.03 * v for v in grow]})).set_index("by")
    assert near.at[2040, "reading"] == "within its own past", "3.9 against 4"
    assert (found.loc["B"]["reading"] == "already there").all()


def test_readings_by_hand():
    """To double by 2030 takes ln 2 / 7 = 9.9% a year: A has had 10 once, B 2 at most, C is there."""
    fast = [50 / math.exp(0.3)] * 5 + [50 / math.exp(0.2), 50 / math.exp(0.1), 50]
    slow = [50 * math.exp(0.02 * (t - 7)) for t in range(8)]
    found = scenarios.closing_speed(path({"A": fast, "B": slow, "C": [100.0] * 8}))
    found = found[found["by"] == 2030].set_index("geo")
    assert found["reading"].tolist() == [
        "within its own past",
        "beyond its own past, within that of another",
        "already there",
    ]
    assert found.at["A", "past_high"] == pytest.approx(100 * math.expm1(0.1))
    assert found.at["A", "past_low"] == pytest.approx(0)


def test_spread_that_halves_in_seven_years_needs_what_it_had():
    base = {"A": -1.0, "B": 0.0, "C": 1.0}
    frame = path({g: [100 * math.exp(v * 0.5 ** (t / 7)) for t in range(8)] for g, v in base.items()})
    found = scenarios.closing_spread(frame).set_index("by")
    assert found.at[2030, "needed"] == pytest.approx(100 * (0.5 ** (1 / 7) - 1))
    assert found.at[2030, "past_low"] == pytest.approx(found.at[2030, "needed"]) and found.at[
        2030, "past_high"
    ] == pytest.approx(found.at[2030, "needed"])
    assert (
        found.at[2030, "spread_low"] == pytest.approx(found.at[2030, "goal"])
        and found.at[2040, "reading"] == "within its own past"
    )
    slow = path({g: [100 * math.exp(v * 0.9 ** (t / 7)) for t in range(8)] for g, v in base.items()})
    assert (scenarios.closing_spread(slow)["reading"] == "faster than at any time in the series").all()


def test_real_series():
    series = country_profile.index_relative_to_eu(TABLES, 2023)
    found = scenarios.closing_speed(series)
    assert (
        len(found) == 2 * series["geo"].nunique()
        and found.groupby("by")["reading"].apply(lambda r: (r == "already there").sum()).nunique() == 1
    )
    np.testing.assert_allclose(found["value"] * (1 + found["needed_high"] / 100) ** (found["by"] - 2023), 100)
    assert ((found["level_low"] <= found["level_high"]) & (found["past_low"] <= found["past_high"])).all()
    later = found.pivot(index="geo", columns="by", values="needed_high")
    assert (later[2040].abs() < later[2030].abs()).all(), "more time, less speed"


@pytest.mark.parametrize(
    ("series", "words", "kind"),
    [
        (path({"A": [1.0, 0, 1, 1]}), "no positive relative of A in 2017", DataError),
        (path({"A": [1.0, 1, 1]}), "at least 4 years", DesignError),
        (path({"A": [1.0] * 8}).query("year != 2019"), "without a gap", DesignError),
        (path({"A": [1.0] * 8}, first=2023), "ends in 2030", DesignError),
        (path({"A": [1.0] * 8}).iloc[:0], "at least one", DataError),
        (pd.concat([path({"A": [1.0] * 8})] * 2), "one row", DataError),
    ],
)
def test_impossible_closing_is_refused(series, words, kind):
    for function in (scenarios.closing_speed, scenarios.closing_spread):
        with pytest.raises(kind, match=words):
            function(series)


def test_no_spread_to_close_is_refused():
    with pytest.raises(DesignError, match="no spread"):
        scenarios.closing_spread(path({"A": [1.0] * 8, "B": [1.0] * 8}))
