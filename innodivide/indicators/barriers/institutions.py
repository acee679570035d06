"""Institutional barriers: quality of government, ease of doing business, rule of law, against the EU or the leaders.

Only indicators whose direction the source states are used. The Regional Competitiveness Index repeats the index of the
quality of government and the ease of doing business; these repetitions are left out.
"""

import numpy as np
import pandas as pd

from innodivide.data import editions
from innodivide.data.tables import Tables, country_values, member_states, once
from innodivide.errors import DataError, NotAvailable, ParameterError
from innodivide.indicators import nuts_links
from innodivide.indicators.country_profile import index_relative_to_eu
from innodivide.indicators.nuts_links import one_version
from innodivide.indicators.regions import regions

EQI_MEASURES = {
    "eqi": "Quality of government (EQI)",
    "eqi_corruption": "EQI: absence of corruption",
    "eqi_quality": "EQI: quality of public services",
    "eqi_impartiality": "EQI: impartiality of public services",
}
COUNTRY_MEASURES = (
    "doing_business_score",
    "wgi_control_corruption",
    "wgi_gov_effectiveness",
    "wgi_regulatory_quality",
    "wgi_rule_of_law",
    "wgi_voice_accountability",
)
RCI_REPEATS = ("ease_of_business", "eqi_corruption", "eqi_impartiality", "eqi_quality")
WEIGHT_YEAR = 2019
COLUMNS = [
    "level",
    "unit",
    "geo",
    "measure",
    "label",
    "year",
    "value",
    "reference",
    "gap",
    "gap_low",
    "gap_high",
    "gap_sd",
    "reading",
    "n_units",
    "source_id",
]


@once
def region_eqi(tables: Tables) -> pd.DataFrame:
    """Return the quality of government by region of the latest RIS: population-weighted means of its NUTS 2 regions.

    Figures of the latest year with all parts are carried from the NUTS version of the index to that of the scoreboard
    by the population of the common parts. Where the whole index is known for a later year, it and its margin are of
    that year; a region for which only a larger one was published has the figure of that one. The margin is the weighted
    mean of the margins, that is, as if the errors of neighbours moved together: never too narrow.

    Returns
    -------
    pandas.DataFrame
        Index region_code; geo, population (of the covered parts), covered (share of the region's population), year and
        source_id (of the whole index), parts_year and parts_source_id, eqi, eqi_lower, eqi_upper, eqi_corruption,
        eqi_quality, eqi_impartiality. Regions without any figure are absent.
    """
    home = editions.of_latest(tables, "ris_nuts2", editions.REGIONAL)
    index = editions.of_latest(tables, "eqi", ("parts",))
    version = one_version(home, "scoreboard/ris_nuts2.csv")
    link = nuts_links.parts(tables, one_version(index, "context/eqi.csv"), version)
    home = home[["nuts_code", "region_code"]].rename(columns={"nuts_code": "code_to"})
    parts = link.drop(columns="change").merge(home, on="code_to")
    values = ["eqi", "eqi_lower", "eqi_upper", "eqi_corruption", "eqi_quality", "eqi_impartiality"]
    rows = parts.merge(
        index[["nuts_code", "year", *values, "source_id"]].rename(columns={"nuts_code": "code_from"}), on="code_from"
    )
    if rows.empty:
        raise DataError("context/eqi.csv: no region of it can be linked to a region of the scoreboard")
    rows = rows.sort_values(["region_code", "code_to", "code_from"])
    heads = rows["population"].astype(float)
    sums = rows[values].mul(heads, axis=0).groupby(rows["region_code"]).sum()
    known = heads.groupby(rows["region_code"]).sum()
    frame = sums.div(known, axis=0)
    whole = parts.groupby("region_code")["population"].sum().astype(float)
    frame["population"], frame["covered"] = known, known / whole
    frame[["year", "source_id"]] = rows.groupby("region_code")[["year", "source_id"]].first()
    frame["geo"] = regions(tables)["geo"]
    frame[["parts_year", "parts_source_id"]] = frame[["year", "source_id"]]
    latest = editions.latest(tables, "eqi", ("index",))
    if latest != frame["year"].iloc[0]:
        newer = _whole_index(tables, home, link, version)
        frame[list(newer)] = newer.reindex(frame.index)
        frame["year"], frame["source_id"] = latest, newer["source_id"].iloc[0]
    return frame[["geo", "population", "covered", "year", *values, "source_id", "parts_year", "parts_source_id"]]


def _whole_index(tables: Tables, home: pd.DataFrame, link: pd.DataFrame, version: str) -> pd.DataFrame:
    """Return the latest whole index by region of the scoreboard: eqi, eqi_lower, eqi_upper, source_id.

    Each NUTS 2 region of `home` has its own figure, or that of the smallest published region that holds it; a region of
    the scoreboard is their mean by the population of `link`, or of the common parts if the index has another version
    of NUTS than `home`.
    """
    index = editions.of_latest(tables, "eqi_2024", ("index",)).set_index("nuts_code")
    own = one_version(index.reset_index(), "context/eqi_2024.csv")
    heads = link.groupby("code_to")["population"].sum()
    parts = home.assign(code_from=home["code_to"], population=home["code_to"].map(heads))
    if own != version:
        parts = nuts_links.parts(tables, own, version).merge(home, on="code_to")
    published = {
        code: next((c for c in (code, code[:3], code[:2]) if c in index.index), None) for code in parts["code_from"]
    }
    known = parts[parts["code_from"].map(published).notna()]
    values = ["eqi", "eqi_lower", "eqi_upper"]
    rows = index.loc[known["code_from"].map(published), values].astype(float).set_axis(known["region_code"])
    weight = known["population"].astype(float).set_axis(known["region_code"])
    frame = rows.mul(weight, axis=0).groupby(level=0).sum().div(weight.groupby(level=0).sum(), axis=0)
    return frame.assign(source_id=index["source_id"].iloc[0])


