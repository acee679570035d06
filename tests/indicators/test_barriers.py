"""Contributions, the two-way split, institutions, Oaxaca-Blinder, clusters: against R, closed forms and identities."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from reference.cases import HERE as CASES
from scipy import stats

from innodivide.data import Tables
from innodivide.data.editions import PLAN, REGIONAL, latest
from innodivide.errors import DataError, DesignError, InnodivideError, ParameterError
from innodivide.evidence.claims import shared_barriers as claims
from innodivide.evidence.region_barriers import region_barriers
from innodivide.indicators import barriers as b, composite
from innodivide.indicators.country_profile import SCORES
from innodivide.indicators.regions import regions
from innodivide.narrative.annex import region_barrier_table

TABLES = Tables()
THEN = TABLES.as_of(pins=PLAN)
NO_ROW_IF_MISSING = 2025  # edition of the EIS whose zeros are all bottom scores

HERE = CASES / "barriers"
EXPECTED = (
    pd.read_csv(HERE / "expected.csv", dtype={"value": float})
    .set_index(["topic", "term", "quantity"])["value"]
    .sort_index()
)


def rng(seed=0):
    return np.random.default_rng(seed)


def scores(values, units=None) -> pd.DataFrame:
    values = np.asarray(values, dtype=float)
    units = units or ["EU", *[f"u{i:02d}" for i in range(len(values) - 1)]]
    return pd.DataFrame(values, index=units, columns=[f"d{j}" for j in range(values.shape[1])])


@pytest.fixture(scope="module")
def real():
    """Real contributions with published weights, groups, and the split of lagging regions."""
    found = claims.regional_contributions(TABLES)
    return found, regions(TABLES), b.two_way_split(found, claims.lagging_regions(TABLES), rng(1), n_boot=199)


# Contributions


def test_contributions_by_hand():
    """Weights 1 and 3: the gap of A is 0.25 x 20 + 0.75 x (-4); B lacks the second indicator."""
    table = scores([[100, 50], [80, 54], [70, np.nan]], ["EU", "A", "B"])
    found = b.gap_contributions(table, weights={"d0": 1, "d1": 3}).set_index(["unit", "indicator_code"])["contribution"]
    assert found["A", "d0"] == pytest.approx(5.0) and found["A", "d1"] == pytest.approx(-3.0)
    assert found["B", "d0"] == pytest.approx(15.0), "0.25 x 30, raised by 2 indicators over 1 known"
    assert ("B", "d1") not in found.index


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 12), st.integers(1, 8))
def test_contributions_sum_to_the_gap(seed, n, d):
    r = rng(seed)
    values = r.uniform(0, 300, (n, d))
    values[1:][r.random((n - 1, d)) < 0.2] = np.nan
    values[1:, 0] = np.where(np.isnan(values[1:]).all(axis=1), 1.0, values[1:, 0])
    w = r.uniform(0.1, 2, d)
    table = scores(values)
    found = b.gap_contributions(table, weights=dict(zip(table, w)))
    gaps = b.unit_gaps(found).set_index("unit")["gap"]
    for unit, row in table.drop(index="EU").iterrows():
        known = row.notna().to_numpy()
        direct = (w * (table.loc["EU"] - row))[known].sum() / w.sum() / known.mean()
        assert gaps[unit] == pytest.approx(direct, abs=1e-12 * 300)


def test_order_and_unit_of_the_scores_do_not_matter():
    table = scores(rng(1).uniform(10, 200, (8, 5)))
    base = b.gap_contributions(table)
    shuffled = b.gap_contributions(table.sample(frac=1, random_state=1).sample(frac=1, axis=1, random_state=2))
    pd.testing.assert_frame_equal(base, shuffled)
    shifted = b.gap_contributions(table + 7.0)
    np.testing.assert_allclose(shifted["contribution"], base["contribution"], atol=1e-12)
    np.testing.assert_allclose(b.gap_contributions(2 * table)["contribution"], 2 * base["contribution"], atol=1e-12)


def test_leaders_as_reference_have_no_gap_together():
    table = scores(rng(2).uniform(10, 200, (8, 5)))
    found = b.gap_contributions(table, "leaders", leaders=["u01", "u04"])
    total = found[found["unit"].isin(["u01", "u04"])].groupby("indicator_code")["contribution"].sum()
    np.testing.assert_allclose(total, 0, atol=1e-12)


def test_units_equal_to_the_reference_have_no_gap():
    equal = b.gap_contributions(scores(np.full((4, 3), 90.0)))
    assert (equal["contribution"] == 0).all() and (b.unit_gaps(equal)["n_indicators"] == 3).all()


@pytest.mark.parametrize(
    ("table", "arguments", "words", "kind"),
    [
        (pd.DataFrame(), {}, "nothing to compare", DesignError),
        (scores([[1, 2]]), {}, "no unit beside the EU", DesignError),
        (scores([[1, 2], [3, 4]], ["A", "B"]), {}, "no rows .*EU", ParameterError),
        (scores([[1, np.nan], [3, 4]]), {}, "no figure for indicator d1", DesignError),
        (scores([[1, 2], [np.nan, np.nan]]), {}, "u00 has no figure", DesignError),
        (scores([[1, 2], [3, np.nan]]), {"weights": {"d0": 0, "d1": 1}}, "u00 has no figure", DesignError),
        (scores([[1, 2], [3, 4]]), {"weights": {"d0": 1}}, "no weight for indicator d1", ParameterError),
        (scores([[1, 2], [3, 4]]), {"weights": {"d0": -1, "d1": 2}}, "weights", ParameterError),
        (scores([[1, 2], [3, 4]]), {"weights": {"d0": 0, "d1": 0}}, "positive sum", ParameterError),
        (scores([[1, 2], [3, 4]]), {"reference": "leaders"}, "leaders", ParameterError),
        (scores([[1, 2], [3, 4]]), {"reference": "leaders", "leaders": ["Z"]}, "Z", ParameterError),
        (scores([[1, 2], [3, 4]]), {"reference": "UK"}, "UK", ParameterError),
        (scores([[1, 2], [3, np.inf]]), {}, "infinite", DataError),
        (scores([[1, 2], [3, 4], [3, 4]], ["EU", "A", "A"]), {}, "more than once", DataError),
    ],
)
def test_impossible_scores_are_refused(table, arguments, words, kind):
    with pytest.raises(kind, match=words):
        b.gap_contributions(table, **arguments)


# Two-way split


def long(values, countries) -> tuple[pd.DataFrame, pd.Series]:
    table = scores(values, [f"u{i:02d}" for i in range(len(values))])
    frame = (
        table.rename_axis("unit")
        .reset_index()
        .melt("unit", var_name="indicator_code", value_name="contribution")
        .dropna()
    )
    return frame, pd.Series(list(countries), index=table.index)


def test_split_agrees_with_analysis_of_variance_in_r():
    frame = pd.read_csv(HERE / "split.csv")
    split = b.two_way_split(frame.assign(indicator_code="d"), frame.set_index("unit")["country"], rng(), n_boot=50)
    ours, theirs = split.shares["share"], EXPECTED["split"]
    for part in ("general", "country", "specific"):
        assert ours[part] == pytest.approx(theirs[part, "squares"] / theirs["total", "squares"], rel=1e-10)
    parts = split.parts.groupby("country")["country_part"].first()
    for country in parts.index:
        assert parts[country] == pytest.approx(theirs[country, "country_part"], rel=1e-9)


@pytest.mark.dear
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_split_adds_up(seed):
    r = rng(seed)
    n, d = int(r.integers(3, 25)), int(r.integers(1, 6))
    values = r.normal(2, 3, (n, d))
    values[r.random((n, d)) < 0.15] = np.nan
    values[:, 0] = r.normal(2, 3, n)
    countries = ["A", "B", *r.choice(list("ABCDE"), n - 2)]
    split = b.two_way_split(*long(values, countries), r, n_boot=20)
    p = split.parts
    np.testing.assert_allclose(p[["general", "country_part", "specific"]].sum(axis=1), p["contribution"], atol=1e-12)
    assert split.shares["share"].sum() == pytest.approx(1, abs=1e-12)
    squares = (p[["general", "country_part", "specific"]] ** 2).sum() / (p["contribution"] ** 2).sum()
    np.testing.assert_allclose(squares, split.shares["share"], atol=1e-12)
    single = p.groupby(["country", "indicator_code"])["unit"].transform("size") == 1
    np.testing.assert_allclose(p.loc[single, "specific"], 0, atol=1e-12)


def test_interval_of_the_general_part_is_a_t_interval_on_balanced_countries():
    """One unit in each country: expanded percentiles are made to agree with Student's t in the normal case."""
    values = stats.norm.ppf((np.arange(15) + 0.5) / 15)[:, None] + 3
    frame, groups = long(values, [f"C{i}" for i in range(15)])
    split = b.two_way_split(frame, groups, rng(4), n_boot=20_000)
    half = stats.t.ppf(0.975, 14) * values.std(ddof=1) / np.sqrt(15)
    row = split.general.iloc[0]
    assert row["general"] == pytest.approx(3, abs=1e-12)
    assert row["ci_low"] == pytest.approx(3 - half, abs=0.05 * half) and row["ci_high"] == pytest.approx(
        3 + half, abs=0.05 * half
    )


