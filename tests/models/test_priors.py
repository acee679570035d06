"""Log-F priors and random intercepts against R, closed forms, published prior limits, and invariances."""

import numpy as np
import pandas as pd
import pytest
from reference.cases import HERE, made_up, table, two_by_two

from innodivide.errors import DesignError
from innodivide.models.estimators.design import build_design
from innodivide.models.estimators.firth import dispersion_interval, firth_logit
from innodivide.models.estimators.pooling import random_intercept_logit
from innodivide.models.estimators.priors import WEIGHTS, log_f_fit, log_f_limits, prior_sensitivity

R = pd.read_csv(HERE / "priors" / "expected.csv").set_index(["model", "quantity"])["value"].sort_index()
DYADS = table("dyads")


def columns(dyads):
    design = build_design(dyads, "leader", ("ln_population", "ln_gdp_pc_pps"), "participates")
    return np.column_stack([design.null_matrix, design.d]), design.y


# ---- log-F priors ----


@pytest.mark.parametrize("phi", [1, 2.3])
@pytest.mark.parametrize("m", WEIGHTS)
def test_equals_glm_on_the_augmented_data_in_r(m, phi):
    found = log_f_fit(*columns(DYADS), column=3, m=m, dispersion=phi)
    for quantity in ("estimate", "se", "ci_low", "ci_high"):
        assert found[quantity] == pytest.approx(R[f"m={m:g} phi={phi:g}", quantity], abs=2e-7), quantity


