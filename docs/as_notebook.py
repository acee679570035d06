"""The tutorial as a notebook for JupyterLab: words as they are, each Python block as a cell with what it shows.

`python docs/as_notebook.py` writes docs/tutorial.ipynb; `make lab` does it. The page stays the one source.
"""

import doctest
import re
from pathlib import Path

import nbformat
from nbformat import v4

DOCS = Path(__file__).resolve().parent
PAGE, NOTEBOOK = DOCS / "tutorial.md", DOCS / "tutorial.ipynb"


def cells(text: str) -> list:
    """Return the cells of a page: what a reader is to see after an example stands as the output of its cell."""
    made = []
    for number, part in enumerate(re.split(r"^```python\n(.*?)^```\n", text, flags=re.M | re.S)):
        if number % 2 == 0:
            made += [v4.new_markdown_cell(part.strip())] if part.strip() else []
        elif ">>>" not in part:
            made.append(v4.new_code_cell(part.strip()))
        else:
            made += _examples(part)
    for count, cell in enumerate(made):
        cell["id"] = f"cell-{count}"  # else drawn anew each time
    return made


def _examples(block: str) -> list:
    """One cell for the examples up to each one that shows something."""
    made, source = [], ""
    for example in doctest.DocTestParser().get_examples(block):
        source += example.source
        if example.want:
            tags = {"tags": ["raises-exception"]} if example.exc_msg else {}  # Run All goes on after it
            output = v4.new_output("stream", text=example.want)
            made.append(v4.new_code_cell(source.strip(), outputs=[output], metadata=tags))
            source = ""
    return [*made, v4.new_code_cell(source.strip())] if source else made


def notebook() -> str:
    """Return the notebook as text."""
    made = v4.new_notebook(cells=cells(PAGE.read_text(encoding="utf-8")))
    made.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.validate(made)
    return nbformat.writes(made) + "\n"


if __name__ == "__main__":
    NOTEBOOK.write_text(notebook(), encoding="utf-8", newline="\n")
