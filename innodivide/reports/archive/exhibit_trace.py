"""From an exhibit, or one row or number of it, back to the functions, the rows of data and the addresses of sources.

Nothing is run: the exhibit is read as it was stored or made, the code as it stands (`code_trace`, `tables_read`). Rows
of a table are those that name the key; which of them a number took is in the functions that are listed.
"""

import csv
import difflib
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from innodivide.data import frozen
from innodivide.data.country_codes import COLUMNS, cures, other_names
from innodivide.data.folders import LIBRARY
from innodivide.data.sources import sources_of
from innodivide.data.yaml_files import read_yaml
from innodivide.errors import ParameterError
from innodivide.reports.archive import code_trace, tables_read
from innodivide.reports.making.declarations import ANNEX, Notebook, eu27, notebooks
from innodivide.reports.verify import golden
from innodivide.reports.verify.compare import Content

_ID = re.compile(r"[TFN](\d|A)\.\d+")
_NUMBER = re.compile(r"[-−+]?\d{1,3}(,\d{3})+%?|[-−+]?\d+(\.(?P<decimals>\d+))?(?P<percent> ?%)?")
WORDS, BRIEF = "narrative/texts", "07_policy_brief"
HELPERS = ("innodivide/wording.py", "innodivide/evidence/plan.py", "innodivide/narrative/", "innodivide/data/")
# Functions whose rows an exhibit exports one by one: what rests on such a function is computed from these rows.
EXPORTED = {
    "evidence.confirmatory.planned_dyads": ("03_leader_test", "T3.7"),
    "indicators.regional_frame.regional_frame": ("06_regional_barriers", "T6.14"),
    "indicators.tiers.money.money_by_country": ("05_two_tiers", "T5.17"),
    "evidence.recovery.growth_paths": ("05_two_tiers", "T5.17"),
}
_WHOLE = 100  # from here on a number without decimals is a rounded one, below it may be a count


@dataclass(frozen=True)
class Trace:
    """What stands behind an exhibit: see `trace`."""

    exhibit: str
    report: str
    title: str
    cell: str  # notebook and cell, as its reader counts the cells with code
    made_by: tuple[str, ...]  # `file:line name` of the functions behind its data
    used: tuple[str, ...]  # further functions that these use, nearest first
    words_by: tuple[str, ...]  # further functions, behind the values of its words
    words: str  # the file with its words
    values: Mapping[str, str]  # name in that file -> what stands in its place, those with the key if there are any
    rows: tuple[Mapping[str, str], ...]  # of the exhibit
    tables: Mapping[
        str, tuple[int, tuple[Mapping[str, str], ...]]
    ]  # table -> (number of rows, those that name the key)
    frames: Mapping[
        str, tuple[str, int, tuple[Mapping[str, str], ...]]
    ]  # exhibit that exports the rows computed with -> (report, number of rows, those that name the key)
    sources: Mapping[str, str]  # source id -> title and address


def trace(exhibit: str, key: str = "", report: str = "", folder: Path | None = None) -> Trace:
    """Return what stands behind an exhibit.

    Parameters
    ----------
    exhibit : str
        Id, such as T7.1 or FA.2.
    key : str
        Text of a cell that picks rows (PL or Poland, C05, Hy2Tech), or a number as a report shows it (1.07).
    report : str
        Name of the report below `folder`; needed for an annex whose country is not the key.
    folder : Path, optional
        Folder of a run; default: the stored exhibits.

    Raises
    ------
    ParameterError
        If there is no such exhibit or report, or the key is nowhere; says which there are, and what is near.
    """
    exhibit, key = exhibit.upper(), key.lstrip("€")
    if not is_id(exhibit):
        raise ParameterError(f"{exhibit!r} is no id of an exhibit; ids are such as T7.1, F7.2, N3.1 or TA.1")
    notebook, code = shown_in(exhibit)
    report = report or _report(notebook, key)
    content = golden.read_run(folder / report) if folder else golden.read_stored(report)
    if exhibit not in content.ids:
        place = folder / report if folder else f"the stored report {report}"
        raise ParameterError(f"{exhibit} is not in {place}; there are {', '.join(content.ids)}")
    shown = tables_read.shown_by(code, exhibit)
    number, data, words = shown if shown else (0, (), ())
    names = _same(key)
    whole = tables_read.reached(data or words)
    closer = [f for f in whole if f.rpartition(".")[2] == key.lower()]  # the rule of a claim is a function of its name
    read = tables_read.tables_of(closer or data or words)
    cited = content.words.get(exhibit, {}).get("sources", "")
    tables = {name: _rows_of(name, names, cited) for name in read}
    named = set(cited.split(", "))
    if closer:  # the table of all claims cites the sources of all
        named &= {s for name in read for s in sources_of(frozen.load(name))}
    frames = _frames(tables_read.reached(closer or data or words), exhibit, names, folder)
    behind = {s for _, rows in tables.values() for row in rows for s in _ids(row)}
    behind |= {s for _, _, rows in frames.values() if not behind for row in rows for s in _ids(row)}
    found = Trace(
        exhibit,
        report,
        content.words.get(exhibit, {}).get("title") or content.words.get(exhibit, {}).get("text", ""),
        f"notebooks/{notebook.name}.ipynb, cell of code {number + 1}",
        code_trace.places([*closer, *data]),
        _helpers_last(code_trace.places([*tables_read.used_by(closer or data or words), *tables_read.used_by(words)])),
        code_trace.places(w for w in words if w not in data),
        f"innodivide/{WORDS}/{notebook.name}.yml",
        _values(exhibit, LIBRARY / WORDS / f"{notebook.name}.yml", content.words.get(exhibit, {}), names),
        tuple(_shown_rows(content, exhibit, names)),
        tables,
        frames,
        _sources(behind or named),
    )
    hits = [found.rows, *(rows for _, rows in tables.values()), *(rows for *_, rows in frames.values())]
    in_words = any(_has(text, key) if _NUMBER.fullmatch(key) else key in text for text in found.values.values())
    if key and not any(hits) and not in_words and not closer and exhibit[1] != "A" and not where(key, folder):
        raise ParameterError(f"{key!r} is in no row and no word of {exhibit}, nor of another exhibit{near(key)}")
    return found


