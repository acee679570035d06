"""The rooms of the package and the arrows between them, read from the imports of the code.

`python docs/rooms.py` writes picture and table in docs/architecture.md anew; a test holds that they are current.
"""

import ast
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


def arrows() -> list[tuple[str, str]]:
    """Return (room, room that it uses) for each pair of rooms with an import, in the order of the rooms."""
    found = {(name.split(".")[0], used.split(".")[0]) for name, path in MODULES.items() for used, _ in imports(path)}
    return [(a, b) for a in ROOMS for b in ROOMS if a != b and (a, b) in found]


def picture() -> str:
    """Return the picture (Mermaid) and the table of the rooms as Markdown."""
    drawn = ["```mermaid", "flowchart BT"]
    drawn += [f'  {room}["{room}/"]' for room in ROOMS]
    drawn += [f"  {room} --> {used}" for room, used in arrows()]
    rows = ["| room | what it is | uses |", "| --- | --- | --- |"]
    for room in ROOMS:
        about = str(ast.get_docstring(tree(MODULES[room]))).split("\n")[0]
        uses = ", ".join(used for user, used in arrows() if user == room) or "nothing"
        rows.append(f"| `innodivide/{room}/` | {about} | {uses} |")
    return "\n".join([*drawn, "```", "", *rows])


def renewed(text: str) -> str:
    """Return a page with the part between the marks made anew."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{picture()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
