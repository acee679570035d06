"""Is Tier 1 more concentrated between countries than what it draws on?"""

import numpy as np
import pandas as pd

from innodivide.data.tables import TAKING_PART, Tables, country_values, integrated_ipceis
from innodivide.indicators import concentration, participation
from innodivide.models.result import require_rng
from innodivide.wording import join_names

YEAR = 2019  # of the benchmarks: the last year before the pandemic
AID = "IPCEI aid"  # begins the name of the quantity; the IPCEIs it is of follow


def tier1_and_benchmarks(tables: Tables) -> pd.DataFrame:
    """Return what Tier 1 gives and what it draws on: geo, group, quantity, tier1 (bool), value, coverage.

    Aid is that of the IPCEIs with an approved maximum for every state in them (`approved_everywhere`); without any,
    there is none.
    """
    states = participation.by_country(tables).set_index("geo")
    aid, whole = tables["ipcei_country"], approved_everywhere(tables)
    aid = aid[aid["ipcei_id"].isin(whole) & aid["role"].isin(TAKING_PART)].groupby("geo")["aid_eur_mn"].sum()
    aid = (
        f"{AID}, {join_names(whole)}",
        True,
        aid.reindex(states.index).fillna(0.0),
        f"{len(whole)} of {len(integrated_ipceis(tables))} IPCEIs",
    )
    horizon = tables["horizon_country"].query("data_cut == '2017-07'").set_index("geo")["eu_contribution_eur"]
    names = ("population", "gdp_meur", "berd_meur", "rd_scoreboard_firms")
    people, gdp, research, firms = (country_values(tables, v, YEAR).set_index("geo")["value"] for v in names)
    unknown = f"{states['counts_missing'].sum()} of {states['n'].sum()} national counts unknown"
    series = [
        ("IPCEI places", True, states["n"], "complete"),
        ("IPCEI companies (at least)", True, states["companies_min"], unknown),
        *([aid] if whole else []),
        ("Population", False, people, f"{YEAR}"),
        ("GDP", False, gdp, f"{YEAR}"),
        ("Business R&D", False, research, f"{YEAR}"),
        ("Horizon 2020 money to July 2017", False, horizon, "lower bound"),
        ("Firms in the R&D scoreboard", False, firms, f"{YEAR}, world top 2500"),
    ]
    who = states[["group"]].reset_index()
    parts = [
        who.assign(quantity=name, tier1=first, value=states.index.map(values).astype(float), coverage=note)
        for name, first, values, note in series
    ]
    return pd.concat(parts, ignore_index=True)


def approved_everywhere(tables: Tables) -> list[str]:
    """Return the IPCEIs whose aid is known as approved maximum for every state in them, in order of decision.

    Amounts of other bases are not added, so that an IPCEI with one of them is left out.
    """
    rows = participation.aid_coverage(tables)
    approved, *other = participation.BASIS_ORDER
    whole = (rows["n_states_known"] == rows["n_states"]) & rows[approved].notna() & rows[other].isna().all(axis=1)
    return list(rows.loc[whole, "ipcei_id"])


def concentration_by_quantity(frame: pd.DataFrame) -> pd.DataFrame:
    """Return quantity, tier1, n, gini, herfindahl (normalised), top3, theil_between (between groups), coverage."""
    rows = []
    for quantity, part in frame.groupby("quantity", sort=False):
        found = concentration.summary(part["value"].to_numpy(), part["group"].to_numpy())
        found = {"quantity": quantity, "tier1": bool(part["tier1"].iloc[0]), "n": len(part)} | found
        rows.append(found | {"coverage": part["coverage"].iloc[0]})
    return pd.DataFrame(rows).drop(columns="theil")


def more_concentrated(frame: pd.DataFrame, rng: np.random.Generator, n_boot: int = 1999) -> pd.DataFrame:
    """Compare the Gini index of each Tier-1 quantity with each benchmark, by drawing countries with replacement.

    Returns
    -------
    DataFrame
        quantity, benchmark, gini, gini_benchmark, difference, ci_low, ci_high (95% percentiles; same countries in
        both), dissimilarity (half the sum of absolute differences of shares, 0 to 1: the share of Tier 1 that would
        have to move).
    """
    require_rng(rng)
    wide = frame.pivot(index="geo", columns="quantity", values="value")
    draws, rows = rng.integers(len(wide), size=(n_boot, len(wide))), []
    first, other = (list(dict.fromkeys(frame.loc[frame["tier1"] == t, "quantity"])) for t in (True, False))
    values = {q: wide[q].to_numpy() for q in wide}
    boot = {
        q: np.array([concentration.gini(v[d]) if v[d].sum() > 0 else np.nan for d in draws]) for q, v in values.items()
    }
    for quantity in first:
        for benchmark in other:
            x, y = values[quantity], values[benchmark]
            g, h, change = concentration.gini(x), concentration.gini(y), boot[quantity] - boot[benchmark]
            low, high = np.nanquantile(change, [0.025, 0.975])
            rows.append(
                {
                    "quantity": quantity,
                    "benchmark": benchmark,
                    "gini": g,
                    "gini_benchmark": h,
                    "difference": g - h,
                    "ci_low": low,
                    "ci_high": high,
                    "dissimilarity": float(np.abs(x / x.sum() - y / y.sum()).sum() / 2),
                }
            )
    return pd.DataFrame(rows)
