"""From the tables to tidy frames: who takes part, what each state and region is like, how far apart they are."""

from innodivide.indicators.added_columns import add_column
from innodivide.indicators.concentration import (
    atkinson,
    concentration_ratio,
    gini,
    herfindahl,
    location_quotient,
    lorenz,
    theil_decomposition,
    theil_l,
    theil_t,
)
from innodivide.indicators.convergence import beta_convergence, half_life, sigma_convergence
from innodivide.indicators.innovation_groups import group_history, latest_index
from innodivide.indicators.panel import control_values, country_totals, ipcei_dyads, status_asof

__all__ = [
    "add_column",
    "atkinson",
    "beta_convergence",
    "concentration_ratio",
    "control_values",
    "country_totals",
    "gini",
    "group_history",
    "half_life",
    "herfindahl",
    "ipcei_dyads",
    "latest_index",
    "location_quotient",
    "lorenz",
    "sigma_convergence",
    "status_asof",
    "theil_decomposition",
    "theil_l",
    "theil_t",
]
