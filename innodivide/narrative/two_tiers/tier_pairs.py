"""Values and tables of claim C05 (notebook 05): both references, placebo pairs, and the first rule beside."""

from textwrap import shorten

import pandas as pd

from innodivide.data.tables import Tables, country_names
from innodivide.evidence.claims import both_tiers
from innodivide.evidence.claims.second_registration import SecondEvidence
from innodivide.indicators import tiers
from innodivide.narrative.words_file import Words
from innodivide.wording import join_names, p_text

WORDS = Words("05_two_tiers")
REFERENCES = WORDS.names("references")
FIRST = "first rule"
INSIDE = "member"
POSITIONS = WORDS.names("positions")
LONGEST = 30  # characters of the name of a partnership beside a matrix
NUMBERS = ["observed", "null_mean", "null_low", "null_high", "ratio"]


def reference_rows(found: SecondEvidence, first: pd.Series) -> pd.DataFrame:
    """Return the pairs against each reference of the second registration, then by the first rule.

    `first` is the row `pairs` of `connection.held`. ratio_low and ratio_high (lists drawn anew) and p_holm are missing
    where the rule has none.
    """
    nulls, pairs = found.connection.nulls, found.connection
    rows = nulls.loc[[both_tiers.ANEW, both_tiers.HELD]].assign(
        p_holm=found.family["p_holm"].reindex([both_tiers.ANEW, both_tiers.HELD])
    )
    rows.loc[both_tiers.ANEW, ["ratio_low", "ratio_high"]] = [pairs.ratio_low, pairs.ratio_high]
    rows = pd.concat([rows, first.to_frame(FIRST).T]).rename_axis("key").reset_index()
    numbers = [*NUMBERS, "p_value", "p_holm", "ratio_low", "ratio_high"]
    rows = rows.astype({c: float for c in numbers})
    texts = {"p": rows["p_value"].map(p_text), "p_corrected": rows["p_holm"].map(p_text)}
    rows = rows.assign(reference=rows["key"].map(REFERENCES), **texts)
    return rows[["reference", *numbers, "n_first", "n_second", "n_rows", "n_null", "p", "p_corrected"]]


def placebo_rows(found: SecondEvidence) -> pd.DataFrame:
    """Return the tiers and every placebo pair of instruments, with the p-value in words.

    The tiers against chance are those of `reference_rows`, drawn once: one number, one place.
    """
    rows, held = found.connection.placebos.copy(), found.connection.nulls.loc[both_tiers.HELD]
    for column in ("observed", "null_mean", "ratio", "p_value"):
        rows.loc[rows.index[0], column] = float(held[column])
    return rows.assign(p=rows["p_value"].map(p_text))


def family_rows(found: SecondEvidence) -> pd.DataFrame:
    """Return the tests that are corrected together: member, p_value, p_holm, p, p_corrected (in words), place."""
    rows = found.family.rename_axis("key").reset_index()
    texts = {"p": rows["p_value"].map(p_text), "p_corrected": rows["p_holm"].map(p_text)}
    return rows.assign(place=rows["key"].map(WORDS.names("places of tests")), **texts)


def family_facts(rows: pd.DataFrame, alpha: float) -> dict:
    """Return how many tests of `family_rows` stay below the level after the correction, and of how many."""
    return {"clear": int((rows["p_holm"] < alpha).sum()), "n_members": len(rows), "alpha": alpha}


