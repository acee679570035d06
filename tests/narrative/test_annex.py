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
from innodivide.indicators import country_profile, panel, peers, tiers
from innodivide.indicators.barriers import scores
from innodivide.models.network import bipartite
from innodivide.narrative import annex
from innodivide.narrative.annex import first_page, overview, record as tier1, short_names
from innodivide.wording import GROUP_LETTERS

pytestmark = pytest.mark.dear

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


def position(geo: str, model, chosen=()) -> pd.DataFrame:
    return peers.position(TABLES, geo, model[2].set_index("geo")["observed"], chosen)


def said(geo: str, model) -> str:
    return annex.in_short(TABLES, geo, model[2], position(geo, model)).title


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


# ---- the first page ----


@pytest.mark.parametrize("geo", EU27)
def test_the_first_page_is_told_of_every_country(geo, model):
    sentences, so_what = said(geo, model), annex.so_what(TABLES, geo, model[2]).title
    for text in (sentences, so_what):
        assert country_names(TABLES)[geo] in text and not re.search(r"\bnan\b|\bNone\b(?! of)|[{}]|(?<!\w)-\d", text)
    assert len(sentences.split("\n\n")) == 3, "standing, projects, regions: a paragraph each"
    numbers = annex.key_numbers(TABLES, geo, position(geo, model))
    assert 2 <= len(numbers.cells()) <= 4 and numbers.look == "numbers"


def test_rank_and_score_are_of_one_edition(model):
    rows, now = frozen.load("eis_rank"), peers.edition(TABLES)
    rank = rows.query("geo == 'CY' and edition == @now")["rank"].item()
    index = peers.index(TABLES).query("geo == 'CY'").sort_values("year").iloc[-1]
    number, meaning = annex.key_numbers(TABLES, "CY", position("CY", model)).cells()[0]
    assert number == first_page.ordinal(rank) and f"Scoreboard {now})" in meaning
    assert f"with {index['relative']:.0f} percent of the EU average" in meaning
    ranked = f"ranks {number} of the {len(EU27)} Member States in the European Innovation Scoreboard {now}"
    assert ranked in said("CY", model)
    earlier = TABLES.as_of(pins={"eis": PLAN["eis"]})
    observed = model[2].set_index("geo")["observed"]
    then = annex.key_numbers(earlier, "CY", peers.position(earlier, "CY", observed)).cells()
    assert f"Scoreboard {PLAN['eis']})" in then[0][1] and then[0] != [number, meaning]


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (22, "22nd")]
)
def test_places_are_counted_in_words(number, text):
    assert first_page.ordinal(number) == text


def test_special_cases_have_their_own_words(model):
    texts = {g: said(g, model) for g in ("LU", "MT", "RO", "NL", "PL")}
    own = peers.index(TABLES).query("geo == 'PL'").sort_values("year")["relative"]
    assert f"it has gained {own.iloc[-1] - own.iloc[0]:.0f} points on that average." in texts["PL"]
    assert "It takes part in none of the" in texts["LU"] and "it has lost" in texts["LU"]
    assert "treats it as one region" in texts["MT"] and "the strongest is" not in texts["MT"]
    assert "All of its 8 regions" in texts["RO"] and "None of its 12 regions" in texts["NL"]
    assert "The Netherlands ranks" in texts["NL"]


def test_the_trend_and_the_last_year_are_those_of_the_figure(model):
    """The figure shows the index with the EU of each year at 100."""
    around, said = peers.index(TABLES), set()
    for geo in ("CY", "DE", "LU", "PL"):
        own = around[around["geo"] == geo].set_index("year")["relative"].sort_index()
        text = annex.in_short(TABLES, geo, model[2], position(geo, model)).title
        for first, pattern in (
            (own.index[0], r"since {} it has (\w+) (\d+) point"),
            (own.index[-2], r"From {} to .* it (\w+) (\d+)"),
        ):
            change = own.iloc[-1] - own[first]
            found = re.search(pattern.format(first), text)
            assert found.groups() == ("gained" if change > 0 else "lost", f"{abs(change):.0f}")
            said.add(found[1])
    assert said == {"gained", "lost"}


@pytest.mark.parametrize(
    ("observed", "told", "follows"),
    [(8, "that is more than the 2 to 7", "more often than"), (1, "that is fewer than the 2 to 7", "less often than")],
)
def test_more_and_fewer_than_usual_are_said(model, observed, told, follows):
    expected = model[2].assign(low=2, high=7)
    expected.loc[expected["geo"] == "PL", "observed"] = observed
    assert told in annex.in_short(TABLES, "PL", expected, position("PL", model)).title
    assert follows in annex.so_what(TABLES, "PL", expected).title


