"""The specification explorer's data: every cell of the grid, as report 04 estimated it, in columns."""

import hashlib
import json

import yaml

from innodivide.data import frozen
from innodivide.errors import DataError
from innodivide.reports.making.manifest import MANIFEST
from innodivide.reports.site.content import drawing, prose
from innodivide.reports.site.folder import Found, Report

CURVE, CURVE_WORDS = "F4.1", "N4.1"
BY_CHOICE = ("choice", "level", "n", "median", "share_cross")
GRID = "multiverse.yml"
DIMENSIONS = {
    "status": "Status",
    "size": "Size",
    "wealth": "Wealth",
    "sample": "Sample",
    "outcome": "Outcome",
    "estimator": "Estimator",
    "controls_year": "Year of size and wealth",
}
LABELS = {  # short names for the menus; the declared meaning stands beside the result
    "status": {
        "at_decision": "leader at the decision",
        "lag1": "leader one edition earlier",
        "eis2020": "leader in EIS 2020",
        "leader_or_strong": "leader or strong innovator",
        "top5": "five highest ranks",
        "index_at_decision": "index at the decision",
        "index_2016": "index of 2016",
    },
    "size": {"ln_population": "population", "ln_gdp": "GDP"},
    "wealth": {"in": "GDP per head controlled for", "out": "not controlled for"},
    "sample": {
        "all": "all IPCEIs, all 27 states",
        "until_2021": "decided up to 2021",
        "since_2022": "decided since 2022",
        "drop_LU": "without Luxembourg",
    },
    "outcome": {
        "notifying": "notified",
        "late_joiners": "notified or joined later",
        "associated": "also as associated partner",
    },
    "estimator": {
        "firth": "Firth logit",
        "quasi_binomial": "quasi-binomial logit",
        "poisson": "quasi-Poisson",
        "lpm": "linear probability",
    },
    "controls_year": {"lag1": "year before the decision", "2019": "2019 for all"},
}
NUMBERS = {"estimate": 6, "ci_low": 6, "ci_high": 6, "t": 5, "p_value": 4}  # significant digits kept
COUNTS = ("n_dyads", "n_countries", "n_ipceis", "n_events", "n_treated")
COLUMNS = (*DIMENSIONS, *NUMBERS, *COUNTS, "family", "question", "scale", "registered", "dropped", "failed")


def explorer(found: Found) -> dict:
    """Return what the explorer shows with and without scripts; empty if report 04 does not hold it."""
    every, by_choice = found.table("04", COLUMNS), found.table("04", BY_CHOICE)
    if every is None:
        return {}
    return {
        "data": grid(every.rows, _declaration(every.report)),
        "n": len(every.rows),
        "words": prose(every.report, CURVE_WORDS),
        "curve": drawing(every.report, CURVE),
        "by_choice": by_choice.payload if by_choice else {},
        "files": every.address,
    }


def grid(rows: list[dict], declared: dict) -> dict:
    """Return the specifications in columns over all cells of the grid.

    Parameters
    ----------
    rows : list of dict
        One for each specification that was run, texts as in the CSV of the exhibit.
    declared : dict
        multiverse.yml if it is the one the report was made with, else empty: meanings and reasons are then unknown.

    Returns
    -------
    dict
        dimensions (name, label, levels), families, registered (index of a cell), reasons, and cells: a list for each
        number over the product of all levels, the last dimension fastest, None where a cell was not run; `why` is then
        the index of its reason.
    """
    levels = {name: list(dict.fromkeys(row[name] for row in rows)) for name in DIMENSIONS}
    place = {name: {level: i for i, level in enumerate(levels[name])} for name in DIMENSIONS}
    columns = [*NUMBERS, *COUNTS, "dropped"]
    cells, at = {name: [None] * _product(levels) for name in [*columns, "why"]}, {}
    for row in rows:
        index = 0
        for name in DIMENSIONS:
            index = index * len(levels[name]) + place[name][row[name]]
        at[index] = row
        if row["failed"]:
            continue
        for name, digits in NUMBERS.items():
            cells[name][index] = _number(row[name], digits)
        for name in COUNTS:
            cells[name][index] = int(row[name])
        cells["dropped"][index] = row["dropped"]
    reasons = _reasons(levels, at, declared, cells["why"])
    dropped = sorted({text for text in cells["dropped"] if text})
    cells["dropped"] = [dropped.index(text) + 1 if text else 0 for text in cells["dropped"]]
    return {
        "dimensions": [_dimension(name, levels[name], declared) for name in DIMENSIONS],
        "families": _of(rows, "status", "family"),
        "questions": _of(rows, "family", "question"),
        "scales": _of(rows, "estimator", "scale"),
        "registered": next((i for i, row in at.items() if row["registered"] == "True"), None),
        "reasons": reasons,
        "dropped": ["", *dropped],
        "cells": cells,
    }


