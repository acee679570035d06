"""Tier 1: roles in IPCEIs and who takes part, record against expectation, and scenarios."""

import pandas as pd

from innodivide import figures
from innodivide.data.sources import flag_note, sources_of
from innodivide.data.tables import TAKING_PART, Tables, country_names
from innodivide.indicators import country_profile
from innodivide.indicators.country_profile import joined_later
from innodivide.narrative.annex.short_names import called
from innodivide.narrative.exhibits import Exhibit, figure, say, table
from innodivide.wording import join_names, show

ROLE_TEXT = {
    "notifying": "takes part",
    "joined_later": "joined later",
    "associated": "associated partners only",
    "prepared_only": "prepared, did not notify",
    "connected": "linked infrastructure",
    "eea_participant": "EEA participant",
}
BASIS_TEXT = {
    "commission_max": "maximum",
    "commission_max_approx": "about, maximum",
    "national_statement": "stated",
    "national_award": "granted",
    "national_fund": "set aside",
    "tertiary_rounded": "press, rounded",
}
ROOM = 40  # letters for the names of companies in a row of the table; the others stand in its CSV
SCENARIOS = {
    "as it is": "it stays as it is",
    "label": "it had the label of a leader",
    "wealth": "it were as wealthy as leaders",
    "rate": "it were a leader of its size",
}


def membership_exhibit(tables: Tables, geo: str) -> Exhibit:
    """Return the table of the country's roles in IPCEIs, or the sentence that it has none."""
    rows, name = country_profile.memberships(tables, geo), country_names(tables)[geo]
    if rows.empty:
        return say(
            "NA.4",
            "{Name} has no role in any of the {n} IPCEIs in the register, nor in the infrastructure cases.",
            **called(name),
            n=int((tables["ipcei"]["kind"] == "integrated").sum()),
        )
    people = tables["ipcei_participant"].query("geo == @geo and participant_type == 'direct'")
    shown = rows.assign(
        short=rows["name"]
        .str.removeprefix("IPCEI on ")
        .str.removeprefix("IPCEI ")
        .str.replace(r" \(.*\)", "", regex=True),
        role=rows["role"].map(ROLE_TEXT),
        aid=[_aid(amount, BASIS_TEXT.get(basis)) for amount, basis in zip(rows["aid_eur_mn"], rows["aid_basis"])],
        companies=[_companies(n, text) for n, text in zip(rows["n_companies"], rows["named"])],
    )
    taking = int((rows["role"].isin(TAKING_PART) & (rows["kind"] == "integrated")).sum())
    later = joined_later(tables, geo)
    title = "Roles of {name} in IPCEIs: it takes part in " + ("{n}" if taking else "none")
    return table(
        "TA.3",
        title + (", {later} of which it joined later" if later else ""),
        shown,
        {
            "short": "Project",
            "decision_date": ("Approved", "{:%Y-%m}", "–"),
            "role": "Role",
            "companies": "Companies",
            "aid": "Aid, € million",
        },
        values={**called(name), "n": taking, **({"later": later} if later else {})},
        sources=[*sources_of(rows), *sources_of(people)],
        note=flag_note(rows, people),
        caption="Only states that notify or join later take part; infrastructure cases are not integrated IPCEIs. "
        "Aid: maximum approved, stated or granted by the state, set aside, or in the press; these cannot be added. "
        "Companies: number, if known, and direct participants that a source names; not all lists are complete.",
    )


def _aid(amount, basis: str | None) -> str:
    return "not known" if pd.isna(amount) else f"{show(float(amount), '{:,.1f}')} ({basis})"


def _companies(count, named) -> str:
    """Return "4: A, B and 2 more": the number if it is known, and as many of the names as there is room for."""
    names = [] if pd.isna(named) else named.split(", ")
    shown = names[:1]
    while len(shown) < len(names) and len(", ".join(names[: len(shown) + 1])) <= ROOM:
        shown = names[: len(shown) + 1]
    listed = ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(names) > len(shown) else "")
    number = "" if pd.isna(count) else str(int(count))
    return f"{number}: {listed}" if number and listed else number or (f"named: {listed}" if listed else "not known")


