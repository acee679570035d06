"""The declaration of a specification grid: its levels, its cells, and the cells that are not run (see `multiverse`)."""

from collections.abc import Iterable
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from innodivide.data.frozen import ROOT
from innodivide.data.tables import Tables, integrated_ipceis
from innodivide.data.yaml_files import Kinds, fault, is_a, read_yaml
from innodivide.errors import DesignError, ParameterError
from innodivide.evidence.multiverse.specification import build_world, cell

GRID_FILE = "multiverse.yml"
DIMENSIONS = ("status", "size", "wealth", "sample", "outcome", "estimator", "controls_year")
LEVEL: dict[str, Kinds] = {
    name: str for name in "label meaning family measure column each scale change variable basis".split()
}
LEVEL |= {name: list for name in ("groups", "columns", "drop", "roles", "not_for")}
LEVEL |= {"edition": (str, int), "year": (str, int), "top": int, "series": int, "registered": bool}
LEVEL |= {"until": date, "since": date}
KEYS = ["spec_id", "family", *DIMENSIONS]


def load_grid(path: Path | None = None) -> dict:
    """Read and check the declaration of a grid (multiverse.yml by default).

    Raises
    ------
    ParameterError
        If a dimension or a field is missing, or a rule of `exclude` names what does not exist or has no reason.
    """
    path = ROOT / GRID_FILE if path is None else Path(path)
    grid = read_yaml(path)
    lost = [name for name in DIMENSIONS if not grid.get("dimensions", {}).get(name)]
    if lost:
        raise ParameterError(f"{path.name}: dimensions needs levels of {', '.join(lost)}")
    for name, level in grid["dimensions"]["status"].items():
        if "family" not in level:
            raise ParameterError(f"{path.name}: status {name} has no family")
    for dimension in DIMENSIONS:
        for name, level in grid["dimensions"][dimension].items():
            if not isinstance(level.get("label"), str):
                raise ParameterError(f"{path.name}: {dimension} {name} has no label (a text)")
            if not is_a(name, str) or (wrong := fault(level, LEVEL)):
                why = wrong if is_a(name, str) else "the name of a level is a text; put it in quotation marks"
                raise ParameterError(f"{path.name}: {dimension} {name}: {why}")
    return grid


def labels(dimension: str, levels: Iterable[str], grid: dict | None = None) -> dict[str, str]:
    """Return the label of each level of a dimension; a sample without one unit has that of the level with `each`."""
    declared = (load_grid() if grid is None else grid)["dimensions"][dimension]
    each = next((level["label"] for level in declared.values() if level.get("each")), "")
    return {name: declared[name]["label"] if name in declared else each or name for name in levels}


def expand(tables: Tables, grid: dict | None = None) -> pd.DataFrame:
    """List the specifications of a grid.

    Returns
    -------
    DataFrame
        One row each: spec_id (its levels joined by "/"), family, status, size, wealth, sample, outcome, estimator,
        controls_year; in the order of the declaration. Cells under a rule of `exclude` are left to `excluded`.
    """
    cells = _cells(tables, grid)
    return cells.loc[cells["reason"] == "", KEYS].reset_index(drop=True)


def excluded(tables: Tables, grid: dict | None = None) -> pd.DataFrame:
    """Count the cells of a grid that are not run, by reason: columns reason, n_cells, example (a spec_id)."""
    cells = _cells(tables, grid)
    out = cells[cells["reason"] != ""].groupby("reason", sort=False)["spec_id"].agg(n_cells="size", example="first")
    return out.reset_index()


def _cells(tables: Tables, grid: dict | None) -> pd.DataFrame:
    """All cells with a column reason, "" for those that are run."""
    grid = load_grid() if grid is None else grid
    levels = {name: list(grid["dimensions"][name]) for name in DIMENSIONS}
    levels["sample"] = list(sample_levels(tables, grid))
    frame = pd.DataFrame(product(*levels.values()), columns=list(DIMENSIONS)).astype(str)
    status = grid["dimensions"]["status"]
    frame.insert(0, "family", [status[name]["family"] for name in frame["status"]])
    frame.insert(0, "spec_id", frame[list(DIMENSIONS)].agg("/".join, axis=1))
    frame["reason"] = ""
    for rule in grid.get("exclude") or ():
        hit = np.ones(len(frame), dtype=bool)
        if not rule.get("when") or not rule.get("reason"):
            raise ParameterError(f"exclude: a rule needs `when` and `reason`, got {rule}")
        for name, wanted in rule["when"].items():
            wrong = [level for level in wanted if name not in levels or level not in levels[name]]
            if wrong:
                raise ParameterError(f"exclude: {name} has no level {', '.join(map(str, wrong))}")
            hit &= frame[name].isin(wanted)
        frame.loc[hit & (frame["reason"] == ""), "reason"] = rule["reason"].strip()
    return frame.assign(reason=_twins(tables, grid, frame))


def _twins(tables: Tables, grid: dict, frame: pd.DataFrame) -> pd.Series:
    """Return the reasons, with those of cells that have too little data, or the same as an earlier cell, filled in.

    Which samples, roles and statuses come to the same is found in the data, not named: a row added to a table may part
    them.
    """
    world, samples = build_world(tables, grid["dimensions"]), sample_levels(tables, grid)
    parts = [name for name in DIMENSIONS if name != "estimator"]  # what the data depend on
    first: dict[tuple, dict] = {}
    reasons: dict[tuple, str] = {}
    for levels in frame.loc[frame["reason"] == "", parts].drop_duplicates().itertuples(index=False, name=None):
        spec = dict(zip(parts, levels))
        try:
            found = cell(world, spec, samples, grid["dimensions"])
        except DesignError as error:
            reasons[levels] = f"too little data: {error}"
            continue
        arrays = (found.d, found.y, found.x, found.kept, found.columns)
        twin = first.setdefault(tuple(a.tobytes() for a in arrays), spec)
        if twin is not spec:
            apart = [f"{name} {twin[name]}" for name in parts if twin[name] != spec[name]]
            reasons[levels] = f"the same data as with {' and '.join(apart)}"
    rows = frame[parts].itertuples(index=False, name=None)
    filled = pd.Series([reasons.get(levels, "") for levels in rows], frame.index)
    return frame["reason"].where(frame["reason"] != "", filled)


def sample_levels(tables: Tables, grid: dict) -> dict:
    """Levels of the sample, those declared with `each` spelled out: drop_<IPCEI>."""
    out: dict[str, dict] = {}
    for name, level in grid["dimensions"]["sample"].items():
        if level.get("each") == "ipcei_id":
            ids = sorted(integrated_ipceis(tables)["ipcei_id"])
            out |= {
                f"drop_{code}": {"drop": [code], "label": level["label"], "meaning": f"without {code}"} for code in ids
            }
        else:
            out[name] = level
    return out
