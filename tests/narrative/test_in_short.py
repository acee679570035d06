"""The first page of reports 01 to 04: every sentence is chosen by the results, for, against and neither."""

import pandas as pd
import pytest

from innodivide import models
from innodivide.data import Tables
from innodivide.evidence import answer, confirmatory
from innodivide.evidence.plan import load_plan
from innodivide.indicators import participation
from innodivide.models.result import Result, as_odds_ratio
from innodivide.narrative import innovation_divide, ipcei_participation, leader_status
from innodivide.narrative.robustness import choices
from innodivide.narrative.words_file import Words

PLAN = load_plan()
DYADS = confirmatory.planned_dyads(Tables(), PLAN)
# ---- report 03: the record, and records in which leaders take part nearly always or hardly ever ----


RECORDS = {
    "neither": DYADS["participates"],
    "more": DYADS["participates"] | (DYADS["leader"] & (DYADS["ipcei_id"] != "ME1")),
    "less": DYADS["participates"] & (~DYADS["leader"] | (DYADS["ipcei_id"] == "Hy2Tech")),
}
_SIZE = {"method": "m", "term": "t", "scale": "log odds ratio", "n_treated": 6, "dropped": (), "converged": True}
CLEAR, SMALLER, OPEN = (
    Result(**_SIZE, data_hash="0", p_value=p, p_kind="permutation", estimate=estimate)
    for p, estimate in ((0.001, 3.0), (0.001, -3.0), (0.4, 3.0))
)


def leader_facts(participates) -> dict:
    """What N3.8 is filled with, for some record; the parts of the effect are typed, as no part is chosen by them."""
    dyads = DYADS.assign(participates=participates)
    fit = models.firth_logit(dyads, profiles=False)
    interval = as_odds_ratio(models.dispersion_interval(fit))
    main = confirmatory.Confirmatory(dyads, fit, interval, None, None, None, None)
    shares = answer.plain_shares(dyads)["share"]
    facts = {"rate_leader": shares["leaders"], "rate_other": shares["others"], "n_treated": 6}
    facts |= {
        "side": leader_status.side_of(interval),
        "low": interval.ci_low,
        "high": interval.ci_high,
        "ame": 1.0,
        "ame_low": -17.0,
        "ame_high": 15.0,
    }
    return facts | leader_status.ruled_facts(answer.ruled_out(main, PLAN))


@pytest.mark.parametrize("side", RECORDS)
def test_the_leader_test_says_what_its_record_says(side):
    facts = leader_facts(RECORDS[side])
    parts = leader_status.short_parts(facts, CLEAR, PLAN.alpha)
    text = Words("03_leader_test").say("N3.8", *parts, **facts).title
    assert [k for k in RECORDS if k in parts] == [side] and f"so, {side}" in parts
    phrases = {"more": "took part more often", "less": "took part less often", "neither": "neither is clearly ahead"}
    assert [k for k, phrase in phrases.items() if phrase in text] == [side]
    assert f"{facts['rate_leader']:.0%}" in text and text.count("So what.") == 1


def test_what_is_ruled_out_and_size_are_chosen_too():
    facts = leader_facts(RECORDS["neither"])
    say = Words("03_leader_test").say
    for which, phrase in (("none", "Even a large"), ("some", "a moderate one"), ("all", "can be ruled out, though")):
        parts = leader_status.short_parts(facts | {"which": which}, OPEN, PLAN.alpha)
        assert phrase in say("N3.8", *parts, **facts).title
    for size, part in ((CLEAR, "larger"), (OPEN, "any size"), (SMALLER, "any size")):
        assert part in leader_status.short_parts(facts, size, PLAN.alpha)


# ---- report 01 ----


@pytest.mark.parametrize("says", innovation_divide.TRENDS)
@pytest.mark.parametrize(("east", "where"), [(40.0, "between"), (98.0, "inside")])
def test_the_divide_says_what_series_and_regions_say(says, east, where):
    history = pd.DataFrame({"geo": ["AA", "BB"], "name": ["Aland", "Bland"], "group": ["leader", "emerging"]})
    rows = pd.DataFrame({"name": ["Aland", "Bland"], "relative": [130.0, 50.0], "edition": 2025})
    values = [90.0, 110.0, east - 10, east + 10]
    regions = pd.DataFrame({"geo": ["AA", "AA", "BB", "BB"], "country": ["A", "A", "B", "B"], "relative": values})
    regions["group"] = ["leader", "strong", "emerging", "moderate"]
    ends = {"edition": 2025, "start": 2018, "end": 2025, "first": 0.4, "change": -0.04, "low90": -0.06, "high90": -0.01}
    spread = pd.DataFrame([ends | {"says": "not the newest"}, ends | {"says": says}])
    facts = innovation_divide.short_facts(history.assign(edition=2025), rows, regions, spread)
    parts = innovation_divide.short_parts(facts)
    text = Words("01_innovation_divide").say("N1.4", *parts, **facts).title
    assert innovation_divide.TRENDS[says] in parts and where in parts and f"so, {where}" in parts
    assert parts[0] == "one leader" and "−10%" in text and "−15% to −2%" in text.replace("−2.5%", "−2%")


