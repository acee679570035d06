"""Title, what stands out, the country beside its peers, its group and the EU, and its indicators."""

import pandas as pd

from innodivide import figures
from innodivide.data.sources import flag_note, sources_of
from innodivide.data.tables import Tables, country_names
from innodivide.indicators import country_profile, peers
from innodivide.indicators.barriers.scores import strengths
from innodivide.indicators.country_profile import joined_later
from innodivide.narrative.annex.barriers_in_words import GOVERNMENT
from innodivide.narrative.annex.short_names import WORDS, a, called, group_name, indicator_names, others, part
from innodivide.narrative.exhibits import Exhibit
from innodivide.narrative.regional_barriers.lagging import LABELS
from innodivide.wording import GROUP_LETTERS, join_names, show

IN_A_LIST = WORDS.names("within a sentence")  # for names with a colon, which would mislead there


def heading(tables: Tables, geo: str) -> Exhibit:
    """Return the title with the country's English and own names."""
    name = country_names(tables)[geo]
    own = [n for n in country_profile.endonyms(tables, geo) if n != name]
    return WORDS.say("NA.1", "own name" if own else "one name", name=name, own=" / ".join(own))


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
    row = expected.set_index("geo").loc[geo]
    halves = [
        _index_words(tables, geo, position),
        _participation_words(row, joined_later(tables, geo)),
        _region_words(tables, geo),
        _government_words(gaps[(gaps["geo"] == geo) & (gaps["measure"] == "eqi")]),
    ]
    standing = peers.standing(tables, gaps, expected.set_index("geo")["observed"])
    values = _unusual(geo, standing, gaps, indicator_names(tables))
    for _, more in halves:
        values |= more
    return WORDS.say("NA.2", "stands out", *(name for parts, _ in halves for name in parts), **values)


def _unusual(geo: str, scores: pd.DataFrame, gaps: pd.DataFrame, indicators: dict[str, str]) -> dict:
    """Return the two indicators, the institutional measure and the amount of money furthest from the mean."""
    institutions = gaps.set_index("measure")["label"].to_dict() | LABELS
    names = indicators | peers.SHORT | institutions
    kinds = ((indicators, 2), (institutions, 1), (peers.SHORT, 1))
    found = pd.concat([peers.furthest(scores[[c for c in scores if c in kind]], geo, n) for kind, n in kinds])
    values = {f"m_{i}": IN_A_LIST.get(names[m], names[m]) for i, m in enumerate(found.index)}
    return values | {f"z_{i}": z for i, z in enumerate(found)}


def _index_words(tables: Tables, geo: str, position: pd.DataFrame) -> tuple[list[str], dict]:
    own, near = position.iloc[0], position[position["kind"] == "peer"]
    group, names = peers.group_now(tables)[geo], country_names(tables)
    change, ahead = own["change"], int((near["relative"] > own["relative"]).sum())
    years = peers.index(tables)["year"]
    values = {
        **called(names[geo]),
        "a_group": a(group),
        "group": group_name(group),
        "edition": peers.edition(tables),
        "level": own["relative"],
        "rest": position.loc[position["kind"] == "group", "relative"].iloc[0],
        "first": int(years.min()),
        "last": int(years.max()),
        "change": abs(change),
        "points": "point" if round(abs(change)) == 1 else "points",
        "peers": join_names([called(names[m[0]])["name"] for m in near["members"]]),
        "ahead": "all stand" if ahead == len(near) else "one stands" if ahead == 1 else "two stand",
    }
    trend = "gained" if change >= 0.5 else "lost" if change <= -0.5 else "level"
    return ["index", trend, "peers above" if ahead else "peers below"], values


def _participation_words(row: pd.Series, later: int = 0) -> tuple[list[str], dict]:
    n, low, high = (int(row[c]) for c in ("observed", "low", "high"))
    verdict = "more than" if n > high else "fewer than" if n < low else "within"
    values = {"possible": int(row["n_ipceis"]), "verdict": verdict, "low": low, "high": high, "later": later, "n": n}
    return [part(n, later), "expected"], values


def _region_words(tables: Tables, geo: str) -> tuple[list[str], dict]:
    rows = country_profile.regions(tables, geo)
    if len(rows) == 1:
        return ["one region"], {}
    lagging = int((rows["group"] == "emerging").sum())
    values = {"regions": len(rows), "top": rows["name"].iloc[0], "top_value": rows["relative"].iloc[0]}
    values |= {"bottom": rows["name"].iloc[-1], "bottom_value": rows["relative"].iloc[-1]}
    values["lagging"] = "all are" if lagging == len(rows) else "one is" if lagging == 1 else f"{lagging} are"
    return ["regions, some lagging" if lagging else "regions, none lagging"], values


