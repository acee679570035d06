"""The web page of a reports folder: the answer, the ledger, the countries, the specification explorer, every report.

One file, `index.html`, made after every run from what is in the folder. `folder` reads the folder, `content` and
`explorer` turn exhibits into what the page shows, `page` sets it. Nothing is computed here that a report has not shown.
"""

import hashlib
from pathlib import Path

from innodivide.data import frozen
from innodivide.reports.files import write_whole
from innodivide.reports.making.declarations import DECLARATIONS, NOTEBOOKS
from innodivide.reports.site.folder import Found, find

INDEX = "index.html"
_OWN = Path(__file__).parent
_MARK = "<!-- inputs {}, page {} -->\n"


def write_index(out: Path) -> Path:
    """Write index.html from what the reports folder holds; leave it alone when that would give the same bytes.

    Parameters
    ----------
    out : Path
        A reports folder, however complete.

    Returns
    -------
    Path
        The page. It is replaced whole or not at all.
    """
    out = Path(out)
    target, found = out / INDEX, find(out)
    inputs = _inputs(found)
    if _is_current(target, inputs):
        return target
    from innodivide.reports.making.run import prepare_output  # like the template engine, only when something changed
    from innodivide.reports.site.page import render

    prepare_output(out)
    text = render(found)
    write_whole(target, text + _mark(inputs, text))
    return target


def _inputs(found: Found) -> str:
    """Return one hash of all that the page is made of: the reports found, the tables and declarations, this code."""
    digest = hashlib.sha256(repr(found).encode())
    tables = [frozen.DATA / frozen.resource(name)["path"] for name in ("country", "tile_grid", "source")]
    own = [p for p in _OWN.iterdir() if p.is_file()]
    stored = frozen.ROOT / "reports" / "expected" / "07_policy_brief" / "text.md"
    for path in [*sorted(own), *tables, stored, NOTEBOOKS / DECLARATIONS, frozen.ROOT / "multiverse.yml"]:
        digest.update(path.name.encode() + (path.read_bytes() if path.is_file() else b""))
    return digest.hexdigest()


def _mark(inputs: str, text: str) -> str:
    return _MARK.format(inputs, hashlib.sha256(text.encode()).hexdigest())


def _is_current(target: Path, inputs: str) -> bool:
    """Return whether the page was made from these inputs and is as it was written."""
    try:
        written = target.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    text = written[: written.rfind("<!-- inputs ")]
    return written == text + _mark(inputs, text)
