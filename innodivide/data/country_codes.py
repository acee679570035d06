"""Countries that are named in another way than by their code, and what the code is."""

import difflib
from collections.abc import Mapping, Sequence

OTHERS = ("iso2", "iso3", "name")  # columns of table country that name one in another way, beside its own languages
COLUMNS = ("geo", *OTHERS, "endonym")  # those that `other_names` reads
_SHORT = 3  # letters of a word or code that is too short to be a misspelling


def other_names(country: Mapping[str, Sequence]) -> dict[str, tuple[str, str]]:
    """Return other codes and names of countries -> English name and code.

    Parameters
    ----------
    country : mapping of str to sequence
        Columns geo and name, and those of `OTHERS` and endonym ("el:Ελλάδα;en:...") that there are, of table country.

    Examples
    --------
    >>> other_names({"geo": ["EL"], "name": ["Greece"], "iso2": ["GR"]})
    {'GR': ('Greece', 'EL'), 'Greece': ('Greece', 'EL')}
    """
    known, found = set(country["geo"]), dict[str, tuple[str, str]]()
    for at, (geo, name) in enumerate(zip(country["geo"], country["name"])):
        own = str(country["endonym"][at] or "").split(";") if "endonym" in country else []
        others = [*(country[c][at] for c in OTHERS if c in country), *(one.partition(":")[2] for one in own)]
        found |= {str(other): (name, geo) for other in others if other and other not in known}
    return found


def cures(text: str, named: Mapping[str, tuple[str, str]]) -> list[str]:
    """Return "Greece is EL" for each part of a text between commas that names a country in another way, or nearly so.

    Examples
    --------
    >>> cures("GR, greek", {"GR": ("Greece", "EL"), "Greece": ("Greece", "EL")})
    ['Greece is EL']
    """
    spelled, found = {name.casefold(): country for name, country in named.items()}, []
    for part in (" ".join(part.split()).casefold() for part in text.split(",")):
        words = [word for word in part.split() if len(word) > _SHORT]  # Czech Republic, the Netherlands
        begun = {spelled[n] for n in spelled if any(n.startswith(w) for w in words)}
        close = difflib.get_close_matches(part[:80], [n for n in spelled if len(n) > _SHORT], n=1, cutoff=0.7)
        one = spelled.get(part) or (begun.pop() if len(begun) == 1 else spelled[close[0]] if close else None)
        if one and one[1].casefold() != part:
            found.append("{} is {}".format(*one))
    return list(dict.fromkeys(found))
