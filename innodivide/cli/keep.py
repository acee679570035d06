"""Commands that keep: freeze."""

import sys

import click


@click.command()
def freeze():
    """Record size and SHA-256 of each table in data/datapackage.json, after a wanted change of the data.

    Refused while a table or a rule across tables does not hold.
    """
    from innodivide import checks, data

    failures, _ = checks.check_all()
    if failures:
        click.echo(f"{len(failures)} failures; nothing was recorded (see: innodivide check)", err=True)
        sys.exit(1)
    changed = data.freeze()
    click.echo(f"recorded anew: {', '.join(changed)}" if changed else "all tables are as frozen")
