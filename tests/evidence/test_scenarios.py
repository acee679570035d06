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
    found = scenarios.participation_scenarios(certain(fit), dyads, rng(1), ["label", "wealth"], n_draws=4000)
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
    found = scenarios.participation_scenarios(certain(fit), dyads, rng(2), ["label"], n_draws=4000)
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
    """'As it is' lies between model and record if the country part is kept, and at the model's mean if not."""
    kept = (
        scenarios.participation_scenarios(fit, dyads, rng(4), ["label"])
        .query("scenario == 'as it is'")
        .set_index("geo")
    )
    like = (
        scenarios.participation_scenarios(fit, dyads, rng(4), ["label"], keep_country_part=False)
        .query("scenario == 'as it is'")
        .set_index("geo")
    )
    model = dyads.assign(p=fit.predict(dyads)).groupby("geo")["p"].sum()
    gap = (kept["observed"] - model).abs()
    far = gap > 1.5
    assert far.sum() >= 4
    assert ((kept["expected"] - kept["observed"]).abs()[far] < gap[far]).all()
    np.testing.assert_allclose(like["expected"], model, atol=0.6)
    assert (like["high"] - like["low"]).mean() > (kept["high"] - kept["low"]).mean()


def test_range_of_a_country_like_it_agrees_with_the_beta_binomial(dyads, fit):
    """Another way to the same range (`models.expected_participation`): moments instead of simulation."""
    like = scenarios.participation_scenarios(
        fit, dyads, rng(5), ["label"], keep_country_part=False, n_draws=4000
    ).query("scenario == 'as it is'")
    other = models.expected_participation(fit, dyads)
    assert (np.abs(like["low"].to_numpy() - other["low"].to_numpy()) <= 1).mean() > 0.9
    assert (np.abs(like["high"].to_numpy() - other["high"].to_numpy()) <= 1).mean() > 0.9


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


def test_a_continuous_exposure_is_raised_to_the_leaders_mean(dyads):
    frame = dyads.assign(index=100 + 30 * dyads["leader"] + dyads.groupby("geo").ngroup())
    fit = models.firth_logit(frame, "index")
    mean = frame.loc[frame["leader"], "index"].mean()
    changed = what_if._changed("label", fit, frame, frame)
    assert (changed["index"] == np.maximum(frame["index"], mean)).all()
    found = scenarios.participation_scenarios(fit, frame, rng(7), ["label"], n_draws=100)
    above = frame.groupby("geo")["index"].first() >= mean
    assert (found.query("scenario == 'label'").set_index("geo")["changed"] == ~above).all()


@pytest.mark.parametrize("keep", [True, False])
def test_one_country_alone_has_the_numbers_it_has_among_all(dyads, fit, keep):
    options = {"n_draws": 250, "keep_country_part": keep}
    whole = scenarios.participation_scenarios(fit, dyads, rng(4), **options)
    for geo in ("C00", "C07", "C19"):
        alone = scenarios.participation_scenarios(fit, dyads, rng(4), geo=geo, **options)
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
        ({"scenarios": "label"}, "scenarios", ParameterError),
        ({"scenarios": []}, "scenarios", ParameterError),
        ({"scenarios": ["luck"]}, "luck", ParameterError),
        ({"n_draws": 10}, "n_draws", ParameterError),
        ({"level": 2}, "level", ParameterError),
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


def test_wealth_needs_wealth_in_the_model_and_an_index_needs_leaders(dyads):
    small = models.firth_logit(dyads, controls=("ln_population",))
    with pytest.raises(ParameterError, match="wealth"):
        scenarios.participation_scenarios(small, dyads, rng())
    fit = models.firth_logit(dyads)
    with pytest.raises(DesignError, match="no leader at P0"):
        scenarios.participation_scenarios(fit, dyads, rng(), ["wealth"], frame=dyads.assign(leader=False))


