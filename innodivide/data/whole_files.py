"""Files written whole or not at all, and errors that say which file they are about."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Where one thing cannot take the place of another by its name: another device, as a lower layer of an overlay counts
# for, or a file or folder that is itself mounted there.
NO_RENAME = (errno.EXDEV, errno.EBUSY)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Add to an error of the system the file it is about: a full device does not say so when it is written to."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a path beside `target` to write to; it takes the place of `target` if the block ends without an error."""
    partial = target.with_name(f".partial-{target.name}")
    try:
        with naming(target):
            yield partial
            try:
                partial.replace(target)
            except OSError as error:
                if error.errno not in NO_RENAME:
                    raise
                shutil.copyfile(partial, target)
    finally:
        partial.unlink(missing_ok=True)  # a full disk


def replace(path: Path, content: bytes) -> None:
    """Write a file; a reader finds the old content or the new one, never a part of it."""
    with replacing(path) as partial:
        partial.write_bytes(content)
