"""Country-level permutation tests. They compare countries with countries, so repeated dyads add no false certainty.

The statistic is the score statistic of the exposure in a logit that already holds the controls:
``S = d'e / sqrt(d'Md)`` with ``e = y - mu`` of the maximum-likelihood null model, ``W = diag(mu (1 - mu))`` and
``M = W - W Z (Z'WZ)^-1 Z'W``. As ``e`` is orthogonal to Z, this is the residualised exposure times residual over
its standard deviation. Only the null model is fitted, once: a relabelling changes d alone.
"""

import math
from typing import Literal, get_args

import numpy as np
import pandas as pd

from innodivide.errors import DesignError, ParameterError, checked
from innodivide.models.estimators.design import CONTROLS, Design, build_design
from innodivide.models.estimators.newton import orthogonal_columns
from innodivide.models.estimators.null_logit import null_fit
from innodivide.models.frame_columns import as_column, numeric
from innodivide.models.inference.relabelling import (
    check_labellings,
    check_permutations,
    country_orders,
    extreme,
    labellings,
)
from innodivide.models.result import Result, require_rng, seed_of

__all__ = ["benjamini_hochberg", "holm", "permutation_draws", "permutation_test", "score_statistics"]

Method = Literal["enumerate", "rows", "potter"]
BLOCK = 4000
SIDES = "two-sided: distance from zero"


@checked
def permutation_test(
    dyads: pd.DataFrame,
    term: str = "leader",
    controls=CONTROLS,
    method: Method = "rows",
    n_permutations: int = 9999,
    rng: np.random.Generator | None = None,
    outcome: str = "participates",
    unit: str = "geo",
    project: str = "ipcei_id",
) -> Result:
    """Two-sided permutation test of the exposure given the controls, countries as units.

    Parameters
    ----------
    dyads : DataFrame
        One row per unit (a country) and project (an IPCEI) with the named columns.
    term, outcome : str
    controls : sequence of str
    method : {"enumerate", "rows", "potter"}
        ``"enumerate"``: every way to give the label to as many countries; exact; needs a label that is fixed
        within countries. ``"rows"``: whole country rows of the country x IPCEI matrix of the exposure are
        permuted. ``"potter"``: the same for the exposure's least-squares residual on the controls (permuted
        regressor residuals, PRR), which keeps the relation between exposure and controls.
    n_permutations : int >= 1
        Random permutations, for "rows" and "potter".
    rng : numpy.random.Generator
        Needed for "rows" and "potter".
    unit, project : str
        Columns of units and projects.

    Returns
    -------
    Result
        The estimate is the score statistic (about standard normal if dyads were independent); no interval.
        p = share of labellings with ``|S*| >= |S|`` when enumerated, else (1 + number) / (n_permutations + 1).
        Two-sided means: distance from zero, the expected score given the controls, as the plan registers it. Where
        permuted labels have another mean (in the notes), the distance from that mean, as in
        `label_permutation_difference`, gives another p.

    Raises
    ------
    ParameterError
        Unknown method, no generator, too many labellings.
    DesignError
        Degenerate data; a label that varies (enumerate); countries facing different IPCEIs (rows, potter).

    References
    ----------
    Potter (2005) Statistics in Medicine 24, 693-708.

    Examples
    --------
    >>> import numpy as np
    >>> from innodivide import Tables, ipcei_dyads
    >>> dyads = ipcei_dyads(Tables(), until="2023-12-31")
    >>> found = permutation_test(dyads, n_permutations=199, rng=np.random.default_rng(1))
    >>> found.p_value > 0.05, found.n_draws
    (True, 199)
    """
    if method not in get_args(Method):
        raise ParameterError(f"method: expected one of {', '.join(get_args(Method))}; got {method!r}")
    design = build_design(dyads, term, controls, outcome, unit, project)
    mu = null_fit(design)
    observed = score_statistics(design, mu, design.d[None, :])[0]
    notes: tuple[str, ...] = ()
    if method == "enumerate":
        every = _every_labelling(design)
        reference = _in_blocks(every, lambda part: score_statistics(design, mu, part[:, design.geo].astype(float)))
        p = float(extreme(reference, observed).mean())
        kind, seed = f"exact, all {len(reference)} labellings of countries, {SIDES}", None
    else:
        reference = _row_reference(design, mu, method, n_permutations, rng)
        p = (1 + int(extreme(reference, observed).sum())) / (n_permutations + 1)
        what = "country rows of the exposure" if method == "rows" else "country rows of exposure residuals (Potter PRR)"
        kind, seed = f"{n_permutations} random permutations of {what}, {SIDES}", seed_of(rng)
        notes = (f"mean of the statistic over permutations {reference[np.isfinite(reference)].mean():.3f}",)
    return Result(
        method=f"permutation test of the score statistic ({method})",
        term=term,
        estimate=float(observed),
        scale="score statistic",
        p_value=p,
        p_kind=kind,
        converged=True,
        dropped=(),
        seed=seed,
        notes=notes,
        n_draws=len(reference),
        **design.counts(),
    )


