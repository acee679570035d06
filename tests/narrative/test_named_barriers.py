"""Named barriers, structures and the frame of regions: every verdict has its words, and the data give the numbers."""

import io
import re

import numpy as np
import pandas as pd
import pytest

from innodivide.data import Tables
from innodivide.evidence import confirmatory, plan
from innodivide.evidence.claims import lagging_barriers, regional_structures, shared_barriers as claim
from innodivide.evidence.claims.lagging_barriers import Barriers
from innodivide.narrative.exhibits import Exhibit
from innodivide.narrative.regional_barriers import lagging as words, named_barriers
from innodivide.narrative.words_file import Words
from innodivide.wording import GROUPS

PLAN = plan.load_plan()
TABLES = confirmatory.registered(Tables(), PLAN)
SHOW = Words("06_regional_barriers").of(TABLES)
RAW = re.compile(r"\bnan\b|\bNone\b|[{}]|(?<!\w)-\d")
UP, ACROSS, DOWN = (0.5, 0.2, 0.8), (0.1, -0.2, 0.4), (-0.5, -0.8, -0.2)
VERDICTS = {
    "supported": ((UP, UP, UP), (0.7, 0.6, 0.8)),
    "partly": ((UP, ACROSS, DOWN), (0.4, 0.3, 0.6)),
    "contradicted": ((DOWN, DOWN, DOWN), (0.7, 0.6, 0.8)),
    "inconclusive": ((ACROSS, ACROSS, ACROSS), (0.6, 0.4, 0.8)),
}


@pytest.fixture(scope="module")
def first():
    return claim.first_rule(TABLES, confirmatory.claim_stream(PLAN, "C10"), n_boot=49)


@pytest.fixture(scope="module")
def gaps():
    return regional_structures.structure_gaps(TABLES, PLAN, n_boot=99)


@pytest.fixture(scope="module")
def exported():
    """The data of T6.14 as somebody reads them who has nothing else."""
    made = named_barriers.frame_table(TABLES)
    assert not RAW.search(" ".join([made.title, made.caption])) and "not for commercial use" in made.note
    return pd.read_csv(io.StringIO(made.csv()), keep_default_na=False, na_values=[""])


def made_up(named, lasting, own=(0.4, 0.3, 0.5), others=ACROSS) -> Barriers:
    rows = {
        (group, barrier): dict(zip(("estimate", "ci_low", "ci_high"), ends)) | {"n": 60}
        for group in GROUPS
        for barrier, ends in zip(claim.NAMED, named if group == "emerging" else [others] * 3)
    }
    frame = pd.DataFrame(rows).T.rename_axis(["group", "barrier"])
    kept = pd.Series(dict(zip(("correlation", "ci_low", "ci_high"), lasting)))
    return Barriers(frame, pd.Series(dict(zip(("share", "ci_low", "ci_high"), own))), kept)


def written(exhibit: Exhibit) -> str:
    cells = [cell for row in exhibit.cells() for cell in row] if exhibit.kind == "table" else []
    return " ".join([exhibit.title, exhibit.caption, *cells])


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_sentence_on_barriers_begins_with_the_verdict_of_the_ledger(first, verdict, monkeypatch):
    found = made_up(*VERDICTS[verdict])
    parts, facts = named_barriers.answer(TABLES, found, first)
    text = SHOW.say("N6.1", *parts, **facts).title
    monkeypatch.setattr(lagging_barriers, "barriers_found", lambda *_: found)
    assert lagging_barriers.c10(TABLES, PLAN).verdict == verdict and text.startswith(f"**{verdict.capitalize()}**")
    listing = SHOW.table(
        "T6.1", named_barriers.named_rows(found, first), values=facts, sources=["RIS23_DB"], title=parts[:1]
    )
    assert not RAW.search(text) and not RAW.search(written(listing))
    assert f'the verdict is "{first.verdict()}"' in text


