"""Documentation: examples and code blocks run, commands and links exist, every page is reached; slow: the site."""

import doctest
import importlib
import inspect
import json
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import as_notebook
import chromium
import pytest

from innodivide.cli.main import main
from innodivide.data import frozen

DOCS = frozen.ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
ON_A_PAGE = {"load", "describe"}  # their examples stand in docs/tutorial.md


def public() -> dict:
    """Public functions and classes, by name; one that stands in two rooms once."""
    found = {}
    for room in ("innodivide", "innodivide.models", "innodivide.indicators"):
        module = importlib.import_module(room)
        found |= {name: getattr(module, name) for name in module.__all__}
    return {name: thing for name, thing in found.items() if callable(thing)}


PUBLIC = public()


@pytest.mark.parametrize("name", PUBLIC)
def test_example_of_a_public_name_runs(name):
    thing = PUBLIC[name]
    tests = doctest.DocTestFinder(recurse=False).find(thing, name, globs={name: thing})
    examples = [example for test in tests for example in test.examples]
    record = inspect.isclass(thing) and name != "Result"  # what a function returns: its example is the function's
    assert examples or record or name in ON_A_PAGE, f"{name}: no example in its docstring"
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    said = []
    for test in tests:
        runner.run(test, out=said.append)
    assert not runner.summarize(verbose=False).failed, "".join(said)


def blocks(text: str, kind: str) -> list[str]:
    """Fenced blocks of one language."""
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.M | re.S)


WITH_PYTHON = [page for page in PAGES if blocks(page.read_text(encoding="utf-8"), "python")]


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda page: page.stem)
def test_python_blocks_of_a_page_run_one_after_the_other(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner, parser, said = doctest.DocTestRunner(optionflags=OPTIONS), doctest.DocTestParser(), []
    space: dict = {"__name__": "__main__"}
    for number, block in enumerate(blocks(page.read_text(encoding="utf-8"), "python"), start=1):
        if ">>>" not in block:
            exec(compile(block, f"{page.name}, block {number}", "exec"), space)
            continue
        test = parser.get_doctest(block, space, f"{page.name}, block {number}", str(page), 0)
        runner.run(test, out=said.append, clear_globs=False)
        space = test.globs
    assert not runner.summarize(verbose=False).failed, "".join(said)


COMMANDS = [
    (page.name, line)
    for page in PAGES
    for block in blocks(page.read_text(encoding="utf-8"), "console")
    for line in re.findall(r"^\$ (?:\S*/)?(innodivide .*)", block, re.M)
]


@pytest.mark.parametrize(("page", "line"), COMMANDS)
def test_commands_of_a_page_are_understood(page, line):
    words = shlex.split(line, comments=True)[1:]
    if words == ["--help"]:
        return
    assert words and words[0] in main.commands, f"{page}: {line}"
    command = main.commands[words[0]]
    options = {option: p for p in command.params for option in (*p.opts, *p.secondary_opts)}
    rest = iter(words[1:])
    for word in rest:
        if word.startswith("-") and word != "--help":
            assert word in options, f"{page}: {line}: no option {word}"
            if not getattr(options[word], "is_flag", False):
                next(rest)


def test_the_tutorial_as_a_notebook_has_its_words_code_and_outputs():
    text, made = as_notebook.PAGE.read_text(encoding="utf-8"), json.loads(as_notebook.notebook())
    code = [cell for cell in made["cells"] if cell["cell_type"] == "code"]
    examples = [e for b in blocks(text, "python") for e in doctest.DocTestParser().get_examples(b)]
    plain = [b for b in blocks(text, "python") if ">>>" not in b]
    lines = "\n".join("".join(cell["source"]) for cell in code).splitlines()
    wanted = [line for source in (*plain, *(e.source for e in examples)) for line in source.splitlines()]
    assert sorted(filter(None, lines)) == sorted(filter(None, wanted)) and ">>>" not in str(code)
    shown = ["".join(output["text"]) for cell in code for output in cell["outputs"]]
    assert shown == [e.want for e in examples if e.want]
    assert [c["metadata"].get("tags") for c in code if "Traceback" in str(c["outputs"])] == [["raises-exception"]]
    words = "".join("".join(c["source"]) for c in made["cells"] if c["cell_type"] == "markdown")
    assert "# Tutorial" in words and "```" not in words and as_notebook.notebook() == as_notebook.notebook()


def titles(path: Path) -> set[str]:
    """Anchors that the headings of a page give."""
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize(
    "page", [*PAGES, frozen.ROOT / "README.md", frozen.ROOT / "CONTRIBUTING.md"], ids=lambda p: p.stem
)
def test_links_within_the_project_lead_somewhere(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?://|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), f"{page.name}: {target}"
        tables = set(frozen.resources()) if there == DOCS / "reference" / "data.md" else set()  # a heading each
        assert not anchor or there.suffix != ".md" or anchor in titles(there) | tables, f"{page.name}: {target}"


def test_every_page_is_in_a_table_of_contents():
    listed = set()
    for page in PAGES:
        for block in re.findall(r"^```\{toctree\}\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S):
            names = [
                line.split("<")[-1].strip(" >") for line in block.splitlines() if line and not line.startswith(":")
            ]
            listed |= {(page.parent / f"{name}.md").resolve() for name in names}
    assert {page.resolve() for page in PAGES} - {(DOCS / "index.md").resolve()} <= listed


def test_every_public_name_is_on_the_page_of_functions():
    page = (DOCS / "reference" / "api.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\.\. auto(?:function|class):: (\w+)", page, re.M))
    assert set(PUBLIC) <= named, set(PUBLIC) - named


def test_the_data_dictionary_has_every_table_and_column():
    made = runpy.run_path(str(DOCS / "conf.py"))["dictionary"]()
    for name, table in frozen.resources().items():
        part = made.split(f"## {name}\n")[1].split("\n## ")[0]
        assert all(f"| `{field['name']}` |" in part for field in table["schema"]["fields"]), name


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site as `make docs` builds it."""
    pytest.importorskip("sphinx", reason="the extra docs is not installed")
    out = tmp_path_factory.mktemp("docs") / "site"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-d", str(out.parent / "trees"), str(DOCS)]
    done = subprocess.run([*command, str(out)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_asks_no_other_server(site):
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.findall(r"<(?:link|script|img|iframe)\b[^>]*?(?:href|src)=\"(?:https?:)?//[^\"]*\"", text), (
            page.name
        )
    for style in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(?:https?:)?//|@import", style.read_text(encoding="utf-8")), style.name


@pytest.mark.slow
@pytest.mark.skipif(chromium.executable() is None, reason=chromium.MISSING)
def test_axe_finds_no_barrier_on_the_site(site):
    names = ["index", "tutorial", "standards", "architecture", "reference/api", "reference/cli", "search"]
    asked = []
    with chromium.started() as browser:
        for name, view, scheme in [(n, chromium.DESK, "light") for n in names] + [
            ("decisions", chromium.PHONE, "dark")
        ]:
            page = browser.new_page(viewport=view, color_scheme=scheme)
            page.on("request", lambda request: asked.append(request.url))
            page.goto((site / f"{name}.html").as_uri())
            assert chromium.barriers(page, ("moderate", "serious", "critical")) == {}, name
            page.close()
    assert not [url for url in asked if not url.startswith((site.as_uri(), "data:"))]
