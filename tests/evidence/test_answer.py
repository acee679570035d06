"""The answer in a reader's order: shares by hand, what is ruled out against R, the next participation against R."""

import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from reference.cases import HERE

from innodivide import models
from innodivide.data import Tables
from innodivide.evidence import answer
from innodivide.evidence.confirmatory import planned_dyads
from innodivide.evidence.plan import load_plan
from innodivide.models.estimators.history import earlier_share


def dyads(**states):
    """Dyads of made states: by name a word of letters, one for each project, capital where it was a leader.

    t took part, n did not.
    """
    rows = [
        {"geo": geo, "ipcei_id": f"P{k}", "participates": letter in "tT", "leader": letter.isupper()}
        for geo, word in states.items()
        for k, letter in enumerate(word)
    ]
    return pd.DataFrame(rows)


def test_plain_shares_by_hand():
    found = answer.plain_shares(dyads(A="TTn", B="Nnt", C="nnn"))
    assert found.columns.tolist() == ["taken", "open", "share", "ci_low", "ci_high", "states"]
    counts = found[["taken", "open", "share", "states"]]
    assert counts.loc["leaders"].tolist() == [2, 3, pytest.approx(2 / 3), 2] and found.index.name == "status"
    assert counts.loc["others"].tolist() == [1, 6, pytest.approx(1 / 6), 3], "B and A count where they were none"
    assert (found["ci_low"] < found["share"]).all() and (found["share"] < found["ci_high"]).all()


def test_plain_shares_add_up_to_all_pairs_in_any_order():
    made = dyads(A="TTn", B="Nnt", C="nnn")
    found = answer.plain_shares(made)
    assert found["open"].sum() == len(made) and found["taken"].sum() == made["participates"].sum()
    pd.testing.assert_frame_equal(answer.plain_shares(made.sample(frac=1, random_state=1)), found)


# R 4.2.2: e <- 0.5; s <- 0.4; d <- 23; m <- log(c(2, 3))
# p_value pmax(pt((e + m) / s, d, lower.tail = FALSE), pt((e - m) / s, d))
# p_above pt((m - e) / s, d, lower.tail = FALSE); p_below pt((-m - e) / s, d); p_within pt((m - e) / s, d) - p_below;
# ends exp(e -+ qt(0.95, d) * s)
IN_R = {
    "moderate": [2, 0.31687692813976, 0.679796890065999, 0.31687692813976, 0.00332618179424106],
    "large": [3, 0.0740564998361058, 0.925659795632914, 0.0740564998361058, 0.000283704530980479],
}
ENDS_IN_R = 0.830648455865307, 3.27248164884306


@pytest.fixture
def main(monkeypatch):
    """A registered analysis with a log odds ratio of 0.5 and a standard error of 0.4 on 23 degrees of freedom."""
    made = dataclasses.replace(real_result(), estimate=0.5, se=0.4)
    monkeypatch.setattr(models, "dispersion_interval", lambda fit: made)
    return SimpleNamespace(fit=SimpleNamespace(df=23))


def real_result():
    n = 40
    r = np.random.default_rng(1)
    frame = pd.DataFrame({"geo": np.repeat([f"S{i}" for i in range(20)], 2), "ipcei_id": ["P1", "P2"] * 20})
    frame = frame.assign(leader=r.random(n) < 0.4, ln_population=r.normal(size=n), ln_gdp_pc_pps=r.normal(size=n))
    return models.dispersion_interval(models.firth_logit(frame.assign(participates=r.random(n) < 0.5)))


def test_what_is_ruled_out_is_that_of_r(main):
    found = answer.ruled_out(main, load_plan()).set_index("margin")
    assert found["factor"].to_dict() == load_plan().second["equivalence"]["margins"]
    for margin, row in IN_R.items():
        numbers = found.loc[margin, ["factor", "p_value", "p_within", "p_above", "p_below"]].astype(float)
        assert numbers.tolist() == pytest.approx(row, rel=1e-9)
        assert found.loc[margin, ["or_low", "or_high"]].tolist() == pytest.approx(ENDS_IN_R, rel=1e-9)
        assert not found.loc[margin, "equivalent"]
        assert found.loc[margin, "factor_ruled_out"] == pytest.approx(max(ENDS_IN_R[1], 1 / ENDS_IN_R[0]))
    assert found[["p_within", "p_above", "p_below"]].sum(axis=1).tolist() == pytest.approx([1, 1])


