"""Runs on a real Dask scheduler with real worker processes on this machine, one of which is killed in the middle."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future

import pytest
from report_fixtures import MINI, Mini, wait_until, written

from innodivide.data import frozen
from innodivide.errors import ParameterError
from innodivide.reports.making import cluster, manifest, place, run

pytest.importorskip("distributed")
MOODS = ("good", "second", "trips")


class Dask:
    """A scheduler and workers as a cluster has them: started from the command line, each a process group of its own."""

    def __init__(self, folder):
        self.folder, self.started, self.address = folder, [], None
        folder.mkdir(exist_ok=True)

    def _start(self, name, *arguments, **environment):
        log = (self.folder / f"{name}.log").open("w")
        command = [sys.executable, "-m", "dask", *map(str, arguments)]
        process = subprocess.Popen(
            command, stdout=log, stderr=log, start_new_session=True, cwd=self.folder, env=os.environ | environment
        )
        self.started.append(process)
        return process

    def scheduler(self, *more):
        file = self.folder / "scheduler.json"
        options = ("--host", "127.0.0.1", "--port", 0, "--no-dashboard", "--scheduler-file", file, *more)
        process = self._start("scheduler", "scheduler", *options)
        wait_until(file.exists, 60)
        time.sleep(0.1)
        self.address = json.loads(file.read_text())["address"]
        return process

    def worker(self, name, root, *options, threads=1, **environment):
        """Start a worker that works in the repository at `root` and has the code that is there."""
        environment = {"INNODIVIDE_ROOT": str(root), "PYTHONPATH": str(root), "TMPDIR": "/tmp"} | environment
        places = ("--host", "127.0.0.1", "--no-dashboard", "--local-directory", self.folder / name)
        return self._start(
            name, "worker", self.address, "--name", name, "--nthreads", threads, *places, *options, **environment
        )

    def close(self):
        for process in reversed(self.started):
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            process.wait()


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    made = Mini(tmp_path_factory.mktemp("cluster"), light=True)
    yield made
    made.close()


@pytest.fixture
def dask(tmp_path):
    made = Dask(tmp_path / "dask")
    made.scheduler()
    yield made
    made.close()


@pytest.fixture(scope="module")
def local(mini):
    """The same reports made by processes of this machine."""
    out = mini.root / "local"
    done = on(mini, mini.cli, None, out)
    assert done.returncode == 0, done.stderr
    return written(out)


SCRIPT = """
if __name__ == "__main__":
    import sys
    from contextlib import nullcontext
    from pathlib import Path
    from innodivide.reports.making.cluster import executor
    from innodivide.reports.making.run import job, run
    address, out, *moods = sys.argv[1:]
    with executor(address, ["{mini}"]) if address else nullcontext() as there:
        jobs = [job("{mini}", mood=m) for m in moods]
        run(jobs, Path(out), executor=there, workers=2, tell=lambda o: print(o.name, o.status, o.message, flush=True))
