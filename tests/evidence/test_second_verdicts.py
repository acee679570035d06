"""Rules of the second registration: each verdict function against the text in analysis_plan.yml, edges included."""

import itertools
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from innodivide.data import Tables
from innodivide.evidence.claims import (
    both_tiers,
    demand_and_beyond,
    firm_size,
    first_rules,
    lagging_barriers,
    money_and_advice,
    persisting_gap,
    regional_structures,
    spans,
    thresholds,
)
from innodivide.evidence.claims.finding import NOT_TESTABLE, otherwise
from innodivide.evidence.confirmatory import BRIEF_CUTOFF, NAMED_FIVE, NAMED_THREE
from innodivide.evidence.plan import load_plan
from innodivide.indicators import recommendations, regional_frame

ALPHA = 0.05
CLEAR, EDGE, NOT = 0.0499, ALPHA, 0.2  # a p-value of 0.05 itself is not below the level
RULES = load_plan().second["claim_rules"]
IN_WORDS = {"one tenth": 0.1, "one half": 0.5, "half": 0.5, "one quarter": 0.25, "two thirds": 2 / 3}


def record(large=(1, NOT), leaders=(1, NOT), five=(1, NOT), modest=(-1, NOT), rates=None):
    """A record of IPCEIs, of which the rules read signs, corrected p-values and shares of states."""
    shares = dict.fromkeys((*NAMED_FIVE, *NAMED_THREE), 0.0) | (rates or {})
    family = pd.DataFrame({"estimate": [five[0], modest[0], 1], "p_holm": [five[1], modest[1], NOT]})
    return SimpleNamespace(
        large=SimpleNamespace(estimate=large[0]),
        main=SimpleNamespace(permutation=SimpleNamespace(estimate=leaders[0])),
        joint=pd.Series({"large": large[1], "leaders": leaders[1]}),
        family=family.assign(p_value=family["p_holm"]).set_axis(["named_five", "modest_group", "wealth"]),
        totals=pd.DataFrame({"rate": shares}),
    )


# The numbers of the rules


@pytest.mark.parametrize(
    ("claim", "text", "number"),
    [
        ("C02", r"each takes part in more than (half)", thresholds.MAJORITY),
        ("C03", r"at most (one quarter) of the IPCEIs", thresholds.BARELY),
        ("C07", r"(two thirds) of the Member States", thresholds.BROAD_STATES),
        ("C07", r"more than (half) of the people", thresholds.MAJORITY),
        ("C08", r"above minus (one tenth) of the first", thresholds.PERSISTS),
        ("C08", r"below minus (one tenth)", thresholds.PERSISTS),
        ("C10", r"at least (one tenth) of the squared gaps", thresholds.MATTERS),
        ("C10", r"correlate above (one half)", thresholds.LASTS),
    ],
)
def test_a_threshold_is_that_of_the_rule(claim, text, number):
    assert IN_WORDS[re.search(text, RULES[claim])[1]] == number


def test_levels_draws_years_and_dates_are_those_of_the_registration():
    plan = load_plan()
    assert f"Holm at {thresholds.ALPHA} over all" in plan.second["family"]["correction"] and plan.alpha == ALPHA
    assert f"{persisting_gap.DRAWS} draws" in RULES["C08"] and "90 % interval" in RULES["C08"]
    assert f"decided up to {BRIEF_CUTOFF}" in plan.second["then_and_now"]["then"]
    first, last = re.search(r"over the years (\d{4}) to (\d{4})", RULES["C12"]).groups()
    assert list(recommendations.YEARS) == list(range(int(first), int(last) + 1))
    assert "at least three states were and three were" in RULES["C12"] and recommendations.FEWEST == 3
    assert all(f"{year} left out" in RULES["C12"] for year in recommendations.FISCAL_ONLY)
    spent = regional_frame.PAYMENT_YEARS
    assert f"ERDF payments of {spent[0]}-{spent[-1]} per head" in RULES["C12"]
    editions = plan.second["editions"]
    assert f"innovation gap of {money_and_advice.GAP_YEAR}" in editions["C12"]
    assert f"Government Index {regional_frame.EQI_YEAR}" in editions["C10"]
    assert f"NUTS {regional_frame.VERSION} regions" in editions["C13"]


