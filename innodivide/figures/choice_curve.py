"""The specification curve: every estimate of a grid, sorted, over the choices that made it."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from innodivide.errors import ParameterError
from innodivide.figures import parts, style as st
from innodivide.figures.frame_checks import numbers, ranked, tidy

LIMITS = (0.05, 20.0)  # an interval that runs beyond is cut there: the data say how far it goes
TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)


@st.house
def specification_curve(
    frame: pd.DataFrame,
    label: str,
    estimate: str,
    low: str,
    high: str,
    choices: dict[str, str],
    highlight: str,
    ylabel: str = "",
):
    """Draw sorted estimates with intervals above, and marks for the choices behind each below.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per specification `label`, estimates and intervals > 0 (a ratio), one text column per choice.
    choices : mapping
        Column -> heading of the lower panel, in order.
    highlight : str
        The specification drawn in the accent colour.
    """
    frame = tidy(frame, [label, estimate, low, high, *choices], [label], [label])
    frame = ranked(frame, numbers(frame, estimate))[::-1].reset_index(drop=True)
    x = np.arange(len(frame))
    value, lows, highs = numbers(frame, estimate), numbers(frame, low), numbers(frame, high)
    if not (value > 0).all():
        raise ParameterError(f"column {estimate!r} needs a positive number in every row")
    marked = (frame[label] == highlight).to_numpy()
    rows = [(column, level) for column in choices for level in dict.fromkeys(sorted(frame[column].astype(str)))]
    heights = [1.8, 0.14 * len(rows) + 0.08 * len(choices)]  # together they leave room for a title on the page
    figure = Figure(figsize=(st.WIDTH, sum(heights)), layout="constrained")
    top, below = figure.subplots(2, 1, sharex=True, height_ratios=heights)
    top.set_ylim(*LIMITS)
    top.set_yscale("log")
    top.set_yticks(TICKS, [st.short(t) for t in TICKS])
    top.minorticks_off()
    top.tick_params(axis="x", length=0, labelbottom=False)
    ends = np.clip(lows, *LIMITS), np.clip(highs, *LIMITS)
    top.vlines(x, *ends, color="#C9CDD2", linewidth=0.6, zorder=1, rasterized=True)
    top.scatter(x, value, s=5, color=st.GROUP_COLOURS["strong"], linewidths=0, zorder=2, rasterized=True)
    top.vlines(x[marked], lows[marked], highs[marked], color=st.ACCENT, linewidth=1.8, zorder=3)
    top.scatter(x[marked], value[marked], s=34, color=st.ACCENT, zorder=4)
    parts.reference_line(top, 1.0, axis="y")
    top.set_ylabel(ylabel)
    _choice_marks(below, frame, x, choices, rows, marked)
    return figure


def _choice_marks(ax, frame, x, choices, rows, marked) -> None:
    """Mark which level of each choice a specification has: one row for each level, headed by its choice."""
    places, y, last = [], 0.0, None
    for column, _ in rows:
        y += 1.0 + (0.7 if column != last else 0.0)
        places.append(y)
        last = column
    for (column, level), place in zip(rows, places):
        has = (frame[column].astype(str) == level).to_numpy()
        ax.vlines(x[has], place - 0.36, place + 0.36, color=st.INK, linewidth=0.5, rasterized=True)
        ax.vlines(x[has & marked], place - 0.42, place + 0.42, color=st.ACCENT, linewidth=2.2)
    heads = {column: places[[c for c, _ in rows].index(column)] for column in choices}
    ax.set_yticks(places, [f"{choices[c]}: {level}" if heads[c] == p else level for (c, level), p in zip(rows, places)])
    ax.set_ylim(max(places) + 0.8, 0.4)
    ax.set_xlim(-1, len(x))
    ax.tick_params(axis="both", length=0, labelsize=st.SMALL, labelbottom=False)
    ax.spines[:].set_visible(False)
    ax.grid(False)
    ax.set_xlabel("Specifications, from lowest to highest estimate")
