"""Shapley values of fit against R, dominance-analysis and closed forms; leave-one-out against direct fits."""

from itertools import permutations
from math import exp

import numpy as np
import pandas as pd
import pytest
from reference.cases import HERE, as_dyads, made_up, table

from innodivide.data import Tables
from innodivide.errors import DesignError, ParameterError
from innodivide.indicators.panel import ipcei_dyads
from innodivide.models.decomposition.shapley import FACTORS, leave_one_out, shapley_fit, shapley_values
from innodivide.models.estimators.firth import dispersion_interval, firth_logit

TABLES = Tables()

DYADS = ipcei_dyads(TABLES)


def rng(seed=1):
    return np.random.default_rng(seed)


def mtcars():
    return as_dyads(table("mtcars"))


def columns(*names):
    """Each column a factor of its own."""
    return {name: [name] for name in names}


CASES = {
    "dyads": (table("dyads"), columns("ln_population", "ln_gdp_pc_pps", "leader"), "participates"),
    "mtcars": (mtcars(), columns("wt", "hp"), "am"),
}


# ---- Shapley values --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("file, value", [("shapley.csv", "shapley"), ("dominance.csv", "general_dominance")])
@pytest.mark.parametrize("name", list(CASES))
def test_shares_equal_r_and_dominance_analysis(name, file, value):
    frame, factors, outcome = CASES[name]
    wanted = pd.read_csv(HERE / "importance" / file).query("dataset == @name and measure == 'mcfadden'")
    found = shapley_fit(frame, factors, outcome).frame.set_index("factor")["contribution"]
    tol = 1e-9 if value == "shapley" else 1e-7  # dominance-analysis stops its logits early
    for row in wanted.itertuples():
        assert found[row.column] == pytest.approx(getattr(row, value), abs=tol)


def test_values_are_the_mean_gain_over_all_orders():
    r2 = rng().random(16)
    wanted = np.zeros(4)
    for order in permutations(range(4)):
        inside = 0
        for v in order:
            wanted[v] += (r2[inside | 1 << v] - r2[inside]) / 24
            inside |= 1 << v
    found = shapley_values(r2, 4)
    assert found == pytest.approx(wanted) and found.sum() == pytest.approx(r2[15] - r2[0])
    assert shapley_values(np.vstack([r2, 2 * r2]), 4)[1] == pytest.approx(2 * wanted)


def test_a_factor_without_any_gain_gets_nothing():
    # An orthogonal design: every column is balanced against the others, and the outcome against the last.
    cells = [(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)]
    rows = [(a, b, c, int(k < 1 + a + 2 * b)) for a, b, c in cells for k in range(5)]
    frame = as_dyads(pd.DataFrame(rows, columns=["a", "b", "c", "participates"]))
    fit = shapley_fit(frame, columns("a", "b", "c"))
    found = fit.frame.set_index("factor")
    assert found.at["c", "contribution"] == pytest.approx(0, abs=1e-13)
    assert found.at["c", "share"] == pytest.approx(0, abs=1e-12) and found.at["b", "share"] > found.at["a", "share"]
    assert list(fit.subsets["factors"].iloc[:4]) == ["(none)", "a", "b", "a + b"] and fit.subsets.at[0, "r2"] == 0


def test_factors_that_are_alike_share_alike_and_order_does_not_matter():
    frame, factors, outcome = CASES["dyads"]
    noise = rng(2).normal(size=len(frame))
    twins = frame.assign(one=frame["ln_population"] + noise, two=frame["ln_population"] - noise)
    same = shapley_fit(twins, columns("one", "two"), outcome).frame["contribution"]
    swapped = shapley_fit(twins, columns("two", "one"), outcome).frame["contribution"]
    assert list(same) == pytest.approx(list(swapped[::-1]), abs=1e-12)
    shuffled = frame.sample(frac=1, random_state=1)
    again = shapley_fit(shuffled.assign(ln_population=3 * shuffled["ln_population"] - 7), factors, outcome)
    pd.testing.assert_frame_equal(again.frame, shapley_fit(frame, factors, outcome).frame, rtol=1e-8)


def test_separated_data_have_the_limit():
    # hp and wt together nearly, an indicator of the outcome completely, explain it: R2 = 1 and no error.
    frame = mtcars().assign(copy=lambda f: f["am"] + 0.1 * f["hp"] / f["hp"].max())
    found = shapley_fit(frame, columns("wt", "copy"), "am")
    assert found.total == pytest.approx(1, abs=1e-6)
    quasi = shapley_fit(frame.assign(rare=(frame.index == 0).astype(int)), columns("wt", "rare"), "am")
    assert 0 < quasi.frame["contribution"].min() and quasi.total < 1


