"""Values, names and tables of the robustness report (notebook 04)."""

import numpy as np
import pandas as pd

from innodivide import composite
from innodivide.panel import Tables, member_states
from innodivide.wording import join_names

CHOICES = {
    "status": "Status",
    "size": "Size",
    "wealth": "Wealth",
    "outcome": "Outcome",
    "estimator": "Model",
    "controls_year": "Controls of",
    "period": "Projects",
}
READABLE = {
    "at_decision": "leader at the decision",
    "lag1": "one step earlier",
    "eis2020": "leader in EIS 2020",
    "leader_or_strong": "leader or strong",
    "top5": "five highest ranks",
    "ln_population": "population",
    "ln_gdp": "GDP",
    "in": "GDP per head in",
    "out": "left out",
    "notifying": "notified",
    "late_joiners": "or joined later",
    "associated": "or associated",
    "firth": "Firth logit",
    "quasi_binomial": "quasi-binomial",
    "all": "all",
    "until_2021": "up to 2021",
    "since_2022": "since 2022",
    "drop_LU": "without Luxembourg",
}
STATISTICS = {
    "median_log_odds": "Median estimate (log odds)",
    "median_t": "Median t",
    "share_same_sign": "Share with the commoner sign",
    "share_below_alpha": "Share with p below the level",
}
RATIOS = {"log odds": "odds ratio", "log rate ratio": "rate ratio"}
QUESTIONS = {"leader": "Label of a leader", "index": "Innovation index"}
EVERY = [
    *("family", "status", "size", "wealth", "sample", "outcome", "estimator", "controls_year"),
    *("scale", "estimate", "ci_low", "ci_high", "t", "p_value"),
    *("n_dyads", "n_countries", "n_ipceis", "n_events", "n_treated", "dropped", "failed"),
]
METHODS = {
    "row_permutation": "row permutation of the score (registered test)",
    "potter": "permutation of the residualised status (Potter)",
    "firth_dispersion": "Firth logit with dispersion t (registered interval)",
    "firth_profile": "Firth logit with profile likelihood (dyads independent)",
    "quasi_binomial": "quasi-binomial with t",
    "fractional_logit": "fractional logit (HC1)",
    "poisson": "Poisson with offset (HC1)",
    "lpm_cr1": "linear probability (CR1)",
    "lpm_cr2": "linear probability (CR2)",
    "lpm_two_way": "linear probability (two-way)",
    "wild_rademacher": "wild cluster bootstrap (Rademacher)",
    "wild_webb": "wild cluster bootstrap (Webb)",
    "freedman_lane": "Freedman-Lane",
}


