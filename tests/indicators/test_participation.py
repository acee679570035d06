"""Who takes part: a small made-up union by hand, and identities on the real tables."""

import pandas as pd
import pytest

from innodivide.data import frozen
from innodivide.indicators import panel, participation as part
from innodivide.narrative import ipcei_participation as words

DAY = pd.Timestamp


@pytest.fixture
def small():
    """Three Member States and the United Kingdom; IPCEI X (2020) with an extension, IPCEI Y (2022)."""
    country = pd.DataFrame(
        {
            "geo": ["AT", "BE", "BG", "UK"],
            "name": ["Austria", "Belgium", "Bulgaria", "United Kingdom"],
            "is_eu27": pd.array([True, True, True, False], dtype="boolean"),
        }
    )
    ipcei = pd.DataFrame(
        {
            "ipcei_id": ["Y", "X", "X-BE", "road"],
            "name": ["Why", "Ex", "Ex: Belgium joins", "Road"],
            "kind": ["integrated", "integrated", "integrated_extension", "infrastructure"],
            "parent_ipcei_id": [None, None, "X", None],
            "value_chain": "chips",
            "decision_date": pd.to_datetime(["2022-05-01", "2020-05-01", "2021-05-01", "2019-01-01"]),
            "n_companies": pd.array([4, 10, 1, None], dtype="Int64"),
            "n_smes": pd.array([1, None, None, None], dtype="Int64"),
            "aid_eur_bn_max": [2.0, 1.0, 0.25, None],
            "private_eur_bn_expected": [3.0, 4.0, None, None],
            "flag": None,
            "source_id": "S",
        }
    )
    states = pd.DataFrame(
        [
            ("X", "AT", "2020-05-01", "notifying", 3, 100.0, "commission_max"),
            ("X", "UK", "2020-05-01", "notifying", 2, 50.0, "commission_max"),
            ("X", "BE", "2021-05-01", "joined_later", None, 40.0, "national_fund"),
            ("Y", "AT", "2022-05-01", "notifying", None, None, "national_statement"),
            ("Y", "BE", "2022-05-01", "notifying", 2, 60.0, "national_award"),
            ("Y", "BG", None, "prepared_only", None, None, None),
            ("road", "BG", "2019-01-01", "notifying", None, None, None),
        ],
        columns=["ipcei_id", "geo", "joined_date", "role", "n_companies", "aid_eur_mn", "aid_basis"],
    )
    states = states.assign(joined_date=pd.to_datetime(states["joined_date"]), flag=None, source_id="S")
    states["n_companies"] = states["n_companies"].astype("Int64")
    group = pd.DataFrame(
        {
            "geo": ["AT", "BE", "BG"] * 2,
            "edition": [2022] * 3 + [2023] * 3,
            "group": ["strong", "strong", "emerging", "strong", "leader", "emerging"],
        }
    )
    values = pd.DataFrame(
        [("AT", 9e6, 450e3), ("BE", 12e6, 500e3), ("BG", 6e6, 100e3)], columns=["geo", "population", "gdp_meur"]
    )
    values = values.melt("geo", var_name="variable").assign(year=2023, flag=None, source_id="S")
    return {
        "country": country,
        "ipcei": ipcei,
        "ipcei_country": states,
        "eis_group": group,
        "country_panel": values,
        "eis_edition": pd.DataFrame({"edition": [2022, 2023]}),
    }


@pytest.fixture(scope="module")
def real():
    names = ("country", "ipcei", "ipcei_role", "ipcei_country", "eis_edition", "eis_group", "country_panel")
    return {name: frozen.load(name) for name in names}


# By hand


def test_register_counts_member_states_on_the_day(small):
    frame = part.register(small).set_index("ipcei_id")
    assert frame.index.tolist() == ["X", "Y"], "in order of decision, without the extension and the road"
    assert frame["n_member_states"].tolist() == [1, 2], (
        "X: Austria; the United Kingdom is no member now, Belgium joined later"
    )


