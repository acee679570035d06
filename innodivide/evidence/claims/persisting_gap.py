"""Claim C08 by the second registration: does the spread between states persist or widen, in two series kept apart?"""

import pandas as pd

from innodivide.data.editions import SECOND
from innodivide.data.tables import Tables, once
from innodivide.evidence.claims.finding import Finding, otherwise
from innodivide.evidence.claims.thresholds import PERSISTS
from innodivide.evidence.confirmatory import stream
from innodivide.evidence.plan import Plan, plan_of
from innodivide.indicators import convergence
from innodivide.indicators.country_profile import index_relative_to_eu
from innodivide.wording import join_names, sentence

SERIES = 110  # first stream of the plan; one for each series
DRAWS = 19999
WIDENS, STAYS, CLOSES = "widened", "persisted or widened", "closed by more than a tenth"
NARROWS = "narrowed (whether by more than a tenth cannot be told)"
UNCLEAR = "neither clearly closed nor clearly persisted"


@once
def state_path(tables: Tables, k: int, level: float, seed: int) -> pd.DataFrame:
    """Return `convergence.sigma_path` over the states in the k-th series, states drawn; `seed` is that of the plan."""
    series = index_relative_to_eu(tables, SECOND["eis"][k])
    return convergence.sigma_path(series, stream(plan_of(seed), SERIES + k), n_boot=DRAWS, level=level)


def spread_in_both(tables: Tables, plan: Plan) -> pd.DataFrame:
    """Return the change of the spread of the log index over states in each series, never chained.

    Returns
    -------
    pandas.DataFrame
        One row for each edition: edition, start, end, first, last (standard deviations), change, low95, high95, low90,
        high90 (percentile, states drawn), margin (minus `PERSISTS` of the first), says (one of the five statements
        above), n (states).
    """
    rows = []
    for k, edition in enumerate(SECOND["eis"]):
        ends: dict[str, float] = {}
        for level in (95, 90):
            path = state_path(tables, k, level / 100, plan.seed)
            ends |= {f"low{level}": path["ci_low"].iloc[-1], f"high{level}": path["ci_high"].iloc[-1]}
        found: dict = {"edition": edition, "start": int(path["year"].iloc[0]), "end": int(path["year"].iloc[-1])}
        found |= {"first": path["sd_log"].iloc[0], "last": path["sd_log"].iloc[-1], "change": path["change"].iloc[-1]}
        found |= {**ends, "margin": -PERSISTS * found["first"], "n": int(path["n"].iloc[-1])}
        rows.append({**found, "says": _says(found)})
    return pd.DataFrame(rows)


def _says(row: dict) -> str:
    """The statement that the rule reads out of one series."""
    if row["low90"] > row["margin"]:
        return WIDENS if row["low95"] > 0 else STAYS
    if row["high90"] < row["margin"]:
        return CLOSES
    return NARROWS if row["high95"] < 0 else UNCLEAR


def persists(says: list[str]) -> str:
    """Verdict on C08 from what the series say."""
    stays, closes = [s in (WIDENS, STAYS) for s in says], [s == CLOSES for s in says]
    if all(stays):
        return "supported"
    if all(closes):
        return "contradicted"
    return "partly" if any(stays) and not any(closes) else "inconclusive"


def c08(tables: Tables, plan: Plan) -> Finding:
    """C08: the divide persists or widens."""
    rows = spread_in_both(tables, plan)
    one = (
        "EIS {r.edition}, {r.start} to {r.end}: {r.first:.3f} to {r.last:.3f}, change {r.change:+.3f} (90 % "
        "{r.low90:+.3f} to {r.high90:+.3f}, 95 % {r.low95:+.3f} to {r.high95:+.3f}; margin {r.margin:.3f}), {r.says}"
    )
    brief = "{r.pct:+.0%} from {r.start} to {r.end} ({r.pct_low:+.0%} to {r.pct_high:+.0%}; EIS {r.edition})"
    shares = {
        f"pct{k}": rows[f"{v}"] / rows["first"] for k, v in (("", "change"), ("_low", "low90"), ("_high", "high90"))
    }
    told = [sentence(brief, r=r) for r in rows.assign(**shares).itertuples()]
    verdict = persists(list(rows["says"]))
    ways = {
        "contradicted": "if the spread fell by more than {part:.0%} in both series with the whole 90 % interval",
        "supported": "only if neither interval reached that far",
    }
    if verdict == "contradicted":
        ways["supported"] = "only if the 90 % interval of neither series reached a fall of {part:.0%}"
    return Finding(
        claim_id="C08",
        verdict=verdict,
        numbers="Standard deviation of the log index over states. "
        + ". ".join(sentence(one, r=r) for r in rows.itertuples())
        + ".",
        coverage=sentence("{n} states in each series; the two are never chained", n=rows["n"].min()),
        short=sentence(
            "The spread between states changed by {told}. It would count as closing if the whole interval were a "
            "fall of {part:.0%} or more.",
            told=join_names(told),
            part=PERSISTS,
        ),
        rests=sentence("{n} states, {k} series", n=rows["n"].min(), k=len(rows)),
        change=sentence(otherwise(verdict, ways), part=PERSISTS),
    )
