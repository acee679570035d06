"""Live figures against frozen ones, from a real server on this machine that answers in the publishers' formats.

The answers are written by hand from the documented formats (JSON-stat 2.0 as Eurostat serves it, version 2 of the World
Bank's API) and from frozen figures. The live services themselves were not reached when this was written.
"""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseRequestHandler, TCPServer
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from click.testing import CliRunner
from report_fixtures import tree

from innodivide import errors
from innodivide.cli.main import main
from innodivide.data import frozen as data, new_rows, refresh
from innodivide.errors import ParameterError

ALL = refresh.series()
ISO = dict(zip(data.load("country")["geo"], data.load("country")["iso2"])) | {"EU27_2020": "EU"}


def frozen(variable: str) -> pd.DataFrame:
    return data.load("country_year").query("variable == @variable")


def eurostat(variable: str, change=lambda geo, year, value: value, filters=None) -> dict:
    """Return an answer in JSON-stat 2.0: dimensions in order, a flat cube of values by position, gaps left out."""
    rows = frozen(variable)
    geos, years = sorted(set(rows["geo"]) | {"CH"}), sorted(set(rows["year"].astype(int)))
    cells = {(r.geo, int(r.year)): change(r.geo, int(r.year), r.value) for r in rows.itertuples()} | {("CH", 2015): 1.0}
    size = [1] * len(filters) + [len(geos), len(years)]
    flat = {i * len(years) + j: cells.get((g, y)) for i, g in enumerate(geos) for j, y in enumerate(years)}
    one = {
        name: {"label": name, "category": {"index": {code: 0}, "label": {code: code}}} for name, code in filters.items()
    }
    return {
        "version": "2.0",
        "class": "dataset",
        "label": variable,
        "source": "ESTAT",
        "updated": "2026-11-01T23:00:00+0100",
        "value": {str(k): v for k, v in flat.items() if v is not None},
        "id": [*filters, "geo", "time"],
        "size": size,
        "dimension": one
        | {
            "geo": {"label": "geo", "category": {"index": {g: i for i, g in enumerate(geos)}}},
            "time": {"label": "time", "category": {"index": {str(y): i for i, y in enumerate(years)}}},
        },
    }


def world_bank(variable: str, change=lambda geo, year, value: value) -> list:
    """Return an answer of version 2 of the World Bank's API: facts on the page, then one object for each figure."""
    rows = [
        {
            "indicator": {"id": "X", "value": variable},
            "country": {"id": ISO.get(r.geo), "value": r.geo},
            "countryiso3code": "",
            "date": str(r.year),
            "value": change(r.geo, int(r.year), r.value),
            "unit": "",
            "obs_status": "",
            "decimal": 0,
        }
        for r in frozen(variable).itertuples()
        if r.geo in ISO
    ]
    rows += [{**rows[0], "country": {"id": "1A", "value": "Arab World"}}, {**rows[0], "date": "2029", "value": None}]
    return [{"page": 1, "pages": 1, "per_page": 20000, "total": len(rows), "lastupdated": "2026-10-01"}, rows]


