"""What each notebook declares in notebooks/notebooks.yml: its tables, its parameters and where its report goes."""

import difflib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from innodivide.data import frozen
from innodivide.data.country_codes import COLUMNS, cures, other_names
from innodivide.data.yaml_files import fault, is_a, read_yaml
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
            hint = _country_hint(str(value)) if self.type == "countries" else ""
            raise ParameterError(f"parameter {self.name}={_shown(value)}: expected {self.expected()}{hint}") from None
        if self.choices and typed not in self.choices:
            hint = _country_hint(str(value)) if self.choices == eu27() else ""
            hint = hint or _hint(str(value), map(str, self.choices))
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
    spelled = {one.casefold(): one for one in known}  # each as it is to be written
    near = difflib.get_close_matches(name[:80].casefold(), spelled, n=1)
    return f" (did you mean {spelled[near[0]]}?)" if near else ""


def _country_hint(text: str) -> str:
    """Return " (Greece is EL)" for the names and other codes of Member States in a text, empty if there are none."""
    members = eu27()
    named = other_names({c: frozen.column("country", c) for c in COLUMNS})
    found = cures(text, {other: country for other, country in named.items() if country[1] in members})
    return f" ({', '.join(found)})" if found else ""


def _text(value):
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise TypeError
    return str(value)


def _whole(value):
    if isinstance(value, str) and not re.fullmatch(r"-?(0|[1-9][0-9]*)", value):  # int() takes 0_1 and 0012 too
        raise ValueError
    if isinstance(value, bool) or value != value or int(value) != float(value):
        raise ValueError
    return int(value)


def _finite(value):
    if isinstance(value, str) and not re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", value):
        raise ValueError
    if isinstance(value, bool) or not math.isfinite(float(value)):
        raise ValueError
    return float(value)


def _countries(value):
    codes = [code.strip().upper() for code in str(value or "").split(",") if code.strip()]
    if not set(codes) <= set(eu27()) or len(set(codes)) < len(codes):
        raise ValueError
    return ",".join(codes)


def _day(value):
    if value in ("", None):
        return ""
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", str(value)):  # date takes 20240131 and 2024-W05-3 too
        raise ValueError
    return date.fromisoformat(str(value)).isoformat()


_READERS = {
    "string": _text,
    "integer": _whole,
    "number": _finite,
    "date": _day,
    "countries": _countries,
    "boolean": lambda v: v if isinstance(v, bool) else {"true": True, "false": False}[str(v).lower()],
}
_WRITTEN = {  # what a default or a choice of each type is in YAML
    "string": (str,),
    "integer": (int,),
    "number": (float,),
    "date": (str, date),
    "countries": (str,),
    "boolean": (bool,),
}
_FIELDS = {"title": str, "folder": str, "tables": list, "files": list, "sources_in": str, "parameters": dict}
_FIELDS |= {"timeout": object}


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
    return {name: _notebook(name, entry) for name, entry in read_yaml(NOTEBOOKS / DECLARATIONS).items()}


def _notebook(name: str, entry: dict) -> Notebook:
    wrong = fault({name: entry}, {name: dict}) or fault(entry, _FIELDS, ("title", "folder", "tables"))
    timeout, given = (TIMEOUT, {}) if wrong else (entry.get("timeout", TIMEOUT), entry.get("parameters") or {})
    if not wrong and not (is_a(timeout, float) and 0 < timeout < math.inf):
        wrong = f"timeout {timeout!r} is not a number of seconds above 0"
    if wrong or not is_a(name, str):
        raise DataError(f"{DECLARATIONS}, {name}: {wrong or 'a name is a text; put it in quotation marks'}")
    parameters = tuple(_parameter(f"{DECLARATIONS}, {name}, {key}", key, spec) for key, spec in given.items())
    more = (tuple(entry.get("files", ())), timeout, entry.get("sources_in", ""))
    return Notebook(name, entry["title"], tuple(entry["tables"]), parameters, entry["folder"], *more)


def _parameter(where: str, name: str, spec: dict) -> Parameter:
    """Return a declared parameter whose default and choices are written in its type."""
    fields = {"type": str, "default": object, "choices": object, "meaning": str}
    wrong = fault(spec, fields, ("type", "default", "meaning"))
    if not wrong and spec["type"] not in _WRITTEN:
        wrong = f"type {spec['type']!r} is not known; allowed are {', '.join(_WRITTEN)}"
    if wrong or not is_a(name, str):
        raise DataError(f"{where}: {wrong or 'a name is a text; put it in quotation marks'}")
    kinds, choices = _WRITTEN[spec["type"]], spec.get("choices", [])
    if not isinstance(choices, list) and choices not in _NAMED_CHOICES:
        raise DataError(f"{where}: choices {choices!r}: write a list, or one of {', '.join(_NAMED_CHOICES)}")
    listed = choices if isinstance(choices, list) else []  # the others are as the tables have them
    choices = choices if isinstance(choices, list) else _NAMED_CHOICES[choices]()
    for what, value in (("default", spec["default"]), *(("choices", one) for one in listed)):
        if wrong := fault({what: value}, {what: kinds}):
            raise DataError(f"{where}: {wrong}")
    return Parameter(name, spec["type"], spec["default"], tuple(choices), spec["meaning"])


def notebook(name: str) -> Notebook:
    """Return one declared notebook; `03`, `03_leader_test` and `notebooks/03_leader_test.ipynb` all name the same."""
    known, stem = notebooks(), Path(name).stem
    found = [n for n in known if n == stem or n.split("_")[0] == stem]
    if not found:
        raise ParameterError(f"unknown notebook {_shown(name)}; the notebooks are: {', '.join(known)}")
    return known[found[0]]
