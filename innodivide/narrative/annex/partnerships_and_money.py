"""Tier 2 and reform: money, recommendations, where the tiers meet; and what a reader must know about the data."""

import pandas as pd

from innodivide.data.sources import FLAG_MEANING, flag_note, sources_of
from innodivide.data.tables import TAKING_PART, Tables, country_names
from innodivide.indicators import country_profile, peers
from innodivide.narrative.annex.overview import circle_names
from innodivide.narrative.annex.short_names import called
from innodivide.narrative.exhibits import Exhibit, say, table
from innodivide.wording import join_names

REFORM = {
    "RRF grants, first plan": "grants of the Recovery and Resilience Facility",
    "Cohesion 2014-2020, research and innovation": "cohesion money for research and innovation",
    "Cohesion 2014-2020, SMEs": "cohesion money for small and medium-sized firms",
}


def money_table(tables: Tables, geo: str) -> Exhibit:
    """Return the table of Tier-2 and reform money of the country, its peers, its group and the EU27."""
    rows, around = peers.money(tables, geo), peers.circle(tables, geo)
    heads = dict(zip(_columns(around), circle_names(tables, geo, around)))
    shown = rows.assign(
        instrument=rows["instrument"].map(peers.SHORT),
        place=[f"{r} of {n}" if pd.notna(r) else None for r, n in zip(rows["rank"], rows["n_countries"])],
    ).rename(columns={"value": "own"})
    return table(
        "TA.6",
        "Tier 2 and reform money of {name} beside its peers",
        shown,
        {
            "instrument": "Instrument",
            "own": (heads.pop("own"), "{:,.0f}"),
            "place": "Place",
            **{column: (head, "{:,.0f}", "–") for column, head in heads.items()},
        },
        values={**called(country_names(tables)[geo]), "people": country_profile.PER_HEAD_YEAR},
        sources=sources_of(rows),
        note=flag_note(rows),
        caption="Place: from the highest; ties share a place. Horizon 2020 and Europe: projects per million people, to "
        "August 2025. Smart Specialisation: in the partnerships whose member list is complete; zero there is not "
        "absence from Tier 2. Cohesion funds: 2014-2020. Grants of the Recovery and Resilience Facility: first plan. "
        "Population: {people}. Means of states, unweighted.",
    )


def _columns(around: pd.DataFrame) -> list[str]:
    return [f"peer_{i}" if kind == "peer" else kind for i, kind in enumerate(around["kind"])]


def semester_text(tables: Tables, geo: str) -> Exhibit:
    """Return whether research and innovation was among the country's Semester recommendations."""
    rows = tables["semester_rdi"].query("geo == @geo").sort_values("year")
    yes = [str(y) for y in rows.loc[rows["rdi_recommended"].fillna(False).astype(bool), "year"]]
    no = [str(y) for y in rows.loc[~rows["rdi_recommended"].fillna(True).astype(bool), "year"]]
    text = "In the European Semester, research and innovation was part of the recommendations to {name} in {yes}"
    text += " and not in {no}." if no else "."
    return say(
        "NA.6",
        text,
        **called(country_names(tables)[geo]),
        yes=join_names(yes, none="no year read"),
        **({"no": join_names(no)} if no else {}),
    )


def data_notes(tables: Tables, geo: str) -> Exhibit:
    """Return what a reader must know about this country's figures: what is missing and what is weak."""
    name, rows = country_names(tables)[geo], country_profile.memberships(tables, geo)
    inside = rows[rows["role"].isin(TAKING_PART) & (rows["kind"] == "integrated")]
    parts, values = [], {}
    if len(inside):
        one = len(inside) == 1
        parts.append(
            "Of the one project that {name} takes part in, " + _known_words(inside.iloc[0])
            if one
            else "Of the {n} projects that {name} takes part in, the number of companies is known for {companies} and "
            "an amount of aid for {aid}."
        )
        known = {"companies": int(inside["n_companies"].notna().sum()), "aid": int(inside["aid_eur_mn"].notna().sum())}
        values |= called(name) | ({} if one else {"n": len(inside), **{k: v or "none" for k, v in known.items()}})
    labels = tables["variable"].set_index("variable")["label"]
    panel = tables["country_panel"].query("geo == @geo and year >= 2017")
    weak = panel[panel["flag"].notna() & panel["variable"].isin(["population", "gdp_meur", "gdp_pc_pps"])]
    for (flag, variable), group in weak.groupby(["flag", "variable"]):
        years = sorted(group["year"])
        parts.append(f"{{{variable}_{flag}}} is {FLAG_MEANING[flag]}.")
        values[f"{variable}_{flag}"] = (
            f"{labels[variable].removesuffix(' (chosen series)')} "
            f"({years[0]}{f' to {years[-1]}' if len(years) > 1 else ''})"
        )
    parts.append("Weak points of single sources stand in the list of sources.")
    return say("NA.7", " ".join(parts), **values)


