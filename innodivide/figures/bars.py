"""Charts that need no explanation: shares and amounts as bars, and where each stood first and last."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from innodivide.errors import ParameterError
from innodivide.figures import parts, style as st
from innodivide.figures.frame_checks import numbers, tidy

BAR = 0.3  # inches: from one bar to the next
KINDS = (st.GROUP_COLOURS["moderate"], st.GROUP_COLOURS["emerging"])
ONE_COLUMN = 15  # rows: more stand in two columns
RISE, FALL = st.GROUP_COLOURS["strong"], st.ACCENT


@st.house
def bars(
    frame: pd.DataFrame,
    label: str,
    value: str,
    order: str,
    low: str | None = None,
    high: str | None = None,
    kind: str | None = None,
    text: Callable[[float], str] = "{:.0%}".format,
    xlabel: str = "",
):
    """Draw horizontal bars with their values, and without kinds also their intervals, written beside them.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per `label` and, if given, `kind`; `value` is a number at or above zero, `low` and `high` are the ends
        of its interval, drawn as a line.
    order : str
        Column that ranks the rows, smallest on top.
    kind : str, optional
        Column of two kinds that share a row, told apart by shade and, in the first row, by name.
    text : callable
        How a value is written.
    """
    frame = tidy(frame, [label, value, order, low, high, kind], [order], [label, *([kind] if kind else [])])
    names, kinds = (list(dict.fromkeys(frame[c])) if c else [None] for c in (label, kind))
    if len(kinds) > len(KINDS):
        raise ParameterError(f"column {kind!r}: at most {len(KINDS)} kinds share a row, got {len(kinds)}")
    x = numbers(frame, value)
    if not np.isfinite(x).all() or (x < 0).any():
        raise ParameterError(f"column {value!r}: expected numbers at or above zero, nothing missing")
    figure, ax, places = parts.row_axes(names, row=BAR * len(kinds), extra=0.5, wrap=34)
    which = np.array([kinds.index(k) for k in frame[kind]] if kind else np.zeros(len(frame), dtype=int))
    at = places[[names.index(n) for n in frame[label]]] + (which - (len(kinds) - 1) / 2) / len(kinds) * 0.86
    ax.barh(
        at,
        x,
        height=0.7 / len(kinds),
        color=np.array(KINDS)[which],
        edgecolor=st.RULE,
        linewidth=0.5,
        zorder=2,
        label="values",
    )
    ends = np.fmax(x, numbers(frame, high))
    if low and high:
        look = {"color": st.INK, "linewidth": 1.4, "zorder": 3, "label": "interval"}
        ax.hlines(at, numbers(frame, low), numbers(frame, high), **look)
    for row, (y, one, end) in enumerate(zip(at, x, ends)):
        beside = kind and not st.is_narrow() and frame[label].iloc[row] == names[0]
        named = f"{text(one)}  {frame[kind].iloc[row]}" if beside else text(one)
        if low and high and not kind:
            named += f" ({text(frame[low].iloc[row])} to {text(frame[high].iloc[row])})"
        parts.beside(ax, named, (end, y), (5, 0), va="center", fontweight="bold", fontsize=9)
    if kind and st.is_narrow():
        parts.key(figure, [Patch(facecolor=c, edgecolor=st.RULE) for c in KINDS], [str(k) for k in kinds])
    room = st.by_width(1.8, 1.4) if kind else st.by_width(1.6, 2.2) if low else st.by_width(1.25, 1.4)  # for the words
    ax.set_xlim(0, max(room * ends.max(), 1e-9))
    _without_scale(ax)
    ax.set_xlabel(xlabel)
    return figure


def _without_scale(ax) -> None:
    """Take away the scale: every value is written."""
    ax.set_xticks([])
    ax.spines["bottom"].set_visible(False)
    for line in ax.collections[:1]:  # the pale lines along the rows
        line.set_visible(False)


@st.house
def dumbbells(
    frame: pd.DataFrame,
    label: str,
    first: str,
    last: str,
    names: tuple[str, str],
    reference: float | None = None,
    reference_label: str = "",
    xlabel: str = "",
):
    """Draw where each row stood first (open dot) and last (filled), highest last on top; falls in the accent colour.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per `label`; `first` and `last` are numbers.
    names : pair of str
        Written beside the two dots of the first row.
    """
    frame = tidy(frame, [label, first, last], [last, label], [label]).iloc[::-1]
    start, end = numbers(frame, first), numbers(frame, last)
    if not np.isfinite([start, end]).all():
        raise ParameterError(f"columns {first!r}, {last!r}: a value is missing or infinite")
    half = len(frame) if len(frame) <= ONE_COLUMN or st.is_narrow() else -(-len(frame) // 2)
    figure = Figure(figsize=(st.width(), 0.17 * half + 0.75), dpi=st.DPI, layout="constrained")
    columns = figure.subplots(1, -(-len(frame) // half), sharex=True, squeeze=False)[0]
    for k, ax in enumerate(columns):
        rows = slice(k * half, (k + 1) * half)
        _pairs(ax, frame[label].iloc[rows], start[rows], end[rows], half)
        parts.reference_line(ax, reference, reference_label)
        ax.set_xlabel(xlabel)
    for value, other, name in ((start[0], end[0], names[0]), (end[0], start[0], names[1])):
        side = 1 if value >= other else -1
        parts.beside(columns[0], name, (value, 0), (6 * side, 0), ha="left" if side > 0 else "right", va="center")
    columns[0].margins(x=0.16)
    return figure


def _pairs(ax, labels, start, end, size: int) -> None:
    """Draw one column of `size` rows: a line from the first to the last value of each."""
    y = np.arange(len(labels))
    parts.short_rows(ax, labels, size)
    colours = np.where(end >= start, RISE, FALL)
    ax.hlines(y, start, end, color=colours, linewidth=2.2, zorder=2, label="change")
    parts.dots(ax, end, y, colours, s=30)
    ax.scatter(start, y, c="white", edgecolors=colours, linewidths=1.1, s=26, zorder=3, label="first")
