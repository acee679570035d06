"""Barriers to innovation as exact shares of a gap: which indicator holds a region or country back, and who shares it.

For an additive index (weights w_d that sum to one) the gap between a reference and a unit i is, exactly,

    gap_i = sum_d contribution_id,   contribution_id = w_d (x_ref,d - x_id),                                    (1)

in index points; positive = behind. Among lagging units every contribution is split without remainder into

    contribution_id = general_d + country_kd + specific_id,                                                      (2)

general_d the mean over the lagging units, country_kd the distance of the mean of country k from it, specific_id the
distance of the unit from its country. The squares of the three parts add up as well (one-way analysis of variance
around zero), so their shares say how much of the gaps is common. It is bookkeeping: a gap is where a unit is behind,
not why.
"""

from innodivide.indicators.barriers.contributions import gap_contributions, unit_gaps
from innodivide.indicators.barriers.institutions import institutional_gaps, region_eqi
from innodivide.indicators.barriers.scores import country_scores, implied_weights, region_scores, zero_readings
from innodivide.models.decomposition.oaxaca import oaxaca_twofold
from innodivide.models.decomposition.split import Split, general_barriers, persistence, specific_barriers, two_way_split
from innodivide.models.decomposition.ward import Profiles, barrier_profiles, profile_matrix

__all__ = [
    "Profiles",
    "Split",
    "barrier_profiles",
    "country_scores",
    "gap_contributions",
    "general_barriers",
    "implied_weights",
    "institutional_gaps",
    "oaxaca_twofold",
    "persistence",
    "profile_matrix",
    "region_eqi",
    "region_scores",
    "specific_barriers",
    "two_way_split",
    "unit_gaps",
    "zero_readings",
]
