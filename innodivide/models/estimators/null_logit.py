"""The logit on the controls alone, behind every score statistic. Not public."""

import numpy as np
from scipy.special import expit

from innodivide.errors import DesignError
from innodivide.models.estimators.design import Design, collinearity, separation
from innodivide.models.estimators.newton import maximise, orthogonal_columns


def null_fit(design: Design) -> np.ndarray:
    """Fitted probabilities (n,) of the maximum-likelihood logit on the controls alone.

    Raises
    ------
    DesignError
        If the controls separate the outcome, so that no such fit exists.
    """
    if design.controls.shape[1]:
        separated, text = separation(design.controls, design.y, design.control_names)
        if separated:
            raise DesignError(f"{', '.join(design.control_names)}: the controls separate the outcome, {text}")
    mu, converged = fitted_logits(design.null_matrix, design.y)
    if not converged[0]:
        cause = collinearity(design.controls, design.control_names)
        raise DesignError(f"{', '.join(design.control_names)}: the null logit did not converge ({cause or 'unknown'})")
    return mu[0]


def fitted_logits(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fitted probabilities (b, n) of logits of outcomes (b, n) that share one design (n, p), and which converged."""
    basis, _ = orthogonal_columns(x)
    found = maximise(basis, y)
    return expit(found.beta @ basis.T), found.converged
