"""Compare frozen figures with what their publishers give today. No report reads the outcome; data/ is never touched.

Which series comes from which dataset stands in live_sources.yml. Answers are kept as they came, in a folder of their
own, beside revisions.csv: one row for each figure that is not the frozen one.
"""

import http.client
import itertools
import json
import math
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from innodivide.data import frozen as data, proposals
from innodivide.data.yaml_files import fault, read_yaml
from innodivide.errors import DataError, InnodivideError, ParameterError

SERIES = data.ROOT / "live_sources.yml"
TABLE, KEY = "country_year", ["geo", "year"]
TIMEOUT, LONGEST, LARGEST = 30, 300, 20_000_000  # seconds without an answer, and until its end; bytes of one answer


class LiveError(InnodivideError):
    """A live source gave no answer, or one that cannot be read."""


@dataclass(frozen=True)
class Series:
    """One frozen variable and where its publisher serves it."""

    variable: str
    provider: str
    address: str


def series(path: Path = SERIES, server: str | None = None) -> list[Series]:
    """Return the series that have a live source; `server` (scheme, host) replaces the publishers' own, for a mirror."""
    try:
        content, found = read_yaml(path), []
        for provider, entry in content.items():
            for variable, where in entry["series"].items():
                wrong = fault(where, {"dataset": str, "filters": dict}, ("dataset", "filters"))
                wrong = wrong or fault(where["filters"], dict.fromkeys(where["filters"], str))
                if wrong:
                    raise DataError(f"{path}, {variable}: {wrong}")
                filters = urllib.parse.urlencode(where["filters"], safe=":")
                dataset = urllib.parse.quote(where["dataset"], safe="")
                address = entry["address"].format(dataset=dataset, filters=filters)
                found.append(Series(variable, provider, _moved(address, server)))
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path} is missing or cannot be read: {type(error).__name__}: {error}") from None
    unknown = {s.variable for s in found} - set(data.load("variable")["variable"])
    unknown |= {s.provider for s in found} - set(_READERS)
    if unknown:
        raise DataError(f"{path}: {', '.join(sorted(unknown))} is no variable of data/ or no known provider")
    return found


def _moved(address: str, server: str | None) -> str:
    if server is None:
        return address
    try:
        own, other = urllib.parse.urlsplit(address), urllib.parse.urlsplit(server)
    except ValueError as error:
        raise ParameterError(f"--server {server!r} is no address: {error}") from None
    return urllib.parse.urlunsplit((other.scheme, other.netloc, own.path, own.query, ""))


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request, answer, code, message, headers, new_address):
        _refuse_unsafe(new_address)
        return super().redirect_request(request, answer, code, message, headers, new_address)


def _refuse_unsafe(address: str) -> None:
    """Only https, or plain http to this machine itself."""
    parts = urllib.parse.urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")):
        raise LiveError(f"{address} is not fetched: it is not https")


