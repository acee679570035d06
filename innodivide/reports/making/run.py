"""Execute notebooks with papermill, in parallel, and write each report whole or not at all.

The work is done elsewhere, in processes of this machine or of a cluster, and comes back as bytes. Only the run itself
writes into the output folder, one report at a time, and holds the folder's lock while it does.
"""

import base64
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from importlib import import_module
from pathlib import Path

from innodivide.data import own_tables
from innodivide.data.licences import NOT_AVAILABLE
from innodivide.data.whole_files import naming
from innodivide.errors import InnodivideError, ParameterError
from innodivide.reports.making import manifest, place
from innodivide.reports.making.branding import PLAIN, Branding
from innodivide.reports.making.cluster import in_executor
from innodivide.reports.making.declarations import ANNEX, Notebook, notebook
from innodivide.reports.making.lock import only_run_in

# nbformat and papermill, imported below where they are needed, load jsonschema, and that, where it is installed, a
# grammar of international addresses (format "iri"), which takes a second or more and which no notebook is checked for.
# There is no setting for it: in the processes that make reports, jsonschema is told that the grammar is not installed.
sys.modules.setdefault("rfc3987_syntax", None)

FORMATS = ("html", "pdf", "docx", "pptx")
DEFAULT_FORMATS = ("html", "pdf")


@dataclass(frozen=True)
class Job:
    """One report to make: a notebook, the values of all its parameters, and the formats wanted."""

    notebook: Notebook
    parameters: dict
    formats: tuple[str, ...] = DEFAULT_FORMATS
    branding: Branding = PLAIN

    @property
    def name(self) -> str:
        return self.notebook.output_folder(self.parameters)

    @property
    def title(self) -> str:
        return self.branding.title or self.notebook.title.format(**self.parameters)

    @property
    def recorded(self) -> dict:
        """What the manifest lists as parameters."""
        return self.parameters | self.branding.recorded()


@dataclass(frozen=True)
class Outcome:
    """What became of a job: status is "fresh", "made", "left out" (its subject is a table that is) or "failed"."""

    name: str
    status: str
    message: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Made:
    """What a worker made of a job: the files of its report, or why there are none."""

    files: dict[str, bytes]
    read: dict[str, str]  # the inputs with their hashes, taken before the notebook read them
    versions: dict[str, str]
    trouble: str = ""  # without files: why; with files: which formats are missing
    seconds: float = 0.0


def job(name: str, formats: Iterable[str] = DEFAULT_FORMATS, /, **given) -> Job:
    """Return the job of a notebook with checked parameters and formats."""
    formats = tuple(dict.fromkeys(formats))
    unknown = [f for f in formats if f not in FORMATS]
    if unknown or not formats:
        raise ParameterError(f"format {', '.join(unknown) or 'none'}: allowed are {', '.join(FORMATS)}")
    declared = notebook(name)
    return Job(declared, declared.resolve(given), formats)


def annex_jobs(
    countries: Iterable[str], formats: Iterable[str] = DEFAULT_FORMATS, branding: Branding = PLAIN, /, **given
) -> list[Job]:
    """Return one job for each country."""
    if "country" in given:
        raise ParameterError("the countries of an annex are named without -p: innodivide annex PL")
    return [replace(job(ANNEX, formats, country=c, **given), branding=branding) for c in countries]


def freshness(jobs: list[Job], out: Path, *, edited: bool = True) -> dict[str, list[str]]:
    """Return the reasons why each report must be made again, by name; an empty list means that it is fresh.

    `edited` says whether a file that was changed by hand is such a reason.
    """
    digest = lru_cache(maxsize=None)(manifest.file_sha256)  # reports share inputs: each is read once for this moment
    return {
        item.name: list(manifest.reasons(item.notebook, item.recorded, out / item.name, item.formats, digest, edited))
        for item in jobs
    }


def fresh(item: Job, out: Path) -> Outcome:
    """Return the outcome of a report that need not be made; what was changed by hand in it is named."""
    return Outcome(item.name, "fresh", place.told(place.edited(out / item.name)))


