"""Every table and every rule across tables, looked at once."""

from pathlib import Path

from innodivide.data import frozen

# Importing a module registers its rules.
from innodivide.data.checks import control_values, ipceis, scoreboards, whole_package  # noqa: F401
from innodivide.data.checks.rules import RULES, Load
from innodivide.data.schema import Failure


def check_all(folder: Path = frozen.DATA) -> tuple[list[Failure], list[str]]:
    """Return every failure of all tables and rules, and what could not be looked at because of them.

    What only follows from another failure is not among the failures: that a table cannot be read is said once.

    Examples
    --------
    >>> failures, unseen = check_all()  # doctest: +SKIP
    >>> failures  # doctest: +SKIP
    []
    """
    by_table = {name: frozen.check_table(name, folder) for name in frozen.resources(folder)}
    follows = {frozen.unreadable_rule(name) for name, found in by_table.items() if found}
    skipped = [f"keys of table {name}" for name, found in by_table.items() if any(f.rule in follows for f in found)]
    own = {name: [f for f in found if f.rule not in follows] for name, found in by_table.items()}
    failures, load = [f for found in own.values() for f in found], Load(folder)
    for tables, rule in RULES:
        if any(by_table[t] for t in tables or by_table):
            skipped.append(str(rule.__doc__).splitlines()[0])
        else:
            failures += rule(load)
    return sorted(set(failures), key=lambda f: (f.file, f.row or 0, f.column, f.value, f.rule)), skipped


def check_frozen(folder: Path = frozen.DATA) -> list[Failure]:
    """Return one failure for each table that holds but is not, byte by byte, the one its description records."""
    return [
        f for t in frozen.resources(folder) if not frozen.check_table(t, folder) for f in frozen.check_frozen(t, folder)
    ]
