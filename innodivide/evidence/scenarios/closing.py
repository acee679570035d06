"""What would have to be true for the divide to close by a given year: the pace needed beside the pace seen so far.

Ranges of the past, never forecasts: no pace of the past is taken as likely to last.
"""

import math

import numpy as np
import pandas as pd

from innodivide.errors import DataError, DesignError
from innodivide.models.frame_columns import require_columns

YEARS = (2030, 2040)
WINDOW = 3  # years: the past range is that of the growth over all stretches of this length
TARGET = 100.0  # the EU of the same year
SHARE = 0.5  # of the spread that would be left
READINGS = (
    "already there",
    "within its own past",
    "beyond its own past, within that of another",
    "beyond the past of all",
)


def percent(log_growth):
    """Return growth in percent, 100 (exp(x) - 1), of yearly log growth x: 0.15 is 16.2 percent, not 15."""
    return 100 * np.expm1(log_growth)


def closing_speed(series: pd.DataFrame) -> pd.DataFrame:
    """Return the yearly growth that would take each country to the EU by 2030 and 2040, beside the growth it has had.

    Parameters
    ----------
    series : pandas.DataFrame
        Columns geo, year and relative (> 0, EU of the same year = 100, so that growth is growth beyond that of the
        EU), every country in every year; one edition's back-series.

    Returns
    -------
    pandas.DataFrame
        Columns geo, by, start_year, value, needed_low, needed_high, past_low, past_high, best (highest past of any
        country), all in percent a year (`percent` of the log growth), best_geo (that country), level_low, level_high
        (where the country would stand if its lowest or highest pace held in every year to come, which no country has
        shown; EU = 100), target_low, target_high, reading. Both ends of the needed pace, and of the target, are one
        number: relative to the EU of its own year the EU does not move.

    Raises
    ------
    DataError, DesignError
        Missing or not positive values; fewer years than the window needs; a series that ends too late.
    """
    wide = _wide(series)
    last, value = int(wide.columns[-1]), wide.iloc[:, -1].to_numpy()
    past = _window_growth(np.log(wide.to_numpy()))
    low, high = past.min(axis=1), past.max(axis=1)
    found = []
    for year in YEARS:
        span, start = year - last, np.log(value)
        pace = (np.log(TARGET) - start) / span
        columns = {
            "geo": wide.index,
            "by": year,
            "start_year": last,
            "value": value,
            "needed_low": percent(pace),
            "needed_high": percent(pace),
            "past_low": percent(low),
            "past_high": percent(high),
            "best": percent(high.max()),
            "best_geo": wide.index[high.argmax()],
            "level_low": np.exp(start + span * low),
            "level_high": np.exp(start + span * high),
            "target_low": TARGET,
            "target_high": TARGET,
            "reading": np.select([pace <= 0, pace <= high, pace <= high.max()], READINGS[:3], READINGS[3]),
        }
        found.append(pd.DataFrame(columns))
    return pd.concat(found, ignore_index=True)


def closing_spread(series: pd.DataFrame) -> pd.DataFrame:
    """Return the yearly change of the spread (sd of logs) that would leave half of it, beside its past range.

    Parameters
    ----------
    series : pandas.DataFrame
        As for `closing_speed`.

    Returns
    -------
    pandas.DataFrame
        Columns by, start_year, spread, goal, needed (percent a year), past_low, past_high (percent a year, over
        stretches of three years), spread_low, spread_high (by then, at the fastest and slowest past pace), reading.
    """
    wide = _wide(series)
    spread = np.log(wide).std(ddof=1).to_numpy()
    if spread.min() <= 1e-12:
        raise DesignError("series: all countries are equal in some year, so there is no spread to close")
    past = _window_growth(np.log(spread)[None, :])[0]
    frame = pd.DataFrame({"by": YEARS, "start_year": int(wide.columns[-1]), "spread": spread[-1]})
    span = frame["by"] - frame["start_year"]
    needed = math.log(SHARE) / span
    return frame.assign(
        goal=SHARE * spread[-1],
        needed=percent(needed),
        past_low=percent(past.min()),
        past_high=percent(past.max()),
        spread_low=spread[-1] * np.exp(span * past.min()),
        spread_high=spread[-1] * np.exp(span * past.max()),
        reading=np.where(needed >= past.min(), "within its own past", "faster than at any time in the series"),
    )


def _wide(series: pd.DataFrame) -> pd.DataFrame:
    """Return the series with a column for each year, after checking that it is whole and long enough."""
    require_columns(series, ["geo", "year", "relative"], "series")
    if series.empty or series.duplicated(["geo", "year"]).any():
        raise DataError("series: expected one row for each geo and year, at least one")
    wide = series.pivot(index="geo", columns="year", values="relative").sort_index().sort_index(axis=1).astype(float)
    bad = ~(wide > 0)
    if bad.to_numpy().any():
        row, column = np.argwhere(bad.to_numpy())[0]
        raise DataError(f"series: no positive relative of {wide.index[row]} in {wide.columns[column]}")
    years = list(map(int, wide.columns))
    if len(years) <= WINDOW or years != list(range(years[0], years[-1] + 1)):
        raise DesignError(f"series: needs at least {WINDOW + 1} years without a gap, it has {years}")
    if years[-1] >= min(YEARS):
        raise DesignError(f"series: ends in {years[-1]}, expected a year before {min(YEARS)}")
    return wide


def _window_growth(logs: np.ndarray) -> np.ndarray:
    """Yearly log growth over every stretch of `WINDOW` years, (rows, stretches)."""
    return (logs[:, WINDOW:] - logs[:, :-WINDOW]) / WINDOW
