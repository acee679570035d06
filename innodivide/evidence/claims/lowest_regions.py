"""Claim C06: where the least innovative regions are. Rule: analysis_plan.yml."""

import pandas as pd

from innodivide.data.editions import BRIEF
from innodivide.data.tables import Tables, member_states
from innodivide.evidence.claims.finding import Finding
from innodivide.evidence.claims.thresholds import ALMOST_TEN, MAJORITY
from innodivide.wording import join_names, teller


def lowest_by_state(tables: Tables) -> pd.DataFrame:
    """Return how many regions each Member State had in the lowest group of the edition that the brief had.

    Returns
    -------
    pandas.DataFrame
        Index geo (states with a region in that edition); n_regions, lowest.
    """
    rows = (
        tables["ris_index"]
        .query("edition == @e", local_dict={"e": BRIEF["ris"]})
        .merge(tables["ris_region"][["edition", "region_code", "geo"]], on=["edition", "region_code"])
    )
    rows = rows[(rows["year"] == rows["year"].max()) & rows["geo"].isin(member_states(tables)["geo"])]
    return (
        rows.assign(lowest=rows["group"] == "modest")
        .groupby("geo")
        .agg(n_regions=("region_code", "size"), lowest=("lowest", "sum"))
    )


def least_innovative_regions(tables: Tables) -> Finding:
    """C06: regions in the lowest group: many in Romania and Bulgaria, almost ten in Poland."""
    states = lowest_by_state(tables)
    total, count = states["n_regions"], states["lowest"]
    parts = [bool(count["PL"] in ALMOST_TEN), *(bool(count[g] / total[g] > MAJORITY) for g in ("RO", "BG"))]
    named = (("PL", "Poland"), ("RO", "Romania"), ("BG", "Bulgaria"))
    values: dict[str, object] = {
        "edition": BRIEF["ris"],
        "n": int(total.sum()),
        "low": min(ALMOST_TEN),
        "high": max(ALMOST_TEN),
    }
    values |= {"romania": int(MAJORITY * total["RO"]), "bulgaria": int(MAJORITY * total["BG"])}
    tell = teller(counts=join_names([f"{name} {count[g]} of {total[g]}" for g, name in named]), **values)
    return Finding(
        claim_id="C06",
        verdict="supported" if all(parts) else "partly" if any(parts) else "contradicted",
        numbers=tell("Modest regions: {counts}."),
        coverage=tell(
            "RIS {edition}, {n} regions of Member States here; groups derived from the index and the published "
            "thresholds"
        ),
        short=tell("Regions in the lowest of the four groups: {counts}."),
        rests=tell("{n} regions, RIS {edition}"),
        change=tell(
            "Partly if Poland had fewer than {low} or more than {high} such regions, Romania at most {romania} or "
            "Bulgaria at most {bulgaria}; contradicted if all three"
        ),
    )
