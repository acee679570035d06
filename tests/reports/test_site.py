"""The web page: it says what the exhibits say, whatever is in the folder, and the same bytes for the same folder."""

import base64
import dataclasses
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml
from report_fixtures import Page
from site_fixtures import (
    ANNEXES,
    FAILED,
    NASTY,
    SOURCES,
    countries,
    drawing,
    ledger,
    specifications,
    write_folder,
    write_report,
)

from innodivide.data import Tables, frozen
from innodivide.errors import DataError
from innodivide.evidence.claims.finding import Finding
from innodivide.evidence.multiverse import grid as grid_module
from innodivide.reports.making.declarations import ANNEX, notebooks
from innodivide.reports.site import content, explorer
from innodivide.reports.site.index import write_index
from innodivide.reports.site.page import as_script_data

TABLES = Tables()
LIMIT = 2_000_000  # bytes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="module")
def text(folder):
    return write_index(folder).read_text("utf-8")


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def carried(text: str) -> dict:
    """Return the data that the page carries for its script."""
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1])


@pytest.fixture(scope="module")
def grid(text):
    return carried(text)["grid"]


def cell_of(grid: dict, choices: dict) -> int:
    index = 0
    for dimension in grid["dimensions"]:
        ids = [level["id"] for level in dimension["levels"]]
        index = index * len(ids) + ids.index(choices[dimension["name"]])
    return index


# ---- one file that fetches nothing ----


def test_the_page_is_one_file_of_well_formed_elements_that_may_fetch_nothing(text, page):
    assert text.startswith("<!doctype html>\n") and page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == 1 and len(page.ids) == len(set(page.ids))
    for tag in ("iframe", "object", "embed", "base", "video", "audio", "source"):
        assert not page.all(tag)
    assert page.all("link") == [{"rel": "icon", "href": "data:,"}]
    assert all(i["src"].startswith("data:image/svg+xml;base64,") and i["alt"] for i in page.all("img"))
    for tag, attributes in page.elements:
        assert not [a for a in attributes if a.startswith("on") or a == "style"], (tag, attributes)
    assert all("src" not in script for script in page.all("script"))
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    assert "url(" not in style and "@import" not in style


def test_the_policy_allows_this_style_and_this_script_by_their_hashes_and_nothing_else(text, page):
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'" and rules["img-src"] == "data:"
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        inside = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert "unsafe" not in policy and "eval(" not in text and "innerHTML" not in text


def test_links_lead_to_files_that_are_there_or_to_places_on_the_page(folder, page):
    for link in page.all("a"):
        target = link["href"]
        if target.startswith("#"):
            assert target[1:] in page.ids
        else:
            assert (folder / target.split("#")[0]).exists(), target


# ---- contents equal the exhibits ----


def test_the_answer_and_its_key_figures_are_those_of_the_brief(page):
    assert "Odds ratio 1.07 (0.32 to 3.58; p = 0.89); beyond 3.0 ruled out." in page.visible
    for figure in ("1.07 ", "0.32 to 3.58", "0.89", "3.0"):
        assert figure in page.visible


def test_every_claim_stands_in_the_ledger_with_what_decides_and_how_it_was_judged(page):
    for row in ledger().to_dict("records"):
        assert f"{row['claim_id']} {row['claim']}" in page.visible
        assert row["short"] in page.visible and row["rests"] in page.visible
        assert f"then: {row['then']}" in page.visible or not row["then"]
        assert all(row[name] in page.text for name in ("numbers", "coverage", "test", "rule", "change"))
    assert {"href": "02_ipcei_participation/report.html#T2.2"} in page.all("a")


