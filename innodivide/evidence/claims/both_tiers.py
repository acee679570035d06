"""Claim C05 by the second registration: two references, placebo pairs of instruments, and the choice of lists."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from innodivide.data.tables import Tables, country_names, integrated_ipceis
from innodivide.evidence.claims.finding import NOT_TESTABLE, Finding, beside, otherwise
from innodivide.evidence.confirmatory import stream
from innodivide.evidence.plan import Plan
from innodivide.indicators import tiers
from innodivide.models.network import bipartite
from innodivide.models.network.overlap_range import pairs_range
from innodivide.wording import join_names, p_text, sentence, teller

NULLS, PLACEBOS, LISTS = 105, 106, 107  # streams of the plan
HELD, ANEW = "activity held", "dealt anew"
PLACEBO_MATRICES, LIST_DRAWS = 1999, 1999
FIELDS = {  # placebo pairs within Tier 1: value chains of the first side, the other IPCEIs are the second
    "hydrogen and other IPCEIs": ("hydrogen",),
    "health and other IPCEIs": ("health",),
    "batteries, microelectronics and other IPCEIs": ("batteries", "microelectronics"),
}
WITHIN = "smart specialisation and cluster partnerships"


@dataclass(frozen=True)
class Connection:
    """The cross-tier pairs of states against both references, the placebo pairs, and the draws of lists.

    Attributes
    ----------
    nulls : pandas.DataFrame
        Index reference ("activity held", "dealt anew"), columns of `bipartite.against_null`.
    placebos : pandas.DataFrame
        One row for the tiers (first) and each placebo pair, activity held: pair, observed, null_mean, ratio, p_value,
        lowest, highest (what the margins allow), position (0 = lowest, 1 = highest).
    ratio_low, ratio_high : float
        95 % interval of the ratio to "dealt anew", lists of Tier 2 drawn with replacement.
    n_lists, n_ipceis : int
    whole : tuple of str
        States in an IPCEI whose every region is in Tier 2: one region of each at least is in both.
    """

    nulls: pd.DataFrame
    placebos: pd.DataFrame
    ratio_low: float
    ratio_high: float
    n_lists: int
    n_ipceis: int
    whole: tuple[str, ...] = ()


def connection(tables: Tables, plan: Plan) -> Connection:
    """Return everything that the rule of C05 reads."""
    matrix, sides = tiers.listed_matrix(tables)
    rng = stream(plan, NULLS)
    found = {}
    for reference, null in ((HELD, "curveball"), (ANEW, "labels")):
        rows = bipartite.overlap_test(matrix, sides, rng, null, plan.permutations).set_index("statistic")
        found[reference] = rows.loc["pairs"]
    nulls = pd.DataFrame(found).T
    low, high = _lists_drawn(matrix, sides, stream(plan, LISTS))
    count = pd.Series(sides).value_counts()
    placebos, whole = _placebos(tables, matrix, sides, plan), tiers.states_wholly_inside(tiers.regions(tables))
    return Connection(nulls, placebos, low, high, int(count["tier2"]), int(count["tier1"]), tuple(whole))


def _lists_drawn(matrix: pd.DataFrame, sides: dict, rng: np.random.Generator) -> tuple[float, float]:
    """95 % interval of the ratio of pairs to their mean when Tier 2 is dealt anew, which is n1.sum() n2.sum() / N."""
    first = np.array([sides[c] == "tier1" for c in matrix])
    array = matrix.to_numpy().astype(float)
    n1, lists = array[:, first].sum(axis=1), array[:, ~first]
    draws = rng.integers(lists.shape[1], size=(LIST_DRAWS, lists.shape[1]))
    n2 = np.stack([np.bincount(d, minlength=lists.shape[1]) for d in draws]) @ lists.T
    ratios = (n2 @ n1) * len(n1) / (n1.sum() * n2.sum(axis=1))
    low, high = np.quantile(ratios, [0.025, 0.975])
    return float(low), float(high)


def _placebos(tables: Tables, matrix: pd.DataFrame, sides: dict, plan: Plan) -> pd.DataFrame:
    """The tiers themselves and every placebo pair, with activity held and the range that the margins allow."""
    chains = integrated_ipceis(tables).set_index("ipcei_id")["value_chain"]
    ipceis = [c for c in matrix if sides[c] == "tier1"]
    lists = [c for c in matrix if sides[c] == "tier2"]
    smart = set(tables["s3_partnership"]["partnership_id"])
    pairs = {"Tier 1 and Tier 2": (matrix, sides)}
    for name, field in FIELDS.items():
        pairs[name] = matrix[ipceis], {c: "a" if chains[c] in field else "b" for c in ipceis}
    pairs[WITHIN] = matrix[lists], {c: "a" if c in smart else "b" for c in lists}
    rng, rows = stream(plan, PLACEBOS), []
    for name, (part, side) in pairs.items():
        tested = bipartite.overlap_test(part, side, rng, n_null=PLACEBO_MATRICES).set_index("statistic").loc["pairs"]
        first = np.array([side[c] == min(side.values()) for c in part])
        array = part.to_numpy()
        low, high = pairs_range(array.sum(axis=1), int(first.sum()), int((~first).sum()), int(array[:, first].sum()))
        row = {"pair": name, **tested[["observed", "null_mean", "ratio", "p_value"]], "lowest": low, "highest": high}
        rows.append(row | {"position": (tested["observed"] - low) / (high - low)})
    return pd.DataFrame(rows)


def against_chance(row: pd.Series) -> str:
    """Return where the pairs lie against the 95 % range of a reference, before what gives it."""
    inside = row["null_low"] <= row["observed"] <= row["null_high"]
    return "within what" if inside else beside(row["observed"] - row["null_mean"])


def states_connect(found: Connection, p_holm: pd.Series, alpha: float) -> str:
    """Verdict on the states' part of C05; `p_holm` by reference, corrected over the second registration's family."""
    if found.ratio_low <= 1 <= found.ratio_high:  # other lists would give another answer
        return "inconclusive"
    below = {r: found.nulls.at[r, "observed"] < found.nulls.at[r, "null_mean"] for r in (HELD, ANEW)}
    clear = {r: bool(p_holm[r] < alpha) for r in (HELD, ANEW)}
    if all(below[r] and clear[r] for r in (HELD, ANEW)):
        return "supported"
    tiers_row, others = found.placebos.iloc[0], found.placebos.iloc[1:]
    if below[HELD] and clear[HELD] and (tiers_row["position"] < others["position"]).all():
        return "partly"
    return "contradicted" if not below[ANEW] and clear[ANEW] else "inconclusive"


def c05(tables: Tables, plan: Plan, found: Connection, p_holm: pd.Series) -> Finding:
    """C05: Tier 1 and Tier 2 hardly connect, by states; regions and organisations as a lower bound."""
    states, seen = states_connect(found, p_holm, plan.alpha), tiers.s3_coverage(tables)
    both, names = tiers.organisations_in_both(tables), country_names(tables)
    texts = {k: p_text(v, "= ") for k, v in (("p_held", p_holm[HELD]), ("p_anew", p_holm[ANEW]))}
    placebo = "{r.pair} {r.position:.0%} (ratio {r.ratio:.2f})"
    values: dict[str, object] = {"held": found.nulls.loc[HELD], "anew": found.nulls.loc[ANEW], "found": found, **texts}
    values |= {"tiers": found.placebos.iloc[0], "states": states, "nothing": NOT_TESTABLE, "seen": seen}
    values |= {"placebos": join_names([sentence(placebo, r=r) for r in found.placebos.iloc[1:].itertuples()])}
    values |= {"firms": len(both), "whole": len(found.whole)}
    values["whole_names"] = join_names([names[g] for g in found.whole])
    values |= {key: against_chance(found.nulls.loc[name]) for key, name in (("how_held", HELD), ("how_anew", ANEW))}
    tell = teller(alpha=plan.alpha, **values)
    verdict = "partly" if states == "supported" else states
    ways = {
        "partly": "if the pairs lay below what activity gives, p (Holm) below {alpha}, and nearer their lowest value "
        "than every placebo pair",
        "contradicted": "if they lay above what dealing anew gives, p (Holm) below {alpha}, whatever lists are drawn",
    }
    return Finding(
        claim_id="C05",
        verdict=verdict,
        numbers=tell(
            "{anew[observed]:.0f} pairs of an IPCEI and a partnership in one state. If partnerships were dealt to the "
            "states anew: {anew[null_mean]:.0f} ({anew[null_low]:.0f} to {anew[null_high]:.0f}), ratio "
            "{anew[ratio]:.2f}, {found.ratio_low:.2f} to {found.ratio_high:.2f} over draws of the lists, p (Holm) "
            "{p_anew}. If each state keeps its number in both tiers together: {held[null_mean]:.0f} "
            "({held[null_low]:.0f} to {held[null_high]:.0f}), p (Holm) {p_held}; the margins allow "
            "{tiers[lowest]:.0f} to {tiers[highest]:.0f}, the pairs stand at {tiers[position]:.0%} of that range. "
            "Placebo pairs: {placebos}. Lower bounds: organisations named in both tiers {firms}; regions in both "
            "{whole} (of {whole_names}, whose every region is in Tier 2); for organisations and regions the claim is "
            "{nothing}."
        ),
        coverage=tell("IPCEI states complete; {found.n_lists} complete lists of Tier 2; {seen}"),
        short=tell(
            "Projects and partnerships meet in one state {anew[observed]:,.0f} times, {how_held} the states' activity "
            "gives ({held[null_low]:,.0f} to {held[null_high]:,.0f}) and {how_anew} partners dealt by chance "
            "({anew[null_low]:,.0f} to {anew[null_high]:,.0f}). Regions and organisations: {nothing}."
        ),
        rests=tell("{found.n_ipceis} IPCEIs complete, {found.n_lists} lists of Tier 2"),
        change=tell(otherwise(verdict, ways) + "; for regions and organisations, lists of both tiers are wanting"),
    )
