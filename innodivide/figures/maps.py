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
LAND, PALE_LAND = "#DFDED9", "#F3F3F0"
EDGE = "#444444"


@st.house
def region_map(
    points: pd.DataFrame,
    outlines: pd.DataFrame,
    value: str,
    label: str = "",
    fmt: str = "{:.0f}",
    zero: str = "",
    triangles: str = "",
    triangles_name: str = "",
    discs_name: str = "",
):
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
    zero : str
        How the key names points with the number 0, which are then small and white; empty: they have a colour as others.
    triangles, triangles_name, discs_name : str
        On a map of numbers, the points of this innovation group (column `group`) are triangles; the key names both.
    """
    points = tidy(
        points, ["code", "name", "geo", "lon", "lat", value, "group" if triangles else None], ["code"], ["code"]
    )
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
    if norm:
        among = np.array([bool(triangles) and g == triangles for g in points["group" if triangles else "geo"]])
        handles, texts = _draw_numbers(ax, x, y, shown, values, norm, zero, among)
        look = {"orientation": "horizontal", "shrink": 0.5, "aspect": 30, "pad": 0.02, "label": label}
        figure.colorbar(ScalarMappable(norm, st.SEQUENTIAL), ax=ax, **look).outline.set_visible(False)
        if triangles:
            handles += [parts.mark(marker, "white", 6, EDGE, 0.8) for marker in "vo"]
            texts += [triangles_name, discs_name]
        if texts:
            parts.key(figure, handles, texts)
    else:
        for kind, mine in kinds_of(values).items():
            mine, marker = shown & mine, GROUP_MARKERS.get(kind, "o")
            draw_kind(ax, x[mine], y[mine], kind, st.GROUP_COLOURS.get(kind), marker, st.by_width(34, 12))
        _group_key(figure, values, label)
    return figure


def draw_land(ax, shapes, colours, limits, under: str) -> None:
    """Draw the parts of `shapes_of` within the limits of a map, and a line of text under it."""
    left, right, bottom, top = limits
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    inside = [(s[3].max(axis=0) > (left, bottom)).all() and (s[3].min(axis=0) < (right, top)).all() for s in shapes]
    seen, faces = ([v for v, on in zip(values, inside) if on] for values in (shapes, colours))
    look = {"facecolors": faces, "edgecolors": "white", "linewidths": 0.8, "zorder": 1}
    ax.add_collection(PolyCollection([s[3] for s in seen], **look), autolim=False)
    ax.set_xlabel(under, fontsize=st.SMALL, color=st.QUIET, loc="left", multialignment="left")


def kinds_of(values) -> dict[str, np.ndarray]:
    """Return which points are of which kind, in the order drawn: no data, then the innovation groups."""
    kinds = np.array(["no data" if v is None else v for v in values])
    order = [k for k in ("no data", *GROUP_MARKERS) if k in kinds]
    return {kind: kinds == kind for kind in order}


def _draw_numbers(ax, x, y, shown, values, norm, zero: str, among) -> tuple[list, list]:
    """Draw points of numbers, those of `among` as triangles; return marks and names of what has no colour."""
    size, numbers_ = st.by_width(34, 12), np.array([np.nan if v is None else v for v in values])
    none, lost = (numbers_ == 0) & bool(zero), np.isnan(numbers_)
    draw_kind(ax, x[shown & lost], y[shown & lost], "no data", None, "o", size)
    draw_kind(ax, x[shown & none], y[shown & none], zero, "white", "o", size * 0.35)
    for marker, kind in (("o", "value"), ("v", "marked")):
        mine = shown & ~none & ~lost & (among == (kind == "marked"))
        draw_kind(ax, x[mine], y[mine], kind, st.SEQUENTIAL(norm(numbers_[mine])), marker, size)
    handles, texts = parts.group_patches([None] * bool(lost.any()))
    return (
        (handles, texts) if not none.any() else ([*handles, parts.mark("o", "white", 3.5, EDGE, 0.6)], [*texts, zero])
    )


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


def _group_key(figure, values, label: str) -> None:
    present = [g for g in GROUP_MARKERS if g in set(values)]
    handles = [parts.mark(GROUP_MARKERS[g], st.GROUP_COLOURS[g], 6, EDGE, 0.6) for g in present]
    patches, texts = parts.group_patches(values)
    parts.key(figure, [*handles, *patches[len(present) :]], [*present, *texts[len(present) :]])
    figure.legends[0].set_title(label or None, prop={"size": st.SMALL})
