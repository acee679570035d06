"""Tiers by country and region against the tables and derived counts; bounds by brute force; rules of the claims."""

import functools
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from innodivide.data import Tables
from innodivide.data.editions import PLAN
from innodivide.data.tables import TAKING_PART
from innodivide.errors import DataError, ParameterError
from innodivide.evidence.claims import first_rules, pandemic_recovery
from innodivide.evidence.claims.finding import NOT_TESTABLE
from innodivide.indicators import tiers
from innodivide.indicators.tiers import money

TABLES = Tables()


@pytest.fixture(scope="module")
def regions() -> pd.DataFrame:
    return tiers.regions(TABLES)


# Countries


def test_places_in_partnerships_equal_the_derived_table():
    """Table s3_country was counted apart from this code, over the same lists."""
    ours, theirs = (frame.set_index("geo") for frame in (tiers.tier2_by_country(TABLES), TABLES["s3_country"]))
    theirs = theirs.loc[ours.index]
    assert len(ours) == 27 and (ours["s3_places"] == theirs["participations"]).all()
    assert (ours["s3_partnerships"] == theirs["partnerships"]).all()
    assert (ours["s3_known_regions"] >= ours["s3_regions"]).all()


def test_tier1_counts_and_minimum_of_companies():
    found = tiers.tier1_by_country(TABLES).set_index("geo")
    part, ipcei = TABLES["ipcei_country"], TABLES["ipcei"].query("kind == 'integrated'")["ipcei_id"]
    part = part[part["ipcei_id"].isin(ipcei) & part["role"].isin(TAKING_PART)]
    assert found.index[found["n_ipcei"] == 0].tolist() == sorted(set(found.index) - set(part["geo"]))
    assert (found["companies_min"] >= found["n_ipcei"]).all()
    assert f"of {found['n_ipcei'].sum()}" in found["coverage"].iloc[0]


def test_matrix_agrees_with_both_country_frames():
    matrix, sides = tiers.country_matrix(TABLES)
    first = [c for c in matrix if sides[c] == "tier1"]
    projects = TABLES["ipcei"].query("kind == 'integrated'").sort_values("decision_date")["ipcei_id"]
    assert set(first) == set(projects)
    assert (matrix[first].sum(axis=1) == tiers.tier1_by_country(TABLES).set_index("geo")["n_ipcei"]).all()
    second = matrix.drop(columns=first).sum(axis=1)
    assert (second == tiers.tier2_by_country(TABLES).set_index("geo")["s3_partnerships"]).all()
    early, _ = tiers.country_matrix(TABLES, until="2021-04-30")
    assert list(early.columns) == [*projects[:3], *matrix.columns.difference(first)]


def test_who_joined_after_the_founders_is_named_but_not_in_the_complete_list():
    rows = TABLES["s3_partnership_region"].query("partnership_id == 'S3-CHE'")
    late = rows["role"] == "joined_later"
    assert late.any() and not tiers.complete_members(TABLES)["role"].eq("joined_later").any()
    strict, named = (tiers.country_matrix(TABLES, lists=x)[0]["S3-CHE"] for x in (None, ["S3-CHE"]))
    assert set(named[named == 1].index) - set(strict[strict == 1].index) == set(rows.loc[late, "geo"])


def test_members_without_a_name_make_a_state_known_and_count_once():
    rows = TABLES["cluster_partnership_member"]
    one = rows[rows["member"].notna() & (rows["geo"] == "FI")].head(1)
    unnamed = one.assign(member=None, geo=["SK"])
    toy = pd.concat([one, one.assign(member=None), unnamed, unnamed.assign(partnership_id="other")])
    found = tiers.tier2_by_country(Tables({"cluster_partnership_member": toy})).set_index("geo")["clusters_known"]
    assert (found["FI"], found["SK"], found["DE"]) == (1, 1, 0)


def test_every_list_is_checked_for_what_is_sure():
    names = {"S3": "s3_partnership_region", "I3": "i3_region", "clusters": "cluster_partnership_member"}
    for instrument, name in names.items():
        table = TABLES[name]
        row = table[table["flag"].isna() & table["nuts_code"].notna() & table["geo"].isin(["ES", "FR"])].head(1)
        for flag, sure in ((None, True), ("partial", True), ("weak", False), ("approx", False)):
            found = tiers.tier2_memberships(Tables({name: row.assign(flag=flag)})).query("instrument == @instrument")
            assert found["sure"].tolist() == [sure], (instrument, flag)
    row = TABLES["i3_region"].query("project == 'RegioGreenTex'").head(1)
    for verified in (True, False):
        found = tiers.tier2_memberships(Tables({"i3_region": row.assign(instrument_verified=verified)}))
        assert found.query("instrument == 'I3'")["sure"].tolist() == [verified]


