"""Regions and their barriers; institutions."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from innodivide import figures
from innodivide.data.sources import sources_of
from innodivide.data.tables import Tables, country_names
from innodivide.errors import NotAvailable
from innodivide.indicators import country_profile, peers
from innodivide.indicators.barriers import region_eqi
from innodivide.indicators.regions import first_year, names_at
from innodivide.narrative.annex.short_names import WORDS, called, others, whom
from innodivide.narrative.exhibits import Exhibit
from innodivide.narrative.regional_barriers.quality import LABELS
from innodivide.wording import join_names, show

READING = WORDS.names("readings")
STRONGEST, WEAKEST = 2, 6  # regions of a long list that the table shows; the others stand in its CSV
NAMED = 2  # barriers named for a region
MEASURES = 5  # institutional measures shown


def region_figure(tables: Tables, geo: str, chosen: Sequence[str] = ()) -> Exhibit | None:
    """Return the map of the regions beside the regions of the peers; None for a country that is one region."""
    names = country_names(tables)
    parts = [country_profile.regions(tables, code).assign(geo=code) for code in [geo, *peers.of(tables, geo, chosen)]]
    if len(parts[0]) == 1:
        return None
    every = pd.concat(parts, ignore_index=True)
    every["label"] = [names[g] for g in every["geo"]]
    outline, own = tables["outline"], every[every["geo"] == geo]
    points, listed = own.assign(code=own["region_code"]), every.rename(columns={"relative": "value"})
    high, low = own["relative"].iloc[[0, -1]]
    return WORDS.of(tables).figure(
        "FA.4",
        figures.regions_beside(points, outline, listed, geo, **WORDS.chart("FA.4")),
        every,
        values={
            **called(names[geo]),
            "n": len(own),
            "whom": whom(chosen),
            "best": join_names(names_at(own, "relative", high)),
            "last": join_names(names_at(own, "relative", low)),
            "high": high,
            "low": low,
            "peers": join_names([called(n)["name"] for n in list(dict.fromkeys(every["label"]))[1:]]),
        },
        sources=[*sources_of(every), *sources_of(outline)],
    )


def barrier_exhibits(tables: Tables, geo: str, rows: pd.DataFrame, draws: int) -> list[Exhibit]:
    """Return the sentence on lagging regions and what they share, and the table of regions with their barriers.

    `rows` is the frame of `region_barrier_table`, made with `draws` resamples.
    """
    own = country_profile.regions(tables, geo).set_index("region_code")
    rows = rows.assign(change=rows["region_code"].map(own["change"]))
    lagging = rows["group"] == "emerging"
    common = rows.loc[lagging, "general"].mode().sort_values()
    values = called(country_names(tables)[geo]) | {"n": len(rows), "lagging": int(lagging.sum())}
    values |= {"it": "it" if lagging.sum() == 1 else "them", "common": common.iloc[0] if len(common) else ""}
    then = "shared" if lagging.any() else "table of one" if len(rows) == 1 else "table of all"
    text = WORDS.say("NA.9", _who_lags(len(rows), int(lagging.sum())), then, **values)
    return [text, _barrier_table(tables, rows, lagging, draws, values)]


def _who_lags(count: int, lagging: int) -> str:
    """Return the part of the sentence that fits the number of regions and of lagging ones."""
    if count == 1:
        return "one region, lagging" if lagging else "one region"
    if lagging in (0, count):
        return "all lagging" if lagging else "none lagging"
    return "one lagging" if lagging == 1 else "some lagging"


def _barrier_table(tables: Tables, rows: pd.DataFrame, lagging: pd.Series, draws: int, values: dict) -> Exhibit:
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
    values = values | {"draws": draws, "top": STRONGEST, "weak": WEAKEST, "largest": min(largest, default="")}
    values["first"] = first_year(tables)
    values["furthest"] = "Own barriers" if lagging.any() else "Furthest behind the EU in"
    government = _government(tables)
    exhibit = WORDS.of(tables).table(
        "TA.4",
        shown,
        values=values,
        sources=[*sources_of(rows), *sources_of(government)],
        title=["one region" if len(rows) == 1 else "regions, cut" if cut else "regions"],
        caption=_barrier_caption(len(largest), mixed, cut, _shared_figure(rows["government"])),
        note=_zeros(int(rows["n_zero"].sum())),
        without=[] if len(largest) > 1 else ["shared"],
    )
    return replace(exhibit, shown=limit) if cut else exhibit


def _government(tables: Tables) -> pd.DataFrame:
    """Return the rows of the quality of government that are shown; none if the table is left out."""
    try:
        return region_eqi(tables)
    except NotAvailable:
        return pd.DataFrame()


def _first(text: str, count: int = NAMED, numbers: bool = True) -> str:
    """Return the first of the barriers listed as "A (1.2); B (0.8)", with or without their points."""
    text = text.removeprefix("behind the EU in ").replace("nothing measured", "none of the indicators")
    kept = "; ".join(text.split("; ")[:count])
    return kept if numbers else re.sub(r" \(−?[\d.]+\)", "", kept)


def _shared_figure(government: pd.Series) -> bool:
    """Return whether regions have one figure of government between them: it is published for older, larger regions."""
    return bool(government[government != "no figure"].duplicated().any())


def _barrier_caption(general: int, mixed: bool, cut: bool, shared: bool) -> list[str]:
    """Return the parts of the caption that fit: number of largest general barriers, both kinds of region, cut off."""
    kinds = ["one general" if general == 1 else "several general", "own"] if general else ["none lagging"]
    end = "more regions" if cut else "more barriers"
    return ["index", *kinds, *(["others"] if mixed else []), "government", *(["same figure"] if shared else []), end]


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


def institutions_table(tables: Tables, geo: str, gaps: pd.DataFrame, chosen: Sequence[str] = ()) -> Exhibit:
    """Return the country's institutions against the EU, its peers and its group, the furthest behind first.

    `gaps` is the frame of `regional_analyses.institutions_by_state`. The quality of government as a whole stands on
    top, as the one measure with a published margin; `MEASURES` are shown, the rest stands in the CSV.
    """
    around, names = peers.circle(tables, geo, chosen).query("kind != 'eu'"), country_names(tables)
    rows = gaps[gaps["geo"] == geo].assign(whole=lambda f: f["measure"] != "eqi")
    rows = rows.sort_values(["whole", "gap_sd", "measure"], ascending=[True, False, True], ignore_index=True)
    distance = -gaps.pivot(index="geo", columns="measure", values="gap_sd")
    beside = [peers.beside(distance[m], around) for m in rows["measure"]]
    shown = rows.assign(
        measure=[LABELS.get(m, text) for m, text in zip(rows["measure"], rows["label"])],
        place=[
            f"{(gaps.loc[gaps['measure'] == m, 'gap'] < g).sum() + 1} of {n}"
            for m, g, n in rows[["measure", "gap", "n_units"]].itertuples(index=False)
        ],
        **{f"distance_{i}": [found[i] for found in beside] for i in range(len(around))},
    ).drop(columns="whole")
    heads = [
        others(peers.group_now(tables)[geo]) if k == "group" else names[m[0]] for k, m in around.itertuples(index=False)
    ]
    behind, whole = int((rows["gap"] > 0).sum()), rows.iloc[0]
    values = {**called(names[geo]), "behind": behind, "total": len(rows), "shown": MEASURES}
    margin = whole["measure"] == "eqi" and pd.notna(whole["gap_low"])
    if margin:
        values |= {"low": -whole["gap_high"], "high": -whole["gap_low"], "how": READING[whole["reading"]]}
    made = WORDS.table(
        "TA.5",
        shown,
        values=values,
        sources=sources_of(rows),
        title=["none below" if not behind else "all below" if behind == len(rows) else "some below"],
        caption=["distance", *(["margin"] if margin else []), "shown"],
        more={f"distance_{i}": (head, "{:+.2f}", "–") for i, head in enumerate(heads)},
    )
    return replace(made, shown=MEASURES)
