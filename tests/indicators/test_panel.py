"""Dyads: one row per Member State and IPCEI, with the status that was known and the controls of the year before."""

import numpy as np
import pandas as pd
import pytest

from innodivide.data import Tables, frozen
from innodivide.data.tables import country_values, member_states
from innodivide.errors import DataError, ParameterError
from innodivide.indicators import panel
from innodivide.models.estimators.firth import firth_logit

TABLES = Tables()

NEEDED = ("country", "ipcei", "ipcei_role", "ipcei_country", "eis_edition", "eis_group", "country_panel")


@pytest.fixture(scope="module")
def real():
    return {name: frozen.load(name) for name in NEEDED}


@pytest.fixture
def tables(real):
    return {name: frame.copy() for name, frame in real.items()}


@pytest.fixture(scope="module")
def dyads(real):
    return panel.ipcei_dyads(real)


# Shape


def test_one_row_for_each_member_state_and_integrated_ipcei(dyads, real):
    projects = set(real["ipcei"].query("kind == 'integrated'")["ipcei_id"])
    states = set(real["country"].query("is_eu27")["geo"])
    assert len(dyads) == len(states) * len(projects) and not dyads.duplicated(["geo", "ipcei_id"]).any()
    assert (set(dyads["geo"]), set(dyads["ipcei_id"])) == (states, projects)
    assert not {"ME1-AT", "Fehmarn", "Oresund"} & projects and not {"UK", "NO"} & states
    assert list(dyads) == panel.DYAD_COLUMNS and not dyads.isna().any().any()
    assert dyads[["geo", "ipcei_id"]].apply(tuple, axis=1).is_monotonic_increasing
    assert (dyads["participates"].dtype, dyads["leader"].dtype) == (bool, bool)


def test_participations_per_ipcei_equal_the_register(dyads, real):
    """The register counts the United Kingdom, then a Member State, in the first one; the dyads are of today's 27."""
    register = real["ipcei"].query("kind == 'integrated'").set_index("ipcei_id")["n_member_states"].astype(int)
    register["ME1"] -= 1
    counts = dyads.groupby("ipcei_id")["participates"].sum()
    assert counts.to_dict() == register[counts.index].to_dict()


def test_a_known_row(dyads, real):
    row = dyads.set_index(["geo", "ipcei_id"]).loc[("PT", "Hy2Use")]
    values = real["country_panel"].query("geo == 'PT' and year == 2021").set_index("variable")["value"]
    assert (row["participates"], row["decision_date"]) == (True, pd.Timestamp("2022-09-21"))
    assert np.exp([row["ln_population"], row["ln_gdp_pc_pps"], row["ln_gdp"]]) == pytest.approx(
        values[["population", "gdp_pc_pps", "gdp_meur"]].to_numpy()
    )


# Status


def test_the_edition_came_out_before_the_decision_and_no_later_one_did(dyads, real):
    out = real["eis_edition"].set_index("edition")["published"]
    assert (dyads["edition"].map(out) < dyads["decision_date"]).all()
    following = (dyads["edition"] + 1).map(out)
    assert (following.isna() | (following >= dyads["decision_date"])).all()


@pytest.mark.parametrize(("published", "edition"), [("2022-09-20", 2022), ("2022-09-21", 2021), ("2022-09-22", 2021)])
def test_an_edition_of_the_decision_day_is_not_used(tables, published, edition):
    editions = tables["eis_edition"]
    editions.loc[editions["edition"] == 2022, "published"] = pd.Timestamp(published)
    found = panel.ipcei_dyads(tables).query("ipcei_id == 'Hy2Use'")
    assert set(found["edition"]) == {edition}, "the real edition of 2022 came out a day after the decision"


def test_group_and_leader_are_those_of_the_edition(dyads, real):
    groups = real["eis_group"].set_index(["geo", "edition"])["group"]
    assert [groups[key] for key in zip(dyads["geo"], dyads["edition"])] == dyads["group"].tolist()
    assert dyads["leader"].tolist() == [g == "leader" for g in dyads["group"]]
    assert 0 < dyads["leader"].sum() < len(dyads)


def test_lag1_is_one_edition_earlier(dyads, real):
    lagged = panel.ipcei_dyads(real, status="lag1")
    assert (dyads["edition"] - lagged["edition"]).eq(1).all()
    assert lagged.drop(columns=["edition", "group", "leader"]).equals(
        dyads.drop(columns=["edition", "group", "leader"])
    )


@pytest.mark.parametrize("status", [2020, "2020", np.int64(2020)])
def test_one_fixed_edition(real, status):
    fixed = panel.ipcei_dyads(real, status=status)
    assert set(fixed["edition"]) == {2020}
    leaders = set(real["eis_group"].query("edition == 2020 and group == 'leader'")["geo"])
    assert set(fixed.loc[fixed["leader"], "geo"]) == leaders - {"UK", "CH", "NO"}


