"""Regions in Tier 1 and Tier 2, with the best and the worst case where membership is not published.

All Tier-2 lists use NUTS codes of 2016, at any level from country to NUTS 3, so the frame is that of the NUTS 2 regions
of 2016: a member of a higher level covers its regions, one of a lower level lies in one. No source gives the region of
an IPCEI company, so the regional side of Tier 1 is only bounded by the number of companies of each state.
"""

import numpy as np
import pandas as pd

from innodivide.data import editions
from innodivide.data.tables import TAKING_PART, Tables, member_states
from innodivide.errors import DataError, ParameterError
from innodivide.indicators import nuts_links, participation
from innodivide.indicators.tiers.countries import Coverage

REGIONS = "2016"  # NUTS version of the region frame: that of all Tier-2 lists
POPULATION_YEAR = 2019  # last year in which every region of that version has a population here
CASES = ("as listed", "stated places", "anything possible")
THEMSELVES = "listed themselves"  # a check of the first case, no bound
UNSURE = ("weak", "approx")  # flags: perhaps no member; the code is that of a larger region


def tier2_memberships(tables: Tables) -> pd.DataFrame:
    """Return every named member region of Tier 2 in the EU27.

    Returns
    -------
    DataFrame
        instrument ("S3", "RIV", "I3", "clusters"), group_id (partnership or project), geo, region_name, nuts_code
        (2016, may be missing), sure (False: flagged weak, only interested, instrument not verified, or the member is
        a place within the region of its code), source_id.
    """
    s3, riv = tables["s3_partnership_region"], tables["riv_region"]
    i3, clusters = tables["i3_region"], tables["cluster_partnership_member"]
    parts = [
        s3.assign(instrument="S3", group_id=s3["partnership_id"], sure=~s3["flag"].isin(UNSURE)),
        riv.assign(instrument="RIV", group_id="RIV", sure=riv["status"] == "identified"),
        i3.assign(instrument="I3", group_id=i3["project"], sure=i3["instrument_verified"] & ~i3["flag"].isin(UNSURE)),
        clusters.assign(
            instrument="clusters", group_id=clusters["partnership_id"], sure=~clusters["flag"].isin(UNSURE)
        ),
    ]
    columns = ["instrument", "group_id", "geo", "region_name", "nuts_code", "sure", "source_id"]
    rows = pd.concat([p.assign(sure=p["sure"].fillna(True).astype(bool))[columns] for p in parts])
    rows = rows[rows["geo"].isin(member_states(tables)["geo"])].dropna(subset=["region_name"])
    return rows.drop_duplicates(columns[:-1]).sort_values(columns[:4], ignore_index=True)


def regions(tables: Tables) -> pd.DataFrame:
    """Return the NUTS 2 regions of 2016 of the EU27 (without extra-regio) with both tiers.

    Returns
    -------
    DataFrame
        nuts_code, geo, name, population (1 January 2019, missing if unknown), tier2_whole (a sure member covers the
        whole region), tier2_itself (likewise, by a member that is this region or a part of the EU that holds no
        other), tier2_any (any named member covers or lies in it, sure or not), n_instruments (distinct
        partnerships or projects of tier2_any), country_ipceis, country_companies (at most; what of Tier 1 could be
        there), group (Regional Innovation Scoreboard, carried to 2016 codes where the region did not change;
        missing otherwise).
    """
    nuts = tables["nuts"]
    frame = nuts[
        (nuts["nuts_version"] == REGIONS) & (nuts["level"] == 2) & nuts["geo"].isin(member_states(tables)["geo"])
    ]
    frame = frame[~frame["is_extra_regio"].fillna(False).astype(bool)][["nuts_code", "geo", "name"]]
    people = tables["region_year"].query(
        "variable == 'population_jan1' and nuts_version == @v and year == @y",
        local_dict={"v": REGIONS, "y": POPULATION_YEAR},
    )
    frame["population"] = frame["nuts_code"].map(people.set_index("nuts_code")["value"])
    members = tier2_memberships(tables).dropna(subset=["nuts_code"])
    groups = members.groupby(["instrument", "group_id"])["nuts_code"].apply(list)
    reach = {
        c: sum(any(c.startswith(m) or m.startswith(c) for m in inside) for inside in groups) for c in frame["nuts_code"]
    }
    sure = members.loc[members["sure"], "nuts_code"].drop_duplicates()
    frame["tier2_whole"] = covered(frame["nuts_code"], sure)
    alone = sure[[frame["nuts_code"].str.startswith(code).sum() == 1 for code in sure]]
    frame["tier2_itself"] = covered(frame["nuts_code"], alone)
    frame["n_instruments"] = frame["nuts_code"].map(reach)
    frame["tier2_any"] = frame["n_instruments"] > 0
    frame["country_ipceis"] = frame["geo"].map(participation.by_country(tables).set_index("geo")["n"])
    frame["country_companies"] = frame["geo"].map(companies_at_most(tables)).fillna(0).astype(int)
    frame["group"] = frame["nuts_code"].map(_groups(tables))
    return frame.sort_values("nuts_code", ignore_index=True)


