"""Stacked fits against the same fits one by one, against R, statsmodels and closed forms, also on separated data."""

import numpy as np
import pytest
from reference.cases import expected, made_up, table, two_by_two

from innodivide.data import Tables
from innodivide.errors import DesignError, ParameterError
from innodivide.indicators.panel import country_totals, ipcei_dyads
from innodivide.models.batch import country_level, newton, stacked_logit
from innodivide.models.batch.stacked_logit import binomial_score_batch, firth_batch, ml_batch
from innodivide.models.batch.stacks import Stack, invert
from innodivide.models.estimators import engine
from innodivide.models.estimators.design import CONTROLS, build_design, null_fit
from innodivide.models.estimators.firth import dispersion_interval, firth_logit
from innodivide.models.estimators.grouped import grouped_binomial
from innodivide.models.estimators.lpm import cr2, least_squares
from innodivide.models.inference.few_clusters import lpm_clustered
from innodivide.models.inference.permutation import score_statistics
from innodivide.models.inference.relabelling import country_orders

TABLES = Tables()

DYADS = ipcei_dyads(TABLES).sort_values(["geo", "ipcei_id"]).reset_index(drop=True)
DESIGN = build_design(DYADS, "leader", CONTROLS, "participates")
X = DYADS[list(CONTROLS)].to_numpy()


def rng(seed=1):
    return np.random.default_rng(seed)


def permuted(r, column=None, seed=1):
    """Exposures of r random relabellings of the real data; the first is the data."""
    values = DESIGN.to_matrix(DESIGN.d if column is None else column)
    orders = country_orders(rng(seed), r, 27)
    orders[0] = np.arange(27)
    return values[orders].reshape(r, -1)


def one_by_one(exposure, controls, y):
    """Coefficients and standard errors of one fit after the other: firthmodels, then steps to the last digit."""
    out = np.full((2, len(exposure), controls.shape[1] + 2), np.nan)
    for i, d in enumerate(exposure):
        columns, outcome = np.column_stack([controls, d]), y if y.ndim == 1 else y[i]
        if np.ptp(d) == 0 or np.ptp(outcome) == 0:
            continue
        center, scale = columns.mean(axis=0), columns.std(axis=0)
        standard = (columns - center) / scale
        model = engine.fit_firth(standard, outcome)
        beta = engine.polish(standard, outcome, np.append(model.coef_, model.intercept_))
        back = engine.back_transform(center, scale)
        variance = back @ engine.inverse_information(standard, beta) @ back.T
        out[:, i] = back @ beta, np.sqrt(variance.diagonal())
    return out


def same(found, wanted, tol=1e-7):
    """Largest difference, relative where the number exceeds one; both NaN is the same."""
    assert np.array_equal(np.isnan(found), np.isnan(wanted))
    gap = np.abs(found - wanted) / np.maximum(1, np.abs(wanted))
    assert np.nanmax(gap) < tol, np.nanmax(gap)
    return True


# ---- Firth -----------------------------------------------------------------------------------------------------------
def test_real_relabellings_equal_the_loop():
    exposure = permuted(300)
    found = firth_batch(exposure, X, DESIGN.y, log_likelihood=True)
    estimate, se = one_by_one(exposure, X, DESIGN.y)
    assert same(found.coefficients, estimate) and same(found.standard_errors, se)
    for i in range(4):  # and the public model
        fit = firth_logit(DYADS.assign(leader=exposure[i])).coefficients
        assert same(found.coefficients[i], fit["estimate"].to_numpy())
        assert same(found.standard_errors[i], fit["se"].to_numpy())
    assert np.array_equal(found.estimate, found.coefficients[:, 2]) and found.converged.all() and found.n_fallback == 0
    from firthmodels import FirthLogisticRegression

    for i in range(5):
        model = FirthLogisticRegression(max_iter=200).fit(np.column_stack([X, exposure[i]]), DESIGN.y)
        assert found.log_likelihood[i] == pytest.approx(model.loglik_, abs=1e-6)


def test_chunks_do_not_matter():
    exposure = permuted(150)
    whole = firth_batch(exposure, X, DESIGN.y)
    for chunk in (1, 64, 149, 1000):
        assert same(firth_batch(exposure, X, DESIGN.y, chunk=chunk).coefficients, whole.coefficients, 1e-8)


