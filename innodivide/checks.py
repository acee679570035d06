"""Rules across tables: figures that must agree with each other and with what was published.

The rules inside one table (types, ranges, keys) are in data/datapackage.json and checked by `data.check_table`.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from innodivide import data
from innodivide.data import Failure
from innodivide.errors import DataError
from innodivide.exhibits import sources_of
from innodivide.published import TAKING_PART, recompute, verdict_holds


class Load:
    """Reads checked tables of one folder once, indexed by line number: `load("ipcei")`. Rules do not change them."""

    def __init__(self, folder: Path):
        self.folder, self._read = folder, {}

    def __call__(self, name: str) -> pd.DataFrame:
        if name not in self._read:
            self._read[name] = data.load_rows(name, self.folder)
        return self._read[name]


RULES: list[tuple[tuple[str, ...], Callable[[Load], list[Failure]]]] = []


def _rule(*tables: str):
    """Register a rule with the tables it needs (none named: all); skipped, and said to be, when one does not hold."""
    def register(function):
        RULES.append((tables, function))
        return function
    return register


def check_all(folder: Path = data.DATA) -> tuple[list[Failure], list[str]]:
    """Return every failure of all tables and rules, and the rules that could not be looked at."""
    by_table = {name: data.check_table(name, folder) for name in data.resources(folder)}
    failures, skipped, load = [f for found in by_table.values() for f in found], [], Load(folder)
    for tables, rule in RULES:
        if any(by_table[t] for t in tables or by_table):
            skipped.append(rule.__doc__.splitlines()[0])
        else:
            failures += rule(load)
    return sorted(set(failures), key=lambda f: (f.file, f.row or 0, f.column, f.value, f.rule)), skipped


def _fail(file: str, rows: pd.DataFrame, column: str, rule) -> list[Failure]:
    """Return one failure for each row; `rule` is a text or a function of the row."""
    return [Failure(file, int(i), column, "" if pd.isna(row[column]) else str(row[column]),
                    rule if isinstance(rule, str) else rule(row)) for i, row in rows.iterrows()]


def group_of(relative: pd.Series, limits: pd.DataFrame, lowest: pd.Series) -> pd.Series:
    """Return the innovation group of an index in percent of the EU: a group starts above its threshold.

    The cut points of an edition are those its publisher states (table `eis_edition`).
    """
    above = [relative > limits[c] for c in ("leader_min_pct", "strong_min_pct", "moderate_min_pct")]
    return pd.Series(np.select(above, ["leader", "strong", "moderate"], default=lowest), index=relative.index)


def _lowest(edition: pd.Series) -> np.ndarray:
    return np.where(edition >= 2021, "emerging", "modest")  # the group was renamed in 2021


@_rule("eis_group", "eis_index", "eis_edition")
def country_groups_follow_thresholds(load: Load) -> list[Failure]:
    """The group of a country follows from its index, the EU's index and the thresholds of the edition."""
    index, editions = load("eis_index"), load("eis_edition").set_index("edition")
    complete = index.groupby(["edition", "year"])["geo"].transform("size") >= 27
    index = index[complete]
    eu = index[index["geo"] == "EU"].set_index(["edition", "year"])["value"].rename("eu")
    rows = load("eis_group").reset_index(names="row").merge(
        index, left_on=["geo", "edition", "performance_year"], right_on=["geo", "edition", "year"])
    rows = rows.join(eu, on=["edition", "year"]).dropna(subset="eu").set_index("row")
    expected = group_of(100 * rows["value"] / rows["eu"], editions.loc[rows["edition"]].set_index(rows.index),
                        _lowest(rows["edition"]))
    wrong = rows.assign(expected=expected)[expected != rows["group"]]
    return _fail("scoreboard/eis_group.csv", wrong, "group",
                 lambda r: f"index {r['value']} of {r['eu']} (EU) makes {r['geo']} {r['expected']} in edition {r['edition']}")


