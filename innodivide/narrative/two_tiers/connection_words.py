"""Values, names and tables of the report on the two tiers (notebook 05): claims, states, partnerships, regions."""

from collections.abc import Mapping
from functools import partial

import pandas as pd

from innodivide.data.editions import PLAN
from innodivide.data.sources import table_sources
from innodivide.data.tables import Tables, member_states
from innodivide.evidence.claims.finding import Finding
from innodivide.evidence.claims.thresholds import ALPHA
from innodivide.evidence.recovery import GROUP_EDITION
from innodivide.indicators import tiers
from innodivide.narrative.words_file import Words
from innodivide.wording import join_names, p_text

# Where the evidence of each claim stands in the report.
EVIDENCE = {
    "C05": "T5.4, T5.5, F5.2",
    "C07": "T5.7, F5.3",
    "C09": "T5.15, F5.7",
    "C11": "T5.8",
    "C12": "T5.11, F5.6, T5.13",
}
WORDS = Words("05_two_tiers")
STATISTICS = WORDS.names("statistics")
NULLS = WORDS.names("nulls")
SIDES = ("IPCEI", "S3 partnership")
POSITIONS = WORDS.names("positions")
# Rows of large tables that the report uses: only their sources are cited.
USED = {
    "eis_index": f"edition == {PLAN['eis']}",
    "eis_group": f"edition == {GROUP_EDITION}",
    "ris_index": f"edition == {PLAN['ris']}",
    "nuts": "nuts_version == '2016' and level == 2",
    "region_point": "nuts_version == '2016'",
    "horizon_country": "data_cut == '2017-07'",
    "country_panel": "year >= 2016 and variable in ['population', 'gdp_meur', 'gdp_pc_pps', 'gdp_real_growth', "
    "'berd_meur', 'rd_scoreboard_firms']",
}
CASES = WORDS.names("cases")


sources = partial(table_sources, used=USED)  # the sources of some tables, of the rows that the report uses


def claims_table(tables: Tables, findings: list[Finding]) -> pd.DataFrame:
    """Return claim_id, claim, verdict, shown (exhibits) and coverage of each finding."""
    claim = tables["claim"].set_index("claim_id")["claim"]
    rows = [(f.claim_id, claim[f.claim_id], f.verdict, EVIDENCE[f.claim_id], f.coverage) for f in findings]
    return pd.DataFrame(rows, columns=["claim_id", "claim", "verdict", "shown", "coverage"])


def verdicts(findings: list[Finding]) -> dict:
    """Return the verdict of each claim by its id in lower case, and how many are supported."""
    found = {f.claim_id.lower(): f.verdict for f in findings}
    return found | {"n": len(found), "supported": sum(v == "supported" for v in found.values())}


# Tier 1 against Tier 2


def connection_facts(kept: pd.DataFrame, dealt: pd.DataFrame, for_states: str) -> dict:
    """Return the numbers of C05 from `overlap_test` under both nulls; `for_states` is their part's verdict."""
    rows, plain = kept.set_index("statistic"), dealt.set_index("statistic").loc["spearman"]
    pairs = rows.loc["pairs"]
    return {
        "both": int(rows.at["both", "observed"]),
        "n_first": int(pairs["n_first"]),
        "n_second": int(pairs["n_second"]),
        "pairs": int(pairs["observed"]),
        "mean": pairs["null_mean"],
        "low": pairs["null_low"],
        "high": pairs["null_high"],
        "ratio": pairs["ratio"],
        "p": p_text(pairs["p_value"], "= "),
        "direction": "fewer" if pairs["observed"] < pairs["null_mean"] else "more",
        "rho": plain["observed"],
        "p_rho": p_text(plain["p_value"], "= "),
        "for_states": for_states,
    }


def matrix_rows(tables: Tables, matrix: pd.DataFrame, sides: Mapping) -> pd.DataFrame:
    """Return the matrix as rows of name, instrument, tier (one of `SIDES`), ones only."""
    names = member_states(tables).set_index("geo")["name"]
    long = matrix.rename_axis(columns="instrument").stack().rename("inside").reset_index()
    long = long[long["inside"] == 1].drop(columns="inside")
    tier = long["instrument"].map({k: SIDES[v == "tier2"] for k, v in sides.items()})
    return long.assign(name=long["geo"].map(names), tier=tier).reset_index(drop=True)


def matrix_facts(tables: Tables, matrix: pd.DataFrame, sides: Mapping) -> dict:
    """Return the number of columns of each tier, order of rows and columns, and which partnerships the codes mean."""
    names = member_states(tables).set_index("geo")["name"]
    partnership = tables["s3_partnership"].set_index("partnership_id")["name"]
    total = matrix.sum(axis=1).rename(index=names).sort_index().sort_values(ascending=False, kind="stable")
    lists = [c for c in matrix if sides[c] == "tier2"]
    return {
        "n_ipcei": len(matrix.columns) - len(lists),
        "n_lists": len(lists),
        "order": list(total.index),
        "columns": list(matrix.columns),
        "codes": "; ".join(f"{c} {partnership[c]}" for c in lists),
        "nowhere": join_names(sorted(total.index[total == 0])),
    }


def country_rows(tables: Tables, points: pd.DataFrame) -> pd.DataFrame:
    """Return the states with both tiers and `connection_points`, most pairs first."""
    first, second = tiers.tier1_by_country(tables), tiers.tier2_by_country(tables).drop(columns=["name", "coverage"])
    rows = first.drop(columns="coverage").merge(second, on="geo").merge(points, on="geo")
    rows = rows.assign(position=rows["position"].map(POSITIONS), p=rows["p_value"].map(p_text))
    return rows.sort_values(["pairs", "n_ipcei", "name"], ascending=[False, False, True], ignore_index=True)