def test_rows_that_are_alike_are_merged_without_effect():
    # Rounding of a last digit in the controls makes all rows distinct and leaves the data as they are.
    exposure = permuted(20)
    apart = X + np.arange(len(X))[:, None] * 1e-13
    assert len(np.unique(X, axis=0)) < len(np.unique(apart, axis=0))
    found, other = firth_batch(exposure, X, DESIGN.y), firth_batch(exposure, apart, DESIGN.y)
    assert same(found.coefficients, other.coefficients) and same(found.standard_errors, other.standard_errors)


def test_continuous_exposure_and_outcomes_of_their_own():
    generator = rng(3)
    exposure = permuted(15, 100 * DYADS["ln_gdp"].to_numpy())
    y = (generator.random((15, len(X))) < 0.3).astype(float)
    for outcome in (DESIGN.y, y):
        estimate, se = one_by_one(exposure, X, outcome)
        found = firth_batch(exposure, X, outcome)
        assert same(found.coefficients, estimate) and same(found.standard_errors, se)


def test_two_exposures_equal_a_model_with_the_other_as_control():
    first, second = permuted(6), permuted(6, DYADS["ln_gdp"].to_numpy(), seed=2)
    found = firth_batch(np.stack([first, second], axis=2), X, DESIGN.y, log_likelihood=True)
    for i in range(6):
        single = firth_batch(second[[i]], np.column_stack([X, first[i]]), DESIGN.y, log_likelihood=True)
        assert same(found.coefficients[i], single.coefficients[0]) and found.n_exposures == 2
        assert same(found.standard_errors[i], single.standard_errors[0])
        assert found.log_likelihood[i] == pytest.approx(single.log_likelihood[0], abs=1e-8)


def test_trials_equal_single_rows():
    generator = rng(5)
    trials = generator.integers(1, 9, 30)
    hits = generator.binomial(trials, 0.4)
    x, exposure = generator.normal(size=(30, 2)), (generator.random((8, 30)) < 0.3).astype(float)
    y = np.concatenate([np.repeat([1.0, 0.0], [a, b - a]) for a, b in zip(hits, trials)])
    found = firth_batch(exposure, x, hits, trials, log_likelihood=True)
    other = firth_batch(np.repeat(exposure, trials, axis=1), np.repeat(x, trials, axis=0), y, log_likelihood=True)
    assert same(found.coefficients, other.coefficients) and same(found.log_likelihood, other.log_likelihood)


@pytest.mark.parametrize("n", [8, 14, 25])
def test_separated_and_quasi_separated_draws_equal_the_loop(n):
    from firthmodels import detect_separation

    generator = rng(n)
    x = generator.normal(size=(n, 1))
    y = (x[:, 0] + generator.normal(0, 0.7, n) > 0).astype(float)
    exposure = (generator.random((60, n)) < 0.25).astype(float)
    exposure[0], exposure[1] = y, np.where(np.arange(n) == np.flatnonzero(y)[0], 1.0, 0.0)  # complete and quasi
    infinite = [np.ptp(d) > 0 and detect_separation(np.column_stack([x, d]), y).separation for d in exposure]
    assert sum(infinite) >= 4, "the cases must hold separated draws"
    estimate, se = one_by_one(exposure, x, y)
    found = firth_batch(exposure, x, y)
    assert same(found.coefficients, estimate) and same(found.standard_errors, se)
    assert (found.converged == (found.reason == "")).all()


def test_two_by_two_tables_have_the_closed_form():
    for cells in ((3, 7, 5, 12), (0, 6, 4, 9), (5, 0, 0, 8), (1, 0, 30, 40)):
        frame = two_by_two(*cells)
        found = firth_batch(frame[["leader"]].to_numpy().T, np.empty((len(frame), 0)), frame["participates"])
        a, b, c, d = np.array(cells) + 0.5
        assert found.estimate[0] == pytest.approx(np.log(a * d / (b * c)), abs=1e-8)
        assert found.coefficients[0, 1] == pytest.approx(np.log(c / d), abs=1e-8)


