"""Slides: what stands on each, with its source and a text for who cannot see it; tables that can be edited."""

import io
from dataclasses import replace

import pytest
from page_blocks import ALT, FACTS, NASTY, frame, names_table, picture, said, table
from pptx import Presentation

from innodivide.narrative import exhibits
from innodivide.reports.pages import pptx
from innodivide.reports.pages.blocks import Block


def key_numbers() -> Block:
    shown = frame(3).assign(value=["1st", "2 of 11", "n/a"])
    made = exhibits.table(
        "T9.8", "In numbers", shown, {"value": "Number", "name": "Meaning"}, sources=("UNICODE_CLDR",)
    )
    return Block(payload=replace(made, look=exhibits.NUMBERS).payload())


def heading() -> Block:
    made = exhibits.say("N9.0", "# Poland ({own}): annex", own="Polska")
    return Block(payload=replace(made, languages={"Polska": "pl"}).payload())


def report() -> list[Block]:
    short = said("N9.1", "**In short.** One {v} thing.\n\nAnother thing.", v=1)
    later = said("N9.2", "Left to the report {v}.", v=2)
    return [heading(), Block(text="Whom to ask"), key_numbers(), short, picture(), Block(text="---"), later, table()]


def slides(blocks) -> list:
    return list(Presentation(io.BytesIO(pptx.render("T", blocks, FACTS))).slides)


def words(slide) -> str:
    return "\n".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)


def test_title_answer_and_an_exhibit_a_slide_in_the_order_of_the_report():
    made = slides(report())
    titles = [slide.shapes.title.text_frame.text for slide in made]
    assert titles == [
        "Poland (Polska): annex",
        "In numbers",
        "In short",
        "A line",
        "What is found",
        "About this report",
    ]
    assert "Whom to ask" in words(made[0]) and "The innodivide authors" in words(made[0])
    assert "2 of 11" in words(made[1]) and "Region 1" in words(made[1])
    assert "•  One 1 thing." in words(made[2]) and "•  Another thing." in words(made[2])
    assert not any("Left to the report" in words(slide) for slide in made)


def test_every_exhibit_has_its_source_an_alternative_text_and_how_to_read_it_in_the_notes():
    for slide, alt in ((slides(report())[3], ALT), (slides(report())[4], "What is found")):
        assert "Source: " in words(slide) and "Data:" not in words(slide)
        (shape,) = [s for s in slide.shapes if not s.has_text_frame]
        assert shape._element.xpath(".//p:cNvPr")[0].get("descr") == alt
    assert "How to read it." in slides(report())[4].notes_slide.notes_text_frame.text


def test_a_table_can_be_edited_and_a_long_one_says_which_rows_it_shows():
    (slide,) = [s for s in slides(report()) if any(shape.has_table for shape in s.shapes)]
    (shape,) = [s for s in slide.shapes if s.has_table]
    assert [[c.text for c in row.cells] for row in shape.table.rows][:2] == [
        ["Head name", "Head value"],
        ["Region 0", "−1"],
    ]
    long = [s for s in slides([table(data_frame=frame(30))]) if any(shape.has_table for shape in s.shapes)]
    assert len(long) == pptx.MOST and "(rows 1 to 9 of 30)" in long[0].shapes.title.text_frame.text


def test_nothing_leaves_its_slide_and_a_figure_keeps_its_shape():
    for slide in slides([*report(), picture("F9.2", height=9)]):
        for shape in slide.shapes:
            assert 0 <= shape.left and shape.left + shape.width <= pptx.WIDTH
            assert 0 <= shape.top and shape.top + shape.height <= pptx.HEIGHT
            if shape.shape_type == 13:  # a picture
                high, wide = shape.image.size[::-1]
                assert shape.height / shape.width == pytest.approx(high / wide, rel=0.01)


def test_words_of_another_language_are_marked():
    (own,) = [r for r in slides(report())[0].shapes.title.text_frame.paragraphs[0].runs if r.text == "Polska"]
    assert own._r.rPr.get("lang") == "pl"


def test_hostile_names_are_text_and_nothing_else():
    made = slides([names_table(NASTY)])
    cells = {
        c.text for s in made for shape in s.shapes if shape.has_table for row in shape.table.rows for c in row.cells
    }
    assert set(NASTY[:9]) <= cells and not any(r.is_external for s in made for r in s.part.rels.values())
