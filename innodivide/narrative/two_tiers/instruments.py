"""What is known of every instrument of the two tiers (notebook 05), counted from the tables."""

import pandas as pd

from innodivide.data.tables import Tables, country_names, member_states
from innodivide.indicators import participation, tiers
from innodivide.indicators.regional_frame import PAYMENT_YEARS, regional_frame
from innodivide.narrative.words_file import Words
from innodivide.wording import join_names, sentence

KNOWN = Words("05_two_tiers").names("known of instruments")
ROWS = [  # tier, instrument, known by country, by region, how completely
    ("Tier 1", "IPCEIs", "yes", "no", "states complete, companies partial"),
    ("Tier 1", "Industrial Alliances", "no", "no", "totals only"),
    ("Tier 2", "Cluster partnerships", "some", "some", "partial, complete for some"),
    ("Tier 2", "Smart Specialisation (S3) partnerships", "some", "some", "partial, complete for some"),
    ("Tier 2", "EIC Accelerator", "some", "no", "total, and some states"),
    ("Tier 2", "EIC Pathfinder", "no", "no", "one share"),
    ("Tier 2", "Interregional Innovation Investments (I3)", "some", "some", "totals, and some projects"),
    ("Tier 2", "Regional Innovation Valleys (RIV)", "some", "some", "total, and some regions"),
    ("Tier 2", "European Digital Innovation Hubs (EDIH)", "no", "no", "totals only"),
    ("Tier 2", "Hydrogen Valleys", "no", "no", "totals only"),
    ("Reform, funds", "European Semester", "yes", "no", "proposals of every year, by keyword"),
    ("Reform, funds", "Recovery and Resilience Facility (RRF)", "yes", "no", "complete as planned"),
    ("Reform, funds", "Cohesion policy", "yes", "some", "plans by state; payments by region, in part modelled"),
    ("Reform, funds", "Horizon", "yes", "no", "a lower bound"),
]
TABLES = (
    "ipcei_country",
    "alliance",
    "alliance_membership",
    "alliance_country",
    "cluster_partnership",
    "cluster_partnership_member",
    "s3_partnership",
    "s3_partnership_region",
    "s3_aggregate",
    "eismea",
    "riv_region",
    "i3_region",
    "semester_theme",
    "rrf_country",
    "cohesion_country",
    "erdf_payment",
    "horizon_country",
)


def instruments(tables: Tables) -> pd.DataFrame:
    """Return one row for every instrument.

    Returns
    -------
    DataFrame
        tier, instrument, known (in words, with numbers), by_country, by_region ("yes", "some", "no"), complete.
    """
    rows = pd.DataFrame(ROWS, columns=["tier", "instrument", "by_country", "by_region", "complete"])
    values = _tier1(tables) | _partnerships(tables) | _eismea(tables) | _reform(tables)
    rows.insert(2, "known", [KNOWN[name].format(**values) for name in rows["instrument"]])
    return rows


def coverage_facts(rows: pd.DataFrame) -> dict:
    """Return how many instruments there are, and how many are known for all states and for all regions."""
    return {
        "n": len(rows),
        "country": int((rows["by_country"] == "yes").sum()),
        "region": int((rows["by_region"] == "yes").sum()),
        "some_region": int((rows["by_region"] == "some").sum()),
    }


def _tier1(tables: Tables) -> dict:
    states, names = participation.by_country(tables), country_names(tables)
    alliances = tables["alliance"].set_index("alliance_id")["name"]
    listed = tables["alliance_country"].assign(
        state=lambda d: d["geo"].map(names), name=lambda d: d["alliance_id"].map(alliances)
    )
    places = int(states["n"].sum())
    return {
        "places": places,
        "ipceis": int(states["n_possible"].max()),
        "counted_places": places - int(states["counts_missing"].sum()),
        "counted_alliances": tables["alliance_membership"]["alliance_id"].nunique(),
        "alliances": len(tables["alliance"]),
        "country_counts": len(tables["alliance_country"]),
        "country_members": join_names(
            [sentence("{r.members} of {r.state} in {r.name}", r=r) for r in listed.itertuples()]
        ),
    }


def _partnerships(tables: Tables) -> dict:
    rounds = tables["cluster_partnership"].query("level == 'generation'")
    member, named = tables["cluster_partnership_member"], tables["s3_partnership_region"]
    cover = tiers.s3_coverage(tables)
    return {
        "clusters": int(rounds["n_partnerships"].sum()),
        "rounds": len(rounds),
        "cluster_members": int(member["member"].notna().sum()),
        "named_clusters": member["partnership_id"].nunique(),
        "cluster_lists": int((tables["cluster_partnership"]["list_complete"] == "yes").sum()),
        "s3_known": cover.known,
        "s3_total": cover.total,
        "s3_some": named["partnership_id"].nunique() - cover.known,
        "s3_places": named["geo"].isin(member_states(tables)["geo"]).sum(),
    }


def _eismea(tables: Tables) -> dict:
    rows, states, investments = tables["eismea"], set(member_states(tables)["geo"]), tables["i3_region"]
    totals = rows[rows["country_coverage"] != "partial"].sort_values("period").groupby("indicator_id")["value"].last()
    selected = rows[rows["indicator_id"] == "eic_acc_companies"]
    by_state = selected[(selected["country_coverage"] == "partial") & selected["geo"].isin(states)]
    valleys = tables["riv_region"].query("status == 'identified'")
    named = valleys[valleys["geo"].isin(states)]
    return {
        **{indicator: f"{value:,.0f}" for indicator, value in totals.items()},
        "accelerator": selected.loc[selected["country_coverage"] == "total", "value"].max(),
        "accelerator_states": by_state["geo"].nunique(),
        "states": len(states),
        "pathfinder": rows.loc[rows["indicator_id"] == "eic_path_funding_share", "value"].iloc[0],
        "i3_regions": int(investments["region_name"].notna().sum()),
        "i3_named": investments["project"].nunique(),
        "valleys": len(named),
        "valley_states": named["geo"].nunique(),
    }


def _reform(tables: Tables) -> dict:
    states, texts = member_states(tables)["geo"], tables["semester_theme"]
    texts = texts[texts["geo"].isin(states)]
    funds = {
        "grants": tables["rrf_country"].dropna(subset=["plan_grants_meur"]),
        "cohesion": tables["cohesion_country"].query("fund == 'ERDF' and objective == 'TO1'"),
        "horizon": tables["horizon_country"].query("data_cut == '2017-07'"),
    }
    found = {"first_read": texts["year"].min(), "last_read": texts["year"].max(), "texts": len(texts)}
    found |= {"paid_regions": int(regional_frame(tables)["erdf_per_head"].notna().sum())}
    found |= {"paid_first": PAYMENT_YEARS[0], "paid_last": PAYMENT_YEARS[-1]}
    return found | {name: int(rows["geo"].isin(states).sum()) for name, rows in funds.items()}