def prepare_output(out: Path) -> Path:
    """Create the output folder and prove that it can be written, before any work."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise ParameterError(f"the output folder {out} cannot be written: {error.strerror}") from None
    return out


def run(
    jobs: list[Job],
    out: Path,
    *,
    force: bool = False,
    overwrite: bool = False,
    workers: int | None = None,
    executor: Executor | None = None,
    tell: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Make the reports that are not fresh, in parallel; one that fails does not stop the others.

    A report is made in the formats that are asked for and in those that it has; none is taken away.

    A script that calls this needs the guard `if __name__ == "__main__":`, as for every pool of processes.

    Parameters
    ----------
    jobs : list of Job
    out : Path
        Folder under which each job has a folder of its own.
    force : bool
        Make fresh reports again too.
    overwrite : bool
        Make files anew that were changed by hand; else they stay as they are, and the outcome names them.
    workers : int, optional
        Number of processes; default: as many as cores, at most one for each report.
    executor : concurrent.futures.Executor, optional
        Where the work is done, such as `cluster.executor`; default: processes of this machine.
    tell : callable
        Called with each outcome as it becomes known.

    Returns
    -------
    list of Outcome
        In the order of `jobs`, one for each name.

    Raises
    ------
    FolderBusy
        Another run still works in the folder.
    """
    from innodivide.reports.making.pool import in_processes, temporary_folder

    jobs, out, outcomes, todo = list({item.name: item for item in jobs}.values()), prepare_output(out), {}, {}
    with only_run_in(out):
        obstacles = {item.name: place.mend(out / item.name) for item in jobs}
        reasons = freshness(jobs, out, edited=overwrite)
        for item in jobs:
            if obstacle := obstacles[item.name]:
                outcomes[item.name] = Outcome(item.name, "failed", _explain(item, obstacle))
            elif force or reasons[item.name]:
                wanted = {*item.formats, *place.formats(out / item.name)}
                todo[item.name] = replace(item, formats=tuple(f for f in FORMATS if f in wanted))
                continue
            else:
                outcomes[item.name] = fresh(item, out)
            tell(outcomes[item.name])
        if todo:
            with temporary_folder(out) as folder:
                count = workers or os.cpu_count() or 1
                there = in_executor(make_files, todo, executor) if executor else None
                with closing(there or in_processes(make_files, todo, count, folder)) as results:
                    for name, result in results:
                        outcomes[name] = _keep(todo[name], out, result, overwrite)
                        tell(outcomes[name])
    return [outcomes[item.name] for item in jobs]


def make_files(item: Job) -> Made:
    """Execute one notebook and return the files of its report, or what went wrong; nothing is left on this machine."""
    from innodivide.reports.making.pool import shorten_temporary_folder

    started, read = time.monotonic(), {}
    try:
        shorten_temporary_folder()
        read = manifest.inputs(item.notebook)  # before the notebook reads them, so that a later change is noticed
        with tempfile.TemporaryDirectory() as folder:
            trouble = _write_report(item, Path(folder))
            files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in Path(folder).rglob("*") if p.is_file()}
    except Exception as error:
        return Made({}, read, {}, _explain(item, error))
    return Made(files, read, manifest.versions(), trouble, round(time.monotonic() - started, 2))


def _keep(item: Job, out: Path, made: Made | Exception, overwrite: bool) -> Outcome:
    """Put what was made of a job into its folder, whole or not at all, and say what became of it."""
    if isinstance(made, Exception) or not made.files:
        why = _explain(item, made) if isinstance(made, Exception) else made.trouble
        return Outcome(item.name, "left out" if NOT_AVAILABLE in why else "failed", why)
    try:
        describe = partial(manifest.build, item.notebook, item.recorded, read=made.read)
        kept = place.put(out / item.name, made.files, describe, made.seconds, overwrite)
    except Exception as error:
        return Outcome(item.name, "failed", _explain(item, error), made.seconds)
    said = "\n    ".join(filter(None, [made.trouble, place.told(kept)]))
    return Outcome(item.name, "failed" if made.trouble else "made", said, made.seconds)


