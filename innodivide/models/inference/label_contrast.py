"""Unadjusted comparison of labelled with other countries."""

from collections.abc import Hashable, Iterable

import numpy as np
import pandas as pd

from innodivide.errors import DataError, DesignError, ParameterError, checked
from innodivide.models.frame_columns import numeric
from innodivide.models.inference.relabelling import (
    TIE_TOLERANCE,
    check_labellings,
    check_permutations,
    constant,
    country_orders,
    labellings,
)
from innodivide.models.result import Result, data_fingerprint, require_rng, seed_of

SIDES = "two-sided: distance from the mean of the reference"


@checked
def label_permutation_difference(
    rates: pd.Series | pd.DataFrame, labels, n_permutations: int = 9999, rng: np.random.Generator | None = None
) -> Result:
    """Difference in mean between labelled and other countries, without controls, by relabelling countries.

    The two-sided test counts distances from the mean of the reference distribution, which is not zero when the labels
    change over IPCEIs of unlike popularity. (The score tests of `permutation_test`, which hold the controls, count
    distances from zero; for labels that do not change the two agree, as the mean then is zero.)

    Parameters
    ----------
    rates : Series or DataFrame
        Series: one number per country, index of country codes; all labellings are enumerated. DataFrame:
        countries x IPCEIs, for labels that change; whole country rows of the labels are permuted.
    labels : iterable of str, or boolean DataFrame
        For a Series of rates: the countries of the group. For a DataFrame of rates: a boolean DataFrame with the same
        index and columns.
    n_permutations, rng
        For changing labels only.

    Returns
    -------
    Result
        In the unit of `rates`; p is exact when enumerated, else (1 + number) / (n_permutations + 1).

    Raises
    ------
    ParameterError, DesignError
        Bad arguments; missing values; nobody or everybody labelled.

    Examples
    --------
    >>> import pandas as pd
    >>> rates = pd.Series({"a": 0.9, "b": 0.7, "c": 0.3, "d": 0.2, "e": 0.1})
    >>> found = label_permutation_difference(rates, ["a", "b"])
    >>> round(float(found.estimate), 2), round(found.p_value, 2), found.n_draws
    (0.6, 0.1, 10)
    """
    if isinstance(rates, pd.Series):
        y, d = _fixed_labels(rates, labels)
        check_labellings(len(y), int(d.sum()))
        sums = y[labellings(len(y), int(d.sum()))].sum(axis=1)
        observed, seed = _contrast(float(y @ d), y.sum(), d.sum(), y.size), None
        reference = _contrast(sums, y.sum(), d.sum(), y.size)
        p = float(_beyond(reference, observed, float(reference.mean())).mean())
        kind = f"exact, all {len(reference)} labellings of countries, {SIDES}"
    else:
        y, d = _changing_labels(rates, labels)
        rng = require_rng(rng)
        check_permutations(n_permutations)
        pairs = y @ d.T  # (receiving, giving)
        orders = country_orders(rng, n_permutations, len(y))
        observed = _contrast(float(np.trace(pairs)), y.sum(), d.sum(), y.size)
        reference = _contrast(pairs[np.arange(len(y)), orders].sum(axis=1), y.sum(), d.sum(), y.size)
        center = _contrast(float(pairs.sum()) / len(y), y.sum(), d.sum(), y.size)
        p = (1 + int(_beyond(reference, observed, center).sum())) / (n_permutations + 1)
        kind, seed = f"{n_permutations} random permutations of country rows of labels, {SIDES}", seed_of(rng)
    return Result(
        method="difference of means by relabelling countries",
        term="label",
        estimate=observed,
        scale="difference of means",
        p_value=p,
        p_kind=kind,
        n_dyads=None if y.ndim == 1 else y.size,
        n_countries=len(y),
        n_ipceis=None if y.ndim == 1 else y.shape[1],
        n_treated=int(d.sum()) if d.ndim == 1 else int(d.any(axis=1).sum()),
        dropped=(),
        converged=True,
        seed=seed,
        n_draws=np.size(reference),
        data_hash=_pair_fingerprint(rates, y, d),
    )