@_rule("ris_index", "eis_edition")
def region_groups_follow_thresholds(load: Load) -> list[Failure]:
    """The group of a region follows from its index in percent of the EU and the thresholds of the edition."""
    rows, editions = load("ris_index").dropna(subset="group"), load("eis_edition").set_index("edition")
    limits = editions.loc[rows["edition"]].set_index(rows.index)
    expected = group_of(rows["relative_to_eu_pct"], limits, _lowest(rows["edition"]))
    wrong = rows.assign(expected=expected)[expected != rows["group"]]
    return _fail("scoreboard/ris_index.csv", wrong, "group",
                 lambda r: f"{r['relative_to_eu_pct']} % of the EU makes {r['region_code']} {r['expected']}")


@_rule("eis_group", "eis_edition")
def performance_years_are_those_of_the_edition(load: Load) -> list[Failure]:
    """A group was measured in the performance year of its edition."""
    rows, editions = load("eis_group"), load("eis_edition").set_index("edition")["performance_year"]
    stated = rows["edition"].map(editions)
    return _fail("scoreboard/eis_group.csv", rows[rows["performance_year"] != stated], "performance_year",
                 lambda r: f"edition {r['edition']} has performance year {editions[r['edition']]}")


@_rule("eis_group", "eis_edition", "country")
def every_edition_groups_all_member_states(load: Load) -> list[Failure]:
    """Every edition has a group for each of the 27 Member States."""
    members, groups, editions = _members(load), load("eis_group"), load("eis_edition")
    have = {e: set(g) for e, g in groups.groupby("edition")["geo"]}
    return [Failure("scoreboard/eis_edition.csv", int(i), "edition", str(e), f"a group of {geo} in this edition")
            for i, e in editions["edition"].items() for geo in sorted(members - have.get(e, set()))]


@_rule("eis_edition")
def editions_are_in_order(load: Load) -> list[Failure]:
    """A later edition was published later, and thresholds fall from leader to moderate."""
    rows = load("eis_edition").sort_values("edition")
    early = rows[rows["published"].diff() <= pd.Timedelta(0)]
    unordered = rows[(rows["leader_min_pct"] <= rows["strong_min_pct"]) | (rows["strong_min_pct"] <= rows["moderate_min_pct"])]
    return (_fail("scoreboard/eis_edition.csv", early, "published", "later than the edition before it")
            + _fail("scoreboard/eis_edition.csv", unordered, "strong_min_pct", "between the moderate and the leader threshold"))


@_rule("ipcei", "ipcei_country")
def member_counts_equal_the_register(load: Load) -> list[Failure]:
    """The number of states in an IPCEI equals the number the register gives."""
    register = load("ipcei")
    register = register[register["kind"] == "integrated"]
    states = load("ipcei_country").query("role == 'notifying'").groupby("ipcei_id").size()
    count = register["ipcei_id"].map(states).fillna(0).astype(int)
    wrong = register.assign(count=count)[count != register["n_member_states"].fillna(-1)]
    return _fail("tier1/ipcei.csv", wrong, "n_member_states",
                 lambda r: f"ipcei_country.csv has {r['count']} notifying states of {r['ipcei_id']}")


@_rule("ipcei_membership", "ipcei_country")
def member_lists_equal_those_published(load: Load) -> list[Failure]:
    """The states in an IPCEI are those that each of two publishers lists."""
    states = load("ipcei_country").query("role in @TAKING_PART", local_dict={"TAKING_PART": TAKING_PART})
    have = {i: " ".join(sorted(g)) for i, g in states.groupby("ipcei_id")["geo"]}
    rows = load("ipcei_membership")
    wrong = rows[rows["ipcei_id"].map(have) != rows["geos"]]
    miscounted = rows[rows["geos"].str.split(" ").str.len() != rows["n_states"]]
    return (_fail("tier1/ipcei_membership.csv", wrong, "geos",
                  lambda r: f"ipcei_country.csv has {have.get(r['ipcei_id'], 'no state')}")
            + _fail("tier1/ipcei_membership.csv", miscounted, "n_states", "the number of states in geos"))


@_rule("ipcei")
def integrated_ipceis_have_a_decision_date(load: Load) -> list[Failure]:
    """The day of the decision, which status and controls depend on, is known for each integrated IPCEI."""
    rows = load("ipcei").query("kind == 'integrated'")
    return _fail("tier1/ipcei.csv", rows[rows["decision_date"].isna()], "decision_date", "known for an integrated IPCEI")


