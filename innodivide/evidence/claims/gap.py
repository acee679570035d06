"""Claims C06 and C08: the least innovative regions, and whether the divide closes. Rules: analysis_plan.yml."""

from innodivide.data.editions import BRIEF, latest
from innodivide.data.tables import Tables, member_states
from innodivide.evidence.claims.finding import Finding
from innodivide.evidence.claims.thresholds import ALMOST_TEN, MAJORITY
from innodivide.evidence.confirmatory import claim_stream
from innodivide.evidence.plan import Plan
from innodivide.indicators import convergence
from innodivide.indicators.country_profile import index_relative_to_eu
from innodivide.wording import join_names, teller


def least_innovative_regions(tables: Tables) -> Finding:
    """C06: regions in the lowest group: many in Romania and Bulgaria, almost ten in Poland."""
    rows = (
        tables["ris_index"]
        .query("edition == @e", local_dict={"e": BRIEF["ris"]})
        .merge(tables["ris_region"][["edition", "region_code", "geo"]], on=["edition", "region_code"])
    )
    rows = rows[(rows["year"] == rows["year"].max()) & rows["geo"].isin(member_states(tables)["geo"])]
    total = rows.groupby("geo").size()
    count = rows[rows["group"] == "modest"].groupby("geo").size().reindex(total.index, fill_value=0)
    parts = [bool(count["PL"] in ALMOST_TEN), *(bool(count[g] / total[g] > MAJORITY) for g in ("RO", "BG"))]
    named = (("PL", "Poland"), ("RO", "Romania"), ("BG", "Bulgaria"))
    values: dict[str, object] = {
        "edition": BRIEF["ris"],
        "n": len(rows),
        "low": min(ALMOST_TEN),
        "high": max(ALMOST_TEN),
    }
    values |= {"romania": int(MAJORITY * total["RO"]), "bulgaria": int(MAJORITY * total["BG"])}
    tell = teller(counts=join_names([f"{name} {count[g]} of {total[g]}" for g, name in named]), **values)
    return Finding(
        claim_id="C06",
        verdict="supported" if all(parts) else "partly" if any(parts) else "contradicted",
        numbers=tell("Modest regions: {counts}."),
        coverage=tell(
            "RIS {edition}, {n} regions of Member States here; groups derived from the index and the published "
            "thresholds"
        ),
        short=tell("Regions in the lowest of the four groups: {counts}."),
        rests=tell("{n} regions, RIS {edition}"),
        change=tell(
            "Partly if Poland had fewer than {low} or more than {high} such regions, Romania at most {romania} or "
            "Bulgaria at most {bulgaria}; contradicted if all three"
        ),
    )


def divide_widens(tables: Tables, plan: Plan) -> Finding:
    """C08: the spread between countries grew (supported) or fell (contradicted) beyond its bootstrap interval."""
    series = index_relative_to_eu(tables)
    change, beta = spread_change(tables, plan), convergence.beta_convergence(series)
    values: dict[str, object] = {"start": series["year"].min(), "end": series["year"].max()}
    values["edition"] = latest(tables, "eis", ("series",))
    tell = teller(spread=change, beta=beta, half=(change["ci_high"] - change["ci_low"]) / 2, **values)
    return Finding(
        claim_id="C08",
        verdict="supported" if change["ci_low"] > 0 else "contradicted" if change["ci_high"] < 0 else "inconclusive",
        numbers=tell(
            "Spread (sd of the log index) {spread[first]:.3f} in {start} and {spread[last]:.3f} in {end}, change "
            "{spread[change]:+.3f} ({spread[ci_low]:+.3f} to {spread[ci_high]:+.3f}); beta {beta[beta]:+.4f} a year "
            "({beta[ci_low]:+.4f} to {beta[ci_high]:+.4f})."
        ),
        coverage=tell(
            "{spread[n]} states, one edition's back-series (EIS {edition}); earlier years are not comparable"
        ),
        short=tell(
            "Change of the spread, {start} to {end}: {spread[change]:+.3f} ({spread[ci_low]:+.3f} to "
            "{spread[ci_high]:+.3f}) from {spread[first]:.3f}"
        ),
        rests=tell("{spread[n]} states, EIS {edition} series"),
        change=tell(
            "Supported if the whole interval of the change were above zero, contradicted if below: at this precision a "
            "change of about {half:.2f} either way"
        ),
    )


def spread_change(tables: Tables, plan: Plan) -> dict:
    """Return the change of the spread between countries in one edition's series (`convergence.sigma_change`)."""
    return convergence.sigma_change(index_relative_to_eu(tables), claim_stream(plan, "C08"))
