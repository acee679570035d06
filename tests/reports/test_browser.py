"""The web page in a real Chromium: keys, clicks, narrow screens, no script, no message, no request, no barrier.

Every page opened here is checked, when its test ends, for messages in the console, errors and requests for anything but
the page itself.
"""

import random
import re
from itertools import pairwise
from urllib.parse import parse_qs, urlencode

import chromium
import pytest
from chromium import DESK, PHONE
from playwright.sync_api import expect
from site_fixtures import ANNEXES, FAILED, countries, ledger, specifications, write_folder

from innodivide.data import Tables
from innodivide.evidence.multiverse import grid
from innodivide.evidence.robustness import other_choices
from innodivide.reports.site import explorer
from innodivide.reports.site.index import write_index

TABLES = Tables()


if chromium.executable() is None:
    pytest.skip(chromium.MISSING, allow_module_level=True)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    return write_index(write_folder(tmp_path_factory.mktemp("reports"))).as_uri()


def choose(page, choices: dict) -> None:
    """Set every menu of the explorer; twice, as a choice that is not run with the others switches another one."""
    levels = page.evaluate("JSON.parse(document.getElementById('data').textContent).grid.dimensions")
    for name in (*explorer.DIMENSIONS, *explorer.DIMENSIONS):
        ids = [level["id"] for d in levels if d["name"] == name for level in d["levels"]]
        page.select_option(f"#choice-{name}", value=str(ids.index(choices[name])))


def shown(value: float, scale: str) -> str:
    """Return an estimate as the page prints it (an implementation of its own)."""
    if scale == "difference in probability":
        text = f"{100 * value:.1f}"
        return text.lstrip("-") if not float(text) else text.replace("-", "−")
    if value >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 0.01 else f"{value:.1g}"


def place(page) -> int:
    """Return where on the curve the page says that the chosen specification is."""
    label = page.get_attribute("#curve", "aria-label")
    return int(re.search(r"chosen one, .*? is number ([\d,]+)", label)[1].replace(",", ""))


def names_in_table(page) -> list[str]:
    return page.eval_on_selector_all(
        "#country-table tbody tr:not([hidden]) th", "all => all.map((th) => th.dataset.value)"
    )


def press_until(page, wanted: str, key: str = "Tab", limit: int = 200) -> None:
    """Press a key until the element with this id has the focus."""
    for _ in range(limit):
        page.keyboard.press(key)
        if page.evaluate("document.activeElement.id") == wanted:
            return
    raise AssertionError(f"{key} never reaches {wanted}")


# ---- the specification explorer ----


def test_the_registered_analysis_is_shown_first(visit):
    page, row = visit(), specifications().query("registered").iloc[0]
    expect(page.locator("#result")).to_contain_text(
        f"Odds ratio {row['estimate']:.2f} (95% interval {row['ci_low']:.2f} to {row['ci_high']:.2f})"
    )
    expect(page.locator("#result")).to_contain_text("This is the registered analysis")
    assert page.locator("#choice-status").evaluate("s => s.selectedOptions[0].textContent") == "leader at the decision"


@pytest.mark.parametrize("seed", range(2))
def test_any_choice_shows_its_estimate_interval_counts_and_rank(visit, seed):
    page, rows = visit(), specifications()
    random.seed(seed)
    for row in rows.iloc[random.sample(range(len(rows)), 6)].to_dict("records"):
        if row["failed"]:
            continue
        choose(page, row)
        result, parameters = page.locator("#result").inner_text(), page.locator("#parameters").inner_text()
        scale = row["scale"]
        low, high = shown(row["ci_low"], scale), shown(row["ci_high"], scale)
        assert (
            result.lower().startswith(f"{scale} {shown(row['estimate'], scale)}")
            and f"(95% interval {low} to {high})" in result
        )
        assert f"n = {row['n_dyads']} pairs" in result
        peers = rows[(rows["family"] == row["family"]) & (rows["scale"] == scale) & (rows["failed"] == "")]
        smaller = (peers["estimate"].round(9) < round(row["estimate"], 9)).sum()
        said = re.search(r"larger than (\d+)% of the .*?\(([\d,]+) of ([\d,]+)\); its t", result)
        assert abs(int(said[2].replace(",", "")) - smaller) <= 2 and int(said[3].replace(",", "")) == len(peers)
        every = rows[rows["failed"] == ""]
        assert f"of {len(every):,})." in result
        for name in explorer.DIMENSIONS:
            assert f"{name} = {row[name]}" in parameters
        assert f"{row['n_events']} participations" in parameters and (row["dropped"] or "none") in parameters


