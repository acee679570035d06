"""The specification grid against the single models on the same dyads, and its joint test against a plain loop."""

import copy
import os
import pickle
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from multiprocessing import get_context

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats

from innodivide.data import Tables, frozen
from innodivide.errors import DesignError, ParameterError
from innodivide.evidence.confirmatory import planned_dyads, registered
from innodivide.evidence.multiverse import whole_grid as multiverse
from innodivide.evidence.multiverse.grid import DIMENSIONS, excluded, expand, labels, load_grid, sample_levels
from innodivide.evidence.multiverse.specification import build_world, cell
from innodivide.evidence.multiverse.whole_grid import joint_test, run_grid
from innodivide.evidence.plan import load_plan
from innodivide.indicators.panel import country_totals, ipcei_dyads
from innodivide.models.estimators.design import separation
from innodivide.models.estimators.firth import dispersion_interval, firth_logit
from innodivide.models.estimators.grouped import grouped_binomial
from innodivide.models.inference.few_clusters import lpm_clustered
from innodivide.models.inference.relabelling import country_orders

TABLES = registered(Tables(), load_plan())

GRID = load_grid()
SPECS = expand(TABLES, GRID)


def rng(seed=20261122):
    return np.random.default_rng(seed)


def select(**levels):
    """Specifications with these levels."""
    keep = np.ones(len(SPECS), dtype=bool)
    for name, wanted in levels.items():
        keep &= SPECS[name].isin([wanted] if isinstance(wanted, str) else wanted)
    return SPECS[keep].reset_index(drop=True)


SMALL = select(
    sample=["all", "since_2022"], size="ln_population", outcome="notifying", controls_year="lag1", wealth="in",
    status=["at_decision", "eis2020", "index_2016"],
)  # fmt: skip


# ---- the grid --------------------------------------------------------------------------------------------------------
def test_no_cell_is_lost():
    cells = int(np.prod([len(GRID["dimensions"][name]) for name in DIMENSIONS if name != "sample"]))
    declared = [level for level in GRID["dimensions"]["sample"].values() if not level.get("each")]
    samples = len(declared) + TABLES["ipcei"].query("kind == 'integrated'")["ipcei_id"].nunique()
    left_out = excluded(TABLES, GRID)
    assert len(sample_levels(TABLES, GRID)) == samples
    assert len(SPECS) + left_out["n_cells"].sum() == cells * samples
    assert len(SPECS) >= 1000 and SPECS["spec_id"].is_unique and left_out["reason"].str.len().min() > 20
    assert set(SPECS["family"]) == {"leader", "index"}
    named = {rule["reason"].strip() for rule in GRID["exclude"]}
    assert named <= set(left_out["reason"]), "a rule that leaves out nothing is a rule nobody needs"
    found = set(left_out["reason"]) - named
    assert all(reason.startswith(("the same data as with ", "too little data: ")) for reason in found)


def test_levels_have_the_label_that_is_declared(tmp_path):
    assert labels("sample", ["all", "drop_LU", "drop_ME1"], GRID) == {
        "all": "all",
        "drop_LU": "without Luxembourg",
        "drop_ME1": "all but one project",
    }
    more = changed(["dimensions", "sample", "drop_MT"], {"label": "without Malta", "drop": ["MT"], "meaning": "Malta"})
    assert labels("sample", ["drop_MT"], more) == {"drop_MT": "without Malta"}
    assert "drop_MT" in set(expand(TABLES, more)["sample"])
    file = tmp_path / "grid.yml"
    file.write_text(yaml.safe_dump(changed(["dimensions", "size", "ln_gdp", "label"], None)))
    with pytest.raises(ParameterError, match=r"grid\.yml: size ln_gdp has no label"):
        load_grid(file)


def test_a_level_that_comes_to_the_same_as_another_is_left_out():
    twin = changed(["dimensions", "status", "again"], GRID["dimensions"]["status"]["eis2020"] | {"label": "again"})
    rows = excluded(TABLES, twin).set_index("reason")["n_cells"]
    assert rows["the same data as with status eis2020"] == len(SPECS.query("status == 'eis2020'"))
    assert expand(TABLES, twin).equals(SPECS)


