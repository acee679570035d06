"""Permutation tests against R's score test, full enumeration and independent loops; size under the null; refusals."""

from itertools import combinations, permutations
from math import comb

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings, strategies as st
from reference.cases import HERE, expected, made_up, table
from scipy import stats

from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.models.estimators.design import build_design
from innodivide.models.estimators.history import earlier_share
from innodivide.models.estimators.null_logit import null_fit
from innodivide.models.inference.label_contrast import label_permutation_difference
from innodivide.models.inference.permutation import benjamini_hochberg, holm, permutation_test, score_statistics
from innodivide.models.inference.relabelling import TIE_TOLERANCE, extreme

DYADS, SMALL = table("dyads"), table("small")
SMALL_R = expected("small")
ALL_ORDERS = np.array(list(permutations(range(7))))


def rng(seed=1):
    return np.random.default_rng(seed)


def small_test(**arguments):
    return permutation_test(SMALL, **{"controls": ("size",), "rng": rng(), **arguments})


@pytest.mark.parametrize(
    ("data", "term"), [("dyads", "leader"), ("dyads", "fixed"), ("small", "leader"), ("small", "fixed")]
)
def test_squared_statistic_is_the_rao_statistic_of_r(data, term):
    frame, controls = (DYADS, ("ln_population", "ln_gdp_pc_pps")) if data == "dyads" else (SMALL, ("size",))
    result = permutation_test(frame, term, controls, method="rows", n_permutations=1, rng=rng())
    assert result.estimate**2 == pytest.approx(expected(data).at[term, "rao"], rel=1e-6)


def test_enumerated_p_equals_r():
    result = small_test(term="fixed", method="enumerate", rng=None)
    assert result.p_value == pytest.approx(SMALL_R.at["fixed", "p_enumerate"], abs=1e-12)
    assert f"all {comb(7, 2)} labellings" in result.p_kind and result.seed is None


@pytest.mark.parametrize("method", ["rows", "potter"])
def test_all_5040_permutations_give_the_p_and_statistics_of_r(method):
    design = build_design(SMALL, "leader", ("size",), "participates")
    z, exposure = design.null_matrix, design.d
    if method == "potter":
        exposure = exposure - z @ np.linalg.solve(z.T @ z, z.T @ exposure)
    scores = score_statistics(design, null_fit(design), design.to_matrix(exposure)[ALL_ORDERS].reshape(5040, -1))
    observed = scores[0]  # the first order is that of the data
    assert np.abs(scores).sum() == pytest.approx(SMALL_R.at["leader", f"sum_{method}"], rel=1e-6)
    assert extreme(scores, observed).mean() == pytest.approx(SMALL_R.at["leader", f"p_{method}"], abs=1e-12)


def test_all_5040_permutations_given_the_history_give_the_p_and_statistics_of_r():
    """The four projects in time: the first leaves the rows and is the record of the others (tests/reference/record)."""
    wanted = pd.read_csv(HERE / "record" / "expected.csv").query("dataset == 'small'").set_index("quantity")["value"]
    later = earlier_share(SMALL.assign(decision_date=pd.to_datetime("2020-01-0" + SMALL["ipcei_id"].str[1])))
    design = build_design(later, "leader", ("size", "earlier_share"), "participates")
    rows = design.to_matrix(design.d)[ALL_ORDERS].reshape(5040, -1)
    scores = score_statistics(design, null_fit(design), rows)
    assert scores[0] ** 2 == pytest.approx(wanted["rao"], rel=1e-6)
    assert np.abs(scores).sum() == pytest.approx(wanted["sum_rows"], rel=1e-6)
    assert extreme(scores, scores[0]).mean() == pytest.approx(wanted["p_rows"], abs=1e-12)


@pytest.mark.parametrize("method", ["rows", "potter"])
def test_random_permutations_approach_the_full_set(method):
    exact = SMALL_R.at["leader", f"p_{method}"]
    found = small_test(method=method, n_permutations=4000)
    assert found.p_value == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4000))
    assert "4000 random permutations" in found.p_kind and found.seed == 1


