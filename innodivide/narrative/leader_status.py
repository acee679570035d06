"""Values and tables of the leader test's report (notebook 03) and of the policy brief (07)."""

import pandas as pd

from innodivide.data.tables import Tables, country_names, member_states
from innodivide.evidence.confirmatory import TO_DATE, Confirmatory
from innodivide.evidence.plan import Plan
from innodivide.models.result import results_frame
from innodivide.narrative.words_file import Words
from innodivide.wording import join_names

WORDS = Words("03_leader_test")
READABLE = WORDS.names("terms of the plan")  # names of the plan in the words of a report


def scope(dyads: pd.DataFrame, plan: Plan) -> tuple[str, str]:
    """Return the line on scoreboard editions and cut-off that stands under each exhibit, without and with the seed."""
    first, last = dyads["edition"].min(), dyads["edition"].max()
    line = f"EIS {first} to {last} as first published, IPCEIs decided up to {dyads['decision_date'].max():%Y-%m-%d}"
    return line, f"{line}; seed {plan.seed}"


def plan_table(plan: Plan) -> pd.DataFrame:
    """Return the registered choices as rows: item, choice."""
    rows = []

    def walk(value, path):
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, [*path, str(key).replace("_", " ")])
        else:
            text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
            rows.append({"item": ": ".join(path), "choice": READABLE.get(text, text)})

    walk({k: v for k, v in plan.fixed.items() if k not in ("claim_rules", "verdicts")}, [])
    return pd.DataFrame(rows)


def departures_table(plan: Plan) -> pd.DataFrame:
    """Return the departures from the plan: date, what, why (an empty frame if there are none)."""
    return pd.DataFrame(list(plan.departures), columns=["date", "what", "why"])


def treated_states(tables: Tables, dyads: pd.DataFrame) -> pd.DataFrame:
    """Return decision_date, ipcei_id, edition (that gave the status), n and names of the leaders, for each IPCEI."""
    names = member_states(tables).set_index("geo")["name"]
    rows = dyads[dyads["leader"]].assign(name=dyads["geo"].map(names)).sort_values("name")
    grouped = rows.groupby(["decision_date", "ipcei_id", "edition"])["name"].agg(n="size", leaders=", ".join)
    return grouped.reset_index()


def answer_facts(tables: Tables, main: Confirmatory, curve, plan: Plan) -> dict:
    """Return the numbers of the answer: estimate, interval, p-values, effect, minimum detectable odds ratio, sample."""
    names = member_states(tables).set_index("geo")["name"]
    treated = sorted(names[g] for g in set(main.dyads.loc[main.dyads["leader"], "geo"]))
    rates = main.dyads.groupby("leader")["participates"].mean()
    low = main.interval.ci_low > 1
    high = main.interval.ci_high < 1
    unsure = "the figures do not show an association, and they do not rule out a sizeable one in either direction"
    return {
        "or_": main.interval.estimate,
        "low": main.interval.ci_low,
        "high": main.interval.ci_high,
        "p": main.permutation.p_value,
        "p2": main.second_permutation.p_value,
        "mde": curve.odds_ratio,
        "power": curve.power,
        "phi": main.fit.dispersion,
        "dyad_low": main.profile.ci_low,
        "dyad_high": main.profile.ci_high,
        "dyad_p": main.profile.p_value,
        "ame": main.effect.estimate,
        "ame_low": main.effect.ci_low,
        "ame_high": main.effect.ci_high,
        "n_dyads": main.profile.n_dyads,
        "n_countries": main.profile.n_countries,
        "n_ipceis": main.profile.n_ipceis,
        "n_events": main.profile.n_events,
        "n_treated": len(treated),
        "treated": join_names(treated),
        "rate_leader": rates[True],
        "rate_other": rates[False],
        "alpha": plan.alpha,
        "so": "the figures show an association" if low or high else unsure,
        "dropped": join_names(main.profile.dropped, none="nothing"),
        "reading": "more often" if low else "less often" if high else "neither clearly more nor clearly less often",
    }


def sensitivity_facts(rows: pd.DataFrame) -> dict:
    """Return how many announced choices there are, how many intervals include one, and words on a row beside them."""
    known = rows[rows["choice"] != TO_DATE].dropna(subset=["odds_ratio"])
    newer = bool((rows["choice"] == TO_DATE).any())
    return {
        "n": len(known),
        "cross": int(((known["ci_low"] < 1) & (known["ci_high"] > 1)).sum()),
        "to_date": WORDS.names("beside")["to date"] if newer else "",
    }


def plan_facts(plan: Plan, status: str) -> dict:
    """Return what the report says about the plan and this run's status definition."""
    return {
        "registered": str(plan.fixed["registered"]),
        "digest": plan.sha256[:16],
        "status": READABLE.get(status, f"EIS {status} throughout"),
        "planned": READABLE[plan.fixed["exposure"]["status"]],
        "departures": len(plan.departures),
    }


def family_facts(rows: pd.DataFrame) -> dict:
    """Return how many of the claims are supported."""
    return {"supported": int((rows["verdict"] == "supported").sum()), "n": len(rows)}


def record_table(main: Confirmatory) -> pd.DataFrame:
    """Return the registered results, one row each, as records."""
    parts = [main.interval, main.profile, main.permutation, main.second_permutation, main.effect]
    return results_frame([p for p in parts if p is not None])


def draw_facts(draws: pd.DataFrame, main: Confirmatory) -> dict:
    """Return the number of permutations, the observed statistic and the share at least as extreme."""
    observed = main.permutation.estimate
    return {
        "permutations": len(draws),
        "observed": observed,
        "share": float((draws["value"].abs() >= abs(observed) * (1 - 1e-9)).mean()),
    }


def expected_rows(tables: Tables, expected: pd.DataFrame) -> pd.DataFrame:
    """Return `models.expected_participation` with the names of the states."""
    return expected.assign(name=expected["geo"].map(country_names(tables)))


def expected_facts(rows: pd.DataFrame) -> dict:
    """Return how many states are within the range of states like them, and `names` of those outside it."""
    outside = list(rows.loc[rows["outside"], "name"])
    return {
        "inside": int((~rows["outside"]).sum()),
        "total": len(rows),
        "names": outside,
        "outside": join_names(outside, none="no state"),
    }
