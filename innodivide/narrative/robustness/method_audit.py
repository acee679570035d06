"""Values and tables on which method to believe (notebook 04), from the stored size audit."""

import numpy as np
import pandas as pd

from innodivide.narrative.words_file import Words
from innodivide.wording import join_names

WORDS = Words("04_robustness")
METHODS = WORDS.names("methods")


def method_rates(audit: pd.DataFrame) -> pd.DataFrame:
    """Return false positives at the largest spread in percent: method, rejected, low, high (Monte Carlo 95%)."""
    rows = audit[np.isclose(audit["odds_ratio"], 1) & (audit["sd"] == audit["sd"].max())]
    reach = 1.96 * rows["rejection_se"]
    return pd.DataFrame(
        {
            "method": rows["method"].map(METHODS),
            "rejected": 100 * rows["rejection"],
            "low": 100 * (rows["rejection"] - reach).clip(lower=0),
            "high": 100 * (rows["rejection"] + reach),
            "n_sim": rows["n_sim"],
        }
    ).reset_index(drop=True)


def method_table(audit: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Return one row per method: false positives at each spread, coverage and power at the largest one.

    Columns method, none, half, full (false-positive rates), coverage (the worse of the two odds ratios), power,
    n_failed (of all its fits), keeps (see `keeps_level`). The order is that of the audit.
    """
    null = np.isclose(audit["odds_ratio"], 1)
    false = audit[null].pivot(index="method", columns="sd", values="rejection").sort_index(axis=1)
    false.columns = ["none", "half", "full"]
    full = audit["sd"] == audit["sd"].max()
    found = audit[full & ~null].set_index("method")["rejection"]
    by_method = audit[full].groupby("method", sort=False)
    frame = false.assign(
        coverage=by_method["coverage"].min(),
        power=found,
        n_failed=audit.groupby("method")["n_failed"].sum(),
        keeps=keeps_level(false, alpha),
    )
    frame = frame.loc[audit["method"].drop_duplicates()].reset_index()
    return frame.assign(method=frame["method"].map(METHODS))


def keeps_level(false: pd.DataFrame, alpha: float) -> pd.Series:
    """Return whether all false-positive rates of a row are within 0.5 and 1.5 times alpha (Bradley 1978)."""
    return ((false >= alpha / 2) & (false <= 1.5 * alpha)).all(axis=1)


def method_facts(audit: pd.DataFrame, alpha: float) -> dict:
    """Return the size of the audit, the rates of the registered methods, and which methods keep their level."""
    table = method_table(audit, alpha).set_index("method")
    test, interval, naive = (table.loc[METHODS[m]] for m in ("row_permutation", "firth_dispersion", "firth_profile"))
    worst = table["full"].drop(METHODS["firth_profile"]).idxmax()
    return {
        "n": len(table),
        "alpha": alpha,
        "sd": audit["sd"].max(),
        "ratio": audit["odds_ratio"].max(),
        "n_sim": int(audit["n_sim"].min()),
        "test": test["full"],
        "power": test["power"],
        "interval": interval["full"],
        "naive": naive["full"],
        "poisson": table.at[METHODS["poisson"], "full"],
        "fractional": table.at[METHODS["fractional_logit"], "full"],
        "worst": table.at[worst, "full"],
        "worst_name": worst,
        "kept": join_names(table.index[table["keeps"].astype(bool)]),
        "n_kept": int(table["keeps"].sum()),
        "n_fits": int(audit["n_sim"].sum()),
    }


def cluster_rows(records: pd.DataFrame, audit: pd.DataFrame) -> pd.DataFrame:
    """Return the linear models in percentage points, with the false-positive rate `false` at the spread found."""
    methods = ["lpm_cr1", "lpm_cr2", "lpm_two_way", "wild_rademacher", "wild_webb", "freedman_lane"]  # as computed
    null = audit[np.isclose(audit["odds_ratio"], 1) & (audit["sd"] == audit["sd"].max())].set_index("method")
    share = records["scale"].str.startswith("units of rate")
    return records.assign(
        name=[METHODS[m] for m in methods],
        estimate=records["estimate"].where(~share, 100 * records["estimate"]),
        scale="percentage points",
        false=null.loc[methods, "rejection"].to_numpy(),
    )
