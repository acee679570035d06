"""The specification explorer's data: every cell of the grid, as report 04 estimated it, in columns."""

from itertools import product

from innodivide.data import frozen
from innodivide.data.yaml_files import read_yaml
from innodivide.errors import DataError
from innodivide.reports.making.manifest import file_sha256
from innodivide.reports.site.content import drawing, prose
from innodivide.reports.site.folder import Found, Report, recorded

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
    by_choices = {tuple(row[name] for name in DIMENSIONS): row for row in rows}
    cells = {name: [] for name in (*NUMBERS, *COUNTS, "dropped", "why")}
    reasons, dropped, registered = [], ["", *sorted({row["dropped"] for row in rows if not row["failed"]} - {""})], None
    for index, choices in enumerate(product(*levels.values())):
        row = by_choices.get(choices)
        if row and row["registered"] == "True":
            registered = index
        why = _why_not(row, dict(zip(DIMENSIONS, choices)), declared)
        if why and why not in reasons:
            reasons.append(why)
        for name, digits in NUMBERS.items():
            cells[name].append(None if why else _number(row[name], digits))
        for name in COUNTS:
            cells[name].append(None if why else int(row[name]))
        cells["dropped"].append(0 if why else dropped.index(row["dropped"]))
        cells["why"].append(reasons.index(why) if why else None)
    return {
        "dimensions": [_dimension(name, levels[name], declared) for name in DIMENSIONS],
        "families": _of(rows, "status", "family"),
        "questions": _of(rows, "family", "question"),
        "scales": _of(rows, "estimator", "scale"),
        "registered": registered,
        "reasons": reasons,
        "dropped": dropped,
        "cells": cells,
    }


def _number(text: str, digits: int) -> float | None:
    return float(f"{float(text):.{digits}g}") if text else None


def _why_not(row: dict | None, choices: dict[str, str], declared: dict) -> str:
    """Return the reason why a cell has no estimate: of the first rule of the declaration, as `grid` applies it."""
    if row:
        return row["failed"] and f"it could not be estimated: {row['failed']}"
    for rule in declared.get("exclude") or ():
        if all(choices[name] in map(str, wanted) for name, wanted in rule["when"].items()):
            return rule["reason"].strip()
    return "it has the same data as another cell, or too little (table T4.4 of report 04), or is not in this report"


def _of(rows: list[dict], key: str, value: str) -> dict[str, str]:
    """Return value by key, which must have one value each."""
    found: dict[str, str] = {}
    for row in rows:
        if found.setdefault(row[key], row[value]) != row[value]:
            raise DataError(f"report 04: the {key} {row[key]} has more than one {value}")
    return found


def _dimension(name: str, levels: list[str], declared: dict) -> dict:
    known = {str(k): v for k, v in declared.get("dimensions", {}).get(name, {}).items()}
    shown = [
        {"id": level, "label": _label(known, level), "meaning": known.get(level, {}).get("meaning", "")}
        for level in levels
    ]
    return {"name": name, "label": DIMENSIONS[name], "levels": shown}


def _label(known: dict[str, dict], level: str) -> str:
    """Return the declared name of a level; a sample without one project is named by it."""
    without = f"without {level.removeprefix('drop_')}" if level.startswith("drop_") else level.replace("_", " ")
    return known.get(level, {}).get("label", without)


def _declaration(report: Report) -> dict:
    """Return multiverse.yml if the report was made with it as it is now, else nothing."""
    file = frozen.ROOT / GRID
    same = file.is_file() and recorded(report.path, "inputs").get(GRID) == file_sha256(file)
    return read_yaml(file) if same else {}
