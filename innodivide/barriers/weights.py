"""What the published indices are made of: the weights, the factor of each country, and which zeros are left out.

The Summary Innovation Index of a country is the equal mean of the normalised scores it has. The Regional Innovation
Index is, to rounding, factor_kt x (21 / n_it) x sum over the n_it known indicators of w_d x_itd: an equal mean of
normalised scores (w_d appears because the scores here are in percent of the EU of 2016), raised or lowered by one
factor for each country and year so that regions agree with the index of their country.
"""

import numpy as np
import pandas as pd

from innodivide.barriers.contributions import EDITION, region_groups
from innodivide.errors import DesignError, ParameterError
from innodivide.panel import Tables, _tables, member_states

TOLERANCE = 0.02  # index points: the index and the scores are printed with two decimals


def _stacked(level: str, tables: Tables) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, pd.Series]:
    """Scores of all units and years (zeros kept), the index, country-year code by row, home country by unit."""
    if level not in ("region", "country"):
        raise ParameterError(f"level={level!r}: allowed are 'region', 'country'")
    unit, scores, index = (
        ("region_code", "ris_score", "ris_index") if level == "region" else ("geo", "eis_score", "eis_index")
    )
    members = member_states(tables)["geo"]
    home = (
        region_groups(tables)["geo"] if level == "region" else pd.Series(members.to_numpy(), index=members.to_numpy())
    )
    codes = tables["indicator"].query("level == 'indicator'")["indicator_code"]
    rows = tables[scores].query("edition == @E", local_dict={"E": EDITION})
    rows = rows[rows[unit].isin(home.index) & rows["indicator_code"].isin(codes)]
    table = rows.pivot(index=[unit, "year"], columns="indicator_code", values="value").sort_index().sort_index(axis=1)
    published = tables[index].query("edition == @E", local_dict={"E": EDITION}).set_index([unit, "year"])["value"]
    y = published.reindex(table.index).to_numpy(dtype=float)
    table, y = table[np.isfinite(y)], y[np.isfinite(y)]
    cells = pd.MultiIndex.from_arrays(
        [home.reindex(table.index.get_level_values(0)).to_numpy(), table.index.get_level_values(1).to_numpy()]
    )
    return table, y, pd.factorize(cells)[0], home


def implied_weights(level: str = "region", tables: Tables | None = None) -> dict:
    """Return the weights of the indicators that reproduce the published index, and how closely.

    Weights w >= 0 and factors f minimise sum (f_kt sum_d w_d x_itd - index_it)^2 by turns (non-negative least squares
    for w), over the units and years without a zero, so that no reading of the zeros is needed. For countries f is one.

    Parameters
    ----------
    level : {"region", "country"}

    Returns
    -------
    dict
        weights (Series by indicator, sum one), correlation, mean_absolute_error and largest_error (index points) and
        n, all over the rows used.

    Raises
    ------
    DesignError
        If there are fewer rows than indicators.
    """
    table, y, cell, _ = _stacked(level, _tables(tables))
    full = (table.to_numpy() > 0).all(axis=1)
    x, y, cell = table.to_numpy()[full], y[full], np.unique(cell[full], return_inverse=True)[1]
    if len(x) <= x.shape[1]:
        raise DesignError(f"scores: {len(x)} rows without a zero do not determine {x.shape[1]} weights")
    weight, factor = _alternate(x, y, cell, level == "region")
    fitted = factor[cell] * (x @ weight)
    return {
        "weights": pd.Series(weight, index=table.columns, name="weight"),
        "correlation": float(np.corrcoef(fitted, y)[0, 1]),
        "mean_absolute_error": float(np.abs(fitted - y).mean()),
        "largest_error": float(np.abs(fitted - y).max()),
        "n": len(y),
    }