def plain(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose texts name columns and choices in words, without underscores."""
    texts = rows.select_dtypes(include=["object", "str"]).columns
    return rows.assign(**{c: rows[c].str.replace(r"(?<=\w)_(?=\w)", " ", regex=True) for c in texts})


def curve_rows(specs: pd.DataFrame) -> pd.DataFrame:
    """Return the specifications with an estimate, choices in words; `period` gathers samples without one project."""
    rows = specs[specs["failed"] == ""].copy()
    rows["period"] = rows["sample"].where(rows["sample"].isin(READABLE), "all but one project")
    for column in CHOICES:
        rows[column] = rows[column].map(lambda v: READABLE.get(v, v))
    return rows


def curve_facts(specs: pd.DataFrame) -> dict:
    """Return how many specifications there are, their median, range, and how many intervals include one."""
    rows = specs[specs["failed"] == ""]
    cross = (rows["ci_low"] < 1) & (rows["ci_high"] > 1)
    return {
        "n": len(rows),
        "failed": int((specs["failed"] != "").sum()),
        "median": rows["odds_ratio"].median(),
        "low": rows["odds_ratio"].quantile(0.05),
        "high": rows["odds_ratio"].quantile(0.95),
        "above": float((rows["odds_ratio"] > 1).mean()),
        "cross": int(cross.sum()),
        "out": int((~cross).sum()),
        "share_cross": float(cross.mean()),
    }


def joint_table(joint: pd.DataFrame) -> pd.DataFrame:
    """Return the joint test with its statistics in words."""
    return joint.assign(statistic=joint["statistic"].map(STATISTICS))


def joint_facts(joint: pd.DataFrame) -> dict:
    """Return the joint p-value of the median estimate and the number of permutations."""
    row = joint.set_index("statistic").loc["median_log_odds"]
    return {"p": row["p_value"], "permutations": int(row["n_permutations"])}


def by_choice(specs: pd.DataFrame) -> pd.DataFrame:
    """Return choice, level, n, median odds ratio and share_cross (intervals that include one) for each level."""
    rows = curve_rows(specs)
    rows["cross"] = (rows["ci_low"] < 1) & (rows["ci_high"] > 1)
    parts = []
    for column, heading in CHOICES.items():
        grouped = rows.groupby(column, sort=True).agg(
            n=("cross", "size"), median=("odds_ratio", "median"), share_cross=("cross", "mean")
        )
        parts.append(grouped.reset_index(names="level").assign(choice=heading))
    return pd.concat(parts, ignore_index=True)[["choice", "level", "n", "median", "share_cross"]]


def every_row(fitted: pd.DataFrame, registered: str) -> pd.DataFrame:
    """Return every specification: choices, estimate and interval as read (ratios instead of logarithms), counts.

    `position` is the percentage of its family's t values that are not larger; `registered` marks the announced one.
    """
    log = fitted["scale"].isin(RATIOS)
    ends = {c: np.exp(fitted[c]).where(log, fitted[c]) for c in ("estimate", "ci_low", "ci_high")}
    position = 100 * fitted.groupby("family")["t"].rank(method="first", pct=True, na_option="bottom")
    rows = fitted.assign(**ends, scale=fitted["scale"].replace(RATIOS), question=fitted["family"].map(QUESTIONS))
    rows = rows.assign(position=position, registered=rows["spec_id"] == registered)
    return rows[["question", "position", "registered", *EVERY]]


def every_facts(rows: pd.DataFrame, alpha: float) -> dict:
    """Return how many specifications there are of both questions, and the share of p-values below alpha."""
    return {"n": len(rows), "below": float((rows["p_value"] < alpha).mean()), "alpha": alpha}


def one_out_facts(rows: pd.DataFrame, tables: Tables | None = None) -> dict:
    """Return the range of the estimate over the units left out, and the units at its ends."""
    names = member_states(tables).set_index("geo")["name"]
    known = rows[rows["dropped"] != ""].dropna(subset=["odds_ratio"])
    known = known.assign(name=known["dropped"].map(lambda u: names.get(u, u))).sort_values("odds_ratio")
    return {
        "n": len(known),
        "low": known["odds_ratio"].iloc[0],
        "without_low": known["name"].iloc[0],
        "high": known["odds_ratio"].iloc[-1],
        "without_high": known["name"].iloc[-1],
        "cross": int(((known["ci_low"] < 1) & (known["ci_high"] > 1)).sum()),
    }


def one_out_rows(rows: pd.DataFrame, tables: Tables | None = None) -> pd.DataFrame:
    """Return the units left out by name, those that move the estimate most first."""
    names = member_states(tables).set_index("geo")["name"]
    known = rows[rows["dropped"] != ""].assign(name=lambda f: f["dropped"].map(lambda u: names.get(u, u)))
    order = known["change"].abs().sort_values(ascending=False).index
    return known.loc[order].head(12).reset_index(drop=True)


def sweep_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the cuts of the threshold sweep that give an estimate."""
    return rows.dropna(subset=["odds_ratio"]).assign(series="Above the cut against below").reset_index(drop=True)


def sweep_facts(rows: pd.DataFrame) -> dict:
    """Return the range of cuts with an estimate and how many of the intervals include one."""
    known = rows.dropna(subset=["odds_ratio"])
    cross = (known["ci_low"] < 1) & (known["ci_high"] > 1)
    return {"first": known["c"].min(), "last": known["c"].max(), "n": len(known), "cross": int(cross.sum())}


def leader_chances(draws: pd.DataFrame, tables: Tables | None = None) -> pd.DataFrame:
    """Return geo, name, p_leader (share of index constructions, where not none) and nominal."""
    names = member_states(tables).set_index("geo")["name"]
    rows = composite.p_leader(draws)
    rows = rows[rows["p_leader"] > 0].assign(name=lambda f: f["geo"].map(names))
    return rows.sort_values(["p_leader", "geo"], ascending=[False, True], ignore_index=True)


def label_facts(fits: pd.DataFrame) -> dict:
    """Return the spread of the estimate over redrawn labels."""
    known = fits.dropna(subset=["odds_ratio"])
    summary = composite.label_summary(fits)
    return {
        "sets": len(known),
        "nominal": summary["nominal"],
        "low": summary["minimum"],
        "high": summary["maximum"],
        "cross": int(((known["ci_low"] < 1) & (known["ci_high"] > 1)).sum()),
        "sd_label": summary["sd_label"],
        "sd_sampling": summary["se_sampling"],
    }


def shapley_facts(rows: pd.DataFrame) -> dict:
    """Return each factor's share of the fit, with the interval of the status."""
    share = rows.set_index("factor")
    return {
        "size": share.at["size", "share"],
        "wealth": share.at["wealth", "share"],
        "status": share.at["status", "share"],
        "status_high": share.at["status", "share_high"],
    }


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
        "test_low": test[["none", "half", "full"]].min(),
        "test_high": test[["none", "half", "full"]].max(),
        "power": test["power"],
        "interval": interval["full"],
        "coverage": interval["coverage"],
        "naive": naive["full"],
        "naive_coverage": naive["coverage"],
        "worst": table.at[worst, "full"],
        "worst_name": worst,
        "kept": join_names(table.index[table["keeps"].astype(bool)]),
        "n_kept": int(table["keeps"].sum()),
        "n_failed": int(table["n_failed"].sum()),
        "n_fits": int(audit["n_sim"].sum()),
    }
