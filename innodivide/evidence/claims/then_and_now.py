"""Claims C01 to C03 by the rules of the second registration: when the brief was written, and now."""

from collections.abc import Callable

import numpy as np

from innodivide.data import editions
from innodivide.data.tables import Tables, country_names
from innodivide.evidence.claims.finding import Finding, compared, otherwise
from innodivide.evidence.claims.spans import (
    NOW,
    SINCE,
    THEN,
    Record,
    counting,
    five_dominate,
    large_or_leaders,
    lowest_absent,
    modest_then,
    most_of_them,
)
from innodivide.evidence.claims.thresholds import BARELY
from innodivide.evidence.confirmatory import NAMED_FIVE, NAMED_THREE, odds_ratios
from innodivide.wording import join_names, p_text, sentence


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
            "total GDP odds ratio for each doubling {e[odds_ratio]:.2f} ({e[ci_low]:.2f} to {e[ci_high]:.2f}), "
            "p (Holm) {large}; leaders against others at equal size and wealth: odds ratio {o.estimate:.2f} "
            "({o.ci_low:.2f} to {o.ci_high:.2f}), p (Holm) {leaders}; beside, as parts of that model: odds ratio for "
            "each doubling of the population {size:.2f}, of GDP per head {rich:.2f} (p {wealth})"
        )
        values: dict[str, object] = {k: p_text(record.joint[k], "= ") for k in ("large", "leaders")}
        slopes = odds_ratios(record.main.fit)["odds_ratio"]
        values |= {"size": slopes["ln_population"], "rich": slopes["ln_gdp_pc_pps"], "e": record.economy}
        return sentence(text, o=odds, wealth=p_text(record.family.at["wealth", "p_value"], "= "), **values)

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
        "Larger economies take part {how} smaller ones (p (Holm) {p}); richer ones at equal size {rich} others (odds "
        "ratio {w[odds_ratio]:.2f}, {w[ci_low]:.2f} to {w[ci_high]:.2f}). Leaders: {now[leaders]:.0%} of the projects, "
        "others {now[others]:.0%} ({o.estimate:.2f}, {o.ci_low:.2f} to {o.ci_high:.2f}); then {then[leaders]:.0%}, "
        "{then[others]:.0%}."
    )
    wealth = record.family.loc["wealth"]
    values = {"rich": compared(bool(wealth["p_value"] < alpha), wealth["estimate"])}
    values |= {"p": p_text(record.joint["large"], "= "), "w": odds_ratios(record.main.fit).loc["ln_gdp_pc_pps"]}
    return sentence(text, how=how, now=now, then=then, o=record.main.interval, **values)


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
        return sentence(
            "{five:.0%} of the projects, the others in {rest:.0%} (Holm-corrected p {p}); {n} of {of} in more than "
            "half",
            **values,
        )

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
        short=f"The five took part in {brief(spans[NOW])}. Then in {brief(spans[THEN])}.",
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
        "Now, {counts}. The lowest group as a whole: {points:+.0f} points against the others "
        "(Holm-corrected p {p}). Not modest then: {outside}. Then, {before}."
    )
    values = {"points": 100 * row["estimate"], "p": p_text(row["p_holm"], "= "), "outside": outside}
    return sentence(text, counts=counts, before=before, **values)


def _coverage(spans: dict[str, Record]) -> str:
    values = {"states": len(spans[NOW].totals), "now": spans[NOW].n_ipceis, "then": spans[THEN].n_ipceis}
    return sentence("{states} states; {now} IPCEIs, {then} of them when the brief was written; complete", **values)


def _rests(spans: dict[str, Record]) -> str:
    values = {"now": spans[NOW].n_ipceis, "then": spans[THEN].n_ipceis}
    return sentence("{now} IPCEIs, {then} of them then; membership complete", **values)
