"""Turn a dyads frame into checked arrays. Shared by models, inference and power; not part of the public API."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from innodivide.errors import DesignError, ParameterError
from innodivide.models.estimators.newton import orthogonal_columns
from innodivide.models.frame_columns import in_order, numeric, require_columns, require_keys
from innodivide.models.result import data_fingerprint

CONTROLS = ("ln_population", "ln_gdp_pc_pps")
_RANK_TOL = 1e-8  # of the largest singular value of standardised columns
COLLINEAR = 100.0  # a variance inflation factor from which on columns are called nearly collinear


@dataclass(frozen=True, eq=False)
class Design:
    """Dyads sorted by unit and project, n rows; `controls` centred and scaled by `center` and `scale`."""

    y: np.ndarray  # (n,) 0/1
    d: np.ndarray  # (n,) exposure on its own scale
    controls: np.ndarray  # (n, k) standardised
    center: np.ndarray  # (k,)
    scale: np.ndarray  # (k,)
    geo: np.ndarray  # (n,) index into countries
    ipcei: np.ndarray  # (n,) index into ipceis
    countries: tuple[str, ...]
    ipceis: tuple[str, ...]
    term: str
    control_names: tuple[str, ...]
    data_hash: str
    balanced: bool  # every country faces every IPCEI
    unit: str = "geo"
    project: str = "ipcei_id"

    @property
    def null_matrix(self) -> np.ndarray:
        """Intercept and standardised controls, shape (n, 1 + k)."""
        return np.column_stack([np.ones(len(self.y)), self.controls])

    @property
    def binary(self) -> bool:
        """Whether the exposure is a 0/1 label."""
        return bool(np.isin(self.d, (0, 1)).all())

    @property
    def n_treated(self) -> int:
        """Countries that ever carry the label; all of them if the exposure is continuous."""
        return len(np.unique(self.geo[self.d != 0])) if self.binary else len(self.countries)

    def counts(self) -> dict:
        """Sample sizes and fingerprint as keyword arguments of `Result`."""
        return {
            "n_dyads": len(self.y),
            "n_countries": len(self.countries),
            "n_ipceis": len(self.ipceis),
            "n_events": int(self.y.sum()),
            "n_treated": self.n_treated,
            "data_hash": self.data_hash,
        }

    def by_country(self, values: np.ndarray) -> np.ndarray:
        """Sum of values (n,) within each country, shape (countries,)."""
        return np.bincount(self.geo, weights=values, minlength=len(self.countries))

    def to_matrix(self, values: np.ndarray) -> np.ndarray:
        """Dyad values (n,) as a country x IPCEI matrix; DesignError if some pairs are missing."""
        if not self.balanced:
            there = np.zeros((len(self.countries), len(self.ipceis)), dtype=bool)
            there[self.geo, self.ipcei] = True
            row, column = np.argwhere(~there)[0]
            raise DesignError(
                "dyads: permuting country rows needs every country to face the same IPCEIs; "
                f"{len(self.y)} rows for {len(self.countries)} countries x {len(self.ipceis)} IPCEIs, none for "
                f"{self.unit} {self.countries[row]}, {self.project} {self.ipceis[column]}"
            )
        return values.reshape(len(self.countries), len(self.ipceis))


def build_design(
    dyads: pd.DataFrame, term: str, controls, outcome: str, unit: str = "geo", project: str = "ipcei_id"
) -> Design:
    """Check and sort a dyads frame.

    Parameters
    ----------
    dyads : DataFrame
        Columns `unit`, `project`, `term`, `controls`, `outcome`; one row per unit (country) and project (IPCEI).
    term, outcome : str
        Exposure (boolean, 0/1 or a number) and outcome (boolean or 0/1).
    controls : sequence of str
        May be empty.
    unit, project : str

    Raises
    ------
    DataError, ParameterError, DesignError
        For absent columns, misuse of names, and degenerate data (see the messages).
    """
    names, keys = check_names(term, controls, outcome, unit, project), [unit, project]
    require_columns(dyads, [*keys, *names], "dyads")
    if dyads.empty:
        raise DesignError("dyads: the frame has no rows")
    require_keys(dyads, keys, "dyads")
    twice = dyads.duplicated(keys)
    if twice.any():
        geo, ipcei = dyads.loc[twice, keys].iloc[0]
        raise DesignError(f"{unit}, {project}: ({geo}, {ipcei}) appears more than once")
    frame = in_order(dyads, keys)
    columns = {name: numeric(frame[name]) for name in names}
    countries, ipceis = sorted(frame[unit].unique()), sorted(frame[project].unique())
    if len(countries) < 2:
        raise DesignError(f"{unit}: only one country ({countries[0]}); countries are the units compared")
    check_outcome(columns[outcome], outcome)
    center, scale, standard = standardise([columns[name] for name in names[2:]], len(frame))
    check_rank(columns[term], standard, term, names[2:])
    return Design(
        y=columns[outcome],
        d=columns[term],
        controls=standard,
        center=center,
        scale=scale,
        geo=np.searchsorted(countries, frame[unit].to_numpy()),
        ipcei=np.searchsorted(ipceis, frame[project].to_numpy()),
        countries=tuple(countries),
        ipceis=tuple(ipceis),
        term=term,
        control_names=tuple(names[2:]),
        data_hash=data_fingerprint(frame, [*keys, *names]),
        balanced=len(frame) == len(countries) * len(ipceis),
        unit=unit,
        project=project,
    )


def check_names(term: str, controls, outcome: str, *keys: str) -> list[str]:
    """``[outcome, term, *controls]`` if these and the keys are distinct texts, else ParameterError."""
    if isinstance(controls, str) or not hasattr(controls, "__iter__"):
        raise ParameterError(f"controls: expected a sequence of column names, () for none; got {controls!r}")
    names = [outcome, term, *controls]
    every = [*names, *keys]
    if not all(isinstance(name, str) for name in every):
        raise ParameterError(f"term, controls, outcome: expected column names (str), got {every!r}")
    if len(set(every)) < len(every):
        raise ParameterError(f"term, controls, outcome: a column is named twice in {every}")
    return names


def check_outcome(y: np.ndarray, name: str) -> None:
    """The outcome must hold both 0 and 1 and nothing else."""
    if not np.isin(y, (0, 1)).all():
        raise DesignError(f"{name}: expected a boolean or 0/1 outcome, got values {np.unique(y)[:5]}")
    if y.min() == y.max():
        raise DesignError(f"{name}: constant outcome, every row is {int(y[0])}; there is nothing to explain")


def standardise(columns: list[np.ndarray], n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means, population standard deviations (1 for a constant column) and the standardised (n, k) matrix."""
    matrix = np.column_stack(columns) if columns else np.empty((n, 0))
    center, spread = matrix.mean(axis=0), matrix.std(axis=0)
    # A constant column has a spread of rounding size, not exactly zero.
    scale = np.where(spread > 1e-12 * np.maximum(1.0, np.abs(center)), spread, 1.0)
    return center, scale, (matrix - center) / scale


