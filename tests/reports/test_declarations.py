"""Declared parameters and tables: what is refused, how it is said, and that notebooks and declarations agree."""

import ast

import nbformat
import pytest

from innodivide.data import frozen
from innodivide.errors import DataError, ParameterError
from innodivide.reports.making import declarations
from innodivide.reports.making.declarations import Notebook, Parameter, eu27, notebook, notebooks
from innodivide.reports.making.run import annex_jobs, job

NOTEBOOKS = list(notebooks())


def parameter(type, default=None, choices=()):
    return Parameter("p", type, default, tuple(choices), "meaning")


def sources(name: str, kind: str = "code") -> list[str]:
    return [c.source for c in nbformat.read(notebook(name).path, 4).cells if c.cell_type == kind]


# ---- one parameter ----


@pytest.mark.parametrize(
    ("type", "pairs"),
    [
        ("string", [("x", "x"), (2020, "2020")]),
        ("integer", [("7", 7), ("-1", -1)]),
        ("number", [("1.5", 1.5), (2, 2.0)]),
        ("boolean", [("True", True), (False, False)]),
        ("date", [("2021-02-03", "2021-02-03"), ("", ""), (None, "")]),
    ],
)
def test_values_are_read_in_the_declared_type(type, pairs):
    read = [parameter(type).read(given) for given, _ in pairs]
    assert [repr(r) for r in read] == [repr(wanted) for _, wanted in pairs]


@pytest.mark.parametrize(
    ("type", "values"),
    [
        ("integer", ["1.5", "x", True, float("nan")]),
        ("number", ["x", "nan", True]),
        ("boolean", ["yes", 1]),
        ("date", ["2021-02-30", "3.2.2021", 2021]),
    ],
)
def test_values_of_another_type_are_refused(type, values):
    for given in values:
        with pytest.raises(ParameterError) as error:
            parameter(type).read(given)
        assert str(error.value) == f"parameter p={given!r}: expected a value of type {type}"


def test_a_value_outside_the_choices_gets_a_suggestion():
    choice = parameter("string", choices=("at_decision", "lag1"))
    with pytest.raises(
        ParameterError, match=r"p='at_decison': expected one of at_decision, lag1 \(did you mean at_decision\?\)"
    ):
        choice.read("at_decison")
    with pytest.raises(ParameterError, match=r"expected one of at_decision, lag1$"):
        choice.read("zzz")


# ---- the declared notebooks ----


def test_choices_by_name_come_from_the_data():
    assert len(eu27()) == 27 and {"EL", "DE", "HR"} <= set(eu27()) and not {"UK", "GR", "EU27"} & set(eu27())
    given = {"geo": "eu27", "edition": "editions"}
    declared = {n: {"type": "string", "default": "", "choices": c, "meaning": "m"} for n, c in given.items()}
    entry = {"title": "T", "folder": "f", "tables": [], "parameters": declared}
    geo, edition = declarations._notebook("x", entry).parameters
    assert geo.choices == eu27() and edition.choices == tuple(sorted(frozen.load("eis_edition")["edition"]))
    assert job("03", status=2020).parameters == {"status": "2020"}


@pytest.mark.parametrize("name", ["name", "self", "countries"])
def test_parameters_named_like_arguments_of_the_library_are_refused_too(name):
    with pytest.raises(ParameterError, match=f"no parameter '{name}'"):
        job("01", **{name: "x"})


@pytest.mark.parametrize("name", ["03", "03_leader_test", "notebooks/03_leader_test.ipynb", "03_leader_test.ipynb"])
def test_a_notebook_can_be_named_in_several_ways(name):
    assert notebook(name).name == "03_leader_test"


@pytest.mark.parametrize("name", ["3", "99", "leader", "", "notebooks.yml"])
def test_an_unknown_notebook_lists_the_known_ones(name):
    with pytest.raises(ParameterError) as error:
        notebook(name)
    assert all(known in str(error.value) for known in NOTEBOOKS)


def test_report_folders_carry_the_parameters_that_differ():
    assert job("02").name == "02_ipcei_participation"
    assert job("02", until="2021-01-26").name == "02_ipcei_participation--until-2021-01-26"
    assert job("country_annex", country="MT").name == "annex/MT"
    assert job("country_annex").title == "Country annex PL"


def test_no_value_of_a_parameter_leads_out_of_the_output_folder():
    free = Notebook("n", "T", (), (parameter("string", "a"),), "n")
    folders = [free.output_folder({"p": v}) for v in ("../../etc", "a/b", "a b", "a_b", "A", "a")]
    assert len(set(folders)) == 6 and not any("/" in f for f in folders) and folders[-1] == "n"


def test_report_folders_of_all_notebooks_differ():
    folders = [job(n).name for n in NOTEBOOKS if n != "country_annex"] + [j.name for j in annex_jobs(eu27())]
    assert len(folders) == len(set(folders)) == len(NOTEBOOKS) + 26


