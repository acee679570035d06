"""Least squares of a 0/1 outcome and the cluster sums behind every cluster-robust variance. Not public.

All of it rests on one vector. With d~ the exposure's residual on intercept and controls, the estimate is
``b = a'y`` with ``a = d~ / d~'d~``, and a cluster's contribution to the sampling error is ``a_g'u_g``.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from innodivide.errors import DesignError
from innodivide.models.estimators.design import Design, require_columns


@dataclass(frozen=True, eq=False)
class Ols:
    """Least squares of the outcome on intercept, controls and exposure (last), from a QR decomposition."""

    q: np.ndarray  # (n, k) orthonormal basis of the columns; hat matrix q q'
    a: np.ndarray  # (n,) weights of the estimate
    d_res: np.ndarray  # (n,) exposure residual on intercept and controls
    estimate: float
    residual: np.ndarray  # (n,) of the full model
    residual_null: np.ndarray  # (n,) with the exposure's coefficient held at 0


def clusters(design: Design, dyads: pd.DataFrame, cluster: str) -> tuple[np.ndarray, str]:
    """Cluster index (n,) in the row order of the design, and a note on how many clusters carry the label."""
    require_columns(dyads, [cluster], "dyads")
    column = dyads.sort_values(["geo", "ipcei_id"])[cluster]
    if column.isna().any():
        raise DesignError(f"{cluster}: {int(column.isna().sum())} missing value(s); every dyad needs a cluster")
    names, codes = np.unique(column.to_numpy(), return_inverse=True)
    parameters = design.controls.shape[1] + 2
    if len(names) <= parameters:
        raise DesignError(
            f"{cluster}: {len(names)} cluster(s) for {parameters} parameters; variation between clusters needs more"
        )
    if not design.binary:
        return codes, ""
    for value in (1, 0):
        held = np.unique(codes[design.d == value])
        if len(held) < 2:
            raise DesignError(
                f"{design.term}: only one cluster of {cluster} ({names[held[0]]}) has {design.term} = {value}; "
                "variation between clusters needs at least two"
            )
    return codes, f"{len(np.unique(codes[design.d == 1]))} of {len(names)} clusters of {cluster} ever carry the label"


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


def cr0(fit: Ols, codes: np.ndarray) -> float:
    """Sum of squared cluster contributions, no small-sample factor (CR0)."""
    return float((np.bincount(codes, fit.a * fit.residual) ** 2).sum())


def small_sample_factor(n_clusters: int, fit: Ols) -> float:
    """G/(G-1) (N-1)/(N-K)."""
    n, k = fit.q.shape
    return n_clusters / (n_clusters - 1) * (n - 1) / (n - k)


def two_way(fit: Ols, first: np.ndarray, second: np.ndarray, factor: str) -> tuple[float, str]:
    """Variance by inclusion and exclusion, and the factor in words."""
    both = np.unique(first * (second.max() + 1) + second, return_inverse=True)[1]
    sizes = [int(codes.max()) + 1 for codes in (first, second, both)]
    multipliers = [small_sample_factor(size, fit) for size in sizes]
    text = "each G/(G-1) (N-1)/(N-K) with G = " + ", ".join(map(str, sizes))
    if factor == "min":
        multipliers = [small_sample_factor(min(sizes), fit)] * 3
        text = f"G/(G-1) (N-1)/(N-K) with the smallest G = {min(sizes)} for all three"
    elif factor == "none":
        multipliers, text = [1.0] * 3, "no small-sample factor"
    parts = [multiplier * cr0(fit, codes) for multiplier, codes in zip(multipliers, (first, second, both))]
    return parts[0] + parts[1] - parts[2], text


def cr2(fit: Ols, codes: np.ndarray) -> tuple[float, float, int]:
    """CR2 variance, Satterthwaite degrees of freedom, number of clusters with a singular I - H_gg."""
    variance, columns, singular = 0.0, [], 0
    for g in range(codes.max() + 1):
        rows = np.flatnonzero(codes == g)
        values, vectors = np.linalg.eigh(np.eye(len(rows)) - fit.q[rows] @ fit.q[rows].T)
        usable = values > 1e-10
        singular += int(not usable.all())
        root = np.where(usable, 1 / np.sqrt(np.where(usable, values, 1.0)), 0.0)
        weighted = vectors @ (root * (vectors.T @ fit.a[rows]))
        variance += float(weighted @ fit.residual[rows]) ** 2
        column = -fit.q @ (fit.q[rows].T @ weighted)
        column[rows] += weighted
        columns.append(column)
    inner = np.array(columns) @ np.array(columns).T
    return variance, float(np.trace(inner) ** 2 / (inner**2).sum()), singular


def standard_error(variance: float, fit: Ols, what: str) -> float:
    """Root of a variance; DesignError if it is zero or negative."""
    if variance <= 1e-20 * float(fit.a @ fit.a):  # 0/1 outcome: residuals of rounding size
        cause = "negative" if variance < -1e-20 * float(fit.a @ fit.a) else "zero"
        raise DesignError(f"{what}: the variance of the estimate is {cause}; this standard error is not defined here")
    return math.sqrt(variance)
