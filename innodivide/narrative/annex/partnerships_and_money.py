"""Tier 2 and reform: money, recommendations, where the tiers meet; and what a reader must know about the data."""

from collections.abc import Sequence

import pandas as pd

from innodivide.data.editions import PLAN
from innodivide.data.sources import FLAG_MEANING, flag_note, sources_of
from innodivide.data.tables import TAKING_PART, Tables, country_names
from innodivide.indicators import country_profile, peers, tiers
from innodivide.narrative.annex.first_page import ordinal
from innodivide.narrative.annex.overview import circle_names
from innodivide.narrative.annex.short_names import WORDS, called, whom
from innodivide.narrative.exhibits import Exhibit
from innodivide.wording import join_names

REFORM = WORDS.names("reform money")


def money_table(tables: Tables, geo: str, chosen: Sequence[str] = ()) -> Exhibit:
    """Return the table of Tier-2 and reform money of the country, its peers, its group and the EU27."""
    rows, around = peers.money(tables, geo, chosen), peers.circle(tables, geo, chosen)
    columns = [f"peer_{i}" if kind == "peer" else kind for i, kind in enumerate(around["kind"])]
    heads = dict(zip(columns, circle_names(tables, geo, around)))
    shown = rows.assign(
        instrument=rows["instrument"].map(peers.SHORT),
        place=[f"{r} of {n}" if pd.notna(r) else None for r, n in zip(rows["rank"], rows["n_countries"])],
    ).rename(columns={"value": "own"})
    values = called(country_names(tables)[geo]) | {"own": heads.pop("own"), "people": country_profile.PER_HEAD_YEAR}
    values["whom"] = whom(chosen)
    more = {column: (head, "{:,.0f}", "–") for column, head in heads.items()}
    return WORDS.table("TA.6", shown, values=values, sources=sources_of(rows), note=flag_note(rows), more=more)


def semester_text(tables: Tables, geo: str) -> Exhibit:
    """Return whether research and innovation was among the country's Semester recommendations."""
    rows = tables["semester_rdi"].query("geo == @geo").sort_values("year")
    yes = [str(y) for y in rows.loc[rows["rdi_recommended"].fillna(False).astype(bool), "year"]]
    no = [str(y) for y in rows.loc[~rows["rdi_recommended"].fillna(True).astype(bool), "year"]]
    values = called(country_names(tables)[geo])
    values |= {"yes": join_names(yes, none="no year read"), "no": join_names(no)}
    return WORDS.say("NA.6", "not every year" if no else "every year", **values)


def data_notes(tables: Tables, geo: str) -> Exhibit:
    """Return what a reader must know about this country's figures: what is missing and what is weak."""
    rows, parts = country_profile.memberships(tables, geo), []
    inside = rows[rows["role"].isin(TAKING_PART) & (rows["kind"] == "integrated")]
    known = {"companies": int(inside["n_companies"].notna().sum()), "aid": int(inside["aid_eur_mn"].notna().sum())}
    if len(inside) == 1:
        only = "both" if all(known.values()) else "".join(k for k, n in known.items() if n) or "neither"
        parts.append(f"one project, {only}")
    elif len(inside):
        parts.append("projects")
    weak = _weak_figures(tables, geo)
    values = called(country_names(tables)[geo]) | {"n": len(inside), "weak": weak}
    values |= {k: n or "none" for k, n in known.items()}
    return WORDS.say("NA.7", *parts, *(["weak"] if weak else []), "sources", **values)


def _weak_figures(tables: Tables, geo: str) -> str:
    """Return a sentence for each kind of weak figure on population and GDP, with its years."""
    labels = tables["variable"].set_index("variable")["label"]
    panel = tables["country_panel"].query("geo == @geo and year >= 2017")
    weak = panel[panel["flag"].notna() & panel["variable"].isin(["population", "gdp_meur", "gdp_pc_pps"])]
    found = []
    for (flag, variable), group in weak.groupby(["flag", "variable"]):
        years = sorted(group["year"])
        when = f"{years[0]}{f' to {years[-1]}' if len(years) > 1 else ''}"
        found.append(f"{labels[variable].removesuffix(' (chosen series)')} ({when}) is {FLAG_MEANING[flag]}.")
    return " ".join(found)


def connection_text(tables: Tables, geo: str, points: pd.DataFrame, lists: int, draws: int) -> Exhibit:
    """Return where Tier 1 and Tier 2 meet in the country, as far as member lists are complete.

    `points` is the frame of `bipartite.connection_points` from `draws` matrices of `lists` complete lists of Tier 2.
    """
    coverage = tiers.s3_coverage(tables)
    own = points.set_index("geo").loc[geo]
    outside = own["pairs"] < own["null_low"], own["pairs"] > own["null_high"]
    values = {
        **called(country_names(tables)[geo]),
        "known": coverage.known,
        "total": coverage.total,
        "lists": lists,
        "clusters": lists - coverage.known,
        "n_first": int(own["n_first"]) or "no",
        "n_second": int(own["n_second"]) or "none",
        "s": "s" if own["n_first"] > 1 else "",
        "pairs": int(own["pairs"]),
        "plural": "" if own["pairs"] == 1 else "s",
        "verdict": "fewer than" if outside[0] else "more than" if outside[1] else "within",
        "low": own["null_low"],
        "high": own["null_high"],
        "draws": draws,
    }
    return WORDS.say("NA.12", "lists", "both tiers" if own["position"] == "both" else "not both", "absence", **values)


def money_against_gap_text(tables: Tables, geo: str, rows: pd.DataFrame) -> Exhibit:
    """Return the places of the country's reform money beside those of its gap; `rows`: of `money.BESIDE`."""
    reform = rows[rows["instrument"].isin(REFORM)].copy()
    grouped = reform.groupby("instrument")
    reform["place"] = grouped["per_head"].rank(ascending=False, method="min")
    reform["gap_place"] = grouped["gap"].rank(ascending=False, method="min")
    own = reform[reform["geo"] == geo]
    places = [
        f"{ordinal(int(row.place))} of {len(grouped.get_group(row.instrument))} for {REFORM[row.instrument]} and "
        f"{ordinal(int(row.gap_place))} by its gap of {row.gap_year}"
        for row in own.dropna(subset=["place"]).itertuples()
    ]
    absent = [REFORM[name] for name in own.loc[own["place"].isna(), "instrument"]]
    values = called(country_names(tables)[geo]) | {"places": "; ".join(places), "absent": join_names(absent)}
    values["edition"] = PLAN["eis"]
    parts = ["places" if places else "nothing", *(["absent"] if absent and places else [])]
    return WORDS.say("NA.13", *parts, **values)
