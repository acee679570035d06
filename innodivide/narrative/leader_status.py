"""Values and tables of the leader test's report (notebook 03) and of the policy brief (07)."""

from dataclasses import replace

import pandas as pd

from innodivide.data.tables import Tables, country_names, member_states
from innodivide.evidence import answer
from innodivide.evidence.claims import first_rules
from innodivide.evidence.claims.spans import Record
from innodivide.evidence.confirmatory import TO_DATE, Confirmatory, analyse, newer_ipceis, odds_ratios, planned_dyads
from innodivide.evidence.plan import Plan
from innodivide.models.inference.power import PowerCurve
from innodivide.models.result import Result, results_frame
from innodivide.narrative.exhibits import Exhibit
from innodivide.narrative.words_file import Words
from innodivide.wording import in_a_sentence, join_names, p_text

WORDS = Words("03_leader_test")
SPANS, TESTED = WORDS.names("records"), WORDS.names("tested")
SIDES = {"more": "more often", "less": "less often", "neither": "neither clearly more nor clearly less often"}
SHOWN = 8  # rows of the table of dyads
READABLE = WORDS.names("terms of the plan")  # names of the plan in the words of a report


def scope(dyads: pd.DataFrame, plan: Plan) -> tuple[str, str]:
    """Return the line on scoreboard editions and cut-off that stands under each exhibit, without and with the seed."""
    line = in_force(dyads)
    return line, f"{line}; seed {plan.seed}"


def in_force(dyads: pd.DataFrame) -> str:
    """Return which scoreboard editions gave the status of some dyads, and up to when their projects were decided."""
    first, last = dyads["edition"].min(), dyads["edition"].max()
    return f"EIS {first} to {last} as first published, IPCEIs decided up to {dyads['decision_date'].max():%Y-%m-%d}"


def plan_table(plan: Plan) -> pd.DataFrame:
    """Return the registered choices as rows: part (only where a new one begins), item, choice."""
    rows = []

    def walk(value, path):
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, [*path, str(key).replace("_", " ")])
        else:
            text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
            part, item = path[0], ": ".join(path[1:])
            rows.append([f[:1].upper() + f[1:] for f in (part, item)] + [READABLE.get(text, text)])

    walk({k: v for k, v in plan.fixed.items() if k not in ("claim_rules", "verdicts")}, [])
    frame = pd.DataFrame(rows, columns=["part", "item", "choice"])
    return frame.assign(part=frame["part"].where(frame["part"].ne(frame["part"].shift()), ""))


def departures_table(plan: Plan) -> pd.DataFrame:
    """Return the departures from the plan: date, what, why (an empty frame if there are none)."""
    return pd.DataFrame(list(plan.departures), columns=["date", "what", "why"])


def treated_states(tables: Tables, dyads: pd.DataFrame) -> pd.DataFrame:
    """Return decision_date, ipcei_id, edition (that gave the status), n and names of the leaders, for each IPCEI."""
    names = member_states(tables).set_index("geo")["name"]
    rows = dyads[dyads["leader"]].assign(name=dyads["geo"].map(names)).sort_values("name")
    grouped = rows.groupby(["decision_date", "ipcei_id", "edition"])["name"].agg(n="size", leaders=", ".join)
    return grouped.reset_index()


def ruled_facts(rows: pd.DataFrame) -> dict:
    """Return what `answer.ruled_out` rules out, in words and numbers.

    `ruled`: the clause that fits: an association by the smallest factor that is ruled out, and the next that is not.
    """
    rows, texts = rows.sort_values("factor"), WORDS.names("ruled out")
    out, left = rows[rows["equivalent"]], rows[~rows["equivalent"]]
    which = "none" if out.empty else "all" if left.empty else "some"
    inner, last = rows.iloc[0], rows.iloc[-1]
    values = {"out": out["factor"].min(), "left": left["factor"].max()}
    ruled = texts[which].format(**{k: f"{v:.3g}" for k, v in values.items() if pd.notna(v)})
    return {
        "ruled": ruled,
        "or_low90": last["or_low"],
        "or_high90": last["or_high"],
        "p_within": inner["p_within"],
        "p_above": inner["p_above"],
        "p_below": inner["p_below"],
        **{f"{k}_outer": last[k] for k in ("p_within", "p_above", "p_below")},
        "inner": inner["factor"],
        "outer": last["factor"],
        "which": which,
        **values,
    }


def later_facts(tables: Tables, plan: Plan) -> tuple[str, dict]:
    """Return whether newer IPCEIs are on record, as a part of N3.5, and what the record to date rules out with them."""
    newer = len(newer_ipceis(tables, plan))
    if not newer:
        return "none since", {}
    main = analyse(planned_dyads(tables, plan, "to date"), plan, effect=False)
    row = answer.ruled_out(main, plan).iloc[0]
    return "some since", {"newer": newer, "date_low90": row["or_low"], "date_high90": row["or_high"]}


def power_facts(curve: PowerCurve) -> dict:
    """Return the odds ratio that the registered test finds with the wanted power, and that power."""
    return {"mde": curve.odds_ratio, "power": curve.power}


def side_of(interval: Result) -> str:
    """Return on which side of one an odds ratio clearly lies, as a key of `SIDES`."""
    low, high = interval.known("ci_low", "ci_high")
    return "more" if low > 1 else "less" if high < 1 else "neither"


