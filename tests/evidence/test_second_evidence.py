"""Evidence of the second registration on the repository's tables, with few draws: its family, and what changes nothing.

With all draws of the registration it is slow and marked so.
"""

import copy
import dataclasses
import functools
import itertools
import math

import numpy as np
import pandas as pd
import pytest

from innodivide.data import Tables
from innodivide.errors import ParameterError
from innodivide.evidence import confirmatory
from innodivide.evidence.claims import (
    both_tiers,
    demand_and_beyond,
    lagging_barriers,
    money_and_advice,
    persisting_gap,
    regional_structures,
    registry,
    second_registration,
)
from innodivide.evidence.plan import load_plan, plan_of
from innodivide.indicators import barriers, tiers
from innodivide.indicators.barriers import scores
from innodivide.indicators.regional_frame import regional_frame
from innodivide.indicators.tiers import money
from innodivide.models.network.bipartite import overlap_test

TABLES = confirmatory.registered(Tables(), load_plan())
CLAIMS = list(load_plan().second["claim_rules"])
FEW = 59  # draws


def rng(seed=1):
    return np.random.default_rng(seed)


def few_plan():
    plan = load_plan()
    return dataclasses.replace(plan, fixed=plan.fixed | {"test": plan.fixed["test"] | {"permutations": FEW}})


def of_these_tables(function):
    """Return a function without draws that computes once for each of the Tables below, as `once` does for the own."""
    kept = {}

    def wrapper(tables, *level):
        key = (*level, *(id(frame) for frame in tables.given.values()))  # the frames live as long as the fixture
        if key not in kept:
            kept[key] = tables, function(tables, *level)
        return copy.deepcopy(kept[key][1])

    return wrapper


@pytest.fixture(scope="module")
def small():
    """A function that returns evidence and findings of tables, with few draws; nothing of it is remembered."""
    plan = few_plan()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            second_registration, "plan_of", lambda seed, *rest: plan if seed == plan.seed else plan_of(seed, *rest)
        )
        for name in ("PLACEBO_MATRICES", "LIST_DRAWS"):
            patch.setattr(both_tiers, name, FEW)
        patch.setattr(persisting_gap, "DRAWS", FEW)
        for module, name in (
            (money_and_advice, "paid_against_gap"),
            (money, "rank_association"),
            (lagging_barriers, "barriers_found"),
            (regional_structures, "structure_gaps"),
        ):
            patch.setattr(module, name, functools.partial(getattr(module, name), n_boot=FEW))

        for module in (scores, barriers):
            for name in ("implied_weights", "zero_readings"):
                patch.setattr(module, name, of_these_tables(getattr(scores, name)))

        def run(changed: dict):
            tables = Tables({"claim": TABLES["claim"], **changed})  # not the repository's own: not remembered
            evidence = second_registration.second_evidence(tables, plan.seed)
            with pytest.MonkeyPatch.context() as again:
                again.setattr(second_registration, "second_evidence", lambda tables, seed, changes: evidence)
                return evidence, {c: second_registration.find(tables, plan, c) for c in CLAIMS}, tables

        yield run


@pytest.fixture(scope="module")
def found(small):
    return small({})


# The family


def test_the_family_is_that_of_the_registration_in_its_order(found):
    evidence, _, _ = found
    assert evidence.family["member"].tolist() == load_plan().second["family"]["members"]
    assert evidence.family["p_value"].notna().all()


def test_holm_over_the_family_equals_r():
    """R 4.2.2: p.adjust(c(0.9872, 0.31, 0.0004, 0.0001, 0.0001, 0.0018, 0.2124), "holm")."""
    p = dict(zip(second_registration.MEMBERS.values(), (0.9872, 0.31, 0.0004, 0.0001, 0.0001, 0.0018, 0.2124)))
    nulls = pd.DataFrame({"p_value": {k: p[k] for k in (both_tiers.HELD, both_tiers.ANEW)}})
    funds = pd.DataFrame({"p_value": {k: p[k] for k in money_and_advice.FUNDS}})
    advice = {"p_value": p[money_and_advice.RECOMMENDATIONS]}
    spent = money_and_advice.MoneyAndAdvice(funds, advice, pd.DataFrame())
    connection = both_tiers.Connection(nulls, pd.DataFrame(), 1.0, 1.0, 2, 2)
    test = type("Test", (), {"p_value": p["next"]})
    family = second_registration._family(connection, spent, {"test": test})
    assert family["p_value"].tolist() == list(p.values())
    assert family["p_holm"].tolist() == pytest.approx([0.9872, 0.6372, 0.002, 7e-04, 7e-04, 0.0072, 0.6372])