@pytest.fixture
def server():
    """A server on this machine; `answers[path] = bytes | function(handler)`, `asked` lists what was asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            found = server.answers.get(urlsplit(self.path).path, server.default)
            if callable(found):
                found = found(self)
            if found is None:
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(found)))
            self.end_headers()
            self.wfile.write(found)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.asked, server.answers, server.default = True, [], {}, publishers
    server.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def publishers(handler, change=lambda geo, year, value: value) -> bytes:
    """Answer as both publishers would, from the frozen figures."""
    parts = urlsplit(handler.path)
    query = {k: v[0] for k, v in parse_qs(parts.query).items()}
    one = next(s for s in ALL if urlsplit(s.address).path == parts.path and urlsplit(s.address).query == parts.query)
    if one.provider == "worldbank":
        return json.dumps(world_bank(one.variable, change)).encode()
    filters = {k: v for k, v in query.items() if k not in ("format", "lang")}
    return json.dumps(eurostat(one.variable, change, filters)).encode()


# Which series


def test_every_series_names_a_dataset_that_its_source_names():
    """The source of the frozen figures, in sources.csv, states the dataset or series code that is asked for."""
    titles = data.load("source").set_index("source_id")["title"]
    for one in ALL:
        dataset = urlsplit(one.address).path.rsplit("/", 1)[1]
        assert all(dataset in titles[s] for s in frozen(one.variable)["source_id"].unique()), one
        assert one.address.startswith(("https://ec.europa.eu/eurostat/api/", "https://api.worldbank.org/v2/"))


@pytest.mark.parametrize(
    "text", ["", "[]", "eurostat: {}", "{", "eurostat: {address: 'x', series: {nothing: {dataset: a, filters: {}}}}"]
)
def test_a_broken_list_of_series_is_named(tmp_path, text):
    path = tmp_path / "live_sources.yml"
    path.write_text(text)
    with pytest.raises(errors.DataError, match=r"live_sources\.yml"):
        refresh.series(path)


# Comparing


def test_what_is_published_as_frozen_is_no_revision(server, tmp_path):
    before = tree(data.DATA)
    assert refresh.refresh(tmp_path / "live", server.address).empty
    assert len(server.asked) == len(ALL) and tree(data.DATA) == before


def test_each_revised_figure_is_reported_with_both_values(server, tmp_path):
    def change(geo, year, value):
        if (geo, year) == ("PL", 2015):
            return value + 2.5
        return None if (geo, year) == ("EL", 2016) else value

    server.default = lambda handler: publishers(handler, change)
    done = CliRunner().invoke(main, ["refresh", "--server", server.address, "--out", str(tmp_path / "live")])
    assert done.exit_code == 0, done.output
    written = pd.read_csv(tmp_path / "live" / "revisions.csv", keep_default_na=False, na_values=[""])
    assert written.columns.tolist() == ["table", "variable", "geo", "year", "frozen", "live", "difference"]
    for variable in ("gdp_meur", "population_midyear"):
        was = frozen(variable).set_index(["geo", "year"])["value"]
        rows = written[written["variable"] == variable].set_index(["geo", "year"])
        assert rows.loc[("PL", 2015), "frozen"] == pytest.approx(was["PL", 2015])
        assert rows.loc[("PL", 2015), "difference"] == pytest.approx(2.5)
        assert rows.loc[("EL", 2016), ["live", "difference"]].isna().all()
        assert set(rows.index) == {("PL", 2015), ("EL", 2016)}
    assert "gdp_meur: 1 figures revised, 1 no longer published" in done.output
    assert (tmp_path / "live" / "eurostat-gdp_meur.json").is_file()


def test_more_decimals_than_frozen_are_no_revision():
    rows = frozen("berd_pct_gdp")[["geo", "year", "value"]].rename(columns={"value": "live"}).astype({"year": int})
    finer = rows.assign(live=rows["live"] + 0.001)
    assert refresh.revisions("berd_pct_gdp", finer).empty
    other = rows.assign(live=rows["live"] + 0.1)
    assert len(refresh.revisions("berd_pct_gdp", other)) == len(rows)


def test_a_published_example_of_json_stat_is_read():
    """The cube is flat in row-major order; `value` may be a list or an object, `index` an object or a list."""
    content = {"id": ["geo", "u", "time"], "size": [2, 1, 2], "value": [1, None, 3, 4]}
    category = {"geo": {"index": ["AT", "BE"]}, "u": {"index": {"X": 0}}, "time": {"index": {"2021": 1, "2020": 0}}}
    content["dimension"] = {name: {"category": c} for name, c in category.items()}
    expected = {("AT", 2020): 1.0, ("BE", 2020): 3.0, ("BE", 2021): 4.0}
    assert refresh._json_stat(content) == expected
    assert refresh._json_stat(content | {"value": {"0": 1, "2": 3, "3": 4}}) == expected


# Faults: real ones, on a real connection


def fails(address: str, out) -> str:
    done = CliRunner().invoke(main, ["refresh", "--server", address, "--out", str(out)])
    assert done.exit_code == 1 and not out.exists(), done.output
    assert isinstance(done.exception, SystemExit)
    return done.output


def test_without_a_network_it_says_so_and_writes_nothing(tmp_path):
    with socket.socket() as taken:  # a port that nobody listens on
        taken.bind(("127.0.0.1", 0))
        said = fails(f"http://127.0.0.1:{taken.getsockname()[1]}", tmp_path / "live")
    assert "no answer (" in said and "refused" in said


def elsewhere(target):
    def redirect(handler):
        handler.send_response(302)
        handler.send_header("Location", target)
        handler.end_headers()

    return redirect


def cut(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"id"')
    handler.close_connection = True


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda handler: handler.send_error(503), "the server answers 503"),
        (elsewhere("http://example.org/x"), "it is not https"),
        (elsewhere("file:///etc/passwd"), "is not allowed"),
        (cut, "cannot be read"),
        (b"", "cannot be read"),
        (b"<html>busy</html>", "cannot be read"),
        (b"[]", "cannot be read"),
        (b'{"id": ["geo"]}', "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b'[{"message": [{"id": "120", "key": "Invalid value"}]}]', "cannot be read"),
    ],
    ids=["503", "redirect to http", "redirect to a file", "cut", "empty", "html", "list", "part", "deep", "message"],
)
def test_a_bad_answer_is_named_and_nothing_is_written(server, tmp_path, answer, said):
    server.default = answer
    assert said in fails(server.address, tmp_path / "live")


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def raw():
    """A server that says the bytes of `answer`, whatever it is asked."""

    class Handler(BaseRequestHandler):
        def handle(self):
            self.request.recv(4096)
            self.request.sendall(running.answer)

    with TCPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        running.address = f"http://127.0.0.1:{running.server_address[1]}"
        yield running
        running.shutdown()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x16\x03\x01\x02\x00" + b"\xff" * 99,
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 99999 no\r\n\r\n",
        b"HTTP/1.1 302 go\r\nLocation: http://[\r\n\r\n",
        b"HTTP/1.1 302 go\r\nLocation: https:///x\r\n\r\n",
        b"HTTP/1.1 500 \x1b[31m\x07red\r\n\r\n",
        HEAD + b"x: " + b"y" * 70_000 + b"\r\n\r\n",
        HEAD + b"x: y\r\n" * 200 + b"\r\n",
        HEAD + b"Content-Length: 99\r\n\r\n[]",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n[]",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n[]",
        HEAD + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08",
        HEAD + b"\r\n\xff\xfe[",
        HEAD + b'\r\n{"id": ["geo", "time"], "size": [1, 1], "value": [1e999]}',
        HEAD + b"\r\n" + b"9" * 5000,
    ],
)
def test_whatever_a_server_answers_is_named_in_one_line(raw, tmp_path, answer):
    raw.answer = answer
    said = fails(raw.address, tmp_path / "live")
    assert said.startswith("innodivide: ") and said.count("\n") == 1 and said[:-1].isprintable()


@pytest.mark.parametrize("value", ["true", '"12"', "NaN", "1e999", "[1]", "1" + "0" * 400])
def test_a_figure_that_is_no_number_is_refused(value):
    one = next(s for s in ALL if s.provider == "eurostat")
    axes = {name: {"category": {"index": [code]}} for name, code in (("geo", "AT"), ("time", "2020"))}
    body = json.dumps({"id": [*axes], "size": [1, 1], "value": ["VALUE"], "dimension": axes}).replace('"VALUE"', value)
    with pytest.raises(refresh.LiveError, match="cannot be read"):
        refresh.read(one, body.encode())
    assert refresh.read(one, body.replace(f"[{value}]", "[12]").encode())["live"].tolist() == [12.0]


def test_an_answer_that_never_ends_is_given_up(raw, monkeypatch):
    raw.answer = HEAD + b"\r\n[" + b" " * 100_000
    monkeypatch.setattr(refresh, "LONGEST", -1)
    with pytest.raises(refresh.LiveError, match="did not end within"):
        refresh.fetch(raw.address)


def test_a_mirror_without_a_valid_address_is_wrong_use():
    with pytest.raises(ParameterError, match=r"--server 'http://\[' is no address"):
        refresh.series(server="http://[")


def test_a_series_that_the_filters_do_not_pick_is_refused(server, tmp_path):
    def two_units(handler):
        content = json.loads(publishers(handler))
        if isinstance(content, list):
            return json.dumps(content).encode()
        content["size"][1], content["dimension"]["unit"]["category"]["index"] = 2, {"A": 0, "B": 1}
        return json.dumps(content).encode()

    server.default = two_units
    assert "dimension unit has 2 categories" in fails(server.address, tmp_path / "live")


def test_a_silent_and_an_endless_server_are_given_up(server):
    server.default = lambda handler: time.sleep(3)
    with pytest.raises(refresh.LiveError, match=r"no answer \(.*timed out"):
        refresh.fetch(server.address, timeout=0.3)
    server.default = b"x" * 5000
    with pytest.raises(refresh.LiveError, match="longer than 4999 bytes"):
        refresh.fetch(server.address, largest=4999)
    assert refresh.fetch(server.address, largest=5000) == b"x" * 5000


@pytest.mark.parametrize(
    "address", ["http://example.org/x", "file:///etc/passwd", "ftp://example.org", "data:,x", "x", ""]
)
def test_only_https_is_fetched(address):
    with pytest.raises(refresh.LiveError, match="it is not https"):
        refresh.fetch(address)


def test_the_frozen_folder_is_never_written(server):
    with pytest.raises(ParameterError, match="inside data/"):
        refresh.refresh(data.DATA / "live", server.address)
    assert server.asked == []


# Candidate rows


def later_year(handler) -> bytes:
    """Answer as frozen, but Poland's GDP of 2015 is revised, and Austria has a first figure of 2026."""
    changed = publishers(handler, lambda geo, year, v: v + 2.5 if (geo, year) == ("PL", 2015) else v)
    if "NY.GDP.PCAP.PP.CD" not in handler.path:
        return changed
    facts, rows = json.loads(changed)
    first = next(r for r in rows if r["value"] is not None)
    new = [
        {**first, "country": {"id": c, "value": c}, "date": "2026", "value": v} for c, v in (("AT", 90.0), ("EU", 60.0))
    ]
    return json.dumps([facts, [*rows, *new]]).encode()


