"""One coefficient with a country-level t for each of many exposures, under four estimators. Not public.

Each function takes exposures (r, countries, IPCEIs), an outcome (countries, IPCEIs) of 0/1 and controls
(countries, IPCEIs, k), and gives r estimates with standard errors that let countries differ. They are the stacked
forms of `models.firth_logit` with `models.dispersion_interval`, of `models.grouped_binomial`, of a quasi-Poisson
model of the totals, and of least squares with CR2 errors (`models.lpm_clustered`).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, stdtr, stdtrit

from innodivide.models.batch.stacked_logit import StackFit, exposures_scaled, fit_stack
from innodivide.models.estimators.design import mean_intercept, standardise
from innodivide.models.estimators.lpm import cr2
from innodivide.models.estimators.newton import Family


@dataclass(frozen=True, eq=False)
class CountryLevel:
    """Estimates (r,) of the exposure's coefficient and what a t interval needs; NaN where `reason` says why.

    `dispersion` is NaN for least squares.
    """

    estimate: np.ndarray
    se: np.ndarray
    df: np.ndarray
    dispersion: np.ndarray
    reason: np.ndarray

    @property
    def t(self) -> np.ndarray:
        """Estimate over standard error."""
        return self.estimate / np.where(self.se > 0, self.se, np.nan)

    @property
    def p_value(self) -> np.ndarray:
        """Two-sided p of t with df degrees of freedom."""
        return 2 * stdtr(self.df, -np.abs(self.t))

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Ends of the t interval."""
        reach = stdtrit(self.df, (1 + level) / 2) * self.se
        return self.estimate - reach, self.estimate + reach


def firth(d: np.ndarray, y: np.ndarray, x: np.ndarray) -> CountryLevel:
    """Firth logit on dyads; se x root of the dispersion of the country totals around the FLIC fit, t."""
    r, outcome = len(d), y.ravel()
    fit = fit_stack(d.reshape(r, -1), x.reshape(-1, x.shape[2]), outcome, np.ones(y.size), firth=True)
    mean, variance = np.full((2, r, len(y)), np.nan)
    good = np.flatnonzero(fit.reason == "")
    if len(good):
        linear = fit.linear[good]
        p = expit(linear + mean_intercept(linear, outcome.mean())[:, None]).reshape(len(good), *y.shape)
        mean[good], variance[good] = p.sum(axis=2), (p * (1 - p)).sum(axis=2)
    return _with_dispersion(fit, y.sum(axis=1), mean, variance, _between(x))


def quasi_binomial(d: np.ndarray, y: np.ndarray, x: np.ndarray) -> CountryLevel:
    """Binomial logit of the country totals on country means, Pearson dispersion, t."""
    return _totals(d, y, x, "binomial")


def quasi_poisson(d: np.ndarray, y: np.ndarray, x: np.ndarray) -> CountryLevel:
    """Log-linear model of the country totals on country means, offset ln(IPCEIs), Pearson dispersion, t."""
    return _totals(d, y, x, "poisson")


def _totals(d: np.ndarray, y: np.ndarray, x: np.ndarray, family: Family) -> CountryLevel:
    hits, trials = y.sum(axis=1), np.full(len(y), float(y.shape[1]))
    fit = fit_stack(d.mean(axis=2), x.mean(axis=1), hits, trials, family)
    rate = np.exp(fit.linear) if family == "poisson" else expit(fit.linear)
    variance = rate * trials * (1.0 if family == "poisson" else 1 - rate)
    return _with_dispersion(fit, hits, rate * trials, variance, x.shape[2])


def linear(d: np.ndarray, y: np.ndarray, x: np.ndarray) -> CountryLevel:
    """Least squares of the 0/1 outcome on dyads, CR2 by country, Satterthwaite degrees of freedom."""
    r, (n, j), k = len(d), y.shape, x.shape[2]
    outcome, codes = y.ravel(), np.repeat(np.arange(n), j)
    z = np.column_stack([np.ones(n * j), standardise(list(x.reshape(-1, k).T), n * j)[2]])
    flat, spread, reason = exposures_scaled(d.reshape(r, -1), z, np.full(n * j, 1 / (n * j)))
    numbers = np.full((3, r), np.nan)
    if outcome.min() == outcome.max():
        reason[:] = "constant outcome"
    good = np.flatnonzero(reason == "")
    if len(good):
        q = np.linalg.qr(z)[0]
        u = flat[good] - (flat[good] @ q) @ q.T
        length = np.sqrt((u**2).sum(axis=1))
        u /= length[:, None]
        rest = outcome - q @ (q.T @ outcome)
        slope = u @ rest
        basis = np.concatenate([np.broadcast_to(q, (len(u), *q.shape)), u[:, :, None]], axis=2)
        variance, df, _ = cr2(basis, rest - slope[:, None] * u, codes)
        to_unit = 1 / (length * spread[good])
        numbers[:, good] = slope * to_unit, np.sqrt(variance) * to_unit, df
    estimate, se, df = numbers
    return CountryLevel(estimate, se, df, np.full(r, np.nan), reason)


def _between(x: np.ndarray) -> int:
    """How many controls (countries, IPCEIs, k) tell countries apart: a level of each IPCEI is the same for all."""
    k = x.shape[2]
    return int(np.linalg.matrix_rank(standardise(list(x.mean(axis=1).T), len(x))[2])) if k else 0


def _with_dispersion(fit: StackFit, total, mean, variance, k: int) -> CountryLevel:
    """Fits with the Pearson dispersion of country totals: sum (total - mean)^2 / variance / df."""
    df = len(total) - k - 2
    reason, dispersion = fit.reason.copy(), np.full(len(mean), np.nan)
    if df < 1:
        reason[reason == ""] = "no more countries than parameters"
    else:
        dispersion = ((total - mean) ** 2 / np.maximum(variance, 1e-300)).sum(axis=1) / df
    estimate = np.where(reason == "", fit.estimate, np.nan)
    se = np.where(reason == "", fit.standard_error * np.sqrt(dispersion), np.nan)
    return CountryLevel(estimate, se, np.full(len(se), float(df)), dispersion, reason)


ESTIMATORS = {"firth": firth, "quasi_binomial": quasi_binomial, "poisson": quasi_poisson, "lpm": linear}