def test_no_edition_before_the_first_one(real):
    first = real["eis_edition"]["published"].min()
    with pytest.raises(ParameterError, match=rf"no such edition was published before {first:%Y-%m-%d}"):
        panel.status_asof(real, [first])
    second = real["eis_edition"]["published"].sort_values().iloc[1]
    assert set(panel.status_asof(real, [second])["edition"]) == {2017}
    with pytest.raises(ParameterError, match=r"status='lag1': no such edition was published before"):
        panel.status_asof(real, [second], "lag1")


# Choices


def test_a_late_joiner_counts_only_when_asked(dyads, real):
    late = panel.ipcei_dyads(real, roles=("notifying", "joined_later"))
    changed = late[late["participates"] != dyads["participates"]]
    assert changed[["geo", "ipcei_id"]].to_numpy().tolist() == [["AT", "ME1"]]
    prepared = panel.ipcei_dyads(real, roles=["prepared_only"])
    assert not (prepared["participates"] & dyads["participates"]).any() and prepared["participates"].any()


@pytest.mark.parametrize(
    ("choice", "ids"),
    [
        ({"until": "2021-01-26"}, {"ME1", "BAT1", "EuBatIn"}),
        ({"until": "2021-01-25"}, {"ME1", "BAT1"}),
        ({"since": "2025-07-22", "until": "2025-12-31"}, {"Tech4Cure"}),
        ({"since": "2019-12-09", "until": "2021-01-26"}, {"BAT1", "EuBatIn"}),
        ({"until": pd.Timestamp("2018-12-18")}, {"ME1"}),
    ],
)
def test_until_and_since_include_their_day(real, choice, ids):
    assert set(panel.ipcei_dyads(real, **choice)["ipcei_id"]) == ids


def test_before_and_after_a_day_make_the_whole(dyads, real):
    parts = [panel.ipcei_dyads(real, until="2021-04-30"), panel.ipcei_dyads(real, since="2021-05-01")]
    whole = pd.concat(parts).sort_values(["geo", "ipcei_id"], ignore_index=True)
    assert whole.equals(dyads)


def test_drop_leaves_out_countries_and_ipceis(dyads, real):
    found = panel.ipcei_dyads(real, drop=["DE", "ME1"])
    wanted = dyads[(dyads["geo"] != "DE") & (dyads["ipcei_id"] != "ME1")].reset_index(drop=True)
    assert found.equals(wanted)


def test_controls_of_one_year(real):
    found = panel.ipcei_dyads(real, controls=2019)
    assert found.groupby("geo")["ln_population"].nunique().eq(1).all()
    value = real["country_panel"].query("geo == 'DE' and year == 2019 and variable == 'gdp_meur'")["value"].item()
    assert np.exp(found.set_index("geo").loc["DE", "ln_gdp"].iloc[0]) == pytest.approx(value)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        (
            {"status": "lag2"},
            "status='lag2': allowed are 'at_decision', 'lag1' or an edition of [2017, 2018, 2019, 2020, 2021, 2022",
        ),
        ({"status": 2016}, "status=2016: allowed are 'at_decision', 'lag1' or an edition of [2017"),
        (
            {"roles": ["notifying", "member"]},
            "allowed is a list out of associated, connected, eea_participant, joined_later",
        ),
        ({"roles": "notifying"}, "roles='notifying': allowed is a list out of associated"),
        ({"roles": []}, "roles is empty: name at least one of associated"),
        ({"drop": ["GR"]}, "drop=['GR']: allowed is a list out of AT, BE, BG"),
        ({"drop": ["Fehmarn"]}, "drop=['Fehmarn']: allowed is a list out of"),
        ({"until": "2021-13-01"}, "until='2021-13-01' is not a date; write it as 2021-04-30"),
        ({"until": "04/05/2021"}, "until='04/05/2021' is not a date; write it as 2021-04-30"),
        ({"since": "5 April 2021"}, "is not a date; write it as 2021-04-30"),
        ({"since": "2021-04"}, "is not a date; write it as 2021-04-30"),
        ({"until": 20210430}, "until=20210430 is not a date; write it as 2021-04-30"),
        ({"since": "2021-04-30T00:00Z"}, "is not a date; write it as 2021-04-30"),
        ({"until": "2018-12-17"}, "no integrated IPCEI was decided between since=None and until=2018-12-17"),
        ({"controls": "2019"}, "controls='2019': allowed are 'lag1' or a year"),
        ({"controls": True}, "controls=True: allowed are 'lag1' or a year"),
    ],
)
def test_a_bad_argument_names_what_is_allowed(real, choice, message):
    with pytest.raises(ParameterError) as caught:
        panel.ipcei_dyads(real, **choice)
    assert message in str(caught.value)


def test_dropping_everything_is_refused(dyads, real):
    with pytest.raises(ParameterError, match="drop leaves no Member State or no IPCEI"):
        panel.ipcei_dyads(real, drop=list(dyads["geo"].unique()))


# Tables


def test_the_order_of_rows_in_the_tables_does_not_matter(dyads, tables):
    rng = np.random.default_rng(1)
    shuffled = {name: frame.iloc[rng.permutation(len(frame))] for name, frame in tables.items()}
    assert panel.ipcei_dyads(shuffled).equals(dyads)


