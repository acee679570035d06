"""Mark the first cell of each table row of a PDF as the heading of its row, as the HTML page does.

The compiler can mark one only by a feature that its Python call cannot switch on (`docs/decisions.md`).
"""

import io


def with_row_headings(content: bytes) -> bytes:
    """Return a PDF in which the first cell of each table row that is not yet a heading is one, of scope Row.

    The other cells no longer name the heading of their column alone: a reader then goes by the scopes of both, which
    are plain, as no cell spans rows or columns.
    """
    from pypdf import PdfWriter
    from pypdf.generic import ArrayObject, DictionaryObject, NameObject

    def named(**values: str) -> ArrayObject:
        return ArrayObject([DictionaryObject({NameObject(f"/{k}"): NameObject(f"/{v}") for k, v in values.items()})])

    pages = PdfWriter(clone_from=io.BytesIO(content))
    pages.pdf_header = content[:8].decode()  # the version of the file, which it does not copy
    for cells in _rows(pages.root_object["/StructTreeRoot"]):
        for place, cell in enumerate(cells):
            if cell["/S"] == "/TD":
                heads = place == 0
                cell[NameObject("/S")] = NameObject("/TH" if heads else "/TD")
                cell[NameObject("/A")] = named(O="Table", Scope="Row") if heads else named(O="Table")
    out = io.BytesIO()
    pages.write(out)
    return out.getvalue()


def _rows(element: dict):
    """Yield the cells of each table row below an element of the tags."""
    below = element.get("/K", [])
    parts = [kid.get_object() for kid in (below if isinstance(below, list) else [below])]
    if element.get("/S") == "/TR":
        yield parts
        return
    for part in parts:
        if isinstance(part, dict):  # a number marks a piece of the page
            yield from _rows(part)
