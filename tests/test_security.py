"""Attempts to make data run, leave the folder, or reach the network; and what the code must not contain."""

import ast
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pandas as pd
import pytest
from page_blocks import FACTS
from report_fixtures import Page

from innodivide.data import frozen
from innodivide.errors import DataError, InnodivideError, ParameterError
from innodivide.narrative import exhibits
from innodivide.reports.making import declarations
from innodivide.reports.pages.blocks import Block

SOURCES = sorted((frozen.ROOT / "innodivide").rglob("*.py"))
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "javascript:alert(1)",
    "[x](javascript:alert(1))",
    '#read("/etc/passwd")',
    '#import "/etc/passwd"',
    "{{ 7 * 7 }}{% include '/etc/passwd' %}",
    "{0.__class__.__mro__}",
    "\\input{/etc/passwd}",
    "$(touch hacked)`touch hacked`; touch hacked",
    "__import__('os').system('touch hacked')",
    '=HYPERLINK("https://example.org","click")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
)


# What the code does not contain


def names_in(path: Path) -> set[str]:
    """Return every dotted name that a file calls or imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            found.add(ast.unparse(node.func))
            found |= {f"{k.arg}={ast.unparse(k.value)}" for k in node.keywords if k.arg in ("shell", "allow_pickle")}
        elif isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or ""} | {f"{node.module}.{a.name}" for a in node.names}
    return found


EXECUTES = re.compile(
    r"(eval|exec|compile|__import__|input)|(.*\.)?(read_pickle|to_pickle|system|popen|mktemp)|"
    r"(pickle|cPickle|dill|cloudpickle|joblib|marshal|shelve)(\..*)?|yaml\.(load|unsafe_load|full_load|load_all)|"
    r"shell=(?!False).*|allow_pickle=(?!False).*"
)
NETWORK = re.compile(
    r"(urllib\.request|http\.client|http\.server|socket|ssl|requests|httpx|aiohttp|ftplib|smtplib)(\..*)?"
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(frozen.ROOT).as_posix())
def test_no_file_unpickles_evaluates_or_calls_a_shell(path):
    assert [n for n in sorted(names_in(path)) if EXECUTES.fullmatch(n)] == []


def test_that_test_would_notice(tmp_path):
    bad = "import pickle\nimport yaml, os, subprocess, numpy as np\nyaml.load('x')\neval('1')\nos.system('x')\n"
    bad += "subprocess.run('x', shell=True)\nnp.load('x', allow_pickle=True)\npd.read_pickle('x')\n"
    (tmp_path / "x.py").write_text(bad)
    found = {n for n in names_in(tmp_path / "x.py") if EXECUTES.fullmatch(n)}
    assert found == {"pickle", "yaml.load", "eval", "os.system", "shell=True", "allow_pickle=True", "pd.read_pickle"}


def test_only_refresh_and_the_cluster_reach_the_network():
    """A kernel's sockets are files, and a lock states the name of this machine."""
    allowed = {
        "innodivide/data/refresh.py",
        *(f"innodivide/reports/making/{n}.py" for n in ("cluster", "kernels", "lock")),
    }
    users = {p.relative_to(frozen.ROOT).as_posix() for p in SOURCES if any(map(NETWORK.fullmatch, names_in(p)))}
    assert users <= allowed and "innodivide/data/refresh.py" in users


def test_refresh_is_imported_by_its_command_only():
    users = [p for p in SOURCES if names_in(p) & {"innodivide.data.refresh"}]
    assert [p.relative_to(frozen.ROOT).as_posix() for p in users] == ["innodivide/cli/keep.py"]


# Nothing from data is HTML, code or a formula


@pytest.fixture(scope="module")
def attacked() -> list[Block]:
    """Hostile text wherever data can put text: cells, headings, titles, captions, notes, numbers in sentences."""
    frame = pd.DataFrame({"what": HOSTILE, "n": range(len(HOSTILE))})
    columns = {"what": f"What {HOSTILE[0]}", "n": HOSTILE[5]}
    blocks = [
        exhibits.table(
            "T1.1", "A table", frame, columns, caption="Caption {x}", values={"x": HOSTILE[1]}, sources=["INNODIVIDE"]
        )
    ]
    blocks += [
        exhibits.table(f"T1.{i}", "Title {x}", frame, columns, values={"x": h}, sources=["INNODIVIDE"])
        for i, h in enumerate(HOSTILE, 2)
    ]
    blocks += [exhibits.say(f"N1.{i}", "It says {x}.", x=h) for i, h in enumerate(HOSTILE, 1)]
    return [Block(text="# Attacked"), *(Block(payload=b.payload()) for b in blocks)]


