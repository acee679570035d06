"""The first page of an annex, for a reader without statistics: a few numbers, three sentences, what follows."""

from collections.abc import Sequence

import pandas as pd

from innodivide.data.editions import REGIONAL, latest, of_latest
from innodivide.data.sources import sources_of
from innodivide.data.tables import TAKING_PART, Tables, country_names, integrated_ipceis, member_states
from innodivide.indicators import country_profile, peers
from innodivide.indicators.barriers.scores import strengths
from innodivide.indicators.regions import names_at
from innodivide.narrative.annex.short_names import WORDS, called, group_name, indicator_names
from innodivide.narrative.exhibits import Exhibit
from innodivide.wording import in_a_sentence, join_names, sentence, show

EXTREMES = 2  # indicators named as the strongest and the weakest
SAID = WORDS.names("key numbers")


def ordinal(number: int) -> str:
    """Return "1st", "22nd", "13th"."""
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ends.get(number % 10, 'th')}"


def choices(tables: Tables, edition: str, until: str) -> list[Exhibit]:
    """Return the sentence on what the reader chose (edition, day of the record); none if neither was chosen."""
    parts = [k for k, given in (("edition", edition != "latest"), ("until", until)) if given]
    return [WORDS.say("NA.8", *parts, edition=peers.edition(tables), until=until)] if parts else []


def key_numbers(tables: Tables, geo: str, position: pd.DataFrame) -> Exhibit:
    """Return the numbers that stand large on the first page: rank, IPCEIs, aid, regions; each only where it is known.

    Rank and score are of one edition (`peers.edition`). Amounts of aid are never added: they are maxima, statements and
    grants. `position` is the frame of `peers.position`.
    """
    own, edition = position.iloc[0], peers.edition(tables)
    record = country_profile.memberships(tables, geo)
    inside = record[record["role"].isin(TAKING_PART) & (record["kind"] == "integrated")]
    regions = country_profile.regions(tables, geo)
    found = [
        _row(
            "rank", ordinal(int(own["rank"])), states=len(member_states(tables)), edition=edition, level=own["relative"]
        ),
        _taking_part(inside, len(integrated_ipceis(tables))),
        *_aid(inside),
        *_regions(regions, latest(tables, "ris", REGIONAL)),
    ]
    ranks = of_latest(tables, "eis_rank", peers.TOGETHER)
    sources = sources_of(ranks[ranks["geo"] == geo], peers.index(tables).query("geo == @geo"), record, regions)
    rows = pd.DataFrame(found, columns=["what", "number", "meaning"])
    return WORDS.table("TA.8", rows, values=called(country_names(tables)[geo]), sources=sources)


def _row(what: str, number: str, **values) -> tuple[str, str, str]:
    return what, number, sentence(SAID[what], **values)


def _taking_part(inside: pd.DataFrame, possible: int) -> tuple[str, str, str]:
    """Return in how many IPCEIs the country takes part: those from the approval on, "+" those that it joined later."""
    later = int((inside["role"] == "joined_later").sum())
    first = len(inside) - later
    if later:
        return _row("projects, some later", f"{first} + {later} of {possible}", later=later)
    return _row("projects", f"{first} of {possible}")


def _aid(inside: pd.DataFrame) -> list[tuple[str, str, str]]:
    known = inside.dropna(subset=["aid_eur_mn"])["aid_eur_mn"].astype(float)
    if inside.empty:
        return []
    if known.empty:
        return [_row("aid of none" if len(inside) > 1 else "aid of one not known", "No amount")]
    if len(inside) == 1:
        return [_row("aid of one", f"€{known.iloc[0]:,.0f} m")]
    ends = list(dict.fromkeys(show(float(v), "{:,.0f}") for v in (known.min(), known.max())))
    which = "aid of a single one" if len(known) == 1 else "aid of some, alike" if len(ends) == 1 else "aid of some"
    return [_row(which, f"{len(known)} of {len(inside)}", low=ends[0], high=ends[-1])]


def _regions(regions: pd.DataFrame, edition: int) -> list[tuple[str, str, str]]:
    if len(regions) == 1:
        return []
    lagging = int((regions["group"] == "emerging").sum())
    return [_row("regions", f"{lagging} of {len(regions)}", edition=edition)]


def in_short(
    tables: Tables, geo: str, expected: pd.DataFrame, position: pd.DataFrame, chosen: Sequence[str] = ()
) -> Exhibit:
    """Return three short paragraphs for a reader without statistics, chosen by the country's own numbers.

    Parameters
    ----------
    expected : pandas.DataFrame
        From `models.expected_participation`.
    position : pandas.DataFrame
        From `peers.position`, made with the peers `chosen`.
    """
    row = expected.set_index("geo").loc[geo]
    parts, values = [], called(country_names(tables)[geo])
    for more, given in (
        standing_words(tables, position),
        participation_words(row, country_profile.joined_later(tables, geo)),
        beside_words(tables, position, chosen),
        region_words(tables, geo),
    ):
        apart = ["then"] if parts and more and more[0] not in ("peers", "chosen") else []
        parts, values = [*parts, *apart, *more], values | given
    return WORDS.say("NA.2", *parts, **values)


