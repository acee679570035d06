"""Claims C01 to C04: who is in Tier 1. Rules: `claim_rules` of analysis_plan.yml."""

import math

import pandas as pd

from innodivide import models
from innodivide.data.tables import Tables, member_states
from innodivide.evidence.claims.finding import Finding
from innodivide.evidence.confirmatory import BRIEF_CUTOFF, NAMED_FIVE, NAMED_THREE, Confirmatory, named_counts, stream
from innodivide.evidence.plan import Plan
from innodivide.indicators import participation
from innodivide.indicators.panel import ipcei_dyads
from innodivide.models.result import Result
from innodivide.wording import join_names

BRIEF_EDITION = 2020  # the last edition that the brief could use


def size_test(main: Confirmatory, plan: Plan) -> Result:
    """Return the permutation test of size, given wealth and leader status."""
    return models.permutation_test(
        main.dyads,
        term="ln_population",
        controls=("ln_gdp_pc_pps", "leader"),
        method="rows",
        n_permutations=int(plan.fixed["test"]["permutations"]),
        rng=stream(plan, 7),
    )


def leaders_or_size_and_wealth(main: Confirmatory, family: pd.DataFrame, plan: Plan) -> Finding:
    """C01: Tier-1 activity goes with being large and wealthy, or with leader status."""
    alpha, size = float(plan.fixed["test"]["alpha"]), size_test(main, plan)
    leader, wealth = (family.loc[c, "verdict"] == "supported" for c in ("leaders", "wealth"))
    large = bool(size.p_value < alpha and size.estimate > 0)
    verdict = "supported" if leader or (wealth and large) else "partly" if wealth or large else "inconclusive"
    numbers = (
        f"Leaders: odds ratio {main.interval.estimate:.2f} ({main.interval.ci_low:.2f} to "
        f"{main.interval.ci_high:.2f}), p = {main.permutation.p_value:.2f}. "
        f"Size: p = {size.p_value:.4f}, {'more' if size.estimate > 0 else 'less'} with size. Wealth: p = "
        f"{family.loc['wealth', 'p_value']:.2f}."
    )
    estimate, low, high = main.interval.estimate, main.interval.ci_low, main.interval.ci_high
    short = (
        f"Leaders: odds ratio {estimate:.2f} ({low:.2f} to {high:.2f}), p = {main.permutation.p_value:.2f}; size "
        f"{_p(size.p_value)}; wealth {_p(family.loc['wealth', 'p_value'])}"
    )
    change = (
        f"Supported if p (Holm) of leaders or of wealth, now {family.loc['leaders', 'p_holm']:.2f} and "
        f"{family.loc['wealth', 'p_holm']:.2f}, were below {alpha}; at this spread between states that takes an odds "
        f"ratio of leaders of at least about {math.sqrt(high / low):.1f}. Inconclusive if p of size rose "
        f"above {alpha} too"
    )
    sample = f"{main.profile.n_countries} states, {main.profile.n_ipceis} IPCEIs"
    return Finding("C01", verdict, numbers, f"{sample}, complete", short, sample, change)


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.2f}"


def _counts(frame: pd.DataFrame, names: dict) -> str:
    return join_names([f"{names[r.geo]} {r.n_participations}" for r in frame.itertuples()])


