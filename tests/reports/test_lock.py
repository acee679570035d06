"""The lock of an output folder, with real processes."""

import os
import signal
import subprocess
import sys

import pytest

from innodivide.reports.making.lock import HOLDER, LOCK, FolderBusy, only_run_in

HOLD = """
import sys, time
from pathlib import Path
from innodivide.reports.making.lock import only_run_in
with only_run_in(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def hold():
    """Start a process that holds the lock of a folder for some seconds; it is killed after the test."""
    started = []

    def start(folder, seconds=60.0):
        command = [sys.executable, "-c", HOLD, str(folder), str(seconds)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout.readline() == "held\n"
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_second_run_waits_saying_so_until_its_time_is_over(tmp_path, hold, capsys):
    first = hold(tmp_path)
    with pytest.raises(FolderBusy, match=r"after 0\.01 minutes"), only_run_in(tmp_path, 0.6):
        pytest.fail("two runs at once")
    assert capsys.readouterr().err.startswith(f"waiting for process {first.pid} on ")


def test_a_second_run_goes_on_when_the_first_ends(tmp_path, hold, capsys):
    first = hold(tmp_path, 1.0)
    with only_run_in(tmp_path, 30):
        assert first.wait(10) == 0 and capsys.readouterr().err.count("\n") == 1
        assert f"process {os.getpid()} on " in (tmp_path / HOLDER).read_text()
    assert {p.name for p in tmp_path.iterdir()} == {LOCK}


def test_the_lock_of_a_killed_run_is_free_at_once(tmp_path, hold):
    first = hold(tmp_path)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert (tmp_path / HOLDER).exists()  # it could not clear away who it was
    with only_run_in(tmp_path, 0):
        assert f"process {os.getpid()} on " in (tmp_path / HOLDER).read_text()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="NOT TESTED HERE: needs another user")
def test_the_lock_file_of_another_user_is_a_clear_error(tmp_path):
    """In a folder that both may write to; root passes any permission, so a process gives its rights up."""
    (tmp_path / LOCK).touch(mode=0o600)
    tmp_path.chmod(0o777)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os, sys\nfor m in 'filelock', 'innodivide.reports.making.lock': __import__(m)\n"
            f"os.setuid(65534)\n{HOLD}",
            tmp_path,
            "0",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"ParameterError: the lock {tmp_path / LOCK} cannot be used: Permission denied" in done.stderr


def test_a_run_may_enter_its_own_folder_again(tmp_path):
    with only_run_in(tmp_path, 0):
        with only_run_in(tmp_path, 0):
            pass
        assert (tmp_path / HOLDER).exists()
    assert not (tmp_path / HOLDER).exists()
