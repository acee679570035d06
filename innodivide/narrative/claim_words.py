"""Claims in plain words, the same in every report: in a few words, the verdict, and why."""

from collections.abc import Sequence

import pandas as pd

from innodivide.evidence.claims.finding import Finding
from innodivide.evidence.claims.registry import CLAIMS
from innodivide.wording import join_names

ONLY = {claim.claim_id: claim.only for claim in CLAIMS if claim.only}  # claim -> what of it alone can be tested
# claim -> the claim in a few words
BRIEF = {c.claim_id: f"{c.brief} (tested for {c.only})" if c.only else c.brief for c in CLAIMS}


def only(ledger: pd.DataFrame, verdict: str) -> str:
    """Say how many of the claims with a verdict could be tested for a part of what they name only, and for which."""
    claims = ledger.loc[ledger["verdict"] == verdict, "claim_id"]
    parts = [ONLY[c] for c in claims if c in ONLY]
    if not parts:
        return ""
    which = "" if len(parts) == len(claims) else "one of them " if len(parts) == 1 else f"{len(parts)} of them "
    return f" ({which}for {join_names(sorted(set(parts)))} only)"


def in_short(findings: Sequence[Finding]) -> pd.DataFrame:
    """Return claim_id, brief, verdict and short (the reason in whole sentences) of some claims."""
    rows = [(f.claim_id, BRIEF[f.claim_id], f.verdict, f.short) for f in findings]
    return pd.DataFrame(rows, columns=["claim_id", "brief", "verdict", "short"])
