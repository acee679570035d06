"""Shares of earlier participations by hand and by loop; refusals; size of the permutation test given them."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from innodivide.errors import DataError, DesignError
from innodivide.models.estimators.firth import firth_logit
from innodivide.models.estimators.history import earlier_share
from innodivide.models.inference.permutation import permutation_test

CONTROLS = ("ln_population", "ln_gdp_pc_pps", "earlier_share")


def made_history(r: np.random.Generator, sd: float, persistence: float, n: int = 27, k: int = 10) -> pd.DataFrame:
    """Dyads of n states and k projects of which two share a date; status of five states goes with wealth, not outcome.

    Each state has a level of its own (sd); taking part depends on the share of earlier participations (persistence).
    """
    size, wealth, level = r.normal(16, 1.3, n), r.normal(4.6, 0.3, n), r.normal(0, 1, n) * sd
    leader = np.argsort(np.argsort(-(wealth + r.normal(0, 0.3, n)))) < 5
    day = np.sort(np.append(np.arange(1, k), 4))  # day 4 twice
    y = np.zeros((n, k))
    for j in range(k):
        past = y[:, day < day[j]].mean(axis=1) if (day < day[j]).any() else np.full(n, 0.4)
        y[:, j] = r.random(n) < expit(-0.4 + 0.5 * (size - 16) + level + persistence * (past - 0.4))
    frame = pd.DataFrame(
        {
            "geo": np.repeat([f"C{i:02d}" for i in range(n)], k),
            "ipcei_id": np.tile([f"P{j:02d}" for j in range(k)], n),
            "decision_date": np.tile(pd.Timestamp("2020-01-01") + pd.to_timedelta(day, unit="D"), n),
            "participates": y.ravel() == 1,
            "leader": np.repeat(leader, k),
        }
    )
    return frame.assign(ln_population=np.repeat(size, k), ln_gdp_pc_pps=np.repeat(wealth, k))


def rejections(sd: float, persistence: float, n_sim: int, seed: int, n_permutations: int = 199) -> float:
    """Share of made data sets in which the permutation test of the status, given history, rejects at 5 %."""
    r, count = np.random.default_rng(seed), 0
    for _ in range(n_sim):
        dyads = earlier_share(made_history(r, sd, persistence))
        found = permutation_test(dyads, controls=CONTROLS, n_permutations=n_permutations, rng=r)
        count += found.p_value <= 0.05
    return count / n_sim


def test_shares_by_hand():
    dyads = pd.DataFrame(
        {
            "geo": ["A"] * 4 + ["B"] * 4,
            "ipcei_id": ["P3", "P1", "P2a", "P2b"] * 2,
            "decision_date": ["2021-05-01", "2018-12-18", "2019-12-09", "2019-12-09"] * 2,
            "participates": [1, 1, 0, 1, 0, 0, 0, 1],
        }
    )
    found = earlier_share(dyads).set_index(["geo", "ipcei_id"])["earlier_share"]
    assert found.to_dict() == {
        ("A", "P3"): pytest.approx(2 / 3), ("A", "P2a"): 1, ("A", "P2b"): 1,
        ("B", "P3"): pytest.approx(1 / 3), ("B", "P2a"): 0, ("B", "P2b"): 0,
    }  # fmt: skip


def test_shares_equal_a_loop_and_order_does_not_matter():
    dyads = made_history(np.random.default_rng(1), 1.0, 2.0, n=6)
    found = earlier_share(dyads.sample(frac=1, random_state=np.random.default_rng(2)))
    assert len(found) == 6 * 9 and not (found["decision_date"] == dyads["decision_date"].min()).any()
    for row in found.itertuples():
        past = dyads[(dyads["geo"] == row.geo) & (dyads["decision_date"] < row.decision_date)]
        assert row.earlier_share == pytest.approx(past["participates"].mean())
    assert list(found.columns) == [*dyads.columns, "earlier_share"]


def test_the_registered_functions_take_it_as_a_control():
    r = np.random.default_rng(4)
    dyads = earlier_share(made_history(r, 0.5, 3.0))
    fit = firth_logit(dyads, controls=CONTROLS)
    assert fit.coefficients.at["earlier_share", "estimate"] > 0
    found = permutation_test(dyads, controls=CONTROLS, n_permutations=99, rng=r)
    assert found.n_dyads == 27 * 9 and 0 < found.p_value <= 1


def blank(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    return frame.assign(**{column: frame[column].astype(object).where(frame.index != 3)})


@pytest.mark.parametrize(
    ("change", "error", "named"),
    [
        (lambda f: f.drop(columns="decision_date"), DataError, "decision_date not found"),
        (lambda f: blank(f, "decision_date"), DataError, "decision_date is missing in 1"),
        (lambda f: blank(f, "geo"), DataError, "geo is missing in 1"),
        (lambda f: blank(f, "participates"), DataError, "participates is missing in 1"),
        (lambda f: f.assign(participates=2), DataError, "0/1"),
        (lambda f: f.assign(earlier_share=0), DataError, "there already"),
        (lambda f: f.assign(decision_date=np.arange(len(f))), DataError, "more than one"),
        (lambda f: f.assign(decision_date=1), DesignError, "none has a history"),
        (lambda f: f.drop(index=5), DesignError, "every unit needs one row"),
        (lambda f: pd.concat([f.drop(index=5), f.head(1)]), DesignError, "every unit needs one row"),
    ],
)
def test_refusals(change, error, named):
    with pytest.raises(error, match=named):
        earlier_share(change(made_history(np.random.default_rng(1), 0, 0, n=4)))


@pytest.mark.slow
@pytest.mark.parametrize(("sd", "persistence"), [(1.0, 0.0), (0.0, 5.0), (1.0, 3.0)])
def test_size_is_near_nominal(sd, persistence):
    """No effect of the status: with heterogeneous states, with strong persistence, with both."""
    n_sim = 300
    error = np.sqrt(0.05 * 0.95 / n_sim)
    assert rejections(sd, persistence, n_sim, seed=8) == pytest.approx(0.05, abs=3 * error)
