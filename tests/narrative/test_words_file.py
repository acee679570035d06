"""Files of words: what is made of them, what is refused and how it is told, and that none is left without a use."""

import re
from string import Formatter

import pandas as pd
import pytest
from matplotlib.figure import Figure
from typed_numbers import cells

from innodivide.data import Tables, editions, frozen
from innodivide.data.tables import integrated_ipceis
from innodivide.errors import DataError, ParameterError
from innodivide.evidence import recovery
from innodivide.narrative.exhibits import figure, say, table
from innodivide.narrative.words_file import TEXTS, Words, read
from innodivide.reports.making.declarations import notebooks

FRAME = pd.DataFrame({"name": ["Poland", "Austria"], "rate": [0.25, 0.5]})
GOOD = """
T3.1:
  title: "{n} countries"
  columns:
    name: Country
    rate: ["Rate {year}", "{:.0%}", "–"]
  caption: {all: "All of {n}.", some: Some.}
  edition: EIS 2023
F3.1:
  title: A line
  alt: A rising line of {n} points.
  chart: {xlabel: "Year, from {year}"}
N3.1: {text: "There are {n}."}
names:
  groups: {leader: Leaders}
"""


@pytest.fixture
def show(tmp_path):
    (tmp_path / "03_test.yml").write_text(GOOD, encoding="utf-8")
    return Words("03_test", tmp_path)


def test_exhibits_are_those_of_the_functions_with_the_words_given_there(show):
    values = {"n": 2, "year": 2020}
    made = show.table("T3.1", FRAME, sources=["S1"], values=values, caption=["all", "some"], note="Weak.")
    columns = {"name": "Country", "rate": ("Rate 2020", "{:.0%}", "–")}
    given = {"sources": ["S1"], "values": values, "edition": "EIS 2023", "note": "Weak."}
    assert (
        made.payload() == table("T3.1", "{n} countries", FRAME, columns, caption="All of {n}. Some.", **given).payload()
    )
    drawing = Figure(figsize=(1, 1))
    drawn = show.figure("F3.1", drawing, FRAME, sources=["S1"], values=values)
    same = figure("F3.1", "A line", drawing, FRAME, alt="A rising line of {n} points.", sources=["S1"], values=values)
    assert drawn.payload() == same.payload() and show.chart("F3.1", year=2020) == {"xlabel": "Year, from 2020"}
    assert show.say("N3.1", n=3).payload() == say("N3.1", "There are {n}.", n=3).payload()
    assert show.names("groups") == {"leader": "Leaders"}


def test_columns_can_be_left_out_and_added(show):
    values = {"n": 2, "year": 2020}
    made = show.table(
        "T3.1", FRAME.assign(x=1), sources=["S"], values=values, caption=["all"], without=["rate"], more={"x": "X"}
    )
    assert [c[0] for c in made.columns.values()] == ["Country", "X"]


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda s: s.say("N3.2"), r"N3\.2 has no words: add N3\.2 to 03_test\.yml"),
        (lambda s: s.say("names"), "names has no words"),
        (lambda s: s.say("N3.1", "part", n=1), "text in 03_test.yml has no parts, but part is asked for"),
        (
            lambda s: s.table("T3.1", FRAME, sources=["S"], values={"n": 1, "year": 1}),
            "the parts all, some, but no part",
        ),
        (lambda s: s.figure("F3.1", Figure(), FRAME, sources=["S"], altt="x"), "altt is given, but it is not known"),
        (
            lambda s: s.table("T3.1", FRAME, sources=["S"], values={"n": 1, "year": 1}, caption=["all"], edition="x"),
            "edition is given, but it stands in the file",
        ),
        (lambda s: s.chart("T3.1"), "T3.1: 03_test.yml has no chart"),
        (lambda s: s.names("colours"), "no names of colours: add them, or ask for groups"),
        (lambda s: s.say("N3.1"), "the text uses {n}"),
    ],
)
def test_what_the_code_asks_wrongly_is_named(show, ask, told):
    with pytest.raises(ParameterError, match=told):
        ask(show)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("T1.1: [", "cannot be read"),
        ("- T1.1", "lines `name: value` are wanted"),
        ("T1.1:\n  title: a\n  title: b", "title comes twice"),
        ("N1.1: {text: a}\nN1.1: {text: b}", "N1.1 comes twice"),
        ("X1.1: {text: a}", "X1.1: an id begins with T"),
        ("N1.1:", "N1.1: its words are missing; it needs text"),
        ("T1.1: {title: a}", "T1.1: columns is missing; add it"),
        ("N1.1: {text: a, caption: b}", "N1.1: caption is not known; allowed are text"),
        ("T1.1: {title: a, columns: b}", "T1.1: columns is no mapping"),
        ("T1.1: {title: a, columns: {n: 5}}", "columns: n: 5 is no text; put it in quotation marks"),
        ("T1.1: {title: a, columns: {n: [a, b, c, d]}}", "columns: n: .* is no text"),
        ("N1.1: {text: yes}", "line 1: yes would be taken for a truth value"),
        ("N1.1: {text: {a: 1}}", "a: 1 is no text"),
        ("names: {groups: [a]}", "names: lists are wanted"),
        ("names: {groups: {a: 1}}", r"names: groups: \('a', 1\) is no text"),
    ],
)
def test_a_malformed_file_is_named_with_id_key_and_cure(tmp_path, content, told):
    file = tmp_path / "01_x.yml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=told) as error:
        read(file)
    assert str(file) in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"01_x\.yml is missing"):
        Words("01_x", tmp_path).say("N1.1")