def test_no_two_specifications_are_the_same():
    world, samples, seen = build_world(TABLES, GRID["dimensions"]), sample_levels(TABLES, GRID), {}
    for spec in SPECS[SPECS["estimator"] == "firth"].to_dict("records"):
        found = cell(world, spec, samples, GRID["dimensions"])
        exposure = np.ascontiguousarray(found.d[found.kept])
        key = (exposure.tobytes(), found.y.tobytes(), np.ascontiguousarray(found.x).tobytes(), exposure.shape)
        assert key not in seen, f"{spec['spec_id']} is {seen[key]} again"
        seen[key] = spec["spec_id"]


def test_the_left_out_cells_are_redundant_as_their_reasons_say():
    world, samples = build_world(TABLES, GRID["dimensions"]), sample_levels(TABLES, GRID)
    notifying, late, associated = (world.outcome[name] for name in ("notifying", "late_joiners", "associated"))
    places = {code: j for j, code in enumerate(world.ipcei)}
    differs = [np.flatnonzero((first != second).any(axis=0)) for first, second in
               ((notifying, late), (late, associated))]  # fmt: skip
    assert [list(columns) for columns in differs] == [[places["ME1"]], [places["ME-CT"]]]
    unknown = [code for code, j in places.items() if np.isnan(world.status["top5"][:, j]).all()]
    assert sorted(unknown) == ["BAT1", "Hy2Tech", "Hy2Use", "ME1"]
    assert np.nansum(world.status["top5"], axis=0)[[places["EuBatIn"], places["Tech4Cure"]]].tolist() == [5, 5]
    spec = {"status": "top5", "sample": "until_2021", "size": "ln_gdp", "wealth": "out", "outcome": "notifying",
            "controls_year": "lag1"}  # fmt: skip
    with pytest.raises(DesignError, match="1 IPCEI"):
        cell(world, spec, samples, GRID["dimensions"])


def test_statuses_are_those_of_the_panel():
    world = build_world(TABLES, GRID["dimensions"])
    for name, status in (("at_decision", "at_decision"), ("lag1", "lag1"), ("eis2020", 2020)):
        dyads = ipcei_dyads(TABLES, status)
        wide = dyads.pivot(index="geo", columns="ipcei_id", values="leader").to_numpy(dtype=float)
        assert np.array_equal(world.status[name], wide)
    wide = ipcei_dyads(TABLES).pivot(index="geo", columns="ipcei_id", values="group").isin(["leader", "strong"])
    assert np.array_equal(world.status["leader_or_strong"], wide.to_numpy(dtype=float))
    index = frozen.load("eis_index").query("edition == 2023 and year == 2016").set_index("geo")["value"]
    wanted = np.log(index.loc[list(world.geo)] / index["EU"]).to_numpy(dtype=float)
    assert np.allclose(world.status["index_2016"], wanted[:, None])
    # ME1 was decided in 2018 under the edition of 2018, which describes 2017.
    index = frozen.load("eis_index").query("edition == 2023 and year == 2017").set_index("geo")["value"]
    wanted = np.log(index.loc[list(world.geo)] / index["EU"]).to_numpy(dtype=float)
    assert np.allclose(world.status["index_at_decision"][:, world.ipcei.index("ME1")], wanted)


def changed(path, value):
    """The declaration with one entry replaced; None removes it."""
    grid = copy.deepcopy(GRID)
    *parents, last = path
    place = grid
    for name in parents:
        place = place[name]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return grid


def test_a_wrong_declaration_is_named(tmp_path):
    file = tmp_path / "grid.yml"
    file.write_text(yaml.safe_dump(changed(["dimensions", "wealth"], None)))
    with pytest.raises(ParameterError, match="wealth"):
        load_grid(file)
    file.write_text(yaml.safe_dump(changed(["dimensions", "status", "lag1", "family"], None)))
    with pytest.raises(ParameterError, match="lag1"):
        load_grid(file)
    with pytest.raises(ParameterError, match="no level nobody"):
        expand(TABLES, changed(["exclude", 0, "when", "size"], ["nobody"]))
    with pytest.raises(ParameterError, match="reason"):
        expand(TABLES, changed(["exclude", 0, "reason"], None))
    with pytest.raises(ParameterError, match="measure"):
        run_grid(TABLES, SMALL.head(1), grid=changed(["dimensions", "status", "lag1", "measure"], "rumour"))
    with pytest.raises(ParameterError, match="sample everything"):
        run_grid(TABLES, SMALL.head(1).assign(sample="everything"))
    with pytest.raises(ParameterError, match="expand"):
        run_grid(TABLES, SMALL.drop(columns="family"))


