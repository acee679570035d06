"""The Firth logit with its profiles: maximum of the penalised likelihood, intervals, likelihood ratios. Not public.

On small separated data the penalised likelihood, or its profile, can have several maxima, and a climb that starts at
one place can end on a lower one: an interval too short, without a sign of it. So every held value is climbed from
several starts, its neighbours' maxima among them, until no value rises, and the fit is the highest point of them all.
Both ends are then climbed to once more from many places. No finite number of climbs proves a global maximum: on 1,500
made-up small sets, two of the 450 ends checked from yet other places (most of them hard ones) were still too short.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.linalg import solve_triangular

from innodivide.errors import DesignError
from innodivide.models.estimators.newton import Maximum, maximise, orthogonal_columns

# Distances from the estimate, in half-widths of the Wald interval, at which a profile is looked at before its ends.
STEPS = np.array([0.5, 0.9, 1.1, 1.4, 2.0, 3.0, 4.5])
DOUBLINGS = 12  # of the farthest distance, while the curve is not yet below the cut there
CLIMB = 40  # Newton steps of one climb; a longer one has left the maxima that matter
FAR = 4.0  # coefficients of orthogonal columns from which all climbs start too
STREWN, SCALES = 48, (0.3, 1.0, 3.0, 8.0)  # and those from which the ends are climbed to
SHORT = 1e-5  # a fall smaller than the cut by more than this means that an end was too short
RESTARTS = 10  # of the fit, from a higher maximum that a profile met
RISE = 1e-7  # a log-likelihood higher by more than this is another maximum and not rounding
END = 1e-9  # accuracy of an end, in half-widths of the Wald interval


@dataclass(frozen=True, eq=False)
class PenalisedFit:
    """Maximum of the penalised likelihood: coefficients and inverse information in the units of the columns.

    `ends` and `p_value` have a row for each column that was asked for.
    """

    beta: np.ndarray  # (p,)
    inverse: np.ndarray  # (p, p)
    linear: np.ndarray  # (n,) linear predictor
    ends: np.ndarray  # (columns, 2)
    p_value: np.ndarray  # (columns,)


@dataclass(frozen=True, eq=False)
class _Curve:
    """Profile of one coefficient: the highest penalised log-likelihood found at each held value, values rising."""

    basis: np.ndarray  # (n, p), the held coefficient last
    unit: float  # held coefficient of the basis for one of the column
    top: Maximum
    at: np.ndarray  # (m,)
    beta: np.ndarray  # (m, p)
    value: np.ndarray  # (m,)

    @property
    def fall(self) -> np.ndarray:
        """Twice the fall from the fit (m,); negative where the curve is higher than the fit."""
        return 2 * (self.top.value[0] - self.value)


def penalised_fit(
    x: np.ndarray, y: np.ndarray, level: float, columns=None, start: np.ndarray | float = 0.0
) -> PenalisedFit:
    """Firth logit with the profile penalised-likelihood interval and likelihood-ratio test of its coefficients.

    The interval reaches from the lowest to the highest value b with 2 [l*(max) - l*(b)] <= the chi-squared quantile,
    l*(b) the maximum over the other coefficients with the penalty of the full information (Heinze & Schemper 2002). All
    climbs are made in orthogonal columns, so that nearly collinear ones do no harm.

    Parameters
    ----------
    x : ndarray (n, p)
        Design of full rank, the intercept among its columns.
    y : ndarray (n,)
        0/1.
    level : float in (0, 1)
    columns : sequence of int, optional
        Columns whose profiles are wanted; all by default.
    start : ndarray (n,), optional
        Linear predictor to start from.

    Returns
    -------
    PenalisedFit

    Raises
    ------
    DesignError
        No finite maximum, or a profile that does not fall to the cut.
    """
    columns = range(x.shape[1]) if columns is None else columns
    cut, linear = float(stats.chi2.ppf(level, 1)), np.broadcast_to(start, y.shape)
    for _ in range(RESTARTS):
        curves = [_curve(x, y, column, linear, cut) for column in columns]
        highest = min(curves, key=lambda curve: curve.fall.min())
        if highest.fall.min() >= -2 * RISE:
            break
        linear = highest.basis @ highest.beta[highest.fall.argmin()]
    else:
        raise DesignError("Firth logit: ever higher maxima of the penalised likelihood; the data are too few for it")
    basis, triangle = orthogonal_columns(x)
    top = _top(basis, y, highest.basis @ highest.top.beta[0])
    back = solve_triangular(triangle, np.eye(len(triangle)))
    ends = np.array([_ends(curve, x, y, column, linear, cut) for curve, column in zip(curves, columns)])
    falls = np.array([curve.fall[curve.at == 0][0] for curve in curves])
    p_value = stats.chi2.sf(np.maximum(falls, 0.0), 1)
    return PenalisedFit(back @ top.beta[0], back @ top.inverse[0] @ back.T, basis @ top.beta[0], ends, p_value)


def penalised_maximum(x: np.ndarray, y: np.ndarray) -> PenalisedFit:
    """Maximum of the penalised likelihood without profiles, the highest of climbs from near and from far.

    Where data are separated, take `penalised_fit`: there a climb can end on a lower maximum, and the profiles find it.

    Returns
    -------
    PenalisedFit
        Without rows in `ends` and `p_value`.

    Raises
    ------
    DesignError
        No finite maximum.
    """
    basis, triangle = orthogonal_columns(x)
    p = x.shape[1]
    found = maximise(basis, y, firth=True, start=np.vstack([_corners(p), FAR * np.eye(p)[-1:], -FAR * np.eye(p)[-1:]]))
    best = np.where(found.converged, found.value, -np.inf).argmax()
    top = _top(basis, y, basis @ found.beta[best])
    back = solve_triangular(triangle, np.eye(p))
    none = np.empty((0, 2)), np.empty(0)
    return PenalisedFit(back @ top.beta[0], back @ top.inverse[0] @ back.T, basis @ top.beta[0], *none)


def _top(basis: np.ndarray, y: np.ndarray, linear: np.ndarray) -> Maximum:
    """Maximum in an orthogonal basis, climbed from a linear predictor in its span."""
    found = maximise(basis, y, firth=True, start=basis.T @ linear / len(y))
    if not found.converged[0]:
        raise DesignError("Firth logit: no finite maximum of the penalised likelihood was found")
    return found


def _curve(x: np.ndarray, y: np.ndarray, column: int, linear: np.ndarray, cut: float, more=()) -> _Curve:
    """Profile around the maximum reached from a linear predictor, out to where it is below the cut on both sides."""
    basis, triangle = orthogonal_columns(np.column_stack([np.delete(x, column, axis=1), x[:, column]]))
    top, unit = _top(basis, y, linear), float(triangle[-1, -1])
    peak, reach = top.beta[0], np.sqrt(cut * top.inverse[0, -1, -1])
    tangent = top.inverse[0, :, -1] / top.inverse[0, -1, -1]
    for doubling in range(DOUBLINGS):
        steps = reach * np.append(STEPS, STEPS[-1] * 2.0 ** np.arange(1, doubling + 1))
        at = np.unique(np.concatenate([peak[-1] - steps, [0.0, peak[-1]], peak[-1] + steps]))
        along = peak + (at - peak[-1])[:, None] * tangent
        spread = np.vstack([_corners(basis.shape[1]), *more])
        starts = np.concatenate([along[None], spread[:, None].repeat(len(at), axis=1)])
        curve = _Curve(basis, unit, top, at, *_settle(basis, y, at, starts))
        if min(curve.fall[0], curve.fall[-1]) > cut:
            return curve
    raise DesignError("Firth logit: the profile does not fall to the cut; the interval has no end")


def _corners(p: int) -> np.ndarray:
    """Starts (s, p): zero, and each coefficient but the last one far out on either side."""
    return np.concatenate([np.zeros((1, p)), *(side * np.eye(p)[:-1] for side in (-FAR, FAR))])


def _strewn(p: int) -> np.ndarray:
    """Starts (STREWN, p) strewn near and far without chance: a Halton sequence, normal, at rising scales."""
    from scipy.stats import qmc

    points = stats.norm.ppf(qmc.Halton(p, scramble=False).random(STREWN + 1)[1:])
    return points * np.resize(SCALES, STREWN)[:, None]


def _settle(basis, y, at: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (m, p) and heights (m,) from the starts (s, m, p), then from the neighbours' until none rises."""
    beta, value = _climb(basis, y, at, starts)
    for _ in range(len(at)):
        before = value
        starts = np.stack([beta, np.roll(beta, 1, axis=0), np.roll(beta, -1, axis=0)])
        beta, value = _climb(basis, y, at, starts)
        if (value - before).max() <= RISE:
            break
    return beta, value


