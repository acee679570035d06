"""Claims C05, C07 and C11 on the two tiers and on the regions beyond them: numbers, coverage and verdict.

The rules stand in the supplement of analysis_plan.yml. Each function applies its rule and nothing else.
"""

import math

import numpy as np
import pandas as pd

from innodivide.data.tables import Tables
from innodivide.evidence.claims.finding import NOT_TESTABLE, Finding
from innodivide.evidence.claims.thresholds import ALPHA, BROAD_STATES, MAJORITY, NARROW
from innodivide.indicators import tiers
from innodivide.models.network import bipartite
from innodivide.wording import join_names, p_text, sentence, teller


def connected_states(found: pd.Series) -> str:
    """Verdict on the states' part of C05 from the row `pairs` of `bipartite.overlap_test`."""
    if found["p_value"] < ALPHA:
        return "supported" if found["observed"] < found["null_mean"] else "contradicted"
    inside = found["null_low"] <= found["observed"] <= found["null_high"]
    reach = max(found["null_high"] - found["null_mean"], found["null_mean"] - found["null_low"])
    return "supported" if inside and reach <= NARROW * found["null_mean"] else "inconclusive"


def held(tables: Tables, rng: np.random.Generator, n_null: int = 9999) -> pd.DataFrame:
    """Return `bipartite.overlap_test` on the S3 lists with activity held, which the rule of C05 reads, by statistic."""
    matrix, sides = tiers.country_matrix(tables)
    return bipartite.overlap_test(matrix, sides, rng, n_null=n_null).set_index("statistic")


def tiers_hardly_connect(tables: Tables, rng: np.random.Generator, n_null: int = 9999) -> Finding:
    """C05: no more states in both tiers than their activity explains; regions and organisations are not testable."""
    matrix, sides = tiers.country_matrix(tables)
    rows = held(tables, rng, n_null)
    plain = bipartite.overlap_test(matrix, sides, rng, "labels", n_null).set_index("statistic").loc["spearman"]
    states, seen = connected_states(rows.loc["pairs"]), tiers.s3_coverage(tables)
    values: dict[str, object] = {
        "pairs": rows.loc["pairs"],
        "both": rows.loc["both"],
        "plain": plain,
        "seen": seen,
        "alpha": ALPHA,
    }
    values |= {"p_pairs": p_text(rows.at["pairs", "p_value"], "= "), "p_plain": p_text(plain["p_value"], "= ")}
    tell = teller(states=states, not_testable=NOT_TESTABLE, **values)
    return Finding(
        claim_id="C05",
        verdict="partly" if states == "supported" else states,
        numbers=tell(
            "{pairs[observed]:.0f} cross-tier pairs where activity alone gives {pairs[null_mean]:.0f} "
            "({pairs[null_low]:.0f} to {pairs[null_high]:.0f}), ratio {pairs[ratio]:.2f}, p {p_pairs}; "
            "{both[observed]:.0f} states are in both (expected {both[null_mean]:.1f}). Activity left aside, the same "
            "states are in both: rank correlation {plain[observed]:.2f}, p {p_plain}. For states: {states}; for "
            "regions and organisations: {not_testable}."
        ),
        coverage=f"IPCEI states complete; {seen}",
        short=tell(
            "States: {pairs[observed]:.0f} cross-tier pairs, activity alone gives {pairs[null_mean]:.0f} "
            "({pairs[null_low]:.0f} to {pairs[null_high]:.0f}), p {p_pairs}; regions and organisations: {not_testable}"
        ),
        rests=tell("IPCEIs complete, {seen.known} of {seen.total} S3 lists"),
        change=tell(
            "Contradicted for states if there were more than about {pairs[null_high]:.0f} pairs (p below {alpha}); for "
            "the rest, lists of the regions and organisations in each instrument are wanting"
        ),
    )


