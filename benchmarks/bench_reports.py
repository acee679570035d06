"""Ratios of making country annexes in three ways, measured side by side in one run.

    python benchmarks/bench_reports.py [--countries 27] [--naive 4] [--rounds 1] [--scale 27 270 1000]

floor       the notebook's own cells (same library calls, same figures) in two warm Python processes, no Jupyter
innodivide  innodivide annex: the notebook executed in kernels by papermill, exhibits and HTML written, two processes
naive       the loop a user would write: papermill and nbconvert commands, one country after the other

Each way runs as a process of its own, in turn within each round. Before a ratio is printed, the content is compared:
every country made, no error cell, and every figure of the three ways equal by hash. Memory is the largest of samples
every 3 s: the sum, over the processes of the way, of the pages that each holds (its share of common ones where the
system tells it). The naive loop is timed on the first --naive countries and scaled to all. --scale times a notebook of
one table under many values of its parameter, in a folder of its own: what making reports costs beside their contents.
Nothing here passes or fails on time.
"""

import argparse
import ast
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell, new_notebook

from innodivide.data import frozen
from innodivide.reports.making.declarations import eu27
from innodivide.wording import MIME

NOTEBOOK = frozen.ROOT / "notebooks" / "country_annex.ipynb"
PROCESSES = 2


# The floor -----------------------------------------------------------------------------------------------------------


def run_cells(country: str) -> dict[str, str]:
    """Run the notebook's cells in this process; return figure id -> hash of its drawing."""
    import IPython.display

    shown, space = [], {"__name__": "__floor__"}
    IPython.display.display = lambda *things: shown.extend(things)  # outside a kernel it would print
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        last = ast.Expression(tree.body.pop().value) if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cell", "exec"), space)
        if "parameters" in cell["metadata"].get("tags", []):
            space["country"] = country
        if last is not None:
            shown.append(eval(compile(last, "cell", "eval"), space))
    payloads = [s.payload() for s in shown if hasattr(s, "payload")]
    return {p["id"]: digest(p["svg"]) for p in payloads if p["kind"] == "figure"}


def design_floor(countries, out: Path) -> None:
    from innodivide.reports.making.kernels import context

    with ProcessPoolExecutor(PROCESSES, mp_context=context()) as pool:
        made = dict(zip(countries, pool.map(run_cells, countries)))
    (out / "figures.json").write_text(json.dumps(made), encoding="utf-8")


# The two others ------------------------------------------------------------------------------------------------------


def design_innodivide(countries, out: Path) -> None:
    options = ["--out", str(out), "--format", "html", "--workers", str(PROCESSES), "--force"]
    subprocess.run([sys.executable, "-m", "innodivide.cli", "annex", *countries, *options], check=True)


def design_naive(countries, out: Path) -> None:
    tools = Path(sys.executable).parent
    for country in countries:
        executed = out / f"{country}.ipynb"
        papermill = [tools / "papermill", NOTEBOOK, executed, "-p", "country", country, "-k", "python3"]
        subprocess.run([*papermill, "--cwd", frozen.ROOT, "--no-progress-bar"], check=True, capture_output=True)
        subprocess.run([tools / "jupyter", "nbconvert", "--to", "html", executed], check=True, capture_output=True)


# Content -------------------------------------------------------------------------------------------------------------


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def figures_floor(out: Path) -> dict:
    return json.loads((out / "figures.json").read_text(encoding="utf-8"))


def figures_innodivide(out: Path) -> dict:
    found = {}
    for folder in sorted((out / "annex").iterdir()):
        svg = {p.stem: digest(p.read_text(encoding="utf-8")) for p in (folder / "exhibits").glob("*.svg")}
        page = (folder / "report.html").read_text(encoding="utf-8")
        if page.count("data:image/svg+xml;base64") < len(svg):
            sys.exit(f"{folder.name}: the HTML has fewer pictures than the report has figures")
        found[folder.name] = svg
    return found


def figures_naive(out: Path) -> dict:
    found = {}
    for path in sorted(out.glob("*.ipynb")):
        outputs = [o for c in json.loads(path.read_text(encoding="utf-8"))["cells"] for o in c.get("outputs", [])]
        if any(o["output_type"] == "error" for o in outputs) or not path.with_suffix(".html").is_file():
            sys.exit(f"{path.stem}: the naive loop failed")
        payloads = [o["data"][MIME] for o in outputs if MIME in o.get("data", {})]
        found[path.stem] = {p["id"]: digest(p["svg"]) for p in payloads if p["kind"] == "figure"}
    return found


DESIGNS = {
    "floor": (design_floor, figures_floor),
    "innodivide": (design_innodivide, figures_innodivide),
    "naive": (design_naive, figures_naive),
}


# Measuring -----------------------------------------------------------------------------------------------------------


def memory_held(root: psutil.Process) -> int:
    """Return the bytes that a process and all below it hold, shared pages counted once where the system can tell."""
    total = 0
    for process in [root, *root.children(recursive=True)]:
        try:
            held = process.memory_full_info()
        except psutil.Error:  # it ended meanwhile
            continue
        total += getattr(held, "pss", 0) or held.uss
    return total


