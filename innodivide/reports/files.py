"""Files of ours: those that come with the package, and those written whole or not at all."""

import base64
import zipfile
from importlib import resources
from pathlib import Path

from innodivide.data.whole_files import replace


def write_whole(target: Path, content: str | bytes) -> None:
    """Write a file; a reader finds the old content or the new one, never a part of it."""
    replace(target, content.encode() if isinstance(content, str) else content)


def packaged(room: str, name: str) -> str:
    """Return the text of a file that lies in a room of `innodivide.reports`, such as report.css in `pages`."""
    return (resources.files(f"innodivide.reports.{room}") / name).read_text(encoding="utf-8")


def template(room: str, name: str, *, html: bool):
    """Return a Jinja template; an unknown name in it is an error, and what is filled into HTML is escaped."""
    import jinja2

    rules = {"autoescape": html, "lstrip_blocks": html, "trim_blocks": True, "undefined": jinja2.StrictUndefined}
    return jinja2.Environment(**rules).from_string(packaged(room, name))


def data_address(kind: str, content: str) -> str:
    """Return an address that holds some text of a media type, for pages that fetch nothing."""
    return f"data:{kind};base64,{base64.b64encode(content.encode()).decode()}"


def svg_address(drawing: str) -> str:
    """Return an address that holds a drawing."""
    return data_address("image/svg+xml", drawing)


def zip_entry(name: str, mode: int) -> zipfile.ZipInfo:
    """Return a compressed entry of a zip that is the same whenever and wherever it is written."""
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))  # the earliest time that a zip can state
    entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, mode << 16
    return entry