def test_each_member_is_corrected_by_its_rank(found):
    family = found[0].family.sort_values("p_value")
    steps = (family["p_value"] * np.arange(len(family), 0, -1)).cummax().clip(upper=1)
    assert family["p_holm"].tolist() == pytest.approx(steps.tolist())


def test_each_rule_of_the_registration_has_its_finding(found):
    _, findings, _ = found
    assert {c: f.claim_id for c, f in findings.items()} == {c: c for c in CLAIMS}
    told = {c for c, f in findings.items() if f.then}
    assert told == set(load_plan().second["then_and_now"]["applies_to"])
    led = {c.claim_id for c in registry.CLAIMS if c.first is not None or c.claim_id == "C13"}
    assert led == set(CLAIMS), "where there is a rule here, it leads in the ledger"


def test_another_seed_is_refused():
    with pytest.raises(ParameterError, match=f"seed=1: that of analysis_plan.yml is {load_plan().seed}"):
        second_registration.second_evidence(TABLES, 1)


# Nothing else changes it


def same(first, second):
    """Two findings on every claim say the same, to the last letter."""
    for claim in CLAIMS:
        assert dataclasses.asdict(first[claim]) == dataclasses.asdict(second[claim]), claim


def test_neither_the_order_of_rows_nor_a_newer_ipcei_changes_anything(small, found):
    evidence, findings, tables = found
    names = sorted(set(tables.state) - {"claim"})
    assert len(names) > 20
    day = pd.Timestamp(load_plan().period[1]) + pd.Timedelta(days=90)
    last = TABLES["ipcei"].query("kind == 'integrated'").sort_values("decision_date").iloc[[-1]]
    states = TABLES["ipcei_country"].query("ipcei_id in @last.ipcei_id")
    more = {"ipcei": last.assign(decision_date=day), "ipcei_country": states.assign(joined_date=day)}
    newer = {n: pd.concat([TABLES[n], f.assign(ipcei_id="New")], ignore_index=True) for n, f in more.items()}
    rows = {n: newer.get(n, TABLES[n]) for n in names}
    other, changed, _ = small({n: f.sample(frac=1, random_state=8).reset_index(drop=True) for n, f in rows.items()})
    same(changed, findings)
    pd.testing.assert_frame_equal(other.family, evidence.family)
    pd.testing.assert_frame_equal(other.connection.placebos, evidence.connection.placebos)


def test_records_split_at_the_brief_add_up(found):
    records = found[0].records
    assert records["then"].n_ipceis + records["since"].n_ipceis == records["now"].n_ipceis
    taken = {k: r.totals["n_participations"] for k, r in records.items()}
    assert (taken["then"] + taken["since"]).equals(taken["now"])
    for record in records.values():
        assert (record.joint >= [record.large.p_value, record.main.permutation.p_value]).all()


# C05: both references


def test_dealt_anew_keeps_the_product_of_the_sums(found):
    """Each list goes to each state as often as to any other: the mean is n1.sum() n2.sum() / N."""
    matrix, sides = tiers.country_matrix(TABLES, second=tiers.complete_lists(TABLES))
    first = [c for c in matrix if sides[c] == "tier1"]
    n1, n2 = matrix[first].sum(axis=1), matrix.drop(columns=first).sum(axis=1)
    row = found[0].connection.nulls.loc[both_tiers.ANEW]
    exact = n1.sum() * n2.sum() / len(matrix)
    sd = math.sqrt(len(matrix) ** 2 / (len(matrix) - 1) * n1.var(ddof=0) * n2.var(ddof=0))  # of a permuted sum
    assert row["null_mean"] == pytest.approx(exact, abs=4 * sd / math.sqrt(FEW))
    assert row["observed"] == (n1 * n2).sum()
    assert row["ratio"] == pytest.approx(row["observed"] / row["null_mean"])


