"""Tier 1: roles in IPCEIs, participants, observed against expected participation."""

import pandas as pd

from innodivide import figures, profile
from innodivide.exhibits import Exhibit, figure, flag_note, say, sources_of, table
from innodivide.panel import TAKING_PART, Tables, _tables
from innodivide.wording import join_names

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