def test_the_country_table_holds_the_values_of_the_exhibits(text):
    rows = {r["geo"]: r for r in countries().to_dict("records")}
    found = re.findall(r'<tr data-geo="(\w\w)" data-group="(\w*)" data-names="[^"]*">(.*?)</tr>', text)
    assert [f[0] for f in found] == sorted(rows, key=lambda g: rows[g]["name"])
    columns = [c[1] for c in content.COUNTRY_COLUMNS]
    for geo, group, cells in found:
        assert group == rows[geo]["group"]
        values = dict(zip(columns, re.findall(r'<td class="right" data-value="([^"]*)">', cells)))
        for column in ("n", "rate", "companies_min", "per_million"):
            assert float(values[column]) == pytest.approx(float(rows[geo][column]), rel=1e-9)
    poland = next(cells for geo, _, cells in found if geo == "PL")
    assert '<td class="right" data-value="">not known</td>' in poland


def test_every_specification_of_the_exhibit_is_in_its_cell_and_no_other(grid):
    rows = specifications()
    cells, run = grid["cells"], 0
    for row in rows.to_dict("records"):
        index = cell_of(grid, row)
        if row["failed"]:
            assert "/".join(row[name] for name in explorer.DIMENSIONS) == FAILED
            assert grid["reasons"][cells["why"][index]].endswith("did not converge")
            continue
        run += 1
        for name, digits in explorer.NUMBERS.items():
            assert cells[name][index] == pytest.approx(row[name], rel=0.6 * 10 ** (1 - digits))
        assert [cells[name][index] for name in explorer.COUNTS] == [row[name] for name in explorer.COUNTS]
        assert grid["dropped"][cells["dropped"][index]] == row["dropped"]
        assert grid["families"][row["status"]] == row["family"] and grid["scales"][row["estimator"]] == row["scale"]
    assert run == len(rows) - 1 == sum(value is not None for value in cells["estimate"])
    assert all((value is None) == (why is not None) for value, why in zip(cells["estimate"], cells["why"]))
    assert len(cells["estimate"]) == len(cells["why"]) == 7 * 2 * 2 * 4 * 3 * 4 * 2


def test_cells_that_are_not_run_have_the_reason_of_the_declaration(text, grid):
    declared = {rule["reason"].strip() for rule in grid_module.load_grid()["exclude"]}
    assert {r for r in grid["reasons"] if "T4.4" not in r} == declared | {
        "it could not be estimated: the model did not converge"
    }
    failed = cell_of(grid, dict(zip(explorer.DIMENSIONS, FAILED.split("/"))))
    assert grid["reasons"][grid["cells"]["why"][failed]].endswith("the model did not converge")
    for value, reason in zip(grid["cells"]["estimate"], grid["cells"]["why"]):
        assert (value is None) == (reason is not None)


def test_over_the_whole_grid_the_reasons_count_as_the_grid_counts_them():
    specs, declared = grid_module.expand(TABLES), yaml.safe_load((frozen.ROOT / "multiverse.yml").read_text("utf-8"))
    unknown = dict.fromkeys([*explorer.NUMBERS, "dropped", "failed", "registered", "family", "question", "scale"], "")
    rows = [{k: str(v) for k, v in row.items()} for row in specs[list(explorer.DIMENSIONS)].to_dict("records")]
    found = explorer.grid([unknown | dict.fromkeys(explorer.COUNTS, "0") | row for row in rows], declared)
    counted = {reason: found["cells"]["why"].count(i) for i, reason in enumerate(found["reasons"])}
    left_out = grid_module.excluded(TABLES).set_index("reason")["n_cells"]
    named = {rule["reason"].strip() for rule in declared["exclude"]}
    assert {r: n for r, n in counted.items() if r in named} == left_out[left_out.index.isin(named)].to_dict()
    assert sum(counted.values()) == left_out.sum()


def test_a_grid_that_changed_since_the_report_lends_it_no_meaning(folder, tmp_path):
    shutil.copytree(folder / "04_robustness", tmp_path / "04_robustness")
    manifest = tmp_path / "04_robustness" / "manifest.json"
    content = json.loads(manifest.read_text("utf-8"))
    content["inputs"]["multiverse.yml"] = "0" * 64
    manifest.write_text(json.dumps(content), "utf-8")
    grid = carried(write_index(tmp_path).read_text("utf-8"))["grid"]
    assert not any(level["meaning"] for d in grid["dimensions"] for level in d["levels"])
    assert any("is not in this report" in reason for reason in grid["reasons"])


