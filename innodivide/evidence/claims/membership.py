"""Claims C01 to C04: who is in Tier 1. Rules: `claim_rules` of analysis_plan.yml."""

import math

import pandas as pd

from innodivide import models
from innodivide.data.editions import BRIEF
from innodivide.data.tables import Tables, member_states
from innodivide.evidence.claims.finding import Finding
from innodivide.evidence.claims.thresholds import MAJORITY
from innodivide.evidence.confirmatory import (
    BRIEF_CUTOFF,
    NAMED_FIVE,
    NAMED_THREE,
    Confirmatory,
    claim_stream,
    named_counts,
)
from innodivide.evidence.plan import Plan
from innodivide.indicators import participation
from innodivide.indicators.panel import ipcei_dyads
from innodivide.models.result import Result
from innodivide.wording import join_names, p_text, teller


def size_test(main: Confirmatory, plan: Plan) -> Result:
    """Return the permutation test of size, given wealth and leader status."""
    return models.permutation_test(
        main.dyads,
        term="ln_population",
        controls=("ln_gdp_pc_pps", "leader"),
        method="rows",
        n_permutations=plan.permutations,
        rng=claim_stream(plan, "C01"),
    )


def leaders_or_size_and_wealth(main: Confirmatory, family: pd.DataFrame, plan: Plan) -> Finding:
    """C01: Tier-1 activity goes with being large and wealthy, or with leader status."""
    size, odds = size_test(main, plan), main.interval
    leader, wealth = (family.loc[c, "verdict"] == "supported" for c in ("leaders", "wealth"))
    large = bool(size.p_value < plan.alpha and size.estimate > 0)
    values: dict[str, object] = {
        "odds": odds,
        "p": main.permutation.p_value,
        "size": size,
        "sample": main.profile,
        "alpha": plan.alpha,
    }
    values |= {"side": "more" if size.estimate > 0 else "less", "seen": math.sqrt(odds.ci_high / odds.ci_low)}
    values |= {"p_size": p_text(size.p_value, "= ", 2), "p_wealth": p_text(family.at["wealth", "p_value"], "= ", 2)}
    tell = teller(leaders=family.loc["leaders"], wealth=family.loc["wealth"], **values)
    return Finding(
        claim_id="C01",
        verdict="supported" if leader or (wealth and large) else "partly" if wealth or large else "inconclusive",
        numbers=tell(
            "Leaders: odds ratio {odds.estimate:.2f} ({odds.ci_low:.2f} to {odds.ci_high:.2f}), p = {p:.2f}. Size: p = "
            "{size.p_value:.4f}, {side} with size. Wealth: p = {wealth[p_value]:.2f}."
        ),
        coverage=tell("{sample.n_countries} states, {sample.n_ipceis} IPCEIs, complete"),
        short=tell(
            "Leaders: odds ratio {odds.estimate:.2f} ({odds.ci_low:.2f} to {odds.ci_high:.2f}), p = {p:.2f}; size p "
            "{p_size}; wealth p {p_wealth}"
        ),
        rests=tell("{sample.n_countries} states, {sample.n_ipceis} IPCEIs"),
        change=tell(
            "Supported if p (Holm) of leaders or of wealth, now {leaders[p_holm]:.2f} and {wealth[p_holm]:.2f}, were "
            "below {alpha}; at this spread between states that takes an odds ratio of leaders of at least about "
            "{seen:.1f}. Inconclusive if p of size rose above {alpha} too"
        ),
    )


def _names(tables: Tables) -> dict:
    return member_states(tables).set_index("geo")["name"].to_dict()


def _counts(frame: pd.DataFrame, names: dict) -> str:
    return join_names([f"{names[r.geo]} {r.n_participations}" for r in frame.itertuples()])