def record_figure(
    tables: Tables, geo: str, expected: pd.DataFrame, codes: list[str], scenarios: pd.DataFrame, sources, draws: int
) -> Exhibit:
    """Return the figure of record against expectation, of the country and its peers, beside its scenarios.

    Parameters
    ----------
    expected : pandas.DataFrame
        From `models.expected_participation`.
    codes : list of str
        The peers.
    scenarios : pandas.DataFrame
        From `scenarios.participation_scenarios`, made with `draws` draws.
    """
    names, rows = country_names(tables), expected.set_index("geo").loc[[geo, *codes]].reset_index()
    record = rows.assign(label=rows["geo"].map(names), part="record")
    own = scenarios[scenarios["geo"] == geo]
    ahead = own.assign(label=own["scenario"].map(SCENARIOS), part="scenario")
    keep = ["part", "geo", "label", "observed", "expected", "low", "high", "change", "change_low", "change_high"]
    first = record.iloc[0]
    values = {**called(names[geo]), "n": int(first["observed"]), "low": int(first["low"]), "high": int(first["high"])}
    values |= {"draws": draws, "peers": join_names([called(n)["name"] for n in record["label"].iloc[1:]])}
    return figure(
        "FA.3",
        "{Name} takes part in "
        + ("{n}" if values["n"] else "none")
        + (" from the approval on" if joined_later(tables, geo) else "")
        + "; a state of its size, wealth and status in {low} to {high}",
        figures.record_and_scenarios(
            record,
            ahead.drop(columns="observed"),
            names[geo],
            "Number of integrated IPCEIs",
            ("Record, and states like it", f"To expect of {values['name']} if"),
        ),
        pd.concat([record, ahead]).reindex(columns=keep),
        values=values,
        sources=sources,
        alt="Left, observed numbers of IPCEIs against the range expected of states like them: {name} observed {n}, "
        "range {low} to {high}, and its peers {peers}. Right, ranges for {name} under four scenarios.",
        caption="Registered model (Firth logit; size, wealth, leader status). Left: range of any state like it. Right: "
        "with what the country did beyond that kept; {draws} draws. It describes; it is no test and no forecast.",
    )


def scenario_text(tables: Tables, geo: str, rows: pd.DataFrame) -> Exhibit:
    """Return what would go with the label and the wealth of a leader; `rows` as for `record_figure`."""
    name, own = country_names(tables)[geo], rows[rows["geo"] == geo].set_index("scenario")
    label, wealth = own.loc["label"], own.loc["wealth"]
    values = {**called(name), "possible": int(label["n_ipceis"])}
    if not label["changed"]:
        text = (
            "{Name} was an innovation leader at every one of the {possible} decisions, so in a scenario the label "
            "changes nothing."
        )
    else:
        text = (
            "If {name} had carried the label of a leader at all {possible} decisions and had stayed as it is "
            "otherwise, the number of projects to expect would change by {change:+.1f} "
            "({low:+.1f} to {high:+.1f}): {verdict}."
        )
        values |= {"change": label["change"], "low": label["change_low"], "high": label["change_high"]}
        values["verdict"] = _verdict(label, "label")
    if wealth["changed"]:
        text += (
            " With the GDP per head of the leaders: by"
            if label["changed"]
            else (" With the GDP per head of the leaders, the number of projects to expect would change by")
        )
        text += " {rich:+.1f} ({rich_low:+.1f} to {rich_high:+.1f})."
        values |= {"rich": wealth["change"], "rich_low": wealth["change_low"], "rich_high": wealth["change_high"]}
    else:
        text += " In wealth it was at or above the leaders already."
    text += " That is what goes with being like a leader, not what a policy would bring."
    return say("NA.10", text, **values)


def _verdict(row: pd.Series, what: str) -> str:
    if row["change_low"] > 0:
        return f"more than without the {what}"
    return f"fewer than without the {what}" if row["change_high"] < 0 else "whether up or down, the data cannot tell"


def expected_overview(tables: Tables, expected: pd.DataFrame, sources) -> Exhibit:
    """Return observed against expected participation of all states, for a policy notebook."""
    names = country_names(tables)
    outside = [names[g] for g in expected.loc[expected["outside"], "geo"]]
    rows = expected.assign(name=expected["geo"].map(names))
    return figure(
        "F3.4",
        "{inside} of {total} states are within the range of states like them; outside: {outside}",
        figures.observed_expected(
            rows, "name", "observed", "expected", "low", "high", highlight=outside, xlabel="Number of integrated IPCEIs"
        ),
        rows,
        values={
            "outside": join_names(outside, none="no state"),
            "inside": int((~expected["outside"]).sum()),
            "total": len(expected),
        },
        sources=sources,
        alt="Dots of observed participation of the Member States over the range expected from size, wealth and leader "
        "status. Outside their range: {outside}.",
        caption="Expected: registered model (Firth logit with size, wealth and leader status). "
        "The range is that of states like it, with the spread found between countries. It describes; it is not a test.",
    )
