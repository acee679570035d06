"""Ratios of the stacked fits to loops, measured side by side in one run.

    python benchmarks/bench_inference.py [--permutations 10000] [--repeats 5] [--grid]

CPU seconds of this process (other work on the machine disturbs them less than wall time), the two sides of a ratio in
turn within each repeat; the median over repeats and its range are printed. A ratio is printed only after the two sides
gave the same numbers. Nothing here passes or fails on time. --grid adds the joint test of the whole grid (minutes).
"""

import argparse
import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # one thread on both sides: CPU seconds are comparable

import numpy as np
import statsmodels.api as sm
import statsmodels.formula.api as smf
from firthmodels import FirthLogisticRegression

from innodivide.data import Tables
from innodivide.indicators.panel import country_totals, ipcei_dyads
from innodivide.models.batch.country_level import ESTIMATORS
from innodivide.models.batch.stacked_logit import fit_stack
from innodivide.models.estimators.design import CONTROLS, build_design
from innodivide.models.estimators.newton import one_maximum
from innodivide.models.estimators.null_logit import null_fit
from innodivide.models.inference.permutation import score_statistics
from innodivide.models.inference.relabelling import country_orders

TABLES = Tables()

EQUAL = 1e-7


def seconds(function, *args):
    """CPU seconds and result of one call."""
    start = time.process_time()
    out = function(*args)
    return time.process_time() - start, out


def compare(name, loop, stack, n_loop, n_stack, repeats):
    """Print microseconds per fit of both sides and their ratio; the loop is over fewer fits, as it is slow."""
    times = []
    for _ in range(repeats):
        slow, fast = seconds(loop)[0] / n_loop, seconds(stack)[0] / n_stack
        times.append((1e6 * slow, 1e6 * fast, slow / fast))
    slow, fast, ratio = np.median(times, axis=0)
    low, high = np.min(times, axis=0)[2], np.max(times, axis=0)[2]
    print(f"{name:<52}{slow:9.1f} {fast:9.2f} {ratio:8.1f}x  ({low:.1f} to {high:.1f})")


def check(name, found, wanted):
    """Stop unless both sides agree."""
    gap = float(np.max(np.abs(np.asarray(found) - np.asarray(wanted))))
    print(f"  {name}: largest difference {gap:.1e}")
    if not gap < EQUAL:
        sys.exit(f"{name}: the two sides differ by {gap:.1e}, no ratio is printed")


def firth_loop(exposure, controls, y, tol=None):
    """Coefficients of the exposure from firthmodels, one fit after the other."""
    options = {} if tol is None else {"gtol": tol, "xtol": tol}
    out = np.empty(len(exposure))
    for i, d in enumerate(exposure):
        model = FirthLogisticRegression(backend="numpy", max_iter=200, **options)
        out[i] = model.fit(np.column_stack([controls, d]), y).coef_[-1]
    return out


def bench_firth(design, permutations, repeats):
    """Full refits and score statistics under permutations of country rows."""
    exposure = relabelled(design, permutations)
    controls, y, few = design.controls, design.y, exposure[:150]
    exact = []
    for d in few:
        exact.append(one_maximum("one fit", np.column_stack([controls, d, np.ones(len(y))]), y, firth=True)[0][-2])
    print(f"Firth logit, {len(y)} dyads, {permutations} permutations of country rows")
    stack = lambda: fit_stack(exposure, controls, y, np.ones(len(y)), firth=True)  # noqa: E731
    whole = stack()
    check("stack against the loop, to the last digit", whole.estimate[:150], exact)
    check("firthmodels with tolerance 1e-8 against the same", firth_loop(few, controls, y, 1e-8), exact)
    print(f"  {int((whole.reason != '').sum())} of {permutations} fits not defined")
    rough = firth_loop(few, controls, y)
    print(f"  firthmodels with its own tolerance: off by up to {np.abs(rough - exact).max():.1e}")
    for label, tol in (("firthmodels, its own tolerance", None), ("firthmodels, tolerance 1e-8", 1e-8)):
        compare(f"full refit; loop: {label}", lambda tol=tol: firth_loop(few, controls, y, tol), stack, len(few),
                permutations, repeats)  # fmt: skip

    def score_loop():
        return [score_test(design, d) for d in few]

    scores = lambda d: score_statistics(design, null_fit(design), d)  # noqa: E731
    check("score statistics", scores(few), score_loop())
    compare("score statistic; loop: statsmodels null fit + score", score_loop,
            lambda: scores(exposure), len(few), permutations, repeats)  # fmt: skip


def score_test(design, d):
    """The score statistic, null fit and all, of one relabelling."""
    z = design.null_matrix
    mu = sm.GLM(design.y, z, family=sm.families.Binomial()).fit(tol=1e-12).fittedvalues
    w = mu * (1 - mu)
    rest = d - z @ np.linalg.solve((z.T * w) @ z, z.T @ (w * d))
    return rest @ (design.y - mu) / np.sqrt(w @ rest**2)


