"""The leader test with other states, another outcome or further controls: a what-if, never the registered result."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from innodivide import models
from innodivide.data import own_tables
from innodivide.data.country_codes import COLUMNS, cures, other_names
from innodivide.data.tables import Tables, as_day, country_names, member_states
from innodivide.errors import DataError, DesignError, ParameterError, checked
from innodivide.evidence.confirmatory import planned_dyads, stream
from innodivide.evidence.plan import CHOICES, Plan, load_plan
from innodivide.indicators.added_columns import Added, keys_of, rows_of, values_for
from innodivide.indicators.panel import country_totals
from innodivide.models.estimators.design import CONTROLS
from innodivide.models.result import Result, as_odds_ratio
from innodivide.wording import join_names, p_text, show

EU27, EURO_AREA = GROUPS = ("eu27", "euro-area")
PARTICIPATES = "participates"
_SPANS = ("since", "until")
_SHARE = "a state that was a leader at every decision against one that never was"
_SEPARATED = "separated data: the outcome follows from the columns for some states; the size rests on the penalty alone"
_LEAST_DF = 5  # degrees of freedom from which on an interval by t says something
_FEW = "robust errors with so few leaders tend to be too small; no test by permutation stands beside this model"


@dataclass(frozen=True)
class LeaderTest:
    """The association of leader status with an outcome at equal size and wealth, and how it was asked.

    Attributes
    ----------
    differs : tuple of str
        What is otherwise than in the registered analysis; empty if nothing is.
    estimate : Result
        Odds ratio or ratio of means, or a difference in units of the outcome, with its interval.
    permutation : Result or None
        The registered test, where the outcome has one row for each state and project.
    frame : pandas.DataFrame
        What the model was fitted on, for any other of `innodivide.models`.
    controls : tuple of str
    sources : tuple of str
        Of the columns that were added; `data/sources.csv` has their addresses.
    """

    differs: tuple[str, ...]
    estimate: Result
    permutation: Result | None
    frame: pd.DataFrame
    controls: tuple[str, ...]
    sources: tuple[str, ...]

    @property
    def p_value(self) -> float:
        """The p-value of the permutation test, else that of the estimate."""
        return (self.permutation or self.estimate).known("p_value")[0]

    @property
    def cautions(self) -> tuple[str, ...]:
        """Why the numbers may mean little: separated data, too few states."""
        e, found = self.estimate, (_SEPARATED,) if self.estimate.separation else ()
        few = e.df is not None and e.df < _LEAST_DF
        return (*found, f"{e.df:.0f} degrees of freedom: too few states for this interval") if few else found

    def tidy(self) -> pd.DataFrame:
        """One row: label ("registered" or "what-if"), differs, cautions, `Result.tidy`, then nobs and n_units."""
        found, size = self.estimate.tidy().assign(p_value=self.p_value), self.estimate.glance()
        said = {"label": "what-if" if self.differs else "registered", "differs": "; ".join(self.differs)}
        said["cautions"] = "; ".join(self.cautions)
        return found.assign(**said, nobs=size["nobs"], n_units=size["n_units"])

    def __str__(self) -> str:
        e, test = self.estimate, self.permutation
        head = "WHAT-IF, not the registered analysis. It differs in:" if self.differs else "As registered."
        span = f"{e.ci_level:.0%} interval {_digits(e.ci_low)} to {_digits(e.ci_high)}, {e.ci_kind}"
        p_kind = e.p_kind if test is None else test.p_kind
        counts = [(e.n_dyads, "rows"), (e.n_countries, "states"), (e.n_treated, "of them ever leaders")]
        counts += [(e.n_ipceis, "projects"), (e.n_events, "outcomes of 1 or above zero")]
        lines = [head, *(f"    {one}" for one in self.differs)]
        lines += [f"Leaders against other states, at equal {', '.join(self.controls)}: {e.method}"]
        lines += [f"    {e.scale} {_digits(e.estimate)} ({span})", f"    p {p_text(self.p_value, '= ')}, {p_kind}"]
        lines += ["    " + ", ".join(f"{n} {what}" for n, what in counts if n is not None)]
        lines += [f"    CAUTION: {caution}" for caution in self.cautions]
        lines += [f"    note: {note}" for note in e.notes]
        return "\n".join([*lines, f"Sources of what was added: {', '.join(self.sources)}"] if self.sources else lines)

    __repr__ = __str__


def _digits(value: float | None) -> str:
    """Two decimals, or two digits of a number that is far from one."""
    plain = value is None or not np.isfinite(value) or value == 0 or 0.01 <= abs(value) < 1000
    return show(value, "{:.2f}" if plain else "{:.1e}")


@checked
def leader_test(
    tables: Tables,
    states: Sequence[str] | str = EU27,
    outcome: str = PARTICIPATES,
    controls: Sequence[str] = (),
    plan: Plan | None = None,
    **choices,
) -> LeaderTest:
    """Return the registered leader test, or the same question asked otherwise, labelled as a what-if.

    Parameters
    ----------
    states : "eu27", "euro-area" or sequence of str
        States by code; the groups may stand among them ("eu27", "UK"). The euro area is that of the last year asked
        about, which `differs` names. A state beyond the Member States needs its rows in eis_group and country_panel.
    outcome : str
        "participates", or a column as `add_column` takes it. With a row for each state and IPCEI: 0 or 1, Firth logit
        as registered. With a row for each state: 0 or 1, Firth logit of states; numbers >= 0, ratio of means (Poisson
        pseudo-likelihood); other numbers, least squares with a permutation test. Status is then the share of the
        decisions at which the state was a leader.
    controls : sequence of str
        Columns as `add_column` takes them, beside size and wealth.
    plan : Plan, optional
        That of the repository if not given.
    choices
        status, roles, controls_year (as `controls` of `ipcei_dyads`), since, until.

    Raises
    ------
    ParameterError, DataError, DesignError
        Unknown states, columns or choices; figures that are not known; data on which the test is not defined.

    Examples
    --------
    >>> from innodivide import Tables
    >>> found = leader_test(Tables(), controls=["gerd_pct_gdp"], until="2023-12-31")
    >>> found.differs
    ('until: 2023-12-31', 'further control: gerd_pct_gdp')
    >>> found.tidy()[["label", "n_units"]].to_dict("records")
    [{'label': 'what-if', 'n_units': 27}]
    """
    plan = load_plan() if plan is None else plan
    if isinstance(controls, str):
        raise ParameterError(f"controls: {controls!r} is one text; write a list, [{controls!r}]")
    listed, others = _states(tables, states, as_day(choices.get("until", plan.period[1]), "until").year)
    twice = [name for name in (*CONTROLS, PARTICIPATES, "leader", outcome) if name in controls]
    twice += [name for name in controls if list(controls).count(name) > 1]
    if twice:
        raise ParameterError(f"controls: {twice[0]} is in the model already; leave it out")
    differs = (*own_tables.told(tables, [outcome, *controls]), *others, *_choices(plan, choices))
    if others:
        country = tables["country"]
        tables = tables.replaced({"country": country.assign(is_eu27=country["geo"].isin(listed))})
    if "controls_year" in choices:
        choices["controls"] = choices.pop("controls_year")
    try:
        dyads = planned_dyads(tables, plan, **choices)
    except DataError as error:
        cure = "; add what is missing to a copy of the tables (innodivide copy-data, --data), or leave the state out"
        raise DataError(f"{error}{cure if others else ''}") from None
    added = {name: values_for(tables, dyads, name) for name in dict.fromkeys(controls)}
    dyads = dyads.assign(**{name: one.values for name, one in added.items()})
    names = (*CONTROLS, *added)
    differs += tuple(f"further control: {name}" for name in added)
    if outcome == PARTICIPATES:
        estimate, test, frame = (*_of_dyads(dyads, names, outcome, plan), dyads)
    else:
        differs += (f"outcome: {outcome}, in the place of taking part in IPCEIs",)
        keys = keys_of(rows_of(tables, outcome)[2], outcome)
        rows = dyads if "ipcei_id" in keys else dyads.drop_duplicates("geo")
        added[outcome] = values_for(tables, rows, outcome)
        if "year" in keys:
            raise ParameterError(f"{outcome}: the outcome of which year? add ,year=YEAR")
        if "ipcei_id" in keys:
            frame = dyads.assign(**{outcome: added[outcome].values})
            estimate, test = _of_dyads(frame, names, outcome, plan)
        else:
            frame = _totals(dyads, added, rows["geo"], outcome)
            estimate, test = _of_states(frame, names, outcome, plan), None
    notes = estimate.notes + tuple(note for one in added.values() for note in one.notes)
    sources = tuple(sorted({s for one in added.values() for s in one.sources}))
    return LeaderTest(differs, replace(estimate, notes=notes), test, frame, names, sources)


def _states(tables: Tables, states: Sequence[str] | str, year: int) -> tuple[list[str], tuple[str, ...]]:
    """The codes, and how they differ from the Member States."""
    given = [states] if isinstance(states, str) else list(states)
    rows, names = member_states(tables), country_names(tables)
    members = list(rows["geo"])
    groups = {EU27: members, EURO_AREA: list(rows.loc[(rows["euro_year"] <= year).fillna(False), "geo"])}
    parts = [part.strip() for one in given for part in one.split(",") if part.strip()]
    area = f" (euro area as of {year})" if EURO_AREA in map(_group, parts) else ""
    listed = list(dict.fromkeys(g for one in parts for g in groups.get(_group(one), [one])))
    unknown = [geo for geo in listed if geo not in names]
    if unknown or not listed:
        named = other_names({c: list(tables["country"][c].fillna("")) for c in COLUMNS})
        said = (
            "; ".join([f"unknown {', '.join(unknown)}", *cures(",".join(unknown), named)]) if unknown else "none given"
        )
        raise ParameterError(f"states: {said}; write {', '.join(GROUPS)} or codes out of {', '.join(members)}")
    out, more = sorted(set(members) - set(listed)), sorted(set(listed) - set(members))
    said = f"{len(listed)} states{area}, " + "; ".join(
        [*([f"without {', '.join(out)}"] if out else []), *([f"with {', '.join(more)}"] if more else [])]
    )
    return listed, (f"states: {said}",) if out or more else ()


def _group(text: str) -> str:
    return text.strip().lower().replace(" ", "-")


def _choices(plan: Plan, choices: dict) -> tuple[str, ...]:
    """What the choices change in the plan; an unknown one is refused."""
    paths = {"status": CHOICES["status"], "roles": CHOICES["roles"], "controls_year": CHOICES["controls"]}
    unknown = sorted(set(choices) - {*paths, *_SPANS})
    if unknown:
        raise ParameterError(f"{unknown[0]}: no choice of the leader test; those are {', '.join([*paths, *_SPANS])}")
    for name, value in choices.items():
        if not all(isinstance(v, (str, int, date)) for v in (value if isinstance(value, (list, tuple)) else [value])):
            raise ParameterError(
                f"{name}: a {type(value).__name__} is no choice; write a text, a year or a list of texts"
            )
    period = dict(zip(_SPANS, plan.period))
    said = [f"{name}: {choices[name]}" for name in _SPANS if str(choices.get(name, period[name])) != period[name]]
    for name, (part, key) in paths.items():
        planned = plan.fixed[part][key]
        if name in choices and choices[name] != planned:
            said.append(f"{name}: {_text(choices[name])}, registered is {_text(planned)}")
    return (*(f"{name}: {_text(value)}" for name, value in plan.changes), *said)


def _text(value) -> str:
    return join_names(value) if isinstance(value, (list, tuple)) else str(value)


def _of_dyads(dyads: pd.DataFrame, controls: tuple, outcome: str, plan: Plan) -> tuple[Result, Result]:
    """Estimate and test as registered; for separated data the profile interval, which says what it assumes."""
    rng = stream(plan, 1)
    test = models.permutation_test(
        dyads, controls=controls, outcome=outcome, method="rows", n_permutations=plan.permutations, rng=rng
    )
    fit = models.firth_logit(dyads, controls=controls, outcome=outcome, profiles=False)
    try:
        return as_odds_ratio(models.dispersion_interval(fit)), test
    except DesignError as error:
        found = models.firth_logit(dyads, controls=controls, outcome=outcome).result
        return as_odds_ratio(replace(found, notes=(*found.notes, f"no interval by dispersion: {error}"))), test


def _totals(dyads: pd.DataFrame, added: dict[str, Added], geo: pd.Series, outcome: str) -> pd.DataFrame:
    """One row for each state: `country_totals`, means of further controls over the decisions, and the outcome."""
    totals, own = country_totals(dyads), [name for name in added if name != outcome]
    means = dyads.groupby("geo")[own].mean().reset_index()
    values = pd.DataFrame({"geo": geo, outcome: added[outcome].values})
    return totals.merge(means, on="geo", validate="one_to_one").merge(values, on="geo", validate="one_to_one")


def _of_states(totals: pd.DataFrame, controls: tuple, outcome: str, plan: Plan) -> Result:
    """The model that the values allow, with an interval."""
    given, term = totals[outcome], "leader_share"
    same: dict[str, Any] = {"n_treated": int((totals[term] > 0).sum())}
    if given.isin((0, 1)).all():
        found = as_odds_ratio(models.any_participation(totals, term, controls, count=outcome))
        same["notes"] = (*found.notes, _SHARE)
        return replace(found, method="Firth logit, one row for each state", scale="odds ratio", **same)
    if (given >= 0).all():
        found = models.ppml(totals.assign(basis=outcome), term, controls, outcome=outcome, basis="basis")
        same |= {name: float(np.exp(getattr(found, name))) for name in ("estimate", "ci_low", "ci_high")}
        same["notes"] = (*found.notes, _SHARE, _FEW)
        return replace(found, scale="ratio of means", se=None, se_kind="", **same)
    rng = stream(plan, 1)
    found = models.freedman_lane(totals, term, controls, outcome, n_permutations=plan.permutations, rng=rng)
    if not found.se:
        raise DataError(f"{outcome}: leaders and others do not differ at all; no interval")
    reach = float(stats.t.ppf(0.975, found.df)) * found.se
    same |= {
        "notes": (*found.notes, _SHARE),
        "ci_low": found.estimate - reach,
        "ci_high": found.estimate + reach,
        "ci_level": 0.95,
    }
    same["ci_kind"] = f"t with {found.df:.0f} df, least squares, equal variances"
    return replace(found, scale=f"difference in {outcome}", **same)
