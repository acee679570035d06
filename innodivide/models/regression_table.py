"""Several fits side by side, for a paper: HTML and LaTeX by pandas, Word by python-docx."""

import html
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from innodivide.errors import ParameterError, checked

SIZES = {
    "nobs": "Observations",
    "n_units": "Units",
    "n_projects": "Projects",
    "n_events": "Events",
    "n_treated": "Units ever treated",
    "dispersion": "Dispersion",
}
_LATEX = str.maketrans({c: f"\\{c}" for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}"})
SIZE = 2  # part of a row, beside 0 (estimate) and 1 (what stands below)
SPREADS = ("interval", "se")


@dataclass(frozen=True)
class RegressionTable:
    """A regression table of texts.

    Attributes
    ----------
    cells : DataFrame
        One column for each model. Each term has two rows, estimate and below it, without a label, interval or standard
        error; then the sizes. An empty cell: the term is not in the model.
    notes : tuple of str
        Scale, how the intervals of each model are made, and what is not shown.
    title : str
    """

    cells: pd.DataFrame
    notes: tuple[str, ...]
    title: str = ""

    def to_html(self) -> str:
        """An HTML table with caption and notes; texts are escaped."""
        made = self.cells.to_html(border=0)
        if self.title:
            made = made.replace(">", f">\n  <caption>{html.escape(self.title)}</caption>", 1)
        return made + "".join(f"\n<p>{html.escape(note)}</p>" for note in self.notes)

    def to_latex(self) -> str:
        """A LaTeX table environment with the rules of booktabs; texts are escaped, notes stand below it."""
        styled = self.cells.style.format(escape="latex").format_index(escape="latex")
        styled = styled.format_index(escape="latex", axis=1)
        columns, caption = "l" + "r" * self.cells.shape[1], self.title.translate(_LATEX) if self.title else None
        made = styled.to_latex(hrules=True, column_format=columns, caption=caption, position_float="centering")
        notes = "".join(f"\n\\par\\footnotesize {note.translate(_LATEX)}" for note in self.notes)
        return made.replace("\n\\end{table}", f"{notes}\n\\end{{table}}")

    def to_docx(self) -> bytes:
        """A Word document with title, table (its first row is repeated on each page) and notes."""
        import docx
        from docx.oxml import OxmlElement

        document = docx.Document()
        if self.title:
            document.add_heading(self.title, level=1)
        table = document.add_table(rows=1, cols=self.cells.shape[1] + 1, style="Light List")
        table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        for cell, name in zip(table.rows[0].cells[1:], self.cells.columns):
            cell.text = str(name)
        for label, texts in self.cells.iterrows():
            for cell, text in zip(table.add_row().cells, [label, *texts]):
                cell.text = str(text)
        for note in self.notes:
            document.add_paragraph(note)
        file = io.BytesIO()
        document.save(file)
        return file.getvalue()

    def _repr_html_(self) -> str:
        return self.to_html()

    def __repr__(self) -> str:
        return "\n".join([*([self.title] if self.title else []), self.cells.to_string(), *self.notes])


@checked
def regression_table(
    fits: Mapping[str, object],
    ratios: bool = False,
    spread: str = "interval",
    labels: Mapping[str, str] | None = None,
    digits: int = 2,
    title: str = "",
) -> RegressionTable:
    """Fits or records side by side, exposures first, with what each interval assumes. No stars; `tidy` has p-values.

    Parameters
    ----------
    fits : mapping of str to FirthFit, GroupedFit or Result
        By the heading of their columns; all on one scale.
    ratios : bool
        Whether logs (of odds, rates, means) are shown as ratios; records that are ratios already stay.
    spread : {"interval", "se"}
        What stands below an estimate; standard errors only without `ratios`.
    labels : mapping of str to str, optional
        Names of terms as they are to be read; terms not named stand under their own.
    digits : int, 0 to 15
        Decimals.
    title : str

    Returns
    -------
    RegressionTable

    Raises
    ------
    ParameterError
        No fits, things that are none, different scales, an unknown spread, digits out of range.

    Examples
    --------
    >>> from innodivide import Tables, dispersion_interval, firth_logit, ipcei_dyads
    >>> fit = firth_logit(ipcei_dyads(Tables(), until="2023-12-31"))
    >>> table = regression_table({"(1)": fit, "(2)": dispersion_interval(fit)}, ratios=True)
    >>> table.cells.loc["leader"].tolist()
    ['1.30', '1.30']
    >>> table.to_latex().count("tabular")
    2
    """
    if not fits or spread not in SPREADS or (spread == "se" and ratios):
        raise ParameterError(
            f"fits, spread={spread!r}: give one fit at least and one of {', '.join(SPREADS)}; se only without ratios"
        )
    if isinstance(digits, bool) or not isinstance(digits, int) or not 0 <= digits <= 15:
        raise ParameterError(f"digits={digits!r}: expected a whole number from 0 to 15")
    wrong = [name for name, fit in fits.items() if not (hasattr(fit, "tidy") and hasattr(fit, "glance"))]
    if wrong:
        raise ParameterError(
            f"fits, {wrong[0]}: a {type(fits[wrong[0]]).__name__} has no tidy and glance; for fits of statsmodels "
            "use statsmodels.iolib.summary2.summary_col"
        )
    records: dict[str, Any] = {name: getattr(fit, "result", fit) for name, fit in fits.items()}
    scales = {name: _scale(record.scale, ratios) for name, record in records.items()}
    if len(set(scales.values())) > 1:
        raise ParameterError(f"fits: scales differ, {'; '.join(f'{name}: {s}' for name, s in scales.items())}")
    columns = {
        name: _column(fit, ratios and records[name].scale.startswith("log "), spread, digits)
        for name, fit in fits.items()
    }
    kinds = {name: one.se_kind if spread == "se" else one.ci_kind for name, one in records.items()}
    exposures = {one.term for one in records.values()}
    terms = dict.fromkeys(key for column in columns.values() for key, part in column if part < SIZE)
    order = sorted(terms, key=lambda term: (term not in exposures, term == "intercept"))
    rows = [(term, part) for term in order for part in (0, 1)]
    rows += [(size, SIZE) for size in SIZES if any((size, SIZE) in column for column in columns.values())]
    frame = pd.DataFrame({name: [column.get(row, "") for row in rows] for name, column in columns.items()})
    shown = labels or {}
    names = [SIZES[key] if part == SIZE else "" if part else shown.get(key, key) for key, part in rows]
    frame.index = pd.Index(names)
    return RegressionTable(frame, _notes(next(iter(scales.values())), records, kinds, spread), title)


def _scale(scale: str, ratios: bool) -> str:
    """The scale of a whole fit: "per unit" is of one term, and logs are taken off for ratios."""
    whole = scale.split(" per unit")[0]
    return whole.removeprefix("log ").replace("odds ratio", "odds").replace("odds", "odds ratio") if ratios else whole


def _column(fit, take_off: bool, spread: str, digits: int) -> dict[tuple[str, int], str]:
    """The texts of one fit by term and part (0 estimate, 1 what stands below), and by name of a size and `SIZE`."""

    def text(value) -> str:
        value = math.exp(value) if take_off and pd.notna(value) else value
        return "–" if pd.isna(value) else f"{value:.{digits}f}"

    found: dict[tuple[str, int], str] = {}
    for row in fit.tidy().itertuples():
        ends = (row.std_error,) if spread == "se" else (row.conf_low, row.conf_high)
        below = f"({' to '.join(map(text, ends))})" if pd.notna(ends[0]) else "–"
        found |= {(row.term, 0): text(row.estimate), (row.term, 1): below}
    for name, value in fit.glance().iloc[0].reindex(SIZES).dropna().items():
        found[name, SIZE] = f"{value:.{digits}f}" if name == "dispersion" else str(int(value))
    return found


def _notes(scale: str, records: dict, kinds: dict[str, str], spread: str) -> tuple[str, ...]:
    """What the numbers are, and how those in brackets are made, models with the same way together."""
    levels = sorted({record.ci_level for record in records.values() if record.ci_level})
    what = "standard errors" if spread == "se" else f"{' or '.join(f'{level:.0%}' for level in levels)} intervals"
    by_kind: dict[str, list[str]] = {}
    for name, kind in kinds.items():
        by_kind.setdefault(kind or "none was asked for", []).append(name)
    ways = "; ".join(f"{', '.join(names)}: {kind}" for kind, names in by_kind.items())
    return (f"Estimates: {scale}. In brackets {what}. {ways}.",)
