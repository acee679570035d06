"""Does the divide close? Beta and sigma convergence, always within the back-series of one scoreboard edition."""

import numpy as np
import pandas as pd

from innodivide.errors import DataError, DesignError, checked
from innodivide.models.frame_columns import numeric, require_columns, require_keys
from innodivide.models.inference.relabelling import constant


@checked
def sigma_convergence(frame: pd.DataFrame, value: str = "value", unit: str = "geo") -> pd.DataFrame:
    """Return the spread of ln(value) between units in each year.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row for each unit and year, the same units in each year; values > 0.
    value, unit : str
        Columns of the values and of the units; that of the years is called year.

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

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"geo": list("abc") * 2, "year": [2020] * 3 + [2024] * 3, "value": [1, 2, 4, 2, 3, 4]})
    >>> sigma_convergence(frame)["sd_log"].round(3).tolist()
    [0.693, 0.348]
    """
    wide = _balanced(frame, value, unit)
    logs = np.log(wide)
    return pd.DataFrame({"year": wide.columns, "sd_log": logs.std(ddof=1).to_numpy(), "n": len(wide)})


@checked
def beta_convergence(frame: pd.DataFrame, value: str = "value", unit: str = "geo") -> dict:
    """Regress yearly log growth on the initial log value: (1/T) ln(x_T / x_0) = a + b ln x_0.

    Returns
    -------
    dict
        beta, se (HC1), ci_low, ci_high (t, n - 2), p_value, speed = -ln(1 + bT)/T and half_life = ln 2 / speed in years
        (half_life is missing where there is no convergence), n, years T.

    Notes
    -----
    A negative beta does not imply a falling spread (Quah, 1993): read it beside `sigma_convergence`.

    Examples
    --------
    >>> import pandas as pd
    >>> years, values = [2020] * 4 + [2024] * 4, [1, 2, 4, 8, 2, 3, 4, 9]
    >>> frame = pd.DataFrame({"geo": list("abcd") * 2, "year": years, "value": values})
    >>> bool(beta_convergence(frame)["beta"] < 0)
    True
    """
    import statsmodels.api as sm

    wide = _balanced(frame, value, unit)
    span = int(wide.columns[-1] - wide.columns[0])
    start = np.log(wide.iloc[:, 0])
    growth = (np.log(wide.iloc[:, -1]) - start) / span
    for name, column in (("start from the same value", start), ("grow at the same rate", growth)):
        if constant(column.to_numpy()):
            raise DesignError(f"beta convergence cannot be estimated: all units {name}")
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


def _balanced(frame: pd.DataFrame, value: str, unit: str) -> pd.DataFrame:
    require_columns(frame, [unit, "year", value], "frame")
    require_keys(frame, [unit, "year"], "frame")
    if frame.duplicated([unit, "year"]).any():
        raise DesignError(f"more than one row for a {unit} and year")
    known = frame.loc[frame[value].notna(), value]
    frame = frame.assign(**{value: pd.Series(numeric(known), index=known.index)} if known.index.is_unique else {})
    wide = frame.pivot(index=unit, columns="year", values=value).sort_index()
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


def sigma_path(
    frame: pd.DataFrame,
    rng: np.random.Generator,
    value: str = "value",
    cluster: str | None = None,
    n_boot: int = 1999,
    level: float = 0.95,
    unit: str = "geo",
) -> pd.DataFrame:
    """Return the change of the spread of ln(value) since the first year, with a percentile interval over units.

    Units are drawn with replacement, all years together; with `cluster`, whole clusters of them (regions of a country).

    Returns
    -------
    pandas.DataFrame
        Columns year, sd_log, change (since the first year), ci_low, ci_high, n (units).

    Raises
    ------
    DataError
        A unit or year is missing, a unit's cluster is missing or changes.
    DesignError
        As `sigma_convergence`; fewer than two clusters, which would give an interval of no width.
    """
    wide = np.log(_balanced(frame, value, unit))
    codes = np.arange(len(wide)) if cluster is None else _clusters(frame, cluster, unit).reindex(wide.index).to_numpy()
    logs = wide.to_numpy() - wide.to_numpy().mean(axis=0)
    parts = np.ones((len(logs), 1)), logs, logs**2
    blocks = [np.array([np.bincount(codes, column) for column in part.T]).T for part in parts]
    draws = rng.integers(len(blocks[0]), size=(n_boot, len(blocks[0])))
    n, sums, squares = (block[draws].sum(axis=1) for block in blocks)
    spread = np.sqrt(np.maximum(squares - sums**2 / n, 0.0) / (n - 1))
    low, high = np.quantile(spread - spread[:, :1], [(1 - level) / 2, (1 + level) / 2], axis=0)
    found = wide.std(ddof=1).to_numpy()
    frame = pd.DataFrame({"year": wide.columns, "sd_log": found, "change": found - found[0]})
    return frame.assign(ci_low=low, ci_high=high, n=len(wide))


def _clusters(frame: pd.DataFrame, cluster: str, unit: str) -> pd.Series:
    """Code of each unit's cluster, indexed by unit."""
    require_keys(frame, [cluster], "frame")
    pairs = frame[[unit, cluster]].drop_duplicates()
    twice = pairs.loc[pairs[unit].duplicated(), unit]
    if len(twice):
        raise DataError(f"{cluster}: {twice.iloc[0]} is in more than one; a unit is drawn with one {cluster} only")
    if pairs[cluster].nunique() < 2:
        raise DesignError(
            f"{cluster}: only {pairs[cluster].iloc[0]}; an interval needs the variation between at least two"
        )
    return pd.Series(pd.factorize(pairs[cluster], sort=True)[0], index=pairs[unit])


def sigma_change(frame: pd.DataFrame, rng: np.random.Generator, n_boot: int = 1999) -> dict:
    """Return the change of the spread from first to last year: the ends of `sigma_path`.

    Returns
    -------
    dict
        first, last, change (last minus first), ci_low, ci_high, n.
    """
    path = sigma_path(frame, rng, n_boot=n_boot)
    last = path.iloc[-1]
    return {
        "first": float(path["sd_log"].iloc[0]),
        "last": float(last["sd_log"]),
        **{k: float(last[k]) for k in ("change", "ci_low", "ci_high")},
        "n": int(last["n"]),
    }


@checked
def half_life(beta: float, years: float) -> float:
    """Return the years to half a distance at this end of beta's interval; missing where it does not close.

    Examples
    --------
    >>> round(float(half_life(-0.02, 10)), 1)
    31.1
    """
    return -np.log(2) * years / np.log1p(beta * years) if beta < 0 else np.nan
