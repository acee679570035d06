"""What the draws of the audit say: how often each group comes out, the chance of the leader label, sets of leaders."""

import pandas as pd


def group_distribution(draws: pd.DataFrame) -> pd.DataFrame:
    """Probability of each group: geo, nominal, leader, strong, moderate, emerging (they sum to 1), modal, certain."""
    wide = draws.pivot_table(index="geo", columns="group", values="probability", aggfunc="sum", observed=False)
    wide = wide.fillna(0.0)
    wide = wide.div(wide.sum(axis=1), axis=0)
    wide.columns = [str(name) for name in wide.columns]
    groups = list(wide.columns)
    wide.insert(0, "nominal", draws.query("nominal").set_index("geo")["group"].astype(str))
    # whether any draw left the group, so that rounding of sums cannot fake doubt
    seen = draws.groupby("geo", observed=True)["group"].nunique()
    return wide.assign(modal=wide[groups].idxmax(axis=1), certain=seen == 1).reset_index()


def p_leader(draws: pd.DataFrame) -> pd.DataFrame:
    """Chance of the leader label over the choices: geo, p_leader, mc_error (0: every combination is run), nominal.

    It is the share of admissible constructions, not the probability of a fact about the country.
    """
    rows = draws.assign(hit=draws["group"] == "leader")
    by_country = rows.groupby("geo", observed=True)
    chance = (rows["probability"] * rows["hit"]).groupby(rows["geo"], observed=True).sum()
    # a country that is a leader in each draw has exactly 1
    chance = chance.clip(0, 1).mask(by_country["hit"].all(), 1.0)
    nominal = rows[rows["nominal"]].set_index("geo")["hit"]
    frame = pd.DataFrame({"p_leader": chance, "mc_error": 0.0, "nominal": nominal}).reset_index(names="geo")
    return frame.sort_values(["p_leader", "geo"], ascending=[False, True], ignore_index=True)


def redraw_groups(draws: pd.DataFrame) -> pd.DataFrame:
    """Leaders of each draw: draw, probability, nominal, leaders (sorted tuple of codes, may be empty)."""
    keys = draws[["draw", "probability", "nominal"]].drop_duplicates("draw").set_index("draw")
    hits = draws[draws["group"] == "leader"].astype({"geo": str}).sort_values("geo")
    out = keys.join(hits.groupby("draw")["geo"].agg(tuple).rename("leaders")).sort_index().reset_index()
    out["leaders"] = [value if isinstance(value, tuple) else () for value in out["leaders"]]
    return out
