"""From tables to the arrays of each specification, and its fits; `whole_grid` beside it is what others call."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from innodivide.data.tables import Tables
from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.indicators.panel import ipcei_dyads, status_asof
from innodivide.models.batch.country_level import ESTIMATORS, CountryLevel

CONTROL_COLUMNS = ("ln_population", "ln_gdp_pc_pps", "ln_gdp")


@dataclass(frozen=True, eq=False)
class World:
    """Everything the specifications pick from: matrices of countries x IPCEIs, in the order of `geo` and `ipcei`.

    Attributes
    ----------
    geo, ipcei : tuple of str
        Sorted codes.
    decided : ndarray of datetime64 (IPCEIs,)
    status, outcome : dict of name to ndarray (countries, IPCEIs)
        A status that is not known for an IPCEI has NaN in its column.
    controls : dict of (column, level of controls_year) to ndarray (countries, IPCEIs)
    """

    geo: tuple[str, ...]
    ipcei: tuple[str, ...]
    decided: np.ndarray
    status: dict
    outcome: dict
    controls: dict


@dataclass(frozen=True, eq=False)
class Cell:
    """Arrays of one specification: exposure of every country (countries, j), and outcome, controls of those kept."""

    d: np.ndarray
    y: np.ndarray
    x: np.ndarray
    kept: np.ndarray  # (n,) positions of the countries in the sample
    columns: np.ndarray  # (j,) positions of the IPCEIs


def build_world(tables: Tables, dimensions: dict) -> World:
    """Read every status, outcome and control that the dimensions of a grid name."""
    base = ipcei_dyads(tables)
    geo, ipcei = sorted(base["geo"].unique()), sorted(base["ipcei_id"].unique())
    decided = base.drop_duplicates("ipcei_id").set_index("ipcei_id").loc[ipcei, "decision_date"]
    status = {name: _status(tables, level, decided, geo) for name, level in dimensions["status"].items()}
    outcome = {
        name: _matrix(ipcei_dyads(tables, roles=level["roles"]), "participates", geo)
        for name, level in dimensions["outcome"].items()
    }
    controls: dict[str, np.ndarray] = {}
    for name, level in dimensions["controls_year"].items():
        dyads = ipcei_dyads(tables, controls=level["year"])
        controls |= {(column, name): _matrix(dyads, column, geo) for column in CONTROL_COLUMNS}
    return World(tuple(geo), tuple(ipcei), decided.to_numpy(), status, outcome, controls)


def _matrix(frame: pd.DataFrame, column: str, geo) -> np.ndarray:
    """A column of dyads as countries x IPCEIs, both sorted."""
    wide = frame.pivot(index="geo", columns="ipcei_id", values=column).reindex(index=geo).sort_index(axis=1)
    return wide.to_numpy(dtype=float)


def _status(tables: Tables, level: dict, decided: pd.Series, geo: list) -> np.ndarray:
    """One measure of status as countries x IPCEIs."""
    measure = level.get("measure")
    if measure == "group":
        known = status_asof(tables, decided, level["edition"])
        known["value"] = known["group"].isin(level["groups"])
        return known.pivot(index="geo", columns="date", values="value").loc[geo, decided].to_numpy(dtype=float)
    if measure == "rank":
        asked = status_asof(tables, decided, level["edition"]).groupby("date")["edition"].first()
        return np.column_stack([_top(tables, asked[day], level["top"], geo) for day in decided])
    if measure == "index":
        years = np.repeat(level["year"], len(decided))
        if level["year"] == "at_decision":  # the year that the last edition published before the decision describes
            asked = status_asof(tables, decided, "at_decision").groupby("date")["edition"].first()
            described = tables["eis_edition"].set_index("edition")["performance_year"]
            years = described.loc[asked.loc[decided]].to_numpy()
        return np.column_stack([_ln_index(tables, level["series"], int(year), geo) for year in years])
    raise ParameterError(f"status: measure {measure!r} is none of group, rank, index")


def _top(tables: Tables, edition: int, top: int, geo: list) -> np.ndarray:
    """1 for the `top` best ranks of an edition among the countries, else 0; all NaN if one of them is unknown."""
    ranks = tables["eis_rank"]
    ranks = ranks[(ranks["edition"] == edition) & ranks["geo"].isin(geo) & (ranks["rank"] <= top)]
    if sorted(ranks["rank"]) != list(range(1, top + 1)):
        return np.full(len(geo), np.nan)
    return np.isin(geo, ranks["geo"].to_numpy(dtype=str)).astype(float)


def _ln_index(tables: Tables, series: int, year: int, geo: list) -> np.ndarray:
    """ln of the index relative to the EU in a year (or the last year there is) of one edition's own back-series."""
    rows = tables["eis_index"]
    rows = rows[rows["edition"] == series]
    rows = rows[rows["year"] == min(year, int(rows["year"].max()))].set_index("geo")["value"]
    missing = [code for code in ["EU", *geo] if not rows.get(code, np.nan) > 0]
    if missing:
        where = f"edition {series}, year {year}"
        raise DataError(f"scoreboard/eis_index.csv: no value in {where}, for {', '.join(missing)}")
    return np.log(rows.loc[geo].to_numpy(dtype=float) / float(rows["EU"]))


