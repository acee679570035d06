"""The rooms of the package and the arrows between them, read from the imports of the code.

`python docs/rooms.py` writes the picture and the table in docs/architecture.md anew; a test holds that they are current.
"""

import ast
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "innodivide"
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- begin: made by docs/rooms.py -->", "<!-- end -->"
GROUND = ("errors", "wording")
ROOMS = ("data", "models", "indicators", "evidence", "figures", "narrative", "reports", "cli")


def dotted(path: Path) -> str:
    """Return the name of a module below the package: `models.result`, `models` for its `__init__`, "" for the whole."""
    name = ".".join(path.relative_to(LIBRARY).with_suffix("").parts)
    return name.removesuffix("__init__").removesuffix(".")


MODULES = {dotted(path): path for path in sorted(LIBRARY.rglob("*.py"))}


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(path: Path) -> frozenset[tuple[str, str]]:
    """Return (module below the package, name taken from it, "" for all of it) for each import of the package's own."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "innodivide":
            base = node.module.removeprefix("innodivide").lstrip(".")
            for alias in node.names:
                whole = f"{base}.{alias.name}".lstrip(".")
                found.add((whole, "") if whole in MODULES else (base, alias.name))
        elif isinstance(node, ast.Import):
            found |= {(a.name.removeprefix("innodivide."), "") for a in node.names if a.name.startswith("innodivide.")}
    return frozenset(found)


def lines(path: Path) -> int:
    """Return the number of lines of a file."""
    return len(path.read_text(encoding="utf-8").splitlines())


def arrows() -> Counter:
    """Return how many modules of a room import from another room: (room, used room) -> modules."""
    users = defaultdict(set)
    for name, path in MODULES.items():
        room = name.split(".")[0]
        for used, _ in imports(path):
            if room in ROOMS and used.split(".")[0] in ROOMS and used.split(".")[0] != room:
                users[room, used.split(".")[0]].add(name)
    return Counter({arrow: len(names) for arrow, names in users.items()})


def picture() -> str:
    """Return the picture (Mermaid) and the table of the rooms as Markdown."""
    drawn = ["```mermaid", "flowchart BT"]
    drawn += [f'  {room}["{room}/"]' for room in ROOMS]
    drawn += [f"  {a} -->|{n}| {b}" for (a, b), n in sorted(arrows().items(), key=lambda x: [*map(ROOMS.index, x[0])])]
    rows = ["| room | what it is | modules | lines |", "| --- | --- | --- | --- |"]
    for room in ROOMS:
        files = [path for name, path in MODULES.items() if name.split(".")[0] == room]
        about = ast.get_docstring(tree(MODULES[room])).split("\n")[0]
        rows.append(f"| `innodivide/{room}/` | {about} | {len(files)} | {sum(map(lines, files)):,} |")
    return "\n".join([*drawn, "```", "", *rows])


def renewed(text: str) -> str:
    """Return a page with the part between the marks made anew."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{picture()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
