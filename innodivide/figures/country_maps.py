"""The regions of one country: a map small enough for half a page's width, beside those of other countries."""

import textwrap

import numpy as np
import pandas as pd

from innodivide.errors import ParameterError
from innodivide.figures import maps, parts, style as st
from innodivide.figures.frame_checks import groups, numbers, tidy
from innodivide.figures.label_places import place_labels
from innodivide.figures.projection import limits_around, moved_apart, project, shapes_of
from innodivide.wording import GROUP_LETTERS

FOCUS_LAND = "#DAD8D0"
_NAMED, _MANY = 3, 14  # regions up to which names, then codes, fit on half a page's width
_TALLEST = 2.9  # inches


@st.house
def regions_beside(points: pd.DataFrame, outlines: pd.DataFrame, rows: pd.DataFrame, focus: str, xlabel: str = ""):
    """Draw the regions of a country on its map (left) and those of a few countries on one scale (right; EU = 100).

    Parameters
    ----------
    points, outlines
        As for `region_map`; the value is the innovation group.
    rows : pandas.DataFrame
        Columns label (country, in the order drawn), value, group; one row per region.
    """
    rows = rows.assign(order=pd.factorize(rows["label"])[0])
    rows = tidy(rows, ["label", "value", "group"], ["order", "value"])
    places, shapes, limits, under = _country(points, outlines, focus)
    shape = (limits[1] - limits[0]) / (limits[3] - limits[2])
    width = min(st.WIDTH * 0.5, _TALLEST * shape)
    names, below = list(dict.fromkeys(rows["label"])), 0.15 * under.count("\n")
    alone = min(st.width() / shape, _TALLEST) + below, 0.3 * len(names)  # inches of the panels one below the other
    left, right = parts.two_panels(max(width / shape, 1.6) + below, alone, 0.45, (1, 0.85))
    parts.short_rows(right, [textwrap.fill(n, 16) for n in names], len(names))
    for group in dict.fromkeys(groups(rows["group"])):
        part = rows[rows["group"] == group]
        at = part["label"].map({n: i for i, n in enumerate(names)}).to_numpy(dtype=float)
        look = {"edgecolors": maps.EDGE, "linewidths": 0.6, "zorder": 3, "label": group}
        right.scatter(part["value"], at, s=42, color=st.GROUP_COLOURS[group], **look)
    parts.reference_line(right, 100, "EU")
    parts.accent_labels(right, [True])
    right.set_xlabel(xlabel, fontsize=st.SMALL)
    parts.key(left.figure, *parts.group_patches(rows["group"]))
    land = [FOCUS_LAND if s[0] == focus else maps.PALE_LAND for s in shapes]
    maps.draw_land(left, shapes, land, limits, under)
    _draw_regions(left, places, limits)  # last: marks and labels are placed on the map as large as it comes out
    return left.figure


def _country(points: pd.DataFrame, outlines: pd.DataFrame, focus: str):
    """Return the regions of one country with their places in metres (x, y; NaN-free where `shown`), the parts of all
    countries, the limits of the map, and the line that names the regions outside it.
    """
    points = tidy(points, ["code", "name", "geo", "lon", "lat", "group"], ["code"], ["code"])
    points = points[points["geo"] == focus].reset_index(drop=True)
    if points.empty or focus not in set(outlines["geo"]):
        raise ParameterError(f"focus {focus!r} has no region in the points or no part in the outlines")
    shapes = shapes_of(outlines)
    x, y = project(numbers(points, "lon"), numbers(points, "lat"))
    limits = limits_around([s[3] for s in shapes if s[0] == focus], np.column_stack([x, y]))
    shown = (x > limits[0]) & (x < limits[1]) & (y > limits[2]) & (y < limits[3])
    under = maps.line_of_those_outside(points, shown, groups(points["group"]), "", 52)
    return points.assign(x=x, y=y, shown=shown), shapes, limits, under


def _draw_regions(ax, places: pd.DataFrame, limits) -> None:
    """Draw lettered discs that do not cover each other, and beside them their names if few, their codes if more."""
    x, y, on = (places[c].to_numpy(copy=True) for c in ("x", "y", "shown"))
    st.settle(ax.figure)
    point = (limits[1] - limits[0]) / ax.get_window_extent().width * ax.figure.dpi / 72  # in metres
    x[on], y[on] = moved_apart(x[on], y[on], 12 * point)
    for kind, mine in maps.kinds_of(groups(places["group"])).items():
        mine = np.flatnonzero(on & mine)
        maps.draw_kind(ax, x[mine], y[mine], kind, st.GROUP_COLOURS.get(kind), "o", 150)
        for i in mine if kind in GROUP_LETTERS else ():
            parts.middle(ax, x[i], y[i], GROUP_LETTERS[kind], zorder=4, color=st.ink_on(st.GROUP_COLOURS[kind]))
    if on.sum() > _MANY:
        return
    wanted = []
    for i in np.flatnonzero(on):
        name, code = (str(places[c].iloc[i]) for c in ("name", "code"))
        named = [name, textwrap.fill(name, max(10, len(name) // 2 + 2)), code]
        wanted.append((x[i], y[i], named if on.sum() <= _NAMED else [code], {}))
    spots = np.column_stack([x, y])[on]
    place_labels(ax, wanted, spots, reach=(9, 14, 20, 28), pad=6.5, color=st.INK, zorder=5)
