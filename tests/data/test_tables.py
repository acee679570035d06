"""The tables as an argument: loaded when asked for, safe to change, and results remembered for the repository's own."""

import subprocess
import sys

import pandas as pd
import pytest

from innodivide.data import Tables, editions, frozen
from innodivide.data.tables import once
from innodivide.errors import DataError, ParameterError
from innodivide.indicators import barriers


def test_a_table_is_loaded_when_it_is_asked_for_and_once(monkeypatch):
    read, load = [], frozen.load
    monkeypatch.setattr(frozen, "load", lambda name, folder: read.append(name) or load(name))
    tables = Tables()
    assert read == [] and set(tables) == set(frozen.resources()) and len(tables) == len(frozen.resources())
    assert tables["ipcei"].equals(load("ipcei")) and len(tables["ipcei"]) and read == ["ipcei"]
    assert list(tables.state) == ["ipcei"]


def test_what_a_caller_does_to_its_frame_reaches_no_other():
    tables = Tables()
    mine = tables["ipcei"]
    mine["more"], mine.loc[0, "name"] = 1, "other"
    assert tables["ipcei"].equals(frozen.load("ipcei"))


def test_frames_given_stand_in_the_place_of_the_own_tables():
    few = frozen.load("ipcei").head(2)
    tables = Tables({"ipcei": few})
    assert tables["ipcei"].equals(few) and tables["country"].equals(frozen.load("country"))
    assert not tables.own and Tables().own


def test_an_unknown_table_is_named():
    with pytest.raises(DataError, match="ipceis"):
        Tables()["ipceis"]


# Results that are computed once


@pytest.fixture
def counted():
    """A function that counts its calls, made from two tables, and one that uses it."""
    calls = []

    @once
    def inner(tables, code="DE"):
        calls.append(code)
        return pd.Series([len(tables["country"]), len(tables["ipcei"]), code])

    @once
    def outer(tables):
        return inner(tables, "FR"), inner(tables, "FR")

    return calls, inner, outer


def test_a_result_is_computed_once_for_each_argument_and_everyone_gets_a_copy(counted):
    calls, inner, _ = counted
    first = inner(Tables())
    first[0] = -1
    assert inner(Tables())[0] == len(frozen.load("country")) and inner(tables=Tables(), code="DE")[2] == "DE"
    assert inner(Tables(), "FR")[2] == "FR"
    assert calls == ["DE", "FR"]


def test_a_result_is_computed_anew_when_a_table_it_was_made_from_has_changed(counted, monkeypatch):
    calls, inner, outer = counted
    stamps = {"country": 1, "ipcei": 1, "eis_group": 1}
    monkeypatch.setattr(frozen, "state", lambda names, folder=None: {n: stamps[n] for n in names})
    outer(Tables())
    stamps["eis_group"] = 2
    outer(Tables())
    assert len(calls) == 1, "a table that it does not use"
    stamps["ipcei"] = 2
    outer(Tables())
    assert len(calls) == 2, "a table that only the inner result is made from"
    inner(Tables(), "FR")
    assert len(calls) == 2


def test_a_result_made_from_a_record_as_of_a_day_is_remembered_with_its_tables(monkeypatch):
    calls, stamps = [], {"country": 1, "ipcei": 1}
    monkeypatch.setattr(frozen, "state", lambda names, folder=None: {n: stamps[n] for n in names})

    @once
    def then(tables):
        calls.append(len(tables.as_of("2021-04-30")["ipcei"]))
        return calls[-1]

    mine = Tables()
    assert then(mine) == then(mine.as_of()) == then(Tables()) and len(calls) == 1
    assert set(mine.state) == {"ipcei"}, "the caller's result depends on it too"
    stamps["ipcei"] = 2
    then(Tables())
    assert len(calls) == 2


def test_a_result_is_refused_to_a_notebook_that_has_not_declared_its_tables(counted, monkeypatch):
    _, inner, outer = counted
    inner(Tables(), "FR"), outer(Tables())
    monkeypatch.setenv(frozen.DECLARED_TABLES, "country")
    for function in (inner, outer):
        with pytest.raises(DataError, match="'ipcei' is used but not declared"):
            function(Tables())
    monkeypatch.setenv(frozen.DECLARED_TABLES, "country,ipcei")
    assert outer(Tables())[0][2] == "FR"


