"""Regions of one version of NUTS as parts of those of another."""

import pandas as pd
import pytest

from innodivide.data import Tables
from innodivide.errors import DataError
from innodivide.indicators import nuts_links

LINK = pd.DataFrame(
    [
        ("2016", "A1", "2021", "B1", 2, 70, "split"),
        ("2016", "A1", "2021", "B2", 2, 30, "split"),
        ("2016", "A2", "2021", "B2", 2, 5, "boundary change"),
        ("2016", "A", "2021", "B", 1, 105, "unchanged"),
        ("2021", "B1", "2024", "C1", 2, 70, "unchanged"),
    ],
    columns=["version_from", "code_from", "version_to", "code_to", "level", "population", "change"],
)
TABLES = Tables({"nuts_link": LINK})


def test_the_parts_are_those_between_the_two_versions():
    rows = nuts_links.parts(TABLES, "2016", "2021")
    assert rows[["code_from", "code_to", "population"]].to_numpy().tolist() == [
        ["A1", "B1", 70],
        ["A1", "B2", 30],
        ["A2", "B2", 5],
    ]
    assert nuts_links.parts(TABLES, "2021", "2024")["code_to"].tolist() == ["C1"]


@pytest.mark.parametrize(
    ("version", "people"), [("2021", {"B1": 70, "B2": 35}), ("2016", {"A1": 100, "A2": 5}), ("2024", {"C1": 70})]
)
def test_a_version_linked_with_itself_has_its_regions_once(version, people):
    rows = nuts_links.parts(TABLES, version, version)
    assert (rows["code_from"] == rows["code_to"]).all() and set(rows["change"]) == {"unchanged"}
    assert rows.set_index("code_from")["population"].to_dict() == people


def test_versions_without_a_link_are_named():
    with pytest.raises(DataError, match="no row from NUTS 2013 to NUTS 2016; it has 2016 to 2021, 2021 to 2024"):
        nuts_links.parts(TABLES, "2013", "2016")


def test_two_versions_in_one_edition_are_refused():
    rows = pd.DataFrame({"nuts_version": ["2016", "2021", None]})
    with pytest.raises(DataError, match=r"x\.csv: one edition has codes of NUTS 2016 and 2021; one is wanted"):
        nuts_links.one_version(rows, "x.csv")
    assert nuts_links.one_version(rows.tail(2), "x.csv") == "2021"


def test_versions_linked_over_a_third_go_where_the_people_of_the_region_between_go():
    """A1 (100) becomes B1 (70) and B2 (30); of the 40 people of B2, 10 are in C1 and 30 in C2: 70 + 7.5 and 22.5."""
    between = [("2021", "B2", "2024", "C1", 2, 10, "split"), ("2021", "B2", "2024", "C2", 2, 30, "split")]
    link = pd.concat([LINK, pd.DataFrame(between, columns=LINK.columns)], ignore_index=True)
    rows = nuts_links.parts(Tables({"nuts_link": link}), "2016", "2024")
    assert rows[["code_from", "code_to", "population"]].to_numpy().tolist() == [
        ["A1", "C1", 77.5],
        ["A1", "C2", 22.5],
        ["A2", "C1", 1.25],
        ["A2", "C2", 3.75],
    ]


def test_no_person_is_lost_on_the_way():
    tables = Tables()
    direct, over = (nuts_links.parts(tables, "2016", new) for new in ("2021", "2024"))
    there = over.groupby("code_from")["population"].sum()
    assert there.to_numpy() == pytest.approx(direct.groupby("code_from")["population"].sum()[there.index].to_numpy())
    assert len(there) > 200
