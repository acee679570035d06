"""Copies of data/ to break, and strict arithmetic."""

import gc
import os
import shutil
import subprocess
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in a report's kernel; read when numpy is imported

import numpy as np
import pytest
from hypothesis import settings

from innodivide.data import frozen

settings.register_profile("innodivide", deadline=None)  # a loaded machine is not a failure
settings.load_profile("innodivide")


def pytest_collection_finish() -> None:
    """Let no search for garbage look through modules and tests, which stay; multipletests makes one at each call."""
    gc.freeze()


@pytest.fixture(autouse=True)
def strict_arithmetic():
    """Let a division by zero, an overflow or an invalid operation fail the test instead of passing as inf or nan."""
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        yield


@pytest.fixture(scope="module")  # no longer: while it runs, no other test of this process could use asyncio
def browser():
    """A Chromium for the tests of one module."""
    import chromium

    with chromium.started() as running:
        yield running


@pytest.fixture
def visit(browser, address):
    """Open the page at the module's `address`: visit(viewport, hash, of=address, **options of the browser)."""
    import chromium

    with chromium.visitor(browser, address) as open_page:
        yield open_page


@pytest.fixture(scope="module")
def mini(tmp_path_factory):
    """A small copy of the repository with notebooks that run in a second."""
    from report_fixtures import Mini

    made = Mini(tmp_path_factory.mktemp("mini"), light=True)
    yield made
    made.close()


@pytest.fixture
def change(mini):
    """Change files of the small repository and put them back afterwards.

    change(file, new): the new text or bytes, None for no file, or a function of the old text.
    """
    kept = {}

    def apply(file, new) -> Path:
        path = mini.root / file
        kept.setdefault(path, path.read_bytes())
        old = path.read_bytes().decode()
        content = new(old) if callable(new) else new
        assert content != old, f"{file} was not changed"
        path.unlink()
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    yield apply
    for path, content in kept.items():
        path.write_bytes(content)


class DataCopy:
    """A folder of tables whose files a test may change; `restore` puts back content and time stamp of each."""

    def __init__(self, folder: Path):
        self.folder, self._kept = folder, {}

    def __truediv__(self, file: str) -> Path:
        return self.folder / file

    def _keep(self, file: str) -> Path:
        path = self.folder / file
        if file not in self._kept:
            self._kept[file] = (path.read_bytes(), path.stat().st_mtime_ns)
        return path

    def change(self, file: str, function) -> None:
        """Replace the text of a file by `function(text)`; bytes are written as they are, None removes the file."""
        path = self._keep(file)
        new = function(path.read_bytes().decode("utf-8"))
        path.unlink()  # the file may be a hard link: write a new one
        if new is not None:
            path.write_bytes(new if isinstance(new, bytes) else new.encode("utf-8"))

    def row(self, file: str, start: str) -> int:
        """Return the line number (as an editor shows it) of the one line that begins with `start`."""
        lines = (self.folder / file).read_bytes().split(b"\n")
        found = [i for i, line in enumerate(lines, start=1) if line.startswith(start.encode())]
        assert len(found) == 1, f"{len(found)} lines of {file} begin with {start!r}"
        return found[0]

    def restore(self) -> None:
        for file, (content, stamp) in self._kept.items():
            path = self.folder / file
            path.unlink(missing_ok=True)
            path.write_bytes(content)
            os.utime(path, ns=(stamp, stamp))
        self._kept.clear()


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory) -> Path:
    """One copy of data/ for the whole session."""
    return Path(shutil.copytree(frozen.DATA, tmp_path_factory.mktemp("repository") / "data"))


@pytest.fixture
def copy(data_folder) -> DataCopy:
    """The session's copy of data/, put back after the test.

    Restored time stamps let the library's cache keep the tables that a test did not touch, so that checking everything
    after one change takes a fraction of a second.
    """
    one = DataCopy(data_folder)
    yield one
    one.restore()


@pytest.fixture
def repository(data_folder, tmp_path):
    """A repository of its own in hard links, and the command line running on it: `repository.run("check")`."""
    shutil.copytree(data_folder, tmp_path / "data", copy_function=os.link)
    shutil.copy(frozen.ROOT / "analysis_plan.yml", tmp_path)
    return Repository(tmp_path)


class Repository(DataCopy):
    """A private repository layout with a command line."""

    def __init__(self, root: Path):
        super().__init__(root / "data")
        self.root = root

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        environment = {**os.environ, "INNODIVIDE_ROOT": str(self.root)}
        environment.pop(frozen.DECLARED_TABLES, None)
        return subprocess.run(
            [sys.executable, "-m", "innodivide.cli", *arguments],
            env=environment,
            timeout=120,
            capture_output=True,
            text=True,
            check=False,
            cwd=self.root,
        )
