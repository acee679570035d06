"""Every reported method on many simulated outcomes of one design: p-value and whether the interval holds the truth.

Each method here is the reported one, on the same design, with as many permutations or draws as the block brings. What
exists in batches is run in batches (`models.batch`, `power`); least squares and its cluster errors are
linear in the outcome and are run one after the other with the functions of `lpm`. Not public.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from innodivide.errors import DesignError
from innodivide.evidence.size_audit.profile_test import penalised_deviance
from innodivide.models.batch.country_level import _flic, _pearson
from innodivide.models.batch.stacked_logit import BatchFit, firth_batch, ml_batch
from innodivide.models.estimators.design import Design, logit_batch
from innodivide.models.estimators.lpm import cr0, cr2, least_squares, small_sample_factor, standard_error, two_way
from innodivide.models.estimators.totals import Totals, fit_mean, sandwich
from innodivide.models.inference.few_clusters import _bootstrap_p
from innodivide.models.inference.linear_permutation import _t_statistics
from innodivide.models.inference.permutation import _residualise
from innodivide.models.inference.power import _scores
from innodivide.models.inference.relabelling import TIE_TOLERANCE, extreme


@dataclass(frozen=True, eq=False)
class Block:
    """Simulated outcomes y (b, n) of one design, and the random draws that the methods share.

    `orders` (r, countries) permute the countries; `signs` and `webb` (r, countries) are weights of the wild bootstrap.
    The tests have level alpha, the intervals 1 - alpha.
    """

    design: Design
    y: np.ndarray
    orders: np.ndarray
    signs: np.ndarray
    webb: np.ndarray
    alpha: float

    @cached_property
    def firth(self) -> BatchFit:
        """Firth logits of the outcomes."""
        return firth_batch(np.broadcast_to(self.design.d, self.y.shape), self.design.controls, self.y)

    @cached_property
    def totals(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Participations (b, countries), possible ones (countries,), and country means (countries, k + 2) of the
        controls, the exposure and ones."""
        trials = self.design.by_country(np.ones(self.y.shape[1]))
        columns = [*self.design.controls.T, self.design.d, np.ones(self.y.shape[1])]
        means = np.column_stack([self.design.by_country(column) / trials for column in columns])
        return np.array([self.design.by_country(row) for row in self.y]), trials, means

    def on_totals(self, family: str) -> BatchFit:
        """Maximum-likelihood fits of the country totals."""
        hits, trials, x = self.totals
        return ml_batch(np.broadcast_to(x[:, -2], hits.shape), x[:, :-2], hits, trials, family)

    @cached_property
    def null(self) -> tuple[np.ndarray, np.ndarray]:
        """Null probabilities (b, n) given the controls, and whether each fit converged."""
        return logit_batch(self.design.null_matrix, self.y)


@dataclass(frozen=True, eq=False)
class Judged:
    """P-values (b,), coverage (b,) as 0, 1 or NaN (no interval), and reasons (b,) of failed fits, "" else."""

    p: np.ndarray
    covered: np.ndarray
    reason: np.ndarray


# ---- Firth logit on dyads ----


def firth_profile(block: Block, truth: float) -> Judged:
    """Penalised likelihood ratio and its interval: the truth is held if its own ratio test does not reject."""
    fit = block.firth
    x = np.column_stack([block.design.controls, block.design.d, np.ones(len(block.design.d))])
    good = np.flatnonzero(fit.converged)
    p, reason = np.full((2, len(block.y)), np.nan), fit.reason.copy()
    for row, value in zip(p, dict.fromkeys((0.0, truth))):
        deviance, found = penalised_deviance(x, block.y[good], fit.coefficients[good], value)
        reason[good[~found]] = "the profile cannot be followed"
        row[good[found]] = stats.chi2.sf(deviance[found], 1)
    if truth == 0:
        p[1] = p[0]
    return Judged(p[0], _held(p[1], block.alpha), reason)


def firth_dispersion(block: Block, truth: float) -> Judged:
    """Firth estimate, standard error times the root of the dispersion of country totals, t: the registered interval."""
    fit, design = block.firth, block.design
    estimate, se = np.full((2, len(block.y)), np.nan)
    good, df = np.flatnonzero(fit.converged), len(design.countries) - design.controls.shape[1] - 2
    if len(good):
        beta, y = fit.coefficients[good], block.y[good]
        x = np.column_stack([design.controls, design.d])
        p = _flic(beta[:, :-1] @ x.T, beta[:, -1], y.mean(axis=1))
        sums = [np.array([design.by_country(row) for row in rows]) for rows in (y, p, p * (1 - p))]
        estimate[good], se[good] = beta[:, -2], fit.standard_errors[good, -2] * np.sqrt(_pearson(*sums, df))
    return _t(estimate, se, df, truth, block.alpha, fit.reason)