def test_drawing_countries_is_wider_when_regions_of_a_country_are_alike():
    r = rng(5)
    values = np.repeat(r.normal(3, 2, 8), 10)[:, None] + r.normal(0, 0.1, (80, 1))
    frame, groups = long(values, np.repeat([f"C{i}" for i in range(8)], 10))
    alone = pd.Series(groups.index, groups.index)  # every region a country of its own
    rows = [b.two_way_split(frame, drawn, rng(6), n_boot=500).general.iloc[0] for drawn in (groups, alone)]
    countries, regions = (row["ci_high"] - row["ci_low"] for row in rows)
    assert countries > 2.5 * regions


def test_split_bootstrap_shares_by_brute_force():
    """Resampled sums equal those of a split of the resampled data (countries drawn twice count as two)."""
    from innodivide.models.decomposition.split import _square_shares, _sums

    r = rng(7)
    values, countries = r.normal(1, 2, (9, 3)), np.array(list("AAABBBCCC"))
    weights = np.repeat([2, 0, 1], 3)[None, :].astype(float)
    fast = _square_shares(*_sums(pd.DataFrame(values), countries, weights))[0]
    rows = np.repeat(np.arange(9), weights[0].astype(int))
    frame, groups = long(values[rows], countries[rows])
    np.testing.assert_allclose(fast, b.two_way_split(frame, groups, rng(), n_boot=20).shares["share"], atol=1e-12)