def test_endometrial_data_equal_brglm2():
    # NV is quasi-separated: maximum likelihood has no estimate (Heinze & Schemper 2002).
    frame, wanted = table("endometrial"), expected("endometrial")
    found = firth_batch(frame[["NV"]].to_numpy().T, frame[["PI", "EH"]].to_numpy(), frame["HG"])
    for place, name in enumerate(["PI", "EH", "NV"]):
        assert found.coefficients[0, place] == pytest.approx(wanted.at[name, "estimate"], abs=1e-6)
        assert found.standard_errors[0, place] == pytest.approx(wanted.at[name, "se"], abs=1e-6)


def test_draws_that_cannot_be_fitted_say_why_and_leave_the_others_alone():
    exposure = permuted(5)
    exposure[1], exposure[2], exposure[3] = 1.0, X[:, 0], 2 * X[:, 1] - X[:, 0] + 3
    found = firth_batch(exposure, X, DESIGN.y)
    assert list(found.reason[[1, 2, 3]]) == ["constant exposure"] + 2 * ["exposure determined by the columns before it"]
    assert np.isnan(found.coefficients[1:4]).all() and not found.converged[1:4].any()
    assert same(found.coefficients[[0, 4]], firth_batch(exposure[[0, 4]], X, DESIGN.y).coefficients)
    y = np.vstack([DESIGN.y, np.zeros_like(DESIGN.y), np.ones_like(DESIGN.y)])
    found = firth_batch(permuted(3), X, y)
    assert list(found.reason) == ["", "constant outcome", "constant outcome"]
    everything = firth_batch(permuted(2), X, np.zeros(len(X)))
    assert (everything.reason == "constant outcome").all() and np.isnan(everything.coefficients).all()


def test_steps_that_lower_the_penalised_likelihood_are_halved(monkeypatch):
    # Heavy-tailed columns: without halving the iterations leave the stage.
    generator = rng(4)
    x, exposure = generator.standard_cauchy((30, 2)), generator.standard_cauchy((100, 30))
    y = (generator.random((100, 30)) < 0.5).astype(float)
    halved, move = [], newton.maximise.__globals__["_Iterate"].move

    def watch(self, at, worse, slow, reach):
        halved.append(int(worse.sum()))
        return move(self, at, worse, slow, reach)

    monkeypatch.setattr(newton.maximise.__globals__["_Iterate"], "move", watch)
    found = firth_batch(exposure, x, y, log_likelihood=True)
    assert sum(halved) > 0 and found.converged.all()
    # At a maximum the penalised likelihood is higher than anywhere near it.
    columns = np.concatenate([np.broadcast_to(x, (100, 30, 2)), exposure[..., None], np.ones((100, 30, 1))], axis=2)

    def penalised(beta):
        eta = np.einsum("rnk,rk->rn", columns, beta)
        p = np.clip(1 / (1 + np.exp(-np.clip(eta, -500, 500))), 1e-300, 1 - 1e-16)
        information = np.einsum("rnk,rn,rnl->rkl", columns, p * (1 - p), columns)
        return np.log(np.where(y == 1, p, 1 - p)).sum(axis=1) + np.linalg.slogdet(information)[1] / 2

    top = penalised(found.coefficients)
    assert np.allclose(top, found.log_likelihood, atol=1e-8)
    for direction in np.vstack([np.eye(4), -np.eye(4)]):
        assert (penalised(found.coefficients + 1e-3 * direction * found.standard_errors) < top).all()


def test_what_does_not_converge_goes_to_the_single_fit_engine(monkeypatch):
    exposure = permuted(6)
    wanted = firth_batch(exposure, X, DESIGN.y, log_likelihood=True)
    original = newton.maximise
    monkeypatch.setattr(
        stacked_logit, "maximise", lambda *args, **options: original(*args, **{**options, "max_iter": 1})
    )
    found = firth_batch(exposure, X, DESIGN.y, log_likelihood=True)
    assert found.n_fallback == 6 and found.converged.all()
    for name in ("coefficients", "standard_errors", "log_likelihood"):
        assert same(getattr(found, name), getattr(wanted, name))


