"""One row per country: checks shared by all such models; fit and robust covariance of quasi-likelihood. Not public."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from innodivide.errors import DesignError
from innodivide.models.estimators.design import check_names, check_rank, collinearity, standardise
from innodivide.models.frame_columns import in_order, numeric, require_columns, require_keys
from innodivide.models.result import Result, data_fingerprint

ROBUST = "HC1"


@dataclass(frozen=True, eq=False)
class Totals:
    """Checked columns of one row per unit (country), sorted by it."""

    y: np.ndarray  # (n,)
    x: np.ndarray  # (n, k) standardised controls, exposure on its own scale, ones
    names: tuple[str, ...]  # of the columns of x but the last
    geo: tuple[str, ...]
    term: str
    outcome: str
    frame: pd.DataFrame
    unit: str = "geo"

    @property
    def d(self) -> np.ndarray:
        """Exposure (n,)."""
        return self.x[:, -2]

    @property
    def binary(self) -> bool:
        """Whether the exposure is a 0/1 label."""
        return bool(np.isin(self.d, (0, 1)).all())

    @property
    def n_treated(self) -> int:
        """Countries that ever carry the label; all of them if the exposure is no share and no label."""
        share_like = bool(((self.d >= 0) & (self.d <= 1)).all())  # of the IPCEIs at which the country had the label
        return int((self.d != 0).sum()) if share_like else len(self.y)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader has to know of the columns: that some are nearly collinear."""
        near = collinearity(self.x[:, :-1], self.names)
        return (near,) if near else ()


def prepare(
    frame: pd.DataFrame, term: str, controls, outcome: str, extra=(), varies: bool = True, unit: str = "geo"
) -> Totals:
    """Check names, keys, coverage, that the outcome varies (unless told not to) and rank; sort by country."""
    names = check_names(term, controls, outcome, unit)
    require_columns(frame, [unit, *names, *extra], "frame")
    require_keys(frame, [unit], "frame")
    if frame.empty or frame[unit].duplicated().any():
        twice = "no row" if frame.empty else f"more than one of {frame.loc[frame[unit].duplicated(), unit].iloc[0]}"
        raise DesignError(f"{unit}: the frame needs one row per country, it has {twice}")
    frame = in_order(frame, [unit]).reset_index(drop=True)
    lost = frame.loc[frame[outcome].isna(), unit].astype(str).tolist()
    if lost:
        raise DesignError(
            f"{outcome}: known for {len(frame) - len(lost)} of {len(frame)} countries; an unknown value is not a zero, "
            f"and the known ones are not a sample of all. Missing: {', '.join(lost)}"
        )
    y, d, *others = (numeric(frame[name]) for name in names)
    if varies and np.ptp(y) == 0:
        raise DesignError(f"{outcome}: constant outcome, every row is {y[0]:g}; there is nothing to explain")
    if len(y) <= len(others) + 2:
        raise DesignError(f"{unit}: {len(y)} countries for {len(others) + 2} parameters; need more")
    standard = standardise(others, len(y))[2]
    check_rank(d, standard, term, names[2:])
    x = np.column_stack([standard, d, np.ones(len(y))])
    return Totals(y, x, (*names[2:], term), tuple(frame[unit]), term, outcome, frame, unit)


def refuse_poisson_separation(totals: Totals) -> None:
    """DesignError if the Poisson estimate is infinite (Santos Silva & Tenreyro 2010).

    That is so if some x'g is zero on all positive outcomes, and never positive but somewhere negative on the zeros: a
    linear programme in g.
    """
    from scipy.optimize import linprog

    zero, x = totals.y == 0, totals.x
    if not zero.any():
        return
    positive = (x[~zero], np.zeros((~zero).sum()))
    found = linprog(x[zero].sum(axis=0), x[zero], np.zeros(zero.sum()), *positive, bounds=(-1, 1))
    if not found.success:
        raise DesignError(f"{totals.outcome}: the check for separation failed ({found.message})")
    if found.fun < -1e-7:
        columns = [name for name, value in zip([*totals.names, "intercept"], found.x) if abs(value) > 1e-7]
        units = [geo for geo, value in zip(totals.geo, x @ found.x) if value < -1e-7]
        raise DesignError(
            f"{totals.outcome}: separated data, the estimate is infinite for {', '.join(columns)} "
            f"({', '.join(units)} would be fitted as exactly zero)"
        )


def fit_mean(totals: Totals, link: str, offset: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Quasi-likelihood estimate (k,) and fitted means (n,), by statsmodels."""
    import statsmodels.api as sm

    # Amounts in euro are of size 1e9, at which an absolute tolerance is never met: fit them in units of their mean.
    unit = totals.y.mean() if link == "poisson" else 1.0
    family = sm.families.Poisson() if link == "poisson" else sm.families.Binomial()
    fitted = sm.GLM(totals.y / unit, totals.x, family=family, offset=offset).fit(tol=1e-12, maxiter=200)
    if not fitted.converged:
        raise DesignError(f"{totals.outcome}: the {link} model did not converge in 200 iterations")
    beta = np.asarray(fitted.params)
    return beta, np.asarray(fitted.mu) * unit


def sandwich(x: np.ndarray, residual: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """HC1 covariance of a canonical-link fit: n/(n-k) B (sum_i e_i^2 x_i x_i') B with B = (X'WX)^-1.

    x (n, k), residual e = y - mu, weight the variance function at mu.
    """
    inverse = np.linalg.inv(x.T @ (x * weight[:, None]))
    leverage = weight * np.einsum("ij,jk,ik->i", x, inverse, x)
    if leverage.max() > 1 - 1e-8:  # its residual is zero whatever the truth, and HC1 would believe it
        raise DesignError("geo: one country determines a coefficient alone (leverage 1), so no robust error is defined")
    n, k = x.shape
    return n / (n - k) * inverse @ (x.T @ (x * (residual**2)[:, None])) @ inverse


def record(totals: Totals, beta, covariance, level: float, columns, fields: dict) -> Result:
    """The exposure's coefficient as a `Result`."""
    at, df = len(totals.names) - 1, len(totals.y) - len(beta)
    estimate, se = float(beta[at]), math.sqrt(covariance[at, at])
    reach = float(stats.t.ppf((1 + level) / 2, df)) * se
    name = f"t with {df} df, {ROBUST}"
    fields = {**fields, "notes": fields.get("notes", ()) + totals.notes}
    fields = {**fields, "scale": fields["scale"] + ("" if totals.binary else f" per unit of {totals.term}")}
    return Result(
        term=totals.term,
        estimate=estimate,
        se=se,
        se_kind=f"{ROBUST} sandwich",
        ci_low=estimate - reach,
        ci_high=estimate + reach,
        ci_level=level,
        ci_kind=name,
        p_value=float(2 * stats.t.sf(abs(estimate) / se, df)),
        p_kind=name,
        n_countries=len(totals.y),
        n_treated=totals.n_treated,
        dropped=(),
        separation=False,
        converged=True,
        data_hash=data_fingerprint(totals.frame, columns),
        df=float(df),
        **fields,
    )
