"""Claims C01 to C03 by the rules of the second registration: when the brief was written, and now.

Each rule is applied to each record of IPCEIs alike: "then" up to the brief, "now" the whole registered period, "since"
what was decided after the brief.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from innodivide import models
from innodivide.data import editions
from innodivide.data.tables import Tables, country_names
from innodivide.evidence.answer import plain_shares
from innodivide.evidence.claims.finding import Finding, compared, otherwise
from innodivide.evidence.claims.thresholds import BARELY, MAJORITY
from innodivide.evidence.confirmatory import (
    BRIEF_CUTOFF,
    NAMED_FIVE,
    NAMED_THREE,
    Confirmatory,
    analyse,
    claims_family,
    planned_dyads,
    stream,
)
from innodivide.evidence.plan import Plan
from innodivide.indicators.panel import country_totals
from innodivide.models.result import Result
from innodivide.wording import join_names, p_text, sentence

TOTAL_GDP = {"then": 102, "now": 103, "since": 104}  # streams of the plan
THEN, NOW, SINCE = TOTAL_GDP


@dataclass(frozen=True, kw_only=True)
class Record:
    """One span of IPCEIs: the registered analysis, its family (index claim), and the test of total GDP.

    `joint` holds p_holm of total GDP and of leader status, corrected together (index "large", "leaders").
    """

    name: str
    main: Confirmatory
    family: pd.DataFrame
    large: Result
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


def records(tables: Tables, plan: Plan, main: Confirmatory, family: pd.DataFrame) -> dict[str, Record]:
    """Return the three records; `main` and `family` (index claim) are those of the registered period."""
    spans = {THEN: {"until": BRIEF_CUTOFF}, SINCE: {"since": BRIEF_CUTOFF}}
    found = {NOW: (main, family)}
    for name, span in spans.items():
        part = analyse(planned_dyads(tables, plan, **span), plan, effect=False)
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
    return Record(name=name, main=main, family=family, large=large, joint=joint)


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


def _both(spans: dict[str, Record], tell: Callable[[Record], str]) -> str:
    now, then = spans[NOW], spans[THEN]
    return f"Now, of {now.n_ipceis} IPCEIs: {tell(now)}. When the brief was written, of {then.n_ipceis}: {tell(then)}"


def _shares(record: Record) -> tuple[float, float]:
    """Participation of the named five and of the rest, all pairs of state and IPCEI together."""
    five = record.totals.index.isin(NAMED_FIVE)
    sums = record.totals.groupby(five)[["n_participations", "n_possible"]].sum()
    share = sums["n_participations"] / sums["n_possible"]
    return float(share[True]), float(share[False])


def c01(spans: dict[str, Record], alpha: float) -> Finding:
    """C01: the most active states are large and wealthy, or leaders."""

    def tell(record: Record) -> str:
        odds = record.main.interval
        text = (
            "total GDP p (Holm) {large}; leaders against others at equal size and wealth: odds ratio {o.estimate:.2f} "
            "({o.ci_low:.2f} to {o.ci_high:.2f}), p (Holm) {leaders}"
        )
        values = {k: p_text(record.joint[k], "= ") for k in ("large", "leaders")}
        return sentence(text, o=odds, **values)

    return Finding(
        claim_id="C01",
        verdict=large_or_leaders(spans[NOW], alpha),
        then=large_or_leaders(spans[THEN], alpha),
        numbers=_both(spans, tell) + f". Decided since: {tell(spans[SINCE])}.",
        coverage=_coverage(spans),
        short=_economies_and_leaders(spans, alpha),
        rests=_rests(spans),
        change=_other_parts(spans[NOW], alpha),
    )


def _economies_and_leaders(spans: dict[str, Record], alpha: float) -> str:
    """The reason for the verdict on C01: what total GDP does, and the plain shares of leaders and others."""
    record, now, then = spans[NOW], spans[NOW].shares, spans[THEN].shares
    how = compared(bool(record.joint["large"] < alpha), record.large.estimate)
    text = (
        "Larger economies take part {how} smaller ones (p {p}). Leaders took part in {now[leaders]:.0%} of the "
        "projects, others in {now[others]:.0%} (odds ratio {o.estimate:.2f}, {o.ci_low:.2f} to {o.ci_high:.2f}); "
        "then {then[leaders]:.0%} and {then[others]:.0%}."
    )
    return sentence(text, how=how, p=p_text(record.joint["large"], "= "), now=now, then=then, o=record.main.interval)


def _other_parts(record: Record, alpha: float) -> str:
    """What would change the verdict on C01: the part that does not hold, if one of the two does."""
    hold = (record.joint < alpha) & (np.array([record.large.estimate, record.main.permutation.estimate]) > 0)
    if hold.sum() != 1:
        text = "Partly if {of} of total GDP and leader status went with participation, p (Holm) below {alpha}"
        return sentence(text, of="only one" if hold.all() else "one", alpha=alpha)
    names = ("total GDP", "leader status"), ("beyond size and wealth", "beyond leader status")
    (one, other), beyond = (names[0], names[1][0]) if hold["large"] else (names[0][::-1], names[1][1])
    text = "Supported if {other} too went with participation {beyond}, p (Holm) below {alpha}; inconclusive if {one} "
    return sentence(text + "did not", one=one, other=other, beyond=beyond, alpha=alpha)


def c02(tables: Tables, spans: dict[str, Record], alpha: float) -> Finding:
    """C02: five named states dominate."""
    names = country_names(tables)

    def tell(record: Record) -> str:
        five, rest = _shares(record)
        above = most_of_them(record)
        counts = record.totals.loc[list(NAMED_FIVE), "n_participations"]
        values: dict[str, object] = {"five": five, "rest": rest, "n": int(above.sum()), "of": len(above)}
        values |= {"p": p_text(record.family.at["named_five", "p_holm"], "= ")}
        values |= {"counts": join_names([f"{names[g]} {n}" for g, n in counts.items()])}
        text = "the five took part in {five:.0%}, the others in {rest:.0%}, p (Holm) {p}; {n} of {of} in more than half"
        return sentence(text + " ({counts})", **values)

    def brief(record: Record) -> str:
        (five, rest), above = _shares(record), most_of_them(record)
        values: dict[str, object] = {"five": five, "rest": rest, "n": int(above.sum()), "of": len(above)}
        values["p"] = p_text(record.family.at["named_five", "p_holm"], "= ")
        return sentence("{five:.0%}, the others in {rest:.0%} (p {p}), {n} of {of} in more than half", **values)

    verdict = five_dominate(spans[NOW], alpha)
    more = "if they took part more than the others and one of the five at least were in more than half"
    less = sentence("if one of the five were in half or less, or p (Holm) not below {alpha}", alpha=alpha)
    ways = {
        "supported": sentence("if each of the five were in more than half and p (Holm) below {alpha}", alpha=alpha),
        "partly": less if verdict == "supported" else more,
        "contradicted": "if they took part no more than the others",
    }
    return Finding(
        claim_id="C02",
        verdict=verdict,
        then=five_dominate(spans[THEN], alpha),
        numbers=_both(spans, tell) + f". Decided since: {tell(spans[SINCE])}.",
        coverage=_coverage(spans),
        short=f"Of the projects the five took part in {brief(spans[NOW])}. Then it was {brief(spans[THEN])}.",
        rests=_rests(spans),
        change=otherwise(verdict, ways),
    )


def c03(tables: Tables, spans: dict[str, Record], alpha: float) -> Finding:
    """C03: the modest innovators, three of them named, barely feature."""
    names, modest = country_names(tables), modest_then(tables)

    def tell(record: Record) -> str:
        row, counts = record.family.loc["modest_group"], record.totals.loc[list(NAMED_THREE), "n_participations"]
        values = {"points": 100 * row["estimate"], "p": p_text(row["p_holm"], "= "), "part": BARELY}
        values |= {"counts": join_names([f"{names[g]} {n}" for g, n in counts.items()])}
        values |= {"count": int(counting(record, modest).sum()), "of": len(modest)}
        text = "the lowest group {points:+.0f} points against the others, p (Holm) {p}; {counts}; {count} of {of} named"
        return sentence(text + " were modest and in at most {part:.0%}", **values)

    def brief(record: Record) -> str:
        counts = record.totals.loc[list(NAMED_THREE), "n_participations"]
        told = join_names([f"{names[g]} is in {n}" for g, n in counts.items()])
        return sentence("of {n} projects {told}", n=record.n_ipceis, told=told)

    outside = join_names([names[g] for g in modest.index[~modest]])
    values = {"alpha": alpha, "edition": editions.BRIEF["eis"], "outside": outside}
    verdict = lowest_absent(spans[NOW], modest, alpha)
    ways = {
        "contradicted": "if the lowest group took part more, p (Holm) below {alpha}, or if none of the named was "
        "modest in EIS {edition} and in at most a quarter",
        "supported": "only if it took part less and all three were",
        "partly": "if one of the named were not",
    }
    if verdict == "contradicted":
        ways = {"partly": "if the lowest group did not take part more and one of the named counted"}
    return Finding(
        claim_id="C03",
        verdict=verdict,
        then=lowest_absent(spans[THEN], modest, alpha),
        numbers=_both(spans, tell) + f". Decided since: {tell(spans[SINCE])}.",
        coverage=_coverage(spans)
        + sentence("; groups of the editions in force; not modest in EIS {edition}: {outside}", **values),
        short=_named_three(spans[NOW], outside, brief(spans[NOW]), brief(spans[THEN]).replace(" is in ", " in ")),
        rests=_rests(spans),
        change=sentence(otherwise(verdict, ways), **values),
    )


def _named_three(now: Record, outside: str, counts: str, before: str) -> str:
    """The reason for the verdict on C03: in how many projects the named three are, and the lowest group as a whole."""
    row = now.family.loc["modest_group"]
    text = (
        "Now, {counts}; the lowest group took part {points:+.0f} points against the others (p {p}). Not modest "
        "then: {outside}. Then, {before}."
    )
    values = {"points": 100 * row["estimate"], "p": p_text(row["p_holm"], "= "), "outside": outside}
    return sentence(text, counts=counts, before=before, **values)


def _coverage(spans: dict[str, Record]) -> str:
    values = {"states": len(spans[NOW].totals), "now": spans[NOW].n_ipceis, "then": spans[THEN].n_ipceis}
    return sentence("{states} states; {now} IPCEIs, {then} of them when the brief was written; complete", **values)


def _rests(spans: dict[str, Record]) -> str:
    values = {"now": spans[NOW].n_ipceis, "then": spans[THEN].n_ipceis}
    return sentence("{now} IPCEIs, {then} of them then; membership complete", **values)
