"""Commands that keep what was found: copy-data, freeze, readme, archive, refresh."""

import sys
from pathlib import Path

import click

from innodivide.cli.options import FOLDER
from innodivide.errors import ParameterError


@click.command()
def readme():
    """Write the README's answer, ledger and picture from the stored exhibits, after `innodivide verify --renew`."""
    from innodivide.cli import readme_text as text
    from innodivide.data.folders import refuse_installed
    from innodivide.data.frozen import ROOT, replace

    refuse_installed("innodivide readme")
    new = {ROOT / "README.md": text.written().encode(), ROOT / text.PICTURE: text.picture()}
    for path, content in new.items():
        changed = path.read_bytes() != content
        if changed:
            replace(path, content)
        click.echo(f"{path.name}: {'written' if changed else 'as it was'}")


@click.command()
def freeze():
    """Record size and SHA-256 of each table in datapackage.json, after a wanted change of the data.

    Refused while a table or a rule across tables does not hold.
    """
    from innodivide.data import checks, folders, frozen

    folders.refuse_changing_own("innodivide freeze")
    failures, _ = checks.check_all()
    if failures:
        click.echo(
            f"not recorded; rules do not hold: {len(failures)} (see: {folders.typed('innodivide check')})", err=True
        )
        sys.exit(1)
    changed = frozen.freeze()
    click.echo(f"recorded anew: {', '.join(changed)}" if changed else "all tables are as frozen")


@click.command("copy-data")
@click.argument("folder", type=FOLDER)
def copy_data(folder):
    """Copy the tables to FOLDER, to change them there.

    Then: innodivide freeze --data FOLDER records the change, innodivide annex PL --data FOLDER uses it. Such reports go
    to reports-FOLDER/ and say which tables differ; innodivide compare reports reports-FOLDER shows the effect.
    """
    from innodivide.data import folders, own_tables

    if folder.exists():
        raise ParameterError(f"{folder} is there already; name a new folder")
    own_tables.copy(folder)
    click.echo(f"{folder}: the tables of {folders.DATA}")


@click.command()
@click.argument("out", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--reports", type=FOLDER, help="Folder with the reports [default: reports/].")
def archive(out, reports):
    """Pack data, code, notebooks, exhibits and manifests into one zip [default: innodivide-VERSION.zip].

    The zip is an RO-Crate with the README that journals ask for. All reports must be there and fresh. The same reports
    give the same bytes.
    """
    from innodivide import __version__
    from innodivide.data import folders
    from innodivide.reports.archive import bundle as packer

    out = out or Path(f"innodivide-{__version__}.zip")
    contents = packer.write(out, reports or folders.reports())
    if contents.changed:
        click.echo(f"note: {len(contents.changed)} files differ from the commit; the archive says so", err=True)
    size = out.stat().st_size / 1e6
    click.echo(f"{out}: {len(contents.reports)} reports, {len(contents.files)} files, {size:.1f} MB")


@click.command()
@click.option("--out", type=FOLDER, help="Folder for answers and revisions.csv [default: data-live/].")
@click.option("--server", metavar="URL", help="Ask this server instead of the publishers' (a mirror).")
@click.option("--propose", is_flag=True, help="Write also candidate rows for innodivide add: revised and new figures.")
def refresh(out, server, propose):
    """Compare frozen figures with what Eurostat and the World Bank publish today. Needs the network.

    Tables in data/ are never changed. Ends with status 1, and writes nothing, if a source cannot be reached or read.
    """
    from innodivide.data import folders, refresh as live

    out = out or folders.output("data-live")
    found = live.refresh(out, server, propose)
    for variable, rows in found.groupby("variable", sort=False):
        gone = int(rows["live"].isna().sum())
        click.echo(f"{variable}: {len(rows) - gone} figures revised, {gone} no longer published")
    click.echo(f"{len(found)} frozen figures are not as published today; see {out / 'revisions.csv'}")
    if propose:
        click.echo(f"candidate rows: {out / 'new' / 'country_year.csv'} and {out / 'revised' / 'country_year.csv'}")
        click.echo(
            "read them, delete what you do not want, then: innodivide add FILE (requests: requests.csv beside them)"
        )
