"""How a rule across tables is written: registered with the tables it needs, given a reader, returns failures."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from innodivide.data import frozen
from innodivide.data.schema import Failure


class Load:
    """Reads checked tables of one folder once, indexed by line number: `load("ipcei")`. Rules do not change them."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._read: dict[str, pd.DataFrame] = {}

    def __call__(self, name: str) -> pd.DataFrame:
        if name not in self._read:
            self._read[name] = frozen.load_rows(name, self.folder)
        return self._read[name]


RULES: list[tuple[tuple[str, ...], Callable[[Load], list[Failure]]]] = []


def rule(*tables: str):
    """Register a rule with the tables it needs (none named: all); skipped, and said to be, when one does not hold."""

    def register(function):
        RULES.append((tables, function))
        return function

    return register


def fail(file: str, rows: pd.DataFrame, column: str, why) -> list[Failure]:
    """Return one failure for each row; `why` is a text or a function of the row."""
    return [
        Failure(
            file,
            int(i),
            column,
            "" if pd.isna(row[column]) else str(row[column]),
            why if isinstance(why, str) else why(row),
        )
        for i, row in rows.iterrows()
    ]


def members(load: Load) -> set[str]:
    """Return the codes of the Member States."""
    country = load("country")
    return set(country.loc[country["is_eu27"].fillna(False).astype(bool), "geo"])
