"""What the stored size audit says of each method: false positives, coverage, power, and whether it keeps its level."""

import numpy as np
import pandas as pd


def keeps_level(false: pd.DataFrame, alpha: float) -> pd.Series:
    """Return whether all false-positive rates of a row are within 0.5 and 1.5 times alpha (Bradley 1978)."""
    return ((false >= alpha / 2) & (false <= 1.5 * alpha)).all(axis=1)


def errs(false: pd.DataFrame, alpha: float) -> str:
    """Return on which side of these bounds false-positive rates lie that do not keep the level, in words."""
    sides = {"too often": (false > 1.5 * alpha).any(axis=None), "too rarely": (false < alpha / 2).any(axis=None)}
    return " or ".join(side for side, found in sides.items() if found)


def false_positives(audit: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the audit without any effect at the largest spread between countries."""
    return audit[np.isclose(audit["odds_ratio"], 1) & (audit["sd"] == audit["sd"].max())]


def false_positive_rates(audit: pd.DataFrame) -> pd.DataFrame:
    """Return false positives at the largest spread in percent: method, rejected, low, high (Monte Carlo 95%), n_sim."""
    rows = false_positives(audit)
    rejected, reach = rows["rejection"], 1.96 * rows["rejection_se"]
    ends = {"low": 100 * (rejected - reach).clip(lower=0), "high": 100 * (rejected + reach)}
    return rows[["method"]].assign(rejected=100 * rejected, **ends, n_sim=rows["n_sim"]).reset_index(drop=True)


def rates_by_method(audit: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Return one row per method: false positives at each spread, coverage and power at the largest one.

    Columns method, none, half, full (false-positive rates), coverage (the worse of the two odds ratios), power,
    n_failed (of all its fits), keeps (see `keeps_level`). The order is that of the audit.
    """
    null = np.isclose(audit["odds_ratio"], 1)
    false = audit[null].pivot(index="method", columns="sd", values="rejection").sort_index(axis=1)
    false.columns = ["none", "half", "full"]
    full = audit["sd"] == audit["sd"].max()
    frame = false.assign(
        coverage=audit[full].groupby("method", sort=False)["coverage"].min(),
        power=audit[full & ~null].set_index("method")["rejection"],
        n_failed=audit.groupby("method")["n_failed"].sum(),
        keeps=keeps_level(false, alpha),
    )
    return frame.loc[audit["method"].drop_duplicates()].reset_index()
