"""Audit of the index: aggregation against SciPy, Shapley effects against closed forms, exact zeros, redrawn labels."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from innodivide import models
from innodivide.data import Tables, frozen
from innodivide.data.tables import member_states
from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.evidence.robustness import uncertain_labels
from innodivide.indicators import composite, panel
from innodivide.indicators.composite.aggregate import cell_weights, combine, impute
from innodivide.indicators.composite.draws import _effects

TABLES = Tables()

YEAR = 2023


@pytest.fixture(scope="module")
def real():
    """Normalised scores of the 2023 edition, dimensions, Member States."""
    table, indicator = frozen.load("eis_score"), frozen.load("indicator")
    scores = composite.score_matrix(table, indicator)
    dimensions = indicator.set_index("indicator_code")["dimension_code"][scores.columns]
    index = composite.index_values(frozen.load("eis_index"))
    weights = composite.implicit_weights(scores, index)
    zeros = composite.classify_zeros(scores, index, weights)
    x = composite.normalised_scores(scores, weights, composite.missing_cells(zeros, scores))
    return {"x": x, "index": index, "dimensions": dimensions, "countries": list(member_states(TABLES)["geo"])}


@pytest.fixture(scope="module")
def draws(real):
    """Every combination of the default choices with five random weight vectors."""
    choices = composite.default_choices(real["dimensions"], np.random.default_rng(1), n_random=5)
    return composite.audit(real["x"], choices, dimensions=real["dimensions"], countries=real["countries"], years=[YEAR])


def small(rng, units=6, size=5, gaps=()):
    """Scores of a few units and a benchmark "EU" in one year, dimensions of two and three indicators."""
    codes = [f"1.{k}" for k in range(size)]
    rows = pd.MultiIndex.from_product([[*(f"G{i}" for i in range(units)), "EU"], [YEAR]], names=["geo", "year"])
    x = pd.DataFrame(rng.uniform(0.05, 1, (units + 1, size)), rows, codes)
    for i, k in gaps:
        x.iloc[i, k] = np.nan
    return x, pd.Series(["a" if k < 2 else "b" for k in range(size)], codes), [f"G{i}" for i in range(units)]


CHOICES = [
    composite.Choice("weights", "weights", {"i": "indicators", "d": "dimensions"}),
    composite.Choice("aggregation", "aggregation", {"a": "arithmetic", "g": "geometric"}, (0.7, 0.3)),
    composite.Choice("imputation", "imputation", {"out": "left_out", "mean": "country_mean"}),
    composite.Choice("idle", "none", {"x": None, "y": None, "z": None}),
]


def run(frame, choices, **more):
    x, dimensions, countries = frame
    return composite.audit(x, choices, dimensions=dimensions, countries=countries, years=[YEAR], **more)


# ---- combining ----------------------------------------------------------------------------------------------------


def test_means_agree_with_scipy():
    rng = np.random.default_rng(1)
    x, given = rng.uniform(0, 1, (9, 7)), rng.uniform(0.1, 2, 7)
    w = cell_weights(x, np.repeat("a", 7), given)
    np.testing.assert_allclose(combine(x, w, "arithmetic"), stats.pmean(x, 1, axis=1, weights=w), rtol=1e-12)
    expected = stats.gmean(x + 0.01, axis=1, weights=w) - 0.01
    np.testing.assert_allclose(combine(x, w, "geometric", 0.01), expected, rtol=1e-11)


def test_geometric_mean_is_below_the_arithmetic_and_keeps_the_ends():
    rng = np.random.default_rng(2)
    x = rng.uniform(0, 1, (50, 6))
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
    assert impute(block, groups, "zero")[0, 1] == 0
    assert impute(block, groups, "left_out") is block
    alone = np.where(np.arange(3) == 1, np.nan, block)  # nobody has the indicator: it stays missing
    assert np.isnan(impute(alone, groups, "country_mean")[:, 1]).all()


# ---- the audit ----------------------------------------------------------------------------------------------------


def test_official_combination_gives_back_the_published_index_ranks_and_groups(real, draws):
    nominal = draws[draws["nominal"]].set_index("geo")
    published = real["index"].xs(YEAR, level="year")
    relative = 100 * published[real["countries"]] / published["EU"]
    assert (nominal["relative"] - relative).abs().max() < 0.001
    assert (nominal["rank"] == relative.rank(ascending=False)).all()
    group = frozen.load("eis_group").query("edition == 2023").set_index("geo")["group"]
    assert (nominal["group"].astype(str) == group[real["countries"]]).all()


def test_every_combination_once_with_its_parameters(draws):
    one = draws[draws["geo"] == "AT"]
    names = ["weights", "aggregation", "omit", "imputation"]
    assert len(one) == 7 * 2 * 45 * 3 and not one.duplicated(names).any()
    assert one["probability"].sum() == pytest.approx(1) and draws[names].notna().all().all()


def test_any_draw_can_be_rebuilt_from_its_parameter_row(real):
    """One row picked at random, computed again by hand with pandas."""
    choices = composite.default_choices(real["dimensions"], np.random.default_rng(1), n_random=5)
    found = composite.audit(
        real["x"],
        choices,
        40,
        np.random.default_rng(5),
        dimensions=real["dimensions"],
        countries=real["countries"],
        years=[YEAR],
    )
    settings = {c.name: c.levels for c in choices}
    x = real["x"].xs(YEAR, level="year").loc[[*real["countries"], "EU"]]
    rows = found[
        (found["geo"] == "AT")
        & found["weights"].astype(str).str.startswith("random")
        & (found["aggregation"] == "geometric")
    ]
    assert len(rows) > 3
    for row in rows.itertuples():
        kept = x.drop(columns=list(settings["omit"][row.omit]))
        w = settings["weights"][row.weights][kept.columns]
        score = np.exp((np.log(kept.loc[["AT", "EU"]] + 0.01) * w).sum(axis=1) / w.sum()) - 0.01
        assert row.relative == pytest.approx(100 * score["AT"] / score["EU"], rel=1e-10)


def test_random_draws_agree_with_every_combination():
    frame = small(np.random.default_rng(3), gaps=[(0, 1), (2, 4)])
    exact, drawn = run(frame, CHOICES), run(frame, CHOICES, n=4000, rng=np.random.default_rng(4))
    mean = {
        name: (d["probability"] * d["relative"]).groupby(d["geo"], observed=True).sum()
        for name, d in (("exact", exact), ("drawn", drawn))
    }
    assert (mean["exact"] - mean["drawn"]).abs().max() < 0.5
    a, b = composite.group_distribution(exact).set_index("geo"), composite.group_distribution(drawn).set_index("geo")
    assert (a["leader"] - b["leader"]).abs().max() < 0.04  # five standard errors at 4,000 draws


def test_same_seed_same_draws_and_no_generator_is_an_error():
    frame = small(np.random.default_rng(3))
    one, two = (run(frame, CHOICES, n=50, rng=np.random.default_rng(9)) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    with pytest.raises(ParameterError, match="rng"):
        run(frame, CHOICES, n=50)


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
    with pytest.raises(DataError, match=r"benchmark EU 2023: missing 1\.0"):
        run((other, dimensions, countries), CHOICES)


def test_all_equal_scores():
    x, dimensions, countries = small(np.random.default_rng(8))
    found = run((x * 0 + 0.5, dimensions, countries), CHOICES)
    assert (found["rank"] == 1).all() and np.allclose(found["relative"], 100, rtol=1e-12)
    shares = composite.shapley_shares(found)
    assert (shares[["share", "effect", "first_order", "total", "variance"]] == 0).all().all()


def test_one_indicator_leaves_nothing_to_choose():
    x, dimensions, countries = small(np.random.default_rng(9), size=1)
    shares = composite.shapley_shares(run((x, dimensions, countries), CHOICES))
    assert (shares["share"] == 0).all()
    drop = [composite.Choice("omit", "omit", {"nothing": (), "it": ("1.0",)})]
    with pytest.raises(DesignError, match="no indicator left"):
        run((x, dimensions, countries), drop)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: composite.Choice("a", "weight", {"x": 1}), "role='weight'"),
        (lambda: composite.Choice("a", "aggregation", {"x": "median"}), "median"),
        (lambda: composite.Choice("a", "none", {"x": 1, "y": 2}, (0.5, 0.6)), "probabilities"),
        (lambda: composite.Choice("a", "none", {}), "no levels"),
        (
            lambda: run(small(np.random.default_rng(1)), [composite.Choice("o", "omit", {"x": ("9.9",)})]),
            "no indicator '9.9'",
        ),
        (lambda: run(small(np.random.default_rng(1)), [CHOICES[3], CHOICES[3]]), "distinct names"),
        (lambda: run(small(np.random.default_rng(1)), CHOICES, n=0), "n=0"),
        (lambda: composite.default_choices(pd.Series(dtype=str), np.random.default_rng(1), spread=1.0), "spread=1.0"),
    ],
)
def test_a_wrong_specification_is_an_error(make, text):
    with pytest.raises(ParameterError, match=text):
        make()


def test_two_choices_of_one_role_are_refused():
    twin = composite.Choice("again", "weights", {"x": "indicators"})
    with pytest.raises(ParameterError, match="two with the role weights"):
        run(small(np.random.default_rng(1)), [CHOICES[0], twin])


# ---- distributions ------------------------------------------------------------------------------------------------


def test_distributions_sum_to_one(draws):
    ranks = composite.rank_distribution(draws)
    np.testing.assert_allclose(ranks.groupby("geo", observed=True)["probability"].sum(), 1, rtol=1e-12)
    groups = composite.group_distribution(draws)
    np.testing.assert_allclose(groups[["leader", "strong", "moderate", "emerging"]].sum(axis=1), 1, rtol=1e-12)
    chance = composite.p_leader(draws).set_index("geo")["p_leader"]
    np.testing.assert_allclose(chance[groups["geo"]], groups["leader"], atol=1e-12)
    assert chance.sum() == pytest.approx(draws.assign(n=draws["group"] == "leader").eval("n * probability").sum())


def test_rank_intervals_by_hand():
    frame = pd.DataFrame(
        {
            "draw": range(4),
            "probability": [0.1, 0.4, 0.4, 0.1],
            "nominal": [True, False, False, False],
            "year": YEAR,
            "geo": "A",
            "score": 1.0,
            "relative": 1.0,
            "rank": [3, 1, 2, 9],
            "group": "leader",
        }
    )
    row = composite.rank_intervals(frame, level=0.8).iloc[0]
    assert (row["nominal"], row["median"], row["low"], row["high"]) == (3, 2, 1, 3)


def test_thresholds_are_open_below():
    assert composite.group_labels([125.0, 125.0001, 100.0, 100.1, 70.0, 70.1]).tolist() == [
        "strong",
        "leader",
        "moderate",
        "strong",
        "emerging",
        "moderate",
    ]


# ---- Shapley effects ----------------------------------------------------------------------------------------------


def test_ishigami_function():
    """Closed form: sin a + 7 sin^2 b + 0.1 c^4 sin a, uniform on (-pi, pi) (Ishigami & Homma 1990)."""
    n, (p, q) = 60, (7.0, 0.1)
    at = -np.pi + (np.arange(n) + 0.5) * 2 * np.pi / n
    a, b, c = np.meshgrid(at, at, at, indexing="ij")
    found = _effects(np.sin(a) + p * np.sin(b) ** 2 + q * c**4 * np.sin(a), [np.full(n, 1 / n)] * 3)
    v1 = 0.5 * (1 + q * np.pi**4 / 5) ** 2
    v2, v13 = p**2 / 8, q**2 * np.pi**8 * (1 / 18 - 1 / 50)
    whole = v1 + v2 + v13
    shares, first, total = ([f[key] for f in found] for key in ("share", "first_order", "total"))
    np.testing.assert_allclose(shares, [(v1 + v13 / 2) / whole, v2 / whole, v13 / 2 / whole], atol=2e-3)
    np.testing.assert_allclose(first, [v1 / whole, v2 / whole, 0], atol=2e-3)
    np.testing.assert_allclose(total, [(v1 + v13) / whole, v2 / whole, v13 / whole], atol=2e-3)


def test_shapley_effects_are_the_mean_over_orders_of_entry():
    """The definition by enumeration: each order of the four choices, gain in explained variance at entry."""
    rng = np.random.default_rng(11)
    grid, weights = rng.normal(size=(2, 3, 2, 4)), [rng.dirichlet(np.ones(k)) for k in (2, 3, 2, 4)]
    chance = np.einsum("a,b,c,d->abcd", *weights)

    def explained(kept):
        out = tuple(j for j in range(4) if j not in kept)
        p = chance.sum(axis=out)
        mean = (chance * grid).sum(axis=out) / p
        return float((p * mean**2).sum() - (chance * grid).sum() ** 2)

    gains = np.zeros(4)
    for order in permutations(range(4)):
        for place, j in enumerate(order):
            gains[j] += explained(order[: place + 1]) - explained(order[:place])
    found = _effects(grid, weights)
    np.testing.assert_allclose([f["effect"] for f in found], gains / 24, rtol=1e-10)
    assert sum(f["share"] for f in found) == pytest.approx(1)


def test_additive_choices_have_their_own_variance():
    grid = np.add.outer(np.array([0.0, 2.0]), np.array([0.0, 1.0, 5.0]))
    found = _effects(grid, [np.array([0.25, 0.75]), np.full(3, 1 / 3)])
    np.testing.assert_allclose([f["effect"] for f in found], [4 * 0.25 * 0.75, 14 / 3], rtol=1e-12)
    np.testing.assert_allclose([f["first_order"] for f in found], [f["total"] for f in found], rtol=1e-12)


@pytest.mark.parametrize("outcome", ["score", "relative", "rank", "leader"])
def test_a_dummy_choice_gets_exactly_zero(outcome):
    frame = small(np.random.default_rng(12), gaps=[(0, 1)])
    shares = composite.shapley_shares(run(frame, CHOICES), outcome)
    idle = shares[shares["choice"] == "idle"]
    assert (idle[["share", "effect", "first_order", "total"]] == 0).all().all()
    moved = shares[shares["variance"] > 0].groupby("geo", observed=True)["share"].sum()
    np.testing.assert_allclose(moved, 1, rtol=1e-10)
    assert (shares["effect"] >= 0).all()


def test_imputation_matters_only_where_something_is_missing(draws):
    shares = composite.shapley_shares(draws).query("choice == 'imputation'").set_index("geo")["share"]
    assert shares["IE"] > 0 and (shares.drop("IE") == 0).all()  # exactly, not nearly


def test_shares_need_the_whole_design(draws):
    with pytest.raises(DesignError, match="n=None"):
        composite.shapley_shares(draws[draws["draw"] != 5])
    frame = small(np.random.default_rng(13))
    with pytest.raises(DesignError, match="n=None"):
        composite.shapley_shares(run(frame, CHOICES, n=100, rng=np.random.default_rng(1)))
    tilted = run(frame, CHOICES)
    tilted.loc[tilted["draw"] == 1, "probability"] *= 3
    with pytest.raises(DesignError, match="independent"):
        composite.shapley_shares(tilted)


# ---- labels -------------------------------------------------------------------------------------------------------


def test_redrawn_sets_add_up_to_the_chance_of_each_country(draws):
    redrawn = composite.redraw_groups(draws)
    sets = composite.leader_sets(redrawn, YEAR)
    assert sets["probability"].sum() == pytest.approx(1) and sets["nominal"].sum() == 1
    chance = composite.p_leader(draws).set_index("geo")["p_leader"]
    for geo in ("BE", "NL", "LU", "DK"):
        assert sets.loc[[geo in s for s in sets["leaders"]], "probability"].sum() == pytest.approx(chance[geo])


def test_the_official_label_gives_back_the_registered_estimate(draws):
    dyads = panel.ipcei_dyads(TABLES)
    years = composite.edition_years(frozen.load("eis_edition"), [YEAR])
    redrawn = composite.redraw_groups(draws)
    fits = uncertain_labels.label_uncertainty(dyads, redrawn[redrawn["nominal"]], edition_to_year=years)
    assert len(fits) == 1 and fits["nominal"].all()
    assert fits["log_odds"].iloc[0] == pytest.approx(models.firth_logit(dyads).result.estimate, abs=1e-12)
    fixed = uncertain_labels.label_uncertainty(dyads, redrawn[redrawn["nominal"]], year=YEAR)
    expected = models.firth_logit(panel.ipcei_dyads(TABLES, status=2023)).result.estimate
    assert fixed["log_odds"].iloc[0] == pytest.approx(expected, abs=1e-12)


def sets_frame(*rows):
    return pd.DataFrame(
        [(i, p, i == 0, YEAR, tuple(s), len(s)) for i, (p, s) in enumerate(rows)],
        columns=["draw", "probability", "nominal", "year", "leaders", "n_leaders"],
    )


def test_each_distinct_label_is_fitted_once_and_an_undefined_one_is_kept():
    dyads = panel.ipcei_dyads(TABLES)
    sets = sets_frame((0.2, ["DK", "SE"]), (0.3, ["SE", "DK"][::-1]), (0.4, ["BE", "DK"]), (0.1, []))
    fits = uncertain_labels.label_uncertainty(dyads, sets, year=YEAR)
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


def test_moves_change_only_what_the_draw_changes():
    """A draw in which Belgium drops out takes the label off Belgium where it was published, and touches nobody else."""
    dyads = panel.ipcei_dyads(TABLES)
    years = dict.fromkeys(range(2015, 2031), YEAR)
    sets = sets_frame((0.5, ["BE", "DK", "FI", "NL", "SE"]), (0.5, ["DK", "FI", "NL", "SE"]))
    fits = uncertain_labels.label_uncertainty(dyads, sets, edition_to_year=years).set_index("nominal")
    assert fits.loc[True, "leaders"] == "BE, DK, FI, LU, NL, SE" and fits.loc[False, "leaders"] == "DK, FI, LU, NL, SE"
    without = dyads.assign(leader=dyads["leader"] & (dyads["geo"] != "BE"))
    assert fits.loc[False, "log_odds"] == pytest.approx(models.firth_logit(without).result.estimate, abs=1e-12)


def test_label_arguments_are_checked():
    dyads, sets = panel.ipcei_dyads(TABLES), sets_frame((1.0, ["DK"]))
    for arguments, text in [
        ({}, "give either year"),
        ({"year": YEAR, "edition_to_year": {}}, "give either year"),
        ({"year": 2001}, "2001"),
        ({"edition_to_year": {2023: YEAR}}, "no year for edition"),
    ]:
        with pytest.raises(ParameterError, match=text):
            uncertain_labels.label_uncertainty(dyads, sets, **arguments)


def test_editions_map_to_the_nearest_year():
    edition = pd.DataFrame({"edition": [2018, 2021, 2025], "performance_year": [2017, 2021, 2025]})
    assert composite.edition_years(edition, range(2016, 2024)) == {2018: 2017, 2021: 2021, 2025: 2023}
