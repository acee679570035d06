"""The analyses of the report on regional barriers (notebook 06) and of the annexes, put together from the library.

Each part that draws at random has a stream of its own (`confirmatory.stream`), so it can be run alone.
"""

import numpy as np
import pandas as pd

from innodivide.data import editions
from innodivide.data.sources import sources_of
from innodivide.data.tables import Tables, indicators_of, member_states, once
from innodivide.evidence import scenarios
from innodivide.evidence.claims import shared_barriers as claim
from innodivide.evidence.confirmatory import stream
from innodivide.evidence.plan import Plan
from innodivide.indicators import barriers, composite, nuts_links
from innodivide.indicators.country_profile import index_relative_to_eu
from innodivide.indicators.regions import index_rows, nuts_version, on_the_map, regions
from innodivide.models.estimators.firth import FirthFit

GDP, PEOPLE = "gdp_pc_pps_eu27_100", "population_implied"
WEALTH_YEAR = 2021  # regional GDP; the quality of government is of a later survey where one is known
_WEIGHTED = ["value", "reference", "gap", "gap_low", "gap_high"]  # means of a state's regions, by population
CHOICES, OAXACA, PROFILES, PIPELINE, ANNEX, ANNEX_SCENARIOS, ANNEX_NETWORK = range(43, 50)  # streams of the plan


def profiles(tables: Tables, plan: Plan) -> barriers.Profiles:
    """Return the clusters of lagging regions by the shape of their barriers (`barriers.barrier_profiles`)."""
    lagging = claim.lagging_regions(tables)
    matrix = barriers.profile_matrix(claim.regional_contributions(tables), lagging.index)
    return barriers.barrier_profiles(matrix, stream(plan, PROFILES), n_boot=199)


def oaxaca_frame(tables: Tables) -> pd.DataFrame:
    """Return the regions with index, quality of government and wealth.

    Returns
    -------
    pandas.DataFrame
        region_code, geo, relative (Regional Innovation Index, EU = 100), emerging (whether the Member State is an
        emerging innovator in the EIS whose series is shown: no region is sorted by its own index), eqi (standardised
        score), ln_gdp (log GDP per head in PPS of `WEALTH_YEAR`, population-weighted over NUTS 2). Regions without all
        of these are absent.
    """
    places = regions(tables)[["geo", "relative"]]
    government = barriers.region_eqi(tables)["eqi"]
    parts, heads = _wealth_parts(tables)
    product = (parts[GDP] * heads).groupby(parts["region_code"]).sum(min_count=1)
    wealth = np.log(product / heads.groupby(parts["region_code"]).sum(min_count=1))
    group = index_relative_to_eu(tables).groupby("geo")["group"].first()
    frame = places.assign(eqi=government, ln_gdp=wealth, emerging=places["geo"].map(group) == "emerging")
    return frame.dropna().rename_axis("region_code").reset_index()


def wealth_sources(tables: Tables) -> tuple[str, ...]:
    """Return the sources of the wealth of regions, and of the links by which it is carried to another version."""
    rows, links, version = _wealth_rows(tables), tables["nuts_link"], nuts_version(tables)
    carried = links["version_from"].ne(links["version_to"]) & links["version_to"].eq(version)
    return sources_of(rows, links[carried & links["version_from"].isin(rows["nuts_version"])])


def _wealth_rows(tables: Tables) -> pd.DataFrame:
    """Return the rows of GDP per head and people, of the scoreboard's version of NUTS or the latest that there is."""
    rows, version = tables["region_year"], nuts_version(tables)
    rows = rows[(rows["year"] == WEALTH_YEAR) & rows["variable"].isin([GDP, PEOPLE])]
    have = version if (rows["nuts_version"] == version).any() else rows["nuts_version"].max()
    return rows[rows["nuts_version"] == have]


def _wealth_parts(tables: Tables) -> tuple[pd.DataFrame, pd.Series]:
    """Return region_code and GDP per head of the NUTS 2 regions, or of their parts, and the people of each.

    Rows of another version of NUTS are carried over by the population of the common parts.
    """
    home = editions.of_latest(tables, "ris_nuts2", editions.REGIONAL)[["nuts_code", "region_code"]]
    rows, version = _wealth_rows(tables), nuts_version(tables)
    have = rows["nuts_version"].iloc[0]
    wide = rows.pivot(index="nuts_code", columns="variable", values="value").reset_index()
    if have == version:
        parts = home.merge(wide, on="nuts_code")
        return parts, parts[PEOPLE].where(parts[GDP].notna())
    link = nuts_links.parts(tables, have, version).drop(columns="change")
    parts = home.merge(link, left_on="nuts_code", right_on="code_to")
    parts = parts.drop(columns="nuts_code").merge(wide, left_on="code_from", right_on="nuts_code")
    return parts, parts["population"].astype(float).where(parts[GDP].notna())