def view(choices: dict) -> str:
    return f"#{urlencode(choices)}"


def test_a_link_to_a_combination_that_is_not_run_says_why_and_changes_nothing(visit):
    rules = grid.excluded(TABLES)
    choices = dict(zip(explorer.DIMENSIONS, other_choices.REGISTERED.split("/"))) | {"size": "ln_gdp"}
    page = visit(hash=view(choices))
    expect(page.locator("#result")).to_contain_text("Not run.")
    expect(page.locator("#result")).to_contain_text(
        next(r for r in rules["reason"] if r.startswith("GDP is population times"))
    )
    assert page.locator("#choice-wealth").evaluate("s => s.value") == "0"  # not silently changed
    expect(page.locator("#lower")).to_be_disabled()
    assert page.locator("#curve .chosen").get_attribute("visibility") == "hidden"
    page.evaluate("hash => { location.hash = hash; }", view(dict(zip(explorer.DIMENSIONS, FAILED.split("/")))))
    expect(page.locator("#result")).to_contain_text("it could not be estimated: the model did not converge")


def test_a_choice_that_is_not_run_otherwise_switches_another_and_says_so(visit):
    page = visit()
    page.select_option("#choice-size", label="GDP (switches another choice)")
    expect(page.locator("#result")).to_contain_text("Wealth was switched to “left out”")
    expect(page.locator("#result")).to_contain_text("GDP is population times")
    expect(page.locator("#result")).not_to_contain_text("Not run.")
    assert page.locator("#choice-wealth").evaluate("s => s.selectedOptions[0].textContent").startswith("left out")
    assert "wealth=out" in page.url and page.locator("#choice-size").evaluate("s => s.value") == "1"


def test_the_curve_draws_every_estimate_in_rising_order_and_marks_the_chosen_one(visit):
    page, rows = visit(), specifications()
    peers = rows.query("family == 'leader' and scale == 'odds ratio' and failed == ''").sort_values("estimate")
    dots = [
        tuple(map(float, p)) for p in re.findall(r"M([\d.]+) ([\d.]+)h0", page.get_attribute("#curve .estimates", "d"))
    ]
    bars = page.get_attribute("#curve .intervals", "d").count("V")
    assert len(dots) == bars == len(peers)
    assert all(a[0] <= b[0] and a[1] >= b[1] for a, b in pairwise(dots))  # up is small
    registered = peers["registered"].to_numpy().nonzero()[0][0]
    where = re.findall(r"[\d.]+", page.locator("#curve .chosen").evaluate("g => g.style.transform"))
    assert [float(v) for v in where] == pytest.approx(dots[registered], abs=0.2)
    assert f"number {registered + 1:,}." in page.get_attribute("#curve", "aria-label")


def test_steps_and_clicks_move_along_the_curve(visit):
    page, rows = visit(), specifications()
    peers = rows.query("family == 'leader' and scale == 'odds ratio' and failed == ''")["estimate"].sort_values()
    start = place(page)
    for button, wanted in (("#higher", start + 1), ("#lower", start), ("#lower", start - 1)):
        page.click(button)
        expect(page.locator("#curve")).to_have_attribute("aria-label", re.compile(rf"is number {wanted:,}\."))
    box = page.locator("#curve").bounding_box()
    page.mouse.click(box["x"] + 53, box["y"] + 60)
    expect(page.locator("#result")).to_contain_text(f"Odds ratio {peers.iloc[0]:.2f}")
    expect(page.locator("#lower")).to_be_disabled()
    page.click("#registered")
    expect(page.locator("#result")).to_contain_text("This is the registered analysis")


def test_all_specifications_can_be_compared_by_t(visit):
    page, rows = visit(), specifications()
    page.select_option("#compare", "t")
    assert page.get_attribute("#curve .estimates", "d").count("h0") == (rows["failed"] == "").sum()
    assert page.get_attribute("#curve", "aria-label").startswith(f"{(rows['failed'] == '').sum():,} t values")
    expect(page.locator("#curve-notes")).to_contain_text("All specifications")


