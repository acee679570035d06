"""How often every reported method errs on the real design: false positives, power and coverage by simulation.

Participation is drawn from a logit with the real status, size and wealth and a normal random intercept for each
country, whose standard deviation is varied. The odds ratio and the probabilities are marginal: averaged over that
intercept they follow the fitted model exactly, whatever the spread, so only the dependence within countries changes.

What is true on each scale: the log odds ratio put into the probabilities, for logits on dyads. For models of country
totals and for least squares, the coefficient that the same model has when fed with the expected outcomes. At odds
ratio 1 that is close to zero but not zero for the linear and the log-linear model, as the true curve is neither: a
rejection there is still a false positive about leader status, and a held value is the model's own.

The result of a full run is kept in reports/expected/size_audit.csv; `innodivide audit-size --write` renews it.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from innodivide import confirmatory, data, models
from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.inference import audited
from innodivide.inference.audited import Block, Judged
from innodivide.inference.clusters import WEBB
from innodivide.inference.lpm import least_squares
from innodivide.inference.permute import check_permutations, country_orders
from innodivide.inference.power import MAX_SD, conditional_logit, dispersion_to_sd
from innodivide.models.design import CONTROLS, Design, build_design, mean_intercept
from innodivide.models.totals import Totals, fit_mean
from innodivide.plan import Plan, load_plan
from innodivide.results import require_rng

STORED = data.ROOT / "reports" / "expected" / "size_audit.csv"
SIMULATIONS = 1000
PERMUTATIONS = 999  # also draws of the wild bootstrap; the reports use 9999
ODDS_RATIOS = (1.0, 4.0)
STREAM = 30  # of the plan's seed
BLOCK = 50  # simulations that share permutations: few enough that their luck averages out
COLUMNS = ["method", "scale", "sd", "odds_ratio", "truth", "rejection", "rejection_se", "coverage", "coverage_se",
           "n_sim", "n_failed", "failures"]  # fmt: skip
KEYS = ["method", "sd", "odds_ratio"]


@dataclass(frozen=True)
class Method:
    """A reported method: its run on a block, the scale of its estimate, and what is true on that scale."""

    judge: Callable[[Block, float], Judged]
    scale: str
    truth: Callable[[Design, np.ndarray, float], float]


def log_odds_ratio(design: Design, mu: np.ndarray, log_ratio: float) -> float:
    """The log odds ratio in the marginal probabilities mu (n,)."""
    return log_ratio


def on_totals(design: Design, mu: np.ndarray, log_ratio: float, link: str) -> float:
    """Coefficient of the model of country totals at the expected totals (quasi-likelihood)."""
    ones = np.ones(len(mu))
    trials = design.by_country(ones)
    share, *columns = (design.by_country(v) / trials for v in (mu, *design.controls.T, design.d, ones))
    x = np.column_stack(columns)
    expected = Totals(share, x, ("",) * (x.shape[1] - 1), design.countries, "", "expected share", True, pd.DataFrame())
    return float(fit_mean(expected, link, np.zeros(len(share)))[0][-2])


def in_points(design: Design, mu: np.ndarray, log_ratio: float) -> float:
    """Least-squares coefficient of the marginal probabilities, percentage points."""
    return 100 * least_squares(replace(design, y=mu)).estimate


_ODDS = ("log odds", log_odds_ratio)
_SHARE = ("log odds", partial(on_totals, link="logit"))
_RATE = ("log rate ratio", partial(on_totals, link="poisson"))
_POINTS = ("percentage points", in_points)
METHODS: Mapping[str, Method] = {
    "row_permutation": Method(partial(audited.score_permutation, residuals=False), *_ODDS),
    "potter": Method(partial(audited.score_permutation, residuals=True), *_ODDS),
    "firth_dispersion": Method(audited.firth_dispersion, *_ODDS),
    "firth_profile": Method(audited.firth_profile, *_ODDS),
    "quasi_binomial": Method(audited.quasi_binomial, *_SHARE),
    "fractional_logit": Method(partial(audited.robust_totals, family="binomial"), *_SHARE),
    "poisson": Method(partial(audited.robust_totals, family="poisson"), *_RATE),
    "lpm_cr1": Method(partial(audited.lpm, kind="CR1"), *_POINTS),
    "lpm_cr2": Method(partial(audited.lpm, kind="CR2"), *_POINTS),
    "lpm_two_way": Method(partial(audited.lpm, kind="two-way"), *_POINTS),
    "wild_rademacher": Method(partial(audited.wild_bootstrap, weights="rademacher"), *_POINTS),
    "wild_webb": Method(partial(audited.wild_bootstrap, weights="webb"), *_POINTS),
    "freedman_lane": Method(audited.freedman_lane, *_POINTS),
}


def spreads(dyads: pd.DataFrame) -> tuple[float, float, float]:
    """Return the standard deviations to simulate: none, half of the one that gives the dispersion found, and that one."""
    full = dispersion_to_sd(models.firth_logit(dyads).dispersion, dyads)
    return 0.0, full / 2, full


def audit(
    dyads: pd.DataFrame,
    rng: np.random.Generator,
    n_sim: int = SIMULATIONS,
    sds=None,
    odds_ratios=ODDS_RATIOS,
    alpha: float = 0.05,
    executor: Executor | None = None,
    n_permutations: int = PERMUTATIONS,
    methods: Mapping[str, Method] = METHODS,
) -> pd.DataFrame:
    """Simulate outcomes on the design of the dyads and count how often each method rejects and covers.

    Parameters
    ----------
    dyads : DataFrame
        One row per country (geo) and IPCEI (ipcei_id); every country faces every IPCEI.
    rng : numpy.random.Generator
        Methods, spreads and odds ratios share its numbers; the first simulations of a longer run are those of a
        shorter one.
    n_sim : int >= 1
        Simulated data sets for each spread and odds ratio.
    sds : sequence of float, optional
        Standard deviations of the random country intercept on the logit scale; by default `spreads`.
    odds_ratios : sequence of float > 0
        Marginal odds ratios of leader status.
    alpha : float in (0, 1)
        Level of the tests; intervals have level 1 - alpha.
    executor : concurrent.futures.Executor, optional
        The result does not depend on it.
    n_permutations : int
        Permutations, and draws of the wild bootstrap, for each test.
    methods : mapping of str to Method

    Returns
    -------
    DataFrame
        One row per method, spread and odds ratio. rejection: share of all simulations with p <= alpha, a failed fit
        counted as not rejected (at odds ratio 1 the false-positive rate, else the power). coverage: share of the
        intervals that hold `truth` (missing for methods without an interval). rejection_se, coverage_se: Monte Carlo
        standard errors. n_failed and failures: how many fits gave no p-value, and why.

    Raises
    ------
    ParameterError, DesignError
        Values out of range; degenerate or unbalanced data; a continuous exposure.
    """
    require_rng(rng)
    check_permutations(n_permutations)
    design = build_design(dyads, "leader", CONTROLS, "participates")
    design.to_matrix(design.d)  # refuses countries that face different IPCEIs
    sds = spreads(dyads) if sds is None else tuple(map(float, sds))
    _check(n_sim, sds, odds_ratios, alpha, design)
    cells = [(sd, *_world(dyads, design, ratio)) for sd in sds for ratio in odds_ratios]
    truths = [{name: m.truth(design, mu, log) for name, m in methods.items()} for _, log, mu in cells]
    starts = range(0, n_sim, BLOCK)
    jobs = [
        (design, cells, truths, generator, min(BLOCK, n_sim - start), alpha, n_permutations, dict(methods))
        for start, generator in zip(starts, rng.spawn(len(starts)))
    ]
    if executor is None:
        parts = [run_block(*job) for job in jobs]
    else:
        parts = [future.result() for future in [executor.submit(run_block, *job) for job in jobs]]
    rows = []
    for c, (sd, log, _) in enumerate(cells):
        for name, method in methods.items():
            counts = sum((part[c, name] for part in parts), Counter())
            rows.append({"method": name, "scale": method.scale, "sd": sd, "odds_ratio": math.exp(log),
                         "truth": truths[c][name], **_summary(counts, n_sim)})  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def _check(n_sim, sds, odds_ratios, alpha: float, design: Design) -> None:
    if not isinstance(n_sim, (int, np.integer)) or n_sim < 1:
        raise ParameterError(f"n_sim: expected a whole number >= 1, got {n_sim!r}")
    if not sds or not all(0 <= sd <= MAX_SD for sd in sds):
        raise ParameterError(f"sds: expected numbers from 0 to {MAX_SD:g}, got {sds}")
    if not len(odds_ratios) or not all(0 < ratio < math.inf for ratio in odds_ratios):
        raise ParameterError(f"odds_ratios: expected positive finite numbers, got {odds_ratios}")
    if not 0 < alpha < 1:
        raise ParameterError(f"alpha: expected a number in (0, 1), got {alpha!r}")
    if not design.binary:
        raise DesignError(f"{design.term}: continuous; the odds ratio simulated here is that of a 0/1 label")


def _world(dyads: pd.DataFrame, design: Design, ratio: float) -> tuple[float, np.ndarray]:
    """Log odds ratio and marginal probabilities (n,) at the fitted slopes of the controls and the observed mean."""
    fit = models.firth_logit(dyads)
    fitted = fit.predict(dyads.sort_values(["geo", "ipcei_id"]))
    linear = np.log(fitted / (1 - fitted)) + (math.log(ratio) - fit.result.estimate) * design.d
    return math.log(ratio), expit(linear + mean_intercept(linear, float(design.y.mean())))


def run_block(design, cells, truths, rng, n: int, alpha: float, n_permutations: int, methods) -> dict:
    """Counts of each cell and method over n simulations: the unit of work of an executor."""
    countries = len(design.countries)
    shocks = rng.standard_normal((BLOCK, countries))[:n]  # drawn in full, so that a shorter run is a part of a longer
    uniforms = rng.random((BLOCK, len(design.y)))[:n]
    orders = country_orders(rng, n_permutations, countries)
    signs = rng.choice([-1.0, 1.0], size=(n_permutations, countries))
    webb = rng.choice(np.concatenate([-WEBB, WEBB]), size=(n_permutations, countries))
    out = {}
    for c, (sd, _, mu) in enumerate(cells):
        p = expit(conditional_logit(mu, sd) + sd * shocks[:, design.geo])
        block = Block(design, (uniforms < p).astype(float), orders, signs, webb, alpha)
        for name, method in methods.items():
            out[c, name] = _counts(method, block, truths[c][name])
    return out


def _counts(method: Method, block: Block, truth: float) -> Counter:
    """Rejections, held truths, intervals and failures (by reason); a method that raises has failed on all outcomes."""
    try:
        found = method.judge(block, truth)
    except (DesignError, np.linalg.LinAlgError) as error:
        return Counter({("failed", str(error)): len(block.y)})
    lost = np.isnan(found.p)
    held = found.covered[~np.isnan(found.covered) & ~lost]
    reasons = Counter(("failed", reason or "no p-value") for reason in found.reason[lost])
    counts = {"rejected": int((found.p[~lost] <= block.alpha).sum()), "held": int(held.sum()), "intervals": len(held)}
    return reasons + Counter(counts)


def _summary(counts: Counter, n_sim: int) -> dict:
    failures = {key[1]: n for key, n in counts.items() if isinstance(key, tuple)}
    rejection, intervals = counts["rejected"] / n_sim, counts["intervals"]
    coverage = counts["held"] / intervals if intervals else math.nan
    return {
        "rejection": rejection,
        "rejection_se": math.sqrt(rejection * (1 - rejection) / n_sim),
        "coverage": coverage,
        "coverage_se": math.sqrt(coverage * (1 - coverage) / intervals) if intervals else math.nan,
        "n_sim": n_sim,
        "n_failed": sum(failures.values()),
        "failures": "; ".join(f"{reason}: {n}" for reason, n in sorted(failures.items())),
    }


# ---- the stored run ----


def planned(
    plan: Plan | None = None, n_sim: int = SIMULATIONS, executor: Executor | None = None, dyads=None
) -> pd.DataFrame:
    """Audit the registered design at the plan's seed; columns data_hash and seed say what was audited."""
    plan = plan or load_plan()
    dyads = confirmatory.planned_dyads(plan) if dyads is None else dyads
    alpha = float(plan.fixed["test"]["alpha"])
    frame = audit(dyads, confirmatory.stream(plan, STREAM), n_sim, alpha=alpha, executor=executor)
    return frame.assign(data_hash=models.firth_logit(dyads).result.data_hash, seed=plan.seed)


