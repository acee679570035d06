"""The policy brief and its summary: length, figures that stand alone, and drawings that equal their data tables."""

import dataclasses
import io
import re
from datetime import date
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import pytest
from brief_run import brief, pages, stored_ledger, summary
from click.testing import CliRunner
from matplotlib.colors import to_hex
from matplotlib.text import Text

from innodivide import figures
from innodivide.cli.main import main
from innodivide.data import Tables, frozen, licences
from innodivide.data.sources import sources_of
from innodivide.evidence import claims, confirmatory
from innodivide.evidence.claims import lowest_regions
from innodivide.evidence.claims.both_tiers import ANEW, HELD
from innodivide.evidence.plan import load_plan
from innodivide.narrative import claim_words, policy_brief as words, what_follows
from innodivide.reports.making.declarations import notebook
from innodivide.reports.pages import columns, document, html

pytestmark = pytest.mark.dear  # both notebooks are run

FIGURES = [f"F7.{n}" for n in range(1, 7)]
ALL = [*FIGURES, "F8.1"]
SMALLEST = 7  # points, as printed


@pytest.fixture(scope="module")
def run():
    return brief()


def made(run, id):
    """Return the drawing and the data of a figure, the data as a reader gets them: from the CSV."""
    source = run if id.startswith("F7") else summary()
    return source.drawings[id], pd.read_csv(io.StringIO(source.exhibits[id].csv()))


def axes(drawing):
    return drawing.axes[0]


def labelled(artists, label):
    return [a for a in artists if a.get_label() == label]


def ends(collection):
    return np.array([[*segment[:, 0], segment[0, 1]] for segment in collection.get_segments()])


def rows_at(ax):
    return {round(y, 6): text.get_text().replace("\n", " ") for y, text in zip(ax.get_yticks(), ax.get_yticklabels())}


# --- what is drawn is what the data table says ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "label", "value", "kind"),
    [
        ("F7.1", "who", "share", None),
        ("F8.1", "who", "share", None),
        ("F7.3", "quantity", "share", None),
        ("F7.6", "instrument", "per_head", "side"),
    ],
)
def test_bars_draw_their_table_and_write_every_value(run, id, label, value, kind):
    drawing, table = made(run, id)
    ax, form = axes(drawing), "{:,.0f}" if kind else "{:.0%}"
    assert [p.get_width() for p in ax.patches] == pytest.approx(table[value].tolist())
    names = rows_at(ax)
    nearest = [names[min(names, key=lambda y, p=p: abs(y - p.get_y() - p.get_height() / 2))] for p in ax.patches]
    assert nearest == table[label].tolist()
    first = table[label].eq(table[label].iloc[0]) & (kind is not None)
    said = [
        form.format(v) + (f"  {k}" if named else "") for v, k, named in zip(table[value], table[kind or label], first)
    ]
    if "ci_low" in table and not kind:
        said = [f"{one} ({low:.0%} to {high:.0%})" for one, low, high in zip(said, table["ci_low"], table["ci_high"])]
    assert [t.get_text() for t in ax.texts] == said
    if "ci_low" in table:
        (intervals,) = labelled(ax.collections, "interval")
        assert ends(intervals)[:, :2] == pytest.approx(table[["ci_low", "ci_high"]].to_numpy())


def test_the_pairs_draw_their_table_and_an_exact_count_has_no_interval(run):
    drawing, table = made(run, "F7.4")
    ax = axes(drawing)
    (values,), (intervals,) = labelled(ax.collections, "values"), labelled(ax.collections, "interval")
    assert list(values.get_offsets()[:, 0]) == pytest.approx(table["pairs"].tolist())
    assert table["low"].isna().tolist() == [True, False, False]
    drawn = [
        tuple(segment[:, 0]) for segment in intervals.get_segments() if len(segment) and np.isfinite(segment).all()
    ]
    assert np.array(drawn) == pytest.approx(table[["low", "high"]].to_numpy()[1:])
    nulls = run.names["second"].connection.nulls
    assert table["pairs"].tolist()[1:] == pytest.approx(nulls["null_mean"].tolist(), rel=1e-9)
    assert "1,424 (" not in " ".join(t.get_text() for t in drawing.findobj(Text))


