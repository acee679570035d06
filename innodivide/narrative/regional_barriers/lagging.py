"""Values, words and tables of the report on regional barriers (notebook 06)."""

from dataclasses import replace

import pandas as pd

from innodivide.data.editions import BRIEF, PLAN, REGIONAL, latest
from innodivide.data.sources import sources_of
from innodivide.data.tables import Tables, country_names, indicators_of
from innodivide.evidence.claims.lowest_regions import lowest_by_state
from innodivide.evidence.claims.shared_barriers import FirstRule, indicator_names, lagging_regions
from innodivide.evidence.claims.thresholds import MATTERS
from innodivide.indicators import barriers
from innodivide.indicators.regions import first_year, regions
from innodivide.models.decomposition import ward
from innodivide.narrative.exhibits import Exhibit
from innodivide.narrative.words_file import Words
from innodivide.wording import join_names

WORDS = Words("06_regional_barriers")
WEIGHTS = WORDS.names("weights")
ZEROS = WORDS.names("zeros")
REFERENCES = WORDS.names("references")
PARTS = WORDS.names("parts")
OFTEN = 0.05  # share of constructions of the index with another group, above which a group counts as in doubt
MARK = 3  # indicators named for a cluster
SHOWN = 6  # own parts shown; all are in the data


def choice_facts(choices: pd.DataFrame) -> dict:
    """Return how many choices agree with the verdict of the first rule, against the EU and against the leaders."""
    verdict = choices.query("reference == 'EU' and weights == 'published' and zeros == 'read'")["verdict"].iloc[0]
    eu, leaders = (choices[choices["reference"] == reference] for reference in ("EU", "leaders"))
    others = sorted(set(leaders["verdict"]) - {verdict})
    return {
        "verdict": verdict,
        "eu_same": int((eu["verdict"] == verdict).sum()),
        "eu_n": len(eu),
        "other": int((leaders["verdict"] != verdict).sum()),
        "leaders_n": len(leaders),
        "other_verdict": join_names(others, none="otherwise"),
        "matters": MATTERS,
        "nearest": choices["own_low"].sub(MATTERS).abs().min() * 100,
    }


def choice_rows(tables: Tables, choices: pd.DataFrame) -> pd.DataFrame:
    """Return `shared_barriers.finding_sensitivities` with its choices in words."""
    return choices.assign(
        reference=choices["reference"].map(REFERENCES),
        weights=choices["weights"].map(WEIGHTS),
        zeros=choices["zeros"].map(ZEROS),
        largest=choices["largest"].map(indicator_names(tables)),
    )


def general_rows(tables: Tables, split: barriers.Split) -> pd.DataFrame:
    """Return the general barriers with their names and the interval of the rank in words."""
    rows = barriers.general_barriers(split)
    place = [f"{low} to {high}" for low, high in zip(rows["rank_low"], rows["rank_high"])]
    return rows.assign(name=rows["indicator_code"].map(indicator_names(tables)), place=place)


def general_facts(rows: pd.DataFrame) -> dict:
    """Return the largest general barriers, how many hold and where lagging regions are not behind."""
    ahead = rows.loc[rows["ci_high"] < 0, "name"]
    return {
        "top": join_names(list(rows["name"].head(MARK))),
        "first": rows["name"].iloc[0],
        "first_value": rows["general"].iloc[0],
        "hold": int(rows["is_barrier"].sum()),
        "n": len(rows),
        "open": int((~rows["is_barrier"] & (rows["ci_high"] >= 0)).sum()),
        "ahead": join_names(list(ahead), none="none"),
    }


def share_rows(found: FirstRule) -> pd.DataFrame:
    """Return the shares of the squared gaps with intervals and the correlation of each part with the first year."""
    kept = barriers.persistence(found.first, found.now["EU"]).set_index("part")["correlation"]
    rows = found.now["EU"].shares.reset_index()
    return rows.assign(correlation=rows["part"].map(kept), part=rows["part"].map(PARTS))


def share_facts(tables: Tables, rows: pd.DataFrame) -> dict:
    """Return the shares and the persistence of the region's part, for the text."""
    general, country, region = rows["share"]
    return {
        "general": general,
        "country": country,
        "region": region,
        "kept": rows["correlation"].iloc[-1],
        "first": first_year(tables),
    }


def own_part_rows(tables: Tables, found: FirstRule) -> pd.DataFrame:
    """Return the split gaps of every lagging region and indicator, the largest own part of the last year first.

    Returns
    -------
    pandas.DataFrame
        unit, country, indicator_code, name, indicator; contribution (to the gap of the regional index to the EU, in its
        points) and its parts general, country_part, specific in the last year; the same four with the ending _first.
    """
    keys = ["unit", "country", "indicator_code"]
    rows = found.now["EU"].parts.merge(found.first.parts, on=keys, suffixes=("", "_first"), how="outer")
    rows["name"] = rows["unit"].map(regions(tables)["name"])
    rows["indicator"] = rows["indicator_code"].map(indicator_names(tables))
    rows = rows.assign(size=-rows["specific"].abs()).sort_values(["size", *keys], ignore_index=True)
    return rows.drop(columns="size")


def own_part_table(tables: Tables, found: FirstRule) -> Exhibit:
    """Return the table of the split gaps: the largest own parts are shown, all are in its data."""
    rows = own_part_rows(tables, found)
    values = {"first": first_year(tables), "n": len(rows), "regions": rows["unit"].nunique()}
    read = tables["ris_score"].query("edition == @e", local_dict={"e": PLAN["ris"]})
    return replace(WORDS.of(tables).table("T6.16", rows, values=values, sources=sources_of(read)), shown=SHOWN)


