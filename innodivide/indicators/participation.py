"""Who is in Tier 1: states, companies and aid by IPCEI, country and innovation group. Unknown stays visible."""

import pandas as pd

from innodivide.data import editions
from innodivide.data.tables import TAKING_PART, Tables, country_values, integrated_ipceis, member_states
from innodivide.indicators import concentration
from innodivide.wording import GROUPS

# Amounts of different bases are never added: a maximum approved by the Commission, a government's figure for the aid
# approved, a sum granted or set aside, often for some of the firms, and a rounded figure from a third party.
AID_BASES = {
    "commission_max": "approved maximum",
    "commission_max_approx": "approved maximum",
    "national_statement": "national statement",
    "national_award": "granted or set aside",
    "national_fund": "granted or set aside",
    "tertiary_rounded": "third party, rounded",
}
QUANTITIES = {
    "n": "IPCEI places",
    "companies_min": "Companies (at least)",
    "population": "Population",
    "gdp_meur": "GDP",
}
YEAR = 2023  # of population and GDP
ECONOMY = ("population", "gdp_meur")  # variables of the country panel
BASIS_ORDER = ("approved maximum", "national statement", "granted or set aside", "third party, rounded")


def register(tables: Tables, until=None) -> pd.DataFrame:
    """Return the integrated IPCEIs: ipcei_id, name, decision_date, states, companies, SMEs, aid, private money.

    `n_member_states` counts EU27 states on the day of the decision; the United Kingdom took part in the first one.
    """
    ipcei = integrated_ipceis(tables, until or None)
    states = _states(tables, until)
    count = states[states["role"] == "notifying"].groupby("ipcei_id").size()
    columns = [
        "ipcei_id",
        "name",
        "value_chain",
        "decision_date",
        "n_companies",
        "n_smes",
        "aid_eur_bn_max",
        "private_eur_bn_expected",
        "flag",
        "source_id",
    ]
    return ipcei[columns].assign(n_member_states=ipcei["ipcei_id"].map(count).fillna(0).astype(int))


def _states(tables: Tables, until=None) -> pd.DataFrame:
    """Return `ipcei_country` for integrated IPCEIs and the EU27, without states that joined after `until`."""
    ipcei = integrated_ipceis(tables, until or None)
    rows = tables["ipcei_country"]
    rows = rows if not until else rows[~(rows["joined_date"] > pd.Timestamp(until))]
    return rows[rows["ipcei_id"].isin(ipcei["ipcei_id"]) & rows["geo"].isin(member_states(tables)["geo"])]


def presence(tables: Tables, until=None) -> pd.DataFrame:
    """Return one row for each Member State and integrated IPCEI in which it has any role: geo, name, ipcei_id, role."""
    country = member_states(tables)[["geo", "name"]]
    return (
        _states(tables, until)[["geo", "ipcei_id", "role", "flag", "source_id"]]
        .merge(country, on="geo")
        .sort_values(["geo", "ipcei_id"], ignore_index=True)
    )


def by_country(tables: Tables, until=None) -> pd.DataFrame:
    """Return participations and companies of each Member State, absolute, per head and per GDP.

    Parameters
    ----------
    until : date, optional
        Count IPCEIs decided up to this day.

    Returns
    -------
    pandas.DataFrame
        Columns geo, name, group (latest edition), n (IPCEIs it notified or joined later), n_possible, rate,
        companies_known (sum of national counts that a source gives), counts_missing (IPCEIs without such a count; each
        holds at least one company), companies_min (known plus one for each missing count), population and gdp_meur of
        `YEAR`,
        per_million (IPCEIs per million people), per_100bn (IPCEIs per 100 billion euro of GDP).
    """
    possible = len(integrated_ipceis(tables, until or None))
    states = _states(tables, until)
    inside = states[states["role"].isin(TAKING_PART)]
    frame = member_states(tables)[["geo", "name"]].set_index("geo")
    frame["group"] = editions.of_latest(tables, "eis_group", ("group",)).set_index("geo")["group"]
    frame["n"] = inside.groupby("geo").size()
    frame["companies_known"] = inside.groupby("geo")["n_companies"].sum()
    frame["counts_missing"] = inside[inside["n_companies"].isna()].groupby("geo").size()
    counts = ["n", "companies_known", "counts_missing"]
    frame[counts] = frame[counts].fillna(0).astype(int)
    frame["companies_min"] = frame["companies_known"] + frame["counts_missing"]
    frame["n_possible"], frame["rate"] = possible, frame["n"] / possible
    for variable in ECONOMY:
        frame[variable] = country_values(tables, variable, YEAR).set_index("geo")["value"]
    frame["per_million"] = frame["n"] / frame["population"] * 1e6
    frame["per_100bn"] = frame["n"] / frame["gdp_meur"] * 1e5
    return frame.reset_index()


