"""Reference sets of permutation tests: orders of countries, labellings, ties. Not public."""

import math
from itertools import combinations

import numpy as np

from innodivide.errors import ParameterError

TIE_TOLERANCE = 1e-9  # relative: statistics this close to the observed one are ties, and ties count as extreme
MAX_LABELLINGS = 3_000_000  # 27 choose 8 is 2.2 million, some seconds


def country_orders(rng: np.random.Generator, n_permutations: int, n_countries: int) -> np.ndarray:
    """Random orders of the countries, shape (n_permutations, n_countries)."""
    return rng.permuted(np.tile(np.arange(n_countries), (n_permutations, 1)), axis=1)


def extreme(reference: np.ndarray, observed) -> np.ndarray:
    """Whether each |reference| reaches |observed| (a number, or an array), ties within `TIE_TOLERANCE` included."""
    return np.abs(reference) >= np.abs(observed) * (1 - TIE_TOLERANCE)


def constant(values: np.ndarray) -> bool:
    """Whether values differ by rounding only: their permutations then differ by rounding too, which is no evidence."""
    return bool(np.ptp(values) <= 1e-12 * np.abs(values).max())


def check_permutations(count: int, name: str = "n_permutations") -> None:
    """ParameterError unless a whole number of at least 1."""
    if not isinstance(count, (int, np.integer)) or count < 1:
        raise ParameterError(f"{name}: expected a whole number >= 1, got {count!r}")


def check_labellings(n: int, t: int) -> None:
    """ParameterError if n choose t is too many to enumerate."""
    if math.comb(n, t) > MAX_LABELLINGS:
        raise ParameterError(
            f"method: {math.comb(n, t)} labellings of {t} out of {n} countries exceed {MAX_LABELLINGS}; use 'rows'"
        )


def labellings(n: int, t: int) -> np.ndarray:
    """All subsets of t out of n indices, shape (n choose t, t)."""
    flat = (index for subset in combinations(range(n), t) for index in subset)
    return np.fromiter(flat, dtype=np.intp, count=math.comb(n, t) * t).reshape(-1, t)