def test_the_tables_are_not_changed(tables, real):
    panel.ipcei_dyads(tables)
    assert all(tables[name].equals(real[name]) for name in NEEDED)


@pytest.mark.parametrize(("year", "variable"), [(2017, "population"), (2021, "gdp_pc_pps"), (2024, "gdp_meur")])
@pytest.mark.parametrize("zero", [True, False])
def test_a_missing_control_and_one_of_zero_are_named(tables, year, variable, zero):
    long = tables["country_panel"]
    cell = (long["geo"] == "MT") & (long["year"] == year) & (long["variable"] == variable)
    tables["country_panel"] = long.assign(value=long["value"].mask(cell, 0.0)) if zero else long[~cell]
    with pytest.raises(DataError, match=rf"country_panel\.csv: no positive value of {variable} for MT in {year}"):
        panel.ipcei_dyads(tables)


def test_a_missing_group_is_named(tables):
    groups = tables["eis_group"]
    tables["eis_group"] = groups[~((groups["geo"] == "MT") & (groups["edition"] == 2021))]
    with pytest.raises(DataError, match=r"eis_group\.csv: no group of MT in edition 2021"):
        panel.ipcei_dyads(tables)


def test_a_new_ipcei_needs_rows_and_nothing_else(tables, dyads):
    new = (
        tables["ipcei"]
        .query("ipcei_id == 'Tech4Cure'")
        .assign(ipcei_id="New", decision_date=pd.Timestamp("2025-10-01"))
    )
    member = tables["ipcei_country"].iloc[[0]].assign(ipcei_id="New", geo="LV", role="notifying")
    tables["ipcei"] = pd.concat([tables["ipcei"], new])
    tables["ipcei_country"] = pd.concat([tables["ipcei_country"], member])
    found = panel.ipcei_dyads(tables)
    assert len(found) == len(dyads) + dyads["geo"].nunique()
    assert found.query("ipcei_id == 'New' and participates")["geo"].tolist() == ["LV"]
    assert found[found["ipcei_id"] != "New"].reset_index(drop=True).equals(dyads)


# Size and wealth


@pytest.mark.dear
def test_leader_does_not_depend_on_which_two_of_size_gdp_and_wealth_are_given(dyads):
    """With GDP per head = GDP / population, (population, wealth) and (GDP, wealth) span the same space.

    For the index in purchasing power the identity does not hold: there they are different models.
    """
    assert (dyads["ln_gdp"] - dyads["ln_population"] - dyads["ln_gdp_pc_pps"]).std() > 0.05
    frame = dyads.assign(ln_gdp_pc=dyads["ln_gdp"] - dyads["ln_population"])
    one = firth_logit(frame, controls=("ln_population", "ln_gdp_pc")).coefficients["estimate"]
    other = firth_logit(frame, controls=("ln_gdp", "ln_gdp_pc")).coefficients["estimate"]
    assert one["leader"] == pytest.approx(other["leader"], abs=1e-7)
    assert one["ln_population"] == pytest.approx(other["ln_gdp"], abs=1e-7)
    assert one["ln_gdp_pc"] - one["ln_population"] == pytest.approx(other["ln_gdp_pc"], abs=1e-7)


# Totals and single variables


def test_country_totals_of_a_small_frame():
    frame = pd.DataFrame(
        {
            "geo": ["B", "A", "A", "B"],
            "ipcei_id": ["x", "x", "y", "y"],
            "participates": [False, True, True, True],
            "leader": [False, True, False, False],
            "ln_population": [1.0, 2.0, 4.0, 1.0],
            "ln_gdp_pc_pps": [0.0, 5.0, 5.0, 1.0],
            "ln_gdp": [3.0, 3.0, 3.0, 4.0],
        }
    )
    assert panel.country_totals(frame).to_dict("list") == {
        "geo": ["A", "B"],
        "n_possible": [2, 2],
        "n_participations": [2, 1],
        "rate": [1.0, 0.5],
        "leader_share": [0.5, 0.0],
        "leader_any": [True, False],
        "ln_population": [3.0, 1.0],
        "ln_gdp_pc_pps": [5.0, 0.5],
        "ln_gdp": [3.0, 3.5],
    }


def test_country_totals_add_up(dyads):
    totals = panel.country_totals(dyads)
    assert totals["n_possible"].sum() == len(dyads)
    assert totals["n_participations"].sum() == dyads["participates"].sum()


def test_country_values(real):
    frame = country_values(real, "population", 2019)
    assert len(frame) == 27 and frame.set_index("geo").loc["CY", "value"] == 883000
    assert country_values(real, "population", 1900)["value"].isna().all()
    with pytest.raises(ParameterError, match=r"variable='people': allowed are .*gdp_meur.*population"):
        country_values(real, "people", 2019)


def test_member_states(real):
    members = member_states(real)
    assert members["geo"].tolist() == sorted(members["geo"]) and len(members) == 27
    assert {"EL"} <= set(members["geo"]) and not {"GR", "UK"} & set(members["geo"])