@pytest.mark.parametrize(
    "change, error",
    [
        ({"exposure": np.zeros(297)}, ParameterError),
        ({"controls": X[:5]}, ParameterError),
        ({"y": np.full(297, 2.0)}, DesignError),
        ({"y": np.full(297, 0.5)}, DesignError),
        ({"y": np.where(np.arange(297) == 3, np.nan, DESIGN.y)}, DesignError),
        ({"controls": np.column_stack([X, X[:, 0]])}, DesignError),
        ({"trials": np.zeros(297)}, DesignError),
        ({"chunk": 0}, ParameterError),
    ],
)
def test_misuse_is_named(change, error):
    arguments = {"exposure": permuted(2), "controls": X, "y": DESIGN.y} | change
    with pytest.raises(error, match=next(iter(change))):
        firth_batch(**arguments)


# ---- score tests -----------------------------------------------------------------------------------------------------
def test_scores_equal_the_permutation_test_and_do_not_depend_on_grouping():
    exposure = permuted(200)
    found = binomial_score_batch(exposure, X, DESIGN.y)
    assert np.allclose(found, score_statistics(DESIGN, null_fit(DESIGN), exposure), atol=1e-10)
    fixed = ipcei_dyads(TABLES, 2020, controls=2019)
    totals = country_totals(fixed)
    labels = totals["leader_share"].to_numpy()[country_orders(rng(), 50, 27)]
    columns = fixed.sort_values(["geo", "ipcei_id"])[list(CONTROLS)].to_numpy()
    y = fixed.sort_values(["geo", "ipcei_id"])["participates"].to_numpy(dtype=float)
    grouped = binomial_score_batch(labels, columns[::11], totals["n_participations"], totals["n_possible"])
    assert np.allclose(grouped, binomial_score_batch(np.repeat(labels, 11, axis=1), columns, y), atol=1e-9)


def test_score_of_the_firth_null_exists_where_the_other_does_not():
    x = np.arange(12.0)[:, None]
    y = (x[:, 0] > 5).astype(float)
    exposure = np.vstack([(rng(2).random((5, 12)) < 0.4).astype(float), x.T])
    with pytest.raises(DesignError, match="separate"):
        binomial_score_batch(exposure, x, y)
    found = binomial_score_batch(exposure, x, y, null="firth")
    assert np.isfinite(found[:5]).all() and np.isinf(found[5]), "a control as exposure cannot be judged"
    with pytest.raises(ParameterError, match="null"):
        binomial_score_batch(exposure, x, y, null="none")
    # With no control the Firth null is mu = (events + 1/2) / (n + 1): the score has a closed form.
    y, d = np.array([1.0, 1, 0, 0, 0, 0]), np.array([[1.0, 0, 1, 0, 0, 0]])
    mu = 2.5 / 7
    residual = y - mu + (0.5 - mu) / 6
    wanted = d[0] @ residual / np.sqrt(mu * (1 - mu) * 6 * d.var())
    assert binomial_score_batch(d, np.empty((6, 0)), y, null="firth")[0] == pytest.approx(wanted, abs=1e-9)


# ---- maximum likelihood and country-level inference ------------------------------------------------------------------
@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_maximum_likelihood_equals_statsmodels(family):
    import statsmodels.api as sm

    totals = country_totals(DYADS)
    x, hits = totals[list(CONTROLS)].to_numpy(), totals["n_participations"].to_numpy(dtype=float)
    trials = totals["n_possible"].to_numpy(dtype=float)
    exposure = totals["leader_share"].to_numpy()[country_orders(rng(8), 20, 27)]
    found = ml_batch(exposure, x, hits, trials, family)
    assert found.converged.all()
    for i in range(20):
        full = np.column_stack([x, exposure[i], np.ones(27)])
        if family == "binomial":
            model = sm.GLM(np.column_stack([hits, trials - hits]), full, family=sm.families.Binomial())
        else:
            model = sm.GLM(hits, full, family=sm.families.Poisson(), offset=np.log(trials))
        fit = model.fit(tol=1e-13, maxiter=100)
        assert same(found.coefficients[i], fit.params) and same(found.standard_errors[i], fit.bse)


