"""Few clusters: linear probability model with CR1, CR2 and two-way errors, and the wild cluster bootstrap.

Estimates are in percentage points of the probability. With five treated countries none of these methods is reliable
on its own (MacKinnon & Webb); they stand beside the permutation test, not in its place.
"""

import math
from functools import partial
from itertools import product
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from innodivide.errors import ParameterError, checked
from innodivide.models.estimators.design import CONTROLS, Design, build_design
from innodivide.models.estimators.engine import check_level
from innodivide.models.estimators.lpm import (
    Ols,
    check_clusters,
    cluster_variance,
    cr2,
    least_squares,
    outside_note,
    scale_text,
    standard_error,
)
from innodivide.models.inference.relabelling import check_permutations, extreme
from innodivide.models.result import Result, require_rng, seed_of

__all__ = ["lpm_clustered", "wild_cluster_bootstrap"]

Kind = Literal["CR1", "CR2", "two-way"]
Weights = Literal["rademacher", "webb"]
WEBB = np.sqrt([0.5, 1.0, 1.5])  # and their negatives, each with probability 1/6: mean 0, variance 1
MAX_DOUBLINGS = 12  # an end of the bootstrap interval farther out than 4096 standard errors is called infinite
FEW_DF = 4  # Pustejovsky & Tipton (2018): below it the Satterthwaite approximation itself is poor


@checked
def lpm_clustered(
    dyads: pd.DataFrame,
    term: str = "leader",
    controls=CONTROLS,
    outcome: str = "participates",
    kind: Kind = "CR1",
    level: float = 0.95,
    unit: str = "geo",
    project: str = "ipcei_id",
) -> Result:
    """Linear probability model by least squares, with a standard error robust to dependence within countries.

    Parameters
    ----------
    dyads : DataFrame
        One row per unit (a country) and project (an IPCEI) with the named columns.
    term, outcome : str
        Exposure (0/1 or a number) and 0/1 outcome.
    controls : sequence of str
    kind : {"CR1", "CR2", "two-way"}
        ``"CR1"``: V = G/(G-1) (N-1)/(N-K) sum_g (a_g'u_g)^2, t with G-1 df. ``"CR2"``: a_g'(I-H_gg)^-1/2 u_g in its
        place, which makes V unbiased under independent, equally spread errors; Satterthwaite df
        tr(PP')^2 / tr((PP')^2) with p_g = (I-H)_.g (I-H_gg)^-1/2 a_g. ``"two-way"``: V_country + V_IPCEI - V_dyad,
        each with its own factor, t with min(G)-1 df.
    level : float in (0, 1)
    unit, project : str
        Columns of units and projects.

    Returns
    -------
    Result
        In percentage points (per unit, if the exposure is continuous).

    Raises
    ------
    ParameterError
        Unknown kind, level outside (0, 1).
    DesignError
        Degenerate data, no more clusters than parameters, the label in fewer than two clusters, a two-way variance
        that is not positive.

    References
    ----------
    Cameron, Gelbach & Miller (2011) JBES 29; Bell & McCaffrey (2002); Pustejovsky & Tipton (2018) JBES 36.

    Examples
    --------
    >>> from innodivide import Tables, ipcei_dyads
    >>> dyads = ipcei_dyads(Tables(), until="2023-12-31")
    >>> found = lpm_clustered(dyads, kind="CR2")
    >>> found.scale, round(float(found.df), 1)
    ('percentage points', 6.7)
    """
    _check_choice("kind", kind, Kind)
    design, fit, note = _set_up(dyads, term, controls, outcome, level, unit, project)
    notes: tuple[str, ...] = (note, outside_note(design, fit))
    n_countries, n_ipceis = len(design.countries), len(design.ipceis)
    df = float(n_countries - 1)
    if kind == "CR1":
        variance = cluster_variance(design, design.geo)
        text = f"CR1 by {unit}: G/(G-1) (N-1)/(N-K) with G = {n_countries}"
    elif kind == "CR2":
        (variance,), (df,), (singular,) = cr2(fit.q[None], fit.residual[None], design.geo)
        variance *= fit.a @ fit.a
        text = f"CR2 (Bell-McCaffrey) by {unit}"
        if singular:
            notes += (f"{singular} cluster(s) determine a coefficient alone; generalised inverse used for them",)
    else:
        second = check_clusters(design, design.ipcei, design.ipceis, project)
        variance = cluster_variance(design, np.column_stack([design.geo, design.ipcei]))
        sizes = f"{n_countries}, {n_ipceis}, {len(design.y)}"
        df = float(min(n_countries, n_ipceis) - 1)
        text = f"two-way (CGM) by {unit} and {project}, each G/(G-1) (N-1)/(N-K) with G = {sizes}"
        notes = (note, second, notes[1])
    se = standard_error(variance, fit, text)
    reach, name = float(stats.t.ppf((1 + level) / 2, df)) * se, f"t with {df:.4g} df"
    if kind == "CR2":
        name = f"t with {df:.2f} Satterthwaite df"
        if df < FEW_DF:
            notes += (f"only {df:.1f} degrees of freedom: the approximation itself is poor below about {FEW_DF}",)
    p_value = float(2 * stats.t.sf(abs(fit.estimate) / se, df))
    fields = {"method": kind, "se_kind": text, "ci_kind": name, "ci_level": level, "p_value": p_value, "p_kind": name}
    fields["df"] = df
    return _record(design, fit, se, (fit.estimate - reach, fit.estimate + reach), notes, fields)


