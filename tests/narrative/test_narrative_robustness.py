"""Sentences and tables of the robustness report: both branches of what may be claimed, and where the answer turns."""

import io
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from scipy.optimize import brentq

from innodivide import models
from innodivide.data import Tables
from innodivide.evidence import answer, confirmatory
from innodivide.evidence.multiverse import grid as grid_module, whole_grid
from innodivide.evidence.multiverse.additions import REGISTERED
from innodivide.evidence.plan import load_plan
from innodivide.evidence.robustness import other_choices
from innodivide.evidence.size_audit.audit import stored
from innodivide.indicators import panel
from innodivide.models.estimators.firth import dispersion_interval
from innodivide.models.estimators.pooling import random_intercept_logit
from innodivide.models.estimators.priors import prior_sensitivity
from innodivide.models.inference.confounding import e_value, robustness_value
from innodivide.models.result import as_odds_ratio
from innodivide.narrative import leader_status
from innodivide.narrative.robustness import added, appendix, choices as words, method_audit
from innodivide.narrative.words_file import Words

PLAN = load_plan()
TABLES = confirmatory.registered(Tables(), PLAN)
DYADS = confirmatory.planned_dyads(TABLES, PLAN)


def analysed(dyads):
    """What the appendix needs of a confirmatory analysis, without its permutations."""
    fit = models.firth_logit(dyads)
    interval = as_odds_ratio(dispersion_interval(fit))
    return confirmatory.Confirmatory(dyads, fit, interval, as_odds_ratio(fit.result), None, None, None)


def said(parts, values) -> str:
    return Words("04_robustness").say("N4.5", *parts, **values).title


REAL = analysed(DYADS)
STRONG = analysed(DYADS.assign(participates=DYADS["participates"] | (DYADS["leader"] & (DYADS["ipcei_id"] != "ME1"))))


def family(verdict):
    return pd.DataFrame({"claim": ["leaders", "wealth"], "verdict": [verdict, "supported"]})


# ---- robustness value and E-value: shown only where an association is claimed ----


def test_nothing_is_shown_where_nothing_is_claimed():
    for main in (REAL, STRONG):
        parts, values = appendix.confounding(main, family("inconclusive"))
        text = said(parts, values)
        assert text.startswith("No robustness value and no E-value is shown") and "is inconclusive, and" in text
        assert values["e"] is None and values["rv"] is None and "E-value;" not in text


def test_the_reason_is_that_of_the_data():
    assert "the interval includes a ratio of one" in appendix.confounding(REAL, family("supported"))[1]["reason"]
    assert appendix.confounding(STRONG, family("inconclusive"))[1]["reason"] == "no effect is claimed"


@pytest.mark.parametrize("verdict", ["supported", "contradicted"])
def test_numbers_are_shown_where_an_association_is_claimed(verdict):
    parts, values = appendix.confounding(STRONG, family(verdict))
    text = said(parts, values)
    interval = STRONG.interval
    assert interval.ci_low > 1
    wanted = e_value(*np.sqrt([interval.estimate, interval.ci_low, interval.ci_high]))  # participation is common
    assert (values["e"], values["e_end"]) == (wanted.value, wanted.value_interval)
    assert f"{wanted.value:.2f} times" in text and f"{wanted.value_interval:.2f} for the end" in text
    assert f"is {verdict}." in text and "No robustness value" not in text
    totals = panel.country_totals(STRONG.dyads)
    x = np.column_stack([np.ones(27), totals[["ln_population", "ln_gdp_pc_pps", "leader_share"]].astype(float)])
    y = totals["rate"].to_numpy(dtype=float)
    beta, rss, *_ = np.linalg.lstsq(x, y, rcond=None)
    t = beta[-1] / np.sqrt(rss[0] / 23 * np.linalg.inv(x.T @ x)[-1, -1])
    wanted = robustness_value(float(t), 23)
    assert wanted.shown and values["rv"] == pytest.approx(wanted.value) and f"{wanted.value:.0%} of what" in text


def test_a_claim_that_the_interval_does_not_bear_out_shows_nothing():
    parts, values = appendix.confounding(REAL, family("supported"))
    assert "is supported, and the interval includes" in said(parts, values)


def test_only_the_verdict_on_leaders_counts():
    assert appendix.claimed(family("supported")) and appendix.claimed(family("contradicted"))
    assert not appendix.claimed(family("inconclusive"))


# ---- where the answer turns ----