@pytest.mark.parametrize(("leaders", "part"), [(0, "no leader"), (1, "one leader"), (3, "leaders")])
def test_the_number_of_leaders_is_worded(leaders, part):
    facts = {"leaders": leaders, "between": 0.6, "trend": "open"}
    assert innovation_divide.short_parts(facts)[0] == part


def test_every_statement_on_the_spread_has_its_sentence():
    parts = Words("01_innovation_divide").entries["N1.4"]["text"]
    assert len(set(innovation_divide.TRENDS.values())) == 5 and set(innovation_divide.TRENDS.values()) <= set(parts)


# ---- report 02 ----


@pytest.fixture(scope="module")
def record():
    tables = confirmatory.registered(Tables(), PLAN)
    register, countries = participation.register(tables), participation.by_country(tables)
    return ipcei_participation.register_facts(register), countries, participation.aid_coverage(tables)


def places(record, change) -> tuple[list[str], str]:
    projects, countries, aid = record
    countries, aid = change(countries.copy(), aid.copy())
    countries["rate"] = countries["n"] / countries["n_possible"]
    countries["per_million"] = countries["n"] / countries["population"]
    states = ipcei_participation.country_facts(countries)
    groups = participation.by_group(countries)
    facts = ipcei_participation.short_facts(projects, states, countries, groups, aid)
    parts = ipcei_participation.short_parts(facts)
    return parts, Words("02_ipcei_participation").say("N2.5", *parts, **facts).title


def by_rank(order):
    steps = {"leader": 9, "strong": 6, "moderate": 3, "emerging": 1}

    def change(countries, aid):
        ranks = countries["group"].map(steps)
        return countries.assign(n=ranks if order == "falls" else 10 - ranks), aid

    return change


def test_the_record_is_told_as_it_is(record):
    parts, text = places(record, lambda c, a: (c, a))
    assert {"more hands", "some in none", "mixed", "aid not known"} <= set(parts) and "leaders are in" in text


@pytest.mark.parametrize("order", ["falls", "rises"])
def test_groups_that_follow_each_other_are_told_so(record, order):
    parts, text = places(record, by_rank(order))
    assert order in parts and "all in some" in parts and ("the more projects" in text) == (order == "falls")


def test_places_and_aid_are_chosen(record):
    parts, _ = places(
        record, lambda c, a: (c.assign(n=(c["name"] == "Malta") * 5), a.assign(n_states_known=a["n_states"]))
    )
    assert "fewer hands" in parts and "aid known" in parts
    parts, _ = places(record, lambda c, a: (c.assign(gdp_meur=c["n"].astype(float)), a))
    assert "as the economy" in parts


# ---- report 04 ----


def grid(*, label: int, index: int) -> tuple[pd.DataFrame, dict]:
    """Ten ways of asking for each question, of which some find more among leaders."""
    rows = [
        {"family": f, "failed": "", "ci_low": 0.1 if k < out else -1.0, "ci_high": 1.0}
        for f, out in (("leader", label), ("index", index))
        for k in range(10)
    ]
    return pd.DataFrame(rows), {
        "n": 15,
        "n_kept": 6,
        "errs": "too often or too rarely",
        "alpha": 0.05,
        "power": 0.7,
        "ratio": 4.0,
    }


@pytest.mark.parametrize(
    ("label", "index", "p", "kept", "parts"),
    [
        (0, 0, 0.9, 15, ["all", "index none", "all methods", "so, steady"]),
        (2, 3, 0.4, 6, ["chance", "index chance", "some methods", "so, steady"]),
        (9, 9, 0.01, 6, ["beyond chance", "index beyond chance", "some methods", "so, turns"]),
    ],
)
def test_the_robustness_report_says_whether_the_answer_turns(label, index, p, kept, parts):
    rows, believe = grid(label=label, index=index)
    joint = pd.DataFrame({"family": ["leader", "index"], "statistic": "share_below_alpha", "p_value": p})
    facts = choices.short_facts(rows, joint, believe | {"n_kept": kept})
    chosen = choices.short_parts(facts)
    assert [c for c in chosen if c not in ("then", "power")] == parts
    text = Words("04_robustness").say("N4.8", *chosen, **facts).title
    assert ("hangs on" in text) == ("so, turns" in parts) and facts["leader_in"] == 10 - label == 10 - facts[
        "leader_more"
    ]
