"""Maps: a square for each country, and region points over country outlines."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from innodivide.errors import ParameterError
from innodivide.figures import style as st
from innodivide.figures.label_places import place_labels
from innodivide.wording import GROUP_LETTERS, show

GROUP_MARKERS = {"leader": "o", "strong": "s", "moderate": "^", "modest": "v", "emerging": "v"}
_LAND = {"eu27": "#E9E8E4", "uk": "#F5F5F2", "context": "#F5F5F2"}
_FOCUS_LAND = "#DAD8D0"
_EDGE = "#444444"


@st.house
def tile_map(
    frame: pd.DataFrame,
    grid: pd.DataFrame,
    value: str,
    label: str = "",
    kind: str = "group",
    fmt: str = "{:.0f}",
    highlight=None,
):
    """Draw one square per country with its code and its group letter or number.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns geo and `value`: an innovation group (`kind="group"`) or a number (`kind="sequential"`). A country of
        the grid that is absent or empty here is hatched.
    grid : pandas.DataFrame
        Columns geo, row (0 is north), col (0 is west).
    label : str
        What the colour stands for: heading of the key.
    fmt : str
        How a number is printed in its square.
    highlight : str or iterable, optional
        Countries framed in the accent colour.
    """
    who = "tile_map"
    if kind not in ("group", "sequential"):
        raise ParameterError(f"{who}: kind {kind!r}; use 'group' or 'sequential'")
    grid = st.tidy(who, grid, ["geo", "row", "col"], ["geo"], ["geo"])
    frame = st.tidy(who, frame, ["geo", value], ["geo"], ["geo"])
    strange = sorted((set(frame["geo"]) | st.chosen(highlight)) - set(grid["geo"]))
    if strange:
        raise ParameterError(f"{who}: the grid has no square for {', '.join(strange)}")
    known = dict(zip(frame["geo"], st.groups(who, frame[value]) if kind == "group" else st.numbers(who, frame, value)))
    values = [known.get(geo) for geo in grid["geo"]]
    values = [None if v is None or v != v else v for v in values]
    rows, columns = grid["row"].max() + 1, grid["col"].max() + 1
    figure = Figure(figsize=(st.WIDTH, st.WIDTH * rows / max(columns, 6) * 0.58), dpi=st.DPI, layout="constrained")
    ax = figure.add_subplot()
    ax.set(xlim=(-0.04, max(columns, 6) - 0.02), ylim=(rows - 0.02, -0.04), aspect="equal")
    ax.axis("off")
    norm = _norm([v for v in values if v is not None]) if kind == "sequential" else None
    for geo, row, col, v in zip(grid["geo"], grid["row"], grid["col"], values):
        colour = "white" if v is None else st.GROUP_COLOURS[v] if kind == "group" else st.SEQUENTIAL(norm(v))
        look = st.MISSING if v is None else {"facecolor": colour, "edgecolor": st.RULE, "linewidth": 0.5}
        tile = ax.add_patch(Rectangle((col + 0.03, row + 0.03), 0.94, 0.94, **look))
        tile.set_label(geo)
        if geo in st.chosen(highlight):
            ax.add_patch(Rectangle((col + 0.05, row + 0.05), 0.9, 0.9, fill=False, edgecolor=st.ACCENT, linewidth=3))
        text = "no data" if v is None else GROUP_LETTERS[v] if kind == "group" else show(v, fmt)
        paper = {"facecolor": "#F0F0F0", "edgecolor": "none", "pad": 0.8} if v is None else None
        ax.text(
            col + 0.5,
            row + 0.36,
            geo,
            ha="center",
            va="center",
            fontsize=11,
            fontweight="bold",
            color=st.ink_on(colour),
            bbox=paper,
        )
        ax.text(
            col + 0.5,
            row + 0.7,
            text,
            ha="center",
            va="center",
            fontsize=st.SMALL if v is None else 9,
            color=st.ink_on(colour),
            bbox=paper,
        )
    _tile_key(figure, ax, grid, values, kind, norm, label)
    return figure


@st.house
def region_map(
    points: pd.DataFrame,
    outlines: pd.DataFrame,
    value: str = "group",
    focus: str | None = None,
    labels: str | None = None,
    label: str = "",
    fmt: str = "{:.0f}",
):
    """Draw regions as points over country outlines (ETRS89-LAEA), for the EU or for one country.

    Points that would cover each other are moved apart just so far that each shows.

    Parameters
    ----------
    points : pandas.DataFrame
        One row per region: code, name, geo, lon, lat (degrees) and `value`: innovation groups, or numbers. Regions
        outside the frame, or without a position, are listed under the map with their value.
    outlines : pandas.DataFrame
        geo, part, seq, lon, lat, layer (eu27, uk, context): one row per vertex of each polygon part.
    focus : str, optional
        Country to zoom to: only its regions are drawn, by name if they are at most 20, else by code.
    labels : str, optional
        Column of `points` to write beside each region instead.
    label : str
        What the colour stands for.
    """
    who = "region_map"
    points = st.tidy(who, points, ["code", "name", "geo", "lon", "lat", value, labels], ["code"], ["code"])
    outlines = st.tidy(who, outlines, ["geo", "part", "seq", "lon", "lat", "layer"], ["geo", "part", "seq"])
    if focus is not None:
        points = points[points["geo"] == focus].reset_index(drop=True)
        if points.empty or focus not in set(outlines["geo"]):
            raise ParameterError(f"{who}: focus {focus!r} has no region in the points or no part in the outlines")
    numeric = pd.api.types.is_numeric_dtype(points[value]) and value != "group"
    values = st.numbers(who, points, value) if numeric else st.groups(who, points[value])
    values = [None if v is None or v != v else v for v in values]
    shapes = shapes_of(outlines)
    x, y = project(st.numbers(who, points, "lon"), st.numbers(who, points, "lat"))
    framed = [s[3] for s in shapes if s[0] == focus or (focus is None and s[1] == "eu27")]
    left, right, bottom, top = limits_around(framed, np.column_stack([x, y]))
    shown = (x > left) & (x < right) & (y > bottom) & (y < top)
    shapes = [
        s for s in shapes if (s[3].max(axis=0) > (left, bottom)).all() and (s[3].min(axis=0) < (right, top)).all()
    ]
    under = line_of_those_outside(points, shown, values, fmt)
    height = st.WIDTH * (top - bottom) / (right - left) + (0.85 if numeric else 0.4) + 0.16 * under.count("\n")
    figure = Figure(figsize=(st.WIDTH, height), dpi=st.DPI, layout="constrained")
    ax = figure.add_subplot()
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.add_collection(
        PolyCollection(
            [s[3] for s in shapes],
            facecolors=[land_colour(s, focus) for s in shapes],
            edgecolors="white",
            linewidths=0.7,
            zorder=1,
        ),
        autolim=False,
    )
    ax.set_xlabel(under, fontsize=st.SMALL, color=st.QUIET, loc="left", multialignment="left")
    x[shown], y[shown] = moved_apart(x[shown], y[shown], (right - left) / st.WIDTH / 72 * (13.5 if focus else 5))
    norm = _norm([v for v in values if v is not None]) if numeric else None
    draw_marks(ax, x, y, shown, values, norm, focus)
    _region_key(figure, ax, values, norm, label, focus)
    if focus is not None or labels is not None:
        draw_labels(ax, points, x, y, shown, values, labels, fmt if numeric else None)
    return figure


def project(lon, lat) -> tuple[np.ndarray, np.ndarray]:
    """Return ETRS89-LAEA Europe (EPSG:3035) easting and northing in metres of points in degrees.

    Lambert azimuthal equal-area, oblique, on the GRS80 ellipsoid: IOGP Guidance Note 7-2, method 9820; Snyder (1987),
    Map Projections: A Working Manual, USGS Professional Paper 1395, pp. 187-188.
    """
    a, flattening = 6378137.0, 1 / 298.257222101
    e2 = flattening * (2 - flattening)
    e = np.sqrt(e2)

    def q(sine):
        return (1 - e2) * (sine / (1 - e2 * sine**2) - np.log((1 - e * sine) / (1 + e * sine)) / (2 * e))

    lon, lat = np.radians(np.asarray(lon, dtype=float)), np.radians(np.asarray(lat, dtype=float))
    lon0, lat0 = np.radians(10.0), np.radians(52.0)
    radius = a * np.sqrt(q(1.0) / 2)
    beta, beta0 = np.arcsin(q(np.sin(lat)) / q(1.0)), np.arcsin(q(np.sin(lat0)) / q(1.0))
    d = a * np.cos(lat0) / np.sqrt(1 - e2 * np.sin(lat0) ** 2) / (radius * np.cos(beta0))
    cosine = np.cos(beta) * np.cos(lon - lon0)
    b = radius * np.sqrt(2 / (1 + np.sin(beta0) * np.sin(beta) + np.cos(beta0) * cosine))
    return (
        4321000 + b * d * np.cos(beta) * np.sin(lon - lon0),
        3210000 + b / d * (np.cos(beta0) * np.sin(beta) - np.sin(beta0) * cosine),
    )


def shapes_of(outlines) -> list[tuple]:
    """Return (geo, layer, area, vertices) of each part, largest first, so that enclaves lie on top."""
    found = []
    for (geo, _), part in outlines.groupby(["geo", "part"], sort=True):
        x, y = project(part["lon"], part["lat"])
        area = abs(np.dot(x - x[0], np.roll(y, 1) - y[0]) - np.dot(y - y[0], np.roll(x, 1) - x[0])) / 2
        found.append((geo, part["layer"].iloc[0], area, np.column_stack([x, y])))
    return sorted(found, key=lambda s: -s[2])


def limits_around(parts, points) -> tuple[float, float, float, float]:
    """Return map limits around some parts and the points close to them, with a margin: at least 320 km wide (so that
    the smallest countries have neighbours), and not much taller than wide.
    """
    if not parts:
        raise ParameterError("region_map: the outlines have no part in layer 'eu27' to frame the map")
    corners = np.concatenate(parts)
    near = 0.15 * np.ptp(corners, axis=0)
    close = points[((points > corners.min(axis=0) - near) & (points < corners.max(axis=0) + near)).all(axis=1)]
    corners = np.concatenate([corners, close])
    (width, height), (middle, centre) = np.ptp(corners, axis=0) * 1.1, (corners.min(axis=0) + corners.max(axis=0)) / 2
    width = max(width, height / 1.2, 320e3)
    height = max(height, width * 0.7)
    return middle - width / 2, middle + width / 2, centre - height / 2, centre + height / 2


def moved_apart(x, y, gap: float) -> tuple[np.ndarray, np.ndarray]:
    """Return points moved apart, in equal steps of both, until no two are nearer than `gap` (or after 60 rounds)."""
    spots = np.column_stack([x, y])
    for _ in range(60):
        between = spots[:, None] - spots[None]
        distance = np.hypot(*np.moveaxis(between, 2, 0))
        first, second = np.nonzero(np.triu(distance < gap * 0.999, 1))
        if not len(first):
            break
        for i, j in zip(first, second):
            step = spots[i] - spots[j] if distance[i, j] > 0 else np.array([1.0, 0.0])
            push = step / np.hypot(*step) * (gap - distance[i, j]) / 2
            spots[i], spots[j] = spots[i] + push, spots[j] - push
    return spots[:, 0], spots[:, 1]


def land_colour(shape, focus) -> str:
    """Return the colour of a part of `shapes_of`: by its layer, or by whether it is the country in focus."""
    if focus is None:
        return _LAND.get(shape[1], _LAND["context"])
    return _FOCUS_LAND if shape[0] == focus else _LAND["context"]


def _norm(values) -> Normalize:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    return Normalize(low, high) if high > low else Normalize(low - 0.5, low + 0.5)


def draw_marks(ax, x, y, shown, values, norm, focus) -> None:
    """Draw the points: lettered discs in a country map; in the EU map a marker shape for each group."""
    kinds = ["no data" if v is None else "value" if norm else v for v in values]
    for kind in sorted(set(kinds), key=lambda k: (list(GROUP_MARKERS).index(k) if k in GROUP_MARKERS else -1, k)):
        mine = np.flatnonzero(shown & np.array([k == kind for k in kinds]))
        marker = "o" if focus or norm or kind == "no data" else GROUP_MARKERS[kind]
        size = 150 if focus else 34
        if kind == "no data":
            look = {k: v for k, v in st.MISSING.items() if k != "linewidth"}
        else:
            look = {
                "facecolor": [st.SEQUENTIAL(norm(values[i])) for i in mine] if norm else st.GROUP_COLOURS[kind],
                "edgecolor": _EDGE,
            }
        ax.scatter(x[mine], y[mine], marker=marker, s=size, linewidths=0.6, zorder=3, label=kind, **look)
        if focus and kind in GROUP_LETTERS:
            for i in mine:
                ax.text(
                    x[i],
                    y[i],
                    GROUP_LETTERS[kind],
                    ha="center",
                    va="center",
                    fontsize=st.SMALL,
                    zorder=4,
                    color=st.ink_on(st.GROUP_COLOURS[kind]),
                )


def draw_labels(ax, points, x, y, shown, values, labels, fmt) -> None:
    """Write names (few regions) or codes (many), the number after it where there is one."""
    few, wanted = shown.sum() <= 20, []
    for i in np.flatnonzero(shown):
        tail = "" if fmt is None or values[i] is None else f": {show(values[i], fmt)}"
        name, code = str(points[labels or "name"].iloc[i]), str(points["code"].iloc[i]) + tail
        texts = [name + tail, textwrap.fill(name + tail, max(10, len(name) // 2 + 2)), code]
        wanted.append((x[i], y[i], texts if few or labels else [code], {}))
    place_labels(ax, wanted, np.column_stack([x, y])[shown], reach=(9, 14, 20, 28), pad=6.5, color=st.INK, zorder=5)


def line_of_those_outside(points, shown, values, fmt, width: int = 105) -> str:
    """Return the line that names the regions the map does not show, with their values."""
    texts = [
        f"{name} ({'no data' if v is None else GROUP_LETTERS.get(v) or show(v, fmt)})"
        for name, v, on in zip(points["name"], values, shown)
        if not on
    ]
    return "\n" + textwrap.fill(f"Not on the map: {', '.join(texts)}.", width) if texts else ""


def _region_key(figure, ax, values, norm, label, focus) -> None:
    if norm:
        bar = figure.colorbar(
            ScalarMappable(norm, st.SEQUENTIAL),
            ax=ax,
            orientation="horizontal",
            shrink=0.5,
            aspect=30,
            pad=0.02,
            label=label,
        )
        bar.outline.set_visible(False)
        if any(v is None for v in values):
            patches, texts = st.group_patches([None])
            st.key(figure, patches, texts)
        return
    handles, texts = st.group_patches(values)
    if not focus:
        present = [g for g in GROUP_MARKERS if g in set(values)]
        handles[: len(present)] = [
            Line2D(
                [],
                [],
                linestyle="none",
                marker=GROUP_MARKERS[g],
                markersize=6,
                markerfacecolor=st.GROUP_COLOURS[g],
                markeredgecolor=_EDGE,
                markeredgewidth=0.6,
            )
            for g in present
        ]
        texts = [*present, *texts[len(present) :]]
    st.key(figure, handles, texts)
    figure.legends[0].set_title(label or None, prop={"size": st.SMALL})


def _tile_key(figure, ax, grid, values, kind, norm, label) -> None:
    """Put the key in the empty north-west of the grid, or under the map where that is not empty."""
    free = not ((grid["row"] < 3) & (grid["col"] < 4)).any() and grid["row"].max() > 3
    patches, texts = st.group_patches(values if kind == "group" else [v for v in values if v is None])
    if kind == "sequential" and any(v is not None for v in values):
        inset = ax.inset_axes([0.02, 0.9, 0.4, 0.022] if free else [0.3, -0.08, 0.4, 0.022])
        bar = figure.colorbar(ScalarMappable(norm, st.SEQUENTIAL), cax=inset, orientation="horizontal")
        bar.outline.set_visible(False)
        inset.set_title(textwrap.fill(label, 40), fontsize=st.SMALL, loc="left", pad=4)
    if free and texts:
        ax.legend(
            patches,
            texts,
            loc="upper left",
            borderaxespad=0.3,
            handlelength=1.3,
            alignment="left",
            bbox_to_anchor=(0, 1) if kind == "group" else (0, 0.87),
            title_fontsize=st.SMALL,
            title=textwrap.fill(label, 40) if kind == "group" else None,
        )
    elif texts:
        st.key(figure, patches, texts)
        figure.legends[0].set_title(label if kind == "group" else None, prop={"size": st.SMALL})
