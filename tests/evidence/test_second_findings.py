"""Sentences of the findings of the second registration, with data for, for neither and against a claim."""

import dataclasses
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from test_second_verdicts import record

from innodivide.data import Tables
from innodivide.evidence import confirmatory
from innodivide.evidence.claims import (
    both_tiers,
    demand_and_beyond,
    firm_size,
    lagging_barriers,
    money_and_advice,
    persisting_gap,
    regional_structures,
    then_and_now,
)
from innodivide.evidence.claims.finding import NOT_TESTABLE
from innodivide.evidence.confirmatory import NAMED_FIVE, NAMED_THREE
from innodivide.evidence.plan import load_plan
from innodivide.indicators import tiers
from innodivide.models.estimators.unseen_species import chao2
from innodivide.models.network import bipartite, null_models

PLAN, ALPHA = load_plan(), 0.05
TABLES = confirmatory.registered(Tables(), PLAN)
VERDICTS = ("supported", "partly", "contradicted", "inconclusive", NOT_TESTABLE)


def check(finding, verdict):
    """Every sentence is whole, no verdict is typed in it, and what would change the verdict is another one."""
    assert finding.verdict == verdict and finding.change.endswith(tuple("abcdefghijklmnopqrstuvwxyz%0123456789"))
    texts = dataclasses.asdict(finding)
    for name in ("numbers", "coverage", "short", "rests", "change"):
        text = texts[name]
        assert text and text == text.strip() and "  " not in text and ".." not in text, (name, text)
        assert not re.search(r"\b(nan|NaN|None|<NA>|inf)\b|[{}]|\(\)|none too|\bnone ran\b|\bnone counted\b", text), (
            text
        )
        assert text[0].isupper() or text[0].isdigit() or name in ("coverage", "rests"), (name, text)
    for name in ("numbers", "coverage", "short", "rests"):
        assert not re.search(r"\b(supported|partly|contradicted|inconclusive)\b", texts[name], re.I), texts[name]
    given = {v for v in VERDICTS if re.search(rf"\b{v}( only)? if\b", finding.change, re.I)}
    assert given and verdict not in given, finding.change
    return finding


# C01 to C03


def spans(**now):
    """Three records as `spans.records` has them; `now` as of `record`, the others with nothing that holds."""
    made = {}
    for name, given in {"then": {}, "now": now, "since": {}}.items():
        row = record(**given)
        odds = SimpleNamespace(estimate=1.2, ci_low=0.4, ci_high=3.6)
        slopes = pd.DataFrame(
            {"estimate": {"ln_population": 1.0, "ln_gdp_pc_pps": 0.5, "intercept": -9.0}, "se": 0.2, "ci_low": 0.1}
        )
        row.main.fit = SimpleNamespace(coefficients=slopes.assign(ci_high=1.5), level=0.95, df=23, dispersion=2.0)
        row.economy = pd.Series({"odds_ratio": 1.9, "ci_low": 1.4, "ci_high": 2.5})
        row.main.interval, row.shares = odds, pd.Series({"leaders": 0.4, "others": 0.3})
        rates = row.totals["rate"].to_dict() | {"NL": 0.4, "BE": 0.2}
        totals = pd.DataFrame({"rate": rates}).assign(n_possible=11)
        row.totals = totals.assign(n_participations=(totals["rate"] * 11).round().astype(int))
        row.name, row.n_ipceis = name, 3 if name == "then" else 11
        made[name] = row
    return made


NO, YES = 0.4, 0.001


@pytest.mark.parametrize(
    ("large", "leaders", "verdict", "said"),
    [
        ((1, YES), (1, YES), "supported", "Partly if only one of total GDP and leader status"),
        ((1, YES), (1, NO), "partly", "Supported if leader status too .* inconclusive if total GDP did not"),
        ((1, NO), (1, YES), "partly", "Supported if total GDP too .* inconclusive if leader status did not"),
        ((1, NO), (1, NO), "inconclusive", "Partly if one of total GDP and leader status"),
        ((-1, YES), (-1, YES), "contradicted", "Partly if one of total GDP"),
    ],
)
def test_c01(large, leaders, verdict, said):
    found = check(then_and_now.c01(spans(large=large, leaders=leaders), ALPHA), verdict)
    assert re.search(said, found.change) and found.then == "inconclusive"
    assert "each doubling of the population 2.00, of GDP per head 1.41" in found.numbers
    assert (
        "richer ones at equal size neither clearly more nor less often than others (odds ratio 1.41, 0.94 to 2.12)"
        in (found.short)
    )
    assert "total GDP odds ratio for each doubling 1.90 (1.40 to 2.50)" in found.numbers
    assert "Now, of 11 IPCEIs" in found.numbers and "When the brief was written, of 3" in found.numbers


