"""Recompute figures that others published about IPCEIs from our own tables (table `published_check`)."""

from collections.abc import Mapping

import pandas as pd

from innodivide.data.tables import TAKING_PART, member_states
from innodivide.errors import DataError

_NEEDS = {
    "count_ipceis": ("as_of",),
    "count_alliances": ("as_of",),
    "country_memberships": ("as_of",),
    "count_eu27_in_no_ipcei": ("as_of", "geos"),
    "residual_country_companies": ("geos",),
}


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


def _measure(tables: Mapping[str, pd.DataFrame], row) -> float:
    """Compute one measure over the IPCEIs and countries that the row names."""
    for column in _NEEDS.get(row.measure, ()):
        if pd.isna(getattr(row, column)):
            raise DataError(f"tier1/published_check.csv: {row.check_id} needs a value of {column} for {row.measure}")
    ipceis = row.ipceis.split(";") if pd.notna(row.ipceis) else []
    geos = [] if pd.isna(row.geos) else row.geos.split(";")
    if geos == ["EU27"]:
        geos = list(member_states(tables)["geo"])
    register = tables["ipcei"].set_index("ipcei_id")
    unknown = sorted(set(ipceis) - set(register.index))
    if unknown:
        raise DataError(f"tier1/published_check.csv: {row.check_id} names {', '.join(unknown)}, not in table ipcei")
    chosen = register.loc[ipceis]
    states = tables["ipcei_country"]
    states = states[states["role"].isin(TAKING_PART)]
    of_row = states[states["ipcei_id"].isin(ipceis) & (states["geo"].isin(geos) if geos else True)]
    people = tables["ipcei_participant"]
    people = people[people["ipcei_id"].isin(ipceis) & (people["geo"].isin(geos) if geos else True)]
    match row.measure:
        case "sum_aid_eur_bn":
            return _total(chosen["aid_eur_bn_max"], row)
        case "sum_private_eur_bn":
            return _total(chosen["private_eur_bn_expected"], row)
        case "sum_aid_plus_private_eur_bn":
            return _total(chosen["aid_eur_bn_max"], row) + _total(chosen["private_eur_bn_expected"], row)
        case "sum_companies":
            return _total(chosen["n_companies"], row)
        case "sum_projects":
            return _total(chosen["n_projects"], row)
        case "sum_projects_with_eea":
            eea = tables["ipcei_country"].query("role == 'eea_participant' and ipcei_id in @ipceis")
            return _total(chosen["n_projects"], row) + _total(eea["n_projects"], row)
        case "sum_smes":
            return _total(chosen["n_smes"], row)
        case "sme_share_of_companies_pct":
            return 100 * _total(chosen["n_smes"], row) / _total(chosen["n_companies"], row)
        case "count_ipceis":
            return float(((register["kind"] == "integrated") & (register["decision_date"] <= row.as_of)).sum())
        case "count_infrastructure":
            return float((register["kind"] == "infrastructure").sum())
        case "count_states":
            return float(of_row["geo"].nunique())
        case "count_eu27_in_no_ipcei":
            integrated = register.index[register["kind"] == "integrated"]
            inside = states[states["ipcei_id"].isin(integrated) & (states["joined_date"] <= row.as_of)]["geo"]
            return float(len(set(geos) - set(inside)))
        case "country_memberships":
            return float(of_row[of_row["joined_date"] <= row.as_of]["ipcei_id"].nunique())
        case "sum_country_aid_eur_mn":
            return _total(of_row["aid_eur_mn"], row)
        case "sum_country_companies":
            return _total(of_row["n_companies"], row)
        case "sum_country_projects_min":
            return float(sum(_at_least(tables, r, projects=True) for r in of_row.itertuples()))
        case "residual_country_companies":
            rest = states[states["ipcei_id"].isin(ipceis) & ~states["geo"].isin(geos)]
            return _total(chosen["n_companies"], row) - sum(_at_least(tables, r) for r in rest.itertuples())
        case "sum_participant_aid_eur_mn":
            return float(people["aid_eur_mn_mid"].sum())
        case "count_participant_organisations":
            return float(people["company"].nunique())
        case "count_alliances":
            return float((tables["alliance"]["launch_month"] <= f"{row.as_of:%Y-%m}").sum())
    raise DataError(f"tier1/published_check.csv: unknown measure {row.measure!r} in {row.check_id}")


def _total(column: pd.Series, row) -> float:
    """Add up a column that must be known in full: an unknown part would make the sum wrong in silence."""
    if column.isna().any():
        raise DataError(f"tier1/published_check.csv: {row.check_id} adds up {column.name}, which is not known in full")
    return float(column.sum())


def _at_least(tables: Mapping[str, pd.DataFrame], state, projects: bool = False) -> int:
    """Return the known number of projects or companies of a state in an IPCEI, else of companies named, at least 1."""
    people = tables["ipcei_participant"]
    named = people[
        (people["ipcei_id"] == state.ipcei_id)
        & (people["geo"] == state.geo)
        & (people["participant_type"] != "associated")
    ]["company"].nunique()
    known = [state.n_projects] * projects + [state.n_companies]
    return int(next((n for n in known if pd.notna(n)), max(1, named)))
