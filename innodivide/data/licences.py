"""Tables that may be left out, as their licence forbids the use that is meant."""

import os
from collections.abc import Mapping
from pathlib import Path

WITHOUT = "INNODIVIDE_WITHOUT"  # names, separated by commas (`innodivide --without`)
NOT_AVAILABLE = "not available (licence)"


def restricted(described: Mapping[str, dict]) -> tuple[str, ...]:
    """Return the tables with a licence of their own in the package description, which others have not."""
    return tuple(name for name, table in described.items() if table.get("licenses"))


def left_out(described: Mapping[str, dict], folder: Path) -> set[str]:
    """Return the tables that are left out: those named in `WITHOUT`, and restricted ones whose file is not there."""
    named = set(filter(None, os.environ.get(WITHOUT, "").split(",")))
    return named | {n for n in restricted(described) if not (Path(folder) / described[n]["path"]).exists()}