def cell(world: World, spec: dict, samples: dict, dimensions: dict) -> Cell:
    """Arrays of one specification.

    Raises
    ------
    DesignError
        If the sample leaves fewer than two IPCEIs or too few countries, or a constant outcome.
    """
    sample = samples[spec["sample"]]
    drop = set(sample.get("drop", ()))
    unknown = sorted(drop - set(world.geo) - set(world.ipcei))
    if unknown:
        raise ParameterError(f"sample {spec['sample']}: drops {', '.join(unknown)}, which is no country or IPCEI")
    kept = np.flatnonzero(~np.isin(world.geo, list(drop)))
    within = ~np.isin(world.ipcei, list(drop))
    if "until" in sample:
        within &= world.decided <= np.datetime64(sample["until"])
    if "since" in sample:
        within &= world.decided >= np.datetime64(sample["since"])
    status = world.status[spec["status"]]
    columns = np.flatnonzero(within & ~np.isnan(status).any(axis=0))
    if len(columns) < 2:
        raise DesignError(f"{len(columns)} IPCEI(s) left with a known status; at least two are needed")
    names = [dimensions["size"][spec["size"]]["column"], *dimensions["wealth"][spec["wealth"]]["columns"]]
    pick = np.ix_(kept, columns)
    x = np.stack([world.controls[name, spec["controls_year"]][pick] for name in names], axis=2)
    return Cell(status[:, columns], world.outcome[spec["outcome"]][pick], x, kept, columns)


def fit_cell(found: Cell, estimator: str, orders: np.ndarray) -> CountryLevel:
    """Fit one specification when country i receives the exposure row of country orders[:, i] (r, countries)."""
    exposure = found.d[orders][:, found.kept]
    return ESTIMATORS[estimator](exposure, found.y, found.x)


def fit_block(world: World, specs: list[dict], samples: dict, dimensions: dict, orders: np.ndarray, alpha: float):
    """Estimates, t statistics and whether p < alpha, each (specs, r).

    The unit of work of an executor: all arguments are small and can be sent to another process. What cannot be
    fitted is NaN (and not below alpha).
    """
    shape = (len(specs), len(orders))
    estimate, t, below = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, dtype=bool)
    for row, spec in enumerate(specs):
        try:
            fitted = fit_cell(cell(world, spec, samples, dimensions), spec["estimator"], orders)
        except DesignError:  # the reason is in the row that run_grid returns
            continue
        estimate[row], t[row] = fitted.estimate, fitted.t
        below[row] = np.nan_to_num(fitted.p_value, nan=1.0) < alpha
    return estimate, t, below


def describe_block(world: World, specs: list[dict], samples: dict, dimensions: dict) -> list[dict]:
    """The rows of specifications as estimated: the unit of work of an executor."""
    return [_describe(world, spec, samples, dimensions) for spec in specs]


def _describe(world: World, spec: dict, samples: dict, dimensions: dict) -> dict:
    """One specification as estimated: sizes of its data and numbers of its fit; `failed` says why there is none."""
    try:
        found = cell(world, spec, samples, dimensions)
    except DesignError as error:
        return {"failed": str(error)}
    return describe(world, found, spec["estimator"])


def describe(world: World, found: Cell, estimator: str) -> dict:
    """Sizes of the data of a cell and numbers of its fit; `failed` says why there is none."""
    row = {"failed": "", **_sizes(world, found)}
    try:
        fitted = fit_cell(found, estimator, np.arange(len(world.geo))[None])
    except DesignError as error:
        return row | {"failed": str(error)}
    if fitted.reason[0]:
        return row | {"failed": fitted.reason[0]}
    if not np.isfinite(fitted.p_value[0]):
        return row | {"failed": "the standard error is not defined"}
    names = ("estimate", "se", "df", "t", "p_value", "dispersion")
    (row["ci_low"],), (row["ci_high"],) = fitted.interval()
    return row | {name: float(getattr(fitted, name)[0]) for name in names}


def _sizes(world: World, found: Cell) -> dict:
    """Sizes of the data of one specification, and what it leaves out."""
    exposure = found.d[found.kept]
    binary = bool(np.isin(exposure, (0, 1)).all())
    gone = [code for i, code in enumerate(world.geo) if i not in found.kept]
    gone += [code for j, code in enumerate(world.ipcei) if j not in found.columns]
    return {
        "n_dyads": found.y.size,
        "n_countries": len(found.kept),
        "n_ipceis": len(found.columns),
        "n_events": int(found.y.sum()),
        "n_treated": int((exposure != 0).any(axis=1).sum()) if binary else len(found.kept),
        "dropped": "; ".join(gone),
    }
