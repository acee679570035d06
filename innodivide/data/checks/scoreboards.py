"""Rules on the scoreboards: groups follow thresholds, editions are complete and in order."""

import pandas as pd

from innodivide.data.checks.rules import Failures, Load, rule
from innodivide.data.tables import group_of


def _misplaced(rows: pd.DataFrame, relative: pd.Series, editions: pd.DataFrame) -> pd.DataFrame:
    """Return the rows whose group is not that of their index in percent of the EU, with the one expected."""
    rows = rows.assign(expected=group_of(relative, rows["edition"], editions))
    return rows[rows["expected"] != rows["group"]]


@rule("eis_group", "eis_index", "eis_edition", "country")
def country_groups_follow_thresholds(load: Load) -> Failures:
    """The group of a country follows from its index, the EU's index and the thresholds of the edition."""
    index, edition = load("eis_index").rename(columns={"year": "performance_year"}), ["edition", "performance_year"]
    index = index[index.groupby(edition)["geo"].transform("size") >= len(load.members())]
    eu = index[index["geo"] == "EU"].set_index(edition)["value"].rename("eu")
    rows = load("eis_group").reset_index(names="row").merge(index, on=["geo", *edition])
    rows = rows.join(eu, on=edition).dropna(subset="eu").set_index("row")
    yield from load.fail(
        "eis_group",
        _misplaced(rows, 100 * rows["value"] / rows["eu"], load("eis_edition")),
        "group",
        lambda r: f"index {r['value']} of {r['eu']} (EU) makes {r['geo']} {r['expected']} in edition {r['edition']}",
    )


@rule("ris_index", "eis_edition")
def region_groups_follow_thresholds(load: Load) -> Failures:
    """The group of a region follows from its index in percent of the EU and the thresholds of the edition."""
    rows, editions = load("ris_index").dropna(subset="group"), load("eis_edition")
    known = rows["edition"].isin(editions["edition"])
    unknown = rows[~known].drop_duplicates("edition")
    yield from load.fail("ris_index", unknown, "edition", "thresholds of this edition are in eis_edition.csv")
    yield from load.fail(
        "ris_index",
        _misplaced(rows[known], rows.loc[known, "relative_to_eu_pct"], editions),
        "group",
        lambda r: f"{r['relative_to_eu_pct']} % of the EU makes {r['region_code']} {r['expected']}",
    )


@rule("eis_group", "eis_edition")
def performance_years_are_those_of_the_edition(load: Load) -> Failures:
    """A group was measured in the performance year of its edition."""
    rows, years = load("eis_group"), load("eis_edition").set_index("edition")["performance_year"]
    wrong = rows[rows["performance_year"] != rows["edition"].map(years)]
    yield from load.fail(
        "eis_group",
        wrong,
        "performance_year",
        lambda r: f"edition {r['edition']} has performance year {years[r['edition']]}",
    )


@rule("eis_rank", "eis_index", "country")
def ranks_follow_the_index(load: Load) -> Failures:
    """Where an edition has the index of all Member States, a better rank goes with no lower index."""
    members, index, ranks = load.members(), load("eis_index"), load("eis_rank")
    index = index[index["geo"].isin(members)]
    index = index[index["year"] == index.groupby("edition")["year"].transform("max")]
    index = index[index.groupby("edition")["geo"].transform("nunique") == len(members)]
    values = index.set_index(["edition", "geo"])["value"]
    rows = ranks[ranks["geo"].isin(members)].join(values.rename("index_value"), on=["edition", "geo"])
    rows = rows.dropna(subset="index_value").sort_values(["edition", "rank"])
    wrong = [i for _, part in rows.groupby("edition") for i in out_of_order(part["index_value"])]
    yield from load.fail(
        "eis_rank",
        rows.loc[sorted(wrong)],
        "rank",
        lambda r: f"the index of {r['geo']} in edition {r['edition']} is {r['index_value']:g}: it has another place",
    )


def out_of_order(values: pd.Series) -> list:
    """Return the labels of the fewest values without which the others do not rise (longest non-increasing part)."""
    numbers = list(values)
    best: list[list[int]] = [[]]  # first none, then the longest such part that ends with each value
    for i, value in enumerate(numbers):
        before = best[:1] + [best[j + 1] for j in range(i) if numbers[j] >= value - 1e-9]
        longest = max(before, key=len)
        best.append([*longest, i])
    kept = max(best, key=len)
    return [label for i, label in enumerate(values.index) if i not in kept]


@rule("eis_group", "eis_edition", "country")
def every_edition_groups_all_member_states(load: Load) -> Failures:
    """Every edition has a group for each Member State."""
    editions, groups = load("eis_edition"), load("eis_group")
    for geo in load.members():
        lacking = editions[~editions["edition"].isin(groups.loc[groups["geo"] == geo, "edition"])]
        yield from load.fail("eis_edition", lacking, "edition", f"a group of {geo} in this edition")


@rule("eis_edition")
def editions_are_in_order(load: Load) -> Failures:
    """A later edition was published later, and thresholds fall from leader to moderate."""
    rows = load("eis_edition").sort_values("edition")
    early = rows["published"].diff() <= pd.Timedelta(0)
    unordered = (rows["leader_min_pct"] <= rows["strong_min_pct"]) | (
        rows["strong_min_pct"] <= rows["moderate_min_pct"]
    )
    yield from load.fail("eis_edition", rows[early], "published", "later than the edition before it")
    yield from load.fail(
        "eis_edition", rows[unordered], "strong_min_pct", "between the moderate and the leader threshold"
    )


@rule("eis_score", "eis_structural", "indicator", "eis_edition")
def codes_are_those_of_the_framework(load: Load) -> Failures:
    """A score has a code that the framework of its edition knows: the same code may mean something else in another."""
    framework = load("eis_edition").set_index("edition")["framework"]
    known = set(zip(load("indicator")["framework"], load("indicator")["indicator_code"]))
    for table in ("eis_score", "eis_structural"):
        rows = load(table)
        wrong = [key not in known for key in zip(rows["edition"].map(framework), rows["indicator_code"])]
        yield from load.fail(
            table,
            rows[wrong],
            "indicator_code",
            lambda r: (
                f"the list of indicators of edition {r['edition']} (indicator.csv) has it; see eis_edition.framework"
            ),
        )
