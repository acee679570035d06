"""Regions: map and table, barriers, institutions."""

import pandas as pd

from innodivide import figures, profile
from innodivide.exhibits import Exhibit, figure, say, sources_of, table
from innodivide.panel import Tables, _tables


def region_exhibits(geo: str, tables: Tables | None = None) -> list[Exhibit]:
    """Return map and table of the regions, or one sentence for a country that the scoreboard treats as one region."""
    tables = _tables(tables)
    rows = profile.regions(geo, tables)
    name = profile.names(tables)[geo]
    if len(rows) == 1:
        own = rows.iloc[0]
        return [
            say(
                "NA.5",
                "The Regional Innovation Scoreboard {edition} treats {name} as one region: {group}, at "
                "{relative:.0f} percent of the EU "
                "({change:+.0f} points since {first}). There is no picture inside the country.",
                edition=2023,
                name=name,
                group=own["group"],
                relative=own["relative"],
                change=own["change"],
                first=2016,
            )
        ]
    best, last = rows.iloc[0], rows.iloc[-1]
    text = say(
        "NA.5",
        "{n} regions are covered. {best} is highest ({high:.0f} percent of the EU, {best_group}), {last} lowest "
        "({low:.0f}, {last_group}).",
        n=len(rows),
        best=best["name"],
        high=best["relative"],
        best_group=best["group"],
        last=last["name"],
        low=last["relative"],
        last_group=last["group"],
    )
    outline = tables["outline"]
    picture = figure(
        "FA.4",
        "Regions of {name} by innovation group",
        figures.region_map(rows.assign(geo=geo, code=rows["region_code"]), outline, "group", focus=geo),
        rows,
        values={"name": name, "n": len(rows), "best": best["name"], "last": last["name"]},
        alt="Map of {name} with one point for each of {n} regions, marked by innovation group. "
        "Highest: {best}. Lowest: {last}.",
        sources=[*sources_of(rows), *sources_of(outline)],
        edition="RIS 2023",
        caption="A point stands for a whole region. Outlines: Natural Earth. "
        "Points computed from NUTS boundaries, © EuroGeographics for the administrative boundaries.",
    )
    listing = table(
        "TA.4",
        "Regions from strongest to weakest",
        rows,
        {
            "name": "Region",
            "region_code": "Code",
            "group": "Group",
            "relative": ("Index, EU = 100", "{:.0f}"),
            "change": ("Change since the first year", "{:+.0f}"),
        },
        sources=sources_of(rows),
        edition="RIS 2023",
        caption="Change: percentage points of the EU average of the year, over the series of this edition.",
    )
    return [text, picture, listing]
