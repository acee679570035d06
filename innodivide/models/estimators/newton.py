"""The maximum of a binomial or Poisson likelihood, with or without the Firth penalty: one Newton core for all models.

One data set or a stack of them: r fits at once, each with its own design, outcome or weights, so that a permutation
test, a bootstrap or a simulation costs a few array operations for each step of all fits together.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from innodivide.errors import DesignError

Family = Literal["binomial", "poisson"]
MAX_STEP = 5.0  # for each coefficient of a standardised column, as in firthmodels
LAST_STEP = 1e-11  # relative to the coefficients where they exceed one
NEAR = 1e-9  # a shorter step changes the likelihood by rounding only: it is not asked whether the likelihood rises
MAX_LINEAR = 300.0  # linear predictors are cut here, so that weights stay above zero
FLAT = 1e8  # with a larger variance of a coefficient the likelihood is flat: it rises for ever, only rounding stops it
EXTREME = 30.0  # a maximum-likelihood coefficient of a standardised column beyond this has no finite maximum


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where the steps ended, for each of r fits.

    Attributes
    ----------
    beta : ndarray (r, p)
    inverse : ndarray (r, p, p)
        Inverse information.
    value : ndarray (r,)
        (Penalised) log-likelihood, without the terms that hold no coefficient.
    converged : ndarray of bool (r,)
        False where there is no finite maximum, or the steps did not settle.
    """

    beta: np.ndarray
    inverse: np.ndarray
    value: np.ndarray
    converged: np.ndarray


def maximise(
    x: np.ndarray,
    y: np.ndarray,
    trials: np.ndarray | float = 1.0,
    family: Family = "binomial",
    firth: bool = False,
    start: np.ndarray | None = None,
    held: np.ndarray | float = 0.0,
    limit: float = EXTREME,
    max_iter: int = 500,
    fixed: int | None = None,
) -> Maximum:
    """Newton (Firth: scoring) steps from `start`, halved where they lower the objective or swing back.

    The Firth step solves I(b) step = X'(y - m p + h (1/2 - p)), h the leverages; the objective is l + log|I| / 2. With
    heavy-tailed covariates plain scoring steps can swing for ever.

    Parameters
    ----------
    x : ndarray (n, p) or (r, n, p)
        Designs, columns of order one, the intercept among them.
    y, trials : ndarray (n,) or (r, n)
        Successes out of trials (binomial: 0/1 out of one, shares with weights as y x weight, ...); counts and exposure
        (Poisson).
    family : {"binomial", "poisson"}
    firth : bool
        Add the penalty; for "binomial".
    start : ndarray (p,) or (r, p), optional
        Zeros by default. Many starts of one problem are climbed from side by side.
    held : ndarray (n,), optional
        Part of the linear predictor that is not estimated.
    limit : float
        A fit without penalty is given up when a coefficient passes it (separated data).
    max_iter : int
    fixed : int, optional
        Position of a coefficient that stays at its start, while the penalty is still that of the whole information: the
        constrained maximum of a profile. `held` would leave its column out of the penalty.

    Returns
    -------
    Maximum

    References
    ----------
    Firth (1993) Biometrika 80.
    """
    x = np.ascontiguousarray(np.swapaxes(x if x.ndim == 3 else x[None], 1, 2))  # (r or 1, p, n)
    y, trials = np.atleast_2d(y), np.atleast_2d(trials)
    p, first = x.shape[1], np.atleast_2d(0.0 if start is None else start)
    r = max(len(x), len(y), len(trials), len(first))
    base = np.array(np.broadcast_to(first, (r, p)), dtype=float)
    done = Maximum(base.copy(), np.zeros((r, p, p)), np.full(r, np.nan), np.zeros(r, dtype=bool))
    place, step, value = np.arange(r), np.zeros((r, p)), np.full(r, -np.inf)
    last = np.zeros((r, p))
    for _ in range(max_iter):
        beta = base + step
        now, inverse, fresh = _evaluate(x, y, trials, held, beta, family, firth)
        if fixed is not None:  # the step of the others alone: block inverse, so that this one's step is zero
            pivot = inverse[:, fixed, fixed]  # not positive where a far start has left no information: given up below
            factor = fresh[:, fixed] / np.where(pivot > 0, pivot, np.inf)
            fresh -= inverse[:, :, fixed] * factor[:, None]
            fresh[:, fixed] = 0.0
        worse = ~(now >= value - 1e-10 * np.abs(value)) & (np.abs(step).max(axis=1) > NEAR)
        size = np.abs(fresh).max(axis=1)
        regular = np.einsum("rii->ri", inverse).min(axis=1) > 0
        flat = np.zeros(len(base), dtype=bool) if firth else np.einsum("rii->ri", inverse).max(axis=1) > FLAT
        settled = ~worse & regular & ~flat & (size < LAST_STEP * np.maximum(1.0, np.abs(beta).max(axis=1)))
        lost = ~(settled | worse) & (~regular | flat | (np.abs(beta).max(axis=1) > (np.inf if firth else limit)))
        fresh *= np.minimum(1.0, MAX_STEP / np.maximum(size, MAX_STEP))[:, None]
        last = np.where(worse[:, None], last, step)
        back = (fresh * last).sum(axis=1) < -0.5 * (last * last).sum(axis=1)
        fresh[back] /= 2
        base, step = np.where(worse[:, None], base, beta), np.where(worse[:, None], step / 2, fresh)
        value = np.where(worse, value, now)
        done.beta[place], done.inverse[place], done.value[place] = base, inverse, value
        done.beta[place[settled]] += fresh[settled]
        done.converged[place[settled]] = True
        on = ~(settled | lost)
        if not on.any():
            break
        if not on.all():
            x, y, trials = (part if len(part) == 1 else part[on] for part in (x, y, trials))
            place, base, step, value, last = place[on], base[on], step[on], value[on], last[on]
    return done