def test_ranked_general_barriers_and_their_intervals():
    r = rng(8)
    values = np.array([10.0, 5.0, 0.0]) + r.normal(0, 0.5, (40, 3))
    frame, groups = long(values, r.choice(list("ABCDEFGH"), 40))
    table = b.general_barriers(b.two_way_split(frame, groups, rng(9), n_boot=200))
    assert list(table["indicator_code"]) == ["d0", "d1", "d2"] and list(table["rank"]) == [1, 2, 3]
    assert (table["rank_low"] == table["rank"]).all() and (table["rank_high"] == table["rank"]).all()
    assert list(table["is_barrier"])[:2] == [True, True] and table["share_behind"].iloc[0] == 1


def test_specific_barriers_find_what_only_one_region_has():
    r = rng(10)
    values = 5 + r.normal(0, 0.3, (30, 4))
    values[3, 2] += 6
    frame, groups = long(values, np.repeat(list("ABCDEF"), 5))
    split = b.two_way_split(frame, groups, rng(11), n_boot=200)
    own = b.specific_barriers(split, "u03")
    assert own["indicator_code"].iloc[0] == "d2" and own["own_barrier"].iloc[0]
    np.testing.assert_allclose(own["general"] + own["own"], own["contribution"], atol=1e-12)
    np.testing.assert_allclose(b.persistence(split, split)["correlation"], 1, atol=1e-12)
    with pytest.raises(ParameterError, match="nowhere"):
        b.specific_barriers(split, "nowhere")


