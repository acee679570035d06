"""The frame of regions: money conserved from old regions to new, shares that add up, and nothing invented."""

import numpy as np
import pandas as pd
import pytest

from innodivide.data import Tables
from innodivide.data.editions import PLAN
from innodivide.errors import DataError
from innodivide.indicators import regional_frame as frames
from innodivide.indicators.regional_frame import PARTS, erdf_by_region, regional_frame, structure

TABLES = Tables(pins=PLAN)  # as the claims take it


@pytest.fixture(scope="module")
def frame():
    return regional_frame(TABLES)


def members():
    return set(TABLES["country"].query("is_eu27 == True")["geo"])


def test_every_region_of_the_member_states_has_one_row(frame):
    nuts = TABLES["nuts"].query("nuts_version == @frames.VERSION and level == 2")
    wanted = nuts[nuts["geo"].isin(members()) & (nuts["is_extra_regio"] != True)]  # noqa: E712
    assert frame["nuts_code"].tolist() == sorted(wanted["nuts_code"]) and frame["nuts_code"].is_unique
    assert set(frame["geo"]) == members() and (frame["geo"] == frame["nuts_code"].str[:2]).all()


def test_payments_of_the_union_reach_its_regions_but_for_what_the_frame_lacks(frame):
    """In euro: the payments of the years, less those to codes outside the frame or without a population."""
    rows = TABLES["erdf_payment"]
    rows = rows[rows["year"].isin(frames.PAYMENT_YEARS) & rows["geo"].isin(members())]
    found, people = erdf_by_region(TABLES), frame.set_index("nuts_code")["population"]
    states = found.groupby(found.index.str[:2]).sum()
    paid = rows.groupby("geo")["erdf_payment_eur"].sum().astype(float)
    assert states.reindex(paid.index).to_dict() == pytest.approx(paid.to_dict(), rel=1e-9)
    ours = found[found.index.str[:2].isin(members())]
    missing = ours[~ours.index.isin(people.dropna().index)].sum()
    inside = (frame["erdf_per_head"] * frame["population"]).sum()
    assert inside == pytest.approx(paid.sum() - missing, rel=1e-9)


def test_shares_add_up_and_their_concentration_and_movement_are_within_bounds(frame):
    known = frame.dropna(subset=["herfindahl"])
    assert known[list(PARTS)].sum(axis=1).to_numpy() == pytest.approx(1)
    assert (known[list(PARTS)] >= 0).all(axis=None)
    assert known["herfindahl"].between(1 / 3, 1).all() and known["moved"].dropna().between(0, 1).all()
    assert known["herfindahl"].to_numpy() == pytest.approx((known[list(PARTS)] ** 2).sum(axis=1).to_numpy())


def test_what_is_not_published_is_missing(frame):
    rows = frame.set_index("nuts_code")
    heads = TABLES["region_year"].query("variable == 'population_implied' and nuts_version == @frames.VERSION")
    known = set(heads.loc[heads["year"] == frames.HEADS_YEAR, "nuts_code"])
    assert rows["population"].notna().to_dict() == {code: code in known for code in rows.index}
    assert rows.loc[rows["population"].isna(), "erdf_per_head"].isna().all()
    assert rows["lagging"].isna().equals(rows["group"].isna()), "a region without a group is not one that does not lag"


def test_group_and_gap_are_those_of_the_scoreboard_region_that_holds_it(frame):
    board = frames.regions(TABLES)
    rows = frame.dropna(subset=["region_code"]).set_index("nuts_code")
    assert rows["group"].tolist() == board["group"].reindex(rows["region_code"]).tolist()
    relative = board[f"relative_{frames.first_year(TABLES)}"].reindex(rows["region_code"]).astype(float)
    assert (100 - rows["gap"].astype(float)).to_numpy() == pytest.approx(relative.to_numpy(), nan_ok=True)
    assert set(frame["region_code"].dropna()) == set(board.index), "no region of the scoreboard is lost"


def test_quality_of_government_is_that_of_the_smallest_region_published(frame):
    known = TABLES["eqi_2024"].query("year == @frames.EQI_YEAR").set_index("nuts_code")["eqi"].astype(float)
    for row in frame.itertuples():
        holders = [c for c in known.index if row.nuts_code.startswith(c)]
        assert (row.eqi == known[max(holders, key=len)]) if holders else np.isnan(row.eqi), row.nuts_code


