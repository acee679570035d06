"""The one reader of YAML files: no value is guessed, no key lost, and a field has the type that it is declared with.

YAML takes NO for false, 0012 for ten and 12:30 for 750. Such a value is refused with its line and the cure.
"""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import yaml

from innodivide.errors import DataError

_FORMS = {  # of a value without quotation marks: what it must look like to be taken for this, and how to write it
    "bool": ("true|false", "a truth value", "true or false"),
    "int": (r"-?(0|[1-9][0-9]*)", "a whole number", "digits without a leading zero"),
    "float": (r"-?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?", "a number", "digits with a decimal point"),
    "timestamp": (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a day", "YYYY-MM-DD"),
}
_KINDS = {
    str: "a text (put it in quotation marks)",
    int: "a whole number (without quotation marks)",
    float: "a number (without quotation marks)",
    bool: "true or false (without quotation marks)",
    date: "a day, as 2021-01-31 (without quotation marks)",
    list: "a list of texts (put them in quotation marks)",
    dict: "its fields, one `name: value` a line below it",
}


Kinds = type | tuple[type, ...]


def read_yaml(path: Path) -> dict:
    """Return the mapping that a YAML file holds.

    Raises
    ------
    DataError
        If the file is missing or is no YAML, if a key comes twice, or if a value is not written as what it is taken
        for; with the line.
    """
    try:
        content = _Strict(path.read_text(encoding="utf-8")).get_single_data()
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise DataError(f"{path} is missing or cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise DataError(f"{path} is missing or cannot be read: lines `name: value` are wanted")
    return content


def is_a(value, *kinds: type) -> bool:
    """Tell whether a value is of one of these kinds: a truth value is no number, a list is one of texts."""
    if isinstance(value, list) and object not in kinds:
        return list in kinds and all(isinstance(v, str) for v in value)
    return object in kinds or type(value) in kinds or (float in kinds and type(value) is int)


def fault(entry, fields: Mapping[str, Kinds], must: tuple[str, ...] = ()) -> str:
    """Say what is wrong with the fields of an entry and what would be right, or return an empty string.

    Parameters
    ----------
    entry : object
        What the file holds.
    fields : mapping
        Allowed fields with their kind or kinds: str, int, float, bool, date, dict, list (of texts), object (anything).
    must : tuple of str
        Fields that have to be there.
    """
    if not isinstance(entry, Mapping):
        return "its fields are missing"
    for name in must:
        if name not in entry:
            return f"{name} is missing; add it"
    for name, value in entry.items():
        if name not in fields:
            return f"{name!r} is not known; allowed are {', '.join(fields)}"
        declared = fields[name]
        kinds: tuple[type, ...] = declared if isinstance(declared, tuple) else (declared,)
        if not is_a(value, *kinds):
            return f"{name}: {value!r} is not {' or '.join(_KINDS[kind] for kind in kinds)}"
    return ""


class _Strict(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads YAML, but refuses a key that comes twice, of which the first would be lost, and a value that is guessed."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = {str(k) for k in keys if keys.count(k) > 1}
        if twice:
            line = node.start_mark.line + 1
            raise yaml.YAMLError(f"line {line}: {', '.join(sorted(twice))} comes twice; give each only once")
        return super().construct_mapping(node, deep)

    def construct_object(self, node, deep=False):
        kind = node.tag.rpartition(":")[2]
        if isinstance(node, yaml.ScalarNode) and kind in _FORMS:
            pattern, taken, how = _FORMS[kind]
            line = f"line {node.start_mark.line + 1}: {node.value}"
            if not re.fullmatch(pattern, node.value):
                raise yaml.YAMLError(
                    f"{line} would be taken for {taken}: write {how}, or put it in quotation marks if it is a text"
                )
            try:
                return super().construct_object(node, deep)
            except ValueError as error:  # the 30th of February
                raise yaml.YAMLError(f"{line} is not {taken}: {error}") from None
        return super().construct_object(node, deep)
