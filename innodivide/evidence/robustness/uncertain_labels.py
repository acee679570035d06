"""The leader test when the label itself is uncertain: index redrawn, groups drawn anew, model fitted again."""

import numpy as np
import pandas as pd

from innodivide.errors import DesignError, ParameterError

COLUMNS = [
    "label_id",
    "probability",
    "nominal",
    "leaders",
    "n_treated",
    "log_odds",
    "odds_ratio",
    "se",
    "ci_low",
    "ci_high",
    "p_profile",
    "note",
]


def label_uncertainty(dyads: pd.DataFrame, redrawn: pd.DataFrame) -> pd.DataFrame:
    """Refit the Firth logit once for each distinct set of leaders among the draws, the same ones in every dyad.

    Parameters
    ----------
    dyads : DataFrame
        From `panel.ipcei_dyads`: geo, ipcei_id, leader, participates and the controls.
    redrawn : DataFrame
        From `composite.redraw_groups`.

    Returns
    -------
    DataFrame
        One row for each distinct set, most probable first: label_id, probability, nominal, leaders (joined), n_treated,
        log_odds, odds_ratio, se (log odds, inflated by the dispersion of country totals where that exceeds 1), ci_low,
        ci_high (odds ratio, t interval on country totals), p_profile (dyads taken as independent), note. Where the
        estimate is not defined (nobody or everybody a leader, no convergence) the numbers are missing and `note` says
        why; the probability stays.
    """
    from innodivide import models

    rows = []
    for leaders, draws in redrawn.groupby("leaders"):
        now = dyads.assign(leader=dyads["geo"].isin(leaders))
        who = sorted(set(now.loc[now["leader"], "geo"].astype(str)))
        row = {"probability": draws["probability"].sum(), "nominal": draws["nominal"].any()}
        row |= {"leaders": ", ".join(who), "n_treated": len(who), "note": ""}
        try:
            fit = models.firth_logit(now)
            wide = models.dispersion_interval(fit)
            low, high = wide.known("ci_low", "ci_high")
            row |= {
                "log_odds": fit.result.estimate,
                "odds_ratio": float(np.exp(fit.result.estimate)),
                "se": wide.se,
                "ci_low": float(np.exp(low)),
                "ci_high": float(np.exp(high)),
                "p_profile": fit.result.p_value,
                "note": fit.separation_note,
            }
        except DesignError as error:
            row["note"] = f"not defined: {error}"
        rows.append(row)
    frame = pd.DataFrame(rows).sort_values(["probability", "leaders"], ascending=[False, True]).reset_index(drop=True)
    frame["label_id"] = np.arange(len(frame))
    return frame.reindex(columns=COLUMNS)


def label_summary(fits: pd.DataFrame, level: float = 0.95) -> pd.Series:
    """Distribution of the estimate over the labels, weighted by probability.

    Returns
    -------
    Series
        nominal (odds ratio of the official label), mean_log_odds, median, low, high (odds ratios at the central
        `level` of the label distribution: no sampling error in them), minimum, maximum, p_above_1, sd_label (log odds),
        se_sampling (root of the mean squared se), sd_total (root of the sum of squares: both together), n_labels,
        p_defined (probability of the labels with an estimate; the rest condition on it).

    Raises
    ------
    DesignError
        If no label with positive probability has an estimate.
    """
    if not 0 < level < 1:
        raise ParameterError(f"level={level!r}: expected a number in (0, 1)")
    rows = fits[(fits["probability"] > 0) & fits["log_odds"].notna()].sort_values("log_odds")
    if rows.empty:
        raise DesignError("fits: no label with an estimate")
    p = (rows["probability"] / rows["probability"].sum()).to_numpy()
    b, se = rows["log_odds"].to_numpy(dtype=float), rows["se"].to_numpy(dtype=float)
    reached = np.minimum(p.cumsum(), 1.0) + 1e-12
    at = [
        float(np.exp(b[min(np.searchsorted(reached, q), len(b) - 1)])) for q in (0.5, (1 - level) / 2, (1 + level) / 2)
    ]
    mean = float(p @ b)
    between, within = float(p @ (b - mean) ** 2), float(p @ se**2)
    nominal = fits.loc[fits["nominal"], "odds_ratio"]
    return pd.Series(
        {
            "nominal": float(nominal.iloc[0]) if len(nominal) else np.nan,
            "mean_log_odds": mean,
            "median": at[0],
            "low": at[1],
            "high": at[2],
            "minimum": float(np.exp(b[0])),
            "maximum": float(np.exp(b[-1])),
            "p_above_1": float(p[b > 0].sum()),
            "sd_label": between**0.5,
            "se_sampling": within**0.5,
            "sd_total": (between + within) ** 0.5,
            "n_labels": int((fits["probability"] > 0).sum()),
            "p_defined": float(rows["probability"].sum() / fits["probability"].sum()),
        }
    )