def named_five_dominate(tables: Tables, main: Confirmatory, family: pd.DataFrame, plan: Plan) -> Finding:
    """C02: five named states dominate; each should be in more than half of the IPCEIs, and the five above the rest."""
    names, row = _names(tables), family.loc["named_five"]
    now = named_counts(main.dyads, NAMED_FIVE)
    then = named_counts(ipcei_dyads(tables, until=BRIEF_CUTOFF), NAMED_FIVE)
    above, total = int((2 * now["n_participations"] > now["n_possible"]).sum()), int(now["n_possible"].iloc[0])
    supported = row["verdict"] == "supported"
    lack = now.assign(lack=total // 2 + 1 - now["n_participations"]).query("lack > 0").sort_values("lack")
    values: dict[str, object] = {
        "above": above,
        "n": len(now),
        "most": len(now) // 2 + 1,
        "total": total,
        "alpha": plan.alpha,
    }
    values |= {"counts": _counts(now, names), "counts_then": _counts(then, names)}
    values |= {"total_then": then["n_possible"].iloc[0], "p_holm": row["p_holm"], "points": 100 * row["estimate"]}
    tell = teller(missing=join_names([f"{names[r.geo]} {r.lack}" for r in lack.itertuples()]), **values)
    return Finding(
        claim_id="C02",
        verdict="supported"
        if supported and above == len(now)
        else "contradicted"
        if 2 * above < len(now)
        else "partly",
        numbers=tell(
            "Of {total}: {counts}; {above} of the five are in more than half. Rate {points:+.0f} percentage points "
            "against the rest, p (Holm) = {p_holm:.2f}. When the brief was written, of {total_then}: {counts_then}."
        ),
        coverage="membership complete; companies and aid by country are not",
        short=tell("{above} of the {n} in more than half of {total}: {counts}; p (Holm) = {p_holm:.2f}"),
        rests=tell("{total} IPCEIs, membership complete"),
        change=tell(
            "Partly if {most} of the {n} were in more than half, supported if all were and p (Holm) were below "
            "{alpha}. IPCEIs that lack for that: {missing}"
        ),
    )


def lowest_group_absent(tables: Tables, main: Confirmatory, family: pd.DataFrame, plan: Plan) -> Finding:
    """C03: the lowest group barely features, and the three named states were in it when the brief was written."""
    names, row = _names(tables), family.loc["modest_group"]
    groups = tables["eis_group"].query("edition == @e", local_dict={"e": BRIEF["eis"]}).set_index("geo")["group"]
    counts = named_counts(main.dyads, NAMED_THREE)
    outside = [names[g] for g in NAMED_THREE if groups[g] != "modest"]
    values: dict[str, object] = {
        "points": 100 * row["estimate"],
        "p_holm": row["p_holm"],
        "alpha": plan.alpha,
        "edition": BRIEF["eis"],
    }
    values |= {"possible": counts["n_possible"].iloc[0], "counts": _counts(counts, names)}
    tell = teller(outside=join_names(outside), **values)
    return Finding(
        claim_id="C03",
        verdict="contradicted"
        if row["verdict"] == "contradicted"
        else "supported"
        if row["verdict"] == "supported" and not outside
        else "partly",
        numbers=tell(
            "States in the lowest group: rate {points:+.0f} percentage points against the rest, p (Holm) = "
            "{p_holm:.2f}. Of {possible} IPCEIs: {counts}. In EIS {edition} {outside} was not in the modest group."
        ),
        coverage="groups of the editions in force; membership complete",
        short=tell("Lowest group: rate {points:+.0f} points, p (Holm) = {p_holm:.2f}; of {possible}: {counts}"),
        rests=tell("{possible} IPCEIs, groups in force"),
        change=tell(
            "Contradicted if the lowest group took part more often, p (Holm) below {alpha}. Supported is out of reach: "
            "in EIS {edition} {outside} was not in that group"
            if outside
            else "Supported if the lowest group took part less often, p (Holm) below {alpha}"
        ),
    )


def large_firms(tables: Tables) -> Finding:
    """C04: fewer than half of the companies are SMEs in every IPCEI that publishes the number."""
    rows = participation.sme_shares(tables)
    small = rows["share"] < MAJORITY
    values: dict[str, object] = {
        "small": int(small.sum()),
        "n": len(rows),
        "total": len(participation.register(tables)),
    }
    values |= {"shares": join_names([f"{r.ipcei_id} {r.share:.0%}" for r in rows.itertuples()])}
    tell = teller(majority=join_names(rows.loc[~small, "ipcei_id"]), **values)
    return Finding(
        claim_id="C04",
        verdict="supported" if small.all() else "partly" if small.any() else "contradicted",
        numbers=tell("SMEs among companies: {shares}."),
        coverage=tell("number of SMEs published for {n} of {total} IPCEIs"),
        short=tell("SMEs are less than half of the companies in {small} of {n} IPCEIs ({shares})"),
        rests=tell("{n} of {total} IPCEIs publish it"),
        change="Partly if one IPCEI published a share of half or more"
        if small.all()
        else tell("Supported if SMEs were less than half in {majority} too, contradicted if they were so in none"),
    )
