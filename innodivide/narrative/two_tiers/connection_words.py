"""Values, names and tables of the report on the two tiers (notebook 05): claims, states, partnerships, regions."""

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from innodivide.data.editions import PLAN
from innodivide.data.sources import table_sources
from innodivide.data.tables import Tables, member_states
from innodivide.evidence.claims import demand_and_beyond
from innodivide.evidence.claims.finding import Finding
from innodivide.evidence.claims.registry import statements
from innodivide.evidence.claims.thresholds import ALPHA
from innodivide.evidence.recovery import GROUP_EDITION, OTHER_ENDS
from innodivide.indicators import tiers
from innodivide.indicators.regional_frame import HEADS_YEAR, PAYMENT_YEARS, VERSION
from innodivide.narrative.words_file import Words
from innodivide.wording import join_names, p_text

# Where the evidence of each claim stands in the report.
EVIDENCE = {
    "C05": "T5.4, T5.5, F5.1",
    "C07": "T5.7, F5.3",
    "C09": "T5.15, F5.7",
    "C11": "T5.8",
    "C12": "T5.11, T5.12, T5.13, F5.6",
}
WORDS = Words("05_two_tiers")
STATISTICS = WORDS.names("statistics")
# Rows of large tables that the report uses: only their sources are cited.
USED = {
    "eis_index": f"edition == {PLAN['eis']}",
    "eis_group": f"edition == {GROUP_EDITION}",
    **dict.fromkeys(("ris_index", "ris_nuts2", "ris_score"), f"edition == {PLAN['ris']}"),
    "nuts": "nuts_version == '2016' and level == 2",
    "region_point": "nuts_version == '2016'",
    "horizon_country": "data_cut == '2017-07'",
    "cohesion_country": "objective == 'TO1' or objective == 'TO3'",
    "erdf_payment": f"year in {list(PAYMENT_YEARS)}",
    "region_year": f"year == {HEADS_YEAR} and nuts_version == '{VERSION}' and variable in "
    "['population_implied', 'gdp_pc_pps_eu27_100']",
    "country_panel": f"2016 <= year <= {max(OTHER_ENDS)} and variable in ['population', 'gdp_meur', 'gdp_pc_pps', "
    "'gdp_real_growth', 'berd_meur', 'rd_scoreboard_firms']",
}
CASES = WORDS.names("cases")


sources = partial(table_sources, used=USED)  # the sources of some tables, of the rows that the report uses


def claims_table(tables: Tables, findings: Sequence[Finding], first: Mapping[str, str]) -> pd.DataFrame:
    """Return claim_id, claim, verdict, by_first_rule (missing: it has one rule only), shown (exhibits), coverage.

    `first` is the verdict by the first rule, by claim.
    """
    claim = statements(tables)
    rows = [
        (f.claim_id, claim[f.claim_id], f.verdict, first.get(f.claim_id), EVIDENCE[f.claim_id], f.coverage)
        for f in findings
    ]
    return pd.DataFrame(rows, columns=["claim_id", "claim", "verdict", "by_first_rule", "shown", "coverage"])


def verdicts(findings: Sequence[Finding], first: Mapping[str, str]) -> dict:
    """Return the verdict of each claim by its id in lower case (first_ and id: by the first rule), and their number."""
    found = {f.claim_id.lower(): f.verdict for f in findings}
    before = {f"first_{claim.lower()}": verdict for claim, verdict in first.items()}
    return found | before | {"n_claims": len(found), "supported": sum(v == "supported" for v in found.values())}


def shape_rows(*frames: pd.DataFrame) -> pd.DataFrame:
    """Return tests against a null with the statistic and the p-value in words."""
    rows = pd.concat(frames, ignore_index=True)
    return rows.assign(statistic=rows["statistic"].map(STATISTICS), p=rows["p_value"].map(p_text))


def shape_facts(*tests: pd.DataFrame) -> dict:
    """Return which of nestedness and modularity differ from what the totals of rows and columns give."""
    rows = pd.concat(tests)
    outside = rows[rows["p_value"] < ALPHA]["statistic"].map(STATISTICS)
    return {"different": join_names(outside, none="neither nestedness nor modularity")}


# Smart Specialisation


def counts_rows(tables: Tables) -> pd.DataFrame:
    """Return every published number of partnerships or their members by scope: what, scope, value, date, pair.

    pair: "rose", "fell" or "same" against the number of the same scope before it, "" if there is none.
    """
    rows = tables["s3_aggregate"]
    label = tables["tier2_indicator"].set_index("indicator_id")["label"]
    rows = rows[rows["indicator_id"].str.contains("partnerships|pilot|posters|_regions")]
    rows = rows.assign(label=rows["indicator_id"].map(label), pair="")
    for count in tiers.s3_growth(tables, members=True).itertuples():
        same = rows["indicator_id"].eq(count.indicator_id) & rows["scope"].eq(count.scope)
        later = same & rows["as_of"].eq(count.later_as_of)
        rows.loc[later, "pair"] = "rose" if count.grew else "fell" if count.later_value < count.value else "same"
    return rows.sort_values(["scope", "label", "as_of"], ignore_index=True)


