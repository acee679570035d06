"""Own data: any column names, and frames that cannot be used are refused by name of the column, with the cure."""

import re

import numpy as np
import pandas as pd
import pytest

from innodivide.errors import DataError, InnodivideError, ParameterError
from innodivide.models import (
    average_marginal_effect,
    dispersion_interval,
    expected_participation,
    firth_logit,
    grouped_binomial,
    lpm_clustered,
    permutation_test,
)
from innodivide.models.decomposition.shapley import leave_one_out, shapley_fit
from innodivide.models.estimators.outcomes import any_participation, fractional_logit, poisson_rate
from innodivide.models.estimators.pooling import random_intercept_logit
from innodivide.models.inference.few_clusters import wild_cluster_bootstrap
from innodivide.models.inference.linear_permutation import freedman_lane


def made(n_units: int = 10, n_projects: int = 4) -> pd.DataFrame:
    """Towns and calls with a 0/1 outcome; a third of the towns carries the label."""
    rng = np.random.default_rng(7)
    frame = pd.MultiIndex.from_product(
        [[f"t{i}" for i in range(n_units)], [f"c{j}" for j in range(n_projects)]], names=["geo", "ipcei_id"]
    ).to_frame(index=False)
    unit = frame["geo"].str[1:].astype(int)
    frame["label"], frame["size"] = unit % 3 == 0, rng.normal(size=n_units)[unit]
    return frame.assign(won=rng.random(len(frame)) < 0.3 + 0.2 * frame["label"])


DYADS = made()
OWN = DYADS.rename(columns={"geo": "town", "ipcei_id": "call"})
ARGUMENTS = {"term": "label", "controls": ["size"], "outcome": "won"}
KEYS = {"unit": "town", "project": "call"}


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@pytest.mark.dear
@pytest.mark.parametrize(
    "function",
    [
        lambda frame, **names: firth_logit(frame, **ARGUMENTS, **names).result,
        lambda frame, **names: dispersion_interval(firth_logit(frame, **ARGUMENTS, **names)),
        lambda frame, **names: average_marginal_effect(firth_logit(frame, **ARGUMENTS, **names), frame, rng(), 20),
        lambda frame, **names: permutation_test(frame, **ARGUMENTS, n_permutations=19, rng=rng(), **names),
        lambda frame, **names: lpm_clustered(frame, **ARGUMENTS, kind="two-way", **names),
        lambda frame, **names: wild_cluster_bootstrap(frame, **ARGUMENTS, n_boot=19, rng=rng(), **names),
        lambda frame, **names: random_intercept_logit(frame, **ARGUMENTS, **names).result,
    ],
)
def test_names_of_the_key_columns_change_nothing_but_themselves(function):
    known, own = function(DYADS), function(OWN, **KEYS)
    pd.testing.assert_frame_equal(own.tidy(), known.tidy())
    assert own.notes == tuple(note.replace("geo", "town").replace("ipcei_id", "call") for note in known.notes)
    assert own.data_hash != known.data_hash


@pytest.mark.dear
def test_leave_one_out_and_shares_of_fit_take_the_own_names():
    known, own = leave_one_out(DYADS, **ARGUMENTS), leave_one_out(OWN, **ARGUMENTS, **KEYS)
    pd.testing.assert_frame_equal(own, known)
    assert list(leave_one_out(OWN, by="call", **ARGUMENTS, **KEYS)["dropped"]) == ["", "c0", "c1", "c2", "c3"]
    factors = {"size": ["size"], "label": ["label"]}
    parts = [shapley_fit(DYADS, factors, "won"), shapley_fit(OWN, factors, "won", **KEYS)]
    pd.testing.assert_frame_equal(*(part.frame for part in parts))


TOTALS = (
    DYADS.groupby("geo")
    .agg(label=("label", "max"), size=("size", "mean"), won=("won", "sum"), rate=("won", "mean"), open=("won", "size"))
    .reset_index()
)