def test_separation_is_told_as_by_linear_programming():
    from firthmodels import detect_separation

    generator = rng(11)
    x = generator.normal(size=(16, 1))
    y = (x[:, 0] + generator.normal(0, 1, 16) > 0).astype(float)
    exposure = (generator.random((80, 16)) < 0.2).astype(float)
    found = ml_batch(exposure, x, y)
    for i, d in enumerate(exposure):
        if np.ptp(d) > 0:
            infinite = detect_separation(np.column_stack([x, d]), y).separation
            assert found.reason[i].startswith("separated") == bool(infinite)
    assert 10 < sum(reason.startswith("separated") for reason in found.reason) < 70


def stacks():
    """Exposures, outcome and controls as countries x IPCEIs, with the frames they stand for."""
    orders = country_orders(rng(6), 4, 27)
    orders[0] = np.arange(27)
    d = DESIGN.to_matrix(DESIGN.d)[orders]
    frames = [DYADS.assign(leader=row.ravel() > 0) for row in d]
    return d, DESIGN.to_matrix(DESIGN.y), X.reshape(27, 11, 2), frames


@pytest.mark.parametrize("estimator", list(country_level.ESTIMATORS))
def test_country_level_estimators_equal_the_single_models(estimator):
    import statsmodels.api as sm

    single = {
        "firth": lambda frame: dispersion_interval(firth_logit(frame)),
        "quasi_binomial": lambda frame: grouped_binomial(country_totals(frame)).result,
        "lpm": lambda frame: lpm_clustered(frame, kind="CR2"),
    }
    d, y, x, frames = stacks()
    found = country_level.ESTIMATORS[estimator](d, y, x)
    low, high = found.interval(0.95)
    for i, frame in enumerate(frames):
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


def test_cr2_of_a_country_that_alone_carries_the_label_uses_the_generalised_inverse():
    frame = made_up(rng(2), n=10, k=4)
    frame["leader"] = (frame["geo"] == frame["geo"].iloc[0]).astype(int)
    design = build_design(frame, "leader", ("ln_population",), "participates")
    variance, df, singular = cr2(least_squares(design), design.geo)
    x = design.controls.reshape(10, 4, 1)
    found = country_level.linear(design.to_matrix(design.d)[None], design.to_matrix(design.y), x)
    assert singular == 1
    assert [found.se[0] ** 2, found.df[0]] == pytest.approx([variance, df], abs=1e-10)


# ---- arithmetic ------------------------------------------------------------------------------------------------------
def test_inverses_and_sums_equal_numpy():
    generator = rng(9)
    columns = generator.normal(size=(7, 40, 5))
    matrices = np.einsum("rna,rnb->rab", columns, columns)
    inverse, log_determinant, pivot = invert(np.moveaxis(matrices, 0, 2))
    assert np.allclose(np.moveaxis(inverse, 2, 0), np.linalg.inv(matrices))
    assert np.allclose(log_determinant, np.linalg.slogdet(matrices)[1]) and (pivot > 0.3).all()
    columns[0, :, 4] = columns[0, :, 1] - columns[0, :, 2]
    assert invert(np.einsum("rna,rnb->abr", columns, columns))[2][0] == 0
    z, d, w = columns[0, :, :2], generator.normal(size=(2, 6, 40)), generator.random((6, 40))
    stack = Stack(z, d, w, w)
    full = np.concatenate([np.broadcast_to(z, (6, 40, 2)), np.moveaxis(d, 0, 2)], axis=2)
    spare = np.empty((6, 40))
    information = stack.information(w, spare)
    assert np.allclose(np.moveaxis(information, 2, 0), np.einsum("rna,rn,rnb->rab", full, w, full))
    inverse = invert(information)[0]
    forms = np.einsum("rna,abr,rnb->rn", full, inverse, full)
    assert np.allclose(stack.forms(inverse, np.empty((6, 40)), spare), forms)
    beta = generator.normal(size=(4, 6))
    assert np.allclose(stack.linear(beta, np.empty((6, 40)), spare), np.einsum("rna,ar->rn", full, beta))
    assert np.allclose(stack.against(w), np.einsum("rna,rn->ar", full, w))
