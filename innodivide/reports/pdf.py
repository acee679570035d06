"""Set a report as PDF: tagged and accessible (PDF/UA-1), fonts embedded, the same bytes from the same blocks."""

import json
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from innodivide.reports import document
from innodivide.reports.blocks import Block, ReportError

STANDARD = "ua-1"  # the compiler refuses what breaks it: no title, a figure without alt text, a skipped heading


def render(title: str, blocks: list[Block], facts: dict[str, str]) -> bytes:
    """Return the report as the bytes of a PDF file on A4 pages.

    Parameters
    ----------
    title : str
        Title of the document if its first block is no heading of level 1.
    blocks : list of Block
        Prose and exhibits, in order.
    facts : mapping
        What the reader is told about the run at the end (notebook, parameters, versions).

    Raises
    ------
    ReportError
        If the report breaks the standard or a letter, font or picture in it cannot be set.
    """
    import typst

    report = document.build(title, blocks, facts)
    template = (resources.files("innodivide.reports") / "report.typ").read_bytes()
    try:
        pages, warnings = typst.compile_with_warnings(
            template, format="pdf", pdf_standards=[STANDARD], font_paths=_fonts(), ignore_system_fonts=True,
            sys_inputs={"document": json.dumps(report)}, timestamp=_timestamp(report))
    except typst.TypstError as error:
        raise ReportError(f"PDF: {' '.join([error.message, *error.hints])}") from None
    if warnings:  # a missing font or a layout that never settles: the pages would not be as meant
        raise ReportError(f"PDF: {warnings[0].message}")
    return pages


@lru_cache(maxsize=1)
def _fonts():
    """Return the fonts: those inside the compiler and those that come with matplotlib, never the machine's own."""
    import typst

    folder = Path(find_spec("matplotlib").origin).parent / "mpl-data" / "fonts" / "ttf"
    return typst.Fonts(include_system_fonts=False, font_paths=[folder])


def _timestamp(report: dict) -> int:
    """Return the report's own date in seconds, so that no clock is read."""
    return int(datetime.fromisoformat(report["date"]).replace(tzinfo=UTC).timestamp())
