"""The interval of a plain share over clusters: R's survey package, its limits, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from reference import cases

from innodivide.errors import DesignError, ParameterError
from innodivide.models import cluster_share

# R 4.2.2, survey 4.1.1, d as read from dyads.csv: des <- svydesign(ids = ~geo, weights = ~1, data = d[d$fixed == 1, ])
# p <- svyciprop(~participates, des, method = "logit"); as.numeric(p); SE(svymean(~participates, des)); attr(p, "ci")
IN_R = {
    ("fixed", 1): (0.4, 0.164140637138798, 0.090765022899834, 0.816587947416439),
    ("fixed", 0): (0.380165289256199, 0.0473385109884388, 0.287690356000032, 0.482241105119601),
    ("leader", 1): (0.425925925925926, 0.160816214492561, 0.1203452723052, 0.800939819331731),
}


@pytest.mark.parametrize(("column", "value"), IN_R)
def test_as_in_r(column, value):
    dyads = cases.table("dyads")
    rows = dyads[dyads[column] == value].groupby("geo")["participates"].agg(["sum", "size"])
    found = cluster_share(rows["sum"], rows["size"])
    assert (found.share, found.se, found.ci_low, found.ci_high) == pytest.approx(IN_R[column, value], rel=1e-8)
    mixed = rows.sample(frac=1, random_state=4)
    assert cluster_share(mixed["sum"], mixed["size"]).ci_low == pytest.approx(found.ci_low, rel=1e-12)


def test_clusters_of_one_case_give_the_error_of_a_plain_share():
    y = np.array([1, 0, 0, 1, 1, 0, 1, 1])
    found = cluster_share(y, np.ones(8))
    assert found.se == pytest.approx(np.sqrt(y.mean() * (1 - y.mean()) / 7))
    flipped = cluster_share(1 - y, np.ones(8))
    assert (flipped.ci_low, flipped.ci_high) == pytest.approx((1 - found.ci_high, 1 - found.ci_low))


@pytest.mark.dear
def test_the_interval_covers_as_often_as_it_says():
    """Beta-binomial clusters; with 20 of them the interval holds the true share in about 95 of 100 samples."""
    rng, hits = np.random.default_rng(5), 0
    for _ in range(1000):
        p = rng.beta(2, 4, size=20)
        found = cluster_share(rng.binomial(11, p), np.full(20, 11))
        hits += found.ci_low <= 1 / 3 <= found.ci_high
    assert 920 <= hits <= 975  # binomial limits at about five standard errors around 0.95


def test_what_cannot_be_told_is_missing_and_bad_counts_are_refused():
    assert cluster_share([3], [4]).se is None and cluster_share([3], [4]).ci_low is None
    nobody = cluster_share([0, 0], [4, 4])
    assert nobody.share == 0 and nobody.ci_low is None and nobody.se == 0
    for taken, among in (([], []), ([1, np.nan], [2, 2]), ([3], [2]), ([1, 0], [2, 0]), ([1], [2, 2]), ([-1], [2])):
        with pytest.raises(DesignError, match="taken"):
            cluster_share(taken, among)
    with pytest.raises(ParameterError, match="level"):
        cluster_share([1, 2], [3, 3], level=95)
    assert cluster_share(pd.Series([1, 2]), pd.Series([3, 3])).n_cases == 6
