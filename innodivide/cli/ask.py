"""The command that asks the registered question otherwise: leader-test."""

import re
from pathlib import Path

import click

from innodivide.cli.options import read_status, refuse_unfrozen
from innodivide.errors import ParameterError


@click.command("leader-test")
@click.option(
    "--states",
    default="eu27",
    show_default=True,
    help="Codes of states, as DE,FR; eu27 and euro-area may stand among them.",
)
@click.option("--outcome", default="participates", show_default=True, help="A column, in the place of taking part.")
@click.option("--control", "controls", multiple=True, help="A column, beside size and wealth; may be repeated.")
@click.option(
    "--own",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE.csv",
    help="Own figures by state (column geo), IPCEI (ipcei_id) or year (year): FILE.COLUMN then names a column.",
)
@click.option("--status", help="Whose scoreboard gives the status: at_decision, lag1 or an edition.")
@click.option("--roles", metavar="ROLE,ROLE", help="The roles that count as taking part [default: notifying].")
@click.option("--controls-year", type=int, help="Size and wealth of one year [default: the year before the decision].")
@click.option("--since", metavar="DATE", help="IPCEIs decided from this day on, as 2021-04-30.")
@click.option("--until", metavar="DATE", help="IPCEIs decided up to this day.")
def leader_test(states, outcome, controls, own, **choices):
    """Run the registered leader test, or ask the same question otherwise: a what-if, and labelled so.

    A column is a variable of table country_panel (gerd_pct_gdp), or TABLE.COLUMN (s3_country.partnerships), with
    conditions after commas where a state has several rows (horizon_country.projects,data_cut=2025-08; year=2020).
    Prints what differs, the estimate with its interval, p and sizes, and beside a what-if the registered result, which
    is that of the tables of innodivide; with --data also what the same tables say without the other changes.
    """
    from innodivide.data import Tables, folders
    from innodivide.evidence import asked_otherwise

    refuse_unfrozen()
    tables = Tables(_own_figures(own, [outcome, *controls]))
    given = {name: value for name, value in choices.items() if value is not None}
    if "status" in given:
        given["status"] = read_status(given["status"])
    if "roles" in given:
        given["roles"] = given["roles"].split(",")
    listed = [code.strip() for code in states.split(",")]
    listed = [code if code in asked_otherwise.GROUPS else code.upper() for code in listed]
    found = asked_otherwise.leader_test(tables, listed, outcome, controls, **given)
    click.echo(str(found))
    plain = asked_otherwise.leader_test(Tables()) if found.differs else found
    if plain.differs != found.differs:
        said = "without these changes" if folders.OWN_DATA else "the same tables without the other changes"
        click.echo(f"\nBeside it, {said}:\n{plain}")
    if plain.differs:  # by --data
        refuse_unfrozen(home := folders.ROOT / "data")
        registered = asked_otherwise.leader_test(Tables(folder=home))
        click.echo(f"\nThe registered answer, on the tables of innodivide:\n{registered}")


def _own_figures(files, columns) -> dict:
    """Read own figures by the name of their file; each has to be used by a column TABLE.COLUMN."""
    from innodivide.data import frozen, own_tables

    tables = {}
    for path in files:
        name = path.stem
        if name in frozen.resources() or name in tables:
            whose = "--own has another file" if name in tables else "innodivide has a table"
            raise ParameterError(f"--own {path}: {whose} of this name; give the file another")
        if not re.fullmatch(r"[\w -]+", name):
            raise ParameterError(f"--own {path}: name the file with letters, digits, - and _ only, then .csv")
        tables[name] = own_tables.read(path)
        if not any(column.partition(".")[0].strip() == name for column in columns):
            known = [f"{name}.{column}" for column in tables[name] if column not in ("geo", "ipcei_id", "year")]
            used = f"--control {known[0]}" if known else "a column of figures, which it lacks"
            raise ParameterError(f"--own {path}: none of its columns is used; add {used} (it has {', '.join(known)})")
    return tables
