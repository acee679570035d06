"""From an exhibit back to the code: which cell shows it, and which functions of the library made its content."""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from innodivide.data.folders import LIBRARY as FOLDER
from innodivide.reports.executed import Cell

LIBRARY = "innodivide"
MAKES = ("table", "figure", "say")
FRAME = ("innodivide/narrative/exhibits.py", "innodivide/narrative/words_file.py")  # how it is shown, not what


@dataclass(frozen=True)
class Shown:
    """An exhibit as a report shows it: cell as a reader of the notebook counts, functions as `file:line name`."""

    id: str
    kind: str
    title: str
    cell: int
    functions: tuple[str, ...]


def exhibits(cells: Iterable[Cell]) -> list[Shown]:
    """Return the exhibits of an executed notebook in order, each with the functions that its cell rests on."""
    imported, assigned, found = {}, {}, []
    for cell in (c for c in cells if c.kind == "code"):
        tree = ast.parse(cell.source)
        imported |= imports_of(tree)
        made = {exhibit_id(node): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assigned |= assignments(tree)
        for payload in cell.exhibits:
            functions = places(calls(made.get(payload["id"], tree), imported, assigned))
            found.append(Shown(payload["id"], payload["kind"], payload["title"], cell.number, functions))
    return found


def exhibit_id(call: ast.Call) -> str | None:
    """Return the id that a call of `table`, `figure` or `say`, or of these bound to a file of words, makes."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    first = call.args[0] if call.args and name in MAKES else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


@lru_cache(maxsize=512)
def imports_of(tree: ast.AST) -> dict[str, str]:
    """Return what each imported name of the library stands for: `innodivide.evidence.plan.load_plan`."""
    return {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == LIBRARY
        for alias in node.names
    }


def assignments(tree: ast.AST) -> dict[str, ast.expr]:
    """Return the expression that each variable was last given; each name of `a, b = f(), g()` gets its own part."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                parts = target.elts if isinstance(target, ast.Tuple) else [target]
                apart = isinstance(node.value, ast.Tuple) and len(node.value.elts) == len(parts)
                values = node.value.elts if apart else [node.value] * len(parts)
                found |= {p.id: v for p, v in zip(parts, values, strict=True) if isinstance(p, ast.Name)}
    return found


def calls(node: ast.AST, imported: dict[str, str], assigned: dict[str, ast.expr]) -> tuple[str, ...]:
    """Return the full names of the library's functions called for a value, also through the variables it is made of."""
    todo, seen, found = [node], set(), {}
    while todo:
        for part in ast.walk(todo.pop()):
            if isinstance(part, ast.Name) and part.id in assigned and part.id not in seen:
                seen.add(part.id)
                todo.append(assigned[part.id])
            dotted = dotted_name(part.func) if isinstance(part, ast.Call) else ""
            head, _, rest = dotted.partition(".")
            if head in imported:
                found[f"{imported[head]}.{rest}".rstrip(".")] = None
    return tuple(found)


def places(names: Iterable[str]) -> tuple[str, ...]:
    """Return where functions stand, each once, but for those that only show what others made."""
    found = dict.fromkeys(map(place, names))
    return tuple(p for p in found if p and not p.startswith(FRAME))


def dotted_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        before = dotted_name(node.value)
        return f"{before}.{node.attr}" if before else ""
    return node.id if isinstance(node, ast.Name) else ""


def place(dotted: str) -> str:
    """Return `innodivide/indicators/panel.py:31 ipcei_dyads` for a full name, empty if there is none."""
    found = definition(dotted)
    if found is None or isinstance(found.node, ast.expr):
        return ""
    return f"{found.file.relative_to(FOLDER.parent).as_posix()}:{found.node.lineno} {found.node.name}"


@dataclass(frozen=True)
class Definition:
    """Where a name of the library is made: its module, file and node (for a constant, the expression)."""

    module: str
    file: Path
    node: ast.FunctionDef | ast.ClassDef | ast.expr


@lru_cache(maxsize=4096)
def definition(dotted: str) -> Definition | None:
    """Return where a full name (`innodivide.evidence.plan.load_plan`) is made, also if a package hands it on."""
    module, _, name = dotted.rpartition(".")
    if not re.fullmatch(r"\w+", name) or module.split(".")[0] != LIBRARY:
        return None
    file, tree = parsed(module)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return Definition(module, file, node)
        for alias in node.names if isinstance(node, ast.ImportFrom) else ():
            if (alias.asname or alias.name) == name:
                return definition(f"{node.module}.{alias.name}")
    constant = assignments(ast.Module(tree.body, [])).get(name) if name.isupper() or name.startswith("_") else None
    return None if constant is None else Definition(module, file, constant)


@lru_cache(maxsize=512)
def parsed(module: str) -> tuple[Path, ast.Module]:
    """Return file and syntax tree of a module of the library; an empty tree if there is no such file."""
    base = FOLDER.parent / Path(*module.split("."))
    file = base.with_suffix(".py") if base.with_suffix(".py").is_file() else base / "__init__.py"
    return file, ast.parse(file.read_text(encoding="utf-8") if file.is_file() else "")
