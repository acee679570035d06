"""The specification grid: every defensible choice of status, controls, sample, outcome and estimator, and a joint test.

`multiverse.yml` declares the grid. `expand` lists its specifications, `excluded` the cells that are not run and why,
`run_grid` estimates each, and `joint_test` asks whether the whole set of estimates could come from a label that has
nothing to do with participation (Simonsohn, Simmons & Nelson 2020): whole country rows of the status are permuted,
the same permutation for every specification, and everything is fitted again.
"""

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from innodivide.data.tables import Tables
from innodivide.errors import DesignError, ParameterError
from innodivide.evidence.multiverse.grid import DIMENSIONS, KEYS, excluded, expand, load_grid, sample_levels
from innodivide.evidence.multiverse.specification import World, build_world, describe_block, fit_block
from innodivide.models.inference.relabelling import TIE_TOLERANCE, check_permutations, country_orders
from innodivide.models.result import require_rng, seed_of

__all__ = ["JointTest", "excluded", "expand", "joint_test", "load_grid", "run_grid"]

STATISTICS = ("median_log_odds", "median_t", "share_same_sign", "share_below_alpha")
LOG_ODDS = "log odds"
ALPHA = 0.05  # of `share_below_alpha`
_SPECS_IN_BLOCK, _DRAWS_IN_BLOCK = 16, 1000  # fixed, so that the arithmetic does not depend on the number of workers


def run_grid(
    tables: Tables, specs: pd.DataFrame, executor: Executor | None = None, grid: dict | None = None
) -> pd.DataFrame:
    """Estimate every specification.

    Parameters
    ----------
    specs : DataFrame
        From `expand`, or rows of it.
    executor : concurrent.futures.Executor, optional
        Where to work; here if None. The numbers do not depend on it.
    grid : dict, optional
        The declaration the specifications come from.

    Returns
    -------
    DataFrame
        The columns of `specs`, then scale, estimate, se, df, ci_low, ci_high (95 %, t), t, p_value, dispersion
        (NaN for lpm), sign (-1, 0, 1; NaN if failed), log_odds (the estimate where it is on that scale, else NaN),
        n_dyads, n_countries, n_ipceis, n_events, n_treated (countries ever with the label; all for an index),
        dropped (countries and IPCEIs left out), failed (why there is no estimate, "" if there is one). Estimates of
        an index are per unit of its logarithm.

    Raises
    ------
    ParameterError
        Rows that are no specifications of the grid.
    """
    grid, world, samples, rows = _prepare(tables, specs, grid)
    blocks = [rows[first : first + _SPECS_IN_BLOCK] for first in range(0, len(rows), _SPECS_IN_BLOCK)]
    jobs = [(world, block, samples, grid["dimensions"]) for block in blocks]
    found = [row for block in _spread(executor, describe_block, jobs) for row in block]
    numbers = ["estimate", "se", "df", "ci_low", "ci_high", "t", "p_value", "dispersion"]
    counts = ["n_dyads", "n_countries", "n_ipceis", "n_events", "n_treated"]
    frame = pd.DataFrame(found, columns=[*numbers, *counts, "dropped", "failed"])
    frame = frame.astype({name: float for name in numbers} | {name: "Int64" for name in counts})
    scale = specs["estimator"].map({name: level["scale"] for name, level in grid["dimensions"]["estimator"].items()})
    scale = scale.reset_index(drop=True)
    frame.insert(0, "scale", scale)
    frame.insert(9, "sign", np.sign(frame["estimate"]))
    frame.insert(10, "log_odds", frame["estimate"].where(scale == LOG_ODDS))
    frame["dropped"] = frame["dropped"].fillna("")
    return pd.concat([specs.reset_index(drop=True), frame], axis=1)


@dataclass(frozen=True, eq=False)
class JointTest:
    """Joint permutation test of each family of specifications.

    Attributes
    ----------
    frame : DataFrame
        One row per family and statistic: family, statistic, observed, null_low, null_median, null_high (quantiles
        .025, .5, .975 over permutations), p_value, n_specs, n_fits_failed (in the permutations), n_permutations, seed.
        Statistics: median_log_odds (over the specifications on log odds), median_t (over all), share_same_sign (of
        the commoner sign), share_below_alpha. p = (1 + permutations at least as extreme) / (1 + permutations), in
        absolute value for the medians.
    draws : DataFrame
        The statistics of every permutation: family, draw, and one column per statistic; draw 0 is the data.
    """

    frame: pd.DataFrame
    draws: pd.DataFrame


