"""The reports of `innodivide verify` and `innodivide compare`: Markdown, the same as one HTML file, short lines."""

import re
from collections import Counter
from collections.abc import Iterable
from html import escape

from innodivide.reports.files import packaged
from innodivide.reports.making.manifest import first_three
from innodivide.reports.pages.prose import MARKDOWN
from innodivide.reports.verify.compare import TOLERANCE, Comparison, Difference
from innodivide.reports.verify.compare_inputs import Change, Provenance

LIMIT = 20  # cells listed for one exhibit
LONGEST = 200  # characters of a cell or sentence that are shown
_VERIFIED = {"same": "reproduced", "differs": "differs", "absent": "not run", "new": "new"}
_COMPARED = {"same": "same", "differs": "changed", "absent": "only in A", "new": "only in B"}


def counts(results: Iterable[Comparison]) -> Counter:
    """Return the number of exhibits by status, in the words of `verify`."""
    return Counter(_VERIFIED[r.status] for r in results)


def verification(results: list[Comparison], origins: list[Provenance], failed: dict[str, str]) -> str:
    """Return the report of a verification as Markdown; `failed` are reports whose run broke, with the message."""
    found = counts(results)
    parts = ["# Verification", _verdict(found, origins), _counts(found, _VERIFIED.values()), TOLERANCE]
    parts += _faults(origins) + [f"- {name}: the run failed: {_plain(text)}" for name, text in failed.items()]
    parts += _differences(results, "Differences", ("expected", "found"))
    parts += ["## Every exhibit", _every_exhibit(results, _VERIFIED)]
    if origins:
        parts += ["## Where the run came from", _origins(origins)]
    parts.append(
        "What this does not show: that data and analysis are right; that drawings look the same (their data are "
        "compared); anything about this checkout, if the run was made from another."
    )
    return "\n\n".join(parts) + "\n"


def _verdict(found: Counter, origins: list[Provenance]) -> str:
    total = sum(found[s] for s in ("reproduced", "differs", "not run"))
    unsound = sum(not o.sound for o in origins)
    if found["reproduced"] == total and not unsound:
        return f"**Reproduced**: all {total} stored exhibits."
    text = f"**Not reproduced**: {found['reproduced']} of {total} stored exhibits agree"
    return text + (f"; reports that are not what their manifest says: {unsound}." if unsound else ".")


def comparison(
    results: list[Comparison], verdicts: tuple[dict, dict], changes: list[Change], origins: list[Provenance]
) -> str:
    """Return the report of a comparison of two runs as Markdown: verdicts first, then inputs, then exhibits."""
    found = Counter(_COMPARED[r.status] for r in results)
    parts = ["# Run A compared with run B", "## Verdicts on the claims", _verdicts(*verdicts)]
    parts += ["## What went into them", _changes(changes), *_faults(origins)]
    parts += ["## Exhibits", _counts(found, _COMPARED.values()), TOLERANCE]
    parts += _differences(results, "Changes", ("A", "B"))
    parts += ["## Every exhibit", _every_exhibit(results, _COMPARED)]
    return "\n\n".join(parts) + "\n"


def _verdicts(first: dict, second: dict) -> str:
    if not first or not second:
        return f"No table of claims in run {'A' if not first else 'B'}, so verdicts are not compared."
    none, rows = ("no such claim", ""), []
    for claim in sorted(first.keys() | second.keys()):
        (was, old), (now, new) = first.get(claim, none), second.get(claim, none)
        if was != now:
            rows.append((_plain(claim), f"**{_plain(was)} → {_plain(now)}**", _plain(old), _plain(new)))
        elif old != new:
            rows.append((_plain(claim), f"{_plain(was)}, other numbers", _plain(old), _plain(new)))
    changed = sum("→" in row[1] for row in rows)
    text = f"{changed} of {len(first.keys() | second.keys())} verdicts change."
    return f"{text}\n\n{_table(('claim', 'verdict', 'numbers in A', 'numbers in B'), rows)}" if rows else text


def _changes(changes: list[Change]) -> str:
    if not changes:
        return "Inputs, parameters and versions are the same, as far as manifests tell."
    rows = [(c.kind, _plain(c.name), _plain(c.first), _plain(c.second)) for c in changes]
    return _table(("kind", "name", "A", "B"), rows)


def _counts(found: Counter, words: Iterable[str]) -> str:
    return ", ".join(f"{found[word]} {word}" for word in words) + "."


