"""Claim C13: the least innovative regions have locked-in, traditional structures and few sectoral endowments."""

import numpy as np
import pandas as pd

from innodivide.data.tables import Tables
from innodivide.evidence.claims.finding import Finding, otherwise
from innodivide.evidence.confirmatory import stream
from innodivide.evidence.plan import Plan
from innodivide.indicators.regional_frame import FIRST, LAST, regional_frame
from innodivide.models.inference.cluster_bootstrap import cluster_bootstrap, percentile
from innodivide.wording import join_names, sentence, teller

STRUCTURES = 113  # stream of the plan
INDEX = "herfindahl"
PARTS = {  # part of the claim: column, sign that the claim says, what it is
    "traditional": ("knowledge_services", -1, "professional services"),
    "locked-in": ("moved", -1, "movement of the shares"),
    "few endowments": (INDEX, 1, "concentration on few parts"),
}
SHOWN = ("manufacturing", "gerd_pct_gdp")  # beside, without a sign that the claim would say


def structure_gaps(tables: Tables, plan: Plan, n_boot: int = 1999) -> pd.DataFrame:
    """Return how lagging regions differ from the others, whole countries drawn.

    Returns
    -------
    pandas.DataFrame
        Index column of the regional frame (the three parts of the claim, then `SHOWN`): part, lagging, others (means),
        difference, ci_low, ci_high (95 %), n_lagging, n_others (regions with the figure).
    """
    frame, rows, rng = regional_frame(tables), {}, stream(plan, STRUCTURES)
    parts = {column: part for part, (column, _, _) in PARTS.items()}
    for column in (*parts, *SHOWN):
        known = frame.dropna(subset=[column, "lagging"])

        inside, values = known["lagging"].to_numpy(dtype=bool), known[column].to_numpy(dtype=float)

        def means(i: np.ndarray, inside: np.ndarray = inside, values: np.ndarray = values) -> np.ndarray:
            return np.array([values[i][inside[i]].mean(), values[i][~inside[i]].mean()])

        lagging, others = means(np.arange(len(known)))
        draws = cluster_bootstrap(known["geo"], means, rng, n_boot)
        low, high = percentile((draws[:, 0] - draws[:, 1])[:, None])
        rows[column] = {"part": parts.get(column, "beside"), "lagging": lagging, "others": others}
        rows[column] |= {"difference": lagging - others, "ci_low": float(low[0]), "ci_high": float(high[0])}
        rows[column] |= {"n_lagging": int(inside.sum()), "n_others": int((~inside).sum())}
    return pd.DataFrame(rows).T.infer_objects()


def judged(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `structure_gaps` that the rule reads, without those shown beside."""
    return rows.loc[[column for column, _, _ in PARTS.values()]]


def locked_in(rows: pd.DataFrame) -> str:
    """Verdict on C13 from `structure_gaps`."""
    signs = pd.Series({column: sign for column, sign, _ in PARTS.values()})
    rows = judged(rows)
    as_said = np.where(signs > 0, rows["ci_low"] > 0, rows["ci_high"] < 0)
    against = np.where(signs > 0, rows["ci_high"] < 0, rows["ci_low"] > 0)
    if as_said.all():
        return "supported"
    if against.sum() >= 2:
        return "contradicted"
    return "partly" if as_said.any() else "inconclusive"


def _gap(row: pd.Series, digits: int) -> str:
    """The difference of a row with its interval."""
    ends = [f"{{r.{end}:+.{digits}f}}" for end in ("difference", "ci_low", "ci_high")]
    return sentence("{} ({} to {})".format(*ends), r=row)


def c13(tables: Tables, plan: Plan) -> Finding:
    """C13: structures of the least innovative regions."""
    rows = structure_gaps(tables, plan)
    points = rows[["lagging", "others", "difference", "ci_low", "ci_high"]] * 100
    share = "{p} ({w}, percent of value added): {r.lagging:.1f} against {r.others:.1f}, difference {gap}"
    index = "{p} ({w}, index): {r.lagging:.3f} against {r.others:.3f}, difference {gap}"
    told = [
        sentence(index, p=p, w=w, r=rows.loc[c], gap=_gap(rows.loc[c], 3))
        if c == INDEX
        else sentence(share, p=p, w=w, r=points.loc[c], gap=_gap(points.loc[c], 1))
        for p, (c, _, w) in PARTS.items()
    ]
    signs = {p: (rows.loc[c], sign) for p, (c, sign, _) in PARTS.items()}
    hold = [p for p, (r, sign) in signs.items() if (r["ci_low"] > 0 if sign > 0 else r["ci_high"] < 0)]
    against = [p for p, (r, sign) in signs.items() if (r["ci_high"] < 0 if sign > 0 else r["ci_low"] > 0)]
    values: dict[str, object] = {"told": "; ".join(told), "hold": join_names(hold), "against": join_names(against)}
    values |= {
        "n": judged(rows)["n_lagging"].min(),
        "others": judged(rows)["n_others"].min(),
        "first": FIRST,
        "last": LAST,
    }
    values |= {"m": points.loc["manufacturing"]}
    tell, verdict = teller(**values), locked_in(rows)
    ways = {
        "supported": "if all three parts differed as said with their whole intervals",
        "partly": "if one or two of the three parts differed as said with their whole intervals",
        "contradicted": "if two differed the other way with theirs",
    }
    rest = "; the rest cannot be told." if len(hold) + len(against) < len(PARTS) else "."
    shares = [f"{what} {_gap(points.loc[c], 1)}" for c, _, what in PARTS.values() if c != INDEX]
    return Finding(
        claim_id="C13",
        verdict=verdict,
        numbers=tell(
            "Lagging regions against the others: {told}. Manufacturing, for which the claim says no sign: "
            "{m.lagging:.1f}% against {m.others:.1f}%, difference {m.difference:+.1f} points ({m.ci_low:+.1f} to "
            "{m.ci_high:+.1f}). As the claim says: {hold}; "
            "the other way: {against}"
        )
        + rest,
        coverage=tell(
            "{n} lagging regions and {others} others at least; value added in three parts of {first} and {last}; "
            "agriculture and single industries are not in the tables by region"
        ),
        short=tell(
            "As claimed: {hold}; the other way: {against}. Lagging regions less the others, percentage points of "
        )
        + f"value added: {', '.join(shares)}; Herfindahl index {_gap(rows.loc[INDEX], 2)}.",
        rests=tell("{n} lagging regions, three parts of value added"),
        change=otherwise(verdict, ways, ", "),
    )
