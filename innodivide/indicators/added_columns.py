"""A column of any table beside the dyads: an own outcome, or a further control."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from innodivide.data import frozen
from innodivide.data.tables import Tables
from innodivide.errors import DataError, ParameterError, checked
from innodivide.models.frame_columns import require_columns, require_keys

_PANEL = "country_panel"
_KEYS = ("geo", "ipcei_id", "year")  # of a table that tell which row belongs to a dyad


@dataclass(frozen=True)
class Added:
    """Numbers (n,) with the index of the dyads, the sources of their rows, and what a reader has to know."""

    values: pd.Series
    sources: tuple[str, ...]
    notes: tuple[str, ...]


@checked
def add_column(tables: Tables, dyads: pd.DataFrame, what: str) -> pd.DataFrame:
    """Return the dyads with one more column, named `what`, of numbers taken from a table.

    Parameters
    ----------
    dyads : pandas.DataFrame
        Columns geo, ipcei_id, decision_date, as of `ipcei_dyads`.
    what : str
        A variable of `country_panel` (`innodivide describe variable`), or TABLE.COLUMN, either with conditions:
        ``gerd_pct_gdp``, ``gerd_pct_gdp,year=2019``, ``horizon_country.projects,data_cut=2025-08``. The rows are
        found by geo, and by ipcei_id and year if the table has them: the last figure up to the year before the
        decision, unless one year is named.

    Raises
    ------
    ParameterError
        An unknown variable, table, column or value, or conditions that leave several rows for a dyad.
    DataError
        A cell that is no number, a state, IPCEI or year without a figure.

    Examples
    --------
    >>> from innodivide import Tables, ipcei_dyads
    >>> dyads = add_column(Tables(), ipcei_dyads(Tables(), until="2021-04-30"), "gerd_pct_gdp")
    >>> dyads.loc[dyads["geo"] == "SE", "gerd_pct_gdp"].round(2).tolist()
    [3.35, 3.5, 3.39]
    """
    require_columns(dyads, ["geo", "decision_date"], "dyads")
    require_keys(dyads, ["geo", "decision_date"], "dyads")
    if not pd.api.types.is_datetime64_any_dtype(dyads["decision_date"]):
        raise DataError(f"decision_date: expected dates, got {dyads['decision_date'].dtype} (pandas.to_datetime)")
    return dyads.assign(**{what: values_for(tables, dyads, what).values})


def values_for(tables: Tables, dyads: pd.DataFrame, what: str) -> Added:
    """Return the numbers of `add_column` with their sources, and how many of them are of an earlier year."""
    table, column, rows = rows_of(tables, what)
    keys = keys_of(rows, what)
    require_columns(dyads, [key for key in keys if key != "year"], "dyads")
    wanted = dyads.assign(year=dyads["decision_date"].dt.year - 1)[keys]
    rows = rows[rows["geo"].isin(wanted["geo"])]
    twice = rows[rows.duplicated(keys, keep=False)]
    if not twice.empty:
        ways = [c for c in twice if c not in (*keys, column) and 1 < twice[c].nunique() <= 20]
        known = "; ".join(f"{c}={' or '.join(sorted(map(str, twice[c].dropna().unique())))}" for c in ways)
        cure = f"add ,COLUMN=VALUE to choose: {known}" if known else f"one for each {', '.join(keys)} is needed"
        raise ParameterError(f"{what}: several rows for {twice['geo'].iloc[0]}; {cure}")
    found, notes = _matched(wanted, rows.dropna(subset=[column]), keys, what)
    if found[column].isna().any():
        lost = found.loc[found[column].isna(), keys].drop_duplicates().sort_values(keys)
        named = "; ".join(" ".join(map(str, row)) for row in lost.head(5).itertuples(index=False))
        more = f" and {len(lost) - 5} more" if len(lost) > 5 else ""
        raise DataError(
            f"{what}: table {table} has no figure for {', '.join(keys)}: {named}{more}; an unknown value is no zero: "
            "leave these out, or add their rows"
        )
    used = found["source_id"].dropna().unique() if "source_id" in found else ()
    return Added(_numbers(found, column, what), tuple(sorted(used)), notes)


def _matched(wanted: pd.DataFrame, rows: pd.DataFrame, keys: list[str], what: str) -> tuple[pd.DataFrame, tuple]:
    """The row of each dyad, in their order: of years the last one up to that asked for."""
    if "year" not in keys:
        return wanted.merge(rows, on=keys, how="left", validate="many_to_one").set_index(wanted.index), ()
    by = [k for k in keys if k != "year"]
    left = wanted.astype({"year": "int64"}).assign(at=range(len(wanted))).sort_values("year", kind="stable")
    right = (
        rows.astype({"year": "int64"} | {k: wanted[k].dtype for k in by})
        .assign(figure_year=rows["year"].astype("int64"))
        .sort_values("year")
    )
    found = pd.merge_asof(left, right, on="year", by=by).sort_values("at").set_index(wanted.index)
    back = found["year"] - found["figure_year"]
    if not (back > 0).any():
        return found, ()
    return found, (
        f"{what}: {int((back > 0).sum())} of {len(back)} figures are the last known, {back.max():.0f} year(s) "
        "old at most",
    )


def keys_of(rows: pd.DataFrame, what: str) -> list[str]:
    """Return the columns by which rows are found, a year that is the same in all of them left out."""
    if "geo" not in rows:
        raise ParameterError(f"{what}: the table has no column geo, so its rows belong to no state")
    require_columns(rows, [k for k in _KEYS if k in rows], what)
    return [k for k in _KEYS if k in rows and not (k == "year" and rows["year"].nunique() == 1)]


def rows_of(tables: Tables, what: str) -> tuple[str, str, pd.DataFrame]:
    """Return table, column and the rows that the conditions leave."""
    name, *conditions = (part.strip() for part in what.split(","))
    table, _, column = name.partition(".")
    if not column:
        variables = sorted(tables[_PANEL]["variable"].unique())
        if name not in variables:
            raise ParameterError(f"{name!r}: write TABLE.COLUMN, or a variable of {_PANEL}: {', '.join(variables)}")
        table, column, conditions = _PANEL, "value", [f"variable={name}", *conditions]
    try:
        rows = tables[table]
    except DataError as error:
        if table in frozen.resources():
            raise
        raise ParameterError(f"{what}: there is no table {table!r} (innodivide describe lists them)") from error
    for condition in conditions:
        key, equals, value = condition.partition("=")
        if not equals or key not in rows:
            raise ParameterError(f"{what}: {condition!r} is no COLUMN=VALUE; {table} has {', '.join(rows)}")
        kept = rows[rows[key].astype(str) == value]
        if kept.empty:
            some = ", ".join(sorted(rows[key].dropna().astype(str).unique())[:20])
            raise ParameterError(f"{what}: no row of {table} with {key}={value}; it has {some}")
        rows = kept
    if column not in rows or column in _KEYS:
        raise ParameterError(f"{what}: {column!r} is no figure of {table}; its columns are {', '.join(rows)}")
    return table, column, rows


def _numbers(found: pd.DataFrame, column: str, what: str) -> pd.Series:
    """The column as floats; a text in it is refused by state."""
    numbers = pd.to_numeric(found[column], errors="coerce")
    if numbers.isna().any():
        bad = found[numbers.isna()].iloc[0]
        raise DataError(
            f"{what}: {bad[column]!r} of {bad['geo']} is no number; write 1.5 with a point, or true or false"
        )
    numbers = numbers.astype(float)
    if not np.isfinite(numbers).all():
        bad = found[~np.isfinite(numbers)].iloc[0]
        raise DataError(
            f"{what}: {bad[column]} of {bad['geo']} is no finite number; correct it, or leave the state out"
        )
    return numbers