@checked
def wild_cluster_bootstrap(
    dyads: pd.DataFrame,
    term: str = "leader",
    controls=CONTROLS,
    outcome: str = "participates",
    weights: Weights = "rademacher",
    n_boot: int = 9999,
    rng: np.random.Generator | None = None,
    level: float = 0.95,
    unit: str = "geo",
    project: str = "ipcei_id",
) -> Result:
    """Wild cluster bootstrap of the linear probability model with the null imposed (WCR), CR1 t statistic.

    With X b~ the fit under b = 0, u~ its residuals and v_g one weight per country, y* = X b~ + v_g u~_g is fitted
    again and |t*| compared with |t|.

    Parameters
    ----------
    dyads, term, controls, outcome, level, unit, project
        As in `lpm_clustered`.
    weights : {"rademacher", "webb"}
        -1 and 1, or Webb's six points -+sqrt(1/2), -+1, -+sqrt(3/2).
    n_boot : int >= 1
        Random draws. Rademacher weights are enumerated, all 2^G, if there are at most `n_boot` of them.
    rng : numpy.random.Generator
        Needed unless the weights are enumerated.

    Returns
    -------
    Result
        In percentage points. p = share with |t*| >= |t| when enumerated, else (1 + number) / (n_boot + 1). The
        interval holds the values that the test does not reject (the same weights for each); an end is infinite if
        no value on that side is rejected. The standard error is CR1.

    Raises
    ------
    ParameterError, DesignError
        As in `lpm_clustered`; no generator; n_boot < 1.

    References
    ----------
    Cameron, Gelbach & Miller (2008) REStat 90; Webb (2023) CJE 56; MacKinnon, Nielsen & Webb (2023) J Econometrics 232.

    Examples
    --------
    >>> import numpy as np
    >>> from innodivide import Tables, ipcei_dyads
    >>> dyads = ipcei_dyads(Tables(), until="2023-12-31")
    >>> found = wild_cluster_bootstrap(dyads, n_boot=99, rng=np.random.default_rng(1))
    >>> found.ci_low < found.estimate < found.ci_high, found.n_draws
    (True, 99)
    """
    _check_choice("weights", weights, Weights)
    check_permutations(n_boot, "n_boot")
    design, fit, note = _set_up(dyads, term, controls, outcome, level, unit, project)
    n_clusters = len(design.countries)
    enumerated = weights == "rademacher" and n_clusters * math.log(2) <= math.log(n_boot)
    draws = _all_signs(n_clusters) if enumerated else _draw(require_rng(rng), weights, n_boot, n_clusters)
    se = standard_error(cluster_variance(design, design.geo), fit, f"CR1 by {unit}")
    test = partial(_bootstrap_p, fit=fit, codes=design.geo, draws=draws, enumerated=enumerated)
    ends = [_interval_end(test, fit.estimate, side * se, 1 - level) for side in (-1, 1)]
    kind = f"all 2^{n_clusters} Rademacher weights" if enumerated else f"{n_boot} random {weights.title()} weights"
    kind = f"wild cluster bootstrap by {unit}, null imposed, {kind}, |t|, two-sided"
    notes: tuple[str, ...] = (note,)
    if design.n_treated < n_clusters:
        notes += ("with the null imposed the wild bootstrap under-rejects when few clusters are treated",)
    smallest = 2.0 ** (1 - n_clusters)
    if weights == "rademacher" and smallest > 1 - level:
        notes += (f"with {n_clusters} clusters p cannot be below {smallest:.4g}, so the interval is infinite",)
    fields = {"method": f"wild cluster bootstrap ({weights})", "se_kind": f"CR1 by {unit}", "ci_level": level}
    fields |= {"n_draws": len(draws), "p_value": test(0.0), "p_kind": kind, "ci_kind": f"inverted test: {kind}"}
    return _record(design, fit, se, ends, notes, fields | {"seed": None if enumerated else seed_of(rng)})


