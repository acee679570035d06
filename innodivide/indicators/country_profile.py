"""One country against the EU: the frames behind a country annex, tidy rows with their sources."""

import pandas as pd

from innodivide.data.editions import latest, of_latest
from innodivide.data.tables import Tables, country_values, indicators_of, member_states, once
from innodivide.errors import ParameterError
from innodivide.indicators import regions as register

PER_HEAD_YEAR = 2019  # population used for amounts per head: the last year before the pandemic
SCORES = ("group", "series", "scores")  # what an edition of the EIS must have for its indicators to be shown
PEOPLE, EURO = "per million people", "euro per head"
EARLY, LATE = "data_cut == '2017-07'", "data_cut == '2025-08'"
FUND = "fund == '{}' and objective == '{}'"  # rows of `cohesion_country`
TO1, TO3 = FUND.format("ERDF", "TO1"), FUND.format("ERDF", "TO3")  # of all funds, TO3 is half for farms and fisheries
INSTRUMENTS = (  # label, unit, table, column, rows (all if empty), factor of the amount per head (0: not per head)
    ("Horizon 2020 participations, first half (to July 2017)", PEOPLE, "horizon_country", "participations", EARLY, 1e6),
    ("Horizon 2020 and Horizon Europe projects (to August 2025)", PEOPLE, "horizon_country", "projects", LATE, 1e6),
    ("Smart Specialisation partnerships: places in the complete lists", "count", "s3_country", "participations", "", 0),
    ("ERDF 2014-2020 for research and innovation", EURO, "cohesion_country", "eu_amount_eur", TO1, 1),
    ("ERDF 2014-2020 for small and medium-sized firms", EURO, "cohesion_country", "eu_amount_eur", TO3, 1),
    ("Recovery and Resilience Facility: grants in the first plan", EURO, "rrf_country", "plan_grants_meur", "", 1e6),
)


def _known(tables: Tables, geo: str) -> str:
    codes = list(member_states(tables)["geo"])
    if geo not in codes:
        raise ParameterError(f"geo={geo!r}: allowed are {', '.join(codes)}")
    return geo


def endonyms(tables: Tables, geo: str) -> dict[str, str]:
    """Return the country's names in its own official languages -> code of the language, in the order of the table.

    A name that is the same in two languages has the first.
    """
    country = tables["country"].set_index("geo")
    own = country.loc[_known(tables, geo), "endonym"]
    found: dict[str, str] = {}
    for language, name in (part.split(":", 1) for part in own.split(";")):
        found.setdefault(name, language)
    return found


def editions(tables: Tables, geo: str) -> pd.DataFrame:
    """Return the country's group and, where known, rank among the EU27 in each scoreboard edition.

    Returns
    -------
    pandas.DataFrame
        Columns edition, published, group, rank, flag, source_id; one row for each edition.
    """
    group = tables["eis_group"].query("geo == @geo")[["edition", "group", "flag", "source_id"]]
    rank = tables["eis_rank"].query("geo == @geo")[["edition", "rank"]]
    published = tables["eis_edition"][["edition", "published"]]
    _known(tables, geo)
    return (
        published.merge(group, on="edition")
        .merge(rank, on="edition", how="left")
        .sort_values("edition", ignore_index=True)
    )


@once
def index_relative_to_eu(tables: Tables, edition: int | None = None) -> pd.DataFrame:
    """Return the Summary Innovation Index of the EU27 in percent of the EU in the same year, one edition's series.

    Parameters
    ----------
    edition : int, optional
        By default the latest with a complete series.

    Returns
    -------
    pandas.DataFrame
        Columns geo, year, value (index points), relative (EU of the year = 100), group (of that edition), source_id.
    """
    edition = latest(tables, "eis", ("group", "series")) if edition is None else edition
    rows = tables["eis_index"].query("edition == @edition")
    eu = rows[rows["geo"] == "EU"].set_index("year")["value"]
    rows = rows[rows["geo"].isin(member_states(tables)["geo"]) & rows["year"].isin(eu.index)]
    group = tables["eis_group"].query("edition == @edition")[["geo", "group"]]
    rows = rows.assign(relative=100 * rows["value"] / rows["year"].map(eu)).merge(group, on="geo", how="left")
    return rows[["geo", "year", "value", "relative", "group", "flag", "source_id"]].sort_values(
        ["geo", "year"], ignore_index=True
    )


