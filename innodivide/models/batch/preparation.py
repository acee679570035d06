"""What surrounds the iterations on a stack: checks, merging of equal rows, scaling, starting values. Not public."""

from dataclasses import dataclass

import numpy as np

from innodivide.errors import DesignError, ParameterError
from innodivide.models.batch.newton import Family, maximise
from innodivide.models.batch.stacks import Stack, invert
from innodivide.models.estimators.design import standardise

COLLINEAR = 1e-12  # share of a column's variance that the columns before it leave over
EXTREME = 30.0  # a maximum-likelihood coefficient of a standardised column beyond this has no finite maximum


def checked(exposure, controls, y, trials, family: Family = "binomial"):
    """Exposures (q, r, n), controls (n, k), outcome (1 or r, n) and trials (1, n) as checked floats."""
    d, x, y = (np.asarray(value, dtype=float) for value in (exposure, controls, y))
    d = d[None] if d.ndim == 2 else np.moveaxis(d, 2, 0) if d.ndim == 3 else d
    if d.ndim != 3 or x.ndim != 2 or y.ndim not in (1, 2) or 0 in d.shape:
        raise ParameterError(
            "exposure, controls, y: expected shapes (r, n) or (r, n, q); (n, k); (n,) or (r, n); "
            f"got {np.shape(exposure)}, {x.shape}, {y.shape}"
        )
    r, n = d.shape[1:]
    y = y[None] if y.ndim == 1 else y
    m = np.ones((1, n)) if trials is None else np.asarray(trials, dtype=float).reshape(1, -1)
    if len(x) != n or y.shape not in ((1, n), (r, n)) or m.shape != (1, n):
        raise ParameterError(f"exposure has {n} rows in {r} draws; controls {x.shape}, y {y.shape}, trials {m.shape}")
    for name, values in {"exposure": d, "controls": x, "y": y, "trials": m}.items():
        if not np.isfinite(values).all():
            raise DesignError(f"{name}: {int((~np.isfinite(values)).sum())} missing or infinite value(s)")
    if (y < 0).any() or (y % 1).any() or (m <= 0).any():
        raise DesignError("y, trials: expected whole numbers y >= 0 and trials > 0")
    if family == "binomial" and ((m % 1).any() or (y > m).any()):
        raise DesignError("y, trials: expected whole numbers of trials and y <= trials")
    return d, x, y, m


