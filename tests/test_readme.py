"""The README's answer, ledger and figure are those of the run, so they cannot grow old in silence."""

import re

import pytest

from innodivide import claims, confirmatory, data, figures
from innodivide.narrative import leader_test as words
from innodivide.plan import load_plan

README = (data.ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def plan():
    return load_plan()


@pytest.fixture(scope="module")
def main(plan):
    return confirmatory.analyse(confirmatory.planned_dyads(plan), plan)


def test_answer_is_that_of_the_run(plan, main):
    facts = words.answer_facts(main, confirmatory.power_curve(main, plan), plan)
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


def test_ledger_is_that_of_the_run(plan, main):
    ledger = claims.ledger(main, confirmatory.claims_family(main, plan), plan)
    for row in ledger.itertuples():
        assert f"| {row.claim_id} {row.claim} | {row.verdict} |" in README


def test_figure_is_that_of_the_run(plan):
    rows = confirmatory.sensitivities(plan).reset_index()
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
