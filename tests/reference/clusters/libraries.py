"""Numbers of Python libraries that tests compare with; written to libraries.csv. The tests need none of them.

Run in an environment of its own with pandas < 3: statsmodels, pyfixest, wildboottest, PySensemakr.
Columns: topic, quantity, value, call, version.
"""

import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pyfixest as pf
import statsmodels.api as sm
from sensemakr import sensitivity_statistics
from wildboottest.wildboottest import WildboottestCL

warnings.simplefilter("ignore")
HERE = Path(__file__).parent
ROWS = []


def put(topic, quantity, value, call, library):
    ROWS.append((topic, quantity, f"{float(value):.15g}", call, f"{library} {version(library)}"))


dyads, few = pd.read_csv(HERE.parent / "dyads.csv"), pd.read_csv(HERE / "few.csv")
FORMULA = "participates ~ ln_population + ln_gdp_pc_pps + leader"
dyads["geo_id"], dyads["ipcei"] = pd.factorize(dyads["geo"])[0], pd.factorize(dyads["ipcei_id"])[0]
few["geo_id"] = pd.factorize(few["geo"])[0]

fit = pf.feols(FORMULA, dyads, vcov={"CRV1": "geo"})
put("dyads", "cr1", fit.se()["leader"], 'pyfixest.feols(vcov={"CRV1": "geo"})', "pyfixest")
put("dyads", "cr1_p", fit.pvalue()["leader"], 'pyfixest.feols(vcov={"CRV1": "geo"})', "pyfixest")
two = pf.feols(FORMULA, dyads, vcov={"CRV1": "geo + ipcei_id"})
put("dyads", "two_min", two.se()["leader"], 'pyfixest.feols(vcov={"CRV1": "geo + ipcei_id"})', "pyfixest")
put("dyads", "two_min_p", two.pvalue()["leader"], 'pyfixest.feols(vcov={"CRV1": "geo + ipcei_id"})', "pyfixest")
ols = sm.OLS.from_formula(FORMULA, dyads).fit(cov_type="cluster", cov_kwds={"groups": dyads["geo_id"]}, use_t=True)
put("dyads", "sm_cr1", ols.bse["leader"], 'OLS.fit(cov_type="cluster")', "statsmodels")
put("dyads", "sm_low", ols.conf_int().loc["leader", 0], 'OLS.fit(cov_type="cluster", use_t=True)', "statsmodels")

for kind in ("rademacher", "webb"):
    x = sm.add_constant(dyads[["ln_population", "ln_gdp_pc_pps", "leader"]]).to_numpy()
    wild = WildboottestCL(
        X=x,
        Y=dyads["participates"].to_numpy(float),
        cluster=dyads["geo_id"].to_numpy(),
        bootcluster=dyads["geo_id"].to_numpy(),
        R=np.array([0, 0, 0, 1]),
        B=99999,
        seed=12,
        parallel=False,
    )
    wild.get_scores(bootstrap_type="11", impose_null=True)
    wild.get_weights(weights_type=kind)
    wild.get_numer(), wild.get_denom(), wild.get_tboot(), wild.get_vcov(), wild.get_tstat()
    wild.get_pvalue(pval_type="two-tailed")
    call = f'WildboottestCL(B=99999, seed=12), bootstrap_type="11", impose_null=True, weights_type="{kind}"'
    put("dyads", f"wild_p_{kind}", wild.pvalue, call, "wildboottest")
    put("dyads", f"wild_t_{kind}", np.squeeze(wild.t_stat), call, "wildboottest")
    put("dyads", f"wild_sd_{kind}", np.nanstd(wild.t_boot), call, "wildboottest")

for t, df in ((4.18445, 783), (2.4, 23), (9.0, 20), (1.0, 100), (30.0, 12)):
    for q in (1.0, 0.5):
        rv = sensitivity_statistics.robustness_value(t_statistic=t, dof=df, q=q)
        rva = sensitivity_statistics.robustness_value(t_statistic=t, dof=df, q=q, alpha=0.05)
        put(
            "sensitivity",
            f"rv|{t}|{df}|{q}",
            np.squeeze(rv),
            "sensemakr.robustness_value(t_statistic, dof, q)",
            "PySensemakr",
        )
        put(
            "sensitivity",
            f"rva|{t}|{df}|{q}",
            np.squeeze(rva),
            "sensemakr.robustness_value(..., alpha=0.05)",
            "PySensemakr",
        )
    r2 = sensitivity_statistics.partial_r2(t_statistic=t, dof=df)
    put("sensitivity", f"r2|{t}|{df}|1.0", np.squeeze(r2), "sensemakr.partial_r2(t_statistic, dof)", "PySensemakr")

pd.DataFrame(ROWS, columns=["topic", "quantity", "value", "call", "version"]).to_csv(
    HERE / "libraries.csv", index=False
)
