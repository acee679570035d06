"""The one record that every estimate and test returns, and the fingerprint of the data behind it."""

import hashlib
import html
import math
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.models.result_checks import check_counts, check_numbers


@dataclass(frozen=True, kw_only=True)
class Result:
    """One estimate or test with everything needed to quote it honestly.

    Parameters
    ----------
    method, term : str
        What was computed, and for which variable.
    estimate : float
        Finite number on `scale`.
    scale : str
        Unit of estimate, standard error and interval, e.g. ``"log odds"`` or ``"percentage points"``.
    se, se_kind : float >= 0 or None, str
        Standard error and how it was obtained; a number needs a kind.
    ci_low, ci_high, ci_level, ci_kind : float or None, float or None, float in (0, 1) or None, str
        Interval with ``ci_low <= ci_high``; both ends are given or neither. An end may be infinite.
    p_value, p_kind : float in [0, 1] or None, str
        P-value and its reference distribution; a number needs a kind.
    n_dyads, n_countries, n_ipceis, n_events : int >= 0 or None
        Size of the data; None where the quantity does not exist for the method.
    n_treated : int >= 0
        Countries that ever carry the label. Obligatory: five treated countries are the real sample size.
    dropped : tuple of str
        Names of the units left out, ``()`` if none. Obligatory.
    separation : bool or None
        Whether the outcome is (quasi-)separated; None if not applicable.
    converged : bool
    seed : int or None
        Entropy of the generator used; None for a deterministic method.
    data_hash : str
        `data_fingerprint` of the columns used.
    notes : tuple of str
    df, dispersion : float >= 0 or None
        Degrees of freedom of a t interval; estimated dispersion, where the method has one.
    n_draws : int > 0 or None
        Permutations, labellings or resamples behind p-value or interval.

    Raises
    ------
    ParameterError
        If a field breaks one of the rules above.

    Examples
    --------
    >>> from innodivide.models import label_permutation_difference  # or any other that returns a record
    >>> import pandas as pd
    >>> label_permutation_difference(pd.Series({"a": 3.0, "b": 1.0, "c": 2.0}), ["a"]).tidy()["estimate"].item()
    1.5
    """

    method: str
    term: str
    estimate: float
    scale: str
    n_treated: int
    dropped: tuple[str, ...]
    converged: bool
    data_hash: str
    se: float | None = None
    se_kind: str = ""
    ci_low: float | None = None
    ci_high: float | None = None
    ci_level: float | None = None
    ci_kind: str = ""
    p_value: float | None = None
    p_kind: str = ""
    n_dyads: int | None = None
    n_countries: int | None = None
    n_ipceis: int | None = None
    n_events: int | None = None
    separation: bool | None = None
    seed: int | None = None
    notes: tuple[str, ...] = ()
    df: float | None = None
    dispersion: float | None = None
    n_draws: int | None = None

    def __post_init__(self):
        check_numbers(self)
        check_counts(self)
        for name in ("dropped", "notes"):
            value = getattr(self, name)
            if not isinstance(value, tuple) or not all(isinstance(item, str) for item in value):
                raise ParameterError(f"{name}: expected a tuple of str, () if there is none; got {value!r}")

    def known(self, *names: str) -> tuple[float, ...]:
        """Return the numbers of some fields; DesignError if the method gives none of that kind."""
        found = [getattr(self, name) for name in names]
        if lost := [name for name, value in zip(names, found) if value is None]:
            raise DesignError(f"{self.method}: gives no {' and no '.join(lost)}")
        return tuple(map(float, found))

    def row(self) -> dict:
        """Fields as exhibits store them, a flat dict in order; tuples joined with ``"; "`` to fit in a cell.

        Without `df`, `dispersion` and `n_draws`, which are said in the texts too; `glance` has them.
        """
        values = {name: getattr(self, name) for name in STORED}
        return {key: "; ".join(value) if isinstance(value, tuple) else value for key, value in values.items()}

    def tidy(self) -> pd.DataFrame:
        """One row: term, estimate, std_error, statistic (estimate over std_error), p_value, conf_low, conf_high."""
        row = {"estimate": self.estimate, "se": self.se, "ci_low": self.ci_low, "ci_high": self.ci_high}
        return tidy_coefficients(pd.DataFrame([row | {"p_value": self.p_value}], index=[self.term], dtype=float))

    def glance(self) -> pd.DataFrame:
        """One row about the whole: method, scale, sizes, df, dispersion, n_draws, converged, separation, data_hash."""
        sizes = {"nobs": self.n_dyads, "n_units": self.n_countries, "n_projects": self.n_ipceis}
        rest = "n_events n_treated df dispersion n_draws converged separation seed data_hash".split()
        return pd.DataFrame(
            [{"method": self.method, "scale": self.scale, **sizes} | {name: getattr(self, name) for name in rest}]
        )

    def lines(self) -> list[tuple[str, str]]:
        """Label and text of what a reader has to see together: estimate, interval, p-value, sample, caveats."""
        out = [("Method", self.method), ("Term", self.term), ("Estimate", f"{_number(self.estimate)} ({self.scale})")]
        if self.se is not None:
            out.append(("Standard error", f"{_number(self.se)} ({self.se_kind})"))
        if self.ci_low is not None:
            span = " to ".join(map(_number, self.known("ci_low", "ci_high")))
            out.append((f"{self.ci_level:.0%} interval", f"{span} ({self.ci_kind})"))
        if self.p_value is not None:
            out.append(("p-value", f"{_number(self.p_value)} ({self.p_kind})"))
        counts = [(self.n_dyads, "dyads"), (self.n_countries, "countries"), (self.n_treated, "ever treated")]
        counts += [(self.n_ipceis, "IPCEIs"), (self.n_events, "events")]
        out.append(("Sample", ", ".join(f"{value} {label}" for value, label in counts if value is not None)))
        out.append(("Left out", ", ".join(self.dropped) or "nothing"))
        if self.separation is not None:
            out.append(("Separation", "yes" if self.separation else "no"))
        if not self.converged:
            out.append(("Converged", "NO"))
        out += [("Seed", str(self.seed))] if self.seed is not None else []
        return out + [("Note", note) for note in self.notes] + [("Data", self.data_hash[:12])]

    def __str__(self) -> str:
        width = max(len(label) for label, _ in self.lines())
        return "\n".join(f"{label:<{width}}  {text}" for label, text in self.lines())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cells = (
            f'<tr><th scope="row">{html.escape(label)}</th><td>{html.escape(text)}</td></tr>'
            for label, text in self.lines()
        )
        return f'<table class="result">{"".join(cells)}</table>'


