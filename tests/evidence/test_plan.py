"""The plan is the registered one, and the code does what it says."""

import dataclasses
import datetime
import re

import numpy as np
import pandas as pd
import pytest
import yaml

from innodivide import models
from innodivide.data import Tables, editions, frozen
from innodivide.errors import DataError, ParameterError
from innodivide.evidence import confirmatory, plan as plans
from innodivide.evidence.plan import load_plan, plan_hash
from innodivide.indicators import panel
from innodivide.narrative import leader_status

TABLES = Tables()

TEXT = (frozen.ROOT / plans.PLAN_FILE).read_text(encoding="utf-8")
# The hash of the plan registered on 2026-11-22, before any estimate: repeated here, so that plan and hash cannot change
# together.
REGISTERED = "ea122d4b89e293efcf6d05f0e4ab70cf795f26f9d7783e5685f27c33ac90a838"

# The supplement (rules for the claims the plan leaves open), written later, before their statistics.
SUPPLEMENT = "f25937f774dff5db829e937377763a38dacb8fdd9b0d5d8cb1f5362f26658b58"

# The second registration, committed before the evidence that it judges.
SECOND = "bcc6dd2c131a8f4d53f9e0b77e9cc59702aae132bfc8950739758fbfb05f7bbd"


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write a plan file and load it."""

    def load(text: str):
        (tmp_path / plans.PLAN_FILE).write_text(text, encoding="utf-8")
        monkeypatch.setattr(plans, "ROOT", tmp_path)
        load_plan.cache_clear()
        return load_plan()

    yield load
    load_plan.cache_clear()


def test_the_plan_is_the_registered_one():
    plan = load_plan()
    assert plan.sha256 == REGISTERED == yaml.safe_load(TEXT)["registered_sha256"] == plan_hash(plan.fixed)
    assert yaml.safe_load(TEXT)["supplement_sha256"] == SUPPLEMENT == plan_hash(plan.supplement)
    assert yaml.safe_load(TEXT)["second_sha256"] == SECOND == plan_hash(plan.second)


def test_every_claim_has_a_rule_that_leads_and_no_rule_is_for_nothing():
    plan = load_plan()
    assert sorted(plan.claim_rules) == sorted(frozen.load("claim")["claim_id"])
    assert not set(plan.fixed["claim_rules"]) & set(plan.supplement["claim_rules"]), "the supplement fills gaps"
    for claim, rule in plan.claim_rules.items():
        assert rule == [p["claim_rules"][claim] for p in plan.registrations if claim in p["claim_rules"]][-1]
    days = [part["registered"] for part in plan.registrations]
    assert days == sorted(days)


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("supplement", "Holm over the four", "Holm over the five"),
        ("second", "{moderate: 2, large: 3}", "{moderate: 2, large: 4}"),
        ("second", "at most one quarter", "at most one third"),
    ],
)
def test_a_changed_registration_is_refused(written, part, old, new):
    assert TEXT.count(old) == 1
    with pytest.raises(DataError, match=f"the {part} was changed after it was registered"):
        written(TEXT.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("permutations: 9999", "permutations: 999"),
        ("alpha: 0.05", "alpha: 0.1"),
        ("seed: 20261122", "seed: 1"),
        ("sides: 2", "sides: 1"),
        ("roles: [notifying]", "roles: [notifying, joined_later]"),
        ("status: at_decision", "status: lag1"),
        ("below one half in every IPCEI", "below two thirds in every IPCEI"),
        ("    wealth: ln_gdp_pc_pps\n", ""),
    ],
)
def test_a_changed_plan_is_refused(written, old, new):
    assert TEXT.count(old) == 1
    with pytest.raises(
        DataError, match=r"analysis_plan\.yml: the plan was changed after it was registered .*departures"
    ):
        written(TEXT.replace(old, new))


def test_a_changed_hash_is_refused(written):
    with pytest.raises(DataError, match="was changed after it was registered"):
        written(TEXT.replace(REGISTERED, "0" * 64))


def test_layout_comments_and_departures_may_change(written):
    more = TEXT.replace("\ndepartures:\n", "\ndepartures:\n  - {date: 2026-12-01, what: something, why: a reason}\n")
    plan = written("# a comment\n" + more.replace("alpha: 0.05", "alpha:   0.050  # level"))
    assert plan.sha256 == REGISTERED and len(plan.departures) == len(yaml.safe_load(TEXT)["departures"]) + 1


TENTH = {"registered": datetime.date(2030, 1, 2), "claim_rules": {"C99": "supported if it holds"}}


@pytest.mark.parametrize(
    ("part", "digest", "said"),
    [
        (TENTH, plan_hash(TENTH), None),
        (TENTH, "0" * 64, "the tenth was changed after it was registered"),
        (TENTH, None, "'tenth' is not known"),
        ({"claim_rules": {}}, plan_hash({"claim_rules": {}}), "tenth: registered is missing"),
    ],
)
def test_a_further_registration_is_a_part_with_its_hash(written, part, digest, said):
    more = {"tenth": part} | ({"tenth_sha256": digest} if digest else {})
    text = yaml.safe_dump(more) + TEXT
    if said:
        with pytest.raises(DataError, match=said):
            written(text)
    else:
        plan = written(text)
        assert plan.registrations[-1] == part and plan.claim_rules["C99"] == "supported if it holds"
        assert plan.sha256 == REGISTERED


def test_the_order_of_keys_does_not_change_the_hash():
    fixed = yaml.safe_load(TEXT)["plan"]
    assert plan_hash(dict(reversed(fixed.items()))) == REGISTERED
    assert plan_hash({**fixed, "question": fixed["question"] + " "}) != REGISTERED


def test_the_second_registration_takes_level_permutations_and_editions_of_the_first():
    plan = load_plan()
    assert "with its permutations and Holm's correction over its family of four" in plan.second["then_and_now"]["tests"]
    assert len(plan.fixed["claims_family"]) == 4
    said = plan.second["editions"]["C08"]
    assert tuple(int(year) for year in re.findall(r"EIS (\d{4})", said)) == editions.SECOND["eis"]
    assert f"RIS {editions.BRIEF['ris']}" in plan.second["editions"]["C06"]
    assert f"back-series of EIS {editions.PLAN['eis']}" in plan.second["editions"]["C12"]
    assert all(f"RIS {editions.PLAN['ris']}" in plan.second["editions"][claim] for claim in ("C10", "C13"))
    assert f"{plan.permutations}" in plan.second["new_participation"]["test"]


def test_departures_are_well_formed():
    plan = load_plan()
    for departure in plan.departures:
        assert set(departure) == {"date", "what", "why"}
        assert isinstance(departure["date"], datetime.date)
        assert departure["date"] >= plan.fixed["registered"]
        assert len(departure["what"]) > 20 and len(departure["why"]) > 20


def test_the_departure_on_cyprus_is_in_the_data():
    """It says that the population of 2024 is the value of 2023, flagged."""
    panel_rows = frozen.load("country_panel").query("geo == 'CY' and variable == 'population'").set_index("year")
    assert panel_rows.loc[2024, "value"] == panel_rows.loc[2023, "value"]
    assert panel_rows.loc[2024, "flag"] in {"approx", "derived"}


# The code does what the plan says


def test_the_population_of_the_plan_is_that_of_the_dyads():
    plan = load_plan()
    dyads = confirmatory.planned_dyads(TABLES, plan)
    ends = tuple(f"{day:%Y-%m-%d}" for day in (dyads["decision_date"].min(), dyads["decision_date"].max()))
    assert ends == plan.period and "approved from {} to {} ".format(*ends) in plan.fixed["population"]["projects"]
    assert dyads["geo"].nunique() == 27


@pytest.fixture(scope="module")
def ended():
    """The tables with the IPCEIs and editions of the plan's period and none besides, whatever was added since."""
    then = TABLES.as_of(load_plan().period[1])
    return Tables({name: then[name] for name in ("ipcei", "ipcei_country", "eis_edition")})


