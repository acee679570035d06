"""The README of an archive, in the order that journals' data editors ask for, made from the run."""

import math

import pandas as pd

from innodivide.data import frozen
from innodivide.data.sources import sources_of
from innodivide.evidence.plan import load_plan
from innodivide.reports import executed
from innodivide.reports.archive import code_trace
from innodivide.reports.files import template
from innodivide.reports.making.manifest import first_three


def readme(contents) -> str:
    """Return the README as Markdown; `contents` as `bundle.collect` gives them."""
    cited, package, sources = contents.citation, frozen.package(), frozen.load("source")
    listing = _listing(contents)
    environment = contents.reports[0].manifest["environment"]
    seconds = [r.seconds for r in contents.reports]
    facts = {
        "title": cited["title"],
        "version": contents.version,
        "authors": ", ".join(a["name"] for a in cited["authors"]),
        "abstract": " ".join(cited["abstract"].split()),
        "notebooks": len(listing),
        "tables": _tables(sources),
        "reports": [(r.job.name, "not known" if r.seconds is None else r.seconds) for r in contents.reports],
        "shown": [row for notebook in listing for row in notebook["rows"]],
        "minutes": _time(seconds),
        "changed": contents.changed,
        "sources": sources.astype({"accessed": "str"}).astype(object).where(sources.notna(), None).to_dict("records"),
        "terms": _terms(sources),
        "data_licence": package["licenses"][0]["title"],
        "code_licence": cited["license"],
        "python": environment["python"],
        "packages": sorted(environment["packages"].items()),
        "seed": load_plan().seed,
        "stream": code_trace.place("innodivide.evidence.confirmatory.stream").split(" ")[0],
        "megabytes": math.ceil(sum(p.stat().st_size for p in contents.files.values()) / 1e6),
        "listing": listing,
        "in_cell": _in_cell,
    }
    return template("archive", "archive_readme.md.j2", html=False).render(facts) + "\n"


def _in_cell(text) -> str:
    """Make a text safe in a Markdown table: nothing in it ends the cell, the line, or starts a tag or a link."""
    return (
        " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").replace("](", "] (")
    )


def _time(seconds: list) -> str:
    if None in seconds:
        return "an unknown amount"
    total = sum(seconds)
    return f"{total:.0f} seconds" if total < 120 else f"{total / 60:.0f} minutes"


def _tables(sources: pd.DataFrame) -> list[dict]:
    publisher, rows = sources.set_index("source_id")["publisher"], []
    for name, described in sorted(frozen.resources().items(), key=lambda item: item[1]["path"]):
        table = frozen.load(name)
        ids = sources_of(table) if "source_id" in table and name != "source" else []
        counts = publisher.reindex(ids).value_counts()
        row = {"path": described["path"], "rows": len(table), "title": described["title"], "sources": len(ids)}
        rows.append(row | {"publishers": first_three(list(counts.index))})
    return rows


def _terms(sources: pd.DataFrame) -> list[dict]:
    """Return the licences by number of sources, each with the publishers that most of them come from."""
    rows = []
    for licence, group in sources.groupby("licence"):
        names = sorted(group["publisher"].value_counts().items(), key=lambda item: (-item[1], item[0]))
        publishers = first_three([name for name, _ in names])
        rows.append({"licence": licence, "count": len(group), "publishers": publishers})
    return sorted(rows, key=lambda row: (-row["count"], row["licence"]))


def _listing(contents) -> list[dict]:
    """Return one entry for each notebook, from its first report: exhibit, cell, functions, files."""
    listing, counts = {}, {}
    for report in contents.reports:
        name = report.job.notebook.name
        counts[name] = counts.get(name, 0) + 1
        if name not in listing:
            shown = executed.read(report.folder / "notebook.ipynb")
            listing[name] = {
                "name": name,
                "title": report.job.title,
                "folder": f"repository/reports/{report.job.name}/exhibits/",
                "rows": [_row(one, report) for one in code_trace.exhibits(shown)],
            }
    return [entry | {"copies": counts[name]} for name, entry in listing.items()]


def _row(one: code_trace.Shown, report) -> dict:
    start = f"exhibits/{one.id}."
    files = [name.removeprefix("exhibits/") for name in report.manifest["outputs"] if name.startswith(start)]
    title = "(number in the text)" if one.kind == "text" else one.title
    return {"id": one.id, "title": title, "cell": one.cell, "functions": one.functions, "files": sorted(files)}