def test_the_real_decomposition_adds_up_and_its_bootstrap_is_reproducible():
    found = shapley_fit(DYADS, n_boot=60, rng=rng(4))
    assert list(found.frame["factor"]) == list(FACTORS) and found.seed == 4 and found.n_boot == 60
    assert found.frame["contribution"].sum() == pytest.approx(found.total) == found.subsets["r2"].iloc[-1]
    assert found.frame["share"].sum() == pytest.approx(1)
    assert (found.frame["ci_low"] <= found.frame["ci_high"]).all() and (found.frame["share_low"] >= -1e-12).all()
    pd.testing.assert_frame_equal(found.frame, shapley_fit(DYADS, n_boot=60, rng=rng(4)).frame)
    assert shapley_fit(DYADS).frame[["ci_low", "share_high"]].isna().all(axis=None)


@pytest.mark.dear
def test_the_bootstrap_resamples_countries_and_counts_degenerate_ones():
    # One treated country out of six: a resample misses it with probability (5/6)^6 = .33.
    frame = made_up(rng(3), n=6, k=6, effect=1.0)
    frame["leader"] = (frame["geo"] == frame["geo"].iloc[0]).astype(int)
    factors = {"size": ["ln_population"], "status": ["leader"]}
    found = shapley_fit(frame, factors, n_boot=100, rng=rng(6), level=0.9)
    draws = rng(6).multinomial(6, np.full(6, 1 / 6), size=100)
    names = sorted(frame["geo"].unique())
    values = []
    for draw in draws:
        copies = [(geo, copy) for geo, n in zip(names, draw) for copy in range(n)]
        sample = pd.concat([frame[frame["geo"] == geo].assign(geo=f"{geo}{copy}") for geo, copy in copies])
        try:
            values.append(shapley_fit(sample, factors).frame["contribution"].to_numpy())
        except DesignError:  # no label, one outcome, or so few countries that the columns are collinear
            continue
    assert found.n_degenerate == 100 - len(values) and 15 < found.n_degenerate < 50
    low, high = np.quantile(values, [0.05, 0.95], axis=0)
    assert list(found.frame["ci_low"]) == pytest.approx(list(low), abs=1e-7)
    assert list(found.frame["ci_high"]) == pytest.approx(list(high), abs=1e-7)


@pytest.mark.parametrize(
    "options, name",
    [
        ({"factors": {}}, "factors"),
        ({"factors": {"a": "leader"}}, "factors"),
        ({"factors": {"a": ["leader"], "b": ["leader"]}}, "two factors"),
        ({"n_boot": 5, "rng": rng()}, "n_boot"),
        ({"n_boot": 50}, "rng"),
        ({"level": 2}, "level"),
    ],
)
def test_misuse_is_named(options, name):
    with pytest.raises(ParameterError, match=name):
        shapley_fit(DYADS, **options)


# ---- leave one out ---------------------------------------------------------------------------------------------------
@pytest.mark.dear
@pytest.mark.parametrize("by", ["geo", "ipcei_id"])
def test_each_row_is_the_model_without_that_unit(by):
    some = (
        DYADS if by == "ipcei_id" else DYADS[DYADS["geo"].isin(["DE", "FI", "SE", "PL", "IE", "RO", "MT", "CZ", "PT"])]
    )
    found = leave_one_out(some, by)
    assert list(found["dropped"]) == ["", *sorted(some[by].unique())]
    for row in found.iloc[[0, 2, 5]].itertuples():
        part = some[some[by] != row.dropped]
        fit = firth_logit(part)
        one = dispersion_interval(fit)
        wanted = [exp(one.estimate), exp(one.ci_low), exp(one.ci_high), one.p_value, fit.dispersion]
        assert [row.odds_ratio, row.ci_low, row.ci_high, row.p_value, row.dispersion] == pytest.approx(
            wanted, rel=1e-12
        )
        assert (row.n_dyads, row.n_events, row.n_treated) == (one.n_dyads, one.n_events, one.n_treated)
        assert row.change == pytest.approx(np.log(row.odds_ratio / found.at[0, "odds_ratio"]))
    assert found.at[0, "change"] == 0 and (found["note"] == "").all()


def test_a_sample_without_the_model_says_why():
    only = DYADS[DYADS["geo"].isin(["FI", "DE", "PL", "RO", "CZ", "PT", "IT"])]
    found = leave_one_out(only).set_index("dropped")
    assert found.at["FI", "note"].startswith("not defined: leader: constant") and np.isnan(found.at["FI", "odds_ratio"])
    assert (found.drop(index="FI")["note"] == "").all() and found.at["FI", "n_treated"] == 0
    with pytest.raises(DesignError, match="leader"):
        leave_one_out(only[only["geo"] != "FI"])
    with pytest.raises(ParameterError, match="by"):
        leave_one_out(DYADS, by="region")
