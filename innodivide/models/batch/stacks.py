"""Arrays of many fits that share their controls, and sums over their rows. Not public.

A stack is r fits at once: the n rows and the shared columns z are common, the exposure columns d belong to each fit.
Sums over rows are matrix products with the shared columns, and p x p systems are solved by Gauss-Jordan steps that run
over all fits together, so the work for one fit is a few passes over n numbers.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

REGULAR = 1e-14  # smallest pivot, relative to its diagonal, of a matrix that is inverted
MAX_LINEAR = 500.0  # |linear predictor| beyond which exp() is not evaluated
_SHARED = ("pairs", "products", "quadratic", "z_rows", "buffers")


@dataclass(frozen=True, eq=False)
class Stack:
    """Data of r fits on n rows.

    Attributes
    ----------
    z : ndarray (n, a)
        Shared columns, the intercept first, of order one.
    d : ndarray (q, r, n)
        Columns that differ between the fits, of order one.
    y, m : ndarray (1, n) or (r, n)
        Successes and trials (binomial), counts and exposure (Poisson).
    """

    z: np.ndarray
    d: np.ndarray
    y: np.ndarray
    m: np.ndarray

    @property
    def size(self) -> int:
        """Number of coefficients."""
        return self.z.shape[1] + len(self.d)

    @cached_property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Indices of the distinct products of two shared columns."""
        return np.triu_indices(self.z.shape[1])

    @cached_property
    def products(self) -> np.ndarray:
        """Products of the shared columns at `pairs`, shape (n, pairs)."""
        return self.z[:, self.pairs[0]] * self.z[:, self.pairs[1]]

    @cached_property
    def quadratic(self) -> np.ndarray:
        """`products` transposed with mixed products counted twice, shape (pairs, n): for quadratic forms."""
        return np.ascontiguousarray((self.products * np.where(self.pairs[0] == self.pairs[1], 1.0, 2.0)).T)

    @cached_property
    def z_rows(self) -> np.ndarray:
        """Shared columns as rows, shape (a, n)."""
        return np.ascontiguousarray(self.z.T)

    @cached_property
    def buffers(self) -> np.ndarray:
        """Room for four intermediate results (4, r, n): new memory for each would cost more than the arithmetic."""
        return np.empty((4, *self.d.shape[1:]))

    @cached_property
    def largest(self) -> np.ndarray:
        """Largest absolute value (p,) of every column."""
        return np.append(np.abs(self.z).max(axis=0), [max(block.max(), -block.min()) for block in self.d])

    def may_overflow(self, beta: np.ndarray) -> bool:
        """Whether some linear predictor could be beyond what exp() takes."""
        return bool((np.abs(beta).max(axis=1) @ self.largest) > MAX_LINEAR)

    def take(self, keep: np.ndarray) -> "Stack":
        """The stack of the fits at positions `keep`."""
        y, m = (part if len(part) == 1 else part[keep] for part in (self.y, self.m))
        return self.replaced(self.d[:, keep], y, m)

    def replaced(self, d: np.ndarray, y: np.ndarray, m: np.ndarray) -> "Stack":
        """A stack of at most as many fits on the same shared columns, using the same buffers."""
        other = Stack(self.z, d, y, m)
        other.__dict__.update({name: getattr(self, name) for name in _SHARED})
        return other

    def linear(self, beta: np.ndarray, out: np.ndarray, spare: np.ndarray) -> np.ndarray:
        """Linear predictors (r, n) of coefficients (p, r)."""
        a = self.z.shape[1]
        np.matmul(beta[:a].T, self.z_rows, out=out)
        for column, slope in zip(self.d, beta[a:]):
            out += np.multiply(slope[:, None], column, out=spare)
        return out

    def information(self, w: np.ndarray, spare: np.ndarray) -> np.ndarray:
        """Weighted cross products of all columns, shape (p, p, r); w (r, n)."""
        a, (i, j) = self.z.shape[1], self.pairs
        out = np.empty((self.size, self.size, len(w)))
        out[i, j] = out[j, i] = (w @ self.products).T
        for k, column in enumerate(self.d, start=a):
            weighted = np.multiply(w, column, out=spare)
            out[k, :a] = out[:a, k] = (weighted @ self.z).T
            for h, other in enumerate(self.d[: k - a + 1], start=a):
                out[k, h] = out[h, k] = np.vecdot(weighted, other)
        return out

    def forms(self, inverse: np.ndarray, out: np.ndarray, spare: np.ndarray) -> np.ndarray:
        """Quadratic forms x'Ax (r, n) of every row with A (p, p, r)."""
        a = self.z.shape[1]
        np.matmul(inverse[self.pairs].T, self.quadratic, out=out)
        for k, column in enumerate(self.d, start=a):
            np.matmul(2 * inverse[k, :a].T, self.z_rows, out=spare)
            for h in range(a, k + 1):
                spare += ((1 + (h < k)) * inverse[k, h])[:, None] * self.d[h - a]
            spare *= column
            out += spare
        return out

    def against(self, residual: np.ndarray) -> np.ndarray:
        """Products X'u (p, r) of residuals (r, n) with all columns."""
        return np.vstack([(residual @ self.z).T, *(np.vecdot(residual, column)[None] for column in self.d)])


def invert(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inverses of symmetric positive definite matrices (p, p, r), their log determinants and smallest pivots.

    Returns
    -------
    inverse : ndarray (p, p, r)
    log_determinant : ndarray (r,)
    pivot : ndarray (r,)
        Smallest ratio of a pivot to its diagonal element (1 minus the squared multiple correlation of a column with
        those before it); where it is below `REGULAR` (or not a number) the inverse means nothing.
    """
    out, pivots = matrix.copy(), np.empty(matrix.shape[1:])
    diagonal = np.einsum("iir->ir", matrix)
    with np.errstate(all="ignore"):  # singular ones are told apart by their pivots
        for k in range(len(out)):
            pivots[k] = out[k, k]
            column, row = out[:, k].copy(), out[k] / pivots[k]
            out -= column[:, None] * row
            out[k] = row
            out[:, k] = column / -pivots[k]
            out[k, k] = 1 / pivots[k]
        smallest = (pivots / diagonal).min(axis=0)
        return out, np.log(pivots).sum(axis=0), np.where(smallest > REGULAR, smallest, 0.0)
