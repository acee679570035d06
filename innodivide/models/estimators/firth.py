"""Confirmatory models: the Firth logit on dyads, its country-level interval, and what follows from the fit.

Around the penalised fit (`penalised_profile`) stand checks, original units, the FLIC intercept (Puhr et al. 2017), the
dispersion of country totals, and intervals that say what they assume.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from innodivide.errors import DesignError, checked
from innodivide.models.estimators.design import (
    CONTROLS,
    Design,
    build_design,
    collinearity,
    mean_intercept,
    separation,
    standardise,
)
from innodivide.models.estimators.engine import back_transform, check_level, country_dispersion
from innodivide.models.estimators.penalised_profile import penalised_fit, penalised_maximum
from innodivide.models.frame_columns import numeric, require_columns
from innodivide.models.result import Result, tidy_coefficients

NO_SPREAD = 1e-12  # a dispersion of rounding size

__all__ = ["FirthFit", "dispersion_interval", "firth_logit"]


@dataclass(frozen=True, eq=False)
class FirthFit:
    """Fitted Firth logit, on the original scale of the covariates.

    Attributes
    ----------
    coefficients : DataFrame
        Index term (controls, exposure, ``intercept``); columns estimate, se, ci_low, ci_high, p_value
        (log odds; profile penalised likelihood, NaN where it was not asked for; se from the inverse information).
    result : Result
        The exposure's row as a record.
    covariance : DataFrame
        Inverse Fisher information (not multiplied by the dispersion), rows and columns as in `coefficients`.
    intercept_flic : float
        Intercept that makes the mean fitted probability equal the observed rate; used for all predictions.
    dispersion : float
        Pearson statistic of the country totals over `df`; about 1 under independent dyads; NaN if df < 1. Not to be
        read when `separation_note` is not empty: countries on the separated side are then fitted almost exactly.
    df : int
        Countries minus parameters.
    separation_note : str
        Which maximum-likelihood estimates would be infinite; empty if none.
    term, controls, outcome, level, unit, project
        As given to `firth_logit`.
    """

    coefficients: pd.DataFrame
    result: Result
    covariance: pd.DataFrame
    intercept_flic: float
    dispersion: float
    df: int
    separation_note: str
    term: str
    controls: tuple[str, ...]
    outcome: str
    level: float
    unit: str = "geo"
    project: str = "ipcei_id"

    def tidy(self) -> pd.DataFrame:
        """Coefficients, one row each: term, estimate, std_error, statistic, p_value, conf_low, conf_high."""
        return tidy_coefficients(self.coefficients)

    def glance(self) -> pd.DataFrame:
        """One row about the fit, as `Result.glance`, with df and dispersion."""
        return self.result.glance().assign(df=self.df, dispersion=self.dispersion)

    def __repr__(self) -> str:
        table = self.coefficients.round(4).to_string()
        return f"{table}\n\n{self.result}\nDispersion of country totals {self.dispersion:.3g} on {self.df} df"

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        """Probability (n,) for each row of a frame with the exposure and the controls, FLIC intercept."""
        names = [*self.controls, self.term]
        require_columns(frame, names, "frame")
        slopes = self.coefficients["estimate"]
        eta = sum(numeric(frame[name]) * slopes[name] for name in names)
        return expit(eta + self.intercept_flic)


@checked
def firth_logit(
    dyads: pd.DataFrame,
    term: str = "leader",
    controls=CONTROLS,
    outcome: str = "participates",
    level: float = 0.95,
    profiles: bool = True,
    unit: str = "geo",
    project: str = "ipcei_id",
) -> FirthFit:
    """Firth-penalised logit of participation on status and controls, profile penalised-likelihood inference.

    The record's interval and p-value treat dyads as independent; `dispersion_interval` and
    `models.permutation_test` give the country-level ones.

    Parameters
    ----------
    dyads : DataFrame
        One row per unit (a country) and project (an IPCEI) with the named columns.
    term, outcome : str
        Exposure (0/1 or a number) and 0/1 outcome.
    controls : sequence of str
    level : float in (0, 1)
    profiles : bool
        Whether to search the profiles, which takes most of the time. Without them the intervals and p-values of
        `coefficients` are NaN and the record has none: enough for estimates, predictions and `dispersion_interval`.
    unit, project : str
        Columns of units and projects.

    Returns
    -------
    FirthFit

    Raises
    ------
    DataError, ParameterError
        Absent columns; names that are not distinct; level outside (0, 1).
    DesignError
        Missing values, one country, constant outcome or exposure, collinear columns, no convergence.

    References
    ----------
    Firth (1993) Biometrika 80; Heinze & Schemper (2002) Stat Med 21; Puhr et al. (2017) Stat Med 36.

    Examples
    --------
    >>> from innodivide import Tables, ipcei_dyads
    >>> dyads = ipcei_dyads(Tables(), until="2023-12-31")
    >>> fit = firth_logit(dyads, profiles=False)
    >>> fit.tidy()[["term", "estimate", "std_error"]].round(2)
                term  estimate  std_error
    0  ln_population      1.16       0.19
    1  ln_gdp_pc_pps      0.77       0.60
    2         leader      0.26       0.47
    3      intercept    -22.71       4.26
    """
    check_level(level)
    design = build_design(dyads, term, controls, outcome, unit, project)
    names = [*design.control_names, term]
    x, center, scale = _standardised(design)
    separated, note = separation(x, design.y, names)
    notes = tuple(text for text in (note, collinearity(x, names)) if text)
    ones = np.ones((len(x), 1))
    full = np.hstack([x, ones])
    if profiles or separated:  # separated data can have several maxima, and the profiles tell them apart
        found = penalised_fit(full, design.y, level, columns=range(len(names)))
    else:
        found = penalised_maximum(full, design.y)
    beta, inverse = found.beta, found.inverse
    intercept_flic = float(mean_intercept(x @ beta[:-1], design.y.mean()))
    original = back_transform(center, scale)
    covariance = original @ inverse @ original.T
    ci, p = np.full((len(names) + 1, 2), np.nan), np.full(len(names) + 1, np.nan)
    if profiles:
        # Only a design that is not centred has the intercept at covariates zero as a parameter.
        apart = penalised_fit(np.hstack([x + center / scale, ones]), design.y, level, [len(names)], found.linear)
        ci, p = np.vstack([found.ends / scale[:, None], apart.ends]), np.append(found.p_value, apart.p_value)
    index = pd.Index([*names, "intercept"], name="term")
    columns = (original @ beta, np.sqrt(covariance.diagonal()), ci[:, 0], ci[:, 1], p)
    table = pd.DataFrame(dict(zip(("estimate", "se", "ci_low", "ci_high", "p_value"), columns)), index=index)
    df = len(design.countries) - len(beta)
    return FirthFit(
        coefficients=table,
        result=_record(design, table.loc[term], level, separated, notes),
        covariance=pd.DataFrame(covariance, index=index, columns=index),
        intercept_flic=float(table.at["intercept", "estimate"] + intercept_flic - beta[-1]),
        dispersion=country_dispersion(design, x @ beta[:-1] + intercept_flic, df),
        df=df,
        separation_note=note,
        term=term,
        controls=design.control_names,
        outcome=outcome,
        level=level,
        unit=unit,
        project=project,
    )


def _standardised(design: Design) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Controls and exposure as one matrix with its centres and scales; a 0/1 exposure is left as it is."""
    center, scale, exposure = np.zeros(1), np.ones(1), design.d[:, None]
    if not design.binary:
        center, scale, exposure = standardise([design.d], len(design.d))
    stacked = (np.append(design.center, center), np.append(design.scale, scale))
    return np.column_stack([design.controls, exposure]), *stacked