# ---- permutation tests ----


def score_permutation(block: Block, truth: float, residuals: bool) -> Judged:
    """Score statistic against permuted country rows of the exposure, or of its residuals (Potter)."""
    design, (mu, converged) = block.design, block.null
    exposure = _residualise(design) if residuals else design.d
    permuted = design.to_matrix(exposure)[block.orders].reshape(len(block.orders), -1)
    p, reason = np.full(len(block.y), np.nan), np.full(len(block.y), "", dtype=object)
    reason[~converged] = "the controls separate the outcome"
    y, mu = block.y[converged], mu[converged]
    observed = np.abs(_scores(design, y, mu, design.d[None, :]))
    reference = np.abs(_scores(design, y, mu, permuted))
    p[converged] = (1 + (reference >= observed * (1 - TIE_TOLERANCE)).sum(axis=1)) / (1 + len(permuted))
    return Judged(p, np.full(len(p), np.nan), reason)


def freedman_lane(block: Block, truth: float) -> Judged:
    """Freedman-Lane permutation of the participation rate's null residuals, least squares on countries."""
    hits, trials, x = block.totals
    q = np.linalg.qr(np.delete(x, -2, axis=1))[0]
    exposure, df = x[:, -2] - q @ (q.T @ x[:, -2]), len(x) - x.shape[1]

    def one(rate):
        residual = rate - q @ (q.T @ rate)
        if residual @ residual <= 1e-20 * (rate @ rate):
            raise DesignError("no residuals to permute")
        observed = _t_statistics(residual[None, :], exposure, q, df)[0]
        reference = _t_statistics(residual[block.orders], exposure, q, df)
        return (1 + extreme(reference, observed).sum()) / (1 + len(reference)), np.nan

    return _one_by_one(hits / trials, one)


# ---- models of country totals ----


def quasi_binomial(block: Block, truth: float) -> Judged:
    """Binomial logit of the totals, Pearson dispersion, t."""
    fit, (hits, trials, x) = block.on_totals("binomial"), block.totals
    good, df = fit.converged, len(x) - x.shape[1]
    p = expit(fit.coefficients[good] @ x.T)
    se = np.full(len(hits), np.nan)
    se[good] = fit.standard_error[good] * np.sqrt(_pearson(hits[good], p * trials, p * (1 - p) * trials, df))
    return _t(fit.estimate, se, df, truth, block.alpha, fit.reason)


def robust_totals(block: Block, truth: float, family: str) -> Judged:
    """Poisson model with offset, or fractional logit, of the totals with an HC1 sandwich, t."""
    fit, (hits, trials, x) = block.on_totals(family), block.totals
    se, reason, df = np.full(len(hits), np.nan), fit.reason.copy(), len(x) - x.shape[1]
    for i in np.flatnonzero(fit.converged):
        eta = x @ fit.coefficients[i]
        mean, y = (np.exp(eta) * trials, hits[i]) if family == "poisson" else (expit(eta), hits[i] / trials)
        try:
            weight = mean if family == "poisson" else mean * (1 - mean)
            se[i] = np.sqrt(sandwich(x, y - mean, weight, "HC1")[-2, -2])
        except DesignError as error:
            reason[i] = str(error)
    return _t(fit.estimate, se, df, truth, block.alpha, reason)


# ---- linear probability model on dyads ----


def lpm(block: Block, truth: float, kind: str) -> Judged:
    """Least squares with CR1, CR2 (Satterthwaite) or two-way errors, t."""
    design, codes = block.design, block.design.geo
    second = np.tile(np.arange(len(design.ipceis)), len(design.countries))

    def one(y):
        fit, df = least_squares(replace(design, y=y)), float(codes.max())
        if kind == "CR1":
            variance = cr0(fit, codes) * small_sample_factor(codes.max() + 1, fit)
        elif kind == "CR2":
            variance, df, _ = cr2(fit, codes)
        else:
            variance, df = two_way(fit, codes, second, "own")[0], float(min(codes.max(), second.max()))
        se = standard_error(variance, fit, kind)
        p = 2 * stats.t.sf(np.abs([fit.estimate, fit.estimate - truth / 100]) / se, df)
        return p[0], float(p[1] > block.alpha)

    return _one_by_one(block.y, one)


