"""Warm kernels and the processes that start them: one server a run, and none outlives the one that asked for it."""

import asyncio
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from report_fixtures import alive, wait_until

from innodivide.data import frozen
from innodivide.reports.making import kernels, server
from innodivide.reports.making.pool import WorkerKilled, in_processes

pytestmark = pytest.mark.skipif(not kernels.available(), reason="this platform has no fork server")


@pytest.fixture(autouse=True)
def _few_imports(monkeypatch):
    """Processes of a pool start no kernel here, and need what is in this file."""
    monkeypatch.setattr(server, "PRELOAD", (__name__,))


def _pid(_=None) -> int:
    return os.getpid()


def _killed(what: str) -> str:
    """Be killed, as happens when memory runs out, if that is what is asked: always, or the first time."""
    folder, _, name = what.rpartition("/")
    first = not os.path.exists(f"{folder}/seen-{name}")
    open(f"{folder}/seen-{name}", "w").close()
    if name == "always" or (name == "once" and first):
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "raises":
        raise ZeroDivisionError("in the work itself")
    time.sleep(0.05)
    return name


def _spin(report: str) -> None:
    """Never return from C code, in a process that must end with its parent."""
    kernels.end_with_parent()
    with open(report, "w") as file:
        file.write(str(os.getpid()))
    re.match("(a+)+$", "a" * 60 + "b")


def _start_and_wait(report: str) -> None:
    multiprocessing.get_context("forkserver").Process(target=_spin, args=(report,)).start()
    time.sleep(600)


RUNS = """
import multiprocessing, os, signal, sys
from pathlib import Path
from innodivide.reports.making import pool, server
server.PRELOAD = ("innodivide.reports.making.execute",)
def told(path):
    "Have a process started that writes down who it is, as kernels are; return who forked it, and its answers."
    process = multiprocessing.get_context("forkserver").Process(target=tell, args=(path,))
    process.start()
    process.join(60)
    return [os.getppid(), *eval(Path(path).read_text())]
def tell(path):
    import numpy, threadpoolctl
    threads = {library["num_threads"] for library in threadpoolctl.threadpool_info()}
    own = os.environ.get("SECRET"), os.environ.get("TMPDIR")
    Path(path).write_text(repr((os.getppid(), hash("x"), threads, *own)))
def run(folder, function=told):
    made = folder / "made"
    made.mkdir(exist_ok=True)
    return list(dict(pool.in_processes(function, {n: f"{folder}/{n}" for n in "ab"}, 2, made)).values())
if __name__ == "__main__":
    folder = Path(sys.argv[1])
"""
ALONE = (
    RUNS
    + """
    (one, first, *a), (two, second, *b) = run(folder)
    assert one == first == two == second, "one server for all"
    assert not Path("/proc/self").exists() or not Path(f"/proc/{one}").exists(), "and it has ended"
    assert a == b and a[1:] == [{1}, None, f"{folder}/made"]
    print(a[0])
    mine = told(f"{folder}/mine")
    assert mine[4] == "of the caller" and mine[5] != f"{folder}/made", "what is started later is the caller's again"
    (one, first, *_), (two, second, *_) = run(folder)
    assert one == two == mine[1] and len({one, first, second}) == 3, "the caller's server forks, and is not shared"
    assert told(f"{folder}/mine")[1] == mine[1], "and stays"
    os.kill(mine[1], signal.SIGKILL)
    os.waitpid(mine[1], 0)
    (one, first, *_), (two, second, *_) = run(folder)
    assert one == first == two == second != mine[1], "a dead one is none"
"""
)
BROKEN = (
    RUNS
    + """
    server.PRELOAD = ("broken",)
    print(*run(folder))
"""
)


