"""The record that every claim's test returns."""

from dataclasses import dataclass

NOT_TESTED = "not tested in this version"


@dataclass(frozen=True)
class Finding:
    """What the data say about one claim: verdict, the numbers in one sentence, and what they rest on."""

    claim_id: str
    verdict: str
    numbers: str
    coverage: str
