"""Claims on the two tiers, on regions beyond them, on recovery and on reform money: numbers, coverage and verdict.

The rules stand in the supplement of analysis_plan.yml. Each function applies its rule and nothing else.
"""

import math

import numpy as np
import pandas as pd

from innodivide.data.tables import Tables, member_states
from innodivide.evidence import recovery
from innodivide.evidence.claims.finding import Finding
from innodivide.evidence.confirmatory import BRIEF_CUTOFF
from innodivide.indicators import tiers
from innodivide.indicators.tiers import money
from innodivide.models.inference.permutation import holm
from innodivide.models.network import bipartite
from innodivide.wording import join_names

ALPHA = 0.05
# A null range within this share of its mean on either side is narrow enough to show no more than activity explains.
NARROW = 0.10
BROAD_STATES = 2 / 3
CLOSE = 10
NOT_TESTABLE = "not testable with open data"


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def connected_states(found: pd.Series) -> str:
    """Verdict on the states' part of C05 from the row `pairs` of `bipartite.overlap_test`."""
    if found["p_value"] < ALPHA:
        return "supported" if found["observed"] < found["null_mean"] else "contradicted"
    inside = found["null_low"] <= found["observed"] <= found["null_high"]
    narrow = (
        max(found["null_high"] - found["null_mean"], found["null_mean"] - found["null_low"])
        <= NARROW * found["null_mean"]
    )
    return "supported" if inside and narrow else "inconclusive"