@pytest.fixture(scope="module")
def newer(ended):
    """These tables with one more IPCEI, a copy of the last one decided after the plan's period."""
    day = pd.Timestamp(load_plan().period[1]) + pd.Timedelta(days=60)
    last = ended["ipcei"].query("kind == 'integrated'").sort_values("decision_date").iloc[[-1]]
    members = ended["ipcei_country"].query("ipcei_id in @last.ipcei_id")
    more = {"ipcei": last.assign(decision_date=day), "ipcei_country": members.assign(joined_date=day)}
    return Tables({n: pd.concat([ended[n], f.assign(ipcei_id="New")], ignore_index=True) for n, f in more.items()})


def test_a_newer_ipcei_leaves_the_registered_population_as_it_is(ended, newer):
    plan = load_plan()
    dyads, closed = confirmatory.planned_dyads(ended, plan), confirmatory.registered(newer, plan)
    assert confirmatory.planned_dyads(TABLES, plan).equals(dyads)
    assert confirmatory.planned_dyads(newer, plan).equals(dyads)
    assert confirmatory.planned_dyads(closed, plan).equals(dyads)
    assert all(closed[name].equals(ended[name]) for name in ("ipcei", "ipcei_country"))
    assert confirmatory.newer_ipceis(closed, plan)["ipcei_id"].tolist() == ["New"], "what was left out is still known"
    to_date = confirmatory.planned_dyads(closed, plan, "to date")
    assert set(to_date["ipcei_id"]) == {*dyads["ipcei_id"], "New"}
    assert to_date.equals(confirmatory.planned_dyads(newer, plan, "to date"))


