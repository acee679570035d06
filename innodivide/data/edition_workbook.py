"""The official workbook of a scoreboard's edition as rows of our tables, or the failures that forbid it.

Layout: one sheet with a row for each unit, year and indicator (EIS: country; RIS: region), and for the EIS three sheets
more. Everything that does not come from the workbook (day of publication, thresholds, source) is given.
"""

from __future__ import annotations  # pandas is imported where a frame is made

import copy
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from innodivide.data import frozen
from innodivide.data.schema import Failure, check_fields
from innodivide.data.workbook import Sheet, decimal_text

if TYPE_CHECKING:
    import pandas as pd

INDEX = "0"  # the code of the index in our tables; the workbooks say SII and RII
EU = "EU"
GROUPS = ("leader", "strong", "moderate", "emerging")
DECIMALS = 6  # of scores in our tables
_EU_CODES = {"EU27_2020": EU, "EU27": EU, "EU 27": EU}


@dataclass(frozen=True)
class Edition:
    """What is said of an edition besides its workbook.

    `number`: the year in its title; none: the last year of the workbook. `thresholds`: lower bounds of leader, strong
    and moderate in percent of the EU. `text`: returns a table of data/ as text.
    """

    source_id: str
    text: Callable[[str], pd.DataFrame]
    number: int | None = None
    published: str = ""
    thresholds: tuple[float, float, float] | None = None
    nuts_version: str | None = None


@dataclass
class Found:
    """Rows for each table, indexed by their row in the sheet, whose sheet is in `places`; failures; remarks."""

    tables: dict[str, pd.DataFrame]
    places: dict[str, str]
    failures: list[Failure]
    notes: list[str]


def usable(sheet: Sheet, table: str, columns: tuple[str, ...]) -> list[Failure]:
    """Return each cell of a sheet that could not stand in these columns of a table, named as in the sheet."""
    described = copy.deepcopy(frozen.resource(table))
    fields = [f for f in described["schema"]["fields"] if f["name"] in columns]
    for field in fields:
        field["constraints"] = {k: v for k, v in field.get("constraints", {}).items() if k not in ("required", "enum")}
    keys = [k for k in described["schema"].get("foreignKeys", []) if k["reference"]["resource"] == "country"]
    described |= {"path": sheet.place, "schema": {"fields": fields, "primaryKey": list(columns), "foreignKeys": keys}}
    rows = sheet.rows[list(columns)]
    found = check_fields(rows, described)
    found = found or (frozen.check_foreign_keys(rows, described) if "geo" in columns else [])
    return [Failure(f.file, f.row, sheet.headers.get(f.column, f.column), f.value, f.rule) for f in found]


def codes(column: pd.Series, index_code: str) -> pd.Series:
    """Return indicator codes with that of the index as ours, and codes of the EU as ours."""
    return column.replace({index_code: INDEX})


def eu_code(column: pd.Series) -> pd.Series:
    """Return codes with the many codes of the EU as ours."""
    return column.replace(_EU_CODES)


def repeated(sheet: Sheet, rows: pd.DataFrame, key: list[str], what: str) -> list[Failure]:
    """Return each row that says another value for what an earlier row has; of equal rows the first counts."""
    first = rows.drop_duplicates(key).reset_index(names="first").rename(columns={"value": "there"})
    again = rows[rows.duplicated(key)].join(first.set_index(key)[["first", "there"]], on=key)
    again = again[again["value"] != again["there"]]
    rule = f"one row for each {what}; row {{}} has {{!r}} for it".format
    return [sheet.fail(int(i), "value", r["value"], rule(r["first"], r["there"])) for i, r in again.iterrows()]


def rounded(column: pd.Series) -> pd.Series:
    """Return figures as text with at most `DECIMALS` decimals."""
    step = Decimal(1).scaleb(-DECIMALS)
    return column.map(lambda v: decimal_text(Decimal(v).quantize(step)) if v else v)