def test_two_scales_for_one_estimator_are_refused():
    rows = [{"estimator": "firth", "scale": s} for s in ("odds ratio", "rate ratio")]
    with pytest.raises(DataError, match="the estimator firth has more than one scale"):
        explorer._of(rows, "estimator", "scale")


def test_every_level_of_the_grid_has_a_short_name():
    declared = grid_module.load_grid()["dimensions"]
    for name in explorer.DIMENSIONS:
        shown = [level["label"] for level in declared[name].values()]
        assert len(set(shown)) == len(shown) and max(map(len, shown)) < 30, name


# ---- names that try to break out ----


def test_text_from_the_data_never_becomes_markup(text, page):
    assert len(page.all("script")) == 2
    assert "<script>alert" not in text and "<b>bold" not in text
    for name in NASTY:
        assert name in page.visible


@pytest.mark.parametrize("name", [*NASTY, "\u2028\u2029", "]]>", "<!--", "</SCRIPT >"])
def test_data_for_the_script_come_back_whole_and_cannot_end_it(name):
    written = as_script_data({name: [name]})
    assert json.loads(written) == {name: [name]}
    assert not set("<>&\u2028\u2029") & set(written)


# ---- folders of all kinds ----


def test_an_empty_folder_gives_a_page_that_says_what_to_run(tmp_path):
    page = Page(write_index(tmp_path).read_text("utf-8"))
    assert "innodivide annex --all" in page.visible and "innodivide annex PL" in page.visible
    assert all(a["href"].startswith("#") for a in page.all("a"))
    for notebook in notebooks().values():
        assert notebook.name == ANNEX or f"innodivide run {notebook.name[:2]}" in page.visible


def test_reports_are_linked_whichever_run_made_them_and_leftovers_are_not(tmp_path):
    there = ("03_leader_test", "03_leader_test--status-lag1", "annex/EL")
    for name in (*there, "annex/.partial-PL=abc", "annex/.old-DE", "other"):
        write_report(tmp_path / name)
    page = Page(write_index(tmp_path).read_text("utf-8"))
    files = {a["href"] for a in page.all("a") if a["href"].endswith(".html")}
    assert files == {f"{n}/report.html" for n in there}
    assert "(status = lag1)" in page.visible
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".index")]


def test_formats_that_are_there_are_linked_for_each_country(page):
    links = {a["href"] for a in page.all("a")}
    for geo, formats in ANNEXES.items():
        for kind in ("html", "pdf", "docx"):
            assert (f"annex/{geo}/report.{kind}" in links) == (kind in formats)
        assert f"annex/{geo}/{'exhibits.xlsx' if geo == 'AT' else 'exhibits/'}" in links


def test_an_unreadable_notebook_counts_as_not_made(folder, tmp_path):
    shutil.copytree(folder / "07_policy_brief", tmp_path / "07_policy_brief")
    (tmp_path / "07_policy_brief" / "notebook.ipynb").write_text('{"cells": [')
    (tmp_path / "07_policy_brief" / "manifest.json").unlink()
    page = Page(write_index(tmp_path).read_text("utf-8"))
    assert "This is the answer as stored with this version. innodivide run 07 computes it again" in page.visible
    assert "neither clearly more nor clearly less often" in page.visible
    assert {"href": "07_policy_brief/report.html"} in page.all("a")  # the report itself is there


def test_a_report_of_another_version_without_a_column_counts_as_not_made(tmp_path):
    from innodivide.narrative import exhibits

    old = exhibits.figure("F4.5", "All", drawing(), specifications().drop(columns="t"), alt="Lines.", sources=SOURCES)
    new = exhibits.table("T7.1", "Claims", ledger().drop(columns="rule"), {"claim": "Claim"}, sources=SOURCES)
    write_report(tmp_path / "04_robustness", [old])
    write_report(tmp_path / "07_policy_brief", [new])
    page = Page(write_index(tmp_path).read_text("utf-8"))
    for command in ("innodivide run 04", "innodivide run 07"):
        assert command in page.visible