def test_each_part_says_what_its_interval_says_and_has_the_first_rule_beside(first):
    found = made_up((UP, ACROSS, DOWN), (0.4, 0.3, 0.6))
    rows = named_barriers.named_rows(found, first).set_index("part")
    assert rows["says"].tolist() == ["counts", "cannot be told", "below the line", "counts", "cannot be told"]
    gap = first.now["EU"].general.loc["2.1.1"]
    assert rows.at["support", "first"] == f"{gap['general']:.2f} ({gap['ci_low']:.2f} to {gap['ci_high']:.2f})"
    assert rows.at["own", "first"].startswith(f"{1 - first.now['EU'].shares.at['general', 'share']:.2f} (")
    assert rows.at["lasting", "first"] == "–"
    parts, facts = named_barriers.answer(TABLES, found, first)
    text = SHOW.say("N6.1", *parts, **facts).title
    assert "1 can be told as the registered rule asks: support." in text and "The other way: bureaucracy." in text
    assert "Cannot be told: internationalisation and an own part that lasts." in text


@pytest.mark.parametrize(("others", "said"), [(ACROSS, "The rule can fail"), (UP, "does not tell groups apart")])
def test_the_title_says_whether_the_rule_tells_groups_apart(others, said):
    rows = named_barriers.group_rows(made_up((UP, ACROSS, DOWN), (0.7, 0.6, 0.8), others=others))
    title, values = named_barriers.group_facts(rows)
    made = SHOW.table("T6.12", rows, values=values, sources=["RIS23_DB"], title=title)
    assert said in made.title and rows["group"].tolist() == list(reversed(GROUPS)) and not RAW.search(written(made))
    assert rows["counts"].tolist() == [1, *[3 if others is UP else 0] * 3]


def test_the_first_rule_has_one_result(first):
    again = claim.first_rule(TABLES, confirmatory.claim_stream(PLAN, "C10"), n_boot=49)
    assert again.verdict() == first.verdict()
    choices = claim.finding_sensitivities(TABLES, np.random.default_rng(5), first, n_boot=19)
    same = choices.query("weights == 'published' and zeros == 'read'").set_index("reference")
    for reference in ("EU", "leaders"):
        assert same.at[reference, "verdict"] == first.verdict(reference)
        assert same.at[reference, "own_low"] == 1 - first.now[reference].shares.at["general", "ci_high"]
    facts = words.choice_facts(choices)
    agree = choices.assign(verdict=facts["verdict"])
    told = SHOW.table("T6.2", words.choice_rows(TABLES, agree), values=words.choice_facts(agree), sources=["RIS23_DB"])
    assert "0 of 6 sums against the leading regions end otherwise" in told.title


@pytest.mark.parametrize(
    ("signs", "verdict"),
    [((-1, -1, 1), "supported"), ((-1, 0, 1), "partly"), ((1, 1, 0), "contradicted"), ((0, 0, 0), "inconclusive")],
)
def test_the_sentence_on_structures_begins_with_its_verdict(gaps, signs, verdict):
    """signs: of the differences of knowledge services, movement and concentration, each with its whole interval."""
    ends = {1: (0.1, 0.3), 0: (-0.1, 0.1), -1: (-0.3, -0.1)}
    changed = gaps.copy()
    changed.loc[changed.index[:3], ["ci_low", "ci_high"]] = [ends[s] for s in signs]
    found, facts = named_barriers.structure_facts(changed)
    text = SHOW.say("N6.4", found, "manufacturing", **facts).title
    assert found == verdict and text.startswith(f"**{verdict.capitalize()}**") and not RAW.search(text)
    rows = named_barriers.structure_rows(changed)
    listing = SHOW.table("T6.13", rows, values=facts, sources=["RIS23_DB"])
    assert listing.title.startswith(f"{facts['hold']} of 3 parts") and not RAW.search(written(listing))
    assert (rows["says"] == "as the claim says").sum() == facts["hold"]
    assert rows["claimed"].tolist() == ["lower", "lower", "higher", "–", "–"]


