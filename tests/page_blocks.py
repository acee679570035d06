"""Blocks for the tests of the page formats: an ordinary report, and one made to break them."""

import os
import re
import subprocess
import sys
import unicodedata
from functools import cache

import pandas as pd
from matplotlib.figure import Figure

from innodivide import figures
from innodivide.data import frozen
from innodivide.narrative import exhibits
from innodivide.reports.pages.blocks import Block

SOURCES = ("AALEP-FR", "UNICODE_CLDR")
FACTS = {"Notebook": "notebooks/90_mini.ipynb", "Parameters": "country = PL", "Software": "innodivide"}
ALT = "A line that rises from one & then <falls>."
NASTY = [
    'The "best" region',
    "O'Higgins",
    "R&D & co",
    "AT&amp;T",
    "<script>alert(1)</script>",
    "</figure><h1>x",
    "🚀 Łódź",
    "مرحبا بالعالم",
    "שלום",
    "x" * 200,
    "*bold* _it_ `code`",
    "[a](http://b.example)",
    "![a](http://b.example/i.png)",
    "# heading",
    "a|b",
    "~~no~~ $x$",
    "{braces} #panic() @ref <label>",
    "back\\slash \\u{41}",
    "]]> <!-- x -->",
    "{{ title }} {% raw %}",
    '#import "x"',
    "e\u0301te\u0301",
    "a\u00a0b",
    "tab\tstop",
]
# The letters of the official languages of the EU that are not in plain ASCII, and their quotation marks and signs.
LETTERS = (
    "абвгдежзийклмнопрстуфхцчшщъьюя",
    "αάβγδεέζηήθιίϊΐκλμνξοόπρσςτυύϋΰφχψωώ",
    "¡¿ßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿāăąćċčďđē",
    "ėęěġģħīįĳķĺļľłńņňőœŕřśşšţťūůűųźżžșțḃḋḟṁṗṡṫ",
    "„“”‚‘’«»‹›–—…€‰°№·",
)
_LINK_AND_PROSE = """# Regions & "rules" <b>

Words *leaning*, **strong**, ***both***, `code <i>`, a [link](https://europa.eu/a?b=c&d=e), a [file](manifest.json) and
a [trap](javascript:alert(1)). Two  \nlines.

## First part

- one
- two

  1. inner one
  2. inner two

- three

4. fourth
5. fifth

> quoted *words*

```
code #block
```

---

| Name | Value |
|------|------:|
| `a` & b | **1** |

#### A heading too deep

"""


def frame(rows: int = 3) -> pd.DataFrame:
    """Return a small table of names and values."""
    return pd.DataFrame({"name": [f"Region {i}" for i in range(rows)], "value": [i * 1.5 - 1 for i in range(rows)]})


def table(id: str = "T9.1", data_frame: pd.DataFrame | None = None, **changes) -> Block:
    """Return a table with every column of the frame."""
    shown = frame() if data_frame is None else data_frame
    given = {
        "sources": SOURCES[:1],
        "caption": "How to read it.",
        "note": "A warning.",
        "edition": "EIS 2023",
        **changes,
    }
    columns = given.pop("columns", {c: f"Head {c}" for c in shown})
    return Block(payload=exhibits.table(id, given.pop("title", "What is found"), shown, columns, **given).payload())


def phoned(id: str = "F9.2") -> Block:
    """Return a figure that has a drawing for phones."""
    drawing = figures.lines(pd.DataFrame({"x": [1, 2], "y": [3, 1], "who": "EU"}), "x", "y", "who")
    return Block(payload=exhibits.figure(id, "A fall", drawing, frame(), alt="From 3 to 1.", sources=SOURCES).payload())


def picture(id: str = "F9.1", height: float = 3, **changes) -> Block:
    """Return a figure of one line."""
    drawing = Figure(figsize=(6.5, height))
    drawing.add_subplot().plot([1, 3, 2])
    given = {"alt": ALT, "sources": SOURCES} | changes
    payload = exhibits.figure(id, given.pop("title", "A line"), drawing, frame(), **given).payload()
    return Block(payload=payload)


def said(id: str = "N9.1", text: str = "Value {v:.2f} of {name}.", **values) -> Block:
    """Return a sentence with numbers."""
    return Block(payload=exhibits.say(id, text, **(values or {"v": 3.14159, "name": NASTY[4]})).payload())


def ordinary() -> list[Block]:
    """Return a report with one of everything."""
    return [Block(text=_LINK_AND_PROSE), said(), table(), picture(), Block(text="## Second part\n\nThe end.")]


def names_table(names) -> Block:
    """Return a table with the same names in every place that takes text."""
    shown = pd.DataFrame({"name": names, "again": names[::-1]})
    return table("T9.2", shown, title="Names: {a}", caption="Caption: {a}", values={"a": NASTY[4]}, note=NASTY[2])


def wide(count: int, rows: int = 3) -> pd.DataFrame:
    """Return a table of many columns, every cell different."""
    return pd.DataFrame({f"c{i}": [f"r{r}c{i}" for r in range(rows)] for i in range(count)})


def squeezed(text: str) -> str:
    """Return text without any white space and with letters in one form, to compare across line breaks."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFC", text))


def member_states() -> list[str]:
    """Return the names of the Member States in their own languages."""
    cells = frozen.load_rows("country").query("is_eu27 == True")["endonym"]
    return [pair.split(":", 1)[1] for cell in cells for pair in cell.split(";")]


@cache
def rendered_elsewhere() -> dict[str, str]:
    """Return the hash of the ordinary report in each format, by another process, in another time zone and hash seed."""
    program = (
        "import hashlib, page_blocks as p\nfrom innodivide.reports.pages import docx, html, pdf, pptx, spreadsheet\n"
        "for f in (pptx, spreadsheet, html, pdf, docx):\n"
        "    made = f.render('T', p.ordinary(), p.FACTS)\n"
        "    print(f.__name__, hashlib.sha256(made if isinstance(made, bytes) else made.encode()).hexdigest())"
    )
    environment = {**os.environ, "TZ": "Pacific/Auckland", "PYTHONHASHSEED": "7", "LC_ALL": "C", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=os.path.dirname(__file__),
    )
    return dict(line.split() for line in done.stdout.splitlines())
