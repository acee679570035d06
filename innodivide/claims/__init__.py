"""The claims ledger: each claim of the brief with its numbers, coverage and verdict.

The rule behind each verdict stands in analysis_plan.yml: for C01 to C04, C06 and C08 in the registered plan, for the
others in its supplement, written later but before their statistics were computed.
"""

import pandas as pd

from innodivide.claims import barriers, divide, tier1, tiers
from innodivide.claims.finding import NOT_TESTED, Finding
from innodivide.confirmatory import Confirmatory, stream
from innodivide.data.tables import Tables, _tables
from innodivide.plan import Plan
from innodivide.wording import join_names

__all__ = ["NOT_TESTED", "Finding", "ledger", "verdict_counts"]


def ledger(main: Confirmatory, family: pd.DataFrame, plan: Plan, tables: Tables | None = None) -> pd.DataFrame:
    """Return the ledger, one row for each claim of data/claims.csv.

    Returns
    -------
    pandas.DataFrame
        Columns claim_id, claim, place, verdict, short, rests, change, numbers, coverage (see `Finding`), test, rule,
        exhibit, source_id.
    """
    tables = _tables(tables)
    verdicts = family.set_index("claim")
    findings = [
        tier1.leaders_or_size_and_wealth(main, verdicts, plan),
        tier1.named_five_dominate(main, verdicts, plan, tables),
        tier1.lowest_group_absent(main, verdicts, plan, tables),
        tier1.large_firms(tables),
        tiers.tiers_hardly_connect(stream(plan, 9), tables),
        divide.least_innovative_regions(tables),
        tiers.partnership_demand(tables),
        divide.divide_widens(plan, tables),
        tiers.uneven_recovery(stream(plan, 10), tables),
        barriers.shared_barriers_finding(stream(plan, 11), tables),
        tiers.regions_beyond(tables),
        tiers.reform_money(stream(plan, 12), tables),
    ]
    frame = pd.DataFrame([f.__dict__ for f in findings])
    claims = tables["claim"].merge(frame, on="claim_id", how="left")
    claims["verdict"] = claims["verdict"].fillna(NOT_TESTED)
    for column in ("numbers", "short", "change"):
        claims[column] = claims[column].str.replace(r"(?<![\w])-(?=\d)", "−", regex=True)
    claims["rule"] = claims["claim_id"].map(plan.claim_rules).str.replace("_", " ")
    columns = ["claim_id", "claim", "place", "verdict", "short", "rests", "change", "numbers", "coverage"]
    return claims[[*columns, "test", "rule", "exhibit", "source_id"]]


def verdict_counts(rows: pd.DataFrame) -> dict:
    """Return how many claims have each verdict, for the text."""
    counts = rows["verdict"].value_counts()
    order = ["supported", "partly", "inconclusive", "contradicted", "not testable with open data", NOT_TESTED]
    return {"total": len(rows), "counts": join_names([f"{int(counts[v])} {v}" for v in order if v in counts])}
