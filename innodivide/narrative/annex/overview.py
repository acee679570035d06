"""Title, what stands out, the country beside its peers, its group and the EU, and its indicators."""

import pandas as pd

from innodivide import figures
from innodivide.data.sources import flag_note, sources_of
from innodivide.data.tables import Tables, country_names
from innodivide.indicators import country_profile, peers
from innodivide.indicators.barriers.scores import strengths
from innodivide.indicators.country_profile import joined_later
from innodivide.narrative.annex.short_names import GROUP, INDICATORS, a, called, others
from innodivide.narrative.exhibits import Exhibit, figure, say, table
from innodivide.narrative.regional_barriers.lagging import LABELS
from innodivide.wording import GROUP_LETTERS, join_names, show

IN_A_LIST = {  # names of a table, where a colon within a sentence would mislead
    "Cohesion, research: € per head": "Cohesion money for research per head",
    "Cohesion, SMEs: € per head": "Cohesion money for SMEs per head",
    "Recovery grants: € per head": "Recovery grants per head",
}


def heading(tables: Tables, geo: str) -> Exhibit:
    """Return the title with the country's English and own names."""
    name, own = country_names(tables)[geo], country_profile.endonyms(tables, geo)
    other = [n for n in own if n != name]
    template = "# {name} ({own}): country annex" if other else "# {name}: country annex"
    return say("NA.1", template, name=name, **({"own": " / ".join(other)} if other else {}))


def circle_names(tables: Tables, geo: str, around: pd.DataFrame) -> list[str]:
    """Return how the rows of `peers.circle` are called."""
    names, group = country_names(tables), peers.group_now(tables)[geo]
    words = {"group": others(group), "eu": "EU27, mean"}
    return [words.get(kind) or names[members[0]] for kind, members in zip(around["kind"], around["members"])]


def summary(tables: Tables, geo: str, expected: pd.DataFrame, position: pd.DataFrame, gaps: pd.DataFrame) -> Exhibit:
    """Return the paragraph that says what stands out; every half sentence is chosen by the country's own numbers.

    Parameters
    ----------
    expected : pandas.DataFrame
        From `models.expected_participation`.
    position : pandas.DataFrame
        From `peers.position`.
    gaps : pandas.DataFrame
        From `regional_analyses.institutions_by_state`.
    """
    parts = [
        _unusual_words(geo, peers.standing(tables, gaps, expected.set_index("geo")["observed"]), gaps),
        _index_words(tables, geo, position),
        _participation_words(expected.set_index("geo").loc[geo], joined_later(tables, geo)),
        _region_words(tables, geo),
        _government_words(gaps[(gaps["geo"] == geo) & (gaps["measure"] == "eqi")]),
    ]
    return say("NA.2", " ".join(text for text, _ in parts), **{k: v for _, values in parts for k, v in values.items()})


def _unusual_words(geo: str, scores: pd.DataFrame, gaps: pd.DataFrame) -> tuple[str, dict]:
    """Name the two indicators, the institutional measure and the amount of money furthest from the mean."""
    institutions = gaps.set_index("measure")["label"].to_dict() | LABELS
    names = INDICATORS | peers.SHORT | institutions
    two = peers.furthest(scores[[c for c in scores if c in INDICATORS]], geo, 2)
    one = peers.furthest(scores[[c for c in scores if c in institutions]], geo, 1)
    sum_ = peers.furthest(scores[[c for c in scores if c in peers.SHORT]], geo, 1)
    found = pd.concat([two, one, sum_])
    text = (
        "**What stands out.** {Name} is furthest from the mean of the Member States, in standard deviations, in: "
        "{m_0} ({z_0:+.1f}) and {m_1} ({z_1:+.1f}) among the indicators of innovation; {m_2} ({z_2:+.1f}) among the "
        "institutional measures; {m_3} ({z_3:+.1f}) in Tier-2 and reform money."
    )
    values = {f"m_{i}": IN_A_LIST.get(names[m], names[m]) for i, m in enumerate(found.index)}
    return text, values | {f"z_{i}": z for i, z in enumerate(found)}