def test_real_scenarios_and_projects_in_preparation():
    dyads = panel.ipcei_dyads(TABLES)
    fit = models.firth_logit(dyads)
    assert dispersion_to_sd(max(fit.dispersion, 1), dyads) > 0
    found = scenarios.participation_scenarios(fit, dyads, rng(10), n_draws=200)
    assert len(found) == 4 * 27 and (found["n_ipceis"] == 11).all()
    frame = scenarios.pipeline_dyads(TABLES)
    assert not frame[["group", "ln_population", "ln_gdp_pc_pps"]].isna().any().any() and frame["geo"].nunique() == 27
    ahead = scenarios.participation_scenarios(fit, dyads, rng(10), ["label"], frame=frame, n_draws=200)
    assert ahead["observed"].isna().all() and (ahead["n_ipceis"] == frame["ipcei_id"].nunique()).all()


# Closing


def path(values: dict, first: int = 2016) -> pd.DataFrame:
    return pd.DataFrame(
        [{"geo": g, "year": first + t, "relative": v} for g, row in values.items() for t, v in enumerate(row)]
    )


def test_constant_growth_needs_itself():
    """From 50, growing 4% a year (log): 17 years of the needed growth take the country to 100, whatever its past."""
    grow = [50 * math.exp(0.04 * (t - 7)) for t in range(8)]
    found = scenarios.closing_speed(path({"A": grow, "B": [120.0] * 8}), years=(2030, 2040)).set_index(["geo", "by"])
    row = found.loc["A", 2040]
    assert row["needed_low"] == pytest.approx(100 * math.log(2) / 17) and row["needed_low"] == row["needed_high"]
    assert row["past_low"] == pytest.approx(4) and row["past_high"] == pytest.approx(4) and row["best_geo"] == "A"
    assert row["level_low"] == pytest.approx(50 * math.exp(0.04 * 17)) and row["level_high"] == pytest.approx(
        row["level_low"]
    )
    assert found.loc["A", 2030]["reading"] == "beyond the past of all", "9.9 percent a year against 4"
    assert row["reading"] == "beyond the past of all", "4.08 against 4"
    assert scenarios.closing_speed(path({"A": grow}), years=[2041])["reading"].item() == "within its own past", (
        "3.85 against 4"
    )
    assert (found.loc["B"]["reading"] == "already there").all()


def test_readings_by_hand():
    """To double by 2030 takes ln 2 / 7 = 9.9% a year: A has had 10 once, B 2 at most, C is there."""
    fast = [50 / math.exp(0.3)] * 5 + [50 / math.exp(0.2), 50 / math.exp(0.1), 50]
    slow = [50 * math.exp(0.02 * (t - 7)) for t in range(8)]
    found = scenarios.closing_speed(path({"A": fast, "B": slow, "C": [100.0] * 8}), years=[2030]).set_index("geo")
    assert found["reading"].tolist() == [
        "within its own past",
        "beyond its own past, within that of another",
        "already there",
    ]
    assert found.at["A", "past_high"] == pytest.approx(10) and found.at["A", "past_low"] == pytest.approx(0)


def test_a_moving_target_gives_a_range():
    leaders = pd.Series([100, 101, 103, 103, 104, 108, 110, 111.0], index=range(2016, 2024))
    found = scenarios.closing_speed(path({"A": [50.0] * 8}), target=leaders, years=[2030]).iloc[0]
    growth = np.log(leaders.to_numpy()[3:] / leaders.to_numpy()[:-3]) / 3
    for end, g in (("low", growth.min()), ("high", growth.max())):
        assert found[f"target_{end}"] == pytest.approx(111 * math.exp(7 * g))
        assert found["value"] * math.exp(7 * found[f"needed_{end}"] / 100) == pytest.approx(found[f"target_{end}"])
    assert found["needed_low"] < found["needed_high"]