def _record(design: Design, row: pd.Series, level: float, separated: bool, notes: tuple) -> Result:
    """The exposure's line of the coefficient table as a `Result` on log odds; no interval if it has no profile."""
    profile: dict[str, Any] = {
        "ci_low": float(row["ci_low"]),
        "ci_high": float(row["ci_high"]),
        "ci_level": level,
        "ci_kind": "profile penalised likelihood, assumes independent dyads",
        "p_value": float(row["p_value"]),
        "p_kind": "penalised likelihood ratio, assumes independent dyads",
    }
    return Result(
        method="Firth logit",
        term=design.term,
        estimate=float(row["estimate"]),
        scale="log odds" if design.binary else "log odds per unit",
        se=float(row["se"]),
        se_kind="inverse Fisher information at the Firth estimate, assumes independent dyads",
        separation=separated,
        converged=True,  # anything else has raised
        dropped=(),
        notes=notes,
        **design.counts(),
        **(profile if np.isfinite(row["p_value"]) else {}),
    )


@checked
def dispersion_interval(fit: FirthFit) -> Result:
    """Interval and p-value that let countries differ: Firth estimate, se times the root of the dispersion, t.

    Parameters
    ----------
    fit : FirthFit

    Returns
    -------
    Result
        On log odds, `fit.df` degrees of freedom. The dispersion is used as found, also below 1.

    Raises
    ------
    DesignError
        If there are no more countries than parameters, or the outcome is separated: a fit that reproduces the separated
        countries leaves no spread to estimate, and its small dispersion would make a certain effect out of an infinite
        one. Read the profile interval of `fit.result` and the permutation test instead.

    Examples
    --------
    >>> from innodivide import Tables, firth_logit, ipcei_dyads
    >>> dyads = ipcei_dyads(Tables(), until="2023-12-31")
    >>> interval = dispersion_interval(firth_logit(dyads, profiles=False))
    >>> round(interval.ci_low, 2), round(interval.ci_high, 2), interval.df
    (-0.94, 1.47, 23.0)
    """
    if fit.df < 1:
        raise DesignError(
            f"{fit.unit}: {fit.result.n_countries} countries for {len(fit.coefficients)} parameters; need more"
        )
    if fit.separation_note:
        raise DesignError(
            f"{fit.outcome}: separated data, {fit.separation_note}; the dispersion of the country totals "
            f"({fit.dispersion:.3g}) then does not measure how countries differ. Read the profile interval of the fit "
            "and the permutation test"
        )
    if fit.dispersion < NO_SPREAD:
        raise DesignError(
            f"{fit.outcome}: the model reproduces every country total; no dispersion, no interval from it"
        )
    base = fit.result
    se = base.known("se")[0] * math.sqrt(fit.dispersion)
    reach = float(stats.t.ppf((1 + fit.level) / 2, fit.df)) * se
    below = (f"dispersion {fit.dispersion:.3f} is below 1 and narrows the interval",) if fit.dispersion < 1 else ()
    return replace(
        base,
        method="Firth logit, dispersion between countries",
        se=se,
        se_kind=f"inverse Fisher information x dispersion {fit.dispersion:.4g} of the country totals",
        ci_low=base.estimate - reach,
        ci_high=base.estimate + reach,
        ci_level=fit.level,
        ci_kind=f"t with {fit.df} df, dispersion of the country totals",
        p_value=float(2 * stats.t.sf(abs(base.estimate) / se, fit.df)),
        p_kind=f"t with {fit.df} df, dispersion of the country totals",
        notes=base.notes + below,
        df=float(fit.df),
        dispersion=fit.dispersion,
    )
