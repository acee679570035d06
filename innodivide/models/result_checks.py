"""What must hold of the fields of a result before anybody can quote it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from innodivide.errors import ParameterError

if TYPE_CHECKING:
    from innodivide.models.result import Result


def _is_real(value) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def check_numbers(result: Result) -> None:
    """Estimate finite, standard error not negative, interval ordered, p-value a probability, kinds named."""
    if not _is_real(result.estimate) or not math.isfinite(result.estimate):
        raise ParameterError(f"estimate: expected a finite number, got {result.estimate!r}")
    if result.se is not None and not (_is_real(result.se) and result.se >= 0):
        raise ParameterError(f"se: expected a number >= 0 or None, got {result.se!r}")
    if result.p_value is not None and not (_is_real(result.p_value) and 0 <= result.p_value <= 1):
        raise ParameterError(f"p_value: expected a number in [0, 1] or None, got {result.p_value!r}")
    for name in ("df", "dispersion", "n_draws"):
        value = getattr(result, name)
        if value is not None and not (_is_real(value) and value >= 0):
            raise ParameterError(f"{name}: expected a number >= 0 or None, got {value!r}")
    ends = (result.ci_low, result.ci_high)
    if any(end is None for end in ends) != all(end is None for end in ends):
        raise ParameterError(f"ci_low, ci_high: give both ends or neither, got {ends}")
    if ends[0] is not None and ends[1] is not None:
        if not all(map(_is_real, ends)) or not ends[0] <= ends[1]:  # also refuses NaN
            raise ParameterError(f"ci_low, ci_high: expected ci_low <= ci_high, got {ends}")
        if result.ci_level is None or not 0 < result.ci_level < 1:
            raise ParameterError(f"ci_level: an interval needs a level in (0, 1), got {result.ci_level!r}")
    for value, name in ((result.se, "se_kind"), (ends[0], "ci_kind"), (result.p_value, "p_kind")):
        if value is not None and not getattr(result, name):
            raise ParameterError(f"{name}: must say how the number was obtained, got an empty text")


def check_counts(result: Result) -> None:
    """Counts are whole and not negative; the number of treated countries is known and possible."""
    for name in ("n_dyads", "n_countries", "n_ipceis", "n_events", "n_treated"):
        value = getattr(result, name)
        if value is None and name != "n_treated":
            continue
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 0:
            raise ParameterError(f"{name}: expected a whole number >= 0, got {value!r}")
    if result.n_countries is not None and result.n_treated > result.n_countries:
        raise ParameterError(f"n_treated: {result.n_treated} exceeds n_countries {result.n_countries}")
