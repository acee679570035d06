"""What a Firth fit implies in probabilities and counts."""

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from innodivide.errors import DesignError, ParameterError, checked
from innodivide.models.estimators.design import Design, build_design, mean_intercept
from innodivide.models.estimators.engine import check_level
from innodivide.models.estimators.firth import FirthFit
from innodivide.models.estimators.newton import maximise
from innodivide.models.result import Result, require_rng, seed_of


@checked
def average_marginal_effect(fit: FirthFit, dyads: pd.DataFrame, rng: np.random.Generator, n_boot: int = 999) -> Result:
    """Mean difference in predicted participation with and without the label, interval by country bootstrap.

    Countries are drawn with replacement, all their dyads with them; each resample is refitted, with its own FLIC
    intercept. Resamples in which the label or the outcome is constant, the columns are collinear or the fit fails
    are counted in the notes and give no value.

    Parameters
    ----------
    fit : FirthFit
        With a 0/1 exposure.
    dyads : DataFrame
        The frame it was fitted on.
    rng : numpy.random.Generator
    n_boot : int >= 20

    Returns
    -------
    Result
        In percentage points; percentile interval at the level of the fit; no p-value (the permutation test is the one
        to quote).

    Raises
    ------
    ParameterError
        Other data than those fitted, continuous exposure, bad `n_boot`.
    DesignError
        If fewer than half of the resamples can be fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from innodivide import firth_logit
    >>> from innodivide import Tables, ipcei_dyads
    >>> dyads = ipcei_dyads(Tables(), until="2023-12-31")
    >>> fit = firth_logit(dyads, profiles=False)
    >>> effect = average_marginal_effect(fit, dyads, np.random.default_rng(1), n_boot=20)
    >>> effect.scale, effect.n_draws
    ('percentage points', 20)
    """
    require_rng(rng)
    if n_boot < 20:
        raise ParameterError(f"n_boot: expected at least 20 resamples, got {n_boot}")
    design = _same_design(fit, dyads)
    if not design.binary:
        raise ParameterError(f"term: {fit.term} is continuous; the marginal effect here is that of a 0/1 label")
    ones = np.ones(len(design.countries))
    effect = float(_effects(design, ones[None])[0])
    if np.isnan(effect):
        raise DesignError(f"{fit.term}: the model cannot be fitted again; no effect")
    values = _effects(design, rng.multinomial(len(ones), ones / len(ones), size=n_boot))
    good = values[~np.isnan(values)]
    failed = n_boot - len(good)
    if len(good) < n_boot / 2:
        raise DesignError(f"{fit.term}: {failed} of {n_boot} country resamples are degenerate; no interval")
    low, high = 100 * np.quantile(good, [(1 - fit.level) / 2, (1 + fit.level) / 2])
    return Result(
        method="average marginal effect, Firth logit with FLIC intercept",
        term=fit.term,
        estimate=100 * effect,
        scale="percentage points",
        se=100 * float(good.std(ddof=1)),
        se_kind="standard deviation over country resamples",
        ci_low=float(low),
        ci_high=float(high),
        ci_level=fit.level,
        ci_kind=f"percentile, {len(good)} country resamples",
        separation=fit.result.separation,
        converged=True,
        dropped=(),
        seed=seed_of(rng),
        n_draws=len(good),
        notes=(f"{failed} of {n_boot} resamples degenerate and left out",),
        **design.counts(),
    )


def _same_design(fit: FirthFit, dyads: pd.DataFrame) -> Design:
    """Design of the fit's columns; ParameterError if these are not the data that were fitted."""
    design = build_design(dyads, fit.term, fit.controls, fit.outcome, fit.unit, fit.project)
    if design.data_hash != fit.result.data_hash:
        raise ParameterError("dyads: not the data this fit was made from (fingerprints differ)")
    return design


