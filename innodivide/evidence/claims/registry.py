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
from innodivide.errors import DataError, NotAvailable
from innodivide.evidence.claims import (
    first_rules,
    lowest_regions,
    pandemic_recovery,
    second_registration,
    shared_barriers,
)
from innodivide.evidence.claims.finding import NOT_TESTABLE, Finding
from innodivide.evidence.confirmatory import Confirmatory, claim_stream, registered
from innodivide.evidence.plan import Plan, plan_hash


@dataclass(frozen=True)
class Evidence:
    """What a claim's test may use: the registered tables, the registered analysis, its family of claims by name."""

    tables: Tables
    main: Confirmatory
    family: pd.DataFrame
    plan: Plan


Test = Callable[[Evidence, np.random.Generator], Finding]
Verdict = Callable[[Evidence, np.random.Generator], str]


@dataclass(frozen=True)
class Claim:
    """One claim: its id in data/claims.csv, its short wording, the hash of its rule (`plan_hash`), and its test.

    `only` names the part of it that alone can be tested, if not all can. `test` takes the evidence and a generator of
    its own (`claim_stream`). Where a later registration has a rule for a claim that had one, the later one leads, and
    `first_sha256` and `first` are the hash of the first and what gives its verdict.
    """

    claim_id: str
    brief: str
    rule_sha256: str
    test: Test
    first_sha256: str | None = None
    first: Verdict | None = None
    only: str = ""


def _second(claim_id: str) -> Test:
    return lambda e, rng: second_registration.find(e.tables, e.plan, claim_id)


CLAIMS = (
    Claim(
        "C01",
        "Large and wealthy states, or leaders, are the most active in IPCEIs",
        "ac3eaf37d2ee3d24776e7c29a8089878d375dcd35a595eab40c27791e6d3c840",
        _second("C01"),
        "7617932921b1bcf4a8c5debae4815711472eef280923ffcc8559c494f689ef8f",
        lambda e, rng: first_rules.c01(e.main, e.family, e.plan),
    ),
    Claim(
        "C02",
        "Five named states dominate IPCEI membership",
        "3851ab2e10b93e57467fab792d2a1e4e12d9894d10b33a7e63f7ba569f0ec170",
        _second("C02"),
        "e2d70463f0a7fbfcfa2c9d5bd25ddee3a50098567c7cfefceaedaa698d4b3904",
        lambda e, rng: first_rules.c02(e.main, e.family),
    ),
    Claim(
        "C03",
        "Three named modest innovators barely feature in IPCEIs",
        "e36f10c3afdd23880b7f48c4ae18bc16ecc065ba4d76e70d6fcec8da4444b7c7",
        _second("C03"),
        "016693b18f43a5f2d4859d8c1eae6e7d5a1ce8b75ecb6cb915075765d1ec3a9d",
        lambda e, rng: first_rules.c03(e.tables, e.family),
    ),
    Claim(
        "C04",
        "Tier 1 is for large firms, not for SMEs",
        "9c616fc07cf8a1d4b5929c9990493f202c3c73729bce18d1d2670700fe9f15b1",
        _second("C04"),
        "be85a0c84ccb5a61053d9a2eadc8ecb16a2d6f4eafff757e21773b36897bbf29",
        lambda e, rng: first_rules.c04(e.tables),
    ),
    Claim(
        "C05",
        "Tier 1 and Tier 2 hardly connect",
        "81374498db0415f9419268f07879f62ad5895753a390674eb6796c04081eb481",
        _second("C05"),
        "b297178033c103c3145edcff4bc9dd71d1dfd98695c4effa2dbb0b2717f06149",
        lambda e, rng: first_rules.c05(e.tables, rng),
        only="states",
    ),
    Claim(
        "C06",
        "Many of the least innovative regions are in Romania, Bulgaria and Poland",
        "f27bcda06d2eaac62365313aca9b1c45d8084b9807ba9f2cc2fe22c04bdc979b",
        lambda e, rng: lowest_regions.least_innovative_regions(e.tables),
    ),
    Claim(
        "C07",
        "Demand for Smart Specialisation partnerships is broad and growing",
        "03a91f27b2d765b09c4099888a69c85e9a8131c01727193f89a7da8a44f31e35",
        _second("C07"),
        "00f2c6a7f3d7e02a3a0719a570063d1d471fb01df0efe6daad06701df2a3c7e7",
        lambda e, rng: first_rules.c07(e.tables),
    ),
    Claim(
        "C08",
        "The innovation divide persists or widens",
        "863a117a9afb34a644ea6f8252db17d11b8ce50440916e10ee6e93726f7ea6a4",
        _second("C08"),
        "9dda728efe72b62fbbfda43d5151fd14b6b81078dd2a5c52ae676c8d7146d4b2",
        lambda e, rng: first_rules.c08(e.tables, e.plan),
    ),
    Claim(
        "C09",
        "Recovery from the pandemic was uneven along the divide",
        "3ca12d84e978feb955cd4fd70e8d110ce080569e7a4117026e7cf3b49bc2312b",
        lambda e, rng: pandemic_recovery.uneven_recovery(e.tables, rng),
    ),
    Claim(
        "C10",
        "Lagging regions share general barriers and have specific ones",
        "278e649f5f4a5b526510bcc4da3394f9ed503d618de9641991460d96196fc667",
        _second("C10"),
        "817485870c28ff21f92317aa5fd4d2ee0c54a49f53ae5703581524c0d651721e",
        lambda e, rng: shared_barriers.first_rule(e.tables, rng).verdict(),
    ),
    Claim(
        "C11",
        "Most regions are beyond both tiers",
        "9831da3d0a9f2e91bece53f90f817514124845a8345deb20a97dfbd871589b52",
        _second("C11"),
        "1d8d3373206e196d1c93fc80f92a1df4a1b4fb2648b73b820adc6922ce5d7032",
        lambda e, rng: first_rules.c11(e.tables),
    ),
    Claim(
        "C12",
        "Reform money and recommendations go where the gap is",
        "4b2fb3c101b17b8280373a801f89bbf40b57235e08952f352fdca05de7cd8a6d",
        _second("C12"),
        "6f1c14d1b7039cd1b8bbbb614126a12720cbe701d81998962f279384f185668d",
        lambda e, rng: first_rules.c12(e.tables, rng),
    ),
    Claim(
        "C13",
        "The least innovative regions have locked-in structures and few endowments",
        "0af85b590cb3ac95dd92a7a7af2463e7c9091b12c7cabca0c2fcf032344ba007",
        _second("C13"),
    ),
)


