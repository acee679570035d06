"""The claims ledger: each claim of the brief with its numbers, coverage and verdict.

The rule behind each verdict stands in analysis_plan.yml: for C01 to C04, C06 and C08 in the registered plan, for the
others in its supplement, written later but before their statistics were computed.
"""

import pandas as pd

from innodivide.data.tables import Tables
from innodivide.errors import DataError
from innodivide.evidence.claims import connection, gap, membership, recovery_and_money, shared_barriers
from innodivide.evidence.confirmatory import CLAIM_STREAMS, Confirmatory, stream
from innodivide.evidence.plan import Plan


def ledger(tables: Tables, main: Confirmatory, family: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Return the ledger, one row for each claim of data/claims.csv.

    Returns
    -------
    pandas.DataFrame
        Columns claim_id, claim, place, verdict, short, rests, change, numbers, coverage (see `Finding`), test, rule,
        exhibit, source_id.
    """
    verdicts = family.set_index("claim")
    findings = [
        membership.leaders_or_size_and_wealth(main, verdicts, plan),
        membership.named_five_dominate(tables, main, verdicts, plan),
        membership.lowest_group_absent(tables, main, verdicts, plan),
        membership.large_firms(tables),
        connection.tiers_hardly_connect(tables, stream(plan, CLAIM_STREAMS["C05"])),
        gap.least_innovative_regions(tables),
        connection.partnership_demand(tables),
        gap.divide_widens(tables, plan),
        recovery_and_money.uneven_recovery(tables, stream(plan, CLAIM_STREAMS["C09"])),
        shared_barriers.shared_barriers_finding(tables, stream(plan, CLAIM_STREAMS["C10"])),
        connection.regions_beyond(tables),
        recovery_and_money.reform_money(tables, stream(plan, CLAIM_STREAMS["C12"])),
    ]
    frame = pd.DataFrame([f.__dict__ for f in findings])
    untested = sorted(set(tables["claim"]["claim_id"]) ^ set(frame["claim_id"]))
    if untested:
        raise DataError(f"claims.csv: {', '.join(untested)} stands in the table or has a test, but not both")
    claims = tables["claim"].merge(frame, on="claim_id", validate="one_to_one")
    claims["rule"] = claims["claim_id"].map(plan.claim_rules).str.replace("_", " ")
    columns = ["claim_id", "claim", "place", "verdict", "short", "rests", "change", "numbers", "coverage"]
    return claims[[*columns, "test", "rule", "exhibit", "source_id"]]
