"""Exhibits: what is refused, how values are printed, what is escaped, and which bytes are saved."""

import html
import json
import math
from dataclasses import replace
from datetime import date

import numpy as np
import page_blocks
import pandas as pd
import pytest
from markdown_it import MarkdownIt
from matplotlib.figure import Figure

from innodivide.data.sources import FLAG_MEANING, flag_note, sources_of
from innodivide.errors import ParameterError
from innodivide.narrative.exhibits import figure, say, table
from innodivide.wording import MIME, UNKNOWN, join_names, show

FRAME = pd.DataFrame({"geo": ["PL", "AT"], "name": ["Poland", "Austria"], "rate": [0.25, math.nan], "n": [3, 4]})
COLUMNS = {"name": "Country", "rate": ("Rate", "{:.0%}")}
NASTY = [*page_blocks.NASTY, "{braces}", "back\\slash", "<img src=x onerror=alert(1)>"]


def a_table(**changes):
    given = {"id": "T3.1", "title": "Two countries", "data": FRAME, "columns": COLUMNS, "sources": ["S1"]} | changes
    return table(**given)


def a_figure(**changes):
    given = {
        "id": "F3.1",
        "title": "A line",
        "drawing": Figure(figsize=(1, 1)),
        "data": FRAME,
        "sources": ["S1"],
        "alt": "A rising line.",
    } | changes
    return figure(**given)


@pytest.mark.parametrize("id", ["T3.1", "T12.34", "TA.4"])
def test_ids_that_hold(id):
    assert a_table(id=id).id == id


@pytest.mark.parametrize(
    "id", ["", "3.1", "t3.1", "F3.1", "N3.1", "T3", "T3.1.2", "T123.1", "TB.1", "T3.1 ", "T3.1\n", "../T3.1"]
)
def test_ids_that_are_refused_and_named(id):
    with pytest.raises(ParameterError) as error:
        a_table(id=id)
    assert repr(id) in str(error.value) and "T3.1" in str(error.value)


def test_each_kind_has_its_letter():
    with pytest.raises(ParameterError, match="a figure is numbered like F3"):
        a_figure(id="T3.1")
    with pytest.raises(ParameterError, match="a text is numbered like N3"):
        say("T3.1", "Text.")


@pytest.mark.parametrize("alt", ["", "  ", "\n"])
def test_a_figure_without_alt_text_is_refused(alt):
    with pytest.raises(ParameterError, match=r"F3\.1 has no alt text"):
        a_figure(alt=alt)


@pytest.mark.parametrize("make", [a_table, a_figure])
def test_missing_title_or_source_is_refused(make):
    with pytest.raises(ParameterError, match="has no title"):
        make(title=" ")
    with pytest.raises(ParameterError, match="names no source"):
        make(sources=[])


def test_one_source_given_as_text_is_not_taken_for_letters():
    with pytest.raises(ParameterError, match="list of source ids"):
        a_table(sources="EIS_2023")


def test_an_empty_sentence_is_refused():
    with pytest.raises(ParameterError, match=r"N3\.1 has no title"):
        say("N3.1", "")


def test_absent_columns_are_named():
    with pytest.raises(ParameterError) as error:
        a_table(columns={"name": "Country", "rank": "Rank"})
    assert "rank" in str(error.value) and "rate" in str(error.value)


@pytest.mark.parametrize("value", [None, math.nan, np.nan, pd.NA, pd.NaT, "nan, A and B", "A and nan", "<NA>", UNKNOWN])
def test_a_missing_value_in_text_is_refused_and_named(value):
    with pytest.raises(ParameterError) as error:
        say("N3.1", "It is {share}.", share=value)
    assert "{share}" in str(error.value) and "N3.1" in str(error.value)


def test_names_that_contain_nan_are_no_missing_values():
    assert say("N3.1", "{name}.", name="Nantes, Lorraine and Occitan").title == "Nantes, Lorraine and Occitan."


def test_missing_values_are_refused_in_title_caption_and_alt_too():
    for part in ("title", "caption", "alt"):
        with pytest.raises(ParameterError, match=r"{x} is missing"):
            a_figure(**{part: "It is {x:.1f}."}, values={"x": math.nan})


@pytest.mark.parametrize("template", ["{absent}", "{}", "{0}", "{n.real}", "{n[0]}"])
def test_a_placeholder_without_value_is_named(template):
    with pytest.raises(ParameterError, match=r"exhibit N3\.1: the text uses"):
        say("N3.1", f"It is {template}.", n=3)


