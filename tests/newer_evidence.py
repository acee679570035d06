"""What the next summers may bring, made up, put into a copy of the repository: eight steps, each of rows and no code.

    python tests/newer_evidence.py FOLDER [--to 8] [--reports] [--tests]

FOLDER, which must not exist, becomes a clone of the last commit. Each step goes in by `innodivide add` or by an entry
in a file that CONTRIBUTING.md names, and is a commit of its own. After each the tables are checked, and the registered
answer must be what it was. With --reports every report and annex is made or found fresh, the effect on the verdicts is
shown, and exhibits and README are stored; with --tests the tests run on what is then there. The test of this file runs
the steps alone. Figures here are invented: nothing of the copy may come back. The years of the scoreboards are those
after EIS 2025 and RIS 2023; when later ones are on record, they and those in workbooks.py move on.
"""

import argparse
import datetime
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import workbooks
import yaml

from innodivide.data import frozen, new_rows
from innodivide.data.checks import published_figures
from innodivide.data.checks.control_values import CONTROLS
from innodivide.evidence.plan import PLAN_FILE, plan_hash

ABOUT = ["--publisher", "Nobody", "--address", "https://example.org", "--licence", "none", "--retrieved", "2026-11-29"]
IPCEI = "ipcei_id,name,kind,value_chain,decision_date,n_member_states,n_companies,n_projects,aid_eur_bn_max"
MARK = ".git/newer_evidence"  # of a clone that was made here
Step = Callable[[Path], list[str]]  # a folder for files -> what `innodivide add` is called with


def source(source_id: str) -> list[str]:
    return ["--source", source_id, "--title", f"Invented for a trial: {source_id}", *ABOUT]


def csv(folder: Path, table: str, *lines: str) -> str:
    path = folder / f"{table}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def ours(**changed: pd.DataFrame) -> pd.DataFrame:
    """Return the figures that published ones are compared with, by check_id; some tables may be others."""
    tables = {name: frozen.load(name) for name in published_figures.NEEDED} | changed
    return published_figures.recompute(tables).set_index("check_id")


def a_project(files: Path) -> list[str]:
    """An IPCEI of 2026, with a state that was in none, and what its controls lack of the year before."""
    needed = new_rows.text_of("country_panel").query("year == '2024'")
    needed = needed[needed["variable"].isin(CONTROLS)]
    known = new_rows.text_of("country_year").set_index(["geo", "year", "variable"])["value"]
    lacking = needed[[(r.geo, "2025", r.series) not in known for r in needed.itertuples()]]
    figures = [f"{r.geo},2025,{r.series},{r.value}" for r in lacking.itertuples()]
    outside = ours().loc["C41", "made_of"].split(", ")  # the states in no IPCEI
    states = sorted(["DE", "ES", "PL", outside[0]])
    return [
        csv(files, "country_year", "geo,year,variable,value", *figures),
        csv(files, "ipcei", IPCEI, "TRIAL,IPCEI Invented,integrated,health,2026-06-30,4,9,9,0.5"),
        csv(
            files,
            "ipcei_country",
            "ipcei_id,geo,joined_date,role",
            *(f"TRIAL,{geo},2026-06-30,notifying" for geo in states),
        ),
        csv(files, "ipcei_membership", "ipcei_id,geos,n_states", f"TRIAL,{' '.join(states)},4"),
        csv(files, "published_check", "check_id,recomputed", f"C41,{len(outside) - 1}"),
        *source("TRIAL_IPCEI"),
    ]


def a_scoreboard(files: Path) -> list[str]:
    """EIS 2026: Poland becomes a leader, Sweden falls."""
    path = workbooks.save(files / "EIS_web_download.xlsx", EIS=workbooks.eis_rows(8, {"PL": 2.2, "SE": 0.85}))
    return [str(path), "--published", "2026-07-14", *source("TRIAL_EIS26")]


def regions(files: Path) -> list[str]:
    """RIS 2025, of the regions of NUTS 2021."""
    return [str(workbooks.save(files / "RIS.xlsx", RIS=workbooks.ris_rows(8))), *source("TRIAL_RIS25")]


def newer_regions(files: Path) -> list[str]:
    """RIS 2026, of the regions of NUTS 2024: a region that was split has the figures of the old one in each part."""
    rows = workbooks.of_nuts_2024(workbooks.ris_rows(8, later=3))
    return [str(workbooks.save(files / "RIS.xlsx", RIS=rows)), *source("TRIAL_RIS26")]