def _effects(design: Design, country_weights: np.ndarray) -> np.ndarray:
    """Weighted means (r,) of p(label) - p(no label) after r weighted refits; NaN where a resample is degenerate."""
    weights, values = country_weights[:, design.geo].astype(float), np.full(len(country_weights), np.nan)
    ones = weights @ np.column_stack([design.d, design.y])  # of 0/1 columns: none or all where they are constant
    kept = np.flatnonzero(((ones > 0) & (ones < weights.sum(axis=1)[:, None])).all(axis=1))
    if not len(kept):
        return values
    x = np.column_stack([design.controls, design.d, np.ones(len(design.d))])
    found = maximise(x, weights[kept] * design.y, weights[kept], firth=True)
    kept, beta = kept[found.converged], found.beta[found.converged]
    weights, label = weights[kept], beta[:, [-2]]
    base = beta[:, :-2] @ design.controls.T
    observed = weights @ design.y / weights.sum(axis=1)
    base = base + mean_intercept(base + label * design.d, observed, weights)[:, None]
    values[kept] = np.average(expit(base + label) - expit(base), axis=1, weights=weights)
    return values


@checked
def expected_participation(fit: FirthFit, dyads: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """Observed and expected number of participations of each country, with a range for a country like it.

    The variance of the range is dispersion x (sum_j p(1 - p) + g' V g): binomial noise and estimation error
    (g the gradient of the expected count, V the inverse information), both inflated by the dispersion of the
    country totals (at least 1). A beta-binomial with this mean and variance on 0..n_ipceis gives the ends, so
    they are counts and stay possible. The country's own record is part of the fit, so the range is for
    description: it says who stands out, and is not a test.

    Parameters
    ----------
    fit : FirthFit
    dyads : DataFrame
        The frame it was fitted on.
    level : float in (0, 1)

    Returns
    -------
    DataFrame
        One row per country: the unit (geo), n_ipceis, n_treated_ipceis (dyads with the label; NaN if it is
        continuous), observed, expected, low, high, outside (observed beyond the range).

    Raises
    ------
    ParameterError
        Other data than those fitted, bad level.
    DesignError
        If there are no more countries than parameters (no dispersion).

    Examples
    --------
    >>> from innodivide import firth_logit
    >>> from innodivide import Tables, ipcei_dyads
    >>> dyads = ipcei_dyads(Tables(), until="2023-12-31")
    >>> fit = firth_logit(dyads, profiles=False)
    >>> found = expected_participation(fit, dyads).set_index("geo")
    >>> found.loc["DE", ["observed", "n_ipceis"]].to_dict()
    {'observed': 6, 'n_ipceis': 7}
    """
    check_level(level)
    if fit.df < 1:
        raise DesignError(f"{fit.unit}: no more countries than parameters, so the dispersion cannot be estimated")
    design = _same_design(fit, dyads)
    raw = [design.controls * design.scale + design.center, design.d[:, None], np.ones((len(design.d), 1))]
    x = np.hstack(raw)
    slopes = fit.coefficients["estimate"].to_numpy()[:-1]
    p = expit(x[:, :-1] @ slopes + fit.intercept_flic)
    spread = p * (1 - p)
    gradient = np.column_stack([design.by_country(spread * column) for column in x.T])
    estimation = np.einsum("ij,jk,ik->i", gradient, fit.covariance.to_numpy(), gradient)
    variance = max(fit.dispersion, 1.0) * (design.by_country(spread) + estimation)
    trials, mean = design.by_country(np.ones(len(p))), design.by_country(p)
    low, high = _beta_binomial_range(trials, mean, variance, level)
    observed = design.by_country(design.y)
    return pd.DataFrame(
        {
            fit.unit: design.countries,
            "n_ipceis": trials.astype(int),
            "n_treated_ipceis": design.by_country(design.d) if design.binary else np.nan,
            "observed": observed.astype(int),
            "expected": mean,
            "low": low.astype(int),
            "high": high.astype(int),
            "outside": (observed < low) | (observed > high),
        }
    )


def _beta_binomial_range(trials, mean, variance, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Quantiles of beta-binomials on 0..trials matched to mean and variance; binomial where it is no wider."""
    share = mean / trials
    binomial = trials * share * (1 - share)
    # Intra-class correlation rho: variance = binomial x (1 + (trials - 1) rho), 0 < rho < 1.
    rho = (variance / binomial - 1) / np.maximum(trials - 1, 1)
    rho = np.clip(rho, 1e-6, 0.999)
    size = 1 / rho - 1
    ends = [(1 - level) / 2, (1 + level) / 2]
    low, high = (stats.betabinom.ppf(end, trials, share * size, (1 - share) * size) for end in ends)
    return low, high