@_rule("ipcei", "ipcei_country")
def states_join_on_or_after_the_decision(load: Load) -> list[Failure]:
    """A notifying state joins on the day of the decision, a late one after it."""
    rows = load("ipcei_country").join(load("ipcei").set_index("ipcei_id")["decision_date"], on="ipcei_id")
    wrong = rows[((rows["role"] == "notifying") & rows["joined_date"].notna() & (rows["joined_date"] != rows["decision_date"]))
                 | ((rows["role"] == "joined_later") & ~(rows["joined_date"] > rows["decision_date"]))]
    return _fail("tier1/ipcei_country.csv", wrong, "joined_date",
                 lambda r: f"role {r['role']}, decided on {str(r['decision_date'])[:10]}")


@_rule("ipcei_participant", "ipcei_country")
def participants_come_from_member_states_of_the_ipcei(load: Load) -> list[Failure]:
    """A direct participant's country takes part in its IPCEI."""
    states = load("ipcei_country").query("role in @TAKING_PART", local_dict={"TAKING_PART": TAKING_PART})
    inside = pd.MultiIndex.from_frame(states[["ipcei_id", "geo"]])
    rows = load("ipcei_participant").query("participant_type == 'direct'").dropna(subset="geo")
    wrong = rows[~pd.MultiIndex.from_frame(rows[["ipcei_id", "geo"]]).isin(inside)]
    return _fail("tier1/ipcei_participant.csv", wrong, "geo", lambda r: f"takes part in {r['ipcei_id']} (ipcei_country.csv)")


@_rule("ipcei")
def smes_are_companies(load: Load) -> list[Failure]:
    """An IPCEI has no more SMEs than companies."""
    rows = load("ipcei")
    return _fail("tier1/ipcei.csv", rows[(rows["n_smes"] > rows["n_companies"]).fillna(False)], "n_smes", "at most n_companies")


@_rule("published_check", "ipcei", "ipcei_country", "ipcei_participant", "alliance", "country")
def published_totals_are_reproduced(load: Load) -> list[Failure]:
    """Our figures equal the stored recomputation, and the published one within its rounding where the verdict says so."""
    names = ("published_check", "ipcei", "ipcei_country", "ipcei_participant", "alliance", "country")
    file, tables, failures = "tier1/published_check.csv", {n: load(n) for n in names}, []
    rows = tables["published_check"].dropna(subset="measure")
    try:
        rows = recompute({**tables, "published_check": rows})
    except DataError:  # say which rows cannot be computed, and compare the others
        failures = [f for i in rows.index for f in _not_computable(rows.loc[[i]], tables)]
        rows = recompute({**tables, "published_check": rows.drop([f.row for f in failures])})
    drifted = rows[~np.isclose(rows["computed"], rows["recomputed"].astype(float), rtol=0, atol=0.05)]
    rows = rows.dropna(subset=["value", "verdict"])
    wrong = rows[[not verdict_holds(row) for row in rows.itertuples()]]
    return (failures + _fail(file, drifted, "recomputed", lambda r: f"the tables give {r['computed']:.10g}")
            + _fail(file, wrong, "verdict",
                    lambda r: f"published {r['value']:.10g}, the tables give {r['computed']:.10g}, "
                              f"tolerance {r['tolerance']:.10g} ({r['tolerance_basis']})"))


def _not_computable(row: pd.DataFrame, tables: dict) -> list[Failure]:
    file = "tier1/published_check.csv"
    try:
        recompute({**tables, "published_check": row})
    except DataError as error:
        return _fail(file, row, "measure", str(error).removeprefix(f"{file}: "))
    return []


