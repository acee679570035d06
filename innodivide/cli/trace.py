"""The command that leads from an exhibit or number to code, rows and sources."""

import shlex
from pathlib import Path

import click

from innodivide.cli.options import FOLDER
from innodivide.errors import ParameterError

_SHOWN = 12  # rows of each kind, unless all are asked for


@click.command(context_settings={"ignore_unknown_options": True})  # a number may begin with a minus
@click.argument("exhibit", metavar="ID")
@click.argument("key", required=False, default="")
@click.option("--report", default="", help="Report that holds it, as annex/PL [default: that of its notebook].")
@click.option("--reports", type=FOLDER, help="Folder of a run [default: the stored exhibits].")
@click.option("--all", "every", is_flag=True, help=f"All rows, not the first {_SHOWN} of each table.")
def trace(exhibit, key, report, reports, every):
    """Show what stands behind an exhibit: functions, rows of data, sources with their addresses.

    ID is as printed: T7.1, F7.2, N3.1; TA.1 PL for an annex. KEY picks rows: a country (PL or Poland), a claim, an
    IPCEI or another text of a cell, or a number as it is printed (1.07, 33%). A number or name in the place of ID lists
    the exhibits that show it.
    """
    from innodivide.data import frozen
    from innodivide.reports.archive.exhibit_trace import is_id, near, trace as traced, where
    from innodivide.reports.verify.golden import EXPECTED

    folder, most = Path(reports) if reports else None, None if every else _SHOWN
    if not is_id(exhibit) and not key:
        shown = where(exhibit, folder)
        if not shown:
            raise ParameterError(
                f"{exhibit!r} is no id of an exhibit, such as T7.1, and no exhibit shows it{near(exhibit)}"
            )
        _list(f"{exhibit} is shown by", [f"{i} of {name}: {said[:100]}" for i, name, said in shown], most)
        best = next((i for i, *_ in shown if not i.startswith("N")), shown[0][0])  # a sentence cites no sources
        click.echo(f"\nwhat stands behind one of them: innodivide trace {best} {shlex.quote(exhibit)}")
        return
    found = traced(exhibit, key, report, folder)
    click.echo(f"{found.exhibit} of report {found.report}: {found.title}\n\nshown by {found.cell}")
    _list("data made by", found.made_by)
    _list("which use", found.used, most)
    _list("values of its words from", [*found.words_by, found.words])
    _list("values, by their names there", [f"{name}: {text}" for name, text in found.values.items()], most)
    if key and not found.exhibit.startswith("N"):
        _list(f"rows of the exhibit with {key}", [_row(r) for r in found.rows] or ["none"], most)
    for frame, (other, n, rows) in found.frames.items():
        place = folder / other / "exhibits" if folder and (folder / other).is_dir() else EXPECTED / other
        named_here = f", with {key}" if rows else ": a country or region as KEY shows its own"
        click.echo(f"\ncomputed from the {n} rows of {frame} ({place / frame}.csv){named_here}")
        _list("rows", [_row(r) for r in rows], most)
    named = {t: rows for t, (_, rows) in sorted(found.tables.items(), key=lambda item: len(item[1][1])) if rows}
    others = [f"{t} ({n} rows)" for t, (n, _) in found.tables.items() if t not in named]
    for table, rows in named.items():
        file = frozen.resource(table)["path"]
        _list(f"rows of table {table} (data/{file}) with {key}", [_row(r) for r in rows], most)
    if others:
        click.echo(f"\n{'other ' if named else ''}tables that these functions may read: {', '.join(others)}")
    if not named:
        click.echo("name a country, claim, IPCEI or region as KEY to see rows (innodivide describe TABLE: the columns)")
    if key and not found.rows:  # a sentence, or a figure that has the number in its words only
        also = [f"{i} of {name}: {said[:100]}" for i, name, said in where(key, folder) if i[0] != "N" and i != exhibit]
        _list(f"no row of {found.exhibit} has {key}; these show it too (innodivide trace ID {key})", also, most)
    _list("sources", [f"{i}: {text}" for i, text in found.sources.items()], most)


def _list(title: str, lines, most: int | None = None) -> None:
    lines = list(lines)
    if lines:
        click.echo(f"\n{title}:")
        for line in lines[:most]:
            click.echo(f"    {line}")
        if most and len(lines) > most:
            click.echo(f"    and {len(lines) - most} more (--all)")


def _row(row) -> str:
    return "; ".join(f"{k}={v}" for k, v in row.items() if v)
