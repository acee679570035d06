"""Figures of two panels side by side, for reports that must be short."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from innodivide.errors import ParameterError
from innodivide.figures import style as st


@st.house
def strength_columns(
    frame: pd.DataFrame,
    label: str,
    value: str,
    group_values: str,
    reference: float = 100,
    country: str = "this country",
    group_name: str = "mean of the leaders",
    xlabel: str = "",
):
    """Draw `strengths` in two columns of short rows, the stronger half left, the weaker right, on one scale.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per indicator `label` (short: it is not wrapped); `value` of the country, `group_values` of the group.
    """
    who = "strength_columns"
    frame = st.tidy(who, frame, [label, value, group_values], [label], [label])
    frame = st.ranked(frame, st.numbers(who, frame, value))
    half = -(-len(frame) // 2)
    figure = Figure(figsize=(st.WIDTH, 0.158 * half + 0.72), dpi=st.DPI, layout="constrained")
    columns = figure.subplots(1, 2, sharex=True)
    for ax, part in zip(columns, (frame[:half], frame[half:])):
        short_rows(ax, part[label], half)
        x, means, y = st.numbers(who, part, value), st.numbers(who, part, group_values), np.arange(len(part))
        known = ~np.isnan(x)
        ax.hlines(
            y[known],
            np.minimum(x, reference)[known],
            np.maximum(x, reference)[known],
            color=st.ACCENT,
            linewidth=1.2,
            zorder=2,
        )
        ax.scatter(means, y, marker="D", s=18, color=st.GROUP_COLOURS["leader"], linewidth=0, zorder=2.5, label="group")
        st.dots(ax, x[known], y[known], st.ACCENT, edgecolors="white", linewidths=0.5, s=34)
        ax.axvline(reference, color=st.QUIET, linewidth=1, linestyle=(0, (4, 2)), zorder=1.5, label="reference")
        for at in y[~known]:
            ax.text(
                0.02,
                at,
                "no data",
                transform=ax.get_yaxis_transform(),
                va="center",
                fontsize=st.SMALL,
                color=st.QUIET,
                bbox=st.PAPER,
            )
        ax.set_xlabel(xlabel, fontsize=st.SMALL)
    st.key(figure, [st.mark("o", st.ACCENT), st.mark("D", st.GROUP_COLOURS["leader"], 5)], [country, group_name])
    return figure


@st.house
def record_and_scenarios(
    record: pd.DataFrame,
    scenarios: pd.DataFrame,
    highlight: str,
    xlabel: str = "",
    heads=("Observed, and expected of states like it", "This state if ..."),
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
    """
    who = "record_and_scenarios"
    record, scenarios = (
        st.tidy(who, f.assign(order=range(len(f))), ["label", "expected", "low", "high"], ["order"], ["label"])
        for f in (record, scenarios)
    )
    size = max(len(record), len(scenarios))
    figure = Figure(figsize=(st.WIDTH, 0.25 * size + 1.0), dpi=st.DPI, layout="constrained")
    for ax, part, head in zip(figure.subplots(1, 2, sharex=True), (record, scenarios), heads):
        short_rows(ax, part["label"], size)
        y, centre, low, high = np.arange(len(part)), *(st.numbers(who, part, c) for c in ("expected", "low", "high"))
        ax.hlines(y, low, high, color="#CFCFCF", linewidth=6, zorder=1.5, label="interval")
        ax.scatter(centre, y, marker="|", s=50, color=st.QUIET, linewidth=1.2, zorder=2, label="expected")
        if "observed" in part:
            seen = st.numbers(who, part, "observed")
            colours = [st.ACCENT if name == highlight else st.INK for name in part["label"]]
            out = (seen < low) | (seen > high)
            faces = [c if o else "white" for c, o in zip(colours, out)]
            st.dots(ax, seen, y, faces, edgecolors=colours, linewidths=1.3, s=38)
        for tick in ax.get_yticklabels():
            if tick.get_text() == highlight:
                tick.set(color=st.ACCENT, fontweight="bold")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_title(head, fontsize=st.SMALL, loc="right", color=st.QUIET)
        ax.set_xlabel(xlabel, fontsize=st.SMALL)
    st.key(
        figure,
        [st.mark("o", st.INK), st.mark("o", "white"), st.mark("|", st.QUIET), Patch(facecolor="#CFCFCF")],
        ["observed, outside the range", "observed, inside", "expected or mean", "95% range"],
    )
    return figure


def short_rows(ax, labels, size: int) -> None:
    """Give axes one labelled row per label, first on top, as high as `size` rows."""
    if not len(labels):
        raise ParameterError("panels: no rows to draw")
    ax.set_yticks(range(len(labels)), [str(t) for t in labels])
    ax.set_ylim(size - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.hlines(range(len(labels)), 0, 1, transform=ax.get_yaxis_transform(), color=st.GRID, linewidth=0.6, zorder=0)
    ax.grid(axis="x")
