"""The folder of a report: put in its place whole or not at all, and nothing that a person changed in it is lost.

The manifest knows the hash of each file that was made. A file with other bytes was changed by hand, and one that the
manifest does not list was added; both are carried over when the report is made again.
"""

import glob
import json
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from innodivide.data.whole_files import NO_RENAME, naming
from innodivide.errors import DataError, ParameterError
from innodivide.reports.making import manifest

TIMES = "times.json"  # apart from the manifest: the one thing that differs between identical runs
REPORT = "report."  # what the file of a format begins with
_OURS = (manifest.MANIFEST, TIMES)


def formats(folder: Path) -> list[str]:
    """Return the formats that the report in a folder was made in, also those that its reader has changed since."""
    return [name.removeprefix(REPORT) for name in _made(folder) if name.startswith(REPORT)]


def edited(folder: Path) -> list[str]:
    """Return the files of a report that have other bytes than were made; those that are missing are not among them."""
    return [name for name in manifest.altered(folder, _made(folder)) if (folder / name).is_file()]


def told(names: Iterable[str]) -> str:
    """Say which files were kept, and how to have them made anew; nothing if there are none."""
    listed = ", ".join(names)
    return f"kept as changed by hand: {listed} (--overwrite-edited makes such files anew)" if listed else ""


def _made(folder: Path) -> dict[str, str]:
    """Return path -> hash of what was made there; empty without a manifest that can be read."""
    try:
        return manifest.read(folder)["outputs"]
    except DataError:
        return {}


def mend(folder: Path) -> OSError | None:
    """Clear away what a killed run left of this report and nothing else; return what keeps it from being written."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        return error
    for leftover in folder.parent.glob(f".partial-{glob.escape(folder.name)}=*"):
        shutil.rmtree(leftover, ignore_errors=True)
    for old in sorted(_old(folder), key=lambda path: path.stat().st_mtime_ns, reverse=True):
        if not folder.exists():  # killed between the two renames of `put`
            old.rename(folder)
        elif not (folder / manifest.MANIFEST).exists() and (old / manifest.MANIFEST).exists():  # killed in `_fill`
            _fill(folder, old)
        else:  # that of another user may stay: the next one gets another name
            shutil.rmtree(old, ignore_errors=True)
    return None


def _old(folder: Path) -> list[Path]:
    """Return what stands beside a report as its older state, or as its new one while it is filled."""
    return list(folder.parent.glob(f".old-{glob.escape(folder.name)}=*"))


def _beside(folder: Path, what: str) -> Path:
    """Return a new name beside a report."""
    return folder.with_name(f".{what}-{folder.name}={secrets.token_hex(4)}")


def _replace(folder: Path, new: Path) -> None:
    """Put a new folder in the place of an older one, by their names or, where that is not possible, file by file."""
    old = _beside(folder, "old")
    try:
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    except OSError as error:
        if error.errno not in NO_RENAME:
            raise
        new.rename(old)  # from here on `mend` completes what is begun
        for path in [folder / manifest.MANIFEST, *folder.iterdir()]:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        _fill(folder, old)
    shutil.rmtree(old, ignore_errors=True)


def _fill(folder: Path, whole: Path) -> None:
    """Copy a whole report into an existing folder, its manifest last, and remove it."""
    shutil.copytree(whole, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(manifest.MANIFEST))
    shutil.copy2(whole / manifest.MANIFEST, folder)
    shutil.rmtree(whole, ignore_errors=True)


def put(
    folder: Path, files: Mapping[str, bytes], describe: Callable[[Path], dict], seconds: float, overwrite: bool
) -> list[str]:
    """Put a report in its place, in that of an older one; `mend` sees to a kill between the renames.

    Parameters
    ----------
    folder : pathlib.Path
        Where the report goes; an older one may be there.
    files : mapping of str -> bytes
        What was made, by path below the folder.
    describe : callable
        Returns the manifest of a folder that holds these files and no other.
    seconds : float
        How long it took.
    overwrite : bool
        Make files anew that were changed by hand. What a person added is kept in any case.

    Returns
    -------
    list of str
        The files that stay as a person left them although others were made.

    Raises
    ------
    ParameterError
        If a file would lie outside the folder.
    OSError
        If the folder cannot be written; the older report is then left as it was.
    """
    new = _beside(folder, "partial")
    new.mkdir()  # for whom the umask and the folder around it say
    try:
        for name, content in files.items():
            _write(new, name, content)
        described = json.dumps(describe(new), indent=1, sort_keys=True) + "\n"
        kept = _carry_over(folder, new, overwrite)
        _write(new, manifest.MANIFEST, described.encode())
        _write(new, TIMES, (json.dumps({"seconds": seconds}) + "\n").encode())
        _replace(folder, new)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return kept


def _carry_over(old: Path, new: Path, overwrite: bool) -> list[str]:
    """Copy into a new report what a person changed or added in the old one; return what was made and yet not used."""
    made, kept = _made(old), []
    for file in sorted(p for p in old.rglob("*") if p.is_file()):
        name = file.relative_to(old).as_posix()
        is_ours = name in _OURS or made.get(name) == manifest.file_sha256(file)
        if is_ours or (overwrite and (name in made or (new / name).exists())):
            continue
        if (new / name).exists() and (new / name).read_bytes() != file.read_bytes():
            kept.append(name)
        (new / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, new / name)
    return kept


def _write(folder: Path, name: str, content: bytes) -> None:
    """Write a file below a folder; a name from another machine must not lead out of it."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ParameterError(f"file {name!r} is outside the report")
    path.parent.mkdir(parents=True, exist_ok=True)
    with naming(path):
        path.write_bytes(content)
