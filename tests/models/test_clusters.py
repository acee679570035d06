"""Cluster-robust linear probability model and wild cluster bootstrap against R, Python libraries and plain loops."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from reference.cases import HERE, made_up, table

from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.models.estimators.design import build_design
from innodivide.models.estimators.lpm import cr2, least_squares
from innodivide.models.inference.few_clusters import (
    _all_signs,
    _bootstrap_t,
    _draw,
    lpm_clustered,
    wild_cluster_bootstrap,
)

R = pd.read_csv(HERE / "clusters" / "expected.csv").set_index(["dataset", "model", "quantity"])["value"].sort_index()
LIBRARIES = pd.read_csv(HERE / "clusters" / "libraries.csv").set_index(["topic", "quantity"])["value"].sort_index()
FRAMES = {"dyads": table("dyads"), "few": table("clusters/few"), "near": table("clusters/near")}
CONTROLS = {
    ("dyads", "leader"): ("ln_population", "ln_gdp_pc_pps"),
    ("dyads", "fixed"): ("ln_population", "ln_gdp_pc_pps"),
    ("dyads", "ln_gdp_pc_pps"): ("ln_population",),
    ("few", "leader"): ("size",),
    ("near", "leader"): ("ln_population", "almost"),
}
MODELS = [model for model in CONTROLS if model[0] != "near"]
DYADS, FEW = FRAMES["dyads"], FRAMES["few"]


def rng(seed=1):
    return np.random.default_rng(seed)


def fit(model, **arguments):
    return lpm_clustered(FRAMES[model[0]], model[1], CONTROLS[model], **arguments)


def few(**arguments):
    return wild_cluster_bootstrap(FEW, controls=("size",), **arguments)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("arguments", "quantity"), [({"kind": "CR1"}, "cr1"), ({"kind": "CR1"}, "cr1s"), ({"kind": "CR2"}, "cr2")]
)
def test_standard_errors_equal_r(model, arguments, quantity):
    result = fit(model, **arguments)
    assert result.estimate == pytest.approx(100 * R[(*model, "estimate")], rel=1e-9)
    assert result.se == pytest.approx(100 * R[(*model, quantity)], rel=1e-9)
    assert result.scale.startswith("percentage points")


@pytest.mark.parametrize("model", MODELS)
def test_satterthwaite_p_and_degrees_of_freedom_equal_clubsandwich(model):
    result = fit(model, kind="CR2")
    assert result.p_value == pytest.approx(R[(*model, "cr2_p")], rel=1e-8)
    assert f"{R[(*model, 'cr2_df')]:.2f} Satterthwaite" in result.ci_kind


def test_satterthwaite_degrees_of_freedom_fall_with_the_number_of_treated_clusters():
    assert R["few", "leader", "cr2_df"] < 4
    assert any("degrees of freedom" in note for note in fit(("few", "leader"), kind="CR2").notes)
    assert not any("degrees of freedom" in note for note in fit(("dyads", "leader"), kind="CR2").notes)


@pytest.mark.parametrize("model", [("dyads", "leader"), ("dyads", "fixed"), ("few", "leader")])
def test_two_way_with_own_factors_equals_sandwich(model):
    result = fit(model, kind="two-way")
    assert result.se == pytest.approx(100 * R[(*model, "two_own")], rel=1e-9)
    assert "each G/(G-1)" in result.se_kind


@pytest.mark.parametrize("model", [("dyads", "ln_gdp_pc_pps")])
def test_a_negative_two_way_variance_is_an_error(model):
    """R returns a negative variance there, and NaN as its root."""
    assert R[(*model, "two_none_variance")] < 0
    with pytest.raises(DesignError, match="variance of the estimate is negative"):
        fit(model, kind="two-way")


def test_cr1_p_and_interval_equal_pyfixest_and_statsmodels():
    result = fit(("dyads", "leader"))
    assert result.se == pytest.approx(100 * LIBRARIES["dyads", "sm_cr1"], rel=1e-8)
    assert result.p_value == pytest.approx(LIBRARIES["dyads", "cr1_p"], rel=1e-6)
    assert result.ci_low == pytest.approx(100 * LIBRARIES["dyads", "sm_low"], rel=1e-6)


@pytest.mark.parametrize(("kind", "quantity"), [("CR1", "cr1"), ("CR2", "cr2")])
def test_near_collinearity_keeps_its_digits(kind, quantity):
    """A correlation of 1 - 1e-10: R's own two routes to CR1 agree to 2e-6 here."""
    model = ("near", "leader")
    result = fit(model, kind=kind)
    assert result.estimate == pytest.approx(100 * R[(*model, "estimate")], rel=1e-5)
    assert result.se == pytest.approx(100 * R[(*model, quantity)], rel=1e-5)


