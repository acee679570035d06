"""Innovation profile: title, summary, editions, indicators."""

import pandas as pd

from innodivide import profile
from innodivide.exhibits import Exhibit, flag_note, say, sources_of, table
from innodivide.panel import Tables


def heading(geo: str, tables: Tables | None = None) -> Exhibit:
    """Return the title with the country's English and own names."""
    name, own = profile.names(tables)[geo], profile.endonyms(geo, tables)
    other = [n for n in own if n != name]
    template = "# {name} ({own}): country annex" if other else "# {name}: country annex"
    return say("NA.1", template, name=name, **({"own": " / ".join(other)} if other else {}))


def summary(geo: str, expected: pd.DataFrame, tables: Tables | None = None) -> Exhibit:
    """Return the paragraph that says what stands out: group, position, participation against expectation, regions."""
    name = profile.names(tables)[geo]
    edition = profile.editions(geo, tables).iloc[-1]
    index = profile.index_relative_to_eu(2023, tables).query("geo == @geo").sort_values("year")
    row = expected.set_index("geo").loc[geo]
    change = index["relative"].iloc[-1] - index["relative"].iloc[0]
    points = "point" if round(abs(change)) == 1 else "points"
    trend = (
        f"gained {{change:.0f}} {points} on"
        if change >= 0.5
        else f"lost {{change:.0f}} {points} to"
        if change <= -0.5
        else "kept its distance to"
    )
    place = (
        "in none of the {possible} integrated IPCEIs"
        if row["observed"] == 0
        else "in {n} of {possible} integrated IPCEIs"
    )
    verdict = (
        "more than" if row["observed"] > row["high"] else "fewer than" if row["observed"] < row["low"] else "within"
    )
    text = (
        f"{{name}} is {_article(edition['group'])} in EIS {{edition}}. Its index in the EIS {{series}} series "
        f"stood at {{level:.0f}} percent of the EU in {{last}}; since {{first}} it has "
        f"{trend} the EU. It takes part {place}; that is {{verdict}} the {{low}} to {{high}} expected of a state "
        f"of its size, wealth and status."
    )
    values = {
        "name": name,
        "edition": int(edition["edition"]),
        "level": index["relative"].iloc[-1],
        "first": int(index["year"].iloc[0]),
        "last": int(index["year"].iloc[-1]),
        "change": abs(change),
        "n": int(row["observed"]),
        "possible": int(row["n_ipceis"]),
        "verdict": verdict,
        "low": int(row["low"]),
        "high": int(row["high"]),
    }
    return say("NA.2", text, series=2023, **values)


def _article(group: str) -> str:
    return {
        "leader": "an innovation leader",
        "strong": "a strong innovator",
        "moderate": "a moderate innovator",
        "modest": "a modest innovator",
        "emerging": "an emerging innovator",
    }[group]


def editions_table(geo: str, tables: Tables | None = None) -> Exhibit:
    """Return the country's group and rank in each edition."""
    rows = profile.editions(geo, tables)
    return table(
        "TA.1",
        "Group in each edition of the scoreboard",
        rows,
        {"edition": "Edition", "published": "Published", "group": "Group", "rank": "Rank among the Member States"},
        sources=sources_of(rows),
        note=flag_note(rows),
        caption="Group as first published. The scale changed in 2021, when modest was renamed emerging. "
        "Ranks are known in full from 2022.",
    )


def strength_text(geo: str, tables: Tables | None = None) -> Exhibit:
    """Return the sentence on the three strongest and weakest indicators, and on those without a figure."""
    rows = profile.indicator_strengths(geo, tables=tables)
    known = rows.dropna(subset=["relative"])
    best, worst = known.head(3)["indicator"], known.tail(3)["indicator"][::-1]
    zero = rows.loc[rows["is_zero"].astype(bool), "indicator"]
    text = "Strongest against the EU: {best}. Weakest: {worst}."
    values = {"best": "; ".join(best), "worst": "; ".join(worst)}
    if len(zero):
        text += " Not shown, because the database has a zero that may be a bottom score or a missing figure: {zero}."
        values["zero"] = "; ".join(zero)
    return say("NA.3", text, **values)


def index_facts(index: pd.DataFrame, name: str) -> dict:
    """Return the country's first and last value in `profile.index_comparison`."""
    own = index[index["series"] == name].sort_values("year")["relative"]
    return {"name": name, "first": own.iloc[0], "last": own.iloc[-1]}
