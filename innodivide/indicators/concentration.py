"""How unevenly participation, companies or aid are spread over countries or groups.

All functions take any sequence of non-negative numbers, refuse missing ones, and raise `DesignError` where an index
is not defined instead of returning NaN.
"""

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from innodivide.errors import DesignError, ParameterError, checked
from innodivide.models.frame_columns import as_column, numeric, require_keys


def _values(values, name: str = "values") -> np.ndarray:
    """Finite non-negative floats (n,), n >= 1, with a positive sum."""
    array = numeric(as_column(values, name))
    if not len(array):
        raise DesignError(f"{name}: empty")
    if (array < 0).any():
        raise DesignError(f"{name}: expected numbers >= 0, got {array[array < 0][0]:g}; these indices are of shares")
    if array.sum() == 0:
        raise DesignError(f"{name}: all zero, shares are not defined")
    return array


def _same_length(first: np.ndarray, second: np.ndarray, names: str) -> None:
    if len(first) != len(second):
        raise ParameterError(f"{names}: lengths differ, {len(first)} and {len(second)}")


@checked
def location_quotient(values, base) -> np.ndarray:
    """Share of the total over share of the base, (x_g / x) / (b_g / b); 1 is proportional.

    On counts capped by the number of IPCEIs it exceeds 1 for small states by construction; prefer aid or companies.

    Parameters
    ----------
    values : array-like (n,)
        At least one positive.
    base : array-like (n,)
        E.g. population, all positive.

    Returns
    -------
    ndarray (n,), each >= 0

    Examples
    --------
    >>> location_quotient([3, 1], [1, 1])
    array([1.5, 0.5])
    """
    x, b = _values(values), _values(base, "base")
    _same_length(x, b, "values, base")
    if (b == 0).any():
        raise DesignError("base: a zero leaves the quotient undefined")
    return (x / x.sum()) / (b / b.sum())


@checked
def gini(values, weights=None) -> float:
    """Gini index: half the mean difference between two units over the mean; 0 equal, (N - 1) / N if one of N has all.

    Parameters
    ----------
    values : array-like (n,)
    weights : array-like (n,), optional
        E.g. population, beside values per head: every unit counts as that many equal ones.

    Examples
    --------
    >>> gini([1, 1, 1, 1]), gini([0, 0, 0, 1])
    (0.0, 0.75)
    >>> gini([1, 2], weights=[3, 1]) == gini([1, 1, 1, 2])
    True
    """
    x = _values(values)
    if weights is None:
        x, n = np.sort(x), len(x)
        return max(float((2 * np.arange(1, n + 1) - n - 1) @ x / (n * x.sum())), 0.0)
    w = _values(weights, "weights")
    _same_length(x, w, "values, weights")
    order = np.argsort(x, kind="stable")
    x, w = x[order], w[order]
    if w @ x == 0:
        raise DesignError("values: all zero where the weights are not, shares are not defined")
    below_less_above = 2 * np.cumsum(w) - w - w.sum()  # for each unit: weight of those below it less those above
    return max(float((w * below_less_above) @ x / (w.sum() * (w @ x))), 0.0)


@checked
def lorenz(values) -> pd.DataFrame:
    """Points of the Lorenz curve from (0, 0) to (1, 1), smallest unit first.

    Returns
    -------
    DataFrame
        N + 1 rows; share_of_units, share_of_values. Twice the area to the diagonal is `gini`.

    Examples
    --------
    >>> lorenz([1, 3])["share_of_values"].tolist()
    [0.0, 0.25, 1.0]
    """
    x = np.sort(_values(values))
    running = np.concatenate([[0.0], np.cumsum(x)])
    return pd.DataFrame({"share_of_units": np.linspace(0, 1, len(running)), "share_of_values": running / running[-1]})


@checked
def herfindahl(values, normalised: bool = False) -> float:
    """Sum of squared shares, 1/N to 1; normalised (H - 1/N) / (1 - 1/N), 0 to 1, for at least two values.

    Examples
    --------
    >>> herfindahl([1, 1, 1, 1]), herfindahl([1, 1, 1, 1], normalised=True)
    (0.25, 0.0)
    """
    x = _values(values)
    h = float(((x / x.sum()) ** 2).sum())
    if not normalised:
        return h
    if len(x) < 2:
        raise DesignError("values: the normalised index needs at least two values")
    return max((h - 1 / len(x)) / (1 - 1 / len(x)), 0.0)


@checked
def concentration_ratio(values, k: int = 3) -> float:
    """Share of the k largest, in (0, 1]; k from 1 to N.

    Examples
    --------
    >>> concentration_ratio([4, 3, 2, 1], k=2)
    0.7
    """
    x = np.sort(_values(values))[::-1]
    if not isinstance(k, (int, np.integer)) or not 1 <= k <= len(x):
        raise ParameterError(f"k: expected a whole number from 1 to {len(x)}, got {k!r}")
    return float(x[:k].sum() / x.sum())


def _theil(x: np.ndarray, w: np.ndarray) -> float:
    """Sum of w r ln r with r = x over its weighted mean; 0 ln 0 = 0, w sums to 1."""
    ratio = x / (w @ x)
    logs = np.log(ratio, out=np.zeros_like(ratio), where=ratio > 0)
    return max(float(w @ (ratio * logs)), 0.0)  # Jensen: a negative sum is rounding


