"""Audit of the index: aggregation against SciPy, every combination by hand, exact certainty, redrawn labels."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from innodivide import models
from innodivide.data import Tables
from innodivide.data.tables import group_of, indicators_of, member_states
from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.evidence.robustness import uncertain_labels
from innodivide.indicators import composite, panel
from innodivide.indicators.composite.aggregate import cell_weights, combine, impute

TABLES = Tables()
EDITIONS = TABLES["eis_edition"]
EU27 = list(member_states(TABLES)["geo"])
YEAR = 2023


@pytest.fixture(scope="module")
def real():
    """Normalised scores of the 2023 edition, the published index, and every combination with five random weights."""
    scores, index = composite.score_matrix(TABLES), composite.index_values(TABLES)
    weights = composite.implicit_weights(scores, index)
    missing = composite.missing_cells(composite.classify_zeros(scores, index, weights), scores)
    x = composite.normalised_scores(scores, weights, missing)
    dimensions = indicators_of(TABLES, composite.EDITION).set_index("indicator_code")["dimension_code"][scores.columns]
    choices = composite.default_choices(dimensions, np.random.default_rng(1), n_random=5)
    draws = composite.audit(x, choices, dimensions=dimensions, countries=EU27, editions=EDITIONS)
    return SimpleNamespace(x=x, index=index, choices=choices, draws=draws)


def small(rng, units=6, size=5, gaps=()):
    """Scores of a few units and a benchmark "EU" in one year, dimensions of two and three indicators."""
    codes = [f"1.{k}" for k in range(size)]
    rows = pd.MultiIndex.from_product([[*(f"G{i}" for i in range(units)), "EU"], [YEAR]], names=["geo", "year"])
    x = pd.DataFrame(rng.uniform(0.05, 1, (units + 1, size)), rows, codes)
    for i, k in gaps:
        x.iloc[i, k] = np.nan
    return x, pd.Series(["a" if k < 2 else "b" for k in range(size)], codes), [f"G{i}" for i in range(units)]


CHOICES = [
    composite.Choice("weights", {"i": "indicators", "d": "dimensions"}, (0.5, 0.5)),
    composite.Choice("aggregation", {"a": "arithmetic", "g": "geometric"}, (0.7, 0.3)),
    composite.Choice("imputation", {"out": "left_out", "mean": "country_mean"}, (0.5, 0.5)),
]


def run(frame, choices):
    x, dimensions, countries = frame
    return composite.audit(x, choices, dimensions=dimensions, countries=countries, editions=EDITIONS)


# ---- combining ----------------------------------------------------------------------------------------------------


def test_means_agree_with_scipy():
    rng = np.random.default_rng(1)
    x, given = rng.uniform(0, 1, (9, 7)), rng.uniform(0.1, 2, 7)
    w = cell_weights(x, np.repeat("a", 7), given)
    np.testing.assert_allclose(combine(x, w, "arithmetic"), stats.pmean(x, 1, axis=1, weights=w), rtol=1e-12)
    expected = stats.gmean(x + 0.01, axis=1, weights=w) - 0.01
    np.testing.assert_allclose(combine(x, w, "geometric"), expected, rtol=1e-11)


def test_geometric_mean_is_below_the_arithmetic_and_keeps_the_ends():
    x = np.random.default_rng(2).uniform(0, 1, (50, 6))
    w = cell_weights(x, np.repeat("a", 6), "indicators")
    assert (combine(x, w, "geometric") < combine(x, w, "arithmetic")).all()
    ends = np.array([np.zeros(6), np.ones(6)])
    np.testing.assert_allclose(combine(ends, w[:2], "geometric"), [0, 1], atol=1e-14)


def test_dimension_weights_are_the_mean_of_dimension_means():
    x = np.array([[0.2, 0.4, 0.9, 0.1, 0.5], [0.3, np.nan, 0.6, 0.6, np.nan]])
    groups = np.array(list("aabbb"))
    got = combine(x, cell_weights(x, groups, "dimensions"), "arithmetic")
    np.testing.assert_allclose(got, [(0.3 + 0.5) / 2, (0.3 + 0.6) / 2], rtol=1e-12)


def test_imputation_values():
    block = np.array([[0.2, np.nan, 0.9], [0.4, 0.5, 0.3], [0.6, 0.7, 0.1], [0.5, 1.0, 1.0]])  # last row: benchmark
    groups = np.array(["a", "a", "b"])
    assert impute(block, groups, "country_mean")[0, 1] == pytest.approx(0.6)
    assert impute(block, groups, "dimension_mean")[0, 1] == pytest.approx(0.2)
    assert impute(block, groups, "left_out") is block
    alone = np.where(np.arange(3) == 1, np.nan, block)  # nobody has the indicator: it stays missing
    assert np.isnan(impute(alone, groups, "country_mean")[:, 1]).all()


# ---- the audit ----------------------------------------------------------------------------------------------------


def test_official_combination_gives_back_the_published_index_ranks_and_groups(real):
    nominal = real.draws[real.draws["nominal"]].set_index("geo")
    published = real.index.xs(YEAR, level="year")
    relative = 100 * published[EU27] / published["EU"]
    assert (nominal["relative"] - relative).abs().max() < 0.001
    assert (nominal["rank"] == relative.rank(ascending=False)).all()
    group = TABLES["eis_group"].query("edition == 2023").set_index("geo")["group"]
    assert (nominal["group"].astype(str) == group[EU27]).all()


def test_every_combination_once_with_its_parameters(real):
    one = real.draws[real.draws["geo"] == "AT"]
    names = ["weights", "aggregation", "omit", "imputation"]
    assert len(one) == 7 * 2 * 45 * 3 and not one.duplicated(names).any()
    assert one["probability"].sum() == pytest.approx(1) and real.draws[names].notna().all().all()


def test_any_draw_can_be_rebuilt_from_its_parameter_row(real):
    """Rows picked at random, computed again by hand with pandas."""
    settings = {c.role: c.levels for c in real.choices}
    x = real.x.xs(YEAR, level="year").loc[["AT", "EU"]]
    rows = real.draws.query("geo == 'AT' and aggregation == 'geometric'")
    rows = rows[rows["weights"].astype(str).str.startswith("random")].sample(5, random_state=5)
    for row in rows.itertuples():
        kept = x.drop(columns=list(settings["omit"][row.omit]))
        w = settings["weights"][row.weights][kept.columns]
        score = np.exp((np.log(kept + 0.01) * w).sum(axis=1) / w.sum()) - 0.01
        assert row.relative == pytest.approx(100 * score["AT"] / score["EU"], rel=1e-10)


def test_scale_and_order_invariance():
    x, dimensions, countries = small(np.random.default_rng(6), gaps=[(1, 3)])
    base = run((x, dimensions, countries), CHOICES[:1]).set_index(["draw", "geo"])["relative"]
    half = run((x / 2, dimensions, countries), CHOICES[:1]).set_index(["draw", "geo"])["relative"]
    np.testing.assert_allclose(half, base, rtol=1e-12)  # the arithmetic ratio to the EU has no unit
    turned = run((x.iloc[::-1, ::-1], dimensions, countries[::-1]), CHOICES[:1]).set_index(["draw", "geo"])["relative"]
    np.testing.assert_allclose(turned.loc[base.index], base, rtol=1e-12)


def test_benchmark_is_a_unit_of_its_own():
    x, dimensions, countries = small(np.random.default_rng(7), gaps=[(0, 0)])
    found = run((x, dimensions, countries), CHOICES)
    assert "EU" not in set(found["geo"]) and set(found["rank"]) <= set(range(1, 7))
    other = x.copy()
    other.loc["EU"] = (x.loc["EU"] / 2).to_numpy()
    moved = run((other, dimensions, countries), CHOICES)
    np.testing.assert_allclose(moved["score"], found["score"], rtol=1e-12)  # never a peer of the countries
    plain = found["aggregation"] == "a"
    np.testing.assert_allclose(moved.loc[plain, "relative"], 2 * found.loc[plain, "relative"], rtol=1e-12)
    other.loc[("EU", YEAR), "1.0"] = np.nan
    with pytest.raises(DataError, match=r"EU 2023: missing 1\.0"):
        run((other, dimensions, countries), CHOICES)


def test_equal_scores_and_a_single_indicator_leave_nothing_to_choose():
    x, dimensions, countries = small(np.random.default_rng(8))
    found = run((x * 0 + 0.5, dimensions, countries), CHOICES)
    assert (found["rank"] == 1).all() and np.allclose(found["relative"], 100, rtol=1e-12)
    frame = small(np.random.default_rng(9), size=1)
    assert run(frame, CHOICES).groupby("geo", observed=True)["relative"].nunique().eq(1).all()
    with pytest.raises(DesignError, match="no indicator left"):
        run(frame, [composite.Choice("omit", {"nothing": (), "it": ("1.0",)}, (0.5, 0.5))])


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: composite.Choice("weight", {"x": 1}, (1,)), "role='weight'"),
        (lambda: composite.Choice("aggregation", {"x": "median"}, (1,)), "median"),
        (lambda: composite.Choice("weights", {"x": "indicators", "y": "dimensions"}, (0.5, 0.6)), "probabilities"),
        (lambda: run(small(np.random.default_rng(1)), [composite.Choice("omit", {"x": ("9.9",)}, (1,))]), "'9.9'"),
        (
            lambda: run(
                small(np.random.default_rng(1)), [composite.Choice("weights", {"x": pd.Series(1.0, ["1.0"])}, [1])]
            ),
            "weights', level 'x': no indicator or weight '1.1'",
        ),
        (lambda: run(small(np.random.default_rng(1)), [CHOICES[0], CHOICES[0]]), "distinct roles"),
    ],
)
def test_a_wrong_specification_is_an_error(make, text):
    with pytest.raises(ParameterError, match=text):
        make()


# ---- what the draws say -------------------------------------------------------------------------------------------


def test_groups_sum_to_one_and_give_the_chance_of_the_label(real):
    groups = composite.group_distribution(real.draws)
    np.testing.assert_allclose(groups[["leader", "strong", "moderate", "emerging"]].sum(axis=1), 1, rtol=1e-12)
    chance = composite.p_leader(real.draws).set_index("geo")["p_leader"]
    np.testing.assert_allclose(chance[groups["geo"]], groups["leader"], atol=1e-12)
    certain = groups.set_index("geo")["certain"]
    assert (groups.loc[groups["certain"], "nominal"] == groups.loc[groups["certain"], "modal"]).all()
    assert certain["DK"] and chance["DK"] == 1 and not certain["BE"] and 0 < chance["BE"] < 1


def test_imputation_moves_only_the_state_that_misses_a_figure(real):
    official = real.draws.query("weights == 'equal indicators' and aggregation == 'arithmetic' and omit == 'nothing'")
    moves = official.groupby("geo", observed=True)["relative"].nunique() > 1
    assert moves[moves].index.tolist() == ["IE"]  # exactly, not nearly


def test_thresholds_are_open_below_and_those_of_the_edition():
    relative = [125.0, 125.0001, 100.0, 100.1, 70.0, 70.1]
    expected = ["strong", "leader", "moderate", "strong", "emerging", "moderate"]
    assert group_of(relative, YEAR, EDITIONS).tolist() == expected
    limits = EDITIONS.set_index("edition").loc[2020]
    at = limits[["leader_min_pct", "strong_min_pct", "moderate_min_pct"]].to_numpy(dtype=float)
    assert group_of([*at, *(at + 0.01)], 2020, EDITIONS).tolist() == [
        *("strong", "moderate", "modest"),
        *("leader", "strong", "moderate"),
    ]
    assert group_of([60.0, 60.0], [2020, 2021], EDITIONS).tolist() == ["moderate", "emerging"]


def test_redrawn_sets_add_up_to_the_chance_of_each_country(real):
    redrawn = composite.redraw_groups(real.draws)
    assert redrawn["probability"].sum() == pytest.approx(1) and redrawn["nominal"].sum() == 1
    chance = composite.p_leader(real.draws).set_index("geo")["p_leader"]
    for geo in ("BE", "NL", "LU", "DK"):
        inside = [geo in leaders for leaders in redrawn["leaders"]]
        assert redrawn.loc[inside, "probability"].sum() == pytest.approx(chance[geo])


@pytest.mark.dear
def test_the_official_label_gives_back_the_estimate_with_that_edition(real):
    redrawn = composite.redraw_groups(real.draws)
    fits = uncertain_labels.label_uncertainty(panel.ipcei_dyads(TABLES), redrawn[redrawn["nominal"]])
    expected = models.firth_logit(panel.ipcei_dyads(TABLES, status=2023)).result.estimate
    assert len(fits) == 1 and fits["log_odds"].iloc[0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.dear
def test_each_distinct_label_is_fitted_once_and_an_undefined_one_is_kept():
    sets = pd.DataFrame(
        {
            "probability": [0.2, 0.3, 0.4, 0.1],
            "nominal": [True, False, False, False],
            "leaders": [("DK", "SE"), ("DK", "SE"), ("BE", "DK"), ()],
        }
    )
    fits = uncertain_labels.label_uncertainty(panel.ipcei_dyads(TABLES), sets)
    assert fits["probability"].tolist() == pytest.approx([0.5, 0.4, 0.1])
    assert fits.loc[0, "nominal"] and fits.loc[0, "leaders"] == "DK, SE"
    empty = fits[fits["n_treated"] == 0].iloc[0]
    assert np.isnan(empty["log_odds"]) and empty["note"].startswith("not defined")
    summary = uncertain_labels.label_summary(fits)
    assert summary["p_defined"] == pytest.approx(0.9) and summary["n_labels"] == 3
    b, p = fits["log_odds"].iloc[:2].to_numpy(), np.array([5, 4]) / 9
    assert summary["mean_log_odds"] == pytest.approx(p @ b)
    assert summary["sd_label"] == pytest.approx(np.sqrt(p @ b**2 - (p @ b) ** 2))
    assert summary["sd_total"] ** 2 == pytest.approx(summary["sd_label"] ** 2 + summary["se_sampling"] ** 2)