# ---- one specification -----------------------------------------------------------------------------------------------
def test_the_registered_choice_is_the_registered_estimate():
    spec = SPECS[SPECS["spec_id"] == "at_decision/ln_population/in/all/notifying/firth/lag1"]
    row = run_grid(TABLES, spec).iloc[0]
    one = dispersion_interval(firth_logit(planned_dyads(TABLES, load_plan()), profiles=False))
    found = [row[name] for name in ("estimate", "se", "ci_low", "ci_high", "p_value", "log_odds")]
    assert found == pytest.approx([one.estimate, one.se, one.ci_low, one.ci_high, one.p_value, one.estimate], abs=1e-7)
    assert [row[name] for name in ("n_dyads", "n_countries", "n_ipceis", "n_events", "n_treated")] == [
        one.n_dyads, one.n_countries, one.n_ipceis, one.n_events, one.n_treated]  # fmt: skip


ROWS = [
    ("lag1/ln_gdp/out/until_2021/late_joiners/firth/2019",
     {"status": "lag1", "until": "2021-12-31", "roles": ("notifying", "joined_later"), "controls": 2019}, ("ln_gdp",)),
    ("eis2020/ln_population/in/drop_LU/associated/lpm/lag1",
     {"status": 2020, "roles": ("notifying", "joined_later", "associated"), "drop": ("LU",)},
     ("ln_population", "ln_gdp_pc_pps")),
    ("at_decision/ln_population/out/since_2022/notifying/quasi_binomial/2019",
     {"since": "2022-01-01", "controls": 2019}, ("ln_population",)),
    ("lag1/ln_population/in/drop_Hy2Use/notifying/quasi_binomial/lag1",
     {"status": "lag1", "drop": ("Hy2Use",)}, ("ln_population", "ln_gdp_pc_pps")),
]  # fmt: skip


@pytest.mark.parametrize("spec_id, choices, controls", ROWS)
def test_a_row_equals_the_single_model_on_the_same_dyads(spec_id, choices, controls):
    row = run_grid(TABLES, SPECS[SPECS["spec_id"] == spec_id]).iloc[0]
    dyads = ipcei_dyads(TABLES, **choices)
    one = {
        "firth": lambda: dispersion_interval(firth_logit(dyads, controls=controls, profiles=False)),
        "quasi_binomial": lambda: grouped_binomial(country_totals(dyads), controls=controls).result,
        "lpm": lambda: lpm_clustered(dyads, controls=controls, kind="CR2"),
    }[row["estimator"]]()
    unit = 100 if row["estimator"] == "lpm" else 1
    assert row["estimate"] == pytest.approx(one.estimate / unit, abs=1e-7)
    assert row["se"] == pytest.approx(one.se / unit, abs=1e-7) and row["p_value"] == pytest.approx(
        one.p_value, abs=1e-7
    )
    assert [row["n_dyads"], row["n_events"], row["n_treated"]] == [one.n_dyads, one.n_events, one.n_treated]
    assert row["dropped"].split("; ")[0] in ("LU", "Hy2Use", *ipcei_dyads(TABLES)["ipcei_id"])