def _python(code: str, folder, **more) -> str:
    (folder / "program.py").write_text(code)
    command = [sys.executable, str(folder / "program.py"), str(folder)]
    done = subprocess.run(command, cwd=frozen.ROOT, env=os.environ | more, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_kernels_are_forked_from_the_server_of_their_run_alike_each_time_and_the_caller_s_own_is_left_alone(tmp_path):
    """Alike: seed of hashes and threads of libraries are read as a process begins, whatever a fork is told later."""
    seeds = []
    for number in ("7", "8"):
        (tmp_path / number).mkdir()
        own = {"PYTHONHASHSEED": number, "OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4", "SECRET": "of the caller"}
        seeds.append(_python(ALONE, tmp_path / number, **own))
    assert seeds[0] == seeds[1]


def test_a_server_that_cannot_start_is_told_of_each_report(tmp_path):
    (tmp_path / "broken.py").write_text("raise ValueError")
    assert _python(BROKEN, tmp_path, PYTHONPATH=str(tmp_path)).count("killed as they start") == 2


HELD_BACK = """
import multiprocessing, signal, sys
from pathlib import Path
from innodivide.reports.making import pool, server
server.PRELOAD = ("innodivide.reports.making.execute",)
def here(_=None):
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
def there(_):
    process = multiprocessing.get_context("forkserver").Process(target=code_of_here)
    process.start()
    process.join()
    return here(), process.exitcode == 7
def code_of_here():
    sys.exit(7 if here() else 8)
if __name__ == "__main__":
    print(dict(pool.in_processes(there, {"a": None}, 1, Path(sys.argv[1]))), here())
"""


def test_ctrl_c_is_left_to_the_run_by_its_processes_and_by_servers_that_still_import(tmp_path):
    """In a new process, where the first server, and with it Python's resource tracker, is yet to be started."""
    (tmp_path / "held.py").write_text(HELD_BACK)
    command = [sys.executable, str(tmp_path / "held.py"), str(tmp_path)]
    done = subprocess.run(command, cwd=frozen.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "{'a': (True, True)} False\n"


class _Recorded:
    """Stands for a kernel's process, and keeps what is done to it."""

    has_process = True

    def __init__(self):
        self.asked = []

    def __getattr__(self, name):
        async def ask(*given, **more):
            self.asked.append(name)
            return 0  # of `poll`: it has ended

        return ask


def test_a_kernel_is_killed_without_being_interrupted_first_which_it_might_print():
    manager, process = kernels.ReportKernelManager(), _Recorded()
    manager.provisioner = process
    asyncio.run(manager.shutdown_kernel(now=True))
    assert "kill" in process.asked and "send_signal" not in process.asked


def test_a_killed_worker_loses_nothing_and_the_one_that_keeps_dying_is_named(tmp_path):
    names = ["a", "once", "b", "always", "c", "raises", *(f"more{i}" for i in range(6))]
    work = tmp_path / "work"
    work.mkdir()
    found = list(in_processes(_killed, {n: f"{tmp_path}/{n}" for n in names}, 2, work))
    assert sorted(name for name, _ in found) == sorted(names), "each once"
    results = dict(found)
    assert isinstance(results.pop("always"), WorkerKilled)
    assert isinstance(results.pop("raises"), ZeroDivisionError)
    assert all(name == result for name, result in results.items())
    assert not list(work.iterdir()), "nor is the file of the one that was killed left"


def test_when_no_worker_can_start_the_run_ends_and_says_so(tmp_path):
    """Whoever receives the work dies before it has begun."""
    found = dict(in_processes(_pid, {"a": _Deadly(), "b": _Deadly()}, 2, tmp_path))
    assert set(found) == {"a", "b"}
    assert all("killed as they start" in str(error) for error in found.values())


class _Deadly:
    """Kills the process that receives it."""

    def __reduce__(self):
        return _exit_here, ()


def _exit_here():
    os._exit(9)


def test_nobody_waits_for_c_code_that_never_ends_when_the_parent_is_killed(tmp_path):
    report = tmp_path / "pid"
    parent = multiprocessing.get_context("spawn").Process(target=_start_and_wait, args=(str(report),))
    parent.start()
    wait_until(lambda: report.exists() and report.read_text(), 60)
    pid = int(report.read_text())
    assert alive(pid)
    parent.kill()
    parent.join()
    wait_until(lambda: not alive(pid), 10)
