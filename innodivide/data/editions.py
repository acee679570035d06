"""Which edition of a scoreboard or index: the latest that has the parts that are needed, or the one that a claim names.

An edition is never typed elsewhere. A frame takes all its figures from the one edition that the resolver returns, so
that figures of two editions never stand in one column. Tables with `pins` (those of registered results) keep the
editions named in `PLAN`, whatever was added since.
"""

from __future__ import annotations  # pandas is imported where a table is read: a command with nothing to do is quick

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from innodivide.data.tables import Tables, member_states, once
from innodivide.errors import DataError, ParameterError

if TYPE_CHECKING:
    import pandas as pd

BRIEF = {"eis": 2020, "ris": 2019}  # the last editions that the brief could use
PLAN = {"eis": 2023, "ris": 2023, "eqi": 2021, "rci": 2022}  # those in which the registered claims were computed
SECOND = {"eis": (2023, 2025), "eqi": (2024,)}  # of the second registration: each series alone, never chained
SERIES = 3  # years at least in a series
EU = "EU"
LISTED = {
    "eis": ("eis_edition",),
    "ris": ("ris_region", "ris_index", "ris_fact"),
    "eqi": ("eqi", "eqi_2024"),  # the whole index of 2024, and its series, came without its parts
    "rci": ("rci_region",),
}
REGIONAL = ("group", "series", "scores", "nuts2")  # what an edition of the RIS must have to be shown at all


def latest(tables: Tables, board: str = "eis", needs: Iterable[str] = ("group",)) -> int:
    """Return the latest edition of a board that has every part that is needed, for every Member State.

    Parameters
    ----------
    board : {"eis", "ris", "eqi", "rci"}
        European and Regional Innovation Scoreboard, European Quality of Government Index (edition: the year it is of),
        Regional Competitiveness Index.
    needs : iterable of str
        Parts, out of `PARTS[board]`. An index, series or scores without those of the EU do not count.

    Raises
    ------
    ParameterError
        An unknown board or part.
    DataError
        No edition has all of the parts: says what each lacks.
    """
    needs = tuple(needs)
    if board not in PARTS or not set(needs) <= set(PARTS[board]):
        known = PARTS.get(board)
        raise ParameterError(f"board={board!r}, needs={needs}: allowed are {', '.join(known or PARTS)}")
    pins = getattr(tables, "pins", {})
    pinned = board != "eis" or bool(set(needs) & {"series", "scores"})  # group and rank are those of the day
    if board in pins and pinned:
        return pins[board]
    having = {part: set(complete(tables, board, part)) for part in needs}
    common = set.intersection(*having.values())
    if not common:
        lacks = "; ".join(f"{part}: {', '.join(map(str, sorted(e))) or 'none'}" for part, e in having.items())
        raise DataError(f"no edition of {board.upper()} has {' and '.join(needs)} of all Member States ({lacks})")
    if pinned and hasattr(tables, "resolved"):
        tables.resolved[board, needs] = max(common)
    return max(common)


def of_latest(tables: Tables, name: str, needs: Iterable[str]) -> pd.DataFrame:
    """Return the rows of a table that are of the edition `latest`; its board is the first part of the table's name."""
    board, frame = name.split("_")[0], tables[name]
    return frame[frame["year" if board == "eqi" else "edition"] == latest(tables, board, needs)]


def gaps(tables: Tables) -> list[str]:
    """Say of each edition later than the last whole one which parts it lacks, and which edition is shown for them."""
    found = []
    for board, parts in PARTS.items():
        having = {part: set(complete(tables, board, part)) for part in parts}
        whole = set.intersection(*having.values())
        column = "year" if board == "eqi" else "edition"
        listed = {
            int(e) for name in LISTED[board] if column in (rows := tables[name]) for e in rows[column].dropna().unique()
        }
        for edition in sorted(e for e in listed if e > max(whole, default=0)):
            lost = [part for part, editions in having.items() if edition not in editions]
            shown = ", ".join(f"{part} of {max(having[part], default='none')}" for part in lost)
            found.append(
                f"{board.upper()} {edition} has no {', '.join(lost)} in full (all Member States or their "
                f"regions, and the EU where it has one); shown are {shown}"
            )
    return found


@once
def complete(tables: Tables, board: str, part: str) -> tuple[int, ...]:
    """Return the editions of a board that have one part for every Member State, in order."""
    return tuple(sorted(PARTS[board][part](tables)))


