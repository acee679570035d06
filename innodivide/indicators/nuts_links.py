"""Regions of one version of NUTS as parts of the regions of another (table `nuts_link`)."""

import pandas as pd

from innodivide.data.tables import Tables
from innodivide.errors import DataError


def parts(tables: Tables, old: str, new: str, level: int = 2) -> pd.DataFrame:
    """Return the common parts of the regions of two versions of NUTS at one level.

    Parameters
    ----------
    old, new : str
        Versions of NUTS; the same for the regions themselves.

    Returns
    -------
    pandas.DataFrame
        Columns code_from (of `old`), code_to (of `new`), population (persons in the common part), change ("unchanged",
        "split" or "boundary change").

    Raises
    ------
    DataError
        If the table has no link between the two versions.
    """
    link, columns = tables["nuts_link"].query("level == @level"), ["code_from", "code_to", "population", "change"]
    if old == new:  # a region is the sum of its parts in any link
        for version, code in (("version_to", "code_to"), ("version_from", "code_from")):
            rows = link[link[version] == new]
            if len(rows):
                other = rows["version_from" if version == "version_to" else "version_to"]
                rows = rows[other == (other.max() if version == "version_to" else other.min())]  # the nearest version
                whole = rows.groupby(code)["population"].sum().rename_axis("code_from").reset_index()
                return whole.assign(code_to=whole["code_from"], change="unchanged")[columns]
    rows = link[(link["version_from"] == old) & (link["version_to"] == new)]
    if rows.empty:
        rows = _over_a_third(link, old, new)
    if rows.empty:
        raise DataError(
            f"geography/nuts_link.csv: no row from NUTS {old} to NUTS {new}; it has "
            + ", ".join(sorted({f"{a} to {b}" for a, b in zip(link["version_from"], link["version_to"])}))
        )
    return rows[columns].reset_index(drop=True)


def _over_a_third(link: pd.DataFrame, old: str, new: str) -> pd.DataFrame:
    """Return the parts over a version that both are linked to: those of a region in between go where its people do."""
    first, second = link[link["version_from"] == old], link[link["version_to"] == new]
    between = sorted(set(first["version_to"]) & set(second["version_from"]))
    if not between:
        return link.head(0)
    first, second = first[first["version_to"] == between[-1]], second[second["version_from"] == between[-1]]
    share = second["population"] / second.groupby("code_from")["population"].transform("sum")
    onward = second.assign(share=share)[["code_from", "code_to", "share", "change"]]
    both = first.merge(onward.set_axis(["code_to", "last", "share", "then"], axis=1), on="code_to")
    both["population"] = both["population"] * both["share"]
    both["change"] = both["change"].where(both["change"] != "unchanged", both["then"])
    both = both.drop(columns="code_to").rename(columns={"last": "code_to"})
    sums = both.groupby(["code_from", "code_to"], as_index=False).agg(
        population=("population", "sum"), change=("change", "last")
    )
    return sums[sums["population"] > 0]


def one_version(rows: pd.DataFrame, table: str) -> str:
    """Return the only version of NUTS in some rows of a table.

    Raises
    ------
    DataError
        If there are several: figures of regions that are not the same must not stand in one column.
    """
    found = sorted(rows["nuts_version"].dropna().unique())
    if len(found) != 1:
        raise DataError(f"{table}: one edition has codes of NUTS {' and '.join(found) or '(none)'}; one is wanted")
    return str(found[0])
