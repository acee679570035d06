"""Every specification of the grid as a reader sees it: what report 04 draws and the web page opens."""

import numpy as np
import pandas as pd

RATIOS = {"log odds": "odds ratio", "log rate ratio": "rate ratio"}
QUESTIONS = {"leader": "Label of a leader", "index": "Innovation index"}
COLUMNS = [
    *("question", "position", "registered", "family"),
    *("status", "size", "wealth", "sample", "outcome", "estimator", "controls_year"),
    *("scale", "estimate", "ci_low", "ci_high", "t", "p_value"),
    *("n_dyads", "n_countries", "n_ipceis", "n_events", "n_treated", "dropped", "failed"),
]


def every_row(grid: pd.DataFrame, registered: str) -> pd.DataFrame:
    """Return every specification: choices, estimate and interval as read (ratios instead of logarithms), counts.

    `position` is the percentage of its family's t values that are not larger; `registered` marks the announced one.
    """
    log = grid["scale"].isin(RATIOS)
    read = {column: np.exp(grid[column]).where(log, grid[column]) for column in ("estimate", "ci_low", "ci_high")}
    rows = grid.assign(
        **read,
        scale=grid["scale"].replace(RATIOS),
        question=grid["family"].map(QUESTIONS),
        position=100 * grid.groupby("family")["t"].rank(method="first", pct=True, na_option="bottom"),
        registered=grid["spec_id"] == registered,
    )
    return rows[COLUMNS]


def every_facts(rows: pd.DataFrame, alpha: float) -> dict:
    """Return how many specifications there are of both questions, and the share of p-values below alpha."""
    return {"n": len(rows), "below": float((rows["p_value"] < alpha).mean()), "alpha": alpha}
