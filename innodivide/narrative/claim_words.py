"""Claims in plain words, the same in every report: in a few words, the verdict, and why."""

from collections.abc import Sequence

import pandas as pd

from innodivide.evidence.claims.finding import Finding
from innodivide.evidence.claims.registry import CLAIMS

ONLY = {claim.claim_id: claim.only for claim in CLAIMS if claim.only}  # claim -> what of it alone can be tested
# claim -> the claim in a few words
BRIEF = {c.claim_id: f"{c.brief} (tested for {c.only})" if c.only else c.brief for c in CLAIMS}


def in_short(findings: Sequence[Finding]) -> pd.DataFrame:
    """Return claim_id, brief, verdict and short (the reason in whole sentences) of some claims."""
    rows = [(f.claim_id, BRIEF[f.claim_id], f.verdict, f.short) for f in findings]
    return pd.DataFrame(rows, columns=["claim_id", "brief", "verdict", "short"])