@pytest.fixture(scope="module")
def grid():
    specs = grid_module.expand(TABLES)
    some = specs[(specs["sample"] == "all") & (specs["outcome"] == "notifying") & (specs["controls_year"] == "lag1")]
    return whole_grid.run_grid(TABLES, some.reset_index(drop=True))


def test_every_specification_is_in_the_table_of_questions_and_models(grid):
    found = words.family_rows(grid)
    assert found["n"].sum() == len(grid) and len(found) == 8 and (found["failed"] == 0).all()
    assert set(found["family"]) == {"label", "index"}
    beyond = words.outside(grid)
    assert found[["n_below", "n_above"]].sum().sum() == beyond.sum() == (grid["p_value"] < 0.05).sum()
    label = grid[(grid["family"] == "leader") & (grid["estimator"] == "lpm")]
    row = found[(found["family"] == "label") & (found["estimator"] == "linear probability")].iloc[0]
    assert row["n_below"] == (label["ci_high"] < 0).sum() and row["median"] == label["estimate"].median()


def test_what_leaves_out_no_association_is_described_by_what_it_shares(grid):
    joint = pd.DataFrame(
        {"family": ["leader", "index"], "statistic": "share_below_alpha", "p_value": [0.4, 0.2], "n_fits_failed": 0}
    )
    none = words.turn_facts(grid.assign(ci_low=-1.0, ci_high=1.0), joint)
    assert none["leader_out"] == none["index_out"] == "none leaves out no association"
    assert (none["leader_n"], none["leader_p"]) == ((grid["family"] == "leader").sum(), 0.4)
    hit = grid["status"].eq("top5") & grid["estimator"].eq("lpm") & grid["size"].eq("ln_gdp")
    some = grid.assign(ci_low=-1.0, ci_high=np.where(hit, -0.1, 1.0), sign=-1.0)
    said = words.turn_facts(some, joint)["leader_out"]
    assert said.startswith(f"{hit.sum()} leave out no association, all of them below it, all with")
    assert "status: five highest ranks" in said and "model: linear probability" in said and "size: GDP" in said
    mixed = grid.assign(ci_low=0.1, ci_high=0.2, sign=np.where(np.arange(len(grid)) % 2, 1.0, -1.0))
    assert "some below and some above it" in words.turn_facts(mixed, joint)["leader_out"]


def test_the_curve_is_the_log_odds_of_the_label(grid):
    curve = other_choices.odds_ratio_curve(grid)
    assert set(curve["estimator"]) == {"firth", "quasi_binomial"} and set(curve["family"]) == {"leader"}
    assert np.allclose(np.log(curve["odds_ratio"]), curve["estimate"]) and (curve["ci_low"] > 0).all()
    registered = curve.set_index("spec_id").loc[other_choices.REGISTERED]
    assert registered["odds_ratio"] == pytest.approx(REAL.interval.estimate, abs=1e-6)
    medians = words.size_medians(words.curve_rows(curve))
    assert medians["by_population"] == curve.loc[curve["size"] == "ln_population", "odds_ratio"].median()


# ---- what was added ----


def added_rows(**sides):
    """Made-up fits: the registered choice with an interval around one, and additions on the given side."""
    ends = {-1: (-2.0, -0.5), 0: (-0.5, 0.5), 1: (0.5, 2.0)}
    counts = {"n_countries": 27, "n_treated": 6, "n_ipceis": 11, "dropped": "", "announced": True}
    rows = []
    for name, side in {REGISTERED: 0, **sides}.items():
        for status in ("at_decision", "lag1"):
            row = {"addition": name, "label": f"with {name}", "status": status, "estimator": "firth", **counts}
            row |= {"scale": "log odds", "main": status == "at_decision", "p_value": 0.5, "failed": ""}
            if side is None:
                row |= {"failed": "separated: all take part"}
            else:
                low, high = ends[side]
                row |= {"estimate": (low + high) / 2, "ci_low": low, "ci_high": high}
            rows.append(row)
    return pd.DataFrame(rows)


def added_text(rows) -> str:
    parts, values = added.added_facts(rows)
    return Words("04_robustness").say("N4.7", *parts, **values).title


def test_what_was_added_and_changes_nothing_is_said_so():
    text = added_text(added_rows(size=0, wealth=0))
    assert "2 changes" in text and "None changes the answer" in text and "the interval includes one" in text
    assert "none leaves out no association" in text and "Not fitted" not in text


