"""The house: eight rooms, arrows one way, names once. docs/architecture.md has the picture; this holds the code."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from rooms import GROUND, LIBRARY, MODULES, PAGE, ROOMS, ROOT, dotted, imports, lines, renewed, tree

from innodivide.data import frozen

FILES = list(MODULES.values())
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# What each room may use besides itself and the ground. Narrative takes from models the records that fits return.
MAY_USE = {
    "errors": set(),
    "wording": {"errors"},
    "data": set(),
    "models": set(),
    "indicators": {"data", "models"},
    "evidence": {"data", "models", "indicators"},
    "figures": set(),
    "narrative": {"data", "models", "indicators", "evidence", "figures"},
    "reports": {"data", "evidence.plan"},
    "cli": {"data", "evidence", "figures", "reports"},
}
LONGEST, MEDIAN = 300, 150  # lines of a module


def allowed(room: str, used: str) -> bool:
    """Tell whether a file of a room may import a module."""
    parts = {used.split(".")[0], ".".join(used.split(".")[:2])}
    return bool(parts & ({room, *GROUND} | MAY_USE[room]))


def arrows_back(path: Path) -> list[str]:
    room = dotted(path).split(".")[0]
    return [used for used, _ in sorted(imports(path)) if used and not allowed(room, used)]


def test_every_file_is_in_a_room():
    assert {name.split(".")[0] for name in MODULES if name} == set(MAY_USE)
    assert {p.name for p in LIBRARY.iterdir() if p.suffix == ".py"} == {"__init__.py", *(f"{g}.py" for g in GROUND)}


@pytest.mark.parametrize("room", MAY_USE)
def test_arrows_go_one_way(room):
    back = {name: arrows_back(path) for name, path in MODULES.items() if name.split(".")[0] == room}
    assert not {name: found for name, found in back.items() if found}


def test_an_arrow_back_would_be_seen():
    assert not allowed("models", "data.frozen") and not allowed("reports", "narrative.exhibits")
    assert not allowed("reports", "evidence.claims") and allowed("reports", "evidence.plan")
    assert not allowed("wording", "data") and allowed("narrative", "evidence.claims.registry")


def test_rooms_have_no_circle():
    order = list(MAY_USE)
    for room, used in MAY_USE.items():
        assert all(order.index(u.split(".")[0]) < order.index(room) for u in used), room


def test_folders_only_hand_names_on():
    """An `__init__.py` has a docstring, imports and `__all__`; the package's own loads its public names when used."""
    for path in LIBRARY.rglob("__init__.py"):
        kinds = (ast.Import, ast.ImportFrom)
        rest = [node for node in tree(path).body[1:] if not isinstance(node, kinds)]
        if path.parent == LIBRARY:
            assert {n.name for n in rest if isinstance(n, ast.FunctionDef)} == {"__getattr__", "__dir__"}
        else:
            assert [ast.unparse(n.targets[0]) for n in rest if isinstance(n, ast.Assign)] in ([], ["__all__"]), path
            assert all(isinstance(n, ast.Assign) for n in rest), path
        assert isinstance(tree(path).body[0], ast.Expr), f"{path} says what the room is for"


def test_no_private_name_of_another_module_is_used():
    for path in FILES:
        taken = [f"{base}.{name}" for base, name in imports(path) if re.match("_(?!_)", name)]
        modules = {a.asname or a.name for n in ast.walk(tree(path)) if isinstance(n, ast.ImportFrom) for a in n.names}
        taken += [
            ast.unparse(node)
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
            if node.value.id in modules and re.match("_(?!_)", node.attr)
        ]
        assert not taken, f"{path}: {taken}"


def test_file_names_are_unique():
    names = Counter(path.stem for path in FILES if not path.stem.startswith("__"))
    assert not [name for name, count in names.items() if count > 1]


def test_modules_are_read_in_one_sitting():
    lengths, long = sorted(map(lines, FILES)), [str(path) for path in FILES if lines(path) > LONGEST]
    assert not long and lengths[len(lengths) // 2] < MEDIAN


def test_nothing_in_narrative_reads_a_table_that_it_was_not_given():
    for name, path in MODULES.items():
        if name.split(".")[0] in ("narrative", "evidence", "indicators"):
            assert not [used for used in imports(path) if used in {("data.frozen", "load"), ("data", "load")}], name
            code = re.sub(r"^ *>>> .*$", "", path.read_text(encoding="utf-8"), flags=re.M)  # examples may read tables
            assert not re.search(r"\bfrozen\.load\(|\bTables\(\)", code), name


def test_sources_come_from_rows():
    """No code or notebook types the id of a source, but for the brief itself and what was made here."""
    known = {s for s in frozen.load("source")["source_id"] if re.search(r"[_\d-]", s)} - {"BRIEF_2021", "INNODIVIDE"}
    typed = [
        f"{path.name}: {word}" for path in (*FILES, *NOTEBOOKS) for word in known & quoted(path.read_text("utf-8"))
    ]
    assert typed == [], "take sources_of the rows that are read"
    assert known & quoted('sources = ["RIS23_DB"]') == {"RIS23_DB"} == known & quoted('"sources=[\\"RIS23_DB\\"]"')


def quoted(code: str) -> set[str]:
    """Return the words that stand in quotes by themselves, in Python or in the JSON of a notebook."""
    return set(re.findall(r"""["']([\w.-]+)\\?["']""", code))


def test_tables_are_required_and_first():
    for name, path in MODULES.items():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef) and any(
                a.arg == "tables" and a.annotation and "Tables" in ast.unparse(a.annotation) for a in node.args.args
            ):
                first = next(a.arg for a in node.args.args if a.arg != "self")
                assert first == "tables" and len(node.args.defaults) < len(node.args.args), f"{name}.{node.name}"


def test_the_tests_mirror_the_rooms():
    rooms = {p.name for p in (ROOT / "tests").iterdir() if p.is_dir() and list(p.glob("test_*.py"))}
    assert rooms == set(ROOMS) == set(MAY_USE) - set(GROUND)


def test_the_picture_in_the_docs_is_that_of_the_code():
    text = PAGE.read_text(encoding="utf-8")
    assert renewed(text) == text, "make it anew: python docs/rooms.py"


def test_the_files_that_the_docs_name_in_reading_order_exist():
    named = re.findall(r"`(innodivide/[\w/]+\.py)`", PAGE.read_text(encoding="utf-8"))
    assert len(named) > 5 and all((ROOT / name).is_file() for name in named)
