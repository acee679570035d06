"""Figures of two panels side by side, for reports that must be short."""

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from innodivide.figures import parts, style as st
from innodivide.figures.frame_checks import numbers, ranked, tidy
from innodivide.figures.rows import draw_observed

EU = 100
ENDS = 5  # strongest and weakest indicators that stand large


@st.house
def strength_columns(
    frame: pd.DataFrame, label: str, value: str, group_values: str, country: str, group_name: str, xlabel: str = ""
):
    """Draw one country's indicators against the EU (100) and the mean of a group, on one scale.

    The `ENDS` strongest and the `ENDS` weakest stand large on the left, all others small on the right.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per indicator `label` (short: it is not wrapped); `value` of the country, `group_values` of the group.
    country, group_name : str
        How the key names them.
    """
    frame = tidy(frame, [label, value, group_values], [label], [label])
    frame = ranked(frame, numbers(frame, value))
    known = frame[~np.isnan(numbers(frame, value))]
    ends = pd.concat([known[:ENDS], known[max(ENDS, len(known) - ENDS) :]])
    rest = frame.drop(index=ends.index)
    heights = 0.148 * 1.6 * (len(ends) + 1), 0.148 * len(rest)
    large, small = parts.two_panels(max(heights), heights, 0.75, (1.15, 1), sharex=True)
    gap = np.where(np.arange(len(ends)) < ENDS, 0, 0.8)  # between the strongest and the weakest
    _strengths(large, ends, label, value, group_values, np.arange(len(ends)) + gap, 1.3)
    _strengths(small, rest, label, value, group_values, np.arange(len(rest)) + 0.0, 0.75)
    small.tick_params(axis="y", labelsize=st.SMALL - 1, labelcolor=st.QUIET)
    for ax in (large, small):
        ax.set_xlabel(xlabel, fontsize=st.SMALL)
    marks = [parts.mark("o", st.ACCENT), parts.mark("D", st.GROUP_COLOURS["leader"], 5)]
    parts.key(large.figure, marks, [country, group_name])
    return large.figure


def _strengths(ax, part: pd.DataFrame, label: str, value: str, group_values: str, y: np.ndarray, scale: float) -> None:
    """Draw some indicators at the heights `y`; marks grow with `scale`."""
    parts.label_rows(ax, y, [str(t) for t in part[label]], (max(y, default=0) + 0.6, -0.6))
    x, means = numbers(part, value), numbers(part, group_values)
    known = ~np.isnan(x)
    ends = np.minimum(x, EU)[known], np.maximum(x, EU)[known]
    ax.hlines(y[known], *ends, color=st.ACCENT, linewidth=1.2 * scale, zorder=2)
    ax.scatter(
        means, y, marker="D", s=18 * scale, color=st.GROUP_COLOURS["leader"], linewidth=0, zorder=2.5, label="group"
    )
    parts.dots(ax, x[known], y[known], st.ACCENT, edgecolors="white", linewidths=0.5, s=34 * scale)
    ax.axvline(EU, color=st.QUIET, linewidth=1, linestyle=(0, (4, 2)), zorder=1.5, label="reference")
    for at in y[~known]:
        parts.say_no_data(ax, 0.02, at)


@st.house
def record_and_scenarios(
    record: pd.DataFrame, scenarios: pd.DataFrame, highlight: str, xlabel: str, heads: tuple[str, str]
):
    """Draw observed against expected counts of a few states (left) and the range of one state's scenarios (right).

    Parameters
    ----------
    record : pandas.DataFrame
        Columns label, observed, expected, low, high, in the order drawn.
    scenarios : pandas.DataFrame
        Columns label, expected, low, high, in the order drawn.
    highlight : str
        Label of `record` in the accent colour.
    heads : pair of str
        Written above the two panels.
    """
    record, scenarios = (
        tidy(f.assign(order=range(len(f))), ["label", "expected", "low", "high"], ["order"], ["label"])
        for f in (record, scenarios)
    )
    size = max(len(record), len(scenarios))
    panels = parts.two_panels(0.25 * size, (0.25 * size, 0.25 * size), 1.0, sharex=True)
    for ax, part, head in zip(panels, (record, scenarios), heads):
        parts.short_rows(ax, part["label"], size)
        seen = numbers(part, "observed" if "observed" in part else None)
        ranges = (numbers(part, c) for c in ("expected", "low", "high"))
        marked = part["label"] == highlight
        draw_observed(ax, np.arange(len(part)), seen, *ranges, marked, size=38)
        parts.accent_labels(ax, marked)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_title(head, fontsize=st.SMALL, loc="right", color=st.QUIET)
        ax.set_xlabel(xlabel, fontsize=st.SMALL)
    parts.observed_key(ax.figure, "range", "expected or mean", "95% range")
    return ax.figure