def test_a_table_that_changes_while_results_are_made_is_seen_later(counted, monkeypatch):
    """What was read before the change and what was read after it are mixed once at most, not for good."""
    _, inner, _ = counted
    stamps = {"country": 1, "ipcei": 1}
    monkeypatch.setattr(frozen, "state", lambda names, folder=None: {n: stamps[n] for n in names})
    mixed = []

    @once
    def outer(tables):
        tables["country"]
        stamps["country"] += not mixed
        mixed.append(inner(tables))
        return len(mixed)

    assert [outer(Tables()) for _ in range(3)] == [1, 2, 2]


def test_a_result_made_from_other_tables_of_the_same_record_is_remembered_too(monkeypatch):
    """A function that pins or cuts its tables itself reads through them, and its result depends on what they read."""
    stamps, calls = {"country": 1}, []
    monkeypatch.setattr(frozen, "state", lambda names, folder=None: {n: stamps[n] for n in names})

    @once
    def pinned(tables):
        calls.append(len(tables.as_of(pins={"eis": 2023})["country"]))
        return calls[-1]

    assert pinned(Tables()) == pinned(Tables()) and len(calls) == 1
    stamps["country"] = 2
    assert pinned(Tables()) and len(calls) == 2


def test_pinned_tables_share_a_result_only_if_it_took_their_editions(monkeypatch):
    calls = []

    @once
    def shown(tables):
        calls.append(dict(tables.pins))
        return editions.latest(tables, "ris", editions.REGIONAL), len(tables["country"])

    edition = shown(Tables())[0]
    assert shown(Tables(pins={"ris": edition}))[0] == edition and len(calls) == 1, "the same editions, the same result"
    assert shown(Tables(pins={"ris": 1999}))[0] == 1999 and calls[-1] == {"ris": 1999}
    assert shown(Tables())[0] == edition and shown(Tables(pins={"ris": 1999}))[0] == 1999 and len(calls) == 2


def test_a_record_as_of_a_day_has_no_rows_on_what_came_later():
    tables = Tables()
    days = tables["ipcei"]["decision_date"].dropna().sort_values()
    day = days.iloc[len(days) // 2]
    then = tables.as_of(day)
    kept = set(then["ipcei"]["ipcei_id"])
    assert then["ipcei"]["decision_date"].max() == day and kept < set(tables["ipcei"]["ipcei_id"])
    assert set(then["ipcei_country"]["ipcei_id"]) <= kept and set(then["ipcei_participant"]["ipcei_id"]) <= kept
    published = then["eis_edition"].set_index("edition")["published"]
    assert published.max() <= day and set(then["eis_group"]["edition"]) == set(published.index)
    assert then.as_of()["ipcei"].equals(tables["ipcei"]) and then["country"].equals(tables["country"])
    with pytest.raises(ParameterError, match="until='soon' is not a date"):
        tables.as_of("soon")


def test_arguments_that_cannot_be_hashed_reach_the_checks_of_the_function():
    with pytest.raises(ParameterError, match=r"reference=\['EU'\]: allowed are"):
        barriers.institutional_gaps(Tables(), ["EU"])


_WARM = """
import warnings
from innodivide.data import Tables, editions, frozen
from innodivide.data.tables import REMEMBERED, once
from innodivide.errors import DataError
found = once(lambda tables: (warnings.warn("odd"), tables["country"])[1])
from innodivide.reports.making import warm
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    found(Tables())
assert [str(w.message) for w in said] == ["odd"], "a result that warns is computed again where the warning is seen"
load, frozen.load, cold = frozen.load, None, []
assert {"regional_contributions", "institutions_by_state", "country_scores"} < {f.__name__ for f in REMEMBERED}
for result in REMEMBERED:
    try:
        result is found or result(Tables())
    except TypeError:  # it asked for tables
        cold.append(result)
frozen.load = load
for result in cold:  # only what the tables do not give: the frame of regions, where the last RIS is of other NUTS
    try:
        result(Tables())
    except DataError:
        continue
    raise AssertionError(result.__name__)
"""


def test_kernels_start_with_the_results_but_for_those_that_warn():
    done = subprocess.run([sys.executable, "-c", _WARM], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("others", [dict, Tables])
def test_with_other_tables_nothing_is_remembered(counted, others):
    calls, inner, _ = counted
    for rows in (3, 5):
        assert inner(others({**Tables(), "ipcei": frozen.load("ipcei").head(rows)}))[1] == rows
    assert len(calls) == 2