def test_a_folder_name_with_signs_of_its_own_is_linked_by_its_address(tmp_path):
    write_report(tmp_path / "02_ipcei_participation--until-2021%3F#x")
    assert "02_ipcei_participation--until-2021%253F%23x/report.html" in write_index(tmp_path).read_text("utf-8")


# ---- the same bytes, and no work for nothing ----


def test_the_same_folder_elsewhere_gives_the_same_bytes_in_another_process(folder, text, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy", ignore=shutil.ignore_patterns("index.html"))
    program = "import sys; from pathlib import Path; from innodivide.reports.site.index import write_index; "
    program += f"write_index(Path({str(copy)!r}))"
    environment = {**os.environ, "PYTHONHASHSEED": "11", "LC_ALL": "C", "PYTHONUTF8": "1", "TZ": "Pacific/Auckland"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
    assert (copy / "index.html").read_text("utf-8") == text


def test_the_page_is_left_alone_until_something_it_shows_changes(folder, tmp_path, monkeypatch):
    from innodivide.reports.site import page as setting

    copy = shutil.copytree(folder, tmp_path / "copy")
    made, real = [], setting.render
    monkeypatch.setattr(setting, "render", lambda found: made.append(1) or real(found))
    before = (copy / "index.html").read_bytes()
    write_index(copy)
    assert not made and (copy / "index.html").read_bytes() == before
    (copy / "index.html").write_bytes(before + b"x")  # altered by hand
    write_index(copy)
    assert len(made) == 1 and (copy / "index.html").read_bytes() == before
    (copy / "annex" / "PL" / "report.pdf").unlink()
    write_index(copy)
    assert len(made) == 2 and b"annex/PL/report.pdf" not in (copy / "index.html").read_bytes()
    write_report(copy / "annex" / "MT")
    write_index(copy)
    assert len(made) == 3 and b"annex/MT/report.html" in (copy / "index.html").read_bytes()
    shutil.rmtree(copy / "01_innovation_divide")
    write_report(copy / "01_innovation_divide", (), ("html", "pdf"))  # the same files, other contents
    write_index(copy)
    assert len(made) == 4


def test_the_page_stays_under_its_size(text):
    assert len(text.encode()) < LIMIT * len(specifications()) / 6312 + 300_000


# ---- what it shares with the rest of the package ----


def test_groups_have_the_colours_of_the_figures(text):
    from innodivide.figures import style

    rules = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    for group, colour in style.GROUP_COLOURS.items():
        ink = {"white": "#ffffff", style.INK: style.INK}[style.ink_on(colour)]
        found = re.search(rf"\.{group}\b[^{{]*{{ background: (#\w+); color: (#\w+); }}", rules)
        assert found.groups() == (colour.lower(), ink.lower())
    assert f"--chosen: {style.ACCENT.lower()}" in rules


@pytest.mark.parametrize(
    "exhibit", [content.ANSWER, content.PICTURE, content.LIMITS, explorer.CURVE, explorer.CURVE_WORDS]
)
def test_the_texts_and_figures_that_the_page_quotes_are_shown_by_the_notebooks(exhibit):
    number = f"{int(exhibit[1:].split('.')[0]):02d}_"
    source = next(n for n in notebooks().values() if n.name.startswith(number)).path.read_text("utf-8")
    assert f'\\"{exhibit}\\"' in source, f"no notebook {number} shows {exhibit}, which the page quotes"


def test_a_claim_has_the_fields_that_the_page_shows():
    fields = {f.name for f in dataclasses.fields(Finding)}
    listed = set(frozen.load("claim").columns)
    assert set(content.CLAIM) <= fields | listed | {"test", "rule", "exhibit"}
