"""Parts of many figures: axes, text, reference lines, marks and keys."""

import textwrap

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.transforms import ScaledTranslation

from innodivide.figures import style as st
from innodivide.wording import GROUP_LETTERS


def plain_axes(height: float):
    """Return a figure of one column width and its axes."""
    figure = Figure(figsize=(st.width(), height), dpi=st.DPI, layout="constrained")
    ax = figure.add_subplot()
    ax.grid(axis="y")
    return figure, ax


def two_panels(height: float, heights: tuple[float, float], extra: float, ratios=(1, 1), **look):
    """Return two axes side by side, the figure `height` inches high; on a phone one below the other, `heights` inches
    high and `extra` for what stands around them.
    """
    size, place = (st.width(), height + extra), {"width_ratios": ratios}
    if st.is_narrow():
        size, place = (st.width(), sum(heights) + 1.6 * extra), {"height_ratios": heights}
    figure = Figure(figsize=size, dpi=st.DPI, layout="constrained")
    return figure.subplots(*((2, 1) if st.is_narrow() else (1, 2)), **place, **look)


def row_axes(labels, highlight=(), row: float = 0.2, extra: float = 0.75, wrap: int = 42):
    """Return a figure with one text row per label, first on top, its axes, and the height (y) of each row."""
    wrap = st.by_width(wrap, int(0.55 * wrap))
    texts = [st.filled(str(t), wrap) for t in labels]
    sizes = np.array(
        [max(1.0, (st.by_width(0.06, 0.13) + 0.135 * (t.count("\n") + 1)) / row) for t in texts]
    )  # in rows of one line
    places = np.cumsum(sizes) - sizes / 2
    height = max(1.2, extra + row * sizes.sum())
    figure = Figure(figsize=(st.width(), height), dpi=st.DPI, layout="constrained")
    ax = figure.add_subplot()
    label_rows(ax, places, texts, (sizes.sum() + 0.1, -0.1))
    accent_labels(ax, [label in highlight for label in labels])
    return figure, ax, places


def label_rows(ax, places, texts, limits) -> None:
    """Write the names of rows left of the axes, and draw a pale line along each."""
    ax.set_yticks(places, texts)
    ax.set_ylim(*limits)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.hlines(places, 0, 1, transform=ax.get_yaxis_transform(), color=st.GRID, linewidth=0.6, zorder=0)
    ax.grid(axis="x")


def short_rows(ax, labels, size: int) -> None:
    """Give axes one labelled row per label, first on top, as high as `size` rows."""
    label_rows(ax, range(len(labels)), [str(t) for t in labels], (size - 0.4, -0.6))


def accent_labels(ax, marked) -> None:
    """Write the names of the marked rows in the accent colour."""
    for tick, accent in zip(ax.get_yticklabels(), marked):
        if accent:
            tick.set(color=st.ACCENT, fontweight="bold")


def middle(ax, x: float, y: float, text: str, **look):
    """Write small text in the middle of a place."""
    return ax.text(x, y, text, **{"ha": "center", "va": "center", "fontsize": st.SMALL, **look})


def beside(ax, text: str, at, offset, **look):
    """Write small text some points off a place."""
    return ax.annotate(text, at, xytext=offset, textcoords="offset points", **{"fontsize": st.SMALL, **look})


def say_missing(ax, places) -> None:
    """Mark rows that have no value: a hatched box and the words."""
    for y in places:
        box = Rectangle((0, y - 0.32), 0.035, 0.64, transform=ax.get_yaxis_transform(), zorder=2, **st.MISSING)
        ax.add_patch(box)
        say_no_data(ax, 0.045, y)
    if len(places) == len(ax.get_yticks()):
        ax.set_xticks([])  # a scale of nothing


def say_no_data(ax, x: float, y: float) -> None:
    """Write the words in a row."""
    look = {"transform": ax.get_yaxis_transform(), "va": "center", "fontsize": st.SMALL, "color": st.QUIET}
    ax.text(x, y, "no data", bbox=st.PAPER, **look)


def chips(ax, places, names) -> None:
    """Draw each row's innovation group as a lettered square between its label and the axes."""
    ax.tick_params(axis="y", pad=19)
    spot = ax.get_yaxis_transform() + ScaledTranslation(-11 / 72, 0, ax.figure.dpi_scale_trans)
    square = {"markersize": 13, "markeredgecolor": st.RULE, "markeredgewidth": 0.5, "clip_on": False, "zorder": 2}
    for y, name in zip(places, names):
        if name is not None:
            colour = st.GROUP_COLOURS[name]
            ax.plot(0, y, "s", transform=spot, color=colour, **square)
            letter = GROUP_LETTERS[name]
            middle(ax, 0, y, letter, transform=spot, va="center_baseline", color=st.ink_on(colour))


def reference_line(ax, value: float | None, text: str = "", axis: str = "x", ha: str = "center") -> None:
    """Draw a dashed line at a reference value, named at its upper (left) end."""
    if value is None:
        return
    look = {"color": st.QUIET, "linewidth": 1, "linestyle": (0, (4, 2)), "zorder": 1.5, "label": "reference"}
    if axis == "x":
        ax.axvline(value, **look)
        beside(ax, text, (value, 1), (0, 3), xycoords=("data", "axes fraction"), ha=ha, va="bottom", color=st.QUIET)
    else:
        ax.axhline(value, **look)
        where = {"xycoords": ("axes fraction", "data"), "ha": "left", "va": "bottom"}
        beside(ax, text, (0, value), (3, 2), color=st.QUIET, **where)


def dots(ax, x, y, colours, marker="o", s=44, **look):
    """Draw the values of a chart."""
    return ax.scatter(x, y, c=colours, marker=marker, s=s, zorder=3, label="values", **look)


def mark(marker: str, colour: str, size: float = 6.5, edge: str | None = None, width: float = 1.3) -> Line2D:
    """Return a mark for the key."""
    look = {"marker": marker, "markersize": size, "markerfacecolor": colour, "markeredgewidth": width}
    return Line2D([], [], linestyle="none", markeredgecolor=edge or (st.INK if colour == "white" else colour), **look)


def group_patches(names) -> tuple[list, list]:
    """Return key patches and texts for the groups present, unknown last."""
    present = [g for g in st.GROUP_COLOURS if g in set(names)]
    patches = [Patch(facecolor=st.GROUP_COLOURS[g], edgecolor=st.RULE, linewidth=0.5) for g in present]
    texts = [f"{GROUP_LETTERS[g]}  {g}" for g in present]
    if any(n is None for n in names):
        patches, texts = [*patches, Patch(**st.MISSING)], [*texts, "no data"]
    return patches, texts


def key(figure: Figure, handles, texts) -> None:
    """Put a key under the drawing."""
    spacing = {"handlelength": 1.3, "handleheight": 0.9, "columnspacing": 1.4, "handletextpad": 0.5}
    columns = min(6, max(1, len(texts)))
    if st.is_narrow():
        texts = [textwrap.fill(t, 44) for t in texts]
        columns = min(columns, int(st.width() // (0.4 + 0.075 * max(map(len, texts), default=0))) or 1)
    figure.legend(handles, texts, loc="outside lower center", ncols=columns, **spacing)


def observed_key(figure: Figure, where: str, expected: str, interval: str) -> None:
    """Put the key of observed counts against expected ones under the drawing."""
    handles = [mark("o", st.INK), mark("o", "white"), mark("|", st.QUIET), Patch(facecolor=st.BAND)]
    key(figure, handles, [f"observed, outside the {where}", "observed, inside", expected, interval])