def _index_words(tables: Tables, geo: str, position: pd.DataFrame) -> tuple[str, dict]:
    own, near = position.iloc[0], position[position["kind"] == "peer"]
    group, edition = peers.group_now(tables)[geo], country_profile.editions(tables, geo)["edition"].iloc[-1]
    change, ahead = own["change"], int((near["relative"] > own["relative"]).sum())
    points = "point" if round(abs(change)) == 1 else "points"
    trend = (
        f"gained {{change:.0f}} {points} on"
        if change >= 0.5
        else f"lost {{change:.0f}} {points} to"
        if change <= -0.5
        else "kept level with"
    )
    text = (
        f"It is {a(group)} in EIS {{edition}}. Its innovation index stood at {{level:.0f}} percent of the EU in "
        f"{{last}} ({{rest:.0f}} in the mean of the other {GROUP[group]}s); since {{first}} it has {trend} the EU"
    )
    text += (
        ". Of its nearest peers, {peers}, {ahead} above it." if ahead else ". It is above its nearest peers, {peers}."
    )
    names = country_names(tables)
    series = country_profile.index_relative_to_eu(tables, 2023)["year"]
    values = {
        **called(names[geo]),
        "edition": int(edition),
        "level": own["relative"],
        "rest": position.loc[position["kind"] == "group", "relative"].iloc[0],
        "first": int(series.min()),
        "last": int(series.max()),
        "change": abs(change),
        "peers": join_names([called(names[m[0]])["name"] for m in near["members"]]),
        "ahead": "all stand" if ahead == len(near) else "one stands" if ahead == 1 else "two stand",
    }
    return text, values


def _participation_words(row: pd.Series, later: int = 0) -> tuple[str, dict]:
    verdict = (
        "more than" if row["observed"] > row["high"] else "fewer than" if row["observed"] < row["low"] else "within"
    )
    text = (
        "It takes part in {n} of {possible} integrated IPCEIs"
        if row["observed"]
        else "It takes part in none of the {possible} integrated IPCEIs"
    )
    text += " from the approval on (it joined {later} more later), " if later else ", "
    text += "{verdict} the {low} to {high} expected of a state of its size, wealth and status."
    values = {"possible": int(row["n_ipceis"]), "verdict": verdict, "low": int(row["low"]), "high": int(row["high"])}
    values |= {"later": later} if later else {}
    return text, values | ({"n": int(row["observed"])} if row["observed"] else {})


def _region_words(tables: Tables, geo: str) -> tuple[str, dict]:
    rows = country_profile.regions(tables, geo)
    if len(rows) == 1:
        return "The regional scoreboard treats it as one region.", {}
    lagging = int((rows["group"] == "emerging").sum())
    text = "Its {regions} regions run from {top} ({top_value:.0f} percent of the EU) to {bottom} ({bottom_value:.0f})"
    text += "; {lagging} in the lowest group." if lagging else "; none is in the lowest group."
    values = {"regions": len(rows), "top": rows["name"].iloc[0], "top_value": rows["relative"].iloc[0]}
    values |= {"bottom": rows["name"].iloc[-1], "bottom_value": rows["relative"].iloc[-1]}
    how = "all are" if lagging == len(rows) else "one is" if lagging == 1 else f"{lagging} are"
    return text, values | ({"lagging": how} if lagging else {})


def _government_words(rows: pd.DataFrame) -> tuple[str, dict]:
    if rows.empty:
        return "", {}
    row = rows.iloc[0]
    reading = {"behind": "below the EU", "ahead": "above the EU", "within the margin": "not told apart from the EU"}
    text = "The quality of its government, as residents rate it, is {government}."
    return text, {"government": reading[row["reading"]]}


def position_table(tables: Tables, geo: str, position: pd.DataFrame, expected: pd.DataFrame, sources) -> Exhibit:
    """Return the country beside its nearest peers, the rest of its group and the EU27 in eight figures."""
    group, ranges = peers.group_now(tables), expected.set_index("geo")
    single = position["members"].map(len) == 1
    codes = position["members"].map(lambda m: m[0])
    shown = position.assign(
        name=circle_names(tables, geo, position),
        group=[group[c] if s else None for c, s in zip(codes, single)],
        range=[
            f"{int(ranges.at[c, 'low'])} to {int(ranges.at[c, 'high'])}" if s else None for c, s in zip(codes, single)
        ],
        members=position["members"].map("; ".join),
    )
    edition = country_profile.editions(tables, geo)["edition"].iloc[-1]
    near = position.loc[position["kind"] == "peer", "distance"]
    return table(
        "TA.1",
        "{Name} beside its nearest peers, its group and the EU",
        shown.dropna(subset=["relative"]),
        {
            "name": "",
            "group": ("Group", "", "–"),
            "rank": ("Rank", "{:.0f}", "–"),
            "relative": ("Index", "{:.0f}"),
            "change": ("Change", "{:+.0f}"),
            "population": ("People, m", "{:.1f}"),
            "gdp_pc": ("GDP a head", "{:.0f}"),
            "ipceis": ("IPCEIs", "{:.2g}"),
            "range": ("Expected", "", "–"),
        },
        values={
            **called(country_names(tables)[geo]),
            "year": peers.YEAR,
            "apart": " to ".join(dict.fromkeys(show(float(v), "{:.1f}") for v in (near.min(), near.max()))),
        },
        sources=sources,
        edition=f"Group and rank: EIS {edition}; index: EIS 2023, back-series",
        caption="Nearest peers: closest in log population, log GDP per head and index, each in standard "
        "deviations (distance here {apart}). Index and GDP per head (PPS) of {year}: EU = 100; change: "
        "points since 2016, before rounding. Expected: IPCEIs of a state of that size, wealth and status, 95% range. "
        "Means: unweighted.",
    )


