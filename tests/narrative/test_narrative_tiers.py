"""The report on the two tiers: the values of its sentences and tables equal the frames, its words fit the values."""

import re
from dataclasses import replace
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import pytest

from innodivide.data import Tables, frozen
from innodivide.data.tables import member_states
from innodivide.evidence import confirmatory, recovery
from innodivide.evidence.claims import demand_and_beyond, first_rules
from innodivide.evidence.claims.both_tiers import ANEW, HELD, Connection
from innodivide.evidence.claims.finding import NOT_TESTABLE
from innodivide.evidence.claims.money_and_advice import FUNDS, RECOMMENDATIONS, money_and_advice
from innodivide.evidence.plan import load_plan
from innodivide.indicators import tiers
from innodivide.indicators.tiers import benchmarks, money
from innodivide.models.network import bipartite
from innodivide.narrative.two_tiers import connection_words as words, instruments, reform, tier_pairs
from innodivide.reports.making.declarations import notebook
from innodivide.wording import p_text

pytestmark = pytest.mark.dear  # all verdicts are computed
TABLES = confirmatory.registered(Tables(), load_plan())

DRAWS = 399


def rng(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


def pairs_found(observed=1424, held=1423, anew=876, ratio_low=1.5, ratio_high=1.7, position=0.88, p=(0.9, 0.0004)):
    """Return evidence on the tiers as the second registration has it, with these pairs and p-values (Holm)."""
    rows = {HELD: (held, p[0]), ANEW: (anew, p[1])}
    nulls = pd.DataFrame(
        {
            key: {"observed": observed, "null_mean": mean, "null_low": mean - 50, "null_high": mean + 50}
            | {"ratio": observed / mean, "p_value": value, "n_first": 22, "n_second": 24, "n_rows": 27, "n_null": 99}
            for key, (mean, value) in rows.items()
        }
    ).T
    placebos = pd.DataFrame(
        {
            "pair": ["Tier 1 and Tier 2", "hydrogen and other IPCEIs", "health and other IPCEIs"],
            "observed": [observed, 144.0, 60.0],
            "null_mean": [held + 0.1, 145.0, 70.0],
            "ratio": [1.0, 0.99, 0.86],
            "p_value": [0.999, 0.7, 0.03],
            "lowest": [35, 78, 36],
            "highest": [1608, 152, 77],
            "position": [position, 0.89, 0.59],
        }
    )
    family = pd.DataFrame({"p_holm": [*p, 0.001, 0.001, 0.007, 0.8]}, index=[HELD, ANEW, *FUNDS, RECOMMENDATIONS])
    return SimpleNamespace(connection=Connection(nulls, placebos, ratio_low, ratio_high, 45, 11), family=family)


@pytest.fixture(scope="module")
def funds():
    return money.money_against_gap(TABLES, rng(), n_permutations=DRAWS), money.recommendation_against_gap(
        TABLES, rng(), DRAWS
    )


@pytest.fixture(scope="module")
def evidence():
    """Money and recommendations as the second registration reads them, with few draws."""
    few = SimpleNamespace(seed=load_plan().seed, permutations=DRAWS)
    return SimpleNamespace(money=money_and_advice(TABLES, few), family=pairs_found().family)


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
    found = [demand_and_beyond.c07(TABLES), demand_and_beyond.c11(TABLES)]
    first = {"C07": first_rules.c07(TABLES)}
    table, verdict = words.claims_table(TABLES, found, first), words.verdicts(found, first)
    statement = frozen.load("claim").set_index("claim_id")["claim"]
    assert list(table["claim"]) == [statement["C07"], statement["C11"]]
    assert list(table["verdict"]) == [f.verdict for f in found] == [verdict["c07"], verdict["c11"]]
    assert table["by_first_rule"].fillna("none").tolist() == [first["C07"], "none"]
    assert verdict["first_c07"] == first["C07"]
    assert verdict["n_claims"] == 2 and verdict["supported"] == (table["verdict"] == "supported").sum()


def test_the_numbers_of_the_answer_are_those_of_the_ledger():
    """Found twice, by the claim and by the sentence; they must not part."""
    demand, ledger = words.demand_facts(TABLES), demand_and_beyond.c07(TABLES)
    assert f"from {demand['inside']} of {demand['states']} states, at most {demand['at_most']}," in ledger.numbers
    assert f"at least {demand['people']:.0%} of the people" in ledger.numbers
    assert f"the states in Tier 2 at {demand['chao_states']};" in ledger.numbers
    assert ledger.short.startswith(f"{demand['rose']} of {demand['pairs_of_counts']} counts that can be compared")
    frame, places = tiers.regions(TABLES), tiers.unlisted_places(TABLES)
    bounds = tiers.regions_by_tier(frame, int(places["unlisted"].sum()))
    beyond, ledger = words.bounds_facts(TABLES, bounds, frame, places), demand_and_beyond.c11(TABLES).numbers
    assert f"as listed {beyond['most']} ({beyond['people_most']:.0%} of the people)" in ledger
    assert f"the regions in Tier 2 at {beyond['chao_regions']};" in ledger
    assert not set(beyond) & set(words.verdicts([], {})), "no name stands for two numbers of one sentence"


def test_counts_say_which_way_each_went():
    rows = words.counts_rows(TABLES)
    facts = words.demand_facts(TABLES)
    assert (rows["pair"] != "").sum() == facts["pairs_of_counts"] and (rows["pair"] == "rose").sum() == facts["rose"]
    frame = frozen.load("s3_aggregate")
    network = frame["indicator_id"].eq("s3_vanguard_regions")
    last = network & frame["as_of"].eq(frame.loc[network, "as_of"].max())
    fewer = Tables({"s3_aggregate": frame.assign(value=frame["value"].mask(last, 1))})
    assert words.demand_facts(fewer)["fell"] == 1 and (words.counts_rows(fewer)["pair"] == "fell").sum() == 1
    none = Tables({"s3_aggregate": frame[~network]})
    assert words.demand_facts(none)["scopes"] == "no scope" and (words.counts_rows(none)["pair"] == "").all()


@pytest.mark.parametrize(
    "verdict, side", [("supported", "more"), (NOT_TESTABLE, "decide"), ("contradicted", "at most")]
)
def test_the_sentence_on_regions_follows_the_verdict(verdict, side):
    frame, places = tiers.regions(TABLES), tiers.unlisted_places(TABLES)
    values = words.bounds_facts(TABLES, tiers.regions_by_tier(frame, 0), frame, places) | words.demand_facts(TABLES)
    values |= {k: "…" for k in ("c07", "first_c07", "first_c11")} | {"c11": verdict}
    assert side in words.WORDS.say("N5.3", "demand", verdict, "regions", **values).title.split("in neither:")[1][:60]


@pytest.mark.parametrize("p, text", [(0.0004, "< 0.001"), (0.001, "0.001"), (0.5, "0.500"), (np.nan, "–")])
def test_p_values_in_words(p, text):
    assert p_text(p) == text
    assert p_text(p, "= ") == (f"= {text}" if text[0].isdigit() else text)


# ---- states ----


@pytest.mark.parametrize(
    "found, verdict, sentence",
    [
        (pairs_found(), "contradicted", "connect as their activity explains"),
        (pairs_found(observed=500, p=(0.001, 0.001), ratio_low=0.4, ratio_high=0.7), "supported", "hardly connect"),
        (pairs_found(observed=1200, p=(0.001, 0.2), position=0.1), "partly", "less than activity explains"),
        (pairs_found(p=(0.9, 0.2)), "inconclusive", "does not settle"),
        (pairs_found(ratio_low=0.9), "inconclusive", "does not settle"),
    ],
)
def test_the_sentence_on_the_tiers_follows_the_verdict(found, verdict, sentence):
    facts = tier_pairs.pair_facts(TABLES, found, 0.05)
    assert facts["states"] == verdict
    said = words.WORDS.of(TABLES).say("N5.1", "pairs", verdict, "rest", **facts, c05="…", first_c05="…").title
    assert sentence in said and f"{facts['pairs']:,} times" in said
    others = {"hardly connect.", "activity explains:", "less than activity", "does not settle"} - {sentence}
    assert sum(o in said for o in others) <= 1


def test_pair_facts_and_rows_are_those_of_the_evidence():
    found = pairs_found()
    facts, rows = tier_pairs.pair_facts(TABLES, found, 0.05), tier_pairs.placebo_rows(found)
    assert (facts["pairs"], facts["anew"], facts["held"]) == (1424, 876, 1423)
    assert facts["anew_reading"] == "clearly more than" and facts["held_reading"] == "not clearly other than"
    assert tier_pairs.reading(found.connection.nulls.loc[ANEW] * -1, 0.01, 0.05) == "clearly fewer than"
    assert (facts["placebo_low"], facts["placebo_high"], facts["n_placebos"]) == (0.59, 0.89, 2)
    first = pd.Series({"observed": 480.0, "null_mean": 511.0, "null_low": 497.0, "null_high": 521.0, "ratio": 0.94})
    first = pd.concat([first, pd.Series({"p_value": 0.001, "n_first": 22, "n_second": 20, "n_rows": 27, "n_null": 99})])
    shown = tier_pairs.reference_rows(found, first)
    assert list(shown["observed"]) == [1424, 1424, 480] and list(shown["p_corrected"]) == ["< 0.001", "0.900", "–"]
    assert "by the first rule" in shown["reference"].iloc[2] and not shown["reference"].isna().any()
    assert rows["null_mean"].iloc[0] == shown["null_mean"].iloc[1], "the same test is drawn once"


def test_the_matrix_and_the_table_count_the_same():
    table, sides = tiers.listed_matrix(TABLES)
    points = tier_pairs.country_rows(TABLES, bipartite.connection_points(table, sides, rng(), 99))
    cells = tier_pairs.list_cells(TABLES, table, sides)
    assert not cells.isna().any(axis=None) and cells["partnership"].nunique() == cells["partnership_id"].nunique()
    counted = cells.groupby("geo").size().reindex(points["geo"], fill_value=0)
    assert list(counted) == list(points["n_second"]) and list(points["n_first"]) == list(points["n_ipcei"])
    assert (points["s3_partnerships"] <= points["n_second"]).all()
    facts = tier_pairs.point_facts(points)
    assert sum(facts[k] for k in ("both", "first_only", "second_only", "neither")) == len(table) == len(points)
    assert facts["only"].count(",") + facts["only"].count(" and ") + 1 == facts["first_only"]
    order = points.set_index("geo")["n_ipcei"].reindex(tier_pairs.state_order(table, sides))
    assert order.is_monotonic_decreasing and len(order) == len(table)
    assert sorted(tier_pairs.list_order(cells)) == sorted(cells["partnership"].unique())


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


def test_money_facts_are_those_of_the_evidence(evidence, funds):
    first, semester = funds
    facts, found = reform.money_facts(TABLES, evidence, 0.05, first), evidence.money
    assert (facts["low"], facts["high"]) == (found.funds["rho"].min(), found.funds["rho"].max())
    assert facts["points"] == 100 * found.advice["estimate"] and facts["over"] == found.paid.at["over regions", "rho"]
    assert facts["n_with"] + facts["not_it"].count(",") + facts["not_it"].count(" and ") + 1 == facts["n_parts"]
    table = frozen.load("cohesion_country").query("objective == 'TO3'")
    table = table[table["geo"].isin(member_states(TABLES)["geo"])].groupby("fund")["eu_amount_eur"].sum()
    assert facts["farms"] == pytest.approx(1 - table["ERDF"] / table["ESIF"], abs=1e-6)
    none = reform.money_facts(TABLES, replace_family(evidence, 0.5), 0.05, first)
    assert none["with_it"] == "ERDF payments by region"
    advice = reform.first_advice(TABLES, semester)
    assert advice["without"].count(",") + 2 == advice["n_without"] and advice["year"] == semester["year"].max()
    assert reform.first_advice(TABLES, semester.assign(estimate=3.0))["side"] == "less far below"


def replace_family(evidence, p_holm: float):
    return SimpleNamespace(money=evidence.money, family=evidence.family.assign(p_holm=p_holm))


def test_every_fund_is_named_and_has_its_role(evidence, funds):
    rows = reform.fund_rows(evidence, funds[0])
    assert rows["instrument"].is_unique and not rows["instrument"].isna().any()
    by = rows.groupby("rule")["instrument"].agg(list)
    assert len(by["decides"]) == 3 and all("ESIF" in name for name in by["by the first rule"])
    assert any("ERDF" in name and "SMEs" in name for name in by["decides"])
    assert (rows["p_corrected"] == "–").equals(rows["rule"] != "decides")
    forest = reform.forest_rows(rows, evidence)
    paid = reform.paid_rows(evidence)
    assert (
        len(forest) == 5
        and forest["label"].is_unique
        and set(forest["label"]) - set(rows["instrument"]) < set(paid["kind"])
    )
    equal = paid.loc[paid["kind"].str.contains("equal GDP"), "rho"].iloc[0]
    over = forest.loc[forest["label"].str.contains("over regions"), "given"].iloc[0]
    assert float(over.split()[-1].replace("−", "-")) == pytest.approx(equal, abs=0.005)


def test_years_of_recommendations_are_all_there():
    rows = reform.year_rows(TABLES)
    assert rows["year"].is_unique and list(rows.columns) == ["year", "with_it", "without_it", "tells"]
    assert set(rows["year"]) == set(frozen.load("semester_theme")["year"])


def test_no_money_for_smes_is_shown_without_its_fund():
    """ESIF is half farms and fisheries: a reader must see which fund is meant."""
    names = [*reform.FUNDS.values(), *instruments.KNOWN.values()]
    assert [n for n in names if "SME" in n and not re.search("ERDF|ESIF", n)] == []


def test_recovery_lines_are_the_means_of_the_paths(tested):
    lines = reform.recovery_lines(TABLES)
    paths = recovery.growth_paths(TABLES)
    upper = paths[paths["group"].isin(recovery.UPPER)]["shortfall"]
    facts = reform.recovery_facts(tested, lines)
    assert facts["upper"] == pytest.approx(upper.mean()) and facts["end"] == recovery.END
    assert (lines.groupby("year")["n"].sum() == len(paths)).all()
    assert ((lines["low"] <= lines["high"]) & (lines["min"] <= lines["low"])).all()


@pytest.mark.parametrize(
    ("slope", "p", "reading"), [(1.2, 0.001, "further"), (-1.2, 0.001, "less far"), (1.2, 0.4, "open")]
)
def test_the_sentence_on_recovery_follows_the_slope(tested, slope, p, reading):
    facts = reform.recovery_facts(tested.assign(estimate=slope, p_value=p), reform.recovery_lines(TABLES))
    said = words.WORDS.say("N5.4", **facts, c09="…").title
    assert f"along the divide?** {reform.READINGS[reading]}." in said
    assert (facts["clear_years"] == "no year") == (reading == "open")


@pytest.mark.parametrize(("sign", "p", "with_it"), [(1, 0.001, 5), (-1, 0.001, 0), (1, 0.4, 0)])
def test_the_sentence_on_money_says_which_way_it_runs(evidence, funds, sign, p, with_it):
    found, ends = evidence.money, 0.2 * np.array([sign, 2 * sign])
    ends = np.sort(ends) if p < 0.05 else (-0.1, 0.1)
    paid = found.paid.assign(rho=0.3 * sign, ci_low=ends[0], ci_high=ends[1])
    rho = found.funds["rho"].abs() * sign
    changed = replace(
        found, funds=found.funds.assign(rho=rho), paid=paid, advice=found.advice | {"estimate": 0.1 * sign}
    )
    second = SimpleNamespace(money=changed, family=evidence.family.assign(p_holm=p))
    facts = reform.money_facts(TABLES, second, 0.05, funds[0])
    said = words.WORDS.say("N5.2", **facts, c12="…", first_c12="…").title
    assert f"Of 5 kinds of money and advice {with_it} run with the gap" in said
    assert ("run with the gap: nothing" in said) == (with_it == 0) and ("Not clearly so: nothing" in said) == (
        with_it == 5
    )


def test_recovery_rows_keep_every_test_and_put_the_deciding_one_first(tested):
    rows = reform.recovery_rows(tested)
    assert len(rows) == len(tested) and not rows[["question", "per", "sample", "p"]].isna().any(axis=None)
    assert list(rows["decides"]) == ["decides", *[""] * (len(rows) - 1)]


def test_the_fixed_words_of_the_report_hold():
    """Titles and sentences that say a direction in words, not in values."""
    groups = words.group_rows(tiers.regions(TABLES))
    assert words.group_facts(groups)["top_n"] == groups.set_index("group").at["leader", "n_regions"]
    spread = benchmarks.concentration_by_quantity(benchmarks.tier1_and_benchmarks(TABLES))
    gaps = reform.difference_rows(benchmarks.more_concentrated(benchmarks.tier1_and_benchmarks(TABLES), rng(), 99))
    aid = gaps["quantity"].str.startswith(benchmarks.AID)
    for sign, more, less in ((1, len(gaps), 0), (-1, 0, len(gaps)), (0, 0, 0)):
        facts = reform.difference_facts(spread, gaps.assign(ci_low=sign - 0.5, ci_high=sign + 0.5))
        assert (facts["more"], facts["less"], facts["n"]) == (more, less, len(gaps))
        assert facts["more_without_aid"] == (more and more - aid.sum()) and facts["gdp_year"] == str(benchmarks.YEAR)
    assert re.fullmatch(r"\d+ of \d+ IPCEIs only", facts["aid_scope"])
    no_aid = spread[~spread["quantity"].str.startswith(benchmarks.AID)]
    assert reform.difference_facts(no_aid, gaps)["aid_scope"] == "no IPCEI"


# ---- the states behind the numbers ----


def test_the_exported_states_give_the_estimates_of_c09_and_c12_again():
    rows, tests = reform.state_rows(TABLES), recovery.recovery_tests(TABLES, rng(), n_permutations=9)
    assert list(rows["geo"]) == list(member_states(TABLES)["geo"])
    slope = np.polyfit(rows["gap_2019"] / 10, rows["shortfall"], 1)[0]
    assert slope == pytest.approx(tests.loc[tests["main"], "estimate"].item())
    found = money.money_against_gap(TABLES, rng(), 9, money.REFORM)
    for column, fund in zip(reform.FUND_COLUMNS, found.itertuples()):
        assert rows[[column, f"gap_{fund.gap_year}"]].corr("spearman").iloc[0, 1] == pytest.approx(fund.rho), fund
