"""Tell a true bottom score from a missing value written as zero, cell by cell, by the index identity."""

import numpy as np
import pandas as pd

from innodivide.indicators.composite.rebuild import DIMENSION_TOLERANCE, TOLERANCE, aligned, missing_count


def classify_zeros(
    scores: pd.DataFrame,
    index: pd.Series,
    weights: pd.Series,
    dimension_scores: pd.DataFrame | None = None,
    dimensions: pd.Series | None = None,
) -> pd.DataFrame:
    """Verdict on every cell that is zero or absent.

    The index gives the number of missing cells of a row. Where that leaves open which ones, the published dimension
    scores settle it by the same identity within the dimension; a cell that neither settles stays "undetermined".

    Parameters
    ----------
    scores : DataFrame (rows, K)
        From `score_matrix`.
    index : Series
        Published index.
    weights : Series (K,)
        From `implicit_weights`.
    dimension_scores, dimensions : DataFrame (rows, D), Series; both or neither
        Published dimension scores and the dimension of each indicator.

    Returns
    -------
    DataFrame
        One row for each such cell: geo, year, indicator_code, state ("zero" or "absent"), verdict ("bottom",
        "missing", "undetermined"), evidence (in words), n_missing_row (missing cells of the row), residual (of the
        index identity at that number), dimension_agrees (bool or NA: whether the verdicts also reproduce the
        published dimension score; NA without one).
    """
    published, weights = aligned(scores, index), weights.reindex(scores.columns)
    absent, zero = scores.isna(), scores == 0
    raw = (scores.fillna(0) * weights).sum(axis=1) / weights.sum()
    count, residual = missing_count(published.to_numpy(), raw.to_numpy(), scores)
    fits = [] if dimension_scores is None else _dimension_fits(scores, weights, dimension_scores, dimensions)
    rows = []
    for i in np.flatnonzero((absent | zero).any(axis=1)).tolist():
        zeros, gone = list(scores.columns[zero.iloc[i]]), list(scores.columns[absent.iloc[i]])
        found = {code: ("missing", "no row in the table") for code in gone}
        if np.isfinite(residual[i]) and abs(residual[i]) <= TOLERANCE:
            blocks = [
                ([k for k in zeros if k in fit["members"]], int(fit["count"][i] - fit["absent"][i]))
                for fit in fits
                if abs(fit["residual"][i]) <= DIMENSION_TOLERANCE
            ]
            found |= _settle(zeros, int(count[i]) - len(gone), [block for block in blocks if block[0]])
        else:
            found |= dict.fromkeys(zeros, ("undetermined", "the index identity fails for this row"))
        agrees = _agreement(fits, i, found)
        for code, (verdict, evidence) in found.items():
            key = (*scores.index[i], code, "zero" if code in zeros else "absent")
            rows.append((*key, verdict, evidence, int(count[i]), residual[i], agrees.get(code, pd.NA)))
    columns = ["geo", "year", "indicator_code", "state", "verdict", "evidence", "n_missing_row", "residual"]
    frame = pd.DataFrame(rows, columns=[*columns, "dimension_agrees"]).astype({"dimension_agrees": "boolean"})
    return frame.sort_values(["geo", "year", "indicator_code"], ignore_index=True)


def _dimension_fits(scores, weights, dimension_scores, dimensions) -> list[dict]:
    """For each dimension, by row: members, absent cells, best missing count and residual (NaN where not usable)."""
    out = []
    for code in dimension_scores.columns:
        members = [k for k in scores.columns if dimensions[k] == code]
        block, target = scores[members], dimension_scores[code].reindex(scores.index).to_numpy(dtype=float)
        raw = ((block.fillna(0) * weights[members]).sum(axis=1) / weights[members].sum()).to_numpy()
        fit = {"members": members, "absent": block.isna().sum(axis=1).to_numpy(), "raw": raw, "target": target}
        fit["count"], fit["residual"] = missing_count(target, raw, block)
        out.append(fit)
    return out


def _settle(zeros: list, number: int, blocks: list) -> dict:
    """Verdicts on the zeros of one row of which `number` are missing, from the index first and the dimensions then."""
    if number in (0, len(zeros)):
        return dict.fromkeys(zeros, ("missing" if number else "bottom", "index identity"))
    found: dict[str, tuple[str, str]] = {}
    open_ = list(zeros)
    for codes, count in blocks:
        if count in (0, len(codes)):
            found |= dict.fromkeys(codes, ("missing" if count else "bottom", "index and dimension identity"))
            open_ = [k for k in open_ if k not in codes]
    number -= sum(verdict == "missing" for verdict, _ in found.values())
    if number in (0, len(open_)):
        found |= dict.fromkeys(
            open_, ("missing" if number else "bottom", "index identity, other zeros settled by dimension")
        )
    elif 0 < number < len(open_):
        found |= dict.fromkeys(open_, ("undetermined", f"{number} of {len(open_)} zeros missing, which is not told"))
    else:
        found = dict.fromkeys(zeros, ("undetermined", "index and dimension identities contradict each other"))
    return found


def _agreement(fits: list[dict], i: int, found: dict) -> dict:
    """Whether the verdicts reproduce the published score of each dimension in row i, where one is published."""
    out: dict[str, bool] = {}
    for fit in fits:
        size, gone = len(fit["members"]), sum(found.get(k, ("",))[0] == "missing" for k in fit["members"])
        if np.isfinite(fit["target"][i]):
            value = fit["raw"][i] * size / (size - gone) if gone < size else np.inf
            out |= dict.fromkeys(fit["members"], bool(abs(value - fit["target"][i]) <= DIMENSION_TOLERANCE))
    return out


def missing_cells(zeros: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Verdicts of `classify_zeros` as a boolean matrix like `scores`: True where the cell is left out of the mean.

    Cells that are undetermined count as present: they then show up as a difference in `identity_check`.
    """
    out = scores.isna()
    for row in zeros[(zeros["verdict"] == "missing") & (zeros["state"] == "zero")].itertuples():
        out.loc[(row.geo, row.year), row.indicator_code] = True
    return out
