"""The registered question in one field of technology at a time: exploratory, and apart from the grid."""

import pandas as pd

from innodivide import models
from innodivide.data.tables import Tables, integrated_ipceis
from innodivide.errors import DesignError
from innodivide.evidence.answer import LEADERS, OTHERS, plain_shares
from innodivide.evidence.confirmatory import Confirmatory, stream
from innodivide.evidence.plan import Plan
from innodivide.models.result import as_odds_ratio

FIELDS = 25  # stream of the plan


def by_field(tables: Tables, main: Confirmatory, plan: Plan) -> pd.DataFrame:
    """Return plain shares and the registered model within the IPCEIs of each field of technology.

    Returns
    -------
    pandas.DataFrame
        One row for each field, most IPCEIs first: field, n_ipceis, n_events, n_treated, leaders_taken, leaders_open,
        others_taken, others_open, odds_ratio, ci_low, ci_high (t with the dispersion of the states), dispersion,
        p_value (permutation of whole country rows), note (why a number is missing).
    """
    fields = integrated_ipceis(tables).set_index("ipcei_id")["value_chain"]
    rng, rows = stream(plan, FIELDS), []
    for field, dyads in main.dyads.groupby(main.dyads["ipcei_id"].map(fields)):
        shares = plain_shares(dyads)
        row = {"field": field, "n_ipceis": dyads["ipcei_id"].nunique(), "n_events": int(dyads["participates"].sum())}
        row |= {"n_treated": dyads.loc[dyads["leader"], "geo"].nunique()}
        for who in (LEADERS, OTHERS):
            row |= {f"{who}_{column}": shares.at[who, column] for column in ("taken", "open")}
        notes = []
        try:
            test = models.permutation_test(dyads, n_permutations=plan.permutations, rng=rng)
            row["p_value"] = test.p_value
        except DesignError as error:
            notes.append(f"no test: {error}")
        try:
            fit = models.firth_logit(dyads, profiles=False)
            found = as_odds_ratio(models.dispersion_interval(fit))
            row |= {"odds_ratio": found.estimate, "ci_low": found.ci_low, "ci_high": found.ci_high}
            row["dispersion"] = fit.dispersion
        except DesignError as error:
            notes.append(f"no interval: {error}")
        rows.append(row | {"note": "; ".join(notes)})
    names = ["field", "n_ipceis", "n_events", "n_treated", "leaders_taken", "leaders_open", "others_taken"]
    names += ["others_open", "odds_ratio", "ci_low", "ci_high", "dispersion", "p_value", "note"]
    frame = pd.DataFrame(rows).reindex(columns=names)
    return frame.sort_values(["n_ipceis", "field"], ascending=[False, True], ignore_index=True)
