"""The command line, one file for each kind of command."""

from innodivide.cli.main import main

__all__ = ["main"]
