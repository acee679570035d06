"""What the fit owes to size, wealth and status (Shapley), and to single countries and IPCEIs (leave one out)."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import xlogy

from innodivide.errors import DesignError, ParameterError, checked
from innodivide.models.estimators.design import CONTROLS, Design, build_design
from innodivide.models.estimators.engine import check_level
from innodivide.models.estimators.firth import dispersion_interval, firth_logit
from innodivide.models.estimators.newton import maximise
from innodivide.models.frame_columns import numeric
from innodivide.models.result import as_odds_ratio, require_rng, seed_of

__all__ = ["FACTORS", "ShapleyFit", "leave_one_out", "shapley_fit", "shapley_values"]

FACTORS = {"size": ("ln_population",), "wealth": ("ln_gdp_pc_pps",), "status": ("leader",)}
COLLINEAR = 1e-12  # share of a column's variance that the columns before it leave over
LIMIT_STEPS = 60  # separated data: the likelihood is then at its limit to more than the digits of a float


@dataclass(frozen=True, eq=False)
class ShapleyFit:
    """Shapley decomposition of a fit.

    Attributes
    ----------
    frame : DataFrame
        One row per factor: factor, contribution (R2 units, they sum to `total`), ci_low, ci_high, share (of the
        total), share_low, share_high (percentile intervals over resampled countries; NaN without bootstrap).
    subsets : DataFrame
        R2 of every set of factors: factors (joined by " + "), r2.
    total : float
        R2 with all factors.
    n_boot, n_degenerate : int
        Resamples, and those left out because the outcome is constant in them or a factor's column is determined by
        the other columns.
    seed : int or None
    """

    frame: pd.DataFrame
    subsets: pd.DataFrame
    total: float
    n_boot: int
    n_degenerate: int
    seed: int | None


def shapley_values(r2: np.ndarray, k: int) -> np.ndarray:
    """Shapley values of k factors from the R2 of all their sets.

    phi_v = sum over sets S without v of |S|! (k - |S| - 1)! / k! (R2(S + v) - R2(S)), the LMG weights.

    Parameters
    ----------
    r2 : ndarray (..., 2^k)
        R2 of the set whose members are the bits of the position.
    k : int

    Returns
    -------
    ndarray (..., k)
        They sum to R2(all) - R2(none).
    """
    out = np.zeros((*r2.shape[:-1], k))
    for s in range(2**k):
        size = s.bit_count()
        for v in range(k):
            if not s >> v & 1:
                weight = math.factorial(size) * math.factorial(k - size - 1) / math.factorial(k)
                out[..., v] += weight * (r2[..., s | 1 << v] - r2[..., s])
    return out


def shapley_fit(
    dyads: pd.DataFrame,
    factors: dict | None = None,
    outcome: str = "participates",
    n_boot: int = 0,
    rng: np.random.Generator | None = None,
    level: float = 0.95,
    unit: str = "geo",
    project: str = "ipcei_id",
) -> ShapleyFit:
    """Divide the fit of participation between factors: the mean gain in McFadden's R2 over all orders of entering them.

    R2 = 1 - l / l0 of the maximum-likelihood logit (its limit, if the data are separated).

    A description of what goes together in this sample. Factors that go together share what they explain, and a
    contribution says nothing about the sign or about cause.

    Parameters
    ----------
    dyads : DataFrame
        `unit`, `project`, the outcome and the factors' columns.
    factors : dict of name to sequence of column names, optional
        By default `FACTORS`: size, wealth, status.
    outcome : str
    n_boot : int
        Resamples of whole countries for the intervals; 0 for none, else at least 20 and `rng`.
    rng : numpy.random.Generator
    level : float in (0, 1)
    unit, project : str
        Columns of units (countries) and projects.

    Returns
    -------
    ShapleyFit

    Raises
    ------
    ParameterError
        Bad factors, level or number of resamples.
    DataError, DesignError
        Absent columns, degenerate data, more than half of the resamples degenerate.

    References
    ----------
    Lindeman, Merenda & Gold (1980); Groemping (2006) Journal of Statistical Software 17(1).
    """
    factors = FACTORS if factors is None else factors
    check_level(level)
    columns = _factor_columns(factors)
    design = build_design(dyads, columns[-1], tuple(columns[:-1]), outcome, unit, project)
    spread = design.d.std()
    x = np.column_stack([np.ones(len(design.y)), design.controls, (design.d - design.d.mean()) / spread])
    sets = _sets(factors, columns)
    r2 = _r2(x, design.y, np.ones((1, len(design.y))), sets)[0]
    values, k = shapley_values(r2, len(factors)), len(factors)
    frame = pd.DataFrame({"factor": list(factors), "contribution": values, "share": values / r2[-1]})
    ends, degenerate = np.full((4, k), np.nan), 0
    if n_boot:
        draws, degenerate = _bootstrap(design, x, sets, n_boot, require_rng(rng))
        tails = [(1 - level) / 2, (1 + level) / 2]
        resampled = shapley_values(draws, k)
        ends = np.vstack([np.quantile(part, tails, axis=0) for part in (resampled, resampled / draws[:, -1:])])
    for name, end, after in zip(("ci_low", "ci_high", "share_low", "share_high"), ends, (2, 3, 5, 6)):
        frame.insert(after, name, end)
    names = [" + ".join(name for v, name in enumerate(factors) if s >> v & 1) or "(none)" for s in range(2**k)]
    subsets = pd.DataFrame({"factors": names, "r2": r2})
    seed = seed_of(rng) if n_boot else None
    return ShapleyFit(frame, subsets, float(r2[-1]), n_boot, degenerate, seed)


@checked
def leave_one_out(
    dyads: pd.DataFrame,
    by: str | None = None,
    term: str = "leader",
    controls=CONTROLS,
    outcome: str = "participates",
    level: float = 0.95,
    unit: str = "geo",
    project: str = "ipcei_id",
) -> pd.DataFrame:
    """The registered model without one country, or without one IPCEI, at a time.

    Parameters
    ----------
    dyads : DataFrame
    by : str, optional
        Column whose values are left out in turn, `unit` (the default) or `project`.
    term, controls, outcome, level, unit, project
        As in `models.firth_logit`.

    Returns
    -------
    DataFrame
        First row with nothing dropped (dropped = ""), then one row per unit in order: dropped, odds_ratio, ci_low,
        ci_high, p_value (t with the dispersion of the country totals), change (log odds ratio minus that of the first
        row), dispersion, n_dyads, n_events, n_treated, note (why a row has no numbers).

    Raises
    ------
    ParameterError, DataError, DesignError
        Bad `by`; data that the model cannot be fitted to with nothing dropped.

    Examples
    --------
    >>> from innodivide import Tables, ipcei_dyads
    >>> dyads = ipcei_dyads(Tables(), until="2023-12-31")
    >>> found = leave_one_out(dyads, by="ipcei_id")
    >>> len(found) == 1 + dyads["ipcei_id"].nunique()
    True
    """
    by = unit if by is None else by
    if by not in (unit, project):
        raise ParameterError(f"by: expected {unit!r} or {project!r}, got {by!r}")
    build_design(dyads, term, controls, outcome, unit, project)
    dyads = dyads.assign(**{name: numeric(dyads[name]) for name in (term, outcome)})
    rows = []
    for dropped in ["", *sorted(dyads[by].unique())]:
        part = dyads[dyads[by] != dropped]
        row = {"dropped": dropped, "n_dyads": len(part), "note": ""}
        row |= {"n_events": int(part[outcome].sum()), "n_treated": part.loc[part[term] != 0, unit].nunique()}
        try:
            row |= _one_fit(part, term, controls, outcome, level, unit=unit, project=project)
        except DesignError as error:
            if dropped == "":
                raise
            row["note"] = f"not defined: {error}"
        rows.append(row)
    names = ["dropped", "odds_ratio", "ci_low", "ci_high", "p_value", "change", "dispersion"]
    frame = pd.DataFrame(rows, columns=[*names, "n_dyads", "n_events", "n_treated", "note"])
    frame["change"] = np.log(frame["odds_ratio"] / frame.at[0, "odds_ratio"])
    return frame


def _one_fit(part: pd.DataFrame, term, controls, outcome, level, **keys: str) -> dict:
    """Odds ratio, interval and p-value of one sample."""
    fit = firth_logit(part, term, controls, outcome, level, profiles=False, **keys)
    found = as_odds_ratio(dispersion_interval(fit))
    row = {"odds_ratio": found.estimate, "ci_low": found.ci_low, "ci_high": found.ci_high}
    return {**row, "p_value": found.p_value, "dispersion": fit.dispersion}


def _factor_columns(factors: dict) -> list[str]:
    """All columns in order; ParameterError if a factor is empty or shares a column."""
    if not isinstance(factors, dict) or not factors:
        raise ParameterError(f"factors: expected a dict of factors, got {factors!r}")
    for name, columns in factors.items():
        if isinstance(columns, str) or not len(columns):
            raise ParameterError(f"factors: {name} needs a sequence of column names, got {columns!r}")
    columns = [column for group in factors.values() for column in group]
    if len(set(columns)) < len(columns):
        raise ParameterError(f"factors: a column is in two factors: {columns}")
    return columns


def _sets(factors: dict, columns: list[str]) -> list[np.ndarray]:
    """Columns of the design (0 is the intercept) of each set of factors, in the order of its bits."""
    place = [[1 + columns.index(column) for column in group] for group in factors.values()]
    sets = []
    for s in range(2 ** len(place)):
        sets.append(np.array([0, *(c for v, group in enumerate(place) if s >> v & 1 for c in group)]))
    return sets


def _r2(x: np.ndarray, y: np.ndarray, weights: np.ndarray, sets) -> np.ndarray:
    """McFadden R2 (r, sets) of y on each set of columns, for r sets of row weights (r, n)."""
    likelihood = np.column_stack([_log_likelihood(x[:, s], y, weights) for s in sets])
    return 1 - likelihood / likelihood[:, :1]


def _log_likelihood(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Maximum log-likelihood (r,) of weighted logits; its limit where the data are separated."""
    events, total = weights @ y, weights.sum(axis=1)
    if x.shape[1] == 1:
        return xlogy(events, events / total) + xlogy(total - events, 1 - events / total)
    return maximise(x, weights * y, weights, limit=np.inf, max_iter=LIMIT_STEPS).value


def _bootstrap(design: Design, x, sets, n_boot: int, rng) -> tuple[np.ndarray, int]:
    """R2 (resamples, sets) over resampled countries, and the number of degenerate resamples."""
    if not isinstance(n_boot, (int, np.integer)) or n_boot < 20:
        raise ParameterError(f"n_boot: expected 0 or at least 20 resamples, got {n_boot!r}")
    n = len(design.countries)
    draws = rng.multinomial(n, np.full(n, 1 / n), size=n_boot)[:, design.geo].astype(float)
    share = draws @ design.y / draws.sum(axis=1)
    triangle = np.asarray(np.linalg.qr(x * np.sqrt(draws)[:, :, None], mode="r"))
    left = np.einsum("rii->ri", triangle) ** 2 / np.maximum((triangle**2).sum(axis=1), 1e-300)
    good = (share > 0) & (share < 1) & (left.min(axis=1) > COLLINEAR)  # also false where a column is constant
    if good.sum() < n_boot / 2:
        raise DesignError(f"{n_boot - int(good.sum())} of {n_boot} country resamples are degenerate; no interval")
    return _r2(x, design.y, draws[good], sets), n_boot - int(good.sum())