@pytest.mark.parametrize("kind", ["CR1", "CR2", "two-way"])
def test_what_must_not_matter_does_not(kind):
    first = fit(("dyads", "leader"), kind=kind)
    assert lpm_clustered(DYADS.sample(frac=1, random_state=1), kind=kind) == first
    other = DYADS.assign(
        ln_population=DYADS["ln_population"] * 40 - 7, ipcei_id=DYADS["ipcei_id"].str.replace("P", "Z")
    )
    moved = lpm_clustered(other, kind=kind)
    assert (moved.estimate, moved.se, moved.p_value) == pytest.approx(
        (first.estimate, first.se, first.p_value), rel=1e-9
    )
    opposite = lpm_clustered(DYADS.assign(leader=1 - DYADS["leader"]), kind=kind)
    assert (opposite.estimate, opposite.se) == pytest.approx((-first.estimate, first.se), rel=1e-9)


def test_any_clusters_in_any_order_equal_r():
    """The stacked CR2 on clusters that are not blocks of rows (IPCEIs), and on dyads of their own (HC2)."""
    import statsmodels.api as sm

    design = build_design(DYADS, "leader", CONTROLS["dyads", "leader"], "participates")
    fitted, unit = least_squares(design), np.arange(len(DYADS))
    basis, residual = np.repeat(fitted.q[None], 2, axis=0), np.vstack([fitted.residual, 2 * fitted.residual])
    variance, df, singular = cr2(basis, residual, design.ipcei)
    assert np.sqrt(variance * (fitted.a @ fitted.a)) == pytest.approx(
        R["dyads", "leader", "cr2_ipcei"] * np.array([1, 2]), rel=1e-9
    )
    assert df == pytest.approx(R["dyads", "leader", "cr2_ipcei_df"], rel=1e-8) and not singular.any()
    x = sm.add_constant(DYADS[["ln_population", "ln_gdp_pc_pps", "leader"]])
    theirs = sm.OLS(DYADS["participates"], x).fit(cov_type="HC2").bse["leader"]
    assert np.sqrt(cr2(basis[:1], residual[:1], unit)[0][0] * (fitted.a @ fitted.a)) == pytest.approx(theirs, rel=1e-9)


def test_a_cluster_that_determines_a_control_alone_uses_the_generalised_inverse():
    """Dropping that cluster and its dummy leaves the estimate, and CR2, as they are."""
    dummy = FEW.assign(only=(FEW["geo"] == "D").astype(int))
    result = lpm_clustered(dummy, controls=("size", "only"), kind="CR2")
    without = lpm_clustered(FEW[FEW["geo"] != "D"], controls=("size",), kind="CR2")
    assert (result.estimate, result.se) == pytest.approx((without.estimate, without.se), rel=1e-9)
    assert result.p_value == pytest.approx(without.p_value, rel=1e-8)
    assert any("generalised inverse" in note for note in result.notes)


def cr1_factor(fitted, n_clusters):
    n, k = fitted.q.shape
    return n_clusters / (n_clusters - 1) * (n - 1) / (n - k)


