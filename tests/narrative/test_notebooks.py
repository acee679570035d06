"""The notebooks as narrative: short cells, no computation; and real reports made from them.

The annex of Malta (one region, one IPCEI) and the leader test are made in the default run; all reports in the slow one.
"""

import ast
import csv
import io
import re
from types import SimpleNamespace

import nbformat
import pytest
from click.testing import CliRunner
from pypdf import PdfReader
from report_fixtures import assert_sound, tree
from wording_rules import BANNED, faults

from innodivide.cli.main import main
from innodivide.data import Tables, frozen
from innodivide.data.editions import of_latest
from innodivide.reports.making import run
from innodivide.reports.making.declarations import ANNEX, NOTEBOOKS, eu27, notebook, notebooks
from innodivide.reports.pages.blocks import read_blocks
from innodivide.reports.verify import golden

NAMES = list(notebooks())
LINES, WIDTH = 12, 120  # of a cell
LARGEST = 2_000_000  # bytes of one page
LONG_FLOAT = re.compile(r"(?<![\d.])0\.0*[1-9]\d{10,}|(?<![\d.])[1-9]\d*\.\d{11,}")  # more than ten significant digits


def cells(name: str, kind: str) -> list:
    return [c for c in nbformat.read(notebook(name).path, 4).cells if c.cell_type == kind]


def calls(source: str, *names: str) -> list[ast.Call]:
    """Return the calls of some functions in a cell, with or without their module's name."""
    found = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call)]
    return [c for c in found if getattr(c.func, "attr", getattr(c.func, "id", "")) in names]


# ---- as files ----


@pytest.mark.parametrize("name", NAMES)
def test_outputs_and_counts_are_stripped(name):
    content = nbformat.read(notebook(name).path, 4)
    nbformat.validate(content)
    assert set(content.metadata) <= {"kernelspec", "language_info"}
    assert content.metadata.kernelspec.name == "python3"
    for cell in content.cells:
        assert set(cell.metadata) <= {"tags"}
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None


@pytest.mark.parametrize("name", NAMES)
def test_a_cell_is_short_and_defines_nothing(name):
    for cell in cells(name, "code"):
        lines = [line for line in cell.source.splitlines() if not re.match(r"(from|import) ", line)]
        assert len(lines) <= LINES and max(map(len, cell.source.splitlines())) <= WIDTH, cell.source
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.While, ast.Try)
        assert not [n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, kinds)], cell.source
        assert not re.search(r"^\s*[%!]|print\(|read_csv|open\(", cell.source, re.MULTILINE), cell.source


@pytest.mark.parametrize("name", NAMES)
def test_the_first_cell_imports_and_the_second_opens_the_tables_and_the_words(name):
    first, second = [c.source for c in cells(name, "code") if "parameters" not in c.metadata.get("tags", [])][:2]
    assert all(isinstance(n, (ast.Import, ast.ImportFrom)) for n in ast.parse(first).body)
    assert second.startswith("tables") and re.search(r"\bTables\(", second.splitlines()[0])
    bound = [c.args[0].value for cell in cells(name, "code") for c in calls(cell.source, "Words")]
    assert bound == ([] if name == ANNEX else [name])


@pytest.mark.parametrize("name", NAMES)
def test_only_the_library_is_imported(name):
    for cell in cells(name, "code"):
        for node in ast.walk(ast.parse(cell.source)):
            modules = (
                [node.module]
                if isinstance(node, ast.ImportFrom)
                else ([a.name for a in node.names] if isinstance(node, ast.Import) else [])
            )
            assert all(m.split(".")[0] == "innodivide" or m == "IPython.display" for m in modules), modules


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_unique_and_carry_the_number_of_the_notebook(name):
    number = "A" if name == ANNEX else str(int(name.split("_")[0]))
    ids = [c.args[0].value for cell in cells(name, "code") for c in calls(cell.source, "say", "table", "figure")]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(rf"[TFN]{number}\.\d+", i) for i in ids), ids


@pytest.mark.parametrize("name", NAMES)
def test_headings_are_unique(name):
    headings = re.findall(r"^#+ .*", "\n".join(c.source for c in cells(name, "markdown")), re.MULTILINE)
    assert len(headings) == len(set(headings)) >= (2 if name == "08_summary" else 3)
    assert len([h for h in headings if h.startswith("# ")]) == (0 if name == ANNEX else 1)


# ---- as reports ----


