"""Rules across tables: figures that must agree with each other and with what was published.

The rules inside one table (types, ranges, keys) are in data/datapackage.json and applied by `innodivide.data.schema`.
"""

from innodivide.data.checks.every import check_all, check_frozen
from innodivide.data.checks.rules import RULES

__all__ = ["RULES", "check_all", "check_frozen"]