def test_states_known_without_a_region_add_no_region():
    members = tiers.tier2_memberships(TABLES)
    assert members["region_name"].notna().all()
    named = TABLES["i3_region"].dropna(subset=["region_name"])
    inside = named[named["geo"].isin(tiers.tier2_by_country(TABLES)["geo"])]
    assert (members["instrument"] == "I3").sum() == len(inside)


def test_coverage_speaks_and_needs_a_published_total():
    seen = tiers.s3_coverage(TABLES)
    known = int(TABLES["s3_partnership"]["list_complete"].isin(["yes", "founding_only"]).sum())
    assert (seen.known, seen.total) == (known, 42) and f"member list: {known} of 42 (not a random" in str(seen)
    with pytest.raises(DataError, match="s3_partnerships"):
        tiers.s3_coverage(Tables({"s3_aggregate": TABLES["s3_aggregate"].iloc[:0]}))


# Regions


def test_frame_holds_all_people_of_the_eu27(regions):
    people = TABLES["country_year"].query("variable == 'population_jan1' and year == 2019").set_index("geo")["value"]
    found = regions.groupby("geo")["population"].sum()
    assert len(regions) == 240 and regions["population"].notna().all()
    assert (found / people.reindex(found.index) - 1).abs().max() < 0.002


def test_members_of_higher_and_lower_levels(regions):
    frame = regions.set_index("nuts_code")
    assert frame.loc[["FRK1", "FRK2"], "tier2_whole"].all(), "FRK is a member: both of its parts are in it"
    assert not frame.loc["SE23", "tier2_whole"] and frame.loc["SE23", "tier2_any"], "only SE232 is a member"
    assert frame.loc[["SI03", "SI04"], "tier2_whole"].all(), "the state is a member"
    assert (frame["tier2_any"] >= frame["tier2_whole"]).all()
    assert not frame.loc["CZ02", "tier2_whole"], "only expressed interest in an innovation valley"


def test_instruments_of_a_region_are_distinct_partnerships(regions):
    members = tiers.tier2_memberships(TABLES).dropna(subset=["nuts_code"])
    inside = members[members["nuts_code"].map(lambda m: "FI1D".startswith(m) or m.startswith("FI1D"))]
    expected = len(inside[["instrument", "group_id"]].drop_duplicates())
    assert regions.set_index("nuts_code").loc["FI1D", "n_instruments"] == expected < len(inside)


def test_what_the_link_of_nuts_versions_loses():
    regions = tiers.regions(TABLES.as_of(pins=PLAN))
    assert regions.loc[regions["group"].isna(), "nuts_code"].tolist() == ["HR04", "NL31", "NL33"]


def test_unknown_company_counts_get_what_the_total_leaves():
    rows, ipcei = TABLES["ipcei_country"], TABLES["ipcei"]
    at_most, known = tiers.companies_at_most(TABLES), tiers.tier1_by_country(TABLES).set_index("geo")
    complete = known.index[(known["companies_missing"] == 0) & (known["n_ipcei"] > 0)]
    assert (at_most[complete] == known.loc[complete, "companies_min"]).all()
    assert (at_most >= known.loc[at_most.index, "companies_min"]).all()
    one = ipcei[ipcei["ipcei_id"] == "Hy2Tech"]
    part = rows[(rows["ipcei_id"] == "Hy2Tech") & rows["role"].isin(["notifying", "joined_later"])]
    largest = part.loc[part["n_companies"].idxmax(), "geo"]
    gone = part.assign(n_companies=part["n_companies"].where(part["geo"] != largest))
    found = tiers.companies_at_most(Tables({"ipcei": one, "ipcei_country": gone}))
    others = gone["n_companies"].isna().sum() - 1
    assert found[largest] == one["n_companies"].item() - gone["n_companies"].sum() - others > 1


def toy(companies=(2, 0), ipceis=(1, 0), members=(False, False, False, True, False)) -> pd.DataFrame:
    """Return three regions of state A and two of B."""
    geo = list("AAABB")
    return pd.DataFrame(
        {
            "nuts_code": [f"{g}{i}" for i, g in enumerate(geo)],
            "geo": geo,
            "population": [5.0, 3, 1, 4, 2],
            "tier2_whole": members,
            "tier2_itself": members,
            "tier2_any": members,
            "country_ipceis": [ipceis[g == "B"] for g in geo],
            "country_companies": [companies[g == "B"] for g in geo],
        }
    )


