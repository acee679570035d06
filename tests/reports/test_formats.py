"""What every format does with the same blocks: words in order, names, letters, tables, alt texts, the same bytes."""

import hashlib
import re

import pandas as pd
import pytest
from page_blocks import (
    ALT,
    FACTS,
    LETTERS,
    NASTY,
    member_states,
    names_table,
    ordinary,
    picture,
    rendered_elsewhere,
    said,
    squeezed,
    table,
    wide,
)
from readers import FORMS, read, read_docx, read_pdf

from innodivide.reports.pages import columns, document, docx, html, pdf, pptx, spreadsheet
from innodivide.reports.pages.blocks import Block

every = pytest.mark.parametrize("form", FORMS)
paper = pytest.mark.parametrize("form", ["pdf", "docx"])


@pytest.mark.parametrize("module", [html, pdf, docx, pptx, spreadsheet], ids=lambda m: m.__name__.split(".")[-1])
def test_bytes_do_not_depend_on_process_time_zone_hash_seed_or_clock(module):
    made = module.render("T", ordinary(), FACTS)
    digest = hashlib.sha256(made if isinstance(made, bytes) else made.encode()).hexdigest()
    assert digest == rendered_elsewhere()[module.__name__]


def test_no_line_ends_between_a_number_and_what_it_belongs_to():
    payload = said("N9.1", "Odds ratio 1.07 (0.32 to 3.59, p = 0.89) in EIS 2025 and to 3 more.").payload
    assert document.bound(payload)["title"] == (
        "Odds ratio 1.07 (0.32\u00a0to\u00a03.59, p\u00a0=\u00a00.89) in EIS\u00a02025 and to 3 more."
    )


def in_polish() -> Block:
    made = said("N9.1", "# Poland ({own}): annex\n\nText.", own="Polska")
    return Block(payload=made.payload | {"languages": {"Polska": "pl"}})


def test_words_of_another_language_say_so():
    assert '<span lang="pl">Polska</span>' in html.render("T", [in_polish()], FACTS)
    assert read_docx([in_polish()]).whole.element.body.xpath("//w:r[w:rPr/w:lang[@w:val='pl']]/w:t/text()") == [
        "Polska"
    ]
    (title,) = [run for run in document.build("T", [in_polish()], FACTS)["title_runs"] if run["lang"]]
    assert (title["text"], title["lang"]) == ("Polska", "pl")
    assert any(b"/Lang(pl)" in page.get_contents().get_data() for page in read_pdf([in_polish()]).whole.pages)


@every
def test_large_numbers_have_their_meaning_and_source_in_every_format(form):
    shown = pd.DataFrame({"number": ["1st", "€190 m"], "meaning": ["of 27 states", "of aid published"]})
    payload = table("T9.8", shown, caption="", note="", edition="").payload | {"look": "numbers"}
    text = squeezed(read(form, [Block(text="# A title"), Block(payload=payload)]).text)
    assert "1stof27states" in text and "€190m" in text and "ofaidpublished" in text and "Source:AALEP" in text


def test_what_follows_a_rule_begins_a_page():
    blocks = [Block(text="First layer.\n\n---\n\n## Second layer")]
    assert len(read_pdf(blocks).whole.pages) > 1
    breaks = read_docx(blocks).whole.element.body.xpath("//w:p[w:pPr/w:pageBreakBefore]//w:t/text()")
    assert breaks == ["Second layer"]


def test_dates_are_those_of_the_sources_not_of_the_clock():
    day = document.build("T", ordinary(), FACTS)["date"]
    assert read_pdf(ordinary()).whole.metadata.creation_date.date().isoformat() == day
    about = read_docx(ordinary()).whole.core_properties
    assert about.created == about.modified and about.created.date().isoformat() == day
    assert read_pdf([Block(text="No source is cited.")]).whole.metadata.creation_date.year == 1980


@every
def test_the_words_are_all_there_in_order(form):
    text = squeezed(read(form, ordinary()).text)
    expected = (
        'Regions&"rules"<b> leaning strong both code<i> (javascript:alert(1)) one innertwo fourth quotedwords '
        "code#block Aheadingtoodeep 3.14of<script>alert(1)</script>. Table9.1Whatisfound Region2 "
        "Howtoreadit.Awarning.EIS2023.Source:AALEP[1]. Figure9.1Aline Secondpart"
    ).split()
    places = [text.find(e) for e in expected]
    assert -1 not in places, [e for e, p in zip(expected, places) if p < 0]
    assert places == sorted(places)
    assert all(e in text for e in ("Aboutthisreport", "country=PL", "Everyrowofdata", "territorynames"))


