"""The words of the annexes (`texts/country_annex.yml`), and names short enough for a dense figure or table."""

from innodivide.narrative.words_file import Words
from innodivide.wording import GROUP_LABELS

WORDS = Words("country_annex")
# The 32 indicators of EIS 2023, by code; the full names stand in table `indicator`.
INDICATORS = WORDS.names("indicators")


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
    article = "the " if name == "Netherlands" else ""
    return {"name": article + name, "Name": article.capitalize() + name}


def part(n: int, later: int) -> str:
    """Return the part of a text that tells of a state in `n` IPCEIs, `later` of which it joined after the approval."""
    return f"{'part' if n else 'no part'}{', some later' if later else ''}"
