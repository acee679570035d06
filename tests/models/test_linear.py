"""Freedman-Lane and stratified permutation against R, full enumeration, and the size under the null."""

from itertools import permutations, product

import numpy as np
import pandas as pd
import pytest
from reference.cases import HERE, made_up, table

from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.models.inference.linear_permutation import freedman_lane, stratified_permutation

R = pd.read_csv(HERE / "clusters" / "expected.csv").set_index(["dataset", "model", "quantity"])["value"].sort_index()
DYADS, FEW, SEVEN, SMALL = table("dyads"), table("clusters/few"), table("clusters/seven"), table("small")


def rng(seed=1):
    return np.random.default_rng(seed)


def seven(**arguments):
    return freedman_lane(SEVEN, "leader", ("size",), **arguments)


def test_all_permutations_equal_a_loop_in_r():
    result = seven()
    expected = R["seven", "freedman_lane"]
    assert result.estimate == pytest.approx(expected["estimate"], rel=1e-9)
    assert result.se == pytest.approx(expected["se"], rel=1e-9)
    assert result.p_value == pytest.approx(expected["p"], abs=1e-12)
    assert f"p = {expected['p_t']:.4g}" in result.notes[0]
    assert "all 5040 permutations" in result.p_kind and result.seed is None


def test_random_permutations_approach_all_of_them():
    exact = R["seven", "freedman_lane", "p"]
    found = seven(n_permutations=5039, rng=rng(2))
    assert found.p_value == pytest.approx(exact, abs=4 * (exact * (1 - exact) / 5039) ** 0.5)
    assert "5039 random" in found.p_kind and found.seed == 2


def test_without_controls_it_is_the_plain_permutation_of_the_outcome():
    """Then |t| orders the permutations as the difference of means does."""
    frame = SEVEN.assign(rate=[0.1, 0.4, 0.9, 0.2, 0.3, 0.7, 0.35])
    y, d = frame["rate"].to_numpy(), frame["leader"].to_numpy() == 1
    gaps = np.array([y[list(o)][d].mean() - y[list(o)][~d].mean() for o in permutations(range(7))])
    p = np.mean(np.abs(gaps) >= abs(y[d].mean() - y[~d].mean()) - 1e-12)
    assert freedman_lane(frame, "leader", ()).p_value == pytest.approx(p, abs=1e-12)


def test_ties_count_as_extreme():
    """Outcomes 1 1 1 0 0, label on two ones: counted by hand over the ten pairs that the label can meet."""
    frame = pd.DataFrame({"geo": list("ABCDE"), "leader": [1, 1, 0, 0, 0], "rate": [1.0, 1, 1, 0, 0]})
    # Three pairs of two ones tie with the data, the pair of two zeros is more extreme, six mixed pairs are less.
    assert freedman_lane(frame, "leader", ()).p_value == pytest.approx(4 / 10)


def test_order_of_rows_and_units_do_not_matter():
    totals = DYADS.groupby("geo", as_index=False).agg(
        rate=("participates", "mean"),
        leader_share=("leader", "mean"),
        ln_population=("ln_population", "mean"),
        ln_gdp_pc_pps=("ln_gdp_pc_pps", "mean"),
    )
    first = freedman_lane(totals, n_permutations=499, rng=rng(4))
    assert freedman_lane(totals.sample(frac=1, random_state=3), n_permutations=499, rng=rng(4)) == first
    scaled = freedman_lane(
        totals.assign(rate=totals["rate"] * 11 + 2, ln_population=3 - totals["ln_population"]),
        n_permutations=499,
        rng=rng(4),
    )
    assert scaled.p_value == first.p_value
    assert (scaled.estimate, scaled.se) == pytest.approx((11 * first.estimate, 11 * first.se), rel=1e-9)
    assert first.n_treated == 6 and first.n_countries == 27


