"""Newton iterations with step-halving on stacks of binomial and Poisson models. Not public."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from innodivide.models.batch.stacks import MAX_LINEAR, Stack, invert

Family = Literal["binomial", "poisson"]
MAX_STEP = 5.0  # for each coefficient of a standardised column, as in firthmodels
SLOW = 0.2  # steps that shrink by less than this factor are extrapolated
NEAR = 1e-3  # a shorter step changes the likelihood by rounding at most, so it is not asked whether it rises
_MAX_HALVINGS = 40
# The inverse information that is returned is that before the last step, which has to be short.
_LAST_STEP = {True: 1e-7, False: 1e-10}  # with and without the Firth penalty


@dataclass(frozen=True, eq=False)
class Point:
    """The objective at some coefficients: inverse information (p, p, r), scoring step (p, r), value (r,) or None."""

    inverse: np.ndarray
    step: np.ndarray
    value: np.ndarray | None
    regular: np.ndarray


def evaluate(stack: Stack, beta: np.ndarray, family: Family, firth: bool, with_value: bool) -> Point:
    """Information, scoring step and, if wanted, (penalised) log-likelihood at coefficients (p, r).

    With the Firth penalty the step is I^-1 U*, U* = X'(y - m p + h (1/2 - p)), h the leverages; the value is
    l + log|I| / 2. Without it the step is that of Newton.
    """
    mean, weight, third, spare = stack.buffers[:, : beta.shape[1]]
    eta = stack.linear(beta, mean, spare)
    if stack.may_overflow(beta):
        np.clip(eta, -MAX_LINEAR, MAX_LINEAR, out=eta)
    value = _likelihood_part(stack, eta, family) if with_value else None
    if family == "poisson":
        np.exp(eta, out=mean)
        mean *= stack.m
        np.copyto(weight, mean)
        if with_value:
            value -= mean.sum(axis=1)
    else:
        np.exp(np.negative(eta, out=eta), out=mean)
        mean += 1.0
        np.divide(1.0, mean, out=mean)  # probabilities
        if with_value:
            value += np.vecdot(np.log(mean, out=spare), stack.m)
        np.subtract(1.0, mean, out=weight)
        weight *= mean
        weight *= stack.m
    inverse, log_determinant, pivot = invert(stack.information(weight, spare))
    if firth:
        leverage = stack.forms(inverse, third, spare)
        leverage *= weight
        leverage *= np.subtract(0.5, mean, out=weight)
        mean *= stack.m
        residual = np.subtract(leverage, mean, out=leverage)
        residual += stack.y
        value = value if value is None else value + 0.5 * log_determinant
    else:
        if family == "binomial":
            mean *= stack.m
        residual = np.subtract(stack.y, mean, out=third)
    step = np.einsum("abr,br->ar", inverse, stack.against(residual))
    return Point(inverse, step, value, pivot > 0)


def _likelihood_part(stack: Stack, eta: np.ndarray, family: Family) -> np.ndarray:
    """The part of the log-likelihood (r,) that is linear in eta: with log(1 - p) = log p - eta, (y - m) eta."""
    return np.vecdot(eta, stack.y if family == "poisson" else stack.y - stack.m)


@dataclass(frozen=True, eq=False)
class Maximum:
    """Where the iterations ended: coefficients (p, r), inverse information (p, p, r), value (r,), converged (r,).

    A fit that did not converge has its best coefficients and value, and no inverse.
    """

    beta: np.ndarray
    inverse: np.ndarray
    value: np.ndarray
    converged: np.ndarray


def maximise(
    stack: Stack,
    start: np.ndarray,
    family: Family = "binomial",
    firth: bool = True,
    with_value: bool = False,
    tol: float = 1e-10,
    max_iter: int = 60,
    limit: float = np.inf,
) -> Maximum:
    """Maximise the (penalised) log-likelihood of every fit of a stack, halving steps that lower it.

    Parameters
    ----------
    stack : Stack
    start : ndarray (p, r)
    family, firth
        The objective; the penalty goes with "binomial".
    with_value : bool
        Return the objective at the end; else `value` is NaN where the last iterations did not need it.
    tol : float
        Bound on the error that is left after the last step, on coefficients of standardised columns. Steps shrink
        geometrically (scoring on the Firth score is not quadratic): by `SLOW` or faster, so that what is left is the
        step x ratio / (1 - SLOW), or they are extrapolated, and then the step itself must be below `tol`.
    max_iter : int
    limit : float
        A fit is given up when a coefficient passes it (separated data without penalty).

    Returns
    -------
    Maximum
    """
    p, r = start.shape
    done = Maximum(start.copy(), np.full((p, p, r), np.nan), np.full(r, np.nan), np.zeros(r, dtype=bool))
    now = _Iterate(np.arange(r), start, start, np.full(r, -np.inf), np.zeros((p, r)), np.full(r, np.inf))
    for _ in range(max_iter):
        at = evaluate(stack, now.beta, family, firth, with_value or bool(now.last.max() > NEAR))
        worse = ~at.regular
        if at.value is not None:
            worse |= ~(at.value >= now.value - 1e-10 * (1 + np.abs(now.value)))
        reach = np.where(worse, np.inf, np.abs(at.step).max(axis=0))
        known = np.isfinite(now.last)
        ratio = np.where(known, reach / np.where(known, np.maximum(now.last, 1e-100), 1.0), np.inf)
        slow = ~worse & (ratio > SLOW) & (reach < 1.0) & np.isfinite(now.older_step).all(axis=0)
        left = np.where(now.slow | slow, reach, reach * np.minimum(ratio, SLOW) / (1 - SLOW))
        reached = (left < tol) & (reach < _LAST_STEP[firth])
        given_up = ~reached & ((now.halvings >= _MAX_HALVINGS) | (np.abs(now.beta).max(axis=0) > limit))
        out = now.place[reached]
        done.beta[:, out] = now.beta[:, reached] + at.step[:, reached]
        done.inverse[:, :, out], done.converged[out] = at.inverse[:, :, reached], True
        if at.value is not None:
            done.value[out] = at.value[reached]
        now.leave(done, given_up)
        on = ~(reached | given_up)
        if not on.any():
            return done
        now.move(at, worse, slow, reach)
        if on.mean() <= 0.7:
            keep = np.flatnonzero(on)
            stack, now, on = stack.take(keep), now.take(keep), on[keep]
    now.leave(done, on)
    return done


class _Iterate:
    """Where the fits of a stack are: the last accepted coefficients `base` and the ones to try next, `beta`."""

    def __init__(self, place, beta, base, value, step, last, older_step=None, older=None, slow=None, halvings=None):
        r = len(place)
        self.place, self.beta, self.base, self.value, self.step, self.last = place, beta, base, value, step, last
        self.older_step = np.full(beta.shape, np.inf) if older_step is None else older_step
        self.older = beta if older is None else older
        self.slow = np.zeros(r, dtype=bool) if slow is None else slow
        self.halvings = np.zeros(r, dtype=int) if halvings is None else halvings

    def take(self, keep: np.ndarray) -> "_Iterate":
        """The fits at positions `keep`."""
        return _Iterate(**{name: part[..., keep] for name, part in vars(self).items()})

    def leave(self, done: Maximum, which: np.ndarray) -> None:
        """Write the best that unfinished fits have reached."""
        done.beta[:, self.place[which]], done.value[self.place[which]] = self.base[:, which], self.value[which]

    def move(self, at: Point, worse: np.ndarray, slow: np.ndarray, reach: np.ndarray) -> None:
        """Accept and take the next step, or halve the last one where the objective fell.

        Scoring on the Firth score need not contract on extreme designs. Where its steps shrink slowly, the geometric
        series that the last two suggest is summed (Anderson acceleration of depth one).
        """
        fresh = at.step * np.minimum(1.0, MAX_STEP / np.maximum(np.where(worse, 1.0, reach), MAX_STEP))
        older_step, older = self.older_step, self.older
        self.older_step, self.older = np.where(worse, np.inf, fresh), self.beta
        if slow.any():
            change = fresh[:, slow] - older_step[:, slow]
            length = np.maximum(np.einsum("ar,ar->r", change, change), 1e-300)
            share = np.clip(np.einsum("ar,ar->r", fresh[:, slow], change) / length, -2.0, 0.9)
            fresh[:, slow] -= share * (self.beta[:, slow] - older[:, slow] + change)
        self.step = np.where(worse, self.step / 2, fresh)
        self.base = np.where(worse, self.base, self.beta)
        if at.value is not None:
            self.value = np.where(worse, self.value, at.value)
        self.last = np.where(worse, self.last / 2, np.minimum(reach, MAX_STEP))
        self.halvings = np.where(worse, self.halvings + 1, 0)
        self.slow = self.slow | slow
        self.beta = self.base + self.step
