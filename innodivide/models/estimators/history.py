"""Participation given earlier participation: the history of each unit as a column of the dyads."""

import numpy as np
import pandas as pd

from innodivide.errors import DataError, DesignError, checked
from innodivide.models.frame_columns import require_columns, require_keys

__all__ = ["earlier_share"]


@checked
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

    Examples
    --------
    >>> from innodivide import Tables, ipcei_dyads
    >>> dyads = ipcei_dyads(Tables(), until="2023-12-31")
    >>> later = earlier_share(dyads)
    >>> len(later) < len(dyads), bool(later["earlier_share"].between(0, 1).all())
    (True, True)
    """
    names = [unit, project, date, outcome]
    require_columns(dyads, names, "dyads")
    require_keys(dyads, names, "dyads")
    if dyads.empty:
        raise DesignError("dyads: the frame has no rows")
    if name in dyads.columns:
        raise DataError(f"dyads: column {name} is there already; give another name")
    if not dyads[outcome].isin([0, 1]).all():
        raise DataError(f"{outcome}: expected a boolean or 0/1 outcome, got {dyads[outcome].unique()[:5].tolist()}")
    rows = dyads[unit].factorize(sort=True)[0], dyads[project].factorize(sort=True)[0]
    n, k = rows[0].max(initial=-1) + 1, rows[1].max(initial=-1) + 1
    days, day = dyads[date].factorize(sort=True)[0], np.zeros(k, dtype=int)
    day[rows[1]] = days
    if (day[rows[1]] != days).any():
        twice = dyads[project].iloc[int((day[rows[1]] != days).argmax())]
        raise DataError(f"{date}: {twice} has more than one; a project has one date")
    took = np.full((n, k), np.nan)
    took[rows] = dyads[outcome].to_numpy(dtype=float)
    if len(dyads) != n * k or np.isnan(took).any():
        raise DesignError(f"{unit}, {project}: every unit needs one row for every project, else shares do not compare")
    if k == 0 or day.max() == 0:
        raise DesignError(f"{date}: all projects are of {dyads[date].min()}; none has a history")
    before = (day[:, None] < day).astype(float)  # (k, k): row k is earlier than column j
    share = took @ before / np.maximum(before.sum(axis=0), 1.0)
    later = day[rows[1]] > 0
    return dyads[later].assign(**{name: share[rows][later]})
