"""Clusters of barrier profiles, with how stable they are: Ward clustering, silhouette widths, bootstrap Jaccard."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from innodivide.errors import DesignError, ParameterError
from innodivide.models.result import require_rng

STRUCTURE = 0.25  # Kaufman & Rousseeuw (1990), table 4: below it "no substantial structure has been found"
STABLE = 0.75  # Hennig (2007): mean Jaccard of a valid, stable cluster
DISSOLVED = 0.60  # Hennig (2007, manual of fpc::clusterboot): below it a cluster should not be trusted


@dataclass(frozen=True, eq=False)
class Profiles:
    """Clusters of units.

    Attributes
    ----------
    labels : DataFrame
        unit, cluster (1, 2, ... from the largest), width (silhouette width of the unit; missing for one cluster).
    centres : DataFrame
        Mean profile: clusters in rows, indicators in columns (index points).
    stability : DataFrame
        cluster, n_units, jaccard (mean over resamples), jaccard_low, jaccard_high (percentiles), reading ("stable",
        "doubtful", "not stable").
    choice : DataFrame
        k, width (mean silhouette width) for each number of clusters tried.
    rand, rand_low, rand_high : float
        Adjusted Rand index of resampled against original clusters, mean and percentiles; missing for one cluster.
    rule : str
        How the number of clusters was chosen.
    """

    labels: pd.DataFrame
    centres: pd.DataFrame
    stability: pd.DataFrame
    choice: pd.DataFrame
    rand: float
    rand_low: float
    rand_high: float
    rule: str


def profile_matrix(contributions: pd.DataFrame, units=None, shape: bool = True) -> pd.DataFrame:
    """Return units x indicators of contributions, an unknown cell filled with the mean of its indicator.

    Parameters
    ----------
    contributions : pandas.DataFrame
        From `gap_contributions`.
    units : sequence of str, optional
        Units kept; all by default.
    shape : bool
        Subtract the mean of each unit, so that clusters differ in which barriers stand out and not in how far behind
        they are.
    """
    rows = contributions if units is None else contributions[contributions["unit"].isin(list(units))]
    if rows.empty:
        raise DesignError("units: none of them has contributions")
    table = rows.pivot(index="unit", columns="indicator_code", values="contribution").sort_index().sort_index(axis=1)
    table = table.fillna(table.mean())
    return table.sub(table.mean(axis=1), axis=0) if shape else table


def barrier_profiles(
    matrix: pd.DataFrame,
    rng: np.random.Generator,
    k: int | None = None,
    k_max: int = 6,
    n_boot: int = 200,
    level: float = 0.95,
) -> Profiles:
    """Cluster profiles by Ward's method and show how stable the clusters are under resampling of units.

    Parameters
    ----------
    matrix : pandas.DataFrame
        Units x indicators, complete, one unit of measurement (`profile_matrix`).
    rng : numpy.random.Generator
    k : int, optional
        Number of clusters. By default the k of 2..k_max with the largest mean silhouette width, or one cluster if that
        width is below `STRUCTURE`.
    n_boot : int >= 20
        Resamples with replacement; each is clustered again and every original cluster is matched with the most similar
        one, by the Jaccard index of the units drawn.

    Raises
    ------
    DesignError
        Fewer than 4 units, missing values, or all profiles equal.

    References
    ----------
    Ward (1963), JASA 58; Rousseeuw (1987), J. Comput. Appl. Math. 20; Hennig (2007), Comput. Stat. Data Anal. 52.
    """
    points = matrix.to_numpy(dtype=float)
    if len(points) < 4 or not np.isfinite(points).all():
        raise DesignError(f"matrix: clustering needs at least 4 units and no missing value; got {len(points)} units")
    if np.ptp(points, axis=0).max() == 0:
        raise DesignError("matrix: all profiles are equal, there is nothing to cluster")
    if not isinstance(n_boot, (int, np.integer)) or n_boot < 20 or not 0 < level < 1:
        raise ParameterError(
            f"n_boot, level: expected a whole number >= 20 and a number in (0, 1), got {n_boot!r}, {level!r}"
        )
    top = min(k_max, len(points) - 1, len(np.unique(points, axis=0)))
    if k is not None and not 1 <= k <= top:
        raise ParameterError(f"k={k!r}: allowed are 1 to {top}")
    choice = pd.DataFrame(
        [{"k": n, "width": silhouette_widths(points, ward_labels(points, n)).mean()} for n in range(2, top + 1)]
    )
    best = choice.loc[choice["width"].idxmax()]
    rule = (
        f"given: {k}"
        if k
        else f"largest mean silhouette width among 2 to {top} clusters; one cluster if it is below {STRUCTURE}"
    )
    k = int(k or (best["k"] if best["width"] >= STRUCTURE else 1))
    labels = ward_labels(points, k)
    widths = silhouette_widths(points, labels) if k > 1 else np.full(len(points), np.nan)
    jaccard, rand = _resampled(points, labels, k, require_rng(rng), n_boot)
    ends = [(1 - level) / 2, (1 + level) / 2]
    mean = np.nanmean(jaccard, axis=0)
    low, high = np.nanquantile(jaccard, ends, axis=0)
    stability = pd.DataFrame(
        {
            "cluster": np.arange(1, k + 1),
            "n_units": np.bincount(labels)[1:],
            "jaccard": mean,
            "jaccard_low": low,
            "jaccard_high": high,
            "reading": np.select([mean >= STABLE, mean >= DISSOLVED], ["stable", "doubtful"], "not stable"),
        }
    )
    rand_low, rand_high = np.quantile(rand, ends) if k > 1 else (np.nan, np.nan)
    centres = matrix.groupby(labels).mean().rename_axis("cluster")
    return Profiles(
        labels=pd.DataFrame({"unit": matrix.index, "cluster": labels, "width": widths}),
        centres=centres,
        stability=stability,
        choice=choice,
        rand=float(rand.mean()) if k > 1 else np.nan,
        rand_low=float(rand_low),
        rand_high=float(rand_high),
        rule=rule,
    )


def ward_labels(points: np.ndarray, k: int) -> np.ndarray:
    """Clusters 1..k of a Ward tree cut into k, numbered from the largest (ties: the one with the first unit)."""
    from scipy.cluster.hierarchy import cut_tree, linkage

    raw = cut_tree(linkage(points, method="ward"), n_clusters=k).ravel()
    sizes, first = np.bincount(raw), [np.flatnonzero(raw == c)[0] for c in range(k)]
    order = sorted(range(k), key=lambda c: (-sizes[c], first[c]))
    return np.argsort(order)[raw] + 1


def silhouette_widths(points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Silhouette width of each unit: (b - a) / max(a, b), a the mean distance to its own cluster, b to the nearest
    other.

    Zero for a cluster of one (Rousseeuw, 1987).
    """
    from scipy.spatial.distance import cdist

    names, codes = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        raise DesignError("labels: a silhouette needs at least two clusters")
    member = np.eye(len(names))[codes]
    size, total = member.sum(axis=0), cdist(points, points) @ member
    own = np.arange(len(points)), codes
    within = total[own] / np.maximum(size[codes] - 1, 1)
    other = total / size
    other[own] = np.inf
    nearest = other.min(axis=1)
    scale = np.maximum(within, nearest)
    width = np.divide(nearest - within, scale, out=np.zeros(len(points)), where=scale > 0)
    return np.where(size[codes] == 1, 0.0, width)