def statements(tables: Tables, claims: Sequence[Claim] = CLAIMS) -> pd.Series:
    """Return the claims of data/claims.csv by claim_id, each with what alone can be tested, if not all can."""
    only = {claim.claim_id: f" Tested for {claim.only} alone." for claim in claims if claim.only}
    rows = tables["claim"].set_index("claim_id")["claim"]
    return rows + rows.index.map(lambda claim_id: only.get(claim_id, ""))


def unmatched(tables: Tables, claims: Sequence[Claim] = CLAIMS) -> str:
    """Say which claims stand in the table or have an entry, but not both once; empty if all do."""
    known = [claim.claim_id for claim in claims]
    untested = sorted(set(tables["claim"]["claim_id"]) ^ set(known))
    if not untested and len(set(known)) == len(known):
        return ""
    return (
        f"claims.csv: {', '.join(untested) or 'a claim twice'} stands in the table or has an entry in "
        "evidence/claims/registry.py, but not both once"
    )


def rules(plan: Plan, claims: Sequence[Claim] = CLAIMS) -> pd.DataFrame:
    """Return the rule of each claim: claim_id, brief, rule, registered (day), first_rule (empty: there is one only).

    Raises
    ------
    DataError
        If a claim has no rule, more than its entry names, or another than the one whose hash stands in its entry.
    """
    rows = []
    for claim in claims:
        found = [part for part in plan.registrations if claim.claim_id in part["claim_rules"]]
        hashes = [h for h in (claim.first_sha256, claim.rule_sha256) if h is not None]
        if len(found) != len(hashes):
            wanted = "one" if len(hashes) == 1 else "two"
            raise DataError(
                f"analysis_plan.yml: {claim.claim_id} has a rule in {len(found)} registrations, not in {wanted}"
            )
        texts = [part["claim_rules"][claim.claim_id] for part in found]
        for text, registered_hash in zip(texts, hashes):
            if plan_hash(text) != registered_hash:
                raise DataError(
                    f"analysis_plan.yml: the rule of {claim.claim_id} is not the one registered (sha256 in "
                    f"evidence/claims/registry.py {registered_hash!r}, now {plan_hash(text)!r})"
                )
        rule, first = (text.replace("_", " ") for text in (texts[-1], texts[0] if len(texts) > 1 else ""))
        rows.append((claim.claim_id, claim.brief, rule, found[-1]["registered"], first))
    return pd.DataFrame(rows, columns=["claim_id", "brief", "rule", "registered", "first_rule"])


def _tested(claim: Claim, evidence: Evidence) -> Finding:
    """Return the finding of a claim; where a table is left out that it needs, a finding that says so."""
    try:
        return claim.test(evidence, claim_stream(evidence.plan, claim.claim_id))
    except NotAvailable as error:
        said, change = str(error), "With the table that is left out, by the rule"
        same = dict.fromkeys(("numbers", "coverage", "short", "rests"), said)
        return Finding(claim_id=claim.claim_id, verdict=NOT_TESTABLE, change=change, **same)


def _first_verdict(claim: Claim, evidence: Evidence) -> str:
    """Return the verdict of the first rule, where a later one leads; else an empty text."""
    if claim.first is None:
        return ""
    try:
        return claim.first(evidence, claim_stream(evidence.plan, claim.claim_id))
    except NotAvailable:
        return NOT_TESTABLE


def ledger(
    tables: Tables, main: Confirmatory, family: pd.DataFrame, plan: Plan, claims: Sequence[Claim] = CLAIMS
) -> pd.DataFrame:
    """Return the ledger, one row for each claim of data/claims.csv, from the tables as registered.

    Returns
    -------
    pandas.DataFrame
        Columns claim_id, claim, place, verdict, then (verdict for what was decided when the brief was written), first
        (verdict by the first rule, where a later one leads; both empty if there is none), short, rests, change,
        numbers, coverage (see `Finding`), test, rule, exhibit, source_id.

    Raises
    ------
    DataError
        If a claim stands in the table or in `claims` but not in both; see also `rules`.
    """
    if fault := unmatched(tables, claims):
        raise DataError(fault)
    written = rules(plan, claims)
    evidence = Evidence(registered(tables, plan), main, family.set_index("claim"), plan)
    findings = [_tested(claim, evidence) for claim in claims]
    first = [_first_verdict(claim, evidence) for claim in claims]
    frame = pd.DataFrame([f.__dict__ for f in findings]).assign(first=first)
    rows = tables["claim"].merge(frame, on="claim_id", validate="one_to_one")
    rows = rows.merge(written[["claim_id", "rule"]], on="claim_id", validate="one_to_one")
    rows["claim"] = rows["claim_id"].map(statements(tables, claims))
    columns = [
        "claim_id",
        "claim",
        "place",
        "verdict",
        "then",
        "first",
        "short",
        "rests",
        "change",
        "numbers",
        "coverage",
    ]
    return rows[[*columns, "test", "rule", "exhibit", "source_id"]]