def test_enumeration_equals_a_plain_loop_of_glm_fits():
    """Independent route: statsmodels null fit, score from explicit residual-maker algebra, one labelling at a time."""
    frame = made_up(rng(4), n=8, k=4)
    y, z = frame["participates"].to_numpy(float), sm.add_constant(frame[["ln_population", "ln_gdp_pc_pps"]]).to_numpy()
    mu = sm.GLM(y, z, family=sm.families.Binomial()).fit(tol=1e-12).mu
    root = np.sqrt(mu * (1 - mu))
    maker = np.eye(len(y)) - (root[:, None] * z) @ np.linalg.pinv(root[:, None] * z)

    def score(label):
        a = maker @ (root * label)
        return a @ ((y - mu) / root) / np.sqrt(a @ a)

    treated = frame.loc[frame["leader"], "geo"].unique()
    observed = score(frame["leader"].to_numpy(float))
    every = [score(frame["geo"].isin(s).to_numpy(float)) for s in combinations(frame["geo"].unique(), len(treated))]
    result = permutation_test(frame, method="enumerate")
    assert result.estimate == pytest.approx(observed, rel=1e-7)
    assert result.p_value == pytest.approx(np.mean(np.abs(every) >= abs(observed) * (1 - 1e-7)), abs=1e-12)


def test_row_permutation_of_a_fixed_label_is_the_enumeration():
    exact = permutation_test(DYADS, "fixed", method="enumerate")
    assert f"all {comb(27, 5)} labellings" in exact.p_kind
    random = permutation_test(DYADS, "fixed", method="rows", n_permutations=4000, rng=rng())
    assert random.p_value == pytest.approx(exact.p_value, abs=4 * 0.5 / np.sqrt(4000))


def test_smallest_p_is_the_stated_one():
    """A label that picks the most active countries: extreme, but never zero."""
    frame = made_up(rng(2), n=10, k=6)
    active = frame.groupby("geo")["participates"].sum().nlargest(3).index
    frame["leader"] = frame["geo"].isin(active)
    exact = permutation_test(frame, controls=(), method="enumerate")
    assert exact.p_value >= 1 / comb(10, 3)
    random = permutation_test(frame, controls=(), method="rows", n_permutations=9, rng=rng())
    assert random.p_value >= 0.1


def test_ties_count_as_extreme():
    reference = np.array([1.0, -1.0, 1 + 1e-12, 1 - 1e-12, 0.999])
    assert extreme(reference, 1.0).tolist() == [True, True, True, True, False]
    assert TIE_TOLERANCE < 1e-6


@pytest.mark.parametrize("method", ["enumerate", "rows", "potter"])
def test_order_of_rows_changes_nothing(method):
    term = "fixed" if method == "enumerate" else "leader"
    shuffled = SMALL.sample(frac=1, random_state=3)
    one = small_test(term=term, method=method, n_permutations=200)
    other = permutation_test(shuffled, term, ("size",), method, 200, rng())
    assert one == other


@settings(max_examples=10, deadline=None)
@given(st.permutations(sorted(SMALL["geo"].unique())), st.floats(1e-3, 1e3), st.floats(-50, 50))
def test_names_and_units_do_not_change_the_exact_p(names, scale, shift):
    moved = SMALL.assign(
        geo=SMALL["geo"].map(dict(zip(sorted(SMALL["geo"].unique()), names))), size=SMALL["size"] * scale + shift
    )
    result = permutation_test(moved, "fixed", ("size",), "enumerate")
    assert result.p_value == pytest.approx(SMALL_R.at["fixed", "p_enumerate"], abs=1e-12)


def test_a_continuous_exposure_can_be_permuted_by_rows():
    frame = SMALL.assign(score=np.random.default_rng(8).normal(size=28))
    one = small_test(term="fixed", n_permutations=50)
    result = permutation_test(frame, "score", ("size",), "rows", 50, rng())
    assert 0 < result.p_value <= 1 and result.n_treated == 7 and one.n_treated == 2


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ({"method": "bootstrap"}, ParameterError, "method"),
        ({"rng": None}, ParameterError, "rng"),
        ({"rng": 5}, ParameterError, "rng"),
        ({"n_permutations": 0}, ParameterError, "n_permutations"),
        ({"n_permutations": 9.5}, ParameterError, "n_permutations"),
        ({"method": "enumerate"}, DesignError, "leader: not a 0/1 label fixed within countries"),
        ({"controls": ("fixed", "size"), "term": "fixed"}, ParameterError, "named twice"),
    ],
)
def test_wrong_use_is_refused(arguments, error, named):
    with pytest.raises(error, match=named):
        small_test(**arguments)


