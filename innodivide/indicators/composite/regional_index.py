"""Rebuild the Regional Innovation Index as far as its definition allows.

The index of region r of country c is a mean of normalised scores times a country correction, which pulls the regional
mean of a country to its Summary Innovation Index and is not published:

    index_rt = f_ct * K / (K - m_r) * sum_k w_k s_rkt                                                      (2)

Weights w and factors f are recovered together from the rows without zeros: with g = 1 / f, g_ct * index_rt = w's_rt is
linear, and the EU in the base year, where every score is 100, fixes the scale (g = 1). A country and year with a single
region has one equation for one factor, so its identity holds by construction and tests nothing; it is marked.
"""

import numpy as np
import pandas as pd

from innodivide.data import editions
from innodivide.data.tables import Tables
from innodivide.errors import DataError, DesignError
from innodivide.indicators.composite.rebuild import TOLERANCE, aligned, missing_count, wide

REFERENCE = "EU"


def regional_scores(tables: Tables) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Return what `fit_regional` takes: scores and published index over (region_code, year), country of each region."""
    names = ("ris_score", "ris_index", "ris_region")
    scores, index, home = (editions.of_latest(tables, name, editions.REGIONAL) for name in names)
    published = index.set_index(["region_code", "year"])["value"]
    return wide(scores, "region_code"), published, home.set_index("region_code")["geo"]


def fit_regional(scores: pd.DataFrame, index: pd.Series, country: pd.Series) -> tuple[pd.Series, pd.DataFrame]:
    """Recover weights and country corrections of equation (2).

    Parameters
    ----------
    scores : DataFrame (rows, K)
        From `regional_scores`. The factor of the region EU in its first year is 1.
    index : Series
        Published regional index over (region_code, year).
    country : Series
        Country code of each region_code; EU for the EU.

    Returns
    -------
    weights : Series (K,)
        Non-negative, relative to the reference row; sums to 1.
    factors : DataFrame
        geo, year, factor, n_regions, n_complete, basis, anchor. Basis is "complete rows"; "ratios of regions" where no
        row is complete but only one set of whole numbers of missing cells fits all regions at once; "fewest missing"
        where several do and the one with the fewest missing cells is taken. Anchor is the one region that fixes the
        factor (empty if several do): its own identity is not a test.

    Raises
    ------
    DataError
        A region without a country, a row without an index, no reference row.
    DesignError
        If the complete rows do not determine weights and factors.
    """
    from scipy.optimize import nnls

    published, cell = aligned(scores, index), _cells(scores, country)
    complete = (scores > 0).all(axis=1)
    if REFERENCE not in scores.index.get_level_values(0)[complete]:
        raise DataError(f"scores: no complete row of {REFERENCE} fixes the scale")
    names = sorted(set(cell[complete]))
    anchor = names.index(min(key for key in names if key[0] == country[REFERENCE]))
    codes = pd.Index(names).get_indexer(pd.MultiIndex.from_tuples(cell[complete]))
    matrix, target = scores[complete].to_numpy(dtype=float) / 100, published[complete].to_numpy() / 100
    size = matrix.shape[1]
    system = np.zeros((len(matrix), size + len(names)))
    system[:, :size] = matrix
    system[np.arange(len(matrix)), size + codes] = -target
    right = -system[:, size + anchor]
    system = np.delete(system, size + anchor, axis=1)
    if len(system) < system.shape[1] or np.linalg.matrix_rank(system) < system.shape[1]:
        raise DesignError(
            f"scores: {len(system)} complete rows cannot determine {size} weights and {len(names) - 1} factors"
        )
    solution = nnls(system, right)[0]
    weights = pd.Series(solution[:size], index=scores.columns, name="weight")
    known = dict(zip(names, 1 / np.insert(solution[size:], anchor, 1.0)))
    return weights, _factors(scores, published, cell, complete, weights, known)


def _cells(scores: pd.DataFrame, country: pd.Series) -> pd.Series:
    geo = scores.index.get_level_values(0).map(country)
    if geo.isna().any():
        raise DataError(f"region {scores.index[geo.isna()][0][0]}: no country given")
    return pd.Series(list(zip(geo, scores.index.get_level_values(1))), index=scores.index)


def _factors(scores, published, cell, complete, weights, known) -> pd.DataFrame:
    """Table of factors: from complete rows, else from whole numbers of missing cells that fit a country's regions."""
    raw, rows = (scores.fillna(0) * weights).sum(axis=1) / weights.sum(), []
    for key, members in cell.groupby(cell).groups.items():
        full = members[complete[members]]
        if key in known:
            factor, basis = known[key], "complete rows"
            anchor = full[0][0] if len(full) == 1 else ""
        else:
            anchor = raw[members].idxmax()[0]
            factor, unique = _search(published[members], raw[members], scores.loc[members])
            basis = "ratios of regions" if unique and len(members) > 1 else "fewest missing"
        rows.append((*key, factor, len(members), len(full), basis, anchor))
    return pd.DataFrame(rows, columns=["geo", "year", "factor", "n_regions", "n_complete", "basis", "anchor"])