def made_matrix(first, second):
    """States by columns of two tiers, and the tier of each column."""
    matrix = pd.DataFrame(np.column_stack([first, second]), index=[f"S{i}" for i in range(len(first))])
    matrix.columns = [f"P{k}" for k in range(len(first[0]))] + [f"L{k}" for k in range(len(second[0]))]
    return matrix, {c: "tier1" if c.startswith("P") else "tier2" for c in matrix}


def test_the_reference_dealt_anew_is_that_of_all_orders_of_the_states():
    first, second = [[1, 1], [1, 0], [0, 0], [0, 1]], [[1, 0], [1, 1], [0, 0], [0, 1]]
    matrix, sides = made_matrix(first, second)
    n1, n2 = np.sum(first, axis=1), np.sum(second, axis=1)
    orders = [float(n1 @ n2[list(p)]) for p in itertools.permutations(range(4))]
    assert np.mean(orders) == n1.sum() * n2.sum() / 4
    rows = overlap_test(matrix, sides, rng(), "labels", 9999).set_index("statistic").loc["pairs"]
    assert rows["null_mean"] == pytest.approx(np.mean(orders), abs=4 * np.std(orders) / 100)


def test_identical_lists_give_an_interval_of_no_width():
    matrix, sides = made_matrix([[1, 1], [1, 0], [0, 0]], [[1] * 5, [0] * 5, [1] * 5])
    low, high = both_tiers._lists_drawn(matrix, sides, rng())
    assert low == high == pytest.approx((2 * 5) * 3 / (3 * 10))  # pairs N / (n1.sum() n2.sum())


def test_the_ratio_over_drawn_lists_by_enumeration():
    """Two lists: both of the first, both of the second, or one of each."""
    matrix, sides = made_matrix([[1, 1], [1, 0], [0, 0]], [[1, 0], [0, 1], [0, 1]])
    n1, lists = np.array([2, 1, 0]), np.array([[1, 0], [0, 1], [0, 1]])
    values = {round(float((n1 @ lists @ w) * 3 / (3 * (lists @ w).sum())), 12) for w in ([2, 0], [0, 2], [1, 1])}
    low, high = both_tiers._lists_drawn(matrix, sides, rng())
    assert (low, high) == pytest.approx((min(values), max(values)))


def test_placebo_pairs_lie_within_what_their_margins_allow(found):
    rows = found[0].connection.placebos
    named = load_plan().second["claim_rules"]["C05"].lower()
    assert rows["pair"].iloc[0] == "Tier 1 and Tier 2" and len(rows) == 1 + len(both_tiers.FIELDS) + 1
    assert all(part in named for part in ("hydrogen ipceis", "health and the others", "batteries and microelectronics"))
    assert (rows["lowest"] <= rows["observed"]).all() and (rows["observed"] <= rows["highest"]).all()
    assert rows["position"].between(0, 1).all()
    expected = (rows["observed"] - rows["lowest"]) / (rows["highest"] - rows["lowest"])
    assert rows["position"].tolist() == pytest.approx(expected.tolist())


# C07: what is known and what could be at most


def lists(*members, unlisted=0):
    """Members of S3 lists by state and code, and the places without a name."""
    rows = pd.DataFrame(members, columns=["geo", "nuts_code"]).assign(instrument="S3", sure=True)
    return rows, pd.DataFrame({"instrument": ["S3", "RIV"], "unlisted": pd.array([unlisted, 50], dtype="Int64")})


@pytest.mark.parametrize(
    ("members", "unlisted", "known", "most"),
    [
        ([("AT", "AT1")], 0, (1, 60 / 200), (1, 60 / 200)),
        ([("AT", "AT1"), ("AT", "AT11")], 1, (1, 60 / 200), (2, 160 / 200)),  # Germany whole, which has most people
        ([("AT", "AT11")], 2, (1, 40 / 200), (3, 1)),  # Germany, and the rest of Austria
        ([("AT", "AT1")], None, (1, 60 / 200), (27, 1)),
    ],
)
def test_how_broad_demand_is_by_hand(members, unlisted, known, most, monkeypatch):
    regions = pd.DataFrame(
        {
            "nuts_code": ["AT11", "AT12", "AT21", "DE11", "DE12"],
            "geo": ["AT", "AT", "AT", "DE", "DE"],
            "population": [40.0, 20.0, 40.0, 70.0, 30.0],
        }
    )
    rows, places = lists(*members, unlisted=unlisted)
    monkeypatch.setattr(tiers, "regions", lambda tables: regions)
    monkeypatch.setattr(tiers, "tier2_memberships", lambda tables: rows)
    monkeypatch.setattr(tiers, "unlisted_places", lambda tables: places)
    found = demand_and_beyond.breadth(TABLES)
    assert (found["states"], found["people"]) == (known[0], pytest.approx(known[1]))
    assert (found["states_at_most"], found["people_at_most"]) == (most[0], pytest.approx(most[1]))


