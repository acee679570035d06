"""The regions of one country: a map small enough for half a page's width, beside those of other countries."""

import textwrap
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from innodivide.errors import ParameterError
from innodivide.figures import maps
from innodivide.figures import style as st
from innodivide.figures.panels import short_rows

_NAMED, _MANY = 3, 14  # regions up to which names, then codes, fit on half a page's width
_TALLEST = 2.9  # inches


@st.house
def regions_beside(
    points: pd.DataFrame,
    outlines: pd.DataFrame,
    rows: pd.DataFrame,
    focus: str,
    xlabel: str = "",
    reference: float = 100,
    reference_label: str = "EU",
):
    """Draw the regions of a country on its map (left) and those of a few countries on one scale (right).

    Parameters
    ----------
    points, outlines
        As for `region_map`; the value is the innovation group.
    rows : pandas.DataFrame
        Columns label (country, in the order drawn), value, group; one row per region.
    """
    who, width = "regions_beside", st.WIDTH * 0.5
    rows = rows.assign(order=pd.factorize(rows["label"])[0])
    rows = st.tidy(who, rows, ["label", "value", "group"], ["order", "value"])
    view = country_view(points, outlines, focus)
    shape = (view.right - view.left) / (view.top - view.bottom)
    width = min(width, _TALLEST * shape)
    height = max(width / shape, 1.6) + 0.45 + 0.15 * view.under.count("\n")
    figure = Figure(figsize=(st.WIDTH, height), dpi=st.DPI, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 0.85))
    names = list(dict.fromkeys(rows["label"]))
    short_rows(right, [textwrap.fill(n, 16) for n in names], len(names))
    for group in dict.fromkeys(st.groups(who, rows["group"])):
        part = rows[rows["group"] == group]
        at = part["label"].map({n: i for i, n in enumerate(names)}).to_numpy(dtype=float)
        right.scatter(
            part["value"],
            at,
            s=42,
            color=st.GROUP_COLOURS[group],
            edgecolors="#444444",
            linewidths=0.6,
            zorder=3,
            label=group,
        )
    st.reference_line(right, reference, reference_label)
    right.get_yticklabels()[0].set(color=st.ACCENT, fontweight="bold")
    right.set_xlabel(xlabel, fontsize=st.SMALL)
    st.key(figure, *st.group_patches(rows["group"]))
    draw_country(left, view)  # last: its marks and labels are placed on the map as large as it comes out
    return figure


@dataclass(frozen=True)
class View:
    """A country's map ready to draw: its limits in metres, regions, places, groups, land, and what lies outside."""

    focus: str
    left: float
    right: float
    bottom: float
    top: float
    points: pd.DataFrame
    x: np.ndarray
    y: np.ndarray
    shown: np.ndarray
    values: list
    shapes: list
    under: str


def country_view(points: pd.DataFrame, outlines: pd.DataFrame, focus: str) -> View:
    """Return the map of one country by innovation group; columns as for `region_map`, the value is `group`."""
    who = "country_view"
    points = st.tidy(who, points, ["code", "name", "geo", "lon", "lat", "group"], ["code"], ["code"])
    points = points[points["geo"] == focus].reset_index(drop=True)
    if points.empty or focus not in set(outlines["geo"]):
        raise ParameterError(f"{who}: focus {focus!r} has no region in the points or no part in the outlines")
    shapes = maps.shapes_of(outlines)
    x, y = maps.project(st.numbers(who, points, "lon"), st.numbers(who, points, "lat"))
    left, right, bottom, top = maps.limits_around([s[3] for s in shapes if s[0] == focus], np.column_stack([x, y]))
    shown = (x > left) & (x < right) & (y > bottom) & (y < top)
    values = st.groups(who, points["group"])
    under = maps.line_of_those_outside(points, shown, values, "", 52)
    return View(focus, left, right, bottom, top, points, x, y, shown, values, shapes, under)


def draw_country(ax, view: View) -> None:
    """Draw a `country_view` on axes: lettered discs that do not cover each other, by name if few, by code if many."""
    ax.set(xlim=(view.left, view.right), ylim=(view.bottom, view.top), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    land = [maps.land_colour(s, view.focus) for s in view.shapes]
    ax.add_collection(
        PolyCollection([s[3] for s in view.shapes], facecolors=land, edgecolors="white", linewidths=0.7, zorder=1),
        autolim=False,
    )
    ax.set_xlabel(view.under, fontsize=st.SMALL, color=st.QUIET, loc="left", multialignment="left")
    x, y, on = view.x.copy(), view.y.copy(), view.shown
    st.settle(ax.figure)
    point = (view.right - view.left) / ax.get_window_extent().width * ax.figure.dpi / 72  # in metres
    x[on], y[on] = maps.moved_apart(x[on], y[on], 12 * point)
    maps.draw_marks(ax, x, y, on, view.values, None, view.focus)
    if on.sum() <= _MANY:
        maps.draw_labels(ax, view.points, x, y, on, view.values, None if on.sum() <= _NAMED else "code", None)