def as_text(frame: pd.DataFrame) -> str:
    """Return the frame as stored: six significant digits, rows in the order of the methods."""
    return frame.to_csv(index=False, lineterminator="\n", float_format="%.6g")


def stored(dyads: pd.DataFrame | None = None, plan: Plan | None = None, path: Path = STORED) -> pd.DataFrame:
    """Return the stored audit of the registered design.

    Raises
    ------
    DataError
        If the file is absent, unreadable, or was made for other dyads, another seed or other methods.
    """
    plan = plan or load_plan()
    dyads = confirmatory.planned_dyads(plan) if dyads is None else dyads
    renew = "make it again with: innodivide audit-size --write"
    try:
        frame = pd.read_csv(path, keep_default_na=False, na_values={"coverage": [""], "coverage_se": [""]})
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}); {renew}") from None
    if list(frame.columns) != [*COLUMNS, "data_hash", "seed"] or frame.empty:
        raise DataError(f"{path}: the columns are {list(frame.columns)}; {renew}")
    present = build_design(dyads, "leader", CONTROLS, "participates").data_hash
    for column, value in (("data_hash", present), ("seed", plan.seed)):
        other = set(frame[column]) - {value}
        if other:
            raise DataError(f"{path}: {column} is {other.pop()}, the present one is {value}; {renew}")
    if set(frame["method"]) != set(METHODS):
        raise DataError(f"{path}: methods differ: {sorted(set(frame['method']) ^ set(METHODS))}; {renew}")
    return frame


