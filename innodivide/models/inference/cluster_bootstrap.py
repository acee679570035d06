"""Percentile intervals of any statistic of units by drawing whole clusters of them."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.models.result import require_rng


def cluster_bootstrap(
    clusters, statistic: Callable[[np.ndarray], "np.ndarray | float"], rng: np.random.Generator, n_boot: int = 1999
) -> np.ndarray:
    """Return the statistic of samples made of clusters drawn with replacement, one row for each draw.

    Units of one cluster share what is not in the data, so they stay together (pairs cluster bootstrap; Cameron, Gelbach
    and Miller 2008, section III).

    Parameters
    ----------
    clusters : sequence (n,)
        Cluster of each unit, none missing, two different ones at least.
    statistic : callable
        From the positions of the units of a draw (some of them repeated) to a number or an array (k,).
    rng : numpy.random.Generator
    n_boot : int >= 20

    Returns
    -------
    numpy.ndarray (n_boot, k)

    Raises
    ------
    DataError
        A missing cluster.
    DesignError
        Fewer than two clusters, which would give an interval of no width.
    ParameterError
        Fewer than 20 draws.

    References
    ----------
    Cameron, Gelbach and Miller (2008) Review of Economics and Statistics 90, 414-427.

    Examples
    --------
    >>> values = np.array([1.0, 2.0, 3.0, 4.0])
    >>> draws = cluster_bootstrap(["A", "A", "B", "B"], lambda i: values[i].mean(), np.random.default_rng(1), 20)
    >>> sorted(set(draws[:, 0]))
    [1.5, 2.5, 3.5]
    """
    require_rng(rng)
    labels = pd.Series(list(clusters))
    if labels.isna().any():
        raise DataError(f"clusters: missing at position {int(labels.isna().argmax())}; each unit needs one")
    codes, names = pd.factorize(labels, sort=True)
    if len(names) < 2:
        raise DesignError(f"clusters: only {names[0] if len(names) else 'none'}; an interval needs two at least")
    if n_boot < 20:
        raise ParameterError(f"n_boot={n_boot}: at least 20 draws are needed for the ends of an interval")
    units = [np.flatnonzero(codes == k) for k in range(len(names))]
    draws = rng.integers(len(names), size=(n_boot, len(names)))
    return np.array([np.atleast_1d(statistic(np.concatenate([units[k] for k in draw]))) for draw in draws])


def percentile(draws: np.ndarray, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends (k,) of the percentile intervals of the columns of `cluster_bootstrap`.

    Raises
    ------
    DesignError
        If a draw is not defined: an interval from the others would be of something else.
    """
    bad = ~np.isfinite(draws).all(axis=1)
    if bad.any():
        raise DesignError(f"the statistic is not defined in {int(bad.sum())} of {len(draws)} draws of clusters")
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high
