"""Charts with one row per country, indicator or group."""

import numpy as np
import pandas as pd
from matplotlib.patches import Patch
from matplotlib.ticker import StrMethodFormatter

from innodivide.errors import ParameterError
from innodivide.figures import style as st


@st.house
def ranked_dots(
    frame: pd.DataFrame,
    label: str,
    value: str,
    low: str | None = None,
    high: str | None = None,
    group: str | None = None,
    reference: float | None = None,
    reference_label: str = "",
    highlight=None,
    xlabel: str = "",
):
    """Draw one dot per row, ranked by value, largest on top; rows without a value come last and say so.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per `label`; `value`, and if given `low`, `high` (interval) and `group` (innovation group).
    reference : float, optional
        A vertical line, named `reference_label`.
    highlight : str or iterable, optional
        Labels in the accent colour; a label that is not in the frame is ignored.
    """
    who, interval = "ranked_dots", st.both_or_none("ranked_dots", low, high)
    frame = st.tidy(who, frame, [label, value, low, high, group], [label], [label])
    frame = st.ranked(frame, st.numbers(who, frame, value))
    x, marked = st.numbers(who, frame, value), st.chosen(highlight)
    figure, ax, y = st.row_axes(frame[label], marked)
    names = st.groups(who, frame[group]) if group else [None] * len(frame)
    if group:
        st.chips(ax, y, names)
    if interval:
        ax.hlines(
            y,
            st.numbers(who, frame, low),
            st.numbers(who, frame, high),
            color=st.RULE,
            linewidth=2,
            zorder=2,
            label="interval",
        )
    known = ~np.isnan(x)
    colours = [_dot_colour(n, lab in marked, bool(group)) for n, lab in zip(names, frame[label])]
    edges = [st.ACCENT if lab in marked else st.INK for lab in frame[label]]
    st.dots(
        ax,
        x[known],
        y[known],
        st.pick(colours, known),
        edgecolors=st.pick(edges, known),
        linewidths=st.pick([1.8 if lab in marked else 0.6 for lab in frame[label]], known),
    )
    st.say_missing(ax, y[~known])
    st.reference_line(ax, reference, reference_label)
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
    who = "observed_expected"
    frame = st.tidy(who, frame, [label, observed, expected, low, high], [label], [label])
    frame = st.ranked(frame, st.numbers(who, frame, observed) - st.numbers(who, frame, expected))
    seen, centre, lows, highs = (st.numbers(who, frame, c) for c in (observed, expected, low, high))
    marked = st.chosen(highlight)
    figure, ax, y = st.row_axes(frame[label], marked, extra=1.0)
    ax.hlines(y, lows, highs, color="#CFCFCF", linewidth=6, zorder=1.5, label="interval")
    ax.scatter(centre, y, marker="|", s=50, color=st.QUIET, linewidth=1.2, zorder=2, label="expected")
    outside, known = (seen < lows) | (seen > highs), ~np.isnan(seen)
    colours = [st.ACCENT if lab in marked else st.INK for lab in frame[label]]
    faces = [c if out else "white" for c, out in zip(colours, outside)]
    st.dots(ax, seen[known], y[known], st.pick(faces, known), edgecolors=st.pick(colours, known), linewidths=1.3)
    st.say_missing(ax, y[~known & np.isnan(centre)])
    ax.set_xlabel(xlabel)
    st.key(
        figure,
        [st.mark("o", st.INK), st.mark("o", "white"), st.mark("|", st.QUIET), Patch(facecolor="#CFCFCF")],
        ["observed, outside the interval", "observed, inside", "expected", "its interval"],
    )
    return figure


