"""The words that reports explain: which of them a report uses, and where it uses each for the first time."""

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from innodivide.data.yaml_files import read_yaml

WORDS = Path(__file__).with_name("glossary.yml")


@lru_cache(maxsize=1)
def entries() -> dict[str, str]:
    """Return word -> what it means, in the order of the file."""
    return {forms.split(" | ")[0]: " ".join(text.split()) for forms, text in read_yaml(WORDS).items()}


@lru_cache(maxsize=1)
def _forms() -> dict[str, str]:
    """Return each form of a word, as `_key` has it, -> the word."""
    return {_key(form): forms.split(" | ")[0] for forms in read_yaml(WORDS) for form in forms.split(" | ")}


def _key(form: str) -> str:
    """Return a form as it is looked up: small letters, unless it is a short form such as EL or S3."""
    return form if re.fullmatch(r"[A-Z][A-Z0-9]*[a-z]?", form) else form.replace("\u00a0", " ").lower()


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern:
    def part(form: str) -> str:
        text = re.escape(form).replace("\\ ", "[ \u00a0]")
        return text if _key(form) == form and form != form.lower() else f"(?i:{text})"

    forms = [form for forms in read_yaml(WORDS) for form in forms.split(" | ")]
    return re.compile(rf"(?<![\w/-])({'|'.join(part(f) for f in sorted(forms, key=len, reverse=True))})(?![\w/-])")


def anchor(word: str) -> str:
    """Return the id under which a page explains a word."""
    return "word-" + re.sub(r"\W", "-", word.lower())


def pieces(text: str, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Yield a text in parts, each with the word that is explained where it stands, if that is not yet in `seen`.

    The word is then added to `seen`, so that only its first use in a report is marked.

    Examples
    --------
    >>> list(pieces("Odds ratios and odds", set()))
    [('Odds ratios', 'odds ratio'), (' and odds', '')]
    """
    rest = 0
    for found in _pattern().finditer(text):
        word = _forms()[_key(found[0])]
        if word not in seen:
            seen.add(word)
            yield from [(text[rest : found.start()], "")] * (found.start() > rest)
            yield found[0], word
            rest = found.end()
    if text[rest:]:
        yield text[rest:], ""


def used(texts: list[str]) -> list[tuple[str, str, str]]:
    """Return anchor, word and meaning of all words that some texts use, in the order of the file."""
    found = {_forms()[_key(m[0])] for text in texts for m in _pattern().finditer(text)}
    return [(anchor(word), word, meaning) for word, meaning in entries().items() if word in found]
