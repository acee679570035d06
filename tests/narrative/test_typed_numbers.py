"""No number in what a reader reads is typed: they all come from results. The rule stands in typed_numbers.py."""

import re

import pytest
from typed_numbers import ALLOWED, cells, modules, texts_in, typed_digits, typed_values, words

CODE, MODULES, WORDS = cells("code"), modules(), words()


@pytest.mark.parametrize("name", CODE)
def test_no_number_is_typed_in_a_notebook(name):
    prose = cells("markdown")[name] + [t for source in CODE[name] for t in texts_in(source)]
    assert prose and [t for t in prose if typed_digits(t)] == []
    assert [v for source in CODE[name] for v in typed_values(source)] == []


@pytest.mark.parametrize("path", MODULES)
def test_no_number_is_typed_in_the_wording_modules(path):
    assert [t for t in texts_in(MODULES[path]) if typed_digits(t)] == []
    assert typed_values(MODULES[path]) == []


@pytest.mark.parametrize("name", WORDS)
def test_no_number_is_typed_in_the_files_of_words(name):
    assert [t for t in WORDS[name] if " " in t and typed_digits(t)] == []


def test_the_rule_looks_at_much():
    assert set(WORDS) == set(CODE) and sum(map(len, WORDS.values())) > 800
    assert len(MODULES) >= 15 and sum(len(list(texts_in(code))) for code in MODULES.values()) > 200


def test_nothing_is_allowed_that_is_not_used():
    everything = [t for name, code in CODE.items() for t in [*cells("markdown")[name], *map("\n".join, [code])]]
    everything += [*MODULES.values(), *(text for texts in WORDS.values() for text in texts)]
    assert [pattern for pattern in ALLOWED if not any(re.search(pattern, t) for t in everything)] == []


@pytest.mark.parametrize(
    "text",
    [
        "In 1999 it was",
        "14 projects",
        "{n} of 27",
        "p = 0.03",
        "EU27 and 3 more",
        "EIS 20233",
        "{n:.1f} and 5",
        "in 2023",
        "99 % interval",
        "Table 3",
        "since 2019",
    ],
)
def test_the_rule_finds_typed_numbers(text):
    assert typed_digits(text)


@pytest.mark.parametrize(
    "text",
    ["{n:.1f} of {total}", "EU27 in EIS 2023", "EU = 100 (95% interval {low:.2f})", "Tier 1 and Tier-2", "see T5.4"],
)
def test_the_rule_lets_names_pass(text):
    assert not typed_digits(text)


@pytest.mark.parametrize(
    "code",
    [
        'say("N1.1", "There are 14 projects.")',
        'figure("F1.1", "A title", drawing, frame, alt="A line through 3 points.", sources=s)',
        'table("T1.1", title, frame, {"n": "Of 27 states"}, sources=s)',
        'text = f"{n:.2f} of 27 states"',
        'WORDS = {"a": "the first 10"}',
        'def note(x):\n    return "up to " + ("5 states" if x else "none")',
    ],
)
def test_the_rule_finds_them_wherever_they_stand_in_code(code):
    assert [t for t in texts_in(code) if typed_digits(t)]


@pytest.mark.parametrize(
    "code", ['say("N1.1", "There are {n} projects.", n=14)', 'exhibits.table("T1.1", "{n}", f, {}, values={"n": -1.5})']
)
def test_the_rule_finds_numbers_handed_over_as_if_they_were_results(code):
    assert typed_values(code)


@pytest.mark.parametrize(
    "code",
    [
        '"""Docstring with 3 parts."""',
        'f"{x:.2f} of {len(y)} states"',
        'rows.query("year >= 2017 and edition == 2023")',
        'def f():\n    """Return 3 things."""\n    raise ValueError("expected 3 things")',
        'say("N1.1", "{n}", n=len(x))',
    ],
)
def test_the_rule_does_not_take_code_for_prose(code):
    assert not [t for t in texts_in(code) if typed_digits(t)] and not typed_values(code)
