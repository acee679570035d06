"""What the second registration adds to the grid: each addition changes one thing in the registered choice.

`multiverse.yml` declares them under `additions`. They stand outside the first grid and its joint test. Everything that
an addition leaves out or adds is computed from the tables: which states are larger than any leader, which states were
leaders, which IPCEIs have wealth from two series, which states have no figure of a further control.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from innodivide.data.tables import Tables, country_names
from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.evidence.multiverse.grid import load_grid, sample_levels
from innodivide.evidence.multiverse.specification import Cell, World, build_world, cell, describe
from innodivide.models.estimators.design import separation
from innodivide.wording import in_a_sentence

REGISTERED = "registered"
UNCHANGED = "the same data as without this addition"
BINARY_LOGITS = ("firth",)  # whose maximum is finite also where data are separated, and then says too little


def additions(tables: Tables, grid: dict | None = None) -> pd.DataFrame:
    """Estimate every addition, the registered choice first, for each status and estimator that it varies over.

    Returns
    -------
    pandas.DataFrame
        One row each: addition, label, announced (by the second registration), status, estimator, scale, main (status
        and estimator are those of the plan), estimate, se, df, ci_low, ci_high (95 %, t), t, p_value, dispersion,
        n_dyads, n_countries, n_ipceis, n_events, n_treated, dropped (states and IPCEIs left out), carried (dyads whose
        further control is of an earlier year), failed (why there is no estimate, "" if there is one).

    Raises
    ------
    ParameterError
        A declaration that names an unknown change or level.
    """
    grid = load_grid() if grid is None else grid
    declared, dimensions = _declared(grid), grid["dimensions"]
    world, samples = build_world(tables, dimensions), sample_levels(tables, grid)
    statuses, estimators = declared["vary"]["status"], declared["vary"]["estimator"]
    rows = []
    for name, level in _levels(tables, world, declared["levels"], statuses[0]).items():
        for status in statuses:
            base = cell(world, {**declared["rest"], "status": status}, samples, dimensions)
            found, carried, failed = _changed(tables, world, base, level)
            for estimator in estimators:
                if estimator in level.get("not_for", ()):
                    continue
                row = {"addition": name, "label": level["label"], "announced": level.get("registered", True)}
                row |= {"status": status, "estimator": estimator}
                row |= {"scale": dimensions["estimator"][estimator]["scale"], "carried": carried}
                row["main"] = (status, estimator) == (statuses[0], estimators[0])
                row |= {"failed": failed} if failed else _fitted(world, found, estimator)
                rows.append(row)
    numbers = ["estimate", "se", "df", "ci_low", "ci_high", "t", "p_value", "dispersion"]
    counts = ["n_dyads", "n_countries", "n_ipceis", "n_events", "n_treated"]
    keys = ["addition", "label", "announced", "status", "estimator", "scale", "main"]
    frame = pd.DataFrame(rows).reindex(columns=[*keys, *numbers, *counts, "dropped", "carried", "failed"])
    frame = frame.astype({n: float for n in numbers} | {n: "Int64" for n in [*counts, "carried"]})
    return frame.fillna({"dropped": "", "failed": ""})


def _declared(grid: dict) -> dict:
    """The declaration of the additions, checked: what varies, what stays, and a label and a change for each."""
    declared = grid.get("additions") or {}
    lost = [name for name in ("vary", "rest", "levels") if not declared.get(name)]
    if lost:
        raise ParameterError(f"multiverse.yml: additions needs {', '.join(lost)}")
    for name, level in declared["levels"].items():
        wrong = [key for key in ("label", "change", "meaning") if not isinstance(level.get(key), str)]
        if wrong:
            raise ParameterError(f"multiverse.yml: additions {name} has no {', '.join(wrong)} (a text)")
    for name, levels in {**declared["vary"], **{k: [v] for k, v in declared["rest"].items()}}.items():
        wrong = [level for level in levels if level not in grid["dimensions"].get(name, {})]
        if wrong:
            raise ParameterError(f"multiverse.yml: additions, {name}: no level {', '.join(map(str, wrong))}")
    return declared


def _levels(tables: Tables, world: World, levels: dict, status: str) -> dict[str, dict]:
    """The registered choice, then the declared additions, those with `each` spelled out for every state."""
    out: dict[str, dict] = {REGISTERED: {"label": "as registered", "change": None}}
    names = country_names(tables)
    for name, level in levels.items():
        if level.get("each") == "leader":
            ever = np.flatnonzero((world.status[status] > 0).any(axis=1))
            for geo in sorted((world.geo[i] for i in ever), key=names.__getitem__):
                label = level["label"].format(name=in_a_sentence(names[geo]))
                out[f"{name}_{geo}"] = {**level, "label": label, "drop": geo}
        else:
            out[name] = level
    return out


def _fitted(world: World, found: Cell, estimator: str) -> dict:
    """The row of one fit; a separated logit has no estimate here, as its dispersion would make it look certain."""
    row = describe(world, found, estimator)
    if estimator in BINARY_LOGITS and not row["failed"]:
        d = found.d[found.kept].reshape(-1, 1)
        matrix = np.hstack([found.x.reshape(-1, found.x.shape[2]), d])
        names = [*(f"control {k}" for k in range(1, matrix.shape[1])), "status"]
        apart, text = separation(matrix, found.y.ravel(), names)
        if apart:
            sizes = {name: value for name, value in row.items() if name.startswith("n_") or name == "dropped"}
            return {**sizes, "failed": f"separated: {text}"}
    return row


# ---- one change of the arrays of a specification ----


def _changed(tables: Tables, world: World, base: Cell, level: dict) -> tuple[Cell, int, str]:
    """The arrays with one change, how many figures are of an earlier year, and why the change cannot be made."""
    change, carried = level["change"], 0
    try:
        if change is None:
            return base, 0, ""
        if change == "common_support":
            found = _states(base, ~larger_than_leaders(base.x[:, :, 0], base.d[base.kept]))
        elif change == "squared":
            column = base.x[:, :, 0]
            found = _with_columns(base, ((column - column.mean()) ** 2)[:, :, None])  # the same span, fewer digits lost
        elif change == "ipcei_effects":
            j = base.y.shape[1]
            found = _with_columns(base, np.broadcast_to(np.eye(j)[:, 1:], (len(base.y), j, j - 1)))
        elif change == "without":
            found = _states(base, np.array([world.geo[i] != level["drop"] for i in base.kept]))
        elif change == "control":
            values, years = last_known(tables, world, level["variable"])
            pick = np.ix_(base.kept, base.columns)
            known = ~np.isnan(values[pick]).any(axis=1)
            found = _states(_with_columns(base, values[pick][:, :, None]), known)
            carried = int((years[pick][known] > 0).sum())
        elif change == "one_basis":
            found = _ipceis(base, ~on_basis(tables, world, level["variable"], level["basis"])[base.columns])
        else:
            raise ParameterError(f"additions: change {change!r} is not known")
    except DesignError as error:
        return base, 0, str(error)
    same = all(np.array_equal(getattr(found, name), getattr(base, name)) for name in ("d", "y", "x"))
    return found, carried, UNCHANGED if same else ""


def _states(base: Cell, keep: np.ndarray) -> Cell:
    return replace(base, y=base.y[keep], x=base.x[keep], kept=base.kept[keep])


def _ipceis(base: Cell, keep: np.ndarray) -> Cell:
    if keep.sum() < 2:
        raise DesignError(f"{int(keep.sum())} IPCEI(s) left; at least two are needed")
    return replace(base, d=base.d[:, keep], y=base.y[:, keep], x=base.x[:, keep], columns=base.columns[keep])


def _with_columns(base: Cell, columns: np.ndarray) -> Cell:
    return replace(base, x=np.concatenate([base.x, columns], axis=2))


def larger_than_leaders(people: np.ndarray, status: np.ndarray) -> np.ndarray:
    """Return which states (n,) have more people at the last decision than every state that ever had the status.

    Parameters
    ----------
    people, status : ndarray (n, IPCEIs)
        IPCEIs in any order: the largest number of people of a state counts.
    """
    largest = people.max(axis=1)
    return largest > largest[(status > 0).any(axis=1)].max() + 1e-12


def last_known(tables: Tables, world: World, variable: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the last figure up to the year before each decision, and how many years before that year it is.

    Returns
    -------
    values, years : ndarray (states, IPCEIs)
        NaN where a state has no figure up to then.
    """
    rows = tables["country_panel"]
    rows = rows[(rows["variable"] == variable) & rows["geo"].isin(world.geo)].dropna(subset=["value"])
    if rows.empty:
        raise DataError(f"context/country_panel.csv: no figure of {variable} for any Member State")
    wide = rows.pivot(index="year", columns="geo", values="value").reindex(columns=list(world.geo)).sort_index()
    before = pd.DatetimeIndex(world.decided).year - 1
    known_years = wide.notna().mul(wide.index, axis=0).where(wide.notna())
    asked = range(int(wide.index.min()), int(max(before.max(), wide.index.max())) + 1)
    values = wide.reindex(asked).ffill().loc[before].to_numpy(dtype=float).T
    last = known_years.reindex(asked).ffill().loc[before].to_numpy(dtype=float).T
    return values, before.to_numpy()[None] - last


def on_basis(tables: Tables, world: World, variable: str, basis: str) -> np.ndarray:
    """Return for which IPCEIs (n,) the figure of the year before has this basis in any Member State."""
    rows = tables["country_panel"]
    rows = rows[(rows["variable"] == variable) & rows["geo"].isin(world.geo) & (rows["basis"] == basis)]
    return np.isin(pd.DatetimeIndex(world.decided).year - 1, rows["year"])
