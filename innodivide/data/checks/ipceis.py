"""Rules on IPCEIs: members, dates and participants agree, and published totals are reproduced."""

import re

import numpy as np
import pandas as pd

from innodivide.data.checks.published_figures import FILE, NEEDED, recompute, verdict_holds
from innodivide.data.checks.rules import Failures, Load, rule
from innodivide.data.tables import TAKING_PART
from innodivide.errors import DataError


def _taking_part(load: Load) -> pd.DataFrame:
    states = load("ipcei_country")
    return states[states["role"].isin(TAKING_PART)]


@rule("ipcei", "ipcei_country")
def member_counts_equal_the_register(load: Load) -> Failures:
    """The number of states in an IPCEI equals the number the register gives."""
    register = load.integrated()
    states = load("ipcei_country").query("role == 'notifying'").groupby("ipcei_id").size()
    count = register["ipcei_id"].map(states).fillna(0).astype(int)
    wrong = register.assign(count=count)[count != register["n_member_states"].fillna(-1)]
    yield from load.fail(
        "ipcei",
        wrong,
        "n_member_states",
        lambda r: f"ipcei_country.csv has {r['count']} notifying states of {r['ipcei_id']}",
    )


@rule("ipcei_membership", "ipcei_country")
def member_lists_equal_those_published(load: Load) -> Failures:
    """The states in an IPCEI are those that each of two publishers lists."""
    have = {i: " ".join(sorted(g)) for i, g in _taking_part(load).groupby("ipcei_id")["geo"]}
    rows, table = load("ipcei_membership"), "ipcei_membership"
    wrong, miscounted = (
        rows["ipcei_id"].map(have) != rows["geos"],
        rows["geos"].str.split().str.len() != rows["n_states"],
    )
    yield from load.fail(
        table, rows[wrong], "geos", lambda r: f"ipcei_country.csv has {have.get(r['ipcei_id'], 'no state')}"
    )
    yield from load.fail(table, rows[miscounted], "n_states", "the number of states in geos")


@rule("ipcei")
def integrated_ipceis_have_a_decision_date(load: Load) -> Failures:
    """The day of the decision, which status and controls depend on, is known for each integrated IPCEI."""
    rows = load.integrated()
    yield from load.fail("ipcei", rows[rows["decision_date"].isna()], "decision_date", "known for an integrated IPCEI")


@rule("ipcei", "ipcei_country")
def states_join_on_or_after_the_decision(load: Load) -> Failures:
    """A notifying state joins on the day of the decision, a late one after it."""
    rows = load("ipcei_country").join(load("ipcei").set_index("ipcei_id")["decision_date"], on="ipcei_id")
    joined, decided = rows["joined_date"], rows["decision_date"]
    wrong = (rows["role"] == "notifying") & joined.notna() & (joined != decided)
    wrong |= (rows["role"] == "joined_later") & ~(joined > decided)
    yield from load.fail(
        "ipcei_country",
        rows[wrong],
        "joined_date",
        lambda r: f"role {r['role']}, decided on {str(r['decision_date'])[:10]}",
    )


@rule("ipcei_participant", "ipcei_country")
def participants_come_from_member_states_of_the_ipcei(load: Load) -> Failures:
    """A direct participant's country takes part in its IPCEI."""
    pair = ["ipcei_id", "geo"]
    rows = load("ipcei_participant").query("participant_type == 'direct'").dropna(subset="geo")
    inside = pd.MultiIndex.from_frame(rows[pair]).isin(pd.MultiIndex.from_frame(_taking_part(load)[pair]))
    why = "takes part in {ipcei_id} (ipcei_country.csv)".format_map
    yield from load.fail("ipcei_participant", rows[~inside], "geo", why)


@rule("ipcei", "ipcei_membership")
def every_integrated_ipcei_has_a_published_list(load: Load) -> Failures:
    """The states in each integrated IPCEI are checked against a list that somebody published."""
    rows = load.integrated()
    without = rows[~rows["ipcei_id"].isin(load("ipcei_membership")["ipcei_id"])]
    yield from load.fail(
        "ipcei", without, "ipcei_id", "has a row in ipcei_membership.csv: the list that a publisher gives"
    )


@rule("ipcei", "ipcei_country", "country")
def notifying_states_are_member_states(load: Load) -> Failures:
    """A state that notifies an IPCEI, or joins it later, was a Member State on that day."""
    rows = _taking_part(load).join(load("ipcei").set_index("ipcei_id")["decision_date"], on="ipcei_id")
    rows = rows.join(load("country").set_index("geo")[["eu_accession_year", "eu_exit_date"]], on="geo")
    day = rows["joined_date"].fillna(rows["decision_date"])
    out = rows["eu_accession_year"].isna() | (day.dt.year < rows["eu_accession_year"]).fillna(False)
    out |= day > rows["eu_exit_date"]
    yield from load.fail(
        "ipcei_country",
        rows[out.fillna(False).astype(bool)],
        "geo",
        lambda r: (
            f"a Member State on the day ({str(r['eu_exit_date'])[:10]} was its last)"
            if pd.notna(r["eu_exit_date"])
            else "a Member State on the day; others have the role eea_participant or associated"
        ),
    )


