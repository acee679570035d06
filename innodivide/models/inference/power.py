"""How large an association would have to be for the country-level test to find it on this very design."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from innodivide.errors import DesignError, ParameterError, checked
from innodivide.models.estimators.design import CONTROLS, Design, build_design, mean_intercept
from innodivide.models.estimators.firth import firth_logit
from innodivide.models.estimators.null_logit import fitted_logits
from innodivide.models.frame_columns import as_column, in_order, numeric
from innodivide.models.inference.permutation import score_statistics
from innodivide.models.inference.relabelling import check_permutations, country_orders, extreme
from innodivide.models.result import require_rng, seed_of

ODDS_RATIOS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 25.0)
MAX_SD = 6.0  # on the logit scale; beyond it countries take part always or never
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(80)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()  # mean over a standard normal
_EPSILON = np.finfo(float).eps


@dataclass(frozen=True, eq=False)
class PowerCurve:
    """Power over odds ratios, and the odds ratio at which the wanted power is reached.

    Attributes
    ----------
    frame : DataFrame
        One row per odds ratio: odds_ratio, power, mc_se (Monte Carlo standard error of power), n_sim,
        n_failed (simulated data sets without a null fit; counted as not rejected).
    odds_ratio : float
        Minimum detectable odds ratio, interpolated on log odds; infinite if the grid ends before.
    odds_ratio_low, odds_ratio_high : float
        The same read off the curve shifted up and down by two Monte Carlo standard errors.
    power, alpha : float
    sd : float
        Standard deviation of the random country intercept (logit scale) used in the simulation.
    dispersion : float
        Dispersion of the country totals that this sd implies.
    n_sim, n_permutations, n_treated : int
    seed : int or None
    """

    frame: pd.DataFrame
    odds_ratio: float
    odds_ratio_low: float
    odds_ratio_high: float
    power: float
    alpha: float
    sd: float
    dispersion: float
    n_sim: int
    n_permutations: int
    n_treated: int
    seed: int | None

    def __str__(self) -> str:
        value = (
            f"{self.odds_ratio:.2f} (Monte Carlo range {self.odds_ratio_low:.2f} to {self.odds_ratio_high:.2f})"
            if self.odds_ratio < math.inf
            else f"not reached up to {self.frame['odds_ratio'].iloc[-1]:g}"
        )
        return (
            f"Odds ratio with {self.power:.0%} power at level {self.alpha:g}: {value}; {self.n_treated} countries ever "
            f"treated, sd between countries {self.sd:.2f} (dispersion {self.dispersion:.2f}), {self.n_sim} simulations"
        )


@checked
def minimum_detectable_odds_ratio(
    dyads: pd.DataFrame,
    rng: np.random.Generator,
    phi: float | None = None,
    sd: float | None = None,
    power: float = 0.8,
    alpha: float = 0.05,
    n_sim: int = 1000,
    n_permutations: int = 999,
    odds_ratios=ODDS_RATIOS,
    term: str = "leader",
    controls=CONTROLS,
    outcome: str = "participates",
    unit: str = "geo",
    project: str = "ipcei_id",
) -> PowerCurve:
    """Simulate the row-permutation score test on the real design and find the odds ratio it detects.

    Participation is drawn from a logit with the real exposure and controls (slopes of the controls as fitted), and
    a normal random intercept per country. Odds ratios are marginal, i.e. on the scale of the fitted model, and the
    overall rate stays the observed one at every odds ratio. All odds ratios share the same random numbers.

    Parameters
    ----------
    dyads : DataFrame
        One row per unit (a country) and project (an IPCEI) with the named columns.
    rng : numpy.random.Generator
    phi, sd : float, optional
        Heterogeneity as dispersion of country totals, or directly as sd of the intercepts. At most one; by default
        the dispersion of `firth_logit` on these data.
    power, alpha : float in (0, 1)
    n_sim, n_permutations : int
        Data sets per odds ratio (>= 10), permutations per data set.
    odds_ratios : sequence of float >= 1
        Rising.
    term, controls, outcome, unit, project
        As in `firth_logit`.

    Returns
    -------
    PowerCurve

    Raises
    ------
    ParameterError, DesignError
        Bad arguments; continuous exposure; degenerate data; a dispersion no random intercept can produce.

    Examples
    --------
    >>> import numpy as np
    >>> from innodivide import Tables, ipcei_dyads
    >>> dyads = ipcei_dyads(Tables(), until="2023-12-31")
    >>> arguments = {"sd": 0.5, "n_sim": 10, "n_permutations": 19, "odds_ratios": (1, 25)}  # for a quick look only
    >>> curve = minimum_detectable_odds_ratio(dyads, np.random.default_rng(1), **arguments)
    >>> list(curve.frame["odds_ratio"])
    [1.0, 25.0]
    """
    require_rng(rng)
    check_permutations(n_permutations)
    grid = _check_arguments(power, alpha, n_sim, odds_ratios, phi, sd)
    design = build_design(dyads, term, controls, outcome, unit, project)
    dyads = in_order(dyads, [unit, project])
    if not design.binary:
        raise ParameterError(f"term: {term} is continuous; the odds ratio here is that of a 0/1 label")
    fit = firth_logit(dyads, term, controls, outcome, profiles=False, unit=unit, project=project)
    fitted = fit.predict(dyads)
    if sd is None:
        if phi is None and fit.separation_note:
            raise DesignError(
                f"{outcome}: separated data, {fit.separation_note}: no dispersion to simulate; give phi or sd"
            )
        sd = _solve_sd(fit.dispersion if phi is None else phi, fitted, design)
    baseline = np.log(fitted / (1 - fitted)) - fit.result.estimate * design.d
    shocks = rng.standard_normal((n_sim, len(design.countries)))
    uniforms = rng.random((n_sim, len(design.y)))
    orders = country_orders(rng, n_permutations, len(design.countries))
    permuted = design.to_matrix(design.d)[orders].reshape(n_permutations, -1)
    rows = []
    for ratio in grid:
        p = _probabilities(design, baseline, math.log(ratio), sd, shocks)
        rejected, failed = _rejections(design, (uniforms < p).astype(float), permuted, alpha)
        share = rejected / n_sim
        rows.append((ratio, share, math.sqrt(share * (1 - share) / n_sim), n_sim, failed))
    frame = pd.DataFrame(rows, columns=["odds_ratio", "power", "mc_se", "n_sim", "n_failed"])
    reached = [_interpolate(frame, power, shift) for shift in (0, 2, -2)]
    return PowerCurve(
        frame=frame,
        odds_ratio=reached[0],
        odds_ratio_low=reached[1],
        odds_ratio_high=reached[2],
        power=power,
        alpha=alpha,
        sd=float(sd),
        dispersion=dispersion_of_sd(sd, fitted, design),
        n_sim=n_sim,
        n_permutations=n_permutations,
        n_treated=design.n_treated,
        seed=seed_of(rng),
    )


def dispersion_to_sd(
    phi: float,
    dyads: pd.DataFrame,
    term: str = "leader",
    controls=CONTROLS,
    outcome: str = "participates",
    unit: str = "geo",
    project: str = "ipcei_id",
) -> float:
    """Sd (logit scale) of normal country intercepts that gives the country totals dispersion phi; 0 for phi <= 1.

    Raises
    ------
    DesignError
        If even an sd of `MAX_SD` gives less: totals out of K cannot vary more than all or nothing.
    """
    design = build_design(dyads, term, controls, outcome, unit, project)
    fit = firth_logit(dyads, term, controls, outcome, profiles=False, unit=unit, project=project)
    fitted = fit.predict(in_order(dyads, [unit, project]))
    return _solve_sd(phi, fitted, design)


def _solve_sd(phi: float, mu: np.ndarray, design: Design) -> float:
    """Root of `dispersion_of_sd` - phi."""
    from scipy.optimize import brentq

    if not math.isfinite(phi) or phi < 0:
        raise ParameterError(f"phi: expected a finite number >= 0, got {phi!r}")
    if phi <= 1:
        return 0.0
    top = dispersion_of_sd(MAX_SD, mu, design)
    if phi >= top:
        raise DesignError(f"phi: a random intercept reaches {top:.2f} at most on these data, got {phi:.2f}")
    return float(brentq(lambda sd: dispersion_of_sd(sd, mu, design) - phi, 0.0, MAX_SD, xtol=1e-6))


def dispersion_of_sd(sd: float, mu: np.ndarray, design: Design) -> float:
    """Mean over countries of Var(total) / sum p(1 - p) under a normal intercept of this sd, by quadrature.

    Parameters
    ----------
    sd : float >= 0
    mu : ndarray (n,)
        Marginal probabilities; held fixed, so only the spread between countries changes with sd.
    design : Design

    Returns
    -------
    float >= 1
    """
    given_shock = expit(conditional_logit(mu, sd)[:, None] + sd * _NODES)  # (n, nodes)
    totals = np.array([design.by_country(column) for column in given_shock.T])  # (nodes, countries)
    noise = np.array([design.by_country(column) for column in (given_shock * (1 - given_shock)).T])
    center = _WEIGHTS @ totals
    variance = _WEIGHTS @ noise + _WEIGHTS @ (totals - center) ** 2
    return float((variance / design.by_country(mu * (1 - mu))).mean())


def conditional_logit(mu: np.ndarray, sd: float) -> np.ndarray:
    """Logit eta (n,) with mean of expit(eta + sd x normal) equal to mu, by safeguarded Newton steps."""
    eta = np.log(mu / (1 - mu)) * math.sqrt(1 + 0.346 * sd**2)  # logit-normal approximation as start
    rounding = 8 * _EPSILON * np.where(mu < 0.5, mu, 1.0)  # error that the mean itself can have
    for _ in range(100):
        p = expit(eta[:, None] + sd * _NODES)
        error, slope = p @ _WEIGHTS - mu, np.maximum((p * (1 - p)) @ _WEIGHTS, 1e-12)
        eta = eta - np.clip(error / slope, -1, 1)
        if (np.abs(error) <= np.maximum(1e-10 * slope, rounding)).all():
            break
    return eta


def _probabilities(design: Design, baseline: np.ndarray, effect: float, sd: float, shocks: np.ndarray) -> np.ndarray:
    """Probabilities (n_sim, n) given country shocks, at the observed overall rate and a marginal log odds ratio."""
    linear = baseline + effect * design.d
    mu = expit(linear + mean_intercept(linear, design.y.mean()))
    return expit(conditional_logit(mu, sd) + sd * shocks[:, design.geo])


def _rejections(design: Design, y: np.ndarray, permuted: np.ndarray, alpha: float) -> tuple[int, int]:
    """Number of outcomes (rows of y, (n_sim, n)) whose test rejects, and number without a null fit."""
    mixed = y[y.min(axis=1) < y.max(axis=1)]
    mu, converged = fitted_logits(design.null_matrix, mixed)
    rejected = 0
    for part in np.array_split(np.flatnonzero(converged), max(1, len(y) // 250)):  # bounds the memory
        observed = score_statistics(design, mu[part], design.d[None, :], mixed[part])
        reference = score_statistics(design, mu[part], permuted, mixed[part])
        count = extreme(reference, observed).sum(axis=1)
        rejected += int(((1 + count) / (1 + len(permuted)) <= alpha).sum())
    return rejected, len(y) - int(converged.sum())


def _interpolate(frame: pd.DataFrame, power: float, shift: float) -> float:
    """Odds ratio at which the monotone (isotonic) power curve, moved by shift x mc_se, first reaches power."""
    from scipy.optimize import isotonic_regression

    curve = isotonic_regression((frame["power"] + shift * frame["mc_se"]).to_numpy()).x
    logs = np.log(frame["odds_ratio"].to_numpy())
    above = np.flatnonzero(curve >= power)
    if not len(above):
        return math.inf
    k = above[0]
    if k == 0:
        return float(math.exp(logs[0]))
    share = (power - curve[k - 1]) / (curve[k] - curve[k - 1])
    return float(math.exp(logs[k - 1] + share * (logs[k] - logs[k - 1])))


def _check_arguments(power, alpha, n_sim, odds_ratios, phi, sd) -> list[float]:
    """The grid as a list; ParameterError naming the first argument that is out of range."""
    for name, value in (("power", power), ("alpha", alpha)):
        if not 0 < value < 1:
            raise ParameterError(f"{name}: expected a number in (0, 1), got {value!r}")
    if not isinstance(n_sim, (int, np.integer)) or n_sim < 10:
        raise ParameterError(f"n_sim: expected a whole number >= 10, got {n_sim!r}")
    if phi is not None and sd is not None:
        raise ParameterError("phi, sd: give one of them or neither, not both")
    if sd is not None and not 0 <= sd <= MAX_SD:
        raise ParameterError(f"sd: expected a number from 0 to {MAX_SD:g}, got {sd!r}")
    grid = numeric(as_column(odds_ratios, "odds_ratios")).tolist()
    if not grid or not 1 <= grid[0] or not grid[-1] < math.inf or (np.diff(grid) <= 0).any():
        raise ParameterError(f"odds_ratios: expected rising finite numbers from 1, got {grid}")
    return grid
