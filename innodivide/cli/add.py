"""The command that puts rows into the tables: shows what they change, then writes all or nothing."""

import sys
from pathlib import Path

import click

from innodivide.cli import questions, what_changes
from innodivide.errors import ParameterError


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--edition", type=int, help="Year in the title of a workbook's edition [default: its last year].")
@click.option("--published", help="Day on which an edition was published, as 2026-07-14 (needed for a new EIS).")
@click.option(
    "--thresholds", help="Lower bounds of its groups in percent of the EU, as 125/100/70 [default: the last]."
)
@click.option("--nuts-version", help="Version of NUTS of a RIS edition's regions [default: the one that fits best].")
@click.option("--source", "source_id", help="Id of the source of the rows, one of sources.csv or a new one.")
@click.option("--title", help="Of a new source: title.")
@click.option("--publisher", help="Of a new source: who published it.")
@click.option("--address", help="Of a new source: address of its page.")
@click.option("--licence", help="Of a new source: licence or terms of reuse.")
@click.option("--how", "how_obtained", help="Of a new source: how it was obtained [default: downloaded there].")
@click.option("--retrieved", help="Of a new source: day on which it was read [default: today].")
@click.option("--reason", help="Why a figure that stands in a table is replaced (for corrections.csv).")
@click.option("--who", help="Id of the source that says so, and what it says it against [default: the source].")
@click.option("--ledger/--no-ledger", default=True, help="Compare the verdicts before and after (a minute or two).")
@click.option("--dry-run", is_flag=True, help="Show everything and write nothing.")
@click.option("--yes", is_flag=True, help="Ask nothing; what is needed and not given is an error.")
def add(files, ledger, dry_run, yes, **given):
    """Add rows: a new IPCEI, an edition of a scoreboard, a country's figures, a correction.

    FILES are CSV files named as tables, such as ipcei.csv, with the columns of the table or some of them; or the
    official workbook (.xlsx) of an edition of the EIS or RIS. Without FILES you are asked. Shown are the rows, the
    verdicts before and after, and the annexes concerned; then tables, sources and hashes are written, all or nothing.
    """
    from innodivide.data import corrections, folders, frozen, new_rows

    folders.refuse_changing_own("innodivide add")
    ask = not yes and not dry_run
    if not files and not ask:
        raise ParameterError("name the files to add; only without --yes and --dry-run are you asked for rows")
    say = questions.Answers(given, ask)
    rows, notes = _read(files, say) if files else (questions.rows(say), [])
    rows += questions.source(say, rows)
    controls, more = _controls(rows)
    rows, notes = rows + controls, notes + more
    proposal, failures = new_rows.propose(rows)
    _refuse(failures)
    if corrections.replaced(proposal):
        rows += questions.correction(say, proposal, rows)
        proposal, failures = new_rows.propose(rows)
        _refuse(failures)
    for note in notes:
        click.echo(f"note: {note}")
    if not proposal.contents:
        click.echo(f"all {proposal.same} rows are in the tables already; nothing to add")
        return
    with new_rows.staged(proposal) as data:
        _refuse(_failures(proposal, data))
        what_changes.tell_rows(proposal)
        what_changes.tell_annexes(proposal)
        if ledger:
            what_changes.tell_ledger(frozen.DATA, data)
        if dry_run or (ask and not click.confirm("Write these rows?")):
            click.echo("nothing was written")
            return
        new_rows.write(proposal, data)
    check = folders.typed("innodivide check")
    click.echo(f"written: {len(proposal.contents)} tables and their hashes; next: {check}, then make reports")


def _read(files, say) -> tuple[list, list[str]]:
    """Return the rows of all files, and remarks on workbooks."""
    from innodivide.data import new_rows

    rows, notes, failures = [], [], []
    for file in files:
        if file.suffix.lower() in (".xlsx", ".xlsm"):
            found, said, wrong = _workbook(file, say)
        else:
            one, wrong = new_rows.read_csv(file)
            found, said = [_with_source(one, say)] if one and not wrong else [], []
        rows, notes, failures = rows + found, notes + said, failures + wrong
    _refuse(failures)
    return rows, notes


def _with_source(rows, say):
    """Give rows that are new and name no source the one that was given."""
    from innodivide.data import frozen, new_rows

    described = frozen.resource(rows.table)
    if rows.table == "source" or "source_id" not in [f["name"] for f in described["schema"]["fields"]]:
        return rows
    frame, own = rows.frame, "source_id" in rows.frame
    bare = new_rows.is_new(rows) & ((frame["source_id"] == "") if own else True)
    if not bare.any():
        return rows
    given = frame["source_id"].mask(bare, say("source_id")) if own else bare.map({True: say("source_id"), False: ""})
    return new_rows.Rows(rows.table, frame.assign(source_id=given), rows.place, blank=("source_id",))


def _workbook(file: Path, say) -> tuple[list, list[str], list]:
    """Return the rows, remarks and failures of the workbook of an edition; its sheets say which scoreboard it is of."""
    from innodivide.data import edition_workbook, eis_workbook, new_rows, ris_workbook, workbook

    board = ris_workbook if "RIS" in workbook.names(file) else eis_workbook
    sheets, failures = workbook.read(file, board.LAYOUT)
    if failures:
        return [], [], failures
    given = edition_workbook.Edition(
        source_id=say("source_id"),
        text=new_rows.text_of,
        number=say.given["edition"],
        published=say.given["published"] or "",
        thresholds=_limits(say.given["thresholds"]),
        nuts_version=say.given["nuts_version"],
    )
    found = board.rows(sheets, given)
    tables = {name: frame for name, frame in found.tables.items() if len(frame)}
    if "eis_edition" in tables and not given.published:
        tables["eis_edition"] = tables["eis_edition"].assign(published=say("published"))
    rows = [new_rows.Rows(name, frame, found.places[name], figures=True) for name, frame in tables.items()]
    return rows, [f"{file.name}: {note}" for note in found.notes], found.failures


def _controls(rows) -> tuple[list, list[str]]:
    """Return the rows of country_panel that new IPCEIs need, derived from country_year, and what has no figure."""
    from innodivide.data import new_rows, panel_series
    from innodivide.data.checks.control_values import CONTROLS

    days = [d for r in rows if r.table == "ipcei" for d in r.frame.get("decision_date", []) if d[:4].isdigit()]
    if not days:
        return [], []
    tables = [new_rows.with_rows(name, rows) for name in ("country_panel", "country_year")]
    derived, lacking = panel_series.for_decisions(*tables, days, CONTROLS)
    notes = [f"no figure in country_year for {', '.join(lacking[:5])}{' ...' * (len(lacking) > 5)}"] if lacking else []
    if derived.empty:
        return [], notes
    notes.append(f"{len(derived)} rows of country_panel follow from country_year, by the series of the year before")
    return [new_rows.Rows("country_panel", derived, "derived from country_year.csv")], notes


def _limits(text: str | None) -> tuple[float, float, float] | None:
    if text is None:
        return None
    try:
        leader, strong, moderate = map(float, text.split("/"))
    except ValueError:
        raise ParameterError(f"--thresholds {text!r}: write three numbers, as 125/100/70") from None
    return leader, strong, moderate


def _failures(proposal, data) -> list:
    """Return what would not hold, named by the rows that were given."""
    from innodivide.data import checks, new_rows

    return new_rows.named_as_given(checks.check_all(data)[0], proposal)


def _refuse(failures) -> None:
    from innodivide.data.schema import grouped

    if failures:
        for line in grouped(failures):
            click.echo(line, err=True)
        click.echo(f"{len(failures)} failures; nothing was written", err=True)
        sys.exit(1)
