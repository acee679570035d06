"""The same work on the workers of a Dask scheduler, started in any way that Dask knows.

A worker needs this repository and the locked environment, and no shared folder: reports come back as bytes. What it has
is compared with what is here on connecting, and once more with each report, since workers may join later.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Executor, as_completed
from contextlib import contextmanager

from innodivide.errors import InnodivideError
from innodivide.reports.making import manifest
from innodivide.reports.making.declarations import notebook

CONNECT = 20.0  # seconds for the scheduler to answer
JOIN = 60.0  # seconds for a first worker to join it
RETRIES = 2  # further attempts at a task whose worker failed
_PACKAGES = ("distributed", "cloudpickle", "msgpack")  # beside those that results depend on: the two sides must agree


class ClusterError(InnodivideError):
    """The cluster cannot be reached, or a worker cannot do the same work."""


@contextmanager
def executor(address: str, notebooks: Iterable[str] = ()) -> Iterator[Executor]:
    """Connect to a Dask scheduler, check its workers, and yield a `concurrent.futures.Executor` that works on them.

    Parameters
    ----------
    address : str
        Of the scheduler, such as tcp://host:8786.
    notebooks : iterable of str
        Names of the notebooks whose inputs each worker must have.

    Raises
    ------
    ClusterError
        No scheduler answers, no worker joins, or a worker has other code, data or versions; says which and what.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError("--cluster needs the package distributed: install innodivide[cluster]") from None
    try:
        client = Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(f"no Dask scheduler answers at {address}: {' '.join(str(error).split())}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=JOIN)
        except TimeoutError:
            raise ClusterError(f"no worker has joined the scheduler at {address} in {JOIN:.0f} s") from None
        _check(client, list(notebooks))
        yield client.get_executor(retries=RETRIES)


def in_executor(function: Callable, items: dict[str, object], there: Executor) -> Iterator[tuple]:
    """Yield (name, result or exception) of `function(item)` for each job; a result from other inputs is refused."""
    here, futures = {}, {}
    try:
        for name, item in items.items():
            try:
                here[name] = manifest.inputs(item.notebook) | manifest.versions()
            except OSError as error:
                yield name, error
            else:
                futures[there.submit(function, item)] = name
        for future in as_completed(list(futures)):
            name = futures.pop(future)  # a result is kept no longer than it is needed
            try:
                made = future.result()
            except CancelledError:
                yield name, ClusterError("the connection to the scheduler was lost")
            except Exception as error:
                yield name, error
            else:
                other = differences(made.read | made.versions, here[name]) if made.files else ""
                yield name, ClusterError(f"a worker that joined later differs: {other}") if other else made
    finally:
        for future in futures:
            future.cancel()


def differences(there: dict[str, str], here: dict[str, str]) -> str:
    """Return what a worker has that differs from here, at most three of it, or an empty string."""
    return manifest.first_three(
        [
            f"{name} is {there.get(name, 'missing')[:16]} there and {here.get(name, 'missing')[:16]} here"
            for name in manifest.differing(there, here)
        ]
    )


def state(notebooks: list[str]) -> dict[str, str]:
    """Return what the work depends on in this process: hashes of the inputs of notebooks, versions of packages.

    Hashes of the library are those of when this process first looked, as is the code that it has loaded.
    """
    from importlib import metadata

    from innodivide.reports.making import declarations

    declarations.notebooks.cache_clear()
    found = manifest.versions() | {name: metadata.version(name) for name in _PACKAGES}
    for name in notebooks:
        found |= manifest.inputs(notebook(name))
    return found


def _check(client, notebooks: list[str]) -> None:
    def look() -> dict[str, str] | str:  # sent whole, so that it runs where the package is missing
        try:
            from innodivide.reports.making import cluster

            return cluster.state(notebooks)
        except Exception as error:
            return f"{type(error).__name__}: {error}"

    try:
        here, wrong = state(notebooks), []
    except OSError as error:
        raise ClusterError(f"{error.filename} cannot be read here: {error.strerror}") from None
    for worker, found in client.run(look, on_error="return").items():
        if not isinstance(found, dict):
            wrong.append(f"{worker} cannot use innodivide: {found}")
        elif other := differences(found, here):
            wrong.append(f"{worker} differs: {other}")
    if wrong:
        text = "\n  ".join(wrong)
        raise ClusterError(
            f"not every worker can do the same work; nothing was run:\n  {text}\n"
            "bring it to the same state and restart it: a worker keeps the code that it has loaded"
        )