def test_the_edge_between_hardly_any_and_more_is_where_the_text_puts_it():
    """Of 27 states two thirds are 18; of 240 regions half are 120: the first is in, the second is not."""
    assert thresholds.BROAD_STATES * 27 == 18
    assert first_rules.beyond_verdict(120, 240, 240) == NOT_TESTABLE


# C01 to C03


@pytest.mark.parametrize(
    ("large", "leaders", "verdict"),
    [
        ((1, CLEAR), (1, CLEAR), "supported"),
        ((1, CLEAR), (1, EDGE), "partly"),
        ((1, NOT), (1, CLEAR), "partly"),
        ((1, CLEAR), (-1, CLEAR), "partly"),  # one goes with participation, whatever the other does
        ((-1, CLEAR), (-1, CLEAR), "contradicted"),
        ((-1, CLEAR), (-1, EDGE), "inconclusive"),
        ((-1, CLEAR), (1, NOT), "inconclusive"),
        ((1, EDGE), (1, EDGE), "inconclusive"),
        ((0, CLEAR), (0, CLEAR), "inconclusive"),
    ],
)
def test_large_or_leaders(large, leaders, verdict):
    assert spans.large_or_leaders(record(large, leaders), ALPHA) == verdict


@pytest.mark.parametrize(
    ("five", "many", "share", "verdict"),
    [
        ((0.2, CLEAR), 5, 0.51, "supported"),
        ((0.2, CLEAR), 5, 0.5, "partly"),  # half is not more than half
        ((0.2, EDGE), 5, 0.51, "partly"),
        ((0.2, NOT), 1, 0.51, "partly"),
        ((0.2, CLEAR), 0, 0.51, "partly"),
        ((0.2, NOT), 5, 0.5, "inconclusive"),
        ((0.2, NOT), 0, 0.51, "inconclusive"),
        ((0.0, CLEAR), 5, 0.9, "contradicted"),
        ((-0.1, NOT), 5, 0.9, "contradicted"),
    ],
)
def test_five_dominate(five, many, share, verdict):
    rates = dict.fromkeys(NAMED_FIVE[:many], share)
    assert spans.five_dominate(record(five=five, rates=rates), ALPHA) == verdict


@pytest.mark.parametrize(
    ("modest", "groups", "share", "verdict"),
    [
        ((-0.1, CLEAR), (True, True, True), 0.25, "supported"),
        ((-0.1, CLEAR), (True, True, True), 0.26, "contradicted"),  # none of the named counts
        ((-0.1, EDGE), (True, True, True), 0.25, "partly"),
        ((-0.1, CLEAR), (True, False, True), 0.0, "partly"),
        ((0.1, NOT), (False, False, True), 0.0, "partly"),
        ((0.1, CLEAR), (True, True, True), 0.0, "contradicted"),
        ((0.1, EDGE), (True, True, True), 0.0, "partly"),
        ((-0.1, CLEAR), (False, False, False), 0.0, "contradicted"),
    ],
)
def test_lowest_absent(modest, groups, share, verdict):
    named = pd.Series(groups, index=list(NAMED_THREE))
    made = record(modest=modest, rates=dict.fromkeys(NAMED_THREE, share))
    assert spans.lowest_absent(made, named, ALPHA) == verdict


def test_the_rule_of_c03_leaves_no_way_to_inconclusive():
    """By its text: either no named state counts (contradicted), or at least one does (partly at least)."""
    seen = set()
    for sign, p, *groups in itertools.product((-1, 0, 1), (CLEAR, NOT), *3 * [(True, False)]):
        seen.add(spans.lowest_absent(record(modest=(sign, p)), pd.Series(groups, list(NAMED_THREE)), ALPHA))
    assert seen == {"supported", "partly", "contradicted"}


def test_the_groups_of_the_named_are_those_of_the_edition_that_the_brief_had():
    found = spans.modest_then(Tables())
    assert found.to_dict() == {"BG": True, "PL": False, "RO": True}, "EIS 2020: Poland was a moderate innovator"


# C04


