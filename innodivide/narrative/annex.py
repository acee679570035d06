"""The sentences and exhibits of a country annex that depend on the country: every case has its own wording."""

import pandas as pd

from innodivide import figures, profile
from innodivide.exhibits import FLAG_MEANING, Exhibit, figure, flag_note, join_names, say, sources_of, table
from innodivide.panel import Tables, _tables

ROLE_TEXT = {
    "notifying": "takes part",
    "joined_later": "joined later",
    "associated": "associated partners only",
    "prepared_only": "prepared, did not notify",
    "connected": "linked infrastructure",
    "eea_participant": "EEA participant",
}
BASIS_TEXT = {
    "commission_max": "approved maximum",
    "commission_max_approx": "approved maximum, about",
    "national_statement": "national statement",
    "national_award": "granted",
    "national_fund": "set aside",
    "tertiary_rounded": "third party, rounded",
}
TAKING_PART = ("notifying", "joined_later")


def heading(geo: str, tables: Tables | None = None) -> Exhibit:
    """Return the title with the country's English and own names."""
    name, own = profile.names(tables)[geo], profile.endonyms(geo, tables)
    other = [n for n in own if n != name]
    template = "# {name} ({own}): country annex" if other else "# {name}: country annex"
    return say("NA.1", template, name=name, **({"own": " / ".join(other)} if other else {}))


def summary(geo: str, expected: pd.DataFrame, tables: Tables | None = None) -> Exhibit:
    """Return the paragraph that says what stands out: group, position, participation against expectation, regions."""
    name = profile.names(tables)[geo]
    edition = profile.editions(geo, tables).iloc[-1]
    index = profile.index_relative_to_eu(2023, tables).query("geo == @geo").sort_values("year")
    row = expected.set_index("geo").loc[geo]
    change = index["relative"].iloc[-1] - index["relative"].iloc[0]
    points = "point" if round(abs(change)) == 1 else "points"
    trend = (
        f"gained {{change:.0f}} {points} on"
        if change >= 0.5
        else f"lost {{change:.0f}} {points} to"
        if change <= -0.5
        else "kept its distance to"
    )
    place = (
        "in none of the {possible} integrated IPCEIs"
        if row["observed"] == 0
        else "in {n} of {possible} integrated IPCEIs"
    )
    verdict = (
        "more than" if row["observed"] > row["high"] else "fewer than" if row["observed"] < row["low"] else "within"
    )
    text = (
        f"{{name}} is {_article(edition['group'])} in EIS {{edition}}. Its index in the EIS {{series}} series "
        f"stood at {{level:.0f}} percent of the EU in {{last}}; since {{first}} it has "
        f"{trend} the EU. It takes part {place}; that is {{verdict}} the {{low}} to {{high}} expected of a state "
        f"of its size, wealth and status."
    )
    values = {
        "name": name,
        "edition": int(edition["edition"]),
        "level": index["relative"].iloc[-1],
        "first": int(index["year"].iloc[0]),
        "last": int(index["year"].iloc[-1]),
        "change": abs(change),
        "n": int(row["observed"]),
        "possible": int(row["n_ipceis"]),
        "verdict": verdict,
        "low": int(row["low"]),
        "high": int(row["high"]),
    }
    return say("NA.2", text, series=2023, **values)


def _article(group: str) -> str:
    return {
        "leader": "an innovation leader",
        "strong": "a strong innovator",
        "moderate": "a moderate innovator",
        "modest": "a modest innovator",
        "emerging": "an emerging innovator",
    }[group]


def editions_table(geo: str, tables: Tables | None = None) -> Exhibit:
    """Return the country's group and rank in each edition."""
    rows = profile.editions(geo, tables)
    return table(
        "TA.1",
        "Group in each edition of the scoreboard",
        rows,
        {"edition": "Edition", "published": "Published", "group": "Group", "rank": "Rank among the Member States"},
        sources=sources_of(rows),
        note=flag_note(rows),
        caption="Group as first published. The scale changed in 2021, when modest was renamed emerging. "
        "Ranks are known in full from 2022.",
    )


def strength_text(geo: str, tables: Tables | None = None) -> Exhibit:
    """Return the sentence on the three strongest and weakest indicators, and on those without a figure."""
    rows = profile.indicator_strengths(geo, tables=tables)
    known = rows.dropna(subset=["relative"])
    best, worst = known.head(3)["indicator"], known.tail(3)["indicator"][::-1]
    zero = rows.loc[rows["is_zero"].astype(bool), "indicator"]
    text = "Strongest against the EU: {best}. Weakest: {worst}."
    values = {"best": "; ".join(best), "worst": "; ".join(worst)}
    if len(zero):
        text += " Not shown, because the database has a zero that may be a bottom score or a missing figure: {zero}."
        values["zero"] = "; ".join(zero)
    return say("NA.3", text, **values)


