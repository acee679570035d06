"""What went into runs: is a report what its manifest says, is it of this checkout, and what differs between two."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from innodivide.errors import DataError, ParameterError
from innodivide.reports.making import manifest
from innodivide.reports.making.declarations import notebook


@dataclass(frozen=True)
class Provenance:
    """Whether a report is what its manifest says, and whether this checkout would make it from the same inputs."""

    report: str
    fault: str = ""  # no sound manifest
    altered: tuple[str, ...] = ()  # outputs with other bytes than the manifest says
    inputs: tuple[str, ...] = ()  # inputs that differ from this checkout
    versions: tuple[str, ...] = ()  # packages of another version than here
    code: str = ""

    @property
    def sound(self) -> bool:
        return not (self.fault or self.altered)

    @property
    def of_this_checkout(self) -> bool:
        return self.sound and not (self.inputs or self.versions)


@dataclass(frozen=True)
class Change:
    """What differs between the inputs of two runs: kind of input, its name, and what stands in each run."""

    kind: str
    name: str
    first: str
    second: str


def provenance(report: str, folder: Path) -> Provenance:
    """Check a report against its own manifest, and the manifest against this checkout."""
    try:
        found = manifest.read(folder)
        declared = notebook(found["notebook"])
        inputs = manifest.differing(found["inputs"], manifest.inputs(declared))
    except (DataError, ParameterError) as error:
        return Provenance(report, fault=str(error).replace(f"{folder}/", ""))
    except OSError as error:
        return Provenance(report, fault=f"an input of this checkout cannot be read: {error.filename}")
    versions = manifest.differing(manifest.flat(found["environment"]), manifest.versions())
    code = str(found["code"].get("commit") or "unknown")[:12]
    if found["code"].get("uncommitted_changes"):
        code += " with changes"
    altered = tuple(manifest.altered(folder, found["outputs"]))
    return Provenance(report, "", altered, tuple(inputs), tuple(versions), code)


def changes(pairs: Iterable[tuple[Path, Path]]) -> list[Change]:
    """Return what differs between the manifests of pairs of report folders, each input once.

    A pair of which one has no sound manifest is left out; `provenance` tells of it.
    """
    found = set()
    for pair in pairs:
        try:
            was, now = (manifest.read(folder) for folder in pair)
        except DataError:
            continue
        for path in manifest.differing(was["inputs"], now["inputs"]):
            found.add(Change(_kind(path), path, *(m["inputs"].get(path, "none")[:12] for m in (was, now))))
        versions = [manifest.flat(m["environment"]) for m in (was, now)]
        given = [m["parameters"] for m in (was, now)]
        for kind, (a, b) in (("version", versions), (f"parameter of {was['notebook']}", given)):
            found |= {Change(kind, n, str(a.get(n, "none")), str(b.get(n, "none"))) for n in manifest.differing(a, b)}
    return sorted(found, key=lambda c: (c.kind, c.name, c.first, c.second))


def _kind(path: str) -> str:
    kinds = {"data/": "data", "notebooks/": "notebook", "innodivide/": "library"}
    return next((kind for start, kind in kinds.items() if path.startswith(start)), "plan, lock and other files")
