"""Firth logit and grouped binomial against R, closed forms and published numbers; invariances; refusals."""

import math
from functools import cache

import numpy as np
import pandas as pd
import pytest
from firthmodels import FirthLogisticRegression
from hypothesis import given, settings, strategies as st
from reference.cases import as_dyads, expected, made_up, table, two_by_two
from scipy import stats
from scipy.optimize import brentq
from scipy.special import expit

from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.models.estimators.effects import average_marginal_effect, expected_participation
from innodivide.models.estimators.firth import dispersion_interval, firth_logit
from innodivide.models.estimators.grouped import grouped_binomial
from innodivide.models.result import as_odds_ratio

OUTCOMES = {"endometrial": "HG", "lizards": "opalinus", "mtcars": "am", "complete": "y"}
RTOL = {"estimate": 1e-8, "se": 1e-8, "ci_low": 1e-5, "ci_high": 1e-5, "p_value": 1e-6}
DYADS = table("dyads")


@cache
def fit_case(name):
    if name == "dyads":
        return firth_logit(DYADS)
    outcome = OUTCOMES[name]
    frame = table(name)
    terms = [column for column in frame if column != outcome]
    return firth_logit(as_dyads(frame), term=terms[0], controls=terms[1:], outcome=outcome)


@pytest.mark.parametrize("quantity", list(RTOL))
@pytest.mark.parametrize("name", [*OUTCOMES, "dyads"])
def test_firth_equals_r(name, quantity):
    ours = fit_case(name).coefficients[quantity]
    theirs = expected(name).loc[ours.index, quantity]
    np.testing.assert_allclose(ours, theirs, rtol=RTOL[quantity])


def test_published_endometrial_study():
    """Heinze & Schemper (2002), two decimals."""
    table_ = fit_case("endometrial").coefficients.round(2)
    assert table_.loc["NV", ["estimate", "ci_low", "ci_high"]].tolist() == [2.93, 0.61, 7.85]
    assert table_.loc["PI", ["estimate", "ci_low", "ci_high"]].tolist() == [-0.03, -0.12, 0.04]
    assert table_.loc["EH", ["estimate", "ci_low", "ci_high"]].tolist() == [-2.60, -4.37, -1.23]


@pytest.mark.parametrize("cells", [(5, 3, 2, 9), (9, 0, 0, 18), (4, 0, 6, 8), (1, 7, 30, 2)])
def test_two_by_two_has_a_closed_form(cells):
    a, b, c, d = (count + 0.5 for count in cells)
    fit = firth_logit(two_by_two(*cells), controls=())
    assert fit.result.estimate == pytest.approx(math.log(a * d / (b * c)), abs=1e-10)


@pytest.mark.parametrize(
    ("name", "infinite"), [("endometrial", "NV"), ("complete", "x"), ("lizards", ""), ("mtcars", "")]
)
def test_separation_is_found_and_named(name, infinite):
    fit = fit_case(name)
    assert fit.result.separation is bool(infinite)
    assert infinite in fit.separation_note
    assert bool(fit.separation_note) == bool(infinite)
    assert np.isfinite(fit.coefficients.to_numpy()).all()


@pytest.mark.parametrize(
    ("quantity", "ours"),
    [
        ("flic_intercept", lambda fit: fit.intercept_flic),
        ("dispersion", lambda fit: fit.dispersion),
        ("t_low", lambda fit: dispersion_interval(fit).ci_low),
        ("t_high", lambda fit: dispersion_interval(fit).ci_high),
        ("t_p", lambda fit: dispersion_interval(fit).p_value),
    ],
)
def test_country_level_quantities_equal_r(quantity, ours):
    assert ours(firth_logit(DYADS)) == pytest.approx(expected("dyads").at["leader", quantity], rel=1e-8)


def test_marginal_effect_equals_r_and_its_interval_is_reproducible():
    fit = firth_logit(DYADS)
    runs = [average_marginal_effect(fit, DYADS, np.random.default_rng(3), n_boot=60) for _ in range(2)]
    assert runs[0] == runs[1]
    assert runs[0].estimate == pytest.approx(100 * expected("dyads").at["leader", "ame"], rel=1e-7)
    assert runs[0].ci_low < runs[0].estimate < runs[0].ci_high
    assert runs[0].scale == "percentage points" and runs[0].seed == 3


