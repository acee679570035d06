"""The command line. Exit status 0: done; 1: a check or a report failed; 2: wrong use.

The library is imported inside each command, so that --help answers at once.
"""

import errno
import os

import click

from innodivide import __version__
from innodivide.cli import add, ask, keep, look, make, options, proof, trace
from innodivide.errors import InnodivideError, ParameterError
from innodivide.reports.making import surroundings


class _Commands(click.Group):
    """Turns the package's own errors, and those of the system, into a clear message and an exit status."""

    def __call__(self, *arguments, **options):
        surroundings.settle()
        return super().__call__(*arguments, **options)

    def invoke(self, context):
        try:
            surroundings.one_root()
            return super().invoke(context)
        except ParameterError as error:
            raise click.UsageError(str(error)) from None
        except InnodivideError as error:
            click.echo(f"innodivide: {error}", err=True)
            context.exit(1)
        except OSError as error:
            if error.errno == errno.EPIPE:  # whoever read our output has ended: click ends quietly
                raise
            place = error.filename or "standard output or another open file"
            click.echo(f"innodivide: {place}: {error.strerror or error}", err=True)
            context.exit(1)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="innodivide")
@options.data
@click.option("--without", multiple=True, metavar="TABLE", help="Leave a table out whose licence forbids your use.")
def main(without):
    """Does innovation-leader status predict IPCEI participation? Data, tests, reports and country annexes."""
    if without:
        leave_out(without)


def leave_out(names) -> None:
    """Leave tables out in this process and all that it starts; what needs them says "not available (licence)"."""
    from innodivide.data import frozen, licences

    unknown = sorted(set(names) - set(licences.restricted(frozen.resources())))
    if unknown:
        allowed = ", ".join(licences.restricted(frozen.resources()))
        raise ParameterError(f"--without {unknown[0]}: allowed are the tables with a licence of their own: {allowed}")
    os.environ[licences.WITHOUT] = ",".join(sorted(names))


_ON_TABLES = (
    make.run,
    make.annex,
    look.check,
    look.describe,
    look.show_claims,
    ask.leader_test,
    trace.trace,
    add.add,
    keep.freeze,
)
_OTHERS = (proof.verify, proof.compare, look.audit_size, keep.copy_data, keep.readme, keep.archive, keep.refresh)
for _command in (*map(options.data, _ON_TABLES), *_OTHERS):
    main.add_command(_command)
