"""Words explained in reports: each once, where it first stands, and in the documentation from the same file."""

import re

import pandas as pd
import pytest
from page_blocks import table
from report_fixtures import assert_sound

from innodivide.narrative.exhibits import say
from innodivide.reports.pages import glossary, html
from innodivide.reports.pages.blocks import Block


def block(id: str, text: str) -> Block:
    return Block(payload=say(id, text).payload())


def test_the_first_use_of_a_word_leads_to_its_meaning_and_no_other():
    blocks = [
        Block(text="# On the Gini\n\nThe Gini, [the median](https://a.example)."),
        block("N9.1", "Odds ratios, Gini."),
    ]
    page = html.render("t", [*blocks, block("N9.2", "The odds ratio; the median.")], {})
    sound = assert_sound(page)
    links = [(a["href"], a["title"]) for a in sound.all("a") if a.get("class") == "word"]
    assert [address for address, _ in links] == ["#word-gini", "#word-odds-ratio", "#word-median"]
    assert all(
        meaning == glossary.entries()[address[6:].replace("-", " ").replace("gini", "Gini")]
        for address, meaning in links
    )
    assert {"word-gini", "word-odds-ratio", "word-median"} <= set(sound.ids)


def test_a_page_explains_what_it_uses_and_nothing_else():
    one = html.render("t", [Block(text="# R"), block("N9.1", "States differ, el and eis too.")], {})
    assert "Words used here" not in one and 'class="word"' not in one
    listed = html.render("t", [Block(text="# R"), table("T9.1", pd.DataFrame({"name": ["EL"]}))], {})
    assert re.findall(r'<dt id="(word-[^"]*)"', listed) == ["word-el"], "a word in a table is explained too"


@pytest.mark.parametrize("word", glossary.entries())
def test_every_word_has_one_meaning_that_is_found_and_ends(word):
    meaning = glossary.entries()[word]
    assert meaning.endswith(".") and 4 <= len(meaning.split()) <= 50
    assert list(glossary.pieces(word, set())) == [(word, word)]
    assert [anchor for anchor, _, _ in glossary.used([word])] == [glossary.anchor(word)]


def test_no_two_words_share_a_form_or_an_id():
    words = list(glossary.entries())
    assert len({glossary.anchor(w) for w in words}) == len(words) > 30
    assert words == sorted(words, key=str.lower), "in the order of a dictionary"
