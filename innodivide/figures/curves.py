"""Charts of curves and of reference distributions."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal, Stroke
from matplotlib.ticker import MaxNLocator, PercentFormatter

from innodivide.errors import ParameterError
from innodivide.figures import style as st


@st.house
def lines(frame: pd.DataFrame, x: str, y: str, series: str, low: str | None = None, high: str | None = None,
          highlight=None, ylabel: str = "", xlabel: str = "", reference: float | None = None,
          reference_label: str = ""):
    """Draw one line per series, named at its end; a missing value breaks the line.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per `series` and `x`; `low` and `high` draw a band.
    highlight : str or iterable, optional
        Series in the accent colour; the others are then grey. Series named like an innovation group have its colour.
    """
    who, band = "lines", st.both_or_none("lines", low, high)
    frame = st.tidy(who, frame, [x, y, series, low, high], [series, x], [series, x])
    names, marked = list(frame[series].unique()), st.chosen(highlight)
    figure, ax = _axes(max(3.2, 0.145 * len(names) + 0.9))
    ends = []
    for at, name in enumerate(names):
        part = frame[frame[series] == name]
        across, up, look = st.numbers(who, part, x), st.numbers(who, part, y), _line_look(name, at, names, marked)
        if band:
            ax.fill_between(across, st.numbers(who, part, low), st.numbers(who, part, high), color=look["color"],
                            alpha=0.15, linewidth=0, zorder=1)
        ax.plot(across, up, marker="o", markersize=3.5 if len(names) < 10 else 0, label=str(name), **look)
        if (~np.isnan(up)).any():
            last = np.flatnonzero(~np.isnan(up))[-1]
            ends.append((across[last], up[last], name, look["color"]))
    st.reference_line(ax, reference, reference_label, axis="y")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    if np.equal(np.mod(st.numbers(who, frame, x), 1), 0).all():
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    _name_ends(ax, ends, marked)
    return figure


@st.house
def lorenz_plot(frame: pd.DataFrame, series: str = "series", highlight=None,
                xlabel: str = "Cumulative share of countries, smallest first",
                ylabel: str = "Cumulative share of participation"):
    """Draw Lorenz curves with the diagonal of equal shares, each curve named beside it.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns `series`, cum_units and cum_share (both from 0 to 1), points of each curve.
    """
    who = "lorenz_plot"
    frame = st.tidy(who, frame, [series, "cum_units", "cum_share"], [series, "cum_units", "cum_share"])
    figure, ax = _axes(5.2)
    ax.plot([0, 1], [0, 1], color=st.RULE, linewidth=1, zorder=1, label="equal")
    ax.text(0.4, 0.42, "equal shares", rotation=45, rotation_mode="anchor", transform_rotates_text=True, ha="center",
            va="bottom", fontsize=st.SMALL, color=st.QUIET)
    ax.set(xlim=(0, 1), ylim=(0, 1), xlabel=xlabel, ylabel=ylabel, aspect="equal")
    ax.grid(axis="both")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    names, marked, curves = list(frame[series].unique()), st.chosen(highlight), {}
    for at, name in enumerate(names):
        part, look = frame[frame[series] == name], _line_look(name, at, names, marked)
        curves[name] = st.numbers(who, part, "cum_units"), st.numbers(who, part, "cum_share"), look["color"]
        ax.plot(*curves[name][:2], label=str(name), **look)
    _name_curves(ax, curves, marked)
    return figure


@st.house
def null_histogram(draws, observed: float, xlabel: str = "", tail: str = "upper", note: str = "",
                   ylabel: str = "Draws"):
    """Draw a reference distribution, the observed value, and the tail at least as extreme.

    Parameters
    ----------
    draws : sequence of float, or DataFrame with columns value and count
        The reference distribution.
    tail : {"upper", "lower", "both"}
        Which draws are shaded: at or above, at or below, or at least as far from zero as the observed value.
    note : str
        Text under the observed value, such as the p-value.
    """
    who = "null_histogram"
    if tail not in ("upper", "lower", "both"):
        raise ParameterError(f"{who}: tail {tail!r}; use 'upper', 'lower' or 'both'")
    frame = draws if isinstance(draws, pd.DataFrame) else pd.DataFrame({"value": np.asarray(draws, float), "count": 1})
    frame = st.tidy(who, frame, ["value", "count"], ["value", "count"])
    values, counts = st.numbers(who, frame, "value"), st.numbers(who, frame, "count")
    slack = 1e-9 * max(1.0, abs(observed))
    extreme = {"upper": values >= observed - slack, "lower": values <= observed + slack,
               "both": np.abs(values) >= abs(observed) - slack}[tail]
    centres, slots, width = _bins(values, observed)
    rest, shaded = (np.bincount(slots, weights=counts * mine, minlength=len(centres)) for mine in (~extreme, extreme))
    figure, ax = _axes(3.0)
    ax.bar(centres, rest, width=width, facecolor="#C9C9C9", edgecolor="white", linewidth=0.4, zorder=2, label="rest")
    ax.bar(centres, shaded, bottom=rest, width=width, facecolor=st.ACCENT, edgecolor="white", hatch="////",
           linewidth=0.4, zorder=2, label="tail")
    ax.axvline(observed, color=st.INK, linewidth=1.4, zorder=3, label="observed")
    right = observed > (centres[0] + centres[-1]) / 2
    ax.annotate(f"observed {st.three_digits(observed)}" + (f"\n{note}" if note else ""), (observed, 1),
                xycoords=("data", "axes fraction"), xytext=(-5 if right else 5, -2), textcoords="offset points",
                ha="right" if right else "left", va="top", fontsize=st.SMALL, color=st.INK, zorder=4,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.set_ylim(0, (rest + shaded).max() * 1.22)
    ax.grid(axis="y")
    return figure


@st.house
def power_curve(frame: pd.DataFrame, x: str, y: str, se: str | None = None, target: float = 0.8,
                solution: float | None = None, xlabel: str = "", ylabel: str = "Power", log: bool = False):
    """Draw power against effect size, its simulation error, the target and where the curve reaches it.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per effect size `x`; power `y` from 0 to 1; `se`, the Monte Carlo standard error, drawn as 1.96 either
        way.
    solution : float, optional
        The minimum detectable effect; None or nan says that the target is not reached.
    """
    who = "power_curve"
    frame = st.tidy(who, frame, [x, y, se], [x], [x])
    across, power = st.numbers(who, frame, x), st.numbers(who, frame, y)
    error = 1.96 * np.nan_to_num(st.numbers(who, frame, se))
    figure, ax = _axes(3.2)
    colour = st.GROUP_COLOURS["strong"]
    ax.plot(across, power, color=colour, linewidth=1.6, zorder=2)
    ax.errorbar(across, power, yerr=error, fmt="o", color=colour, markersize=4.5, linewidth=1.2, zorder=3)
    if log:
        ax.set_xscale("log")
        ax.set_xticks(across, [st.three_digits(v).rstrip("0").rstrip(".") for v in across])
        ax.minorticks_off()
    ax.set(ylim=(0, 1.02), xlabel=xlabel, ylabel=ylabel)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.grid(axis="y")
    reached = solution is not None and np.isfinite(solution)
    st.reference_line(ax, target, f"target {target:.0%}" + ("" if reached else ": not reached here"), axis="y")
    if reached:
        ax.plot([solution, solution], [0, target], color=st.ACCENT, linewidth=1.4, zorder=2.5, label="solution")
        left = solution > ax.get_xlim()[0] + 0.6 * np.ptp(ax.get_xlim())
        ax.annotate(f"smallest detectable: {st.three_digits(solution)}", (solution, 0.04), textcoords="offset points",
                    xytext=(-5 if left else 5, 0), ha="right" if left else "left", fontsize=st.SMALL, color=st.ACCENT,
                    fontweight="bold", bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})
    return figure


def _axes(height: float):
    figure = Figure(figsize=(st.WIDTH, height), dpi=st.DPI, layout="constrained")
    ax = figure.add_subplot()
    ax.grid(axis="y")
    return figure, ax


def _line_look(name, at: int, names: list, marked: set) -> dict:
    """Return colour, width and dashes of a series: accent, innovation group, grey among many, or its own."""
    if name in marked:
        return {"color": st.ACCENT, "linewidth": 2.2, "zorder": 3}
    if name in st.GROUP_COLOURS:  # cased, so that the pale groups show on white
        return {"color": st.GROUP_COLOURS[name], "linewidth": 2.2, "zorder": 2.5, "markeredgecolor": st.QUIET,
                "markeredgewidth": 0.5, "path_effects": [Stroke(linewidth=3.2, foreground=st.QUIET), Normal()]}
    if marked or len(names) > len(st.SERIES_COLOURS):
        return {"color": "#B5B5B5", "linewidth": 1, "zorder": 2}
    return {"color": st.SERIES_COLOURS[at], "linestyle": st.SERIES_DASHES[at], "linewidth": 1.7, "zorder": 2}


def _name_ends(ax, ends, marked) -> None:
    """Write each series' name right of the axes at the height of its last value, moved apart where they collide."""
    if not ends:
        return
    ax.margins(x=0.02)
    st.settle(ax.figure)
    box, scale = ax.get_window_extent(), 72 / ax.figure.dpi
    points = ax.transData.transform([e[:2] for e in ends])
    heights = st.spread(points[:, 1], 1.28 * st.SMALL / scale)
    shift = max(0.0, box.y0 - heights.min()) - max(0.0, heights.max() - box.y1) * (heights.min() > box.y0)
    for (across, up, name, colour), place, height in zip(ends, points, heights + shift):
        ax.annotate(str(name), (across, up), xytext=((box.x1 - place[0]) * scale + 14, (height - place[1]) * scale),
                    textcoords="offset points", va="center", ha="left", fontsize=st.SMALL, annotation_clip=False,
                    color=st.ACCENT if name in marked else st.INK, fontweight="bold" if name in marked else "normal",
                    arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.7, "shrinkA": 1, "shrinkB": 3})


