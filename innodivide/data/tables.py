"""The tables as one argument: loaded when first asked for, results remembered, the Member States and IPCEIs in them."""

from __future__ import annotations  # pandas is imported where a frame is made: a command with nothing to do is quick

import copy
import functools
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from numbers import Real
from typing import TYPE_CHECKING

from innodivide.data import frozen
from innodivide.data.description import as_list
from innodivide.errors import DataError, ParameterError, checked

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import pandas as pd

TAKING_PART = ("notifying", "joined_later")  # the roles that count as taking part when late joiners do
_DATED = (  # what a record as of a day leaves out: key, its table, the day, first letters of the tables meant
    ("ipcei_id", "ipcei", "decision_date", ""),
    ("edition", "eis_edition", "published", "eis_"),
)
REMEMBERED: list[Callable] = []  # the functions, of all modules imported so far, whose results are kept by `once`


class Tables(Mapping):
    """The tables of data/ by name, each loaded and checked when it is first asked for.

    Parameters
    ----------
    others : mapping of str to pandas.DataFrame, optional
        Frames that stand in the place of the repository's own tables of these names.
    until : date, optional
        The record as it was on this day: IPCEIs decided later, and all rows of any table on them, are left out, and so
        are editions of the European Innovation Scoreboard published later.
    pins : mapping of str to int, optional
        Editions that `editions.latest` returns by board, whatever later ones the tables have.

    Attributes
    ----------
    given : dict
        The frames that stand in the place of tables, or beside them, by name.
    own : bool
        Whether these are the tables in use, none of them replaced.
    folder : Path
        Where those that are not replaced are read.
    until : pandas.Timestamp or None
    pins : dict
    resolved : dict
        What `editions.latest` returned for these tables, by board and parts, where pins would have counted.
    state : dict
        Of each table that was asked for, a stamp of its file as it was before the table was first read. Tables made
        by `as_of` from others share it, so that a result made from them is known to depend on what they read.
    """

    def __init__(
        self,
        others: Mapping[str, pd.DataFrame] | None = None,
        until=None,
        pins: Mapping[str, int] = {},
        folder: Path = frozen.DATA,
    ):
        self.given, self.folder = _given(others), folder
        self._frames, self.own = dict(self.given), not self.given and folder == frozen.DATA
        self.until, self.pins = None if until is None else as_day(until, "until"), dict(pins)
        self.state: dict[str, tuple] = {}
        self.resolved: dict[tuple, int] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        frame = self._whole(name)
        if self.until is not None:
            for key, table, day, of in _DATED:
                if key in frame and name.startswith(of):
                    later = self._whole(table).query(f"{day} > @self.until")[key]
                    frame = frame[~frame[key].isin(later)].reset_index(drop=True)
        return frame.copy(deep=False)  # what a caller adds to its frame reaches no other caller

    def _whole(self, name: str) -> pd.DataFrame:
        if name not in self._frames:
            self._note(frozen.state([name], self.folder))
            self._frames[name] = frozen.load(name, self.folder)
        return self._frames[name]

    def _note(self, state: Mapping[str, tuple]) -> None:
        """Add stamps in place, as `as_of` shares them: what was seen first counts."""
        for name, stamp in state.items():
            self.state.setdefault(name, stamp)

    def as_of(self, until=None, pins: Mapping[str, int] = {}) -> Tables:
        """Return the same tables as the record was on a day, with editions pinned; without a day and pins, to date."""
        same = Tables(until=until, pins=pins, folder=self.folder)
        same._frames, same.own, same.state, same.given = self._frames, self.own, self.state, self.given
        return same

    def replaced(self, others: Mapping[str, pd.DataFrame]) -> Tables:
        """Return the same tables, record and editions with other frames in the place of some."""
        same = self.as_of(self.until, self.pins)
        same.given = self.given | _given(others)
        same._frames, same.own = self._frames | same.given, False
        return same

    def __iter__(self) -> Iterator[str]:
        return iter(frozen.resources(self.folder))

    def __len__(self) -> int:
        return len(frozen.resources(self.folder))


def _given(others: Mapping[str, pd.DataFrame] | None) -> dict[str, pd.DataFrame]:
    """Frames by name, each with the key columns of the table in whose place it stands."""
    if others is None:
        return {}
    import pandas as pd

    cure = "write Tables({'ipcei': frame}) for a frame in the place of a table, Tables() for all as they are"
    if not isinstance(others, Mapping):
        raise ParameterError(f"Tables: expected frames by name, got {type(others).__name__}; {cure}")
    for name, frame in others.items():
        if not isinstance(name, str) or not isinstance(frame, pd.DataFrame):
            raise ParameterError(f"Tables: {name!r} has {type(frame).__name__} in the place of a DataFrame; {cure}")
        described = frozen.resources().get(name)
        lost = [k for k in as_list(described["schema"]["primaryKey"]) if k not in frame] if described else []
        if lost:
            raise DataError(
                f"table {name}: the frame given has no column {', '.join(lost)}; it has {', '.join(map(str, frame))} "
                f"(innodivide describe {name}: what is needed)"
            )
    return dict(others)


