"""Sensitivity audit of the index in the tradition of the OECD/JRC handbook: vary the choices, look at the groups.

A choice is a set of levels with probabilities. A draw takes one level of each choice, rebuilds the index of every
country and of the EU with exactly these levels, and reads groups from the ratio to the EU. Every combination is run
once, so nothing is sampled. The EU is a unit of its own with its own published indicator scores: it sets the 100 % but
is never ranked, never imputed and never a peer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from innodivide.data.tables import group_of
from innodivide.errors import DataError, ParameterError
from innodivide.indicators.composite.aggregate import AGGREGATIONS, IMPUTATIONS, cell_weights, combine, impute
from innodivide.models.result import require_rng

OFFICIAL: dict[str, Any] = {"weights": "indicators", "aggregation": "arithmetic", "omit": (), "imputation": "left_out"}
BENCHMARK = "EU"
SPREAD = 0.25  # random weights lie within this share of one on either side, before rescaling


@dataclass(frozen=True)
class Choice:
    """One methodological choice.

    Parameters
    ----------
    role : {"weights", "aggregation", "omit", "imputation"}
        What the levels do; the name of the column in the draws.
    levels : mapping of str to object
        Label to setting; the FIRST is the official one. weights: "indicators", "dimensions" or a Series by indicator;
        aggregation: one of `AGGREGATIONS`; omit: tuple of indicator codes; imputation: one of `IMPUTATIONS`.
    probabilities : sequence of float
        Positive, one for each level, sum 1.
    """

    role: str
    levels: Mapping[str, Any]
    probabilities: Sequence[float]

    def __post_init__(self):
        if self.role not in OFFICIAL:
            raise ParameterError(f"role={self.role!r}: allowed are {', '.join(OFFICIAL)}")
        allowed = {"aggregation": AGGREGATIONS, "imputation": IMPUTATIONS}.get(self.role, ())
        wrong = [s for s in self.levels.values() if allowed and s not in allowed]
        if wrong:
            raise ParameterError(f"choice {self.role!r}: {wrong[0]!r}, allowed are {', '.join(allowed)}")
        p = np.asarray(self.probabilities, dtype=float)
        if len(p) != len(self.levels) or not (p > 0).all() or not np.isclose(p.sum(), 1, atol=1e-9):
            raise ParameterError(f"choice {self.role!r}: probabilities must be positive, sum to 1, one for each level")


def default_choices(dimensions: pd.Series, rng: np.random.Generator, n_random: int = 20) -> list[Choice]:
    """The choices audited here: weights, aggregation, omission, imputation.

    Parameters
    ----------
    dimensions : Series
        Dimension code by indicator code.
    rng : Generator
        Draws the random weight vectors, once; their labels then stand for fixed vectors that the choice carries.
    n_random : int >= 1
        Number of random weight vectors, each indicator's weight being 1 +- `SPREAD` (uniform) before rescaling.

    Returns
    -------
    list of Choice
        weights (1/3 equal indicators, 1/3 equal dimensions, 1/3 the random vectors together), aggregation (1/2
        arithmetic, 1/2 geometric), omit (1/3 nothing, 1/3 one indicator, 1/3 one dimension), imputation (equal).
    """
    require_rng(rng)
    codes, groups = sorted(dimensions.index), sorted(dimensions.unique())
    weights = {"equal indicators": "indicators", "equal dimensions": "dimensions"}
    for i in range(n_random):
        weights[f"random {i + 1:02d}"] = pd.Series(rng.uniform(1 - SPREAD, 1 + SPREAD, len(codes)), codes)
    omit = {"nothing": ()} | {k: (k,) for k in codes}
    omit |= {f"dimension {d}": tuple(sorted(dimensions.index[dimensions == d])) for d in groups}
    imputation = {
        "left out": "left_out",
        "mean of countries": "country_mean",
        "mean of own dimension": "dimension_mean",
    }
    return [
        Choice("weights", weights, [1 / 3, 1 / 3, *[1 / 3 / n_random] * n_random]),
        Choice("aggregation", {"arithmetic": "arithmetic", "geometric": "geometric"}, [1 / 2, 1 / 2]),
        Choice("omit", omit, [1 / 3, *[1 / 3 / len(codes)] * len(codes), *[1 / 3 / len(groups)] * len(groups)]),
        Choice("imputation", imputation, [1 / 3] * 3),
    ]


def design(choices: Sequence[Choice]) -> pd.DataFrame:
    """Every combination of levels once: draw, probability (the product), nominal (all official), a column a choice."""
    roles = [choice.role for choice in choices]
    if not roles or len(set(roles)) != len(roles):
        raise ParameterError(f"choices: expected distinct roles, got {roles}")
    frame = pd.DataFrame(product(*[choice.levels for choice in choices]), columns=roles).astype("category")
    frame.insert(0, "draw", np.arange(len(frame)))
    frame.insert(1, "probability", [float(np.prod(p)) for p in product(*[c.probabilities for c in choices])])
    frame.insert(2, "nominal", np.arange(len(frame)) == 0)
    return frame


def audit(
    scores: pd.DataFrame,
    choices: Sequence[Choice],
    *,
    dimensions: pd.Series,
    countries: Sequence[str],
    editions: pd.DataFrame,
) -> pd.DataFrame:
    """Rebuild the index of the last year of the scores under every combination of the choices.

    Parameters
    ----------
    scores : DataFrame (rows, K)
        Normalised scores in [0, 1] over (geo, year), NaN = missing, from `normalised_scores`.
    choices : sequence of Choice
    dimensions : Series
        Dimension code by indicator code.
    countries : sequence of str
        Ranked units, without the EU, which is 100 % in each draw and may not miss an indicator.
    editions : DataFrame
        Table `eis_edition`, for the thresholds of the groups: of the last edition that measured this year.

    Returns
    -------
    DataFrame
        One row for each draw and country: draw, probability, nominal, geo, score (0 to 100), relative (percent of the
        EU), rank (1 = highest, ties share the better rank), group, a column for each choice.

    Raises
    ------
    DataError
        Scores outside [0, 1], a missing score of the EU.
    DesignError
        An omission that leaves a unit without any score.
    ParameterError
        Two choices of one role, or a level that names an unknown indicator.
    """
    countries = sorted(countries)
    year = int(scores.index.get_level_values("year").max())
    edition = editions.loc[editions["performance_year"] == year, "edition"].max()
    block = scores.loc[[(geo, year) for geo in (*countries, BENCHMARK)]]
    if not (scores.min(axis=None) >= 0 and scores.max(axis=None) <= 1 + 1e-9):
        raise DataError("scores: expected normalised scores in [0, 1]; see normalised_scores")
    if block.iloc[-1].isna().any():
        raise DataError(f"{BENCHMARK} {year}: missing {block.columns[block.iloc[-1].isna()][0]}")
    _check_levels(choices, scores.columns)
    table = design(choices)
    score = _scores_of(block, table, choices, dimensions)  # (draws, units)
    relative = 100 * score[:, :-1] / score[:, [-1]]
    ranks = 1 + (score[:, None, :-1] > score[:, :-1, None] + 1e-12).sum(axis=2)
    out = table.loc[np.repeat(table.index, len(countries))].reset_index(drop=True)
    out.insert(3, "geo", pd.Categorical(np.tile(countries, len(table)), categories=countries))
    groups = pd.Categorical(
        group_of(relative.ravel(), edition, editions), categories=["leader", "strong", "moderate", "emerging"]
    )
    return out.assign(score=100 * score[:, :-1].ravel(), relative=relative.ravel(), rank=ranks.ravel(), group=groups)


def _check_levels(choices: Sequence[Choice], codes: pd.Index) -> None:
    """A level that names an unknown indicator would silently change nothing; refuse it."""
    for choice in choices:
        for label, setting in choice.levels.items():
            lost: set[str] = set()
            if choice.role == "omit":
                lost = set(setting) - set(codes)
            elif isinstance(setting, pd.Series):
                lost = set(codes) - set(setting.index)
            if lost:
                raise ParameterError(f"choice {choice.role!r}, level {label!r}: no indicator or weight {min(lost)!r}")


def _scores_of(block: pd.DataFrame, table: pd.DataFrame, choices: Sequence[Choice], dimensions) -> np.ndarray:
    """Composite of every unit (last: benchmark) under every parameter row, shape (draws, units)."""
    groups, codes = dimensions[block.columns].to_numpy(), block.columns
    levels = {choice.role: choice.levels for choice in choices}
    filled = {how: impute(block.to_numpy(dtype=float), groups, how) for how in IMPUTATIONS}
    out = np.empty((len(table), len(block)))
    for i, row in enumerate(table[list(levels)].astype(str).to_dict("records")):
        now = OFFICIAL | {role: levels[role][label] for role, label in row.items()}
        keep = ~codes.isin(now["omit"])
        x, given = filled[now["imputation"]][:, keep], now["weights"]
        if not isinstance(given, str):
            given = given[codes].to_numpy(dtype=float)[keep]
        out[i] = combine(x, cell_weights(x, groups[keep], given), now["aggregation"])
    return out
