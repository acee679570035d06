"""The regions of the Regional Innovation Scoreboard: names, index and group, and how many each country has."""

import unicodedata

import pandas as pd

from innodivide.data.tables import Tables, country_names, member_states, once
from innodivide.wording import GROUPS

_COMMA = str.maketrans("şţŞŢ", "șțȘȚ")


@once
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


def regions(tables: Tables) -> pd.DataFrame:
    """Return the regions of RIS 2023 in the EU27, by code, named as in `country_profile.region_names`.

    Returns
    -------
    pandas.DataFrame
        Columns region_code, geo, country, name, relative (2023, EU of the year = 100), group, lon, lat, source_id.
    """
    register = tables["ris_region"].query("edition == 2023")
    register = register[register["geo"].isin(member_states(tables)["geo"])]
    index = tables["ris_index"].query("edition == 2023 and year == 2023")[
        ["region_code", "relative_to_eu_pct", "group", "source_id"]
    ]
    points = tables["region_point"].query("nuts_version == '2021'")[["nuts_code", "lon", "lat"]]
    rows = (
        register[["region_code", "geo"]]
        .merge(index, on="region_code")
        .merge(points.rename(columns={"nuts_code": "region_code"}), on="region_code", how="left")
    )
    rows = rows.rename(columns={"relative_to_eu_pct": "relative"})
    rows = rows.assign(
        country=rows["geo"].map(country_names(tables)), name=rows["region_code"].map(region_names(tables))
    )
    return rows[["region_code", "geo", "country", "name", "relative", "group", "lon", "lat", "source_id"]].sort_values(
        "region_code", ignore_index=True
    )


def region_groups(rows: pd.DataFrame) -> pd.DataFrame:
    """Return regions by country and group: geo, name, n, leader, strong, moderate, emerging, lowest, highest."""
    counts = rows.groupby(["geo", "group"]).size().unstack(fill_value=0).reindex(columns=list(GROUPS), fill_value=0)
    ends = rows.groupby("geo")["relative"].agg(lowest="min", highest="max", n="size")
    frame = counts.join(ends).join(rows.groupby("geo")["country"].first().rename("name")).reset_index()
    return frame[["geo", "name", "n", *GROUPS, "lowest", "highest"]]