def test_one_other_choice_is_listed_for_each_level_and_can_be_shown(visit):
    page = visit()
    page.click("text=What one other choice would give")
    rows = page.locator("#neighbours tbody tr")
    assert rows.count() == 6 + 1 + 1 + 3 + 2 + 3 + 1  # all other levels of the seven choices
    row = rows.filter(has_text="Estimator: Poisson")
    estimate = row.locator("td").first.inner_text()
    row.get_by_role("button").press("Enter")
    expect(page.locator("#result strong")).to_have_text(estimate[0].upper() + estimate[1:])
    assert page.evaluate("document.activeElement.id") == "choice-estimator"


def test_the_link_restores_the_view_and_so_does_a_changed_address(visit, address):
    wanted = "estimator == 'lpm' and status == 'index_2016' and sample == 'drop_CIS'"
    page, row = visit(), specifications().query(wanted).iloc[0]
    choose(page, row)
    page.select_option("#compare", "t")
    link, said = page.locator("#link").input_value(), page.locator("#result").inner_text()
    assert link == page.url and parse_qs(link.split("#")[1]) == {n: [row[n]] for n in explorer.DIMENSIONS} | {
        "compare": ["t"]
    }
    other = visit(hash=link[len(address) :])
    assert other.locator("#result").inner_text() == said and other.locator("#compare").input_value() == "t"
    assert other.locator("#explorer").evaluate("h => Math.abs(h.getBoundingClientRect().top) < 60")  # scrolled to
    other.evaluate("location.hash = location.hash.replace('lpm', 'poisson')")
    expect(other.locator("#result strong")).to_contain_text("Rate ratio")
    other.go_back()
    expect(other.locator("#result")).to_have_text(said)
    other.evaluate("location.hash = '#claims'")
    expect(other.locator("#result")).to_have_text(said)  # a section's name is no view


def test_a_link_that_names_what_is_not_there_says_so(visit):
    page = visit(hash="#status=top5&size=%3Cimg%20src%3Dx%3E&wealth=in")
    expect(page.locator("#result")).to_contain_text(
        "The link names what is not in this grid: size = <img src=x>; sample = (not given)"
    )
    assert page.locator("#choice-status").evaluate("s => s.selectedOptions[0].textContent") == "five highest ranks"


