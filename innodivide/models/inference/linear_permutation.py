"""Permutation tests in linear models: Freedman-Lane on country totals, and relabelling within strata.

The logit's score tests (`models.permutation_test`) are the registered ones; these answer the same question with
another statistic (Freedman-Lane) or another reference set (strata).
"""

import math
from itertools import permutations

import numpy as np
import pandas as pd
from scipy import stats

from innodivide.errors import DesignError
from innodivide.models.estimators.design import CONTROLS, Design, build_design, require_columns
from innodivide.models.estimators.totals import prepare
from innodivide.models.inference.relabelling import TIE_TOLERANCE, check_permutations, country_orders, extreme
from innodivide.models.result import Result, data_fingerprint, require_rng, seed_of

__all__ = ["freedman_lane", "stratified_permutation"]


def freedman_lane(
    frame: pd.DataFrame,
    term: str = "leader_share",
    controls=CONTROLS,
    outcome: str = "rate",
    n_permutations: int = 9999,
    rng: np.random.Generator | None = None,
) -> Result:
    """Freedman-Lane permutation test of one coefficient of a least-squares model of countries.

    With Z = intercept and controls, g^ and e the fit and residuals of the outcome on Z alone: y* = Z g^ + P e is
    fitted on Z and the exposure, and |t*| compared with |t| (Winkler et al. 2014, section "Freedman-Lane").

    Parameters
    ----------
    frame : DataFrame
        One row per country: geo and the named columns, e.g. `panel.country_totals`.
    term, outcome : str
        Exposure and any numeric outcome.
    controls : sequence of str
    n_permutations : int >= 1
        Random permutations. All n! are used if there are at most that many.
    rng : numpy.random.Generator
        Needed unless all are used.

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
    """
    check_permutations(n_permutations)
    totals = prepare(frame, term, controls, outcome)
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
        notes=(f"the t distribution with {df} df would give p = {2 * stats.t.sf(abs(observed), df):.4g}",),
        data_hash=data_fingerprint(totals.frame, ["geo", outcome, *totals.names]),
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


def stratified_permutation(
    dyads: pd.DataFrame,
    term: str = "leader",
    controls=(),
    outcome: str = "participates",
    strata: str = "ipcei_id",
    n_permutations: int = 9999,
    rng: np.random.Generator | None = None,
) -> Result:
    """Permutation test of a label within strata, on the difference of means centred on its permutation mean.

    Relabelling within strata leaves a raw difference of means away from zero wherever strata with more labels have
    higher outcomes. The statistic is therefore D - E[D*], with the exact mean E[D*] over the relabellings.

    Parameters
    ----------
    dyads : DataFrame
        One row per country (geo) and IPCEI (ipcei_id) with the named columns.
    term, outcome : str
        0/1 label and 0/1 outcome.
    controls : sequence of str
        If given, the outcome is replaced by its least-squares residual on them.
    strata : str
        ``"ipcei_id"``: labels are permuted between countries, separately for each IPCEI. A column fixed within
        countries: whole country rows of labels are permuted between countries of the same stratum.
    n_permutations : int >= 1
    rng : numpy.random.Generator

    Returns
    -------
    Result
        Centred difference in percentage points; p = (1 + #{|D* - E| >= |D - E|}) / (n_permutations + 1).

    Raises
    ------
    ParameterError
        No generator, n_permutations < 1.
    DesignError
        Degenerate data, a label that is not 0/1, a stratum column with missing values or that varies within a
        country, no stratum with both labels.
    """
    require_rng(rng)
    check_permutations(n_permutations)
    design = build_design(dyads, term, controls, outcome)
    if not design.binary:
        raise DesignError(f"{term}: expected a boolean or 0/1 label, got values {np.unique(design.d)[:5]}")
    q = np.linalg.qr(design.null_matrix)[0]
    values = design.y - q @ (q.T @ design.y) if design.control_names else design.y
    require_columns(dyads, [strata], "dyads")
    ordered = dyads.sort_values(["geo", "ipcei_id"])
    if ordered[strata].isna().any():
        raise DesignError(f"{strata}: {int(ordered[strata].isna().sum())} missing value(s); every dyad needs a stratum")
    if strata == "ipcei_id":
        blocks = [(values[rows, None], design.d[rows, None]) for rows in _groups(ordered[strata].to_numpy())]
        what = "labels between countries within each IPCEI"
        notes = ("permuting within IPCEIs treats the dyads of a country as independent",)
    else:
        member = _country_strata(design, ordered, strata)
        matrices = design.to_matrix(values), design.to_matrix(design.d)
        blocks = [tuple(matrix[rows] for matrix in matrices) for rows in _groups(member)]
        what, notes = f"country rows of labels within {strata}", ()
    sums, observed, mean, useful = _block_sums(blocks, n_permutations, rng)
    if not useful:
        raise DesignError(f"{strata}: no stratum holds both labels of {term}; nothing can be permuted")
    treated = design.d.sum()
    scale = 100 * (1 / treated + 1 / (len(values) - treated))  # the difference of means is linear in the labelled sum
    raw = scale * observed - 100 * values.sum() / (len(values) - treated)
    beyond = np.abs(sums - mean) >= abs(observed - mean) * (1 - TIE_TOLERANCE) - 1e-12
    return Result(
        method="permutation within strata, difference of means centred",
        term=term,
        estimate=float(scale * (observed - mean)),
        scale="percentage points beyond the permutation mean",
        p_value=float((1 + beyond.sum()) / (n_permutations + 1)),
        p_kind=f"{n_permutations} random permutations of {what}, centred, two-sided",
        dropped=(),
        converged=True,
        seed=seed_of(rng),
        notes=(
            f"raw difference {raw:.3f}, mean over permutations {raw - scale * (observed - mean):.3f} percentage points",
            f"{useful} of {len(blocks)} strata of {strata} hold both labels and carry the test",
            *notes,
        ),
        **design.counts(),
    )


def _groups(keys: np.ndarray) -> list[np.ndarray]:
    """Row positions of each distinct key, keys in order."""
    codes = np.unique(keys, return_inverse=True)[1]
    return [np.flatnonzero(codes == code) for code in range(codes.max() + 1)]


def _country_strata(design: Design, ordered: pd.DataFrame, strata: str) -> np.ndarray:
    """Stratum of each country (countries,); DesignError if it varies within one."""
    kinds = ordered.groupby("geo", sort=True)[strata].nunique()
    if (kinds > 1).any():
        raise DesignError(f"{strata}: varies within {kinds.idxmax()}; use ipcei_id or a column fixed within countries")
    return ordered.groupby("geo", sort=True)[strata].first().loc[list(design.countries)].to_numpy()


def _block_sums(blocks, n_permutations: int, rng) -> tuple[np.ndarray, float, float, int]:
    """Sum of outcomes over labelled dyads: each permutation, observed, exact mean; and the number of useful blocks.

    A block is a pair (units, columns) of outcomes and labels; whole rows of labels move.
    """
    sums, observed, mean, useful = np.zeros(n_permutations), 0.0, 0.0, 0
    for values, labels in blocks:
        pairs = values @ labels.T  # (receiving, giving)
        observed += float(np.trace(pairs))
        mean += float(pairs.sum()) / len(pairs)
        orders = country_orders(rng, n_permutations, len(pairs))
        sums += pairs[np.arange(len(pairs)), orders].sum(axis=1)
        useful += int((labels != labels[0]).any())
    return sums, observed, mean, useful
