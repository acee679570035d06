"""A made-up record in which taking part goes with having taken part: each IPCEI is drawn given those before it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from innodivide import models
from innodivide.evidence.answer import GIVEN, HISTORY
from innodivide.models.estimators.design import mean_intercept


@dataclass(frozen=True, eq=False)
class Persisting:
    """What a record is drawn from, states x IPCEIs in sorted order.

    Attributes
    ----------
    linear : ndarray (states, IPCEIs)
        Log odds of taking part with the mean record: size, wealth and leader status.
    slope : float
        Log odds for having taken part in all earlier IPCEIs instead of none.
    day : ndarray of int (IPCEIs,)
        Rank of the decision day; IPCEIs of one day have the same record before them.
    rate : float
        The record that counts as the mean one; the first IPCEI, which has none before it, is drawn with it.
    """

    linear: np.ndarray
    slope: float
    day: np.ndarray
    rate: float

    def draw(self, uniforms: np.ndarray, levels: np.ndarray) -> np.ndarray:
        """Outcomes (r, n) of the dyads from uniforms (r, n) and levels of the states on the log odds (r, states)."""
        u = uniforms.reshape(len(uniforms), *self.linear.shape)
        y = np.zeros(u.shape, dtype=bool)
        for day in range(self.day.max() + 1):
            before, now = self.day < day, self.day == day
            share = y[:, :, before].mean(axis=2) if before.any() else np.full(levels.shape, self.rate)
            eta = self.linear[:, now] + (levels + self.slope * (share - self.rate))[:, :, None]
            y[:, :, now] = u[:, :, now] < expit(eta)
        return y.reshape(uniforms.shape)


def persisting(dyads: pd.DataFrame, log_ratio: float) -> Persisting:
    """Return the record's own model of the next participation with another log odds ratio of leader status.

    Slopes of size, wealth and the record as fitted. The intercept holds the mean rate at the real record; a drawn
    record feeds back, so its mean rate is near that and not the same.

    Parameters
    ----------
    dyads : pandas.DataFrame
        One row per state and IPCEI with decision_date; every state faces every IPCEI.
    """
    ordered = dyads.sort_values(["geo", "ipcei_id"])
    later = models.earlier_share(ordered)
    fit = models.firth_logit(later, controls=GIVEN, profiles=False)
    slopes = fit.coefficients["estimate"].drop("intercept")
    slopes["leader"] = log_ratio
    others = slopes.drop(HISTORY)
    shape = ordered["geo"].nunique(), ordered["ipcei_id"].nunique()
    rate = float(ordered["participates"].mean())
    offset = later[others.index].astype(float) @ others + slopes[HISTORY] * (later[HISTORY] - rate)
    intercept = float(mean_intercept(offset.to_numpy(), float(later["participates"].mean())))
    linear = (intercept + ordered[others.index].astype(float) @ others).to_numpy().reshape(shape)
    days = ordered["decision_date"].to_numpy().reshape(shape)[0]
    day = np.unique(days, return_inverse=True)[1]
    return Persisting(linear, float(slopes[HISTORY]), day, rate)
