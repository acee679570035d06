"""The audit of size and coverage: each method is a public function, the world it simulates
against closed forms, what it counts against methods whose errors are known, and the stored run against the design."""

import math
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from reference.cases import made_up
from scipy import stats

from innodivide import cli, models
from innodivide.data import Tables
from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.evidence import answer, confirmatory
from innodivide.evidence.plan import load_plan
from innodivide.evidence.size_audit import audit as size_audit
from innodivide.evidence.size_audit.methods import METHODS, Method, Sample
from innodivide.evidence.size_audit.persisting import persisting
from innodivide.indicators.panel import country_totals
from innodivide.models.estimators import outcomes
from innodivide.models.estimators.design import CONTROLS, build_design
from innodivide.models.inference import few_clusters, linear_permutation, power
from innodivide.models.inference.power import dispersion_of_sd, minimum_detectable_odds_ratio
from innodivide.models.result import Result
from innodivide.narrative.robustness import method_audit as words

TABLES = Tables()

PLAN = load_plan()
DYADS = confirmatory.planned_dyads(TABLES, PLAN).sort_values(["geo", "ipcei_id"], ignore_index=True)
DESIGN = build_design(DYADS, "leader", CONTROLS, "participates")
DRAWS = 99
GIVEN = (*CONTROLS, "earlier_share")


def rng(seed=1):
    return np.random.default_rng(seed)


def only(*names):
    return {name: METHODS[name] for name in names}


def audit(n_sim=20, seed=1, **arguments):
    return size_audit.audit(DYADS, rng(seed), n_sim, **{"n_permutations": DRAWS, **arguments})


# ---- each method is the reported one ----


def drawn(function, frame, **arguments):
    return function(frame, rng=rng(7), **arguments)


PUBLIC = {
    "row_permutation": lambda d, t: drawn(models.permutation_test, d, method="rows", n_permutations=DRAWS),
    "potter": lambda d, t: drawn(models.permutation_test, d, method="potter", n_permutations=DRAWS),
    "firth_dispersion": lambda d, t: models.dispersion_interval(models.firth_logit(d, level=0.9)),
    "firth_profile": lambda d, t: models.firth_logit(d, level=0.9).result,
    "quasi_binomial": lambda d, t: models.grouped_binomial(t, level=0.9).result,
    "fractional_logit": lambda d, t: outcomes.fractional_logit(t, level=0.9),
    "poisson": lambda d, t: outcomes.poisson_rate(t, level=0.9),
    "lpm_cr1": lambda d, t: few_clusters.lpm_clustered(d, kind="CR1", level=0.9),
    "lpm_cr2": lambda d, t: few_clusters.lpm_clustered(d, kind="CR2", level=0.9),
    "lpm_two_way": lambda d, t: few_clusters.lpm_clustered(d, kind="two-way", level=0.9),
    "wild_rademacher": lambda d, t: drawn(few_clusters.wild_cluster_bootstrap, d, n_boot=DRAWS, level=0.9),
    "wild_webb": lambda d, t: drawn(few_clusters.wild_cluster_bootstrap, d, weights="webb", n_boot=DRAWS, level=0.9),
    "freedman_lane": lambda d, t: drawn(linear_permutation.freedman_lane, t, n_permutations=DRAWS),
    "next_permutation": lambda d, t: drawn(models.permutation_test, later(d), controls=GIVEN, n_permutations=DRAWS),
    "next_dispersion": lambda d, t: models.dispersion_interval(models.firth_logit(later(d), controls=GIVEN, level=0.9)),
}
PUBLIC |= {f"{name}_persisting": PUBLIC[name] for name in ("next_permutation", "next_dispersion")}  # other data


def later(dyads):
    return models.earlier_share(dyads)