def test_the_dumbbells_draw_their_table(run):
    drawing, table = made(run, "F7.5")
    table, seen = table.set_index("name"), []
    for ax in drawing.axes:
        (first,), (last,), (lines,) = (labelled(ax.collections, k) for k in ("first", "values", "change"))
        names = rows_at(ax)
        for (start, y), (end, _), (a, b, _) in zip(first.get_offsets(), last.get_offsets(), ends(lines)):
            row = table.loc[names[round(y, 6)]]
            assert (start, end, a, b) == pytest.approx((row["first"], row["last"], row["first"], row["last"]))
            seen.append(row.name)
    assert sorted(seen) == sorted(table.index) and len(seen) == 27
    assert seen == table.sort_values("last", ascending=False).index.tolist(), "the highest on top, left before right"
    facts = run.names["spread"]
    assert facts["rose"] + facts["fell"] == 27 and facts["rose"] == (table["last"] > table["first"]).sum()


def test_euro_per_head_is_that_of_the_report_on_both_tiers(run):
    rows = run.names["funds"].set_index(["instrument", "side"])["per_head"]
    funds = run.names["second"].money.funds
    for instrument, row in funds.iterrows():
        assert rows[instrument].tolist() == pytest.approx([row["per_head_high_gap"], row["per_head_low_gap"]])


def test_the_tile_map_draws_its_table_twice_in_the_same_colours(run):
    drawing, table = made(run, "F7.2")
    table = table.set_index("geo")
    first, second = drawing.axes
    for ax in (first, second):
        tiles = {p.get_label(): p for p in ax.patches}
        assert set(tiles) == set(table.index) and len(ax.patches) == 27
        assert {g: to_hex(p.get_facecolor()) for g, p in tiles.items()} == {
            g: figures.GROUP_COLOURS[group].lower() for g, group in table["group"].items()
        }
    inside = {p.get_label(): p.get_bbox() for p in first.patches}
    written = {g: [t.get_text() for t in first.texts if b.contains(*t.get_position())] for g, b in inside.items()}
    assert written == {g: [g, str(n)] for g, n in table["n"].items()}
    zero, one = second.get_xticks()[:2]
    assert [t.get_text() for t in second.get_xticklabels()][:2] == ["0", "1"]
    middle = {p.get_label(): (p.get_bbox().x0 + p.get_bbox().x1) / 2 for p in second.patches}
    assert {g: (x - zero) / (one - zero) for g, x in middle.items()} == pytest.approx(table["n"].to_dict(), abs=1e-9)
    assert len({(round(p.get_x(), 4), round(p.get_y(), 4)) for p in second.patches}) == 27, "no tile hides another"


def test_a_state_has_the_colour_of_its_group_in_every_figure(run):
    """Tiles, chips and dots of a state take the colour from its group in the edition named under the figure."""
    rows = run.names["states"]
    plain = figures.tile_map(rows, frozen.load("tile_grid"), "group")
    drawings = plain, run.drawings["F7.2"]
    both = [{p.get_label(): to_hex(p.get_facecolor()) for p in d.axes[0].patches} for d in drawings]
    assert both[0] == both[1] and len(both[0]) == 27


# --- a figure stands alone --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", ALL)
def test_no_text_is_too_small_at_the_printed_width(run, id):
    drawing, _ = made(run, id)
    source = run if id.startswith("F7") else summary()
    (item,) = [i for i in document.build("", source.blocks, {})["body"] if i.get("id") == id]
    scale = columns.PORTRAIT * item["width"] / (drawing.get_figwidth() * 72)
    sizes = [t.get_fontsize() * scale for t in drawing.findobj(Text) if t.get_text().strip()]
    assert min(sizes) >= SMALLEST and len(sizes) > 5


def out_of_sight(drawing):
    """Return the labels of ticks beyond the limits of their axis, which matplotlib keeps but does not draw."""
    found = set()
    for axis in [a for ax in drawing.axes for a in (ax.xaxis, ax.yaxis)]:
        low, high = sorted(axis.get_view_interval())
        slack = 1e-9 * (high - low)
        found |= {t.label1 for t in axis.get_major_ticks() if not low - slack <= t.get_loc() <= high + slack}
    return found


