"""The claims ledger: each claim of the brief with its numbers, coverage and verdict."""

from innodivide.evidence.claims.finding import Finding
from innodivide.evidence.claims.registry import ledger

__all__ = ["Finding", "ledger"]
