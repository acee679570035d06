"""Every public function that takes a frame refuses one that cannot be used: by name, with the cure, never by pandas."""

import inspect

import numpy as np
import pandas as pd
import pytest

import innodivide
from innodivide import indicators, models
from innodivide.data import Tables
from innodivide.errors import DataError, InnodivideError

UNITS = pd.MultiIndex.from_product([list("abcdefgh"), ["p", "q", "r"]], names=["unit", "project"])
DYADS = UNITS.to_frame(index=False).assign(
    label=[True] * 9 + [False] * 15,
    size=np.random.default_rng(3).normal(size=8).repeat(3),
    won=[1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0],
    day=pd.to_datetime(["2020-01-01", "2021-01-01", "2022-01-01"] * 8),
)
TOTALS = DYADS.groupby("unit").agg(label=("label", "max"), size=("size", "mean"), won=("won", "sum")).reset_index()
TOTALS = TOTALS.assign(rate=TOTALS["won"] / 3, possible=3, basis="made up")
YEARS = pd.DataFrame({"unit": list("abcd") * 2, "year": [2020] * 4 + [2024] * 4, "size": [1.0, 2, 4, 8, 2, 3, 4, 9]})
OURS = {"unit": "geo", "project": "ipcei_id", "label": "leader", "won": "participates", "day": "decision_date"}
REGISTERED = (
    DYADS.rename(columns=OURS).assign(ln_population=DYADS["size"], ln_gdp_pc_pps=1.0, ln_gdp=2.0).drop(columns="size")
)
NAMES = {"term": "label", "controls": ["size"]}
OUTCOME = NAMES | {"outcome": "won"}
KEYS = {"unit": "unit", "project": "project"}
FIT = models.firth_logit(DYADS, **OUTCOME, **KEYS, profiles=False)


def rng():
    return np.random.default_rng(1)


FEW = {"n_permutations": 19, "rng": rng()}
CALLS = {  # name -> call with a frame, a frame that it takes
    "firth_logit": (lambda f: models.firth_logit(f, **OUTCOME, **KEYS, profiles=False), DYADS),
    "average_marginal_effect": (lambda f: models.average_marginal_effect(FIT, f, rng(), 20), DYADS),
    "expected_participation": (lambda f: models.expected_participation(FIT, f), DYADS),
    "permutation_test": (lambda f: models.permutation_test(f, **OUTCOME, **KEYS, **FEW), DYADS),
    "permutation_draws": (lambda f: models.permutation_draws(f, **OUTCOME, **KEYS, **FEW), DYADS),
    "lpm_clustered": (lambda f: models.lpm_clustered(f, **OUTCOME, **KEYS), DYADS),
    "wild_cluster_bootstrap": (
        lambda f: models.wild_cluster_bootstrap(f, **OUTCOME, **KEYS, n_boot=9, rng=rng()),
        DYADS,
    ),
    "leave_one_out": (lambda f: models.leave_one_out(f, **OUTCOME, **KEYS), DYADS),
    "minimum_detectable_odds_ratio": (
        lambda f: models.minimum_detectable_odds_ratio(f, rng(), **OUTCOME, **KEYS),
        DYADS,
    ),
    "earlier_share": (lambda f: models.earlier_share(f, **KEYS, date="day", outcome="won"), DYADS),
    "grouped_binomial": (
        lambda f: models.grouped_binomial(f, **NAMES, successes="won", trials="possible", unit="unit"),
        TOTALS,
    ),
    "poisson_rate": (lambda f: models.poisson_rate(f, **NAMES, count="won", possible="possible", unit="unit"), TOTALS),
    "any_participation": (lambda f: models.any_participation(f, **NAMES, count="won", unit="unit"), TOTALS),
    "fractional_logit": (lambda f: models.fractional_logit(f, **NAMES, share="rate", unit="unit"), TOTALS),
    "freedman_lane": (lambda f: models.freedman_lane(f, **OUTCOME, unit="unit", **FEW), TOTALS),
    "ppml": (lambda f: models.ppml(f, **OUTCOME, basis="basis", unit="unit"), TOTALS),
    "sigma_convergence": (lambda f: indicators.sigma_convergence(f, value="size", unit="unit"), YEARS),
    "beta_convergence": (lambda f: indicators.beta_convergence(f, value="size", unit="unit"), YEARS),
    "country_totals": (indicators.country_totals, REGISTERED),
    "add_column": (lambda f: indicators.add_column(Tables(), f, "s3_country.partnerships"), REGISTERED),
}


def number(frame):
    return "won" if "day" in frame and "label" in frame else "size" if "size" in frame else "ln_population"


def key(frame):
    return "unit" if "unit" in frame else "geo"


def put(column, value, place=1):
    """A frame with one value of a column, given by a function of the frame, in the place of another."""

    def change(frame):
        values = frame[column(frame)].astype(object)
        values.iloc[place] = value
        return frame.assign(**{column(frame): values})

    return change