def joint_test(
    tables: Tables,
    specs: pd.DataFrame,
    n_permutations: int = 1000,
    rng: np.random.Generator | None = None,
    executor: Executor | None = None,
    grid: dict | None = None,
) -> JointTest:
    """Permute whole country rows of the status, the same way for all specifications, and fit all of them again.

    Parameters
    ----------
    specs, tables, executor, grid
        As in `run_grid`. Families are tested apart, on the same permutations.
    n_permutations : int >= 1
    rng : numpy.random.Generator

    Returns
    -------
    JointTest
        The same for the same generator, whatever the executor and the number of its workers.

    Raises
    ------
    ParameterError
        As `run_grid`; no generator, bad number of permutations.
    DesignError
        If no specification of a family can be fitted.
    """
    rng = require_rng(rng)
    check_permutations(n_permutations)
    grid, world, samples, rows = _prepare(tables, specs, grid)
    n = len(world.geo)
    orders = np.vstack([np.arange(n), country_orders(rng, n_permutations, n)]).astype(np.int16)
    scale = {name: level["scale"] for name, level in grid["dimensions"]["estimator"].items()}
    parts, tests = [], []
    for family in dict.fromkeys(row["family"] for row in rows):
        chosen = [row for row in rows if row["family"] == family]
        logit = np.array([scale[row["estimator"]] == LOG_ODDS for row in chosen])
        draws, failed = _draws(world, chosen, samples, grid["dimensions"], orders, logit, executor)
        if np.isnan(draws.loc[0, "median_t"]):
            raise DesignError(f"family {family}: no specification can be fitted; run_grid says why")
        draws.insert(0, "family", family)
        parts.append(draws)
        tests.append(_judge(draws, len(chosen), failed).assign(n_permutations=n_permutations, seed=seed_of(rng)))
    return JointTest(pd.concat(tests, ignore_index=True), pd.concat(parts, ignore_index=True))


def _draws(world, specs, samples, dimensions, orders, logit, executor) -> tuple[pd.DataFrame, int]:
    """Statistics of every draw, and how many fits failed in the permutations."""
    frames, failed = [], 0
    for first in range(0, len(orders), _DRAWS_IN_BLOCK):
        part = orders[first : first + _DRAWS_IN_BLOCK]
        jobs = [
            (world, specs[start : start + _SPECS_IN_BLOCK], samples, dimensions, part, ALPHA)
            for start in range(0, len(specs), _SPECS_IN_BLOCK)
        ]
        estimate, t, below = (np.vstack(blocks) for blocks in zip(*_spread(executor, fit_block, jobs)))
        failed += int(np.isnan(t[:, 1 if first == 0 else 0 :]).sum())
        frames.append(_statistics(estimate, t, below, logit))
    out = pd.concat(frames, ignore_index=True)
    out.insert(0, "draw", np.arange(len(out)))
    return out, failed


def _statistics(estimate: np.ndarray, t: np.ndarray, below: np.ndarray, logit: np.ndarray) -> pd.DataFrame:
    """The statistics over specifications (rows) of each draw (columns); what could not be fitted does not count."""
    fitted = np.isfinite(t)
    n = np.maximum(fitted.sum(axis=0), 1)
    positive, negative = ((t > 0).sum(axis=0), (t < 0).sum(axis=0))  # comparisons with NaN are false
    return pd.DataFrame(
        {
            "median_log_odds": _median(np.where(fitted, estimate, np.nan)[logit]),
            "median_t": _median(t),
            "share_same_sign": np.maximum(positive, negative) / n,
            "share_below_alpha": below.sum(axis=0) / n,
        }
    )


def _median(values: np.ndarray) -> np.ndarray:
    """Median of the finite values of each column, NaN if there is none."""
    out = np.full(values.shape[1], np.nan)
    some = np.isfinite(values).any(axis=0)
    out[some] = np.nanmedian(values[:, some], axis=0)
    return out


def _judge(draws: pd.DataFrame, n_specs: int, failed: int) -> pd.DataFrame:
    """One row per statistic that the family has."""
    rows = []
    for name in STATISTICS:
        values = draws[name].to_numpy()
        observed, null = values[0], values[1:]
        if np.isnan(observed):  # no specification on log odds
            continue
        size, seen = (np.abs(null), abs(observed)) if name.startswith("median") else (null, observed)
        extreme = ~(size < seen * (1 - TIE_TOLERANCE))  # a draw without a value counts against the finding
        low, middle, high = np.nanquantile(null, [0.025, 0.5, 0.975]) if np.isfinite(null).any() else [np.nan] * 3
        rows.append((draws["family"].iloc[0], name, observed, low, middle, high, (1 + extreme.sum()) / (1 + len(null))))
    names = ["family", "statistic", "observed", "null_low", "null_median", "null_high", "p_value"]
    return pd.DataFrame(rows, columns=names).assign(n_specs=n_specs, n_fits_failed=failed)


def _prepare(tables: Tables, specs, grid) -> tuple[dict, World, dict, list[dict]]:
    """Checked declaration, arrays, samples and the specifications as dictionaries."""
    lost = [name for name in KEYS if name not in getattr(specs, "columns", ())]
    if lost or not len(specs):
        raise ParameterError(f"specs: expected rows of expand(); no rows or no column {', '.join(lost)}")
    grid = load_grid() if grid is None else grid
    samples = sample_levels(tables, grid)
    for name in DIMENSIONS:
        known = samples if name == "sample" else grid["dimensions"][name]
        wrong = sorted(set(specs[name]) - set(known))
        if wrong:
            raise ParameterError(f"specs: {name} {', '.join(map(str, wrong))} is no level of the grid")
    return grid, build_world(tables, grid["dimensions"]), samples, specs[KEYS].to_dict("records")


def _spread(executor: Executor | None, function, jobs: list[tuple]) -> list:
    """Results of function(*job), in the order of the jobs."""
    if executor is None:
        return [function(*job) for job in jobs]
    return [future.result() for future in [executor.submit(function, *job) for job in jobs]]
