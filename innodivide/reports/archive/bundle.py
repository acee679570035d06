"""One zip with all that the reports rest on: data, code, executed notebooks, exhibits, manifests.

The zip is an RO-Crate (`crate`) with the README a journal's data editor asks for (`readme`). The same reports and
sources give the same bytes: entries are sorted, times are fixed, and no date is taken from the clock.
"""

import json
import os
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from innodivide import __version__
from innodivide.data import checks, frozen
from innodivide.data.whole_files import replacing
from innodivide.data.yaml_files import read_yaml
from innodivide.errors import DataError, ParameterError
from innodivide.reports.archive.crate import CODE, metadata
from innodivide.reports.files import zip_entry
from innodivide.reports.making import manifest
from innodivide.reports.making.place import TIMES
from innodivide.reports.making.run import Job, freshness, prepare_output
from innodivide.reports.verify.golden import standard_jobs

SUMS, README, METADATA = "SHA256SUMS", "README.md", "ro-crate-metadata.json"


@dataclass(frozen=True)
class Report:
    """A finished report: what it is, where it is, what its manifest says, and how long it took (None if not known)."""

    job: Job
    folder: Path
    manifest: dict
    seconds: float | None


@dataclass(frozen=True)
class Contents:
    """What goes into an archive: files by their name in it, the reports, the citation, the code's commit and state."""

    files: dict[str, Path]
    reports: list[Report]
    citation: dict
    commit: str
    changed: tuple[str, ...]

    @property
    def version(self) -> str:
        return f"{__version__}, commit {self.commit}"


def write(out: Path, reports: Path) -> Contents:
    """Write the archive of all reports in a folder; it appears under its name when it is complete, or not at all.

    Raises
    ------
    DataError
        If the data do not hold or are not as frozen, a report is missing or not fresh, or a file is not safe to pack.
    ParameterError
        If the archive cannot be written there.
    """
    out = Path(out)
    if out.suffix != ".zip" or out.is_dir():
        raise ParameterError(f"{out}: the archive is a file whose name ends in .zip")
    prepare_output(out.parent)
    contents = collect(Path(reports))
    made = _describe(contents)
    sums = {name: manifest.file_sha256(path) for name, path in contents.files.items()}
    sums |= {name: manifest.sha256(content) for name, content in made.items()}
    made[SUMS] = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)).encode()
    try:
        _in_place(out, lambda partial: _write_zip(partial, contents.files, made, sums))
    except OSError as error:
        raise ParameterError(f"the archive {out} cannot be written: {error.strerror}") from None
    return contents


def collect(reports: Path) -> Contents:
    """Return what an archive of these reports holds, or refuse with all reasons."""
    failures = checks.check_all()[0] or checks.check_frozen()
    if failures:
        raise DataError("the data do not hold; nothing was archived:\n  " + "\n  ".join(map(str, failures[:20])))
    ready = _ready(reports)
    names = manifest.git("ls-files", "-z").split("\0")[:-1]
    _refuse_parts_missing(ready, names)
    files = {f"{CODE}/{name}": _safe(frozen.ROOT, name) for name in names}
    for one in ready:
        for name in [*one.manifest["outputs"], manifest.MANIFEST, *([TIMES] if one.seconds is not None else [])]:
            files[f"{CODE}/reports/{one.job.name}/{name}"] = _safe(one.folder, name)
    citation = read_yaml(frozen.ROOT / "CITATION.cff")
    changed = tuple(manifest.git("diff", "--name-only", "-z", "HEAD").split("\0")[:-1])
    return Contents(dict(sorted(files.items())), ready, citation, manifest.git("rev-parse", "HEAD").strip(), changed)


def _ready(reports: Path) -> list[Report]:
    """Return every report with its default parameters; refuse if one is missing, altered or older than its inputs."""
    jobs = [replace(one, formats=()) for one in standard_jobs().values()]  # in whatever formats they are there
    stale = {name: why for name, why in freshness(jobs, reports).items() if why}
    if stale:
        lines = "\n  ".join(f"{name}: {why[0]}" for name, why in list(stale.items())[:10])
        more = f"\n  ... and {len(stale) - 10} more" if len(stale) > 10 else ""
        raise DataError(
            f"{len(stale)} of {len(jobs)} reports in {reports} are missing or not fresh; nothing was archived:\n"
            f"  {lines}{more}\nmake them with: innodivide run; innodivide annex --all"
        )
    folders = [(one, reports / one.name) for one in jobs]
    return [Report(one, folder, manifest.read(folder), _seconds(folder / TIMES)) for one, folder in folders]


def _refuse_parts_missing(ready: list[Report], names: list[str]) -> None:
    """Refuse if git does not keep all that the reports were made from: without it nobody could make them again."""
    used = {path for one in ready for path in one.manifest["inputs"] if not path.endswith(")")}  # (a part of a file)
    lost = sorted(used - set(names))
    if lost:
        raise DataError(
            f"git does not keep {manifest.first_three(lost)}, which the reports were made from; nothing was archived: "
            "commit what belongs to the code (git add), then archive"
        )


def _seconds(path: Path) -> float | None:
    try:
        return float(json.loads(path.read_text(encoding="utf-8"))["seconds"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None  # times are no result: without them the archive says that they are not known


def _safe(base: Path, name: str) -> Path:
    """Return the path of a file below `base`; refuse a name or a link that leads elsewhere, or would when unpacked."""
    path, parts = base / name, PurePosixPath(name).parts
    plain = parts and all(re.fullmatch(r"[\w.%+=@,()\-][\w.%+=@,()\- ]*", p) and p.strip(". ") for p in parts)
    if not plain or name != "/".join(parts):
        raise DataError(f"{name!r} is not a safe name for a file in an archive")
    if path.is_symlink() or not path.is_file() or not path.resolve().is_relative_to(base.resolve()):
        raise DataError(f"{path} is missing, or a link that may lead out of its folder; nothing was archived")
    return path


def _describe(contents: Contents) -> dict[str, bytes]:
    """Return the files that the archive adds: README and RO-Crate metadata."""
    from innodivide.reports.archive.readme import readme

    text = readme(contents).encode()
    described = metadata(contents, {README: text})
    return {README: text, METADATA: (json.dumps(described, indent=1, ensure_ascii=False) + "\n").encode()}


def _write_zip(partial: Path, files: dict[str, Path], made: dict[str, bytes], sums: dict[str, str]) -> None:
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted([*files, *made]):
            content = made[name] if name in made else files[name].read_bytes()
            if name != SUMS and manifest.sha256(content) != sums[name]:
                raise DataError(f"{files[name]} changed while it was archived; nothing was archived")
            archive.writestr(zip_entry(name, 0o644), content)


def _in_place(out: Path, make: Callable[[Path], None]) -> None:
    """Let `make` write a file beside `out` and put it there when it is whole; one writer at a time."""
    lock = out.with_name(f".lock-{out.name}")
    try:
        with FileLock(lock, timeout=0):
            try:
                with replacing(out) as partial:
                    make(partial)
                    with partial.open("rb+") as file:
                        os.fsync(file.fileno())
            finally:
                lock.unlink(missing_ok=True)
    except Timeout:
        raise ParameterError(f"{out} is being written by another process; wait for it") from None
