"""Claims C07 and C11 by the second registration: demand for partnerships, and regions in neither tier, longer lists."""

from collections import Counter

import pandas as pd

from innodivide.data.tables import Tables, member_states
from innodivide.evidence.claims.finding import NOT_TESTABLE, Finding, otherwise
from innodivide.evidence.claims.first_rules import beyond_verdict
from innodivide.evidence.claims.thresholds import BROAD_STATES, MAJORITY
from innodivide.indicators import tiers
from innodivide.models.estimators.unseen_species import UnseenSpecies, chao2
from innodivide.wording import join_names, sentence, teller


def breadth(tables: Tables) -> dict[str, float]:
    """Return how broad demand for partnerships is known to be, and could be at most.

    Known: states and people of regions with a member named in any S3 list. At most: each stated place without a name
    goes to a state that has none, or covers a whole state, those with most people in no list first.

    Returns
    -------
    dict
        states, states_total, states_at_most, people (0 to 1, at least), people_at_most.
    """
    regions, members = tiers.regions(tables), tiers.tier2_memberships(tables)
    members = members[(members["instrument"] == "S3") & members["sure"]]
    geos, total = set(members["geo"]), len(member_states(tables))
    places = tiers.unlisted_places(tables)
    spare = places.loc[places["instrument"] == "S3", "unlisted"]
    more = total if spare.isna().any() else int(spare.sum())  # a list of unknown length may hold anybody
    inside = tiers.covered(regions["nuts_code"], members["nuts_code"])
    people = regions["population"].groupby(inside).sum().reindex([True, False], fill_value=0)
    missed = regions.loc[~inside].groupby("geo")["population"].sum().nlargest(more).sum()
    return {
        "states": len(geos),
        "states_total": total,
        "states_at_most": min(total, len(geos) + more),
        "people": float(people[True] / people.sum()),
        "people_at_most": float((people[True] + missed) / people.sum()),
    }


def unseen(tables: Tables, what: str) -> UnseenSpecies:
    """Return the Chao2 estimate of states or regions in Tier 2, each complete list a sampling unit.

    It takes the lists for a random sample of all, which they are not, and every state or region for one that could be
    in a list.

    Parameters
    ----------
    what : {"states", "regions"}
        Member States, or NUTS 2 regions that a member covers or lies in.
    """
    rows = tiers.complete_lists(tables)
    rows = rows[rows["geo"].isin(member_states(tables)["geo"])]
    units = rows["partnership_id"].nunique()
    if what == "states":
        seen = rows.drop_duplicates(["geo", "partnership_id"])["geo"].tolist()
    else:
        codes = tiers.regions(tables)["nuts_code"]
        known = rows.dropna(subset=["nuts_code"]).groupby("partnership_id")["nuts_code"].apply(list)
        seen = [c for members in known for c in codes if any(c.startswith(m) or m.startswith(c) for m in members)]
    return chao2(list(Counter(seen).values()), units)


def demand(growth: pd.DataFrame, broad: dict[str, float]) -> str:
    """Verdict on C07 from `tiers.s3_growth` (with members) and `breadth`."""
    rose, fell = int(growth["grew"].sum()), int((growth["later_value"] < growth["value"]).sum())
    parts = [rose > 0 and fell == 0]
    parts += [broad["states"] >= BROAD_STATES * broad["states_total"], broad["people"] > MAJORITY]
    if all(parts):
        return "supported"
    best = broad["states_at_most"] >= BROAD_STATES * broad["states_total"], broad["people_at_most"] > MAJORITY
    if fell > rose and not any(best):
        return "contradicted"
    return "partly" if any(parts) else "inconclusive"


def estimate_text(found: UnseenSpecies, total: int) -> str:
    """Return the estimate with its interval, if it has one; of `total` that there are, so that no end lies beyond."""
    value, *ends = (None if v is None else min(v, total) for v in (found.estimate, found.ci_low, found.ci_high))
    interval = "" if None in ends else sentence(" ({low:.0f} to {high:.0f})", low=ends[0], high=ends[1])
    return sentence("{value:.0f}", value=value) + interval


def _scopes(growth: pd.DataFrame) -> str:
    """Return of what the counts are that can be compared: three pairs of one network are not three witnesses."""
    found = sorted(growth["scope"].unique())
    return f"all of one: {found[0]}" if len(found) == 1 else join_names(found, "of nothing")


def _pilots(tables: Tables) -> str:
    """What calls for pilots chose: no count of what exists, but read as one it would be a pair that counts."""
    rows = tables["s3_aggregate"].query("indicator_id.str.startswith('s3_pilot')").dropna(subset=["as_of"])
    chosen = ", then ".join(sentence("{v:.0f}", v=v) for v in rows.sort_values("as_of")["value"])
    text = "; the partnerships chosen in calls for pilots ({chosen}) are not read as a count of those that exist"
    return sentence(text, chosen=chosen) if chosen else ""


