"""Recompute figures that others published about IPCEIs from our own tables (table `published_check`)."""

from collections.abc import Callable, Mapping

import pandas as pd

from innodivide.data.tables import TAKING_PART, member_states
from innodivide.errors import DataError

FILE = "tier1/published_check.csv"


def recompute(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return table `published_check` with our figure computed afresh.

    Returns
    -------
    pandas.DataFrame
        The table's columns plus `computed` (missing where the tables cannot give the figure); the index is kept.
    """
    checks = tables["published_check"]
    computed = [_measure(tables, row) if pd.notna(row.measure) else float("nan") for row in checks.itertuples()]
    return checks.assign(computed=computed)


def verdict_holds(row) -> bool:
    """Return whether a row's verdict follows from the published value, ours (`computed`) and the tolerance.

    match: ours is within the tolerance (for "more than" values, from 0 to the tolerance above). near: outside, by less
    than 6 %. consistent: on the side that the relation allows (ours is an upper or a lower bound of the published
    figure). partly: a lower bound that explains only a part. mismatch: on the side that the relation excludes.
    """
    difference = round(row.computed - row.value, 9)
    within = 0 <= difference <= row.tolerance if row.qualifier == "more_than" else abs(difference) <= row.tolerance
    match row.verdict:
        case "match":
            return within
        case "near":
            return not within and abs(difference) < 0.06 * row.value
        case "consistent":
            return difference >= -row.tolerance if row.relation == "upper_bound" else difference <= row.tolerance
        case "partly":
            return row.relation == "lower_bound" and difference < 0
        case "mismatch":
            excluded = {"upper_bound": difference < -row.tolerance, "lower_bound": difference > row.tolerance}
            return excluded.get(row.relation, not within)
    return True


class _Scope:
    """The IPCEIs, states and participants that one row of `published_check` is about."""

    def __init__(self, tables: Mapping[str, pd.DataFrame], row):
        self.tables, self.row = tables, row
        self.register = tables["ipcei"].set_index("ipcei_id")
        self.ipceis = row.ipceis.split(";") if pd.notna(row.ipceis) else []
        unknown = sorted(set(self.ipceis) - set(self.register.index))
        if unknown:
            raise self.error(f"names {', '.join(unknown)}, not in table ipcei")
        self.geos = row.geos.split(";") if pd.notna(row.geos) else []
        if self.geos == ["EU27"]:
            self.geos = list(member_states(tables)["geo"])
        states = tables["ipcei_country"]
        self.all_states = states[states["role"].isin(TAKING_PART)]
        self.states, self.people = self.named(self.all_states), self.named(tables["ipcei_participant"])

    def error(self, text: str) -> DataError:
        return DataError(f"{FILE}: {self.row.check_id} {text}")

    def named(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of the IPCEIs, and of the countries where any are named."""
        return frame[frame["ipcei_id"].isin(self.ipceis) & (frame["geo"].isin(self.geos) | (not self.geos))]

    def needed(self, column: str):
        """Return a cell of the row without which its measure has no meaning."""
        if pd.isna(getattr(self.row, column)):
            raise self.error(f"needs a value of {column} for {self.row.measure}")
        return self.geos if column == "geos" else getattr(self.row, column)

    def total(self, column: str) -> float:
        """Add up a column of the register for the IPCEIs."""
        return self.sum(self.register.loc[self.ipceis, column])

    def sum(self, column: pd.Series) -> float:
        """Add up a column that must be known in full: an unknown part would make the sum wrong in silence."""
        if column.isna().any():
            raise self.error(f"adds up {column.name}, which is not known in full")
        return float(column.sum())

    def at_least(self, state, *known) -> int:
        """Return the first number that is known of a state in an IPCEI, else of the companies named, at least 1."""
        people = self.tables["ipcei_participant"]
        people = people[(people["ipcei_id"] == state.ipcei_id) & (people["geo"] == state.geo)]
        named = people.loc[people["participant_type"] != "associated", "company"].nunique()
        return int(next((n for n in known if pd.notna(n)), max(1, named)))

    def integrated(self) -> pd.DataFrame:
        return self.register[self.register["kind"] == "integrated"]


def _projects_with_eea(s: _Scope) -> float:
    eea = s.tables["ipcei_country"]
    eea = eea[(eea["role"] == "eea_participant") & eea["ipcei_id"].isin(s.ipceis)]
    return s.total("n_projects") + s.sum(eea["n_projects"])


def _in_no_ipcei(s: _Scope) -> int:
    joined = s.all_states[s.all_states["joined_date"] <= s.needed("as_of")]
    return len(set(s.needed("geos")) - set(joined.loc[joined["ipcei_id"].isin(s.integrated().index), "geo"]))


def _companies_elsewhere(s: _Scope) -> float:
    """Count the companies that the other states of the IPCEIs leave over."""
    rest = s.all_states[s.all_states["ipcei_id"].isin(s.ipceis) & ~s.all_states["geo"].isin(s.needed("geos"))]
    return s.total("n_companies") - sum(s.at_least(r, r.n_companies) for r in rest.itertuples())


_MEASURES: dict[str, Callable[[_Scope], float]] = {
    "sum_aid_eur_bn": lambda s: s.total("aid_eur_bn_max"),
    "sum_private_eur_bn": lambda s: s.total("private_eur_bn_expected"),
    "sum_aid_plus_private_eur_bn": lambda s: s.total("aid_eur_bn_max") + s.total("private_eur_bn_expected"),
    "sum_companies": lambda s: s.total("n_companies"),
    "sum_projects": lambda s: s.total("n_projects"),
    "sum_projects_with_eea": _projects_with_eea,
    "sum_smes": lambda s: s.total("n_smes"),
    "sme_share_of_companies_pct": lambda s: 100 * s.total("n_smes") / s.total("n_companies"),
    "count_ipceis": lambda s: (s.integrated()["decision_date"] <= s.needed("as_of")).sum(),
    "count_infrastructure": lambda s: (s.register["kind"] == "infrastructure").sum(),
    "count_states": lambda s: s.states["geo"].nunique(),
    "count_eu27_in_no_ipcei": _in_no_ipcei,
    "country_memberships": lambda s: s.states[s.states["joined_date"] <= s.needed("as_of")]["ipcei_id"].nunique(),
    "sum_country_aid_eur_mn": lambda s: s.sum(s.states["aid_eur_mn"]),
    "sum_country_companies": lambda s: s.sum(s.states["n_companies"]),
    "sum_country_projects_min": lambda s: sum(
        s.at_least(r, r.n_projects, r.n_companies) for r in s.states.itertuples()
    ),
    "residual_country_companies": _companies_elsewhere,
    "sum_participant_aid_eur_mn": lambda s: s.people["aid_eur_mn_mid"].sum(),
    "count_participant_organisations": lambda s: s.people["company"].nunique(),
    "count_alliances": lambda s: (s.tables["alliance"]["launch_month"] <= f"{s.needed('as_of'):%Y-%m}").sum(),
}


def _measure(tables: Mapping[str, pd.DataFrame], row) -> float:
    if row.measure not in _MEASURES:
        raise DataError(f"{FILE}: unknown measure {row.measure!r} in {row.check_id}")
    return float(_MEASURES[row.measure](_Scope(tables, row)))
