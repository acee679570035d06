"""Is Tier 1 more concentrated between countries than what it draws on?"""

import numpy as np
import pandas as pd

from innodivide.data.tables import TAKING_PART, Tables, country_values
from innodivide.indicators import concentration, participation
from innodivide.models.result import require_rng


def tier1_and_benchmarks(tables: Tables, year: int = 2019) -> pd.DataFrame:
    """Return what Tier 1 gives and what it draws on: geo, group, quantity, tier1 (bool), value, coverage.

    Aid is that of ME1 and BAT1, the only IPCEIs with approved aid for every state; amounts of other bases are not
    added.
    """
    states = participation.by_country(tables).set_index("geo")
    aid = tables["ipcei_country"]
    aid = aid[aid["ipcei_id"].isin(["ME1", "BAT1"]) & aid["role"].isin(TAKING_PART)].groupby("geo")["aid_eur_mn"].sum()
    horizon = tables["horizon_country"].query("data_cut == '2017-07'").set_index("geo")["eu_contribution_eur"]
    missing = int(states["counts_missing"].sum())
    panel = {
        v: country_values(tables, v, year).set_index("geo")["value"]
        for v in ("population", "gdp_meur", "berd_meur", "rd_scoreboard_firms")
    }
    series = [
        ("IPCEI places", True, states["n"], "complete"),
        (
            "IPCEI companies (at least)",
            True,
            states["companies_min"],
            f"{missing} of {states['n'].sum()} national counts unknown",
        ),
        ("IPCEI aid, ME1 and BAT1", True, aid.reindex(states.index).fillna(0.0), "two of the IPCEIs"),
        ("Population", False, panel["population"], f"{year}"),
        ("GDP", False, panel["gdp_meur"], f"{year}"),
        ("Business R&D", False, panel["berd_meur"], f"{year}"),
        ("Horizon 2020 money to July 2017", False, horizon, "lower bound"),
        ("Firms in the R&D scoreboard", False, panel["rd_scoreboard_firms"], f"{year}, world top 2500"),
    ]
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "geo": states.index,
                    "group": states["group"].to_numpy(),
                    "quantity": name,
                    "tier1": first,
                    "value": states.index.map(values).astype(float),
                    "coverage": note,
                }
            )
            for name, first, values, note in series
        ],
        ignore_index=True,
    )


def concentration_by_quantity(frame: pd.DataFrame) -> pd.DataFrame:
    """Return quantity, tier1, n, gini, herfindahl (normalised), top3, theil_between (between groups), coverage."""
    rows = []
    for quantity, part in frame.groupby("quantity", sort=False):
        values = part["value"].to_numpy()
        theil = concentration.theil_decomposition(values, part["group"].to_numpy()).set_index("component")[
            "contribution"
        ]
        rows.append(
            {
                "quantity": quantity,
                "tier1": bool(part["tier1"].iloc[0]),
                "n": len(part),
                "gini": concentration.gini(values),
                "herfindahl": concentration.herfindahl(values, normalised=True),
                "top3": concentration.concentration_ratio(values, 3),
                "theil_between": theil["between"] / theil["total"],
                "coverage": part["coverage"].iloc[0],
            }
        )
    return pd.DataFrame(rows)


def more_concentrated(
    frame: pd.DataFrame, rng: np.random.Generator, n_boot: int = 1999, level: float = 0.95
) -> pd.DataFrame:
    """Compare the Gini index of each Tier-1 quantity with each benchmark, by drawing countries with replacement.

    Returns
    -------
    DataFrame
        quantity, benchmark, gini, gini_benchmark, difference, ci_low, ci_high (percentiles; same countries in both),
        dissimilarity (half the sum of absolute differences of shares, 0 to 1: the share of Tier 1 that would have to
        move).
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
            low, high = np.nanquantile(change, [(1 - level) / 2, (1 + level) / 2])
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
