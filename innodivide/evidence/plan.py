"""The analysis plan: what was fixed before looking, and proof that it was not changed since."""

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from innodivide.data.frozen import ROOT
from innodivide.data.yaml_files import fault, read_yaml
from innodivide.errors import DataError, ParameterError

PLAN_FILE = "analysis_plan.yml"
PARTS = {"plan": "registered_sha256", "supplement": "supplement_sha256", "second": "second_sha256"}  # and their hashes
_FURTHER = {"registered": date, "claim_rules": dict}  # what a further registration must have
# The choices of the plan that a what-if may make otherwise, and where the plan has them.
CHOICES = {
    "status": ("exposure", "status"),
    "roles": ("outcome", "roles"),
    "controls": ("controls", "year"),
    "permutations": ("test", "permutations"),
}


@dataclass(frozen=True)
class Plan:
    """The registered plan (`fixed`), what was registered later, and the departures (`date`, `what`, `why`).

    `supplement` holds the rules for claims that the plan left open, `second` those of the second registration, written
    before the newer evidence was loaded. `changes` is empty in a plan as registered; see `what_if`.
    """

    fixed: dict
    sha256: str
    departures: tuple[dict, ...]
    supplement: dict
    second: dict
    further: tuple[dict, ...] = ()
    changes: tuple[tuple[str, object], ...] = ()

    @property
    def registrations(self) -> tuple[dict, ...]:
        """Every part that has rules for claims (`claim_rules`) and its day (`registered`), in order of their days."""
        return self.fixed, self.supplement, self.second, *self.further

    @property
    def claim_rules(self) -> dict[str, str]:
        """The rule that leads for each claim: that of the last registration which has one."""
        return {claim: rule for part in self.registrations for claim, rule in part["claim_rules"].items()}

    @property
    def period(self) -> tuple[str, str]:
        """The first and the last day of the decisions that the plan is about, as its text gives them (ISO dates)."""
        text = self.fixed["population"]["projects"]
        found = re.search(r"\bfrom (\d{4}-\d\d-\d\d) to (\d{4}-\d\d-\d\d)\b", text)
        if not found:
            raise DataError(f"{PLAN_FILE}: population.projects has no 'from YYYY-MM-DD to YYYY-MM-DD': {text!r}")
        return found[1], found[2]

    @property
    def alpha(self) -> float:
        """The level of the registered tests."""
        return float(self.fixed["test"]["alpha"])

    @property
    def permutations(self) -> int:
        """The number of permutations of the registered tests."""
        return int(self.fixed["test"]["permutations"])

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
    """Read analysis_plan.yml and refuse it when a registered part differs from its registered hash.

    A part NAME with its hash under NAME_sha256 is a further registration, with a day (`registered`) and `claim_rules`.

    Examples
    --------
    >>> load_plan().fixed["exposure"]["status"]
    'at_decision'
    """
    content = read_yaml(ROOT / PLAN_FILE)
    further = {name: f"{name}_sha256" for name in content if name not in PARTS and f"{name}_sha256" in content}
    parts = PARTS | further
    fields = {"departures": object} | {part: dict for part in parts} | {digest: str for digest in parts.values()}
    wrong = fault(content, fields, tuple(fields))
    for name in () if wrong else further:
        what = fault({k: v for k, v in content[name].items() if k in _FURTHER}, _FURTHER, tuple(_FURTHER))
        wrong = wrong or (what and f"{name}: {what}")
    for number, departure in enumerate(() if wrong else content["departures"] or (), 1):
        what = fault(departure, {"date": date, "what": str, "why": str}, ("date", "what", "why"))
        wrong = wrong or (what and f"departure {number}: {what}")
    if wrong:
        raise DataError(f"{PLAN_FILE}: {wrong}")
    for part, registered in parts.items():
        found = plan_hash(content[part])
        if found != content[registered]:
            raise DataError(
                f"{PLAN_FILE}: the {part} was changed after it was registered (registered sha256 "
                f"{content[registered]!r}, now {found!r}). Restore it and list the change under `departures`."
            )
    later = tuple(sorted((content[name] for name in further), key=lambda part: part["registered"]))
    return Plan(
        content["plan"],
        content["registered_sha256"],
        tuple(content["departures"] or ()),
        content["supplement"],
        content["second"],
        later,
    )


def what_if(plan: Plan, **choices) -> Plan:
    """Return the plan with some of its `CHOICES` made otherwise: never the registered one, and `changes` says so.

    A choice that is as the plan has it changes nothing.

    Raises
    ------
    ParameterError
        A choice that is none of `CHOICES`.
    """
    unknown = sorted(set(choices) - set(CHOICES))
    if unknown:
        raise ParameterError(f"{unknown[0]}: no choice of the plan; those are {', '.join(CHOICES)}")
    fixed, changes = plan.fixed, dict(plan.changes)
    for name, value in choices.items():
        (part, key), value = CHOICES[name], list(value) if name == "roles" else value
        if fixed[part][key] != value:
            fixed = fixed | {part: fixed[part] | {key: value}}
            changes[name] = tuple(value) if name == "roles" else value
    return replace(plan, fixed=fixed, changes=tuple(changes.items()))


def plan_of(seed: int, changes: tuple[tuple[str, object], ...] = ()) -> Plan:
    """Return the plan, for results that are kept by its seed and `changes` (`once` takes what can be hashed).

    Raises
    ------
    ParameterError
        If the plan in the repository has another seed.
    """
    plan = load_plan()
    if seed != plan.seed:
        raise ParameterError(f"seed={seed}: that of {PLAN_FILE} is {plan.seed}")
    return what_if(plan, **dict(changes)) if changes else plan