def test_without_a_newer_ipcei_nothing_stands_beside_the_registered_record(ended):
    plan = load_plan()
    closed = confirmatory.registered(ended, plan)
    assert closed.until is None and closed.pins == editions.PLAN and confirmatory.newer_ipceis(ended, plan).empty
    assert all(closed[name].equals(ended[name]) for name in ("ipcei", "ipcei_country", "eis_edition"))
    assert confirmatory.planned_dyads(ended, plan).equals(confirmatory.planned_dyads(ended, plan, "to date"))
    with pytest.raises(ParameterError, match="period='now': allowed are 'registered', 'to date'"):
        confirmatory.planned_dyads(ended, plan, "now")


def test_the_record_to_date_is_one_more_row_of_the_sensitivities(ended, newer):
    rows = confirmatory.sensitivities(confirmatory.registered(newer, load_plan()), load_plan())
    assert rows["choice"].iloc[-1] == confirmatory.TO_DATE
    assert rows["n_ipceis"].iloc[-1] == rows["n_ipceis"].iloc[0] + 1
    assert rows.iloc[:-1].equals(confirmatory.sensitivities(ended, load_plan()))
    told, alone = leader_status.sensitivity_facts(rows), leader_status.sensitivity_facts(rows.iloc[:-1])
    assert told["n"] == alone["n"] == len(rows) - 1 and f"all {rows['n_ipceis'].iloc[-1]} IPCEIs" in told["to_date"]
    assert told["aside"] and (alone["aside"], alone["to_date"]) == ("", "")


def test_a_plan_without_a_period_is_refused():
    plan = load_plan()
    without = dataclasses.replace(plan, fixed=plan.fixed | {"population": {"projects": "all"}})
    with pytest.raises(DataError, match=r"population\.projects has no 'from YYYY-MM-DD to YYYY-MM-DD': 'all'"):
        assert without.period


def test_planned_dyads_are_those_of_the_plan():
    fixed = load_plan().fixed
    assert (fixed["exposure"]["status"], fixed["outcome"]["roles"], fixed["controls"]["year"]) == (
        "at_decision",
        ["notifying"],
        "lag1",
    )
    assert confirmatory.planned_dyads(TABLES, load_plan()).equals(
        panel.ipcei_dyads(TABLES, "at_decision", until=load_plan().period[1], roles=["notifying"], controls="lag1")
    )


