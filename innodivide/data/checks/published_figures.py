"""Recompute figures that others published about IPCEIs from our own tables (table `published_check`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from innodivide.data.tables import TAKING_PART, member_states
from innodivide.errors import DataError

FILE = "tier1/published_check.csv"
# The tables that `recompute` reads.
NEEDED = ("published_check", "ipcei", "ipcei_country", "ipcei_participant", "alliance", "country")


@dataclass(frozen=True)
class Figure:
    """A figure of ours and what it is made of, as a reader may check it; empty where nothing is added or counted."""

    value: float
    made_of: str = ""


def recompute(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return table `published_check` with our figure computed afresh.

    Returns
    -------
    pandas.DataFrame
        The table's columns plus `computed` (missing where the tables cannot give the figure) and `made_of` (its parts,
        as "BAT1 17, EuBatIn 42"; empty where nothing is added up or counted); the index is kept.
    """
    checks = tables["published_check"]
    ours = [_measure(tables, row) if pd.notna(row.measure) else Figure(float("nan")) for row in checks.itertuples()]
    return checks.assign(computed=[f.value for f in ours], made_of=[f.made_of for f in ours])


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
        if len(set(self.ipceis)) < len(self.ipceis):
            raise self.error("names an IPCEI twice")
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
        return {"geos": self.geos, "ipceis": self.ipceis}.get(column, getattr(self.row, column))

    def total(self, column: str) -> pd.Series:
        """Return a column of the register for the IPCEIs, by IPCEI."""
        self.needed("ipceis")
        return self.known(self.register.loc[self.ipceis, column])

    def known(self, column: pd.Series) -> pd.Series:
        """Return a column that must be known in full: an unknown part would make its sum wrong in silence."""
        if column.isna().any():
            raise self.error(f"adds up {column.name}, which is not known in full")
        return column

    def of_states(self, column: str) -> Figure:
        """Add up what is known of the states."""
        return self.by_state(self.known(self.states[column]))

    def by_state(self, amounts: pd.Series) -> Figure:
        """Add up what states have, each in its IPCEIs, by state; that of one state by IPCEI."""
        return _sum(amounts.groupby(self.states["geo" if self.states["geo"].nunique() > 1 else "ipcei_id"]).sum())

    def at_least(self, state, *known) -> int:
        """Return the first number that is known of a state in an IPCEI, else of the companies named, at least 1."""
        people = self.tables["ipcei_participant"]
        people = people[(people["ipcei_id"] == state.ipcei_id) & (people["geo"] == state.geo)]
        named = people.loc[people["participant_type"] != "associated", "company"].nunique()
        return int(next((n for n in known if pd.notna(n)), max(1, named)))

    def integrated(self) -> pd.DataFrame:
        return self.register[self.register["kind"] == "integrated"]


def _sum(parts: pd.Series) -> Figure:
    """Return a sum, made of its parts by name; those below zero are taken off."""
    plus, less = parts[parts >= 0], -parts[parts < 0]
    named = [", ".join(f"{name} {value:,.10g}" for name, value in p.items()) for p in (plus, less)]
    return Figure(float(parts.sum()), " less ".join(filter(None, named)) if len(parts) > 1 else "")


def _count(names) -> Figure:
    """Return how many different names there are, made of them."""
    found = sorted(set(names))
    return Figure(float(len(found)), ", ".join(found) if len(found) > 1 else "")


def _both_kinds_of_money(s: _Scope) -> Figure:
    aid, private = s.total("aid_eur_bn_max").sum(), s.total("private_eur_bn_expected").sum()
    return _sum(pd.Series({"aid": aid, "private": private}))


def _projects_with_eea(s: _Scope) -> Figure:
    eea = s.tables["ipcei_country"]
    eea = eea[(eea["role"] == "eea_participant") & eea["ipcei_id"].isin(s.ipceis)]
    return _sum(pd.concat([s.total("n_projects"), s.known(eea.set_index("geo")["n_projects"])]))


def _share_of_smes(s: _Scope) -> Figure:
    smes, companies = s.total("n_smes"), s.total("n_companies")
    parts = ", ".join(f"{i} {smes[i]:.0f} of {companies[i]:.0f}" for i in s.ipceis)
    return Figure(float(100 * smes.sum() / companies.sum()), parts)


def _in_no_ipcei(s: _Scope) -> Figure:
    joined = s.all_states[s.all_states["joined_date"] <= s.needed("as_of")]
    inside = joined.loc[joined["ipcei_id"].isin(s.integrated().index), "geo"]
    return _count(set(s.needed("geos")) - set(inside))


def _memberships(s: _Scope) -> Figure:
    return _count(s.states.loc[s.states["joined_date"] <= s.needed("as_of"), "ipcei_id"])


def _projects_at_least(s: _Scope) -> Figure:
    counts = [s.at_least(r, r.n_projects, r.n_companies) for r in s.states.itertuples()]
    return s.by_state(pd.Series(counts, s.states.index))


def _companies_elsewhere(s: _Scope) -> Figure:
    """Count the companies that the other states of the IPCEIs leave over."""
    rest = s.all_states[s.all_states["ipcei_id"].isin(s.ipceis) & ~s.all_states["geo"].isin(s.needed("geos"))]
    others = pd.Series([-s.at_least(r, r.n_companies) for r in rest.itertuples()], rest["geo"])
    return _sum(pd.concat([s.total("n_companies"), others.groupby(level=0).sum()]))


def _alliances(s: _Scope) -> Figure:
    alliances = s.tables["alliance"]
    return _count(alliances.loc[alliances["launch_month"] <= f"{s.needed('as_of'):%Y-%m}", "alliance_id"])


_MEASURES: dict[str, Callable[[_Scope], Figure]] = {
    "sum_aid_eur_bn": lambda s: _sum(s.total("aid_eur_bn_max")),
    "sum_private_eur_bn": lambda s: _sum(s.total("private_eur_bn_expected")),
    "sum_aid_plus_private_eur_bn": _both_kinds_of_money,
    "sum_companies": lambda s: _sum(s.total("n_companies")),
    "sum_projects": lambda s: _sum(s.total("n_projects")),
    "sum_projects_with_eea": _projects_with_eea,
    "sum_smes": lambda s: _sum(s.total("n_smes")),
    "sme_share_of_companies_pct": _share_of_smes,
    "count_ipceis": lambda s: _count(s.integrated().index[s.integrated()["decision_date"] <= s.needed("as_of")]),
    "count_infrastructure": lambda s: _count(s.register.index[s.register["kind"] == "infrastructure"]),
    "count_states": lambda s: _count(s.states["geo"]),
    "count_eu27_in_no_ipcei": _in_no_ipcei,
    "country_memberships": _memberships,
    "sum_country_aid_eur_mn": lambda s: s.of_states("aid_eur_mn"),
    "sum_country_companies": lambda s: s.of_states("n_companies"),
    "sum_country_projects_min": _projects_at_least,
    "residual_country_companies": _companies_elsewhere,
    "sum_participant_aid_eur_mn": lambda s: _sum(s.people.groupby("geo")["aid_eur_mn_mid"].sum()),
    "count_participant_organisations": lambda s: Figure(float(s.people["company"].nunique())),
    "count_alliances": _alliances,
}


def _measure(tables: Mapping[str, pd.DataFrame], row) -> Figure:
    if row.measure not in _MEASURES:
        raise DataError(f"{FILE}: unknown measure {row.measure!r} in {row.check_id}")
    return _MEASURES[row.measure](_Scope(tables, row))