@pytest.mark.parametrize(
    ("shares", "verdict"),
    [([0.1, 0.49], "supported"), ([0.1, 0.5], "partly"), ([0.9, 0.2], "partly"), ([0.5, 0.6], "contradicted")],
)
def test_c04(shares, verdict, monkeypatch):
    rows = pd.DataFrame({"of": ["Hy2Tech", "ten IPCEIs"], "share": shares, "counted": [True, False]})
    monkeypatch.setattr(firm_size, "published_shares", lambda tables: rows.assign(by_project=np.nan, source_id="s"))
    assert firm_size.c04(Tables()).verdict == verdict


def test_shares_of_smes_are_counted_or_stated():
    tables = Tables()
    rows, checks = firm_size.published_shares(tables), tables["published_check"].set_index("check_id")
    known = tables["ipcei"].dropna(subset=["n_smes", "n_companies"]).set_index("ipcei_id")
    counted = rows[rows["counted"]].set_index("of")
    expected = (known["n_smes"] / known["n_companies"]).astype(float)
    assert counted["share"].astype(float).to_dict() == pytest.approx(expected.to_dict())
    stated = rows[~rows["counted"]].set_index("of")["share"]
    assert stated.to_dict() == {"ME1": checks.at["C13", "value"] / 100, "ten IPCEIs": checks.at["C12", "value"] / 100}


def test_what_the_rest_of_the_ten_must_hold_adds_up():
    """At each end, the SMEs of the rest and the known ones make up the share of the ten that was rounded."""
    tables = Tables()
    found, checks = firm_size.implied_rest(tables), tables["published_check"].set_index("check_id")
    ten = tables["ipcei"].query("kind == 'integrated'").sort_values("decision_date").head(10)
    known = ten["n_smes"].notna() | (ten["ipcei_id"] == "ME1")
    smes = float(ten["n_smes"].sum()) + checks.at["C13", "value"] / 100 * float(
        ten.set_index("ipcei_id").at["ME1", "n_companies"]
    )
    assert found["smes_known"] == pytest.approx(smes) and found["n_rest"] == int((~known).sum())
    totals, inside = (float(checks.at["C10", "value"]), float(ten["n_companies"].sum())), ten.loc[known, "n_companies"]
    shares = [
        (smes + end * (total - float(inside.sum()))) / total
        for total, end in itertools.product(totals, (found["low"], found["high"]))
    ]
    stated = checks.at["C12", "value"] / 100
    assert min(abs(s - stated - 0.005) for s in shares) < 1e-9 and min(abs(s - stated + 0.005) for s in shares) < 1e-9
    assert found["low"] < found["high"]


def test_aid_is_counted_only_where_amount_and_size_are_known():
    known = {"amount_eur": [2e6, 4e6, np.nan, 8e6], "sme": [True, False, True, None]}
    rows = Tables()["ipcei_award"].head(4).assign(**known)
    found = firm_size.known_aid(Tables({"ipcei_award": rows}))
    assert found == {"companies": 2, "smes": 1, "aid": 6.0, "sme_aid": 2.0}


# C05


def connected(held=1.0, anew=1.0, position=0.5, others=(0.6, 0.7), interval=(1.1, 1.3)):
    """What was found of both tiers: pairs as a multiple of the mean of each reference, position beside the placebos."""
    nulls = pd.DataFrame({"observed": 100.0, "null_mean": [100 / held, 100 / anew]}, [both_tiers.HELD, both_tiers.ANEW])
    return both_tiers.Connection(nulls, pd.DataFrame({"position": [position, *others]}), *interval, 45, 11)


LESS, MORE = (0.7, 0.9), (1.1, 1.3)


@pytest.mark.parametrize(
    ("found", "p_held", "p_anew", "verdict"),
    [
        (connected(0.8, 0.8, interval=LESS), CLEAR, CLEAR, "supported"),
        (connected(0.8, 0.8, interval=(0.7, 1.0)), CLEAR, CLEAR, "inconclusive"),  # the lists drawn decide
        (connected(0.8, 0.8, interval=LESS), CLEAR, EDGE, "partly"),
        (connected(0.8, 1.2, interval=MORE), CLEAR, CLEAR, "partly"),
        (connected(0.8, 1.2, position=0.6, interval=MORE), CLEAR, CLEAR, "contradicted"),  # not below every placebo
        (connected(0.8, 1.2, position=0.6, interval=MORE), CLEAR, EDGE, "inconclusive"),
        (connected(0.8, 1.2, interval=MORE), EDGE, CLEAR, "contradicted"),
        (connected(1.0, 1.2, interval=MORE), NOT, CLEAR, "contradicted"),
        (connected(1.0, 1.2, interval=(1.0, 1.3)), NOT, CLEAR, "inconclusive"),
        (connected(0.8, 1.2, interval=(0.9, 1.3)), CLEAR, CLEAR, "inconclusive"),
        (connected(1.2, 0.8, interval=LESS), CLEAR, CLEAR, "inconclusive"),
        (connected(1.0, 1.2, interval=MORE), NOT, NOT, "inconclusive"),
    ],
)
def test_states_connect(found, p_held, p_anew, verdict):
    p = pd.Series({both_tiers.HELD: p_held, both_tiers.ANEW: p_anew})
    assert both_tiers.states_connect(found, p, ALPHA) == verdict