@pytest.mark.parametrize("content", [None, "a: [", "just text", "01_x: {folder: f}", "01_x: {parameters: [x]}"])
def test_a_missing_or_broken_declaration_file_is_named(tmp_path, monkeypatch, content):
    monkeypatch.setattr(declarations, "NOTEBOOKS", tmp_path)
    if content is not None:
        (tmp_path / "notebooks.yml").write_text(content)
    notebooks.cache_clear()
    try:
        with pytest.raises(DataError, match=r"notebooks\.yml(, 01_x: title is missing| is missing or cannot be read)"):
            notebooks()
    finally:
        notebooks.cache_clear()


# ---- declarations and notebooks agree ----


def test_every_notebook_is_declared_and_every_declaration_has_its_notebook():
    assert sorted(p.stem for p in declarations.NOTEBOOKS.glob("*.ipynb")) == sorted(NOTEBOOKS)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_the_parameters_cell_equals_the_declaration(name):
    cells = [c for c in nbformat.read(notebook(name).path, 4).cells if "parameters" in c.metadata.get("tags", [])]
    declared = {p.name: p.default for p in notebook(name).parameters}
    assert len(cells) == (1 if declared else 0)
    assigned = {}
    for statement in ast.parse(cells[0].source).body if cells else []:
        assert isinstance(statement, ast.Assign) and len(statement.targets) == 1, "only assignments"
        assigned[statement.targets[0].id] = ast.literal_eval(statement.value)
    assert assigned == declared


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_declaration_is_in_itself_sound(name):
    """What the library loads for a notebook is caught in the run itself, which refuses any other table."""
    declared = notebook(name)
    for p in declared.parameters:
        assert p.read(p.default) == p.default and p.meaning.strip(), p.name
    assert set(declared.tables) <= set(frozen.resources()) and len(declared.tables) == len(set(declared.tables))
    calls = [n for s in sources(name) for n in ast.walk(ast.parse(s)) if isinstance(n, ast.Call)]
    loaded = {c.args[0].value for c in calls if isinstance(c.func, ast.Attribute) and c.func.attr == "load" and c.args}
    assert loaded <= {*declared.tables, "source", "country"}


@pytest.mark.parametrize("seconds", [0, -1, "soon", True, float("inf")])
def test_a_time_limit_that_is_none_is_refused(seconds):
    entry = {"title": "x", "tables": [], "folder": "x", "timeout": seconds}
    with pytest.raises(DataError, match=r"notebooks.yml, x: timeout .+ is not a number of seconds above 0"):
        declarations._notebook("x", entry)
    assert declarations._notebook("x", entry | {"timeout": 2.5}).timeout == 2.5


def test_declared_files_exist_and_are_inputs():
    from innodivide.reports.making import manifest

    for entry in declarations.notebooks().values():
        for file in entry.files:
            assert (frozen.ROOT / file).is_file()
            assert file in manifest.inputs(entry)
    assert "multiverse.yml" in declarations.notebooks()["04_robustness"].files


# ---- values as they are typed on the command line ----


@pytest.mark.parametrize(
    ("type", "values"),
    [
        ("integer", ["0012", "1_99", "１９９", " 199", "1.0", "+1", "0x1f", "1e2", ""]),
        ("number", ["1_0.5", "01.5", ".5", "1.", "inf", "1e999", "١", "0x1"]),
        ("date", ["20240131", "2024-W05-3", "2024-1-31", "2024-01-31T00:00", "２０２４-01-31"]),
        ("boolean", ["NO", "0", "on"]),
        ("string", [True, None, 1.5]),
    ],
)
def test_a_text_that_would_be_guessed_is_refused(type, values):
    for given in values:
        with pytest.raises(ParameterError, match=rf"expected a value of type {type}"):
            parameter(type).read(given)


@pytest.mark.parametrize(
    ("written", "cure"),
    [
        ("GR", "Greece is EL"),
        ("grc", "Greece is EL"),
        ("Greece", "Greece is EL"),
        ("Ελλάδα", "Greece is EL"),
        ("Czechia", "Czechia is CZ"),
        ("Czech Republic", "Czechia is CZ"),
        ("the Netherlands", "Netherlands is NL"),
        ("Österreich", "Austria is AT"),
        ("Portgual", "Portugal is PT"),
        ("POL", "Poland is PL"),
    ],
)
def test_a_country_named_otherwise_gets_its_code(written, cure):
    with pytest.raises(ParameterError, match=rf"\({cure}\)$"):
        annex_jobs([written])
    with pytest.raises(ParameterError, match=rf"\({cure}, Denmark is DK\)$"):
        job("country_annex", peers=f"{written}, Danmark,PL")


@pytest.mark.parametrize("written", ["UK", "XX", "", "EU27", "Norway"])
def test_what_is_no_member_state_gets_no_code(written):
    with pytest.raises(ParameterError, match=r"SE, SI, SK$"):
        annex_jobs([written])


def test_a_suggestion_is_spelled_as_it_is_to_be_written():
    with pytest.raises(ParameterError, match=r"\(did you mean lag1\?\)$"):
        job("03", status="LAG1")
