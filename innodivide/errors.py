"""Named errors. Every message says which parameter or column is at fault and what would be accepted."""

import functools
import inspect
import reprlib
from collections.abc import Callable, Collection, Mapping, Sequence
from numbers import Integral, Real
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

F = TypeVar("F", bound=Callable)


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


def checked(function: F) -> F:
    """Let a public function refuse by name an argument that is not of the kind that its annotation says.

    Else a frame in the place of tables, or a list in the place of a number, ends in a traceback of pandas or NumPy.
    What a value of the right kind has to fulfil is up to the function. Without annotation nothing is asked.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            takes = ", ".join(signature.parameters)
            raise ParameterError(f"{function.__name__}: {error}; its arguments are {takes}") from None
        for name, kinds in _kinds(function).items():
            value = bound.arguments.get(name, signature.parameters[name].default)
            if not any(_fits(value, kind) for kind in kinds):
                wanted = " or ".join(filter(None, map(_said, kinds)))
                plain = isinstance(value, (str, int, float, list, tuple, NoneType))
                shown = reprlib.repr(value) if plain else type(value).__name__
                error = DataError if "DataFrame" in wanted else ParameterError
                raise error(f"{name}: expected {wanted}, got {shown}")
        try:
            return function(*args, **kwargs)
        except KeyError as error:  # from pandas: `Tables` asks of a frame that it is given the columns of its key only
            if all(getattr(one, "own", not isinstance(one, Mapping)) for one in bound.arguments.values()):
                raise
            raise DataError(f"the tables given have no table or column {error} (innodivide describe)") from error

    return cast(F, wrapper)


_MANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@functools.cache
def _kinds(function: Callable) -> dict[str, tuple]:
    """The kinds that each argument may be of, by name."""
    import numpy
    import pandas

    hints = get_type_hints(function, localns={"pd": pandas, "np": numpy})  # some modules name them for types only
    named = {p.name for p in inspect.signature(function).parameters.values() if p.kind not in _MANY}
    return {n: get_args(h) if get_origin(h) in (Union, UnionType) else (h,) for n, h in hints.items() if n in named}


def _fits(value, kind) -> bool:
    base = get_origin(kind) or kind
    if base is Any:
        return True
    if getattr(base, "__name__", "") == "Tables":  # any mapping of names to frames
        return isinstance(value, Mapping)
    if base is float:
        return isinstance(value, Real)
    if base is int:
        return isinstance(value, Integral)
    if base is Sequence:  # an array or an index is one too, if it has one dimension
        plain = isinstance(value, Collection) and not isinstance(value, Mapping)  # a text: the function's own check
        return plain and getattr(value, "ndim", 1) == 1 and all(_fits(v, k) for k in get_args(kind) for v in value)
    if base is bool:
        return isinstance(value, Integral) or type(value).__name__ == "bool"  # that of NumPy too
    if base is Literal:  # which of them: the function's own check
        return isinstance(value, str)
    return not isinstance(base, type) or isinstance(value, base)


def _said(kind) -> str:
    base = get_origin(kind) or kind
    names = {float: "a number", int: "a whole number", str: "a text", Sequence: "a list", Mapping: "a dict"}
    names |= {NoneType: "", Literal: ", ".join(map(repr, get_args(kind))), bool: "True or False"}
    if base in names:
        return names[base] + "".join(f" of {_said(k)[2:]}s" for k in get_args(kind) if base is Sequence)
    name = getattr(base, "__name__", str(base))
    special = {"Tables": "tables (Tables(), or Tables({'ipcei': frame}) for a frame in the place of a table)"}
    special |= {"DataFrame": "a pandas DataFrame", "Generator": "a generator, such as numpy.random.default_rng(1)"}
    return special.get(name, f"a {name}")
