"""What the draws say: distributions of rank and group, chance of the leader label, share of each choice."""

from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd

from innodivide.errors import DataError, DesignError, ParameterError

OUTCOMES = ("score", "relative", "rank", "leader")
_FIXED = {"draw", "probability", "nominal", "year", "geo", "score", "relative", "rank", "group"}
_INERT = 1e-12  # relative spread below which a choice only moves rounding errors


def _one_year(draws: pd.DataFrame, year: int | None) -> pd.DataFrame:
    absent = _FIXED - set(draws.columns)
    if absent:
        raise DataError(f"draws: column {sorted(absent)[0]} not found")
    years = sorted(draws["year"].unique())
    if year is None and len(years) > 1:
        raise ParameterError(f"year: the draws cover {years}; name one")
    rows = draws if year is None else draws[draws["year"] == year]
    if rows.empty or not rows["probability"].sum() > 0:
        raise ParameterError(f"year={year!r}: no draws; they cover {years}")
    return rows


def rank_distribution(draws: pd.DataFrame, year: int | None = None) -> pd.DataFrame:
    """Probability of each rank: geo, rank, probability (> 0 only), sorted."""
    rows = _one_year(draws, year)
    out = rows.groupby(["geo", "rank"], observed=True)["probability"].sum().reset_index()
    return out[out["probability"] > 0].sort_values(["geo", "rank"]).reset_index(drop=True)


def rank_intervals(draws: pd.DataFrame, year: int | None = None, level: float = 0.9) -> pd.DataFrame:
    """Nominal rank and central interval: geo, nominal, median, low, high; sorted by nominal rank.

    Quantiles are the smallest rank whose cumulated probability reaches (1 - level)/2, 1/2, (1 + level)/2.
    """
    if not 0 < level < 1:
        raise ParameterError(f"level={level!r}: expected a number in (0, 1)")
    nominal = _one_year(draws, year).query("nominal").set_index("geo")["rank"]
    rows = []
    for geo, part in rank_distribution(draws, year).groupby("geo", observed=True):
        reached = part["probability"].cumsum().to_numpy() / part["probability"].sum() + 1e-12
        at = [int(part["rank"].iloc[np.searchsorted(reached, q)]) for q in ((1 - level) / 2, 0.5, (1 + level) / 2)]
        rows.append((geo, int(nominal[geo]), at[1], at[0], at[2]))
    frame = pd.DataFrame(rows, columns=["geo", "nominal", "median", "low", "high"])
    return frame.sort_values(["nominal", "geo"]).reset_index(drop=True)


def group_distribution(draws: pd.DataFrame, year: int | None = None) -> pd.DataFrame:
    """Probability of each group: geo, nominal, leader, strong, moderate, emerging (they sum to 1), modal, certain."""
    rows = _one_year(draws, year)
    wide = rows.pivot_table(index="geo", columns="group", values="probability", aggfunc="sum", observed=False).fillna(
        0.0
    )
    wide = wide.div(wide.sum(axis=1), axis=0)
    wide.columns = [str(name) for name in wide.columns]
    groups = list(wide.columns)
    wide.insert(0, "nominal", rows.query("nominal").set_index("geo")["group"].astype(str))
    # whether any draw with a chance left the group, so that rounding of sums cannot fake doubt
    seen = rows[rows["probability"] > 0].groupby("geo", observed=True)["group"].nunique()
    return wide.assign(modal=wide[groups].idxmax(axis=1), certain=seen == 1).reset_index()


def p_leader(draws: pd.DataFrame, year: int | None = None) -> pd.DataFrame:
    """Chance of the leader label over the choices: geo, p_leader, mc_error (0 for every combination), nominal.

    It is the share of admissible constructions, not the probability of a fact about the country.
    """
    rows = _one_year(draws, year).assign(hit=lambda d: d["group"] == "leader")
    sampled = rows.loc[rows["nominal"], "probability"].eq(0).any()
    size = rows.loc[rows["probability"] > 0, "draw"].nunique()
    chance = (rows["probability"] * rows["hit"]).groupby(rows["geo"], observed=True).sum()
    # a country that is a leader in each draw has exactly 1
    always = rows[rows["probability"] > 0].groupby("geo", observed=True)["hit"].all()
    chance = chance.clip(0, 1).mask(always, 1.0)
    error = np.sqrt(chance * (1 - chance) / size) if sampled else 0.0 * chance
    nominal = rows[rows["nominal"]].set_index("geo")["hit"]
    frame = pd.DataFrame({"p_leader": chance, "mc_error": error, "nominal": nominal}).reset_index(names="geo")
    return frame.sort_values(["p_leader", "geo"], ascending=[False, True]).reset_index(drop=True)


