"""Values, words and tables on the quality of government of regions and states, and what goes with it (notebook 06)."""

import pandas as pd

from innodivide.data.tables import Tables, country_names
from innodivide.indicators import barriers
from innodivide.indicators.country_profile import index_relative_to_eu
from innodivide.indicators.regions import names_at, on_the_map, regions
from innodivide.narrative.words_file import Words
from innodivide.wording import join_names

WORDS = Words("06_regional_barriers")
TERMS, LEVELS = WORDS.names("terms"), WORDS.names("levels")
LABELS = WORDS.names("institutions")


def map_rows(tables: Tables) -> pd.DataFrame:
    """Return the regions with their quality of government and their places on the map."""
    gaps = barriers.institutional_gaps(tables).query("measure == 'eqi'")
    rows = on_the_map(tables, regions(tables)[["geo", "name", "group", "relative"]])
    wanted = ["unit", "value", "gap", "gap_low", "gap_high", "reading", "source_id"]
    known = gaps[wanted].rename(columns={"unit": "code", "value": "eqi"})
    return rows.rename(columns={"region_code": "code"}).merge(known, on="code", how="left")


def map_facts(rows: pd.DataFrame) -> dict:
    """Return how many lagging regions are below, above or not told apart from the EU in quality of government."""
    known = rows.dropna(subset=["eqi"]).sort_values(["eqi", "code"])
    lagging, other = known[known["group"] == "emerging"], known[known["group"] != "emerging"]
    counts = lagging["reading"].value_counts()
    lowest, highest = known["eqi"].iloc[[0, -1]]
    return {
        **{"lowest": lowest, "last": join_names(names_at(known, "eqi", lowest))},
        **{"highest": highest, "first": join_names(names_at(known, "eqi", highest))},
        "behind": int(counts.get("behind", 0)),
        "within": int(counts.get("within the margin", 0)),
        "ahead": int(counts.get("ahead", 0)),
        "lagging": len(lagging),
        "known": len(known),
        "others_behind": int((other["reading"] == "behind").sum()),
        "others": len(other),
    }


def institution_rows(tables: Tables, gaps: pd.DataFrame) -> pd.DataFrame:
    """Return each measure for the emerging innovators: how many are behind the EU, by how much (sd), who furthest."""
    group = index_relative_to_eu(tables).groupby("geo")["group"].first()
    rows = gaps[gaps["geo"].map(group) == "emerging"].assign(name=gaps["geo"].map(country_names(tables)))
    found = []
    for measure, part in rows.groupby("measure", sort=False):
        found.append(
            {
                "label": LABELS.get(measure, part["label"].iloc[0]),
                "level": "regions" if part["level"].iloc[0] == "region" else "country",
                "year": int(part["year"].iloc[0]),
                "n_behind": int((part["gap"] > 0).sum()),
                "n_states": len(part),
                "mean_gap": part["gap_sd"].mean(),
                "last": part.sort_values(["gap", "geo"], ascending=[False, True])["name"].iloc[0],
                "source_id": part["source_id"].iloc[0],
            }
        )
    frame = pd.DataFrame(found).sort_values(["mean_gap", "label"], ascending=[False, True], ignore_index=True)
    return frame.assign(behind=[f"{n} of {total}" for n, total in zip(frame["n_behind"], frame["n_states"])])


def institution_facts(rows: pd.DataFrame) -> dict:
    """Return the largest gap of the emerging innovators, and how many measures find all of them behind."""
    return {"first": rows["label"].iloc[0], "all": int((rows["n_behind"] == rows["n_states"]).sum()), "n": len(rows)}


def oaxaca_rows(parts: pd.DataFrame) -> pd.DataFrame:
    """Return the Oaxaca-Blinder parts in words; the unexplained part as a total, since its terms depend on units."""
    rows = parts[parts["term"] != "constant"].reset_index(drop=True)
    other = ["unexplained", "unexplained_low", "unexplained_high"]
    return rows.assign(term=rows["term"].map(TERMS), **{c: rows[c].where(rows["term"] == "total") for c in other})


def oaxaca_facts(parts: pd.DataFrame) -> dict:
    """Return the distance, what goes with other levels of both measures, and the sizes of both groups."""
    rows = parts.set_index("term")
    total, own = rows.loc["total"], rows.loc[["eqi", "ln_gdp"], "explained"]
    return {
        "levels": LEVELS["lower" if (own > 0).all() else "other"],
        "difference": total["difference"],
        "explained": total["explained"],
        "low": total["explained_low"],
        "high": total["explained_high"],
        "lagging": int(total["n_lagging"]),
        "leading": int(total["n_leading"]),
    }