def near(key: str) -> str:
    """Return what a key that is nowhere may have meant, as the end of a message."""
    found = cures(key, other_names({c: frozen.column("country", c) for c in COLUMNS}))
    columns = (("ipcei", "ipcei_id"), ("ipcei", "name"), ("claim", "claim_id"))
    known = {str(cell).lower(): str(cell) for table, column in columns for cell in frozen.column(table, column)}
    found += [known[one] for one in difflib.get_close_matches(key.lower(), known, cutoff=0.7)]
    return f"; near: {', '.join(found)}" if found else "; a key is a country, claim, IPCEI or number, as printed"


def _frames(functions: Iterable[str], exhibit: str, names: set[str], folder: Path | None) -> dict:
    """The exhibits with the rows that functions compute with: report, number of rows, those that name the key."""
    found = {}
    for function in functions:
        report, frame = EXPORTED.get(function.removeprefix("innodivide."), ("", exhibit))
        if frame != exhibit and frame not in found:
            made = folder and (folder / report).is_dir()
            content = golden.read_run(folder / report) if folder and made else golden.read_stored(report)
            rows = tuple(_shown_rows(content, frame, names - {n for n in names if _NUMBER.fullmatch(n)}))
            found[frame] = (report, content.tables.get(frame, "").count("\n") - 1, rows)
    return found


def _helpers_last(functions: tuple[str, ...]) -> tuple[str, ...]:
    """Return functions with those that only word, order or hand on what others found at the end."""
    return tuple(sorted(functions, key=lambda place: place.startswith(HELPERS)))


def shown_in(exhibit: str) -> tuple[Notebook, list[str]]:
    """Return the notebook that shows an exhibit, and the code of its cells."""
    for notebook in notebooks().values():
        content = json.loads(notebook.path.read_text(encoding="utf-8"))
        code = ["".join(c["source"]) for c in content["cells"] if c["cell_type"] == "code"]
        if (tables_read.makers(exhibit) or f'"{exhibit}"' in "".join(code)) and tables_read.shown_by(code, exhibit):
            return notebook, code
    raise ParameterError(f"no notebook shows {exhibit}")


def _report(notebook: Notebook, key: str) -> str:
    if notebook.name != ANNEX:
        return notebook.output_folder(notebook.resolve({}))
    country = next((name for name in _same(key) if name.upper() in eu27()), "")
    if not country:
        raise ParameterError(
            f"annexes are of one country each: name it as the key, one of {', '.join(eu27())}{near(key) if key else ''}"
        )
    return notebook.output_folder(notebook.resolve({"country": country.upper()}))


def _same(key: str) -> set[str]:
    """Return the texts that mean the same in a cell: a country by its code and by its name."""
    codes, names = frozen.column("country", "geo"), frozen.column("country", "name")
    found = {key} if key else set()
    for code, name in zip(codes, names):
        if key and key.lower() in (str(code).lower(), str(name).lower()):
            found |= {code, name}
    return found


