"""Values, words and tables of the policy brief (notebook 07) and of its one-page summary (08)."""

import pandas as pd

from innodivide.data.editions import BRIEF
from innodivide.data.sources import sources_of
from innodivide.data.tables import Tables, member_states
from innodivide.evidence.claims import membership
from innodivide.evidence.claims.both_tiers import ANEW, HELD, states_connect
from innodivide.evidence.claims.registry import CLAIMS
from innodivide.evidence.claims.second_registration import SecondEvidence
from innodivide.evidence.confirmatory import BRIEF_CUTOFF, NAMED_FIVE, NAMED_THREE, TO_DATE, Confirmatory, named_counts
from innodivide.evidence.plan import Plan
from innodivide.indicators import participation, tiers
from innodivide.indicators.panel import dyad_sources, ipcei_dyads
from innodivide.narrative import ipcei_participation as words_participation
from innodivide.narrative import leader_status
from innodivide.narrative.robustness import method_audit
from innodivide.narrative.two_tiers import connection_words
from innodivide.narrative.words_file import Words
from innodivide.wording import join_names, p_text, sentence

WORDS = Words("07_policy_brief")
# Claims in a few words, for the table of the summary.
SHORT = {claim.claim_id: claim.brief for claim in CLAIMS}
VERBS = {
    "supported": ("is supported", "are supported"),
    "partly": ("holds in part", "hold in part"),
    "inconclusive": ("cannot be told from no association", "cannot be told from no association"),
    "contradicted": ("is contradicted", "are contradicted"),
    "not testable with open data": ("cannot be tested with open data", "cannot be tested with open data"),
}
REGIONS = "RIS"  # how the name of their series begins
TABLES = {  # behind each figure
    "F7.3": ("ipcei_country", "country_panel"),
    "F7.4": ("s3_partnership_region", "cluster_partnership_member"),
    "F7.5": ("eis_index", "ris_index"),
    "F7.6": ("rrf_country", "cohesion_country", "horizon_country", "eis_index", "country_panel"),
}
METHOD = WORDS.names("method")
STANCE = WORDS.names("stances")
CONNECT = WORDS.names("connections")


def answer_facts(tables: Tables, main: Confirmatory, curve, ledger: pd.DataFrame, plan: Plan) -> dict:
    """Return the numbers of the answer: the leader test, size, and the verdicts counted."""
    size, counts = membership.size_test(main, plan), ledger["verdict"].value_counts()
    found = [f"{n} {VERBS[v][n > 1]}" for v, n in ((v, int(counts.get(v, 0))) for v in VERBS) if n]
    clear = size.p_value < plan.alpha
    return leader_status.answer_facts(tables, main, curve, plan) | {
        "size": "does go" if clear and size.estimate > 0 else "does not clearly go",
        "p_size": p_text(size.p_value, "= "),
        "total": len(ledger),
        "verdicts": join_names(found),
    }


