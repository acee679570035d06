"""The README's answer, ledger and figure are those of the run, so they cannot grow old in silence."""

import re

from brief_run import brief

from innodivide import data, figures

README = (data.ROOT / "README.md").read_text(encoding="utf-8")


def test_answer_is_that_of_the_run():
    facts = brief().names["facts"]
    said = re.sub(r"\s+", " ", README)
    assert (
        f"the odds ratio of leaders is **{facts['or_']:.2f}** (95% interval {facts['low']:.2f} to {facts['high']:.2f}"
        in said
    )
    assert (
        f"permutation p = {facts['p']:.2f}) over {facts['n_ipceis']} IPCEIs and {facts['n_countries']} countries"
        in said
    )
    assert (
        f"Only {facts['n_treated']} states were ever leaders, so an odds ratio below about {facts['mde']:.1f}" in said
    )
    assert ("Size does go with participation" in said) == (facts["size"] == "does go")


def test_ledger_is_that_of_the_run():
    for row in brief().names["ledger"].itertuples():
        assert f"| {row.claim_id} {row.claim} | {row.verdict} | {row.short} |" in README


def test_reports_of_the_table_are_those_declared():
    from innodivide.reports.declarations import notebooks

    for name, declared in notebooks().items():
        if name != "country_annex":
            assert f"| `{name}` | {declared.title}" in README


def test_figure_is_that_of_the_run():
    rows = brief().names["announced"].reset_index()
    drawn = figures.interval_plot(
        rows,
        "choice",
        "odds_ratio",
        "ci_low",
        "ci_high",
        order="index",
        xlabel="Odds ratio of taking part, leader against other (log scale)",
    )
    assert (data.ROOT / "docs" / "answer.svg").read_bytes() == figures.save_bytes(drawn, "svg")
    assert "Forest plot of the odds ratio of leader status under seven announced choices" in README
    assert len(rows) == 7 and ((rows["ci_low"] < 1) & (rows["ci_high"] > 1)).all()
