"""Other outcomes on country totals: counts, aid in euro, shares, any participation.

Mean models with a canonical link (Poisson-log, Bernoulli-logit) fitted by quasi-likelihood, so that only the mean has
to be right; robust standard errors are made here, because statsmodels' GLM returns HC0 whatever HC is asked for.
They are sensitivity analyses: counts of participation are bounded, so `grouped_binomial` comes first.
"""

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from innodivide.errors import DesignError, checked
from innodivide.models.estimators.design import CONTROLS, separation
from innodivide.models.estimators.engine import check_level
from innodivide.models.estimators.firth import firth_logit
from innodivide.models.estimators.totals import fit_mean, prepare, record, refuse_poisson_separation, sandwich
from innodivide.models.frame_columns import numeric
from innodivide.models.result import Result, data_fingerprint

__all__ = ["any_participation", "fractional_logit", "poisson_rate", "ppml"]


@checked
def poisson_rate(
    country_totals: pd.DataFrame,
    term: str = "leader_share",
    controls=CONTROLS,
    count: str = "n_participations",
    possible: str | None = "n_possible",
    level: float = 0.95,
    unit: str = "geo",
) -> Result:
    """Poisson model of a count with offset ln(possible) and robust errors: log rate ratio.

    Parameters
    ----------
    country_totals : DataFrame
        One row per country: `unit` and the named columns; `count` whole and >= 0, `possible` > 0.
    term, count : str
    controls : sequence of str
    possible : str or None
        Column whose logarithm is the offset; None for a plain count (for example of companies).
    level : float in (0, 1)
    unit : str

    Returns
    -------
    Result
        On log rate ratio, t with n - k df.

    Raises
    ------
    ParameterError, DataError
        Bad level, absent columns.
    DesignError
        Missing values (with the coverage), repeated countries, constant or impossible counts, collinear columns,
        an estimate that would be infinite.

    Examples
    --------
    >>> from innodivide import Tables, country_totals, ipcei_dyads
    >>> totals = country_totals(ipcei_dyads(Tables(), until="2023-12-31"))
    >>> found = poisson_rate(totals)
    >>> found.scale, found.df
    ('log rate ratio per unit of leader_share', 23.0)
    """
    check_level(level)
    totals = prepare(country_totals, term, controls, count, [possible] if possible else [], unit=unit)
    if (totals.y < 0).any() or np.mod(totals.y, 1).any():
        raise DesignError(f"{count}: expected whole numbers >= 0")
    offset = np.zeros(len(totals.y))
    if possible:
        exposure = numeric(totals.frame[possible])
        if (exposure <= 0).any():
            raise DesignError(f"{possible}: expected numbers > 0, got {exposure.min():g}; the offset is its logarithm")
        offset = np.log(exposure)
    refuse_poisson_separation(totals)
    beta, mu = fit_mean(totals, "poisson", offset)
    phi = float(((totals.y - mu) ** 2 / mu).sum() / (len(mu) - len(beta)))
    notes: tuple[str, ...] = (f"Pearson dispersion {phi:.3g}; robust errors do not assume it to be 1",)
    if possible and (totals.y > exposure).sum() == 0:
        notes += (f"the counts cannot exceed {possible}: the grouped binomial model comes first",)
    what = f"Poisson rate of {count}" + (f" per {possible}" if possible else "")
    columns = [unit, count, term, *controls, *([possible] if possible else [])]
    fields = {"method": what, "scale": "log rate ratio", "n_events": int(totals.y.sum()), "notes": notes}
    fields["dispersion"] = phi
    return record(totals, beta, sandwich(totals.x, totals.y - mu, mu), level, columns, fields)


@checked
def ppml(
    frame: pd.DataFrame,
    term: str = "leader",
    controls=CONTROLS,
    outcome: str = "aid_eur",
    basis: str = "aid_basis",
    level: float = 0.95,
    unit: str = "geo",
) -> Result:
    """Poisson pseudo-maximum likelihood of an amount; zeros are kept, unknown amounts are refused.

    Consistent whenever E[y|x] = exp(x'b); the unit of the amount (euro or million euro) changes the intercept alone,
    which is not so for a negative binomial model.

    Parameters
    ----------
    frame : DataFrame
        One row per country: `unit` and the named columns. A country that took no part has a true zero.
    term, outcome : str
    controls : sequence of str
    basis : str
        Column that says what the amount measures; the same text in all rows above zero (empty is allowed for zeros).
    level : float in (0, 1)
    unit : str

    Returns
    -------
    Result
        On log ratio of means, t with n - k df.

    Raises
    ------
    ParameterError, DataError
        Bad level, absent columns.
    DesignError
        Amounts missing for any country (with the coverage), amounts of different basis or without one, negative
        amounts, and as in `poisson_rate`.

    References
    ----------
    Santos Silva & Tenreyro (2006) REStat 88; Bosquet & Boulhol (2010) on the negative binomial.

    Examples
    --------
    >>> from innodivide import Tables, country_totals, ipcei_dyads
    >>> totals = country_totals(ipcei_dyads(Tables(), until="2023-12-31"))
    >>> totals = totals.assign(aid_eur=totals["n_participations"] * 1e6, aid_basis="made up")
    >>> ppml(totals, term="leader_share").scale
    'log ratio of means per unit of leader_share'
    """
    check_level(level)
    totals = prepare(frame, term, controls, outcome, [basis], unit=unit)
    if (totals.y < 0).any():
        raise DesignError(f"{outcome}: {int((totals.y < 0).sum())} negative amount(s)")
    known = totals.frame.loc[totals.y > 0, basis]
    kinds = sorted(known.dropna().astype(str).unique())
    if known.isna().any() or len(kinds) != 1:
        found = ", ".join(kinds + (["none given"] if known.isna().any() else []))
        raise DesignError(f"{basis}: amounts of different basis cannot be compared or added; found {found}")
    refuse_poisson_separation(totals)
    beta, mu = fit_mean(totals, "poisson", np.zeros(len(totals.y)))
    notes = (f"{int((totals.y == 0).sum())} of {len(totals.y)} amounts are zero and kept", f"basis: {kinds[0]}")
    fields: dict[str, object] = {"method": f"PPML of {outcome}", "scale": "log ratio of means", "notes": notes}
    fields["n_events"] = int((totals.y > 0).sum())
    covariance = sandwich(totals.x, totals.y - mu, mu)
    return record(totals, beta, covariance, level, [unit, outcome, basis, term, *controls], fields)


