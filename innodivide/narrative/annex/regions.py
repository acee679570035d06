"""Regions: map and table, barriers, institutions."""

import re

import pandas as pd

from innodivide import figures, profile
from innodivide.exhibits import Exhibit, figure, say, sources_of, table
from innodivide.narrative.barriers import LABELS
from innodivide.panel import Tables, _tables
from innodivide.wording import join_names, show

READING = {"behind": "below", "ahead": "above", "within the margin": "not told apart"}


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


def barrier_exhibits(geo: str, rows: pd.DataFrame, draws: int, tables: Tables | None = None) -> list[Exhibit]:
    """Return the sentence on the lagging regions and what they share, and the table of barriers by region.

    `rows` is the frame of `claims.barriers.region_barrier_table`, made with `draws` resamples.
    """
    name, lagging = profile.names(tables)[geo], rows["group"] == "emerging"
    common = rows.loc[lagging, "general"].mode().sort_values()
    values = {"name": name, "n": len(rows), "lagging": int(lagging.sum())}
    text = _who_lags(len(rows), int(lagging.sum()))
    if lagging.any():
        text += (
            " Of the barriers that the lagging regions of the EU share, the largest for {it} are {common} "
            "(in brackets the mean gap of all lagging regions, in index points)."
        )
        it = "it" if lagging.sum() == 1 else "them"
        values |= {"it": it, "common": join_names(common.iloc[0].split("; "))}
        if (rows.loc[lagging, "general"] != common.iloc[0]).any():
            text += " Where a region does better in one of these, the table names what it shares instead."
    return [say("NA.9", text, **values), _barrier_table(name, rows, lagging, common, draws, values)]


def _who_lags(count: int, lagging: int) -> str:
    if count == 1:
        return (
            "The scoreboard treats {name} as one region, and it is among the lagging ones: those in the lowest group."
            if lagging
            else "The scoreboard treats {name} as one region, which is not among the lagging ones (the lowest group)."
        )
    if not lagging:
        return "No region of {name} is lagging: of its {n}, none is in the lowest group of the scoreboard."
    if lagging == count:
        return "All {n} regions of {name} are lagging, that is, in the lowest group of the scoreboard."
    verb = "is" if lagging == 1 else "are"
    text = "{lagging} of the {n} regions of {name} " + verb
    return text + " lagging, that is, in the lowest group of the scoreboard."


def _barrier_table(name, rows, lagging, common, draws, values) -> Exhibit:
    mixed = lagging.any() and not lagging.all()
    alike = not lagging.any() or (rows.loc[lagging, "general"] == common.iloc[0]).all()
    own = ["behind the EU in " + t if mixed and not low else t for t, low in zip(rows["own"], lagging)]
    rest = ["as named above" if len(common) and g == common.iloc[0] else g for g in rows["general"]]
    shown = rows.assign(
        shared=[g if low else "–" for g, low in zip(rest, lagging)],
        furthest=own,
        quality=[_short(t) for t in rows["government"]],
    )
    columns = {
        "name": "Region",
        "gap": ("Behind in the indicators", "{:.1f}"),
        "adjustment": ("Country factor", "{:+.1f}"),
        **({} if alike else {"shared": "Largest shared barriers"}),
        "furthest": "Largest own barriers" if lagging.any() else "Furthest behind the EU in",
        "quality": "Quality of government",
    }
    title = "Barriers, region by region" if len(rows) > 1 else "Barriers of {name} as a region"
    if not lagging.any():
        title = "Where the regions are behind the EU" if len(rows) > 1 else "Where {name} as a region is behind the EU"
    return table(
        "TA.6",
        title,
        shown,
        columns,
        values=values | {"draws": draws, "base": 100, "base_year": 2016},
        sources=[*sources_of(rows), "QOG_EQI_2021"],
        edition="RIS 2023",
        caption=_barrier_caption(bool(lagging.any()), mixed),
        note=_zeros(int(rows["n_zero"].sum())),
    )


def _barrier_caption(any_lagging: bool, mixed: bool) -> str:
    text = (
        "In index points, EU in {base_year} = {base}; weakest region first. Behind in the indicators: the gaps to the "
        "EU of all indicators together, weighted as in the published index; minus is ahead. Country factor: what is "
        "left of the gap of the published index; the scoreboard scales all regions of a country by one factor so "
        "that they agree with the national index, so this is not a barrier. "
    )
    if any_lagging:
        text += (
            "Own barriers: how much further behind than lagging regions in general, where the whole interval says so "
            "({draws} draws of countries). "
        )
    if mixed:
        text += "For a region that is not lagging: where it is furthest behind the EU. "
    return text + "Quality of government: distance to the EU with the published 95% margin."


def _zeros(count: int) -> str:
    if not count:
        return ""
    return f"{count} score{'' if count == 1 else 's'} of zero in these rows, read as the published index treats them."


def _short(text: str) -> str:
    """Return "below the EU (-0.81, -1.04 to -0.59)" as "below: −0.81 (−1.04 to −0.59)"."""
    found = re.fullmatch(r"(.*?)(?: the EU| from the EU) \((.*), (.*)\)", text)
    return _minus(f"{found[1]}: {found[2]} ({found[3]})" if found else text)


def _minus(text: str) -> str:
    return re.sub(r"(?<!\w)-(?=\d)", "−", text)


def institutions_table(geo: str, gaps: pd.DataFrame, tables: Tables | None = None) -> Exhibit:
    """Return the country's institutions against the EU; `gaps` is the frame of `regional.institutions_by_state`."""
    rows = gaps[gaps["geo"] == geo].sort_values(["gap_sd", "measure"], ascending=[False, True], ignore_index=True)
    margin = [
        None if pd.isna(low) else f"{show(-high, '{:+.2f}')} to {show(-low, '{:+.2f}')}: {READING[word]}"
        for low, high, word in zip(rows["gap_low"], rows["gap_high"], rows["reading"])
    ]
    shown = rows.assign(
        measure=[LABELS.get(m, text) for m, text in zip(rows["measure"], rows["label"])],
        distance=-rows["gap_sd"],
        margin=margin,
        place=[f"{r} of {n}" for r, n in zip(rows["rank"], rows["n_units"])],
    )
    behind = int((rows["gap"] > 0).sum())
    title = (
        "Institutions: at or above the EU in all {total} measures"
        if not behind
        else "Institutions: below the EU in {behind} of {total} measures, furthest in: {first}"
    )
    return table(
        "TA.7",
        title,
        shown,
        {
            "measure": "Measure",
            "year": "Year",
            "value": ("Value", "{:.2f}"),
            "reference": ("EU", "{:.2f}"),
            "distance": ("Distance to the EU, standard deviations", "{:+.2f}"),
            "place": "Place from the bottom",
            "margin": ("Margin of the distance", "", "–"),
        },
        values={"behind": behind, "total": len(rows), "first": shown["measure"].iloc[0]},
        sources=sources_of(rows),
        caption="Minus is below the EU, the mean of the Member States weighted with population; one standard "
        "deviation: between states. The measures of EQI are means of the regions. A 95% margin, in the unit of the "
        "value, is published for the quality of government as a whole only. Regional Competitiveness Index: year of "
        "its edition.",
    )
