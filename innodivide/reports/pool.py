"""Work in processes of this machine, none of which can outlive the run, and none of whose deaths loses other work."""

import multiprocessing
import os
import signal
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

from innodivide.errors import InnodivideError
from innodivide.reports import kernels

LONGEST = 40  # letters; the system allows about 100 for a socket, and each has a name of its own in two folders
_RUNNING = "running"  # folder with one file for each job that a process is working on
_PRELOAD = (  # imported once, by the server that the processes are forked from
    "nbformat",
    "papermill",
    "innodivide.reports.blocks",
    "innodivide.reports.execute",
    "innodivide.reports.html",
    "innodivide.reports.pdf",
    "innodivide.reports.run",
)


class WorkerKilled(InnodivideError):
    """A job's process was killed, and again when the job ran alone in a new one."""


def in_processes(function: Callable, items: dict[str, object], workers: int, folder: Path) -> Iterator[tuple]:
    """Yield (name, result or exception) of `function(item)` for each item, as they become known.

    When a process is killed, the pool is lost with all that it had not finished. What had not begun goes on in a new
    pool; what was in the middle runs again, each alone, so that the one whose process dies a second time is known.

    Parameters
    ----------
    function : callable
        Importable by name.
    items : dict of str -> object
        What to call it with, by names that are unique.
    workers : int
        Number of processes.
    folder : Path
        For temporary files of the processes; the caller removes it.
    """
    running = folder / _RUNNING
    batches, alone, never_began = deque([list(items)]), set(), 0
    while batches:
        batch = batches.popleft()
        running.mkdir(exist_ok=True)
        missing = set(batch)
        with _pool(min(workers, len(batch)), folder) as pool:
            with _interrupts_wait():
                futures = {pool.submit(_work, function, items[n], running / str(i)): n for i, n in enumerate(batch)}
            for future in as_completed(futures):
                name = futures.pop(future)  # a result is kept no longer than it is needed
                error = future.exception()
                if not isinstance(error, BrokenProcessPool):
                    missing.remove(name)
                    yield name, error or future.result()
        began = [n for i, n in enumerate(batch) if (running / str(i)).exists() and n in missing]
        for mark in running.iterdir():
            mark.unlink()
        never_began += len(missing) == len(batch) and not began
        for name in missing & alone if never_began < 2 else set(missing):
            missing.remove(name)
            yield (
                name,
                WorkerKilled(
                    "its process was killed twice, perhaps for want of memory"
                    if began
                    else "the processes that make reports are killed as they start"
                ),
            )
        again = [n for n in began if n in missing]
        batches.extend(b for b in ([n for n in batch if n in missing and n not in again], *([n] for n in again)) if b)
        alone.update(again)


def _work(function: Callable, item, mark: Path):
    mark.touch()
    try:
        return function(item)
    finally:
        mark.unlink()


@contextmanager
def _pool(workers: int, folder: Path) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool whose processes are killed as soon as the block is left, by Ctrl-C too.

    The processes start from a server, not as forks of this process, so that they inherit neither its threads nor its
    open files: the lock of the output folder, the pipe by which another process notices that this one has died.
    """
    context = multiprocessing.get_context("forkserver" if kernels.available() else "spawn")
    if kernels.available():
        context.set_forkserver_preload(list(_PRELOAD))
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(str(folder),))
    try:
        yield pool
    finally:  # they hold nothing that could be lost, and one that hangs must not hold up the end
        for process in set(multiprocessing.active_children()) - before:
            process.kill()
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Hold back Ctrl-C while processes are started; they inherit that, and leave it to this one to deal with it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(folder: str) -> None:
    """Prepare a process of the pool: it ends with the run, and its temporary files are the run's."""
    kernels.end_with_parent()
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    os.environ.update(kernels.own_folders(folder))


def shorten_temporary_folder() -> None:
    """Use /tmp where the folder for temporary files has so long a name that no socket in it can have an address."""
    if os.name == "posix" and len(tempfile.gettempdir()) > LONGEST:
        os.environ["TMPDIR"] = tempfile.tempdir = "/tmp"
