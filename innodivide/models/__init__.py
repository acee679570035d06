"""Statistics on a frame or an array: estimators, tests, decompositions, networks. No table or file is known here."""

from innodivide.models.decomposition.shapley import leave_one_out
from innodivide.models.estimators.effects import average_marginal_effect, expected_participation
from innodivide.models.estimators.firth import FirthFit, dispersion_interval, firth_logit
from innodivide.models.estimators.grouped import grouped_binomial
from innodivide.models.estimators.history import earlier_share
from innodivide.models.estimators.outcomes import any_participation, fractional_logit, poisson_rate, ppml
from innodivide.models.estimators.unseen_species import UnseenSpecies, chao2
from innodivide.models.inference.cluster_share import ClusterShare, cluster_share
from innodivide.models.inference.equivalence import Equivalence, flat_prior_probability, tost, tost_of_result
from innodivide.models.inference.few_clusters import lpm_clustered, wild_cluster_bootstrap
from innodivide.models.inference.label_contrast import label_permutation_difference
from innodivide.models.inference.linear_permutation import freedman_lane
from innodivide.models.inference.permutation import (
    benjamini_hochberg,
    holm,
    permutation_draws,
    permutation_test,
    score_statistics,
)
from innodivide.models.inference.power import minimum_detectable_odds_ratio
from innodivide.models.regression_table import RegressionTable, regression_table
from innodivide.models.result import Result

__all__ = [
    "ClusterShare",
    "Equivalence",
    "FirthFit",
    "RegressionTable",
    "Result",
    "UnseenSpecies",
    "any_participation",
    "average_marginal_effect",
    "benjamini_hochberg",
    "chao2",
    "cluster_share",
    "dispersion_interval",
    "earlier_share",
    "expected_participation",
    "firth_logit",
    "flat_prior_probability",
    "fractional_logit",
    "freedman_lane",
    "grouped_binomial",
    "holm",
    "label_permutation_difference",
    "leave_one_out",
    "lpm_clustered",
    "minimum_detectable_odds_ratio",
    "permutation_draws",
    "permutation_test",
    "poisson_rate",
    "ppml",
    "regression_table",
    "score_statistics",
    "tost",
    "tost_of_result",
    "wild_cluster_bootstrap",
]