def indicator_strengths(tables: Tables, geo: str) -> pd.DataFrame:
    """Return the indicators of the latest EIS with scores in percent of the EU in the same year, strongest first.

    Returns
    -------
    pandas.DataFrame
        All indicators of the edition; columns indicator_code, indicator, dimension, relative (EU = 100; missing where
        there is no score, and where it is zero, which may be a bottom score or a missing figure), leaders (mean of the
        leaders, EU = 100), is_zero, source_id.
    """
    scores = of_latest(tables, "eis_score", SCORES)
    scores = scores[scores["year"] == scores["year"].max()]
    labels = indicators_of(tables, latest(tables, "eis", SCORES))[["indicator_code", "label", "dimension"]]
    leaders = of_latest(tables, "eis_group", SCORES).query("group == 'leader'")["geo"]
    leaders = set(leaders) & set(member_states(tables)["geo"])
    eu = scores[scores["geo"] == "EU"].set_index("indicator_code")["value"]
    own = labels.merge(scores[scores["geo"] == _known(tables, geo)], on="indicator_code", how="left")
    mean = scores[scores["geo"].isin(leaders)].groupby("indicator_code")["value"].mean()
    zero = own["is_zero"].fillna(False).astype(bool)
    own = own.assign(
        relative=(100 * own["value"] / own["indicator_code"].map(eu)).mask(zero),
        leaders=100 * own["indicator_code"].map(mean) / own["indicator_code"].map(eu),
        is_zero=zero,
        source_id=own["source_id"].fillna(scores["source_id"].iloc[0]),
    ).rename(columns={"label": "indicator"})
    columns = ["indicator_code", "indicator", "dimension", "relative", "leaders", "is_zero", "source_id"]
    return own[columns].sort_values(["relative", "indicator_code"], ascending=[False, True], ignore_index=True)


@once
def memberships(tables: Tables, geo: str) -> pd.DataFrame:
    """Return every IPCEI in which the country has a role, whether or not it counts as taking part, by date.

    Returns
    -------
    pandas.DataFrame
        Columns ipcei_id, name, kind, decision_date, role, n_companies, n_projects, aid_eur_mn, aid_basis, named
        (companies named in a source), flag, source_id, note.
    """
    rows = tables["ipcei_country"].query("geo == @geo")
    _known(tables, geo)
    ipcei = tables["ipcei"][["ipcei_id", "name", "kind", "decision_date"]]
    people = tables["ipcei_participant"].query("geo == @geo and participant_type == 'direct'")
    named = people.groupby("ipcei_id")["company"].agg(lambda c: ", ".join(sorted(c))).rename("named")
    rows = rows.merge(ipcei, on="ipcei_id").merge(named, on="ipcei_id", how="left")
    columns = [
        *ipcei,
        "role",
        "n_companies",
        "n_projects",
        "aid_eur_mn",
        "aid_basis",
        "named",
        "flag",
        "source_id",
        "note",
    ]
    return rows[columns].sort_values(["decision_date", "ipcei_id"], ignore_index=True)


@once
def regions(tables: Tables, geo: str) -> pd.DataFrame:
    """Return the country's regions of the latest Regional Innovation Scoreboard with a series, best first.

    Returns
    -------
    pandas.DataFrame
        Columns region_code, name, nuts_version, nuts_level, relative (last year, EU of the year = 100),
        relative_<first year of the series>, change (percentage points of the EU), group, lon, lat, source_id.
    """
    rows = register.regions(tables)
    rows = register.on_the_map(tables, rows[rows["geo"] == _known(tables, geo)].drop(columns=["geo", "country"]))
    rows["source_id"] = rows.pop("source_id")  # after the point
    return rows.sort_values(["relative", "region_code"], ascending=[False, True], ignore_index=True)


def money(tables: Tables, geo: str) -> pd.DataFrame:
    """Return the country's Tier-2 and reform instruments, each against the other Member States with a figure.

    Returns
    -------
    pandas.DataFrame
        Columns instrument, unit, value (per head in euro, or a count), median (of the Member States with a figure),
        rank (1 = highest; ties share the best), n_countries (with a figure), flag, source_id. Missing = not known.
    """
    _known(tables, geo)
    parts = []
    for label, unit, frame in instruments(tables):
        frame = frame.assign(rank=frame["value"].rank(ascending=False, method="min").astype("Int64"))
        own = frame[frame["geo"] == geo].iloc[0]
        parts.append(
            {
                "instrument": label,
                "unit": unit,
                "value": own["value"],
                "median": frame["value"].median(),
                "rank": own["rank"],
                "n_countries": int(frame["value"].notna().sum()),
                "flag": own["flag"],
                "source_id": own["source_id"],
            }
        )
    return pd.DataFrame(parts)


@once
def instruments(tables: Tables) -> list[tuple[str, str, pd.DataFrame]]:
    """Return (label, unit, frame of the EU27 with geo, value, flag, source_id) for each of `INSTRUMENTS`."""
    heads = country_values(tables, "population", PER_HEAD_YEAR).set_index("geo")["value"]
    base, found = member_states(tables)[["geo"]], []
    for label, unit, table, column, query, scale in INSTRUMENTS:
        rows = tables[table].query(query) if query else tables[table]
        flag = rows["flag"] if "flag" in rows else pd.Series(pd.NA, index=rows.index, dtype="str")
        rows = rows.assign(value=rows[column].astype("float64"), flag=flag)
        frame = base.merge(rows[["geo", "value", "flag", "source_id"]], on="geo", how="left")
        if scale:
            frame["value"] = frame["value"] * scale / frame["geo"].map(heads)
        found.append((label, unit, frame))
    return found


def joined_later(tables: Tables, geo: str) -> int:
    """Return in how many integrated IPCEIs the country takes part only since some time after the approval.

    The registered model counts them as not taken part in; where it counts, the reader must be told.
    """
    rows = memberships(tables, geo)
    return int(((rows["role"] == "joined_later") & (rows["kind"] == "integrated")).sum())
