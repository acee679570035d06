"""The divide as frames and facts: groups over editions, distances, spread over time, regions."""

import numpy as np
import pandas as pd

from innodivide import concentration
from innodivide.exhibits import join_names
from innodivide.panel import Tables, _tables, member_states
from innodivide.profile import index_relative_to_eu, names

GROUPS = ("leader", "strong", "moderate", "emerging")


def group_history(tables: Tables | None = None) -> pd.DataFrame:
    """Return group of each Member State in each edition: geo, name, edition, group, order (rank in the latest), flag, source_id."""
    tables = _tables(tables)
    members = member_states(tables)[["geo", "name"]]
    rows = tables["eis_group"].merge(members, on="geo")
    order = latest_index(tables).set_index("geo")["relative"].rank(ascending=False)
    rows["order"] = rows["geo"].map(order)
    columns = ["geo", "name", "edition", "group", "order", "flag", "source_id"]
    return rows[columns].sort_values(["geo", "edition"], ignore_index=True)


def latest_index(tables: Tables | None = None) -> pd.DataFrame:
    """Return the index of the latest edition that has one for all 27: geo, name, edition, year, relative, group, flag, source_id."""
    tables = _tables(tables)
    index = tables["eis_index"]
    members = member_states(tables)[["geo", "name"]]
    complete = index[index["geo"].isin(members["geo"])].groupby("edition")["geo"].nunique()
    edition = int(complete[complete == len(members)].index.max())
    rows = index_relative_to_eu(edition, tables)
    rows = rows[rows["year"] == rows["year"].max()].merge(members, on="geo").assign(edition=edition)
    columns = ["geo", "name", "edition", "year", "relative", "group", "flag", "source_id"]
    return rows[columns].sort_values("relative", ascending=False, ignore_index=True)


def edition_line(rows: pd.DataFrame) -> str:
    """Return the edition a figure rests on, as printed under it."""
    return f"EIS {rows['edition'].iloc[0]}"


def group_facts(history: pd.DataFrame) -> dict:
    """Return what the text says about the latest groups."""
    last = history["edition"].max()
    now = history[history["edition"] == last]
    lead = history[history["group"] == "leader"].groupby("name").size()
    always = sorted(lead[lead == history["edition"].nunique()].index)
    leaders = sorted(now.loc[now["group"] == "leader", "name"])
    return {"edition": int(last), "first": int(history["edition"].min()), "leaders": len(leaders), "names": join_names(leaders),
            "lowest": int(now["group"].isin(["modest", "emerging"]).sum()), "always": join_names(always, none="No states")}


def stability(history: pd.DataFrame, since: int = 2021) -> dict:
    """Return how many countries have had one and the same group in every edition on the present scale."""
    held = history[history["edition"] >= since].groupby("geo")["group"].nunique()
    return {"same": int((held == 1).sum()), "total": len(held), "since": since}


def extremes(rows: pd.DataFrame) -> dict:
    """Return the highest and the lowest country of `latest_index`."""
    return {"first": rows["name"].iloc[0], "high": rows["relative"].iloc[0], "last": rows["name"].iloc[-1], "low": rows["relative"].iloc[-1]}


def tile_facts(rows: pd.DataFrame) -> dict:
    """Return the leaders and the lowest group of `latest_index`, by name."""
    by = rows.sort_values("name").groupby("group")["name"].apply(list)
    return {"leaders": join_names(by.get("leader", [])), "lowest": join_names(by.get("emerging", []))}


def convergence_facts(spread: pd.DataFrame, beta: dict) -> dict:
    """Return what the text says about sigma and beta convergence; beta per halving of the start, percentage points a year."""
    first, last = spread["sd_log"].iloc[0], spread["sd_log"].iloc[-1]
    scale = -100 * np.log(2)
    return {"first_year": int(spread["year"].iloc[0]), "last_year": int(spread["year"].iloc[-1]), "first": first, "last": last,
            "direction": "fell" if last < first else "rose", "per_year": scale * beta["beta"], "low": scale * beta["ci_high"],
            "high": scale * beta["ci_low"], "n": beta["n"]}


