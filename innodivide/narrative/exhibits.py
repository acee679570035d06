"""Exhibits: everything a report shows, with its data, caption, sources and alt text in one object.

A notebook cell ends in `table(...)`, `figure(...)` or `say(...)`. The object shows itself in Jupyter and carries the
same content as its own MIME type, from which the renderers set tables, figures and sentences natively. The notebooks of
this package keep their fixed words apart (`words_file.Words`).
"""

import base64
import html
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from innodivide.errors import ParameterError
from innodivide.wording import MIME, UNKNOWN, fill, show

PLAIN_ROWS = 20  # shown where only plain text is: all rows are in the payload
WHY_UNKNOWN = f"{UNKNOWN.capitalize()}: not available, as no source used here gives it."
NUMBERS = "numbers"  # look of a table of a number and its meaning a row, set large
_ID = re.compile(r"[TFN](\d{1,2}|A)\.\d{1,2}")


@dataclass(frozen=True)
class Exhibit:
    """One table, figure or sentence of a report.

    Attributes
    ----------
    id : str
        "T3.2" (table), "F7.1" (figure) or "N3.4" (numbers in a sentence); the part before the dot is the notebook.
    kind : {"table", "figure", "text"}
    title : str
        The finding, in one sentence; for a text, the paragraph in Markdown.
    data : pandas.DataFrame
        What is shown, unrounded; saved as CSV beside the report.
    columns : mapping
        For a table: data column -> (heading, format, text for a missing value); only these are shown.
    caption, edition, note, alt : str
        How to read it; scoreboard edition and cut-off; warnings about the data; what the picture shows, in words.
    sources : tuple of str
        Ids that resolve in data/sources.csv.
    numbers : mapping
        Every number quoted in title, caption or text: name -> (value, as printed).
    svg, png, narrow : str, bytes, str
        The drawing of a figure, and its SVG for a phone if it has one.
    shown : int, optional
        How many rows of a table are shown, if not all; the rest stands in its CSV.
    look : {"", "numbers", "aside"}
        How a table is set: "numbers" sets its two shown columns, a number and its meaning, as large numbers; "aside"
        sets it on the HTML page and in the spreadsheet alone, and on paper says where it stands.
    share : str
        What the picture of a figure needs below it to be read alone; empty if none is made to share.
    languages : mapping
        Words of another language in a text -> its code, so that they are read aloud as they should be.
    """

    id: str
    kind: str
    title: str
    data: pd.DataFrame
    columns: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    caption: str = ""
    edition: str = ""
    note: str = ""
    alt: str = ""
    sources: tuple[str, ...] = ()
    numbers: Mapping[str, tuple[object, str]] = field(default_factory=dict)
    svg: str = ""
    png: bytes = b""
    narrow: str = ""
    shown: int | None = None
    look: str = ""
    share: str = ""
    languages: Mapping[str, str] = field(default_factory=dict)

    def payload(self) -> dict:
        """Return the exhibit as JSON-ready content: what the renderers read."""
        return {
            "id": self.id,
            "kind": self.kind,
            "title": self.title,
            "caption": self.caption,
            "edition": self.edition,
            "note": self.note,
            "alt": self.alt,
            "sources": list(self.sources),
            "svg": self.svg,
            "png": base64.b64encode(self.png).decode(),
            "narrow": self.narrow,
            "csv": self.csv(),
            "kinds": [_kind(self.data[c]) for c in self.data],
            "head": [c[0] for c in self.columns.values()],
            "shown": list(self.columns),
            "align": ["right" if _kind(self.data[c]) == "number" else "left" for c in self.columns],
            "rows": self.cells(),
            "look": self.look,
            "share": self.share,
            "languages": dict(self.languages),
            "numbers": {k: {"value": _plain(v), "text": t} for k, (v, t) in self.numbers.items()},
        }

    def csv(self) -> str:
        """Return the data as CSV text, numbers at 10 significant digits so that bytes do not depend on the machine.

        What is written to a file goes through `spreadsheet.guarded`, so that no text is run as a formula.
        """
        buffer = io.StringIO()
        mixed = [c for c, kind in self.data.dtypes.items() if kind.kind == "O"]  # there pandas prints floats in full
        data = self.data.assign(**{c: self.data[c].map(_csv_cell) for c in mixed})
        data.to_csv(buffer, index=False, lineterminator="\n", float_format="%.10g", date_format="%Y-%m-%d")
        return buffer.getvalue()

    def cells(self) -> list[list[str]]:
        """Return the shown cells of a table as text, a missing one as `UNKNOWN`."""
        return [
            [show(v, fmt, missing) for v, (_, fmt, missing) in zip(row, self.columns.values())]
            for row in self.data[list(self.columns)].iloc[: self.shown].itertuples(index=False)
        ]

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        bundle = {MIME: self.payload(), "text/plain": self._plain_text()}
        if self.kind == "text":
            return bundle | {"text/markdown": self.title}
        return bundle | {"text/html": self._html()}

    def _plain_text(self) -> str:
        if self.kind == "text":
            return self.title
        rest = f"\n(the first {PLAIN_ROWS} of {len(self.data)} rows)" if len(self.data) > PLAIN_ROWS else ""
        return f"[{self.id}] {self.title}\n{self.data.head(PLAIN_ROWS).to_string(index=False)}{rest}"

    def _html(self) -> str:
        esc = html.escape
        if self.kind == "figure":
            image = base64.b64encode(self.svg.encode()).decode()
            body = f'<img alt="{esc(self.alt)}" style="max-width:100%" src="data:image/svg+xml;base64,{image}">'
        else:
            head = "".join(f"<th>{esc(c[0])}</th>" for c in self.columns.values())
            rows = "".join("<tr>" + "".join(f"<td>{esc(c)}</td>" for c in r) + "</tr>" for r in self.cells())
            body = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        notes = " ".join(esc(t) for t in (self.caption, self.note, self.edition) if t)
        return f"<p><strong>{esc(self.id)}. {esc(self.title)}</strong></p>{body}<p><small>{notes}</small></p>"