def test_spread_that_halves_in_seven_years_needs_what_it_had():
    base = {"A": -1.0, "B": 0.0, "C": 1.0}
    frame = path({g: [100 * math.exp(v * 0.5 ** (t / 7)) for t in range(8)] for g, v in base.items()})
    found = scenarios.closing_spread(frame, years=(2030, 2040)).set_index("by")
    assert found.at[2030, "needed"] == pytest.approx(-100 * math.log(2) / 7)
    assert found.at[2030, "past_low"] == pytest.approx(found.at[2030, "needed"]) and found.at[
        2030, "past_high"
    ] == pytest.approx(found.at[2030, "needed"])
    assert (
        found.at[2030, "spread_low"] == pytest.approx(found.at[2030, "goal"])
        and found.at[2040, "reading"] == "within its own past"
    )
    slow = path({g: [100 * math.exp(v * 0.9 ** (t / 7)) for t in range(8)] for g, v in base.items()})
    assert (scenarios.closing_spread(slow)["reading"] == "faster than at any time in the series").all()


def test_participation_needed_by_enumeration():
    totals = pd.DataFrame(
        {
            "geo": list("ABCD"),
            "n_participations": [6, 4, 0, 3],
            "n_possible": 10,
            "leader_any": [True, True, False, False],
        }
    )
    found = scenarios.participation_needed(totals, (4, 10)).set_index("geo")
    assert (found["target_rate"] == 0.5).all()
    for name, n in (("few", 4), ("many", 10)):
        for geo, k in totals.set_index("geo")["n_participations"].items():
            ways = [m for m in range(60) if (k + m) / (10 + n) >= 0.5 - 1e-12]
            assert found.at[geo, f"needed_{name}"] == ways[0] and found.at[geo, f"possible_{name}"] == (ways[0] <= n)
    assert np.isnan(found.at["C", "share_needed_few"]) and found.at["C", "share_needed_many"] == 1.0


def test_real_series():
    series = country_profile.index_relative_to_eu(TABLES, 2023)
    found = scenarios.closing_speed(series)
    assert (
        len(found) == 54 and found.groupby("by")["reading"].apply(lambda r: (r == "already there").sum()).nunique() == 1
    )
    np.testing.assert_allclose(found["value"] * np.exp((found["by"] - 2023) * found["needed_high"] / 100), 100)
    assert ((found["level_low"] <= found["level_high"]) & (found["past_low"] <= found["past_high"])).all()
    later = found.pivot(index="geo", columns="by", values="needed_high")
    assert (later[2040].abs() < later[2030].abs()).all(), "more time, less speed"


@pytest.mark.parametrize(
    ("series", "arguments", "words", "kind"),
    [
        ({"A": [1.0, 0, 1, 1]}, {}, "no positive relative of A in 2017", DataError),
        ({"A": [1.0, 1, 1]}, {}, "at least 4 years", DesignError),
        ({"A": [1.0] * 8}, {"years": [2020]}, "after 2023", ParameterError),
        ({"A": [1.0] * 8}, {"years": []}, "years", ParameterError),
        ({"A": [1.0] * 8}, {"window": 0}, "window", ParameterError),
        ({"A": [1.0] * 8}, {"target": -1}, "target", ParameterError),
        ({"A": [1.0] * 8}, {"target": pd.Series([1.0], index=[2016])}, "target", DataError),
    ],
)
def test_impossible_closing_is_refused(series, arguments, words, kind):
    with pytest.raises(kind, match=words):
        scenarios.closing_speed(path(series), **arguments)


def test_other_refusals():
    equal = path({"A": [1.0] * 8, "B": [1.0] * 8})
    with pytest.raises(DesignError, match="no spread"):
        scenarios.closing_spread(equal)
    with pytest.raises(ParameterError, match="share"):
        scenarios.closing_spread(equal, share=1)
    with pytest.raises(DataError, match="at least one"):
        scenarios.closing_speed(equal.iloc[:0])
    with pytest.raises(DataError, match="one row"):
        scenarios.closing_speed(pd.concat([equal, equal]))
    totals = pd.DataFrame({"geo": ["A"], "n_participations": [1], "n_possible": [2], "leader_any": [False]})
    with pytest.raises(DesignError, match="leader"):
        scenarios.participation_needed(totals)
    with pytest.raises(ParameterError, match="n_new"):
        scenarios.participation_needed(totals, (5, 2))