@pytest.mark.parametrize("name", list(METHODS))
def test_a_method_is_its_public_function(name):
    found = METHODS[name].run(Sample(DYADS, 7, DRAWS, 0.9))
    public = PUBLIC[name](DYADS, country_totals(DYADS))
    if name.startswith("next_dispersion"):  # the fit that is not asked for profiles climbs from other places
        assert found.estimate == pytest.approx(public.estimate, abs=1e-9)
        assert (found.ci_low, found.p_value) == pytest.approx((public.ci_low, public.p_value), abs=1e-8)
    else:
        assert found == public
    assert (found.ci_low is None) == (METHODS[name].truth is None)
    assert found.ci_level in (None, 0.9)


# ---- the world that is simulated ----


def test_what_is_true_on_totals_is_the_log_odds_ratio_where_nothing_varies_within_countries():
    dyads = made_up(rng(3), n=14, k=6)
    design = build_design(dyads, "leader", CONTROLS, "participates")
    known = {name: method for name, method in METHODS.items() if not method.persists}
    for world in size_audit._worlds(dyads, design, (1.0, 3.0), known):
        for name in ("quasi_binomial", "fractional_logit", "firth_profile", "firth_dispersion"):
            assert world.truths[name] == pytest.approx(math.log(world.odds_ratio), abs=1e-8)
        assert world.mu.mean() == pytest.approx(design.y.mean(), abs=1e-10)
        columns = np.column_stack([np.ones(len(design.d)), design.controls, design.d])
        slope = np.linalg.lstsq(columns, world.mu, rcond=None)[0][-1]
        assert world.truths["lpm_cr1"] == pytest.approx(100 * slope, abs=1e-9)
        assert math.isnan(world.truths["row_permutation"])
        assert world.truths["next_dispersion"] == pytest.approx(0 if world.odds_ratio == 1 else math.nan, nan_ok=True)


def test_a_persisting_record_is_drawn_ipcei_by_ipcei():
    """Against a loop over decisions, states and IPCEIs with the same random numbers."""
    world, r = persisting(DYADS, math.log(2.0)), rng(5)
    uniforms, levels = r.random((2, len(DYADS))), r.normal(size=(2, 27))
    found = world.draw(uniforms, levels).reshape(2, 27, -1)
    for s in range(2):
        u = uniforms[s].reshape(27, -1)
        for i in range(27):
            for j in range(u.shape[1]):
                past = [found[s, i, k] for k in range(u.shape[1]) if world.day[k] < world.day[j]]
                share = np.mean(past) if past else world.rate
                eta = world.linear[i, j] + world.slope * (share - world.rate) + levels[s, i]
                assert found[s, i, j] == (u[i, j] < 1 / (1 + math.exp(-eta)))
    dates = DYADS.drop_duplicates("ipcei_id").sort_values("ipcei_id")["decision_date"]
    assert (pd.Series(world.day).rank(method="dense").to_numpy() == dates.rank(method="dense").to_numpy()).all()


def test_the_persisting_model_is_the_fitted_one_at_the_fitted_odds_ratio():
    given = models.earlier_share(DYADS)
    fit = models.firth_logit(given, controls=GIVEN, profiles=False)
    world = persisting(DYADS, fit.result.estimate)
    linear = DYADS.assign(linear=world.linear.ravel()).loc[given.index, "linear"]
    p = 1 / (1 + np.exp(-(linear + world.slope * (given["earlier_share"] - world.rate))))
    assert p.to_numpy() == pytest.approx(fit.predict(given), abs=1e-8)
    assert world.slope > 0, "the record persists"


def test_methods_that_persist_are_given_such_records():
    seen = {True: [], False: []}
    spies = {
        str(key): replace(watching(rows)["watch"], persists=key)  # the same shocks and uniforms behind both
        for key, rows in seen.items()
    }
    audit(40, sds=(0.0,), odds_ratios=(1.0,), methods=spies)
    shares = {}
    for key, rows in seen.items():
        assert len(rows) == 40
        totals = np.array([DESIGN.by_country(row) for row in rows])
        shares[key] = totals.std(axis=1).mean()
    assert shares[True] > shares[False], "who took part takes part again, so totals spread more"