def point_facts(rows: pd.DataFrame) -> dict:
    """Return how many states are in both, one or neither tier, and those furthest from what activity gives."""
    where = rows["position"].value_counts()
    low = rows[rows["pairs"] < rows["null_low"]].sort_values("name")
    high = rows[rows["pairs"] > rows["null_high"]].sort_values("name")
    return {
        "both": int(where.get("both", 0)),
        "first_only": int(where.get("Tier 1 only", 0)),
        "second_only": int(where.get("Tier 2 only", 0)),
        "neither": int(where.get("neither", 0)),
        "below": join_names(low["name"]),
        "above": join_names(high["name"], none="no state"),
        "only": join_names(sorted(rows.loc[rows["position"] == "Tier 1 only", "name"])),
    }


def rows_of_tests(*frames: pd.DataFrame) -> pd.DataFrame:
    """Return tests against a null with the statistic, the null and the p-value in words."""
    rows = pd.concat(frames, ignore_index=True)
    return rows.assign(
        statistic=rows["statistic"].map(STATISTICS),
        null=rows["null"].map(lambda n: NULLS.get(n, n)),
        p=rows["p_value"].map(p_text),
    )


def robust_rows(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the variants of `overlap_robustness`: the named ones, then the extremes with one list or state out."""
    names = member_states(tables).set_index("geo")["name"]
    named = rows[~rows["variant"].str.startswith("without")]
    out = rows[rows["variant"].str.startswith("without")].sort_values("ratio")
    found = pd.concat([named, out.head(3), out.tail(3)], ignore_index=True)
    text = found["variant"].replace({"main": "as in the test", "closed lists only": "lists that did not grow later"})
    text = text.str.replace(r"^until .*", "IPCEIs up to the brief", regex=True)
    text = text.map(lambda v: f"without {names.get(v[8:], v[8:])}" if v.startswith("without ") else v)
    return found.assign(variant=text, p=found["p_value"].map(p_text))


def robust_facts(tables: Tables, rows: pd.DataFrame) -> dict:
    """Return in how many variants there are clearly fewer pairs than activity gives, and in which not."""
    clear = (rows["p_value"] < ALPHA) & (rows["observed"] < rows["null_mean"])
    found = robust_rows(tables, rows[~clear])["variant"].drop_duplicates()
    return {
        "n": len(rows),
        "clear": int(clear.sum()),
        "not_clear": join_names(found),
        "low": rows["ratio"].min(),
        "high": rows["ratio"].max(),
    }


def shape_facts(*tests: pd.DataFrame) -> dict:
    """Return which of nestedness and modularity differ from what the totals of rows and columns give."""
    rows = pd.concat(tests)
    outside = rows[rows["p_value"] < ALPHA]["statistic"].map(STATISTICS)
    return {"different": join_names(outside, none="neither nestedness nor modularity")}


# Smart Specialisation


def counts_rows(tables: Tables) -> pd.DataFrame:
    """Return every published number of partnerships: what, scope, value, date."""
    rows = tables["s3_aggregate"]
    label = tables["tier2_indicator"].set_index("indicator_id")["label"]
    rows = rows[rows["indicator_id"].str.contains("partnerships|pilot|posters")]
    return rows.assign(label=rows["indicator_id"].map(label)).sort_values(["as_of", "label"], ignore_index=True)


def demand_facts(tables: Tables) -> dict:
    """Return the numbers of C07: states and people with a known member, pairs of counts, states without."""
    states, frame, rows = member_states(tables), tiers.regions(tables), tiers.tier2_memberships(tables)
    rows = rows[(rows["instrument"] == "S3") & rows["sure"]]
    inside = states["geo"].isin(rows["geo"])
    people = frame.loc[tiers.covered(frame["nuts_code"], rows["nuts_code"]), "population"].sum()
    return {
        "inside": int(inside.sum()),
        "states": len(states),
        "without": join_names(sorted(states.loc[~inside, "name"])),
        "people": people / frame["population"].sum(),
        "pairs_of_counts": len(tiers.s3_growth(tables)),
        "lists": tiers.s3_coverage(tables).known,
        "partnerships": tiers.s3_coverage(tables).total,
    }


def tile_rows(tables: Tables) -> pd.DataFrame:
    """Return the regions of each state named by any S3 list (at least): geo, name, s3_known_regions, coverage."""
    return tiers.tier2_by_country(tables)[["geo", "name", "s3_known_regions", "coverage"]]


# Regions


def bounds_rows(bounds: pd.DataFrame) -> pd.DataFrame:
    """Return the bounds with the cases in words."""
    return bounds.assign(case=bounds["case"].map(CASES), people_mn=bounds["neither_population"] / 1e6)


def bounds_facts(bounds: pd.DataFrame, frame: pd.DataFrame, places: pd.DataFrame) -> dict:
    """Return the numbers of C11 and of the map."""
    rows = bounds.set_index("case")
    return {
        "n": int(bounds["n_regions"].iloc[0]),
        "most": int(bounds["neither"].max()),
        "fewest": int(bounds["neither"].min()),
        "people_most": rows.at["as listed", "neither_population_share"],
        "listed": int(frame["tier2_any"].sum()),
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
    """Return the regions with their position: code, name, geo, lon, lat, n_instruments, source_id."""
    points = tables["region_point"].query("nuts_version == '2016'")[["nuts_code", "lon", "lat", "source_id"]]
    rows = frame.merge(points, on="nuts_code", how="left").rename(columns={"nuts_code": "code"})
    return rows[["code", "name", "geo", "lon", "lat", "n_instruments", "source_id"]]