def _write_report(item: Job, folder: Path) -> str:
    """Write executed notebook, exhibits and formats into an empty folder; say what went wrong with a format."""
    import nbformat

    from innodivide.reports.making.execute import execute
    from innodivide.reports.pages import spreadsheet
    from innodivide.reports.pages.blocks import Block, clean, read_blocks

    executed = clean(execute(item.notebook, item.parameters))
    blocks = item.branding.put_on(read_blocks(executed))
    blocks[1:1] = [Block(text=f"**{text}**") for text in [own_tables.note()] if text]
    with naming(Path("notebook.ipynb")):
        nbformat.write(executed, folder / "notebook.ipynb")
    (folder / "exhibits").mkdir()
    with naming(Path("exhibits")):
        _write_exhibits([b.payload for b in blocks if b.payload], folder)
    facts = told(item)
    lost = []
    for name, file in {**{f: f"report.{f}" for f in item.formats}, "spreadsheet": spreadsheet.FILE}.items():
        try:
            made = import_module(f"innodivide.reports.pages.{name}").render(item.title, blocks, facts)
        except Exception as error:  # the other formats are still wanted
            lost.append(f"{name}: {' '.join(str(error).split()) or type(error).__name__}")
        else:
            with naming(Path(file)):
                (folder / file).write_bytes(made if isinstance(made, bytes) else made.encode("utf-8"))
    return f"made, but not in every format: {'; '.join(lost)}" if lost else ""


def told(item: Job) -> dict[str, str]:
    """Return what a report tells about its making, by name."""
    from innodivide.reports.pages.blocks import HOME
    from innodivide.reports.pages.document import LICENCE, SOURCES
    from innodivide.reports.pages.spreadsheet import FILE

    facts = {
        "Notebook": f"notebooks/{item.notebook.name}.ipynb",
        "Parameters": ", ".join(f"{k} = {v if v != '' else 'none'}" for k, v in item.parameters.items()) or "none",
        "Software": f"innodivide {manifest.__version__}, Python {manifest.environment()['python']}",
        "Data": f"{FILE} beside this file holds the unrounded data of every exhibit, exhibits/ each as CSV",
        "What made it": f"{manifest.MANIFEST} beside this file lists every input with its hash",
        "Licence": LICENCE,
        HOME: "../" * (item.name.count("/") + 1) + "index.html",
        **item.branding.facts(),
    }
    if item.notebook.sources_in:
        facts[SOURCES] = f"listed with their licences in report {item.notebook.sources_in} and in the HTML of this one"
    return facts


def _write_exhibits(payloads: list[dict], folder: Path) -> None:
    """Write each exhibit's data (CSV, in which no text is taken for a formula) and its drawings."""
    from innodivide.reports.pages import share
    from innodivide.reports.pages.spreadsheet import guarded

    for payload in payloads:
        name = folder / "exhibits" / payload["id"]
        name.with_name(f"{name.name}.csv").write_text(guarded(payload["csv"]), "utf-8")
        if payload["kind"] == "figure":
            name.with_name(f"{name.name}.svg").write_text(payload["svg"], "utf-8")
            name.with_name(f"{name.name}.png").write_bytes(base64.b64decode(payload["png"]))
        if payload.get("share"):
            (folder / "share").mkdir(exist_ok=True)
            (folder / "share" / f"{payload['id']}.png").write_bytes(share.render(payload))


def _explain(item: Job, error: Exception) -> str:
    """Say where a notebook broke: notebook, parameters, cell and error, on one line."""
    given = ", ".join(f"{k}={v}" for k, v in item.parameters.items())
    where = f"notebooks/{item.notebook.name}.ipynb ({given})" if given else f"notebooks/{item.notebook.name}.ipynb"
    text = str(error) if isinstance(error, InnodivideError) else f"{type(error).__name__}: {error}"
    return " ".join(f"{where}, {text}".split())