def _off(intercept, base, rate):
    return expit(intercept + base).mean() - rate


def test_the_interval_of_the_marginal_effect_is_that_of_refits_by_firthmodels():
    fit, rng = firth_logit(DYADS, profiles=False), np.random.default_rng(3)
    parts = [part for _, part in DYADS.sort_values(["geo", "ipcei_id"]).groupby("geo")]
    effects = []
    for times in rng.multinomial(len(parts), np.ones(len(parts)) / len(parts), size=20):
        drawn = pd.concat([part for part, n in zip(parts, times) for _ in range(n)])
        x, y = drawn[["ln_population", "ln_gdp_pc_pps", "leader"]].to_numpy(dtype=float), drawn["participates"]
        x[:, :2] -= x[:, :2].mean(axis=0)
        beta = FirthLogisticRegression(backend="numpy", gtol=1e-8, xtol=1e-8, max_iter=200).fit(x, y).coef_
        base = x[:, :2] @ beta[:2]
        flic = brentq(_off, -20, 20, args=(base + beta[2] * x[:, 2], y.mean()), xtol=1e-13)
        effects.append(100 * (expit(flic + base + beta[2]) - expit(flic + base)).mean())
    found = average_marginal_effect(fit, DYADS, np.random.default_rng(3), n_boot=20)
    np.testing.assert_allclose([found.ci_low, found.ci_high], np.quantile(effects, [0.025, 0.975]), rtol=1e-6)
    assert found.se == pytest.approx(np.std(effects, ddof=1), rel=1e-6)


def test_bootstrap_counts_degenerate_resamples():
    """One treated country of ten is missed by (9/10)^10 = 35% of the resamples."""
    dyads = made_up(np.random.default_rng(5), n=10)
    dyads["leader"] = dyads["geo"] == "C04"
    fit = firth_logit(dyads, controls=("ln_population",))
    effect = average_marginal_effect(fit, dyads, np.random.default_rng(1), n_boot=100)
    lost = int(effect.notes[0].split()[0])
    assert 20 <= lost <= 55
    assert f"{100 - lost} country" in effect.ci_kind


def test_no_interval_where_all_resamples_are_degenerate():
    dyads = made_up(np.random.default_rng(5), n=10).assign(leader=lambda d: d["geo"] == "C04")
    fit = firth_logit(dyads, controls=("ln_population",), profiles=False)

    class Others(np.random.Generator):
        """Draws the first country twice and never the one with the label."""

        def multinomial(self, n, pvals, size):
            return np.tile([2, 1, 1, 1, 0, 1, 1, 1, 1, 1], (size, 1))

    with pytest.raises(DesignError, match="20 of 20 country resamples are degenerate"):
        average_marginal_effect(fit, dyads, Others(np.random.PCG64(1)), n_boot=20)


def test_predictions_average_to_the_observed_rate():
    fit = firth_logit(DYADS)
    predicted = fit.predict(DYADS)
    assert predicted.mean() == pytest.approx(DYADS["participates"].mean(), abs=1e-12)
    assert expit(fit.intercept_flic) == pytest.approx(
        fit.predict(pd.DataFrame({"leader": [0], "ln_population": [0], "ln_gdp_pc_pps": [0]}))[0]
    )
    with pytest.raises(DataError, match="ln_population"):
        fit.predict(DYADS.drop(columns="ln_population"))


def test_expected_participation_adds_up_and_covers():
    fit = firth_logit(DYADS)
    frame = expected_participation(fit, DYADS)
    assert list(frame["geo"]) == sorted(DYADS["geo"].unique())
    assert frame["expected"].sum() == pytest.approx(DYADS["participates"].sum(), abs=1e-9)
    assert (frame["observed"] == DYADS.groupby("geo")["participates"].sum().to_numpy()).all()
    assert ((frame["low"] <= frame["expected"]) & (frame["expected"] <= frame["high"])).all()
    assert frame["low"].min() >= 0 and (frame["high"] <= frame["n_ipceis"]).all()
    assert frame["outside"].sum() <= 4  # 5% of 27 expected
    narrow = expected_participation(fit, DYADS, level=0.5)
    assert (narrow["high"] - narrow["low"] <= frame["high"] - frame["low"]).all()