@checked
def theil_t(values) -> float:
    """Theil's T, mean of r ln r with r = x over the mean (0 ln 0 = 0); 0 equal, ln N if one of N units has all.

    Examples
    --------
    >>> round(theil_t([0, 0, 0, 1]), 4)  # ln 4
    1.3863
    """
    x = _values(values)
    return _theil(x, np.full(len(x), 1 / len(x)))


@checked
def theil_l(values) -> float:
    """Theil's L, the mean log deviation: mean of ln(m / x) with m the mean; 0 equal, no upper limit.

    Needs values above zero: one of zero would make it infinite.

    Examples
    --------
    >>> round(theil_l([1, 3]), 4)  # ln 2 - ln(3) / 2
    0.1438
    """
    x = _positive(values)
    return max(float(-np.log(x / x.mean()).mean()), 0.0)


@checked
def atkinson(values, epsilon: float = 1.0) -> float:
    """Atkinson's index, 1 - (equally distributed equivalent) / mean; 0 equal, below 1.

    The equivalent is the power mean of order 1 - epsilon, the geometric mean if epsilon is 1: then it is
    1 - exp(-`theil_l`).

    Parameters
    ----------
    values : array-like (n,)
        Above zero, as zeros make the index 1 for every epsilon from 1 on.
    epsilon : float > 0
        Aversion to inequality: the larger, the more the lowest values count.

    References
    ----------
    Atkinson (1970) Journal of Economic Theory 2.

    Examples
    --------
    >>> round(atkinson([1, 3], epsilon=2), 4)  # 1 - 1.5 / 2
    0.25
    """
    if isinstance(epsilon, bool) or not isinstance(epsilon, (int, float, np.number)) or not 0 < epsilon < np.inf:
        raise ParameterError(f"epsilon: expected a number above 0, got {epsilon!r}")
    logs = np.log(_positive(values))
    mean = logsumexp(logs) - np.log(len(logs))
    if epsilon == 1:
        return max(float(-np.expm1(logs.mean() - mean)), 0.0)
    power = 1 - float(epsilon)
    equivalent = (logsumexp(power * logs) - np.log(len(logs))) / power
    return max(float(-np.expm1(equivalent - mean)), 0.0)


def _positive(values) -> np.ndarray:
    x = _values(values)
    if (x == 0).any():
        raise DesignError(f"values: {int((x == 0).sum())} of {len(x)} are zero; the index needs values above zero")
    return x


@checked
def theil_decomposition(values, groups) -> pd.DataFrame:
    """Split Theil's T exactly into inequality within and between groups.

    T = sum_g s_g T_g + sum_g s_g ln(m_g / m), s_g the group's share of the total, m_g its mean.

    Parameters
    ----------
    values : array-like (n,)
    groups : array-like (n,)
        Label of each unit, none missing.

    Returns
    -------
    DataFrame
        One row per group in order of label, then ``within``, ``between``, ``total`` (column `component`; group rows
        have component ``group``). Columns: component, group, n, share (of the total value), theil (inside the group;
        NaN for a group with nothing), contribution (to the total). Group contributions are of the within part.

    Examples
    --------
    >>> parts = theil_decomposition([1, 1, 3, 3], ["a", "a", "b", "b"]).set_index("component")["contribution"]
    >>> bool(parts["within"] == 0), bool(parts["between"] == parts["total"])
    (True, True)
    """
    x = _values(values)
    w = np.full(len(x), 1 / len(x))
    labels = as_column(groups, "groups")
    _same_length(x, labels.to_numpy(), "values, groups")
    if labels.isna().any():
        raise DesignError(f"groups: {int(labels.isna().sum())} missing label(s); each value needs its group")
    require_keys(labels.to_frame(), ["groups"], "values")
    mean, rows, between = float(w @ x), [], 0.0
    for label in sorted(labels.unique()):
        inside = (labels == label).to_numpy()
        weight = w[inside].sum()
        share = float(w[inside] @ x[inside] / mean)
        inner = _theil(x[inside], w[inside] / weight) if share > 0 else np.nan
        rows.append(("group", label, int(inside.sum()), share, inner, share * inner if share > 0 else 0.0))
        between += share * np.log(share / weight) if share > 0 else 0.0
    within = sum(row[-1] for row in rows)
    for name, value in (("within", within), ("between", max(between, 0.0)), ("total", _theil(x, w))):
        rows.append((name, None, len(x), 1.0, value if name == "total" else np.nan, value))
    return pd.DataFrame(rows, columns=["component", "group", "n", "share", "theil", "contribution"])


def summary(values, groups) -> dict:
    """Return gini, herfindahl (normalised), top3, theil and theil_between (part of Theil's T between the groups)."""
    parts = theil_decomposition(values, groups).set_index("component")["contribution"]
    return {
        "gini": gini(values),
        "herfindahl": herfindahl(values, normalised=True),
        "top3": concentration_ratio(values, 3),
        "theil": parts["total"],
        "theil_between": parts["between"] / parts["total"],
    }
