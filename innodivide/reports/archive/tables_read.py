"""Which tables a function of the library reads, found in the code: what it takes out of `tables`, and what it calls.

Every function that needs tables takes them under the name `tables`, or finds them under that name in a record; only
such are followed. It is what may be read: a branch that is not taken counts.
"""

import ast
from collections.abc import Iterable
from functools import lru_cache

from innodivide.data import frozen
from innodivide.reports.archive.code_trace import (
    LIBRARY,
    assignments,
    calls,
    definition,
    dotted_name,
    exhibit_id,
    imports_of,
    parsed,
)

TABLES = "tables"
RESOLVER = "innodivide.data.editions"  # looks at every scoreboard to find the edition that is shown: not followed


def tables_of(functions: Iterable[str]) -> list[str]:
    """Return the tables that functions, given by their full names, and all that these call may read; sorted."""
    return sorted({table for function in reached(functions) for table in _own(function)})


def reached(functions: Iterable[str]) -> tuple[str, ...]:
    """Return functions and all that these call and that may read tables, in the order of reaching."""
    todo, seen = list(functions), {}
    while todo:
        name = todo.pop(0)
        if name not in seen and not name.startswith(RESOLVER):
            seen[name] = None
            todo += _used(name)
    return tuple(seen)


def used_by(functions: Iterable[str], steps: int = 4) -> tuple[str, ...]:
    """Return the further functions of the library that some functions name, in so many steps, nearest first."""
    first, last = tuple(functions), tuple(functions)
    seen: dict[str, None] = {}
    for _ in range(steps):
        named = [_full(n) for one in last for n in _used(one, every=True)]
        last = tuple(n for n in dict.fromkeys(named) if n not in seen and n not in first and _computes(n))
        seen |= dict.fromkeys(last)
    return tuple(seen)


def _computes(name: str) -> bool:
    """Tell whether a name is of a function outside of data, where tables are only handed on."""
    found = definition(name)
    return bool(found and isinstance(found.node, ast.FunctionDef)) and not name.startswith(f"{LIBRARY}.data.")


def makers(exhibit: str) -> frozenset[str]:
    """Return the functions of narrative that show an exhibit themselves, as those of the annex do."""
    return _makers().get(exhibit, frozenset())


@lru_cache(maxsize=1)
def _makers() -> dict[str, frozenset[str]]:
    root = parsed(f"{LIBRARY}.narrative")[0].parent
    found: dict[str, frozenset[str]] = {}
    for file in sorted(root.rglob("*.py")):
        module = ".".join([LIBRARY, "narrative", *file.relative_to(root).with_suffix("").parts]).removesuffix(
            ".__init__"
        )
        for node in parsed(module)[1].body:
            for call in _of_kind(node, ast.Call) if isinstance(node, ast.FunctionDef) else ():
                if shown := exhibit_id(call):
                    found[shown] = found.get(shown, frozenset()) | {f"{module}.{node.name}"}
    return found


def shown_by(cells: Iterable[str], exhibit: str) -> tuple[int, tuple[str, ...], tuple[str, ...]] | None:
    """Return which cell (of the code given in order, from 0) shows an exhibit, and the functions that it rests on.

    The functions come twice: those behind its data, and all, with those behind the values of its words. Where a
    function of the library shows the exhibit, it and what it is given count as behind the data.
    """
    imported, assigned, own = {}, {}, makers(exhibit)
    for number, source in enumerate(cells):
        tree = ast.parse(source)
        imported, assigned = imported | imports_of(tree), assigned | assignments(tree)
        for call in _of_kind(tree, ast.Call):
            if exhibit_id(call) == exhibit:
                at = {"table": 1, "figure": 2}.get(getattr(call.func, "attr", ""), len(call.args))
                data = calls(call.args[at], imported, assigned) if at < len(call.args) else ()
                return number, data, calls(call, imported, assigned)
            if own and own & _through(dotted_name(call.func), imported):
                functions = calls(call, imported, assigned)
                return number, functions, functions
    return None


def _through(name: str, imported: dict[str, str]) -> set[str]:
    """Return a function of the library and those that it names, as one may leave the showing to another."""
    head, _, rest = name.partition(".")
    full = _full(f"{imported[head]}.{rest}".rstrip(".")) if head in imported else ""
    return {full, *map(_full, _used(full, every=True))} if full else set()


def _of_kind(node: ast.AST, kind) -> list:
    return [part for part in ast.walk(node) if isinstance(part, kind)]


def _full(name: str) -> str:
    """Return the full name where it is made of one that may be handed on."""
    found = definition(name)
    return f"{found.module}.{found.node.name}" if found and isinstance(found.node, ast.FunctionDef) else name


@lru_cache(maxsize=4096)
def _own(name: str) -> frozenset[str]:
    """Return the tables that a function names itself: `tables["nuts"]`, or "nuts" given to a call beside `tables`."""
    found = definition(name)
    if found is None:
        return frozenset()
    named = [s.slice for s in _of_kind(found.node, ast.Subscript) if dotted_name(s.value).split(".")[-1] == TABLES]
    for call in _of_kind(found.node, ast.Call):
        given = [*call.args, *(k.value for k in call.keywords)]
        if any(isinstance(a, ast.Name) and a.id == TABLES for a in given):
            named += given
    if not isinstance(found.node, ast.FunctionDef | ast.ClassDef):  # a constant may name what a function then takes
        named += _of_kind(found.node, ast.Constant)
    texts = {n.value for n in named if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return frozenset(texts & set(frozen.resources()))


@lru_cache(maxsize=4096)
def _used(name: str, every: bool = False) -> tuple[str, ...]:
    """Return what a function or constant names, by full names; unless `every`, only what may read tables."""
    found = definition(name)
    if found is None:
        return ()
    tree = parsed(found.module)[1]
    imported = imports_of(tree)
    here = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
    here |= {t.id for n in tree.body if isinstance(n, ast.Assign | ast.AnnAssign) for t in _of_kind(n, ast.Name)}
    names = {dotted_name(part) for part in _of_kind(found.node, ast.Name | ast.Attribute)}
    full = []
    for one in sorted(filter(None, names)):
        head, _, rest = one.partition(".")
        if head in imported:
            full.append(f"{imported[head]}.{rest}".rstrip("."))
        elif one in here:
            full.append(f"{found.module}.{one}")
    return tuple(n for n in full if every or _may_read(definition(n)))


def _may_read(found) -> bool:
    """Tell whether something, or a function inside it, takes tables; a constant may hold functions which do."""
    if found is None or isinstance(found.node, ast.ClassDef):
        return False
    if isinstance(found.node, ast.FunctionDef):
        taken = {a.arg for a in _of_kind(found.node, ast.arg)} | {a.attr for a in _of_kind(found.node, ast.Attribute)}
        return TABLES in taken
    return True
