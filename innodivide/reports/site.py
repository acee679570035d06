"""The entry page of a reports folder: what was made, by name, with links that work without a server."""

from importlib import resources
from pathlib import Path

import jinja2

from innodivide import data
from innodivide.reports.declarations import ANNEX, notebooks

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>innodivide: reports</title>
<style>
{{ style | safe }}
</style>
</head>
<body>
<main>
<h1>innodivide: reports</h1>
<h2 id="policy">Policy notebooks</h2>
<ul>
{% for title, links in policy %}
<li>{{ title }}:{% for label, address in links %} <a href="{{ address }}">{{ label }}</a>{% endfor %}</li>
{% endfor %}
</ul>
<h2 id="annexes">Country annexes</h2>
<ul>
{% for title, links in annexes %}
<li>{{ title }}:{% for label, address in links %} <a href="{{ address }}">{{ label }}</a>{% endfor %}</li>
{% endfor %}
</ul>
</main>
</body>
</html>
"""


def write_index(out: Path) -> Path:
    """Write index.html with a link to every report that is in the folder, whichever run made it."""
    declared = notebooks()
    names = dict(zip(*data.load_rows("country")[["geo", "name"]].T.to_numpy()))
    policy = [(n.title, _links(out, out / n.folder)) for n in declared.values() if n.name != ANNEX]
    folders = [p for p in (out / "annex").glob("*") if p.is_dir() and not p.name.startswith(".")]  # not a killed run's
    annexes = sorted((names.get(p.name, p.name), _links(out, p)) for p in folders)
    style = (resources.files("innodivide.reports") / "report.css").read_text(encoding="utf-8")
    template = jinja2.Environment(autoescape=True, trim_blocks=True).from_string(_PAGE)
    made = {"policy": [r for r in policy if r[1]], "annexes": [r for r in annexes if r[1]]}
    partial = out / ".index.html"
    partial.write_text(template.render(style=style, **made) + "\n", encoding="utf-8")
    return partial.replace(out / "index.html")


def _links(out: Path, folder: Path) -> list[tuple[str, str]]:
    """Return (label, address) of each format of a report that is there."""
    labels = {"html": "HTML", "pdf": "PDF", "docx": "Word"}
    files = ((label, folder / f"report.{kind}") for kind, label in labels.items())
    return [(label, file.relative_to(out).as_posix()) for label, file in files if file.is_file()]