@once
def institutional_gaps(tables: Tables, reference: str = "EU") -> pd.DataFrame:
    """Return the gap of regions and countries in each institutional measure, positive = behind.

    Parameters
    ----------
    reference : {"EU", "leaders"}
        Population-weighted mean of all units with a figure, or of the leaders: regions of group leader in the RIS for
        regional measures, Member States of group leader in the EIS whose series is shown for national ones.

    Returns
    -------
    pandas.DataFrame
        Columns level ("region", "country"), unit, geo, measure, label, year (of the Regional Competitiveness Index:
        its edition), value, reference, gap (in the unit of the
        measure), gap_low, gap_high (from the published margin of the unit's figure, 95 percent; missing where the
        source gives none; the error of the reference is not in it), gap_sd (gap over the standard deviation between
        units), reading ("behind", "ahead", "within the margin"; empty without a margin), n_units, source_id.
    """
    if reference not in ("EU", "leaders"):
        raise ParameterError(f"reference={reference!r}: allowed are 'EU', 'leaders'")
    parts = [*_region_measures(tables, reference), *_country_measures(tables, reference)]
    frame = pd.concat(parts, ignore_index=True)[COLUMNS]
    return frame.sort_values(["level", "measure", "unit"], ascending=[False, True, True], ignore_index=True)


def _region_measures(tables: Tables, reference: str) -> list[pd.DataFrame]:
    try:
        rows = region_eqi(tables)
    except NotAvailable:  # then the institutions of the states alone are measured
        return []
    group = regions(tables)["group"].reindex(rows.index)
    base = rows if reference == "EU" else rows[(group == "leader").to_numpy()]
    found = []
    for measure, label in EQI_MEASURES.items():
        known, of = rows.dropna(subset=[measure]), "" if measure == "eqi" else "parts_"
        frame = pd.DataFrame({"level": "region", "unit": known.index, "geo": known["geo"].to_numpy()})
        frame = frame.assign(year=known[f"{of}year"].to_numpy(), source_id=known[f"{of}source_id"].to_numpy())
        frame = frame.assign(measure=measure, label=label, value=known[measure].to_numpy())
        margin = (known["eqi_lower"].to_numpy(), known["eqi_upper"].to_numpy()) if measure == "eqi" else None
        usual = base.dropna(subset=[measure])
        found.append(_with_gap(frame, float(np.average(usual[measure], weights=usual["population"])), margin))
    return found


def _country_measures(tables: Tables, reference: str) -> list[pd.DataFrame]:
    heads = country_values(tables, "population", WEIGHT_YEAR).set_index("geo")["value"]
    group = index_relative_to_eu(tables).groupby("geo")["group"].first()
    found = []
    for frame in _national(tables):
        base = frame if reference == "EU" else frame[(frame["geo"].map(group) == "leader").to_numpy()]
        found.append(_with_gap(frame, float(np.average(base["value"], weights=base["geo"].map(heads))), None))
    return found


def _national(tables: Tables):
    """Yield one frame for each measure known for countries, last year with a figure for all Member States."""
    members = member_states(tables)["geo"]
    labels = tables["variable"].set_index("variable")["label"]
    for measure in COUNTRY_MEASURES:
        rows = tables["country_year"]
        rows = rows[(rows["variable"] == measure) & rows["geo"].isin(members)]
        count = rows.groupby("year")["geo"].nunique()
        if not (count == len(members)).any():
            raise DataError(f"context/country_year.csv: no year with {measure} for all Member States")
        rows = rows[rows["year"] == count[count == len(members)].index.max()].sort_values("geo")
        yield rows.assign(level="country", unit=rows["geo"], measure=measure, label=labels[measure]).reset_index(
            drop=True
        )
    indicator, scores = tables["rci_indicator"], editions.of_latest(tables, "rci_score", ("scores",))
    usable = indicator[indicator["is_national"] & indicator["higher_is_better"].fillna(False).astype(bool)]
    for item in usable[~usable["indicator_code"].isin(RCI_REPEATS)].itertuples():
        rows = scores[scores["indicator_code"] == item.indicator_code]
        rows = rows.merge(tables["rci_region"][["edition", "region_code", "geo"]], on=["edition", "region_code"])
        rows = rows[rows["geo"].isin(members)].rename(columns={"edition": "year"}).groupby("geo", as_index=False)
        rows = rows[["value", "source_id", "year"]].first()
        yield rows.assign(level="country", unit=rows["geo"], measure=f"rci_{item.indicator_code}", label=item.label)


def _with_gap(frame: pd.DataFrame, base: float, margin) -> pd.DataFrame:
    value = frame["value"].to_numpy(dtype=float)
    low, high = (base - margin[1], base - margin[0]) if margin else (np.full(len(value), np.nan),) * 2
    reading = np.select([low > 0, high < 0, (low <= 0) & (high >= 0)], ["behind", "ahead", "within the margin"], "")
    spread = value.std(ddof=1)
    return frame.assign(
        reference=base,
        gap=base - value,
        gap_low=low,
        gap_high=high,
        n_units=len(frame),
        reading=reading,
        gap_sd=(base - value) / spread if spread > 0 else np.nan,
    )
