"""The notebooks as narrative: short cells, no computation, no loose word; and real reports made from them.

The annex of Malta (one region, one IPCEI) and the leader test are made in the default run; all reports in the slow one.
"""

import ast
import csv
import io
import re
from dataclasses import replace
from types import SimpleNamespace

import nbformat
import pytest
from click.testing import CliRunner
from pypdf import PdfReader
from report_fixtures import assert_sound, tree
from typed_numbers import words

from innodivide.cli.main import main
from innodivide.data import Tables, frozen
from innodivide.data.editions import of_latest
from innodivide.indicators.tiers import money
from innodivide.reports.making import run
from innodivide.reports.making.declarations import ANNEX, NOTEBOOKS, eu27, notebook, notebooks
from innodivide.reports.pages.blocks import read_blocks

NAMES = list(notebooks())
LINES, WIDTH = 12, 120  # of a cell
LARGEST = 2_000_000  # bytes of one page
LONG_FLOAT = re.compile(r"(?<![\d.])0\.0*[1-9]\d{10,}|(?<![\d.])[1-9]\d*\.\d{11,}")  # more than ten significant digits
BANNED = re.compile(
    r"\b(significan\w*|no effect|causes?|caused|causing|leads? to|led to|drives?|drove|driven|boost\w*|due to|"
    r"because of|results? in|resulted in|thanks to|owing to|prov(?:es?|ed|en))\b",
    re.IGNORECASE,
)


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


# ---- as prose ----


