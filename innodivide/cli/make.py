"""Commands that make reports: run, annex."""

import sys
from collections import Counter
from contextlib import nullcontext
from functools import reduce
from pathlib import Path

import click

from innodivide.cli.options import FOLDER, pairs, workers
from innodivide.errors import DataError, ParameterError

_OPTIONS = (
    click.option("--out", type=FOLDER, help="Output folder [default: reports/]."),
    click.option(
        "--format",
        "formats",
        default="html,pdf",
        show_default=True,
        help="Formats to add, separated by commas: html, pdf, docx, pptx. Formats that a report has already stay.",
    ),
    workers,
    click.option("--cluster", metavar="ADDRESS", help="Work on a Dask scheduler, such as tcp://host:8786."),
    click.option(
        "--wait/--no-wait",
        default=True,
        help="Wait up to 10 minutes for another run in the same folder [default], or refuse at once.",
    ),
    click.option("--force", is_flag=True, help="Make reports again that are up to date."),
    click.option("--overwrite-edited", is_flag=True, help="Make files anew that were changed by hand; else they stay."),
    click.option("--why", is_flag=True, help="Say of each report why it is fresh or must be made; then go on."),
    click.option(
        "-p",
        "--parameter",
        "given",
        multiple=True,
        metavar="NAME=VALUE",
        help="A parameter of the notebook; may be repeated.",
    ),
)


def _output_options(command):
    return reduce(lambda made, option: option(made), reversed(_OPTIONS), command)


@click.command()
@click.argument("notebooks", nargs=-1)
@_output_options
def run(notebooks, formats, given, **options):
    """Run policy NOTEBOOKS (default: all) and write their reports."""
    from innodivide.reports.making import declarations
    from innodivide.reports.making.run import job

    names = notebooks or [n for n in declarations.notebooks() if n != declarations.ANNEX]
    _make([job(name, formats.split(","), **pairs(given)) for name in names], **options)


@click.command()
@click.argument("countries", nargs=-1, metavar="[GEO]...")
@click.option("--all", "every", is_flag=True, help="All 27 Member States.")
@click.option("--peers", metavar="CZ,SK", help="Member States to set it beside [default: its three nearest peers].")
@click.option(
    "--edition", metavar="YEAR", help="Edition of the European Innovation Scoreboard shown [default: latest]."
)
@click.option("--until", metavar="DATE", help="The record of this day, as 2024-01-31 [default: all that is known].")
@click.option("--title", default="", help="Title in the place of the report's own, such as a ministry's.")
@click.option("--contact", default="", help="Line below the title: who answers questions.")
@click.option(
    "--logo", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="PNG to set above the title."
)
@_output_options
def annex(countries, every, formats, given, peers, edition, until, title, contact, logo, **options):
    """Write the annex of the countries named by their Eurostat codes (EL for Greece).

    What is shown (peers, edition, until) is part of the name of the report's folder; title, contact and logo are not.
    """
    from innodivide.reports.making import branding
    from innodivide.reports.making.declarations import eu27
    from innodivide.reports.making.run import annex_jobs

    if every == bool(countries):
        raise ParameterError(f"name the countries or give --all; the countries are {', '.join(eu27())}")
    wanted = eu27() if every else dict.fromkeys(c.upper() for c in countries)
    chosen = {k: v for k, v in {"peers": peers, "edition": edition, "until": until}.items() if v is not None}
    look = branding.read(title, contact, logo)
    _make(annex_jobs(wanted, formats.split(","), look, **(pairs(given) | chosen)), **options)


def _make(jobs, out, workers, force, overwrite_edited, why, cluster, wait) -> None:
    """Check the data, run the jobs with progress, report failures, end with status 1 if there are any."""
    from innodivide.data import folders
    from innodivide.reports.making import manifest, run as runner
    from innodivide.reports.making.lock import PATIENCE, only_run_in
    from innodivide.reports.site.index import write_index

    if cluster and workers:
        raise ParameterError("--workers counts processes of this machine; with --cluster, the cluster has its own")
    out = out or folders.reports()
    jobs = list({job.name: job for job in jobs}.values())  # a notebook named twice is run once
    reasons = runner.freshness(jobs, out, edited=overwrite_edited)
    todo = [job for job in jobs if force or reasons[job.name]]
    # A fresh report has the inputs, byte for byte, of a run whose data held: only the others need the data checked,
    # which takes longer than all else that a run with nothing to do does.
    refuse_bad_data({t for job in todo for t in job.notebook.tables})
    if why:
        for job in todo:
            click.echo(f"{job.name} must be made: {'; '.join(reasons[job.name]) or 'fresh, but --force is given'}")
    tell = progress(len(jobs), lambda name: f": {manifest.compared(out / name)}" if why else "")
    try:
        if todo:
            patience = PATIENCE if wait else 0
            with only_run_in(runner.prepare_output(out), patience), _executor(cluster, todo) as executor:
                how = {"force": force, "overwrite": overwrite_edited, "workers": workers, "executor": executor}
                outcomes = runner.run(jobs, out, tell=tell, **how)
                write_index(out)
        else:
            outcomes = [runner.fresh(job, out) for job in jobs]
            for outcome in outcomes:
                tell(outcome)
            write_index(out)  # leaves a page alone that is up to date
    except KeyboardInterrupt:
        click.echo("\ninterrupted; the same command goes on from here", err=True)
        sys.exit(130)
    counts = Counter(o.status for o in outcomes)
    left = f"{counts['left out']} left out, " if counts["left out"] else ""
    made = f"{counts['made']} made, {counts['fresh']} up to date, {left}{counts['failed']} failed"
    click.echo(f"{made}; start at {out / 'index.html'}")
    if counts["failed"]:
        sys.exit(1)


def progress(total: int, because=lambda name: ""):
    """Return what tells each outcome as it becomes known; `because` adds to a fresh one what it rests on."""
    done = []

    def tell(outcome):
        done.append(outcome)
        took = f" in {outcome.seconds:.0f} s" if outcome.status == "made" else ""
        rests_on = because(outcome.name) if outcome.status == "fresh" else ""
        click.echo(f"[{len(done)}/{total}] {outcome.name}: {outcome.status}{took}{rests_on}")
        if outcome.message:
            click.echo(f"    {outcome.message}", err=True)

    return tell


def _executor(cluster, jobs):
    if not cluster:
        return nullcontext()
    from innodivide.reports.making.cluster import executor

    return executor(cluster, sorted({job.notebook.name for job in jobs}))


def refuse_bad_data(tables) -> None:
    """Raise if one of these tables, or of those they refer to, does not hold or is not as frozen."""
    from innodivide.data import frozen

    if not tables:
        return
    names = frozen.linked_tables([*sorted(tables), "source", "country"])
    failures = [f for name in names for f in frozen.check_table(name) or frozen.check_frozen(name)]
    if failures:
        raise DataError("the data do not hold; nothing was run:\n  " + "\n  ".join(map(str, failures[:20])))