def test_unbalanced_and_separated_designs_are_refused():
    with pytest.raises(DesignError, match="same IPCEIs"):
        permutation_test(SMALL.iloc[1:], controls=("size",), rng=rng())
    perfect = SMALL.assign(size=SMALL["participates"] * 2 - 1 + SMALL["size"] / 100)
    with pytest.raises(DesignError, match="controls separate the outcome"):
        permutation_test(perfect, controls=("size",), rng=rng())
    with pytest.raises(ParameterError, match="exceed"):
        permutation_test(DYADS.assign(fixed=DYADS["geo"] < "C14"), "fixed", method="enumerate")


def p_values(n_sets, sd, method, n_permutations=99):
    frames = (made_up(rng(1000 + seed), n=12, k=6, sd=sd) for seed in range(n_sets))
    return np.array(
        [permutation_test(f, method=method, n_permutations=n_permutations, rng=rng(7)).p_value for f in frames]
    )


@pytest.mark.dear
@pytest.mark.parametrize("method", ["rows", "potter", "enumerate"])
def test_p_values_are_uniform_under_the_null_with_heterogeneous_countries(method):
    p = p_values(150, sd=0.9, method=method)
    assert (p <= 0.05).mean() <= 0.12  # 4 Monte Carlo standard errors above 5%
    assert (p <= 0.25).mean() == pytest.approx(0.25, abs=0.14)
    assert p.mean() == pytest.approx(0.5, abs=0.1)


def test_a_strong_association_is_found():
    frames = (made_up(rng(seed), n=16, k=8, effect=3.0) for seed in range(20))
    assert np.mean([permutation_test(f, method="enumerate").p_value < 0.05 for f in frames]) > 0.7


@pytest.mark.slow
@pytest.mark.parametrize("sd", [0.0, 0.9])
@pytest.mark.parametrize("method", ["rows", "potter"])
def test_size_of_the_test(method, sd):
    p = p_values(1500, sd=sd, method=method, n_permutations=199)
    assert stats.binomtest(int((p <= 0.05).sum()), len(p), 0.05).pvalue > 0.001


RATES = pd.Series([0.9, 0.5, 0.4, 0.4, 0.1, 0.0], index=list("ABCDEF"))


def test_label_difference_by_hand():
    """15 pairs of mean sum 23/30: only AB reaches 1.4 above, and EF (sum 0.1) is as far below."""
    result = label_permutation_difference(RATES, ["A", "B"])
    assert result.estimate == pytest.approx(0.7 - 0.9 / 4)
    assert result.p_value == pytest.approx(2 / 15)
    tied = label_permutation_difference(RATES, ["A", "D"])  # AC and AD are tied, and BE is as far below
    every = np.array([RATES[list(pair)].mean() for pair in combinations(RATES.index, 2)])
    far = np.abs(every - every.mean())
    assert tied.p_value == pytest.approx(np.mean(far >= abs(RATES[["A", "D"]].mean() - every.mean()) - 1e-9))
    assert tied == label_permutation_difference(RATES.sample(frac=1, random_state=1), {"D", "A"})


def test_label_difference_equals_scipy():
    """SciPy's two-sided p is twice the smaller tail: the same where the reference is symmetric."""
    rates = pd.Series([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], index=list("ABCDEF"))
    theirs = stats.permutation_test(
        (rates[["A", "D", "F"]], rates[["B", "C", "E"]]),
        lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        n_resamples=np.inf,
    )
    ours = label_permutation_difference(rates, ["A", "D", "F"])
    assert ours.p_value == pytest.approx(theirs.pvalue) and ours.estimate == pytest.approx(theirs.statistic)


def test_changing_labels_use_the_mean_of_the_reference():
    """All 5040 row permutations as the oracle, the two-sided distance taken from their mean."""
    wide = SMALL.pivot(index="geo", columns="ipcei_id", values=["participates", "leader"])
    y, d = wide["participates"], wide["leader"].astype(bool)
    every = np.array([np.mean(y.to_numpy()[m]) - np.mean(y.to_numpy()[~m]) for m in d.to_numpy()[ALL_ORDERS]])
    exact = np.mean(np.abs(every - every.mean()) >= abs(every[0] - every.mean()) - 1e-9)
    found = label_permutation_difference(y, d, n_permutations=4000, rng=rng())
    assert found.estimate == pytest.approx(every[0])
    assert found.p_value == pytest.approx(exact, abs=4 * 0.5 / np.sqrt(4000))
    assert (found.n_countries, found.n_ipceis, found.n_treated) == (7, 4, 3)