def record(p_value=1.0, low=None, high=None):
    counts = {"n_treated": 1, "dropped": (), "converged": True, "data_hash": ""}
    ends = {} if low is None else {"ci_low": low, "ci_high": high, "ci_level": 0.95, "ci_kind": "made up"}
    return Result(method="", term="", estimate=0.0, scale="", p_value=p_value, p_kind="made up", **counts, **ends)


def watching(seen):
    """A method that keeps the outcomes it is given."""
    return {"watch": Method(lambda sample: seen.append(sample.dyads["participates"].to_numpy()) or record(), "")}


def test_the_odds_ratio_is_marginal_whatever_the_spread():
    """The mean outcome over many simulations is mu, with and without a spread between countries."""
    mu = size_audit._worlds(DYADS, DESIGN, (4.0,), {})[0].mu
    spreads = []
    for sd in (0.0, 1.0):
        seen = []
        audit(1000, sds=(sd,), odds_ratios=(4.0,), methods=watching(seen))
        totals = np.array([DESIGN.by_country(row) for row in seen])
        gap = np.abs(totals.mean(axis=0) - DESIGN.by_country(mu))
        assert (gap < 4.5 * totals.std(axis=0) / math.sqrt(len(totals))).all()
        spreads.append(totals.var(axis=0))
    assert (spreads[1] / spreads[0]).mean() == pytest.approx(dispersion_of_sd(1.0, mu, DESIGN), rel=0.07)


def test_a_shorter_run_is_the_beginning_of_a_longer_one():
    short, long = [], []
    for count, seen in ((60, short), (110, long)):
        audit(count, sds=(0.5,), odds_ratios=(1.0,), methods=watching(seen))
    assert len(short) == 60 and len(long) == 110 and (np.array(long[:60]) == np.array(short)).all()


@pytest.mark.slow
def test_the_power_is_that_of_the_power_curve():
    """Two simulations of the same test on the same design, at no and at a strong association."""
    sd = size_audit.spreads(DYADS)[2]
    found = audit(400, sds=(sd,), odds_ratios=(1.0, 4.0), n_permutations=199, methods=only("row_permutation"))
    curve = minimum_detectable_odds_ratio(DYADS, rng(9), sd=sd, n_sim=400, n_permutations=199, odds_ratios=(1.0, 4.0))
    gap = found["rejection"].to_numpy() - curve.frame["power"].to_numpy()
    assert (np.abs(gap) < 4 * np.hypot(found["rejection_se"], curve.frame["mc_se"])).all()


# ---- what is counted ----


def test_a_run_has_one_row_for_each_method_spread_and_odds_ratio():
    names = ("row_permutation", "poisson", "lpm_cr2")
    small = audit(10, methods=only(*names), n_permutations=19)
    assert list(small.columns) == size_audit.COLUMNS
    assert len(small) == len(names) * 3 * 2 and not small.duplicated(size_audit.KEYS).any()
    sds = sorted(small["sd"].unique())
    assert sds[0] == 0 and sds[1] == sds[2] / 2 and sorted(small["odds_ratio"].unique()) == pytest.approx([1, 4])
    full = models.firth_logit(DYADS).dispersion
    assert power.dispersion_to_sd(full, DYADS) == pytest.approx(sds[2])
    assert small["rejection"].between(0, 1).all() and (small["n_sim"] == 10).all()
    share = small["rejection"]
    assert small["rejection_se"].to_numpy() == pytest.approx(np.sqrt(share * (1 - share) / 10))
    with_interval = small["method"].map(lambda m: METHODS[m].truth is not None)
    assert (small["coverage"].notna() == with_interval).all() and (small["truth"].notna() == with_interval).all()


