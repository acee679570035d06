"""How cost grows with states, projects, specifications and draws, as a table and a picture.

    python benchmarks/bench_growth.py [--repeats 3] [--sets 27,4.1 270,3.9 1000,3.9] [--picture docs/growth.svg]

CPU seconds of this process on made-up data, the least of --repeats; each line is one analysis of the library. A slope
is that of the last step on logarithmic scales: 1 means that twice the size costs twice as much. --sets takes what
`bench_reports.py --scale` printed (parameter sets, seconds a report), so that the picture has it too. Nothing here
passes or fails on time.
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from innodivide.data import Tables
from innodivide.evidence.multiverse.grid import expand
from innodivide.evidence.multiverse.whole_grid import run_grid
from innodivide.indicators import theil_t
from innodivide.models import firth_logit, lpm_clustered, permutation_test

UNITS, PROJECTS, SPECIFICATIONS = (27, 100, 500, 2000), (11, 50, 200, 1000), (50, 500, 5000)
DRAWS = (1_000, 10_000, 100_000, 1_000_000)


def made_up(units: int, projects: int) -> pd.DataFrame:
    """Return dyads of made-up units and projects: a fifth of the units leads, a third of the dyads takes part."""
    rng = np.random.default_rng(1)
    geo, ipcei = np.repeat(np.arange(units), projects), np.tile(np.arange(projects), units)
    size, wealth = rng.normal(size=(2, units))
    odds = -0.7 + 0.8 * size[geo]
    return pd.DataFrame(
        {
            "geo": [f"U{i:04}" for i in geo],
            "ipcei_id": [f"P{i:04}" for i in ipcei],
            "leader": (geo % 5 == 0).astype(int),
            "ln_population": size[geo],
            "ln_gdp_pc_pps": wealth[geo],
            "participates": (rng.random(len(geo)) < 1 / (1 + np.exp(-odds))).astype(int),
        }
    )


def least_seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the least CPU seconds of some calls."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def on_frames(frames: dict[int, pd.DataFrame]) -> dict[str, dict[int, Callable]]:
    """Return what is timed on made-up dyads of each size."""
    return {
        "Firth logit, dispersion interval": {n: lambda f=f: firth_logit(f, profiles=False) for n, f in frames.items()},
        "Firth logit with profile interval": {n: lambda f=f: firth_logit(f) for n, f in frames.items()},
        "least squares, CR2": {n: lambda f=f: lpm_clustered(f, kind="CR2") for n, f in frames.items()},
        "permutation test, 999 draws": {n: lambda f=f: permuted(f, 999) for n, f in frames.items()},
    }


def permuted(frame: pd.DataFrame, draws: int) -> object:
    """Return the permutation test of the label with some draws."""
    return permutation_test(frame, n_permutations=draws, rng=np.random.default_rng(2))


def by_axis() -> dict[str, dict[str, dict[int, Callable]]]:
    """Return axis -> analysis -> size -> the call that is timed."""
    tables, base = Tables(), made_up(27, 11)
    specifications = expand(tables)
    spread = np.linspace(0, len(specifications) - 1, max(SPECIFICATIONS)).astype(int)
    rng = np.random.default_rng(3)
    values = {n: rng.gamma(2.0, size=n) for n in UNITS}
    states = on_frames({n: made_up(n, 11) for n in UNITS})
    states["Theil T"] = {n: lambda v=v: theil_t(v) for n, v in values.items()}
    grid = {
        n: lambda n=n: run_grid(tables, specifications.iloc[spread[:: max(SPECIFICATIONS) // n]])
        for n in SPECIFICATIONS
    }
    return {
        "states (11 projects)": states,
        "projects (27 states)": on_frames({n: made_up(27, n) for n in PROJECTS}),
        "specifications": {"specification grid": grid},
        "draws (27 states, 11 projects)": {"permutation test": {n: lambda n=n: permuted(base, n) for n in DRAWS}},
    }


def measured(repeats: int) -> pd.DataFrame:
    """Return axis, analysis, size, seconds."""
    rows = []
    for axis, analyses in by_axis().items():
        for name, sizes in analyses.items():
            sizes[min(sizes)]()  # what is imported at the first use is no growth
            for size, work in sizes.items():
                rows.append((axis, name, size, least_seconds(work, repeats)))
                print(f"{axis:<32}{name:<36}{size:>9,} {rows[-1][-1]:10.3f} s", flush=True)
    return pd.DataFrame(rows, columns=["axis", "analysis", "size", "seconds"])


def slopes(frame: pd.DataFrame) -> pd.Series:
    """Return the slope of the last step of each line."""

    def of_one(part: pd.DataFrame) -> float:
        (size, seconds) = np.log(part[["size", "seconds"]].to_numpy()[-2:]).T
        return (seconds[1] - seconds[0]) / (size[1] - size[0])

    return frame.groupby(["axis", "analysis"], sort=False)[["size", "seconds"]].apply(of_one)


def draw(frame: pd.DataFrame, path: Path) -> None:
    """Write one small picture for each axis, both scales logarithmic, with the line of equal growth."""
    import matplotlib.pyplot as plt

    plt.rcParams.update({"svg.hashsalt": "growth", "svg.fonttype": "none", "font.size": 9})
    axes = frame["axis"].unique()
    rows = -(-len(axes) // 2)
    figure, places = plt.subplots(rows, 2, figsize=(9, 3.1 * rows), layout="constrained", squeeze=False)
    for place in places.ravel()[len(axes) :]:
        place.set_axis_off()
    for place, axis in zip(places.ravel(), axes):
        for name, part in frame[frame["axis"] == axis].groupby("analysis", sort=False):
            place.loglog(part["size"], part["seconds"], marker="o", markersize=4, label=name)
        of_axis = frame[frame["axis"] == axis]
        ends = np.array([of_axis["size"].min(), of_axis["size"].max()])
        place.loglog(ends, of_axis["seconds"].min() * ends / ends[0], color="0.6", linestyle=":", label="equal growth")
        place.set(title=axis, ylabel="CPU seconds")
        place.legend(fontsize=7, frameon=False)
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sets", nargs="*", default=[], metavar="SETS,SECONDS")
    parser.add_argument("--picture", type=Path)
    asked = parser.parse_args()
    frame = measured(asked.repeats)
    sets = [tuple(map(float, text.split(","))) for text in asked.sets]
    more = [
        ("parameter sets of a notebook of one table", "waiting, all reports, 2 processes", n, n * each)
        for n, each in sets
    ]
    frame = pd.concat([frame, pd.DataFrame(more, columns=frame.columns)]) if more else frame
    print(slopes(frame).round(2).to_string())
    if asked.picture:
        draw(frame, asked.picture)


if __name__ == "__main__":
    main()