@checked
def fractional_logit(
    frame: pd.DataFrame,
    term: str = "leader_share",
    controls=CONTROLS,
    share: str = "rate",
    level: float = 0.95,
    unit: str = "geo",
) -> Result:
    """Fractional logit of a share: Bernoulli quasi-likelihood, logit link, robust errors.

    Parameters
    ----------
    frame : DataFrame
        One row per country: `unit` and the named columns, `share` from 0 to 1.
    term, share : str
    controls : sequence of str
    level : float in (0, 1)
    unit : str

    Returns
    -------
    Result
        On log odds of the share, t with n - k df.

    Raises
    ------
    ParameterError, DataError, DesignError
        As in `poisson_rate`; a share outside 0 to 1.

    References
    ----------
    Papke & Wooldridge (1996) J Applied Econometrics 11.

    Examples
    --------
    >>> from innodivide import Tables, country_totals, ipcei_dyads
    >>> totals = country_totals(ipcei_dyads(Tables(), until="2023-12-31"))
    >>> fractional_logit(totals).scale
    'log odds of the mean share per unit of leader_share'
    """
    check_level(level)
    totals = prepare(frame, term, controls, share, unit=unit)
    if (totals.y < 0).any() or (totals.y > 1).any():
        raise DesignError(f"{share}: expected shares from 0 to 1, got {totals.y.min():g} to {totals.y.max():g}")
    some, rest = totals.y > 0, totals.y < 1
    both = np.repeat([1.0, 0.0], [some.sum(), rest.sum()])
    stacked = np.vstack([totals.x[some, :-1], totals.x[rest, :-1]])
    separated, note = separation(stacked, both, totals.names)
    if separated:
        raise DesignError(f"{share}: separated data, {note}")
    beta, mu = fit_mean(totals, "logit", np.zeros(len(totals.y)))
    notes: tuple[str, ...] = ()
    if math.isclose(totals.y.sum(), 1.0, rel_tol=1e-6):
        notes = ("the shares add up to one, so countries are not independent",)
    fields = {"method": f"fractional logit of {share}", "scale": "log odds of the mean share", "notes": notes}
    covariance = sandwich(totals.x, totals.y - mu, mu * (1 - mu))
    return record(totals, beta, covariance, level, [unit, share, term, *controls], fields)


@checked
def any_participation(
    country_totals: pd.DataFrame,
    term: str = "leader_any",
    controls=CONTROLS,
    count: str = "n_participations",
    level: float = 0.95,
    unit: str = "geo",
) -> Result:
    """Firth logit of taking part at least once, countries as units.

    Parameters
    ----------
    country_totals : DataFrame
        One row per country: `unit`, `term`, `controls`, `count` >= 0.
    term, count : str
    controls : sequence of str
    level : float in (0, 1)
    unit : str

    Returns
    -------
    Result
        On log odds, profile penalised-likelihood interval.

    Raises
    ------
    DesignError
        Missing values, repeated countries, every country or none with a participation, collinear columns.

    Examples
    --------
    >>> from innodivide import Tables, country_totals, ipcei_dyads
    >>> totals = country_totals(ipcei_dyads(Tables(), until="2023-12-31"))
    >>> any_participation(totals).n_countries
    27
    """
    check_level(level)
    totals = prepare(country_totals, term, controls, count, unit=unit)
    if (totals.y < 0).any():
        raise DesignError(f"{count}: expected numbers >= 0")
    if (totals.y > 0).all() or (totals.y == 0).all():
        quantity = "every" if (totals.y > 0).all() else "no"
        raise DesignError(f"{count}: {quantity} country takes part at least once; nothing to compare")
    units = totals.frame.assign(any_participation=totals.y > 0, any_project="any")
    found = firth_logit(
        units, term, tuple(controls), "any_participation", level, unit=unit, project="any_project"
    ).result
    reserve = (f"{int((totals.y == 0).sum())} of {len(totals.y)} countries never take part",)
    return replace(
        found,
        method="Firth logit of any participation, countries as units",
        se_kind="inverse Fisher information at the Firth estimate",
        ci_kind="profile penalised likelihood",
        p_kind="penalised likelihood ratio",
        n_dyads=None,
        n_ipceis=None,
        notes=reserve + found.notes,
        data_hash=data_fingerprint(totals.frame, [unit, count, term, *controls]),
    )