def assert_readable(folder):
    """Assert what holds for every real report: a sound page, readable text, exhibits that parse."""
    files = tree(folder)
    page = assert_sound(files["report.html"].decode())
    visible = page.visible
    assert not re.search(r"(?<!\w)(nan|NaN|NaT|None|<NA>|inf)(?!\w)", visible), context(
        visible, r"(?<!\w)(nan|NaN|NaT|None|<NA>|inf)(?!\w)"
    )
    raw = r"(?<![\w/.])[a-z]+\w*_\w+"
    assert not re.search(raw, visible), context(visible, raw)
    assert not BANNED.search(visible), context(visible, BANNED)
    assert not re.search(r"-\d+(\.\d+)?(?![\d-])(?<!\d\d\d\d)", re.sub(r"\w-\d|\d-\d", "", visible)), (
        "a minus sign is a hyphen"
    )
    assert not re.search(r"[{}\\]", visible), context(visible, r"[{}\\]")
    assert len(files["report.html"]) < LARGEST, f"{len(files['report.html'])} bytes of HTML"
    images = page.all("img")
    assert (
        len(images)
        == len([f for f in files if f.endswith(".svg")])
        == sum(bool(re.match(r"exhibits/.*png", f)) for f in files)
    )
    for name, content in files.items():
        if name.endswith(".csv"):
            rows = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
            assert len(rows) > 1 or name.startswith("exhibits/N"), f"{name} has no rows"
            assert {len(r) for r in rows} == {len(rows[0])}, f"{name} is ragged"
            assert not LONG_FLOAT.search(content.decode()), f"{name}: {context(content.decode(), LONG_FLOAT)}"
    return SimpleNamespace(page=page, visible=visible, files=files)


def payloads(folder) -> dict[str, dict]:
    """Return id -> what a made report shows as that exhibit, in its order."""
    blocks = read_blocks(nbformat.read(folder / "notebook.ipynb", 4))
    return {b.payload["id"]: b.payload for b in blocks if b.payload}