@every
def test_alt_texts_are_kept_and_links_lead_to_the_web_only(form):
    found = read(form, ordinary())
    assert found.alts == [ALT] and "https://europa.eu/a?b=c&d=e" in found.links
    assert all(re.fullmatch(r"https?://[\x21-\x7e]+", link) for link in found.links)  # no script, no file


@every
def test_every_letter_of_every_official_language_is_set_and_read_back(form):
    words = [letters + "".join(c.upper() for c in letters if len(c.upper()) == 1) for letters in LETTERS]
    prose = "\n\n".join([*words, *(f"**{w}** *{w}* `{w}`" for w in words)])
    text = squeezed(read(form, [names_table(words), Block(text=prose), Block(text=", ".join(member_states()))]).text)
    assert all(text.count(squeezed(word)) >= 6 for word in words)
    assert squeezed(", ".join(member_states())) in text and "България" in text


@every
def test_hostile_names_come_out_as_written_in_every_place(form):
    blocks = [Block(text=f"# {NASTY[0]}"), names_table(NASTY), said(name=NASTY[10], v=1)]
    found = read(form, blocks, title=NASTY[0], facts={"<b>": NASTY[4]})
    text = squeezed(found.text)
    for name in NASTY:
        if form == "pdf" and re.search("[\u0590-\u06ff]", name):  # from right to left: the reader may turn words round
            assert all(text.count(letter) >= 2 for letter in squeezed(name)), name
        else:
            assert text.count(squeezed(name.replace("🚀", "[rocket]") if form == "pdf" else name)) >= 2, name
    for expected in (f"Names: {NASTY[4]}", f"Caption: {NASTY[4]}", f"1.00 of {NASTY[10]}."):
        assert squeezed(expected) in text, expected
    assert f"<b>{NASTY[4]}" in text.replace("<b>:", "<b>") and found.title == NASTY[0]


@paper
@pytest.mark.parametrize("count", [2, 9, 21, 40, 90])
def test_a_table_of_many_columns_loses_no_cell_and_turned_pages_end_with_it(form, count):
    shown, heads = wide(count), {c: f"Heading {c}" for c in wide(count)}
    found = read(form, [table("T9.3", shown, columns=heads), Block(text="After it.")])
    cells = found.text.split()
    assert all(cells.count(cell) == 1 for column in list(shown)[1:] for cell in shown[column])
    assert cells.count("r0c0") == len(columns.fit(list(heads.values()), shown.to_numpy().tolist()))
    assert any(found.turned) == (count > 9) and not found.turned[-1]


@every
def test_a_huge_cell_is_not_cut(form):
    words = [f"word{i}" for i in range(3000)]
    text = read(form, [table("T9.5", pd.DataFrame({"text": [" ".join(words)], "n": [1]}))]).text
    assert set(re.findall(r"word\d+", text)) == set(words)


@every
def test_an_empty_report_and_a_table_without_rows_are_set(form):
    assert read(form, []).title == "A title"
    empty = table("T9.6", pd.DataFrame({"name": [], "value": []}))
    assert "Headname" in squeezed(read(form, [empty]).text)


@paper
def test_the_title_is_the_first_heading_or_else_the_one_given(form):
    assert read(form, [Block(text="# Own *name*\n\nText")]).title == "Own name"
    assert read(form, [Block(text="## Part\n\nText")], title="Given").title == "Given"
    found = read(form, [said("N9.1", "# Report on {name}", name="A*B")])
    assert found.title == "Report on A*B" and found.text.count("Report on") == 1


@paper
def test_a_tall_figure_fits_its_page(form):
    found = read(form, [picture(height=30)]).whole
    if form == "docx":
        assert found.inline_shapes[0].height.pt == pytest.approx(document.TALLEST, rel=0.01)
    else:  # with caption and notes
        page = next(p.extract_text() for p in found.pages if "Figure 9.1" in p.extract_text())
        assert "exhibits/F9.1.csv" in page
