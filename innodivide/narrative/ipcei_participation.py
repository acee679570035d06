"""Values of the sentences about participation (notebooks 02 and 07)."""

import pandas as pd

from innodivide.indicators.participation import BASIS_ORDER
from innodivide.wording import join_names


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
    return {
        "top": join_names(sorted(top["name"])),
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
    """Return the Gini index of places, companies, population and GDP."""
    return dict(zip(("places", "companies", "population", "gdp"), rows["gini"]))


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
        "n": len(rows),
        "testable": len(tested),
        "match": int(counts.get("match", 0)),
        "other": int(sum(counts.get(v, 0) for v in ("near", "consistent"))),
        "off": int(sum(counts.get(v, 0) for v in ("partly", "mismatch"))),
    }
