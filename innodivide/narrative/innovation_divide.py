"""Values of the sentences about the divide (notebooks 01 and 07)."""

import numpy as np
import pandas as pd

from innodivide.evidence.claims import persisting_gap
from innodivide.indicators import concentration
from innodivide.wording import join_names

PRESENT_SCALE = 2021  # first edition whose groups can be compared with those of today
TRENDS = {  # what the newest series says of the spread between states -> the sentence for it
    persisting_gap.WIDENS: "widened",
    persisting_gap.STAYS: "lasted",
    persisting_gap.CLOSES: "closed",
    persisting_gap.NARROWS: "narrowed",
    persisting_gap.UNCLEAR: "open",
}


def group_facts(history: pd.DataFrame) -> dict:
    """Return what the text says about the latest groups."""
    last = history["edition"].max()
    now = history[history["edition"] == last]
    lead = history[history["group"] == "leader"].groupby("name").size()
    always = sorted(lead[lead == history["edition"].nunique()].index)
    leaders = sorted(now.loc[now["group"] == "leader", "name"])
    return {
        "edition": int(last),
        "first": int(history["edition"].min()),
        "leaders": len(leaders),
        "names": join_names(leaders),
        "lowest": int(now["group"].isin(["modest", "emerging"]).sum()),
        "always": join_names(always, none="No states"),
    }


def stability(history: pd.DataFrame) -> dict:
    """Return how many countries have had one and the same group in every edition on the present scale."""
    held = history[history["edition"] >= PRESENT_SCALE].groupby("geo")["group"].nunique()
    return {"same": int((held == 1).sum()), "total": len(held), "since": PRESENT_SCALE}


def extremes(rows: pd.DataFrame) -> dict:
    """Return the highest and the lowest country of `latest_index`."""
    return {
        "first": rows["name"].iloc[0],
        "high": rows["relative"].iloc[0],
        "last": rows["name"].iloc[-1],
        "low": rows["relative"].iloc[-1],
    }


def tile_facts(rows: pd.DataFrame) -> dict:
    """Return the leaders and the lowest group of `latest_index`, by name."""
    by = rows.sort_values("name").groupby("group")["name"].apply(list)
    leaders, lowest = by.get("leader", []), by.get("emerging", [])
    counts = {"n_leaders": len(leaders), "n_lowest": len(lowest)}
    return {"leaders": join_names(leaders), "lowest": join_names(lowest), **counts}


def convergence_facts(spread: pd.DataFrame, beta: dict) -> dict:
    """Return what the text says about convergence; beta per halving of the start, in percent a year, no log points."""
    first, last = spread["sd_log"].iloc[0], spread["sd_log"].iloc[-1]
    low, mid, high = (100 * np.expm1(-np.log(2) * beta[end]) for end in ("ci_high", "beta", "ci_low"))
    clear = "catching up" if beta["ci_high"] < 0 else "falling behind" if beta["ci_low"] > 0 else ""
    return {
        "reading": f"{clear} is clear of chance" if clear else "neither catching up nor falling behind is clear",
        "first_year": int(spread["year"].iloc[0]),
        "last_year": int(spread["year"].iloc[-1]),
        "first": first,
        "last": last,
        "direction": "fell" if last < first else "rose",
        "per_year": mid,
        "low": low,
        "high": high,
        "n": beta["n"],
    }


def region_facts(rows: pd.DataFrame) -> dict:
    """Return what the text says about regions; Theil T weights each region equally."""
    counts = rows["group"].value_counts()
    lowest = rows[rows["group"] == "emerging"].groupby("country").size().sort_values(ascending=False)
    top = list(lowest.index[:3])
    parts = concentration.theil_decomposition(rows["relative"].to_numpy(), rows["geo"].to_numpy()).set_index(
        "component"
    )["contribution"]
    return {
        "n": len(rows),
        "countries": rows["geo"].nunique(),
        "single": int((rows.groupby("geo").size() == 1).sum()),
        "leaders": int(counts["leader"]),
        "emerging": int(counts["emerging"]),
        **{group: int(counts.get(group, 0)) for group in ("strong", "moderate")},
        "top": join_names(top),
        "top_share": lowest.iloc[:3].sum() / lowest.sum(),
        "between": parts["between"] / parts["total"],
    }


def short_facts(history: pd.DataFrame, rows: pd.DataFrame, regions: pd.DataFrame, spread: pd.DataFrame) -> dict:
    """Return what the first page says: states, regions, and the spread between states in its newest series.

    Parameters
    ----------
    history, rows, regions : pandas.DataFrame
        From `innovation_groups.group_history` and `latest_index`, and `regions.regions`.
    spread : pandas.DataFrame
        From `persisting_gap.spread_in_both`.
    """
    newest = spread.iloc[-1]
    shares = {k: newest[c] / newest["first"] for k, c in (("", "change"), ("_low", "low90"), ("_high", "high90"))}
    facts = {"start": int(newest["start"]), "end": int(newest["end"]), "trend": TRENDS[newest["says"]]}
    facts |= {"series": int(newest["edition"])}
    facts |= group_facts(history) | {"top_state": rows["name"].iloc[0], "last_state": rows["name"].iloc[-1]}
    facts |= {"total": len(rows), "high": rows["relative"].iloc[0], "low": rows["relative"].iloc[-1]}
    facts |= {"edition": int(rows["edition"].iloc[0])} | {f"change{k}": v for k, v in shares.items()}
    return facts | {k: v for k, v in region_facts(regions).items() if k not in ("leaders", "single")}


def short_parts(facts: dict) -> list[str]:
    """Return the parts of N1.4 that the results call for."""
    leaders = "leaders" if facts["leaders"] > 1 else "one leader" if facts["leaders"] else "no leader"
    where = "between" if facts["between"] > 0.5 else "inside"
    return [leaders, "then", facts["trend"], "then", where, "then", f"so, {where}"]
