"""The answer in the order of a reader: plain shares, the adjusted odds ratio, what is ruled out, what cannot be told.

Equivalence, its margins and the model of the next participation: second registration of analysis_plan.yml.
"""

import math

import numpy as np
import pandas as pd

from innodivide import models
from innodivide.data.tables import Tables, country_names
from innodivide.evidence.confirmatory import Confirmatory, planned_dyads, stream
from innodivide.evidence.plan import Plan
from innodivide.indicators.panel import country_totals
from innodivide.models.estimators.design import CONTROLS
from innodivide.models.estimators.history import earlier_share
from innodivide.models.inference.equivalence import flat_prior_probability, tost_of_result
from innodivide.models.result import Result, as_odds_ratio

LEADERS, OTHERS = "leaders", "others"
NEXT = 101  # stream of the plan
HISTORY = "earlier_share"
GIVEN = (*CONTROLS, HISTORY)  # what the model of the next participation holds fixed


def plain_shares(dyads: pd.DataFrame) -> pd.DataFrame:
    """Return how many of the projects open to them the two kinds of states took part in, nothing held fixed.

    A project is open to every Member State; a state counts as a leader in the projects that were decided while it was
    one.

    Returns
    -------
    pandas.DataFrame
        Index status ("leaders", "others"), columns taken, open (pairs of state and project), share (0 to 1), ci_low,
        ci_high (95 %, whole states drawn; missing where it cannot be told: `models.cluster_share`), states (that ever
        had the status at a decision).
    """
    who = dyads["leader"].map({True: LEADERS, False: OTHERS}).rename("status")
    totals = dyads.groupby([who, "geo"])["participates"].agg(taken="sum", open="size")
    rows: dict[str, dict] = {}
    for status in (LEADERS, OTHERS):
        states = totals.loc[status]
        found = models.cluster_share(states["taken"], states["open"])
        rows[status] = {"taken": int(states["taken"].sum()), "open": found.n_cases, "share": found.share}
        rows[status] |= {"ci_low": found.ci_low, "ci_high": found.ci_high, "states": found.n_clusters}
    frame = pd.DataFrame(rows).T.rename_axis("status")
    return frame.astype({"taken": int, "open": int, "share": float, "ci_low": float, "ci_high": float, "states": int})


def ruled_out(main: Confirmatory, plan: Plan) -> pd.DataFrame:
    """Return, for each margin of the second registration, whether larger associations are ruled out.

    Two one-sided tests at country level: the estimate on the log odds, its standard error with the dispersion between
    states, t with the degrees of freedom of the states. Beside it the probability under a flat prior on the log odds.

    Returns
    -------
    pandas.DataFrame
        Columns margin (name), factor (odds ratio, either way), p_value (of "at or beyond the margin"), equivalent,
        or_low, or_high (the 1 - 2 alpha interval: odds ratios outside are ruled out), factor_ruled_out (smallest
        symmetric factor that is), p_within, p_above, p_below (flat prior).
    """
    estimate, df = models.dispersion_interval(main.fit), main.fit.df
    rows = []
    for name, factor in plan.second["equivalence"]["margins"].items():
        limit = math.log(factor)
        test = tost_of_result(estimate, df, -limit, limit, plan.alpha)
        value, se = estimate.known("estimate", "se")
        ends = {"p_within": (-limit, limit), "p_above": (limit, math.inf), "p_below": (-math.inf, -limit)}
        chance = {k: flat_prior_probability(value, se, df, *v) for k, v in ends.items()}
        found = {"p_value": test.p_value, "equivalent": test.equivalent, "factor_ruled_out": test.ruled_out_factor}
        found |= {"or_low": math.exp(test.ci_low), "or_high": math.exp(test.ci_high)}
        rows.append({"margin": name, "factor": float(factor), **found, **chance})
    columns = ["margin", "factor", "p_value", "equivalent", "or_low", "or_high", "factor_ruled_out"]
    return pd.DataFrame(rows)[[*columns, "p_within", "p_above", "p_below"]]