def _known_words(row: pd.Series) -> str:
    """Return what is known of one project: its number of companies, the amount of aid, both or neither."""
    companies, aid = pd.notna(row["n_companies"]), pd.notna(row["aid_eur_mn"])
    if companies == aid:
        both, word = ("both", "and") if aid else ("neither", "nor")
        return f"{both} the number of companies {word} the aid {'are' if aid else 'is'} known."
    first, second = ("number of companies", "aid") if companies else ("aid", "number of companies")
    return f"the {first} is known, the {second} is not."


def connection_text(tables: Tables, geo: str, points: pd.DataFrame, coverage, draws: int) -> Exhibit:
    """Return where Tier 1 and Tier 2 meet in the country, as far as member lists are complete.

    `points` is the frame of `bipartite.connection_points` from `draws` matrices, `coverage` that of the lists.
    """
    own = points.set_index("geo").loc[geo]
    places = "{n_second} of them" if own["n_second"] else "none of them"
    text = (
        "Where the tiers meet: for {known} of {total} Smart Specialisation partnerships the list of members is "
        f"complete here, and {{name}} is in {places}; it takes part in "
    )
    text += "{n_first} integrated IPCEI{s}." if own["n_first"] else "no integrated IPCEI."
    values = {**called(country_names(tables)[geo]), "known": coverage.known, "total": coverage.total}
    values |= {"n_first": int(own["n_first"]), "n_second": int(own["n_second"])}
    values["s"] = "" if own["n_first"] == 1 else "s"
    if own["position"] == "both":
        text += (
            " That makes {pairs} pair{plural} of a project and a partnership, {verdict} the {low:.0f} to {high:.0f} "
            "that its activity alone would give (95% range over {draws} random networks of the same activity)."
        )
        outside = own["pairs"] < own["null_low"], own["pairs"] > own["null_high"]
        values |= {
            "pairs": int(own["pairs"]),
            "plural": "" if own["pairs"] == 1 else "s",
            "verdict": "fewer than" if outside[0] else "more than" if outside[1] else "within",
            "low": own["null_low"],
            "high": own["null_high"],
            "draws": draws,
        }
    else:
        text += " So no point where they meet is on record."
    text += " Absence from these lists is not absence from Tier 2."
    return say("NA.12", text, **values)


def money_against_gap_text(tables: Tables, geo: str, rows: pd.DataFrame) -> Exhibit:
    """Return the places of the country's reform money beside those of its gap; `rows`: `money.money_by_country`."""
    reform = rows[rows["instrument"].isin(REFORM)].copy()
    grouped = reform.groupby("instrument")
    reform["place"] = grouped["per_head"].rank(ascending=False, method="min")
    reform["gap_place"] = grouped["gap"].rank(ascending=False, method="min")
    own = reform[reform["geo"] == geo]
    values = {**called(country_names(tables)[geo]), "n": rows["geo"].nunique()}
    parts = []
    for i, row in enumerate(own.itertuples()):
        if pd.isna(row.place):
            parts.append(f"{{what_{i}}}: not known")
        else:
            parts.append(f"{{what_{i}}}: place {{place_{i}}} by money, {{gap_{i}}} by gap of {{year_{i}}}")
            values |= {f"place_{i}": int(row.place), f"year_{i}": int(row.gap_year), f"gap_{i}": int(row.gap_place)}
        values[f"what_{i}"] = REFORM[row.instrument]
    text = (
        "Does money go where the gap is? Places of {name} among the {n} Member States, counted from the most euro per "
        "head and from the widest innovation gap. "
    )
    parts = [p[0].upper() + p[1:] if p[0] != "{" else p for p in parts]
    return say("NA.13", f"{text}For {'; for '.join(parts)}.", **values)