def shared_columns(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres, scales and the matrix (n, 1 + k) of intercept and standardised controls; DesignError if collinear."""
    center, scale, columns = standardise(list(x.T), len(x))
    z = np.column_stack([np.ones(len(x)), columns])
    if invert((z.T @ z)[:, :, None])[2][0] <= COLLINEAR:
        raise DesignError("controls: rank deficient, a column is a linear combination of the others and the intercept")
    return center, scale, z


def chunks(r: int, n: int, chunk: int | None = None) -> list[slice]:
    """Slices of r draws on n rows, small enough for the cache and large enough to spread NumPy's overhead."""
    # Odd, because strides of a power of two make the columns of small matrices fight for the same lines of the cache.
    size = int(np.clip(75_000 // n, 64, 1022)) | 1 if chunk is None else chunk
    if not isinstance(size, (int, np.integer)) or size < 1:
        raise ParameterError(f"chunk: expected a whole number >= 1, got {chunk!r}")
    return [slice(first, min(first + size, r)) for first in range(0, r, size)]


def distinct_rows(d: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """First of each set of rows alike in all fits, and the set of every row; None if all rows are distinct.

    A country keeps its controls over IPCEIs decided in one year, and relabelling whole countries keeps the rows alike.
    """
    probe = np.cos(np.arange(1.0, d.shape[1] + 1))  # any fixed vector: equal columns have equal projections
    key = np.column_stack([z, *(np.round(probe @ block, 9) for block in d)])
    _, first, member = np.unique(key, axis=0, return_index=True, return_inverse=True)
    member = member.ravel()
    if len(first) == d.shape[2]:
        return None
    for part in chunks(d.shape[1], d.shape[2]):
        if not np.array_equal(d[:, part], d[:, part][:, :, first[member]]):  # equal projections by accident
            return None
    return first, member


def merged(z: np.ndarray, y: np.ndarray, m: np.ndarray, rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shared columns, and successes and trials summed, of the distinct rows."""
    if rows is None:
        return z, y, m
    first, member = rows
    y, m = (np.bincount(member, weights=part[0], minlength=len(first))[None] for part in (y, m))
    return z[first], y, m


def scaled(d: np.ndarray, z: np.ndarray, m: np.ndarray):
    """Centred and scaled exposures, their means and spreads (q, r), and reasons (r,) why some cannot be fitted."""
    weight = m[0] / m.sum()
    mean = d @ weight
    d = d - mean[:, :, None]
    spread = np.sqrt((d**2) @ weight)
    constant = spread <= 1e-12 * np.maximum(1.0, np.abs(mean))
    spread = np.where(constant, 1.0, spread)
    d /= spread[:, :, None]
    stack = Stack(z, d, m, m)
    gram = stack.information(np.broadcast_to(weight, d.shape[1:]), np.empty(d.shape[1:]))
    determined = invert(gram)[2] <= COLLINEAR
    reason = np.where(determined, "exposure determined by the columns before it", "").astype(object)
    reason[constant.any(axis=0)] = "constant exposure"
    return d, mean, spread, reason


@dataclass(frozen=True, eq=False)
class NullFit:
    """Fit on the shared columns alone: coefficients (a,), inverse information (a, a), weight and residual (n,)."""

    beta: np.ndarray
    inverse: np.ndarray
    weight: np.ndarray
    residual: np.ndarray


def intercept_of(y: np.ndarray, m: np.ndarray, family: Family) -> np.ndarray:
    """Intercept (r,) of the fit without any column, kept away from infinity."""
    rate = y.sum(axis=1) / m.sum()
    if family == "poisson":
        return np.log(np.maximum(rate, 1e-3))
    rate = np.clip(rate, 1e-3, 1 - 1e-3)
    return np.log(rate / (1 - rate))


def null_model(z: np.ndarray, y: np.ndarray, m: np.ndarray, family: Family, firth: bool) -> NullFit | None:
    """Fit of one outcome (1, n) on the shared columns; None if there is none."""
    start = np.zeros((z.shape[1], 1))
    start[0] = intercept_of(y, m, family)
    stack = Stack(z, np.empty((0, 1, len(z))), y, m)
    limit = np.inf if firth else EXTREME
    found = maximise(stack, start, family, firth, tol=1e-12, limit=limit)
    if not found.converged[0]:
        return None
    beta = found.beta[:, 0]
    mean = np.exp(z @ beta) if family == "poisson" else 1 / (1 + np.exp(-(z @ beta)))
    weight = m[0] * mean * (1.0 if family == "poisson" else 1 - mean)
    inverse = invert(((z.T * weight) @ z)[:, :, None])[0][:, :, 0]
    leverage = weight * np.einsum("ij,jk,ik->i", z, inverse, z) if firth else 0.0
    return NullFit(beta, inverse, weight, y[0] - m[0] * mean + leverage * (0.5 - mean))


def starting_values(stack: Stack, null: NullFit | None, family: Family) -> np.ndarray:
    """Coefficients (p, r): one scoring step from the fit without exposure, or the intercept alone."""
    a, (q, r, _) = stack.z.shape[1], stack.d.shape
    start = np.zeros((a + q, r))
    if null is None:
        start[0] = intercept_of(stack.y, stack.m, family)
        return start
    weighted = null.weight[:, None] * stack.z
    information, score = np.empty((a + q, a + q, r)), np.zeros((a + q, r))
    information[:a, :a] = (weighted.T @ stack.z)[:, :, None]
    for k, column in enumerate(stack.d, start=a):
        information[k, :a] = information[:a, k] = (column @ weighted).T
        score[k] = column @ null.residual
        for h, other in enumerate(stack.d[: k - a + 1], start=a):
            information[k, h] = information[h, k] = np.vecdot(column * null.weight, other)
    inverse, _, pivot = invert(information)
    step = np.einsum("abr,br->ar", inverse, score)
    start[:a] = null.beta[:, None]
    # A long step from the null is no better a start than the null itself.
    usable = pivot > 0
    usable[usable] = np.abs(step[:, usable]).max(axis=0) < 2
    start[:, usable] += step[:, usable]
    return start