def _evaluate(x, y, trials, held, beta, family, firth):
    """Objective (r,), inverse information (r, p, p) and step (r, p) at coefficients (r, p)."""
    eta = np.clip((beta[:, None, :] @ x)[:, 0] + held, -MAX_LINEAR, MAX_LINEAR)
    if family == "poisson":
        mean = weight = trials * np.exp(eta)
        value, residual = (y * eta - mean).sum(axis=1), y - mean
    else:
        odds = np.exp(-eta)
        p = 1 / (1 + odds)
        weight = trials * odds * p * p
        value = (trials * np.log(p) + (y - trials) * eta).sum(axis=1)  # log(1 - p) = log p - eta
        residual = y - trials * p
    information = (x * weight[:, None, :]) @ np.swapaxes(x, 1, 2)
    inverse = _inverse(information)
    if firth:
        leverage = weight * np.einsum("rpn,rpn->rn", inverse @ x, x)
        residual = residual + leverage * (0.5 - p)
        value = value + 0.5 * np.linalg.slogdet(information)[1]
    score = (x @ residual[:, :, None])[:, :, 0]
    return value, inverse, (inverse @ score[:, :, None])[:, :, 0]


def _inverse(information: np.ndarray) -> np.ndarray:
    """Inverses (r, p, p); a singular matrix among them is inverted with a small ridge, and its fit does not settle."""
    try:
        return np.linalg.inv(information)
    except np.linalg.LinAlgError:
        ridge = 1e-12 * np.einsum("rii->r", information) + 1e-300
        return np.linalg.inv(information + ridge[:, None, None] * np.eye(information.shape[1]))


def orthogonal_columns(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns (n, p) of mean square one with the span of x, and the triangle that takes coefficients of x to theirs.

    Fitted values do not depend on the columns of a span, and in these nearly collinear ones do no harm.
    """
    q, triangle = np.linalg.qr(x)
    root = np.sqrt(len(x))
    return q * root, triangle / root


def one_maximum(what: str, *data, **options) -> tuple[np.ndarray, np.ndarray, float]:
    """Coefficients (p,), inverse information (p, p) and objective of one fit; DesignError if it does not settle."""
    found = maximise(*data, **options)
    if not found.converged[0]:
        raise DesignError(f"{what}: no finite maximum of the likelihood")
    return found.beta[0], found.inverse[0], float(found.value[0])
