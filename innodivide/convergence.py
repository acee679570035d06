"""Does the divide close? Beta and sigma convergence, always within the back-series of one scoreboard edition."""

import numpy as np
import pandas as pd

from innodivide.errors import DesignError


def sigma_convergence(frame: pd.DataFrame, value: str = "value", unit: str = "geo", year: str = "year") -> pd.DataFrame:
    """Return the spread of ln(value) between units in each year.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row for each unit and year, the same units in each year; values > 0.

    Returns
    -------
    pandas.DataFrame
        Columns year, sd_log (standard deviation of ln value, n - 1), n.

    Raises
    ------
    DesignError
        If a value is missing or not positive, or a unit lacks a year.

    References
    ----------
    Barro, R. J. and Sala-i-Martin, X. (1992), Convergence, Journal of Political Economy 100(2).
    """
    wide = _balanced(frame, value, unit, year)
    logs = np.log(wide)
    return pd.DataFrame({"year": wide.columns, "sd_log": logs.std(ddof=1).to_numpy(), "n": len(wide)})


def beta_convergence(frame: pd.DataFrame, value: str = "value", unit: str = "geo", year: str = "year") -> dict:
    """Regress yearly log growth on the initial log value: (1/T) ln(x_T / x_0) = a + b ln x_0.

    Returns
    -------
    dict
        beta, se (HC1), ci_low, ci_high (t, n - 2), p_value, speed = -ln(1 + bT)/T and half_life = ln 2 / speed in years
        (half_life is missing where there is no convergence), n, years T.

    Notes
    -----
    A negative beta does not imply a falling spread (Quah, 1993): read it beside `sigma_convergence`.
    """
    import statsmodels.api as sm

    wide = _balanced(frame, value, unit, year)
    span = int(wide.columns[-1] - wide.columns[0])
    start = np.log(wide.iloc[:, 0])
    growth = (np.log(wide.iloc[:, -1]) - start) / span
    if np.isclose(start.std(), 0):
        raise DesignError("beta convergence is not defined: all units start from the same value")
    fit = sm.OLS(growth.to_numpy(), sm.add_constant(start.to_numpy())).fit(cov_type="HC1", use_t=True)
    beta, inner = float(fit.params[1]), 1 + float(fit.params[1]) * span
    speed = -np.log(inner) / span if inner > 0 else np.nan
    low, high = fit.conf_int()[1]
    return {
        "beta": beta,
        "se": float(fit.bse[1]),
        "ci_low": float(low),
        "ci_high": float(high),
        "p_value": float(fit.pvalues[1]),
        "speed": speed,
        "half_life": np.log(2) / speed if speed > 0 else np.nan,
        "n": len(wide),
        "years": span,
    }


def _balanced(frame: pd.DataFrame, value: str, unit: str, year: str) -> pd.DataFrame:
    if frame.duplicated([unit, year]).any():
        raise DesignError(f"more than one row for a {unit} and {year}")
    wide = frame.pivot(index=unit, columns=year, values=value).sort_index()
    bad = ~(wide > 0)
    if bad.to_numpy().any():
        row, column = np.argwhere(bad.to_numpy())[0]
        raise DesignError(
            f"no positive {value} of {wide.index[row]} in {wide.columns[column]}: "
            "convergence needs every unit in every year"
        )
    if wide.shape[1] < 2 or len(wide) < 3:
        raise DesignError(f"convergence needs at least 3 units and 2 years, got {len(wide)} and {wide.shape[1]}")
    return wide


def sigma_change(
    frame: pd.DataFrame,
    rng: np.random.Generator,
    value: str = "value",
    unit: str = "geo",
    year: str = "year",
    n_boot: int = 1999,
    level: float = 0.95,
) -> dict:
    """Return the change of the spread of ln(value) from first to last year, with a percentile interval over units.

    Units are drawn with replacement, first and last year together.

    Returns
    -------
    dict
        first, last, change (last minus first), ci_low, ci_high, n.
    """
    wide = np.log(_balanced(frame, value, unit, year).iloc[:, [0, -1]].to_numpy())
    spread = wide.std(axis=0, ddof=1)
    draws = wide[rng.integers(len(wide), size=(n_boot, len(wide)))].std(axis=1, ddof=1)
    low, high = np.quantile(draws[:, 1] - draws[:, 0], [(1 - level) / 2, (1 + level) / 2])
    return {
        "first": float(spread[0]),
        "last": float(spread[1]),
        "change": float(spread[1] - spread[0]),
        "ci_low": float(low),
        "ci_high": float(high),
        "n": len(wide),
    }