def shapley_shares(draws: pd.DataFrame, outcome: str = "relative", year: int | None = None) -> pd.DataFrame:
    """Shapley effect of each choice on each country's outcome, exact on the full factorial.

    With V(S) = Var(E[Y | choices in S]) and p choices, effect_j = sum over S without j of |S|! (p-|S|-1)! / p! times
    [V(S + j) - V(S)]; the effects are >= 0 and sum to Var(Y). First-order and total Sobol indices stand beside.

    Parameters
    ----------
    draws : DataFrame
        From `audit` with n None.
    outcome : {"score", "relative", "rank", "leader"}
        "leader" is the 0/1 label.
    year : int, optional
        Needed if the draws cover several.

    Returns
    -------
    DataFrame
        Columns geo, choice, share (of the variance, sums to 1 over choices unless the variance is 0), effect (squared
        units of the outcome), first_order, total (Sobol indices), variance. A choice along which the outcome does
        not move (relative spread below 1e-12) has exactly 0 everywhere; if none does, so has the variance.

    Raises
    ------
    DesignError
        If the draws are not every combination once with product probabilities.

    References
    ----------
    Owen (2014) SIAM/ASA J. Uncertain. Quantif. 2; Saisana, Saltelli & Tarantola (2005) JRSS A 168.
    """
    if outcome not in OUTCOMES:
        raise ParameterError(f"outcome={outcome!r}: allowed are {', '.join(OUTCOMES)}")
    rows = _one_year(draws, year)
    names = [name for name in rows.columns if name not in _FIXED]
    shape, weights = _factorial(rows, names)
    values = rows.assign(leader=(rows["group"] == "leader").astype(float))
    out = []
    for geo, part in values.sort_values([*names]).groupby("geo", observed=True):
        grid = part[outcome].to_numpy(dtype=float).reshape(shape)
        out += [{"geo": geo, "choice": name, **found} for name, found in zip(names, _effects(grid, weights))]
    return pd.DataFrame(out)[["geo", "choice", "share", "effect", "first_order", "total", "variance"]]


def _factorial(rows: pd.DataFrame, names: list[str]) -> tuple[tuple[int, ...], list[np.ndarray]]:
    """Levels per choice and their marginal probabilities; DesignError unless the design is a full product."""
    if not names:
        raise DesignError("draws: no column of choices")
    one = rows[rows["geo"] == rows["geo"].iloc[0]].sort_values(names)
    shape = tuple(one[name].nunique() for name in names)
    repeats = rows.groupby("geo", observed=True).size()
    if one.duplicated(names).any() or len(one) != int(np.prod(shape)) or (repeats != len(one)).any():
        raise DesignError(
            f"draws: {len(one)} rows are not the {int(np.prod(shape))} combinations once each; run audit with n=None"
        )
    weights = [one.groupby(name, observed=True)["probability"].sum().to_numpy() for name in names]
    expected = weights[0]
    for w in weights[1:]:
        expected = np.multiply.outer(expected, w)
    if not np.allclose(one["probability"].to_numpy(), expected.ravel(), rtol=1e-9, atol=1e-15):
        raise DesignError("draws: probabilities are not the product over choices; the choices must be independent")
    return shape, weights


def _effects(grid: np.ndarray, weights: list[np.ndarray]) -> list[dict]:
    """Shapley and Sobol measures of each axis of one outcome array."""
    size = max(float(np.abs(grid).max()), 1.0)
    moves = [j for j in range(grid.ndim) if np.ptp(grid, axis=j).max() > _INERT * size]
    nothing = {"share": 0.0, "effect": 0.0, "first_order": 0.0, "total": 0.0, "variance": 0.0}
    if not moves:
        return [dict(nothing) for _ in weights]
    # an inert axis is cut away instead of averaged, so that it gets 0 and not a rounding error
    small = grid[tuple(slice(None) if j in moves else 0 for j in range(grid.ndim))]
    inner, p = [weights[j] for j in moves], len(moves)
    explained = {s: _explained(small, inner, s) for k in range(p + 1) for s in combinations(range(p), k)}
    whole, everyone = explained[tuple(range(p))], tuple(range(p))
    out = [nothing | {"variance": whole} for _ in weights]
    for place, j in enumerate(moves):
        others = [i for i in everyone if i != place]
        effect = sum(
            factorial(len(s))
            * factorial(p - len(s) - 1)
            / factorial(p)
            * (explained[tuple(sorted((*s, place)))] - explained[s])
            for k in range(p)
            for s in combinations(others, k)
        )
        out[j] = {
            "share": effect / whole,
            "effect": effect,
            "first_order": explained[(place,)] / whole,
            "total": 1 - explained[tuple(others)] / whole,
            "variance": whole,
        }
    return out


def _explained(grid: np.ndarray, weights: list[np.ndarray], kept: tuple[int, ...]) -> float:
    """Var(E[Y | axes in kept])."""
    mean = grid
    for axis in reversed(range(grid.ndim)):
        if axis not in kept:
            mean = np.tensordot(mean, weights[axis], axes=(axis, 0))
    if not kept:
        return 0.0
    chance = weights[kept[0]]
    for axis in kept[1:]:
        chance = np.multiply.outer(chance, weights[axis])
    centre = float((chance * mean).sum())
    return float((chance * (mean - centre) ** 2).sum())
