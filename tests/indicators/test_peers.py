"""Nearest peers: by hand, ties, invariances, refusals; and the rows that set a country beside others."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from innodivide.data import Tables, frozen
from innodivide.data.tables import country_values, member_states
from innodivide.errors import DataError, ParameterError
from innodivide.evidence import regional_analyses
from innodivide.indicators import country_profile, peers

TABLES = Tables()

EU27 = list(member_states(TABLES)["geo"])


def made_up(seed: int, n: int = 9) -> pd.DataFrame:
    r = np.random.default_rng(seed)
    return pd.DataFrame(r.normal(size=(n, 3)), index=[f"C{i}" for i in range(n)], columns=list("abc"))


def test_distance_by_hand():
    """Two measures 0, 2, 4 and 0, 0, 3: standard deviations sqrt(8/3) and sqrt(2)."""
    frame = pd.DataFrame({"a": [0.0, 2.0, 4.0], "b": [0.0, 0.0, 3.0]}, index=["X", "Y", "Z"])
    found = peers.nearest(frame, "X")
    assert list(found["geo"]) == ["Y", "Z"]
    expected = [2 / math.sqrt(8 / 3), math.hypot(4 / math.sqrt(8 / 3), 3 / math.sqrt(2))]
    assert found["distance"].to_numpy() == pytest.approx(expected)


def test_agrees_with_scipy():
    from scipy.spatial.distance import cdist

    frame = peers.measures(TABLES)
    every = pd.DataFrame(cdist(frame, frame, "seuclidean", V=frame.var(ddof=0)), frame.index, frame.index)
    for geo in EU27:
        expected = every.loc[geo].drop(geo).sort_values()
        found = peers.nearest(frame, geo)
        assert list(found["geo"]) == list(expected.index) and np.allclose(found["distance"], expected)


@pytest.mark.dear
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_neither_order_of_rows_nor_units_matter(seed):
    frame = made_up(seed)
    shuffled = frame.sample(frac=1, random_state=seed % 1000)[["c", "b", "a"]]
    units = frame * [1000.0, 0.01, -7.0] + [5.0, -3.0, 100.0]
    for geo in ("C0", "C5"):
        found = peers.nearest(frame, geo)
        for other in (shuffled, units):
            again = peers.nearest(other, geo)
            assert list(found["geo"]) == list(again["geo"]) and np.allclose(found["distance"], again["distance"])


def test_ties_go_by_code_and_a_constant_measure_counts_for_nothing():
    frame = pd.DataFrame({"a": [0.0, 1.0, -1.0, 5.0], "b": 3.0}, index=["M", "Z", "B", "A"])
    found = peers.nearest(frame, "M")
    assert list(found["geo"]) == ["B", "Z", "A"] and found["distance"].nunique() == 2
    assert peers.nearest(frame * 0, "M")["geo"].tolist() == ["A", "B", "Z"]


def test_impossible_peers_are_refused():
    frame = made_up(1)
    with pytest.raises(ParameterError, match="geo='XX': allowed are C0, C1"):
        peers.nearest(frame, "XX")
    with pytest.raises(DataError, match="a: no figure for C3"):
        peers.nearest(frame.mask(frame.index.to_series() == "C3"), "C0")


def test_real_measures_are_those_of_the_tables():
    frame = peers.measures(TABLES)
    assert list(frame.index) == EU27 and frame.notna().all().all()
    heads = country_values(TABLES, "population", peers.year(TABLES)).set_index("geo")["value"]
    assert np.exp(frame["ln_population"]).to_numpy() == pytest.approx(heads[frame.index].to_numpy(dtype=float))
    assert peers.of(TABLES, "PL") == list(peers.nearest(frame, "PL")["geo"][:3])


@pytest.mark.parametrize("geo", ["PL", "SE", "LU"])
def test_a_country_is_set_beside_peers_group_and_all(geo):
    around, group = peers.circle(TABLES, geo), peers.group_now(TABLES)
    assert list(around["kind"]) == ["own", "peer", "peer", "peer", "group", "eu"]
    rest, every = around["members"].iloc[4], around["members"].iloc[5]
    assert geo not in rest and set(rest) | {geo} == set(group[group == group[geo]].index) and list(every) == EU27
    latest = frozen.load("eis_group")
    latest = latest[(latest["edition"] == latest["edition"].max()) & latest["geo"].isin(EU27)].set_index("geo")["group"]
    assert group.equals(latest.sort_index())
    values = pd.Series(range(27), index=EU27, dtype=float)
    means = peers.beside(values, around)
    assert means[0] == values[geo] and means[5] == 13 and means[4] == values[list(rest)].mean()
    assert math.isnan(peers.beside(values.mask(values.index == geo), around)[0]), "unknown stays unknown"


def test_position_by_hand():
    rows = peers.position(TABLES, "PL", pd.Series(1.0, index=EU27))
    edition = peers.edition(TABLES)
    index = country_profile.index_relative_to_eu(TABLES, edition).pivot(index="geo", columns="year", values="relative")
    first, last = index.columns.min(), index.columns.max()
    own, rest = rows.iloc[0], rows.query("kind == 'group'").iloc[0]
    assert own["relative"] == pytest.approx(index.at["PL", last])
    assert own["change"] == pytest.approx(index.at["PL", last] - index.at["PL", first])
    assert rest["relative"] == pytest.approx(index.loc[list(rest["members"]), last].mean())
    ranked = frozen.load("eis_rank").query("edition == @edition").set_index("geo")["rank"]
    order = index.loc[EU27, last].rank(ascending=False)
    assert order.to_dict() == ranked[EU27].to_dict(), (
        "rank and index are of one edition: the one is the order of the other"
    )
    assert own["rank"] == ranked["PL"]
    assert rows["rank"].notna().tolist() == [True] * 4 + [False] * 2
    assert rows["distance"].notna().tolist() == [False, True, True, True, False, False]
    assert (rows["ipceis"] == 1).all()


def test_the_series_are_those_of_the_country_its_peers_and_its_group():
    rows, index = peers.index_series(TABLES, "RO"), peers.index(TABLES)
    assert rows.groupby("kind")["name"].nunique().to_dict() == {"group": 1, "own": 1, "peer": 3}
    own = rows[rows["kind"] == "own"].set_index("year")["relative"]
    assert own.to_dict() == pytest.approx(index[index["geo"] == "RO"].set_index("year")["relative"].to_dict())


def test_money_is_that_of_the_profile_with_peers_beside():
    rows, alone = peers.money(TABLES, "RO"), country_profile.money(TABLES, "RO").set_index("instrument")
    assert len(rows) == len(alone) - 1
    for row in rows.to_dict("records"):
        assert row["value"] == pytest.approx(alone.at[row["instrument"], "value"])
    first = peers.of(TABLES, "RO")[0]
    other = country_profile.money(TABLES, first).set_index("instrument")["value"]
    assert rows["peer_1"].to_numpy() == pytest.approx(other[rows["instrument"]].to_numpy(dtype=float))


def test_what_stands_out_is_furthest_from_the_mean():
    found = peers.standing(
        TABLES, regional_analyses.institutions_by_state(TABLES), pd.Series(range(27), index=EU27, dtype=float)
    )
    assert found.shape[0] == 27 and np.allclose(found.mean(), 0) and np.allclose(found.std(ddof=0), 1)
    assert {"1.1.1", "eqi", "ipceis"} < set(found) and peers.EARLY not in found
    assert found.at["SE", "wgi_rule_of_law"] > 0 > found.at["RO", "wgi_rule_of_law"], "plus is better governed"
    top = peers.furthest(found, "RO", 3)
    assert top.abs().is_monotonic_decreasing and top.abs().iloc[0] == found.loc["RO"].abs().max()
    tied = pd.DataFrame({"b": [1.0, -1], "a": [-1.0, 1], "c": [0.0, 0]}, index=["X", "Y"])
    assert list(peers.furthest(tied, "X", 2).index) == ["a", "b"]