def covered(codes: pd.Series, members: pd.Series) -> pd.Series:
    """Which NUTS codes lie wholly in a member: its code is theirs or begins it. Members without a code are skipped."""
    whole = tuple(sorted(set(members.dropna())))
    return codes.map(lambda code: code.startswith(whole)).astype(bool)


def companies_at_most(tables: Tables) -> pd.Series:
    """Return by geo the sum over IPCEIs of its companies; an unknown national count is what the IPCEI's total leaves.

    Of a total, the known national counts and one company for each other unknown state are taken off; at least one is
    left. The total counts a company in two states once, so where many are, this can be one or two too low.
    """
    rows = participation.presence(tables)[["geo", "ipcei_id", "role"]]
    rows = rows[rows["role"].isin(TAKING_PART)].merge(
        tables["ipcei_country"][["geo", "ipcei_id", "role", "n_companies"]], on=["geo", "ipcei_id", "role"]
    )
    known = rows.groupby("ipcei_id")["n_companies"].sum()
    open_states = rows[rows["n_companies"].isna()].groupby("ipcei_id").size()
    total = tables["ipcei"].set_index("ipcei_id")["n_companies"]
    rest = (total.reindex(known.index) - known - open_states.reindex(known.index).fillna(0) + 1).clip(lower=1)
    return rows["n_companies"].fillna(rows["ipcei_id"].map(rest)).groupby(rows["geo"]).sum()


def _groups(tables: Tables) -> pd.Series:
    """Innovation group of the RIS by code of the NUTS version `REGIONS`, for regions that did not change since."""
    parts, rows = (editions.of_latest(tables, name, editions.REGIONAL) for name in ("ris_nuts2", "ris_index"))
    link = nuts_links.parts(tables, REGIONS, nuts_links.one_version(parts, "scoreboard/ris_nuts2.csv"))
    link = link.loc[link["change"] == "unchanged", ["code_from", "code_to"]]
    group = rows.loc[rows["year"] == rows["year"].max(), ["region_code", "group"]]
    rows = link.merge(parts[["nuts_code", "region_code"]], left_on="code_to", right_on="nuts_code")
    return rows.merge(group, on="region_code").set_index("code_from")["group"]


def unlisted_places(tables: Tables) -> pd.DataFrame:
    """Return, for each Tier-2 instrument, stated places, named ones and the rest, where unnamed members are.

    Returns
    -------
    DataFrame
        instrument, group_id, stated (missing if no source states a number), named (all countries), unlisted (not below
        0).
    """
    partnership = tables["s3_partnership"]
    named = tables["s3_partnership_region"].groupby("partnership_id").size()
    rows = partnership[["partnership_id", "n_regions", "list_complete"]].rename(columns={"partnership_id": "group_id"})
    rows = rows.assign(instrument="S3", named=rows["group_id"].map(named).fillna(0).astype(int))
    rows["stated"] = rows["n_regions"].where(
        rows["list_complete"].isin(["yes", "no"])
    )  # "founding_only": it grew later
    valleys = tables["riv_region"].query("status == 'identified'")
    total = tables["eismea"].query("indicator_id == 'riv_regions' and country_coverage == 'total'")["value"]
    if len(total) != 1:
        raise DataError("tier2/eismea.csv: expected one total of riv_regions")
    rows.loc[len(rows)] = {"group_id": "RIV", "instrument": "RIV", "named": len(valleys), "stated": int(total.iloc[0])}
    unlisted = (rows["stated"] - rows["named"]).clip(lower=0)
    unlisted = unlisted.where(rows["list_complete"] != "yes", 0)
    return rows.assign(unlisted=unlisted.astype("Int64"))[["instrument", "group_id", "stated", "named", "unlisted"]]


