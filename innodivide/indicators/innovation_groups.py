"""The divide as frames and facts: groups over editions, distances, spread over time, regions."""

import pandas as pd

from innodivide.data.editions import latest
from innodivide.data.tables import Tables, member_states
from innodivide.errors import checked
from innodivide.indicators.country_profile import index_relative_to_eu


@checked
def group_history(tables: Tables) -> pd.DataFrame:
    """Return geo, name, edition, group, order (rank in the latest), flag and source_id for each edition.

    Examples
    --------
    >>> from innodivide import Tables
    >>> sorted(group_history(Tables())["geo"].unique())[:3]
    ['AT', 'BE', 'BG']
    """
    members = member_states(tables)[["geo", "name"]]
    rows = tables["eis_group"].merge(members, on="geo")
    order = latest_index(tables).set_index("geo")["relative"].rank(ascending=False)
    rows["order"] = rows["geo"].map(order)
    columns = ["geo", "name", "edition", "group", "order", "flag", "source_id"]
    return rows[columns].sort_values(["geo", "edition"], ignore_index=True)


@checked
def latest_index(tables: Tables) -> pd.DataFrame:
    """Return the latest edition's index for all 27: geo, name, edition, year, relative, group, flag, source_id.

    Examples
    --------
    >>> from innodivide import Tables
    >>> latest_index(Tables()).columns.tolist()
    ['geo', 'name', 'edition', 'year', 'relative', 'group', 'flag', 'source_id']
    """
    members, edition = member_states(tables)[["geo", "name"]], latest(tables, "eis", ("group", "index"))
    rows = index_relative_to_eu(tables, edition)
    rows = rows[rows["year"] == rows["year"].max()].merge(members, on="geo").assign(edition=edition)
    columns = ["geo", "name", "edition", "year", "relative", "group", "flag", "source_id"]
    return rows[columns].sort_values("relative", ascending=False, ignore_index=True)


def group_means(series: pd.DataFrame) -> pd.DataFrame:
    """Return mean, lowest and highest index of each group by year: series, year, mean, low, high."""
    rows = series.groupby(["group", "year"])["relative"].agg(mean="mean", low="min", high="max").reset_index()
    return rows.rename(columns={"group": "series"})[["series", "year", "mean", "low", "high"]]