def test_a_page_runs_nothing(attacked):
    from innodivide.reports.pages import html

    page = Page(html.render("Attacked", attacked, FACTS))
    assert not page.all("script") and not page.all("svg") and not page.all("iframe")
    assert not [i for i in page.all("img") if not i["src"].startswith("data:image/svg+xml;base64,")]
    assert not [a for _, attrs in page.elements for a in attrs if a.startswith("on")]
    for link in page.all("a"):  # the data of an exhibit may be downloaded; nothing else but the web and the page itself
        downloads = "download" in link and link["href"].startswith("data:text/csv;")
        assert downloads or link["href"].startswith(("https://", "http://", "#", "exhibits/")), link["href"][:80]
    assert "<script>alert(1)</script>" in page.text, "shown as text"


def test_a_pdf_reads_no_file_and_runs_no_command(attacked, tmp_path, monkeypatch):
    from pypdf import PdfReader

    from innodivide.reports.pages import pdf

    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.pdf").write_bytes(pdf.render("Attacked", attacked, FACTS))
    reader = PdfReader(tmp_path / "x.pdf")
    text = "".join(p.extract_text() for p in reader.pages)
    assert "#read(" in text and "root:" not in text
    assert "/JavaScript" not in str(reader.trailer["/Root"]) and not (tmp_path / "hacked").exists()
    links = [a.get_object().get("/A", {}).get("/URI", "") for p in reader.pages for a in p.get("/Annots", [])]
    assert not [link for link in links if str(link).startswith(("javascript:", "file:"))]


def test_a_word_file_has_no_field_link_or_macro_from_data(attacked, tmp_path):
    import zipfile

    from innodivide.reports.pages import docx

    (tmp_path / "x.docx").write_bytes(docx.render("Attacked", attacked, FACTS))
    with zipfile.ZipFile(tmp_path / "x.docx") as packed:
        assert not [n for n in packed.namelist() if "vba" in n.lower() or n.startswith("/") or ".." in n]
        body = packed.read("word/document.xml").decode()
        links = "".join(packed.read(n).decode() for n in packed.namelist() if n.endswith(".rels"))
    assert "&lt;script&gt;" in body and "<script" not in body
    assert not re.search(r"<w:(instrText|fldSimple)[^>]*(>[^<]*)?(HYPERLINK|INCLUDE|DDE|MACRO)", body)
    outside = re.findall(r'Target="([^"]*)" TargetMode="External"|TargetMode="External" Target="([^"]*)"', links)
    assert all((a or b).startswith(("https://", "http://")) for a, b in outside)


@pytest.mark.slow
def test_an_annex_of_hostile_data_runs_nothing(repository):
    """The whole way: names in the tables are markup, the record is renewed, the annex is made."""
    name, markup = "PL,PL,POL,Poland,", "PL,PL,POL,<img src=x onerror=alert(1)>,"
    repository.change("geography/country.csv", lambda text: text.replace(name, markup))
    for folder in ("notebooks", "innodivide", "analysis_plan.yml", "requirements.lock", "multiverse.yml"):
        (repository.root / folder).symlink_to(frozen.ROOT / folder)
    assert repository.run("freeze").returncode == 0
    done = repository.run("annex", "PL", "--format", "html")
    assert done.returncode == 0, done.stderr
    page = (repository.root / "reports" / "annex" / "PL" / "report.html").read_text("utf-8")
    assert "&lt;img src=x onerror=alert(1)&gt;" in page and "<img src=x" not in page
    index = (repository.root / "reports" / "index.html").read_text("utf-8")
    assert "<img src=x" not in index


# Paths from data or parameters stay in the folder


@pytest.mark.parametrize("code", ["../X", "..", "/X", "A/B", "A\\B", "a", "AT\n", "Ａ", ""])
def test_a_country_code_that_is_a_path_is_refused_in_the_data(copy, code):
    copy.change("geography/country.csv", lambda text: text.replace("\nMT,MT,", f'\n"{code}",MT,', 1))
    failures = frozen.check_table("country", copy.folder)
    assert failures and all(f.file == "geography/country.csv" for f in failures)


@pytest.mark.parametrize("value", ["..", "../../x", "a/b", "~", "\0"])
def test_even_an_undeclared_text_would_not_leave_the_folder(value):
    """A free text parameter, which no notebook has today, is quoted in the folder's name."""
    free = declarations.Parameter("note", "string", "", (), "free text")
    notebook = declarations.Notebook("x", "x", (), (free,), "x")
    name = notebook.output_folder({"note": value})
    assert "/" not in name and "\\" not in name and "\0" not in name and name.startswith("x--note-")


