"""Who is in Tier 1 and Tier 2, by country and by region, with bounds where membership is not published."""

from innodivide.indicators.tiers.countries import (
    complete_lists,
    complete_members,
    complete_partnerships,
    country_matrix,
    listed_matrix,
    organisations_in_both,
    s3_coverage,
    s3_growth,
    tier1_by_country,
    tier2_by_country,
)
from innodivide.indicators.tiers.tier_regions import (
    THEMSELVES,
    bounds,
    by_tier2,
    companies_at_most,
    covered,
    regions,
    regions_by_tier,
    states_wholly_inside,
    tier2_memberships,
    unlisted_places,
)

__all__ = [
    "THEMSELVES",
    "bounds",
    "by_tier2",
    "companies_at_most",
    "complete_lists",
    "complete_members",
    "complete_partnerships",
    "country_matrix",
    "covered",
    "listed_matrix",
    "organisations_in_both",
    "regions",
    "regions_by_tier",
    "s3_coverage",
    "s3_growth",
    "states_wholly_inside",
    "tier1_by_country",
    "tier2_by_country",
    "tier2_memberships",
    "unlisted_places",
]
