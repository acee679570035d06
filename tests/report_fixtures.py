"""A small repository with a fast notebook, a long-lived process that works in it, and a reader of report pages."""

import copy
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from html.parser import HTMLParser
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from innodivide.data import frozen

ROOT = frozen.ROOT
MINI, AGAIN, HURRIED = "90_mini", "91_again", "92_hurried"
HURRY = 20  # seconds that the last of them may take: enough to start a kernel on a busy machine
MOODS = ("good", "second", "trips", "fails", "bare", "warns", "undeclared", "dies", "edits")
MOODS += ("spoils", "killed", "murders", "once", "spins", "sleeps", "ignores")
TROUBLE_CELL = 7  # as a reader of the notebook counts; papermill's injected cell would make it 8

_DECLARATION = """
{name}:
  title: A small report
  folder: {name}
  tables: [tile_grid, ipcei_country]
  {more}
  parameters:
    mood: {{type: string, default: good, choices: [{moods}], meaning: "what happens in the notebook"}}
"""
MINI_YAML = "".join(
    _DECLARATION.format(name=name, more=more, moods=", ".join(MOODS))
    for name, more in ((MINI, ""), (AGAIN, ""), (HURRIED, f"timeout: {HURRY}"))
)
MINI_CELLS = (
    ("markdown", "# A small report\n\n## First part\n\nSome prose."),
    ("parameters", 'mood = "good"'),
    (
        "code",
        """import multiprocessing
import os
import re
import signal
import time
import warnings
from pathlib import Path

from matplotlib.figure import Figure

from innodivide import data
from innodivide.data import sources_of
from innodivide.narrative.exhibits import figure, say, table

tiles = data.load("tile_grid").head(3)""",
    ),
    ("code", 'say("N90.1", "There are {n} tiles in a {mood} mood.", n=len(tiles), mood=mood)'),
    (
        "code",
        'table("T90.1", "{n} tiles", tiles, {"geo": "Country", "row": "Row"}, values={"n": len(tiles)}, '
        "sources=sources_of(tiles))",
    ),
    ("markdown", "## Second part"),
    (
        "code",
        """if mood == "fails" or (mood == "trips" and Path("trip").exists()):
    raise ValueError("broken on purpose\\nin two lines")
if mood == "dies":
    os._exit(3)
if mood == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if mood == "murders" or (mood == "once" and not Path("murdered").exists()):
    Path("murdered").touch()
    os.kill(multiprocessing.parent_process().pid, signal.SIGKILL)  # the process that makes the report
    time.sleep(60)
if mood == "spins":
    re.match("(a+)+$", "a" * 60 + "b")  # years in C code that lets no other thread have a turn
if mood == "ignores":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
if mood in ("ignores", "sleeps"):
    time.sleep(600)
if mood == "undeclared":
    data.load("rrf_fact")
if mood == "warns":
    warnings.warn("left-over warning")
if mood == "edits":
    Path("analysis_plan.yml").write_text("# changed while the notebook ran")
{"bare": tiles}.get(mood)""",
    ),
    (
        "code",
        """from dataclasses import replace

drawing = Figure(figsize=(2, 1))
drawing.subplots().plot([1, 2])
shown = figure("F90.1", "A line", drawing, tiles, alt="A rising line.", sources=sources_of(tiles))
replace(shown, svg="<svg", data=tiles.assign(name="x" * 40_000)) if mood == "spoils" else shown""",
    ),
)


def write_notebook(path: Path, cells) -> None:
    """Write a notebook of ("markdown" | "code" | "parameters", source) pairs."""
    made = [
        new_markdown_cell(s)
        if kind == "markdown"
        else new_code_cell(s, metadata={"tags": ["parameters"]} if kind == "parameters" else {})
        for kind, s in cells
    ]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(new_notebook(cells=made, metadata=kernel), path)