@pytest.mark.parametrize(("hits", "n", "m"), [(14, 20, 0), (14, 20, 0.5), (20, 20, 1), (3, 11, 2), (20, 20, 7.5)])
def test_one_proportion_in_closed_form(hits, n, m):
    """Two groups without anything in common: the mode is the logit of (hits + m/2) / (n + m)."""
    x = np.kron(np.eye(2), np.ones((n, 1)))
    found = log_f_fit(x, np.r_[np.arange(n) < hits, np.arange(n) < n // 2], column=0, m=m)
    assert found["estimate"] == pytest.approx(np.log((hits + m / 2) / (n - hits + m / 2)), abs=1e-9)
    variance = 1 / (hits + m / 2) + 1 / (n - hits + m / 2)
    assert found["se"] == pytest.approx(np.sqrt(variance), rel=1e-6)


@pytest.mark.parametrize("m", [0.5, 1, 2, 10])
@pytest.mark.parametrize("hits", [13, 9, 19])
def test_two_by_two_table_in_closed_form(hits, m, n=20):
    """`hits` of n labelled and n - hits of n others: the intercept is -b/2, and u = exp(b/2) solves a cubic."""
    x = np.column_stack([np.ones(2 * n), np.repeat([1.0, 0.0], n)])
    y = np.r_[np.arange(n) < hits, np.arange(n) < n - hits]
    found = log_f_fit(x, y, column=1, m=m)["estimate"]
    # hits - n u/(1+u) + m/2 - m u^2/(1+u^2) = 0, times (1+u)(1+u^2)
    s = hits + m / 2
    roots = np.roots([s - n - m, s - m, s - n, s])
    (u,) = [r.real for r in roots if abs(r.imag) < 1e-9 and r.real > 0]
    assert found == pytest.approx(2 * np.log(u), abs=1e-8)


def test_published_limits_of_the_priors():
    """Greenland & Mansournia (2015): 95 % of odds ratios within 1/648 and 648 for m = 1, 1/39 and 39 for m = 2."""
    assert [round(log_f_limits(m)[1]) for m in (1, 2)] == [648, 39]
    assert log_f_limits(2)[0] == pytest.approx(1 / 39)
    draws = np.random.default_rng(1).beta(2, 2, 200_000)  # the odds of a beta(m/2, m/2) probability, m = 4
    assert np.quantile(draws / (1 - draws), 0.975) == pytest.approx(log_f_limits(4)[1], rel=0.03)


def test_a_heavier_prior_pulls_to_no_association_and_narrows():
    x, y = columns(DYADS)
    found = pd.DataFrame([log_f_fit(x, y, 3, m) for m in (0, *WEIGHTS, 1000)])
    assert (found["estimate"].abs().diff().dropna() < 0).all() and abs(found["estimate"].iloc[-1]) < 0.02
    assert ((found["ci_high"] - found["ci_low"]).diff().dropna() < 0).all()


def test_without_a_prior_it_is_maximum_likelihood_and_separation_is_refused():
    import statsmodels.api as sm

    x, y = columns(DYADS)
    assert log_f_fit(x, y, 3, 0)["estimate"] == pytest.approx(sm.Logit(y, x).fit(disp=0, tol=1e-12).params[3], abs=1e-8)
    separated = build_design(two_by_two(8, 0, 5, 9), "leader", (), "participates")
    columns_ = np.column_stack([np.ones(22), separated.d])
    with pytest.raises(DesignError, match="infinite"):
        log_f_fit(columns_, separated.y, 1, 0)
    assert np.isfinite(log_f_fit(columns_, separated.y, 1, 0.5)["estimate"])


def test_dispersion_weighs_the_data_as_so_many_fewer():
    """Every dyad twice at dispersion 2 is every dyad once at dispersion 1."""
    x, y = columns(DYADS)
    once, twice = log_f_fit(x, y, 3, 2), log_f_fit(np.vstack([x, x]), np.r_[y, y], 3, 2, dispersion=2.0)
    assert [twice[k] for k in once] == pytest.approx([once[k] for k in once], abs=1e-8)


@pytest.mark.dear
def test_the_table_holds_every_prior_and_the_registered_row():
    fit = firth_logit(DYADS)
    found = prior_sensitivity(DYADS, fit).set_index("prior")
    assert len(found) == len(WEIGHTS) + 2
    registered = dispersion_interval(fit)
    assert found.at["Firth penalty (registered)", "odds_ratio"] == np.exp(registered.estimate)
    assert found.at["Firth penalty (registered)", "ci_high"] == np.exp(registered.ci_high)
    x, y = columns(DYADS)
    one = log_f_fit(x, y, 3, 2, max(fit.dispersion, 1), fit.df)
    assert found.at["log-F(2, 2)", "odds_ratio"] == pytest.approx(np.exp(one["estimate"]))
    assert found.at["log-F(2, 2)", "ci_low"] == pytest.approx(np.exp(one["ci_low"]))
    separated = DYADS.assign(participates=DYADS["participates"] | DYADS["leader"])
    row = prior_sensitivity(separated, firth_logit(separated)).iloc[0]
    assert np.isnan(row["odds_ratio"]) and "infinite" in row["note"]


# ---- partial pooling ----


def test_random_intercept_equals_lme4():
    found = random_intercept_logit(DYADS)
    assert found.result.estimate == pytest.approx(R["random", "estimate"], abs=2e-5)
    assert found.sd == pytest.approx(R["random", "sd"], abs=2e-5)
    assert found.log_likelihood == pytest.approx(R["random", "log_likelihood"], abs=1e-6)
    assert (found.result.ci_low, found.result.ci_high) == pytest.approx(
        (R["random", "ci_low"], R["random", "ci_high"]), abs=1e-3
    )


@pytest.mark.dear
def test_without_a_spread_it_is_the_plain_logit():
    """Countries that differ less than chance: the spread is estimated as zero and the logit is left."""
    import statsmodels.api as sm

    alternating = DYADS.assign(participates=np.arange(len(DYADS)) % 2)
    design = build_design(alternating, "leader", ("ln_population", "ln_gdp_pc_pps"), "participates")
    x = np.column_stack([design.null_matrix, design.d])
    plain = sm.Logit(design.y, x).fit(disp=0, tol=1e-12)
    found = random_intercept_logit(alternating)
    assert found.sd < 1e-3 and found.log_likelihood == pytest.approx(plain.llf, abs=1e-8)
    assert found.result.estimate == pytest.approx(plain.params[3], abs=1e-4)


@pytest.mark.dear
def test_the_order_of_rows_and_the_names_of_countries_do_not_matter():
    one = random_intercept_logit(DYADS)
    names = {geo: f"Z{99 - i}" for i, geo in enumerate(sorted(DYADS["geo"].unique()))}
    other = random_intercept_logit(DYADS.sample(frac=1, random_state=1).assign(geo=lambda f: f["geo"].map(names)))
    assert other.result.estimate == pytest.approx(one.result.estimate, abs=1e-6) and other.sd == pytest.approx(one.sd)


def test_separation_is_refused():
    with pytest.raises(DesignError, match=r"no finite maximum|no end"):
        random_intercept_logit(DYADS.assign(participates=DYADS["leader"]))


@pytest.mark.slow
def test_the_interval_covers_under_its_own_model():
    rng, covered = np.random.default_rng(4), 0
    for _ in range(150):
        drawn = random_intercept_logit(made_up(rng, n=27, k=11, sd=0.9, effect=0.7)).result
        covered += drawn.ci_low <= 0.7 <= drawn.ci_high
    assert 0.88 <= covered / 150 <= 0.99
