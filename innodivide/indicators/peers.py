"""One country beside others: its three nearest peers or those a reader names, the rest of its group, and the EU27.

Nearest peers are the Member States at the smallest Euclidean distance in three standardised measures: log population,
log GDP per head in purchasing power, and the Summary Innovation Index. They are what the registered model holds size,
wealth and status to be. Standardised over the 27 states, no measure counts more for its unit; the logs make a ratio
count the same everywhere. What is compared with peers (IPCEIs, money, regions, institutions) has no part in the choice.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from innodivide.data import editions
from innodivide.data.tables import Tables, member_states, once
from innodivide.errors import DataError, ParameterError
from innodivide.indicators import barriers, country_profile
from innodivide.indicators.panel import control_values, control_years

COUNT = 3
MOST = 4  # that a reader may choose: as many columns as a table has room for
EARLY = "Horizon 2020 participations, first half (to July 2017)"  # what the later count of projects says again
SHORT = {  # names of the instruments of `country_profile.instruments` for a narrow column
    "Horizon 2020 and Horizon Europe projects (to August 2025)": "Horizon projects per million",
    "Smart Specialisation partnerships: places in the complete lists": "Smart Specialisation places",
    "ERDF 2014-2020 for research and innovation": "ERDF, research: € per head",
    "ERDF 2014-2020 for small and medium-sized firms": "ERDF, SMEs: € per head",
    "Recovery and Resilience Facility: grants in the first plan": "Recovery grants: € per head",
}
TOGETHER = ("group", "rank", "series")  # of one edition: a rank never stands beside the index of another


def edition(tables: Tables) -> int:
    """Return the edition of which group, rank and index are shown."""
    return editions.latest(tables, "eis", TOGETHER)


def index(tables: Tables) -> pd.DataFrame:
    """Return the series of that edition (`country_profile.index_relative_to_eu`)."""
    return country_profile.index_relative_to_eu(tables, edition(tables))


def year(tables: Tables) -> int:
    """Return the last year of the index for which population and GDP of all Member States are known too."""
    both = control_years(tables) & set(index(tables)["year"])
    if not both:
        raise DataError("context/country_panel.csv: no year of the index has population and GDP of every Member State")
    return int(max(both))


@once
def measures(tables: Tables) -> pd.DataFrame:
    """Return what peers are chosen by, by Member State (index geo): ln_population, ln_gdp_pc_pps, index (EU = 100)."""
    now, rows = year(tables), index(tables)
    frame = control_values(tables, [now]).set_index("geo")[["ln_population", "ln_gdp_pc_pps"]]
    return frame.assign(index=rows[rows["year"] == now].set_index("geo")["relative"])


def nearest(frame: pd.DataFrame, geo: str) -> pd.DataFrame:
    """Return the other rows in order of their distance from one row.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per country, labelled by its code; numeric columns without gaps.
    geo : str
        The country whose peers are sought.

    Returns
    -------
    pandas.DataFrame
        geo, distance (Euclidean, in standard deviations over all rows), nearest first; ties by code. A measure that is
        the same everywhere counts for nothing. Order of rows and units of measures do not matter.

    Raises
    ------
    ParameterError, DataError
        Unknown country; a missing figure.
    """
    if geo not in frame.index:
        raise ParameterError(f"geo={geo!r}: allowed are {', '.join(sorted(frame.index))}")
    values = frame.astype(float).sort_index()
    if not np.isfinite(values.to_numpy()).all():
        row, column = np.argwhere(~np.isfinite(values.to_numpy()))[0]
        raise DataError(f"{values.columns[column]}: no figure for {values.index[row]}")
    spread = values.std(ddof=0)
    scaled = (values - values.mean()) / spread.where(spread > 0, np.inf)
    distance = np.sqrt(((scaled - scaled.loc[geo]) ** 2).sum(axis=1)).drop(geo)
    # rounded, so that a tie is a tie whatever the last digit of the arithmetic
    order = distance.round(10).rename("distance").rename_axis("geo").reset_index()
    return order.sort_values(["distance", "geo"], ignore_index=True)


def of(tables: Tables, geo: str, chosen: Sequence[str] = ()) -> list[str]:
    """Return the codes of the country's nearest peers, nearest first, or those that a reader chose, in their order.

    Raises
    ------
    ParameterError
        If a chosen code is no Member State, is the country itself, or comes twice, or if more than `MOST` are chosen.
    """
    if not chosen:
        return list(nearest(measures(tables), geo)["geo"].head(COUNT))
    known = set(member_states(tables)["geo"]) - {geo}
    wrong = [code for at, code in enumerate(chosen) if code not in known or code in chosen[:at]]
    if wrong or len(chosen) > MOST:
        what = f"{wrong[0]!r} is not another Member State, or comes twice" if wrong else f"{len(chosen)} are too many"
        raise ParameterError(f"peers of {geo}: {what}; name one to {MOST} of {', '.join(sorted(known))}, as CZ,SK")
    return list(chosen)


@once
def group_now(tables: Tables) -> pd.Series:
    """Return the innovation group of each Member State in the edition shown, by code."""
    rows = editions.of_latest(tables, "eis_group", TOGETHER)
    rows = rows[rows["geo"].isin(member_states(tables)["geo"])]
    return rows.set_index("geo")["group"].sort_index()


def circle(tables: Tables, geo: str, chosen: Sequence[str] = ()) -> pd.DataFrame:
    """Return whom a country is set beside, in the order of the tables; `chosen` as for `of`.

    Returns
    -------
    pandas.DataFrame
        kind ("own", "peer", "group": the other members of its group, "eu": all Member States), members
        (tuple of codes).
    """
    group = group_now(tables)
    others = tuple(g for g in group.index if group[g] == group[geo] and g != geo)
    rows = [
        ("own", (geo,)),
        *(("peer", (g,)) for g in of(tables, geo, chosen)),
        ("group", others),
        ("eu", tuple(group.index)),
    ]
    return pd.DataFrame(rows, columns=["kind", "members"])


def beside(values: pd.Series, around: pd.DataFrame) -> list[float]:
    """Return the mean of `values` (by code) over the members of each row of `circle`, of those with a figure."""
    return [float(values.reindex(list(m)).astype(float).mean()) for m in around["members"]]


def position(tables: Tables, geo: str, observed: pd.Series, chosen: Sequence[str] = ()) -> pd.DataFrame:
    """Return where the country, its peers, its group and the EU27 stand.

    Parameters
    ----------
    observed : pandas.Series
        Number of integrated IPCEIs by code.
    chosen : sequence of str
        Peers, as for `of`.

    Returns
    -------
    pandas.DataFrame
        kind, members, relative (index in the last year of the series, EU of the year = 100), change (points since its
        first year), population (million) and gdp_pc (PPS, EU27 = 100) of `year`, ipceis, rank (in the same edition; of
        single states), distance (of peers). Means over members are not weighted.
    """
    frame, around = measures(tables), circle(tables, geo, chosen)
    series = index(tables).pivot(index="geo", columns="year", values="relative")
    first, last = series[series.columns.min()], series[series.columns.max()]
    ranks = editions.of_latest(tables, "eis_rank", TOGETHER).set_index("geo")["rank"].astype(float)
    single = around["members"].map(len) == 1
    far = nearest(frame, geo).set_index("geo")["distance"]
    return around.assign(
        relative=beside(last, around),
        change=beside(last - first, around),
        population=beside(np.exp(frame["ln_population"]) / 1e6, around),
        gdp_pc=beside(np.exp(frame["ln_gdp_pc_pps"]), around),
        ipceis=beside(observed, around),
        rank=pd.Series(beside(ranks, around)).where(single),
        distance=[far.get(m[0]) if k == "peer" else np.nan for k, m in zip(around["kind"], around["members"])],
    )


def index_series(tables: Tables, geo: str, chosen: Sequence[str] = ()) -> pd.DataFrame:
    """Return the index of country, peers and group: year, relative (EU of the year = 100), kind, name (codes)."""
    around = circle(tables, geo, chosen).query("kind != 'eu'")
    wide = index(tables).pivot(index="year", columns="geo", values="relative")
    parts = [
        wide[list(m)].mean(axis=1).rename("relative").reset_index().assign(kind=k, name="; ".join(m))
        for k, m in zip(around["kind"], around["members"])
        if m
    ]
    return pd.concat(parts, ignore_index=True)


def money(tables: Tables, geo: str, chosen: Sequence[str] = ()) -> pd.DataFrame:
    """Return `country_profile.money` and the same amounts of peers (peer_1, peer_2 ...), group and EU27 (means).

    The early count of Horizon 2020 is left out, as the later one goes on from it.
    """
    around = circle(tables, geo, chosen)
    names = [f"peer_{i}" if kind == "peer" else kind for i, kind in enumerate(around["kind"])]
    found = [beside(frame.set_index("geo")["value"], around) for _, _, frame in country_profile.instruments(tables)]
    others = pd.DataFrame(found, columns=names).drop(columns="own")
    rows = pd.concat([country_profile.money(tables, geo), others], axis=1)
    return rows[rows["instrument"] != EARLY].reset_index(drop=True)


def standing(tables: Tables, gaps: pd.DataFrame, observed: pd.Series) -> pd.DataFrame:
    """Return how far each Member State is from the mean of the 27 in every measure of an annex, in standard deviations.

    Parameters
    ----------
    gaps : pandas.DataFrame
        From `regional_analyses.institutions_by_state`.
    observed : pandas.Series
        Number of integrated IPCEIs by code.

    Returns
    -------
    pandas.DataFrame
        One row per state (index geo), one column per measure: indicator codes, codes of institutions, instruments, and
        "ipceis". Plus is higher; missing where a state has no figure. A measure without spread is left out.
    """
    scores = barriers.country_scores(tables).drop(index="EU")
    institutions = -gaps.pivot(index="geo", columns="measure", values="gap")
    amounts = pd.DataFrame(
        {k: f.set_index("geo")["value"] for k, _, f in country_profile.instruments(tables) if k != EARLY}
    )
    wide = pd.concat([scores, institutions, amounts, observed.rename("ipceis")], axis=1).astype(float).sort_index()
    spread = wide.std(ddof=0)
    return ((wide - wide.mean()) / spread)[spread.index[spread > 0]]


def furthest(scores: pd.DataFrame, geo: str, n: int) -> pd.Series:
    """Return the n measures of `standing` in which a state is furthest from the mean, furthest first; ties by name."""
    own = scores.loc[geo].dropna().sort_index()
    order = own.abs().round(10).sort_values(ascending=False, kind="stable").index
    return own[order[:n]]
