"""Invented workbooks of scoreboards in the layout of the publisher, made from rows of the tables a year later."""

from pathlib import Path

import openpyxl
import pandas as pd

from innodivide.data import frozen

EIS_HEADER = ["iso2", "country", "group", "year", "indicator_code", "indicator", "value", "performance group"]
RIS_HEADER = ["Region code", "Region", "Year", "Indicator code", "Indicator", "Value relative to EU in 2018"]
LEVELS = [(125, "Leader"), (100, "Strong"), (70, "Moderate"), (float("-inf"), "Emerging")]


def eis_rows(years: int = 3, factors: dict[str, float] | None = None, later: int = 1) -> pd.DataFrame:
    """Return an edition `later` years after the last: its last years moved, the index of some states multiplied.

    Columns as in the workbook; groups follow from index and thresholds.
    """
    scores = frozen.load("eis_score").query("edition == 2025")
    labels = frozen.load("indicator").query("framework.str.contains('2025')").set_index("indicator_code")["label"]
    last = int(scores["year"].max())
    rows = scores[scores["year"] > last - years].assign(year=lambda f: f["year"].astype(int) + later)
    index = rows["indicator_code"] == "0"
    rows["value"] *= [factors.get(g, 1.0) if i else 1.0 for g, i in zip(rows["geo"], index)] if factors else 1.0
    first = rows["year"].min()
    base = rows[index & (rows["geo"] == "EU")].set_index("year")["value"]
    rows.loc[index, "value"] *= 100 / base[first]  # the EU is 100 in the first year
    eu = rows[index & (rows["geo"] == "EU")].set_index("year")["value"]
    own = rows[index].set_index(["geo", "year"])["value"]
    relative = 100 * own / own.index.get_level_values("year").map(eu)
    word = {k: next(w for low, w in LEVELS if v > low) for k, v in relative.items()}
    return pd.DataFrame(
        {
            "iso2": rows["geo"].replace({"EU": "EU27_2020"}),
            "country": rows["geo"],
            "group": "eu",
            "year": rows["year"],
            "indicator_code": rows["indicator_code"].replace({"0": "SII"}),
            "indicator": rows["indicator_code"].map(labels),
            "value": rows["value"].round(9),
            "performance group": ["EU" if g == "EU" else word[g, y] for g, y in zip(rows["geo"], rows["year"])],
        }
    ).reset_index(drop=True)


def labels_of(framework: str) -> dict[str, str]:
    """Return the codes of a list of indicators by their names."""
    return frozen.load("indicator").query("framework == @framework").set_index("label")["indicator_code"].to_dict()


def ris_rows(years: int = 3, later: int = 2) -> pd.DataFrame:
    """Return an edition of the RIS `later` years after the last, without a column of groups.

    Indicators that the EIS of that year has too are under their codes there, the others under codes of new ones.
    """
    index, scores = frozen.load("ris_index").query("edition == 2023"), frozen.load("ris_score").query("edition == 2023")
    framework = frozen.load("eis_edition").set_index("edition")["framework"]
    older, newer = (labels_of(framework[edition]) for edition in (2023, 2023 + later))
    now = {older[name]: (newer[name], name) for name in set(older) & set(newer)}
    free = sorted(
        ((code, name) for name, code in newer.items() if name not in older and code.count(".") == 2), reverse=True
    )
    now |= dict(zip(sorted(set(scores["indicator_code"]) - set(now)), free))
    scores = scores[scores["indicator_code"].isin(now)]
    scores = scores.assign(indicator_code=scores["indicator_code"].map({old: new for old, (new, _) in now.items()}))
    named = {"RII": "Regional Innovation Index", **dict(now.values())}
    names = frozen.load("ris_region").query("edition == 2023").set_index("region_code")["name"]
    rows = pd.concat([index.assign(indicator_code="RII"), scores])[["region_code", "year", "indicator_code", "value"]]
    last = int(rows["year"].max())
    rows = rows[rows["year"] > last - years].assign(year=lambda f: f["year"].astype(int) + later)
    first = (rows["region_code"] == "EU") & (rows["indicator_code"] == "RII") & (rows["year"] == rows["year"].min())
    rows["value"] *= 100 / rows.loc[first, "value"].iloc[0]
    columns = [rows["region_code"], rows["region_code"].map(names), rows["year"], rows["indicator_code"], ""]
    frame = pd.DataFrame(dict(zip(RIS_HEADER, [*columns, rows["value"].round(9)])))
    return frame.assign(Indicator=frame["Indicator code"].map(named)).reset_index(drop=True)


def of_nuts_2024(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of a regional edition with the regions of NUTS 2024, which have the figures of what they were in."""
    links = frozen.load("nuts_link").query("version_from == '2021' and version_to == '2024' and level == 2")
    later = links[~links["code_from"].isin(links["code_to"])].groupby("code_from")["code_to"].agg(list)
    codes = rows["Region code"].map(lambda code: later.get(code, [code]))
    parts = rows.assign(**{"Region code": codes}).explode("Region code")
    return parts.drop_duplicates(["Region code", "Year", "Indicator code"])


def save(path: Path, change=lambda book: None, **sheets: pd.DataFrame) -> Path:
    """Write frames as sheets; `change` may then damage the workbook."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, frame in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append(list(frame.columns))
        for row in frame.astype(object).itertuples(index=False):
            sheet.append([None if pd.isna(v) else v for v in row])
    change(book)
    book.save(path)
    return path