@checked
def permutation_draws(
    dyads: pd.DataFrame,
    term: str = "leader",
    controls=CONTROLS,
    method: Method = "rows",
    n_permutations: int = 9999,
    rng: np.random.Generator | None = None,
    outcome: str = "participates",
    unit: str = "geo",
    project: str = "ipcei_id",
) -> np.ndarray:
    """Reference distribution of `permutation_test` for "rows" or "potter": the same draws for the same generator.

    Returns
    -------
    ndarray (n_permutations,)
        Score statistics under permuted country rows.

    Examples
    --------
    >>> import numpy as np
    >>> from innodivide import Tables, ipcei_dyads
    >>> dyads = ipcei_dyads(Tables(), until="2023-12-31")
    >>> permutation_draws(dyads, n_permutations=99, rng=np.random.default_rng(1)).shape
    (99,)
    """
    if method not in ("rows", "potter"):
        raise ParameterError(f"method: expected one of rows, potter; got {method!r}")
    design = build_design(dyads, term, controls, outcome, unit, project)
    return _row_reference(design, null_fit(design), method, n_permutations, rng)


def _row_reference(design: Design, mu: np.ndarray, method: str, n_permutations: int, rng) -> np.ndarray:
    """Score statistics when country i receives the exposure (or residual) row of country orders[:, i]."""
    require_rng(rng)
    check_permutations(n_permutations)
    exposure = design.d
    if method == "potter":  # residual of the least-squares regression on intercept and controls
        z = design.null_matrix
        exposure = design.d - z @ np.linalg.lstsq(z, design.d, rcond=None)[0]
    rows = design.to_matrix(exposure)
    orders = country_orders(rng, n_permutations, len(rows))
    return _in_blocks(orders, lambda part: score_statistics(design, mu, rows[part].reshape(len(part), -1)))


def _in_blocks(many: np.ndarray, function) -> np.ndarray:
    """function of the rows of an array, some thousand at a time: bounds the memory."""
    return np.concatenate([function(many[first : first + BLOCK]) for first in range(0, len(many), BLOCK)])


