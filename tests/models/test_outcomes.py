"""Counts, amounts, shares and any participation against R, other routes to the same number, and refusals."""

import numpy as np
import pandas as pd
import pytest
from reference.cases import HERE, table

from innodivide.errors import DataError, DesignError, ParameterError
from innodivide.models.estimators.firth import firth_logit
from innodivide.models.estimators.grouped import grouped_binomial
from innodivide.models.estimators.outcomes import any_participation, fractional_logit, poisson_rate, ppml

R = pd.read_csv(HERE / "outcomes" / "expected.csv").set_index(["model", "quantity"])["value"].sort_index()
TOTALS = table("outcomes/totals")
MODELS = {
    "poisson_share": lambda frame=TOTALS, **a: poisson_rate(frame, **a),
    "poisson_any": lambda frame=TOTALS, **a: poisson_rate(frame, "leader_any", ("ln_population",), possible=None, **a),
    "ppml": lambda frame=TOTALS, **a: ppml(frame, "leader_any", **a),
    "fractional_rate": lambda frame=TOTALS, **a: fractional_logit(frame, **a),
    "fractional_aid": lambda frame=TOTALS, **a: fractional_logit(frame, "leader_any", share="aid_share", **a),
}


@pytest.mark.parametrize("name", list(MODELS))
def test_estimates_equal_r(name):
    assert MODELS[name]().estimate == pytest.approx(R[name, "estimate"], rel=1e-7)


@pytest.mark.parametrize("name", list(MODELS))
def test_robust_errors_equal_sandwich(name):
    """Where statsmodels' GLM gives HC0 for HC1."""
    result = MODELS[name]()
    assert result.se == pytest.approx(R[name, "HC1"], rel=1e-6)
    assert "HC1" in result.se_kind and "HC1" in result.p_kind


def test_any_participation_equals_brglm2():
    result = any_participation(TOTALS)
    assert result.estimate == pytest.approx(R["any", "estimate"], rel=1e-6)
    assert result.se == pytest.approx(R["any", "se"], rel=1e-6)
    assert "2 of 27 countries never take part" in result.notes
    assert result.n_dyads is None and result.n_events == 25 and "dyads" not in result.ci_kind


@pytest.mark.dear
def test_any_participation_is_the_firth_logit_of_the_countries():
    units = TOTALS.assign(ipcei_id="P", any=TOTALS["n_participations"] > 0)
    expected = firth_logit(units, "leader_any", outcome="any").result
    result = any_participation(TOTALS)
    assert (result.estimate, result.ci_low, result.ci_high) == (expected.estimate, expected.ci_low, expected.ci_high)


@pytest.mark.parametrize("name", list(MODELS))
def test_interval_and_p_are_student_with_n_minus_k(name):
    from scipy import stats

    result = MODELS[name](level=0.9)
    df = 27 - (3 if name == "poisson_any" else 4)
    assert result.ci_high - result.estimate == pytest.approx(stats.t.ppf(0.95, df) * result.se)
    assert result.p_value == pytest.approx(2 * stats.t.sf(abs(result.estimate) / result.se, df))


def test_without_controls_a_rate_ratio_is_a_ratio_of_rates():
    by = TOTALS.groupby("leader_any")[["n_participations", "n_possible"]].sum()
    rate = by["n_participations"] / by["n_possible"]
    result = poisson_rate(TOTALS, "leader_any", ())
    assert result.estimate == pytest.approx(np.log(rate[1] / rate[0]), rel=1e-9)
    assert result.scale == "log rate ratio" and result.n_treated == 5
    assert result.n_events == TOTALS["n_participations"].sum()
    assert any("grouped binomial" in note for note in result.notes)


def test_without_controls_ppml_is_a_ratio_of_means():
    means = TOTALS.groupby("leader_any")["aid_eur"].mean()
    result = ppml(TOTALS, "leader_any", ())
    assert result.estimate == pytest.approx(np.log(means[1] / means[0]), rel=1e-9)
    assert "2 of 27 amounts are zero and kept" in result.notes and "basis: commission_max" in result.notes


def test_the_unit_of_aid_does_not_matter():
    """Euro or million euro: which is why it is not a negative binomial model."""
    first = ppml(TOTALS, "leader_any")
    second = ppml(TOTALS.assign(aid_eur=TOTALS["aid_eur"] / 1e6), "leader_any")
    assert (second.estimate, second.se, second.p_value) == pytest.approx(
        (first.estimate, first.se, first.p_value), rel=1e-8
    )


def test_fractional_logit_of_equal_exposures_is_the_grouped_binomial():
    """Same estimating equations when every country had the same number of chances."""
    equal = TOTALS.assign(n_possible=11)
    equal["rate"] = equal["n_participations"] / 11
    fractional = fractional_logit(equal)
    assert fractional.estimate == pytest.approx(grouped_binomial(equal).result.estimate, rel=1e-8)


def test_an_offset_common_to_all_changes_nothing():
    equal = TOTALS.assign(n_possible=11)
    with_offset, without = poisson_rate(equal), poisson_rate(equal, possible=None)
    assert (with_offset.estimate, with_offset.se) == pytest.approx((without.estimate, without.se), rel=1e-8)


def test_shares_of_a_total_are_said_to_depend_on_each_other():
    whole = TOTALS.assign(aid_share=TOTALS["aid_eur"] / TOTALS["aid_eur"].sum())
    assert any("add up to one" in note for note in fractional_logit(whole, "leader_any", share="aid_share").notes)
    assert not fractional_logit(TOTALS).notes


