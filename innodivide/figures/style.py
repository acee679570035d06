"""House style: colours, frame checks, axes, keys, label placing and the bytes of a finished figure."""

import functools
import io
import textwrap

import numpy as np
import pandas as pd
import seaborn
from matplotlib import style as mpl_style
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.transforms import ScaledTranslation

from innodivide.errors import ParameterError
from innodivide.wording import GROUP_LETTERS

WIDTH = 6.5  # inches: one text column
DPI = 150
SMALL = 8  # points: the smallest text
INK, QUIET, GRID, RULE = "#222222", "#595959", "#E6E6E6", "#9A9A9A"
ACCENT = "#C2410C"  # the highlighted country, the observed value
GROUP_COLOURS = {
    "leader": "#0B2A4A",
    "strong": "#2F6F9F",
    "moderate": "#8DB8D6",
    "modest": "#DCE9F2",
    "emerging": "#DCE9F2",
}
PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 1}  # behind text that crosses lines
MISSING = {"facecolor": "#F0F0F0", "edgecolor": "#8C8C8C", "hatch": "//////", "linewidth": 0.5}
SEQUENTIAL = LinearSegmentedColormap.from_list(
    "innodivide", [GROUP_COLOURS[g] for g in ("emerging", "moderate", "strong", "leader")]
)
_OTHER = seaborn.color_palette("colorblind").as_hex()  # not its blues (groups) nor its vermilion (ACCENT)
SERIES_COLOURS = ("#333333", _OTHER[2], _OTHER[4], _OTHER[1], _OTHER[7], "#7B4EA3")
SERIES_DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 1)), (0, (8, 2)))
SERIES_SHADES = ("#222222", "#7B4EA3", "#C98A1B")  # estimates side by side, apart in grey; each has its own mark
SERIES_MARKS = ("s", "o", "D")
PART_COLOURS = ("#24483E", "#5C8A7A", "#9FC0B4", "#D3E3DD")  # parts of a whole that are not innovation groups
_STYLE = [
    "default",
    {
        **seaborn.axes_style("ticks"),
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 9,
        "axes.labelsize": 9,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
        "legend.fontsize": SMALL,
        "legend.frameon": False,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": RULE,
        "axes.linewidth": 0.8,
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": QUIET,
        "ytick.color": INK,
        "xtick.major.size": 3,
        "xtick.major.width": 0.8,
        "ytick.major.width": 0.8,
        "ytick.major.size": 3,
        "grid.color": GRID,
        "grid.linewidth": 0.6,
        "axes.axisbelow": True,
        "axes.unicode_minus": True,
        "hatch.linewidth": 0.5,
        "hatch.color": "#8C8C8C",
        "svg.hashsalt": "innodivide",
        "svg.fonttype": "path",
        "savefig.dpi": DPI,
        "figure.dpi": DPI,
        "figure.constrained_layout.h_pad": 0.06,
        "figure.constrained_layout.w_pad": 0.06,
        "lines.solid_capstyle": "butt",
        "path.simplify": False,
    },
]


def house(draw):
    """Run a drawing function in the house style, whatever the reader's matplotlib settings, and fix its layout."""

    @functools.wraps(draw)
    def styled(*args, **kwargs) -> Figure:
        with mpl_style.context(_STYLE):
            figure = draw(*args, **kwargs)
            if layout := figure.get_layout_engine():
                layout.execute(figure)
            figure.set_layout_engine(None)  # not "none", whose stand-in makes Matplotlib draw twice to save once
        return figure

    return styled


def settle(figure: Figure) -> None:
    """Compute the layout, so that text can be measured and labels placed."""
    figure.draw_without_rendering()


def save_bytes(figure: Figure, fmt: str) -> bytes:
    """Return a figure as SVG or PNG; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    fmt : {"svg", "png"}
        Text in the SVG is drawn as paths, so it looks the same without the font; the PNG has 150 dots per inch.
    """
    metadata = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}
    if fmt not in metadata:
        raise ParameterError(f"figure format {fmt!r}: use 'svg' or 'png'")
    buffer = io.BytesIO()
    with mpl_style.context(_STYLE):
        figure.savefig(buffer, format=fmt, metadata=metadata[fmt], facecolor="white", bbox_inches=None)
    return buffer.getvalue()


