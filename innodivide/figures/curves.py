"""Charts of curves and of reference distributions."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator, PercentFormatter

from innodivide.figures import parts, style as st
from innodivide.figures.frame_checks import chosen, numbers, tidy
from innodivide.figures.label_places import place_labels, spread


@st.house
def lines(
    frame: pd.DataFrame,
    x: str,
    y: str,
    series: str,
    low: str | None = None,
    high: str | None = None,
    highlight=None,
    ylabel: str = "",
    xlabel: str = "",
    reference: float | None = None,
    reference_label: str = "",
    height: float = 3.2,
    bars: bool = False,
):
    """Draw one line per series, named at its end; a missing value breaks the line.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per `series` and `x`; `low` and `high` draw a band, or with `bars` an upright line at each point, the
        series side by side (numeric `x` of even steps), where bands would cover each other.
    highlight : str or iterable, optional
        Series in the accent colour; the others are then grey. Series named like an innovation group have its colour.
    height : float
        Inches; more where many names stand at the ends.
    """
    frame = tidy(frame, [x, y, series, low, high], [series, x], [series, x])
    names, marked = list(frame[series].unique()), chosen(highlight)
    figure, ax = parts.plain_axes(max(height, 0.145 * len(names) + 0.9))
    ends = []
    for at, name in enumerate(names):
        part, look = frame[frame[series] == name], _line_look(name, at, names, marked)
        up, across = numbers(part, y), numbers(part, x) + (0.14 * (at - (len(names) - 1) / 2) if bars else 0)
        if low is not None:
            _draw_interval(ax, across, numbers(part, low), numbers(part, high), look["color"], bars, name)
        if name in st.GROUP_COLOURS:  # cased, so that the pale groups show on white
            ax.plot(across, up, color=st.QUIET, linewidth=look["linewidth"] + 1, zorder=look["zorder"] - 0.1)
        dots = {"marker": "o", "markersize": 3.5 if len(names) < 10 or name in marked else 2}
        dots = dots if len(part) <= 200 else {}  # more would run together, and swell the file
        ax.plot(across, up, label=str(name), **dots, **look)
        if (~np.isnan(up)).any():
            last = np.flatnonzero(~np.isnan(up))[-1]
            ends.append((across[last], up[last], name, st.RULE if name in st.GROUP_COLOURS else look["color"]))
    parts.reference_line(ax, reference, reference_label, axis="y")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    if np.equal(np.mod(numbers(frame, x), 1), 0).all():
        ax.xaxis.set_major_locator(MaxNLocator(st.by_width("auto", 4), integer=True, min_n_ticks=1))
    _name_ends(ax, ends, marked)
    return figure


@st.house
def lorenz_plot(frame: pd.DataFrame):
    """Draw Lorenz curves of participation with the diagonal of equal shares, each curve named beside it.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns series, cum_units and cum_share (both from 0 to 1), points of each curve.
    """
    frame = tidy(frame, ["series", "cum_units", "cum_share"], ["series", "cum_units", "cum_share"])
    figure, ax = parts.plain_axes(min(5.2, st.width() + 0.6))
    ax.plot([0, 1], [0, 1], color=st.RULE, linewidth=1, zorder=1, label="equal")
    along = {"rotation": 45, "rotation_mode": "anchor", "transform_rotates_text": True, "va": "bottom"}
    parts.middle(ax, 0.4, 0.42, "equal shares", color=st.QUIET, **along)
    ax.set(xlabel="Cumulative share of countries, smallest first", ylabel="Cumulative share of participation")
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    ax.grid(axis="both")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    names, curves = list(frame["series"].unique()), {}
    for at, name in enumerate(names):
        part, look = frame[frame["series"] == name], _line_look(name, at, names, set())
        curves[name] = numbers(part, "cum_units"), numbers(part, "cum_share")
        ax.plot(*curves[name], label=str(name), **look)
    _name_curves(ax, curves)
    return figure


def _draw_interval(ax, across, low, high, colour: str, bars: bool, name) -> None:
    """Draw a band around a line, or an upright line at each of its points."""
    if bars:
        ax.vlines(across, low, high, color=colour, linewidth=1.2, zorder=1.8, label=f"interval {name}")
    else:
        ax.fill_between(across, low, high, color=colour, alpha=0.18, linewidth=0, zorder=1)
        ax.plot(across, np.column_stack([low, high]), color=st.RULE, linewidth=0.6, zorder=1)


def _line_look(name, at: int, names: list, marked: set) -> dict:
    """Return colour, width and dashes of a series: accent, innovation group, grey among many, or its own."""
    if name in marked:
        return {"color": st.ACCENT, "linewidth": 2.2, "zorder": 3}
    if name in st.GROUP_COLOURS:
        look = {"linewidth": 2.2, "zorder": 2.5, "markeredgecolor": st.QUIET, "markeredgewidth": 0.5}
        return {"color": st.GROUP_COLOURS[name]} | look
    if len(names) > len(st.SERIES_COLOURS):
        return {"color": "#B5B5B5", "linewidth": 1, "zorder": 2}
    return {
        "color": "#7A7A7A" if marked else st.SERIES_COLOURS[at],
        "linestyle": st.SERIES_DASHES[at],
        "linewidth": 1.4 if marked else 1.7,
        "zorder": 2,
    }


def _name_ends(ax, ends, marked) -> None:
    """Write each series' name right of the axes at the height of its last value, moved apart where they collide."""
    if not ends:
        return
    ax.margins(x=0.02)
    st.settle(ax.figure)
    box, scale = ax.get_window_extent(), 72 / ax.figure.dpi
    points = ax.transData.transform([e[:2] for e in ends])
    texts = [textwrap.fill(str(e[2]), st.by_width(24, 14)) for e in ends]
    heights = spread(points[:, 1], 1.28 * st.SMALL / scale * max(t.count("\n") + 1 for t in texts))
    shift = max(0.0, box.y0 - heights.min()) - max(0.0, heights.max() - box.y1) * (heights.min() > box.y0)
    line = {"arrowstyle": "-", "linewidth": 0.7, "shrinkA": 2, "shrinkB": 3, "relpos": (0, 0.5)}
    for (across, up, name, colour), text, place, height in zip(ends, texts, points, heights + shift):
        offset = (box.x1 - place[0]) * scale + 14, (height - place[1]) * scale
        look = {"color": st.ACCENT, "fontweight": "bold"} if name in marked else {"color": st.INK}
        look |= {"va": "center", "ha": "left", "annotation_clip": False, "arrowprops": line | {"color": colour}}
        parts.beside(ax, text, (across, up), offset, **look)


def _name_curves(ax, curves: dict) -> None:
    """Write each curve's name where it stands clear of the others; if some never do, list all above the diagonal."""
    grid = np.linspace(0.3, 0.92, 125)
    heights = {n: np.interp(grid, *c) for n, c in curves.items()}
    room = {
        n: np.min([np.abs(h - o) for m, o in [*heights.items(), (None, grid)] if m != n], axis=0)
        for n, h in heights.items()
    }
    if min(r.max() for r in room.values()) < 0.05:
        order = sorted(curves, key=lambda n: (-heights[n].mean(), n))
        handles = {line.get_label(): line for line in ax.get_lines()}
        key = ax.legend([handles[str(n)] for n in order], [str(n) for n in order], loc="upper left", handlelength=3)
        for text in key.get_texts():
            text.set_color(st.INK)
        return
    obstacles = np.concatenate([np.column_stack([grid, h]) for h in [*heights.values(), grid]])
    spots = {n: int(np.argmax(r)) for n, r in room.items()}
    labels = [(grid[i], heights[n][i], [str(n)], {"color": st.INK}) for n, i in spots.items()]
    place_labels(ax, labels, obstacles, reach=(6, 12, 20, 30))