@pytest.mark.parametrize(
    ("five", "share", "verdict"),
    [
        ((0.3, YES), 0.8, "supported"),
        ((0.3, NO), 0.8, "partly"),
        ((0.1, NO), 0.3, "inconclusive"),
        ((-0.1, NO), 0.1, "contradicted"),
    ],
)
def test_c02(five, share, verdict):
    found = check(then_and_now.c02(TABLES, spans(five=five, rates=dict.fromkeys(NAMED_FIVE, share)), ALPHA), verdict)
    counted = 5 if share > 0.5 else 0
    assert f"{counted} of 5 in more than half" in found.numbers and "France" in found.numbers


@pytest.mark.parametrize(
    ("modest", "share", "verdict"),
    [((-0.2, YES), 0.1, "partly"), ((-0.2, NO), 0.1, "partly"), ((0.2, YES), 0.1, "contradicted")],
)
def test_c03(modest, share, verdict):
    made = spans(modest=modest, rates=dict.fromkeys(NAMED_THREE, share))
    found = check(then_and_now.c03(TABLES, made, ALPHA), verdict)
    assert "not modest in EIS 2020: Poland" in found.coverage and "2 of 3 named" in found.numbers


def test_c03_where_all_three_were_modest(monkeypatch):
    monkeypatch.setattr(then_and_now, "modest_then", lambda tables: pd.Series(True, index=list(NAMED_THREE)))
    found = check(then_and_now.c03(TABLES, spans(modest=(-0.2, YES)), ALPHA), "supported")
    assert "3 of 3 named" in found.numbers and found.then == "partly"


# C04


def shares(*known, ten=0.2, first=0.07):
    rows = [{"of": f"P{k}", "share": s, "counted": True, "by_project": s} for k, s in enumerate(known)]
    rows += [{"of": of, "share": s, "counted": False} for of, s in (("ME1", first), ("ten IPCEIs", ten))]
    return pd.DataFrame(rows, columns=["of", "share", "by_project", "counted"]).assign(source_id="s")


@pytest.mark.parametrize(
    ("rows", "verdict", "said"),
    [
        (shares(0.1, 0.2), "supported", "half or more in none"),
        (shares(0.1, 0.7), "partly", "less than half in 2 of the 3"),
        (shares(0.7, ten=0.6, first=0.5), "contradicted", "less than half in 0 of the 2"),
        (shares(), "supported", "less than half in 1 of the 1"),
    ],
)
def test_c04(rows, verdict, said, monkeypatch):
    monkeypatch.setattr(firm_size, "published_shares", lambda tables: rows)
    assert said in check(firm_size.c04(TABLES), verdict).short


def test_c04_without_a_known_amount_of_aid():
    none = TABLES["ipcei_award"].assign(amount_eur=np.nan)
    found = check(firm_size.c04(Tables({"ipcei_award": none})), firm_size.c04(TABLES).verdict)
    assert "No amount of aid is known" in found.numbers


# C05


@pytest.mark.parametrize(
    ("held", "anew", "position", "interval", "verdict"),
    [
        (0.8, 0.8, 0.1, (0.7, 0.9), "partly"),  # of states alone: the whole claim is partly at most
        (0.8, 1.4, 0.1, (1.1, 1.6), "partly"),
        (1.0, 1.4, 0.9, (1.1, 1.6), "contradicted"),
        (1.0, 1.0, 0.5, (0.9, 1.1), "inconclusive"),
    ],
)
def test_c05(held, anew, position, interval, verdict):
    names = [both_tiers.HELD, both_tiers.ANEW]
    nulls = pd.DataFrame({"observed": 100.0, "null_mean": [100 / held, 100 / anew], "ratio": [held, anew]}, names)
    nulls = nulls.assign(null_low=60.0, null_high=130.0, p_value=YES)
    placebos = pd.DataFrame({"pair": ["Tier 1 and Tier 2", *both_tiers.FIELDS, both_tiers.WITHIN], "ratio": 1.0})
    placebos = placebos.assign(lowest=20, highest=200, position=[position, *4 * [0.6]])
    found = both_tiers.Connection(nulls, placebos, *interval, 45, 11)
    p = pd.Series({name: YES if ratio != 1 else NO for name, ratio in zip(names, (held, anew))})
    finding = check(both_tiers.c05(TABLES, PLAN, found, p), verdict)
    assert NOT_TESTABLE in finding.short and f"{position:.0%} of that range" in finding.numbers
    assert finding.numbers.count("(ratio") == 4


# C07 and C11


def counts(*pairs):
    columns = ["indicator_id", "scope", "as_of", "value", "later_as_of", "later_value"]
    rows = pd.DataFrame([("s3_partnerships", "S3", "2017", a, "2019", b) for a, b in pairs], columns=columns)
    return rows.assign(grew=rows["later_value"] > rows["value"])