def _heed_ctrl_c() -> None:
    """Undo what a shell does to a command in the background, whose children would never notice Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Mini:
    """A copy of the repository with one more notebook; `call` runs a function of this module in a process that lives in
    it, `cli` the command line."""

    def __init__(self, root: Path, light: bool = False):
        """`light`: its command line starts kernels from a server with few imports, for runs that are repeated often."""
        self.root, self.data = root, root / "data"
        shutil.copytree(ROOT / "data", self.data)
        shutil.copytree(ROOT / "innodivide", root / "innodivide", ignore=shutil.ignore_patterns("__pycache__", ".*"))
        shutil.copytree(ROOT / "notebooks", root / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        for name in ("analysis_plan.yml", "requirements.lock"):
            shutil.copy(ROOT / name, root / name)
        with (root / "notebooks" / "notebooks.yml").open("a", encoding="utf-8") as declarations:
            declarations.write(MINI_YAML)
        for name in (MINI, AGAIN, HURRIED):
            write_notebook(root / "notebooks" / f"{name}.ipynb", MINI_CELLS)
        if light:
            (root / "innodivide" / "reports" / "making" / "warm.py").write_text(
                "import ipykernel.kernelapp, innodivide.data.frozen\n"
            )
        self._pool = None

    def environment(self) -> dict[str, str]:
        """Return the environment of a process that works in this repository."""
        ours = (frozen.DECLARED_TABLES, "PYTHONSAFEPATH")  # what a command of this process set for its own children
        ours += ("PYTHONDONTWRITEBYTECODE",)  # the copy is ours to write in: compiled once, not by each process
        kept = {k: v for k, v in os.environ.items() if k not in ours}
        return kept | {"INNODIVIDE_ROOT": str(self.root)}

    def call(self, function, *arguments):
        """Return function(*arguments), called in a process of its own whose repository is this one."""
        if self._pool is None:
            before = dict(os.environ)
            os.environ.update(self.environment())
            try:
                self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
                self._pool.submit(os.getpid).result()
            finally:
                os.environ.clear()
                os.environ.update(before)
        return self._pool.submit(function, *arguments).result()

    def cli(self, *arguments, **environment) -> subprocess.CompletedProcess:
        """Run the command line in this repository."""
        process = self.start(*arguments, **environment)
        try:
            output, errors = process.communicate(timeout=180)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def start(self, *arguments, program=("-m", "innodivide.cli"), **environment) -> subprocess.Popen:
        """Start the command line, or a script, in this repository as a terminal does: in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, *program, *map(str, arguments)],
            env={k: v for k, v in (self.environment() | environment).items() if v is not None},
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=_heed_ctrl_c,
        )

    def at(self, root: Path) -> "Mini":
        """Return the same for a repository in another folder; only its command line can be used."""
        other = copy.copy(self)
        other.root = root
        return other

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()


# ---- functions that run inside the process of a Mini repository ----


def forget() -> None:
    """Forget what this process remembers of files that a test may have changed."""
    from innodivide.reports.making import declarations, manifest

    for cached in (declarations.notebooks, manifest._shared_inputs, manifest.environment, manifest.code_state):
        cached.cache_clear()


