"""Sentences of the ledger, and the numbers that decide verdicts: those of the plan."""

import dataclasses
import datetime

import numpy as np
import pandas as pd
import pytest

from innodivide.data import Tables
from innodivide.errors import DataError, ParameterError
from innodivide.evidence.claims import firm_size, first_rules, lowest_regions, registry, thresholds
from innodivide.evidence.claims.finding import Finding
from innodivide.evidence.confirmatory import claim_stream
from innodivide.evidence.plan import load_plan, plan_hash
from innodivide.wording import p_text, sentence

TABLES = Tables()


def test_a_sentence_takes_numbers_out_of_rows_and_minds_their_minus():
    row = pd.Series({"low": -0.125, "high": 0.5})
    assert sentence("{r[low]:+.2f} to {r[high]:+.2f} of 2014-2020", r=row) == "−0.12 to +0.50 of 2014-2020"
    assert sentence("{r.high:.0%} of {n}", r=row, n=np.int64(3)) == "50% of 3"
    with pytest.raises(ParameterError, match=r"sentence '\{r\[low\]:.1f\}': the value of .* is missing"):
        sentence("{r[low]:.1f}", r=row.replace(-0.125, np.nan))


def test_p_values_as_printed():
    assert [p_text(p, "= ") for p in (0.0004, 0.0126, np.nan)] == ["< 0.001", "= 0.013", "–"]
    assert p_text(0.594, digits=2) == "0.59"


def test_the_thresholds_are_those_of_the_plan():
    plan = load_plan()
    rules = plan.fixed["claim_rules"] | plan.supplement["claim_rules"]  # the first rules, which these numbers are of
    assert f"p < {thresholds.ALPHA}" in rules["C05"] and f"with p < {thresholds.ALPHA}" in rules["C09"]
    assert f"with the gap at {thresholds.ALPHA}" in rules["C12"] and plan.alpha == thresholds.ALPHA
    assert f"within {thresholds.NARROW:.0%}".replace("%", " %") in rules["C05"]
    assert "two thirds of the Member States" in rules["C07"] and thresholds.BROAD_STATES == 2 / 3
    assert "at least one tenth" in rules["C10"] and thresholds.MATTERS == 1 / 10
    assert "below one half" in rules["C04"] and "more than half" in rules["C07"] and thresholds.MAJORITY == 1 / 2


def test_counts_of_the_ledger_are_those_of_the_data():
    ris = TABLES["ris_index"].query("edition == 2019")
    poland = ris[ris["region_code"].str.startswith("PL") & (ris["year"] == ris["year"].max())]
    counted = f"Poland {(poland['group'] == 'modest').sum()} of {len(poland)}"
    assert counted in lowest_regions.least_innovative_regions(TABLES).numbers
    known = TABLES["ipcei"].dropna(subset=["n_smes"])
    small = (known["n_smes"] / known["n_companies"] < 0.5).sum()
    assert 0 < small < len(known) and first_rules.c04(TABLES) == "partly"
    assert f"less than half in {small + 1} of the {len(known) + 1} projects" in firm_size.c04(TABLES).short, "and ME1"


# The registry


NEXT = f"C{max(int(claim[1:]) for claim in TABLES['claim']['claim_id']) + 1}"  # the claim that comes next
RULE = "supported if it holds"


def plan_with(rule: str = RULE, **more):
    """The plan with a further registration that has a rule for the next claim."""
    further = {"registered": datetime.date(2030, 1, 2), "claim_rules": {NEXT: rule} | more}
    return dataclasses.replace(load_plan(), further=(further,))


def finding(claim: str, verdict: str) -> Finding:
    return Finding(claim_id=claim, verdict=verdict, numbers="", coverage="", short="1", rests="", change="")


def further(rule: str = RULE) -> registry.Claim:
    return registry.Claim(NEXT, "Structures lock in", plan_hash(rule), lambda e, rng: finding(NEXT, "supported"))


def test_each_claim_of_the_table_has_one_entry_and_its_rule():
    written = registry.rules(load_plan())
    assert written["claim_id"].tolist() == TABLES["claim"]["claim_id"].tolist()
    assert written["rule"].str.len().min() > 20 and written["brief"].is_unique
    assert set(written["registered"]) <= {part["registered"] for part in load_plan().registrations}


def test_a_further_claim_is_an_entry_a_row_and_a_rule():
    plan = plan_with()
    tables = Tables({"claim": TABLES["claim"].head(2).assign(claim_id=["C01", NEXT])})
    known = dataclasses.replace(
        registry.CLAIMS[0], test=lambda e, rng: finding("C01", "partly"), first=lambda e, rng: "inconclusive"
    )
    found = registry.ledger(tables, None, pd.DataFrame({"claim": ["leaders"]}), plan, (known, further()))
    assert found["claim_id"].tolist() == ["C01", NEXT] and found["verdict"].tolist() == ["partly", "supported"]
    assert found["rule"].iloc[1] == RULE and found["first"].tolist() == ["inconclusive", ""]
    draws = [claim_stream(plan, claim).integers(2**62) for claim in ("C12", NEXT, "C99")]
    assert len(set(draws)) == 3


@pytest.mark.parametrize(
    ("plan", "claim", "said"),
    [
        (load_plan(), further(), f"{NEXT} has a rule in 0 registrations, not in one"),
        (plan_with(C01="another"), registry.CLAIMS[0], "C01 has a rule in 3 registrations, not in two"),
        (plan_with("changed after"), further(), f"the rule of {NEXT} is not the one registered"),
    ],
)
def test_a_rule_that_is_missing_doubled_or_changed_is_refused(plan, claim, said):
    with pytest.raises(DataError, match=said):
        registry.rules(plan, [claim])


def test_a_claim_without_an_entry_or_a_row_is_refused():
    with pytest.raises(DataError, match=rf"claims\.csv: {NEXT} stands in the table or has an entry"):
        registry.ledger(TABLES, None, pd.DataFrame(), plan_with(), (*registry.CLAIMS, further()))
    assert registry.unmatched(TABLES) == "" and "a claim twice" in registry.unmatched(TABLES, registry.CLAIMS * 2)
