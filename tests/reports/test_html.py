"""The HTML report from hand-made blocks: one sound file, everything escaped, contents and sources complete."""

import base64
import io
import re

import pandas as pd
import pytest
from matplotlib.figure import Figure
from report_fixtures import assert_sound

from innodivide.data import frozen
from innodivide.narrative.exhibits import figure, say, table
from innodivide.reports.pages import html
from innodivide.reports.pages.blocks import Block, ReportError, read_blocks

NASTY = [
    '"quoted"',
    "O'Higgins",
    "R&D &amp; co",
    "<script>alert(1)</script>",
    "</td></table>",
    "🚀 Łódź",
    "مرحبا",
    "x" * 200,
]
FRAME = pd.DataFrame({"name": NASTY, "value": [float(i) for i in range(len(NASTY))]})


def exhibit_block(exhibit, code="code()"):
    return Block(payload=exhibit.payload(), code=code)


def drawing():
    made = Figure(figsize=(2, 1))
    made.subplots().plot([1, 2])
    return made


@pytest.fixture(scope="module")
def cited():
    return list(frozen.load("source")["source_id"][[0, 5, 9, 40]])


@pytest.fixture(scope="module")
def blocks(cited):
    return [
        Block(text="# Report\n\nSome *prose* with a [link](https://example.org/a?b=1&c=2)."),
        Block(text="## First part & more\n\ntext"),
        exhibit_block(say("N3.1", "Number {n} of {name}.", n=3, name="<b>x</b> & *y*")),
        exhibit_block(
            table(
                "T3.1",
                "Names like {n}",
                FRAME,
                {"name": "Name <i>", "value": ("Value & more", "{:.1f}")},
                values={"n": '<img src=x> & "q"'},
                sources=cited[:2],
                caption="Read <it> & weep.",
                note="Weak & few.",
                edition="EIS <2023>",
            ),
            code='table("<b>&amp;")',
        ),
        Block(text="## Second part"),
        exhibit_block(figure("F3.1", "A line", drawing(), FRAME, alt='A "rising" <line> & more.', sources=cited[2:])),
    ]


@pytest.fixture(scope="module")
def text(blocks):
    return html.render('A report on "R&D" <x>', blocks, {"Notebook": "notebooks/<x>.ipynb", "Parameters": "a & b"})


@pytest.fixture(scope="module")
def page(text):
    return assert_sound(text)


def test_the_page_is_one_sound_file(page, text):
    assert len(page.all("img")) == 1 and len(page.all("table")) == 1 and len(page.all("h1")) == 1
    assert not re.findall(r'\s(?:src|srcset|poster|data|action)="(?!data:)', text)


def test_same_blocks_give_the_same_bytes(blocks, text):
    assert (
        html.render('A report on "R&D" <x>', blocks, {"Notebook": "notebooks/<x>.ipynb", "Parameters": "a & b"}) == text
    )


def test_nothing_from_the_data_becomes_markup(page, text):
    assert not [t for t, _ in page.elements if t in ("script", "b", "i", "x", "line", "it")]
    for name in NASTY:
        assert " ".join(name.split()) in page.visible
    assert "Number 3 of <b>x</b> & *y*." in page.visible
    assert "Weak & few." in page.visible and "Read <it> & weep." in page.visible and "EIS <2023>." in page.visible
    assert 'table("<b>&amp;")' in page.text
    assert "notebooks/<x>.ipynb" in page.text and "a & b" in page.text
    assert page.all("img")[0]["alt"] == 'A "rising" <line> & more.'
    assert "<title>A report on &#34;R&amp;D&#34; &lt;x&gt;</title>" in text


def test_raw_html_and_images_in_prose_are_not_let_through():
    picture = "http://b.example/i.png"
    prose = f'## H\n\n<script>alert(1)</script> <img src="{picture}"> ![x]({picture}) [y](javascript:alert)'
    page = assert_sound(html.render("t", [Block(text="# R"), Block(text=prose)], {}))
    assert not page.all("img") and "<script>alert(1)</script>" in page.visible


def test_tables_have_column_and_row_headings(page):
    scopes = [h["scope"] for h in page.all("th")]
    assert scopes == ["col", "col"] + ["row"] * len(FRAME)
    regions = [d for d in page.all("div") if d.get("role") == "region"]
    assert [(d["tabindex"], d["aria-label"]) for d in regions] == [
        ("0", 'Names like <img src=x> & "q"'),
        ("0", "Figure 3.1"),
    ]


def test_contents_lead_to_every_second_level_heading(page, text):
    nav = re.search(r"<nav.*?</nav>", text, re.DOTALL)[0]
    targets = re.findall(r'href="#([^"]*)"', nav)
    assert len(targets) == len(set(targets)) == 2 and set(targets) <= set(page.ids)
    assert "First part &amp; more" in nav


