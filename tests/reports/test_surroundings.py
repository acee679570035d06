"""What the user's surroundings are (folder, variables, streams, limits, another checkout) reaches no report."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import innodivide
from innodivide.data import frozen
from innodivide.reports.making import kernels, manifest, surroundings

PARENT = Path(innodivide.__file__).resolve().parents[1]
posix = pytest.mark.skipif(os.name != "posix", reason="shells and limits of POSIX")


def ask(code: str, cwd=None, prefix=(), **variables) -> subprocess.CompletedProcess:
    """Run some code in a new process, as a program that is started in a folder with some variables."""
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONSAFEPATH", "INNODIVIDE_ROOT")}
    command = [*prefix, sys.executable, "-c", f"import sys; sys.path.append({str(PARENT)!r})\n{code}"]
    return subprocess.run(command, env=clean | variables, cwd=cwd, capture_output=True, text=True, timeout=60)


# ---- the search path ----


@pytest.mark.parametrize("path", [None, ":", ".", "{here}"])
def test_nothing_is_imported_from_the_current_folder_here_or_in_children(tmp_path, path):
    (tmp_path / "filelock.py").write_text("raise SystemExit('ran what lies in the current folder')")
    code = (
        "import subprocess; from innodivide.reports.making import surroundings; surroundings.settle()\n"
        "import filelock; print(filelock.__file__)\n"
        "print(subprocess.run([sys.executable, '-c', 'import filelock; print(filelock.__file__)'],"
        " capture_output=True, text=True))"
    )
    variables = {} if path is None else {"PYTHONPATH": path.replace("{here}", str(tmp_path))}
    done = ask(code, tmp_path, **variables)
    assert done.returncode == 0 and "ran what lies" not in done.stdout, done
    assert done.stdout.count("site-packages") == 2


def test_a_block_for_children_leaves_the_process_as_it_was(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"/a{os.pathsep}{os.pathsep}{tmp_path}{os.pathsep}/b")
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    before, path = dict(os.environ), list(sys.path)
    with surroundings.children():
        assert os.environ["PYTHONPATH"] == f"/a{os.pathsep}/b" and os.environ["PYTHONSAFEPATH"] == "1"
    assert dict(os.environ) == before and sys.path == path


def test_a_package_that_lies_in_the_current_folder_alone_is_found_by_children_too(monkeypatch):
    monkeypatch.chdir(PARENT)
    monkeypatch.setattr(sys, "path", [str(PARENT), "/elsewhere"])
    with surroundings.children():
        assert os.environ["PYTHONPATH"].split(os.pathsep)[0] == str(PARENT)
    monkeypatch.setattr(sys, "path", ["/elsewhere", str(PARENT)])  # installed from there: it needs no first place
    with surroundings.children():
        assert str(PARENT) not in os.environ.get("PYTHONPATH", "").split(os.pathsep)


# ---- variables and startup files ----


def test_settings_of_other_programs_do_not_reach_a_kernel():
    ours = {"PATH": "a", "HOME": "b", "LC_ALL": "c", "LANG": "d", "TMPDIR": "e", "INNODIVIDE_WITHOUT": "f", "TZ": "g"}
    ours |= {"LD_LIBRARY_PATH": "h", "OMP_NUM_THREADS": "1", "SystemRoot": "i"}
    theirs = ("PYTHONSTARTUP", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONINSPECT", "PANDAS_FUTURE_INFER_STRING")
    theirs += ("IPYTHON_CONFIG", "JUPYTER_CONFIG_DIR", "MATPLOTLIBRC", "SCIPY_ARRAY_API", "SKLEARN_ASSUME_FINITE")
    theirs += ("NPY_PROMOTION_STATE", "PYTHONBREAKPOINT", "PYTHONHASHSEED_", "MPLBACKEND", "PATHS")
    assert surroundings.kept(ours | dict.fromkeys(theirs, "x")) == ours


def test_a_kernel_reads_no_settings_and_runs_no_startup_file_of_the_machine(monkeypatch):
    from ipykernel.kernelapp import IPKernelApp
    from IPython.core import application

    given = []
    monkeypatch.setattr(application, "SYSTEM_CONFIG_DIRS", ["/etc/ipython"])
    monkeypatch.setattr(application, "ENV_CONFIG_DIRS", ["/x/etc/ipython"])
    monkeypatch.setattr(IPKernelApp, "launch_instance", lambda argv: given.extend(argv))
    kernels.serve(["-f", "file"])
    assert application.SYSTEM_CONFIG_DIRS == application.ENV_CONFIG_DIRS == []
    assert given == ["--InteractiveShellApp.exec_PYTHONSTARTUP=False", "-f", "file"]


def test_a_plain_kernel_is_ours_whatever_is_registered_as_python3():
    class Registered:
        argv, resource_dir = ["/usr/bin/other", "-X", "x", "-m", "mine", "-f", "{connection_file}"], ""

    manager = kernels.ReportKernelManager(connection_file="/c.json")
    manager._kernel_spec, manager._launch_args = Registered, {}
    assert manager.format_kernel_cmd() == [sys.executable, "-P", "-m", kernels.__name__, "-f", "/c.json"]


def test_tables_are_the_same_whatever_pandas_is_told():
    code = "from innodivide import data; t = data.load('country'); print(t['geo'].dtype, t.isna().sum().sum(), len(t))"
    plain, told = (ask(code, **more).stdout for more in ({}, {"PANDAS_FUTURE_INFER_STRING": "0"}))
    assert plain == told != ""


def test_a_relative_root_means_the_same_in_every_process(tmp_path):
    code = "import os; from innodivide.data import frozen; print(frozen.ROOT, os.environ['INNODIVIDE_ROOT'])"
    assert ask(code, tmp_path, INNODIVIDE_ROOT=".").stdout == f"{tmp_path.resolve()} {tmp_path.resolve()}\n"


# ---- streams and limits ----


@posix
def test_closed_streams_are_opened_on_nothing_also_for_children():
    code = (
        "import os, subprocess; from innodivide.reports.making import surroundings; surroundings.settle()\n"
        "print('x'); print('x', file=sys.stderr); [os.fstat(n) for n in (0, 1, 2)]\n"
        "sys.exit(subprocess.run([sys.executable, '-c', 'import os; [os.fstat(n) for n in (0, 1, 2)]']).returncode)"
    )
    for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
        assert ask(code, prefix=("sh", "-c", f'"$@" {closed}', "sh")).returncode == 0, closed


@posix
def test_a_low_limit_on_open_files_is_raised_or_named():
    code = (
        "import resource; from innodivide.reports.making.surroundings import allow_files; allow_files()\n"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    assert ask(code, prefix=("sh", "-c", 'ulimit -Sn 64; exec "$@"', "sh")).stdout == f"{surroundings.FILES}\n"
    refused = ask(code, prefix=("sh", "-c", 'ulimit -n 64; exec "$@"', "sh"))
    assert f"may open only 64 files here, and reports need {surroundings.FILES}" in refused.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_device_is_named_and_not_another_file():
    code = "sys.argv = ['innodivide', 'describe']; from innodivide.cli import main; main()"
    done = ask(code, prefix=("sh", "-c", '"$@" >/dev/full', "sh"))
    assert done.returncode == 1 and "standard output" in done.stderr and "Traceback" not in done.stderr


def test_a_console_without_the_letters_ends_no_command():
    code = "sys.argv = ['x']; from innodivide.reports.making import surroundings; surroundings.settle(); print('–é')"
    assert ask(code, PYTHONIOENCODING="ascii").stdout == "\\u2013\\xe9\n"


# ---- which checkout, which git ----


@pytest.fixture
def other(tmp_path):
    """Another checkout: code and data of its own."""
    for file in ("innodivide/__init__.py", "data/datapackage.json"):
        (tmp_path / file).parent.mkdir()
        shutil.copy(frozen.ROOT / file, tmp_path / file)
    (tmp_path / "notebooks").mkdir()
    return tmp_path


def test_the_program_of_one_checkout_does_not_work_on_another(other, monkeypatch):
    monkeypatch.delenv("INNODIVIDE_ROOT", raising=False)
    for folder in (other, other / "notebooks"):
        monkeypatch.chdir(folder)
        with pytest.raises(surroundings.OtherCheckout, match=f"belongs to {PARENT}, but the current folder is in"):
            surroundings.one_root()
    monkeypatch.setenv("INNODIVIDE_ROOT", str(other))
    monkeypatch.setattr(frozen, "ROOT", other)
    with pytest.raises(surroundings.OtherCheckout, match="INNODIVIDE_ROOT names"):
        surroundings.one_root()
    shutil.rmtree(other / "innodivide")  # data without code
    surroundings.one_root()
    monkeypatch.delenv("INNODIVIDE_ROOT")
    monkeypatch.chdir(PARENT / "tests")
    surroundings.one_root()


def git(folder, *arguments):
    who = ("-c", "user.name=A", "-c", "user.email=a@b.c")
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


def test_only_the_git_of_this_very_tree_is_believed(tmp_path, monkeypatch):
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.setattr(frozen, "ROOT", inner)
    with pytest.raises(manifest.DataError, match="git says: fatal: not a git repository"):
        manifest.git("ls-files")
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "outer")
    with pytest.raises(manifest.DataError, match="not a git checkout of its own, but a folder in that of"):
        manifest.git("rev-parse", "HEAD")
    git(inner, "init", "-q")
    git(inner, "commit", "-q", "--allow-empty", "-m", "inner")
    for name, value in (("GIT_DIR", tmp_path / ".git"), ("GIT_WORK_TREE", tmp_path), ("GIT_INDEX_FILE", "x")):
        monkeypatch.setenv(name, str(value))  # as in a hook of git
    assert manifest.git("log", "--format=%s") == "inner\n"
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(manifest.DataError, match="dubious ownership"):
        manifest.git("ls-files")


# ---- the environment that make sets up ----


@posix
@pytest.mark.skipif(not shutil.which("make"), reason="needs make")
def test_make_takes_no_environment_of_another_folder_for_its_own(tmp_path):
    folder = tmp_path / "a b{x}"
    (folder / ".venv" / "bin").mkdir(parents=True)
    locks = sorted(p.name for p in frozen.ROOT.glob("requirements*.lock"))
    for name in ("Makefile", "pyproject.toml", *locks):
        shutil.copy(frozen.ROOT / name, folder)
    (folder / ".venv" / ".ready").touch()

    def planned(target="reports"):
        return subprocess.run(["make", "-n", target], cwd=folder, capture_output=True, text=True).stdout

    program, python = folder / ".venv" / "bin" / "innodivide", folder / ".venv" / "bin" / "python"
    python.write_text(f"#!/bin/sh\necho '{folder.resolve()}/innodivide'\n")  # says which package it would load
    python.chmod(0o755)
    for owner, own in ((folder, True), (tmp_path / "original", False)):
        program.write_text(f"#!{owner.resolve()}/.venv/bin/python\n")
        assert ("-m venv" in planned(), "GB of disk" in planned()) == (not own, not own)
        parts = [[name for name in locks if f"-r {name}\n" in planned(target)] for target in ("reports", "lab", "test")]
        first = [] if own else ["requirements.lock"]
        lab = sorted([*first, "requirements-lab.lock"])
        assert parts == [first, lab, sorted([*lab, "requirements-test.lock"])]
        (folder / ".venv" / ".ready-lab").touch()
        (folder / ".venv" / ".ready-test").touch()
        assert ("-r " in planned("test")) == (not own)  # all parts are there, but those of another folder do not count
        (folder / ".venv" / ".ready-lab").unlink()
        (folder / ".venv" / ".ready-test").unlink()
    program.write_text(f"#!{python.resolve()}\n")
    python.write_text("#!/bin/sh\necho /another/innodivide\n")
    assert "-m venv" in planned()
