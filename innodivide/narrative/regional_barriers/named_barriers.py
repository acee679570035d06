"""Words and tables of the claims on lagging regions: the named barriers (C10), their structures (C13), the frame."""

from dataclasses import replace

import pandas as pd

from innodivide.data import editions
from innodivide.data.sources import sources_of
from innodivide.data.tables import Tables
from innodivide.evidence import regional_analyses
from innodivide.evidence.claims.lagging_barriers import Barriers, share_and_own, what_counts
from innodivide.evidence.claims.regional_structures import PARTS, judged, locked_in
from innodivide.evidence.claims.shared_barriers import NAMED as IN_FIRST, FirstRule, own_share
from innodivide.evidence.claims.thresholds import LASTS, MATTERS
from innodivide.indicators import barriers, regional_frame
from innodivide.indicators.regions import first_year
from innodivide.narrative.exhibits import Exhibit
from innodivide.narrative.words_file import Words
from innodivide.wording import GROUPS, join_names, sentence

WORDS = Words("06_regional_barriers")
LAGGING = "emerging"
SHOWN = 8  # regions shown; all are in the data
CLAIMED = WORDS.names("parts of the claim")
IN_SENTENCE = WORDS.names("parts in a sentence")
SAYS = WORDS.names("what an interval says")
STRUCTURES = WORDS.names("structures")
UNITS = WORDS.names("units of structures")
SIDES = WORDS.names("sides of the claim")
WEALTH, STRUCTURE = (regional_analyses.PEOPLE, regional_analyses.GDP), ("manuf_gva_share", "ict_prof_gva_share")
RESEARCH = "gerd_pct_gdp"
INTERVAL = "{r.estimate:+.2f} ({r.ci_low:+.2f} to {r.ci_high:+.2f})"


def _side(low: float, high: float, line: float) -> int:
    return int(low > line) - int(high < line)


def named_rows(found: Barriers, first: FirstRule) -> pd.DataFrame:
    """Return each part of the rule of C10: what it asks, estimate, interval, what that says; and by the first rule.

    Returns
    -------
    pandas.DataFrame
        part, name, estimate, ci_low, ci_high, line (to be above), sign (1 counts, -1 below the line, 0 cannot be told),
        says (in words), first (estimate and interval by the first rule, in words).
    """
    rows = found.named.loc[LAGGING, ["estimate", "ci_low", "ci_high"]].assign(line=0.0)
    rows.loc["own"] = [*found.own[["share", "ci_low", "ci_high"]], MATTERS]
    rows.loc["lasting"] = [*found.lasting[["correlation", "ci_low", "ci_high"]], LASTS]
    rows = rows.astype(float).rename_axis("part").reset_index()
    rows["sign"] = [_side(*ends) for ends in rows[["ci_low", "ci_high", "line"]].itertuples(index=False)]
    earlier = _by_the_first_rule(first)
    return rows.assign(
        name=rows["part"].map(CLAIMED),
        says=rows["sign"].astype(str).map(SAYS),
        first=[earlier.get(part, "–") for part in rows["part"]],
    )


def _by_the_first_rule(first: FirstRule) -> dict[str, str]:
    """Mean gaps to the EU, and the own share, with their intervals, by part."""
    gaps, one = (
        pd.concat([first.now["EU"].general, first.government["EU"].general]),
        "{v:.2f} ({low:.2f} to {high:.2f})",
    )
    found = {name: gaps.loc[code, ["general", "ci_low", "ci_high"]] for name, (code, _) in IN_FIRST.items()}
    found["own"] = own_share(first.now["EU"])[["share", "ci_low", "ci_high"]]
    return {part: sentence(one, v=v, low=low, high=high) for part, (v, low, high) in found.items()}


def answer(tables: Tables, found: Barriers, first: FirstRule) -> tuple[list[str], dict]:
    """Return which parts of the sentence on C10 fit its verdict, and their values."""
    signs, rows = what_counts(found), named_rows(found, first).set_index("part")
    by_sign = {k: [IN_SENTENCE[part] for part in signs.index[signs == k]] for k in (1, 0, -1)}
    regions, last = first.now["EU"].parts, found.lasting
    values: dict[str, object] = {part: sentence(INTERVAL, r=rows.loc[part]) for part in IN_FIRST}
    values |= {"counts": join_names(by_sign[1]), "open": join_names(by_sign[0]), "below": join_names(by_sign[-1])}
    values |= {"n_counts": len(by_sign[1]), "n": len(signs)}
    values |= {"regions": regions["unit"].nunique(), "countries": regions["country"].nunique()}
    values |= {"own": found.own["share"], "own_low": found.own["ci_low"], "own_high": found.own["ci_high"]}
    values |= {"kept": last["correlation"], "kept_low": last["ci_low"], "kept_high": last["ci_high"]}
    values |= {"first_year": first_year(tables), "eqi_year": regional_frame.EQI_YEAR, "first_verdict": first.verdict()}
    verdict = share_and_own(signs)
    told = [part for part, k in (("open", 0), ("below", -1)) if by_sign[k]] if verdict == "partly" else []
    return [verdict, *told, "numbers", "first rule"], values


def group_rows(found: Barriers) -> pd.DataFrame:
    """Return the named barriers of every group by the same rule, the lagging group first, with how many count."""
    rows = []
    for group in reversed(GROUPS):
        part, signs = found.named.loc[group], what_counts(found, group).drop("specific")
        row = {"group": group, "n": int(part["n"].max()), **{b: sentence(INTERVAL, r=r) for b, r in part.iterrows()}}
        ends = {f"{b}_{c}": part.at[b, c] for b in part.index for c in ("estimate", "ci_low", "ci_high")}
        rows.append(row | {"counts": int((signs > 0).sum()), "of": len(signs)} | ends)
    return pd.DataFrame(rows)


