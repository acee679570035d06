"""The sentences and exhibits of a country annex that depend on the country: every case has its own wording."""

from innodivide.narrative.annex.barriers_in_words import region_barrier_table
from innodivide.narrative.annex.closing_words import closing_exhibits
from innodivide.narrative.annex.first_page import choices, in_short, key_numbers, so_what
from innodivide.narrative.annex.overview import (
    editions_table,
    heading,
    index_figure,
    position_table,
    stands_out,
    strength_figure,
)
from innodivide.narrative.annex.own_regions import barrier_exhibits, institutions_table, region_figure
from innodivide.narrative.annex.partnerships_and_money import (
    connection_text,
    data_notes,
    money_against_gap_text,
    money_table,
    semester_text,
)
from innodivide.narrative.annex.record import membership_exhibit, record_figure, scenario_text

__all__ = [
    "barrier_exhibits",
    "choices",
    "closing_exhibits",
    "connection_text",
    "data_notes",
    "editions_table",
    "heading",
    "in_short",
    "index_figure",
    "institutions_table",
    "key_numbers",
    "membership_exhibit",
    "money_against_gap_text",
    "money_table",
    "position_table",
    "record_figure",
    "region_barrier_table",
    "region_figure",
    "scenario_text",
    "semester_text",
    "so_what",
    "stands_out",
    "strength_figure",
]