def test_the_result_does_not_depend_on_the_executor():
    arguments = {"n_sim": 51, "methods": only("row_permutation", "wild_webb"), "sds": (0.0,), "odds_ratios": (4.0,)}
    arguments |= {"n_permutations": 19}
    alone = audit(**arguments)
    with ProcessPoolExecutor(2) as executor:
        pd.testing.assert_frame_equal(alone, audit(**arguments, executor=executor))
    assert not alone.equals(audit(**arguments, seed=2))


def raises(sample):
    raise DesignError("the design is bad")


def half(sample):
    if sample.seed % 2:
        raise DesignError("odd")
    return record(0.01, -1.0, 1.0)


def test_bad_methods_are_visible():
    def truth(*_):
        return 0.0

    bad = {
        "always": Method(lambda sample: record(0.0, 1.0, 2.0), "", truth),
        "holds": Method(lambda sample: record(0.051, -1.0, 0.0), "", truth),
        "raises": Method(raises, "", truth),
        "half": Method(half, "", truth),
    }
    found = audit(60, sds=(0.0,), odds_ratios=(1.0,), methods=bad).set_index("method")
    assert found.loc["always", ["rejection", "coverage", "n_failed"]].tolist() == [1, 0, 0]
    assert found.loc["holds", ["rejection", "coverage", "n_failed"]].tolist() == [0, 1, 0]
    assert found.loc["raises", ["rejection", "n_failed", "failures"]].tolist() == [0, 60, "the design is bad: 60"]
    assert math.isnan(found.at["raises", "coverage"])
    odd = found.at["half", "n_failed"]
    assert 10 < odd < 50 and found.at["half", "failures"] == f"odd: {odd}"
    assert found.at["half", "rejection"] == pytest.approx((60 - odd) / 60) and found.at["half", "coverage"] == 1


def test_fits_without_a_maximum_are_counted_with_the_reason():
    dyads = made_up(rng(4), n=10, k=2, effect=2.0)
    found = size_audit.audit(
        dyads.assign(ln_gdp=0.0), rng(1), 12, (0.0,), (20.0,), methods=only("quasi_binomial", "firth_dispersion")
    ).set_index("method")
    for method in ("firth_dispersion", "quasi_binomial"):  # the first has an estimate, but no dispersion to trust
        assert found.at[method, "n_failed"] > 5 and "separat" in found.at[method, "failures"], method


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"n_sim": 0}, ParameterError, "n_sim: expected"),
        ({"n_permutations": 0}, ParameterError, "n_permutations: expected"),
    ],
)
def test_values_out_of_range_are_refused(arguments, error, text):
    with pytest.raises(error, match=text):
        audit(**arguments)
    with pytest.raises(DesignError, match="same IPCEIs"):
        size_audit.audit(DYADS.iloc[1:], rng(), 5)


# ---- the stored run ----


@pytest.fixture(scope="module")
def kept():
    return size_audit.stored(DYADS, PLAN)


def test_the_stored_run_fits_the_design(kept):
    assert set(kept["data_hash"]) == {DESIGN.data_hash} and set(kept["seed"]) == {PLAN.seed}
    assert sorted(kept["sd"].unique()) == pytest.approx(size_audit.spreads(DYADS), abs=1e-5)
    assert (kept["n_sim"] >= 1000).all() and len(kept) == len(METHODS) * 6
    assert size_audit.as_text(kept) == size_audit.STORED.read_text(encoding="utf-8")
    worlds = size_audit._worlds(DYADS, DESIGN, size_audit.ODDS_RATIOS, METHODS)
    for world in worlds:
        rows = kept[np.isclose(kept["odds_ratio"], world.odds_ratio)]
        wanted = rows["method"].map(world.truths).to_numpy(dtype=float)
        assert rows["truth"].to_numpy() == pytest.approx(wanted, rel=1e-5, abs=1e-8, nan_ok=True)


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda f: f.assign(data_hash="0" * 64), "data_hash is 0000"),
        (lambda f: f.assign(seed=1), "seed is 1, the present one is"),
        (lambda f: f[f["method"] != "potter"], r"methods differ: \['potter'\]"),
        (lambda f: f.drop(columns="n_failed"), "the columns are"),
        (lambda f: f.iloc[:0], "the columns are"),
        (None, "cannot be read"),
    ],
)
def test_a_file_of_another_design_is_refused(spoil, text, kept, tmp_path):
    path = tmp_path / "below" / "audit.csv"
    if spoil:
        size_audit.write(spoil(kept), path)
        assert [p.name for p in path.parent.iterdir()] == ["audit.csv"]
    with pytest.raises(DataError, match=text) as caught:
        size_audit.stored(DYADS, PLAN, path)
    assert "innodivide audit-size --write" in str(caught.value)


