"""Additions to the grid: each against a single model on dyads that are changed by hand, and what each leaves out."""

import copy

import numpy as np
import pandas as pd
import pytest

from innodivide import models
from innodivide.data import Tables
from innodivide.errors import DataError, ParameterError
from innodivide.evidence import answer, confirmatory
from innodivide.evidence.multiverse import additions as module
from innodivide.evidence.multiverse.additions import REGISTERED, UNCHANGED, additions, larger_than_leaders, last_known
from innodivide.evidence.multiverse.grid import DIMENSIONS, load_grid
from innodivide.evidence.multiverse.specification import build_world
from innodivide.evidence.multiverse.whole_grid import run_grid
from innodivide.evidence.plan import load_plan
from innodivide.evidence.robustness import other_choices
from innodivide.evidence.robustness.by_field import by_field
from innodivide.models.estimators.design import CONTROLS

PLAN = load_plan()
TABLES = confirmatory.registered(Tables(), PLAN)
DYADS = confirmatory.planned_dyads(TABLES, PLAN)
GRID = load_grid()
WORLD = build_world(TABLES, GRID["dimensions"])


def changed(path, value):
    grid = copy.deepcopy(GRID)
    place = grid["additions"]
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return grid


@pytest.fixture(scope="module")
def found():
    return additions(TABLES)


@pytest.fixture(scope="module")
def lines(found):
    return found[found["main"]].set_index("addition")


def one(dyads, controls=CONTROLS):
    fit = models.firth_logit(dyads, controls=controls, profiles=False)
    return fit, models.dispersion_interval(fit)


def same(row, dyads, controls=CONTROLS):
    """The row of an addition is the single model on these dyads."""
    _, single = one(dyads, controls)
    wanted = [single.estimate, single.se, single.ci_low, single.ci_high, single.p_value]
    assert row[["estimate", "se", "ci_low", "ci_high", "p_value"]].tolist() == pytest.approx(wanted, abs=1e-6)
    counts = [single.n_dyads, single.n_countries, single.n_ipceis, single.n_events, single.n_treated]
    assert row[["n_dyads", "n_countries", "n_ipceis", "n_events", "n_treated"]].tolist() == counts


def test_the_first_line_is_the_registered_choice_of_the_grid(found, lines):
    spec = {"family": "leader", "status": "at_decision", "estimator": "firth", **GRID["additions"]["rest"]}
    spec["spec_id"] = "/".join(spec[name] for name in DIMENSIONS)
    row = run_grid(TABLES, pd.DataFrame([spec])).iloc[0]
    assert spec["spec_id"] == other_choices.REGISTERED
    numbers = ["estimate", "se", "df", "ci_low", "ci_high", "t", "p_value", "dispersion"]
    assert lines.index[0] == REGISTERED
    assert lines.loc[REGISTERED, numbers].tolist() == pytest.approx(row[numbers].tolist(), rel=1e-12)
    assert not set(found["addition"]) & set(GRID["dimensions"]["sample"]), "outside the first grid"


def test_common_support_leaves_out_the_states_that_report_03_counts(lines):
    (support,) = answer.concentration_of_status(DYADS).to_dict("records")
    left_out = lines.at["common_support", "dropped"].split("; ")
    assert len(left_out) == support["larger"] > 0
    people = np.exp(DYADS.groupby("geo")["ln_population"].max()) / 1e6
    assert (people[left_out] > support["population"]).all()
    same(lines.loc["common_support"], DYADS[~DYADS["geo"].isin(left_out)])


def test_curvature_is_a_square_among_the_controls(lines):
    dyads = DYADS.assign(square=DYADS["ln_population"] ** 2)
    same(lines.loc["curvature"], dyads, (*CONTROLS, "square"))


def test_a_level_for_each_ipcei_is_a_dummy_and_costs_no_degree_of_freedom_between_states(lines):
    dummies = pd.get_dummies(DYADS["ipcei_id"], prefix="at", dtype=float).iloc[:, 1:]
    fit, single = one(DYADS.join(dummies), (*CONTROLS, *dummies))
    row = lines.loc["ipcei_effects"]
    plain = single.se / np.sqrt(fit.dispersion)
    pearson = fit.dispersion * fit.df  # sum over states; the same whatever it is divided by
    assert row["estimate"] == pytest.approx(single.estimate, abs=1e-6)
    assert row["df"] == 27 - 4 and row["dispersion"] == pytest.approx(pearson / row["df"], rel=1e-5)
    assert row["se"] == pytest.approx(plain * np.sqrt(pearson / row["df"]), rel=1e-5)


def test_models_of_totals_have_no_level_for_each_ipcei(found):
    run = found[found["addition"] == "ipcei_effects"]
    assert set(run["estimator"]) == {"firth", "lpm"} and (run["failed"] == "").all()


def test_each_leader_is_left_out_once(lines):
    ever = sorted(DYADS.loc[DYADS["leader"], "geo"].unique())
    each = lines[lines.index.str.startswith("without_leader_")]
    assert sorted(each["dropped"]) == ever and (each["n_treated"] == len(ever) - 1).all()
    geo = each["dropped"].iloc[0]
    same(each.iloc[0], DYADS[DYADS["geo"] != geo])
    assert each["label"].str.startswith("without ").all() and not each["label"].str.contains("{", regex=False).any()