def context(text: str, pattern) -> str:
    found = re.search(pattern, text)
    return "" if not found else f"...{text[max(0, found.start() - 60) : found.end() + 60]}..."


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The annex of Malta and the leader test, made once."""
    out = tmp_path_factory.mktemp("reports")
    outcomes = run.run([*run.annex_jobs(["MT"]), run.job("03", ("html",))], out, workers=1)
    assert [o.message for o in outcomes if o.status != "made"] == []
    return out


@pytest.mark.dear
def test_the_stored_exhibits_are_those_of_a_real_run(two, tmp_path):
    """A change of results fails here until it is stored, and then it shows in the diff of text files."""
    names = [argument for report in ("annex/MT", "03_leader_test") for argument in ("--only", report)]
    done = CliRunner().invoke(main, ["verify", str(two), *names, "--save", str(tmp_path)])
    assert done.exit_code == 0 and " reproduced, 0 differs, 0 not run, 0 new" in done.output, done.output


@pytest.fixture(scope="module")
def malta(two):
    return assert_readable(two / "annex" / "MT")


@pytest.mark.dear
def test_the_annex_of_malta_tells_its_story(malta):
    assert malta.page.all("h1") and "Malta" in malta.visible
    parts = ["What stands out", "Innovation profile", "Tier 1: IPCEIs", "Regions and barriers", "Tier 2 and reform"]
    for part in [*parts, "Outlook: what would have to be true", "Notes on the data"]:
        assert part in malta.visible
    assert "as one region" in malta.visible and "not known" in malta.visible
    assert "which is not among the lagging ones" in malta.visible and "Own barriers" not in malta.visible


@pytest.mark.dear
def test_the_annex_of_malta_has_its_exhibits(malta):
    made = {f.removeprefix("exhibits/").rsplit(".", 1)[0] for f in malta.files if f.startswith("exhibits/")}
    assert made == {i for i in malta.page.ids if re.fullmatch(r"[TFN]A\.\d+", i)}
    assert {"FA.1", "FA.2", "FA.3", "TA.1", "TA.2", "NA.1", "NA.2", "NA.3", "NA.5", "TA.8"} <= made
    assert {*(f"TA.{n}" for n in range(3, 8)), *(f"NA.{n}" for n in (6, 7, 9, 10, 11, 12, 13))} <= made
    assert "FA.4" not in made, "a country that is one region has no map of regions"
    counts = {kind: sum(i.startswith(kind) for i in made) for kind in "FT"}
    assert (len(malta.page.all("img")), len(malta.page.all("table"))) == (counts["F"], counts["T"] - 1), (
        "TA.8: no table"
    )


@pytest.mark.dear
def test_the_annex_of_malta_agrees_with_the_data(malta):
    roles = frozen.load("ipcei_country").query("geo == 'MT'")
    shown = list(csv.DictReader(io.StringIO(malta.files["exhibits/TA.3.csv"].decode())))
    assert len(shown) == len(roles) > 0
    taking = roles[roles["role"].isin(["notifying", "joined_later"])]
    assert f"Roles of Malta in IPCEIs: it takes part in {len(taking)} " in malta.visible + " "
    rows = of_latest(Tables(), "eis_index", ("group", "series"))
    index = rows[rows["year"] == rows["year"].max()].set_index("geo")["value"]
    closing = list(csv.DictReader(io.StringIO(malta.files["exhibits/TA.7.csv"].decode())))
    assert float(closing[0]["value"]) == pytest.approx(100 * index["MT"] / index["EU"])
    assert [row["by"] for row in closing] == ["2030", "2040"]
    groups = frozen.load("eis_group").query("geo == 'MT'")
    assert len(malta.files["exhibits/TA.2.csv"].decode().splitlines()[0].split(",")) == 1 + len(groups)
    beside = list(csv.DictReader(io.StringIO(malta.files["exhibits/TA.1.csv"].decode())))
    assert [row["kind"] for row in beside] == ["own", "peer", "peer", "peer", "group", "eu"]
    assert float(beside[0]["relative"]) == pytest.approx(100 * index["MT"] / index["EU"])


@pytest.mark.dear
def test_the_leader_test_is_readable_and_its_answer_names_the_leaders(two):
    folder = two / "03_leader_test"
    assert_readable(folder)
    said = payloads(folder)
    assert next(iter(said)) == "N3.8" and "odds ratio" not in said["N3.8"]["title"], "plain words come first"
    states = frozen.load("country").set_index("geo")["name"]
    table = said["T3.3"]  # leaders at each decision
    in_force = {int(row[table["head"].index("Edition in force")]) for row in table["rows"]}
    leaders = frozen.load("eis_group").query("group == 'leader'")
    leaders = leaders[leaders["edition"].isin(in_force)]
    named = {states[geo] for geo in leaders["geo"] if geo in eu27()}
    first = said["N3.1"]["title"]
    assert all(state in first for state in named) and f"With {len(named)} states" in first


@pytest.mark.slow
def test_the_robustness_report_keeps_the_wording_rules_with_few_permutations_too(tmp_path):
    outcome = run.run([run.job("04", ("html",), permutations=19)], tmp_path, workers=1)[0]
    assert outcome.status == "made", outcome.message
    folder = tmp_path / outcome.name
    assert_readable(folder)
    assert faults("04_robustness", golden.read_run(folder)) == []
    said = payloads(folder)
    assert "No robustness value and no E-value is shown" in said["N4.5"]["title"]
    refused = [row for row in said["T4.7"]["rows"] if row[-1]]
    assert any(row[0].startswith("Number of companies") and "It would take" in row[-1] for row in refused)
    assert any(row[0].startswith("State aid") and "of 27 countries" in row[-1] for row in refused)


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """All notebooks and all annexes, made once."""
    out = tmp_path_factory.mktemp("all")
    jobs = [run.job(n) for n in NAMES if n != ANNEX] + run.annex_jobs(eu27())
    jobs += [run.job("02", until="2021-01-26"), run.job("03", status="lag1")]
    return out, {o.name: o for o in run.run(jobs, out)}


@pytest.mark.slow
def test_same_bytes_with_one_worker_or_two_in_every_format(tmp_path):
    """Real annexes; test_run.py has the small instance of the default run."""
    for workers in (1, 2):
        made = run.run(run.annex_jobs(["LU", "MT"], run.FORMATS), tmp_path / str(workers), workers=workers)
        assert [o.status for o in made] == ["made", "made"], made
    one, two = (tree(tmp_path / str(workers)) for workers in (1, 2))
    assert set(one) == set(two) and len(one) > 60
    assert [name for name in one if one[name] != two[name] and not name.endswith("times.json")] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [run.job(n).name for n in NAMES if n != ANNEX]
    + [f"annex/{c}" for c in eu27()]
    + ["02_ipcei_participation--until-2021-01-26", "03_leader_test--status-lag1"],
)
def test_every_report_is_made_and_readable(everything, name):
    out, outcomes = everything
    assert outcomes[name].status == "made", outcomes[name].message
    assert (out / name).is_relative_to(out) and NOTEBOOKS.is_dir()
    read = assert_readable(out / name)
    country = name.removeprefix("annex/")
    if country in eu27():
        names = frozen.load("country").set_index("geo")["name"]
        assert names[country] in read.visible
        pages = [page.extract_text() for page in PdfReader(out / name / "report.pdf").pages]
        own = [n for n, text in enumerate(pages, 1) if re.search(r"(Table|Figure) A\.\d|About this report", text)]
        assert max(own) <= 6, "an annex has its first page and five more before its list of sources"
        assert "In short." in pages[0] and "So what." in pages[0] and "Beside others" in pages[1], (
            "one page that stands alone"
        )