@pytest.mark.parametrize(("side", "said"), [(1, "lies above one"), (-1, "lies below one")])
def test_what_was_added_and_changes_the_answer_is_named(side, said):
    text = added_text(added_rows(size=0, wealth=side))
    assert "1 of the 2 that can be fitted change the answer" in text and f"with wealth ({said})" in text
    assert "2 leave out no association" in text and "None changes" not in text


def test_what_was_added_and_cannot_be_fitted_is_named():
    text = added_text(added_rows(size=0, wealth=None))
    assert "each of the 1 that can be fitted" in text and "Not fitted: with wealth (separated: all take part)" in text
    nothing = added_text(added_rows(wealth=None))
    assert "None changes" not in nothing and "Not fitted" in nothing
    lines = added.added_lines(added_rows(wealth=None)).set_index("addition")
    assert lines.at["wealth", "counts"] == "–" and lines.at[REGISTERED, "counts"] == "27 × 11"
    assert lines.at["wealth", "n_fits"] == 0 and lines.at[REGISTERED, "n_fits"] == 2


def test_the_sources_of_further_controls_are_cited():
    rows = TABLES["country_panel"].query("variable in ('berd_pct_gdp', 'manuf_va_pct_gdp')")
    cited = set(added.added_sources(TABLES))
    assert cited >= set(rows["source_id"]) | set(panel.dyad_sources(TABLES))


def test_fields_are_counted_by_their_intervals():
    rows = pd.DataFrame({"n_ipceis": [4, 1], "p_value": [0.5, 0.01], "ci_low": [0.5, 1.5], "ci_high": [2.0, 3.0]})
    rows = rows.assign(leaders_taken=1, leaders_open=2, others_taken=0, others_open=3)
    assert added.field_facts(rows) == {"n": 2, "known": 2, "cross": 1, "single": 1, "lowest_p": 0.01}
    assert added.field_rows(rows)["leaders"].tolist() == ["1 of 2"] * 2
    assert added.field_facts(rows.assign(ci_low=np.nan))["known"] == 0


# ---- the dyads as an exhibit ----


def test_the_registered_estimate_follows_from_the_exported_dyads():
    """T3.7 as somebody reads it who has nothing else; the fit is statsmodels' with Firth's penalty by its own steps."""
    made = leader_status.dyad_table(TABLES, DYADS, panel.dyad_sources(TABLES), "EIS")
    rows = pd.read_csv(io.StringIO(made.csv()))
    assert len(rows) == len(DYADS) and len(made.cells()) == leader_status.SHOWN < len(rows)
    x = sm.add_constant(rows[["ln_population", "ln_gdp_pc_pps", "leader"]].astype(float)).to_numpy()
    y = rows["participates"].astype(float).to_numpy()
    beta = np.zeros(4)
    for _ in range(200):  # Firth's estimate is a weighted logit of data split by the leverages
        p = 1 / (1 + np.exp(-x @ beta))
        root = x * np.sqrt(p * (1 - p))[:, None]
        h = np.einsum("ij,jk,ik->i", root, np.linalg.inv(root.T @ root), root)
        weights = np.concatenate([y + h / 2, 1 - y + h / 2])
        split = sm.GLM(
            np.repeat([1.0, 0.0], len(y)), np.vstack([x, x]), sm.families.Binomial(), freq_weights=weights
        ).fit(start_params=beta)
        moved, beta = np.abs(split.params - beta).max(), split.params
        if moved < 1e-10:
            break
    assert beta[3] == pytest.approx(math.log(REAL.interval.estimate), abs=1e-7)
    information = root.T @ root
    level = brentq(lambda a: (1 / (1 + np.exp(-(x @ beta + a)))).mean() - y.mean(), -1, 1)
    p = 1 / (1 + np.exp(-(x @ beta + level)))
    totals = rows.assign(p=p, v=p * (1 - p), y=y).groupby("geo")[["y", "p", "v"]].sum()
    phi = ((totals["y"] - totals["p"]) ** 2 / totals["v"]).sum() / (27 - 4)
    reach = stats.t.ppf(0.975, 27 - 4) * math.sqrt(phi * np.linalg.inv(information)[3, 3])
    ends = np.exp([beta[3] - reach, beta[3] + reach])
    assert ends.tolist() == pytest.approx([REAL.interval.ci_low, REAL.interval.ci_high], rel=1e-6)
    first = rows["decision_date"] == rows["decision_date"].min()
    assert rows["earlier_share"].isna().equals(first), "the first IPCEI has no record before it"
    assert rows["population"].to_numpy() == pytest.approx(np.exp(rows["ln_population"]), rel=1e-8)
    text = f"{made.title} {made.caption}"
    assert f"{len(rows)} pairs" in text and f"{int(y.sum())} of them" in text


