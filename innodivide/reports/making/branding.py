"""What whoever hands a report on puts on it: a title of their own, a line on whom to ask, a logo.

It changes no exhibit. It is recorded among the parameters of the report, so that another one makes the report again.
"""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from innodivide.errors import ParameterError
from innodivide.reports.pages.blocks import LOGO, Block
from innodivide.wording import fill

LARGEST = 1_000_000  # bytes of a logo: every report carries it
LONGEST = 200  # letters of a title or contact
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Branding:
    """Title, contact line and logo (bytes of a PNG); what is empty is not shown."""

    title: str = ""
    contact: str = ""
    logo: bytes = b""

    def recorded(self) -> dict[str, str]:
        """Return what the manifest says of it: nothing if nothing is put on the report."""
        logo = hashlib.sha256(self.logo).hexdigest() if self.logo else ""
        return {k: v for k, v in {"title": self.title, "contact": self.contact, "logo": logo}.items() if v}

    def facts(self) -> dict[str, str]:
        """Return the logo as the pages take it: base64 text."""
        return {LOGO: base64.b64encode(self.logo).decode()} if self.logo else {}

    def put_on(self, blocks: list[Block]) -> list[Block]:
        """Return the blocks of a report with the title in the place of their first heading and the contact below it."""
        first, *rest = blocks
        own = [Block(text=f"# {_plain(self.title)}")] if self.title else [first]
        return [*own, *([Block(text=_plain(self.contact))] if self.contact else []), *rest]


PLAIN = Branding()


def _plain(text: str) -> str:
    """Return text as Markdown that shows it as it is."""
    return fill("title", {"text": "{text}"}, {"text": text})[0]["text"]


def read(title: str = "", contact: str = "", logo: Path | None = None) -> Branding:
    """Return the branding of a title, a contact line and the file of a logo.

    Raises
    ------
    ParameterError
        If a text is longer than a line or two, or the logo is no PNG, or larger than a page should carry.
    """
    for name, text in (("title", title), ("contact", contact)):
        if len(text) > LONGEST or "\n" in text:
            raise ParameterError(f"--{name}: {len(text)} letters; write one line of at most {LONGEST}")
    content = b""
    if logo is not None:
        try:
            content = Path(logo).read_bytes()
        except OSError as error:
            raise ParameterError(f"--logo {logo} cannot be read: {error.strerror}") from None
        if not content.startswith(_PNG) or len(content) > LARGEST:
            raise ParameterError(f"--logo {logo}: expected a PNG of at most {LARGEST:,} bytes, found {len(content):,}")
    return Branding(title.strip(), contact.strip(), content)
