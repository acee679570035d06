"""Sensitivity audit of the index in the tradition of the OECD/JRC handbook: vary the choices, look at ranks and groups.

A choice is a named set of levels with probabilities. A draw takes one level of each choice, rebuilds the index of every
country and of the EU with exactly these levels, and reads groups from the ratio to the EU. The EU is a unit of its own
with its own published indicator scores: it sets the 100 % but is never ranked, never imputed and never a peer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.indicators.composite.aggregate import AGGREGATIONS, IMPUTATIONS, cell_weights, combine, impute
from innodivide.models.result import require_rng

ROLES = ("weights", "aggregation", "omit", "imputation", "none")
THRESHOLDS = {"leader": 125.0, "strong": 100.0, "moderate": 70.0}  # per cent of the EU, editions from 2021
LOWEST = "emerging"


@dataclass(frozen=True)
class Choice:
    """One methodological choice.

    Parameters
    ----------
    name : str
        Column of the draws.
    role : {"weights", "aggregation", "omit", "imputation", "none"}
        What the level does; "none" is a deliberate dummy that does nothing.
    levels : mapping of str to object
        Label to setting; the FIRST is the official one. weights: "indicators", "dimensions" or a Series by indicator;
        aggregation: one of `AGGREGATIONS`; omit: tuple of indicator codes; imputation: one of `IMPUTATIONS`.
    probabilities : tuple of float, optional
        Positive, sum 1; equal if not given.
    """

    name: str
    role: str
    levels: Mapping[str, object]
    probabilities: tuple[float, ...] = ()

    def __post_init__(self):
        if self.role not in ROLES:
            raise ParameterError(f"choice {self.name!r}: role={self.role!r}, allowed are {', '.join(ROLES)}")
        if not self.levels:
            raise ParameterError(f"choice {self.name!r}: no levels")
        if not self.probabilities:
            object.__setattr__(self, "probabilities", (1 / len(self.levels),) * len(self.levels))
        p = np.asarray(self.probabilities, dtype=float)
        if len(p) != len(self.levels) or not (p > 0).all() or not np.isclose(p.sum(), 1, atol=1e-9):
            raise ParameterError(f"choice {self.name!r}: probabilities must be positive, sum to 1, one for each level")
        allowed = {"aggregation": AGGREGATIONS, "imputation": IMPUTATIONS}.get(self.role)
        for label, setting in self.levels.items():
            if allowed and setting not in allowed:
                raise ParameterError(
                    f"choice {self.name!r}, level {label!r}: {setting!r}, allowed are {', '.join(allowed)}"
                )


def default_choices(
    dimensions: pd.Series, rng: np.random.Generator, n_random: int = 20, spread: float = 0.25
) -> list[Choice]:
    """The choices audited here: weights, aggregation, omission, imputation.

    Parameters
    ----------
    dimensions : Series
        Dimension code by indicator code.
    rng : Generator
        Draws the random weight vectors, once; their labels then stand for fixed vectors that the choice carries.
    n_random : int >= 0
        Number of random weight vectors, each indicator's weight being 1 +- `spread` (uniform) before rescaling.
    spread : float in [0, 1)

    Returns
    -------
    list of Choice
        weights (1/3 equal indicators, 1/3 equal dimensions, 1/3 the random vectors together), aggregation (1/2
        arithmetic, 1/2 geometric), omit (1/3 nothing, 1/3 one indicator, 1/3 one dimension), imputation (equal).
    """
    require_rng(rng)
    if not 0 <= spread < 1 or n_random < 0:
        raise ParameterError(f"spread={spread!r}, n_random={n_random!r}: expected 0 <= spread < 1 and n_random >= 0")
    codes = sorted(dimensions.index)
    drawn = {
        f"random {i + 1:02d}": pd.Series(rng.uniform(1 - spread, 1 + spread, len(codes)), codes)
        for i in range(n_random)
    }
    share = [1 / 3, 1 / 3, *[1 / 3 / n_random] * n_random] if n_random else [1 / 2, 1 / 2]
    groups = sorted(dimensions.unique())
    omit = {"nothing": ()} | {k: (k,) for k in codes}
    omit |= {f"dimension {d}": tuple(sorted(dimensions.index[dimensions == d])) for d in groups}
    p_omit = [1 / 3, *[1 / 3 / len(codes)] * len(codes), *[1 / 3 / len(groups)] * len(groups)]
    return [
        Choice(
            "weights",
            "weights",
            {"equal indicators": "indicators", "equal dimensions": "dimensions"} | drawn,
            tuple(share),
        ),
        Choice("aggregation", "aggregation", {"arithmetic": "arithmetic", "geometric": "geometric"}),
        Choice("omit", "omit", omit, tuple(p_omit)),
        Choice(
            "imputation",
            "imputation",
            {"left out": "left_out", "mean of countries": "country_mean", "mean of own dimension": "dimension_mean"},
        ),
    ]


def design(choices: Sequence[Choice], n: int | None, rng: np.random.Generator | None = None) -> pd.DataFrame:
    """Parameter rows: draw, probability, nominal, one column of level labels for each choice.

    With n None every combination once, with its product probability; else row 0 is the official combination with
    probability 0 and n independent draws with probability 1/n follow.
    """
    names = [choice.name for choice in choices]
    if not names or len(set(names)) != len(names):
        raise ParameterError(f"choices: expected distinct names, got {names}")
    if n is None:
        rows = list(product(*[choice.levels for choice in choices]))
        chance = [float(np.prod(p)) for p in product(*[choice.probabilities for choice in choices])]
    else:
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
            raise ParameterError(f"n={n!r}: expected a whole number >= 1, or None for every combination")
        require_rng(rng)
        picks = [
            np.array(list(c.levels), dtype=object)[rng.choice(len(c.levels), n, p=c.probabilities)] for c in choices
        ]
        rows = [tuple(next(iter(c.levels)) for c in choices), *zip(*picks)]
        chance = [0.0, *[1 / n] * n]
    frame = pd.DataFrame(rows, columns=names).astype("category")
    frame.insert(0, "draw", np.arange(len(frame)))
    frame.insert(1, "probability", chance)
    frame.insert(2, "nominal", np.arange(len(frame)) == 0)
    return frame


def group_labels(relative, thresholds: Mapping[str, float] = THRESHOLDS) -> np.ndarray:
    """Group by percent of the EU; a group starts above its threshold, "emerging" is what is left."""
    relative = np.asarray(relative, dtype=float)
    return np.select(
        [relative > thresholds[g] for g in ("leader", "strong", "moderate")], ["leader", "strong", "moderate"], LOWEST
    )


def audit(
    scores: pd.DataFrame,
    choices: Sequence[Choice],
    n: int | None = None,
    rng: np.random.Generator | None = None,
    *,
    dimensions: pd.Series,
    countries: Sequence[str],
    years: Sequence[int],
    benchmark: str = "EU",
    thresholds: Mapping[str, float] = THRESHOLDS,
    offset: float = 0.01,
) -> pd.DataFrame:
    """Rebuild the index under every draw of the choices.

    Parameters
    ----------
    scores : DataFrame (rows, K)
        Normalised scores in [0, 1] over (geo, year), NaN = missing, from `normalised_scores`.
    choices : sequence of Choice
    n : int or None
        Number of random draws; None runs every combination once (exact, needed for `shapley_shares`).
    rng : Generator
        Needed with n.
    dimensions : Series
        Dimension code by indicator code.
    countries : sequence of str
        Ranked units. The benchmark must not be among them.
    years : sequence of int
        The same draw applies to each year.
    benchmark : str
        Unit that is 100 % in each year and draw; it may not miss an indicator.
    thresholds : mapping
        Lower ends of leader, strong, moderate in percent of the benchmark.
    offset : float > 0
        Added to scores before a geometric mean and taken off after it, as a zero would wipe out all else.

    Returns
    -------
    DataFrame
        One row for each draw, year and country: draw, probability, nominal, year, geo, score (0 to 100), relative
        (percent of the benchmark), rank (1 = highest, ties share the better rank), group, a column for each choice.

    Raises
    ------
    DataError
        Scores outside [0, 1], a unit without a row, a benchmark with a missing score.
    DesignError
        An omission that leaves a unit without any score, or a benchmark score of zero.
    """
    countries, units = sorted(countries), [*sorted(countries), benchmark]
    _check_scores(scores, units, years, benchmark, dimensions)
    _check_levels(choices, scores.columns)
    table = design(choices, n, rng)
    parts = []
    for year in years:
        block = scores.loc[[(geo, year) for geo in units]].to_numpy(dtype=float)
        score = _scores_of(block, list(scores.columns), table, choices, dimensions, offset)  # (draws, units)
        if not (score[:, -1] > 0).all():
            raise DesignError(f"{benchmark} {year}: benchmark score of zero, relative scores are not defined")
        relative = 100 * score[:, :-1] / score[:, [-1]]
        ranks = 1 + (score[:, None, :-1] > score[:, :-1, None] + 1e-12).sum(axis=2)
        part = table.loc[np.repeat(table.index, len(countries))].reset_index(drop=True)
        part.insert(3, "year", year)
        part.insert(4, "geo", pd.Categorical(np.tile(countries, len(table)), categories=countries))
        for place, (name, values) in enumerate(
            {
                "score": 100 * score[:, :-1].ravel(),
                "relative": relative.ravel(),
                "rank": ranks.ravel(),
                "group": group_labels(relative.ravel(), thresholds),
            }.items()
        ):
            part.insert(5 + place, name, values)
        parts.append(part)
    out = pd.concat(parts, ignore_index=True)
    out["group"] = pd.Categorical(out["group"], categories=["leader", "strong", "moderate", LOWEST])
    return out


def _check_scores(scores, units, years, benchmark, dimensions) -> None:
    lost = [(geo, year) for geo in units for year in years if (geo, year) not in scores.index]
    if lost:
        raise DataError(f"scores: no row for {lost[0]}")
    if len(set(units)) != len(units):
        raise ParameterError(f"countries: repeated, or contain the benchmark {benchmark}")
    if not set(scores.columns) <= set(dimensions.index):
        raise DataError(f"dimensions: no dimension of {sorted(set(scores.columns) - set(dimensions.index))[0]}")
    values = scores.to_numpy(dtype=float)
    if np.nanmin(values) < 0 or np.nanmax(values) > 1 + 1e-9:
        raise DataError("scores: expected normalised scores in [0, 1]; see normalised_scores")
    for year in years:
        if scores.loc[(benchmark, year)].isna().any():
            raise DataError(
                f"benchmark {benchmark} {year}: missing {scores.columns[scores.loc[(benchmark, year)].isna()][0]}"
            )


def _check_levels(choices, codes) -> None:
    """A level that names an unknown indicator would silently change nothing; refuse it. One choice for each role."""
    for role in ROLES[:-1]:
        if sum(choice.role == role for choice in choices) > 1:
            raise ParameterError(f"choices: two with the role {role}")
    for choice in choices:
        for label, setting in choice.levels.items():
            if choice.role == "omit" and not set(setting) <= set(codes):
                lost = sorted(set(setting) - set(codes))[0]
                raise ParameterError(f"choice {choice.name!r}, level {label!r}: no indicator {lost!r} to omit")
            if isinstance(setting, pd.Series) and not set(codes) <= set(setting.index):
                lost = sorted(set(codes) - set(setting.index))[0]
                raise ParameterError(f"choice {choice.name!r}, level {label!r}: no weight for indicator {lost!r}")


def _scores_of(block, codes, table, choices, dimensions, offset) -> np.ndarray:
    """Composite of every unit (last: benchmark) under every parameter row, shape (draws, units)."""
    by_role = {role: [c for c in choices if c.role == role] for role in ROLES}
    official = {"weights": "indicators", "aggregation": "arithmetic", "omit": (), "imputation": "left_out"}
    groups = np.array([dimensions[k] for k in codes])
    active = [(role, by_role[role][0]) for role in official if by_role[role]]
    filled, out = {}, np.empty((len(table), len(block)))
    labels = list(zip(*[table[c.name].astype(str) for _, c in active])) if active else [()] * len(table)
    done: dict[tuple, np.ndarray] = {}  # a dummy level repeats the very same numbers
    for i, key in enumerate(labels):
        if key not in done:
            now = official | {role: choice.levels[label] for (role, choice), label in zip(active, key)}
            if now["imputation"] not in filled:
                filled[now["imputation"]] = impute(block, groups, now["imputation"])
            keep = np.array([k not in now["omit"] for k in codes])
            x = filled[now["imputation"]][:, keep]
            given = (
                now["weights"]
                if isinstance(now["weights"], str)
                else now["weights"].reindex(codes).to_numpy(dtype=float)[keep]
            )
            done[key] = combine(x, cell_weights(x, groups[keep], given), now["aggregation"], offset)
        out[i] = done[key]
    return out