@_rule("correction")
def corrections_stand_in_the_tables(load: Load) -> list[Failure]:
    """A correction marked as applied is what its table holds, and a dropped row is not there."""
    failures = []
    known = data.resources(load.folder)
    for i, row in load("correction").iterrows():
        if row["table"] not in known:
            failures.append(Failure("corrections.csv", int(i), "table", row["table"], f"one of: {', '.join(sorted(known))}"))
            continue
        if data.check_table(row["table"], load.folder):
            continue  # what is wrong with that table is reported there
        if pd.notna(row["column"]) and row["column"] not in {f["name"] for f in known[row["table"]]["schema"]["fields"]}:
            failures.append(Failure("corrections.csv", int(i), "column", row["column"], f"a column of table {row['table']}"))
            continue
        try:
            table = load(row["table"])
            key = dict(part.split("=", 1) for part in row["key"].split(";"))
            match = np.logical_and.reduce([table[c].astype(str) == v for c, v in key.items()])
        except (KeyError, ValueError):
            failures.append(Failure("corrections.csv", int(i), "key", str(row["key"]), f"columns of table {row['table']}"))
            continue
        found = table.loc[match, row["column"]] if pd.notna(row["column"]) and match.any() else table.loc[match].iloc[:, :1].squeeze(axis=1)
        if row["status"] != "dropped" and not match.any():
            failures.append(Failure("corrections.csv", int(i), "key", row["key"], f"a row of table {row['table']}"))
        elif row["status"] == "dropped" and match.any() and pd.isna(row["value_used"]) and found.notna().any():
            failures.append(Failure("corrections.csv", int(i), "status", "dropped", f"no such figure in table {row['table']}"))
        elif row["status"] == "applied" and not _same(found.iloc[0], row["value_used"]):
            failures.append(Failure("corrections.csv", int(i), "value_used", str(row["value_used"]),
                                    f"table {row['table']} has {found.iloc[0]}"))
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


@_rule("country_panel", "country", "ipcei")
def controls_cover_every_decision(load: Load) -> list[Failure]:
    """Population, GDP and GDP per head are known for each Member State in the year before each decision."""
    ipcei = load("ipcei").query("kind == 'integrated'")
    panel = load("country_panel")
    controls = panel[panel["variable"].isin(["population", "gdp_meur", "gdp_pc_pps"])]
    have = set(zip(controls["geo"], controls["year"], controls["variable"]))
    decided = ipcei.dropna(subset="decision_date")
    return [Failure("context/country_panel.csv", None, "value", "", f"{v} of {geo} in {year}, needed for {ipcei_id}")
            for ipcei_id, year in zip(decided["ipcei_id"], decided["decision_date"].dt.year.astype(int) - 1)
            for geo in sorted(_members(load)) for v in ("population", "gdp_meur", "gdp_pc_pps")
            if (geo, year, v) not in have] + _fail(
                "context/country_panel.csv", controls[~(controls["value"] > 0)], "value", "population and GDP are above zero")


@_rule("country", "tile_grid", "outline")
def maps_show_every_member_state(load: Load) -> list[Failure]:
    """Each Member State has one tile of its own and an outline; two tiles never share a place."""
    grid = load("tile_grid")
    missing = [Failure(f"geography/{t}.csv", None, "geo", geo, "every Member State is in the table")
               for t in ("tile_grid", "outline") for geo in sorted(_members(load) - set(load(t)["geo"]))]
    return missing + _fail("geography/tile_grid.csv", grid[grid.duplicated(["row", "col"])], "col", "no two countries on one square")


def _members(load: Load) -> set[str]:
    country = load("country")
    return set(country.loc[country["is_eu27"].fillna(False).astype(bool), "geo"])


@_rule("country")
def there_are_27_member_states(load: Load) -> list[Failure]:
    """The European Union of the analysis has 27 Member States."""
    count = len(_members(load))
    return [] if count == 27 else [Failure("geography/country.csv", None, "is_eu27", str(count), "27 Member States")]


@_rule()
def every_source_is_cited(load: Load) -> list[Failure]:
    """No source stands in sources.csv that no row of any table cites."""
    cited: set[str] = set()
    for name in set(data.resources(load.folder)) - {"source"}:
        cited |= set(sources_of(load(name)))
    rows = load("source")
    return _fail("sources.csv", rows[~rows["source_id"].isin(cited)], "source_id", "cited by a row of some table")