def test_split_refuses_what_it_cannot_do():
    frame, groups = long(rng().normal(1, 1, (6, 2)), "AAABBB")
    with pytest.raises(DesignError, match="at least 2 countries"):
        b.two_way_split(frame, groups[:3], rng())
    with pytest.raises(DesignError, match="none of these units"):
        b.two_way_split(frame, pd.Series(["A"], index=["Z"]), rng())
    with pytest.raises(DesignError, match="every gap is zero"):
        b.two_way_split(frame.assign(contribution=0.0), groups, rng())
    with pytest.raises(DataError, match="two rows"):
        b.two_way_split(pd.concat([frame, frame]), groups, rng())
    with pytest.raises(ParameterError, match="rng"):
        b.two_way_split(frame, groups, 3)
    equal = b.two_way_split(frame.assign(contribution=2.0), groups, rng())
    assert equal.shares["share"].tolist() == pytest.approx([1, 0, 0]), "all equal: everything is general"


# Weights and zeros of the published indices


@pytest.mark.dear
@pytest.mark.parametrize(
    ("level", "tables"),
    [("region", THEN), ("country", TABLES.as_of(pins={"eis": NO_ROW_IF_MISSING})), ("country", THEN)],
)
def test_weights_and_readings_of_zeros_rebuild_the_published_index(level, tables):
    """Also where every zero is a bottom score: in EIS 2025 a missing figure has no row."""
    if level == "region":
        scores, weights, names = b.region_scores(tables), b.implied_weights(tables), ("ris_score", "ris_index")
        unit, home, edition = "region_code", regions(tables)["geo"], latest(tables, "ris", REGIONAL)
    else:
        scores, names, unit = b.country_scores(tables), ("eis_score", "eis_index"), "geo"
        edition = latest(tables, "eis", SCORES)
        matrix = composite.score_matrix(tables, edition=edition)
        weights = composite.implicit_weights(matrix, composite.index_values(tables, edition))
    assert weights.sum() == pytest.approx(1, abs=1e-5) and (weights > 0.005).all()
    readings, (rows, index) = b.zero_readings(tables, level), (tables[name] for name in names)
    zeros = rows[(rows["edition"] == edition) & rows["is_zero"] & rows[unit].isin(scores.drop(index="EU").index)]
    assert len(readings) == zeros["indicator_code"].isin(scores.columns).sum()
    kinds = {"bottom"} if edition == NO_ROW_IF_MISSING else {"missing", "bottom"}
    assert set(readings["reading"]) == kinds and readings["certain"].any()
    index = index[index["edition"] == edition]
    published = index[index["year"] == index["year"].max()].set_index(unit)["value"]
    mean = (scores * weights).sum(axis=1) * scores.shape[1] / scores.notna().sum(axis=1)
    factor = (published / mean).dropna().drop("EU")
    expected = factor.groupby(home).transform("median") if level == "region" else 1
    assert (factor / expected - 1).abs().max() < 5e-4, "one factor for all regions of a country, none for countries"


