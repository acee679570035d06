"""Named errors. Every message says which parameter or column is at fault and what would be accepted."""


class InnodivideError(ValueError):
    """Base of every error that the package raises on purpose."""


class DataError(InnodivideError):
    """A table does not keep its contract: a column, key or value is missing or out of range."""


class NotAvailable(DataError):
    """A table is left out, as its licence forbids the use that is meant."""


class ParameterError(InnodivideError):
    """An argument has a value that is not allowed."""


class DesignError(InnodivideError):
    """The data are readable, but the statistic asked for is not defined on them."""