def table(
    id: str,
    title: str,
    data: pd.DataFrame,
    columns: Mapping,
    *,
    sources: Sequence[str],
    caption: str = "",
    edition: str = "",
    note: str = "",
    values: Mapping | None = None,
    look: str = "",
) -> Exhibit:
    """Return a table exhibit.

    `columns` maps a data column to its heading, to (heading, format), such as ("Rate", "{:.0%}"), or to (heading,
    format, text for a missing value). `title` and `caption` are templates filled from `values`, so that no number in
    them is typed.

    Examples
    --------
    >>> import pandas as pd
    >>> rates = pd.DataFrame({"geo": ["AT", "BE"], "rate": [0.4, 0.6]})
    >>> columns, words = {"geo": "State", "rate": ("Rate", "{:.0%}")}, {"top": "BE"}
    >>> table("T9.1", "{top} comes first", rates, columns, sources=["BRIEF_2021"], values=words).title
    'BE comes first'
    """
    columns = {k: ((v,) if isinstance(v, str) else tuple(v)) for k, v in columns.items()}
    columns = {k: v + ("", UNKNOWN)[len(v) - 1 :] for k, v in columns.items()}
    absent = [c for c in columns if c not in data.columns]
    if absent:
        raise ParameterError(f"exhibit {id}: columns {absent} are not in its data, which has {list(data.columns)}")
    templates = {"title": title, "caption": caption}
    made = _made(id, "table", data, templates, values, sources, columns=columns, edition=edition, note=note, look=look)
    if any(UNKNOWN in row for row in made.cells()):
        return replace(made, note=" ".join(filter(None, (note, WHY_UNKNOWN))))
    return made


