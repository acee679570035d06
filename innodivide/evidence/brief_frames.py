"""The frames behind the figures of the policy brief (notebook 07) and its summary (08)."""

import numpy as np
import pandas as pd

from innodivide.data.editions import REGIONAL, SECOND, latest
from innodivide.data.tables import Tables
from innodivide.evidence import regional_analyses
from innodivide.evidence.claims.both_tiers import NULLS
from innodivide.evidence.claims.money_and_advice import MONEY
from innodivide.evidence.claims.persisting_gap import DRAWS, SERIES
from innodivide.evidence.confirmatory import stream
from innodivide.evidence.plan import Plan
from innodivide.indicators import convergence, participation, tiers
from innodivide.indicators.country_profile import index_relative_to_eu
from innodivide.indicators.regions import regions
from innodivide.indicators.tiers import benchmarks, money
from innodivide.models.network import null_models

REGIONS, SPREAD = 51, 37  # streams of the plan, where no claim has one
COMPARED = ("Population", "GDP", "Business R&D")
PLAIN, GIVEN = "as it stands", "at equal GDP per head"


def membership(tables: Tables) -> pd.DataFrame:
    """Return geo, name, group (latest edition), n (IPCEIs) and n_possible of each Member State."""
    return participation.by_country(tables)[["geo", "name", "group", "n", "n_possible"]]


def benchmark_rows(tables: Tables, plan: Plan) -> pd.DataFrame:
    """Return the differences between the Gini index of Tier 1 and of what it draws on.

    Returns
    -------
    pandas.DataFrame
        Columns benchmark, quantity, gini, gini_benchmark, difference, ci_low, ci_high, order (of drawing); the same
        draws of countries as in the report on the two tiers.
    """
    values = benchmarks.tier1_and_benchmarks(tables)
    rows = benchmarks.more_concentrated(values, stream(plan, SPREAD), n_boot=999)
    rows = rows[rows["benchmark"].isin(COMPARED)]
    place = rows["benchmark"].map(COMPARED.index) * 10 + pd.factorize(rows["quantity"])[0]
    columns = ["benchmark", "quantity", "gini", "gini_benchmark", "difference", "ci_low", "ci_high"]
    return rows[columns].assign(order=place).sort_values("order", ignore_index=True)


def pairs_against_activity(tables: Tables, plan: Plan) -> tuple[dict, pd.DataFrame]:
    """Return the cross-tier pairs of claim C05 and their reference distribution, from the claim's random matrices.

    Returns
    -------
    tested : dict
        `bipartite.against_null`: the row `pairs` of `bipartite.overlap_test`.
    draws : pandas.DataFrame
        Columns value (cross-tier pairs) and count (random matrices with so many).
    """
    matrix, sides = tiers.listed_matrix(tables)
    first = np.array([sides[c] == "tier1" for c in matrix])
    drawn, seen = (null_models.curveball(matrix, plan.permutations, stream(plan, NULLS)), matrix.to_numpy()[None])
    null, observed = ((m[:, :, first].sum(axis=2) * m[:, :, ~first].sum(axis=2)).sum(axis=1) for m in (drawn, seen))
    counts = pd.Series(null).value_counts().sort_index()
    tested = null_models.against_null(float(observed[0]), null.astype(float))
    return tested, pd.DataFrame({"value": counts.index.to_numpy(), "count": counts.to_numpy()})


def spread_paths(tables: Tables, plan: Plan) -> pd.DataFrame:
    """Return the change of the spread since the first year of each series: states as in claim C08, and regions.

    Returns
    -------
    pandas.DataFrame
        Columns series ("EIS ..." of states, for each, "RIS ..." of regions), year, sd_log, change, ci_low, ci_high, n.
        Regions are drawn by whole countries.
    """
    parts = []
    for k, edition in enumerate(SECOND["eis"]):
        path = convergence.sigma_path(index_relative_to_eu(tables, edition), stream(plan, SERIES + k), n_boot=DRAWS)
        parts.append(path.assign(series=f"EIS {edition}"))
    series = regional_analyses.region_series(tables)
    series = series.assign(country=series["geo"].map(regions(tables)["geo"]))
    areas = convergence.sigma_path(series, stream(plan, REGIONS), value="relative", cluster="country")
    rows = pd.concat([*parts, areas.assign(series=f"RIS {latest(tables, 'ris', REGIONAL)}")], ignore_index=True)
    return rows[["series", "year", "sd_log", "change", "ci_low", "ci_high", "n"]]


def money_pairs(tables: Tables, plan: Plan) -> pd.DataFrame:
    """Return the rank correlations of money per head with the gap, plain and at equal GDP per head (as in claim C12).

    Returns
    -------
    pandas.DataFrame
        Columns instrument, reform, given (`PLAIN`, `GIVEN`), rho, ci_low, ci_high, p_value, n, order (of drawing).
    """
    beside = {k: v for k, v in money.INSTRUMENTS.items() if not v[5]}
    rows = money.money_against_gap(tables, stream(plan, MONEY), plan.permutations, money.REFORM | beside)
    numbers = ["rho", "ci_low", "ci_high", "p_value"]
    names = dict(zip([f"{name}_given_wealth" for name in ("rho", "low", "high", "p")], numbers))
    columns = ["instrument", "reform", "given", *numbers, "n", "order"]
    plain = rows.assign(given=PLAIN, order=range(0, 2 * len(rows), 2))
    given = rows.drop(columns=numbers).rename(columns=names).assign(given=GIVEN)
    given["order"] = range(1, 2 * len(rows), 2)
    return pd.concat([plain[columns], given[columns]]).sort_values("order", ignore_index=True)