# ---- the files of this package ----


def library() -> str:
    return "\n".join(p.read_text("utf-8") for p in sorted((frozen.ROOT / "innodivide" / "narrative").rglob("*.py")))


def test_each_notebook_has_a_file_and_no_file_is_left_over():
    assert {p.stem for p in TEXTS.iterdir()} == set(notebooks())


@pytest.mark.parametrize("name", notebooks())
def test_no_words_are_without_a_use(name):
    """Ids are those of the code; every part, list of names and set of words for a drawing is asked for."""
    entries, code = read(TEXTS / f"{name}.yml"), "\n".join([*cells("code")[name], library()])
    for id, entry in entries.items():
        if id == "names":
            assert all(f'.names("{what}")' in code for what in entry)
            continue
        assert re.search(rf'\.(say|table|figure)\(\s*"{re.escape(id)}"', code), id
        assert f'.chart("{id}"' in code or "chart" not in entry, id
        for key in ("title", "text", "caption"):
            if isinstance(entry.get(key), dict):
                assert [p for p in entry[key] if f'"{p.split(", ")[0]}' not in code] == [], (id, key)


def test_every_template_can_be_filled():
    def fields(value):
        if isinstance(value, str):
            return [name for _, name, _, _ in Formatter().parse(value) if name is not None]
        return [f for v in (value.values() if isinstance(value, dict) else value) for f in fields(v)]

    for path in TEXTS.glob("*.yml"):
        for id, entry in read(path).items():
            found = fields({k: v for k, v in entry.items() if k != "columns"})
            assert all(re.fullmatch(r"\w+", f) for f in found), (path.name, id, found)


# Editions


def test_words_on_the_record_to_date_name_no_edition_that_could_be_another():
    """Reports 01, 02, 06 and the annexes follow the tables; in the others the editions are those of plan and brief."""
    named, latest = {}, {}
    for file in TEXTS.glob("*.yml"):
        named[file.stem] = set(re.findall(r"\b([ER]IS) (20\d\d)", file.read_text("utf-8")))
        latest[file.stem] = re.findall(r"latest\s(?:edition|scoreboard)(?!\{eis_then\})", file.read_text("utf-8"))
    scale_changed = {("EIS", "2020")}
    for free in ("01_innovation_divide", "02_ipcei_participation", "06_regional_barriers", "country_annex"):
        assert named.pop(free) <= scale_changed, free
        latest.pop(free)
    assert not any(latest.values()), "what was the latest in the registered period says so when a later one is there"
    fixed = {(board.upper(), str(e)) for part in (editions.PLAN, editions.BRIEF) for board, e in part.items()}
    fixed |= {("EIS", str(recovery.GROUP_EDITION))}
    assert set().union(*named.values()) <= fixed


def test_editions_shown_are_put_in_wherever_words_may_stand(tmp_path):
    (tmp_path / "03_test.yml").write_text(
        "T3.1:\n  title: Of RIS {ris_edition}\n  columns:\n    a: EIS {eis_series}\n  caption: In EIS {eis_scores}.\n"
        "  edition: RIS {ris_edition}\nN3.1:\n  text: RIS {ris_edition} and {n}\n",
        encoding="utf-8",
    )
    tables = Tables(pins={"ris": 2031, "eis": 2032})
    show = Words("03_test", tmp_path).of(tables)
    made = show.table("T3.1", pd.DataFrame({"a": [1]}), sources=["INNODIVIDE"])
    assert (made.title, made.caption, made.edition) == ("Of RIS 2031", "In EIS 2032.", "RIS 2031")
    assert "EIS 2032" in str(made.columns) and show.say("N3.1", n=3).title == "RIS 2031 and 3"
    then = Tables(until=Tables()["eis_edition"]["published"].max() - pd.Timedelta(days=1))
    (tmp_path / "04_test.yml").write_text("N4.1:\n  text: The latest{eis_then}\n", encoding="utf-8")
    said = [Words("04_test", tmp_path).of(of).say("N4.1").title for of in (then, Tables())]
    assert said == [f"The latest in the registered period (EIS {editions.latest(then)})", "The latest"]


def test_what_was_decided_later_is_named_where_it_is_not_counted(tmp_path):
    (tmp_path / "04_test.yml").write_text("N4.1:\n  text: On 3 projects.{not_counted}\n", encoding="utf-8")
    newest = integrated_ipceis(Tables()).sort_values("decision_date").iloc[-1]
    until = newest["decision_date"] - pd.Timedelta(days=1)
    later, none = (Words("04_test", tmp_path).of(of).say("N4.1").title for of in (Tables(until=until), Tables()))
    assert none == "On 3 projects."
    assert later.startswith("On 3 projects. Not counted: ") and newest["name"] in later
    assert later.endswith(f", decided after {until:%Y-%m-%d}.")