def invoke(arguments) -> SimpleNamespace:
    """Run the command line inside the process of the small repository: many commands, one start of Python."""
    from click.testing import CliRunner

    from innodivide.cli.main import main

    forget()
    done = CliRunner().invoke(main, [str(a) for a in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return SimpleNamespace(returncode=done.exit_code, stdout=done.stdout, stderr=done.stderr)


def make_reports(moods, out: Path, workers: int, force: bool = False, formats=("html", "pdf")) -> list:
    """Run the small notebook once for each mood and return the outcomes."""
    from innodivide.reports.making import run

    forget()
    return run.run([run.job(MINI, formats, mood=m) for m in moods], out, force=force, workers=workers)


def make_reports_in_threads(moods, out: Path) -> tuple[list, int]:
    """Run the small notebook for each mood in threads; return the outcomes, and what the threads answer afterwards."""
    from innodivide.reports.making import run

    forget()
    with ThreadPoolExecutor(2) as threads:
        outcomes = run.run([run.job(MINI, run.FORMATS, mood=m) for m in moods], out, executor=threads)
        return outcomes, threads.submit(len, "ab").result()


def write_fake_report(folder: Path, name: str = MINI) -> dict:
    """Write a report folder with a true manifest, without running a kernel."""
    from innodivide.reports.making import manifest, run

    forget()
    item = run.job(name)
    (folder / "exhibits").mkdir(parents=True)
    (folder / "report.html").write_text("<p>report</p>", "utf-8")
    (folder / "exhibits" / "T90.1.csv").write_text("a\n1\n", "utf-8")
    content = manifest.build(item.notebook, item.parameters, folder, manifest.inputs(item.notebook))
    (folder / "manifest.json").write_text(json.dumps(content), "utf-8")
    return content


def why_stale(folder: Path, name: str = MINI, mood: str = "good") -> str:
    """Return why the report in the folder must be made again."""
    from innodivide.reports.making import manifest, run

    forget()
    item = run.job(name, mood=mood)
    return next(manifest.reasons(item.notebook, item.parameters, folder, ("html",)), "")


# ---- reading a report page ----


class Page(HTMLParser):
    """The elements of a report page, its ids and links, and the text a reader sees before the list of sources."""

    HIDDEN = ("style", "details", "title", "nav")
    VOID = ("meta", "img", "br", "hr", "link", "input", "source")

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.elements, self.open, self.pieces, self.everything, self.in_sources = [], [], [], [], False
        self.feed(text)
        self.close()
        assert not self.open, f"elements left open: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "section" and dict(attrs).get("aria-labelledby") == "sources":
            self.in_sources = True
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.VOID:  # written as <br />
            return
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, text):
        if "style" not in self.open:
            self.everything.append(text)
        if not self.in_sources and not set(self.open) & set(self.HIDDEN):
            self.pieces.append(text)

    def all(self, tag: str) -> list[dict]:
        """Return the attributes of all elements of a kind."""
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def ids(self) -> list[str]:
        return [attrs["id"] for _, attrs in self.elements if "id" in attrs]

    @property
    def visible(self) -> str:
        """The text of the report proper: no code, no contents list, no list of sources."""
        return " ".join(" ".join(self.pieces).split())

    @property
    def text(self) -> str:
        """All text, also the code of the cells and the list of sources."""
        return " ".join(" ".join(self.everything).split())


def assert_sound(text: str) -> Page:
    """Assert what holds for every report page: one file that fetches nothing, accessible, links that lead somewhere."""
    page = Page(text)
    assert text.startswith("<!doctype html>") and page.all("html") == [{"lang": "en"}]
    assert {"charset": "utf-8"} in page.all("meta")
    for tag in ("script", "link", "iframe", "object", "embed", "base", "form", "video", "audio"):
        assert not page.all(tag), f"the page has <{tag}>"
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    assert "url(" not in style and "@import" not in style
    for tag, attrs in page.elements:
        assert not [a for a in attrs if a.startswith("on")], f"<{tag}> has an event handler"
        assert not {"background", "poster", "style"} & set(attrs), f"<{tag}> has {sorted(attrs)}"
        own = tag == "source" and attrs.keys() == {"media", "srcset"}  # the drawing for phones
        assert "srcset" not in attrs or (own and attrs["srcset"].startswith("data:image/svg+xml;base64,"))
    for image in page.all("img"):
        assert image["src"].startswith("data:image/svg+xml;base64,")
        assert len(image.get("alt", "").split()) >= 3, f"alt text {image.get('alt')!r}"
    for heading in page.all("th"):
        assert heading.get("scope") in ("col", "row")
    for link in page.all("a"):
        target = link["href"]
        inside = target.startswith("data:text/csv;charset=utf-8;base64,") and link["download"].endswith(".csv")
        home = re.fullmatch(r"(\.\./)+index\.html", target)
        assert inside or home or target.startswith(("https://", "http://", "exhibits/", "share/", "#")), target
        assert not target.startswith("#") or target[1:] in page.ids, f"{target} leads nowhere"
    assert len(page.ids) == len(set(page.ids)), "an id is used twice"
    assert len(page.all("h1")) == 1
    return page


def tree(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def written(out: Path) -> dict[str, bytes]:
    """Return all that a run wrote for readers: no lock, and not the one file that tells how long it took."""
    return {n: c for n, c in tree(out).items() if not n.endswith("times.json") and not n.startswith(".")}


# ---- processes ----


def alive(pid: int) -> bool:
    """Return whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def processes_of(mark: str) -> list[int]:
    """Return the living processes that were started with `mark` in their environment, themselves or their parents."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                if mark.encode() in (folder / "environ").read_bytes() and alive(int(folder.name)):
                    found.append(int(folder.name))
            except OSError:
                continue
    return found


def wait_until(true, seconds: float) -> None:
    """Return as soon as `true()` holds; fail if it does not in time."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.05)
