"""Who is in Tier 1 and Tier 2, by country and by region, with bounds where membership is not published.

Tier 1: IPCEIs (states complete, companies nearly, no region of any company). Tier 2: Smart Specialisation (S3)
partnerships (member lists complete for some only), Regional Innovation Valleys (RIV), interregional investments (I3),
cluster partnerships. Every frame carries a `coverage` column that says what it rests on.
"""

from dataclasses import dataclass

import pandas as pd

from innodivide.data.tables import TAKING_PART, Tables, integrated_ipceis, member_states
from innodivide.errors import DataError
from innodivide.indicators import participation
from innodivide.models.network.bipartite import bipartite_matrix


@dataclass(frozen=True)
class Coverage:
    """How much of something is known, `known` out of `total`, and a caveat; said beside a figure that rests on it."""

    what: str
    known: int
    total: int
    note: str

    def __str__(self) -> str:
        return f"{self.what}: {self.known} of {self.total} ({self.note})"


def s3_coverage(tables: Tables) -> Coverage:
    """Return how many S3 partnerships have a complete member list here, out of all that a source counts."""
    total = tables["s3_aggregate"].query("indicator_id == 's3_partnerships'")["value"]
    if len(total) != 1:
        raise DataError("tier2/s3_aggregate.csv: expected one row s3_partnerships")
    return Coverage(
        "S3 partnerships with a complete member list",
        len(complete_partnerships(tables)),
        int(total.iloc[0]),
        "not a random sample; absence from these lists is not absence from S3",
    )


def complete_partnerships(tables: Tables, founding: bool = True) -> list[str]:
    """Return the ids of the S3 partnerships with a complete list of members (`founding`: or of founders), sorted."""
    rows = tables["s3_partnership"]
    wanted = ["yes", "founding_only"] if founding else ["yes"]
    return sorted(rows.loc[rows["list_complete"].isin(wanted), "partnership_id"])


def complete_members(tables: Tables) -> pd.DataFrame:
    """Return the rows of `s3_partnership_region` in complete lists, without who joined after a list of founders."""
    rows = tables["s3_partnership_region"]
    inside = rows["partnership_id"].isin(complete_partnerships(tables))
    return rows[inside & (rows["role"] != "joined_later")]


def tier1_by_country(tables: Tables) -> pd.DataFrame:
    """Return Tier 1 by Member State: geo, name, group, n_ipcei, companies_min, companies_missing, population, coverage.

    companies_min adds one for every IPCEI without a national count (companies_missing of them). Industrial Alliances
    have no member list by country and are left out.
    """
    rows = participation.by_country(tables)
    rows = rows.rename(columns={"n": "n_ipcei", "counts_missing": "companies_missing"})
    places, missing = int(rows["n_ipcei"].sum()), int(rows["companies_missing"].sum())
    note = Coverage(
        "national company counts", places - missing, places, "states complete; Industrial Alliances not by country"
    )
    columns = ["geo", "name", "group", "n_ipcei", "companies_min", "companies_missing", "population"]
    return rows[columns].assign(coverage=str(note))


def tier2_by_country(tables: Tables) -> pd.DataFrame:
    """Return Tier 2 by Member State.

    Returns
    -------
    DataFrame
        geo, name; s3_partnerships, s3_places, s3_regions (complete lists only); s3_known_regions (any list, named
        members and leads: at least), riv_known, i3_known, clusters_known (at least); any_known (any of these);
        coverage.
    """
    frame = member_states(tables)[["geo", "name"]].set_index("geo")
    rows, full = tables["s3_partnership_region"], complete_members(tables)
    frame["s3_partnerships"] = full.groupby("geo")["partnership_id"].nunique()
    frame["s3_places"], frame["s3_regions"] = full.groupby("geo").size(), _distinct(full)
    frame["s3_known_regions"] = _distinct(rows)
    valleys = tables["riv_region"]
    frame["riv_known"] = _distinct(valleys[valleys["status"] == "identified"])
    frame["i3_known"] = _distinct(tables["i3_region"])
    named = tables["cluster_partnership_member"].groupby("geo")["member"].nunique()
    frame["clusters_known"] = named.clip(lower=1)  # members without a name count as one: they may be the named ones
    counts = [c for c in frame.columns if c != "name"]
    frame[counts] = frame[counts].fillna(0).astype(int)
    frame["any_known"] = (frame[counts] > 0).any(axis=1)
    return frame.assign(coverage=str(s3_coverage(tables))).reset_index()