def _set_up(dyads, term, controls, outcome, level: float, unit: str, project: str) -> tuple[Design, Ols, str]:
    """Checked design, least-squares fit, and the note on how many countries carry the label."""
    check_level(level)
    design = build_design(dyads, term, controls, outcome, unit, project)
    return design, least_squares(design), check_clusters(design, design.geo, design.countries, unit)


def _record(design: Design, fit: Ols, se: float, ends, notes: tuple, fields: dict) -> Result:
    """The estimate in percentage points with what both methods say of it; empty notes are left out."""
    return Result(
        term=design.term,
        estimate=100 * fit.estimate,
        scale=scale_text(design),
        se=100 * se,
        ci_low=100 * ends[0],
        ci_high=100 * ends[1],
        converged=True,
        dropped=(),
        notes=tuple(part for part in notes if part),
        **design.counts(),
        **fields | {"method": f"linear probability model, {fields['method']}"},
    )


def _check_choice(name: str, value, allowed) -> None:
    if value not in get_args(allowed):
        raise ParameterError(f"{name}: expected one of {', '.join(get_args(allowed))}; got {value!r}")


def _all_signs(n_clusters: int) -> np.ndarray:
    """Sign vectors with a first sign of +1: t* of the others is the same with the other sign."""
    return np.array([(1.0, *signs) for signs in product((1.0, -1.0), repeat=n_clusters - 1)])


def _draw(rng: np.random.Generator, weights: str, n_boot: int, n_clusters: int) -> np.ndarray:
    points = np.array([-1.0, 1.0]) if weights == "rademacher" else np.concatenate([-WEBB, WEBB])
    return rng.choice(points, size=(n_boot, n_clusters))


def _bootstrap_t(value: float, fit: Ols, codes: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, float]:
    """CR0 t statistics under draws (b, G) with the coefficient held at `value`, and the observed one."""
    n_clusters = draws.shape[1]
    null = fit.residual_null - value * fit.d_res
    own = np.bincount(codes, fit.a * null, minlength=n_clusters)
    members = (codes[None, :] == np.arange(n_clusters)[:, None]).astype(float)
    # Refitting takes sum_h v_h X_h'u~_h out of each cluster's scores: only these (G, G) products are needed.
    taken = (members @ (fit.a[:, None] * fit.q)) @ (members @ (null[:, None] * fit.q)).T
    numerator, scores = draws @ own, draws * own - draws @ taken.T
    spread = np.sqrt((scores**2).sum(axis=1))
    usable = spread > 1e-12 * max(float(np.abs(own).max()), float(np.abs(taken).max()))
    reference = np.full(len(draws), math.inf)  # a draw without a statistic counts against the finding
    reference[usable] = numerator[usable] / spread[usable]
    observed = own.sum() / np.sqrt((np.bincount(codes, fit.a * fit.residual) ** 2).sum())
    return reference, float(observed)


def _bootstrap_p(value: float, fit: Ols, codes: np.ndarray, draws: np.ndarray, enumerated: bool) -> float:
    """P-value of the null hypothesis that the coefficient is `value`."""
    reference, observed = _bootstrap_t(value, fit, codes, draws)
    count = extreme(reference, observed)
    return float(count.mean()) if enumerated else float((1 + count.sum()) / (len(draws) + 1))


def _interval_end(test, start: float, step: float, alpha: float) -> float:
    """Where the p-value, moving from the estimate in the direction of `step`, falls to alpha or below."""
    inside, outside = start, start + step
    for _ in range(MAX_DOUBLINGS):
        if test(outside) <= alpha:
            break
        inside, outside = outside, start + 2 * (outside - start)
    else:
        return math.copysign(math.inf, step)
    for _ in range(40):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if test(middle) <= alpha else (middle, outside)
    return outside
