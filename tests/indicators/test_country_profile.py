"""One country against the EU: ranks, shares of the EU and amounts per head, by hand and on the real tables."""

import pandas as pd
import pytest

from innodivide.data import Tables
from innodivide.data.editions import PLAN, latest
from innodivide.errors import ParameterError
from innodivide.indicators import country_profile
from innodivide.indicators.regions import on_the_map, region_names, regions

TABLES = Tables()
THEN = TABLES.as_of(pins=PLAN)

EU27 = TABLES["country"].query("is_eu27")["geo"].tolist()


def raw(name: str, query: str, column: str) -> float:
    """Return the one cell that the query finds."""
    return float(TABLES[name].query(query)[column].item())


# The index in percent of the EU


@pytest.fixture
def small():
    """Two Member States, the EU and Switzerland in a made-up edition with two years."""
    values = {2022: {"AT": 90.0, "BE": 120.0, "CH": 200.0, "EU": 100.0}, 2023: {"AT": 99.0, "BE": 121.0, "EU": 110.0}}
    rows = [(geo, year, v) for year, row in (values | {2024: {"AT": 1.0}}).items() for geo, v in row.items()]
    index = pd.DataFrame(rows, columns=["geo", "year", "value"]).assign(edition=2023, flag=None, source_id="S")
    group = pd.DataFrame({"geo": ["AT", "BE"], "edition": 2023, "group": ["moderate", "strong"]})
    country = TABLES["country"].query("geo in ['AT', 'BE', 'CH', 'EU']")
    return {
        "country": country,
        "eis_index": pd.concat([index.assign(edition=2021, value=1.0), index]),
        "eis_group": group,
    }


def test_index_relative_to_the_eu_of_the_same_year_and_edition(small):
    frame = country_profile.index_relative_to_eu(small, 2023)
    assert frame[["geo", "year", "value", "group"]].to_numpy().tolist() == [
        ["AT", 2022, 90.0, "moderate"],
        ["AT", 2023, 99.0, "moderate"],
        ["BE", 2022, 120.0, "strong"],
        ["BE", 2023, 121.0, "strong"],
    ]
    assert frame["relative"].tolist() == pytest.approx([90, 90, 120, 110]), (
        "a year without a figure of the EU is left out"
    )


def test_real_index_equals_value_over_eu():
    frame = country_profile.index_relative_to_eu(TABLES, 2023).set_index(["geo", "year"])
    index = TABLES["eis_index"].query("edition == 2023").set_index(["geo", "year"])["value"]
    eu = frame.index.get_level_values("year").map(index["EU"])
    assert len(frame) == 27 * 8 and frame.index.is_unique
    assert frame["relative"].to_numpy() == pytest.approx((100 * index[frame.index] / eu.to_numpy()).to_numpy())


# Money


def money(geo: str, start: str) -> pd.Series:
    frame = country_profile.money(TABLES, geo)
    return frame[frame["instrument"].str.startswith(start)].squeeze()


@pytest.mark.parametrize("geo", ["AT", "MT"])
def test_amounts_per_head_by_hand(geo):
    heads = raw("country_panel", f"geo == '{geo}' and year == 2019 and variable == 'population'", "value")
    grants = raw("rrf_country", f"geo == '{geo}'", "plan_grants_meur")
    cohesion = raw("cohesion_country", f"geo == '{geo}' and fund == 'ERDF' and objective == 'TO1'", "eu_amount_eur")
    projects = raw("horizon_country", f"geo == '{geo}' and data_cut == '2025-08'", "projects")
    assert money(geo, "Recovery")["value"] == pytest.approx(grants * 1e6 / heads)
    assert money(geo, "ERDF 2014-2020 for research")["value"] == pytest.approx(cohesion / heads)
    assert money(geo, "Horizon 2020 and Horizon Europe")["value"] == pytest.approx(projects / heads * 1e6)


