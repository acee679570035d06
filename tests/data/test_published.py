"""Figures that others published, recomputed from our tables."""

import math
from types import SimpleNamespace

import pandas as pd
import pytest

from innodivide.data import frozen
from innodivide.data.checks import published_figures
from innodivide.data.checks.published_figures import NEEDED
from innodivide.errors import DataError
from innodivide.narrative import ipcei_participation as words


@pytest.fixture
def tables():
    return {name: frozen.load(name) for name in NEEDED}


@pytest.fixture(scope="module")
def rows():
    return published_figures.recompute({name: frozen.load(name) for name in NEEDED}).set_index("check_id")


def holds(verdict, computed, value=100.0, tolerance=5.0, relation="equal", qualifier="exactly"):
    return published_figures.verdict_holds(
        SimpleNamespace(
            verdict=verdict, computed=computed, value=value, tolerance=tolerance, relation=relation, qualifier=qualifier
        )
    )


@pytest.mark.parametrize(
    ("computed", "match", "near", "mismatch"),
    [
        (100, True, False, False),
        (105, True, False, False),
        (95, True, False, False),  # the edge of the tolerance is inside
        (105.5, False, True, True),
        (94.5, False, True, True),  # near: less than 6 % away
        (106, False, False, True),
        (94, False, False, True),
        (0, False, False, True),
    ],
)
def test_match_near_and_mismatch_of_an_equal_figure(computed, match, near, mismatch):
    assert [holds(v, computed) for v in ("match", "near", "mismatch")] == [match, near, mismatch]


@pytest.mark.parametrize(("computed", "match"), [(100, True), (105, True), (99.9, False), (105.1, False)])
def test_more_than_allows_only_above(computed, match):
    assert holds("match", computed, qualifier="more_than") is match


@pytest.mark.parametrize(
    ("relation", "computed", "consistent", "mismatch", "partly"),
    [
        ("upper_bound", 130, True, False, False),
        ("upper_bound", 95, True, False, False),
        ("upper_bound", 94, False, True, False),
        ("lower_bound", 70, True, False, True),
        ("lower_bound", 105, True, False, False),
        ("lower_bound", 106, False, True, False),
    ],
)
def test_bounds_exclude_one_side(relation, computed, consistent, mismatch, partly):
    found = [holds(v, computed, relation=relation) for v in ("consistent", "mismatch", "partly")]
    assert found == [consistent, mismatch, partly]


def test_partly_is_for_lower_bounds_only():
    assert not holds("partly", 70, relation="equal") and not holds("partly", 100, relation="lower_bound")


def test_binary_rounding_does_not_decide():
    assert holds("match", 0.1 + 0.2, value=0.2, tolerance=0.1)


@pytest.mark.parametrize("verdict", ["computed", "not_testable"])
def test_a_verdict_that_says_nothing_holds(verdict):
    assert holds(verdict, math.nan)


def test_every_stored_figure_is_recomputed(rows):
    measured = rows.dropna(subset="measure")
    assert len(measured) > 45
    assert (measured["computed"] - measured["recomputed"]).abs().max() <= 0.05
    assert rows.loc[rows["measure"].isna(), "computed"].isna().all()


def test_figures_by_hand(rows, tables):
    """From the register's rows, added up here."""
    ipcei = tables["ipcei"].set_index("ipcei_id")
    assert (
        rows.loc["C25", "computed"]
        == pytest.approx(ipcei.loc[["Hy2Tech", "Hy2Use"], "aid_eur_bn_max"].sum())
        == pytest.approx(10.6)
    )
    assert rows.loc["C24", "computed"] == 35 + 29
    assert rows.loc["C30", "computed"] == 35 + 2, "with two Norwegian projects"
    assert rows.loc["C14", "computed"] == pytest.approx(100 * 9 / 13)
    assert rows.loc["C39-FR", "computed"] == 3 and rows.loc["C40-BG", "computed"] == 0
    assert rows.loc["C46", "computed"] == pytest.approx(8.1 + 13.7)


def test_what_a_figure_is_made_of_by_hand(rows):
    """Parts of a sum, names of a count, shares, and what is taken off; nothing where there is one part."""
    made_of = rows["made_of"]
    assert made_of["C24"] == "Hy2Tech 35, Hy2Use 29" and made_of["C42"] == "DE 820, FR 355, IT 524, UK 48"
    assert made_of["C31"] == "BAT1, EuBatIn, ME1" and made_of["C46"] == "aid 8.1, private 13.7"
    assert made_of["C14"] == "Med4Cure 9 of 13" and made_of["C54"] == "Tech4Cure 10 less HU 1, IT 4, SI 1, SK 1"
    assert made_of["C51"] == "EuBatIn 6, Hy2Tech 4, Hy2Use 2, ME-CT 5, ME1 3", "one state: by project"
    assert made_of["C49"] == "" and made_of["C12"] == ""


def test_states_of_two_ipceis_are_counted_once(rows, tables):
    states = tables["ipcei_country"].query("ipcei_id in ['Hy2Tech', 'Hy2Use'] and role == 'notifying'")["geo"]
    assert rows.loc["C23", "computed"] == states.nunique() < len(states)


def test_facts_add_up(rows):
    facts = words.published_facts(rows)
    tested = rows.dropna(subset=["computed", "value"])
    assert facts["n"] == len(rows.dropna(subset="value")) and facts["testable"] == len(tested)
    assert facts["match"] + facts["other"] + facts["off"] == len(tested[tested["verdict"] != "not_testable"])


def changed(tables, check_id, **cells):
    checks = tables["published_check"]
    return {**tables, "published_check": checks[checks["check_id"] == check_id].assign(**cells)}


@pytest.mark.parametrize(
    ("check_id", "cells", "message"),
    [
        ("C49", {"ipceis": "Hy2Use"}, "C49 adds up n_smes, which is not known in full"),
        ("C49", {"ipceis": "Hy2Tech;Hy2Nowhere"}, "C49 names Hy2Nowhere, not in table ipcei"),
        ("C38", {"as_of": pd.NaT}, "C38 needs a value of as_of for count_alliances"),
        ("C41", {"geos": None}, "C41 needs a value of geos for count_eu27_in_no_ipcei"),
        ("C49", {"measure": "sum_of_all"}, "unknown measure 'sum_of_all' in C49"),
    ],
)
def test_what_cannot_be_computed_is_refused(tables, check_id, cells, message):
    with pytest.raises(DataError, match=message):
        published_figures.recompute(changed(tables, check_id, **cells))


def test_an_unknown_part_does_not_count_as_zero(tables):
    tables["ipcei"].loc[tables["ipcei"]["ipcei_id"] == "Hy2Use", "aid_eur_bn_max"] = float("nan")
    with pytest.raises(DataError, match="aid_eur_bn_max, which is not known in full"):
        published_figures.recompute(tables)


def test_the_day_of_a_count_matters(tables):
    decided = tables["ipcei"].query("kind == 'integrated'")["decision_date"]
    at = {
        day: published_figures.recompute(changed(tables, "C31", as_of=pd.Timestamp(day)))["computed"].item()
        for day in ("2018-12-17", "2018-12-18", "2019-12-09", decided.max())
    }
    assert list(at.values()) == [0, 1, 2, len(decided)]
