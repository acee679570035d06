"""Claims C06 and C08: the least innovative regions, and whether the divide closes. Rules: analysis_plan.yml."""

from innodivide.data.tables import Tables, member_states
from innodivide.evidence.claims.finding import Finding
from innodivide.evidence.confirmatory import stream
from innodivide.evidence.plan import Plan
from innodivide.indicators import convergence
from innodivide.indicators.country_profile import index_relative_to_eu
from innodivide.wording import join_names

ALMOST_TEN = (8, 9)  # how "almost ten" is read
MANY = 0.5  # how "many" is read: more than this share of the country's regions
BRIEF_RIS_EDITION = 2019


def least_innovative_regions(tables: Tables) -> Finding:
    """C06: regions in the lowest group: many in Romania and Bulgaria, almost ten in Poland."""
    rows = (
        tables["ris_index"]
        .query("edition == @e", local_dict={"e": BRIEF_RIS_EDITION})
        .merge(tables["ris_region"][["edition", "region_code", "geo"]], on=["edition", "region_code"])
    )
    rows = rows[(rows["year"] == rows["year"].max()) & rows["geo"].isin(member_states(tables)["geo"])]
    count = rows[rows["group"] == "modest"].groupby("geo").size()
    total = rows.groupby("geo").size()
    parts = [bool(count.get("PL", 0) in ALMOST_TEN), *(bool(count.get(g, 0) / total[g] > MANY) for g in ("RO", "BG"))]
    verdict = "supported" if all(parts) else "partly" if any(parts) else "contradicted"
    numbers = (
        "Modest regions: "
        + join_names(
            [
                f"{n} {count.get(g, 0)} of {total[g]}"
                for g, n in (("PL", "Poland"), ("RO", "Romania"), ("BG", "Bulgaria"))
            ]
        )
        + "."
    )
    few = {g: int(MANY * total[g]) for g in ("RO", "BG")}
    return Finding(
        "C06",
        verdict,
        numbers,
        f"RIS {BRIEF_RIS_EDITION}, {len(rows)} regions of Member States here; groups derived from the index and "
        f"the published thresholds",
        numbers.rstrip("."),
        f"{len(rows)} regions, RIS {BRIEF_RIS_EDITION}",
        f"Partly if Poland had fewer than {min(ALMOST_TEN)} or more than {max(ALMOST_TEN)} such regions, Romania at "
        f"most {few['RO']} or Bulgaria at most {few['BG']}; contradicted if all three",
    )


def divide_widens(tables: Tables, plan: Plan) -> Finding:
    """C08: the spread between countries grew (supported) or fell (contradicted) beyond its bootstrap interval."""
    series = index_relative_to_eu(tables, 2023)
    change, beta = spread_change(tables, plan), convergence.beta_convergence(series)
    verdict = "supported" if change["ci_low"] > 0 else "contradicted" if change["ci_high"] < 0 else "inconclusive"
    numbers = (
        f"Spread (sd of the log index) {change['first']:.3f} in {series['year'].min()} and {change['last']:.3f} "
        f"in {series['year'].max()}, change {change['change']:+.3f} "
        f"({change['ci_low']:+.3f} to {change['ci_high']:+.3f}); beta {beta['beta']:+.4f} a year "
        f"({beta['ci_low']:+.4f} to {beta['ci_high']:+.4f})."
    )
    years = f"{series['year'].min()} to {series['year'].max()}"
    short = (
        f"Change of the spread, {years}: {change['change']:+.3f} ({change['ci_low']:+.3f} to {change['ci_high']:+.3f}) "
        f"from {change['first']:.3f}"
    )
    would = (
        "Supported if the whole interval of the change were above zero, contradicted if below: at this precision a "
        f"change of about {(change['ci_high'] - change['ci_low']) / 2:.2f} either way"
    )
    states = f"{change['n']} states"
    coverage = f"{states}, one edition's back-series (EIS 2023); earlier years are not comparable"
    return Finding("C08", verdict, numbers, coverage, short, f"{states}, EIS 2023 series", would)


def spread_change(tables: Tables, plan: Plan) -> dict:
    """Return the change of the spread between countries in the EIS 2023 series (`convergence.sigma_change`)."""
    return convergence.sigma_change(index_relative_to_eu(tables, 2023), stream(plan, 8))


def spread_facts(tables: Tables, plan: Plan) -> dict:
    """Return the change of the spread and its interval, for the text."""
    found = spread_change(tables, plan)
    return {"change": found["change"], "low": found["ci_low"], "high": found["ci_high"]}