@st.house
def strengths(
    frame: pd.DataFrame,
    label: str,
    value: str,
    reference: float | None = 100,
    group_values: str | None = None,
    xlabel: str = "",
    country: str = "this country",
    group_name: str = "mean of the innovation leaders",
    reference_label: str = "EU = 100",
):
    """Draw one country's indicators against the EU and the leaders' mean; its strongest on top.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per indicator `label`; `value` of the country and, if given, `group_values` of the comparison group.
    country, group_name, reference_label : str
        How the key and the line name them.
    """
    who = "strengths"
    frame = st.tidy(who, frame, [label, value, group_values], [label], [label])
    frame = st.ranked(frame, st.numbers(who, frame, value))
    x = st.numbers(who, frame, value)
    figure, ax, y = st.row_axes(frame[label], extra=1.0)
    known = ~np.isnan(x)
    if reference is not None:
        ax.hlines(
            y[known],
            np.minimum(x, reference)[known],
            np.maximum(x, reference)[known],
            color=st.ACCENT,
            linewidth=1.2,
            zorder=2,
        )
    handles, texts = [st.mark("o", st.ACCENT)], [country]
    if group_values:
        means = st.numbers(who, frame, group_values)
        ax.scatter(means, y, marker="D", s=26, color=st.GROUP_COLOURS["leader"], linewidth=0, zorder=2.5, label="group")
        handles, texts = [*handles, st.mark("D", st.GROUP_COLOURS["leader"], 5)], [*texts, group_name]
    st.dots(ax, x[known], y[known], st.ACCENT, edgecolors="white", linewidths=0.6)
    st.say_missing(ax, y[~known])
    st.reference_line(ax, reference, reference_label)
    ax.set_xlabel(xlabel)
    st.key(figure, handles, texts)
    return figure


@st.house
def coverage_bars(
    frame: pd.DataFrame,
    label: str,
    parts,
    unknown: str | None = None,
    highlight=None,
    xlabel: str = "",
    fmt: str = "{:,.0f}",
):
    """Draw stacked bars by row, largest total on top, the total printed; the unknown part is hatched.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per `label`, one non-negative numeric column per part; empty counts as nothing in that part, and a row
        empty in all parts is said to have no data.
    parts : mapping or sequence of str
        Columns in the order drawn, or column -> its name in the key; at most four besides the unknown one.
    unknown : str, optional
        The part whose amount, basis or presence is not known: hatched light grey and drawn last.
    """
    who = "coverage_bars"
    names = dict(parts) if hasattr(parts, "keys") else {p: str(p).replace("_", " ") for p in parts}
    if unknown is not None and unknown not in names:
        raise ParameterError(f"{who}: the unknown part {unknown!r} is not among the parts {', '.join(names)}")
    columns = [c for c in names if c != unknown] + [c for c in names if c == unknown]
    if len(columns) - (unknown is not None) > len(st.PART_COLOURS):
        raise ParameterError(f"{who}: at most {len(st.PART_COLOURS)} known parts can be told apart in grey")
    frame = st.tidy(who, frame, [label, *columns], [label], [label])
    sizes = np.array([st.numbers(who, frame, c) for c in columns])
    if (sizes < 0).any():
        raise ParameterError(f"{who}: a part is negative; a stacked bar cannot show that")
    totals = np.where(np.isnan(sizes).all(axis=0), np.nan, np.nansum(sizes, axis=0))
    rank = np.argsort(-np.nan_to_num(totals, nan=-1), kind="stable")
    sizes, totals, marked = np.nan_to_num(sizes[:, rank]), totals[rank], st.chosen(highlight)
    figure, ax, y = st.row_axes(frame[label].iloc[rank], marked, extra=1.0)
    left, handles = np.zeros(len(frame)), []
    for column, size, colour in zip(columns, sizes, [*st.PART_COLOURS[: len(columns)], "white"]):
        look = st.MISSING if column == unknown else {"facecolor": colour, "edgecolor": "white", "linewidth": 0.4}
        ax.barh(y[size > 0], size[size > 0], left=left[size > 0], height=0.66, zorder=2, label=column, **look)
        handles, left = [*handles, Patch(**look)], left + size
    for at, total in zip(y, totals):
        if not np.isnan(total):
            ax.annotate(
                fmt.format(total),
                (total, at),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=st.SMALL,
                color=st.QUIET,
                bbox=st.PAPER,
            )
    st.say_missing(ax, y[np.isnan(totals)], hatched=False)
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))
    ax.set_xlim(0, (np.nanmax(totals) or 1) if not np.isnan(totals).all() else 1)
    ax.set_xlabel(xlabel)
    st.key(figure, handles, [names[c] for c in columns], columns=4)
    return figure


def _dot_colour(group, marked: bool, grouped: bool) -> str:
    if grouped:
        return "white" if group is None else st.GROUP_COLOURS[group]
    return st.ACCENT if marked else st.GROUP_COLOURS["strong"]