"""


def on(mini, do, address, out, *moods):
    """Run the script on a cluster, or without an address here; `do` is `mini.start`, or `mini.cli` to wait for it."""
    (mini.root / "on_cluster.py").write_text(SCRIPT.format(mini=MINI))
    return do(address or "", out, *(moods or MOODS), program=["on_cluster.py"], PYTHONPATH=str(mini.root))


# ---- the same work ----


def test_a_worker_killed_in_the_middle_loses_nothing_doubles_nothing_and_the_bytes_are_the_same(mini, dask, local):
    """Two workers without a nanny that would start another; one is killed while it runs a notebook."""
    out = mini.root / "killed"
    victim = dask.worker("victim", mini.root, "--no-nanny")
    dask.worker("survivor", mini.root, "--no-nanny")
    wait_until(lambda: (dask.folder / "victim").exists() and (dask.folder / "survivor").exists(), 60)
    process = on(mini, mini.start, dask.address, out)
    wait_until(lambda: children(victim.pid), 60)  # it has a kernel, or the server that kernels are forked from
    time.sleep(0.5)
    assert process.poll() is None
    os.killpg(victim.pid, signal.SIGKILL)
    output, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    told = sorted(line.split()[:2] for line in output.splitlines())
    assert told == sorted([f"{MINI}{'' if m == 'good' else f'--mood-{m}'}", "made"] for m in MOODS), output + errors
    assert written(out) == local
    assert {p.name for p in out.iterdir() if p.name.startswith(".")} == {".run.lock"}


def children(pid: int) -> list[int]:
    done = subprocess.run(["pgrep", "--parent", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in done.stdout.split()]


@pytest.mark.slow
@pytest.mark.parametrize("daemon", ["True", "False"])
def test_workers_with_nannies_and_threads_make_the_same_bytes_by_command_line(mini, dask, local, daemon):
    """The way Dask starts workers: daemonic, so that kernels start the plain way, or, if configured, not."""
    dask.worker("a", mini.root, "--nworkers", 2, threads=2, DASK_DISTRIBUTED__WORKER__DAEMON=daemon)
    done = mini.cli("run", MINI, "--cluster", dask.address, "--out", mini.root / f"nanny-{daemon}")
    assert done.returncode == 0, done.stderr
    assert "1 made, 0 up to date, 0 failed" in done.stdout
    made = {n: c for n, c in written(mini.root / f"nanny-{daemon}").items() if n != "index.html"}
    assert made == {n: c for n, c in local.items() if n.startswith(f"{MINI}/")}


@pytest.mark.slow
def test_a_report_that_kills_its_worker_each_time_fails_alone(mini, dask, local):
    """Workers that may have children, so that the notebook knows whom to kill; their nannies start others."""
    out = mini.root / "murders"
    dask.worker("a", mini.root, "--nworkers", 2, DASK_DISTRIBUTED__WORKER__DAEMON="False")
    done = on(mini, mini.cli, dask.address, out, "murders", "good")
    assert done.returncode == 0, done.stderr
    failed, made = sorted(done.stdout.splitlines(), key=lambda line: "failed" not in line)
    assert f"{MINI}.ipynb (mood=murders), KilledWorker: " in failed and made.split() == [MINI, "made"]
    assert {n for n in written(out) if not n.startswith(f"{MINI}/")} == set()


@pytest.mark.slow
def test_a_scheduler_that_dies_ends_the_run_with_a_clear_failure(mini, tmp_path):
    dask = Dask(tmp_path / "dask")
    scheduler = dask.scheduler()
    dask.worker("a", mini.root)
    try:
        process = on(mini, mini.start, dask.address, tmp_path / "out", "sleeps")
        wait_until(lambda: list(tmp_path.glob("out/.run.lock")), 90)
        time.sleep(3)
        os.killpg(scheduler.pid, signal.SIGKILL)
        output, _ = process.communicate(timeout=120)
        assert re.search(r"failed .*the connection to the scheduler was lost", output), output
        assert not list(tmp_path.glob("out/9*"))
    finally:
        dask.close()


@pytest.mark.slow
def test_ctrl_c_ends_a_run_on_a_cluster_at_once(mini, dask, tmp_path):
    worker = dask.worker("a", mini.root, "--no-nanny")
    process = mini.start("run", MINI, "-p", "mood=sleeps", "--cluster", dask.address, "--out", tmp_path / "out")
    wait_until(lambda: children(worker.pid), 120)
    time.sleep(3)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)  # the notebook would sleep for longer
    assert process.returncode == 130 and errors == "\ninterrupted; the same command goes on from here\n"
    assert [p.name for p in (tmp_path / "out").iterdir()] == [".run.lock"]


# ---- what is checked on connecting ----


@pytest.mark.slow
def test_a_worker_with_other_data_or_without_the_package_is_refused(mini, dask, tmp_path):
    other = Mini(tmp_path / "other", light=True)
    table = other.data / "geography" / "tile_grid.csv"
    table.write_bytes(table.read_bytes() + b"\n")
    dask.worker("other", other.root, "--no-nanny")
    empty = tmp_path / "empty"
    (empty / "innodivide").mkdir(parents=True)
    (empty / "innodivide" / "__init__.py").write_text("")  # hides the installed package
    dask.worker("empty", empty, "--no-nanny")
    done = on(mini, mini.cli, dask.address, tmp_path / "out")
    for _ in range(30):  # until both have joined
        if "cannot use innodivide" in done.stderr and "differs" in done.stderr:
            break
        time.sleep(1)
        done = on(mini, mini.cli, dask.address, tmp_path / "out")
    here = manifest.file_sha256(mini.data / "geography" / "tile_grid.csv")[:16]
    there = manifest.file_sha256(table)[:16]
    assert done.returncode == 1
    assert re.search(
        rf"tcp://127\.0\.0\.1:\d+ differs: data/geography/tile_grid\.csv is {there} there and {here} here", done.stderr
    ), done.stderr
    assert re.search(r"tcp://127\.0\.0\.1:\d+ cannot use innodivide: ImportError|ModuleNotFoundError", done.stderr)
    assert "nothing was run" in done.stderr and not (tmp_path / "out").exists()


def test_differences_name_what_and_both_values():
    here = {"data/a.csv": "a" * 64, "numpy": "2.3.0", "pandas": "3.0.0"}
    there = {"data/a.csv": "b" * 64, "numpy": "2.2.0", "pandas": "3.0.0", "data/c.csv": "c" * 64}
    assert cluster.differences(here, here) == ""
    assert cluster.differences(there, here) == (
        f"data/a.csv is {'b' * 16} there and {'a' * 16} here, data/c.csv is {'c' * 16} there and missing here, "
        "numpy is 2.2.0 there and 2.3.0 here"
    )
    assert cluster.differences({}, {str(i): "x" for i in range(5)}).endswith(" and 2 more")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense://x", "nothing at all"])
def test_no_scheduler_is_a_clear_error(address, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT", 2.0)
    with pytest.raises(cluster.ClusterError, match=rf"no Dask scheduler answers at {re.escape(address)}: \S+"):
        with cluster.executor(address):
            pytest.fail("connected to nothing")


def test_a_scheduler_without_workers_is_a_clear_error(dask, monkeypatch):
    monkeypatch.setattr(cluster, "JOIN", 1.0)
    with pytest.raises(cluster.ClusterError, match=r"no worker has joined the scheduler at tcp://\S+ in 1 s"):
        with cluster.executor(dask.address):
            pytest.fail("there is nobody to work")


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("openssl"), reason="NOT TESTED HERE: makes a certificate with openssl")
def test_with_tls_only_holders_of_a_certificate_get_in(tmp_path, monkeypatch):
    import dask

    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-days", "2"]
    subprocess.run([*request, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    files = ("--tls-ca-file", certificate, "--tls-cert", certificate, "--tls-key", key)
    ours = {"ca-file": str(certificate), "client.cert": str(certificate), "client.key": str(key)}
    monkeypatch.setattr(cluster, "CONNECT", 5.0)
    there = Dask(tmp_path / "dask")
    try:
        there.scheduler("--protocol", "tls", *files)
        there.worker("a", frozen.ROOT, "--no-nanny", *files)
        assert there.address.startswith("tls://")
        with dask.config.set({f"distributed.comm.tls.{k}": v for k, v in ours.items()}):
            with cluster.executor(there.address) as executor:
                assert executor.submit(len, "ab").result(60) == 2
        with pytest.raises(cluster.ClusterError, match="no Dask scheduler answers at tls://"):
            with cluster.executor(there.address):
                pytest.fail("let in without a certificate")
    finally:
        there.close()


# ---- workers that join later ----


def test_a_result_from_other_inputs_is_refused(tmp_path):
    """An executor whose results were made with another pandas."""

    class Other(Executor):
        def submit(self, function, item):
            future = Future()
            other = manifest.versions() | {"pandas": "1.0"}
            future.set_result(run.Made({"report.html": b""}, manifest.inputs(item.notebook), other))
            return future

    outcomes = run.run([run.job("01")], tmp_path, executor=Other())
    assert [o.status for o in outcomes] == ["failed"]
    assert outcomes[0].message == (
        "notebooks/01_innovation_divide.ipynb, a worker that joined later differs: pandas is 1.0 there and "
        f"{manifest.versions()['pandas']} here"
    )
    assert {p.name for p in tmp_path.iterdir()} == {".run.lock"}


def test_a_file_name_that_leads_out_of_the_report_is_refused(tmp_path):
    for name in ("../outside", "/tmp/outside-of-it", "a/../../outside"):
        with pytest.raises(ParameterError, match="is outside the report"):
            place._write(tmp_path / "report", name, b"x")
    assert not (tmp_path / "outside").exists()
