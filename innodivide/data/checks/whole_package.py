"""Rules on the package as a whole: corrections, sources, maps and what the models need."""

import numpy as np
import pandas as pd

from innodivide.data import frozen
from innodivide.data.checks.rules import Load, fail, members, rule
from innodivide.data.schema import Failure
from innodivide.data.sources import sources_of


@rule("correction")
def corrections_stand_in_the_tables(load: Load) -> list[Failure]:
    """A correction marked as applied is what its table holds, and a dropped row is not there."""
    failures = []
    known = frozen.resources(load.folder)
    for i, row in load("correction").iterrows():
        if row["table"] not in known:
            failures.append(
                Failure("corrections.csv", int(i), "table", row["table"], f"one of: {', '.join(sorted(known))}")
            )
            continue
        if frozen.check_table(row["table"], load.folder):
            continue  # what is wrong with that table is reported there
        if pd.notna(row["column"]) and row["column"] not in {
            f["name"] for f in known[row["table"]]["schema"]["fields"]
        }:
            failures.append(
                Failure("corrections.csv", int(i), "column", row["column"], f"a column of table {row['table']}")
            )
            continue
        try:
            table = load(row["table"])
            key = dict(part.split("=", 1) for part in row["key"].split(";"))
            match = np.logical_and.reduce([table[c].astype(str) == v for c, v in key.items()])
        except (KeyError, ValueError):
            failures.append(
                Failure("corrections.csv", int(i), "key", str(row["key"]), f"columns of table {row['table']}")
            )
            continue
        found = (
            table.loc[match, row["column"]]
            if pd.notna(row["column"]) and match.any()
            else table.loc[match].iloc[:, :1].squeeze(axis=1)
        )
        if row["status"] != "dropped" and not match.any():
            failures.append(Failure("corrections.csv", int(i), "key", row["key"], f"a row of table {row['table']}"))
        elif row["status"] == "dropped" and match.any() and pd.isna(row["value_used"]) and found.notna().any():
            failures.append(
                Failure("corrections.csv", int(i), "status", "dropped", f"no such figure in table {row['table']}")
            )
        elif row["status"] == "applied" and not _same(found.iloc[0], row["value_used"]):
            failures.append(
                Failure(
                    "corrections.csv",
                    int(i),
                    "value_used",
                    str(row["value_used"]),
                    f"table {row['table']} has {found.iloc[0]}",
                )
            )
    return failures


def _same(value, text) -> bool:
    if pd.isna(value) or pd.isna(text):
        return bool(pd.isna(value) and pd.isna(text))
    if isinstance(value, (bool, np.bool_)):
        return str(value).lower() == text
    try:
        return float(value) == float(text)
    except (TypeError, ValueError):
        shown = f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)
        return shown == text


@rule("country_panel", "country", "ipcei")
def controls_cover_every_decision(load: Load) -> list[Failure]:
    """Population, GDP and GDP per head are known for each Member State in the year before each decision."""
    ipcei = load("ipcei").query("kind == 'integrated'")
    panel = load("country_panel")
    controls = panel[panel["variable"].isin(["population", "gdp_meur", "gdp_pc_pps"])]
    have = set(zip(controls["geo"], controls["year"], controls["variable"]))
    decided = ipcei.dropna(subset="decision_date")
    return [
        Failure("context/country_panel.csv", None, "value", "", f"{v} of {geo} in {year}, needed for {ipcei_id}")
        for ipcei_id, year in zip(decided["ipcei_id"], decided["decision_date"].dt.year.astype(int) - 1)
        for geo in sorted(members(load))
        for v in ("population", "gdp_meur", "gdp_pc_pps")
        if (geo, year, v) not in have
    ] + fail(
        "context/country_panel.csv", controls[~(controls["value"] > 0)], "value", "population and GDP are above zero"
    )


@rule("country", "tile_grid", "outline")
def maps_show_every_member_state(load: Load) -> list[Failure]:
    """Each Member State has one tile of its own and an outline; two tiles never share a place."""
    grid = load("tile_grid")
    missing = [
        Failure(f"geography/{t}.csv", None, "geo", geo, "every Member State is in the table")
        for t in ("tile_grid", "outline")
        for geo in sorted(members(load) - set(load(t)["geo"]))
    ]
    return missing + fail(
        "geography/tile_grid.csv", grid[grid.duplicated(["row", "col"])], "col", "no two countries on one square"
    )


@rule("country")
def there_are_27_member_states(load: Load) -> list[Failure]:
    """The European Union of the analysis has 27 Member States."""
    count = len(members(load))
    return [] if count == 27 else [Failure("geography/country.csv", None, "is_eu27", str(count), "27 Member States")]


@rule()
def every_source_is_cited(load: Load) -> list[Failure]:
    """No source stands in sources.csv that no row of any table cites."""
    cited: set[str] = set()
    for name in set(frozen.resources(load.folder)) - {"source"}:
        cited |= set(sources_of(load(name)))
    rows = load("source")
    return fail("sources.csv", rows[~rows["source_id"].isin(cited)], "source_id", "cited by a row of some table")
