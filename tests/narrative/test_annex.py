"""The words of a country annex: special cases of countries, numbers against their tables, what a table leaves out."""

import itertools
import math
import re

import pandas as pd
import pytest

from innodivide import figures, models
from innodivide.data import Tables, frozen
from innodivide.data.editions import PLAN, latest
from innodivide.data.tables import country_names, indicators_of, member_states
from innodivide.errors import ParameterError
from innodivide.evidence import confirmatory, plan, regional_analyses, scenarios
from innodivide.indicators import country_profile, panel, peers
from innodivide.indicators.barriers import scores
from innodivide.narrative import annex
from innodivide.narrative.annex import overview, short_names
from innodivide.narrative.annex import record as tier1
from innodivide.wording import GROUP_LETTERS

TABLES = Tables()

EU27 = list(member_states(TABLES)["geo"])


@pytest.fixture(scope="module")
def model():
    registered = plan.load_plan()
    dyads = confirmatory.planned_dyads(TABLES, registered)
    fit = models.firth_logit(dyads)
    return dyads, fit, models.expected_participation(fit, dyads)


@pytest.fixture(scope="module")
def gaps():
    return regional_analyses.institutions_by_state(TABLES)


def said(geo: str, model, gaps) -> str:
    expected = model[2]
    position = peers.position(TABLES, geo, expected.set_index("geo")["observed"])
    return annex.summary(TABLES, geo, expected, position, gaps).title


# ---- names ----


def test_every_indicator_has_a_short_name_of_its_own():
    names = short_names.indicator_names(TABLES)
    rows = indicators_of(TABLES, latest(TABLES, "eis", country_profile.SCORES)).set_index("indicator_code")["label"]
    assert set(names) == set(rows.index) and len(set(names.values())) == len(rows)
    assert max(map(len, names.values())) <= 30 and set(short_names.OTHERS) <= set(rows)
    assert set(peers.SHORT) == {name for name, _, _ in country_profile.instruments(TABLES)} - {peers.EARLY}


def test_a_code_that_means_something_else_in_a_newer_edition_has_another_name():
    old, new = (indicators_of(TABLES, e).set_index("indicator_code")["label"] for e in (PLAN["eis"], 2025))
    names = short_names.indicator_names(TABLES)
    for code in old.index:
        assert old[code] == new[code] or names[code] == short_names.OTHERS[new[code]]
    assert short_names.indicator_names(TABLES.as_of(pins=PLAN)) == short_names.INDICATORS
    shown = annex.strength_figure(TABLES, "DE").data.set_index("indicator_code")["short"]
    assert shown["2.3.1"] == "Cloud computing" and shown["4.1.1"] == "Sales of new products"


def test_a_name_takes_its_article_within_a_sentence():
    assert short_names.called("Netherlands") == {"name": "the Netherlands", "Name": "The Netherlands"}
    assert short_names.called("Malta") == {"name": "Malta", "Name": "Malta"}
    assert short_names.a("emerging") == "an emerging innovator" and short_names.a("strong") == "a strong innovator"


# ---- what stands out ----


@pytest.mark.parametrize("geo", [g if g in ("EL", "IE") else pytest.param(g, marks=pytest.mark.slow) for g in EU27])
def test_what_stands_out_is_told_of_every_country(geo, model, gaps):
    text, name = said(geo, model, gaps), country_names(TABLES)[geo]
    assert text.startswith("**What stands out.** ") and name in text
    assert not re.search(r"\bnan\b|\bNone\b|[{}]|(?<!\w)-\d", text)
    index = peers.index(TABLES).query("geo == @geo").sort_values("year").iloc[-1]
    assert f"stood at {index['relative']:.0f} percent of the EU in {index['year']}" in text
    assert f"in EIS {peers.edition(TABLES)}." in text
    for peer in peers.of(TABLES, geo):
        assert country_names(TABLES)[peer] in text


def test_special_cases_have_their_own_words(model, gaps):
    texts = {g: said(g, model, gaps) for g in ("SE", "LU", "MT", "RO", "NL", "PL")}
    assert "It is above its nearest peers" in texts["SE"] and "all stand above it" in texts["RO"]
    assert "takes part in none of the 11 integrated IPCEIs" in texts["LU"] and "lost" in texts["LU"]
    assert "treats it as one region" in texts["MT"] and "regions run from" not in texts["MT"]
    assert "all are in the lowest group" in texts["RO"] and "none is in the lowest group" in texts["NL"]
    own = peers.index(TABLES).query("geo == 'PL'").sort_values("year")["relative"]
    gained = f"gained {own.iloc[-1] - own.iloc[0]:.0f} points on the EU"
    assert "The Netherlands is furthest" in texts["NL"] and gained in texts["PL"]


