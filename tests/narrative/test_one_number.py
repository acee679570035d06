"""Some numbers that stand in two places of the stored exhibits are one number. What is compared, and nothing else:

- intervals in words "estimate (low to high)" of one estimate in the same digits: they are the same or far apart, as one
  bootstrap or permutation drawn from two streams would read 1.66 here and 1.54 there;
- of a claim: its verdict, text and numbers in all tables that have them, its verdict in the README; p-values in words,
  those of its numbers; and the corrected p-values of `TESTED`, in the words and in the table of the test;
- the numbers of annexes that `FOUND_TWICE` lists, and the tables of reports that have them too.
"""

import csv
import re
from itertools import combinations

import pandas as pd
import pytest

from innodivide.data.frozen import ROOT
from innodivide.reports.verify.golden import parse_words
from innodivide.wording import p_text

EXPECTED = ROOT / "reports" / "expected"
NUMBER = r"[−+]?\d[\d,]*(?:\.\d+)?%?"
INTERVAL = re.compile(rf"({NUMBER}) \((?:(9\d) ?% (?:interval )?)?({NUMBER}) to ({NUMBER})")
NEAR = 0.15  # ends closer than this part of the width, but not equal: two draws of one interval


def value(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "").rstrip("%"))


def decimals(text: str) -> int:
    return len(text.rstrip("%").partition(".")[2])


def texts() -> list[tuple[str, str]]:
    """(report and exhibit, text) of every sentence, title and caption stored, and of the cells of the reports."""
    found = []
    for file in sorted([*EXPECTED.glob("0*/text.md"), *EXPECTED.glob("annex/*/text.md")]):
        for exhibit, parts in parse_words(file.read_text(encoding="utf-8")).items():
            found += [
                (f"{file.parent.name} {exhibit}", t) for k, t in parts.items() if k in ("text", "title", "caption")
            ]
    for file in sorted(EXPECTED.glob("0*/*.csv")):
        with file.open(encoding="utf-8", newline="") as handle:
            rows = [f"{file.parent.name} {file.stem}", *(c for row in csv.reader(handle) for c in row if " to " in c)]
            found += [(rows[0], text) for text in rows[1:]]
    return found


def intervals(found: list[tuple[str, str]]) -> list[tuple[str, tuple[str, str, str, str]]]:
    """(where, (estimate, level, low, high)); the level is 95 unless another is said."""
    groups = ((where, m.groups(default="95")) for where, text in found for m in INTERVAL.finditer(text))
    return [(where, (estimate, level, low, high)) for where, (estimate, level, low, high) in groups]


def contradictions(found: list[tuple[str, tuple[str, str, str, str]]]) -> list[str]:
    """Pairs of one estimate, in the same digits, whose intervals are nearly but not quite the same."""
    groups: dict[str, list] = {}
    for where, (estimate, level, low, high) in found:
        if len(re.sub(r"\D", "", estimate).lstrip("0")) >= 2:  # one digit says too little
            groups.setdefault(f"{estimate} at {level} %", []).append((where, low, high))
    faults = []
    for estimate, rows in groups.items():
        for (one, a, b), (other, c, d) in combinations(sorted(set(rows)), 2):
            if (
                decimals(a) != decimals(c)
                or (value(a), value(b)) == (value(c), value(d))
                or a.endswith("%") != c.endswith("%")
            ):
                continue
            width = value(b) - value(a)
            if max(abs(value(a) - value(c)), abs(value(b) - value(d))) <= NEAR * width:
                faults.append(f"{estimate}: {one} has {a} to {b}, {other} has {c} to {d}")
    return faults


def test_no_statistic_has_two_intervals():
    found = intervals(texts())
    assert len(found) > 100, "the words still print their intervals"
    assert contradictions(found) == []


def test_the_search_finds_what_it_looks_for():
    seen = [("06 T6.2", ("2.10", "95", "1.66", "2.60")), ("07 T7.1", ("2.10", "95", "1.54", "2.60"))]
    assert len(contradictions(seen)) == 1
    assert contradictions([seen[0], ("07 T7.1", ("2.10", "95", "1.66", "2.60"))]) == []
    assert contradictions([seen[0], ("05 T5.1", ("2.10", "95", "0.20", "9.90"))]) == [], (
        "another statistic of the same size"
    )
    assert INTERVAL.findall("ratio 1.07 (0.32 to 3.59), −12% (90% interval −16% to −7%)")[1] == (
        "−12%",
        "90",
        "−16%",
        "−7%",
    )


def of_claims(column: str) -> dict[str, set[tuple[str, str]]]:
    """Claim -> (exhibit, cell) of every stored table that has the column."""
    found: dict[str, set] = {}
    for file in sorted(EXPECTED.glob("0*/*.csv")):
        with file.open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                if re.fullmatch(r"C\d\d", row.get("claim_id", "")) and row.get(column):
                    found.setdefault(row["claim_id"], set()).add((file.stem, row[column]))
    return found