def test_rows_are_complete_and_on_their_scale():
    some = SPECS.iloc[::37].reset_index(drop=True)
    found = run_grid(TABLES, some)
    pd.testing.assert_frame_equal(found[list(some.columns)], some)
    assert (found["failed"] == "").all()
    numbers = found.drop(columns=["dispersion", "log_odds"]).select_dtypes("number")
    assert np.isfinite(numbers.to_numpy(dtype=float)).all()
    logit = found["estimator"].isin(["firth", "quasi_binomial"])
    assert (found["log_odds"].notna() == logit).all() and (found.loc[logit, "scale"] == "log odds").all()
    assert (found["dispersion"].isna() == (found["estimator"] == "lpm")).all()
    assert (found["sign"] == np.sign(found["estimate"])).all()
    assert ((found["ci_low"] < found["estimate"]) & (found["estimate"] < found["ci_high"])).all()
    by_hand = 2 * stats.t.sf(np.abs(found["estimate"] / found["se"]), found["df"])
    assert np.allclose(found["p_value"], by_hand)
    index = found["family"] == "index"
    assert (found.loc[index, "n_treated"] == found.loc[index, "n_countries"]).all()
    assert (found.loc[found["status"] == "top5", "dropped"].str.contains("BAT1.*Hy2Tech.*Hy2Use.*ME1")).all()


def test_a_specification_that_fails_is_a_row_that_says_why():
    grid = changed(["dimensions", "sample", "latest"], {"since": "2025-01-01"})
    nobody = {"family": "leader", "measure": "group", "edition": 2020, "groups": ["none"]}
    grid["dimensions"]["status"]["nobody"] = nobody
    grid["dimensions"]["outcome"]["prepared"] = {"roles": ["prepared_only"]}
    specs = expand(TABLES, grid)
    specs = specs[(specs["size"] == "ln_population") & (specs["wealth"] == "in") & (specs["controls_year"] == "lag1")]
    specs = specs.set_index(["sample", "status", "outcome"], drop=False).sort_index()
    keys = [("latest", "lag1", "notifying"), ("all", "nobody", "notifying"), ("drop_CIS", "lag1", "prepared")]
    assert keys[0] not in specs.index, "found in the data to be too little, and left out"
    late = specs.loc[[("all", *keys[0][1:])]].assign(sample=keys[0][0])
    found = run_grid(TABLES, pd.concat([late, *(specs.loc[[key]] for key in keys[1:])]), grid=grid)
    why = found["failed"].to_numpy().reshape(3, 4)
    assert all("1 IPCEI(s) left" in text for text in why[0])
    assert (why[1] == "constant exposure").all() and (why[2] == "constant outcome").all()
    assert found[["estimate", "se", "ci_low", "t", "p_value", "sign", "log_odds"]].isna().all(axis=None)
    assert found["n_dyads"].isna().tolist() == 4 * [True] + 8 * [False]
    with pytest.raises(DesignError, match="family leader"):
        joint_test(TABLES, specs.loc[[keys[1]]], n_permutations=2, rng=rng(), grid=grid)


def test_separated_specifications_fail_under_maximum_likelihood_only(monkeypatch):
    # The leaders of 2020 take part in everything: the Firth logit has an estimate, the quasi-binomial none.
    world = build_world(TABLES, GRID["dimensions"])
    outcome = np.maximum(world.outcome["notifying"], world.status["eis2020"])
    now = replace(world, outcome={**world.outcome, "notifying": outcome})
    monkeypatch.setattr(multiverse, "build_world", lambda *_: now)
    cells = {"sample": "all", "outcome": "notifying", "size": "ln_population", "wealth": "out", "controls_year": "lag1"}
    found = run_grid(TABLES, select(status="eis2020", **cells)).set_index("estimator")
    assert found.at["firth", "failed"] == "" and found.at["firth", "estimate"] > 2
    assert found.at["lpm", "failed"] == "" and found.at["poisson", "failed"] == ""
    assert found.at["quasi_binomial", "failed"].startswith("separated")


