"""The index behind the leader label: rebuilt from its indicators, audited, and its uncertainty carried to the estimate.

rebuild.py, zeros.py: the identity and what it tells about zeros. regional_index.py: the same for regions. aggregate.py,
index_audit.py: other constructions of the index. draws.py: the groups that come out of them; the leader test under
these is evidence/robustness/uncertain_labels.py. Method, results and limits: docs/composite.md.
"""

from innodivide.indicators.composite.aggregate import AGGREGATIONS, IMPUTATIONS, normalised_scores
from innodivide.indicators.composite.draws import group_distribution, p_leader, redraw_groups
from innodivide.indicators.composite.index_audit import Choice, audit, default_choices, design
from innodivide.indicators.composite.rebuild import (
    EDITION,
    identity_check,
    implicit_weights,
    index_values,
    rebuild_index,
    score_matrix,
)
from innodivide.indicators.composite.regional_index import (
    fit_regional,
    likely_zeros,
    rebuild_regional,
    regional_scores,
    regional_zeros,
)
from innodivide.indicators.composite.zeros import classify_zeros, missing_cells

__all__ = [
    "AGGREGATIONS",
    "EDITION",
    "IMPUTATIONS",
    "Choice",
    "audit",
    "classify_zeros",
    "default_choices",
    "design",
    "fit_regional",
    "group_distribution",
    "identity_check",
    "implicit_weights",
    "index_values",
    "likely_zeros",
    "missing_cells",
    "normalised_scores",
    "p_leader",
    "rebuild_index",
    "rebuild_regional",
    "redraw_groups",
    "regional_scores",
    "regional_zeros",
    "score_matrix",
]