def test_enumerated_wild_bootstrap_equals_a_loop_in_r():
    result = few()
    assert result.p_value == pytest.approx(R["few", "wild", "p"], abs=1e-12)
    assert result.estimate / result.se == pytest.approx(R["few", "wild", "t"], rel=1e-9)
    assert "all 2^6 Rademacher" in result.p_kind and result.seed is None
    design = build_design(FEW, "leader", ("size",), "participates")
    fitted = least_squares(design)
    stars, observed = _bootstrap_t(0.0, fitted, design.geo, _all_signs(6))
    factor = cr1_factor(fitted, 6) ** 0.5
    assert observed / factor == pytest.approx(R["few", "wild", "t"], rel=1e-9)
    assert 2 * np.abs(stars).sum() / factor == pytest.approx(R["few", "wild", "sum_abs_t"], rel=1e-9)


@pytest.mark.dear
@pytest.mark.parametrize("kind", ["rademacher", "webb"])
def test_random_wild_bootstrap_equals_wildboottest(kind):
    """Two Monte Carlo runs, 99,999 and 9,999 draws: p within four standard errors of their difference."""
    result = wild_cluster_bootstrap(DYADS, weights=kind, rng=rng(3))
    theirs = LIBRARIES["dyads", f"wild_p_{kind}"]
    assert result.estimate / result.se == pytest.approx(LIBRARIES["dyads", f"wild_t_{kind}"], rel=1e-9)
    assert result.p_value == pytest.approx(theirs, abs=4 * (theirs * (1 - theirs) * 1.1 / 9999) ** 0.5)
    assert f"9999 random {kind.title()}" in result.p_kind and result.seed == 3
    design = build_design(DYADS, "leader", CONTROLS["dyads", "leader"], "participates")
    fitted = least_squares(design)
    draws = _draw(rng(4), kind, 20000, 27)
    points = {"rademacher": [1, 1], "webb": [0.5, 0.5, 1, 1, 1.5, 1.5]}[kind]  # squared, one for each point
    assert np.sort(np.unique(draws) ** 2).tolist() == pytest.approx(points)
    assert abs(draws.mean()) < 0.01 and (draws**2).mean() == pytest.approx(1, abs=0.01)
    stars = _bootstrap_t(0.0, fitted, design.geo, draws)[0]
    spread = stars.std() / cr1_factor(fitted, 27) ** 0.5
    assert spread == pytest.approx(LIBRARIES["dyads", f"wild_sd_{kind}"], rel=0.02)


def plain_p(value):
    """P-value of a coefficient `value` by least squares and explicit cluster sums for each of the 64 sign vectors."""
    frame = FEW.sort_values(["geo", "ipcei_id"])
    z = np.column_stack([np.ones(len(frame)), frame["size"]])
    x, y, d = np.column_stack([z, frame["leader"]]), frame["participates"].to_numpy(float), frame["leader"].to_numpy()
    codes, bread = pd.factorize(frame["geo"])[0], np.linalg.inv(x.T @ x)

    def t(outcome):
        b = np.linalg.lstsq(x, outcome, rcond=None)[0]
        sums = [x[codes == g].T @ (outcome - x @ b)[codes == g] for g in range(6)]
        return (b[2] - value) / (bread @ sum(np.outer(s, s) for s in sums) @ bread)[2, 2] ** 0.5

    gamma = np.linalg.lstsq(z, y - value * d, rcond=None)[0]
    base, left = z @ gamma + value * d, y - value * d - z @ gamma
    stars = [t(base + np.array(signs)[codes] * left) for signs in product((-1, 1), repeat=6)]
    return np.mean(np.abs(stars) >= abs(t(y)) * (1 - 1e-9))


def test_the_interval_holds_what_the_test_does_not_reject():
    result = few(level=0.8)
    assert plain_p(0.0) == pytest.approx(result.p_value)
    for end, inward in ((result.ci_low, 1), (result.ci_high, -1)):
        assert plain_p(end / 100 + inward * 1e-6) > 0.2 >= plain_p(end / 100 - inward * 1e-6)


