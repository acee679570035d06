"""Claim C12 by the second registration: funds by name, realised payments by region, recommendations of all years."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from innodivide.data.tables import Tables
from innodivide.evidence.claims.finding import Finding, otherwise
from innodivide.evidence.confirmatory import stream
from innodivide.evidence.plan import Plan
from innodivide.indicators.recommendations import share_of_years, telling_years
from innodivide.indicators.regional_frame import PAYMENT_YEARS, regional_frame
from innodivide.indicators.tiers import money
from innodivide.models.inference.cluster_bootstrap import cluster_bootstrap, percentile
from innodivide.models.inference.slope import permutation_slope
from innodivide.wording import join_names, p_text, sentence, teller

MONEY, ADVICE, PAID = 114, 115, 116  # streams of the plan
FUNDS, RECOMMENDATIONS = tuple(money.REFORM), "recommendations"
EQUAL = "at equal GDP per head"
GAP_YEAR = 2016  # of the recommendations: the first year of the series


@dataclass(frozen=True)
class MoneyAndAdvice:
    """What the rule of C12 reads.

    Attributes
    ----------
    funds : pandas.DataFrame
        Index instrument, columns of `money.money_against_gap`.
    advice : dict
        Slope of the share of years with a recommendation on ten points of the gap: estimate, ci_low, ci_high, p_value.
    paid : pandas.DataFrame
        Index "over regions", "at equal GDP per head", "within states": rho, ci_low, ci_high, n. Euro per head of
        realised ERDF payments against the regional gap.
    """

    funds: pd.DataFrame
    advice: dict
    paid: pd.DataFrame


def money_and_advice(tables: Tables, plan: Plan) -> MoneyAndAdvice:
    """Return everything that the rule of C12 reads."""
    rows = money.money_against_gap(tables, stream(plan, MONEY), plan.permutations, money.REFORM)
    told = share_of_years(tables).dropna(subset=["share"])
    gap = money.innovation_gap(tables, GAP_YEAR).reindex(told["geo"]).to_numpy()
    advice = permutation_slope(gap / 10, told["share"].to_numpy(), stream(plan, ADVICE), plan.permutations)
    return MoneyAndAdvice(rows.set_index("instrument"), advice, paid_against_gap(tables, stream(plan, PAID)))


def paid_against_gap(tables: Tables, rng: np.random.Generator, n_boot: int = 1999) -> pd.DataFrame:
    """Return the rank correlation of ERDF payments per head with the gap of the region, whole countries drawn.

    "At equal GDP per head": of the residuals of both ranks on the ranks of GDP per head. "Within states": both ranks
    less their mean in the state, of states with two regions at least.
    """
    frame = regional_frame(tables).dropna(subset=["erdf_per_head", "gap", "gdp_pc"])
    several = frame.groupby("geo")["geo"].transform("size") > 1
    kinds = {"over regions": frame, EQUAL: frame, "within states": frame[several]}
    rows = {}
    for kind, part in kinds.items():
        data = part[["gap", "erdf_per_head", "gdp_pc"]].to_numpy(dtype=float)
        states = pd.factorize(part["geo"], sort=True)[0]

        def rho(i: np.ndarray, kind: str = kind, data: np.ndarray = data, states: np.ndarray = states) -> float:
            return _rank_correlation(data[i], states[i], kind)

        low, high = percentile(cluster_bootstrap(part["geo"], rho, rng, n_boot))
        rows[kind] = {"rho": rho(np.arange(len(part))), "ci_low": low[0], "ci_high": high[0], "n": len(part)}
    return pd.DataFrame(rows).T


def _rank_correlation(data: np.ndarray, states: np.ndarray, kind: str) -> float:
    """Correlation of the ranks of the first two columns, as `kind` says."""
    a, b = money.rank_residuals(data if kind == EQUAL else data[:, :2])
    if kind == "within states":
        size = np.bincount(states)
        a, b = (x - (np.bincount(states, x) / np.maximum(size, 1))[states] for x in (a, b))
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def runs_with_gap(found: MoneyAndAdvice, p_holm: pd.Series, alpha: float) -> pd.Series:
    """Return for each of the five parts 1 (with the gap), -1 (against it) or 0; `p_holm` by part."""
    signs = {f: np.sign(found.funds.at[f, "rho"]) * (p_holm[f] < alpha) for f in FUNDS}
    signs[RECOMMENDATIONS] = np.sign(found.advice["estimate"]) * (p_holm[RECOMMENDATIONS] < alpha)
    over = found.paid.loc["over regions"]
    signs["ERDF payments by region"] = int(over["ci_low"] > 0) - int(over["ci_high"] < 0)
    return pd.Series(signs).astype(int)


def goes_with_gap(signs: pd.Series) -> str:
    """Verdict on C12 from `runs_with_gap`."""
    if (signs > 0).all():
        return "supported"
    if 2 * (signs < 0).sum() > len(signs):
        return "contradicted"
    return "partly" if (signs > 0).any() else "inconclusive"


def _other_parts(signs: pd.Series) -> str:
    """Return which parts run the other way and which not clearly either way, as the end of a sentence."""
    kinds = {"against it": signs < 0, "not clearly": signs == 0}
    return "".join(f"; {how}: {join_names(signs.index[of])}" for how, of in kinds.items() if of.any())


def c12(tables: Tables, plan: Plan, found: MoneyAndAdvice, p_holm: pd.Series) -> Finding:
    """C12: reform money and recommendations go where the gap is."""
    signs = runs_with_gap(found, p_holm, plan.alpha)
    one = (
        "{name} {r.rho:+.2f} ({r.ci_low:+.2f} to {r.ci_high:+.2f}), p (Holm) {p}, at equal GDP per head "
        "{r.rho_given_wealth:+.2f} ({r.low_given_wealth:+.2f} to {r.high_given_wealth:+.2f})"
    )
    shown = [sentence(one, name=f, r=found.funds.loc[f], p=p_text(p_holm[f], "= ")) for f in FUNDS]
    region = "{k} {r.rho:+.2f} ({r.ci_low:+.2f} to {r.ci_high:+.2f})"
    paid = [sentence(region, k=k, r=r) for k, r in found.paid.iterrows()]
    years = telling_years(tables).query("tells").index
    values: dict[str, object] = {"shown": "; ".join(shown), "paid": join_names(paid), "advice": found.advice}
    values |= {"p_advice": p_text(p_holm[RECOMMENDATIONS], "= "), "n_years": len(years), "first": PAYMENT_YEARS[0]}
    values |= {"last": PAYMENT_YEARS[-1], "over": found.paid.loc["over regions"], "equal": found.paid.loc[EQUAL]}
    values |= {"states_low": found.funds["n"].min(), "states_high": found.funds["n"].max()}
    for key, column in (("rhos", "rho"), ("given", "rho_given_wealth")):
        values[key] = join_names([sentence("{v:+.2f}", v=v) for v in found.funds[column]])
    values |= {"with_it": join_names(signs.index[signs > 0]), "not": join_names(signs.index[signs <= 0])}
    values |= {"n_with": int((signs > 0).sum()), "n_parts": len(signs), "others": _other_parts(signs)}
    tell = teller(points=100 * found.advice["estimate"], **values)
    verdict, some = goes_with_gap(signs), (signs > 0).any()
    ways = {
        "supported": "if {not} ran with the gap too" if some else "if {not} ran with the gap",
        "partly": "if one to four of the five ran with the gap",
        "contradicted": "if most of the five ran against it",
    }
    return Finding(
        claim_id="C12",
        verdict=verdict,
        numbers=tell(
            "Rank correlation of euro per head with the gap, over states: {shown}. Recommendations: {points:+.1f} "
            "percentage points of the {n_years} telling years for each 10 points of gap, p (Holm) {p_advice}. Realised "
            "ERDF payments {first} to {last} against the regional gap: {paid}."
            " With the gap run {with_it}" + ("." if (signs > 0).all() else "; not {not}.")
        ),
        coverage=tell(
            "{states_low} to {states_high} states, planned money of three funds; {over[n]:.0f} regions, realised "
            "payments of the whole ERDF, their regional split modelled by the Commission; proposals for "
            "recommendations, found by keyword"
        ),
        short=tell(
            "{n_with} of {n_parts} parts go where the gap is{others}. Rank correlation of money with the gap over "
            "states, by fund {rhos}, at equal GDP per head {given}; of ERDF payments over regions, likewise "
            "{equal[rho]:+.2f} ({equal[ci_low]:+.2f} to {equal[ci_high]:+.2f})."
        ),
        rests=tell("three funds, {n_years} years of recommendations, {over[n]:.0f} regions"),
        change=tell(otherwise(verdict, ways))
        + ". All funds are allotted by wealth, so running with the gap does not by itself show that innovation decides",
    )
