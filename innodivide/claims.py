"""The claims ledger: each claim of the brief with its numbers, coverage and verdict.

The rule behind each verdict stands in analysis_plan.yml (`claim_rules`), written before the numbers. Claims without a
rule there are listed as not tested in this version.
"""

from dataclasses import dataclass

import pandas as pd

from innodivide import convergence, inference, participation
from innodivide.confirmatory import BRIEF_CUTOFF, NAMED_FIVE, NAMED_THREE, Confirmatory, named_counts, stream
from innodivide.exhibits import join_names
from innodivide.panel import Tables, _tables, ipcei_dyads, member_states
from innodivide.plan import Plan
from innodivide.profile import index_relative_to_eu

NOT_TESTED = "not tested in this version"
ALMOST_TEN = (8, 9)  # how "almost ten" is read
MANY = 0.5  # how "many" is read: more than this share of the country's regions
BRIEF_EDITION = 2020  # the last edition that the brief could use
BRIEF_RIS_EDITION = 2019


@dataclass(frozen=True)
class Finding:
    """What the data say about one claim: verdict, the numbers in one sentence, and what they rest on."""

    claim_id: str
    verdict: str
    numbers: str
    coverage: str


def ledger(main: Confirmatory, family: pd.DataFrame, plan: Plan, tables: Tables | None = None) -> pd.DataFrame:
    """Return the ledger, one row for each claim of data/claims.csv.

    Returns
    -------
    pandas.DataFrame
        Columns claim_id, claim, place, verdict, numbers, coverage, test, rule, exhibit, source_id.
    """
    tables = _tables(tables)
    verdicts = family.set_index("claim")
    findings = [
        leaders_or_size_and_wealth(main, verdicts, plan),
        named_five_dominate(main, verdicts, plan, tables),
        lowest_group_absent(main, verdicts, plan, tables),
        large_firms(tables),
        least_innovative_regions(tables),
        divide_widens(plan, tables),
    ]
    frame = pd.DataFrame([f.__dict__ for f in findings])
    claims = tables["claim"].merge(frame, on="claim_id", how="left")
    claims["verdict"] = claims["verdict"].fillna(NOT_TESTED)
    claims["numbers"] = claims["numbers"].str.replace(r"(?<![\w])-(?=\d)", "−", regex=True)
    claims["rule"] = claims["claim_id"].map(plan.fixed["claim_rules"]).str.replace("_", " ")
    return claims[
        ["claim_id", "claim", "place", "verdict", "numbers", "coverage", "test", "rule", "exhibit", "source_id"]
    ]


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


def least_innovative_regions(tables: Tables) -> Finding:
    """C06: regions in the lowest group: many in Romania and Bulgaria, almost ten in Poland."""
    rows = (
        tables["ris_index"]
        .query("edition == @e", local_dict={"e": BRIEF_RIS_EDITION})
        .merge(tables["ris_region"][["edition", "region_code", "geo"]], on=["edition", "region_code"])
    )
    rows = rows[(rows["year"] == rows["year"].max()) & rows["geo"].isin(member_states(tables)["geo"])]
    count = rows[rows["group"] == "modest"].groupby("geo").size()
    total = rows.groupby("geo").size()
    parts = [bool(count.get("PL", 0) in ALMOST_TEN), *(bool(count.get(g, 0) / total[g] > MANY) for g in ("RO", "BG"))]
    verdict = "supported" if all(parts) else "partly" if any(parts) else "contradicted"
    numbers = (
        "Modest regions: "
        + join_names(
            [
                f"{n} {count.get(g, 0)} of {total[g]}"
                for g, n in (("PL", "Poland"), ("RO", "Romania"), ("BG", "Bulgaria"))
            ]
        )
        + "."
    )
    return Finding(
        "C06",
        verdict,
        numbers,
        f"RIS {BRIEF_RIS_EDITION}, {len(rows)} regions of Member States here; groups derived from the index and "
        f"the published thresholds",
    )


def divide_widens(plan: Plan, tables: Tables) -> Finding:
    """C08: the spread between countries grew (supported) or fell (contradicted) beyond its bootstrap interval."""
    series = index_relative_to_eu(2023, tables)
    change, beta = spread_change(plan, tables), convergence.beta_convergence(series)
    verdict = "supported" if change["ci_low"] > 0 else "contradicted" if change["ci_high"] < 0 else "inconclusive"
    numbers = (
        f"Spread (sd of the log index) {change['first']:.3f} in {series['year'].min()} and {change['last']:.3f} "
        f"in {series['year'].max()}, change {change['change']:+.3f} "
        f"({change['ci_low']:+.3f} to {change['ci_high']:+.3f}); beta {beta['beta']:+.4f} a year "
        f"({beta['ci_low']:+.4f} to {beta['ci_high']:+.4f})."
    )
    return Finding(
        "C08", verdict, numbers, "27 states, one edition's back-series (EIS 2023); earlier years are not comparable"
    )


def spread_change(plan: Plan, tables: Tables | None = None) -> dict:
    """Return the change of the spread between countries in the EIS 2023 series (`convergence.sigma_change`)."""
    return convergence.sigma_change(index_relative_to_eu(2023, tables), stream(plan, 8))


def spread_facts(plan: Plan, tables: Tables | None = None) -> dict:
    """Return the change of the spread and its interval, for the text."""
    found = spread_change(plan, tables)
    return {"change": found["change"], "low": found["ci_low"], "high": found["ci_high"]}


def verdict_counts(rows: pd.DataFrame) -> dict:
    """Return how many claims have each verdict, for the text."""
    counts = rows["verdict"].value_counts()
    tested = int((rows["verdict"] != NOT_TESTED).sum())
    order = ["supported", "partly", "inconclusive", "contradicted"]
    return {
        "total": len(rows),
        "tested": tested,
        "rest": len(rows) - tested,
        "counts": join_names([f"{int(counts[v])} {v}" for v in order if v in counts]),
    }