def _climb(basis, y, at: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Best of climbs from starts (s, m, p) with the last coefficient held at each of m values."""
    s, m, p = starts.shape
    starts = starts.copy()
    starts[:, :, -1] = at
    found = maximise(basis, y, firth=True, start=starts.reshape(s * m, p), fixed=p - 1, max_iter=CLIMB)
    # A climb that has not settled is still a point of the surface, so its height bounds the maximum from below.
    value = np.where(np.isnan(found.value), -np.inf, found.value).reshape(s, m)
    best = value.argmax(axis=0), np.arange(m)
    return found.beta.reshape(s, m, p)[best], value[best]


def _ends(curve: _Curve, x: np.ndarray, y: np.ndarray, column: int, linear: np.ndarray, cut: float) -> list[float]:
    """Outermost values at which the curve crosses the cut, in the unit of the column, rising.

    Each end is climbed to from far too; where that finds a higher maximum, the curve is made anew with it as a start.
    """
    far, more = _strewn(x.shape[1]), np.empty((0, x.shape[1]))
    for _ in range(RESTARTS):
        inside = np.flatnonzero(curve.fall <= cut)
        sides = [inside[0], inside[0] - 1], [inside[-1], inside[-1] + 1]
        ends = np.array([_crossing(curve, y, cut, side, more) for side in sides])
        beta, value = _climb(curve.basis, y, ends, far[:, None].repeat(2, axis=1))
        short = 2 * (curve.top.value[0] - value) < cut - SHORT
        if not short.any():
            return sorted(ends / curve.unit)
        more = np.vstack([more, beta[short]])
        curve = _curve(x, y, column, linear, cut, more)
    raise DesignError("Firth logit: ever higher profiles at the ends of the interval; the data are too few for it")


def _crossing(curve: _Curve, y: np.ndarray, cut: float, side: list[int], more: np.ndarray) -> float:
    """Held value between two neighbours on the curve where it crosses the cut."""
    from scipy.optimize import brentq

    starts = np.vstack([curve.beta[side], more])[:, None]

    def beyond(value: float) -> float:  # of the root of the fall, which is nearly linear
        height = float(_climb(curve.basis, y, np.array([value]), starts)[1][0])
        return float(np.sqrt(max(2 * (curve.top.value[0] - height), 0.0)) - np.sqrt(cut))

    reach = np.sqrt(cut * curve.top.inverse[0, -1, -1])
    return float(brentq(beyond, *curve.at[side], xtol=END * reach))
