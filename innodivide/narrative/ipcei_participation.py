"""Values of the sentences about participation (notebooks 02 and 07)."""

import pandas as pd

from innodivide.indicators.participation import BASIS_ORDER, YEAR
from innodivide.narrative.words_file import Words
from innodivide.wording import join_names, sentence

WORDS = Words("02_ipcei_participation")


def register_facts(rows: pd.DataFrame) -> dict:
    """Return what the text says about the register."""
    return {
        "n": len(rows),
        "first": f"{rows['decision_date'].min():%B %Y}",
        "last": f"{rows['decision_date'].max():%B %Y}",
        "aid": rows["aid_eur_bn_max"].sum(),
        "private": rows["private_eur_bn_expected"].sum(),
    }


def country_facts(rows: pd.DataFrame) -> dict:
    """Return what the text says about states; `order` is the order of rows in figures."""
    top, none = rows[rows["n"] == rows["n"].max()], rows[rows["n"] == 0]
    several = len(top) > 1
    return {
        "top": join_names(sorted(top["name"])),
        "each": " each" if several else "",
        "are": "are" if several else "is",
        "fill": "fill" if several else "fills",
        "top_n": int(rows["n"].max()),
        "possible": int(rows["n_possible"].iloc[0]),
        "none": join_names(sorted(none["name"])),
        "none_n": len(none),
        "median": rows["n"].median(),
        "places": int(rows["n"].sum()),
        "half_n": _half(rows["n"]),
        "first_per_head": rows.sort_values("per_million")["name"].iloc[-1],
        "order": list(rows.sort_values(["n", "name"], ascending=[False, True])["name"]),
    }


def _half(counts: pd.Series) -> int:
    """Return how few countries hold half of all places."""
    running = counts.sort_values(ascending=False).cumsum()
    return int((running < counts.sum() / 2).sum() + 1)


def group_means_text(groups: pd.DataFrame, possible: int) -> str:
    """Return the mean number of IPCEIs of each group, in words."""
    return join_names([f"{g} {rate * possible:.1f}" for g, rate in zip(groups["group"], groups["mean_rate"])])


def gini_facts(rows: pd.DataFrame) -> dict:
    """Return the Gini index of places, companies, population and GDP, and the year of the latter two."""
    return dict(zip(("places", "companies", "population", "gdp"), rows["gini"])) | {"year": YEAR}


def aid_facts(rows: pd.DataFrame) -> dict:
    """Return what the text says about the coverage of aid."""
    return {
        "n": len(rows),
        "complete": int((rows["n_states"] == rows["n_states_known"]).sum()),
        "bases": len(BASIS_ORDER),
        "known": int(rows["n_states_known"].sum()),
        "places": int(rows["n_states"].sum()),
    }


def published_facts(rows: pd.DataFrame) -> dict:
    """Return what the text says about the checks: how many, recomputable, matching, near or consistent, not fitting."""
    tested = rows[rows["computed"].notna() & rows["value"].notna()]
    counts = tested["verdict"].value_counts()
    return {
        "n": int(rows["value"].notna().sum()),  # the others are figures of ours alone
        "testable": len(tested),
        "match": int(counts.get("match", 0)),
        "other": int(sum(counts.get(v, 0) for v in ("near", "consistent"))),
        "off": int(sum(counts.get(v, 0) for v in ("partly", "mismatch"))),
    }


def short_facts(projects: dict, states: dict, rows: pd.DataFrame, groups: pd.DataFrame, aid: pd.DataFrame) -> dict:
    """Return what the first page says.

    Parameters
    ----------
    projects, states : dict
        From `register_facts` and `country_facts`.
    rows, groups, aid : pandas.DataFrame
        From `participation.by_country`, `by_group` and `aid_coverage`.
    """
    most = rows.sort_values(["n", "name"], ascending=[False, True]).head(states["half_n"])
    held, known = most[["n", "gdp_meur"]].sum() / rows[["n", "gdp_meur"]].sum(), aid_facts(aid)
    means, texts = list(groups["mean_rate"]), WORDS.names("in groups")
    said = [sentence(texts[g], mean=r * states["possible"]) for g, r in zip(groups["group"], means)]
    return {
        **{k: projects[k] for k in ("n", "first", "aid")},
        **{k: states[k] for k in ("half_n", "places", "top", "top_n", "possible", "none", "none_n")},
        "states": len(rows),
        "held": held["n"],
        "gdp": held["gdp_meur"],
        "means": join_names(said),
        "order": "falls" if means == sorted(means, reverse=True) else "rises" if means == sorted(means) else "mixed",
        "known": known["known"],
        "counted": known["places"],
    }


def short_parts(facts: dict) -> list[str]:
    """Return the parts of N2.5 that the results call for."""
    more = round(facts["held"] - facts["gdp"], 2)
    places = "fewer hands" if more > 0 else "more hands" if more < 0 else "as the economy"
    aid = "aid known" if facts["known"] == facts["counted"] else "aid not known"
    absent = "some in none" if facts["none_n"] else "all in some"
    return ["projects", "then", "places", places, absent, "then", facts["order"], "then", aid]
