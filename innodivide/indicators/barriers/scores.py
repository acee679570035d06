"""The published scores, groups and weights of regions and countries, arranged for `contributions.gap_contributions`.

How an index is made of its indicators, and which zeros it leaves out, is found in `innodivide.indicators.composite`.
"""

import numpy as np
import pandas as pd

from innodivide.data.tables import Tables, member_states, once
from innodivide.errors import ParameterError
from innodivide.indicators import composite, country_profile
from innodivide.indicators.regions import region_names

EDITION = 2023


def region_scores(tables: Tables, year: int = EDITION, zeros: str = "read") -> pd.DataFrame:
    """Return the regional scores of RIS 2023 for the EU27: one row per region and one named EU, a column per indicator.

    Parameters
    ----------
    year : int
        Year of performance, 2016 to 2023.
    zeros : {"read", "missing", "keep"}
        A score of zero is the bottom of the normalisation or a missing figure written as zero; the source does not say
        which. "read": as the published index treats it (`zero_readings`). "missing": always left out. "keep": always a
        bottom score.
    """
    units = [*region_groups(tables).index, "EU"]
    return _read(tables, tables["ris_score"], "region_code", units, year, zeros, "region")


@once
def country_scores(tables: Tables, year: int = EDITION, zeros: str = "read") -> pd.DataFrame:
    """Return the 32 indicators of EIS 2023 for the EU27 and the EU, arranged like `region_scores`."""
    codes = tables["indicator"].query("level == 'indicator'")["indicator_code"]
    rows = tables["eis_score"]
    rows = rows[rows["indicator_code"].isin(codes)]
    return _read(tables, rows, "geo", [*member_states(tables)["geo"], "EU"], year, zeros, "country")


def _read(tables: Tables, rows: pd.DataFrame, unit: str, units, year: int, zeros: str, level: str) -> pd.DataFrame:
    if zeros != "read":
        return _wide(rows, unit, units, year, zeros)
    table = _wide(rows, unit, units, year, "keep")
    out = zero_readings(tables, level).query("year == @year and reading == 'missing'")
    for code, indicator in zip(out["unit"], out["indicator_code"]):
        table.at[code, indicator] = np.nan
    return table


def _wide(rows: pd.DataFrame, unit: str, units, year: int, zeros: str) -> pd.DataFrame:
    if zeros not in ("missing", "keep"):
        raise ParameterError(f"zeros={zeros!r}: allowed are 'read', 'missing', 'keep'")
    rows = rows[(rows["edition"] == EDITION) & (rows["year"] == year) & rows[unit].isin(units)]
    if rows.empty:
        raise ParameterError(f"year={year!r}: edition {EDITION} has no scores for it")
    values = rows["value"].mask(rows["is_zero"].astype(bool)) if zeros == "missing" else rows["value"]
    return rows.assign(value=values).pivot(index=unit, columns="indicator_code", values="value").sort_index()


@once
def region_groups(tables: Tables) -> pd.DataFrame:
    """Return the EU27 regions of RIS 2023, by region_code: geo, name, group, relative (EU of the year = 100)."""
    register = tables["ris_region"].query("edition == @EDITION", local_dict={"EDITION": EDITION})
    register = register[register["geo"].isin(member_states(tables)["geo"])][["region_code", "geo"]]
    register["name"] = register["region_code"].map(region_names(tables))
    index = tables["ris_index"].query("edition == @E and year == @E", local_dict={"E": EDITION})
    rows = register.merge(index[["region_code", "group", "relative_to_eu_pct"]], on="region_code")
    return rows.rename(columns={"relative_to_eu_pct": "relative"}).set_index("region_code").sort_index()


@once
def implied_weights(tables: Tables, level: str = "region") -> pd.Series:
    """Return the weights, by indicator and summing to one, that reproduce the published index of one level.

    Parameters
    ----------
    level : {"region", "country"}
        "region": `composite.fit_regional`; "country": `composite.implicit_weights`.
    """
    if level == "region":
        weights = composite.fit_regional(*regional_index(tables)).weights
    else:
        weights = composite.implicit_weights(*_country_index(tables, level))
    return weights / weights.sum()


@once
def zero_readings(tables: Tables, level: str = "region") -> pd.DataFrame:
    """Return how the published index treats each score of zero of an EU27 region or country.

    Returns
    -------
    pandas.DataFrame
        Columns unit, year, indicator_code, reading ("missing", "bottom"), certain. A region's number of missing cells
        is known, not always which they are (`composite.likely_zeros`); for countries all are told.
    """
    columns = ["unit", "year", "indicator_code", "reading", "certain"]
    if level == "region":
        scores, index, home = regional_index(tables)
        found = composite.likely_zeros(scores, composite.rebuild_regional(scores, index, home))
        rows = found[found["region_code"].map(home).isin(member_states(tables)["geo"])]
        return rows.rename(columns={"region_code": "unit"})[columns].reset_index(drop=True)
    scores, index = _country_index(tables, level)
    found = composite.classify_zeros(scores, index, composite.implicit_weights(scores, index))
    rows = found[found["geo"].isin(member_states(tables)["geo"]) & (found["state"] == "zero")]
    reading = rows["verdict"].replace("undetermined", "bottom")
    certain = rows["verdict"] != "undetermined"
    return rows.assign(reading=reading, certain=certain).rename(columns={"geo": "unit"})[columns].reset_index(drop=True)


def regional_index(tables: Tables) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Return what `composite.fit_regional` takes: scores, published index, country of each region of RIS 2023."""
    home = tables["ris_region"].query("edition == @E", local_dict={"E": EDITION}).set_index("region_code")["geo"]
    index = tables["ris_index"].query("edition == @E", local_dict={"E": EDITION})
    return (
        composite.regional_matrix(tables["ris_score"], EDITION),
        index.set_index(["region_code", "year"])["value"],
        home,
    )


def _country_index(tables: Tables, level: str) -> tuple[pd.DataFrame, pd.Series]:
    if level != "country":
        raise ParameterError(f"level={level!r}: allowed are 'region', 'country'")
    scores = composite.score_matrix(tables["eis_score"], tables["indicator"], edition=EDITION)
    return scores, composite.index_values(tables["eis_index"], EDITION)


def strengths(tables: Tables, geo: str) -> pd.DataFrame:
    """Return `country_profile.indicator_strengths` with the zeros read as the index treats them, strongest first.

    A zero that is a true bottom score is zero percent of the EU; one that stands for a missing figure stays unknown.
    """
    rows = country_profile.indicator_strengths(tables, geo)
    read = zero_readings(tables, "country").query("unit == @geo and year == 2023 and reading == 'bottom'")
    rows["relative"] = rows["relative"].mask(rows["indicator_code"].isin(read["indicator_code"]), 0.0)
    return rows.sort_values(["relative", "indicator_code"], ascending=[False, True], ignore_index=True)