def a_correction(files: Path) -> list[str]:
    """One SME fewer in an IPCEI, with the share that follows from it."""
    register = frozen.load("ipcei")
    register["n_smes"] -= (register["ipcei_id"] == "Tech4Cure").astype(int)
    count = register.set_index("ipcei_id").loc["Tech4Cure", "n_smes"]
    return [
        csv(files, "ipcei", "ipcei_id,n_smes", f"Tech4Cure,{count}"),
        csv(files, "published_check", "check_id,recomputed", f"C53,{ours(ipcei=register).loc['C53', 'computed']:.1f}"),
        *source("TRIAL_SME"),
        *("--reason", "One of the firms is a subsidiary of a large one"),
    ]


def a_state(files: Path) -> list[str]:
    """The United Kingdom as a 28th state of a what-if: its group in the editions that lack it."""
    years = new_rows.text_of("eis_edition").set_index("edition")["performance_year"]
    groups = [f"UK,{edition},{years[edition]},strong,listed" for edition in ("2020", "2021", "2022", "2024")]
    return [csv(files, "eis_group", "geo,edition,performance_year,group,basis", *groups), *source("TRIAL_UK")]


RULE = """\
Member States that joined since 2004 against the others, by IPCEIs that they notified: supported if their mean is less
than half of that of the others; contradicted if it is not below it; otherwise partly."""
FUNCTION = '''"""Claim C14, invented for a trial."""

from innodivide.data.tables import Tables, member_states
from innodivide.evidence.claims.finding import Finding
from innodivide.indicators.participation import by_country
from innodivide.wording import teller


def newer_states(tables: Tables) -> Finding:
    """C14: states that joined since 2004 are in few IPCEIs."""
    counts = by_country(tables).set_index("geo")["n"]
    since = member_states(tables).set_index("geo")["eu_accession_year"] >= 2004
    newer, older = counts[since[since].index].mean(), counts[since[~since].index].mean()
    tell = teller(newer=newer, older=older, n=len(since), half=older / 2)
    return Finding(
        claim_id="C14",
        verdict="supported" if newer < older / 2 else "contradicted" if newer >= older else "partly",
        numbers=tell("Mean number of IPCEIs: {newer:.2f} and {older:.2f}."),
        coverage=tell("{n} states"),
        short=tell("Newer states are in {newer:.1f} IPCEIs on average, the others in {older:.1f}."),
        rests=tell("{n} states"),
        change=tell("Supported if the first number were below {half:.1f}; contradicted if not below {older:.1f}"),
    )
'''


MODULES = "    lowest_regions,\n    newer_states,\n"
ENTRY = """\
    Claim(
        "C14",
        "Newer states are in few IPCEIs",
        "{}",
        lambda e, rng: newer_states.newer_states(e.tables),
    ),
)


def statements("""


def a_claim(files: Path) -> list[str]:
    """C14: its rule in a registration of its own, a commit before its row and its function."""
    rules = {"C14": RULE.replace("\n", " ")}
    third = {"registered": datetime.date(2026, 11, 30), "claim_rules": rules}
    added = yaml.safe_dump({"third": third, "third_sha256": plan_hash(third)}, sort_keys=False)
    write(PLAN_FILE, lambda text: text + added)
    commit("Third registration, invented: a rule for C14")
    (frozen.ROOT / "innodivide/evidence/claims/newer_states.py").write_text(FUNCTION, encoding="utf-8")
    entry = ENTRY.format(plan_hash(rules["C14"]))
    write(
        "innodivide/evidence/claims/registry.py",
        lambda text: text.replace(")\n\n\ndef statements(", entry, 1).replace("    lowest_regions,\n", MODULES, 1),
    )
    header = "claim_id,place,claim,supported_if,contradicted_if,test,exhibit,source_id"
    said = '"State of play, Tier 1",States that joined since 2004 are in few IPCEIs.,less than half of the others'
    return [csv(files, "claims", header, f"C14,{said},not less than the others,difference of means,T2.2,BRIEF_2021")]


LEVELS = {
    "  outcome:\n": "    drop_MT: {label: without Malta, drop: [MT], meaning: without Malta}\n",
    "  size:\n": """\
    top3:
      {label: three highest ranks, family: leader, measure: rank, edition: at_decision, top: 3,
       meaning: "one of the three highest ranks among the EU27 in the last scoreboard published before the decision"}
""",
}


def two_levels(files: Path) -> list[str]:
    """Two levels of the grid: a state left out, and another line between leaders and others."""
    for before, level in LEVELS.items():
        write("multiverse.yml", lambda text: text.replace(before, level + before, 1))  # noqa: B023
    return []


STEPS: tuple[Step, ...] = (a_project, a_scoreboard, regions, newer_regions, a_correction, a_state, a_claim, two_levels)


# In the copy ---------------------------------------------------------------------------------------------------------


