"""Companies and aid: refused while figures are missing, with what it would take; run where all are known."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from innodivide.data import Tables, frozen
from innodivide.evidence.confirmatory import Confirmatory, planned_dyads
from innodivide.evidence.plan import load_plan
from innodivide.evidence.robustness import other_outcomes
from innodivide.indicators.panel import country_totals

TABLES = Tables()

DYADS = planned_dyads(TABLES, load_plan())
STATES = frozen.load("ipcei_country").query("role == 'notifying'").merge(DYADS[["geo", "ipcei_id"]])


def tables(**changes):
    """The tables, with columns of ipcei_country changed."""
    names = ("country", "ipcei", "ipcei_country", "eis_edition", "eis_group", "eis_index")
    frames = {name: frozen.load(name) for name in names}
    return frames | {"ipcei_country": frames["ipcei_country"].assign(**changes)}


def rows(**changes):
    main = Confirmatory(DYADS, *[None] * 6)
    return other_outcomes.estimates(tables(**changes), main).set_index("question")


@pytest.fixture(scope="module")
def real():
    return rows()


def test_every_row_has_numbers_or_says_why_not(real):
    numbers = ["ratio", "ci_low", "ci_high", "p_value", "n_countries", "n_treated"]
    there = real["note"] == ""
    assert real.loc[there, [*numbers, "kind", "method"]].notna().all(axis=None)
    assert real.loc[~there, numbers].isna().all(axis=None)
    assert ((real["ci_low"] < real["ratio"]) & (real["ratio"] < real["ci_high"]))[there].all()


@pytest.mark.parametrize(
    ("question", "column"), [("Number of companies, Poisson", "n_companies"), ("State aid in euro, PPML", "aid_eur_mn")]
)
def test_a_refusal_counts_what_is_known_and_what_it_would_take(real, question, column):
    known, lost = STATES[column].notna(), STATES.loc[STATES[column].isna(), "geo"].nunique()
    note = real.at[question, "note"]
    assert f"known in full for {27 - lost} of 27 countries ({known.sum()} of {len(STATES)} participations)" in note
    assert f"of the other {(~known).sum()} participations" in note
    for project, part in STATES[~known].groupby("ipcei_id"):
        assert f"{project} {len(part)}" in note
    whole = STATES.groupby("ipcei_id")[column].apply(lambda v: v.notna().all())
    assert not any(f"{project} " in note for project in whole.index[whole])


def test_projects_known_in_full_are_estimated_and_equal_a_plain_glm(real):
    complete = STATES.groupby("ipcei_id")["n_companies"].apply(lambda v: v.notna().all())
    projects = sorted(complete.index[complete])
    (question,) = [name for name in real.index if name.startswith("Number of companies, Poisson: ")]
    assert all(project in question for project in projects) and question.endswith(" only")
    part = DYADS[DYADS["ipcei_id"].isin(projects)]
    frame = country_totals(part).set_index("geo")
    counts = STATES[STATES["ipcei_id"].isin(projects)].groupby("geo")["n_companies"].sum()
    frame["n"] = counts.reindex(frame.index).fillna(0).astype(float)
    plain = smf.glm("n ~ leader_share + ln_population + ln_gdp_pc_pps", frame, family=sm.families.Poisson()).fit()
    assert np.log(real.at[question, "ratio"]) == pytest.approx(plain.params["leader_share"], abs=1e-6)
    assert real.at[question, "n_countries"] == 27


def test_aid_of_another_basis_is_another_row(real):
    found = [name for name in real.index if name.startswith("State aid in euro, PPML: ")]
    bases = STATES.groupby("ipcei_id").agg(
        whole=("aid_eur_mn", lambda v: v.notna().all()), kinds=("aid_basis", "nunique"), basis=("aid_basis", "first")
    )
    usable = bases[bases["whole"] & (bases["kinds"] == 1)]
    assert len(found) == usable["basis"].nunique() > 1
    assert all(any(project in name for name in found) for project in usable.index)
    # No leader took part in ME1, so the ratio is zero and its logarithm has no finite estimate.
    assert "separated" in real.at["State aid in euro, PPML: ME1 only", "note"]


def test_with_all_figures_known_nothing_is_refused():
    raw = frozen.load("ipcei_country")
    found = rows(
        n_companies=raw["n_companies"].fillna(1), aid_eur_mn=raw["aid_eur_mn"].fillna(1.0), aid_basis="national_award"
    )
    assert (found["note"] == "").all()
    whole = found.loc[["Number of companies, Poisson", "State aid in euro, PPML"]]
    only = found.loc[[name for name in found.index if name.endswith(" only")]]
    assert np.allclose(whole["ratio"].to_numpy(), only["ratio"].to_numpy())  # all projects are known in full


def test_known_figures_of_different_basis_are_refused_for_that():
    raw = frozen.load("ipcei_country")
    basis = np.where(raw["geo"] == "DE", "national_award", "national_fund")
    found = rows(aid_eur_mn=raw["aid_eur_mn"].fillna(1.0), aid_basis=pd.Series(basis))
    assert "different basis" in found.at["State aid in euro, PPML", "note"]
