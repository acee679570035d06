"""What publishers have revised or added since, as candidate rows of country_year for `innodivide add`.

Figures are rounded to the decimals that the frozen series has. A later year is there if the publisher has it; a figure
that is flagged in the table is not proposed, as it was taken otherwise than from the publisher's answer.
"""

import io
from collections.abc import Mapping

import pandas as pd

KEY = ["geo", "year", "variable"]
INDEX = {"gdp_pc_ppp_index_wb": ("gdp_pc_ppp_intl", "EU27_2020")}  # computed here: the series in percent of the EU's
COLUMNS = [*KEY, "value", "flag", "note", "source_id"]


def candidates(frozen: pd.DataFrame, variable: str, live: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of one variable that are other or new: columns of the table, and `kind` ("revised", "new").

    Parameters
    ----------
    frozen : pandas.DataFrame
        Table country_year.
    live : pandas.DataFrame
        Columns geo, year, live: what the publisher says. Countries that the table has no figure of are left out.
    """
    rows = frozen[frozen["variable"] == variable]
    digits = max(map(decimals, rows["value"]))
    now = live[live["geo"].isin(rows["geo"])].assign(year=lambda f: f["year"].astype("Int64"))
    now = now[now["year"] >= rows["year"].min()].assign(value=lambda f: f["live"].round(digits), variable=variable)
    both = now.drop(columns="live").merge(rows, on=KEY, how="left", suffixes=("", "_frozen"))
    apart = both[(both["value"] != both["value_frozen"]) & both["flag"].isna()]
    source = rows.sort_values("year")["source_id"].iloc[-1]
    apart = apart.assign(kind=apart["value_frozen"].isna().map({True: "new", False: "revised"}), flag="", note="")
    return apart.assign(source_id=source)[[*COLUMNS, "kind"]].reset_index(drop=True)


def decimals(value: float) -> int:
    """Return the number of decimals that a figure is written with."""
    text = repr(float(value))
    return 15 if "e" in text else len(text.partition(".")[2].rstrip("0"))


def indices(frozen: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Return the computed indices of the years and countries whose series is other or new, as further candidates."""
    made = []
    for variable, (series, whole) in INDEX.items():
        then = frozen[frozen["variable"] == series]
        now = pd.concat([then[[*KEY, "value"]], found.loc[found["variable"] == series, [*KEY, "value"]]])
        now = now.drop_duplicates(KEY, keep="last").set_index(["geo", "year"])["value"]
        if not (found["variable"] == series).any() or whole not in now.index.get_level_values("geo"):
            continue
        eu = now[whole]
        live = now.drop(whole, level="geo").rename("live").reset_index()
        live = live[live["year"].isin(eu.index)].assign(live=lambda f, eu=eu: 100 * f["live"] / f["year"].map(eu))
        rows = frozen[frozen["variable"] == variable].assign(flag=pd.NA)
        found_here = candidates(rows, variable, live.astype({"live": float}))
        made.append(found_here.assign(flag="derived", source_id=rows["source_id"].iloc[0]))
    return pd.concat(made, ignore_index=True) if made else found.head(0)


def files(frozen: pd.DataFrame, asked: Mapping[str, tuple[str, pd.DataFrame]]) -> dict[str, bytes]:
    """Return new/country_year.csv and revised/country_year.csv (where there are such rows), and requests.csv.

    Parameters
    ----------
    asked : mapping of str to (str, pandas.DataFrame)
        For each variable the request and its figures (geo, year, live).
    """
    frames = [candidates(frozen, variable, live) for variable, (_, live) in asked.items()]
    found = pd.concat(frames, ignore_index=True)
    found = pd.concat([found, indices(frozen, found)], ignore_index=True).sort_values(KEY)
    requests = pd.DataFrame({"variable": list(asked), "request": [address for address, _ in asked.values()]})
    made = {"requests.csv": _csv(requests)}
    for kind in ("new", "revised"):
        made[f"{kind}/country_year.csv"] = _csv(found.loc[found["kind"] == kind, COLUMNS])
    return made


def _csv(frame: pd.DataFrame) -> bytes:
    text = io.StringIO()
    frame.to_csv(text, index=False, lineterminator="\n", float_format="%.12g")
    return text.getvalue().encode()