def timed(command: list[str]) -> tuple[float, float]:
    """Return wall seconds and largest memory (MB) of a command and all that it starts."""
    started = time.perf_counter()
    process, peak, done = subprocess.Popen(command, stdout=subprocess.DEVNULL), [0], threading.Event()

    def watch():
        root = psutil.Process(process.pid)
        while True:
            try:
                peak[0] = max(peak[0], memory_held(root))
            except psutil.NoSuchProcess:
                return
            if done.wait(3):  # no more often: adding up the pages of large processes takes time from what is measured
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    status = process.wait()
    seconds = time.perf_counter() - started
    done.set()
    watcher.join()
    if status:
        sys.exit(f"{' '.join(command)} ended with status {status}")
    return seconds, peak[0] / 1e6


def measure(design: str, countries: list[str], folder: Path) -> tuple[float, float, dict]:
    """Run one design in a process of its own; return seconds, MB and the figures it made."""
    out = Path(tempfile.mkdtemp(prefix=f"{design}-", dir=folder))
    seconds, memory = timed([sys.executable, __file__, "--design", design, "--out", str(out), *countries])
    made = DESIGNS[design][1](out)
    if sorted(made) != sorted(countries):
        sys.exit(f"{design} made {sorted(made)} instead of {sorted(countries)}")
    return seconds, memory, made


def compare(countries: list[str], n_naive: int, rounds: int, folder: Path) -> None:
    """Print seconds for each report, memory and ratios of the three designs."""
    wanted = {"floor": countries, "innodivide": countries, "naive": countries[:n_naive]}
    seconds, memory = {d: [] for d in wanted}, dict.fromkeys(wanted, 0.0)
    for _ in range(rounds):
        made = {}
        for design, chosen in wanted.items():
            took, held, made[design] = measure(design, chosen, folder)
            seconds[design].append(took / len(chosen))
            memory[design] = max(memory[design], held)
        for design in ("innodivide", "naive"):
            for country, figures in made[design].items():
                if figures != made["floor"][country]:
                    sys.exit(f"{country}: the figures of {design} are not those of the floor; no ratio is printed")
    n_figures = sum(map(len, made["floor"].values()))
    print(f"{len(countries)} annexes, {n_figures} figures, equal by hash in all three; {rounds} round(s)")
    for design, values in seconds.items():
        middle = statistics.median(values)
        print(f"{design:<11}{middle:7.2f} s a report {middle * len(countries):8.1f} s for all {memory[design]:7.0f} MB")
    for over, under in (("innodivide", "floor"), ("naive", "innodivide")):
        ratios = [a / b for a, b in zip(seconds[over], seconds[under])]
        print(f"{over + ' / ' + under:<20}{statistics.median(ratios):5.2f}x  ({min(ratios):.2f} to {max(ratios):.2f})")


def scale(sizes: list[int], folder: Path) -> None:
    """Print seconds a report and memory for growing numbers of parameter sets."""
    root = folder / "root"
    (root / "notebooks").mkdir(parents=True)
    shutil.copytree(frozen.DATA, root / "data")
    for name in ("analysis_plan.yml", "requirements.lock"):
        shutil.copy(frozen.ROOT / name, root)
    (root / "notebooks" / "notebooks.yml").write_text(ONE_TABLE_DECLARED, encoding="utf-8")
    cells = [new_code_cell(ONE_TABLE[0], metadata={"tags": ["parameters"]}), *map(new_code_cell, ONE_TABLE[1:])]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), root / "notebooks" / "one_table.ipynb")
    os.environ["INNODIVIDE_ROOT"] = str(root)  # of the processes that are timed
    for size in sizes:
        out = Path(tempfile.mkdtemp(prefix=f"scale-{size}-", dir=folder))
        seconds, memory = timed([sys.executable, __file__, "--design", "scale", "--out", str(out), str(size)])
        made = len(list(out.glob("*/report.html")))
        if made != size:
            sys.exit(f"{made} of {size} reports made")
        print(f"{size:>5} parameter sets {seconds / size:6.3f} s a report {memory:7.0f} MB", flush=True)


ONE_TABLE_DECLARED = """one_table:
  title: One table
  folder: one_table
  tables: [tile_grid]
  parameters:
    rows: {type: integer, default: 1, meaning: "how many countries"}
"""
ONE_TABLE = (
    "rows = 1",
    """from innodivide import data
from innodivide.data import sources_of
from innodivide.narrative.exhibits import table

tiles = data.load("tile_grid").head(1 + rows % 27)
table("T90.1", "Some countries", tiles, {"geo": "Country", "row": "Row"}, sources=sources_of(tiles))""",
)


def design_scale(size, out: Path) -> None:
    from innodivide.reports.making.run import job, run

    jobs = [job("one_table", ("html",), rows=i + 1) for i in range(int(size[0]))]
    failed = [o for o in run(jobs, out, workers=PROCESSES) if o.status != "made"]
    if failed:
        sys.exit(f"{len(failed)} failed, the first: {failed[0].message}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--countries", type=int, default=27)
    parser.add_argument("--naive", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--scale", type=int, nargs="*", default=[])
    parser.add_argument("--design", choices=[*DESIGNS, "scale"], help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("given", nargs="*", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", PYTHONHASHSEED="0")  # alike on all sides
    if asked.design:
        made = design_scale if asked.design == "scale" else DESIGNS[asked.design][0]
        made(asked.given, asked.out)
        return
    with tempfile.TemporaryDirectory() as folder:
        if asked.scale:
            scale(asked.scale, Path(folder))
        else:
            compare(eu27()[: asked.countries], asked.naive, asked.rounds, Path(folder))


if __name__ == "__main__":
    main()