def test_the_models_controls_are_those_of_the_plan():
    from innodivide.models.estimators.firth import firth_logit

    fixed = load_plan().fixed
    fit = firth_logit(confirmatory.planned_dyads(TABLES, load_plan()))
    assert fit.term == fixed["exposure"]["name"]
    assert set(fit.controls) == {fixed["controls"]["size"], fixed["controls"]["wealth"]}
    assert fit.outcome == fixed["outcome"]["name"]
    assert (
        fit.level == 1 - fixed["test"]["alpha"] == float(re.search(r"level (0\.\d+)", fixed["estimate"]["interval"])[1])
    )
    assert fit.df == 27 - 4 and "27 - 4 degrees of freedom" in fixed["estimate"]["interval"]


def test_the_named_states_are_those_of_the_plan():
    names = frozen.load("country").set_index("geo")["name"]
    statement = load_plan().fixed["claims_family"]["named_five"]
    assert {n for n in names if re.search(rf"\b{re.escape(n)}\b", statement)} == set(
        names[list(confirmatory.NAMED_FIVE)]
    )
    claim = frozen.load("claim").set_index("claim_id").loc["C03", "claim"]
    assert all(names[geo] in claim for geo in confirmatory.NAMED_THREE)
    assert (
        load_plan()
        .fixed["claims_family"]["modest_group"]
        .startswith(
            f"states in the {confirmatory.LOWEST_GROUPS[0]} or {confirmatory.LOWEST_GROUPS[1]} group at the decision"
        )
    )


def test_cutoff_controls_year_and_power_are_those_of_the_plan():
    fixed = load_plan().fixed
    announced = " | ".join(fixed["sensitivity_announced"])
    assert f"({confirmatory.BRIEF_CUTOFF})" in announced
    assert f"controls fixed at {confirmatory.FIXED_CONTROLS_YEAR}" in announced
    assert f"probability {confirmatory.POWER:.2f}" in fixed["power"]["report"]
    assert load_plan().seed == fixed["test"]["seed"] == 20261122


def test_parts_of_the_analysis_have_streams_of_their_own():
    draws = [confirmatory.stream(load_plan(), part).integers(2**62) for part in range(1, 7)]
    assert len(set(draws)) == 6
    assert draws[0] == confirmatory.stream(load_plan(), 1).integers(2**62)


def test_the_tests_take_permutations_seed_and_level_from_the_plan(monkeypatch):
    """The numbers reach the functions that use them."""
    seen = []

    def record(name):
        def function(*args, **kwargs):
            seen.append((name, kwargs))
            raise _Enough

        return function

    dyads = confirmatory.planned_dyads(TABLES, load_plan())
    monkeypatch.setattr(models, "permutation_test", record("permutation"))
    with pytest.raises(_Enough):
        confirmatory.analyse(dyads, load_plan(), effect=False)
    ((_, first),) = seen
    assert (first["n_permutations"], first["method"]) == (load_plan().fixed["test"]["permutations"], "rows")
    assert isinstance(first["rng"], np.random.Generator)


class _Enough(Exception):
    pass


def test_the_sensitivities_are_those_announced(monkeypatch, ended):
    """Each announced choice is made, and none besides the registered one."""
    from innodivide.errors import DesignError

    made = []

    def planned(tables, plan, **changes):
        made.append(changes)
        return panel.ipcei_dyads(tables, until="2018-12-18")

    def refuse(*args, **kwargs):
        raise DesignError("not fitted here")

    monkeypatch.setattr(confirmatory, "planned_dyads", planned)
    monkeypatch.setattr(confirmatory.models, "firth_logit", refuse)
    rows = confirmatory.sensitivities(ended, load_plan())
    cutoff = confirmatory.BRIEF_CUTOFF
    assert made == [
        {},
        {"status": "lag1"},
        {"status": 2020},
        {"controls": 2019},
        {"roles": ["notifying", "joined_later"]},
        {"until": cutoff},
        {"since": cutoff},
    ]
    assert len(load_plan().fixed["sensitivity_announced"]) == len(made) - 2, (
        "up to the brief, and after it, are announced together"
    )
    assert rows["note"].str.startswith("not defined: not fitted here").all()
    decided = frozen.load("ipcei")["decision_date"].dropna()
    assert not (decided == cutoff).any(), "no decision on the day itself, which both would count"
