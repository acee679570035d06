"""Quasi-binomial model of country totals."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from innodivide.errors import DesignError, checked
from innodivide.models.estimators.design import CONTROLS, separation, standardise
from innodivide.models.estimators.engine import back_transform, check_level
from innodivide.models.estimators.totals import Totals, prepare
from innodivide.models.frame_columns import numeric
from innodivide.models.result import Result, data_fingerprint, tidy_coefficients


@dataclass(frozen=True, eq=False)
class GroupedFit:
    """Quasi-binomial fit.

    Attributes
    ----------
    coefficients : DataFrame
        Index term (controls, exposure, ``intercept``); columns estimate, se, ci_low, ci_high, p_value
        (log odds, all with the dispersion in).
    result : Result
        The exposure's row as a record.
    dispersion : float
        Pearson statistic over the residual degrees of freedom `df`.
    df : int
    influence : DataFrame
        One row for each unit, in the order of their names: `unit`, hat (leverage, 0 to 1), student_residual (Pearson
        residual over its standard deviation), cooks_distance (shift of all coefficients without it, one-step).
    """

    coefficients: pd.DataFrame
    result: Result
    dispersion: float
    df: int
    influence: pd.DataFrame

    def tidy(self) -> pd.DataFrame:
        """Coefficients, one row each: term, estimate, std_error, statistic, p_value, conf_low, conf_high."""
        return tidy_coefficients(self.coefficients)

    def glance(self) -> pd.DataFrame:
        """One row about the fit, as `Result.glance`, with df and dispersion."""
        return self.result.glance()

    def __repr__(self) -> str:
        table = self.coefficients.round(4).to_string()
        return f"{table}\n\n{self.result}\nDispersion {self.dispersion:.3g} on {self.df} df"


@checked
def grouped_binomial(
    country_totals: pd.DataFrame,
    term: str = "leader_share",
    controls=CONTROLS,
    successes: str = "n_participations",
    trials: str = "n_possible",
    level: float = 0.95,
    unit: str = "geo",
) -> GroupedFit:
    """Quasi-binomial GLM of participation counts: maximum likelihood, dispersion from Pearson, t inference.

    Parameters
    ----------
    country_totals : DataFrame
        One row per country: `unit`, `term`, `controls`, `successes` and `trials` (whole, 0 <= successes <= trials).
    term, successes, trials, unit : str
    controls : sequence of str
    level : float in (0, 1)

    Returns
    -------
    GroupedFit

    Raises
    ------
    DesignError
        Degenerate data, or separated data (use `firth_logit`).

    Examples
    --------
    >>> from innodivide import country_totals
    >>> from innodivide import Tables, ipcei_dyads
    >>> dyads = ipcei_dyads(Tables(), until="2023-12-31")
    >>> grouped_binomial(country_totals(dyads)).glance()[["n_units", "df"]].to_dict("records")
    [{'n_units': 27, 'df': 23.0}]
    >>> most = grouped_binomial(country_totals(dyads)).influence.nlargest(1, "cooks_distance")
    >>> most[["geo", "cooks_distance"]].round(2).to_dict("records")
    [{'geo': 'FI', 'cooks_distance': 0.29}]
    """
    check_level(level)
    totals = prepare(country_totals, term, controls, successes, [trials], varies=False, unit=unit)
    n = _trials(totals, trials)
    hit, x, df = totals.y, totals.x, len(totals.y) - totals.x.shape[1]
    _refuse_separation(totals, n)
    beta, covariance, phi, influence = _binomial_glm(x, hit, n, df)
    center, scale, _ = standardise([numeric(totals.frame[name]) for name in totals.names[:-1]], len(hit))
    original = back_transform(np.append(center, 0.0), np.append(scale, 1.0))
    table = _t_table(original @ beta, phi * original @ covariance @ original.T, df, level, totals.names)
    row = table.loc[term]
    result = Result(
        method="grouped quasi-binomial logit",
        term=term,
        estimate=float(row["estimate"]),
        scale="log odds" if totals.binary else "log odds per unit",
        se=float(row["se"]),
        se_kind=f"inverse information x dispersion {phi:.4g}",
        ci_low=float(row["ci_low"]),
        ci_high=float(row["ci_high"]),
        ci_level=level,
        ci_kind=f"t with {df} df",
        p_value=float(row["p_value"]),
        p_kind=f"t with {df} df",
        n_dyads=int(n.sum()),
        n_countries=len(hit),
        n_events=int(hit.sum()),
        n_treated=totals.n_treated,
        dropped=(),
        separation=False,
        converged=True,
        notes=totals.notes,
        df=float(df),
        dispersion=phi,
        data_hash=data_fingerprint(totals.frame, [unit, trials, successes, *totals.names]),
    )
    influence.insert(0, unit, totals.geo)
    return GroupedFit(coefficients=table, result=result, dispersion=phi, df=df, influence=influence)


def _trials(totals: Totals, trials: str) -> np.ndarray:
    """Trials (n,), with successes and trials checked against each other."""
    hit, n, successes = totals.y, numeric(totals.frame[trials]), totals.outcome
    if (hit < 0).any() or (hit > n).any() or (n < 1).any() or np.mod([hit, n], 1).any():
        raise DesignError(f"{successes}, {trials}: expected whole numbers, 0 <= {successes} <= {trials}, {trials} >= 1")
    if hit.sum() in (0, n.sum()):
        raise DesignError(f"{successes}: constant outcome, {int(hit.sum())} of {int(n.sum())}")
    return n


def _refuse_separation(totals: Totals, n: np.ndarray) -> None:
    """DesignError if the maximum-likelihood estimate is infinite; counts matter only as zero or not."""
    some, rest, x = totals.y > 0, totals.y < n, totals.x[:, :-1]
    outcomes = np.repeat([1.0, 0.0], [some.sum(), rest.sum()])
    separated, note = separation(np.vstack([x[some], x[rest]]), outcomes, totals.names)
    if separated:
        raise DesignError(f"{totals.outcome}: separated data, {note}; use firth_logit")


def _binomial_glm(x: np.ndarray, hit: np.ndarray, n: np.ndarray, df: int):
    """Estimates (slopes, intercept), covariance at dispersion 1, Pearson dispersion, influence; intercept last in x."""
    import statsmodels.api as sm

    fitted = sm.GLM(np.column_stack([hit, n - hit]), x, family=sm.families.Binomial()).fit(tol=1e-12, maxiter=100)
    if not fitted.converged:
        raise DesignError("grouped binomial: no convergence in 100 iterations")
    # Not fit(scale="X2"): statsmodels then leaves the number of trials out of the dispersion.
    phi, found = float(fitted.pearson_chi2 / df), fitted.get_influence()
    columns = {"hat": found.hat_matrix_diag, "student_residual": found.resid_studentized / np.sqrt(phi)}
    columns["cooks_distance"] = found.cooks_distance[0] / phi  # both at dispersion 1 so far
    return np.asarray(fitted.params), np.asarray(fitted.cov_params()), phi, pd.DataFrame(columns)


def _t_table(beta: np.ndarray, covariance: np.ndarray, df: int, level: float, names) -> pd.DataFrame:
    """Coefficient frame with t intervals and p-values."""
    se = np.sqrt(covariance.diagonal())
    reach = stats.t.ppf((1 + level) / 2, df) * se
    p = 2 * stats.t.sf(np.abs(beta) / se, df)
    columns = {"estimate": beta, "se": se, "ci_low": beta - reach, "ci_high": beta + reach, "p_value": p}
    return pd.DataFrame(columns, index=pd.Index([*names, "intercept"], name="term"))
