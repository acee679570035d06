"""How often every reported method errs on the real design: false positives, power and coverage by simulation.

Participation is drawn from a logit with the real status, size and wealth and a normal random intercept for each
country, whose standard deviation is varied. The odds ratio and the probabilities are marginal: averaged over that
intercept they follow the fitted model exactly, whatever the spread, so only the dependence within countries changes.

What is true on each scale: the log odds ratio put into the probabilities, for logits on dyads. For models of country
totals and for least squares, the coefficient that the same model has when fed with the expected outcomes. At odds
ratio 1 that is close to zero but not zero for the linear and the log-linear model, as the true curve is neither: a
rejection there is still a false positive about leader status, and a held value is the model's own.

Methods that persist are given records in which taking part goes with having taken part (`persisting`); there the
random intercept adds to the log odds as it is, so that the odds ratio holds within a state.

The result of a full run is kept in reports/expected/size_audit.csv; `innodivide audit-size --write` renews it.
"""

import io
import math
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from innodivide import models
from innodivide.data import frozen
from innodivide.errors import DataError, DesignError
from innodivide.evidence import confirmatory
from innodivide.evidence.plan import Plan
from innodivide.evidence.size_audit.methods import METHODS, Method, Sample
from innodivide.evidence.size_audit.persisting import Persisting, persisting
from innodivide.models.estimators.design import CONTROLS, Design, build_design, mean_intercept
from innodivide.models.inference.power import conditional_logit, dispersion_to_sd
from innodivide.models.inference.relabelling import check_permutations
from innodivide.models.result import require_rng

STORED = frozen.ROOT / "reports" / "expected" / "size_audit.csv"
SIMULATIONS = 4000
PERMUTATIONS = 999  # also draws of the wild bootstrap; the reports use 9999
ODDS_RATIOS = (1.0, 4.0)
STREAM = 30  # of the plan's seed
BLOCK = 50  # simulations in one piece of work
COLUMNS = ["method", "scale", "sd", "odds_ratio", "truth", "rejection", "rejection_se", "coverage", "coverage_se",
           "n_sim", "n_failed", "failures"]  # fmt: skip
KEYS = ["method", "sd", "odds_ratio"]
TOLERANCE = 4.0  # Monte Carlo standard errors between two audits of the same thing