@pytest.mark.parametrize(
    ("value", "fmt", "shown"),
    [
        (None, "", UNKNOWN),
        (math.nan, "{:.1f}", UNKNOWN),
        (np.float64("nan"), "{:.1f}", UNKNOWN),
        (pd.NA, "{:.0%}", UNKNOWN),
        (pd.NaT, "", UNKNOWN),
        (True, "", "yes"),
        (np.bool_(False), "", "no"),
        (pd.Timestamp("2018-12-18"), "", "2018-12-18"),
        (date(2018, 12, 18), "", "2018-12-18"),
        (pd.Timestamp("2018-12-18"), "{:%Y}", "2018"),
        (-3.2, "{:.1f}", "−3.2"),
        (-3, "", "−3"),
        (-0.5, "{:.0%}", "−50%"),
        (-1234.5, "{:,.1f}", "−1,234.5"),
        (-3.2, "{:.1f} points", "−3.2 points"),
        (3.2, "{:+.1f}", "+3.2"),
        (-0.04, "{:.1f}", "0.0"),
        (-0.001, "{:.0%}", "0%"),
        (0.001, "{:+.0f}", "0"),
        (-0.04, "{:.1f} points", "0.0 points"),
        (0.0, "", "0"),
        (0.123456, "", "0.1235"),
        (12, "", "12"),
        (np.int64(12), "{:.1f}", "12.0"),
        ("−", "", "−"),
        ("Île-de-France", "", "Île-de-France"),
        ("-x", "", "-x"),
        ("", "", ""),
    ],
)
def test_show(value, fmt, shown):
    assert show(value, fmt) == shown


def test_the_text_for_a_missing_cell_can_be_chosen():
    rows = a_table(columns={"name": "Country", "rate": ("Rate", "{:.0%}", "–"), "n": ("Count", "{:d}")}).cells()
    assert rows == [["Poland", "25%", "3"], ["Austria", "–", "4"]]
    assert a_table().cells()[1] == ["Austria", UNKNOWN]


def test_a_table_can_show_its_first_rows_only_and_keeps_all_in_its_data():
    made = replace(a_table(), shown=1)
    assert [row[0] for row in made.payload()["rows"]] == ["Poland"] and len(made.csv().splitlines()) == 3


def test_integers_and_booleans_with_missing_values_are_not_shown_as_floats():
    frame = pd.DataFrame({"k": pd.array([3, None], "Int64"), "yes": pd.array([True, None], "boolean")})
    assert a_table(data=frame, columns={"k": "K", "yes": "Yes"}).cells() == [["3", "yes"], [UNKNOWN, UNKNOWN]]


@pytest.mark.parametrize("name", NASTY)
def test_text_put_into_a_sentence_stays_text(name):
    """Whatever a name contains, the rendered paragraph holds that name and no markup from it."""
    text = say("N3.1", "Region {name} leads.", name=name).title
    rendered = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    assert rendered == f"<p>Region {html.escape(name).replace('&#x27;', chr(39))} leads.</p>\n"


@pytest.mark.parametrize("name", NASTY)
def test_names_are_escaped_in_the_jupyter_view_and_kept_in_data(name):
    made = a_table(data=pd.DataFrame({"name": [name], "rate": [1.0]}), title="{name}", values={"name": name})
    view = made._repr_mimebundle_()["text/html"]
    assert f"<td>{html.escape(name)}</td>" in view and f"T3.1. {html.escape(name)}</strong>" in view
    assert made.title == name and made.payload()["rows"] == [[name, "100%"]]
    drawn = a_figure(alt="{name} in words", values={"name": name})
    assert f'alt="{html.escape(name)} in words"' in drawn._repr_mimebundle_()["text/html"]


def test_titles_are_not_escaped_twice():
    assert a_table(title="R&D in {name}", values={"name": "A_B"}).title == "R&D in A_B"


def test_csv_keeps_rows_columns_and_ten_digits():
    frame = pd.DataFrame(
        {"z": ["b", "a"], "x": [1 / 3, math.nan], "day": pd.to_datetime(["2020-01-02", None]), "n": [1, 2]},
        index=[7, 3],
    )
    assert a_table(data=frame, columns={"z": "Z"}).csv() == "z,x,day,n\nb,0.3333333333,2020-01-02,1\na,,,2\n"


def test_csv_of_a_sentence_has_ten_digits_also_beside_text():
    """A column of mixed values is written number by number: pandas would print all 17 digits there."""
    assert say("N3.1", "{a} {b:.0f} {c}", a="A", b=200 / 3, c=True).csv() == (
        "name,value,text\na,A,A\nb,66.66666667,67\nc,True,yes\n"
    )


def test_csv_bytes_do_not_depend_on_noise_in_the_last_digit():
    one, other = (a_table(data=FRAME.assign(x=v), columns={"x": "X"}).csv() for v in (0.1 + 0.2, 0.3))
    assert 0.1 + 0.2 != 0.3 and one == other


def test_numbers_record_value_and_print():
    made = a_table(title="{n} rows, {share:.0%}", values={"n": np.int64(2), "share": 0.256, "unused": 1})
    assert made.title == "2 rows, 26%"
    assert made.payload()["numbers"] == {"n": {"value": 2, "text": "2"}, "share": {"value": 0.256, "text": "26%"}}