def government_and_wealth(tables: Tables, plan: Plan, n_boot: int = 499) -> pd.DataFrame:
    """Return the Oaxaca-Blinder parts of the distance between regions of emerging innovators and all other regions."""
    frame = oaxaca_frame(tables)
    return barriers.oaxaca_twofold(
        frame, "relative", ["eqi", "ln_gdp"], "emerging", "geo", stream(plan, OAXACA), n_boot
    )


def index_identity(tables: Tables) -> dict[str, pd.DataFrame]:
    """Return how the published indices are rebuilt from their indicators, for the Member States and their regions.

    Returns
    -------
    dict
        "country" and "region": the rows of `composite.identity_check` and `composite.rebuild_regional`; "zeros" and
        "region_zeros": the verdicts on their scores of zero.
    """
    members, index, scores = (
        set(member_states(tables)["geo"]),
        composite.index_values(tables),
        composite.score_matrix(tables),
    )
    weights, blocks = composite.implicit_weights(scores, index), composite.score_matrix(tables, "dimension")
    dimensions = indicators_of(tables, composite.EDITION).set_index("indicator_code")["dimension_code"]
    zeros = composite.classify_zeros(scores, index, weights, blocks, dimensions)
    checked = composite.identity_check(scores, index, weights, composite.missing_cells(zeros, scores))
    regional, published, home = composite.regional_scores(tables)
    rebuilt = composite.rebuild_regional(regional, published, home)
    region_zeros = composite.regional_zeros(regional, rebuilt)
    return {
        "country": checked[checked["geo"].isin(members)],
        "zeros": zeros[zeros["geo"].isin(members)],
        "region": rebuilt[rebuilt["geo"].isin(members)],
        "region_zeros": region_zeros[region_zeros["region_code"].map(home).isin(members)],
    }


def without_a_point(tables: Tables) -> list[str]:
    """Return the regions of the latest RIS for which `region_point` has no place on a map."""
    places = on_the_map(tables, regions(tables))
    return list(places.loc[places["lon"].isna(), "region_code"])


def region_series(tables: Tables) -> pd.DataFrame:
    """Return the regional index over its years: geo (region_code), year, relative (EU of the year = 100)."""
    rows = index_rows(tables)
    rows = rows[rows["region_code"].isin(regions(tables).index)]
    return rows.rename(columns={"region_code": "geo", "relative_to_eu_pct": "relative"})[["geo", "year", "relative"]]


def pipeline_scenarios(
    tables: Tables, fit: FirthFit, dyads: pd.DataFrame, plan: Plan, n_draws: int = 1000
) -> pd.DataFrame:
    """Return the scenarios for the projects in preparation, with the group in the latest edition (`group`)."""
    frame = scenarios.pipeline_dyads(tables)
    rows = scenarios.participation_scenarios(fit, dyads, stream(plan, PIPELINE), frame=frame, n_draws=n_draws)
    return rows.assign(group=rows["geo"].map(frame.groupby("geo")["group"].first()))


@once
def institutions_by_state(tables: Tables) -> pd.DataFrame:
    """Return the institutional gaps of the Member States; the quality of government as mean of a state's regions.

    Returns
    -------
    pandas.DataFrame
        As `barriers.institutional_gaps`, one row for each measure and state; regional figures are weighted with
        population, and so are the margins of the index, as if the errors of regions moved together. Beside it rank
        (1 = furthest behind; ties share the best).
    """
    gaps = barriers.institutional_gaps(tables)
    country, rows = gaps[gaps["level"] == "country"], gaps[gaps["level"] == "region"]
    if rows.empty:  # the quality of government is left out
        frame = country.copy()
    else:
        heads = barriers.region_eqi(tables)["population"].astype(float)
        frame = pd.concat([_of_states(rows, heads), country], ignore_index=True)
    frame["rank"] = frame.groupby("measure")["gap"].rank(ascending=False, method="min").astype(int)
    frame["n_units"] = frame.groupby("measure")["geo"].transform("size")
    keep = ["level", "geo", "measure", "label", "year", *_WEIGHTED, "gap_sd", "reading", "rank", "n_units", "source_id"]
    return frame[keep].sort_values(["level", "measure", "geo"], ascending=[False, True, True], ignore_index=True)


def _of_states(rows: pd.DataFrame, heads: pd.Series) -> pd.DataFrame:
    """Return the means of regional measures for each state, weighted with the population of the regions."""
    weight, keys = rows["unit"].map(heads), [rows["measure"], rows["geo"]]
    total = weight.groupby(keys).sum()
    means = pd.DataFrame({c: (rows[c] * weight).groupby(keys).sum(min_count=1) / total for c in _WEIGHTED})
    first = rows.groupby(["measure", "geo"])[["label", "year", "source_id"]].first()
    spread = means["gap"] / means.groupby("measure")["value"].transform(lambda v: v.std(ddof=1))
    regional = means.join(first).assign(gap_sd=spread, level="region").reset_index()
    low, high = regional["gap_low"], regional["gap_high"]
    regional["reading"] = np.select(
        [low > 0, high < 0, (low <= 0) & (high >= 0)], ["behind", "ahead", "within the margin"], ""
    )
    return regional
