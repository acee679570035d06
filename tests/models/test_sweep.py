"""Threshold sweep and continuous index against the model they are made of, and R's number for that model."""

import math

import numpy as np
import pytest
from reference.cases import expected, table

from innodivide.errors import DataError, DesignError
from innodivide.models.estimators.firth import dispersion_interval, firth_logit
from innodivide.models.inference.sweep import COLUMNS, continuous_index, threshold_sweep
from innodivide.models.result import as_odds_ratio

DYADS = table("dyads")
# Countries take part of the time: an index that is 130 where the made-up label is 1 and from 80 to 119.5 elsewhere.
RANK = DYADS["geo"].str[1:].astype(int)
DYADS = DYADS.assign(index_relative=np.where(DYADS["leader"] == 1, 130.0 + RANK / 100, 80 + 1.5 * (RANK - 1) * 26 / 27))


def test_at_the_official_cut_it_is_the_confirmatory_model():
    row = threshold_sweep(DYADS, cuts=[125]).iloc[0]
    result = dispersion_interval(firth_logit(DYADS))
    assert list(row.index) == COLUMNS
    assert row["odds_ratio"] == pytest.approx(math.exp(result.estimate), rel=1e-12)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(
        (math.exp(result.ci_low), math.exp(result.ci_high)), rel=1e-12
    )
    assert row["p_value"] == pytest.approx(result.p_value) and row["n_treated"] == 6
    assert row["n_treated_dyads"] == DYADS["leader"].sum() and row["note"] == ""


def test_at_the_official_cut_it_equals_r():
    row, r = threshold_sweep(DYADS, cuts=[125]).iloc[0], expected("dyads").loc["leader"]
    assert math.log(row["odds_ratio"]) == pytest.approx(r["estimate"], rel=1e-8)
    assert math.log(row["ci_low"]) == pytest.approx(r["t_low"], rel=1e-8)
    assert row["dispersion"] == pytest.approx(r["dispersion"], rel=1e-8)


def test_cuts_that_move_no_country_are_marked_and_repeat_the_estimate():
    frame = threshold_sweep(DYADS, cuts=[116, 121, 124, 125, 130.2])
    assert frame["same_as"].fillna(0).tolist()[2:4] == [121, 124]
    assert frame["same_as"].isna().tolist() == [True, True, False, False, True]
    assert frame["odds_ratio"].iloc[1:4].nunique() == 1


def test_the_cut_itself_is_not_above():
    top = DYADS["index_relative"].max()
    frame = threshold_sweep(DYADS.assign(index_relative=DYADS["index_relative"].clip(upper=130)), cuts=[129.9, 130])
    assert frame["n_treated"].tolist() == [6, 0] and top > 130


def test_undefined_cuts_say_why():
    frame = threshold_sweep(DYADS, cuts=[50, 80, 125, 140]).set_index("c")
    assert "0 countries at or below the cut" in frame.at[50, "note"]
    assert frame.at[80, "note"].startswith("not defined: 1 countries at or below")
    assert "0 countries above the cut" in frame.at[140, "note"]
    assert frame["odds_ratio"].isna().tolist() == [True, True, False, True]
    assert frame["n_treated"].is_monotonic_decreasing


def test_few_countries_above_are_estimated_with_a_note():
    order = sorted(DYADS.loc[DYADS["leader"] == 1, "index_relative"].unique())
    frame = threshold_sweep(DYADS, cuts=[order[3]])
    assert frame.at[0, "n_treated"] == 2 and np.isfinite(frame.at[0, "odds_ratio"])
    assert frame.at[0, "note"] == "few: 2 countries above the cut"
    assert threshold_sweep(DYADS, cuts=[order[4]]).at[0, "note"] == "not defined: 1 countries above the cut, 2 needed"


def test_order_of_rows_does_not_matter():
    first = threshold_sweep(DYADS, cuts=[100, 125])
    assert first.equals(threshold_sweep(DYADS.sample(frac=1, random_state=4), cuts=[100, 125]))


def test_continuous_index_is_the_model_with_its_logarithm():
    result = continuous_index(DYADS)
    frame = DYADS.assign(ln_index=np.log(DYADS["index_relative"]))
    per_unit = dispersion_interval(firth_logit(frame, "ln_index"))
    step = math.log(1.1)
    assert result.estimate == pytest.approx(step * per_unit.estimate, rel=1e-8)
    assert (result.ci_low, result.ci_high) == pytest.approx((step * per_unit.ci_low, step * per_unit.ci_high), rel=1e-8)
    assert result.p_value == pytest.approx(per_unit.p_value, rel=1e-8) and result.n_treated == 27
    assert as_odds_ratio(result).scale == "odds ratio per 10 % higher index_relative"


def test_the_base_of_the_index_does_not_matter():
    """Twice the index is another constant, and `per` only rescales."""
    first, other = (
        continuous_index(DYADS),
        continuous_index(DYADS.assign(index_relative=2 * DYADS["index_relative"]), per=1.21),
    )
    assert other.estimate == pytest.approx(2 * first.estimate, rel=1e-8)
    assert other.p_value == pytest.approx(first.p_value, rel=1e-8)


def blank(frame):
    return frame.assign(index_relative=frame["index_relative"].where(frame.index != 3))


@pytest.mark.parametrize("function", [threshold_sweep, continuous_index])
@pytest.mark.parametrize(
    ("change", "error", "named"),
    [
        (blank, DesignError, "index_relative: missing for 1 of 297 dyads, first C01 P04"),
        (lambda f: f.assign(index_relative=0.0), DesignError, "index_relative: expected numbers > 0"),
        (lambda f: f.assign(index_relative=110.0), DesignError, "constant treatment"),
        (lambda f: f.assign(participates=0), DesignError, "participates: constant outcome"),
        (lambda f: f.assign(ln_gdp_pc_pps=f["ln_population"]), DesignError, "ln_gdp_pc_pps: rank deficient"),
        (lambda f: f.drop(columns="index_relative"), DataError, "index_relative not found"),
    ],
)
def test_degenerate_data_are_an_error_not_a_note(function, change, error, named):
    with pytest.raises(error, match=named):
        function(change(DYADS))