def _faults(origins: list[Provenance]) -> list[str]:
    lines = [f"- {o.report}: {_plain(o.fault)}" for o in origins if o.fault]
    lines += [f"- {o.report}: output {_plain(path)} is missing or was altered" for o in origins for path in o.altered]
    return ["\n".join(lines)] if lines else []


def _differences(results: list[Comparison], title: str, sides: tuple[str, str]) -> list[str]:
    parts = []
    for result in (r for r in results if r.differences):
        parts.append(f"### {result.report}, {result.exhibit}: {_extent(result)}")
        if result.largest:
            parts.append(f"Largest change of a number: {_cell(result.largest)}.")
        rows = [(*map(_plain, (d.row, d.column, *_both(d))), _amount(d)) for d in result.differences[:LIMIT]]
        parts.append(_table(("row", "column", *sides, "difference"), rows))
        if len(result.differences) > LIMIT:
            parts.append(f"and {len(result.differences) - LIMIT} more.")
    return [f"## {title}", *parts] if parts else []


def _extent(result: Comparison) -> str:
    return f"{len(result.differences)} differences in {result.cells} cells"


def _both(difference: Difference) -> tuple[str, str]:
    """Return both values, long text cut to the surroundings of the first letter that differs."""
    a, b = difference.expected, difference.found
    if max(len(a), len(b)) <= LONGEST:
        return a, b
    first = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    start = max(0, first - 40)
    return tuple(("..." if start else "") + t[start : start + LONGEST - 40] for t in (a, b))


def _amount(difference: Difference) -> str:
    if difference.amount is None:
        return ""
    return f"{difference.amount:+.3g} ({100 * difference.relative:.3g}%)"


def _cell(difference: Difference) -> str:
    where = ", ".join(_plain(t) for t in (difference.row, difference.column) if t)
    return f"{where}: {_plain(difference.expected)} → {_plain(difference.found)}, {_amount(difference)}"


def _every_exhibit(results: list[Comparison], words: dict) -> str:
    reports = list(dict.fromkeys(r.report for r in results))
    shown = [s for s in words if any(r.status == s for r in results)]
    rows = [
        (report, *(", ".join(r.exhibit for r in results if (r.report, r.status) == (report, s)) for s in shown))
        for report in reports
    ]
    return _table(("report", *(words[s] for s in shown)), rows)


def _origins(origins: list[Provenance]) -> str:
    rows = []
    for o in origins:
        outputs = o.fault or (f"{len(o.altered)} altered" if o.altered else "as its manifest says")
        inputs = f"differ: {first_three(o.inputs)}" if o.inputs else "those of this checkout"
        versions = ", ".join(o.versions) or "those here"
        rows.append((o.report, outputs, *(("", "", "") if o.fault else (inputs, versions, o.code))))
    return _table(("report", "outputs", "inputs", "versions", "code"), [tuple(map(_plain, row)) for row in rows])


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _plain(text: str) -> str:
    """Return text that Markdown shows as it is, on one line: nothing from data is markup."""
    return re.sub(r"[\\`*\[\]<&|]|(?<![^\W_])_|_(?![^\W_])", r"\\\g<0>", " ".join(text.split()))


def page(markdown: str) -> str:
    """Return a Markdown report as one HTML file that needs nothing else."""
    title = escape(markdown.split("\n", 1)[0].removeprefix("# "))
    tokens = MARKDOWN.parse(markdown)
    for token in (t for t in tokens if t.type == "th_open"):
        token.attrSet("scope", "col")
    body = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {})
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f"<style>\n{packaged('pages', 'report.css')}main {{ max-width: 70rem; overflow-x: auto; }}\n</style>\n</head>\n"
        f"<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )


def lines(results: list[Comparison]) -> Iterable[str]:
    """Yield what a terminal shows of a verification: each exhibit that is not reproduced, with its first cells."""
    for r in results:
        if r.status == "differs":
            yield f"{r.report} {r.exhibit}: {_extent(r)}"
            for d in r.differences[:3]:
                a, b = _both(d)
                where = ", ".join(t for t in (d.row, d.column) if t)
                yield f"    {where}: expected {a!r}, found {b!r} {_amount(d)}".rstrip()
    for status in ("absent", "new"):
        for report in dict.fromkeys(r.report for r in results if r.status == status):
            ids = [r.exhibit for r in results if (r.report, r.status) == (report, status)]
            yield f"{report}: {_VERIFIED[status]}: {', '.join(ids)}"