def _names_it(cell: str, names: Iterable[str]) -> bool:
    """Tell whether a cell is one of some texts, a number that is shown like one of them, or a text that has it."""
    for name in names:
        if cell.lower() in (name.lower(), _plain(name)) or name in cell.split(";"):
            return True
        if number := _NUMBER.fullmatch(name):
            if re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell):
                value, digits = float(cell) * (100 if number["percent"] else 1), len(number["decimals"] or "")
                exact = digits or number["percent"] or abs(value) >= _WHOLE
                if exact and f"{value:.{digits}f}" == _plain(name).rstrip("%"):
                    return True
            elif _has(cell, name):
                return True
    return False


@lru_cache(maxsize=4096)  # the same text is looked for in each cell
def _plain(text: str) -> str:
    """Numbers as programs write them: as shown they have a minus of their own, a plus, commas between thousands."""
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text).replace("−", "-")
    return re.sub(r"[+](?=\d)| (?=%)", "", text)


def _has(text: str, number: str) -> bool:
    """Tell whether a text shows a number, and not as part of another."""
    return re.search(rf"(?<![\w.-]){re.escape(_plain(number))}(?![\w%]|[.]\d)", _plain(text)) is not None


def is_id(text: str) -> bool:
    """Tell whether a text is the id of an exhibit in form."""
    return _ID.fullmatch(text.upper()) is not None


def where(text: str, folder: Path | None = None) -> list[tuple[str, str, str]]:
    """Return the exhibits that show a number or a name, annexes left out; those of the brief first.

    Parameters
    ----------
    text : str
        As printed: 1.07, 33%, 1,424, +0.48, Poland.
    folder : Path, optional
        Folder of a run; default: the stored exhibits.

    Returns
    -------
    list of (id, report, title or sentence)
    """
    text = text.lstrip("€")
    found, names, number = [], _same(text), _NUMBER.fullmatch(text)
    for report in golden.reports_in(folder) if folder else golden.stored():
        if report.startswith("annex/"):
            continue
        content = golden.read_run(folder / report) if folder else golden.read_stored(report)
        for one in content.ids:
            words = content.words.get(one, {})
            said = [words[part] for part in ("title", "text", "caption") if part in words]
            in_words = any(_has(w, text) if number else text in w for w in said)
            rows = 0 if in_words else len(_shown_rows(content, one, names))
            if in_words or rows:
                found.append((report != BRIEF, rows, one, report, said[0] if said else ""))
    return [one[2:] for one in sorted(found, key=lambda one: one[:2])]


def _shown_rows(content: Content, exhibit: str, names: set[str]) -> list[dict[str, str]]:
    """Return the rows of an exhibit's data in which a cell is one of the names."""
    rows = csv.DictReader(io.StringIO(content.tables.get(exhibit, "")))
    return [row for row in rows if any(_names_it(str(cell), names) for cell in row.values())]


def _rows_of(table: str, names: set[str], cited: str) -> tuple[int, tuple[dict[str, str], ...]]:
    """Return how many rows a table has, and those that name one of the names, from sources that the exhibit cites."""
    frame = frozen.load(table)
    named = {n for n in names if not _NUMBER.fullmatch(n)}  # a result is in no table
    if not named:
        return len(frame), ()
    texts = frame.astype("string").fillna("")
    mask = texts.isin(list(named)).any(axis=1)
    if "source_id" in texts and cited:
        mask &= texts["source_id"].isin([*cited.split(", "), ""])
    return len(frame), tuple({k: v for k, v in row.items() if v} for row in texts[mask].to_dict("records"))


def _ids(row: Mapping[str, str]) -> list[str]:
    return [
        s for key, cell in row.items() if key == "source_id" or key.endswith("_source_ids") for s in cell.split(";")
    ]


def _sources(ids: Iterable[str]) -> dict[str, str]:
    frame = frozen.load("source").set_index("source_id")
    return {i: f"{frame.at[i, 'title']}, {frame.at[i, 'address']}" for i in sorted(ids) if i in frame.index}


def _values(exhibit: str, file: Path, words: Mapping[str, str], names: set[str]) -> dict[str, str]:
    """Return the values of the words of an exhibit by their name in the file of words; only those named, if any is.

    Found by laying the template over the words as shown, so that nothing is computed.
    """
    templates = read_yaml(file).get(exhibit, {}) if file.is_file() else {}
    found: dict[str, str] = {}
    for part in ("title", "text", "caption"):
        several = templates.get(part, "")
        for template in several.values() if isinstance(several, dict) else [several]:
            pieces = re.split(r"\{(\w+)[^{}]*\}", " ".join(str(template).split()))
            pattern = "(.+?)".join(map(re.escape, pieces[::2]))
            match = re.search(pattern + "$" * bool(pieces[1::2] and not pieces[-1]), words.get(part, ""))
            found |= dict(zip(pieces[1::2], match.groups())) if match else {}
    close = {name: text for name, text in found.items() if any(n in text for n in names)}
    return close or found
