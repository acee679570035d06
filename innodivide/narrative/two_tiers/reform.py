"""Values and tables of the report on the two tiers (notebook 05): concentration, reform money, recovery."""

import numpy as np
import pandas as pd

from innodivide.data import editions
from innodivide.data.tables import Tables, member_states
from innodivide.evidence import recovery
from innodivide.evidence.claims import money_and_advice
from innodivide.evidence.claims.second_registration import SecondEvidence
from innodivide.evidence.claims.thresholds import ALPHA
from innodivide.evidence.plan import Plan
from innodivide.indicators.country_profile import index_relative_to_eu
from innodivide.indicators.recommendations import FEWEST, share_of_years, telling_years
from innodivide.indicators.regional_frame import PAYMENT_YEARS
from innodivide.indicators.tiers import benchmarks, money
from innodivide.narrative.words_file import Words
from innodivide.wording import join_names, p_text, sentence, show

WORDS = Words("05_two_tiers")
OUTCOMES = WORDS.names("outcomes")
CONTRASTS = WORDS.names("contrasts")
UPPER, LOWER = "leader and strong", "moderate and modest"
SAMPLES, READINGS = WORDS.names("samples"), WORDS.names("readings")
FUNDS, PAID, RULES = WORDS.names("funds"), WORDS.names("payments"), WORDS.names("rules")
OVER, EQUAL, WITHIN = PAID  # as `money_and_advice` has them
SAME = "RRF grants, allocation of 2020"  # of the first rule: the same amounts as RRF grants of the second
FUND_COLUMNS = ["euro_rrf", "euro_research", "euro_smes"]  # in the order of `money.REFORM`
GIVEN = "at equal GDP {}"


def gap_edition(plan: Plan) -> str:
    """Return the line on the scoreboard edition of the innovation gap and on the seed."""
    return f"EIS {editions.PLAN['eis']}; seed {plan.seed}"


