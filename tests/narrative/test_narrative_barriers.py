"""Words and tables on barriers and on the outlook: every case of a country, and numbers against their sources."""

import re

import numpy as np
import pandas as pd
import pytest

from innodivide import models
from innodivide.data import Tables, editions, frozen
from innodivide.evidence import confirmatory, plan, regional_analyses, scenarios
from innodivide.evidence.claims import shared_barriers as barriers_module
from innodivide.evidence.claims.shared_barriers import lagging_regions
from innodivide.evidence.region_barriers import region_barriers
from innodivide.indicators import barriers, country_profile, peers, tiers
from innodivide.indicators.tiers import money
from innodivide.models.network import bipartite
from innodivide.narrative import annex
from innodivide.narrative.annex.first_page import ordinal
from innodivide.narrative.exhibits import Exhibit
from innodivide.narrative.regional_barriers import catching_up, lagging as words, quality
from innodivide.narrative.words_file import Words

TABLES = Tables(pins={"ris": editions.PLAN["ris"], "eis": editions.SECOND["eis"][-1]})  # which the cases are of
SHOW = Words("06_regional_barriers").of(TABLES)

PLAN = plan.load_plan()
RAW = re.compile(r"\bnan\b|\bNone\b|[{}]|(?<!\w)-\d|\b[a-z]+_[a-z]+")


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def rows():
    """Barrier tables of five kinds of country: all, most, one of several, none lagging; one region."""
    kinds = ("RO", "PL", "CZ", "SE", "LV", "MT")
    return {g: annex.region_barrier_table(TABLES, *region_barriers(TABLES, g, rng(), n_boot=39)) for g in kinds}


@pytest.fixture(scope="module")
def speed():
    return scenarios.closing_speed(country_profile.index_relative_to_eu(TABLES))


@pytest.fixture(scope="module")
def scenario():
    dyads = confirmatory.planned_dyads(TABLES, PLAN)
    return scenarios.participation_scenarios(models.firth_logit(dyads), dyads, rng(), n_draws=100)


def written(exhibit: Exhibit) -> str:
    parts = [exhibit.title, exhibit.caption, exhibit.note, *(cell for row in exhibit.cells() for cell in row)]
    return " ".join(parts if exhibit.kind == "table" else parts[:1])


# ---- barriers of the regions ----


@pytest.mark.parametrize(
    ("geo", "start"),
    [
        ("RO", "All 8 regions of Romania are lagging"),
        ("PL", "15 of the 17 regions of Poland are lagging"),
        ("CZ", "1 of the 8 regions of Czechia is lagging"),
        ("SE", "No region of Sweden is lagging: none of its 8 is"),
        ("LV", "The scoreboard treats Latvia as one region, and it is among the lagging ones"),
        ("MT", "The scoreboard treats Malta as one region, which is not among the lagging ones"),
    ],
)
def test_every_kind_of_country_has_its_sentence(rows, geo, start):
    text, listing = annex.barrier_exhibits(TABLES, geo, rows[geo], 39)
    assert text.title.startswith(start)
    assert not RAW.search(written(text)) and not RAW.search(written(listing)), RAW.search(written(listing))
    assert len(listing.data) == len(frozen.load("ris_region").query("edition == 2023 and geo == @geo"))


def test_shared_barriers_are_named_where_there_are_lagging_regions_only(rows):
    names = {g: annex.barrier_exhibits(TABLES, g, rows[g], 39) for g in rows}
    for geo, (text, listing) in names.items():
        lagging = (rows[geo]["group"] == "emerging").any()
        assert ("share, the largest" in text.title) == lagging
        heads = [c[0] for c in listing.columns.values()]
        assert ("Own barriers" in heads) == lagging and ("Furthest behind the EU in" in heads) != lagging
        assert ("argest general barrier" in listing.caption) == lagging
    assert "for it, with" in names["LV"][0].title and "for them, with" in names["RO"][0].title


