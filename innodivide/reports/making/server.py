"""The server that the processes of a run, and the kernels of their notebooks, are forked from.

There is one for a run: what it has imported and read is in memory once. It is Python's own (`multiprocessing`, start
method forkserver), of which a process has one at a time.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import forkserver, resource_tracker, util

from innodivide.reports.making import kernels, surroundings

PRELOAD = (  # imported once; kernels.WARM last, as it sets aside for good what is then in memory
    "innodivide.reports.pages.blocks",
    "innodivide.reports.making.execute",
    "innodivide.reports.pages.html",
    "innodivide.reports.pages.pdf",
    "innodivide.reports.making.run",
    "nbformat",
    "papermill",
    kernels.WARM,
)
# Python's functions are methods of it. It has no public way to ask whether it runs, to end it or to share it: what is
# used of it here has stayed the same from 3.11 to 3.13 (from 3.14 on a process must also know the server's key).
_OF_PYTHON = forkserver.ensure_running.__self__


@contextmanager
def of_a_run() -> Iterator[bool]:
    """Yield whether the server that `start` starts is for this run alone, and may be shared; it ends with the block.

    Where the caller has one for work of its own, without our imports, processes come from that one and it stays.
    """
    alone = kernels.available() and not _running()
    before = _OF_PYTHON._preload_modules
    try:
        yield alone
    finally:  # what it knows of tables, code and variables is of this run
        with _interrupts_wait():
            _OF_PYTHON.set_forkserver_preload(before)
            if alone:
                _end()


def start(folder: str) -> None:
    """Start the server if none is running: with the variables of kernels, which a fork has from its birth.

    `folder`: for temporary files.
    """
    if _running():
        return
    util.get_temp_dir()  # of this process, for the server's socket: it looks for it once, and not in `folder`
    _OF_PYTHON.set_forkserver_preload(list(PRELOAD))
    with _interrupts_wait(), surroundings.changed(kernels.variables(folder)):
        forkserver.ensure_running()


def share() -> None:
    """Let processes that this one starts be forked from the server that it was forked from itself.

    That is what Python says it does, but it looks for a server that this process has started (cpython issue 86354).
    Without this, each process that makes reports would start one: 123 MB and nine seconds of a processor.
    """
    _OF_PYTHON.ensure_running = resource_tracker.ensure_running


def _running() -> bool:
    """Return whether this process has a server; one that has died is forgotten."""
    server = _OF_PYTHON._forkserver_pid
    if server is None:
        return False
    with suppress(ChildProcessError):  # somebody else has learnt of its end
        if os.waitpid(server, os.WNOHANG) == (0, 0):
            return True
    _forget()
    return False


def _end() -> None:
    if server := _OF_PYTHON._forkserver_pid:
        with suppress(ProcessLookupError):
            os.kill(server, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(server, 0)
        _forget()


def _forget() -> None:
    """Let Python start another server when it is asked for the next process."""
    os.close(_OF_PYTHON._forkserver_alive_fd)
    address = _OF_PYTHON._forkserver_address
    _OF_PYTHON._forkserver_pid = _OF_PYTHON._forkserver_alive_fd = _OF_PYTHON._forkserver_address = None
    if not util.is_abstract_socket_namespace(address):
        with suppress(FileNotFoundError):
            os.unlink(address)


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Hold back Ctrl-C inside the block; a server that is started there inherits that, and leaves it to this process.

    Else Ctrl-C in the middle of its imports would make it print where it was. The process that starts with the first
    server, Python's resource tracker, is started before, as its start lets Ctrl-C through again.
    """
    if not kernels.available():
        yield
        return
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
