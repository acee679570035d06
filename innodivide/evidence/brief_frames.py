"""The frames behind the figures of the policy brief (notebook 07) and its summary (08)."""

import numpy as np
import pandas as pd

from innodivide.data.editions import SECOND
from innodivide.data.tables import Tables, country_names, country_values
from innodivide.evidence import answer
from innodivide.evidence.claims.both_tiers import ANEW, HELD, Connection
from innodivide.evidence.confirmatory import stream
from innodivide.evidence.plan import Plan
from innodivide.indicators import participation
from innodivide.indicators.country_profile import PER_HEAD_YEAR, index_relative_to_eu
from innodivide.indicators.tiers import benchmarks, money
from innodivide.models.inference.cluster_bootstrap import cluster_bootstrap, percentile

SIDES = 130  # stream of the plan: euro per head on the two sides of the EU average
TOP = 6
COMPARED = ("Population", "GDP", "IPCEI places", "IPCEI companies (at least)")
BELOW, ABOVE = "below the EU average", "above it"
SEEN = "As observed"


def membership(tables: Tables) -> pd.DataFrame:
    """Return geo, name, group (latest edition), n (IPCEIs) and n_possible of each Member State."""
    return participation.by_country(tables)[["geo", "name", "group", "n", "n_possible"]]


def share_rows(dyads: pd.DataFrame) -> pd.DataFrame:
    """Return `answer.plain_shares` with the words of the picture: who, order."""
    rows = answer.plain_shares(dyads).reset_index()
    words = {answer.LEADERS: "Innovation leaders", answer.OTHERS: "All other states"}
    return rows.assign(who=rows["status"].map(words), order=range(len(rows)))


def top_shares(tables: Tables, top: int = TOP) -> pd.DataFrame:
    """Return how much of a quantity the states hold that hold most of it.

    Returns
    -------
    pandas.DataFrame
        One row for each of `COMPARED`: quantity, share (0 to 1) of the `top` states with most, states (their names,
        largest first), coverage, order.
    """
    values, names = benchmarks.tier1_and_benchmarks(tables), country_names(tables)
    rows = []
    for order, quantity in enumerate(COMPARED):
        part = values[values["quantity"] == quantity].sort_values(["value", "geo"], ascending=[False, True])
        share = part["value"].head(top).sum() / part["value"].sum()
        states = ", ".join(names[g] for g in part["geo"].head(top))
        rows.append((quantity, float(share), states, part["coverage"].iloc[0], order))
    return pd.DataFrame(rows, columns=["quantity", "share", "states", "coverage", "order"])


def pair_rows(found: Connection) -> pd.DataFrame:
    """Return the cross-tier pairs of claim C05 and what both references give: what, pairs, low, high, order."""
    one = found.nulls.loc[HELD]
    rows = [(SEEN, one["observed"], np.nan, np.nan)]
    kinds = {"If each state kept its total in both tiers": HELD, "If partners were dealt to states by chance": ANEW}
    rows += [(what, *found.nulls.loc[k, ["null_mean", "null_low", "null_high"]]) for what, k in kinds.items()]
    return pd.DataFrame(rows, columns=["what", "pairs", "low", "high"]).assign(order=range(len(rows)))


def index_changes(tables: Tables) -> pd.DataFrame:
    """Return the index of each state (EU of the year = 100) in the first and last year of the newest series of C08.

    Returns
    -------
    pandas.DataFrame
        Columns geo, name, first, last, start, end (years), edition.
    """
    edition = SECOND["eis"][-1]
    rows = index_relative_to_eu(tables, edition)
    start, end = int(rows["year"].min()), int(rows["year"].max())
    wide = rows.pivot(index="geo", columns="year", values="relative")[[start, end]].set_axis(["first", "last"], axis=1)
    wide = wide.reset_index().assign(start=start, end=end, edition=edition)
    return wide.assign(name=wide["geo"].map(country_names(tables)))


def money_by_side(tables: Tables, plan: Plan) -> pd.DataFrame:
    """Return euro per head in states below and above the EU average of innovation, for the reform money of claim C12.

    Returns
    -------
    pandas.DataFrame
        Columns instrument, side (`BELOW`, `ABOVE`), per_head (euro, all money over all people), ci_low, ci_high (95 %,
        states drawn), n (states with a figure), order.
    """
    heads = country_values(tables, "population", PER_HEAD_YEAR).set_index("geo")["value"]
    frame = money.money_by_country(tables, money.REFORM).dropna(subset=["meur"])
    frame = frame.assign(heads=frame["geo"].map(heads), side=np.where(frame["gap"] > 0, BELOW, ABOVE))
    rng = stream(plan, SIDES)
    rows: list[tuple] = []
    for instrument in money.REFORM:
        for side in (BELOW, ABOVE):
            part = frame[(frame["instrument"] == instrument) & (frame["side"] == side)].sort_values("geo")
            euro, people = 1e6 * part["meur"].to_numpy(), part["heads"].to_numpy()

            def per_head(i: np.ndarray, euro: np.ndarray = euro, people: np.ndarray = people) -> float:
                return float(euro[i].sum() / people[i].sum())

            low, high = percentile(cluster_bootstrap(part["geo"], per_head, rng))
            rows.append((instrument, side, per_head(np.arange(len(part))), low[0], high[0], len(part), len(rows)))
    return pd.DataFrame(rows, columns=["instrument", "side", "per_head", "ci_low", "ci_high", "n", "order"])