def difference_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the differences of Gini indices with a label for each."""
    return rows.assign(label=rows["quantity"] + " against " + rows["benchmark"])


def difference_facts(spread: pd.DataFrame, rows: pd.DataFrame) -> dict:
    """Return the Gini of each Tier-1 quantity and of GDP and business R&D, and how many differences are clear."""
    gini, aid = spread.set_index("quantity")["gini"], spread["quantity"].str.startswith(benchmarks.AID)
    without_aid = rows[~rows["quantity"].str.startswith(benchmarks.AID)]
    return {
        "places": gini["IPCEI places"],
        "companies": gini["IPCEI companies (at least)"],
        "gdp": gini["GDP"],
        "gdp_year": spread.set_index("quantity").at["GDP", "coverage"],
        "rd": gini["Business R&D"],
        "n": len(rows),
        "more": int((rows["ci_low"] > 0).sum()),
        "less": int((rows["ci_high"] < 0).sum()),
        "more_without_aid": int((without_aid["ci_low"] > 0).sum()),
        "aid_scope": next((f"{n} only" for n in spread.loc[aid, "coverage"]), "no IPCEI"),
    }


# Money and recommendations


def state_rows(tables: Tables) -> pd.DataFrame:
    """Return what the claims on states read (C08, C09, C12), so that their numbers can be computed again.

    Returns
    -------
    pandas.DataFrame
        One row for each Member State: geo, name, euro_ (per head) for each fund, gap_ and wealth_ for each year taken
        for a fund, advice (share of the telling years), trend and shortfall, index_EDITION_YEAR (first and last year
        of each series).
    """
    planned, states = money.money_by_country(tables, money.REFORM), member_states(tables)[["geo", "name"]]
    funds = planned.pivot(index="geo", columns="instrument", values="per_head")[list(money.REFORM)]
    parts = [funds.set_axis(FUND_COLUMNS, axis=1)]
    for year, rows in planned.groupby("gap_year"):
        rows = rows.drop_duplicates("geo").set_index("geo")[["gap", "wealth"]]
        parts.append(rows.add_suffix(f"_{year}"))
    parts.append(share_of_years(tables).set_index("geo")[["share"]].set_axis(["advice"], axis=1))
    parts.append(recovery.growth_paths(tables).set_index("geo")[["trend", "shortfall"]])
    for edition in editions.SECOND["eis"]:
        series = index_relative_to_eu(tables, edition).pivot(index="geo", columns="year", values="relative")
        parts.append(series[[series.columns[0], series.columns[-1]]].add_prefix(f"index_{edition}_"))
    return states.merge(pd.concat(parts, axis=1), left_on="geo", right_index=True, validate="one_to_one")


def fund_rows(found: SecondEvidence, first: pd.DataFrame) -> pd.DataFrame:
    """Return the funds that decide, then what the first rule read (`money.money_against_gap`) and what stands beside.

    The grants of which both rules read the same amounts stand once. p_holm is that of the second registration.
    """
    funds = found.money.funds
    decide = funds.assign(rule=RULES["second"], p_holm=found.family["p_holm"].reindex(funds.index)).reset_index()
    other = first[first["instrument"] != SAME]
    other = other.assign(rule=other["reform"].map({True: RULES["first"], False: RULES["beside"]}))
    rows = pd.concat([decide, other.assign(p_holm=np.nan)], ignore_index=True)
    return rows.assign(
        instrument=rows["instrument"].map(FUNDS),
        p=rows["p_value"].map(p_text),
        p_corrected=rows["p_holm"].map(p_text),
        p_given=rows["p_given_wealth"].map(p_text),
    )


def paid_rows(found: SecondEvidence) -> pd.DataFrame:
    """Return the correlations of realised ERDF payments with the regional gap: kind, rho, ci_low, ci_high, n."""
    rows = found.money.paid.rename_axis("kind").reset_index()
    return rows.assign(kind=rows["kind"].map(PAID), n=rows["n"].astype(int))


def forest_rows(funds: pd.DataFrame, found: SecondEvidence) -> pd.DataFrame:
    """Return the correlations of the funds that decide, and of payments, with that at equal GDP per head beside."""
    decide = funds[funds["rule"] == RULES["second"]].rename(columns={"instrument": "label"})
    decide = decide.assign(given=[GIVEN.format(show(r, "{:+.2f}")) for r in decide["rho_given_wealth"]])
    paid, equal = found.money.paid, GIVEN.format(show(found.money.paid.at[EQUAL, "rho"], "{:+.2f}"))
    kept = paid.drop(index=EQUAL).rename_axis("kind").reset_index()
    kept = kept.assign(label=kept["kind"].map(PAID), given=[equal if k == OVER else "" for k in kept["kind"]])
    columns = ["label", "rho", "ci_low", "ci_high", "n", "given"]
    return pd.concat([decide[columns], kept[columns]], ignore_index=True).astype({"n": int})


def year_rows(tables: Tables) -> pd.DataFrame:
    """Return the years of recommendations: year, with_it, without_it, tells (states apart)."""
    return telling_years(tables).rename_axis("year").reset_index()


def money_facts(tables: Tables, found: SecondEvidence, alpha: float, first: pd.DataFrame) -> dict:
    """Return the numbers of C12; `first` is `money.money_against_gap` by the first rule, of which Horizon is quoted."""
    funds, paid, advice = found.money.funds, found.money.paid, found.money.advice
    signs = money_and_advice.runs_with_gap(found.money, found.family["p_holm"], alpha)
    years, horizon = telling_years(tables), first.set_index("instrument").filter(like="Horizon", axis=0).iloc[0]
    facts = {
        "low": funds["rho"].min(),
        "high": funds["rho"].max(),
        "given_low": funds["rho_given_wealth"].min(),
        "given_high": funds["rho_given_wealth"].max(),
        "given_shown": given_words(funds),
        "given_clear": join_names(funds.index[funds["p_given_wealth"] < alpha], none="no fund"),
        "with_it": join_names(signs.index[signs > 0], none="nothing"),
        "not_it": join_names(signs.index[signs <= 0], none="nothing"),
        "n_with": int((signs > 0).sum()),
        "n_parts": len(signs),
        "horizon": horizon["rho"],
        "horizon_given": horizon["rho_given_wealth"],
        "points": 100 * advice["estimate"],
        "points_low": 100 * advice["ci_low"],
        "points_high": 100 * advice["ci_high"],
        "p_advice": p_text(found.family.at[money_and_advice.RECOMMENDATIONS, "p_holm"], "= "),
        "fewest": FEWEST,
        "n_years": int(years["tells"].sum()),
        "n_all_years": len(years),
        "first_year": int(years.index.min()),
        "last_year": int(years.index.max()),
        "paid_first": PAYMENT_YEARS[0],
        "paid_last": PAYMENT_YEARS[-1],
        "farms": farm_share(tables),
    }
    for name, kind in (("over", OVER), ("equal", EQUAL), ("within", WITHIN)):
        ends = {f"{name}_low": paid.at[kind, "ci_low"], f"{name}_high": paid.at[kind, "ci_high"]}
        facts |= {name: paid.at[kind, "rho"]} | ends
    return facts | {"n_regions": int(paid.at[OVER, "n"]), "n_several": int(paid.at[WITHIN, "n"])}


def given_words(funds: pd.DataFrame) -> str:
    """Return the rank correlations of the funds that decide at equal GDP per head, each with its interval."""
    one = "{f} {r.rho_given_wealth:+.2f} ({r.low_given_wealth:+.2f} to {r.high_given_wealth:+.2f})"
    return join_names([sentence(one, f=f, r=r) for f, r in funds.iterrows()])


def farm_share(tables: Tables) -> float:
    """Return the share of farm and fishery funds in the money of all structural funds for SMEs, EU27, 0 to 1."""
    rows = tables["cohesion_country"].query("objective == 'TO3'")
    sums = rows[rows["geo"].isin(member_states(tables)["geo"])].groupby("fund")["eu_amount_eur"].sum()
    return float(sums.reindex(["EAFRD", "EMFF"]).sum() / sums["ESIF"])


def first_advice(tables: Tables, semester: pd.DataFrame) -> dict:
    """Return what the first rule read of the recommendations: the last year of `money.recommendation_against_gap`."""
    last, states = semester.iloc[-1], member_states(tables).set_index("geo")["name"]
    table = tables["semester_rdi"]
    none = table[(table["year"] == last["year"]) & ~table["rdi_recommended"] & table["geo"].isin(states.index)]
    return {
        "year": int(last["year"]),
        "n_without": int(last["n_without"]),
        "without": join_names(sorted(none["geo"].map(states)), none="no state"),
        "apart": abs(last["estimate"]),
        "side": "further below" if last["estimate"] < 0 else "less far below",
        "p_last": p_text(last["p_value"], "= "),
    }


# Recovery


def recovery_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the recovery tests in words, the one that decides first."""
    text = [OUTCOMES[r.outcome].format(end=r.end, base=recovery.BASE) for r in rows.itertuples()]
    rows = rows.assign(question=text, per=rows["contrast"].map(CONTRASTS), p=rows["p_value"].map(p_text))
    rows = rows.assign(sample=rows["sample"].map(SAMPLES), decides=rows["main"].map({True: "decides", False: ""}))
    return rows.sort_values(
        ["main", "contrast", "outcome", "end", "sample"], ascending=[False, True, False, True, True], ignore_index=True
    )