def test_other_dyads_are_refused():
    with pytest.raises(DataError, match="data_hash"):
        size_audit.stored(DYADS[DYADS["geo"] != "LU"], PLAN)
    with pytest.raises(DataError, match="seed"):
        size_audit.stored(DYADS, replace(PLAN, fixed={**PLAN.fixed, "test": {**PLAN.fixed["test"], "seed": 5}}))


def test_differences_are_measured_in_monte_carlo_errors(kept):
    assert size_audit.differences(kept, kept).empty
    moved = kept.copy()
    moved.loc[0, "rejection"] += 0.1
    apart = size_audit.differences(moved, kept)
    n, share = kept.loc[0, "n_sim"], kept.loc[0, "rejection"] + 0.05
    assert len(apart) == 1 and apart.at[0, "rate"] == "rejection"
    assert apart.at[0, "z"] == pytest.approx(0.1 / math.sqrt(2 * share * (1 - share) / n), rel=1e-4)
    assert np.isinf(size_audit.differences(kept.iloc[1:], kept)["z"]).all()


@pytest.mark.parametrize(("shift", "status"), [(0.0, 0), (0.002, 0), (0.2, 1)])
def test_the_command_tells_differences_and_writes_only_when_asked(shift, status, kept, monkeypatch):
    written = []
    monkeypatch.setattr(size_audit, "planned", lambda *_, **__: kept.assign(rejection=kept["rejection"] + shift))
    monkeypatch.setattr(size_audit, "write", written.append)
    result = CliRunner().invoke(cli.main, ["audit-size", "--workers", "1"])
    assert result.exit_code == status and not written, result.output
    assert f"{len(kept) if shift else 0} of {2 * len(kept)} rates differ" in result.output
    result = CliRunner().invoke(cli.main, ["audit-size", "--workers", "1", "--write"])
    assert result.exit_code == 0 and len(written) == 1 and "written: " in result.output


# ---- tests that the audit does not hold ----


def off_uniform(p: np.ndarray, steps: int) -> float:
    """Kolmogorov-Smirnov distance of p-values from 1/steps, 2/steps, ... 1, all equally probable."""
    grid = np.arange(1, steps + 1) / steps
    return float(np.abs((p[:, None] <= grid + 1e-12).mean(axis=0) - grid).max())


@pytest.mark.slow
def test_the_registered_test_has_uniform_p_values_where_the_status_of_the_record_is_dealt_to_other_states():
    """Whole rows of the real status: participation, size, wealth and the changes of status stay those of the record.

    A right test exceeds the limit with probability 0.001. The score taken for normal, which counts dyads as
    independent, is beyond it (0.17, with 15 % below 0.05; shuffling dyads one by one gives the same), and so is a test
    that permutes nothing, whose p is always 1.
    """
    r, rows, n, draws = rng(12), DESIGN.to_matrix(DESIGN.d) > 0, 350, 199
    dealt = (DYADS.assign(leader=rows[r.permutation(len(rows))].ravel()) for _ in range(n))
    found = [models.permutation_test(dyads, method="rows", n_permutations=draws, rng=r) for dyads in dealt]
    limit = 1.95 / math.sqrt(n)
    assert off_uniform(np.array([test.p_value for test in found]), draws + 1) < limit
    ignoring = 2 * stats.norm.sf(np.abs([test.estimate for test in found]))
    assert off_uniform(ignoring, draws + 1) > 1.4 * limit and off_uniform(np.ones(n), draws + 1) > 0.99


