"""Values, words and tables of the policy brief (notebook 07) and of its one-page summary (08)."""

import pandas as pd

from innodivide.data.editions import BRIEF, SECOND
from innodivide.data.sources import sources_of
from innodivide.data.tables import Tables, member_states
from innodivide.evidence import brief_frames
from innodivide.evidence.claims import first_rules
from innodivide.evidence.claims.both_tiers import ANEW, HELD, against_chance, states_connect
from innodivide.evidence.claims.firm_size import published_shares
from innodivide.evidence.claims.money_and_advice import EQUAL
from innodivide.evidence.claims.second_registration import SecondEvidence
from innodivide.evidence.confirmatory import (
    BRIEF_CUTOFF,
    NAMED_FIVE,
    NAMED_THREE,
    Confirmatory,
    named_counts,
    newer_ipceis,
    odds_ratios,
)
from innodivide.evidence.plan import Plan
from innodivide.indicators import participation, tiers
from innodivide.indicators.panel import dyad_sources, ipcei_dyads, participation_sources
from innodivide.narrative import claim_words, ipcei_participation as words_participation, leader_status
from innodivide.narrative.robustness import method_audit
from innodivide.narrative.two_tiers import connection_words
from innodivide.narrative.two_tiers.reform import given_words
from innodivide.narrative.words_file import Words
from innodivide.wording import join_names, p_text, sentence

WORDS = Words("07_policy_brief")
VERBS = {
    "supported": ("is supported", "are supported"),
    "partly": ("holds in part", "hold in part"),
    "inconclusive": ("is left open", "are left open"),
    "contradicted": ("is contradicted", "are contradicted"),
    "not testable with open data": ("cannot be tested with open data", "cannot be tested with open data"),
}
KEY_FIGURES = ("F7.3", "F7.6")  # whose data the large numbers are of, beside the answer's
TABLES = {  # behind each figure
    "F7.3": ("ipcei_country", "country_panel"),
    "F7.4": ("s3_partnership_region", "cluster_partnership_member"),
    "F7.5": ("eis_index",),
    "F7.6": ("rrf_country", "cohesion_country", "eis_index", "country_panel"),
}
METHOD = WORDS.names("method")
STANCE = WORDS.names("stances")
CONNECT = WORDS.names("connections")
RUNS = WORDS.names("payments")


def answer_facts(tables: Tables, main: Confirmatory, ledger: pd.DataFrame, plan: Plan) -> dict:
    """Return the numbers of the answer: the leader test, size, the verdicts counted, and what came later."""
    size, counts = first_rules.size_test(main, plan), ledger["verdict"].value_counts()
    larger = first_rules.larger_more_often(size, plan.alpha)
    found = [
        f"{n} {VERBS[v][n > 1]}{claim_words.only(ledger, v)}"
        for v, n in ((v, int(counts.get(v, 0))) for v in VERBS)
        if n
    ]
    return leader_status.answer_facts(tables, main, plan) | {
        "size": "take part more often" if larger else "do not clearly take part more often",
        "p_size": p_text(size.p_value, "= "),
        **{f"size_{k}": v for k, v in zip(("or", "low", "high"), odds_ratios(main.fit).loc["ln_population"])},
        "larger": larger,
        "total": len(ledger),
        "verdicts": join_names(found),
        "later": join_names(came_later(tables, plan), none=""),
        "end": plan.period[1],
    }


def came_later(tables: Tables, plan: Plan) -> list[str]:
    """Return the IPCEIs decided and the scoreboards published after the plan's period, by name."""
    editions = tables.as_of()["eis_edition"]
    published = sorted(editions.loc[editions["published"] > plan.period[1], "edition"])
    return [*sorted(newer_ipceis(tables, plan)["name"]), *(f"EIS {edition}" for edition in published)]