def demand_facts(tables: Tables) -> dict:
    """Return the numbers of C07: counts of one scope at two dates, states and people with a known member, Chao2."""
    growth, broad = tiers.s3_growth(tables, members=True), demand_and_beyond.breadth(tables)
    states, members = member_states(tables), tiers.tier2_memberships(tables)
    members = members[(members["instrument"] == "S3") & members["sure"]]
    return {
        "inside": broad["states"],
        "states": broad["states_total"],
        "at_most": broad["states_at_most"],
        "people": broad["people"],
        "without": join_names(sorted(states.loc[~states["geo"].isin(members["geo"]), "name"]), none="no state"),
        "pairs_of_counts": len(growth),
        "rose": int(growth["grew"].sum()),
        "fell": int((growth["later_value"] < growth["value"]).sum()),
        "scopes": join_names(sorted(growth["scope"].unique()), none="no scope"),
        "first_pairs": len(tiers.s3_growth(tables)),
        "lists": tiers.s3_coverage(tables).known,
        "partnerships": tiers.s3_coverage(tables).total,
        "all_lists": tiers.complete_lists(tables)["partnership_id"].nunique(),
        "chao_states": demand_and_beyond.estimate_text(demand_and_beyond.unseen(tables, "states"), len(states)),
    }


def tile_rows(tables: Tables) -> pd.DataFrame:
    """Return the regions of each state named by any S3 list (at least): geo, name, s3_known_regions, coverage."""
    return tiers.tier2_by_country(tables)[["geo", "name", "s3_known_regions", "coverage"]]


# Regions


def bounds_rows(bounds: pd.DataFrame) -> pd.DataFrame:
    """Return the bounds with the cases in words."""
    return bounds.assign(case=bounds["case"].map(CASES), people_mn=bounds["neither_population"] / 1e6)


def bounds_facts(tables: Tables, bounds: pd.DataFrame, frame: pd.DataFrame, places: pd.DataFrame) -> dict:
    """Return the numbers of C11 and of the map."""
    rows, inside = bounds.set_index("case"), demand_and_beyond.unseen(tables, "regions")
    fewest, most, _ = tiers.bounds(bounds)
    return {
        "chao_regions": demand_and_beyond.estimate_text(inside, int(bounds["n_regions"].iloc[0])),
        "in_lists": inside.s_obs,
        "n": int(bounds["n_regions"].iloc[0]),
        "most": most,
        "fewest": fewest,
        "itself": int(rows.at[tiers.THEMSELVES, "neither"]),
        "people_most": rows.at["as listed", "neither_population_share"],
        "listed": int(frame["tier2_any"].sum()),
        "first": join_names(sorted(frame.loc[frame["n_instruments"] == frame["n_instruments"].max(), "name"])),
        "first_lists": int(frame["n_instruments"].max()),
        "unlisted": int(places["unlisted"].sum()),
        "known": int(bounds["population_known"].iloc[0]),
        "no_number": int(places["unlisted"].isna().sum()),
    }


def group_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `by_tier2` by regional group in order, regions without a group last."""
    rows = tiers.by_tier2(frame).set_index("group")
    rows = rows.rename(index=lambda g: "no group, boundary changed" if pd.isna(g) else g)
    order = ["leader", "strong", "moderate", "emerging", "no group, boundary changed"]
    return rows.reindex([g for g in order if g in rows.index]).reset_index()


def group_facts(rows: pd.DataFrame) -> dict:
    """Return how many regions of the highest and of the lowest group a list names, and of how many."""
    by = rows.set_index("group")
    return {
        "top": int(by.at["leader", "listed"]),
        "top_n": int(by.at["leader", "n_regions"]),
        "bottom": int(by.at["emerging", "listed"]),
        "bottom_n": int(by.at["emerging", "n_regions"]),
    }


def map_points(tables: Tables, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the regions with their position, and what the bounds of C11 read of them.

    Columns code, name, geo, lon, lat, n_instruments, then those of `tiers.regions` on membership; source_id.
    """
    points = tables["region_point"].query("nuts_version == '2016'")[["nuts_code", "lon", "lat", "source_id"]]
    rows = frame.merge(points, on="nuts_code", how="left").rename(columns={"nuts_code": "code"})
    inside = ["tier2_whole", "tier2_itself", "tier2_any", "country_ipceis", "country_companies", "population"]
    return rows[["code", "name", "geo", "lon", "lat", "n_instruments", *inside, "source_id"]]
