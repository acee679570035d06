"""NODF, curveball, overlap and modules against vegan, published numbers, exact enumeration and closed forms."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from reference.cases import HERE as CASES
from scipy import stats

from innodivide.errors import DesignError, ParameterError
from innodivide.models.network import bipartite, null_models

HERE = CASES / "network"
LONG = pd.read_csv(HERE / "matrices.csv")
VEGAN = pd.read_csv(HERE / "expected.csv").set_index("name")
CASES = {n: g.pivot(index="row", columns="column", values="value").to_numpy() for n, g in LONG.groupby("name")}
TIERS = {"a": "tier1", "b": "tier1", "x": "tier2", "y": "tier2"}


def rng(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


def frame(values, columns="abxy") -> pd.DataFrame:
    return pd.DataFrame(
        values, columns=list(columns), index=pd.Index([f"r{i}" for i in range(len(values))], name="geo")
    )


def all_with_margins(matrix) -> list[tuple]:
    """Every 0/1 matrix with the margins of the given one, by brute force over rows."""
    matrix = np.asarray(matrix)
    n = matrix.shape[1]
    rows = [[tuple(int(j in c) for j in range(n)) for c in combinations(range(n), k)] for k in matrix.sum(axis=1)]
    return [m for m in product(*rows) if (np.sum(m, axis=0) == matrix.sum(axis=0)).all()]


# NODF


@pytest.mark.parametrize("name", sorted(CASES))
def test_nodf_equals_vegan(name):
    found = bipartite.nodf(CASES[name])
    expected = VEGAN.loc[name]
    for ours, theirs in (("nodf", "nodf"), ("rows", "rows"), ("columns", "columns")):
        assert found[ours] == pytest.approx(expected[theirs], abs=1e-10)


def test_nodf_of_the_paper():
    """Almeida-Neto et al. (2008), figure 1: N_columns 63, N_rows 53, NODF 58."""
    found = bipartite.nodf(CASES["almeida_neto_2008"])
    assert [round(found[k]) for k in ("columns", "rows", "nodf")] == [63, 53, 58]


def test_nodf_of_perfect_nesting_and_of_equal_degrees():
    assert bipartite.nodf(np.tri(6))["nodf"] == pytest.approx(100)
    assert bipartite.nodf(np.eye(5))["nodf"] == 0, "lines of equal degree do not nest (decreasing fill)"


def test_nodf_ignores_order_empty_lines_and_swaps_with_the_transpose():
    m = CASES["sparse"]
    shuffled = rng().permutation(rng(1).permutation(m, axis=0), axis=1)
    padded = np.pad(m, ((0, 2), (0, 1)))
    a, b, c, d = (bipartite.nodf(x) for x in (m, shuffled, padded, m.T))
    assert a == pytest.approx(b) and a == pytest.approx(c)
    assert (a["rows"], a["columns"]) == pytest.approx((d["columns"], d["rows"]))


@pytest.mark.parametrize(
    ("bad", "message"),
    [([[0, 2]], "only 0 and 1"), (np.zeros((3, 3)), "empty"), ([[1, 1]], "two non-empty"), ([1, 0], "two dimensions")],
)
def test_nodf_refuses(bad, message):
    with pytest.raises(DesignError, match=message):
        bipartite.nodf(bad)


# Curveball


def test_curveball_keeps_margins_and_leaves_its_input():
    for m in (CASES["sparse"], CASES["dense"]):
        before = m.copy()
        drawn = null_models.curveball(m, 200, rng())
        assert (drawn.sum(axis=2) == m.sum(axis=1)).all() and (drawn.sum(axis=1) == m.sum(axis=0)).all()
        assert (m == before).all() and drawn.shape == (200, *m.shape)
        assert len(np.unique(drawn.reshape(200, -1), axis=0)) > 100


@pytest.mark.parametrize(
    "matrix",
    [
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[1, 1, 0, 0], [0, 1, 1, 0], [1, 0, 0, 1]],
        [[1, 1, 1, 0, 0], [1, 0, 0, 1, 0], [0, 1, 0, 0, 1], [1, 0, 0, 0, 0]],
        [[1, 1, 0], [1, 0, 1], [0, 1, 0], [1, 0, 0], [0, 0, 1]],
    ],
)
def test_curveball_is_uniform_over_all_matrices_with_the_margins(matrix):
    """Chi-square over the exact enumeration; independent chains make the counts multinomial."""
    known = all_with_margins(matrix)
    position = {np.array(m).tobytes(): i for i, m in enumerate(known)}
    n = 200 * len(known)
    drawn = null_models.curveball(matrix, n, rng(3)).astype(int)
    counts = np.bincount([position[m.tobytes()] for m in np.ascontiguousarray(drawn)], minlength=len(known))
    assert len(known) > 5 and stats.chisquare(counts).pvalue > 1e-3


@pytest.mark.dear
@pytest.mark.parametrize("name", sorted(CASES))
def test_null_of_nodf_and_of_shared_columns_equals_vegan(name):
    """Mean and spread over 9,999 curveball draws of vegan; tolerance five standard errors of both means."""
    m = CASES[name]
    m = m[m.any(axis=1)][:, m.any(axis=0)]
    drawn = null_models.curveball(m, 4000, rng(8))
    expected = VEGAN.loc[name]
    found = bipartite.nestedness_test(m, rng(8), 4000).iloc[0]
    shared = (drawn[:, 0] & drawn[:, 1]).sum(axis=1)
    for ours, mean, sd in ((found["null_mean"], "null_mean", "null_sd"), (shared.mean(), "shared_mean", "shared_sd")):
        # vegan's chain is thinned, not independent: count each of its draws as a quarter
        assert abs(ours - expected[mean]) < 5 * expected[sd] * np.sqrt(1 / 4000 + 4 / 9999)
    assert found["null_sd"] == pytest.approx(expected["null_sd"], rel=0.08)


def test_frozen_matrix_has_one_realisation():
    """A perfectly nested matrix is the only one with its margins."""
    m = np.tri(5, dtype=int)
    assert (null_models.curveball(m, 20, rng()) == m.astype(bool)).all()
    found = bipartite.nestedness_test(m, rng(), 99).iloc[0]
    assert found["p_value"] == 1 and np.isnan(found["z"]) and found["null_sd"] == 0


def test_curveball_refuses():
    with pytest.raises(ParameterError, match="rng"):
        null_models.curveball(np.tri(3), 10, None)
    with pytest.raises(ParameterError, match="n_matrices"):
        null_models.curveball(np.tri(3), 0, rng())


def test_same_seed_same_draws():
    assert (
        null_models.curveball(CASES["dense"], 30, rng(2)) == null_models.curveball(CASES["dense"], 30, rng(2))
    ).all()


# Comparison with the null


def test_against_null_by_hand():
    found = null_models.against_null(3.0, np.array([1.0, 2.0, 3.0, 4.0]))
    assert (found["null_mean"], found["ratio"]) == (2.5, 1.2)
    assert found["z"] == pytest.approx(0.5 / np.std([1, 2, 3, 4], ddof=1))
    assert found["p_value"] == 1.0, "2 (1 + min(2 above, 3 below)) / 5 is over 1"
    assert null_models.against_null(9.0, np.arange(19.0) / 10)["p_value"] == pytest.approx(2 * 1 / 20)


@pytest.mark.dear
def test_p_value_is_valid_under_the_null():
    """Matrices drawn from the null: the p-value is below 0.1 no more often than a tenth of the time, but not never."""
    base, values = frame(rng(1).random((12, 8)) < 0.4, "abcdefgh"), []
    tiers = {c: "tier1" if c in "abcd" else "tier2" for c in base}
    for m in null_models.curveball(base, 100, rng(9)):
        found = bipartite.overlap_test(frame(m, "abcdefgh"), tiers, rng(10), n_null=99)
        values.append(found.set_index("statistic").loc["pairs", "p_value"])
    low = (np.array(values) <= 0.1).sum()
    assert stats.binom.sf(low - 1, 100, 0.1) > 0.001 and low > 0


# Overlap


def test_overlap_statistics_by_hand():
    m = frame([[1, 1, 1, 1], [1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0]])
    found = bipartite.overlap_test(m, TIERS, rng(), n_null=99).set_index("statistic")
    assert found.loc["both", "observed"] == 2
    assert found.loc["jaccard", "observed"] == pytest.approx(2 / 5)
    assert found.loc["overlap_coefficient", "observed"] == pytest.approx(2 / 3)
    assert found.loc["pairs", "observed"] == 2 * 2 + 1
    expected = stats.spearmanr([2, 1, 1, 0, 1], [2, 1, 0, 1, 0]).statistic
    assert found.loc["spearman", "observed"] == pytest.approx(expected)
    assert (found["n_first"].iloc[0], found["n_second"].iloc[0]) == (4, 3)


def test_overlap_by_labels_is_hypergeometric():
    r = rng(4)
    m = frame(np.column_stack([r.random(20) < 0.5, np.zeros(20), r.random(20) < 0.4, np.zeros(20)]).astype(int))
    found = bipartite.overlap_test(m, TIERS, rng(5), "labels", 19_999).set_index("statistic").loc["both"]
    first, second = int(m["a"].sum()), int(m["x"].sum())
    exact = stats.hypergeom(20, first, second)
    both = int((m["a"] & m["x"]).sum())
    expected = min(1, 2 * min(exact.cdf(both), exact.sf(both - 1)))
    assert found["observed"] == both
    assert found["null_mean"] == pytest.approx(exact.mean(), abs=5 * exact.std() / np.sqrt(19_999))
    assert found["null_sd"] == pytest.approx(exact.std(), rel=0.03)
    assert found["p_value"] == pytest.approx(expected, abs=0.02)


def test_overlap_by_curveball_equals_the_enumeration():
    m = frame([[1, 1, 0, 0], [1, 0, 1, 0], [0, 1, 1, 1], [0, 0, 0, 1]])
    known = np.array(all_with_margins(m.to_numpy()))
    pairs = (known[:, :, :2].sum(axis=2) * known[:, :, 2:].sum(axis=2)).sum(axis=1)
    found = bipartite.overlap_test(m, TIERS, rng(6), n_null=20_000).set_index("statistic").loc["pairs"]
    assert found["null_mean"] == pytest.approx(pairs.mean(), abs=5 * pairs.std() / np.sqrt(20_000))
    exact = min(1, 2 * min((pairs >= found["observed"]).mean(), (pairs <= found["observed"]).mean()))
    assert found["p_value"] == pytest.approx(exact, abs=0.02)


def test_segregated_tiers_are_found():
    block = np.kron([[1, 0], [0, 1]], np.ones((10, 2), dtype=int))
    noise = rng(7).random(block.shape) < 0.15
    apart = bipartite.overlap_test(frame(block ^ noise), TIERS, rng(), n_null=999).set_index("statistic").loc["pairs"]
    assert apart["ratio"] < 0.75 and apart["p_value"] < 0.01


def test_connection_points_add_up_to_the_overlap():
    m = frame(rng(11).random((10, 4)) < 0.5).astype(int)
    points = bipartite.connection_points(m, TIERS, rng(), 499)
    total = bipartite.overlap_test(m, TIERS, rng(), n_null=499).set_index("statistic").loc["pairs"]
    assert points["pairs"].sum() == total["observed"]
    assert points["null_mean"].sum() == pytest.approx(total["null_mean"]), "the same draws for the same seed"
    assert (points["pairs"] > 0).equals(points["position"] == "both") and list(points["geo"]) == list(m.index)


@pytest.mark.parametrize("null", ["curveball", "labels"])
def test_overlap_with_nobody_is_an_error(null):
    m = frame([[1, 1, 0, 0], [1, 0, 0, 0]])
    with pytest.raises(DesignError, match=r"'tier2'.*empty set"):
        bipartite.overlap_test(m, TIERS, rng(), null)
    with pytest.raises(DesignError, match="empty set"):
        bipartite.connection_points(m, TIERS, rng())


def test_overlap_refuses_unknown_nulls_and_labels():
    m = frame([[1, 0, 1, 0], [0, 1, 0, 1]])
    with pytest.raises(ParameterError, match="null='fill'"):
        bipartite.overlap_test(m, TIERS, rng(), "fill")
    for wrong in ({"a": "tier1"}, {c: "one" for c in "abxy"}):
        with pytest.raises(ParameterError, match="two labels"):
            bipartite.overlap_test(m, wrong, rng())


# Modules


def modularity(m, g, h) -> float:
    """Barber (2007), equation 15, by the double sum."""
    total = m.sum()
    return sum(
        (m[i, j] - m[i].sum() * m[:, j].sum() / total) / total
        for i in range(m.shape[0])
        for j in range(m.shape[1])
        if g[i] == h[j]
    )


def test_modularity_of_equal_blocks():
    """K equal blocks without links between them: Q = 1 - 1/K; all in one module: Q = 0."""
    for k in (2, 3, 5):
        m, labels = np.kron(np.eye(k, dtype=int), np.ones((3, 4), dtype=int)), np.arange(k)
        rows, columns = np.repeat(labels, 3), np.repeat(labels, 4)
        assert modularity(m, rows, columns) == pytest.approx(1 - 1 / k)
        assert modularity(m, 0 * rows, 0 * columns) == pytest.approx(0, abs=1e-12)
        assert bipartite.find_modules(m, rng(), k + 1)[0] == pytest.approx(1 - 1 / k)


@pytest.mark.parametrize("name", ["sparse", "dense"])
def test_the_order_of_summation_does_not_decide_between_modules(name):
    """The search sums whole numbers: in floats of other widths, as other machines add them, it finds the same."""
    m = CASES[name]
    quality, rows, columns = bipartite.find_modules(m, rng(), 4)
    assert quality == pytest.approx(modularity(m, rows, columns))
    total = int(m.sum())
    whole = sum(
        total * int(m[i, j]) - int(m[i].sum()) * int(m[:, j].sum())
        for i, j in product(range(m.shape[0]), range(m.shape[1]))
        if rows[i] == columns[j]
    )
    assert quality == whole / total**2


def test_search_finds_the_best_of_all_partitions():
    """Every partition into at most three modules of small matrices, by brute force."""
    for seed in range(2):
        m = (rng(seed).random((4, 4)) < 0.5).astype(int)
        every = max(modularity(m, g, h) for g in product(range(3), repeat=4) for h in product(range(3), repeat=4))
        quality, rows, columns = bipartite.find_modules(m, rng(), 3, 60)
        assert quality == pytest.approx(every) == pytest.approx(modularity(m, rows, columns))


def test_modularity_test_sees_blocks():
    m = np.kron(np.eye(3, dtype=int), np.ones((4, 3), dtype=int)) ^ (rng(2).random((12, 9)) < 0.08)
    found = bipartite.modularity_test(m, rng(), 99).iloc[0]
    assert found["observed"] > found["null_high"] and found["p_value"] <= 0.02


# Matrix


def test_matrix_from_edges():
    edges = pd.DataFrame({"geo": ["B", "A", "A", "A"], "x": ["q", "p", "p", "q"]})
    found = bipartite.bipartite_matrix(edges, "geo", "x", ["A", "B", "C"], ["q", "p"])
    assert found.to_numpy().tolist() == [[1, 1], [1, 0], [0, 0]] and found.index.name == "geo"
    assert bipartite.bipartite_matrix(edges, "geo", "x").columns.tolist() == ["p", "q"]
    for wrong, message in (({"rows": ["A"]}, "outside"), ({"rows": ["A", "A", "B"]}, "repeated")):
        with pytest.raises(DesignError, match=message):
            bipartite.bipartite_matrix(edges, "geo", "x", **wrong)
    with pytest.raises(DesignError, match="without a label"):
        bipartite.bipartite_matrix(edges.assign(x=[None, "p", "p", "q"]), "geo", "x")
