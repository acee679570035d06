"""The README's answer, ledger and picture, written from the stored exhibits of the policy brief."""

import csv
import io
import re
from pathlib import Path

from innodivide.data.frozen import ROOT
from innodivide.errors import DataError
from innodivide.reports.verify.golden import parse_words

BRIEF = Path("reports") / "expected" / "07_policy_brief"
PICTURE = Path("docs") / "answer.svg"
NOT_COUNTED = "**Not counted"  # how the brief begins to say which IPCEIs came after the registered period
HEAD = ("claim, in our words", "verdict", "when the brief was written", "why")


def stored_text(root: Path, exhibit: str) -> str:
    """Return a stored sentence of the brief as Markdown."""
    words = parse_words((root / BRIEF / "text.md").read_text(encoding="utf-8"))
    if "text" not in words.get(exhibit, {}):
        raise DataError(f"{BRIEF / 'text.md'}: no text of {exhibit}; renew it with innodivide verify --renew")
    return words[exhibit]["text"].replace("\\", "")


def stored_rows(root: Path, exhibit: str) -> list[dict]:
    """Return the rows of a stored exhibit of the brief as texts."""
    return list(csv.DictReader(io.StringIO((root / BRIEF / f"{exhibit}.csv").read_text(encoding="utf-8"))))


def written(root: Path = ROOT) -> str:
    """Return the README with its answer and its ledger as the stored exhibits have them.

    Raises
    ------
    DataError
        A mark is missing in the README, or an exhibit in the stored ones.
    """
    rows = [
        f"| {r['claim_id']} {r['claim']} | {r['verdict']} | {r['then'] or '–'} | {r['short']} |"
        for r in stored_rows(root, "T7.1")
    ]
    ledger = "\n".join([f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|", *rows])
    parts = map(str.strip, stored_text(root, "N7.5").split("\n\n"))  # parts of a text are joined with a space
    later = [part for part in parts if part.startswith(NOT_COUNTED)]
    ledger = "\n\n".join([ledger, *later])
    text = (root / "README.md").read_text(encoding="utf-8")
    for name, new in (("answer", stored_text(root, "N7.1")), ("ledger", ledger)):
        mark = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- end of {name} -->)", re.S)
        if not mark.search(text):
            raise DataError(f"README.md: no <!-- {name} --> and <!-- end of {name} --> to write between")
        text = mark.sub(lambda m, new=new: m[1] + new + m[2], text)
    return text


def picture(root: Path = ROOT) -> bytes:
    """Return the picture of the answer as SVG, from the stored data of the brief's figure."""
    import pandas as pd

    from innodivide import figures

    rows = pd.read_csv(root / BRIEF / "F7.1.csv")
    label = "Share of the IPCEIs open to them in which the states took part"
    return figures.save_bytes(figures.bars(rows, "who", "share", "order", "ci_low", "ci_high", xlabel=label), "svg")