def differences(found: pd.DataFrame, kept: pd.DataFrame) -> pd.DataFrame:
    """Return the rates in which two audits differ, with `z`, the difference over its Monte Carlo standard error.

    Columns: method, sd, odds_ratio, rate ("rejection" or "coverage"), found, kept, z. Rows that only one of them has
    are missing on the other side, with infinite z. The standard error is taken at the pooled rate.
    """
    rows = []
    sides = [frame.assign(sd=frame["sd"].round(5), odds_ratio=frame["odds_ratio"].round(5)) for frame in (found, kept)]
    both = sides[0].merge(sides[1], on=KEYS, how="outer", suffixes=("", "_kept"))
    for row in both.to_dict("records"):
        for rate in ("rejection", "coverage"):
            a, b = row[rate], row[f"{rate}_kept"]
            if a == b or (math.isnan(a) and math.isnan(b)):
                continue
            sizes = 1 / row["n_sim"] + 1 / row["n_sim_kept"]
            share = (a / row["n_sim_kept"] + b / row["n_sim"]) / sizes
            z = (a - b) / math.sqrt(max(share * (1 - share), 1e-4) * sizes)
            rows.append({**{key: row[key] for key in KEYS}, "rate": rate, "found": a, "kept": b,
                         "z": math.inf if math.isnan(z) else z})  # fmt: skip
    return pd.DataFrame(rows, columns=[*KEYS, "rate", "found", "kept", "z"])