def c07(tables: Tables) -> Finding:
    """C07: demand for partnerships is broad and growing."""
    growth, broad = tiers.s3_growth(tables, members=True), breadth(tables)
    count = "{r.scope} {r.value:.0f} ({r.as_of}) to {r.later_value:.0f} ({r.later_as_of})"
    counts = [sentence(count, r=r) for r in growth.itertuples()]
    lists = tiers.complete_lists(tables)["partnership_id"].nunique()
    values: dict[str, object] = {"counts": join_names(counts, "none"), "b": broad, "lists": lists}
    values |= {"states": estimate_text(unseen(tables, "states"), len(member_states(tables)))}
    values |= {"seen": tiers.s3_coverage(tables), "scopes": _scopes(growth)}
    values |= {"rose": int(growth["grew"].sum()), "pairs": len(growth)}
    tell = teller(**values)
    verdict = demand(growth, broad)
    ways = {
        "supported": "if counts rose and none fell, and known members came from {part:.0%} of the states and from "
        "regions with more than half of the people",
        "partly": "if a count fell or known members came from fewer than {part:.0%} of the states",
        "contradicted": "if more counts fell than rose and the lists could not hold so many states",
    }
    if verdict != "supported":
        ways["partly"] = "if one of these held"
    return Finding(
        claim_id="C07",
        verdict=verdict,
        numbers=tell(
            "Counts of one scope at two dates: {counts}. Members known from {b[states]} of {b[states_total]} states, "
            "at most {b[states_at_most]}, and from regions with at least {b[people]:.0%} of the people. If the {lists} "
            "complete lists were a random sample, Chao2 would put the states in Tier 2 at {states}; they are not."
        ),
        coverage=str(values["seen"]),
        short=tell(
            "{rose} of {pairs} counts that can be compared rose ({scopes}). Members are known from {b[states]} of "
            "{b[states_total]} states and from regions with at least {b[people]:.0%} of the people."
        ),
        rests=tell("{seen.known} of {seen.total} S3 lists"),
        change=sentence(otherwise(verdict, ways), part=BROAD_STATES) + _pilots(tables),
    )


def c11(tables: Tables) -> Finding:
    """C11: most regions are in neither tier, whatever the unpublished lists hold."""
    places, seen = tiers.unlisted_places(tables), tiers.s3_coverage(tables)
    rows = tiers.regions_by_tier(tiers.regions(tables), int(places["unlisted"].sum()))
    low, high, total = tiers.bounds(rows)
    itself = int(rows.set_index("case").at[tiers.THEMSELVES, "neither"])
    case = "{r.case} {r.neither} ({r.neither_population_share:.0%} of the people)"
    values: dict[str, object] = {"low": low, "high": high, "total": total, "half": total // 2, "seen": seen}
    values |= {"most": total // 2 + 1, "itself": itself, "otherwise": beyond_verdict(low, itself, total)}
    values |= {"unlisted": int(places["unlisted"].sum()), "unknown": int(places["unlisted"].isna().sum())}
    values |= {"cases": join_names([sentence(case, r=r) for r in rows.itertuples()])}
    values |= {"lists": tiers.complete_lists(tables)["partnership_id"].nunique()}
    values |= {"inside": estimate_text(unseen(tables, "regions"), total)}
    tell, verdict = teller(**values), beyond_verdict(low, high, total)
    count = "{half} regions were in neither tier whatever the missing lists hold"
    ways = {"supported": f"if more than {count}", "contradicted": f"if at most {count}"}
    return Finding(
        claim_id="C11",
        verdict=verdict,
        numbers=tell(
            "Of {total} regions in neither tier: {cases}. If the {lists} complete lists were a random sample, Chao2 "
            "would put the regions in Tier 2 at {inside}; they are not, and it does not enter the verdict."
        ),
        coverage=tell(
            "{unlisted} stated places without a name, {unknown} partnerships without a stated number; no list of "
            "regions of IPCEI companies; {seen}"
        ),
        short=tell(
            "Between {low} and {high} of {total} regions are in neither tier, counting the parts of listed larger "
            "regions as listed (up to {itself} without them); most would be {most} or more"
        )
        + (", so what is not published decides." if verdict == NOT_TESTABLE else "."),
        rests=tell("{seen.known} of {seen.total} S3 lists, {lists} of Tier 2, none for Tier 1"),
        change=tell(
            otherwise(verdict, ways)
            + "; counting only regions listed by themselves ({itself} in neither at most): {otherwise}"
        ),
    )
