"""Values and tables of what was added to the grid, and of single fields of technology (notebook 04)."""

import numpy as np
import pandas as pd

from innodivide.data.sources import sources_of
from innodivide.data.tables import Tables
from innodivide.evidence.multiverse.additions import REGISTERED, UNCHANGED
from innodivide.evidence.multiverse.grid import labels, load_grid
from innodivide.indicators.panel import dyad_sources, rows_for_dyads
from innodivide.narrative.robustness.every_specification import RATIOS
from innodivide.narrative.words_file import Words
from innodivide.wording import join_names, p_text

SIDES = Words("04_robustness").names("sides of one")
WHO = ("leaders", "others")


def as_read(rows: pd.DataFrame) -> pd.DataFrame:
    """Return every fit of the additions with ratios instead of logarithms, and `side` of no association (-1, 0, 1)."""
    log = rows["scale"].isin(RATIOS)
    ends = {c: np.exp(rows[c]).where(log, rows[c]) for c in ("estimate", "ci_low", "ci_high")}
    side = (rows["ci_low"] > 0).astype(int) - (rows["ci_high"] < 0).astype(int)
    return rows.assign(side=side.where(rows["failed"] == ""), **ends, scale=rows["scale"].replace(RATIOS))


def added_sources(tables: Tables) -> tuple[str, ...]:
    """Return the sources of the additions: those of the dyads, and of the further controls."""
    levels = load_grid()["additions"]["levels"].values()
    used = rows_for_dyads(tables, *(level["variable"] for level in levels if "variable" in level))
    return tuple(sorted({*dyad_sources(tables), *sources_of(used)}))


def added_lines(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each addition, the registered choice first.

    Returns
    -------
    pandas.DataFrame
        Columns addition, label, announced, odds_ratio, ci_low, ci_high, p_value, counts (states x IPCEIs as text),
        n_countries, n_treated, n_ipceis, dropped, note (why there is no estimate), side; then over all statuses and
        models: n_fits, n_out (intervals without no association), low, high (of the odds ratios), n_same (fits whose
        data it leaves as they are).
    """
    read = as_read(rows)
    main = read[read["main"]].rename(columns={"estimate": "odds_ratio", "failed": "note"}).set_index("addition")
    fitted = read[read["failed"] == ""].assign(out=lambda f: f["side"] != 0)
    spread = fitted.groupby("addition")["out"].agg(n_fits="size", n_out="sum")
    odds = fitted[fitted["scale"] == "odds ratio"].groupby("addition")["estimate"].agg(low="min", high="max")
    same = (read["failed"] == UNCHANGED).groupby(read["addition"]).sum().rename("n_same")
    lines = main.join([spread, odds, same]).fillna({"n_fits": 0, "n_out": 0})
    lines["counts"] = [f"{r.n_countries} × {r.n_ipceis}" if r.note == "" else "–" for r in lines.itertuples()]
    columns = ["label", "announced", "odds_ratio", "ci_low", "ci_high", "p_value", "counts", "n_countries"]
    columns += ["n_treated", "n_ipceis", "dropped", "note", "side", "n_fits", "n_out", "low", "high", "n_same"]
    return lines[columns].astype({"n_fits": int, "n_out": int, "n_same": int}).reset_index()


def added_facts(rows: pd.DataFrame) -> tuple[list[str], dict]:
    """Return which parts of the paragraph on the additions to use, by what they show, and its values.

    An addition changes the answer if its interval lies on another side of one than the registered one.
    """
    lines = added_lines(rows)
    base, more = lines[lines["addition"] == REGISTERED].iloc[0], lines[lines["addition"] != REGISTERED]
    known, lost = more[more["note"] == ""], more[more["note"] != ""]
    turned = known[known["side"] != base["side"]]
    values: dict = {
        "n": len(more),
        "announced": int(more["announced"].sum()),
        "known": len(known),
        "reading": SIDES[str(int(base["side"]))],
    }
    values |= {"registered": base["odds_ratio"], "n_fits": int(more["n_fits"].sum()), "n_out": int(more["n_out"].sum())}
    values |= {"statuses": rows["status"].nunique(), "models": rows["estimator"].nunique(), "turned": len(turned)}
    for word, column in (("status_names", "status"), ("model_names", "estimator")):
        values[word] = join_names(list(labels(column, rows[column].unique()).values()))
    values["unannounced"] = join_names(more.loc[~more["announced"].astype(bool), "label"].tolist(), none="none")
    parts = ["what"]
    if len(known):
        ends = known.sort_values("odds_ratio").iloc[[0, -1]]
        values |= dict(zip(("low", "high"), ends["odds_ratio"])) | dict(zip(("low_name", "high_name"), ends["label"]))
        sides = [f"{r.label} ({SIDES[str(int(r.side))]})" for r in turned.itertuples()]
        values["which"] = join_names(sides)
        parts += ["turned" if len(turned) else "held", "varied" if values["n_out"] else "none"]
    if len(lost):
        values["lost"] = join_names([f"{r.label} ({r.note})" for r in lost.itertuples()])
        parts.append("lost")
    return parts, values


def field_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the fields of technology with shares as "taken of open" and the p-value in words."""
    texts = {who: [f"{t} of {n}" for t, n in zip(rows[f"{who}_taken"], rows[f"{who}_open"])] for who in WHO}
    return rows.assign(**texts, p=rows["p_value"].map(p_text))


def field_facts(rows: pd.DataFrame) -> dict:
    """Return how many fields there are, how many have an interval, how many of these include one, and the range."""
    known = rows.dropna(subset=["ci_low"])
    cross = (known["ci_low"] < 1) & (known["ci_high"] > 1)
    facts = {"n": len(rows), "known": len(known), "cross": int(cross.sum())}
    return facts | {"single": int((rows["n_ipceis"] == 1).sum()), "lowest_p": rows["p_value"].min()}