def test_a_region_that_shares_other_barriers_than_the_rest_is_told_apart(rows):
    other = rows["RO"].copy()
    other.loc[0, "general"] = "Designs (9.9); Trademarks (8.8)"  # the weakest region, which stands last
    assert "shared" not in annex.barrier_exhibits(TABLES, "RO", rows["RO"], 39)[1].columns
    text, listing = annex.barrier_exhibits(TABLES, "RO", other, 39)
    cells = [r[list(listing.columns).index("shared")] for r in listing.cells()]
    assert cells == [*["Patent applications"] * 7, "Designs"]
    assert "this one has" in listing.caption and "9.9" not in text.title


def test_a_long_list_shows_the_strongest_and_the_weakest_and_keeps_all_in_its_data(rows):
    listing = annex.barrier_exhibits(TABLES, "PL", rows["PL"], 39)[1]
    order = rows["PL"].sort_values("relative", ascending=False)["region_code"].tolist()
    assert [r[0][-5:-1] for r in listing.cells()] == [*order[:2], *order[-6:]]
    assert sorted(listing.data["region_code"]) == sorted(order) and len(listing.csv().splitlines()) == 18
    assert "2 strongest and the 6 weakest of 17" in listing.title and "in the data" in listing.caption
    short = annex.barrier_exhibits(TABLES, "RO", rows["RO"], 39)[1]
    assert len(short.cells()) == len(short.data) == 8 and "strongest" not in short.title
    assert annex.barrier_exhibits(TABLES, "RO", rows["RO"], 39)[1].payload() == short.payload()


def test_the_gap_and_the_country_factor_make_the_published_gap(rows):
    index = frozen.load("ris_index").query("edition == 2023 and year == 2023").set_index("region_code")["value"]
    table = annex.barrier_exhibits(TABLES, "PL", rows["PL"], 39)[1].data
    found = table["gap"] + table["adjustment"]
    assert found.to_numpy() == pytest.approx((index["EU"] - index[table["region_code"]]).to_numpy())


# ---- institutions ----


def test_means_of_states_are_weighted_with_population_and_single_regions_unchanged():
    states, gaps = regional_analyses.institutions_by_state(TABLES), barriers.institutional_gaps(TABLES)
    latvia = states.query("geo == 'LV' and measure == 'eqi'").iloc[0]
    region = gaps.query("geo == 'LV' and measure == 'eqi'").iloc[0]
    columns = ["value", "gap", "gap_low", "gap_high"]
    assert latvia[columns].astype(float).to_numpy() == pytest.approx(region[columns].astype(float).to_numpy())
    heads = barriers.region_eqi(TABLES)["population"].astype(float)
    own = gaps.query("geo == 'PL' and measure == 'eqi'").set_index("unit")["gap"]
    poland = states.query("geo == 'PL' and measure == 'eqi'").iloc[0]
    assert poland["gap"] == pytest.approx(np.average(own, weights=heads[own.index]))
    assert poland["gap_low"] < poland["gap"] < poland["gap_high"] and poland["reading"] == "behind"
    counts = states.groupby("measure")["geo"].nunique()
    assert (counts == 27).all() and states.groupby("measure")["rank"].min().eq(1).all()
    world = (
        frozen.load("country_year").query("variable == 'wgi_rule_of_law' and year == 2022").set_index("geo")["value"]
    )
    law = states.query("measure == 'wgi_rule_of_law'").set_index("geo")
    assert law["value"].to_numpy() == pytest.approx(world[law.index].to_numpy())
    assert law["gap"].idxmax() == law["rank"].idxmin() == law["value"].idxmin()


