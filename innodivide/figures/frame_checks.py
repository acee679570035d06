"""What a drawing function asks of its frame: columns, rows, keys, numbers, groups; and the order of its rows."""

import numpy as np
import pandas as pd

from innodivide.errors import ParameterError
from innodivide.wording import GROUP_LABELS


def tidy(frame: pd.DataFrame, columns, by, unique=()) -> pd.DataFrame:
    """Return the frame sorted by key, after checking its columns, that it has rows, and that no key comes twice."""
    absent = [c for c in dict.fromkeys(columns) if c is not None and c not in frame.columns]
    if absent:
        there = ", ".join(map(repr, frame.columns))
        raise ParameterError(f"no column {', '.join(map(repr, absent))} in the frame, which has {there}")
    if frame.empty:
        raise ParameterError("the frame has no rows, nothing to draw")
    twice = frame.loc[frame.duplicated(list(unique)), list(unique)] if len(unique) else ()
    if len(twice):
        key = ", ".join(f"{k} {v!r}" for k, v in twice.iloc[0].items())
        raise ParameterError(f"{key} comes more than once")
    return frame.sort_values(list(by), kind="stable", na_position="last").reset_index(drop=True)


def numbers(frame: pd.DataFrame, column: str | None) -> np.ndarray:
    """Return a column as floats, unknown as nan; without a column, all nan."""
    if column is None:
        return np.full(len(frame), np.nan)
    try:
        return pd.to_numeric(frame[column]).to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"column {column!r} is not numeric ({error})") from None


def groups(values) -> list[str | None]:
    """Return innovation groups, unknown as None; a name that is not a group is a mistake."""
    found = [None if pd.isna(v) else v for v in values]
    strange = sorted({str(v) for v in found if v is not None and v not in GROUP_LABELS})
    if strange:
        known = ", ".join(GROUP_LABELS)
        raise ParameterError(f"unknown innovation group {', '.join(map(repr, strange))}; known are {known}")
    return found


def on_grid(frame: pd.DataFrame, grid: pd.DataFrame) -> None:
    """Refuse countries for which a tile grid has no square."""
    strange = sorted(set(frame["geo"]) - set(grid["geo"]))
    if strange:
        raise ParameterError(f"the grid has no square for {', '.join(strange)}")


def chosen(highlight) -> set:
    """Return the highlighted names as a set; one name may be given bare."""
    return set() if highlight is None else {highlight} if isinstance(highlight, str) else set(highlight)


def ranked(frame: pd.DataFrame, rank) -> pd.DataFrame:
    """Return the frame by descending rank, ties in the order they have, unknown last."""
    return frame.iloc[np.argsort(-np.where(np.isnan(rank), -np.inf, rank), kind="stable")].reset_index(drop=True)
