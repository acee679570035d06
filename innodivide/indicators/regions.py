"""The regions of the Regional Innovation Scoreboard: names, index and group, and how many each country has."""

import unicodedata

import pandas as pd

from innodivide.data.tables import Tables, country_names, member_states, once
from innodivide.wording import GROUPS

_COMMA = str.maketrans("şţŞŢ", "șțȘȚ")


def region_names(tables: Tables) -> dict[str, str]:
    """Return the name of each region of RIS 2023 by code: that of the register of NUTS 2021, which has all its letters.

    The scoreboard leaves letters out and has the names of Finland's regions at other codes than the register (FI19 is
    Länsi-Suomi). Its name stays where the register has none or writes it in Greek or Cyrillic letters. Romanian has
    letters with a comma below, where the register has a cedilla.
    """
    register = tables["ris_region"].query("edition == 2023").set_index("region_code")["name"]
    own = tables["nuts"].query("nuts_version == '2021'").dropna(subset=["name"]).set_index("nuts_code")["name"]
    own = own[[all("LATIN" in unicodedata.name(c, "") for c in name if c.isalpha()) for name in own]]
    names = {code: own.get(code, name) for code, name in register.items()}
    return {code: name.translate(_COMMA) if code.startswith("RO") else name for code, name in names.items()}


@once
def regions(tables: Tables) -> pd.DataFrame:
    """Return the regions of RIS 2023 in the EU27, sorted by code.

    Returns
    -------
    pandas.DataFrame
        Index region_code; geo, country (its name), name (`region_names`), nuts_version, nuts_level, relative (2023, EU
        of the year = 100), relative_2016, change (percentage points of the EU), group, source_id (of the index).
    """
    register = tables["ris_region"].query("edition == 2023").set_index("region_code").sort_index()
    index = tables["ris_index"].query("edition == 2023").set_index("region_code")
    first, last = (index[index["year"] == year] for year in (2016, 2023))
    frame = register.loc[register["geo"].isin(member_states(tables)["geo"]), ["geo"]]
    frame["country"], frame["name"] = frame["geo"].map(country_names(tables)), frame.index.map(region_names(tables))
    frame = frame.join(register[["nuts_version", "nuts_level"]])
    frame["relative"], frame["relative_2016"] = last["relative_to_eu_pct"], first["relative_to_eu_pct"]
    frame["change"] = frame["relative"] - frame["relative_2016"]
    return frame.join(last[["group", "source_id"]])


def on_the_map(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `regions` with region_code as a column and with lon and lat of each region's point."""
    points = tables["region_point"].query("nuts_version == '2021'").set_index("nuts_code")
    return rows.join(points[["lon", "lat"]]).reset_index()


def groups_by_country(rows: pd.DataFrame) -> pd.DataFrame:
    """Return regions by country and group: geo, name, n, leader, strong, moderate, emerging, lowest, highest."""
    counts = rows.groupby(["geo", "group"]).size().unstack(fill_value=0).reindex(columns=list(GROUPS), fill_value=0)
    ends = rows.groupby("geo")["relative"].agg(lowest="min", highest="max", n="size")
    frame = counts.join(ends).join(rows.groupby("geo")["country"].first().rename("name")).reset_index()
    return frame[["geo", "name", "n", *GROUPS, "lowest", "highest"]]
