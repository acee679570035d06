"""The registered analysis (analysis_plan.yml): model, tests, family of claims and announced sensitivities."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from innodivide import models
from innodivide.data.editions import BRIEF, PLAN
from innodivide.data.tables import Tables, integrated_ipceis
from innodivide.errors import DesignError, ParameterError
from innodivide.evidence.plan import Plan
from innodivide.indicators.panel import country_totals, ipcei_dyads
from innodivide.models.inference.power import minimum_detectable_odds_ratio
from innodivide.models.result import Result, as_odds_ratio

NAMED_FIVE = ("DE", "DK", "FI", "FR", "SE")
NAMED_THREE = ("BG", "PL", "RO")
LOWEST_GROUPS = ("modest", "emerging")
BRIEF_CUTOFF = "2021-04-30"
FIXED_CONTROLS_YEAR = 2019
TO_DATE = "Record to date (exploratory)"
BOOTSTRAPS = 999
POWER = 0.80
CLAIM_STREAMS = {"C01": 7, "C08": 8, "C05": 9, "C09": 10, "C10": 11, "C12": 12}  # of the first claims that draw
LATER_CLAIMS = 100  # stream of a later claim: this and its number


@dataclass(frozen=True)
class Confirmatory:
    """The estimate with its intervals and tests: odds ratios, and percentage points for `effect`."""

    dyads: pd.DataFrame
    fit: models.FirthFit
    interval: Result
    profile: Result
    permutation: Result
    second_permutation: Result
    effect: Result | None


def stream(plan: Plan, part: int) -> np.random.Generator:
    """Return the generator of one part of the analysis: parts can be run alone and still give the same numbers."""
    return np.random.default_rng(np.random.SeedSequence(plan.seed, spawn_key=(part,)))


def claim_stream(plan: Plan, claim_id: str) -> np.random.Generator:
    """Return the generator of one claim, such as "C05"."""
    return stream(plan, CLAIM_STREAMS.get(claim_id, LATER_CLAIMS + int(claim_id[1:])))


def newer_ipceis(tables: Tables, plan: Plan) -> pd.DataFrame:
    """Return the integrated IPCEIs decided after the plan's period: they never enter a registered result."""
    rows = integrated_ipceis(tables.as_of())
    return rows[rows["decision_date"] > plan.period[1]]


def registered(tables: Tables, plan: Plan) -> Tables:
    """Return the tables of registered results: nothing decided or published after the plan's period, the editions of
    the claims (`editions.PLAN`)."""
    end = plan.period[1]
    later = len(newer_ipceis(tables, plan)) or (tables.as_of()["eis_edition"]["published"] > end).any()
    return tables.as_of(end if later else None, PLAN)


def planned_dyads(tables: Tables, plan: Plan, period: str = "registered", **changes) -> pd.DataFrame:
    """Return the dyads of the plan.

    Parameters
    ----------
    period : {"registered", "to date"}
        Which IPCEIs: those decided in the plan's period, or all on record (exploratory).
    changes
        Arguments of `panel.ipcei_dyads` for announced sensitivities.
    """
    fixed = {
        "status": plan.fixed["exposure"]["status"],
        "roles": plan.fixed["outcome"]["roles"],
        "controls": plan.fixed["controls"]["year"],
    }
    if period == "to date":
        return ipcei_dyads(tables.as_of(), **(fixed | changes))
    if period != "registered":
        raise ParameterError(f"period={period!r}: allowed are 'registered', 'to date'")
    return ipcei_dyads(registered(tables, plan), **(fixed | {"since": plan.period[0]} | changes))


