"""Commands that compare runs: verify (with the stored exhibits), compare (with each other)."""

import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import click

from innodivide.cli.options import FOLDER, workers
from innodivide.errors import DataError, ParameterError

_ONLY = click.option(
    "--only", multiple=True, metavar="NOTEBOOK", help="A notebook (03) or report (annex/PL); may be repeated."
)
_SAVE = click.option("--save", type=FOLDER, help="Where the report goes [default: reports/ of the repository].")


@click.command()
@click.argument("run_folder", required=False, type=click.Path(path_type=Path), metavar="[RUN_FOLDER]")
@_ONLY
@click.option("--out", type=FOLDER, help="Where a new run goes [default: nowhere, it is not kept].")
@workers
@click.option("--renew", is_flag=True, help="Show what differs, then store the exhibits of this run instead.")
@_SAVE
def verify(run_folder, only, out, workers, renew, save):
    """Compare every exhibit of a run with the stored ones (reports/expected/).

    Without RUN_FOLDER everything is run again. Ends with status 0 if all stored exhibits are reproduced and every
    output is what its manifest says, 1 if not. Writes verification.html and verification.md.
    """
    from innodivide.data.folders import refuse_installed
    from innodivide.reports.verify import compare_page, golden
    from innodivide.reports.verify.compare_inputs import provenance

    if renew:
        refuse_installed("innodivide verify --renew")
    if run_folder is not None and (out or workers):
        raise ParameterError("--out and --workers are for a new run; leave RUN_FOLDER away to make one")
    kept, standard = golden.stored(), golden.standard_jobs()
    there = golden.reports_in(run_folder) if run_folder else list(standard) if renew else kept
    wanted = golden.select(only, {*kept, *standard, *there})
    expected = {r: golden.read_stored(r) for r in kept if r in wanted}
    if not expected and not renew:
        raise ParameterError("nothing is stored for these reports; store a run with innodivide verify --renew")
    jobs = [standard[r] for r in wanted if r in there and r in standard]
    with _run(run_folder, jobs, out, workers) as (folder, failed):
        made = [r for r in wanted if r not in failed and (folder / r / "notebook.ipynb").exists()]
        content, unread = _read(folder, made)
        origins = [provenance(r, folder / r) for r in made]
    failed |= unread
    results = _results(wanted, expected, content)
    _tell(results, origins, failed)
    if renew:
        changed = {r.report for r in results if r.status != "same"}
        _renew({r: c for r, c in content.items() if r in standard}, changed, origins, failed)
        return
    _save(save, "verification", compare_page.verification(results, origins, failed))
    counts = compare_page.counts(results)
    click.echo(", ".join(f"{counts[s]} {s}" for s in ("reproduced", "differs", "not run", "new")))
    if counts["differs"] or counts["not run"] or failed or not all(o.sound for o in origins):
        sys.exit(1)


def _tell(results, origins, failed) -> None:
    """Say what is not as stored, and what is wrong with the run."""
    from innodivide.reports.verify import compare_page

    for line in compare_page.lines(results):
        click.echo(line)
    for report, message in failed.items():
        click.echo(f"{report}: {message}", err=True)
    for origin in origins:
        for problem in (origin.fault, *(f"output {path} is missing or was altered" for path in origin.altered)):
            if problem:
                click.echo(f"{origin.report}: {problem}", err=True)
    elsewhere = [o.report for o in origins if o.sound and not o.of_this_checkout]
    if elsewhere:
        click.echo(f"made from other inputs or versions than those of this checkout: {', '.join(elsewhere)}")


def _read(folder, reports) -> tuple[dict, dict[str, str]]:
    """Return the exhibits of each report, and the message for each that cannot be read."""
    from innodivide.reports.verify import golden

    content, unread = {}, {}
    for report in reports:
        try:
            content[report] = golden.read_run(folder / report)
        except DataError as error:
            unread[report] = str(error).replace(f"{folder}/", "")
    return content, unread