def _all_states(rows: pd.DataFrame, tables, extra: tuple[str, ...] = ()) -> set[int]:
    """Return the editions whose rows name every Member State, and `extra`."""
    wanted = {*member_states(tables)["geo"], *extra}
    return {int(e) for e, geos in rows.groupby("edition")["geo"] if wanted <= set(geos)}


def _last_year(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["year"] == rows.groupby("edition")["year"].transform("max")]


def _series(rows: pd.DataFrame, unit: str, wanted: Callable[[int], set]) -> set[int]:
    """Return the editions with every unit in each of at least `SERIES` years that follow on each other."""
    found = set()
    for edition, part in rows.groupby("edition"):
        years = sorted(part["year"].unique())
        whole = all(wanted(int(edition)) <= set(units) for _, units in part.groupby("year")[unit])
        if whole and len(years) >= SERIES and years[-1] - years[0] == len(years) - 1:
            found.add(int(edition))
    return found


def _eis_series(tables) -> set[int]:
    wanted = {*member_states(tables)["geo"], EU}
    return _series(tables["eis_index"], "geo", lambda _: wanted)


def _eis_scores(tables) -> set[int]:
    """Editions with the same indicators, all there are, of the EU and of every Member State in the last year."""
    rows = _last_year(tables["eis_score"])
    codes = set(tables["indicator"].query("level == 'indicator'")["indicator_code"])
    rows = rows[rows["indicator_code"].isin(codes)]
    of_eu = rows[rows["geo"] == EU].groupby("edition")["indicator_code"].nunique()
    whole = of_eu == rows.groupby("edition")["indicator_code"].nunique().reindex(of_eu.index)
    return _all_states(rows, tables, (EU,)) & {int(e) for e in of_eu.index[whole]}


def _regions_of(tables) -> dict[int, set[str]]:
    """Return the regions of the Member States by edition of the Regional Innovation Scoreboard."""
    rows = tables["ris_region"]
    rows = rows[rows["geo"].isin(member_states(tables)["geo"])]
    return {int(e): set(codes) for e, codes in rows.groupby("edition")["region_code"]}


def _ris_group(tables) -> set[int]:
    rows, regions = _last_year(tables["ris_index"]).dropna(subset=["group"]), _regions_of(tables)
    return {int(e) for e, codes in rows.groupby("edition")["region_code"] if regions.get(int(e), {""}) <= set(codes)}


def _ris_series(tables) -> set[int]:
    regions = _regions_of(tables)
    return _series(tables["ris_index"], "region_code", lambda e: regions.get(e, {""}) | {EU})


def _ris_scores(tables) -> set[int]:
    regions = _regions_of(tables)
    rows = _last_year(tables["ris_score"]).groupby("edition")["region_code"]
    return {int(e) for e, codes in rows if regions.get(int(e), {""}) | {EU} <= set(codes)}


def _ris_nuts2(tables) -> set[int]:
    regions = _regions_of(tables)
    rows = tables["ris_nuts2"].groupby("edition")["region_code"]
    return {int(e) for e, codes in rows if regions.get(int(e), {""}) <= set(codes)}


def _eqi_parts(tables) -> set[int]:
    rows = tables["eqi"].assign(geo=lambda f: f["nuts_code"].str[:2], edition=lambda f: f["year"])
    return _all_states(rows, tables)


def _eqi_index(tables) -> set[int]:
    """Editions of the whole index, whether or not its parts were published with it."""
    return {
        int(year)
        for name in LISTED["eqi"]
        for year in _all_states(
            tables[name].assign(geo=lambda f: f["nuts_code"].str[:2], edition=lambda f: f["year"]), tables
        )
    }


def _rci_scores(tables) -> set[int]:
    places = tables["rci_region"][["edition", "region_code", "geo"]]
    return _all_states(tables["rci_score"].merge(places, on=["edition", "region_code"]), tables)


PARTS: dict[str, dict[str, Callable[[Mapping[str, pd.DataFrame]], set[int]]]] = {
    "eis": {
        "group": lambda tables: _all_states(tables["eis_group"], tables),
        "rank": lambda tables: _all_states(tables["eis_rank"], tables),
        "index": lambda tables: _all_states(_last_year(tables["eis_index"]), tables, (EU,)),
        "series": _eis_series,
        "scores": _eis_scores,
    },
    "ris": {"group": _ris_group, "series": _ris_series, "scores": _ris_scores, "nuts2": _ris_nuts2},
    "eqi": {"parts": _eqi_parts, "index": _eqi_index},
    "rci": {"scores": _rci_scores},
}
