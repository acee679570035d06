"""Freedman-Lane permutation against R, full enumeration, and the size under the null."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from reference.cases import HERE, table

from innodivide.errors import DataError, DesignError
from innodivide.models.inference.linear_permutation import freedman_lane

R = pd.read_csv(HERE / "clusters" / "expected.csv").set_index(["dataset", "model", "quantity"])["value"].sort_index()
DYADS, SEVEN = table("dyads"), table("clusters/seven")


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


@pytest.mark.dear
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
