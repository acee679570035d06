"""Matrices: groups through the editions, and who takes part in what."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from innodivide.errors import ParameterError
from innodivide.figures import style as st
from innodivide.wording import GROUP_LETTERS

SCALE_CHANGED = 2021  # first edition on the new scale (thresholds 70, 100, 125 % of the EU average; "emerging")


@st.house
def group_history(frame: pd.DataFrame, highlight=None, label: str = "geo"):
    """Draw each country's innovation group in each edition, with a break where the scale changed (2020 | 2021).

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per geo and edition: `group`, and `order`, the rank that sorts the countries (one number per country).
        A country and edition without a row, or without a group, is hatched.
    highlight : str or iterable, optional
        Countries (geo) framed in the accent colour.
    label : str
        Column whose text names a country; geo by default.
    """
    who = "group_history"
    frame = st.tidy(who, frame, ["geo", "edition", "group", "order", label], ["geo", "edition"], ["geo", "edition"])
    frame = frame.assign(group=st.groups(who, frame["group"]), order=st.numbers(who, frame, "order"))
    countries = frame.groupby("geo").agg(order=("order", "last"), text=(label, "last")).reset_index()
    countries = countries.sort_values(["order", "geo"], kind="stable").reset_index(drop=True)
    editions = sorted(frame["edition"].unique())
    broken = min(editions) < SCALE_CHANGED <= max(editions)
    across = {e: at + (0.45 if broken and e >= SCALE_CHANGED else 0) for at, e in enumerate(editions)}
    known = {(g, e): v for g, e, v in zip(frame["geo"], frame["edition"], frame["group"])}
    marked, rows = st.chosen(highlight), len(countries)
    figure, ax = _matrix([*across.values()], editions, countries["text"], [g in marked for g in countries["geo"]])
    for y, geo in enumerate(countries["geo"]):
        for edition, x in across.items():
            name = known.get((geo, edition))
            name = name if isinstance(name, str) else None
            look = st.MISSING if name is None else {"facecolor": st.GROUP_COLOURS[name], "edgecolor": "white"}
            ax.add_patch(Rectangle((x - 0.47, y - 0.45), 0.94, 0.9, label=f"{geo} {edition}", **look))
            if name is not None:
                ax.text(
                    x,
                    y,
                    GROUP_LETTERS[name],
                    ha="center",
                    va="center",
                    fontsize=st.SMALL,
                    color=st.ink_on(st.GROUP_COLOURS[name]),
                )
        if geo in marked:
            ax.add_patch(
                Rectangle(
                    (-0.5, y - 0.48),
                    max(across.values()) + 1,
                    0.96,
                    fill=False,
                    edgecolor=st.ACCENT,
                    linewidth=1.8,
                    zorder=3,
                )
            )
    if broken:
        x = across[next(e for e in editions if e >= SCALE_CHANGED)] - 0.725
        ax.plot([x, x], [-0.6, rows - 0.4], color=st.INK, linewidth=1, linestyle=(0, (4, 2)), clip_on=False)
        ax.text(x, rows - 0.3, "scale changed", ha="center", va="top", fontsize=st.SMALL, color=st.QUIET)
    present = [known.get((g, e)) for g in countries["geo"] for e in editions]
    st.key(figure, *st.group_patches([p if isinstance(p, str) else None for p in present]))
    return figure


@st.house
def presence_matrix(
    frame: pd.DataFrame,
    rows: str,
    columns: str,
    value: str,
    order_rows=None,
    order_columns=None,
    full=("notifying",),
    highlight=None,
    full_name: str = "",
):
    """Draw who takes part in what: filled for a full part, a ring for any other role, with totals.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per pair; `value` is a role, or true or false. A pair without a row, or false, takes no part. Totals
        count the full parts, and after a plus sign the others.
    order_rows, order_columns : iterable of str, optional
        All rows and columns to draw, in this order, also those without any part; by default those in the frame, the
        largest total first.
    full : iterable of str
        Roles that count as a full part.
    full_name : str
        How the key names a full part; the roles in `full` by default.
    """
    who = "presence_matrix"
    frame = st.tidy(who, frame, [rows, columns, value], [rows, columns], [rows, columns])
    level = np.array([_part(v, set(full)) for v in frame[value]])
    heads, sides = (_ordered(who, frame[c], level, o) for c, o in ((columns, order_columns), (rows, order_rows)))
    x, y = frame[columns].map(heads.index).to_numpy(), frame[rows].map(sides.index).to_numpy()
    marked = st.chosen(highlight)
    figure, ax = _matrix(range(len(heads)), heads, sides, [s in marked for s in sides], bottom=1)
    across, up = np.meshgrid(range(len(heads)), range(len(sides)))
    ax.scatter(across.ravel(), up.ravel(), s=2, color="#C4C4C4", zorder=1, label="grid")
    accent = frame[rows].isin(marked).to_numpy()
    for wanted, name in ((2, "full"), (1, "other")):
        mine = level == wanted
        edges = np.where(accent[mine], st.ACCENT, st.GROUP_COLOURS["leader"])
        ax.scatter(
            x[mine],
            y[mine],
            s=62,
            facecolors=edges if wanted == 2 else "white",
            edgecolors=edges,
            linewidths=1.5,
            zorder=2,
            label=name,
        )
    look = {"ha": "center", "va": "center", "fontsize": st.SMALL, "color": st.QUIET}
    for at in range(len(sides)):
        ax.text(len(heads) - 0.1, at, _total(level[y == at]), **look)
    for at in range(len(heads)):
        ax.text(at, len(sides) + 0.1, _total(level[x == at]), **look)
    ax.set_xlim(-0.6, len(heads) + 0.5)
    ax.text(len(heads) - 0.1, len(sides) + 0.1, "total", **look)
    others = sorted({str(v).replace("_", " ") for v, k in zip(frame[value], level) if k == 1})
    handles = [_disc(st.GROUP_COLOURS["leader"]), *([_disc("white")] if others else [])]
    names = full_name or ", ".join(str(f).replace("_", " ") for f in full)
    st.key(figure, handles, [names, *([", ".join(others)] if others else [])])
    return figure


def _matrix(places, heads, sides, marked, bottom: int = 0):
    """Return a figure and axes with column heads on top (slanted if long) and row names at the left."""
    places, texts = list(places), [str(h) for h in heads]
    slanted = max(map(len, texts)) > 40 / max(1, len(texts))
    figure = Figure(
        figsize=(st.WIDTH, 1.1 + 0.07 * slanted * max(map(len, texts)) + 0.164 * (len(sides) + bottom)),
        dpi=st.DPI,
        layout="constrained",
    )
    ax = figure.add_subplot()
    ax.set(xlim=(min(places) - 0.6, max(places) + 0.6), ylim=(len(sides) - 0.4 + bottom, -0.6))
    ax.set_xticks(
        places,
        texts,
        rotation=45 if slanted else 0,
        ha="left" if slanted else "center",
        rotation_mode="anchor" if slanted else "default",
    )
    ax.set_yticks(range(len(sides)), [str(s) for s in sides])
    for tick, accent in zip(ax.get_yticklabels(), marked):
        if accent:
            tick.set(color=st.ACCENT, fontweight="bold")
    ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    ax.spines[:].set_visible(False)
    return figure, ax


def _part(value, full: set) -> int:
    """Return 2 for a full part, 1 for another role, 0 for none."""
    if pd.isna(value) or value is False or value == 0:
        return 0
    return 2 if value is True or value in full or value == 1 else 1


def _ordered(who, names, level, order) -> list:
    """Return row or column names in the order asked for, or by total."""
    if order is not None:
        order = list(order)
        absent = sorted({str(n) for n in names} - {str(o) for o in order})
        if absent:
            raise ParameterError(f"{who}: {', '.join(absent)} in the frame but not in the order given")
        return order
    totals = pd.DataFrame({"name": names, "full": level == 2, "other": level == 1}).groupby("name").sum()
    return list(totals.sort_values(["full", "other"], ascending=False, kind="stable").index)


def _total(levels) -> str:
    other = int((levels == 1).sum())
    return f"{int((levels == 2).sum())}" + (f"+{other}" if other else "")


def _disc(colour: str) -> Line2D:
    return Line2D(
        [],
        [],
        linestyle="none",
        marker="o",
        markersize=7,
        markerfacecolor=colour,
        markeredgecolor=st.GROUP_COLOURS["leader"],
        markeredgewidth=1.5,
    )
