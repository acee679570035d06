"""What a report may not say, and what must stand beside its numbers: the reporting rules, on what a reader gets.

They are read from the words and data of exhibits as stored (`Content`), so that all reports are looked at
without a run; that a run gives the same words is what `innodivide verify` compares.
"""

import csv
import io
import re
from collections.abc import Iterator
from functools import lru_cache

from innodivide.data import frozen
from innodivide.reports.verify.compare import Content

BANNED = re.compile(  # "significant", "no effect" and causal verbs
    r"\b(significan\w*|no effect|causes?|caused|causing|leads? to|led to|drives?|drove|driven|boost\w*|due to|"
    r"because of|results? in|resulted in|thanks to|owing to|prov(?:es?|ed|en))\b",
    re.IGNORECASE,
)
OVERCLAIM = re.compile(  # "as often as": of two shares it says that they are alike, for which a range is no ground
    r"innovation (does not|doesn't|never) matter|no (association|difference) (exists|was found|between)|"
    r"there is no (association|difference|relation)|accepts? the null|confirms?|marginally|trend towards|as often as",
    re.IGNORECASE,
)
RANDOM = re.compile(r"permut|simulat|bootstrap|drawing countries|relabelling", re.IGNORECASE)
EDITION = re.compile(r"([ER]IS|[Ss]coreboard(?: of)?) 20\d\d")
ANSWER = {  # what stands together in the answer in full: shares, estimate, interval, country-level p, what is ruled out
    "03_leader_test": ("N3.1", "rate_leader rate_other or_ low high p ruled n_treated treated"),
    "04_robustness": ("N4.1", "or_ or_low or_high or_p ratio power"),
}


def spoken(text: str) -> list[str]:
    """Return the words and claims in a text that no report may have, with what stands around them."""
    found = [*BANNED.finditer(text), *OVERCLAIM.finditer(text)]
    return [f"says: {m[0]} in ...{text[max(0, m.start() - 40) : m.end() + 40]}..." for m in found]


def cells(table: str) -> list[str]:
    """Return the cells of a CSV text that may be read as words: those with a space, and the heads."""
    rows = list(csv.reader(io.StringIO(table, newline="")))
    return [cell for n, row in enumerate(rows) for cell in row if n == 0 or " " in cell]


@lru_cache
def sources_of(board: str, year: int) -> frozenset[str]:
    """Return the sources of the rows of an edition of a scoreboard (EIS or RIS)."""
    frames = [frozen.load(name) for name in frozen.resources() if name.startswith(f"{board.lower()}_")]
    rows = [frame[frame["edition"] == year] for frame in frames if "edition" in frame]
    return frozenset(source for frame in rows if "source_id" in frame for source in frame["source_id"])


def faults(report: str, content: Content) -> list[str]:
    """Return every breach of the reporting rules in the exhibits of a report."""
    return [f"{report} {fault}" for id, parts in content.words.items() for fault in _of_one(report, id, parts, content)]


def _of_one(report: str, id: str, parts: dict[str, str], content: Content) -> Iterator[str]:
    data, sources = content.tables.get(id, ""), parts.get("sources", "")
    said = "\n".join([*parts.values(), *cells(data)])
    yield from (f"{id} {fault}" for fault in spoken(said))
    head, edition = cells(data.partition("\n")[0]), parts.get("edition", "")
    if id[0] == "N" or sources == "INNODIVIDE" or "claim_id" in head:  # the ledger is of claims, each with its exhibit
        return
    if RANDOM.search(said) and "seed" not in parts.get("caption", "") + edition:
        yield f"{id} rests on random numbers and names no seed"
    if re.search(r"\bp\b", parts.get("columns", "")) and not re.search("interval|95%|permut|random", said):
        yield f"{id} has p-values and neither intervals nor permutations"
    if report in ANSWER:
        named = EDITION.search(edition)
    else:  # in any of its words, or a column for each edition; what rests on no scoreboard needs none
        years = [name for name in head if re.fullmatch(r"20\d\d", name)]
        named = EDITION.search(said) or "edition" in head or years[2:] or not re.search(r"\b[ER]IS\d\d", sources)
    for board, year in re.findall(r"\b([ER]IS) (20\d\d)\b(?! to)", edition):  # of a span, each decision has its own
        if not sources_of(board, int(year)) & {*sources.split(", ")}:
            yield f"{id} prints {board} {year} and cites no source of that edition"
    restated = parts.get("columns") == "Number | What it is"  # large numbers, each from an exhibit that names its own
    if not named and not restated:
        yield f"{id} names no edition"
    if report == "04_robustness" and "Exploratory" not in edition:
        yield f"{id} is not labelled exploratory"
