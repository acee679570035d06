"""Read data/datapackage.json and refuse a description that does not describe: the only schema must itself be sound."""

import json
import re
from pathlib import Path, PurePosixPath

from innodivide.errors import DataError

TYPES = ("string", "integer", "number", "boolean", "date")
_LIMITS: dict[str, type | tuple[type, ...]] = {
    "required": bool,
    "unique": bool,
    "enum": list,
    "pattern": str,
    "minimum": (int, float),
    "maximum": (int, float),
}


def read_description(path: Path) -> dict:
    """Return the package description of a data folder.

    Raises
    ------
    DataError
        Naming the file, the table, the field and the rule, for anything that the loader could not rely on: a path that
        leaves the folder, an unknown type, a key or reference to a column that is not there, a pattern that is none.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_no_duplicates)
    except FileNotFoundError:
        raise DataError(
            f"{path} is missing: tables are read from the folder that --data or INNODIVIDE_DATA names, else from data/ "
            "of the repository that INNODIVIDE_ROOT names, else from those that came with innodivide"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} is not a readable package description: {error!r}") from None
    fault = _first_fault(content)
    if fault:
        raise DataError(f"{path} is not a readable package description: {fault}")
    return content


def _no_duplicates(pairs: list) -> dict:
    names = [name for name, _ in pairs]
    repeated = {n for n in names if names.count(n) > 1}
    if repeated:
        raise ValueError(f"{', '.join(sorted(repeated))} stands twice in one object")
    return dict(pairs)


def _first_fault(content) -> str:
    """Return the first broken rule in words, or an empty string."""
    tables = content.get("resources") if isinstance(content, dict) else None
    if not isinstance(tables, list) or not tables:
        return "it needs a list of resources"
    columns: dict[str, list[str]] = {}
    for number, table in enumerate(tables, start=1):
        fault = _fault_of_table(table)
        if fault:
            name = table.get("name") if isinstance(table, dict) else None
            return f"resource {number} ({name}): {fault}"
        if table["name"] in columns:
            return f"resource {number}: the name {table['name']} is used twice"
        columns[table["name"]] = [f["name"] for f in table["schema"]["fields"]]
    return next(filter(None, (_fault_of_references(table, columns) for table in tables)), "")


def _fault_of_table(table) -> str:
    if not isinstance(table, dict) or not all(isinstance(table.get(k), str) for k in ("name", "path")):
        return "it needs a name and a path"
    if any(not isinstance(table.get(k, ""), str) for k in ("title", "description", "hash")):
        return "title, description and hash are texts"
    if not _inside(table["path"]):
        return f"path {table['path']!r} does not stay inside the data folder"
    schema = table.get("schema")
    fields = schema.get("fields") if isinstance(schema, dict) else None
    if not isinstance(schema, dict) or not isinstance(fields, list) or not fields:
        return "its schema needs fields"
    fault = next(filter(None, map(_fault_of_field, fields)), "")
    names = [f["name"] for f in fields] if not fault else []
    if len(set(names)) < len(names):
        return "two fields have one name"
    key = as_list(schema.get("primaryKey"))
    if not fault and not (key and set(map(str, key)) <= set(names)):
        return f"primaryKey {key} is not made of its fields"
    return fault


def _inside(path: str) -> bool:
    """Tell whether a path names a file below the folder: relative, no step up, no drive, no odd character."""
    parts = PurePosixPath(path).parts
    return bool(parts) and all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*", part) for part in parts)


def _fault_of_field(field) -> str:
    if not isinstance(field, dict) or not isinstance(field.get("name"), str):
        return "each field needs a name"
    name, limits = field["name"], field.get("constraints", {})
    if field.get("type") not in TYPES:
        return f"field {name}: type {field.get('type')!r} is not one of {', '.join(TYPES)}"
    if not isinstance(field.get("description"), str) or not isinstance(field.get("unit", ""), str):
        return f"field {name}: it needs a description in words, and a unit that is a text"
    if not isinstance(limits, dict):
        return f"field {name}: constraints are an object"
    for limit, value in limits.items():
        kind = _LIMITS.get(limit)
        if kind is None or not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            return f"field {name}: constraint {limit} = {value!r} is not understood"
    try:
        re.compile(limits.get("pattern", ""))
    except re.error as error:
        return f"field {name}: pattern {limits['pattern']!r}: {error}"
    return ""


def _fault_of_references(table: dict, columns: dict[str, list[str]]) -> str:
    own, keys = columns[table["name"]], table["schema"].get("foreignKeys", [])
    for key in keys if isinstance(keys, list) else [None]:
        key = key if isinstance(key, dict) else {}
        there = key.get("reference")
        target = there.get("resource") if isinstance(there, dict) else None
        if not isinstance(there, dict) or not isinstance(target, str) or target not in {*columns, ""}:
            return f"{table['name']}: a foreign key refers to no table ({target!r})"
        fields, wanted = as_list(key.get("fields")), as_list(there.get("fields"))
        known = columns.get(target, own)
        if not fields or len(fields) != len(wanted) or not (set(fields) <= set(own) and set(wanted) <= set(known)):
            return f"{table['name']}: foreign key {fields} to {target} {wanted} names a column that is not there"
    return ""


def as_list(value) -> list:
    """Return the names of a key: the standard allows one text or a list of texts."""
    if isinstance(value, str):
        return [value]
    return list(value) if isinstance(value, list) and all(isinstance(v, str) for v in value) else []
