"""The report on the two tiers: the values of its sentences and tables equal the frames, its words fit the values."""

import re

import nbformat
import numpy as np
import pandas as pd
import pytest

from innodivide.data import Tables, frozen
from innodivide.evidence import recovery
from innodivide.evidence.claims import connection as claims
from innodivide.indicators import tiers
from innodivide.indicators.tiers import benchmarks, money
from innodivide.models.network import bipartite
from innodivide.narrative.two_tiers import connection_words as words
from innodivide.narrative.two_tiers import instruments, reform
from innodivide.reports.making.declarations import notebook
from innodivide.wording import p_text

TABLES = Tables()

DRAWS = 399


def rng(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def matrix():
    return tiers.country_matrix(TABLES)


@pytest.fixture(scope="module")
def overlap(matrix):
    return [bipartite.overlap_test(*matrix, rng(), null, DRAWS) for null in ("curveball", "labels")]


@pytest.fixture(scope="module")
def funds():
    return money.money_against_gap(TABLES, rng(), n_permutations=DRAWS), money.recommendation_against_gap(
        TABLES, rng(), DRAWS
    )


@pytest.fixture(scope="module")
def tested():
    return recovery.recovery_tests(TABLES, rng(), n_permutations=DRAWS)


# ---- the claims ----


def test_every_claim_points_to_exhibits_of_the_notebook():
    cells = "\n".join(c.source for c in nbformat.read(notebook("05_two_tiers").path, 4).cells)
    made = set(re.findall(r'(?:table|figure|say)\("([TFN]5\.\d+)"', cells))
    assert len(made) > 20 and set(words.EVIDENCE) == {"C05", "C07", "C09", "C11", "C12"}
    for shown in words.EVIDENCE.values():
        assert set(shown.split(", ")) <= made


def test_claims_table_and_verdicts_are_those_of_the_findings():
    found = [claims.partnership_demand(TABLES), claims.regions_beyond(TABLES)]
    table, verdict = words.claims_table(TABLES, found), words.verdicts(found)
    statement = frozen.load("claim").set_index("claim_id")["claim"]
    assert list(table["claim"]) == [statement["C07"], statement["C11"]]
    assert list(table["verdict"]) == [f.verdict for f in found] == [verdict["c07"], verdict["c11"]]
    assert (verdict["n"], verdict["supported"]) == (2, 0)


def test_the_numbers_of_the_answer_are_those_of_the_ledger():
    """Found twice, by the claim and by the sentence; they must not part."""
    demand, ledger = words.demand_facts(TABLES), claims.partnership_demand(TABLES).numbers
    assert f"{demand['inside']} of {demand['states']} states (none known: {demand['without']})" in ledger
    assert f"at least {demand['people']:.0%} of the people" in ledger
    frame, places = tiers.regions(TABLES), tiers.unlisted_places(TABLES)
    bounds = tiers.regions_by_tier(frame, int(places["unlisted"].sum()))
    beyond = words.bounds_facts(bounds, frame, places)
    assert (
        f"as listed {beyond['most']} ({beyond['people_most']:.0%} of the people)"
        in claims.regions_beyond(TABLES).numbers
    )
    assert beyond["fewest"] == 0 and beyond["listed"] == int(frame["tier2_any"].sum()) < beyond["n"]


@pytest.mark.parametrize("p, text", [(0.0004, "< 0.001"), (0.001, "0.001"), (0.5, "0.500"), (np.nan, "–")])
def test_p_values_in_words(p, text):
    assert p_text(p) == text
    assert p_text(p, "= ") == (f"= {text}" if text[0].isdigit() else text)


# ---- states ----


def test_connection_facts_are_the_rows_of_the_tests(overlap):
    kept, dealt = overlap
    facts = words.connection_facts(kept, dealt, "supported")
    pairs = kept.set_index("statistic").loc["pairs"]
    assert facts["pairs"] == pairs["observed"] and facts["mean"] == pairs["null_mean"]
    assert facts["rho"] == dealt.set_index("statistic").at["spearman", "observed"]
    assert facts["direction"] == "fewer"
    more = words.connection_facts(kept.assign(null_mean=0.0), dealt, "contradicted")
    assert (more["direction"], more["for_states"]) == ("more", "contradicted")


def test_the_matrix_and_the_table_count_the_same(matrix):
    table, sides = matrix
    cells, points = (
        words.matrix_rows(TABLES, table, sides),
        words.country_rows(TABLES, bipartite.connection_points(table, sides, rng(), 99)),
    )
    assert len(cells) == int(table.to_numpy().sum()) and not cells.isna().any(axis=None)
    counted = cells.groupby(["geo", "tier"]).size().unstack(fill_value=0).reindex(points["geo"], fill_value=0)
    assert list(counted["IPCEI"]) == list(points["n_ipcei"])
    assert list(counted["S3 partnership"]) == list(points["s3_partnerships"])
    facts, shape = words.point_facts(points), words.matrix_facts(TABLES, table, sides)
    assert sum(facts[k] for k in ("both", "first_only", "second_only", "neither")) == len(table) == len(points)
    assert len(shape["order"]) == len(table) and all(code in shape["codes"] for code in table if sides[code] == "tier2")
    assert facts["only"].count(",") + 2 == facts["first_only"]


def test_variants_in_words_and_which_are_not_clear():
    rows = pd.DataFrame(
        {
            "variant": [
                "main",
                "until 2021-04-30",
                *[f"without {g}" for g in ("AT", "BE", "DE", "FR", "IT", "SK", "S3-X")],
            ],
            "observed": 9.0,
            "null_mean": 10.0,
            "ratio": [0.9, 0.95, 0.8, 0.81, 0.82, 0.83, 0.84, 0.96, 0.97],
            "p_value": [0.01, 0.4, *[0.01] * 7],
        }
    )
    shown, facts = words.robust_rows(TABLES, rows), words.robust_facts(TABLES, rows)
    assert list(shown["variant"])[:3] == ["as in the test", "IPCEIs up to the brief", "without Austria"]
    assert "without France" not in set(shown["variant"]) and list(shown["variant"])[-1] == "without S3-X"
    assert (facts["n"], facts["clear"], facts["not_clear"]) == (9, 8, "IPCEIs up to the brief")
    assert words.robust_facts(TABLES, rows.assign(observed=11.0))["clear"] == 0, "more pairs are not fewer"


def test_shape_facts_name_what_differs():
    test = pd.DataFrame({"statistic": ["nodf"], "p_value": [0.01]})
    assert words.shape_facts(test)["different"] == "Nestedness (NODF)"
    assert words.shape_facts(test.assign(p_value=0.3))["different"] == "neither nestedness nor modularity"


# ---- instruments and sources ----


def test_every_instrument_has_a_row_counted_from_the_tables():
    rows = instruments.instruments(TABLES)
    asked = ("IPCEI", "Alliance", "Cluster", "S3", "EIC", "I3", "RIV", "EDIH", "Semester", "RRF", "Cohesion", "Horizon")
    assert all(rows["instrument"].str.contains(name).any() for name in asked)
    assert not rows.isna().any(axis=None) and set(rows["tier"]) == {"Tier 1", "Tier 2", "Reform, funds"}
    assert set(rows["by_country"]) | set(rows["by_region"]) == {"yes", "some", "no"}
    known = rows.set_index("instrument")["known"]
    assert str(len(frozen.load("alliance"))) in known["Industrial Alliances"]
    places = tiers.tier1_by_country(TABLES)
    assert known["IPCEIs"].startswith(f"{places['n_ipcei'].sum()} places")
    assert f"for {places['n_ipcei'].sum() - places['companies_missing'].sum()} of these" in known["IPCEIs"]
    facts = instruments.coverage_facts(rows)
    assert facts["region"] == 0 and facts["country"] == int((rows["by_country"] == "yes").sum())


def test_sources_are_those_of_the_rows_used():
    assert words.sources(TABLES, "tile_grid") == tuple(sorted(set(frozen.load("tile_grid").get("source_id", []))))
    used, every = words.sources(TABLES, "eis_index"), set(frozen.load("eis_index")["source_id"])
    assert used and set(used) < every
    for name, rows in words.USED.items():
        assert len(frozen.load(name).query(rows)), name


# ---- money and recovery ----


def test_money_facts_are_the_rows(funds):
    rows, semester = funds
    facts, reform_rows = reform.money_facts(TABLES, rows, semester), rows[rows["reform"]]
    assert (facts["low"], facts["high"]) == (reform_rows["rho"].min(), reform_rows["rho"].max())
    assert facts["without"].count(",") + 2 == facts["n_without"] and facts["year"] == 2020
    assert facts["points"] == abs(semester["estimate"].iloc[-1])
    assert reform.money_facts(TABLES, rows, semester.assign(estimate=3.0))["side"] == "less far below"
    given = reform.money_rows(rows)["given"]
    assert [float(g.split()[-1].replace("−", "-")) for g in given] == pytest.approx(rows["rho_given_wealth"], abs=0.005)
    assert (
        reform.money_facts(TABLES, rows.assign(p_given_wealth=0.01), semester)["given_reading"] == "do not all vanish"
    )


def test_recovery_lines_are_the_means_of_the_paths(tested):
    lines = reform.recovery_lines(TABLES)
    paths = recovery.growth_paths(TABLES)
    upper = paths[paths["group"].isin(recovery.UPPER)]["shortfall"]
    facts = reform.recovery_facts(tested, lines)
    assert facts["upper"] == pytest.approx(upper.mean()) and facts["end"] == recovery.END
    assert (lines.groupby("year")["n"].sum() == len(paths)).all()
    assert ((lines["low"] <= lines["high"]) & (lines["min"] <= lines["low"])).all()


def test_recovery_rows_keep_every_test_and_put_the_deciding_one_first(tested):
    rows = reform.recovery_rows(tested)
    assert len(rows) == len(tested) and not rows[["question", "per", "sample", "p"]].isna().any(axis=None)
    assert list(rows["decides"]) == ["decides", *[""] * (len(rows) - 1)]


def test_the_fixed_words_of_the_report_hold(overlap, funds):
    """Titles and sentences that say a direction in words, not in values."""
    rows, semester = funds
    facts = reform.money_facts(TABLES, rows, semester)
    assert facts["low"] > 0 > facts["horizon"] and facts["horizon_given"] < 0, "money rises with the gap, Horizon falls"
    assert semester["estimate"].iloc[-1] < 0, "recommendations did not go to the largest gap"
    assert overlap[1].set_index("statistic").at["spearman", "p_value"] < 0.05, "activity left aside they go together"
    assert len(tiers.s3_growth(TABLES)) == 0, "no count of one scope at two dates"
    groups = words.group_rows(tiers.regions(TABLES))
    assert words.group_facts(groups)["top_n"] == groups.set_index("group").at["leader", "n_regions"]
    spread = benchmarks.concentration_by_quantity(benchmarks.tier1_and_benchmarks(TABLES))
    gaps = reform.difference_rows(benchmarks.more_concentrated(benchmarks.tier1_and_benchmarks(TABLES), rng(), 99))
    facts = reform.difference_facts(spread, gaps)
    assert facts["places"] < facts["gdp"] < facts["aid"] and facts["n"] == len(gaps) >= facts["more"] + facts["less"]