@pytest.mark.parametrize(
    ("pairs", "states", "people", "most", "verdict"),
    [
        (((10, 20),), 24, 0.6, (27, 1.0), "supported"),
        (((10, 20),), 9, 0.6, (27, 1.0), "partly"),
        ((), 9, 0.1, (27, 1.0), "inconclusive"),
        (((20, 10),), 9, 0.1, (12, 0.4), "contradicted"),
    ],
)
def test_c07(pairs, states, people, most, verdict, monkeypatch):
    known = {"states": states, "states_total": 27, "people": people, "states_at_most": most[0]}
    monkeypatch.setattr(demand_and_beyond, "breadth", lambda tables: known | {"people_at_most": most[1]})
    monkeypatch.setattr(tiers, "s3_growth", lambda tables, members: counts(*pairs))
    found = check(demand_and_beyond.c07(TABLES), verdict)
    assert f"from {states} of 27 states" in found.short
    assert ("S3 10 (2017) to 20 (2019)" in found.numbers) == (pairs == ((10, 20),))


def test_an_estimate_of_the_unseen_without_an_interval_is_a_number_alone(monkeypatch):
    """Where every state is in two lists, nothing points to unseen ones."""
    monkeypatch.setattr(demand_and_beyond, "unseen", lambda tables, what: chao2([2, 2, 3], 5))
    assert "states in Tier 2 at 3; they are not" in demand_and_beyond.c07(TABLES).numbers


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(200, 220, "supported"), (50, 150, NOT_TESTABLE), (0, 120, "contradicted")]
)
def test_c11(low, high, verdict, monkeypatch):
    names = ["as listed", "anything possible", tiers.THEMSELVES]
    cases = pd.DataFrame({"case": names, "neither": [high, low, 230], "n_regions": 240})
    monkeypatch.setattr(tiers, "regions_by_tier", lambda *_: cases.assign(neither_population_share=[0.6, 0.2, 0.9]))
    found = check(demand_and_beyond.c11(TABLES), verdict)
    assert f"Between {low} and {high} of 240" in found.short and "would be 121 or more" in found.short
    assert "(up to 230 without them)" in found.short
    wider = NOT_TESTABLE if low <= 120 else "supported"
    assert f"(230 in neither at most): {wider}" in found.change
    assert ("what is not published decides" in found.short) == (verdict == NOT_TESTABLE)


# C08


@pytest.mark.parametrize(
    ("says", "verdict"),
    [
        ((persisting_gap.STAYS, persisting_gap.WIDENS), "supported"),
        ((persisting_gap.STAYS, persisting_gap.NARROWS), "partly"),
        ((persisting_gap.UNCLEAR, persisting_gap.NARROWS), "inconclusive"),
        ((persisting_gap.CLOSES, persisting_gap.CLOSES), "contradicted"),
    ],
)
def test_c08(says, verdict, monkeypatch):
    rows = pd.DataFrame({"edition": [2023, 2025], "start": [2016, 2018], "end": [2023, 2025], "n": 27, "says": says})
    ends = {"first": 0.37, "last": 0.35, "change": -0.02, "margin": -0.037}
    ends |= {"low95": -0.05, "high95": 0.01, "low90": -0.04, "high90": 0.0}
    monkeypatch.setattr(persisting_gap, "spread_in_both", lambda tables, plan: rows.assign(**ends))
    found = check(persisting_gap.c08(TABLES, PLAN), verdict)
    assert all(s in found.numbers for s in says)


# C10


@pytest.mark.parametrize(
    ("ways", "lasting", "verdict", "said"),
    [
        ((1, 1, 1), (0.6, 0.8), "supported", "Counts: support, internationalisation, bureaucracy and specific"),
        (
            (0, 0, 1),
            (0.6, 0.8),
            "partly",
            "Counts: bureaucracy and specific; does not: support and internationalisation",
        ),
        ((0, 0, 0), (0.4, 0.6), "inconclusive", "Counts: none; does not: support, internationalisation, bureaucracy"),
        ((-1, -1, -1), (0.6, 0.8), "contradicted", "Counts: specific"),
        ((-1, -1, -1), (0.2, 0.4), "contradicted", "Counts: none"),
    ],
)
def test_c10(ways, lasting, verdict, said, monkeypatch):
    names = [*lagging_barriers.IN_INDEX, lagging_barriers.BUREAUCRACY]
    rows = {}
    for group in ("emerging", "moderate", "strong", "leader"):
        for name, way in zip(names, ways):
            rows[group, name] = {"estimate": 0.2 * way, "ci_low": 0.2 * way - 0.1, "ci_high": 0.2 * way + 0.1, "n": 62}
    own = pd.Series({"share": 0.38, "ci_low": 0.25, "ci_high": 0.47})
    last = pd.Series({"correlation": sum(lasting) / 2, "ci_low": lasting[0], "ci_high": lasting[1]})
    found = lagging_barriers.Barriers(pd.DataFrame(rows).T, own, last)
    monkeypatch.setattr(lagging_barriers, "barriers_found", lambda tables, plan: found)
    assert said in check(lagging_barriers.c10(TABLES, PLAN), verdict).numbers


