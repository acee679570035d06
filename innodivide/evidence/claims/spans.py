"""Three records of IPCEIs, when the brief was written, now, and since, and what the rules of C01 to C03 say of one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from innodivide import models
from innodivide.data import editions
from innodivide.data.tables import Tables
from innodivide.evidence.answer import plain_shares
from innodivide.evidence.claims.thresholds import BARELY, MAJORITY
from innodivide.evidence.confirmatory import (
    BRIEF_CUTOFF,
    NAMED_FIVE,
    NAMED_THREE,
    Confirmatory,
    analyse,
    claims_family,
    odds_ratios,
    planned_dyads,
    stream,
)
from innodivide.evidence.plan import Plan
from innodivide.indicators.panel import country_totals
from innodivide.models.result import Result

TOTAL_GDP = {"then": 102, "now": 103, "since": 104}  # streams of the plan
THEN, NOW, SINCE = TOTAL_GDP


@dataclass(frozen=True, kw_only=True)
class Record:
    """One span of IPCEIs: the registered analysis, its family (index claim), and the test of total GDP.

    `large` tests total GDP given leader status; `economy` is the odds ratio of its doubling (odds_ratio, ci_low,
    ci_high).
    `joint` holds p_holm of total GDP and of leader status, corrected together (index "large", "leaders").
    """

    name: str
    main: Confirmatory
    family: pd.DataFrame
    large: Result
    economy: pd.Series
    joint: pd.Series

    @property
    def n_ipceis(self) -> int:
        """IPCEIs of the record."""
        return self.main.dyads["ipcei_id"].nunique()

    @property
    def shares(self) -> pd.Series:
        """How many of the projects open to them leaders and others took part in (`answer.plain_shares`)."""
        return plain_shares(self.main.dyads)["share"]

    @property
    def totals(self) -> pd.DataFrame:
        """`panel.country_totals`, index geo."""
        return country_totals(self.main.dyads).set_index("geo")


def records(tables: Tables, plan: Plan, main: Confirmatory, family: pd.DataFrame, **changes) -> dict[str, Record]:
    """Return the three records; `main` and `family` (index claim) are those of the registered period.

    `changes` are those with which its dyads were made (`planned_dyads`).
    """
    spans = {THEN: {"until": BRIEF_CUTOFF}, SINCE: {"since": BRIEF_CUTOFF}}
    found = {NOW: (main, family)}
    for name, span in spans.items():
        part = analyse(planned_dyads(tables, plan, **span, **changes), plan, effect=False)
        found[name] = part, claims_family(part, plan).set_index("claim")
    return {name: _record(name, *found[name], plan) for name in (THEN, NOW, SINCE)}


def _record(name: str, main: Confirmatory, family: pd.DataFrame, plan: Plan) -> Record:
    large = models.permutation_test(
        main.dyads,
        term="ln_gdp",
        controls=("leader",),
        method="rows",
        n_permutations=plan.permutations,
        rng=stream(plan, TOTAL_GDP[name]),
    )
    joint = models.holm([large.p_value, main.permutation.p_value])["p_holm"]
    joint = pd.Series(joint.to_numpy(), index=["large", "leaders"])
    economy = odds_ratios(models.firth_logit(main.dyads, "ln_gdp", ("leader",), profiles=False)).loc["ln_gdp"]
    return Record(name=name, main=main, family=family, large=large, economy=economy, joint=joint)


def large_or_leaders(record: Record, alpha: float) -> str:
    """Verdict on C01: total GDP given leader status, and leader status given size and wealth, Holm over the two."""
    signs = np.sign([record.large.estimate, record.main.permutation.estimate])
    clear = record.joint.to_numpy() < alpha
    hold = clear & (signs > 0)
    if hold.all():
        return "supported"
    if hold.any():
        return "partly"
    return "contradicted" if (clear & (signs < 0)).all() else "inconclusive"


def five_dominate(record: Record, alpha: float) -> str:
    """Verdict on C02: the five against the rest, and each in more than half."""
    row, above = record.family.loc["named_five"], most_of_them(record)
    if row["estimate"] <= 0:
        return "contradicted"
    clear = bool(row["p_holm"] < alpha)
    if clear and above.all():
        return "supported"
    return "partly" if clear or above.any() else "inconclusive"


def most_of_them(record: Record) -> pd.Series:
    """Return, for each of the named five, whether it took part in more than half of the IPCEIs."""
    return record.totals.loc[list(NAMED_FIVE), "rate"] > MAJORITY


def lowest_absent(record: Record, modest: pd.Series, alpha: float) -> str:
    """Verdict on C03: the lowest group takes part less, and the named were in it and barely took part."""
    row, named = record.family.loc["modest_group"], counting(record, modest)
    clear = bool(row["p_holm"] < alpha)
    if clear and row["estimate"] < 0 and named.all():
        return "supported"
    if (clear and row["estimate"] > 0) or not named.any():
        return "contradicted"
    return "partly"


def counting(record: Record, modest: pd.Series) -> pd.Series:
    """Return, for each of the named three, whether it was modest and took part in at most a quarter of the IPCEIs."""
    return modest & (record.totals.loc[list(NAMED_THREE), "rate"] <= BARELY)


def modest_then(tables: Tables) -> pd.Series:
    """Return, for each of the named three, whether it was in the modest group of the edition the brief had."""
    rows = tables["eis_group"].query("edition == @e", local_dict={"e": editions.BRIEF["eis"]}).set_index("geo")
    return rows.loc[list(NAMED_THREE), "group"] == "modest"