# C07 and C11


def growing(*pairs):
    rows = pd.DataFrame(pairs, columns=["value", "later_value"], dtype=float)
    return rows.assign(grew=rows["later_value"] > rows["value"])


def broad(states, people=0.0, states_at_most=27, people_at_most=1.0):
    found = {"states": states, "states_total": 27, "people": people}
    return found | {"states_at_most": states_at_most, "people_at_most": people_at_most}


UP, DOWN, SAME = (1, 2), (2, 1), (2, 2)


@pytest.mark.parametrize(
    ("growth", "breadth", "verdict"),
    [
        (growing(UP, SAME), broad(18, 0.51), "supported"),
        (growing(UP), broad(17, 0.51), "partly"),
        (growing(UP), broad(18, 0.5), "partly"),
        (growing(UP, DOWN), broad(18, 0.51), "partly"),
        (growing(SAME), broad(18, 0.51), "partly"),
        (growing(UP), broad(0), "partly"),
        (growing(SAME), broad(17, 0.5), "inconclusive"),
        (growing(), broad(17, 0.5), "inconclusive"),
        (growing(DOWN), broad(17, 0.5), "inconclusive"),  # the lists that are not published could make it broad
        (growing(DOWN), broad(17, 0.4, 17, 0.5), "contradicted"),
        (growing(DOWN), broad(17, 0.4, 18, 0.5), "inconclusive"),
        (growing(DOWN), broad(17, 0.4, 17, 0.51), "inconclusive"),
        (growing(DOWN), broad(17, 0.6, 17, 0.6), "partly"),
        (growing(DOWN, UP), broad(17, 0.4, 17, 0.5), "inconclusive"),  # as many fell as rose
    ],
)
def test_demand(growth, breadth, verdict):
    assert demand_and_beyond.demand(growth, breadth) == verdict


@pytest.mark.parametrize(
    ("low", "high", "total", "verdict"),
    [
        (121, 200, 240, "supported"),
        (120, 121, 240, NOT_TESTABLE),
        (0, 120, 240, "contradicted"),
        (0, 120, 239, NOT_TESTABLE),
        (120, 239, 239, "supported"),
    ],
)
def test_beyond_verdict(low, high, total, verdict):
    assert first_rules.beyond_verdict(low, high, total) == verdict


# C08


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ({"low95": 0.01, "low90": 0.02, "high90": 0.05, "high95": 0.06}, persisting_gap.WIDENS),
        ({"low95": 0.0, "low90": 0.02, "high90": 0.05, "high95": 0.06}, persisting_gap.STAYS),
        ({"low95": -0.2, "low90": -0.099, "high90": -0.01, "high95": -0.005}, persisting_gap.STAYS),
        ({"low95": -0.2, "low90": -0.1, "high90": -0.01, "high95": -0.005}, persisting_gap.NARROWS),
        ({"low95": -0.2, "low90": -0.15, "high90": -0.01, "high95": 0.0}, persisting_gap.UNCLEAR),
        ({"low95": -0.4, "low90": -0.3, "high90": -0.101, "high95": -0.05}, persisting_gap.CLOSES),
        ({"low95": -0.4, "low90": -0.3, "high90": -0.1, "high95": -0.05}, persisting_gap.NARROWS),
    ],
)
def test_what_a_series_says(ends, says, monkeypatch):
    path = pd.DataFrame({"year": [2018, 2025], "sd_log": [1.0, 0.9], "change": [0.0, -0.1], "n": 27})
    monkeypatch.setattr(persisting_gap, "index_relative_to_eu", lambda tables, edition: None)
    drawn = lambda series, rng, n_boot, level: path.assign(  # noqa: E731
        ci_low=ends[f"low{level * 100:.0f}"], ci_high=ends[f"high{level * 100:.0f}"]
    )
    monkeypatch.setattr(persisting_gap.convergence, "sigma_path", drawn)
    found = persisting_gap.spread_in_both(None, load_plan())
    assert found["says"].tolist() == [says] * len(found) and (found["margin"] == -0.1).all()