def test_a_margin_is_ruled_out_where_the_interval_lies_within_it(main, monkeypatch):
    narrow = dataclasses.replace(models.dispersion_interval(main.fit), estimate=0.3, se=0.2)
    monkeypatch.setattr(models, "dispersion_interval", lambda fit: narrow)
    found = answer.ruled_out(main, load_plan())
    assert found["equivalent"].tolist() == (found["or_high"] < found["factor"]).tolist() == [True, True]
    monkeypatch.setattr(models, "dispersion_interval", lambda fit: dataclasses.replace(narrow, estimate=0.6, se=0.25))
    found = answer.ruled_out(main, load_plan())
    assert found["equivalent"].tolist() == (found["or_high"] < found["factor"]).tolist() == [False, True]


# The next participation


def plan_with(permutations: int):
    plan = load_plan()
    test = plan.fixed["test"] | {"permutations": permutations}
    return dataclasses.replace(plan, fixed=plan.fixed | {"test": test})


def made_record(persistence: float, status: float, seed: int = 1) -> pd.DataFrame:
    """Eight projects of 27 states on eight days; taking part depends on the record so far and on status."""
    r, n, k = np.random.default_rng(seed), 27, 8
    size, wealth = r.normal(16, 1, n), r.normal(4.6, 0.3, n)
    leader = r.permutation(n) < 6
    y = np.zeros((n, k), dtype=bool)
    for j in range(k):
        past = y[:, :j].mean(axis=1) if j else np.full(n, 0.4)
        y[:, j] = r.random(n) < 1 / (1 + np.exp(0.4 - persistence * (past - 0.4) - status * leader))
    day = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.tile(range(k), n), unit="D")
    frame = {"geo": np.repeat([f"S{i:02d}" for i in range(n)], k), "ipcei_id": np.tile([f"P{j}" for j in range(k)], n)}
    frame |= {"decision_date": day, "participates": y.ravel(), "leader": np.repeat(leader, k)}
    return pd.DataFrame(frame).assign(ln_population=np.repeat(size, k), ln_gdp_pc_pps=np.repeat(wealth, k))


@pytest.fixture
def next_of(monkeypatch):
    def found(record, permutations=199):
        monkeypatch.setattr(answer, "planned_dyads", lambda tables, plan, period: record)
        return answer.next_participation(None, plan_with(permutations))

    return found


def test_the_next_participation_is_fitted_without_the_first_project_and_given_the_record(next_of):
    record = made_record(persistence=4, status=0)
    found = next_of(record)
    later = earlier_share(record)
    assert set(later["ipcei_id"]) == set(record["ipcei_id"]) - {"P0"}
    fit = models.firth_logit(later, controls=("ln_population", "ln_gdp_pc_pps", "earlier_share"))
    assert fit.df == 27 - 5, "one degree of freedom less than the registered model"
    assert found["leaders"].estimate == pytest.approx(math.exp(models.dispersion_interval(fit).estimate))
    assert found["history"].estimate > 3 and found["history"].ci_low > 1, "the record was made to persist"


def test_status_is_found_where_it_was_put_and_not_where_the_record_alone_was(next_of):
    with_status, without = next_of(made_record(1, 2.5)), next_of(made_record(4, 0, seed=3))
    assert with_status["test"].p_value < 0.05 < without["test"].p_value
    assert with_status["leaders"].estimate > 1 and with_status["test"].estimate > 0


def test_the_order_of_rows_does_not_matter_to_the_next_participation(next_of):
    record = made_record(2, 1)
    first, mixed = next_of(record), next_of(record.sample(frac=1, random_state=6).reset_index(drop=True))
    for part in ("leaders", "history", "test"):
        assert mixed[part].estimate == pytest.approx(first[part].estimate, rel=1e-6)
    assert mixed["test"].p_value == first["test"].p_value


# The registered dyads and what R finds in them: tests/reference/record, R 4.2.2, logistf
RECORD = pd.read_csv(HERE / "record" / "dyads.csv", parse_dates=["decision_date"])
IN_LOGISTF = pd.read_csv(HERE / "record" / "expected.csv").query("dataset == 'record'")
IN_LOGISTF = IN_LOGISTF.pivot(index="term", columns="quantity", values="value")


