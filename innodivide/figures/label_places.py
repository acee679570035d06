"""Placing labels so that they neither cover each other nor the marks."""

import numpy as np
from scipy.optimize import isotonic_regression

from innodivide.figures import style as st


def spread(wanted, gap: float) -> np.ndarray:
    """Return positions at least `gap` apart and as near as can be (least squares) to those wanted, in their order."""
    wanted = np.asarray(wanted, dtype=float)
    order = np.argsort(wanted, kind="stable")
    steps = gap * np.arange(len(wanted))
    placed = np.empty(len(wanted))
    placed[order] = isotonic_regression(wanted[order] - steps).x + steps
    return placed


def place_labels(ax, labels, obstacles, reach=(7, 13, 22), pad=4.0, **look) -> None:
    """Write labels beside their points: greedily, where they cover least; far ones get a thin line to the point.

    Parameters
    ----------
    labels : list of (x, y, texts, options)
        A data point, the texts to try from best to shortest, and text options of this label.
    obstacles : array of shape (n, 2)
        Data points that labels should not cover.
    reach : tuple of float
        Distances from the point to try, in points.
    pad : float
        Room to leave around an obstacle, in points: the radius of its mark.
    """
    st.settle(ax.figure)
    scale = ax.figure.dpi / 72
    blocked = ax.transData.transform(np.asarray(obstacles, dtype=float).reshape(-1, 2))
    inside, taken = ax.get_window_extent(), []
    sides = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)]
    for x, y, texts, options in labels:
        anchor, best = ax.transData.transform((x, y)), None
        for rank, text in enumerate(texts):
            probe = ax.text(0, 0, text, **{"fontsize": st.SMALL, **look, **options})
            box = probe.get_window_extent()
            probe.remove()
            for distance in reach:
                for side, (right, up) in enumerate(sides):
                    shorter = 0.75 if right and up else 1
                    low = (
                        anchor
                        + np.array([right, up]) * distance * scale * shorter
                        + np.array([(right - 1) / 2 * box.width, (up - 1) / 2 * box.height])
                    )
                    edges = np.array([*low, low[0] + box.width, low[1] + box.height])
                    cost = _covering(edges, blocked, taken, inside, pad * scale)
                    cost += 0.4 * distance + 0.01 * side + 30 * rank
                    if best is None or cost < best[0]:
                        best = cost, text, right, up, distance * shorter, edges
        _, text, right, up, distance, edges = best
        taken.append(edges)
        line = {"arrowstyle": "-", "color": st.RULE, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 4}
        ax.annotate(
            text,
            (x, y),
            xytext=(right * distance, up * distance),
            textcoords="offset points",
            ha=("right", "center", "left")[right + 1],
            va=("top", "center", "bottom")[up + 1],
            arrowprops=line if distance > 11 else None,
            **{"fontsize": st.SMALL, **look, **options},
        )


def _covering(edges, blocked, taken, inside, pad: float) -> float:
    """Return the penalty of a label box: labels and points covered, and how far it leaves the axes."""
    left, bottom, right, top = edges
    points = ((blocked > edges[:2] - pad) & (blocked < edges[2:] + pad)).all(axis=1).sum()
    shared = sum(max(0, min(right, t[2]) - max(left, t[0])) * max(0, min(top, t[3]) - max(bottom, t[1])) for t in taken)
    across, up = (
        max(0, inside.x0 - left) + max(0, right - inside.x1),
        max(0, inside.y0 - bottom) + max(0, top - inside.y1),
    )
    return 60 * points + (200 + shared if shared else 0) + 20 * (across + up)
