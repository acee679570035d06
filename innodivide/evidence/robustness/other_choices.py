"""The registered question asked in every other reasonable way. Everything here is exploratory and labelled so."""

import numpy as np
import pandas as pd
import statsmodels.api as sm

from innodivide.data.tables import Tables, indicators_of, member_states
from innodivide.evidence.confirmatory import Confirmatory, stream
from innodivide.evidence.multiverse import grid as grid_module, whole_grid as multiverse
from innodivide.evidence.plan import Plan
from innodivide.evidence.robustness import other_outcomes, uncertain_labels
from innodivide.indicators import composite
from innodivide.indicators.panel import country_totals
from innodivide.models.decomposition import shapley as importance
from innodivide.models.estimators.design import CONTROLS
from innodivide.models.inference import few_clusters, linear_permutation, sweep
from innodivide.models.inference.confounding import Sensitivity, e_value, risk_ratio, robustness_value
from innodivide.models.result import results_frame

REGISTERED = "at_decision/ln_population/in/all/notifying/firth/lag1"
COMMON = 0.15  # share of events above which an odds ratio is read as a squared risk ratio (VanderWeele 2017)


def odds_ratio_curve(grid: pd.DataFrame) -> pd.DataFrame:
    """Return the specifications of the label that estimate log odds, with odds_ratio, ci_low and ci_high as ratios.

    Specifications that could not be fitted are kept, with the reason in `failed`.
    """
    rows = grid[(grid["family"] == "leader") & (grid["scale"] == multiverse.LOG_ODDS)]
    ends = {"odds_ratio": rows["log_odds"], "ci_low": rows["ci_low"], "ci_high": rows["ci_high"]}
    return rows.assign(**{name: np.exp(values) for name, values in ends.items()})


def every_specification(tables: Tables) -> pd.DataFrame:
    """Return every specification of the grid, both families and all estimators (`whole_grid.run_grid`)."""
    return multiverse.run_grid(tables, grid_module.expand(tables))


def joint_test(tables: Tables, specs: pd.DataFrame, plan: Plan, n_permutations: int) -> pd.DataFrame:
    """Return the joint permutation test of some specifications, one row for each statistic."""
    rng = stream(plan, 20)
    return multiverse.joint_test(tables, specs[grid_module.KEYS], n_permutations=n_permutations, rng=rng).frame


def cluster_methods(main: Confirmatory, plan: Plan) -> pd.DataFrame:
    """Return the leader coefficient of the linear probability model under methods for few clusters, one row each."""
    totals = country_totals(main.dyads)
    results = [few_clusters.lpm_clustered(main.dyads, kind=kind) for kind in ("CR1", "CR2", "two-way")]
    results += [
        few_clusters.wild_cluster_bootstrap(main.dyads, weights=w, rng=stream(plan, 21)) for w in ("rademacher", "webb")
    ]
    results.append(linear_permutation.freedman_lane(totals, rng=stream(plan, 22)))
    return results_frame(results)


def confounding(main: Confirmatory, claimed: bool) -> dict[str, Sensitivity]:
    """Return E-value and robustness value of the registered association, withheld unless an association is claimed.

    The odds ratio stands for a risk ratio by its square root, participation being common. The robustness value is that
    of least squares on country totals, whose errors are independent of each other as those of dyads are not.
    """
    events, dyads = main.profile.known("n_events", "n_dyads")
    ratios = (risk_ratio(end, events > COMMON * dyads) for end in main.interval.known("estimate", "ci_low", "ci_high"))
    ratio, low, high = ratios
    totals = country_totals(main.dyads)
    columns = sm.add_constant(totals[["leader_share", *CONTROLS]].astype(float))
    fit = sm.OLS(totals["rate"].astype(float), columns).fit()
    return {
        "e_value": e_value(ratio, low, high, claimed=claimed),
        "robustness": robustness_value(float(fit.tvalues["leader_share"]), int(fit.df_resid), claimed=claimed),
    }


def threshold_sweep(tables: Tables, main: Confirmatory) -> pd.DataFrame:
    """Return the odds ratio of being above each cut of the index (`sweep.threshold_sweep`)."""
    return sweep.threshold_sweep(other_outcomes.with_index(tables, main.dyads))


def leave_one_out(main: Confirmatory) -> pd.DataFrame:
    """Return the registered estimate without each country and IPCEI: unit, dropped, odds_ratio, interval, note."""
    parts = [
        importance.leave_one_out(main.dyads, by="geo").assign(unit="country"),
        importance.leave_one_out(main.dyads, by="ipcei_id").assign(unit="IPCEI"),
    ]
    return pd.concat(parts, ignore_index=True)


def shapley(main: Confirmatory, plan: Plan) -> pd.DataFrame:
    """Return what size, wealth and status add to the fit (Shapley values of McFadden R2), with intervals."""
    return importance.shapley_fit(main.dyads, n_boot=499, rng=stream(plan, 23)).frame


def index_audit(tables: Tables, plan: Plan) -> pd.DataFrame:
    """Return the sensitivity audit of the index over all its construction choices (`composite.audit`)."""
    scores, index = composite.score_matrix(tables), composite.index_values(tables)
    weights = composite.implicit_weights(scores, index)
    missing = composite.missing_cells(composite.classify_zeros(scores, index, weights), scores)
    block = composite.normalised_scores(scores, weights, missing)
    dimensions = indicators_of(tables, composite.EDITION).set_index("indicator_code")["dimension_code"]
    members = list(member_states(tables)["geo"])
    choices = composite.default_choices(dimensions, stream(plan, 24))
    return composite.audit(block, choices, dimensions=dimensions, countries=members, editions=tables["eis_edition"])


def label_uncertainty(tables: Tables, main: Confirmatory, plan: Plan) -> pd.DataFrame:
    """Return the estimate under leader labels redrawn by the index's construction choices."""
    redrawn = composite.redraw_groups(index_audit(tables, plan))
    return uncertain_labels.label_uncertainty(main.dyads, redrawn)
