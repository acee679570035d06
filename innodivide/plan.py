"""The analysis plan: what was fixed before looking, and proof that it was not changed since."""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache

import yaml

from innodivide.data import ROOT
from innodivide.errors import DataError

PLAN_FILE = "analysis_plan.yml"


@dataclass(frozen=True)
class Plan:
    """The registered plan (`fixed`), its hash, and the departures from it (each with `date`, `what`, `why`)."""

    fixed: dict
    sha256: str
    departures: tuple[dict, ...]

    @property
    def seed(self) -> int:
        """The seed of every confirmatory simulation."""
        return int(self.fixed["test"]["seed"])


def plan_hash(fixed: dict) -> str:
    """Return the sha256 of the plan's content, so that layout and comments may change but no choice may."""
    canonical = json.dumps(fixed, sort_keys=True, ensure_ascii=True, default=str, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


@lru_cache(maxsize=1)
def load_plan() -> Plan:
    """Read analysis_plan.yml and refuse it when the fixed part differs from its registered hash."""
    content = yaml.safe_load((ROOT / PLAN_FILE).read_text(encoding="utf-8"))
    found = plan_hash(content["plan"])
    if found != content["registered_sha256"]:
        raise DataError(
            f"{PLAN_FILE}: the plan was changed after it was registered (registered sha256 "
            f"{content['registered_sha256']!r}, now {found!r}). Restore it and list the change under `departures`."
        )
    return Plan(content["plan"], found, tuple(content["departures"] or ()))
