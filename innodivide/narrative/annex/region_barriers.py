"""The barriers of each region of a country in words, for its annex; the split behind them is that of claim C10."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from innodivide.data.tables import Tables, member_states
from innodivide.errors import ParameterError
from innodivide.evidence.claims.shared_barriers import TOP, indicator_names, lagging_regions, regional_contributions
from innodivide.indicators import barriers
from innodivide.indicators.regions import regions
from innodivide.models.result import require_rng
from innodivide.wording import show

GOVERNMENT = {"behind": "below the EU", "ahead": "above the EU", "within the margin": "not told apart from the EU"}


def region_barrier_table(
    tables: Tables, geo: str, rng: np.random.Generator, n_boot: int = 499, labels: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return the barriers of each region of a country in words.

    Parameters
    ----------
    geo : str
        Member State.
    rng : numpy.random.Generator
        For the intervals of the general part.
    labels : mapping, optional
        Names of the indicators by code, if not those of table `indicator`.

    Returns
    -------
    pandas.DataFrame
        One row per region, furthest behind first: region_code, name, group, relative (published index, EU = 100), gap
        (to the EU, index points, the sum of its contributions), adjustment (gap of the published index less that sum:
        the factor by which it scales the regions of a country to their national index), general (largest barriers that
        lagging regions share and this one has), own (largest ones beyond them, with the whole interval), government
        (quality of government against the EU, with its margin), n_indicators, n_zero (scores of zero), source_id. A
        region that is not lagging has no general barriers; `own` then names the indicators in which it is furthest
        behind the EU.

    Raises
    ------
    ParameterError
        If `geo` is not a Member State.
    """
    codes = list(member_states(tables)["geo"])
    if geo not in codes:
        raise ParameterError(f"geo={geo!r}: allowed are {', '.join(codes)}")
    contributions = regional_contributions(tables)
    split = barriers.two_way_split(contributions, lagging_regions(tables), require_rng(rng), n_boot=n_boot)
    own_regions = regions(tables).query("geo == @geo")
    gaps = barriers.unit_gaps(contributions).set_index("unit")
    government = barriers.institutional_gaps(tables).query("measure == 'eqi'").set_index("unit")
    zero = tables["ris_score"].query("year == 2023").groupby("region_code")["is_zero"].sum()
    index = tables["ris_index"].query("edition == 2023 and year == 2023").set_index("region_code")["value"]
    source = tables["ris_score"].groupby("region_code")["source_id"].first()
    labels, rows = indicator_names(tables) if labels is None else labels, []
    for code, region in own_regions.iterrows():
        general, own = _in_words(code, split, contributions, labels)
        rows.append(
            {
                "region_code": code,
                "name": region["name"],
                "group": region["group"],
                "relative": region["relative"],
                "gap": gaps.at[code, "gap"],
                "adjustment": index["EU"] - index[code] - gaps.at[code, "gap"],
                "general": general,
                "own": own,
                "government": _government(code, government),
                "n_indicators": int(gaps.at[code, "n_indicators"]),
                "n_zero": int(zero[code]),
                "source_id": source[code],
            }
        )
    return pd.DataFrame(rows).sort_values(["relative", "region_code"], ignore_index=True)


def _in_words(code: str, split: barriers.Split, contributions: pd.DataFrame, labels) -> tuple[str, str]:
    """The largest general and own barriers of one region as text, with the gap in index points."""
    if code not in set(split.parts["unit"]):
        behind = contributions[(contributions["unit"] == code) & (contributions["contribution"] > 0)]
        behind = behind.sort_values(["contribution", "indicator_code"], ascending=[False, True]).head(TOP)
        return "none: not a lagging region", _listed(
            behind["indicator_code"], behind["contribution"], labels, "behind the EU in nothing measured"
        )
    rows = barriers.specific_barriers(split, code)
    shared = barriers.general_barriers(split).query("is_barrier")["indicator_code"]
    general = rows[rows["indicator_code"].isin(shared) & (rows["contribution"] > 0)]
    general = general.sort_values(["general", "indicator_code"], ascending=[False, True]).head(TOP)
    own = rows[rows["own_barrier"]].head(TOP)
    return (
        _listed(general["indicator_code"], general["general"], labels, "none of those that lagging regions share"),
        _listed(own["indicator_code"], own["own"], labels, "none clearly beyond those that lagging regions share"),
    )


def _listed(codes, points, labels, none: str) -> str:
    return "; ".join(f"{labels[c]} ({p:.1f})" for c, p in zip(codes, points)) or none


def _government(code: str, rows: pd.DataFrame) -> str:
    if code not in rows.index:
        return "no figure"
    row = rows.loc[code]
    gap, low, high = (show(-float(row[c]), "{:+.2f}") for c in ("gap", "gap_high", "gap_low"))
    return f"{GOVERNMENT[row['reading']]} ({gap}, {low} to {high})"
