"""What the page says of the answer, the claims, the countries and the reports: exhibits, in the page's order."""

import re

from innodivide.data import frozen
from innodivide.data.folders import OWN_DATA
from innodivide.reports.files import svg_address
from innodivide.reports.making.declarations import ANNEX, notebooks
from innodivide.reports.pages.prose import MARKDOWN
from innodivide.reports.pages.source_list import source_line
from innodivide.reports.site.folder import Found, Report
from innodivide.reports.verify import golden
from innodivide.wording import GROUP_LABELS, GROUP_LETTERS, show

ANSWER, PICTURE, FOLLOWS, LIMITS = "N7.1", "F7.1", "N7.5", "N7.4"
BRIEF = "07_policy_brief"  # of the stored reports
FIRST = {  # the reports for readers with little time stand first, with what they are
    "08": "summary: the answer and one picture",
    "07": "policy brief: the answer, each claim with its verdict, what follows",
}
CLAIM = (
    *("claim_id", "claim", "verdict", "then", "short", "rests"),
    *("numbers", "coverage", "test", "rule", "change", "exhibit"),
)
PARTICIPATION = ("geo", "group", "n", "n_possible", "rate", "companies_min", "per_million", "per_100bn")
INDEX = ("geo", "group", "edition", "relative")
COUNTRY_COLUMNS = (  # heading, data column, format
    ("Index, EU = 100", "relative", "{:.0f}"),
    ("IPCEIs", "n", "{:.0f}"),
    ("Share of all IPCEIs", "rate", "{:.0%}"),
    ("Companies, at least", "companies_min", "{:.0f}"),
    ("IPCEIs per million people", "per_million", "{:.2f}"),
    ("IPCEIs per € 100 bn GDP", "per_100bn", "{:.2f}"),
)
_KEY_FIGURES = (  # exhibit, names of its numbers, what they are, how they are shown, also small beside it
    (ANSWER, ("rate_leader", "rate_other"), "Projects joined: innovation leaders, other states", "{} and {}"),
    (
        ANSWER,
        ("or_", "low", "high"),
        "Odds ratio of leaders at equal size and wealth (95% interval)",
        "{}",
        "({1} to {2})",
    ),
    ("F7.3", ("places", "gdp", "top_n"), "IPCEI places of the {2} states with most, GDP of as many", "{} and {}"),
    ("F7.6", ("below", "above"), "Recovery grants per head, euro: states below and above the EU average", "{} and {}"),
)


def prose(report: Report | None, exhibit: str) -> str:
    """Return a sentence of a report as HTML, empty if it is not there."""
    return MARKDOWN.render(report.exhibits[exhibit]["title"]) if report and exhibit in report.exhibits else ""


def drawing(report: Report | None, exhibit: str) -> dict:
    """Return a figure of a report (title, caption, alt, image as a data address, source), empty if it is not there."""
    if not report or exhibit not in report.exhibits:
        return {}
    payload = report.exhibits[exhibit]
    kept = {name: payload[name] for name in ("id", "title", "caption", "alt")}
    narrow = payload.get("narrow")  # reports made by an earlier version have none
    images = {"image": svg_address(payload["svg"]), "narrow": svg_address(narrow) if narrow else ""}
    return kept | images | {"source": source_line(payload["sources"])}


def answer(found: Found) -> dict:
    """Return the answer of the brief: sentence, key figures, picture, what follows, what the data cannot show."""
    report = found.showing(ANSWER)
    if report is None:
        return _stored_answer()
    figures = []
    for exhibit, names, label, form, *beside in _KEY_FIGURES:
        numbers = report.exhibits.get(exhibit, {}).get("numbers", {})
        if all(n in numbers for n in names):
            told = [numbers[n]["text"] for n in names]
            figures.append([text.format(*told) for text in (label, form, "".join(beside))])
    return {
        "html": prose(report, ANSWER),
        "figures": figures,
        "picture": drawing(report, PICTURE),
        "follows": prose(report, FOLLOWS),
        "limits": prose(report, LIMITS),
        "links": report.links,
        "stored": False,
    }


def _stored_answer() -> dict:
    """Return the sentences of the answer as stored with this version; none for tables that somebody changed."""
    words = golden.read_stored(BRIEF).words if OWN_DATA and BRIEF in golden.stored() else {}
    if ANSWER not in words:
        return {}
    said = {n: MARKDOWN.render(words.get(e, {}).get("text", "")) for n, e in (("follows", FOLLOWS), ("limits", LIMITS))}
    return {"html": MARKDOWN.render(words[ANSWER]["text"]), "figures": [], "picture": {}, "stored": True, **said}


