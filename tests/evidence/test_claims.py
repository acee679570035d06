"""Sentences of the ledger, and the numbers that decide verdicts: those of the plan."""

import numpy as np
import pandas as pd
import pytest

from innodivide.data import Tables
from innodivide.errors import ParameterError
from innodivide.evidence.claims import gap, membership, thresholds
from innodivide.evidence.plan import load_plan
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
    rules = plan.claim_rules
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
    assert counted in gap.least_innovative_regions(TABLES).numbers
    known = TABLES["ipcei"].dropna(subset=["n_smes"])
    found = membership.large_firms(TABLES)
    small = (known["n_smes"] / known["n_companies"] < 0.5).sum()
    assert f"in {small} of {len(known)} IPCEIs" in found.short and found.verdict == "partly"