def library_texts() -> list[str]:
    """Return every long text of the wording modules but docstrings."""
    found = []
    for path in sorted((frozen.ROOT / "innodivide" / "narrative").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        owners = [n for n in ast.walk(tree) if isinstance(n, (ast.Module, ast.FunctionDef))]
        docs = {id(n.body[0].value) for n in owners if n.body and isinstance(n.body[0], ast.Expr)}
        parts = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        found += [n.value for n in parts if id(n) not in docs and len(n.value.split()) > 3 and "==" not in n.value]
    return [t for t in found if t not in money.INSTRUMENTS]  # these are keys, not prose


def test_no_banned_word_in_the_wording_modules():
    assert [m[0] for t in library_texts() for m in BANNED.finditer(t)] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_banned_word(name):
    """No "significant", "no effect" or causal verb (METHODS, reporting rules); "no causal reading" may be said."""
    prose = [c.source for c in cells(name, "markdown")] + words()[name]
    assert len(words()[name]) >= 10
    assert [m[0] for t in prose for m in BANNED.finditer(t)] == []


def test_the_word_test_finds_what_it_should():
    for bad in ("A significant gap", "There is no effect.", "Status leads to aid", "This is due to size", "It Causes"):
        assert BANNED.search(bad)
    assert not BANNED.search("Leaders lead; not an effect of being called so; nothing here is causal; an insignia")


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


# ---- the wording rules of the tests of leader status (03 and 04), on what a reader gets ----

ANSWER = {  # what stands together in the answer in full: shares, estimate, interval, country-level p, what is ruled out
    "03_leader_test": {"rate_leader", "rate_other", "or_", "low", "high", "p", "ruled", "n_treated", "treated"},
    "04_robustness": {"or_", "or_low", "or_high", "or_p", "ratio", "power"},
}
RANDOM = re.compile(r"permut|simulat|bootstrap|drawing countries|relabelling", re.IGNORECASE)
OVERCLAIM = re.compile(
    r"innovation (does not|doesn't|never) matter|no (association|difference) (exists|was found|between)|"
    r"there is no (association|difference|relation)|accepts? the null|confirms?|marginally|trend towards",
    re.IGNORECASE,
)


def text_of(payload: dict) -> str:
    """Return everything an exhibit says: title, caption, notes, alt text, headings and cells."""
    parts = [payload[k] for k in ("title", "caption", "note", "edition", "alt")]
    return "\n".join([*parts, *payload["head"], *(cell for row in payload["rows"] for cell in row)])


def faults(name: str, blocks: list) -> list[str]:
    """Return every breach of the reporting rules in the blocks of an executed notebook."""
    shown = [b.payload for b in blocks if b.payload]
    found = []
    for text in [b.text for b in blocks if b.text] + [text_of(p) for p in shown]:
        found += [f"word: {m[0]} in ...{text[max(0, m.start() - 40) : m.end() + 40]}..." for m in BANNED.finditer(text)]
        found += [f"claim: {m[0]}" for m in OVERCLAIM.finditer(text)]
    first = next(p for p in shown if p["kind"] == "text" and "or_" in p["numbers"])  # behind the page in plain words
    found += [f"{first['id']} does not say {{{lost}}}" for lost in sorted(ANSWER[name] - set(first["numbers"]))]
    if shown[shown.index(first) + 1]["kind"] != "figure":
        found.append("a figure does not come right after the answer")
    for p in shown:
        if p["kind"] == "text" or set(p["sources"]) == {"INNODIVIDE"}:
            continue
        if not re.search(r"EIS 20\d\d", p["edition"]):
            found.append(f"{p['id']} names no edition")
        if RANDOM.search(text_of(p)) and "seed" not in p["caption"] + p["edition"]:
            found.append(f"{p['id']} rests on random numbers and names no seed")
        if name == "04_robustness" and "Exploratory" not in p["edition"]:
            found.append(f"{p['id']} is not labelled exploratory")
        if re.search(r"\bp\b", " ".join(p["head"])) and not re.search("interval|95%|permut", text_of(p)):
            found.append(f"{p['id']} has p-values and neither intervals nor permutations")
    return found


def blocks_of(folder) -> list:
    return read_blocks(nbformat.read(folder / "notebook.ipynb", 4))


@pytest.fixture(scope="module")
def leader_test(two):
    return two / "03_leader_test"


@pytest.mark.dear
def test_the_leader_test_keeps_the_wording_rules(leader_test):
    assert_readable(leader_test)
    blocks = blocks_of(leader_test)
    assert faults("03_leader_test", blocks) == []
    plain, *rest = (b.payload for b in blocks if b.payload)
    assert plain["id"] == "N3.8" and "odds ratio" not in plain["title"]
    first = next(p for p in rest if p["id"] == "N3.1")
    states = frozen.load("country").set_index("geo")["name"]
    table = {b.payload["id"]: b.payload for b in blocks if b.payload}["T3.3"]  # leaders at each decision
    in_force = {int(row[table["head"].index("Edition in force")]) for row in table["rows"]}
    leaders = frozen.load("eis_group").query("group == 'leader'")
    leaders = leaders[leaders["edition"].isin(in_force)]
    named = {states[geo] for geo in leaders["geo"] if geo in eu27()}
    assert all(state in first["title"] for state in named) and f"With {len(named)} states" in first["title"]


@pytest.mark.dear
def test_the_wording_rules_find_what_they_should(leader_test):
    """Each rule is broken once in the real report."""
    blocks = blocks_of(leader_test)
    at = {b.payload["id"]: n for n, b in enumerate(blocks) if b.payload}

    def broken(id, **change):
        changed = replace(blocks[at[id]], payload=blocks[at[id]].payload | change)
        return faults("03_leader_test", [*blocks[: at[id]], changed, *blocks[at[id] + 1 :]])

    assert "word: significant" in broken("T3.4", caption="A significant gap.")[0]
    assert "word: due to" in broken("F3.1", alt="It is due to size.")[0]
    assert broken("N3.4", title="This confirms it.") == ["claim: confirms"]
    assert broken("N3.1", numbers={k: 0 for k in ANSWER["03_leader_test"] - {"ruled"}}) == ["N3.1 does not say {ruled}"]
    assert broken("F3.1", edition="") == ["F3.1 names no edition"]
    assert broken("F3.2", edition="EIS 2020") == ["F3.2 rests on random numbers and names no seed"]
    assert "T3.5 is not labelled exploratory" in faults("04_robustness", blocks)
    assert faults("03_leader_test", [replace(blocks[0], text="Innovation does not matter."), *blocks[1:]]) != []
    assert faults("03_leader_test", [b for n, b in enumerate(blocks) if n != at["F3.1"]]) == [
        "a figure does not come right after the answer"
    ]


@pytest.mark.slow
def test_the_robustness_report_keeps_the_wording_rules(tmp_path):
    outcome = run.run([run.job("04", ("html",), permutations=19)], tmp_path, workers=1)[0]
    assert outcome.status == "made", outcome.message
    folder = tmp_path / outcome.name
    assert_readable(folder)
    blocks = blocks_of(folder)
    assert faults("04_robustness", blocks) == []
    said = {b.payload["id"]: b.payload for b in blocks if b.payload}
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