# C12


PARTS = (*money_and_advice.FUNDS, money_and_advice.RECOMMENDATIONS)


@pytest.mark.parametrize(
    ("way", "p", "paid", "verdict", "said"),
    [
        (1, YES, (0.2, 0.6), "supported", "With the gap run RRF grants, .* by region"),
        (1, NO, (0.2, 0.6), "partly", "With the gap run ERDF payments by region; not RRF grants"),
        (1, NO, (-0.2, 0.6), "inconclusive", "With the gap run none; not RRF grants"),
        (-1, YES, (-0.6, -0.2), "contradicted", "With the gap run none; not RRF grants"),
    ],
)
def test_c12(way, p, paid, verdict, said):
    ends = {"ci_low": 0.1, "ci_high": 0.8, "rho_given_wealth": -0.1, "n": 27}
    ends |= {"low_given_wealth": -0.4, "high_given_wealth": 0.2}
    funds = pd.DataFrame({"rho": 0.5 * way, **ends}, index=list(money_and_advice.FUNDS))
    kinds = ["over regions", "at equal GDP per head", "within states"]
    regions = pd.DataFrame({"rho": sum(paid) / 2, "ci_low": paid[0], "ci_high": paid[1], "n": 236}, index=kinds)
    found = money_and_advice.MoneyAndAdvice(funds, {"estimate": 0.02 * way}, regions)
    finding = check(money_and_advice.c12(TABLES, PLAN, found, pd.Series(p, index=list(PARTS))), verdict)
    assert re.search(said, finding.numbers) and "not none" not in finding.numbers
    others = {"not clearly": p == NO, "against it": paid[1] < 0}
    assert [how for how in others if f"; {how}: " in finding.short] == [how for how, some in others.items() if some]


# C13


@pytest.mark.parametrize(
    ("ways", "verdict", "said"),
    [
        ((1, 1, 1), "supported", "As the claim says: traditional, locked-in and few endowments; the other way: none"),
        ((1, 0, 1), "partly", "traditional and few endowments; the other way: none; the rest cannot be told"),
        ((0, 0, 0), "inconclusive", "As the claim says: none; the other way: none; the rest cannot be told"),
        ((1, -1, -1), "contradicted", "As the claim says: traditional; the other way: locked-in and few endowments"),
    ],
)
def test_c13(ways, verdict, said, monkeypatch):
    rows = {c: {"difference": 0.2 * w * sign} for w, (c, sign, _) in zip(ways, regional_structures.PARTS.values())}
    rows |= {c: {"difference": 0.0} for c in regional_structures.SHOWN}
    frame = pd.DataFrame(rows).T.assign(lagging=0.1, others=0.14, n_lagging=61, n_others=164)
    frame = frame.assign(ci_low=frame["difference"] - 0.1, ci_high=frame["difference"] + 0.1)
    monkeypatch.setattr(regional_structures, "structure_gaps", lambda tables, plan: frame)
    found = check(regional_structures.c13(TABLES, PLAN), verdict)
    assert said in found.numbers
    assert ("the rest cannot be told" in found.numbers) == (0 in ways)


# ---- size of the tests of C05 ----


@pytest.mark.slow
@pytest.mark.parametrize("null", ["curveball", "labels"])
def test_the_p_values_of_c05_are_uniform_where_the_tiers_have_nothing_to_do_with_each_other(null):
    """The states and lists of the record, dealt by the null itself; p has steps, so a place within each is drawn."""
    matrix, sides = tiers.listed_matrix(TABLES)
    second, generator = [c for c in matrix if sides[c] == "tier2"], np.random.default_rng(5)
    dealt, found, n_null = null_models.curveball(matrix.to_numpy(), 400, generator), [], 99
    for drawn in dealt:
        own = pd.DataFrame(drawn, matrix.index, matrix.columns) if null == "curveball" else matrix.copy()
        if null == "labels":
            own[second] = generator.permutation(matrix[second].to_numpy())
        tested = bipartite.overlap_test(own, sides, generator, null, n_null).set_index("statistic")
        found.append(tested.at["pairs", "p_value"])
    p = np.array(found)
    assert stats.kstest(p - generator.uniform(0, 2 / (n_null + 1), len(p)), "uniform").pvalue > 0.01
    for level in (0.05, 0.1):
        assert stats.binomtest(int((p <= level).sum()), len(p), level, "greater").pvalue > 0.01, level