def _distinct(rows: pd.DataFrame) -> pd.Series:
    """Number of distinct regions by country: by code, or by name where a member has no code."""
    return rows["nuts_code"].fillna(rows["region_name"]).groupby(rows["geo"]).nunique()


def complete_lists(tables: Tables) -> pd.DataFrame:
    """Return the members of all complete lists of Tier 2, S3 and cluster partnerships: geo, partnership_id, nuts_code.

    Members outside the EU27 stand in the lists too.
    """
    clusters = tables["cluster_partnership"].query("list_complete == 'yes'")["partnership_id"]
    named = tables["cluster_partnership_member"]
    rows = [complete_members(tables), named[named["partnership_id"].isin(clusters)]]
    return pd.concat([r[["geo", "partnership_id", "nuts_code"]] for r in rows], ignore_index=True)


def organisations_in_both(tables: Tables) -> list[str]:
    """Return the organisations named among the participants of an IPCEI and the members of a cluster partnership.

    By name alone, whatever its case: a lower bound, as most lists of Tier 2 are of regions and most are not published.
    """
    members = set(tables["cluster_partnership_member"]["member"].dropna().str.casefold())
    companies = tables["ipcei_participant"]["company"].drop_duplicates()
    return sorted(companies[companies.str.casefold().isin(members)])


def country_matrix(
    tables: Tables, until=None, lists=None, second: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the 0/1 matrix of the EU27 by IPCEIs and partnerships, and the tier ("tier1", "tier2") of each column.

    `until`: IPCEIs decided up to this day. `lists`: ids of S3 partnerships, with all named members, or None for
    `complete_partnerships` with `complete_members`. `second`: members (geo, partnership_id) in their place.
    """
    geos = list(member_states(tables)["geo"])
    ipceis = list(integrated_ipceis(tables, until)["ipcei_id"])
    if second is not None:
        named, lists = second, sorted(second.loc[second["geo"].isin(geos), "partnership_id"].unique())
    else:
        named = complete_members(tables) if lists is None else tables["s3_partnership_region"]
        lists = complete_partnerships(tables) if lists is None else list(lists)
    first = participation.presence(tables, until)
    first = first[first["role"].isin(TAKING_PART)][["geo", "ipcei_id"]].set_axis(["geo", "instrument"], axis=1)
    second = named[["geo", "partnership_id"]].set_axis(["geo", "instrument"], axis=1)
    edges = pd.concat([first, second[second["instrument"].isin(lists) & second["geo"].isin(geos)]])
    matrix = bipartite_matrix(edges, "geo", "instrument", geos, [*ipceis, *lists])
    return matrix, {c: "tier1" if c in ipceis else "tier2" for c in matrix.columns}


def listed_matrix(tables: Tables) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return `country_matrix` with every complete list of Tier 2: that of claim C05 in the second registration."""
    return country_matrix(tables, second=complete_lists(tables))


def s3_growth(tables: Tables, members: bool = False) -> pd.DataFrame:
    """Return each pair of published numbers of one scope at two dates, earlier first.

    Of partnerships; with `members` also of the members of one partnership or network.

    Partnerships founded over time say nothing here: closures are not recorded, so their sum could not fall.

    Returns
    -------
    DataFrame
        indicator_id, scope, as_of, value, later_as_of, later_value, grew; without rows if no scope has two dated
        counts.
    """
    known = tables["s3_aggregate"].dropna(subset=["as_of"])
    wanted = ("partnerships", "_regions") if members else "partnerships"
    known = known[known["indicator_id"].str.endswith(wanted)].sort_values("as_of")
    keys = ["indicator_id", "scope"]
    rows = known[[*keys, "as_of", "value"]].assign(
        later_as_of=known.groupby(keys)["as_of"].shift(-1), later_value=known.groupby(keys)["value"].shift(-1)
    )
    rows = rows.dropna(subset=["later_value"])
    return rows.assign(grew=rows["later_value"] > rows["value"]).reset_index(drop=True)