def test_one_row_for_each_instrument_and_the_same_ones_for_each_country():
    frames = {geo: country_profile.money(TABLES, geo) for geo in ("AT", "LU", "RO")}
    labels = [frame["instrument"].tolist() for frame in frames.values()]
    assert labels[0] == labels[1] == labels[2] and len(set(labels[0])) == len(labels[0]) == 6
    assert all(frame["n_countries"].le(27).all() for frame in frames.values())


@pytest.mark.dear
def test_ranks_are_a_ranking_of_the_27():
    rows = pd.concat([country_profile.money(TABLES, geo).assign(geo=geo) for geo in EU27])
    for _, one in rows.groupby("instrument"):
        known = one.dropna(subset="value")
        assert known["rank"].tolist() == [1 + int((known["value"] > v).sum()) for v in known["value"]]
        assert set(one["n_countries"]) == {len(known)} and one["median"].nunique() == 1
        assert one["median"].iloc[0] == pytest.approx(known["value"].median())
        assert one.loc[one["value"].isna(), "rank"].isna().all()


def test_an_unknown_amount_has_no_value_and_no_rank_and_is_not_zero():
    rrf = TABLES["rrf_country"]
    before = country_profile.money(TABLES, "AT").iloc[-1]
    for unknown in (
        rrf.assign(plan_grants_meur=rrf["plan_grants_meur"].mask(rrf["geo"] == "MT")),
        rrf.query("geo != 'MT'"),
    ):
        tables = Tables({"rrf_country": unknown})
        missing, other = country_profile.money(tables, "MT").iloc[-1], country_profile.money(tables, "AT").iloc[-1]
        assert pd.isna(missing["value"]) and pd.isna(missing["rank"])
        assert before["n_countries"] - other["n_countries"] == 1


def test_countries_with_the_same_value_share_the_best_rank():
    s3 = TABLES["s3_country"]
    places = s3["geo"].map({"AT": 5, "BE": 5, "DE": 9}).fillna(1).astype("Int64")
    tables = Tables({"s3_country": s3.assign(participations=places)})
    rank = {geo: country_profile.money(tables, geo).iloc[2]["rank"] for geo in ("AT", "BE", "DE", "FR")}
    assert rank == {"AT": 2, "BE": 2, "DE": 1, "FR": 4}


# The rest of an annex


def test_editions_have_a_row_each_and_a_rank_only_where_known():
    frame = country_profile.editions(TABLES, "EE")
    assert frame["edition"].tolist() == sorted(TABLES["eis_edition"]["edition"])
    known = TABLES["eis_rank"].query("geo == 'EE'").set_index("edition")["rank"]
    assert frame.set_index("edition")["rank"].dropna().to_dict() == known.to_dict()
    assert frame["rank"].isna().any(), "an unknown rank stays unknown"


def test_indicator_strengths_by_hand():
    frame = country_profile.indicator_strengths(TABLES, "RO").set_index("indicator_code")
    edition = latest(TABLES, "eis", country_profile.SCORES)
    rows, groups = (f[f["edition"] == edition] for f in (TABLES["eis_score"], TABLES["eis_group"]))
    scores = rows[rows["year"] == rows["year"].max()].set_index(["geo", "indicator_code"])["value"]
    assert len(frame) == 32
    assert frame.loc["1.3.1", "relative"] == pytest.approx(100 * scores["RO", "1.3.1"] / scores["EU", "1.3.1"])
    leaders = [scores[geo, "1.3.1"] for geo in groups.loc[groups["group"] == "leader", "geo"] if geo in EU27]
    assert frame.loc["1.3.1", "leaders"] == pytest.approx(100 * sum(leaders) / len(leaders) / scores["EU", "1.3.1"])
    assert frame["relative"].dropna().is_monotonic_decreasing
    assert frame["is_zero"].any() and frame.loc[frame["is_zero"].astype(bool), "relative"].isna().all(), "unknown"
    absent = country_profile.indicator_strengths(TABLES, "IE").set_index("indicator_code")
    gone = set(absent.index) - set(scores["IE"].index)
    assert len(absent) == 32 and gone and absent.loc[list(gone), "relative"].isna().all(), (
        "no row: no figure, not left out"
    )
    assert not absent.loc[list(gone), "is_zero"].any() and absent["source_id"].notna().all()


