"""The index behind the leader label: rebuilt from its indicators, audited, and its uncertainty carried to the estimate.

rebuild.py, zeros.py: the identity and what it tells about zeros. regional_index.py: the same for regions. aggregate.py,
index_audit.py: other constructions of the index. draws.py: ranks, groups, share of each choice. redrawn_groups.py:
groups drawn anew; the leader test under them is evidence/robustness/uncertain_labels.py. Method, results
and limits: docs/composite.md.
"""

from innodivide.indicators.composite.aggregate import AGGREGATIONS, IMPUTATIONS, normalised_scores
from innodivide.indicators.composite.draws import (
    group_distribution,
    p_leader,
    rank_distribution,
    rank_intervals,
    shapley_shares,
)
from innodivide.indicators.composite.index_audit import THRESHOLDS, Choice, audit, default_choices, design, group_labels
from innodivide.indicators.composite.rebuild import (
    dimension_check,
    identity_check,
    implicit_weights,
    index_values,
    rebuild_index,
    score_matrix,
    weights_from_maxima,
)
from innodivide.indicators.composite.redrawn_groups import edition_years, leader_sets, redraw_groups
from innodivide.indicators.composite.regional_index import (
    RegionalFit,
    fit_regional,
    likely_zeros,
    rebuild_regional,
    regional_matrix,
    regional_zeros,
)
from innodivide.indicators.composite.zeros import classify_zeros, missing_cells

__all__ = [
    "AGGREGATIONS",
    "IMPUTATIONS",
    "THRESHOLDS",
    "Choice",
    "RegionalFit",
    "audit",
    "classify_zeros",
    "default_choices",
    "design",
    "dimension_check",
    "edition_years",
    "fit_regional",
    "group_distribution",
    "group_labels",
    "identity_check",
    "implicit_weights",
    "index_values",
    "leader_sets",
    "likely_zeros",
    "missing_cells",
    "normalised_scores",
    "p_leader",
    "rank_distribution",
    "rank_intervals",
    "rebuild_index",
    "rebuild_regional",
    "redraw_groups",
    "regional_matrix",
    "regional_zeros",
    "score_matrix",
    "shapley_shares",
    "weights_from_maxima",
]