@pytest.mark.parametrize("id", ALL)
def test_texts_do_not_cover_each_other_and_stay_inside(run, id):
    drawing, _ = made(run, id)
    drawing.draw_without_rendering()
    hidden = out_of_sight(drawing)
    shown = [t for t in drawing.findobj(Text) if t.get_text().strip() and t.get_visible() and t not in hidden]
    boxes = [(t.get_text(), t.get_window_extent()) for t in shown]
    whole = drawing.bbox.padded(1)
    assert [text for text, b in boxes if not (whole.contains(b.x0, b.y0) and whole.contains(b.x1, b.y1))] == []
    clash = [
        (a, b)
        for i, (a, one) in enumerate(boxes)
        for b, other in boxes[i + 1 :]
        if one.shrunk(0.96, 0.8).overlaps(other.shrunk(0.96, 0.8))
    ]
    assert clash == []


@pytest.mark.parametrize("id", ALL)
def test_a_figure_has_numbers_in_its_title_direct_labels_and_words(run, id):
    drawing, _ = made(run, id)
    exhibit = (run if id.startswith("F7") else summary()).exhibits[id]
    quoted = [text for value, text in exhibit.numbers.values() if isinstance(value, (int, float))]
    in_title = [text for text in quoted if text in exhibit.title]
    assert len(in_title) >= 2, exhibit.title
    assert len(exhibit.caption.split()) >= 12 and len(exhibit.alt.split()) >= 20
    assert not drawing.legends and not any(a.get_legend() for a in drawing.axes)
    assert all(a.get_xlabel() for a in drawing.axes if a.axison)


def test_every_estimate_is_drawn_with_its_interval(run):
    """Counts of a complete register have none: places, top shares, and the index, published without a margin."""
    for id in FIGURES:
        drawing, _ = made(run, id)
        artists = [*axes(drawing).collections, *axes(drawing).lines]
        uncertain = [a for a in artists if str(a.get_label()).startswith("interval")]
        assert bool(uncertain) == (id not in ("F7.2", "F7.3", "F7.5")), id


# --- the brief --------------------------------------------------------------------------------------------------------


def test_the_brief_has_six_figures_and_four_to_six_pages_with_its_sources(run):
    assert [i for i in run.exhibits if i.startswith("F")] == FIGURES
    text = pages(brief)
    assert 4 <= len(text) <= 6 and sum(bool(re.search(r"^Sources$", page, re.MULTILINE)) for page in text) == 1
    assert text[-1].index("About this report") < text[-1].rindex("Sources")
    assert "The policy brief of 2021" in text[0] and "What should be published next" in text[0]


def test_a_table_for_referees_is_named_on_paper_and_set_in_full_on_the_page(run):
    text = " ".join(" ".join(pages(brief)).split())
    for id in ("T7.2", "T7.3"):
        table = run.exhibits[id]
        assert f"{table.title}: on the HTML page of this report and in exhibits.xlsx, sheet {id}." in text
        last = table.cells()[-1][-1]
        assert last not in text and last in html.render("T", run.blocks, {}).replace("&#39;", "'")


def sentences(text):
    return [s for s in re.split(r"(?<=[.?!])\s+(?=[A-Z])", text.strip()) if s]


def test_every_verdict_of_a_rule_has_its_words():
    for names in (words.STANCE, words.CONNECT):
        assert set(names) == {"supported", "partly", "inconclusive", "contradicted"}


@pytest.mark.parametrize("which", [brief, summary])
def test_the_answer_leads_with_plain_shares_and_says_what_is_ruled_out(which):
    answer = next(e for i, e in which().exhibits.items() if i.startswith("N"))
    said = sentences(answer.title)
    assert len(said) <= 4 and "took part in" in said[0] and "ruled out" in said[2]
    named = {"rate_leader", "rate_other", "or_", "low", "high", "p", "ruled", "total", "verdicts"}
    assert named <= set(answer.numbers)


