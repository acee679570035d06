"""Commands that look at data and claims: check, describe, claims, audit-size."""

import sys

import click

from innodivide.cli.options import pairs, read_status, refuse_unfrozen, workers
from innodivide.errors import DataError, ParameterError

ANSWER = "answer"  # stands where others have the number of a claim


@click.command()
def check():
    """Validate every table: types, ranges, keys, sources, and the figures against published totals.

    A table that holds but is not as frozen (its size and SHA-256 stand in datapackage.json) fails too; after a wanted
    change, `innodivide freeze` records it anew.
    """
    from innodivide.data import checks, frozen, schema

    failures, skipped = checks.check_all()
    failures += checks.check_frozen()
    for line in schema.grouped(failures):
        click.echo(line, err=True)
    if skipped:
        said = f"{'; '.join(skipped[:2])}{f' and {len(skipped) - 2} more' if len(skipped) > 2 else ''}"
        click.echo(f"not checked because a table it needs does not hold: {said}", err=True)
    tables = frozen.resources()
    if failures:
        wrong, files = len(failures), len({f.file for f in failures})
        click.echo(f"{wrong} failure{'s' * (wrong != 1)} in {files} of {len(tables)} tables", err=True)
        sys.exit(1)
    click.echo(f"{len(tables)} tables hold, {len(checks.RULES)} rules across tables hold")
    for note in _notes():
        click.echo(f"note: {note}")


def _notes() -> list[str]:
    """Say what is right but to be known: editions that lack a part, and what no registered result uses."""
    from innodivide.data import Tables, editions
    from innodivide.evidence import regional_analyses, registered_controls
    from innodivide.evidence.claims import registry
    from innodivide.evidence.confirmatory import newer_ipceis
    from innodivide.evidence.plan import load_plan

    tables, plan = Tables(), load_plan()
    notes = editions.gaps(tables)
    newer = [f"{r.ipcei_id} ({r.decision_date:%Y-%m-%d})" for r in newer_ipceis(tables, plan).itertuples()]
    if newer:
        notes.append(
            f"decided after the registered period, which ends on {plan.period[1]}: {', '.join(newer)}. Registered "
            "results leave them out; the record to date stands beside them, labelled exploratory"
        )
    if lost := regional_analyses.without_a_point(tables):
        notes.append(f"region_point has no row for {', '.join(lost)}: the maps of regions leave them out")
    if fault := registry.unmatched(tables):
        notes.append(f"{fault}: no report with the ledger can be made")
    try:
        notes += registered_controls.sentences(registered_controls.moved(tables, plan))
    except DataError as error:
        notes.append(str(error))
    return notes


@click.command()
@click.argument("table", required=False)
def describe(table):
    """Show what the columns of TABLE mean; without TABLE, list the tables."""
    from innodivide.data import frozen

    if table is None:
        for name, described in sorted(frozen.resources().items(), key=lambda item: item[1]["path"]):
            click.echo(f"{name:28} {described['title']}")
        return
    if table not in frozen.resources():
        raise ParameterError(f"unknown table {table!r}; the tables are: {', '.join(sorted(frozen.resources()))}")
    described = frozen.resource(table)
    click.echo(f"{described['title']} (data/{described['path']})\n{described['description']}\n")
    for row in frozen.describe(table).to_dict("records"):
        marks = [
            row["type"],
            row["unit"],
            row["allowed"],
            "key" if row["key"] else "",
            "required" if row["required"] else "",
            f"refers to {row['refers_to']}" if row["refers_to"] else "",
        ]
        click.echo(f"{row['column']}: {row['meaning']}\n    {'; '.join(m for m in marks if m)}")


