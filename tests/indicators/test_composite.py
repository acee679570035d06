"""Rebuilding the index: the identity on every row, weights and zeros on simulated data with a known truth, regions."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from innodivide.data import Tables
from innodivide.data.editions import PLAN
from innodivide.data.tables import indicators_of, member_states
from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.indicators import composite
from innodivide.indicators.composite.rebuild import DIMENSION_TOLERANCE

TABLES = Tables(pins=PLAN)
EU27 = list(member_states(TABLES)["geo"])


@pytest.fixture(scope="module")
def eis():
    """Published EIS matrices, recovered weights and verdicts on zeros."""
    scores, blocks = composite.score_matrix(TABLES), composite.score_matrix(TABLES, "dimension")
    index = composite.index_values(TABLES)
    weights = composite.implicit_weights(scores, index)
    dimensions = indicators_of(TABLES, composite.EDITION).set_index("indicator_code")["dimension_code"][scores.columns]
    zeros = composite.classify_zeros(scores, index, weights, blocks, dimensions)
    missing = composite.missing_cells(zeros, scores)
    check = composite.identity_check(scores, index, weights, missing)
    return SimpleNamespace(
        scores=scores,
        blocks=blocks,
        dimensions=dimensions,
        index=index,
        weights=weights,
        zeros=zeros,
        missing=missing,
        check=check,
    )


@pytest.fixture(scope="module")
def ris():
    """Published RIS scores and the rebuilt index."""
    given = composite.regional_scores(TABLES)
    return given[0], composite.rebuild_regional(*given)


def simulate(rng, n=60, size=8, years=2, decimals=3):
    """Normalised scores in [0, 1], their published form and the published index, from the definition.

    Returns truth (rows, K), published scores, published index, weights; row 0 is the reference.
    """
    truth = rng.uniform(0.05, 1, (n * years, size))
    codes = [f"{1 + k // 3}.{k % 3 + 1}" for k in range(size)]
    rows = pd.MultiIndex.from_product(
        [[f"G{i:02d}" for i in range(n)], range(2016, 2016 + years)], names=["geo", "year"]
    )
    truth = pd.DataFrame(truth, rows, codes)
    base = truth.iloc[0]
    return (
        truth,
        (100 * truth / base).round(decimals),
        (100 * truth.mean(axis=1) / base.mean()).round(decimals),
        base / base.sum(),
    )


# ---- the published index ------------------------------------------------------------------------------------------


def test_identity_holds_for_every_member_state_and_year(eis):
    part = eis.check[eis.check["geo"].isin(EU27)]
    assert len(part) == 27 * 8 and part["explained"].all()
    assert part["difference"].abs().max() < 0.0015  # published to three decimals, 32 rounded scores


def test_rows_outside_the_union_that_the_identity_does_not_explain_are_listed(eis):
    assert len(eis.check) == len(eis.scores) == 312
    lost = eis.check[~eis.check["explained"]]
    # the United Kingdom's indicator scores are not those its index was made of; nothing else is left over
    assert set(lost["geo"]) == {"UK"} and len(lost) == 8 and lost["difference"].abs().max() < 0.25


def test_without_the_verdicts_the_identity_fails_where_a_missing_value_is_written_as_zero(eis):
    check = composite.identity_check(eis.scores, eis.index, eis.weights, eis.scores.isna())
    lost = check[~check["explained"] & check["geo"].isin(EU27)]
    assert set(lost["geo"]) == {"IE"} and len(lost) == 8 and lost["difference"].max() < -3


def test_weights_agree_with_those_from_the_top_scores(eis):
    """Two recoveries that share no input but the scores: one uses the index, the other only each column's maximum.

    If each indicator's best row is normalised to 1, its weight goes with one over its top score.
    """
    other = 1 / eis.scores.max()
    assert (eis.weights / eis.weights.sum() - other / other.sum()).abs().max() < 1e-5
    assert eis.weights.sum() == pytest.approx(1, abs=1e-5)
    top = composite.normalised_scores(eis.scores, eis.weights, eis.missing).max()
    assert top.min() > 0.9995 and top.max() == 1


def test_zeros_of_member_states(eis):
    found = eis.zeros[eis.zeros["geo"].isin(EU27)]
    assert set(found["state"]) == {"zero"} and "undetermined" not in set(found["verdict"])
    missing = found[found["verdict"] == "missing"]
    assert set(zip(missing["geo"], missing["indicator_code"])) == {("IE", "3.2.3")} and len(missing) == 8
    assert (found["verdict"] == "bottom").sum() == 71 - 8 and found["dimension_agrees"].all()


def test_dimensions_settle_which_of_several_zeros_is_missing(eis):
    found = eis.zeros.query("state == 'zero' and verdict == 'missing'")
    pairs = set(zip(found["geo"], found["indicator_code"]))
    assert pairs == {("IE", "3.2.3"), ("CH", "1.3.1"), ("IS", "2.3.1"), ("BA", "4.3.2"), ("TR", "1.1.3")}
    blind = composite.classify_zeros(eis.scores, eis.index, eis.weights)
    open_ = blind[blind["verdict"] == "undetermined"]
    assert {"IS", "BA", "TR"} == set(open_["geo"])  # the index alone gives the number, not the cells


def test_published_dimension_scores_keep_the_identity_except_where_known(eis):
    """Equation (1) within each dimension, in the Member States and the EU."""
    lost = []
    for code, published in eis.blocks.loc[[*EU27, "EU"]].items():
        inside = eis.dimensions.index[eis.dimensions == code]
        scores, missing = (frame.loc[published.index, inside] for frame in (eis.scores, eis.missing))
        difference = composite.rebuild_index(scores, eis.weights[inside], missing) - published
        assert len(difference) == 28 * 8 and difference.notna().all()
        lost += [(code, *key) for key in difference.index[difference.abs() > DIMENSION_TOLERANCE]]
    # dimension 2.1 is published without indicator 2.1.3 in 2017-2021, although the index counts it
    assert set(lost) == {("2.1", geo, year) for geo in [*EU27, "EU"] for year in range(2017, 2022)}
    keep, rows = ["2.1.1", "2.1.2"], [key for _, *key in lost]
    two = (eis.scores.loc[map(tuple, rows), keep] * eis.weights[keep]).sum(axis=1) * 3 / 2
    two = two / eis.weights[[*keep, "2.1.3"]].sum()
    assert (two - eis.blocks["2.1"].loc[two.index]).abs().max() < 0.01


# ---- simulated data with a known truth ----------------------------------------------------------------------------


def test_weights_are_recovered():
    _, scores, index, weights = simulate(np.random.default_rng(1))
    found = composite.implicit_weights(scores, index)
    assert (found - weights).abs().max() < 1e-4
    exact = simulate(np.random.default_rng(1), decimals=12)
    assert (composite.implicit_weights(exact[1], exact[2]) - exact[3]).abs().max() < 1e-11


def test_weights_match_unconstrained_least_squares_inside_the_cone():
    _, scores, index, _ = simulate(np.random.default_rng(2))
    free = np.linalg.lstsq(scores.to_numpy(), index.to_numpy(), rcond=None)[0]
    assert (free > 0).all()
    np.testing.assert_allclose(composite.implicit_weights(scores, index), free, rtol=1e-8)


def test_zero_verdicts_recover_the_truth():
    rng = np.random.default_rng(3)
    truth = simulate(rng)[0]
    base = truth.iloc[0]
    bottom, gone = [(5, 0), (5, 4), (9, 2), (20, 1)], [(5, 6), (9, 3), (30, 7), (31, 7)]
    for i, k in bottom:
        truth.iloc[i, k] = 0
    hidden = truth.copy()
    for i, k in gone:
        hidden.iloc[i, k] = np.nan
    index = (100 * hidden.mean(axis=1) / base.mean()).round(3)
    dims = pd.Series([k.split(".")[0] for k in truth.columns], truth.columns)
    blocks = {d: hidden[dims.index[dims == d]].mean(axis=1) / base[dims.index[dims == d]].mean() for d in dims.unique()}
    dimension_scores = (100 * pd.DataFrame(blocks)).round(3)
    scores = (100 * hidden.fillna(0) / base).round(3)
    fitted = composite.implicit_weights(scores, index)
    found = composite.classify_zeros(scores, index, fitted, dimension_scores, dims)
    expected = {
        (*truth.index[i], truth.columns[k]): v for v, cells in (("bottom", bottom), ("missing", gone)) for i, k in cells
    }
    assert {(r.geo, r.year, r.indicator_code): r.verdict for r in found.itertuples()} == expected
    missing = composite.missing_cells(found, scores)
    assert composite.identity_check(scores, index, fitted, missing)["explained"].all()
    # with the index alone: all zeros of a row missing, or none, is told; a mixture is left open
    blind = composite.classify_zeros(scores, index, fitted)
    assert set(blind.loc[blind["verdict"] == "undetermined", ["geo", "year"]].apply(tuple, axis=1)) == {
        truth.index[5],
        truth.index[9],
    }


def test_a_row_that_breaks_the_identity_is_undetermined_not_guessed():
    _, scores, index, weights = simulate(np.random.default_rng(4))
    scores.iloc[7, 2], index.iloc[7] = 0.0, index.iloc[7] + 1.7
    found = composite.classify_zeros(scores, index, weights)
    assert found["verdict"].tolist() == ["undetermined"] and abs(found["residual"].iloc[0]) > 0.01
    check = composite.identity_check(scores, index, weights, composite.missing_cells(found, scores))
    assert (~check["explained"]).sum() == 1


def test_absent_rows_are_left_out_of_the_mean():
    truth, scores, _, weights = simulate(np.random.default_rng(5))
    scores.iloc[3, [1, 4]] = np.nan
    kept = truth.iloc[3].drop(truth.columns[[1, 4]])
    rebuilt = composite.rebuild_index(scores, weights, scores.isna())
    assert rebuilt.iloc[3] == pytest.approx(100 * kept.mean() / truth.iloc[0].mean(), abs=1e-3)


def test_invariances_of_the_rebuilt_index():
    _, scores, index, weights = simulate(np.random.default_rng(6))
    none = scores.isna()
    base = composite.rebuild_index(scores, weights, none)
    order = np.random.default_rng(0).permutation(len(scores))
    shuffled = scores.iloc[order][list(scores.columns[::-1])]
    np.testing.assert_allclose(
        composite.implicit_weights(shuffled, index)[scores.columns],
        composite.implicit_weights(scores, index),
        rtol=1e-9,
    )
    again = composite.rebuild_index(shuffled, weights, shuffled.isna())
    np.testing.assert_allclose(again.loc[scores.index], base, rtol=1e-12)
    np.testing.assert_allclose(composite.rebuild_index(scores, 7 * weights, none), base, rtol=1e-12)
    np.testing.assert_allclose(composite.rebuild_index(3 * scores, weights, none), 3 * base, rtol=1e-12)
    # other units of one published score move its weight the other way and leave the index alone
    other = scores.assign(**{scores.columns[0]: scores.iloc[:, 0] * 50})
    found = composite.implicit_weights(other, index)
    assert found.iloc[0] * 50 == pytest.approx(weights.iloc[0], abs=1e-4)


def test_one_indicator_is_its_own_index():
    rows = pd.MultiIndex.from_tuples([("A", 2016), ("B", 2016)], names=["geo", "year"])
    scores = pd.DataFrame({"1.1": [100.0, 40.0]}, rows)
    weights = composite.implicit_weights(scores, scores["1.1"])
    assert weights.tolist() == pytest.approx([1.0])
    assert composite.rebuild_index(scores, weights, scores.isna()).tolist() == pytest.approx([100.0, 40.0])


def test_undetermined_weights_are_refused():
    rows = pd.MultiIndex.from_product([list("ABCD"), [2016]], names=["geo", "year"])
    equal = pd.DataFrame(100.0, rows, ["1.1", "1.2"])
    with pytest.raises(DesignError, match="rank 1 cannot determine 2 weights"):
        composite.implicit_weights(equal, pd.Series(100.0, rows))
    with pytest.raises(DesignError, match="0 complete rows"):
        composite.implicit_weights(equal.assign(**{"1.2": 0.0}), pd.Series(100.0, rows))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda s, i, w: composite.implicit_weights(s, i.iloc[1:]), DataError, "index: no value"),
        (lambda s, i, w: composite.implicit_weights(-s, i), DataError, "finite numbers >= 0"),
        (lambda s, i, w: composite.rebuild_index(s, w.iloc[1:], s.isna()), ParameterError, "weights"),
        (lambda s, i, w: composite.rebuild_index(s, w, ~s.isna()), DesignError, "every indicator is missing"),
        (lambda s, i, w: composite.normalised_scores(s * 0, w, s.isna()), DesignError, "no positive score"),
    ],
)
def test_named_errors(call, error, text):
    _, scores, index, weights = simulate(np.random.default_rng(7), n=20)
    with pytest.raises(error, match=text):
        call(scores, index, weights)


# ---- regions ------------------------------------------------------------------------------------------------------


def test_regional_identity_holds_for_every_region_and_year(ris):
    _, rebuilt = ris
    assert len(rebuilt) == 245 * 8 and rebuilt["explained"].all()
    assert rebuilt["difference"].abs().max() < 0.01
    assert (~rebuilt["tested"]).sum() < 0.05 * len(rebuilt)
    single = rebuilt.groupby(["geo", "year"])["region_code"].transform("size") == 1
    assert not rebuilt.loc[single, "tested"].any()  # one equation, one factor: says nothing


@pytest.mark.dear
def test_the_reference_fixes_the_scale_of_the_regional_weights():
    weights, factors = composite.fit_regional(*composite.regional_scores(TABLES))
    assert weights.sum() == pytest.approx(1, abs=1e-4) and (weights > 0).all()
    assert factors.query("geo == 'EU' and year == 2016")["factor"].iloc[0] == pytest.approx(1, abs=1e-12)


@pytest.mark.dear
def test_regional_zeros_never_claim_more_than_the_count_tells(ris):
    scores, rebuilt = ris
    found = composite.regional_zeros(scores, rebuilt)
    assert len(found) == int((scores == 0).sum().sum())
    told = found[found["verdict"] != "undetermined"]
    per_row = told[told["verdict"] == "missing"].groupby(["region_code", "year"]).size()
    rows = rebuilt.set_index(["region_code", "year"])["n_missing"]
    full = told.groupby(["region_code", "year"]).size()
    assert (per_row.to_numpy() == rows.loc[per_row.index].to_numpy()).all()
    assert (rows.loc[full.index.difference(per_row.index)] == 0).all()


@pytest.mark.dear
def test_likely_zeros_agree_with_what_is_told_and_with_every_count(ris):
    scores, rebuilt = ris
    found, told = composite.likely_zeros(scores, rebuilt), composite.regional_zeros(scores, rebuilt)
    keys = ["region_code", "year", "indicator_code"]
    both = found.merge(told[told["basis"] == "identity"], on=keys)
    assert len(both) and (both["reading"] == both["verdict"]).all() and both["certain"].all()
    taken = (found["reading"] == "missing").groupby([found["region_code"], found["year"]]).sum()
    number = rebuilt.set_index(["region_code", "year"])["n_missing"]
    assert (taken.to_numpy() == number.loc[taken.index].to_numpy()).all() and len(found) == len(told)
    shuffled = composite.likely_zeros(scores.sample(frac=1, random_state=1), rebuilt.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(found, shuffled.sort_values(keys, ignore_index=True))


def test_regional_weights_factors_and_counts_are_recovered_from_simulated_data():
    rng = np.random.default_rng(8)
    truth = simulate(rng, n=30, size=6, decimals=9)[0].rename(index={"G00": "EU"})
    base, names = truth.iloc[0], truth.index.get_level_values(0)
    country = pd.Series({g: g if g == "EU" else f"C{int(g[1:]) % 5}" for g in names.unique()})
    geo, year = names.map(country), truth.index.get_level_values(1)
    factor = {
        (c, y): 1.0 if (c, y) == ("EU", 2016) else rng.uniform(0.8, 1.2) for c in country.unique() for y in (2016, 2017)
    }
    hidden = truth.copy()
    hidden.iloc[40, 2] = np.nan
    hidden.iloc[41, 2] = 0.0
    f = np.array([factor[c, y] for c, y in zip(geo, year)])
    index = (f * 100 * hidden.mean(axis=1) / base.mean()).rename("value")
    scores = 100 * hidden.fillna(0) / base
    weights, factors = composite.fit_regional(scores, index, country)
    np.testing.assert_allclose(weights, base / base.sum(), rtol=1e-8)
    got = factors.set_index(["geo", "year"])["factor"]
    assert max(abs(got[k] - v) for k, v in factor.items()) < 1e-8
    rebuilt = composite.rebuild_regional(scores, index, country).set_index(["region_code", "year"])
    assert rebuilt.loc[truth.index[40], "n_missing"] == 1 and rebuilt.loc[truth.index[41], "n_missing"] == 0
    assert rebuilt["difference"].abs().max() < 1e-6
    with pytest.raises(DataError, match="no complete row of EU"):
        composite.fit_regional(scores.drop(index="EU"), index, country)