@click.command()
@click.argument("run_a", type=click.Path(path_type=Path))
@click.argument("run_b", type=click.Path(path_type=Path))
@_ONLY
@_SAVE
def compare(run_a, run_b, only, save):
    """Show the effect of a change of data, code or parameter: verdicts, inputs and exhibits of RUN_A and RUN_B.

    Each is the folder of a run, or one report. In two runs, reports of one name are compared, and of the others those
    of one notebook with different parameters. Writes comparison.html and comparison.md.
    """
    from innodivide.reports.verify import compare_page, golden
    from innodivide.reports.verify.compare import verdicts
    from innodivide.reports.verify.compare_inputs import changes, provenance

    pairs = report_pairs(run_a, run_b, only)
    first, second = (
        {name: golden.read_run(pair[n]) for name, pair in pairs.items() if pair[n] is not None} for n in (0, 1)
    )
    results = _results(pairs, first, second)
    differing = changes([pair for pair in pairs.values() if None not in pair])
    origins = [
        provenance(f"{'AB'[n]}: {name}", pair[n]) for n in (0, 1) for name, pair in pairs.items() if pair[n] is not None
    ]
    ledgers = verdicts(first.values()), verdicts(second.values())
    text = compare_page.comparison(results, ledgers, differing, origins)
    click.echo(text)
    _save(save, "comparison", text)


def report_pairs(run_a, run_b, only) -> dict[str, tuple]:
    """Return the folders of the reports to compare by name, None where a run has none."""
    from innodivide.reports.making import manifest
    from innodivide.reports.verify import golden

    single = [(run / manifest.MANIFEST).is_file() for run in (run_a, run_b)]
    if all(single):
        made_by = [manifest.read(run)["notebook"] for run in (run_a, run_b)]
        if made_by[0] != made_by[1] or only:
            raise ParameterError(
                f"two reports of one notebook are compared, without --only; these: {', '.join(made_by)}"
            )
        return {f"{run_a.name} and {run_b.name}" if run_a.name != run_b.name else run_a.name: (run_a, run_b)}
    in_a, in_b = (golden.reports_in(run) for run in (run_a, run_b))
    wanted = golden.select(only, {*in_a, *in_b})
    pairs = golden.paired([r for r in in_a if r in wanted], [r for r in in_b if r in wanted])
    return {name: (a and run_a / a, b and run_b / b) for name, (a, b) in pairs.items()}


def _results(reports, expected: dict, found: dict) -> list:
    from innodivide.reports.verify.compare import compare as compare_report

    return [result for r in reports for result in compare_report(r, expected.get(r), found.get(r))]


@contextmanager
def _run(folder, jobs, out, workers):
    """Yield the folder of a run, the one given or a new one, and the reports that failed with their message."""
    if folder is not None:
        yield folder, {}
    elif out is not None:
        yield out, _make(jobs, out, workers)
    else:
        with tempfile.TemporaryDirectory(prefix="innodivide-verify-") as scratch:
            yield Path(scratch), _make(jobs, Path(scratch), workers)


def _make(jobs, out, workers) -> dict[str, str]:
    from innodivide.cli.make import progress, refuse_bad_data
    from innodivide.reports.making import run

    refuse_bad_data({t for job in jobs for t in job.notebook.tables})
    outcomes = run.run(jobs, run.prepare_output(out), workers=workers, tell=progress(len(jobs)))
    return {o.name: o.message for o in outcomes if o.status == "failed"}


def _renew(content, changed, origins, failed) -> None:
    """Store the exhibits of reports that changed, if all are those of a run of this checkout that nobody altered."""
    from innodivide.reports.verify import golden

    bad = [*failed, *(o.report for o in origins if o.report in content and not o.of_this_checkout)]
    if bad or not content:
        raise DataError(f"nothing is stored: {', '.join(bad) or 'the folder'} is no sound run of this checkout")
    for report in (r for r in content if r in changed):
        files = golden.write_stored(report, content[report])
        click.echo(f"stored: {report}: {', '.join(files)}")
    click.echo(f"{len(changed & content.keys())} of {len(content)} reports renewed in {golden.EXPECTED}")


def _save(folder, name: str, markdown: str) -> None:
    from innodivide.data import folders
    from innodivide.reports.files import write_whole
    from innodivide.reports.making.run import prepare_output
    from innodivide.reports.verify.compare_page import page

    folder = prepare_output(folder or folders.reports())
    for kind, text in (("md", markdown), ("html", page(markdown))):
        write_whole(folder / f"{name}.{kind}", text)
    click.echo(f"written: {folder / name}.html and .md")