def test_each_exhibit_can_be_linked_and_leads_to_its_data(page):
    assert {"N3.1", "T3.1", "F3.1"} <= set(page.ids)
    assert [a["href"] for a in page.all("a") if a["href"].startswith("exhibits/")] == [
        "exhibits/T3.1.csv",
        "exhibits/F3.1.csv",
    ]


def test_the_data_come_along_for_who_is_sent_the_page_alone(page, blocks):
    inside = {a["download"]: a["href"] for a in page.all("a") if "download" in a}
    assert set(inside) == {"T3.1.csv", "F3.1.csv"}
    content = base64.b64decode(inside["T3.1.csv"].split(",", 1)[1]).decode()
    assert pd.read_csv(io.StringIO(content))["name"].tolist() == NASTY


def test_long_data_stay_outside_the_page():
    long = pd.DataFrame({"name": [f"a name, the {i}th" for i in range(html.INSIDE // 12)]})
    made = table("T3.1", "Long", long, {"name": "Name"}, sources=["AALEP-FR"])
    page = assert_sound(html.render("t", [Block(text="# R"), exhibit_block(made)], {}))
    assert not [a for a in page.all("a") if "download" in a] and "T3.1.csv" in page.visible


def test_every_cited_source_is_listed_once_with_its_weakness(page, text, cited):
    rows = frozen.load("source").set_index("source_id").loc[cited]
    assert len(re.findall(r'<li id="source-\d+">', text)) == len(cited)
    for row in rows.itertuples():
        assert " ".join(row.title.split()) in page.text
        assert pd.isna(row.weakness) or " ".join(row.weakness.split()) in page.text
    assert set(rows["address"].dropna()) <= {a["href"] for a in page.all("a")}


def test_the_checker_of_these_tests_sees_what_is_wrong(text):
    """The assertions on report pages fail on a page that is not sound."""
    spoiled = [
        ("<main", "<script>1</script><main"),
        ("</style>", "p { background: url(x.png) }</style>"),
        (' scope="col"', ""),
        (' alt="', ' title="'),
        ('href="#', 'href="#no-'),
        ('id="F3.1"', 'id="T3.1"'),
        ("</h1>", ""),
        ("data:image/svg+xml", "http://b.example/"),
    ]
    for old, new in spoiled:
        assert old in text
        with pytest.raises((AssertionError, KeyError)):
            assert_sound(text.replace(old, new, 1))


# ---- reading the executed notebook ----


def executed(*outputs_of_cells, tags=()):
    import nbformat

    cells = [nbformat.v4.new_markdown_cell("# R")]
    for outputs in outputs_of_cells:
        cells.append(nbformat.v4.new_code_cell("x", outputs=list(outputs), metadata={"tags": list(tags)}))
    return nbformat.v4.new_notebook(cells=cells)


def shown(bundle):
    import nbformat

    return nbformat.v4.new_output("display_data", data=bundle)


def test_blocks_come_in_order_with_their_code():
    one, two = say("N3.1", "One."), say("N3.2", "Two.")
    blocks = read_blocks(executed([shown(one._repr_mimebundle_())], [], [shown(two._repr_mimebundle_())]))
    assert [b.text or b.payload["id"] for b in blocks] == ["# R", "N3.1", "N3.2"] and blocks[1].code == "x"


def test_papermills_own_cell_is_not_counted():
    import nbformat

    notebook = executed([], [shown({"text/plain": "a bare frame"})])
    notebook.cells.insert(1, nbformat.v4.new_code_cell("p = 1", metadata={"tags": ["injected-parameters"]}))
    with pytest.raises(ReportError, match=r"^cell 3 shows something that is not an exhibit: 'a bare frame'"):
        read_blocks(notebook)


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (
            {"output_type": "stream", "name": "stdout", "text": "left over\n"},
            "writes to stdout: 'left over'; a report shows",
        ),
        (
            {"output_type": "stream", "name": "stderr", "text": "left over\n"},
            "writes to stderr: 'left over'; a report shows",
        ),
        ({"output_type": "error", "ename": "SystemExit", "evalue": "0", "traceback": []}, ": SystemExit: 0"),
    ],
)
def test_printed_text_warnings_and_errors_are_refused(output, told):
    import nbformat

    with pytest.raises(ReportError, match=f"^cell 3 ?{told}"):
        read_blocks(executed([], [nbformat.from_dict(output)]))


def test_an_exhibit_id_used_twice_is_refused():
    one = shown(say("N3.1", "One.")._repr_mimebundle_())
    with pytest.raises(ReportError, match=r"^cell 3: exhibit N3\.1 was already shown by cell 2"):
        read_blocks(executed([one], [one]))