def test_by_country(small):
    frame = part.by_country(small).set_index("geo")
    wanted = pd.DataFrame(
        {
            "group": ["strong", "leader", "emerging"],
            "n": [2, 2, 0],
            "n_possible": [2, 2, 2],
            "rate": [1.0, 1.0, 0.0],
            "companies_known": [3, 2, 0],
            "counts_missing": [1, 1, 0],
            "companies_min": [4, 3, 0],
            "per_million": [2 / 9, 2 / 12, 0.0],
            "per_100bn": [2 / 4.5, 2 / 5, 0.0],
        },
        index=["AT", "BE", "BG"],
    )
    pd.testing.assert_frame_equal(frame[list(wanted)], wanted, check_names=False, check_dtype=False)


def test_until_leaves_out_later_ipceis_and_later_joiners(small):
    assert part.by_country(small, until="2021-12-31").set_index("geo")["n"].to_dict() == {"AT": 1, "BE": 1, "BG": 0}
    before = part.by_country(small, until="2021-04-30").set_index("geo")
    assert before["n"].to_dict() == {"AT": 1, "BE": 0, "BG": 0}, "Belgium joined on 1 May 2021"
    assert set(before["n_possible"]) == {1}
    coverage = part.aid_coverage(small, until="2021-04-30").iloc[0]
    assert (coverage["total_eur_bn"], coverage["n_states"]) == (1.0, 1)


def test_a_missing_count_is_at_least_one_company_and_a_missing_population_stays_unknown(small):
    small["ipcei_country"]["n_companies"] = pd.array([None] * 7, dtype="Int64")
    small["country_panel"] = small["country_panel"].query("geo != 'AT'")
    frame = part.by_country(small).set_index("geo")
    assert pd.isna(frame.loc["AT", "per_million"]) and frame.loc["AT", "n"] == 2
    assert frame["companies_known"].sum() == 0
    assert frame["companies_min"].equals(frame["n"].rename("companies_min"))


def test_by_group(small):
    frame = part.by_group(part.by_country(small)).set_index("group")
    assert frame["n_countries"].to_dict() == {"leader": 1, "strong": 1, "emerging": 1}, (
        "a group without a state has no row"
    )
    row = frame.loc["strong"]
    assert (row["share_of_places"], row["mean_rate"]) == (0.5, 1.0)
    assert row["share_of_companies"] == pytest.approx(4 / 7)
    assert row["share_of_population"] == pytest.approx(1 / 3)
    assert row["lq_population"] == pytest.approx(0.5 / (1 / 3))
    assert row["lq_gdp"] == pytest.approx(0.5 / (450 / 1050))


def test_aid_keeps_bases_apart_and_unknown_unknown(small):
    frame = part.aid_coverage(small).set_index("ipcei_id")
    assert frame.loc["X", "total_eur_bn"] == 1.25, "with the extension"
    assert frame.loc["X", "approved maximum"] == 0.1, "without the United Kingdom"
    assert frame.loc["X", "granted or set aside"] == 0.04
    assert frame.loc["Y", "granted or set aside"] == 0.06
    assert frame.loc["Y", ["approved maximum", "third party, rounded"]].isna().all()
    assert pd.isna(frame.loc["Y", "national statement"]), "a basis without an amount is unknown and not zero"
    assert frame[["n_states", "n_states_known"]].to_numpy().tolist() == [[2, 2], [2, 1]]
    assert words.aid_facts(frame) == {"n": 2, "complete": 1, "bases": 4, "known": 3, "places": 4}


def test_sme_shares_only_where_published(small):
    frame = part.sme_shares(small)
    assert frame["ipcei_id"].tolist() == ["Y"] and frame["share"].tolist() == [0.25]


