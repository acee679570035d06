"""Work in processes of this machine, none of which can outlive the run, and none of whose deaths loses other work."""

import hashlib
import multiprocessing
import os
import shutil
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from innodivide.errors import InnodivideError, ParameterError
from innodivide.reports.making import kernels, server, surroundings

LONGEST = 70  # letters; the system allows about 100 for a socket's, and they add a folder and a name
_RUNNING = "running"  # folder with one file for each job that a process is working on


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
    batches, alone, in_vain = deque([list(items)]), set(), 0
    with server.of_a_run() as shared:
        while batches:
            missing = dict.fromkeys(batches.popleft())
            count = len(missing)
            with closing(_in_one_pool(function, {n: items[n] for n in missing}, workers, folder, shared)) as results:
                for name, result in results:
                    del missing[name]
                    yield name, result
            began = [n for n in missing if (folder / _RUNNING / quote(n, safe="")).exists()]
            in_vain += bool(missing) and not began and len(missing) == count
            lost = {n: "its process was killed twice, perhaps for want of memory" for n in began if n in alone}
            if in_vain > 1:
                lost = dict.fromkeys(missing, "the processes that make reports are killed as they start")
            for name, why in lost.items():
                yield name, WorkerKilled(why)
            again = [n for n in began if n not in lost]
            rest = [n for n in missing if n not in lost and n not in again]
            batches.extend([rest] if rest else [])
            batches.extend([n] for n in again)
            alone.update(again)
    shutil.rmtree(folder / _RUNNING, ignore_errors=True)  # a killed process leaves its file


def _in_one_pool(
    function: Callable, items: dict[str, object], workers: int, folder: Path, shared: bool
) -> Iterator[tuple]:
    """Yield (name, result or exception) of each item until all are done, or a process of the pool has been killed."""
    running = folder / _RUNNING
    shutil.rmtree(running, ignore_errors=True)
    running.mkdir()
    with surroundings.children(), _pool(min(workers, len(items)), folder, shared) as pool:
        futures = {}
        try:
            for name, item in items.items():
                futures[pool.submit(_work, function, item, running / quote(name, safe=""))] = name
        except BrokenProcessPool:  # so soon
            pass
        except (EOFError, ConnectionError):  # their server was killed: none will ever begin
            return
        for future in as_completed(futures):
            name, error = futures.pop(future), future.exception()  # a result is kept no longer than it is needed
            if not isinstance(error, BrokenProcessPool):
                yield name, error or future.result()


def _work(function: Callable, item, mark: Path):
    mark.touch()
    try:
        return function(item)
    finally:
        mark.unlink()


@contextmanager
def _pool(workers: int, folder: Path, shared: bool) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool whose processes are killed as soon as the block is left, by Ctrl-C too.

    The processes start from a server, not as forks of this process, so that they inherit neither its threads nor its
    open files: the lock of the output folder, the pipe by which another process notices that this one has died.
    """
    context = multiprocessing.get_context("forkserver" if kernels.available() else "spawn")
    try:
        if kernels.available():
            server.start(str(folder))
        before = set(multiprocessing.active_children())
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(str(folder), shared))
    except OSError as error:
        where = error.filename or "the shared memory of the system (/dev/shm on Linux)"
        raise ParameterError(f"no processes can be started: {where}: {error.strerror or error}") from None
    try:
        yield pool
    finally:  # they hold nothing that could be lost, and one that hangs must not hold up the end
        for process in set(multiprocessing.active_children()) - before:
            process.kill()
        pool.shutdown(cancel_futures=True)


def _begin(folder: str, shared: bool) -> None:
    """Prepare a process of the pool: it ends with the run, and its temporary files are the run's."""
    kernels.end_with_parent()
    surroundings.change(kernels.variables(folder))
    tempfile.tempdir = folder
    if shared:
        server.share()


@contextmanager
def temporary_folder(out: Path) -> Iterator[Path]:
    """Yield a folder for temporary files; what killed runs into `out` left of theirs is cleared away."""
    start = f"innodivide-{hashlib.sha256(str(out.resolve()).encode()).hexdigest()[:8]}-"
    try:
        shorten_temporary_folder(below=len(start) + 9)
        for leftover in Path(tempfile.gettempdir()).glob(f"{start}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        made = tempfile.TemporaryDirectory(prefix=start, ignore_cleanup_errors=True)
    except OSError as error:
        raise ParameterError(f"there is no folder for temporary files (set TMPDIR): {error.strerror}") from None
    with made as folder:
        yield Path(folder)


def shorten_temporary_folder(below: int = 0) -> None:
    """Use /tmp if the folder for temporary files has so long a name that sockets in it would have no valid address.

    `below` letters are kept free for the name of a folder in it.
    """
    if os.name == "posix" and len(tempfile.gettempdir()) + below > LONGEST:
        os.environ["TMPDIR"] = tempfile.tempdir = "/tmp"