def test_freedman_lane_keeps_its_level_when_exposure_goes_with_the_controls():
    p = []
    for seed in range(300):
        draw = rng(seed)
        size = draw.normal(size=20)
        frame = pd.DataFrame(
            {"geo": [f"C{i:02d}" for i in range(20)], "size": size, "leader": size + draw.normal(size=20) > 0.8}
        )
        frame["rate"] = 0.8 * size + draw.exponential(size=20)
        p.append(freedman_lane(frame, "leader", ("size",), n_permutations=99, rng=draw).p_value)
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=0.045)
    assert np.mean(p) == pytest.approx(0.5, abs=0.07)


@pytest.mark.parametrize(
    ("change", "error", "named"),
    [
        (lambda f: pd.concat([f, f]), DesignError, "one row per country"),
        (lambda f: f.assign(rate=f["rate"].where(f["geo"] != "B")), DesignError, "known for 6 of 7.*Missing: B"),
        (lambda f: f.assign(rate=0.5), DesignError, "rate: constant outcome"),
        (lambda f: f.assign(rate=f["size"] * 2 + 1), DesignError, "reproduce it exactly"),
        (lambda f: f.assign(rate=f["size"] + f["leader"]), DesignError, "model reproduces it exactly"),
        (lambda f: f.assign(size=1 - f["leader"]), DesignError, "leader: rank deficient"),
        (lambda f: f.head(3), DesignError, "3 countries for 3 parameters"),
        (lambda f: f.drop(columns="rate"), DataError, "rate not found"),
    ],
)
def test_freedman_lane_refuses(change, error, named):
    with pytest.raises(error, match=named):
        freedman_lane(change(SEVEN), "leader", ("size",))


@pytest.mark.parametrize(("name", "frame"), [("few", FEW), ("dyads", DYADS)])
def test_stratified_by_ipcei_equals_coin(name, frame):
    """coin's exact conditional mean of the labelled sum, and its Monte Carlo p (200,000 draws)."""
    result = stratified_permutation(frame, n_permutations=9999, rng=rng(6))
    expected = R[name, "stratified"]
    treated, n = frame["leader"].sum(), len(frame)
    scale = 100 * (1 / treated + 1 / (n - treated))
    assert result.estimate == pytest.approx(scale * (expected["sum"] - expected["mean"]), rel=1e-9)
    assert result.p_value == pytest.approx(
        expected["p"], abs=4 * (expected["p"] * (1 - expected["p"]) * 1.1 / 9999) ** 0.5
    )
    assert "independent" in result.notes[-1]


def test_centring_matters_where_strata_differ():
    """All labels sit in the popular IPCEIs, at random there: the raw difference is large, the centred one is not."""
    draw = rng(8)
    frame = made_up(draw, n=20, k=6)
    popular = frame["ipcei_id"] < "P3"
    frame["participates"] = draw.random(len(frame)) < np.where(popular, 0.85, 0.15)
    frame["leader"] = popular & (draw.random(len(frame)) < 0.5)
    result = stratified_permutation(frame, n_permutations=1999, rng=rng(1))
    raw = 100 * (frame.loc[frame["leader"], "participates"].mean() - frame.loc[~frame["leader"], "participates"].mean())
    assert f"raw difference {raw:.3f}" in result.notes[0]
    assert raw > 40 and abs(result.estimate) < 15 and result.p_value > 0.05
    assert "3 of 6 strata" in result.notes[1]