@rule("ipcei_country")
def aid_says_what_it_is(load: Load) -> Failures:
    """Aid by country has a basis: an approved maximum and a press figure are not the same thing."""
    rows = load("ipcei_country")
    bare = rows[rows["aid_eur_mn"].notna() & rows["aid_basis"].isna()]
    yield from load.fail("ipcei_country", bare, "aid_basis", "known where aid_eur_mn is (the values: datapackage.json)")


@rule("ipcei", "ipcei_country")
def no_state_has_more_than_the_ipcei(load: Load) -> Failures:
    """Aid and companies of one state are at most those of its IPCEI."""
    total = load("ipcei").set_index("ipcei_id")
    total = total[["aid_eur_bn_max", "n_companies"]].rename(columns={"n_companies": "n_companies_of_all"})
    rows = _taking_part(load).join(total, on="ipcei_id")
    rich = (rows["aid_eur_mn"] > 1000 * rows["aid_eur_bn_max"]).fillna(False)
    many = (rows["n_companies"] > rows["n_companies_of_all"]).fillna(False)
    yield from load.fail(
        "ipcei_country",
        rows[rich],
        "aid_eur_mn",
        lambda r: f"at most the {r['aid_eur_bn_max']:g} billion euro of {r['ipcei_id']} (this column is in million)",
    )
    yield from load.fail(
        "ipcei_country",
        rows[many],
        "n_companies",
        lambda r: f"at most the {r['n_companies_of_all']} companies of {r['ipcei_id']}",
    )


@rule("ipcei")
def smes_are_companies(load: Load) -> Failures:
    """An IPCEI has no more SMEs than companies."""
    rows = load("ipcei")
    many = (rows["n_smes"] > rows["n_companies"]).fillna(False)
    yield from load.fail("ipcei", rows[many], "n_smes", "at most n_companies")


def _numbers(text) -> set[float]:
    """Return the numbers in a text that are no part of a name or an identifier."""
    found = re.findall(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\w-])", text if isinstance(text, str) else "")
    return {float(number.replace(",", "")) for number in found}


@rule(*NEEDED)
def published_totals_are_reproduced(load: Load) -> Failures:
    """Our figures equal the stored recomputation, and the published ones as far as the verdict says."""
    tables = {name: load(name) for name in NEEDED}
    rows = tables["published_check"].dropna(subset="measure").assign(computed=np.nan, made_of="")
    for i in rows.index:  # one by one: a row that cannot be computed hides no other
        try:
            rows.loc[[i]] = recompute({**tables, "published_check": rows.loc[[i]]})
        except DataError as error:
            yield from load.fail("published_check", rows.loc[[i]], "measure", str(error).removeprefix(f"{FILE}: "))
    rows = rows.dropna(subset="computed")
    drifted = rows[~np.isclose(rows["computed"], rows["recomputed"].astype(float), rtol=0, atol=0.05)]
    yield from load.fail(
        "published_check",
        drifted,
        "recomputed",
        lambda r: (
            f"the tables give {r['computed']:.10g}; if that is right, add it: check_id,recomputed of {r['check_id']}"
        ),
    )
    ours = [_numbers(f"{r.computed:.10g}, {r.recomputed}, {r.made_of}") for r in rows.itertuples()]
    typed = rows.assign(
        typed=[" ".join(f"{n:g}" for n in sorted(_numbers(r.note) & o)) for r, o in zip(rows.itertuples(), ours)]
    )
    yield from load.fail(
        "published_check",
        typed[typed["typed"] != ""],
        "note",
        lambda r: f"no figure of ours, which {r['typed']} is: say it without, reports show it beside the note",
    )
    every = load("published_check")
    bare = every["value"].isna() != (every["verdict"] == "computed")
    bare |= every["measure"].isna() & (every["verdict"] != "not_testable")
    rule_broken = "computed where no value is published; without a measure not_testable"
    yield from load.fail("published_check", every[bare], "verdict", rule_broken)
    rows = rows.dropna(subset=["value", "verdict"])
    yield from load.fail(
        "published_check",
        rows[[not verdict_holds(row) for row in rows.itertuples()]],
        "verdict",
        lambda r: (
            f"published {r['value']:.10g}, the tables give {r['computed']:.10g}, "
            f"tolerance {r['tolerance']:.10g} ({r['tolerance_basis']})"
        ),
    )
