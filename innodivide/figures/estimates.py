"""Charts of estimates and of power."""

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator, PercentFormatter

from innodivide.errors import ParameterError
from innodivide.figures import parts, style as st
from innodivide.figures.frame_checks import numbers, ranked, tidy


@st.house
def interval_plot(
    frame: pd.DataFrame,
    label: str,
    estimate: str,
    low: str,
    high: str,
    reference: float | None = 1.0,
    log: bool = True,
    note: str | None = None,
    xlabel: str = "",
    order: str | None = None,
    heading: str = "estimate (95% interval)",
):
    """Draw estimates with intervals, one row each, the numbers printed at the right (a forest plot).

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per `label`; an exact number has no bounds (both missing). An infinite bound is drawn as an arrow; an
        interval is also cut, with an arrow, where it runs more than a hundred times beyond all estimates (log scale).
        The numbers printed are never cut.
    note : str, optional
        Text column printed after the number, such as the number of observations.
    order : str, optional
        Column that ranks the rows, first on top; otherwise by estimate, largest on top.
    heading : str
        Heading of the printed numbers: say there what the interval is.
    """
    frame = tidy(frame, [label, estimate, low, high, note, order], [label], [label])
    frame = ranked(frame, -numbers(frame, order) if order else numbers(frame, estimate))
    x, lows, highs = numbers(frame, estimate), numbers(frame, low), numbers(frame, high)
    if log and (x <= 0).any():
        raise ParameterError(f"column {estimate!r} has values at or below zero, which log=True cannot show")
    known = np.isfinite(x)
    texts = [
        "not estimated"
        if not ok
        else st.three_digits(e) + ("" if np.isnan(a) else f" ({st.three_digits(a)} to {st.three_digits(b)})")
        for e, a, b, ok in zip(x, lows, highs, np.isfinite(x))
    ]
    columns = [texts, *([frame[note].fillna("").astype(str)] if note else [])]
    names = frame[label]
    if st.is_narrow():  # no room at the right: the numbers stand below the name
        names = ["\n".join(filter(None, cells)) for cells in zip(names, *columns)]
        xlabel = f"{xlabel}\nbelow each name: {heading}".strip()
    figure, ax, y = parts.row_axes(names, row=0.22)
    ax.tick_params(axis="y", pad=7)
    lower, upper = _window(x, lows, highs, reference, log)
    if log:
        _log_axis(ax, lower, upper)
    ax.set_xlim(lower, upper)
    left, right = np.clip(lows, lower, upper), np.clip(highs, lower, upper)
    ax.hlines(y, left, right, color=st.INK, linewidth=1.4, zorder=2, label="interval")
    for ends, cut, marker in ((left, lows < lower, "<"), (right, highs > upper, ">")):
        ax.scatter(ends[cut], y[cut], marker=marker, s=26, color=st.INK, zorder=3, clip_on=False)
    parts.dots(ax, x[known], y[known], st.GROUP_COLOURS["strong"], edgecolors=st.INK, linewidths=0.6, marker="s", s=30)
    parts.reference_line(ax, reference)
    ax.set_xlabel(xlabel)
    if not st.is_narrow():
        _columns_at_right(ax, y, heading, columns)
    return figure


@st.house
def power_curve(frame: pd.DataFrame, x: str, y: str, se: str, target: float, solution: float | None, xlabel: str = ""):
    """Draw power against effect size (log scale), its simulation error, the target and where the curve reaches it.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per effect size `x`; power `y` from 0 to 1; `se`, the Monte Carlo standard error, drawn as 1.96 either
        way.
    solution : float, optional
        The minimum detectable effect; None or nan says that the target is not reached.
    """
    frame = tidy(frame, [x, y, se], [x], [x])
    across, power = numbers(frame, x), numbers(frame, y)
    error = 1.96 * np.nan_to_num(numbers(frame, se))
    figure, ax = parts.plain_axes(3.2)
    colour = st.GROUP_COLOURS["strong"]
    ax.plot(across, power, color=colour, linewidth=1.6, zorder=2)
    ax.errorbar(across, power, yerr=error, fmt="o", color=colour, markersize=4.5, linewidth=1.2, zorder=3)
    ax.set_xscale("log")
    ax.set_xticks(across, [st.short(v) for v in across])
    ax.minorticks_off()
    ax.set(ylim=(0, 1.02), xlabel=xlabel, ylabel="Power")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    reached = solution is not None and np.isfinite(solution)
    parts.reference_line(ax, target, f"target {target:.0%}" + ("" if reached else ": not reached here"), axis="y")
    if reached:
        ax.plot([solution, solution], [0, target], color=st.ACCENT, linewidth=1.4, zorder=2.5, label="solution")
        left = solution > ax.get_xlim()[0] + 0.6 * np.ptp(ax.get_xlim())
        look = {"ha": "right" if left else "left", "color": st.ACCENT, "fontweight": "bold", "bbox": st.PAPER}
        parts.beside(ax, f"smallest detectable: {st.short(solution)}", (solution, 0.04), (-5 if left else 5, 0), **look)
    return figure


def _window(x, lows, highs, reference, log) -> tuple[float, float]:
    """Return axis limits that hold all estimates and their intervals, but not the far end of runaway intervals."""
    centre = np.array([*x[np.isfinite(x)], *([] if reference is None else [reference])])
    if not len(centre):
        return (0.1, 10) if log else (-1, 1)
    ends = np.concatenate([lows, highs])
    ends = ends[np.isfinite(ends) & ((ends > 0) | (not log))]
    every = np.concatenate([centre, ends])
    low, high = every.min(), every.max()
    if log:
        low, high = np.log(max(low, centre.min() / 100)), np.log(min(high, centre.max() * 100))
    low, high = st.padded(low, high, 0.04)
    room = 0.12 * (high - low)  # for the arrows of unbounded intervals
    low, high = low - room * (lows <= (0 if log else -np.inf)).any(), high + room * np.isposinf(highs).any()
    return (float(np.exp(low)), float(np.exp(high))) if log else (low, high)


def _log_axis(ax, low: float, high: float) -> None:
    decades = np.log10(high / low)
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if decades < 2.5 else (1,), numticks=20))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.10g}"))


def _columns_at_right(ax, places, heading: str, columns) -> None:
    """Print columns of text right of the axes, each left-aligned after the one before, the first with a heading."""
    right, outside = 8.0, {"annotation_clip": False}
    head = parts.beside(ax, heading, (1, 1), (right, 3), xycoords="axes fraction", color=st.QUIET, **outside)
    for column in columns:
        look = outside | {"xycoords": ax.get_yaxis_transform(), "va": "center"}
        written = [parts.beside(ax, text, (1, at), (right, 0), **look) for at, text in zip(places, column)]
        st.settle(ax.figure)
        right += max(t.get_window_extent().width for t in [*written, head]) * 72 / ax.figure.dpi + 10
        head = written[0]
