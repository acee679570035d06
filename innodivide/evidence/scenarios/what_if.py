"""What if, and what would it take: participation under other labels, and the speed at which the divide would have to
close.

Everything here is a range conditional on assumptions that are named; nothing is a forecast, and since the coefficients
are associations, a scenario says what goes with being like a leader, not what a policy would cause.
"""

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import expit

from innodivide import models
from innodivide.data.editions import latest
from innodivide.data.tables import Tables, member_states
from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.indicators.panel import control_values, control_years
from innodivide.models.frame_columns import require_columns
from innodivide.models.inference.power import conditional_logit, dispersion_to_sd
from innodivide.models.result import require_rng

WEALTH = "ln_gdp_pc_pps"
SIZE = "ln_population"
ENDS = (0.025, 0.975)  # of the ranges
_CHUNK = 200  # draws handled at once: bounds the memory


def participation_scenarios(
    fit: models.FirthFit,
    dyads: pd.DataFrame,
    rng: np.random.Generator,
    frame: pd.DataFrame | None = None,
    n_draws: int = 1000,
    geo: str | None = None,
) -> pd.DataFrame:
    """Return the participation of each country if it were like the leaders in one respect, as ranges.

    "label": the country is a leader. "wealth": its GDP per head is at least the geometric mean of the leaders' at that
    project. "rate": the size-adjusted rate of the leaders, that is, a model with size and leader status only, status
    set to leader.

    Parameters
    ----------
    fit : FirthFit
        From `models.firth_logit` on `dyads`, with the leader label as its term and wealth among its controls.
    dyads : pandas.DataFrame
        The frame it was fitted on.
    rng : numpy.random.Generator
    frame : pandas.DataFrame, optional
        Projects to apply it to, by default those of `dyads`; for projects in preparation `pipeline_dyads`.
    n_draws : int >= 100
    geo : str, optional
        Only this country, with the same numbers as among all of them (the same random numbers are drawn), in less time.

    Returns
    -------
    pandas.DataFrame
        One row for each scenario ("as it is" first) and country: scenario, geo, n_ipceis, observed (missing for
        projects not yet decided), expected, low, high (number of participations, 95 % range), change, change_low,
        change_high (of the expected number against "as it is" under the same model), changed (whether the scenario
        alters any of the country's figures).

    Notes
    -----
    Each draw takes coefficients from a normal with the inverse information times the dispersion (at least 1), a normal
    country intercept with the standard deviation that reproduces the dispersion, given the country's own record (so
    that what it did beyond the model's mean stays with it), and then participation project by project.
    """
    rows = dyads.sort_values(["geo", "ipcei_id"], ignore_index=True)
    target = rows if frame is None else frame.sort_values(["geo", "ipcei_id"], ignore_index=True)
    _check(fit, rows, target, n_draws)
    require_rng(rng)
    countries = np.unique(rows["geo"])
    if geo is not None and geo not in countries:
        raise ParameterError(f"geo={geo!r}: allowed are {', '.join(countries)}")
    chosen = np.flatnonzero(countries == geo) if geo is not None else np.arange(len(countries))
    leader = target.assign(leader=True)
    frames = {"as it is": target, "label": leader, "wealth": _as_wealthy(target)}
    size_fit = models.firth_logit(rows, "leader", (SIZE,), fit.outcome, fit.level, profiles=False)
    found = []
    for model, changed in ((fit, frames), (size_fit, {"rate": leader})):
        drawn = _simulate(model, rows, target, changed, rng, n_draws, chosen)
        for name, altered in changed.items():
            counts, change = drawn[name]
            found.append(_summary(name, model, rows, target, altered, counts, change, frame is None))
    summary = pd.concat(found, ignore_index=True)
    return summary[summary["geo"].isin(countries[chosen])].reset_index(drop=True)