def summary_rows(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return claim_id, brief (the claim in a few words) and verdict of each claim."""
    return ledger.assign(brief=ledger["claim_id"].map(SHORT))[["claim_id", "brief", "verdict", "claim", "source_id"]]


def forest_marks(facts: dict) -> dict:
    """Return the lines of the forest plot by the words above them."""
    return {f"{at:.2f}": at for at in (facts["or_low90"], 1.0, facts["or_high90"])}


def difference_facts(shown: pd.DataFrame) -> dict:
    """Return in words whether any of the intervals shown leaves out one."""
    shown = shown[shown["choice"] != TO_DATE]
    clear = int(((shown["ci_low"] > 1) | (shown["ci_high"] < 1)).sum())
    return {
        "difference": "No clear difference" if not clear else f"A clear difference in {clear} of {len(shown)} cases"
    }


def before_and_after(announced: pd.DataFrame) -> pd.DataFrame:
    """Return the announced choices that part the record at the brief, the registered one first, then to date."""
    newer = TO_DATE in set(announced["choice"])
    wanted = ["As registered", "IPCEIs up to the brief", "IPCEIs after the brief", *([TO_DATE] if newer else [])]
    first = "As registered" if newer else "All IPCEIs"
    return announced.set_index("choice").loc[wanted].rename(index={wanted[0]: first}).reset_index()


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
        "unnamed": join_names(sorted(over["name"])).replace("Netherlands", "the Netherlands"),
        "other": other["name"],
        "other_n": int(other["n"]),
        "other_group": group[other["geo"]],
        "other_edition": f"EIS {BRIEF['eis']}",
    }


def benchmark_facts(tables: Tables, rows: pd.DataFrame) -> dict:
    """Return the Gini index of each Tier-1 quantity and of GDP, how they compare, and the clear differences."""
    found = {"n": len(rows), "n_states": len(member_states(tables))}
    gdp = rows[rows["benchmark"] == "GDP"].set_index("quantity")
    names = {"places": "IPCEI places", "companies": "IPCEI companies (at least)", "aid": "IPCEI aid, ME1 and BAT1"}
    for name, quantity in names.items():
        row = gdp.loc[quantity]
        how = "more evenly" if row["ci_high"] < 0 else "less evenly" if row["ci_low"] > 0 else "about as evenly"
        found |= {name: row["gini"], f"{name}_how": how}
    more, less = int((rows["ci_low"] > 0).sum()), int((rows["ci_high"] < 0).sum())
    return found | {"gdp": gdp["gini_benchmark"].iloc[0], "more": more, "less": less}


def pair_facts(tables: Tables, tested: dict, draws: pd.DataFrame, second: SecondEvidence, alpha: float) -> dict:
    """Return the numbers of claim C05 for states, and how many random matrices stand behind them."""
    p_holm, anew = second.family["p_holm"], second.connection.nulls.loc[ANEW]
    inside = tested["null_low"] <= tested["observed"] <= tested["null_high"]
    fewer = tested["observed"] < tested["null_mean"]
    return {
        "pairs": int(tested["observed"]),
        "mean": tested["null_mean"],
        "low": tested["null_low"],
        "high": tested["null_high"],
        "p": p_text(p_holm[HELD], "= "),
        "anew": anew["null_mean"],
        "p_anew": p_text(p_holm[ANEW], "= "),
        "anew_how": "more often than" if anew["observed"] > anew["null_mean"] else "less often than",
        "connect": CONNECT[states_connect(second.connection, p_holm, alpha)],
        "direction": "about as often as" if inside else "less often than" if fewer else "more often than",
        "where": "inside" if inside else "left of" if fewer else "right of",
        "matrices": int(draws["count"].sum()),
        "lists": second.connection.n_lists,
        "partnerships": tiers.s3_coverage(tables).total,
    }


def pair_rows(tested: dict, draws: pd.DataFrame) -> pd.DataFrame:
    """Return what the figure of claim C05 shows: what, value, count of random matrices (none for single values)."""
    single = pd.DataFrame(
        {
            "what": ["observed", "95% of draws from", "95% of draws to"],
            "value": [tested["observed"], tested["null_low"], tested["null_high"]],
        }
    )
    return pd.concat([single, draws.assign(what="random matrices")], ignore_index=True)[["what", "value", "count"]]


def spread_facts(rows: pd.DataFrame, both: pd.DataFrame) -> dict:
    """Return the last change of the spread between states in each series and between regions, with a reading.

    Parameters
    ----------
    rows : DataFrame
        From `brief_frames.spread_paths`.
    both : DataFrame
        `persisting_gap.spread_in_both`, whose statements are those of claim C08.
    """
    last = rows.sort_values("year").groupby("series", sort=False).last()
    regions = last[last.index.str.startswith(REGIONS)].iloc[0]
    change = "{r.change:+.3f} ({r.low95:+.3f} to {r.high95:+.3f}; EIS {r.edition}, {r.start} to {r.end})"
    ends = ["above" if r["ci_low"] > 0 else "below" if r["ci_high"] < 0 else "across" for _, r in last.iterrows()]
    said = [sentence("{r.says} in EIS {r.edition}", r=r) for r in both.itertuples()]
    return {
        "reading": join_names(said),
        "changes": join_names([sentence(change, r=r) for r in both.itertuples()]),
        "ends": join_names([f"{name} {how} zero" for name, how in zip(last.index, ends)]),
        "editions": f"{join_names(list(last.index))}, each its own series",
        "region_change": regions["change"],
        "region_low": regions["ci_low"],
        "region_high": regions["ci_high"],
        "n": int(both["n"].min()),
        "region_n": int(regions["n"]),
    }


def money_facts(rows: pd.DataFrame) -> dict:
    """Return the range of correlations of reform money with the gap, plain and at equal GDP per head, and Horizon's."""
    plain, given = (rows[rows["given"] == g].set_index("instrument") for g in rows["given"].unique())
    reform, left = plain[plain["reform"]], given[given["reform"]]
    horizon, clear = (
        plain.filter(like="Horizon", axis=0).iloc[0],
        int(((left["ci_low"] > 0) | (left["ci_high"] < 0)).sum()),
    )
    return {
        "low": reform["rho"].min(),
        "high": reform["rho"].max(),
        "given_low": left["rho"].min(),
        "given_high": left["rho"].max(),
        "how": "rises" if (reform["ci_low"] > 0).all() else "does not always rise clearly",
        "clear": clear,
        "n_reform": len(reform),
        "but": "but not clearly" if not clear else f"and clearly so or the other way for {clear} of {len(reform)}",
        "pattern": "no clear pattern is" if not clear else f"a pattern in {clear} of {len(reform)} kinds is",
        "horizon": horizon["rho"],
        "signs": _signs(plain),
        "n": int(rows["n"].max()),
        "n_low": int(rows["n"].min()),
    }


def _signs(rows: pd.DataFrame) -> str:
    """Say which instruments run with the gap and which against it, as they stand."""
    parts = {"positive": rows.index[rows["rho"] > 0], "negative": rows.index[rows["rho"] <= 0]}
    return "; ".join(f"{sign} for {join_names(names)}" for sign, names in parts.items() if len(names))


def method_rows(tables: Tables, main: Confirmatory, curve, audit: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Return the method in a few rows: item, text."""
    facts = leader_status.answer_facts(tables, main, curve, plan)
    values = facts | {f"audit_{k}": v for k, v in method_audit.method_facts(audit, facts["alpha"]).items()}
    values |= {"permutations": plan.permutations, "registered": plan.fixed["registered"]}
    values |= {"mde_low": curve.odds_ratio_low, "mde_high": curve.odds_ratio_high, "departures": len(plan.departures)}
    values |= {"later": len(plan.supplement["claim_rules"]), **second_facts(plan)}
    return pd.DataFrame([(item, text.format(**values)) for item, text in METHOD.items()], columns=["item", "text"])


def second_facts(plan: Plan) -> dict:
    """Return the day of the second registration and which claims it has a rule for."""
    return {"second_day": str(plan.second["registered"]), "second": join_names(sorted(plan.second["claim_rules"]))}


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
        "missing_lists": listed.total - listed.known,
        "partnerships": listed.total,
        "alliances": len(tables["alliance"]),
        "alliance_counts": len(tables["alliance_country"]),
        "members": len(member_states(tables)),
    }


def figure_sources(tables: Tables, id: str) -> tuple[str, ...]:
    """Return the sources of a figure; that on both tiers shows who is in what, not companies or aid."""
    found = connection_words.sources(tables, *TABLES[id])
    return tuple(sorted({*dyad_sources(tables), *found})) if id == "F7.4" else found


def ledger_sources(tables: Tables, ledger: pd.DataFrame) -> tuple[str, ...]:
    """Return the sources of all that the ledger rests on, each once."""
    others = connection_words.sources(tables, "semester_theme", "ris_score", "eqi_2024", "erdf_payment", "region_year")
    figures = [figure_sources(tables, id) for id in TABLES]
    return tuple(sorted({*dyad_sources(tables), *sources_of(ledger), *others}.union(*figures)))