STAYS, WIDENS, CLOSES = persisting_gap.STAYS, persisting_gap.WIDENS, persisting_gap.CLOSES
NARROWS, UNCLEAR = persisting_gap.NARROWS, persisting_gap.UNCLEAR


@pytest.mark.parametrize(
    ("says", "verdict"),
    [
        ([STAYS, WIDENS], "supported"),
        ([CLOSES, CLOSES], "contradicted"),
        ([STAYS, NARROWS], "partly"),
        ([UNCLEAR, WIDENS], "partly"),
        ([STAYS, CLOSES], "inconclusive"),
        ([NARROWS, CLOSES], "inconclusive"),
        ([UNCLEAR, NARROWS], "inconclusive"),
    ],
)
def test_persists(says, verdict):
    assert persisting_gap.persists(says) == persisting_gap.persists(says[::-1]) == verdict


# C10


def barriers(support=0, internationalisation=0, bureaucracy=0, own=(0.2, 0.4), lasting=(0.6, 0.8)):
    """Intervals above zero (1), below it (-1) or around it (0)."""
    ends = {1: (0.1, 0.3), 0: (-0.1, 0.1), -1: (-0.3, -0.1)}
    given = {"support": support, "internationalisation": internationalisation, "bureaucracy": bureaucracy}
    named = {("emerging", b): {"ci_low": ends[s][0], "ci_high": ends[s][1]} for b, s in given.items()}
    own, lasting = (pd.Series(dict(zip(("ci_low", "ci_high"), e))) for e in (own, lasting))
    return lagging_barriers.Barriers(pd.DataFrame(named).T, own, lasting)


@pytest.mark.parametrize(
    ("found", "specific"),
    [
        (barriers(), 1),
        (barriers(own=(0.1, 0.3)), 1),
        (barriers(own=(0.09, 0.3)), 0),
        (barriers(lasting=(0.5, 0.8)), 0),
        (barriers(lasting=(0.2, 0.49)), -1),
        (barriers(own=(0.01, 0.05), lasting=(0.2, 0.49)), -1),
        (barriers(lasting=(0.2, 0.5)), 0),
    ],
)
def test_when_the_regions_own_part_counts(found, specific):
    assert lagging_barriers.what_counts(found)["specific"] == specific


def test_a_named_barrier_counts_with_its_whole_interval():
    signs = lagging_barriers.what_counts(barriers(1, 0, -1))
    assert signs[["support", "internationalisation", "bureaucracy"]].tolist() == [1, 0, -1]
    edge = barriers()
    edge.named.loc[("emerging", "support"), "ci_low"] = 0.0
    assert lagging_barriers.what_counts(edge)["support"] == 0


LASTING_NOT, UNTOLD = (0.2, 0.49), (0.4, 0.6)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (barriers(1, 1, 1), "supported"),
        (barriers(1, 1, 1, lasting=UNTOLD), "partly"),
        (barriers(0, 0, 1, lasting=UNTOLD), "partly"),
        (barriers(0, 0, 0), "partly"),
        (barriers(1, -1, -1), "partly"),
        (barriers(-1, -1, -1), "contradicted"),
        (barriers(1, 1, 1, lasting=LASTING_NOT), "contradicted"),
        (barriers(-1, -1, 0, lasting=UNTOLD), "inconclusive"),
        (barriers(0, 0, 0, own=(0.05, 0.3)), "inconclusive"),
    ],
)
def test_share_and_own(found, verdict):
    assert lagging_barriers.share_and_own(lagging_barriers.what_counts(found)) == verdict


# C12


PARTS = (*money_and_advice.FUNDS, money_and_advice.RECOMMENDATIONS)


