"""Least squares of a 0/1 outcome and the cluster sums behind every cluster-robust variance. Not public.

All of it rests on one vector. With d~ the exposure's residual on intercept and controls, the estimate is
``b = a'y`` with ``a = d~ / d~'d~``, and a cluster's contribution to the sampling error is ``a_g'u_g``.
"""

import math
from dataclasses import dataclass

import numpy as np

from innodivide.errors import DesignError
from innodivide.models.estimators.design import Design

ONE = 1e-10  # an eigenvalue of I - H_gg below this is zero: the cluster determines a coefficient alone


@dataclass(frozen=True, eq=False)
class Ols:
    """Least squares of the outcome on intercept, controls and exposure (last), from a QR decomposition."""

    q: np.ndarray  # (n, k) orthonormal basis of the columns; hat matrix q q'
    a: np.ndarray  # (n,) weights of the estimate
    d_res: np.ndarray  # (n,) exposure residual on intercept and controls
    estimate: float
    residual: np.ndarray  # (n,) of the full model
    residual_null: np.ndarray  # (n,) with the exposure's coefficient held at 0


def check_clusters(design: Design, codes: np.ndarray, names: tuple[str, ...], what: str) -> str:
    """Note on how many clusters carry the label; DesignError if variation between them cannot be known."""
    parameters = design.controls.shape[1] + 2
    if len(names) <= parameters:
        raise DesignError(
            f"{what}: {len(names)} cluster(s) for {parameters} parameters; variation between clusters needs more"
        )
    if not design.binary:
        return ""
    for value in (1, 0):
        held = np.unique(codes[design.d == value])
        if len(held) < 2:
            raise DesignError(
                f"{design.term}: only one cluster of {what} ({names[held[0]]}) has {design.term} = {value}; "
                "variation between clusters needs at least two"
            )
    return f"{len(np.unique(codes[design.d == 1]))} of {len(names)} clusters of {what} ever carry the label"


def least_squares(design: Design) -> Ols:
    """Fit the linear probability model of a checked design."""
    q, r = np.linalg.qr(np.column_stack([design.null_matrix, design.d]))
    last = q[:, -1]  # the exposure comes last: the direction that intercept and controls leave of it
    residual_null = design.y - q[:, :-1] @ (q[:, :-1].T @ design.y)
    estimate = float(last @ design.y / r[-1, -1])
    residual = residual_null - last * (last @ design.y)
    return Ols(q, last / r[-1, -1], last * r[-1, -1], estimate, residual, residual_null)


def outside_note(design: Design, fit: Ols) -> str:
    """What share of the fitted probabilities is impossible; empty if none."""
    fitted = design.y - fit.residual
    share = float(((fitted < 0) | (fitted > 1)).mean())
    return f"{share:.0%} of the fitted probabilities are outside 0 to 1" if share else ""


def scale_text(design: Design) -> str:
    """Unit of the estimate."""
    return "percentage points" if design.binary else f"percentage points per unit of {design.term}"


def cluster_variance(design: Design, groups: np.ndarray) -> float:
    """Cluster-robust variance of the estimate, G/(G-1) (N-1)/(N-K); groups (n,), or (n, 2) for two-way clusters.

    Two ways: inclusion and exclusion, each of the three parts with its own factor (Cameron, Gelbach & Miller 2011).
    """
    import statsmodels.api as sm

    x = np.column_stack([design.null_matrix, design.d])
    fitted = sm.OLS(design.y, x).fit(cov_type="cluster", cov_kwds={"groups": groups})
    return float(fitted.cov_params()[-1, -1])


def cr2(basis: np.ndarray, residual: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """CR2 variance of the last coefficient in an orthonormal basis, for a stack of r fits.

    H_gg = X_g X_g' has the eigenvalues of the p x p matrix S_g = X_g'X_g. With c the last unit vector and
    v_g = (I - S_g)^-1/2 c, the cluster's contribution is (X_g'e_g)'v_g, and P'P has elements
    [g = h] v_g'S_g v_g - (S_g v_g)'(S_h v_h).

    Parameters
    ----------
    basis : ndarray (r, n, p)
    residual : ndarray (r, n)
    codes : ndarray of int (n,)
        Cluster of each row.

    Returns
    -------
    variance, df : ndarray (r,)
        Satterthwaite degrees of freedom.
    singular : ndarray of int (r,)
        Clusters that determine a coefficient alone; the generalised inverse is used for them, as clubSandwich does.
    """
    order = np.argsort(codes, kind="stable")
    first = np.flatnonzero(np.diff(codes[order], prepend=-1))
    rows = basis[:, order]
    s = np.add.reduceat(rows[:, :, :, None] * rows[:, :, None, :], first, axis=1)
    scores = np.add.reduceat(rows * residual[:, order, None], first, axis=1)
    values, vectors = np.linalg.eigh(s)
    usable = 1 - values > ONE
    root = np.where(usable, 1 / np.sqrt(np.where(usable, 1 - values, 1.0)), 0.0)
    v = np.einsum("rgab,rgb,rgb->rga", vectors, root, vectors[:, :, -1])
    sv = (s @ v[..., None])[..., 0]
    own, cross = (v * sv).sum(axis=2), sv @ np.swapaxes(sv, 1, 2)
    trace = own.sum(axis=1) - np.einsum("rgg->r", cross)
    squares = (cross**2).sum(axis=(1, 2)) + (own**2).sum(axis=1) - 2 * np.einsum("rg,rgg->r", own, cross)
    return ((scores * v).sum(axis=2) ** 2).sum(axis=1), trace**2 / squares, (~usable).any(axis=2).sum(axis=1)


def standard_error(variance: float, fit: Ols, what: str) -> float:
    """Root of a variance; DesignError if it is zero or negative."""
    if variance <= 1e-20 * float(fit.a @ fit.a):  # 0/1 outcome: residuals of rounding size
        cause = "negative" if variance < -1e-20 * float(fit.a @ fit.a) else "zero"
        raise DesignError(f"{what}: the variance of the estimate is {cause}; this standard error is not defined here")
    return math.sqrt(variance)
