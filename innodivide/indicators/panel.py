"""Analysis frames: from the tables of data/ to what the models take."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from innodivide.data.tables import TAKING_PART, Tables, as_day, integrated_ipceis, member_states
from innodivide.errors import DataError, ParameterError, checked
from innodivide.models.frame_columns import in_order, numeric, require_columns, require_keys

DYAD_COLUMNS = [
    "geo",
    "ipcei_id",
    "decision_date",
    "participates",
    "edition",
    "group",
    "leader",
    "ln_population",
    "ln_gdp_pc_pps",
    "ln_gdp",
]

CONTROLS = {"population": "ln_population", "gdp_pc_pps": "ln_gdp_pc_pps", "gdp_meur": "ln_gdp"}


@checked
def status_asof(tables: Tables, dates: Sequence, status: str | int = "at_decision") -> pd.DataFrame:
    """Return each Member State's innovation group as it was known on given days.

    Parameters
    ----------
    dates : sequence of dates
        Days on which the status is read, for example decision dates.
    status : {"at_decision", "lag1"} or int
        "at_decision": the last edition published strictly before the day. "lag1": the edition before that one.
        A year: that edition for every day, even one before its publication.

    Returns
    -------
    pandas.DataFrame
        Columns date, geo, edition, group (missing where the edition has none); one row per day and Member State.

    Raises
    ------
    ParameterError
        If `status` is none of the above, or no edition was out before a day.

    Examples
    --------
    >>> from innodivide import Tables
    >>> found = status_asof(Tables(), ["2019-12-09"]).set_index("geo")
    >>> found.loc["SE", "group"], int(found.loc["SE", "edition"])
    ('leader', 2019)
    """
    days = pd.DatetimeIndex(sorted({as_day(d, "dates") for d in dates}))
    editions = tables["eis_edition"].sort_values("published")[["edition", "published"]].reset_index(drop=True)
    known = [int(e) for e in sorted(editions["edition"])]
    if status in ("at_decision", "lag1"):
        # side="left": an edition published on the day itself was not yet out when the decision was prepared
        position = editions["published"].searchsorted(days, side="left") - (1 if status == "at_decision" else 2)
        if (position < 0).any():
            raise ParameterError(
                f"status={status!r}: no such edition was published before {days[position < 0][0]:%Y-%m-%d}; "
                f"the first is of {editions['published'].iloc[0]:%Y-%m-%d}"
            )
        chosen = editions["edition"].to_numpy()[position]
    elif str(status).isdigit() and int(status) in known:
        chosen = np.repeat(int(status), len(days))
    else:
        raise ParameterError(f"status={status!r}: allowed are 'at_decision', 'lag1' or an edition of {known}")
    picked = pd.DataFrame({"date": days, "edition": pd.array(chosen, dtype="Int64")})
    picked = picked.merge(member_states(tables)[["geo"]], how="cross")
    merged = picked.merge(tables["eis_group"][["geo", "edition", "group"]], on=["geo", "edition"], how="left")
    return merged[["date", "geo", "edition", "group"]].sort_values(["date", "geo"]).reset_index(drop=True)


@checked
def control_values(tables: Tables, years: Sequence[int]) -> pd.DataFrame:
    """Return ln population, ln GDP per head (PPS) and ln GDP (million euro) by geo and year for the EU27.

    Raises
    ------
    DataError
        If a value is missing or not positive: it names variable, country and year.

    Examples
    --------
    >>> from innodivide import Tables
    >>> list(control_values(Tables(), [2020]))
    ['geo', 'year', 'ln_population', 'ln_gdp_pc_pps', 'ln_gdp']
    """
    names = CONTROLS
    wanted = pd.MultiIndex.from_product(
        [member_states(tables)["geo"], sorted({int(y) for y in years})], names=["geo", "year"]
    )
    long = tables["country_panel"]
    long = long[long["variable"].isin(names)]
    wide = long.pivot(index=["geo", "year"], columns="variable", values="value").reindex(wanted)
    wide = wide.reindex(columns=list(names))
    bad = ~(wide > 0)
    if bad.to_numpy().any():
        (geo, year), variable = bad.stack()[lambda s: s].index[0][:2], bad.stack()[lambda s: s].index[0][2]
        raise DataError(
            f"context/country_panel.csv: no positive value of {variable} for {geo} in {year}; "
            "the model needs it for every Member State"
        )
    return np.log(wide).rename(columns=names).reset_index()


def control_years(tables: Tables) -> set[int]:
    """Return the years for which `control_values` are known of every Member State."""
    panel, members = tables["country_panel"], member_states(tables)["geo"]
    rows = panel[panel["variable"].isin(CONTROLS) & panel["geo"].isin(members)].dropna(subset=["value"])
    known = rows.groupby("year").size()
    return {int(year) for year in known.index[known == len(CONTROLS) * len(members)]}


@checked
def ipcei_dyads(
    tables: Tables,
    status: str | int = "at_decision",
    until=None,
    since=None,
    roles: Sequence[str] = ("notifying",),
    controls: str | int = "lag1",
    drop: Sequence[str] = (),
) -> pd.DataFrame:
    """Return one row per Member State and integrated IPCEI.

    Parameters
    ----------
    status : {"at_decision", "lag1"} or int
        Which scoreboard edition gives the group, see `status_asof`.
    until, since : date, optional
        Keep IPCEIs decided in this closed interval.
    roles : sequence of str
        The roles that count as taking part, out of table `ipcei_role`.
    controls : "lag1" or int
        Year of population and GDP: the calendar year before the decision, or one fixed year.
    drop : sequence of str
        Country codes or IPCEI ids left out.

    Returns
    -------
    pandas.DataFrame
        Columns `DYAD_COLUMNS`, sorted by geo and ipcei_id. `participates` and `leader` are bool, the logs are natural
        logs of persons, of the index EU27 = 100 and of million euro.

    Examples
    --------
    >>> from innodivide import Tables
    >>> ipcei_dyads(Tables(), until="2019-12-31").groupby("ipcei_id")["participates"].sum().to_dict()
    {'BAT1': 7, 'ME1': 3}
    """
    known = list(tables["ipcei_role"]["role"])
    _check_choice("roles", roles, known)
    if not len(roles):
        raise ParameterError(f"roles is empty: name at least one of {', '.join(known)}")
    ipcei = integrated_ipceis(tables, until, since)
    _check_choice("drop", drop, [*member_states(tables)["geo"], *ipcei["ipcei_id"]])
    ipcei = ipcei[~ipcei["ipcei_id"].isin(drop)]
    frame = status_asof(tables, ipcei["decision_date"], status).rename(columns={"date": "decision_date"})
    frame = ipcei[["ipcei_id", "decision_date"]].merge(frame, on="decision_date")
    frame = frame[~frame["geo"].isin(drop)]
    if frame.empty:
        raise ParameterError("drop leaves no Member State or no IPCEI")
    years = frame["decision_date"].dt.year - 1 if controls == "lag1" else controls
    if controls != "lag1" and (isinstance(controls, bool) or not isinstance(controls, (int, np.integer))):
        raise ParameterError(f"controls={controls!r}: allowed are 'lag1' or a year")
    frame = frame.assign(year=years).astype({"year": "int64"})
    values = control_values(tables, frame["year"].unique())
    frame = frame.merge(values, on=["geo", "year"], how="left", validate="many_to_one")
    part = tables["ipcei_country"]
    part = part[part["role"].isin(list(roles))].set_index(["ipcei_id", "geo"]).index
    frame["participates"] = pd.MultiIndex.from_frame(frame[["ipcei_id", "geo"]]).isin(part)
    frame["leader"] = (frame["group"] == "leader").to_numpy(dtype=bool)
    if frame["group"].isna().any():
        lost = frame[frame["group"].isna()].iloc[0]
        raise DataError(f"scoreboard/eis_group.csv: no group of {lost['geo']} in edition {lost['edition']}")
    return frame[DYAD_COLUMNS].sort_values(["geo", "ipcei_id"]).reset_index(drop=True)


def _check_choice(name: str, values, allowed) -> None:
    wrong = values is None or isinstance(values, str) or any(v not in set(allowed) for v in values)
    if wrong:
        raise ParameterError(f"{name}={values!r}: allowed is a list out of {', '.join(allowed)}")


@checked
def country_totals(dyads: pd.DataFrame) -> pd.DataFrame:
    """Return one row per country: participations out of possible ones, and the mean of status and controls.

    Returns
    -------
    pandas.DataFrame
        Columns geo, n_possible, n_participations, rate, leader_share, leader_any, ln_population, ln_gdp_pc_pps, ln_gdp.

    Examples
    --------
    >>> from innodivide import Tables, ipcei_dyads
    >>> totals = country_totals(ipcei_dyads(Tables(), until="2023-12-31")).set_index("geo")
    >>> bool(totals.loc["FR", "rate"] > totals.loc["MT", "rate"])
    True
    """
    keys, columns = ["geo", "ipcei_id"], ["participates", "leader", *CONTROLS.values()]
    require_columns(dyads, [*keys, *columns], "dyads")
    require_keys(dyads, keys, "dyads")
    numbers = {name: numeric(dyads[name]) for name in columns}  # refuses what is missing or no number, by row
    other = {name: numbers[name] for name in columns if dyads[name].dtype.kind not in "bif"}
    grouped = in_order(dyads.assign(**other), keys).groupby("geo", sort=True)
    return grouped.agg(
        n_possible=("participates", "size"),
        n_participations=("participates", "sum"),
        rate=("participates", "mean"),
        leader_share=("leader", "mean"),
        leader_any=("leader", "max"),
        ln_population=("ln_population", "mean"),
        ln_gdp_pc_pps=("ln_gdp_pc_pps", "mean"),
        ln_gdp=("ln_gdp", "mean"),
    ).reset_index()


def dyad_sources(tables: Tables) -> tuple[str, ...]:
    """Return the first source of every row behind the dyads: participation, status, size and wealth.

    Second sources of the same figures stand in the tables (`more_source_ids`). Groups published on the day of the last
    decision or later, size and wealth of its year or later, and rows of countries outside the EU27 are not read.
    """
    editions, groups = tables["eis_edition"], tables["eis_group"]
    out = editions.loc[editions["published"] < integrated_ipceis(tables)["decision_date"].max(), "edition"]
    groups = groups[groups["edition"].isin(out) & groups["geo"].isin(member_states(tables)["geo"])]
    found = {*groups["source_id"], *rows_for_dyads(tables, "population", "gdp_pc_pps")["source_id"]}
    return tuple(sorted(found.union(participation_sources(tables))))


def rows_for_dyads(tables: Tables, *variables: str) -> pd.DataFrame:
    """Return the rows of the country panel that dyads can read: of Member States, before the last decision's year."""
    panel, last = tables["country_panel"], integrated_ipceis(tables)["decision_date"].dt.year.max()
    read = panel["variable"].isin(variables) & (panel["year"] < last)
    return panel[read & panel["geo"].isin(member_states(tables)["geo"])]


def participation_sources(tables: Tables) -> tuple[str, ...]:
    """Return the first source of every row that says who takes part, joined later or not."""
    rows = tables["ipcei_country"]
    return tuple(sorted(set(rows.loc[rows["role"].isin(TAKING_PART), "source_id"])))
