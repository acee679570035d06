"""One coefficient with a country-level t for each of many exposures, under four estimators. Not public.

Each function takes exposures (r, countries, IPCEIs), an outcome (countries, IPCEIs) of 0/1 and controls
(countries, IPCEIs, k), and gives r estimates with standard errors that let countries differ. They are the stacked
forms of `models.firth_logit` with `models.dispersion_interval`, of `models.grouped_binomial`, of a quasi-Poisson
model of the totals, and of least squares with CR2 errors (`models.lpm_clustered`).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, stdtr, stdtrit

from innodivide.models.batch.newton import Family
from innodivide.models.batch.preparation import chunks, merged, scaled, shared_columns
from innodivide.models.batch.stacked_logit import firth_batch, ml_batch

ONE = 1e-10  # an eigenvalue of I - H_gg below this is zero: the country determines a coefficient alone


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
    n_fallback: int = 0

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
    r, k = len(d), x.shape[2]
    flat, columns, outcome = d.reshape(r, -1), x.reshape(-1, k), y.ravel()
    fit = firth_batch(flat, columns, outcome)
    df = len(y) - k - 2
    dispersion = np.full(r, np.nan)
    for part in chunks(r, flat.shape[1]):
        good = part.start + np.flatnonzero(fit.converged[part])
        if len(good):
            slopes = fit.coefficients[good]
            eta = slopes[:, :k] @ columns.T
            eta += slopes[:, k, None] * flat[good]
            p = _flic(eta, slopes[:, -1], outcome.mean()).reshape(len(good), *y.shape)
            dispersion[good] = _pearson(y.sum(axis=1), p.sum(axis=2), (p * (1 - p)).sum(axis=2), df)
    return _with_dispersion(fit, dispersion, df)


def quasi_binomial(d: np.ndarray, y: np.ndarray, x: np.ndarray) -> CountryLevel:
    """Binomial logit of the country totals on country means, Pearson dispersion, t."""
    return _totals(d, y, x, "binomial")


def quasi_poisson(d: np.ndarray, y: np.ndarray, x: np.ndarray) -> CountryLevel:
    """Log-linear model of the country totals on country means, offset ln(IPCEIs), Pearson dispersion, t."""
    return _totals(d, y, x, "poisson")


def _totals(d: np.ndarray, y: np.ndarray, x: np.ndarray, family: Family) -> CountryLevel:
    share, columns, hits = d.mean(axis=2), x.mean(axis=1), y.sum(axis=1)
    trials = np.full(len(y), float(y.shape[1]))
    fit = ml_batch(share, columns, hits, trials, family)
    k = columns.shape[1]
    slopes = np.where(fit.converged[:, None], fit.coefficients, 0.0)
    eta = slopes[:, :k] @ columns.T + slopes[:, k, None] * share + slopes[:, -1, None]
    rate = np.exp(eta) if family == "poisson" else expit(eta)
    variance = rate * trials * (1.0 if family == "poisson" else 1 - rate)
    df = len(y) - k - 2
    return _with_dispersion(fit, _pearson(hits, rate * trials, variance, df), df)


def linear(d: np.ndarray, y: np.ndarray, x: np.ndarray) -> CountryLevel:
    """Least squares of the 0/1 outcome on dyads, CR2 by country, Satterthwaite degrees of freedom.

    In the orthonormal basis (Q, u) of controls and residual exposure, H_gg = X_g X_g' has the eigenvalues of the
    p x p matrix S_g = X_g'X_g. With c the last unit vector and v_g = (I - S_g)^-1/2 c, the country's contribution is
    (X_g'e_g)'v_g, and P'P has elements [g = h] v_g'S_g v_g - (S_g v_g)'(S_h v_h).
    """
    r, (n, j), k = len(d), y.shape, x.shape[2]
    z, outcome = shared_columns(x.reshape(-1, k))[2], y.ravel()
    q = np.linalg.qr(z)[0]
    rest = outcome - q @ (q.T @ outcome)
    numbers, reasons = np.full((3, r), np.nan), np.full(r, "", dtype=object)
    if outcome.min() == outcome.max():
        reasons[:] = "constant outcome"
        return CountryLevel(*numbers, np.full(r, np.nan), reasons)
    weight = np.ones((1, n * j))
    for part in chunks(r, 8 * n * j):
        (block,), _, (spread,), reason = scaled(d[part].reshape(1, -1, n * j), *merged(z, weight, weight, None)[::2])
        reasons[part] = reason
        good = np.flatnonzero(reason == "")
        if not len(good):
            continue
        u = block[good] - (block[good] @ q) @ q.T
        length = np.sqrt(np.vecdot(u, u))
        u /= length[:, None]
        slope = u @ rest
        residual = rest - slope[:, None] * u
        basis = np.concatenate(
            [np.broadcast_to(q.reshape(n, j, -1), (len(u), n, j, k + 1)), u.reshape(-1, n, j, 1)], axis=3
        )
        variance, df = _cr2(basis, residual.reshape(-1, n, j))
        to_unit = 1 / (length * spread[good])
        numbers[:, part.start + good] = slope * to_unit, np.sqrt(variance) * to_unit, df
    return CountryLevel(*numbers, np.full(r, np.nan), reasons)


def _cr2(basis: np.ndarray, residual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """CR2 variance of the last coefficient in an orthonormal basis (r, g, j, p), and its Satterthwaite df."""
    transposed = np.swapaxes(basis, 2, 3)
    s = transposed @ basis
    values, vectors = np.linalg.eigh(s)
    left = 1 - values
    usable = left > ONE  # generalised inverse, as clubSandwich does
    root = np.where(usable, 1 / np.sqrt(np.where(usable, left, 1.0)), 0.0)
    v = np.einsum("rgab,rgb,rgb->rga", vectors, root, vectors[:, :, -1])
    contribution = np.vecdot((transposed @ residual[..., None])[..., 0], v)
    sv = (s @ v[..., None])[..., 0]
    own, cross = np.vecdot(v, sv), sv @ np.swapaxes(sv, 1, 2)
    trace = own.sum(axis=1) - np.einsum("rgg->r", cross)
    squares = (cross**2).sum(axis=(1, 2)) + (own**2).sum(axis=1) - 2 * np.einsum("rg,rgg->r", own, cross)
    return (contribution**2).sum(axis=1), trace**2 / squares


def _flic(eta: np.ndarray, intercept: np.ndarray, target: float) -> np.ndarray:
    """Probabilities (r, n) with the intercept that makes their mean the target (Puhr et al. 2017); Newton steps."""
    p, spread = np.empty_like(eta), np.empty_like(eta)
    eta += intercept[:, None]
    for _ in range(50):
        np.exp(np.negative(eta, out=p), out=p)  # |eta| is far from what exp() cannot take: these are fitted values
        p += 1.0
        np.divide(1.0, p, out=p)
        gap = p.mean(axis=1) - target
        step = gap / np.multiply(p, np.subtract(1.0, p, out=spread), out=spread).mean(axis=1)
        if np.abs(step).max() < 1e-11:
            break
        eta -= np.clip(step, -1, 1)[:, None]
    return p


def _pearson(total: np.ndarray, mean: np.ndarray, variance: np.ndarray, df: int) -> np.ndarray:
    """Dispersion (r,) of country totals: sum (total - mean)^2 / variance / df; NaN without degrees of freedom."""
    if df < 1:
        return np.full(len(mean), np.nan)
    return ((total - mean) ** 2 / np.maximum(variance, 1e-300)).sum(axis=1) / df


def _with_dispersion(fit, dispersion: np.ndarray, df: int) -> CountryLevel:
    dispersion = np.where(fit.converged, dispersion, np.nan)
    reason = fit.reason.copy()
    if df < 1:
        reason[reason == ""] = "no more countries than parameters"
    se = fit.standard_error * np.sqrt(dispersion)
    good = reason == ""
    estimate, se = np.where(good, fit.estimate, np.nan), np.where(good, se, np.nan)
    return CountryLevel(estimate, se, np.full(len(se), float(df)), dispersion, reason, fit.n_fallback)


ESTIMATORS = {"firth": firth, "quasi_binomial": quasi_binomial, "poisson": quasi_poisson, "lpm": linear}
