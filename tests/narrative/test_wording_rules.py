"""The wording rules, on the texts that words are made of and on the stored exhibits of every report and annex."""

import ast
import re
from dataclasses import replace
from functools import cache

import pytest
from typed_numbers import cells, words
from wording_rules import ANSWER, faults, spoken

from innodivide.data import frozen
from innodivide.indicators.tiers import money
from innodivide.narrative.words_file import TEXTS, read
from innodivide.reports.verify import golden

REPORTS = golden.stored()
stored = cache(golden.read_stored)


def library_texts() -> list[str]:
    """Return every long text of the wording modules but docstrings."""
    found = []
    for path in sorted((frozen.ROOT / "innodivide" / "narrative").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        owners = [n for n in ast.walk(tree) if isinstance(n, (ast.Module, ast.FunctionDef))]
        docs = {id(n.body[0].value) for n in owners if n.body and isinstance(n.body[0], ast.Expr)}
        parts = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        found += [n.value for n in parts if id(n) not in docs and len(n.value.split()) > 3 and "==" not in n.value]
    return [t for t in found if t not in money.INSTRUMENTS]  # these are keys, not prose


def test_the_texts_that_words_are_made_of_keep_the_rules():
    """No "significant", "no effect" or causal verb, no claim of no difference; "no causal reading" may be said."""
    prose = library_texts() + [t for some in (*cells("markdown").values(), *words().values()) for t in some]
    assert len(prose) > 1000 and [fault for text in prose for fault in spoken(text)] == []


@pytest.mark.parametrize("report", REPORTS)
def test_a_stored_report_keeps_the_rules(report):
    content = stored(report)
    assert len(content.words) >= 3 and content.tables
    assert faults(report, content) == []


@pytest.mark.parametrize("report", ANSWER)
def test_the_answer_says_in_one_place_what_belongs_together_and_a_figure_follows(report):
    id, wanted = ANSWER[report]
    assert set(wanted.split()) <= set(re.findall(r"\{(\w+)", read(TEXTS / f"{report}.yml")[id]["text"]))
    order = list(stored(report).words)
    assert order[order.index(id) + 1].startswith("F")


@pytest.mark.parametrize(
    "text",
    ["A significant gap", "There is no effect.", "Status leads to aid", "This is due to size", "It Causes", "confirms",
     "There is no difference", "richer ones about as often as others", "leaders take part as often as others"],
)  # fmt: skip
def test_the_rules_find_what_they_should_in_a_text(text):
    assert spoken(text)


@pytest.mark.parametrize(
    "text",
    ["Leaders lead; not an effect of being called so; nothing here is causal; an insignia",
     "neither clearly more nor less often than others", "1,424 times, within what activity gives (1,346 to 1,491)"],
)  # fmt: skip
def test_the_rules_let_pass_what_may_be_said(text):
    assert not spoken(text)


@pytest.mark.parametrize(
    ("report", "id", "part", "text", "fault"),
    [
        ("03_leader_test", "T3.4", "caption", "A significant gap.", "T3.4 says: significant"),
        ("03_leader_test", "F3.1", "alt", "It is due to size.", "F3.1 says: due to"),
        ("05_two_tiers", "N5.1", "text", "This confirms it.", "N5.1 says: confirms"),
        ("annex/MT", "TA.3", "title", "It is about as often as others in it", "TA.3 says: as often as"),
        ("03_leader_test", "F3.1", "edition", "", "F3.1 names no edition"),
        ("06_regional_barriers", "T6.7", "edition", "", "T6.7 names no edition"),
        ("03_leader_test", "F3.2", "edition", "EIS 2020", "F3.2 rests on random numbers and names no seed"),
        ("04_robustness", "T4.1", "edition", "EIS 2020", "T4.1 is not labelled exploratory"),
        ("02_ipcei_participation", "T2.2", "columns", "Gap | p", "T2.2 has p-values and neither"),
    ],
)
def test_the_rules_find_a_breach_in_a_report(report, id, part, text, fault):
    content = stored(report)
    changed = replace(content, words=content.words | {id: content.words[id] | {part: text}})
    (new,) = set(faults(report, changed)) - set(faults(report, content))
    assert new.startswith(f"{report} {fault}")


def test_words_in_the_cells_of_a_table_are_read_too():
    content = stored("03_leader_test")
    changed = replace(content, tables=content.tables | {"T3.1": "item,choice\nregistered,this proves it\n"})
    assert any("T3.1 says: proves" in fault for fault in faults("03_leader_test", changed))
