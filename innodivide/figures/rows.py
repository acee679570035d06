"""Charts with one row per country."""

import numpy as np
import pandas as pd

from innodivide.figures import parts, style as st
from innodivide.figures.frame_checks import chosen, groups, numbers, ranked, tidy


@st.house
def ranked_dots(
    frame: pd.DataFrame,
    label: str,
    value: str,
    group: str | None = None,
    reference: float | None = None,
    reference_label: str = "",
    xlabel: str = "",
):
    """Draw one dot per row, ranked by value, largest on top; rows without a value come last and say so.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per `label`; `value`, and if given `group` (innovation group).
    reference : float, optional
        A vertical line, named `reference_label`.
    """
    frame = tidy(frame, [label, value, group], [label], [label])
    frame = ranked(frame, numbers(frame, value))
    x = numbers(frame, value)
    figure, ax, y = parts.row_axes(frame[label])
    colours = np.full(len(frame), st.GROUP_COLOURS["strong"])
    if group:
        names = groups(frame[group])
        parts.chips(ax, y, names)
        colours = np.array([st.GROUP_COLOURS.get(name, "white") for name in names])
    known = ~np.isnan(x)
    parts.dots(ax, x[known], y[known], colours[known], edgecolors=st.INK, linewidths=0.6)
    parts.say_missing(ax, y[~known])
    parts.reference_line(ax, reference, reference_label)
    ax.set_xlabel(xlabel)
    return figure


@st.house
def observed_expected(
    frame: pd.DataFrame, label: str, observed: str, expected: str, low: str, high: str, highlight=None, xlabel: str = ""
):
    """Draw what was observed in each row against the interval of what was expected; largest excess on top.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per `label`, with numeric columns `observed`, `expected`, `low`, `high` (interval of the expected).
    highlight : str or iterable, optional
        Labels in the accent colour.
    """
    frame = tidy(frame, [label, observed, expected, low, high], [label], [label])
    frame = ranked(frame, numbers(frame, observed) - numbers(frame, expected))
    figure, ax, y = parts.row_axes(frame[label], chosen(highlight), extra=1.0)
    seen, centre = numbers(frame, observed), numbers(frame, expected)
    draw_observed(ax, y, seen, centre, numbers(frame, low), numbers(frame, high), frame[label].isin(chosen(highlight)))
    parts.say_missing(ax, y[np.isnan(seen) & np.isnan(centre)])
    ax.set_xlabel(xlabel)
    parts.observed_key(figure, "interval", "expected", "its interval")
    return figure


def draw_observed(ax, y, seen, centre, low, high, marked, size: float = 44) -> None:
    """Draw what is expected as a tick on its interval, and what was observed as a dot, filled if outside."""
    edge = {"color": st.RULE, "zorder": 1.4}  # the pale band alone stands out too little
    ax.hlines(y, low, high, linewidth=7, **edge)
    ax.scatter([*low, *high], [*y, *y], marker="|", s=49, linewidth=0.6, **edge)
    ax.hlines(y, low, high, color=st.BAND, linewidth=6, zorder=1.5, label="interval")
    ax.scatter(centre, y, marker="|", s=50, color=st.QUIET, linewidth=1.2, zorder=2, label="expected")
    outside, known = (seen < low) | (seen > high), ~np.isnan(seen)
    colours = np.where(marked, st.ACCENT, st.INK)
    faces = np.where(outside, colours, "white")
    if known.any():
        parts.dots(ax, seen[known], y[known], faces[known], edgecolors=colours[known], linewidths=1.3, s=size)
