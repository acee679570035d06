"""Loaded once by the server that warm kernels are forked from: what every notebook imports, and the tables."""

from importlib import import_module

from innodivide import data

for name in (
    "IPython.display",
    "firthmodels",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "statsmodels.api",
    "innodivide.figures",
    "innodivide.narrative.annex",
    "innodivide.narrative.leader_test",
    "innodivide.robustness",
):
    import_module(name)

for name in data.resources():  # checked and typed here once; a table that does not hold is reported where it is used
    data.check_table(name)