def wild_bootstrap(block: Block, truth: float, weights: str) -> Judged:
    """Wild cluster bootstrap with the null imposed; the interval holds the values that its test does not reject."""
    design, codes, draws = block.design, block.design.geo, block.signs if weights == "rademacher" else block.webb

    def one(y):
        fit = least_squares(replace(design, y=y))
        standard_error(cr0(fit, codes), fit, "CR1")
        test = partial(_bootstrap_p, fit=fit, codes=codes, draws=draws, enumerated=False)
        return test(0.0), float(test(truth / 100) > block.alpha)

    return _one_by_one(block.y, one)


def _one_by_one(outcomes: np.ndarray, one) -> Judged:
    """P-value and coverage of each outcome; a named failure becomes its reason."""
    numbers, reason = np.full((2, len(outcomes)), np.nan), np.full(len(outcomes), "", dtype=object)
    for i, outcome in enumerate(outcomes):
        try:
            numbers[:, i] = one(outcome)
        except DesignError as error:
            reason[i] = str(error)
    return Judged(*numbers, reason)


def _t(estimate, se, df: float, truth: float, alpha: float, reason: np.ndarray) -> Judged:
    """P-values against zero, and coverage of the t interval, for estimates (b,)."""
    p, p_true = 2 * stats.t.sf(np.abs([estimate, estimate - truth]) / se, df)
    return Judged(p, _held(p_true, alpha), reason)


def _held(p: np.ndarray, alpha: float) -> np.ndarray:
    """Whether an interval holds the value whose p-values these are: 1, 0, or NaN where there is none."""
    return np.where(np.isnan(p), np.nan, p > alpha)


# ---- the methods, and what is true on their scales ----


@dataclass(frozen=True)
class Method:
    """A reported method: its run on a block and the scale of its estimate; what is true there if it has an interval.

    `truth` takes the design, marginal probabilities (n,) and the log odds ratio in them.
    """

    judge: Callable[[Block, float], Judged]
    scale: str
    truth: Callable[[Design, np.ndarray, float], float] | None = None


def log_odds_ratio(design: Design, mu: np.ndarray, log_ratio: float) -> float:
    """The log odds ratio in the marginal probabilities mu (n,)."""
    return log_ratio


def on_totals(design: Design, mu: np.ndarray, log_ratio: float, link: str) -> float:
    """Coefficient of the model of country totals at the expected totals (quasi-likelihood)."""
    ones = np.ones(len(mu))
    trials = design.by_country(ones)
    share, *columns = (design.by_country(v) / trials for v in (mu, *design.controls.T, design.d, ones))
    x = np.column_stack(columns)
    expected = Totals(share, x, ("",) * (x.shape[1] - 1), design.countries, "", "expected share", pd.DataFrame())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a perfect fit is what is wanted here
        return float(fit_mean(expected, link, np.zeros(len(share)))[0][-2])


def in_points(design: Design, mu: np.ndarray, log_ratio: float) -> float:
    """Least-squares coefficient of the marginal probabilities, percentage points."""
    return 100 * least_squares(replace(design, y=mu)).estimate


_SCORE = ("score statistic", None)
_ODDS = ("log odds", log_odds_ratio)
_SHARE = ("log odds", partial(on_totals, link="logit"))
_RATE = ("log rate ratio", partial(on_totals, link="poisson"))
_POINTS = ("percentage points", in_points)
METHODS: Mapping[str, Method] = {
    "row_permutation": Method(partial(score_permutation, residuals=False), *_SCORE),
    "potter": Method(partial(score_permutation, residuals=True), *_SCORE),
    "firth_dispersion": Method(firth_dispersion, *_ODDS),
    "firth_profile": Method(firth_profile, *_ODDS),
    "quasi_binomial": Method(quasi_binomial, *_SHARE),
    "fractional_logit": Method(partial(robust_totals, family="binomial"), *_SHARE),
    "poisson": Method(partial(robust_totals, family="poisson"), *_RATE),
    "lpm_cr1": Method(partial(lpm, kind="CR1"), *_POINTS),
    "lpm_cr2": Method(partial(lpm, kind="CR2"), *_POINTS),
    "lpm_two_way": Method(partial(lpm, kind="two-way"), *_POINTS),
    "wild_rademacher": Method(partial(wild_bootstrap, weights="rademacher"), *_POINTS),
    "wild_webb": Method(partial(wild_bootstrap, weights="webb"), *_POINTS),
    "freedman_lane": Method(freedman_lane, "participation rate"),
}