def membership_exhibit(geo: str, tables: Tables | None = None) -> Exhibit:
    """Return the table of the country's roles in IPCEIs, or the sentence that it has none."""
    tables = _tables(tables)
    rows = profile.memberships(geo, tables)
    if rows.empty:
        return say(
            "NA.4",
            "{name} has no role in any of the {n} IPCEIs in the register, nor in the infrastructure cases.",
            name=profile.names(tables)[geo],
            n=int((tables["ipcei"]["kind"] == "integrated").sum()),
        )
    shown = rows.assign(role=rows["role"].map(ROLE_TEXT), aid_basis=rows["aid_basis"].map(BASIS_TEXT))
    taking = int((rows["role"].isin(TAKING_PART) & (rows["kind"] == "integrated")).sum())
    return table(
        "TA.2",
        "Roles in IPCEIs: {name} takes part in {n}",
        shown,
        {
            "name": "Project",
            "decision_date": ("Approved", "", "–"),
            "role": "Role",
            "n_companies": "Companies",
            "aid_eur_mn": ("Aid, € million", "{:,.1f}"),
            "aid_basis": ("What the amount is", "", "–"),
        },
        values={"name": profile.names(tables)[geo], "n": taking},
        sources=sources_of(rows),
        note=flag_note(rows),
        caption="Only notifying and late-joining states take part; the other roles are shown for completeness. "
        "Amounts on different bases cannot be added. "
        "Infrastructure cases are not counted as integrated IPCEIs.",
    )


def participants_exhibit(geo: str, tables: Tables | None = None) -> Exhibit:
    """Return the table of direct participants that a source names, or the sentence that none is named."""
    rows = profile.memberships(geo, tables).dropna(subset=["named"])
    name = profile.names(tables)[geo]
    if rows.empty:
        return say("NA.8", "No direct participant from {name} is named in the sources read.", name=name)
    count = rows["named"].str.count(", ").sum() + len(rows)
    people = _tables(tables)["ipcei_participant"].query("geo == @geo and participant_type == 'direct'")
    return table(
        "TA.3",
        "Direct participants from {name} that a source names",
        rows,
        {"name": "Project", "named": "Named"},
        values={"name": name, "n": int(count)},
        sources=sources_of(people),
        note=flag_note(people),
        caption="{n} in all. Lists are complete for some projects only: who is missing here may still take part.",
    )


def expected_figure(geo: str, expected: pd.DataFrame, sources, tables: Tables | None = None) -> Exhibit:
    """Return the figure of observed against expected participation of all states, this one marked."""
    own = expected.set_index("geo").loc[geo]
    values = {
        "name": profile.names(tables)[geo],
        "n": int(own["observed"]),
        "low": int(own["low"]),
        "high": int(own["high"]),
    }
    return _expected(
        "FA.3",
        "{name} takes part in {n}; a state like it in {low} to {high}",
        " {name}: observed {n}, range {low} to {high}.",
        expected,
        values,
        sources,
        tables,
        values["name"],
    )


def expected_overview(expected: pd.DataFrame, sources, tables: Tables | None = None) -> Exhibit:
    """Return the same figure for a policy notebook, with the states outside their range named."""
    names = profile.names(tables)
    outside = [names[g] for g in expected.loc[expected["outside"], "geo"]]
    values = {
        "outside": join_names(outside, none="no state"),
        "inside": int((~expected["outside"]).sum()),
        "total": len(expected),
    }
    return _expected(
        "F3.4",
        "{inside} of {total} states are within the range of states like them; outside: {outside}",
        " Outside their range: {outside}.",
        expected,
        values,
        sources,
        tables,
        outside,
    )


def _expected(
    id: str, title: str, alt: str, expected: pd.DataFrame, values: dict, sources, tables, highlight
) -> Exhibit:
    rows = expected.assign(name=expected["geo"].map(profile.names(tables)))
    return figure(
        id,
        title,
        figures.observed_expected(
            rows,
            "name",
            "observed",
            "expected",
            "low",
            "high",
            highlight=highlight,
            xlabel="Number of integrated IPCEIs",
        ),
        rows,
        values=values,
        sources=sources,
        alt="Dots of observed participation of the Member States over the range expected from size, wealth and leader "
        "status." + alt,
        caption="Expected: registered model (Firth logit with size, wealth and leader status). "
        "The range is that of states like it, with "
        "the spread found between countries. It describes; it is not a test.",
    )