def test_within_the_range_nothing_is_claimed_and_none_has_its_own_words(model):
    expected = model[2].assign(low=0, high=11, observed=3)
    text = annex.in_short(TABLES, "PL", expected, position("PL", model)).title
    assert "the model of this study expects 0 to 11 (95% range) of a state of its size and wealth" in text
    assert "Nothing here shows that Poland is kept out" in annex.so_what(TABLES, "PL", expected).title
    text = annex.so_what(TABLES, "PL", expected.assign(observed=0)).title
    assert "That it takes part in none of these projects does not show" in text


def test_strongest_and_weakest_are_those_of_the_figure(model):
    shown = annex.strength_figure(TABLES, "PL").data.dropna(subset=["relative"])
    names = shown["short"].map(first_page.within_a_sentence)
    text = annex.so_what(TABLES, "PL", model[2]).title.replace("\\", "")
    assert f"strongest in {names.iloc[0]} and {names.iloc[1]}" in text
    assert f"weakest in {names.iloc[-1]} and {names.iloc[-2]}" in text


@pytest.mark.parametrize(
    ("amounts", "told"),
    [
        ([], None),
        ([None], ("No amount", "of aid has been published for the one project")),
        ([190.4], ("€190 m", "of aid by this state published for this project")),
        ([None, None], ("No amount", "of aid has been published for any of these projects")),
        ([None, 18.0], ("1 of 2", "€18 million")),
        ([50.0, 50.0], ("2 of 2", "€50 million each")),
        ([20.0, 240.0, None], ("2 of 3", "from €20 million to €240 million")),
    ],
)
def test_amounts_of_aid_are_counted_and_never_added(amounts, told):
    found = first_page._aid(pd.DataFrame({"aid_eur_mn": pd.array(amounts, dtype="Float64")}))
    assert [f[1] for f in found] == ([told[0]] if told else [])
    assert not told or told[1] in found[0][2]


def test_a_state_that_joined_later_is_told_apart_from_the_count_of_the_model(model):
    assert country_profile.joined_later(TABLES, "AT") == 1 and country_profile.joined_later(TABLES, "DE") == 0
    assert annex.membership_exhibit(TABLES, "AT").title.endswith("takes part in 5, 1 of which it joined later")
    assert "from the approval on, and joined 1 more later" in said("AT", model) and "joined" not in said("DE", model)
    assert annex.key_numbers(TABLES, "AT", position("AT", model)).cells()[1][0].startswith("4 + 1 of ")


def test_the_title_has_the_names_of_the_country_with_their_languages():
    belgium = annex.heading(TABLES, "BE")
    assert belgium.title == "# Belgium (België / Belgique / Belgien): country annex"
    assert belgium.languages == belgium.payload()["languages"] == {"België": "nl", "Belgique": "fr", "Belgien": "de"}
    assert annex.heading(TABLES, "MT").languages == {}, "the same name in English"


# ---- what a reader chooses ----


def test_peers_are_those_chosen_everywhere(model, gaps):
    chosen, names = ["SK", "CZ"], country_names(TABLES)
    around = position("PL", model, chosen)
    assert [m[0] for m in around.query("kind == 'peer'")["members"]] == chosen
    table = annex.position_table(TABLES, "PL", around, model[2], panel.dyad_sources(TABLES), chosen)
    assert table.title.startswith("Poland beside the states chosen") and "The states chosen" in table.caption
    for shown in (
        annex.index_figure(TABLES, "PL", chosen).data["series"],
        annex.money_table(TABLES, "PL", chosen).payload()["head"],
        annex.institutions_table(TABLES, "PL", gaps, chosen).payload()["head"],
        annex.region_figure(TABLES, "PL", chosen).data["label"],
    ):
        assert {names[c] for c in chosen} <= set(shown)
        assert not {names[c] for c in peers.of(TABLES, "PL")} & set(shown) - {names[c] for c in chosen}


@pytest.mark.parametrize("chosen", [["PL"], ["CZ", "CZ"], ["UK"], ["CZ", "SK", "HU", "RO", "BG"]])
def test_peers_that_cannot_be_are_refused(chosen):
    with pytest.raises(ParameterError, match="peers of PL: "):
        peers.of(TABLES, "PL", chosen)


def test_what_was_chosen_is_said_and_nothing_if_nothing_was():
    assert annex.choices(TABLES, "latest", "") == []
    (text,) = annex.choices(TABLES, "2023", "2024-01-31")
    assert "scoreboard of" in text.title and "as of 2024-01-31" in text.title