@pytest.mark.dear
def test_readings_of_zeros_change_only_zeros():
    keep, missing, read = (b.region_scores(TABLES, zeros=z) for z in ("keep", "missing", "read"))
    assert missing.isna().sum().sum() == (keep == 0).sum().sum() > read.isna().sum().sum() > 0
    pd.testing.assert_frame_equal(read.fillna(0), keep)
    with pytest.raises(ParameterError, match="zeros"):
        b.region_scores(TABLES, zeros="drop")
    with pytest.raises(ParameterError, match="1999"):
        b.region_scores(TABLES, 1999)


# Institutions


def test_government_quality_of_regions_by_hand():
    """AT1: 100 people with a score of 1, and 300 with -1 in a region since divided, whose other part is AT2."""
    codes = ["X1", "X2", "X3", "Y1"]
    link = {"code_from": ["X1", "X2", "X2", "Y1"], "code_to": codes, "population": [100, 300, 50, 10]}
    versions = {"version_from": "2016", "version_to": "2021", "change": "split"}
    score = {"eqi": [1.0, -1.0], "eqi_lower": [0.8, -1.2], "eqi_upper": [1.2, -0.8]}
    rest = dict.fromkeys(["eqi_corruption", "eqi_quality", "eqi_impartiality"], 0.0)
    old = pd.DataFrame(score | {"nuts_code": codes[:2]}).assign(
        year=PLAN["eqi"], nuts_version="2016", source_id="S", **rest
    )
    tables = Tables(
        {
            "nuts_link": pd.DataFrame(link).assign(level=2, **versions),
            "ris_nuts2": pd.DataFrame(
                {"nuts_code": codes, "region_code": ["AT1", "AT1", "AT2", "AT3"], "nuts_version": "2021"}
            ).assign(edition=PLAN["ris"]),
            "eqi": pd.concat([old, old.assign(eqi=9.0, year=PLAN["eqi"] - 4)]),  # another edition counts for nothing
        },
        pins=PLAN,
    )
    found = b.region_eqi(tables)
    assert found.index.tolist() == ["AT1", "AT2"], "a region without a figure is absent"
    assert found.at["AT1", "eqi"] == pytest.approx((100 - 300) / 400) and found.at["AT2", "eqi"] == -1
    assert found.at["AT1", "eqi_lower"] == pytest.approx((80 - 360) / 400) and found.at["AT1", "covered"] == 1


@pytest.mark.dear
def test_the_whole_index_is_of_the_latest_survey_and_its_parts_of_theirs():
    """Regions with a figure of their own have it; those of a Land, of which alone a figure was published, have that."""
    now, then = b.region_eqi(TABLES.as_of(pins={"ris": PLAN["ris"]})), b.region_eqi(THEN)
    assert set(then["year"]) == set(now["parts_year"]) == {PLAN["eqi"]} and set(now["year"]) == {2024}
    parts = ["eqi_corruption", "eqi_quality", "eqi_impartiality"]
    pd.testing.assert_frame_equal(now[parts], then[parts])
    published = TABLES["eqi_2024"].query("year == 2024").set_index("nuts_code")
    for code, whole in (("DE11", "DE1"), ("BE1", "BE1"), ("PL21", "PL21"), ("MT", "MT")):
        if code in now.index:
            assert now.at[code, "eqi"] == pytest.approx(published.at[whole, "eqi"])
            assert now.at[code, "eqi_lower"] == pytest.approx(published.at[whole, "eqi_lower"])
    gaps = b.institutional_gaps(TABLES).groupby("measure")["year"].unique()
    assert list(gaps["eqi"]) == [2024] and list(gaps["eqi_quality"]) == [PLAN["eqi"]]


