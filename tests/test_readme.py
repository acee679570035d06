"""The README's answer, ledger and figure are those of the stored exhibits, so they cannot grow old in silence."""

import re

import pandas as pd
import pytest

from innodivide.cli import readme_text
from innodivide.cli.main import main
from innodivide.data import frozen
from innodivide.errors import DataError
from innodivide.narrative import policy_brief
from innodivide.reports.verify import golden

README = (frozen.ROOT / "README.md").read_text(encoding="utf-8")


def test_answer_and_ledger_are_those_stored():
    assert README == readme_text.written(), "write them with: innodivide readme"


def test_a_readme_without_marks_is_refused(tmp_path):
    (tmp_path / readme_text.BRIEF).mkdir(parents=True)
    for name in ("text.md", "T7.1.csv"):
        (tmp_path / readme_text.BRIEF / name).write_bytes((frozen.ROOT / readme_text.BRIEF / name).read_bytes())
    (tmp_path / "README.md").write_text(README.replace("<!-- ledger -->", ""), encoding="utf-8")
    with pytest.raises(DataError, match=r"README\.md: no <!-- ledger -->"):
        readme_text.written(tmp_path)


def test_the_readme_says_what_the_brief_does_not_count(tmp_path):
    """Made-up words, as the stored ones say so themselves once a later IPCEI is on record."""
    (tmp_path / readme_text.BRIEF).mkdir(parents=True)
    stored = (frozen.ROOT / readme_text.BRIEF / "T7.1.csv").read_bytes()
    (tmp_path / readme_text.BRIEF / "T7.1.csv").write_bytes(stored)
    (tmp_path / "README.md").write_text(README, encoding="utf-8")
    words = tmp_path / readme_text.BRIEF / "text.md"
    for parts in (("neither", "then", "country"), ("neither", "then", "later", "then", "country")):
        said = policy_brief.WORDS.say("N7.5", *parts, later="a project of 2031", end="2030-12-31").title
        words.write_text(golden.format_words("07", {"N7.1": {"text": "a"}, "N7.5": {"text": said}}), encoding="utf-8")
        paragraph = f"|\n\n{readme_text.NOT_COUNTED} here**, nor in what is said of now: a project of 2031, from after"
        assert (paragraph in readme_text.written(tmp_path)) == ("later" in parts)
    assert "How a single state does" not in readme_text.written(tmp_path), "the other paragraphs stay in the brief"


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
    targets = set(re.findall(r"^([a-z-]+):", (frozen.ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = {name for text in DOCS for name in re.findall(r"(?:^|`)make ([a-z-]+)", text, re.M)}
    assert {"reports", "test"} <= named <= targets


def test_every_file_named_exists():
    made = ("reports/index.html", "reports/verification.html", "reports/0", "data-live/", "docs/tutorial.ipynb")
    for text in DOCS:
        for name in re.findall(r"`((?:docs|data|innodivide|notebooks|tests|reports|benchmarks)/[\w./-]*)`", text):
            assert name.startswith(made) or (frozen.ROOT / name).exists(), name


def test_figure_is_that_stored():
    assert (frozen.ROOT / readme_text.PICTURE).read_bytes() == readme_text.picture()
    rows = pd.DataFrame(readme_text.stored_rows(frozen.ROOT, "F7.1"))
    rows = rows.astype({"share": float, "ci_low": float, "ci_high": float})
    assert "Two bars with 95 percent intervals: the share of the projects open to them" in README
    assert len(rows) == 2 and ((rows["ci_low"] < rows["share"]) & (rows["share"] < rows["ci_high"])).all()