def money(signs, paid=(0.2, 0.6)):
    funds = pd.DataFrame({"rho": 0.5 * np.array(signs[:3])}, index=list(money_and_advice.FUNDS))
    regions = pd.DataFrame({"ci_low": [paid[0]], "ci_high": [paid[1]]}, index=["over regions"])
    return money_and_advice.MoneyAndAdvice(funds, {"estimate": 0.1 * signs[3]}, regions)


@pytest.mark.parametrize(
    ("signs", "p", "paid", "verdict"),
    [
        ((1, 1, 1, 1), (CLEAR,) * 4, (0.2, 0.6), "supported"),
        ((1, 1, 1, 1), (CLEAR, CLEAR, CLEAR, EDGE), (0.2, 0.6), "partly"),
        ((1, 1, 1, 1), (CLEAR,) * 4, (0.0, 0.6), "partly"),
        ((1, -1, -1, -1), (CLEAR,) * 4, (0.2, 0.6), "contradicted"),  # three of five are most
        ((1, -1, -1, 1), (NOT, CLEAR, CLEAR, NOT), (-0.6, -0.2), "contradicted"),
        ((1, -1, -1, 1), (CLEAR, CLEAR, CLEAR, NOT), (-0.2, 0.2), "partly"),
        ((1, -1, -1, 1), (NOT, CLEAR, CLEAR, NOT), (-0.6, 0.0), "inconclusive"),
        ((1, 1, 1, 1), (EDGE,) * 4, (-0.2, 0.2), "inconclusive"),
    ],
)
def test_runs_with_the_gap(signs, p, paid, verdict):
    found = money_and_advice.runs_with_gap(money(signs, paid), pd.Series(dict(zip(PARTS, p))), ALPHA)
    assert len(found) == 5 and set(found) <= {-1, 0, 1}
    assert found[list(PARTS)].tolist() == [s * (q < ALPHA) for s, q in zip(signs, p)]
    assert found["ERDF payments by region"] == (paid[0] > 0) - (paid[1] < 0)
    assert money_and_advice.goes_with_gap(found) == verdict


# C13


def structures(*ways):
    """Intervals as the claim says (1), the other way (-1) or around zero (0), of its three parts."""
    rows = {}
    for (column, sign, _), way in zip(regional_structures.PARTS.values(), ways):
        low = {1: 0.1, 0: -0.1, -1: -0.3}[way * sign]
        rows[column] = {"ci_low": low, "ci_high": low + 0.2}
    return pd.DataFrame(rows).T


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize(
    ("ways", "verdict"),
    [
        ((1, 1, 1), "supported"),
        ((1, 1, -1), "partly"),
        ((1, 0, 0), "partly"),
        ((1, -1, 0), "partly"),
        ((1, -1, -1), "contradicted"),
        ((0, -1, -1), "contradicted"),
        ((0, 0, -1), "inconclusive"),
        ((0, 0, 0), "inconclusive"),
    ],
)
def test_locked_in(ways, verdict, order):
    assert regional_structures.locked_in(structures(*(ways[i] for i in order))) == verdict


def test_an_end_at_zero_is_not_a_whole_interval():
    rows = structures(1, 1, 1)
    rows.loc["herfindahl", "ci_low"] = 0.0
    assert regional_structures.locked_in(rows) == "partly"


def test_the_signs_of_c13_are_those_of_its_rule():
    signs = {part: sign for part, (_, sign, _) in regional_structures.PARTS.items()}
    words = {"lower": -1, "higher": 1, "less": -1}
    text = RULES["C13"]
    said = {
        "traditional": re.search(r"Traditional: a (\w+) share of the second part", text)[1],
        "locked-in": re.search(r"Locked-in: the shares moved (\w+)", text)[1],
        "few endowments": re.search(r"Few endowments: a (\w+) Herfindahl", text)[1],
    }
    assert signs == {part: words[word] for part, word in said.items()}


# What would change a verdict


def test_what_would_change_a_verdict_leaves_out_the_one_found():
    ways = {"supported": "if more", "partly": "if some", "contradicted": "if none"}
    assert otherwise("partly", ways) == "Supported if more; contradicted if none"
    assert otherwise("supported", ways, ", ") == "Partly if some, contradicted if none"
    assert otherwise("inconclusive", {"partly": "if some"}) == "Partly if some"