def recovery_lines(tables: Tables) -> pd.DataFrame:
    """Return `recovery.shortfall_by_side` with the two sides in words: year, side, n, mean, low, high, min, max."""
    rows = recovery.shortfall_by_side(tables)
    return rows.assign(side=rows["side"].map({True: UPPER, False: LOWER}))


def recovery_facts(rows: pd.DataFrame, lines: pd.DataFrame) -> dict:
    """Return the numbers of C09: the deciding slope, the years with a clear one, means of both sides."""
    main = rows[rows["main"]].iloc[0]
    kept = rows[(rows["outcome"] == "shortfall") & (rows["contrast"] == "gap") & (rows["sample"] == "EU27")]
    means = lines[lines["year"] == main["end"]].set_index("side")["mean"]
    side = "further" if main["estimate"] > 0 else "less far"
    return {
        "reading": READINGS[side if main["p_value"] < ALPHA else "open"],
        "end": int(main["end"]),
        "slope": main["estimate"],
        "low": main["ci_low"],
        "high": main["ci_high"],
        "p": p_text(main["p_value"], "= "),
        "years": len(kept),
        "clear_years": join_names(sorted(kept.loc[kept["p_value"] < ALPHA, "end"]), none="no year"),
        "upper": means[UPPER],
        "lower": means[LOWER],
    }
