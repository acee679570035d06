"""What would have to be true to reach the EU: ranges, never forecasts."""

import pandas as pd

from innodivide.data.sources import sources_of
from innodivide.data.tables import Tables, country_names
from innodivide.evidence.scenarios.closing import WINDOW
from innodivide.narrative.annex.short_names import called
from innodivide.narrative.exhibits import Exhibit, say, table
from innodivide.narrative.regional_barriers import catching_up as words
from innodivide.wording import show

AS_FAST = {
    "within its own past": "no faster than in its own best years",
    "beyond its own past, within that of another": "faster than it has ever been, though another state has done so",
    "beyond the past of all": "faster than any state has been",
}


def closing_exhibits(tables: Tables, geo: str, rows: pd.DataFrame, index: pd.DataFrame) -> list[Exhibit]:
    """Return sentence and table of the pace needed to reach the EU; `rows` are those of `scenarios.closing_speed`."""
    own = words.closing_rows(tables, rows[rows["geo"] == geo].sort_values("by", ignore_index=True))
    own["words"] = own["words"].mask(own["reading"] == "within its own past", "no faster than its own best years")
    own["slowest"] = [show(float(v), "{:.0f}") for v in own["level_low"]]
    name, (first, second) = country_names(tables)[geo], own.itertuples()
    values = {**called(name), "start": int(first.start_year), "value": first.value, "window": WINDOW}
    values |= {"since": int(index["year"].min()), "by": int(first.by), "later": int(second.by)}
    if first.reading == "already there":
        text = (
            "{Name} is at {value:.0f} percent of the EU ({start}). If the slowest pace of its past held in every year, "
            "it would be at {low:.0f} in {by} and at {low_later:.0f} in {later}: {verdict}."
        )
        values |= {"low": first.level_low, "low_later": second.level_low}
        values["verdict"] = (
            "above the EU in both"
            if min(first.level_low, second.level_low) >= 100
            else "below the EU in both"
            if max(first.level_low, second.level_low) < 100
            else "below the EU by then"
        )
    else:
        same = first.reading == second.reading
        text = (
            "To reach the EU by {by}, the index of {name} ({value:.0f} percent of the EU in {start}) would have to "
            "grow {needed:.1f} percent a year faster than that of the EU; by {later}, {needed_later:.1f}. "
        )
        text += "Both would be {how}." if same else "The first would be {how}; the second, {how_later}."
        values |= {"needed": first.needed_high, "needed_later": second.needed_high}
        values["how"] = AS_FAST[first.reading]
        values |= {} if same else {"how_later": AS_FAST[second.reading]}
    listing = table(
        "TA.7",
        "What it would take to reach the EU by {by} and by {later}"
        if first.reading != "already there"
        else "Where the paces of the past would take {name}",
        own,
        {
            "by": "By",
            "needed": "Needed, % a year",
            "past": "Own past, % a year",
            "fastest": "Fastest of any state, % a year",
            **({"slowest": "At its own slowest pace"} if first.reading == "already there" else {"words": "That is"}),
        },
        values=values,
        sources=sources_of(index),
        edition="EIS 2023, back-series",
        caption="Growth of the index beyond that of the EU. Past: slowest to fastest stretch of {window} years since "
        "{since}. "
        + (
            "Last column: where the index (EU = 100) would be if that pace held in every year, which no country has "
            "shown. "
            if first.reading == "already there"
            else ""
        )
        + "Not a forecast.",
    )
    return [say("NA.11", text, **values), listing]