def _government_words(rows: pd.DataFrame) -> tuple[list[str], dict]:
    if rows.empty:
        return [], {}
    return ["government"], {"government": GOVERNMENT[rows["reading"].iloc[0]]}


def position_table(tables: Tables, geo: str, position: pd.DataFrame, expected: pd.DataFrame, sources) -> Exhibit:
    """Return the country beside its nearest peers, the rest of its group and the EU27 in eight figures."""
    group, ranges = peers.group_now(tables), expected.set_index("geo")
    single = position["members"].map(len) == 1
    codes = [m[0] if s else None for m, s in zip(position["members"], single)]
    shown = position.assign(
        name=circle_names(tables, geo, position),
        group=[c and group[c] for c in codes],
        range=[c and f"{int(ranges.at[c, 'low'])} to {int(ranges.at[c, 'high'])}" for c in codes],
        members=position["members"].map("; ".join),
    )
    years, near = peers.index(tables)["year"], position.loc[position["kind"] == "peer", "distance"]
    apart = " to ".join(dict.fromkeys(show(float(v), "{:.1f}") for v in (near.min(), near.max())))
    return WORDS.of(tables).table(
        "TA.1",
        shown.dropna(subset=["relative"]),
        values={
            **called(country_names(tables)[geo]),
            "year": peers.year(tables),
            "first": int(years.min()),
            "last": int(years.max()),
            "apart": apart,
        },
        sources=[*sources, *sources_of(peers.index(tables))],
        edition=f"EIS {peers.edition(tables)}: group, rank and index (its back-series)",
    )


def editions_table(tables: Tables, geo: str) -> Exhibit:
    """Return the country's group and rank in each edition, one column an edition."""
    rows = country_profile.editions(tables, geo)
    ranks = rows["rank"].astype(object).where(rows["rank"].notna(), None)
    years = [str(e) for e in rows["edition"]]
    groups = ["Group", *rows["group"].map(GROUP_LETTERS)]
    wide = pd.DataFrame([groups, ["Rank", *[show(r, "", "–") for r in ranks]]], columns=["what", *years])
    name = called(country_names(tables)[geo])
    more = {y: y for y in years}
    return WORDS.table("TA.2", wide, values=name, sources=sources_of(rows), note=flag_note(rows), more=more)


def index_figure(tables: Tables, geo: str) -> Exhibit:
    """Return the index over time of country, peers and group."""
    rows = peers.index_series(tables, geo)
    names, group = country_names(tables), peers.group_now(tables)[geo]
    rows["series"] = [others(group) if k == "group" else names[n] for k, n in zip(rows["kind"], rows["name"])]
    own = rows[rows["kind"] == "own"].sort_values("year")["relative"]
    index = peers.index(tables)
    style = {"highlight": names[geo], "reference": 100, "height": 1.6, **WORDS.chart("FA.1")}
    return WORDS.of(tables).figure(
        "FA.1",
        figures.lines(rows, "year", "relative", "series", **style),
        rows[["series", "kind", "year", "relative"]],
        values={
            **called(names[geo]),
            "first": own.iloc[0],
            "last": own.iloc[-1],
            "start": int(rows["year"].min()),
            "end": int(rows["year"].max()),
        },
        sources=sources_of(index[index["geo"].isin(set("; ".join(rows["name"]).split("; ")))]),
    )


def strength_figure(tables: Tables, geo: str) -> Exhibit:
    """Return the indicators of the country against the EU and the leaders."""
    rows = strengths(tables, geo)
    rows = rows.assign(short=rows["indicator_code"].map(indicator_names(tables)))
    name, gone = country_names(tables)[geo], rows.loc[rows["relative"].isna(), "short"]
    zero = rows.loc[rows["relative"] == 0, "short"]
    above = int((rows["relative"] > 100).sum())
    values = {**called(name), "n": len(rows), "above": above, "known": len(rows) - len(gone)}
    return WORDS.of(tables).figure(
        "FA.2",
        figures.strength_columns(rows, "short", "relative", "leaders", country=name, **WORDS.chart("FA.2")),
        rows,
        values=values | {"zero": join_names(zero), "gone": join_names(gone)},
        sources=sources_of(rows),
        caption=["scores", *(["bottom"] if len(zero) else []), *(["missing"] if len(gone) else [])],
    )
