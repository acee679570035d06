"""The frozen tables of data/: load, describe, check, and the sources behind them."""

from innodivide.data.frozen import DATA, ROOT, describe, load
from innodivide.data.sources import flag_note, sources_of
from innodivide.data.tables import Tables

__all__ = ["DATA", "ROOT", "Tables", "describe", "flag_note", "load", "sources_of"]
