"""Bipartite networks of countries or regions and instruments, against matrices of the same margins.

The null is the fixed-fixed one: every 0/1 matrix with the observed row and column sums is equally likely, so a result
says what activity (row sums) and size (column sums) do not explain. Only `rng` makes anything random.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from innodivide.errors import DesignError, ParameterError
from innodivide.models.network.null_models import against_null, binary, curveball
from innodivide.models.result import require_rng

__all__ = [
    "against_null",
    "bipartite_matrix",
    "connection_points",
    "curveball",
    "find_modules",
    "modularity_test",
    "nestedness_test",
    "nodf",
    "overlap_test",
]
OVERLAP_STATISTICS = ("both", "jaccard", "overlap_coefficient", "pairs", "spearman")


def bipartite_matrix(edges: pd.DataFrame, row: str, column: str, rows=None, columns=None) -> pd.DataFrame:
    """Return the 0/1 matrix (DataFrame, int8) of an edge list; repeated edges count once.

    `rows` and `columns` give all labels in order, also those without an edge (sorted labels of the edges if None).
    DesignError for missing labels and for edges outside `rows` or `columns`.
    """
    if edges[[row, column]].isna().any().any():
        raise DesignError(
            f"{row}, {column}: {int(edges[[row, column]].isna().any(axis=1).sum())} edge(s) without a label"
        )
    labels = []
    for name, wanted in ((row, rows), (column, columns)):
        known = sorted(edges[name].unique()) if wanted is None else list(wanted)
        outside = sorted(set(edges[name]) - set(known))
        if outside or len(set(known)) < len(known):
            raise DesignError(f"{name}: repeated labels, or edges outside them: {', '.join(map(str, outside[:5]))}")
        labels.append(pd.Index(known, name=name))
    values = np.zeros((len(labels[0]), len(labels[1])), dtype="int8")
    values[labels[0].get_indexer(edges[row]), labels[1].get_indexer(edges[column])] = 1
    return pd.DataFrame(values, index=labels[0], columns=labels[1])


def nodf(matrix) -> dict:
    """Nestedness by overlap and decreasing fill, 0 (none) to 100 (perfect).

    A pair of lines with degrees k_i > k_j scores 100 |i and j| / k_j, a pair of equal degree 0; N_rows and N_columns
    are means over pairs, NODF is the mean over all pairs of rows and of columns. Order does not matter. Lines without a
    1 are left out, as the overlap with an empty set is not defined.

    Returns
    -------
    dict
        nodf, rows, columns (0-100), n_rows, n_columns (lines with at least one 1).

    Raises
    ------
    DesignError
        Not 0/1, or fewer than two non-empty rows or columns.

    References
    ----------
    Almeida-Neto et al. (2008) Oikos 117, 1227-1239.
    """
    array = binary(matrix)
    array = array[array.any(axis=1)][:, array.any(axis=0)]
    if min(array.shape) < 2:
        raise DesignError(
            f"matrix: NODF needs two non-empty rows and columns, got {array.shape[0]} and {array.shape[1]}"
        )
    rows, columns = (float(_paired(a[None])[0]) for a in (array, array.T))
    pairs = [n * (n - 1) / 2 for n in array.shape]
    return {
        "nodf": 100 * (rows + columns) / sum(pairs),
        "rows": 100 * rows / pairs[0],
        "columns": 100 * columns / pairs[1],
        "n_rows": array.shape[0],
        "n_columns": array.shape[1],
    }


def _paired(stack: np.ndarray) -> np.ndarray:
    """Sum of paired overlaps of rows (r,) for each matrix of a stack (r, n, m) without empty rows."""
    lines = stack.astype(float)
    degree = lines.sum(axis=2)
    share = lines @ lines.transpose(0, 2, 1) / degree[:, None, :]
    return (share * (degree[:, :, None] > degree[:, None, :])).sum(axis=(1, 2))


def _nodf_stack(stack: np.ndarray) -> np.ndarray:
    """NODF (r,) of matrices with the same margins, in blocks to bound memory."""
    used = stack[:, stack[0].any(axis=1)][:, :, stack[0].any(axis=0)]
    pairs = sum(n * (n - 1) / 2 for n in used.shape[1:])
    blocks = np.array_split(used, max(1, len(used) * max(used.shape[1:]) ** 2 // 5_000_000))
    return 100 * np.concatenate([_paired(b) + _paired(b.transpose(0, 2, 1)) for b in blocks]) / pairs


def nestedness_test(matrix, rng: np.random.Generator, n_null: int = 1999) -> pd.DataFrame:
    """Return NODF against the fixed-fixed null: statistic, `against_null`, n_rows, n_columns, n_null, null."""
    found = nodf(matrix)
    tested = against_null(found["nodf"], _nodf_stack(curveball(matrix, n_null, rng)))
    return _one("nodf", tested, found["n_rows"], found["n_columns"], n_null)


def _one(statistic: str, tested: dict, n_rows: int, n_columns: int, n_null: int) -> pd.DataFrame:
    sizes = {"n_rows": n_rows, "n_columns": n_columns, "n_null": n_null, "null": "curveball, fixed margins"}
    return pd.DataFrame([{"statistic": statistic, **tested, **sizes}])


def _tiers(matrix: pd.DataFrame, tiers: Mapping) -> tuple[np.ndarray, np.ndarray]:
    """Return which columns belong to the first and the second tier (labels in sorted order), as masks (m,)."""
    labels = [tiers[column] for column in matrix.columns if column in tiers]
    if len(labels) != matrix.shape[1] or len(set(labels)) != 2:
        raise ParameterError("tiers: expected one of two labels for every column of the matrix")
    first = np.array([label == min(labels) for label in labels])
    for label, mask in ((min(labels), first), (max(labels), ~first)):
        if not np.asarray(matrix)[:, mask].any():
            raise DesignError(f"tiers: nobody is in tier {label!r}; overlap with an empty set is not defined")
    return first, ~first


def _overlap(n1: np.ndarray, n2: np.ndarray) -> dict[str, np.ndarray]:
    """`OVERLAP_STATISTICS` for stacks of counts (r, n) in the two tiers."""
    from scipy.stats import rankdata

    in1, in2 = n1 > 0, n2 > 0
    both = (in1 & in2).sum(axis=1)
    r1, r2 = (rankdata(n, axis=1) - (n.shape[1] + 1) / 2 for n in (n1, n2))
    norm = np.sqrt((r1**2).sum(axis=1) * (r2**2).sum(axis=1))
    return {
        "both": both,
        "jaccard": both / (in1 | in2).sum(axis=1),
        "overlap_coefficient": both / np.minimum(in1.sum(axis=1), in2.sum(axis=1)),
        "pairs": (n1 * n2).sum(axis=1),
        "spearman": np.divide((r1 * r2).sum(axis=1), norm, out=np.zeros(len(norm)), where=norm > 0),
    }


def overlap_test(
    matrix: pd.DataFrame, tiers: Mapping, rng: np.random.Generator, null: str = "curveball", n_null: int = 1999
) -> pd.DataFrame:
    """Are the two groups of columns used by the same rows, more or less than chance?

    Parameters
    ----------
    matrix : DataFrame (n, m) of 0 and 1
        Rows are countries or regions.
    tiers : mapping
        Column to one of two labels.
    null : {"curveball", "labels"}
        "curveball": margins of the whole matrix are kept, so that a row's activity in both tiers together is given.
        "labels": whole rows of the second tier are given to other rows; nothing ties them to the first tier.

    Returns
    -------
    DataFrame
        One row for each of `OVERLAP_STATISTICS` (rows in both tiers; Jaccard; overlap coefficient, both / the smaller;
        pairs, sum of n1 n2, that is a column of each tier in the same row; Spearman of n1 and n2, 0 where one is
        constant): statistic, the columns of `against_null`, n_first, n_second (rows in each tier), n_rows, n_null,
        null.

    Raises
    ------
    DesignError
        A tier without any row.
    ParameterError
        A column without a label, other than two labels, an unknown null.
    """
    first, second = _tiers(matrix, tiers)
    array = binary(matrix)
    n1, n2 = array[:, first].sum(axis=1)[None], array[:, second].sum(axis=1)[None]
    if null == "curveball":
        stack = curveball(array, n_null, rng)
        null1, null2 = stack[:, :, first].sum(axis=2), stack[:, :, second].sum(axis=2)
    elif null == "labels":
        null1 = np.repeat(n1, n_null, axis=0)
        null2 = require_rng(rng).permuted(np.repeat(n2, n_null, axis=0), axis=1)
    else:
        raise ParameterError(f"null={null!r}: allowed are 'curveball', 'labels'")
    observed, reference = _overlap(n1, n2), _overlap(null1, null2)
    sizes = {
        "n_first": int((n1 > 0).sum()),
        "n_second": int((n2 > 0).sum()),
        "n_rows": len(array),
        "n_null": n_null,
        "null": null,
    }
    frame = pd.DataFrame(
        [
            {"statistic": s, **against_null(float(observed[s][0]), reference[s].astype(float)), **sizes}
            for s in OVERLAP_STATISTICS
        ]
    )
    return frame.assign(ratio=frame["ratio"].where(frame["statistic"] != "spearman"))  # its null mean can be about 0


def connection_points(
    matrix: pd.DataFrame, tiers: Mapping, rng: np.random.Generator, n_null: int = 1999
) -> pd.DataFrame:
    """Return where the tiers meet: for each row its places in both tiers and the pairs that its activity would give.

    Returns
    -------
    DataFrame
        One row per row of the matrix: its label, n_first, n_second, pairs (n_first n_second), null_mean, null_low,
        null_high, p_value (not adjusted for the number of rows), position ("both", "first only", "second only",
        "neither").
    """
    first, second = _tiers(matrix, tiers)
    array = binary(matrix)
    stack = curveball(array, n_null, rng)
    n1, n2 = array[:, first].sum(axis=1), array[:, second].sum(axis=1)
    reference = stack[:, :, first].sum(axis=2) * stack[:, :, second].sum(axis=2)
    tests = pd.DataFrame([against_null(float(p), reference[:, i].astype(float)) for i, p in enumerate(n1 * n2)])
    where = np.select([(n1 > 0) & (n2 > 0), n1 > 0, n2 > 0], ["both", "first only", "second only"], "neither")
    frame = pd.DataFrame(
        {
            "n_first": n1,
            "n_second": n2,
            "pairs": n1 * n2,
            "null_mean": tests["null_mean"],
            "null_low": tests["null_low"],
            "null_high": tests["null_high"],
            "p_value": tests["p_value"],
            "position": where,
        }
    )
    frame.insert(0, matrix.index.name or "row", list(matrix.index))
    return frame


def find_modules(
    matrix, rng: np.random.Generator, n_modules: int = 4, n_starts: int = 20
) -> tuple[float, np.ndarray, np.ndarray]:
    """Search the partition of highest modularity: rows and columns in turn join their best module (Barber's BRIM).

    Bipartite modularity is Q = (1/m) sum_ij (A_ij - k_i d_j / m) [module of i = module of j], below 1. The search sums
    m A_ij - k_i d_j, which are whole numbers, so that ties between modules are ties on every machine.

    Returns
    -------
    tuple
        Q, row modules (n,), column modules (m,): the best of `n_starts` random starts with at most `n_modules` modules.
        A lower bound of the maximum, as any such search.

    References
    ----------
    Barber (2007) Physical Review E 76, 066102, equation 15.
    """
    array, identity, found = binary(matrix).astype(float), np.eye(n_modules), []
    total = array.sum()
    excess = total * array - np.outer(array.sum(axis=1), array.sum(axis=0))
    require_rng(rng)
    for _ in range(n_starts):
        columns, quality = rng.integers(n_modules, size=excess.shape[1]), -np.inf
        while True:
            rows = (excess @ identity[columns]).argmax(axis=1)
            gains = excess.T @ identity[rows]
            columns = gains.argmax(axis=1)
            reached = float(gains.max(axis=1).sum())
            if reached <= quality:
                break
            quality = reached
        found.append((quality / total**2, rows, columns))
    return max(found, key=lambda modules: modules[0])


def modularity_test(matrix, rng: np.random.Generator, n_null: int = 199) -> pd.DataFrame:
    """Highest modularity found against that found in matrices of the same margins: as `nestedness_test`."""
    reference = np.array([find_modules(m, rng)[0] for m in curveball(matrix, n_null, rng)])
    rows, columns = np.shape(matrix)
    return _one("modularity", against_null(find_modules(matrix, rng)[0], reference), rows, columns, n_null)