@click.command("claims")
@click.option("--out", type=click.Path(dir_okay=False), help="Write it to this CSV too, with the registered answer.")
@click.option(
    "-p",
    "--parameter",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="A choice of the plan made otherwise: status, roles, controls or permutations; may be repeated.",
)
def show_claims(out, given):
    """Test the claims of the brief and print the ledger: claim, verdict, numbers.

    With -p it is a what-if, is headed so, and each verdict that is another than the registered one names that too
    (with --data that of the same tables without -p).
    """
    from innodivide.data import own_tables
    from innodivide.evidence.plan import load_plan
    from innodivide.wording import show

    if not out:  # innodivide add computes it on tables that are being changed
        refuse_unfrozen()
    if note := own_tables.note():
        click.echo(note)
    plan = changed_plan(given) if given else load_plan()
    if out and plan.changes:
        raise ParameterError("--out is for the registered ledger; leave it or -p away")
    main_analysis, ledger = _ledger(plan)
    verdicts = ledger["verdict"]
    if plan.changes:
        said = "; ".join(f"{name}: {', '.join(v) if isinstance(v, tuple) else v}" for name, v in plan.changes)
        click.echo(f"WHAT-IF, not the registered ledger. It differs in {said}")
        verdicts = _ledger(load_plan())[1]["verdict"]
    if out:
        import pandas as pd

        value, low, high = (
            main_analysis.interval.estimate,
            main_analysis.interval.ci_low,
            main_analysis.interval.ci_high,
        )
        numbers = f"odds ratio {value:.4f} ({low:.4f} to {high:.4f}), p = {main_analysis.permutation.p_value:.4f}"
        claim = "The answer of the registered model on a changed copy of the data" if note else "The registered answer"
        answer = pd.DataFrame([{"claim_id": ANSWER, "claim": claim, "numbers": numbers}])
        pd.concat([answer, ledger]).to_csv(out, index=False, lineterminator="\n")
    for row, registered in zip(ledger.itertuples(), verdicts):
        other = "" if row.verdict == registered else f" ({'without -p' if note else 'registered'}: {registered})"
        click.echo(f"{row.claim_id} {row.verdict}{other}: {row.claim}\n    {show(row.numbers, missing='')}".rstrip())


def changed_plan(given):
    """Return the plan with the choices given as NAME=VALUE; what claims do not depend on openly is refused by name."""
    from innodivide.evidence.plan import CHOICES, load_plan, what_if

    choices = {}
    for name, value in pairs(given).items():
        if name not in CHOICES:
            raise ParameterError(
                f"-p {name}: the rules of the claims fix it or do not read it; allowed are {', '.join(CHOICES)}"
            )
        how = {"status": read_status, "roles": lambda text: tuple(text.split(","))}
        choices[name] = how.get(name, lambda text: int(text) if text.isdecimal() else text)(value)
    return what_if(load_plan(), **choices)


def _ledger(plan):
    """The registered analysis and the ledger, under a plan."""
    from innodivide.data import Tables
    from innodivide.evidence import claims, confirmatory

    tables = confirmatory.registered(Tables(), plan)
    main_analysis = confirmatory.analyse(confirmatory.planned_dyads(tables, plan), plan, effect=False)
    return main_analysis, claims.ledger(tables, main_analysis, confirmatory.claims_family(main_analysis, plan), plan)


@click.command("audit-size")
@click.option("--simulations", type=click.IntRange(1), help="Simulated data sets per cell [default: as stored].")
@workers
@click.option("--write", is_flag=True, help="Replace the stored audit by this one.")
def audit_size(simulations, workers, write):
    """Simulate false positives, power and coverage of every method and compare with the stored audit.

    Ends with status 1 if a rate differs from the stored one by more than simulation error explains.
    """
    import os
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from innodivide.data import Tables
    from innodivide.data.folders import refuse_installed
    from innodivide.evidence.confirmatory import planned_dyads
    from innodivide.evidence.plan import load_plan
    from innodivide.evidence.size_audit import audit

    if write:
        refuse_installed("innodivide audit-size --write")
    tables, plan = Tables(), load_plan()
    dyads = planned_dyads(tables, plan)
    with ProcessPoolExecutor(workers or os.cpu_count() or 1, mp_context=get_context("spawn")) as executor:
        found = audit.planned(dyads, plan, n_sim=simulations or audit.SIMULATIONS, executor=executor)
    try:
        apart = audit.differences(found, audit.stored(dyads, plan))
    except DataError as error:
        click.echo(str(error), err=True)
        apart = None
    else:
        for row in apart.itertuples():
            click.echo(
                f"{row.method}, sd {row.sd:g}, odds ratio {row.odds_ratio:g}, {row.rate}: "
                f"stored {row.kept:.4f}, now {row.found:.4f} ({row.z:+.1f} standard errors)"
            )
        far = int((apart["z"].abs() > audit.TOLERANCE).sum())
        click.echo(f"{len(apart)} of {2 * len(found)} rates differ, {far} by more than simulation error")
    if write:
        audit.write(found)
        click.echo(f"written: {audit.STORED}")
    elif apart is None or far:
        sys.exit(1)
