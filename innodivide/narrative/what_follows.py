"""What the policy brief says that its results support, what they do not, and what would change its mind."""

import pandas as pd

from innodivide.evidence.claims.both_tiers import states_connect
from innodivide.evidence.claims.second_registration import SecondEvidence
from innodivide.narrative import claim_words
from innodivide.narrative.words_file import Words
from innodivide.wording import join_names

WORDS = Words("07_policy_brief")
ASKS, BEARS = WORDS.names("asks"), WORDS.names("bears")
WOULD = WORDS.names("would")
SAME = "the same"
HOLDS = ("supported", "partly")
SIDES = {"hold": True, "fail": False}
# part of N7.5 on the tiers, by the verdict on the states of C05
TIERS = {"supported": "hardly", "partly": "hardly", "inconclusive": "open", "contradicted": "connected"}


def follows(facts: dict, second: SecondEvidence, alpha: float, ledger: pd.DataFrame) -> tuple[tuple[str, ...], dict]:
    """Return the parts of N7.5 that the results call for, and what the brief asks for by the claims behind it.

    Parameters
    ----------
    facts : dict
        `policy_brief.answer_facts`.
    ledger : pandas.DataFrame
        Columns claim_id and verdict.
    """
    states = TIERS[states_connect(second.connection, second.family["p_holm"], alpha)]
    asks = asked(ledger)
    yes = [k for k, said in ((facts["side"], facts["side"] != "neither"), ("large", facts["larger"])) if said]
    yes += [k for k, said in (("hardly", states == "hardly"), ("asks hold", asks["hold"])) if said]
    no = [k for k, said in (("neither", facts["side"] == "neither"), ("any size", not facts["larger"])) if said]
    no += ["why", *([states] if states != "hardly" else []), *(["asks fail"] if asks["fail"] else [])]
    no += ["then", "later"] if facts["later"] else []
    return (*(["supports", *yes, "then"] if yes else []), "not", *no, "then", "publish", "then", "country"), asks


def asked(ledger: pd.DataFrame) -> dict[str, str]:
    """Return what the brief asks for: `hold` if all claims behind it hold, at least in part, or `fail`."""
    verdicts = ledger.set_index("claim_id")["verdict"]
    whole = {key: all(verdicts[c] in HOLDS for c in claims.split()) for key, claims in BEARS.items()}
    said = {name: [f"“{_ending(ASKS[k])}”" for k in ASKS if whole[k] == wanted] for name, wanted in SIDES.items()}
    return {name: join_names(names, none="") for name, names in said.items()}


def in_short(ledger: pd.DataFrame, later: str = "") -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the parts of N8.2 and what the brief asks for, as `asked`.

    If something came `later`, that it is not counted stands in the place of the words on annexes: the page is full.
    """
    asks = asked(ledger)
    return ("follows", *(side for side in SIDES if asks[side]), "later" if later else "country"), asks


def advice_rows(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return for each recommendation of the brief what the claims that it rests on say.

    Returns
    -------
    pandas.DataFrame
        Columns recommendation, holds (claims that are supported or hold in part), fails (the others, then which hold
        in part only), settle (the figure that would settle it, if it were published), claims.
    """
    verdicts, rows = ledger.set_index("claim_id")["verdict"], []
    for key, text in ASKS.items():
        claims = BEARS[key].split()
        said = {c: f"{claim_words.BRIEF[c]} ({c}, {verdicts[c]})" for c in claims}
        holds, half = ([c for c in claims if verdicts[c] in found] for found in (HOLDS, ("partly",)))
        rest = [f"the rest of {join_names(half)}"] if half else []
        parts = ["; ".join(said[c] for c in holds), "; ".join([*(said[c] for c in claims if c not in holds), *rest])]
        rows.append((text, *parts, WORDS.names("settles")[key], " ".join(claims)))
    return pd.DataFrame(rows, columns=["recommendation", "holds", "fails", "settle", "claims"])


def change_rows(ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the ledger with what would change each verdict as the end of a sentence."""
    return ledger.assign(change=ledger["change"].map(_ending))


def _ending(text: str) -> str:
    return text[:1].lower() + text[1:]


def change_facts(ledger: pd.DataFrame) -> dict:
    """Return a sentence for each claim on what would change its verdict, and the verdicts by other rules."""
    rows = change_rows(ledger).itertuples()
    said = {
        r.claim_id: f"“{claim_words.BRIEF[r.claim_id]}” ({r.claim_id}, now {r.verdict}) would be judged {r.change}."
        for r in rows
    }
    differ = ledger["first"].fillna("").ne("") & (ledger["first"] != ledger["verdict"])
    by_others = {"first": otherwise(ledger, "first"), "then": otherwise(ledger, "then")}
    return said | by_others | {"n_first": int(differ.sum())}


def otherwise(ledger: pd.DataFrame, column: str) -> str:
    """Return what the claims are by the verdict in a column, if they have one: "C02 would be contradicted; ..."."""
    rows = ledger[ledger[column].fillna("").ne("")]
    other = rows[column].where(rows[column] != rows["verdict"], SAME)
    said = [f"{join_names(sorted(rows.loc[of.index, 'claim_id']))} {WOULD[v]}" for v, of in other.groupby(other)]
    return "; ".join(said)
