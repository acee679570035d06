"""Does innovation-leader status predict participation in IPCEIs?

The public names below are loaded when first used, so that `import innodivide` is quick.
"""

from importlib import import_module

__version__ = "0.1.0"

_PUBLIC = {
    "load": "data", "describe": "data", "check_all": "data.checks",
    "ipcei_dyads": "panel", "status_asof": "panel", "country_totals": "panel", "country_values": "data.tables",
    "firth_logit": "models", "dispersion_interval": "models", "average_marginal_effect": "models",
    "expected_participation": "models", "grouped_binomial": "models",
    "permutation_test": "models", "label_permutation_difference": "models", "holm": "models",
    "minimum_detectable_odds_ratio": "models.inference.power",
    "participation_rate": "concentration", "location_quotient": "concentration", "gini": "concentration",
    "herfindahl": "concentration", "lorenz": "concentration", "theil_t": "concentration",
    "theil_decomposition": "concentration",
    "sigma_convergence": "convergence", "beta_convergence": "convergence",
    "table": "exhibits", "figure": "exhibits", "say": "exhibits", "load_plan": "plan", "Result": "models",
}  # fmt: skip

__all__ = ["__version__", *sorted(_PUBLIC)]


def __getattr__(name: str):
    if name in _PUBLIC:
        return getattr(import_module(f"innodivide.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'innodivide' has no attribute {name!r}")


def __dir__():
    return __all__