def test_country_strata_equal_enumeration():
    """Seven countries in strata of four and three: all 4! 3! orders of whole rows, one plain mean each."""
    frame = SMALL.assign(stratum=np.where(SMALL["geo"] < "E", "big", "small"))
    y = frame["participates"].to_numpy(float).reshape(7, 4)
    d = frame["leader"].to_numpy(float).reshape(7, 4)
    gaps = []
    for first, second in product(permutations(range(4)), permutations(range(4, 7))):
        label = d[[*first, *second]] == 1
        gaps.append(100 * (y[label].mean() - y[~label].mean()))
    gaps = np.array(gaps)
    observed = 100 * (y[d == 1].mean() - y[d == 0].mean()) - gaps.mean()
    exact = np.mean(np.abs(gaps - gaps.mean()) >= abs(observed) - 1e-9)
    result = stratified_permutation(frame, strata="stratum", n_permutations=9999, rng=rng(3))
    assert result.estimate == pytest.approx(observed, rel=1e-9)
    assert result.p_value == pytest.approx(exact, abs=4 * (exact * (1 - exact) / 9999) ** 0.5 + 1e-4)


def test_one_stratum_of_countries_is_the_unstratified_difference():
    from innodivide.models.inference.label_contrast import label_permutation_difference

    wide = SMALL.pivot(index="geo", columns="ipcei_id", values="participates").astype(float)
    labels = SMALL.pivot(index="geo", columns="ipcei_id", values="leader") == 1
    other = label_permutation_difference(wide, labels, n_permutations=9999, rng=rng(5))
    ours = stratified_permutation(SMALL.assign(all="EU"), strata="all", n_permutations=9999, rng=rng(6))
    assert ours.p_value == pytest.approx(other.p_value, abs=0.03)
    assert f"raw difference {100 * other.estimate:.3f}" in ours.notes[0]


def test_controls_are_taken_out_of_the_outcome_first():
    import statsmodels.api as sm

    left = sm.OLS(DYADS["participates"], sm.add_constant(DYADS[["ln_population"]])).fit().resid
    label = DYADS["leader"] == 1
    raw = 100 * (left[label].mean() - left[~label].mean())
    result = stratified_permutation(DYADS, controls=("ln_population",), n_permutations=99, rng=rng())
    assert f"raw difference {raw:.3f}" in result.notes[0]


@pytest.mark.parametrize("strata", ["ipcei_id", "stratum"])
def test_stratified_p_values_are_uniform_under_the_null(strata):
    p = []
    for seed in range(150):
        frame = made_up(rng(3000 + seed), n=12, k=5, sd=0.0 if strata == "ipcei_id" else 0.9)
        frame = frame.assign(stratum=(frame["ln_population"] > frame["ln_population"].median()).astype(int))
        p.append(stratified_permutation(frame, strata=strata, n_permutations=99, rng=rng(seed)).p_value)
    assert np.mean(np.array(p) <= 0.05) <= 0.12
    assert np.mean(p) == pytest.approx(0.52, abs=0.1)


@pytest.mark.parametrize(
    ("change", "arguments", "error", "named"),
    [
        (lambda f: f, {"strata": "ipcei_id", "rng": None}, ParameterError, "rng"),
        (lambda f: f, {"n_permutations": 0}, ParameterError, "n_permutations"),
        (lambda f: f, {"strata": "nowhere"}, DataError, "nowhere not found"),
        (lambda f: f.assign(s=f["geo"].where(f["geo"] != "A")), {"strata": "s"}, DesignError, "s: 4 missing"),
        (lambda f: f.assign(s=f["ipcei_id"]), {"strata": "s"}, DesignError, "s: varies within A"),
        (lambda f: f.assign(s=f["geo"]), {"strata": "s"}, DesignError, "no stratum holds both labels"),
        (lambda f: f.iloc[1:].assign(s=1), {"strata": "s"}, DesignError, "same IPCEIs"),
        (lambda f: f.assign(leader=f["size"]), {}, DesignError, "expected a boolean or 0/1 label"),
        (lambda f: f.assign(leader=1), {}, DesignError, "constant treatment"),
        (lambda f: f.assign(size=f["leader"]), {"controls": ("size",)}, DesignError, "rank deficient"),
    ],
)
def test_stratified_refuses(change, arguments, error, named):
    with pytest.raises(error, match=named):
        stratified_permutation(change(SMALL), **{"rng": rng(), "n_permutations": 9, **arguments})