def ledger(found: Found) -> dict:
    """Return the claims with verdict, what decides, what it rests on, and how each was judged."""
    claims = found.table("07", CLAIM)
    if claims is None:
        return {}
    return {
        "rows": [row | {"seen_in": _places(found, row["exhibit"])} for row in claims.rows],
        "summary": claims.payload["title"],
        "caption": claims.payload["caption"],
        "source": source_line(claims.payload["sources"]),
        "data": claims.address,
    }


def _places(found: Found, cell: str) -> list[tuple[str, str]]:
    """Return (exhibit, address) of the exhibits named in a cell, where their report is there as HTML."""
    places = []
    for exhibit in re.findall(r"[TFN]\d+\.\d+", cell):
        report = found.showing(exhibit)
        if report and report.link("HTML"):
            places.append((exhibit, f"{report.link('HTML')}#{exhibit}"))
    return places


def countries(found: Found) -> dict:
    """Return the Member States with annexes, group, index and participation, and the sources of the figures."""
    shown = {"02": found.table("02", PARTICIPATION), "01": found.table("01", INDEX)}
    counts, scores = ({row["geo"]: row for row in t.rows} if t else {} for t in shown.values())
    rows = []
    endonyms = frozen.load_rows("country").dropna(subset=["endonym"]).set_index("geo")["endonym"].to_dict()
    table, tiles = frozen.load_rows("country"), frozen.load_rows("tile_grid").set_index("geo")
    for geo, name in sorted(table.loc[table["is_eu27"].fillna(False), ["geo", "name"]].to_numpy().tolist()):
        report, count, score = found.get(f"annex/{geo}"), counts.get(geo, {}), scores.get(geo, {})
        group = count.get("group") or score.get("group", "")
        group = group if group in GROUP_LABELS else ""
        rows.append(
            {
                "geo": geo,
                "name": name,
                "names": endonyms.get(geo, ""),
                "links": report.links if report else (),
                "command": f"innodivide annex {geo}",
                "group": group,
                "letter": GROUP_LETTERS.get(group, ""),
                "group_order": list(GROUP_LABELS).index(group) if group else "",
                "group_name": GROUP_LABELS[group].split(" (")[0] if group else "not known",
                "tile": tuple(int(v) for v in tiles.loc[geo, ["row", "col"]]),
                "n": count.get("n", ""),
                "n_possible": count.get("n_possible", ""),
                "cells": [_cell(count | {"relative": score.get("relative", "")}, *c[1:]) for c in COUNTRY_COLUMNS],
            }
        )
    cited = [source for t in shown.values() if t for source in t.payload["sources"]]
    return {
        "rows": sorted(rows, key=lambda r: r["name"]),
        "made": sum(bool(r["links"]) for r in rows),
        "tiles": sorted(rows, key=lambda r: r["tile"]),  # reading order is what is seen
        "columns": [c[0] for c in COUNTRY_COLUMNS],
        "edition": next((s.get("edition", "") for s in scores.values()), ""),
        "source": source_line(cited) if cited else "",
        "groups": [(g, GROUP_LETTERS[g], name) for g, name in GROUP_LABELS.items() if g in {r["group"] for r in rows}],
        "absent": [f"innodivide run {number}" for number, t in shown.items() if t is None],
    }


def _cell(row: dict, column: str, form: str) -> tuple[str, str]:
    """Return the value to sort by and the text to show; unknown is said, and never zero."""
    raw = row.get(column, "")
    return raw, show(float(raw), form) if raw else "not known"


def reports(found: Found) -> list[dict]:
    """Return every declared report with its links, or the command that makes it; then what else is in the folder."""
    listed, declared = [], [n for n in notebooks().values() if n.name != ANNEX]
    order = list(FIRST)
    for notebook in sorted(declared, key=lambda n: order.index(n.name[:2]) if n.name[:2] in FIRST else len(order)):
        what = {"title": notebook.title, "about": FIRST.get(notebook.name[:2], "")}
        mine = [r for r in found.reports if r.name.split("--")[0] == notebook.folder]
        if not any(r.name == notebook.folder for r in mine):
            command = f"innodivide run {notebook.name.split('_')[0]}"
            listed.append(what | {"variant": "", "links": (), "command": command})
        listed += [
            what | {"variant": r.variant, "links": r.links, "command": ""} for r in sorted(mine, key=lambda r: r.name)
        ]
    members = {f"annex/{row['geo']}" for row in countries(found)["rows"]}
    others = [r for r in found.reports if r.name.startswith("annex/") and r.name not in members]
    return listed + [
        {"title": f"Annex {r.name.split('/')[1].split('--')[0]}", "about": "", "variant": r.variant}
        | {"links": r.links, "command": ""}
        for r in others
    ]