def test_memberships_name_every_role_and_the_companies():
    frame = country_profile.memberships(TABLES, "AT").set_index("ipcei_id")
    assert frame.loc["ME1", "role"] == "joined_later"
    people = TABLES["ipcei_participant"].query("geo == 'AT' and ipcei_id == 'Hy2Use' and participant_type == 'direct'")
    assert frame.loc["Hy2Use", "named"] == ", ".join(sorted(people["company"])) != ""
    assert frame["decision_date"].is_monotonic_increasing
    assert country_profile.memberships(TABLES, "CY").empty


def test_regions_by_hand():
    frame = country_profile.regions(THEN, "AT").set_index("region_code")
    index = (
        TABLES["ris_index"].query("edition == 2023 and region_code == 'AT1'").set_index("year")["relative_to_eu_pct"]
    )
    assert set(frame.index) == {"AT1", "AT2", "AT3"}
    assert (frame.loc["AT1", "relative"], frame.loc["AT1", "relative_2016"]) == (index[2023], index[2016])
    assert frame.loc["AT1", "change"] == pytest.approx(index[2023] - index[2016])
    assert frame["relative"].is_monotonic_decreasing


def test_every_country_has_regions_with_a_place_on_the_map():
    frame = regions(THEN)
    assert set(frame["geo"]) == set(EU27) and frame.index.is_unique and frame.index.is_monotonic_increasing
    assert on_the_map(THEN, frame).notna().all().all()


def test_endonyms():
    assert country_profile.endonyms(TABLES, "BE") == {"België": "nl", "Belgique": "fr", "Belgien": "de"}
    assert country_profile.endonyms(TABLES, "MT") == {"Malta": "mt"}, "the same name in two languages is given once"
    assert country_profile.endonyms(TABLES, "LU") == {"Lëtzebuerg": "lb", "Luxembourg": "fr", "Luxemburg": "de"}
    assert country_profile.endonyms(TABLES, "CY") == {"Κύπρος": "el", "Kıbrıs": "tr"} and country_profile.endonyms(
        TABLES, "FI"
    ) == {"Suomi": "fi", "Finland": "sv"}


def test_regions_have_the_names_of_the_register_with_all_their_letters():
    names = region_names(THEN)
    assert (names["PL71"], names["RO32"]) == ("Łódzkie", "București-Ilfov")
    assert names["FI1B"] == "Helsinki-Uusimaa", "the scoreboard has the names of Finland at other codes"
    assert names["EL3"] == "Attiki" and names["BG41"] == "Yugozapaden", "Greek and Cyrillic names stay in Latin letters"
    assert set(names) == set(TABLES["ris_region"].query("edition == 2023")["region_code"])


@pytest.mark.parametrize(
    "function",
    [
        country_profile.money,
        country_profile.regions,
        country_profile.memberships,
        country_profile.editions,
        country_profile.indicator_strengths,
        country_profile.endonyms,
    ],
)
@pytest.mark.parametrize("geo", ["GR", "UK", "at", ""])
def test_an_unknown_country_lists_the_known_ones(function, geo):
    with pytest.raises(ParameterError, match=rf"geo='{geo}': allowed are AT, BE, BG, .*, SK"):
        function(TABLES, geo)


def test_a_region_keeps_its_point_in_a_newer_version_of_nuts_and_a_new_code_has_none():
    points, rows = TABLES["region_point"], regions(THEN)
    newest = rows["nuts_version"].max()
    older = points[points["nuts_version"] < newest]
    found = on_the_map(Tables({"region_point": older}, pins=PLAN), rows)
    same = older.sort_values("nuts_version").drop_duplicates("nuts_code", keep="last").set_index("nuts_code")["lon"]
    known = found["region_code"].isin(same.index)
    assert 0 < known.sum() < len(found) and found.loc[~known, "lon"].isna().all()
    assert (found.loc[known, "lon"] == same.loc[found.loc[known, "region_code"]].to_numpy()).all()