def _check(fit, rows: pd.DataFrame, target: pd.DataFrame, n_draws: int) -> None:
    if not isinstance(n_draws, (int, np.integer)) or n_draws < 100:
        raise ParameterError(f"n_draws: expected a whole number >= 100, got {n_draws!r}")
    if fit.term != "leader" or WEALTH not in fit.controls:
        raise ParameterError(
            f"fit: expected the term leader and {WEALTH} among the controls, got {fit.term!r}, {fit.controls}"
        )
    require_columns(rows, ["geo", "ipcei_id", "leader", fit.outcome, *fit.controls], "dyads")
    require_columns(target, ["geo", "ipcei_id", "leader", *fit.controls], "frame")
    if len(rows) != fit.result.n_dyads:
        raise ParameterError(f"dyads: {len(rows)} rows, but the fit was made from {fit.result.n_dyads}")
    unknown = sorted(set(target["geo"]) - set(rows["geo"]))
    if unknown:
        raise DataError(f"frame: {unknown[0]} is not among the countries of dyads")


def _as_wealthy(target: pd.DataFrame) -> pd.DataFrame:
    """The target frame with everybody at least as wealthy as the leaders at that project on average."""
    level = target["ipcei_id"].map(target[target["leader"].astype(bool)].groupby("ipcei_id")[WEALTH].mean())
    if level.isna().any():
        raise DesignError(f"leader: no leader at {target.loc[level.isna(), 'ipcei_id'].iloc[0]} to take {WEALTH} from")
    return target.assign(**{WEALTH: np.maximum(target[WEALTH].astype(float), level)})


def _matrix(frame: pd.DataFrame, fit) -> np.ndarray:
    """Controls, exposure and ones, in the order of the fit's coefficients."""
    return np.column_stack([*[frame[c].to_numpy(dtype=float) for c in (*fit.controls, fit.term)], np.ones(len(frame))])


def _simulate(fit, rows, target, changed: dict, rng, n_draws: int, chosen: np.ndarray) -> dict:
    """For each changed frame: drawn counts and change of the expected count, (n_draws, countries), same draws.

    Countries that are not chosen stay at zero. Random numbers are drawn and sums are taken over all countries all the
    same, so that no digit of a country hangs on which others are chosen.
    """
    countries = np.unique(rows["geo"])
    here, there = (np.searchsorted(countries, f["geo"].to_numpy()) for f in (rows, target))
    mine, own = np.isin(here, chosen), np.isin(there, chosen)
    y, x = rows[fit.outcome].to_numpy(dtype=float), _matrix(rows, fit)
    before, after = _matrix(target, fit), {name: _matrix(f, fit) for name, f in changed.items()}
    phi = max(fit.dispersion, 1.0)
    sd = dispersion_to_sd(phi, rows, fit.term, fit.controls, fit.outcome)
    to_conditional = _conditional(sd)
    center = np.append(fit.coefficients["estimate"].to_numpy()[:-1], fit.intercept_flic)
    root = np.linalg.cholesky(phi * fit.covariance.to_numpy())
    home, place = np.eye(len(countries))[there], np.searchsorted(chosen, there[own])
    found: dict[str, tuple[list, list]] = {name: ([], []) for name in changed}
    for start in range(0, n_draws, _CHUNK):
        beta = center + rng.standard_normal((min(_CHUNK, n_draws - start), len(center))) @ root.T
        if sd > 0:
            given = to_conditional((beta @ x.T)[:, mine])
            shock = _given_record(given, y, here, sd, rng, len(countries), chosen)
        else:
            shock = sd * rng.standard_normal((len(beta), len(countries)))[:, chosen]
        base = expit(to_conditional((beta @ before.T)[:, own]) + shock[:, place])
        chance = rng.random((len(beta), len(there)))[:, own]
        for name, matrix in after.items():
            p = expit(to_conditional((beta @ matrix.T)[:, own]) + shock[:, place])
            found[name][0].append(_by_country(chance < p, home, own))
            found[name][1].append(_by_country(p - base, home, own))
    return {name: (np.vstack(counts), np.vstack(change)) for name, (counts, change) in found.items()}


