"""What is known of every instrument of the two tiers (notebook 05), counted from the tables."""

import pandas as pd

from innodivide.data.tables import Tables, member_states
from innodivide.indicators import participation, tiers

COLUMNS = ["tier", "instrument", "known", "by_country", "by_region", "complete"]
TABLES = (
    "ipcei_country",
    "alliance",
    "alliance_membership",
    "alliance_country",
    "cluster_partnership",
    "cluster_partnership_member",
    "s3_partnership",
    "s3_partnership_region",
    "s3_aggregate",
    "eismea",
    "riv_region",
    "i3_region",
    "semester_rdi",
    "rrf_country",
    "cohesion_country",
    "horizon_country",
)


def instruments(tables: Tables) -> pd.DataFrame:
    """Return one row for every instrument.

    Returns
    -------
    DataFrame
        tier, instrument, known (in words, with numbers), by_country, by_region ("yes", "some", "no"), complete.
    """
    rows = [*_tier1(tables), *_partnerships(tables), *_eismea(tables), *_reform(tables)]
    return pd.DataFrame(rows, columns=COLUMNS)


def coverage_facts(rows: pd.DataFrame) -> dict:
    """Return how many instruments there are, and how many are known for all states and for all regions."""
    return {
        "n": len(rows),
        "country": int((rows["by_country"] == "yes").sum()),
        "region": int((rows["by_region"] == "yes").sum()),
        "some_region": int((rows["by_region"] == "some").sum()),
    }


def _tier1(tables: Tables) -> list[tuple]:
    states = participation.by_country(tables)
    places, missing = int(states["n"].sum()), int(states["counts_missing"].sum())
    alliances, counted = tables["alliance"], tables["alliance_membership"]
    single = len(tables["alliance_country"])
    ipcei = (
        f"{places} places of states in {int(states['n_possible'].max())} IPCEIs; number of companies for "
        f"{places - missing} of these places"
    )
    members = (
        f"total membership of {counted['alliance_id'].nunique()} of {len(alliances)} alliances; members of one country "
        f"in {single} cases"
    )
    return [
        ("Tier 1", "IPCEIs", ipcei, "yes", "no", "states complete, companies partial"),
        ("Tier 1", "Industrial Alliances", members, "no", "no", "totals only"),
    ]


def _partnerships(tables: Tables) -> list[tuple]:
    cluster, member = tables["cluster_partnership"], tables["cluster_partnership_member"]
    rounds = cluster[cluster["level"] == "generation"]
    clusters = (
        f"{int(rounds['n_partnerships'].sum())} partnerships counted in {len(rounds)} rounds; {len(member)} members of "
        f"{member['partnership_id'].nunique()} of them by name"
    )
    cover, named = tiers.s3_coverage(tables), tables["s3_partnership_region"]
    some = named["partnership_id"].nunique() - cover.known
    s3 = (
        f"complete lists of members or founders for {cover.known} of {cover.total} partnerships, some members of "
        f"{some} more; {named['geo'].isin(member_states(tables)['geo']).sum()} named places in the EU27"
    )
    return [
        ("Tier 2", "Cluster partnerships", clusters, "some", "some", "partial"),
        ("Tier 2", "Smart Specialisation (S3) partnerships", s3, "some", "some", "partial, complete for some"),
    ]


def _eismea(tables: Tables) -> list[tuple]:
    rows, states = tables["eismea"], set(member_states(tables)["geo"])

    def total(indicator: str) -> str:
        """The latest total of an indicator, as printed."""
        found = rows[(rows["indicator_id"] == indicator) & (rows["country_coverage"] != "partial")]
        return f"{found.sort_values('period')['value'].iloc[-1]:,.0f}"

    eic = rows[(rows["indicator_id"] == "eic_acc_companies") & (rows["country_coverage"] == "partial")]
    eic_all = rows[(rows["indicator_id"] == "eic_acc_companies") & (rows["country_coverage"] == "total")]
    path = rows[rows["indicator_id"] == "eic_path_funding_share"]["value"].iloc[0]
    valleys, i3 = tables["riv_region"], tables["i3_region"]
    named = valleys[(valleys["status"] == "identified") & valleys["geo"].isin(states)]
    accelerator = (
        f"{eic_all['value'].max():.0f} companies selected in the years that the source covers; a number for "
        f"{eic.loc[eic['geo'].isin(states), 'geo'].nunique()} of {len(states)} states"
    )
    interregional = (
        f"{total('i3_projects')} projects with {total('i3_beneficiaries')} beneficiaries in "
        f"{total('i3_states')} states, not named; "
        f"{len(i3)} regions of {i3['project'].nunique()} project by name, from a weak source"
    )
    valley = (
        f"{total('riv_regions')} regions identified, {len(named)} in the EU27 by name, of "
        f"{named['geo'].nunique()} states"
    )
    hubs = f"{total('edih_cofunded')} hubs co-funded; {total('edih_region_share')}% of regions have one, not said which"
    return [
        ("Tier 2", "EIC Accelerator", accelerator, "some", "no", "total, and some states"),
        (
            "Tier 2",
            "EIC Pathfinder",
            f"share of all widening states together: {path:.1f}% of the money",
            "no",
            "no",
            "one share",
        ),
        ("Tier 2", "Interregional Innovation Investments (I3)", interregional, "no", "some", "totals, and one project"),
        ("Tier 2", "Regional Innovation Valleys (RIV)", valley, "some", "some", "total, and some regions"),
        ("Tier 2", "European Digital Innovation Hubs (EDIH)", hubs, "no", "no", "totals only"),
        ("Tier 2", "Hydrogen Valleys", f"{total('h2v_projects')} projects of one call", "no", "no", "totals only"),
    ]


def _reform(tables: Tables) -> list[tuple]:
    states = member_states(tables)["geo"]
    semester = tables["semester_rdi"]
    read = semester[semester["geo"].isin(states)].dropna(subset=["rdi_recommended"]).groupby("year").size()
    funds = {
        "grants": tables["rrf_country"].dropna(subset=["plan_grants_meur"]),
        "cohesion": tables["cohesion_country"].query("fund == 'ESIF' and objective == 'TO1'"),
        "horizon": tables["horizon_country"].query("data_cut == '2017-07'"),
    }
    n = {name: int(rows["geo"].isin(states).sum()) for name, rows in funds.items()}
    texts = (
        f"the Commission's texts of {read.index.min()} and {read.index.max()}, read for {int(read.min())} states; "
        "what states did then is not collected",
        f"allocation of 2020 and first plan of {n['grants']} states; no amount for research that can be compared",
        f"planned money of 2014-2020 by objective for {n['cohesion']} states; not what was spent",
        f"money of Horizon 2020 up to July 2017 for {n['horizon']} states; for Horizon Europe only "
        "numbers of projects, from a weak source",
    )
    names = ("European Semester", "Recovery and Resilience Facility (RRF)", "Cohesion policy", "Horizon")
    complete = ("complete for two years", "complete as planned", "complete for one period", "a lower bound")
    return [("Reform, funds", name, text, "yes", "no", how) for name, text, how in zip(names, texts, complete)]
