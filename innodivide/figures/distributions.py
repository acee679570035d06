"""Charts of distributions: values by group, and a reference distribution."""

import numpy as np
import pandas as pd
from matplotlib.patches import Patch

from innodivide.errors import ParameterError
from innodivide.figures import style as st
from innodivide.figures.label_places import place_labels

_DOT = 6.4  # points: a dot and its edge


@st.house
def grouped_strip(
    frame: pd.DataFrame, group: str, value: str, label: str, xlabel: str = "", notable=None, highlight=None
):
    """Draw every value as a dot in its group's row, the group mean as a bar, and name the notable ones.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per `label`. Innovation groups take their order and colours; other groups come in alphabetic order.
        Rows without a group or a value are not drawn, and named in the key.
    notable : iterable of str, optional
        Labels to write; by default the smallest and the largest of each group. `highlight` is written in any case.
    """
    who = "grouped_strip"
    frame = st.tidy(who, frame, [group, value, label], [group, label, value])
    known = frame[group].notna() & ~np.isnan(st.numbers(who, frame, value))
    lost, frame = list(frame.loc[~known, label]), frame[known].reset_index(drop=True)
    if frame.empty:
        raise ParameterError(f"{who}: no row has both a {group!r} and a {value!r}")
    known = [g for g in st.GROUP_COLOURS if g in set(frame[group])]
    rows = known if len(known) == frame[group].nunique() else sorted(frame[group].unique(), key=str)
    x, marked = st.numbers(who, frame, value), st.chosen(highlight)
    figure, ax, places = st.row_axes([f"{g} ({(frame[group] == g).sum()})" for g in rows], row=0.62)
    if rows == known:
        st.chips(ax, places, rows)
    ax.set(xlim=st.padded(x.min(), x.max(), 0.05), xlabel=xlabel)
    handles, texts = [st.mark("|", st.INK, 9)], ["mean of the group"]
    if lost:
        handles, texts = [*handles, Patch(**st.MISSING)], [*texts, _no_data(lost)]
    st.key(figure, handles, texts)
    st.settle(figure)
    level, y, obstacles = np.empty(len(frame)), np.empty(len(frame)), []
    for name in rows:
        mine = np.flatnonzero(frame[group] == name)
        level[mine] = _levels(ax, x[mine])
    tall = max(0.62, (2 * np.abs(level).max() + 2.5) * _DOT / 72)  # inches: a row that holds its stacks
    figure.set_figheight(max(1.5, 1.05 + tall * len(rows)))
    for at, name in zip(places, rows):
        mine = np.flatnonzero(frame[group] == name)
        y[mine] = at + level[mine] * _DOT / 72 / tall
        ax.plot(
            [x[mine].mean()] * 2,
            [at - 0.36, at + 0.36],
            color=st.INK,
            linewidth=2,
            label="mean",
            zorder=3.5 if len(mine) > 3 else 1.8,
        )
        obstacles += [(x[mine].mean(), at + step) for step in np.linspace(-0.36, 0.36, 7)]
    colours = [
        st.ACCENT if lab in marked else st.GROUP_COLOURS[g] if rows == known else st.RULE
        for g, lab in zip(frame[group], frame[label])
    ]
    st.dots(ax, x, y, colours, edgecolors=st.INK, linewidths=0.5, s=26)
    if notable is None:
        notable = {
            lab
            for _, part in frame.assign(_x=x).groupby(group)
            for lab in part.sort_values("_x", kind="stable")[label].iloc[[0, -1]]
        }
    named = [
        (a, b, [str(lab)], {"color": st.ACCENT, "fontweight": "bold"} if lab in marked else {})
        for a, b, lab in zip(x, y, frame[label])
        if lab in set(notable) | marked
    ]
    place_labels(ax, named, np.concatenate([np.column_stack([x, y]), obstacles]), color=st.QUIET)
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
    who = "null_histogram"
    if tail not in ("upper", "lower", "both"):
        raise ParameterError(f"{who}: tail {tail!r}; use 'upper', 'lower' or 'both'")
    frame = draws if isinstance(draws, pd.DataFrame) else pd.DataFrame({"value": np.asarray(draws, float), "count": 1})
    frame = st.tidy(who, frame, ["value", "count"], ["value", "count"])
    values, counts = st.numbers(who, frame, "value"), st.numbers(who, frame, "count")
    if np.isnan([observed, *values, *counts]).any():
        raise ParameterError(f"{who}: a draw, its count or the observed value is missing")
    slack = 1e-9 * max(1.0, abs(observed))
    extreme = {
        "upper": values >= observed - slack,
        "lower": values <= observed + slack,
        "both": np.abs(values) >= abs(observed) - slack,
    }[tail]
    centres, slots, width = _bins(values, observed)
    rest, shaded = (np.bincount(slots, weights=counts * mine, minlength=len(centres)) for mine in (~extreme, extreme))
    figure, ax = st.plain_axes(height)
    ax.bar(centres, rest, width=width, facecolor="#C9C9C9", edgecolor="white", linewidth=0.4, zorder=2, label="rest")
    ax.bar(
        centres,
        shaded,
        bottom=rest,
        width=width,
        facecolor=st.ACCENT,
        edgecolor="white",
        hatch="////",
        linewidth=0.4,
        zorder=2,
        label="tail",
    )
    ax.axvline(observed, color=st.INK, linewidth=1.4, zorder=3, label="observed")
    right = observed > (centres[0] + centres[-1]) / 2
    ax.annotate(
        f"observed {st.short(observed)}" + (f"\n{note}" if note else ""),
        (observed, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-5 if right else 5, -2),
        textcoords="offset points",
        ha="right" if right else "left",
        va="top",
        fontsize=st.SMALL,
        color=st.INK,
        zorder=4,
        bbox=st.PAPER,
    )
    ax.set(xlabel=xlabel, ylabel=ylabel)
    top = (rest + shaded).max()
    ax.set_ylim(0, top * 1.22)
    if span is not None:
        ax.plot(span, [1.06 * top] * 2, color=st.QUIET, linewidth=3, solid_capstyle="butt", label="span")
        ax.text(
            sum(span) / 2,
            1.09 * top,
            f"95% of the draws: {st.short(span[0])} to {st.short(span[1])}",
            ha="center",
            va="bottom",
            fontsize=st.SMALL,
            color=st.QUIET,
        )
    ax.grid(axis="y")
    return figure


def _no_data(names) -> str:
    return "no data: " + (", ".join(map(str, names)) if len(names) <= 4 else f"{len(names)} not drawn")


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
