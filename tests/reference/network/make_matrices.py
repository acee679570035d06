"""Write matrices.csv (name, row, column, value): cases for network.R. Needs networkx for the Southern Women data."""

import numpy as np
import pandas as pd

ALMEIDA_NETO = [[1, 0, 1, 1, 1], [1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [1, 1, 0, 0, 0], [1, 1, 0, 0, 0]]
CASES = {"almeida_neto_2008": np.array(ALMEIDA_NETO)}


def southern_women() -> np.ndarray:
    """Women by events of Davis, Gardner and Gardner (1941)."""
    import networkx as nx

    graph = nx.davis_southern_women_graph()
    women, events = graph.graph["top"], graph.graph["bottom"]
    return nx.bipartite.biadjacency_matrix(graph, women, events).toarray()


if __name__ == "__main__":
    rng = np.random.default_rng(7)
    CASES["southern_women"] = southern_women()
    for name, shape, fill in (("sparse", (12, 7), 0.25), ("dense", (6, 15), 0.6), ("square", (9, 9), 0.4)):
        CASES[name] = (rng.random(shape) < fill).astype(int)
    rows = [(name, i, j, int(m[i, j])) for name, m in CASES.items() for i, j in np.ndindex(m.shape)]
    pd.DataFrame(rows, columns=["name", "row", "column", "value"]).to_csv("matrices.csv", index=False)