def tidy(who: str, frame: pd.DataFrame, columns, by, unique=()) -> pd.DataFrame:
    """Return the frame sorted by key, after checking its columns, that it has rows, and that no key comes twice."""
    absent = [c for c in dict.fromkeys(columns) if c is not None and c not in frame.columns]
    if absent:
        raise ParameterError(
            f"{who}: no column {', '.join(map(repr, absent))} in the frame, which has "
            f"{', '.join(map(repr, frame.columns))}"
        )
    if frame.empty:
        raise ParameterError(f"{who}: the frame has no rows, nothing to draw")
    if len(unique) and frame.duplicated(list(unique)).any():
        row = frame.loc[frame.duplicated(list(unique)), list(unique)].iloc[0]
        raise ParameterError(f"{who}: {', '.join(f'{k} {v!r}' for k, v in row.items())} comes more than once")
    return frame.sort_values(list(by), kind="stable", na_position="last").reset_index(drop=True)


def numbers(who: str, frame: pd.DataFrame, column: str | None) -> np.ndarray:
    """Return a column as floats, unknown as nan; without a column, all nan."""
    if column is None:
        return np.full(len(frame), np.nan)
    try:
        return pd.to_numeric(frame[column]).to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"{who}: column {column!r} is not numeric ({error})") from None


def both_or_none(who: str, low, high) -> bool:
    """Return whether an interval is given; half an interval is a mistake."""
    if (low is None) != (high is None):
        raise ParameterError(f"{who}: give both low and high, or neither")
    return low is not None


def groups(who: str, values) -> list[str | None]:
    """Return innovation groups, unknown as None; a name that is not a group is a mistake."""
    found = [None if pd.isna(v) else v for v in values]
    strange = sorted({str(v) for v in found if v is not None and v not in GROUP_COLOURS})
    if strange:
        raise ParameterError(
            f"{who}: unknown innovation group {', '.join(map(repr, strange))}; known are {', '.join(GROUP_COLOURS)}"
        )
    return found


def chosen(highlight) -> set:
    """Return the highlighted names as a set; one name may be given bare."""
    return set() if highlight is None else {highlight} if isinstance(highlight, str) else set(highlight)


def ink_on(colour) -> str:
    """Return the text colour that reads on a background: white on dark, ink on light."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour))
    return "white" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.21 else INK


def three_digits(value: float) -> str:
    """Return a number as read in a figure: three significant digits, no exponent below a million."""
    if not np.isfinite(value):
        return "∞" if value > 0 else "−∞" if value < 0 else "unknown"
    size = abs(value)
    if size >= 1e6 or 0 < size < 1e-3:
        return f"{value:.1e}".replace("-", "−")
    digits = 0 if size >= 100 else 1 if size >= 10 else 2
    return f"{value:,.{digits}f}".replace("-", "−")


def short(value: float) -> str:
    """Return a number to three significant digits without trailing zeros, as on an axis."""
    text = three_digits(value)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def plain_axes(height: float):
    """Return a figure of one column width and its axes."""
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained")
    ax = figure.add_subplot()
    ax.grid(axis="y")
    return figure, ax


def padded(low: float, high: float, share: float) -> tuple[float, float]:
    """Return limits a share of the range wider, also where there is no range."""
    pad = (high - low) * share or abs(high) * share or 1.0
    return low - pad, high + pad


def row_axes(labels, highlight=(), row: float = 0.2, extra: float = 0.75, wrap: int = 42):
    """Return a figure with one text row per label, first on top, its axes, and the height (y) of each row."""
    texts = [textwrap.fill(str(t), wrap) for t in labels]
    sizes = np.array([max(1.0, (0.06 + 0.135 * (t.count("\n") + 1)) / row) for t in texts])  # in rows of one line
    places = np.cumsum(sizes) - sizes / 2
    figure = Figure(figsize=(WIDTH, max(1.5, extra + row * sizes.sum())), dpi=DPI, layout="constrained")
    ax = figure.add_subplot()
    ax.set_yticks(places, texts)
    ax.set_ylim(sizes.sum() + 0.1, -0.1)
    for tick, label in zip(ax.get_yticklabels(), labels):
        if label in highlight:
            tick.set(color=ACCENT, fontweight="bold")
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.hlines(places, 0, 1, transform=ax.get_yaxis_transform(), color=GRID, linewidth=0.6, zorder=0)
    ax.grid(axis="x")
    return figure, ax, places


def say_missing(ax, places, hatched: bool = True) -> None:
    """Mark rows that have no value: the words, after a hatched box unless that could be taken for a bar."""
    for y in places:
        if hatched:
            ax.add_patch(Rectangle((0, y - 0.32), 0.035, 0.64, transform=ax.get_yaxis_transform(), zorder=2, **MISSING))
        ax.text(
            0.045 if hatched else 0.01,
            y,
            "no data",
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize=SMALL,
            color=QUIET,
            bbox=PAPER,
        )
    if len(places) == len(ax.get_yticks()):
        ax.set_xticks([])  # a scale of nothing


def chips(ax, places, names) -> None:
    """Draw each row's innovation group as a lettered square between its label and the axes."""
    ax.tick_params(axis="y", pad=19)
    spot = ax.get_yaxis_transform() + ScaledTranslation(-11 / 72, 0, ax.figure.dpi_scale_trans)
    for y, name in zip(places, names):
        if name is not None:
            colour = GROUP_COLOURS[name]
            ax.plot(
                0,
                y,
                "s",
                transform=spot,
                markersize=13,
                color=colour,
                markeredgecolor=RULE,
                markeredgewidth=0.5,
                clip_on=False,
                zorder=2,
            )
            ax.text(
                0,
                y,
                GROUP_LETTERS[name],
                transform=spot,
                ha="center",
                va="center_baseline",
                fontsize=SMALL,
                color=ink_on(colour),
            )