@pytest.mark.parametrize("name", ["../x", "/x", "T1/../../x", "T1.1\0", "..", "T1.1\n"])
def test_an_exhibit_is_not_named_after_a_path(name):
    frame = pd.DataFrame({"a": [1]})
    with pytest.raises(ParameterError):
        exhibits.table(name, "t", frame, {"a": "A"}, sources=["INNODIVIDE"])


@pytest.mark.parametrize(
    "path", ["../secret.csv", "/etc/passwd", "tier1/../../secret.csv", "..", ".hidden", "a\\b", "C:\\x", "~/x"]
)
def test_a_table_is_not_read_from_outside_the_data_folder(tmp_path, path):
    (tmp_path / "data").mkdir()
    (tmp_path / "secret.csv").write_text("a\n1\n")
    fields = [{"name": "a", "type": "string", "description": "a"}]
    table = {"name": "t", "path": path, "schema": {"fields": fields, "primaryKey": ["a"]}}
    (tmp_path / "data" / frozen.PACKAGE).write_text(json.dumps({"resources": [table]}))
    with pytest.raises(DataError, match="does not stay inside the data folder"):
        frozen.load("t", tmp_path / "data")


@pytest.mark.parametrize("name", ["../data/sources", "/etc/passwd", "sources.csv", ""])
def test_a_table_is_asked_for_by_name_only(name):
    with pytest.raises(InnodivideError, match="unknown table"):
        frozen.load(name)


# JupyterLab keeps its token


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "-C", frozen.ROOT, "ls-files", "-z"], capture_output=True, check=True, text=True
    ).stdout
    return [
        frozen.ROOT / n for n in listed.split("\0")[:-1] if not n.startswith(("data/", "reports/expected/", "tests/"))
    ]


OPEN = re.compile(
    r"token\s*=\s*['\"]{2}|(NotebookApp|ServerApp|IdentityProvider|LabApp)\.(token|password|ip|allow_origin)|--no-token|"
    r"disable_check_xsrf|allow_unauthenticated_access|--ip[ =]|0\.0\.0\.0"
)


def test_no_file_switches_off_the_token_or_opens_the_port():
    found = [p for p in tracked() if p.is_file() and OPEN.search(p.read_text(encoding="utf-8", errors="ignore"))]
    assert found == []
    makefile = (frozen.ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(
        r"^\t.\$\(BIN\)/jupyter. lab \$\$\(.* --allow-root\) --LabApp.default_url=/lab/tree/notebooks \.$",
        makefile,
        re.M,
    )


@pytest.mark.slow
def test_jupyterlab_as_make_lab_starts_it_asks_for_its_token(tmp_path):
    """A real server in an empty folder; only the browser is left out and the port is another."""
    command = [str(Path(sys.executable).with_name("jupyter-lab")), str(tmp_path), "--no-browser", "--port=18997"]
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    clean = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")} | {"HOME": str(tmp_path)}
    server = subprocess.Popen(
        [*command, *root], env=clean, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        said = ""
        while "token=" not in said:
            said += server.stderr.readline()
            assert server.poll() is None, said
        port, token = re.search(r"127\.0\.0\.1:(\d+)/lab\S*\?token=(\w{32,})", said + server.stderr.readline()).groups()
        address = f"http://127.0.0.1:{port}/api/contents"
        with pytest.raises(urllib.error.HTTPError, match="403"):
            ask(address)
        assert ask(f"{address}?token={token}") == 200
    finally:
        server.terminate()
        server.wait(20)


def ask(address: str) -> int:
    for _ in range(100):
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError:
            raise
        except OSError:
            time.sleep(0.2)
    raise AssertionError("no answer")


# The page for reporting


def test_the_page_says_how_to_report_and_what_is_trusted():
    text = (frozen.ROOT / "SECURITY.md").read_text("utf-8")
    assert "To report a problem" in text and "What is trusted, and what is not" in text
    for file in re.findall(r"`([\w./]+\.(?:yml|lock|csv|md))`", text):
        assert (frozen.ROOT / file).exists() or (frozen.ROOT / "notebooks" / file).exists(), file


def test_packages_are_installed_by_hash():
    installed = re.findall(r"^\t\$\(PIP\) (.*)$", (frozen.ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    wanted = [f"--require-hashes -r requirements{part}.lock" for part in ("", "-lab", "-test")]
    assert [line.removeprefix("--no-compile ") for line in installed if "-e ." not in line] == wanted
