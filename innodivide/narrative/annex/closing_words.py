"""What would have to be true to reach the EU: ranges, never forecasts."""

import pandas as pd

from innodivide.data.sources import sources_of
from innodivide.data.tables import Tables, country_names
from innodivide.evidence.scenarios.closing import WINDOW
from innodivide.narrative.annex.short_names import WORDS, called
from innodivide.narrative.exhibits import Exhibit
from innodivide.narrative.regional_barriers import catching_up as words
from innodivide.wording import show

AS_FAST = WORDS.names("paces")


def closing_exhibits(tables: Tables, geo: str, rows: pd.DataFrame, index: pd.DataFrame) -> list[Exhibit]:
    """Return sentence and table of the pace needed to reach the EU; `rows` are those of `scenarios.closing_speed`."""
    own = words.closing_rows(tables, rows[rows["geo"] == geo].sort_values("by", ignore_index=True))
    own["words"] = own["words"].mask(own["reading"] == "within its own past", "no faster than its own best years")
    own["slowest"] = [show(float(v), "{:.0f}") for v in own["level_low"]]
    first, second = own.itertuples()
    values = called(country_names(tables)[geo])
    values |= {"start": int(first.start_year), "value": first.value, "window": WINDOW}
    values |= {"since": int(index["year"].min()), "by": int(first.by), "later": int(second.by)}
    if first.reading == "already there":
        parts, caption, without = ["above"], ["past", "above", "forecast"], ["words"]
        values |= {"low": first.level_low, "low_later": second.level_low}
        values |= {"high": first.level_high, "high_later": second.level_high}
        values["verdict"] = (
            "above the EU in both"
            if min(first.level_low, second.level_low) >= 100
            else "below the EU in both"
            if max(first.level_low, second.level_low) < 100
            else "below the EU by then"
        )
    else:
        alike = first.reading == second.reading
        parts, caption, without = ["below", "both alike" if alike else "not alike"], ["past", "forecast"], ["slowest"]
        values |= {"needed": first.needed_high, "needed_later": second.needed_high}
        values |= {"how": AS_FAST[first.reading], "how_later": AS_FAST[second.reading]}
    listing = WORDS.of(tables).table(
        "TA.7", own, values=values, sources=sources_of(index), title=parts[:1], caption=caption, without=without
    )
    return [WORDS.say("NA.11", *parts, **values), listing]
