"""A map of one square for each country."""

import textwrap

import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from innodivide.errors import ParameterError
from innodivide.figures import parts, style as st
from innodivide.figures.frame_checks import groups, numbers, on_grid, tidy
from innodivide.wording import GROUP_LETTERS


@st.house
def tile_map(frame: pd.DataFrame, grid: pd.DataFrame, value: str, label: str = "", kind: str = "group"):
    """Draw one square per country with its code and its group letter or number.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns geo and `value`: an innovation group (`kind="group"`) or a number, shown without decimals
        (`kind="sequential"`). A country of the grid that is absent or empty here is hatched.
    grid : pandas.DataFrame
        Columns geo, row (0 is north), col (0 is west).
    label : str
        What the colour stands for: heading of the key.
    """
    if kind not in ("group", "sequential"):
        raise ParameterError(f"kind {kind!r}; use 'group' or 'sequential'")
    grid = tidy(grid, ["geo", "row", "col"], ["geo"], ["geo"])
    frame = tidy(frame, ["geo", value], ["geo"], ["geo"])
    on_grid(frame, grid)
    found = groups(frame[value]) if kind == "group" else numbers(frame, value)
    known = {geo: v for geo, v in zip(frame["geo"], found) if not pd.isna(v)}
    values = [known.get(geo) for geo in grid["geo"]]
    rows, columns = grid["row"].max() + 1, max(grid["col"].max() + 1, 6)
    height = st.width() * rows / columns * st.by_width(0.5, 0.95)
    figure = Figure(figsize=(st.width(), height), dpi=st.DPI, layout="constrained")
    ax = figure.add_subplot()
    ax.set(xlim=(-0.04, columns - 0.02), ylim=(rows - 0.02, -0.04), aspect="equal")
    ax.axis("off")
    norm = st.norm(known.values()) if kind == "sequential" else None
    for geo, row, col, v in zip(grid["geo"], grid["row"], grid["col"], values):
        colour = "white" if v is None else st.SEQUENTIAL(norm(v)) if norm else st.GROUP_COLOURS[v]
        look = st.MISSING if v is None else {"facecolor": colour, "edgecolor": st.RULE, "linewidth": 0.5}
        ax.add_patch(Rectangle((col + 0.03, row + 0.03), 0.94, 0.94, **look)).set_label(geo)
        text = "no data" if v is None else f"{v:.0f}" if norm else GROUP_LETTERS[v]
        paper = {"facecolor": "#F0F0F0", "edgecolor": "none", "pad": 0.8} if v is None else None
        ink = {"color": st.ink_on(colour), "bbox": paper}
        parts.middle(ax, col + 0.5, row + 0.36, geo, fontsize=11, fontweight="bold", **ink)
        parts.middle(ax, col + 0.5, row + 0.7, text, fontsize=st.SMALL if v is None else 9, **ink)
    _draw_key(figure, ax, grid, values, norm, label)
    return figure


def _draw_key(figure, ax, grid, values, norm, label) -> None:
    """Put the key in the empty north-west of the grid, or under the map where that is not empty."""
    free = not ((grid["row"] < 3) & (grid["col"] < 4)).any() and grid["row"].max() > 3
    patches, texts = parts.group_patches([v for v in values if v is None] if norm else values)
    if norm and any(v is not None for v in values):
        inset = ax.inset_axes([0.02, 0.9, 0.4, 0.022] if free else [0.3, -0.08, 0.4, 0.022])
        bar = figure.colorbar(ScalarMappable(norm, st.SEQUENTIAL), cax=inset, orientation="horizontal")
        bar.outline.set_visible(False)
        inset.set_title(textwrap.fill(label, 40), fontsize=st.SMALL, loc="left", pad=4)
    if free and texts:
        place = {"loc": "upper left", "borderaxespad": 0.3, "bbox_to_anchor": (0, 0.87) if norm else (0, 1)}
        title = {"title": None if norm else textwrap.fill(label, 40), "title_fontsize": st.SMALL}
        ax.legend(patches, texts, handlelength=1.3, alignment="left", **place, **title)
    elif texts:
        parts.key(figure, patches, texts)
        figure.legends[0].set_title(None if norm else label, prop={"size": st.SMALL})