@pytest.mark.parametrize(
    ("column", "tables"),
    [
        ("verdict", {"T7.1", "T7.3", "T8.1", "T5.1", "T5.16", "T6.15"}),
        ("claim", {"T7.1", "T7.3", "T8.1", "T5.1"}),
        ("short", {"T7.1", "T7.3", "T5.16", "T6.15"}),
        ("numbers", {"T7.1", "T7.3"}),
    ],
)
def test_a_claim_has_one_verdict_and_one_text_in_every_report(column, tables):
    found = of_claims(column)
    assert {stem for rows in found.values() for stem, _ in rows} >= tables
    assert {claim: rows for claim, rows in found.items() if len({v for _, v in rows}) > 1} == {}


def readme() -> dict[str, str]:
    """Claim -> its line in the README."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    return {line[2:5]: line for line in lines if re.match(r"\| C\d\d ", line)}


def test_the_ledger_of_the_readme_is_that_of_the_reports():
    shown = {claim: line.split("|")[2].strip() for claim, line in readme().items()}
    assert shown == {claim: verdict for claim, found in of_claims("verdict").items() for _, verdict in found}


KINDS = "supported|partly|inconclusive|contradicted|not testable with open data"
IN_BRACKETS = re.compile(rf"\((C\d\d), (?:now )?({KINDS})\)")
SENTENCES = {  # sentence with a verdict in words -> the claims that it judges, in order
    "05_two_tiers N5.1": "C05",
    "05_two_tiers N5.2": "C12",
    "05_two_tiers N5.3": "C07 C11",
    "05_two_tiers N5.4": "C09",
    "06_regional_barriers N6.1": "C10",
    "06_regional_barriers N6.4": "C13",
}
JUDGED = re.compile(rf"[Vv]erdict(?:, for states alone)?(?:,|:| is)+ ({KINDS})|^\*\*({KINDS.title()})\*\*")


def verdicts() -> dict[str, str]:
    return stored("07_policy_brief/T7.1").set_index("claim_id")["verdict"].to_dict()


def test_a_claim_has_one_verdict_in_the_words_of_reports_annexes_and_readme():
    told = {where: text for where, text in texts() if where in SENTENCES}
    found = {where: [a or b.lower() for a, b in JUDGED.findall(told[where])] for where in SENTENCES}
    assert found == {where: [verdicts()[c] for c in claims.split()] for where, claims in SENTENCES.items()}
    everywhere = [text for file in EXPECTED.rglob("*.*") if (text := file.read_text(encoding="utf-8"))]
    bracketed = {pair for text in (*everywhere, *readme().values()) for pair in IN_BRACKETS.findall(text)}
    assert len(bracketed) >= 10 and bracketed <= set(verdicts().items())


def test_the_verdicts_are_counted_alike_in_brief_summary_and_readme():
    counts = pd.Series(verdicts()).value_counts()
    said = {"supported": "(?:is|are) supported", "partly": "holds? in part", "contradicted": "(?:is|are) contradicted"}
    counted = re.compile(".*?".join(rf"(\d+) {words}" for words in said.values()))
    readme_text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    places = [text for where, text in [*texts(), ("README", readme_text)] if counted.search(text)]
    assert len(places) >= 4, "N7.1, T7.1, N8.1 and the README"
    assert {found for text in places for found in counted.findall(text)} == {tuple(str(counts[k]) for k in said)}


P_VALUE = re.compile(r"\bp (?:\(Holm\) )?([=<] \d\.\d+)")
TESTED = [  # claim, table of its test, row there, what the numbers of the claim say before the corrected p-value
    ("C02", "03_leader_test/T3.4", "claim == 'named_five'", "Now, .*?the others in [^;]*"),
    ("C03", "03_leader_test/T3.4", "claim == 'modest_group'", "Now, .*?against the others, "),
    ("C05", "05_two_tiers/T5.4", "reference.str.startswith('partnerships dealt')", "dealt to the states anew: [^:]*"),
    ("C05", "05_two_tiers/T5.4", "reference.str.startswith('activity of each')", "in both tiers together: [^:]*"),
    ("C05", "05_two_tiers/T5.18", "key == 'dealt anew'", "dealt to the states anew: [^:]*"),
    (
        "C01",
        "03_leader_test/T3.9",
        "record.str.startswith('all') and tested == 'total GDP'",
        "Now, .*?total GDP [^;]*?",
    ),
    (
        "C01",
        "03_leader_test/T3.9",
        "record.str.startswith('all') and tested == 'leader status'",
        "Now, .*?others at [^;]*?",
    ),
    ("C12", "05_two_tiers/T5.18", "key == 'RRF grants'", "RRF grants [^;]*?"),
    ("C12", "05_two_tiers/T5.18", "key == 'recommendations'", "Recommendations: .*?of gap, "),
]


def test_the_p_values_of_a_claim_in_words_are_those_of_its_numbers():
    rows = stored("07_policy_brief/T7.1").set_index("claim_id")
    said = {claim: set(P_VALUE.findall(f"{rows.at[claim, 'short']} {line}")) for claim, line in readme().items()}
    assert sum(map(len, said.values())) >= 4, "the words still print their p-values"
    assert [c for c, values in said.items() if not values <= set(P_VALUE.findall(rows.at[c, "numbers"]))] == []


@pytest.mark.parametrize(("claim", "place", "row", "before"), TESTED)
def test_the_corrected_p_value_of_a_claim_is_that_of_its_test(claim, place, row, before):
    numbers = stored("07_policy_brief/T7.1").set_index("claim_id").at[claim, "numbers"]
    (value,) = stored(place).query(row)["p_holm"]
    assert re.search(rf"{before}p \(Holm\) ([=<] \d\.\d+)", numbers)[1] == p_text(value, "= ")


def stored(place: str) -> pd.DataFrame:
    return pd.read_csv(EXPECTED / f"{place}.csv", keep_default_na=False, na_values=[""])


def of_annexes(exhibit: str, keep: str, key: str, column: str) -> pd.DataFrame:
    """Columns key, annex of a number in all annexes that show it.

    `keep` may name the annex's own country as @state, and the edition that it shows as `edition`.
    """
    states = [folder.name for folder in sorted((EXPECTED / "annex").iterdir()) if (folder / f"{exhibit}.csv").exists()]
    parts = [
        stored(f"annex/{state}/{exhibit}")
        .assign(state=state, edition=edition_of(state, exhibit))
        .query(keep, local_dict={"state": state})
        for state in states
    ]
    return pd.concat(parts).rename(columns={key: "key", column: "annex"})[["key", "annex"]].dropna()


def edition_of(state: str, exhibit: str) -> int:
    """The year of the first edition that an exhibit of an annex names, or 0."""
    words = parse_words((EXPECTED / "annex" / state / "text.md").read_text(encoding="utf-8"))[exhibit]
    return int((re.findall(r"[ER]IS (\d{4})", words.get("edition", "")) or [0])[0])


FOUND_TWICE = """
TA.1  kind != 'group'                  members      relative    01_innovation_divide/F1.2    geo          relative
TA.1  kind != 'group'                  members      ipceis  02_ipcei_participation/F2.1  geo  rows: role == 'notifying'
FA.1  kind == 'own' and edition == 2025 and year == 2025  state  relative  07_policy_brief/F7.5  geo          last
FA.1  kind == 'own' and edition == 2025 and year == 2018  state  relative  07_policy_brief/F7.5  geo          first
FA.3  part == 'record'                 geo  observed  02_ipcei_participation/F2.1  geo  rows: role == 'notifying'
FA.4  geo == @state                    region_code  relative    01_innovation_divide/F1.6    region_code  relative
TA.4  change == change                 region_code  relative    06_regional_barriers/F6.2    code         relative
TA.6  instrument.str.contains('Smart')  state       own         05_two_tiers/T5.3            geo          s3_places
TA.6  instrument.str.contains('ERDF, research')  state  own  05_two_tiers/T5.17           geo          euro_research
TA.6  instrument.str.contains('ERDF, SMEs')  state  own  05_two_tiers/T5.17           geo          euro_smes
TA.7  by == by                         geo          value       06_regional_barriers/T6.9    geo          value
TA.7  by == by                         geo          past_low    06_regional_barriers/T6.9    geo          past_low
"""  # exhibit of the annex, rows, key, column, report and exhibit, key, column; "rows: ...": their count


@pytest.mark.parametrize("line", FOUND_TWICE.strip().splitlines())
def test_a_number_of_an_annex_is_that_of_the_reports(line):
    exhibit, keep, own_key, own_column, place, key, column = re.split(" {2,}", line)
    found, rows = of_annexes(exhibit, keep, own_key, own_column), stored(place)
    if found.empty:
        pytest.skip("the annexes show another edition than the one registered")
    counted = column.startswith("rows: ")
    of_key = rows.query(column[6:])[key].value_counts() if counted else rows.drop_duplicates(key).set_index(key)[column]
    wanted = of_key.astype(float)
    both = found.assign(report=found["key"].map(wanted)).dropna()
    assert both["key"].nunique() >= 9, "few states lag, but the two still meet"
    apart = both[(both["annex"] - both["report"]).abs() > 1e-7 * both["report"].abs()]
    assert apart.empty, apart.to_string()
