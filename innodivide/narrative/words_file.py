"""The fixed words of a notebook's exhibits, apart from its code: `texts/<notebook>.yml`, and exhibits made with them.

A file maps the id of an exhibit to its words:

=========  ==============================================================================================
title      of a table or figure: the finding, in one sentence
text       of a sentence (N): the paragraph in Markdown
columns    of a table: data column -> heading, or [heading, format], or [heading, format, text if missing]
caption    how to read it
alt        of a figure: what it shows, in words
chart      of a figure: argument of the drawing function -> words on the drawing (axes, legend)
edition    scoreboard edition, where it does not depend on the data
note       a warning about the data, where it does not depend on the data
share      of a figure: what its picture needs below it to be read alone; one is then made to share
look       of a table: "numbers" sets its two columns, a number and its meaning, as large numbers; "aside" leaves it
           to the HTML page and the spreadsheet, on paper it is only named
=========  ==============================================================================================

Title, text, caption, alt, headings and words on a drawing are templates: {name:format}. In all of them, and in edition,
{eis_series} and the other words of `SHOWN` are the editions shown, found in the tables; {eis_plan} and the like are
those of the registered claims. Title, text and caption may be a mapping of named parts instead, of which the code
chooses by the data; the chosen ones are joined with a space. Beside the exhibits a file may have `names`: lists of
codes of the data with the words for them, each list under its name.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import pandas as pd

from innodivide.data import editions
from innodivide.data.licences import NOT_AVAILABLE
from innodivide.data.tables import Tables, as_day, integrated_ipceis
from innodivide.data.yaml_files import read_yaml
from innodivide.errors import DataError, NotAvailable, ParameterError
from innodivide.narrative import exhibits
from innodivide.wording import fill, join_names, sentence

TEXTS = Path(__file__).parent / "texts"
KEYS = {  # what an exhibit of each kind must have, and what it may have
    "T": (("title", "columns"), ("caption", "edition", "note", "look")),
    "F": (("title", "alt"), ("caption", "chart", "edition", "note", "share")),
    "N": (("text",), ()),
}
PARTED = ("title", "text", "caption")
NAMES = "names"
TERMS = {"QOG_EQI": "Quality of Government data: not for commercial use."}  # by the start of source ids


SHOWN = {  # word in a template -> board, and the parts that the frames behind it need (`editions.latest`)
    "eis_series": ("eis", ("group", "series")),
    "eis_scores": ("eis", ("group", "series", "scores")),
    "eis_together": ("eis", ("group", "rank", "series")),
    "ris_edition": ("ris", editions.REGIONAL),
    "eqi_edition": ("eqi", ("index",)),
}


def with_editions(tables: Tables | None, template: str) -> str:
    """Put the editions shown in the place of their words (`SHOWN`), of registered claims in that of {eis_plan}.

    {eis_then} behind "the latest" is nothing, or says which edition that was if later ones are on record; {not_counted}
    is nothing, or names the IPCEIs on record that were decided after the day up to which the tables are read.
    """
    for board, edition in editions.PLAN.items():
        template = template.replace(f"{{{board}_plan}}", str(edition))
    for word, (board, needs) in SHOWN.items():
        if tables is not None and f"{{{word}}}" in template:
            template = template.replace(f"{{{word}}}", _edition(tables, board, needs))
    if tables is not None and "{eis_then}" in template:
        shown = editions.latest(tables)
        newer = shown != editions.latest(tables.as_of())
        template = template.replace("{eis_then}", f" in the registered period (EIS {shown})" if newer else "")
    if tables is not None and "{not_counted}" in template:
        template = template.replace("{not_counted}", _not_counted(tables))
    return template


def _not_counted(tables: Tables) -> str:
    counted, known = integrated_ipceis(tables)["ipcei_id"], integrated_ipceis(tables.as_of())
    names = join_names(sorted(known.loc[~known["ipcei_id"].isin(counted), "name"]), none="")
    return f" Not counted: {names}, decided after {as_day(tables.until, 'until'):%Y-%m-%d}." if names else ""


def _edition(tables: Tables, board: str, needs: tuple[str, ...]) -> str:
    try:
        return str(editions.latest(tables, board, needs))
    except NotAvailable:
        return NOT_AVAILABLE


class Words:
    """The words of one notebook: makes its exhibits from an id and the data, like `exhibits.table`, `figure` and `say`.

    Parameters
    ----------
    notebook : str
        Name of the notebook, such as "01_innovation_divide".
    tables : Tables, optional
        For the editions that its words name.
    folder : pathlib.Path
        Where the file of words lies.

    Raises
    ------
    DataError
        When first used, if the file cannot be read or does not keep the form above; names file, id, key and cure.
    ParameterError
        If an exhibit has no words there, or is given words that the file has or that it does not know.

    Examples
    --------
    >>> show = Words("01_innovation_divide")
    >>> sorted(show.chart("F1.3"))
    ['label']
    """

    tables: Tables | None = None

    def __init__(self, notebook: str, folder: Path = TEXTS):
        self.file = Path(folder) / f"{notebook}.yml"

    def of(self, tables: Tables) -> "Words":
        """Return the same words with the editions of some tables."""
        same = Words(self.file.stem, self.file.parent)
        same.tables = tables
        return same

    @cached_property
    def entries(self) -> dict[str, dict]:
        """Exhibit id -> its words, as in the file."""
        return read(self.file)

    def say(self, id: str, *parts: str, **values) -> exhibits.Exhibit:
        """Return the paragraph `id`; `parts` names the parts of its text to use, if it has parts."""
        return exhibits.say(id, self._template(id, "text", parts), **values)

    def table(
        self,
        id: str,
        data: pd.DataFrame,
        *,
        sources: Sequence[str],
        values: Mapping | None = None,
        title: Sequence[str] = (),
        caption: Sequence[str] = (),
        without: Sequence[str] = (),
        more: Mapping = {},
        **given,
    ) -> exhibits.Exhibit:
        """Return the table `id`.

        `title` and `caption` name the parts to use, if these have parts; `without` names columns not to show this time,
        `more` are columns after those of the file whose headings are data; `given` are `edition` and `note` where they
        depend on the data.
        """
        columns = {}
        for column, spec in self._entry(id)["columns"].items():
            heading, *rest = [spec] if isinstance(spec, str) else spec
            columns[column] = (_filled(id, with_editions(self.tables, heading), values), *rest)
        columns = {c: spec for c, spec in columns.items() if c not in without} | dict(more)
        templates = {"title": self._template(id, "title", title), "caption": self._template(id, "caption", caption)}
        fixed = with_terms(self._fixed(id, given), sources)
        fixed["look"] = self._entry(id).get("look", "")
        return exhibits.table(id, data=data, columns=columns, sources=sources, values=values, **templates, **fixed)

    def figure(
        self,
        id: str,
        drawing,
        data: pd.DataFrame,
        *,
        sources: Sequence[str],
        values: Mapping | None = None,
        title: Sequence[str] = (),
        caption: Sequence[str] = (),
        **given,
    ) -> exhibits.Exhibit:
        """Return the figure `id` of a drawing; the other arguments as for `table`."""
        templates = {"title": self._template(id, "title", title), "caption": self._template(id, "caption", caption)}
        templates["alt"] = self._template(id, "alt")
        fixed = with_terms(self._fixed(id, given), sources) | {"share": self._template(id, "share")}
        return exhibits.figure(id, drawing=drawing, data=data, sources=sources, values=values, **templates, **fixed)

    def chart(self, id: str, **values) -> dict[str, str]:
        """Return the words on a drawing, as arguments of the function of `innodivide.figures` that draws it."""
        words = self._entry(id).get("chart")
        if words is None:
            raise ParameterError(f"exhibit {id}: {self.file.name} has no chart for it; add it, or do not ask for it")
        return {a: _filled(id, with_editions(self.tables, text), values) for a, text in words.items()}

    def names(self, what: str) -> dict[str, str]:
        """Return a list of names: code of the data -> words for it."""
        lists = self.entries.get(NAMES, {})
        if what not in lists:
            raise ParameterError(f"{self.file.name} has no names of {what}: add them, or ask for {', '.join(lists)}")
        return dict(lists[what])

    def numbers(self, values: Mapping) -> pd.DataFrame:
        """Return the rows of a table of large numbers: what, number, meaning, from names as "{number} | meaning"."""
        texts = self.names("numbers that stand large")
        filled = {what: sentence(text, **values).split(" | ") for what, text in texts.items()}
        return pd.DataFrame([(what, *parts) for what, parts in filled.items()], columns=["what", "number", "meaning"])

    def _entry(self, id: str) -> dict:
        if id not in self.entries or id == NAMES:
            raise ParameterError(f"exhibit {id} has no words: add {id} to {self.file.name} ({', '.join(self.entries)})")
        return self.entries[id]

    def _template(self, id: str, key: str, parts: Sequence[str] = ()) -> str:
        """Return a template, put together from the parts named if it has parts."""
        found = self._entry(id).get(key, "")
        if isinstance(found, str) and not parts:
            return with_editions(self.tables, found)
        names = [found] if isinstance(found, str) else list(found)
        if not parts or isinstance(found, str) or not set(parts) <= set(found):
            there = "no parts" if isinstance(found, str) else f"the parts {', '.join(names)}"
            asked = ", ".join(parts) or "no part"
            raise ParameterError(f"exhibit {id}: {key} in {self.file.name} has {there}, but {asked} is asked for")
        return with_editions(self.tables, " ".join(found[part] for part in parts))

    def _fixed(self, id: str, given: Mapping[str, str]) -> dict[str, str]:
        """Return edition and note, each from the file or from the caller."""
        entry = self._entry(id)
        for key in given:
            if key not in ("edition", "note") or key in entry:
                why = "stands in the file" if key in entry else "is not known"
                raise ParameterError(f"exhibit {id}: {key} is given, but it {why} ({self.file.name}); leave one out")
        own = {k: with_editions(self.tables, entry[k]) for k in ("edition", "note") if k in entry}
        return dict(given) | own


def with_terms(fixed: Mapping[str, str], sources: Sequence[str]) -> dict[str, str]:
    """Add to the note what a source demands of whoever shows its data (`TERMS`)."""
    found = [words for start, words in TERMS.items() if any(source.startswith(start) for source in sources)]
    note = " ".join(filter(None, [fixed.get("note", ""), *found]))
    return dict(fixed) | ({"note": note} if note else {})


def read(file: Path) -> dict[str, dict]:
    """Return the words of a file, checked: every exhibit has the keys of its kind and no other, all of them texts."""
    content = read_yaml(file)
    for id, entry in content.items():
        fault = _names_fault(entry) if id == NAMES else _fault(id, entry)
        if fault:
            raise DataError(f"{file}, {id}: {fault}")
    return content


def _names_fault(lists) -> str:
    """Say what is wrong with the lists of names, or return an empty string."""
    if not isinstance(lists, dict) or not all(isinstance(names, dict) for names in lists.values()):
        return "lists are wanted, each under its name: `code: words` a line"
    wrong = [
        f"{what}: {pair}" for what, names in lists.items() for pair in names.items() if set(map(type, pair)) != {str}
    ]
    return f"{wrong[0]} is no text; put it in quotation marks" if wrong else ""


def _fault(id, entry) -> str:
    """Say what is wrong with the words of an exhibit and what would be right, or return an empty string."""
    kind = str(id)[:1]
    if kind not in KEYS:
        return "an id begins with T (table), F (figure) or N (sentence), as T1.1"
    must, may = KEYS[kind]
    if not isinstance(entry, dict):
        return f"its words are missing; it needs {', '.join(must)}"
    for key in must:
        if key not in entry:
            return f"{key} is missing; add it"
    for key, value in entry.items():
        if key not in must + may:
            return f"{key} is not known; allowed are {', '.join(must + may)}"
        nested = key in ("columns", "chart") or (key in PARTED and isinstance(value, dict))
        if nested and not isinstance(value, dict):
            return f"{key} is no mapping; write one `name: text` a line below it"
        for name, text in value.items() if nested else [(key, value)]:
            texts = text if key == "columns" and isinstance(text, list) else [text]
            if not 1 <= len(texts) <= 3 or not all(isinstance(t, str) for t in [name, *texts]):
                return f"{key}: {name}: {text!r} is no text; put it in quotation marks"
    return ""


def _filled(id: str, template: str, values: Mapping | None) -> str:
    return fill(id, {"heading": template}, values)[0]["heading"] if "{" in template else template
