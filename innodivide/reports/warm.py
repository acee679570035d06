"""Loaded once by the server that warm kernels are forked from: what every notebook imports, and the tables."""

import IPython.display  # noqa: F401
import ipykernel.ipkernel
import ipykernel.kernelapp  # noqa: F401
import matplotlib.backends.backend_agg  # noqa: F401
import matplotlib.backends.backend_svg
import statsmodels.api  # noqa: F401
from firthmodels import FirthLogisticRegression  # noqa: F401

from innodivide import claims, confirmatory, data, figures, multiverse, participation, robustness  # noqa: F401
from innodivide.narrative import annex, divide, leader_test  # noqa: F401

for name in data.resources():  # checked and typed here once; a table that does not hold is reported where it is used
    data.check_table(name)
