"""Penalised-likelihood ratio tests of many outcomes that share one design. Not public."""

import numpy as np
from scipy.special import expit


def penalised_deviance(x: np.ndarray, y: np.ndarray, beta: np.ndarray, value: float) -> tuple[np.ndarray, np.ndarray]:
    """Twice the fall of the penalised likelihood from its maximum when the exposure's coefficient is held at a value.

    Parameters
    ----------
    x : ndarray (n, p)
        Controls, exposure, ones.
    y : ndarray (b, n)
        Outcomes, 0/1.
    beta : ndarray (b, p)
        Firth estimates.
    value : float

    Returns
    -------
    deviance : ndarray (b,)
        The penalty is half the log determinant of the whole information, as in a profile (Heinze & Schemper 2002).
    converged : ndarray of bool (b,)
    """
    free = np.r_[0 : x.shape[1] - 2, x.shape[1] - 1]
    squares = (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)

    def at(b):
        eta = b @ x.T
        mu = expit(eta)
        information = ((mu * (1 - mu)) @ squares).reshape(len(b), x.shape[1], -1)
        likelihood = (y * eta - np.logaddexp(0, eta)).sum(axis=1) + np.linalg.slogdet(information)[1] / 2
        return mu, information, likelihood

    top = at(beta)[2]
    now = beta.copy()
    now[:, -2] = value
    mu, information, best = at(now)
    for _ in range(100):
        leverage = mu * (1 - mu) * (np.linalg.inv(information).reshape(len(y), -1) @ squares.T)
        score = ((y - mu + leverage * (0.5 - mu)) @ x)[:, free]
        step = np.zeros_like(now)
        step[:, free] = np.linalg.solve(information[:, free[:, None], free], score[..., None])[..., 0]
        step *= np.minimum(1, 5 / np.maximum(np.abs(step).max(axis=1), 5))[:, None]
        for _ in range(30):  # halve what lowers the likelihood
            mu, information, likelihood = at(now + step)
            worse = likelihood < best - 1e-9 * (1 + np.abs(best))
            if not worse.any():
                break
            step[worse] /= 2
        now, best = now + step, likelihood
        size = np.abs(step).max(axis=1)
        if (size < 1e-9).all():
            break
    return np.maximum(2 * (top - best), 0.0), size < 1e-6
