"""Verdicts by the rules first registered, for claims that a later registration judges anew: nothing but the verdict.

The rules stand in the plan and its supplement (analysis_plan.yml); C10 has its own module, as a report shows its parts.
"""

import numpy as np
import pandas as pd

from innodivide import models
from innodivide.data.editions import BRIEF
from innodivide.data.tables import Tables
from innodivide.evidence.claims.finding import NOT_TESTABLE
from innodivide.evidence.claims.thresholds import ALPHA, BROAD_STATES, MAJORITY, NARROW
from innodivide.evidence.confirmatory import NAMED_FIVE, NAMED_THREE, Confirmatory, claim_stream, named_counts
from innodivide.evidence.plan import Plan
from innodivide.indicators import convergence, participation, tiers
from innodivide.indicators.country_profile import index_relative_to_eu
from innodivide.indicators.tiers import money
from innodivide.models.inference.permutation import holm
from innodivide.models.network import bipartite
from innodivide.models.result import Result


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


def larger_more_often(size: Result, alpha: float) -> bool:
    """Return whether larger states take part clearly more often; `size` is `size_test`."""
    return bool(size.known("p_value")[0] < alpha and size.estimate > 0)


def c01(main: Confirmatory, family: pd.DataFrame, plan: Plan) -> str:
    """Tier-1 activity goes with being large and wealthy, or with leader status; `family` has the index claim."""
    leader, wealth = (family.loc[c, "verdict"] == "supported" for c in ("leaders", "wealth"))
    large = larger_more_often(size_test(main, plan), plan.alpha)
    if leader or (wealth and large):
        return "supported"
    return "partly" if wealth or large else "inconclusive"


def c02(main: Confirmatory, family: pd.DataFrame) -> str:
    """Five named states dominate: each in more than half of the IPCEIs, and the five above the rest."""
    now = named_counts(main.dyads, NAMED_FIVE)
    above = int((2 * now["n_participations"] > now["n_possible"]).sum())
    if family.at["named_five", "verdict"] == "supported" and above == len(now):
        return "supported"
    return "contradicted" if 2 * above < len(now) else "partly"


def c03(tables: Tables, family: pd.DataFrame) -> str:
    """The lowest group barely features, and the three named states were in it when the brief was written."""
    groups = tables["eis_group"].query("edition == @e", local_dict={"e": BRIEF["eis"]}).set_index("geo")["group"]
    verdict = family.at["modest_group", "verdict"]
    if verdict == "contradicted":
        return "contradicted"
    inside = all(groups[g] == "modest" for g in NAMED_THREE)
    return "supported" if verdict == "supported" and inside else "partly"


def c04(tables: Tables) -> str:
    """Fewer than half of the companies are SMEs in every IPCEI that publishes the number."""
    small = participation.sme_shares(tables)["share"] < MAJORITY
    return "supported" if small.all() else "partly" if small.any() else "contradicted"


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


def c05(tables: Tables, rng: np.random.Generator, n_null: int = 9999) -> str:
    """No more states in both tiers than their activity explains; regions and organisations are not testable."""
    states = connected_states(held(tables, rng, n_null).loc["pairs"])
    return "partly" if states == "supported" else states


def c07(tables: Tables) -> str:
    """Partnerships grow, and their members come from most states and from regions with most people."""
    growth, by_state, regions = tiers.s3_growth(tables), tiers.tier2_by_country(tables), tiers.regions(tables)
    members = tiers.tier2_memberships(tables)
    members = members[(members["instrument"] == "S3") & members["sure"]]
    names = tiers.covered(regions["nuts_code"], members["nuts_code"])
    people = regions.loc[names, "population"].sum() / regions["population"].sum()
    fell = bool((growth["later_value"] < growth["value"]).any())
    broad = bool(by_state["geo"].isin(members["geo"]).mean() >= BROAD_STATES)
    parts = [bool(growth["grew"].any()) and not fell, broad, bool(people > MAJORITY)]
    if all(parts):
        return "supported"
    if fell and not broad:
        return "contradicted"
    return "partly" if any(parts) else "inconclusive"


def c08(tables: Tables, plan: Plan) -> str:
    """The spread between countries grew (supported) or fell (contradicted) beyond its bootstrap interval."""
    change = convergence.sigma_change(index_relative_to_eu(tables), claim_stream(plan, "C08"))
    return "supported" if change["ci_low"] > 0 else "contradicted" if change["ci_high"] < 0 else "inconclusive"


def beyond_verdict(low: int, high: int, total: int) -> str:
    """Verdict on C11 from the lowest and the highest possible number of regions in neither tier."""
    return "supported" if 2 * low > total else "contradicted" if 2 * high <= total else NOT_TESTABLE


def c11(tables: Tables) -> str:
    """More regions are in neither tier than in at least one, whatever the unpublished lists hold."""
    places = tiers.unlisted_places(tables)
    rows = tiers.regions_by_tier(tiers.regions(tables), int(places["unlisted"].sum()))
    return beyond_verdict(*tiers.bounds(rows))


def c12(tables: Tables, rng: np.random.Generator, n_permutations: int = 9999) -> str:
    """Reform money per head and the R&I recommendations of 2020 go where the gap is."""
    rows = money.money_against_gap(tables, rng, n_permutations)
    last = money.recommendation_against_gap(tables, rng, n_permutations).iloc[-1]
    funds = rows[rows["reform"]].set_index("instrument")[["rho", "p_value"]].rename(columns={"rho": "estimate"})
    tests = pd.concat([funds, last.to_frame("recommendation").T[["estimate", "p_value"]].astype(float)])
    clear = holm(tests["p_value"])["p_holm"].to_numpy() < ALPHA
    towards, against = clear & (tests["estimate"] > 0), clear & (tests["estimate"] < 0)
    if towards.all():
        return "supported"
    if 2 * against.sum() > len(tests):
        return "contradicted"
    return "partly" if towards.any() else "inconclusive"