def test_the_whole_index_goes_with_the_people_to_regions_of_a_later_nuts():
    nuts = TABLES["nuts"].query("nuts_version == '2024' and level == 2 and not is_extra_regio")["nuts_code"]
    home = pd.DataFrame({"edition": PLAN["ris"], "nuts_version": "2024", "nuts_code": nuts, "region_code": nuts})
    found = b.region_eqi(Tables({"ris_nuts2": home}, pins={"ris": PLAN["ris"]}))["eqi"]
    published = TABLES["eqi_2024"].query("year == 2024").set_index("nuts_code")["eqi"]
    assert found["NL35"] == pytest.approx(published["NL31"]) and found["PT1A"] == pytest.approx(published["PT17"])
    link = TABLES["nuts_link"].query("version_to == '2024' and code_to == 'PT1D'")
    expected = np.average(published[link["code_from"]], weights=link["population"].astype(float))
    assert found["PT1D"] == pytest.approx(expected) and len(link) == 2


def test_institutional_gaps_are_centred_and_bounded():
    gaps = b.institutional_gaps(TABLES)
    assert not gaps.duplicated(["measure", "unit"]).any() and not gaps["gap"].isna().any()
    eqi = gaps.query("measure == 'eqi'").set_index("unit")
    heads = b.region_eqi(TABLES)["population"]
    assert np.average(eqi["gap"], weights=heads.reindex(eqi.index)) == pytest.approx(0, abs=1e-12)
    assert ((eqi["gap_low"] < eqi["gap"]) & (eqi["gap"] < eqi["gap_high"])).all()
    assert ((eqi["reading"] == "behind") == (eqi["gap_low"] > 0)).all()
    assert ((eqi["reading"] == "ahead") == (eqi["gap_high"] < 0)).all()
    national = gaps.query("level == 'country'")
    assert (national.groupby("measure").size() == 27).all()
    assert national["gap_low"].isna().all() and (national["reading"] == "").all()
    business = national.query("measure == 'doing_business_score'")
    assert (business["year"] == 2019).all() and business["value"].between(0, 100).all()
    lead = b.institutional_gaps(TABLES, "leaders").set_index(["measure", "unit"])["gap"]
    shift = (lead - gaps.set_index(["measure", "unit"])["gap"]).groupby(level=0)
    assert (shift.max() - shift.min() < 1e-9).all(), "another reference shifts all gaps of a measure alike"
    with pytest.raises(ParameterError, match="reference"):
        b.institutional_gaps(TABLES, "best")


# Oaxaca-Blinder


def decomposed(frame, outcome, covariates, n_boot=20):
    """The decomposition by term, every unit a cluster of its own."""
    frame = frame.assign(unit=np.arange(len(frame)))
    return b.oaxaca_twofold(frame, outcome, covariates, "lag", "unit", rng(14), n_boot).set_index("term")


def test_twofold_decomposition_agrees_with_r():
    found = decomposed(pd.read_csv(HERE / "oaxaca.csv"), "mpg", ["wt", "hp", "qsec"])
    for term in ("wt", "hp", "qsec", "constant"):
        name = f"pooled {'(Intercept)' if term == 'constant' else term}"
        for part in ("explained", "unexplained"):
            assert found.at[term, part] == pytest.approx(EXPECTED["oaxaca", name, part], rel=1e-9, abs=1e-9)
    total = found.loc["total"]
    assert total["explained"] + total["unexplained"] == pytest.approx(total["difference"], abs=1e-12 * 100)
    assert total["difference"] == pytest.approx(EXPECTED["oaxaca", "difference", "difference"], rel=1e-12)
    assert found.at["constant", "explained"] == 0


def test_published_example_of_the_pooled_decomposition():
    """Credit cards (Greene), renters and owners: 130.80954 explained, 27.94091 unexplained (statsmodels manual)."""
    from statsmodels.datasets import ccard
    from statsmodels.stats.oaxaca import OaxacaBlinder

    cards = ccard.load_pandas().data
    found = decomposed(cards.assign(lag=1 - cards["OWNRENT"]), "AVGEXP", ["AGE", "INCOME", "INCOMESQ"]).loc["total"]
    assert found["explained"] == pytest.approx(130.80954, abs=1e-5) and found["unexplained"] == pytest.approx(
        27.94091, abs=1e-5
    )
    theirs = OaxacaBlinder(cards["AVGEXP"], cards.drop(columns="AVGEXP"), "OWNRENT", hasconst=False).two_fold()
    np.testing.assert_allclose(theirs.params[:2], [found["unexplained"], found["explained"]], rtol=1e-8)