def test_bounds_by_hand():
    rows = tiers.regions_by_tier(toy(), 1).set_index("case")
    listed = rows.loc["as listed", ["neither", "neither_population"]].tolist()
    assert listed == [3, 10], "A loses its smallest, B its member"
    assert rows.loc["stated places", ["neither", "neither_population"]].tolist() == [1, 1]
    assert rows.loc["anything possible", "neither"] == 0
    assert rows.loc["as listed", "neither_population_share"] == pytest.approx(10 / 15)


@pytest.mark.parametrize("unlisted", [0, 1, 2])
@pytest.mark.parametrize("companies", [(0, 1), (1, 1), (2, 0), (3, 2)])
def test_lowest_bound_is_the_best_of_all_placements(companies, unlisted):
    """Try every set of regions that companies and unlisted places could reach."""
    frame = toy(companies)
    free = [i for i in frame.index if not frame["tier2_any"][i]]
    best = (len(free), frame["population"][free].sum())
    for size in range(len(free) + 1):
        for chosen in combinations(free, size):
            beyond = sum(max(0, sum(frame["geo"][i] == g for i in chosen) - c) for g, c in zip("AB", companies))
            if beyond <= unlisted:
                left = [i for i in free if i not in chosen]
                best = (min(best[0], len(left)), min(best[1], frame["population"][left].sum()))
    row = tiers.regions_by_tier(frame, unlisted).set_index("case").loc["stated places"]
    assert (row["neither"], row["neither_population"]) == best


def test_bounds_are_nested_and_refuse(regions):
    rows = tiers.regions_by_tier(regions, 5).set_index("case")
    assert rows["neither"].drop(index=tiers.THEMSELVES).is_monotonic_decreasing
    free = int((~regions["tier2_whole"]).sum())
    alone = sum(not g["tier2_whole"].any() and g["country_ipceis"].iloc[0] > 0 for _, g in regions.groupby("geo"))
    assert rows.loc["as listed", "neither"] == free - alone
    with pytest.raises(ParameterError, match="unlisted=-1"):
        tiers.regions_by_tier(regions, -1)


def test_regions_listed_by_themselves_are_some_of_those_that_a_list_covers(regions):
    assert regions.loc[regions["tier2_itself"], "tier2_whole"].all()
    members = tiers.tier2_memberships(TABLES)
    codes = set(members.loc[members["sure"], "nuts_code"].dropna())
    named = regions.set_index("nuts_code")["tier2_itself"]
    assert named[named.index.isin(codes)].all(), "a region that a list names"
    alone = {g for g, rows in regions.groupby("geo") if len(rows) == 1} & codes
    assert named[[c for c in named.index if c[:2] in alone]].all(), "a state of one region, named as a state"
    rows = tiers.regions_by_tier(regions.assign(tier2_itself=False), 5)
    low, high, total = tiers.bounds(rows)
    beyond = rows.set_index("case").at[tiers.THEMSELVES, "neither"]
    states = regions.groupby("geo")["country_ipceis"].first()
    assert (low, total) == (0, len(regions)) and beyond == len(regions) - (states > 0).sum() > high


def test_a_state_wholly_inside_has_one_region_at_least_in_both():
    assert tiers.states_wholly_inside(toy(ipceis=(1, 1), members=(False, True, True, True, True))) == ["B"]
    assert tiers.states_wholly_inside(toy(ipceis=(1, 0), members=(True,) * 5)) == ["A"], "B takes part in nothing"


def test_places_without_a_name_are_counted_once():
    rows = tiers.unlisted_places(TABLES).set_index("group_id")
    assert rows.loc["S3-TBD", ["stated", "named", "unlisted"]].tolist() == [24, 19, 5]
    assert rows.loc["S3-ICE", "unlisted"] == 0 and rows.loc["S3-HTF", "unlisted"] == 0, "complete lists leave none"
    assert pd.isna(rows.loc["S3-CHE", "unlisted"]), "founders are known, later members are not"
    assert rows.loc["RIV", "unlisted"] == 151 - 14


def test_shares_by_group_add_up(regions):
    rows = tiers.by_tier2(regions)
    assert rows["n_regions"].sum() == len(regions) and rows["listed"].sum() == regions["tier2_any"].sum()
    inside = (rows["listed_share"] * rows["population"]).sum()
    assert inside == pytest.approx(regions.loc[regions["tier2_any"], "population"].sum())


# Claims


def test_growth_needs_two_dated_counts_of_one_scope():
    assert tiers.s3_growth(TABLES).empty
    found = tiers.s3_growth(with_counts(22)).iloc[0]
    assert found["grew"] and (found["value"], found["later_value"]) == (15, 22)


