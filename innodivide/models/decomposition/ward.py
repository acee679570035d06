"""Clusters of barrier profiles, with how stable they are: Ward clustering, silhouette widths, bootstrap Jaccard."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from innodivide.errors import DesignError
from innodivide.models.result import require_rng

K_MAX = 6
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
    """

    labels: pd.DataFrame
    centres: pd.DataFrame
    stability: pd.DataFrame
    choice: pd.DataFrame
    rand: float
    rand_low: float
    rand_high: float


def profile_matrix(contributions: pd.DataFrame, units) -> pd.DataFrame:
    """Return units x indicators of contributions less the mean of each unit, so that clusters differ in which barriers
    stand out and not in how far behind they are.

    An unknown cell is filled with the mean of its indicator.

    Parameters
    ----------
    contributions : pandas.DataFrame
        From `gap_contributions`.
    units : sequence of str
        Units kept.
    """
    rows = contributions[contributions["unit"].isin(list(units))]
    if rows.empty:
        raise DesignError("units: none of them has contributions")
    table = rows.pivot(index="unit", columns="indicator_code", values="contribution").sort_index().sort_index(axis=1)
    table = table.fillna(table.mean())
    return table.sub(table.mean(axis=1), axis=0)


def barrier_profiles(
    matrix: pd.DataFrame, rng: np.random.Generator, n_boot: int = 200, level: float = 0.95
) -> Profiles:
    """Cluster profiles by Ward's method and show how stable the clusters are under resampling of units.

    The number of clusters, 2 to `K_MAX`, is that of the largest mean silhouette width, or one if that width is below
    `STRUCTURE`.

    Parameters
    ----------
    matrix : pandas.DataFrame
        Units x indicators, complete, one unit of measurement (`profile_matrix`).
    rng : numpy.random.Generator
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
    from sklearn.metrics import silhouette_samples

    points = matrix.to_numpy(dtype=float)
    if len(points) < 4 or not np.isfinite(points).all():
        raise DesignError(f"matrix: clustering needs at least 4 units and no missing value; got {len(points)} units")
    if np.ptp(points, axis=0).max() == 0:
        raise DesignError("matrix: all profiles are equal, there is nothing to cluster")
    top = min(K_MAX, len(points) - 1, len(np.unique(points, axis=0)))
    choice = pd.DataFrame(
        [{"k": n, "width": silhouette_samples(points, ward_labels(points, n)).mean()} for n in range(2, top + 1)]
    )
    best = choice.loc[choice["width"].idxmax()]
    k = int(best["k"]) if best["width"] >= STRUCTURE else 1
    labels = ward_labels(points, k)
    widths = silhouette_samples(points, labels) if k > 1 else np.full(len(points), np.nan)
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
    )


def ward_labels(points: np.ndarray, k: int) -> np.ndarray:
    """Clusters 1..k of a Ward tree cut into k, numbered from the largest (ties: the one with the first unit)."""
    from scipy.cluster.hierarchy import cut_tree, linkage

    raw = cut_tree(linkage(points, method="ward"), n_clusters=k).ravel()
    sizes, first = np.bincount(raw), [np.flatnonzero(raw == c)[0] for c in range(k)]
    order = sorted(range(k), key=lambda c: (-sizes[c], first[c]))
    return np.argsort(order)[raw] + 1


def _resampled(points, labels, k, rng, n_boot) -> tuple[np.ndarray, np.ndarray]:
    """Best Jaccard of each cluster (n_boot, k; NaN if none of its units is drawn) and adjusted Rand (n_boot,)."""
    from sklearn.metrics import adjusted_rand_score

    jaccard, rand = np.full((n_boot, k), np.nan), np.ones(n_boot)
    for b in range(n_boot):
        drawn = rng.integers(len(points), size=len(points))
        kept, where = np.unique(drawn, return_index=True)
        old, new = labels[kept], ward_labels(points[drawn], min(k, len(kept)))[where]
        for c in np.unique(old):
            sets = [((old == c) & (new == d)).sum() / ((old == c) | (new == d)).sum() for d in np.unique(new)]
            jaccard[b, c - 1] = max(sets)
        rand[b] = adjusted_rand_score(old, new)
    return jaccard, rand
