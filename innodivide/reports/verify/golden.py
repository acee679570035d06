"""The stored exhibits in reports/expected/, as text: what a run is compared with.

One folder for each report: a CSV file for the data of each table and figure, and text.md with all sentences, titles and
captions. Git shows every change of a result as a change of these files.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from innodivide.data import frozen
from innodivide.errors import DataError, ParameterError
from innodivide.reports.executed import exhibits
from innodivide.reports.files import write_whole
from innodivide.reports.making import manifest
from innodivide.reports.making.declarations import ANNEX, Notebook, eu27, notebook, notebooks
from innodivide.reports.making.run import Job, annex_jobs, job
from innodivide.reports.verify.compare import Content

EXPECTED = frozen.ROOT / "reports" / "expected"
WORDS = "text.md"
_ID = re.compile(r"[A-Z][0-9A-Z]{1,3}\.[0-9]{1,3}")  # ids become names of files
_HEADING = re.compile(rf"## ({_ID.pattern}): ([a-z]+)")
_PARTS = ("title", "columns", "caption", "edition", "note", "alt", "sources")
_ABOUT = """\
# {report}: sentences, titles and captions

Stored by `innodivide verify --renew`, compared by `innodivide verify`. The data are in the CSV files beside this one.
"""


def standard_jobs() -> dict[str, Job]:
    """Return report -> job of all that is stored and archived: notebooks as declared, and one annex for each country.

    Only HTML is made: exhibits do not depend on the format.
    """
    jobs = [job(name, ("html",)) for name in notebooks() if name != ANNEX]
    jobs += annex_jobs(eu27(), ("html",)) if ANNEX in notebooks() else []
    return {j.name: j for j in jobs}


def select(only: Iterable[str], reports: Iterable[str]) -> list[str]:
    """Return the reports that some names mean: a report (annex/PL) or a notebook (03, country_annex: all of them)."""
    reports, wanted = sorted(reports), set()
    for name in only:
        name = name.strip("/")
        found = {name} & set(reports) or {r for r in reports if _is_of(r, notebook(name))}
        if not found:
            raise ParameterError(f"there is no report of {name} here; there are: {', '.join(reports)}")
        wanted |= found
    return [r for r in reports if not only or r in wanted]


def _is_of(report: str, made_by: Notebook) -> bool:
    """Return whether a report is of a notebook, whatever its parameters: 03_leader_test--status-lag1, annex/PL."""
    folder = "[^/]+?".join(re.escape(part) for part in re.split(r"\{\w+\}", made_by.folder))
    return bool(re.fullmatch(rf"{folder}(--.*)?", report))


def reports_in(out: Path) -> list[str]:
    """Return the names of the reports in a run's folder.

    Raises
    ------
    ParameterError
        If it is no folder with reports.
    """
    out = Path(out)
    if not out.is_dir():
        raise ParameterError(f"{out} is no folder; give the folder of a run, such as reports/")
    if (out / manifest.MANIFEST).exists():
        raise ParameterError(f"{out} is one report; give the folder that holds it (one report of it: --only NAME)")
    folders = [p.parent for depth in ("*", "*/*") for p in out.glob(f"{depth}/notebook.ipynb")]
    names = (p.relative_to(out) for p in folders)
    found = sorted(
        n.as_posix() for n in names if n.parts[0] != EXPECTED.name and not any(p.startswith(".") for p in n.parts)
    )
    if not found:
        raise ParameterError(f"{out} holds no reports; make some with innodivide run --out {out}")
    return found


def paired(first: Iterable[str], second: Iterable[str]) -> dict[str, tuple[str | None, str | None]]:
    """Return what to compare of two runs: name -> report of each, None where a run has none.

    Reports of one name belong together; of the others, those of one notebook (for an annex: and country) that each run
    has once, made with different parameters: 03_leader_test with 03_leader_test--status-lag1.
    """
    a, b = sorted(first), sorted(second)
    found: dict[str, tuple[str | None, str | None]] = {r: (r, r) for r in a if r in b}
    alone_a, alone_b = ([r for r in one if r not in found] for one in (a, b))
    for base in dict.fromkeys(r.split("--")[0] for r in alone_a):
        pair = [[r for r in one if r.split("--")[0] == base] for one in (alone_a, alone_b)]
        if [len(one) for one in pair] == [1, 1]:
            found[f"{pair[0][0]} and {pair[1][0]}"] = (pair[0][0], pair[1][0])
    taken = {r for pair in found.values() for r in pair}
    found |= {r: (r, None) for r in alone_a if r not in taken} | {r: (None, r) for r in alone_b if r not in taken}
    return dict(sorted(found.items()))


def read_run(folder: Path) -> Content:
    """Return the exhibits of a report: the words from its executed notebook, the data from its CSV files."""
    file = folder / "notebook.ipynb"
    shown = exhibits(file)
    if not all(_ID.fullmatch(str(i)) for i in shown):
        raise DataError(f"{file} has an exhibit whose id is none")
    tables = [i for i, payload in shown.items() if payload["kind"] != "text"]
    return Content(
        {i: _words(payload) for i, payload in shown.items()},
        {i: _read(folder / "exhibits" / f"{i}.csv") for i in tables},
    )


def _words(payload: dict) -> dict[str, str]:
    if payload["kind"] == "text":
        return {"text": payload["title"]}
    joined = {"columns": " | ".join(payload["head"]), "sources": ", ".join(payload["sources"])}
    return {part: text for part in _PARTS if (text := joined.get(part) or payload.get(part, ""))}


def _read(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8") if file.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file} cannot be read as text ({type(error).__name__})") from None


def stored() -> list[str]:
    """Return the names of the reports whose exhibits are stored."""
    return sorted(p.parent.relative_to(EXPECTED).as_posix() for p in EXPECTED.rglob(WORDS))


def read_stored(report: str) -> Content:
    """Return the stored exhibits of a report."""
    folder = EXPECTED / report
    tables = {p.stem: _read(p) for p in sorted(folder.glob("*.csv"))}
    return Content(parse_words(_read(folder / WORDS)), tables)


def write_stored(report: str, content: Content) -> list[str]:
    """Store the exhibits of a report; return the names of the files written or removed."""
    folder = EXPECTED / report
    wanted = {f"{i}.csv": text for i, text in content.tables.items()} | {WORDS: format_words(report, content.words)}
    folder.mkdir(parents=True, exist_ok=True)
    gone = [p for p in sorted(folder.glob("*.csv")) if p.name not in wanted]
    changed = [name for name, text in wanted.items() if _read(folder / name) != text]
    for name in changed:
        write_whole(folder / name, wanted[name])
    for path in gone:
        path.unlink()
    return sorted([*changed, *(f"{p.name} (removed)" for p in gone)])


def format_words(report: str, words: dict[str, dict[str, str]]) -> str:
    """Return the words of a report as Markdown that `parse_words` reads back: each part is a quotation."""
    parts = [f"## {i}: {part}\n" + _quote(text) for i, texts in words.items() for part, text in texts.items()]
    return "\n".join([_ABOUT.format(report=report), *parts])


def _quote(text: str) -> str:
    return "".join(f"> {line}\n" if line else ">\n" for line in text.split("\n"))


def parse_words(text: str) -> dict[str, dict[str, str]]:
    """Return exhibit -> part -> words from what `format_words` wrote."""
    words, lines = {}, []
    for line in text.split("\n"):
        heading = _HEADING.fullmatch(line)
        if heading:
            lines = words.setdefault(heading[1], {}).setdefault(heading[2], [])
        elif line.startswith(">"):
            lines.append(line[2:])
    return {i: {part: "\n".join(quoted) for part, quoted in parts.items()} for i, parts in words.items()}
