"""Execute notebooks with papermill, in parallel, and write each report whole or not at all."""

import glob
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from innodivide import data
from innodivide.errors import InnodivideError, ParameterError
from innodivide.reports import manifest
from innodivide.reports.declarations import ANNEX, Notebook, notebook

TIMES = "times.json"  # apart from the manifest: the one thing that differs between identical runs
KERNEL_TIMEOUT = 1800


@dataclass(frozen=True)
class Job:
    """One report to make: a notebook and the values of all its parameters."""

    notebook: Notebook
    parameters: dict

    @property
    def name(self) -> str:
        return self.notebook.output_folder(self.parameters)

    @property
    def title(self) -> str:
        return self.notebook.title.format(**self.parameters)


@dataclass(frozen=True)
class Outcome:
    """What became of a job: status is "fresh", "made" or "failed"."""

    name: str
    status: str
    message: str = ""
    seconds: float = 0.0


def job(name: str, /, **given) -> Job:
    """Return the job of a notebook with checked parameters."""
    declared = notebook(name)
    return Job(declared, declared.resolve(given))


def annex_jobs(countries: Iterable[str], /, **given) -> list[Job]:
    """Return one job for each country."""
    if "country" in given:
        raise ParameterError("the countries of an annex are named without -p: innodivide annex PL")
    return [job(ANNEX, country=c, **given) for c in countries]


def prepare_output(out: Path) -> Path:
    """Create the output folder and prove that it can be written, before any work."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise ParameterError(f"the output folder {out} cannot be written: {error.strerror}") from None
    return out


def _mend(folder: Path) -> None:
    """Clear away what a killed run left of this report; nothing else in the output folder is touched."""
    for leftover in folder.parent.glob(f".partial-{glob.escape(folder.name)}=*"):
        shutil.rmtree(leftover, ignore_errors=True)
    old = folder.with_name(f".old-{folder.name}")
    if old.exists():  # killed between the two renames of `_replace`
        shutil.rmtree(old, ignore_errors=True) if folder.exists() else old.rename(folder)


def run(
    jobs: list[Job],
    out: Path,
    *,
    force: bool = False,
    workers: int | None = None,
    executor: Executor | None = None,
    tell: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Make the reports that are not fresh, in parallel; one that fails does not stop the others.

    Parameters
    ----------
    jobs : list of Job
    out : Path
        Folder under which each job has a folder of its own.
    force : bool
        Make fresh reports again too.
    workers : int, optional
        Number of processes; default: as many as cores, at most one for each report.
    executor : concurrent.futures.Executor, optional
        Where the work is done; default: a process pool.
    tell : callable
        Called with each outcome as it becomes known.

    Returns
    -------
    list of Outcome
        In the order of `jobs`.
    """
    out, outcomes, todo = prepare_output(Path(out)), {}, []
    for item in {item.name: item for item in jobs}.values():
        _mend(out / item.name)
        if force or manifest.why_stale(item.notebook, item.parameters, out / item.name):
            todo.append(item)
        else:
            outcomes[item.name] = Outcome(item.name, "fresh")
            tell(outcomes[item.name])
    if todo:
        own = executor is None
        executor = executor or ProcessPoolExecutor(min(workers or os.cpu_count() or 1, len(todo)))
        try:
            futures = {executor.submit(make_report, item, out): item for item in todo}
            for future in as_completed(futures):
                outcome = _result(future, futures[future])
                outcomes[outcome.name] = outcome
                tell(outcome)
        finally:
            if own:
                executor.shutdown(cancel_futures=True)
    return [outcomes[item.name] for item in jobs]


def _result(future, item: Job) -> Outcome:
    try:
        return future.result()
    except BrokenProcessPool:
        return Outcome(
            item.name, "failed", "a worker process was killed; run the command again to make what is missing"
        )


def make_report(item: Job, out: Path) -> Outcome:
    """Execute one notebook and write its folder; on failure the old report stays, and the message says where."""
    started, folder, partial = time.monotonic(), Path(out) / item.name, None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".partial-{folder.name}=", dir=folder.parent))
        read = manifest.inputs(item.notebook)  # before the notebook reads them, so that a later change is noticed
        _write_report(item, partial)
        seconds = round(time.monotonic() - started, 2)
        content = manifest.build(item.notebook, item.parameters, partial, read)
        (partial / manifest.MANIFEST).write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", "utf-8")
        (partial / TIMES).write_text(json.dumps({"seconds": seconds}) + "\n", "utf-8")
        partial.chmod(0o755)
        _replace(folder, partial)
    except Exception as error:
        return Outcome(item.name, "failed", _explain(item, error), time.monotonic() - started)
    finally:
        if partial:
            shutil.rmtree(partial, ignore_errors=True)
    return Outcome(item.name, "made", "", seconds)


