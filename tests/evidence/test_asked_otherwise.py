"""The leader test asked otherwise: the registered numbers if nothing is changed, a named what-if if something is."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from click.testing import CliRunner

from innodivide import models
from innodivide.cli.main import main
from innodivide.data import Tables, frozen, own_tables
from innodivide.data.tables import member_states
from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.evidence import confirmatory
from innodivide.evidence.asked_otherwise import leader_test
from innodivide.evidence.multiverse.additions import last_known
from innodivide.evidence.multiverse.grid import load_grid
from innodivide.evidence.multiverse.specification import build_world
from innodivide.evidence.plan import load_plan, plan_of, what_if
from innodivide.indicators.added_columns import add_column
from innodivide.indicators.panel import country_totals
from innodivide.models.result import as_odds_ratio

TABLES, PLAN = Tables(), load_plan()
QUICK = what_if(PLAN, permutations=99)  # labelled too: "permutations: 99"
MEMBERS = list(member_states(TABLES)["geo"])
SIZE_AND_WEALTH = ["ln_population", "ln_gdp_pc_pps"]


def ratio(found):
    """Odds ratio with its interval, to compare fits with and without profiles, which differ in the last digits."""
    return pytest.approx((found.estimate, found.ci_low, found.ci_high), rel=1e-9)


def test_nothing_changed_is_the_registered_result():
    found = leader_test(TABLES)
    main_analysis = confirmatory.analyse(confirmatory.planned_dyads(TABLES, PLAN), PLAN, effect=False)
    assert found.differs == () and ratio(found.estimate) == ratio(main_analysis.interval).expected
    assert found.permutation == main_analysis.permutation and found.tidy()["label"].item() == "registered"
    same = leader_test(TABLES, MEMBERS, status="at_decision", until=PLAN.period[1], plan=QUICK)
    assert same.differs == ("permutations: 99",) and same.estimate == found.estimate


def test_a_list_of_states_is_a_fit_on_their_dyads():
    some = [geo for geo in MEMBERS if geo not in ("BG", "DK", "PL")]
    found = leader_test(TABLES, some, plan=QUICK)
    dyads = confirmatory.planned_dyads(TABLES, PLAN)
    fit = models.firth_logit(dyads[dyads["geo"].isin(some)], profiles=False)
    assert found.estimate == as_odds_ratio(models.dispersion_interval(fit)) and fit.df == len(some) - 4
    assert found.differs[0] == f"states: {len(some)} states, without BG, DK, PL"
    text = str(found)
    assert text.startswith("WHAT-IF, not the registered analysis") and "As registered" not in text
    assert found.tidy()["label"].item() == "what-if"


def test_groups_of_states_may_be_written_in_other_ways():
    assert leader_test(TABLES, "EU27", plan=QUICK).differs == leader_test(TABLES, plan=QUICK).differs
    assert leader_test(TABLES, "Euro area", plan=QUICK).differs == leader_test(TABLES, "euro-area", plan=QUICK).differs


def test_separated_data_and_too_few_states_are_said_beside_the_numbers():
    ever = set(confirmatory.planned_dyads(TABLES, PLAN).query("leader")["geo"])
    own = pd.DataFrame({"geo": MEMBERS, "won": [float(g in ever) for g in MEMBERS]})
    found = leader_test(Tables({"mine": own}), outcome="mine.won", plan=QUICK)
    assert "CAUTION: separated data" in str(found) and found.tidy()["cautions"].item().startswith("separated data")
    few = leader_test(TABLES, ["DE", "FR", "SE", "IT", "ES", "NL"], plan=QUICK)
    assert "too few states" in few.cautions[0] and max(map(len, str(few).splitlines())) < 400
    assert leader_test(TABLES, plan=QUICK).cautions == ()


def test_the_euro_area_is_that_of_the_last_year():
    country = TABLES["country"].set_index("geo")
    year = int(PLAN.period[1][:4])
    area = country.index[country["is_eu27"] & (country["euro_year"] <= year).fillna(False)]
    found = leader_test(TABLES, "euro-area", plan=QUICK)
    assert set(found.frame["geo"]) == set(area) and found.tidy()["n_units"].item() == len(area)
    assert country.at["HR", "euro_year"] == 2023 and "HR" in area and not {"SE", "DK", "PL"} & set(area)
    assert "HR" not in set(leader_test(TABLES, "euro-area", until="2022-12-31", plan=QUICK).frame["geo"])


def test_the_year_of_the_euro_area_and_what_is_not_of_innodivide_are_named(tmp_path):
    year = PLAN.period[1][:4]
    assert f"states (euro area as of {year})" in leader_test(TABLES, "euro-area", plan=QUICK).differs[0]
    own_tables.copy(tmp_path / "copy")
    assert own_tables.told(Tables(), []) == own_tables.told(Tables(folder=frozen.ROOT / "data"), []) == ()
    (said,) = own_tables.told(Tables(folder=tmp_path / "copy"), [])
    assert said.startswith("tables: Made from a changed copy of the data (no table differs")
    given = Tables({"ipcei": TABLES["ipcei"], "mine": pd.DataFrame({"geo": MEMBERS, "x": 1.0, "y": 2.0})})
    assert own_tables.told(given, ["mine.x", "mine.x,z=1", "population"]) == (
        "tables: ipcei given in the place of those of innodivide",
        "own figures: mine, column x",
    )


def test_a_28th_state_takes_part_once_it_has_its_rows():
    groups = TABLES["eis_group"].query("geo != 'UK' or edition != 2020")
    with pytest.raises(DataError, match="no group of UK in edition 2020; add what is missing to a copy"):
        leader_test(Tables({"eis_group": groups}), ["eu27", "UK"], plan=QUICK)
    new = [e for e in TABLES["eis_edition"]["edition"] if e not in set(groups.loc[groups["geo"] == "UK", "edition"])]
    rows = pd.DataFrame({"geo": "UK", "edition": new, "group": "strong"})
    tables = Tables({"eis_group": pd.concat([groups, rows], ignore_index=True)})
    found = leader_test(tables, ["eu27", "UK"], plan=QUICK)
    assert found.estimate.n_countries == len(MEMBERS) + 1
    assert found.differs[0].startswith("tables: ") and found.differs[1].endswith("28 states, with UK")


def test_a_further_control_is_the_last_figure_known_before_the_decision():
    found = leader_test(TABLES, controls=["gerd_pct_gdp"], plan=QUICK)
    world = build_world(confirmatory.registered(TABLES, PLAN), load_grid()["dimensions"])
    values, years = last_known(TABLES, world, "gerd_pct_gdp")  # made for arrays, by another route
    there = found.frame.pivot(index="geo", columns="ipcei_id", values="gerd_pct_gdp")
    np.testing.assert_array_equal(there.loc[list(world.geo), list(world.ipcei)], values)
    assert f"{int((years > 0).sum())} of {values.size} figures are the last known" in found.estimate.notes[-1]
    fit = models.firth_logit(found.frame, controls=[*SIZE_AND_WEALTH, "gerd_pct_gdp"], profiles=False)
    assert found.estimate.estimate == pytest.approx(np.exp(fit.result.estimate)) and "ESTAT_RD_2025" in found.sources


def test_an_outcome_of_states_is_a_ratio_of_means():
    name = "s3_country.partnerships"
    found = leader_test(TABLES, outcome=name, plan=QUICK)
    totals = country_totals(confirmatory.planned_dyads(TABLES, PLAN)).merge(TABLES["s3_country"], on="geo")
    x = sm.add_constant(totals[["leader_share", *SIZE_AND_WEALTH]].astype(float))
    beta = sm.GLM(totals["partnerships"].astype(float), x, family=sm.families.Poisson()).fit(tol=1e-12).params
    assert found.estimate.estimate == pytest.approx(np.exp(beta["leader_share"]), rel=1e-6)
    assert found.estimate.scale == "ratio of means" and found.estimate.n_treated == (totals["leader_share"] > 0).sum()
    assert found.permutation is None and found.p_value == found.estimate.p_value


def test_outcomes_below_zero_are_compared_by_differences():
    found = leader_test(TABLES, outcome="gdp_real_growth,year=2020", controls=["gerd_pct_gdp"], plan=QUICK).estimate
    frame = country_totals(confirmatory.planned_dyads(TABLES, PLAN))
    frame = add_column(TABLES, frame.assign(decision_date=pd.Timestamp("2021-01-01")), "gdp_real_growth,year=2020")
    means = add_column(TABLES, confirmatory.planned_dyads(TABLES, PLAN), "gerd_pct_gdp").groupby("geo")["gerd_pct_gdp"]
    x = sm.add_constant(frame[["leader_share", *SIZE_AND_WEALTH]].assign(gerd=means.mean().to_numpy()))
    fit = sm.OLS(frame["gdp_real_growth,year=2020"], x).fit()
    assert found.estimate == pytest.approx(fit.params["leader_share"])
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(fit.conf_int().loc["leader_share"]))


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"states": ["GR"]}, ParameterError, "unknown GR; Greece is EL"),
        ({"states": []}, ParameterError, "none given"),
        ({"states": ["PL", "CZ"]}, DesignError, "constant treatment"),
        ({"states": "euro-area", "until": "tomorrow"}, ParameterError, "until='tomorrow' is not a date"),
        ({"colour": 1}, ParameterError, "colour: no choice of the leader test"),
        ({"outcome": "gdp_real_growth"}, ParameterError, "of which year"),
        ({"outcome": "horizon_country.projects"}, ParameterError, "data_cut=2017-07 or 2021-12 or 2025-08"),
        ({"outcome": "ipcei_country.n_companies"}, DataError, "no figure for geo, ipcei_id: AT BAT1"),
        ({"controls": ["gerd"]}, ParameterError, "'gerd': write TABLE.COLUMN"),
        ({"controls": "gerd_pct_gdp"}, ParameterError, r"write a list, \['gerd_pct_gdp'\]"),
        ({"outcome": 3}, ParameterError, "outcome: expected a text, got 3"),
        ({"states": [1]}, ParameterError, "states: expected a list of texts or a text, got .1."),
        ({"controls": ["gerd.x"]}, ParameterError, "no table 'gerd'"),
        ({"controls": ["s3_country.x"]}, ParameterError, "'x' is no figure of s3_country"),
        ({"controls": ["ipcei.value_chain"]}, ParameterError, "no column geo"),
        ({"controls": ["population,year"]}, ParameterError, "no COLUMN=VALUE"),
        ({"controls": ["population,year=2099"]}, ParameterError, "no row of country_panel with year=2099"),
        ({"controls": ["country.name"]}, DataError, "'Austria' of AT is no number"),
        ({"controls": ["manuf_gva_share"]}, DataError, "NL 2017"),
        ({"controls": ["ln_population"]}, ParameterError, "ln_population is in the model already; leave it out"),
        ({"controls": ["gerd_pct_gdp", "gerd_pct_gdp"]}, ParameterError, "gerd_pct_gdp is in the model already"),
        ({"status": ["at", ["x"]]}, ParameterError, "status: a list is no choice"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(given, error, said):
    with pytest.raises(error, match=said):
        leader_test(TABLES, plan=QUICK, **given)


def test_a_plan_with_another_choice_says_so_and_is_kept_apart():
    changed = what_if(PLAN, status="lag1", roles=["notifying"])
    assert changed.changes == (("status", "lag1"),) and PLAN.changes == () and what_if(PLAN) == PLAN
    pd.testing.assert_frame_equal(
        confirmatory.planned_dyads(TABLES, changed), confirmatory.planned_dyads(TABLES, PLAN, status="lag1")
    )
    assert plan_of(PLAN.seed, changed.changes) == changed and plan_of(PLAN.seed) == PLAN
    with pytest.raises(ParameterError, match="seed: no choice of the plan"):
        what_if(PLAN, seed=1)


# ---- own figures and the command line ----

OWN = "geo,harbours,won,region\n" + "".join(
    f"{g},{i % 7},{'true' if i % 3 else 'false'},x\n" for i, g in enumerate(MEMBERS)
)


@pytest.fixture
def mine(tmp_path):
    def write(text: str = OWN):
        path = tmp_path / "mine.csv"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def test_own_figures_are_numbers_where_every_cell_is_one(mine):
    frame = own_tables.read(mine("\ufeff" + OWN.replace("AT,0", "AT,")))
    assert frame["harbours"].isna().tolist() == [True] + [False] * 26 and frame["won"].isin((0, 1)).all()
    assert frame["region"].eq("x").all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (OWN.replace("EL,", "GR,"), r"mine.csv, row 10, column geo: 'GR' is no code of a state; Greece is EL"),
        (OWN.replace(",", ";"), r"row 1: the header is geo;harbours;won;region; it needs a column geo"),
        (OWN.replace("AT,0", "AT,0,5"), r"row 2: 5 cells for 4 columns; check the commas"),
        (OWN.replace("won", "geo"), r"each column once"),
        (OWN.encode("utf-16"), r"cannot be read as CSV in UTF-8"),
        ("", r"row 1: the header is ; it needs a column geo"),
        (OWN.replace("region", "year"), r"row 2, column year: 'x' is no year; write it as 2023"),
    ],
)
def test_own_figures_that_cannot_be_read_are_refused_by_row(mine, text, said):
    with pytest.raises(DataError, match=said):
        own_tables.read(mine(text))


def test_own_figures_by_year_are_those_of_the_last_year_before_the_decision(mine):
    rows = [f"{geo},{year},{year - 2000 + i % 5}" for i, geo in enumerate(MEMBERS) for year in (2015, 2020)]
    tables = Tables({"mine": own_tables.read(mine("\n".join(["geo,year,x", *rows, "", ""])))})
    dyads = add_column(tables, confirmatory.planned_dyads(tables, PLAN), "mine.x")
    late = dyads["decision_date"].dt.year - 1 >= 2020
    offset = dyads["geo"].map({geo: i % 5 for i, geo in enumerate(MEMBERS)})
    assert (dyads["mine.x"] == np.where(late, 20, 15) + offset).all()
    with pytest.raises(ParameterError, match="several rows for AT; one for each geo, year is needed"):
        add_column(Tables({"mine": pd.concat([tables["mine"]] * 2)}), dyads, "mine.x")
    with pytest.raises(DataError, match="no figure for geo, ipcei_id: AT BAT1"):
        add_column(Tables({"mine": tables["mine"].assign(ipcei_id="none").drop(columns="year")[::2]}), dyads, "mine.x")


def cli(*arguments):
    return CliRunner().invoke(main, [str(one) for one in arguments])


def test_the_command_heads_a_what_if_and_shows_the_registered_result_beside_it(mine):
    asked = ["--own", mine(), "--outcome", "mine.won", "--control", "mine.harbours", "--states", "eu27"]
    result = cli("leader-test", *asked)
    first, beside = result.output.split("Beside it, without these changes:")
    assert result.exit_code == 0 and first.startswith("WHAT-IF") and "outcome: mine.won" in first
    assert "own figures: mine.csv, column won, harbours" in first
    assert "As registered." in beside and "odds ratio 1.07" in beside
    gap = cli("leader-test", "--own", mine(OWN.replace("PL,", "NO,")), "--control", "mine.harbours")
    assert gap.exit_code == 1 and "mine.harbours: table mine has no figure for geo: PL" in gap.output


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "none of its columns is used; add --control mine.harbours (it has mine.harbours, mine.won, mine.region)"),
        (["--control", "mine.constant"], "constant; leave it out"),
        (["--control", "mine.endless"], "mine.endless: inf of BE is no finite number"),
        (["--control", "mine.harbours", "--control", "mine.again"], "intercept, mine.harbours; leave one of them out"),
    ],
)
def test_own_figures_that_are_not_used_or_of_no_use_are_refused_with_the_cure(mine, more, said):
    text = "geo,harbours,won,region\n" if not more else "geo,harbours,constant,endless,again\n"
    rows = [
        (g, i % 7, *(("1", "x") if not more else (5, "inf" if i == 1 else i, i % 7))) for i, g in enumerate(MEMBERS)
    ]
    result = cli("leader-test", "--own", mine(text + "".join(",".join(map(str, row)) + "\n" for row in rows)), *more)
    assert result.exit_code in (1, 2) and said in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["leader-test", "--status", "lag2"], "did you mean lag1?"),
        (
            ["claims", "-p", "until=2020-01-01"],
            "-p until: the rules of the claims fix it or do not read it; allowed are",
        ),
        (["claims", "-p", "status=lag2"], "did you mean lag1?"),
        (["claims", "-p", "roles=all"], "roles=['all']: allowed is a list out of"),
        (["claims", "-p", "controls=2031"], "no positive value of population for AT in 2031"),
        (["claims", "-p", "status=lag1", "--out", "x.csv"], "--out is for the registered ledger"),
    ],
)
def test_wrong_use_of_a_what_if_is_refused(command, said):
    result = cli(*command)
    assert result.exit_code in (1, 2) and said in result.output.replace("\n", " ")


def test_tables_changed_by_hand_are_refused_until_they_are_frozen(repository):
    repository.change("tier1/ipcei_country.csv", lambda text: text.replace("BAT1,PL,", "BAT1,CZ,", 1))
    for command in (["leader-test"], ["claims"]):
        result = repository.run(*command)
        assert result.returncode == 1 and "the tables are not as frozen" in result.stderr
        assert "tier1/ipcei_country.csv" in result.stderr and "innodivide freeze" in result.stderr


@pytest.mark.slow
def test_the_ledger_under_another_status_is_headed_so():
    result = cli("claims", "-p", "status=lag1", "-p", "permutations=99")
    odds = leader_test(TABLES, status="lag1", plan=QUICK).estimate
    assert result.output.startswith("WHAT-IF, not the registered ledger. It differs in status: lag1; permutations: 99")
    assert f"odds ratio {odds.estimate:.2f} ({odds.ci_low:.2f} to {odds.ci_high:.2f})" in result.output
    for claim in frozen.load("claim")["claim_id"]:
        assert any(line.startswith(f"{claim} ") for line in result.output.splitlines())