def by_verdict(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger grouped by verdict, the order of the answer, with the claims in few words (column brief)."""
    order = ledger["verdict"].map(list(VERBS).index)
    return (
        ledger.assign(order=order, brief=ledger["claim_id"].map(claim_words.BRIEF))
        .sort_values(["order", "claim_id"], ignore_index=True)
        .drop(columns="order")
    )


def summary_rows(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return verdict, claim_id, brief (the claim in a few words) and short (the reason) of each claim, by verdict."""
    return by_verdict(ledger)[["verdict", "claim_id", "brief", "short", "claim", "source_id"]]


def key_numbers(facts: dict, most: dict, reform: dict, ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers that stand large on the first page: what, number (as text), meaning."""
    counts = ledger["verdict"].value_counts()
    said = {
        "shares": sentence("{a:.0%} : {b:.0%}", a=facts["rate_leader"], b=facts["rate_other"]),
        "verdicts": f"{counts.get('supported', 0)} of {len(ledger)}",
        "places": sentence("{share:.0%}", share=most["places"]),
        "money": sentence("€{a:,.0f} : €{b:,.0f}", a=reform["below"], b=reform["above"]),
    }
    values = {"partly": int(counts.get("partly", 0)), **{k: most[k] for k in ("gdp", "top_n", "gdp_year")}}
    meanings = {key: sentence(text, **values) for key, text in WORDS.names("key numbers").items()}
    return pd.DataFrame([(k, said[k], meanings[k]) for k in said], columns=["what", "number", "meaning"])


def member_facts(tables: Tables, rows: pd.DataFrame, ledger: pd.DataFrame) -> dict:
    """Return what the tile map shows, and the states that the brief names, now and when it was written."""
    facts = words_participation.country_facts(rows.assign(per_million=0.0))
    leaders, named = rows[rows["group"] == "leader"], rows[rows["geo"].isin(NAMED_FIVE)].sort_values(["n", "name"])
    then = named_counts(ipcei_dyads(tables, until=BRIEF_CUTOFF), NAMED_FIVE)
    over = rows[(2 * rows["n"] > rows["n_possible"]) & ~rows["geo"].isin(NAMED_FIVE)]
    group = tables["eis_group"].query("edition == @e", local_dict={"e": BRIEF["eis"]}).set_index("geo")["group"]
    other = rows[rows["geo"].isin(NAMED_THREE) & (rows["geo"].map(group) != "modest")].iloc[-1]
    return facts | {
        "stance": STANCE[ledger.set_index("claim_id").at["C02", "verdict"]],
        "leaders": len(leaders),
        "leader_low": int(leaders["n"].min()),
        "leader_high": int(leaders["n"].max()),
        "named_n": len(named),
        "named": join_names([f"{r.name} {r.n}" for r in named.itertuples(index=False)]),
        "half": int((2 * named["n"] > named["n_possible"]).sum()),
        "then_half": int((2 * then["n_participations"] > then["n_possible"]).sum()),
        "then_possible": int(then["n_possible"].iloc[0]),
        "unnamed": join_names(sorted(over["name"])),
        "other": other["name"],
        "other_n": int(other["n"]),
        "other_group": group[other["geo"]],
        "other_edition": f"EIS {BRIEF['eis']}",
    }


def top_facts(rows: pd.DataFrame, top: int) -> dict:
    """Return the shares of `brief_frames.top_shares` by a short name."""
    names = ("population", "gdp", "places", "companies")
    year = rows.set_index("quantity").at["GDP", "coverage"]
    return dict(zip(names, rows.sort_values("order")["share"])) | {"top_n": top, "gdp_year": year}


def pair_facts(tables: Tables, second: SecondEvidence, plan: Plan) -> dict:
    """Return the numbers of claim C05 for states, and how many random matrices stand behind them."""
    p_holm, nulls = second.family["p_holm"], second.connection.nulls
    held, anew = nulls.loc[HELD], nulls.loc[ANEW]
    return {
        "pairs": int(held["observed"]),
        "mean": held["null_mean"],
        "low": held["null_low"],
        "high": held["null_high"],
        "p": p_text(p_holm[HELD], "= "),
        "anew": anew["null_mean"],
        "anew_low": anew["null_low"],
        "anew_high": anew["null_high"],
        "p_anew": p_text(p_holm[ANEW], "= "),
        "anew_how": against_chance(anew),
        "connect": CONNECT[states_connect(second.connection, p_holm, plan.alpha)],
        "direction": against_chance(held),
        "matrices": plan.permutations,
        "lists": second.connection.n_lists,
        "partnerships": tiers.s3_coverage(tables).total,
    }


def spread_facts(rows: pd.DataFrame, both: pd.DataFrame) -> dict:
    """Return the last change of the spread between states in each series, with a reading.

    Parameters
    ----------
    rows : DataFrame
        From `brief_frames.index_changes`.
    both : DataFrame
        `persisting_gap.spread_in_both`, whose statements are those of claim C08.
    """
    change = "{r.change:+.3f} ({r.low95:+.3f} to {r.high95:+.3f}; EIS {r.edition}, {r.start} to {r.end})"
    told = "{r.says} in EIS {r.edition} ({r.start} to {r.end}: {c:+.0%}, 90% interval {low:+.0%} to {high:+.0%})"
    said = [
        sentence(told, r=r, c=r.change / r.first, low=r.low90 / r.first, high=r.high90 / r.first)
        for r in both.itertuples()
    ]
    newest = both.set_index("edition").loc[rows["edition"].iloc[0]]
    shares = {k: newest[c] / newest["first"] for k, c in (("", "change"), ("_low", "low90"), ("_high", "high90"))}
    return {f"change{k}": v for k, v in shares.items()} | {
        "reading": join_names(said),
        "changes": join_names([sentence(change, r=r) for r in both.itertuples()]),
        "edition": f"EIS {rows['edition'].iloc[0]}",
        "start": int(rows["start"].iloc[0]),
        "end": int(rows["end"].iloc[0]),
        "rose": int((rows["last"] > rows["first"]).sum()),
        "fell": int((rows["last"] < rows["first"]).sum()),
        "n": len(rows),
    }


def money_facts(rows: pd.DataFrame, second: SecondEvidence) -> dict:
    """Return euro per head on both sides of the EU average, and the rank correlations with the gap, as in claim C12."""
    funds, first = second.money.funds, rows[rows["instrument"] == rows["instrument"].iloc[0]].set_index("side")
    clear = int(((funds["low_given_wealth"] > 0) | (funds["high_given_wealth"] < 0)).sum())
    paid = second.money.paid.loc[EQUAL]
    line = "{r.instrument}, states {r.side}, {r.per_head:,.0f} ({r.ci_low:,.0f} to {r.ci_high:,.0f})"
    return {
        "below": first.at[brief_frames.BELOW, "per_head"],
        "above": first.at[brief_frames.ABOVE, "per_head"],
        "rho_low": funds["rho"].min(),
        "rho_high": funds["rho"].max(),
        "given": given_words(funds),
        "how": "rises" if (funds["ci_low"] > 0).all() else "does not always rise clearly",
        "but": "no clear pattern is left" if not clear else f"a pattern is left in {clear} of {len(funds)} funds",
        "shown": "; ".join(sentence(line, r=r) for r in rows.itertuples()),
        "paid_how": RUNS["with" if paid["ci_low"] > 0 else "against" if paid["ci_high"] < 0 else "not"],
        "paid": sentence("{r[rho]:+.2f} ({r[ci_low]:+.2f} to {r[ci_high]:+.2f})", r=paid),
        "paid_n": int(paid["n"]),
        "n": int(funds["n"].max()),
        "n_low": int(funds["n"].min()),
    }


def method_facts(tables: Tables, main: Confirmatory, curve, audit: pd.DataFrame, plan: Plan) -> dict:
    """Return the numbers of the method: data, interval, test, power, the audit of methods, and what was fixed when."""
    facts = leader_status.answer_facts(tables, main, plan) | leader_status.power_facts(curve)
    values = facts | {f"audit_{k}": v for k, v in method_audit.method_facts(audit, facts["alpha"]).items()}
    values |= {"permutations": plan.permutations, "registered": str(plan.fixed["registered"])}
    values |= {"mde_low": curve.odds_ratio_low, "mde_high": curve.odds_ratio_high, "departures": len(plan.departures)}
    return values | {"later": len(plan.supplement["claim_rules"]), **second_facts(plan)}


def method_rows(values: dict) -> pd.DataFrame:
    """Return the method in a few rows: item, text; `values` of `method_facts`."""
    return pd.DataFrame([(item, text.format(**values)) for item, text in METHOD.items()], columns=["item", "text"])


def second_facts(plan: Plan) -> dict:
    """Return the day of the second registration, its claims and their number, and a sentence on each later one."""
    told = [(str(part["registered"]), sorted(part["claim_rules"])) for part in (plan.second, *plan.further)]
    day, rules = told[0]
    further = WORDS.names("registrations")["further"]
    later = "".join(f" {further.format(day=after, claims=join_names(of))}" for after, of in told[1:])
    return {"second_day": day, "second": join_names(rules), "second_n": len(rules), "further": later}


def limit_facts(tables: Tables) -> dict:
    """Return how much is known of what the brief rests on."""
    aid = words_participation.aid_facts(participation.aid_coverage(tables))
    states, sme = participation.by_country(tables), participation.sme_shares(tables)
    listed = tiers.s3_coverage(tables)
    return {
        "aid_complete": aid["complete"],
        "ipceis": aid["n"],
        "counts": int(states["counts_missing"].sum()),
        "places": int(states["n"].sum()),
        "smes": len(sme),
        "sme_shares": int((~published_shares(tables)["counted"]).sum()),
        "missing_lists": listed.total - listed.known,
        "partnerships": listed.total,
        "alliances": len(tables["alliance"]),
        "alliance_counts": len(tables["alliance_country"]),
        "members": len(member_states(tables)),
    }


def figure_sources(tables: Tables, id: str) -> tuple[str, ...]:
    """Return the sources of a figure; that on both tiers shows who is in what, not companies or aid.

    The change of the divide rests on both series of C08.
    """
    if id == "F7.5":
        return sources_of(tables["eis_index"].query("edition in @both", local_dict={"both": SECOND["eis"]}))
    found = connection_words.sources(tables, *TABLES[id])
    return tuple(sorted({*participation_sources(tables), *found})) if id == "F7.4" else found


def key_sources(tables: Tables) -> tuple[str, ...]:
    """Return the sources of the large numbers."""
    return tuple(sorted({*dyad_sources(tables)}.union(*(figure_sources(tables, id) for id in KEY_FIGURES))))


def ledger_sources(tables: Tables, ledger: pd.DataFrame) -> tuple[str, ...]:
    """Return the sources of all that the ledger rests on, each once."""
    others = connection_words.sources(tables, "semester_theme", "ris_score", "eqi_2024", "erdf_payment", "region_year")
    figures = [figure_sources(tables, id) for id in TABLES]
    return tuple(sorted({*dyad_sources(tables), *sources_of(ledger), *others}.union(*figures)))
