"""Claims in plain words, the same in every report: in a few words, the verdict, and why."""

from collections.abc import Sequence

import pandas as pd

from innodivide.evidence.claims.finding import Finding
from innodivide.evidence.claims.registry import CLAIMS

BRIEF = {claim.claim_id: claim.brief for claim in CLAIMS}  # claim -> the claim in a few words


def in_short(findings: Sequence[Finding]) -> pd.DataFrame:
    """Return claim_id, brief, verdict and short (the reason in whole sentences) of some claims."""
    rows = [(f.claim_id, BRIEF[f.claim_id], f.verdict, f.short) for f in findings]
    return pd.DataFrame(rows, columns=["claim_id", "brief", "verdict", "short"])