def write(file: str, change: Callable[[str], str]) -> None:
    """Change a file of the copy by a function of its text."""
    path = frozen.ROOT / file
    old = path.read_text(encoding="utf-8")
    assert change(old) != old, f"{file} was not changed"
    path.write_text(change(old), encoding="utf-8")


def commit(why: str, copy: Path = frozen.ROOT) -> None:
    who = ["-c", "user.name=trial", "-c", "user.email=trial@example.org"]
    subprocess.run(["git", "add", "-A"], cwd=copy, check=True)
    subprocess.run(["git", *who, "commit", "-q", "--allow-empty", "-m", why], cwd=copy, check=True)


def put_in(number: int) -> None:
    """Put one step into this repository and commit it; whoever runs it here wants that (see `main`)."""
    if not (frozen.ROOT / MARK).exists():
        raise SystemExit("invented rows go into a clone that this program made; name a folder for it")
    step = STEPS[number - 1]
    with tempfile.TemporaryDirectory() as files:
        given = step(Path(files))
        if given:
            innodivide(frozen.ROOT, "add", *given, "--yes", "--no-ledger")
    commit(f"Step {number}. {step.__doc__ or ''}")


# From outside --------------------------------------------------------------------------------------------------------


def called(copy: Path, *arguments: str) -> str:
    """Run Python with the package of the copy, in the copy; return what it prints, or stop with what it says."""
    environment = os.environ | {"PYTHONPATH": str(copy), "INNODIVIDE_ROOT": str(copy)}
    done = subprocess.run([sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def innodivide(copy: Path, *arguments: str) -> str:
    return called(copy, "-m", "innodivide.cli", *arguments)


def cloned(folder: Path) -> Path:
    """Return a new clone of the last commit of this repository."""
    subprocess.run(["git", "clone", "-q", str(frozen.ROOT), str(folder)], check=True)
    (folder / MARK).touch()
    return folder.resolve()


def after(copy: Path, number: int) -> str:
    """Put a step into the copy and check the tables; return the registered answer, as the command prints it."""
    called(copy, "tests/newer_evidence.py", "--step", str(number))
    innodivide(copy, "check")
    return innodivide(copy, "leader-test")


def made(copy: Path, before: Path | None) -> str:
    """Make all reports and annexes or find them fresh, store exhibits and README; return what became of verdicts."""
    formats = ["--format", "html,pdf"]
    innodivide(copy, "run", *formats)
    innodivide(copy, "annex", "--all", *formats)
    with tempfile.TemporaryDirectory() as scratch:
        said = innodivide(copy, "compare", str(before), "reports", "--save", scratch) if before else ""
        innodivide(copy, "verify", "reports", "--renew", "--save", scratch)
    innodivide(copy, "readme")
    return said


def tested(copy: Path) -> str:
    """Run the tests of the copy; return what failed and the closing line, as far as pytest prints them."""
    command = ["-m", "pytest", "-q", "-n", "auto", "--dist", "loadfile"]
    try:
        return called(copy, *command).splitlines()[-1]
    except SystemExit as error:
        return "\n".join(
            line for line in str(error).splitlines() if line.startswith(("FAILED", "ERROR")) or "passed" in line
        )


def trial(folder: Path, to: int, reports: bool, tests: bool) -> None:
    """Put the steps in, one after the other, and print what each leads to and how long it took."""
    copy = cloned(folder)
    answer, kept = innodivide(copy, "leader-test"), copy.with_name(f"{copy.name}-before")
    if reports:
        made(copy, None)
    for number in range(1, to + 1):
        start = time.monotonic()
        if reports:
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(copy / "reports", kept, copy_function=os.link)
        same = "as it was" if after(copy, number) == answer else "NOT AS IT WAS"
        print(f"{number}. {STEPS[number - 1].__doc__}", flush=True)
        print(f"   in after {time.monotonic() - start:.0f} s; registered answer {same}", flush=True)
        if reports:
            print(f"{made(copy, kept)}   reports after {time.monotonic() - start:.0f} s", flush=True)
            commit(f"Exhibits after step {number}", copy)
        if tests:
            print(f"   {tested(copy)}, after {time.monotonic() - start:.0f} s", flush=True)
    shutil.rmtree(kept, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--to", type=int, default=len(STEPS), choices=range(1, len(STEPS) + 1))
    parser.add_argument("--reports", action="store_true")
    parser.add_argument("--tests", action="store_true")
    parser.add_argument("--step", type=int, help=argparse.SUPPRESS)  # in the copy
    asked = parser.parse_args()
    if asked.step:
        put_in(asked.step)
    elif asked.folder:
        trial(asked.folder, asked.to, asked.reports, asked.tests)
    else:
        parser.error("name a folder, which becomes the copy")


if __name__ == "__main__":
    main()
