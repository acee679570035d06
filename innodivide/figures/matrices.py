"""Matrices: groups through the editions, and who takes part in what."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from innodivide.errors import ParameterError
from innodivide.figures import parts, style as st
from innodivide.figures.frame_checks import groups, numbers, tidy
from innodivide.wording import GROUP_LETTERS

PHONE = 14  # columns that can be read on a phone
SCALE_CHANGED = 2021  # first edition on the new scale (thresholds 70, 100, 125 % of the EU average; "emerging")


@st.house
def group_history(frame: pd.DataFrame):
    """Draw each country's innovation group in each edition, with a break where the scale changed (2020 | 2021).

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per geo and edition: `group`, and `order`, the rank that sorts the countries (one number per country).
        A country and edition without a row, or without a group, is hatched.
    """
    frame = tidy(frame, ["geo", "edition", "group", "order"], ["geo", "edition"], ["geo", "edition"])
    frame = frame.assign(order=numbers(frame, "order"))
    countries = list(frame.groupby("geo")["order"].last().sort_values(kind="stable").index)
    editions = sorted(frame["edition"].unique())
    broken = min(editions) < SCALE_CHANGED <= max(editions)
    across = {e: at + (0.45 if broken and e >= SCALE_CHANGED else 0) for at, e in enumerate(editions)}
    known = {(g, e): v for g, e, v in zip(frame["geo"], frame["edition"], groups(frame["group"]))}
    figure, ax = _matrix([*across.values()], editions, countries)
    for y, geo in enumerate(countries):
        for edition, x in across.items():
            name = known.get((geo, edition))
            look = st.MISSING if name is None else {"facecolor": st.GROUP_COLOURS[name], "edgecolor": "white"}
            ax.add_patch(Rectangle((x - 0.47, y - 0.45), 0.94, 0.9, label=f"{geo} {edition}", **look))
            if name is not None:
                parts.middle(ax, x, y, GROUP_LETTERS[name], color=st.ink_on(st.GROUP_COLOURS[name]))
    if broken:
        x = across[next(e for e in editions if e >= SCALE_CHANGED)] - 0.725
        ends = [-0.6, len(countries) - 0.4]
        ax.plot([x, x], ends, color=st.INK, linewidth=1, linestyle=(0, (4, 2)), clip_on=False)
        parts.middle(ax, x, len(countries) - 0.3, "scale changed", va="top", color=st.QUIET)
    parts.key(figure, *parts.group_patches([known.get((g, e)) for g in countries for e in editions]))
    return figure


@st.house
def presence_matrix(
    frame: pd.DataFrame, rows: str, columns: str, value: str, order_rows, order_columns, full, full_name: str
):
    """Draw who takes part in what: filled for a full part, a ring for any other role, with totals.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per pair; `value` is a role. A pair without a row or role takes no part. Totals count the full parts,
        and after a plus sign the others.
    order_rows, order_columns : iterable of str
        All rows and columns to draw, in this order, also those without any part.
    full : iterable of str
        Roles that count as a full part.
    full_name : str
        How the key names a full part.
    """
    frame = tidy(frame, [rows, columns, value], [rows, columns], [rows, columns])
    full_part, any_part = frame[value].isin(full).to_numpy(), frame[value].notna().to_numpy()
    heads, sides = list(order_columns), list(order_rows)
    for names, order in ((frame[columns], heads), (frame[rows], sides)):
        absent = sorted(set(names) - set(order))
        if absent:
            raise ParameterError(f"{', '.join(absent)} in the frame but not in the order given")
    x, y = frame[columns].map(heads.index).to_numpy(), frame[rows].map(sides.index).to_numpy()
    figure, ax = _matrix(range(len(heads)), heads, sides, bottom=1)
    across, up = np.meshgrid(range(len(heads)), range(len(sides)))
    ax.scatter(across.ravel(), up.ravel(), s=2, color="#C4C4C4", zorder=1, label="grid")
    other = any_part & ~full_part
    colour = st.GROUP_COLOURS["leader"]
    for mine, name, face in ((full_part, "full", colour), (other, "other", "white")):
        look = {"facecolors": face, "edgecolors": [colour] * mine.sum(), "linewidths": 1.5, "zorder": 2, "label": name}
        ax.scatter(x[mine], y[mine], s=48, **look)

    def total(place: float, height: float, here) -> None:
        more = int((other & here).sum())
        below = "\n" if st.is_narrow() and place != aside else ""
        text = f"{int((full_part & here).sum())}" + (f"{below}+{more}" if more else "")
        look = {"ha": "left"} if place == aside else {"va": "top"} if below else {}
        parts.middle(ax, place, height, text, **{"color": st.QUIET, "va": "center_baseline"} | look)

    aside = len(heads) - 0.35
    for at in range(len(sides)):
        total(aside, at, y == at)
    for at in range(len(heads)):
        total(at, len(sides) + 0.1, x == at)
    ax.set_xlim(-0.6, len(heads) + 0.9)
    parts.middle(ax, aside, len(sides) + 0.1, "total", color=st.QUIET, va="center_baseline", ha="left")
    others = ", ".join(sorted({str(v).replace("_", " ") for v in frame.loc[other, value]}))
    texts, faces = [full_name, *([others] if others else [])], (colour, "white")
    parts.key(figure, [parts.mark("o", f, 7, colour, 1.5) for f, _ in zip(faces, texts)], texts)
    return figure


def _matrix(places, heads, sides, bottom: int = 0):
    """Return a figure and axes with column heads on top (slanted if long) and row names at the left."""
    places, texts = list(places), [str(h) for h in heads]
    slanted = max(map(len, texts)) > 40 / max(1, len(texts))
    height = 1.1 + 0.07 * slanted * max(map(len, texts)) + 0.142 * (len(sides) + bottom)
    figure = Figure(figsize=(st.width() if len(texts) <= PHONE else st.WIDTH, height), dpi=st.DPI, layout="constrained")
    ax = figure.add_subplot()
    ax.set(xlim=(min(places) - 0.6, max(places) + 0.6), ylim=(len(sides) - 0.4 + bottom, -0.6))
    look = {"rotation": 45, "ha": "left", "rotation_mode": "anchor"} if slanted else {}
    ax.set_xticks(places, texts, **look)
    ax.set_yticks(range(len(sides)), [str(s) for s in sides])
    ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    ax.spines[:].set_visible(False)
    return figure, ax
