"""Regions and their barriers; institutions."""

import re

import pandas as pd

from innodivide import figures
from innodivide.data.sources import sources_of
from innodivide.data.tables import Tables, country_names
from innodivide.indicators import country_profile, peers
from innodivide.narrative.annex.short_names import called, excerpt, others
from innodivide.narrative.exhibits import Exhibit, figure, say, table
from innodivide.narrative.regional_barriers.lagging import LABELS
from innodivide.wording import join_names, show

READING = {"behind": "below", "ahead": "above", "within the margin": "not told apart"}
STRONGEST, WEAKEST = 2, 6  # regions of a long list that the table shows; the others stand in its CSV
NAMED = 2  # barriers named for a region
MEASURES = 5  # institutional measures shown


def region_figure(tables: Tables, geo: str) -> Exhibit | None:
    """Return the map of the regions beside the regions of the peers; None for a country that is one region."""
    rows, names = country_profile.regions(tables, geo), country_names(tables)
    if len(rows) == 1:
        return None
    parts = [country_profile.regions(tables, code).assign(geo=code) for code in [geo, *peers.of(tables, geo)]]
    every = pd.concat(parts, ignore_index=True)
    every["label"] = [names[g] for g in every["geo"]]
    outline, own = tables["outline"], every[every["geo"] == geo]
    best, last = own.iloc[0], own.iloc[-1]
    return figure(
        "FA.4",
        "Regions of {name} and of its nearest peers by innovation group",
        figures.regions_beside(
            own.assign(code=own["region_code"]), outline, every.rename(columns={"relative": "value"}), geo, "EU = 100"
        ),
        every,
        values={
            **called(names[geo]),
            "n": len(rows),
            "best": best["name"],
            "last": last["name"],
            "high": best["relative"],
            "low": last["relative"],
            "peers": join_names([called(n)["name"] for n in list(dict.fromkeys(every["label"]))[1:]]),
        },
        alt="Left, map of {name} with one point for each of {n} regions, marked by innovation group; highest {best}, "
        "lowest {last}. Right, the index of each region of {name}, from {low:.0f} to {high:.0f}, and of {peers}.",
        sources=[*sources_of(every), *sources_of(outline)],
        edition="RIS 2023",
        caption="A point stands for a whole region. Outlines: Natural Earth. Points computed from NUTS boundaries, "
        "© EuroGeographics for the administrative boundaries.",
    )


def barrier_exhibits(tables: Tables, geo: str, rows: pd.DataFrame, draws: int) -> list[Exhibit]:
    """Return the sentence on lagging regions and what they share, and the table of regions with their barriers.

    `rows` is the frame of `region_barriers.region_barrier_table`, made with `draws` resamples.
    """
    own = country_profile.regions(tables, geo).set_index("region_code")
    rows = rows.assign(change=rows["region_code"].map(own["change"]))
    name, lagging = country_names(tables)[geo], rows["group"] == "emerging"
    common = rows.loc[lagging, "general"].mode().sort_values()
    values = {**called(name), "n": len(rows), "lagging": int(lagging.sum())}
    text = _who_lags(len(rows), int(lagging.sum()))
    if lagging.any():
        text += (
            " Of the barriers that the lagging regions of the EU share, the largest for {it}, with the mean gap of all "
            "lagging regions in index points: {common}."
        )
        values |= {"it": "it" if lagging.sum() == 1 else "them", "common": common.iloc[0]}
    elif len(rows) == 1:
        text += " The table shows where {name} as a region is furthest behind the EU."
    else:
        text += " The table shows where each region of {name} is furthest behind the EU."
    return [say("NA.9", text, **values), _barrier_table(rows, lagging, draws, values)]


def _who_lags(count: int, lagging: int) -> str:
    if count == 1:
        return (
            "The scoreboard treats {name} as one region, and it is among the lagging ones: those in the lowest group."
            if lagging
            else "The scoreboard treats {name} as one region, which is not among the lagging ones (the lowest group)."
        )
    if not lagging:
        return "No region of {name} is lagging: none of its {n} is in the lowest group of the scoreboard."
    if lagging == count:
        return "All {n} regions of {name} are lagging, that is, in the lowest group of the scoreboard."
    verb = "is" if lagging == 1 else "are"
    text = "{lagging} of the {n} regions of {name} " + verb
    return text + " lagging, that is, in the lowest group of the scoreboard."


def _barrier_table(rows, lagging, draws, values) -> Exhibit:
    mixed = lagging.any() and not lagging.all()
    largest = {_first(g, 1, numbers=False) for g in rows.loc[lagging, "general"]}
    own = [_first(t) for t in rows["own"]]
    shown = rows.assign(
        shared=[_first(g, 1, numbers=False) if low else "–" for g, low in zip(rows["general"], lagging)],
        furthest=[f"behind the EU: {t}" if mixed and not low else t for t, low in zip(own, lagging)],
        quality=[_short(t) for t in rows["government"]],
        region=rows["name"] if len(rows) == 1 else [f"{n} ({c})" for n, c in zip(rows["name"], rows["region_code"])],
        place=[f"{show(v, '{:.0f}')} ({g})" for v, g in zip(rows["relative"], rows["group"])],
    )
    shown = shown.sort_values(["relative", "region_code"], ascending=[False, True], ignore_index=True)
    limit = STRONGEST + WEAKEST
    cut = len(shown) > limit
    if cut:  # the strongest and the weakest first, the middle after them, for the CSV
        order = [*range(STRONGEST), *range(len(shown) - WEAKEST, len(shown)), *range(STRONGEST, len(shown) - WEAKEST)]
        shown = shown.iloc[order]
    columns = {
        "region": "Region",
        "place": "Index (group)",
        "change": ("Change", "{:+.0f}"),
        **({"shared": "General barrier"} if len(largest) > 1 else {}),
        "furthest": "Own barriers" if lagging.any() else "Furthest behind the EU in",
        "quality": "Government",
    }
    title = "Regions of {name} and their barriers" if len(rows) > 1 else "Barriers of {name} as a region"
    if cut:
        title += ": the {top} strongest and the {weak} weakest of {n}"
    exhibit = table(
        "TA.4",
        title,
        shown,
        columns,
        values=values | {"draws": draws, "top": STRONGEST, "weak": WEAKEST, "largest": min(largest, default="")},
        sources=[*sources_of(rows), "QOG_EQI_2021"],
        edition="RIS 2023",
        caption=_barrier_caption(len(largest), mixed, cut, _shared_figure(rows["government"])),
        note=_zeros(int(rows["n_zero"].sum())),
    )
    return excerpt(exhibit, limit) if cut else exhibit