def test_a_further_control_is_the_last_figure_up_to_the_year_before(found, lines):
    values, years = last_known(TABLES, WORLD, "manuf_gva_share")
    panel = TABLES["country_panel"].query("variable == 'manuf_gva_share'").dropna(subset=["value"])
    for i, geo in enumerate(WORLD.geo):
        own = panel[panel["geo"] == geo].set_index("year")["value"]
        for j, day in enumerate(pd.DatetimeIndex(WORLD.decided)):
            past = own[own.index < day.year].sort_index()
            if past.empty:
                assert np.isnan(values[i, j]) and np.isnan(years[i, j])
            else:
                assert (values[i, j], years[i, j]) == (past.iloc[-1], day.year - 1 - past.index[-1])
    column = pd.DataFrame(values, WORLD.geo, WORLD.ipcei).stack().rename("share").rename_axis(["geo", "ipcei_id"])
    dyads = DYADS.merge(column.reset_index(), on=["geo", "ipcei_id"]).dropna(subset=["share"])
    row = lines.loc["manufacturing"]
    same(row, dyads, (*CONTROLS, "share"))
    assert set(row["dropped"].split("; ")) == set(DYADS["geo"]) - set(dyads["geo"])
    assert row["carried"] == np.nansum(years[~np.isnan(values).any(axis=1)] > 0) > 0
    assert lines.at["manufacturing_gdp", "n_countries"] == 27 and not lines.at["manufacturing_gdp", "announced"]
    known = {name: level.get("registered", True) for name, level in GRID["additions"]["levels"].items()}
    assert all(known[name] == announced for name, announced in lines["announced"].items() if name in known)


def test_ipceis_with_spliced_wealth_are_found_in_the_panel(lines):
    panel = TABLES["country_panel"].query("variable == 'gdp_pc_pps' and basis == 'spliced'")
    year = DYADS["decision_date"].dt.year - 1
    spliced = set(DYADS.loc[year.isin(panel["year"]), "ipcei_id"])
    assert set(lines.at["one_series", "dropped"].split("; ")) == spliced
    same(lines.loc["one_series"], DYADS[~DYADS["ipcei_id"].isin(spliced)])


def test_an_addition_that_changes_no_data_is_not_run(found):
    same_data = found[found["failed"] == UNCHANGED]
    assert same_data["estimate"].isna().all()
    # One edition earlier the largest state was a leader once, so that no state is larger than every leader.
    assert set(zip(same_data["addition"], same_data["status"])) == {("common_support", "lag1")}


def test_larger_than_leaders_by_hand():
    people = np.array([[1.0, 2.0], [3.0, 3.0], [3.0, 1.0], [4.0, 5.0]])
    status = np.array([[1, 0], [0, 1], [0, 0], [0, 0]])
    assert larger_than_leaders(people, status).tolist() == [False, False, False, True]


def test_separated_data_have_no_interval():
    """A leader that takes part in everything: the dispersion would make an infinite estimate look certain."""
    base = module.cell(WORLD, {**GRID["additions"]["rest"], "status": "eis2020"}, {"all": {}}, GRID["dimensions"])
    y = np.maximum(base.y, base.d[base.kept])
    row = module._fitted(WORLD, module.replace(base, y=y), "firth")
    assert row["failed"].startswith("separated: ") and "estimate" not in row and row["n_countries"] == 27


@pytest.mark.parametrize(
    ("path", "value", "error", "text"),
    [
        (["levels", "curvature", "label"], None, ParameterError, "curvature has no label"),
        (["levels", "curvature", "change"], "turned", ParameterError, "'turned' is not known"),
        (["levels", "business_rd", "variable"], "luck", DataError, "no figure of luck"),
        (["vary", "status"], ["nobody"], ParameterError, "no level nobody"),
        (["rest"], None, ParameterError, "additions needs rest"),
    ],
)
def test_a_wrong_declaration_is_named(path, value, error, text):
    grid = changed(path, value)
    if path[0] == "levels":
        grid["additions"]["levels"] = {path[1]: grid["additions"]["levels"][path[1]]}
        grid["additions"]["vary"] = {"status": ["at_decision"], "estimator": ["lpm"]}
    with pytest.raises(error, match=text):
        additions(TABLES, grid)


# ---- by field of technology ----


def test_a_field_is_the_registered_model_on_its_ipceis():
    plan = copy.deepcopy(PLAN)
    plan.fixed["test"]["permutations"] = 99
    fields = TABLES["ipcei"].set_index("ipcei_id")["value_chain"]
    main = confirmatory.Confirmatory(DYADS, *[None] * 6)
    rows = by_field(TABLES, main, plan).set_index("field")
    assert (
        rows["n_ipceis"].sum() == DYADS["ipcei_id"].nunique() and rows["n_events"].sum() == DYADS["participates"].sum()
    )
    for field in ("hydrogen", "cloud and edge"):
        part = DYADS[DYADS["ipcei_id"].map(fields) == field]
        single = one(part)[1]
        assert np.log(rows.at[field, "odds_ratio"]) == pytest.approx(single.estimate)
        assert np.log(rows.at[field, "ci_high"]) == pytest.approx(single.ci_high)
        leaders = part[part["leader"]]
        assert rows.loc[field, ["leaders_taken", "leaders_open"]].tolist() == [
            leaders["participates"].sum(),
            len(leaders),
        ]
    assert rows["p_value"].between(0, 1).all()


def test_a_field_without_an_interval_says_why():
    plan = copy.deepcopy(PLAN)
    plan.fixed["test"]["permutations"] = 9
    part = DYADS[DYADS["ipcei_id"].isin(["CIS", "ME1"])]
    one_each = part.assign(participates=np.where(part["ipcei_id"] == "CIS", part["leader"], part["participates"] > 5))
    rows = by_field(TABLES, confirmatory.Confirmatory(one_each, *[None] * 6), plan).set_index("field")
    assert (
        "separated" in rows.at["cloud and edge", "note"] and "constant outcome" in rows.at["microelectronics", "note"]
    )
    assert rows[["odds_ratio", "ci_low", "ci_high"]].isna().all(axis=None)
