"""House style: colours, sizes, numbers as printed, and the bytes of a finished figure."""

import functools
import io
import re
import textwrap

import numpy as np
import seaborn
from matplotlib import rcParams, style as mpl_style
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgb
from matplotlib.figure import Figure

from innodivide.errors import ParameterError
from innodivide.wording import GROUP_LABELS

WIDTH, NARROW = 6.5, 3.4  # inches: one text column, and the screen of a phone
DPI = 150
PRINT = 300  # dots per inch of the PNG: what journals and printers ask for
SMALL = 8  # points: the smallest text
INK, QUIET, GRID, RULE = "#222222", "#595959", "#E6E6E6", "#8C8C8C"
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
_PATH = re.compile(rb' d="[^"]*"')
_LONG = re.compile(rb"-?\d+\.\d{3,}")  # points of a drawing: a hundredth is far below what is seen
_STYLE = [
    "default",
    {
        **seaborn.axes_style("ticks"),
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 9,
        "axes.labelsize": 9,
        "figure.figsize": (WIDTH, WIDTH),
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

    A mistake in its arguments is told with the name of the function. The figure can be drawn once more for a phone
    (`narrow_svg`).
    """

    @functools.wraps(draw)
    def styled(*args, **kwargs) -> Figure:
        def drawn(inches: float) -> Figure:
            edge = 0.06 if inches == WIDTH else 0.12  # marks at the ends of a scale stand out of it
            look = {"figure.figsize": (inches, inches), "figure.constrained_layout.w_pad": edge}
            with mpl_style.context([*_STYLE, look]):
                try:
                    figure = draw(*args, **kwargs)
                except ParameterError as error:
                    raise ParameterError(f"{draw.__name__}: {error}") from None
                if is_narrow():
                    _wrap_labels(figure)
                settle(figure)
                figure.set_layout_engine(None)  # not "none", whose stand-in makes Matplotlib draw twice to save once
            return figure

        figure = drawn(WIDTH)
        figure.narrow = functools.partial(drawn, NARROW)  # type: ignore[attr-defined]
        return figure

    return styled


def width() -> float:
    """Return the width in inches of the figure that is being drawn."""
    return float(rcParams["figure.figsize"][0])


def is_narrow() -> bool:
    """Return whether the figure that is being drawn is one for a phone."""
    return width() < WIDTH


def by_width(wide, narrow):
    """Return the one of two values that goes with the width of the figure that is being drawn."""
    return narrow if is_narrow() else wide


def _wrap_labels(figure: Figure) -> None:
    """Break the names of axes that are longer than a phone is wide."""
    for ax in figure.axes:
        for label, inches in ((ax.xaxis.label, NARROW * 0.6), (ax.yaxis.label, figure.get_figheight() * 0.8)):
            if label.get_ha() == "center":  # not what is set as a text, from the left
                label.set_text(filled(label.get_text(), int(inches * 13)))


def filled(text: str, width: int) -> str:
    """Return a text with each of its lines broken where it is longer than `width` letters."""
    return "\n".join(textwrap.fill(line, width) for line in text.split("\n"))


def narrow_svg(figure: Figure) -> str:
    """Return the SVG of a figure drawn once more for a phone; empty if it has no such form."""
    drawing = figure.narrow() if hasattr(figure, "narrow") else figure
    return save_bytes(drawing, "svg").decode() if drawing.get_figwidth() == NARROW else ""


def settle(figure: Figure) -> None:
    """Compute the layout, so that text can be measured and labels placed, as drawing would, but without drawing."""
    if layout := figure.get_layout_engine():
        layout.execute(figure)
    for ax in figure.axes:
        ax.apply_aspect()


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
    return buffer.getvalue() if fmt == "png" else _PATH.sub(_rounded, buffer.getvalue())


def _rounded(path: re.Match) -> bytes:
    return _LONG.sub(lambda number: b"%.2f" % float(number[0]), path[0])


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
