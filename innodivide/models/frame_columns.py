"""What must hold of a column, or of the columns of a frame, before anything is computed: named errors with the cure."""

from decimal import Decimal

import numpy as np
import pandas as pd

from innodivide.errors import DataError, DesignError, ParameterError

_LARGEST = 1e150  # beyond it squares are infinite


def require_columns(frame: pd.DataFrame, names, what: str) -> None:
    """DataError naming the absent columns."""
    if not isinstance(frame, pd.DataFrame):
        raise DataError(f"{what}: expected a pandas DataFrame, got {type(frame).__name__}")
    names = list(names)
    wrong = [name for name in names if not isinstance(name, str)]
    if wrong:
        raise ParameterError(f"{what}: a column is named by a text, got {wrong[0]!r}")
    missing, index = [name for name in names if name not in frame.columns], set(names) & set(frame.index.names)
    if missing:
        cure = f"; {', '.join(sorted(index))} is in the index: reset_index() makes a column of it" if index else ""
        cure = cure or "; its columns have several levels: give each one text" * (frame.columns.nlevels > 1)
        raise DataError(f"{what}: column(s) {', '.join(missing)} not found; it has: {', '.join(map(str, frame))}{cure}")
    twice = [name for name in names if list(frame.columns).count(name) > 1]
    if twice:
        raise DataError(f"{what}: more than one column is named {twice[0]}; rename or drop the others")
    if index:
        raise DataError(
            f"{what}: {sorted(index)[0]} is a column and in the index too; drop the index (reset_index(drop=True))"
        )


def require_keys(frame: pd.DataFrame, names, what: str) -> None:
    """DataError naming the first row whose key is missing, or a key of mixed kinds, which has no order."""
    for name in names:
        lost = frame[name].isna().to_numpy()
        if lost.any():
            raise DataError(
                f"{what}: {name} is missing in {int(lost.sum())} of {len(frame)} rows, first in row "
                f"{int(np.flatnonzero(lost)[0])}; every row needs its {name}: fill it, or leave the row out openly"
            )
        if pd.api.types.infer_dtype(frame[name]).startswith("mixed"):
            kinds = ", ".join(sorted({type(value).__name__ for value in frame[name]}))
            raise DataError(f"{what}: {name} holds {kinds}; use values of one kind, texts or numbers")


def in_order(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Rows sorted by the values of the keys (categories have an order of their own): sums of floats depend on it."""
    plain = {key: frame[key].astype(frame[key].cat.categories.dtype) for key in keys if hasattr(frame[key], "cat")}
    return frame.assign(**plain).sort_values(keys)


def as_column(values, name: str) -> pd.Series:
    """One column of a list, an array, a Series or the values of a dict; ParameterError for anything else."""
    plain = isinstance(values, (str, bytes, set, frozenset, pd.DataFrame)) or not hasattr(values, "__iter__")
    if plain or getattr(values, "ndim", 1) != 1:
        raise ParameterError(f"{name}: expected one column of numbers, got {type(values).__name__}")
    if not hasattr(values, "dtype"):
        values = pd.Series(values if isinstance(values, dict) else list(values), dtype=object).infer_objects()
    return pd.Series(values, name=name)


def numeric(column: pd.Series) -> np.ndarray:
    """Column as finite floats; DesignError with how many cells are missing, no numbers or infinite, and the first."""
    lost = column.isna().to_numpy()
    if lost.any():
        first = column.index[int(lost.argmax())]
        raise DesignError(
            f"{column.name}: {int(lost.sum())} missing value(s), first at {first!r}; drop or fill them openly first"
        )
    if not pd.api.types.is_bool_dtype(column) and not pd.api.types.is_numeric_dtype(column):
        numbers = (bool, int, float, Decimal, np.number, np.bool_)
        other = np.array([not isinstance(value, numbers) for value in column], dtype=bool)
        if other.any():
            place = int(other.argmax())
            raise DesignError(
                f"{column.name}: expected numbers or booleans, got {column.dtype}, first {column.iloc[place]!r} at "
                f"{column.index[place]!r}; make numbers of it first (pandas.to_numeric)"
            )
    if pd.api.types.is_complex_dtype(column):
        raise DesignError(f"{column.name}: expected numbers or booleans, got complex ones; take their real part")
    try:
        values = column.astype(float).to_numpy()
    except OverflowError:
        values = np.array([float(value) if abs(value) < _LARGEST else _LARGEST for value in column])
    infinite = ~np.isfinite(values)
    if infinite.any():
        first = column.index[int(infinite.argmax())]
        raise DesignError(
            f"{column.name}: {int(infinite.sum())} infinite value(s), first at {first!r}; correct them, or leave these "
            "rows out openly"
        )
    large = np.abs(values) >= _LARGEST
    if large.any():
        first = column.index[int(large.argmax())]
        raise DesignError(f"{column.name}: the value at {first!r} is too large to compute with; take another unit")
    return values
