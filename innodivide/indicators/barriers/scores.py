"""The published scores, groups and weights of regions and countries, arranged for `contributions.gap_contributions`.

How an index is made of its indicators, and which zeros it leaves out, is found in `innodivide.indicators.composite`.
"""

import numpy as np
import pandas as pd

from innodivide.data import editions
from innodivide.data.tables import Tables, indicators_of, member_states, once
from innodivide.errors import ParameterError
from innodivide.indicators import composite
from innodivide.indicators.country_profile import SCORES, indicator_strengths
from innodivide.indicators.regions import regions


def region_scores(tables: Tables, year: int | None = None, zeros: str = "read") -> pd.DataFrame:
    """Return the regional scores of the latest RIS: a row for each region of the EU27 and one named EU, a column each.

    Parameters
    ----------
    year : int, optional
        Year of performance, one of the edition's series; the last one by default.
    zeros : {"read", "missing", "keep"}
        A score of zero is the bottom of the normalisation or a missing figure written as zero; the source does not say
        which. "read": as the published index treats it (`zero_readings`). "missing": always left out. "keep": always a
        bottom score.
    """
    if zeros not in ("read", "missing", "keep"):
        raise ParameterError(f"zeros={zeros!r}: allowed are 'read', 'missing', 'keep'")
    rows = editions.of_latest(tables, "ris_score", editions.REGIONAL)
    year = int(rows["year"].max()) if year is None else year
    table = _wide(rows, "region_code", [*regions(tables).index, "EU"], year)
    if zeros == "read":
        return _read(tables, table, year, "region")
    return table.mask(table == 0) if zeros == "missing" else table


@once
def country_scores(tables: Tables) -> pd.DataFrame:
    """Return the indicators of the latest EIS that has them for the EU27 and the EU, like `region_scores`."""
    rows, units = editions.of_latest(tables, "eis_score", SCORES), [*member_states(tables)["geo"], "EU"]
    codes = indicators_of(tables, editions.latest(tables, "eis", SCORES))["indicator_code"]
    rows = rows[rows["indicator_code"].isin(codes)]
    year = int(rows["year"].max())
    return _read(tables, _wide(rows, "geo", units, year), year, "country")


def _read(tables: Tables, table: pd.DataFrame, year: int, level: str) -> pd.DataFrame:
    """Leave out the scores of zero that stand for a missing figure."""
    out = zero_readings(tables, level).query("year == @year and reading == 'missing'")
    for code, indicator in zip(out["unit"], out["indicator_code"]):
        table.at[code, indicator] = np.nan
    return table


def _wide(rows: pd.DataFrame, unit: str, units, year: int) -> pd.DataFrame:
    found = rows[(rows["year"] == year) & rows[unit].isin(units)]
    if found.empty:
        raise ParameterError(f"year={year!r}: edition {rows['edition'].iloc[0]} has no scores for it")
    return found.pivot(index=unit, columns="indicator_code", values="value").sort_index()


@once
def implied_weights(tables: Tables) -> pd.Series:
    """Return the weights, by indicator and summing to one, that reproduce the published index of the regions."""
    weights, _ = composite.fit_regional(*composite.regional_scores(tables))
    return weights / weights.sum()


@once
def zero_readings(tables: Tables, level: str) -> pd.DataFrame:
    """Return how the published index treats each score of zero of the EU27's regions (level "region") or "country".

    Both are of the latest edition that has scores.

    Returns
    -------
    pandas.DataFrame
        Columns unit, year, indicator_code, reading ("missing", "bottom"), certain. A region's number of missing cells
        is known, not always which they are (`composite.likely_zeros`); for countries all are told.
    """
    if level == "region":
        scores, index, home = composite.regional_scores(tables)
        found = composite.likely_zeros(scores, composite.rebuild_regional(scores, index, home))
        found = found.assign(unit=found["region_code"], geo=found["region_code"].map(home))
    else:
        edition = editions.latest(tables, "eis", SCORES)
        scores, index = composite.score_matrix(tables, edition=edition), composite.index_values(tables, edition)
        found = composite.classify_zeros(scores, index, composite.implicit_weights(scores, index))
        found = found[found["state"] == "zero"].assign(unit=lambda f: f["geo"])
        found["reading"] = found["verdict"].replace("undetermined", "bottom")
        found["certain"] = found["verdict"] != "undetermined"
    rows = found[found["geo"].isin(member_states(tables)["geo"])]
    return rows[["unit", "year", "indicator_code", "reading", "certain"]].reset_index(drop=True)


def strengths(tables: Tables, geo: str) -> pd.DataFrame:
    """Return `indicator_strengths` with the zeros read as the index treats them, strongest first.

    A zero that is a true bottom score is zero percent of the EU; one that stands for a missing figure stays unknown.
    """
    rows = indicator_strengths(tables, geo)
    read = zero_readings(tables, "country").query("unit == @geo and reading == 'bottom'")
    read = read[read["year"] == editions.of_latest(tables, "eis_score", SCORES)["year"].max()]
    rows["relative"] = rows["relative"].mask(rows["indicator_code"].isin(read["indicator_code"]), 0.0)
    return rows.sort_values(["relative", "indicator_code"], ascending=[False, True], ignore_index=True)