def score_statistics(design: Design, mu: np.ndarray, exposures: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
    """Score statistic of each exposure, given null probabilities.

    Parameters
    ----------
    design : Design
    mu : ndarray (n,) or (b, n)
        Fitted null probabilities of one outcome, or of many.
    exposures : ndarray (r, n)
    y : ndarray (b, n), optional
        The outcomes, if they are not that of the design.

    Returns
    -------
    ndarray (r,) or (b, r)
        Infinite where the controls determine an exposure: such a relabelling cannot be judged and counts as
        extreme, against the finding.

    Examples
    --------
    >>> from innodivide.models.estimators.design import build_design
    >>> from innodivide.models.estimators.null_logit import null_fit
    >>> from innodivide import Tables, ipcei_dyads
    >>> dyads = ipcei_dyads(Tables(), until="2023-12-31")
    >>> design = build_design(dyads, "leader", ["ln_gdp"], "participates")
    >>> score_statistics(design, null_fit(design), design.d[None, :]).round(2)
    array([-0.74])
    """
    z, many = orthogonal_columns(design.null_matrix)[0], np.atleast_2d(mu)
    w = many * (1 - many)
    information = np.einsum("bn,ni,nj->bij", w, z, z, optimize=True)
    cross = (w[:, None, :] * z.T) @ exposures.T  # (b, p, r)
    total = w @ (exposures**2).T
    variance = total - (cross * np.linalg.solve(information, cross)).sum(axis=1)
    usable = variance > 1e-10 * total  # else the variance is only rounding error
    score = ((design.y if y is None else y) - many) @ exposures.T
    out = np.where(usable, score / np.sqrt(np.where(usable, variance, 1.0)), math.inf)
    return out if np.ndim(mu) == 2 else out[0]


def _every_labelling(design: Design) -> np.ndarray:
    """All labellings that treat as many countries as the data, (labellings, countries)."""
    n = len(design.countries)
    treated = design.by_country(design.d) / design.by_country(np.ones(len(design.d)))
    if not design.binary or not np.isin(treated, (0, 1)).all():
        raise DesignError(f"{design.term}: not a 0/1 label fixed within countries; use method='rows' or 'potter'")
    t = int(treated.sum())
    check_labellings(n, t)
    chosen = labellings(n, t)
    out = np.zeros((len(chosen), n), dtype=bool)
    np.put_along_axis(out, chosen, True, axis=1)
    return out


def holm(p_values) -> pd.DataFrame:
    """Holm's step-down adjustment of one family of claims.

    Parameters
    ----------
    p_values : Series, dict, or sequence of float in [0, 1]

    Returns
    -------
    DataFrame
        Columns p_value, p_holm; the index of the Series, keys of the dict, or positions.

    Raises
    ------
    ParameterError
        If the family is empty or a value is missing or not a probability.

    Examples
    --------
    >>> holm({"a": 0.01, "b": 0.02, "c": 0.9})["p_holm"].round(3).to_dict()
    {'a': 0.03, 'b': 0.04, 'c': 0.9}
    """
    return _adjusted(p_values, "holm", "p_holm")


def benjamini_hochberg(p_values) -> pd.DataFrame:
    """Benjamini-Hochberg adjustment: the false discovery rate at which each of many exploratory findings would stand.

    For independent or positively dependent tests (Benjamini & Hochberg 1995, JRSS B 57).

    Parameters
    ----------
    p_values : Series, dict, or sequence of float in [0, 1]

    Returns
    -------
    DataFrame
        Columns p_value, p_bh; index and errors as `holm`.

    Examples
    --------
    >>> benjamini_hochberg({"a": 0.01, "b": 0.02, "c": 0.9})["p_bh"].round(3).to_dict()
    {'a': 0.03, 'b': 0.03, 'c': 0.9}
    """
    return _adjusted(p_values, "fdr_bh", "p_bh")


def _adjusted(p_values, method: str, name: str) -> pd.DataFrame:
    """P-values of one family beside their adjustment by statsmodels."""
    from statsmodels.stats.multitest import multipletests

    try:
        series = as_column(p_values, "p_values")
        series = pd.Series(numeric(series), index=series.index)
    except DesignError as error:
        raise ParameterError(str(error)) from None
    if series.empty or not series.between(0, 1).all():
        raise ParameterError(f"p_values: expected at least one number in [0, 1] and none missing, got {list(series)}")
    return pd.DataFrame({"p_value": series, name: multipletests(series.to_numpy(), method=method)[1]})