def partnership_demand(tables: Tables) -> Finding:
    """C07: partnerships grow, and their members come from most states and from regions with most people."""
    growth, by_state, regions = tiers.s3_growth(tables), tiers.tier2_by_country(tables), tiers.regions(tables)
    members = tiers.tier2_memberships(tables)
    members = members[(members["instrument"] == "S3") & members["sure"]]
    inside = by_state["geo"].isin(members["geo"])
    names = tiers.covered(regions["nuts_code"], members["nuts_code"])
    people = regions.loc[names, "population"].sum() / regions["population"].sum()
    fell = bool((growth["later_value"] < growth["value"]).any())
    broad = bool(inside.mean() >= BROAD_STATES)
    parts = [bool(growth["grew"].any()) and not fell, broad, bool(people > MAJORITY)]
    verdict = (
        "supported"
        if all(parts)
        else "contradicted"
        if fell and not broad
        else "partly"
        if any(parts)
        else "inconclusive"
    )
    counts = [
        f"{r.scope} {r.value:.0f} ({r.as_of}) and {r.later_value:.0f} ({r.later_as_of})" for r in growth.itertuples()
    ]
    seen = tiers.s3_coverage(tables)
    none = f"no scope was counted at two dates, so growth is {NOT_TESTABLE}"
    values: dict[str, object] = {
        "n": len(growth),
        "inside": int(inside.sum()),
        "total": len(inside),
        "people": people,
        "seen": seen,
    }
    values |= {"counts": join_names(counts, none), "outside": join_names(sorted(by_state.loc[~inside, "name"]))}
    tell = teller(broad=math.ceil(BROAD_STATES * len(inside) - 1e-9), **values)
    return Finding(
        claim_id="C07",
        verdict=verdict,
        numbers=tell(
            "Partnerships: {counts}. Members known from {inside} of {total} states (none known: {outside}) and from "
            "regions with at least {people:.0%} of the people."
        ),
        coverage=str(seen),
        short=tell(
            "Members known from {inside} of {total} states and from regions with at least {people:.0%} of the people; "
            "counts of one scope at two dates: {n}"
        ),
        rests=tell("{seen.known} of {seen.total} S3 lists"),
        change=tell(
            "Supported if one count of the same partnerships at two dates rose and none fell; contradicted if one fell "
            "and known members came from fewer than {broad} states"
        ),
    )


def beyond_verdict(low: int, high: int, total: int) -> str:
    """Verdict on C11 from the lowest and the highest possible number of regions in neither tier."""
    return "supported" if 2 * low > total else "contradicted" if 2 * high <= total else NOT_TESTABLE


def regions_beyond(tables: Tables) -> Finding:
    """C11: more regions are in neither tier than in at least one, whatever the unpublished lists hold."""
    places, seen = tiers.unlisted_places(tables), tiers.s3_coverage(tables)
    rows = tiers.regions_by_tier(tiers.regions(tables), int(places["unlisted"].sum()))
    low, high, total = rows["neither"].min(), rows["neither"].max(), rows["n_regions"].iloc[0]
    spare = high - total // 2 - 1  # regions that may come off the list and still leave more than half
    case = "{r.case} {r.neither} ({r.neither_population_share:.0%} of the people)"
    values: dict[str, object] = {
        "low": low,
        "high": high,
        "total": total,
        "half": total // 2,
        "spare": spare,
        "seen": seen,
    }
    values |= {"unlisted": int(places["unlisted"].sum()), "unknown": int(places["unlisted"].isna().sum())}
    tell = teller(cases=join_names([sentence(case, r=r) for r in rows.itertuples()]), **values)
    return Finding(
        claim_id="C11",
        verdict=beyond_verdict(low, high, total),
        numbers=tell("Of {total} regions in neither tier: {cases}."),
        coverage=tell(
            "{unlisted} stated places without a name, {unknown} partnerships without a stated number; no region of "
            "any IPCEI company; {seen}"
        ),
        short=tell("Between {low} and {high} of {total} regions are in neither tier: what is not published decides"),
        rests=tell("{seen.known} of {seen.total} S3 lists, no list for Tier 1"),
        change=tell(
            "Supported if what is not published, member lists and the regions of IPCEI companies, reached at most "
            "{spare} of the {high} regions that no list names; contradicted if it reached more"
            if spare >= 0
            else "Supported if more than {half} regions were in neither tier"
        ),
    )