def with_counts(value: float, **others) -> Tables:
    """Return the tables with a second dated count of the industrial partnerships."""
    counts = TABLES["s3_aggregate"]
    extra = counts.query("indicator_id == 's3_industrial_partnerships'").assign(as_of="2022-01", value=value)
    return Tables({"s3_aggregate": pd.concat([counts, extra], ignore_index=True)} | others)


def test_rule_on_partnerships():
    assert first_rules.c07(with_counts(20)) == "supported"
    assert first_rules.c07(with_counts(10)) == "partly", "broad, but fewer"
    few = TABLES["s3_partnership_region"].query("geo in ['ES', 'IT']")
    assert first_rules.c07(with_counts(10, s3_partnership_region=few)) == "contradicted"


@pytest.mark.parametrize(
    ("observed", "low", "high", "p", "expected"),
    [
        (80, 95, 105, 0.001, "supported"),
        (120, 95, 105, 0.001, "contradicted"),
        (101, 95, 105, 0.7, "supported"),
        (101, 80, 130, 0.7, "inconclusive"),
        (101, 89, 105, 0.7, "inconclusive"),
    ],
)
def test_rule_on_connections(observed, low, high, p, expected):
    row = pd.Series({"observed": observed, "null_mean": 100, "null_low": low, "null_high": high, "p_value": p})
    assert first_rules.connected_states(row) == expected


def test_rule_on_regions(monkeypatch):
    def cases(low, high):
        frame = pd.DataFrame(
            {"case": ["a", "b"], "n_regions": 240, "neither": [high, low], "neither_population_share": 0.5}
        )
        monkeypatch.setattr(tiers, "regions_by_tier", lambda *_: frame)
        return first_rules.c11(TABLES)

    assert [cases(*x) for x in ((121, 200), (120, 200), (10, 121), (10, 120))] == [
        "supported",
        NOT_TESTABLE,
        NOT_TESTABLE,
        "contradicted",
    ]


def money_rows(rhos, ps) -> pd.DataFrame:
    rows = pd.DataFrame(
        {"instrument": ["a", "b", "c"], "reform": True, "rho": rhos, "p_value": ps, "rho_given_wealth": 0.0}
    )
    return pd.concat([rows, pd.DataFrame([{"instrument": "h", "reform": False, "rho": -1.0, "p_value": 0.0}])])


@pytest.mark.dear
@pytest.mark.parametrize(
    ("rhos", "ps", "last", "expected"),
    [
        ([0.5, 0.5, 0.5], [0.001] * 3, (5.0, 0.001), "supported"),
        ([0.5, 0.5, 0.5], [0.001] * 3, (-5.0, 0.001), "partly"),
        ([-0.5, -0.5, -0.5], [0.001] * 3, (5.0, 0.5), "contradicted"),
        ([0.5, 0.5, 0.5], [0.02, 0.02, 0.02], (5.0, 0.9), "inconclusive"),
        ([-0.5, -0.5, 0.5], [0.001, 0.001, 0.9], (5.0, 0.9), "inconclusive"),
    ],
)
def test_rule_on_money(monkeypatch, rhos, ps, last, expected):
    """The fourth case is below 0.05 each, but not after Holm over four."""
    monkeypatch.setattr(money, "money_against_gap", lambda *_: money_rows(rhos, ps))
    row = pd.DataFrame([{"year": 2020, "estimate": last[0], "ci_low": -9.0, "ci_high": 9.0, "p_value": last[1]}])
    monkeypatch.setattr(money, "recommendation_against_gap", lambda *_: row)
    assert first_rules.c12(TABLES, np.random.default_rng(1)) == expected


@pytest.mark.dear
def test_first_verdicts_are_allowed_and_repeatable(monkeypatch):
    """Those with draws twice; the others draw nothing."""
    monkeypatch.setattr(money, "rank_association", functools.partial(money.rank_association, n_boot=99))

    def verdicts():
        rng = np.random.default_rng(3)
        return [first_rules.c05(TABLES, rng, n_null=49), first_rules.c12(TABLES, rng, n_permutations=99)]

    first, exact = verdicts(), [first_rules.c07(TABLES), first_rules.c11(TABLES)]
    assert {*first, *exact} <= {"supported", "partly", "contradicted", "inconclusive", NOT_TESTABLE}
    assert first == verdicts()
    recovered = pandemic_recovery.uneven_recovery(TABLES, np.random.default_rng(3), n_permutations=99)
    assert recovered.claim_id == "C09" and recovered.numbers and "nan" not in recovered.numbers