def test_oaxaca_intervals_and_refusals():
    r = rng(13)
    frame = pd.DataFrame(
        {"x": r.normal(0, 1, 200), "lag": np.repeat([0, 1], 100), "geo": np.tile(list("ABCDEFGHIJ"), 20)}
    )
    frame["y"] = 2 * frame["x"] - frame["lag"] + r.normal(0, 0.5, 200)
    by_country = b.oaxaca_twofold(frame, "y", ["x"], "lag", "geo", rng(14), 100).set_index("term")
    for row in (by_country.loc["total"], decomposed(frame, "y", ["x"], 100).loc["total"]):
        assert row["unexplained_low"] < 1 < row["unexplained_high"]
        assert row["explained_low"] < row["explained"] < row["explained_high"]
    with pytest.raises(DesignError, match="do not determine"):
        decomposed(frame.assign(z=2 * frame["x"]), "y", ["x", "z"])
    with pytest.raises(DesignError, match="lagging group"):
        decomposed(frame.assign(lag=0), "y", ["x"])
    with pytest.raises(DataError, match="missing values"):
        decomposed(frame.assign(y=np.nan), "y", ["x"])
    with pytest.raises(DesignError, match="cluster: only one"):  # its interval would have no width
        b.oaxaca_twofold(frame.assign(geo="A"), "y", ["x"], "lag", "geo", rng(14), 100)
    with pytest.raises(DataError, match="q"):
        decomposed(frame, "y", ["q"])


# Clusters


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_clusters_agree_with_r(k):
    from sklearn.metrics import adjusted_rand_score, silhouette_samples

    from innodivide.models.decomposition.ward import ward_labels

    frame = pd.read_csv(HERE / "profiles.csv")
    points = frame.drop(columns=["unit", "species"]).to_numpy()
    labels = ward_labels(points, k)
    widths = silhouette_samples(points, labels)
    expected = EXPECTED["profiles", f"k {k}"]
    assert widths.mean() == pytest.approx(expected["mean_width"], rel=1e-10)
    assert (widths[0], widths[29]) == pytest.approx((expected["width_1"], expected["width_30"]), rel=1e-10)
    assert adjusted_rand_score(labels, frame["species"]) == pytest.approx(expected["rand"], rel=1e-10)


@pytest.mark.dear
def test_separate_groups_are_found_and_stable_and_noise_is_one_cluster():
    r = rng(16)
    groups = np.repeat([[0, 0, 0], [9, 0, 0], [0, 9, 0]], 12, axis=0) + r.normal(0, 0.5, (36, 3))
    found = b.barrier_profiles(scores(groups), rng(17), n_boot=50)
    assert len(found.stability) == 3 and (found.stability["reading"] == "stable").all() and found.rand > 0.95
    noise = b.barrier_profiles(scores(r.normal(0, 1, (60, 12))), rng(18), n_boot=50)
    assert len(noise.stability) == 1 and np.isnan(noise.rand)


def test_clusters_refuse_what_cannot_be_clustered():
    with pytest.raises(DesignError, match="at least 4"):
        b.barrier_profiles(scores([[1, 2], [3, 4], [5, 6]]), rng())
    with pytest.raises(DesignError, match="equal"):
        b.barrier_profiles(scores(np.ones((6, 2))), rng())


# The claim, on the real tables