def test_the_table_of_institutions_says_below_and_above():
    gaps = regional_analyses.institutions_by_state(TABLES)
    best, low = annex.institutions_table(TABLES, "FI", gaps), annex.institutions_table(TABLES, "BG", gaps)
    assert "at or above the EU in all 17" in best.title or "in 1 of 17" in best.title
    assert "below the EU in all 17 measures" in low.title
    own, rest = low.data["distance_0"], low.data["distance_0"].iloc[1:]
    assert (own < 0).all() and rest.is_monotonic_increasing and low.data["measure"].iloc[0].startswith("Quality of gov")
    assert len(low.data) == 17 and len(low.cells()) == 5 and not RAW.search(written(low))
    eqi = gaps.query("geo == 'BG' and measure == 'eqi'").iloc[0]
    assert f"{-eqi['gap_low']:.2f} in its own unit (below)".replace("-", "−") in low.caption
    place = (gaps.query("measure == 'eqi'")["value"] > eqi["value"]).sum() + 1
    assert low.cells()[0][2] == f"{place} of 27"
    group = [
        g
        for g in peers.group_now(TABLES).index
        if peers.group_now(TABLES)[g] == peers.group_now(TABLES)["BG"] and g != "BG"
    ]
    eqi_sd = -gaps.query("measure == 'eqi'").set_index("geo")["gap_sd"]
    assert low.data["distance_4"].iloc[0] == pytest.approx(eqi_sd[group].mean())


# ---- Oaxaca-Blinder, index identity, groups ----


def test_the_oaxaca_frame_is_that_of_other_tables():
    frame = regional_analyses.oaxaca_frame(TABLES).set_index("region_code")
    groups = frozen.load("eis_group").query(f"edition == {peers.edition(TABLES)} and group == 'emerging'")["geo"]
    assert set(frame.loc[frame["emerging"], "geo"]) == set(groups) & set(frame["geo"])
    gdp = frozen.load("region_year").query(
        "variable == 'gdp_pc_pps_eu27_100' and nuts_version == '2021' and year == 2021 and nuts_code == 'PL21'"
    )["value"]
    assert np.exp(frame.at["PL21", "ln_gdp"]) == pytest.approx(gdp.iloc[0])
    assert frame.at["PL21", "eqi"] == pytest.approx(barriers.region_eqi(TABLES).at["PL21", "eqi"])
    found = regional_analyses.government_and_wealth(TABLES, PLAN, n_boot=20)
    means = frame.groupby("emerging")["relative"].mean()
    facts = quality.oaxaca_facts(found)
    assert facts["difference"] == pytest.approx(means[False] - means[True])
    shown = quality.oaxaca_rows(found)
    assert list(shown["term"]) == ["Quality of government", "GDP per head", "Together"]
    assert shown["unexplained"].notna().tolist() == [False, False, True]
    total = shown.iloc[-1]
    assert total["explained"] + total["unexplained"] == pytest.approx(facts["difference"])


@pytest.mark.parametrize(
    ("own", "said"), [((9.0, 8.0), "weaker government"), ((9.0, -1.0), "other levels"), ((-9.0, -8.0), "other levels")]
)
def test_the_title_on_government_and_wealth_says_what_they_do(own, said):
    parts = pd.DataFrame({"term": ["eqi", "ln_gdp", "total"], "explained": [*own, sum(own)]})
    ends = dict.fromkeys(("explained_low", "explained_high", "unexplained", "unexplained_low", "unexplained_high"), 1.0)
    parts = parts.assign(difference=40.0, n_lagging=50, n_leading=150, **ends)
    facts = quality.oaxaca_facts(parts)
    made = SHOW.table("T6.5", quality.oaxaca_rows(parts), values=facts, sources=["RIS23_DB"])
    assert said in made.title and not RAW.search(made.title)


def test_kinds_are_told_by_what_differs_from_all_lagging_regions():
    centres = pd.DataFrame([[5.0, 1.0, 0.0, 0.0, 0.0, 0.0], [5.0, 0.0, 3.0, 0.0, 0.0, 0.0]], index=[1, 2])
    centres.columns = ["3.3.1", "1.1.2", "1.2.1", "2.1.1", "2.2.1", "4.1.1"]
    labels = pd.DataFrame({"unit": ["PL21", "PL22", "LV00"], "cluster": [1, 1, 2], "width": 0.5})
    labels["unit"] = list(lagging_regions(TABLES).index[:3])
    stability = pd.DataFrame({"cluster": [1, 2], "n_units": [2, 1], "jaccard": [0.9, 0.5]})
    stability = stability.assign(jaccard_low=0.4, jaccard_high=1.0, reading=["stable", "not stable"])
    choice = pd.DataFrame({"k": [2], "width": [0.3]})
    found = barriers.Profiles(labels, centres, stability, choice, 0.5, 0.2, "")
    kinds, name = words.cluster_rows(TABLES, found), barriers_module.indicator_names(TABLES)
    assert kinds["most"].str.startswith(name["1.1.2"]).tolist() == [True, False]
    assert kinds.loc[1, "most"].startswith(name["1.2.1"]) and name["3.3.1"] not in kinds.loc[0, "most"]
    assert kinds["again"].iloc[0] == "stable: 0.90 (0.40 to 1.00)"
    assert words.cluster_facts(found)["stable"] == 1


