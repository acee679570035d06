"""Claims C01 to C04: who is in Tier 1. Rules: `claim_rules` of analysis_plan.yml."""

import pandas as pd

from innodivide import inference, participation
from innodivide.claims.finding import Finding
from innodivide.confirmatory import BRIEF_CUTOFF, NAMED_FIVE, NAMED_THREE, Confirmatory, named_counts, stream
from innodivide.panel import Tables, ipcei_dyads, member_states
from innodivide.plan import Plan
from innodivide.wording import join_names

BRIEF_EDITION = 2020  # the last edition that the brief could use


def leaders_or_size_and_wealth(main: Confirmatory, family: pd.DataFrame, plan: Plan) -> Finding:
    """C01: Tier-1 activity goes with being large and wealthy, or with leader status."""
    alpha, count = float(plan.fixed["test"]["alpha"]), int(plan.fixed["test"]["permutations"])
    size = inference.permutation_test(
        main.dyads,
        term="ln_population",
        controls=("ln_gdp_pc_pps", "leader"),
        method="rows",
        n_permutations=count,
        rng=stream(plan, 7),
    )
    leader, wealth = (family.loc[c, "verdict"] == "supported" for c in ("leaders", "wealth"))
    large = bool(size.p_value < alpha and size.estimate > 0)
    verdict = "supported" if leader or (wealth and large) else "partly" if wealth or large else "inconclusive"
    numbers = (
        f"Leaders: odds ratio {main.interval.estimate:.2f} ({main.interval.ci_low:.2f} to "
        f"{main.interval.ci_high:.2f}), p = {main.permutation.p_value:.2f}. "
        f"Size: p = {size.p_value:.4f}, {'more' if size.estimate > 0 else 'less'} with size. Wealth: p = "
        f"{family.loc['wealth', 'p_value']:.2f}."
    )
    return Finding(
        "C01", verdict, numbers, f"{main.profile.n_countries} states, {main.profile.n_ipceis} IPCEIs, complete"
    )


def _counts(frame: pd.DataFrame, names: dict) -> str:
    return join_names([f"{names[r.geo]} {r.n_participations}" for r in frame.itertuples()])


def named_five_dominate(main: Confirmatory, family: pd.DataFrame, plan: Plan, tables: Tables) -> Finding:
    """C02: five named states dominate; each should be in more than half of the IPCEIs, and the five above the rest."""
    names = dict(zip(*member_states(tables)[["geo", "name"]].T.to_numpy()))
    now = named_counts(main.dyads, NAMED_FIVE, tables)
    then = named_counts(ipcei_dyads(until=BRIEF_CUTOFF, tables=tables), NAMED_FIVE, tables)
    above = int((2 * now["n_participations"] > now["n_possible"]).sum())
    supported = family.loc["named_five", "verdict"] == "supported"
    verdict = "supported" if supported and above == len(now) else "contradicted" if 2 * above < len(now) else "partly"
    numbers = (
        f"Of {now['n_possible'].iloc[0]}: {_counts(now, names)}; {above} of the five are in more than half. Rate "
        f"{100 * family.loc['named_five', 'estimate']:+.0f} percentage points against "
        f"the rest, p (Holm) = {family.loc['named_five', 'p_holm']:.2f}. When the brief was written, of "
        f"{then['n_possible'].iloc[0]}: {_counts(then, names)}."
    )
    return Finding("C02", verdict, numbers, "membership complete; companies and aid by country are not")


def lowest_group_absent(main: Confirmatory, family: pd.DataFrame, plan: Plan, tables: Tables) -> Finding:
    """C03: the lowest group barely features, and the three named states were in it when the brief was written."""
    names = dict(zip(*member_states(tables)[["geo", "name"]].T.to_numpy()))
    groups = (
        tables["eis_group"]
        .query("edition == @BRIEF_EDITION", local_dict={"BRIEF_EDITION": BRIEF_EDITION})
        .set_index("geo")["group"]
    )
    counts = named_counts(main.dyads, NAMED_THREE, tables)
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
    return Finding("C03", verdict, numbers, "groups of the editions in force; membership complete")


def large_firms(tables: Tables) -> Finding:
    """C04: fewer than half of the companies are SMEs in every IPCEI that publishes the number."""
    rows = participation.sme_shares(tables)
    small = int((rows["share"] < 0.5).sum())
    verdict = "supported" if small == len(rows) else "partly" if small else "contradicted"
    shares = join_names([f"{r.ipcei_id} {r.share:.0%}" for r in rows.itertuples()])
    total = len(participation.register(tables))
    return Finding(
        "C04",
        verdict,
        f"SMEs among companies: {shares}.",
        f"number of SMEs published for {len(rows)} of {total} IPCEIs",
    )