def test_more_and_fewer_than_expected_are_said(model):
    row = model[2].set_index("geo").loc["PL"]
    for observed, word in ((row["high"] + 1, "more than"), (row["low"] - 1, "fewer than"), (row["low"], "within")):
        parts, values = overview._participation_words(row.mask(row.index == "observed", observed))
        assert values["verdict"] == word and parts == ["part", "expected"]


def test_a_state_that_joined_later_is_told_apart_from_the_count_of_the_model(model, gaps):
    assert country_profile.joined_later(TABLES, "AT") == 1 and country_profile.joined_later(TABLES, "DE") == 0
    assert annex.membership_exhibit(TABLES, "AT").title.endswith("takes part in 5, 1 of which it joined later")
    assert "takes part in 4 of 11 integrated IPCEIs from the approval on (it joined 1 more later)" in said(
        "AT", model, gaps
    )
    assert "joined" not in said("DE", model, gaps)


# ---- zeros of indicators ----


def test_a_zero_is_a_bottom_score_or_a_missing_figure_as_the_index_shows():
    romania, ireland = annex.strength_figure(TABLES, "RO"), annex.strength_figure(TABLES, "IE")
    rows = romania.data.set_index("indicator_code")["relative"]
    assert (rows == 0).sum() == 5 and rows.notna().all() and "bottom score" in romania.caption
    assert ireland.data.set_index("indicator_code")["relative"].isna().sum() == 1
    assert "of 31 indicators" in ireland.title and "missing figure" in ireland.caption
    assert "Zero is" not in annex.strength_figure(TABLES, "DE").caption
    assert romania.data["relative"].is_monotonic_decreasing


# ---- Tier 1 ----


def test_a_country_without_a_role_gets_a_sentence_and_one_without_participation_the_word_none():
    assert annex.membership_exhibit(TABLES, "CY").kind == "text"
    table = annex.membership_exhibit(TABLES, "LU")
    assert table.title.endswith("takes part in none") and len(table.data) > 0


@pytest.mark.parametrize(
    ("count", "named", "shown"),
    [
        (3, "A, B, C", "3: A, B, C"),
        (pd.NA, "A, B", "named: A, B"),
        (2, None, "2"),
        (pd.NA, None, "not known"),
        (9, ", ".join(f"Company number {i}" for i in range(7)), "9: Company number 0, Company number 1 and 5 more"),
        (
            1,
            "A very long name of a company without room in its cell",
            "1: A very long name of a company without room in its cell",
        ),
    ],
)
def test_companies_are_named_as_far_as_there_is_room(count, named, shown):
    assert tier1._companies(count, named) == shown


def test_the_record_is_that_of_the_model_and_every_company_stays_in_the_data(model):
    (dyads, fit, expected), rng = model, confirmatory.stream(plan.load_plan(), 99)
    rows = scenarios.participation_scenarios(fit, dyads, rng, n_draws=100, geo="DE")
    picture = annex.record_figure(TABLES, "DE", expected, peers.of(TABLES, "DE"), rows, panel.dyad_sources(TABLES), 100)
    record = picture.data[picture.data["part"] == "record"].set_index("geo")
    assert list(record.index) == ["DE", *peers.of(TABLES, "DE")] and (picture.data["part"] == "scenario").sum() == 4
    assert record["observed"].to_dict() == expected.set_index("geo")["observed"][record.index].to_dict()
    table = annex.membership_exhibit(TABLES, "DE")
    people = frozen.load("ipcei_participant").query("geo == 'DE' and participant_type == 'direct'")
    assert all(company in table.csv() for company in people["company"] if '"' not in company)


# ---- tables ----


def test_an_excerpt_shows_the_first_rows_and_keeps_all_in_its_data(gaps):
    table = annex.institutions_table(TABLES, "PL", gaps)
    assert len(table.payload()["rows"]) == 5 and len(table.csv().splitlines()) == 18
    assert "5 of 17 measures" in table.caption


def test_the_table_of_editions_has_a_column_for_each():
    table, own = annex.editions_table(TABLES, "RO"), country_profile.editions(TABLES, "RO")
    assert [c[0] for c in table.columns.values()][1:] == [str(e) for e in own["edition"]]
    assert table.cells()[0][1:] == [GROUP_LETTERS[g] for g in own["group"]]
    assert table.cells()[1][1:].count("–") == own["rank"].isna().sum() > 0