def analyse(dyads: pd.DataFrame, plan: Plan, effect: bool = True) -> Confirmatory:
    """Fit the registered model and run its tests.

    Parameters
    ----------
    dyads : pandas.DataFrame
        From `planned_dyads`.
    effect : bool
        Whether to bootstrap the average marginal effect (the slowest part).
    """
    count = plan.permutations
    fit = models.firth_logit(dyads)
    return Confirmatory(
        dyads=dyads,
        fit=fit,
        interval=as_odds_ratio(models.dispersion_interval(fit)),
        profile=as_odds_ratio(fit.result),
        permutation=_row_test(dyads, plan),
        second_permutation=models.permutation_test(dyads, method="potter", n_permutations=count, rng=stream(plan, 2)),
        effect=models.average_marginal_effect(fit, dyads, stream(plan, 3), n_boot=BOOTSTRAPS) if effect else None,
    )


def _row_test(dyads: pd.DataFrame, plan: Plan) -> Result:
    """Return the registered test."""
    return models.permutation_test(dyads, method="rows", n_permutations=plan.permutations, rng=stream(plan, 1))


def sensitivities(tables: Tables, plan: Plan) -> pd.DataFrame:
    """Repeat the estimate under each choice announced in the plan, and to date if there are newer IPCEIs.

    Returns
    -------
    pandas.DataFrame
        Columns choice, odds_ratio, ci_low, ci_high (dispersion-inflated t), p_value (row permutation), dispersion,
        n_ipceis, n_treated, note. A choice for which the model is not defined has missing numbers and says why. The
        last row is `TO_DATE`, exploratory, if the record has IPCEIs decided after the plan's period.
    """
    choices: dict[str, dict] = {
        "As registered": {},
        "Status one edition earlier": {"status": "lag1"},
        f"Status of EIS {BRIEF['eis']} throughout": {"status": BRIEF["eis"]},
        f"Population and GDP of {FIXED_CONTROLS_YEAR}": {"controls": FIXED_CONTROLS_YEAR},
        "Late joiners count as taking part": {"roles": ["notifying", "joined_later"]},
        "IPCEIs up to the brief": {"until": BRIEF_CUTOFF},
        "IPCEIs after the brief": {"since": BRIEF_CUTOFF},
    }
    if len(newer_ipceis(tables, plan)):
        choices[TO_DATE] = {"period": "to date"}
    rows = []
    for choice, changes in choices.items():
        dyads = planned_dyads(tables, plan, **changes)
        row = {
            "choice": choice,
            "n_ipceis": dyads["ipcei_id"].nunique(),
            "n_treated": dyads.loc[dyads["leader"], "geo"].nunique(),
        }
        try:
            fit = models.firth_logit(dyads, profiles=False)
            interval, test = as_odds_ratio(models.dispersion_interval(fit)), _row_test(dyads, plan)
            row |= {
                "odds_ratio": interval.estimate,
                "ci_low": interval.ci_low,
                "ci_high": interval.ci_high,
                "p_value": test.p_value,
                "dispersion": fit.dispersion,
                "note": fit.separation_note,
            }
        except DesignError as error:
            row |= {"note": f"not defined: {error}"}
        rows.append(row)
    columns = ["choice", "odds_ratio", "ci_low", "ci_high", "p_value", "dispersion", "n_ipceis", "n_treated", "note"]
    return pd.DataFrame(rows).reindex(columns=columns)


