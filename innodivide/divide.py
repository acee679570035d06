"""The divide as frames and facts: groups over editions, distances, spread over time, regions."""

import pandas as pd

from innodivide.data.tables import Tables, _tables, country_names, member_states
from innodivide.profile import index_relative_to_eu, region_names
from innodivide.wording import GROUPS


def group_history(tables: Tables | None = None) -> pd.DataFrame:
    """Return geo, name, edition, group, order (rank in the latest), flag and source_id for each edition."""
    tables = _tables(tables)
    members = member_states(tables)[["geo", "name"]]
    rows = tables["eis_group"].merge(members, on="geo")
    order = latest_index(tables).set_index("geo")["relative"].rank(ascending=False)
    rows["order"] = rows["geo"].map(order)
    columns = ["geo", "name", "edition", "group", "order", "flag", "source_id"]
    return rows[columns].sort_values(["geo", "edition"], ignore_index=True)


def latest_index(tables: Tables | None = None) -> pd.DataFrame:
    """Return the latest edition's index for all 27: geo, name, edition, year, relative, group, flag, source_id."""
    tables = _tables(tables)
    index = tables["eis_index"]
    members = member_states(tables)[["geo", "name"]]
    complete = index[index["geo"].isin(members["geo"])].groupby("edition")["geo"].nunique()
    edition = int(complete[complete == len(members)].index.max())
    rows = index_relative_to_eu(edition, tables)
    rows = rows[rows["year"] == rows["year"].max()].merge(members, on="geo").assign(edition=edition)
    columns = ["geo", "name", "edition", "year", "relative", "group", "flag", "source_id"]
    return rows[columns].sort_values("relative", ascending=False, ignore_index=True)


def group_means(series: pd.DataFrame) -> pd.DataFrame:
    """Return mean, lowest and highest index of each group by year: series, year, mean, low, high."""
    rows = series.groupby(["group", "year"])["relative"].agg(mean="mean", low="min", high="max").reset_index()
    return rows.rename(columns={"group": "series"})[["series", "year", "mean", "low", "high"]]


def regions(tables: Tables | None = None) -> pd.DataFrame:
    """Return the regions of RIS 2023 in the EU27, by code, named as in `profile.region_names`.

    Returns
    -------
    pandas.DataFrame
        Columns region_code, geo, country, name, relative (2023, EU of the year = 100), group, lon, lat, source_id.
    """
    tables = _tables(tables)
    register = tables["ris_region"].query("edition == 2023")
    register = register[register["geo"].isin(member_states(tables)["geo"])]
    index = tables["ris_index"].query("edition == 2023 and year == 2023")[
        ["region_code", "relative_to_eu_pct", "group", "source_id"]
    ]
    points = tables["region_point"].query("nuts_version == '2021'")[["nuts_code", "lon", "lat"]]
    rows = (
        register[["region_code", "geo"]]
        .merge(index, on="region_code")
        .merge(points.rename(columns={"nuts_code": "region_code"}), on="region_code", how="left")
    )
    rows = rows.rename(columns={"relative_to_eu_pct": "relative"})
    rows = rows.assign(
        country=rows["geo"].map(country_names(tables)), name=rows["region_code"].map(region_names(tables))
    )
    return rows[["region_code", "geo", "country", "name", "relative", "group", "lon", "lat", "source_id"]].sort_values(
        "region_code", ignore_index=True
    )


def region_groups(rows: pd.DataFrame) -> pd.DataFrame:
    """Return regions by country and group: geo, name, n, leader, strong, moderate, emerging, lowest, highest."""
    counts = rows.groupby(["geo", "group"]).size().unstack(fill_value=0).reindex(columns=list(GROUPS), fill_value=0)
    ends = rows.groupby("geo")["relative"].agg(lowest="min", highest="max", n="size")
    frame = counts.join(ends).join(rows.groupby("geo")["country"].first().rename("name")).reset_index()
    return frame[["geo", "name", "n", *GROUPS, "lowest", "highest"]]
