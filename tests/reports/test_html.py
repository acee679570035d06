"""The HTML report from hand-made blocks: one sound file, everything escaped, contents and sources complete."""

import base64
import dataclasses
import io
import re

import nbformat
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from page_blocks import ALT, FACTS, NASTY, frame, names_table, ordinary, table
from report_fixtures import assert_sound

from innodivide.figures import style
from innodivide.narrative.exhibits import say
from innodivide.reports.files import packaged
from innodivide.reports.pages import html
from innodivide.reports.pages.blocks import Block, ReportError, read_blocks


@pytest.fixture(scope="module")
def text():
    coded = dataclasses.replace(names_table(NASTY), code='table("<b>&amp;")')
    blocks = [b for b in ordinary() if "[file]" not in b.text]  # a link to a file beside the page
    opening = Block(text="# Report\n\n## First part & more")
    return html.render('A report on "R&D" <x>', [opening, *blocks, coded], {"<x>": "a & b"})


@pytest.fixture(scope="module")
def page(text):
    return assert_sound(text)


def test_nothing_from_the_data_becomes_markup(page, text):
    assert not [t for t, _ in page.elements if t in ("script", "b", "i", "x", "line", "falls")]
    assert 'table("<b>&amp;")' in page.text and "<x> a & b" in page.text
    assert page.all("img")[0]["alt"] == ALT
    assert "<title>A report on &#34;R&amp;D&#34; &lt;x&gt;</title>" in text


def test_raw_html_and_images_in_prose_are_not_let_through():
    picture = "http://b.example/i.png"
    prose = f'## H\n\n<script>alert(1)</script> <img src="{picture}"> ![x]({picture}) [y](javascript:alert)'
    page = assert_sound(html.render("t", [Block(text="# R"), Block(text=prose)], {}))
    assert not page.all("img") and "<script>alert(1)</script>" in page.visible


def test_tables_have_column_and_row_headings(page):
    scopes = [h["scope"] for h in page.all("th")]
    assert scopes == ["col", "col"] + ["row"] * len(frame()) + ["col", "col"] + ["row"] * len(NASTY)
    regions = [(d["tabindex"], d["aria-label"]) for d in page.all("div") if d.get("role") == "region"]
    assert regions == [("0", "What is found"), ("0", "Figure 9.1"), ("0", f"Names: {NASTY[4]}")]


def test_contents_lead_to_every_second_level_heading(page, text):
    nav = re.search(r"<nav.*?</nav>", text, re.DOTALL)[0]
    targets = re.findall(r'href="#([^"]*)"', nav)
    assert len(targets) == len(set(targets)) == 2 and set(targets) <= set(page.ids)
    assert "First part &amp; more" in nav


def test_each_exhibit_can_be_linked_and_leads_to_its_data_which_come_along_too(page):
    """Along, for who is sent the page alone."""
    assert {"N9.1", "T9.1", "F9.1", "T9.2"} <= set(page.ids)
    beside = [a["href"] for a in page.all("a") if a["href"].startswith("exhibits/")]
    inside = {a["download"]: a["href"] for a in page.all("a") if "download" in a}
    assert beside == [f"exhibits/{name}" for name in inside] == [f"exhibits/{i}.csv" for i in ("T9.1", "F9.1", "T9.2")]
    content = base64.b64decode(inside["T9.2.csv"].split(",", 1)[1]).decode()
    assert pd.read_csv(io.StringIO(content))["name"].tolist() == NASTY


