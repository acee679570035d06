"""Power by simulation: its parts against R and against the single-data-set code, its answer against sense."""

import math

import numpy as np
import pandas as pd
import pytest
from reference.cases import expected, made_up, table

from innodivide.errors import DesignError, ParameterError
from innodivide.models.estimators.design import build_design
from innodivide.models.estimators.firth import firth_logit
from innodivide.models.estimators.null_logit import fitted_logits, null_fit
from innodivide.models.inference.permutation import score_statistics
from innodivide.models.inference.power import (
    _interpolate,
    _probabilities,
    conditional_logit,
    dispersion_of_sd,
    dispersion_to_sd,
    minimum_detectable_odds_ratio,
)
from innodivide.models.inference.relabelling import country_orders

DYADS = table("dyads")
DESIGN = build_design(DYADS, "leader", ("ln_population", "ln_gdp_pc_pps"), "participates")
INTERCEPT_R = expected("intercept")


def rng(seed=1):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("case", list(INTERCEPT_R.index))
def test_random_intercept_equals_r_integration(case):
    mu, sd = map(float, case.split("/"))
    eta = conditional_logit(np.array([mu]), sd)[0]
    assert eta == pytest.approx(INTERCEPT_R.at[case, "conditional_logit"], abs=1e-5)
    found = dispersion_of_sd(sd, np.full(297, mu), DESIGN)
    assert found == pytest.approx(INTERCEPT_R.at[case, "dispersion_11"], rel=1e-5)


@pytest.mark.dear
def test_dispersion_and_sd_invert_each_other():
    fitted = firth_logit(DYADS).predict(DYADS)
    for phi in (1.3, 2.3, 4.0):
        assert dispersion_of_sd(dispersion_to_sd(phi, DYADS), fitted, DESIGN) == pytest.approx(phi, abs=1e-5)
    assert dispersion_to_sd(0.8, DYADS) == 0.0
    with pytest.raises(DesignError, match="at most"):
        dispersion_to_sd(30.0, DYADS)


def test_dispersion_of_simulated_data_is_the_one_asked_for():
    fit = firth_logit(DYADS)
    fitted = fit.predict(DYADS)
    sd = dispersion_to_sd(2.3, DYADS)
    shocks = rng(3).standard_normal((400, 27))
    baseline = np.log(fitted / (1 - fitted)) - fit.result.estimate * DESIGN.d
    p = _probabilities(DESIGN, baseline, fit.result.estimate, sd, shocks)
    y = (rng(4).random(p.shape) < p).astype(float)
    mu, _ = fitted_logits(np.column_stack([DESIGN.null_matrix, DESIGN.d]), y)
    gap, spread = (np.array([DESIGN.by_country(row) for row in values]) for values in (y - mu, mu * (1 - mu)))
    phi = (gap**2 / spread).sum(axis=1) / 23
    assert phi.mean() == pytest.approx(2.3, rel=0.1)
    assert p.mean(axis=0) == pytest.approx(fitted, abs=0.06)  # marginal probabilities are kept
    assert y.mean() == pytest.approx(DYADS["participates"].mean(), abs=0.01)


def test_scores_of_many_outcomes_are_those_of_one():
    permuted = DESIGN.to_matrix(DESIGN.d)[country_orders(rng(), 30, 27)].reshape(30, -1)
    mu = null_fit(DESIGN)
    both = np.vstack([DESIGN.y, 1 - DESIGN.y])
    batch, converged = fitted_logits(DESIGN.null_matrix, both)
    assert converged.all()
    np.testing.assert_allclose(batch, [mu, 1 - mu], atol=1e-9)
    scores = score_statistics(DESIGN, batch, permuted, both)
    np.testing.assert_allclose(scores[0], score_statistics(DESIGN, mu, permuted), rtol=1e-8)
    np.testing.assert_allclose(scores[1], -scores[0], rtol=1e-7)


CURVE = minimum_detectable_odds_ratio(
    DYADS, rng(5), n_sim=200, n_permutations=99, odds_ratios=(1, 2, 4, 8, 20), phi=1.5
)


