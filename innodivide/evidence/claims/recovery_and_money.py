"""Claims C09 and C12 on the recovery from the pandemic and on reform money: numbers, coverage and verdict.

The rules stand in the supplement of analysis_plan.yml. Each function applies its rule and nothing else.
"""

import numpy as np
import pandas as pd

from innodivide.data.tables import Tables, member_states
from innodivide.evidence import recovery
from innodivide.evidence.claims.finding import Finding
from innodivide.evidence.claims.thresholds import ALPHA
from innodivide.indicators.tiers import money
from innodivide.models.inference.permutation import holm
from innodivide.wording import join_names, p_text, sentence, teller


def recovery_verdict(rows: pd.DataFrame) -> str:
    """Apply the rule of C09 to the frame of `recovery.recovery_tests`."""
    rows = rows[(rows["outcome"] == "shortfall") & (rows["contrast"] == "gap")]
    main = rows[rows["main"]].iloc[0]
    again = rows[(rows["end"] == main["end"]) & (rows["sample"] != main["sample"])]
    later = rows[(rows["end"] != main["end"]) & (rows["sample"] == main["sample"])]
    same = np.sign(pd.concat([again, later])["estimate"]) == np.sign(main["estimate"])
    robust = bool(same.all() and (again["p_value"] < ALPHA).all())
    if main["p_value"] >= ALPHA:
        return "inconclusive"
    if main["estimate"] > 0:
        return "supported" if robust else "partly"
    return "contradicted" if robust else "inconclusive"


def uneven_recovery(tables: Tables, rng: np.random.Generator, n_permutations: int = 9999) -> Finding:
    """C09: the shortfall of GDP after the pandemic rises with the innovation gap."""
    rows = recovery.recovery_tests(tables, rng, n_permutations)
    rows = rows.assign(p=[p_text(p, "= ") for p in rows["p_value"]])
    gap, main = rows[rows["contrast"] == "gap"], rows[rows["main"]].iloc[0]
    shown = gap[((gap["outcome"] == "shortfall") & (gap["end"] == recovery.END)) | (gap["outcome"] == "shock")]
    ends = gap[(gap["outcome"] == "shortfall") & (gap["end"] != recovery.END) & (gap["sample"] == "EU27")]
    slope = "{r.outcome} {r.end} ({r.sample}) {r.estimate:+.2f} ({r.ci_low:+.2f} to {r.ci_high:+.2f}), p {r.p}"
    values: dict[str, object] = {
        "shown": join_names([sentence(slope, r=r) for r in shown.itertuples()]),
        "main": main,
        "alpha": ALPHA,
    }
    values |= {"ends": join_names([sentence("{r.end} {r.estimate:+.2f} (p {r.p})", r=r) for r in ends.itertuples()])}
    tell = teller(half=(main["ci_high"] - main["ci_low"]) / 2, **values)
    return Finding(
        claim_id="C09",
        verdict=recovery_verdict(rows),
        numbers=tell("Percentage points for each 10 index points below the EU: {shown}. Shortfall at {ends}."),
        coverage=main["coverage"],
        short=tell(
            "For each 10 index points that a state is below the EU, its GDP of {main[end]} was {main[estimate]:+.2f} "
            "points further below its own trend ({main[ci_low]:+.2f} to {main[ci_high]:+.2f}, p {main[p]})."
        ),
        rests=tell("{main[n]} states"),
        change=tell(
            "Partly if p were below {alpha}, at this precision a slope of about {half:+.2f}; supported if also without "
            "Ireland and with the same sign in the years beside it; contradicted if all that held with the other sign"
        ),
    )


def reform_money(tables: Tables, rng: np.random.Generator, n_permutations: int = 9999) -> Finding:
    """C12: reform money per head and the R&I recommendations of 2020 go where the gap is."""
    rows = money.money_against_gap(tables, rng, n_permutations)
    reform, last = rows[rows["reform"]], money.recommendation_against_gap(tables, rng, n_permutations).iloc[-1]
    funds = reform.set_index("instrument")[["rho", "p_value"]].rename(columns={"rho": "estimate"})
    advice = last.to_frame("R&I recommendation 2020").T[["estimate", "p_value"]].astype(float)
    tests = pd.concat([funds, advice])
    tests["p_holm"] = holm(tests["p_value"])["p_holm"]
    clear = tests["p_holm"] < ALPHA
    towards, against = clear & (tests["estimate"] > 0), clear & (tests["estimate"] < 0)
    verdict = (
        "supported"
        if towards.all()
        else "contradicted"
        if 2 * against.sum() > len(tests)
        else "partly"
        if towards.any()
        else "inconclusive"
    )
    funds = tests.iloc[:-1]
    one, p_holm = "{name} {r.estimate:+.2f} (p {p})", [p_text(p, "= ") for p in tests["p_holm"]]
    shown = [sentence(one, name=name, r=r, p=p) for (name, r), p in zip(funds.iterrows(), p_holm)]
    beside = [sentence("{r.instrument} {r.rho:+.2f}", r=r) for r in rows[~rows["reform"]].itertuples()]
    # a rounded zero keeps its sign here: it says on which side of none the correlation lies
    given = [f"{rho:+.2f}".replace("-", "−") for rho in reform["rho_given_wealth"]]
    values: dict[str, object] = {
        "shown": join_names(shown),
        "given": join_names(given),
        "beside": join_names(beside),
        "last": last,
    }
    values |= {"p_last": p_holm[-1], "p_funds": p_text(funds["p_holm"].max(), "= "), "alpha": ALPHA, "n": len(tests)}
    values |= {"rho": funds["estimate"].describe(), "rho_given": reform["rho_given_wealth"].describe()}
    values |= {"states": len(member_states(tables)), "wanting": join_names(tests.index[~towards], none="no part less")}
    tell = teller(**values)
    return Finding(
        claim_id="C12",
        verdict=verdict,
        numbers=tell(
            "Rank correlation with the gap: {shown}; at equal GDP per head {given}. Mean gap of states with against "
            "without a recommendation in 2020: {last[estimate]:+.1f} points (p {p_last}). Beside it: {beside}."
        ),
        coverage=tell("{states} states; planned amounts; in 2019 every state got a recommendation"),
        short=tell(
            "Money: rank correlation {rho[min]:+.2f} to {rho[max]:+.2f}, p {p_funds}, at equal GDP per head "
            "{rho_given[min]:+.2f} to {rho_given[max]:+.2f}; gap of states with a recommendation less that of the "
            "others: {last[estimate]:+.0f} points ({last[ci_low]:+.0f} to {last[ci_high]:+.0f}), p {p_last}"
        ),
        rests=tell("{states} states, planned money"),
        change=tell(
            "Supported if {wanting} ran with the gap too, p (Holm) below {alpha}; contradicted if most of the {n} ran "
            "against it"
        ),
    )
