"""Shock and recovery of GDP around the pandemic, against the innovation index and by innovation group.

Windows: the shock is growth in 2020. Recovery is the level of real GDP in 2022 against where the growth of the
country's own last three years before the pandemic (2017-2019) would have taken it. 2017 is the first year because Irish
GDP jumps by a quarter in 2015 and the recovery from the debt crisis ends about then; 2022 is the first year without
widespread closures; 2021 and 2023 are checks, as 2021 is what could be seen first and 2023 holds the energy shock.
"""

import numpy as np
import pandas as pd

from innodivide.data.editions import PLAN
from innodivide.data.tables import Tables, country_values, member_states
from innodivide.errors import DesignError, ParameterError
from innodivide.indicators.country_profile import index_relative_to_eu
from innodivide.indicators.tiers.countries import Coverage
from innodivide.models.inference.slope import permutation_slope
from innodivide.wording import GROUP_LABELS

BASE = 2019
TREND = (2017, 2019)
END, OTHER_ENDS = 2022, (2021, 2023)
GROUP_EDITION = 2019  # of the EIS, in force when the pandemic began
UPPER = ("leader", "strong")
DISTORTED = "IE"  # GDP moved by the assets of multinational firms


def growth_paths(tables: Tables, end: int = END) -> pd.DataFrame:
    """Return shock and recovery of the EU27.

    Parameters
    ----------
    end : int
        Last year of the recovery, after 2020.

    Returns
    -------
    DataFrame
        geo, group (EIS 2019), index (of 2019, EU = 100, series of `editions.PLAN`), shock (growth in
        2020, percent), change (real GDP at the end against 2019, percent), trend (yearly growth before, percent),
        shortfall (percent by which GDP at the end is below 2019 carried on with the trend; negative: above), end,
        coverage.

    Raises
    ------
    DesignError
        If the growth, index or group of a Member State is missing: without a group it would count as a lower one.
    """
    if end <= BASE:
        raise ParameterError(f"end={end}: expected a year after {BASE}")
    years = [*range(TREND[0], TREND[1] + 1), *range(BASE + 1, end + 1)]
    wide = pd.DataFrame({y: country_values(tables, "gdp_real_growth", y).set_index("geo")["value"] for y in years})
    if wide.isna().any(axis=None):
        raise DesignError(f"gdp_real_growth: missing for {', '.join(wide.index[wide.isna().any(axis=1)])}")
    logs = np.log1p(wide / 100)
    trend = logs[[y for y in years if y <= TREND[1]]].mean(axis=1)
    level = logs[[y for y in years if y > BASE]].sum(axis=1)
    index = index_relative_to_eu(tables, PLAN["eis"]).query(f"year == {BASE}").set_index("geo")["relative"]
    group = tables["eis_group"].query(f"edition == {GROUP_EDITION}").set_index("geo")["group"]
    frame = member_states(tables)[["geo"]]
    values = {
        "group": group,
        "index": index,
        "shock": wide[2020],
        "change": 100 * np.expm1(level),
        "trend": 100 * np.expm1(trend),
        "shortfall": -100 * np.expm1(level - (end - BASE) * trend),
    }
    frame = frame.assign(**{name: frame["geo"].map(column) for name, column in values.items()}, end=end)
    lost = frame.isna().any(axis=1)
    if lost.any():
        column = frame.columns[frame.loc[lost].isna().any()][0]
        raise DesignError(f"{column}: missing for {', '.join(frame.loc[lost, 'geo'])}; every Member State needs one")
    note = Coverage(
        "Member States with growth, index and group",
        int(frame.notna().all(axis=1).sum()),
        len(frame),
        f"index back-cast by EIS {PLAN['eis']}, group as published in {GROUP_EDITION}",
    )
    return frame.assign(coverage=str(note))


def recovery_by_group(paths: pd.DataFrame) -> pd.DataFrame:
    """Return by group: n, mean shock, change, trend and shortfall, and the range of the shortfall."""
    by_group = paths.groupby("group")
    rows = by_group[["shock", "change", "trend", "shortfall"]].mean()
    rows.insert(0, "n", by_group.size())
    rows = rows.assign(lowest=by_group["shortfall"].min(), highest=by_group["shortfall"].max())
    order = [g for g in GROUP_LABELS if g in rows.index]
    return rows.loc[order].reset_index().assign(coverage=paths["coverage"].iloc[0])


def recovery_tests(tables: Tables, rng: np.random.Generator, n_permutations: int = 9999) -> pd.DataFrame:
    """Test shock and recovery along the innovation divide.

    Returns
    -------
    DataFrame
        One row per outcome (shock; change and shortfall at 2021, 2022, 2023), contrast and sample: outcome, end,
        contrast ("gap": per 10 points of the index below the EU; "lower groups": moderate and modest minus leader and
        strong), sample ("EU27", "without IE"), estimate (percentage points), ci_low, ci_high, p_value, n, main (the one
        that decides), coverage. A positive shortfall or a negative change under "gap" means that the less innovative do
        worse.
    """
    rows = []
    for end in (END, *OTHER_ENDS):
        paths = growth_paths(tables, end)
        for sample, kept in (("EU27", paths), (f"without {DISTORTED}", paths[paths["geo"] != DISTORTED])):
            contrasts = {"gap": -kept["index"] / 10, "lower groups": (~kept["group"].isin(UPPER)).astype(float)}
            for outcome in ("shock", "change", "shortfall") if end == END else ("change", "shortfall"):
                for contrast, x in contrasts.items():
                    found = permutation_slope(x, kept[outcome], rng, n_permutations)
                    main = (outcome, end, contrast, sample) == ("shortfall", END, "gap", "EU27")
                    row = {"outcome": outcome, "end": 2020 if outcome == "shock" else end, "contrast": contrast}
                    rows.append(row | {"sample": sample} | found | {"main": main, "coverage": kept["coverage"].iloc[0]})
    return pd.DataFrame(rows)


def shortfall_by_side(tables: Tables) -> pd.DataFrame:
    """Return mean and quartiles of the shortfall over the states of the two upper and the two lower groups, by year.

    Returns
    -------
    pandas.DataFrame
        year, side (True: the two upper groups), n, mean, low, high (quartiles), min, max (percent of the trend).
    """
    ends = sorted({BASE + 1, END, *OTHER_ENDS})
    paths = pd.concat([growth_paths(tables, end) for end in ends])
    paths["side"] = paths["group"].isin(UPPER)
    rows = paths.groupby(["end", "side"])["shortfall"].describe().reset_index()
    rows = rows.sort_values(["end", "side"], ascending=[True, False], ignore_index=True)
    rows = rows.rename(columns={"end": "year", "count": "n", "25%": "low", "75%": "high"})
    return rows[["year", "side", "n", "mean", "low", "high", "min", "max"]].astype({"n": int})