def _search(published: pd.Series, raw: pd.Series, block: pd.DataFrame) -> tuple[float, bool]:
    """Factor with the fewest missing cells among those at which every region fits; whether it is the only one.

    If none fits every region, the one that fits most regions is taken, so that the others show as unexplained.
    """
    found, size, pivot = [], block.shape[1], raw.idxmax()
    absent, zeros = int(block.loc[pivot].isna().sum()), int((block.loc[pivot] == 0).sum())
    for number in range(absent, min(absent + zeros, size - 1) + 1):
        factor = published[pivot] / raw[pivot] * (size - number) / size
        count, left = missing_count(published.to_numpy(), factor * raw.to_numpy(), block)
        found.append((int((~(np.abs(left) <= TOLERANCE)).sum()), int(count.sum()), float(factor)))
    best = min(found)
    return best[2], sum(item[0] == best[0] for item in found) == 1


def rebuild_regional(scores: pd.DataFrame, index: pd.Series, country: pd.Series) -> pd.DataFrame:
    """Published and rebuilt regional index of every row; no row is left out. Parameters as for `fit_regional`.

    Returns
    -------
    DataFrame
        Columns region_code, year, geo, published, rebuilt, difference, n_zero, n_missing (number of the zeros left out
        of the mean, from the identity), factor, basis, tested (False for a region that fixes its country's factor
        alone, as its identity holds by construction), explained (absolute difference <= `TOLERANCE`).
    """
    published, (weights, factors) = aligned(scores, index), fit_regional(scores, index, country)
    geo = pd.Series(scores.index.get_level_values(0).map(country), index=scores.index)
    frame = pd.DataFrame({"geo": geo, "published": published}).reset_index(names=["region_code", "year"])
    frame = frame.merge(factors, on=["geo", "year"], how="left", validate="many_to_one")
    raw = ((scores.fillna(0) * weights).sum(axis=1) / weights.sum()).to_numpy() * frame["factor"].to_numpy()
    count, _ = missing_count(published.to_numpy(), raw, scores)
    size = scores.shape[1]
    frame["rebuilt"] = raw * size / (size - count)
    frame["difference"] = frame["rebuilt"] - frame["published"]
    frame["n_zero"], frame["n_missing"] = (scores == 0).sum(axis=1).to_numpy(), count
    frame["tested"] = frame["region_code"] != frame["anchor"]
    frame["explained"] = frame["difference"].abs() <= TOLERANCE
    return frame.drop(columns=["n_regions", "n_complete", "anchor"])


def regional_zeros(scores: pd.DataFrame, rebuilt: pd.DataFrame) -> pd.DataFrame:
    """Verdict on every regional zero, as far as the number of missing cells in its row tells.

    Returns
    -------
    DataFrame
        Columns region_code, year, indicator_code, verdict: "bottom", "missing" or "undetermined" (some, not all, zeros
        of the row are missing, or the row's identity fails), basis ("identity", or "identity, zero in every year" where
        the zeros that persist through all years are exactly as many as the missing cells).
    """
    row = rebuilt.set_index(["region_code", "year"]).reindex(scores.index)
    zero = scores == 0
    always = zero.groupby(level=0).transform("all")
    rows = []
    for key in scores.index[zero.any(axis=1)]:
        codes = list(scores.columns[zero.loc[key]])
        number, lasting = int(row.at[key, "n_missing"]), [k for k in codes if always.at[key, k]]
        if not row.at[key, "explained"] or row.at[key, "basis"] == "fewest missing":
            found = dict.fromkeys(codes, ("undetermined", "identity not available"))
        elif number in (0, len(codes)):
            found = dict.fromkeys(codes, ("missing" if number else "bottom", "identity"))
        elif len(lasting) == number:
            found = {k: ("missing" if k in lasting else "bottom", "identity, zero in every year") for k in codes}
        else:
            found = dict.fromkeys(codes, ("undetermined", f"{number} of {len(codes)} zeros missing, which is not told"))
        rows += [(*key, k, *found[k]) for k in codes]
    return pd.DataFrame(rows, columns=["region_code", "year", "indicator_code", "verdict", "basis"])


def likely_zeros(scores: pd.DataFrame, rebuilt: pd.DataFrame) -> pd.DataFrame:
    """Reading of every regional zero that agrees with the number of missing cells of its row, also where it is a guess.

    Where some, not all, zeros of a row are missing and `regional_zeros` cannot tell which, those of the indicators that
    are zero in most years of the region, then those missing beyond doubt most often, are taken.

    Returns
    -------
    DataFrame
        Columns region_code, year, indicator_code, reading ("bottom", "missing"), certain (all or none of the row's
        zeros are missing, and the factor of its country is known).
    """
    frame = regional_zeros(scores, rebuilt)
    number = rebuilt.set_index(["region_code", "year"])["n_missing"]
    lasting = (scores == 0).groupby(level=0).mean()
    frame["certain"] = frame["basis"] == "identity"
    often = frame[frame["certain"] & (frame["verdict"] == "missing")]["indicator_code"].value_counts()
    order = frame.assign(
        years=[-lasting.at[r, k] for r, k in zip(frame["region_code"], frame["indicator_code"])],
        often=-frame["indicator_code"].map(often).fillna(0),
    ).sort_values(["region_code", "year", "years", "often", "indicator_code"])
    keys = ["region_code", "year"]
    missing = order.groupby(keys).cumcount().to_numpy() < number.loc[list(zip(*(order[k] for k in keys)))].to_numpy()
    frame["reading"] = pd.Series(np.where(missing, "missing", "bottom"), index=order.index)
    columns = [*keys, "indicator_code", "reading", "certain"]
    return frame[columns].sort_values(columns[:3], ignore_index=True)
