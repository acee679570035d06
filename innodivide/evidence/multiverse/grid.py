"""The declaration of a specification grid: its levels, its cells, and the cells that are not run (see `multiverse`)."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from innodivide.data.frozen import ROOT
from innodivide.data.tables import Tables, integrated_ipceis
from innodivide.errors import ParameterError

GRID_FILE = "multiverse.yml"
DIMENSIONS = ("status", "size", "wealth", "sample", "outcome", "estimator", "controls_year")
KEYS = ["spec_id", "family", *DIMENSIONS]


def load_grid(path: Path | None = None) -> dict:
    """Read and check the declaration of a grid (multiverse.yml by default).

    Raises
    ------
    ParameterError
        If a dimension or a field is missing, or a rule of `exclude` names what does not exist or has no reason.
    """
    path = ROOT / GRID_FILE if path is None else Path(path)
    grid = yaml.safe_load(path.read_text(encoding="utf-8"))
    lost = [name for name in DIMENSIONS if not grid.get("dimensions", {}).get(name)]
    if lost:
        raise ParameterError(f"{path.name}: dimensions needs levels of {', '.join(lost)}")
    for name, level in grid["dimensions"]["status"].items():
        if "family" not in level:
            raise ParameterError(f"{path.name}: status {name} has no family")
    return grid


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
    return frame


def sample_levels(tables: Tables, grid: dict) -> dict:
    """Levels of the sample, those declared with `each` spelled out: drop_<IPCEI>."""
    out: dict[str, dict] = {}
    for name, level in grid["dimensions"]["sample"].items():
        if level.get("each") == "ipcei_id":
            ids = sorted(integrated_ipceis(tables)["ipcei_id"])
            out |= {f"drop_{code}": {"drop": [code], "meaning": f"without {code}"} for code in ids}
        else:
            out[name] = level
    return out
