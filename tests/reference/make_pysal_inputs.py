"""Inputs of make_pysal.py, apart so that the tests need not have PySAL."""

INPUTS = {
    "counts": [11, 11, 8, 8, 7, 7, 6, 5, 5, 4, 4, 3, 3, 3, 2, 2, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0],
    "amounts": [820.0, 355.0, 524.0, 48.0, 1.5, 12.25, 300.0, 77.7, 0.3, 9.9],
    "even": [4.0, 4.0, 4.0, 4.0, 4.0],
}
EPSILONS = (0.5, 1, 2)  # of the Atkinson index, on the inputs without zeros