@pytest.mark.parametrize("name", list(MODELS))
def test_order_of_rows_does_not_matter(name):
    assert MODELS[name](TOTALS.sample(frac=1, random_state=1)) == MODELS[name]()


def test_near_collinearity_keeps_its_digits():
    """Rotating (x, x + tiny z) to (x, z) gives the same fit; the exposure's coefficient must follow."""
    z = np.random.default_rng(1).normal(size=27).round(3)
    frame = TOTALS.assign(z=z, almost=TOTALS["leader_share"] + 1e-5 * z)
    rotated = poisson_rate(frame, "leader_share", ("ln_population", "z"))
    direct = poisson_rate(frame, "leader_share", ("ln_population", "almost"))
    slope = poisson_rate(frame, "z", ("ln_population", "leader_share"))
    assert direct.estimate == pytest.approx(rotated.estimate - slope.estimate * 1e5, rel=1e-4)


def unknown(frame, column, *countries):
    return frame.assign(**{column: frame[column].astype(float).where(~frame["geo"].isin(countries))})


def mixed(frame):
    return frame.assign(aid_basis=frame["aid_basis"].where(frame["geo"] != "C05", "disbursed"))


def nothing_for_leaders(frame, column):
    return frame.assign(**{column: frame[column].where(frame["leader_any"] == 0, 0)})


@pytest.mark.parametrize(
    ("call", "error", "named"),
    [
        (
            lambda f: ppml(unknown(f, "aid_eur", "C03", "C09"), "leader_any"),
            DesignError,
            "25 of 27 .* Missing: C03, C09",
        ),
        (lambda f: ppml(mixed(f), "leader_any"), DesignError, "aid_basis: .* found commission_max, disbursed"),
        (lambda f: ppml(f.assign(aid_basis=None), "leader_any"), DesignError, "found none given"),
        (lambda f: ppml(f.assign(aid_eur=-f["aid_eur"]), "leader_any"), DesignError, "aid_eur: 25 negative"),
        (
            lambda f: ppml(nothing_for_leaders(f, "aid_eur"), "leader_any"),
            DesignError,
            "infinite for .*leader_any.*C04",
        ),
        (lambda f: ppml(f.drop(columns="aid_basis"), "leader_any"), DataError, "aid_basis not found"),
        (lambda f: poisson_rate(unknown(f, "n_participations", "C01")), DesignError, "known for 26 of 27"),
        (lambda f: poisson_rate(unknown(f, "ln_population", "C01")), DesignError, "ln_population: 1 missing"),
        (lambda f: poisson_rate(f.assign(n_participations=0.5 + f["n_participations"])), DesignError, "whole numbers"),
        (lambda f: poisson_rate(f.assign(n_participations=3)), DesignError, "constant outcome"),
        (lambda f: poisson_rate(f.assign(n_possible=0)), DesignError, "n_possible: expected numbers > 0"),
        (
            lambda f: poisson_rate(nothing_for_leaders(f, "n_participations")),
            DesignError,
            "infinite for .*leader_share",
        ),
        (lambda f: poisson_rate(pd.concat([f, f])), DesignError, "one row per country"),
        (lambda f: poisson_rate(f.assign(ln_population=2 * f["ln_gdp_pc_pps"])), DesignError, "rank deficient"),
        (lambda f: poisson_rate(f.assign(leader_share=0)), DesignError, "leader_share: constant treatment"),
        (lambda f: poisson_rate(f.head(4), "ln_population", ()), DesignError, None),
        (lambda f: poisson_rate(f.assign(one=f["geo"] == "C05"), "one"), DesignError, "leverage 1"),
        (lambda f: poisson_rate(f, level=95), ParameterError, "level"),
        (lambda f: fractional_logit(f, share="n_participations"), DesignError, "expected shares from 0 to 1"),
        (lambda f: fractional_logit(f.assign(rate=f["leader_any"])), DesignError, "separated data"),
        (lambda f: fractional_logit(unknown(f, "rate", "C02")), DesignError, "known for 26 of 27"),
        (
            lambda f: any_participation(f.assign(n_participations=1 + f["n_participations"])),
            DesignError,
            "every country",
        ),
        (lambda f: any_participation(unknown(f, "n_participations", "C27")), DesignError, "Missing: C27"),
    ],
)
def test_degenerate_data_are_refused_with_the_cause(call, error, named):
    if named is None:  # four countries and two parameters are enough
        assert call(TOTALS).n_countries == 4
    else:
        with pytest.raises(error, match=named):
            call(TOTALS)


def test_fewer_countries_than_parameters_are_refused():
    few = TOTALS[TOTALS["geo"].isin(["C04", "C05", "C20", "C27"])]
    with pytest.raises(DesignError, match="4 countries for 4 parameters"):
        poisson_rate(few)


def test_separation_is_not_cried_where_there_is_none():
    """Two countries without participation, small ones: the linear programme must let them pass."""
    assert poisson_rate(TOTALS).separation is False
    one_leader_left = TOTALS.assign(
        n_participations=TOTALS["n_participations"].where(~TOTALS["geo"].isin(["C04", "C21"]), 0)
    )
    assert np.isfinite(poisson_rate(one_leader_left, "leader_any").estimate)