@pytest.mark.parametrize(
    "make",
    [
        a_table,
        a_figure,
        lambda: say(
            "N3.1", "{a} {b} {c} {d}", a=np.int64(1), b=math.inf, c=pd.Timestamp("2020-01-01"), d=np.float64(0.5)
        ),
    ],
)
def test_payload_is_strict_json(make):
    exhibit = make()
    payload = exhibit.payload()
    assert json.loads(json.dumps(payload, allow_nan=False)) == payload
    assert exhibit._repr_mimebundle_()[MIME] == payload
    assert set(payload) >= {"id", "kind", "title", "caption", "alt", "sources", "csv", "rows", "head", "numbers"}


def test_figures_are_byte_identical_and_carry_svg_and_png():
    def draw():
        drawing = Figure(figsize=(2, 1))
        drawing.subplots().plot([1, 3, 2], label="<a & b>")
        return a_figure(drawing=drawing)

    one, two = draw(), draw()
    assert one.svg == two.svg and one.png == two.png
    assert "<svg" in one.svg and one.png.startswith(b"\x89PNG")
    assert one.svg.count(f"<title>{html.escape(one.title)}</title>") == 1, "the file has a name of its own"


def test_a_frame_changed_later_does_not_change_the_exhibit_order():
    frame = FRAME.sort_values("name")
    assert [r[0] for r in a_table(data=frame).cells()] == ["Austria", "Poland"]
    assert a_table(data=frame).data.index.tolist() == [0, 1]


def test_sources_of_collects_every_kind_of_source_column():
    one = pd.DataFrame(
        {"source_id": ["B", "A", None], "more_source_ids": ["C;D", None, "A"], "text_source": ["no"] * 3}
    )
    other = pd.DataFrame({"aid_source_id": ["E", None, None], "source_name": ["no"] * 3})
    assert sources_of(one, other) == ("A", "B", "C", "D", "E")
    assert sources_of(pd.DataFrame({"x": [1]})) == sources_of() == ()


def test_flag_note_counts_each_flag():
    frame = pd.DataFrame({"flag": ["weak", None, "derived", "weak"]})
    assert flag_note(frame, pd.DataFrame({"x": [1]})) == (
        "Of 5 source rows used: 1 computed here from source rows; "
        "2 resting on a single, rounded or contradicted source."
    )
    assert flag_note(pd.DataFrame({"flag": [None]}), pd.DataFrame({"x": [1]})) == flag_note() == ""


def test_every_flag_in_the_data_has_a_meaning():
    from innodivide.data import frozen

    allowed = {
        v
        for r in frozen.resources().values()
        for f in r["schema"]["fields"]
        if f["name"] == "flag"
        for v in f.get("constraints", {}).get("enum", [])
    }
    assert allowed and allowed <= set(FLAG_MEANING)


@pytest.mark.parametrize(
    ("names", "joined"),
    [
        ([], "none"),
        (["A"], "A"),
        (["A", "B"], "A and B"),
        (["A", "B", "C"], "A, B and C"),
        (pd.Series([1, 2]), "1 and 2"),
    ],
)
def test_join_names(names, joined):
    assert join_names(names) == joined
    assert join_names([], none="no state") == "no state"
    assert join_names(["Malta", "Netherlands"]) == "Malta and the Netherlands"


def test_a_table_says_why_a_value_is_missing():
    note = "Not known: not available, as no source used here gives it."
    assert a_table().note == note and a_table(note="Weak.").note == f"Weak. {note}"
    assert a_table(data=FRAME.dropna()).note == ""
    assert a_table(columns={"rate": ("Rate", "{:.0%}", "–")}).note == ""


def test_a_line_end_in_a_name_does_not_part_a_row():
    assert a_table(data=FRAME.assign(name=["a\r\nb", "c\rd"])).csv().splitlines()[1:3] == ['PL,"a', 'b",0.25,3']


def test_the_kind_of_each_column_is_told():
    frame = pd.DataFrame(
        {
            "a": [1.5, None],
            "b": [True, False],
            "c": pd.to_datetime(["2020-01-01", None]),
            "d": ["x", None],
            "e": ["x", 1],
            "f": pd.array([1, None], "Int64"),
        }
    )
    kinds = a_table(data=frame, columns={"a": "A"}).payload()["kinds"]
    assert kinds == ["number", "flag", "date", "text", "mixed", "number"]


@pytest.mark.parametrize("make", [a_table, a_figure])
@pytest.mark.parametrize(
    ("n", "last"), [(20, "r19"), (21, "(the first 20 of 21 rows)"), (5000, "(the first 20 of 5000 rows)")]
)
def test_plain_text_shows_at_most_twenty_rows_and_says_how_many_there_are(make, n, last):
    frame = pd.DataFrame({"name": [f"r{i}" for i in range(n)], "rate": 0.5})
    shown = make(data=frame)._repr_mimebundle_()
    plain = shown["text/plain"]
    assert plain.splitlines()[-1].strip().startswith(last)
    assert "r19" in plain and "r20" not in plain
    assert shown[MIME]["csv"].count("\n") == n + 1, "the data themselves are whole"
