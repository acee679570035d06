"""The command line. Exit status 0: done; 1: a check or a report failed; 2: wrong use."""

import sys
from pathlib import Path

import click

from innodivide import __version__
from innodivide.errors import DataError, InnodivideError, ParameterError

# The library is imported inside each command, so that --help answers at once.


class _Commands(click.Group):
    """Turns the package's own errors into a clear message and an exit status."""

    def invoke(self, context):
        try:
            return super().invoke(context)
        except ParameterError as error:
            raise click.UsageError(str(error)) from None
        except InnodivideError as error:
            click.echo(f"innodivide: {error}", err=True)
            context.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="innodivide")
def main():
    """Does innovation-leader status predict IPCEI participation? Data, tests, reports and country annexes."""


def _output_options(command):
    from functools import reduce

    options = [
        click.option(
            "--out",
            type=click.Path(path_type=Path, file_okay=False),
            default=None,
            help="Output folder [default: reports/ of the repository].",
        ),
        click.option(
            "--format",
            "formats",
            default="html,pdf",
            show_default=True,
            help="Formats, separated by commas: html, pdf, docx.",
        ),
        click.option("--workers", type=click.IntRange(1), default=None, help="Processes [default: one for each core]."),
        click.option("--force", is_flag=True, help="Make reports again that are up to date."),
        click.option(
            "-p",
            "--parameter",
            "given",
            multiple=True,
            metavar="NAME=VALUE",
            help="A parameter of the notebook; may be repeated.",
        ),
    ]
    return reduce(lambda f, option: option(f), reversed(options), command)


@main.command()
@click.argument("notebooks", nargs=-1)
@_output_options
def run(notebooks, out, formats, workers, force, given):
    """Run policy NOTEBOOKS (default: all) and write their reports."""
    from innodivide.reports import declarations
    from innodivide.reports.run import job

    names = notebooks or [n for n in declarations.notebooks() if n != declarations.ANNEX]
    _make([job(name, formats.split(","), **_pairs(given)) for name in names], out, workers, force)


@main.command()
@click.argument("countries", nargs=-1, metavar="[GEO]...")
@click.option("--all", "every", is_flag=True, help="All 27 Member States.")
@_output_options
def annex(countries, every, out, formats, workers, force, given):
    """Write the annex of the countries named by their Eurostat codes (EL for Greece)."""
    from innodivide.reports.declarations import eu27
    from innodivide.reports.run import annex_jobs

    if every == bool(countries):
        raise ParameterError(f"name the countries or give --all; the countries are {', '.join(eu27())}")
    wanted = eu27() if every else dict.fromkeys(c.upper() for c in countries)
    _make(annex_jobs(wanted, formats.split(","), **_pairs(given)), out, workers, force)


def _pairs(given) -> dict[str, str]:
    for text in given:
        if "=" not in text:
            raise ParameterError(f"-p {text!r}: write it as NAME=VALUE")
    return dict(text.split("=", 1) for text in given)


def _make(jobs, out, workers, force) -> None:
    """Check the data, run the jobs with progress, report failures, end with status 1 if there are any."""
    from innodivide import data
    from innodivide.reports import run as runner
    from innodivide.reports.site import write_index

    _refuse_bad_data({t for job in jobs for t in job.notebook.tables})
    out = runner.prepare_output(out or data.ROOT / "reports")
    jobs = list({job.name: job for job in jobs}.values())  # a notebook named twice is run once
    done = []

    def tell(outcome):
        done.append(outcome)
        took = f" in {outcome.seconds:.0f} s" if outcome.status == "made" else ""
        click.echo(f"[{len(done)}/{len(jobs)}] {outcome.name}: {outcome.status}{took}")
        if outcome.message:
            click.echo(f"    {outcome.message}", err=True)

    outcomes = runner.run(jobs, out, force=force, workers=workers, tell=tell)
    write_index(out)
    counts = {s: sum(o.status == s for o in outcomes) for s in ("made", "fresh", "failed")}
    click.echo(
        f"{counts['made']} made, {counts['fresh']} up to date, {counts['failed']} failed; start at {out / 'index.html'}"
    )
    if counts["failed"]:
        sys.exit(1)


