"""Words and tables of what would have to be true for the divide to close, and of participation scenarios.

Used by the report on regional barriers (notebook 06) and by the country annexes. Ranges, never forecasts.
"""

import pandas as pd

from innodivide.data import editions
from innodivide.data.sources import sources_of
from innodivide.data.tables import Tables, country_names, member_states
from innodivide.evidence.scenarios.closing import WINDOW
from innodivide.indicators.convergence import half_life
from innodivide.indicators.panel import dyad_sources
from innodivide.narrative.words_file import Words
from innodivide.wording import join_names, show

WORDS = Words("06_regional_barriers")
SCENARIOS = WORDS.names("scenarios")
READINGS = WORDS.names("paces")
LOWEST = "emerging"
SPREAD = WORDS.names("paces of the spread")


def percent(value: float) -> str:
    """Return a yearly change in percent with its sign, as a reader sees it."""
    return show(float(value), "{:+.1f}")


def span(low: float, high: float, fmt: str = "{:.0f}") -> str:
    """Return "low to high"."""
    return f"{show(low, fmt)} to {show(high, fmt)}"


def closing_rows(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """Return `scenarios.closing_speed` with needed, past, fastest and level as text and the reading in words."""
    names = country_names(tables)
    there = rows["reading"] == "already there"
    return rows.assign(
        name=rows["geo"].map(names),
        needed=["none" if done else percent(v) for done, v in zip(there, rows["needed_high"])],
        past=[f"{percent(a)} to {percent(b)}" for a, b in zip(rows["past_low"], rows["past_high"])],
        fastest=[f"{percent(v)} ({names[g]})" for v, g in zip(rows["best"], rows["best_geo"])],
        level=[span(a, b) for a, b in zip(rows["level_low"], rows["level_high"])],
        words=rows["reading"].map(READINGS),
    )


def below_the_eu(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of states below the EU, the furthest first, one row a state with both years side by side."""
    below = rows[rows["value"] < 100]
    keys = ["name", "geo", "value", "past", "past_low", "past_high"]
    wide = below.pivot(index=keys, columns="by", values=["needed", "words"])
    wide.columns = [f"{kind}_{place}" for kind in ("needed", "words") for place in ("first", "second")]
    return wide.reset_index().sort_values(["value", "geo"], ignore_index=True)


def closing_facts(tables: Tables, rows: pd.DataFrame) -> dict:
    """Return how many states below the EU would have to grow as never before, by year."""
    below = rows[rows["value"] < 100]
    first, second = sorted(rows["by"].unique())
    counts = {y: below[below["by"] == y]["reading"].value_counts() for y in (first, second)}
    beyond = {y: int(c.sum() - c.get("within its own past", 0)) for y, c in counts.items()}
    best = rows.iloc[0]
    return {
        "below": below["geo"].nunique(),
        "first": int(first),
        "second": int(second),
        "beyond_first": beyond[first],
        "beyond_second": beyond[second],
        "all_first": int(counts[first].get("beyond the past of all", 0)),
        "start": int(best["start_year"]),
        "best": best["best"],
        "best_name": country_names(tables)[best["best_geo"]],
        "window": WINDOW,
    }


def spread_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return `scenarios.closing_spread` with its ranges in words."""
    return rows.assign(
        past=[f"{percent(a)} to {percent(b)}" for a, b in zip(rows["past_low"], rows["past_high"])],
        level=[span(a, b, "{:.2f}") for a, b in zip(rows["spread_low"], rows["spread_high"])],
        words=rows["reading"].map(SPREAD),
    )


def convergence_facts(change: pd.DataFrame, beta: dict, spread: pd.DataFrame) -> dict:
    """Return the change of the spread between states in each series (`spread_in_both`), beta and spread of regions."""
    columns = {
        "edition": "edition",
        "start": "start",
        "end": "end",
        "change": "change",
        "low": "low95",
        "high": "high95",
    }
    states = {f"{name}_{k}": change[c].iloc[k].item() for k in range(len(change)) for name, c in columns.items()}
    clear = "caught up" if beta["ci_high"] < 0 else "fell further behind" if beta["ci_low"] > 0 else ""
    ends = [half_life(beta[end], beta["years"]) for end in ("ci_low", "ci_high")]
    return {
        **states,
        "region_first": spread["sd_log"].iloc[0],
        "region_last": spread["sd_log"].iloc[-1],
        "regions": int(spread["n"].iloc[0]),
        "reading": f"those that began lower {clear}" if clear else "whether those that began lower caught up is open",
        "half_life": f"{beta['half_life']:.0f} years ({span(*ends)})" if beta["ci_high"] < 0 else "no number of years",
    }


def scenario_rows(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """Return scenarios in words: name, scenario, range of the number, change with its range ("no change" if none)."""
    asis = rows["scenario"] == "as it is"
    change = [
        f"{show(float(m), '{:+.1f}')} ({show(float(a), '{:+.1f}')} to {show(float(b), '{:+.1f}')})"
        for m, a, b in zip(rows["change"], rows["change_low"], rows["change_high"])
    ]
    still = ["–" if now else "none: it is so already" for now in asis]
    return rows.assign(
        name=rows["geo"].map(country_names(tables)),
        what=rows["scenario"].map(SCENARIOS),
        range=[span(a, b) for a, b in zip(rows["low"], rows["high"])],
        effect=[c if moved else s for c, moved, s in zip(change, rows["changed"], still)],
    )


def pipeline_rows(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the lowest group in the scenarios for projects in preparation: name, now, label, wealth, rate (words)."""
    shown = scenario_rows(tables, rows[rows["group"] == LOWEST])
    wide = shown.pivot(index=["name", "geo"], columns="scenario", values="effect")
    now = shown[shown["scenario"] == "as it is"].set_index(["name", "geo"])
    text = [f"{e:.1f} ({r})" for e, r in zip(now["expected"], now["range"])]
    return now[["expected", "low", "high"]].assign(now=text).join(wide[["label", "wealth", "rate"]]).reset_index()


def pipeline_sources(tables: Tables) -> tuple[str, ...]:
    """Return the sources of the scenarios: what is in preparation, the dyads behind the model, the latest groups."""
    groups = editions.of_latest(tables, "eis_group", ("group",))
    groups = groups[groups["geo"].isin(member_states(tables)["geo"])]
    found = sources_of(tables["ipcei_pipeline"]) + dyad_sources(tables)
    return tuple(dict.fromkeys([*found, *groups["source_id"]]))


def pipeline_facts(tables: Tables, rows: pd.DataFrame) -> dict:
    """Return the number of projects in preparation and how many scenarios of the lowest group move it clearly."""
    part = rows[(rows["group"] == LOWEST) & (rows["scenario"] != "as it is")]
    clear = (part["change_low"] > 0) | (part["change_high"] < 0)
    leaders = rows[(rows["group"] == "leader") & (rows["scenario"] == "as it is")]
    return {
        "projects": int(rows["n_ipceis"].iloc[0]),
        "states": part["geo"].nunique(),
        "cells": len(part),
        "clear": "none" if not clear.any() else str(int(clear.sum())),
        "leaders": join_names(sorted(country_names(tables)[g] for g in leaders["geo"])),
        "now": rows.loc[(rows["group"] == LOWEST) & (rows["scenario"] == "as it is"), "expected"].mean(),
        "leaders_now": leaders["expected"].mean(),
    }