def test_unlike_popularity_of_projects_is_not_mistaken_for_a_difference():
    """Labels sit in the popular project, so every relabelling shows a gap: its mean, not zero, is the centre."""
    y = pd.DataFrame({"P1": [1, 1, 1, 1, 1, 0, 1], "P2": [0, 0, 1, 0, 0, 0, 0]}, index=list("ABCDEFG"))
    d = pd.DataFrame({"P1": [1, 1, 0, 0, 0, 1, 0], "P2": [0, 0, 0, 0, 0, 1, 0]}, index=y.index)
    mask = d.to_numpy(bool)[ALL_ORDERS]
    every = np.array([y.to_numpy()[m].mean() - y.to_numpy()[~m].mean() for m in mask])
    assert every.mean() > 0.2
    exact = np.mean(np.abs(every - every.mean()) >= abs(every[0] - every.mean()) - 1e-9)
    naive = np.mean(np.abs(every) >= abs(every[0]) - 1e-9)
    found = label_permutation_difference(y, d.astype(bool), n_permutations=4000, rng=rng()).p_value
    assert found == pytest.approx(exact, abs=0.03) and abs(naive - exact) > 0.1


@pytest.mark.parametrize(
    ("arguments", "error", "named"),
    [
        ((RATES, ["A", "Z"]), ParameterError, "Z"),
        ((RATES, []), DesignError, "nobody"),
        ((RATES, list("ABCDEF")), DesignError, "everybody"),
        ((RATES.replace(0.0, np.nan), ["A"]), DesignError, "rates: 1 missing"),
        ((pd.concat([RATES, RATES]), ["A"]), DesignError, "more than once"),
        ((RATES.to_frame(), ["A"]), ParameterError, "DataFrame for both"),
    ],
)
def test_label_difference_refuses(arguments, error, named):
    with pytest.raises(error, match=named):
        label_permutation_difference(*arguments)


def test_holm_equals_r():
    result = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.2})
    np.testing.assert_allclose(result["p_holm"][["a", "b", "c"]], expected("holm").loc["all", ["p1", "p2", "p3"]])
    assert list(result.columns) == ["p_value", "p_holm"]


@settings(max_examples=10, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_never_lowers_and_keeps_the_order(values):
    result = holm(values)
    assert (result["p_holm"] >= result["p_value"] - 1e-15).all() and (result["p_holm"] <= 1).all()
    assert result.sort_values("p_value")["p_holm"].is_monotonic_increasing


@pytest.mark.parametrize("values", [[], [1.2], [0.1, None], [-0.1]])
def test_holm_refuses(values):
    with pytest.raises(ParameterError, match="p_values"):
        holm(values)


@pytest.mark.parametrize("value", [0.1, 0.0, 3.0])
def test_constant_rates_are_refused(value):
    index = list("ABCDEFG")
    with pytest.raises(DesignError, match="rates: constant"):
        label_permutation_difference(pd.Series(value, index=index), ["A", "B"])
    many = pd.DataFrame(value, index=index, columns=["P", "Q"])
    with pytest.raises(DesignError, match="rates: constant"):
        labels = many.assign(P=[1, 1, 0, 0, 0, 0, 0], Q=0)
        label_permutation_difference(many, labels, rng=np.random.default_rng(1))


def test_a_country_without_a_name_is_refused():
    rates = pd.Series([0.1, 0.4, 0.3], index=["A", None, "C"])
    with pytest.raises(DataError, match="1 row"):
        label_permutation_difference(rates, ["A"])


def test_each_test_says_from_where_it_counts_distances():
    dyads = table("small")
    score = permutation_test(dyads, "leader", ("size",), n_permutations=19, rng=np.random.default_rng(1))
    assert score.p_kind.endswith("distance from zero")
    wide = dyads.pivot(index="geo", columns="ipcei_id", values="participates")
    labels = dyads.pivot(index="geo", columns="ipcei_id", values="leader")
    raw = label_permutation_difference(wide, labels, 19, np.random.default_rng(1))
    assert raw.p_kind.endswith("distance from the mean of the reference")


def test_benjamini_hochberg_equals_r():
    """R 4.2.2: p.adjust(c(0.01, 0.04, 0.03, 0.2, 0.005), "BH")."""
    found = benjamini_hochberg({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.2, "e": 0.005})
    np.testing.assert_allclose(found["p_bh"], [0.025, 0.05, 0.05, 0.2, 0.025], rtol=1e-12)
    assert list(found.columns) == ["p_value", "p_bh"] and (found["p_bh"] <= holm(found["p_value"])["p_holm"]).all()
    with pytest.raises(ParameterError, match="p_values"):
        benjamini_hochberg([0.1, None])
