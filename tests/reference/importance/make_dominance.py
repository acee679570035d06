# Makes dominance.csv: general dominance (= Shapley values of R2, LMG) from the Python package dominance-analysis 1.1.9.
# Run in an environment of its own: pip install dominance-analysis==1.1.9 (its plotting libraries are stubbed here, as
# the versions it asks for do not load with NumPy 2). Reads ../dyads.csv and ../mtcars.csv.
import csv
import importlib.machinery
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from unittest.mock import MagicMock


class Stub:
    """Import anything of the plotting libraries as a mock."""

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("bokeh", "plotly", "cufflinks", "ipywidgets"):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        module = MagicMock(__path__=[], __spec__=spec, __name__=spec.name)
        return module

    def exec_module(self, module):
        pass


sys.meta_path.insert(0, Stub())
warnings.filterwarnings("ignore")
import pandas as pd  # noqa: E402
from dominance_analysis import Dominance  # noqa: E402

HERE = Path(__file__).parent
CASES = {"dyads": ("participates", ["ln_population", "ln_gdp_pc_pps", "leader"]), "mtcars": ("am", ["wt", "hp"])}
rows = []
for name, (target, columns) in CASES.items():
    data = pd.read_csv(HERE.parent / f"{name}.csv")[[*columns, target]]
    for measure, options in {"linear": {"objective": 1}, "mcfadden": {"objective": 0, "pseudo_r2": "mcfadden"}}.items():
        found = Dominance(data=data, target=target, top_k=len(columns), **options)
        values = found.incremental_rsquare()
        rows += [(name, measure, column, f"{values[column]:.12g}") for column in columns]
with open(HERE / "dominance.csv", "w", newline="") as file:
    out = csv.writer(file)
    out.writerow(["dataset", "measure", "column", "general_dominance"])
    out.writerows(rows)
print({name: version(name) for name in ("dominance-analysis", "statsmodels", "scikit-learn")})