# ---- tables ----


def test_the_first_interval_of_the_coefficients_is_the_registered_one():
    rows = confirmatory.coefficients(REAL).set_index("term")
    leader = rows.loc["Innovation leader"]
    assert (leader["ci_low"], leader["ci_high"]) == pytest.approx((REAL.interval.ci_low, REAL.interval.ci_high))
    assert (leader["dyad_low"], leader["dyad_high"]) == pytest.approx((REAL.profile.ci_low, REAL.profile.ci_high))
    doubled = np.exp(np.log(2) * REAL.fit.coefficients.at["ln_population", "estimate"])
    assert rows.at["Population (per doubling)", "odds_ratio"] == pytest.approx(doubled)


@pytest.mark.parametrize(
    ("equivalent", "said"),
    [
        ((True, True), "An association by a factor of 2 or more, either way, is ruled out ("),
        (
            (False, True),
            "by a factor of 3 or more, either way, is ruled out (two one-sided tests); one by a factor of 2 is not.",
        ),
        ((False, False), "Not even an association by a factor of 3, either way, is ruled out ("),
    ],
)
def test_what_is_ruled_out_is_said_by_the_margins_that_are(equivalent, said):
    rows = answer.ruled_out(REAL, PLAN).assign(equivalent=list(equivalent))
    assert said in leader_status.ruled_facts(rows)["ruled"]


def test_an_answer_with_an_interval_beyond_one_is_said_so():
    strong = replace(STRONG, permutation=STRONG.profile, second_permutation=STRONG.profile, effect=STRONG.profile)
    weak = replace(REAL, permutation=REAL.profile, second_permutation=REAL.profile, effect=REAL.profile)
    assert leader_status.answer_facts(TABLES, strong, PLAN)["reading"] in ("more often", "less often")
    assert "neither clearly" in leader_status.answer_facts(TABLES, weak, PLAN)["reading"]
    assert leader_status.answer_facts(TABLES, weak, PLAN)["dropped"] == "nothing"


def test_linear_models_carry_their_rate_in_the_audit():
    audit = stored(DYADS, PLAN)
    records = other_choices.cluster_methods(REAL, PLAN)
    rows = method_audit.cluster_rows(records, audit)
    worst = audit[(audit["sd"] == audit["sd"].max()) & (audit["odds_ratio"] == 1)].set_index("method")["rejection"]
    assert list(rows["method"].str.contains("wild")) == [False, False, False, True, True, False]
    assert rows["false"].iloc[1] == worst["lpm_cr2"] and rows["false"].iloc[5] == worst["freedman_lane"]
    assert rows["estimate"].iloc[5] == pytest.approx(100 * records["estimate"].iloc[5])
    assert (rows["scale"] == "percentage points").all() and rows["estimate"].iloc[0] == records["estimate"].iloc[0]


@pytest.mark.dear
def test_priors_are_read_as_ranges_and_counted():
    rows = appendix.prior_rows(prior_sensitivity(DYADS, REAL.fit))
    assert rows.set_index("prior").at["log-F(2, 2)", "span"] == "1/39 to 39"
    assert rows.set_index("prior").at["log-F(0.5, 0.5)", "span"].startswith("1/216,6")
    assert rows["span"].isna().sum() == 2
    facts = appendix.prior_facts(rows, random_intercept_logit(DYADS))
    assert (facts["n"], facts["n_all"]) == (6, 7)
    assert facts["low"] == rows["odds_ratio"].min() and facts["pooled_low"] < facts["pooled"] < facts["pooled_high"]


def test_the_interval_of_the_answer_is_the_registered_one():
    """Facts of several tables stand in one mapping: none may take the place of another."""
    tests = dict.fromkeys(("effect", "permutation", "second_permutation"), REAL.interval)
    facts = leader_status.answer_facts(TABLES, replace(REAL, **tests), PLAN)
    assert (facts["low"], facts["high"]) == (REAL.interval.ci_low, REAL.interval.ci_high)
    assert facts["or_low90"] > facts["low"] and facts["or_high90"] < facts["high"]
