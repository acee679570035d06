"""A small reports folder for the tests of the web page: real exhibits where they are quick, nasty names elsewhere."""

import hashlib
import json
from functools import cache
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from innodivide.data import Tables, frozen
from innodivide.data.sources import sources_of
from innodivide.evidence.multiverse import grid as grid_module, whole_grid
from innodivide.evidence.robustness import other_choices
from innodivide.indicators import innovation_groups, participation
from innodivide.narrative import exhibits
from innodivide.narrative.robustness import choices as words
from innodivide.narrative.robustness.every_specification import every_row
from innodivide.wording import MIME

TABLES = Tables()

NASTY = (
    '"quoted" & <b>bold</b>',
    "</script><script>alert(1)</script>",
    "<!-- <script>",
    "🚀 Łódź O'Higgins",
    "مرحبا بالعالم",
)
SAMPLES = ["all", "until_2021", "drop_LU", "drop_CIS"]
FAILED = "lag1/ln_population/out/drop_LU/notifying/lpm/2019"  # the one that this folder says could not be estimated
SOURCES = ["INNODIVIDE"]
ANNEXES = {"AT": ("html", "pdf", "docx"), "EL": ("html",), "PL": ("html", "pdf")}


@cache
def specifications() -> pd.DataFrame:
    """Return some of the specifications of the real grid as report 04 shows them, one of them failed."""
    specs = grid_module.expand(TABLES)
    fitted = whole_grid.run_grid(TABLES, specs[specs["sample"].isin(SAMPLES)])
    lost = fitted["spec_id"] == FAILED
    fitted.loc[lost, ["estimate", "ci_low", "ci_high", "t", "p_value"]] = float("nan")
    fitted.loc[lost, "failed"] = "the model did not converge"
    return every_row(fitted, other_choices.REGISTERED)


def drawing() -> Figure:
    """Return a small figure."""
    made = Figure(figsize=(2, 1))
    made.subplots().plot([1, 2])
    return made


@cache
def countries() -> pd.DataFrame:
    """Return participation by country, one figure unknown."""
    frame = participation.by_country(TABLES)
    return frame.assign(per_100bn=frame["per_100bn"].where(frame["geo"] != "PL"))


def ledger() -> pd.DataFrame:
    """Return a ledger whose texts try to break out of the page."""
    names = ["short", "rests", "numbers", "coverage", "test", "rule", "change"]
    rows = [
        (
            f"C{i:02d}",
            f"Claim {i}: {text}",
            "partly",
            "supported" if i == 1 else "",
            *(f"{name} {text}" for name in names),
            "T2.2",
        )
        for i, text in enumerate(NASTY, 1)
    ]
    names = ["claim_id", "claim", "verdict", "then", *names, "exhibit"]
    return pd.DataFrame(rows, columns=names)


def contents() -> dict[str, list[exhibits.Exhibit]]:
    """Return the exhibits of each report of the small folder."""
    numbers = {"or_": 1.0697, "low": 0.3192, "high": 3.585, "p": 0.8855, "outer": 3.04}
    every, index = specifications(), innovation_groups.latest_index(TABLES)
    heads = {"claim_id": "No.", "claim": "Claim", "verdict": "Verdict"}
    small = {"estimate": [1.0], "low": [0.5]}
    return {
        "01_innovation_divide": [exhibits.figure("F1.2", "The index", drawing(), index, alt="Dots.", sources=SOURCES)],
        "02_ipcei_participation": [
            exhibits.table(
                "T2.2", "The states", countries(), {"name": "Country"}, sources=sources_of(frozen.load("ipcei_country"))
            )
        ],
        "04_robustness": [
            exhibits.say("N4.1", "The median is {median:.2f}.", median=1.006),
            exhibits.figure(
                "F4.1", "The curve", drawing(), pd.DataFrame(small), alt="A rising curve.", sources=SOURCES
            ),
            exhibits.table(
                "T4.2",
                "By choice",
                words.by_choice(robustness_rows()),
                {"choice": "Choice", "level": "Level", "median": ("Median", "{:.2f}")},
                sources=SOURCES,
            ),
            exhibits.figure("F4.5", "All", drawing(), every, alt="Two lines.", sources=SOURCES),
        ],
        "07_policy_brief": [
            exhibits.say(
                "N7.1",
                "Odds ratio {or_:.2f} ({low:.2f} to {high:.2f}; p = {p:.2f}); beyond {outer:.1f} ruled out. {name}",
                **numbers,
                name=NASTY[1],
            ),
            exhibits.table("T7.1", "Of 5 claims, some", ledger(), heads, sources=SOURCES, caption=NASTY[0]),
            exhibits.figure("F7.1", NASTY[0], drawing(), pd.DataFrame(small), alt=NASTY[1], sources=SOURCES),
            exhibits.say("N7.4", "Only {n} states.", n=6),
        ],
    }


def robustness_rows() -> pd.DataFrame:
    """Return the rows behind the table of choices, as `robustness.odds_ratio_curve` names them."""
    every = specifications()
    logit = every[(every["family"] == "leader") & (every["scale"] == "odds ratio")]
    return logit.assign(odds_ratio=logit["estimate"])


def write_report(folder: Path, shown=(), formats=("html",)) -> None:
    """Write a report folder as a run leaves it, with these exhibits."""
    folder.mkdir(parents=True)
    cells = [
        {"cell_type": "code", "metadata": {}, "source": "", "outputs": [{"data": {MIME: e.payload()}}]} for e in shown
    ]
    notebook = json.dumps({"cells": cells}).encode()
    (folder / "notebook.ipynb").write_bytes(notebook)
    (folder / "exhibits").mkdir()
    for exhibit in shown:
        (folder / "exhibits" / f"{exhibit.id}.csv").write_text(exhibit.csv(), "utf-8")
    for kind in formats:
        (folder / f"report.{kind}").write_text("report", "utf-8")
    grid = hashlib.sha256((frozen.ROOT / "multiverse.yml").read_bytes()).hexdigest()
    content = {"notebook": folder.name, "parameters": {}, "environment": {}, "code": {}}
    content |= {"inputs": {"multiverse.yml": grid}}
    content |= {"outputs": {"notebook.ipynb": hashlib.sha256(notebook).hexdigest()}}
    (folder / "manifest.json").write_text(json.dumps(content), "utf-8")


def write_folder(out: Path) -> Path:
    """Write the small reports folder: four reports, a variant and three annexes."""
    for name, shown in contents().items():
        write_report(out / name, shown, ("html", "pdf"))
    write_report(out / "04_robustness--permutations-19")
    for geo, formats in ANNEXES.items():
        write_report(out / "annex" / geo, (), formats)
    (out / "annex" / "AT" / "exhibits.xlsx").write_text("spreadsheet", "utf-8")
    return out