def test_range_is_the_documented_beta_binomial():
    """Mean and variance written out from the coefficient table, one country at a time."""
    fit = firth_logit(DYADS)
    frame = expected_participation(fit, DYADS, level=0.9).set_index("geo")
    for geo in ("C01", "C14", "C27"):
        rows = DYADS[DYADS["geo"] == geo]
        x = rows[["ln_population", "ln_gdp_pc_pps", "leader"]].assign(intercept=1.0).to_numpy()
        p = fit.predict(rows)
        g = (p * (1 - p)) @ x
        variance = fit.dispersion * ((p * (1 - p)).sum() + g @ fit.covariance.to_numpy() @ g)
        mean, k = p.sum(), len(p)
        rho = (variance / (mean * (1 - mean / k)) - 1) / (k - 1)
        law = stats.betabinom(k, mean / k * (1 / rho - 1), (1 - mean / k) * (1 / rho - 1))
        assert (law.mean(), law.var()) == pytest.approx((mean, variance))
        assert (frame.at[geo, "low"], frame.at[geo, "high"]) == (law.ppf(0.05), law.ppf(0.95))


def totals():
    grouped = DYADS.groupby("geo").agg(
        n_participations=("participates", "sum"),
        n_possible=("participates", "size"),
        ln_population=("ln_population", "mean"),
        ln_gdp_pc_pps=("ln_gdp_pc_pps", "mean"),
        fixed=("fixed", "max"),
    )
    return grouped.reset_index()


@pytest.mark.parametrize("quantity", ["estimate", "se", "p_value"])
def test_grouped_binomial_equals_r(quantity):
    ours = grouped_binomial(totals(), term="fixed").coefficients[quantity]
    np.testing.assert_allclose(ours, expected("totals").loc[ours.index, quantity], rtol=1e-6, atol=1e-9)


def test_grouped_dispersion_equals_r_and_enters_the_interval():
    fit = grouped_binomial(totals(), term="fixed")
    assert fit.dispersion == pytest.approx(expected("totals").at["fixed", "dispersion"], rel=1e-8)
    half = stats.t.ppf(0.975, 23) * fit.result.se
    assert fit.result.ci_high - fit.result.ci_low == pytest.approx(2 * half)


def test_influence_equals_r():
    """R 4.2.2: glm(cbind(k, n - k) ~ z + d, quasibinomial); hatvalues, rstandard(type="pearson"), cooks.distance."""
    frame = pd.DataFrame({"town": list("ABCDEFGH"), "k": [3, 1, 4, 6, 0, 2, 5, 2], "n": [9, 4, 9, 8, 5, 9, 9, 6]})
    frame = frame.assign(d=[1] * 3 + [0] * 5, z=[2.1, 1.4, 0.7, 1.9, 1.2, 0.9, 0.4, 1.6])
    found = grouped_binomial(frame[::-1], "d", ["z"], "k", "n", unit="town").influence.set_index("town")
    assert list(found.index) == list("ABCDEFGH")
    ours = found.loc[["A", "D", "G"]].to_numpy()
    hat, residual = [0.627731895098, 0.446675941517, 0.494522439116], [-0.331277713323, 1.776559034276, 1.027162171556]
    distance = [0.061685281657, 0.849280279991, 0.344065320057]
    np.testing.assert_allclose(ours, np.column_stack([hat, residual, distance]), rtol=1e-6)


def test_a_label_held_part_of_the_time_counts_as_ever_treated():
    share = totals().merge(DYADS.groupby("geo", as_index=False).agg(leader_share=("leader", "mean")))
    assert grouped_binomial(share).result.n_treated == 6
    assert grouped_binomial(totals(), "ln_gdp_pc_pps", ("ln_population",)).result.n_treated == 27


def test_grouped_binomial_and_firth_interval_agree_when_status_is_fixed():
    """Not equal (one is penalised, and controls drift), but the same answer."""
    grouped = grouped_binomial(totals(), term="fixed").result
    firth = dispersion_interval(firth_logit(DYADS, term="fixed"))
    assert abs(grouped.estimate - firth.estimate) < 0.1 * firth.se
    assert grouped.se == pytest.approx(firth.se, rel=0.05)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda t: t.assign(n_participations=99), "n_participations"),
        (lambda t: t.assign(n_participations=0), "constant outcome"),
        (lambda t: t.assign(n_participations=0.5), "whole numbers"),
        (lambda t: t.assign(n_participations=t["fixed"] * t["n_possible"]), "separated"),
        (lambda t: pd.concat([t, t]), "one row per country"),
        (lambda t: t.head(4), "constant|need more|rank"),
    ],
)
def test_grouped_binomial_refuses(change, named):
    with pytest.raises(DesignError, match=named):
        grouped_binomial(change(totals()), term="fixed")


