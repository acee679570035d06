"""Title, the country beside its peers, its group and the EU, its indicators, and in what it stands out."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from innodivide import figures
from innodivide.data.sources import flag_note, sources_of
from innodivide.data.tables import Tables, country_names
from innodivide.indicators import country_profile, peers
from innodivide.indicators.barriers.scores import strengths
from innodivide.narrative.annex.barriers_in_words import GOVERNMENT
from innodivide.narrative.annex.first_page import within_a_sentence
from innodivide.narrative.annex.short_names import WORDS, called, indicator_names, others, whom
from innodivide.narrative.exhibits import Exhibit
from innodivide.narrative.regional_barriers.quality import LABELS
from innodivide.wording import GROUP_LETTERS, join_names, show

IN_A_LIST = WORDS.names("within a sentence")  # for names with a colon, which would mislead there


def heading(tables: Tables, geo: str) -> Exhibit:
    """Return the title with the country's English name and its names in its own languages, each marked as such."""
    name = country_names(tables)[geo]
    own = {n: language for n, language in country_profile.endonyms(tables, geo).items() if n != name}
    made = WORDS.say("NA.1", "own name" if own else "one name", name=name, own=" / ".join(own))
    return replace(made, languages=own)


def circle_names(tables: Tables, geo: str, around: pd.DataFrame) -> list[str]:
    """Return how the rows of `peers.circle` are called."""
    names, group = country_names(tables), peers.group_now(tables)[geo]
    words = {"group": others(group), "eu": "EU27, mean"}
    return [words.get(kind) or names[members[0]] for kind, members in zip(around["kind"], around["members"])]


def stands_out(tables: Tables, geo: str, observed: pd.Series, gaps: pd.DataFrame) -> Exhibit:
    """Return in what the country differs most from the mean of the Member States, and how its government is rated.

    `observed`: number of integrated IPCEIs by code; `gaps`: frame of `regional_analyses.institutions_by_state`.
    """
    own = gaps[(gaps["geo"] == geo) & (gaps["measure"] == "eqi")]
    values = called(country_names(tables)[geo])
    found = _unusual(geo, peers.standing(tables, gaps, observed), gaps, indicator_names(tables))
    above, below = [name for name, z in found if z >= 0], [name for name, z in found if z < 0]
    values |= {"above": join_names(above), "below": join_names(below)}
    sides = "above and below" if above and below else "above" if above else "below"
    if not own.empty:
        values["government"] = GOVERNMENT[own["reading"].iloc[0]]
    return WORDS.say("NA.5", sides, *([] if own.empty else ["government"]), **values)


def _unusual(geo: str, scores: pd.DataFrame, gaps: pd.DataFrame, indicators: dict[str, str]) -> list[tuple[str, float]]:
    """Return the two indicators, the institutional measure and the amount of money furthest from the mean, as said."""
    institutions = gaps.set_index("measure")["label"].to_dict() | LABELS
    names = indicators | peers.SHORT | institutions
    kinds = ((indicators, 2), (institutions, 1), (peers.SHORT, 1))
    found = pd.concat([peers.furthest(scores[[c for c in scores if c in kind]], geo, n) for kind, n in kinds])
    said = {m: IN_A_LIST.get(names[m], names[m]) for m in found.index}
    return [
        (f"{said[m] if m in peers.SHORT else within_a_sentence(said[m])} ({show(float(z), '{:+.1f}')})", float(z))
        for m, z in found.items()
    ]


def position_table(
    tables: Tables, geo: str, position: pd.DataFrame, expected: pd.DataFrame, sources, chosen: Sequence[str] = ()
) -> Exhibit:
    """Return the country beside its peers, the rest of its group and the EU27 in eight figures."""
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
            "whom": whom(chosen),
        },
        caption=["chosen" if chosen else "nearest", "index", "expected"],
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


def index_figure(tables: Tables, geo: str, chosen: Sequence[str] = ()) -> Exhibit:
    """Return the index over time of country, peers and group."""
    rows = peers.index_series(tables, geo, chosen)
    names, group = country_names(tables), peers.group_now(tables)[geo]
    rows["series"] = [others(group) if k == "group" else names[n] for k, n in zip(rows["kind"], rows["name"])]
    own = rows[rows["kind"] == "own"].sort_values("year")["relative"]
    index = peers.index(tables)
    style = {"highlight": names[geo], "reference": 100, "height": 2.6, **WORDS.chart("FA.1")}
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
            "peers": _last_values(rows, "peer", names),
            "group": _last_values(rows, "group", {}),
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
    values = {**called(name), "n": len(rows), "ends": figures.ENDS, "above": above, "known": len(rows) - len(gone)}
    known = rows.dropna(subset=["relative"])
    values |= {"top": _listed_values(known.head(3)), "bottom": _listed_values(known.tail(3)[::-1])}
    return WORDS.of(tables).figure(
        "FA.2",
        figures.strength_columns(rows, "short", "relative", "leaders", country=name, **WORDS.chart("FA.2")),
        rows,
        values=values | {"zero": join_names(zero), "gone": join_names(gone)},
        sources=sources_of(rows),
        caption=["scores", *(["bottom"] if len(zero) else []), *(["missing"] if len(gone) else [])],
    )


def _listed_values(rows: pd.DataFrame) -> str:
    """Return "Designs (131), Trademarks (120)" for the text beside a drawing."""
    return ", ".join(f"{n} ({show(float(v), '{:.0f}')})" for n, v in zip(rows["short"], rows["relative"]))


def _last_values(rows: pd.DataFrame, kind: str, names: dict[str, str]) -> str:
    """Return the last value of each series of a kind, as "Spain 91, Greece 80"."""
    last = rows[(rows["kind"] == kind) & (rows["year"] == rows["year"].max())]
    found = [f"{names.get(n, '')} {show(float(v), '{:.0f}')}".strip() for n, v in zip(last["name"], last["relative"])]
    return ", ".join(found) or "none"