@pytest.mark.slow
def test_a_factor_of_three_is_ruled_out_wrongly_no_more_often_than_announced():
    """The true odds ratio is the margin itself, either way; docs/explanation.md says how often it is ruled out."""
    factor = PLAN.second["equivalence"]["margins"]["large"]

    def large(sample):
        main = SimpleNamespace(fit=models.firth_logit(sample.dyads, profiles=False))
        return record(answer.ruled_out(main, PLAN).set_index("margin").at["large", "p_value"])

    method = {"ruled out": Method(large, "log odds")}
    found = audit(600, sds=size_audit.spreads(DYADS)[2:], odds_ratios=(1 / factor, factor), methods=method)
    assert (found["rejection"] < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 600)).all(), found
    assert (found["n_failed"] < 0.02 * found["n_sim"]).all()


# ---- in words ----


def test_the_report_names_every_method_and_says_which_keep_their_level(kept):
    assert set(words.METHODS) == set(METHODS)
    frame = words.method_table(kept, 0.05)
    assert frame["method"].tolist() == [words.METHODS[name] for name in METHODS] and frame["keeps"].any()
    moved = kept.copy()
    null = np.isclose(moved["odds_ratio"], 1) & (moved["sd"] > 0) & (moved["sd"] < moved["sd"].max())
    moved.loc[null & (moved["method"] == "row_permutation"), "rejection"] = 0.076
    moved.loc[null & (moved["method"] == "potter"), "rejection"] = 0.024
    table = words.method_table(moved, 0.05).set_index("method")
    assert table.at[words.METHODS["row_permutation"], "half"] == 0.076
    assert not table.loc[[words.METHODS["row_permutation"], words.METHODS["potter"]], "keeps"].any()
    facts = words.method_facts(moved, 0.05)
    persisting_rows = frame["method"].str.contains("persisting")
    assert facts["n"] == (~persisting_rows).sum() == len(METHODS) - sum(m.persists for m in METHODS.values())
    assert (
        frame.loc[persisting_rows, "keeps"].all() and facts["n_kept"] == frame.loc[~persisting_rows, "keeps"].sum() - 2
    )
    assert facts["n_sim"] > int(kept["n_sim"].min()) and facts["sims"].startswith(f"{kept['n_sim'].min():,} to ")
    worse = moved.copy()
    worse.loc[null & (worse["method"] == "next_permutation_persisting"), "rejection"] = 0.2
    assert words.method_facts(worse, 0.05)["n_kept"] == facts["n_kept"] - 1, (
        "a method keeps its level with both records"
    )
    rates = words.method_rates(kept)
    assert len(rates) == len(METHODS) and (rates["low"] <= rates["rejected"]).all()
    assert rates["rejected"].tolist() == pytest.approx((100 * frame["full"]).tolist())


@pytest.mark.slow
def test_a_reduced_audit_agrees_with_the_stored_one(kept):
    """Other random numbers than the stored run's, so that the two are independent."""
    found = size_audit.audit(DYADS, rng(31), 150)
    apart = size_audit.differences(found, kept)
    assert len(apart) and apart["z"].abs().max() < size_audit.TOLERANCE, apart[apart["z"].abs() > 3]


@pytest.mark.slow
def test_the_command_repeats_the_beginning_of_the_stored_run(kept):
    result = CliRunner().invoke(cli.main, ["audit-size", "--simulations", "50", "--workers", "2"])
    assert result.exit_code == 0 and ", 0 by more than simulation error" in result.output, result.output