def test_long_data_stay_outside_the_page():
    long = table("T9.1", pd.DataFrame({"name": [f"a name, the {i}th" for i in range(html.INSIDE // 12)]}))
    page = assert_sound(html.render("t", [Block(text="# R"), long], FACTS))
    assert not [a for a in page.all("a") if "download" in a] and "T9.1.csv" in page.visible


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<main", "<script>1</script><main"),
        ("</style>", "p { background: url(x.png) }</style>"),
        (' scope="col"', ""),
        (' alt="', ' title="'),
        ('href="#', 'href="#no-'),
        ('id="F9.1"', 'id="T9.1"'),
        ("</h1>", ""),
        ("data:image/svg+xml", "http://b.example/"),
    ],
)
def test_the_checker_of_these_tests_sees_what_is_wrong(text, old, new):
    """The assertions on report pages fail on a page that is not sound."""
    assert old in text
    with pytest.raises((AssertionError, KeyError)):
        assert_sound(text.replace(old, new, 1))


# ---- figures in the dark ----

TURN = 2 * np.array([0.213, 0.715, 0.072]) - np.eye(3)  # hue-rotate(180deg), W3C Filter Effects 1, section 13.7


def luminance(colour) -> float:
    return float(
        np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
    )


def contrast(ink: str, paper: str, share: float | None = None) -> float:
    """Return the contrast (WCAG 2.1) of two colours, or of what invert(share) and hue-rotate(180deg) make of them."""
    both = np.array([to_rgb(ink), to_rgb(paper)])
    if share is not None:
        both = np.clip((share + both * (1 - 2 * share)) @ TURN.T, 0, 1)
    low, high = sorted(map(luminance, both))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("room", [("pages", "report.css"), ("site", "index.css")])
def test_in_the_dark_figures_keep_their_contrasts(room):
    share = float(re.search(r"figure img { filter: invert\(([.\d]+)\) hue-rotate\(180deg\)", packaged(*room))[1])
    texts = [(c, "white") for c in (style.INK, style.QUIET, style.ACCENT)]
    texts += [(style.ink_on(c), c) for c in style.GROUP_COLOURS.values()]
    assert min(contrast(*pair, share) for pair in texts) >= 4.5
    marks = [style.RULE, *style.SERIES_COLOURS, style.GROUP_COLOURS["leader"], style.GROUP_COLOURS["strong"]]
    assert min(contrast(c, "white", share) for c in marks) >= 3
    groups = [contrast(style.GROUP_COLOURS[g], "white", share) for g in ("leader", "strong", "moderate", "emerging")]
    assert groups == sorted(groups, reverse=True)  # leaders stand out most, as on paper


# ---- reading the executed notebook ----


def executed(*outputs_of_cells):
    cells = [nbformat.v4.new_code_cell("x", outputs=list(outputs)) for outputs in outputs_of_cells]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# R"), *cells])


def shown(bundle):
    return nbformat.v4.new_output("display_data", data=bundle)


def test_blocks_come_in_order_with_their_code():
    one, two = say("N3.1", "One."), say("N3.2", "Two.")
    blocks = read_blocks(executed([shown(one._repr_mimebundle_())], [], [shown(two._repr_mimebundle_())]))
    assert [b.text or b.payload["id"] for b in blocks] == ["# R", "N3.1", "N3.2"] and blocks[1].code == "x"


def test_papermills_own_cell_is_not_counted():
    notebook = executed([], [shown({"text/plain": "a bare frame"})])
    notebook.cells.insert(1, nbformat.v4.new_code_cell("p = 1", metadata={"tags": ["injected-parameters"]}))
    with pytest.raises(ReportError, match=r"^cell 3 shows something that is not an exhibit: 'a bare frame'"):
        read_blocks(notebook)


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ({"output_type": "stream", "name": "stdout", "text": "left over\n"}, "writes to stdout: 'left over'; a report"),
        ({"output_type": "stream", "name": "stderr", "text": "left over\n"}, "writes to stderr: 'left over'; a report"),
        ({"output_type": "error", "ename": "SystemExit", "evalue": "0", "traceback": []}, ": SystemExit: 0"),
    ],
)
def test_printed_text_warnings_and_errors_are_refused(output, told):
    with pytest.raises(ReportError, match=f"^cell 3 ?{told}"):
        read_blocks(executed([], [nbformat.from_dict(output)]))


def test_an_exhibit_id_used_twice_is_refused():
    one = shown(say("N3.1", "One.")._repr_mimebundle_())
    with pytest.raises(ReportError, match=r"^cell 3: exhibit N3\.1 was already shown by cell 2"):
        read_blocks(executed([one], [one]))
