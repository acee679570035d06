"""Stacked fits and country-level inference against the same models fitted one by one, also on degenerate data."""

import numpy as np
import pytest
from reference.cases import made_up, table

from innodivide.errors import DesignError
from innodivide.indicators.panel import country_totals
from innodivide.models.batch import country_level
from innodivide.models.batch.stacked_logit import fit_stack
from innodivide.models.estimators.design import CONTROLS, build_design
from innodivide.models.estimators.firth import dispersion_interval, firth_logit
from innodivide.models.estimators.grouped import grouped_binomial
from innodivide.models.inference.few_clusters import lpm_clustered
from innodivide.models.inference.relabelling import country_orders

DYADS = table("dyads").sort_values(["geo", "ipcei_id"], ignore_index=True)
DYADS = DYADS.assign(ln_gdp=DYADS["ln_population"] + DYADS["ln_gdp_pc_pps"])
DYADS["score"] = np.random.default_rng(9).normal(size=len(DYADS))
DESIGN = build_design(DYADS, "leader", CONTROLS, "participates")
X, ONES = DYADS[list(CONTROLS)].to_numpy(), np.ones(len(DYADS))


def rng(seed=1):
    return np.random.default_rng(seed)


def permuted(r, column=None, seed=1):
    """Exposures of r random relabellings of the data; the first is the data."""
    values = DESIGN.to_matrix(DESIGN.d if column is None else column)
    orders = country_orders(rng(seed), r, len(values))
    orders[0] = np.arange(len(values))
    return values[orders].reshape(r, -1)


def firth(exposure, controls=X, y=DESIGN.y):
    return fit_stack(exposure, controls, y, np.ones(len(y)), firth=True)


@pytest.mark.dear
@pytest.mark.parametrize("column", ["leader", "score"])
def test_relabellings_equal_the_public_model(column):
    exposure = permuted(8, DYADS[column].to_numpy(float))
    found = firth(exposure)
    for i, d in enumerate(exposure):
        one = firth_logit(DYADS.assign(leader=d))
        row, slopes = one.coefficients.loc["leader"], one.coefficients["estimate"]
        assert [found.estimate[i], found.standard_error[i]] == pytest.approx([row["estimate"], row["se"]], rel=1e-7)
        linear = np.column_stack([X, d]) @ slopes.iloc[:-1] + slopes.iloc[-1]
        assert found.linear[i] == pytest.approx(linear, abs=1e-7)
    assert (found.reason == "").all()


def test_neither_the_size_of_a_stack_nor_the_merging_of_rows_matters(monkeypatch):
    exposure = permuted(50)
    found = firth(exposure)
    apart = firth(exposure, X + np.arange(len(X))[:, None] * 1e-13)  # rounding makes all rows distinct
    monkeypatch.setattr("innodivide.models.batch.stacked_logit.CELLS", 7 * len(X))
    for other in (apart, firth(exposure)):
        assert other.estimate == pytest.approx(found.estimate, abs=1e-8)
        assert other.standard_error == pytest.approx(found.standard_error, abs=1e-7)


def test_draws_that_cannot_be_fitted_say_why_and_leave_the_others_alone():
    exposure = permuted(5)
    exposure[1], exposure[2], exposure[3] = 1.0, X[:, 0], 2 * X[:, 1] - X[:, 0] + 3
    found = firth(exposure)
    assert list(found.reason[[1, 2, 3]]) == ["constant exposure"] + 2 * ["exposure determined by the columns before it"]
    assert np.isnan(found.estimate[1:4]).all() and np.isnan(found.linear[1:4]).all()
    assert found.estimate[[0, 4]] == pytest.approx(firth(exposure[[0, 4]]).estimate, abs=1e-9)
    nothing = firth(permuted(2), y=np.zeros(len(X)))
    assert (nothing.reason == "constant outcome").all() and np.isnan(nothing.estimate).all()
    separated = fit_stack(DESIGN.y[None], X, DESIGN.y, ONES)
    assert separated.reason[0].startswith("separated") and np.isfinite(firth(DESIGN.y[None]).estimate[0])
    with pytest.raises(DesignError, match="controls: rank deficient"):
        firth(exposure, np.column_stack([X, X[:, 0]]))


@pytest.mark.dear
@pytest.mark.parametrize("estimator", list(country_level.ESTIMATORS))
def test_country_level_estimators_equal_the_single_models(estimator):
    import statsmodels.api as sm

    single = {
        "firth": lambda frame: dispersion_interval(firth_logit(frame)),
        "quasi_binomial": lambda frame: grouped_binomial(country_totals(frame)).result,
        "lpm": lambda frame: lpm_clustered(frame, kind="CR2"),
    }
    shape = DESIGN.to_matrix(DESIGN.d).shape
    d = permuted(4, seed=6)
    found = country_level.ESTIMATORS[estimator](d.reshape(4, *shape), DESIGN.to_matrix(DESIGN.y), X.reshape(*shape, -1))
    low, high = found.interval(0.95)
    for i, row in enumerate(d):
        frame = DYADS.assign(leader=row > 0)
        if estimator == "poisson":
            totals = country_totals(frame)
            full = sm.add_constant(totals[["leader_share", *CONTROLS]])
            offset = np.log(totals["n_possible"])
            model = sm.GLM(totals["n_participations"], full, family=sm.families.Poisson(), offset=offset)
            fit = model.fit(tol=1e-13)
            phi = fit.pearson_chi2 / fit.df_resid
            wanted = (fit.params["leader_share"], fit.bse["leader_share"] * np.sqrt(phi))
            assert found.dispersion[i] == pytest.approx(phi, abs=1e-8)
        else:
            one = single[estimator](frame)
            unit = 100 if estimator == "lpm" else 1
            wanted = (one.estimate / unit, one.se / unit)
            assert found.p_value[i] == pytest.approx(one.p_value, abs=1e-7)
            assert [low[i], high[i]] == pytest.approx([one.ci_low / unit, one.ci_high / unit], abs=1e-6)
        assert [found.estimate[i], found.se[i]] == pytest.approx(wanted, abs=1e-7)


def test_too_few_countries_and_a_constant_outcome_have_a_reason():
    frame = made_up(rng(2), n=4, k=6)
    design = build_design(frame, "leader", (), "participates")
    d, y = design.to_matrix(design.d)[None], design.to_matrix(design.y)
    x = rng(3).normal(size=(4, 6, 2))
    assert country_level.firth(d, y, x).reason[0] == "no more countries than parameters"
    for estimator in country_level.ESTIMATORS.values():
        assert estimator(d, np.zeros_like(y), x[:, :, :1]).reason[0] == "constant outcome"