def _refuse_bad_data(tables) -> None:
    from innodivide import data

    failures = [
        f for name in data.linked_tables([*sorted(tables), "source", "country"]) for f in data.check_table(name)
    ]
    if failures:
        raise DataError("the data do not hold; nothing was run:\n  " + "\n  ".join(map(str, failures[:20])))


@main.command()
def check():
    """Validate every table: types, ranges, keys, sources, and the figures against published totals."""
    from innodivide import checks, data

    failures, skipped = checks.check_all()
    for failure in failures:
        click.echo(str(failure), err=True)
    for name in skipped:
        click.echo(f"not checked because a table it needs does not hold: {name}", err=True)
    tables = data.resources()
    if failures:
        click.echo(f"{len(failures)} failures in {len({f.file for f in failures})} of {len(tables)} tables", err=True)
        sys.exit(1)
    click.echo(f"{len(tables)} tables hold, {len(checks.RULES)} rules across tables hold")


@main.command()
@click.argument("table", required=False)
def describe(table):
    """Show what the columns of TABLE mean; without TABLE, list the tables."""
    from innodivide import data

    if table is None:
        for name, described in sorted(data.resources().items(), key=lambda item: item[1]["path"]):
            click.echo(f"{name:28} {described['title']}")
        return
    if table not in data.resources():
        raise ParameterError(f"unknown table {table!r}; the tables are: {', '.join(sorted(data.resources()))}")
    described = data.resource(table)
    click.echo(f"{described['title']} (data/{described['path']})\n{described['description']}\n")
    for row in data.describe(table).to_dict("records"):
        marks = [
            row["type"],
            row["unit"],
            row["allowed"],
            "key" if row["key"] else "",
            "required" if row["required"] else "",
            f"refers to {row['refers_to']}" if row["refers_to"] else "",
        ]
        click.echo(f"{row['column']}: {row['meaning']}\n    {'; '.join(m for m in marks if m)}")


@main.command("claims")
def show_claims():
    """Test the claims of the brief and print the ledger: claim, verdict, numbers."""
    from innodivide import claims, confirmatory
    from innodivide.plan import load_plan
    from innodivide.wording import show

    plan = load_plan()
    main_analysis = confirmatory.analyse(confirmatory.planned_dyads(plan), plan, effect=False)
    ledger = claims.ledger(main_analysis, confirmatory.claims_family(main_analysis, plan), plan)
    for row in ledger.itertuples():
        click.echo(f"{row.claim_id} {row.verdict}: {row.claim}\n    {show(row.numbers, missing='')}".rstrip())


@main.command("audit-size")
@click.option(
    "--simulations", type=click.IntRange(1), default=None, help="Simulated data sets per cell [default: as stored]."
)
@click.option("--workers", type=click.IntRange(1), default=None, help="Processes [default: one for each core].")
@click.option("--write", is_flag=True, help="Replace the stored audit by this one.")
def audit_size(simulations, workers, write):
    """Simulate false positives, power and coverage of every method and compare with the stored audit.

    Ends with status 1 if a rate differs from the stored one by more than simulation error explains.
    """
    import os
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from innodivide import size_audit

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for the workers: small matrices, one process for each core
    with ProcessPoolExecutor(workers or os.cpu_count() or 1, mp_context=get_context("spawn")) as executor:
        found = size_audit.planned(n_sim=simulations or size_audit.SIMULATIONS, executor=executor)
    try:
        apart = size_audit.differences(found, size_audit.stored())
    except DataError as error:
        click.echo(str(error), err=True)
        apart = None
    else:
        for row in apart.itertuples():
            click.echo(
                f"{row.method}, sd {row.sd:g}, odds ratio {row.odds_ratio:g}, {row.rate}: "
                f"stored {row.kept:.4f}, now {row.found:.4f} ({row.z:+.1f} standard errors)"
            )
        far = int((apart["z"].abs() > size_audit.TOLERANCE).sum())
        click.echo(f"{len(apart)} of {2 * len(found)} rates differ, {far} by more than simulation error")
    if write:
        size_audit.write(found)
        click.echo(f"written: {size_audit.STORED}")
    elif apart is None or far:
        sys.exit(1)


if __name__ == "__main__":
    main()
