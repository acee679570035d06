"""Options that several commands have."""

from pathlib import Path

import click

FOLDER = click.Path(path_type=Path, file_okay=False)
workers = click.option("--workers", type=click.IntRange(1), help="Processes [default: one for each core].")