def _name_curves(ax, curves, marked) -> None:
    """Write each curve's name where it stands farthest from the other curves."""
    grid = np.linspace(0.02, 0.98, 193)
    heights = {n: np.interp(grid, c[0], c[1]) for n, c in curves.items()}
    obstacles = np.concatenate([np.column_stack([grid, h]) for h in [*heights.values(), grid]])
    labels = []
    for name, (_, _, _) in curves.items():
        others = [h for n, h in heights.items() if n != name]
        room = np.min([np.abs(heights[name] - h) for h in [*others, grid]], axis=0)
        best = int(np.argmax(np.where((grid > 0.25) & (grid < 0.95), room, -1)))
        style = {"color": st.ACCENT, "fontweight": "bold"} if name in marked else {}
        labels.append((grid[best], heights[name][best], [str(name)], style))
    st.place_labels(ax, labels, obstacles, reach=(6, 12, 20, 30, 45))


def _bins(values, observed) -> tuple[np.ndarray, np.ndarray, float]:
    """Return bar centres, the bar of each value, and the bar width: one per value if few, else 40 or so, one of whose
    edges is the observed value.
    """
    distinct, slots = np.unique(values, return_inverse=True)
    gap = np.diff(distinct).min() if len(distinct) > 1 else 1.0
    if len(distinct) <= 40 and np.ptp(distinct) / gap <= 80:
        return distinct, slots, gap
    width = np.ptp(distinct) / 40
    steps = np.floor((values - observed) / width + 1e-9)
    edges, slots = np.unique(steps, return_inverse=True)
    return observed + (edges + 0.5) * width, slots, width
