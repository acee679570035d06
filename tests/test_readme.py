"""The README's answer, ledger and figure are those of the run, so they cannot grow old in silence."""

import re

from brief_run import brief

from innodivide import figures
from innodivide.cli.main import main
from innodivide.data import frozen

README = (frozen.ROOT / "README.md").read_text(encoding="utf-8")


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
        f"Only {facts['n_treated']} states were leaders in the editions used, so an odds ratio below about "
        f"{facts['mde']:.1f}" in said
    )
    assert ("Size does go with participation" in said) == (facts["size"] == "does go")


def test_ledger_is_that_of_the_run():
    for row in brief().names["ledger"].itertuples():
        assert f"| {row.claim_id} {row.claim} | {row.verdict} | {row.short} |" in README


def test_reports_of_the_table_are_those_declared():
    from innodivide.reports.making.declarations import notebooks

    for name, declared in notebooks().items():
        if name != "country_annex":
            assert f"| `{name}` | {declared.title}" in README


DOCS = [README] + [
    path.read_text(encoding="utf-8")
    for path in (
        frozen.ROOT / "CONTRIBUTING.md",
        frozen.ROOT / "SECURITY.md",
        *sorted((frozen.ROOT / "docs").glob("*.md")),
    )
]


def test_every_command_has_a_line_in_the_readme_and_every_command_and_option_named_exists():
    for name in main.commands:
        assert re.search(rf"^innodivide {name}\b", README, re.M), f"innodivide {name} is not in the README"
    for line in (line for text in DOCS for line in text.splitlines()):
        for name, rest in re.findall(r"(?:^ *|`|&& |bin/)innodivide ([a-z][a-z-]+)([^`#&\n]*)", line):
            assert name in main.commands, line
            known = {o for p in main.commands[name].params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
            assert set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", rest)) <= known, line


def test_every_make_target_named_exists():
    targets = set(re.findall(r"^([a-z]+):", (frozen.ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = {name for text in DOCS for name in re.findall(r"(?:^|`)make ([a-z]+)", text, re.M)}
    assert {"reports", "test"} <= named <= targets


def test_every_file_named_exists():
    made = ("reports/index.html", "reports/verification.html", "reports/0", "data-live/")
    for text in DOCS:
        for name in re.findall(r"`((?:docs|data|innodivide|notebooks|tests|reports|benchmarks)/[\w./-]*)`", text):
            assert name.startswith(made) or (frozen.ROOT / name).exists(), name


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
    assert (frozen.ROOT / "docs" / "answer.svg").read_bytes() == figures.save_bytes(drawn, "svg")
    assert "Forest plot of the odds ratio of leader status under seven announced choices" in README
    assert len(rows) == 7 and ((rows["ci_low"] < 1) & (rows["ci_high"] > 1)).all()