def next_participation(tables: Tables, plan: Plan, period: str = "registered") -> dict[str, Result]:
    """Return the association of leader status with the next participation, given the state's record so far.

    The share of the IPCEIs decided earlier in which the state took part joins size and wealth as a control; the first
    IPCEI has no record before it and is left out.

    Returns
    -------
    dict
        "leaders": odds ratio with the dispersion interval; "history": odds ratio of having taken part in all instead of
        none of the earlier ones, likewise; "test": permutation of whole country rows of the status.
    """
    dyads = earlier_share(planned_dyads(tables, plan, period))
    fit = models.firth_logit(dyads, controls=GIVEN, profiles=False)
    test = models.permutation_test(
        dyads, controls=GIVEN, method="rows", n_permutations=plan.permutations, rng=stream(plan, NEXT)
    )
    past = models.firth_logit(dyads, term=HISTORY, controls=(*CONTROLS, "leader"), profiles=False)
    return {
        "leaders": as_odds_ratio(models.dispersion_interval(fit)),
        "history": as_odds_ratio(models.dispersion_interval(past)),
        "test": test,
    }


def dyad_frame(tables: Tables, dyads: pd.DataFrame) -> pd.DataFrame:
    """Return the registered dyads with everything that the model, its test and the next participation read.

    Returns
    -------
    pandas.DataFrame
        In the order of the decisions: geo, name, ipcei_id, decision_date, participates, edition, group, leader,
        population, gdp_pc_pps (EU27 = 100), wealth_basis and wealth_flag (of that figure), their logs ln_population and
        ln_gdp_pc_pps, ln_gdp, earlier_share (missing for the first IPCEI, which has no record before it).
    """
    panel = tables["country_panel"]
    wealth = panel[panel["variable"] == "gdp_pc_pps"].rename(columns={"basis": "wealth_basis", "flag": "wealth_flag"})
    rows = dyads.assign(year=dyads["decision_date"].dt.year - 1, name=dyads["geo"].map(country_names(tables)))
    rows = rows.merge(wealth[["geo", "year", "wealth_basis", "wealth_flag"]], on=["geo", "year"], how="left")
    past = earlier_share(dyads)[["geo", "ipcei_id", HISTORY]]
    rows = rows.merge(past, on=["geo", "ipcei_id"], how="left", validate="one_to_one")
    rows = rows.assign(population=np.exp(rows["ln_population"]), gdp_pc_pps=np.exp(rows["ln_gdp_pc_pps"]))
    columns = ["geo", "name", "ipcei_id", "decision_date", "participates", "edition", "group", "leader", "population"]
    columns += ["gdp_pc_pps", "wealth_basis", "wealth_flag", "ln_population", "ln_gdp_pc_pps", "ln_gdp", HISTORY]
    return rows.sort_values(["decision_date", "ipcei_id", "geo"], ignore_index=True)[columns]


def concentration_of_status(dyads: pd.DataFrame) -> pd.DataFrame:
    """Return the population of the largest state that was a leader at a decision, and of those beyond it.

    Common support: what the model says of status among larger states rests on its form alone.

    Returns
    -------
    pandas.DataFrame
        One row: largest_leader (geo), population (million, at its latest decision), larger (number of larger states),
        share_larger, share_within (participation of the states beyond and within, 0 to 1).
    """
    people = dyads.sort_values("decision_date").groupby("geo")["ln_population"].last()
    ever = dyads.groupby("geo")["leader"].any()
    limit = people[ever].max()
    rates = country_totals(dyads).set_index("geo")["rate"]
    beyond = people > limit + 1e-12
    row = {"largest_leader": people[ever].idxmax(), "population": math.exp(limit) / 1e6, "larger": int(beyond.sum())}
    row |= {"share_larger": rates[beyond].mean(), "share_within": rates[~beyond].mean()}
    return pd.DataFrame([row])
