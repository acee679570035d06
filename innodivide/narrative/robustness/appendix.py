"""Sentences and values on unmeasured confounders, priors and partial pooling (notebook 04)."""

import math

import pandas as pd

from innodivide.evidence.confirmatory import Confirmatory
from innodivide.evidence.robustness import other_choices
from innodivide.models.estimators.pooling import RandomIntercept
from innodivide.models.inference.confounding import Sensitivity


def claimed(family: pd.DataFrame) -> bool:
    """Return whether the plan's rule lets an association with leader status be claimed (either way)."""
    return family.set_index("claim").at["leaders", "verdict"] != "inconclusive"


def confounding_sentence(found: dict[str, Sensitivity], verdict: str) -> tuple[str, dict]:
    """Return the template on unmeasured confounders, and its values: the numbers, or why there are none."""
    e, robustness = found["e_value"], found["robustness"]
    shown = []
    if e.shown:
        shown.append(
            "An unmeasured confounder could explain the association away if states with it were at least {e:.2f} times "
            "as likely both to be leaders and to take part, beyond size and wealth (E-value; {e_end:.2f} for the end "
            "of the interval nearest to one). "
        )
    if robustness.shown:
        shown.append(
            "In a linear model of the country totals it would have to explain {rv:.0%} of what size and wealth leave "
            "of both (robustness value; {rv_end:.0%} to bring the interval to zero). "
        )
    if shown:
        text = "By the rule of the plan the claim on leaders is {verdict}. " + "".join(shown)
    else:
        text = (
            "No robustness value and no E-value is shown. They say how strong an unmeasured confounder would have to "
            "be to explain an association away, which is a question only where one is claimed. By the rule of the plan "
            "the claim on leaders is {verdict}, and {reason}."
        )
    values = {"verdict": verdict, "reason": e.reason, "e": e.value, "e_end": e.value_interval}
    return text.strip(), values | {"rv": robustness.value, "rv_end": robustness.value_interval}


def confounding(main: Confirmatory, family: pd.DataFrame) -> tuple[str, dict]:
    """Return the template on unmeasured confounders and its values, by the plan's verdict on leaders."""
    verdict = family.set_index("claim").at["leaders", "verdict"]
    return confounding_sentence(other_choices.confounding(main, claimed(family)), verdict)


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
