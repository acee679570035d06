"""The regions of the Regional Innovation Scoreboard: names, index and group, and how many each country has."""

import unicodedata

import pandas as pd

from innodivide.data import editions
from innodivide.data.tables import Tables, country_names, member_states, once
from innodivide.indicators.nuts_links import one_version
from innodivide.wording import GROUPS

_COMMA = str.maketrans("şţŞŢ", "șțȘȚ")


def region_names(tables: Tables) -> dict[str, str]:
    """Return the name of each region of the latest RIS by code: that of the register of NUTS, with all its letters.

    The scoreboard leaves letters out and has the names of Finland's regions at other codes than the register (FI19 is
    Länsi-Suomi). Its name stays where the register has none or writes it in Greek or Cyrillic letters. Romanian has
    letters with a comma below, where the register has a cedilla.
    """
    register = _register(tables)["name"]
    own = tables["nuts"].dropna(subset=["name"])
    own = own[own["nuts_version"] == nuts_version(tables)].set_index("nuts_code")["name"]
    own = own[[all("LATIN" in unicodedata.name(c, "") for c in name if c.isalpha()) for name in own]]
    names = {code: own.get(code, name) for code, name in register.items()}
    return {code: name.translate(_COMMA) if code.startswith("RO") else name for code, name in names.items()}


@once
def regions(tables: Tables) -> pd.DataFrame:
    """Return the regions of the latest RIS (`editions.REGIONAL`) in the EU27, sorted by code.

    Returns
    -------
    pandas.DataFrame
        Index region_code; geo, country (its name), name (`region_names`), nuts_version, nuts_level, relative (last
        year, EU of the year = 100), relative_<first year>, change (percentage points of the EU), group,
        source_id (of the index).
    """
    register, index = _register(tables).sort_index(), index_rows(tables).set_index("region_code")
    start = index["year"].min()
    first, last = (index[index["year"] == year] for year in (start, index["year"].max()))
    frame = register.loc[register["geo"].isin(member_states(tables)["geo"]), ["geo"]]
    frame["country"], frame["name"] = frame["geo"].map(country_names(tables)), frame.index.map(region_names(tables))
    frame = frame.join(register[["nuts_version", "nuts_level"]])
    frame["relative"], frame[f"relative_{start}"] = last["relative_to_eu_pct"], first["relative_to_eu_pct"]
    frame["change"] = frame["relative"] - frame[f"relative_{start}"]
    return frame.join(last[["group", "source_id"]])


def _register(tables: Tables) -> pd.DataFrame:
    return editions.of_latest(tables, "ris_region", editions.REGIONAL).set_index("region_code")


def index_rows(tables: Tables) -> pd.DataFrame:
    """Return the rows of `ris_index` of the latest edition, all years."""
    return editions.of_latest(tables, "ris_index", editions.REGIONAL)


def first_year(tables: Tables) -> int:
    """Return the first year of the series of the latest edition."""
    return int(index_rows(tables)["year"].min())


def nuts_version(tables: Tables) -> str:
    """Return the version of NUTS that the regions of the latest RIS have their codes from."""
    return one_version(_register(tables), "scoreboard/ris_region.csv")


def on_the_map(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `regions` with region_code as a column and with lon and lat of each region's point.

    A region that is the same in a newer version of NUTS keeps its code, and so its point; missing for a new code.
    """
    points = tables["region_point"].sort_values("nuts_version")
    points = points[points["nuts_version"] <= nuts_version(tables)]
    points = points.drop_duplicates("nuts_code", keep="last").set_index("nuts_code")
    return rows.join(points[["lon", "lat"]]).reset_index()


def groups_by_country(rows: pd.DataFrame) -> pd.DataFrame:
    """Return regions by country and group: geo, name, n, leader, strong, moderate, emerging, lowest, highest."""
    counts = rows.groupby(["geo", "group"]).size().unstack(fill_value=0).reindex(columns=list(GROUPS), fill_value=0)
    ends = rows.groupby("geo")["relative"].agg(lowest="min", highest="max", n="size")
    frame = counts.join(ends).join(rows.groupby("geo")["country"].first().rename("name")).reset_index()
    return frame[["geo", "name", "n", *GROUPS, "lowest", "highest"]]


def names_at(rows: pd.DataFrame, column: str, value: float) -> list[str]:
    """Return the names of the regions whose figure is `value`, sorted: regions that were one have one figure."""
    return sorted(rows.loc[rows[column] == value, "name"])
