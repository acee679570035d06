"""Real faults during real runs: what is left on disk, what runs on, what is said. See docs/reliability.md.

Runs are of small notebooks in a copy of the repository, by its command line, in processes of their own.
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from report_fixtures import (
    AGAIN,
    HURRIED,
    HURRY,
    MINI,
    TROUBLE_CELL,
    Mini,
    processes_of,
    tree,
    wait_until,
    why_stale,
    write_fake_report,
    written,
)

from innodivide.reports.making.lock import HOLDER, LOCK

HIDDEN = {LOCK}
KILLS, KILLS_BY_DEFAULT = 50, 1
SEED = 20261122
linux = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks at processes through /proc")


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    made = Mini(tmp_path_factory.mktemp("faults"), light=True)
    yield made
    made.close()


@pytest.fixture(scope="module")
def undisturbed(mini):
    """A run of two reports that nothing happens to, while two others want its folder: one waits, one does not."""
    out, started = mini.root / "reports", time.monotonic()
    first = mini.start("run", MINI, AGAIN, "--out", out)
    wait_until(lambda: (out / HOLDER).exists(), 60)
    second = mini.start("run", MINI, AGAIN, "--out", out)
    third = mini.cli("run", MINI, "--no-wait", "--out", out)
    output = first.communicate(timeout=180)
    seconds = time.monotonic() - started
    assert first.returncode == 0, output
    waited = second.communicate(timeout=180)
    return SimpleNamespace(
        out=out, first=first, second=second, waited=waited, third=third, seconds=seconds, tree=written(out)
    )


@pytest.fixture
def scratch():
    """A folder for temporary files, with a short name as they have, and by which a run's processes can be known."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def out(undisturbed, tmp_path):
    """An output folder with the undisturbed reports in it."""
    return shutil.copytree(undisturbed.out, tmp_path / "reports")


def temporary(folder) -> list[str]:
    return [p.name for p in folder.iterdir() if p.name.startswith("innodivide-")]