def lowest_table(tables: Tables) -> Exhibit:
    """Return the table of claim C06: regions in the lowest group by state, in the edition that the brief had."""
    rows = lowest_by_state(tables).reset_index().assign(name=lambda d: d["geo"].map(country_names(tables)))
    rows = rows[["geo", "name", "n_regions", "lowest"]].sort_values(["lowest", "name"], ascending=[False, True])
    some, values = rows[rows["lowest"] > 0], {"n": int(rows["n_regions"].sum()), "states": len(rows)}
    values |= {"lowest": int(rows["lowest"].sum()), "inside": len(some), "edition": BRIEF["ris"]}
    read = [tables[name].query("edition == @e", local_dict={"e": BRIEF["ris"]}) for name in ("ris_index", "ris_region")]
    given = {"sources": sources_of(*read), "edition": f"RIS {BRIEF['ris']}"}
    return replace(WORDS.of(tables).table("T6.17", rows, values=values, **given), shown=len(some))


def cluster_rows(tables: Tables, found: barriers.Profiles) -> pd.DataFrame:
    """Return the clusters: size, countries, indicators that differ from lagging regions in general, stability."""
    edition, home = latest(tables, "ris", REGIONAL), lagging_regions(tables).map(country_names(tables))
    labels = indicators_of(tables, edition).set_index("indicator_code")["label"]
    heads, rows = found.stability["n_units"].to_numpy(), []
    usual = (found.centres.T * heads / heads.sum()).sum(axis=1)
    for row in found.stability.itertuples():
        units = found.labels.loc[found.labels["cluster"] == row.cluster, "unit"]
        order = (found.centres.loc[row.cluster] - usual).sort_values(ascending=False, kind="stable")
        counts = home[units].value_counts().sort_index().sort_values(ascending=False, kind="stable")
        rows.append(
            {
                "cluster": row.cluster,
                "n_units": row.n_units,
                "countries": ", ".join(f"{name} {n}" for name, n in counts.items()),
                "most": "; ".join(labels[order[order > 0].index[:MARK]]),
                "least": "; ".join(labels[order[order < 0].index[: -MARK - 1 : -1]]),
                "jaccard": row.jaccard,
                "jaccard_low": row.jaccard_low,
                "jaccard_high": row.jaccard_high,
                "reading": row.reading,
                "again": f"{row.reading}: {row.jaccard:.2f} ({row.jaccard_low:.2f} to {row.jaccard_high:.2f})",
            }
        )
    return pd.DataFrame(rows)


def cluster_facts(found: barriers.Profiles) -> dict:
    """Return how many clusters there are, how well they are told apart and how many are stable."""
    stable = int((found.stability["reading"] == "stable").sum())
    return {
        "k": len(found.stability),
        "width": found.choice["width"].max(),
        "stable": stable,
        "verb": "is" if stable == 1 else "are",
        "rand": found.rand,
        "structure": ward.STRUCTURE,
        "firm": ward.STABLE,
    }


def identity_facts(parts: dict) -> dict:
    """Return how closely both indices are rebuilt and what became of the scores of zero."""
    country, region, zeros = parts["country"], parts["region"].query("tested"), parts["zeros"]
    counts = parts["region_zeros"]["verdict"].value_counts()
    return {
        "rows": len(country),
        "error": country["difference"].abs().max(),
        "region_rows": len(region),
        "region_error": region["difference"].abs().max(),
        "missing": int((zeros["verdict"] == "missing").sum()),
        "zeros": len(zeros),
        "region_zeros": int(counts.sum()),
        "region_missing": int(counts.get("missing", 0)),
        "region_open": int(counts.get("undetermined", 0)),
    }


def zero_rows(tables: Tables, parts: dict) -> pd.DataFrame:
    """Return the scores of zero of states by indicator: name, countries, years, n, reading."""
    names, labels = country_names(tables), indicator_names(tables)
    rows = parts["zeros"].assign(name=lambda f: f["geo"].map(names), label=lambda f: f["indicator_code"].map(labels))
    grouped = rows.groupby(["verdict", "label"]).agg(
        n=("year", "size"), countries=("name", lambda v: join_names(sorted(set(v))))
    )
    frame = grouped.reset_index().sort_values(["verdict", "n", "label"], ascending=[False, False, True])
    words = {"missing": "missing, not zero", "bottom": "a true bottom score", "undetermined": "not told"}
    return frame.assign(verdict=frame["verdict"].map(words)).reset_index(drop=True)


def group_rows(tables: Tables, groups: pd.DataFrame) -> pd.DataFrame:
    """Return the states whose group hangs on how the index is built, least certain first, with the shares of groups."""
    chances = ["leader", "strong", "moderate", "emerging"]
    rows = groups[~groups["certain"]].assign(name=groups["geo"].map(country_names(tables)))
    rows = rows.assign(official=[row[row["nominal"]] for _, row in rows.iterrows()])
    return rows.sort_values(["official", "geo"], ignore_index=True)[["name", "geo", "nominal", "official", *chances]]


def group_facts(rows: pd.DataFrame, groups: pd.DataFrame) -> dict:
    """Return how many states could change group, and those that often would."""
    doubt = rows[rows["official"] < 1 - OFTEN]
    leaders = doubt[doubt["nominal"] == "leader"]
    return {
        "n": len(rows),
        "total": len(groups),
        "doubt": len(doubt),
        "often": OFTEN,
        "leaders": join_names(sorted(leaders["name"])),
        "less": join_names(sorted(rows.loc[rows["official"] < 0.5, "name"]), none="no state"),
    }
