"""Random 0/1 matrices with fixed margins, and the comparison of a statistic with its reference distribution."""

import numpy as np

from innodivide.errors import DesignError, ParameterError
from innodivide.models.result import require_rng

TRADES_PER_LINE = 10  # each line takes part in about twenty trades; doubling it moves no figure beyond sampling error


def binary(matrix) -> np.ndarray:
    """Return the matrix as bool (n, m); DesignError unless two-dimensional, 0/1 and with at least one 1."""
    array = np.asarray(matrix)
    if array.ndim != 2 or not np.isin(array, (0, 1)).all():
        raise DesignError("matrix: expected two dimensions and only 0 and 1")
    if not array.any():
        raise DesignError("matrix: empty, no row is in any column")
    return array.astype(bool)


def curveball(matrix, n_matrices: int, rng: np.random.Generator) -> np.ndarray:
    """Draw 0/1 matrices (n_matrices, n, m) with the margins of the given one, each by a chain started there.

    In a trade two lines of the shorter side pool what only one of them has and deal it out again at random, each
    keeping its number. The chain's stationary distribution is uniform over all matrices with these margins (Carstens
    2015). `TRADES_PER_LINE` trades for each line of the shorter side are made before a matrix is taken.

    References
    ----------
    Strona et al. (2014) Nature Communications 5, 4114; Carstens (2015) Physical Review E 91, 042812.
    """
    array = binary(matrix)
    require_rng(rng)
    flip = array.shape[1] < array.shape[0]
    lines = array.T if flip else array
    if n_matrices < 1:
        raise ParameterError(f"n_matrices: expected at least 1, got {n_matrices}")
    stack = np.repeat(lines[None], n_matrices, axis=0)
    if len(lines) > 1:
        for _ in range(TRADES_PER_LINE * len(lines)):
            _trade(stack, rng)
    return stack.transpose(0, 2, 1) if flip else stack


def _trade(stack: np.ndarray, rng: np.random.Generator) -> None:
    """One trade in every matrix of the stack, in place: the disputed places are dealt out again at random."""
    chains, (count, lines, width) = np.arange(len(stack)), stack.shape
    first = rng.integers(lines, size=count)
    second = (first + rng.integers(1, lines, size=count)) % lines
    a, b = stack[chains, first], stack[chains, second]
    disputed = a != b
    drawn = np.where(disputed, rng.random((count, width)), 2.0)
    number = (a & disputed).sum(axis=1)  # dealt to the first line: the places with the lowest numbers drawn
    limit = np.where(number > 0, np.sort(drawn, axis=1)[chains, number - 1], -1.0)
    dealt = drawn <= limit[:, None]
    stack[chains, first] = np.where(disputed, dealt, a)
    stack[chains, second] = np.where(disputed, ~dealt, b)


def against_null(observed: float, reference: np.ndarray) -> dict:
    """Compare a statistic with its reference distribution.

    Returns
    -------
    dict
        observed, null_mean, null_sd, null_low, null_high (central 95 %), ratio (to the mean; missing if that is 0), z
        (missing if nothing varies), p_value = 2 min(one-sided), each one-sided (1 + number) / (n + 1), at most 1.
    """
    tolerance = 1e-9 * max(1.0, abs(observed))
    above, below = (reference >= observed - tolerance).sum(), (reference <= observed + tolerance).sum()
    mean, sd = float(reference.mean()), float(reference.std(ddof=1)) if len(reference) > 1 else 0.0
    low, high = np.quantile(reference, [0.025, 0.975])
    return {
        "observed": float(observed),
        "null_mean": mean,
        "null_sd": sd,
        "null_low": float(low),
        "null_high": float(high),
        "ratio": observed / mean if mean else np.nan,
        "z": (observed - mean) / sd if sd > tolerance else np.nan,
        "p_value": min(1.0, 2 * (1 + int(min(above, below))) / (len(reference) + 1)),
    }
