"""Claim C10 by the second registration: a rule that could fail, on the quality of government of 2024."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from innodivide.data.tables import Tables
from innodivide.evidence.claims import shared_barriers as first_rule
from innodivide.evidence.claims.finding import Finding, otherwise
from innodivide.evidence.claims.thresholds import LASTS, MATTERS
from innodivide.evidence.confirmatory import claim_stream, stream
from innodivide.evidence.plan import Plan
from innodivide.indicators import barriers
from innodivide.indicators.regional_frame import EQI_YEAR, regional_frame
from innodivide.indicators.regions import first_year, regions
from innodivide.models.inference.cluster_bootstrap import cluster_bootstrap, percentile
from innodivide.wording import GROUPS, join_names, sentence, teller

NAMED, LASTING = 117, 119  # streams of the plan
IN_INDEX = {"support": "2.1.1", "internationalisation": "1.2.1"}
BUREAUCRACY = "bureaucracy"
MEASURED = {BUREAUCRACY: "quality of government (for bureaucracy)"}  # as firms meet it, no open regional figure says


@dataclass(frozen=True)
class Barriers:
    """What the rule of C10 reads.

    Attributes
    ----------
    named : pandas.DataFrame
        Index (group, barrier): estimate, ci_low, ci_high, n (regions of the group). Of support and internationalisation
        the gap to all other regions less the mean gap over all indicators of the index, of bureaucracy the gap at equal
        GDP per head; standard deviations over regions.
    own : pandas.Series
        share, ci_low, ci_high of country and region part of the squared gaps.
    lasting : pandas.Series
        correlation, ci_low, ci_high of the region part of the first and the last year.
    """

    named: pd.DataFrame
    own: pd.Series
    lasting: pd.Series


def barriers_found(tables: Tables, plan: Plan, n_boot: int = 1999) -> Barriers:
    """Return everything that the rule of C10 reads, and the named barriers for every group, as a check of the rule."""
    _ = tables["eqi_2024"]  # without it there is nothing to find: `NotAvailable` says so
    board, rng = regions(tables), stream(plan, NAMED)
    scores = barriers.region_scores(tables).drop(index="EU")
    scores = (scores - scores.mean()) / scores.std(ddof=1)
    rows: dict[tuple[str, str], dict] = {}
    for group in reversed(GROUPS):
        inside = (board.loc[scores.index, "group"] == group).to_numpy()
        found = _index_barriers(scores, board.loc[scores.index, "geo"], inside, rng, n_boot)
        found[BUREAUCRACY] = _government(tables, group, rng, n_boot)
        rows |= {(group, barrier): values for barrier, values in found.items()}
    named = pd.DataFrame(rows).T.rename_axis(["group", "barrier"])
    split = first_rule.lagging_split(tables, claim_stream(plan, "C10"), n_boot=n_boot)  # the draws of the first rule
    return Barriers(named, first_rule.own_share(split), _lasting(tables, split, plan, n_boot))


def _index_barriers(scores: pd.DataFrame, geo: pd.Series, inside, rng, n_boot: int) -> dict[str, dict]:
    """Gap of two indicators beyond the mean gap of all, the regions of the group against all others."""
    data, at = scores.to_numpy(), [scores.columns.get_loc(code) for code in IN_INDEX.values()]

    def beyond(i: np.ndarray) -> np.ndarray:
        part, mask = data[i], inside[i]
        gaps = np.nanmean(part[~mask], axis=0) - np.nanmean(part[mask], axis=0)
        return gaps[at] - gaps.mean()

    low, high = percentile(cluster_bootstrap(geo, beyond, rng, n_boot))
    ends = zip(IN_INDEX, beyond(np.arange(len(data))), low, high)
    return {b: {"estimate": e, "ci_low": lo, "ci_high": hi, "n": int(inside.sum())} for b, e, lo, hi in ends}


def _government(tables: Tables, group: str, rng: np.random.Generator, n_boot: int) -> dict:
    """Gap in the quality of government at equal ln GDP per head; regions of the scoreboard, NUTS 2 by population."""
    frame = regional_frame(tables).dropna(subset=["eqi", "gdp_pc", "population"])
    heads = frame["population"].groupby(frame["region_code"]).transform("sum")
    weight = frame["population"] / heads
    unit = frame.assign(eqi=frame["eqi"] * weight, gdp_pc=frame["gdp_pc"] * weight)
    unit = unit.groupby("region_code").agg(
        eqi=("eqi", "sum"), gdp_pc=("gdp_pc", "sum"), geo=("geo", "first"), group=("group", "first")
    )
    inside = (unit["group"] == group).to_numpy(dtype=float)
    y = (unit["eqi"] / unit["eqi"].std(ddof=1)).to_numpy(dtype=float)
    x = np.column_stack([np.ones(len(unit)), inside, np.log(unit["gdp_pc"].to_numpy(dtype=float))])

    def gap(i: np.ndarray) -> float:
        return -float(np.linalg.lstsq(x[i], y[i], rcond=None)[0][1])

    low, high = percentile(cluster_bootstrap(unit["geo"], gap, rng, n_boot))
    return {"estimate": gap(np.arange(len(unit))), "ci_low": low[0], "ci_high": high[0], "n": int(inside.sum())}


def _lasting(tables: Tables, last: barriers.Split, plan: Plan, n_boot: int) -> pd.Series:
    """Correlation (around zero) of the regions' own part in the first and the last year, whole countries drawn."""
    first = first_rule.lagging_split(tables, stream(plan, LASTING), first_year(tables), n_boot=20)
    rows = first.parts.merge(last.parts, on=["unit", "indicator_code"], suffixes=("_1", "_2"))
    a, b = (rows[f"specific_{k}"].to_numpy() for k in (1, 2))

    def correlation(i: np.ndarray) -> float:
        return float((a[i] * b[i]).sum() / np.sqrt((a[i] ** 2).sum() * (b[i] ** 2).sum()))

    low, high = percentile(cluster_bootstrap(rows["country_2"], correlation, stream(plan, LASTING + 1), n_boot))
    return pd.Series({"correlation": correlation(np.arange(len(rows))), "ci_low": low[0], "ci_high": high[0]})