def fetch(address: str, timeout: float = TIMEOUT, largest: int = LARGEST) -> bytes:
    """Return the body of an https answer.

    Raises
    ------
    LiveError
        If there is no network, no answer in time, an error status, a redirect away from https, more than `largest`
        bytes, or anything that is not HTTP.
    """
    _refuse_unsafe(address)
    request = urllib.request.Request(address, headers={"Accept": "application/json", "User-Agent": "innodivide"})
    try:
        with urllib.request.build_opener(_SafeRedirects).open(request, timeout=timeout) as answer:
            body = _body(answer, largest)
    except LiveError:
        raise
    except urllib.error.HTTPError as error:
        raise LiveError(f"{address}: the server answers {error.code} {_printable(error.reason)}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        said = _printable(getattr(error, "reason", None) or error) or type(error).__name__
        what = "no answer" if isinstance(error, OSError) else "the answer cannot be read"
        raise LiveError(f"{address}: {what} ({said})") from None
    if len(body) > largest:
        raise LiveError(f"{address}: the answer is longer than {largest} bytes")
    return body


def _body(answer, largest: int) -> bytes:
    """Return what is sent in time, of at most one byte more than `largest`; one that is cut off is no answer."""
    body, end = b"", time.monotonic() + LONGEST
    while len(body) <= largest and (part := answer.read1(min(65536, largest + 1 - len(body)))):
        body += part
        if time.monotonic() > end:
            raise TimeoutError(f"it did not end within {LONGEST} s")
    if len(body) <= largest and answer.length:
        raise http.client.IncompleteRead(body, answer.length)
    return body


def _printable(text) -> str:
    """Return what a server says in one short line that a terminal can show."""
    line = " ".join(str(text).split())[:200]
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def _figure(value) -> float:
    """Return a figure of an answer, which is a number and nothing that can be read as one."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _json_stat(content) -> dict[tuple[str, int], float]:
    """Read a JSON-stat 2.0 dataset in which all dimensions but geo and time have one category."""
    names, sizes, values = content["id"], content["size"], content["value"]
    codes = {}
    for name, size in zip(names, sizes, strict=True):
        index = content["dimension"][name]["category"]["index"]
        codes[name] = sorted(index, key=lambda code: index[code]) if isinstance(index, dict) else list(index)
        if len(codes[name]) != size or (name not in ("geo", "time") and size != 1):
            raise ValueError(f"dimension {name} has {size} categories: the filters do not pick one series")
    found = {}
    for place, point in enumerate(itertools.product(*(codes[name] for name in names))):
        value = values.get(str(place)) if isinstance(values, dict) else values[place]
        if value is not None:
            at = dict(zip(names, point, strict=True))
            found[at["geo"], int(at["time"])] = _figure(value)
    return found


def _world_bank(content) -> dict[tuple[str, int], float]:
    """Read an answer of the World Bank's API: page facts and rows; its ISO codes become Eurostat's."""
    if len(content) != 2 or content[0]["pages"] != 1:
        raise ValueError(content[0].get("message") or "more than one page")
    country = data.load("country").dropna(subset="iso2")
    eurostat = dict(zip(country["iso2"], country["geo"], strict=True)) | {"EU": "EU27_2020"}
    return {
        (eurostat[row["country"]["id"]], int(row["date"])): _figure(row["value"])
        for row in content[1]
        if row["value"] is not None and row["country"]["id"] in eurostat
    }


_READERS = {"eurostat": _json_stat, "worldbank": _world_bank}


def read(one: Series, body: bytes) -> pd.DataFrame:
    """Return the figures of an answer: geo (codes of data/), year, live."""
    try:
        found = _READERS[one.provider](json.loads(body))
        if not all(math.isfinite(v) for v in found.values()):
            raise ValueError("a figure is not finite")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, ArithmeticError) as error:
        why = _printable(repr(error))
        raise LiveError(f"{one.variable}: the answer of {one.address} cannot be read: {why}") from None
    rows = [(geo, year, value) for (geo, year), value in sorted(found.items())]
    return pd.DataFrame(rows, columns=[*KEY, "live"])


def revisions(variable: str, live: pd.DataFrame) -> pd.DataFrame:
    """Return the figures of a variable that are not as frozen: table, variable, geo, year, frozen, live, difference.

    A live figure is the frozen one if it is equal when rounded to the decimals of the frozen series. `live` is empty
    where the publisher has no figure now; figures for other countries or for years after the frozen ones are left out.
    """
    frozen = data.load(TABLE).query("variable == @variable")[[*KEY, "value"]].rename(columns={"value": "frozen"})
    both = frozen.astype({"year": int}).merge(live, on=KEY, how="left").sort_values(KEY)
    digits = max(map(proposals.decimals, both["frozen"]))
    revised = [round(now, digits) != was for was, now in zip(both["frozen"], both["live"])]  # also where it is missing
    found = both.assign(table=TABLE, variable=variable, difference=both["live"] - both["frozen"])[revised]
    return found[["table", "variable", *KEY, "frozen", "live", "difference"]].reset_index(drop=True)


def refresh(out: Path, server: str | None = None, propose: bool = False) -> pd.DataFrame:
    """Fetch every series, compare, and write answers and revisions.csv to a folder; return the revisions.

    Nothing is written unless every series was fetched and read.

    Parameters
    ----------
    propose : bool
        Write also the files of `proposals.files`: candidate rows for `innodivide add`.

    Raises
    ------
    LiveError
        If a source gives no answer, or one that cannot be read.
    ParameterError
        If `out` is inside data/ or cannot be written.
    """
    out = Path(out)
    if out.resolve().is_relative_to(data.DATA.resolve()):
        raise ParameterError(f"{out} is inside data/, which holds the frozen tables only")
    wanted = series(server=server)
    bodies = {one: fetch(one.address) for one in wanted}
    figures = {one: read(one, body) for one, body in bodies.items()}
    frames = [revisions(one.variable, live) for one, live in figures.items()]
    found = pd.concat([f for f in frames if len(f)] or frames[:1], ignore_index=True)
    files = {f"{one.provider}-{one.variable}.json": body for one, body in bodies.items()}
    files["revisions.csv"] = found.to_csv(index=False, lineterminator="\n", float_format="%.12g").encode()
    if propose:
        asked = {one.variable: (one.address, live) for one, live in figures.items()}
        files |= proposals.files(data.load(TABLE), asked)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (out / name).parent.mkdir(exist_ok=True)
            data.replace(out / name, content)
    except OSError as error:
        raise ParameterError(f"the folder {out} cannot be written: {error.strerror}") from None
    return found