def test_codes_of_a_region_have_the_names_of_the_edition_shown():
    """Some codes of the framework of 2025 mean something else than in that of 2023."""
    region = pd.DataFrame({"region_code": ["X"], "name": "X", "group": "emerging", "relative": 50.0, "gap": 1.0})
    region = region.assign(adjustment=0.0, government=np.nan, n_indicators=1, n_zero=0, source_id="S")
    largest = pd.DataFrame({"indicator_code": ["4.1.1"], "points": 9.0, "region_code": "X", "kind": "own"})
    shown = {
        e: annex.region_barrier_table(Tables(pins={"ris": e}), region, largest)["own"].item() for e in (2023, 2025)
    }
    assert shown == {2023: "Knowledge-intensive jobs (9.0)", 2025: "Sales of new products (9.0)"}


def test_groups_in_doubt_come_first():
    groups = pd.DataFrame(
        [
            ["AT", "strong", 0.0, 1.0, 0.0, 0.0, True],
            ["BE", "leader", 0.6, 0.4, 0.0, 0.0, False],
            ["HU", "moderate", 0.0, 0.0, 0.3, 0.7, False],
            ["SE", "leader", 0.99, 0.01, 0.0, 0.0, False],
        ],
        columns=["geo", "nominal", "leader", "strong", "moderate", "emerging", "certain"],
    )
    rows = words.group_rows(TABLES, groups)
    assert list(rows["geo"]) == ["HU", "BE", "SE"] and list(rows["official"]) == [0.3, 0.6, 0.99]
    facts = words.group_facts(rows, groups)
    assert (facts["n"], facts["doubt"], facts["leaders"], facts["less"]) == (3, 2, "Belgium", "Hungary")


# ---- outlook ----


def test_what_it_would_take_is_the_growth_that_reaches_the_eu(speed):
    text, listing = annex.closing_exhibits(TABLES, "PL", speed, country_profile.index_relative_to_eu(TABLES))
    row = listing.data.iloc[0]
    assert row["value"] * (1 + row["needed_high"] / 100) ** (row["by"] - row["start_year"]) == pytest.approx(100)
    assert f"{row['needed_high']:.1f} percent a year" in text.title
    assert "it is there already" not in written(listing)


def test_a_country_above_the_eu_needs_nothing(speed):
    for geo, end in (("SE", "above the EU in both"), ("LU", "below the EU in both"), ("FR", "below the EU")):
        text, listing = annex.closing_exhibits(TABLES, geo, speed, country_profile.index_relative_to_eu(TABLES))
        assert end in text.title and "have to grow" not in text.title
        assert [r[1] for r in listing.cells()] == ["none", "none"]