def what_counts(found: Barriers, group: str = "emerging") -> pd.Series:
    """Return for each of the four parts of the rule 1 (counts), -1 (lies on the other side of its line) or 0."""
    rows = found.named.loc[group]
    signs = {b: int(r["ci_low"] > 0) - int(r["ci_high"] < 0) for b, r in rows.iterrows()}
    below = found.lasting["ci_high"] < LASTS
    counts = found.own["ci_low"] >= MATTERS and found.lasting["ci_low"] > LASTS
    return pd.Series(signs | {"specific": 1 if counts else -1 if below else 0})


def share_and_own(signs: pd.Series) -> str:
    """Verdict on C10 from `what_counts`."""
    named = signs.drop("specific")
    if (signs > 0).all():
        return "supported"
    if (named < 0).all() or signs["specific"] < 0:
        return "contradicted"
    return "partly" if (signs > 0).any() else "inconclusive"


def c10(tables: Tables, plan: Plan, found: Barriers | None = None) -> Finding:
    """C10: lagging regions share general barriers, and each has its own; `found` if it was computed before."""
    found = found or barriers_found(tables, plan)
    signs, rows = what_counts(found), found.named.loc["emerging"]
    one = "{b} {r.estimate:+.2f} ({r.ci_low:+.2f} to {r.ci_high:+.2f})"
    shown = join_names([sentence(one, b=MEASURED.get(str(b), b), r=r) for b, r in rows.iterrows()])
    others = [f"{g}: {int((what_counts(found, g).drop('specific') > 0).sum())}" for g in GROUPS if g != "emerging"]
    values: dict[str, object] = {
        "shown": shown,
        "own": found.own,
        "lasting": found.lasting,
        "others": ", ".join(others),
    }
    values |= {"counts": join_names(signs.index[signs > 0]), "not": join_names(signs.index[signs <= 0])}
    values |= {"n": int(rows["n"].max()), "year": EQI_YEAR, "line": LASTS, "matters": MATTERS}
    named = signs.drop("specific")
    values |= {
        "stands": join_names(named.index[named > 0]),
        "lasts": "lasts" if signs["specific"] > 0 else "may not last",
    }
    tell, verdict = teller(**values), share_and_own(signs)
    ways = {
        "supported": "if {not} counted too" if (signs > 0).any() else "if {not} counted",
        "partly": "if one to three of the four counted",
        "contradicted": "if the region part correlated below {line} with its whole interval, or no named barrier lay "
        "above its line and each below",
    }
    return Finding(
        claim_id="C10",
        verdict=verdict,
        numbers=tell(
            "Gap of lagging regions to all others, standard deviations: {shown}; the first two beyond the mean gap of "
            "all indicators, the third at equal GDP per head. Country and region part hold {own[share]:.0%} "
            "({own[ci_low]:.0%} to {own[ci_high]:.0%}) of the squared gaps; the region part of the first and the last "
            "year correlate {lasting[correlation]:.2f} ({lasting[ci_low]:.2f} to {lasting[ci_high]:.2f}). Named "
            "barriers that count by the same rule in the other groups: {others}. Counts: {counts}"
            + ("." if (signs > 0).all() else "; does not: {not}.")
        ),
        coverage=tell(
            "{n} lagging regions of RIS 2023, quality of government {year} (not for commercial use); whole countries "
            "drawn; access to support and red tape as firms meet them are in no open regional figure"
        ),
        short=tell(
            "Stands out: {stands}. In standard deviations: {shown}. Each region's own profile "
            "{lasts} (correlation {lasting[correlation]:.2f})."
        ),
        rests=tell("{n} lagging regions, RIS 2023, EQI {year}"),
        change=tell(otherwise(verdict, ways)),
    )
