"""The Newton core against R, statsmodels, closed forms and its own first-order condition, also on separated data."""

import numpy as np
import pytest
from reference.cases import expected, table, two_by_two

from innodivide.errors import DesignError
from innodivide.models.estimators.newton import maximise, one_maximum
from innodivide.models.estimators.null_logit import fitted_logits


def rng(seed=1):
    return np.random.default_rng(seed)


def with_ones(*columns):
    return np.column_stack([*columns, np.ones(len(columns[0]))])


def firth_score(x, y, beta):
    """Firth's modified score, written out for one fit."""
    p = 1 / (1 + np.exp(-x @ beta))
    information = x.T @ (x * (p * (1 - p))[:, None])
    h = p * (1 - p) * np.einsum("ij,jk,ik->i", x, np.linalg.inv(information), x)
    return x.T @ (y - p + h * (0.5 - p))


@pytest.mark.parametrize("cells", [(3, 7, 5, 12), (0, 6, 4, 9), (5, 0, 0, 8), (1, 0, 30, 40)])
def test_two_by_two_tables_have_the_closed_form(cells):
    frame = two_by_two(*cells)
    beta, inverse, _ = one_maximum("table", with_ones(frame["leader"]), frame["participates"].to_numpy(), firth=True)
    a, b, c, d = np.array(cells) + 0.5
    assert beta == pytest.approx([np.log(a * d / (b * c)), np.log(c / d)], abs=1e-10)
    groups = np.array(cells[:2]).sum(), np.array(cells[2:]).sum()
    wanted = sum(n_ / (hit * miss) for hit, miss, n_ in ((a, b, groups[0] + 1), (c, d, groups[1] + 1)))
    assert inverse[0, 0] == pytest.approx(wanted * (groups[0] + 1) / groups[0], rel=0.25)  # I has n, not n + 1


def test_endometrial_data_equal_brglm2():
    # NV is quasi-separated: maximum likelihood has no estimate (Heinze & Schemper 2002).
    frame, wanted = table("endometrial"), expected("endometrial")
    columns, names = frame[["PI", "EH", "NV"]].to_numpy(float), ["PI", "EH", "NV"]
    scale = columns.std(axis=0)
    x = with_ones((columns - columns.mean(axis=0)) / scale)
    beta, inverse, _ = one_maximum("endometrial", x, frame["HG"].to_numpy(), firth=True)
    assert beta[:3] / scale == pytest.approx(wanted.loc[names, "estimate"].to_numpy(), abs=1e-8)
    assert np.sqrt(inverse.diagonal()[:3]) / scale == pytest.approx(wanted.loc[names, "se"].to_numpy(), abs=1e-7)


@pytest.mark.parametrize("tail", ["student", "cauchy"])
def test_heavy_tailed_columns_settle_and_satisfy_firths_equation(tail):
    """Without halving the steps swing for ever, or leave the stage."""
    generator = rng(4)
    x = generator.standard_cauchy((60, 40, 3)) if tail == "cauchy" else generator.standard_t(1.2, (60, 40, 3))
    x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    x[:, :, 0] = 1
    y = (generator.random((60, 40)) < 0.4).astype(float)
    found = maximise(x, y, firth=True)
    assert found.converged.all()
    assert max(np.abs(firth_score(*fit)).max() for fit in zip(x, y, found.beta)) < 1e-8


def test_a_stack_is_its_fits_one_by_one_and_weights_are_repeated_rows():
    generator = rng(5)
    trials = generator.integers(1, 9, 30)
    hits = generator.binomial(trials, 0.4, (8, 30))
    x = np.concatenate([generator.normal(size=(8, 30, 2)), np.ones((8, 30, 1))], axis=2)
    for firth in (False, True):
        stack = maximise(x, hits, trials, firth=firth)
        for i in range(8):
            long = np.repeat(x[i], trials, axis=0)
            y = np.concatenate([np.repeat([1.0, 0.0], [a, b - a]) for a, b in zip(hits[i], trials)])
            alone = maximise(long, y, firth=firth)
            assert stack.beta[i] == pytest.approx(alone.beta[0], abs=1e-9)
            assert stack.value[i] == pytest.approx(alone.value[0], abs=1e-9)
            assert np.allclose(stack.inverse[i], alone.inverse[0], atol=1e-8)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_maximum_likelihood_equals_statsmodels(family):
    import statsmodels.api as sm

    generator = rng(8)
    x, m = with_ones(generator.normal(size=27), generator.normal(size=27)), generator.integers(4, 12, 27).astype(float)
    hits = generator.binomial(m.astype(int), 0.3).astype(float)
    held = generator.normal(0, 0.2, 27)
    beta, inverse, _ = one_maximum("model", x, hits, m, family=family, held=held)
    if family == "binomial":
        model = sm.GLM(np.column_stack([hits, m - hits]), x, family=sm.families.Binomial(), offset=held)
    else:
        model = sm.GLM(hits, x, family=sm.families.Poisson(), offset=np.log(m) + held)
    fit = model.fit(tol=1e-13, maxiter=100)
    assert beta == pytest.approx(fit.params, abs=1e-9)
    assert np.sqrt(inverse.diagonal()) == pytest.approx(fit.bse, abs=1e-8)


def test_separation_is_told_as_by_linear_programming():
    from firthmodels import detect_separation

    generator = rng(11)
    shared = generator.normal(size=16)
    y = (shared + generator.normal(0, 1, 16) > 0).astype(float)
    labels = [d for d in (generator.random((80, 16)) < 0.2).astype(float) if np.ptp(d) > 0]
    found = maximise(np.stack([with_ones(shared, d) for d in labels]), y)
    infinite = [bool(detect_separation(np.column_stack([shared, d]), y).separation) for d in labels]
    assert (~found.converged).tolist() == infinite and 10 < sum(infinite) < 70
    assert maximise(np.stack([with_ones(shared, d) for d in labels]), y, firth=True).converged.all()
    with pytest.raises(DesignError, match="separated: no finite maximum"):
        one_maximum("separated", with_ones(y), y)


def test_fitted_logits_tell_a_separated_outcome():
    x = with_ones(rng(2).normal(size=30))
    mu, converged = fitted_logits(x, np.vstack([rng(3).random(30) < 0.5, x[:, 0] > 0]))
    assert converged.tolist() == [True, False]
    assert np.abs(x.T @ ((rng(3).random(30) < 0.5) - mu[0])).max() < 1e-9