def answer_facts(tables: Tables, main: Confirmatory, plan: Plan) -> dict:
    """Return the numbers of the answer: plain shares, estimate, interval, p-values, what is ruled out."""
    names = member_states(tables).set_index("geo")["name"]
    treated = sorted(names[g] for g in set(main.dyads.loc[main.dyads["leader"], "geo"]))
    shares = answer.plain_shares(main.dyads)
    side = side_of(main.interval)
    return {
        "or_": main.interval.estimate,
        "low": main.interval.ci_low,
        "high": main.interval.ci_high,
        "p": main.permutation.p_value,
        "p2": main.second_permutation.p_value,
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
        **_share_facts("leader", shares.loc[answer.LEADERS]),
        **_share_facts("other", shares.loc[answer.OTHERS]),
        **ruled_facts(answer.ruled_out(main, plan)),
        "alpha": plan.alpha,
        "dropped": join_names(main.profile.dropped, none="nothing"),
        "side": side,
        "reading": SIDES[side],
    }


def _share_facts(who: str, row: pd.Series) -> dict:
    """Return the plain share of leaders or others (a row of `answer.plain_shares`) with its interval and counts."""
    facts = {f"rate_{who}": row["share"], f"{who}_taken": int(row["taken"]), f"{who}_open": int(row["open"])}
    return facts | {f"{who}_low": row["ci_low"], f"{who}_high": row["ci_high"]}


def short_parts(facts: dict, size: Result, alpha: float) -> list[str]:
    """Return the parts of N3.8 that the results call for; `size` is `first_rules.size_test`."""
    side, larger = facts["side"], first_rules.larger_more_often(size, alpha)
    ruled = f"ruled, {facts['which']}"
    return ["shares", side, "then", ruled, "then", f"so, {side}", "larger" if larger else "any size", "limits"]


def next_facts(found: dict) -> dict:
    """Return the numbers of `answer.next_participation`: what the record so far and leader status say of the next."""
    leaders, past, test = found["leaders"], found["history"], found["test"]
    return {
        "next_or": leaders.estimate,
        "next_low": leaders.ci_low,
        "next_high": leaders.ci_high,
        "next_p": test.p_value,
        "past_or": past.estimate,
        "past_low": past.ci_low,
        "past_high": past.ci_high,
        "past": {"more": "goes with", "less": "goes against", "neither": "does not clearly go with"}[side_of(past)],
        "next_reading": SIDES[side_of(leaders)],
        "n_later": test.n_ipceis,
    }


def support_facts(rows: pd.DataFrame, names: dict[str, str]) -> dict:
    """Return the words on common support from `answer.concentration_of_status`; `names` of the states by code."""
    row = rows.iloc[0]
    return {
        "largest": in_a_sentence(names[row["largest_leader"]]),
        "people": row["population"],
        "larger": int(row["larger"]),
        "share_larger": row["share_larger"],
        "share_within": row["share_within"],
    }


def span_rows(records: dict[str, Record]) -> pd.DataFrame:
    """Return what C01 rests on: for each record of IPCEIs total GDP and leader status, corrected together.

    Returns
    -------
    pandas.DataFrame
        record, tested (both in words), n_ipceis, odds_ratio, ci_low, ci_high (of GDP for each doubling), p_value,
        p_holm, and both in words.
    """
    rows = []
    for name in SPANS:
        record = records[name]
        leaders = odds_ratios(record.main.fit).loc["leader"]
        for tested, found, test in (
            ("large", record.economy, record.large),
            ("leaders", leaders, record.main.permutation),
        ):
            numbers = (*found[["odds_ratio", "ci_low", "ci_high"]], test.p_value, record.joint[tested])
            rows.append((SPANS[name], TESTED[tested], record.n_ipceis, *numbers))
    columns = ["record", "tested", "n_ipceis", "odds_ratio", "ci_low", "ci_high", "p_value", "p_holm"]
    return pd.DataFrame(rows, columns=columns).assign(
        p=lambda d: d["p_value"].map(p_text), p_corrected=lambda d: d["p_holm"].map(p_text)
    )


def dyad_table(tables: Tables, dyads: pd.DataFrame, sources: tuple[str, ...], edition: str) -> Exhibit:
    """Return the table of dyads behind the registered model: a few are shown, all are in its data."""
    rows = answer.dyad_frame(tables, dyads)
    values = {"n": len(rows), "events": int(rows["participates"].sum()), "states": rows["geo"].nunique()}
    values |= {"shown": SHOWN, **wealth_facts(rows)}
    return replace(WORDS.table("T3.7", rows, values=values, sources=sources, edition=edition), shown=SHOWN)


def wealth_facts(rows: pd.DataFrame) -> dict:
    """Return for how many IPCEIs the wealth of states is spliced, of how many, from `answer.dyad_frame`."""
    spliced = rows.loc[rows["wealth_basis"] == "spliced", "ipcei_id"].nunique()
    return {"spliced": spliced, "n_ipceis": rows["ipcei_id"].nunique()}


def sensitivity_facts(rows: pd.DataFrame) -> dict:
    """Return how many announced choices there are, how many intervals include one, and words on a row beside them."""
    known = rows[rows["choice"] != TO_DATE].dropna(subset=["odds_ratio"])
    newer, beside = bool((rows["choice"] == TO_DATE).any()), WORDS.names("beside")
    return {
        "n": len(known),
        "cross": int(((known["ci_low"] < 1) & (known["ci_high"] > 1)).sum()),
        "to_date": beside["to date"].format(n=int(rows["n_ipceis"].iloc[-1])) if newer else "",
        "aside": beside["alt"] if newer else "",
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