def standing_words(tables: Tables, position: pd.DataFrame) -> tuple[list[str], dict]:
    """Return the parts and values of the sentence on rank, score and trend, all of one edition and its series."""
    own, change = position.iloc[0], position.iloc[0]["change"]
    rows = peers.index(tables)
    of_own = rows[rows["geo"] == own["members"][0]].set_index("year")["relative"].sort_index()
    lately = of_own.diff().fillna(0.0).iloc[-1]  # a series of one year has no last change
    values = {"rank": ordinal(int(own["rank"])), "states": len(member_states(tables)), "level": own["relative"]}
    values |= {
        "edition": peers.edition(tables),
        "first": int(rows["year"].min()),
        "before": int(of_own.index[-2:][0]),
        "last": int(rows["year"].max()),
        "change": abs(change),
        "lately": abs(lately),
    }
    for key, points in (("points", change), ("lately_points", lately)):
        values[key] = "point" if round(abs(points)) == 1 else "points"
    parts = ["standing", "gained" if change >= 0.5 else "lost" if change <= -0.5 else "level"]
    parts += ["lately gained" if lately > 0 else "lately lost"] if abs(lately) >= 0.5 else []
    rest = position[position["kind"] == "group"].dropna(subset=["relative"])
    if rest.empty:
        return parts, values
    group = peers.group_now(tables)[own["members"][0]]
    return [*parts, "group"], values | {"group": f"{group_name(group)}s", "group_level": rest["relative"].iloc[0]}


def participation_words(row: pd.Series, later: int) -> tuple[list[str], dict]:
    """Return the parts and values of the sentence on IPCEIs; `row`: of `models.expected_participation`."""
    n, low, high = (int(row[c]) for c in ("observed", "low", "high"))
    values = {"possible": int(row["n_ipceis"]), "low": low, "high": high, "later": later, "n": n}
    known = "part" if n else "no part"
    return [f"{known}, some later" if later else known, compared(n, low, high)], values


def beside_words(tables: Tables, position: pd.DataFrame, chosen: Sequence[str]) -> tuple[list[str], dict]:
    """Return part and values of the sentence on the IPCEIs of the peers: "France is in 11 and Italy in 8"."""
    names, said = country_names(tables), []
    for geo, count in position.loc[position["kind"] == "peer", ["members", "ipceis"]].itertuples(index=False):
        later = country_profile.joined_later(tables, geo[0])
        number = f"{int(count) or 'none'}{f' (and joined {later} later)' if later else ''}"
        said.append(f"{in_a_sentence(names[geo[0]])} {'in' if said else 'is in'} {number}")
    return ["chosen" if chosen else "peers"], {"peers": join_names(said)}


def compared(n: int, low: int, high: int) -> str:
    """Return how a count stands to the range of states like this one."""
    return "more" if n > high else "fewer" if n < low else "within"


def region_words(tables: Tables, geo: str) -> tuple[list[str], dict]:
    """Return the parts and values of the sentence on regions."""
    rows, edition = country_profile.regions(tables, geo), latest(tables, "ris", REGIONAL)
    lagging = int((rows["group"] == "emerging").sum())
    if len(rows) == 1:
        return ["one region, lagging" if lagging else "one region"], {"ris": edition}
    values = {"ris": edition, "regions": len(rows), "lagging": lagging}
    for word, value in (("top", rows["relative"].iloc[0]), ("bottom", rows["relative"].iloc[-1])):
        equal = names_at(rows, "relative", value)
        values |= {word: join_names(equal), f"{word}_value": value}
        values[f"{word}_verb"] = "are" if len(equal) > 1 else "is"
    ends = "even" if values["top_value"] == values["bottom_value"] else "ends"
    if lagging in (0, len(rows)):
        return ["all lagging" if lagging else "no lagging", ends], values
    return ["one lagging" if lagging == 1 else "some lagging", ends], values


def so_what(tables: Tables, geo: str, expected: pd.DataFrame) -> Exhibit:
    """Return what follows, and what does not: from the record in IPCEIs and the strongest and weakest indicators."""
    row = expected.set_index("geo").loc[geo]
    n, low, high = (int(row[c]) for c in ("observed", "low", "high"))
    known = strengths(tables, geo).dropna(subset=["relative"])
    names = known["indicator_code"].map(indicator_names(tables)).map(within_a_sentence)
    above = bool((known["relative"] > 100).any())
    values = called(country_names(tables)[geo]) | {"best": join_names(names.head(EXTREMES))}
    values["worst"] = join_names(list(names.tail(EXTREMES))[::-1])
    behind = bool((known["relative"].tail(EXTREMES) < 100).all())
    verdict = compared(n, low, high)
    part = "none, within" if verdict == "within" and not n else verdict
    return WORDS.say(
        "NA.3",
        part,
        "above somewhere" if above else "below everywhere",
        "weakest" if behind else "no gap",
        "limits",
        **values,
    )


def within_a_sentence(name: str) -> str:
    """Return a name as it stands within a sentence: "public R&D spending", but SMEs as they are."""
    return name[:1].lower() + name[1:] if name[1:2].islower() or name[1:2] in ("-", " ") else name
