"""Does innovation-leader status predict participation in IPCEIs?

The public names below are loaded when first used, so that `import innodivide` is quick.
"""

from importlib import import_module

__version__ = "0.2.0"

_ROOMS = {
    "data": "load describe Tables",
    "data.checks": "check_all",
    "data.tables": "country_values",
    "indicators.panel": "ipcei_dyads status_asof country_totals",
    "indicators.concentration": "location_quotient gini herfindahl lorenz theil_t theil_l atkinson theil_decomposition",
    "indicators.convergence": "sigma_convergence beta_convergence",
    "models": "firth_logit dispersion_interval average_marginal_effect expected_participation grouped_binomial "
    "permutation_test label_permutation_difference holm Result",
    "models.inference.power": "minimum_detectable_odds_ratio",
    "narrative.exhibits": "table figure say",
    "evidence.plan": "load_plan",
    "evidence.asked_otherwise": "leader_test",
}
_PUBLIC = {name: room for room, names in _ROOMS.items() for name in names.split()}

__all__ = ["__version__", *sorted(_PUBLIC)]


def __getattr__(name: str):
    if name in _PUBLIC:
        return getattr(import_module(f"innodivide.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'innodivide' has no attribute {name!r}")


def __dir__():
    return __all__