def test_the_next_participation_on_the_record_is_that_of_logistf(next_of):
    fit, found = models.firth_logit(earlier_share(RECORD), controls=answer.GIVEN), next_of(RECORD, permutations=9)
    assert fit.result.n_dyads == IN_LOGISTF.at["all", "n"]
    assert fit.dispersion == pytest.approx(IN_LOGISTF.at["all", "dispersion"], rel=1e-6)
    for column in ("estimate", "ci_low", "ci_high"):
        slopes = fit.coefficients[column].drop("intercept")
        assert slopes.to_numpy() == pytest.approx(IN_LOGISTF.loc[slopes.index, column].to_numpy(), abs=1e-5), column
    for part, term in (("leaders", "leader"), ("history", answer.HISTORY)):
        ours = np.log([found[part].estimate, found[part].ci_low, found[part].ci_high])
        wanted = IN_LOGISTF.loc[term, ["estimate", "t_low", "t_high"]].to_numpy(float)
        assert ours == pytest.approx(wanted, abs=1e-6), part
    assert found["test"].estimate ** 2 == pytest.approx(IN_LOGISTF.at["leader", "rao"], rel=1e-6)


def test_what_r_was_given_is_the_record():
    found = planned_dyads(Tables(), load_plan()).set_index(["geo", "ipcei_id"])
    rows = RECORD.set_index(["geo", "ipcei_id"])
    pd.testing.assert_frame_equal(
        found.loc[rows.index, rows.columns], rows, check_dtype=False, rtol=1e-11, check_index_type=False
    )


KINDS = {"A": (3, "ntttn", [1, 0, 0, 3, 0], [3, 2, 3, 2, 3]), "B": (5, "ntnnt", [0, 0, 0, 3, 1], [3, 0, 2, 1, 1])}


def two_kinds(k: int) -> pd.DataFrame:
    """Records of eight states, alike within two kinds, of which k of the first and 3 - k of the second kind lead."""
    rows = [
        {"geo": f"{kind}{i}", "ipcei_id": f"P{j}", "participates": record[j] == "t", "leader": i < leaders,
         "ln_population": size[j], "ln_gdp_pc_pps": wealth[j], "decision_date": pd.Timestamp(2020, 1, 1 + j)}
        for (kind, (n, record, size, wealth)), leaders in zip(KINDS.items(), (k, 3 - k))
        for i in range(n)
        for j in range(5)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize("k", range(4))
def test_the_p_value_of_the_next_participation_is_that_of_all_relabellings(k, next_of):
    """Of the 56 ways to name three leaders the score tells only how many are of the first kind.

    Residuals add up to zero, so it grows with the distance of that number from the 9/8 that chance gives.
    """
    ways = {m: math.comb(3, m) * math.comb(5, 3 - m) for m in range(4)}
    p = sum(n for m, n in ways.items() if abs(m - 9 / 8) >= abs(k - 9 / 8)) / 56
    record = two_kinds(k)
    exact = models.permutation_test(earlier_share(record), controls=answer.GIVEN, method="enumerate")
    assert exact.p_value == pytest.approx(p, abs=1e-12)
    if k < 3:  # where all leaders are of one kind the data are separated
        assert next_of(record, 1999)["test"].p_value == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / 2000) + 1e-9)


def test_common_support_by_hand():
    rows = pd.DataFrame(
        {
            "geo": ["A", "A", "B", "B", "C", "C"],
            "ipcei_id": ["P", "Q"] * 3,
            "ln_population": np.log([4e6, 5e6, 8e6, 8e6, 1e6, 1e6]),
            "leader": [True, False, False, False, True, True],
            "participates": [True, True, True, False, False, False],
            "decision_date": pd.to_datetime(["2020-01-01", "2021-01-01"] * 3),
        }
    ).assign(ln_gdp_pc_pps=4.6, ln_gdp=10.0)
    mixed = answer.concentration_of_status(rows.iloc[[1, 3, 0, 5, 2, 4]])
    pd.testing.assert_frame_equal(mixed, answer.concentration_of_status(rows))
    (found,) = answer.concentration_of_status(rows).to_dict("records")
    assert found["largest_leader"] == "A" and found["population"] == pytest.approx(5) and found["larger"] == 1
    assert found["share_larger"] == 0.5 and found["share_within"] == 0.5
