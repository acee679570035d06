"""Regression tables: the numbers of the fits, read back from HTML, LaTeX and Word."""

import io
import re

import docx
import numpy as np
import pandas as pd
import pytest

from innodivide import Tables, country_totals, ipcei_dyads
from innodivide.errors import ParameterError
from innodivide.models import dispersion_interval, firth_logit, freedman_lane, grouped_binomial, regression_table
from innodivide.models.result import as_odds_ratio

DYADS = ipcei_dyads(Tables(), until="2023-12-31")
FIT = firth_logit(DYADS)
FITS = {
    "Rows & <profile>": FIT,
    "states_t": dispersion_interval(FIT),
    "totals": grouped_binomial(country_totals(DYADS)),
    "size only": firth_logit(DYADS.assign(nobs=DYADS["ln_population"]), controls=["nobs"], profiles=False),
}
TITLE = "Leaders & others: 5% <x>"


def expected(fit, term: str, of=np.exp) -> list[str]:
    row = fit.tidy().set_index("term").loc[term]
    return [f"{of(row['estimate']):.3f}", f"({of(row['conf_low']):.3f} to {of(row['conf_high']):.3f})"]


def test_cells_are_the_numbers_of_each_fit():
    table = regression_table(FITS, ratios=True, labels={"leader": "Leader"}, digits=3)
    cells = table.cells
    at = cells.index.get_loc("Leader")
    assert at == 0 and cells.index[1] == "", "exposures come first, the interval below"
    assert cells.iloc[:2, 0].tolist() == expected(FIT, "leader")
    assert cells.iloc[:2, 1].tolist() == expected(FITS["states_t"], "leader")
    assert cells.iloc[1, 3] == "–", "an interval that was not asked for is none"
    wealth = list(cells.index).index("ln_gdp_pc_pps")
    assert cells.iloc[wealth : wealth + 2, 2].tolist() == expected(FITS["totals"], "ln_gdp_pc_pps")
    assert cells.iloc[wealth, 1] == cells.iloc[wealth, 3] == "", "a term that a model does not have is empty"
    assert cells.loc["Observations"].tolist() == [str(len(DYADS))] * 4 and "nobs" in cells.index, (
        "a control may be nobs"
    )
    assert cells.loc["Dispersion", "totals"] == f"{FITS['totals'].dispersion:.3f}"
    for kind in (
        "profile penalised likelihood",
        "t with 23 df, dispersion of the country totals",
        "none was asked for",
    ):
        assert kind in table.notes[0]
    assert table.notes[0].startswith("Estimates: odds ratio. In brackets 95% intervals.")


def test_standard_errors_and_logs():
    table = regression_table({"a": FIT}, spread="se", digits=4)
    row = FIT.tidy().set_index("term").loc["leader"]
    assert table.cells["a"].iloc[:2].tolist() == [f"{row['estimate']:.4f}", f"({row['std_error']:.4f})"]
    assert table.notes[0].startswith("Estimates: log odds. In brackets standard errors. a: inverse Fisher information")


def test_a_ratio_stays_a_ratio():
    both = regression_table({"log": FITS["states_t"], "ratio": as_odds_ratio(FITS["states_t"])}, ratios=True)
    assert both.cells["log"].equals(both.cells["ratio"])


def test_html_and_word_have_every_cell_and_escape():
    table = regression_table(FITS, ratios=True, title=TITLE)
    text = table.to_html()
    (back,) = pd.read_html(io.StringIO(text), index_col=0, dtype_backend="numpy_nullable")
    assert back.columns.tolist() == list(FITS) and back.fillna("").astype(str).iloc[1, 0] == table.cells.iloc[1, 0]
    assert "<caption>Leaders &amp; others: 5% &lt;x&gt;</caption>" in text and "<x>" not in text
    assert text == table.to_html(), "no id that is drawn anew"
    document = docx.Document(io.BytesIO(table.to_docx()))
    rows = [[cell.text for cell in row.cells] for row in document.tables[0].rows]
    assert rows[0] == ["", *FITS] and rows[1:] == [[i, *r] for i, r in zip(table.cells.index, table.cells.to_numpy())]
    assert [p.text for p in document.paragraphs] == [TITLE, *table.notes]
    assert "w:tblHeader" in document.tables[0].rows[0]._tr.xml


def test_latex_has_a_row_for_each_row_and_escapes():
    table = regression_table(FITS, ratios=True, title=TITLE)
    text = table.to_latex()
    body = text.split("\\midrule\n")[1].split("\\bottomrule")[0].strip().splitlines()
    cells = [[c.strip() for c in line.removesuffix("\\\\").split(" & ")] for line in body]
    assert [c[0].replace("\\_", "_") for c in cells] == list(table.cells.index)
    assert cells[0][1:] == table.cells.iloc[0].tolist()
    assert "\\caption{Leaders \\& others: 5\\% <x>}" in text and "Rows \\& <profile>" in text and "states\\_t" in text
    assert not re.search(r"(?<!\\)[%#_]", text.replace("position_float", "")), (
        "nothing that LaTeX would read as its own"
    )
    assert text.index("\\footnotesize") < text.index("\\end{table}")


@pytest.mark.parametrize(
    ("fits", "given", "said"),
    [
        ({}, {}, "one fit at least"),
        ({"a": FIT}, {"spread": "p"}, "spread='p'"),
        ({"a": FIT}, {"spread": "se", "ratios": True}, "se only without ratios"),
        ({"a": FIT}, {"digits": -1}, "digits=-1"),
        ({"a": 3}, {}, "a: a int has no tidy and glance; for fits of statsmodels"),
        ({"a": FIT, "b": as_odds_ratio(FIT.result)}, {}, "scales differ, a: log odds; b: odds ratio"),
    ],
)
def test_what_makes_no_table_is_refused(fits, given, said):
    with pytest.raises(ParameterError, match=said):
        regression_table(fits, **given)


def test_a_record_without_interval_is_no_error():
    totals = country_totals(DYADS)
    found = freedman_lane(totals, n_permutations=19, rng=np.random.default_rng(1))
    table = regression_table({"a": found})
    assert table.cells["a"].iloc[1] == "–" and table.notes[0].startswith("Estimates: units of rate")
