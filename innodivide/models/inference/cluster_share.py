"""Uncertainty of a plain share whose cases come in clusters: how far it would move with other clusters of its kind."""

import math
from dataclasses import dataclass

from scipy import stats

from innodivide.errors import DesignError, ParameterError, checked
from innodivide.models.frame_columns import as_column, numeric

__all__ = ["ClusterShare", "cluster_share"]


@dataclass(frozen=True, kw_only=True)
class ClusterShare:
    """A share, its standard error over clusters and its interval; se and ends are missing if they cannot be told.

    Attributes
    ----------
    share : float in [0, 1]
    se : float or None
    ci_low, ci_high : float or None
    n_clusters, n_cases : int
    """

    share: float
    se: float | None
    ci_low: float | None
    ci_high: float | None
    n_clusters: int
    n_cases: int


@checked
def cluster_share(taken, open_, level: float = 0.95) -> ClusterShare:
    """Return the share of cases taken, with an interval over clusters drawn as wholes.

    The ratio estimator p = sum(y) / sum(m) with the linearised variance G / (G - 1) sum((y - p m)^2) / sum(m)^2 over
    the G clusters; the interval is symmetric on the logit scale, with t on G - 1 degrees of freedom, and so stays
    within 0 and 1.

    Parameters
    ----------
    taken, open_ : array-like of shape (G,)
        Cases taken (0 <= y <= m) and cases in all (m > 0) of each cluster.
    level : float in (0, 1)

    Returns
    -------
    ClusterShare
        Without standard error for one cluster, without interval also for a share of none or all.

    Raises
    ------
    DesignError
        No cluster, a cluster without a case, missing values, or more cases taken than there are.

    Examples
    --------
    >>> found = cluster_share([2, 5, 1], [6, 6, 6])
    >>> round(found.share, 3), round(found.ci_low, 3), round(found.ci_high, 3)
    (0.444, 0.024, 0.963)

    References
    ----------
    Cochran (1977) Sampling Techniques, 3rd edition, equation 6.13 (without the correction for a finite population);
    the interval is that of R survey::svyciprop(method = "logit").
    """
    if not 0 < level < 1:
        raise ParameterError(f"level: expected a number in (0, 1), got {level!r}")
    y, m = numeric(as_column(taken, "taken")), numeric(as_column(open_, "open_"))
    if y.shape != m.shape or not len(y):
        raise DesignError("taken, open_: expected two columns of one length, at least one cluster")
    if (m <= 0).any() or (y < 0).any() or (y > m).any():
        raise DesignError("taken, open_: expected cases in each cluster, and no more taken than there are")
    clusters, share = len(y), float(y.sum() / m.sum())
    counts = {"n_clusters": clusters, "n_cases": int(m.sum())}
    if clusters == 1:
        return ClusterShare(share=share, se=None, ci_low=None, ci_high=None, **counts)
    se = math.sqrt(clusters / (clusters - 1) * float(((y - share * m) ** 2).sum())) / float(m.sum())
    if share in (0.0, 1.0):
        return ClusterShare(share=share, se=se, ci_low=None, ci_high=None, **counts)
    centre, reach = math.log(share / (1 - share)), float(stats.t.ppf((1 + level) / 2, clusters - 1))
    ends = [1 / (1 + math.exp(-(centre + k * reach * se / (share * (1 - share))))) for k in (-1, 1)]
    return ClusterShare(share=share, se=se, ci_low=ends[0], ci_high=ends[1], **counts)