def group_means(series: pd.DataFrame) -> pd.DataFrame:
    """Return mean, lowest and highest index of each group by year: series, year, mean, low, high."""
    rows = series.groupby(["group", "year"])["relative"].agg(mean="mean", low="min", high="max").reset_index()
    return rows.rename(columns={"group": "series"})[["series", "year", "mean", "low", "high"]]


def regions(tables: Tables | None = None) -> pd.DataFrame:
    """Return the EU27 regions of RIS 2023: region_code, geo, country, name, relative (EU = 100), group, lon, lat, source_id."""
    tables = _tables(tables)
    register = tables["ris_region"].query("edition == 2023")
    register = register[register["geo"].isin(member_states(tables)["geo"])]
    index = tables["ris_index"].query("edition == 2023 and year == 2023")[["region_code", "relative_to_eu_pct", "group", "source_id"]]
    points = tables["region_point"].query("nuts_version == '2021'")[["nuts_code", "lon", "lat"]]
    rows = register[["region_code", "geo", "name"]].merge(index, on="region_code").merge(
        points.rename(columns={"nuts_code": "region_code"}), on="region_code", how="left")
    rows = rows.rename(columns={"relative_to_eu_pct": "relative"}).assign(country=rows["geo"].map(names(tables)))
    return rows[["region_code", "geo", "country", "name", "relative", "group", "lon", "lat", "source_id"]].sort_values(
        "region_code", ignore_index=True)


def region_groups(rows: pd.DataFrame) -> pd.DataFrame:
    """Return regions by country and group: geo, name, n, leader, strong, moderate, emerging, lowest, highest."""
    counts = rows.groupby(["geo", "group"]).size().unstack(fill_value=0).reindex(columns=list(GROUPS), fill_value=0)
    ends = rows.groupby("geo")["relative"].agg(lowest="min", highest="max", n="size")
    frame = counts.join(ends).join(rows.groupby("geo")["country"].first().rename("name")).reset_index()
    return frame[["geo", "name", "n", *GROUPS, "lowest", "highest"]]


def region_facts(rows: pd.DataFrame) -> dict:
    """Return what the text says about regions; Theil T weights each region equally."""
    counts = rows["group"].value_counts()
    lowest = rows[rows["group"] == "emerging"].groupby("country").size().sort_values(ascending=False)
    top = list(lowest.index[:3])
    parts = concentration.theil_decomposition(rows["relative"].to_numpy(), rows["geo"].to_numpy()).set_index("component")["contribution"]
    return {"n": len(rows), "countries": rows["geo"].nunique(), "single": int((rows.groupby("geo").size() == 1).sum()),
            "leaders": int(counts["leader"]), "emerging": int(counts["emerging"]), "top": join_names(top),
            "top_share": lowest.iloc[:3].sum() / lowest.sum(), "between": parts["between"] / parts["total"]}


def lowest_regions(edition: int, tables: Tables | None = None) -> pd.DataFrame:
    """Return, for Member States with a region in the lowest group of an edition: geo, name, lowest, n (covered), share."""
    tables = _tables(tables)
    rows = tables["ris_index"].query("edition == @edition").merge(tables["ris_region"][["edition", "region_code", "geo"]], on=["edition", "region_code"])
    rows = rows[(rows["year"] == rows["year"].max()) & rows["geo"].isin(member_states(tables)["geo"])]
    frame = rows.assign(low=rows["group"].isin(["modest", "emerging"])).groupby("geo")["low"].agg(lowest="sum", n="size").reset_index()
    frame = frame[frame["lowest"] > 0].assign(name=lambda f: f["geo"].map(names(tables)), share=lambda f: f["lowest"] / f["n"])
    return frame.sort_values(["lowest", "geo"], ascending=[False, True], ignore_index=True)[["geo", "name", "lowest", "n", "share"]]


def spread_by_year(tables: Tables | None = None) -> pd.DataFrame:
    """Return sigma convergence of the countries in the EIS 2023 series (`convergence.sigma_convergence`)."""
    from innodivide.convergence import sigma_convergence

    return sigma_convergence(index_relative_to_eu(2023, tables))


def lowest_facts(rows: pd.DataFrame) -> dict:
    """Return how many regions are in the lowest group and which three countries have most of them."""
    return {"regions": int(rows["lowest"].sum()), "top": join_names(list(rows["name"].iloc[:3])),
            "share": rows["lowest"].iloc[:3].sum() / rows["lowest"].sum()}
