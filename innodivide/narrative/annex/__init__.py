"""The sentences and exhibits of a country annex that depend on the country: every case has its own wording."""

from innodivide.narrative.annex.outlook import closing_exhibits, scenario_exhibits
from innodivide.narrative.annex.overview import editions_table, heading, index_facts, strength_text, summary
from innodivide.narrative.annex.regions import barrier_exhibits, institutions_table, region_exhibits
from innodivide.narrative.annex.tier1 import (
    BASIS_TEXT,
    ROLE_TEXT,
    TAKING_PART,
    expected_figure,
    expected_overview,
    membership_exhibit,
    participants_exhibit,
)
from innodivide.narrative.annex.tier2 import (
    connection_text,
    data_notes,
    money_against_gap_text,
    money_table,
    semester_text,
)

# Draws of an annex: few, since every annex draws again; the captions say how many.
RESAMPLES, SCENARIO_DRAWS, NULL_MATRICES = 199, 200, 199

__all__ = [
    "BASIS_TEXT",
    "NULL_MATRICES",
    "RESAMPLES",
    "ROLE_TEXT",
    "SCENARIO_DRAWS",
    "TAKING_PART",
    "barrier_exhibits",
    "closing_exhibits",
    "connection_text",
    "data_notes",
    "editions_table",
    "expected_figure",
    "expected_overview",
    "heading",
    "index_facts",
    "institutions_table",
    "membership_exhibit",
    "money_against_gap_text",
    "money_table",
    "participants_exhibit",
    "region_exhibits",
    "scenario_exhibits",
    "semester_text",
    "strength_text",
    "summary",
]