def _first(text: str, count: int = NAMED, numbers: bool = True) -> str:
    """Return the first of the barriers listed as "A (1.2); B (0.8)", with or without their points."""
    text = text.removeprefix("behind the EU in ").replace("nothing measured", "none of the indicators")
    kept = "; ".join(text.split("; ")[:count])
    return kept if numbers else re.sub(r" \(−?[\d.]+\)", "", kept)


def _shared_figure(government: pd.Series) -> bool:
    """Return whether regions have one figure of government between them: it is published for older, larger regions."""
    return bool(government[government != "no figure"].duplicated().any())


def _barrier_caption(general: int, mixed: bool, cut: bool, shared: bool) -> str:
    text = "Index: EU = 100; change in points since 2016. "
    if general:
        text += (
            "Largest general barrier, shared with the other lagging regions of the EU: {largest}. "
            if general == 1
            else "General barrier: the largest that the lagging regions of the EU share and this one has. "
        )
        text += (
            "Own: how many index points further behind than lagging regions in general, if the whole interval says so "
            "({draws} draws of countries). "
        )
    else:
        text += "In brackets: index points behind the EU. "
    if mixed:
        text += "Regions that do not lag: where furthest behind the EU. "
    text += "Government: quality of government, distance to the EU, standardised score, with its published 95% margin."
    text += " Regions with the same figure were one region of that index." if shared else ""
    return text + (" All regions and more barriers: in the data." if cut else " More barriers: in the data.")


def _zeros(count: int) -> str:
    if not count:
        return ""
    return f"{count} score{'' if count == 1 else 's'} of zero in these rows, read as the published index treats them."


def _short(text: str) -> str:
    """Return "below the EU (−0.81, −1.04 to −0.59)" as "−0.81 ± 0.23": the margin is the same on both sides."""
    found = re.fullmatch(r".* the EU \((.*), (.*) to (.*)\)", text)
    if not found:
        return text
    low, high = (float(found[i].replace("−", "-")) for i in (2, 3))
    return f"{found[1]} ± {(high - low) / 2:.2f}"


def institutions_table(tables: Tables, geo: str, gaps: pd.DataFrame) -> Exhibit:
    """Return the country's institutions against the EU, its peers and its group, the furthest behind first.

    `gaps` is the frame of `regional_analyses.institutions_by_state`. The quality of government as a whole stands on
    top, as the one measure with a published margin; six measures are shown, the rest stands in the CSV.
    """
    around = peers.circle(tables, geo).query("kind != 'eu'")
    rows = gaps[gaps["geo"] == geo].assign(whole=lambda f: f["measure"] != "eqi")
    rows = rows.sort_values(["whole", "gap_sd", "measure"], ascending=[True, False, True], ignore_index=True)
    distance = -gaps.pivot(index="geo", columns="measure", values="gap_sd")
    names = country_names(tables)
    shown = rows.assign(
        measure=[LABELS.get(m, text) for m, text in zip(rows["measure"], rows["label"])],
        place=[
            f"{(gaps.loc[gaps['measure'] == m, 'gap'] < g).sum() + 1} of {n}"
            for m, g, n in rows[["measure", "gap", "n_units"]].itertuples(index=False)
        ],
        **{
            f"distance_{i}": [peers.beside(distance[m], around)[i] for m in rows["measure"]] for i in range(len(around))
        },
    ).drop(columns="whole")
    heads = [
        others(peers.group_now(tables)[geo]) if k == "group" else names[m[0]] for k, m in around.itertuples(index=False)
    ]
    behind = rows[rows["gap"] > 0]
    title = (
        "Institutions of {name}: at or above the EU in all {total} measures"
        if behind.empty
        else "Institutions of {name}: below the EU in all {total} measures"
        if len(behind) == len(rows)
        else "Institutions of {name}: below the EU in {behind} of {total} measures"
    )
    values = {**called(names[geo]), "behind": len(behind), "total": len(rows), "shown": MEASURES}
    caption = (
        "Distance to the EU (mean of the states, weighted with population) in standard deviations between states; "
        "minus is below. Place: from the best. "
    )
    whole = rows.iloc[0]
    if whole["measure"] == "eqi" and pd.notna(whole["gap_low"]):
        values |= {"low": -whole["gap_high"], "high": -whole["gap_low"], "how": READING[whole["reading"]]}
        caption += (
            "The whole quality of government has a 95% margin: {low:+.2f} to {high:+.2f} in its own unit ({how}). "
        )
    return excerpt(
        table(
            "TA.5",
            title,
            shown,
            {
                "measure": "Measure",
                "year": "Year",
                "place": "Place",
                **{f"distance_{i}": (head, "{:+.2f}", "–") for i, head in enumerate(heads)},
            },
            values=values,
            sources=sources_of(rows),
            caption=caption + "Shown: {shown} of {total} measures, the others in the data.",
        ),
        MEASURES,
    )