def blank(frame, column):
    return frame.assign(**{column: frame[column].astype(float).where(frame.index != 3)})


@pytest.mark.parametrize(
    ("change", "error", "named"),
    [
        (lambda f: blank(f, "ln_population"), DesignError, "ln_population: 1 missing"),
        (lambda f: blank(f, "leader"), DesignError, "leader: 1 missing"),
        (lambda f: f.assign(ln_population=np.inf), DesignError, "ln_population: 297 infinite"),
        (lambda f: f.assign(participates=1), DesignError, "participates: constant outcome"),
        (lambda f: f.assign(participates=2), DesignError, "participates: expected a boolean"),
        (lambda f: f.assign(leader=0), DesignError, "leader: constant treatment"),
        (lambda f: f.assign(ln_population=1.1), DesignError, "ln_population: rank deficient"),
        (lambda f: f.assign(ln_gdp_pc_pps=2 * f["ln_population"] + 1), DesignError, "ln_gdp_pc_pps: rank deficient"),
        (lambda f: f.assign(leader=f["ln_population"] * 3), DesignError, "leader: rank deficient"),
        (lambda f: f.assign(ln_population="big"), DesignError, "ln_population: expected numbers"),
        (lambda f: f[f["geo"] == "C01"], DesignError, "geo: only one country"),
        (lambda f: pd.concat([f, f.tail(1)]), DesignError, r"\(C27, P11\) appears more than once"),
        (lambda f: f.head(0), DesignError, "no rows"),
        (lambda f: f.drop(columns="leader"), DataError, "leader not found"),
        (lambda f: f.to_numpy(), DataError, "DataFrame"),
    ],
)
def test_degenerate_data_are_refused_with_the_column_named(change, error, named):
    with pytest.raises(error, match=named):
        firth_logit(change(DYADS))


@pytest.mark.parametrize(
    "arguments", [{"level": 95}, {"controls": "ln_population"}, {"controls": ("leader",)}, {"controls": (3,)}]
)
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(ParameterError):
        firth_logit(DYADS, **arguments)


def test_effects_refuse_other_data_and_continuous_exposure():
    fit = firth_logit(DYADS)
    with pytest.raises(ParameterError, match="not the data"):
        expected_participation(fit, DYADS.assign(leader=DYADS["fixed"]))
    with pytest.raises(ParameterError, match="rng"):
        average_marginal_effect(fit, DYADS, 5)
    continuous = firth_logit(DYADS, term="ln_gdp_pc_pps", controls=("ln_population",))
    assert continuous.result.scale == "log odds per unit" and continuous.result.n_treated == 27
    with pytest.raises(ParameterError, match="continuous"):
        average_marginal_effect(continuous, DYADS, np.random.default_rng(1))


def test_fewer_countries_than_parameters_have_no_dispersion():
    few = DYADS[DYADS["geo"].isin(DYADS.loc[DYADS["leader"] == 1, "geo"].unique()[-4:])]
    fit = firth_logit(few)
    assert fit.df == 0 and math.isnan(fit.dispersion)
    with pytest.raises(DesignError, match="need more"):
        dispersion_interval(fit)


BASE = firth_logit(DYADS)


@pytest.mark.dear
@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6))
def test_row_order_changes_nothing_at_all(seed):
    shuffled = DYADS.sample(frac=1, random_state=np.random.default_rng(seed))
    fit = firth_logit(shuffled)
    pd.testing.assert_frame_equal(fit.coefficients, BASE.coefficients, check_exact=True)
    assert fit.result == BASE.result and fit.dispersion == BASE.dispersion


@pytest.mark.dear
@settings(max_examples=5, deadline=None)
@given(st.permutations(sorted(DYADS["geo"].unique())))
def test_names_of_countries_do_not_matter(names):
    renamed = DYADS.assign(geo=DYADS["geo"].map(dict(zip(sorted(DYADS["geo"].unique()), names))))
    fit = firth_logit(renamed)
    np.testing.assert_allclose(fit.coefficients, BASE.coefficients, rtol=1e-7)
    assert fit.dispersion == pytest.approx(BASE.dispersion, rel=1e-9)


