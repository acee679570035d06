"""The words of the annexes (`texts/country_annex.yml`), and names short enough for a dense figure or table."""

from collections.abc import Sequence

from innodivide.data.editions import PLAN, latest
from innodivide.data.tables import Tables, indicators_of
from innodivide.indicators.country_profile import SCORES
from innodivide.narrative.words_file import Words
from innodivide.wording import GROUP_LABELS, in_a_sentence

WORDS = Words("country_annex")
# Indicators of the European and the Regional Innovation Scoreboard 2023, by code; full names: table `indicator`.
INDICATORS = WORDS.names("indicators")
OTHERS = WORDS.names("indicators of other editions")  # by full name: their codes mean something else in 2023


def indicator_names(tables: Tables, board: str = "eis", needs: Sequence[str] = SCORES) -> dict[str, str]:
    """Return a short name for each indicator code of the latest edition of a board; a new one keeps its full name."""
    now, then = (
        indicators_of(tables, edition).set_index("indicator_code")["label"]
        for edition in (latest(tables, board, needs), PLAN["eis"])
    )
    return {code: INDICATORS[code] if then.get(code) == name else OTHERS.get(name, name) for code, name in now.items()}


def group_name(group: str) -> str:
    """Return "innovation leader"."""
    return GROUP_LABELS[group].split(" (")[0].lower()


def a(group: str) -> str:
    """Return "an innovation leader"."""
    name = group_name(group)
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def others(group: str) -> str:
    """Return "Other emerging"."""
    return "Other leaders" if group == "leader" else f"Other {group}"


def called(name: str) -> dict[str, str]:
    """Return a country's name as it stands within a sentence ("name") and at its beginning ("Name")."""
    within = in_a_sentence(name)
    return {"name": within, "Name": within[0].upper() + within[1:]}


def whom(chosen: Sequence[str]) -> str:
    """Return how the states are called that the country is set beside."""
    return "the states chosen" if chosen else "its nearest peers"


def part(n: int, later: int) -> str:
    """Return the part of a text that tells of a state in `n` IPCEIs, `later` of which it joined after the approval."""
    return f"{'part' if n else 'no part'}{', some later' if later else ''}"
