"""The label as a cut through an index: every other cut, and the index itself in place of the label."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from innodivide.errors import DesignError
from innodivide.models.estimators.design import CONTROLS, build_design
from innodivide.models.estimators.firth import dispersion_interval, firth_logit
from innodivide.models.frame_columns import require_columns
from innodivide.models.result import Result, as_odds_ratio

__all__ = ["continuous_index", "threshold_sweep"]

COLUMNS = ["c", "n_treated", "n_treated_dyads", "odds_ratio", "ci_low", "ci_high", "p_value", "dispersion"]
COLUMNS += ["same_as", "note"]
INDEX = "index_relative"
MIN_TREATED = 2  # countries needed ever above a cut, and ever at or below it, for an estimate
FEW = 5  # countries on either side: fewer are estimated, with a note


def threshold_sweep(
    dyads: pd.DataFrame, controls=CONTROLS, outcome: str = "participates", cuts=range(100, 151), level: float = 0.95
) -> pd.DataFrame:
    """Odds ratio of participation above each cut of the index, as the confirmatory model gives it.

    The label is 1[index > c]; the model is `firth_logit` with the interval of `dispersion_interval`. Neighbouring
    cuts share most countries and the cut is chosen after the fact: a picture of how much hangs on the official
    threshold, not a series of tests.

    Parameters
    ----------
    dyads : DataFrame
        One row per country (geo) and IPCEI (ipcei_id), with outcome, controls and `index_relative` (EU = 100).
    outcome : str
    controls : sequence of str
    cuts : iterable of float
        Rising.
    level : float in (0, 1)

    Returns
    -------
    DataFrame
        One row per cut: c, n_treated (countries ever above), n_treated_dyads, odds_ratio, ci_low, ci_high, p_value
        (t with the dispersion of the country totals), dispersion, same_as (the previous cut if it gives the same
        labels, else NaN), note (why there is no estimate, or that few countries are on one side).

    Raises
    ------
    DataError, DesignError
        Absent columns; missing or non-positive index values; degenerate outcome or controls.
    """
    require_columns(dyads, ["geo", "ipcei_id", INDEX], "dyads")
    frame = dyads.sort_values(["geo", "ipcei_id"]).reset_index(drop=True)
    values = _positive_index(frame)
    build_design(frame, INDEX, controls, outcome)  # a fault of the data is an error, not 51 notes
    rows, before = [], None
    for c in map(float, cuts):
        label = values > c
        if before is not None and (label == before).all():
            rows.append({**rows[-1], "c": c, "same_as": rows[-1]["c"]})
        else:
            rows.append(_one_cut(frame, label, c, controls, outcome, level))
        before = label
    return pd.DataFrame(rows, columns=COLUMNS)


def continuous_index(
    dyads: pd.DataFrame, controls=CONTROLS, outcome: str = "participates", per: float = 1.1, level: float = 0.95
) -> Result:
    """The same model with the logarithm of the index in place of the label.

    A label and an index are two questions: a label without an association does not mean an index without one.

    Parameters
    ----------
    dyads, controls, outcome, level
        As in `threshold_sweep`.
    per : float > 1
        The estimate is the log odds ratio of an index `per` times as high.

    Returns
    -------
    Result
        From `dispersion_interval`; `result.as_odds_ratio` turns it into an odds ratio.
    """
    require_columns(dyads, ["geo", "ipcei_id", INDEX], "dyads")
    name = f"ln_{INDEX}"
    frame = dyads.assign(**{name: np.log(_positive_index(dyads)) / math.log(per)})
    result = dispersion_interval(firth_logit(frame, name, controls, outcome, level, profiles=False))
    scale = f"log odds per {100 * (per - 1):.4g} % higher {INDEX}"
    return replace(result, scale=scale, method=f"{result.method}, logarithm of the index")


def _positive_index(frame: pd.DataFrame) -> np.ndarray:
    values, lost = frame[INDEX], frame[frame[INDEX].isna()]
    if len(lost):
        names = ", ".join((lost["geo"] + " " + lost["ipcei_id"]).head())
        raise DesignError(f"{INDEX}: missing for {len(lost)} of {len(frame)} dyads, first {names}")
    if not (values > 0).all():
        raise DesignError(f"{INDEX}: expected numbers > 0 (EU = 100), got {values.min():g}")
    return values.to_numpy(dtype=float)


def _one_cut(frame: pd.DataFrame, label: np.ndarray, c: float, controls, outcome, level: float) -> dict:
    """Row of one cut that gives new labels."""
    above, below = frame.loc[label, "geo"].nunique(), frame.loc[~label, "geo"].nunique()
    row = {"c": c, "n_treated": above, "n_treated_dyads": int(label.sum()), "same_as": math.nan, "note": ""}
    if min(above, below) < MIN_TREATED:
        side, count = ("above", above) if above < MIN_TREATED else ("at or below", below)
        return {**row, "note": f"not defined: {count} countries {side} the cut, {MIN_TREATED} needed"}
    try:
        fit = firth_logit(frame.assign(above_cut=label), "above_cut", controls, outcome, level, profiles=False)
        ratio = as_odds_ratio(dispersion_interval(fit))
    except DesignError as cause:
        return {**row, "note": f"not defined: {cause}"}
    if min(above, below) < FEW:
        row["note"] = f"few: {min(above, below)} countries {'above' if above <= below else 'at or below'} the cut"
    return {
        **row,
        "odds_ratio": ratio.estimate,
        "ci_low": ratio.ci_low,
        "ci_high": ratio.ci_high,
        "p_value": ratio.p_value,
        "dispersion": fit.dispersion,
    }
