"""Rank association against scipy and enumeration; money, gap and concentration recomputed; the Semester."""

import functools
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from innodivide.data import Tables
from innodivide.errors import DesignError, ParameterError
from innodivide.indicators.tiers import benchmarks, money
from innodivide.models.inference.relabelling import country_orders
from innodivide.wording import join_names

TABLES = Tables()


def rng(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


# Rank association


def test_the_interval_is_that_of_spearmans_rho_in_each_resample():
    x, y = rng(7).integers(0, 9, 27), rng(6).normal(size=27)  # with ties
    found, again = money.rank_association(x, y, rng(), n_permutations=19, n_boot=199), rng()
    country_orders(again, 19, 27)
    rhos = [stats.spearmanr(x[i], y[i])[0] for i in again.integers(27, size=(199, 27))]
    np.testing.assert_allclose([found["ci_low"], found["ci_high"]], np.quantile(rhos, [0.025, 0.975]), rtol=1e-12)


def test_rho_equals_scipy_with_ties():
    r = rng(1)
    x, y = r.integers(6, size=30), r.integers(5, size=30)
    found = money.rank_association(x, y, rng(), n_permutations=9999, n_boot=199)
    expected = stats.spearmanr(x, y)
    assert found["rho"] == pytest.approx(expected.statistic)
    assert found["p_value"] == pytest.approx(expected.pvalue, abs=0.02)


@pytest.mark.dear
def test_p_value_equals_the_enumeration():
    x, y = np.arange(6), np.array([2, 1, 4, 3, 6, 5])
    rho = stats.spearmanr(x, y).statistic
    exact = np.mean([abs(stats.pearsonr(x, p).statistic) >= abs(rho) - 1e-9 for p in permutations(y)])
    found = money.rank_association(x, y, rng(), n_permutations=40_000, n_boot=99)
    assert found["p_value"] == pytest.approx(exact, abs=0.006)


def test_partial_rho_by_its_formula():
    """r_xy.z = (r_xy - r_xz r_yz) / sqrt((1 - r_xz^2)(1 - r_yz^2)) of the ranks."""
    r = rng(3)
    z = r.normal(size=25)
    x, y = z + r.normal(size=25), z + r.normal(size=25)
    xy, xz, yz = (stats.spearmanr(*p).statistic for p in ((x, y), (x, z), (y, z)))
    expected = (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
    assert money.rank_association(x, y, rng(), z, 99, 99)["rho"] == pytest.approx(expected)


def test_association_ignores_monotone_transformations():
    r = rng(4)
    x, y = r.normal(size=20), r.normal(size=20)
    a, b = (money.rank_association(f(x), y, rng(), n_permutations=199, n_boot=99) for f in (np.array, np.exp))
    assert a == pytest.approx(b)
    assert money.rank_association(x, x, rng(), n_permutations=999, n_boot=99)["rho"] == pytest.approx(1)
    assert money.rank_association(x, -x, rng(), n_permutations=999, n_boot=99)["p_value"] == pytest.approx(0.001)


@pytest.mark.dear
def test_p_value_under_the_null_is_uniform():
    r = rng(6)
    p = [
        money.rank_association(r.normal(size=12), r.normal(size=12), r, n_permutations=99, n_boot=9)["p_value"]
        for _ in range(200)
    ]
    assert stats.binomtest(int((np.array(p) <= 0.1).sum()), 200, 0.1).pvalue > 0.001


@pytest.mark.parametrize(
    ("x", "y", "z"),
    [
        ([1, 1, 1, 1], [1, 2, 3, 4], None),
        ([1, 2, 3, np.nan], [1, 2, 3, 4], None),
        ([1, 2, 3], [1, 2, 3], None),
        ([1, 2, 3, 4], [4, 1, 2, 3], [1, 2, 3, 4]),
    ],
)
def test_association_refuses(x, y, z):
    with pytest.raises(DesignError, match="x, y, given"):
        money.rank_association(x, y, rng(), z)


# Money


def test_money_is_that_of_the_tables():
    frame = money.money_by_country(TABLES).set_index(["instrument", "geo"])
    funds, panel = TABLES["cohesion_country"], TABLES["country_panel"]
    raw = funds.query("fund == 'ESIF' and objective == 'TO1' and geo == 'PL'")["eu_amount_eur"].item()
    heads = panel.query("variable == 'population' and year == 2019 and geo == 'PL'")["value"].item()
    row = frame.loc[("Cohesion 2014-2020, research and innovation", "PL")]
    assert row["per_head"] == pytest.approx(raw / heads) and row["meur"] == pytest.approx(raw / 1e6)
    grants = frame.loc["RRF grants, allocation of 2020", "meur"].sum()
    assert grants == pytest.approx(312_500, abs=5), "law: 312 500 million"
    assert (frame.groupby(level=0).size() == 27).all() and not frame["coverage"].isna().any()


def test_gap_is_the_index_turned_round():
    gap = money.innovation_gap(TABLES, 2019)
    index = TABLES["eis_index"].query("edition == 2023 and year == 2019").set_index("geo")["value"]
    assert (
        gap["SE"] == pytest.approx(100 - 100 * index["SE"] / index["EU"])
        and gap["SE"] < 0 < gap["RO"]
        and len(gap) == 27
    )
    with pytest.raises(ParameterError, match="year=2010"):
        money.innovation_gap(TABLES, 2010)


@pytest.mark.dear
def test_each_instrument_has_one_row_and_pooled_euro_add_up(monkeypatch):
    monkeypatch.setattr(money, "rank_association", functools.partial(money.rank_association, n_boot=99))
    rows, frame = money.money_against_gap(TABLES, rng(), n_permutations=99), money.money_by_country(TABLES)
    assert list(rows["instrument"]) == list(money.INSTRUMENTS) and (rows["n"] == 27).all()
    for row in rows.itertuples():
        part = frame[frame["instrument"] == row.instrument]
        heads = 1e6 * part["meur"] / part["per_head"]
        below = part["gap"] > 0
        assert row.per_head_high_gap * heads[below].sum() + row.per_head_low_gap * heads[~below].sum() == pytest.approx(
            1e6 * part["meur"].sum()
        )
        assert row.rho == pytest.approx(stats.spearmanr(part["gap"], part["per_head"]).statistic)


def test_recommendations_of_2019_cannot_separate_states():
    found = money.recommendation_against_gap(TABLES, rng(), n_permutations=199).set_index("year")
    assert found.loc[2019, "n_without"] == 0 and np.isnan(found.loc[2019, "estimate"])
    gap, table = (
        money.innovation_gap(TABLES, 2019),
        TABLES["semester_rdi"].query("year == 2020 and geo != 'UK'").set_index("geo"),
    )
    yes = table["rdi_recommended"].astype(bool)
    expected = gap[yes[yes].index].mean() - gap[yes[~yes].index].mean()
    assert found.loc[2020, "estimate"] == pytest.approx(expected)
    assert found.loc[2020, "n_with"] + found.loc[2020, "n_without"] == 27


# Concentration


def test_benchmarks_have_27_values_and_known_totals():
    frame = benchmarks.tier1_and_benchmarks(TABLES)
    assert (frame.groupby("quantity").size() == 27).all() and not frame["value"].isna().any()
    totals, country = frame.groupby("quantity")["value"].sum(), TABLES["ipcei_country"]
    ours = country[country["role"].isin(["notifying", "joined_later"]) & (country["geo"] != "UK")]
    integrated = TABLES["ipcei"].query("kind == 'integrated'")["ipcei_id"]
    assert totals["IPCEI places"] == ours["ipcei_id"].isin(integrated).sum()
    whole = benchmarks.approved_everywhere(TABLES)
    aid = ours[ours["ipcei_id"].isin(whole)]
    assert whole[:2] == ["ME1", "BAT1"], "in order of decision"
    assert totals[f"{benchmarks.AID}, {join_names(whole)}"] == pytest.approx(aid["aid_eur_mn"].sum())
    assert aid["aid_eur_mn"].notna().all() and aid["aid_basis"].str.startswith("commission_max").all(), "one basis only"


@pytest.mark.parametrize(
    ("basis", "whole"), [("commission_max", ["ME1", "BAT1", "Tech4Cure"]), ("national_award", ["ME1", "BAT1"])]
)
def test_aid_of_an_ipcei_counts_once_it_is_approved_for_every_state(basis, whole):
    rows = TABLES["ipcei_country"]
    new = rows["ipcei_id"].eq("Tech4Cure")
    rows = rows.assign(aid_eur_mn=rows["aid_eur_mn"].mask(new, 10.0), aid_basis=rows["aid_basis"].mask(new, basis))
    assert benchmarks.approved_everywhere(Tables({"ipcei_country": rows})) == whole
    none = Tables({"ipcei_country": rows.assign(aid_eur_mn=np.nan)})
    assert not benchmarks.tier1_and_benchmarks(none)["quantity"].str.startswith(benchmarks.AID).any()


def test_the_same_quantity_twice_is_equally_concentrated():
    frame = benchmarks.tier1_and_benchmarks(TABLES).query("quantity == 'GDP'")
    both = pd.concat(
        [frame.assign(quantity="a", tier1=True), frame.assign(quantity="b", value=3 * frame["value"], tier1=False)]
    )
    found = benchmarks.more_concentrated(both, rng(), 99).iloc[0]
    assert found[["difference", "ci_low", "ci_high", "dissimilarity"]].astype(float).to_numpy() == pytest.approx(
        [0] * 4, abs=1e-12
    )


def test_one_country_with_all_is_more_concentrated():
    geos = list("ABCDEFGH")
    frame = pd.concat(
        [
            pd.DataFrame({"geo": geos, "quantity": "one", "tier1": True, "value": [1.0, 1, 1, 1, 1, 1, 1, 93]}),
            pd.DataFrame({"geo": geos, "quantity": "even", "tier1": False, "value": 1.0}),
        ]
    )
    found = benchmarks.more_concentrated(frame, rng(), 199).iloc[0]
    assert found["gini_benchmark"] == 0 and found["difference"] > 0.7 and found["ci_low"] >= 0
    assert found["dissimilarity"] == pytest.approx(0.93 - 1 / 8)