# ---- joint test ------------------------------------------------------------------------------------------------------
def test_every_draw_is_a_loop_over_relabelled_dyads():
    specs = SMALL[SMALL["estimator"].isin(["firth", "quasi_binomial", "lpm"]) & (SMALL["family"] == "leader")]
    found = joint_test(TABLES, specs, n_permutations=3, rng=rng(5))
    orders = np.vstack([np.arange(27), country_orders(rng(5), 3, 27)])
    for draw, order in enumerate(orders):
        estimates, ts, below = [], [], []
        for spec in specs.to_dict("records"):
            status = 2020 if spec["status"] == "eis2020" else "at_decision"
            dyads = ipcei_dyads(TABLES, status, since="2022-01-01" if spec["sample"] == "since_2022" else None)
            held = dyads.pivot(index="geo", columns="ipcei_id", values="leader")
            dyads["leader"] = held.to_numpy()[order].ravel()  # dyads are sorted by country and IPCEI
            one = {
                "firth": lambda dyads=dyads: dispersion_interval(firth_logit(dyads, profiles=False)),
                "quasi_binomial": lambda dyads=dyads: grouped_binomial(country_totals(dyads)).result,
                "lpm": lambda dyads=dyads: lpm_clustered(dyads, kind="CR2"),
            }[spec["estimator"]]()
            estimates += [one.estimate] if spec["estimator"] != "lpm" else []
            ts.append(one.estimate / one.se)
            below.append(one.p_value < 0.05)
        row = found.draws.iloc[draw]
        same_sign = max(np.mean(np.array(ts) > 0), np.mean(np.array(ts) < 0))
        wanted = [np.median(estimates), np.median(ts), same_sign, np.mean(below)]
        assert [row[name] for name in multiverse.STATISTICS] == pytest.approx(wanted, abs=1e-7)


def test_p_values_count_the_draws():
    found = joint_test(TABLES, SMALL, n_permutations=40, rng=rng())
    assert list(found.frame["family"].unique()) == ["leader", "index"] and len(found.frame) == 8
    for row in found.frame.itertuples():
        values = found.draws.loc[found.draws["family"] == row.family, row.statistic].abs().to_numpy()
        assert row.observed == found.draws.loc[(found.draws["family"] == row.family), row.statistic].iloc[0]
        assert row.p_value == (1 + (values[1:] >= values[0] * (1 - 1e-9)).sum()) / 41
        assert row.null_low <= row.null_median <= row.null_high
        assert (row.n_specs, row.n_permutations, row.seed) == ((SMALL["family"] == row.family).sum(), 40, 20261122)
    observed = run_grid(TABLES, SMALL)
    for family, rows in observed.groupby("family"):
        frame = found.frame[found.frame["family"] == family].set_index("statistic")["observed"]
        assert frame["median_log_odds"] == pytest.approx(rows["log_odds"].median(), abs=1e-7)
        assert frame["median_t"] == pytest.approx(rows["t"].median(), abs=1e-6)
        assert frame["share_below_alpha"] == (rows["p_value"] < 0.05).mean()


