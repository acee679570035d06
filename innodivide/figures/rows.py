"""Charts with one row per country, indicator or group."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from innodivide.errors import ParameterError
from innodivide.figures import style as st


@st.house
def ranked_dots(frame: pd.DataFrame, label: str, value: str, low: str | None = None, high: str | None = None,
                group: str | None = None, reference: float | None = None, reference_label: str = "",
                highlight=None, xlabel: str = ""):
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
    frame = _ranked(frame, st.numbers(who, frame, value))
    x, y, marked = st.numbers(who, frame, value), np.arange(len(frame)), st.chosen(highlight)
    figure, ax = st.row_axes(frame[label], marked)
    names = st.groups(who, frame[group]) if group else [None] * len(frame)
    if group:
        st.chips(ax, names)
    if interval:
        ax.hlines(y, st.numbers(who, frame, low), st.numbers(who, frame, high), color=st.RULE, linewidth=2,
                  zorder=2, label="interval")
    known = ~np.isnan(x)
    colours = [_dot_colour(n, lab in marked, bool(group)) for n, lab in zip(names, frame[label])]
    edges = [st.ACCENT if lab in marked else st.INK for lab in frame[label]]
    _dots(ax, x[known], y[known], _pick(colours, known), edgecolors=_pick(edges, known),
          linewidths=_pick([1.8 if lab in marked else 0.6 for lab in frame[label]], known))
    st.say_missing(ax, y[~known])
    st.reference_line(ax, reference, reference_label)
    ax.set_xlabel(xlabel)
    return figure


@st.house
def observed_expected(frame: pd.DataFrame, label: str, observed: str, expected: str, low: str, high: str,
                      highlight=None, xlabel: str = ""):
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
    frame = _ranked(frame, st.numbers(who, frame, observed) - st.numbers(who, frame, expected))
    seen, centre, lows, highs = (st.numbers(who, frame, c) for c in (observed, expected, low, high))
    y, marked = np.arange(len(frame)), st.chosen(highlight)
    figure, ax = st.row_axes(frame[label], marked, extra=1.0)
    ax.hlines(y, lows, highs, color="#CFCFCF", linewidth=6, zorder=1.5, label="interval")
    ax.scatter(centre, y, marker="|", s=50, color=st.QUIET, linewidth=1.2, zorder=2, label="expected")
    outside, known = (seen < lows) | (seen > highs), ~np.isnan(seen)
    colours = [st.ACCENT if lab in marked else st.INK for lab in frame[label]]
    faces = [c if out else "white" for c, out in zip(colours, outside)]
    _dots(ax, seen[known], y[known], _pick(faces, known), edgecolors=_pick(colours, known), linewidths=1.3)
    st.say_missing(ax, y[~known & np.isnan(centre)])
    ax.set_xlabel(xlabel)
    st.key(figure, [_mark("o", st.INK), _mark("o", "white"), _mark("|", st.QUIET), Patch(facecolor="#CFCFCF")],
           ["observed, outside the interval", "observed, inside", "expected", "its interval"])
    return figure


@st.house
def interval_plot(frame: pd.DataFrame, label: str, estimate: str, low: str, high: str, reference: float | None = 1.0,
                  log: bool = True, note: str | None = None, xlabel: str = "", order: str | None = None,
                  heading: str = "estimate (95% interval)"):
    """Draw estimates with intervals, one row each, the numbers printed at the right (a forest plot).

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per `label`. An infinite bound is drawn as an arrow; an interval is also cut, with an arrow, where it
        runs more than a hundred times beyond all estimates (log scale). The numbers printed are never cut.
    note : str, optional
        Text column printed after the number, such as the number of observations.
    order : str, optional
        Column that ranks the rows, first on top; otherwise by estimate, largest on top.
    heading : str
        Heading of the printed numbers: say there what the interval is.
    """
    who = "interval_plot"
    frame = st.tidy(who, frame, [label, estimate, low, high, note, order], [label], [label])
    rank = -st.numbers(who, frame, order) if order else st.numbers(who, frame, estimate)
    frame = _ranked(frame, rank)
    x, lows, highs = (st.numbers(who, frame, c) for c in (estimate, low, high))
    if log and (x <= 0).any():
        raise ParameterError(f"{who}: column {estimate!r} has values at or below zero, which a log scale cannot show; "
                             "use log=False")
    y, known = np.arange(len(frame)), np.isfinite(x)
    figure, ax = st.row_axes(frame[label], row=0.24)
    lower, upper = _window(x, lows, highs, reference, log)
    if log:
        _log_axis(ax, lower, upper)
    ax.set_xlim(lower, upper)
    left, right = np.clip(lows, lower, upper), np.clip(highs, lower, upper)
    ax.hlines(y, left, right, color=st.INK, linewidth=1.4, zorder=2, label="interval")
    for ends, cut, marker in ((left, lows < lower, "<"), (right, highs > upper, ">")):
        ax.scatter(ends[cut], y[cut], marker=marker, s=26, color=st.INK, zorder=3, clip_on=False)
    _dots(ax, x[known], y[known], st.GROUP_COLOURS["strong"], edgecolors=st.INK, linewidths=0.6, marker="s", s=30)
    st.reference_line(ax, reference)
    ax.set_xlabel(xlabel)
    texts = [f"{st.three_digits(e)} ({st.three_digits(a)} to {st.three_digits(b)})" if ok else "not estimated"
             for e, a, b, ok in zip(x, lows, highs, known)]
    _columns_at_right(ax, [heading, *texts], ["", *frame[note].fillna("").astype(str)] if note else None)
    return figure


@st.house
def strengths(frame: pd.DataFrame, label: str, value: str, reference: float | None = 100,
              group_values: str | None = None, xlabel: str = "", country: str = "this country",
              group_name: str = "mean of the innovation leaders", reference_label: str = "EU = 100"):
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
    frame = _ranked(frame, st.numbers(who, frame, value))
    x, y = st.numbers(who, frame, value), np.arange(len(frame))
    figure, ax = st.row_axes(frame[label], wrap=46, extra=1.0)
    known = ~np.isnan(x)
    if reference is not None:
        ax.hlines(y[known], np.minimum(x, reference)[known], np.maximum(x, reference)[known], color=st.ACCENT,
                  linewidth=1.2, zorder=2)
    handles, texts = [_mark("o", st.ACCENT)], [country]
    if group_values:
        means = st.numbers(who, frame, group_values)
        ax.scatter(means, y, marker="D", s=26, color=st.GROUP_COLOURS["leader"], linewidth=0, zorder=2.5, label="group")
        handles, texts = [*handles, _mark("D", st.GROUP_COLOURS["leader"], 5)], [*texts, group_name]
    _dots(ax, x[known], y[known], st.ACCENT, edgecolors="white", linewidths=0.6)
    st.say_missing(ax, y[~known])
    st.reference_line(ax, reference, reference_label)
    ax.set_xlabel(xlabel)
    st.key(figure, handles, texts)
    return figure


@st.house
def coverage_bars(frame: pd.DataFrame, label: str, parts, unknown: str | None = None, highlight=None,
                  xlabel: str = "", fmt: str = "{:,.0f}"):
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
    figure, ax = st.row_axes(frame[label].iloc[rank], marked, extra=1.0)
    y, left, handles = np.arange(len(frame)), np.zeros(len(frame)), []
    for column, size, colour in zip(columns, sizes, [*st.PART_COLOURS[:len(columns)], "white"]):
        look = st.MISSING if column == unknown else {"facecolor": colour, "edgecolor": "white", "linewidth": 0.4}
        ax.barh(y[size > 0], size[size > 0], left=left[size > 0], height=0.66, zorder=2, label=column, **look)
        handles, left = [*handles, Patch(**look)], left + size
    for at, total in enumerate(totals):
        if not np.isnan(total):
            ax.annotate(fmt.format(total), (total, at), xytext=(4, 0), textcoords="offset points", va="center",
                        fontsize=st.SMALL, color=st.QUIET)
    st.say_missing(ax, y[np.isnan(totals)])
    ax.set_xlim(0, (np.nanmax(totals) or 1) if not np.isnan(totals).all() else 1)
    ax.set_xlabel(xlabel)
    st.key(figure, handles, [names[c] for c in columns], columns=4)
    return figure


@st.house
def grouped_strip(frame: pd.DataFrame, group: str, value: str, label: str, xlabel: str = "", notable=None,
                  highlight=None):
    """Draw every value as a dot in its group's row, the group mean as a bar, and name the notable ones.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per `label`. Innovation groups take their order and colours; other groups come in alphabetic order.
    notable : iterable of str, optional
        Labels to write; by default the smallest and the largest of each group. `highlight` is written in any case.
    """
    who = "grouped_strip"
    frame = st.tidy(who, frame, [group, value, label], [group, label, value])
    frame = frame[frame[group].notna() & ~np.isnan(st.numbers(who, frame, value))].reset_index(drop=True)
    if frame.empty:
        raise ParameterError(f"{who}: no row has both a {group!r} and a {value!r}")
    known = [g for g in st.GROUP_COLOURS if g in set(frame[group])]
    rows = known if len(known) == frame[group].nunique() else sorted(frame[group].unique(), key=str)
    x, marked = st.numbers(who, frame, value), st.chosen(highlight)
    figure, ax = st.row_axes([f"{g} ({(frame[group] == g).sum()})" for g in rows], row=0.62)
    if rows == known:
        st.chips(ax, rows)
    ax.set_xlim(*_padded(x.min(), x.max(), 0.05))
    st.settle(figure)
    y = np.empty(len(frame))
    for at, name in enumerate(rows):
        mine = np.flatnonzero(frame[group] == name)
        y[mine] = at + _stack(ax, x[mine])
        mean = x[mine].mean()
        ax.plot([mean, mean], [at - 0.36, at + 0.36], color=st.INK, linewidth=2, zorder=1.8, label="mean")
    colours = [st.ACCENT if lab in marked else st.GROUP_COLOURS[g] if rows == known else st.RULE
               for g, lab in zip(frame[group], frame[label])]
    _dots(ax, x, y, colours, edgecolors=st.INK, linewidths=0.5, s=26)
    if notable is None:
        notable = {lab for _, part in frame.assign(_x=x).groupby(group)
                   for lab in part.sort_values("_x", kind="stable")[label].iloc[[0, -1]]}
    named = [(a, b, [str(lab)], {"color": st.ACCENT, "fontweight": "bold"} if lab in marked else {})
             for a, b, lab in zip(x, y, frame[label]) if lab in set(notable) | marked]
    ax.set_xlabel(xlabel)
    st.key(figure, [_mark("|", st.INK, 9)], ["mean of the group"])
    st.place_labels(ax, named, np.column_stack([x, y]), color=st.QUIET)
    return figure


def _ranked(frame, rank):
    """Return the frame by descending rank, ties in the order they have, unknown last."""
    return frame.iloc[np.argsort(-np.where(np.isnan(rank), -np.inf, rank), kind="stable")].reset_index(drop=True)


def _dots(ax, x, y, colours, marker="o", s=44, **look):
    return ax.scatter(x, y, c=colours, marker=marker, s=s, zorder=3, label="values", **look)


def _pick(values, keep):
    return [v for v, k in zip(values, keep) if k]


def _dot_colour(group, marked: bool, grouped: bool) -> str:
    if grouped:
        return "white" if group is None else st.GROUP_COLOURS[group]
    return st.ACCENT if marked else st.GROUP_COLOURS["strong"]


def _mark(marker: str, colour: str, size: float = 6.5) -> Line2D:
    return Line2D([], [], linestyle="none", marker=marker, markersize=size, markerfacecolor=colour,
                  markeredgecolor=st.INK if colour == "white" else colour, markeredgewidth=1.3)


def _padded(low: float, high: float, share: float) -> tuple[float, float]:
    pad = (high - low) * share or abs(high) * share or 1.0
    return low - pad, high + pad


def _window(x, lows, highs, reference, log) -> tuple[float, float]:
    """Return axis limits that hold all estimates and their intervals, but not the far end of runaway intervals."""
    centre = np.array([*x[np.isfinite(x)], *([] if reference is None else [reference])])
    if not len(centre):
        return (0.1, 10) if log else (-1, 1)
    ends = np.concatenate([lows, highs])
    ends = ends[np.isfinite(ends) & ((ends > 0) | (not log))]
    every = np.concatenate([centre, ends])
    if not log:
        return _padded(every.min(), every.max(), 0.04)
    low, high = max(every.min(), centre.min() / 100), min(every.max(), centre.max() * 100)
    return tuple(np.exp(_padded(np.log(low), np.log(high), 0.04))) if high > low else (low / 2, high * 2)


def _log_axis(ax, low: float, high: float) -> None:
    decades = np.log10(high / low)
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 2.5 else (1,), numticks=20))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.10g}"))


def _columns_at_right(ax, texts, notes) -> None:
    """Print a column of texts right of the axes, its heading first, and a second column after the longest text."""
    right = 8.0
    for column in [texts] if notes is None else [texts, notes]:
        written = [ax.annotate(textwrap.fill(t, 30) if at < 0 else t, (1, at), xycoords=ax.get_yaxis_transform(),
                               xytext=(right, 0), textcoords="offset points", ha="left", va="center",
                               annotation_clip=False, fontsize=st.SMALL, color=st.QUIET if at < 0 else st.INK)
                   for at, t in enumerate(column, start=-1)]
        st.settle(ax.figure)
        right += max(t.get_window_extent().width for t in written) * 72 / ax.figure.dpi + 10


def _stack(ax, x) -> np.ndarray:
    """Return row offsets that keep dots of one group apart: each takes the free place nearest the middle."""
    box = ax.get_window_extent()
    width = 6.4 * ax.figure.dpi / 72  # a dot and its edge
    across, step = ax.transData.transform(np.column_stack([x, np.zeros(len(x))]))[:, 0], width / (box.height or 1)
    step *= abs(np.diff(ax.get_ylim())[0])
    offsets, places = np.zeros(len(x)), []
    for at in np.argsort(across, kind="stable"):
        for level in sorted(range(-12, 13), key=lambda k: (abs(k), k)):
            if all(k != level or across[at] - a >= width for k, a in places):
                break
        places.append((level, across[at]))
        offsets[at] = level * min(step, 0.09)
    return offsets
