"""Participation counted in other ways: how many, in which share, at all, by companies, by euro, along the index.

Companies and aid are published for some of the participations only. The models refuse to run on part of the
countries; the rows then say how much is known and what is wanting, and the same model is run on the projects that are
known in full, labelled with their names. Exploratory.
"""

import math
from functools import partial

import pandas as pd

from innodivide import models
from innodivide.data.editions import PLAN
from innodivide.data.tables import Tables
from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.evidence.confirmatory import Confirmatory
from innodivide.indicators.country_profile import index_relative_to_eu
from innodivide.indicators.panel import country_totals
from innodivide.models.estimators import outcomes
from innodivide.models.inference import sweep
from innodivide.models.result import Result
from innodivide.wording import join_names

INDEX_STEP = 1.1  # the index is compared with one this many times as high
FIGURES = {"n_companies": ("companies", 1.0), "aid_eur_mn": ("aid", 1e6)}  # column: what it is, unit
COLUMNS = ["question", "method", "ratio", "kind", "ci_low", "ci_high", "p_value", "n_countries", "n_treated", "note"]


def estimates(tables: Tables, main: Confirmatory) -> pd.DataFrame:
    """Return the leader's ratio for other outcomes and models, one row each.

    Returns
    -------
    DataFrame
        question, method, ratio (of a state that was a leader at every decision to one that never was; for the index,
        of an index 10 % higher), kind ("odds ratio", "rate ratio", "ratio of means"), ci_low, ci_high (95 %),
        p_value, n_countries, n_treated, note. A model that the data do not allow has no numbers, and a note with what
        is known and what it would take.
    """
    totals = country_totals(main.dyads)
    rows = [
        _row("Number of IPCEIs, Poisson with offset", "rate ratio", partial(outcomes.poisson_rate, totals)),
        _row("Number of IPCEIs, quasi-binomial", "odds ratio", lambda: models.grouped_binomial(totals).result),
        _row("Share of IPCEIs, fractional logit", "odds ratio", partial(outcomes.fractional_logit, totals)),
        _row("Any participation, Firth logit", "odds ratio", partial(outcomes.any_participation, totals)),
    ]
    for figure, question, model in (
        ("n_companies", "Number of companies, Poisson", _companies),
        ("aid_eur_mn", "State aid in euro, PPML", _aid),
    ):
        known = figures_of(tables, main.dyads, figure)
        rows.append(_row(question, "ratio of means", partial(model, known), wanting(known, figure)))
        for name, part in known_in_full(known).items():
            rows.append(_row(f"{question}: {name} only", "ratio of means", partial(model, part)))
    index = with_index(tables, main.dyads)
    rows.append(_row("Index, Firth logit", "odds ratio", partial(sweep.continuous_index, index, per=INDEX_STEP)))
    return pd.DataFrame(rows).reindex(columns=COLUMNS).astype({"n_countries": "Int64", "n_treated": "Int64"})


def _companies(known: pd.DataFrame) -> Result:
    return outcomes.poisson_rate(by_country(known), count="amount", possible=None)


def _aid(known: pd.DataFrame) -> Result:
    return outcomes.ppml(by_country(known), "leader_share", outcome="amount", basis="basis")


def _row(question: str, kind: str, attempt, wanting: str = "") -> dict:
    """One model on the scale of ratios, or the reason why it is not there."""
    try:
        found = attempt()
    except (DataError, DesignError, ParameterError) as error:
        return {"question": question, "note": wanting or str(error)}
    ends = {"ratio": found.estimate, "ci_low": found.ci_low, "ci_high": found.ci_high}
    ratios = {name: math.exp(value) for name, value in ends.items()}
    return {"question": question, "kind": kind, **found.row(), **ratios, "note": ""}


def figures_of(tables: Tables, dyads: pd.DataFrame, figure: str) -> pd.DataFrame:
    """Return the dyads with `amount` (companies, or euro; 0 without participation, NaN if unknown) and its `basis`."""
    rows = tables["ipcei_country"]
    rows = rows[rows["role"] == "notifying"][["ipcei_id", "geo", "n_companies", "aid_eur_mn", "aid_basis"]]
    frame = dyads.merge(rows, on=["ipcei_id", "geo"], how="left", validate="one_to_one")
    what, unit = FIGURES[figure]
    amount = frame[figure].astype(float) * unit
    basis = frame["aid_basis"] if what == "aid" else pd.Series("national counts", frame.index)
    return frame.assign(
        amount=amount.where(frame["participates"], 0.0), basis=basis.where(frame["participates"] & amount.notna())
    )


def by_country(known: pd.DataFrame) -> pd.DataFrame:
    """Return country totals with the amount (NaN where any part is unknown) and its bases, joined by commas."""
    grouped = known.groupby("geo")
    totals = country_totals(known).set_index("geo")
    totals["amount"] = grouped["amount"].agg(lambda a: a.sum(skipna=False))
    totals["basis"] = grouped["basis"].apply(lambda b: ", ".join(sorted(set(b.dropna()))) or None)
    return totals.reset_index()


def known_in_full(known: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the dyads of the projects whose every participation has an amount, by basis, under their joined names."""
    inside = known[known["participates"]]
    by_project = inside.groupby("ipcei_id").agg(lost=("amount", lambda a: a.isna().any()), kinds=("basis", "nunique"))
    whole = by_project.index[~by_project["lost"] & (by_project["kinds"] == 1)]
    basis = inside[inside["ipcei_id"].isin(whole)].groupby("basis")["ipcei_id"].unique()
    return {join_names(sorted(ids)): known[known["ipcei_id"].isin(ids)] for ids in basis}


def wanting(known: pd.DataFrame, figure: str) -> str:
    """Say for how many countries and participations a figure is known, and what a test of all would take.

    Empty if every participation has its figure.
    """
    inside = known[known["participates"]]
    lost = inside[inside["amount"].isna()]
    if lost.empty:
        return ""
    countries, what, bases = known["geo"].nunique(), FIGURES[figure][0], inside["basis"].nunique()
    named = ", ".join(f"{code} {n}" for code, n in lost.groupby("ipcei_id").size().items())
    mixed = f", and one basis in place of the {bases} of the known ones" if bases > 1 else ""
    return (
        f"known in full for {countries - lost['geo'].nunique()} of {countries} countries "
        f"({len(inside) - len(lost)} of {len(inside)} participations), and an unknown figure is not a zero. "
        f"It would take the {what} of the other {len(lost)} participations ({named}){mixed}"
    )


def with_index(tables: Tables, dyads: pd.DataFrame) -> pd.DataFrame:
    """Add `index_relative`: the claims' back-series (`editions.PLAN`, EU = 100) for the year of the edition in force.

    Later editions take the last year of the series. The series was computed later, so this is not what was known.
    """
    series = index_relative_to_eu(tables, PLAN["eis"]).set_index(["geo", "year"])["relative"]
    year = dyads["edition"].map(tables["eis_edition"].set_index("edition")["performance_year"]).astype(int)
    last = int(series.index.get_level_values("year").max())
    keys = pd.MultiIndex.from_arrays([dyads["geo"], year.clip(upper=last)])
    return dyads.assign(index_relative=series.reindex(keys).to_numpy())