def _alternate(x: np.ndarray, y: np.ndarray, cell: np.ndarray, scaled: bool) -> tuple[np.ndarray, np.ndarray]:
    """Weights and factors by turns; 2,000 steps at most (a few hundred are enough on the real tables)."""
    from scipy.optimize import nnls

    weight = np.full(x.shape[1], 1 / x.shape[1])
    if not scaled:
        weight = nnls(x, y)[0]
        return weight / weight.sum(), np.ones(cell.max() + 1)
    for _ in range(2000):
        base = x @ weight
        factor = np.bincount(cell, base * y) / np.bincount(cell, base**2)
        new = nnls(x * factor[cell][:, None], y)[0]
        new, old = new / new.sum(), weight
        weight = new
        if np.abs(new - old).max() < 1e-10:
            break
    base = x @ weight
    return weight, np.bincount(cell, base * y) / np.bincount(cell, base**2)


def zero_readings(level: str = "region", tables: Tables | None = None) -> pd.DataFrame:
    """Return how the published index treats each score of zero: as a bottom score or as missing.

    For each unit and year the number of zeros left out is the one that reproduces the published index, given the
    factor of the country, taken from its regions without a zero (one for countries). Where only some zeros of a unit
    are left out, those that are zero in most years, then those of the indicators that are missing beyond doubt most
    often, are taken to be the missing ones. A country with no region free of zeros has no such factor; then the number
    of zeros left out cannot be told from the factor, and the smallest numbers that agree with each other are used.

    Returns
    -------
    pandas.DataFrame
        Columns unit, geo, year, indicator_code, reading ("missing", "bottom"), certain (the number is pinned down and
        it is all or none of the zeros), error (index points, of the reconstruction).
    """
    tables = _tables(tables)
    table, y, cell, home = _stacked(level, tables)
    weight = implied_weights(level, tables)["weights"].to_numpy()
    x = table.to_numpy()
    base, zeros, d = x @ weight, (x == 0).sum(axis=1), x.shape[1]
    lasting = pd.DataFrame(x == 0, index=table.index.get_level_values(0), columns=table.columns).groupby(level=0).mean()
    solved = []  # (row, number left out, error, pinned)
    for c in np.unique(cell):
        rows = np.flatnonzero(cell == c)
        if zeros[rows].any():
            counts, errors, pinned = _left_out(base[rows], y[rows], zeros[rows], d, level == "region")
            solved += [(i, n, e, pinned and e < TOLERANCE) for i, n, e in zip(rows, counts, errors) if zeros[i]]
    plain = [i for i, n, _, pinned in solved if pinned and n == zeros[i]]
    often = pd.Series((x[plain] == 0).sum(axis=0), index=table.columns)  # cells that are missing beyond doubt
    found = []
    for row, count, error, pinned in solved:
        code, year = table.index[row]
        own = table.columns[x[row] == 0]
        order = sorted(own, key=lambda k: (-lasting.at[code, k], -often[k], k))
        found += [
            {
                "unit": code,
                "geo": home[code],
                "year": int(year),
                "indicator_code": k,
                "reading": "missing" if k in order[:count] else "bottom",
                "certain": bool(pinned and count in (0, len(own))),
                "error": float(error),
            }
            for k in own
        ]
    columns = ["unit", "geo", "year", "indicator_code", "reading", "certain", "error"]
    return pd.DataFrame(found, columns=columns).sort_values(["unit", "year", "indicator_code"], ignore_index=True)


def _left_out(
    base: np.ndarray, y: np.ndarray, zeros: np.ndarray, d: int, scaled: bool
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Number of zeros left out of each unit of a country and year, error of the index, whether the factor is known."""
    free = zeros == 0
    trials = [np.arange(z + 1) for z in zeros]
    if not scaled:
        candidates = [1.0]
    elif free.any():
        candidates = [(base[free] * y[free]).sum() / (base[free] ** 2).sum()]
    else:  # the largest factors first: they go with the fewest zeros left out
        candidates = sorted({y[i] / (base[i] * d / (d - m)) for i in range(len(y)) for m in trials[i]}, reverse=True)
    best = None
    for factor in candidates:
        gaps = [np.abs(factor * base[i] * d / (d - trials[i]) - y[i]) for i in range(len(y))]
        errors = np.array([g.min() for g in gaps])
        if best is None or errors.mean() < best[0] - TOLERANCE / 4:
            best = (errors.mean(), np.array([int(g.argmin()) for g in gaps]), errors)
    return best[1], best[2], bool(free.any() or not scaled)