def test_presence_has_every_role(small):
    frame = part.presence(small)
    assert frame[["geo", "ipcei_id", "role"]].to_numpy().tolist() == [
        ["AT", "X", "notifying"],
        ["AT", "Y", "notifying"],
        ["BE", "X", "joined_later"],
        ["BE", "Y", "notifying"],
        ["BG", "Y", "prepared_only"],
    ]


def test_country_facts(small):
    facts = words.country_facts(part.by_country(small))
    assert (facts["top"], facts["top_n"], facts["none"], facts["places"]) == ("Austria and Belgium", 2, "Bulgaria", 4)
    assert facts["first_per_head"] == "Austria" and facts["order"] == ["Austria", "Belgium", "Bulgaria"]
    assert facts["half_n"] == 1, "Austria alone holds two of four places"


@pytest.mark.parametrize(("counts", "few"), [([5, 3, 2], 1), ([4, 3, 3], 2), ([1, 1, 1, 1], 2), ([10, 0, 0], 1)])
def test_how_few_hold_half_of_the_places(counts, few):
    frame = pd.DataFrame(
        {"n": counts, "name": [f"n{i}" for i in range(len(counts))], "n_possible": 10, "per_million": 1.0}
    )
    assert words.country_facts(frame)["half_n"] == few


# On the real tables


def test_places_are_the_dyads_and_the_late_joiners(real):
    dyads = panel.ipcei_dyads(real)
    late = real["ipcei_country"].query("role == 'joined_later'")
    countries = part.by_country(real)
    assert countries["n"].sum() == dyads["participates"].sum() + len(late)
    both = panel.ipcei_dyads(real, roles=["notifying", "joined_later"])
    assert (
        countries.set_index("geo")["n"].to_dict()
        == panel.country_totals(both).set_index("geo")["n_participations"].to_dict()
    )


def test_presence_sums_to_places_and_other_roles(real):
    roles = part.presence(real)["role"].value_counts()
    assert roles["notifying"] + roles["joined_later"] == part.by_country(real)["n"].sum()
    assert part.register(real)["n_member_states"].sum() == roles["notifying"]


def test_shares_add_up_to_one(real):
    groups = part.by_group(part.by_country(real))
    shares = [c for c in groups if c.startswith("share_")]
    assert len(shares) == 4
    assert groups[shares].sum().to_numpy() == pytest.approx([1, 1, 1, 1])
    assert groups["n_countries"].sum() == 27
    assert groups["lq_population"].mul(groups["share_of_population"]).sum() == pytest.approx(1)


def test_concentration_table_and_curves_agree_in_what_they_describe(real):
    countries = part.by_country(real)
    table = part.concentration_table(countries).set_index("quantity")
    curves = part.lorenz_curves(countries)
    assert set(curves["series"]) == set(table.index)
    assert table.loc["IPCEI places", "top3"] == pytest.approx(countries["n"].nlargest(3).sum() / countries["n"].sum())
    assert table["theil_between"].between(0, 1).all()
    for series, points in curves.groupby("series"):
        assert points["cum_share"].iloc[-1] == pytest.approx(1), series
        # twice the area between the diagonal and the curve
        area = 1 - ((points["cum_share"] + points["cum_share"].shift()) * points["cum_units"].diff()).sum()
        assert area == pytest.approx(table.loc[series, "gini"], abs=1e-9)


def test_what_is_known_of_aid_does_not_exceed_what_is_published(real):
    """Approved maxima may fall short of a published total, never exceed it."""
    frame = part.aid_coverage(real)
    known = frame["approved maximum"].dropna()
    assert (known <= frame.loc[known.index, "total_eur_bn"] + 0.05).all()
    assert (frame["n_states_known"] <= frame["n_states"]).all()
    assert frame["n_states"].sum() == part.by_country(real)["n"].sum()


def test_the_order_of_rows_does_not_matter(real):
    shuffled = {name: frame.sample(frac=1, random_state=3) for name, frame in real.items()}
    assert part.by_country(shuffled).equals(part.by_country(real))
    assert part.aid_coverage(shuffled).equals(part.aid_coverage(real))