def test_the_structures_can_be_computed_again_from_the_exported_frame(exported, gaps):
    lagging = exported["group"] == "emerging"
    known = exported["group"].notna()
    for column, row in gaps.iterrows():
        means = exported.loc[known].groupby(lagging)[column].mean()
        assert means[True] == pytest.approx(row["lagging"], rel=1e-8)
        assert means[False] == pytest.approx(row["others"], rel=1e-8)


def test_the_named_barriers_can_be_computed_again_from_the_exported_frame(exported):
    found = lagging_barriers.barriers_found(TABLES, PLAN, n_boot=20).named.loc["emerging"]
    scores = exported.drop_duplicates("region_code").set_index("region_code")
    lagging = scores["group"] == "emerging"
    codes = [c for c in scores if c.startswith("score_")]
    z = (scores[codes] - scores[codes].mean()) / scores[codes].std()
    gap = z[~lagging].mean() - z[lagging].mean()
    for barrier, code in (("support", "score_2.1.1"), ("internationalisation", "score_1.2.1")):
        assert gap[code] - gap.mean() == pytest.approx(found.at[barrier, "estimate"], rel=1e-8)
    rows = exported.dropna(subset=["eqi", "gdp_pc", "population"])
    unit = rows.groupby("region_code").apply(
        lambda part: pd.Series({c: np.average(part[c], weights=part["population"]) for c in ("eqi", "gdp_pc")})
    )
    inside = (scores["group"].reindex(unit.index) == "emerging").astype(float)
    design = np.column_stack([np.ones(len(unit)), np.log(unit["gdp_pc"])])
    left = [v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in (inside, unit["eqi"] / unit["eqi"].std())]
    slope = (left[0] @ left[1]) / (left[0] @ left[0])  # of what both leave after GDP: the partial slope
    assert -slope == pytest.approx(found.at["bureaucracy", "estimate"], rel=1e-7)


def test_the_own_part_can_be_computed_again_from_the_exported_gaps(first):
    made = words.own_part_table(TABLES, first)
    assert len(made.cells()) == words.SHOWN and not RAW.search(written(made))
    rows = pd.read_csv(io.StringIO(made.csv()), keep_default_na=False, na_values=[""])
    squares = (rows[["general", "country_part", "specific"]] ** 2).sum()
    assert 1 - squares["general"] / squares.sum() == pytest.approx(claim.own_share(first.now["EU"])["share"], rel=1e-8)
    for end in ("", "_first"):  # the split itself: means over regions, over those of a country, and what is left
        gap = rows["contribution" + end]
        general = gap.groupby(rows["indicator_code"]).transform("mean")
        country = gap.groupby([rows["country"], rows["indicator_code"]]).transform("mean") - general
        parts = rows[[f"{part}{end}" for part in ("general", "country_part", "specific")]].to_numpy()
        assert parts == pytest.approx(np.column_stack([general, country, gap - general - country]), abs=1e-8)
    both = rows.dropna(subset=["specific", "specific_first"])
    a, b = both["specific"], both["specific_first"]
    correlation = (a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum())
    found = lagging_barriers.barriers_found(TABLES, PLAN, n_boot=20)
    assert correlation == pytest.approx(found.lasting["correlation"], rel=1e-8)


def test_the_frame_shows_the_largest_lagging_regions_and_keeps_all(exported):
    made = named_barriers.frame_table(TABLES)
    assert len(made.cells()) == named_barriers.SHOWN < len(exported) == len(made.data)
    top = exported.head(named_barriers.SHOWN)
    assert (top["group"] == "emerging").all() and top["population"].is_monotonic_decreasing
    assert f"{(exported['group'] == 'emerging').sum()} of {len(exported)} NUTS" in made.title