def _write_report(item: Job, folder: Path) -> None:
    """Write executed notebook, exhibits and HTML into an empty folder."""
    import nbformat

    from innodivide.reports.blocks import clean, read_blocks
    from innodivide.reports.html import render

    executed = clean(execute(item))
    blocks = read_blocks(executed)
    nbformat.write(executed, folder / "notebook.ipynb")
    (folder / "exhibits").mkdir()
    write_exhibits([b.payload for b in blocks if b.payload], folder / "exhibits")
    facts = {
        "Notebook": f"notebooks/{item.notebook.name}.ipynb",
        "Parameters": ", ".join(f"{k} = {v if v != '' else 'none'}" for k, v in item.parameters.items()) or "none",
        "Software": f"innodivide {manifest.__version__}, Python {manifest.environment()['python']}",
        "What made it": f"{manifest.MANIFEST} beside this file lists every input with its hash",
    }
    (folder / "report.html").write_text(render(item.title, blocks, facts), "utf-8")


def execute(item: Job):
    """Run the notebook in a kernel of its own and return it executed; only declared tables can be loaded in it."""
    import papermill

    from innodivide.reports.blocks import ReportError

    # One thread for each kernel: the reports themselves run in parallel.
    wanted = {
        data.DECLARED_TABLES: ",".join((*item.notebook.tables, "source", "country")),
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
    }
    before = {k: os.environ.get(k) for k in wanted}
    os.environ.update(wanted)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            saved = Path(scratch) / "notebook.ipynb"
            try:
                return papermill.execute_notebook(
                    str(item.notebook.path),
                    str(saved),
                    parameters=item.parameters,
                    progress_bar=False,
                    kernel_name="python3",
                    cwd=str(data.ROOT),
                    execution_timeout=KERNEL_TIMEOUT,
                    **_local_transport(scratch),
                )
            except Exception as error:
                raise ReportError(_what_broke(error, saved)) from error
    finally:
        for key, value in before.items():
            os.environ.pop(key) if value is None else os.environ.__setitem__(key, value)


def _local_transport(folder: str) -> dict:
    """Talk to the kernel through socket files of this user, not through open ports (not possible on Windows)."""
    from traitlets.config import Config

    sockets = {"transport": "ipc", "ip": f"{folder}/kernel"}  # a name of its own: kernels run side by side
    return {} if os.name == "nt" else {"config": Config({"KernelManager": sockets})}


def write_exhibits(payloads: list[dict], folder: Path) -> None:
    """Write each exhibit's data (CSV) and drawing (SVG, PNG)."""
    import base64

    for payload in payloads:
        (folder / f"{payload['id']}.csv").write_text(payload["csv"], "utf-8")
        if payload["kind"] == "figure":
            (folder / f"{payload['id']}.svg").write_text(payload["svg"], "utf-8")
            (folder / f"{payload['id']}.png").write_bytes(base64.b64decode(payload["png"]))


def _replace(folder: Path, new: Path) -> None:
    """Put the new report in the place of the old one; `_mend` sees to a kill between the renames."""
    old = folder.with_name(f".old-{folder.name}")
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _what_broke(error: Exception, saved: Path) -> str:
    """Return "cell 4: ZeroDivisionError: division by zero", from the notebook that papermill saved up to there."""
    import nbformat

    from innodivide.reports.blocks import last_cell_run

    name, text = getattr(error, "ename", None) or type(error).__name__, str(getattr(error, "evalue", error)).strip()
    cell = last_cell_run(nbformat.read(saved, as_version=4)) if saved.is_file() else 0
    return f"cell {cell}: {name}: {text}" if cell else f"{name}: {text}"


def _explain(item: Job, error: Exception) -> str:
    """Say where a notebook broke: notebook, parameters, cell and error, on one line."""
    given = ", ".join(f"{k}={v}" for k, v in item.parameters.items())
    where = f"notebooks/{item.notebook.name}.ipynb ({given})" if given else f"notebooks/{item.notebook.name}.ipynb"
    text = str(error) if isinstance(error, InnodivideError) else f"{type(error).__name__}: {error}"
    return " ".join(f"{where}, {text}".split())