def claims_family(main: Confirmatory, plan: Plan) -> pd.DataFrame:
    """Test the four secondary claims of the plan and correct them together (Holm).

    Returns
    -------
    pandas.DataFrame
        Columns claim, statement, measure, estimate, p_value, p_holm, as_claimed (the sign is the claimed one), verdict
        ("supported", "contradicted" or "inconclusive"), p_kind.
    """
    alpha, count = plan.alpha, plan.permutations
    dyads = main.dyads
    rates = country_totals(dyads).set_index("geo")["rate"]
    outcome = dyads.assign(participates=dyads["participates"].astype(float)).pivot(
        index="geo", columns="ipcei_id", values="participates"
    )
    wealth = models.permutation_test(
        dyads,
        term="ln_gdp_pc_pps",
        controls=("ln_population", "leader"),
        method="rows",
        n_permutations=count,
        rng=stream(plan, 4),
    )
    five = models.label_permutation_difference(rates, NAMED_FIVE)
    lowest = dyads.assign(lowest=dyads["group"].isin(LOWEST_GROUPS)).pivot(
        index="geo", columns="ipcei_id", values="lowest"
    )
    modest = models.label_permutation_difference(outcome, lowest, n_permutations=count, rng=stream(plan, 5))
    tests = {
        "leaders": (main.permutation, "score statistic given size and wealth", 1),
        "named_five": (five, "difference in participation rate", 1),
        "modest_group": (modest, "difference in participation rate", -1),
        "wealth": (wealth, "score statistic given size and leader status", 1),
    }
    rows = [
        {
            "claim": name,
            "statement": plan.fixed["claims_family"][name],
            "measure": measure,
            "estimate": result.estimate,
            "p_value": result.p_value,
            "as_claimed": bool(np.sign(result.estimate) == sign),
            "p_kind": result.p_kind,
        }
        for name, (result, measure, sign) in tests.items()
    ]
    frame = pd.DataFrame(rows)
    frame["p_holm"] = models.holm(frame["p_value"])["p_holm"]
    frame["verdict"] = np.select(
        [(frame["p_holm"] < alpha) & frame["as_claimed"], (frame["p_holm"] < alpha)],
        ["supported", "contradicted"],
        "inconclusive",
    )
    return frame[["claim", "statement", "measure", "estimate", "p_value", "p_holm", "as_claimed", "verdict", "p_kind"]]


def named_counts(dyads: pd.DataFrame, named: tuple[str, ...]) -> pd.DataFrame:
    """Return geo, n_participations and n_possible of the states that a claim names."""
    rows = country_totals(dyads[dyads["geo"].isin(named)])
    return rows[["geo", "n_participations", "n_possible"]]


def power_curve(main: Confirmatory, plan: Plan):
    """Return the power of the registered test on the real design at the dispersion found (`power.PowerCurve`)."""
    return minimum_detectable_odds_ratio(
        main.dyads,
        stream(plan, 6),
        phi=max(main.fit.dispersion, 1.0),
        power=POWER,
        alpha=plan.alpha,
        n_sim=int(plan.fixed["power"]["simulations"]),
    )


def null_draws(main: Confirmatory, plan: Plan) -> pd.DataFrame:
    """Return the score statistics of the permutations behind `Confirmatory.permutation`: one column, `value`."""
    draws = models.permutation_draws(main.dyads, n_permutations=plan.permutations, rng=stream(plan, 1))
    return pd.DataFrame({"value": draws})


def odds_ratios(fit: models.FirthFit) -> pd.DataFrame:
    """Return every coefficient as an odds ratio, of a logarithm for each doubling.

    Returns
    -------
    pandas.DataFrame
        Index term; odds_ratio, ci_low, ci_high (t with the dispersion between countries, as registered for leaders),
        dyad_low, dyad_high (profile, independent dyads; missing where the fit has no profiles).
    """
    found = fit.coefficients.drop(index="intercept")
    reach = stats.t.ppf((1 + fit.level) / 2, fit.df) * found["se"] * np.sqrt(fit.dispersion)
    unit = pd.Series(np.where(found.index.str.startswith("ln_"), np.log(2), 1.0), index=found.index)
    logs = {"odds_ratio": found["estimate"], "ci_low": found["estimate"] - reach, "ci_high": found["estimate"] + reach}
    logs |= {"dyad_low": found["ci_low"], "dyad_high": found["ci_high"]}
    return pd.DataFrame({name: np.exp(unit * value) for name, value in logs.items()}).rename_axis("term")


def coefficients(main: Confirmatory) -> pd.DataFrame:
    """Return `odds_ratios` of the registered model with its terms in words."""
    labels = {
        "leader": "Innovation leader",
        "ln_population": "Population (per doubling)",
        "ln_gdp_pc_pps": "GDP per head, PPS (per doubling)",
    }
    return odds_ratios(main.fit).loc[list(labels)].rename(index=labels).reset_index()