def test_peers_and_group_stand_in_the_sentences_of_the_first_page(model):
    own, names = model[2].set_index("geo")["observed"], country_names(TABLES)
    for chosen in ([], ["CZ", "NL", "CY"]):
        around = position("PL", model, chosen)
        text = annex.in_short(TABLES, "PL", model[2], around, chosen).title
        group = around.query("kind == 'group'")["relative"].item()
        assert re.search(rf"The other \w+ (innovators|leaders) are at {group:.0f} percent on average\.", text)
        assert ("states chosen to set it beside" in text) == bool(chosen) and ("nearest peers" in text) != bool(chosen)
        for geo in chosen or peers.of(TABLES, "PL"):
            assert re.search(rf"{names[geo]} (is )?in {int(own[geo]) or 'none'}\b", text)
    text = annex.in_short(TABLES, "PL", model[2], position("PL", model, ["AT"]), ["AT"]).title
    assert "Austria is in 4 (and joined 1 later)" in text


def test_a_record_of_an_earlier_day_has_fewer_projects_and_the_scoreboard_of_then():
    then = Tables(until="2024-01-31")
    dyads = confirmatory.planned_dyads(then, plan.load_plan(), "to date", until="2024-01-31")
    assert dyads["ipcei_id"].nunique() < frozen.load("ipcei").query("kind == 'integrated'")["ipcei_id"].nunique()
    assert peers.edition(then) < peers.edition(TABLES)


def test_what_stands_out_is_told_behind_the_first_page(model, gaps):
    text = annex.stands_out(TABLES, "PL", model[2].set_index("geo")["observed"], gaps).title
    assert text.startswith("**What stands out.** ") and "standard deviations" in text and "below the EU" in text
    assert " Horizon projects per million (" in text, "a name of a programme keeps its capital"
    told = re.fullmatch(
        r".* above the mean of the Member States in ([^−]*)(, and below it in ([^+]*))?\. In brackets.*", text
    )
    assert told or re.search(r" below the mean of the Member States in [^+]*\. In brackets", text)


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
    picture = annex.record_figure(
        TABLES, "DE", expected, peers.of(TABLES, "DE"), rows, 100, sources=panel.dyad_sources(TABLES)
    )
    record = picture.data[picture.data["part"] == "record"].set_index("geo")
    assert list(record.index) == ["DE", *peers.of(TABLES, "DE")] and (picture.data["part"] == "scenario").sum() == 4
    assert record["observed"].to_dict() == expected.set_index("geo")["observed"][record.index].to_dict()
    table = annex.membership_exhibit(TABLES, "DE")
    people = frozen.load("ipcei_participant").query("geo == 'DE' and participant_type == 'direct'")
    assert all(company in table.csv() for company in people["company"] if '"' not in company)


# ---- tables ----


@pytest.mark.parametrize(
    ("amount", "basis", "told"),
    [
        (1250.0, "commission_max_approx", "about 1,250 (maximum, rounded)"),
        (20.0, "tertiary_rounded", "about 20 (press)"),
        (102.85, "commission_max", "102.8 (maximum)"),
        (4000.0, "national_statement", "4,000 (stated)"),
        (pd.NA, None, "not known"),
    ],
)
def test_only_an_exact_amount_of_aid_has_a_decimal(amount, basis, told):
    assert tier1._aid(amount, basis) == told


def test_pairs_are_counted_on_every_complete_list_as_in_the_report_on_the_tiers():
    matrix, sides = tiers.listed_matrix(TABLES)
    lists = sum(side == "tier2" for side in sides.values())
    points = bipartite.connection_points(matrix, sides, confirmatory.stream(plan.load_plan(), 99), n_null=19)
    text = annex.connection_text(TABLES, "PL", points, lists, 19).title
    own = points.set_index("geo").loc["PL"]
    assert f"complete here for {lists} partnerships" in text and f"in {own['n_second']} of them" in text
    assert f"That makes {own['pairs']} pairs" in text


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
    own = country_profile.regions(TABLES.as_of(pins=PLAN), "HU").assign(
        geo="HU", label="Hungary", code=lambda f: f["region_code"]
    )
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


def test_regions_with_one_figure_are_named_together(monkeypatch):
    """A region that was split has one figure in both parts: neither is stronger than the other."""
    rows = country_profile.regions(TABLES, "PT").head(3).assign(relative=[110.0, 110.0, 80.0], name=["B", "A", "C"])
    monkeypatch.setattr(country_profile, "regions", lambda tables, geo: rows)
    values = first_page.region_words(TABLES, "PT")[1]
    assert (values["top"], values["top_verb"], values["top_value"]) == ("A and B", "are", 110)
    assert (values["bottom"], values["bottom_verb"], values["bottom_value"]) == ("C", "is", 80)
    monkeypatch.setattr(country_profile, "regions", lambda tables, geo: rows.assign(relative=80.0))
    assert first_page.region_words(TABLES, "PT")[0][-1] == "even", "no region is the strongest"
