"""Warm kernels: separate from each other, and started by forked workers whatever their parent did before."""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from innodivide.reports import kernels

pytestmark = pytest.mark.skipif(not kernels.available(), reason="this platform has no fork server")


def _pid() -> int:
    return os.getpid()


def _from_server(_=None) -> tuple[int, int]:
    """Start a process from this process's own server; return its exit code and this process's id."""
    process = get_context("forkserver").Process(target=_pid)
    process.start()
    process.join(60)
    return process.exitcode, os.getpid()


def test_a_forked_worker_starts_a_server_of_its_own():
    """The parent has a server; a worker forked from it must not wait for a process that is not its child."""
    assert _from_server()[0] == 0
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
        found = list(pool.map(_from_server, range(2)))
    assert [code for code, _ in found] == [0, 0]
    assert os.getpid() not in {pid for _, pid in found}