def tiers_hardly_connect(tables: Tables, rng: np.random.Generator, n_null: int = 9999) -> Finding:
    """C05: no more states in both tiers than their activity explains; regions and organisations are not testable."""
    matrix, sides = tiers.country_matrix(tables)
    rows = bipartite.overlap_test(matrix, sides, rng, n_null=n_null).set_index("statistic")
    pairs, both = rows.loc["pairs"], rows.loc["both"]
    states = connected_states(pairs)
    verdict = "partly" if states == "supported" else states
    plain = bipartite.overlap_test(matrix, sides, rng, "labels", n_null).set_index("statistic").loc["spearman"]
    numbers = (
        f"{pairs['observed']:.0f} cross-tier pairs where activity alone gives {pairs['null_mean']:.0f} "
        f"({pairs['null_low']:.0f} to {pairs['null_high']:.0f}), ratio {pairs['ratio']:.2f}, {_p(pairs['p_value'])}; "
        f"{both['observed']:.0f} states are in both (expected {both['null_mean']:.1f}). Activity left aside, the same "
        f"states are in both: rank correlation {plain['observed']:.2f}, {_p(plain['p_value'])}. For states: {states}; "
        f"for regions and organisations: {NOT_TESTABLE}."
    )
    seen = tiers.s3_coverage(tables)
    return Finding(
        "C05",
        verdict,
        numbers,
        f"IPCEI states complete; {seen}",
        f"States: {pairs['observed']:.0f} cross-tier pairs, activity alone gives {pairs['null_mean']:.0f} "
        f"({pairs['null_low']:.0f} to {pairs['null_high']:.0f}), {_p(pairs['p_value'])}; regions and organisations: "
        f"{NOT_TESTABLE}",
        f"IPCEIs complete, {seen.known} of {seen.total} S3 lists",
        f"Contradicted for states if there were more than about {pairs['null_high']:.0f} pairs (p below {ALPHA}); for "
        "the rest, lists of the regions and organisations in each instrument are wanting",
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
    growing = bool(growth["grew"].any()) and not fell
    states = bool(inside.mean() >= BROAD_STATES)
    parts = [growing, states, bool(people > 0.5)]
    verdict = (
        "supported"
        if all(parts)
        else "contradicted"
        if fell and not states
        else "partly"
        if any(parts)
        else "inconclusive"
    )
    counts = join_names(
        [f"{r.scope} {r.value:.0f} ({r.as_of}) and {r.later_value:.0f} ({r.later_as_of})" for r in growth.itertuples()],
        none=f"no scope was counted at two dates, so growth is {NOT_TESTABLE}",
    )
    out = join_names(sorted(by_state.loc[~inside, "name"]))
    numbers = (
        f"Partnerships: {counts}. Members known from {int(inside.sum())} of {len(inside)} states (none known: {out}) "
        f"and from regions with at least {people:.0%} of the people."
    )
    seen = tiers.s3_coverage(tables)
    return Finding(
        "C07",
        verdict,
        numbers,
        str(seen),
        f"Members known from {int(inside.sum())} of {len(inside)} states and from regions with at least {people:.0%} "
        f"of the people; counts of one scope at two dates: {len(growth)}",
        f"{seen.known} of {seen.total} S3 lists",
        "Supported if one count of the same partnerships at two dates rose and none fell; contradicted if one fell and "
        f"known members came from fewer than {math.ceil(BROAD_STATES * len(inside) - 1e-9)} states",
    )


def overlap_robustness(tables: Tables, rng: np.random.Generator, n_null: int = 999) -> pd.DataFrame:
    """Return the cross-tier pairs of C05 with other lists, IPCEIs and states.

    A variant that leaves out one list or state takes `n_null` random matrices, the others, which are quoted one by one
    and of which the one up to the brief is near a limit of the rule, `CLOSE` times as many.

    Returns
    -------
    DataFrame
        variant ("main", "closed lists only": without the founders of one that grew, "all named members": of every
        list, however partial, "until <brief>", "without <list>", "without <state>"), observed, null_mean, null_low,
        null_high, ratio, p_value, states (verdict on the states' part by the rule of C05).
    """
    main, sides = tiers.country_matrix(tables)
    lists = [c for c in main if sides[c] == "tier2"]
    founders = set(lists) - set(tiers.complete_partnerships(tables, founding=False))
    named = sorted(tables["s3_partnership_region"]["partnership_id"].unique())
    matrices = {
        "main": main,
        "closed lists only": main.drop(columns=sorted(founders)),
        "all named members": tiers.country_matrix(tables, lists=named)[0],
        f"until {BRIEF_CUTOFF}": tiers.country_matrix(tables, BRIEF_CUTOFF)[0],
        **{f"without {x}": main.drop(columns=x) for x in lists},
        **{f"without {g}": main.drop(index=g) for g in main.index},
    }
    sides = {**{c: "tier2" for c in named}, **sides}
    rows = []
    for variant, matrix in matrices.items():
        draws = n_null if variant.startswith("without") else CLOSE * n_null
        found = bipartite.overlap_test(matrix, sides, rng, n_null=draws).query("statistic == 'pairs'")
        rows.append(found.assign(variant=variant, states=connected_states(found.iloc[0])))
    columns = ["variant", "observed", "null_mean", "null_low", "null_high", "ratio", "p_value", "states"]
    return pd.concat(rows, ignore_index=True)[columns]


def recovery_verdict(rows: pd.DataFrame) -> str:
    """Apply the rule of C09 to the frame of `recovery.recovery_tests`."""
    rows = rows[(rows["outcome"] == "shortfall") & (rows["contrast"] == "gap")]
    main = rows[rows["main"]].iloc[0]
    again = rows[(rows["end"] == main["end"]) & (rows["sample"] != main["sample"])]
    later = rows[(rows["end"] != main["end"]) & (rows["sample"] == main["sample"])]
    same = np.sign(pd.concat([again, later])["estimate"]) == np.sign(main["estimate"])
    robust = bool(same.all() and (again["p_value"] < ALPHA).all())
    if main["p_value"] >= ALPHA:
        return "inconclusive"
    if main["estimate"] > 0:
        return "supported" if robust else "partly"
    return "contradicted" if robust else "inconclusive"


def uneven_recovery(tables: Tables, rng: np.random.Generator, n_permutations: int = 9999) -> Finding:
    """C09: the shortfall of GDP after the pandemic rises with the innovation gap."""
    rows = recovery.recovery_tests(tables, rng, n_permutations)
    gap = rows[rows["contrast"] == "gap"]
    shown = gap[((gap["outcome"] == "shortfall") & (gap["end"] == recovery.END)) | (gap["outcome"] == "shock")]
    text = join_names(
        [
            f"{r.outcome} {r.end} ({r.sample}) {r.estimate:+.2f} ({r.ci_low:+.2f} to {r.ci_high:+.2f}), {_p(r.p_value)}"
            for r in shown.itertuples()
        ]
    )
    ends = gap[(gap["outcome"] == "shortfall") & (gap["end"] != recovery.END) & (gap["sample"] == "EU27")]
    other = join_names([f"{r.end} {r.estimate:+.2f} ({_p(r.p_value)})" for r in ends.itertuples()])
    main = rows[rows["main"]].iloc[0]
    return Finding(
        "C09",
        recovery_verdict(rows),
        f"Percentage points for each 10 index points below the EU: {text}. Shortfall at {other}.",
        rows["coverage"].iloc[0],
        f"Shortfall of GDP in {main['end']}: {main['estimate']:+.2f} points ({main['ci_low']:+.2f} to "
        f"{main['ci_high']:+.2f}) for each 10 index points below the EU, {_p(main['p_value'])}",
        f"{main['n']} states",
        f"Partly if p were below {ALPHA}, at this precision a slope of about "
        f"{(main['ci_high'] - main['ci_low']) / 2:+.2f}; supported if also without Ireland and with the same sign in "
        "the years beside it; contradicted if all that held with the other sign",
    )


def regions_beyond(tables: Tables) -> Finding:
    """C11: more regions are in neither tier than in at least one, whatever the unpublished lists hold."""
    places = tiers.unlisted_places(tables)
    rows = tiers.regions_by_tier(tiers.regions(tables), int(places["unlisted"].sum()))
    low, high, total = rows["neither"].min(), rows["neither"].max(), rows["n_regions"].iloc[0]
    verdict = "supported" if 2 * low > total else "contradicted" if 2 * high <= total else NOT_TESTABLE
    cases = join_names(
        [f"{r.case} {r.neither} ({r.neither_population_share:.0%} of the people)" for r in rows.itertuples()]
    )
    unknown = int(places["unlisted"].isna().sum())
    spare = high - total // 2 - 1  # regions that may come off the list and still leave more than half
    return Finding(
        "C11",
        verdict,
        f"Of {total} regions in neither tier: {cases}.",
        f"{int(places['unlisted'].sum())} stated places without a name, {unknown} partnerships without a stated "
        f"number; no region of any IPCEI company; {tiers.s3_coverage(tables)}",
        f"Between {low} and {high} of {total} regions are in neither tier: what is not published decides",
        f"{tiers.s3_coverage(tables).known} of {tiers.s3_coverage(tables).total} S3 lists, no list for Tier 1",
        f"Supported if what is not published, member lists and the regions of IPCEI companies, reached at most {spare} "
        f"of the {high} regions that no list names; contradicted if it reached more"
        if spare >= 0
        else f"Supported if more than {total // 2} regions were in neither tier",
    )


def reform_money(tables: Tables, rng: np.random.Generator, n_permutations: int = 9999) -> Finding:
    """C12: reform money per head and the R&I recommendations of 2020 go where the gap is."""
    rows = money.money_against_gap(tables, rng, n_permutations)
    reform, last = rows[rows["reform"]], money.recommendation_against_gap(tables, rng, n_permutations).iloc[-1]
    tests = pd.concat(
        [
            reform.set_index("instrument")[["rho", "p_value"]].rename(columns={"rho": "estimate"}),
            last.to_frame("R&I recommendation 2020").T[["estimate", "p_value"]].astype(float),
        ]
    )
    tests["p_holm"] = holm(tests["p_value"])["p_holm"]
    clear = tests["p_holm"] < ALPHA
    towards, against = int((clear & (tests["estimate"] > 0)).sum()), int((clear & (tests["estimate"] < 0)).sum())
    verdict = (
        "supported"
        if towards == len(tests)
        else "contradicted"
        if 2 * against > len(tests)
        else "partly"
        if towards
        else "inconclusive"
    )
    shown = join_names([f"{n} {r.estimate:+.2f} ({_p(r.p_holm)})" for n, r in tests.iloc[:-1].iterrows()])
    other = join_names([f"{r.instrument} {r.rho:+.2f}" for r in rows[~rows["reform"]].itertuples()])
    wealth = join_names([f"{r.rho_given_wealth:+.2f}" for r in reform.itertuples()])
    numbers = (
        f"Rank correlation with the gap: {shown}; at equal GDP per head {wealth}. "
        "Mean gap of states with against without a recommendation in 2020: "
        f"{last['estimate']:+.1f} points ({_p(tests['p_holm'].iloc[-1])}). Beside it: {other}."
    )
    funds, wanting = tests.iloc[:-1], tests.index[~(clear & (tests["estimate"] > 0))]
    return Finding(
        "C12",
        verdict,
        numbers,
        f"{len(member_states(tables))} states; planned amounts; in 2019 every state got a recommendation",
        f"Money: rank correlation {funds['estimate'].min():+.2f} to {funds['estimate'].max():+.2f}, "
        f"{_p(funds['p_holm'].max())}, at equal GDP per head {reform['rho_given_wealth'].min():+.2f} to "
        f"{reform['rho_given_wealth'].max():+.2f}; gap of states with a recommendation less that of the others: "
        f"{last['estimate']:+.0f} points ({last['ci_low']:+.0f} to {last['ci_high']:+.0f}), "
        f"{_p(tests['p_holm'].iloc[-1])}",
        f"{len(member_states(tables))} states, planned money",
        f"Supported if {join_names(wanting, none='no part less')} ran with the gap too, p (Holm) below {ALPHA}; "
        f"contradicted if most of the {len(tests)} ran against it",
    )