def relabelled(design, permutations):
    """Exposures (permutations, n)."""
    orders = country_orders(np.random.default_rng(1), permutations, len(design.countries))
    return design.to_matrix(design.d)[orders].reshape(permutations, -1)


def bench_estimators(dyads, design, repeats, permutations=1000, few=40):
    """One specification under each estimator: formula interface, arrays, and a stack of permutations."""
    orders = country_orders(np.random.default_rng(2), permutations, len(design.countries))
    d, y = design.to_matrix(design.d)[orders], design.to_matrix(design.y)
    x = np.stack([design.to_matrix(dyads[name].to_numpy()) for name in CONTROLS], axis=2)
    frames = [dyads.assign(leader=row.ravel()) for row in d[:few]]
    totals = [country_totals(frame.assign(leader=frame["leader"] > 0)) for frame in frames]
    arrays = [total[["leader_share", *CONTROLS]].to_numpy() for total in totals]
    hits, trials = (totals[0][name].to_numpy(dtype=float) for name in ("n_participations", "n_possible"))
    flat = [np.column_stack([np.ones(y.size), row.ravel(), x.reshape(-1, 2)]) for row in d[:few]]
    clusters = {"cov_type": "cluster", "cov_kwds": {"groups": design.geo}}
    formula = "leader_share + ln_population + ln_gdp_pc_pps"
    poisson, binomial = sm.families.Poisson(), sm.families.Binomial()

    def array_fit(x, family, **options):
        full, outcome = sm.add_constant(x), hits if family is poisson else np.column_stack([hits, trials - hits])
        return sm.GLM(outcome, full, family=family, **options).fit(tol=1e-12).params[1]

    loops = {
        "quasi_binomial": (
            lambda: [smf.glm("n_participations + I(n_possible - n_participations) ~ " + formula, t,
                             family=binomial).fit(tol=1e-12).params["leader_share"] for t in totals],
            lambda: [array_fit(a, binomial) for a in arrays]),
        "poisson": (
            lambda: [smf.glm("n_participations ~ " + formula, t, family=poisson,
                             offset=np.log(t["n_possible"])).fit(tol=1e-12).params["leader_share"] for t in totals],
            lambda: [array_fit(a, poisson, offset=np.log(trials)) for a in arrays]),
        "lpm": (
            lambda: [smf.ols("participates.astype(float) ~ leader + ln_population + ln_gdp_pc_pps", f).fit(**clusters)
                     .params["leader"] for f in frames],
            lambda: [sm.OLS(design.y, full).fit(**clusters).params[1] for full in flat]),
        "firth": (None, lambda: firth_loop(d[:few].reshape(few, -1), design.controls, design.y, 1e-8)),
    }  # fmt: skip
    print(f"\nOne specification with its country-level error, {permutations} permutations in the stack")
    for name, estimator in ESTIMATORS.items():
        by_formula, by_arrays = loops[name]
        check(f"{name}: arrays", estimator(d[:few], y, x).estimate, by_arrays())
        if by_formula:
            check(f"{name}: formula interface", estimator(d[:few], y, x).estimate, by_formula())
            compare(f"{name}; loop: formula interface", by_formula, lambda e=estimator: e(d, y, x), few, permutations,
                    repeats)  # fmt: skip
        compare(f"{name}; loop: arrays", by_arrays, lambda e=estimator: e(d, y, x), few, permutations, repeats)
    print("(the loops' errors are plain ones, or CR1; the stack's are those of innodivide, CR2 for lpm)")


def bench_grid(permutations=1000):
    """The joint test of the whole grid over two processes; wall time."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from innodivide.evidence.multiverse.grid import expand
    from innodivide.evidence.multiverse.whole_grid import joint_test, run_grid

    specs = expand(TABLES)
    start = time.perf_counter()
    run_grid(TABLES, specs)
    print(f"\nGrid: {len(specs)} specifications estimated in {time.perf_counter() - start:.1f} s")
    start = time.perf_counter()
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as executor:
        rng = np.random.default_rng(20261122)
        test = joint_test(TABLES, specs, n_permutations=permutations, rng=rng, executor=executor)
    wall = time.perf_counter() - start
    print(f"Joint test: {permutations} permutations, 2 processes, {wall:.0f} s wall, "
          f"{1e6 * wall / len(specs) / permutations:.1f} us a fit")  # fmt: skip
    print(test.frame.to_string(index=False))


def main():
    """Run all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--permutations", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--grid", action="store_true")
    options = parser.parse_args()
    dyads = ipcei_dyads(TABLES).sort_values(["geo", "ipcei_id"])
    design = build_design(dyads, "leader", CONTROLS, "participates")
    print(f"{'median over repeats, CPU microseconds a fit':<52}{'loop':>9} {'stack':>9} {'ratio':>9}  (range)")
    bench_firth(design, options.permutations, options.repeats)
    bench_estimators(dyads, design, options.repeats)
    if options.grid:
        bench_grid()


if __name__ == "__main__":
    main()
