"""How high and how low the number of cross-tier pairs can be when every margin of a 0/1 matrix is kept."""

import numpy as np

from innodivide.errors import DesignError


def pairs_range(rows, n_first: int, n_second: int, places_first: int) -> tuple[int, int]:
    """Return the lowest and the highest sum over rows of n1 n2, with n1 + n2 given for every row.

    A row with total r has n1 places in the first group of columns and n2 = r - n1 in the second, at most as many as
    there are columns; the n1 add up to the places of the first group. Exact over these constraints, by dynamic
    programming; a matrix with the column sums of the data may not reach the ends, so they are outer bounds of what
    fixed margins allow (the constraint of Gale and Ryser on the columns is left out).

    Parameters
    ----------
    rows : sequence of int (n,)
        Row sums of the whole matrix.
    n_first, n_second : int
        Columns of the two groups.
    places_first : int
        Ones in the columns of the first group.

    Returns
    -------
    tuple of int
        Lowest, highest.

    Raises
    ------
    DesignError
        If no division of the rows gives the first group its places.

    Examples
    --------
    >>> pairs_range([2, 2], n_first=2, n_second=2, places_first=2)
    (0, 2)
    """
    ends = []
    for sign in (1, -1):  # lowest of the sum, then of its negative
        best = np.full(places_first + 1, np.inf)
        best[0] = 0.0
        for total in np.asarray(rows, dtype=int):
            low, high = max(0, total - n_second), min(int(total), n_first, places_first)
            options = [(n1, sign * n1 * (total - n1)) for n1 in range(low, high + 1)]
            new = np.full_like(best, np.inf)
            for n1, value in options:
                new[n1:] = np.minimum(new[n1:], best[: len(best) - n1] + value)
            best = new
        if not np.isfinite(best[-1]):
            raise DesignError(f"rows: no division gives the first group its {places_first} places")
        ends.append(sign * int(best[-1]))
    return ends[0], ends[1]
