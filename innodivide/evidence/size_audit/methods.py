"""The reported methods as the audit calls them: a simulated data set in, the record that a report shows out."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Literal

import numpy as np
import pandas as pd

from innodivide import models
from innodivide.evidence.answer import GIVEN
from innodivide.indicators.panel import country_totals
from innodivide.models.estimators import outcomes
from innodivide.models.estimators.design import Design
from innodivide.models.estimators.lpm import least_squares
from innodivide.models.estimators.totals import Totals, fit_mean
from innodivide.models.inference import few_clusters, linear_permutation
from innodivide.models.result import Result


@dataclass(frozen=True, eq=False)
class Sample:
    """Simulated dyads, the seed of what a method draws, how often it draws, and the level of its interval."""

    dyads: pd.DataFrame
    seed: int
    draws: int
    level: float

    @property
    def rng(self) -> np.random.Generator:
        """A new generator at the seed: methods do not depend on those run before them."""
        return np.random.default_rng(self.seed)

    @cached_property
    def totals(self) -> pd.DataFrame:
        """One row per country (`panel.country_totals`)."""
        return country_totals(self.dyads)

    @cached_property
    def firth(self) -> models.FirthFit:
        """The registered model."""
        return models.firth_logit(self.dyads, level=self.level)

    @cached_property
    def later(self) -> pd.DataFrame:
        """The dyads of IPCEIs that have a record before them, with that record (`models.earlier_share`)."""
        return models.earlier_share(self.dyads)


def permutation(sample: Sample, method: Literal["rows", "potter"]) -> Result:
    """Score statistic against permuted country rows of the exposure, or of its residuals (Potter)."""
    return models.permutation_test(sample.dyads, method=method, n_permutations=sample.draws, rng=sample.rng)


def firth_dispersion(sample: Sample) -> Result:
    """Firth logit, t interval with the dispersion of country totals: the registered interval."""
    return models.dispersion_interval(sample.firth)


def firth_profile(sample: Sample) -> Result:
    """Firth logit, profile of the penalised likelihood of independent dyads."""
    return sample.firth.result


def quasi_binomial(sample: Sample) -> Result:
    """Binomial logit of the country totals, Pearson dispersion."""
    return models.grouped_binomial(sample.totals, level=sample.level).result


def fractional_logit(sample: Sample) -> Result:
    """Fractional logit of the participation rate, HC1."""
    return outcomes.fractional_logit(sample.totals, level=sample.level)


def poisson(sample: Sample) -> Result:
    """Poisson model of the country totals with offset, HC1."""
    return outcomes.poisson_rate(sample.totals, level=sample.level)


def lpm(sample: Sample, kind: Literal["CR1", "CR2", "two-way"]) -> Result:
    """Linear probability model with cluster errors."""
    return few_clusters.lpm_clustered(sample.dyads, kind=kind, level=sample.level)


def wild_bootstrap(sample: Sample, weights: Literal["rademacher", "webb"]) -> Result:
    """Linear probability model with the wild cluster bootstrap."""
    return few_clusters.wild_cluster_bootstrap(
        sample.dyads, weights=weights, n_boot=sample.draws, rng=sample.rng, level=sample.level
    )


def freedman_lane(sample: Sample) -> Result:
    """Freedman-Lane permutation of the participation rate, least squares on countries."""
    return linear_permutation.freedman_lane(sample.totals, n_permutations=sample.draws, rng=sample.rng)


def next_permutation(sample: Sample) -> Result:
    """Score statistic given the record so far, against permuted country rows: the test of the next participation."""
    return models.permutation_test(sample.later, controls=GIVEN, n_permutations=sample.draws, rng=sample.rng)


def next_dispersion(sample: Sample) -> Result:
    """Firth logit given the record so far, t interval with the dispersion of country totals."""
    fit = models.firth_logit(sample.later, controls=GIVEN, level=sample.level, profiles=False)
    return models.dispersion_interval(fit)


# ---- what is true on the scale of a method ----


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


def nothing(design: Design, mu: np.ndarray, log_ratio: float) -> float:
    """Zero where status makes no difference, also given the record; with a difference, what remains is not known."""
    return 0.0 if log_ratio == 0 else np.nan


def in_points(design: Design, mu: np.ndarray, log_ratio: float) -> float:
    """Least-squares coefficient of the marginal probabilities, percentage points."""
    return 100 * least_squares(replace(design, y=mu)).estimate


@dataclass(frozen=True)
class Method:
    """A reported method: its public function on a sample, its scale, and what is true there if it has an interval.

    `truth` takes the design, marginal probabilities (n,) and the log odds ratio in them. `persists`: whether the method
    is given records in which taking part goes with having taken part (`persisting`).
    """

    run: Callable[[Sample], Result]
    scale: str
    truth: Callable[[Design, np.ndarray, float], float] | None = None
    persists: bool = False


_SCORE = ("score statistic", None)
_ODDS = ("log odds", log_odds_ratio)
_GIVEN = ("log odds", nothing)
_SHARE = ("log odds", partial(on_totals, link="logit"))
_RATE = ("log rate ratio", partial(on_totals, link="poisson"))
_POINTS = ("percentage points", in_points)
METHODS: Mapping[str, Method] = {
    "row_permutation": Method(partial(permutation, method="rows"), *_SCORE),
    "potter": Method(partial(permutation, method="potter"), *_SCORE),
    "firth_dispersion": Method(firth_dispersion, *_ODDS),
    "firth_profile": Method(firth_profile, *_ODDS),
    "quasi_binomial": Method(quasi_binomial, *_SHARE),
    "fractional_logit": Method(fractional_logit, *_SHARE),
    "poisson": Method(poisson, *_RATE),
    "lpm_cr1": Method(partial(lpm, kind="CR1"), *_POINTS),
    "lpm_cr2": Method(partial(lpm, kind="CR2"), *_POINTS),
    "lpm_two_way": Method(partial(lpm, kind="two-way"), *_POINTS),
    "wild_rademacher": Method(partial(wild_bootstrap, weights="rademacher"), *_POINTS),
    "wild_webb": Method(partial(wild_bootstrap, weights="webb"), *_POINTS),
    "freedman_lane": Method(freedman_lane, "participation rate"),
    "next_permutation": Method(next_permutation, *_SCORE),
    "next_dispersion": Method(next_dispersion, *_GIVEN),
    "next_permutation_persisting": Method(next_permutation, *_SCORE, persists=True),
    "next_dispersion_persisting": Method(next_dispersion, *_GIVEN, persists=True),
}
