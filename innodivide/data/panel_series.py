"""How country_panel follows from country_year: of which series a value is, what it must be, rows for a new year."""

from __future__ import annotations  # pandas is imported where a frame is made

import itertools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

SPLICE = ("gdp_pc_pps_eu27_100", 2019)  # the series and year that a spliced value moves on from
ROUNDING = 0.06  # half of the last decimal of a spliced value, and of the figures that it is made of
Lookup = Callable[[str, int, str], list[float]]  # geo, year, series: the figure, and those before its corrections


def possible(geo: str, year: int, series: str, basis: str, known: Lookup) -> list[float]:
    """Return the values that a row of country_panel may have, the one of today's country_year first; none: no figure.

    Parameters
    ----------
    basis : {"series", "spliced", "carried_forward"}
        As in the table. A value carried forward follows from the panel itself: none is returned.
    """
    if basis == "series":
        return known(geo, year, series)
    if basis != "spliced":
        return []
    splice, start = SPLICE
    figures = (known(geo, start, splice), known(geo, year, series), known(geo, start, series))
    return [level * now / then for level, now, then in itertools.product(*figures)]


def lookup(country_year: pd.DataFrame, correction: pd.DataFrame | None = None) -> Lookup:
    """Return what finds figures in country_year; with corrections, also what stood there before each applied one."""
    found: dict[tuple[str, int, str], list[float]] = {
        (r.geo, int(r.year), r.variable): [float(r.value)] for r in country_year.itertuples()
    }
    rows = [] if correction is None else correction.itertuples()
    for row in rows:
        if row.table == "country_year" and row.column == "value" and row.status == "applied":
            key = dict(part.split("=", 1) for part in row.key.split(";"))
            found.setdefault((key["geo"], int(key["year"]), key["variable"]), []).append(float(row.value_in_source))
    return lambda geo, year, series: found.get((geo, year, series), [])


def next_rows(
    panel: pd.DataFrame, country_year: pd.DataFrame, year: int, variables: Iterable[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Return rows of country_panel for a year that it lacks, each by the series and basis of its last year.

    Parameters
    ----------
    panel, country_year : pandas.DataFrame
        The tables as text.

    Returns
    -------
    pandas.DataFrame
        The rows, as text.
    list of str
        What has no figure: "population of CY (population_implied)".
    """
    import pandas as pd

    known = lookup(country_year)
    source = country_year.set_index(["geo", "year", "variable"])
    rows, lacking = [], []
    panel = panel[panel["variable"].isin(list(variables))]
    have = panel.loc[panel["year"] == str(year)].set_index(["geo", "variable"]).index
    earlier = panel[(panel["year"].astype(int) < year) & (panel["basis"] != "carried_forward")]
    last = earlier.sort_values("year").groupby(["geo", "variable"]).tail(1)
    for row in (
        last[~last.set_index(["geo", "variable"]).index.isin(have)].sort_values(["variable", "geo"]).itertuples()
    ):
        values = possible(row.geo, year, row.series, row.basis, known)
        if not values:
            lacking.append(f"{row.variable} of {row.geo} ({row.series})")
            continue
        figure = source.loc[(row.geo, str(year), row.series)]
        made = {"geo": row.geo, "year": str(year), "variable": row.variable, "series": row.series, "basis": row.basis}
        made |= {"value": figure["value"] if row.basis == "series" else f"{values[0]:.1f}".removesuffix(".0")}
        made |= {"flag": row.flag or figure["flag"], "note": row.note, "source_id": figure["source_id"]}
        rows.append(made | {"more_source_ids": row.more_source_ids})
    return pd.DataFrame(rows, dtype=object), lacking


def for_decisions(
    panel: pd.DataFrame, country_year: pd.DataFrame, days: Iterable[str], variables: Iterable[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Return rows of country_panel for the years before decisions (days as 2026-06-30), and what has no figure."""
    import pandas as pd

    found = [next_rows(panel, country_year, year, variables) for year in sorted({int(d[:4]) - 1 for d in days})]
    frames = [rows for rows, _ in found if len(rows)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(), [t for _, texts in found for t in texts]