def test_power_grows_from_the_level_to_certainty():
    power = CURVE.frame["power"]
    assert list(CURVE.frame.columns) == ["odds_ratio", "power", "mc_se", "n_sim", "n_failed"]
    assert power.iloc[0] <= 0.12  # 4.5 Monte Carlo standard errors above 5%
    assert power.iloc[-1] > 0.9 and power.is_monotonic_increasing
    assert 2 < CURVE.odds_ratio_low <= CURVE.odds_ratio <= CURVE.odds_ratio_high < 20
    assert CURVE.dispersion == pytest.approx(1.5, abs=1e-4) and CURVE.seed == 5 and CURVE.n_treated == 6
    assert "80% power" in str(CURVE) and "6 countries" in str(CURVE)
    np.testing.assert_allclose(CURVE.frame["mc_se"], np.sqrt(power * (1 - power) / 200))


@pytest.mark.parametrize("sd", [0.0, 1.0])
def test_level_is_kept_without_an_association(sd):
    curve = minimum_detectable_odds_ratio(DYADS, rng(6), sd=sd, n_sim=1000, n_permutations=199, odds_ratios=(1,))
    assert curve.frame["power"].iloc[0] == pytest.approx(0.05, abs=0.027)  # 4 Monte Carlo standard errors


def test_same_seed_same_curve_in_any_order_of_rows():
    again = minimum_detectable_odds_ratio(
        DYADS.sample(frac=1, random_state=1),
        rng(5),
        n_sim=200,
        n_permutations=99,
        odds_ratios=(1, 2, 4, 8, 20),
        phi=1.5,
    )
    assert again.frame.equals(CURVE.frame) and again.odds_ratio == CURVE.odds_ratio


def test_heterogeneous_countries_need_a_larger_association():
    arguments = {"n_sim": 200, "n_permutations": 99, "odds_ratios": (1, 2, 4, 8, 20)}
    calm = minimum_detectable_odds_ratio(DYADS, rng(5), sd=0.0, **arguments)
    rough = minimum_detectable_odds_ratio(DYADS, rng(5), sd=1.5, **arguments)
    assert calm.odds_ratio < CURVE.odds_ratio < rough.odds_ratio
    assert calm.dispersion == pytest.approx(1.0)


def test_power_that_is_not_reached_is_said():
    short = minimum_detectable_odds_ratio(DYADS, rng(5), n_sim=60, n_permutations=59, odds_ratios=(1, 1.2), sd=1.0)
    assert short.odds_ratio == math.inf and "not reached" in str(short)


def test_interpolation_by_hand():
    frame = pd.DataFrame({"odds_ratio": [1.0, 2.0, 4.0], "power": [0.05, 0.6, 1.0], "mc_se": 0.0})
    assert _interpolate(frame, 0.8, 0) == pytest.approx(math.sqrt(8))  # half way in logs between 2 and 4
    assert _interpolate(frame, 0.01, 0) == 1.0
    wobbly = frame.assign(power=[0.3, 0.1, 1.0])
    assert _interpolate(wobbly, 0.6, 0) == pytest.approx(math.sqrt(8))  # 0.3, 0.1 pooled to 0.2


def test_tiny_designs_count_failed_fits_as_no_rejection():
    tiny = made_up(rng(9), n=5, k=2)
    curve = minimum_detectable_odds_ratio(
        tiny, rng(), n_sim=40, n_permutations=19, odds_ratios=(1, 3), sd=0.0, controls=("ln_population",)
    )
    assert (curve.frame["n_failed"] > 0).any() and (curve.frame["power"] <= 0.3).all()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"phi": 2.0, "sd": 1.0}, "phi, sd"),
        ({"sd": -1.0}, "sd"),
        ({"phi": math.nan}, "phi"),
        ({"power": 80}, "power"),
        ({"alpha": 0}, "alpha"),
        ({"n_sim": 5}, "n_sim"),
        ({"n_permutations": 0}, "n_permutations"),
        ({"odds_ratios": (0.5, 2)}, "odds_ratios"),
        ({"odds_ratios": (3, 2)}, "odds_ratios"),
        ({"odds_ratios": ()}, "odds_ratios"),
        ({"term": "ln_gdp_pc_pps", "controls": ("ln_population",)}, "continuous"),
        ({"rng": 3}, "rng"),
    ],
)
def test_wrong_arguments_are_refused(arguments, named):
    with pytest.raises(ParameterError, match=named):
        minimum_detectable_odds_ratio(DYADS, **{"rng": rng(), **arguments})


@pytest.mark.slow
def test_level_at_full_size():
    curve = minimum_detectable_odds_ratio(DYADS, rng(11), n_sim=4000, odds_ratios=(1.0,), phi=2.3)
    assert curve.frame["power"].iloc[0] == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 4000))