@contextlib.contextmanager
def mounted(folder, *options):
    """Mount a file system at a folder for a while; skip where that is not permitted."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"NOT TESTED HERE: a mount is not permitted: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def full(folder, kilobytes: int):
    return mounted(folder, "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs")


def read_only(folder):
    return mounted(folder, "--bind", "-o", "ro", str(folder))


# ---- two runs at once ----


def test_of_two_runs_in_one_folder_the_second_waits_or_is_refused_as_it_wants(undisturbed):
    assert undisturbed.second.returncode == 0
    output, errors = undisturbed.waited
    assert f"waiting for process {undisturbed.first.pid} on " in errors and "giving up after 10 minutes" in errors
    assert "0 made, 2 up to date, 0 failed" in output
    third = undisturbed.third
    assert third.returncode == 1 and third.stdout == ""
    assert third.stderr.startswith(f"innodivide: process {undisturbed.first.pid} on ") and "still works" in third.stderr
    assert {p.name for p in undisturbed.out.iterdir()} == {MINI, AGAIN, "index.html", *HIDDEN}


# ---- killed at any moment ----


@linux
@pytest.mark.parametrize(
    "number", [n if n < KILLS_BY_DEFAULT else pytest.param(n, marks=pytest.mark.slow) for n in range(KILLS)]
)
def test_killed_at_any_moment_and_run_again_gives_the_undisturbed_written(mini, undisturbed, tmp_path, scratch, number):
    """Every third time only the run itself is killed: its processes must notice."""
    moments = [random.Random(SEED + i).uniform(i, i + 1) / KILLS for i in range(KILLS)]
    moment = random.Random(SEED).sample(moments, KILLS)[number] * undisturbed.seconds
    out = tmp_path / "reports"
    process = mini.start("run", MINI, AGAIN, "--out", out, TMPDIR=str(scratch))
    time.sleep(moment)
    process.kill() if number % 3 == 2 else os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    wait_until(lambda: not processes_of(str(scratch)), 15)
    for folder in (out / MINI, out / AGAIN):  # as a reader finds it now: the whole report or none
        assert not folder.exists() or tree(folder).keys() == tree(undisturbed.out / folder.name).keys()
    again = mini.cli("run", MINI, AGAIN, "--no-wait", "--out", out, TMPDIR=str(scratch))
    assert again.returncode == 0, f"after {moment:.2f} s: {again.stderr}"
    assert written(out) == undisturbed.tree, f"after {moment:.2f} s"
    assert processes_of(str(scratch)) == []
    if "0 made" in again.stdout:  # it was killed as it ended; who finds nothing to do takes no lock, and clears nothing
        assert mini.cli("run", MINI, "--force", "--out", out, TMPDIR=str(scratch)).returncode == 0
    assert {p.name for p in out.iterdir()} == {MINI, AGAIN, "index.html", *HIDDEN}
    assert temporary(scratch) == []


@linux
@pytest.mark.slow
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_real_annex_killed_and_made_again_has_the_same_bytes(tmp_path, part):
    mini = Mini(tmp_path / "repository")
    started = time.monotonic()
    assert mini.cli("annex", "MT", "--out", tmp_path / "first").returncode == 0
    seconds = time.monotonic() - started
    process = mini.start("annex", "MT", "--out", tmp_path / "second")
    time.sleep(seconds * part)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert mini.cli("annex", "MT", "--no-wait", "--out", tmp_path / "second").returncode == 0
    assert written(tmp_path / "first") == written(tmp_path / "second")


@linux
@pytest.mark.parametrize("after", [0, pytest.param(5, marks=pytest.mark.slow)], ids=["it begins", "it sleeps"])
def test_ctrl_c_ends_at_once_and_leaves_the_old_reports(mini, undisturbed, out, scratch, after):
    """As the kernel begins, before it has a group of its own, and while the cell sleeps."""
    arguments = ("run", MINI, "-p", "mood=sleeps", "--force", "--out", out)
    process = mini.start(*arguments, TMPDIR=str(scratch))
    wait_until(lambda: list(scratch.glob("innodivide-*/tmp*/connection.json")), 60)
    time.sleep(after)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
    _, errors = process.communicate(timeout=60)  # the notebook would sleep for longer
    assert process.returncode == 130
    assert errors == "\ninterrupted; the same command goes on from here\n"
    assert written(out) == undisturbed.tree and temporary(scratch) == []
    wait_until(lambda: not processes_of(str(scratch)), 60)


# ---- kernels and workers ----


@linux
@pytest.mark.parametrize(
    "mood", ["spins", pytest.param("sleeps", marks=pytest.mark.slow), pytest.param("ignores", marks=pytest.mark.slow)]
)
def test_a_kernel_that_hangs_is_killed_when_its_time_is_over(mini, tmp_path, scratch, mood):
    """In C code that lets no other thread have a turn; asleep; ignoring interrupts."""
    done = mini.cli("run", HURRIED, "-p", f"mood={mood}", "--out", tmp_path / "out", TMPDIR=str(scratch))
    assert done.returncode == 1
    assert (
        f"notebooks/{HURRIED}.ipynb (mood={mood}), cell {TROUBLE_CELL}: stopped: "
        f"the notebook took longer than its {HURRY} s (timeout in notebooks.yml)"
    ) in done.stderr
    assert "Traceback" not in done.stderr
    wait_until(lambda: not processes_of(str(scratch)), 10)
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"index.html", *HIDDEN}


@pytest.mark.slow
def test_a_kernel_that_is_killed_fails_its_report_and_says_where(mini, undisturbed, out):
    done = mini.cli("run", MINI, "-p", "mood=killed", "--out", out)
    assert done.returncode == 1
    assert f"(mood=killed), cell {TROUBLE_CELL}: DeadKernelError: Kernel died" in done.stderr
    assert written(out) == undisturbed.tree


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_no_report(mini, undisturbed, out):
    """One notebook kills the process that makes its report each time, another one the first time."""
    for name in (MINI, AGAIN):
        shutil.rmtree(out / name)
    script = (
        "if __name__ == '__main__':\n"
        "    import sys; from pathlib import Path; from innodivide.reports.making.run import job, run\n"
        f"    jobs = [job('{MINI}', mood='murders'), job('{MINI}', mood='once'), job('{MINI}'), job('{AGAIN}')]\n"
        "    for o in run(jobs, Path(sys.argv[1]), workers=2): print(o.name, o.status, o.message)\n"
    )
    (mini.root / "script.py").write_text(script)
    done = mini.cli(out, program=["script.py"], PYTHONPATH=str(mini.root))
    lines = done.stdout.splitlines()
    assert [line.split()[1] for line in lines] == ["failed", "made", "made", "made"], done.stdout
    assert f"{MINI}.ipynb (mood=murders), its process was killed twice, perhaps for want of memory" in lines[0]
    once = f"{MINI}--mood-once/"
    assert {n: c for n, c in written(out).items() if not n.startswith(once)} == undisturbed.tree


# ---- disks and folders ----


@pytest.mark.slow
def test_a_full_disk_fails_what_does_not_fit_and_leaves_no_half_file(mini, undisturbed, tmp_path):
    with full(tmp_path / "disk", 48) as out:
        done = mini.cli("run", MINI, "--out", out)
        assert done.returncode == 1 and "Traceback" not in done.stderr
        assert f"notebooks/{MINI}.ipynb (mood=good), OSError: [Errno 28] No space left on device" in done.stderr
        assert "index.html: No space left on device" in done.stderr
        assert {p.name for p in out.iterdir()} <= HIDDEN


@pytest.mark.slow
def test_a_disk_that_fills_up_keeps_the_old_reports(mini, undisturbed, tmp_path):
    with full(tmp_path / "disk", 1024) as out:
        shutil.copytree(undisturbed.out, out, dirs_exist_ok=True)
        with contextlib.suppress(OSError), (out / "something else").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        done = mini.cli("run", MINI, AGAIN, "--force", "--out", out)
        assert done.returncode == 1 and "No space left on device" in done.stderr and "Traceback" not in done.stderr
        (out / "something else").unlink()
        assert written(out) == undisturbed.tree
        assert {p.name for p in out.iterdir()} == {MINI, AGAIN, "index.html", *HIDDEN}


def test_a_folder_that_is_read_only_is_refused_before_any_work(mini, out):
    with read_only(out):
        done = mini.cli("run", MINI, "--force", "--out", out)
    assert done.returncode == 2 and "cannot be written: Read-only file system" in done.stderr
    assert "made" not in done.stdout and "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("state", ["full", "missing", "long name"])
def test_another_temporary_folder_is_used(mini, undisturbed, tmp_path, scratch, state):
    folder = scratch / ("a" * 80 if state == "long name" else state)
    with full(folder, 4) if state == "full" else contextlib.nullcontext():
        if state == "full":
            (folder / "something else").write_bytes(bytes(4096))
        elif state == "long name":
            folder.mkdir()
        done = mini.cli("run", MINI, AGAIN, "--out", tmp_path / "out", TMPDIR=str(folder))
    assert done.returncode == 0, done.stderr
    assert written(tmp_path / "out") == undisturbed.tree


@pytest.mark.slow
def test_a_temporary_folder_that_fills_up_fails_the_report_in_one_line(mini, tmp_path, scratch):
    with full(scratch / "small", 40) as folder:
        done = mini.cli("run", MINI, "--out", tmp_path / "out", TMPDIR=str(folder))
        assert done.returncode == 1 and "No space left on device" in done.stderr
        assert "Traceback" not in done.stderr and temporary(folder) == []


HOMES = {"read-only": {}, "absent": {"HOME": "/nonexistent"}, "unset": {"HOME": None}}


@pytest.mark.slow
@pytest.mark.parametrize("home", ["read-only", "absent", "unset"])
def test_no_home_is_needed(mini, undisturbed, tmp_path, home):
    """Jupyter, IPython and Matplotlib keep settings and caches in a home directory if there is one."""
    empty = dict.fromkeys(("MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "IPYTHONDIR", "JUPYTER_DATA_DIR"))
    (tmp_path / "home").mkdir()
    with read_only(tmp_path / "home") as folder:
        done = mini.cli("run", MINI, AGAIN, "--out", tmp_path / "out", **empty | {"HOME": str(folder)} | HOMES[home])
    assert done.returncode == 0 and done.stderr == "", done.stderr
    assert written(tmp_path / "out") == undisturbed.tree


# ---- clocks ----


@pytest.mark.parametrize("clock", [1, 2**31 - 1])  # 1970, 2038
def test_a_clock_that_jumps_makes_nothing_stale_and_hides_no_change(mini, change, tmp_path, clock):
    mini.call(write_fake_report, tmp_path / "report")
    files = [*(tmp_path / "report").rglob("*"), *mini.data.rglob("*.csv"), *(mini.root / "notebooks").iterdir()]
    for path in files:
        os.utime(path, (clock, clock))
    assert mini.call(why_stale, tmp_path / "report") == ""
    os.utime(change("data/geography/tile_grid.csv", lambda text: text + "\n"), (clock, clock))
    assert mini.call(why_stale, tmp_path / "report") == "changed: data/geography/tile_grid.csv"
