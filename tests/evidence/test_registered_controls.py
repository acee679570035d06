"""Control values of the registered answer: each that moves is named with what it was."""

import pytest

from innodivide.data import Tables, frozen
from innodivide.errors import DataError
from innodivide.evidence import registered_controls as controls
from innodivide.evidence.plan import load_plan


def test_the_controls_are_as_registered():
    assert (
        controls.moved(Tables(), load_plan()).empty and controls.sentences(controls.moved(Tables(), load_plan())) == []
    )


def test_a_revised_control_is_named_and_one_of_another_year_is_none():
    panel = frozen.load("country_panel")
    of_poland = (panel["geo"] == "PL") & (panel["variable"] == "population")
    panel.loc[of_poland & panel["year"].isin([2012, 2018]), "value"] += 1000.0
    found = controls.moved(Tables({"country_panel": panel}), load_plan())
    assert found[["geo", "year", "variable"]].values.tolist() == [["PL", 2018, "population"]]
    (said,) = controls.sentences(found)
    row = found.iloc[0]
    assert f"population of PL in 2018: {row['registered']:.12g}, now {row['registered'] + 1000:.12g}" in said


def test_without_the_stored_values_it_says_so(tmp_path):
    with pytest.raises(DataError, match="the registered control values cannot be read"):
        controls.moved(Tables(), load_plan(), tmp_path / "none.csv")