def test_the_ledger_has_each_claim_once_with_what_decides_and_what_would_change_it(run):
    ledger = run.exhibits["T7.1"].data
    assert sorted(ledger["claim_id"]) == list(frozen.load("claim")["claim_id"])
    assert ledger["verdict"].drop_duplicates().tolist() == [v for v in words.VERBS if v in set(ledger["verdict"])]
    for column in ("short", "rests", "change"):
        assert ledger[column].str.contains(r"\d").sum() >= 10 and (ledger[column].str.len() > 8).all(), column
        assert not ledger[column].str.contains(r"nan|None|(?<!\w)-\d|significant").any()
    assert (ledger["short"].str.len() < ledger["numbers"].str.len() + 40).all()
    assert (ledger["short"].str.len() <= 260).all() and ledger["short"].str.endswith(".").all(), "whole sentences"
    kinds = {"supported", "partly", "inconclusive", "contradicted", "not testable with open data"}
    for row in ledger.itertuples():  # what is said would change the verdict is another verdict
        named = {k for k in ("supported", "partly", "inconclusive", "contradicted") if k in row.change.lower()}
        assert row.verdict in kinds and named and named != {row.verdict}, row.claim_id


def test_the_command_asks_for_the_ledger_of_the_brief_and_prints_the_stored_one(run, monkeypatch):
    """It is not computed twice here; the slow test of the command does that."""
    known = run.names

    def ledger(tables, analysis, family, plan):
        assert tables.own and plan == known["plan"] and analysis.permutation == known["main"].permutation
        pd.testing.assert_frame_equal(family, confirmatory.claims_family(known["main"], plan))
        return known["ledger"]

    monkeypatch.setattr(claims, "ledger", ledger)
    result = CliRunner().invoke(main, ["claims"])
    assert result.exit_code == 0 and result.output == stored_ledger()


def test_the_numbers_of_the_figures_are_those_of_the_ledger(run):
    short = run.exhibits["T7.1"].data.set_index("claim_id")["short"]
    link, spread, reform = (run.names[n] for n in ("link", "spread", "reform"))
    assert f"{link['pairs']:,} times" in short["C05"]
    assert f"chance ({link['anew_low']:,.0f} to {link['anew_high']:,.0f})" in short["C05"]
    assert f"activity gives ({link['low']:,.0f} to {link['high']:,.0f})" in short["C05"]
    assert f"{spread['change']:+.0%} from {spread['start']}".replace("-", "−") in short["C08"]
    for end in ("rho_low", "rho_high"):
        assert f"{reform[end]:+.2f}".replace("-", "−") in short["C12"]
    given = re.findall(r"([+−]\d\.\d\d) \(", reform["given"])
    assert len(given) == 3 and all(one in short["C12"] for one in given)


def test_what_would_change_the_verdict_is_true_of_the_rules():
    """Counts at the thresholds named in the ledger, put through the rules themselves."""
    tables = {n: frozen.load(n) for n in ("ris_index", "ris_region", "country")}
    index = tables["ris_index"].copy()
    last = index.query("edition == 2019")["year"].max()  # noqa: F841  used in the query
    lowest = index.query("edition == 2019 and year == @last and group == 'modest'")["region_code"]
    codes = [c for c in lowest if c.startswith("RO")]
    assert lowest_regions.least_innovative_regions(tables).verdict == "supported"
    change = lowest_regions.least_innovative_regions(tables).change
    assert "Romania at most 4" in change
    for left, verdict in ((5, "supported"), (4, "partly")):
        lifted = index.assign(group=index["group"].where(~index["region_code"].isin(codes[left:]), "moderate"))
        assert lowest_regions.least_innovative_regions(tables | {"ris_index": lifted}).verdict == verdict


def test_the_notebook_types_no_finding_in_its_markdown():
    for name in ("07", "08"):
        for cell in nbformat.read(notebook(name).path, 4).cells:
            assert cell.cell_type == "code" or not re.search(r"\d", re.sub("2021|Tier 1", "", cell.source)), cell.source


# --- the summary ------------------------------------------------------------------------------------------------------


