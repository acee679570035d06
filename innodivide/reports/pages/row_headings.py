"""Mark the first cell of each table row of a PDF as the heading of its row, as the HTML page does.

The compiler can mark one only by a feature that its Python call cannot switch on (`docs/decisions.md`). It writes the
objects of a file as plain text, so the tags are changed there.
"""

import re

from innodivide.reports.pages.blocks import ReportError

_END = re.compile(rb"startxref\n(\d+)\n%%EOF\s*\Z")
_TABLE = re.compile(rb"xref\n0 (\d+)\n(?=0{10} 65535 f\r\n)")
_ENTRY = 20  # bytes of an entry of the table of objects
_ROW = re.compile(rb"\d+ 0 obj\n<</Type/StructElem/S/TR/P \d+ 0 R/K\[(\d+) 0 R")
_CELL = re.compile(rb"(\d+ 0 obj\n<</Type/StructElem/S)/TD(/P \d+ 0 R/A\[)<</O/Table/Headers\[[^\]]*\]>>")


def with_row_headings(content: bytes) -> bytes:
    """Return a PDF in which the first cell of each table row that is not yet a heading is one, of scope Row.

    The other cells no longer name the heading of their column alone: a reader then goes by the scopes of both, which
    are plain, as no cell spans rows or columns.

    Raises
    ------
    ReportError
        If the file does not end in a plain table of its objects.
    """
    end = _END.search(content)
    table = _TABLE.match(content, int(end[1])) if end else None
    if not table:
        raise ReportError("PDF: it does not end in a plain table of objects; use the version of typst that is pinned")
    start, first, count = table.start(), table.end(), int(table[1])
    starts = {n: int(content[first + _ENTRY * n :][:10]) for n in range(1, count)}
    order = sorted(starts, key=starts.__getitem__)
    ends = [*(starts[n] for n in order[1:]), start]
    parts = {n: content[starts[n] : stop] for n, stop in zip(order, ends)}
    headings = {int(row[1]) for part in parts.values() if (row := _ROW.match(part))}
    made, length = [content[: starts[order[0]]]], starts[order[0]]
    for n in order:
        cell = rb"\1/TH\2<</O/Table/Scope/Row>>" if n in headings else rb"\1/TD\2<</O/Table>>"
        made.append(_CELL.sub(cell, parts[n], count=1))
        starts[n], length = length, length + len(made[-1])
    entries = [b"%010d 00000 n\r\n" % starts[n] for n in sorted(starts)]
    rest = content[first + _ENTRY * count :].replace(end[0], b"startxref\n%d\n%%%%EOF" % length)
    return b"".join([*made, content[start : first + _ENTRY], *entries, rest])
