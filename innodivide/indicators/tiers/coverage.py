"""How much of something is known: said beside every figure that rests on an incomplete list."""

from dataclasses import dataclass

from innodivide.errors import ParameterError


@dataclass(frozen=True)
class Coverage:
    """How much of a membership is known: `known` out of `total` (None if nobody published a total) and a caveat."""

    what: str
    known: int
    total: int | None
    note: str = ""

    def __post_init__(self):
        if self.known < 0 or (self.total is not None and self.known > self.total):
            raise ParameterError(f"coverage of {self.what}: {self.known} known out of {self.total}")

    def __str__(self) -> str:
        total = "an unknown number" if self.total is None else self.total
        return f"{self.what}: {self.known} of {total}" + (f" ({self.note})" if self.note else "")