def reference_line(ax, value: float | None, text: str = "", axis: str = "x", ha: str = "center") -> None:
    """Draw a dashed line at a reference value, named at its upper (left) end."""
    if value is None:
        return
    look = {"color": QUIET, "linewidth": 1, "linestyle": (0, (4, 2)), "zorder": 1.5, "label": "reference"}
    if axis == "x":
        ax.axvline(value, **look)
        ax.annotate(
            text,
            (value, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha=ha,
            va="bottom",
            fontsize=SMALL,
            color=QUIET,
        )
    else:
        ax.axhline(value, **look)
        ax.annotate(
            text,
            (0, value),
            xycoords=("axes fraction", "data"),
            xytext=(3, 2),
            textcoords="offset points",
            ha="left",
            va="bottom",
            fontsize=SMALL,
            color=QUIET,
        )


def ranked(frame: pd.DataFrame, rank) -> pd.DataFrame:
    """Return the frame by descending rank, ties in the order they have, unknown last."""
    return frame.iloc[np.argsort(-np.where(np.isnan(rank), -np.inf, rank), kind="stable")].reset_index(drop=True)


def dots(ax, x, y, colours, marker="o", s=44, **look):
    """Draw the values of a chart."""
    return ax.scatter(x, y, c=colours, marker=marker, s=s, zorder=3, label="values", **look)


def pick(values, keep) -> list:
    """Return the values to keep."""
    return [v for v, k in zip(values, keep) if k]


def mark(marker: str, colour: str, size: float = 6.5) -> Line2D:
    """Return a mark for the key."""
    return Line2D(
        [],
        [],
        linestyle="none",
        marker=marker,
        markersize=size,
        markerfacecolor=colour,
        markeredgecolor=INK if colour == "white" else colour,
        markeredgewidth=1.3,
    )


def group_patches(names) -> tuple[list, list]:
    """Return key patches and texts for the groups present, unknown last."""
    present = [g for g in GROUP_COLOURS if g in set(names)]
    patches = [Patch(facecolor=GROUP_COLOURS[g], edgecolor=RULE, linewidth=0.5) for g in present]
    texts = [f"{GROUP_LETTERS[g]}  {g}" for g in present]
    if any(n is None for n in names):
        patches, texts = [*patches, Patch(**MISSING)], [*texts, "no data"]
    return patches, texts


def key(figure: Figure, handles, texts, columns: int = 6) -> None:
    """Put a key under the drawing."""
    figure.legend(
        handles,
        texts,
        loc="outside lower center",
        ncols=min(columns, max(1, len(texts))),
        handlelength=1.3,
        handleheight=0.9,
        columnspacing=1.4,
        handletextpad=0.5,
    )