def test_candidates_are_what_is_new_and_what_is_revised_apart(server, tmp_path):
    server.default = later_year
    out = tmp_path / "live"
    done = CliRunner().invoke(main, ["refresh", "--propose", "--server", server.address, "--out", str(out)])
    assert done.exit_code == 0 and "candidate rows: " in done.output, done.output
    (new, wrong), (revised, faulty) = (
        new_rows.read_csv(out / kind / "country_year.csv") for kind in ("new", "revised")
    )
    assert wrong == faulty == []
    rows = new.frame.set_index(["geo", "year", "variable"])
    assert rows.loc[("AT", "2026", "gdp_pc_ppp_intl"), "value"] == "90"
    index = rows.loc[("AT", "2026", "gdp_pc_ppp_index_wb")]
    assert index[["value", "flag", "source_id"]].tolist() == ["150", "derived", "WB_WDI"], "100 * 90 / 60"
    assert set(rows.index.get_level_values("year")) == {"2026"}
    poland = revised.frame.set_index(["geo", "year", "variable"])
    assert set(poland.index.get_level_values("year")) == {"2015"}
    was = frozen("gdp_meur").set_index(["geo", "year"])["value"]["PL", 2015]
    assert float(poland.loc[("PL", "2015", "gdp_meur"), "value"]) == pytest.approx(was + 2.5)
    requests = pd.read_csv(out / "requests.csv")
    assert requests["variable"].tolist() == [s.variable for s in ALL]
    proposal, failures = new_rows.propose([new])
    assert failures == [] and len(proposal.changes) == len(rows)


def test_what_is_published_as_frozen_gives_no_candidate(server, tmp_path):
    refresh.refresh(tmp_path / "live", server.address, propose=True)
    for kind in ("new", "revised"):
        assert (
            tmp_path / "live" / kind / "country_year.csv"
        ).read_text() == "geo,year,variable,value,flag,note,source_id\n"