def whole_years(sheet: Sheet, index: pd.DataFrame, unit: str, wanted: list[str]) -> list[Failure]:
    """Return what an index series lacks: a year between the first and the last, a unit in a year.

    Parameters
    ----------
    index : frame with columns `unit`, year (whole numbers)
    wanted : list of str
        Units that must be there in every year: all in the sheet, and those that must be in it.
    """
    years = sorted(set(index["year"]))
    missing = sorted(set(range(years[0], years[-1] + 1)) - set(years))
    rule = "the index of every year from the first to the last; add its rows, or take the whole workbook"
    failures = [sheet.fail(None, "year", str(year), rule) for year in missing]
    have = set(zip(index[unit], index["year"]))
    for name in wanted:
        gone = [str(y) for y in years if (name, y) not in have]
        if gone:
            rule = f"the index of {name} in every year; it has none for {', '.join(gone)}"
            failures.append(sheet.fail(None, unit, name, rule))
    return failures


def group_words(sheet: Sheet, column: pd.Series) -> tuple[pd.Series, list[Failure]]:
    """Return groups as ours ("Strong Innovator" is strong, "EU" none), and each that is not known."""
    first = column.str.lower().str.split().str[0].fillna("").str.rstrip("+-")
    wrong = column[~first.isin((*GROUPS, "eu", ""))]
    rule = f"one of: {', '.join(g.capitalize() for g in GROUPS)} (EU for the EU); later names need a new group here"
    return first.where(first.isin(GROUPS), ""), [sheet.fail(int(i), "group", v, rule) for i, v in wrong.items()]


def one_value_each(sheet: Sheet, rows: pd.DataFrame, index: str, place: str, what: str) -> tuple[pd.DataFrame, list]:
    """Return the rows that have a value, with groups and codes in our words and years as whole numbers, each once.

    `index` is the publisher's name of the index, `place` the column of the country or region that `what` names.
    """
    groups, failures = group_words(sheet, rows["group"]) if "group" in rows else ("", [])
    found = codes(rows["indicator_code"], index)
    rows = rows.assign(indicator_code=found, group=groups, year=rows["year"].astype(int))
    rows = rows[rows["value"] != ""]
    key = [place, "year", "indicator_code"]
    failures += repeated(sheet, rows, key, f"{what}, year and indicator")
    return rows.drop_duplicates(key), failures


def contradictions(sheet: Sheet, rows: pd.DataFrame, limits: tuple[float, float, float]) -> list[Failure]:
    """Return each row whose group does not follow from the index and the thresholds.

    Parameters
    ----------
    rows : frame with columns unit, relative (percent of the EU of the same year), group; indexed by row of the sheet.
    """
    failures = []
    for i, row in rows[rows["group"] != ""].iterrows():
        expected = next((g for g, low in zip(GROUPS, limits) if row["relative"] > low), GROUPS[-1])
        if expected != row["group"]:
            said = "/".join(f"{v:g}" for v in limits)
            rule = (
                f"{expected}: {row['unit']} has {row['relative']:.2f} % of the EU, thresholds {said} "
                "(others: --thresholds; a wrong figure: ask the publisher)"
            )
            failures.append(sheet.fail(int(i), "group", row["group"], rule))
    return failures


def thresholds(given: Edition, number: int) -> tuple[tuple[float, float, float], str]:
    """Return the thresholds given, else those of this edition or the last before it in the tables, and whose."""
    if given.thresholds:
        return given.thresholds, "as given"
    rows = given.text("eis_edition")
    rows = rows[rows["edition"].astype(int) <= number].sort_values("edition", key=lambda c: c.astype(int))
    last = rows.iloc[-1]
    limits = tuple(float(last[c]) for c in ("leader_min_pct", "strong_min_pct", "moderate_min_pct"))
    return limits, f"of edition {last['edition']}"  # type: ignore[return-value]


def members(given: Edition) -> list[str]:
    """Return the codes of the Member States."""
    country = given.text("country")
    return sorted(country.loc[country["is_eu27"] == "true", "geo"])
