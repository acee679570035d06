"""Rules on the scoreboards: groups follow thresholds, editions are complete and in order."""

import pandas as pd

from innodivide.data.checks.rules import Load, fail, members, rule
from innodivide.data.schema import Failure
from innodivide.data.tables import group_of


@rule("eis_group", "eis_index", "eis_edition")
def country_groups_follow_thresholds(load: Load) -> list[Failure]:
    """The group of a country follows from its index, the EU's index and the thresholds of the edition."""
    index = load("eis_index")
    complete = index.groupby(["edition", "year"])["geo"].transform("size") >= 27
    index = index[complete]
    eu = index[index["geo"] == "EU"].set_index(["edition", "year"])["value"].rename("eu")
    rows = (
        load("eis_group")
        .reset_index(names="row")
        .merge(index, left_on=["geo", "edition", "performance_year"], right_on=["geo", "edition", "year"])
    )
    rows = rows.join(eu, on=["edition", "year"]).dropna(subset="eu").set_index("row")
    expected = group_of(100 * rows["value"] / rows["eu"], rows["edition"], load("eis_edition"))
    wrong = rows.assign(expected=expected)[expected != rows["group"]]
    return fail(
        "scoreboard/eis_group.csv",
        wrong,
        "group",
        lambda r: f"index {r['value']} of {r['eu']} (EU) makes {r['geo']} {r['expected']} in edition {r['edition']}",
    )


@rule("ris_index", "eis_edition")
def region_groups_follow_thresholds(load: Load) -> list[Failure]:
    """The group of a region follows from its index in percent of the EU and the thresholds of the edition."""
    rows, editions = load("ris_index").dropna(subset="group"), load("eis_edition")
    known = rows["edition"].isin(editions["edition"])
    unknown, rows = rows[~known].drop_duplicates("edition"), rows[known]
    expected = group_of(rows["relative_to_eu_pct"], rows["edition"], editions)
    wrong = rows.assign(expected=expected)[expected != rows["group"]]
    return fail(
        "scoreboard/ris_index.csv", unknown, "edition", "thresholds of this edition are in eis_edition.csv"
    ) + fail(
        "scoreboard/ris_index.csv",
        wrong,
        "group",
        lambda r: f"{r['relative_to_eu_pct']} % of the EU makes {r['region_code']} {r['expected']}",
    )


@rule("eis_group", "eis_edition")
def performance_years_are_those_of_the_edition(load: Load) -> list[Failure]:
    """A group was measured in the performance year of its edition."""
    rows, editions = load("eis_group"), load("eis_edition").set_index("edition")["performance_year"]
    stated = rows["edition"].map(editions)
    return fail(
        "scoreboard/eis_group.csv",
        rows[rows["performance_year"] != stated],
        "performance_year",
        lambda r: f"edition {r['edition']} has performance year {editions[r['edition']]}",
    )


@rule("eis_group", "eis_edition", "country")
def every_edition_groups_all_member_states(load: Load) -> list[Failure]:
    """Every edition has a group for each of the 27 Member States."""
    states, groups, editions = members(load), load("eis_group"), load("eis_edition")
    have = {e: set(g) for e, g in groups.groupby("edition")["geo"]}
    return [
        Failure("scoreboard/eis_edition.csv", int(i), "edition", str(e), f"a group of {geo} in this edition")
        for i, e in editions["edition"].items()
        for geo in sorted(states - have.get(e, set()))
    ]


@rule("eis_edition")
def editions_are_in_order(load: Load) -> list[Failure]:
    """A later edition was published later, and thresholds fall from leader to moderate."""
    rows = load("eis_edition").sort_values("edition")
    early = rows[rows["published"].diff() <= pd.Timedelta(0)]
    unordered = rows[
        (rows["leader_min_pct"] <= rows["strong_min_pct"]) | (rows["strong_min_pct"] <= rows["moderate_min_pct"])
    ]
    return fail("scoreboard/eis_edition.csv", early, "published", "later than the edition before it") + fail(
        "scoreboard/eis_edition.csv", unordered, "strong_min_pct", "between the moderate and the leader threshold"
    )
