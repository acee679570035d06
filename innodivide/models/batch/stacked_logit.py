"""Thousands of logits or score tests that differ in the exposure only, fitted as stacks in NumPy.

A permutation test refits one model under thousands of relabelled exposures. The outcome and the controls stay, so
most of what a fit does is the same for all; what is left is done for many relabellings at a time. The answers are
those of the models fitted one after the other (`innodivide.models.estimators.firth`).
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy.special import expit

from innodivide.errors import DesignError, ParameterError
from innodivide.models.batch.newton import Family, Maximum, maximise
from innodivide.models.batch.preparation import (
    EXTREME,
    checked,
    chunks,
    distinct_rows,
    merged,
    null_model,
    scaled,
    shared_columns,
    starting_values,
)
from innodivide.models.batch.stacks import Stack
from innodivide.models.estimators.design import standardise
from innodivide.models.estimators.engine import back_transform, fit_firth, inverse_information, polish

TOLERANCE = 2e-10  # error left in coefficients of standardised columns


@dataclass(frozen=True, eq=False)
class BatchFit:
    """Fits of a batch, on the original scale of the columns.

    Attributes
    ----------
    coefficients : ndarray (r, k + q + 1)
        Controls, exposures, intercept; log odds or log rates (per unit). NaN where a fit is not defined.
    standard_errors : ndarray (r, k + q + 1)
        Roots of the diagonal of the inverse information, no dispersion in them.
    converged : ndarray of bool (r,)
    reason : ndarray of str (r,)
        Why a fit is not defined, "" if it is.
    log_likelihood : ndarray (r,) or None
        (Penalised) log-likelihood if asked for, without the terms that hold no coefficient.
    n_fallback : int
        Fits that the stacked iterations did not finish and the single-fit engine was asked for.
    n_controls, n_exposures : int
    """

    coefficients: np.ndarray
    standard_errors: np.ndarray
    converged: np.ndarray
    reason: np.ndarray
    log_likelihood: np.ndarray | None
    n_fallback: int
    n_controls: int
    n_exposures: int

    @property
    def estimate(self) -> np.ndarray:
        """Coefficient (r,) of the first exposure."""
        return self.coefficients[:, self.n_controls]

    @property
    def standard_error(self) -> np.ndarray:
        """Standard error (r,) of the first exposure."""
        return self.standard_errors[:, self.n_controls]


def firth_batch(exposure, controls, y, trials=None, log_likelihood: bool = False, chunk: int | None = None) -> BatchFit:
    """Firth logits that share the controls and differ in the exposure, and possibly in the outcome.

    Columns are centred and scaled inside; rows that are alike in every fit are merged first; a step that lowers
    the penalised likelihood is halved; fits that do not converge are handed to the single-fit engine and counted.

    Parameters
    ----------
    exposure : array_like (r, n) or (r, n, q)
        Exposure column(s) of each fit.
    controls : array_like (n, k)
        Columns common to all fits, without intercept; k may be 0.
    y : array_like (n,) or (r, n)
        Successes, 0/1 or up to `trials`.
    trials : array_like (n,), optional
        Trials of each row, whole numbers >= 1; one by default.
    log_likelihood : bool
        Also return the penalised log-likelihood.
    chunk : int, optional
        Fits in one stack; by default 64 to 1024, so that a stack stays in the cache.

    Returns
    -------
    BatchFit
        A fit with a constant exposure, an exposure that the columns before it determine, or a constant outcome is
        NaN with a reason.

    Raises
    ------
    ParameterError
        Shapes that do not go together, or a bad `chunk`.
    DesignError
        Missing or infinite values, impossible counts, collinear controls.

    References
    ----------
    Firth (1993) Biometrika 80; Heinze & Schemper (2002) Statistics in Medicine 21.
    """
    data = checked(exposure, controls, y, trials)
    out = _fit(data, "binomial", True, log_likelihood, chunk)
    failed = np.flatnonzero(~out.converged & (out.reason == ""))
    d, x, y, m = data
    for index in failed:
        _fall_back(out, index, d[:, index], x, y[index % len(y)], m[0])
    return replace(out, n_fallback=len(failed))


def ml_batch(
    exposure,
    controls,
    y,
    trials=None,
    family: Family = "binomial",
    log_likelihood: bool = False,
    chunk: int | None = None,
) -> BatchFit:
    """Maximum-likelihood binomial logits or Poisson log-linear models that differ in the exposure.

    Parameters
    ----------
    exposure, controls, y, trials, log_likelihood, chunk
        As in `firth_batch`; for "poisson", y are counts and trials the exposure (its log is the offset).
    family : {"binomial", "poisson"}

    Returns
    -------
    BatchFit
        Separated fits have no finite maximum: they are NaN with that reason. Standard errors are those at
        dispersion one.

    Raises
    ------
    ParameterError, DesignError
        As `firth_batch`.
    """
    if family not in ("binomial", "poisson"):
        raise ParameterError(f"family: expected 'binomial' or 'poisson', got {family!r}")
    out = _fit(checked(exposure, controls, y, trials, family), family, False, log_likelihood, chunk)
    out.reason[~out.converged & (out.reason == "")] = "separated: no finite maximum-likelihood estimate"
    return out


def binomial_score_batch(exposure, controls, y, trials=None, null: Literal["ml", "firth"] = "ml") -> np.ndarray:
    """Score statistics of many exposures given the controls in a (grouped) binomial logit.

    S = d'e / sqrt(d'Md) with M = W - W Z (Z'WZ)^-1 Z'W, W = diag(m mu (1 - mu)) and mu from the controls alone.
    For "ml", e = y - m mu; for "firth", mu is the Firth fit and e = y - m mu + h (1/2 - mu), which also exists
    when the controls separate the outcome. Only the fit on the controls is iterative.

    Parameters
    ----------
    exposure : array_like (r, n)
    controls : array_like (n, k)
    y, trials : array_like (n,)
    null : {"ml", "firth"}

    Returns
    -------
    ndarray (r,)
        Infinite where the controls determine an exposure: it cannot be judged and counts as extreme.

    Raises
    ------
    ParameterError, DesignError
        As in `firth_batch`; separated or constant outcomes for "ml".
    """
    if null not in ("ml", "firth"):
        raise ParameterError(f"null: expected 'ml' or 'firth', got {null!r}")
    d, x, y, m = checked(exposure, controls, y, trials)
    if len(d) != 1 or len(y) != 1:
        raise ParameterError("exposure, y: the score test takes one exposure column for each draw and one outcome")
    if not 0 < y.sum() < m.sum():
        raise DesignError("y: constant outcome")
    z = shared_columns(x)[2]
    fit = null_model(z, y, m, "binomial", firth=null == "firth")
    if fit is None:
        raise DesignError("controls: they separate the outcome, the null model has no finite fit; use null='firth'")
    out = np.full(d.shape[1], np.inf)
    for part in chunks(*d.shape[1:]):
        block = d[0, part]
        cross = block @ (fit.weight[:, None] * z)
        total = np.square(block) @ fit.weight
        variance = total - np.vecdot(cross @ fit.inverse, cross)
        usable = variance > 1e-10 * total  # as in inference.score_statistics
        out[part][usable] = (block @ fit.residual)[usable] / np.sqrt(variance[usable])
    return out


def _fit(data, family: Family, firth: bool, log_likelihood: bool, chunk: int | None) -> BatchFit:
    """The stacked fits; a fit that did not converge has an empty reason."""
    d, x, y, m = data
    center, scale, z = shared_columns(x)
    rows = distinct_rows(d, z) if len(y) == 1 else None
    z, y, m = merged(z, y, m, rows)
    total = y.sum(axis=1)
    constant = (total == 0) | ((total == m.sum()) & (family == "binomial"))
    null = None if len(y) > 1 or constant[0] else null_model(z, y, m, family, firth)
    out, stack = _empty(d, x.shape[1], log_likelihood), None
    for part in chunks(d.shape[1], len(z), chunk):
        d_part = d[:, part] if rows is None else d[:, part][:, :, rows[0]]
        d_part, mean, spread, reason = scaled(d_part, z, m)
        reason[np.broadcast_to(constant if len(y) == 1 else constant[part], len(reason))] = "constant outcome"
        out.reason[part] = reason
        y_part = y if len(y) == 1 else y[part]
        stack = Stack(z, d_part, y_part, m) if stack is None else stack.replaced(d_part, y_part, m)
        good = np.flatnonzero(reason == "")
        if len(good):
            now = stack if len(good) == len(reason) else stack.take(good)
            limit = np.inf if firth else EXTREME
            start = starting_values(now, null, family)
            found = maximise(now, start, family, firth, log_likelihood, TOLERANCE, limit=limit)
            columns = [np.vstack([np.repeat(shared[:, None], len(good), axis=1), own[:, good]])
                       for shared, own in ((center, mean), (scale, spread))]  # fmt: skip
            _store(out, part.start + good, found, *columns, penalty=firth)
    return out


def _empty(d: np.ndarray, k: int, log_likelihood: bool) -> BatchFit:
    """A result with every number missing."""
    q, r, _ = d.shape
    value = np.full(r, np.nan) if log_likelihood else None
    numbers = np.full((2, r, k + q + 1), np.nan)
    return BatchFit(*numbers, np.zeros(r, dtype=bool), np.full(r, "", dtype=object), value, 0, k, q)


def _store(out: BatchFit, place: np.ndarray, found: Maximum, center, scale, penalty: bool) -> None:
    """Write converged fits in the original units; center, scale (k + q, r) of the standardised columns."""
    good = found.converged
    place, beta, inverse = place[good], found.beta[:, good], found.inverse[:, :, good]
    center, scale = center[:, good], scale[:, good]
    slopes = beta[1:] / scale
    row = np.vstack([np.ones((1, len(place))), -center / scale])  # the intercept in terms of standardised columns
    variance = np.einsum("ar,abr,br->r", row, inverse, row)
    out.coefficients[place] = np.vstack([slopes, (row * beta).sum(axis=0)[None]]).T
    out.standard_errors[place, :-1] = (np.sqrt(np.einsum("iir->ir", inverse)[1:]) / scale).T
    out.standard_errors[place, -1] = np.sqrt(variance)
    out.converged[place] = True
    if out.log_likelihood is not None:  # the penalty log|I| / 2 depends on the scale of the columns
        out.log_likelihood[place] = found.value[good] + (np.log(scale).sum(axis=0) if penalty else 0.0)


def _fall_back(out: BatchFit, index: int, d: np.ndarray, x: np.ndarray, y: np.ndarray, m: np.ndarray) -> None:
    """Fit one draw with the single-fit engine, trial by trial."""
    m, y = m.astype(int), y.astype(int)
    outcome = np.concatenate([np.repeat([1.0, 0.0], [hit, trial - hit]) for hit, trial in zip(y, m)])
    columns = np.repeat(np.column_stack([x, d.T]), m, axis=0)
    center, scale, standard = standardise(list(columns.T), len(columns))
    try:
        model = fit_firth(standard, outcome)
        beta = polish(standard, outcome, np.append(model.coef_, model.intercept_))
    except DesignError as error:
        out.reason[index] = f"no convergence: {error}"
        return
    transform, inverse = back_transform(center, scale), inverse_information(standard, beta)
    out.coefficients[index] = transform @ beta
    out.standard_errors[index] = np.sqrt((transform @ inverse @ transform.T).diagonal())
    out.converged[index] = True
    if out.log_likelihood is not None:
        p = expit(np.column_stack([standard, np.ones(len(outcome))]) @ beta)
        likelihood = np.log(np.where(outcome == 1, p, 1 - p)).sum()
        out.log_likelihood[index] = likelihood - np.linalg.slogdet(inverse)[1] / 2 + np.log(scale).sum()
