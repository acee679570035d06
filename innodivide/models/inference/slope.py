"""Slope of one variable on another with an interval and a p-value from permutations (least squares)."""

import numpy as np

from innodivide.errors import DesignError
from innodivide.models.inference.relabelling import check_permutations, constant, country_orders
from innodivide.models.result import require_rng


def permutation_slope(x, y, rng: np.random.Generator, n_permutations: int = 9999, level: float = 0.95) -> dict:
    """Least-squares slope of y on x with a permutation interval and p-value; a 0/1 x gives a difference of means.

    The interval holds every slope b for which y - b x is not related to x by the permutation test. For a permutation
    with cross-products S*_y and S*_x that is decided by b* = (S_y - S*_y) / (S_x - S*_x) alone, so the ends are
    quantiles of b*. Exact for exchangeable errors up to the drawing of permutations.

    Parameters
    ----------
    x, y : array-like (n,), n >= 4
    rng : numpy.random.Generator

    Returns
    -------
    dict
        estimate, ci_low, ci_high (equal tails), p_value, n. Two-sided p: twice the smaller tail, each
        (1 + number) / (n_permutations + 1), so that test and equal-tailed interval agree.

    Raises
    ------
    DesignError
        Missing values, unequal lengths, fewer than four units, or an x or y that does not vary.

    References
    ----------
    Garthwaite (1996) Biometrics 52, 1387-1393; Tritchler (1984) JASA 79, 670-674.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    require_rng(rng)
    check_permutations(n_permutations)
    if x.shape != y.shape or x.ndim != 1 or len(x) < 4 or not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise DesignError(f"x, y: expected at least four pairs without missing values, got {x.shape} and {y.shape}")
    for name, values in (("x", x), ("y", y)):
        if constant(values):
            raise DesignError(f"{name}: does not vary, every value is {values[0]:g}; no slope can be tested")
    d = x - x.mean()
    moved = d[country_orders(rng, n_permutations, len(x))]
    slope, sy, null = float(d @ y / (d @ d)), d @ y, moved @ y
    tolerance = 1e-9 * (np.abs(d) @ np.abs(y - y.mean()) + 1e-300)
    above, below = int((null >= sy - tolerance).sum()), int((null <= sy + tolerance).sum())
    spread = d @ d - moved @ d  # 0 where the permutation leaves x as it is: such a draw excludes no slope
    fixed = spread <= 1e-9 * (d @ d)
    crossing = np.where(fixed, 0.0, sy - null) / np.where(fixed, 1.0, spread)
    tail = (1 - level) / 2
    low = np.quantile(np.where(fixed, -np.inf, crossing), tail, method="lower")
    high = np.quantile(np.where(fixed, np.inf, crossing), 1 - tail, method="higher")
    return {
        "estimate": slope,
        "ci_low": float(low),
        "ci_high": float(high),
        "p_value": min(1.0, 2 * (1 + min(above, below)) / (n_permutations + 1)),
        "n": len(x),
    }