def editions_table(tables: Tables, geo: str) -> Exhibit:
    """Return the country's group and rank in each edition, one column an edition."""
    rows = country_profile.editions(tables, geo)
    ranks = rows["rank"].astype(object).where(rows["rank"].notna(), None)
    years = [str(e) for e in rows["edition"]]
    groups = ["Group", *rows["group"].map(GROUP_LETTERS)]
    wide = pd.DataFrame([groups, ["Rank", *[show(r, "", "–") for r in ranks]]], columns=["what", *years])
    return table(
        "TA.2",
        "Group and rank of {name} in each edition of the scoreboard",
        wide,
        {"what": "", **{y: y for y in years}},
        values=called(country_names(tables)[geo]),
        sources=sources_of(rows),
        note=flag_note(rows),
        caption="L leader, S strong, M moderate, Md modest (renamed in 2021: E, emerging), as first published, each on "
        "the scale of its edition.",
    )


def index_figure(tables: Tables, geo: str) -> Exhibit:
    """Return the index over time of country, peers and group."""
    rows = peers.index_series(tables, geo)
    names, group = country_names(tables), peers.group_now(tables)[geo]
    rows["series"] = [others(group) if k == "group" else names[n] for k, n in zip(rows["kind"], rows["name"])]
    own = rows[rows["kind"] == "own"].sort_values("year")["relative"]
    index = country_profile.index_relative_to_eu(tables, 2023)
    return figure(
        "FA.1",
        "Innovation index of {name}: {first:.0f} percent of the EU in {start}, {last:.0f} in {end}",
        figures.lines(
            rows,
            "year",
            "relative",
            "series",
            highlight=names[geo],
            reference=100,
            reference_label="EU",
            ylabel="EU of the year = 100",
            height=1.6,
        ),
        rows[["series", "kind", "year", "relative"]],
        values={
            **called(names[geo]),
            "first": own.iloc[0],
            "last": own.iloc[-1],
            "start": int(rows["year"].min()),
            "end": int(rows["year"].max()),
        },
        sources=sources_of(index[index["geo"].isin(set("; ".join(rows["name"]).split("; ")))]),
        edition="EIS 2023, back-series",
        alt="Lines of the innovation index over the years, EU of each year = 100: {name}, its three nearest peers and "
        "the mean of its group. {Name} went from {first:.0f} to {last:.0f}.",
        caption="The index is published without a margin of error.",
    )


def strength_figure(tables: Tables, geo: str) -> Exhibit:
    """Return the 32 indicators of the country against the EU and the leaders."""
    rows = strengths(tables, geo)
    rows = rows.assign(short=rows["indicator_code"].map(INDICATORS))
    name, gone = country_names(tables)[geo], rows.loc[rows["relative"].isna(), "short"]
    zero = rows.loc[rows["relative"] == 0, "short"]
    above = int((rows["relative"] > 100).sum())
    values = {**called(name), "n": len(rows), "above": above, "known": len(rows) - len(gone)}
    caption = "Normalised scores: a distance is one of place within the range of all states, not of euros or percent."
    if len(zero):
        caption += " Zero is the bottom score of all states and years: {zero}."
        values["zero"] = join_names(zero)
    if len(gone):
        caption += " No data: the zero in the database is a missing figure, as the published index shows ({gone})."
        values["gone"] = join_names(gone)
    return figure(
        "FA.2",
        "{Name} is above the EU in {above} of {known} indicators",
        figures.strength_columns(
            rows,
            "short",
            "relative",
            "leaders",
            country=name,
            group_name="mean of the innovation leaders",
            xlabel="EU = 100",
        ),
        rows,
        values=values,
        sources=sources_of(rows),
        edition="EIS 2023",
        alt="Dots of {n} innovation indicators of {name} in percent of the EU, the strongest first, with the mean of "
        "the leaders beside each; number above the EU: {above}.",
        caption=caption,
    )