def _fixed_labels(rates: pd.Series, labels) -> tuple[np.ndarray, np.ndarray]:
    """Rates and 0/1 labels (countries,), sorted by country."""
    _named(rates, "rates")
    if rates.index.has_duplicates:
        raise DesignError("rates: a country appears more than once in the index")
    if isinstance(labels, str) or not isinstance(labels, Iterable):
        raise ParameterError(f"labels: expected a list of countries, got {labels!r}")
    labels = list(labels)
    unknown = [label for label in labels if not isinstance(label, Hashable) or label not in rates.index]
    if unknown:
        raise ParameterError(f"labels: not in the index of rates: {', '.join(map(str, unknown))}")
    ordered = rates.sort_index()
    d = ordered.index.isin(set(labels)).astype(float)
    _check_both(d)
    return _varying(numeric(ordered.rename("rates"))), d


def _changing_labels(rates: pd.DataFrame, labels) -> tuple[np.ndarray, np.ndarray]:
    """Rates and 0/1 labels (countries, IPCEIs), sorted by country."""
    if not isinstance(rates, pd.DataFrame) or not isinstance(labels, pd.DataFrame):
        raise ParameterError("rates, labels: expected a Series of rates, or a DataFrame for both")
    _named(rates, "rates")
    _named(labels, "labels")
    rates = rates.sort_index()
    if rates.index.has_duplicates or rates.columns.has_duplicates:
        raise DesignError("rates: a country or an IPCEI appears more than once")
    if set(labels.index) != set(rates.index) or set(labels.columns) != set(rates.columns):
        raise ParameterError("labels: index and columns must be those of rates")
    labels = labels.reindex(index=rates.index, columns=rates.columns)
    y, d = (np.column_stack([numeric(frame[name]) for name in rates.columns]) for frame in (rates, labels))
    if not np.isin(d, (0, 1)).all():
        raise DesignError("labels: expected booleans or 0/1")
    _check_both(d)
    return _varying(y), d


def _named(frame: pd.Series | pd.DataFrame, what: str) -> None:
    """DataError if a row has no country."""
    if frame.index.isna().any():
        raise DataError(f"{what}: {int(frame.index.isna().sum())} row(s) without a country in the index; name each row")


def _varying(y: np.ndarray) -> np.ndarray:
    """The rates, unless they are constant: relabelling then moves nothing but rounding."""
    if constant(y):
        raise DesignError(f"rates: constant, every rate is {y.flat[0]:g}; nothing to compare")
    return y


def _check_both(d: np.ndarray) -> None:
    if d.all() or not d.any():
        raise DesignError(f"labels: constant, {'everybody' if d.all() else 'nobody'} is labelled; nothing to compare")


def _contrast(labelled_sum, total: float, n_labelled: float, n: int):
    """Mean of the labelled minus mean of the others, from sums."""
    return labelled_sum / n_labelled - (total - labelled_sum) / (n - n_labelled)


def _beyond(reference: np.ndarray, observed: float, center: float) -> np.ndarray:
    """Whether each reference difference is at least as extreme as the observed one, ties included."""
    gap, seen = reference - center, observed - center
    # Relative to the largest difference: the observed one may be zero and its rounding error is not.
    return np.abs(gap) >= abs(seen) - TIE_TOLERANCE * np.abs(gap).max()


def _pair_fingerprint(rates, y: np.ndarray, d: np.ndarray) -> str:
    """Fingerprint of rates and labels in long form, keyed by country (and IPCEI)."""
    geo = np.array(sorted(rates.index))
    names = list(rates.columns) if y.ndim == 2 else [""]
    long = pd.DataFrame(
        {"geo": np.repeat(geo, len(names)), "ipcei_id": names * len(geo), "rate": y.ravel(), "label": d.ravel()}
    )
    return data_fingerprint(long, long.columns)
