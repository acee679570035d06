"""Thousands of logits or Poisson models that differ in the exposure only, fitted as stacks.

A permutation test refits one model under thousands of relabelled exposures. The outcome and the controls stay. The
answers are those of the models fitted one after the other (`innodivide.models.estimators`).
"""

from dataclasses import dataclass

import numpy as np

from innodivide.errors import DesignError
from innodivide.models.estimators.design import COLLINEAR as COLLINEAR_FROM, collinearity, standardise
from innodivide.models.estimators.newton import Family, maximise, orthogonal_columns

COLLINEAR = 1e-12  # share of a column's variance that the columns before it leave over
CELLS = 75_000  # numbers of a column in one stack: small enough for the cache


@dataclass(frozen=True, eq=False)
class StackFit:
    """Fits of a stack; NaN where `reason` says why there is none.

    Attributes
    ----------
    estimate, standard_error : ndarray (r,)
        Of the exposure, per unit; the root of the inverse information, no dispersion in it.
    linear : ndarray (r, n)
        Linear predictors.
    reason : ndarray of str (r,)
        Why a fit is not defined, "" if it is.
    """

    estimate: np.ndarray
    standard_error: np.ndarray
    linear: np.ndarray
    reason: np.ndarray


def fit_stack(exposure, controls, y, trials, family: Family = "binomial", firth: bool = False) -> StackFit:
    """Logits or Poisson models that share outcome and controls.

    Columns are centred and scaled inside; rows that are alike in every fit are merged first.

    Parameters
    ----------
    exposure : ndarray (r, n)
    controls : ndarray (n, k)
        Without intercept.
    y, trials : ndarray (n,)
        Successes and trials; counts and their exposure for "poisson".
    family, firth
        As in `newton.maximise`.

    Returns
    -------
    StackFit

    Raises
    ------
    DesignError
        Collinear controls.
    """
    z = np.column_stack([np.ones(len(controls)), standardise(list(controls.T), len(controls))[2]])
    first, member = _distinct(np.column_stack([z, exposure.T]))
    z, d = z[first], exposure[:, first]
    y, trials = (np.bincount(member, weights=values) for values in (y, trials))
    d, spread, reason = exposures_scaled(d, z, trials / trials.sum())
    basis, _ = orthogonal_columns(z)
    if collinearity(z[:, 1:], [str(k) for k in range(1, z.shape[1])]):
        z = basis
    # What the controls leave of an exposure has its coefficient, and keeps its digits where they leave little.
    apart = d - (d @ basis / len(z)) @ basis.T
    left = (apart**2).mean(axis=1)
    near = (left < (d**2).mean(axis=1) / COLLINEAR_FROM) & (left > 0)
    d[near] = apart[near] / np.sqrt(left[near])[:, None]
    spread[near] *= np.sqrt(left[near])
    if y.sum() == 0 or (family == "binomial" and y.sum() == trials.sum()):
        reason[:] = "constant outcome"
    estimate, penalty = np.full((2, len(d)), np.nan)
    out = StackFit(estimate, penalty, np.full((len(d), len(member)), np.nan), reason)
    good = np.flatnonzero(reason == "")
    null = maximise(z, y, trials, family, firth) if len(good) > 1 else None  # saves a stack some steps
    start = np.append(null.beta[0], 0.0) if null is not None and null.converged[0] else None
    size = max(1, CELLS // len(z))
    for rows in (good[i : i + size] for i in range(0, len(good), size)):
        x = np.empty((len(rows), len(z), z.shape[1] + 1))
        x[:, :, :-1], x[:, :, -1] = z, d[rows]
        found = maximise(x, y, trials, family, firth, start)
        reason[rows[~found.converged]] = "separated: no finite maximum-likelihood estimate"
        rows, settled = rows[found.converged], found.converged
        out.estimate[rows] = found.beta[settled, -1] / spread[rows]
        out.standard_error[rows] = np.sqrt(found.inverse[settled, -1, -1]) / spread[rows]
        out.linear[rows] = np.einsum("rnp,rp->rn", x[settled], found.beta[settled])[:, member]
    return out


def _distinct(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First row of each set of rows that are alike, and the set of every row.

    A country keeps its controls over IPCEIs decided in one year, and relabelling whole countries keeps the rows alike.
    """
    _, first, member = np.unique(columns, axis=0, return_index=True, return_inverse=True)
    return first, member.ravel()


def exposures_scaled(d: np.ndarray, z: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Exposures centred and scaled, their spreads (r,), and reasons (r,) why some cannot be fitted."""
    root = np.sqrt(weight)
    q, triangle = np.linalg.qr(z * root[:, None])
    if (np.diagonal(triangle) ** 2 <= COLLINEAR).any():
        raise DesignError("controls: rank deficient, a column is a linear combination of the others and the intercept")
    mean = d @ weight
    d = d - mean[:, None]
    spread = np.sqrt(d**2 @ weight)
    constant = spread <= 1e-12 * np.maximum(1.0, np.abs(mean))
    d /= np.where(constant, 1.0, spread)[:, None]
    along = (d * root) @ q
    determined = 1 - (along**2).sum(axis=1) <= COLLINEAR
    reason = np.where(determined, "exposure determined by the columns before it", "").astype(object)
    reason[constant] = "constant exposure"
    return d, spread, reason
