"""GDP paths by hand; the rule of C09."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from innodivide.data import Tables, frozen
from innodivide.errors import DesignError, ParameterError
from innodivide.evidence import recovery
from innodivide.evidence.claims.pandemic_recovery import recovery_verdict

TABLES = Tables()


def rng(seed: int = 5) -> np.random.Generator:
    return np.random.default_rng(seed)


# Paths


def test_paths_by_hand():
    growth = (
        frozen.load("country_panel")
        .query("variable == 'gdp_real_growth'")
        .pivot(index="geo", columns="year", values="value")
    )
    found = recovery.growth_paths(TABLES, 2022).set_index("geo")
    for geo in ("DE", "IE", "RO"):
        g = 1 + growth.loc[geo] / 100
        level, before = g[2020] * g[2021] * g[2022], g[2017] * g[2018] * g[2019]
        assert found.loc[geo, "shock"] == growth.loc[geo, 2020]
        assert found.loc[geo, "change"] == pytest.approx(100 * (level - 1))
        assert found.loc[geo, "trend"] == pytest.approx(100 * (before ** (1 / 3) - 1))
        assert found.loc[geo, "shortfall"] == pytest.approx(100 * (1 - level / before)), (
            "three years on, three years before"
        )
    assert len(found) == 27 and "27 of 27" in found["coverage"].iloc[0]


def test_constant_growth_has_no_shortfall():
    """Growth that goes on as before leaves nothing missing; a pure loss in 2020 shows in full."""
    panel = frozen.load("country_panel")
    tables = {n: frozen.load(n) for n in ("country", "eis_index", "eis_group")}
    steady = panel.assign(value=panel["value"].where(panel["variable"] != "gdp_real_growth", 2.0))
    found = recovery.growth_paths({**tables, "country_panel": steady}, 2021)
    assert np.allclose(found["shortfall"], 0) and np.allclose(found["trend"], 2)
    lost = (steady["variable"] == "gdp_real_growth") & (steady["year"] == 2020)
    found = recovery.growth_paths(
        {**tables, "country_panel": steady.assign(value=steady["value"].mask(lost, -2.0))}, 2021
    )
    assert np.allclose(found["shortfall"], 100 * (1 - 0.98 / 1.02))


def test_paths_refuse():
    with pytest.raises(ParameterError, match="end=2019"):
        recovery.growth_paths(TABLES, 2019)
    panel = frozen.load("country_panel")
    gone = (panel["variable"] == "gdp_real_growth") & (panel["year"] == 2018) & (panel["geo"] == "MT")
    tables = {n: frozen.load(n) for n in ("country", "eis_index", "eis_group")}
    with pytest.raises(DesignError, match="gdp_real_growth: missing for MT"):
        recovery.growth_paths({**tables, "country_panel": panel[~gone]}, 2022)
    group = tables["eis_group"]
    unlabelled = group[~((group["edition"] == 2019) & (group["geo"] == "MT"))]
    with pytest.raises(DesignError, match="group: missing for MT"):  # it would have counted as a lower group
        recovery.growth_paths({**tables, "country_panel": panel, "eis_group": unlabelled}, 2022)


def test_groups_hold_all_states_and_tests_one_main_row():
    paths = recovery.growth_paths(TABLES)
    groups = recovery.recovery_by_group(paths)
    assert groups["n"].sum() == 27 and (groups["lowest"] <= groups["highest"]).all()
    assert (groups["n"] * groups["shortfall"]).sum() == pytest.approx(paths["shortfall"].sum())
    tests = recovery.recovery_tests(TABLES, rng(), n_permutations=99)
    assert tests["main"].sum() == 1 and set(tests["n"]) == {26, 27}
    main = tests[tests["main"]].iloc[0]
    slope = stats.linregress(-paths["index"] / 10, paths["shortfall"]).slope
    assert main["estimate"] == pytest.approx(slope)


# Rule


def verdict(main=(0.5, 0.01), without=(0.4, 0.02), others=(0.3, 0.2)) -> str:
    """Return the verdict for (slope, p) of the main row, without Ireland, and of 2021 and 2023."""
    rows = [
        ("EU27", 2022, *main, True),
        ("without IE", 2022, *without, False),
        ("EU27", 2021, others[0], 0.5, False),
        ("EU27", 2023, others[1], 0.5, False),
    ]
    frame = pd.DataFrame(rows, columns=["sample", "end", "estimate", "p_value", "main"])
    return recovery_verdict(frame.assign(outcome="shortfall", contrast="gap"))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "supported"),
        ({"main": (0.5, 0.05)}, "inconclusive"),
        ({"without": (0.4, 0.06)}, "partly"),
        ({"others": (0.3, -0.1)}, "partly"),
        ({"main": (-0.5, 0.01)}, "inconclusive"),
        ({"main": (-0.5, 0.01), "without": (-0.4, 0.01), "others": (-0.1, -0.1)}, "contradicted"),
    ],
)
def test_rule_on_recovery(arguments, expected):
    assert verdict(**arguments) == expected
