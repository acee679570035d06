"""Set the page: one file with its style, its script and its data inside, which may fetch nothing."""

import base64
import hashlib
import json

from innodivide.reports.files import packaged, template
from innodivide.reports.site import content
from innodivide.reports.site.explorer import explorer
from innodivide.reports.site.folder import Found

_SCRIPTS = ("countries.js", "specifications.js", "curve.js", "explorer.js")  # one scope, in this order
KEPT = ("name", "links", "command", "cells")  # of each country, for the scripts
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def render(found: Found) -> str:
    """Return the page of what was found, as HTML."""
    countries, explored = content.countries(found), explorer(found)
    style = packaged("site", "index.css") + _tile_places(countries["tiles"])
    script = "\n".join(packaged("site", name) for name in _SCRIPTS)
    carried = {
        "countries": {r["geo"]: {k: r[k] for k in KEPT} | {"group": r["group_name"]} for r in countries["rows"]},
        "figures": countries["columns"],
        "grid": explored.pop("data", None),
    }
    shown = template("site", "index.html.j2", html=True).render(
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'",
        carried=as_script_data(carried),
        answer=content.answer(found),
        ledger=content.ledger(found),
        countries=countries,
        explorer=explored,
        reports=content.reports(found),
    )
    return shown + "\n"


def as_script_data(value) -> str:
    """Return JSON that cannot end the element it stands in, nor be read as markup."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return "".join(_UNSAFE.get(c, c) for c in text)


def _hash(text: str) -> str:
    """Return the source expression by which a content security policy allows this one inline text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _tile_places(tiles: list[dict]) -> str:
    """Return the rules that place the tiles: the policy forbids style attributes."""
    rows, columns = ({r["tile"][axis] for r in tiles} for axis in (0, 1))
    rules = [f".row-{n}{{grid-row:{n + 1}}}" for n in sorted(rows)]
    return "\n".join([*rules, *(f".col-{n}{{grid-column:{n + 1}}}" for n in sorted(columns))]) + "\n"