def test_real_contributions_are_exact(real):
    found, groups, split = real
    table, w = b.region_scores(TABLES), b.implied_weights(TABLES).sort_index()
    gaps = b.unit_gaps(found).set_index("unit")["gap"]
    known = table.notna()
    scale = table.shape[1] / known.sum(axis=1)  # as many indicators as the edition has
    direct = (((table.loc["EU"] - table) * w).sum(axis=1) * scale).drop("EU")
    np.testing.assert_allclose(gaps, direct.reindex(gaps.index), atol=1e-11)
    assert len(gaps) == len(groups) and split.parts["unit"].nunique() == (groups["group"] == "emerging").sum()
    ours = found.assign(own=found["weight"] * found["value"], base=found["weight"] * found["reference"])
    ours = ours.groupby("unit")[["own", "base"]].sum()
    assert (ours["own"] / ours["base"]).corr(groups["relative"]) > 0.97, "close to the index before its country factors"


@pytest.mark.parametrize(
    ("lows", "highs", "general", "own", "verdict"),
    [
        ((1, 1, 1), (2, 2, 2), (0.5, 0.7), (0.3, 0.5), "supported"),
        ((1, -1, 1), (2, 2, 2), (0.5, 0.7), (0.3, 0.5), "partly"),
        ((-1, -1, -1), (2, 2, 2), (0.5, 0.7), (0.3, 0.5), "inconclusive"),
        ((1, 1, 1), (2, 2, 2), (0.91, 0.97), (0.03, 0.09), "contradicted"),
        ((-3, -3, -3), (-2, -2, -2), (0.5, 0.7), (0.3, 0.5), "contradicted"),
        ((1, 1, 1), (2, 2, 2), (0.85, 0.95), (0.05, 0.15), "inconclusive"),
    ],
)
def test_the_rule_gives_every_verdict(lows, highs, general, own, verdict):
    named = pd.DataFrame({"ci_low": lows, "ci_high": highs})
    shares = pd.DataFrame([general, own], columns=["ci_low", "ci_high"], index=["general", "own"])
    assert claims.verdict_of(named, shares) == verdict


def test_the_weights_are_the_published_or_equal_ones():
    with pytest.raises(ParameterError, match="weights"):
        claims.regional_contributions(TABLES, weights="own")


@pytest.mark.parametrize("geo", ["PL", "PT", "SE", "SK", "LV", "MT"])
def test_annex_rows_cover_every_region_in_words(geo):
    rows = region_barrier_table(THEN, *region_barriers(THEN, geo, rng(20), n_boot=49))
    groups = regions(THEN).query("geo == @geo")
    assert set(rows["region_code"]) == set(groups.index) and rows["relative"].is_monotonic_increasing
    index = TABLES["ris_index"].query("edition == 2023 and year == 2023").set_index("region_code")["value"]
    np.testing.assert_allclose(
        rows["gap"] + rows["adjustment"], (index["EU"] - index).reindex(rows["region_code"]), atol=1e-9
    )
    lagging = rows["group"] == "emerging"
    assert (rows.loc[~lagging, "general"] == "none: not a lagging region").all()
    assert (rows.loc[lagging, "general"] != "none: not a lagging region").all()
    assert not rows[["general", "own", "government"]].map(lambda t: t == "" or "nan" in t).any().any()


def test_annex_rows_need_a_member_state():
    with pytest.raises(InnodivideError, match="UK"):
        region_barriers(TABLES, "UK", rng())


def test_an_indicator_known_in_one_country_has_no_interval():
    """All its draws are alike; their percentiles were an interval of no width."""
    rows = [(u, i, v) for i, values in (("a", (1.0, 2.0, 3.0)), ("b", (1.0, None, None)))
            for u, v in zip(("X1", "Y1", "Z1"), values) if v is not None]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["unit", "indicator_code", "contribution"])
    groups = pd.Series(["X", "Y", "Z"], index=["X1", "Y1", "Z1"])
    general = b.two_way_split(frame, groups, rng(3), n_boot=200).general
    assert general.loc["b", ["ci_low", "ci_high"]].isna().all() and general.at["b", "n_countries"] == 1
    assert general.at["a", "ci_low"] < general.at["a", "ci_high"]
