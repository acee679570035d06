"""The record that every claim's test returns."""

from collections.abc import Mapping
from dataclasses import dataclass

NOT_TESTABLE = "not testable with open data"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What the data say about one claim.

    Attributes
    ----------
    claim_id, verdict : str
    numbers, coverage : str
        All numbers behind the verdict, and what they rest on, in full.
    short, rests : str
        The reason in plain words, one or two whole sentences with the numbers that decide, and what it rests on.
    then : str
        The verdict for what was decided when the brief was written, where a rule gives one; else empty.
    change : str
        Which number would have to be what for another verdict, by the rule of the claim.
    """

    claim_id: str
    verdict: str
    numbers: str
    coverage: str
    short: str
    rests: str
    change: str
    then: str = ""


def compared(clear: bool, difference: float) -> str:
    """Return how two counts compare in words, before what the first is compared with."""
    return "neither clearly more nor less often than" if not clear else beside(difference)


def beside(difference: float) -> str:
    """Return which of two counts is larger, in words."""
    return "more often than" if difference > 0 else "less often than"


def otherwise(verdict: str, ways: Mapping[str, str], between: str = "; ") -> str:
    """Return what would give another verdict: each verdict with its condition ("if ..."), but for the one found."""
    text = between.join(f"{word} {way}" for word, way in ways.items() if word != verdict)
    return text[:1].upper() + text[1:]
