"""Numbers of PySAL `inequality`, an independent implementation, on fixed inputs. The tests read pysal.csv.

Run with inequality 1.1.2: python tests/reference/make_pysal.py
"""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from inequality.atkinson import atkinson
from inequality.gini import Gini
from inequality.theil import Theil, TheilD
from make_pysal_inputs import EPSILONS, INPUTS


def main() -> None:
    rows = []
    for name, values in INPUTS.items():
        x = np.array(values, dtype=float)
        groups = np.arange(len(x)) % 3
        split = TheilD(x, groups)
        rows += [(name, "gini", Gini(x).g), (name, "theil", float(Theil(x).T))]
        rows += [(name, "between", float(np.sum(split.bg))), (name, "within", float(np.sum(split.wg)))]
        for epsilon in EPSILONS if x.min() > 0 else ():
            rows.append((name, f"atkinson {epsilon:g}", float(atkinson(x, epsilon))))
    frame = pd.DataFrame(rows, columns=["dataset", "quantity", "value"])
    frame["call"] = f"inequality {version('inequality')}; groups = position modulo 3"
    frame.to_csv(Path(__file__).with_name("pysal.csv"), index=False)


if __name__ == "__main__":
    main()
