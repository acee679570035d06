"""What a reports folder holds: which reports, in which formats, and the exhibits in their executed notebooks."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, unquote

from innodivide.reports.declarations import ANNEX, notebooks
from innodivide.reports.manifest import MANIFEST

_FILES = {  # label -> where it may be, best first
    "HTML": ("report.html",),
    "PDF": ("report.pdf",),
    "Word": ("report.docx",),
    "Data": ("exhibits.xlsx", "report.xlsx", "exhibits"),
}
_EXHIBIT = "application/vnd.innodivide.exhibit+json"  # exhibits.MIME, without importing pandas


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
            cells = json.loads((self.path / "notebook.ipynb").read_text(encoding="utf-8"))["cells"]
            shown = [o["data"][_EXHIBIT] for cell in cells for o in cell.get("outputs", ())]
            return {payload["id"]: payload for payload in shown}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def rows(self, exhibit: str, needs: Iterable[str] = ()) -> list[dict[str, str]]:
        """Return the data of an exhibit, as its CSV has them; no rows if it, or a column that is needed, is not there.

        A report that another version made may lack a column: the page then says how to make the report again.
        """
        payload = self.exhibits.get(exhibit)
        rows = list(csv.DictReader(io.StringIO(payload["csv"]))) if payload else []
        return rows if rows and set(needs) <= set(rows[0]) else []


@dataclass(frozen=True)
class Found:
    """All reports of a folder by name: policy reports with their variants, and annexes."""

    reports: tuple[Report, ...]

    def get(self, name: str) -> Report | None:
        """Return the report of a folder, None if it is not there."""
        return next((r for r in self.reports if r.name == name), None)

    def showing(self, exhibit: str) -> Report | None:
        """Return the report, made with default parameters, that shows an exhibit ("T7.1"); None if there is none."""
        number = f"{int(exhibit[1:].split('.')[0]):02d}_"
        plain = (r for r in self.reports if r.name.startswith(number) and "--" not in r.name)
        return next((r for r in plain if exhibit in r.exhibits), None)


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
    return Report(name, tuple(links), _digest(folder), folder)


def _digest(folder: Path) -> str:
    """Return the hash of the executed notebook as the manifest has it: reading 34 manifests is quick, notebooks not."""
    try:
        return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["outputs"]["notebook.ipynb"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
