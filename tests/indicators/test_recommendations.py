"""Recommendations on research and innovation: which years tell states apart, and how often a state had one."""

import pandas as pd
import pytest

from innodivide.data import Tables
from innodivide.indicators.recommendations import FEWEST, YEARS, share_of_years, telling_years

STATES = ("AT", "BE", "CZ", "DE", "ES", "FI")


def texts(**years):
    """Rows of `semester_theme`: by year one letter for each state of `STATES`.

    y told, n not told, p told to keep to a programme only, - no text.
    """
    rows = [
        (geo, int(year[1:]), letter == "y", letter == "p")
        for year, letters in years.items()
        for geo, letter in zip(STATES, letters)
        if letter != "-"
    ]
    return Tables(
        {"semester_theme": pd.DataFrame(rows, columns=["geo", "year", "research_innovation", "programme_only"])}
    )


MADE = {
    "y2011": "yyynnn",  # three and three tell states apart
    "y2012": "yynnnn",  # two are too few
    "y2013": "yyyynn",
    "y2014": "yynnnp",
    "y2015": "ynyny-",  # three told, two not
    "y2020": "nnnyyy",
    "y2021": "yyynnn",  # fiscal only
    "y2023": "yyynnn",  # after the years of the registration
}


def test_years_that_tell_states_apart_by_hand():
    found = telling_years(texts(**MADE))
    assert FEWEST == 3 and found.index[found["tells"]].tolist() == [2011, 2020]
    assert found.loc[2012, ["with_it", "without_it"]].tolist() == [2, 4]
    assert found.loc[2014, ["with_it", "without_it"]].tolist() == [2, 3], "a text on the programme is in neither"
    assert not found.loc[2021, "tells"] and set(found.index) <= set(YEARS)


def test_shares_of_the_telling_years_by_hand():
    found = share_of_years(texts(**MADE)).set_index("geo")
    assert found.loc["AT", ["years", "recommended", "share"]].tolist() == [2, 1, 0.5]
    assert found.loc["FI", "share"] == 0.5 and len(found) == 27
    assert found.loc["FR", ["years", "recommended", "share"]].isna().all(), "without any text nothing is known"


def test_a_year_without_a_text_of_its_own_is_not_a_year_without_a_recommendation():
    made = {"y2011": "yyynnn", "y2012": "pyyynn", "y2013": "-yynnn", "y2016": "yyynnn"}
    found = share_of_years(texts(**made)).set_index("geo")
    assert telling_years(texts(**made))["tells"].to_dict() == {2011: True, 2012: False, 2013: False, 2016: True}
    assert found.loc["AT", ["years", "share"]].tolist() == [2, 1.0]
    wider = texts(y2011="yyynnn", y2012="pyynnn")
    assert share_of_years(wider).set_index("geo").loc["BE", "years"] == 1


def test_the_united_kingdom_and_the_order_of_rows_do_not_matter():
    tables = Tables()
    rows = tables["semester_theme"]
    mixed = Tables({"semester_theme": rows.sample(frac=1, random_state=2)})
    pd.testing.assert_frame_equal(telling_years(mixed), telling_years(tables))
    pd.testing.assert_frame_equal(share_of_years(mixed), share_of_years(tables))
    without = Tables({"semester_theme": rows[rows["geo"] != "UK"]})
    pd.testing.assert_frame_equal(share_of_years(without), share_of_years(tables))


def test_real_shares_are_those_counted_row_by_row():
    tables = Tables()
    tells = telling_years(tables).query("tells").index
    found = share_of_years(tables).set_index("geo")
    assert (found["years"] <= len(tells)).all() and found["share"].between(0, 1).all()
    for geo in ("DE", "RO", "IE"):
        rows = tables["semester_theme"].query("geo == @geo and year in @tells and programme_only == False")
        assert found.loc[geo, "share"] == pytest.approx(rows["research_innovation"].mean())
