"""Pictures to share: one figure with its finding, what it takes to read it alone, and its source.

They are made of the drawing as it stands in the report, scaled, so that both show the same.
"""

import base64
import io
from textwrap import wrap

from innodivide.reports.pages.document import bound
from innodivide.reports.pages.source_list import source_line

WIDTH, HEIGHT, EDGE = 1200, 675, 40  # pixels: what networks show whole
TITLE = (20, 64, 36)  # points, letters in a line, pixels from line to line
FOOT = (10.5, 132, 20)
INK, QUIET = "#222222", "#595959"
PIXELS = 100  # in an inch


def render(payload: dict) -> bytes:
    """Return the picture of a figure as PNG; the same figure gives the same bytes.

    Parameters
    ----------
    payload : dict
        Of a figure whose `share` says what a reader needs who sees nothing but the picture.
    """
    import matplotlib.image
    from matplotlib import style
    from matplotlib.figure import Figure

    said = bound(payload)
    edition = said["edition"].rstrip(".")
    foot = " ".join([said["share"], *([f"{edition}."] if edition else []), f"Source: {source_line(said['sources'])}."])
    drawing = matplotlib.image.imread(io.BytesIO(base64.b64decode(said["png"])))
    buffer = io.BytesIO()
    with style.context("default"):
        figure = Figure(figsize=(WIDTH / PIXELS, HEIGHT / PIXELS), dpi=PIXELS)
        top = _write(figure, said["title"], HEIGHT - EDGE, TITLE, color=INK, weight="bold")
        bottom = EDGE + FOOT[2] * len(wrap(foot, FOOT[1]))
        _write(figure, foot, bottom, FOOT, color=QUIET)
        _paste(figure, drawing, bottom + 14, top - 14)
        figure.savefig(buffer, format="png", metadata={"Software": None}, facecolor="white")
    return buffer.getvalue()


def _write(figure, text: str, top: int, look: tuple[float, int, int], **how) -> int:
    """Write a text in lines from `top` down; return where it ends (pixels from below)."""
    size, letters, step = look
    lines = wrap(text, letters)
    for k, line in enumerate(lines):
        figure.text(EDGE / WIDTH, (top - k * step) / HEIGHT, line, size=size, va="top", **how)
    return top - step * len(lines)


def _paste(figure, drawing, low: int, high: int) -> None:
    """Put the drawing between two heights, as large as it fits there, in the middle."""
    tall, wide = drawing.shape[:2]
    scale = min((WIDTH - 2 * EDGE) / wide, (high - low) / tall)
    box = (WIDTH - wide * scale) / 2, (low + high - tall * scale) / 2, wide * scale, tall * scale
    ax = figure.add_axes([box[0] / WIDTH, box[1] / HEIGHT, box[2] / WIDTH, box[3] / HEIGHT])
    ax.imshow(drawing, interpolation="lanczos", aspect="auto")
    ax.axis("off")