@pytest.mark.parametrize("geo", ["CY", "EE", "LV", "LU", "MT"])
def test_a_country_of_one_region_has_no_map(geo):
    assert annex.region_figure(TABLES, geo) is None


def test_the_map_stands_beside_the_regions_of_the_peers():
    picture = annex.region_figure(TABLES, "LT")
    assert picture.data["geo"].unique().tolist() == ["LT", *peers.of(TABLES, "LT")]
    own = picture.data[picture.data["geo"] == "LT"]
    assert len(own) == 2 and own["relative"].is_monotonic_decreasing
    again = annex.region_figure(TABLES, "LT")
    assert (picture.svg, picture.png) == (again.svg, again.png), "the same bytes from run to run"


def test_marks_and_labels_of_a_small_map_lie_on_no_mark():
    own = country_profile.regions(TABLES, "HU").assign(geo="HU", label="Hungary", code=lambda f: f["region_code"])
    picture = figures.regions_beside(own, TABLES["outline"], own.assign(value=own["relative"]), "HU")
    picture.draw_without_rendering()
    ax, point = picture.axes[0], picture.dpi / 72
    marks = [ax.transData.transform(xy) for c in ax.collections if len(c.get_offsets()) for xy in c.get_offsets()[:]]
    marks = [m for m in marks if ax.get_window_extent().contains(*m)]
    boxes = [t.get_window_extent() for t in ax.texts if t.get_text().startswith("HU")]
    assert len(marks) == len(boxes) == len(own) == 8
    assert min(math.dist(a, b) for a, b in itertools.combinations(marks, 2)) > 11.5 * point
    around = [b.padded(4 * point) for b in boxes]
    assert not any(b.contains(x, y) for b in around for x, y in marks)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_data_notes_fit_the_number_of_projects(count):
    geo = {0: "CY", 1: "MT", 2: "EE"}[count]
    text = annex.data_notes(TABLES, geo).title
    assert ("one project" in text) == (count == 1) and ("Of the 2 projects" in text) == (count == 2)
    assert ("takes part in" in text) == (count > 0)


def test_a_project_with_both_figures_or_neither_is_told_in_one_sentence():
    assert "neither the number of companies nor the aid is known." in annex.data_notes(TABLES, "MT").title
    assert "both the number of companies and the aid are known." in annex.data_notes(TABLES, "HR").title
    assert "is known for 2 and an amount of aid for none" in annex.data_notes(TABLES, "DK").title


def test_no_name_in_the_list_of_what_stands_out_has_a_colon():
    assert set(overview.IN_A_LIST) == {name for name in peers.SHORT.values() if ":" in name}


# ---- figures ----


def test_panels_refuse_what_they_cannot_draw():
    frame = pd.DataFrame({"name": ["a", "a"], "x": [1.0, 2.0], "m": 1.0})
    with pytest.raises(ParameterError, match="comes more than once"):
        figures.strength_columns(frame, "name", "x", "m", "this country", "the leaders")
    record = pd.DataFrame({"label": ["a"], "expected": [1.0], "low": [0.0], "high": [2.0], "observed": [1.0]})
    with pytest.raises(ParameterError, match="no rows"):
        figures.record_and_scenarios(record, record[:0], "a", "IPCEIs", ("left", "right"))
    with pytest.raises(ParameterError, match="focus 'XX'"):
        points = country_profile.regions(TABLES, "LT").assign(geo="LT", code=lambda f: f["region_code"])
        rows = pd.DataFrame({"label": ["x"], "value": [1.0], "group": ["strong"]})
        figures.regions_beside(points, frozen.load("outline"), rows, "XX")


def test_the_order_of_rows_does_not_matter_to_the_strengths():
    rows = scores.strengths(TABLES, "PL").assign(
        short=lambda f: f["indicator_code"].map(short_names.indicator_names(TABLES))
    )
    columns = ("short", "relative", "leaders", "Poland", "the leaders")
    one = figures.save_bytes(figures.strength_columns(rows, *columns), "svg")
    assert one == figures.save_bytes(figures.strength_columns(rows.sample(frac=1, random_state=1), *columns), "svg")


def test_numbers_of_regions_outside_the_map_have_a_minus_sign():
    points = country_profile.regions(TABLES, "PT").assign(geo="PT", code=lambda f: f["region_code"], score=-0.7)
    drawn = figures.region_map(points, frozen.load("outline"), "score", fmt="{:.1f}")
    under = drawn.axes[0].get_xlabel()
    assert "Açores" in under and "(−0.7)" in under and "-0.7" not in under
