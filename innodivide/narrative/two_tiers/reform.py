"""Values and tables of the report on the two tiers (notebook 05): concentration, reform money, recovery."""

import pandas as pd

from innodivide.data.tables import Tables, member_states
from innodivide.evidence import recovery
from innodivide.evidence.claims.thresholds import ALPHA
from innodivide.narrative.words_file import Words
from innodivide.wording import join_names, p_text, show

WORDS = Words("05_two_tiers")
OUTCOMES = WORDS.names("outcomes")
CONTRASTS = WORDS.names("contrasts")
UPPER, LOWER = "leader and strong", "moderate and modest"
SAMPLES = WORDS.names("samples")


def difference_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the differences of Gini indices with a label for each."""
    return rows.assign(label=rows["quantity"] + " against " + rows["benchmark"])


def difference_facts(spread: pd.DataFrame, rows: pd.DataFrame) -> dict:
    """Return the Gini of each Tier-1 quantity and of GDP and business R&D, and how many differences are clear."""
    gini = spread.set_index("quantity")["gini"]
    first = rows[rows["quantity"] != "IPCEI aid, ME1 and BAT1"]
    return {
        "places": gini["IPCEI places"],
        "companies": gini["IPCEI companies (at least)"],
        "aid": gini["IPCEI aid, ME1 and BAT1"],
        "gdp": gini["GDP"],
        "rd": gini["Business R&D"],
        "n": len(rows),
        "more": int((rows["ci_low"] > 0).sum()),
        "less": int((rows["ci_high"] < 0).sum()),
        "more_without_aid": int((first["ci_low"] > 0).sum()),
    }


def money_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the money table with p-values in words and the given-wealth correlation as a note."""
    return rows.assign(
        p=rows["p_value"].map(p_text),
        p_given=rows["p_given_wealth"].map(p_text),
        given=[f"given wealth {show(r, '{:+.2f}')}" for r in rows["rho_given_wealth"]],
    )


def money_facts(tables: Tables, rows: pd.DataFrame, semester: pd.DataFrame) -> dict:
    """Return the numbers of C12: correlations of reform money plain and given wealth, and the last recommendation."""
    reform, last = rows[rows["reform"]], semester.iloc[-1]
    table, states = tables["semester_rdi"], member_states(tables).set_index("geo")["name"]
    none = table[(table["year"] == last["year"]) & ~table["rdi_recommended"] & table["geo"].isin(states.index)]
    horizon = rows.set_index("instrument").filter(like="Horizon", axis=0).iloc[0]
    return {
        "n": len(reform),
        "low": reform["rho"].min(),
        "high": reform["rho"].max(),
        "given_low": reform["rho_given_wealth"].min(),
        "given_high": reform["rho_given_wealth"].max(),
        "given_reading": "cannot be told from none"
        if (reform["p_given_wealth"] >= ALPHA).all()
        else "do not all vanish",
        "horizon": horizon["rho"],
        "horizon_given": horizon["rho_given_wealth"],
        "year": int(last["year"]),
        "n_without": int(last["n_without"]),
        "without": join_names(sorted(none["geo"].map(states))),
        "points": abs(last["estimate"]),
        "side": "further below" if last["estimate"] < 0 else "less far below",
        "p_last": p_text(last["p_value"], "= "),
    }


def semester_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the Semester table with p-values in words."""
    return rows.assign(p=rows["p_value"].map(p_text))


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
    return {
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
