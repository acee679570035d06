"""The list of sources: numbered once, grouped by licence, nothing lost; credit lines point into it in every format."""

import html as markup
import re
from collections import Counter

import pytest
from page_blocks import FACTS, squeezed, table
from readers import read_docx, read_pdf
from report_fixtures import assert_sound

from innodivide.data import frozen
from innodivide.reports.pages import html, source_list
from innodivide.reports.pages.blocks import Block, ReportError

ROWS = frozen.load_rows("source").set_index("source_id")
CITED = tuple(ROWS.index[::9])  # 63 entries of many licences, with and without address, date and weakness
BLOCKS = [table("T9.1", sources=CITED[::2]), table("T9.2", sources=CITED)]


@pytest.fixture(scope="module")
def groups():
    return source_list.listing(BLOCKS)


@pytest.fixture(scope="module")
def entries(groups):
    return [entry for group in groups for entry in group["entries"]]


def test_each_source_is_listed_once_counted_through_and_says_who_cites_it(entries):
    assert sorted(e["id"] for e in entries) == sorted(CITED)
    assert [e["number"] for e in entries] == list(range(1, len(CITED) + 1))
    assert {e["id"] for e in entries if e["exhibits"] == ["T9.1", "T9.2"]} == set(CITED[::2])


def test_each_licence_is_said_once_and_none_is_lost(groups):
    assert len({g["terms"] for g in groups}) == len(groups)
    for group in groups:
        for entry in group["entries"]:
            licence, said = ROWS.loc[entry["id"], "licence"], entry["terms"] or group["terms"]
            holder = re.fullmatch("© (.+); facts only, no text reproduced", licence)
            assert said == licence or (
                said == source_list.FACTS_ONLY
                and (holder[1] == "publisher" or holder[1].casefold() in entry["publisher"].casefold())
            )
    alone = [e["terms"] for g in groups if g["terms"] == source_list.OTHER for e in g["entries"]]
    assert alone and set(Counter(alone).values()) == {1}


def test_groups_come_by_size_and_the_mixed_one_last(groups):
    sizes = [len(g["entries"]) for g in groups[:-1]]
    assert sizes == sorted(sizes, reverse=True) and groups[-1]["terms"] == source_list.OTHER


@pytest.mark.parametrize(
    ("address", "place"),
    [("https://www.a.eu/b/c?d=e", "a.eu/…"), ("https://a.eu/", "a.eu"), ("http://a.eu?x", "a.eu/…"), ("", "")],
)
def test_addresses_are_shortened_to_print(address, place):
    assert source_list._place(address) == place


def credit(ids, number=None) -> str:
    number = number or {s: n for n, s in enumerate(ids, start=1)}
    return "".join(p["text"] for p in source_list.credit(ids, number))


def test_a_credit_line_names_three_publishers_and_points_to_every_entry():
    ids = list(ROWS.reset_index().drop_duplicates("publisher")["source_id"].head(5))
    names = list(ROWS.loc[ids, "publisher"])
    assert re.search(r"; and 2 more publishers \[[\d, –]+\]\.$", credit(ids))
    assert credit(ids[:1]) == f"Source: {names[0]} [1]."
    assert credit(ids[:4]).count(";") == 3 and "more" not in credit(ids[:4])
    assert credit([*ids, ids[4]], dict(zip(ids, range(1, 6)))).startswith(f"Source: {names[4]} [5")  # most cited first
    pointed = {p["to"] for p in source_list.credit(ids, dict(zip(ids, [1, 3, 5, 7, 9])))} - {0}
    assert pointed == {1, 3, 5, 7, 9}


def test_a_crowd_of_numbers_gives_way_to_where_they_are():
    ids = list(ROWS.reset_index().drop_duplicates("publisher")["source_id"].head(40))
    every_second = {s: 2 * n for n, s in enumerate(ids, start=1)}
    line = "".join(p["text"] for p in source_list.credit(ids, every_second))
    assert line.endswith("; and 37 more publishers (each in exhibits.xlsx).")
    assert line.count("[") == 3
    assert sum(p["to"] > 0 for p in source_list.credit(ids, every_second, most=40)) == 40


def test_a_long_weakness_is_said_once_in_a_group(groups, entries):
    weak = ROWS["weakness"].fillna("")
    alike = list(weak[(weak == weak[weak.str.len() > 100].mode()[0])].index)
    assert len(alike) > 2
    found = [e for g in source_list.listing([table("T9.1", sources=alike)]) for e in g["entries"]]
    assert [e["as_in"] for e in found] == [0] + [1] * (len(alike) - 1)
    assert all(e["as_in"] == 0 or entries[e["as_in"] - 1]["weakness"] == e["weakness"] for e in entries)


def test_runs_of_numbers_are_joined():
    assert "".join(p["text"] for p in source_list._pointers([9, 4, 5, 6, 2])) == "[2, 4–6, 9]"


def test_an_unknown_source_is_named_with_its_exhibit():
    with pytest.raises(ReportError, match=r"exhibit T9\.1 cites NO_SUCH_SOURCE, not in data/sources"):
        source_list.listing([table("T9.1", sources=["NO_SUCH_SOURCE"])])


def test_html_leads_from_exhibit_to_entry_and_back(entries):
    text = html.render("T", [Block(text="# T"), *BLOCKS], FACTS)
    assert_sound(text)  # among other things: every link to a place in the page leads somewhere
    notes = re.findall(r'<p class="notes">.*?</p>', text, re.DOTALL)
    assert len(notes) == 2 and all('href="#source-' in note for note in notes)
    for entry in entries:
        own = re.search(rf'<li id="source-{entry["number"]}">(.*?)</li>', text, re.DOTALL)[1]
        assert re.findall(r'href="#(T9\.\d)"', own) == entry["exhibits"]
        assert " ".join(entry["title"].split()) in " ".join(markup.unescape(own).split())


def test_pdf_leads_from_exhibit_to_entry_and_keeps_every_word(entries):
    found, number = read_pdf(BLOCKS), {e["id"]: e["number"] for e in entries}
    notes = [n.get_object() for page in found.whole.pages for n in page.get("/Annots", [])]
    pointed = [p["to"] for b in BLOCKS for p in source_list.credit(b.payload["sources"], number) if p["to"]]
    assert len(notes) - len(found.links) >= len(pointed) > 2
    assert set(found.links) == {e["address"] for e in entries if e["address"]}
    assert all(squeezed(e["publisher"]) in squeezed(found.text) for e in entries)


def test_docx_leads_from_exhibit_to_entry_in_counted_lists(entries):
    body = read_docx(BLOCKS).whole.element.body
    marks, anchors = set(body.xpath("//w:bookmarkStart/@w:name")), set(body.xpath("//w:hyperlink/@w:anchor"))
    assert anchors <= marks and {f"source_{e['number']}" for e in entries} <= marks and len(anchors) > 2
    listed = body.xpath("//w:p[w:bookmarkStart[starts-with(@w:name, 'source_')]]")
    assert len(listed) == len(entries) and all(p.xpath("./w:pPr/w:numPr") for p in listed)


def test_the_sources_of_an_annex_fit_one_page_of_the_pdf():
    """Fifty entries of ordinary length, as a large country's annex has."""
    cited = [s for s in ROWS.index if len(ROWS.title[s]) < 80][:50]
    assert len(read_pdf([table("T9.1", sources=cited)]).whole.pages) <= 2  # table, facts and sources