def figure(
    id: str,
    title: str,
    drawing,
    data: pd.DataFrame,
    *,
    alt: str,
    sources: Sequence[str],
    caption: str = "",
    edition: str = "",
    note: str = "",
    share: str = "",
    values: Mapping | None = None,
) -> Exhibit:
    """Return a figure exhibit from a matplotlib Figure and the data that it draws.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> drawing, rates = Figure(), pd.DataFrame({"geo": ["AT", "BE"], "rate": [0.4, 0.6]})
    >>> bars = drawing.subplots().bar(rates["geo"], rates["rate"])
    >>> figure("F9.1", "Rates differ", drawing, rates, alt="Bars: AT 0.4, BE 0.6", sources=["BRIEF_2021"]).kind
    'figure'
    """
    from innodivide.figures.style import narrow_svg, save_bytes

    drawn = {"svg": save_bytes(drawing, "svg").decode(), "png": save_bytes(drawing, "png")}
    drawn |= {"narrow": narrow_svg(drawing), "share": share}
    templates = {"title": title, "caption": caption, "alt": alt}
    made = _made(id, "figure", data, templates, values, sources, edition=edition, note=note, **drawn)
    # the name that a browser or a screen reader gives to the file
    named = f"<title>{html.escape(made.title)}</title>\n <metadata>"
    return replace(made, svg=made.svg.replace("<metadata>", named, 1))


def say(id: str, template: str, **values) -> Exhibit:
    """Return a paragraph whose numbers all come from `values`: `say("N3.1", "Odds ratio {or_:.1f}.", or_=fit.odds)`.

    Examples
    --------
    >>> say("N9.1", "Odds ratio {ratio:.1f}.", ratio=1.07).title
    'Odds ratio 1.1.'
    """
    texts, numbers = fill(id, {"text": template}, values)
    data = pd.DataFrame(
        [{"name": k, "value": _plain(v), "text": t} for k, (v, t) in numbers.items()], columns=["name", "value", "text"]
    )
    return _checked(Exhibit(id, "text", texts["text"], data, numbers=numbers))


def _made(id: str, kind: str, data, templates: Mapping, values, sources: Sequence[str], **fields) -> Exhibit:
    if isinstance(sources, str):
        raise ParameterError(f"exhibit {id}: sources={sources!r} is one text; give a list of source ids")
    texts, numbers = fill(id, templates, values)
    data = data.reset_index(drop=True)
    return _checked(Exhibit(id, kind, data=data, sources=tuple(sources), numbers=numbers, **texts, **fields))


def _checked(exhibit: Exhibit) -> Exhibit:
    letter = {"table": "T", "figure": "F", "text": "N"}[exhibit.kind]
    if not _ID.fullmatch(exhibit.id) or exhibit.id[0] != letter:
        raise ParameterError(f"exhibit id {exhibit.id!r}: a {exhibit.kind} is numbered like {letter}3.1")
    if not exhibit.title.strip():
        raise ParameterError(f"exhibit {exhibit.id} has no title")
    if exhibit.kind == "figure" and not exhibit.alt.strip():
        raise ParameterError(f"exhibit {exhibit.id} has no alt text: say in words what the figure shows")
    if exhibit.kind != "text" and not exhibit.sources:
        raise ParameterError(f"exhibit {exhibit.id} names no source")
    return exhibit


def _kind(column: pd.Series) -> str:
    """Return what the cells of a column are: number, flag, date, text, or mixed."""
    if pd.api.types.is_bool_dtype(column):
        return "flag"
    if pd.api.types.is_datetime64_any_dtype(column):
        return "date"
    if pd.api.types.is_numeric_dtype(column):
        return "number"
    return "text" if column.dropna().map(lambda v: isinstance(v, str)).all() else "mixed"


def _csv_cell(value):
    """Return a float as text with 10 significant digits, text with one kind of line end, anything else as it is."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n")  # a lone \r would not be quoted, and so part the row
    return f"{value:.10g}" if isinstance(value, float) and math.isfinite(value) else value


def _plain(value):
    """Return a value that JSON can hold."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, (int, float, str, bool)) or value is None else str(value)
