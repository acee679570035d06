"""Does money go where the innovation gap is?

The gap of a country is 100 minus its Summary Innovation Index in percent of the EU, in the series of EIS 2023, the
first one with all 27 states. It begins in 2016; for money of 2014-2020 the gap is therefore that of 2016, not of the
year before.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from innodivide.data import editions
from innodivide.data.tables import Tables, country_values, member_states
from innodivide.errors import DesignError, ParameterError
from innodivide.indicators.country_profile import EARLY, FUND, PER_HEAD_YEAR, TO1, TO3, index_relative_to_eu
from innodivide.indicators.tiers.countries import Coverage
from innodivide.models.inference.relabelling import TIE_TOLERANCE, check_permutations, country_orders
from innodivide.models.inference.slope import permutation_slope
from innodivide.models.result import require_rng

PLAN, PRICES = "planned, EU part", "2018 prices; the 30 % part was illustrative"
LOWER = "lower bound: missing amounts count as zero"
EURO, MEUR = 1e-6, 1.0  # to million euro
ESIF = {objective: FUND.format("ESIF", objective) for objective in ("TO1", "TO3")}  # all structural funds
INSTRUMENTS = {  # name: table, rows (all if empty), column, to million, year of the gap, reform money?, caveat
    "RRF grants, allocation of 2020": ("rrf_country", "", "grants_total_2018p_meur", MEUR, 2019, True, PRICES),
    "RRF grants, first plan": ("rrf_country", "", "plan_grants_meur", MEUR, 2019, False, "current prices"),
    "Cohesion 2014-2020, research and innovation": (
        "cohesion_country",
        ESIF["TO1"],
        "eu_amount_eur",
        EURO,
        2016,
        True,
        PLAN,
    ),
    "Cohesion 2014-2020, SMEs": ("cohesion_country", ESIF["TO3"], "eu_amount_eur", EURO, 2016, True, PLAN),
    "Horizon 2020 to July 2017": ("horizon_country", EARLY, "eu_contribution_eur", EURO, 2016, False, LOWER),
}

REFORM = {  # what the second registration tests: the fund named, not the sum of all structural funds
    "RRF grants": ("rrf_country", "", "grants_total_2018p_meur", MEUR, 2019, True, PRICES),
    "ERDF research and innovation": ("cohesion_country", TO1, "eu_amount_eur", EURO, 2016, True, PLAN),
    "ERDF SMEs": ("cohesion_country", TO3, "eu_amount_eur", EURO, 2016, True, PLAN),
}
BESIDE = {  # what an annex sets beside the gap: the amounts of its table (`country_profile.INSTRUMENTS`)
    "RRF grants, first plan": INSTRUMENTS["RRF grants, first plan"],
    **{name: REFORM[name] for name in ("ERDF research and innovation", "ERDF SMEs")},
}


def innovation_gap(tables: Tables, year: int) -> pd.Series:
    """Return 100 minus the index (EU of the year = 100) of the EU27 by geo; positive below the EU."""
    rows = index_relative_to_eu(tables, editions.PLAN["eis"])
    if year not in set(rows["year"]):
        raise ParameterError(f"year={year}: the series holds {rows['year'].min()} to {rows['year'].max()}")
    return (100 - rows[rows["year"] == year].set_index("geo")["relative"]).rename("gap")


def money_by_country(tables: Tables, instruments: Mapping[str, tuple] = INSTRUMENTS) -> pd.DataFrame:
    """Return each instrument by Member State.

    Returns
    -------
    DataFrame
        instrument, geo, meur (missing if unknown), per_head (euro, population of 2019), gap, gap_year, wealth (GDP per
        head, PPS, EU27 = 100, in gap_year), reform (counts as reform money), source_id, coverage.
    """
    heads = country_values(tables, "population", PER_HEAD_YEAR).set_index("geo")["value"]
    base, parts = member_states(tables)[["geo"]], []
    for instrument, (table, query, column, scale, year, reform, caveat) in instruments.items():
        rows = tables[table].query(query) if query else tables[table]
        frame = base.merge(rows[["geo", column, "source_id"]], on="geo", how="left")
        frame["meur"] = frame.pop(column).astype("float64") * scale
        known = int(frame["meur"].notna().sum())
        wealth = country_values(tables, "gdp_pc_pps", year).set_index("geo")["value"]
        parts.append(
            frame.assign(
                instrument=instrument,
                per_head=1e6 * frame["meur"] / frame["geo"].map(heads),
                gap_year=year,
                gap=frame["geo"].map(innovation_gap(tables, year)),
                wealth=frame["geo"].map(wealth),
                reform=reform,
                coverage=str(Coverage("Member States", known, len(base), caveat)),
            )
        )
    columns = ["instrument", "geo", "meur", "per_head", "gap", "gap_year", "wealth", "reform", "source_id", "coverage"]
    return pd.concat(parts, ignore_index=True)[columns]


def rank_association(
    x, y, rng: np.random.Generator, given=None, n_permutations: int = 9999, n_boot: int = 1999
) -> dict:
    """Spearman's rho with a permutation p-value and a bootstrap interval; with `given`, partial.

    Partial: correlation of the residuals of the ranks of x and y on the ranks of `given`; the residuals of x are
    permuted (Potter's permuted regressor residuals). Interval: 95% percentiles over units drawn with replacement.

    Returns
    -------
    dict
        rho, ci_low, ci_high, p_value (two-sided, |rho*| >= |rho|, (1 + number) / (n_permutations + 1)), n.

    Raises
    ------
    DesignError
        Missing values, fewer than four units, or a variable without variation.
    """
    require_rng(rng)
    check_permutations(n_permutations)
    columns = [np.asarray(v, dtype=float) for v in ((x, y) if given is None else (x, y, given))]
    if len({c.shape for c in columns}) != 1 or len(columns[0]) < 4 or not np.isfinite(columns).all():
        raise DesignError("x, y, given: expected the same number, at least four, of values that are not missing")
    data = np.column_stack(columns)
    a, b = rank_residuals(data)
    norm = np.sqrt((a @ a) * (b @ b))
    if norm < 1e-9:
        raise DesignError("x, y, given: no variation left, rank correlation is not defined")
    rho = float(a @ b / norm)
    null = a[country_orders(rng, n_permutations, len(a))] @ b / norm
    u, v = rank_residuals(data[rng.integers(len(data), size=(n_boot, len(data)))])
    norms = np.sqrt((u * u).sum(axis=1) * (v * v).sum(axis=1))
    boot = (u * v).sum(axis=1)[norms > 1e-9] / norms[norms > 1e-9]
    low, high = np.quantile(boot, [0.025, 0.975])
    return {
        "rho": rho,
        "ci_low": float(low),
        "ci_high": float(high),
        "n": len(a),
        "p_value": (1 + int((np.abs(null) >= abs(rho) * (1 - TIE_TOLERANCE)).sum())) / (n_permutations + 1),
    }


def rank_residuals(data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centred ranks of the first two columns, less their regression on the ranks of the third if there is one.

    `data` holds one sample (n, columns) or a stack of them (..., n, columns).
    """
    from scipy.stats import rankdata

    ranks = rankdata(data, axis=-2) - (data.shape[-2] + 1) / 2
    if ranks.shape[-1] == 3:
        given = ranks[..., 2:]
        total = (given * given).sum(axis=-2, keepdims=True)  # zero where all are equal: nothing to take away then
        slope = (given * ranks[..., :2]).sum(axis=-2, keepdims=True) / np.where(total > 0, total, 1.0)
        ranks = ranks[..., :2] - given * slope
    return ranks[..., 0], ranks[..., 1]


def money_against_gap(
    tables: Tables, rng: np.random.Generator, n_permutations: int = 9999, instruments: Mapping[str, tuple] = INSTRUMENTS
) -> pd.DataFrame:
    """Does euro per head rise with the innovation gap?

    Returns
    -------
    DataFrame
        One row per instrument: instrument, reform, gap_year, n, rho, ci_low, ci_high, p_value, rho_given_wealth,
        low_given_wealth, high_given_wealth (95% interval), p_given_wealth (partial, given GDP per head: these funds are
        allotted by wealth), per_head_high_gap and per_head_low_gap (euro, pooled over states below and above the EU
        index), coverage.
    """
    rows = []
    for instrument, frame in money_by_country(tables, instruments).groupby("instrument", sort=False):
        frame = frame.dropna(subset=["per_head", "gap", "wealth"])
        plain = rank_association(frame["gap"], frame["per_head"], rng, n_permutations=n_permutations)
        partial = rank_association(frame["gap"], frame["per_head"], rng, frame["wealth"], n_permutations)
        people, high = 1e6 * frame["meur"] / frame["per_head"], frame["gap"] > 0
        pooled = [1e6 * frame.loc[m, "meur"].sum() / people[m].sum() for m in (high, ~high)]
        rows.append(
            {
                "instrument": instrument,
                "reform": bool(frame["reform"].iloc[0]),
                "gap_year": int(frame["gap_year"].iloc[0]),
                **plain,
                "rho_given_wealth": partial["rho"],
                "low_given_wealth": partial["ci_low"],
                "high_given_wealth": partial["ci_high"],
                "p_given_wealth": partial["p_value"],
                "per_head_high_gap": pooled[0],
                "per_head_low_gap": pooled[1],
                "coverage": frame["coverage"].iloc[0],
            }
        )
    return pd.DataFrame(rows)


def recommendation_against_gap(tables: Tables, rng: np.random.Generator, n_permutations: int = 9999) -> pd.DataFrame:
    """Do states with a research and innovation recommendation of the Semester have the larger gap?

    Returns
    -------
    DataFrame
        One row per year: year, n_with, n_without, estimate (mean gap of 2019 with minus without, index points), ci_low,
        ci_high, p_value (permutation of countries); missing where all or none got one; coverage.
    """
    gap, rows = innovation_gap(tables, 2019), []
    table = tables["semester_rdi"]
    for year, frame in table[table["geo"].isin(gap.index)].groupby("year"):
        known = frame.dropna(subset=["rdi_recommended"])
        label = known["rdi_recommended"].astype(float).to_numpy()
        found = {"estimate": np.nan, "ci_low": np.nan, "ci_high": np.nan, "p_value": np.nan}
        if 0 < label.sum() < len(label):
            found = permutation_slope(label, known["geo"].map(gap), rng, n_permutations)
        note = Coverage(
            "Member States with the text read", len(known), len(gap), "Commission texts; progress not collected"
        )
        rows.append(
            {
                "year": int(year),
                "n_with": int(label.sum()),
                "n_without": int((label == 0).sum()),
                **{k: v for k, v in found.items() if k != "n"},
                "coverage": str(note),
            }
        )
    return pd.DataFrame(rows)