def check_rank(d: np.ndarray, controls: np.ndarray, term: str, names) -> None:
    """DesignError naming the first column that the columns before it determine."""
    if np.ptp(d) == 0:
        raise DesignError(f"{term}: constant treatment, every row is {d[0]:g}; nothing to compare")
    _, _, exposure = standardise([d], len(d))
    matrix = np.column_stack([np.ones(len(d)), controls, exposure])
    for k, name in enumerate([*names, term], start=2):
        singular = np.linalg.svd(matrix[:, :k], compute_uv=False)
        if singular.size < k or singular[-1] <= _RANK_TOL * singular[0]:
            shares = np.linalg.lstsq(matrix[:, : k - 1], matrix[:, k - 1], rcond=None)[0][1:]
            before = [one for one, share in zip(names, shares) if abs(share) > _RANK_TOL]
            if not before:
                raise DesignError(f"{name}: rank deficient design, the column is constant; leave it out")
            raise DesignError(
                f"{name}: rank deficient design, the column is a linear combination of the intercept, "
                f"{', '.join(before)}; leave one of them out"
            )


def mean_intercept(offset: np.ndarray, target: float, weights: np.ndarray | None = None) -> np.ndarray:
    """Intercepts (...) at which the (weighted) mean of expit(intercept + offset (..., n)) is a target in (0, 1).

    With the fitted linear predictor as offset and the observed rate as target this is the FLIC correction
    (Puhr et al. 2017). Newton steps.
    """
    intercept = np.log(target / (1 - target)) - np.average(offset, axis=-1, weights=weights)
    for _ in range(200):
        p = expit(intercept[..., None] + offset)
        slope = np.maximum(np.average(p * (1 - p), axis=-1, weights=weights), 1e-12)
        step = (np.average(p, axis=-1, weights=weights) - target) / slope
        intercept = intercept - np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-13 * max(1.0, np.abs(intercept).max()):
            break
    return intercept


def separation(matrix: np.ndarray, y: np.ndarray, names) -> tuple[bool, str]:
    """Whether 0/1 data are separated (Konis linear programme) and which estimates are then infinite."""
    from firthmodels import detect_separation

    basis, _ = orthogonal_columns(np.column_stack([matrix, np.ones(len(y))]))
    if not detect_separation(basis, y, fit_intercept=False).separation:
        return False, ""
    found = detect_separation(matrix, y)
    infinite = [name for name, finite in zip([*names, "intercept"], found.is_finite) if not finite]
    return True, f"maximum likelihood is infinite for {', '.join(infinite) or 'a combination of collinear columns'}"


def collinearity(matrix: np.ndarray, names) -> str:
    """Which columns of (n, k) the others, with an intercept, nearly determine, and how nearly; empty if none.

    The variance inflation factor of a column is 1 / (1 - R2) of its regression on the others.
    """
    full = np.column_stack([np.ones(len(matrix)), standardise(list(matrix.T), len(matrix))[2]])
    factors = (np.linalg.inv(orthogonal_columns(full)[1]) ** 2).sum(axis=1)[1:]
    near = [name for name, factor in zip(names, factors) if factor >= COLLINEAR]
    if not near:
        return ""
    return f"{', '.join(near)}: nearly collinear, variance inflation factor up to {factors.max():.2g}"