def test_states_with_a_known_member_are_member_states():
    found = demand_and_beyond.breadth(TABLES)
    assert found["states"] <= found["states_at_most"] <= found["states_total"] == 27
    assert 0 < found["people"] <= found["people_at_most"] <= 1
    named = tiers.tier2_memberships(TABLES).query("instrument == 'S3' and sure")
    assert set(named["geo"]) <= set(TABLES["country"].query("is_eu27 == True")["geo"])


@pytest.mark.parametrize("what", ["states", "regions"])
def test_unseen_states_and_regions_start_from_those_seen(what):
    found = demand_and_beyond.unseen(TABLES, what)
    assert found.estimate >= found.s_obs > 0
    rows = tiers.complete_lists(TABLES)
    assert found.n_units == rows["partnership_id"].nunique()
    if what == "states":
        assert found.s_obs == len(set(rows["geo"]) & set(TABLES["country"].query("is_eu27 == True")["geo"]))


# C12 and C13 over regions


@pytest.mark.parametrize("kind", ["over regions", "at equal GDP per head", "within states"])
def test_rank_correlation_over_regions_is_that_of_scipy(kind):
    from scipy import stats

    r = rng(5)
    wealth, states = r.normal(size=40), np.repeat(range(8), 5)
    gap, paid = wealth + r.normal(size=40), wealth + r.normal(size=40) + states
    ranks = [stats.rankdata(x) for x in (gap, paid, wealth)]
    if kind == "at equal GDP per head":
        ranks = [stats.linregress(ranks[2], x) for x in ranks[:2]], ranks
        ranks = [x - (fit.intercept + fit.slope * ranks[1][2]) for fit, x in zip(*ranks)]
    if kind == "within states":
        ranks = [x - pd.Series(x).groupby(states).transform("mean").to_numpy() for x in ranks[:2]]
    expected = stats.pearsonr(ranks[0], ranks[1]).statistic
    data = np.column_stack([gap, paid, wealth])
    assert money_and_advice._rank_correlation(data, states, kind) == pytest.approx(expected)
    turned = rng(2).permutation(40)
    assert money_and_advice._rank_correlation(data[turned], states[turned], kind) == pytest.approx(expected)


def test_differences_of_structure_are_those_of_the_frame(found):
    rows, frame = regional_structures.structure_gaps(TABLES, few_plan()), regional_frame(TABLES)
    for column in ("knowledge_services", "moved", "herfindahl"):
        known = frame.dropna(subset=[column, "lagging"])
        inside = known["lagging"].astype(bool)
        assert rows.loc[column, "difference"] == pytest.approx(
            known.loc[inside, column].mean() - known.loc[~inside, column].mean()
        )
        assert (rows.loc[column, "n_lagging"], rows.loc[column, "n_others"]) == (inside.sum(), (~inside).sum())
        assert rows.loc[column, "ci_low"] < rows.loc[column, "difference"] < rows.loc[column, "ci_high"]


@pytest.mark.slow
def test_with_all_draws_every_finding_is_whole_and_computed_once(monkeypatch):
    plan = load_plan()
    family = second_registration.second_evidence(TABLES, plan.seed).family
    assert family["p_value"].between(1 / (plan.permutations + 1), 1).all()
    monkeypatch.setattr(second_registration, "analyse", None)  # what is remembered is not computed again
    for claim in CLAIMS:
        finding = second_registration.find(TABLES, plan, claim)
        texts = (finding.verdict, finding.numbers, finding.coverage, finding.short, finding.rests, finding.change)
        assert all(texts) and "nan" not in finding.numbers