def region_exhibits(geo: str, tables: Tables | None = None) -> list[Exhibit]:
    """Return map and table of the regions, or one sentence for a country that the scoreboard treats as one region."""
    tables = _tables(tables)
    rows = profile.regions(geo, tables)
    name = profile.names(tables)[geo]
    if len(rows) == 1:
        own = rows.iloc[0]
        return [
            say(
                "NA.5",
                "The Regional Innovation Scoreboard {edition} treats {name} as one region: {group}, at "
                "{relative:.0f} percent of the EU "
                "({change:+.0f} points since {first}). There is no picture inside the country.",
                edition=2023,
                name=name,
                group=own["group"],
                relative=own["relative"],
                change=own["change"],
                first=2016,
            )
        ]
    best, last = rows.iloc[0], rows.iloc[-1]
    text = say(
        "NA.5",
        "{n} regions are covered. {best} is highest ({high:.0f} percent of the EU, {best_group}), {last} lowest "
        "({low:.0f}, {last_group}).",
        n=len(rows),
        best=best["name"],
        high=best["relative"],
        best_group=best["group"],
        last=last["name"],
        low=last["relative"],
        last_group=last["group"],
    )
    outline = tables["outline"]
    picture = figure(
        "FA.4",
        "Regions of {name} by innovation group",
        figures.region_map(rows.assign(geo=geo, code=rows["region_code"]), outline, "group", focus=geo),
        rows,
        values={"name": name, "n": len(rows), "best": best["name"], "last": last["name"]},
        alt="Map of {name} with one point for each of {n} regions, marked by innovation group. "
        "Highest: {best}. Lowest: {last}.",
        sources=[*sources_of(rows), *sources_of(outline)],
        edition="RIS 2023",
        caption="A point stands for a whole region. Outlines: Natural Earth. "
        "Points computed from NUTS boundaries, © EuroGeographics for the administrative boundaries.",
    )
    listing = table(
        "TA.4",
        "Regions from strongest to weakest",
        rows,
        {
            "name": "Region",
            "region_code": "Code",
            "group": "Group",
            "relative": ("Index, EU = 100", "{:.0f}"),
            "change": ("Change since the first year", "{:+.0f}"),
        },
        sources=sources_of(rows),
        edition="RIS 2023",
        caption="Change: percentage points of the EU average of the year, over the series of this edition.",
    )
    return [text, picture, listing]


def money_table(geo: str, tables: Tables | None = None) -> Exhibit:
    """Return the table of Tier-2 and reform money against the other Member States."""
    rows = profile.money(geo, tables)
    place = [f"{r} of {n}" if pd.notna(r) else None for r, n in zip(rows["rank"], rows["n_countries"])]
    return table(
        "TA.5",
        "Tier 2 and reform money, beside the median Member State",
        rows.assign(place=place),
        {
            "instrument": "Instrument",
            "unit": "Unit",
            "value": ("Value", "{:,.1f}"),
            "median": ("Median state", "{:,.1f}"),
            "place": "Place",
        },
        sources=sources_of(rows),
        note=flag_note(rows),
        caption="Place counts from the highest value among the states with a figure; ties share a place. "
        "Per head: population of the last year before the pandemic. "
        "Smart Specialisation: only partnerships whose member list is complete; a zero there is not absence from "
        "Tier 2.",
    )


def semester_text(geo: str, tables: Tables | None = None) -> Exhibit:
    """Return whether research and innovation was among the country's Semester recommendations."""
    tables = _tables(tables)
    rows = tables["semester_rdi"].query("geo == @geo").sort_values("year")
    yes = [str(y) for y in rows.loc[rows["rdi_recommended"].fillna(False).astype(bool), "year"]]
    no = [str(y) for y in rows.loc[~rows["rdi_recommended"].fillna(True).astype(bool), "year"]]
    text = "In the European Semester, research and innovation was part of the recommendations to {name} in {yes}"
    text += " and not in {no}." if no else "."
    return say(
        "NA.6",
        text,
        name=profile.names(tables)[geo],
        yes=join_names(yes, none="no year read"),
        **({"no": join_names(no)} if no else {}),
    )


def data_notes(geo: str, tables: Tables | None = None) -> Exhibit:
    """Return what a reader must know about this country's figures: what is missing and what is weak."""
    tables = _tables(tables)
    name, rows = profile.names(tables)[geo], profile.memberships(geo, tables)
    inside = rows[rows["role"].isin(TAKING_PART) & (rows["kind"] == "integrated")]
    parts, values = [], {}
    if len(inside):
        parts.append(
            "{name} takes part {n} time{s}; the number of companies is known for {companies} and an amount of aid "
            "for {aid} of them."
        )
        values |= {
            "name": name,
            "n": len(inside),
            "s": "" if len(inside) == 1 else "s",
            "companies": int(inside["n_companies"].notna().sum()),
            "aid": int(inside["aid_eur_mn"].notna().sum()),
        }
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


def index_facts(index: pd.DataFrame, name: str) -> dict:
    """Return the country's first and last value in `profile.index_comparison`."""
    own = index[index["series"] == name].sort_values("year")["relative"]
    return {"name": name, "first": own.iloc[0], "last": own.iloc[-1]}
