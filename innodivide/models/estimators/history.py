"""Participation given earlier participation: the history of each unit as a column of the dyads."""

import pandas as pd

from innodivide.errors import DataError, DesignError
from innodivide.models.estimators.design import require_columns, require_keys

__all__ = ["earlier_share"]


def earlier_share(
    dyads: pd.DataFrame,
    unit: str = "geo",
    project: str = "ipcei_id",
    date: str = "decision_date",
    outcome: str = "participates",
    name: str = "earlier_share",
) -> pd.DataFrame:
    """Return the dyads with the share of the earlier projects in which the unit took part.

    share_ij = mean of y_ik over the projects k with date_k < date_j. Projects of one date share their history: none of
    them is earlier than the other. Those of the first date have none and are left out.

    With the share among the controls, `firth_logit` and `permutation_test` (whole rows of the status, outcomes and
    history held fixed) ask about new participation given earlier participation. Status that worked through earlier
    participation is then held fixed too.

    Parameters
    ----------
    dyads : pandas.DataFrame
        One row per unit and project, each unit facing every project; the named columns.
    unit, project, date, outcome : str
        `date` comparable and the same in all rows of a project; `outcome` boolean or 0/1.
    name : str
        Of the new column.

    Returns
    -------
    pandas.DataFrame
        Rows of the dyads after the first date in their order, with the column `name` (in [0, 1]).

    Raises
    ------
    DataError
        Absent columns, a missing key, date or outcome, a project with two dates, an outcome that is not 0/1, a name
        that is taken.
    DesignError
        A unit that lacks a project or has it twice, all projects on one date.
    """
    names = [unit, project, date, outcome]
    require_columns(dyads, names, "dyads")
    require_keys(dyads, names, "dyads")
    if name in dyads.columns:
        raise DataError(f"dyads: column {name} is there already; give another name")
    if not dyads[outcome].isin([0, 1]).all():
        raise DataError(f"{outcome}: expected a boolean or 0/1 outcome, got {dyads[outcome].unique()[:5]}")
    dates = dyads.groupby(project)[date].agg(["min", "nunique"])
    if (dates["nunique"] > 1).any():
        raise DataError(f"{date}: {dates.index[dates['nunique'] > 1][0]} has more than one; a project has one date")
    if dyads.duplicated([unit, project]).any() or len(dyads) != dyads[unit].nunique() * len(dates):
        raise DesignError(f"{unit}, {project}: every unit needs one row for every project, else shares do not compare")
    days = dates["min"].sort_values()
    if days.iloc[0] == days.iloc[-1]:
        raise DesignError(f"{date}: all projects are of {days.iloc[0]}; none has a history")
    took = dyads.assign(_took=dyads[outcome].astype(float)).pivot(index=unit, columns=project, values="_took")
    shares = {p: took[days.index[days < day]].mean(axis=1) for p, day in days.items() if day > days.iloc[0]}
    later = dyads[dyads[project].isin(list(shares))]
    column = [shares[p][u] for u, p in zip(later[unit], later[project])]
    return later.assign(**{name: column})
