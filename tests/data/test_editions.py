"""The latest edition that has what is needed; an edition that lacks a part is never half-used."""

import pandas as pd
import pytest

from innodivide.data import Tables, editions, frozen, licences
from innodivide.data.tables import member_states
from innodivide.errors import DataError, NotAvailable, ParameterError
from innodivide.indicators import country_profile, peers, regions as region_frames

TABLES = Tables()
SERIES, REGIONAL = ("group", "series"), editions.REGIONAL
NEW = 1 + max(int(TABLES[t]["edition"].max()) for t in ("eis_edition", "ris_index"))


def with_edition(*names: str, board: str = "eis", change=None) -> Tables:
    """The tables with one more edition: the last complete one again, under another number, in the tables named."""
    old = editions.latest(TABLES, board, REGIONAL if board == "ris" else ("group", "series", "scores"))
    frames = {}
    for name in names:
        rows = TABLES[name]
        more = rows[rows["edition"] == old].assign(edition=NEW)
        more = change(name, more) if change else more
        frames[name] = pd.concat([rows, more], ignore_index=True)
    return Tables(frames)


EIS = ("eis_edition", "eis_group", "eis_rank", "eis_index", "eis_score")
RIS = ("ris_region", "ris_index", "ris_score", "ris_nuts2")


def test_a_whole_edition_is_taken_and_one_without_a_part_is_not():
    whole = with_edition(*EIS)
    assert {editions.latest(whole, "eis", (part,)) for part in editions.PARTS["eis"]} == {NEW}
    for part, table in {"rank": "eis_rank", "scores": "eis_score", "index": "eis_index"}.items():
        lacking = with_edition(*(name for name in EIS if name != table))
        assert editions.latest(lacking, "eis", ("group", part)) < NEW
        assert any(f"EIS {NEW} has no" in said and part in said for said in editions.gaps(lacking))
    assert not [said for said in editions.gaps(whole) if f"EIS {NEW}" in said]


@pytest.mark.parametrize("gone", ["EU", "MT"])
def test_an_index_without_the_eu_or_a_state_is_not_used(gone):
    without = with_edition(*EIS, change=lambda name, rows: rows[rows["geo"] != gone] if name == "eis_index" else rows)
    before = editions.latest(TABLES, "eis", SERIES)
    assert editions.latest(without, "eis", SERIES) == before
    found = country_profile.index_relative_to_eu(without)
    assert found.equals(country_profile.index_relative_to_eu(TABLES))


def test_a_series_with_a_hole_is_no_series():
    holed = with_edition(
        *EIS, change=lambda name, rows: rows[rows["year"] != rows["year"].min() + 2] if name == "eis_index" else rows
    )
    assert editions.latest(holed, "eis", SERIES) < NEW == editions.latest(holed, "eis", ("group", "index"))


def test_regions_follow_a_whole_edition_and_none_without_scores():
    doubled = with_edition(
        *RIS,
        board="ris",
        change=lambda name, r: r.assign(relative_to_eu_pct=2 * r["relative_to_eu_pct"]) if name == "ris_index" else r,
    )
    now, before = region_frames.regions(doubled), region_frames.regions(TABLES)
    assert now["relative"].equals(2 * before["relative"]) and now.index.is_unique
    partly = with_edition("ris_region", "ris_index", board="ris")
    assert region_frames.regions(partly).equals(before)
    assert any(f"RIS {NEW} has no scores, nuts2" in said for said in editions.gaps(partly))


def test_group_rank_and_index_of_an_annex_are_each_of_one_edition():
    newer = with_edition("eis_edition", "eis_group")  # groups without ranks: both stay with the edition that has both
    assert peers.group_now(newer).equals(peers.group_now(TABLES))


def test_pinned_tables_keep_the_editions_of_the_claims():
    newer = with_edition(*EIS)
    pinned = newer.as_of(pins=editions.PLAN)
    assert editions.latest(pinned, "eis", SERIES) == editions.PLAN["eis"]
    assert editions.latest(pinned, "ris", REGIONAL) == editions.PLAN["ris"]
    assert editions.latest(pinned, "eis", ("group", "rank")) == NEW, "what was in force on a day is not pinned"


def test_the_editions_of_the_claims_are_in_the_tables():
    pinned = TABLES.as_of(pins=editions.PLAN)
    for board, edition in editions.PLAN.items():
        for part in editions.PARTS[board]:
            needed = part in ("series", "scores", "nuts2", "regions")
            assert not needed or edition in editions.complete(TABLES, board, part)
        assert editions.latest(pinned, board, [p for p in editions.PARTS[board] if p != "rank"]) == edition


def test_what_cannot_be_found_is_said():
    with pytest.raises(ParameterError, match=r"board='cis', needs=\('group',\): allowed are eis, ris, eqi, rci"):
        editions.latest(TABLES, "cis")
    with pytest.raises(ParameterError, match="allowed are group, rank, index, series, scores"):
        editions.latest(TABLES, "eis", ("ranks",))
    rows = TABLES["eis_index"]
    empty = Tables({"eis_index": rows[rows["geo"] != "EU"]})
    with pytest.raises(DataError, match=r"no edition of EIS has group and series of all Member States \(group: 20"):
        editions.latest(empty, "eis", SERIES)


def test_every_member_state_is_in_every_frame():
    members = set(member_states(TABLES)["geo"])
    found = country_profile.index_relative_to_eu(TABLES)
    assert all(set(part["geo"]) == members for _, part in found.groupby("year"))


def test_what_is_left_out_is_not_available(monkeypatch):
    monkeypatch.setenv(licences.WITHOUT, ",".join(licences.restricted(frozen.resources())))
    with pytest.raises(NotAvailable, match=r"not available \(licence\): table eqi is left out"):
        frozen.load("eqi")
