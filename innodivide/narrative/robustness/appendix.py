"""Sentences and values on unmeasured confounders, priors and partial pooling (notebook 04)."""

import math

import pandas as pd

from innodivide.evidence.confirmatory import Confirmatory
from innodivide.evidence.robustness import other_choices
from innodivide.models.estimators.pooling import RandomIntercept


def claimed(family: pd.DataFrame) -> bool:
    """Return whether the plan's rule lets an association with leader status be claimed (either way)."""
    return family.set_index("claim").at["leaders", "verdict"] != "inconclusive"


def confounding(main: Confirmatory, family: pd.DataFrame) -> tuple[list[str], dict]:
    """Return which parts of the paragraph on unmeasured confounders to use, by the plan's verdict, and its values."""
    found = other_choices.confounding(main, claimed(family))
    e, robustness = found["e_value"], found["robustness"]
    shown = [name for name, one in (("e-value", e), ("robustness value", robustness)) if one.shown]
    values = {"verdict": family.set_index("claim").at["leaders", "verdict"], "reason": e.reason}
    values |= {"e": e.value, "e_end": e.value_interval, "rv": robustness.value, "rv_end": robustness.value_interval}
    return ["claim", *shown] if shown else ["neither"], values


def prior_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the priors with `span`, the odds ratios that hold 95 % before the data, as a text like 1/39 to 39."""
    span = rows["prior_high"].map(
        lambda high: f"1/{high:,.3g} to {high:,.3g}" if high < 1000 else f"1/{high:,.0f} to {high:,.0f}",
        na_action="ignore",
    )
    return rows.assign(span=span)


def prior_facts(rows: pd.DataFrame, pooled: RandomIntercept) -> dict:
    """Return the range of the odds ratio over priors, and the estimate of the model with country levels."""
    known = rows.dropna(subset=["odds_ratio"])
    cross = (known["ci_low"] < 1) & (known["ci_high"] > 1)
    log = pooled.result
    return {
        "n": int(known["m"].fillna(1.0).gt(0).sum()),
        "n_all": len(known),
        "cross": int(cross.sum()),
        "low": known["odds_ratio"].min(),
        "high": known["odds_ratio"].max(),
        "pooled": math.exp(log.estimate),
        "pooled_low": math.exp(log.ci_low),
        "pooled_high": math.exp(log.ci_high),
        "pooled_p": log.p_value,
        "sd": pooled.sd,
    }
