"""Reference numbers and inputs for the statistical tests."""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

HERE = Path(__file__).parent


def expected(dataset: str) -> pd.DataFrame:
    """R's numbers for one data set: rows are terms, columns are quantities."""
    frame = pd.read_csv(HERE / "expected.csv")
    return frame[frame["dataset"] == dataset].pivot(index="term", columns="quantity", values="value")


def table(name: str) -> pd.DataFrame:
    """One of the inputs that the R script wrote."""
    return pd.read_csv(HERE / f"{name}.csv")


def as_dyads(frame: pd.DataFrame) -> pd.DataFrame:
    """Give plain cases the keys of dyads: every row its own country, one project."""
    return frame.assign(geo=[f"c{i:04d}" for i in range(len(frame))], ipcei_id="P")


def two_by_two(a: int, b: int, c: int, d: int) -> pd.DataFrame:
    """Dyads of a 2x2 table: a, b treated with and without event; c, d untreated with and without event."""
    cells = [(1, 1, a), (1, 0, b), (0, 1, c), (0, 0, d)]
    rows = [(x, y) for x, y, count in cells for _ in range(count)]
    return as_dyads(pd.DataFrame(rows, columns=["leader", "participates"]))


def made_up(rng: np.random.Generator, n: int = 12, k: int = 5, sd: float = 0.0, effect: float = 0.0) -> pd.DataFrame:
    """Random dyads: n countries, k projects, a quarter of them leaders, country intercepts of spread sd."""
    size, wealth, shock = rng.normal(16, 1.3, n), rng.normal(4.6, 0.3, n), rng.normal(0, sd or 1e-300, n)
    leader = np.isin(np.arange(n), rng.choice(n, max(2, n // 4), replace=False))
    p = expit(-0.4 + 0.6 * (size - 16) + effect * leader + shock)
    country = np.repeat(np.arange(n), k)
    return pd.DataFrame(
        {
            "geo": [f"C{i:02d}" for i in country],
            "ipcei_id": [f"P{j}" for j in np.tile(np.arange(k), n)],
            "participates": rng.random(n * k) < p[country],
            "leader": leader[country],
            "ln_population": size[country],
            "ln_gdp_pc_pps": wealth[country],
        }
    )
