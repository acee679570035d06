"""The claims ledger: each claim of the brief with its numbers, coverage and verdict.

A claim is one entry of `CLAIMS` beside its row in data/claims.csv and its rule, which stands in a registration of
analysis_plan.yml (the plan or a later supplement) with its date. The hash of the rule alone stands in the entry: a
verdict is never given by a rule that was changed after it was written.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from innodivide.data.tables import Tables
from innodivide.errors import DataError
from innodivide.evidence.claims import connection, gap, membership, recovery_and_money, shared_barriers
from innodivide.evidence.claims.finding import Finding
from innodivide.evidence.confirmatory import Confirmatory, claim_stream, registered
from innodivide.evidence.plan import Plan, plan_hash


@dataclass(frozen=True)
class Evidence:
    """What a claim's test may use: the registered tables, the registered analysis, its family of claims by name."""

    tables: Tables
    main: Confirmatory
    family: pd.DataFrame
    plan: Plan


@dataclass(frozen=True)
class Claim:
    """One claim: its id in data/claims.csv, its short wording, the hash of its rule (`plan_hash`), and its test.

    `test` takes the evidence and a generator of its own (`claim_stream`).
    """

    claim_id: str
    brief: str
    rule_sha256: str
    test: Callable[[Evidence, np.random.Generator], Finding]


CLAIMS = (
    Claim(
        "C01",
        "Large and wealthy states, or leaders, are the most active in IPCEIs",
        "7617932921b1bcf4a8c5debae4815711472eef280923ffcc8559c494f689ef8f",
        lambda e, rng: membership.leaders_or_size_and_wealth(e.main, e.family, e.plan),
    ),
    Claim(
        "C02",
        "Five named states dominate IPCEI membership",
        "e2d70463f0a7fbfcfa2c9d5bd25ddee3a50098567c7cfefceaedaa698d4b3904",
        lambda e, rng: membership.named_five_dominate(e.tables, e.main, e.family, e.plan),
    ),
    Claim(
        "C03",
        "Three named modest innovators barely feature in IPCEIs",
        "016693b18f43a5f2d4859d8c1eae6e7d5a1ce8b75ecb6cb915075765d1ec3a9d",
        lambda e, rng: membership.lowest_group_absent(e.tables, e.main, e.family, e.plan),
    ),
    Claim(
        "C04",
        "Tier 1 is for large firms, not for SMEs",
        "be85a0c84ccb5a61053d9a2eadc8ecb16a2d6f4eafff757e21773b36897bbf29",
        lambda e, rng: membership.large_firms(e.tables),
    ),
    Claim(
        "C05",
        "Tier 1 and Tier 2 hardly connect",
        "b297178033c103c3145edcff4bc9dd71d1dfd98695c4effa2dbb0b2717f06149",
        lambda e, rng: connection.tiers_hardly_connect(e.tables, rng),
    ),
    Claim(
        "C06",
        "The least innovative regions are in Romania, Bulgaria and Poland",
        "f27bcda06d2eaac62365313aca9b1c45d8084b9807ba9f2cc2fe22c04bdc979b",
        lambda e, rng: gap.least_innovative_regions(e.tables),
    ),
    Claim(
        "C07",
        "Demand for Smart Specialisation partnerships is broad and growing",
        "00f2c6a7f3d7e02a3a0719a570063d1d471fb01df0efe6daad06701df2a3c7e7",
        lambda e, rng: connection.partnership_demand(e.tables),
    ),
    Claim(
        "C08",
        "The innovation divide persists or widens",
        "9dda728efe72b62fbbfda43d5151fd14b6b81078dd2a5c52ae676c8d7146d4b2",
        lambda e, rng: gap.divide_widens(e.tables, e.plan),
    ),
    Claim(
        "C09",
        "Recovery from the pandemic was uneven along the divide",
        "3ca12d84e978feb955cd4fd70e8d110ce080569e7a4117026e7cf3b49bc2312b",
        lambda e, rng: recovery_and_money.uneven_recovery(e.tables, rng),
    ),
    Claim(
        "C10",
        "Lagging regions share general barriers and have specific ones",
        "817485870c28ff21f92317aa5fd4d2ee0c54a49f53ae5703581524c0d651721e",
        lambda e, rng: shared_barriers.shared_barriers_finding(e.tables, rng),
    ),
    Claim(
        "C11",
        "Most regions are beyond both tiers",
        "1d8d3373206e196d1c93fc80f92a1df4a1b4fb2648b73b820adc6922ce5d7032",
        lambda e, rng: connection.regions_beyond(e.tables),
    ),
    Claim(
        "C12",
        "Reform money and recommendations go where the gap is",
        "6f1c14d1b7039cd1b8bbbb614126a12720cbe701d81998962f279384f185668d",
        lambda e, rng: recovery_and_money.reform_money(e.tables, rng),
    ),
)


def rules(plan: Plan, claims: Sequence[Claim] = CLAIMS) -> pd.DataFrame:
    """Return the rule of each claim: claim_id, brief, rule, registered (day).

    Raises
    ------
    DataError
        If a claim has no rule, or another than the one whose hash stands in its entry.
    """
    rows = []
    for claim in claims:
        found = [part for part in plan.registrations if claim.claim_id in part["claim_rules"]]
        if len(found) != 1:
            raise DataError(f"analysis_plan.yml: {claim.claim_id} has a rule in {len(found)} registrations, not in one")
        rule = found[0]["claim_rules"][claim.claim_id]
        if plan_hash(rule) != claim.rule_sha256:
            raise DataError(
                f"analysis_plan.yml: the rule of {claim.claim_id} is not the one registered (sha256 in "
                f"evidence/claims/registry.py {claim.rule_sha256!r}, now {plan_hash(rule)!r})"
            )
        rows.append((claim.claim_id, claim.brief, rule.replace("_", " "), found[0]["registered"]))
    return pd.DataFrame(rows, columns=["claim_id", "brief", "rule", "registered"])


def ledger(
    tables: Tables, main: Confirmatory, family: pd.DataFrame, plan: Plan, claims: Sequence[Claim] = CLAIMS
) -> pd.DataFrame:
    """Return the ledger, one row for each claim of data/claims.csv, from the tables as registered.

    Returns
    -------
    pandas.DataFrame
        Columns claim_id, claim, place, verdict, short, rests, change, numbers, coverage (see `Finding`), test, rule,
        exhibit, source_id.

    Raises
    ------
    DataError
        If a claim stands in the table or in `claims` but not in both; see also `rules`.
    """
    known = [claim.claim_id for claim in claims]
    untested = sorted(set(tables["claim"]["claim_id"]) ^ set(known))
    if untested or len(set(known)) != len(known):
        raise DataError(
            f"claims.csv: {', '.join(untested) or 'a claim twice'} stands in the table or has an entry in "
            "evidence/claims/registry.py, but not both once"
        )
    written = rules(plan, claims)
    evidence = Evidence(registered(tables, plan), main, family.set_index("claim"), plan)
    findings = [claim.test(evidence, claim_stream(plan, claim.claim_id)) for claim in claims]
    frame = pd.DataFrame([f.__dict__ for f in findings])
    rows = tables["claim"].merge(frame, on="claim_id", validate="one_to_one")
    rows = rows.merge(written[["claim_id", "rule"]], on="claim_id", validate="one_to_one")
    columns = ["claim_id", "claim", "place", "verdict", "short", "rests", "change", "numbers", "coverage"]
    return rows[[*columns, "test", "rule", "exhibit", "source_id"]]