@pytest.mark.dear
@pytest.mark.parametrize(
    "function",
    [
        lambda frame, **unit: grouped_binomial(frame, "label", ["size"], "won", "open", **unit).result,
        lambda frame, **unit: poisson_rate(frame, "label", ["size"], "won", "open", **unit),
        lambda frame, **unit: fractional_logit(frame, "label", ["size"], "rate", **unit),
        lambda frame, **unit: freedman_lane(frame, "label", ["size"], "rate", 19, rng(), **unit),
        lambda frame, **unit: any_participation(frame.assign(won=frame["won"] // 2), "label", ["size"], "won", **unit),
    ],
)
def test_the_same_for_one_row_per_unit(function):
    own = function(TOTALS.rename(columns={"geo": "town"}), unit="town")
    pd.testing.assert_frame_equal(own.tidy(), function(TOTALS).tidy())


def test_expected_participation_has_the_own_name():
    fit = firth_logit(OWN, **ARGUMENTS, **KEYS)
    assert expected_participation(fit, OWN).columns[0] == "town"
    assert list(fit.tidy()["term"]) == ["size", "label", "intercept"] and fit.glance().loc[0, "df"] == 7
    assert "label" in repr(fit) and len(repr(fit).splitlines()) < 25


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"label": "yes"}, r"label: expected numbers or booleans, got str, first 'yes' at 0.*to_numeric"),
        ({"size": DYADS["size"].astype(str)}, r"size: expected numbers or booleans"),
        ({"size": DYADS["size"].astype(object).where(DYADS["label"], "?")}, r"size: .* first '\?' at 4"),
        ({"size": DYADS["size"].where(DYADS["label"])}, r"size: 24 missing value\(s\), first at 4"),
        ({"size": np.inf}, r"size: 40 infinite value\(s\), first at 0"),
        ({"size": 3.0}, r"size: .*constant; leave it out"),
        ({"size": DYADS["label"] * 2.0}, r"label: rank deficient design.* linear combination of the intercept, size"),
        ({"label": True}, r"label: constant treatment"),
        ({"won": 1}, r"won: constant outcome"),
        ({"won": 2}, r"won: expected a boolean or 0/1 outcome"),
        ({"size": 1j}, r"size: .*complex"),
        ({"label": pd.Timestamp("2020-01-01")}, r"label: expected numbers or booleans"),
        ({"call": "c0"}, r"town, call: \(t0, c0\) appears more than once"),
        ({"town": "t0", "call": range(40)}, r"town: only one country"),
        ({"town": [1, "a"] * 20}, r"town holds int, str; use values of one kind"),
        ({"town": [[1]] * 40}, r"town holds list"),
        ({"town": None}, r"town is missing in 40 of 40 rows"),
    ],
)
def test_a_frame_that_cannot_be_used_is_refused_by_column(change, said):
    with pytest.raises(InnodivideError, match=said):
        firth_logit(OWN.assign(**change), **ARGUMENTS, **KEYS)


def test_a_column_that_is_there_twice_is_refused():
    with pytest.raises(DataError, match="more than one column is named label"):
        firth_logit(pd.concat([OWN, OWN[["label"]]], axis=1), **ARGUMENTS, **KEYS)


def test_a_unit_in_one_project_only_is_named_where_the_method_needs_all():
    with pytest.raises(InnodivideError, match="none for town t0, call c0"):
        permutation_test(OWN.iloc[1:], **ARGUMENTS, n_permutations=9, rng=rng(), **KEYS)


def test_separated_data_are_said_by_name_or_refused_with_the_way_out():
    apart = OWN.assign(won=OWN["label"])
    fit = firth_logit(apart, **ARGUMENTS, **KEYS)
    assert fit.result.separation and re.search("infinite for .*label", fit.separation_note)
    with pytest.raises(InnodivideError, match=r"won: separated data.*permutation test"):
        dispersion_interval(fit)
    with pytest.raises(InnodivideError, match=r"separated data.*use firth_logit"):
        grouped_binomial(TOTALS.assign(won=TOTALS["label"] * 4), "label", ["size"], "won", "open")


@pytest.mark.parametrize(
    "wrong",
    [{"controls": None}, {"controls": "size"}, {"level": "a"}, {"level": 2}, {"unit": "label"}, {"project": None}],
)
def test_a_wrong_argument_is_refused_by_name(wrong):
    with pytest.raises(ParameterError, match=next(iter(wrong)) if "unit" not in wrong else "column"):
        firth_logit(OWN, **{**ARGUMENTS, **KEYS, **wrong})