def pair_facts(tables: Tables, found: SecondEvidence, alpha: float) -> dict:
    """Return the numbers of C05; `states` is the verdict on the states' part by its rule."""
    pairs, p_holm = found.connection, found.family["p_holm"]
    anew, held = pairs.nulls.loc[both_tiers.ANEW], pairs.nulls.loc[both_tiers.HELD]
    row, others = pairs.placebos.iloc[0], pairs.placebos.iloc[1:]
    facts = {
        "states": both_tiers.states_connect(pairs, p_holm, alpha),
        "pairs": int(anew["observed"]),
        "ratio_low": pairs.ratio_low,
        "ratio_high": pairs.ratio_high,
        "lowest": int(row["lowest"]),
        "highest": int(row["highest"]),
        "position": row["position"],
        "placebo_low": others["position"].min(),
        "placebo_high": others["position"].max(),
        "n_placebos": len(others),
        "firms": len(tiers.organisations_in_both(tables)),
        "whole": len(pairs.whole),
        "whole_names": join_names([country_names(tables)[g] for g in pairs.whole], none="no state"),
        "n_ipceis": pairs.n_ipceis,
        "n_lists": pairs.n_lists,
    }
    for name, reference, null in (("anew", both_tiers.ANEW, anew), ("held", both_tiers.HELD, held)):
        facts |= {name: null["null_mean"], f"{name}_low": null["null_low"], f"{name}_high": null["null_high"]}
        facts |= {f"{name}_ratio": null["ratio"], f"{name}_p": p_text(p_holm[reference], "= ")}
        facts[f"{name}_reading"] = reading(null, p_holm[reference], alpha)
    return facts


def reading(null: pd.Series, p_holm: float, alpha: float) -> str:
    """Say on which side of chance the observed pairs lie."""
    if p_holm >= alpha:
        return "not clearly other than"
    return "clearly fewer than" if null["observed"] < null["null_mean"] else "clearly more than"


def list_cells(tables: Tables, matrix: pd.DataFrame, sides: dict[str, str]) -> pd.DataFrame:
    """Return who is in which complete list of Tier 2: geo, partnership_id, partnership (its short name), part."""
    names = list_names(tables)
    lists = matrix[[c for c in matrix if sides[c] == "tier2"]].rename_axis(index="geo", columns="partnership_id")
    long = lists.stack().rename("inside").reset_index().query("inside == 1").drop(columns="inside")
    long = long.assign(partnership=long["partnership_id"].map(names), part=INSIDE)
    return long.reset_index(drop=True)


def state_order(matrix: pd.DataFrame, sides: dict[str, str]) -> list[str]:
    """Return the states in most IPCEIs first."""
    ipceis = matrix[[c for c in matrix if sides[c] == "tier1"]].sum(axis=1)
    return list(ipceis.sort_index().sort_values(ascending=False, kind="stable").index)


def list_names(tables: Tables) -> dict[str, str]:
    """Return the short name of each partnership of Tier 2 by its id: what comes before a dash or bracket, cut."""
    rows = pd.concat([tables["s3_partnership"], tables["cluster_partnership"]])[["partnership_id", "name"]]
    short = rows["name"].astype(str).str.split(r" - | \(", regex=True).str[0]
    return dict(zip(rows["partnership_id"], short.map(lambda n: shorten(n, LONGEST, placeholder=" …"))))


def list_order(cells: pd.DataFrame) -> list[str]:
    """Return the partnerships with most Member States first."""
    return list(cells.groupby("partnership").size().sort_values(ascending=False, kind="stable").index)


def country_rows(tables: Tables, points: pd.DataFrame) -> pd.DataFrame:
    """Return the states with both tiers and `connection_points`, most pairs first."""
    first, second = tiers.tier1_by_country(tables), tiers.tier2_by_country(tables).drop(columns=["name", "coverage"])
    rows = first.drop(columns="coverage").merge(second, on="geo").merge(points, on="geo")
    rows = rows.assign(position=rows["position"].map(POSITIONS), p=rows["p_value"].map(p_text))
    return rows.sort_values(["pairs", "n_ipcei", "name"], ascending=[False, False, True], ignore_index=True)


def point_facts(rows: pd.DataFrame) -> dict:
    """Return how many states are in both, one or neither tier, and those furthest from what activity gives."""
    names = rows.sort_values("name").groupby("position")["name"].agg(list)
    where = {k: names.get(text, []) for k, text in POSITIONS.items()}
    low = rows[rows["pairs"] < rows["null_low"]].sort_values("name")
    high = rows[rows["pairs"] > rows["null_high"]].sort_values("name")
    return {
        "both": len(where["both"]),
        "first_only": len(where["first only"]),
        "second_only": len(where["second only"]),
        "neither": len(where["neither"]),
        "below": join_names(low["name"], none="no state"),
        "above": join_names(high["name"], none="no state"),
        "only": join_names(where["first only"], none="no state"),
        "nowhere": join_names(where["neither"], none="no state"),
    }
