"""The claims ledger: each claim of the brief with its numbers, coverage and verdict."""

from innodivide.evidence.claims.finding import NOT_TESTED, Finding
from innodivide.evidence.claims.registry import ledger, verdict_counts

__all__ = ["NOT_TESTED", "Finding", "ledger", "verdict_counts"]
