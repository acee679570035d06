"""The leader test when the label itself is uncertain: index redrawn, groups drawn anew, model fitted again."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from innodivide import models
from innodivide.errors import DesignError, ParameterError

COLUMNS = ["label_id", "probability", "nominal", "leaders", "n_treated"]
COLUMNS += ["log_odds", "odds_ratio", "se", "ci_low", "ci_high", "p_profile", "note"]


def label_uncertainty(
    dyads: pd.DataFrame,
    redrawn: pd.DataFrame,
    *,
    year: int | None = None,
    edition_to_year: Mapping[int, int] | None = None,
) -> pd.DataFrame:
    """Refit the Firth logit once for each distinct exposure among the draws.

    Parameters
    ----------
    dyads : DataFrame
        From `panel.ipcei_dyads`: geo, ipcei_id, edition, leader, participates and the controls.
    redrawn : DataFrame
        From `redraw_groups`.
    year : int
        Fixed labels: the leaders of this year in every dyad.
    edition_to_year : mapping
        Labels that move, in place of `year`: as published, except where a draw moves a country across the threshold
        relative to the official construction of the same series; the official draw gives back the published labels.
        From `edition_years`.

    Returns
    -------
    DataFrame
        One row for each distinct exposure, most probable first: label_id, probability, nominal, leaders (countries
        that ever carry the label, joined), n_treated, log_odds, odds_ratio, se (log odds, inflated by the dispersion
        of country totals where that exceeds 1), ci_low, ci_high (odds ratio, t interval on country totals), p_profile
        (dyads taken as independent), note. Where the estimate is not defined (nobody or everybody a leader, no
        convergence) the numbers are missing and `note` says why; the probability stays.

    Raises
    ------
    ParameterError
        Neither or both of `year` and `edition_to_year`; a year the draws do not cover.
    """
    if (year is None) == (edition_to_year is None):
        raise ParameterError("give either year, for fixed labels, or edition_to_year, for labels that move")
    labels = _labels(dyads, redrawn, year, edition_to_year)
    rows = [_fitted(dyads.assign(leader=np.array(label)), entry) for label, entry in labels]
    frame = pd.DataFrame(rows).sort_values(["probability", "leaders"], ascending=[False, True]).reset_index(drop=True)
    frame["label_id"] = np.arange(len(frame))
    return frame.reindex(columns=COLUMNS)


def _labels(dyads, redrawn, year, edition_to_year):
    """Distinct exposures: tuples of 0/1 over the dyads with their probability, and whether they are nominal."""
    geo, published = dyads["geo"].astype(str).to_numpy(), dyads["leader"].to_numpy(dtype=bool)
    at = dyads["edition"].astype(int).map(edition_to_year) if year is None else pd.Series(year, dyads.index)
    if at.isna().any():
        raise ParameterError(f"edition_to_year: no year for edition {dyads.loc[at.isna(), 'edition'].min()}")
    lost = set(at) - set(redrawn["year"])
    if lost:
        covered = sorted(redrawn["year"].unique())
        raise ParameterError(f"year {sorted(lost)[0]}: not among the draws, which cover {covered}")

    def carried(part) -> np.ndarray:
        sets = {row.year: set(row.leaders) for row in part.itertuples()}
        return np.array([g in sets[y] for g, y in zip(geo, at)])

    nominal = carried(redrawn[redrawn["nominal"]])
    found: dict[tuple, dict] = {}
    for _, part in redrawn[redrawn["year"].isin(set(at))].groupby("draw", sort=True):
        drawn = carried(part)
        label = drawn if edition_to_year is None else np.where(drawn != nominal, drawn, published)
        entry = found.setdefault(tuple(label.tolist()), {"probability": 0.0, "nominal": False})
        entry["probability"] += float(part["probability"].iloc[0])
        entry["nominal"] |= bool(part["nominal"].iloc[0])
    return found.items()


def _fitted(dyads: pd.DataFrame, entry: dict) -> dict:
    """Return the row of one exposure: the estimate, or why there is none."""
    who = sorted(set(dyads.loc[dyads["leader"], "geo"].astype(str)))
    row = entry | {"leaders": ", ".join(who), "n_treated": len(who)}
    try:
        fit = models.firth_logit(dyads)
        wide = models.dispersion_interval(fit)
    except DesignError as error:
        return row | {"note": f"not defined: {error}"}
    return row | {
        "log_odds": fit.result.estimate,
        "odds_ratio": float(np.exp(fit.result.estimate)),
        "se": wide.se,
        "ci_low": float(np.exp(wide.ci_low)),
        "ci_high": float(np.exp(wide.ci_high)),
        "p_profile": fit.result.p_value,
        "note": fit.separation_note,
    }


def label_summary(fits: pd.DataFrame) -> pd.Series:
    """Distribution of the estimate over the labels, weighted by probability.

    Returns
    -------
    Series
        nominal (odds ratio of the official label), mean_log_odds, median, low, high (odds ratios at the ends of the
        central 95 % of the label distribution: no sampling error in them), minimum, maximum, p_above_1, sd_label (log
        odds), se_sampling (root of the mean squared se), sd_total (root of the sum of squares: both together),
        n_labels, p_defined (probability of the labels with an estimate; the rest condition on it).

    Raises
    ------
    DesignError
        If no label with positive probability has an estimate.
    """
    rows = fits[(fits["probability"] > 0) & fits["log_odds"].notna()].sort_values("log_odds")
    if rows.empty:
        raise DesignError("fits: no label with an estimate")
    p = (rows["probability"] / rows["probability"].sum()).to_numpy()
    b, se = rows["log_odds"].to_numpy(dtype=float), rows["se"].to_numpy(dtype=float)
    reached = np.minimum(p.cumsum(), 1.0) + 1e-12
    median, low, high = (float(np.exp(b[min(np.searchsorted(reached, q), len(b) - 1)])) for q in (0.5, 0.025, 0.975))
    mean = float(p @ b)
    between, within = float(p @ (b - mean) ** 2), float(p @ se**2)
    nominal = fits.loc[fits["nominal"], "odds_ratio"]
    spread = {"median": median, "low": low, "high": high, "minimum": float(np.exp(b[0]))}
    return pd.Series(
        {
            "nominal": float(nominal.iloc[0]) if len(nominal) else np.nan,
            "mean_log_odds": mean,
            **spread,
            "maximum": float(np.exp(b[-1])),
            "p_above_1": float(p[b > 0].sum()),
            "sd_label": between**0.5,
            "se_sampling": within**0.5,
            "sd_total": (between + within) ** 0.5,
            "n_labels": int((fits["probability"] > 0).sum()),
            "p_defined": float(rows["probability"].sum() / fits["probability"].sum()),
        }
    )
