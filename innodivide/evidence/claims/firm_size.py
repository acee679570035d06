"""Claim C04 by the second registration: every published share of SMEs, what the rest must hold, aid beside counts."""

import pandas as pd

from innodivide.data.tables import Tables
from innodivide.evidence.claims.finding import Finding, otherwise
from innodivide.evidence.claims.thresholds import MAJORITY
from innodivide.indicators import participation
from innodivide.wording import join_names, teller

# Rows of published_check that state a share of SMEs without the number of SMEs: which IPCEIs it is of.
TEN, FIRST = "C12", "C13"
ROUNDING = 0.005  # published in whole per cent


def published_shares(tables: Tables) -> pd.DataFrame:
    """Return every published share of SMEs among the companies of Tier 1.

    Returns
    -------
    pandas.DataFrame
        Columns of (IPCEI, or "ten IPCEIs"), share (0 to 1), by_project (share of projects where both are counted;
        missing otherwise), counted (True where the numbers are published, False where only the share is), source_id.
    """
    counted, checks = participation.sme_shares(tables), tables["published_check"].set_index("check_id")
    projects = tables["ipcei"].set_index("ipcei_id")["n_projects"].astype("float64")
    rows = counted.assign(of=counted["ipcei_id"], counted=True)
    rows["by_project"] = rows["n_smes"].astype("float64") / rows["ipcei_id"].map(projects)
    stated = [
        {
            "of": of,
            "share": float(checks.at[k, "value"]) / 100,
            "counted": False,
            "source_id": checks.at[k, "source_id"],
        }
        for k, of in ((FIRST, "ME1"), (TEN, "ten IPCEIs"))
    ]
    columns = ["of", "share", "by_project", "counted", "source_id"]
    return pd.concat([rows, pd.DataFrame(stated)], ignore_index=True).reindex(columns=columns)


def implied_rest(tables: Tables) -> dict[str, float]:
    """Return what the published share over ten IPCEIs leaves for those of the ten that publish none.

    The number of companies over the ten lies between the published total ("nearly 250", each company once) and the sum
    of the counts of the IPCEIs (a company in two counts twice); the share was rounded to whole per cent.

    Returns
    -------
    dict
        low, high (share of SMEs in the rest, 0 to 1), n_rest (IPCEIs in the rest), smes_known.
    """
    checks = tables["published_check"].set_index("check_id")
    rows = participation.register(tables, until=checks.at["C10", "as_of"])
    first = rows["ipcei_id"] == "ME1"
    companies = rows["n_companies"].astype("float64")
    known = rows["n_smes"].astype("float64").where(~first, float(checks.at[FIRST, "value"]) / 100 * companies)
    rest, share = known.isna(), float(checks.at[TEN, "value"]) / 100
    ends = []
    for total in (float(checks.at["C10", "value"]), companies.sum()):
        for rounded in (-ROUNDING, ROUNDING):
            ends.append(((share + rounded) * total - known.sum()) / (total - companies[~rest].sum()))
    return {"low": min(ends), "high": max(ends), "n_rest": int(rest.sum()), "smes_known": float(known.sum())}


def known_aid(tables: Tables) -> dict[str, float]:
    """Return the awards whose amount and size class the State aid register gives: companies, smes, aid and sme_aid
    (million euro)."""
    rows = tables["ipcei_award"].dropna(subset=["amount_eur", "sme"])
    small = rows["sme"].astype(bool)
    return {
        "companies": len(rows),
        "smes": int(small.sum()),
        "aid": float(rows["amount_eur"].sum()) / 1e6,
        "sme_aid": float(rows.loc[small, "amount_eur"].sum()) / 1e6,
    }


def c04(tables: Tables) -> Finding:
    """C04: fewer than half of the companies are SMEs wherever the share is published."""
    rows, rest, aid = published_shares(tables), implied_rest(tables), known_aid(tables)
    small = rows["share"] < MAJORITY
    shown = join_names([f"{r.of} {r.share:.0%}" for r in rows.itertuples()])
    projects = rows.dropna(subset=["by_project"])
    by_project = join_names([f"{r.of} {r.by_project:.0%}" for r in projects.itertuples()])
    ten = rows.loc[~rows["counted"], "share"].iloc[-1]
    alone = rows["of"] != "ten IPCEIs"
    values: dict[str, object] = {"shown": shown, "by_project": by_project, "ten": ten, "rest": rest, "aid": aid}
    values |= {"n": int(alone.sum()), "total": len(participation.register(tables))}
    values |= {"small": int(small[alone].sum()), "majority": join_names(rows.loc[~small, "of"])}
    tell = teller(**values)
    money = (
        tell(
            " Of {aid[companies]} awards in the State aid register, {aid[smes]} went to SMEs: {aid[sme_aid]:.0f} of "
            "{aid[aid]:.0f} million euro; the awards are few and not a sample."
        )
        if aid["companies"]
        else " No amount of aid is known together with the size of the company."
    )
    verdict = "supported" if small.all() else "partly" if small.any() else "contradicted"
    share = "a share of half or more" if verdict == "supported" else "a share below half"
    ways = {"partly": f"if one IPCEI published {share}"}
    if verdict == "partly":
        told = tell("if SMEs were less than half in {majority} too")
        ways = {"supported": told, "contradicted": "if they were so in none"}
    return Finding(
        claim_id="C04",
        verdict=verdict,
        numbers=tell(
            "SMEs among companies: {shown}; among projects: {by_project}. For the {rest[n_rest]} of the ten that "
            "publish none, the share over ten leaves {rest[low]:.0%} to {rest[high]:.0%}."
        )
        + money,
        coverage=tell("share published for {n} of {total} IPCEIs and for ten together"),
        short=tell(
            "SMEs are {ten:.0%} of the companies over ten projects together. They are less than half in {small} of the "
            "{n} projects that publish the figure, half or more in {majority}."
        ),
        rests=tell("{n} of {total} IPCEIs, and ten together"),
        change=otherwise(verdict, ways, ", "),
    )
