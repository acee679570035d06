"""What would have to be true for the divide to close by a given year: the pace needed beside the pace seen so far.

Ranges of the past, never forecasts: no pace of the past is taken as likely to last.
"""

import math

import numpy as np
import pandas as pd

from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.models.estimators.design import require_columns

_READINGS = (
    "already there",
    "within its own past",
    "beyond its own past, within that of another",
    "beyond the past of all",
)


def closing_speed(
    series: pd.DataFrame, target=100.0, years=(2030, 2040), window: int = 3, value: str = "relative"
) -> pd.DataFrame:
    """Return the yearly growth that would take each country to the target by given years, beside the growth it has had.

    Parameters
    ----------
    series : pandas.DataFrame
        Columns geo, year and `value` (> 0), every country in every year; one edition's back-series. In percent of the
        EU of the same year, growth is growth beyond that of the EU.
    target : float or pandas.Series
        A fixed level, or the target's own series by year (for example the mean of the leaders), which goes on growing
        at its lowest to its highest past pace.
    years : sequence of int
        Each after the last year of the series.
    window : int
        Length in years of the stretches whose yearly log growth makes the past range (all overlapping ones).

    Returns
    -------
    pandas.DataFrame
        Columns geo, by, start_year, value, needed_low, needed_high, past_low, past_high, best (highest past of any
        country), all in percent a year (log growth), best_geo (that country), level_low, level_high (where the country
        would stand if its lowest or highest pace held in every year to come, which no country has shown; in the unit
        of `value`), target_low, target_high, reading.

    Raises
    ------
    DataError, DesignError, ParameterError
        Missing or not positive values; fewer years than the window needs; years that are not in the future of the
        series.
    """
    wide = _wide(series, value)
    last = int(wide.columns[-1])
    _check_horizon(wide, years, window, last)
    past = _window_growth(np.log(wide.to_numpy()), window)
    low, high = past.min(axis=1), past.max(axis=1)
    aim, aim_low, aim_high = _target(target, wide.columns, window)
    found = []
    for year in years:
        span, start = year - last, np.log(wide.iloc[:, -1].to_numpy())
        goal = np.array([np.log(aim) + span * g for g in (aim_low, aim_high)])
        needed = (goal[:, None] - start) / span
        reading = np.select([needed[1] <= 0, needed[1] <= high, needed[1] <= high.max()], _READINGS[:3], _READINGS[3])
        found.append(
            pd.DataFrame(
                {
                    "geo": wide.index,
                    "by": year,
                    "start_year": last,
                    "value": wide.iloc[:, -1].to_numpy(),
                    "needed_low": 100 * needed[0],
                    "needed_high": 100 * needed[1],
                    "past_low": 100 * low,
                    "past_high": 100 * high,
                    "best": 100 * high.max(),
                    "best_geo": wide.index[high.argmax()],
                    "level_low": np.exp(start + span * low),
                    "level_high": np.exp(start + span * high),
                    "target_low": math.exp(goal[0]),
                    "target_high": math.exp(goal[1]),
                    "reading": reading,
                }
            )
        )
    return pd.concat(found, ignore_index=True)


def closing_spread(
    series: pd.DataFrame, share: float = 0.5, years=(2030, 2040), window: int = 3, value: str = "relative"
) -> pd.DataFrame:
    """Return the yearly change of the spread (sd of logs) that would leave `share` of it, beside its past range.

    Returns
    -------
    pandas.DataFrame
        Columns by, start_year, spread, goal, needed (percent a year), past_low, past_high (percent a year, over
        stretches of `window` years), spread_low, spread_high (by then, at the fastest and slowest past pace), reading.
    """
    if not 0 < share < 1:
        raise ParameterError(f"share: expected a number in (0, 1), got {share!r}")
    wide = _wide(series, value)
    last = int(wide.columns[-1])
    _check_horizon(wide, years, window, last)
    spread = np.log(wide).std(ddof=1).to_numpy()
    if spread.min() <= 1e-12:
        raise DesignError("series: all countries are equal in some year, so there is no spread to close")
    past = _window_growth(np.log(spread)[None, :], window)[0]
    needed = np.array([math.log(share) / (year - last) for year in years])
    frame = pd.DataFrame(
        {
            "by": list(years),
            "start_year": last,
            "spread": spread[-1],
            "goal": share * spread[-1],
            "needed": 100 * needed,
            "past_low": 100 * past.min(),
            "past_high": 100 * past.max(),
        }
    )
    span = frame["by"] - last
    return frame.assign(
        spread_low=spread[-1] * np.exp(span * past.min()),
        spread_high=spread[-1] * np.exp(span * past.max()),
        reading=np.where(needed >= past.min(), "within its own past", "faster than at any time in the series"),
    )


