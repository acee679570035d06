"""House style: colours, sizes, numbers as printed, and the bytes of a finished figure."""

import functools
import io

import numpy as np
import seaborn
from matplotlib import style as mpl_style
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgb
from matplotlib.figure import Figure

from innodivide.errors import ParameterError
from innodivide.wording import GROUP_LABELS

WIDTH = 6.5  # inches: one text column
DPI = 150
PRINT = 300  # dots per inch of the PNG: what journals and printers ask for
SMALL = 8  # points: the smallest text
INK, QUIET, GRID, RULE = "#222222", "#595959", "#E6E6E6", "#9A9A9A"
BAND = "#CFCFCF"  # the interval of what is expected
ACCENT = "#C2410C"  # the highlighted country, the observed value
GROUP_COLOURS = dict(zip(GROUP_LABELS, ("#0B2A4A", "#2F6F9F", "#8DB8D6", "#DCE9F2", "#DCE9F2")))
PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 1}  # behind text that crosses lines
MISSING = {"facecolor": "#F0F0F0", "edgecolor": "#8C8C8C", "hatch": "//////", "linewidth": 0.5}
SEQUENTIAL = LinearSegmentedColormap.from_list(
    "innodivide", [GROUP_COLOURS[g] for g in ("emerging", "moderate", "strong", "leader")]
)
_OTHER = seaborn.color_palette("colorblind").as_hex()  # not its blues (groups) nor its vermilion (ACCENT)
SERIES_COLOURS = ("#333333", _OTHER[2], _OTHER[4], _OTHER[1], _OTHER[7], "#7B4EA3")
SERIES_DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)), (0, (3, 1)), (0, (8, 2)))
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
    """Run a drawing function in the house style, whatever the reader's matplotlib settings, and fix its layout.

    A mistake in its arguments is told with the name of the function.
    """

    @functools.wraps(draw)
    def styled(*args, **kwargs) -> Figure:
        with mpl_style.context(_STYLE):
            try:
                figure = draw(*args, **kwargs)
            except ParameterError as error:
                raise ParameterError(f"{draw.__name__}: {error}") from None
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
        Text in the SVG is drawn as paths, so it looks the same without the font; the PNG has `PRINT` dots per inch.
    """
    metadata = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}
    if fmt not in metadata:
        raise ParameterError(f"figure format {fmt!r}: use 'svg' or 'png'")
    buffer = io.BytesIO()
    with mpl_style.context(_STYLE):
        look = {"facecolor": "white", "bbox_inches": None, "dpi": PRINT if fmt == "png" else DPI}
        figure.savefig(buffer, format=fmt, metadata=metadata[fmt], **look)
    return buffer.getvalue()


def ink_on(colour) -> str:
    """Return the text colour that reads on a background: white on dark, ink on light."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour))
    return "white" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.21 else INK


def norm(values) -> Normalize:
    """Return the scale of `SEQUENTIAL` over some numbers."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    return Normalize(low, high) if high > low else Normalize(low - 0.5, low + 0.5)


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


def padded(low: float, high: float, share: float) -> tuple[float, float]:
    """Return limits a share of the range wider, also where there is no range."""
    pad = (high - low) * share or abs(high) * share or 1.0
    return low - pad, high + pad
