"""Maps of regions as points over the outlines of countries."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from innodivide.figures import parts, style as st
from innodivide.figures.frame_checks import groups, numbers, tidy
from innodivide.figures.projection import limits_around, moved_apart, project, shapes_of
from innodivide.wording import GROUP_LABELS, GROUP_LETTERS, show

GROUP_MARKERS = dict(zip(GROUP_LABELS, "os^vv"))
LAND, PALE_LAND = "#E9E8E4", "#F5F5F2"
EDGE = "#444444"


@st.house
def region_map(points: pd.DataFrame, outlines: pd.DataFrame, value: str, label: str = "", fmt: str = "{:.0f}"):
    """Draw the regions of the EU as points over country outlines (ETRS89-LAEA).

    Points that would cover each other are moved apart just so far that each shows.

    Parameters
    ----------
    points : pandas.DataFrame
        One row per region: code, name, geo, lon, lat (degrees) and `value`: innovation groups, or numbers. Regions
        outside the frame, or without a position, are listed under the map with their value.
    outlines : pandas.DataFrame
        geo, part, seq, lon, lat, layer (eu27, uk, context): one row per vertex of each polygon part.
    label : str
        What the colour stands for.
    fmt : str
        How a number is printed under the map.
    """
    points = tidy(points, ["code", "name", "geo", "lon", "lat", value], ["code"], ["code"])
    numeric = pd.api.types.is_numeric_dtype(points[value]) and value != "group"
    values = numbers(points, value) if numeric else groups(points[value])
    values = [None if pd.isna(v) else v for v in values]
    shapes = shapes_of(tidy(outlines, ["geo", "part", "seq", "lon", "lat", "layer"], ["geo", "part", "seq"]))
    x, y = project(numbers(points, "lon"), numbers(points, "lat"))
    left, right, bottom, top = limits_around([s[3] for s in shapes if s[1] == "eu27"], np.column_stack([x, y]))
    shown = (x > left) & (x < right) & (y > bottom) & (y < top)
    under = line_of_those_outside(points, shown, values, fmt, st.by_width(105, 52))
    height = st.width() * (top - bottom) / (right - left) + (0.85 if numeric else 0.4) + 0.16 * under.count("\n")
    figure = Figure(figsize=(st.width(), height), dpi=st.DPI, layout="constrained")
    ax = figure.add_subplot()
    land = [LAND if s[1] == "eu27" else PALE_LAND for s in shapes]
    draw_land(ax, shapes, land, (left, right, bottom, top), under)
    gap = (right - left) / st.width() / 72 * st.by_width(5, 3)
    x[shown], y[shown] = moved_apart(x[shown], y[shown], gap)
    norm = st.norm([v for v in values if v is not None]) if numeric else None
    _draw_points(ax, x, y, shown, values, norm)
    if norm:
        _number_key(figure, ax, values, norm, label)
    else:
        _group_key(figure, values, label)
    return figure


def draw_land(ax, shapes, colours, limits, under: str) -> None:
    """Draw the parts of `shapes_of` within the limits of a map, and a line of text under it."""
    left, right, bottom, top = limits
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    inside = [(s[3].max(axis=0) > (left, bottom)).all() and (s[3].min(axis=0) < (right, top)).all() for s in shapes]
    seen, faces = ([v for v, on in zip(values, inside) if on] for values in (shapes, colours))
    look = {"facecolors": faces, "edgecolors": "white", "linewidths": 0.7, "zorder": 1}
    ax.add_collection(PolyCollection([s[3] for s in seen], **look), autolim=False)
    ax.set_xlabel(under, fontsize=st.SMALL, color=st.QUIET, loc="left", multialignment="left")


def kinds_of(values, norm=None) -> dict[str, np.ndarray]:
    """Return which points are of which kind, in the order drawn: no data or value, then the innovation groups."""
    kinds = np.array(["no data" if v is None else "value" if norm else v for v in values])
    order = [k for k in ("no data", "value", *GROUP_MARKERS) if k in kinds]
    return {kind: kinds == kind for kind in order}


def _draw_points(ax, x, y, shown, values, norm) -> None:
    """Draw the points: a marker shape for each group, discs for numbers."""
    for kind, mine in kinds_of(values, norm).items():
        mine = np.flatnonzero(shown & mine)
        colours = [st.SEQUENTIAL(norm(values[i])) for i in mine] if kind == "value" else st.GROUP_COLOURS.get(kind)
        draw_kind(ax, x[mine], y[mine], kind, colours, GROUP_MARKERS.get(kind, "o"), st.by_width(34, 12))


def draw_kind(ax, x, y, kind: str, colours, marker: str, size: float) -> None:
    """Draw the points of one kind; those without data are hatched."""
    look = {"facecolor": colours, "edgecolor": EDGE}
    if kind == "no data":
        look = {k: v for k, v in st.MISSING.items() if k != "linewidth"}
    ax.scatter(x, y, marker=marker, s=size, linewidths=0.6, zorder=3, label=kind, **look)


def line_of_those_outside(points, shown, values, fmt: str, width: int = 105) -> str:
    """Return the line that names the regions the map does not show, with their values."""
    texts = [
        f"{name} ({'no data' if v is None else GROUP_LETTERS.get(v) or show(v, fmt)})"
        for name, v, on in zip(points["name"], values, shown)
        if not on
    ]
    return "\n" + textwrap.fill(f"Not on the map: {', '.join(texts)}.", width) if texts else ""


def _number_key(figure, ax, values, norm, label: str) -> None:
    look = {"orientation": "horizontal", "shrink": 0.5, "aspect": 30, "pad": 0.02, "label": label}
    figure.colorbar(ScalarMappable(norm, st.SEQUENTIAL), ax=ax, **look).outline.set_visible(False)
    if any(v is None for v in values):
        parts.key(figure, *parts.group_patches([None]))


def _group_key(figure, values, label: str) -> None:
    present = [g for g in GROUP_MARKERS if g in set(values)]
    handles = [parts.mark(GROUP_MARKERS[g], st.GROUP_COLOURS[g], 6, EDGE, 0.6) for g in present]
    patches, texts = parts.group_patches(values)
    parts.key(figure, [*handles, *patches[len(present) :]], [*present, *texts[len(present) :]])
    figure.legends[0].set_title(label or None, prop={"size": st.SMALL})
