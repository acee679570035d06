"""Robustness value and E-value against their authors' software and published examples."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from reference.cases import HERE
from scipy import stats

from innodivide.errors import ParameterError
from innodivide.models.inference.confounding import bounding_ratio, e_value, risk_ratio, robustness, robustness_value

ROWS = pd.read_csv(HERE / "clusters" / "libraries.csv").query("topic == 'sensitivity'")
CASES = [(*quantity.split("|"), value) for quantity, value in zip(ROWS["quantity"], ROWS["value"])]
CASES = [case for case in CASES if case[0] != "r2"]  # the partial R squared of the table is not used here


@pytest.mark.parametrize(("what", "t", "df", "q", "expected"), CASES)
def test_equals_the_authors_python_package(what, t, df, q, expected):
    t, df, q = float(t), int(df), float(q)
    critical = stats.t.ppf(0.975, df - 1) / math.sqrt(df - 1) if what == "rva" else 0.0
    value = robustness(q * t / math.sqrt(df), critical)
    assert value == pytest.approx(expected, rel=1e-10, abs=1e-12)
    record = robustness_value(t, df)
    if record.shown and q == 1:
        assert (record.value_interval if what == "rva" else record.value) == value


def test_published_darfur_example():
    """Cinelli & Hazlett (2020), section 5: t = 4.18 with 783 df."""
    record = robustness_value(4.18445, 783)
    assert (round(record.value, 3), round(record.value_interval, 3)) == (0.139, 0.076)


@pytest.mark.parametrize(
    ("rr", "low", "high", "estimate", "interval"),
    [
        (10.73, 8.02, 14.36, 20.94777, 15.52336),  # Hammond & Horn, vignette of the R package EValue
        (3.9, 1.8, 8.7, 7.26, 3.0),  # Victora et al., VanderWeele & Ding (2017)
        (0.80, 0.71, 0.91, 1.81, 1.43),  # VanderWeele & Ding (2017)
    ],
)
def test_published_e_values(rr, low, high, estimate, interval):
    record = e_value(rr, low, high)
    assert record.shown
    assert (record.value, record.value_interval) == pytest.approx((estimate, interval), abs=0.005)


def test_not_shown_where_the_interval_includes_no_association():
    for record in (
        e_value(1.3, 0.9, 1.9),
        e_value(0.8, 0.6, 1.0),
        robustness_value(1.5, 23),
        robustness_value(0.0, 23),
    ):
        assert not record.shown and record.value is None and record.value_interval is None
        assert "include" in record.reason


def test_not_shown_where_the_report_claims_nothing():
    for record in (e_value(3.9, 1.8, 8.7, claimed=False), robustness_value(4.0, 23, claimed=False)):
        assert not record.shown and record.value is None and record.reason == "no effect is claimed"


def test_the_border_of_showing_is_the_t_test():
    border = stats.t.ppf(0.975, 23)
    assert robustness_value(border * 1.001, 23).shown and not robustness_value(border * 0.999, 23).shown
    assert robustness_value(-3.0, 23).value == robustness_value(3.0, 23).value


@given(st.floats(0.01, 60), st.floats(1.5, 500))
@settings(max_examples=100, deadline=None)
def test_robustness_value_is_the_confounder_that_removes_the_estimate(t, df):
    """With R2 = RV on both sides the bias, in standard errors, is sqrt(df) RV / sqrt(1 - RV) = |t|."""
    rv = robustness(t / math.sqrt(df), 0.0)
    assert 0 < rv < 1
    assert math.sqrt(df) * rv / math.sqrt(1 - rv) == pytest.approx(t, rel=1e-6)


@given(st.floats(1.0001, 1e6))
@settings(max_examples=100, deadline=None)
def test_e_value_solves_its_bounding_factor(rr):
    """E E / (E + E - 1) = RR, the bias of a confounder with both risk ratios E; symmetric in RR and 1/RR."""
    e = bounding_ratio(rr)
    assert e * e / (2 * e - 1) == pytest.approx(rr, rel=1e-9)
    assert bounding_ratio(1 / rr) == pytest.approx(e, rel=1e-6)


def test_odds_ratio_of_a_common_outcome_is_its_square_root():
    assert risk_ratio(4.0) == 2.0 and risk_ratio(4.0, common=False) == 4.0


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: robustness_value(np.nan, 23), "t, df: "),
        (lambda: robustness_value(2.0, 1), "t, df: "),
        (lambda: e_value(2.0, 2.5, 3.0), "low <= rr <= high"),
        (lambda: e_value(-1.0, 1.0, 2.0), "rr, low, high: "),
        (lambda: e_value(2.0, 1.0, math.inf), "rr, low, high: "),
    ],
)
def test_wrong_arguments_are_refused(call, named):
    with pytest.raises(ParameterError, match=named):
        call()
