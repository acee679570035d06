"""One run at a time in an output folder.

The lock belongs to the operating system, which frees it when its process ends, however that happens: it is never stale.
"""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from innodivide.errors import InnodivideError, ParameterError

LOCK = ".run.lock"
HOLDER = ".run.holder"  # who has the lock, for people to read; nothing depends on it
PATIENCE = 600.0  # seconds


class FolderBusy(InnodivideError):
    """Another run works in the output folder."""


@contextmanager
def only_run_in(out: Path, wait: float = PATIENCE) -> Iterator[None]:
    """Hold an output folder for this run; inside the block, further calls of the same thread pass at once.

    If there is another run to wait for, one line on stderr says so.

    Parameters
    ----------
    out : Path
        An existing folder that can be written.
    wait : float
        Seconds to wait for another run to end; 0 refuses at once.

    Raises
    ------
    FolderBusy
        The other run did not end in time.
    ParameterError
        The lock cannot be used, such as that of another user.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(out / LOCK, is_singleton=True)
    if lock.is_locked:
        yield
        return
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if wait > 0:
            patience = f"giving up after {wait / 60:.2g} minutes"
            print(f"waiting for {_holder(out)}, which works in {out}; {patience}", file=sys.stderr, flush=True)
        try:
            lock.acquire(timeout=wait, poll_interval=0.2)
        except Timeout:
            waited = f" after {wait / 60:.2g} minutes" if wait > 0 else ""
            raise FolderBusy(f"{_holder(out)} still works in {out}{waited}; try again later, or --out") from None
    except OSError as error:
        raise ParameterError(f"the lock {out / LOCK} cannot be used: {error.strerror or error}") from None
    try:
        with suppress(OSError):  # a full disk: the lock holds without it
            (out / HOLDER).write_text(f"process {os.getpid()} on {socket.gethostname()}", "utf-8")
        yield
    finally:
        with suppress(OSError):
            (out / HOLDER).unlink(missing_ok=True)
        lock.release()


def _holder(out: Path) -> str:
    with suppress(OSError):
        if text := (out / HOLDER).read_text("utf-8"):
            return text
    return "another run"