def adjusted_rand(first: np.ndarray, second: np.ndarray) -> float:
    """Adjusted Rand index of two partitions of the same units (Hubert & Arabie, 1985); 1 if both are trivial alike."""
    a, b = (np.unique(labels, return_inverse=True)[1] for labels in (first, second))
    if len(a) != len(b) or len(a) < 2:
        raise DesignError(
            f"first, second: partitions of {len(a)} and {len(b)} units; expected the same units, at least 2"
        )
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1)

    def pairs(counts):
        return float((counts * (counts - 1) / 2).sum())

    together, rows, columns = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    chance = rows * columns / (len(a) * (len(a) - 1) / 2)
    top = (rows + columns) / 2
    return 1.0 if top == chance else (together - chance) / (top - chance)


def _resampled(points, labels, k, rng, n_boot) -> tuple[np.ndarray, np.ndarray]:
    """Best Jaccard of each cluster (n_boot, k; NaN if none of its units is drawn) and adjusted Rand (n_boot,)."""
    jaccard, rand = np.full((n_boot, k), np.nan), np.ones(n_boot)
    for b in range(n_boot):
        drawn = rng.integers(len(points), size=len(points))
        kept, where = np.unique(drawn, return_index=True)
        old, new = labels[kept], ward_labels(points[drawn], min(k, len(kept)))[where]
        for c in np.unique(old):
            sets = [((old == c) & (new == d)).sum() / ((old == c) | (new == d)).sum() for d in np.unique(new)]
            jaccard[b, c - 1] = max(sets)
        rand[b] = adjusted_rand(old, new)
    return jaccard, rand
