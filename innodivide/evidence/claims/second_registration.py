"""What the rules of the second registration read, computed once: three records, both tiers, money, the family.

Everything comes from the tables as registered: a newer IPCEI changes nothing here.
"""

from dataclasses import dataclass

import pandas as pd

from innodivide import models
from innodivide.data.tables import Tables, once
from innodivide.evidence import answer
from innodivide.evidence.claims import (
    both_tiers,
    demand_and_beyond,
    firm_size,
    lagging_barriers,
    money_and_advice,
    persisting_gap,
    regional_structures,
    spans,
    then_and_now,
)
from innodivide.evidence.claims.finding import Finding
from innodivide.evidence.confirmatory import analyse, claims_family, planned_dyads, registered
from innodivide.evidence.plan import Plan, plan_of
from innodivide.models.result import Result

MEMBERS = {  # of the family that is corrected together, as the registration names them: the key used here
    "leaders given earlier participation": "next",
    "C05 cross-tier pairs, activity held": both_tiers.HELD,
    "C05 cross-tier pairs, partnerships dealt anew": both_tiers.ANEW,
    "C12 RRF grants": "RRF grants",
    "C12 ERDF research and innovation": "ERDF research and innovation",
    "C12 ERDF SMEs": "ERDF SMEs",
    "C12 recommendations": money_and_advice.RECOMMENDATIONS,
}


@dataclass(frozen=True)
class SecondEvidence:
    """What the rules read.

    Attributes
    ----------
    records : dict
        "then", "now" and "since": `spans.Record`.
    connection : both_tiers.Connection
    money : money_and_advice.MoneyAndAdvice
    next : dict of Result
        `answer.next_participation`.
    family : pandas.DataFrame
        Index key (`MEMBERS`), columns member, p_value, p_holm (corrected over all).
    """

    records: dict[str, spans.Record]
    connection: both_tiers.Connection
    money: money_and_advice.MoneyAndAdvice
    next: dict[str, Result]
    family: pd.DataFrame


@once
def second_evidence(tables: Tables, seed: int, changes: tuple = ()) -> SecondEvidence:
    """Return what the rules of the second registration read; seed and changes are those of the plan (`plan_of`)."""
    plan = plan_of(seed, changes)
    tables = registered(tables, plan)
    main = analyse(planned_dyads(tables, plan), plan, effect=False)
    records = spans.records(tables, plan, main, claims_family(main, plan).set_index("claim"))
    connection = both_tiers.connection(tables, plan)
    money, next_ = money_and_advice.money_and_advice(tables, plan), answer.next_participation(tables, plan)
    return SecondEvidence(records, connection, money, next_, _family(connection, money, next_))


def _family(connection, money, next_: dict[str, Result]) -> pd.DataFrame:
    """The p-values that are corrected together."""
    p_values = {"next": next_["test"].p_value, **connection.nulls["p_value"], **money.funds["p_value"]}
    p_values[money_and_advice.RECOMMENDATIONS] = money.advice["p_value"]
    frame = pd.DataFrame({"member": list(MEMBERS)}, index=list(MEMBERS.values()))
    frame["p_value"] = pd.Series(p_values).reindex(frame.index).astype(float)
    return frame.assign(p_holm=models.holm(frame["p_value"])["p_holm"].to_numpy())


def find(tables: Tables, plan: Plan, claim_id: str) -> Finding:
    """Return the finding on one claim by its rule in the second registration."""
    evidence = second_evidence(tables, plan.seed, plan.changes)
    tables, records, p_holm = registered(tables, plan), evidence.records, evidence.family["p_holm"]
    tests = {
        "C01": lambda: then_and_now.c01(records, plan.alpha),
        "C02": lambda: then_and_now.c02(tables, records, plan.alpha),
        "C03": lambda: then_and_now.c03(tables, records, plan.alpha),
        "C04": lambda: firm_size.c04(tables),
        "C05": lambda: both_tiers.c05(tables, plan, evidence.connection, p_holm),
        "C07": lambda: demand_and_beyond.c07(tables),
        "C08": lambda: persisting_gap.c08(tables, plan),
        "C10": lambda: lagging_barriers.c10(tables, plan),
        "C11": lambda: demand_and_beyond.c11(tables),
        "C12": lambda: money_and_advice.c12(tables, plan, evidence.money, p_holm),
        "C13": lambda: regional_structures.c13(tables, plan),
    }
    return tests[claim_id]()
