"""A tile map beside the same tiles in order of their number: where a group lies, and what it does."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from innodivide.errors import ParameterError
from innodivide.figures import parts, style as st
from innodivide.figures.frame_checks import groups, numbers, on_grid, tidy
from innodivide.wording import GROUP_LABELS

_TILE, _CHIP, _HEAD, _EDGE = 0.37, 0.205, 0.2, 0.1  # inches: tile of the map, tile of the rows, row label, margin


@st.house
def tile_rows(frame: pd.DataFrame, grid: pd.DataFrame, group: str, value: str, xlabel: str = ""):
    """Draw a tile map coloured by innovation group with a whole number in each tile, and beside it, for each group, the
    same tiles over that number; the rows name the colours, so there is no key.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns geo, `group` (innovation group) and `value` (whole number >= 0); a country of the grid without both is
        hatched in the map and is in no row.
    grid : pandas.DataFrame
        Columns geo, row (0 is north), col (0 is west).
    xlabel : str
        What the number counts.
    """
    grid = tidy(grid, ["geo", "row", "col"], ["geo"], ["geo"])
    frame = tidy(frame, ["geo", group, value], [value, "geo"], ["geo"])
    on_grid(frame, grid)
    names, counts = groups(frame[group]), numbers(frame, value)
    known = np.isfinite(counts) & np.array([n is not None for n in names])
    if not known.any() or (counts[known] < 0).any() or np.mod(counts[known], 1).any():
        raise ParameterError(f"column {value!r} has to hold whole numbers from zero on, with a {group!r}")
    cells = {g: (n, int(c)) for g, n, c, ok in zip(frame["geo"], names, counts, known) if ok}
    rows = [[(c, g) for g, (n, c) in cells.items() if n == name] for name in st.GROUP_COLOURS]
    rows = [(name, row) for name, row in zip(st.GROUP_COLOURS, rows) if row]
    deep = [max(np.bincount([c for c, _ in row])) for _, row in rows]
    height = max(_TILE * (grid["row"].max() + 1), sum(deep) * _CHIP + len(rows) * 1.5 * _HEAD + 0.55) + 2 * _EDGE
    figure = Figure(figsize=(st.WIDTH, height), dpi=st.DPI)
    _map(figure, grid, cells, height)
    _rows(figure, rows, deep, height, _TILE * (grid["col"].max() + 1) + 3.5 * _EDGE, xlabel)
    return figure


def _axes(figure: Figure, left: float, width: float, top: float, tall: float):
    """Return axes in inches from the top left corner, one unit an inch, y downwards."""
    ax = figure.add_axes(
        (left / st.WIDTH, 1 - (top + tall) / figure.get_figheight(), width / st.WIDTH, tall / figure.get_figheight())
    )
    ax.set(xlim=(0, width), ylim=(tall, 0))
    return ax


def _tile(ax, x: float, y: float, size: float, geo: str, name: str | None) -> str:
    """Draw one tile with its label and return the colour of text on it."""
    colour = st.GROUP_COLOURS.get(name, "white")
    look = st.MISSING if name is None else {"facecolor": colour, "edgecolor": st.RULE, "linewidth": 0.5}
    gap = 0.04 * size
    ax.add_patch(Rectangle((x + gap, y + gap), size - 2 * gap, size - 2 * gap, zorder=2, **look)).set_label(geo)
    return st.ink_on(colour)


def _map(figure: Figure, grid: pd.DataFrame, cells: dict, height: float) -> None:
    wide, tall = _TILE * (grid["col"].max() + 1), _TILE * (grid["row"].max() + 1)
    ax = _axes(figure, _EDGE, wide, (height - tall) / 2, tall)
    ax.axis("off")
    for geo, row, col in zip(grid["geo"], grid["row"], grid["col"]):
        name, count = cells.get(geo, (None, None))
        x, y = col * _TILE, row * _TILE
        ink = _tile(ax, x, y, _TILE, geo, name)
        parts.middle(ax, x + _TILE / 2, y + 0.32 * _TILE, geo, color=ink, zorder=3)
        text = "?" if count is None else str(count)
        look = {"fontsize": 10, "fontweight": "bold", "color": ink, "zorder": 3}
        parts.middle(ax, x + _TILE / 2, y + 0.7 * _TILE, text, **look)


def _rows(figure: Figure, rows: list, deep: list, height: float, left: float, xlabel: str) -> None:
    """Draw each group's tiles over the number, stacked where several have the same."""
    most, wide = max(c for _, row in rows for c, _ in row), st.WIDTH - left - _EDGE
    step = wide / (most + 1)
    size = min(_CHIP, step)
    ax = _axes(figure, left, wide, _EDGE, height - 2 * _EDGE - 0.45)
    y = 0.0
    for (name, row), levels in zip(rows, deep):
        y += _HEAD
        label = GROUP_LABELS[name].split(" (")[0]
        ax.text(0, y - 0.04, f"{label}s ({len(row)})", fontsize=st.SMALL, fontweight="bold", va="bottom")
        y += levels * _CHIP
        ax.plot([0, wide], [y, y], color=st.RULE, linewidth=0.8, zorder=1)
        seen: dict[int, int] = {}
        for count, geo in row:
            seen[count] = seen.get(count, 0) + 1
            x, top = (count + 0.5) * step - size / 2, y - seen[count] * _CHIP
            ink = _tile(ax, x, top, size, geo, name)
            parts.middle(ax, x + size / 2, top + size / 2, geo, color=ink, zorder=3)
        y += 0.5 * _HEAD
    ticks = MaxNLocator(integer=True, min_n_ticks=1, nbins=12).tick_values(0, most)
    ticks = ticks[(ticks >= 0) & (ticks <= most)].astype(int)
    ax.set_xticks((ticks + 0.5) * step, ticks)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(xlabel)
