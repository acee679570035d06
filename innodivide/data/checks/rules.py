"""How a rule across tables is written: registered with the tables it needs, given a reader, yields failures."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from innodivide.data import frozen
from innodivide.data.schema import Failure
from innodivide.data.tables import member_states

Failures = Iterator[Failure]


@dataclass(frozen=True)
class Load:
    """Reads checked tables of one folder, indexed by line number: `load("ipcei")`."""

    folder: Path

    def __call__(self, name: str) -> pd.DataFrame:
        return frozen.load_rows(name, self.folder)

    def fail(self, table: str, rows: pd.DataFrame, column: str, why: str | Callable[[pd.Series], str]) -> Failures:
        """Yield one failure for each row; `why` is a text or a function of the row."""
        for i, row in rows.iterrows():
            value = "" if pd.isna(row[column]) else str(row[column])
            yield Failure(self.path(table), int(i), column, value, why if isinstance(why, str) else why(row))

    def fail_table(self, table: str, column: str, value: str, why: str) -> Failure:
        """Return a failure that no row breaks alone."""
        return Failure(self.path(table), None, column, value, why)

    def path(self, table: str) -> str:
        return frozen.resource(table, self.folder)["path"]

    def members(self) -> list[str]:
        """Return the codes of the Member States, sorted."""
        return member_states({"country": self("country")})["geo"].tolist()

    def integrated(self) -> pd.DataFrame:
        """Return the integrated IPCEIs."""
        return self("ipcei").query("kind == 'integrated'")


RULES: list[tuple[tuple[str, ...], Callable[[Load], Failures]]] = []


def rule(*tables: str):
    """Register a rule with the tables it needs (none named: all); skipped, and said to be, when one does not hold."""

    def register(function):
        RULES.append((tables, function))
        return function

    return register