def group_facts(rows: pd.DataFrame) -> tuple[list[str], dict]:
    """Return whether the rule tells groups apart, as part of the title, and how many barriers of other groups count."""
    own, others = rows[rows["group"] == LAGGING], rows[rows["group"] != LAGGING]
    values = {"count": int(others["counts"].sum()), "cells": int(others["of"].sum()), "own": int(own["counts"].sum())}
    values |= {"of": int(own["of"].sum()), "eqi_year": regional_frame.EQI_YEAR}
    return ["can fail" if values["count"] < values["cells"] else "cannot fail"], values


def structure_rows(gaps: pd.DataFrame) -> pd.DataFrame:
    """Return `regional_structures.structure_gaps` in words: what the claim says of each part and what the data say."""
    sides = {column: sign for column, sign, _ in PARTS.values()}
    rows = gaps.rename_axis("column").reset_index()
    wanted = rows["column"].map(sides)
    found = [_side(low, high, 0.0) for low, high in zip(rows["ci_low"], rows["ci_high"])]
    agrees = [0 if pd.isna(w) else int(w * f) for w, f in zip(wanted, found)]
    return rows.assign(
        name=rows["column"].map(STRUCTURES),
        unit=rows["column"].map(UNITS),
        claimed=["–" if pd.isna(w) else SIDES["higher" if w > 0 else "lower"] for w in wanted],
        agrees=agrees,
        says=["–" if pd.isna(w) else SIDES[str(k)] for w, k in zip(wanted, agrees)],
    )


def structure_facts(gaps: pd.DataFrame) -> tuple[str, dict]:
    """Return the verdict on C13, by the claim's function, and the values of its sentence and title."""
    rows = structure_rows(gaps).set_index("column")
    parts = judged(rows)
    names = {k: [f"“{part}”" for part in parts.loc[parts["agrees"] == k, "part"]] for k in (1, 0, -1)}
    values: dict[str, object] = {"hold": len(names[1]), "n": len(parts), "regions": int(parts["n_lagging"].min())}
    values |= {"as_said": join_names(names[1]), "open": join_names(names[0]), "against": join_names(names[-1])}
    values |= {"others": int(parts["n_others"].min()), "first": regional_frame.FIRST, "last": regional_frame.LAST}
    values |= {"made": rows.loc["manufacturing", "lagging"], "made_others": rows.loc["manufacturing", "others"]}
    for name, column in (("made", "manufacturing"), ("moved", "moved")):
        points = 100 * rows.loc[column, ["difference", "ci_low", "ci_high"]].astype(float)
        values |= {f"{name}_low": points["ci_low"], f"{name}_high": points["ci_high"]}
        values[f"{name}_points"] = points["difference"]
    return locked_in(gaps), values


def frame_rows(tables: Tables) -> pd.DataFrame:
    """Return `regional_frame` with the scores that claims read (`score_` and code), largest lagging region first."""
    frame = regional_frame.regional_frame(tables)
    scores = barriers.region_scores(tables).drop(index="EU").add_prefix("score_")
    rows = frame.merge(scores, left_on="region_code", right_index=True, how="left")
    rows = rows.assign(first=rows["lagging"].fillna(False).astype(bool))
    order = ["first", "population", "nuts_code"]
    rows = rows.sort_values(order, ascending=[False, False, True], ignore_index=True)
    return rows.drop(columns=["first", "lagging", "other"])  # both follow from columns that stay: group, the shares


def frame_facts(rows: pd.DataFrame) -> dict:
    """Return how many regions there are, how many of them lag and what part of the people lives there."""
    lagging = rows["group"] == LAGGING
    values = {"regions": len(rows), "lagging": int(lagging.sum()), "eqi_year": regional_frame.EQI_YEAR}
    values |= {"share": rows.loc[lagging, "population"].sum() / rows["population"].sum()}
    values |= {"heads_year": regional_frame.HEADS_YEAR, "first": regional_frame.FIRST, "last": regional_frame.LAST}
    return values | {"start": min(regional_frame.PAYMENT_YEARS), "end": max(regional_frame.PAYMENT_YEARS)}


def frame_table(tables: Tables) -> Exhibit:
    """Return the table of regions: a few are shown, all are in its data."""
    rows = frame_rows(tables)
    made = WORDS.of(tables).table("T6.14", rows, values=frame_facts(rows), sources=frame_sources(tables))
    return replace(made, shown=SHOWN)


def barrier_sources(tables: Tables) -> tuple[str, ...]:
    """Return the ids of the sources of the named barriers: scores, quality of government, wealth."""
    return sources_of(*_scores(tables), tables["eqi_2024"], _of(tables, *WEALTH))


def structure_sources(tables: Tables) -> tuple[str, ...]:
    """Return the ids of the sources of the structures: value added, R&D, groups of regions."""
    return sources_of(_of(tables, *STRUCTURE, RESEARCH), *_scores(tables))


def frame_sources(tables: Tables) -> tuple[str, ...]:
    """Return the ids of the sources of the frame and its scores."""
    payments = sources_of(tables["erdf_payment"], tables["nuts_link"])
    return tuple(sorted({*barrier_sources(tables), *structure_sources(tables), *payments}))


def _scores(tables: Tables) -> list[pd.DataFrame]:
    return [editions.of_latest(tables, name, editions.REGIONAL) for name in ("ris_score", "ris_nuts2")]


def _of(tables: Tables, *variables: str) -> pd.DataFrame:
    return tables["region_year"][tables["region_year"]["variable"].isin(variables)]