def named_five_dominate(tables: Tables, main: Confirmatory, family: pd.DataFrame, plan: Plan) -> Finding:
    """C02: five named states dominate; each should be in more than half of the IPCEIs, and the five above the rest."""
    names = dict(zip(*member_states(tables)[["geo", "name"]].T.to_numpy()))
    now = named_counts(tables, main.dyads, NAMED_FIVE)
    then = named_counts(tables, ipcei_dyads(tables, until=BRIEF_CUTOFF), NAMED_FIVE)
    above = int((2 * now["n_participations"] > now["n_possible"]).sum())
    supported = family.loc["named_five", "verdict"] == "supported"
    verdict = "supported" if supported and above == len(now) else "contradicted" if 2 * above < len(now) else "partly"
    numbers = (
        f"Of {now['n_possible'].iloc[0]}: {_counts(now, names)}; {above} of the five are in more than half. Rate "
        f"{100 * family.loc['named_five', 'estimate']:+.0f} percentage points against "
        f"the rest, p (Holm) = {family.loc['named_five', 'p_holm']:.2f}. When the brief was written, of "
        f"{then['n_possible'].iloc[0]}: {_counts(then, names)}."
    )
    total, p_holm = int(now["n_possible"].iloc[0]), family.loc["named_five", "p_holm"]
    short = f"{above} of the {len(now)} in more than half of {total}: {_counts(now, names)}; p (Holm) = {p_holm:.2f}"
    lack = now.assign(lack=total // 2 + 1 - now["n_participations"]).query("lack > 0").sort_values("lack")
    missing = join_names([f"{names[r.geo]} {r.lack}" for r in lack.itertuples()])
    change = (
        f"Partly if {len(now) // 2 + 1} of the {len(now)} were in more than half, supported if all were and p (Holm) "
        f"were below {plan.fixed['test']['alpha']}. IPCEIs that lack for that: {missing}"
    )
    coverage = "membership complete; companies and aid by country are not"
    return Finding("C02", verdict, numbers, coverage, short, f"{total} IPCEIs, membership complete", change)


def lowest_group_absent(tables: Tables, main: Confirmatory, family: pd.DataFrame, plan: Plan) -> Finding:
    """C03: the lowest group barely features, and the three named states were in it when the brief was written."""
    names = dict(zip(*member_states(tables)[["geo", "name"]].T.to_numpy()))
    groups = (
        tables["eis_group"]
        .query("edition == @BRIEF_EDITION", local_dict={"BRIEF_EDITION": BRIEF_EDITION})
        .set_index("geo")["group"]
    )
    counts = named_counts(tables, main.dyads, NAMED_THREE)
    inside = [g for g in NAMED_THREE if groups[g] == "modest"]
    row = family.loc["modest_group"]
    verdict = (
        "contradicted"
        if row["verdict"] == "contradicted"
        else "supported"
        if row["verdict"] == "supported" and len(inside) == len(NAMED_THREE)
        else "partly"
    )
    outside = [names[g] for g in NAMED_THREE if g not in inside]
    numbers = (
        f"States in the lowest group: rate {100 * row['estimate']:+.0f} percentage points against the rest, p "
        f"(Holm) = {row['p_holm']:.2f}. Of {counts['n_possible'].iloc[0]} IPCEIs: "
        f"{_counts(counts, names)}. In EIS {BRIEF_EDITION} {join_names(outside)} was not in the modest group."
    )
    possible = int(counts["n_possible"].iloc[0])
    short = (
        f"Lowest group: rate {100 * row['estimate']:+.0f} points, p (Holm) = {row['p_holm']:.2f}; of {possible}: "
        f"{_counts(counts, names)}"
    )
    change = (
        f"Contradicted if the lowest group took part more often, p (Holm) below {plan.fixed['test']['alpha']}. "
        f"Supported is out of reach: in EIS {BRIEF_EDITION} {join_names(outside)} was not in that group"
        if outside
        else f"Supported if the lowest group took part less often, p (Holm) below {plan.fixed['test']['alpha']}"
    )
    coverage = "groups of the editions in force; membership complete"
    return Finding("C03", verdict, numbers, coverage, short, f"{possible} IPCEIs, groups in force", change)


def large_firms(tables: Tables) -> Finding:
    """C04: fewer than half of the companies are SMEs in every IPCEI that publishes the number."""
    rows = participation.sme_shares(tables)
    small = int((rows["share"] < 0.5).sum())
    verdict = "supported" if small == len(rows) else "partly" if small else "contradicted"
    shares = join_names([f"{r.ipcei_id} {r.share:.0%}" for r in rows.itertuples()])
    total = len(participation.register(tables))
    known = f"{len(rows)} of {total} IPCEIs"
    majority = join_names(list(rows.loc[rows["share"] >= 0.5, "ipcei_id"]))
    return Finding(
        "C04",
        verdict,
        f"SMEs among companies: {shares}.",
        f"number of SMEs published for {known}",
        f"SMEs are less than half of the companies in {small} of {len(rows)} IPCEIs ({shares})",
        f"{known} publish it",
        f"Supported if SMEs were less than half in {majority} too, contradicted if they were so in none"
        if majority
        else "Partly if one IPCEI published a share of half or more",
    )
