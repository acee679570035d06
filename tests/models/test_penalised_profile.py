"""Profiles of the penalised likelihood: R on separated data with several maxima, checks of every end, collinearity."""

import math

import numpy as np
import pandas as pd
import pytest
from reference.cases import HERE, as_dyads, made_up, table
from scipy import stats
from scipy.special import expit

from innodivide.errors import DataError, DesignError
from innodivide.models.batch.stacked_logit import fit_stack
from innodivide.models.estimators.design import separation
from innodivide.models.estimators.firth import dispersion_interval, firth_logit
from innodivide.models.estimators.newton import maximise
from innodivide.models.estimators.penalised_profile import penalised_fit, penalised_maximum
from innodivide.models.estimators.priors import prior_sensitivity
from innodivide.models.inference.permutation import permutation_test
from innodivide.models.inference.power import minimum_detectable_odds_ratio

CUT = stats.chi2.ppf(0.95, 1)
SETS, NUMBERS = (pd.read_csv(HERE / "profiles" / f"{name}.csv") for name in ("separated", "profiles"))


def penalised(b: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    """Penalised log-likelihood, written again: log-likelihood + log|X'WX| / 2."""
    eta = x @ b
    weight = expit(eta) * expit(-eta)
    return -np.logaddexp(0, np.where(y == 1, -eta, eta)).sum() + np.linalg.slogdet((x * weight[:, None]).T @ x)[1] / 2


def one_set(name: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    rows = SETS[SETS["set"] == name].dropna(axis=1)
    terms = [column for column in rows if column.startswith("x")]
    return np.column_stack([rows[terms], np.ones(len(rows))]), rows["y"].to_numpy(dtype=float), terms


@pytest.mark.dear
@pytest.mark.parametrize("name", SETS["set"].unique())
def test_separated_sets_with_several_maxima_equal_r(name):
    x, y, terms = one_set(name)
    found = penalised_fit(x, y, 0.95, range(len(terms)))
    theirs = NUMBERS[NUMBERS["set"] == name].set_index("term").loc[terms]
    np.testing.assert_allclose(found.beta[:-1], theirs["estimate"], rtol=1e-3)
    np.testing.assert_allclose(found.ends, theirs[["ci_low", "ci_high"]], rtol=2e-4)
    np.testing.assert_allclose(found.p_value, theirs["p_value"], rtol=1e-4)


def random_set(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Up to 25 rows, one to three columns, separated as often as it happens."""
    r = np.random.default_rng(seed)
    while True:
        n, k = int(r.integers(8, 26)), int(r.integers(1, 4))
        x = np.column_stack(
            [*(r.normal(size=n) if r.random() < 0.5 else r.random(n) < 0.4 for _ in range(k)), np.ones(n)]
        )
        y = (r.random(n) < expit(x[:, :-1].sum(axis=1) * 2)).astype(float)
        if 0 < y.sum() < n and np.linalg.matrix_rank(x) == k + 1:
            return x, y


@pytest.mark.dear
@pytest.mark.parametrize("seed", range(12))
def test_every_end_is_at_the_cut_and_no_climb_from_elsewhere_is_higher(seed):
    x, y = random_set(seed)
    found, r = penalised_fit(x, y, 0.95), np.random.default_rng(seed)
    top = penalised(found.beta, x, y)
    for column, (low, high) in enumerate(found.ends):
        assert low < found.beta[column] < high
        outside = [low - q * (high - low) for q in (1e-3, 0.1, 0.5)] + [
            high + q * (high - low) for q in (1e-3, 0.1, 0.5)
        ]
        for value, at_end in [(low, True), (high, True), *((v, False) for v in outside)]:
            starts = r.normal(size=(12, x.shape[1])) * r.choice([0.3, 1, 4], size=(12, 1))
            starts[:, column] = value
            climbs = maximise(x, y, firth=True, start=starts, fixed=column, max_iter=200)
            assert (climbs.beta[:, column] == value).all()
            fall = 2 * (top - np.nanmax(climbs.value))
            assert fall > CUT - 1e-4 if not at_end else fall == pytest.approx(CUT, abs=1e-4) or fall > CUT


@pytest.mark.dear
@pytest.mark.parametrize("seed", range(12))
def test_the_maximum_without_profiles_is_that_with_them_where_data_are_not_separated(seed):
    x, y = random_set(seed)
    found = penalised_maximum(x, y)
    assert found.ends.shape == (0, 2) and found.p_value.shape == (0,)
    if not separation(x[:, :-1], y, ["x"] * (x.shape[1] - 1))[0]:
        both = penalised_fit(x, y, 0.95)
        np.testing.assert_allclose(found.beta, both.beta, atol=1e-7)
        np.testing.assert_allclose(found.inverse, both.inverse, rtol=1e-6)


@pytest.mark.dear
@pytest.mark.parametrize("effect", [0.0, 40.0])  # the second separates: the leaders take part in everything
def test_a_fit_without_profiles_has_the_same_estimates_and_no_interval(effect):
    dyads = made_up(np.random.default_rng(4), effect=effect)
    full, plain = firth_logit(dyads), firth_logit(dyads, profiles=False)
    for column in ("estimate", "se"):
        np.testing.assert_allclose(plain.coefficients[column], full.coefficients[column], atol=1e-6)
    assert plain.coefficients[["ci_low", "ci_high", "p_value"]].isna().all(axis=None)
    assert plain.result.ci_low is None and plain.result.p_value is None and plain.result.ci_level is None
    assert plain.separation_note == full.separation_note and bool(plain.separation_note) == (effect > 0)
    assert plain.dispersion == pytest.approx(full.dispersion, rel=1e-6)
    if not effect:
        ends = [[getattr(dispersion_interval(f), k) for k in ("ci_low", "ci_high", "p_value")] for f in (plain, full)]
        np.testing.assert_allclose(*ends, atol=1e-7)


@pytest.mark.dear
def test_the_climb_with_a_held_coefficient_is_the_constrained_maximum():
    """Against a fine grid over the one free coefficient."""
    x, y, _ = one_set("s217")
    held = maximise(x, y, firth=True, start=np.array([0.5, 0.0]), fixed=0)
    grid = np.linspace(-6, 6, 24001)
    best = max(penalised(np.array([0.5, b]), x, y) for b in grid)
    assert held.value[0] == pytest.approx(best, abs=1e-6) and held.beta[0, 0] == 0.5


@pytest.mark.dear
@pytest.mark.parametrize("distance", [1e-2, 1e-3, 1e-5, 1e-6])
def test_nearly_collinear_columns_are_fitted_and_named(distance):
    """population and a twin at a small distance are the same model as population and the distance itself."""
    frame, r = made_up(np.random.default_rng(3), 20, 6), np.random.default_rng(4)
    apart = np.repeat(r.normal(size=20), 6)
    frame = frame.assign(apart=apart, twin=frame["ln_population"] + distance * apart)
    plain, near = (firth_logit(frame, controls=("ln_population", c)) for c in ("apart", "twin"))
    columns = ["estimate", "se", "ci_low", "ci_high", "p_value"]
    np.testing.assert_allclose(
        near.coefficients.loc["leader", columns], plain.coefficients.loc["leader", columns], rtol=1e-5
    )
    scaled = near.coefficients.loc["twin", columns[:4]] * distance
    np.testing.assert_allclose(scaled, plain.coefficients.loc["apart", columns[:4]], rtol=1e-5)
    assert not plain.result.notes and "ln_population, twin: nearly collinear" in near.result.notes[0]
    assert near.result.separation is False and near.dispersion == pytest.approx(plain.dispersion, rel=1e-6)
    both = [permutation_test(frame, controls=("ln_population", c), n_permutations=99, rng=np.random.default_rng(1))
            for c in ("apart", "twin")]  # fmt: skip
    assert both[0].p_value == both[1].p_value and both[0].estimate == pytest.approx(both[1].estimate, rel=1e-5)


def test_a_stack_of_fits_takes_nearly_collinear_controls():
    r = np.random.default_rng(6)
    x, d = r.normal(size=(80, 2)), r.random((3, 80)) < 0.4
    y = (r.random(80) < 0.5).astype(float)
    twin = np.column_stack([x[:, 0], x[:, 0] + 1e-5 * x[:, 1]])
    for firth in (False, True):
        plain, near = (fit_stack(d.astype(float), c, y, np.ones(80), firth=firth) for c in (x, twin))
        assert (near.reason == "").all()
        np.testing.assert_allclose(near.estimate, plain.estimate, rtol=1e-6)
        np.testing.assert_allclose(near.standard_error, plain.standard_error, rtol=1e-6)


SEPARATED = table("dyads").assign(participates=lambda f: (f["leader"] == 1) | (f["participates"] == 1))


@pytest.mark.dear
def test_a_separating_label_has_a_profile_but_no_interval_by_dispersion():
    fit = firth_logit(SEPARATED)
    assert fit.result.separation and "leader" in fit.separation_note
    assert math.isfinite(fit.result.ci_high) and fit.result.ci_low < fit.result.estimate < fit.result.ci_high
    with pytest.raises(DesignError, match=r"separated data.*dispersion"):
        dispersion_interval(fit)
    with pytest.raises(DesignError, match="give phi or sd"):
        minimum_detectable_odds_ratio(SEPARATED, np.random.default_rng(1), n_sim=10, n_permutations=19)
    last = prior_sensitivity(SEPARATED, fit).iloc[-1]
    assert "no interval: " in last["note"] and math.isnan(last["ci_low"]) and last["odds_ratio"] > 1


def test_a_perfect_fit_gives_a_small_dispersion_and_not_nan():
    """Completely separated by a steep covariate: probabilities next to 0 and 1, where 1 - p would be rounded away."""
    x = np.repeat(np.concatenate([-np.arange(1, 9), np.arange(1, 9)]), 4) * 1000.0
    frame = as_dyads(pd.DataFrame({"leader": np.tile([0, 1], 32), "x": x, "participates": x > 0}))
    fit = firth_logit(frame.assign(geo=np.repeat([f"c{i}" for i in range(16)], 4), ipcei_id=np.tile(list("PQRS"), 16)),
                      controls=("x",))  # fmt: skip
    assert 0 <= fit.dispersion < 1 and fit.separation_note


@pytest.mark.parametrize("key", ["geo", "ipcei_id"])
def test_a_row_without_its_key_is_named(key):
    frame = made_up(np.random.default_rng(1))
    frame[key] = frame[key].where(frame.index != 4)
    for function in (firth_logit, permutation_test):
        with pytest.raises(DataError, match=f"dyads: {key} is missing in 1 of 60 rows, first in row 4"):
            function(frame)
