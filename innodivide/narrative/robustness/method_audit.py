"""Values and tables on which method to believe (notebook 04), from the stored size audit."""

import pandas as pd

from innodivide.evidence.size_audit import rates
from innodivide.narrative.words_file import Words
from innodivide.wording import join_names

METHODS = Words("04_robustness").names("methods")
PERSISTING = "_persisting"  # how the rows of a method end that is also given persisting records


def method_rates(audit: pd.DataFrame) -> pd.DataFrame:
    """Return `rates.false_positive_rates` with the names of the methods."""
    return rates.false_positive_rates(audit).assign(method=lambda f: f["method"].map(METHODS))


def method_table(audit: pd.DataFrame, alpha: float) -> pd.DataFrame:
    """Return `rates.rates_by_method` with the names of the methods."""
    return rates.rates_by_method(audit, alpha).assign(method=lambda f: f["method"].map(METHODS))


def method_facts(audit: pd.DataFrame, alpha: float) -> dict:
    """Return the size of the audit, the rates of the registered methods, and which methods keep their level.

    A method that is also given persisting records counts once, and keeps its level if it does with both.
    """
    table = method_table(audit, alpha).set_index("method")
    also = {METHODS[m]: METHODS[m + PERSISTING] for m in METHODS if m + PERSISTING in METHODS}
    keeps = table["keeps"].astype(bool).drop(list(also.values()))
    for name, other in also.items():
        keeps[name] &= bool(table.at[other, "keeps"])
    test, interval, naive = (table.loc[METHODS[m]] for m in ("row_permutation", "firth_dispersion", "firth_profile"))
    given, lasting = (table.loc[METHODS[m]] for m in ("next_permutation", "next_permutation_persisting"))
    worst = table["full"].drop(METHODS["firth_profile"]).idxmax()
    counts = audit.groupby("method")["n_sim"].min()
    least, most = int(counts.min()), int(counts.max())
    return {
        "n": len(keeps),
        "alpha": alpha,
        "sd": audit["sd"].max(),
        "ratio": audit["odds_ratio"].max(),
        "n_sim": int(counts["row_permutation"]),
        "sims": f"{most:,}" if least == most else f"{least:,} to {most:,}",
        "next": given["full"],
        "next_low": min(lasting["none"], lasting["half"], lasting["full"]),
        "next_high": max(lasting["none"], lasting["half"], lasting["full"]),
        "test": test["full"],
        "power": test["power"],
        "interval": interval["full"],
        "naive": naive["full"],
        "poisson": table.at[METHODS["poisson"], "full"],
        "fractional": table.at[METHODS["fractional_logit"], "full"],
        "worst": table.at[worst, "full"],
        "worst_name": worst,
        "kept": join_names(keeps.index[keeps]),
        "n_kept": int(keeps.sum()),
        "errs": rates.errs(table[["none", "half", "full"]], alpha),
        "n_fits": int(audit["n_sim"].sum()),
    }


def cluster_rows(records: pd.DataFrame, audit: pd.DataFrame) -> pd.DataFrame:
    """Return the linear models in percentage points, with the false-positive rate `false` at the spread found."""
    methods = ["lpm_cr1", "lpm_cr2", "lpm_two_way", "wild_rademacher", "wild_webb", "freedman_lane"]  # as computed
    null = rates.false_positives(audit).set_index("method")
    share = records["scale"].str.startswith("units of rate")
    return records.assign(
        name=[METHODS[m] for m in methods],
        estimate=records["estimate"].where(~share, 100 * records["estimate"]),
        scale="percentage points",
        false=null.loc[methods, "rejection"].to_numpy(),
    )