@pytest.fixture(scope="module")
def small_blocks():
    """Blocks of two specifications, so that a small grid is many jobs, and their results in one process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multiverse, "_SPECS_IN_BLOCK", 2)
        yield results(None)


def results(executor):
    test = joint_test(TABLES, SMALL, n_permutations=19, rng=rng(), executor=executor)
    return test.draws, test.frame, run_grid(TABLES, SMALL, executor=executor)


def assert_same_bits(found, wanted):
    for here, there in zip(found, wanted):
        pd.testing.assert_frame_equal(here, there, check_exact=True)


def test_the_executor_does_not_change_a_bit(small_blocks):
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as processes, ThreadPoolExecutor(3) as threads:
        for executor in (processes, threads):
            assert_same_bits(results(executor), small_blocks)


def test_a_cluster_does_not_change_a_bit(small_blocks):
    """A scheduler and two worker processes on loopback. Not installed is something to see, not to hide."""
    if not find_spec("distributed"):
        pytest.skip("NOT TESTED ON A CLUSTER: the package `distributed` is not installed (`make test` brings it)")
    from distributed import Client, LocalCluster

    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(host="127.0.0.1", **options) as cluster, Client(cluster) as client:
        with client.get_executor() as executor:
            assert_same_bits(results(executor), small_blocks)
        # It was done there: by both worker processes, none of them this one.
        log = client.run(lambda dask_worker: (os.getpid(), len(dask_worker.state.log)))
    assert len(log) == 2 and os.getpid() not in {pid for pid, _ in log.values()}
    assert all(count > 0 for _, count in log.values())


def test_what_is_sent_to_another_process_is_small_and_found_by_its_name():
    """A worker imports the function: neither its code nor the tables travel with a job."""
    sent = []

    class Recorder(Executor):
        def submit(self, function, /, *args):
            sent.append((pickle.dumps(function), pickle.dumps(args)))
            future = Future()
            future.set_result(function(*args))
            return future

    joint_test(TABLES, SMALL, n_permutations=49, rng=rng(), executor=Recorder())
    run_grid(TABLES, SMALL, executor=Recorder())
    functions = {function for function, _ in sent}
    assert len(functions) == 2 and all(
        b"innodivide.evidence.multiverse.specification" in f and len(f) < 120 for f in functions
    )
    assert max(len(args) for _, args in sent) < 150_000


def test_more_permutations_than_a_block_holds_are_the_same_permutations(monkeypatch):
    specs = SMALL.head(2)
    whole = joint_test(TABLES, specs, n_permutations=50, rng=rng()).draws
    monkeypatch.setattr(multiverse, "_DRAWS_IN_BLOCK", 7)
    parts = joint_test(TABLES, specs, n_permutations=50, rng=rng()).draws
    assert list(parts["draw"]) == list(range(51))
    pd.testing.assert_frame_equal(parts, whole, rtol=1e-7)


@pytest.mark.parametrize("options, name", [({"rng": None}, "rng"), ({"n_permutations": 0}, "n_permutations")])
def test_misuse_is_named(options, name):
    with pytest.raises(ParameterError, match=name):
        joint_test(TABLES, SMALL.head(1), **({"rng": rng()} | options))


@pytest.mark.slow
def test_joint_p_values_are_uniform_when_the_label_has_nothing_to_do_with_it():
    # Participation follows size and a country effect; every statistic must reject at about its level.
    specs = select(sample=["all", "drop_ME1"], size="ln_population", outcome="notifying", controls_year="lag1",
                   status=["at_decision", "leader_or_strong"], wealth="in")  # fmt: skip
    rows, samples = specs.to_dict("records"), sample_levels(TABLES, GRID)
    world = build_world(TABLES, GRID["dimensions"])
    logit = specs["estimator"].isin(["firth", "quasi_binomial"]).to_numpy()
    size = world.controls["ln_population", "lag1"]
    generator, p_values = rng(99), []
    for _ in range(250):
        shock = generator.normal(0, 0.9, (27, 1))
        p = 1 / (1 + np.exp(-(-1.1 + 0.8 * (size - size.mean()) + shock)))
        drawn = (generator.random(p.shape) < p).astype(float)
        now = replace(world, outcome={**world.outcome, "notifying": drawn})
        orders = np.vstack([np.arange(27), country_orders(generator, 99, 27)]).astype(np.int16)
        draws, *_ = multiverse._draws(now, rows, samples, GRID["dimensions"], orders, logit, None)
        draws.insert(0, "family", "leader")
        p_values.append(multiverse._judge(draws, len(rows), 0).set_index("statistic")["p_value"])
    found = pd.DataFrame(p_values)
    for name in ("median_log_odds", "median_t"):
        assert stats.kstest(found[name] - generator.uniform(0, 0.01, len(found)), "uniform").pvalue > 0.01, name
    for name in ("share_same_sign", "share_below_alpha"):  # discrete with ties: never too many small p-values
        assert (found[name] <= 0.05).mean() < 0.09 and (found[name] <= 0.2).mean() < 0.27, name


# ---- separation ----


@pytest.mark.slow
def test_no_firth_fit_of_the_grid_is_of_separated_data_which_its_standard_error_would_hide():
    samples, world = sample_levels(TABLES, GRID), build_world(TABLES, GRID["dimensions"])
    apart = []
    for spec in select(estimator="firth").to_dict("records"):
        found = cell(world, spec, samples, GRID["dimensions"])
        matrix = np.hstack([found.x.reshape(-1, found.x.shape[2]), found.d[found.kept].reshape(-1, 1)])
        apart += [spec] if separation(matrix, found.y.ravel(), range(matrix.shape[1]))[0] else []
    assert not apart
