"""Tier 1: roles in IPCEIs and who takes part, record against expectation, and scenarios."""

import pandas as pd

from innodivide import figures
from innodivide.data.sources import flag_note, sources_of
from innodivide.data.tables import TAKING_PART, Tables, country_names
from innodivide.indicators import country_profile
from innodivide.indicators.country_profile import joined_later
from innodivide.narrative.annex.short_names import WORDS, called, part
from innodivide.narrative.exhibits import Exhibit
from innodivide.wording import join_names, show

ROLE_TEXT = WORDS.names("roles")
BASIS_TEXT = WORDS.names("bases of aid")
ROUNDED = ("commission_max_approx", "tertiary_rounded")  # bases on which an amount is known only about
ROOM = 40  # letters for the names of companies in a row of the table; the others stand in its CSV
SCENARIOS = WORDS.names("scenarios")


def membership_exhibit(tables: Tables, geo: str) -> Exhibit:
    """Return the table of the country's roles in IPCEIs, or the sentence that it has none."""
    rows, name = country_profile.memberships(tables, geo), called(country_names(tables)[geo])
    if rows.empty:
        return WORDS.say("NA.4", **name, n=int((tables["ipcei"]["kind"] == "integrated").sum()))
    people = tables["ipcei_participant"].query("geo == @geo and participant_type == 'direct'")
    short = rows["name"].str.removeprefix("IPCEI on ").str.removeprefix("IPCEI ")
    shown = rows.assign(
        short=short.str.replace(r" \(.*\)", "", regex=True),
        role=rows["role"].map(ROLE_TEXT),
        aid=[_aid(amount, basis) for amount, basis in zip(rows["aid_eur_mn"], rows["aid_basis"])],
        companies=[_companies(n, text) for n, text in zip(rows["n_companies"], rows["named"])],
    )
    taking = int((rows["role"].isin(TAKING_PART) & (rows["kind"] == "integrated")).sum())
    later = joined_later(tables, geo)
    return WORDS.table(
        "TA.3",
        shown,
        values=name | {"n": taking, "later": later},
        sources=[*sources_of(rows), *sources_of(people)],
        title=[part(taking, later)],
        note=flag_note(rows, people),
    )


def _aid(amount, basis: str | None) -> str:
    """Return "about 1,500 (press)", "102.9 (maximum)": only an exact amount has a decimal."""
    if pd.isna(amount):
        return "not known"
    amount, about = float(amount), basis in ROUNDED
    digits = "{:,.0f}" if about or amount == int(amount) else "{:,.1f}"
    return f"{'about ' if about else ''}{show(amount, digits)} ({BASIS_TEXT[basis]})"


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
    tables: Tables, geo: str, expected: pd.DataFrame, codes: list[str], scenarios: pd.DataFrame, draws: int, **given
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
    given
        sources and edition of the figure.
    """
    names, rows = country_names(tables), expected.set_index("geo").loc[[geo, *codes]].reset_index()
    record = rows.assign(label=rows["geo"].map(names), part="record")
    own = scenarios[scenarios["geo"] == geo]
    ahead = own.assign(label=own["scenario"].map(SCENARIOS), part="scenario")
    keep = ["part", "geo", "label", "observed", "expected", "low", "high", "change", "change_low", "change_high"]
    first = record.iloc[0]
    values = {**called(names[geo]), "n": int(first["observed"]), "low": int(first["low"]), "high": int(first["high"])}
    values |= {"draws": draws, "peers": join_names([called(n)["name"] for n in record["label"].iloc[1:]])}
    words = WORDS.chart("FA.3", **values)
    heads = words.pop("left"), words.pop("right")
    return WORDS.figure(
        "FA.3",
        figures.record_and_scenarios(record, ahead.drop(columns="observed"), names[geo], heads=heads, **words),
        pd.concat([record, ahead]).reindex(columns=keep),
        values=values,
        title=[part(values["n"], joined_later(tables, geo))],
        **given,
    )


def scenario_text(tables: Tables, geo: str, rows: pd.DataFrame) -> Exhibit:
    """Return what would go with the label and the wealth of a leader; `rows` as for `record_figure`."""
    own = rows[rows["geo"] == geo].set_index("scenario")
    label, wealth = own.loc["label"], own.loc["wealth"]
    values = called(country_names(tables)[geo]) | {"possible": int(label["n_ipceis"]), "verdict": _verdict(label)}
    values |= {"change": label["change"], "low": label["change_low"], "high": label["change_high"]}
    values |= {"rich": wealth["change"], "rich_low": wealth["change_low"], "rich_high": wealth["change_high"]}
    richer = ("wealth too" if label["changed"] else "wealth only") if wealth["changed"] else "wealthy already"
    return WORDS.say("NA.10", "label" if label["changed"] else "leader always", richer, "no policy", **values)


def _verdict(row: pd.Series) -> str:
    if row["change_low"] > 0:
        return "more than without the label"
    return "fewer than without the label" if row["change_high"] < 0 else "whether up or down, the data cannot tell"
