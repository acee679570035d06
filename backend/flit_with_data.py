"""The build backend: flit, given a tree in which the package has the data beside its code.

In the repository data, notebooks, plan and stored exhibits stand at the top, where people look for them. An installed
package has to bring them along: what `[tool.innodivide]` in pyproject.toml lists is laid into `innodivide/repository/`
of a copy of the tree, and flit packs the copy. Nothing of flit is used but its public hooks.
"""

import shutil
import tempfile
import tomllib
from contextlib import chdir
from pathlib import Path

from flit_core import buildapi
from flit_core.buildapi import *  # noqa: F403  all hooks that are not wrapped below, editable installs among them

NEEDED = ("pyproject.toml", "README.md", "LICENSE", "LICENSE-DATA.md")  # by flit, beside the package
INSIDE = "innodivide/repository"  # as innodivide/data/folders.py looks for it
JUNK = ("__pycache__", ".*")  # caches, check-points and half-written files


def brought(root: Path) -> list[str]:
    """Return the files that an installed package brings along, as paths below the repository, sorted.

    Raises
    ------
    FileNotFoundError
        If a name of the list is not there: a package without it would fail where it is used.
    """
    listed = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["innodivide"]["brought"]
    files = []
    for name in listed:
        path = root / name
        if not path.exists():
            raise FileNotFoundError(f"pyproject.toml, [tool.innodivide] brought: {name} is not there")
        files += [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    names = [p.relative_to(root) for p in files]
    return sorted(n.as_posix() for n in names if not any(p == JUNK[0] or p.startswith(".") for p in n.parts))


def laid_out(root: Path, folder: Path) -> None:
    """Copy into an empty folder what flit packs: the package with what it brings along inside it."""
    shutil.copytree(root / "innodivide", folder / "innodivide", ignore=shutil.ignore_patterns(*JUNK))
    for source, target in [*((n, n) for n in NEEDED), *((n, f"{INSIDE}/{n}") for n in brought(root))]:
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / source, folder / target)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None) -> str:
    """Build the wheel from the copy, for pip and `python -m build`; the standard's hook."""
    target = Path(wheel_directory).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        laid_out(Path.cwd(), Path(scratch))
        with chdir(scratch):
            return buildapi.build_wheel(str(target), config_settings)
