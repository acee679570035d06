"""Freedman-Lane permutation test in a linear model of country totals.

The logit's score tests (`models.permutation_test`) are the registered ones; this answers the same question with
another statistic.
"""

import math
from itertools import permutations

import numpy as np
import pandas as pd
from scipy import stats

from innodivide.errors import DesignError, checked
from innodivide.models.estimators.design import CONTROLS
from innodivide.models.estimators.totals import prepare
from innodivide.models.inference.relabelling import check_permutations, country_orders, extreme
from innodivide.models.result import Result, data_fingerprint, require_rng, seed_of

__all__ = ["freedman_lane"]


@checked
def freedman_lane(
    frame: pd.DataFrame,
    term: str = "leader_share",
    controls=CONTROLS,
    outcome: str = "rate",
    n_permutations: int = 9999,
    rng: np.random.Generator | None = None,
    unit: str = "geo",
) -> Result:
    """Freedman-Lane permutation test of one coefficient of a least-squares model of countries.

    With Z = intercept and controls, g^ and e the fit and residuals of the outcome on Z alone: y* = Z g^ + P e is
    fitted on Z and the exposure, and |t*| compared with |t| (Winkler et al. 2014, section "Freedman-Lane").

    Parameters
    ----------
    frame : DataFrame
        One row per country: `unit` and the named columns, e.g. `panel.country_totals`.
    term, outcome : str
        Exposure and any numeric outcome.
    controls : sequence of str
    n_permutations : int >= 1
        Random permutations. All n! are used if there are at most that many.
    rng : numpy.random.Generator
        Needed unless all are used.
    unit : str

    Returns
    -------
    Result
        The least-squares coefficient in units of the outcome. p = share of |t*| >= |t| when enumerated, else
        (1 + number) / (n_permutations + 1); no interval.

    Raises
    ------
    ParameterError
        No generator, n_permutations < 1, a column named twice.
    DesignError
        Several rows of a country, missing values, constant outcome, collinear columns, too few countries,
        residuals that vanish.

    References
    ----------
    Freedman & Lane (1983) J Business & Economic Statistics 1; Winkler et al. (2014) NeuroImage 92.

    Examples
    --------
    >>> import numpy as np
    >>> from innodivide import Tables, country_totals, ipcei_dyads
    >>> totals = country_totals(ipcei_dyads(Tables(), until="2023-12-31"))
    >>> found = freedman_lane(totals, n_permutations=99, rng=np.random.default_rng(1))
    >>> found.scale, found.n_draws
    ('units of rate per unit of leader_share', 99)
    """
    check_permutations(n_permutations)
    totals = prepare(frame, term, controls, outcome, unit=unit)
    y, d, df = totals.y, totals.d, len(totals.y) - totals.x.shape[1]
    q = np.linalg.qr(np.delete(totals.x, -2, axis=1))[0]
    residual, exposure = y - q @ (q.T @ y), d - q @ (q.T @ d)
    if residual @ residual <= 1e-20 * (y @ y):
        raise DesignError(f"{outcome}: intercept and controls reproduce it exactly; no residuals to permute")
    observed = _t_statistics(residual[None, :], exposure, q, df)[0]
    if not math.isfinite(observed):
        raise DesignError(f"{outcome}: the model reproduces it exactly; no t statistic")
    enumerated = math.factorial(min(len(y), 20)) <= n_permutations
    if enumerated:
        orders = np.array(list(permutations(range(len(y)))))
    else:
        orders = country_orders(require_rng(rng), n_permutations, len(y))
    count = extreme(_t_statistics(residual[orders], exposure, q, df), observed)
    what = f"all {len(orders)} permutations" if enumerated else f"{n_permutations} random permutations"
    estimate = float(exposure @ y / (exposure @ exposure))
    return Result(
        method="Freedman-Lane permutation test, least squares on countries",
        term=term,
        estimate=estimate,
        scale=f"units of {outcome} per unit of {term}",
        se=abs(estimate / observed) if observed else None,
        se_kind=f"least squares, equal variances, {df} df" if observed else "",
        p_value=float(count.mean()) if enumerated else float((1 + count.sum()) / (n_permutations + 1)),
        p_kind=f"Freedman-Lane, |t|, {what} of null residuals, two-sided",
        n_countries=len(y),
        n_treated=totals.n_treated,
        dropped=(),
        converged=True,
        seed=None if enumerated else seed_of(rng),
        df=float(df),
        n_draws=len(orders),
        notes=(f"the t distribution with {df} df would give p = {2 * stats.t.sf(abs(observed), df):.4g}",),
        data_hash=data_fingerprint(totals.frame, [unit, outcome, *totals.names]),
    )


def _t_statistics(residuals: np.ndarray, exposure: np.ndarray, q: np.ndarray, df: int) -> np.ndarray:
    """t of the exposure for outcomes Z g^ + r, r the rows of residuals (b, n); infinite if the fit is exact.

    Z g^ drops out on projecting off Z, so neither it nor any refit is needed.
    """
    left = residuals - (residuals @ q) @ q.T
    total = (left**2).sum(axis=1)
    slope = left @ exposure / (exposure @ exposure)
    error = total - slope**2 * (exposure @ exposure)
    usable = error > 1e-12 * total
    t = np.full(len(residuals), math.inf)
    t[usable] = slope[usable] * np.sqrt(exposure @ exposure) / np.sqrt(error[usable] / df)
    return t
