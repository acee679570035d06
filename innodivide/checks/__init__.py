"""Rules across tables: figures that must agree with each other and with what was published.

The rules inside one table (types, ranges, keys) are in data/datapackage.json and applied by `innodivide.schema`.
"""

from pathlib import Path

from innodivide import data
from innodivide.checks import package, scoreboard, tier1  # noqa: F401  importing a module registers its rules
from innodivide.checks.rules import RULES, Load
from innodivide.checks.scoreboard import group_of
from innodivide.schema import Failure

__all__ = ["RULES", "check_all", "check_frozen", "group_of"]


def check_all(folder: Path = data.DATA) -> tuple[list[Failure], list[str]]:
    """Return every failure of all tables and rules, and the rules that could not be looked at."""
    by_table = {name: data.check_table(name, folder) for name in data.resources(folder)}
    failures, skipped, load = [f for found in by_table.values() for f in found], [], Load(folder)
    for tables, rule in RULES:
        if any(by_table[t] for t in tables or by_table):
            skipped.append(rule.__doc__.splitlines()[0])
        else:
            failures += rule(load)
    return sorted(set(failures), key=lambda f: (f.file, f.row or 0, f.column, f.value, f.rule)), skipped


def check_frozen(folder: Path = data.DATA) -> list[Failure]:
    """Return one failure for each table that holds but is not, byte by byte, the one its description records."""
    return [f for t in data.resources(folder) if not data.check_table(t, folder) for f in data.check_frozen(t, folder)]
