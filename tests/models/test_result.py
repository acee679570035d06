"""The result record: it refuses nonsense, prints what a reader needs, and its fingerprint means the data."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from innodivide.errors import DataError, DesignError, InnodivideError, ParameterError
from innodivide.models.result import Result, data_fingerprint, require_rng, results_frame, seed_of

GOOD = {
    "method": "Firth logit",
    "term": "leader",
    "estimate": 0.5,
    "scale": "log odds",
    "n_treated": 5,
    "dropped": ("LU",),
    "converged": True,
    "data_hash": "0" * 64,
    "se": 0.2,
    "se_kind": "information",
    "ci_low": 0.1,
    "ci_high": 0.9,
    "ci_level": 0.95,
    "ci_kind": "profile",
    "p_value": 0.03,
    "p_kind": "likelihood ratio",
    "n_dyads": 297,
    "n_countries": 27,
    "n_ipceis": 11,
    "n_events": 96,
}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"ci_low": 1.0}, "ci_low"),
        ({"ci_low": float("nan")}, "ci_low"),
        ({"ci_low": None}, "ci_low"),
        ({"ci_level": 95}, "ci_level"),
        ({"ci_level": None}, "ci_level"),
        ({"p_value": 1.2}, "p_value"),
        ({"p_value": float("nan")}, "p_value"),
        ({"p_kind": ""}, "p_kind"),
        ({"se": -1.0}, "se"),
        ({"se_kind": ""}, "se_kind"),
        ({"estimate": float("nan")}, "estimate"),
        ({"estimate": None}, "estimate"),
        ({"n_treated": None}, "n_treated"),
        ({"n_treated": 28}, "n_treated"),
        ({"n_treated": True}, "n_treated"),
        ({"n_dyads": -1}, "n_dyads"),
        ({"n_events": 1.5}, "n_events"),
        ({"dropped": "LU"}, "dropped"),
        ({"dropped": None}, "dropped"),
        ({"notes": ["a"]}, "notes"),
        ({"df": -1.0}, "df"),
        ({"n_draws": float("nan")}, "n_draws"),
    ],
)
def test_a_bad_field_is_refused_by_name(change, named):
    with pytest.raises(ParameterError, match=named):
        Result(**{**GOOD, **change})


@pytest.mark.parametrize("field", ["n_treated", "dropped"])
def test_treated_and_dropped_cannot_be_left_out(field):
    with pytest.raises(TypeError, match=field):
        Result(**{key: value for key, value in GOOD.items() if key != field})


def test_record_is_frozen_and_allows_what_does_not_exist():
    bare = Result(
        method="m", term="t", estimate=1.0, scale="s", n_treated=0, dropped=(), converged=False, data_hash="x" * 64
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        bare.estimate = 2.0
    assert "p-value" not in str(bare)
    assert "Converged" in str(bare)
    assert Result(**{**GOOD, "ci_high": float("inf")}).ci_high == float("inf")


def test_text_html_and_row_say_the_same():
    result = Result(**{**GOOD, "term": "a < b", "notes": ("one", "two"), "seed": 7, "separation": True})
    text, page = str(result), result._repr_html_()
    for wanted in ("0.5 (log odds)", "0.1 to 0.9", "95%", "likelihood ratio", "5 ever treated", "LU", "7", "one"):
        assert wanted in text
        assert wanted in page
    assert "a &lt; b" in page and "a < b" not in page
    row = result.row()
    later = ["df", "dispersion", "n_draws"]  # said in the texts of a stored row; as numbers in glance
    assert [*row, *later] == [field.name for field in dataclasses.fields(Result)]
    assert row["notes"] == "one; two" and row["dropped"] == "LU"
    pd.testing.assert_frame_equal(results_frame([result]), pd.DataFrame([row]))
    assert list(results_frame([]).columns) == list(row)


def test_tidy_and_glance_are_the_frames_that_users_of_broom_expect():
    result = Result(**{**GOOD, "se": 0.25, "df": 23.0})
    tidy = result.tidy()
    assert list(tidy) == ["term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
    assert tidy.loc[0, "statistic"] == 2.0 and tidy.loc[0, "conf_low"] == 0.1
    glance = result.glance()
    assert len(glance) == 1 and glance.loc[0, "df"] == 23.0 and glance.loc[0, "n_treated"] == 5
    assert repr(result) == str(result)
    bare = Result(**{**GOOD, "se": None, "se_kind": ""}).tidy()
    assert bare["std_error"].isna().all() and bare["statistic"].isna().all()


def test_errors_are_value_errors_of_one_family():
    for error in (DataError, ParameterError, DesignError):
        assert issubclass(error, InnodivideError) and issubclass(error, ValueError)


FRAME = pd.DataFrame(
    {
        "geo": ["AT", "BE", "BG"],
        "x": [1.5, np.nan, 0.1 + 0.2],
        "flag": [True, False, True],
        "day": pd.to_datetime(["2020-01-01", "2021-02-03", None]),
        "text": ['a,"b"', "c", None],
    }
)


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(3)), st.permutations(list(FRAME.columns)))
def test_fingerprint_ignores_order(rows, columns):
    shuffled = FRAME.iloc[list(rows)].reset_index(drop=True)
    assert data_fingerprint(shuffled, columns) == data_fingerprint(FRAME, FRAME.columns)


@pytest.mark.parametrize(
    "change", [{"x": [1.5, np.nan, 0.3]}, {"geo": ["AT", "BE", "CY"]}, {"flag": [True, True, True]}]
)
def test_fingerprint_sees_every_value(change):
    assert data_fingerprint(FRAME.assign(**change), FRAME.columns) != data_fingerprint(FRAME, FRAME.columns)


def test_fingerprint_does_not_depend_on_how_numbers_are_stored():
    whole = pd.DataFrame({"a": [1, 0]})
    for dtype in ("float64", "bool", "Int64", "float32"):
        assert data_fingerprint(whole.astype(dtype), ["a"]) == data_fingerprint(whole, ["a"])
    with pytest.raises(DataError, match="b"):
        data_fingerprint(whole, ["a", "b"])


def test_seed_of_a_generator():
    assert seed_of(np.random.default_rng(20250101)) == 20250101
    with pytest.raises(ParameterError, match="rng"):
        require_rng(np.random)
