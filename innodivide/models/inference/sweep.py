"""The label as a cut through an index: every other cut, and the index itself in place of the label."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from innodivide.errors import DesignError, ParameterError
from innodivide.models.estimators.design import CONTROLS, build_design, numeric, require_columns
from innodivide.models.estimators.firth import dispersion_interval, firth_logit
from innodivide.models.result import Result

__all__ = ["continuous_index", "threshold_sweep"]

COLUMNS = ["c", "n_treated", "n_treated_dyads", "odds_ratio", "ci_low", "ci_high", "p_value", "dispersion"]
COLUMNS += ["same_as", "note"]
FEW = 5  # countries on either side: fewer are estimated, with a note


def threshold_sweep(
    dyads: pd.DataFrame,
    index: str = "index_relative",
    controls=CONTROLS,
    outcome: str = "participates",
    cuts=range(100, 151),
    min_treated: int = 2,
    level: float = 0.95,
) -> pd.DataFrame:
    """Odds ratio of participation above each cut of the index, as the confirmatory model gives it.

    The label is 1[index > c]; the model is `firth_logit` with the interval of `dispersion_interval`. Neighbouring
    cuts share most countries and the cut is chosen after the fact: a picture of how much hangs on the official
    threshold, not a series of tests.

    Parameters
    ----------
    dyads : DataFrame
        One row per country (geo) and IPCEI (ipcei_id), with outcome, controls and the index (EU = 100).
    index, outcome : str
    controls : sequence of str
    cuts : iterable of float
        Distinct and rising.
    min_treated : int >= 1
        Countries needed ever above the cut, and ever at or below it, for an estimate.
    level : float in (0, 1)

    Returns
    -------
    DataFrame
        One row per cut: c, n_treated (countries ever above), n_treated_dyads, odds_ratio, ci_low, ci_high, p_value
        (t with the dispersion of the country totals), dispersion, same_as (the previous cut if it gives the same
        labels, else NaN), note (why there is no estimate, or that few countries are on one side).

    Raises
    ------
    ParameterError
        Cuts that are not rising numbers, min_treated < 1.
    DataError, DesignError
        Absent columns; missing or non-positive index values; degenerate outcome or controls.
    """
    grid = _check_cuts(cuts, min_treated)
    require_columns(dyads, ["geo", "ipcei_id", index], "dyads")
    frame = dyads.sort_values(["geo", "ipcei_id"]).reset_index(drop=True)
    values = _positive_index(frame, index)
    build_design(frame, index, controls, outcome)  # a fault of the data is an error, not 51 notes
    rows, before = [], None
    for c in grid:
        label = values > c
        if before is not None and (label == before).all():
            rows.append({**rows[-1], "c": c, "same_as": rows[-1]["c"]})
        else:
            rows.append(_one_cut(frame, label, c, controls, outcome, min_treated, level))
        before = label
    return pd.DataFrame(rows, columns=COLUMNS)


def continuous_index(
    dyads: pd.DataFrame,
    index: str = "index_relative",
    controls=CONTROLS,
    outcome: str = "participates",
    per: float = 1.1,
    level: float = 0.95,
) -> Result:
    """The same model with the logarithm of the index in place of the label.

    A label and an index are two questions: a label without an association does not mean an index without one.

    Parameters
    ----------
    dyads, index, controls, outcome, level
        As in `threshold_sweep`.
    per : float > 1
        The estimate is the log odds ratio of an index `per` times as high.

    Returns
    -------
    Result
        From `dispersion_interval`; `result.as_odds_ratio` turns it into an odds ratio.
    """
    if not (isinstance(per, (int, float)) and math.isfinite(per) and per > 1):
        raise ParameterError(f"per: expected a number > 1, got {per!r}")
    require_columns(dyads, ["geo", "ipcei_id", index], "dyads")
    name = f"ln_{index}"
    frame = dyads.assign(**{name: np.log(_positive_index(dyads, index)) / math.log(per)})
    result = dispersion_interval(firth_logit(frame, name, controls, outcome, level))
    scale = f"log odds per {100 * (per - 1):.4g} % higher {index}"
    return replace(result, scale=scale, method=f"{result.method}, logarithm of the index")


def _check_cuts(cuts, min_treated: int) -> list[float]:
    try:
        grid = [float(c) for c in cuts]
    except (TypeError, ValueError):
        raise ParameterError(f"cuts: expected numbers, got {cuts!r}") from None
    if not grid or not np.isfinite(grid).all() or (np.diff(grid) <= 0).any():
        raise ParameterError(f"cuts: expected distinct rising finite numbers, got {grid[:5]}")
    if isinstance(min_treated, bool) or not isinstance(min_treated, (int, np.integer)) or min_treated < 1:
        raise ParameterError(f"min_treated: expected a whole number >= 1, got {min_treated!r}")
    return grid


def _positive_index(frame: pd.DataFrame, index: str) -> np.ndarray:
    if frame[index].isna().any():
        lost = frame.loc[frame[index].isna(), ["geo", "ipcei_id"]].astype(str).agg(" ".join, axis=1)
        raise DesignError(f"{index}: missing for {len(lost)} of {len(frame)} dyads, first {', '.join(lost[:5])}")
    values = numeric(frame[index])
    if (values <= 0).any():
        raise DesignError(f"{index}: expected numbers > 0 (EU = 100), got {values.min():g}")
    return values


def _one_cut(
    frame: pd.DataFrame, label: np.ndarray, c: float, controls, outcome, min_treated: int, level: float
) -> dict:
    """Row of one cut that gives new labels."""
    above, below = frame.loc[label, "geo"].nunique(), frame.loc[~label, "geo"].nunique()
    row = {"c": c, "n_treated": above, "n_treated_dyads": int(label.sum()), "same_as": math.nan, "note": ""}
    if min(above, below) < min_treated:
        side, count = ("above", above) if above < min_treated else ("at or below", below)
        return {**row, "note": f"not defined: {count} countries {side} the cut, {min_treated} needed"}
    try:
        fit = firth_logit(frame.assign(above_cut=label), "above_cut", controls, outcome, level)
        result = dispersion_interval(fit)
    except DesignError as cause:
        return {**row, "note": f"not defined: {cause}"}
    if min(above, below) < FEW:
        row["note"] = f"few: {min(above, below)} countries {'above' if above <= below else 'at or below'} the cut"
    return {
        **row,
        "odds_ratio": math.exp(result.estimate),
        "ci_low": math.exp(result.ci_low),
        "ci_high": math.exp(result.ci_high),
        "p_value": result.p_value,
        "dispersion": fit.dispersion,
    }