def test_the_summary_computes_what_the_brief_computes():
    first, second = (
        next(c.source for c in nbformat.read(notebook(n).path, 4).cells if c.source.startswith("tables = "))
        for n in ("07", "08")
    )
    own = {line for line in second.splitlines() if line.startswith(("show = ", "status = "))}  # words, and its edition
    assert set(second.splitlines()) - own <= set(first.splitlines()) and len(own) == 2


def test_the_summary_is_one_page_of_text_figure_and_ledger():
    assert list(summary().exhibits) == ["F8.1", "N8.1", "N8.2", "T8.1"], "the picture comes first"
    (page,) = pages(summary)
    assert "T8.1.csv" in page and all(f"C{n:02}" in page for n in range(1, 13))
    assert "listed with their licences in report 07_policy_brief" in page.replace("\n", " ")


def test_the_summary_has_the_verdicts_of_the_brief(run):
    ledger, short = run.exhibits["T7.1"].data, summary().exhibits["T8.1"].data
    for column in ("verdict", "claim", "short"):
        assert list(short[column]) == list(ledger[column])
    assert set(claim_words.BRIEF) == set(ledger["claim_id"]) and short["brief"].str.len().max() < 75
    assert summary().exhibits["N8.1"].title == run.exhibits["N7.1"].title


def test_a_further_registration_is_named_by_its_day_and_claims():
    assert words.second_facts(dataclasses.replace(load_plan(), further=()))["further"] == ""
    third = {"registered": date(2030, 1, 2), "claim_rules": {"C15": "", "C14": ""}}
    told = words.second_facts(dataclasses.replace(load_plan(), further=(third,)))["further"]
    assert told.startswith(" A further registration of 2030-01-02 sets the rule for C14 and C15, made when")


def second_with(states: str) -> SimpleNamespace:
    """Evidence of C05 in which the rule gives this verdict on states."""
    null = {"observed": 10.0, "null_mean": {"supported": 20.0, "contradicted": 5.0, "inconclusive": 10.0}[states]}
    nulls = pd.DataFrame([null, null], index=[HELD, ANEW])
    placebos = pd.DataFrame({"position": [0.5, 0.5]})
    low, high = (0.5, 1.5) if states == "inconclusive" else (0.5, 0.6) if states == "supported" else (1.5, 1.6)
    found = SimpleNamespace(nulls=nulls, placebos=placebos, ratio_low=low, ratio_high=high)
    return SimpleNamespace(connection=found, family=pd.DataFrame({"p_holm": [0.001, 0.001]}, index=[HELD, ANEW]))


@pytest.mark.parametrize(
    ("states", "side", "larger", "yes", "no"),
    [
        ("contradicted", "neither", True, ["large"], ["neither", "why", "connected"]),
        ("supported", "more", False, ["more", "hardly"], ["any size", "why"]),
        ("inconclusive", "less", True, ["less", "large"], ["why", "open"]),
    ],
)
def test_what_follows_is_chosen_by_the_results(run, states, side, larger, yes, no):
    facts, ledger = {"side": side, "larger": larger, "later": ""}, run.exhibits["T7.1"].data
    parts, asks = what_follows.follows(facts, second_with(states), 0.05, ledger)
    yes, no = [*yes, *["asks hold"] * bool(asks["hold"])], [*no, *["asks fail"] * bool(asks["fail"])]
    assert parts == ("supports", *yes, "then", "not", *no, "then", "publish", "then", "country")
    numbers = {"missing_lists": 30, "partnerships": 42, "aid_complete": 3, "ipceis": 11}
    text = words.WORDS.say("N7.5", *parts, **numbers, **asks).title
    assert ("does not show" in text) == (side == "neither") and ("Larger states take part more" in text) == larger
    assert ("same states are active in both tiers" in text) == (states == "contradicted")


