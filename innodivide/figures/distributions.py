"""Charts of distributions: values by group, and a reference distribution."""

import numpy as np
import pandas as pd
from matplotlib.patches import Patch

from innodivide.errors import ParameterError
from innodivide.figures import parts, style as st
from innodivide.figures.frame_checks import groups, numbers, tidy
from innodivide.figures.label_places import place_labels

_DOT = 6.4  # points: a dot and its edge


@st.house
def grouped_strip(frame: pd.DataFrame, group: str, value: str, label: str, xlabel: str = ""):
    """Draw every value as a dot in its group's row, the group mean as a bar, and name the smallest and the largest.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per `label`; `group` is an innovation group. Rows without a group or a value are not drawn, and named in
        the key.
    """
    frame = tidy(frame, [group, value, label], [group, label, value])
    known = frame[group].notna() & ~np.isnan(numbers(frame, value))
    lost, frame = list(frame.loc[~known, label]), frame[known].reset_index(drop=True)
    if frame.empty:
        raise ParameterError(f"no row has both a {group!r} and a {value!r}")
    members = {g: np.flatnonzero(frame[group] == g) for g in st.GROUP_COLOURS if g in set(groups(frame[group]))}
    x = numbers(frame, value)
    figure, ax, places = parts.row_axes([f"{g} ({len(mine)})" for g, mine in members.items()], row=0.62)
    parts.chips(ax, places, members)
    ax.set(xlim=st.padded(x.min(), x.max(), 0.05), xlabel=xlabel)
    handles, texts = [parts.mark("|", st.INK, 9)], ["mean of the group"]
    if lost:
        names = ", ".join(map(str, lost)) if len(lost) <= 4 else f"{len(lost)} not drawn"
        handles, texts = [*handles, Patch(**st.MISSING)], [*texts, f"no data: {names}"]
    parts.key(figure, handles, texts)
    st.settle(figure)
    level, y, obstacles, named = np.empty(len(frame)), np.empty(len(frame)), [], set()
    for mine in members.values():
        level[mine] = _levels(ax, x[mine])
        named |= set(mine[np.argsort(x[mine], kind="stable")[[0, -1]]])
    tall = max(0.62, (2 * np.abs(level).max() + 2.5) * _DOT / 72)  # inches: a row that holds its stacks
    figure.set_figheight(max(1.5, 1.05 + tall * len(members)))
    for at, mine in zip(places, members.values()):
        y[mine] = at + level[mine] * _DOT / 72 / tall
        mean, over = x[mine].mean(), 3.5 if len(mine) > 3 else 1.8
        ax.plot([mean] * 2, [at - 0.36, at + 0.36], color=st.INK, linewidth=2, label="mean", zorder=over)
        obstacles += [(mean, at + step) for step in np.linspace(-0.36, 0.36, 7)]
    colours = [st.GROUP_COLOURS[g] for g in frame[group]]
    parts.dots(ax, x, y, colours, edgecolors=st.INK, linewidths=0.5, s=26)
    labels = [(x[i], y[i], [str(frame[label].iloc[i])], {}) for i in sorted(named)]
    place_labels(ax, labels, np.concatenate([np.column_stack([x, y]), obstacles]), color=st.QUIET)
    return figure


@st.house
def null_histogram(
    draws,
    observed: float,
    xlabel: str = "",
    tail: str = "upper",
    note: str = "",
    ylabel: str = "Draws",
    span: tuple[float, float] | None = None,
    height: float = 3.0,
):
    """Draw a reference distribution, the observed value, and the tail at least as extreme.

    Parameters
    ----------
    draws : sequence of float, or DataFrame with columns value and count
        The reference distribution.
    tail : {"upper", "lower", "both"}
        Which draws are shaded: at or above, at or below, or at least as far from zero as the observed value.
    note : str
        Text under the observed value, such as the p-value.
    span : pair of float, optional
        Central range with 95% of the draws, drawn as a bar above them and named with its ends.
    height : float
        Inches.
    """
    frame = draws if isinstance(draws, pd.DataFrame) else pd.DataFrame({"value": np.asarray(draws, float), "count": 1})
    frame = tidy(frame, ["value", "count"], ["value", "count"])
    values, counts = numbers(frame, "value"), numbers(frame, "count")
    if np.isnan([observed, *values, *counts]).any():
        raise ParameterError("a draw, its count or the observed value is missing")
    slack = 1e-9 * max(1.0, abs(observed))
    tails = {
        "upper": values >= observed - slack,
        "lower": values <= observed + slack,
        "both": np.abs(values) >= abs(observed) - slack,
    }
    if tail not in tails:
        raise ParameterError(f"tail {tail!r}; use 'upper', 'lower' or 'both'")
    centres, slots, width = _bins(values, observed)
    rest, shaded = (np.bincount(slots, counts * mine, len(centres)) for mine in (~tails[tail], tails[tail]))
    figure, ax = parts.plain_axes(height)
    look = {"width": width, "edgecolor": "white", "linewidth": 0.4, "zorder": 2}
    ax.bar(centres, rest, facecolor="#C9C9C9", label="rest", **look)
    ax.bar(centres, shaded, bottom=rest, facecolor=st.ACCENT, hatch="////", label="tail", **look)
    ax.axvline(observed, color=st.INK, linewidth=1.4, zorder=3, label="observed")
    right = observed > (centres[0] + centres[-1]) / 2
    text, offset = f"observed {st.short(observed)}" + (f"\n{note}" if note else ""), (-5 if right else 5, -2)
    look = {"xycoords": ("data", "axes fraction"), "va": "top", "color": st.INK, "zorder": 4, "bbox": st.PAPER}
    parts.beside(ax, text, (observed, 1), offset, ha="right" if right else "left", **look)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    top = (rest + shaded).max()
    within = span is not None and span[0] <= observed <= span[1]  # both texts stand in the middle then
    ax.set_ylim(0, top * (1.5 if within else 1.22))
    if span is not None:
        ax.plot(span, [1.06 * top] * 2, color=st.QUIET, linewidth=3, solid_capstyle="butt", label="span")
        text = f"95% of the draws: {st.short(span[0])} to {st.short(span[1])}"
        parts.middle(ax, sum(span) / 2, 1.09 * top, text, va="bottom", color=st.QUIET)
    ax.grid(axis="y")
    return figure


def _bins(values, observed) -> tuple[np.ndarray, np.ndarray, float]:
    """Return bar centres, the bar of each value, and the bar width: one per value if few, else 40 or so, one of whose
    edges is the observed value.
    """
    distinct, slots = np.unique(values, return_inverse=True)
    gap = np.diff(distinct).min() if len(distinct) > 1 else 1.0
    if np.ptp(distinct) / gap <= 80:
        return distinct, slots, gap
    width = np.ptp(distinct) / 40
    steps = np.floor((values - observed) / width + 1e-9)
    edges, slots = np.unique(steps, return_inverse=True)
    return observed + (edges + 0.5) * width, slots, width


def _levels(ax, x) -> np.ndarray:
    """Return whole steps off the middle that keep dots of one group apart: each takes the nearest free one."""
    width, levels, taken = _DOT * ax.figure.dpi / 72, np.zeros(len(x)), []
    across = ax.transData.transform(np.column_stack([x, np.zeros(len(x))]))[:, 0]
    for at in np.argsort(across, kind="stable"):
        busy = {step for step, where in taken if across[at] - where < width}
        levels[at] = next(step for k in range(len(x) + 1) for step in (-k, k) if step not in busy)
        taken.append((levels[at], across[at]))
    return levels