BAD = {  # what is wrong -> how a frame gets so, and what the message says
    "nothing": (lambda f: None, "expected a pandas DataFrame, got None"),
    "tables": (lambda f: Tables(), "expected a pandas DataFrame, got Tables"),
    "an array": (lambda f: f.to_numpy(), "expected a pandas DataFrame, got ndarray"),
    "index and column": (lambda f: f.set_index(key(f), drop=False), r"in the index too; drop the index"),
    "index only": (lambda f: f.set_index(key(f)), r"is in the index: reset_index\(\) makes a column of it"),
    "levels": (lambda f: pd.concat({"x": f}, axis=1), "its columns have several levels: give each one text"),
    "a name twice": (lambda f: pd.concat([f, f[[key(f)]]], axis=1), "more than one column is named .*; rename or drop"),
    "a number as name": (lambda f: f.rename(columns={key(f): 3}), r"not found; it has: .*3"),
    "no key": (put(key, None), "is missing in 1 of .* fill it, or leave the row out"),
}
BAD_NUMBERS = {
    "missing": (put(number, None), "missing|is not a zero|every unit in every year"),
    "text": (put(number, "?"), r"first '\?' at 1; make numbers of it|use values of one kind"),
    "infinite": (put(number, np.inf), "infinite value|use values of one kind"),
    "too large": (put(number, 10**400), "too large to compute with; take another unit|one kind|0/1"),
    "a list": (put(number, [1]), "make numbers of it first|use values of one kind"),
}


def test_every_public_function_that_takes_a_frame_is_here():
    def takes_one(function) -> bool:
        kinds = inspect.signature(function).parameters.values() if inspect.isfunction(function) else ()
        return any(kind.annotation is pd.DataFrame for kind in kinds)

    public = [(room, name) for room in (models, indicators) for name in room.__all__]
    assert {name for room, name in public if takes_one(getattr(room, name))} == CALLS.keys()


@pytest.mark.parametrize("wrong", BAD)
@pytest.mark.parametrize("function", CALLS)
def test_a_frame_that_is_none_or_has_not_the_columns_is_refused(function, wrong):
    (call, frame), (change, said) = CALLS[function], BAD[wrong]
    with pytest.raises(DataError, match=said):
        call(change(frame))


@pytest.mark.parametrize("wrong", BAD_NUMBERS)
@pytest.mark.parametrize("function", [name for name in CALLS if name != "add_column"])
def test_a_value_that_is_no_number_is_refused(function, wrong):
    (call, frame), (change, said) = CALLS[function], BAD_NUMBERS[wrong]
    with pytest.raises(InnodivideError, match=said):
        call(change(frame))


@pytest.mark.parametrize(
    "function", ["permutation_test", "leave_one_out", "freedman_lane", "country_totals", "earlier_share"]
)
def test_types_of_pandas_and_the_order_of_categories_change_nothing(function):
    call, frame = CALLS[function]
    column, last = number(frame), sorted(frame[key(frame)], reverse=True)
    typed = frame.assign(
        **{
            key(frame): pd.Categorical(frame[key(frame)], categories=[*dict.fromkeys(last), "unused"]),
            column: frame[column].astype("Int64" if column == "won" else "Float64"),
            "label": (frame["label"] if "label" in frame else frame["leader"]).astype("boolean"),
            "leader": (frame["label"] if "label" in frame else frame["leader"]).astype(object),
        }
    )

    name = {"country_totals": "rate", "earlier_share": "earlier_share"}.get(function, "p_value")
    FEW["rng"] = rng()
    plain = call(frame)
    FEW["rng"] = rng()
    other = call(typed)
    values = [np.ravel(getattr(one, name)).astype(float) for one in (plain, other)]
    np.testing.assert_array_equal(*values)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: indicators.ipcei_dyads(DYADS), r"tables: expected tables \(Tables\(\), or .*got DataFrame"),
        (lambda: innodivide.leader_test(DYADS), "tables: expected tables"),
        (lambda: indicators.group_history({}), "the tables given have no table or column 'country'"),
        (lambda: Tables(DYADS), r"expected frames by name, got DataFrame; write Tables\(\{'ipcei': frame\}\)"),
        (lambda: Tables({"ipcei": [1]}), "'ipcei' has list in the place of a DataFrame"),
        (lambda: Tables({"ipcei": DYADS}), "table ipcei: the frame given has no column ipcei_id"),
        (lambda: models.dispersion_interval(DYADS), "fit: expected a FirthFit, got DataFrame"),
        (lambda: models.tost([1], 0.1, 5, -1, 1), "estimate: expected a number, got"),
        (
            lambda: models.firth_logit(DYADS, trm="label"),
            "unexpected keyword argument 'trm'; its arguments are dyads, term",
        ),
        (lambda: indicators.gini("abc"), "values: expected one column of numbers, got str"),
        (lambda: indicators.gini(DYADS), "values: expected one column of numbers, got DataFrame"),
        (lambda: models.holm({"a": "x"}), "p_values: expected numbers or booleans"),
        (lambda: innodivide.load(["ipcei"]), "name: expected a text"),
    ],
)
def test_an_argument_of_another_kind_is_refused_by_name(call, said):
    with pytest.raises(InnodivideError, match=said):
        call()
