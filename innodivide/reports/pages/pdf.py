"""Set a report as PDF: tagged and accessible (PDF/UA-1), fonts embedded, the same bytes from the same blocks.

No font that may be passed on and is small enough has every sign: one that the embedded fonts lack, such as an emoji or
a Chinese letter, is set as its Unicode name in brackets, "[rocket]", which can be read and heard; a box could not.
"""

import base64
import json
import re
import unicodedata
from datetime import UTC, datetime
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from innodivide.reports.files import packaged
from innodivide.reports.pages import document, fitting
from innodivide.reports.pages.blocks import Block, ReportError
from innodivide.reports.pages.row_headings import with_row_headings

_PAGE = re.compile(rb"/Type\s*/Page\b")
_FOLDER = Path(find_spec("matplotlib").origin).parent / "mpl-data" / "fonts" / "ttf"
CLOSEST = 5  # of the steps in which pages are set closer: 0 as designed, 1 for few pages, from 2 on for one page
STANDARD = "ua-1"  # the compiler refuses what breaks it: no title, a figure without alt text, a skipped heading


def render(title: str, blocks: list[Block], facts: dict[str, str]) -> bytes:
    """Return the report as the bytes of a PDF file on A4 pages; parameters as for `html.render`.

    A report whose sources are listed elsewhere is meant for one page: it is set as close as that takes.

    Raises
    ------
    ReportError
        If the report breaks the standard or a letter, font or picture in it cannot be set.
    """
    report = document.each_text(_named, document.build(title, blocks, facts))
    report["logo_bytes"] = list(base64.b64decode(report["logo"]))
    first, last = (2, CLOSEST) if report["brief"] else (1, 1) if report["short"] else (0, 0)
    for tight in range(first, last + 1):
        pages = _set(report | {"tight": tight})
        if not report["brief"] or len(_PAGE.findall(pages)) == 1:
            break
    return with_row_headings(pages)


def _set(report: dict) -> bytes:
    """Return the PDF of a report as data."""
    import typst

    source, world = packaged("pages", "report.typ").encode(), {"font_paths": _fonts(), "ignore_system_fonts": True}

    def inputs(report: dict) -> dict:
        return {"sys_inputs": {"document": json.dumps(report)}}

    def places(report: dict) -> list[list]:
        try:
            return json.loads(typst.query(source, "<place>", field="value", **world, **inputs(report)))
        except RuntimeError:  # what is wrong with the report is told when it is set, in better words
            return []

    try:
        pages, warnings = typst.compile_with_warnings(
            source,
            format="pdf",
            pdf_standards=[STANDARD],
            timestamp=int(datetime.fromisoformat(report["date"]).replace(tzinfo=UTC).timestamp()),  # no clock is read
            **world,
            **inputs(fitting.mend(report, places)),
        )
    except typst.TypstError as error:
        raise ReportError(f"PDF: {' '.join([error.message, *error.hints])}") from None
    if warnings:  # a missing font or a layout that never settles: the pages would not be as meant
        raise ReportError(f"PDF: {warnings[0].message}")
    return pages


def _named(text: str) -> str:
    """Return text with each sign that no font has as its name."""
    return text if text.isascii() else _strange().sub(_name, text)


def _name(found: re.Match) -> str:
    sign = found[0]
    if unicodedata.category(sign) == "Cf":  # a joiner or mark that shows nothing of its own
        return ""
    return f"[{unicodedata.name(sign, f'U+{ord(sign):04X}').lower()}]"


@lru_cache(maxsize=1)
def _strange() -> re.Pattern:
    """Return the pattern of a sign that the font behind all others lacks; tabs and line ends are no signs."""
    from matplotlib.ft2font import FT2Font

    known = sorted({*FT2Font(_FOLDER / "DejaVuSans.ttf").get_charmap(), *b"\t\n\r"})
    return re.compile("[^" + "".join(re.escape(chr(code)) for code in known) + "]")


@lru_cache(maxsize=1)
def _fonts():
    """Return the fonts: those inside the compiler and those that come with matplotlib, never the machine's own."""
    import typst

    return typst.Fonts(include_system_fonts=False, font_paths=[_FOLDER])
