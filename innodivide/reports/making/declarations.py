"""What each notebook declares in notebooks/notebooks.yml: its tables, its parameters and where its report goes."""

import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

import yaml

from innodivide.data import frozen
from innodivide.errors import DataError, ParameterError

NOTEBOOKS = frozen.ROOT / "notebooks"
DECLARATIONS = "notebooks.yml"
ANNEX = "country_annex"
LATEST = "latest"
TIMEOUT = 1800  # seconds for a whole notebook that declares no time of its own


@dataclass(frozen=True)
class Parameter:
    """One declared parameter: type, default, allowed values (empty = any of the type) and meaning."""

    name: str
    type: str
    default: object
    choices: tuple
    meaning: str

    def read(self, value):
        """Return `value` (text from the command line, or already typed) in the declared type, or refuse it."""
        try:
            typed = _READERS[self.type](value)
        except (ValueError, TypeError, KeyError, OverflowError):
            raise ParameterError(f"parameter {self.name}={_shown(value)}: expected {self.expected()}") from None
        if self.choices and typed not in self.choices:
            hint = _hint(str(value).upper(), [str(c).upper() for c in self.choices])
            raise ParameterError(f"parameter {self.name}={_shown(value)}: expected {self.expected()}{hint}")
        return typed

    def expected(self) -> str:
        """Say what values are allowed."""
        if self.type == "countries":
            return f"codes separated by commas, each once, as CZ,SK; the countries are {', '.join(eu27())}"
        return f"one of {', '.join(map(str, self.choices))}" if self.choices else f"a value of type {self.type}"


def _shown(value) -> str:
    """Quote a value in a message; one of thousands of characters is cut."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _hint(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name[:80], known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _whole(value):
    if isinstance(value, bool) or (isinstance(value, float) and value != int(value)):
        raise ValueError
    return int(value)


def _finite(value):
    if isinstance(value, bool) or not math.isfinite(float(value)):
        raise ValueError
    return float(value)


def _countries(value):
    codes = [code.strip().upper() for code in str(value or "").split(",") if code.strip()]
    if not set(codes) <= set(eu27()) or len(set(codes)) < len(codes):
        raise ValueError
    return ",".join(codes)


def _day(value):
    return "" if value in ("", None) else date.fromisoformat(str(value)).isoformat()


_READERS = {
    "string": str,
    "integer": _whole,
    "number": _finite,
    "date": _day,
    "countries": _countries,
    "boolean": lambda v: v if isinstance(v, bool) else {"true": True, "false": False}[str(v).lower()],
}


@dataclass(frozen=True)
class Notebook:
    """A declared notebook: file, title, tables it may load, parameters, and the folder of its report."""

    name: str
    title: str
    tables: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    folder: str
    files: tuple[str, ...] = ()  # further files of the repository that the notebook depends on
    timeout: float = TIMEOUT  # seconds that it may take, from the start of its kernel
    sources_in: str = ""  # the notebook whose report lists the sources of this one, which has no room for them on paper

    @property
    def path(self) -> Path:
        return NOTEBOOKS / f"{self.name}.ipynb"

    def resolve(self, given: dict) -> dict:
        """Return all parameters with their values; an unknown, misspelt or invalid one is an error."""
        known = {p.name: p for p in self.parameters}
        for name in given:
            if name not in known:
                named = f"{_shown(name)}{_hint(name, known)}"
                raise ParameterError(
                    f"{self.name} has no parameter {named}; its parameters: {', '.join(known) or 'none'}"
                )
        return {p.name: p.read(given.get(p.name, p.default)) for p in self.parameters}

    def output_folder(self, values: dict) -> str:
        """Return the report's folder: parameters that differ from their default are part of its name."""
        folder = self.folder.format(**values)
        other = [
            f"{p.name}-{quote(str(values[p.name]), safe='')}"
            for p in self.parameters
            if values[p.name] != p.default and f"{{{p.name}}}" not in self.folder
        ]
        return "--".join([folder, *other])


def eu27() -> tuple[str, ...]:
    """Return the 27 country codes.

    Like the editions below, read without the checks of `data.load`: every run checks both tables before it uses them,
    and a run with nothing to do uses neither.
    """
    members = zip(frozen.column("country", "geo"), frozen.column("country", "is_eu27"))
    return tuple(sorted(geo for geo, member in members if member == "true"))


def _editions() -> tuple[int, ...]:
    return tuple(sorted(int(e) for e in frozen.column("eis_edition", "edition") if e and e.isdecimal()))


def _statuses() -> tuple[str, ...]:
    return ("at_decision", "lag1", *map(str, _editions()))


def _shown_editions() -> tuple[str, ...]:
    """Return the editions of the scoreboard that a country can be shown by: those with ranks and scores."""
    both = set(frozen.column("eis_rank", "edition")) & set(frozen.column("eis_score", "edition"))
    return (LATEST, *sorted(both))


_NAMED_CHOICES = {"eu27": eu27, "editions": _editions, "statuses": _statuses, "shown editions": _shown_editions}


@lru_cache(maxsize=1)
def notebooks() -> dict[str, Notebook]:
    """Return the declared notebooks by name, in the order of reading."""
    path = NOTEBOOKS / DECLARATIONS
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return {name: _notebook(name, entry) for name, entry in content.items()}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is missing or cannot be read: {type(error).__name__}: {error}") from None


def _notebook(name: str, entry: dict) -> Notebook:
    parameters = []
    for key, spec in (entry.get("parameters") or {}).items():
        choices = spec.get("choices", ())
        choices = _NAMED_CHOICES[choices]() if isinstance(choices, str) else tuple(choices)
        parameters.append(Parameter(key, spec["type"], spec["default"], choices, spec["meaning"]))
    files, timeout = tuple(entry.get("files") or ()), entry.get("timeout", TIMEOUT)
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < math.inf:
        raise DataError(f"{DECLARATIONS}, {name}: timeout {timeout!r} is not a number of seconds above 0")
    more = (files, timeout, entry.get("sources_in", ""))
    return Notebook(name, entry["title"], tuple(entry["tables"]), tuple(parameters), entry["folder"], *more)


def notebook(name: str) -> Notebook:
    """Return one declared notebook; `03`, `03_leader_test` and `notebooks/03_leader_test.ipynb` all name the same."""
    known, stem = notebooks(), Path(name).stem
    found = [n for n in known if n == stem or n.split("_")[0] == stem]
    if not found:
        raise ParameterError(f"unknown notebook {_shown(name)}; the notebooks are: {', '.join(known)}")
    return known[found[0]]