def test_a_scoreboard_of_another_nuts_is_refused_and_loses_no_region_in_silence():
    later = TABLES.replaced({"ris_nuts2": TABLES["ris_nuts2"].assign(nuts_version="2024")})
    with pytest.raises(DataError, match=r"regions of NUTS 2024, this frame is of NUTS 2021; take the tables with RIS"):
        regional_frame(later)


# By hand


def region_years(*rows):
    columns = ["nuts_version", "nuts_code", "variable", "year", "value"]
    return pd.DataFrame([(frames.VERSION, *row) for row in rows], columns=columns)


def test_three_parts_by_hand():
    rows = [("A1", 2010, 30, 10), ("A1", 2022, 20, 20), ("A2", 2022, 50, 0), ("A3", 2010, 10, 10)]
    given = [(c, v, y, x) for c, y, *xs in rows for v, x in zip(("manuf_gva_share", "ict_prof_gva_share"), xs)]
    given.append(("A4", "manuf_gva_share", 2022, 30))  # one share alone makes no three parts
    found = structure(Tables({"region_year": region_years(*given)}))
    assert found.loc["A1", list(PARTS)].tolist() == pytest.approx([0.2, 0.2, 0.6])
    assert found.loc["A1", "herfindahl"] == pytest.approx(0.44) and found.loc["A1", "moved"] == pytest.approx(0.1)
    assert found.loc["A2", "herfindahl"] == pytest.approx(0.5) and np.isnan(found.loc["A2", "moved"])
    assert sorted(found.dropna(subset=["herfindahl"]).index) == ["A1", "A2"]


def payments(*rows):
    return pd.DataFrame(rows, columns=["nuts_version", "nuts_code", "year", "erdf_payment_eur"])


def link(*rows):
    columns = ["version_from", "code_from", "version_to", "code_to", "level", "population", "change"]
    return pd.DataFrame([(v, a, frames.VERSION, b, 2, n, "split") for v, a, b, n in rows], columns=columns)


def test_payments_by_hand():
    """A1 became B1 and B2, 75 to 25; A2 is B3; B2 is paid by another version too; 2013 and 2021 do not count."""
    parts = link(("2013", "A1", "B1", 75), ("2013", "A1", "B2", 25), ("2013", "A2", "B3", 9), ("2010", "Z", "B2", 4))
    paid = payments(
        ("2013", "A1", 2014, 60.0), ("2013", "A1", 2020, 40.0), ("2013", "A1", 2021, 1.0), ("2013", "A2", 2013, 5.0),
        ("2013", "A2", 2016, 7.0), ("2010", "Z", 2015, 2.0),
    )  # fmt: skip
    found = erdf_by_region(Tables({"nuts_link": parts, "erdf_payment": paid}))
    assert found.to_dict() == pytest.approx({"B1": 75.0, "B2": 27.0, "B3": 7.0})


def test_a_region_that_nothing_was_paid_to_is_missing_and_not_zero():
    parts = link(("2013", "A1", "B1", 75), ("2013", "A2", "B2", 25))
    found = erdf_by_region(Tables({"nuts_link": parts, "erdf_payment": payments(("2013", "A1", 2014, 60.0))}))
    assert found["B1"] == 60 and np.isnan(found["B2"])


def test_a_payment_to_a_code_without_a_link_is_refused():
    parts = link(("2013", "A1", "B1", 75))
    paid = payments(("2013", "A1", 2014, 60.0), ("2013", "A9", 2014, 3.0))
    with pytest.raises(DataError, match=r"erdf_payment\.csv: NUTS 2013 A9"):
        erdf_by_region(Tables({"nuts_link": parts, "erdf_payment": paid}))


def test_the_order_of_rows_does_not_matter(frame):
    names = ("nuts", "nuts_link", "region_year", "erdf_payment", "eqi_2024", "ris_nuts2")
    mixed = TABLES.replaced({n: TABLES[n].sample(frac=1, random_state=4).reset_index(drop=True) for n in names})
    pd.testing.assert_frame_equal(regional_frame(mixed), frame, rtol=1e-12)