def test_the_interval_is_infinite_where_no_value_can_be_rejected():
    five = FEW[FEW["geo"] != "F"]
    result = wild_cluster_bootstrap(five, controls=("size",))
    assert (result.ci_low, result.ci_high) == (-np.inf, np.inf)
    assert any("cannot be below 0.0625" in note for note in result.notes)


def test_the_same_generator_gives_the_same_record():
    runs = [wild_cluster_bootstrap(DYADS, weights="webb", n_boot=199, rng=rng(9)) for _ in range(2)]
    assert runs[0] == runs[1]
    shuffled = wild_cluster_bootstrap(DYADS.sample(frac=1, random_state=2), weights="webb", n_boot=199, rng=rng(9))
    assert shuffled == runs[0]


def test_the_number_of_treated_clusters_is_said():
    assert "6 of 27 clusters of geo ever carry the label" in wild_cluster_bootstrap(DYADS, n_boot=9, rng=rng()).notes
    assert "11 of 11 clusters of ipcei_id ever carry the label" in fit(("dyads", "leader"), kind="two-way").notes
    assert fit(("dyads", "leader")).n_treated == 6


@pytest.mark.dear
def test_size_with_three_treated_of_twelve():
    """Heterogeneous countries and no effect: CR2 with its degrees of freedom holds its level, CR1 does not."""
    frames = [made_up(rng(500 + seed), n=12, k=5, sd=0.9) for seed in range(150)]
    rejected = {kind: np.mean([lpm_clustered(f, kind=kind).p_value < 0.05 for f in frames]) for kind in ("CR1", "CR2")}
    assert rejected["CR2"] <= 0.12
    assert rejected["CR1"] > rejected["CR2"] + 0.03


def only(frame, geo):
    return frame.assign(leader=(frame["geo"] == geo).astype(int))


@pytest.mark.parametrize("method", [lpm_clustered, wild_cluster_bootstrap])
@pytest.mark.parametrize(
    ("change", "arguments", "error", "named"),
    [
        (lambda f: f[f["geo"] == "A"], {}, DesignError, "geo: only one country"),
        (lambda f: f[f["geo"] < "D"], {}, DesignError, "geo: 3 cluster.s. for 3 parameters"),
        (lambda f: only(f, "B"), {}, DesignError, r"only one cluster of geo \(B\) has leader = 1"),
        (
            lambda f: f.assign(leader=1 - only(f, "C")["leader"]),
            {},
            DesignError,
            r"only one cluster of geo \(C\) has leader = 0",
        ),
        (lambda f: f.assign(size=f["size"].where(f["geo"] != "A")), {}, DesignError, "size: 6 missing"),
        (lambda f: f.assign(participates=f["leader"]), {}, DesignError, "variance of the estimate is zero"),
        (lambda f: f.assign(size=2 * f["leader"]), {}, DesignError, "leader: rank deficient"),
        (lambda f: f.assign(participates=1), {}, DesignError, "participates: constant outcome"),
        (lambda f: f.drop(columns="size"), {}, DataError, "size not found"),
        (lambda f: f, {"level": 95}, ParameterError, "level"),
    ],
)
def test_degenerate_data_are_refused_with_the_cause(method, change, arguments, error, named):
    with pytest.raises(error, match=named):
        method(change(FEW), controls=("size",), **arguments)


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: lpm_clustered(DYADS, kind="CR3"), "kind: expected one of CR1, CR2, two-way"),
        (lambda: wild_cluster_bootstrap(DYADS), "rng"),
        (lambda: wild_cluster_bootstrap(DYADS, weights="normal", rng=rng()), "weights"),
        (lambda: wild_cluster_bootstrap(DYADS, n_boot=0, rng=rng()), "n_boot"),
    ],
)
def test_wrong_arguments_are_refused(call, named):
    with pytest.raises(ParameterError, match=named):
        call()