def test_below_the_eu_counts_the_states_below_it(speed):
    wide, facts = (
        catching_up.below_the_eu(catching_up.closing_rows(TABLES, speed)),
        catching_up.closing_facts(TABLES, speed),
    )
    index = country_profile.index_relative_to_eu(TABLES)
    assert len(wide) == facts["below"] == int((index[index["year"] == index["year"].max()]["relative"] < 100).sum())
    assert wide["value"].is_monotonic_increasing and not (wide["needed_first"] == "none").any()
    assert (wide["words_first"] != "no faster than in its own best years").sum() == facts["beyond_first"]


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (-0.03, -0.01, "those that began lower caught up"),
        (0.01, 0.03, "those that began lower fell further behind"),
        (-0.01, 0.01, "whether those that began lower caught up is open"),
    ],
)
def test_the_pace_of_the_regions_is_told_as_found(low, high, said):
    states = pd.DataFrame({"edition": [2023, 2025], "start": [2016, 2018], "end": [2023, 2025]})
    states = states.assign(change=-0.02, low95=-0.04, high95=0.01)
    beta = {"ci_low": low, "ci_high": high, "years": 7, "half_life": 24.0}
    spread = pd.DataFrame({"sd_log": [0.3, 0.29], "n": 217})
    text = SHOW.say("N6.3", **catching_up.convergence_facts(states, beta, spread)).title
    assert f"and {said}: at the pace found" in text and ("no number of years" in text) == (high > 0)


def test_the_label_changes_nothing_for_a_leader_and_something_for_another(scenario):
    leader, other, rich = (annex.scenario_text(TABLES, geo, scenario).title for geo in ("SE", "PL", "LU"))
    assert "changes nothing" in leader and "would change by" in other
    assert "at or above the leaders already" in rich and "at or above" not in other


def test_a_clear_change_is_said_to_be_one(scenario):
    label = (scenario["geo"] == "PL") & (scenario["scenario"] == "label")
    for low, high, said in ((0.5, 2.0, "more than"), (-2.0, -0.5, "fewer than"), (-1.0, 1.0, "cannot tell")):
        changed = scenario.assign(
            change_low=scenario["change_low"].mask(label, low), change_high=scenario["change_high"].mask(label, high)
        )
        assert said in annex.scenario_text(TABLES, "PL", changed).title


# ---- connections and money ----


def test_connection_points_agree_with_the_matrix():
    matrix, sides = tiers.listed_matrix(TABLES)
    points = bipartite.connection_points(matrix, sides, rng(), n_null=49)
    coverage, lists = tiers.s3_coverage(TABLES), sum(side == "tier2" for side in sides.values())
    first = [c for c in matrix if sides[c] == "tier1"]
    for geo in ("PL", "SK", "BG", "LU"):
        text = annex.connection_text(TABLES, geo, points, lists, 49).title
        n1, n2 = int(matrix.loc[geo, first].sum()), int(matrix.loc[geo].drop(first).sum())
        assert (
            f"for {coverage.known} of the {coverage.total} " in text
            and f"for {lists} partnerships" in text
            and "not absence from Tier 2" in text
        )
        assert (f"is in {n2} of them" in text) == (n2 > 0) and ("no integrated IPCEI" in text) == (n1 == 0)
        assert (f"{n1 * n2} pair" in text) == (n1 * n2 > 0)
    changed = points.assign(null_low=points["pairs"] + 1.0, null_high=points["pairs"] + 5.0)
    assert "fewer than" in annex.connection_text(TABLES, "PL", changed, lists, 49).title


def test_money_is_placed_beside_the_gap():
    rows = money.money_by_country(TABLES, money.BESIDE)
    text = annex.money_against_gap_text(TABLES, "RO", rows).title
    gap = money.innovation_gap(TABLES, 2019).rank(ascending=False, method="min")
    heads = rows[rows["instrument"] == "RRF grants, first plan"].set_index("geo")["per_head"]
    place = int((heads > heads["RO"]).sum()) + 1
    said = f"{ordinal(place)} of 27 for grants of the Recovery and Resilience Facility and"
    said = f"{said} {ordinal(int(gap['RO']))} by its"
    assert f"Romania ranks {said} gap of 2019" in text
    shown = annex.money_table(TABLES, "RO").data.set_index("instrument")["rank"]
    assert shown["Recovery grants: € per head"] == place, "text and table tell the same place"
    unknown = rows.assign(per_head=rows["per_head"].mask((rows["geo"] == "RO") & (rows["gap_year"] == 2019)))
    told = annex.money_against_gap_text(TABLES, "RO", unknown).title
    assert "Of grants of the Recovery and Resilience Facility no amount is on record here" in told
