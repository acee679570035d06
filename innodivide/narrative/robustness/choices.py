"""Values, names and tables of the robustness report (notebook 04)."""

import pandas as pd

from innodivide.data.tables import Tables, member_states
from innodivide.evidence.confirmatory import Confirmatory
from innodivide.evidence.multiverse.grid import labels
from innodivide.evidence.plan import Plan
from innodivide.evidence.robustness import uncertain_labels
from innodivide.indicators import composite
from innodivide.narrative.leader_status import scope
from innodivide.narrative.words_file import Words

WORDS = Words("04_robustness")
CHOICES = WORDS.names("choices")
FAMILIES = WORDS.names("families")
STATISTICS = WORDS.names("statistics")


def editions(dyads: pd.DataFrame, plan: Plan) -> tuple[str, str]:
    """Return the line on editions and cut-off under an exploratory exhibit, without and with the seed."""
    plain_line, seeded = scope(dyads, plan)
    return f"Exploratory. {plain_line}", f"Exploratory. {seeded}"


def plain(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose texts name columns and choices in words, without underscores."""
    texts = rows.select_dtypes(include=["object", "str"]).columns
    return rows.assign(**{c: rows[c].str.replace(r"(?<=\w)_(?=\w)", " ", regex=True) for c in texts})


def curve_rows(specs: pd.DataFrame) -> pd.DataFrame:
    """Return the specifications with an estimate, choices in words; `period` gathers samples without one project."""
    rows = specs[specs["failed"] == ""].copy()
    rows["period"] = _labelled(rows["sample"])
    for column in CHOICES:
        rows[column] = rows[column] if column == "period" else _labelled(rows[column])
    return rows


def _labelled(levels: pd.Series) -> pd.Series:
    """Return the labels of the levels of one dimension, named like the series, as multiverse.yml declares them."""
    return levels.map(labels(str(levels.name), levels.unique()))


def curve_facts(specs: pd.DataFrame) -> dict:
    """Return how many specifications there are, their median, range, and how many intervals include one."""
    rows = specs[specs["failed"] == ""]
    cross = (rows["ci_low"] < 1) & (rows["ci_high"] > 1)
    return {
        "n": len(rows),
        "median": rows["odds_ratio"].median(),
        "low": rows["odds_ratio"].quantile(0.05),
        "high": rows["odds_ratio"].quantile(0.95),
        "cross": int(cross.sum()),
        "out": int((~cross).sum()),
    }


def registered_facts(main: Confirmatory) -> dict:
    """Return the registered estimate with its interval and test, to stand beside every other one."""
    low, high = main.interval.ci_low, main.interval.ci_high
    return {"or_": main.interval.estimate, "or_low": low, "or_high": high, "or_p": main.permutation.p_value}


def outside(grid: pd.DataFrame) -> pd.Series:
    """Return which specifications have an interval without no association (zero on every scale of the grid)."""
    return (grid["ci_low"] > 0) | (grid["ci_high"] < 0)


def family_rows(grid: pd.DataFrame) -> pd.DataFrame:
    """Return one row per question and model: family, estimator, scale, n, median, low, high, n_below, n_above, failed.

    low and high are the 5th and 95th percentile of the estimates; n_below and n_above count the intervals that lie
    below and above no association.
    """
    rows = grid.assign(n_below=grid["ci_high"] < 0, n_above=grid["ci_low"] > 0, bad=grid["failed"] != "")
    grouped = rows.groupby(["family", "estimator", "scale"], sort=False)
    found = grouped.agg(
        n=("estimate", "count"),
        median=("estimate", "median"),
        low=("estimate", lambda v: v.quantile(0.05)),
        high=("estimate", lambda v: v.quantile(0.95)),
        n_below=("n_below", "sum"),
        n_above=("n_above", "sum"),
        failed=("bad", "sum"),
    ).reset_index()
    return found.assign(family=found["family"].map(FAMILIES), estimator=_labelled(found["estimator"]))


def turn_facts(grid: pd.DataFrame, joint: pd.DataFrame) -> dict:
    """Return the intervals of label and index that leave out no association, and their number against chance."""
    facts = {}
    p = joint[joint["statistic"] == "share_below_alpha"].set_index("family")["p_value"]
    for family in ("leader", "index"):
        rows = grid[grid["family"] == family]
        facts |= {f"{family}_n": len(rows), f"{family}_p": p[family], f"{family}_out": _out(rows[outside(rows)])}
    return facts


def _out(rows: pd.DataFrame) -> str:
    """Say how many intervals leave out no association, on which side, and which choices they all share."""
    if rows.empty:
        return "none leaves out no association"
    sides = {1: "above", -1: "below"}
    sign = rows["sign"].unique()
    side = f"all of them {sides[int(sign[0])]} it" if len(sign) == 1 else "some below and some above it"
    shared = [
        f"{CHOICES[c].lower()}: {_labelled(rows[c]).iloc[0]}" for c in CHOICES if c in rows and rows[c].nunique() == 1
    ]
    return f"{len(rows)} leave out no association, {side}" + (f", all with {', '.join(shared)}" if shared else "")


def joint_table(joint: pd.DataFrame) -> pd.DataFrame:
    """Return the joint test with its questions and statistics in words."""
    return joint.assign(statistic=joint["statistic"].map(STATISTICS), family=joint["family"].map(FAMILIES))


def joint_facts(joint: pd.DataFrame) -> dict:
    """Return the joint p-value of the label's median estimate, the number of permutations and of failed fits."""
    row = joint[joint["family"] == "leader"].set_index("statistic").loc["median_log_odds"]
    failed = joint.groupby("family")["n_fits_failed"].first().sum()
    return {"p": row["p_value"], "permutations": int(row["n_permutations"]), "fits_failed": int(failed)}


def by_choice(specs: pd.DataFrame) -> pd.DataFrame:
    """Return choice, level, n, median odds ratio and share_cross (intervals that include one) for each level."""
    rows = curve_rows(specs)
    rows["cross"] = (rows["ci_low"] < 1) & (rows["ci_high"] > 1)
    parts = []
    for column, heading in CHOICES.items():
        grouped = rows.groupby(column, sort=True).agg(
            n=("cross", "size"), median=("odds_ratio", "median"), share_cross=("cross", "mean")
        )
        parts.append(grouped.reset_index(names="level").assign(choice=heading))
    return pd.concat(parts, ignore_index=True)[["choice", "level", "n", "median", "share_cross"]]


def size_medians(specs: pd.DataFrame) -> dict:
    """Return the median odds ratio with each measure of size: by_population, by_GDP."""
    return {f"by_{name}": value for name, value in specs.groupby("size")["odds_ratio"].median().items()}


def one_out_facts(tables: Tables, rows: pd.DataFrame) -> dict:
    """Return the range of the estimate over the units left out, and the units at its ends."""
    names = member_states(tables).set_index("geo")["name"]
    known = rows[rows["dropped"] != ""].dropna(subset=["odds_ratio"])
    known = known.assign(name=known["dropped"].map(lambda u: names.get(u, u))).sort_values("odds_ratio")
    return {
        "n": len(known),
        "low": known["odds_ratio"].iloc[0],
        "without_low": known["name"].iloc[0],
        "high": known["odds_ratio"].iloc[-1],
        "without_high": known["name"].iloc[-1],
        "cross": int(((known["ci_low"] < 1) & (known["ci_high"] > 1)).sum()),
    }


def one_out_rows(tables: Tables, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the units left out by name, those that move the estimate most first."""
    names = member_states(tables).set_index("geo")["name"]
    known = rows[rows["dropped"] != ""].assign(name=lambda f: f["dropped"].map(lambda u: names.get(u, u)))
    order = known["change"].abs().sort_values(ascending=False).index
    return known.loc[order].head(12).reset_index(drop=True)


def sweep_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the cuts of the threshold sweep that give an estimate."""
    return rows.dropna(subset=["odds_ratio"]).assign(series="Above the cut against below").reset_index(drop=True)


def sweep_facts(rows: pd.DataFrame) -> dict:
    """Return the range of cuts with an estimate and how many of the intervals include one."""
    known = rows.dropna(subset=["odds_ratio"])
    cross = (known["ci_low"] < 1) & (known["ci_high"] > 1)
    return {"first": known["c"].min(), "last": known["c"].max(), "n": len(known), "cross": int(cross.sum())}


def leader_chances(tables: Tables, draws: pd.DataFrame) -> pd.DataFrame:
    """Return geo, name, p_leader (share of index constructions, where not none) and nominal."""
    names = member_states(tables).set_index("geo")["name"]
    rows = composite.p_leader(draws)
    rows = rows[rows["p_leader"] > 0].assign(name=lambda f: f["geo"].map(names))
    return rows.sort_values(["p_leader", "geo"], ascending=[False, True], ignore_index=True)


def label_facts(fits: pd.DataFrame) -> dict:
    """Return the spread of the estimate over redrawn labels."""
    known = fits.dropna(subset=["odds_ratio"])
    summary = uncertain_labels.label_summary(fits)
    return {
        "sets": len(known),
        "low": summary["minimum"],
        "high": summary["maximum"],
        "cross": int(((known["ci_low"] < 1) & (known["ci_high"] > 1)).sum()),
        "label_matters": "less" if summary["sd_label"] < summary["se_sampling"] else "more",
        "sd_label": summary["sd_label"],
        "sd_sampling": summary["se_sampling"],
    }


def shapley_facts(rows: pd.DataFrame) -> dict:
    """Return each factor's share of the fit, with the interval of the status."""
    share = rows.set_index("factor")
    return {"size": share.at["size", "share"], "status": share.at["status", "share"]}


def other_facts(rows: pd.DataFrame, step: float) -> dict:
    """Return how many other outcomes there are, how many have an estimate, and how many intervals include one."""
    known = rows.dropna(subset=["ratio"])
    cross = (known["ci_low"] < 1) & (known["ci_high"] > 1)
    return {"n": len(rows), "known": len(known), "cross": int(cross.sum()), "step": step - 1}


def short_facts(grid: pd.DataFrame, joint: pd.DataFrame, believe: dict) -> dict:
    """Return what the first page says: how many ways of asking find a difference, by chance or not, and which methods.

    `believe` is from `method_audit.method_facts`.
    """
    p = joint[joint["statistic"] == "share_below_alpha"].set_index("family")["p_value"]
    facts = {"methods": believe["n"], "bad": believe["n"] - believe["n_kept"]}
    facts |= {k: believe[k] for k in ("alpha", "n_kept", "errs", "power", "ratio")}
    for family in FAMILIES:
        rows = grid[(grid["family"] == family) & (grid["failed"] == "")]
        found = {"n": len(rows), "out": int(outside(rows).sum()), "p": p[family]}
        found |= {"less": int((rows["ci_high"] < 0).sum()), "more": int((rows["ci_low"] > 0).sum())}
        found |= {"in": found["n"] - found["out"], "share": 1 - found["out"] / found["n"]}
        facts |= {f"{family}_{k}": v for k, v in found.items()}
    return facts


def answer_rows(facts: dict) -> pd.DataFrame:
    """Return how often each answer comes out for the label: answer (in words), n, order."""
    said = WORDS.names("answers")
    rows = [(text, facts[f"leader_{which}"], order) for order, (which, text) in enumerate(said.items())]
    return pd.DataFrame(rows, columns=["answer", "n", "order"])


def short_parts(facts: dict) -> list[str]:
    """Return the parts of N4.8 that the results call for.

    The answer is steady if no more ways of asking find a difference than chance alone would give, for the label.
    """
    out, alpha = facts["leader_out"], facts["alpha"]
    label, index = (facts[f"{family}_p"] < alpha for family in ("leader", "index"))
    first = "all" if not out else "beyond chance" if label else "chance"
    second = "index none" if not facts["index_out"] else "index beyond chance" if index else "index chance"
    bad = "some methods" if facts["bad"] else "all methods"
    return [first, "then", second, "then", bad, "then", "so, turns" if label and out else "so, steady", "power"]