def _product(levels: dict) -> int:
    total = 1
    for names in levels.values():
        total *= len(names)
    return total


def _number(text: str, digits: int) -> float | None:
    return float(f"{float(text):.{digits}g}") if text else None


def _of(rows: list[dict], key: str, value: str) -> dict[str, str]:
    """Return value by key, which must have one value each."""
    pairs = list(dict.fromkeys((row[key], row[value]) for row in rows))
    if len(pairs) != len(dict(pairs)):
        raise DataError(f"report 04: the {key} {_twice(pairs)} has more than one {value}")
    return dict(pairs)


def _twice(pairs: list[tuple[str, str]]) -> str:
    keys = [key for key, _ in pairs]
    return next(key for key in keys if keys.count(key) > 1)


def _dimension(name: str, levels: list[str], declared: dict) -> dict:
    known = {str(k): v for k, v in declared.get("dimensions", {}).get(name, {}).items()}
    return {
        "name": name,
        "label": DIMENSIONS[name],
        "levels": [
            {"id": level, "label": label(name, level), "meaning": known.get(level, {}).get("meaning", "")}
            for level in levels
        ],
    }


def label(dimension: str, level: str) -> str:
    """Return the short name of a level; a sample without one project is named by it."""
    without = f"without {level.removeprefix('drop_')}" if level.startswith("drop_") else level.replace("_", " ")
    return LABELS[dimension].get(level, without)


def _reasons(levels: dict, at: dict, declared: dict, why: list) -> list[str]:
    """Fill `why` with the index of the reason for each cell without an estimate, and return the reasons."""
    reasons: dict[str, int] = {}
    for index in range(len(why)):
        row = at.get(index)
        if row is None:
            text = _rule(_choices(levels, index), declared)
        elif row["failed"]:
            text = f"it could not be estimated: {row['failed']}"
        else:
            continue
        why[index] = reasons.setdefault(text, len(reasons))
    return list(reasons)


def _choices(levels: dict, index: int) -> dict[str, str]:
    """Return the levels of a cell from its index."""
    out = {}
    for name in reversed(DIMENSIONS):
        index, place = divmod(index, len(levels[name]))
        out[name] = levels[name][place]
    return out


def _rule(choices: dict[str, str], declared: dict) -> str:
    """Return the reason of the first rule of the declaration that leaves a cell out, as `grid` applies it."""
    for rule in declared.get("exclude") or ():
        if all(choices[name] in map(str, wanted) for name, wanted in rule["when"].items()):
            return rule["reason"].strip()
    return "it is not among the specifications of this report"


def _declaration(report: Report) -> dict:
    """Return multiverse.yml if the report was made with it as it is now, else nothing."""
    try:
        made_with = json.loads((report.path / MANIFEST).read_text(encoding="utf-8"))["inputs"][GRID]
        content = (frozen.ROOT / GRID).read_bytes()
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return yaml.safe_load(content) if hashlib.sha256(content).hexdigest() == made_with else {}