def once(function: Callable) -> Callable:
    """Let a function that takes `tables` compute once in a process what it finds in the repository's own tables.

    For results that are the same in every report: kernels are forked from a process that has them. Each caller gets a
    copy. A result is computed anew when a table it was made from has changed on disk; a notebook that has not declared
    all of these tables is refused, as if they were read again. With other tables than the repository's, or arguments
    that cannot be hashed, the function is simply called.

    Parameters
    ----------
    function : callable
        Takes `tables` first. Its result depends on its arguments alone; equal
        arguments give equal results. Listed in `REMEMBERED` if all of them have defaults.
    """
    signature = inspect.signature(function)
    results: dict[tuple, tuple[dict, dict, object]] = {}

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        tables = bound.arguments.pop("tables")
        if not (isinstance(tables, Tables) and tables.own and _hashable(tuple(bound.arguments.values()))):
            return function(*args, **kwargs)
        key = (tables.until, *bound.arguments.items())
        pins = tuple(sorted(tables.pins.items()))
        state, resolved, result = results.get((pins, *key), ({}, {}, None))
        if not state and pins:  # what was computed without pins is the same if it took the same editions
            state, resolved, result = results.get(((), *key), ({}, {}, None))
            state = state if all(tables.pins.get(b, e) == e for (b, _), e in resolved.items()) else {}
        if not state or state != frozen.state(state):
            fresh = Tables(until=tables.until, pins=tables.pins)
            result = function(fresh, **bound.arguments)
            state, resolved = fresh.state, fresh.resolved
            results[(pins, *key)] = state, resolved, result
        for name in state:
            frozen.refuse_undeclared(name)
        tables.resolved |= resolved
        tables._note(state)  # the caller's result depends on these too
        return copy.deepcopy(result)

    if all(p.default is not p.empty for p in [*signature.parameters.values()][1:]):
        REMEMBERED.append(wrapper)
    return wrapper


def _hashable(value) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


@once
def member_states(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the EU27, one row each, sorted by code (columns of table `country`)."""
    country = tables["country"]
    return country[country["is_eu27"].fillna(False).astype(bool)].sort_values("geo").reset_index(drop=True)


def integrated_ipceis(tables: Tables, until=None, since=None) -> pd.DataFrame:
    """Return the integrated IPCEIs decided in the closed interval [since, until], in order of decision."""
    ipcei = tables["ipcei"]
    ipcei = ipcei[ipcei["kind"] == "integrated"]
    if until is not None:
        ipcei = ipcei[ipcei["decision_date"] <= as_day(until, "until")]
    if since is not None:
        ipcei = ipcei[ipcei["decision_date"] >= as_day(since, "since")]
    if ipcei.empty:
        raise ParameterError(f"no integrated IPCEI was decided between since={since} and until={until}")
    return ipcei.sort_values(["decision_date", "ipcei_id"]).reset_index(drop=True)


def as_day(value, name: str) -> pd.Timestamp:
    """Return a date object, or a text such as 2021-04-30, as a day; else a `ParameterError` that names the argument.

    Other spellings are refused: 04/05/2021 is April to one reader and May to another.
    """
    import pandas as pd

    spelt = isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value)
    try:  # a number would be nanoseconds of 1970
        day = pd.NaT if spelt or isinstance(value, Real) else pd.Timestamp(value)
    except (ValueError, TypeError):
        day = pd.NaT
    if day is pd.NaT or day.tz is not None:
        raise ParameterError(f"{name}={value!r} is not a date; write it as 2021-04-30")
    return day.normalize()


@checked
def country_values(tables: Tables, variable: str, year: int) -> pd.DataFrame:
    """Return one variable of the country panel in one year for the EU27: geo, value, source_id, flag.

    Raises
    ------
    ParameterError
        If the variable is unknown; a country without a figure stays in the frame with a missing value.

    Examples
    --------
    >>> from innodivide import Tables
    >>> country_values(Tables(), "population", 2020).set_index("geo")["value"].idxmax()
    'DE'
    """
    long = tables["country_panel"]
    known = sorted(long["variable"].unique())
    if variable not in known:
        raise ParameterError(f"variable={variable!r}: allowed are {', '.join(known)}")
    rows = long[(long["variable"] == variable) & (long["year"] == year)]
    return member_states(tables)[["geo"]].merge(rows[["geo", "value", "source_id", "flag"]], on="geo", how="left")


def country_names(tables: Tables) -> dict[str, str]:
    """Return the English name of every code of table `country`."""
    country = tables["country"]
    return dict(zip(country["geo"], country["name"]))


def indicators_of(tables: Tables, edition: int, level: str = "indicator") -> pd.DataFrame:
    """Return the dictionary of one level in the framework of an edition: a code may mean something else in another.

    Parameters
    ----------
    level : {"index", "dimension", "indicator", "structural"}

    Raises
    ------
    DataError
        The edition has no framework in the tables.
    """
    frameworks, rows = tables["eis_edition"].set_index("edition")["framework"], tables["indicator"]
    rows = rows[(rows["framework"] == frameworks.get(edition)) & (rows["level"] == level)]
    if rows.empty:
        raise DataError(f"scoreboard/indicator.csv: no list of level {level!r} for edition {edition}")
    return rows


def group_of(relative, edition, editions: pd.DataFrame) -> np.ndarray:
    """Return the innovation group of an index in percent of the EU: a group starts above its threshold.

    Parameters
    ----------
    relative : array-like (n,)
        Percent of the EU of the same year.
    edition : int or array-like of int (n,)
        Edition of the scoreboard whose cut points count. The lowest group was renamed in 2021.
    editions : pandas.DataFrame
        Table `eis_edition`: the cut points that the publisher states.
    """
    import numpy as np

    limits = editions.set_index("edition").loc[edition]
    columns = ("leader_min_pct", "strong_min_pct", "moderate_min_pct")
    above = [np.asarray(relative) > np.asarray(limits[column]) for column in columns]
    return np.select(
        above, ["leader", "strong", "moderate"], np.where(np.asarray(edition) >= 2021, "emerging", "modest")
    )
