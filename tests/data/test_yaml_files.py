"""No YAML value is guessed, no key is lost, and what is refused is named with its line and the cure."""

from datetime import date

import pytest

from innodivide.data.yaml_files import fault, is_a, read_yaml
from innodivide.errors import DataError, ParameterError
from innodivide.evidence import plan as plans
from innodivide.evidence.multiverse.grid import load_grid
from innodivide.reports.making import declarations

GUESSED = [  # as YAML 1.1 has it: false, ten, 750, one million, 255, true, an hour, infinity
    *("NO", "no", "Off", "on", "YES", "True", "FALSE"),
    *("0012", "12:30", "1_000_000", "0xff", "+1", "-0012", "0b1", "1:2:3"),
    *("1.", ".5", "1_0.5", "12:30.5", ".inf", ".nan", "+1.5", "2021-02-30", "2021-02-03 10:00:00"),
]


@pytest.mark.parametrize("value", GUESSED)
def test_a_value_that_would_be_guessed_is_refused_with_its_line(tmp_path, value):
    file = tmp_path / "a.yml"
    for text in (f"# one\na: {value}\n", f"# one\na: [x, {value}]\n", f"# one\n{value}: a\n"):
        file.write_text(text)
        with pytest.raises(DataError, match=r"a\.yml.*line 2: "):
            read_yaml(file)


def test_what_is_written_as_what_it_is_stays_so(tmp_path):
    file = tmp_path / "a.yml"
    file.write_text('a: ["NO", 12, 0, -3, 1.5, -0.25, 1.5e-3, true, false, 2021-01-31, null, x y, "0012", 1e5, EL]\n')
    wanted = ["NO", 12, 0, -3, 1.5, -0.25, 0.0015, True, False, date(2021, 1, 31), None, "x y", "0012", "1e5", "EL"]
    assert [(type(v), v) for v in read_yaml(file)["a"]] == [(type(v), v) for v in wanted]


@pytest.mark.parametrize("content", ["- a", "a", "", "a: [", "a: 1\na: 2", b"a: \xff", "a: !!python/name:os.system x"])
def test_what_is_no_mapping_of_plain_values_is_refused(tmp_path, content):
    (tmp_path / "a.yml").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=r"a\.yml is missing or cannot be read"):
        read_yaml(tmp_path / "a.yml")


def test_a_field_has_its_declared_kind():
    kinds = {"t": str, "n": int, "x": float, "b": bool, "d": date, "l": list, "m": (str, int)}
    good = {"t": "a", "n": 1, "x": 2, "b": True, "d": date(2021, 1, 1), "l": ["a"], "m": 3}
    assert fault(good, kinds, ("t",)) == ""
    bad = {"t": 1, "n": True, "x": "2", "b": 0, "d": "2021-01-01", "l": [1], "m": None}
    for name, value in bad.items():
        assert fault({name: value}, kinds).startswith(f"{name}: {value!r} is not ")
    assert fault({"q": 1}, kinds) == f"'q' is not known; allowed are {', '.join(kinds)}"
    assert fault({}, kinds, ("t",)) == "t is missing; add it" and fault(None, kinds) and not is_a(float("nan"), int)


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ({"type": "string", "default": 2021}, "default: 2021 is not a text"),
        ({"type": "string", "default": False}, "default: False is not a text"),
        ({"type": "integer", "default": "2021"}, "default: '2021' is not a whole number"),
        ({"type": "integer", "default": True}, "default: True is not a whole number"),
        ({"type": "boolean", "default": "true"}, "default: 'true' is not true or false"),
        ({"type": "string", "default": "a", "choices": ["a", False]}, "choices: False is not a text"),
        ({"type": "string", "default": "a", "choices": "all"}, "choices 'all': write a list, or one of eu27"),
        ({"type": "text", "default": "a"}, "type 'text' is not known; allowed are string"),
        ({"type": "string", "default": "a", "chioces": ["a"]}, "'chioces' is not known"),
        (None, "its fields are missing"),
    ],
)
def test_a_parameter_is_declared_in_its_type(parameter, said):
    spec = parameter and parameter | {"meaning": "m"}
    entry = {"title": "T", "folder": "f", "tables": [], "parameters": {"p": spec}}
    with pytest.raises(DataError, match=r"notebooks\.yml, x, p: ") as error:
        declarations._notebook("x", entry)
    assert said in str(error.value)


@pytest.mark.parametrize(("key", "value"), [("title", 1), ("tables", ["a", False]), ("timout", 3), ("files", "a")])
def test_a_notebook_is_declared_with_known_fields_of_their_type(key, value):
    entry = {"title": "T", "folder": "f", "tables": [], key: value}
    with pytest.raises(DataError, match=rf"notebooks\.yml, x: .*{key}"):
        declarations._notebook("x", entry)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("top: 5", 'top: "5"', "status top5: top: '5' is not a whole number"),
        ("groups: [leader]", "groups: leader", "groups: 'leader' is not a list of texts"),
        ('"2019": {label', "2019: {label", "controls_year 2019: the name of a level is a text"),
        ("until: 2021-12-31", 'until: "2021-12-31"', "until: '2021-12-31' is not a day"),
        ("meaning: no control for wealth", "meaning: no control, for wealth", "'for wealth' is not known"),
    ],
)
def test_a_level_of_the_grid_has_fields_of_their_type(tmp_path, old, new, said):
    text = (plans.ROOT / "multiverse.yml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "grid.yml").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ParameterError) as error:
        load_grid(tmp_path / "grid.yml")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  - date: 2026-11-22\n", '  - date: "2026-11-22"\n', "departure 1: date: '2026-11-22' is not a day"),
        ("departures:\n", "departures:\n  - {date: 2026-11-22, what: x}\n", "departure 1: why is missing"),
        ('second_sha256: "', 'second_sha257: "', "second_sha256 is missing"),
    ],
)
def test_what_the_plan_has_beside_its_fixed_parts_is_typed_too(tmp_path, monkeypatch, old, new, said):
    text = (plans.ROOT / plans.PLAN_FILE).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / plans.PLAN_FILE).write_text(text.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(plans, "ROOT", tmp_path)
    with pytest.raises(DataError) as error:
        plans.load_plan.__wrapped__()
    assert said in str(error.value)
