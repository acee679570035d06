"""Statistics on a frame or an array: estimators, tests, decompositions, networks. No table or file is known here."""

from innodivide.models.estimators.effects import average_marginal_effect, expected_participation
from innodivide.models.estimators.firth import FirthFit, dispersion_interval, firth_logit
from innodivide.models.estimators.grouped import grouped_binomial
from innodivide.models.estimators.history import earlier_share
from innodivide.models.estimators.unseen_species import UnseenSpecies, chao2
from innodivide.models.inference.cluster_share import ClusterShare, cluster_share
from innodivide.models.inference.equivalence import Equivalence, flat_prior_probability, tost, tost_of_result
from innodivide.models.inference.few_clusters import lpm_clustered
from innodivide.models.inference.label_contrast import label_permutation_difference
from innodivide.models.inference.permutation import (
    benjamini_hochberg,
    holm,
    permutation_draws,
    permutation_test,
    score_statistics,
)
from innodivide.models.result import Result

__all__ = [
    "ClusterShare",
    "Equivalence",
    "FirthFit",
    "Result",
    "UnseenSpecies",
    "average_marginal_effect",
    "benjamini_hochberg",
    "chao2",
    "cluster_share",
    "dispersion_interval",
    "earlier_share",
    "expected_participation",
    "firth_logit",
    "flat_prior_probability",
    "grouped_binomial",
    "holm",
    "label_permutation_difference",
    "lpm_clustered",
    "permutation_draws",
    "permutation_test",
    "score_statistics",
    "tost",
    "tost_of_result",
]