def test_the_link_is_copied_from_a_file(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.click("#higher")
    page.click("#copy")
    expect(page.locator("#copied")).to_have_text("Link copied.")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#link").input_value()


def test_without_the_right_to_the_clipboard_the_link_is_ready_to_copy(visit):
    page = visit()
    page.evaluate(
        "navigator.clipboard.writeText = () => Promise.reject(new Error('denied')); document.execCommand = () => false"
    )
    page.click("#copy")
    expect(page.locator("#copied")).to_contain_text("copy it with Ctrl+C")
    selected = page.evaluate("getSelection().toString() || document.activeElement.id")
    assert selected in ("link", page.locator("#link").input_value())


# ---- countries ----


def test_every_column_sorts_both_ways_with_the_unknown_last(visit):
    page, rows = visit(), countries()
    expected = {"Country": rows["name"], "IPCEIs": rows["n"], "IPCEIs per € 100 bn GDP": rows["per_100bn"]}
    expected["Group"] = rows["group"].map({"leader": 0, "strong": 1, "moderate": 2, "emerging": 3})  # leaders down
    for head, values in expected.items():
        button = page.locator("#country-table thead").get_by_role("button", name=head, exact=True)
        cell = button.locator("xpath=..")
        seen = {}
        for _ in range(2):
            button.click()
            seen[cell.get_attribute("aria-sort")] = names_in_table(page)
        assert set(seen) == {"ascending", "descending"} and page.locator("[aria-sort]").count() == 1
        known = rows.assign(value=values).dropna(subset=["value"])
        lost = sorted(set(rows["name"]) - set(known["name"]))
        for direction, names in seen.items():
            ordered = known.sort_values(["value", "name"], ascending=[direction == "ascending", True])
            assert names == [*ordered["name"], *lost], (head, direction)


def test_text_and_group_filter_together_and_the_count_is_announced(visit):
    page, rows = visit(), countries()
    own = rows["geo"].map(TABLES["country"].set_index("geo")["endonym"]).fillna("")
    lands = rows[(rows["name"] + " " + own).str.lower().str.contains("land")]
    page.fill("#find", "LAND")
    assert names_in_table(page) == sorted(lands["name"]) and "Germany" in set(lands["name"])
    page.select_option("#group", "leader")
    wanted = lands.loc[lands["group"] == "leader", "name"]
    assert names_in_table(page) == sorted(wanted)
    expect(page.locator("#count")).to_have_text(f"{len(wanted)} of 27 countries")
    assert page.get_attribute("#count", "role") == "status"
    page.fill("#find", "nowhere")
    expect(page.locator("#count")).to_have_text("0 of 27 countries")


def test_the_picker_offers_what_there_is_or_the_command(visit):
    page = visit()
    page.select_option("#country", "AT")
    links = [a.get_attribute("href") for a in page.locator("#country-links a").all()]
    assert links == [f"annex/AT/{name}" for name in ("report.html", "report.pdf", "report.docx", "exhibits.xlsx")]
    page.select_option("#country", "DE")
    expect(page.locator("#country-links")).to_have_text(
        "The annex of Germany has not been made yet. innodivide annex DE writes it."
    )


def test_a_country_is_found_by_its_own_name_in_the_table_and_on_the_map(visit):
    page = visit()
    for own, name in (("Deutschland", "Germany"), ("Suomi", "Finland"), ("espana", "Spain")):
        page.fill("#find", own)
        assert names_in_table(page) == [name]
        assert page.locator(".tile:not(.aside)").count() == 1
    page.fill("#find", "")
    assert page.locator(".tile.aside").count() == 0


def test_two_to_four_countries_stand_side_by_side_on_one_scale(visit):
    page, rows = visit(), countries().set_index("geo")
    expect(page.locator("#compared")).to_be_hidden()
    for n, geo in enumerate(("PL", "FR", "MT"), start=1):
        page.select_option(f"#compare-{n}", geo)
    expect(page.locator("#compared thead th")).to_have_text(["Poland", "France", "Malta"])
    line = page.locator("#compared tbody tr", has=page.get_by_role("rowheader", name="IPCEIs", exact=True))
    assert line.locator("td").all_inner_texts() == [str(rows.at[g, "n"]) for g in ("PL", "FR", "MT")]
    meters = line.locator("meter")
    assert {m.get_attribute("max") for m in meters.all()} == {str(rows["n"].max())}
    page.select_option("#compare-1", "")
    page.select_option("#compare-2", "")
    expect(page.locator("#compare-hint")).to_be_visible()


def test_tiles_name_country_group_and_number_and_lead_to_the_annex(visit):
    page, rows = visit(), countries().set_index("geo")
    assert page.locator(".tiles li").count() == 27 and page.locator("a.tile").count() == len(ANNEXES)
    group = {"leader": "innovation leader"}.get(rows.at["PL", "group"], "{group} innovator")
    tile = page.get_by_role(
        "link", name=f"PL Poland, {group}, in {{n}} of {{n_possible}} IPCEIs".format_map(rows.loc["PL"])
    )
    assert tile.get_attribute("href") == "annex/PL/report.html"
    letters = page.locator(".tiles i").all_inner_texts()
    assert sorted(letters) == sorted(
        {"leader": "L", "strong": "S", "moderate": "M", "emerging": "E"}[g] for g in rows["group"]
    )
    places = page.eval_on_selector_all(
        ".tile", "all => all.map((t) => { const r = t.getBoundingClientRect(); return [r.y, r.x]; })"
    )
    assert places == sorted(places)  # the order of reading and of Tab is what is seen


# ---- keyboard only ----


def test_every_control_is_reached_by_tab_in_order_and_shows_its_focus(visit):
    page, order = visit(), []
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(250):
        place = page.evaluate(
            "(([e]) => [e.id, e.tagName, getComputedStyle(e).outlineStyle])([document.activeElement])"
        )
        if place[1] == "BODY":
            break
        assert place[2] != "none", f"no focus to be seen on {place}"
        order.append(place[0])
        page.keyboard.press("Tab")
    menus = " ".join(f"choice-{name}" for name in explorer.DIMENSIONS)
    wanted = f"country find group {menus} compare lower higher registered copy link".split()
    assert [i for i in order if i in wanted] == wanted
    controls = page.locator(
        "a:visible, button:visible:enabled, select:visible, input:visible, summary:visible, [tabindex='0']:visible"
    ).count()
    assert len(order) == controls


def test_the_skip_link_leads_past_the_header(visit):
    page = visit()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_the_explorer_works_with_keys_alone(visit):
    page = visit()
    press_until(page, "choice-status")
    before = page.locator("#result").inner_text()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#result")).not_to_have_text(before)
    assert "status=lag1" in page.url
    press_until(page, "compare")
    page.keyboard.press("ArrowDown")
    assert "compare=t" in page.url
    press_until(page, "higher")
    said = page.locator("#curve").get_attribute("aria-label")
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    assert page.locator("#curve").get_attribute("aria-label") != said
    assert page.evaluate("document.activeElement.id") == "higher"  # the focus stays
    press_until(page, "registered")
    page.keyboard.press("Enter")
    expect(page.locator("#result")).to_contain_text("This is the registered analysis")


def test_the_countries_work_with_keys_alone(visit):
    page = visit()
    press_until(page, "country")
    page.keyboard.type("Pol")
    expect(page.locator("#country-links")).to_contain_text("Poland: HTML")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "annex/PL/report.html"
    press_until(page, "find")
    page.keyboard.type("mal")
    assert names_in_table(page) == ["Malta"]
    for _ in "mal":
        page.keyboard.press("Backspace")
    page.locator("#country-table thead button").nth(3).focus()
    page.keyboard.press("Enter")
    most = countries().sort_values(["n", "name"], ascending=[False, True])["name"]
    assert names_in_table(page) == list(most)
    page.keyboard.press("Space")
    assert page.locator("[aria-sort]").get_attribute("aria-sort") == "ascending"


# ---- screens, scripts, escapes, barriers ----


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_no_screen_makes_the_page_scroll_sideways(visit, width):
    page = visit({"width": width, "height": 740})
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    inside = page.eval_on_selector_all(
        "select, button, input, .tile, .result, .key",
        "(all, width) => all.filter((e) => !e.closest('.scroll') && e.getBoundingClientRect().right > width + 1)"
        ".map((e) => e.outerHTML.slice(0, 80))",
        width,
    )
    assert not inside


def test_the_curve_fits_the_screen_when_it_turns(visit):
    page = visit(PHONE)
    page.set_viewport_size({"width": 740, "height": 360})
    expect(page.locator("#curve")).to_have_attribute("viewBox", re.compile(r"0 0 (6|7)\d\d"))
    dots = re.findall(r"M([\d.]+) ", page.get_attribute("#curve .estimates", "d"))
    assert max(map(float, dots)) > 600


def test_without_scripts_the_content_is_there_and_no_dead_control(visit):
    page = visit(java_script_enabled=False)
    text = page.locator("body").inner_text()
    parts = ("Odds ratio 1.07", "Of 5 claims, some.", "The median is 1.01", "Poland", "By choice", "With JavaScript")
    assert all(part in text for part in (*parts, *ledger()["claim"]))
    assert page.locator("select:visible, button:visible, input:visible").count() == 0
    assert page.locator("noscript img").is_visible() and page.locator("#country-table tbody tr").count() == 27
    assert page.get_by_role("link", name="HTML Poland").is_visible()
    page.locator("summary").first.click()
    assert page.locator("#C01 details dl").is_visible()


def test_an_empty_folder_makes_a_page_that_works(visit, tmp_path):
    page = visit(of=write_index(tmp_path).as_uri())
    page.select_option("#country", "MT")
    expect(page.locator("#country-links")).to_contain_text("innodivide annex MT")
    assert page.locator("#choices").count() == 0


def test_on_paper_the_controls_are_gone(visit):
    page = visit()
    page.emulate_media(media="print")
    assert page.locator("nav:visible, .filters:visible, .buttons:visible").count() == 0
    assert page.locator("#country-table").is_visible() and page.locator("#curve").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
def test_axe_finds_no_serious_barrier(visit, scheme, viewport):
    page = visit(viewport, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.select_option("#country", "AT")
    assert chromium.barriers(page, ("moderate", "serious", "critical")) == {}


def test_axe_is_awake(visit):
    page = visit()
    page.evaluate("document.querySelector('#find').previousSibling.remove()")
    assert "label" in chromium.barriers(page)