STORED = tuple(field.name for field in fields(Result) if field.name not in ("df", "dispersion", "n_draws"))


def tidy_coefficients(table: pd.DataFrame) -> pd.DataFrame:
    """Coefficients (index term; estimate, se, ci_low, ci_high, p_value) under the names that users of broom expect.

    Returns
    -------
    DataFrame
        term, estimate, std_error, statistic (estimate over std_error; the p-value may rest on another), p_value,
        conf_low, conf_high.
    """
    names = {"se": "std_error", "ci_low": "conf_low", "ci_high": "conf_high"}
    found = table.assign(term=table.index.astype(str), statistic=table["estimate"] / table["se"]).rename(columns=names)
    order = ["term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
    return found[order].reset_index(drop=True)


def _number(value: float) -> str:
    return f"{value:.4g}"


def as_odds_ratio(log: Result) -> Result:
    """Return a record on log odds as an odds ratio: ends of the interval exponentiated, se by the delta method."""
    ratio = math.exp(log.estimate)
    return replace(
        log,
        estimate=ratio,
        scale=log.scale.replace("log odds", "odds ratio"),
        se=None if log.se is None else ratio * log.se,
        se_kind=f"delta method on {log.se_kind}" if log.se is not None else "",
        ci_low=None if log.ci_low is None else math.exp(log.ci_low),
        ci_high=None if log.ci_high is None else math.exp(log.ci_high),
    )


def results_frame(results) -> pd.DataFrame:
    """Stack records into a frame, one row each, columns in field order (also when there are none)."""
    return pd.DataFrame([result.row() for result in results], columns=list(STORED))


def data_fingerprint(frame: pd.DataFrame, columns) -> str:
    """sha256 of the canonical CSV of some columns; the order of rows and of `columns` does not matter.

    Numbers and booleans are written as the shortest text that reads back as the same float, dates as ISO
    dates, missing values as empty cells. Columns go by name, rows by their text.

    Parameters
    ----------
    frame : DataFrame
    columns : iterable of str

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    DataError
        If a column is not in the frame.
    """
    names = sorted(set(columns))
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise DataError(f"column(s) {', '.join(missing)} not found; it has: {', '.join(map(str, frame))}")
    texts = [_cells(frame[name]) for name in names]
    lines = sorted(",".join(cells) for cells in zip(*texts))
    return hashlib.sha256("\n".join([",".join(names), *lines]).encode()).hexdigest()


def _cells(column: pd.Series) -> list[str]:
    """Texts of a column; those of plain numbers without a look at each, which simulations would feel."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf" and not column.isna().any():
        return [repr(value) for value in column.astype(float).tolist()]
    return [_cell(value) for value in column.tolist()]


def _cell(value) -> str:
    if isinstance(value, str):
        text = value.replace('"', '""')
        return f'"{text}"' if any(char in text for char in ',"\n') else text
    if pd.isna(value):
        return ""
    if isinstance(value, (bool, int, float, np.number, np.bool_)):
        return repr(float(value))
    return value.isoformat()[:10] if hasattr(value, "isoformat") else _cell(str(value))


def seed_of(rng: np.random.Generator | None) -> int | None:
    """Entropy a generator was made from (the number given to `default_rng`); None if it cannot be told."""
    entropy = getattr(getattr(require_rng(rng).bit_generator, "seed_seq", None), "entropy", None)
    return int(entropy) if isinstance(entropy, (int, np.integer)) else None


def require_rng(rng) -> np.random.Generator:
    """The generator itself, or ParameterError: a random method without a stated generator cannot be rerun."""
    if not isinstance(rng, np.random.Generator):
        raise ParameterError(f"rng: expected a numpy.random.Generator, e.g. default_rng(20250101); got {rng!r}")
    return rng
