"""How often a state was told to do more for research and innovation, in the years that tell states apart."""

import pandas as pd

from innodivide.data.tables import Tables, member_states

YEARS = range(2011, 2023)  # of the second registration: later texts change no registered result
FISCAL_ONLY = (2021,)  # texts of this year name no theme in any state, so that silence says nothing
FEWEST = 3  # states with and without it that a year needs to tell states apart


def telling_years(tables: Tables) -> pd.DataFrame:
    """Return, for each year, how many Member States were given a research and innovation recommendation.

    Returns
    -------
    pandas.DataFrame
        Index year; with_it, without_it (texts that only tell to keep to a programme are in neither), tells (whether
        the year tells states apart).
    """
    rows = _texts(tables)
    named = rows["research_innovation"].astype(bool)
    frame = pd.DataFrame({"with_it": named.groupby(rows["year"]).sum(), "texts": rows.groupby("year").size()})
    frame["without_it"] = frame.pop("texts") - frame["with_it"]
    tells = (frame >= FEWEST).all(axis=1) & ~frame.index.isin(FISCAL_ONLY)
    return frame.astype(int).assign(tells=tells)


def share_of_years(tables: Tables) -> pd.DataFrame:
    """Return by Member State how often research and innovation was recommended in the years that tell states apart.

    Returns
    -------
    pandas.DataFrame
        geo, years (with a text of its own), recommended (of these), share (0 to 1; missing without any text).
    """
    years = telling_years(tables).query("tells").index
    rows = _texts(tables)
    rows = rows[rows["year"].isin(years)]
    found = rows.groupby("geo")["research_innovation"].agg(["size", "sum"]).astype(float)
    frame = member_states(tables)[["geo"]].merge(found.set_axis(["years", "recommended"], axis=1), on="geo", how="left")
    return frame.assign(share=frame["recommended"] / frame["years"])


def _texts(tables: Tables) -> pd.DataFrame:
    rows = tables["semester_theme"]
    rows = rows[rows["geo"].isin(member_states(tables)["geo"])]
    return rows[rows["year"].isin(YEARS) & ~rows["programme_only"].astype(bool)]