def spreads(dyads: pd.DataFrame) -> tuple[float, float, float]:
    """Return 0, half of the standard deviation between countries that gives the dispersion found, and all of it."""
    full = dispersion_to_sd(models.firth_logit(dyads, profiles=False).dispersion, dyads)
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
        Bad numbers of simulations or permutations; degenerate or unbalanced data.
    """
    require_rng(rng)
    check_permutations(n_permutations)
    check_permutations(n_sim, "n_sim")
    design = build_design(dyads, "leader", CONTROLS, "participates")
    design.to_matrix(design.d)  # refuses countries that face different IPCEIs
    sds = spreads(dyads) if sds is None else tuple(map(float, sds))
    worlds = _worlds(dyads, design, odds_ratios, methods)
    cells = [(sd, world) for sd in sds for world in worlds]
    starts = range(0, n_sim, BLOCK)
    ordered = dyads.sort_values(["geo", "ipcei_id"])
    jobs = [
        (ordered, design, cells, generator, min(BLOCK, n_sim - start), alpha, n_permutations, dict(methods))
        for start, generator in zip(starts, rng.spawn(len(starts)))
    ]
    if executor is None:
        parts = [run_block(*job) for job in jobs]
    else:
        parts = [future.result() for future in [executor.submit(run_block, *job) for job in jobs]]
    rows = []
    for c, (sd, world) in enumerate(cells):
        for name, method in methods.items():
            counts: Counter = sum((part[c, name] for part in parts), Counter())
            fixed = {"method": name, "scale": method.scale, "sd": sd, "odds_ratio": world.odds_ratio}
            rows.append({**fixed, "truth": world.truths[name], **_summary(counts, n_sim)})
    return pd.DataFrame(rows, columns=COLUMNS)


@dataclass(frozen=True, eq=False)
class World:
    """Marginal probabilities mu (n,) at an odds ratio, what is true on the scale of each method, and a record."""

    odds_ratio: float
    mu: np.ndarray
    truths: Mapping[str, float]
    record: Persisting | None = None  # for the methods that persist


def _worlds(dyads: pd.DataFrame, design: Design, odds_ratios, methods: Mapping[str, Method]) -> list[World]:
    """One world per odds ratio, at the fitted slopes of the controls and the observed overall rate."""
    fit = models.firth_logit(dyads, profiles=False)
    fitted = fit.predict(dyads.sort_values(["geo", "ipcei_id"]))
    out = []
    for ratio in map(float, odds_ratios):
        linear = np.log(fitted / (1 - fitted)) + (math.log(ratio) - fit.result.estimate) * design.d
        mu = expit(linear + mean_intercept(linear, design.y.mean()))
        truths = {k: m.truth(design, mu, math.log(ratio)) if m.truth else math.nan for k, m in methods.items()}
        record = persisting(dyads, math.log(ratio)) if any(m.persists for m in methods.values()) else None
        out.append(World(ratio, mu, truths, record))
    return out


def run_block(dyads, design, cells, rng, n: int, alpha: float, n_permutations: int, methods) -> dict:
    """Counts of each cell and method over n simulations: the unit of work of an executor."""
    shocks = rng.standard_normal((BLOCK, len(design.countries)))[:n]  # in full: a shorter run is a part of a longer
    uniforms = rng.random((BLOCK, len(design.y)))[:n]
    seeds = rng.integers(2**63, size=BLOCK)[:n]
    out: dict[tuple[int, str], Counter] = {}
    for c, (sd, world) in enumerate(cells):
        drawn = {False: uniforms < expit(conditional_logit(world.mu, sd) + sd * shocks[:, design.geo])}
        if world.record is not None:
            drawn[True] = world.record.draw(uniforms, sd * shocks)
        for name in methods:
            out[c, name] = Counter()
        for i, seed in enumerate(seeds):
            samples = {
                key: Sample(dyads.assign(participates=y[i]), seed, n_permutations, 1 - alpha)
                for key, y in drawn.items()
            }
            for name, method in methods.items():
                out[c, name][_outcome(method, samples[method.persists], world.truths[name], alpha)] += 1
    return out


def _outcome(method: Method, sample: Sample, truth: float, alpha: float) -> tuple[bool, bool | None] | str:
    """Whether the method rejects, and whether its interval holds the truth (None without either); or why it failed."""
    try:
        found = method.run(sample)
    except (DesignError, np.linalg.LinAlgError) as error:
        return str(error)
    rejects = found.known("p_value")[0] <= alpha
    if found.ci_low is None or math.isnan(truth):
        return rejects, None
    low, high = found.known("ci_low", "ci_high")
    return rejects, low <= truth <= high


def _summary(counts: Counter, n_sim: int) -> dict:
    failures = {key: n for key, n in counts.items() if isinstance(key, str)}
    known = {key: n for key, n in counts.items() if not isinstance(key, str)}
    rejection = sum(n for (rejected, _), n in known.items() if rejected) / n_sim
    intervals = sum(n for (_, held), n in known.items() if held is not None)
    coverage = sum(n for (_, held), n in known.items() if held) / intervals if intervals else math.nan
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
    dyads: pd.DataFrame,
    plan: Plan,
    n_sim: int = SIMULATIONS,
    executor: Executor | None = None,
    methods: Mapping[str, Method] = METHODS,
) -> pd.DataFrame:
    """Audit the registered design at the plan's seed; columns data_hash and seed say what was audited.

    A method's rows do not depend on which others are audited.
    """
    alpha = float(plan.fixed["test"]["alpha"])
    rng = confirmatory.stream(plan, STREAM)
    frame = audit(dyads, rng, n_sim, alpha=alpha, executor=executor, methods=methods)
    return _as_stored(frame.assign(data_hash=_hash(dyads), seed=plan.seed))


def as_text(frame: pd.DataFrame) -> str:
    """Return the frame as stored: six significant digits, rows in the order of the methods."""
    return frame.to_csv(index=False, lineterminator="\n", float_format="%.6g")


def _read(source) -> pd.DataFrame:
    numbers = {"truth", "coverage", "coverage_se"}
    blank = {column: [""] for column in numbers}
    return pd.read_csv(source, keep_default_na=False, na_values=blank, dtype={"data_hash": str})


def _as_stored(frame: pd.DataFrame) -> pd.DataFrame:
    return _read(io.StringIO(as_text(frame)))


def _hash(dyads: pd.DataFrame) -> str:
    return build_design(dyads, "leader", CONTROLS, "participates").data_hash


def stored(dyads: pd.DataFrame, plan: Plan, path: Path = STORED) -> pd.DataFrame:
    """Return the stored audit of the registered design.

    Raises
    ------
    DataError
        If the file is absent, unreadable, or was made for other dyads, another seed or other methods.
    """
    renew = "make it again with: innodivide audit-size --write"
    try:
        frame = _read(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}); {renew}") from None
    if list(frame.columns) != [*COLUMNS, "data_hash", "seed"] or frame.empty:
        raise DataError(f"{path}: the columns are {list(frame.columns)}; {renew}")
    for column, value in (("data_hash", _hash(dyads)), ("seed", plan.seed)):
        other = set(frame[column]) - {value}
        if other:
            raise DataError(f"{path}: {column} is {other.pop()}, the present one is {value}; {renew}")
    if set(frame["method"]) != set(METHODS):
        raise DataError(f"{path}: methods differ: {sorted(set(frame['method']) ^ set(METHODS))}; {renew}")
    return frame


def write(frame: pd.DataFrame, path: Path = STORED) -> None:
    """Store an audit made by `planned`, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(as_text(frame), encoding="utf-8", newline="\n")
    new.replace(path)


def differences(found: pd.DataFrame, kept: pd.DataFrame) -> pd.DataFrame:
    """Return the rates in which two audits differ, with `z`, the difference over its Monte Carlo standard error.

    Columns: method, sd, odds_ratio, rate ("rejection" or "coverage"), found, kept, z. Rows that only one of them has
    are missing on the other side, with infinite z. The standard error is taken at the pooled rate.
    """
    rows = []
    both = _as_stored(found).merge(_as_stored(kept), on=KEYS, how="outer", suffixes=("", "_kept"))
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