def regions_by_tier(frame: pd.DataFrame, unlisted: int) -> pd.DataFrame:
    """Bound the number and the population of regions that are in neither tier.

    Three cases. "as listed": nobody is in Tier 2 but sure members that cover the whole region; each state with an IPCEI
    has one region in Tier 1, chosen to change least. This is the highest possible number in neither. "stated places":
    members that lie in a region count, `unlisted` further places each go to a new region, and each company of a state
    to a new region (one site for each company). "anything possible": companies may have many sites and partnerships
    without a stated number may be any size, so only what no list can change is left: the lowest possible number. A
    fourth row, "listed themselves", is the first case without the regions that only a larger member covers.

    Parameters
    ----------
    frame : DataFrame
        From `regions`.
    unlisted : int >= 0
        Sum of `unlisted_places`.

    Returns
    -------
    DataFrame
        One row per case: case, n_regions, neither, neither_share, neither_population (persons, at most in the first
        case, at least in the others), neither_population_share, population_known (regions with a population), coverage.
    """
    if unlisted < 0:
        raise ParameterError(f"unlisted={unlisted}: expected 0 or more")
    heads, total = frame["population"].fillna(0.0), float(frame["population"].sum())
    known = int(frame["population"].notna().sum())
    note = Coverage("regions with a population", known, len(frame), "Tier-1 regions not published; bounds")
    masks = [_most(frame, heads, "tier2_whole"), _stated(frame, heads, unlisted), pd.Series(False, index=frame.index)]
    masks += [_most(frame, heads, "tier2_itself")]
    rows = [
        {
            "case": case,
            "n_regions": len(frame),
            "neither": int(neither.sum()),
            "neither_share": neither.mean(),
            "neither_population": float(heads[neither].sum()),
            "neither_population_share": heads[neither].sum() / total,
            "population_known": known,
            "coverage": str(note),
        }
        for case, neither in zip((*CASES, THEMSELVES), masks)
    ]
    return pd.DataFrame(rows)


def bounds(rows: pd.DataFrame) -> tuple[int, int, int]:
    """Return from `regions_by_tier` the lowest and the highest number of regions in neither, and of all regions."""
    neither = rows.loc[rows["case"] != THEMSELVES, "neither"]
    return int(neither.min()), int(neither.max()), int(rows["n_regions"].iloc[0])


def states_wholly_inside(frame: pd.DataFrame) -> list[str]:
    """Return the states in an IPCEI whose every region is in Tier 2: one region of each at least is in both tiers.

    `frame` is `regions`. No source gives the region of a company in an IPCEI, so this is a lower bound.
    """
    inside = frame.groupby("geo").agg(whole=("tier2_whole", "all"), ipceis=("country_ipceis", "first"))
    return sorted(inside.index[inside["whole"] & (inside["ipceis"] > 0)])


def _most(frame: pd.DataFrame, heads: pd.Series, inside: str) -> pd.Series:
    """Mask of the regions in neither at most: a state without a Tier-2 region loses its least populous to Tier 1."""
    neither = ~frame[inside]
    for _, state in frame.groupby("geo"):
        if state["country_ipceis"].iloc[0] > 0 and not state[inside].any():
            neither[heads[state.index].idxmin()] = False
    return neither


def _stated(frame: pd.DataFrame, heads: pd.Series, unlisted: int) -> pd.Series:
    """Mask of the regions in neither at least: companies and unlisted places go to the most populous ones left."""
    left = pd.DataFrame({"geo": frame["geo"], "heads": heads, "cap": frame["country_companies"]})[~frame["tier2_any"]]
    left = left.sort_values("heads", ascending=False, kind="stable")
    left = left[left.groupby("geo").cumcount() >= left["cap"]].iloc[unlisted:]
    return pd.Series(np.isin(frame.index, left.index), index=frame.index)


def by_tier2(frame: pd.DataFrame) -> pd.DataFrame:
    """Return by innovation group (missing: none): group, n_regions, listed (tier2_any), population, listed_share.

    listed_share is the share of the population in regions that a Tier-2 list names; a lower bound of the true share.
    """
    rows = frame.assign(inside=frame["population"].where(frame["tier2_any"], 0.0)).groupby("group", dropna=False)
    out = rows.agg(
        n_regions=("nuts_code", "size"),
        listed=("tier2_any", "sum"),
        population=("population", "sum"),
        inside=("inside", "sum"),
    ).reset_index()
    out["listed_share"] = out["inside"] / out["population"].where(out["population"] > 0)
    return out.drop(columns="inside")
