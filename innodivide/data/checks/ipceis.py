"""Rules on IPCEIs: members, dates and participants agree, and published totals are reproduced."""

import numpy as np
import pandas as pd

from innodivide.data.checks.published_figures import recompute, verdict_holds
from innodivide.data.checks.rules import Load, fail, rule
from innodivide.data.schema import Failure
from innodivide.data.tables import TAKING_PART
from innodivide.errors import DataError


@rule("ipcei", "ipcei_country")
def member_counts_equal_the_register(load: Load) -> list[Failure]:
    """The number of states in an IPCEI equals the number the register gives."""
    register = load("ipcei")
    register = register[register["kind"] == "integrated"]
    states = load("ipcei_country").query("role == 'notifying'").groupby("ipcei_id").size()
    count = register["ipcei_id"].map(states).fillna(0).astype(int)
    wrong = register.assign(count=count)[count != register["n_member_states"].fillna(-1)]
    return fail(
        "tier1/ipcei.csv",
        wrong,
        "n_member_states",
        lambda r: f"ipcei_country.csv has {r['count']} notifying states of {r['ipcei_id']}",
    )


@rule("ipcei_membership", "ipcei_country")
def member_lists_equal_those_published(load: Load) -> list[Failure]:
    """The states in an IPCEI are those that each of two publishers lists."""
    states = load("ipcei_country").query("role in @TAKING_PART", local_dict={"TAKING_PART": TAKING_PART})
    have = {i: " ".join(sorted(g)) for i, g in states.groupby("ipcei_id")["geo"]}
    rows = load("ipcei_membership")
    wrong = rows[rows["ipcei_id"].map(have) != rows["geos"]]
    miscounted = rows[rows["geos"].str.split(" ").str.len() != rows["n_states"]]
    return fail(
        "tier1/ipcei_membership.csv",
        wrong,
        "geos",
        lambda r: f"ipcei_country.csv has {have.get(r['ipcei_id'], 'no state')}",
    ) + fail("tier1/ipcei_membership.csv", miscounted, "n_states", "the number of states in geos")


@rule("ipcei")
def integrated_ipceis_have_a_decision_date(load: Load) -> list[Failure]:
    """The day of the decision, which status and controls depend on, is known for each integrated IPCEI."""
    rows = load("ipcei").query("kind == 'integrated'")
    return fail("tier1/ipcei.csv", rows[rows["decision_date"].isna()], "decision_date", "known for an integrated IPCEI")


@rule("ipcei", "ipcei_country")
def states_join_on_or_after_the_decision(load: Load) -> list[Failure]:
    """A notifying state joins on the day of the decision, a late one after it."""
    rows = load("ipcei_country").join(load("ipcei").set_index("ipcei_id")["decision_date"], on="ipcei_id")
    wrong = rows[
        ((rows["role"] == "notifying") & rows["joined_date"].notna() & (rows["joined_date"] != rows["decision_date"]))
        | ((rows["role"] == "joined_later") & ~(rows["joined_date"] > rows["decision_date"]))
    ]
    return fail(
        "tier1/ipcei_country.csv",
        wrong,
        "joined_date",
        lambda r: f"role {r['role']}, decided on {str(r['decision_date'])[:10]}",
    )


@rule("ipcei_participant", "ipcei_country")
def participants_come_from_member_states_of_the_ipcei(load: Load) -> list[Failure]:
    """A direct participant's country takes part in its IPCEI."""
    states = load("ipcei_country").query("role in @TAKING_PART", local_dict={"TAKING_PART": TAKING_PART})
    inside = pd.MultiIndex.from_frame(states[["ipcei_id", "geo"]])
    rows = load("ipcei_participant").query("participant_type == 'direct'").dropna(subset="geo")
    wrong = rows[~pd.MultiIndex.from_frame(rows[["ipcei_id", "geo"]]).isin(inside)]
    return fail(
        "tier1/ipcei_participant.csv", wrong, "geo", lambda r: f"takes part in {r['ipcei_id']} (ipcei_country.csv)"
    )


@rule("ipcei")
def smes_are_companies(load: Load) -> list[Failure]:
    """An IPCEI has no more SMEs than companies."""
    rows = load("ipcei")
    return fail(
        "tier1/ipcei.csv", rows[(rows["n_smes"] > rows["n_companies"]).fillna(False)], "n_smes", "at most n_companies"
    )


@rule("published_check", "ipcei", "ipcei_country", "ipcei_participant", "alliance", "country")
def published_totals_are_reproduced(load: Load) -> list[Failure]:
    """Our figures equal the stored recomputation, and the published ones as far as the verdict says."""
    names = ("published_check", "ipcei", "ipcei_country", "ipcei_participant", "alliance", "country")
    file, tables, failures = "tier1/published_check.csv", {n: load(n) for n in names}, []
    rows = tables["published_check"].dropna(subset="measure")
    try:
        rows = recompute({**tables, "published_check": rows})
    except DataError:  # say which rows cannot be computed, and compare the others
        failures = [f for i in rows.index for f in _not_computable(rows.loc[[i]], tables)]
        rows = recompute({**tables, "published_check": rows.drop([f.row for f in failures])})
    drifted = rows[~np.isclose(rows["computed"], rows["recomputed"].astype(float), rtol=0, atol=0.05)]
    rows = rows.dropna(subset=["value", "verdict"])
    wrong = rows[[not verdict_holds(row) for row in rows.itertuples()]]
    return (
        failures
        + fail(file, drifted, "recomputed", lambda r: f"the tables give {r['computed']:.10g}")
        + fail(
            file,
            wrong,
            "verdict",
            lambda r: (
                f"published {r['value']:.10g}, the tables give {r['computed']:.10g}, "
                f"tolerance {r['tolerance']:.10g} ({r['tolerance_basis']})"
            ),
        )
    )


def _not_computable(row: pd.DataFrame, tables: dict) -> list[Failure]:
    file = "tier1/published_check.csv"
    try:
        recompute({**tables, "published_check": row})
    except DataError as error:
        return fail(file, row, "measure", str(error).removeprefix(f"{file}: "))
    return []
