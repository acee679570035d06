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
{% for title, folder in policy %}
<li><a href="{{ folder }}/report.html">{{ title }}</a></li>
{% endfor %}
</ul>
<h2 id="annexes">Country annexes</h2>
<ul>
{% for title, folder in annexes %}
<li><a href="{{ folder }}/report.html">{{ title }}</a></li>
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
    policy = [
        (n.title, n.folder) for n in declared.values() if n.name != ANNEX and (out / n.folder / "report.html").is_file()
    ]
    found = (out / "annex").glob("*/report.html")
    reports = [p for p in found if not p.parent.name.startswith(".")]  # not what a killed run left
    folders = sorted((p.parent for p in reports), key=lambda p: names.get(p.name, p.name))
    annexes = [(names.get(p.name, p.name), p.relative_to(out).as_posix()) for p in folders]
    style = (resources.files("innodivide.reports") / "report.css").read_text(encoding="utf-8")
    page = (
        jinja2.Environment(autoescape=True, trim_blocks=True)
        .from_string(_PAGE)
        .render(style=style, policy=policy, annexes=annexes)
    )
    target = out / "index.html"
    partial = out / ".index.html"
    partial.write_text(page + "\n", encoding="utf-8")
    partial.replace(target)
    return target