def by_group(countries: pd.DataFrame) -> pd.DataFrame:
    """Return participation by innovation group, from the frame of `by_country`.

    Returns
    -------
    pandas.DataFrame
        Columns group, n_countries, mean_rate, share_of_places (participations), share_of_companies (at least),
        share_of_population, share_of_gdp, lq_population and lq_gdp (location quotients of the places). Counts are
        capped at one place for each state and IPCEI, so small states are above 1 by construction: read the two bases
        and the companies side by side.
    """
    order = [g for g in GROUPS if g in set(countries["group"])]
    sizes = {"places": "n", "companies": "companies_min", "population": "population", "gdp": "gdp_meur"}
    sums = countries.groupby("group")[list(sizes.values())].sum().reindex(order).set_axis(list(sizes), axis=1)
    grouped = countries.groupby("group")["rate"].agg(n_countries="size", mean_rate="mean").reindex(order)
    shares = (sums / sums.sum()).add_prefix("share_of_")
    quotients = {
        f"lq_{base}": concentration.location_quotient(sums["places"], sums[base]) for base in ("population", "gdp")
    }
    return grouped.join(shares).assign(**quotients).rename_axis("group").reset_index()


def concentration_table(countries: pd.DataFrame) -> pd.DataFrame:
    """Return how concentrated places and companies are between the 27, beside population and GDP.

    Returns
    -------
    pandas.DataFrame
        Columns quantity, gini, herfindahl (normalised, 0 = equal, 1 = all in one state), top3 (share of the largest
        three), theil, theil_between (part of Theil T that lies between innovation groups, 0 to 1).
    """
    group = countries["group"].to_numpy()
    return pd.DataFrame(
        [
            {"quantity": label} | concentration.summary(countries[column].to_numpy(dtype=float), group)
            for column, label in QUANTITIES.items()
        ]
    )


def lorenz_curves(countries: pd.DataFrame) -> pd.DataFrame:
    """Return Lorenz points of places, companies, population and GDP: cum_units, cum_share, series."""
    names = {"share_of_units": "cum_units", "share_of_values": "cum_share"}
    points = [concentration.lorenz(countries[c]).rename(columns=names).assign(series=s) for c, s in QUANTITIES.items()]
    return pd.concat(points, ignore_index=True)


def aid_coverage(tables: Tables, until=None) -> pd.DataFrame:
    """Return, for each IPCEI, the published total of aid and how much of it is known by country, by basis.

    Returns
    -------
    pandas.DataFrame
        Columns ipcei_id, total_eur_bn (with extensions), one for each of `BASIS_ORDER` (EUR billion; not added in
        the reports), n_states, n_states_known.
    """
    states = _states(tables, until)
    inside = states[states["role"].isin(TAKING_PART)]
    keys = [inside["ipcei_id"], inside["aid_basis"].map(AID_BASES)]
    amounts = inside["aid_eur_mn"].groupby(keys).sum(min_count=1).unstack().reindex(columns=list(BASIS_ORDER)) / 1e3
    frame = integrated_ipceis(tables, until or None).set_index("ipcei_id")[["decision_date", "aid_eur_bn_max"]]
    frame = frame.rename(columns={"aid_eur_bn_max": "total_eur_bn"}).join(amounts)
    extension = tables["ipcei"].query("kind == 'integrated_extension'")
    extension = extension if not until else extension[extension["decision_date"] <= pd.Timestamp(until)]
    extension = extension.set_index("parent_ipcei_id")["aid_eur_bn_max"]
    frame["total_eur_bn"] += extension.reindex(frame.index).fillna(0.0)  # aid of states that joined later
    frame["n_states"] = inside.groupby("ipcei_id").size()
    frame["n_states_known"] = inside[inside["aid_eur_mn"].notna()].groupby("ipcei_id").size()
    frame["n_states_known"] = frame["n_states_known"].fillna(0).astype(int)
    return frame.sort_values("decision_date").reset_index().drop(columns="decision_date")


def sme_shares(tables: Tables) -> pd.DataFrame:
    """Return the share of SMEs among companies for the IPCEIs that publish it: ipcei_id, n_smes, n_companies, share."""
    rows = register(tables).dropna(subset=["n_smes"])
    rows = rows.assign(share=(rows["n_smes"] / rows["n_companies"]).astype(float))
    return rows[["ipcei_id", "n_smes", "n_companies", "share", "source_id"]].reset_index(drop=True)
