"""Whether the entry page of a reports folder is still what would be written now; if so, writing it is saved."""

from pathlib import Path

from innodivide import data
from innodivide.reports import manifest

STAMP = ".index.sha256"


def state(out: Path) -> str:
    """Return a digest of the page and of all that it can read: the reports there, the data, the library, the notes.

    Manifests stand for the content of reports, since they hold the hash of each file; names tell what is there.
    """
    root, reports = data.ROOT, [p for p in sorted(out.glob("*/*")) + sorted(out.glob("*/*/*")) if _shown(p, out)]
    read = [p for folder in ("data", "notebooks", "innodivide") for p in sorted((root / folder).rglob("*"))]
    read = [p for p in read if p.is_file() and p.suffix not in (".pyc", ".ipynb")]
    read += [p for p in sorted(root.iterdir()) if p.is_file()]
    read += [p for p in sorted(out.iterdir()) if p.is_file() and _shown(p, out)]
    read += [p for p in reports if p.name == manifest.MANIFEST]
    hashes = [f"{p} {manifest.file_sha256(p)}" for p in read]
    return manifest.sha256("\n".join([*hashes, *map(str, reports)]).encode())


def _shown(path: Path, out: Path) -> bool:
    # Not the lock, nor what a killed run left.
    return not any(part.startswith(".") for part in path.relative_to(out).parts)


def is_fresh(out: Path) -> bool:
    """Return whether the page is there, as it was written, and nothing that it reads has changed."""
    try:
        return (out / "index.html").is_file() and (out / STAMP).read_text(encoding="utf-8") == state(out)
    except (OSError, UnicodeDecodeError):
        return False


def remember(out: Path) -> None:
    """Note what the page was written from."""
    (out / STAMP).write_text(state(out), encoding="utf-8")