def _by_country(values: np.ndarray, home: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Sums by country of values known for the columns `own`; the others count as zero, so that no digit changes."""
    wide = np.zeros((len(values), len(home)))
    wide[:, own] = values
    return wide @ home


def _conditional(sd: float):
    """Function from marginal logits to logits given the country's intercept (same marginal mean), by interpolation."""
    if sd == 0:
        return lambda eta: eta
    grid = np.linspace(-15, 15, 3001)
    values = conditional_logit(expit(grid), sd)
    return lambda eta: np.interp(eta, grid, values)


def _given_record(eta: np.ndarray, y: np.ndarray, geo: np.ndarray, sd: float, rng, n: int, chosen) -> np.ndarray:
    """Draws (draws, chosen) of country intercepts from their distribution given the country's record, on a grid.

    `eta` holds the logits of the rows of the chosen countries, `y` and `geo` are those of all rows.
    """
    grid = sd * np.linspace(-5, 5, 61)
    member, own = np.eye(n)[geo], np.isin(geo, chosen)
    won = (y @ member)[chosen]
    # log-likelihood of intercept u: sum y (eta + u) - log(1 + exp(eta + u)); what does not depend on u cancels
    log_weight = np.stack(
        [
            stats.norm.logpdf(u, scale=sd) + u * won - _by_country(np.logaddexp(0, eta + u), member, own)[:, chosen]
            for u in grid
        ],
        axis=-1,
    )
    weight = np.exp(log_weight - log_weight.max(axis=-1, keepdims=True))
    cumulative = np.cumsum(weight, axis=-1)
    position = rng.random((len(eta), n, 1))[:, chosen] * cumulative[..., -1:]
    step = rng.uniform(-0.5, 0.5, (len(eta), n))[:, chosen] * (grid[1] - grid[0])  # within the cell of the grid
    return grid[(cumulative < position).sum(axis=-1)] + step


def _summary(name, fit, rows, target, changed, counts, change, past: bool) -> pd.DataFrame:
    low, high = np.quantile(counts, ENDS, axis=0, method="inverted_cdf").astype(int)
    change_low, change_high = np.quantile(change, ENDS, axis=0)
    countries = np.unique(rows["geo"])
    touched = np.abs(_matrix(changed, fit) - _matrix(target, fit)).max(axis=1) > 1e-12
    frame = pd.DataFrame(
        {
            "scenario": name,
            "geo": countries,
            "n_ipceis": target.groupby("geo").size().reindex(countries, fill_value=0).to_numpy(),
            "observed": rows.groupby("geo")[fit.outcome].sum().reindex(countries).to_numpy(dtype=float)
            if past
            else np.nan,
            "expected": counts.mean(axis=0),
            "low": low,
            "high": high,
            "change": change.mean(axis=0),
            "change_low": change_low,
            "change_high": change_high,
        }
    )
    return frame.assign(changed=frame["geo"].isin(target.loc[touched, "geo"]))


def pipeline_dyads(tables: Tables) -> pd.DataFrame:
    """Return one row for each Member State and IPCEI in preparation: the latest status and the latest complete size
    and wealth.

    Returns
    -------
    pandas.DataFrame
        Columns geo, ipcei_id (name of the candidate), as_of, edition, group, leader, ln_population, ln_gdp_pc_pps,
        ln_gdp, year. Which states would take part is not public in full and is not used.
    """
    candidates = tables["ipcei_pipeline"].groupby("candidate")["as_of"].max().rename_axis("ipcei_id").reset_index()
    edition = latest(tables, "eis")
    group = tables["eis_group"].query("edition == @edition")[["geo", "group"]]
    frame = member_states(tables)[["geo"]].merge(group, on="geo", how="left")
    if frame["group"].isna().any():
        lost = frame.loc[frame["group"].isna(), "geo"].iloc[0]
        raise DataError(f"scoreboard/eis_group.csv: no group of {lost} in edition {edition}")
    year = max(control_years(tables))
    frame = frame.assign(edition=edition, leader=frame["group"] == "leader").merge(
        control_values(tables, [year]), on="geo"
    )
    return frame.merge(candidates, how="cross").sort_values(["geo", "ipcei_id"], ignore_index=True)