@pytest.mark.dear
@settings(max_examples=5, deadline=None)
@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6))
def test_units_of_population_and_gdp_do_not_matter(people, money):
    """A change of unit adds a constant to a logarithm: it moves the intercept only."""
    moved = DYADS.assign(
        ln_population=DYADS["ln_population"] + math.log(people), ln_gdp_pc_pps=DYADS["ln_gdp_pc_pps"] + math.log(money)
    )
    fit = firth_logit(moved)
    columns = ["estimate", "se", "ci_low", "ci_high", "p_value"]
    slopes = ["ln_population", "ln_gdp_pc_pps", "leader"]
    np.testing.assert_allclose(fit.coefficients.loc[slopes, columns], BASE.coefficients.loc[slopes, columns], rtol=1e-6)
    np.testing.assert_allclose(fit.predict(moved), BASE.predict(DYADS), rtol=1e-7)


def test_gdp_instead_of_population_is_the_same_model_for_the_leaders():
    """ln GDP = ln population + ln GDP per head in one price basis: the two parameterisations share the exposure."""
    other = DYADS.assign(ln_gdp=DYADS["ln_population"] + DYADS["ln_gdp_pc_pps"])
    fit = firth_logit(other, controls=("ln_gdp", "ln_gdp_pc_pps"))
    np.testing.assert_allclose(fit.coefficients.loc["leader"], BASE.coefficients.loc["leader"], rtol=1e-6)
    gap = BASE.coefficients.at["ln_gdp_pc_pps", "estimate"] - BASE.coefficients.at["ln_population", "estimate"]
    assert fit.coefficients.at["ln_gdp_pc_pps", "estimate"] == pytest.approx(gap, abs=1e-8)


def test_flipping_the_label_flips_the_sign():
    fit = firth_logit(DYADS.assign(leader=1 - DYADS["leader"]))
    ours, base = fit.result, BASE.result
    assert ours.estimate == pytest.approx(-base.estimate, abs=1e-9)
    assert (ours.ci_low, ours.ci_high) == pytest.approx((-base.ci_high, -base.ci_low), rel=1e-6)


def test_odds_ratio_is_the_exponential_with_the_same_p():
    ratio = as_odds_ratio(BASE.result)
    assert (ratio.ci_low, ratio.estimate, ratio.ci_high) == pytest.approx(
        tuple(math.exp(x) for x in (BASE.result.ci_low, BASE.result.estimate, BASE.result.ci_high))
    )
    assert ratio.p_value == BASE.result.p_value and ratio.scale == "odds ratio"
    assert (ratio.n_treated, ratio.n_countries, ratio.n_ipceis, ratio.n_dyads) == (6, 27, 11, 297)


@pytest.mark.dear
def test_dispersion_is_about_one_without_heterogeneity_and_more_with_it():
    def mean_phi(sd):
        sets = (made_up(np.random.default_rng(seed), n=20, k=8, sd=sd) for seed in range(10))
        fits = (firth_logit(dyads, profiles=False) for dyads in sets)
        return np.mean([fit.dispersion for fit in fits])

    assert mean_phi(0.0) == pytest.approx(1.0, abs=0.2)
    assert mean_phi(1.2) > 1.6


@pytest.mark.slow
def test_bias_is_smaller_than_that_of_maximum_likelihood():
    """The reason for the penalty: with few events maximum likelihood overstates, Firth does not."""
    import statsmodels.api as sm

    firth, likelihood = [], []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        frame = as_dyads(pd.DataFrame({"leader": np.repeat([0, 1], 20)}))
        frame["participates"] = rng.random(40) < expit(-0.8 + 1.0 * frame["leader"])
        if frame.groupby("leader")["participates"].nunique().min() < 2:
            continue
        firth.append(firth_logit(frame, controls=()).result.estimate)
        design = sm.add_constant(frame["leader"])
        likelihood.append(sm.Logit(frame["participates"].astype(float), design).fit(disp=0).params["leader"])
    assert abs(np.mean(firth) - 1.0) < abs(np.mean(likelihood) - 1.0)
    assert np.mean(firth) < np.mean(likelihood)
