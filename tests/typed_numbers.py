"""Find numbers that somebody typed into what a reader reads, where they should have come from a result.

Looked at: every markdown cell; every text of the files of words (`narrative/texts`); every text with a space in it in a
code cell or in a module that words or judges results (`narrative`, `claims`), wherever it stands, but no docstring, no
condition on rows and no text of an error; and every value given to `say`, `table` or `figure`.
A digit may stand only in a name or definition of `ALLOWED`.
"""

import ast
import re
from collections.abc import Iterator

import nbformat

from innodivide.data import frozen
from innodivide.narrative.words_file import TEXTS, read
from innodivide.reports.making.declarations import notebook, notebooks

ALLOWED = {  # pattern: why it is no result
    r"EU27": "the Union of 27 by its name",
    r"Tier[ -][12]": "the two tiers of the brief, by name",
    r"([ER]IS|EQI|Regional Innovation Scoreboard) 20\d\d": "editions of scoreboards, by name",
    r"Horizon 20(20|27)": "research programmes, by name",
    r"NUTS [123]": "levels of the regional classification, by name",
    r"\b[SI]3\b": "Smart Specialisation; Interregional Innovation Investments",
    r"\b(ME1|BAT1)\b": "IPCEIs, by name",
    r"\b(HC|CR)[123]\b": "estimators of standard errors, by name",
    r"\bChao2\b": "an estimator of what was not seen, by name",
    r"\bsha256\b": "a hash function, by name",
    r"[Nn]otebooks? \d\d|\b0[1-7]\b": "notebooks of this package, by number",
    r"\b[TFN](\d{1,2}|A)\.\d{1,2}\b": "exhibits, by id",
    r"data/tier\d/\w+\.csv": "tables of this package, by path",
    r"brief of 2021|2021 policy brief": "the brief that is re-tested",
    r"(in|from) 202[12]\b": "the year the scoreboard's scale and group names changed, and from which ranks are full",
    r"2014-2020": "the programming period of cohesion policy, by name",
    r"allocation of 2020": "the first allocation of the recovery grants, by name",
    r"to (July 2017|August 2025)": "the two cuts of the Horizon data, by name",
    r"EU( of (the|each) year| in the first year)? (=|is) 100|each 10 (index )?points": "the unit of an index",
    r"€ 100 bn": "the unit of a measure of size",
    r"9[05] ?(%|percent)": "the levels of intervals, fixed in the plan",
    r"n − 1|1/\{|100\(exp\(x\) − 1\)": "a formula",
    r"CO2 productivity": "an indicator, by name",
    r"\bC(0\d|1[0-3])\b": "claims, by id",
    r"0 if all are equal|1 if one state has all": "the ends of a scale",
    r"5th percentile": "a quantile",
}
_CALLS = ("say", "table", "figure")
_CONDITION = re.compile(r"==|>=|<=|!=|^\w+ [<>] ")


def typed_digits(text: str) -> str:
    """Return a text without placeholders and allowed names if a digit is left in it, else nothing."""
    left = re.sub(r"\{[^{}]*\}", "{}", text)
    for allowed in ALLOWED:
        left = re.sub(allowed, "", left)
    return left if re.search(r"\d", left) else ""


def texts_in(code: str) -> Iterator[str]:
    """Yield every text of some code that may be read: with a space, with what is filled in as {}."""
    tree = ast.parse(code)
    skipped = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and node.body:
            skipped |= {id(node.body[0].value)} if isinstance(node.body[0], ast.Expr) else set()
        if isinstance(node, ast.Raise):
            skipped |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
            skipped |= {id(p.format_spec) for p in node.values if isinstance(p, ast.FormattedValue)}
    for node in ast.walk(tree):
        text = _text(node)
        if id(node) not in skipped and " " in text.strip() and not _CONDITION.search(text):
            yield text


def typed_values(code: str) -> list[str]:
    """Return the numbers that are handed to an exhibit as if they were results."""
    calls = [n for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Call)]
    made = [c for c in calls if getattr(c.func, "attr", getattr(c.func, "id", "")) in _CALLS]
    given = [k.value for c in made for k in c.keywords if k.arg and k.arg != "values"]
    given += [
        v
        for c in made
        for k in c.keywords
        if k.arg == "values"
        for part in ast.walk(k.value)
        if isinstance(part, ast.Dict)
        for v in part.values
    ]
    return [ast.unparse(v) for v in given if _is_number(v)]


def modules() -> dict[str, str]:
    """Return path -> code of the modules that word or judge results."""
    root = frozen.ROOT / "innodivide"
    paths = sorted([*(root / "narrative").rglob("*.py"), *(root / "evidence" / "claims").rglob("*.py")])
    for frame in ("exhibits.py", "words_file.py"):  # they hold words, themselves without any
        paths.remove(root / "narrative" / frame)
    return {p.relative_to(root).as_posix(): p.read_text(encoding="utf-8") for p in paths}


def words() -> dict[str, list[str]]:
    """Return file of words -> every text in it, names included."""
    return {path.stem: list(_leaves(read(path))) for path in sorted(TEXTS.glob("*.yml"))}


def _leaves(value) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    else:
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _leaves(inner)


def cells(kind: str) -> dict[str, list[str]]:
    """Return notebook -> its cells of a kind."""
    read = {name: nbformat.read(notebook(name).path, 4).cells for name in notebooks()}
    return {name: [c.source for c in some if c.cell_type == kind] for name, some in read.items()}


def _text(node) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(p.value if isinstance(p, ast.Constant) else "{}" for p in node.values)
    return ""


def _is_number(node) -> bool:
    if isinstance(node, ast.UnaryOp):
        return _is_number(node.operand)
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool)
