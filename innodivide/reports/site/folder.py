"""What a reports folder holds: which reports, in which formats, and the exhibits in their executed notebooks."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, unquote

from innodivide.errors import DataError
from innodivide.reports import executed
from innodivide.reports.making import manifest
from innodivide.reports.making.declarations import ANNEX, notebooks

_FILES = {  # label -> where it may be, best first
    "HTML": ("report.html",),
    "PDF": ("report.pdf",),
    "Word": ("report.docx",),
    "Slides": ("report.pptx",),
    "Data": ("exhibits.xlsx", "exhibits"),
}


@dataclass(frozen=True)
class Report:
    """A report folder: its name below the reports folder, what is in it, and the hash of its executed notebook."""

    name: str
    links: tuple[tuple[str, str], ...]  # (label, address relative to the page)
    digest: str
    path: Path

    def __repr__(self) -> str:  # where the folder lies is no part of what the page shows
        return f"Report({self.name!r}, {self.links!r}, {self.digest!r})"

    @property
    def variant(self) -> str:
        """The parameters that are not at their default, as "name = value"."""
        return ", ".join(unquote(part).replace("-", " = ", 1) for part in self.name.split("--")[1:])

    def link(self, label: str) -> str | None:
        """Return the address of one format, None if it is not there."""
        return dict(self.links).get(label)

    @cached_property
    def exhibits(self) -> dict[str, dict]:
        """The payload of each exhibit by id; none if the notebook is absent or cannot be read."""
        try:
            return executed.exhibits(self.path / "notebook.ipynb")
        except DataError:
            return {}


@dataclass(frozen=True)
class Table:
    """The data of an exhibit, as its CSV has them."""

    report: Report
    id: str
    rows: list[dict[str, str]]

    @property
    def payload(self) -> dict:
        return self.report.exhibits[self.id]

    @property
    def address(self) -> str:
        """The address of the CSV relative to the page."""
        return quote(f"{self.report.name}/exhibits/{self.id}.csv")


@dataclass(frozen=True)
class Found:
    """All reports of a folder by name: policy reports with their variants, and annexes."""

    reports: tuple[Report, ...]

    def get(self, name: str) -> Report | None:
        """Return the report of a folder, None if it is not there."""
        return next((r for r in self.reports if r.name == name), None)

    def main(self, number: str) -> Report | None:
        """Return the report of a notebook ("07"), made with default parameters; None if there is none."""
        return next((r for r in self.reports if r.name.startswith(f"{number}_") and "--" not in r.name), None)

    def showing(self, exhibit: str) -> Report | None:
        """Return the main report that shows an exhibit ("T7.1"); None if there is none."""
        report = self.main(f"{int(exhibit[1:].split('.')[0]):02d}")
        return report if report and exhibit in report.exhibits else None

    def table(self, number: str, columns: Iterable[str]) -> Table | None:
        """Return the first exhibit of a main report whose data have these columns and a row; None if there is none.

        Found by its columns, an exhibit may be renumbered; one made by a version without them counts as not made.
        """
        report = self.main(number)
        for payload in report.exhibits.values() if report else ():
            reader = csv.DictReader(io.StringIO(payload["csv"]))
            if set(columns) <= set(reader.fieldnames or ()) and (rows := list(reader)):
                return Table(report, payload["id"], rows)
        return None


def find(out: Path) -> Found:
    """Return the reports of a folder, in the order of the notebooks, then annexes by code; no report is opened."""
    declared = [n.folder for n in notebooks().values() if n.name != ANNEX]
    names = [p.name for folder in declared for p in sorted(out.glob(f"{folder}*")) if p.name.split("--")[0] == folder]
    names += [f"annex/{p.name}" for p in sorted((out / "annex").glob("[!.]*"))]  # a dot: left over by a killed run
    reports = (_report(out, name) for name in dict.fromkeys(names))
    return Found(tuple(r for r in reports if r.links))


def _report(out: Path, name: str) -> Report:
    folder, links = out / name, []
    for label, places in _FILES.items():
        place = next((p for p in places if (folder / p).exists()), None)
        if place:
            links.append((label, quote(f"{name}/{place}") + ("/" if (folder / place).is_dir() else "")))
    return Report(name, tuple(links), recorded(folder, "outputs").get("notebook.ipynb", ""), folder)


def recorded(folder: Path, part: str) -> dict:
    """Return a part of a report's manifest, empty if it has no sound one: it is read sooner than a notebook."""
    try:
        return manifest.read(folder)[part]
    except DataError:
        return {}