def participation_needed(totals: pd.DataFrame, n_new=(1, 20)) -> pd.DataFrame:
    """Return how many of the next projects each country would have to join to reach the leaders' cumulated rate.

    Parameters
    ----------
    totals : pandas.DataFrame
        From `panel.country_totals`: geo, n_participations, n_possible, leader_any.
    n_new : pair of int
        Fewest and most new projects assumed; the leaders go on at their mean rate.

    Returns
    -------
    pandas.DataFrame
        Columns geo, n_participations, n_possible, rate, target_rate, then for the fewest (_few) and the most (_many)
        new projects: n_new, needed (projects to join, 0 if at or above the rate), share_needed (of the new ones;
        missing where it is impossible) and possible.
    """
    require_columns(totals, ["geo", "n_participations", "n_possible", "leader_any"], "totals")
    few, many = n_new
    if not all(isinstance(n, (int, np.integer)) for n in n_new) or not 1 <= few <= many:
        raise ParameterError(f"n_new={n_new!r}: expected two whole numbers, 1 <= fewest <= most")
    frame = totals.sort_values("geo", ignore_index=True)
    leaders = frame[frame["leader_any"].astype(bool)]
    if leaders.empty:
        raise DesignError("leader_any: no country has ever been a leader, so there is no rate to reach")
    rate = leaders["n_participations"].sum() / leaders["n_possible"].sum()
    out = frame[["geo", "n_participations", "n_possible"]].assign(
        rate=frame["n_participations"] / frame["n_possible"], target_rate=rate
    )
    for name, n in (("few", int(few)), ("many", int(many))):
        # a whisker off before rounding up: 0.3 x 10 must need 3, not 4
        needed = np.maximum(np.ceil(rate * (frame["n_possible"] + n) - frame["n_participations"] - 1e-9), 0).astype(int)
        out[[f"n_new_{name}", f"needed_{name}", f"possible_{name}"]] = np.column_stack(
            [np.full(len(out), n), needed, needed <= n]
        )
        out[f"possible_{name}"] = out[f"possible_{name}"].astype(bool)
        out[f"share_needed_{name}"] = (needed / n).where(needed <= n)
    return out


def _wide(series: pd.DataFrame, value: str) -> pd.DataFrame:
    require_columns(series, ["geo", "year", value], "series")
    if series.empty or series.duplicated(["geo", "year"]).any():
        raise DataError("series: expected one row for each geo and year, at least one")
    wide = series.pivot(index="geo", columns="year", values=value).sort_index().sort_index(axis=1).astype(float)
    bad = ~(wide > 0)
    if bad.to_numpy().any():
        row, column = np.argwhere(bad.to_numpy())[0]
        raise DataError(f"series: no positive {value} of {wide.index[row]} in {wide.columns[column]}")
    return wide


def _check_horizon(wide: pd.DataFrame, years, window: int, last: int) -> None:
    steps = np.diff(wide.columns.to_numpy(dtype=int))
    if not isinstance(window, (int, np.integer)) or window < 1:
        raise ParameterError(f"window: expected a whole number >= 1, got {window!r}")
    if len(steps) < window or (steps != 1).any():
        raise DesignError(
            f"series: needs at least {window + 1} years without a gap, it has {list(map(int, wide.columns))}"
        )
    if not len(years) or any(y <= last for y in years):
        raise ParameterError(f"years={years!r}: expected years after {last}")


def _window_growth(logs: np.ndarray, window: int) -> np.ndarray:
    """Yearly log growth over every stretch of `window` years, (rows, stretches)."""
    return (logs[:, window:] - logs[:, :-window]) / window


def _target(target, columns, window: int) -> tuple[float, float, float]:
    """Level in the last year, lowest and highest past growth of the target."""
    if isinstance(target, pd.Series):
        path = target.reindex(columns).to_numpy(dtype=float)
        if not (path > 0).all():
            raise DataError("target: expected a positive value for every year of the series")
        growth = _window_growth(np.log(path)[None, :], window)[0]
        return float(path[-1]), float(growth.min()), float(growth.max())
    if not isinstance(target, (int, float)) or not target > 0:
        raise ParameterError(f"target: expected a positive number or a series by year, got {target!r}")
    return float(target), 0.0, 0.0
