"""One row for each NUTS 2 region with everything that the regional claims read, so that each of them can be recomputed.

Figures keep the level at which they are published: a region takes the value of the larger region that holds it (quality
of government of a whole country, group and index of a scoreboard region). Payments of older regions are divided by
population (`nuts_link`).
"""

import numpy as np
import pandas as pd

from innodivide.data import editions
from innodivide.data.tables import Tables, member_states, once
from innodivide.errors import DataError, NotAvailable
from innodivide.indicators import nuts_links
from innodivide.indicators.regions import first_year, regions

VERSION = "2021"  # of NUTS: that of the regional accounts and of the Regional Innovation Scoreboard 2023
EQI_YEAR = editions.SECOND["eqi"][0]
PAYMENT_YEARS = range(2014, 2021)  # the programming period
HEADS_YEAR = 2019  # of population and GDP beside the payments
FIRST, LAST = 2010, 2022  # of the value added: the last year that nearly every region has
PARTS = ("manufacturing", "knowledge_services", "other")


@once
def regional_frame(tables: Tables) -> pd.DataFrame:
    """Return the NUTS 2 regions of the EU27 (version 2021, without extra-regio).

    Returns
    -------
    pandas.DataFrame
        Sorted by nuts_code: nuts_code, geo, name, region_code (of the Regional Innovation Scoreboard that holds it),
        group, lagging (group emerging), gap (100 less the index in percent of the EU, first year of the series),
        population (persons), gdp_pc (PPS, EU27 = 100), both of `HEADS_YEAR`; eqi (`EQI_YEAR`, standardised);
        gerd_pct_gdp and gerd_year (latest odd year known); erdf_per_head (euro per person, `PAYMENT_YEARS` together);
        manufacturing, knowledge_services, other (shares of value added, `LAST`, add up to 1), herfindahl (their sum of
        squares), moved (half the sum of absolute changes of the shares, `FIRST` to `LAST`). What is unknown is missing.
    """
    nuts = tables["nuts"]
    rows = nuts[(nuts["nuts_version"] == VERSION) & (nuts["level"] == 2)]
    rows = rows[rows["geo"].isin(member_states(tables)["geo"]) & ~rows["is_extra_regio"].fillna(False).astype(bool)]
    frame = rows.set_index("nuts_code")[["geo", "name"]].sort_index()
    parts, board = editions.of_latest(tables, "ris_nuts2", editions.REGIONAL), regions(tables)
    if (found := nuts_links.one_version(parts, "scoreboard/ris_nuts2.csv")) != VERSION:
        cure = f"take the tables with RIS {editions.PLAN['ris']}, as the claims do: tables.as_of(pins=PLAN)"
        raise DataError(f"scoreboard/ris_nuts2.csv: regions of NUTS {found}, this frame is of NUTS {VERSION}; {cure}")
    parts = parts.set_index("nuts_code")["region_code"]
    frame["region_code"] = parts.reindex(frame.index)
    frame["group"] = frame["region_code"].map(board["group"])
    frame["lagging"] = (frame["group"] == "emerging").where(frame["group"].notna())
    frame["gap"] = 100 - frame["region_code"].map(board[f"relative_{first_year(tables)}"])
    for name, variable in (("population", "population_implied"), ("gdp_pc", "gdp_pc_pps_eu27_100")):
        frame[name] = _of_year(tables, variable, HEADS_YEAR)
    frame["eqi"] = _eqi(tables, frame.index)
    frame = frame.join(_research(tables))
    frame["erdf_per_head"] = erdf_by_region(tables).reindex(frame.index) / frame["population"]
    return frame.join(structure(tables)).reset_index()


def _of_year(tables: Tables, variable: str, year: int) -> pd.Series:
    rows = tables["region_year"]
    rows = rows[(rows["variable"] == variable) & (rows["nuts_version"] == VERSION) & (rows["year"] == year)]
    return rows.set_index("nuts_code")["value"].astype(float)


def _eqi(tables: Tables, codes: pd.Index) -> list[float]:
    """Quality of government of each region, or of the smallest published region that holds it."""
    try:
        known = tables["eqi_2024"].query("year == @EQI_YEAR").set_index("nuts_code")["eqi"].astype(float)
    except NotAvailable:  # claims that do not read it go on; that which does (C10) says so
        return [np.nan] * len(codes)
    return [next((known[c] for c in (code, code[:3], code[:2]) if c in known), np.nan) for code in codes]


def _research(tables: Tables) -> pd.DataFrame:
    """R&D intensity of the latest odd year (the even ones are known for half of the states)."""
    rows = tables["region_year"].query("variable == 'gerd_pct_gdp' and nuts_version == @VERSION")
    rows = rows[rows["year"] % 2 == 1].sort_values("year").groupby("nuts_code").last()
    return rows[["value", "year"]].astype({"value": float}).set_axis(["gerd_pct_gdp", "gerd_year"], axis=1)


def erdf_by_region(tables: Tables) -> pd.Series:
    """Return the ERDF payments of `PAYMENT_YEARS` by NUTS 2 code of `VERSION`, in euro.

    A region of an older version hands its payments to the regions that it became, by population.

    Raises
    ------
    DataError
        If a payment is to a code that the link of its version does not have: it would be lost.
    """
    rows = tables["erdf_payment"]
    rows = rows[rows["year"].isin(PAYMENT_YEARS)].groupby(["nuts_version", "nuts_code"])["erdf_payment_eur"].sum()
    found = []
    for version, sums in rows.groupby(level="nuts_version"):
        link = nuts_links.parts(tables, version, VERSION)
        lost = sorted(set(sums.index.get_level_values("nuts_code")) - set(link["code_from"]))
        if lost:
            raise DataError(
                f"erdf_payment.csv: NUTS {version} {', '.join(lost)}: in no row of nuts_link.csv from {version} to "
                f"{VERSION}; correct the code or its version, or add the link"
            )
        share = link["population"] / link.groupby("code_from")["population"].transform("sum")
        amount = link["code_from"].map(sums.droplevel("nuts_version")) * share
        found.append(amount.groupby(link["code_to"]).sum(min_count=1))
    return pd.concat(found).groupby(level=0).sum(min_count=1)


def structure(tables: Tables) -> pd.DataFrame:
    """Return the three parts of value added of each region, their concentration and how much they moved.

    Returns
    -------
    pandas.DataFrame
        Index nuts_code; `PARTS`, herfindahl, moved (see `regional_frame`).
    """
    shares = {}
    for year in (FIRST, LAST):
        known = {p: _of_year(tables, v, year) / 100 for p, v in zip(PARTS, ("manuf_gva_share", "ict_prof_gva_share"))}
        part = pd.DataFrame(known).dropna()
        shares[year] = part.assign(other=1 - part.sum(axis=1))[list(PARTS)]
    last, moved = shares[LAST], (shares[LAST] - shares[FIRST]).abs().sum(axis=1, min_count=3) / 2
    return last.assign(herfindahl=(last**2).sum(axis=1), moved=moved)
