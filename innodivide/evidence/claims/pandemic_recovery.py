"""Claim C09 on the recovery from the pandemic; its rule stands in the supplement of analysis_plan.yml."""

import numpy as np
import pandas as pd

from innodivide.data.tables import Tables
from innodivide.evidence import recovery
from innodivide.evidence.claims.finding import Finding
from innodivide.evidence.claims.thresholds import ALPHA
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
