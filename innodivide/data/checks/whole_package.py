"""Rules on the package as a whole: corrections, sources and maps."""

import numpy as np
import pandas as pd

from innodivide.data import frozen
from innodivide.data.checks.rules import Failures, Load, rule
from innodivide.data.sources import sources_named, sources_of


@rule("correction", "source")
def corrections_stand_in_the_tables(load: Load) -> Failures:
    """What a correction says is used is what its table holds, applied or refused, and a dropped row is not there; who
    says so begins with a source, and the row of an applied one cites it."""
    rows, known = load("correction"), set(load("source")["source_id"])
    nobody = ~rows["who_says"].str.split("[ ;]", n=1, regex=True).str[0].isin(known)
    yield from load.fail("correction", rows[nobody], "who_says", "begins with the source_id of a row of sources.csv")
    for i in rows.index:
        column, rule_broken = _contradiction(load, rows.loc[i], known)
        yield from load.fail("correction", rows.loc[[i]] if column else rows.head(0), column, rule_broken)


def _contradiction(load: Load, row: pd.Series, sources: set[str]) -> tuple[str, str]:
    """Return the column of a correction that does not fit its table, and the rule it breaks; or two empty texts."""
    name, known, of_table = row["table"], frozen.resources(load.folder), f"table {row['table']}"
    if name not in known:
        return "table", f"one of: {', '.join(sorted(known))}"
    if frozen.check_table(name, load.folder):
        return "", ""  # what is wrong with that table is reported there
    table, whole_row = load(name), pd.isna(row["column"])
    if not whole_row and row["column"] not in table:
        return "column", f"a column of {of_table}"
    try:
        key = dict(part.split("=", 1) for part in row["key"].split(";"))
        match = np.logical_and.reduce([table[c].astype(str) == v for c, v in key.items()])
    except (KeyError, ValueError):
        return "key", f"columns of {of_table}"
    found = table.loc[match, table.columns[0] if whole_row else row["column"]]
    if row["status"] == "dropped":
        back = pd.isna(row["value_used"]) and found.notna().any()
        return ("status", f"no such figure in {of_table}") if back else ("", "")
    if found.empty:
        return "key", f"a row of {of_table}"
    if not _same(found.iloc[0], row["value_used"]):
        return "value_used", f"{of_table} has {found.iloc[0]}"
    unnamed = set(sources_named(row["who_says"], sources)) - set(sources_of(table[match].head(1)))
    if row["status"] == "applied" and unnamed and "more_source_ids" in table:
        missing = ";".join(sorted(unnamed))
        return "who_says", f"cited by its row: write {missing} into more_source_ids of {of_table} ({row['key']})"
    return "", ""


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


@rule("semester_theme", "semester_rdi")
def themes_agree_with_the_texts_read(load: Load) -> Failures:
    """Where a recommendation was read by hand, the keyword search found the same."""
    rows, read = load("semester_theme"), load("semester_rdi").dropna(subset="rdi_recommended")
    by_hand = set(zip(read["geo"], read["year"], ~read["rdi_recommended"].astype(bool)))
    wrong = [key in by_hand for key in zip(rows["geo"], rows["year"], rows["research_innovation"].astype(bool))]
    yield from load.fail("semester_theme", rows[wrong], "research_innovation", "as in semester_rdi.csv, read by hand")


@rule("country", "tile_grid", "outline")
def maps_show_every_member_state(load: Load) -> Failures:
    """Each Member State has one tile of its own and an outline; two tiles never share a place."""
    for table in ("tile_grid", "outline"):
        for geo in sorted(set(load.members()) - set(load(table)["geo"])):
            yield load.fail_table(table, "geo", geo, "every Member State is in the table")
    grid = load("tile_grid")
    yield from load.fail("tile_grid", grid[grid.duplicated(["row", "col"])], "col", "no two countries on one square")


@rule("country")
def there_are_27_member_states(load: Load) -> Failures:
    """The European Union of the analysis has 27 Member States."""
    count = len(load.members())
    if count != 27:
        cure = "for a what-if with one more: its rows in eis_group and country_panel, leader-test --states eu27,CODE"
        why = f"27 Member States, whom the ledger and all reports are about ({cure})"
        yield load.fail_table("country", "is_eu27", str(count), why)


@rule()
def every_source_is_cited(load: Load) -> Failures:
    """No source stands in sources.csv that no row of any table cites."""
    cited: set[str] = set()
    gone = frozen.left_out(load.folder)
    if gone:
        return  # the sources of tables that are left out stand in sources.csv, and no row cites them
    for name in set(frozen.resources(load.folder)) - {"source"}:
        cited |= set(sources_of(load(name)))
    rows = load("source")
    yield from load.fail("source", rows[~rows["source_id"].isin(cited)], "source_id", "cited by a row of some table")