def test_what_the_brief_asks_for_is_told_by_the_claims_behind_it(run):
    ledger = run.exhibits["T7.1"].data
    asks = what_follows.asked(ledger)
    rows = what_follows.advice_rows(ledger)
    for row in rows.itertuples():
        side = (
            "hold"
            if ledger.set_index("claim_id").loc[row.claims.split(), "verdict"].isin(["supported", "partly"]).all()
            else "fail"
        )
        assert row.recommendation[1:] in asks[side]
    for parts, told in (what_follows.in_short(ledger), what_follows.in_short(ledger.assign(verdict="supported"))):
        assert parts == ("follows", *(k for k in ("hold", "fail") if told[k]), "country")
    none = what_follows.asked(ledger.assign(verdict="contradicted"))
    assert none["hold"] == "" and none["fail"].count("“") == len(rows)
    facts = {"side": "neither", "larger": False, "later": "One"}
    parts, _ = what_follows.follows(facts, second_with("contradicted"), 0.05, ledger.assign(verdict="contradicted"))
    assert parts[0] == "not", "where nothing is supported, nothing says so"
    assert "later" in parts and "later" in what_follows.in_short(ledger, "One")[0], "what is not counted is said"
    said = words.WORDS.say("N7.5", "later", later="One", end="a day").title
    assert "One, from after the registered period, which ends on a day" in said


def test_what_came_later_is_named():
    """A project and a scoreboard of later days; none as the tables are, unless such rows are in them."""
    tables, plan = Tables(), load_plan()
    editions, ipceis = tables["eis_edition"].tail(1), tables["ipcei"].query("ipcei_id == 'BAT1'")
    editions = editions.assign(edition=2031, published=pd.Timestamp("2031-07-01"))
    ipceis = ipceis.assign(ipcei_id="NEW", name="A project", decision_date=pd.Timestamp("2031-01-01"))
    changed = tables.replaced({"eis_edition": editions, "ipcei": ipceis})
    assert words.came_later(changed, plan) == ["A project", "EIS 2031"]


def test_verdicts_by_another_rule_are_all_told(run):
    ledger = run.exhibits["T7.1"].data
    for column in ("first", "then"):
        told = what_follows.otherwise(ledger, column)
        for row in ledger[ledger[column].fillna("").ne("")].itertuples():
            words_of = what_follows.WOULD["the same" if getattr(row, column) == row.verdict else getattr(row, column)]
            assert re.search(rf"{row.claim_id}\b[^;]* {words_of}(;|$)", told), row.claim_id
    said = what_follows.change_facts(ledger)
    assert set(ledger["claim_id"]) | {"first", "then", "n_first"} == set(said)
    assert said["n_first"] == len(
        [c for c in ledger["claim_id"] if re.search(rf"{c}\b[^;]* would (?!not differ)", said["first"])]
    )


def test_a_recommendation_stands_on_the_claims_that_hold(run):
    ledger = run.exhibits["T7.1"].data
    rows = what_follows.advice_rows(ledger)
    assert sorted(" ".join(rows["claims"]).split()) == [
        "C04",
        "C05",
        "C06",
        "C07",
        "C08",
        "C09",
        "C10",
        "C11",
        "C12",
        "C13",
    ]
    for verdict, column, other in (("supported", "holds", "fails"), ("contradicted", "fails", "holds")):
        told = what_follows.advice_rows(ledger.assign(verdict=verdict))
        assert (told[other] == "").all()
        for row in told.itertuples():
            assert all(f"({c}, {verdict})" in getattr(row, column) for c in row.claims.split())
    assert rows["settle"].str.len().gt(40).all()


def test_the_ledger_is_grouped_in_the_order_of_the_answer(run):
    ledger = run.exhibits["T7.1"].data
    mixed = words.by_verdict(ledger.sample(frac=1, random_state=3))
    assert mixed["claim_id"].tolist() == ledger["claim_id"].tolist()
    assert what_follows.change_rows(ledger)["change"].str[0].str.islower().all()


# ---- a table left out for its licence ----


def test_the_ledger_cites_no_source_of_a_table_that_is_left_out(monkeypatch):
    rows = Tables()["claim"]
    everything = words.ledger_sources(Tables(), rows)
    monkeypatch.setenv(licences.WITHOUT, "eqi_2024,eqi")
    fewer = words.ledger_sources(Tables(), rows)
    assert set(everything) - set(fewer) and not set(fewer) & set(sources_of(frozen.load_rows("eqi_2024")))
