"""Draws of whole clusters against closed forms and enumeration; the range of pairs against all 0/1 matrices."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.models.inference.cluster_bootstrap import cluster_bootstrap, percentile
from innodivide.models.network.overlap_range import pairs_range


def rng(seed=1):
    return np.random.default_rng(seed)


def means(clusters, values, n_boot=1999, seed=1):
    values = np.asarray(values, dtype=float)
    return cluster_bootstrap(clusters, lambda i: values[i].mean(), rng(seed), n_boot)


# Draws of clusters


def test_a_cluster_of_its_own_for_each_unit_is_the_plain_bootstrap_of_the_mean():
    """Its standard deviation is s / sqrt(n), s with divisor n; of 9999 draws it is known to 1 / sqrt(2 x 9999)."""
    values = rng(3).normal(size=40)
    draws = means(range(40), values, 9999)[:, 0]
    exact = values.std(ddof=0) / math.sqrt(40)
    assert draws.std(ddof=1) == pytest.approx(exact, rel=4 / math.sqrt(2 * 9999))
    assert draws.mean() == pytest.approx(values.mean(), abs=4 * exact / math.sqrt(9999))


def test_two_clusters_give_three_samples_with_their_chances():
    """AA, BB and AB: a quarter, a quarter and a half of the draws; of unequal size, AB is the mean of all units."""
    draws = means(["A", "B", "A", "B", "B"], [1, 4, 2, 6, 5], 4000)[:, 0]
    values, counts = np.unique(draws.round(12), return_counts=True)
    assert values == pytest.approx([1.5, 3.6, 5.0])
    assert counts / 4000 == pytest.approx([0.25, 0.5, 0.25], abs=4 * math.sqrt(0.25 / 4000))


def test_units_of_a_cluster_stay_together():
    labels = np.array(list("abbcccdddd"))
    seen = []
    cluster_bootstrap(labels, lambda i: seen.append(np.bincount(i, minlength=10)) or 0.0, rng(), 50)
    for times in seen:
        assert all(len(set(times[labels == c])) == 1 for c in "abcd")
        assert sum(times[labels == c][0] for c in "abcd") == 4, "as many clusters as there are"


def test_the_mean_of_equal_clusters_varies_as_the_means_of_the_clusters_do():
    means_of = rng(4).normal(size=12)
    values = np.repeat(means_of, 5) + np.tile([-2, -1, 0, 1, 2], 12)
    found = means(np.repeat(range(12), 5), values, 9999)[:, 0].std(ddof=1)
    assert found == pytest.approx(means_of.std(ddof=0) / math.sqrt(12), rel=0.04)


def test_names_and_order_of_units_do_not_matter_to_the_samples():
    clusters, values = list("bbacca"), np.array([3.0, 4.0, 1.0, 5.0, 7.0, 2.0])
    first = means(clusters, values, 99)
    order = [4, 2, 0, 5, 1, 3]
    assert means([clusters[k] for k in order], values[order], 99) == pytest.approx(first)
    assert means([c.upper() for c in clusters], values, 99) == pytest.approx(first)


def test_several_statistics_come_from_the_same_draw():
    values = np.arange(6.0)
    draws = cluster_bootstrap(list("aabbcc"), lambda i: np.array([values[i].mean(), 2 * values[i].mean()]), rng(), 60)
    assert draws.shape == (60, 2) and draws[:, 1] == pytest.approx(2 * draws[:, 0])


def test_ends_of_the_interval_are_quantiles_of_each_column():
    draws = np.column_stack([np.arange(101.0), 10 + np.arange(101.0)])
    low, high = percentile(draws)
    assert low == pytest.approx([2.5, 12.5]) and high == pytest.approx([97.5, 107.5])
    low, high = percentile(draws, 0.9)
    assert low == pytest.approx([5, 15]) and high == pytest.approx([95, 105])


@pytest.mark.dear
def test_an_interval_covers_the_mean_about_as_often_as_it_says():
    """Thirty clusters of sizes 1 to 6 that share a normal part: the percentile interval covers a little less often."""
    r, hits = rng(7), 0
    for _ in range(200):
        clusters = np.repeat(range(30), r.integers(1, 7, size=30))
        values = r.normal(size=30)[clusters] + r.normal(size=len(clusters))
        low, high = percentile(cluster_bootstrap(clusters, lambda i, v=values: v[i].mean(), r, 199))
        hits += low[0] <= 0 <= high[0]
    assert 0.86 < hits / 200 < 0.98


@pytest.mark.parametrize(
    ("clusters", "n_boot", "error", "said"),
    [
        (["A", None, "B"], 99, DataError, "clusters: missing at position 1"),
        (["A", "A"], 99, DesignError, "clusters: only A; an interval needs two"),
        ([], 99, DesignError, "clusters: only none"),
        (["A", "B"], 19, ParameterError, "n_boot=19: at least 20"),
    ],
)
def test_what_cannot_be_drawn_is_named(clusters, n_boot, error, said):
    with pytest.raises(error, match=said):
        cluster_bootstrap(clusters, lambda i: 0.0, rng(), n_boot)


def test_a_generator_is_required_and_draws_that_are_not_defined_are_counted():
    with pytest.raises(ParameterError, match="rng"):
        cluster_bootstrap(["A", "B"], lambda i: 0.0, None)
    with pytest.raises(DesignError, match="not defined in 2 of 4 draws of clusters"):
        percentile(np.array([[1.0, 1.0], [np.nan, 1.0], [1.0, np.inf], [2.0, 1.0]]))


# The range of pairs


def cross_pairs(matrix: np.ndarray, n_first: int) -> int:
    return int((matrix[:, :n_first].sum(axis=1) * matrix[:, n_first:].sum(axis=1)).sum())


def all_matrices(n: int, m: int):
    for bits in itertools.product((0, 1), repeat=n * m):
        yield np.array(bits).reshape(n, m)


@pytest.mark.parametrize(("n", "n_first", "n_second"), [(3, 1, 2), (3, 2, 2), (4, 1, 2), (2, 3, 3), (3, 3, 1)])
def test_the_range_is_that_of_all_matrices_with_these_rows_and_places(n, n_first, n_second):
    """Exact without the column sums; with them, every matrix lies inside."""
    ends, inside = {}, {}
    for matrix in all_matrices(n, n_first + n_second):
        rows, pairs = tuple(matrix.sum(axis=1)), cross_pairs(matrix, n_first)
        key = rows, int(matrix[:, :n_first].sum())
        low, high = ends.get(key, (pairs, pairs))
        ends[key] = min(low, pairs), max(high, pairs)
        inside.setdefault((key, tuple(matrix.sum(axis=0))), []).append(pairs)
    for (rows, places), found in ends.items():
        assert pairs_range(rows, n_first, n_second, places) == found
    for ((rows, places), _), pairs in inside.items():
        low, high = pairs_range(rows, n_first, n_second, places)
        assert low <= min(pairs) and max(pairs) <= high


@pytest.mark.parametrize(
    ("rows", "n_first", "n_second", "places", "ends"),
    [
        ([2, 2], 2, 2, 2, (0, 2)),  # one row all first and one all second; or one of each in both
        ([4], 2, 2, 2, (4, 4)),  # a full row
        ([0, 0], 2, 2, 0, (0, 0)),
        ([1, 1, 1], 3, 3, 2, (0, 0)),  # a single place makes no pair
        ([3, 3], 2, 2, 3, (4, 4)),  # each row has 2 and 1 or 1 and 2
        ([4, 4], 3, 3, 4, (6, 8)),  # 3 x 1 and 1 x 3; or 2 x 2 twice
    ],
)
def test_the_range_by_hand(rows, n_first, n_second, places, ends):
    assert pairs_range(rows, n_first, n_second, places) == ends
    assert pairs_range(rows[::-1], n_first, n_second, places) == ends
    assert pairs_range(rows, n_second, n_first, sum(rows) - places) == ends, "the groups may change places"


def test_rows_that_cannot_hold_the_places_are_refused():
    for rows, places in (([1, 1], 3), ([4, 4], 3), ([5], 2)):
        with pytest.raises(DesignError, match=f"no division gives the first group its {places} places"):
            pairs_range(rows, 2, 2, places)


def test_a_table_of_pandas_integers_will_do():
    assert pairs_range(pd.Series([2, 2], dtype="Int64"), 2, 2, 2) == (0, 2)
